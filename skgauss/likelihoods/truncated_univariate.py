r"""One feature seen through a window: whether its likelihood has a maximum, and where.

Inside the window its density is an exponential family, :math:`\exp(\alpha t + \beta t^2)`, with
:math:`\beta = -1 / (2 \sigma^2)` and :math:`\alpha = \mu / \sigma^2`. The likelihood is concave in
both. At :math:`\beta = 0` it is a truncated exponential distribution. The likelihood rises from
there to a Gaussian only if the sample varies less than the exponential distribution with the same
mean. Otherwise it rises towards :math:`\beta = 0` without reaching a maximum.

References
----------
Cohen (1991), Truncated and Censored Samples, chapter 2; Barndorff-Nielsen (1978), Information
and Exponential Families, chapter 9, for the maximum at the edge of the parameters; del Castillo
(1994), "The singly truncated normal distribution: a non-steep exponential family", Annals of
the Institute of Statistical Mathematics 46(1).
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from .._typing import Array
from ..boxes import univariate_moments

_MAX_FEATURE_STEPS = 200  # Newton steps after which a search ends, however much there is to gain
_MIN_SLOPE = 1e-16  # slope along a Newton step, in nats, below which that step is the last
# Largest share of the way to the edge of the parameter space that a step goes.
_MAX_EDGE_SHARE = 0.9
_NEARLY_UNIFORM = 0.1  # slope on the unit interval below which series replace differences


class TruncatedFeatures(NamedTuple):
    """Features that are independent of each other, each relative to an origin of its own."""

    mean: Array  # (n_features,), of the sample
    variance: Array  # (n_features,), about the mean
    lower: Array  # (n_features,), infinite where there is no limit
    upper: Array  # (n_features,)
    share: Array  # (n_features,), the share of the weight of all rows that shows the feature
    pooled: bool = False  # whether all features have one variance in common
    mean_is_known: bool = False  # whether `mean` is the known mean of the Gaussian

    @property
    def variance_at_the_edge(self) -> Array:
        """The variance, (n_features,), from which the likelihood is highest at a precision of 0."""
        return self.uniform_variance if self.mean_is_known else self.exponential_variance

    @property
    def uniform_variance(self) -> Array:
        """The second moment of the uniform distribution about the known mean, (n_features,).

        It is infinite if an end is open.
        """
        lower, upper = self.lower - self.mean, self.upper - self.mean
        variance = np.full(len(lower), np.inf)
        two = np.isfinite(upper - lower)
        low, high = lower[two], upper[two]
        variance[two] = (low**2 + low * high + high**2) / 3
        return variance

    @property
    def exponential_variance(self) -> Array:
        """The variance, (n_features,), of the exponential with the same limits and mean."""
        to_lower, to_upper = self.mean - self.lower, self.upper - self.mean
        near, width = np.minimum(to_lower, to_upper), to_lower + to_upper
        variance = near**2
        two = np.isfinite(width)
        if two.any():
            share = near[two] / width[two]
            variance[two] = width[two] ** 2 * _variance_on_the_unit_interval(share)
        return variance

    @property
    def has_maximum(self) -> np.ndarray:
        """Whether each feature has a maximum, (n_features,); (1,) if they share a variance."""
        if self.pooled:
            return np.atleast_1d(self.share @ (self.variance_at_the_edge - self.variance) > 0)
        return self.variance < self.variance_at_the_edge

    def with_maximum(self) -> "TruncatedFeatures":
        """These features with infinite limits if their own limits would leave no maximum."""
        open_ = ~self.has_maximum
        return self._replace(
            lower=np.where(open_, -np.inf, self.lower), upper=np.where(open_, np.inf, self.upper)
        )

    def maximum(self) -> tuple[Array, Array]:
        """The means and the variances, (n_features,) each, of the Gaussians at the maximum.

        They are found by Newton's method in the natural parameters.
        """
        unit = np.sqrt(self.variance)
        at = _NaturalPoint(
            self._replace(
                mean=self.mean / unit,
                variance=np.ones_like(unit),
                lower=self.lower / unit,
                upper=self.upper / unit,
            ),
            self.mean / unit,
            np.full_like(unit, -0.5),
        )
        for _ in range(_MAX_FEATURE_STEPS):
            step = at.newton_step()
            gain = at.slope_along(step)
            if not (gain > _MIN_SLOPE).any():
                at = at.plus(step)
                break
            at = at.moved(step, gain)
        variance = -0.5 / at.quadratic
        return unit * at.linear * variance, unit**2 * variance


@dataclass(eq=False)
class _NaturalPoint:
    """A point in the natural parameters, and the gradient of the likelihood there."""

    sample: TruncatedFeatures
    linear: Array  # (n_features,), the parameter alpha of each feature
    quadratic: Array  # (n_features,), the parameter beta

    @cached_property
    def _moments(self) -> Array:
        """The mean and three central moments inside the limits, (4, n_features)."""
        lower, upper = self.sample.lower, self.sample.upper
        variance = -0.5 / self.quadratic
        ends, scale = (lower, upper, upper - lower), np.sqrt(variance)
        found = univariate_moments(*ends, self.linear * variance, scale, 4)
        return found[1:] * scale ** [[0], [2], [3], [4]]

    @cached_property
    def gradient(self) -> tuple[Array, Array]:
        """The derivatives with respect to alpha and to beta, (n_features,) each, for a row."""
        mean, second, _, _ = self._moments
        deviation = self.sample.mean - mean
        excess = self.sample.variance - second
        return deviation, excess + deviation * (self.sample.mean + mean)

    def newton_step(self) -> tuple[Array, Array]:
        """Newton's step in alpha and beta, (n_features,) each, shortened to keep beta negative."""
        mean, second, third, fourth = self._moments
        skew = 2 * mean * second + third  # the covariance of t and its square
        along, across = self.gradient
        # The equations of the step, with its part in alpha eliminated.
        slope = across - skew / second * along
        curvature = fourth - second**2 - third**2 / second
        quadratic = self._total(slope) / self._total(curvature)
        linear = (along - skew * quadratic) / second
        least = _MAX_EDGE_SHARE * -self.quadratic
        rate = least / np.maximum(quadratic, least)
        return rate * linear, rate * quadratic

    def plus(self, step: tuple[Array, Array]) -> "_NaturalPoint":
        """The point after a step."""
        return _NaturalPoint(self.sample, self.linear + step[0], self.quadratic + step[1])

    def slope_along(self, step: tuple[Array, Array]) -> Array:
        """The slope of each feature's log-likelihood along a step, in nats; of all if pooled."""
        return self._total(self.gradient[0] * step[0] + self.gradient[1] * step[1])

    def moved(self, step: tuple[Array, Array], gain: Array) -> "_NaturalPoint":
        """The point after a step, which is halved for each feature until it overshoots little.

        `gain`, (n_features,), is the slope along the step at its start, in nats.
        """
        rate = np.ones_like(gain)
        while True:
            reached = self.plus((rate * step[0], rate * step[1]))
            beyond = ~(reached.slope_along(step) >= -0.5 * gain) & (gain > _MIN_SLOPE)
            if not beyond.any():
                return reached
            rate = np.where(beyond, rate / 2, rate)

    def _total(self, terms: Array) -> Array:
        """The terms, (n_features,), each replaced by their weighted sum if features are pooled."""
        return np.full_like(terms, self.sample.share @ terms) if self.sample.pooled else terms


def _variance_on_the_unit_interval(mean: Array) -> Array:
    """The variance, (n,), of the exponential on the unit interval with a mean, (n,), up to 1/2."""
    # The mean is convex in the slope, so that no step from a start below the root goes beyond it.
    slope = 12 * (0.5 - mean)
    for _ in range(_MAX_FEATURE_STEPS):
        excess, variance = _exponential(slope)
        step = (excess - mean) / variance
        if not (step > 1e-15 * slope).any():
            break
        slope = slope + np.maximum(step, 0.0)
    return _exponential(slope)[1]


def _exponential(slope: Array) -> tuple[Array, Array]:
    """The mean and the variance, (n,) each, of densities exp(-slope t) on the unit interval.

    The slopes, (n,), are not negative.
    """
    with np.errstate(all="ignore"):
        mean = 1 / slope - 1 / np.expm1(slope)
        variance = 1 / slope**2 - 1 / (4 * np.sinh(slope / 2) ** 2)
    x = np.minimum(slope, _NEARLY_UNIFORM) ** 2
    near_mean = 0.5 - slope * (1 / 12 - x * (1 / 720 - x * (1 / 30240 - x / 1209600)))
    near_variance = 1 / 12 - x * (1 / 240 - x * (1 / 6048 - x * (1 / 172800 - x / 5322240)))
    flat = slope < _NEARLY_UNIFORM
    return np.where(flat, near_mean, mean), np.where(flat, near_variance, variance)
