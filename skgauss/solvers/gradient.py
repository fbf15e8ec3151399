"""Gradient ascent: the mean and the covariance at once."""

from dataclasses import dataclass

from ..likelihoods import Evaluation
from . import recursion
from .base import Monitor, SteppingSolver
from .objective import Objective
from .step_lengths import PointRates, StepLength


@dataclass(frozen=True)
class Gradient(SteppingSolver):
    """theta + rate * gradient, the simultaneous update.

    Parameters
    ----------
    step_length : StepLength
    """

    step_length: StepLength

    def init(self, objective: Objective, start: Evaluation) -> PointRates:
        point = objective.start(start)
        return PointRates(point, (self.step_length.first(point.gradient),))

    def step(self, objective: Objective, state: PointRates) -> PointRates:
        point, (rate,) = state
        point, rate = self.step_length.advance(objective, point, point.gradient, rate)
        return PointRates(point, (rate,))

    def pass_by(self, objective: Objective, state: PointRates, monitor: Monitor) -> PointRates:
        rate = self.step_length.constant
        if rate is None:
            return state

        def step(
            gradient: recursion.ScalarGradient, mean: float, block: float
        ) -> tuple[float, float]:
            of_mean, of_block = gradient(mean, block)
            return mean + rate * of_mean, block + rate * of_block

        return state._replace(point=recursion.pass_by(objective, state.point, step, monitor))
