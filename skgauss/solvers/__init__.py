"""Solvers: one algorithm a file, one loop for all in `base`."""

from .. import curvature
from .._typing import Array
from ..likelihood import Evaluation, Likelihood
from ..objective import Objective
from ..parametrizations import PARAMETRIZATIONS
from .accelerated import AcceleratedNatural
from .base import Observer, Solution, Solver, maximize
from .closed_form import ClosedForm
from .coordinate import Coordinate
from .gradient import Gradient
from .lbfgs import LBFGS
from .natural import Natural
from .newton import Newton
from .steps import BarzilaiBorwein, Constant, StepLength

SOLVERS = ("natural", "gradient", "coordinate", "lbfgs", "newton", "closed-form")

__all__ = [
    "SOLVERS",
    "Observer",
    "Solution",
    "climb_to_maximum",
    "learning_rate_bound",
    "make_solver",
    "maximize",
]


def make_solver(
    name: str, learning_rate: float | None, n_inner_iter: int, *, may_guess: bool = False
) -> Solver:
    """The solver of a name; a `learning_rate` of None is "auto", see `AcceleratedNatural`."""
    step: StepLength = BarzilaiBorwein() if learning_rate is None else Constant(learning_rate)
    solvers = {
        "natural": lambda: (
            AcceleratedNatural(may_guess) if learning_rate is None else Natural(learning_rate)
        ),
        "gradient": lambda: Gradient(step),
        "coordinate": lambda: Coordinate(step, n_inner_iter),
        "lbfgs": LBFGS,
        "newton": lambda: Newton(may_guess),
        "closed-form": ClosedForm,
    }
    return solvers[name]()


def learning_rate_bound(objective: Objective, solver: Solver, solution: Solution) -> float:
    """Largest constant step that is stable at the maximum, wherever the solution is."""
    if solver.stable_rate is not None:
        return solver.stable_rate
    likelihood = objective.likelihood
    at = solution.evaluation
    if not (likelihood.concave or solution.stop_reason in ("converged", "unbounded")):
        at = climb_to_maximum(likelihood, at.mean, at.factor)
    return curvature.learning_rate_bound(likelihood, objective.parametrization, at)


def climb_to_maximum(likelihood: Likelihood, mean: Array, factor: Array) -> Evaluation:
    """A maximum, as well as the default solver finds it, where there is no closed form."""
    objective = Objective(likelihood, PARAMETRIZATIONS["scale"](likelihood.family))
    start = likelihood.evaluate(mean, factor)
    return maximize(objective, AcceleratedNatural(), start, max_iter=1000, tol=1e-6).evaluation
