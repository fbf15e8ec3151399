"""Remedies: other settings for a climb that failed, each tried before it is recommended.

For a climb that did not converge they are other rates, starts, solvers or more iterations. For one
that showed that there is no maximum, the remedy is a ridge.
"""

import math
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import compress
from typing import Any

import numpy as np

from .._typing import Array
from .._wording import iterations
from ..likelihoods import Model, likelihood_with_ridge
from ..solvers import Objective, Solution
from .attempt import Outcome, Trials
from .leap import find_leap
from .rate import is_flat_far_out
from .start import chooses_its_start

Settings = dict[str, Any]

_RATE_SHARES = (1 / 2, 1 / 20)  # rates to try, as shares of the step bound
# Iterations of a trial with more of them: so many times those of the failed climb, or at least so
# many, before it is worth its time.
_LONGER = 2
_FEW_ITERATIONS = 10
_MAX_MEANS_WRITTEN = 6  # features whose means are written out in a sentence
_MEAN_OF_FIT = "model.sufficient_statistics_.mean"  # in place of more means than these
_RIDGE_SHARE = 0.01  # ridge over variance: small, but large enough to take effect at once
_MAX_RIDGES_WRITTEN = 10  # features whose ridges are written out in a sentence


def explain_remedies(outcome: Outcome, trials: Trials, *, slow: bool, n_iter_is_known: bool) -> str:
    """A sentence on the settings that were tried; empty if there were none to try.

    The climb may be only `slow`, with nothing else wrong. If the number of iterations that it needs
    is known, no trial has to find it.
    """
    groups = _candidates(outcome, slow, n_iter_is_known)
    tried = _Remedies(outcome, trials, len(groups))
    if outcome.by_default:
        tried.record(groups.pop(0)[0], outcome.by_default)
    for n_left, alternatives in zip(range(len(groups), 0, -1), groups, strict=True):
        tried.try_until_one_converges(alternatives, n_left)
    if not tried.converged:
        none = "None of the other settings that were tried converged."
        untried = f"There was no time left to try {' or '.join(tried.untried)}."
        longer = "A larger max_iter may be enough, but takes too long to try here."
        # Incomplete rows that show some features together too seldom lead to a covariance so close
        # to singular that rounding ends the climb.
        stalled = outcome.solution.stop_reason == "stalled" and not outcome.likelihood.complete
        ridge = explain_ridge(outcome) if stalled else ""
        shown = (
            tried.failed and not ridge,
            tried.untried and not ridge,
            tried.left_out_longer,
            ridge,
        )
        return " ".join(compress((none, untried, longer, ridge), shown))
    ways = [
        f"in {iterations(n_iter)} with {settings}" for n_iter, settings in reversed(tried.converged)
    ]
    return f"The fit converges {'; or '.join(ways)}."


def _candidates(outcome: Outcome, slow: bool, n_iter_is_known: bool) -> list[list[Settings]]:
    """Groups of settings to try, each until one of its settings converges.

    The groups that are cheap to try come first; they also differ most from the user's settings. The
    first is the default solver, unless the climb used it and more iterations are no remedy.
    """
    estimator = outcome.attempt.estimator
    rate = estimator.learning_rate
    longer: Settings = {"max_iter": outcome.attempt.budget}
    automatic: Settings = {} if rate == "auto" else {"learning_rate": "auto"}
    default = automatic if estimator.solver == "natural" else {"solver": "natural"} | automatic
    too_short = slow and not n_iter_is_known and (rate == "auto" or rate < outcome.bound)
    groups = [
        [default | longer] if default or too_short or outcome.by_default else [],
        [automatic | longer] if automatic and automatic is not default else [],
        _same_solver_settings(outcome, n_iter_is_known),
        [longer] if default and too_short else [],
    ]
    return [group for group in groups if any(group)]


@dataclass
class _Remedies:
    """The results of trials of other settings, which are written as keywords."""

    _outcome: Outcome
    _trials: Trials
    _n_groups: int
    # The iterations that each converged trial took, and its settings.
    converged: list[tuple[int, str]] = field(default_factory=list)
    failed: int = 0  # how many trials did not converge
    untried: list[str] = field(default_factory=list)  # that there was no time to try to the end
    # Whether no time was left to repeat the climb with a larger `max_iter`.
    left_out_longer: bool = False

    def try_until_one_converges(self, alternatives: Iterable[Settings], n_left: int) -> None:
        """Try settings in turn, within one of `n_left` equal shares of what is left.

        The first group, which is the cheapest, may take all the time, so that its result hardly
        depends on the speed of the machine.
        """
        reserve = self._trials.left - self._trials.share(n_left, of_seconds=n_left < self._n_groups)
        for settings in alternatives:
            try:
                changed = self._outcome.attempt.changed(settings)
            except ValueError:  # the likelihood at the start is too small for a float
                continue
            allowed = min(changed.estimator.max_iter, self._trials.left - reserve)
            least, seconds = 0, 0.0
            if settings.keys() == {"max_iter"}:  # it first repeats the whole climb
                climb = self._outcome.solution
                least = climb.n_iter
                expected = max(_LONGER * least, _FEW_ITERATIONS)
                seconds = climb.seconds * expected / max(least, 1)
            longer = self._keywords(settings, changed.estimator.max_iter)
            if allowed <= least or self._trials.seconds < seconds:
                self.left_out_longer |= allowed > least > 0
                self.untried += [longer] * (least == 0)
                return
            solution = self._trials.run(changed, allowed)
            if solution.stop_reason == "callback":  # its time was over
                self.left_out_longer |= least > 0
                self.untried += [longer] * (least == 0)
                return
            if self.record(settings, solution):
                return

    def record(self, settings: Settings, solution: Solution) -> bool:
        """Whether a trial of these settings converged; from now on it is known how it ended."""
        if solution.converged:
            self.converged.append((solution.n_iter, self._keywords(settings, solution.n_iter)))
        self.failed += not solution.converged
        return solution.converged

    def _keywords(self, settings: Settings, n_iter: int) -> str:
        """The settings as keywords, with `max_iter` only if more iterations were needed."""
        settings = {name: value for name, value in settings.items() if name != "max_iter"}
        if n_iter > self._outcome.attempt.estimator.max_iter:
            settings["max_iter"] = int(_rounded_up(n_iter))
        text = ", ".join(f"{name}={_as_code(value)}" for name, value in settings.items())
        return f"{text} (model is this fitted estimator)" if _MEAN_OF_FIT in text else text


def _same_solver_settings(outcome: Outcome, n_iter_is_known: bool) -> list[Settings]:
    """Settings for the user's own solver: rates below the bound, and a start near the data.

    Rates whose first step from the user's start is no leap are tried from that start, but last if
    the climb was slow because it is flat there. A solver that chose its start needs no other one.
    """
    attempt, bound, rate = outcome.attempt, outcome.bound, outcome.attempt.estimator.learning_rate
    start = _near_start(outcome) if attempt.start_is_set else {}
    if rate == "auto":
        return [] if chooses_its_start(attempt.estimator) else [start]
    rates = [{"learning_rate": float(f"{share * bound:.0e}")} for share in _RATE_SHARES]
    others = [settings for settings in rates if settings["learning_rate"] != rate]
    one_step = [(each, attempt.changed(each).run(1).path) for each in others]
    here = [each for each, path in one_step if not find_leap(outcome.likelihood, path)]
    if not start:
        return here
    same: list[Settings] = [{}] if rate < bound and not n_iter_is_known else []
    near = [settings | start for settings in same + others]
    return near + here if is_flat_far_out(outcome) else here + near


def _near_start(outcome: Outcome) -> Settings:
    """A start near the data, as `mean_init` and `covariance_init` unless these are known.

    It has the mean of the data to within half a standard deviation, and their largest variance,
    rounded up. So no feature is many standard deviations away, and no step is a leap.
    """
    likelihood, statistics = outcome.likelihood, outcome.statistics
    variances = likelihood.family.standard_deviations(likelihood.guess[1]) ** 2
    means = [
        round(mean, -math.floor(math.log10(deviation))) + 0.0  # never -0.0
        for mean, deviation in zip(
            statistics.mean.tolist(), np.sqrt(variances).tolist(), strict=True
        )
    ]
    mean = means[0] if len(means) == 1 else means
    start: Settings = {}
    if not likelihood.family.mean_is_known:
        written_out = len(means) <= _MAX_MEANS_WRITTEN or outcome.attempt.warner.is_inner
        start["mean_init"] = mean if written_out else statistics.mean
    if not likelihood.family.covariance_is_known:
        start["covariance_init"] = _rounded_up(float(variances.max()))
    return start


def _as_code(value: Any) -> str:
    """A value as Python code."""
    return _MEAN_OF_FIT if isinstance(value, np.ndarray) else repr(value)


def explain_ridge(outcome: Outcome) -> str:
    """A sentence on a ridge with which the climb converges; empty if no ridge is found.

    No ridge is tried if a truncation window may be the cause, if the fit continues an earlier one,
    so that more rows may come, or if parameters are known.
    """
    attempt, estimator = outcome.attempt, outcome.attempt.estimator
    known = estimator.fixed_mean is not None or estimator.fixed_covariance is not None
    if known or estimator.truncation_limits is not None or not attempt.start_is_set:
        return ""
    family, parametrization = outcome.likelihood.family, attempt.objective.parametrization
    for ridge in _ridges(outcome.statistics.variances):
        of_features = np.full(family.n_features, ridge)
        likelihood = likelihood_with_ridge(Model(outcome.statistics, family), of_features)
        trial = attempt._replace(objective=Objective(likelihood, parametrization))
        most = min(attempt.estimator.max_iter, attempt.budget)
        with suppress(ValueError):  # the likelihood at the start is too small for a float
            solution = trial.changed({"reg_covar": ridge}).run(most)
            if solution.converged:
                return f"The fit converges in {iterations(solution.n_iter)} with reg_covar={ridge}."
    return ""


def _ridges(variances: Array) -> Iterator[float | list[float]]:
    """Ridges to try: one number for all features and, if these are few, one for each feature.

    Each is a share of the smallest positive variance or, if larger, of the feature's own variance.
    """
    least = variances[variances > 0].min()
    yield _rounded_up(_RIDGE_SHARE * least)
    if len(variances) <= _MAX_RIDGES_WRITTEN:
        shares = _RIDGE_SHARE * np.maximum(variances, least)
        yield [_rounded_up(share) for share in shares.tolist()]


def _rounded_up(number: float) -> float:
    """The number, rounded up to one significant digit."""
    exponent = math.floor(math.log10(number))
    return float(f"{math.ceil(number / 10.0**exponent)}e{exponent}")
