"""The solvers by name."""

from typing import Literal

from .accelerated import AcceleratedNatural
from .base import Solver
from .closed_form import ClosedForm
from .coordinate import Coordinate
from .gradient import Gradient
from .lbfgs import LBFGS
from .natural import Natural
from .step_lengths import BarzilaiBorwein, Constant, StepLength

SOLVERS = ("natural", "gradient", "coordinate", "lbfgs", "newton", "closed-form")


def make_solver(
    name: str, learning_rate: float | Literal["auto"], n_inner_iter: int, may_guess: bool
) -> Solver:
    """The solver with the parameters of an estimator; for `may_guess` see `AcceleratedNatural`."""
    automatic = isinstance(learning_rate, str)
    step: StepLength = BarzilaiBorwein() if automatic else Constant(float(learning_rate))
    natural = AcceleratedNatural(may_guess) if automatic else Natural(float(learning_rate))
    solvers: dict[str, Solver] = {
        "natural": natural,
        "gradient": Gradient(step),
        "coordinate": Coordinate(step, n_inner_iter),
        "lbfgs": LBFGS(),
        "newton": AcceleratedNatural(may_guess, newton_at_once=True),
        "closed-form": ClosedForm(),
    }
    return solvers[name]
