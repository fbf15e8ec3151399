r"""How a constant rate compares with the step bound, and how long a climb takes far below it.

At rates far below the bound a climb follows the gradient flow closely, whatever the rate. One step
of rate :math:`\gamma'` replaces :math:`\gamma' / \gamma` steps of rate :math:`\gamma`, so that
trials with few long steps show how many short ones a climb needs. Far from the maximum each trial
step is as long as the Gaussian at that point allows. Near the maximum all trial steps have the same
rate, and each reduces the norm of the gradient by a share s. Small steps with the same sum of rates
reduce it less: one trial step does :math:`-\log(1 - s) / s` times as much.
"""

import math

from .._typing import EPS, Array
from .._wording import short
from ..gaussian import NotPositiveDefiniteError
from ..likelihoods import Evaluation
from ..solvers import NEAR_NORM, Solution
from .attempt import Attempt, Outcome, Trials

_SLOW_SHARE = 1 / 20  # share of the step bound below which a rate counts as far below it
# Iterations after which the gradient along the steepest direction is gone, if the rate lies between
# _SLOW_SHARE and 1 - _SLOW_SHARE times the bound: each iteration takes at least a tenth off it.
_LONG_CLIMB = 200
_MIN_TRIAL_STEPS = 8  # steps that a trial needs to show how its gradient norm falls
_STEADY_CHANGE = 0.1  # largest relative change of the contraction between the two parts of a trial
# Least ratio of every standard deviation of an iterate to that of the data, if it is far out.
_FAR_OUT_RATIO = 2.0


def iterations_needed(outcome: Outcome, trials: Trials) -> float | None:
    """An estimate from trials of how many iterations a climb needs in all.

    None if the climb did not end at `max_iter`, if its rate is not below the bound, or if trials do
    not show the number.
    """
    solution, rate = outcome.solution, outcome.attempt.estimator.learning_rate
    if solution.stop_reason != "max_iter" or not rate < outcome.bound < math.inf:
        return None
    time = _time_left(outcome, max(rate, _SLOW_SHARE * outcome.bound), trials)
    return None if time is None else solution.n_iter + time / rate


def explain_rate(outcome: Outcome, needed: float | None, slow: bool) -> str:
    """Sentences that compare a constant rate with the step bound.

    They say how many iterations the climb needs, if that is known, and why it is slow, if `slow`
    says that nothing else is wrong.
    """
    estimator, bound = outcome.attempt.estimator, outcome.bound
    rate = estimator.learning_rate
    far_below = _is_far_below(outcome)
    side = "above" if rate > bound else "at" if rate == bound else "below"
    if far_below:
        share = f"1/{short(bound / rate)}" if bound < 1e6 * rate else f"{rate / bound:.1e}"
        side = f"{share} of"
    theta = "" if estimator.solver == "natural" else f" for {estimator.parametrization!r}"
    sentences = (
        f"learning_rate={rate:g} is {side} the largest constant step that is stable at the "
        f"maximum{theta}, learning_rate_bound_={bound:.4g}."
    )
    steepest_is_done = rate <= (1 - _SLOW_SHARE) * bound and outcome.solution.n_iter >= _LONG_CLIMB
    if slow and is_flat_far_out(outcome):
        sentences += _flatness_sentence(outcome)
    elif slow and steepest_is_done and not far_below:
        several = outcome.likelihood.family.n_features > 1
        sentences += (
            " The climb is slow because the likelihood is much steeper in some directions than in "
            f"others{', as with correlated features or different units' * several}. The "
            "steepest direction limits the rate."
        )
    if needed is not None:
        more = "" if far_below else " or more"  # the flattest direction shows only at the end
        about = f"{float(f'{needed:.2g}'):,.0f} iterations{more}"
        sentences += f" At this rate the climb takes about {about}."
    return sentences


def is_flat_far_out(outcome: Outcome) -> bool:
    """Whether a climb ended far out, where the likelihood is flat in every direction.

    All standard deviations are much larger there than those of the data. A rate that is not far
    below the bound, which is that of the maximum, gains little there.
    """
    if not outcome.attempt.is_textbook or _is_far_below(outcome):
        return False
    return bool((_widths(outcome) > _FAR_OUT_RATIO).all())


def _is_far_below(outcome: Outcome) -> bool:
    """Whether the constant rate of a climb is far below the step bound."""
    return outcome.attempt.estimator.learning_rate < _SLOW_SHARE * outcome.bound < math.inf


def _widths(outcome: Outcome) -> Array:
    """The standard deviations where a climb ended, (n_features,), over those of the data."""
    deviations = outcome.likelihood.family.standard_deviations
    return deviations(outcome.solution.evaluation.factor) / deviations(outcome.likelihood.guess[1])


def _flatness_sentence(outcome: Outcome) -> str:
    """A sentence, after a space, on a climb that ended far out, where all is flat."""
    widths = _widths(outcome)
    worst = int(widths.argmax())
    which = f" of {outcome.names[worst]!r}" if len(outcome.names) > 1 else ""
    return (
        " The climb is slow because it began, or came, far out, where the likelihood is flat in "
        f"all directions: the standard deviation{which} is still {short(widths[worst])} times that "
        "of the data."
    )


def _time_left(outcome: Outcome, rate: float, trials: Trials) -> float | None:
    """The sum of the rates of all steps that remain to the maximum; None if trials fail.

    Trial steps are as long as the Gaussian allows or, near the maximum, of the given `rate`.
    """
    attempt = outcome.attempt
    at, time = outcome.solution.evaluation, 0.0
    reserve = trials.left - trials.share(4)
    if attempt.is_textbook:
        way = _climb_to_neighbourhood(at, attempt, trials, reserve)
        if way is None:
            return None
        at, time = way
    faster = attempt.changed({"learning_rate": rate})._replace(start=at)
    n_steps = _small_steps(trials.run(faster, trials.left - reserve), attempt)
    return None if n_steps is None else time + n_steps * rate


def _climb_to_neighbourhood(
    at: Evaluation, attempt: Attempt, trials: Trials, reserve: int
) -> tuple[Evaluation, float] | None:
    """The point near the maximum that a slow climb reaches, and the sum of its rates until then.

    None if the climb is not slow, or if trials do not get there before only a `reserve` is left.
    """
    objective, estimator = attempt.objective, attempt.estimator
    n_inner = estimator.n_inner_iter if estimator.solver == "coordinate" else 1
    point, time = objective.start(at), 0.0
    while (norm := point.evaluation.natural_gradient_norm) > NEAR_NORM:
        bound = objective.parametrization.learning_rate_bound(point.evaluation.factor)
        rate = _SLOW_SHARE * bound / max(norm, 1.0)
        trials.left -= 1
        if (
            trials.left < reserve
            or trials.seconds < 0
            or not n_inner * estimator.learning_rate < rate
        ):
            return None
        try:
            point = objective.at(point.theta + rate * point.gradient)
        except NotPositiveDefiniteError:
            return None
        time += rate / n_inner
    return point.evaluation, time


def _small_steps(trial: Solution, attempt: Attempt) -> float | None:
    """The sum of rates of small steps from a trial's start to the maximum, over the trial's rate.

    It follows from the steps that the trial took and, by its contraction, those that are left.
    None if the contraction is not steady yet.
    """
    likelihood, path, end = attempt.objective.likelihood, trial.path, trial.n_iter
    if end < _MIN_TRIAL_STEPS:
        return None
    shown = (end // 4, end // 2, end)
    norms = [likelihood.evaluate(*path[k]).natural_gradient_norm for k in shown]
    quarter, half, last = (math.log(max(norm, EPS)) for norm in norms)
    before, contraction = (quarter - half) / (shown[1] - shown[0]), (half - last) / (end - shown[1])
    steady = abs(contraction - before) <= _STEADY_CHANGE * before
    if contraction <= 0 or not (steady or trial.converged):
        return None
    left = 0.0
    if not trial.converged:
        tol = max(attempt.estimator.tol, likelihood.rounding_limit(trial.evaluation))
        left = (last - math.log(tol)) / contraction
    return (end + left) * contraction / -math.expm1(-contraction)
