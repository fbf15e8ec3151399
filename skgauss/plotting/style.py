"""What all displays share: matplotlib itself, colours, markers."""

from typing import Any

from .._optional import imported

# Okabe and Ito's palette, which colour-blind readers can tell apart, without its yellow,
# which nobody can read on white.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
BLUE, VERMILLION, _, _, ORANGE, _ = PALETTE
LINE_STYLES = ("-", "--", ":")  # for the second and third round through the palette
GREY = "0.9"
INK = "0.25"
MAP = "Blues"  # of every map: light is at the maximum, or soon there, and dark is far from it

STOP_MARKERS = {
    "converged": "o",
    "max_iter": ">",
    "diverged": "X",
    "stalled": "s",
    "unbounded": "^",
    "callback": "D",
}


def pyplot_for(caller: str) -> Any:
    """Pyplot, or an error that says which extra brings it, before any work is done in vain."""
    return imported("matplotlib.pyplot", caller, extra="plot")


def axes_of(display: Any, ax: Any, width: float = 6.4, height: float = 4.4) -> Any:
    """`ax`, or the axes of a new figure; stored on `display` with its figure.

    Width and height of a new figure are in inches.
    """
    plt = pyplot_for(f"{type(display).__name__}.plot")
    if ax is None:
        _, ax = plt.subplots(figsize=(width, height), layout="constrained")
    display.ax_, display.figure_ = ax, ax.figure
    return ax


def tint(color: str, share: float) -> Any:
    """A colour thinned with white."""
    from matplotlib.colors import to_rgb

    return tuple(1 - share * (1 - channel) for channel in to_rgb(color))


def styled(defaults: dict[str, Any], given: dict[str, Any] | None, artist: Any) -> dict[str, Any]:
    """Defaults overruled by what the user gave, short names such as ``lw`` included."""
    from matplotlib.cbook import normalize_kwargs

    style = defaults | normalize_kwargs(given or {}, artist)
    if "c" in style:  # which has a colour, or a number for one, for each point of a scatter
        del style["color"]
    return style
