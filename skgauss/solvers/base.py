"""The one loop of all solvers, and the record of its result."""

import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np

from .._typing import Array
from ..gaussian import NotPositiveDefiniteError, linalg
from ..likelihoods import CriticalPoint, Evaluation, Evaluations, Likelihood, critical_point, leave
from .objective import Objective

_ROUNDED = 0.01  # the largest norm by which a mean may miss a maximum for want of digits
_SLACK = 1.01  # factor of the limit for iterates passed by, whose norms round in another way
_CLOSER = 0.1  # factor of the norm at which to look again, where the curvature settled nothing


class Stalled(Exception):
    """No step from here raises the likelihood by more than rounding."""


class Unbounded(Exception):
    """The climb shows that it leads to no maximum."""


@dataclass(frozen=True)
class Solution:
    """The end of a climb: where a solver stopped, why, and the way there.

    Parameters
    ----------
    evaluation : Evaluation
        The result: the last iterate, or the best one of a climb that diverged.
    stop_reason : str
        "converged", "max_iter", "diverged", "stalled", "unbounded" or "callback".
    values : list of float
        The log-likelihood of every iterate.
    path : list of (mean, factor)
        The first iterates, from the start on: as many as were to be kept.
    critical_point : CriticalPoint or None
        What the curvature said of the last iterate whose gradient was small.
    seconds : float
        How long the climb took.
    """

    evaluation: Evaluation
    stop_reason: str
    values: list[float]
    path: list[tuple[Array, Array]]
    critical_point: CriticalPoint | None
    seconds: float

    @property
    def n_iter(self) -> int:
        return len(self.values) - 1

    @property
    def converged(self) -> bool:
        return self.stop_reason == "converged"


class Observer(Protocol):
    """One who is told where each iteration begins and ends, and may ask to stop.

    Attributes
    ----------
    sees_all : bool
        Whether it has to be told of every iteration, or of some.
    """

    sees_all: bool

    def begin(self, evaluation: Evaluation) -> None:
        """Take note that an iteration begins at this point."""
        ...

    def end(self, evaluation: Evaluation) -> bool:
        """Whether the climb is to stop, now that an iteration has led to this point."""
        ...


@dataclass
class Monitor:
    """Sees every iterate, keeps the path, and says when to stop.

    Parameters
    ----------
    likelihood : Likelihood
    max_iter : int
    tol : float
        Largest natural gradient norm that counts as converged, or what rounding leaves
        of it if that is larger.
    n_kept : int
        How many iterates to keep as the path.
    observer : Observer or None

    Attributes
    ----------
    last : Evaluation
        The iterate that was visited last.
    critical_point : CriticalPoint or None
        What the curvature said of the last iterate whose gradient was small.
    stop_reason : str
        As `Solution` has it; empty while the climb goes on.
    """

    likelihood: Likelihood
    max_iter: int
    tol: float
    n_kept: int
    observer: Observer | None
    last: Evaluation = field(init=False)
    critical_point: CriticalPoint | None = None
    stop_reason: str = ""
    _values: list[float] = field(default_factory=list)
    _path: list[tuple[Array, Array]] = field(default_factory=list)
    _best: Evaluation | None = None
    _asked: float | None = None  # in place of tol, where that did not settle it

    def visit(self, evaluation: Evaluation) -> bool:
        """Take note of an iterate; True if the climb is to go on."""
        self.last = evaluation
        self._values.append(self.likelihood.log_likelihood(evaluation))
        if self._best is None or evaluation.value > self._best.value:
            self._best = evaluation
        if len(self._path) < self.n_kept:
            self._path.append((evaluation.mean, evaluation.factor))
        moved = len(self._values) > 1  # else a start, which shows nothing of where a climb leads
        asked_to_stop = moved and self.observer is not None and self.observer.end(evaluation)
        if self._is_settled(evaluation):
            self.stop_reason = "converged"
        elif moved and self.likelihood.is_degenerate(evaluation):
            self.stop_reason = "unbounded"
        elif asked_to_stop:
            self.stop_reason = "callback"
        elif len(self._values) > self.max_iter:
            self.stop_reason = "max_iter"
        elif self.observer is not None:
            self.observer.begin(evaluation)
        return not self.stop_reason

    @property
    def room(self) -> int:
        """How many iterates may follow without a visit, before one that has to be visited."""
        told_of_all = self.observer is not None and self.observer.sees_all
        return 0 if told_of_all else max(self.max_iter - len(self._values), 0)

    def pass_by(self, many: Evaluations) -> int:
        """Take note of iterates in a row, up to the first where the climb may end.

        Returns
        -------
        n : int
            How many of them were noted; the next one is to be visited.
        """
        likelihood = self.likelihood
        limit = _SLACK * max(self.tol, likelihood.rounding_limit(self.last))
        digits = np.minimum(_SLACK * np.spacing(np.abs(many.means)) / many.factors, _ROUNDED)
        may_settle = many.by_mean <= np.maximum(digits[:, 0], limit)
        may_settle &= many.by_covariance <= limit
        goes_on = np.isfinite(many.values) & ~may_settle
        n = len(goes_on) if goes_on.all() else int(goes_on.argmin())
        if n:
            self._values.extend(many.log_likelihoods[:n].tolist())
            best = int(many.values[:n].argmax())
            if self._best is None or many.values[best] > self._best.value:
                self._best = likelihood.evaluate(many.means[best], many.factors[best])
            kept = min(n, self.n_kept - len(self._path))
            self._path.extend(zip(many.means[:kept], many.factors[:kept], strict=True))
        return n

    def _is_settled(self, evaluation: Evaluation, rounding: float = 0.0) -> bool:
        """Whether the point is stationary, and the curvature does not deny that it is near one.

        Its natural gradient norm may exceed `tol` by `rounding`.
        """
        likelihood = self.likelihood
        limit = self._asked or max(self.tol, likelihood.rounding_limit(evaluation))
        limit += rounding
        if not self._is_stationary(evaluation, limit) or likelihood.mismatch(evaluation) > limit:
            return False
        if likelihood.is_known_to_be_maximum(evaluation):
            return True
        self.critical_point = critical_point(self.likelihood, evaluation)
        if self.critical_point is not None and self.critical_point.kind == "slope":
            self._asked = _CLOSER * evaluation.natural_gradient_norm
            return False
        flat = self.critical_point is not None and self.critical_point.kind == "flat"
        return not (flat and likelihood.is_degenerate(evaluation))

    def _is_stationary(self, evaluation: Evaluation, limit: float) -> bool:
        """Whether the gradient is small, but for what the last digits of the mean make of it."""
        by_mean = linalg.norm(evaluation.score_mean)
        if limit < by_mean <= _ROUNDED and evaluation.norms[1] <= limit:
            return by_mean <= last_digits_of_the_mean(evaluation)
        return evaluation.is_stationary(limit)

    def solution(self, seconds: float) -> Solution:
        """The record of a climb that took so many seconds."""
        result = self._best if self.stop_reason == "diverged" else self.last
        assert result is not None
        return Solution(
            result, self.stop_reason, self._values, self._path, self.critical_point, seconds
        )

    def resume(self) -> None:
        """Go on from a point that is stationary, but no maximum."""
        self.stop_reason = ""
        self._asked = None
        if self.observer is not None:
            self.observer.begin(self.last)

    def break_off(self, reason: str) -> None:
        """End the climb for a reason, since the iteration under way found no next iterate.

        If that is for want of digits of the mean, which bend the covariance's gradient, too, the
        climb has converged.
        """
        digits = min(last_digits_of_the_mean(self.last), _ROUNDED)
        settled = reason == "stalled" and self._is_settled(self.last, digits)
        self.stop_reason = "converged" if settled else reason
        if self.observer is not None:
            self.observer.end(self.last)


def last_digits_of_the_mean(at: Evaluation) -> float:
    """What of the natural gradient norm a step of each mean to the next float64 makes."""
    precisions = at.family.diagonal(at.family.inverse_square(at.factor))
    return linalg.norm(np.spacing(np.abs(at.mean)) * np.sqrt(precisions))


class Solver(ABC):
    """An algorithm that climbs, told by the monitor how long.

    Attributes
    ----------
    stable_rate : float or None
        The largest stable constant step, where it does not depend on the parametrization.
    """

    stable_rate: float | None = None

    @abstractmethod
    def run(self, objective: Objective, start: Evaluation, monitor: Monitor) -> None:
        """Climb from a start until the monitor, who is shown every iterate, says stop.

        Raises
        ------
        ValueError
            If the solver does not serve the likelihood.
        """


class State(NamedTuple):
    """The state of a solver that remembers nothing but its iterate."""

    evaluation: Evaluation


class SteppingSolver(Solver):
    """A solver of ours: an immutable state and the step to the next one.

    A state has an attribute `evaluation`, the iterate. `step` raises
    `NotPositiveDefiniteError` when it leaves the domain and `Stalled` when no step
    raises the likelihood any more.
    """

    def init(self, objective: Objective, start: Evaluation) -> Any:
        """The state at the start."""
        return State(start)

    @abstractmethod
    def step(self, objective: Objective, state: Any) -> Any:
        """The state one iteration later."""

    def pass_by(self, objective: Objective, state: Any, monitor: Monitor) -> Any:
        """The state after as many iterates as the monitor need not visit; here there are none."""
        return state

    def run(self, objective: Objective, start: Evaluation, monitor: Monitor) -> None:
        state = self.init(objective, start)
        try:
            while monitor.visit(state.evaluation):
                state = self.step(objective, self.pass_by(objective, state, monitor))
        except NotPositiveDefiniteError:
            monitor.break_off("diverged")
        except Stalled:
            monitor.break_off("stalled")
        except Unbounded:
            monitor.break_off("unbounded")


def maximize(
    objective: Objective,
    solver: Solver,
    start: Evaluation,
    *,
    max_iter: int,
    tol: float,
    n_kept: int = 0,
    observer: Observer | None = None,
) -> Solution:
    """The solution of a climb from `start`, which `Monitor` ends.

    Raises
    ------
    ValueError
        If the solver does not serve the likelihood.
    """
    began = time.process_time()
    monitor = Monitor(objective.likelihood, max_iter, tol, n_kept, observer)
    # A divergent recursion overflows before it leaves the domain; that it did is found
    # in its values, not in NumPy's warnings.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):
        point: Evaluation | None = start
        while point is not None:
            solver.run(objective, point, monitor)
            point = _beyond(objective.likelihood, monitor)
    return monitor.solution(time.process_time() - began)


def _beyond(likelihood: Likelihood, monitor: Monitor) -> Evaluation | None:
    """A point to go on from, if the climb ended at a saddle or an inflection, else None.

    From a saddle from which no way up is found the climb has stalled.
    """
    critical_point = monitor.critical_point
    if monitor.stop_reason != "converged" or not critical_point:
        return None
    higher = leave(likelihood, monitor.last, critical_point)
    if higher is not None:
        monitor.resume()
    elif critical_point.kind == "saddle":
        monitor.stop_reason = "stalled"
    return higher
