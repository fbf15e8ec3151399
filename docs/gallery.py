"""What the gallery starts from: colours that all can tell apart, and an order."""

import matplotlib as mpl
from cycler import cycler

from skgauss.plotting.style import PALETTE


def reset(gallery_conf, fname):
    """Reset Matplotlib before an example."""
    mpl.use("agg")
    mpl.rcdefaults()
    mpl.rcParams.update(
        {
            "axes.prop_cycle": cycler(color=[*PALETTE, "black"]),
            "axes.spines.right": False,
            "axes.spines.top": False,
            "figure.constrained_layout.use": True,
            "figure.figsize": (7.5, 4.5),
            "legend.frameon": False,
        }
    )


class TeachingOrder:
    """Sort key of the gallery: the quickstart first, then by file name."""

    def __init__(self, src_dir):
        pass

    def __call__(self, filename):
        return (filename != "plot_quickstart.py", filename)
