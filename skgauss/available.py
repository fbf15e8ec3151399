"""What incomplete data say of each feature by itself: O(d^2) numbers, a monoid under ``+``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ._typing import Array


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
    together : bool ndarray of shape (n_features, n_features)
        Which features were ever observed in the same row.

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
    together: np.ndarray

    def __add__(self, other: AvailableMoments) -> AvailableMoments:
        observed = self.observed_weights + other.observed_weights
        share = other.observed_weights / np.maximum(observed, np.finfo(float).tiny)
        delta = other.mean - self.mean
        # Never by way of the other mean: a constant feature keeps a variance of exactly 0.
        mean = np.where(share == 1.0, other.mean, self.mean + share * delta)
        variances = (1 - share) * self.variances + share * other.variances
        return AvailableMoments(
            self.weight + other.weight,
            self.informative_weight + other.informative_weight,
            observed,
            mean,
            variances + share * (1 - share) * delta * delta,
            self.together | other.together,
        )


def together_in(observed: np.ndarray) -> np.ndarray:
    """Which columns are ever true in the same row."""
    indicators = observed.astype(np.float64)
    return indicators.T @ indicators > 0
