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

_SUFFICIENT = 1e-4  # share of the gain that the slope promises: Armijo's constant
_SHORTEST = 1e-20  # share of the first step of a search, at which it is given up
_KAPPA = 0.5  # share of the long step below which the short step is taken


class PointRates(NamedTuple):
    """A state: the iterate, and for each block of theta the rate at which to begin a search."""

    point: Point
    rates: tuple[float, ...]

    @property
    def evaluation(self) -> Evaluation:
        """The likelihood at the iterate."""
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
    """The step of the textbook, theta + rate * direction, whatever comes of it."""

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
        """A rate whose step has at most length one."""
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
    """The first point of ever shorter steps that gains enough, and the rate that leads there.

    `slope` is the squared length of the direction.

    Raises
    ------
    Stalled
        If no step gains enough.
    """
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
    """The long or the short step of Barzilai and Borwein after a step of a rate.

    `slope` is the squared length of the direction, `fall` that of the gradient over the step, and
    `descent` the product of the step with it.
    """
    if descent <= 0:  # the likelihood is not concave along this step: dare more
        return 10 * rate
    long, short = rate * rate * slope / descent, descent / float(fall @ fall)
    return short if short < _KAPPA * long else long
