"""Sufficient statistics of incomplete data, feature by feature: a monoid under ``+``.

Uncorrelated features need no more, however many patterns of missing values there are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .._typing import Array
from .base import Statistics
from .complete import SufficientStatistics, two_sum


@dataclass(frozen=True, eq=False)
class AvailableMoments(Statistics):
    """Moments of the observed values of each feature.

    References
    ----------
    Little and Rubin (2019), Statistical Analysis with Missing Data, section 3.4, for
    available-case analysis; Chan, Golub and LeVeque (1983), "Algorithms for computing the
    sample variance", The American Statistician 37(3), for the update.
    """

    weight: float  # of all rows, even if nothing was observed
    informative_weight: float  # of the rows in which something was observed
    observed_weights: Array  # (n_features,), with which each feature was observed
    mean: Array  # (n_features,), of the observed values; arbitrary if there are none
    variances: Array  # (n_features,), about the mean; 0 if there are no values
    mean_rounding: Array  # (n_features,), the part of the mean that float64 could not hold

    complete = coarse = False
    size = 0
    diagonal = True  # they hold no products of features

    @property
    def by_feature(self) -> AvailableMoments:
        """These statistics, which are by feature already."""
        return self

    def seen_from(self, origin: Array) -> AvailableMoments:
        """See `Statistics`; near the origin float64 holds more of the mean."""
        mean, rounding = two_sum(self.mean - origin, self.mean_rounding)
        return replace(self, mean=mean, mean_rounding=rounding)

    def about(self, mean: Array) -> AvailableMoments:
        """Returns these statistics with second moments about a known mean, not that of the data."""
        delta = (self.mean - mean) + self.mean_rounding
        variances = self.variances + delta * delta
        return replace(self, mean=mean, variances=variances, mean_rounding=0.0 * mean)

    def with_constants(self, features: np.ndarray, values: Array, share: float) -> AvailableMoments:
        """Returns these statistics with the masked features constant in a share of the rows."""
        weights = np.where(features, share * self.informative_weight, self.observed_weights)
        return replace(self, observed_weights=weights, mean=np.where(features, values, self.mean))

    def _plus(self, other: Any) -> AvailableMoments:
        if not isinstance(other, SufficientStatistics | AvailableMoments):
            return NotImplemented
        if isinstance(other, SufficientStatistics):
            other = _of_complete(other)
        one = (self.mean, self.mean_rounding, self.variances)
        two = (other.mean, other.mean_rounding, other.variances)
        # Start from the heavier: rounding cannot lose its share, and if the lighter observed
        # nothing, a constant feature keeps a variance of exactly 0.
        heavier = self.observed_weights >= other.observed_weights
        mean, rounding, variances = np.where(heavier, one, two)
        other_mean, other_rounding, other_variances = np.where(heavier, two, one)
        observed = self.observed_weights + other.observed_weights
        lesser = np.minimum(self.observed_weights, other.observed_weights)
        share = lesser / np.where(observed > 0, observed, 1.0)
        delta = (other_mean - mean) + (other_rounding - rounding)
        with np.errstate(over="ignore", invalid="ignore"):  # checks of the variances report it
            squares = other_variances + (1 - share) * delta * delta
            spread = (1 - share) * variances + share * squares
        mean, rounding = two_sum(mean, share * delta + rounding)
        return AvailableMoments(
            self.weight + other.weight,
            self.informative_weight + other.informative_weight,
            observed,
            mean,
            spread,
            rounding,
        )


def _of_complete(statistics: SufficientStatistics) -> AvailableMoments:
    """Returns the moments by feature of rows that miss nothing."""
    s = statistics
    rounding = s.mean_rounding + np.zeros(len(s.mean))
    return AvailableMoments(s.weight, s.weight, s.observed_weights, s.mean, s.variances, rounding)


def has_missing(statistics: Any, *, informative: bool = False) -> np.ndarray:
    """Whether each feature misses a value in some row, bool of shape (n_features,).

    If `informative`, only rows count in which something was observed. Weights that differ only by
    the rounding of their sums are taken as equal.
    """
    weight = statistics.informative_weight if informative else statistics.weight
    return statistics.observed_weights < (1 - 1e-12) * weight
