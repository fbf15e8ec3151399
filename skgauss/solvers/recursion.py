"""The textbook recursion on plain numbers: iterates of one feature, many in a row.

An iterate of one feature is two numbers, and a constant step some dozen operations on them. What
the monitor asks of an iterate costs many times that, but next to nothing for many at once. So
iterates at which a climb certainly goes on are passed by in blocks, and it is at all others that
the loop of all solvers stops to look.
"""

from collections.abc import Callable

import numpy as np

from .._typing import Array
from ..gaussian import NotPositiveDefiniteError
from ..likelihoods import GaussianLikelihood
from .base import Monitor
from .objective import Objective, Point

ScalarGradient = Callable[[float, float], tuple[float, float]]
Step = Callable[[ScalarGradient, float, float], tuple[float, float]]

_FIRST_BLOCK = 16  # iterates: few are in vain where the climb ends at once
_LONGEST_BLOCK = 512  # iterates, after which calling NumPy costs nothing beside them


def pass_by(objective: Objective, point: Point, step: Step, monitor: Monitor) -> Point:
    """The last iterate that needs no visit, once those up to it have been recorded.

    Parameters
    ----------
    step : callable
        From the gradient, a function of mean and block, and from these two to the next ones.
    """
    likelihood = objective.likelihood
    if not isinstance(likelihood, GaussianLikelihood) or likelihood.ridge is not None:
        return point
    if likelihood.family.n_features > 1:
        return point
    theta, length = point.theta, _FIRST_BLOCK
    while room := min(length, monitor.room):
        thetas = _iterates(objective, likelihood, theta, step, room)
        factors = objective.parametrization.factor_of_numbers(thetas[:, 1:])
        many = likelihood.evaluate_many(thetas[:, :1], factors)
        passed = monitor.pass_by(many)
        if passed:
            theta = thetas[passed - 1]
        if passed < room:
            break
        length = min(2 * length, _LONGEST_BLOCK)
    return point if theta is point.theta else objective.at(theta)


def _iterates(
    objective: Objective, likelihood: GaussianLikelihood, theta: Array, step: Step, n: int
) -> Array:
    """Up to n iterates after theta, (n, 2), mean and block of each; fewer at the domain's end."""
    parametrization = objective.parametrization
    center, root = (float(part[0]) for part in likelihood.maximum)

    def gradient(mean: float, block: float) -> tuple[float, float]:
        """The gradient with respect to mean and block."""
        factor = float(parametrization.factor_of_numbers(np.float64(block)))
        deviation, relative = (center - mean) / factor, root / factor
        score = relative * relative - 1.0 + deviation * deviation
        return parametrization.pull_numbers(factor, deviation, score)

    reached: tuple[float, float] = tuple(theta.tolist())
    found = []
    try:
        for _ in range(n):
            reached = step(gradient, *reached)
            found.append(reached)
        gradient(*reached)
    except (NotPositiveDefiniteError, ZeroDivisionError):
        del found[-1:]  # it may be that which has no gradient
    return np.array(found).reshape(-1, 2)
