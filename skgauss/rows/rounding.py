"""A value and the limit that it was reported at, of which rounding may have made two numbers."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .._typing import Array

# Units in the last place by which a logarithm, or a division, of one library differs from that of
# another.
_LAST_PLACES = 2
_WHOLE = 2.0**23  # from which on float32 holds whole numbers alone, which are told apart
_SHORT = 14  # bits of a number that needs no rounding, as 20 or 0.5, and that nobody computed


def at_or_below(values: np.ndarray, limit: Array) -> np.ndarray:
    """Which values reach down to the limit of their feature, or would but for rounding."""
    return _reach(np.less_equal, values, limit, 1)


def at_or_above(values: np.ndarray, limit: Array) -> np.ndarray:
    """Which values reach up to the limit of their feature, or would but for rounding."""
    return _reach(np.greater_equal, values, limit, -1)


def single(numbers: Array) -> Array:
    """What float32 holds of numbers, in their own dtype, and NaN of those beyond its fractions.

    A column of float32 has these numbers where another one makes the table float64.
    """
    with np.errstate(over="ignore"):
        rounded = numbers.astype(np.float32).astype(numbers.dtype)
    return np.where(np.abs(numbers) < _WHOLE, rounded, np.nan)


def _reach(
    compare: Callable[..., Any], values: np.ndarray, limit: Array, towards: int
) -> np.ndarray:
    """Which values compare with the limit as asked, or with a number that rounding made of it.

    Such a number lies `towards` the values, above the limit for 1 and below it for -1.
    """
    if values.dtype.kind != "f":
        return np.asarray(compare(values, limit))
    limit = np.asarray(limit, values.dtype)
    with np.errstate(invalid="ignore"):  # of an infinite limit
        slack = _LAST_PLACES * np.spacing(np.abs(limit))
    slack = np.where(slack < 1, slack, 0)  # whole numbers are told apart
    reached = np.asarray(compare(values, limit))
    near = (compare(values, limit + towards * slack) | (values == single(limit))) & ~reached
    reached[near] = ~_is_short(values[near])
    return reached


def _is_short(values: np.ndarray) -> np.ndarray:
    """Which numbers have so few bits that rounding has hardly made them."""
    mantissa, _ = np.frexp(values)
    scaled = np.ldexp(mantissa, _SHORT)
    return np.asarray(scaled == np.rint(scaled))
