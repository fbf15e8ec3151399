"""What X may be, and its way to statistics and to numbers a row.

Here alone it is asked what kind of thing X is; from here on it is `Rows`.

NaN and infinity are not searched for: they propagate into the sums, and only a sum that is
not finite sends us looking. NaN then are missing values, and the rows are sorted by what they
miss.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np
from sklearn.utils import assert_all_finite
from sklearn.utils.validation import _check_sample_weight, validate_data

from . import arrayapi
from ._typing import Array
from .arrayapi import is_elsewhere, seen_by_numpy, to_host
from .blocks import chunks_of, map_rows
from .covariance import Family
from .daskinput import DaskRows, is_dask, sample_of
from .patterns import summarize_incomplete
from .scattered import AnyStatistics
from .statistics import summarize


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
    """Rows in memory, of NumPy or on another device: one block."""

    X: Any
    sample_weight: Any | None

    def total(self, function: Callable[[Any, Any | None], Any]) -> Any:
        return function(seen_by_numpy(self.X), seen_by_numpy(self.sample_weight))

    def summarize(self, function: Callable[[Any, Any | None], AnyStatistics]) -> AnyStatistics:
        return self.total(function)

    def map(self, function: Callable[[Any], Any]) -> Any:
        if not is_elsewhere(self.X):
            return function(self.X)
        results = function(seen_by_numpy(self.X))
        if isinstance(results, tuple):
            return tuple(arrayapi.in_kind_of(self.X, each) for each in results)
        return arrayapi.in_kind_of(self.X, results)


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
    if sample_weight is not None:
        sample_weight = _weights(sample_weight, X, allow_all_zero_weights=not some_weight)
    return ArrayRows(X, sample_weight)


def _weights(sample_weight: Any, X: Any, **check_params: Any) -> Any:
    """Weights of valid rows, where those are."""
    if is_elsewhere(X):
        return arrayapi.validate_weights(sample_weight, X, **check_params)
    return _check_sample_weight(
        sample_weight, X, dtype=np.float64, ensure_non_negative=True, **check_params
    )


def _numbers(estimator: Any, X: Any, **check_params: Any) -> Any:
    X = validate_data(estimator, X, dtype="numeric", ensure_all_finite=False, **check_params)
    if not (arrayapi.holds_numbers(X) if is_elsewhere(X) else X.dtype.kind in "biuf"):
        raise ValueError(f"X must hold numbers, got dtype {X.dtype}.")
    return X


def statistics_of(
    X: Any, sample_weight: Any | None, diagonal: bool, estimator_name: str
) -> AnyStatistics:
    """Statistics of rows that may have NaN where values are missing.

    Rows that miss values are worked on by NumPy, wherever they are.

    Raises
    ------
    ValueError
        If X holds infinity.
    """
    summary = arrayapi.summarize if is_elsewhere(X) else summarize
    statistics = summary(X, sample_weight, diagonal)
    if np.isfinite(statistics.mean).all():
        return statistics
    check_no_infinity(X, estimator_name)
    X, sample_weight = to_host(X), to_host(sample_weight)
    if sample_weight is not None and not (sample_weight > 0).all():
        present = sample_weight > 0
        return statistics_of(X[present], sample_weight[present], diagonal, estimator_name)
    if np.isnan(X).any():
        return summarize_incomplete(X, sample_weight, diagonal)
    return statistics


def squared_distances(X: Any, mean: Array, family: Family, inverse: Array) -> Any:
    """Of the rows from the mean, in units of the factor with that inverse, where X is."""
    if is_elsewhere(X):
        return arrayapi.squared_distances(X, mean, inverse)
    return map_rows(X, lambda rows: family.squared_lengths(inverse, rows), mean)


def check_no_infinity(X: Any, estimator_name: str) -> None:
    """Refuse infinity, in scikit-learn's words; NaN stands for a missing value."""
    with np.errstate(invalid="ignore"):  # of inf - inf in the search itself
        assert_all_finite(X, allow_nan=True, estimator_name=estimator_name, input_name="X")


def incomplete_rows(X: np.ndarray) -> Iterator[np.ndarray]:
    """Indices of the rows that miss values, a chunk of X at a time."""
    for chunk in chunks_of(X, 1, 1) if X.dtype.kind == "f" else ():
        rows = chunk.start + np.flatnonzero(np.isnan(X[chunk]).any(axis=1))
        if rows.size:
            yield rows
