"""From X, as a user passes it, to `Rows`.

Whether X becomes `ArrayRows`, in memory or on a device, or `DaskRows` is decided here.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils.validation import validate_data

from ..blocks import chunks_of, to_float64, to_host, told_by_place
from ..statistics import AnyStatistics, valid_weights
from ..tables import (
    as_numbers,
    as_table,
    check_distinct_names,
    check_same_names,
    check_same_order,
    check_table,
    column_names,
    is_dask,
    is_in_other_library,
)
from . import array_api
from .block import Block
from .censoring import Reader, UpperEnds, warn_of_swapped_ends
from .check_limits import checked_limits
from .dask import DaskRows, sample_of, with_upper_of_dask
from .feature_names import feature_names
from .rounding import columns_of_float32, round_float32

# `ArrayRows.total` adds up blocks of at least so many rows, whose results take 16 MiB, or of narrow
# tables so many elements, so that half of a block is still worth several threads.
_RESULT_ROWS = 2**21
_RESULT_ELEMENTS = 2**23


class ArrayRows(NamedTuple):
    """Rows in one array; sums over them need little memory, however many rows there are."""

    X: Any  # of NumPy unless it is processed on its own device, see `array_api.stays_on_device`
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
            return tuple(array_api.in_namespace_of(self.like, each) for each in results)
        return array_api.in_namespace_of(self.like, results)

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
        if array is not None:
            check_table(array, name)
    if X_upper is not None:
        check_same_names(X, X_upper)
    if sample_weight is not None:
        check_same_order(X, sample_weight, "sample_weight")
    table, known = sample_of(X, min_rows) if is_dask(X) else (X, min_rows)
    table = _validated_numbers(estimator, table, reset=reset, ensure_min_samples=known)
    read = _reader_of_rows(estimator, X, X_upper)
    upper = None if X_upper is None else _upper_ends(estimator, X, X_upper)
    if not is_dask(X):
        names = partial(feature_names, estimator)
        rows = _rows_in_array(table, sample_weight, upper, read, require_weight, names)
        # Values known only to lie in a window have its lower limit, which is below all values, as
        # their lower end: it would look like a swapped one.
        if upper and reset and getattr(estimator, "truncation_limits", None) is None:
            warn_of_swapped_ends(rows.X, upper.names)
        return rows
    if upper:
        X = with_upper_of_dask(X, upper, table, sample_weight)
        table = np.empty((0, X.shape[1]), X.dtype)
    return DaskRows(
        X,
        sample_weight,
        table,
        read,
        names=feature_names(estimator),
        min_rows=min_rows,
        require_weight=require_weight,
        estimator_name=type(estimator).__name__,
        limits=estimator._remedy_for_limits,
    )


def _rows_in_array(
    X: Any,
    sample_weight: Any,
    upper: UpperEnds | None,
    read: Callable[..., Block],
    require_weight: bool,
    names: Callable[[], Sequence[str]],
) -> ArrayRows:
    """Returns what `rows_of` does for validated X that is not of Dask."""
    if not X.shape[0]:  # an empty array: nothing for another library to do
        X, sample_weight = to_host(X), to_host(sample_weight)
    if sample_weight is not None:
        array_api.check_no_gradients(sample_weight, "sample_weight")
        valid = array_api.valid_weights_on_device if is_in_other_library(X) else valid_weights
        sample_weight = valid(sample_weight, X, require_weight=require_weight)
    like = X if is_in_other_library(X) else None
    if like is not None and not (read is Block and array_api.stays_on_device(X)):
        X = to_host(X)
        sample_weight = None if sample_weight is None else to_float64(sample_weight)
    X = X if upper is None else upper.beside(X, sample_weight)
    return ArrayRows(X, sample_weight, read, like, names)


def _reader_of_rows(estimator: Any, X: Any, X_upper: Any) -> Callable[..., Block]:
    """Returns a callable that makes a `Block` from an array of rows and their weights.

    Limits of float32 columns are rounded to float32, as the values were.
    """
    limits = getattr(estimator, "_limits_of_fit", estimator.censoring_limits)
    if limits is None and X_upper is None:
        return Block  # all values are known exactly or missing
    if limits is not None:
        limits = checked_limits(limits, "censoring_limits", feature_names(estimator))
        narrow = columns_of_float32(X)
        low, high = (np.where(narrow, round_float32(limit), limit) for limit in limits)
        limits = low, high
    return Reader(limits, X_upper is not None)


def _upper_ends(estimator: Any, X: Any, X_upper: Any) -> UpperEnds:
    """Returns the upper ends as numbers, in memory unless both tables are of Dask."""
    is_mixed = columns_of_float32(X) != columns_of_float32(X_upper)
    if not (_is_plain(X_upper) or (is_dask(X) and is_dask(X_upper))):
        array_api.check_no_gradients(X_upper, "X_upper")
        check_distinct_names(column_names(X_upper), "X_upper")
        X_upper = as_numbers(to_host(X_upper), name="X_upper")
    return UpperEnds(X_upper, is_mixed, feature_names(estimator))


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
    array_api.check_no_gradients(X, "X")
    check_distinct_names(column_names(X), "X")
    read = partial(
        validate_data,
        estimator,
        dtype="numeric",
        ensure_all_finite=False,
        reset=reset,
        ensure_min_samples=ensure_min_samples,
    )
    X = as_numbers(as_table(X), read, limits=estimator._remedy_for_limits)
    if is_in_other_library(X):
        array_api.check_numbers(X, "X")
    return X
