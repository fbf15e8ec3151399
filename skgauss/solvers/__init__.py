"""Solvers: one algorithm a file, one loop for all in `base`."""

from .base import Observer, Solution, Solver, maximize
from .closed_form import ClosedForm
from .coordinate import Coordinate
from .gradient import Gradient
from .lbfgs import LBFGS
from .natural import Natural
from .steps import BarzilaiBorwein, Constant, StepLength

SOLVERS = ("natural", "gradient", "coordinate", "lbfgs", "closed-form")

__all__ = ["SOLVERS", "Observer", "Solution", "make_solver", "maximize"]


def make_solver(name: str, learning_rate: float | None, n_inner_iter: int) -> Solver:
    """The solver of a name; a `learning_rate` of None is "auto"."""
    step: StepLength = BarzilaiBorwein() if learning_rate is None else Constant(learning_rate)
    solvers = {
        "natural": lambda: Natural(learning_rate),
        "gradient": lambda: Gradient(step),
        "coordinate": lambda: Coordinate(step, n_inner_iter),
        "lbfgs": LBFGS,
        "closed-form": ClosedForm,
    }
    return solvers[name]()
