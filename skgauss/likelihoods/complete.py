r"""Likelihood of complete data.

With xbar and S the mean and covariance of the data and
:math:`A = S + (\bar x - \mu)(\bar x - \mu)^T`, the log-likelihood in nats per observation is

.. math::

    \ell(\mu, \Sigma) = -\tfrac12 \left[ d \log 2\pi + \log\det\Sigma
                        + \operatorname{tr}(\Sigma^{-1} A) \right].

The whitened gradient is

.. math::

    u = L^{-1} (\bar x - \mu), \qquad U = L^{-1} A L^{-T} - I.

A ridge r adds diag(r) to S, which is a penalty :math:`-\tfrac12 \sum_j r_j (\Sigma^{-1})_{jj}`.

References
----------
Anderson (2003), An Introduction to Multivariate Statistical Analysis, section 3.2;
Magnus and Neudecker (2019), Matrix Differential Calculus, chapter 15.
"""

import math
from typing import NamedTuple

import numpy as np

from .._typing import EPS, Array
from ..gaussian import MAX_SCALE, MIN_SCALE, Family, NotPositiveDefiniteError, linalg
from ..statistics import SufficientStatistics
from .base import Evaluation, Likelihood


class Evaluations(NamedTuple):
    """The likelihood of one feature at many points; its value is not finite outside the domain."""

    means: Array  # (n_points, 1)
    factors: Array  # (n_points, 1), standard deviations
    values: Array  # (n_points,), the `Evaluation.value` of each point, in nats
    log_likelihoods: Array  # (n_points,), the average of a row, in nats
    by_mean: Array  # (n_points,), the length of the natural gradient in the mean
    by_covariance: Array  # (n_points,), that in the covariance, see `Evaluation.norms`


class GaussianLikelihood(Likelihood):
    """The likelihood of complete data; its `reference` is the maximum.

    A value is minus the nats still to gain, and keeps its relative precision down to zero. The
    ridge, (n_features,), holds the numbers r, and `factor` is that of a known covariance, if any.

    Raises
    ------
    NotPositiveDefiniteError
        If the covariance plus the ridge is singular to rounding, so that there is no maximum.
    """

    complete = has_one_maximum = True
    page = "blow_up"

    def __init__(
        self,
        statistics: SufficientStatistics,
        family: Family,
        ridge: Array | None = None,
        factor: Array | None = None,
    ):
        self.family = family
        self.ridge = ridge
        self.weight = statistics.weight
        self._mean = statistics.mean
        self._data_covariance = covariance = statistics.covariance
        if ridge is not None:
            covariance = family.add_ridge(covariance, ridge)
        # A known covariance sets the reference; the data's covariance may then be singular.
        self._covariance = family.project(covariance) if factor is None else family.square(factor)
        self._root = family.root(self._covariance) if factor is None else factor
        self.condition = family.correlation_condition(self._covariance, self._root)
        if factor is None and not self.condition * linalg.rank_tolerance(family.n_features) < 1:
            raise NotPositiveDefiniteError
        self._is_apart = factor is not None or ridge is not None
        constant = family.n_features * (1.0 + math.log(2.0 * math.pi))
        self.reference = -0.5 * (constant + family.log_det(self._root))
        self._rounding = MeanRounding(statistics.mean, statistics.mean_rounding, family)

    def evaluate(self, mean: Array, factor: Array) -> Evaluation:
        family = self.family
        # The divergence is NaN for a negative scale, and infinite for one that is too large.
        if not np.minimum.reduce(family.diagonal(factor)) > MIN_SCALE:
            raise NotPositiveDefiniteError
        relative = family.identity if factor is self._root else family.solve(factor, self._root)
        deviation = family.solve(factor, self._mean - mean)
        divergence = family.divergence(factor, self._root, relative)
        value = -0.5 * (divergence + float(deviation @ deviation))
        if not math.isfinite(value):
            raise NotPositiveDefiniteError

        def form() -> Array:
            return family.excess(relative) + family.outer(deviation)

        completed = self._mean, self._covariance
        return Evaluation(mean, factor, value, deviation, family, form, completed)

    def evaluate_many(self, means: Array, factors: Array) -> Evaluations:
        """The evaluations at many points at once, for one feature without a ridge.

        Means and factors are (n_points, 1).
        """
        deviations = (self._mean - means) / factors
        step = (self._root - factors) / factors
        logs = np.where(step > -0.5, np.log1p(step), np.log(self._root / factors))
        values = -0.5 * (step * (2.0 + step) - 2.0 * logs + deviations * deviations)
        held = (factors > MIN_SCALE) & (factors < MAX_SCALE)
        values = np.where(held, values, -math.inf)
        return Evaluations(
            means,
            factors,
            values[:, 0],
            (self.reference + values - self._rounding.costs(means, factors))[:, 0],
            np.abs(deviations)[:, 0],
            np.abs(step * (2.0 + step) + deviations * deviations)[:, 0] / math.sqrt(2),
        )

    def log_likelihood(self, at: Evaluation) -> float:
        value = self._log_likelihood_of_rows(at) if self._is_apart else self.reference + at.value
        return value - self._rounding.cost(at)

    def _log_likelihood_of_rows(self, at: Evaluation) -> float:
        """The average log-likelihood of a row in nats, not computed from `at.value`.

        A large ridge penalty in that value would leave no digits.
        """
        family = self.family
        relative = family.whiten_symmetric(at.factor, family.project(self._data_covariance))
        squares = family.multiplicity * float((relative * family.identity).sum())
        squares += float(at.score_mean @ at.score_mean)
        constant = family.n_features * math.log(2.0 * math.pi)
        return -0.5 * (constant + family.log_det(at.factor) + squares)

    def covariance(self, factor: Array) -> Array:
        """The covariance that has this factor.

        At the maximum it is the stored covariance, since the square of its root is rounded.
        """
        return self._covariance if factor is self._root else self.family.square(factor)

    def expected_maximum(self, at: Evaluation) -> tuple[Array, Array]:
        """The maximum itself, since complete data have no unknown values."""
        return self.maximum

    @property
    def maximum(self) -> tuple[Array, Array]:
        return self._mean, self._root

    guess = maximum  # where a climb would end

    @property
    def shares(self) -> tuple[float, float]:
        return 1.0, 1.0

    def is_degenerate(self, at: Evaluation) -> bool:
        return False

    def rounding_limit(self, at: Evaluation) -> float:
        return EPS * self.condition

    def rounding_of_the_value(self, at: Evaluation) -> float:
        return EPS * abs(at.value)  # the value is relative to the maximum, so tiny near it


class MeanRounding(NamedTuple):
    """Corrects a log-likelihood for the part of the data's mean that float64 could not hold.

    Solvers do not need the correction, since they move means that float64 can hold.
    """

    mean: Array  # (n_features,), of the data
    rounding: Array  # (n_features,) or (1,), the part of it that float64 could not hold
    family: Family
    share: float | Array = 1.0  # of the weight of all rows, that of the rows that show a feature

    def cost(self, at: Evaluation) -> float:
        """The nats by which an average log-likelihood that ignores the rounding is too high."""
        if not (np.abs(self.rounding) > EPS * self.family.diagonal(at.factor)).any():
            return 0.0  # the rounding is less than the last digit of a standard deviation
        rounding = self.rounding + 0.0 * self.mean
        missed = self.family.solve(at.factor, rounding)
        between = self.family.solve(at.factor, self.mean - at.mean + 0.5 * rounding)
        return float((self.share * missed) @ between)

    def costs(self, means: Array, factors: Array) -> Array:
        """The `cost` in nats at each of many points of one feature, (n_points, 1).

        Means and factors are (n_points, 1), too.
        """
        between = self.mean - means + 0.5 * self.rounding
        return self.share * (self.rounding / factors) * (between / factors)
