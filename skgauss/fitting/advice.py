"""The warnings of a fit that did not converge: what happened, why, and what works."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from .._typing import Array
from .._wording import DOCUMENTATION_URL, iterations, quoted
from ..gaussian import Family
from ..likelihoods import INVOLVED
from ..solvers import Solution
from .attempt import Outcome, Trials
from .leap import explain_leap, explain_start
from .rate import explain_rate, iterations_needed
from .remedies import explain_remedies, explain_ridge
from .warn_once import Words

# Least processor time for the trials behind a warning, in units of `warn_once._MOMENT`. Complete
# data get more, since climbs on them are often made for learning. For incomplete data one unit is
# twice the time of a few steps of the default solver on a small table.
_MOMENTS_OF_COMPLETE = 5
_MOMENTS_OF_INCOMPLETE = 1


def words_of(outcome: Outcome, of_data: str) -> list[Words]:
    """The warnings of a fit: `of_data`, if not empty, and one about the result of the climb."""
    solution, estimator = outcome.solution, outcome.attempt.estimator
    found = [Words(UserWarning, of_data)] if of_data else []
    if solution.stop_reason == "unbounded":
        found.append(_explain_unbounded(outcome))
    elif solution.stop_reason == "callback":
        found.append(Words(ConvergenceWarning, _what_happened(solution, estimator)))
    elif not solution.converged:
        opening, rest = _what_happened(solution, estimator), partial(_explain, outcome)
        complete = outcome.likelihood.complete
        moments = _MOMENTS_OF_COMPLETE if complete else _MOMENTS_OF_INCOMPLETE
        found.append(Words(ConvergenceWarning, opening, rest, moments))
    elif solution.critical_point and solution.critical_point.kind == "flat" and not of_data:
        direction = solution.critical_point.direction
        told = explain_flat(outcome.likelihood.family, direction, outcome.names)
        found.append(Words(UserWarning, told))
    return found


def _explain_unbounded(outcome: Outcome) -> Words:
    """The warning of a climb that showed that there is no maximum, with cause and remedies."""
    solution, likelihood = outcome.solution, outcome.likelihood
    cause, remedy = likelihood.no_maximum(solution.evaluation, outcome.names).args
    opening = (
        f"solver={outcome.attempt.estimator.solver!r} stopped as 'unbounded' after "
        f"{iterations(solution.n_iter)}: {cause}"
    )

    def ways_out(seconds: float) -> str:
        told = (explain_ridge(outcome), remedy, _see(likelihood.page))
        return "".join(f" {sentence}" for sentence in told if sentence)

    return Words(ConvergenceWarning, opening, ways_out)


def _explain(outcome: Outcome, seconds: float) -> str:
    """Sentences, each after a space, on why a climb failed and which settings would have worked.

    Trials, which may take `seconds` of processor time, find these settings.
    """
    attempt, likelihood = outcome.attempt, outcome.likelihood
    leap = explain_leap(outcome) if attempt.is_textbook else ""
    trials = Trials(4 * attempt.budget // 3, seconds)
    far = "" if leap else explain_start(outcome)
    sentences = [leap, far]
    slow = outcome.solution.stop_reason == "max_iter" and not (leap or far)
    needed = None
    if attempt.estimator.learning_rate != "auto":
        needed = iterations_needed(outcome, trials)
        sentences.append(explain_rate(outcome, needed, slow))
    far_to_go = needed is not None
    sentences.append(explain_remedies(outcome, trials, slow=slow, far_to_go=far_to_go))
    if attempt.is_textbook:
        sentences.append(_see("blow_up"))
    elif not likelihood.complete:
        sentences.append(_see(likelihood.page))
    return "".join(f" {sentence}" for sentence in sentences if sentence)


def explain_flat(family: Family, direction: Array, names: Sequence[str]) -> str:
    """The text of a warning that the maximum is not unique.

    It names the features that move along `direction`, a vector of the frame along which the
    likelihood is flat.
    """
    of_mean, form = family.split_frame(direction)
    moved = np.hypot(of_mean, np.linalg.norm(form.reshape(len(form), -1), axis=1))
    involved = np.flatnonzero(moved > INVOLVED * moved.max()).tolist()
    which = f"in a direction that moves {quoted([names[j] for j in involved])}"
    if family.correlated:
        return (
            f"The likelihood is flat {which}: the observed values do not determine their "
            "distribution, and the result is one of many maxima. Collect rows that show them "
            "together, or use covariance_type='diag', which does not need such rows. "
            f"{_see('missing_values')}"
        )
    return (
        f"The likelihood is flat {which}: the intervals are too few or too wide to determine both "
        "mean and variance, and the result is one of many maxima. Collect rows with other or "
        f"narrower intervals. {_see('detection_limits')}"
    )


def _what_happened(solution: Solution, estimator: Any) -> str:
    """The sentence that says how a climb that did not converge ended."""
    norm = f"the natural gradient norm is {solution.evaluation.natural_gradient_norm:.3g}, "
    if solution.evaluation.natural_gradient_norm > estimator.tol:
        norm += f"above tol={estimator.tol:g}"
    else:
        norm += f"below tol={estimator.tol:g}, but {_why_not_there(solution)}"
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


def _why_not_there(solution: Solution) -> str:
    """A clause that says why a point with a small gradient is not a maximum."""
    if solution.critical_point and solution.critical_point.kind == "saddle":
        return "at a saddle point, from which the search found no way up"
    return "only because the likelihood is nearly flat here, and the maximum is not near"


def _see(page: str) -> str:
    """The sentence that refers to a page of the documentation."""
    return f"See {DOCUMENTATION_URL}/{page}.html."
