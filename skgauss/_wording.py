"""Phrases that all messages share, and warnings that point at the line of the caller."""

import math
import sys
import warnings
from collections.abc import Sequence

_MAX_SHOWN = 5
_NOT_A_CALLER = ("skgauss", "sklearn", "joblib")
DOCUMENTATION_URL = "https://skgauss.readthedocs.io/en/stable"
LIMITS_PAGE = f"{DOCUMENTATION_URL}/detection_limits.html"


def capped(items: Sequence[str], separator: str = ", ", more: str = "more") -> str:
    """The first few items of a list for a message, and how many more there are."""
    shown = separator.join(items[:_MAX_SHOWN])
    rest = len(items) - _MAX_SHOWN
    return shown + (f" and {rest} {more}" if rest > 0 else "")


def quoted(names: Sequence[str]) -> str:
    """The first few names, in quotes."""
    return capped([repr(name) for name in names])


def each_of(names: Sequence[str]) -> str:
    """The singular subject of a sentence: one name, or "each of" several names."""
    return ("each of " if len(names) > 1 else "") + quoted(names)


def iterations(number: int) -> str:
    """A number of iterations, in the singular or the plural."""
    return f"{number} iteration{'' if number == 1 else 's'}"


def short(number: float) -> str:
    """The number with three significant digits, without an exponent below a million."""
    return f"{float(f'{number:.3g}'):g}"


def percent(level: float) -> str:
    """A level below 1 in percent, with so many digits that it is not rounded to 100."""
    digits = 3 - math.floor(math.log10(1 - level))
    return f"{100 * float(level):.{min(max(digits, 4), 16)}g} %"


def warn_caller(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the line of code that called the package, directly or through scikit-learn."""
    frame, level = sys._getframe(1), 2
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] in _NOT_A_CALLER:
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)
