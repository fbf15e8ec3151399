r"""The leap: a constant step that throws a standard deviation far beyond that of the data.

The step bound speaks of the maximum. Elsewhere the step of rate :math:`\gamma` adds
:math:`\gamma (a / \sigma^3 - 1 / \sigma)` to the standard deviation of one feature, a being
the mean square distance of the data from the iterate. Where they lie many :math:`\sigma`
away, the step is as long, at any rate that is not tiny.
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

_FAR_LEAP = 5.0  # factor of the deviation, beyond both the one before and that of the data
_UNLIKE = 100.0  # deviations between means, or ratio of deviations, that make a start a far one
_ARRIVED = 2.0  # deviations, or ratio of deviations, at which a climb has left its start behind
_DISTANT = 1.5  # standard deviations between an iterate and the data that explain a leap

Path = Sequence[tuple[Array, Array]]


class Leap(NamedTuple):
    """Steps of a climb that threw a standard deviation far beyond that of the data.

    Attributes
    ----------
    begin, end : int
        The iterates between which it happened: two in a row or, where no step alone is a leap, the
        start and the farthest iterate.
    feature : int
        The feature with the largest throw.
    before, after : float
        The standard deviation of this feature at the two iterates.
    """

    begin: int
    end: int
    feature: int
    before: float
    after: float


def explain_leap(outcome: Outcome) -> str:
    """A sentence on the steps that threw a climb far away; empty if none did."""
    likelihood, solution, path = outcome.likelihood, outcome.solution, outcome.solution.path
    leap = find_leap(likelihood, path)
    if leap is not None:
        which = f" of {outcome.names[leap.feature]!r}" if len(outcome.names) > 1 else ""
        told = f"The first {leap.end} iterations"
        if leap.end == leap.begin + 1:
            told = f"Iteration {leap.end} was a leap: it"
        told += f" took the standard deviation{which} from {short(leap.before)} to"
        return f"{told} {short(leap.after)}{_since(likelihood, path, leap.begin)}."
    if solution.stop_reason == "diverged" and len(path) == solution.n_iter + 1:
        since = _since(likelihood, path, solution.n_iter)
        return since and f"That step was a leap{since}."
    return ""


def explain_start(outcome: Outcome) -> str:
    """A sentence on the standard normal as a start that was too far from the data.

    Data in a very large or small unit make it so. Empty where the climb left that start behind, or
    began elsewhere.
    """
    attempt, estimator, likelihood = outcome.attempt, outcome.attempt.estimator, outcome.likelihood
    told = any(
        getattr(estimator, name) is not None
        for name in ("mean_init", "covariance_init", "fixed_mean", "fixed_covariance")
    )
    if told or not attempt.start_is_set or chooses_its_start(estimator):
        return ""
    center, root = likelihood.guess
    deviations = likelihood.family.standard_deviations(root)

    def away(at: Evaluation) -> Array:
        """How far each feature is from the data: in deviations, or as a ratio of deviations."""
        ratio = likelihood.family.standard_deviations(at.factor) / deviations
        return np.maximum(np.maximum(ratio, 1 / ratio), np.abs(at.mean - center) / deviations)

    before, now = away(attempt.start), away(outcome.solution.evaluation)
    not_there = np.where((before >= _UNLIKE) & (now >= _ARRIVED), before, 0.0)
    worst = int(not_there.argmax())
    if not not_there[worst]:
        return ""
    return (
        "In these units the start, of mean 0 and standard deviation 1, is far from the data: "
        f"{outcome.names[worst]!r} has about mean {short(center[worst])} and standard deviation "
        f"{short(deviations[worst])}."
    )


def find_leap(likelihood: Likelihood, path: Path) -> Leap | None:
    """The first step of a path that is a leap, or all steps if they are one together, or None."""
    deviations = likelihood.family.standard_deviations
    scales = np.array([deviations(factor) for _, factor in path])
    away = np.log(scales / deviations(likelihood.guess[1]))
    by_a_step, from_the_start = _throws(away[:-1], away[1:]), _throws(away[0], away)
    leaps = np.argwhere(by_a_step > math.log(_FAR_LEAP))
    if leaps.size:
        begin = int(leaps[0, 0])
        end, feature = begin + 1, int(by_a_step[begin].argmax())
    else:
        begin = 0
        end, feature = divmod(int(from_the_start.argmax()), scales.shape[1])
        if from_the_start[end, feature] <= math.log(_FAR_LEAP):
            return None
    before, after = scales[[begin, end], feature].tolist()
    return Leap(begin, end, feature, before, after)


def _throws(before: Array, after: Array) -> Array:
    """How far steps went beyond both their beginning and the data, on the scale of logarithms.

    `before` and `after` are logarithms of deviations over those of the data.
    """
    return np.maximum(after - np.maximum(before, 0), np.minimum(before, 0) - after)


def _since(likelihood: Likelihood, path: Path, iterate: int) -> str:
    """A clause on how far the iterate lies from the data, if that explains a leap; else empty."""
    (mean, factor), (center, root) = path[iterate], likelihood.guess
    deviations = likelihood.family.standard_deviations
    # Root mean square, in standard deviations of the iterate, in the feature where it is largest.
    distance = float((np.hypot(center - mean, deviations(root)) / deviations(factor)).max())
    if distance < _DISTANT:
        return ""
    where = "the start" if iterate == 0 else f"iterate {iterate}"
    return f", since {where} lies {short(distance)} of its own standard deviations from the data"
