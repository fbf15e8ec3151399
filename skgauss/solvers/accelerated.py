r"""Accelerated natural gradient ascent: quasi-Newton in the Fisher metric.

The solver takes natural steps of rate 1, which are EM steps, far from the maximum, and L-BFGS
steps on the natural gradient near it. In the frame of a point, where a step (p, P) moves the mean
by :math:`L p` and the covariance to :math:`L (I + P) L^T`, the Fisher metric of complete data is
the identity, and minus the Hessian of incomplete data lies between 0 and I at a maximum. There EM
is steepest ascent of rate 1, which missing information slows down; L-BFGS learns the curvature.
Steps and gradients are carried from frame to frame unchanged, which preserves their lengths and
angles, so that no unit matters. On complete data one step reaches the guess, the maximum. Newton
steps come first where the likelihood says so, as in a window.

References
----------
Jamshidian and Jennrich (1997), "Acceleration of the EM algorithm by using quasi-Newton
methods", JRSS B 59(3); Huang, Gallivan and Absil (2015), "A Broyden class of quasi-Newton
methods for Riemannian optimization", SIAM Journal on Optimization 25(3).
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

from .._typing import Array
from ..gaussian import NotPositiveDefiniteError
from ..likelihoods import Evaluation, Likelihood
from .base import Stalled, SteppingSolver, Unbounded
from .natural import STABLE_RATE
from .newton import TrustRegion, newton_step
from .objective import Objective
from .safeguards import NEAR_NORM, em_step, step_along

_MAX_PAIRS = 20  # most steps that are remembered, each with the fall of the gradient along it
_APPROXIMATE_TOL = 1e-3  # natural gradient norm at which a climb on an approximation may end
_MAX_APPROXIMATE_STEPS = 60  # steps after which a climb on an approximation ends
_MAX_EM_STEPS = 20  # most EM steps; far fewer come near a maximum unless EM is slow
_MIN_CURVATURE = 1e-3  # least curvature along a step that is remembered
_PATIENCE = 20  # quasi-Newton steps before Newton steps, unless the information is cheap
# The same after a climb on an approximation: the maximum is near, and the information costs no
# more than two or three evaluations, as a rule.
_PATIENCE_NEAR = 8


class _Pair(NamedTuple):
    """A step and the fall of the gradient along it."""

    step: Array
    fall: Array


class _Progress(NamedTuple):
    """The state of a climb."""

    evaluation: Evaluation  # the iterate
    memory: tuple[_Pair, ...] = ()  # the last steps, which tell quasi-Newton steps the curvature
    n_em: int = 0  # how many EM steps were taken
    n_quasi_newton: int = 0
    region: TrustRegion | None = None  # that of Newton steps, once these have begun
    may_guess: bool = False  # whether the next step may go to a guess from the data instead


@dataclass(frozen=True)
class AcceleratedNatural(SteppingSolver):
    """EM steps, then quasi-Newton, then Newton steps, or only these; the likelihood never falls."""

    stable_rate = STABLE_RATE
    # Whether the first step may go to a guess from the data instead. It may not if the user chose
    # the start, which may decide between several maxima.
    may_guess: bool = False
    # Whether Newton steps come before any quasi-Newton step. Then this is Newton's method, with EM
    # steps far from the maximum unless `newton_comes_first`. There are no Newton steps if the
    # likelihood has neither a matrix of the information nor products with it.
    newton_at_once: bool = False

    def init(self, objective: Objective, start: Evaluation) -> _Progress:
        return _Progress(start, may_guess=self.may_guess or objective.likelihood.has_one_maximum)

    def step(self, objective: Objective, state: _Progress) -> _Progress:
        likelihood, at = objective.likelihood, state.evaluation
        if state.may_guess:
            begun = self._state_at_guess(objective, at)
            if begun is not None:
                return begun
        if state.region is not None:
            return _newton(likelihood, at, state.region)
        if self._takes_em_step(likelihood, state):
            stepped = em_step(likelihood, at)
            if stepped is not None:
                return _Progress(stepped[0], (), state.n_em + 1, state.n_quasi_newton)
        if self._takes_newton_step(likelihood, state):
            return _newton(likelihood, at, TrustRegion())
        for memory in (state.memory, ()) if state.memory else ((),):
            found = _quasi_newton(likelihood, at, memory)
            if found is not None:
                return _Progress(*found, state.n_em, state.n_quasi_newton + 1)
        if not _has_newton_steps(likelihood, at):
            raise Stalled
        return _newton(likelihood, at, TrustRegion())

    def _state_at_guess(self, objective: Objective, at: Evaluation) -> _Progress | None:
        """The state at the guess from the data, or None if the start has a higher likelihood.

        If there is an approximation, a climb on it continues from the guess, and also learns most
        of the curvature.
        """
        point = objective.likelihood.guess
        memory: tuple[_Pair, ...] = ()
        approximation = objective.likelihood.approximation
        if approximation is None and at.factor is point[1]:
            return None
        if approximation is not None:
            with suppress(NotPositiveDefiniteError):
                start = _Progress(approximation.evaluate(*point))
                end = self._climb_approximation(objective._replace(likelihood=approximation), start)
                point, memory = (end.evaluation.mean, end.evaluation.factor), end.memory
        with suppress(NotPositiveDefiniteError):
            reached = objective.likelihood.evaluate(*point)
            if reached.value >= at.value:
                return _Progress(reached, memory)
        return None

    def _climb_approximation(self, objective: Objective, state: _Progress) -> _Progress:
        """The state after a climb on an approximation, near its maximum unless that fails."""
        with suppress(Stalled, Unbounded, NotPositiveDefiniteError):
            for _ in range(_MAX_APPROXIMATE_STEPS):
                at = state.evaluation
                if at.is_stationary(_APPROXIMATE_TOL) or objective.likelihood.is_degenerate(at):
                    break
                state = self.step(objective, state)
        return state

    def _takes_em_step(self, likelihood: Likelihood, state: _Progress) -> bool:
        """Whether to take an EM step: far from the maximum, up to `_MAX_EM_STEPS` times."""
        if likelihood.newton_comes_first or state.n_em >= _MAX_EM_STEPS:
            return False
        return not state.evaluation.is_stationary(NEAR_NORM)

    def _takes_newton_step(self, likelihood: Likelihood, state: _Progress) -> bool:
        """Whether the next step is a Newton step: at once if that is cheap, else after patience."""
        patience = _PATIENCE if likelihood.approximation is None else _PATIENCE_NEAR
        due = state.n_quasi_newton >= patience
        due = due or self.newton_at_once or likelihood.newton_comes_first
        return due and _has_newton_steps(likelihood, state.evaluation)


def _has_newton_steps(likelihood: Likelihood, at: Evaluation) -> bool:
    """Whether the likelihood has the matrix or the products that a Newton step needs."""
    return likelihood.has_information or likelihood.products(at) is not None


def _newton(likelihood: Likelihood, at: Evaluation, region: TrustRegion) -> _Progress:
    """The state after a Newton step."""
    reached, region = newton_step(likelihood, at, region)
    return _Progress(reached, region=region)


def _quasi_newton(
    likelihood: Likelihood, at: Evaluation, memory: tuple[_Pair, ...]
) -> tuple[Evaluation, tuple[_Pair, ...]] | None:
    """The point that a quasi-Newton step reaches, and the memory with this step.

    The step is halved until the likelihood does not fall; None if it always falls. Only a step
    along which the likelihood is curved enough is remembered.
    """
    gradient = at.natural_gradient
    direction = _direction(gradient, memory)
    # Without memory the step equals the EM step to first order, which is exact on complete data.
    found = step_along(likelihood, at, direction) if memory else em_step(likelihood, at)
    if found is None:
        return None
    reached, rate = found
    step, fall = rate * direction, gradient - reached.natural_gradient
    if step @ fall > _MIN_CURVATURE * (step @ step):
        memory = (*memory, _Pair(step, fall))[-_MAX_PAIRS:]
    return reached, memory


def _direction(gradient: Array, memory: tuple[_Pair, ...]) -> Array:
    """The gradient times the inverse of the curvature that the memory shows (L-BFGS)."""
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
