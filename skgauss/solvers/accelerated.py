r"""Accelerated natural gradient ascent: quasi-Newton in the Fisher metric.

Far from the maximum the natural step of rate 1, the EM step; near it L-BFGS on the natural
gradient. In the frame of a point, :math:`\mu = L p` and :math:`\Sigma = L (I + P) L^T`, the
Fisher metric of complete data is the identity and minus the Hessian lies between 0 and I, so
that EM is steepest ascent of rate 1 there, and converges at the rate of the missing
information; L-BFGS learns what is missing. Steps and gradients carry over from frame to
frame as they are, which keeps their lengths and angles and makes the climb the same in all
units. On complete data the first step is the last: it goes to the guess, which is the maximum.

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
from .newton import Region, newton_step
from .objective import Objective
from .safeguards import NEAR, em_step, step_along

_MOST_PAIRS = 20  # steps, with the falls of the gradient along them, that are remembered
_ROUGH = 1e-3  # natural gradient norm at which a climb on a rough likelihood may end
_MOST_ROUGH = 60  # steps after which such a climb ends
_MOST_OF_EM = 20  # EM steps; far fewer come near a maximum unless they crawl
_CURVED = 1e-3  # least curvature along a step that is remembered


class _Pair(NamedTuple):
    """A step and the fall of the gradient along it."""

    step: Array
    fall: Array


class _Progress(NamedTuple):
    """The state of a climb.

    Attributes
    ----------
    evaluation : Evaluation
        The iterate.
    memory : tuple of _Pair
        The last steps, from which quasi-Newton steps know the curvature.
    n_em, n_quasi_newton : int
        How many steps of each kind were taken.
    region : Region or None
        The trust region of Newton's steps, once these are taken.
    may_guess : bool
        Whether the next step may leave the iterate for a guess from the data.
    """

    evaluation: Evaluation
    memory: tuple[_Pair, ...] = ()
    n_em: int = 0
    n_quasi_newton: int = 0
    region: Region | None = None
    may_guess: bool = False


@dataclass(frozen=True)
class AcceleratedNatural(SteppingSolver):
    """EM steps, then quasi-Newton, then Newton steps; the likelihood never falls.

    Parameters
    ----------
    may_guess : bool, default=False
        Whether the first step may leave the start for a guess from the data: not a start
        that a user chose, which may tell one maximum from another.
    patience : int, default=20
        Quasi-Newton steps before Newton's, unless the information is cheap. With 0
        this is Newton's method, with EM steps, the Fisher scoring of completed data, far from
        the maximum. Without information as a matrix there are no Newton steps.
    """

    stable_rate = STABLE_RATE
    may_guess: bool = False
    patience: int = 20

    def init(self, objective: Objective, start: Evaluation) -> _Progress:
        return _Progress(start, may_guess=self.may_guess or objective.likelihood.has_one_maximum)

    def step(self, objective: Objective, state: _Progress) -> _Progress:
        likelihood, at = objective.likelihood, state.evaluation
        if state.may_guess:
            begun = self._begun_at_the_guess(objective, at)
            if begun is not None:
                return begun
        if state.region is not None:
            return _newton(likelihood, at, state.region)
        if self._is_the_turn_of_em(likelihood, state):
            stepped = em_step(likelihood, at)
            if stepped is not None:
                return _Progress(stepped[0], (), state.n_em + 1, state.n_quasi_newton)
        if self._is_newtons_turn(likelihood, state):
            return _newton(likelihood, at, Region())
        for memory in (state.memory, ()) if state.memory else ((),):
            found = _quasi_newton(likelihood, at, memory)
            if found is not None:
                return _Progress(*found, state.n_em, state.n_quasi_newton + 1)
        if not _has_newton_steps(likelihood, at):
            raise Stalled
        return _newton(likelihood, at, Region())

    def _begun_at_the_guess(self, objective: Objective, at: Evaluation) -> _Progress | None:
        """The state at the guess from the data, in place of that at the start.

        Where there is a rough likelihood, it is the state where a climb on that leads from the
        guess, which has also learnt most of the curvature. None where this is no gain.
        """
        point = objective.likelihood.guess
        memory: tuple[_Pair, ...] = ()
        rough = objective.likelihood.rough
        if rough is None and at.factor is point[1]:
            return None
        if rough is not None:
            with suppress(NotPositiveDefiniteError):
                start = _Progress(rough.evaluate(*point))
                end = self._end_of_rough_climb(objective._replace(likelihood=rough), start)
                point, memory = (end.evaluation.mean, end.evaluation.factor), end.memory
        with suppress(NotPositiveDefiniteError):
            reached = objective.likelihood.evaluate(*point)
            if reached.value >= at.value:
                return _Progress(reached, memory)
        return None

    def _end_of_rough_climb(self, objective: Objective, state: _Progress) -> _Progress:
        """The state after a climb on a rough likelihood, near its maximum or where it ends."""
        with suppress(Stalled, Unbounded, NotPositiveDefiniteError):
            for _ in range(_MOST_ROUGH):
                at = state.evaluation
                if at.is_stationary(_ROUGH) or objective.likelihood.is_degenerate(at):
                    break
                state = self.step(objective, state)
        return state

    def _is_the_turn_of_em(self, likelihood: Likelihood, state: _Progress) -> bool:
        """Whether the next step is one of EM: far from the maximum, and not for ever."""
        if likelihood.information_is_cheap or state.n_em >= _MOST_OF_EM:
            return False
        return not state.evaluation.is_stationary(NEAR)

    def _is_newtons_turn(self, likelihood: Likelihood, state: _Progress) -> bool:
        """Whether the next step is Newton's: at once if that is cheap, else after some patience."""
        waited = likelihood.information_is_cheap or state.n_quasi_newton >= self.patience
        return waited and _has_newton_steps(likelihood, state.evaluation)


def _has_newton_steps(likelihood: Likelihood, at: Evaluation) -> bool:
    """Whether the likelihood has what Newton's step needs."""
    return likelihood.has_information or likelihood.products(at) is not None


def _newton(likelihood: Likelihood, at: Evaluation, region: Region) -> _Progress:
    """The state after a step of Newton's."""
    reached, region = newton_step(likelihood, at, region)
    return _Progress(reached, region=region)


def _quasi_newton(
    likelihood: Likelihood, at: Evaluation, memory: tuple[_Pair, ...]
) -> tuple[Evaluation, tuple[_Pair, ...]] | None:
    """Where a quasi-Newton step leads, halved until nothing is lost, and the memory there.

    What the step showed is remembered if the likelihood bends enough along it. None if no share of
    the step loses nothing.
    """
    gradient = at.natural_gradient
    direction = _direction(gradient, memory)
    # Without a memory to first order the EM step, which on complete data is exact.
    found = step_along(likelihood, at, direction) if memory else em_step(likelihood, at)
    if found is None:
        return None
    reached, rate = found
    step, fall = rate * direction, gradient - reached.natural_gradient
    if step @ fall > _CURVED * (step @ step):
        memory = (*memory, _Pair(step, fall))[-_MOST_PAIRS:]
    return reached, memory


def _direction(gradient: Array, memory: tuple[_Pair, ...]) -> Array:
    """The inverse of the curvature that the memory has seen, times the gradient (L-BFGS)."""
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
