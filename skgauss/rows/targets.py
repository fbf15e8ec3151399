"""Features and targets joined to one table, in memory, on a device or in Dask."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from sklearn.utils import check_consistent_length

from .._sklearn import get_namespace, rows_at
from .._typing import Array
from ..blocks import to_host
from ..tables import (
    READ,
    as_numbers,
    check_distinct_names,
    check_table,
    column_names,
    is_dask,
    is_in_other_library,
    like,
)
from . import array_api
from .dask import numeric_array, side_by_side

_READ_TARGETS = partial(READ, ensure_2d=False, input_name="y")


def checked_targets(y: Any, name: str = "y") -> Any:
    """Returns the targets as an array of numbers with one axis or two, as given; lazy in Dask."""
    if y is None:
        raise ValueError("GaussianRegressor requires y to be passed, but the target y is None.")
    check_table(y, name)
    check_distinct_names(column_names(y), name)
    array_api.check_no_gradients(y, name)
    of_series = hasattr(y, "to_frame")  # read as a frame, so that messages have its name
    frame = f"{name.removesuffix('_upper')}.to_frame()" if of_series else None
    gets_an_axis = of_series or (is_dask(y) and y.ndim == 1)
    if gets_an_axis:
        y = y.to_frame() if of_series else y[:, None]
    if not is_dask(y):
        y = as_numbers(to_host(y), _READ_TARGETS, name, frame)
    elif y.ndim == 2:
        y = numeric_array(y, name=name, frame=frame)
    if not 1 <= y.ndim <= 2:
        raise ValueError(f"{name} must have one axis or two, got shape {y.shape}.")
    return y[:, 0] if gets_an_axis else y


def drop_zero_weights(sample_weight: Any, *tables: Any) -> tuple[Any, ...]:
    """Returns weights and tables, or None, without the rows of weight 0; of Dask, with all rows."""
    given = [each for each in (sample_weight, *tables) if each is not None]
    if sample_weight is None or any(map(is_dask, given)):
        return sample_weight, *tables
    check_consistent_length(*given)
    has_weight = np.asarray(to_host(sample_weight)) != 0
    if has_weight.all():
        return sample_weight, *tables
    some = np.flatnonzero(has_weight)
    return tuple(None if each is None else rows_at(each, some) for each in (sample_weight, *tables))


def target_names(y: Any, targets: Any, taken: Sequence[str]) -> list[str]:
    """Returns the names of the targets, their own if text; one in `taken` is marked "(target)"."""
    n_targets = 1 if targets.ndim == 1 else targets.shape[1]
    own = column_names(y) or [getattr(y, "name", None) if hasattr(y, "to_frame") else None]
    if len(own) != n_targets or not all(isinstance(name, str) for name in own):
        own = ["y"] if n_targets == 1 else [f"y{k}" for k in range(n_targets)]
    return [f"{name} (target)" if name in taken else name for name in own]


def join_targets(X: Any, checked: Any, targets: Any, names: Sequence[str]) -> Any:
    """Returns ``[X | targets]``, as a frame if X is a frame with names.

    `checked` holds the validated numbers of X, and `names` the names of all columns.
    """
    table = _stack_targets(checked, targets)
    named = any(isinstance(name, str) for name in column_names(X))
    return like(X, table, names) if named else table


def _stack_targets(X: Any, targets: Any) -> Any:
    """Returns ``[X | targets]`` in the library of X."""
    targets = targets[:, None] if targets.ndim == 1 else targets
    if is_dask(X):
        n_columns = X.shape[1] + targets.shape[1]
        return side_by_side(_block_with_targets, X, targets, "y", n_columns, np.float64)
    if is_dask(targets):
        targets = np.asarray(targets)
    check_consistent_length(X, targets)
    if is_in_other_library(X):
        xp, _ = get_namespace(X)
        targets = array_api.in_namespace_of(X, targets)
        return xp.concat((xp.astype(X, targets.dtype), targets), axis=1)
    return np.hstack((X, targets))


def _block_with_targets(X: Array, targets: Array) -> Array:
    if len(X) != len(targets):
        raise ValueError(
            f"y must be split as X is, got a block of {len(targets)} rows beside one of {len(X)}. "
            "If X is a frame, pass X.to_dask_array(lengths=True)."
        )
    return np.hstack((X, targets)).astype(np.float64, copy=False)
