"""Step lengths along the gradient: constant, or by the Barzilai-Borwein method."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .._typing import Array
from ..gaussian import NotPositiveDefiniteError, linalg
from ..likelihoods import Evaluation
from .base import Stalled
from .objective import Objective, Point

_ARMIJO = 1e-4  # share of the gain that the slope promises: Armijo's constant
_MIN_STEP_SHARE = 1e-20  # share of the first step of a search at which the search is given up
_KAPPA = 0.5  # share of the long step below which the short step is taken


class PointRates(NamedTuple):
    """The state: the iterate and, for each block of theta, the rate that a search tries first."""

    point: Point
    rates: tuple[float, ...]

    @property
    def evaluation(self) -> Evaluation:
        """The likelihood at the iterate."""
        return self.point.evaluation


@dataclass(frozen=True)
class Constant:
    """The textbook step, theta + rate * direction, even if the likelihood falls."""

    constant: float  # the rate of all steps

    def first(self, objective: Objective, point: Point, direction: Array) -> float:
        """A rate for the first step along a direction, the gradient or one block of it."""
        return self.constant

    def advance(
        self, objective: Objective, point: Point, direction: Array, rate: float
    ) -> tuple[Point, float]:
        """The next point along a direction, and the rate to try first from there."""
        return objective.at(point.theta + rate * direction), rate


class BarzilaiBorwein:
    """Adaptive Barzilai-Borwein steps with a line search; the likelihood never falls.

    The long rate s's / s'y and the short rate s'y / y'y estimate the inverse of the curvature
    along the last step s, over which the gradient fell by y.

    References
    ----------
    Barzilai and Borwein (1988), IMA Journal of Numerical Analysis 8(1); Zhou, Gao and
    Dai (2006), "Gradient methods with adaptive step-sizes", Computational Optimization
    and Applications 35(1).
    """

    constant = None  # the rate changes

    def first(self, objective: Objective, point: Point, direction: Array) -> float:
        """The rate of `steepest_rate`, or less if its step is longer than 1 in the frame."""
        return steepest_rate(objective, point, direction, longest=1.0)

    def advance(
        self, objective: Objective, point: Point, direction: Array, rate: float
    ) -> tuple[Point, float]:
        slope = float(direction @ direction)
        if slope == 0.0:
            raise Stalled
        try:
            reached, rate = _search(objective, point, direction, slope, rate)
        except Stalled:  # mean and covariance have units of their own, so rates of both may differ
            first = self.first(objective, point, direction)
            if first <= rate:
                raise
            reached, rate = _search(objective, point, direction, slope, first)
        fall = np.where(direction == 0, 0.0, point.gradient - reached.gradient)
        return reached, _next_rate(rate, slope, rate * float(direction @ fall), fall)


StepLength = Constant | BarzilaiBorwein


def steepest_rate(
    objective: Objective, point: Point, direction: Array, longest: float = math.inf
) -> float:
    """The rate of steepest ascent along a part of the gradient, by the Fisher metric at a point.

    The step is as long as the Gaussian of complete data asks for, and no longer than `longest` in
    the frame, whatever the units of the data; 1 if the direction is 0.
    """
    length = linalg.norm(objective.parametrization.push(point.evaluation.factor, direction))
    return min(float(direction @ direction) / length, longest) / length if length else 1.0


def _search(
    objective: Objective, point: Point, direction: Array, slope: float, rate: float
) -> tuple[Point, float]:
    """The first point with a sufficient gain along ever shorter steps, and its rate.

    `slope` is the squared length of the direction.

    Raises
    ------
    Stalled
        If no step gains enough.
    """
    rounding = objective.likelihood.rounding_of_the_value(point.evaluation)
    smallest = _MIN_STEP_SHARE * rate
    while True:
        theta = point.theta + rate * direction
        # This is also true if an overflow of slope or step made the rate NaN or 0.
        if not 0 < smallest <= rate < math.inf or (theta == point.theta).all():
            raise Stalled
        try:
            reached = objective.at(theta)
        except NotPositiveDefiniteError:
            rate /= 4
            continue
        gain = reached.value - point.value
        if abs(gain) <= rounding:
            gain = 0.5 * rate * (slope + float(direction @ reached.gradient))
        if gain >= _ARMIJO * rate * slope:
            return reached, rate
        # The maximum of the parabola through both values, but at least a tenth of the rate.
        rate *= min(max(0.5 * rate * slope / (rate * slope - gain), 0.1), 0.5)


def _next_rate(rate: float, slope: float, descent: float, fall: Array) -> float:
    """The long or the short Barzilai-Borwein rate after a step of this rate.

    `slope` is the squared length of the direction, `fall` the fall of the gradient over the step,
    and `descent` the inner product of the step and the fall.
    """
    if descent <= 0:  # not concave along this step, so try a longer one
        return 10 * rate
    long, short = rate * rate * slope / descent, descent / float(fall @ fall)
    return short if short < _KAPPA * long else long
