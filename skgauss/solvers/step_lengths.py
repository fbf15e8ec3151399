"""Step lengths along the gradient: constant, or chosen by Barzilai and Borwein."""

import math
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from .._typing import Array
from ..gaussian import NotPositiveDefiniteError
from ..likelihoods import Evaluation
from .base import Stalled
from .objective import Objective, Point

_SUFFICIENT = 1e-4  # of the gain that the slope promises, Armijo's constant
_SHORTEST = 1e-20  # of the first step of a search
_KAPPA = 0.5  # the short step where it is below this fraction of the long one


class PointRates(NamedTuple):
    """A state: the iterate, and the rate to begin with for each part of theta that is moved."""

    point: Point
    rates: tuple[float, ...]

    @property
    def evaluation(self) -> Evaluation:
        return self.point.evaluation


class StepLength(Protocol):
    """How far to go along a direction, the gradient or one block of it.

    Attributes
    ----------
    constant : float or None
        The rate of all steps, where they have one.
    """

    @property
    def constant(self) -> float | None: ...

    def first(self, direction: Array) -> float:
        """A rate for the first step."""
        ...

    def advance(
        self, objective: Objective, point: Point, direction: Array, rate: float
    ) -> tuple[Point, float]:
        """The next point, and the rate to begin with from there."""
        ...


@dataclass(frozen=True)
class Constant:
    """The textbook: theta + rate * direction, whatever comes of it."""

    constant: float

    def first(self, direction: Array) -> float:
        return self.constant

    def advance(
        self, objective: Objective, point: Point, direction: Array, rate: float
    ) -> tuple[Point, float]:
        return objective.at(point.theta + rate * direction), rate


class BarzilaiBorwein:
    """Adaptive Barzilai-Borwein steps, made to climb by a line search.

    The long step s's / s'y and the short one s'y / y'y are Rayleigh quotients of the
    inverse Hessian along the last step s, y the fall of the gradient over it. The likelihood
    never falls.

    References
    ----------
    Barzilai and Borwein (1988), IMA Journal of Numerical Analysis 8(1); Zhou, Gao and
    Dai (2006), "Gradient methods with adaptive step-sizes", Computational Optimization
    and Applications 35(1).
    """

    constant: float | None = None

    def first(self, direction: Array) -> float:
        """A step of length one at most."""
        return 1.0 / max(1.0, math.sqrt(direction @ direction))

    def advance(
        self, objective: Objective, point: Point, direction: Array, rate: float
    ) -> tuple[Point, float]:
        slope = float(direction @ direction)
        if slope == 0.0:
            raise Stalled
        reached, rate = _search(objective, point, direction, slope, rate)
        fall = np.where(direction == 0, 0.0, point.gradient - reached.gradient)
        return reached, _next_rate(rate, slope, rate * float(direction @ fall), fall)


def _search(
    objective: Objective, point: Point, direction: Array, slope: float, rate: float
) -> tuple[Point, float]:
    """Shorten the step until it gains enough."""
    rounding = objective.likelihood.rounding_of_the_value(point.evaluation)
    smallest = _SHORTEST * rate
    while True:
        theta = point.theta + rate * direction
        # Not a number is no rate either: what float64 cannot hold, of a slope as of a step.
        if not smallest <= rate < math.inf or (theta == point.theta).all():
            raise Stalled
        try:
            reached = objective.at(theta)
        except NotPositiveDefiniteError:
            rate /= 4
            continue
        gain = reached.value - point.value
        if abs(gain) <= rounding:
            gain = 0.5 * rate * (slope + float(direction @ reached.gradient))
        if gain >= _SUFFICIENT * rate * slope:
            return reached, rate
        # The maximum of the parabola through both values, within reason.
        rate *= min(max(0.5 * rate * slope / (rate * slope - gain), 0.1), 0.5)


def _next_rate(rate: float, slope: float, descent: float, fall: Array) -> float:
    if descent <= 0:  # the likelihood is not concave along this step: dare more
        return 10 * rate
    long, short = rate * rate * slope / descent, descent / float(fall @ fall)
    return short if short < _KAPPA * long else long
