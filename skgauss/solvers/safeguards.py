"""EM steps and steps along a direction, shortened until the likelihood does not fall."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial

from .._typing import Array
from ..gaussian import NotPositiveDefiniteError
from ..likelihoods import Evaluation, Likelihood

NEAR_NORM = 0.3  # natural gradient norm below which the likelihood is nearly quadratic
_MIN_RATE = 1e-10  # of a step; a smaller one gains only rounding
_MIN_EM_RATE = 1e-3  # of an EM step, which loses nothing at any rate except by rounding


def em_step(likelihood: Likelihood, at: Evaluation) -> tuple[Evaluation, float] | None:
    """The first natural step of rate 1, 1/2, 1/4 ... without loss, as point and rate, or None."""
    reach = partial(likelihood.natural_step, at)
    return _backtrack(likelihood, at, at.natural_gradient, reach, _MIN_EM_RATE)


def step_along(
    likelihood: Likelihood, at: Evaluation, direction: Array
) -> tuple[Evaluation, float] | None:
    """The point that a step in the frame reaches, and the share 1, 1/2, 1/4 ... of it without loss.

    None if every share loses.
    """
    return _backtrack(
        likelihood, at, direction, lambda rate: likelihood.retract(at, rate * direction)
    )


def _backtrack(
    likelihood: Likelihood,
    at: Evaluation,
    step: Array,
    reach: Callable[[float], tuple[Array, Array]],
    smallest: float = _MIN_RATE,
) -> tuple[Evaluation, float] | None:
    """The point reached at the first of the rates 1, 1/2, 1/4 ... that loses nothing, and the rate.

    None if all rates above the smallest one lose. `reach` returns the mean and the factor that a
    rate leads to, and `step` is the step of rate 1 in the frame of `at`.
    """
    rate = 1.0
    while rate > smallest:
        with suppress(NotPositiveDefiniteError):
            reached = likelihood.evaluate(*reach(rate))
            if is_no_loss(likelihood, at, reached, rate * step):
                return reached, rate
        rate /= 2
    return None


def is_no_loss(likelihood: Likelihood, at: Evaluation, reached: Evaluation, step: Array) -> bool:
    """Whether a step did not lower the value.

    If the difference of values may be rounding, the slopes at both ends of the step decide.
    """
    gain = reached.value - at.value
    if abs(gain) > likelihood.rounding_of_the_value(at):
        return gain > 0
    return bool(step @ (at.natural_gradient + reached.natural_gradient) >= 0)
