"""Coordinate ascent: the mean, then the covariance, in turn."""

import math
from dataclasses import dataclass

import numpy as np

from .._typing import Array
from ..likelihoods import Evaluation
from .base import Stalled, last_digits_of_the_mean
from .objective import Objective, Point
from .recursion import AlongTheGradient, ScalarGradient
from .step_lengths import PointRates


@dataclass(frozen=True)
class Coordinate(AlongTheGradient):
    """Gradient steps on one block of theta with the other held, then the other way.

    Parameters
    ----------
    step_length : StepLength
    n_inner_iter : int
        Steps on a block in a row. With 1 this is the sequential update: the covariance
        step sees the new mean.
    """

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

    def next_numbers(
        self, rate: float, gradient: ScalarGradient, mean: float, block: float
    ) -> tuple[float, float]:
        for _ in range(self.n_inner_iter):
            mean = mean + rate * gradient(mean, block)[0]
        for _ in range(self.n_inner_iter):
            block = block + rate * gradient(mean, block)[1]
        return mean, block

    def _check_moving(self, objective: Objective, point: Point, k: int) -> None:
        """Raise `Stalled` where block k has arrived, to spare it a search among rounding errors."""
        if self.step_length.constant is not None:
            return
        at = point.evaluation
        # Where both blocks are so near, their gradients together are within the limit.
        limit = objective.likelihood.rounding_limit(at) / math.sqrt(2)
        limits = max(limit, last_digits_of_the_mean(at)), limit
        if at.norms[k] <= limits[k]:
            raise Stalled


def _blocks(point: Point) -> tuple[Array, Array]:
    """Indicators of the mean and of the covariance in theta."""
    mean = np.zeros_like(point.theta)
    mean[: len(point.evaluation.mean)] = 1.0
    return mean, 1.0 - mean
