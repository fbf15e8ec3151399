r"""Accelerated natural gradient ascent: quasi-Newton in the Fisher metric.

Far from the maximum the natural step of rate 1, the EM step; near it L-BFGS on the natural
gradient. In the frame of a point, :math:`\mu = L p` and :math:`\Sigma = L (I + P) L^T`, the
Fisher metric of complete data is the identity and minus the Hessian lies between 0 and I, so
that EM is steepest ascent of rate 1 there, and converges at the rate of the missing
information; L-BFGS learns what is missing. Steps and gradients carry over from frame to
frame as they are, which keeps their lengths and angles and makes the climb the same in all
units. On complete data the first step is the last.

References
----------
Jamshidian and Jennrich (1997), "Acceleration of the EM algorithm by using quasi-Newton
methods", JRSS B 59(3); Huang, Gallivan and Absil (2015), "A Broyden class of quasi-Newton
methods for Riemannian optimization", SIAM Journal on Optimization 25(3).
"""

from contextlib import suppress
from typing import NamedTuple

from .._typing import Array
from ..covariance import NotPositiveDefiniteError
from ..likelihood import Evaluation
from ..objective import Objective
from .base import Stalled, SteppingSolver
from .natural import STABLE_RATE, move

_NEAR = 0.3  # natural gradient norm below which the likelihood is close to its parabola
_MEMORY = 20
_CURVED = 1e-3  # least curvature along a step that is kept
_SMALLEST_RATE = 1e-10


class _Pair(NamedTuple):
    """A step and the fall of the gradient along it."""

    step: Array
    fall: Array


class _State(NamedTuple):
    evaluation: Evaluation
    memory: tuple[_Pair, ...] = ()
    may_guess: bool = False


class AcceleratedNatural(SteppingSolver):
    """EM steps, then quasi-Newton steps; the likelihood never falls.

    Parameters
    ----------
    may_guess : bool, default=False
        Whether the first step may leave the start for a guess from the data: not a start
        that a user chose, which may tell one maximum from another.
    """

    stable_rate = STABLE_RATE

    def __init__(self, may_guess: bool = False):
        self.may_guess = may_guess

    def init(self, objective: Objective, start: Evaluation) -> _State:
        return _State(start, may_guess=self.may_guess)

    def step(self, objective: Objective, state: _State) -> _State:
        if state.may_guess:
            with suppress(NotPositiveDefiniteError):
                reached = objective.likelihood.evaluate(*objective.likelihood.guess)
                if reached.value >= state.evaluation.value:
                    return _State(reached)
        if not state.evaluation.is_stationary(_NEAR):
            return _State(_em(objective, state.evaluation)[0])
        for memory in (state.memory, ()) if state.memory else ((),):
            found = _quasi_newton(objective, state.evaluation, memory)
            if found is not None:
                reached, pair = found
                return _State(reached, _remember(memory, pair))
        raise Stalled


def _em(objective: Objective, at: Evaluation) -> tuple[Evaluation, float]:
    """The natural step of rate 1, or of a half of it, a quarter ... until nothing is lost."""
    rate = 1.0
    while rate > _SMALLEST_RATE:
        with suppress(NotPositiveDefiniteError):
            reached = move(objective, at, rate)
            if _is_no_loss(objective, at, reached, rate * at.natural_gradient):
                return reached, rate
        rate /= 2
    raise Stalled


def _quasi_newton(
    objective: Objective, at: Evaluation, memory: tuple[_Pair, ...]
) -> tuple[Evaluation, _Pair] | None:
    """A step along what the memory makes of the gradient, halved until nothing is lost."""
    gradient = at.natural_gradient
    if not memory:  # to first order the EM step, which on complete data is exact
        reached, rate = _em(objective, at)
        return reached, _Pair(rate * gradient, gradient - reached.natural_gradient)
    family = objective.likelihood.family
    step = _direction(gradient, memory)
    rate = 1.0
    while rate > _SMALLEST_RATE:
        with suppress(NotPositiveDefiniteError):
            point = family.retract(at.mean, at.factor, rate * step)
            reached = objective.likelihood.evaluate(*point)
            if _is_no_loss(objective, at, reached, rate * step):
                return reached, _Pair(rate * step, gradient - reached.natural_gradient)
        rate /= 2
    return None


def _is_no_loss(objective: Objective, at: Evaluation, reached: Evaluation, step: Array) -> bool:
    """Whether the value rose; where rounding may have the say, by the slopes at both ends."""
    gain = reached.value - at.value
    if abs(gain) > objective.likelihood.rounding_of_the_value(at):
        return gain > 0
    return bool(step @ (at.natural_gradient + reached.natural_gradient) >= 0)


def _remember(memory: tuple[_Pair, ...], pair: _Pair) -> tuple[_Pair, ...]:
    curved = pair.step @ pair.fall > _CURVED * (pair.step @ pair.step)
    return (*memory, pair)[-_MEMORY:] if curved else memory


def _direction(gradient: Array, memory: tuple[_Pair, ...]) -> Array:
    """The inverse of the curvature that the memory has seen, times the gradient."""
    direction = gradient.copy()
    shares = []
    for step, fall in reversed(memory):
        share = (step @ direction) / (step @ fall)
        shares.append(share)
        direction -= share * fall
    if memory:
        step, fall = memory[-1]
        direction *= (step @ fall) / (fall @ fall)
    for (step, fall), share in zip(memory, reversed(shares), strict=True):
        direction += (share - (fall @ direction) / (step @ fall)) * step
    return direction
