"""Missing values of uncorrelated features, whose maximum has a closed form."""

from functools import cached_property
from typing import Any

import numpy as np

from .._typing import Array
from ..gaussian import Diagonal
from .base import Evaluation
from .complete import MeanRounding
from .missing import Expected, ObservedLikelihood, ObservedStatistics


class UncorrelatedLikelihood(ObservedLikelihood):
    """The likelihood of uncorrelated features, each of which depends on its own values alone."""

    family: Diagonal

    def __init__(
        self, statistics: ObservedStatistics, family: Diagonal, ridge: Array | None = None
    ):
        moments: Any = statistics.by_feature
        super().__init__(moments, family, ridge)
        self._variances = moments.variances
        self._missing_share = 1.0 - self._observed_share
        mean, share = moments.mean, self._observed_share
        self._rounding = MeanRounding(mean, moments.mean_rounding, family, share)

    def log_likelihood(self, at: Evaluation) -> float:
        return super().log_likelihood(at) - self._share * self._rounding.cost(at)

    def _expect(self, mean: Array, factor: Array) -> Expected:
        step, second, value = self._sums(mean, factor)
        covariance = (second - step * step).reshape(self.family.scatter_shape)
        return Expected(mean + step, step, covariance, value)

    def _sums(self, mean: Array, factor: Array) -> tuple[Array, Array, float]:
        """Averages of the deviation from the mean, of its square, and of the log-density in nats.

        The first two are (n_features,), and count missing values by their expectations.
        """
        share, deviation = self._observed_share, self._available_mean - mean
        variances = self.family.standard_deviations(factor) ** 2
        spread = self._variances + deviation * deviation
        log_scale = np.log(2 * np.pi) + np.log(variances)
        value = -0.5 * float(share @ (log_scale + spread / variances))
        return share * deviation, share * spread + self._missing_share * variances, value


class ObservedDiagonal(UncorrelatedLikelihood):
    """The likelihood of uncorrelated features with missing values, with a closed-form maximum."""

    has_one_maximum = True

    @cached_property
    def guess(self) -> tuple[Array, Array]:
        """The mean and the factor of the observed values of each feature, which is the maximum."""
        share, variances = self._observed_share, self._variances
        if self.ridge is not None:
            variances = variances + self.ridge / share
        if self.family.multiplicity > 1:
            pooled = (share * variances).sum(keepdims=True) / share.sum()
            return self._available_mean, np.sqrt(pooled)
        return self._available_mean, np.sqrt(variances)

    @property
    def maximum(self) -> tuple[Array, Array]:
        return self.guess

    @property
    def shares(self) -> tuple[Array, Array]:
        return self._observed_share, self.family.project(self._observed_share)
