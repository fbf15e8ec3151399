"""Whether a likelihood that stays finite is highest where the covariance is singular.

Rows that each show only some of the features may contradict each other: no covariance has all the
correlations that they ask for, and a singular one comes nearest. Near it the likelihood falls
linearly with the least variance t, so that its slope along log t halves whenever t does. If the
likelihood were unbounded, the slope would not shrink; near a maximum, it would change its sign.
"""

from contextlib import suppress

import numpy as np

from .._typing import Array
from ..gaussian import Family, NotPositiveDefiniteError
from .base import Evaluation, Likelihood, step_to

# Range of the slope after t is halved, over the slope before, on the line.
_HALVED_RANGE = 0.45, 0.55
_N_HALVINGS = 2  # number of halvings, since a slope that changes its sign may halve once by chance
# Variance inflation above which a climb may lead to a singular covariance with a finite likelihood.
# It is less than that at which Newton's method gives up.
_CLOSE_INFLATION = 3e4
_ARRIVING_NORM = 1e-2  # natural gradient norm above which a climb goes on without these checks
# Multiple of the rounding of the gradient above which a slope is significant.
_SIGNIFICANT_ROUNDINGS = 100.0
_SEARCH_FACTOR = 10.0  # factor by which the least variance grows in search of a significant slope


def is_highest_where_singular(likelihood: Likelihood, at: Evaluation, unit: Array) -> bool:
    """Whether the climb leads from a point near a singular covariance to that covariance.

    `unit`, (n_features,), has the units of the features in which the least variance is meant. If
    rounding or the rest of the gradient hides the slope, it is taken where that variance is larger.
    """
    if at.natural_gradient_norm > _ARRIVING_NORM:
        return False
    with suppress(NotPositiveDefiniteError):
        while likelihood.inflation(at) > _CLOSE_INFLATION:
            halving = _halving(likelihood.family, at, unit)
            is_clear = (
                at.natural_gradient @ halving
                > _SIGNIFICANT_ROUNDINGS * likelihood.rounding_limit(at)
            )
            if is_clear and _falls_straight(likelihood, at, halving, unit):
                return True
            at = likelihood.evaluate(at.mean, _widened(likelihood.family, at.factor, unit))
    return False


def _falls_straight(likelihood: Likelihood, at: Evaluation, halving: Array, unit: Array) -> bool:
    """Whether the likelihood falls linearly with t, and other directions have less to gain.

    `halving` is the step in the frame that halves the least variance. The nats to gain along the
    line are its slope, and in other directions about half the square of the gradient.
    """
    slope = float(at.natural_gradient @ halving)
    elsewhere = at.natural_gradient - 2 * slope * halving
    if elsewhere @ elsewhere > slope:
        return False
    for _ in range(_N_HALVINGS):
        at = step_to(likelihood, at, halving)
        halving = _halving(likelihood.family, at, unit)
        before, slope = slope, float(at.natural_gradient @ halving)
        if not _HALVED_RANGE[0] < slope / before < _HALVED_RANGE[1]:
            return False
    return True


def _widened(family: Family, factor: Array, unit: Array) -> Array:
    """The factor, (d, d), of a covariance with `_SEARCH_FACTOR` times its least variance."""
    least = factor @ np.linalg.svd(factor / unit[:, None])[2][-1]
    return family.root(family.square(factor) + (_SEARCH_FACTOR - 1) * np.outer(least, least))


def _halving(family: Family, at: Evaluation, unit: Array) -> Array:
    """The step in the frame, (d + d * d,), by which `retract` halves only the least variance."""
    direction = np.linalg.svd(at.factor / unit[:, None])[2][-1]
    return family.frame(np.zeros_like(direction), -np.outer(direction, direction))
