"""A value and the limit that it was reported at, of which rounding may have made two numbers.

Another library's logarithm differs in the last places. A table of one column of float32 and one of
float64 is read as float64, where the former holds what float32 has made of its numbers.
"""

from typing import Any

import numpy as np

from .._typing import Array

# Units in the last place by which a logarithm, or a division, of one library differs from that of
# another.
_LAST_PLACES = 2
_SHORT = 14  # bits of a number that needs no rounding, as 20 or 0.5, and that nobody computed
_SHORTER_FLOATS = ("float32", "float16", "halffloat", "float[")  # as columns of frames name them


def at_or_below(values: np.ndarray, limit: Array) -> np.ndarray:
    """Which values are at most the limit of their feature, or but for their last places."""
    limit, slack = _with_slack(limit, values.dtype)
    return _unless_short(values, values <= limit, values <= limit + slack)


def at_or_above(values: np.ndarray, limit: Array) -> np.ndarray:
    """Which values are at least the limit of their feature, or but for their last places."""
    limit, slack = _with_slack(limit, values.dtype)
    return _unless_short(values, values >= limit, values >= limit - slack)


def _with_slack(limit: Array, dtype: np.dtype) -> tuple[Array, Array]:
    """Limits as numbers of a dtype, if that is of floats, and by how much rounding may miss them.

    Whole numbers are told apart: that is less than 1, or 0.
    """
    if dtype.kind != "f":
        return limit, np.zeros_like(limit)
    limit = np.asarray(limit, dtype)
    with np.errstate(invalid="ignore"):  # of an infinite limit
        slack = _LAST_PLACES * np.spacing(np.abs(limit))
    return limit, np.where(slack < 1, slack, 0)


def _unless_short(values: np.ndarray, reached: np.ndarray, nearly: np.ndarray) -> np.ndarray:
    """Which values reached a limit, or nearly so, unless these are numbers that nobody computed."""
    near = nearly & ~reached
    near[near] = ~_is_short(values[near])
    return reached | near


def _is_short(values: np.ndarray) -> np.ndarray:
    """Which numbers have so few bits that rounding has hardly made them."""
    mantissa, _ = np.frexp(values)
    scaled = np.ldexp(mantissa, _SHORT)
    return np.asarray(scaled == np.rint(scaled))


def single(numbers: Array) -> Array:
    """What float32 holds of numbers of float64, as float64."""
    with np.errstate(over="ignore"):
        return numbers.astype(np.float32).astype(np.float64)


def columns_of_float32(X: Any) -> np.ndarray:
    """Which columns of a table hold float32 or less, bool of shape (n_columns,) or ().

    A table is an array, or a frame in which each column has a dtype, in memory or of Dask.
    """
    dtypes = X.dtypes if hasattr(X, "columns") else [getattr(X, "dtype", None)]
    found = [str(dtype).lower().startswith(_SHORTER_FLOATS) for dtype in dtypes]
    return np.array(found if hasattr(X, "columns") else found[0])


def in_full(values: Any, limits: tuple[Array, Array]) -> Any:
    """Values of float32 as float64, where those at one of their limits are that limit.

    They may be of Dask, and have one axis, or one column for each limit.
    """
    full = values.astype(np.float64)
    for limit in limits:
        own = limit[0] if values.ndim == 1 else limit
        full = np.where(values == np.asarray(own, values.dtype), own, full)
    return full
