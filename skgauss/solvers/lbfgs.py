"""L-BFGS, scipy's: its own loop, watched by the same monitor."""

from contextlib import suppress

import numpy as np
from scipy.optimize import minimize

from .._typing import Array
from ..blocks import threads
from ..gaussian import NotPositiveDefiniteError
from ..likelihoods import Evaluation
from .base import Monitor, Solver
from .objective import Objective, Point

_MEMORY = 20  # pairs of steps and changes of the gradient that scipy keeps, twice its default


class LBFGS(Solver):
    """Limited-memory quasi-Newton ascent.

    References
    ----------
    Byrd, Lu, Nocedal and Zhu (1995), SIAM Journal on Scientific Computing 16(5).
    """

    def run(self, objective: Objective, start: Evaluation, monitor: Monitor) -> None:
        if not monitor.visit(start):
            return
        ascent = _Ascent(objective, objective.start(start), monitor)
        # Scipy's own triangles, however small, would wake the threads of BLAS. At the edge of the
        # domain it may accept a point that, as it rounds it, lies outside.
        multiplications = int(objective.likelihood.family.n_parameters**1.5)
        with threads.blas_threads_for(multiplications), suppress(NotPositiveDefiniteError):
            minimize(
                ascent.negated,
                ascent.point.theta,
                jac=True,
                method="L-BFGS-B",
                callback=ascent.accept,
                # Only the monitor stops the climb, or a line search that finds nothing.
                options={
                    "maxiter": 10**9,
                    "maxfun": 10**9,
                    "ftol": 0.0,
                    "gtol": 0.0,
                    "maxcor": _MEMORY,
                },
            )
        if not monitor.stop_reason:
            monitor.break_off("stalled")


class _Ascent:
    """The two functions that scipy calls: the negated objective, and the end of an iteration."""

    def __init__(self, objective: Objective, point: Point, monitor: Monitor):
        self._objective = objective
        self._monitor = monitor
        self.point = self._trial = point

    def negated(self, theta: Array) -> tuple[float, Array]:
        """Minus the objective at theta, and minus its gradient."""
        try:
            self._trial = self._objective.at(theta.copy())
        except NotPositiveDefiniteError:
            return self._outside(theta)
        return -self._trial.value, -self._trial.gradient

    def accept(self, theta: Array) -> None:
        """Show the monitor the iterate, and raise `StopIteration` where it says stop."""
        if not np.array_equal(theta, self._trial.theta):
            self._trial = self._objective.at(theta.copy())
        self.point = self._trial
        if not self._monitor.visit(self.point.evaluation):
            raise StopIteration

    def _outside(self, theta: Array) -> tuple[float, Array]:
        """A loss as large as the gain that the slope promised, so that the search turns back.

        Infinity would break its interpolation, a huge number would send it back too far.
        """
        promised = abs(float(self.point.gradient @ (theta - self.point.theta)))
        return promised - self.point.value, np.zeros_like(theta)
