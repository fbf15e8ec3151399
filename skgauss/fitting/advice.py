"""The warnings of a fit that did not converge: what happened, why, and what works."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from .._typing import Array
from .._wording import DOCUMENTATION_URL, capped, iterations, quoted, short
from ..gaussian import Family
from ..likelihoods import INVOLVED_SHARE
from ..solvers import Solution
from .attempt import Outcome, Trials
from .leap import explain_leap, explain_start
from .rate import explain_rate, iterations_needed
from .remedies import explain_remedies, explain_ridge
from .warn_once import DeferredWarning

# Least processor time for the trials behind a warning, in units of `warn_once._TIME_UNIT`. Complete
# data get more, since climbs on them are often made for learning. For incomplete data it is enough
# for the default solver on a few hundred rows.
_TIME_UNITS_OF_COMPLETE = 5
_TIME_UNITS_OF_INCOMPLETE = 3
_NOTABLE_ERROR = 0.1  # of an integral, in standard errors of the estimates, that a user is told
# Why a climb with a task left has not converged where the gradient is small; see `Solution`.
_WHY_UNFINISHED = {
    "leave": "at a saddle point or an inflection, and no iterations were left to leave it",
    "lattices": (
        "on lattices that were made for another point, and no iterations were left on others"
    ),
}


def fit_warnings(outcome: Outcome, data_warning: str) -> list[DeferredWarning]:
    """The warnings of a fit: `data_warning`, if any, and one about the result of the climb."""
    solution, estimator = outcome.solution, outcome.attempt.estimator
    deferred = [DeferredWarning(UserWarning, data_warning)] if data_warning else []
    if solution.stop_reason == "unbounded":
        deferred.append(_explain_unbounded(outcome))
    elif solution.stop_reason == "callback":
        deferred.append(DeferredWarning(ConvergenceWarning, _what_happened(solution, estimator)))
    elif not solution.converged:
        opening, rest = _what_happened(solution, estimator), partial(_explain, outcome)
        complete = outcome.likelihood.complete
        time_units = _TIME_UNITS_OF_COMPLETE if complete else _TIME_UNITS_OF_INCOMPLETE
        deferred.append(DeferredWarning(ConvergenceWarning, opening, rest, time_units))
    elif (error := outcome.likelihood.error_of_window(solution.evaluation)) > _NOTABLE_ERROR:
        deferred.append(DeferredWarning(UserWarning, _explain_error_of_window(error)))
    elif solution.critical_point and solution.critical_point.kind == "flat" and not data_warning:
        direction = solution.critical_point.direction
        indicators = _explain_indicators(outcome)
        text = explain_flat(outcome.likelihood.family, direction, outcome.names, indicators)
        deferred.append(DeferredWarning(UserWarning, text))
    return deferred


def _explain_unbounded(outcome: Outcome) -> DeferredWarning:
    """The warning of a climb that showed that there is no maximum, with cause and remedies."""
    solution, likelihood = outcome.solution, outcome.likelihood
    cause, remedy = likelihood.no_maximum(solution.evaluation, outcome.names).args
    opening = (
        f"solver={outcome.attempt.estimator.solver!r} stopped as 'unbounded' after "
        f"{iterations(solution.n_iter)}: {cause}"
    )

    def ways_out(seconds: float) -> str:
        indicators = _explain_indicators(outcome)
        sentences = (indicators, explain_ridge(outcome), remedy, _reference(likelihood.page))
        return "".join(f" {sentence}" for sentence in sentences if sentence)

    return DeferredWarning(ConvergenceWarning, opening, ways_out)


def _explain(outcome: Outcome, seconds: float) -> str:
    """Sentences, each after a space, on why a climb failed and which settings would have worked.

    Trials, which may take `seconds` of processor time, find these settings.
    """
    attempt, likelihood = outcome.attempt, outcome.likelihood
    leap = explain_leap(outcome) if attempt.is_textbook else ""
    trials = Trials(4 * attempt.budget // 3, seconds)
    start = "" if leap else explain_start(outcome)
    sentences = [leap, start]
    slow = outcome.solution.stop_reason == "max_iter" and not (leap or start)
    sentences.append(_explain_indicators(outcome))
    needed = None
    if attempt.estimator.learning_rate != "auto":
        needed = iterations_needed(outcome, trials)
        sentences.append(explain_rate(outcome, needed, slow))
    n_iter_is_known = needed is not None
    sentences.append(explain_remedies(outcome, trials, slow=slow, n_iter_is_known=n_iter_is_known))
    if attempt.is_textbook:
        sentences.append(_reference("blow_up"))
    elif not likelihood.complete:
        sentences.append(_reference(likelihood.page))
    return "".join(f" {sentence}" for sentence in sentences if sentence)


def _explain_error_of_window(error: float) -> str:
    """The text of a warning that a window is integrated too coarsely, as the error in estimates."""
    size = f"about {short(error)} of" if error < 1 else "more than"
    return (
        "The integral over the window is not accurate enough, even with as many points as it may "
        f"have: the estimates may be off by {size} their standard errors, and log_likelihood_ is "
        "uncertain, too. Leave out limits at which no rows were cut off: limits of up to three "
        "features have integrals that are nearly exact, and so has covariance_type='diag'. "
        f"{_reference('truncation')}"
    )


def explain_flat(
    family: Family, direction: Array, names: Sequence[str], indicators: str = ""
) -> str:
    """The text of a warning that the maximum is not unique.

    It names the features that move along `direction`, a vector of the frame along which the
    likelihood is flat. `indicators` are sentences on the cause, if it is known.
    """
    of_mean, form = family.split_frame(direction)
    moved = np.hypot(of_mean, np.linalg.norm(form.reshape(len(form), -1), axis=1))
    involved = np.flatnonzero(moved > INVOLVED_SHARE * moved.max()).tolist()
    which = f"in a direction that moves {quoted([names[j] for j in involved])}"
    if family.correlated:
        together = (
            "Collect rows that show them together, or use covariance_type='diag', which does not "
            "need such rows. If one is constant wherever another is observed, as an indicator of "
            "its gaps is, drop it."
        )
        return (
            f"The likelihood is flat {which}: the observed values do not determine their "
            "distribution, and the result is one of many maxima. "
            f"{indicators or together} {_reference('missing_values')}"
        )
    return (
        f"The likelihood is flat {which}: the intervals are too few or too wide to determine both "
        "mean and variance, and the result is one of many maxima. Collect rows with other or "
        f"narrower intervals. {_reference('detection_limits')}"
    )


def _explain_indicators(outcome: Outcome) -> str:
    """Sentences on features that hardly vary where others are observed; empty if there are none."""
    pairs = outcome.statistics.narrow_pairs() if outcome.likelihood.family.correlated else []
    names = outcome.names
    found = [f"{names[k]!r} hardly varies in the rows that show {names[j]!r}" for j, k in pairs]
    if not found:
        return ""
    return (
        f"{capped(found, '; ', 'more such pairs')}, as an indicator of gaps does. So these rows "
        "tell next to nothing about both together. Drop indicators of gaps, or use "
        "covariance_type='diag'."
    )


def _what_happened(solution: Solution, estimator: Any) -> str:
    """The sentence that says how a climb that did not converge ended."""
    norm = f"the natural gradient norm is {solution.evaluation.natural_gradient_norm:.3g}, "
    if solution.evaluation.natural_gradient_norm > estimator.tol:
        norm += f"above tol={estimator.tol:g}"
    else:
        norm += f"below tol={estimator.tol:g}, but {_why_no_maximum(solution)}"
    ended = {
        "diverged": (
            f"diverged: iteration {solution.n_iter + 1} left the domain (a scale that is not "
            "positive, a covariance that is not positive definite, or a number that is not "
            "finite), and the iterate of highest likelihood was kept."
        ),
        "max_iter": f"did not converge in max_iter={iterations(estimator.max_iter)}: {norm}.",
        "stalled": (
            f"stalled after {iterations(solution.n_iter)}, because its search found no step that "
            f"raises the likelihood noticeably: {norm}."
        ),
        "callback": f"was stopped by a callback after {iterations(solution.n_iter)}: {norm}.",
    }[solution.stop_reason]
    return f"solver={estimator.solver!r} {ended}"


def _why_no_maximum(solution: Solution) -> str:
    """A clause that says why a climb that ended where the gradient is small has not converged."""
    if solution.next_task:
        return _WHY_UNFINISHED[solution.next_task]
    if solution.critical_point is not None and solution.critical_point.kind == "saddle":
        return "at a saddle point, from which the search found no way up"
    return "only because the likelihood is nearly flat here, and the maximum is not near"


def _reference(page: str) -> str:
    """The sentence that refers to a page of the documentation."""
    return f"See {DOCUMENTATION_URL}/{page}.html."
