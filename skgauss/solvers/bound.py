"""The largest stable constant step, wherever a climb ended."""

from .._typing import Array
from ..gaussian import PARAMETRIZATIONS
from ..likelihoods import Evaluation, Likelihood, curvature
from .accelerated import AcceleratedNatural
from .base import Solution, Solver, maximize
from .objective import Objective

_MOST = 200  # iterations, of which some sixty are enough wherever a maximum is near


def learning_rate_bound(objective: Objective, solver: Solver, solution: Solution) -> float:
    """Largest constant step that is stable at the maximum, wherever the solution is."""
    likelihood = objective.likelihood
    natural = solver.stable_rate is not None
    if solver.stable_rate is not None and likelihood.at_most_fisher:
        return solver.stable_rate
    at = solution.evaluation
    if not (likelihood.has_closed_form or solution.stop_reason in ("converged", "unbounded")):
        at = climb_to_maximum(likelihood, at.mean, at.factor)
    theta = curvature.Frame() if natural else objective.parametrization
    return curvature.learning_rate_bound(likelihood, theta, at)


def climb_to_maximum(likelihood: Likelihood, mean: Array, factor: Array) -> Evaluation:
    """A maximum, as well as the default solver finds it, where there is no closed form."""
    objective = Objective(likelihood, PARAMETRIZATIONS["scale"](likelihood.family))
    start = likelihood.evaluate(mean, factor)
    # A climb that failed far away has not chosen among maxima.
    solver = AcceleratedNatural(may_guess=True)
    return maximize(objective, solver, start, max_iter=_MOST, tol=1e-6).evaluation
