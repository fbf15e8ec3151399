r"""Leaps: constant steps that throw a standard deviation far beyond that of the data.

The step bound holds near the maximum only. Elsewhere a step of rate :math:`\gamma` adds
:math:`\gamma (a / \sigma^3 - 1 / \sigma)` to the standard deviation of one feature, where a is
the mean squared distance of the data from the mean of the iterate. If the data lie many
:math:`\sigma` away, the step is huge unless the rate is tiny.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .._typing import Array
from .._wording import short
from ..likelihoods import Evaluation, Likelihood
from .attempt import Outcome
from .start import chooses_its_start

# Least ratio of the new standard deviation to the old one and to that of the data.
_MIN_LEAP_RATIO = 5.0
# Least distance of means in deviations, or ratio of deviations, of a far start.
_FAR_START_RATIO = 100.0
_ARRIVED_RATIO = 2.0  # the same measure, below which a climb has come near to the data
# Least distance of the data, in deviations of an iterate, that explains a leap.
_DISTANT_DEVIATIONS = 1.5

Path = Sequence[tuple[Array, Array]]


class Leap(NamedTuple):
    """One or more steps of a climb that threw a standard deviation far beyond that of the data."""

    # The iterates before and after: successive ones or, if no single step is a leap, the start and
    # the farthest iterate.
    begin: int
    end: int
    feature: int  # that whose standard deviation went farthest
    before: float  # the standard deviation of this feature at the two iterates
    after: float


def explain_leap(outcome: Outcome) -> str:
    """A sentence on the leap of a climb; empty if there was none."""
    likelihood, solution, path = outcome.likelihood, outcome.solution, outcome.solution.path
    leap = find_leap(likelihood, path)
    if leap is not None:
        which = f" of {outcome.names[leap.feature]!r}" if len(outcome.names) > 1 else ""
        sentence = f"The first {leap.end} iterations"
        if leap.end == leap.begin + 1:
            sentence = f"Iteration {leap.end} was a leap: it"
        sentence += f" took the standard deviation{which} from {short(leap.before)} to"
        return f"{sentence} {short(leap.after)}{_distance_clause(likelihood, path, leap.begin)}."
    if solution.stop_reason == "diverged" and len(path) == solution.n_iter + 1:
        since = _distance_clause(likelihood, path, solution.n_iter)
        return since and f"That step was a leap{since}."
    return ""


def explain_start(outcome: Outcome) -> str:
    """A sentence that says that the start, the standard normal, was too far from the data.

    This happens if the unit of the data is very large or small. The sentence is empty if the climb
    came near to the data, or began elsewhere.
    """
    attempt, estimator, likelihood = outcome.attempt, outcome.attempt.estimator, outcome.likelihood
    is_given = any(
        getattr(estimator, name) is not None
        for name in ("mean_init", "covariance_init", "fixed_mean", "fixed_covariance")
    )
    if is_given or not attempt.start_is_set or chooses_its_start(estimator):
        return ""
    center, root = likelihood.guess
    deviations = likelihood.family.standard_deviations(root)

    def away(at: Evaluation) -> Array:
        """How far each feature is: its distance in deviations, or their ratio if larger."""
        ratio = likelihood.family.standard_deviations(at.factor) / deviations
        return np.maximum(np.maximum(ratio, 1 / ratio), np.abs(at.mean - center) / deviations)

    before, now = away(attempt.start), away(outcome.solution.evaluation)
    distances = np.where((before >= _FAR_START_RATIO) & (now >= _ARRIVED_RATIO), before, 0.0)
    worst = int(distances.argmax())
    if not distances[worst]:
        return ""
    return (
        "In these units the start, with mean 0 and standard deviation 1, is far from the data: the "
        f"mean of {outcome.names[worst]!r} is about {short(center[worst])}, and its standard "
        f"deviation {short(deviations[worst])}."
    )


def find_leap(likelihood: Likelihood, path: Path) -> Leap | None:
    """The first step that is a leap, else all steps if together they are one, else None."""
    deviations = likelihood.family.standard_deviations
    scales = np.array([deviations(factor) for _, factor in path])
    away = np.log(scales / deviations(likelihood.guess[1]))
    by_a_step, from_the_start = _throws(away[:-1], away[1:]), _throws(away[0], away)
    leaps = np.argwhere(by_a_step > math.log(_MIN_LEAP_RATIO))
    if leaps.size:
        begin = int(leaps[0, 0])
        end, feature = begin + 1, int(by_a_step[begin].argmax())
    else:
        begin = 0
        end, feature = divmod(int(from_the_start.argmax()), scales.shape[1])
        if from_the_start[end, feature] <= math.log(_MIN_LEAP_RATIO):
            return None
    before, after = scales[[begin, end], feature].tolist()
    return Leap(begin, end, feature, before, after)


def _throws(before: Array, after: Array) -> Array:
    """How far each step went beyond both its beginning and the data, as a logarithm.

    `before` and `after` are the logarithms of ratios of standard deviations to those of the data.
    """
    return np.maximum(after - np.maximum(before, 0), np.minimum(before, 0) - after)


def _distance_clause(likelihood: Likelihood, path: Path, iterate: int) -> str:
    """A clause on the distance of an iterate from the data; empty if too short for a leap."""
    (mean, factor), (center, root) = path[iterate], likelihood.guess
    deviations = likelihood.family.standard_deviations
    # The largest root mean squared distance of a feature, in standard deviations of the iterate.
    distance = float((np.hypot(center - mean, deviations(root)) / deviations(factor)).max())
    if distance < _DISTANT_DEVIATIONS:
        return ""
    where = "the start" if iterate == 0 else f"iterate {iterate}"
    return f", since {where} lies {short(distance)} of its own standard deviations from the data"
