"""Sufficient statistics of incomplete data, feature by feature: a monoid under ``+``.

What uncorrelated features need, however many patterns of missing values there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ._typing import Array
from .statistics import SufficientStatistics


@dataclass(frozen=True, eq=False)
class AvailableMoments:
    """Moments of the observed values of each feature.

    Parameters
    ----------
    weight : float
        Sum of all weights, those of rows in which nothing was observed included.
    informative_weight : float
        Without these.
    observed_weights : ndarray of shape (n_features,)
        Weight with which each feature was observed.
    mean : ndarray of shape (n_features,)
        Mean of the observed values; anything where there are none.
    variances : ndarray of shape (n_features,)
        Their variances about it; 0 where there are none.

    References
    ----------
    Little and Rubin (2019), Statistical Analysis with Missing Data, section 3.4, for
    available-case analysis; Chan, Golub and LeVeque (1983), "Algorithms for computing the
    sample variance", The American Statistician 37(3), for the update.
    """

    weight: float
    informative_weight: float
    observed_weights: Array
    mean: Array
    variances: Array

    @property
    def by_feature(self) -> AvailableMoments:
        """These: they hold no more."""
        return self

    def __add__(self, other: Any) -> AvailableMoments:
        if isinstance(other, SufficientStatistics):
            other = _of_complete(other)
        if not isinstance(other, AvailableMoments):
            return NotImplemented
        one, two = (self.mean, self.variances), (other.mean, other.variances)
        # From the heavier: no rounding takes its share away, and where nothing was observed
        # in the lighter, a constant feature keeps a variance of exactly 0.
        heavier = self.observed_weights >= other.observed_weights
        mean, variances = np.where(heavier, one, two)
        other_mean, other_variances = np.where(heavier, two, one)
        observed = self.observed_weights + other.observed_weights
        lesser = np.minimum(self.observed_weights, other.observed_weights)
        share = lesser / np.maximum(observed, np.finfo(float).tiny)
        delta = other_mean - mean
        spread = (1 - share) * variances + share * (other_variances + (1 - share) * delta * delta)
        return AvailableMoments(
            self.weight + other.weight,
            self.informative_weight + other.informative_weight,
            observed,
            mean + share * delta,
            spread,
        )

    def __radd__(self, other: Any) -> AvailableMoments:
        # What `sum` begins with.
        return self if isinstance(other, int) and other == 0 else self + other


def _of_complete(statistics: SufficientStatistics) -> AvailableMoments:
    if statistics.scatter.ndim == 2:
        raise ValueError(
            "Statistics of each feature by itself add up only with such: make the others with "
            "diagonal=True, or with covariance_type='diag' or 'spherical'."
        )
    weight = statistics.weight
    observed = np.full(len(statistics.mean), weight)
    return AvailableMoments(weight, weight, observed, statistics.mean, statistics.variances)
