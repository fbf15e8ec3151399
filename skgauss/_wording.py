"""Words that all messages share."""

from collections.abc import Sequence

_SHOWN = 5
DOCUMENTATION_URL = "https://skgauss.readthedocs.io/en/stable"


def capped(items: Sequence[str], separator: str = ", ", more: str = "more") -> str:
    """The first few items of a list for a message, and how many more there are."""
    shown = separator.join(items[:_SHOWN])
    rest = len(items) - _SHOWN
    return shown + (f" and {rest} {more}" if rest > 0 else "")


def quoted(names: Sequence[str]) -> str:
    """The first few names, in quotes."""
    return capped([repr(name) for name in names])


def each_of(names: Sequence[str]) -> str:
    """The subject of a sentence in the singular: a name, or each of several."""
    return ("each of " if len(names) > 1 else "") + quoted(names)


def iterations(number: int) -> str:
    """A number of iterations, in words that fit it."""
    return f"{number} iteration{'' if number == 1 else 's'}"


def short(number: float) -> str:
    """Three digits, and no exponent below a million."""
    return f"{float(f'{number:.3g}'):g}"
