"""Sufficient statistics of a Gaussian sample: a monoid under ``+``."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ._typing import Array


@dataclass(frozen=True, eq=False)
class SufficientStatistics:
    """Total weight, mean and scatter of a sample: all that its Gaussian likelihood sees.

    Statistics of two samples add up to those of their union, so that data can be
    summarised in pieces, in any order and anywhere.

    Parameters
    ----------
    weight : float
        Sum of the weights; the number of rows where none are given.
    mean : ndarray of shape (n_features,)
        Weighted mean.
    scatter : ndarray of shape (n_features, n_features) or (n_features,)
        Weighted covariance about the mean with divisor `weight`, or its diagonal.
    mean_rounding : ndarray of shape (n_features,), default=0
        What float64 could not hold of the mean. Without it, merging samples of mean 1e15
        and variance 1 would be wrong in the first digit.

    References
    ----------
    Chan, Golub and LeVeque (1983), "Algorithms for computing the sample variance",
    The American Statistician 37(3), for the update; Knuth's two-sum for the rounding.

    Examples
    --------
    >>> import numpy as np
    >>> from skgauss.statistics import SufficientStatistics
    >>> a = SufficientStatistics(2.0, np.array([1.0]), np.array([[1.0]]))
    >>> b = SufficientStatistics(2.0, np.array([3.0]), np.array([[1.0]]))
    >>> a + b
    SufficientStatistics(weight=4.0, mean=array([2.]), scatter=array([[2.]]))
    """

    weight: float
    mean: Array
    scatter: Array
    mean_rounding: Array = field(default_factory=lambda: np.zeros(1), repr=False)

    @property
    def variances(self) -> Array:
        """Variance of each feature, divisor `weight`."""
        return self.scatter.diagonal() if self.scatter.ndim == 2 else self.scatter

    def __add__(self, other: SufficientStatistics) -> SufficientStatistics:
        weight = self.weight + other.weight
        if self.weight == 0 or other.weight == 0:
            return other if self.weight == 0 else self
        share = other.weight / weight
        delta = (other.mean - self.mean) + (other.mean_rounding - self.mean_rounding)
        scatter = (1 - share) * self.scatter
        scatter += share * other.scatter
        scatter += share * (1 - share) * _outer(delta, scatter)
        mean, rounding = two_sum(self.mean, share * delta + self.mean_rounding)
        return SufficientStatistics(weight, mean, scatter, rounding)


def about_the_mean(
    weight: float, pivot: Array, first: Array, second: Array
) -> SufficientStatistics:
    """From weighted sums of the deviations from a pivot and of their products."""
    if weight == 0:
        return SufficientStatistics(0.0, first, second)
    offset = first / weight
    mean, rounding = two_sum(pivot, offset)
    scatter = second / weight
    scatter -= _outer(offset, scatter)
    return SufficientStatistics(weight, mean, scatter, rounding)


def _outer(vector: Array, scatter: Array) -> Array:
    """Outer product of a vector with itself, or its diagonal, as the scatter is."""
    return np.outer(vector, vector) if scatter.ndim == 2 else vector * vector


def two_sum(a: Array, b: Array) -> tuple[Array, Array]:
    """``a + b`` rounded, and what rounding took away, exactly."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)
