"""Values known only to lie in an interval: censored at a limit, or between X and X_upper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from .._typing import Array
from .._wording import quoted, warn_caller
from .arrays import to_host
from .block import Block, Intervals
from .check_limits import Limits

# Share of the pairs of a value known exactly and an open upper end in which the value is the
# larger: a half where an independent law of the same shape censors, all of them where limits of
# detection were passed as lower ends. Fewer pairs than that may lie so by chance.
_SWAPPED = 0.95
_FEWEST_PAIRS = 20


class Reader(NamedTuple):
    """Reads an array as it was handed over, and makes a `Block` of it.

    Attributes
    ----------
    limits : tuple of ndarray of shape (n_features,), default=None
        Values at or below the first, at or above the second, are censored.
    has_upper : bool, default=False
        Whether upper ends stand behind the values, as `with_upper` puts them.
    """

    limits: Limits | None = None
    has_upper: bool = False

    @property
    def finds_intervals(self) -> bool:
        """Whether there may be values known only to an interval."""
        return self.limits is not None or self.has_upper

    def __call__(self, array: Any, sample_weight: Any | None = None) -> Block:
        if not self.finds_intervals:
            return Block(array, sample_weight)
        X, X_upper = np.split(array, 2, axis=1) if self.has_upper else (array, array)
        low, high = self._limits_of(X)
        exact = (X_upper == X) & np.isfinite(X)
        below, above = exact & (low >= X), exact & (high <= X)
        if not (self.has_upper or below.any() or above.any()):
            return Block(array, sample_weight)
        lower = np.where(below | np.isnan(X), -np.inf, np.where(above, high, X))
        upper = np.where(above | np.isnan(X_upper), np.inf, np.where(below, low, X_upper))
        within = (lower < upper) & (np.isfinite(lower) | np.isfinite(upper))
        rows = np.flatnonzero(within.any(axis=1))
        ends = (end[rows].astype(np.float64) for end in (lower, upper))
        intervals = Intervals(rows, *ends) if rows.size else None
        return Block(np.where(lower == upper, X, np.nan), sample_weight, intervals)

    def _limits_of(self, X: np.ndarray) -> Limits:
        """The limits as X has them: the float32 of 0.1 is at the limit 0.1."""
        if self.limits is None:
            return np.full(X.shape[1], -np.inf), np.full(X.shape[1], np.inf)
        floating = X.dtype if X.dtype.kind == "f" else np.float64
        low, high = (limit.astype(floating) for limit in self.limits)
        return low, high


def with_upper(
    X: Any, X_upper: Any, names: Sequence[str], of: str = "", sample_weight: Any | None = None
) -> np.ndarray:
    """``[X | X_upper]``, both of numbers.

    Raises
    ------
    ValueError
        If the shapes differ or, where the weight of a row is not 0, the ends of an interval are
        crossed, or all of it is infinity.
    """
    if X.shape != X_upper.shape:
        raise ValueError(f"X_upper must have the shape of X, {X.shape}, got {X_upper.shape}.")
    X_upper = rounded_alike(X, X_upper)
    wrong = first_crossed(X, X_upper, None if sample_weight is None else sample_weight > 0)
    if wrong is not None:
        i, j = wrong
        lower = np.where(np.isnan(X), -np.inf, X)
        upper = np.where(np.isnan(X_upper), np.inf, X_upper)
        raise ValueError(
            f"In row {i}{of}, counted from 0, the interval of {names[j]!r} has its lower end in X "
            f"at {lower[i, j]} and its upper end in X_upper at {upper[i, j]}. The lower end must "
            "not be larger, and one of them must be finite unless the value is missing. If X was "
            "transformed, X_upper must be too."
        )
    return np.hstack((X, X_upper))


def rounded_alike(lower: Array, upper: Array) -> np.ndarray:
    """Upper ends, equal to lower ones where they are so in the digits that both dtypes hold.

    What float32 holds of either is all that is known of it: a value that is known exactly, once of
    float64 and once of float32, is no interval as long as the rounding, nor are its ends crossed.
    """
    if lower.dtype == upper.dtype:
        return upper
    rounded = upper.astype(lower.dtype) if lower.dtype.kind == "f" else upper
    if upper.dtype.kind != "f":
        return rounded
    with np.errstate(over="ignore"):  # to infinity, which is the end of no exact value
        equal = np.isfinite(upper) & (lower.astype(upper.dtype) == upper)
    return np.where(equal, lower, rounded)


def first_crossed(
    lower: Array, upper: Array, counts: np.ndarray | None = None
) -> tuple[int, int] | None:
    """Row and column of the first ends that are crossed, or all of whose interval is infinity.

    NaN is an open end, which crosses none. Of the rows that count, where not all do; None if there
    are none.
    """
    crossed = (lower > upper) | (lower == np.inf) | (upper == -np.inf)
    if counts is not None:
        crossed &= counts[:, None]
    wrong = np.argwhere(crossed)
    return tuple(wrong[0].tolist()) if len(wrong) else None


def warn_of_swapped_ends(both: Array, names: Sequence[str]) -> None:
    """Warn where values "at least v" in ``[X | X_upper]`` lie so low that "at most v" was meant."""
    X, X_upper = np.split(both, 2, axis=1)
    exact, above = X_upper == X, np.isfinite(X) & ~(X_upper < np.inf)
    otherwise = np.isfinite(X_upper) & ~exact
    suspects = []
    for j in np.flatnonzero(above.any(axis=0) & ~otherwise.any(axis=0)).tolist():
        values, ends = np.sort(X[exact[:, j], j]), X[above[:, j], j]
        pairs = len(values) * len(ends)
        if pairs >= _FEWEST_PAIRS:
            larger = pairs - np.searchsorted(values, ends).sum()
            suspects += [names[j]] * bool(larger >= _SWAPPED * pairs)
    if suspects:
        warn_caller(
            f"The values of {quoted(suspects)} without an upper end are known to be at least as "
            "large as what stands in X, and nearly all values known exactly are larger still. "
            "Were they below a limit of detection, the ends are swapped: the limit belongs into "
            "X_upper, and NaN into X, as in fit(lower, X_upper=upper)."
        )


def warn_of_misplaced_ends(lower: Any, given: Any, place: str, parameter: str) -> None:
    """Warn where what was given in the place of y or of weights looks like upper ends.

    Those go by the name of a parameter. Weights may well be larger than targets: they look like
    ends where some are a target to all its decimals.
    """
    if _are_upper_ends(lower, given, share_decimals=place == "sample_weight"):
        warn_caller(
            f"{place} has the shape of {parameter.removesuffix('_upper')} and is nowhere below it. "
            f"If it holds upper ends, pass them by name, {parameter}=...: as {place} they do not "
            "count as such."
        )


def _are_upper_ends(lower: Any, given: Any, share_decimals: bool) -> bool:
    """Whether an array in memory may be the upper ends of another: nowhere below, equal at some."""
    arrays = lower, given
    shapes = [getattr(array, "shape", None) for array in arrays]
    if shapes[0] is None or any(hasattr(array, "dask") for array in arrays):
        return False
    if shapes[0] != shapes[1]:
        return False
    try:
        lower, given = (np.asarray(to_host(array), dtype=np.float64) for array in arrays)
    except (TypeError, ValueError):
        return False
    equal = given == lower
    if (given < lower).any() or np.array_equal(lower, given, equal_nan=True):
        return False
    return bool((equal & (given != np.floor(given)) if share_decimals else equal).any())
