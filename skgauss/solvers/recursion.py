"""The textbook recursion on plain numbers: many successive iterates of one feature.

An iterate of one feature is two numbers, and a constant step is about a dozen operations on them.
The checks of the monitor cost many times as much for one iterate, but little for many at once. So
iterates at which the climb certainly goes on are recorded in blocks, and the loop of all solvers
visits only the others.
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
ScalarStep = Callable[[ScalarGradient, float, float], tuple[float, float]]

_MIN_BLOCK = 16  # iterates: few are wasted if the climb ends soon
_MAX_BLOCK = 512  # iterates: with so many, the cost of calling NumPy is negligible


@dataclass(frozen=True)
class GradientSolver(SteppingSolver):
    """A solver that moves theta along its gradient, or along one block of it after the other."""

    step_length: StepLength

    @abstractmethod
    def next_mean_and_block(
        self, rate: float, gradient: ScalarGradient, mean: float, block: float
    ) -> tuple[float, float]:
        """The mean and the covariance block of one feature after a step of this rate."""

    def skip_ahead(self, objective: Objective, state: PointRates, monitor: Monitor) -> PointRates:
        likelihood, rate = objective.likelihood, self.step_length.constant
        if rate is None or not isinstance(likelihood, GaussianLikelihood):
            return state
        if likelihood.ridge is not None or likelihood.family.n_features > 1:
            return state
        step = partial(self.next_mean_and_block, rate)
        theta, length = state.point.theta, _MIN_BLOCK
        while n := min(length, monitor.n_skippable):
            thetas = _iterates(objective, likelihood, theta, step, n)
            factors = objective.parametrization.from_block(thetas[:, 1:])
            passed = monitor.record_many(likelihood.evaluate_many(thetas[:, :1], factors))
            if passed:
                theta = thetas[passed - 1]
            if passed < n:
                break
            length = min(2 * length, _MAX_BLOCK)
        if theta is state.point.theta:
            return state
        return state._replace(point=objective.at(theta))


def _iterates(
    objective: Objective, likelihood: GaussianLikelihood, theta: Array, step: ScalarStep, n: int
) -> Array:
    """The mean and block of the n iterates after theta, (n, 2); fewer if they leave the domain."""
    parametrization: Any = objective.parametrization  # it takes numbers in place of arrays
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
        del found[-1:]  # it may be the one that has no gradient
    return np.array(found).reshape(-1, 2)
