r"""Likelihood of data that are seen only inside a window.

The log-likelihood is that of the same data without a window, complete or not, minus the
log-probability of the window. With m the mean of the Gaussian inside the window, the gradient in
nats per observation is

.. math::

    u = L^{-1} (\bar x - m), \qquad
    U = L^{-1} (A_{\text{data}} - A_{\text{window}}) L^{-T},

where both A are second moments about :math:`\mu`. For incomplete data, mean and moments are those
expected at the point. For complete data the log-likelihood is concave in :math:`\Sigma^{-1} \mu`
and :math:`\Sigma^{-1}`, so that there is at most one maximum. Newton's steps are taken in these
parameters, in which Fisher's information is minus the Hessian everywhere.

References
----------
Cohen (1991), Truncated and Censored Samples; Tallis (1961), "The moment generating function of
the truncated multi-normal distribution", JRSS B 23(1); Magnus and Neudecker (2019), Matrix
Differential Calculus, chapter 15.
"""

import math
from abc import abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from .._typing import EPS, Array
from .._wording import quoted
from ..conditioning import Standardization
from ..gaussian import Family, NotPositiveDefiniteError, linalg
from ..rows import Truncation, Window
from .base import (
    DEGENERATE_CONDITION,
    FEW_PARAMETERS,
    INVOLVED_SHARE,
    Evaluation,
    Likelihood,
    NoMaximumError,
    step_to,
)
from .fixed import NO_FIXED, Fixed
from .information import Information

_WIDE_RATIO = 100.0  # variance, over that of the data, above which it may grow without end
_VERY_WIDE_RATIO = 1e4  # variance, over that of the data, above which it is as good as infinite
# Natural gradient norm below which a climb may be called endless. L-BFGS passes points far wider
# than a known maximum, where the norm is larger: with 0.3 it was taken for endless in 19 of 116
# samples, with 0.03 in 2. In 144 climbs without a maximum the norm fell below 0.03, but in 5 of
# them it took more than 100 iterations to fall below 0.01.
_ENDLESS_NORM = 0.03
_ENDLESS_NORM_INCOMPLETE = 0.3  # the same for incomplete data, of which climbs may stall before
# Share of a precision that Newton's step leaves, below which the precision goes to 0. It was above
# -0.1 in all of 600 samples with a maximum far from the data, and below -5 in 40 without a maximum.
_OVERSTEPPED_PRECISION = -1.0
# How many times as much as any other precision grows the smallest one must fall in that step. If
# less, the parabola is that of a point far from resembling the data in other directions, too. Of
# 256 climbs to a known maximum two passed a point with more, of 2.1 and 3.1. Of 499 samples with a
# feature whose coefficient of variation about the limit is above 1, 1 % had at most 2.1, and half
# had 1,400 and more.
_MIN_FALL_RATIO = 4.0
# Length of a Newton step, in standard errors of one row, after which a climb is judged again. One
# to a known maximum passed a point where the full step was 5.4 times the precision; after this step
# it was 0.1 times. In six climbs without a maximum it had grown.
_CHECK_RADIUS = 1.0
_FAR_MEAN = 1e14  # standard deviations from 0 beyond which float64 resolves a mean too coarsely
# Nats of rounding in a value above which the gradient has no correct digits either, and may be 0. A
# value is the difference of two numbers that grow with the squared distance of the window.
_MAX_VALUE_ROUNDING = 1.0
# Smallest share of any precision that a step may leave. If a Gaussian is far wider than the window,
# the likelihood is flat and the way back is long.
_MIN_PRECISION_SHARE = 0.01


class WindowMoments(NamedTuple):
    """The probability and the moments of a Gaussian inside the window, whitened by its factor."""

    log_probability: float  # of the window, in nats, averaged over the rows
    mean: Array  # (n_features,), inside the window, relative to that of the Gaussian
    covariance: Array  # inside the window, in the shape of the family
    deviation: Array  # (n_features,), the mean of the data minus that inside the window


@dataclass(eq=False, kw_only=True)
class TruncatedEvaluation(Evaluation):
    """An evaluation of a likelihood with a window."""

    data: Evaluation  # of the same data at the same point, without the window
    # The covariance of the data minus that inside the window, each about its own mean, whitened, in
    # the shape of the family.
    excess: Array

    def restrict(self, family: Family) -> None:
        super().restrict(family)
        self.excess = self.score_covariance / family.multiplicity


class TruncatedLikelihood(Likelihood):
    """The likelihood of data seen through a window, from that of the same data without it.

    Unknown values lie inside the window, too. Known parameters, which are free here, decide whether
    there is a maximum.
    """

    natural_coordinates = True
    data_kind = "truncated samples"
    page = "truncation"

    def __init__(self, data: Likelihood, window: Window, statistics: Any, fixed: Fixed = NO_FIXED):
        self.family: Family = data.family
        self.ridge = data.ridge
        self.weight = data.weight
        self.reference = data.reference
        self.on_a_lattice = data.on_a_lattice
        self.window = window
        self.fixed = fixed
        self._data = data
        self._informative = data.weight / statistics.weight
        self._mean, self._root = data.guess
        self._covariance = data.covariance(self._root)
        # The likelihood of exact data is concave in the natural parameters.
        self._exact = statistics.complete if self.family.correlated else not statistics.coarse
        self.has_one_maximum = self.information_is_cheap = self._exact

    @cached_property
    def pilot(self) -> Standardization | None:
        return self._data.pilot

    @abstractmethod
    def within(self, mean: Array, factor: Array, expected: Array) -> WindowMoments:
        """The probability and the moments of a Gaussian inside the window.

        `expected`, (n_features,), is the mean of the data expected at the point. Missing values are
        completed here as in the data.
        """

    def evaluate(self, mean: Array, factor: Array) -> Evaluation:
        family = self.family
        data = self._data.evaluate(mean, factor)
        expected, covariance = data.expected
        within = self.within(mean, factor, expected)
        value = data.value - within.log_probability
        excess = family.whiten_symmetric(factor, covariance) - within.covariance
        form = family.multiplicity * excess + family.outer(within.deviation)
        form += family.symmetric_outer(within.deviation, within.mean)
        if not (math.isfinite(value) and np.isfinite(form).all()):
            raise NotPositiveDefiniteError
        alone = self._data.log_likelihood(data) - self._informative * within.log_probability
        return TruncatedEvaluation(
            mean,
            factor,
            value,
            within.deviation,
            family,
            lambda: form,
            data.expected,
            alone,
            data=data,
            excess=excess,
        )

    def log_likelihood(self, at: Evaluation) -> float:
        assert at.log_likelihood is not None
        return at.log_likelihood

    def natural_step(self, at: Evaluation, rate: float) -> tuple[Array, Array]:
        """The mean and the factor after a natural step at some rate, from the gradient alone.

        EM would add the rows outside the window to the data, and these may be far too many.
        """
        family = self.family
        step = rate * at.score_covariance - rate**2 * family.outer(at.score_mean)
        blend = family.color_form(at.factor, family.identity + step / family.multiplicity)
        return at.mean + rate * family.colorize(at.factor, at.score_mean), family.root(blend)

    def retract(self, at: Evaluation, step: Array) -> tuple[Array, Array]:
        """The mean and the factor after a step in the natural parameters.

        Along such steps the likelihood of complete data is concave. A step that almost reaches a
        singular precision is refused like one beyond it, by the fraction-to-the-boundary rule
        (Nocedal and Wright, 2006, section 19.2).
        """
        family = self.family
        of_mean, form = family.split_frame(step)
        precision = family.identity - form / family.multiplicity
        # This raises an error if less of some precision is left.
        family.root_of_inverse(precision - _MIN_PRECISION_SHARE * family.identity)
        root = family.root_of_inverse(precision)
        factor = family.colorize(at.factor, root.T).T
        return at.mean + family.colorize(factor, family.colorize(root.T, of_mean)), factor

    def gradient_along(self, at: Evaluation, reached: Evaluation, step: Array) -> Array:
        family = self.family
        turn = family.solve(at.factor, reached.factor)
        first = family.colorize(turn, reached.score_mean)
        moved = family.solve(at.factor, reached.mean - at.mean)
        second = family.color_form(turn, reached.score_covariance)
        return family.frame(first, second + family.symmetric_outer(moved, first))

    @property
    def approximation(self) -> Likelihood | None:
        if self.newton_comes_first:
            return None
        approximation = self._data.approximation
        return approximation and self.changed(_data=approximation)

    @property
    def has_information(self) -> bool:
        known = self._exact or self._data.has_information
        return known and self.family.n_parameters <= FEW_PARAMETERS

    @property
    def newton_comes_first(self) -> bool:
        """Whether the default solver takes Newton steps from the start.

        The metric of the parent says little about the sample, so that other steps may leap to a far
        wider parent and not come back.
        """
        return self.information_is_cheap or self.has_information

    def unknown_of_data(self, at: Evaluation) -> Array | float:
        """`Likelihood.unknown` of the data at the same point."""
        return self._data.unknown(_untruncated(at))

    def connection_term(self, gradient: Array) -> Array:
        return self.family.connection_term(gradient)

    @property
    def bounded(self) -> bool:
        return self._data.bounded

    def inflation(self, at: Evaluation) -> float:
        return self._data.inflation(at)

    @property
    def edge(self) -> str:
        """What a sample without a maximum does, as the end of a clause."""
        if self.fixed.mean is None:
            return "falls off no faster than an exponential"
        return "lies at least as far from fixed_mean as a uniform one"

    @property
    def without_maximum(self) -> np.ndarray:
        """The indices of the features that certainly leave no maximum.

        If the features share a variance, these are all or none of those with limits.
        """
        in_doubt = self.existence_known and self.fixed.factor is None
        bounded = self.window.bounded
        return bounded[~self._has_maximum] if in_doubt else bounded[:0]

    @property
    @abstractmethod
    def _has_maximum(self) -> np.ndarray:
        """Whether each feature with limits has a maximum by itself, (n_bounded,)."""

    @property
    @abstractmethod
    def existence_known(self) -> bool:
        """Whether there is certainly a maximum if no features are `without_maximum`."""

    @abstractmethod
    def widest_direction(self, at: Evaluation) -> tuple[float, Array, Array]:
        """The largest ratio of the Gaussian's variance to that of the data, and its direction.

        The second value, (n_features,), is how far the Gaussian extends along each feature in this
        direction, in standard deviations of the data; if features are uncorrelated, along each by
        itself. The direction, third, is a unit vector of whitened deviations.
        """

    def _along(self, form: Array, direction: Array) -> float:
        """The value of a whitened quadratic form at a unit vector."""
        return float(np.vdot(form, self.family.outer(direction)))

    def is_degenerate(self, at: Evaluation) -> bool:
        if self._fails_without_window(at):
            return True
        return not self.existence_known and self._widens_without_end(at)

    def _fails_without_window(self, at: Evaluation) -> bool:
        """Whether the climb finds no maximum for a reason other than the window."""
        width, growth, _ = self.widest_direction(at)
        of_window = width > _WIDE_RATIO and growth.argmax() in self.window.bounded
        return not of_window and self._data.is_degenerate(_untruncated(at))

    def gain_at_infinity(self, at: Evaluation) -> float:
        width, _, direction = self.widest_direction(at)
        rising = self._along(at.score_covariance, direction)
        return abs(rising) if width > _VERY_WIDE_RATIO else math.inf

    def _widens_without_end(self, at: Evaluation) -> bool:
        """Whether the climb drives the smallest precision to 0.

        Newton's step then leads as far beyond a precision of 0 as the point is before it, and
        changes no other precision as much. If there is a maximum near 0, the parabola of a point
        near the guess is exact enough to show it. If an eigenvalue of the information is negative,
        the step shows nothing. So it must again at the end of a short step, since a climb to a
        maximum may pass a point where it does.
        """
        limit = _ENDLESS_NORM if self._exact else _ENDLESS_NORM_INCOMPLETE
        if self.widest_direction(at)[0] <= _WIDE_RATIO or not at.is_stationary(limit):
            return False
        if at.value - self.rounding_of_the_value(at) < self.value_of_the_guess:
            return False  # the point may be far from the window, or passing it
        # What the next step needs anyway may show that no more points are needed for the verdict.
        restricted = self.fixed.restrict(self)
        if not (self._exact or restricted.information_of_step(at).is_positive):
            return False
        found = self._with_positive_information(at)
        if found is None or not self._oversteps(*found):
            return False
        at, information = found
        step, _ = information.newton_step(at.natural_gradient, _CHECK_RADIUS)
        with suppress(NotPositiveDefiniteError):
            reached = step_to(restricted, at, step)
            found = self._with_positive_information(reached)
            return found is None or self._oversteps(*found)
        return True

    def _oversteps(self, at: Evaluation, information: Information) -> bool:
        """Whether Newton's step leads far beyond a precision of 0 and changes no other as much."""
        family = self.family
        step, _ = information.newton_step(at.natural_gradient, math.inf)
        change = family.split_frame(step)[1] / family.multiplicity
        falls = np.linalg.eigvalsh(change) if family.correlated else change
        dominates = falls.max() > -_MIN_FALL_RATIO * falls.min()
        return bool(dominates and 1.0 - falls.max() < _OVERSTEPPED_PRECISION)

    def _with_positive_information(self, at: Evaluation) -> tuple[Evaluation, Information] | None:
        """The point, and the information there if it is positive, else None.

        A negative eigenvalue of exact data is the error of a lattice that was made for another
        point. Then both are those on a lattice that is made for this one.
        """
        information = self.fixed.restrict(self).information(at)
        if information.is_positive:
            return at, information
        pilot = Standardization.of(at.mean, self.family, at.factor)
        if not self._exact or self.pilot is None or self.pilot.equals(pilot):
            return None
        there = self.with_pilot(pilot)
        with suppress(NotPositiveDefiniteError):
            moved = self.fixed.restrict(there).evaluate(at.mean, at.factor)
            return there._with_positive_information(moved)
        return None

    def mismatch(self, at: Evaluation) -> float:
        """See `Likelihood`; it is the norm of the gradient in the natural parameters."""
        assert isinstance(at, TruncatedEvaluation)
        if EPS * abs(at.data.value) > _MAX_VALUE_ROUNDING:
            return math.inf
        family = self.family
        deviation = family.solve(self._root, family.colorize(at.factor, at.score_mean))
        excess = family.whiten_symmetric(self._root, family.color_form(at.factor, at.excess))
        # The second moments of the data, about their mean, minus those in the window.
        form = family.multiplicity * excess - family.outer(deviation)
        return math.hypot(linalg.norm(deviation), family.fisher_norm(form))

    def no_maximum(self, at: Evaluation, names: Sequence[str]) -> NoMaximumError:
        width, growth, _ = self.widest_direction(at)
        if width <= _WIDE_RATIO or self._fails_without_window(at):
            return self._data.no_maximum(_untruncated(at), names)
        some = self.window.bounded
        growing = some[growth[some] > INVOLVED_SHARE * growth[some].max()]
        of_ridge = (
            "reg_covar may be the cause, since it adds to the variances inside the window. Then a "
            "smaller one helps. "
        )
        return NoMaximumError(
            "the likelihood keeps rising as the covariance grows without bound, in the direction "
            f"of {quoted([names[j] for j in growing])}. Inside truncation_limits the sample "
            f"{self.edge} in this direction.",
            f"{of_ridge if self.ridge is not None else ''}Leave out the limits of these features "
            "if no rows were cut off there. A small sample may show this by chance: collect more "
            "rows.",
        )

    def truncation(self, at: Evaluation) -> Truncation:
        return Truncation(self.window, _untruncated(at).value - at.value)

    def rounding_limit(self, at: Evaluation) -> float:
        """See `Likelihood`; the rounding of the mean moves the window relative to the Gaussian."""
        deviations = self.family.standard_deviations(self._root)
        offset = float((np.abs(self._mean) / deviations).max())
        return EPS * max(min(at.condition, DEGENERATE_CONDITION), min(offset, _FAR_MEAN))

    def rounding_of_the_value(self, at: Evaluation) -> float:
        data = _untruncated(at)
        size = 1 + abs(data.value) + abs(at.value - data.value)
        return self._data.rounding_of_the_value(data) + 4 * EPS * size


def _untruncated(at: Evaluation) -> Evaluation:
    """The evaluation of the same data at the same point, without the window."""
    assert isinstance(at, TruncatedEvaluation)
    return at.data
