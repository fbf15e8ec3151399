"""What the gallery starts from: one look for all pictures, and an order."""

import matplotlib as mpl
from cycler import cycler

from skgauss.plotting.style import MAP, PALETTE


def reset(gallery_conf, fname):
    """Reset Matplotlib before an example.

    The figures are small, and so their letters can still be read on a phone.
    """
    mpl.use("agg")
    mpl.rcdefaults()
    mpl.rcParams.update(
        {
            "axes.prop_cycle": cycler(color=[*PALETTE, "black"]),
            "axes.spines.right": False,
            "axes.spines.top": False,
            "axes.titlesize": "medium",
            "figure.constrained_layout.use": True,
            "figure.dpi": 140,
            "figure.figsize": (5, 3.5),
            "image.cmap": MAP,
            "legend.fontsize": "small",
            "legend.frameon": False,
        }
    )


class TeachingOrder:
    """Sort key of the gallery: the quickstart first, then by file name."""

    def __init__(self, src_dir):
        pass

    def __call__(self, filename):
        return (filename != "plot_quickstart.py", filename)
