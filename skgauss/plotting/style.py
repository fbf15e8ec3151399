"""What all displays share: matplotlib itself, colours, markers."""

from textwrap import fill
from typing import Any

from .._optional import imported

# Okabe and Ito's palette, which colour-blind readers can tell apart, without its yellow,
# which nobody can read on white.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
BLUE, VERMILLION, _, _, ORANGE, _ = PALETTE
LINE_STYLES = ("-", "--", ":")  # lines of the first, second and third round through the palette
GREY = "0.9"  # the colour of grids and bands, which lie behind all else
LEGEND_LINE = 0.2  # inches of height for a line of a legend outside its axes
INK = "0.25"  # the colour of points, lines and words that are in none of the palette
MAP = "Blues"  # the colours of every map: light is at the maximum, and dark is far from it

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
    """Pyplot for the method called `caller`, before any work is done in vain.

    Raises
    ------
    ImportError
        If matplotlib is missing; it says which extra brings it.
    """
    return imported("matplotlib.pyplot", caller, extra="plot")


class Display:
    """What all displays have once they are plotted: their axes, and the figure of these."""

    ax_: Any
    figure_: Any


def axes_of(display: Display, ax: Any, height: float = 4.4) -> Any:
    """The axes `ax`, or those of a new figure, so many inches high, once `display` has them."""
    plt = pyplot_for(f"{type(display).__name__}.plot")
    if ax is None:
        _, ax = plt.subplots(figsize=(6.4, height), layout="constrained")
    display.ax_, display.figure_ = ax, ax.figure
    return ax


def in_lines(label: str, width: int) -> str:
    """A label of a legend in lines of so many characters at most, its words whole."""
    return fill(label, width, break_on_hyphens=False)


def tint(color: str, share: float) -> Any:
    """A colour thinned with white to a share from 0 to 1 of itself: red, green and blue to 1."""
    from matplotlib.colors import to_rgb

    return tuple(1 - share * (1 - channel) for channel in to_rgb(color))


def styled(defaults: dict[str, Any], given: dict[str, Any] | None, artist: Any) -> dict[str, Any]:
    """Keywords for an artist: defaults, overruled by those of the user, also by short names."""
    from matplotlib.cbook import normalize_kwargs

    style = defaults | normalize_kwargs(given or {}, artist)
    if "c" in style:  # it has a colour, or a number for one, for each point of a scatter
        del style["color"]
    return style
