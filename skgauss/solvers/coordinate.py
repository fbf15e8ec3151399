"""Coordinate ascent: the mean, then the covariance, in turn."""

from dataclasses import dataclass

import numpy as np

from .._typing import Array
from ..likelihoods import Evaluation
from . import recursion
from .base import Monitor, Stalled, SteppingSolver
from .objective import Objective, Point
from .step_lengths import PointRates, StepLength


@dataclass(frozen=True)
class Coordinate(SteppingSolver):
    """Gradient steps on one block of theta with the other held, then the other way.

    Parameters
    ----------
    step_length : StepLength
    n_inner_iter : int
        Steps on a block in a row. With 1 this is the sequential update: the covariance
        step sees the new mean.
    """

    step_length: StepLength
    n_inner_iter: int

    def init(self, objective: Objective, start: Evaluation) -> PointRates:
        point = objective.start(start)
        rates = tuple(self.step_length.first(block * point.gradient) for block in _blocks(point))
        return PointRates(point, rates)

    def step(self, objective: Objective, state: PointRates) -> PointRates:
        point = state.point
        rates = list(state.rates)
        at_rest = 0
        for k, block in enumerate(_blocks(point)):
            try:
                for _ in range(self.n_inner_iter):
                    self._check_moving(objective, point, k)
                    direction = block * point.gradient
                    point, rates[k] = self.step_length.advance(
                        objective, point, direction, rates[k]
                    )
            except Stalled:
                at_rest += 1
        if at_rest == len(rates):
            raise Stalled
        return PointRates(point, tuple(rates))

    def pass_by(self, objective: Objective, state: PointRates, monitor: Monitor) -> PointRates:
        rate = self.step_length.constant
        if rate is None:
            return state

        def step(
            gradient: recursion.ScalarGradient, mean: float, block: float
        ) -> tuple[float, float]:
            for _ in range(self.n_inner_iter):
                mean = mean + rate * gradient(mean, block)[0]
            for _ in range(self.n_inner_iter):
                block = block + rate * gradient(mean, block)[1]
            return mean, block

        return state._replace(point=recursion.pass_by(objective, state.point, step, monitor))

    def _check_moving(self, objective: Objective, point: Point, k: int) -> None:
        """Raise `Stalled` where block k has arrived, to spare it a search among rounding errors."""
        likelihood = objective.likelihood
        limit = (likelihood.resolution_of_the_mean, likelihood.rounding_limit)[k]
        at = point.evaluation
        if self.step_length.constant is None and at.norms[k] <= limit(at):
            raise Stalled


def _blocks(point: Point) -> tuple[Array, Array]:
    """Indicators of the mean and of the covariance in theta."""
    mean = np.zeros_like(point.theta)
    mean[: len(point.evaluation.mean)] = 1.0
    return mean, 1.0 - mean
