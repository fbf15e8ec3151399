"""Values known only to lie in an interval: censored at a limit, or between X and X_upper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from .._typing import Array
from .._wording import quoted, warn_caller
from ..blocks import to_host
from ..conditioning import are_intervals
from .block import Block, Intervals
from .check_limits import Limits
from .rounding import at_or_above, at_or_below, round_float32

# Ends look swapped if, among the pairs of an exact value and a value without an upper end, the
# exact one is the larger in at least this share. It is a half under independent censoring of the
# same distribution, and 1 where detection limits were passed as lower ends. With fewer pairs the
# share may be as large by chance.
_SWAPPED_SHARE = 0.95
_MIN_PAIRS = 20


@dataclass(frozen=True)
class Reader:
    """Makes a `Block` from an array whose values may be known only to an interval.

    Upper ends are further columns of the same array, so that slicing its rows slices both alike.
    """

    # (n_features,) each: values at or below the first, or at or above the second, are censored.
    limits: Limits | None
    has_upper: bool  # whether the array is ``[X | X_upper]``, as `UpperEnds` makes it

    def __call__(self, array: Any, sample_weight: Any | None = None) -> Block:
        X, X_upper = np.split(array, 2, axis=1) if self.has_upper else (array, array)
        below = above = np.False_
        if self.limits is not None:
            # Limits are rounded to the dtype of X: 0.1 as float32 is at the limit 0.1.
            floating = X.dtype if X.dtype.kind == "f" else np.float64
            low, high = (np.asarray(end, floating) for end in self.limits)
            exact = (X_upper == X) & np.isfinite(X)
            below, above = exact & at_or_below(X, low), exact & at_or_above(X, high)
            if not (self.has_upper or below.any() or above.any()):
                return Block(array, sample_weight)
        lower = np.where(below | np.isnan(X), -np.inf, X)
        upper = np.where(above | np.isnan(X_upper), np.inf, X_upper)
        if self.limits is not None:
            lower, upper = np.where(above, high, lower), np.where(below, low, upper)
        rows = np.flatnonzero(are_intervals(lower, upper).any(axis=1))
        ends = (end[rows].astype(np.float64) for end in (lower, upper))
        intervals = Intervals(rows, *ends) if rows.size else None
        return Block(np.where(lower == upper, X, np.nan), sample_weight, intervals)


class UpperEnds(NamedTuple):
    """The upper ends of the values of X."""

    values: Any  # (n_rows, n_features), numbers in memory or of Dask
    # Whether each column, (n_features,) or () for arrays, is of float32 in X or X_upper alone.
    is_mixed: np.ndarray
    names: Sequence[str]  # of the features, for messages

    def beside(self, X: Any, sample_weight: Any | None, of: str = "") -> np.ndarray:
        """Returns ``[X | X_upper]``, an array of numbers; `of` is that of `check_not_crossed`."""
        if X.shape != self.values.shape:
            raise ValueError(
                f"X_upper must have the shape of X, {X.shape}, got {self.values.shape}."
            )
        upper = rounded_alike(X, self.values, self.is_mixed)
        has_weight = None if sample_weight is None else sample_weight > 0
        check_not_crossed(X, upper, self.names, has_weight, of=of)
        return np.hstack((X, upper))


def rounded_alike(lower: Array, upper: Array, is_mixed: np.ndarray | None = None) -> np.ndarray:
    """Returns the upper ends, made equal to the lower ones where only rounding parts them.

    An exact value may be float64 in one array and float32 in the other. Its rounding must neither
    turn it into a short interval nor cross its ends. If both arrays are float64, `is_mixed`, bool
    of shape (n_columns,), marks the columns in which one of them was float32 before.
    """
    if lower.dtype == upper.dtype:
        if is_mixed is None or not is_mixed.any():
            return upper
        equal = is_mixed & ((lower == round_float32(upper)) | (round_float32(lower) == upper))
        return np.where(equal, lower, upper)
    rounded = upper.astype(lower.dtype) if lower.dtype.kind == "f" else upper
    if upper.dtype.kind != "f":
        return rounded
    with np.errstate(over="ignore"):  # overflow gives infinity, which is no exact value
        equal = np.isfinite(upper) & (lower.astype(upper.dtype) == upper)
    return np.where(equal, lower, rounded)


def check_not_crossed(
    lower: Array,
    upper: Array,
    names: Sequence[str],
    has_weight: np.ndarray | None = None,
    table: str = "X",
    of: str = "",
) -> None:
    """Refuse intervals whose ends are crossed, or are the same infinity, in rows that count.

    `has_weight`, bool of shape (n_rows,), marks these rows; None means all. NaN is an open end.
    `table` is what the user calls the lower ends, and `of` follows the row's number in the message.
    """
    crossed = (lower > upper) | (lower == np.inf) | (upper == -np.inf)
    if has_weight is not None:
        crossed &= has_weight[:, None]
    for i, j in np.argwhere(crossed)[:1].tolist():
        low = -np.inf if np.isnan(lower[i, j]) else lower[i, j]
        high = np.inf if np.isnan(upper[i, j]) else upper[i, j]
        remedy = f"If {table} was transformed, {table}_upper must be too."
        if high == -np.inf:
            remedy = (
                "If it is the logarithm of 0 for a value that was not detected, put NaN into "
                f"{table} and the logarithm of the limit into {table}_upper."
            )
        raise ValueError(
            f"In row {i}{of}, counted from 0, the interval of {names[j]!r} has its lower end in "
            f"{table} at {low} and its upper end in {table}_upper at {high}. The lower end must "
            "not be larger, and one of them must be finite unless the value is missing. "
            f"{remedy}"
        )


def warn_of_swapped_ends(both: Array, names: Sequence[str]) -> None:
    """Warn if values "at least v" in ``[X | X_upper]`` are so low that "at most v" seems meant."""
    X, X_upper = np.split(both, 2, axis=1)
    exact, above = X_upper == X, np.isfinite(X) & ~(X_upper < np.inf)
    otherwise = np.isfinite(X_upper) & ~exact
    suspects = []
    for j in np.flatnonzero(above.any(axis=0) & ~otherwise.any(axis=0)).tolist():
        values, ends = np.sort(X[exact[:, j], j]), X[above[:, j], j]
        pairs = len(values) * len(ends)
        if pairs >= _MIN_PAIRS:
            larger = pairs - np.searchsorted(values, ends).sum()
            suspects += [names[j]] * bool(larger >= _SWAPPED_SHARE * pairs)
    if suspects:
        warn_caller(
            f"The values of {quoted(suspects)} without an upper end count as at least as large as "
            "the number in X, yet nearly all values known exactly are larger still. If they were "
            "below a limit of detection, the ends are swapped: put the limit into X_upper and NaN "
            "into X, as in fit(lower, X_upper=upper)."
        )


def warn_of_misplaced_ends(lower: Any, given: Any, place: str, parameter: str) -> None:
    """Warn if what was passed as `place`, "y" or "sample_weight", looks like upper ends.

    `parameter` is the name by which to pass upper ends. Weights, or a y with one axis, may be
    larger than all values: they look like ends only if some equals a value that has decimals.
    """
    if given is None or hasattr(lower, "dask") or hasattr(given, "dask"):
        return
    shape, of_given = (tuple(getattr(each, "shape", ())) for each in (lower, given))
    one_axis = shape == (*of_given, 1)
    strict = one_axis or place == "sample_weight"
    as_long = one_axis or (shape == of_given and shape != ())
    if as_long and _are_upper_ends(lower, given, share_decimals=strict):
        warn_caller(
            f"{place} is as long as {parameter.removesuffix('_upper')} and nowhere below it. "
            f"If it holds upper ends, pass them by keyword, {parameter}=..., since {place} is not "
            "read as such."
        )


def _are_upper_ends(lower: Any, given: Any, share_decimals: bool) -> bool:
    """Whether `given` is nowhere below `lower`, and in some places, but not in all, equal or open.

    It is open where it is NaN and `lower` is not. With `share_decimals` it must be equal where it
    has decimals.
    """
    try:
        lower, given = (np.asarray(to_host(array)) for array in (lower, given))
        if np.iscomplexobj(lower) or np.iscomplexobj(given):
            return False
        lower, given = lower.astype(np.float64), given.reshape(lower.shape).astype(np.float64)
    except (TypeError, ValueError):
        return False
    equal = given == lower
    if (given < lower).any() or np.array_equal(lower, given, equal_nan=True):
        return False
    if share_decimals:
        return bool((equal & (given != np.floor(given))).any())
    return bool((equal | (np.isnan(given) & ~np.isnan(lower))).any())
