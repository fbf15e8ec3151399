"""What X may be, and its way to statistics and to numbers a row.

Here alone it is asked what kind of thing X is; from here on it is `Rows`.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils.validation import validate_data

from ..blocks import chunks_of
from ..statistics import (
    AnyStatistics,
    valid_weights,
)
from . import arrays
from .arrays import is_elsewhere, to_host
from .block import Block, Rows
from .censoring import Reader, warn_of_swapped_ends, with_upper
from .check_limits import checked_limits
from .dask import DaskRows, is_dask, sample_of, with_upper_of_dask
from .feature_names import feature_names
from .frames import check_holds_rows, check_same_names, check_same_order
from .numbers import numbers

# Numbers, one a row, to hold at once (32 MiB) where only their sum is asked for.
_MOST_RESULTS = 2**22


class ArrayRows(NamedTuple):
    """Rows in memory; a sum over them takes little beside them, however many they are."""

    X: Any
    sample_weight: Any | None
    read: Reader

    def total(self, function: Callable[[Block], Any]) -> Any:
        # Equal parts, each with enough elements for threads.
        fewest = 2 * _MOST_RESULTS // min(self.X.shape[1], 4)
        return sum(function(self._part(rows)) for rows in chunks_of(self.X, fewest, 1))

    def summarize(self, function: Callable[[Block], AnyStatistics]) -> AnyStatistics:
        return function(self.read(self.X, self.sample_weight))

    def map(self, function: Callable[[Block], Any]) -> Any:
        return function(self.read(self.X))

    def whole(self, asker: str) -> Block:
        return self.read(self.X, self.sample_weight)

    def _part(self, rows: slice) -> Block:
        """The block that a slice of the rows makes, read as statistics take it."""
        weights = None if self.sample_weight is None else self.sample_weight[rows]
        return self.read(self.X[rows, :], weights)


class DeviceRows(NamedTuple):
    """Rows of another array library, or on another device: summed and whitened there.

    What only NumPy can do is done with a copy on the host: where values are missing or censored,
    and where the device has no float64.
    """

    X: Any
    sample_weight: Any | None
    read: Reader

    def total(self, function: Callable[[Block], Any]) -> Any:
        return self._where_they_are_worked_on.total(function)

    def summarize(self, function: Callable[[Block], AnyStatistics]) -> AnyStatistics:
        return self._where_they_are_worked_on.summarize(function)

    def map(self, function: Callable[[Block], Any]) -> Any:
        results = self._where_they_are_worked_on.map(function)
        if isinstance(results, tuple):
            return tuple(arrays.in_kind_of(self.X, each) for each in results)
        return arrays.in_kind_of(self.X, results)

    def whole(self, asker: str) -> Block:
        return self._on_the_host.whole(asker)

    @property
    def _where_they_are_worked_on(self) -> ArrayRows:
        """These rows as an array, where they are if that will do, else on the host."""
        stay = arrays.is_for_its_device(self.X) and not self.read.finds_intervals
        if stay and arrays.adds_up(self.X):
            return ArrayRows(*self)
        return self._on_the_host

    @property
    def _on_the_host(self) -> ArrayRows:
        weights = None if self.sample_weight is None else arrays.doubles(self.sample_weight)
        return ArrayRows(to_host(self.X), weights, self.read)


def rows_of(
    estimator: Any,
    X: Any,
    sample_weight: Any = None,
    X_upper: Any = None,
    *,
    reset: bool = False,
    fewest_rows: int = 1,
    some_weight: bool = True,
) -> Rows:
    """Rows of numbers, of whatever dtype, and their weights, one of them positive if so asked.

    Checks or, with ``reset=True``, sets the number and names of the features of `estimator`,
    whose `censoring_limits` and X_upper say what is known only to an interval.
    """
    for name, array in (("X", X), ("sample_weight", sample_weight), ("X_upper", X_upper)):
        _check_no_mask(array, name)
        check_holds_rows(array, name)
    check_same_names(X, X_upper)
    check_same_order(X, sample_weight, "sample_weight")
    if is_dask(X):
        sample, known = sample_of(X, fewest_rows)
        sample = _validated_numbers(estimator, sample, reset=reset, ensure_min_samples=known)
        if X_upper is not None:
            X_upper = X_upper if is_dask(X_upper) else _upper(X_upper)
            names = feature_names(estimator)
            X = with_upper_of_dask(X, X_upper, sample, names, sample_weight)
            sample = np.empty((0, X.shape[1]), X.dtype)
        return DaskRows(
            X,
            sample_weight,
            sample,
            _reader_of_rows(estimator, X_upper),
            fewest_rows=fewest_rows,
            some_weight=some_weight,
            estimator_name=type(estimator).__name__,
        )
    X = _validated_numbers(estimator, X, reset=reset, ensure_min_samples=fewest_rows)
    if not X.shape[0]:  # of which no other library has anything to do
        X, sample_weight = to_host(X), to_host(sample_weight)
    if sample_weight is not None:
        sample_weight = _weights(sample_weight, X, some_weight)
    if X_upper is not None:
        of = None if sample_weight is None else to_host(sample_weight)
        both = with_upper(to_host(X), _upper(X_upper), feature_names(estimator), sample_weight=of)
        # The lower end of a window is at most all values, as an end that was swapped is.
        if reset and getattr(estimator, "truncation_limits", None) is None:
            warn_of_swapped_ends(both, feature_names(estimator))
        X = arrays.in_kind_of(X, both) if is_elsewhere(X) else both
    kind = DeviceRows if is_elsewhere(X) else ArrayRows
    return kind(X, sample_weight, _reader_of_rows(estimator, X_upper))


def _reader_of_rows(estimator: Any, X_upper: Any) -> Reader:
    """How to read the rows that an estimator is handed, with these upper ends or none."""
    limits = estimator.censoring_limits
    if limits is not None:
        limits = checked_limits(limits, "censoring_limits", feature_names(estimator))
    return Reader(limits, X_upper is not None)


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


def _validated_numbers(
    estimator: Any, X: Any, *, reset: bool = False, ensure_min_samples: int = 1
) -> Any:
    if _is_plain(X, ensure_min_samples) and (reset or _is_as_wide_as_before(estimator, X)):
        if reset:
            estimator.n_features_in_ = X.shape[1]
            vars(estimator).pop("feature_names_in_", None)
        return X
    arrays.check_no_gradients(X, "X")
    read = partial(
        validate_data,
        estimator,
        dtype="numeric",
        ensure_all_finite=False,
        reset=reset,
        ensure_min_samples=ensure_min_samples,
    )
    X = numbers(X, read)
    if is_elsewhere(X):
        arrays.check_numbers(X, "X")
    return X


def _is_plain(X: Any, fewest_rows: int) -> bool:
    """Whether X is an array of which scikit-learn's checks, most of a small fit, find nothing."""
    if type(X) is not np.ndarray or X.ndim != 2 or X.dtype not in (np.float64, np.float32):
        return False
    return len(X) >= fewest_rows and X.shape[1] > 0


def _is_as_wide_as_before(estimator: Any, X: np.ndarray) -> bool:
    """Whether an estimator knows features without names, as many as X has."""
    named = hasattr(estimator, "feature_names_in_")
    return not named and getattr(estimator, "n_features_in_", None) == X.shape[1]
