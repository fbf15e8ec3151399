r"""A constant rate against the step bound: above, below, or so far below that it takes how long.

A climb whose rate :math:`\gamma` is far below the bound follows the gradient as a leaf follows a
stream. At another such rate it takes the same way, at another pace: a step of the rate
:math:`\gamma'` is worth :math:`\gamma' / \gamma` of its own. So trials take the way in few steps.
Far from the maximum each is as long as the Gaussian of its place allows. Near to it they have a
constant rate and take, one like the other, a share s off the norm of the gradient: that is
:math:`-\log(1 - s) / s` times what small steps of the same length in all do.
"""

import math

from .._typing import EPS
from .._wording import short
from ..gaussian import NotPositiveDefiniteError
from ..likelihoods import Evaluation
from ..solvers import NEAR, Solution
from .attempt import Attempt, Outcome, Trials

_SLOW = 1 / 20  # share of the step bound below which a rate is far below it
# Iterations after which nothing is left of the gradient in the steepest direction, at a rate
# between this share of the bound and the bound less this share: each takes off a tenth of it.
_LONG_CLIMB = 200
_FEWEST_STEPS = 8  # steps of a trial that show how its norms fall
_STEADY = 0.1  # largest relative change of the contraction between two parts of a steady trial


def iterations_needed(outcome: Outcome, trials: Trials) -> float | None:
    """How many iterations a climb needs in all, as far as trials show it.

    None if its rate is not below the bound, or where they do not show it.
    """
    solution, rate = outcome.solution, outcome.attempt.estimator.learning_rate
    if solution.stop_reason != "max_iter" or not rate < outcome.bound < math.inf:
        return None
    time = _time_left(outcome, max(rate, _SLOW * outcome.bound), trials)
    return None if time is None else solution.n_iter + time / rate


def explain_rate(outcome: Outcome, needed: float | None, slow: bool) -> str:
    """Sentences that compare a constant rate with the step bound.

    They tell the iterations that the climb needs, if these are known, and why it is slow, if it is
    `slow` and nothing else is wrong.
    """
    estimator, bound = outcome.attempt.estimator, outcome.bound
    rate = estimator.learning_rate
    far_below = rate < _SLOW * bound < math.inf
    side = "above" if rate > bound else "below"
    if far_below:
        side = f"1/{short(bound / rate)} of"
    theta = "" if estimator.solver == "natural" else f" for {estimator.parametrization!r}"
    told = (
        f"learning_rate={rate:g} is {side} the largest constant step that is stable at the "
        f"maximum{theta}, learning_rate_bound_={bound:.4g}."
    )
    steepest_is_done = rate <= (1 - _SLOW) * bound and outcome.solution.n_iter >= _LONG_CLIMB
    if slow and steepest_is_done and not far_below:
        several = outcome.likelihood.family.n_features > 1
        told += (
            " The climb is slow since the likelihood is far steeper in some directions than in "
            f"others{', as where features are correlated or have different units' * several}. The "
            "steepest one bounds the rate."
        )
    if needed is not None:
        more = "" if far_below else " or more"  # as the flattest direction comes to be the last
        about = f"{float(f'{needed:.2g}'):,.0f} iterations{more}"
        told += f" At this rate the climb takes about {about}."
    return told


def _time_left(outcome: Outcome, rate: float, trials: Trials) -> float | None:
    """The sum of the rates of all steps to the maximum; None if trials do not show it.

    Far from the maximum their rates are as large as the Gaussian allows, near it they have `rate`.
    """
    attempt = outcome.attempt
    at, time = outcome.solution.evaluation, 0.0
    reserve = trials.left - trials.share(4)
    if attempt.is_textbook:
        way = _way_to_the_neighbourhood(at, attempt, trials, reserve)
        if way is None:
            return None
        at, time = way
    faster = attempt.changed({"learning_rate": rate})._replace(start=at)
    n_steps = _small_steps(trials.run(faster, trials.left - reserve), attempt)
    return None if n_steps is None else time + n_steps * rate


def _way_to_the_neighbourhood(
    at: Evaluation, attempt: Attempt, trials: Trials, reserve: int
) -> tuple[Evaluation, float] | None:
    """Where a slow climb comes near to the maximum, and the sum of the rates of its steps there.

    None where the climb is not slow, or trials may take no more iterations than get there; they
    keep a `reserve`.
    """
    objective, estimator = attempt.objective, attempt.estimator
    n_inner = estimator.n_inner_iter if estimator.solver == "coordinate" else 1
    time = 0.0
    while (norm := at.natural_gradient_norm) > NEAR:
        rate = _SLOW * objective.parametrization.learning_rate_bound(at.factor) / max(norm, 1.0)
        trials.left -= 1
        if (
            trials.left < reserve
            or trials.seconds < 0
            or not n_inner * estimator.learning_rate < rate
        ):
            return None
        point = objective.start(at)
        try:
            at = objective.at(point.theta + rate * point.gradient).evaluation
        except NotPositiveDefiniteError:
            return None
        time += rate / n_inner
    return at, time


def _small_steps(trial: Solution, attempt: Attempt) -> float | None:
    """How many small steps lead from where a trial began to the maximum.

    They are reckoned from the steps that the trial took, and from its contraction for those that
    are left. None where the contraction is not steady yet.
    """
    likelihood, path, end = attempt.objective.likelihood, trial.path, trial.n_iter
    if end < _FEWEST_STEPS:
        return None
    shown = (end // 4, end // 2, end)
    norms = [likelihood.evaluate(*path[k]).natural_gradient_norm for k in shown]
    quarter, half, last = (math.log(max(norm, EPS)) for norm in norms)
    before, contraction = (quarter - half) / (shown[1] - shown[0]), (half - last) / (end - shown[1])
    steady = abs(contraction - before) <= _STEADY * before
    if contraction <= 0 or not (steady or trial.converged):
        return None
    left = 0.0
    if not trial.converged:
        tol = max(attempt.estimator.tol, likelihood.rounding_limit(trial.evaluation))
        left = (last - math.log(tol)) / contraction
    return (end + left) * contraction / -math.expm1(-contraction)
