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
from typing import Any, NamedTuple, Protocol

import numpy as np
from sklearn.utils import assert_all_finite
from sklearn.utils.validation import validate_data

from .._typing import Array
from ..blocks import blas_threads_for, chunks_of, map_rows
from ..gaussian import Family
from ..statistics import AnyStatistics, summarize, summarize_incomplete, valid_weights
from . import arrays
from .arrays import NeedsNumPy, is_elsewhere, to_host
from .columns import numbers
from .dask import DaskRows, is_dask, sample_of

# Numbers, one a row, to hold at once (32 MiB) where only their sum is asked for.
_MOST_RESULTS = 2**22


class Rows(Protocol):
    """Valid rows and their weights, wherever they lie; not yet known to be finite."""

    def total(self, function: Callable[[np.ndarray, Array | None], Any]) -> Any:
        """Sum over blocks of rows of ``function(X, sample_weight)``, X an array."""
        ...

    def summarize(self, function: Callable[[np.ndarray, Array | None], AnyStatistics]) -> Any:
        """The same of statistics."""
        ...

    def map(self, function: Callable[[np.ndarray], Any]) -> Any:
        """``function(X)``, one array or a tuple of some, the first axis as long as X.

        X in turn is each block of rows; lazy where the rows are.
        """
        ...


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
    estimator: Any,
    X: Any,
    sample_weight: Any = None,
    *,
    reset: bool = False,
    fewest_rows: int = 1,
    some_weight: bool = True,
) -> Rows:
    """Rows of numbers, of whatever dtype, and their weights, one of them positive if so asked.

    Checks or, with ``reset=True``, sets the number and names of the features of `estimator`.
    """
    for name, array in (("X", X), ("sample_weight", sample_weight)):
        _check_no_mask(array, name)
    if is_dask(X):
        sample, known = sample_of(X, fewest_rows)
        sample = _numbers(estimator, sample, reset=reset, ensure_min_samples=known)
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
    return RowsElsewhere(X, sample_weight) if is_elsewhere(X) else ArrayRows(X, sample_weight)


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
    X: Any, sample_weight: Any | None, diagonal: bool, estimator_name: str
) -> AnyStatistics:
    """Statistics of rows that may have NaN where values are missing.

    Raises
    ------
    ValueError
        If X holds infinity.
    NeedsNumPy
        If X is not of NumPy and takes it.
    """
    summary = arrays.summarize if is_elsewhere(X) else summarize
    statistics = summary(X, sample_weight, diagonal)
    if np.isfinite(statistics.mean).all():
        return statistics
    check_no_infinity(X, estimator_name)
    if any(sample_weight is None or sample_weight[rows].any() for rows in incomplete_rows(X)):
        return summarize_incomplete(X, sample_weight, diagonal)
    return statistics if sample_weight is None else _of_present(X, sample_weight, diagonal)


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


def check_no_infinity(X: Any, estimator_name: str) -> None:
    """Refuse infinity, in scikit-learn's words; NaN stands for a missing value.

    Either is worked on by NumPy only, whose X it is afterwards.
    """
    if is_elsewhere(X):
        raise NeedsNumPy
    with np.errstate(invalid="ignore"):  # of inf - inf in the search itself
        for chunk in chunks_of(X, 1, 1):
            assert_all_finite(
                X[chunk], allow_nan=True, estimator_name=estimator_name, input_name="X"
            )


def incomplete_rows(X: np.ndarray) -> Iterator[np.ndarray]:
    """Indices of the rows that miss values, a chunk of X at a time."""
    for chunk in chunks_of(X, 1, 1) if X.dtype.kind == "f" else ():
        rows = chunk.start + np.flatnonzero(np.isnan(X[chunk]).any(axis=1))
        if rows.size:
            yield rows
