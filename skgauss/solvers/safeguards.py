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
_SMALLEST_RATE = 1e-10  # of a step, below which all that it gains is rounding
_SMALLEST_OF_EM = 1e-3  # rate of an EM step, which loses nothing at any rate but for rounding


def em_step(objective: Objective, at: Evaluation) -> tuple[Evaluation, float] | None:
    """Where the natural step of rate 1, or of 1/2, 1/4 ..., loses nothing, and its rate, if any."""
    reach = partial(move, objective, at)
    return _halved(objective, at, at.natural_gradient, reach, _SMALLEST_OF_EM)


def step_along(
    objective: Objective, at: Evaluation, direction: Array
) -> tuple[Evaluation, float] | None:
    """Where a step in the frame of a point, or 1/2, 1/4 ... of it, loses nothing, and its share.

    None if all that are longer than nothing lose.
    """
    return _halved(objective, at, direction, lambda rate: step_to(objective, at, rate * direction))


def _halved(
    objective: Objective,
    at: Evaluation,
    step: Array,
    reach: Callable[[float], Evaluation],
    smallest: float = _SMALLEST_RATE,
) -> tuple[Evaluation, float] | None:
    """The point reached at the first of the rates 1, 1/2, 1/4 ... that loses nothing, and the rate.

    None if all rates above the smallest one lose. `reach` leads from a rate to the point, and
    `step` is the step of rate 1 in the frame of the first point.
    """
    rate = 1.0
    while rate > smallest:
        with suppress(NotPositiveDefiniteError):
            reached = reach(rate)
            if is_no_loss(objective, at, reached, rate * step):
                return reached, rate
        rate /= 2
    return None


def step_to(objective: Objective, at: Evaluation, step: Array) -> Evaluation:
    """The likelihood at the point to which a step in the frame of another one leads."""
    likelihood = objective.likelihood
    return likelihood.evaluate(*likelihood.retract(at, step))


def is_no_loss(objective: Objective, at: Evaluation, reached: Evaluation, step: Array) -> bool:
    """Whether a step did not lower the value.

    Where the difference of values may be rounding, the slopes at both ends of the step decide.
    """
    gain = reached.value - at.value
    if abs(gain) > objective.likelihood.rounding_of_the_value(at):
        return gain > 0
    return bool(step @ (at.natural_gradient + reached.natural_gradient) >= 0)
