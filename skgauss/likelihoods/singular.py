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
# Variance inflation from which a climb may lead to a singular covariance where the likelihood is
# finite. It is less than that at which Newton's method gives up.
_CLOSE = 3e4
_ARRIVES = 1e-2  # natural gradient norm above which a climb is not over, and nothing is looked at
_TOLD = 100.0  # multiple of the rounding of a gradient that a slope has to exceed to be one
_FARTHER = 10.0  # factor of the least variance by which to step back to where a slope is told


def is_highest_where_singular(likelihood: Likelihood, at: Evaluation, unit: Array) -> bool:
    """Whether the climb leads from a point near a singular covariance to that covariance.

    The least variance is that in the units of the features, (n_features,). Where the slope is lost
    in rounding, or the rest of the gradient is larger, it is looked at farther from the edge.
    """
    if at.natural_gradient_norm > _ARRIVES:
        return False
    with suppress(NotPositiveDefiniteError):
        while likelihood.inflation(at) > _CLOSE:
            halving = _halving(likelihood.family, at.factor / unit[:, None])
            told = at.natural_gradient @ halving > _TOLD * likelihood.rounding_limit(at)
            if told and _falls_straight(likelihood, at, halving, unit):
                return True
            at = likelihood.evaluate(at.mean, _widened(likelihood.family, at.factor, unit))
    return False


def _falls_straight(likelihood: Likelihood, at: Evaluation, halving: Array, unit: Array) -> bool:
    """Whether the likelihood is on the straight line, and nowhere else is as much to gain.

    `halving` is the step in the frame that halves the least variance. Along the line there are as
    many nats to gain as its slope, in other directions about half the square of the gradient.
    """
    slope = float(at.natural_gradient @ halving)
    elsewhere = at.natural_gradient - 2 * slope * halving
    if elsewhere @ elsewhere > slope:
        return False
    for _ in range(_TIMES):
        at = step_to(likelihood, at, halving)
        halving = _halving(likelihood.family, at.factor / unit[:, None])
        before, slope = slope, float(at.natural_gradient @ halving)
        if not _HALVED[0] < slope / before < _HALVED[1]:
            return False
    return True


def _widened(family: Family, factor: Array, unit: Array) -> Array:
    """The factor, (d, d), of a covariance whose least variance is `_FARTHER` times as large."""
    least = factor @ np.linalg.svd(factor / unit[:, None])[2][-1]
    return family.root(family.square(factor) + (_FARTHER - 1) * np.outer(least, least))


def _halving(family: Family, factor: Array) -> Array:
    """The step in the frame, (d + d * d,), by which `retract` halves only the least variance."""
    direction = np.linalg.svd(factor)[2][-1]
    return family.frame(np.zeros_like(direction), -np.outer(direction, direction))
