"""Gradient ascent: the mean and the covariance at once."""

from typing import NamedTuple

from ..likelihoods import Evaluation
from . import recursion
from .base import Monitor, SteppingSolver
from .objective import Objective, Point
from .step_lengths import StepLength


class _PointRate(NamedTuple):
    point: Point
    rate: float

    @property
    def evaluation(self) -> Evaluation:
        return self.point.evaluation


class Gradient(SteppingSolver):
    """theta + rate * gradient, the simultaneous update.

    Parameters
    ----------
    step_length : StepLength
    """

    def __init__(self, step_length: StepLength):
        self.step_length = step_length

    def init(self, objective: Objective, start: Evaluation) -> _PointRate:
        point = objective.start(start)
        return _PointRate(point, self.step_length.first(point.gradient))

    def step(self, objective: Objective, state: _PointRate) -> _PointRate:
        point, rate = self.step_length.advance(
            objective, state.point, state.point.gradient, state.rate
        )
        return _PointRate(point, rate)

    def pass_by(self, objective: Objective, state: _PointRate, monitor: Monitor) -> _PointRate:
        rate = self.step_length.constant
        if rate is None:
            return state

        def step(
            gradient: recursion.ScalarGradient, mean: float, block: float
        ) -> tuple[float, float]:
            of_mean, of_block = gradient(mean, block)
            return mean + rate * of_mean, block + rate * of_block

        return state._replace(point=recursion.pass_by(objective, state.point, step, monitor))
