"""Solvers: one algorithm a file, one loop for all in `base`, and the objective they climb.

Solvers see values and gradients, with respect to theta or in the frame of a point, and no data.
Only `recursion` asks which likelihood it climbs, since it treats one complete feature as numbers.
"""

from .base import Observer, Solution, Solver, maximize
from .choice import SOLVERS, make_solver
from .objective import Objective
from .safeguards import NEAR_NORM
from .step_bound import climb_to_maximum, learning_rate_bound
