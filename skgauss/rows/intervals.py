"""Values known only to lie in an interval: censored at a limit, or between X and X_upper."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple, Protocol

import numpy as np

from .._typing import Array
from .arrays import NeedsNumPy, is_elsewhere
from .limits import Limits


class Rows(Protocol):
    """Valid rows and their weights, wherever they lie; not yet known to be finite."""

    def total(self, function: Callable[..., Any]) -> Any:
        """Sum over blocks of rows of ``function(X, sample_weight)``, X an array."""
        ...

    def summarize(self, function: Callable[..., Any]) -> Any:
        """The same of statistics."""
        ...

    def map(self, function: Callable[..., Any]) -> Any:
        """``function(X)``, one array or a tuple of some, the first axis as long as X.

        X in turn is each block of rows; lazy where the rows are.
        """
        ...


class Intervals(NamedTuple):
    """The rows of a block in which there are values known only to an interval.

    Attributes
    ----------
    rows : int ndarray of shape (n_rows,)
        Their places in the block.
    lower, upper : ndarray of shape (n_rows, n_features)
        Equal where a value is known exactly, infinite both where it is missing.
    """

    rows: np.ndarray
    lower: Array
    upper: Array

    @classmethod
    def none(cls, n_features: int) -> Intervals:
        return cls(np.empty(0, dtype=np.intp), np.empty((0, n_features)), np.empty((0, n_features)))

    def between(self, start: int, stop: int) -> Intervals:
        """Those of a part of the block, where their places are counted from its start."""
        part = slice(*np.searchsorted(self.rows, (start, stop)))
        return Intervals(self.rows[part] - start, self.lower[part], self.upper[part])


class CoarseRows(NamedTuple):
    """Rows whose functions are also handed the `Intervals` of a block, where it has any.

    Attributes
    ----------
    rows : Rows
    limits : tuple of ndarray of shape (n_features,)
        Values at or below the first, at or above the second, are censored.
    has_upper : bool
        Whether upper ends stand behind the values, as `beside` puts them.
    """

    rows: Rows
    limits: Limits
    has_upper: bool

    def total(self, function: Callable[..., Any]) -> Any:
        return self.rows.total(self._read(function))

    def summarize(self, function: Callable[..., Any]) -> Any:
        return self.rows.summarize(self._read(function))

    def map(self, function: Callable[..., Any]) -> Any:
        return self.rows.map(self._read(function))

    def _read(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return partial(_of_known, function, self.limits, self.has_upper)


def _of_known(
    function: Callable[..., Any], limits: Limits, has_upper: bool, block: Any, *weights: Any
) -> Any:
    X, intervals = known(block, limits, has_upper)
    return function(X, *weights, intervals=intervals)


def known(block: Any, limits: Limits, has_upper: bool) -> tuple[Any, Intervals | None]:
    """Values of a block that are known exactly, NaN in place of the others, and intervals."""
    if is_elsewhere(block):
        raise NeedsNumPy
    X, X_upper = np.split(block, 2, axis=1) if has_upper else (block, block)
    # As X has them: the float32 of 0.1 is at the limit 0.1.
    floating = X.dtype if X.dtype.kind == "f" else np.float64
    low, high = (limit.astype(floating) for limit in limits)
    exact = (X_upper == X) & np.isfinite(X)
    below, above = exact & (low >= X), exact & (high <= X)
    if not (has_upper or below.any() or above.any()):
        return block, None
    lower = np.where(below | np.isnan(X), -np.inf, np.where(above, high, X))
    upper = np.where(above | np.isnan(X_upper), np.inf, np.where(below, low, X_upper))
    within = (lower < upper) & (np.isfinite(lower) | np.isfinite(upper))
    rows = np.flatnonzero(within.any(axis=1))
    ends = (end[rows].astype(np.float64) for end in (lower, upper))
    return np.where(lower == upper, X, np.nan), Intervals(rows, *ends) if rows.size else None


def beside(
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
    if X.dtype.kind == "f":  # what float32 holds of the lower ends is all that is known
        X_upper = X_upper.astype(X.dtype, copy=False)
    lower = np.where(np.isnan(X), -np.inf, X)
    upper = np.where(np.isnan(X_upper), np.inf, X_upper)
    crossed = (lower > upper) | (lower == np.inf) | (upper == -np.inf)
    if sample_weight is not None:
        crossed &= (sample_weight > 0)[:, None]
    wrong = np.argwhere(crossed)
    if len(wrong):
        i, j = wrong[0].tolist()
        raise ValueError(
            f"In row {i}{of} the interval of {names[j]!r} has its lower end in X at {lower[i, j]} "
            f"and its upper end in X_upper at {upper[i, j]}. The lower end must not be larger, "
            "and one of them must be finite unless the value is missing. If X was transformed, "
            "X_upper must be too."
        )
    return np.hstack((X, X_upper))
