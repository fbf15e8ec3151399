"""The textbook recursion on plain numbers: iterates of one feature, many in a row.

An iterate of one feature is two numbers, and a constant step some dozen operations on them. What
the monitor asks of an iterate costs many times that, but next to nothing for many at once. So
iterates at which a climb certainly goes on are passed by in blocks, and it is at all others that
the loop of all solvers stops to look.
"""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from .._typing import Array
from ..gaussian import NotPositiveDefiniteError
from ..likelihoods import GaussianLikelihood
from .base import Monitor, SteppingSolver
from .objective import Objective
from .step_lengths import PointRates, StepLength

ScalarGradient = Callable[[float, float], tuple[float, float]]
Step = Callable[[ScalarGradient, float, float], tuple[float, float]]

_FIRST_BLOCK = 16  # iterates: few are in vain where the climb ends at once
_LONGEST_BLOCK = 512  # iterates, after which calling NumPy costs nothing beside them


@dataclass(frozen=True)
class AlongTheGradient(SteppingSolver):
    """A solver that moves theta along its gradient, or along the blocks of it in turn.

    Parameters
    ----------
    step_length : StepLength
    """

    step_length: StepLength

    @abstractmethod
    def next_numbers(
        self, rate: float, gradient: ScalarGradient, mean: float, block: float
    ) -> tuple[float, float]:
        """Mean and block of one feature after a step of a constant rate."""

    def pass_by(self, objective: Objective, state: PointRates, monitor: Monitor) -> PointRates:
        likelihood, rate = objective.likelihood, self.step_length.constant
        if rate is None or not isinstance(likelihood, GaussianLikelihood):
            return state
        if likelihood.ridge is not None or likelihood.family.n_features > 1:
            return state
        step = partial(self.next_numbers, rate)
        theta, length = state.point.theta, _FIRST_BLOCK
        while room := min(length, monitor.room):
            thetas = _iterates(objective, likelihood, theta, step, room)
            factors = objective.parametrization.from_block(thetas[:, 1:])
            passed = monitor.pass_by(likelihood.evaluate_many(thetas[:, :1], factors))
            if passed:
                theta = thetas[passed - 1]
            if passed < room:
                break
            length = min(2 * length, _LONGEST_BLOCK)
        if theta is state.point.theta:
            return state
        return state._replace(point=objective.at(theta))


def _iterates(
    objective: Objective, likelihood: GaussianLikelihood, theta: Array, step: Step, n: int
) -> Array:
    """Up to n iterates after theta, (n, 2), mean and block of each; fewer at the domain's end."""
    parametrization: Any = objective.parametrization  # whose arrays are numbers here
    center, root = (float(part[0]) for part in likelihood.maximum)

    def gradient(mean: float, block: float) -> tuple[float, float]:
        """The gradient with respect to mean and block."""
        factor = float(parametrization.from_block(np.float64(block)))
        deviation, relative = (center - mean) / factor, root / factor
        score = relative * relative - 1.0 + deviation * deviation
        return deviation / factor, parametrization.pull(factor, score)

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
