"""What a fit that did not converge tells its user: what happened, why, what to do."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from ._typing import Array
from .regularization import linear_relation
from .solvers import Solution

_INVOLVED = 0.1  # share of the largest part of a direction that counts
_NEGLIGIBLE = 1e-3  # the same in a relation that a climb was still sharpening


def warnings_of(
    solution: Solution, estimator: Any, bound: float, names: Sequence[str], of_data: str
) -> list[tuple[str, type[Warning]]]:
    """All that a fit has to say: what its data lack, how its climb ended, what stays open."""
    found: list[tuple[str, type[Warning]]] = [(of_data, UserWarning)] if of_data else []
    if not solution.converged:
        found.append((explain(solution, estimator, bound, names), ConvergenceWarning))
    elif solution.flat_direction is not None and not of_data:
        found.append((explain_flat(solution.flat_direction, names), UserWarning))
    return found


def explain(solution: Solution, estimator: Any, bound: float, names: Sequence[str]) -> str:
    """Text of a `ConvergenceWarning`.

    Parameters
    ----------
    solution : Solution
    estimator : GaussianGradientMLE
        For its parameters.
    bound : float
        The largest constant step that is stable at the maximum.
    names : sequence of str
        Of the features.
    """
    if solution.stop_reason == "unbounded":
        return (
            f"solver={estimator.solver!r} stopped as 'unbounded' after {solution.n_iter} "
            f"iterations: {why_unbounded(solution, names)} Remedy: a larger reg_covar; or "
            "covariance_type='diag'; or drop one of these features; or more complete rows."
        )
    sentences = [f"solver={estimator.solver!r} {_what_happened(solution, estimator)}"]
    if solution.stop_reason != "callback":
        if estimator.learning_rate != "auto":
            sentences.append(_rate_against_curvature(estimator, bound))
        sentences.append(f"Remedy: {'; or '.join(_remedies(solution, estimator, bound))}.")
    return " ".join(sentences)


def explain_flat(direction: Array, names: Sequence[str]) -> str:
    """Text of a warning that the maximum is not unique."""
    d = len(names)
    moved = np.abs(direction[:d])
    if direction.size == d + d * d:
        moved = np.hypot(moved, np.linalg.norm(direction[d:].reshape(d, d), axis=1))
    elif direction.size == 2 * d:
        moved = np.hypot(moved, direction[d:])
    least = _INVOLVED * moved.max()
    involved = ", ".join(repr(names[j]) for j in np.flatnonzero(moved > least).tolist())
    return (
        f"The likelihood is flat in a direction that moves {involved}: the observed values do "
        "not determine their joint distribution, and the result is one of many maxima. Collect "
        "rows that show them together, or use covariance_type='diag'."
    )


def why_unbounded(solution: Solution, names: Sequence[str]) -> str:
    """Why a climb stopped as "unbounded"; empty if it did not."""
    if solution.stop_reason != "unbounded":
        return ""
    factor = solution.evaluation.factor
    _, involved = linear_relation(factor @ factor.T, names, negligible=_NEGLIGIBLE)
    return (
        "the likelihood has no maximum at a regular covariance, but rises as the covariance turns "
        f"singular, in the direction of {involved}. Either these depend on each other linearly in "
        "the rows that show them, or too few rows show them together."
    )


def _what_happened(solution: Solution, estimator: Any) -> str:
    norm = (
        f"the natural gradient norm is {solution.evaluation.natural_gradient_norm:.3g}, above "
        f"tol={estimator.tol:g}"
    )
    return {
        "diverged": (
            f"diverged: iteration {solution.n_iter + 1} left the domain (a scale that is not "
            "positive, a covariance that is not positive definite, or a number that is not "
            "finite). The iterate of highest likelihood was kept."
        ),
        "max_iter": f"did not converge in max_iter={estimator.max_iter} iterations: {norm}.",
        "stalled": (
            f"stalled after {solution.n_iter} iterations, where its search found no step that "
            f"raises the likelihood: {norm}."
        ),
        "callback": f"was stopped by a callback after {solution.n_iter} iterations: {norm}.",
    }[solution.stop_reason]


def _rate_against_curvature(estimator: Any, bound: float) -> str:
    side = "above" if estimator.learning_rate > bound else "below"
    theta = "" if estimator.solver == "natural" else f" for {estimator.parametrization!r}"
    return (
        f"learning_rate={estimator.learning_rate:g} is {side} the largest constant step that is "
        f"stable at the maximum{theta}, learning_rate_bound_={bound:.4g}."
    )


def _remedies(solution: Solution, estimator: Any, bound: float) -> list[str]:
    constant = estimator.learning_rate != "auto"
    too_fast = constant and estimator.learning_rate > bound
    remedies = []
    if constant and (too_fast or solution.stop_reason == "diverged"):
        remedies.append("a smaller learning_rate")
    if solution.stop_reason == "max_iter" and not too_fast:
        remedies.append("a larger max_iter")
    if solution.stop_reason != "max_iter" and not too_fast:
        remedies.append("a start nearer to the maximum (mean_init, covariance_init)")
    if constant:
        remedies.append("learning_rate='auto'")
    if estimator.solver != "natural":
        remedies += ["solver='natural'", "standardised data (StandardScaler in a pipeline)"]
    return remedies
