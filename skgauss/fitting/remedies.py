"""Remedies: other settings for a climb that failed, each tried before it is recommended.

For one that only did not arrive they are other rates, starts, solvers and more iterations; for one
that showed no maximum a ridge.
"""

import math
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import compress
from typing import Any

import numpy as np

from .._typing import Array
from .._wording import iterations
from ..likelihoods import likelihood_with_ridge
from ..solvers import Objective
from .attempt import Outcome, Trials
from .leap import find_leap

Settings = dict[str, Any]

_SHARES = (1 / 2, 1 / 20)  # of the step bound: rates that are tried
_LONGER = 2.0  # times the seconds of a climb, without which none is tried with more iterations
_MOST_MEANS = 6  # features whose means are written out in a sentence
_MEAN_OF_FIT = "model.sufficient_statistics_.mean"  # in place of more of them
_SHARE_OF_VARIANCE = 0.01  # of a variance, as a ridge: small beside the data, and felt at once
_MOST_RIDGES = 10  # features whose ridges are written out in a sentence


def explain_remedies(outcome: Outcome, trials: Trials, *, slow: bool, far_to_go: bool) -> str:
    """A sentence on the settings that were tried; empty if there was nothing to try.

    Parameters
    ----------
    slow : bool
        Whether the climb is only slow.
    far_to_go : bool
        Whether it was told how many iterations it takes, which are not tried then.
    """
    groups = _candidates(outcome, slow, far_to_go)
    found = _Remedies(outcome, trials, len(groups))
    for n_left, alternatives in zip(range(len(groups), 0, -1), groups, strict=True):
        found.try_until_one_converges(alternatives, n_left)
    if not found.converged:
        none = "None of the other settings that were tried converged."
        untried = f"There was no time left to try {' or '.join(found.untried)}."
        longer = "A larger max_iter may do, which takes longer to try than a warning may."
        shown = bool(found.failed), bool(found.untried), found.left_out_longer
        return " ".join(compress((none, untried, longer), shown))
    told = [
        f"in {iterations(n_iter)} with {settings}" for n_iter, settings in reversed(found.converged)
    ]
    return f"The fit converges {'; or '.join(told)}."


def _candidates(outcome: Outcome, slow: bool, far_to_go: bool) -> list[list[Settings]]:
    """Groups of settings; of each group one that works is enough.

    Those that are cheap to try come first: they differ most from the user's own.
    """
    estimator = outcome.attempt.estimator
    rate = estimator.learning_rate
    longer: Settings = {"max_iter": outcome.attempt.budget}
    automatic = {} if rate == "auto" else {"learning_rate": "auto"} | longer
    natural = {} if estimator.solver == "natural" else {"solver": "natural"} | automatic | longer
    too_short = slow and not far_to_go and (rate == "auto" or rate < outcome.bound)
    own = _own_method(outcome, slow, far_to_go)
    groups: list[list[Settings]] = [[natural], [automatic], own, [longer if too_short else {}]]
    return [group for group in groups if any(group)]


class _Remedies:
    """Settings that were tried in place of the user's.

    Attributes
    ----------
    converged : list of (int, str)
        How many iterations each took that converged, and its settings as keywords.
    failed : int
        How many were tried in vain.
    untried : list of str
        Settings that there was no time to try, or to try to the end, as keywords.
    left_out_longer : bool
        Whether there was no time to repeat the climb with more iterations.
    """

    def __init__(self, outcome: Outcome, trials: Trials, n_groups: int):
        self._climb = outcome.solution
        self._attempt = outcome.attempt
        self._trials = trials
        self._n_groups = n_groups
        self.converged: list[tuple[int, str]] = []
        self.failed = 0
        self.untried: list[str] = []
        self.left_out_longer = False

    def try_until_one_converges(self, alternatives: Iterable[Settings], n_left: int) -> None:
        """Try settings in turn, in an equal share of what is left for `n_left` groups.

        The first group, which is the cheapest, may take all seconds: whether it converges depends
        least on how fast the machine is.
        """
        reserve = self._trials.left - self._trials.share(n_left, of_seconds=n_left < self._n_groups)
        for settings in alternatives:
            try:
                changed = self._attempt.changed(settings)
            except ValueError:  # a start whose likelihood no float holds
                continue
            allowed = min(changed.estimator.max_iter, self._trials.left - reserve)
            least, seconds = 0, 0.0
            if settings.keys() == {"max_iter"}:  # it begins with all that the climb did
                least, seconds = self._climb.n_iter, _LONGER * self._climb.seconds
            longer = self._told(settings, changed.estimator.max_iter)
            if allowed <= least or self._trials.seconds < seconds:
                self.left_out_longer = allowed > least > 0
                self.untried += [longer] * (least == 0)
                return
            solution = self._trials.run(changed, allowed)
            if solution.converged:
                self.converged.append((solution.n_iter, self._told(settings, solution.n_iter)))
                return
            if solution.stop_reason == "callback":  # that of the clock
                self.left_out_longer |= least > 0
                self.untried += [longer] * (least == 0)
                return
            self.failed += 1

    def _told(self, settings: Settings, n_iter: int) -> str:
        """The settings as keywords, with more iterations only where they were needed."""
        settings = {name: value for name, value in settings.items() if name != "max_iter"}
        if n_iter > self._attempt.estimator.max_iter:
            settings["max_iter"] = int(_rounded_up(n_iter))
        told = ", ".join(f"{name}={_as_code(value)}" for name, value in settings.items())
        return f"{told} (model is this fit)" if _MEAN_OF_FIT in told else told


def _own_method(outcome: Outcome, slow: bool, far_to_go: bool) -> list[Settings]:
    """Settings for the user's own solver: rates below the bound, and a start near the data.

    The start is left as it is for rates whose first step from there is no leap.
    """
    attempt, bound, rate = outcome.attempt, outcome.bound, outcome.attempt.estimator.learning_rate
    start = _near_start(outcome) if attempt.start_is_set else {}
    if rate == "auto":  # no start hurries a climb that is only slow
        return [] if slow else [start]
    rates = [{"learning_rate": float(f"{share * bound:.0e}")} for share in _SHARES]
    others = [settings for settings in rates if settings["learning_rate"] != rate]
    one_step = [(each, attempt.changed(each).run(1).path) for each in others]
    here = [each for each, path in one_step if not find_leap(outcome.likelihood, path)]
    if not start:
        return here
    same: list[Settings] = [{}] if rate < bound and not far_to_go else []
    return here + [settings | start for settings in same + others]


def _near_start(outcome: Outcome) -> Settings:
    """A start near the data, as `mean_init` and `covariance_init`, without what is known.

    It is their mean to within half a deviation, and their largest variance, rounded up. Where no
    feature lies many of its standard deviations away, no step is a leap.
    """
    likelihood, statistics = outcome.likelihood, outcome.statistics
    variances = likelihood.family.standard_deviations(likelihood.guess[1]) ** 2
    means = [
        round(mean, -math.floor(math.log10(deviation))) + 0.0  # not -0.0
        for mean, deviation in zip(
            statistics.mean.tolist(), np.sqrt(variances).tolist(), strict=True
        )
    ]
    mean = means[0] if len(means) == 1 else means
    start: Settings = {}
    if not likelihood.family.mean_is_known:
        written_out = len(means) <= _MOST_MEANS or outcome.attempt.warner.is_inner
        start["mean_init"] = mean if written_out else statistics.mean
    if not likelihood.family.covariance_is_known:
        start["covariance_init"] = _rounded_up(float(variances.max()))
    return start


def _as_code(value: Any) -> str:
    """A value as a user writes it."""
    return _MEAN_OF_FIT if isinstance(value, np.ndarray) else repr(value)


def explain_ridge(outcome: Outcome) -> str:
    """A sentence on a ridge with which the climb converges; empty if none that was tried does it.

    None is tried where a window may be at fault, where rows to come may help, or where parameters
    are known.
    """
    attempt, estimator = outcome.attempt, outcome.attempt.estimator
    known = estimator.fixed_mean is not None or estimator.fixed_covariance is not None
    if known or estimator.truncation_limits is not None or not attempt.start_is_set:
        return ""
    family, parametrization = outcome.likelihood.family, attempt.objective.parametrization
    for ridge in _ridges(outcome.statistics.variances):
        of_features = np.full(family.n_features, ridge)
        likelihood = likelihood_with_ridge(outcome.statistics, family, of_features)
        trial = attempt._replace(objective=Objective(likelihood, parametrization))
        most = min(attempt.estimator.max_iter, attempt.budget)
        with suppress(ValueError):  # a start whose likelihood no float holds
            solution = trial.changed({"reg_covar": ridge}).run(most)
            if solution.converged:
                return f"The fit converges in {iterations(solution.n_iter)} with reg_covar={ridge}."
    return ""


def _ridges(variances: Array) -> Iterator[float | list[float]]:
    """Ridges to try: one number for all features, then one for each by its variance, if few.

    A constant feature has the least of them.
    """
    least = variances[variances > 0].min()
    yield _rounded_up(_SHARE_OF_VARIANCE * least)
    if len(variances) <= _MOST_RIDGES:
        shares = _SHARE_OF_VARIANCE * np.maximum(variances, least)
        yield [_rounded_up(share) for share in shares.tolist()]


def _rounded_up(number: float) -> float:
    """The number, rounded up to one significant digit."""
    exponent = math.floor(math.log10(number))
    return float(f"{math.ceil(number / 10.0**exponent)}e{exponent}")
