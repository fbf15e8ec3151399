"""The parameters that have a profile, on unbounded scales: means, scales, correlations."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator

import numpy as np

from .._typing import Array
from ..gaussian import Family, linalg
from ..likelihoods import Evaluation
from .boundary import Jet


class Parameter(ABC):
    """A parameter that has a profile interval, on an unbounded scale."""

    far: float  # distance from the estimate, on that scale, beyond which an interval is open
    away: float  # the same if the covariance grows without bound and the likelihood levels off

    @abstractmethod
    def value(self, at: Evaluation, family: Family) -> float:
        """The value of the parameter at a point, on the unbounded scale."""

    @abstractmethod
    def derivatives(self, at: Evaluation, family: Family) -> tuple[Array, Array]:
        """The gradient, (n_parameters,), and the Hessian of `value` in the packed frame."""

    def bounded(self, at: Evaluation, family: Family) -> Jet:
        """A function that increases with `value` and is finite at singular correlations."""
        return Jet(self.value(at, family), *self.derivatives(at, family))

    def from_bounded(self, value: float) -> float:
        """The parameter in the units of the data, from its value by `bounded`."""
        return self.in_data_units(value)

    @abstractmethod
    def in_data_units(self, value: float) -> float:
        """The parameter in the units of the data, from its value on the unbounded scale."""

    def factor_near_end(self, at: Evaluation, sign: int) -> Array | None:
        """A factor, (d, d), with the parameter next to an end of its range at the mean of a point.

        The end is the upper one if `sign` is 1, the lower one if it is -1. None if there is none.
        """
        return None


class MeanParameter(Parameter):
    """The mean of one feature, in estimated standard deviations of the feature.

    The likelihood counts it from `origin`, in the units of the data.
    """

    far, away = 1e4, 100.0

    def __init__(self, feature: int, scale: float, origin: float = 0.0):
        self.feature, self.scale, self.origin = feature, scale, origin

    def value(self, at: Evaluation, family: Family) -> float:
        return at.mean[self.feature] / self.scale

    def derivatives(self, at: Evaluation, family: Family) -> tuple[Array, Array]:
        d, size = family.n_features, family.n_parameters
        gradient = np.zeros(size)
        gradient[:d] = family.colorize(at.factor, np.eye(d))[:, self.feature] / self.scale
        return gradient, np.zeros((size, size))

    def in_data_units(self, value: float) -> float:
        return self.origin + self.scale * value


class ScaleParameter(Parameter):
    """The logarithm of the scale of one feature."""

    far, away = 10.0, 3.0

    def __init__(self, feature: int):
        self.feature = feature

    def value(self, at: Evaluation, family: Family) -> float:
        return math.log(family.standard_deviations(at.factor)[self.feature])

    def derivatives(self, at: Evaluation, family: Family) -> tuple[Array, Array]:
        gradient, hessian = family.relative_covariance(at.factor, self.feature, self.feature)
        return gradient / 2, (hessian - np.outer(gradient, gradient)) / 2

    def in_data_units(self, value: float) -> float:
        return math.exp(value)


class CorrelationParameter(Parameter):
    """The correlation of two features, as Fisher's z."""

    far, away = 8.0, 3.0

    def __init__(self, one: int, two: int):
        self.pair = one, two

    def value(self, at: Evaluation, family: Family) -> float:
        one, two = self._directions(at)
        return math.log(linalg.norm(one + two) / linalg.norm(one - two))

    def derivatives(self, at: Evaluation, family: Family) -> tuple[Array, Array]:
        r, gradient, hessian = self.bounded(at, family)
        slope = 1 / (1 - r * r)
        hessian = slope * hessian + 2 * r * slope**2 * np.outer(gradient, gradient)
        return slope * gradient, hessian

    def bounded(self, at: Evaluation, family: Family) -> Jet:
        """The correlation itself, within (-1, 1)."""
        i, j = self.pair
        r = float(np.dot(*self._directions(at)))
        one, one_twice = family.relative_covariance(at.factor, i, i)
        two, two_twice = family.relative_covariance(at.factor, j, j)
        both, both_twice = family.relative_covariance(at.factor, i, j)
        gradient = both - r / 2 * (one + two)
        mixed = np.outer(one, r / 4 * two) - np.outer(both, one + two) / 2
        hessian = both_twice - r / 2 * (one_twice + two_twice) + mixed + mixed.T
        hessian += 0.75 * r * (np.outer(one, one) + np.outer(two, two))
        return Jet(r, gradient, hessian)

    def from_bounded(self, value: float) -> float:
        return max(min(value, 1.0), -1.0)

    def in_data_units(self, value: float) -> float:
        return math.tanh(value)

    def factor_near_end(self, at: Evaluation, sign: int) -> Array:
        """The factor with the rows of the two features turned towards each other, or apart."""
        one, two = self._directions(at)
        middle, across = one + two, one - two
        half_angle = math.atan(math.exp(-sign * self.far))
        middle *= math.cos(half_angle) / linalg.norm(middle)
        across *= math.sin(half_angle) / linalg.norm(across)
        pair, rows = list(self.pair), at.factor.copy()
        sizes = np.linalg.norm(rows[pair], axis=1, keepdims=True)
        rows[pair] = sizes * (middle + across, middle - across)
        return linalg.cholesky(rows @ rows.T)

    def _directions(self, at: Evaluation) -> Iterator[Array]:
        """Unit vectors along two rows of the factor; their inner product is the correlation."""
        return (row / linalg.norm(row) for row in at.factor[list(self.pair)])
