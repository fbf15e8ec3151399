"""Solvers: one algorithm a file, one loop for all in `base`, and the objective they climb.

What belongs here sees values and gradients, of theta or in the frame of a point, and no data. Which
likelihood is climbed only `recursion` asks, which has numbers of its own for one complete feature.
"""

from .base import Observer, Solution, Solver, maximize
from .choice import SOLVERS, make_solver
from .objective import Objective
from .safeguards import NEAR
from .step_bound import climb_to_maximum, learning_rate_bound
