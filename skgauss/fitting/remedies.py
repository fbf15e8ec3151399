"""Remedies: other settings for a climb that failed, each tried before it is recommended."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from .._wording import iterations
from ..likelihoods import Likelihood
from ..solvers import Solution
from .attempt import Attempt
from .leap import find_leap

Settings = dict[str, Any]

_SHARES = (1 / 2, 1 / 20)  # of the step bound, for a rate
_MOST_MEANS = 3  # that are written out


def explain_remedies(
    solution: Solution, attempt: Attempt, bound: float, statistics: Any, *, leapt: bool
) -> str:
    """A sentence on the settings that were tried; empty if there was nothing to try."""
    slow = solution.stop_reason == "max_iter" and not leapt
    start = _near_start(attempt.objective.likelihood, statistics) if attempt.start_is_set else {}
    trials = _Trials(attempt)
    groups = _candidates(attempt, bound, start, slow)
    for n_left, alternatives in zip(range(len(groups), 0, -1), groups, strict=True):
        trials.until_one_converges(alternatives, n_left)
    if not trials.converged:
        return "None of the other settings that were tried converged." if trials.tried else ""
    told = [
        f"in {iterations(n_iter)} with {settings}"
        for n_iter, settings in reversed(trials.converged)
    ]
    return f"The fit converges {'; or '.join(told)}."


def _candidates(
    attempt: Attempt, bound: float, start: Settings, slow: bool
) -> list[list[Settings]]:
    """Groups of settings, of which one that works is enough.

    First what is cheap to try, which is what differs most from the user's own.
    """
    estimator = attempt.estimator
    rate = estimator.learning_rate
    longer: Settings = {"max_iter": attempt.budget}
    automatic = {} if rate == "auto" else {"learning_rate": "auto"} | longer
    natural = {} if estimator.solver == "natural" else {"solver": "natural"} | automatic | longer
    too_short = slow and (rate == "auto" or rate < bound)
    own = _own_method(attempt, bound, start, slow)
    groups: list[list[Settings]] = [[natural], [automatic], own, [longer if too_short else {}]]
    return [group for group in groups if any(group)]


class _Trials:
    """Attempts with other settings, as long as the budget lasts.

    Attributes
    ----------
    converged : list of (int, str)
        Iterations, and the settings as keywords.
    tried : int
    """

    def __init__(self, attempt: Attempt):
        self._attempt = attempt
        self._left = attempt.budget
        self._most = attempt.estimator.max_iter
        self.converged: list[tuple[int, str]] = []
        self.tried = 0

    def until_one_converges(self, alternatives: Iterable[Settings], n_groups: int) -> None:
        """Try them within an equal share of what is left for so many groups."""
        share = self._left // n_groups
        for settings in alternatives:
            try:
                trial = self._attempt.changed(settings)
            except ValueError:  # a start whose likelihood no float holds
                continue
            allowed = min(trial.estimator.max_iter, share)
            if allowed <= (self._most if settings.keys() == {"max_iter"} else 0):
                return
            solution = trial.run(allowed)
            self.tried += 1
            spent = max(solution.n_iter, 1)
            share -= spent
            self._left -= spent
            if solution.converged:
                self.converged.append((solution.n_iter, self._told(settings, solution.n_iter)))
                return

    def _told(self, settings: Settings, n_iter: int) -> str:
        """The settings as keywords, with more iterations only where they were needed."""
        settings = {name: value for name, value in settings.items() if name != "max_iter"}
        if n_iter > self._most:
            settings["max_iter"] = int(_rounded_up(n_iter))
        return ", ".join(f"{name}={_written(value)}" for name, value in settings.items())


def _own_method(attempt: Attempt, bound: float, start: Settings, slow: bool) -> list[Settings]:
    """At a rate below the bound, from here if its first step is no leap, or from nearby."""
    rate = attempt.estimator.learning_rate
    if rate == "auto":  # no start hurries a climb that is only slow
        return [] if slow else [start]
    rates = [{"learning_rate": float(f"{share * bound:.0e}")} for share in _SHARES]
    others = [settings for settings in rates if settings["learning_rate"] != rate]
    here = [settings for settings in others if not _leaps(attempt.changed(settings))]
    if not start:
        return here
    same: list[Settings] = [{}] if rate < bound else []
    return here + [settings | start for settings in same + others]


def _leaps(attempt: Attempt) -> bool:
    path = attempt.run(1, record_path=True).path
    return find_leap(attempt.objective.likelihood, path or []) is not None


def _near_start(likelihood: Likelihood, statistics: Any) -> Settings:
    """The mean of the data to within half a deviation, and their largest variance, rounded up.

    Where no feature lies many of its standard deviations away, no step is a leap.
    """
    variances = likelihood.family.standard_deviations(likelihood.guess[1]) ** 2
    means = [
        round(mean, -math.floor(math.log10(deviation)))
        for mean, deviation in zip(
            statistics.mean.tolist(), np.sqrt(variances).tolist(), strict=True
        )
    ]
    mean = means[0] if len(means) == 1 else means
    return {
        "mean_init": mean if len(means) <= _MOST_MEANS else statistics.mean,
        "covariance_init": _rounded_up(float(variances.max())),
    }


def _written(value: Any) -> str:
    return "model.sufficient_statistics_.mean" if isinstance(value, np.ndarray) else repr(value)


def _rounded_up(number: float) -> float:
    """The number, rounded up to one significant digit."""
    exponent = math.floor(math.log10(number))
    return float(f"{math.ceil(number / 10.0**exponent)}e{exponent}")
