"""Rows in memory as an array of numbers, and the columns of a frame that cannot be read so."""

import operator
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from sklearn.utils import check_array

from .._typing import Array
from .._wording import quoted
from .text import what_is_no_number

# Of any dtype, with NaN and infinity, and of no rows.
_READ = partial(
    check_array, dtype="numeric", ensure_all_finite=False, ensure_min_samples=0, input_name="X"
)


def numbers(X: Any, read: Callable[[Any], Any] = _READ, name: str = "X") -> Any:
    """``read(X)``, where that is an array of numbers.

    Raises
    ------
    ValueError
        If it is not; the columns are named where it is a frame or holds text.
    TypeError
        If it is sparse.
    """
    try:
        return _checked(read(X), name)
    except (TypeError, ValueError) as error:
        culprits = _columns_of_other_things(X)
        if not culprits:
            raise
        if all(str(column.dtype).startswith("Sparse[") for column in culprits.values()):
            raise TypeError(
                f"{name} has sparse columns, and dense data is required: pass "
                f"{name}.sparse.to_dense()."
            ) from error
        raise ValueError(what_is_no_number(name, culprits)) from error


def _checked(array: Any, name: str) -> Any:
    if isinstance(array, np.ndarray) and array.dtype.kind == "O":  # as of a list with None
        return array.astype(np.float64)
    if isinstance(array, np.ndarray) and array.dtype.kind not in "biuf":
        raise ValueError(f"{name} must hold numbers, got dtype {array.dtype}.")
    return array


def _columns_of_other_things(X: Any) -> dict[Any, Any]:
    """The columns, by name, that by themselves cannot be read as numbers; of arrays, as text."""
    if isinstance(X, np.ndarray | list | tuple):
        return _columns_of_text(X)
    names = list(getattr(X, "columns", ()))
    if len(set(names)) < len(names):  # no column is one by itself
        return {}
    return {name: X[name] for name in names if not _is_numeric(X[[name]])}


def _columns_of_text(X: Any) -> dict[str, np.ndarray]:
    """The columns of an array or a list with text in them."""
    try:
        table = np.asarray(X, dtype=object)
    except ValueError:  # rows of several lengths
        return {}
    table = table[:, None] if table.ndim == 1 else table
    columns = table.T if table.ndim == 2 else ()
    return {
        f"column {j}": column
        for j, column in enumerate(columns)
        if any(isinstance(cell, str) for cell in column)
    }


def _is_numeric(column: Any) -> bool:
    try:
        _checked(_READ(column), "X")
    except (TypeError, ValueError):
        return False
    return True


def check_same_names(X: Any, X_upper: Any, name: str = "X") -> None:
    """Refuse two frames whose columns have other names, or rows another index, or order."""
    names, others = (list(getattr(frame, "columns", ())) for frame in (X, X_upper))
    if names and others and names != others:
        raise ValueError(
            f"The feature names of {name}_upper should match those of {name}, in the same order, "
            f"got {quoted(others)} beside {quoted(names)}."
        )
    index, other = (getattr(frame, "index", None) for frame in (X, X_upper))
    equals = getattr(index, "equals", None)  # which those of Dask have not
    if equals and hasattr(other, "equals") and not equals(other):
        raise ValueError(
            f"The index of {name}_upper should match that of {name}, row by row. "
            f"{name}_upper.loc[{name}.index] has the rows of {name} in their order; where only the "
            f"labels differ, {name}_upper.set_axis({name}.index)."
        )


def feature_names(estimator: Any) -> list[str]:
    """Names for messages, "feature 0" and so on where X had none."""
    if hasattr(estimator, "feature_names_in_"):
        return [str(name) for name in estimator.feature_names_in_]
    return [f"feature {j}" for j in range(estimator.n_features_in_)]


def feature_index(estimator: Any, feature: int | str) -> int:
    """Index of a feature given by index or name.

    Raises
    ------
    ValueError
        If there is no such feature; the message says which there are.
    """
    names = feature_names(estimator)
    if isinstance(feature, str):
        if not hasattr(estimator, "feature_names_in_"):
            raise ValueError(
                f"feature={feature!r} is a name, but the estimator was fitted on data without "
                f"feature names. Use an index from 0 to {len(names) - 1}."
            )
        if feature not in names:
            raise ValueError(f"feature={feature!r} is none of the features {names}.")
        return names.index(feature)
    index = operator.index(feature)
    if not 0 <= index < len(names):
        raise ValueError(f"feature={feature!r} is not an index from 0 to {len(names) - 1}.")
    return index


def values_given(estimator: Any, given: Any) -> tuple[list[int], Array]:
    """Indices and values of a mapping from features to values.

    Raises
    ------
    ValueError
        If a feature is unknown or there twice, by index and by name, or a value is no number.
    """
    if not hasattr(given, "keys"):
        raise ValueError(f"given must map features to values, as a dict does, got {given!r}.")
    features = list(given.keys())
    values = np.array([_finite(given[feature], feature) for feature in features], dtype=float)
    return feature_indices(estimator, features), values


def _finite(value: Any, feature: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = np.nan
    if not np.isfinite(number):
        raise ValueError(
            f"The value given for {feature!r} must be a finite number, got {value!r}. Leave out a "
            "feature whose value is not known."
        )
    return number


def feature_indices(estimator: Any, features: Any) -> list[int]:
    """Indices of features given by indices, by names, by a mask, or of one of them.

    Raises
    ------
    ValueError
        If there is no such feature, or one is given twice.
    """
    if np.ndim(features) == 0:
        features = [features]
    if np.asarray(features).dtype == bool:
        if len(features) != estimator.n_features_in_:
            raise ValueError(
                f"A mask needs a value for each of the {estimator.n_features_in_} features, got "
                f"{len(features)} values."
            )
        return np.flatnonzero(features).tolist()
    indices = [feature_index(estimator, feature) for feature in features]
    for place, index in enumerate(indices):
        if index in indices[:place]:
            raise ValueError(f"{feature_names(estimator)[index]!r} is given twice.")
    return indices
