"""L-BFGS by SciPy, whose own loop reports to the same monitor."""

from contextlib import suppress

import numpy as np
from scipy.optimize import minimize

from .._typing import Array
from ..blocks import threads
from ..gaussian import NotPositiveDefiniteError
from ..likelihoods import Evaluation
from .base import Monitor, Solver
from .objective import Objective, Point, blocks
from .step_lengths import steepest_rate

_MEMORY = 20  # pairs of steps and gradient changes that SciPy keeps, twice its default


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
        # SciPy's own triangular solves, however small, would start the threads of BLAS. At the edge
        # of the domain SciPy may accept a point that rounding has moved outside.
        multiplications = int(objective.likelihood.family.n_parameters**1.5)
        with threads.blas_threads_for(multiplications), suppress(NotPositiveDefiniteError):
            minimize(
                ascent.negated,
                ascent.point.theta / ascent.unit,
                jac=True,
                method="L-BFGS-B",
                callback=ascent.accept,
                # Only the monitor or a failed line search stops the climb.
                options={
                    "maxiter": 10**9,
                    "maxfun": 10**9,
                    "ftol": 0.0,
                    "gtol": 0.0,
                    "maxcor": _MEMORY,
                },
            )
        if not monitor.stop_reason:
            monitor.end_early("stalled")


class _Ascent:
    """The two functions that SciPy calls: the negated objective, and one after each iteration.

    SciPy sees theta in a `unit` for each of its numbers, in which the curvature at the start is
    about 1 in the mean and in the covariance, whatever the units of the data.
    """

    def __init__(self, objective: Objective, point: Point, monitor: Monitor):
        self._objective = objective
        self._monitor = monitor
        self.point = self._trial = point
        self.unit = np.zeros_like(point.theta)
        for block in blocks(point):
            self.unit += block * np.sqrt(steepest_rate(objective, point, block * point.gradient))

    def negated(self, scaled: Array) -> tuple[float, Array]:
        """Minus the objective at a scaled theta, and minus its gradient."""
        theta = scaled * self.unit
        try:
            self._trial = self._objective.at(theta)
        except NotPositiveDefiniteError:
            return self._outside(theta)
        return -self._trial.value, -self._trial.gradient * self.unit

    def accept(self, scaled: Array) -> None:
        """Show the monitor the iterate, and raise `StopIteration` if the climb ends there."""
        theta = scaled * self.unit
        if not np.array_equal(theta, self._trial.theta):
            self._trial = self._objective.at(theta)
        self.point = self._trial
        if not self._monitor.visit(self.point.evaluation):
            raise StopIteration

    def _outside(self, theta: Array) -> tuple[float, Array]:
        """A loss as large as the promised gain, and no gradient, so that the search turns back.

        Infinity would break its interpolation, and a huge number would shorten the step too much.
        """
        promised = abs(float(self.point.gradient @ (theta - self.point.theta)))
        return promised - self.point.value, np.zeros_like(theta)
