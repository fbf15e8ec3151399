"""Steps in the Fisher metric that never lose: of EM, or along a direction."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial

from .._typing import Array
from ..gaussian import NotPositiveDefiniteError
from ..likelihoods import Evaluation
from .natural import move
from .objective import Objective

NEAR = 0.3  # natural gradient norm below which the likelihood is close to its parabola
_SMALLEST_RATE = 1e-10
_SMALLEST_OF_EM = 1e-3  # whose step loses nothing at any rate, but for rounding


def em_step(objective: Objective, at: Evaluation) -> tuple[Evaluation, float] | None:
    """The natural step of rate 1, or of a half of it, a quarter ... until nothing is lost."""
    reach = partial(move, objective, at)
    return _halved(objective, at, at.natural_gradient, reach, _SMALLEST_OF_EM)


def step_along(
    objective: Objective, at: Evaluation, direction: Array
) -> tuple[Evaluation, float] | None:
    """The step, in the frame of the point, and the share of it at which nothing is lost."""
    return _halved(objective, at, direction, lambda rate: step_to(objective, at, rate * direction))


def _halved(
    objective: Objective,
    at: Evaluation,
    step: Array,
    reach: Callable[[float], Evaluation],
    smallest: float = _SMALLEST_RATE,
) -> tuple[Evaluation, float] | None:
    """What a step reaches, and the first of the rates 1, 1/2, 1/4 ... at which it loses nothing."""
    rate = 1.0
    while rate > smallest:
        with suppress(NotPositiveDefiniteError):
            reached = reach(rate)
            if is_no_loss(objective, at, reached, rate * step):
                return reached, rate
        rate /= 2
    return None


def step_to(objective: Objective, at: Evaluation, step: Array) -> Evaluation:
    """The evaluation that a step in the frame of a point leads to."""
    likelihood = objective.likelihood
    return likelihood.evaluate(*likelihood.retract(at, step))


def is_no_loss(objective: Objective, at: Evaluation, reached: Evaluation, step: Array) -> bool:
    """Whether the value rose; where rounding may have the say, by the slopes at both ends."""
    gain = reached.value - at.value
    if abs(gain) > objective.likelihood.rounding_of_the_value(at):
        return gain > 0
    return bool(step @ (at.natural_gradient + reached.natural_gradient) >= 0)
