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
_ROUNDING = 1e-11  # of a difference of values, relative: below, the slopes decide


class _Pair(NamedTuple):
    """A step and the fall of the gradient along it."""

    step: Array
    fall: Array


class _State(NamedTuple):
    evaluation: Evaluation
    memory: tuple[_Pair, ...] = ()
    started: bool = False


class AcceleratedNatural(SteppingSolver):
    """EM steps, then quasi-Newton steps; the likelihood never falls."""

    stable_rate = STABLE_RATE

    def init(self, objective: Objective, start: Evaluation) -> _State:
        return _State(start)

    def step(self, objective: Objective, state: _State) -> _State:
        if not state.started:
            with suppress(NotPositiveDefiniteError):
                reached = objective.likelihood.evaluate(*objective.likelihood.guess)
                if reached.value >= state.evaluation.value:
                    return _State(reached, started=True)
        if not state.evaluation.is_stationary(_NEAR):
            return _State(_em(objective, state.evaluation), started=True)
        memory, reached = _quasi_newton(objective, state)
        return _State(reached, memory, started=True)


def _em(objective: Objective, at: Evaluation) -> Evaluation:
    """The natural step of rate 1, or of a half of it, a quarter ... until nothing is lost."""
    rate = 1.0
    while rate > _SMALLEST_RATE:
        with suppress(NotPositiveDefiniteError):
            reached = move(objective, at, rate)
            if reached.value >= at.value:
                return reached
        rate /= 2
    raise Stalled


def _quasi_newton(objective: Objective, state: _State) -> tuple[tuple[_Pair, ...], Evaluation]:
    at = state.evaluation
    gradient = at.natural_gradient
    for memory in (state.memory, ()):
        direction = _direction(gradient, memory)
        found = _search(objective, at, gradient, direction)
        if found is not None:
            reached, pair = found
            curved = pair.step @ pair.fall > _CURVED * (pair.step @ pair.step)
            return ((*memory, pair)[-_MEMORY:] if curved else memory), reached
        if not memory:
            break
    raise Stalled


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


def _search(
    objective: Objective, at: Evaluation, gradient: Array, direction: Array
) -> tuple[Evaluation, _Pair] | None:
    """Halve the step until nothing is lost."""
    likelihood = objective.likelihood
    rounding = _ROUNDING * (1 + abs(at.value)) + likelihood.rounding_limit(at)
    rate = 1.0
    while rate > _SMALLEST_RATE:
        step = rate * direction
        rate /= 2
        try:
            reached = likelihood.evaluate(*likelihood.family.retract(at.mean, at.factor, step))
        except NotPositiveDefiniteError:
            continue
        gain = reached.value - at.value
        slopes = gradient + reached.natural_gradient
        # Of a difference that rounding may have made, the slopes at both ends know the sign.
        if gain > rounding or (abs(gain) <= rounding and step @ slopes > 0):
            return reached, _Pair(step, gradient - reached.natural_gradient)
    return None
