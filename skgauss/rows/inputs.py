"""From X, as a user passes it, to `Rows`.

The decision whether X is in memory, on a device or in Dask is made here, and only here.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils.validation import validate_data

from ..blocks import chunks_of, to_float64, to_host
from ..statistics import AnyStatistics, as_table, valid_weights
from . import arrays
from .block import Block, told_by_place
from .censoring import Reader, warn_of_swapped_ends, with_upper
from .check_limits import checked_limits
from .dask import DaskRows, sample_of, with_upper_of_dask
from .feature_names import LIMITS_OF_FIT, feature_names
from .frames import check_distinct_names, check_same_names, check_same_order
from .kinds import check_table, is_dask, is_in_other_library
from .numbers import numbers
from .rounding import columns_of_float32, round_float32

# Rows whose results (16 MiB) are computed together if only their sum is wanted. With few columns
# there are more rows, with so many elements in all that half of them are still worth threads.
_RESULT_ROWS = 2**21
_RESULT_ELEMENTS = 2**23


class ArrayRows(NamedTuple):
    """Rows in one array; sums over them need little memory, however many rows there are."""

    X: Any  # of NumPy unless it is processed on its own device, see `arrays.stays_on_device`
    sample_weight: Any | None  # (n_rows,)
    read: Callable[..., Block]  # makes a `Block` from an array and its weights
    like: Any | None  # the user's X if of another library: `map` returns arrays of its kind
    names: Callable[[], Sequence[str]]  # returns those of the features, for messages

    def total(self, function: Callable[[Block], Any]) -> Any:
        """Returns the sum of a function that returns numbers, over blocks of the rows."""
        total = 0
        with told_by_place(self.X, self.sample_weight, self.names):
            for rows in chunks_of(self.X, max(_RESULT_ROWS, _RESULT_ELEMENTS // self.X.shape[1])):
                weights = None if self.sample_weight is None else self.sample_weight[rows]
                total += function(self.read(self.X[rows, :], weights))
        return total

    def summarize(self, function: Callable[[Block], AnyStatistics]) -> AnyStatistics:
        """Returns the statistics that a function makes of the rows."""
        return function(self.read(self.X, self.sample_weight))

    def map(self, function: Callable[[Block], Any]) -> Any:
        """Returns the function's results for the rows: one array or a tuple of arrays."""
        with told_by_place(self.X, None, self.names):
            results = function(self.read(self.X))
        if self.like is None:
            return results
        if isinstance(results, tuple):
            return tuple(arrays.in_namespace_of(self.like, each) for each in results)
        return arrays.in_namespace_of(self.like, results)

    def in_one_block(self, name: str) -> Block:
        """Returns all rows as one block in memory, which the parameter called `name` needs."""
        weights = None if self.sample_weight is None else to_float64(self.sample_weight)
        return self.read(to_host(self.X), weights)


Rows = ArrayRows | DaskRows


def rows_of(
    estimator: Any,
    X: Any,
    sample_weight: Any = None,
    X_upper: Any = None,
    *,
    reset: bool = False,
    min_rows: int = 1,
    require_weight: bool = True,
) -> Rows:
    """Returns X and its weights as validated rows of numbers, of the dtype of X.

    Checks or, with ``reset=True``, sets the number and names of the features of `estimator`. The
    limits of its fit or, if it has none, its `censoring_limits`, and X_upper say which values are
    known only to an interval. With `require_weight` one weight must be positive.
    """
    for name, array in (("X", X), ("sample_weight", sample_weight), ("X_upper", X_upper)):
        check_table(array, name)
    if X_upper is not None:
        check_same_names(X, X_upper)
    if sample_weight is not None:
        check_same_order(X, sample_weight, "sample_weight")
    given = _Given(estimator, X, sample_weight, X_upper, reset, min_rows, require_weight)
    return _rows_in_dask(given) if is_dask(X) else _rows_in_array(given)


class _Given(NamedTuple):
    """The arguments of `rows_of`."""

    estimator: Any
    X: Any
    sample_weight: Any
    X_upper: Any
    reset: bool
    min_rows: int
    require_weight: bool


def _rows_in_dask(given: _Given) -> DaskRows:
    """Returns the rows of `rows_of` if X is a Dask array or frame: validated when computed."""
    estimator, X, sample_weight, X_upper, reset, min_rows, require_weight = given
    sample, known = sample_of(X, min_rows)
    sample = _validated_numbers(estimator, sample, reset=reset, ensure_min_samples=known)
    read, names = _reader_of_rows(estimator, X, X_upper), feature_names(estimator)
    if X_upper is not None:
        is_mixed = _is_mixed(X, X_upper)
        X_upper = X_upper if is_dask(X_upper) else _upper(X_upper)
        X = with_upper_of_dask(X, X_upper, sample, names, sample_weight, is_mixed)
        sample = np.empty((0, X.shape[1]), X.dtype)
    return DaskRows(
        X,
        sample_weight,
        sample,
        read,
        names=names,
        min_rows=min_rows,
        require_weight=require_weight,
        estimator_name=type(estimator).__name__,
    )


def _rows_in_array(given: _Given) -> ArrayRows:
    """Returns the rows of `rows_of` if X is in memory, or an array of another library."""
    estimator, X, sample_weight, X_upper, reset, min_rows, require_weight = given
    X = _validated_numbers(estimator, X, reset=reset, ensure_min_samples=min_rows)
    if not X.shape[0]:  # an empty array: nothing for another library to do
        X, sample_weight = to_host(X), to_host(sample_weight)
    if sample_weight is not None:
        arrays.check_no_gradients(sample_weight, "sample_weight")
        valid = arrays.valid_weights_on_device if is_in_other_library(X) else valid_weights
        sample_weight = valid(sample_weight, X, require_weight=require_weight)
    read = _reader_of_rows(estimator, given.X, X_upper)
    like = X if is_in_other_library(X) else None
    if like is not None and not (read is Block and arrays.stays_on_device(X)):
        X = to_host(X)
        sample_weight = None if sample_weight is None else to_float64(sample_weight)
    if X_upper is not None:
        names, is_mixed = feature_names(estimator), _is_mixed(given.X, X_upper)
        X = with_upper(X, _upper(X_upper), names, sample_weight=sample_weight, is_mixed=is_mixed)
        # Rows known only to lie in a window have its lower limit, which is below all values, as
        # their lower end: it would look like a swapped one.
        if reset and getattr(estimator, "truncation_limits", None) is None:
            warn_of_swapped_ends(X, names)
    return ArrayRows(X, sample_weight, read, like, partial(feature_names, estimator))


def _is_mixed(X: Any, X_upper: Any) -> np.ndarray:
    """Whether each column, (n_features,) or () for arrays, is of float32 in X or X_upper alone."""
    return columns_of_float32(X) != columns_of_float32(X_upper)


def _reader_of_rows(estimator: Any, X: Any, X_upper: Any) -> Callable[..., Block]:
    """Returns a callable that makes a `Block` from an array of rows and their weights.

    Limits of float32 columns are rounded to float32, as the values were.
    """
    limits = getattr(estimator, LIMITS_OF_FIT, estimator.censoring_limits)
    if limits is None and X_upper is None:
        return Block  # all values are known exactly or missing
    if limits is not None:
        limits = checked_limits(limits, "censoring_limits", feature_names(estimator))
        narrow = columns_of_float32(X)
        low, high = (np.where(narrow, round_float32(limit), limit) for limit in limits)
        limits = low, high
    return Reader(limits, X_upper is not None)


def _upper(X_upper: Any) -> np.ndarray:
    """Returns the upper ends as an array of numbers in memory."""
    if _is_plain(X_upper):
        return X_upper
    arrays.check_no_gradients(X_upper, "X_upper")
    check_distinct_names(X_upper, "X_upper")
    return numbers(to_host(X_upper), name="X_upper")


def _is_plain(X: Any) -> bool:
    """Whether X is a float array of two axes, for which scikit-learn's slow checks are skipped."""
    return type(X) is np.ndarray and X.ndim == 2 and X.dtype in (np.float64, np.float32)


def _validated_numbers(estimator: Any, X: Any, *, reset: bool, ensure_min_samples: int) -> Any:
    """Returns X as numbers; checks or, with ``reset=True``, sets the features of `estimator`."""
    if _is_plain(X) and len(X) >= ensure_min_samples and X.shape[1] > 0:
        if reset:
            estimator.n_features_in_ = X.shape[1]
            vars(estimator).pop("feature_names_in_", None)
            return X
        named = hasattr(estimator, "feature_names_in_")
        if not named and getattr(estimator, "n_features_in_", None) == X.shape[1]:
            return X
    arrays.check_no_gradients(X, "X")
    check_distinct_names(X, "X")
    read = partial(
        validate_data,
        estimator,
        dtype="numeric",
        ensure_all_finite=False,
        reset=reset,
        ensure_min_samples=ensure_min_samples,
    )
    X = numbers(as_table(X), read)
    if is_in_other_library(X):
        arrays.check_numbers(X, "X")
    return X
