"""What X may be, and its way to statistics and to numbers a row.

Here alone it is asked what kind of thing X is; from here on it is `Rows`.

NaN and infinity are not searched for: they propagate into the sums, and only a sum that is
not finite sends us looking. NaN then are missing values, and the rows are sorted by what they
miss.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial, reduce
from operator import add
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import assert_all_finite
from sklearn.utils.validation import validate_data

from .._typing import Array
from ..blocks import blas_threads_for, chunks_of, map_rows
from ..gaussian import Family
from ..statistics import (
    AnyStatistics,
    summarize,
    summarize_incomplete,
    summarize_intervals,
    valid_weights,
)
from . import arrays
from .arrays import NeedsNumPy, is_elsewhere, to_host
from .columns import check_same_names, feature_names, numbers
from .dask import DaskRows, beside_dask, is_dask, sample_of
from .intervals import CoarseRows, Intervals, Rows, beside, warn_of_swapped_ends
from .limits import checked_limits
from .text import check_holds_rows

# Numbers, one a row, to hold at once (32 MiB) where only their sum is asked for.
_MOST_RESULTS = 2**22


class ArrayRows(NamedTuple):
    """Rows in memory; a sum over them takes little beside them, however many they are."""

    X: Any
    sample_weight: Any | None

    def total(self, function: Callable[[Any, Any | None], Any]) -> Any:
        # Equal parts, each with enough elements for threads.
        fewest = 2 * _MOST_RESULTS // min(self.X.shape[1], 4)
        return sum(function(*self._part(rows)) for rows in chunks_of(self.X, fewest, 1))

    def _part(self, rows: slice) -> tuple[Any, Any | None]:
        weights = None if self.sample_weight is None else self.sample_weight[rows]
        return self.X[rows, :], weights

    def summarize(self, function: Callable[[Any, Any | None], AnyStatistics]) -> AnyStatistics:
        return function(self.X, self.sample_weight)

    def map(self, function: Callable[[Any], Any]) -> Any:
        return function(self.X)


class RowsElsewhere(NamedTuple):
    """Rows of another array library, or on another device; what only NumPy can do is done there."""

    X: Any
    sample_weight: Any | None

    def total(self, function: Callable[[Any, Any | None], Any]) -> Any:
        return self._ask(lambda rows: rows.total(function))

    def summarize(self, function: Callable[[Any, Any | None], AnyStatistics]) -> AnyStatistics:
        return self._ask(lambda rows: rows.summarize(function))

    def map(self, function: Callable[[Any], Any]) -> Any:
        results = self._ask(lambda rows: rows.map(function))
        if isinstance(results, tuple):
            return tuple(arrays.in_kind_of(self.X, each) for each in results)
        return arrays.in_kind_of(self.X, results)

    def _ask(self, question: Callable[[ArrayRows], Any]) -> Any:
        if not arrays.is_for_numpy(self.X):
            with suppress(NeedsNumPy):
                return question(ArrayRows(*self))
        weights = None if self.sample_weight is None else arrays.doubles(self.sample_weight)
        return question(ArrayRows(to_host(self.X), weights))


def rows_of(
    estimator: Any, X: Any, sample_weight: Any = None, X_upper: Any = None, **checks: Any
) -> Rows:
    """Rows of numbers, of whatever dtype, and their weights, one of them positive if so asked.

    Checks or, with ``reset=True``, sets the number and names of the features of `estimator`,
    whose `censoring_limits` and X_upper say what is known only to an interval.
    """
    rows = _rows_of(estimator, X, sample_weight, X_upper, **checks)
    limits = estimator.censoring_limits
    if limits is None and X_upper is None:
        return rows
    limits = (None, None) if limits is None else limits
    limits = checked_limits(limits, "censoring_limits", feature_names(estimator))
    return CoarseRows(rows, limits, X_upper is not None)


def _rows_of(
    estimator: Any,
    X: Any,
    sample_weight: Any,
    X_upper: Any,
    *,
    reset: bool = False,
    fewest_rows: int = 1,
    some_weight: bool = True,
) -> Rows:
    """With the upper ends, where there are such, beside X."""
    for name, array in (("X", X), ("sample_weight", sample_weight), ("X_upper", X_upper)):
        _check_no_mask(array, name)
        check_holds_rows(array, name)
    check_same_names(X, X_upper)
    if is_dask(X):
        sample, known = sample_of(X, fewest_rows)
        sample = _numbers(estimator, sample, reset=reset, ensure_min_samples=known)
        if X_upper is not None:
            X_upper = X_upper if is_dask(X_upper) else _upper(X_upper)
            X = beside_dask(X, X_upper, sample, feature_names(estimator))
            sample = np.empty((0, X.shape[1]), X.dtype)
        return DaskRows(
            X,
            sample_weight,
            sample,
            fewest_rows=fewest_rows,
            some_weight=some_weight,
            estimator_name=type(estimator).__name__,
        )
    X = _numbers(estimator, X, reset=reset, ensure_min_samples=fewest_rows)
    if not X.shape[0]:  # of which no other library has anything to do
        X, sample_weight = to_host(X), to_host(sample_weight)
    if sample_weight is not None:
        sample_weight = _weights(sample_weight, X, some_weight)
    if X_upper is not None:
        both = beside(to_host(X), _upper(X_upper), feature_names(estimator))
        # The lower end of a window is at most all values, as an end that was swapped is.
        if reset and getattr(estimator, "truncation_limits", None) is None:
            warn_of_swapped_ends(both, feature_names(estimator))
        X = arrays.in_kind_of(X, both) if is_elsewhere(X) else both
    return RowsElsewhere(X, sample_weight) if is_elsewhere(X) else ArrayRows(X, sample_weight)


def _upper(X_upper: Any) -> np.ndarray:
    """Upper ends as an array of numbers in memory."""
    arrays.check_no_gradients(X_upper, "X_upper")
    return numbers(to_host(X_upper), name="X_upper")


def _check_no_mask(array: Any, name: str) -> None:
    if isinstance(getattr(array, "_meta", array), np.ma.MaskedArray):
        raise ValueError(
            f"{name} is a masked array, whose mask would be ignored. Fill it: a missing value of X "
            "is numpy.nan, as in X.astype(float).filled(numpy.nan), or with dask.array.ma.filled; "
            "a row that shall not count has weight 0."
        )


def _weights(sample_weight: Any, X: Any, some_weight: bool) -> Any:
    """Valid weights of valid rows."""
    arrays.check_no_gradients(sample_weight, "sample_weight")
    if is_elsewhere(X):
        return arrays.validate_weights(
            sample_weight, X.shape[0], allow_all_zero_weights=not some_weight
        )
    return valid_weights(sample_weight, X, some_weight=some_weight)


def _numbers(estimator: Any, X: Any, **check_params: Any) -> Any:
    arrays.check_no_gradients(X, "X")
    read = partial(
        validate_data, estimator, dtype="numeric", ensure_all_finite=False, **check_params
    )
    X = numbers(X, read)
    if is_elsewhere(X):
        arrays.check_numbers(X, "X")
    return X


def statistics_of(
    X: Any,
    sample_weight: Any | None,
    diagonal: bool,
    intervals: Intervals | None = None,
) -> AnyStatistics:
    """Statistics of rows that may have NaN where values are missing, or in an interval.

    Raises
    ------
    ValueError
        If X holds infinity.
    NeedsNumPy
        If X is not of NumPy and takes it.
    """
    if intervals is not None:
        check_no_infinity(X[intervals.rows])
        rest = partial(statistics_of, diagonal=diagonal)
        return _with_intervals(X, sample_weight, diagonal, intervals, rest)
    summary = arrays.summarize if is_elsewhere(X) else summarize
    statistics = summary(X, sample_weight, diagonal)
    if np.isfinite(statistics.mean).all():
        return statistics
    check_no_infinity(X)
    if any(sample_weight is None or sample_weight[rows].any() for rows in incomplete_rows(X)):
        return summarize_incomplete(X, sample_weight, diagonal)
    return statistics if sample_weight is None else _of_present(X, sample_weight, diagonal)


def _with_intervals(
    X: np.ndarray,
    sample_weight: Array | None,
    diagonal: bool,
    intervals: Intervals,
    summarize_rest: Callable[[np.ndarray, Array | None], AnyStatistics],
) -> AnyStatistics:
    exact = np.ones(len(X), dtype=bool)
    exact[intervals.rows] = False
    statistics = summarize_rest(X[exact], None if sample_weight is None else sample_weight[exact])
    weights = (np.ones(len(X)) if sample_weight is None else sample_weight)[intervals.rows]
    present = weights > 0
    if not present.any():
        return statistics
    rows = intervals.lower[present], intervals.upper[present], weights[present]
    return summarize_intervals(*rows, diagonal) + statistics


def _of_present(X: np.ndarray, sample_weight: Array, diagonal: bool) -> AnyStatistics:
    """Statistics of the rows whose weight is above 0, by chunks: others may hold NaN."""
    parts = ((X[chunk], sample_weight[chunk]) for chunk in chunks_of(X, X.shape[1], 1))
    return reduce(add, (summarize(part[w > 0], w[w > 0], diagonal) for part, w in parts))


def squared_distances(X: Any, mean: Array, family: Family, factor: Array) -> Any:
    """Of the rows from the mean, in units of the factor, where X is."""
    if is_elsewhere(X):
        return arrays.squared_distances(X, mean, family, factor)
    with blas_threads_for(X):
        inverse = family.inverse(factor)
        return map_rows(X, lambda rows: family.squared_lengths(inverse, rows), mean)


def check_no_infinity(X: Any) -> None:
    """Refuse infinity, in scikit-learn's words; NaN stands for a missing value.

    Either is worked on by NumPy only, whose X it is afterwards.
    """
    if is_elsewhere(X):
        raise NeedsNumPy
    with np.errstate(invalid="ignore"):  # of inf - inf in the search itself
        for chunk in chunks_of(X, 1, 1):
            assert_all_finite(X[chunk], allow_nan=True, input_name="X")


def incomplete_rows(X: np.ndarray) -> Iterator[np.ndarray]:
    """Indices of the rows that miss values, a chunk of X at a time."""
    for chunk in chunks_of(X, 1, 1) if X.dtype.kind == "f" else ():
        rows = chunk.start + np.flatnonzero(np.isnan(X[chunk]).any(axis=1))
        if rows.size:
            yield rows
