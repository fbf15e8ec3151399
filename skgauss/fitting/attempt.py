"""A climb with the settings of an estimator, and trial climbs with other settings."""

from __future__ import annotations

import copy
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from ..likelihoods import Evaluation, Likelihood
from ..solvers import Objective, Observer, Solution, Solver, make_solver, maximize
from .start import chooses_its_start, first_start
from .warn_once import Warner

# Limits on the iterations of all trials together.
_MAX_ITER_COMPLETE = 3000  # as many as three climbs of the default length
# Iterations times parameters, so that many parameters get few iterations.
_MAX_ITER_TIMES_PARAMETERS = 10**6
_MAX_ITER_INCOMPLETE = 200  # with incomplete data; about sixty lead to a maximum that exists


class Attempt(NamedTuple):
    """All that determines a climb."""

    estimator: Any  # its parameters tell the solver, the rate, `tol` and whether the path is kept
    objective: Objective
    start: Evaluation
    start_is_set: bool  # whether it comes from the parameters and not from an earlier fit
    warner: Warner  # knows whether a search or a loop makes the fit

    @property
    def budget(self) -> int:
        """How many iterations the trials may take to find settings that converge."""
        likelihood = self.objective.likelihood
        if not likelihood.complete:
            return _MAX_ITER_INCOMPLETE
        return min(
            _MAX_ITER_COMPLETE, 1 + _MAX_ITER_TIMES_PARAMETERS // likelihood.family.n_parameters
        )

    @property
    def solver(self) -> Solver:
        """A new solver with the settings of the estimator."""
        e = self.estimator
        return make_solver(e.solver, e.learning_rate, e.n_inner_iter, chooses_its_start(e))

    @property
    def is_textbook(self) -> bool:
        """Whether this is the textbook recursion: steps of constant rate along the gradient."""
        estimator = self.estimator
        return estimator.learning_rate != "auto" and estimator.solver in ("gradient", "coordinate")

    def run(self, max_iter: int, observer: Observer | None = None) -> Solution:
        """The solution of a climb, with its path if recorded or needed to explain a failure."""
        n_shown = 0 if self.estimator.learning_rate == "auto" else 1 + self.budget // 3
        return maximize(
            self.objective,
            self.solver,
            self.start,
            max_iter=max_iter,
            tol=self.estimator.tol,
            n_kept=1 + max_iter if self.estimator.record_path else n_shown,
            observer=observer,
        )

    def by_default(self) -> Solution | None:
        """The solution of the default solver, from the user's start or else from its own.

        None if the likelihood at its start is not a finite number.
        """
        default = {"solver": "natural", "learning_rate": "auto", "record_path": False}
        with suppress(ValueError):
            return self.changed(default).run(_MAX_ITER_INCOMPLETE)
        return None

    def changed(self, settings: dict[str, Any]) -> Attempt:
        """A copy of the attempt with other settings, and with the start that belongs to them."""
        estimator = copy.copy(self.estimator)
        vars(estimator).update(settings)
        start = self.start
        if self.start_is_set or "mean_init" in settings:
            start = first_start(estimator, self.objective.likelihood)
        return self._replace(estimator=estimator, start=start)


class Outcome(NamedTuple):
    """The result of a fit, and all that helps to explain it."""

    attempt: Attempt
    solution: Solution
    # That of the default solver, if the bound needed the maximum and this solution is none.
    by_default: Solution | None
    bound: float  # the largest constant step that is stable at the maximum
    statistics: Any  # of complete rows, by pattern or by feature
    names: Sequence[str]  # of the features

    @property
    def likelihood(self) -> Likelihood:
        """The likelihood that was climbed."""
        return self.solution.likelihood


class Trials:
    """Runs trial climbs within a budget of iterations and of processor time.

    It is the `Observer` of these climbs, and stops a climb whose time is over. Processor time does
    not depend on what other processes do.
    """

    sees_all = False

    def __init__(self, n_iter: int, seconds: float):
        self.left = n_iter  # that all further climbs together may take
        self._last = self._end = time.process_time() + seconds

    def share(self, n: int, *, of_seconds: bool = True) -> int:
        """The iterations for the next of `n` groups of trials, which share equally in what is left.

        From now on `seconds` is the time that is left to this group: an equal share of the
        remaining time or, with ``of_seconds=False``, all of it.
        """
        now = time.process_time()
        self._end = now + (self._last - now) / (n if of_seconds else 1)
        return self.left // n

    @property
    def seconds(self) -> float:
        """The processor seconds that are left; negative once the time is over."""
        return self._end - time.process_time()

    def run(self, attempt: Attempt, max_iter: int) -> Solution:
        """The solution of one climb, whose iterations are taken off `left`."""
        solution = attempt.run(max_iter, observer=self)
        self.left -= max(solution.n_iter, 1)
        return solution

    def begin(self, evaluation: Evaluation) -> None:
        pass

    def end(self, evaluation: Evaluation) -> bool:
        return self.seconds < 0
