"""A draw of the parameters from the distribution of their estimate, for multiple imputation.

With many rows it is nearly the posterior distribution under a flat prior.

References
----------
Rubin (1987), Multiple Imputation for Nonresponse in Surveys, chapter 4; Little and Rubin (2019),
Statistical Analysis with Missing Data, section 10.2.
"""

import math
from dataclasses import replace
from typing import Any

import numpy as np

from ..density import FittedGaussian
from .point import FittedPoint
from .standard_errors import steps_at


def draw_gaussian(estimator: Any, random_state: np.random.RandomState) -> FittedGaussian:
    """A Gaussian with parameters drawn from the distribution of the estimate.

    It is meant for proper multiple imputation. A ridge counts as prior information.
    """
    fit = FittedPoint(estimator, penalized=True)
    steps, flat = steps_at(fit)
    if len(flat):
        raise ValueError(
            "The data do not determine all parameters, so the estimate has no distribution to draw "
            "from. Collect rows that show the features together, or use covariance_type='diag'."
        )
    noise = random_state.standard_normal(len(steps)) / math.sqrt(fit.likelihood.weight)
    gaussian, step = estimator._gaussian, fit.family.unpack_frame(noise @ steps)
    if gaussian.uncounted is not None and fit.family.correlated:
        # Constants stay independent of other features, whatever a later row shows in their place.
        counted = ~gaussian.uncounted
        step = step * np.concatenate((counted, np.outer(counted, counted).reshape(-1)))
    mean, factor = fit.family.retract(gaussian.mean, gaussian.factor, step)
    return replace(gaussian, mean=mean, factor=factor)
