"""Whether a likelihood that stays finite is highest where the covariance is singular.

Rows that each show only some of the features may contradict each other: no covariance has all the
correlations that they ask for, and a singular one comes nearest. Near it the likelihood falls with
the least variance t as a straight line does, so that its slope along log t halves whenever t does.
On the way to infinity the slope would not shrink, and on the way to a maximum it turns.
"""

from contextlib import suppress

import numpy as np

from .._typing import Array
from ..gaussian import Family, NotPositiveDefiniteError
from .base import Evaluation, Likelihood, step_to

_HALVED = 0.45, 0.55  # range of the slope where t is halved, over that before, on a straight line
_TIMES = 2  # how often t is halved, since a slope that turns may be halved once by chance
_ELSEWHERE = 1e-2  # largest natural gradient norm in other directions: more might turn the line


def is_highest_where_singular(likelihood: Likelihood, at: Evaluation, unit: Array) -> bool:
    """Whether the climb leads from a point near a singular covariance to that covariance.

    The least variance is that in the units of the features, (n_features,).
    """
    family, gradient = likelihood.family, at.natural_gradient
    halving = _halving(family, at.factor / unit[:, None])
    slope = float(gradient @ halving)
    elsewhere = np.linalg.norm(gradient - 2 * slope * halving)
    if slope <= likelihood.rounding_of_the_value(at) or elsewhere > _ELSEWHERE:
        return False
    with suppress(NotPositiveDefiniteError):
        for _ in range(_TIMES):
            at = step_to(likelihood, at, halving)
            halving = _halving(family, at.factor / unit[:, None])
            before, slope = slope, float(at.natural_gradient @ halving)
            if not _HALVED[0] < slope / before < _HALVED[1]:
                return False
        return True
    return False


def _halving(family: Family, factor: Array) -> Array:
    """The step in the frame, (d + d * d,), by which `retract` halves only the least variance."""
    direction = np.linalg.svd(factor)[2][-1]
    return family.frame(np.zeros_like(direction), -np.outer(direction, direction))
