"""What all displays share: matplotlib itself, colours, markers."""

from textwrap import fill
from typing import Any

from .._optional import imported

# Okabe and Ito's palette, whose colours colour-blind readers can distinguish, without its yellow,
# which is hard to see on white.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
BLUE, VERMILLION, _, _, ORANGE, _ = PALETTE
LINE_STYLES = ("-", "--", ":")  # lines of the first, second and third round through the palette
GREY = "0.9"  # the colour of grids and bands, which are behind everything else
LEGEND_LINE_HEIGHT = 0.2  # inches of height for a line of a legend outside its axes
_LABELS_HEIGHT = 3.6  # sizes of the font, as a height for the labels of an axis above a legend
_WIDE_AXES = 3.5  # inches of axes with room for a legend of full size beside what they show
_SMALL_LEGEND: dict[str, Any] = {"fontsize": "x-small", "markerscale": 0.7, "borderpad": 0.3}
_SMALL_LEGEND |= {"handlelength": 1, "handletextpad": 0.5, "labelspacing": 0.3}
INK = "0.25"  # the colour of points, lines and text that have no colour of the palette
MAP = "Blues"  # the colours of every map: light at the maximum, dark far from it

# The marker at the end of a path, by the reason why the fit stopped.
STOP_MARKERS = {
    "converged": "o",
    "max_iter": ">",
    "diverged": "X",
    "stalled": "s",
    "unbounded": "^",
    "callback": "D",
}


def pyplot_for(caller: str) -> Any:
    """The module pyplot, for the method named `caller`."""
    return imported("matplotlib.pyplot", caller, extra="plot")


class Display:
    """The attributes that all displays have after plotting: their axes and their figure."""

    ax_: Any
    figure_: Any


def axes_of(display: Display, ax: Any, height: float = 4.4) -> Any:
    """The axes `ax`, or those of a new figure, `height` inches high; `display` stores them."""
    plt = pyplot_for(f"{type(display).__name__}.plot")
    if ax is None:
        _, ax = plt.subplots(figsize=(6.4, height), layout="constrained")
    if not hasattr(ax, "get_xlim"):
        shape = f" of shape {ax.shape}" if hasattr(ax, "shape") else ""
        raise TypeError(
            f"ax must be one matplotlib Axes, got {type(ax).__name__}{shape}. If plt.subplots "
            "returned several, pass one of them, as in ax=axes.flat[0]."
        )
    display.ax_, display.figure_ = ax, ax.figure
    return ax


def draw_legend(ax: Any, n_lines: int, below: bool) -> None:
    """Draws a legend of so many lines that does not cover what the axes show.

    It goes below the axes if `below`, or if the layout engine of their figure makes room for it and
    it is at most half as high as they are. Otherwise matplotlib finds the best place inside.
    """
    from matplotlib import rcParams
    from matplotlib.transforms import ScaledTranslation

    figure = ax.figure
    height = ax.get_window_extent().height / figure.dpi  # in inches
    fits = figure.get_layout_engine() is not None and LEGEND_LINE_HEIGHT * n_lines <= height / 2
    place = {}
    if below or fits:
        labels = _LABELS_HEIGHT * rcParams["font.size"] / 72  # in inches
        down = ScaledTranslation(0, -labels, figure.dpi_scale_trans)
        place = {"loc": "upper center", "bbox_to_anchor": (0.5, 0), "borderaxespad": 0}
        place["bbox_transform"] = ax.transAxes + down
    ax.legend(fontsize="small", **place)


def is_narrow(ax: Any) -> bool:
    """Whether a legend within the axes must be small."""
    return bool(ax.get_window_extent().width < _WIDE_AXES * ax.figure.dpi)


def legend_style(ax: Any) -> dict[str, Any]:
    """Keywords for a legend within the axes."""
    return _SMALL_LEGEND if is_narrow(ax) else {"fontsize": "small"}


def in_lines(label: str, width: int) -> str:
    """A label broken between words into lines of at most `width` characters."""
    return fill(label, width, break_on_hyphens=False)


def tint(color: str, share: float) -> Any:
    """Red, green and blue, from 0 to 1, of a mixture of a share of this colour with white."""
    from matplotlib.colors import to_rgb

    return tuple(1 - share * (1 - channel) for channel in to_rgb(color))


def styled(defaults: dict[str, Any], given: dict[str, Any] | None, artist: Any) -> dict[str, Any]:
    """Keywords for an artist: the defaults, overruled by those of the user, long or short."""
    from matplotlib.cbook import normalize_kwargs

    style = defaults | normalize_kwargs(given or {}, artist)
    if "c" in style:  # a colour, or a number for one, for each point of a scatter
        del style["color"]
    return style
