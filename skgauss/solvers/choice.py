"""The solvers by name."""

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
    name: str, learning_rate: float | None, n_inner_iter: int, *, may_guess: bool = False
) -> Solver:
    """The solver with this name; `learning_rate` is None for "auto". See `AcceleratedNatural`."""
    step: StepLength = BarzilaiBorwein() if learning_rate is None else Constant(learning_rate)
    natural = AcceleratedNatural(may_guess) if learning_rate is None else Natural(learning_rate)
    solvers: dict[str, Solver] = {
        "natural": natural,
        "gradient": Gradient(step),
        "coordinate": Coordinate(step, n_inner_iter),
        "lbfgs": LBFGS(),
        "newton": AcceleratedNatural(may_guess, newton_at_once=True),
        "closed-form": ClosedForm(),
    }
    return solvers[name]
