"""Sufficient statistics of a Gaussian sample: a monoid under ``+``."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import partial, reduce
from operator import add
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import assert_all_finite

from .._sklearn import check_sample_weight, is_array_api_obj
from .._typing import Array
from ..blocks import Sums, blas_threads_for_pass, check_no_infinity, check_no_mask, chunk_sums
from ..tables import (
    as_numbers,
    as_table,
    axis_labels,
    check_distinct_names,
    check_table,
    column_labels,
    is_converted_silently,
)
from .base import Statistics, common_labels

# What helps if rows to be summarised have limits, which only an estimator reads.
_ADD_ENDS = (
    "add them up with partial_fit(lower, X_upper=upper) of GaussianGradientMLE, whose "
    "sufficient_statistics_ hold limits, too"
)
_ADD_LIMIT = (
    "put the logarithm of the limit in its place, and pass the rows to partial_fit of "
    "GaussianGradientMLE(censoring_limits=...), whose sufficient_statistics_ hold limits, too"
)


@dataclass(frozen=True, eq=False)
class SufficientStatistics(Statistics):
    """Total weight, mean and covariance of a sample: all that its Gaussian likelihood sees.

    Statistics of two samples add up to those of their union, so that data can be
    summarised in pieces, in any order and anywhere: in chunks, by an engine of your choice,
    across machines. ``sum(pieces)`` works too; statistics of no rows are the identity.

    Parameters
    ----------
    weight : float
        Sum of the weights; the number of rows if these have no weights.
    mean : ndarray of shape (n_features,)
        Weighted mean.
    covariance : ndarray of shape (n_features, n_features) or (n_features,)
        Weighted covariance about the mean, or its diagonal. Its divisor is `weight`: multiply a
        covariance of divisor n - 1 by ``(n - 1) / n``, and divide a sum of products by `weight`.
    mean_rounding : ndarray of shape (n_features,), default=0
        The part of the mean that float64 could not hold. Without it, merging samples of mean 1e15
        and variance 1 would be wrong in the first digit.
    labels : tuple, default=None
        Names of the features, by default those of a `mean` or `covariance` of pandas. Statistics
        must have the same names in the same order to add up. `fit_statistics` takes names that are
        text as feature names.

    References
    ----------
    Chan, Golub and LeVeque (1983), "Algorithms for computing the sample variance",
    The American Statistician 37(3), for the update; Knuth's two-sum for the rounding.

    See Also
    --------
    GaussianGradientMLE.fit_statistics : Fit to statistics in place of rows.

    Examples
    --------
    >>> from skgauss import SufficientStatistics
    >>> a = SufficientStatistics.from_array([[0.0], [2.0]])
    >>> b = SufficientStatistics.from_array([[2.0], [4.0]])
    >>> a + b
    SufficientStatistics(weight=4.0, mean=array([2.]), covariance=array([[2.]]))
    """

    weight: float
    mean: Array
    covariance: Array
    mean_rounding: Array = field(default_factory=lambda: np.zeros(1), repr=False)

    def __post_init__(self) -> None:
        labels = [] if self.labels is None else [self.labels]
        for name in ("mean", "covariance"):
            value = getattr(self, name)
            if not is_array_api_obj(value):  # a list or a pandas object, which add differently
                labels += axis_labels(value)
                object.__setattr__(self, name, np.array(value))
        if labels:
            object.__setattr__(self, "labels", common_labels(labels))

    @classmethod
    def from_array(
        cls, X: ArrayLike, sample_weight: ArrayLike | None = None, *, diagonal: bool = False
    ) -> SufficientStatistics:
        """Summarise the rows of an array in one pass.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Finite data; no rows give the identity of ``+``. The columns of a frame become `labels`.
        sample_weight : array-like of shape (n_samples,), default=None
            Frequencies of the rows; all may be 0.
        diagonal : bool, default=False
            Whether to keep the variances only, which is all that the covariance types
            "diag" and "spherical" need.

        Returns
        -------
        statistics : SufficientStatistics

        Raises
        ------
        ValueError
            If X or the weights are not valid, or X holds infinity or NaN.
            `IncompleteStatistics.from_array` accepts NaN.
        """
        rows, weights, labels = checked_rows(X, sample_weight)
        return summarize(rows, weights, diagonal).labelled(labels)

    @property
    def variances(self) -> Array:
        """Variance of each feature, divisor `weight`."""
        return self.covariance.diagonal() if self.covariance.ndim == 2 else self.covariance

    complete = True  # no value is missing
    coarse = False  # no value is known only to an interval
    size = 0  # no rows are held one by one

    @property
    def informative_weight(self) -> float:
        """Weight of the rows in which anything was observed, which are all rows."""
        return self.weight

    @property
    def observed_weights(self) -> Array:
        """Weight with which each feature was observed."""
        return np.full(len(self.mean), self.weight)

    @property
    def diagonal(self) -> bool:
        """Whether they hold variances only."""
        return self.covariance.ndim == 1

    @property
    def by_feature(self) -> SufficientStatistics:
        """These statistics with the variances only."""
        return self if self.diagonal else replace(self, covariance=self.variances)

    def seen_from(self, origin: Array) -> SufficientStatistics:
        """See `Statistics`; near the origin float64 holds more of the mean."""
        mean, rounding = two_sum(self.mean - origin, self.mean_rounding)
        return replace(self, mean=mean, mean_rounding=rounding)

    def about(self, mean: Array) -> SufficientStatistics:
        """Returns these statistics with second moments about a known mean, not that of the data."""
        moved = (self.mean - mean) + self.mean_rounding
        covariance = self.covariance + _outer(moved, self.covariance)
        return SufficientStatistics(self.weight, mean, covariance)

    def stretched(self, centre: Array, factors: Array) -> SufficientStatistics:
        """Returns the statistics of rows whose deviations from a centre are multiplied by a factor.

        Rows that show k values have ``factors[k]``; here all do, of shape (n_features + 1,).
        """
        factor = factors[-1]
        moved = (self.mean - centre) + self.mean_rounding
        mean, rounding = two_sum(centre, factor * moved)
        return SufficientStatistics(self.weight, mean, factor**2 * self.covariance, rounding)

    def _plus(self, other: Any) -> SufficientStatistics:
        if not isinstance(other, SufficientStatistics):
            return NotImplemented
        weight = self.weight + other.weight
        if other.weight == 0:
            return self
        if self.weight < other.weight:  # start from the heavier, whose share rounding cannot lose
            return other._plus(self)
        share = other.weight / weight
        with np.errstate(over="ignore", invalid="ignore"):  # checks of the variances report it
            delta = (other.mean - self.mean) + (other.mean_rounding - self.mean_rounding)
            covariance = (1 - share) * self.covariance
            covariance += share * other.covariance
            covariance += share * (1 - share) * _outer(delta, covariance)
            mean, rounding = two_sum(self.mean, share * delta + self.mean_rounding)
        return SufficientStatistics(weight, mean, covariance, rounding)


def checked_rows(
    X: Any, sample_weight: Any | None, *, allow_nan: bool = False
) -> tuple[np.ndarray, Array | None, tuple[Any, ...] | None]:
    """Returns a user's rows and weights as scikit-learn validates them, and the labels of columns.

    There may be no rows.
    """
    check_table(X, "X")
    check_no_mask(sample_weight, "sample_weight")
    labels = column_labels(X)
    check_distinct_names(labels or (), "X")
    rows = np.asarray(as_numbers(as_table(X), limits=_ADD_ENDS))
    try:
        assert_all_finite(rows, allow_nan=allow_nan, input_name="X")
    except ValueError:
        check_no_infinity(rows, list(map(str, labels or ())), remedy=_ADD_LIMIT)
        raise ValueError(
            "Input X contains NaN. IncompleteStatistics.from_array(X) reads it as a missing "
            "value, and fit_statistics accepts the result."
        ) from None
    return rows, None if sample_weight is None else valid_weights(sample_weight, rows), labels


def valid_weights(sample_weight: Any, X: np.ndarray, *, require_weight: bool = False) -> Array:
    """Returns the weights of the rows of X, (n_rows,), as scikit-learn validates them.

    With `require_weight` one must be positive. X may have no rows, as one of many chunks.
    """
    if not len(X) and np.shape(sample_weight) in ((), (0,)):
        return np.empty(0)
    dtype = getattr(sample_weight, "dtype", None)
    if is_converted_silently(dtype):
        raise ValueError(f"sample_weight must hold numbers, got dtype {dtype}.")
    return check_sample_weight(
        sample_weight,
        X,
        dtype=np.float64,
        ensure_non_negative=True,
        allow_all_zero_weights=not require_weight,
    )


def summarize(X: np.ndarray, sample_weight: Array | None, diagonal: bool) -> SufficientStatistics:
    """Returns the statistics of valid rows; NaN and infinity of X propagate into their moments."""
    # With weights near 1 the products with squares neither overflow nor vanish.
    unit = 1.0
    if sample_weight is not None and len(sample_weight):
        unit = weight_scale(sample_weight.max())
    if not len(X):
        d = X.shape[1]
        return SufficientStatistics(0.0, np.zeros(d), np.zeros(d if diagonal else (d, d)))
    with blas_threads_for_pass(X), chunk_sums(X, sample_weight, unit, diagonal) as parts:
        return pairwise_sum(map(partial(of_sums, unit=unit), parts))


def weight_scale(largest: float) -> float:
    """Returns a power of two that brings weights up to `largest` near 1."""
    return 2.0 ** -max(math.frexp(largest)[1], -1000)


def of_sums(sums: Sums, unit: float) -> SufficientStatistics:
    """Returns the statistics of rows from their sums, whose weights were multiplied by `unit`."""
    weight, pivot, first, second = sums
    if weight == 0:
        return SufficientStatistics(0.0, first, second)
    with np.errstate(invalid="ignore", over="ignore"):
        offset = first / weight
        mean, rounding = two_sum(pivot, offset)
        covariance = second / weight
        covariance -= _outer(offset, covariance)
    return SufficientStatistics(weight / unit, mean, covariance, rounding)


def pairwise_sum(parts: Iterable[Any]) -> Any:
    """Returns the sum of statistics, added as a tree of pairs to keep chains of rounding short."""
    sums: list[Any] = []  # each of fewer parts than the one before
    for count, part in enumerate(parts, 1):
        sums.append(part)
        while count % 2 == 0:
            sums.append(sums.pop(-2) + sums.pop())
            count //= 2
    return reduce(add, reversed(sums))


def _outer(vector: Array, covariance: Array) -> Array:
    """Returns the outer product of a vector with itself, or its diagonal if `covariance` is one."""
    return np.outer(vector, vector) if covariance.ndim == 2 else vector * vector


def two_sum(a: Array, b: Array) -> tuple[Array, Array]:
    """Returns ``a + b`` rounded, and exactly what rounding took away."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)
