"""What the gallery starts from: one look for all pictures, an order, and thumbnails."""

from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
from cycler import cycler
from PIL import Image
from sphinx_gallery.scrapers import matplotlib_scraper

from skgauss.plotting.style import MAP, PALETTE

FIRST = {"plot_detection_limits.py", "plot_missing_values.py", "plot_intervals.py"}

# The panel that is the thumbnail of a picture with many panels, so that it can be read at 160
# pixels. The example names the file in its `sphinx_gallery_thumbnail_path`.
PANELS = {
    "plot_0_recursion": 4,
    "plot_1_update_order": 0,
    "plot_5_autodiff": 1,
    "plot_6_what_works": 1,
    "plot_7_momentum": 0,
    "plot_anomaly_detection": 0,
    "plot_censoring_bias": 1,
    "plot_detection_limits": 1,
    "plot_digits": 1,
    "plot_does_it_fit": 0,
    "plot_galton": 1,
    "plot_imputer": 0,
    "plot_likelihood_path": 3,
    "plot_parametrizations": 2,
    "plot_solver_race": 0,
}


def reset(gallery_conf, fname):
    """Reset Matplotlib before an example.

    The figures are small and their letters large, and so they can still be read on a phone.
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
            "figure.figsize": (5, 3.7),
            "font.size": 12,
            "image.cmap": MAP,
            "legend.fontsize": "small",
            "legend.frameon": False,
        }
    )


def scrape(block, block_vars, gallery_conf):
    """Save all figures, and the panel of the first one that is its thumbnail."""
    stem = Path(block_vars["src_file"]).stem
    images = block_vars["image_path_iterator"]
    if stem in PANELS and plt.get_fignums() and len(images) == 0:
        path = Path(images.image_path).with_name(f"sphx_glr_{stem}_panel.png")
        save_panel(plt.figure(plt.get_fignums()[0]), PANELS[stem], path)
    return matplotlib_scraper(block, block_vars, gallery_conf)


def save_panel(figure, number, path):
    """Save one of the axes of a figure, with its labels."""
    figure.savefig(path)
    left, bottom, right, top = figure.axes[number].get_tightbbox().padded(4).extents
    with Image.open(path) as image:
        image.crop((left, image.height - top, right, image.height - bottom)).save(path)


class TeachingOrder:
    """Sort key of a group: what begins it first, then by file name."""

    def __init__(self, src_dir):
        pass

    def __call__(self, filename):
        return (filename not in FIRST, filename)
