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

from ._typing import Array
from .blocks import chunks_of
from .daskinput import DaskRows, is_dask, sample_of
from .patterns import IncompleteStatistics, summarize_incomplete
from .statistics import SufficientStatistics, summarize


class Rows(Protocol):
    """Valid rows and their weights, wherever they lie; not yet known to be finite."""

    def total(self, function: Callable[[np.ndarray, Array | None], Any]) -> Any:
        """Sum over blocks of rows of ``function(X, sample_weight)``, X an array."""
        ...

    def map(self, function: Callable[[np.ndarray], Any]) -> Any:
        """``function(X)``, one array or a tuple of some, the first axis as long as X.

        X in turn is each block of rows; lazy where the rows are.
        """
        ...


class ArrayRows(NamedTuple):
    """Rows in memory: one block."""

    X: np.ndarray
    sample_weight: Array | None

    def total(self, function: Callable[[np.ndarray, Array | None], Any]) -> Any:
        return function(self.X, self.sample_weight)

    def map(self, function: Callable[[np.ndarray], Any]) -> Any:
        return function(self.X)


def rows_of(
    estimator: Any,
    X: Any,
    sample_weight: Any = None,
    *,
    reset: bool = False,
    fewest_rows: int = 1,
) -> Rows:
    """Rows of numbers, of whatever dtype, and their weights.

    Checks or, with ``reset=True``, sets the number and names of the features of `estimator`.
    """
    if is_dask(X):
        sample, known = sample_of(X, fewest_rows)
        sample = _numbers(estimator, sample, reset=reset, ensure_min_samples=known)
        return DaskRows(X, sample_weight, sample, fewest_rows, type(estimator).__name__)
    X = _numbers(estimator, X, reset=reset, ensure_min_samples=fewest_rows)
    if sample_weight is not None:
        sample_weight = _check_sample_weight(
            sample_weight, X, dtype=np.float64, ensure_non_negative=True
        )
    return ArrayRows(X, sample_weight)


def _numbers(estimator: Any, X: Any, **check_params: Any) -> np.ndarray:
    X = validate_data(estimator, X, dtype="numeric", ensure_all_finite=False, **check_params)
    if X.dtype.kind not in "biuf":
        raise ValueError(f"X must hold numbers, got dtype {X.dtype}.")
    return X


def statistics_of(
    X: np.ndarray, sample_weight: Array | None, diagonal: bool, estimator_name: str
) -> SufficientStatistics | IncompleteStatistics:
    """Statistics of rows that may have NaN where values are missing.

    Raises
    ------
    ValueError
        If X holds infinity.
    """
    statistics = summarize(X, sample_weight, diagonal)
    if np.isfinite(statistics.mean).all():
        return statistics
    check_no_infinity(X, estimator_name)
    if sample_weight is not None and not (sample_weight > 0).all():
        present = sample_weight > 0
        return statistics_of(X[present], sample_weight[present], diagonal, estimator_name)
    return summarize_incomplete(X, sample_weight) if np.isnan(X).any() else statistics


def check_no_infinity(X: np.ndarray, estimator_name: str) -> None:
    """Refuse infinity, in scikit-learn's words; NaN stands for a missing value."""
    with np.errstate(invalid="ignore"):  # of inf - inf in the search itself
        assert_all_finite(X, allow_nan=True, estimator_name=estimator_name, input_name="X")


def incomplete_rows(X: np.ndarray) -> Iterator[np.ndarray]:
    """Indices of the rows that miss values, a chunk of X at a time."""
    for chunk in chunks_of(X, 1, 1) if X.dtype.kind == "f" else ():
        rows = chunk.start + np.flatnonzero(np.isnan(X[chunk]).any(axis=1))
        if rows.size:
            yield rows
