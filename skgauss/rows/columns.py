"""Rows in memory as an array of numbers, and the columns of a frame that cannot be read so."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from sklearn.utils import check_array

from .._wording import capped, quoted

# Of any dtype, with NaN and infinity, and of no rows.
_READ = partial(
    check_array, dtype="numeric", ensure_all_finite=False, ensure_min_samples=0, input_name="X"
)


def numbers(X: Any, read: Callable[[Any], Any] = _READ, name: str = "X") -> Any:
    """``read(X)``, where that is an array of numbers.

    Raises
    ------
    ValueError
        If it is not; of a frame the columns are named.
    """
    try:
        return _checked(read(X), name)
    except (TypeError, ValueError) as error:
        culprits = _columns_of_other_things(X)
        if not culprits:
            raise
        raise ValueError(
            f"{name} holds what is no number in {capped(culprits)}. Drop such columns, or make "
            "numbers of them. Of text that holds numbers pandas makes them with to_numeric("
            "column, errors='coerce') and polars with column.cast(float, strict=False), and a "
            "missing value of the rest. Of a mark such as '<0.1' make the ends of an interval: see "
            "X_upper."
        ) from error


def _checked(array: Any, name: str) -> Any:
    if isinstance(array, np.ndarray) and array.dtype.kind not in "biuf":
        raise ValueError(f"{name} must hold numbers, got dtype {array.dtype}.")
    return array


def _columns_of_other_things(X: Any) -> list[str]:
    """Names and dtypes of columns of a frame that by themselves cannot be read as numbers."""
    names = list(getattr(X, "columns", ()))
    if len(set(names)) < len(names):  # no column is one by itself
        return []
    columns = {name: X[[name]] for name in names}
    return [
        f"{name!r} (dtype {next(iter(column.dtypes))})"
        for name, column in columns.items()
        if not _is_numeric(column)
    ]


def _is_numeric(column: Any) -> bool:
    try:
        _checked(_READ(column), "X")
    except (TypeError, ValueError):
        return False
    return True


def check_same_names(X: Any, X_upper: Any) -> None:
    """Refuse two frames whose columns have other names, or another order."""
    names, others = (list(getattr(frame, "columns", ())) for frame in (X, X_upper))
    if names and others and names != others:
        raise ValueError(
            "The feature names of X_upper should match those of X, in the same order, got "
            f"{quoted(others)} beside {quoted(names)}."
        )


def feature_names(estimator: Any) -> list[str]:
    """Names for messages, "feature 0" and so on where X had none."""
    if hasattr(estimator, "feature_names_in_"):
        return [str(name) for name in estimator.feature_names_in_]
    return [f"feature {j}" for j in range(estimator.n_features_in_)]
