"""An attempt to climb, as an estimator's parameters ask for it; to be repeated with others."""

from __future__ import annotations

import copy
from typing import Any, NamedTuple

from ..likelihoods import Evaluation
from ..solvers import Objective, Observer, Solution, Solver, make_solver, maximize
from .start import chooses_its_start, first_start

# Iterations of all repetitions: on complete data those of three climbs of the default length,
# fewer where there are many numbers to move; where values are missing about as many as
# `learning_rate_bound_` costs.
_MOST, _MOST_NUMBERS, _MOST_OF_INCOMPLETE = 3000, 10**6, 200


class Attempt(NamedTuple):
    """What decides how a climb goes, before it goes.

    Attributes
    ----------
    estimator : GaussianGradientMLE
        For its parameters.
    objective : Objective
    start : Evaluation
    start_is_set : bool
        Whether the start is that of the parameters, and not the end of an earlier fit.
    """

    estimator: Any
    objective: Objective
    start: Evaluation
    start_is_set: bool

    @property
    def budget(self) -> int:
        """Iterations that may be spent on finding out why it failed, and what works."""
        likelihood = self.objective.likelihood
        if not likelihood.complete:
            return _MOST_OF_INCOMPLETE
        return min(_MOST, 1 + _MOST_NUMBERS // likelihood.family.n_parameters)

    @property
    def solver(self) -> Solver:
        estimator = self.estimator
        rate = None if estimator.learning_rate == "auto" else float(estimator.learning_rate)
        may_guess = chooses_its_start(estimator)
        return make_solver(estimator.solver, rate, estimator.n_inner_iter, may_guess=may_guess)

    def run(
        self, max_iter: int, *, record_path: bool = False, observer: Observer | None = None
    ) -> Solution:
        return maximize(
            self.objective,
            self.solver,
            self.start,
            max_iter=max_iter,
            tol=self.estimator.tol,
            record_path=record_path,
            observer=observer,
        )

    def changed(self, settings: dict[str, Any]) -> Attempt:
        """The attempt with other parameters of the estimator, and from the start that they ask
        for.
        """
        estimator = copy.copy(self.estimator).set_params(**settings)
        start = self.start
        if self.start_is_set or "mean_init" in settings:
            start = first_start(estimator, self.objective.likelihood)
        return self._replace(estimator=estimator, start=start)
