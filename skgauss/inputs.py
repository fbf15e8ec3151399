"""What X may be, and its way to statistics.

NaN and infinity are not searched for: they propagate into the sums, and only a sum that is
not finite sends us looking. NaN then are missing values, and the rows are sorted by what they
miss.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.utils import assert_all_finite
from sklearn.utils.validation import _check_sample_weight, validate_data

from . import arrayapi
from ._typing import Array
from .arrayapi import is_elsewhere, seen_by_numpy, to_host
from .blocks import chunks_of, map_rows
from .covariance import Family
from .patterns import IncompleteStatistics, summarize_incomplete
from .statistics import SufficientStatistics, summarize


def validate_rows(estimator: Any, X: Any, **check_params: Any) -> Any:
    """X as an array of numbers, of whatever dtype, not yet known to be finite.

    A NumPy array unless scikit-learn was told to dispatch on the library of X. Checks or,
    with ``reset=True``, sets the number and names of the features of `estimator`.
    """
    X = validate_data(estimator, X, dtype="numeric", ensure_all_finite=False, **check_params)
    if not (arrayapi.holds_numbers(X) if is_elsewhere(X) else X.dtype.kind in "biuf"):
        raise ValueError(f"X must hold numbers, got dtype {X.dtype}.")
    return X


def validate_weights(sample_weight: Any, X: Any) -> Any:
    """Weights of the rows of X, which was validated, or of results a row, where those are."""
    if is_elsewhere(X):
        return arrayapi.validate_weights(sample_weight, X)
    return _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)


def statistics_of(
    X: Any, sample_weight: Any | None, diagonal: bool, estimator_name: str
) -> SufficientStatistics | IncompleteStatistics:
    """Statistics of rows that may have NaN where values are missing.

    Rows that miss values are worked on by NumPy, wherever they are.

    Raises
    ------
    ValueError
        If X holds infinity.
    """
    X, sample_weight = seen_by_numpy(X), seen_by_numpy(sample_weight)
    summary = arrayapi.summarize if is_elsewhere(X) else summarize
    statistics = summary(X, sample_weight, diagonal)
    if np.isfinite(statistics.mean).all():
        return statistics
    check_no_infinity(X, estimator_name)
    X, sample_weight = to_host(X), to_host(sample_weight)
    if sample_weight is not None and not (sample_weight > 0).all():
        present = sample_weight > 0
        return statistics_of(X[present], sample_weight[present], diagonal, estimator_name)
    return summarize_incomplete(X, sample_weight) if np.isnan(X).any() else statistics


def squared_distances(X: Any, mean: Array, family: Family, inverse: Array) -> Any:
    """Of the rows from the mean, in units of the factor with that inverse, where X is."""
    if is_elsewhere(X):
        return arrayapi.squared_distances(X, mean, inverse)
    return map_rows(X, lambda rows: family.squared_lengths(inverse, rows), mean)


def in_kind_of(X: Any, values: Any) -> Any:
    """Results for a caller who handed in X."""
    return arrayapi.in_kind_of(X, values) if is_elsewhere(X) else values


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
