"""Coordinate ascent: the mean, then the covariance, in turn."""

import math
from dataclasses import dataclass

from ..likelihoods import Evaluation
from .base import Stalled, rounding_norm_of_mean
from .objective import Objective, Point, blocks
from .recursion import GradientSolver, ScalarGradient
from .step_lengths import PointRates


@dataclass(frozen=True)
class Coordinate(GradientSolver):
    """Gradient steps on the mean with the covariance held fixed, then the other way round.

    With one step on each block this is the sequential update, in which the covariance step sees the
    new mean.
    """

    n_inner_iter: int  # successive steps on one block

    def init(self, objective: Objective, start: Evaluation) -> PointRates:
        point = objective.start(start)
        directions = (block * point.gradient for block in blocks(point))
        rates = (self.step_length.first(objective, point, each) for each in directions)
        return PointRates(point, tuple(rates))

    def step(self, objective: Objective, state: PointRates) -> PointRates:
        point = state.point
        rates = list(state.rates)
        at_rest = 0
        for k, block in enumerate(blocks(point)):
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

    def next_mean_and_block(
        self, rate: float, gradient: ScalarGradient, mean: float, block: float
    ) -> tuple[float, float]:
        for _ in range(self.n_inner_iter):
            mean = mean + rate * gradient(mean, block)[0]
        for _ in range(self.n_inner_iter):
            block = block + rate * gradient(mean, block)[1]
        return mean, block

    def _check_moving(self, objective: Objective, point: Point, k: int) -> None:
        """Raise `Stalled` if block k has converged, to avoid a search among rounding errors."""
        if self.step_length.constant is not None:
            return
        at = point.evaluation
        # If both blocks are within this limit, the whole gradient is within the rounding limit.
        limit = objective.likelihood.rounding_limit(at) / math.sqrt(2)
        limits = max(limit, rounding_norm_of_mean(at)), limit
        if at.norms[k] <= limits[k]:
            raise Stalled
