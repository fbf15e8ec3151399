"""An attempt to climb, as an estimator's parameters ask for it; to be repeated with others."""

from __future__ import annotations

import copy
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from ..likelihoods import Evaluation, Likelihood
from ..solvers import Objective, Observer, Solution, Solver, make_solver, maximize
from .start import chooses_its_start, first_start
from .warn_once import Warner

# Iterations of all repetitions.
_MOST_OF_COMPLETE = 3000  # those of three climbs of the default length
_MOST_NUMBERS = 10**6  # parameters moved by them together: fewer iterations where there are many
_MOST_OF_INCOMPLETE = 200  # where values are missing: about what `learning_rate_bound_` costs


class Attempt(NamedTuple):
    """What decides how a climb goes, before it goes.

    Attributes
    ----------
    estimator : GaussianGradientMLE
        Its parameters decide on the solver, the rate, `tol` and the path.
    objective : Objective
    start : Evaluation
    start_is_set : bool
        Whether the start is that of the parameters, and not the end of an earlier fit.
    warner : Warner
        It knows whether a search or a loop makes the fit.
    """

    estimator: Any
    objective: Objective
    start: Evaluation
    start_is_set: bool
    warner: Warner

    @property
    def budget(self) -> int:
        """How many iterations may be spent on finding out why it failed, and what works."""
        likelihood = self.objective.likelihood
        if not likelihood.complete:
            return _MOST_OF_INCOMPLETE
        return min(_MOST_OF_COMPLETE, 1 + _MOST_NUMBERS // likelihood.family.n_parameters)

    @property
    def solver(self) -> Solver:
        """A new solver, as the parameters ask for it."""
        estimator = self.estimator
        rate = None if estimator.learning_rate == "auto" else float(estimator.learning_rate)
        may_guess = chooses_its_start(estimator)
        return make_solver(estimator.solver, rate, estimator.n_inner_iter, may_guess=may_guess)

    @property
    def is_textbook(self) -> bool:
        """Whether its steps are those of the question: of a constant rate, along the gradient."""
        estimator = self.estimator
        return estimator.learning_rate != "auto" and estimator.solver in ("gradient", "coordinate")

    def run(self, max_iter: int, observer: Observer | None = None) -> Solution:
        """The solution of a climb, with its path if that is asked for or may explain a failure."""
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

    def changed(self, settings: dict[str, Any]) -> Attempt:
        """The attempt with other parameters of the estimator, from the start that they ask for."""
        estimator = copy.copy(self.estimator)
        vars(estimator).update(settings)
        start = self.start
        if self.start_is_set or "mean_init" in settings:
            start = first_start(estimator, self.objective.likelihood)
        return self._replace(estimator=estimator, start=start)


class Outcome(NamedTuple):
    """Where a fit ended, and all that may explain it.

    Attributes
    ----------
    attempt : Attempt
    solution : Solution
    bound : float
        The largest constant step that is stable at the maximum.
    statistics : SufficientStatistics, or statistics by pattern or by feature
    names : sequence of str
        The names of the features.
    """

    attempt: Attempt
    solution: Solution
    bound: float
    statistics: Any
    names: Sequence[str]

    @property
    def likelihood(self) -> Likelihood:
        """The likelihood that was climbed."""
        return self.attempt.objective.likelihood


class Trials:
    """Climbs with other settings, as long as there are iterations and seconds left for them.

    It is an `Observer` of these climbs, and stops one whose seconds are over. Seconds are those of
    the processor, of which other processes take none.

    Parameters
    ----------
    n_iter : int
        How many iterations all climbs together may take.
    seconds : float
        How long they may take.

    Attributes
    ----------
    left : int
        Iterations that are left.
    """

    sees_all = False

    def __init__(self, n_iter: int, seconds: float):
        self.left = n_iter
        self._last = self._end = time.process_time() + seconds

    def share(self, n: int, *, of_seconds: bool = True) -> int:
        """Iterations for the next of `n` groups of trials, which share equally in all that is left.

        From now on `seconds` counts the time of that group alone, or all that is left unless they
        share in it.
        """
        now = time.process_time()
        self._end = now + (self._last - now) / (n if of_seconds else 1)
        return self.left // n

    @property
    def seconds(self) -> float:
        """Seconds that are left; negative where the time is over."""
        return self._end - time.process_time()

    def run(self, attempt: Attempt, max_iter: int) -> Solution:
        """The solution of one climb, whose iterations are spent then."""
        solution = attempt.run(max_iter, observer=self)
        self.left -= max(solution.n_iter, 1)
        return solution

    def begin(self, evaluation: Evaluation) -> None:
        pass

    def end(self, evaluation: Evaluation) -> bool:
        return self.seconds < 0
