"""The climb that all solvers share: its monitor, its record, and the loop of all but L-BFGS."""

import time
from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np

from .._typing import Array
from ..conditioning import Standardization
from ..gaussian import NotPositiveDefiniteError, linalg
from ..likelihoods import CriticalPoint, Evaluation, Evaluations, Likelihood, critical_point, leave
from .objective import Objective

_MAX_ROUNDED_NORM = 0.01  # largest natural gradient norm that rounding of the mean may excuse
_LIMIT_SLACK = 1.01  # factor on the limit in `record_many`, which rounds norms unlike `visit`
# After the curvature showed a slope, the norm must fall to this share before it is checked again.
_RECHECK_RATIO = 0.1
# Stop reasons after which a climb may go on, on lattices that are made for where it ended.
_SETTLED = ("converged", "stalled")
_SETTLED_IN_WINDOW = (*_SETTLED, "unbounded")


class Stalled(Exception):
    """No step from here raises the likelihood by more than rounding, or the climb only creeps."""


class Unbounded(Exception):
    """The climb has shown that it leads to no maximum."""


@dataclass(frozen=True)
class Solution:
    """The result of a climb: where it stopped, why, and its path."""

    likelihood: Likelihood  # that was climbed at the end, with the last lattices
    evaluation: Evaluation  # the result: the last iterate, or the best one of a climb that diverged
    # "converged", "max_iter", "diverged", "stalled", "unbounded" or "callback". A climb ends as
    # unbounded if `is_degenerate` says so of an iterate, or if a solver raises `Unbounded`.
    stop_reason: str
    values: list[float]  # the log-likelihood of every iterate
    path: list[tuple[Array, Array]]  # the first iterates, as many as `maximize` was asked to keep
    critical_point: CriticalPoint | None  # that of the last iterate with a small gradient
    # What the climb would have done next if "max_iter" had not ended it at a point with a small
    # gradient: "leave" a saddle or an inflection, or change the "lattices"; otherwise empty.
    next_task: str
    seconds: float  # the processor time of the climb

    @property
    def n_iter(self) -> int:
        return len(self.values) - 1

    @property
    def converged(self) -> bool:
        return self.stop_reason == "converged"


class Observer(Protocol):
    """Is told where each iteration begins and ends, and may stop the climb."""

    sees_all: bool  # whether it must be told of every iteration, and not only of some

    def begin(self, evaluation: Evaluation) -> None:
        """Note that an iteration begins at this point."""
        ...

    def end(self, evaluation: Evaluation) -> bool:
        """Whether to stop the climb after an iteration that ended at this point."""
        ...


@dataclass
class Monitor:
    """Sees every iterate, keeps the path, and decides when to stop."""

    likelihood: Likelihood
    max_iter: int
    # Largest natural gradient norm that counts as converged, unless `rounding_limit` is larger.
    tol: float
    n_kept: int  # how many iterates to keep as the path
    observer: Observer | None
    last: Evaluation = field(init=False)  # the iterate that was visited last
    critical_point: CriticalPoint | None = None  # that of the last iterate with a small gradient
    stop_reason: str = ""  # as in `Solution`; empty while the climb goes on
    next_task: str = ""  # as in `Solution`
    _values: list[float] = field(default_factory=list)
    _path: list[tuple[Array, Array]] = field(default_factory=list)
    _best: Evaluation | None = None
    _tightened_tol: float | None = None  # replaces tol after the curvature has shown a slope

    def visit(self, evaluation: Evaluation) -> bool:
        """Record an iterate; True if the climb goes on."""
        self.last = evaluation
        self._values.append(self.likelihood.log_likelihood(evaluation))
        if self._best is None or evaluation.value > self._best.value:
            self._best = evaluation
        if len(self._path) < self.n_kept:
            self._path.append((evaluation.mean, evaluation.factor))
        moved = len(self._values) > 1  # the start alone does not show where a climb leads
        stop_requested = moved and self.observer is not None and self.observer.end(evaluation)
        if self._is_settled(evaluation):
            self.stop_reason = "converged"
        elif moved and self.likelihood.is_degenerate(evaluation):
            self.stop_reason = "unbounded"
        elif stop_requested:
            self.stop_reason = "callback"
        elif self.is_over:
            self.stop_reason = "max_iter"
        elif self.observer is not None:
            self.observer.begin(evaluation)
        return not self.stop_reason

    @property
    def is_over(self) -> bool:
        """Whether no iterations are left."""
        return len(self._values) > self.max_iter

    @property
    def n_skippable(self) -> int:
        """How many of the next iterates `record_many` may take, before one that must be visited."""
        sees_all = self.observer is not None and self.observer.sees_all
        return 0 if sees_all else max(self.max_iter - len(self._values), 0)

    def record_many(self, many: Evaluations) -> int:
        """Record successive iterates of one feature, up to the first at which the climb may end.

        Returns
        -------
        n : int
            How many iterates were recorded; the next one must be visited.
        """
        likelihood = self.likelihood
        limit = _LIMIT_SLACK * max(self.tol, likelihood.rounding_limit(self.last))
        digits = np.minimum(
            _LIMIT_SLACK * np.spacing(np.abs(many.means)) / many.factors, _MAX_ROUNDED_NORM
        )
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
        """Whether the climb may end here: the gradient is small and no curvature shows a slope.

        The natural gradient norm may exceed its limit by `rounding`. Where the curvature is asked,
        `critical_point` is set, and after a slope the limit is lower.
        """
        likelihood = self.likelihood
        limit = self._tightened_tol or max(self.tol, likelihood.rounding_limit(evaluation))
        limit += rounding
        if not self._is_stationary(evaluation, limit) or likelihood.mismatch(evaluation) > limit:
            return False
        if likelihood.is_known_to_be_maximum(evaluation):
            return True
        self.critical_point = critical_point(self.likelihood, evaluation)
        if self.critical_point is not None and self.critical_point.kind == "slope":
            self._tightened_tol = _RECHECK_RATIO * evaluation.natural_gradient_norm
            return False
        flat = self.critical_point is not None and self.critical_point.kind == "flat"
        return not (flat and likelihood.is_degenerate(evaluation))

    def _is_stationary(self, evaluation: Evaluation, limit: float) -> bool:
        """Whether the gradient is small, apart from what rounding of the mean adds to it."""
        by_mean = linalg.norm(evaluation.score_mean)
        if by_mean <= limit:
            return evaluation.natural_gradient_norm <= limit
        is_settled = by_mean <= _MAX_ROUNDED_NORM and evaluation.norms[1] <= limit
        return is_settled and by_mean <= rounding_norm_of_mean(evaluation)

    def solution(self, seconds: float) -> Solution:
        """The record of a climb that took `seconds` of processor time."""
        result = self._best if self.stop_reason == "diverged" else self.last
        assert result is not None
        found = self.likelihood, result, self.stop_reason, self._values, self._path
        return Solution(*found, self.critical_point, self.next_task, seconds)

    def resume(self, task: str) -> bool:
        """Let a stopped climb go on from its last point, with the original tolerance.

        False if no iterations are left: then the climb has ended as "max_iter", before the task.
        """
        if self.is_over:
            self.stop_reason, self.next_task = "max_iter", task
            return False
        self.stop_reason, self.critical_point, self._tightened_tol = "", None, None
        if self.observer is not None:
            self.observer.begin(self.last)
        return True

    def resume_on(self, likelihood: Likelihood) -> bool:
        """Continue on other lattices, with other values; False if it is too late."""
        if not self.resume("lattices"):
            return False
        self.likelihood, self._best = likelihood, None
        return True

    def end_early(self, reason: str) -> None:
        """End the climb, since the current iteration found no next iterate.

        The climb has converged if it stalled only because the mean is rounded, which disturbs the
        gradient of the covariance, too.
        """
        digits = min(rounding_norm_of_mean(self.last), _MAX_ROUNDED_NORM)
        settled = reason == "stalled" and self._is_settled(self.last, digits)
        self.stop_reason = "converged" if settled else reason
        if self.observer is not None:
            self.observer.end(self.last)


def rounding_norm_of_mean(at: Evaluation) -> float:
    """The natural gradient norm that moving each mean to the next float64 causes."""
    precisions = at.family.diagonal(at.family.inverse_square(at.factor))
    return linalg.norm(np.spacing(np.abs(at.mean)) * np.sqrt(precisions))


class Solver(ABC):
    """An algorithm that climbs until the monitor stops it."""

    # The largest stable constant step, if it does not depend on the parametrization.
    stable_rate: float | None = None

    @abstractmethod
    def run(self, objective: Objective, start: Evaluation, monitor: Monitor) -> None:
        """Climb from a start, show the monitor every iterate, and stop when it says so.

        Raises
        ------
        ValueError
            If the solver does not serve the likelihood.
        """


class State(NamedTuple):
    """The state of a solver that remembers nothing but its iterate."""

    evaluation: Evaluation


class SteppingSolver(Solver):
    """A solver that consists of an immutable state and the step to the next state.

    A state has an attribute `evaluation`, the iterate. `step` raises `NotPositiveDefiniteError`
    when it leaves the domain, `Stalled` when no step raises the likelihood, and `Unbounded` when
    the climb leads to no maximum.
    """

    def init(self, objective: Objective, start: Evaluation) -> Any:
        """The state at the start."""
        return State(start)

    @abstractmethod
    def step(self, objective: Objective, state: Any) -> Any:
        """The state one iteration later."""

    def skip_ahead(self, objective: Objective, state: Any, monitor: Monitor) -> Any:
        """The state after iterates that the monitor need not visit; by default there are none."""
        return state

    def run(self, objective: Objective, start: Evaluation, monitor: Monitor) -> None:
        state = self.init(objective, start)
        try:
            while monitor.visit(state.evaluation):
                state = self.step(objective, self.skip_ahead(objective, state, monitor))
        except NotPositiveDefiniteError:
            monitor.end_early("diverged")
        except Stalled:
            monitor.end_early("stalled")
        except Unbounded:
            monitor.end_early("unbounded")


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
    """Climb from `start` until a `Monitor` ends the climb, and return the solution."""
    began = time.process_time()
    monitor = Monitor(objective.likelihood, max_iter, tol, n_kept, observer)
    # A divergent recursion overflows before it leaves the domain. Its values show this, so that
    # NumPy need not warn.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):
        point: Evaluation | None = start
        while point is not None:
            solver.run(objective, point, monitor)
            point = _escape_point(monitor) or _on_other_lattices(monitor)
            objective = objective._replace(likelihood=monitor.likelihood)
    return monitor.solution(time.process_time() - began)


def _on_other_lattices(monitor: Monitor) -> Evaluation | None:
    """The point where the climb ended, on lattices that are made for it, to continue from there.

    The monitor then has the likelihood on these lattices. None if the present lattices, which were
    made for another point, are accurate here, too. It is also None if no iterations are left; then
    the climb has not converged. Without a window it is None if the climb leads to a singular
    covariance, where no lattices are accurate.
    """
    likelihood, at = monitor.likelihood, monitor.last
    settled = _SETTLED_IN_WINDOW if likelihood.natural_coordinates else _SETTLED
    if monitor.stop_reason not in settled or lattices_suit(likelihood, at):
        return None
    moved = likelihood.with_pilot(Standardization.of(at.mean, likelihood.family, at.factor))
    with suppress(NotPositiveDefiniteError):
        point = None if monitor.is_over else moved.evaluate(at.mean, at.factor)
        return point if monitor.resume_on(moved) else None
    return None


def lattices_suit(likelihood: Likelihood, at: Evaluation) -> bool:
    """Whether the lattices, if any, were made for a Gaussian near a point or are accurate there."""
    if likelihood.pilot is None:
        return True
    pilot = Standardization.of(at.mean, likelihood.family, at.factor)
    return likelihood.pilot.is_near(pilot) or likelihood.is_accurate(at)


def _escape_point(monitor: Monitor) -> Evaluation | None:
    """A point to continue from if the climb ended at a saddle or an inflection, else None.

    If no way up from a saddle is found, the climb has stalled. It has not converged, either, if
    there is a way up, but no iterations are left.
    """
    likelihood, critical_point = monitor.likelihood, monitor.critical_point
    if monitor.stop_reason != "converged" or not critical_point:
        return None
    higher = leave(likelihood, monitor.last, critical_point)
    if higher is not None:
        return higher if monitor.resume("leave") else None
    if critical_point.kind == "saddle":
        monitor.stop_reason = "stalled"
    return None
