"""What a fit that did not converge tells its user: what happened, why, what to do."""

from typing import Any

from .solvers import Solution


def explain(solution: Solution, estimator: Any, bound: float) -> str:
    """Text of a `ConvergenceWarning`.

    Parameters
    ----------
    solution : Solution
    estimator : GaussianGradientMLE
        For its parameters.
    bound : float
        The largest constant step that is stable at the maximum.
    """
    sentences = [f"solver={estimator.solver!r} {_what_happened(solution, estimator)}"]
    if solution.stop_reason != "callback":
        if estimator.learning_rate != "auto":
            sentences.append(_rate_against_curvature(estimator, bound))
        sentences.append(f"Remedy: {'; or '.join(_remedies(solution, estimator, bound))}.")
    return " ".join(sentences)


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
