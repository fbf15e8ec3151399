"""What X may be, and its way to statistics and to numbers a row.

Here it is decided what X is, an array in memory or on a device, or one of Dask; from here on it is
`Rows`.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils.validation import validate_data

from ..blocks import chunks_of, doubles, to_host
from ..statistics import AnyStatistics, valid_weights
from . import arrays
from .block import Block, Rows
from .censoring import Reader, warn_of_swapped_ends, with_upper
from .check_limits import checked_limits
from .dask import DaskRows, sample_of, with_upper_of_dask
from .feature_names import feature_names
from .frames import check_same_names, check_same_order
from .kinds import check_holds_rows, check_no_mask, is_dask, is_elsewhere
from .numbers import numbers
from .rounding import columns_of_float32, single

# Rows that are asked for a number each at once (16 MiB) where only the sum of these is wanted, but
# so many elements of X at least that half of them are worth threads.
_ROWS_AT_ONCE = 2**21
_ELEMENTS_AT_ONCE = 2**23


class ArrayRows(NamedTuple):
    """Rows in one array; a sum over them takes little beside them, however many they are.

    Attributes
    ----------
    X : array of shape (n_rows, n_features)
        Where it is worked on: of another library only if it is on a device that serves us.
    sample_weight : array of shape (n_rows,) or None
    read : callable
        From an array, and weights, to a block.
    like : array or None
        The user's, if it is of another library: numbers a row are returned as it is.
    """

    X: Any
    sample_weight: Any | None
    read: Callable[..., Block]
    like: Any | None

    def total(self, function: Callable[[Block], Any]) -> Any:
        total = 0
        for rows in chunks_of(self.X, max(_ROWS_AT_ONCE, _ELEMENTS_AT_ONCE // self.X.shape[1])):
            weights = None if self.sample_weight is None else self.sample_weight[rows]
            total += function(self.read(self.X[rows, :], weights))
        return total

    def summarize(self, function: Callable[[Block], AnyStatistics]) -> AnyStatistics:
        return function(self.read(self.X, self.sample_weight))

    def map(self, function: Callable[[Block], Any]) -> Any:
        results = function(self.read(self.X))
        if self.like is None:
            return results
        if isinstance(results, tuple):
            return tuple(arrays.in_kind_of(self.like, each) for each in results)
        return arrays.in_kind_of(self.like, results)

    def whole(self, asker: str) -> Block:
        weights = None if self.sample_weight is None else doubles(self.sample_weight)
        return self.read(to_host(self.X), weights)


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
        check_no_mask(array, name)
        check_holds_rows(array, name)
    if X_upper is not None:
        check_same_names(X, X_upper)
    if sample_weight is not None:
        check_same_order(X, sample_weight, "sample_weight")
    given, unlike = X, None
    if X_upper is not None:
        unlike = columns_of_float32(X) != columns_of_float32(X_upper)
    if is_dask(X):
        sample, known = sample_of(X, fewest_rows)
        sample = _validated_numbers(estimator, sample, reset=reset, ensure_min_samples=known)
        if X_upper is not None:
            X_upper = X_upper if is_dask(X_upper) else _upper(X_upper)
            names = feature_names(estimator)
            X = with_upper_of_dask(X, X_upper, sample, names, sample_weight, unlike)
            sample = np.empty((0, X.shape[1]), X.dtype)
        return DaskRows(
            X,
            sample_weight,
            sample,
            _reader_of_rows(estimator, given, X_upper),
            fewest_rows=fewest_rows,
            some_weight=some_weight,
            estimator_name=type(estimator).__name__,
        )
    X = _validated_numbers(estimator, X, reset=reset, ensure_min_samples=fewest_rows)
    if not X.shape[0]:  # of which no other library has anything to do
        X, sample_weight = to_host(X), to_host(sample_weight)
    if sample_weight is not None:
        arrays.check_no_gradients(sample_weight, "sample_weight")
        valid = arrays.valid_weights_elsewhere if is_elsewhere(X) else valid_weights
        sample_weight = valid(sample_weight, X, some_weight=some_weight)
    read = _reader_of_rows(estimator, given, X_upper)
    like = X if is_elsewhere(X) else None
    if like is not None and not (read is Block and arrays.is_for_its_device(X)):
        X = to_host(X)
        sample_weight = None if sample_weight is None else doubles(sample_weight)
    if X_upper is not None:
        names = feature_names(estimator)
        X = with_upper(X, _upper(X_upper), names, sample_weight=sample_weight, unlike=unlike)
        # The lower end of a window is at most all values, as an end that was swapped is.
        if reset and getattr(estimator, "truncation_limits", None) is None:
            warn_of_swapped_ends(X, names)
    return ArrayRows(X, sample_weight, read, like)


def _reader_of_rows(estimator: Any, X: Any, X_upper: Any) -> Callable[..., Block]:
    """What makes a block of an array of the rows that an estimator is handed, and their weights.

    Limits of columns of float32 are what that has made of them.
    """
    limits = estimator.censoring_limits
    if limits is None and X_upper is None:
        return Block  # in which all values are known exactly, or missing
    if limits is not None:
        limits = checked_limits(limits, "censoring_limits", feature_names(estimator))
        narrow = columns_of_float32(X)
        low, high = (np.where(narrow, single(limit), limit) for limit in limits)
        limits = low, high
    return Reader(limits, X_upper is not None)


def _upper(X_upper: Any) -> np.ndarray:
    """Upper ends as an array of numbers in memory."""
    if _is_plain(X_upper):
        return X_upper
    arrays.check_no_gradients(X_upper, "X_upper")
    return numbers(to_host(X_upper), name="X_upper")


def _is_plain(X: Any) -> bool:
    """Whether scikit-learn's checks, most of a small fit, would find nothing but a wrong shape."""
    return type(X) is np.ndarray and X.ndim == 2 and X.dtype in (np.float64, np.float32)


def _validated_numbers(estimator: Any, X: Any, *, reset: bool, ensure_min_samples: int) -> Any:
    """X as numbers; checks or, with ``reset=True``, sets the features of `estimator`."""
    if _is_plain(X) and len(X) >= ensure_min_samples and X.shape[1] > 0:
        if reset:
            estimator.n_features_in_ = X.shape[1]
            vars(estimator).pop("feature_names_in_", None)
            return X
        named = hasattr(estimator, "feature_names_in_")
        if not named and getattr(estimator, "n_features_in_", None) == X.shape[1]:
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
