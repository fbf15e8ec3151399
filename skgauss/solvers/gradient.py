"""Gradient ascent: the mean and the covariance at once."""

from ..likelihoods import Evaluation
from .objective import Objective
from .recursion import GradientSolver, ScalarGradient
from .step_lengths import PointRates


class Gradient(GradientSolver):
    """theta + rate * gradient, the simultaneous update."""

    def init(self, objective: Objective, start: Evaluation) -> PointRates:
        point = objective.start(start)
        return PointRates(point, (self.step_length.first(objective, point, point.gradient),))

    def step(self, objective: Objective, state: PointRates) -> PointRates:
        point, (rate,) = state
        point, rate = self.step_length.advance(objective, point, point.gradient, rate)
        return PointRates(point, (rate,))

    def next_mean_and_block(
        self, rate: float, gradient: ScalarGradient, mean: float, block: float
    ) -> tuple[float, float]:
        of_mean, of_block = gradient(mean, block)
        return mean + rate * of_mean, block + rate * of_block
