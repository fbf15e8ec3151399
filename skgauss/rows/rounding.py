"""Comparisons of values with limits that allow for rounding.

A value and the limit at which it was reported may differ in their last places: two libraries took
their logarithms, or the value was float32 before its table was read as float64.
"""

from typing import Any

import numpy as np

from .._typing import Array
from ..tables import column_dtypes

# Units in the last place by which the logarithms, or quotients, of two libraries may differ.
_MAX_LAST_PLACES = 2
_SHORT_BITS = 14  # bits of a number that is hardly the result of a computation, such as 20 or 0.5
_SHORTER_FLOATS = ("float32", "float16", "halffloat", "float[")  # how names begin, and a bracket


def at_or_below(values: np.ndarray, limit: Array) -> np.ndarray:
    """Whether each value is at most the limit of its feature, up to rounding."""
    limit, slack = _with_slack(limit, values.dtype)
    return _unless_short(values, values <= limit, values <= limit + slack)


def at_or_above(values: np.ndarray, limit: Array) -> np.ndarray:
    """Whether each value is at least the limit of its feature, up to rounding."""
    limit, slack = _with_slack(limit, values.dtype)
    return _unless_short(values, values >= limit, values >= limit - slack)


def _with_slack(limit: Array, dtype: np.dtype) -> tuple[Array, Array]:
    """Returns the limits, in `dtype` if it is floating, and by how much rounding may miss them.

    A slack of 1 or more is replaced by 0, so that integers stay distinct.
    """
    if dtype.kind != "f":
        return limit, np.zeros_like(limit)
    # A limit beyond the dtype is infinite there, and the spacing of an infinite limit is NaN.
    with np.errstate(over="ignore", invalid="ignore"):
        limit = np.asarray(limit, dtype)
        slack = _MAX_LAST_PLACES * np.spacing(np.abs(limit))
    return limit, np.where(slack < 1, slack, 0)


def _unless_short(values: np.ndarray, reached: np.ndarray, nearly: np.ndarray) -> np.ndarray:
    """Whether each value reached its limit, or nearly did and is not a short number."""
    near = nearly & ~reached
    near[near] = ~_is_short(values[near])
    return reached | near


def _is_short(values: np.ndarray) -> np.ndarray:
    """Whether each number has so few bits that it is hardly the result of rounding."""
    mantissa, _ = np.frexp(values)
    scaled = np.ldexp(mantissa, _SHORT_BITS)
    return np.asarray(scaled == np.rint(scaled))


def round_float32(numbers: Array) -> Array:
    """Returns float64 numbers rounded to float32, as float64."""
    with np.errstate(over="ignore"):
        return numbers.astype(np.float32).astype(np.float64)


def columns_of_float32(X: Any) -> np.ndarray:
    """Whether each column of a frame, (n_columns,), or an array, (), is of float32 or less."""
    found = [f"{dtype}[".lower().startswith(_SHORTER_FLOATS) for dtype in column_dtypes(X)]
    return np.array(found if hasattr(X, "columns") else found[0])


def to_float64_at_limits(values: Any, limits: tuple[Array, Array]) -> Any:
    """Returns float32 values as float64, in which a value at a limit equals the float64 limit.

    The values, in memory or in Dask, have one axis, or one column for each limit.
    """
    full = values.astype(np.float64)
    for limit in limits:
        own = limit[0] if values.ndim == 1 else limit
        full = np.where(values == np.asarray(own, values.dtype), own, full)
    return full
