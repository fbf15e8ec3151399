"""The rounding of the mean, which far from zero is part of the likelihood."""

from typing import Any

import numpy as np

from .._typing import Array
from ..gaussian import Family
from .base import EPS, Evaluation


class MeanRounding:
    """What float64 could not hold of the mean of the data: part of their likelihood at a point.

    Solvers do without: they move what float64 can hold.

    Parameters
    ----------
    statistics : SufficientStatistics or AvailableMoments
    family : Family
    share : float or ndarray of shape (n_features,), default=1
        Of the weight with which the features were observed.
    """

    def __init__(self, statistics: Any, family: Family, share: float | Array = 1.0):
        self._mean = statistics.mean
        self._rounding = statistics.mean_rounding + np.zeros(family.n_features)
        self._size = np.abs(self._rounding)
        self._family = family
        self._share = share

    def cost(self, at: Evaluation) -> float:
        """By how many nats a log-likelihood without it is too high."""
        if not (self._size > EPS * self._family.standard_deviations(at.factor)).any():
            return 0.0
        missed = self._family.solve(at.factor, self._rounding)
        between = self._family.solve(at.factor, self._mean - at.mean + 0.5 * self._rounding)
        return float((self._share * missed) @ between)

    def costs(self, means: Array, factors: Array) -> Array:
        """The same at many points of one feature, which are columns, as they are."""
        between = self._mean - means + 0.5 * self._rounding
        return self._share * (self._rounding / factors) * (between / factors)
