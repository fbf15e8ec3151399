r"""A Gaussian likelihood as a function of the mean and the scale of one feature.

.. math::

    \ell(\mu, \sigma) = -\tfrac{m}{2} \left[ \log 2\pi + 2 \log\sigma
        + \frac{s^2 + (\bar x - \mu)^2 / m}{\sigma^2} \right]

With m = 1 this is the marginal log-likelihood of the feature: the other features are integrated
out. A spherical covariance has one scale for all m features; then this is the log-likelihood of
all of them, with the other means at the maximum. A ridge is part of :math:`s^2`, which makes the
log-likelihood the penalised one. If values are missing, :math:`\bar x` and :math:`s^2` are those
of the data completed by their expectations at the maximum.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._typing import Array
from ..gaussian import PARAMETRIZATIONS
from ..inference import likelihood_of
from .estimates import marginal_covariance, maximum_of


@dataclass(frozen=True)
class LikelihoodSlice:
    """A Gaussian likelihood as a function of the mean and the scale of one feature."""

    mean: float  # at the maximum, in the unit of the feature
    scale: float  # likewise
    multiplicity: int  # the number m of features that share the scale

    def log_likelihood(self, mean: ArrayLike, scale: ArrayLike) -> Array:
        """Log-likelihood at means and scales, of their common shape, in nats per observation."""
        m = self.multiplicity
        mean, scale = np.asarray(mean), np.asarray(scale)
        spread = self.scale**2 + (self.mean - mean) ** 2 / m
        return -0.5 * m * (math.log(2 * math.pi) + 2 * np.log(scale) + spread / scale**2)


def slice_of(estimator: Any, feature: int) -> LikelihoodSlice:
    """The likelihood that was climbed, as a function of the mean and scale of one feature."""
    likelihood = likelihood_of(estimator)
    maximum = maximum_of(estimator, likelihood)
    family = likelihood.family
    scale = family.standard_deviations(maximum.factor)[feature]
    return LikelihoodSlice(float(maximum.mean[feature]), float(scale), family.multiplicity)


def path_of(estimator: Any, feature: int) -> Array:
    """Mean and scale of one feature at every iterate, of shape (n_iter_ + 1, 2)."""
    d = estimator.n_features_in_
    variances = [marginal_covariance(c, [feature], d)[0, 0] for c in estimator.covariance_path_]
    return np.column_stack((estimator.mean_path_[:, feature], np.sqrt(variances)))


def bounds_along(estimator: Any, feature: int, scales: Array) -> Array:
    """The largest constant step that is stable at a maximum of each of these scales, (n_scales,).

    It is the `learning_rate_bound_` with the feature in such units that its scale at the maximum is
    one of `scales`; correlations and other features are unchanged.
    """
    if estimator.solver == "natural":  # its bound does not depend on units
        return np.full(len(scales), estimator.learning_rate_bound_)
    likelihood = likelihood_of(estimator)
    family, factor = likelihood.family, maximum_of(estimator, likelihood).factor
    parametrization = PARAMETRIZATIONS[estimator.parametrization](family)
    row = feature % len(factor)  # the factor has length one if features share a scale
    bounds = np.empty(len(scales))
    for k, ratio in enumerate(scales / family.standard_deviations(factor)[feature]):
        rescaled = factor.copy()
        rescaled[row] *= ratio
        bounds[k] = parametrization.learning_rate_bound(rescaled)
    return bounds
