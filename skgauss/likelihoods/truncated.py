r"""Likelihood of data that are seen only inside a window.

It is that of the same data without a window, complete or not, less the log-probability of the
window. With m and C the mean and covariance of the Gaussian inside the window, in nats per
observation,

.. math::

    u = L^{-1} (\bar x - m), \qquad
    U = L^{-1} (A_{\text{data}} - A_{\text{window}}) L^{-T},

where both A are second moments about :math:`\mu`; of incomplete data mean and moments are those
that the point expects. Of complete data it is concave in :math:`\Sigma^{-1} \mu` and
:math:`\Sigma^{-1}`, so that there is at most one maximum, and Newton's steps are taken there:
with Fisher's information, which in these parameters is minus the Hessian everywhere.

References
----------
Cohen (1991), Truncated and Censored Samples; Tallis (1961), "The moment generating function of
the truncated multi-normal distribution", JRSS B 23(1); Magnus and Neudecker (2019), Matrix
Differential Calculus, chapter 15.
"""

import copy
import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from .._typing import EPS, Array
from .._wording import quoted
from ..gaussian import Family, NotPositiveDefiniteError, linalg
from ..rows import Truncation, Window
from .base import (
    DEGENERATE,
    FEW_PARAMETERS,
    INVOLVED,
    Evaluation,
    Likelihood,
    NoMaximumError,
)
from .fixed import NOTHING, Fixed

_WIDE = 100.0  # largest variance by that of the data, in any direction, that may have no end
_VERY_WIDE = 1e4  # the same that is as good as infinite
_ALIKE = 0.3  # the natural gradient norm of a parent that resembles the data inside
_STEEPEST = 4.0  # by which the slope along a precision falls with it, that of an exponential tail
_CLEAR = 2.0  # times the rest of the gradient that a slope is which decides
_FAR = 1e14  # deviations off zero, beyond which float64 tells too little of the data
# Nats by which rounding may blur a value, the difference of two that grow with the squared distance
# of the window: beyond, its gradient has no digits either, and may be 0.
_LOST = 1.0
# Share that a step leaves of any precision at least: where a Gaussian is far wider than the window
# the likelihood is flat, and the way back is long.
_LEAST_LEFT = 0.01


class Within(NamedTuple):
    """Probability and moments of the Gaussian inside the window, whitened by its factor.

    Attributes
    ----------
    log_probability : float
        Of the window.
    mean : ndarray of shape (n_features,)
    covariance : ndarray
        As the family has it.
    deviation : ndarray of shape (n_features,)
        The mean of the data less that inside the window.
    """

    log_probability: float
    mean: Array
    covariance: Array
    deviation: Array


@dataclass(eq=False, kw_only=True)
class TruncatedEvaluation(Evaluation):
    """An evaluation that also holds that of the same data as if there were no window.

    And the covariance of the data less that inside the window, each about its own mean, whitened.
    """

    data: Evaluation
    excess: Array

    def restrict(self, family: Family) -> None:
        super().restrict(family)
        self.excess = self.score_covariance / family.multiplicity


class TruncatedLikelihood(Likelihood):
    """The likelihood of data seen through a window.

    Parameters
    ----------
    data : Likelihood
        Of the same data, as if there were no window: what is unknown of them lies inside.
    window : Window
    statistics : SufficientStatistics, or statistics by pattern or by feature
        Of the data.
    fixed : Fixed, optional
        What is known of the Gaussian, which decides whether there is a maximum.
    """

    natural_coordinates = True
    what_is_unknown = "truncated samples"
    page = "truncation"

    def __init__(self, data: Likelihood, window: Window, statistics: Any, fixed: Fixed = NOTHING):
        self.family: Family = data.family
        self.ridge = data.ridge
        self.weight = data.weight
        self.reference = data.reference
        self.frame = data.frame
        self.window = window
        self.fixed = fixed
        self._data = data
        self._informative = data.weight / statistics.weight
        self._mean, self._root = data.guess
        self._covariance = data.covariance(self._root)
        # With which it is concave in the natural parameters.
        self._exact = statistics.complete if self.family.correlated else not statistics.coarse
        self.has_one_maximum = self.information_is_cheap = self._exact

    @abstractmethod
    def within(self, mean: Array, factor: Array, of_data: Array) -> Within:
        """Probability and moments of the Gaussian inside the window, beside the mean of the data.

        With the same values missing as in the data.
        """

    def evaluate(self, mean: Array, factor: Array) -> Evaluation:
        family = self.family
        data = self._data.evaluate(mean, factor)
        of_data, covariance = data.expected
        within = self.within(mean, factor, of_data)
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
        assert at.of_data is not None
        return at.of_data

    def natural_step(self, at: Evaluation, rate: float) -> tuple[Array, Array]:
        """The natural step, from the gradient: the rows outside, which may be far too many, are not
        made.
        """
        family = self.family
        step = rate * at.score_covariance - rate**2 * family.outer(at.score_mean)
        blend = family.color_form(at.factor, family.identity + step / family.multiplicity)
        return at.mean + rate * family.colorize(at.factor, at.score_mean), family.root(blend)

    def retract(self, at: Evaluation, step: Array) -> tuple[Array, Array]:
        """The point that a step in the natural parameters leads to, along which the likelihood is
        concave.

        A step that leads nearly to a singular precision is refused like one that leads beyond:
        the rule of fractions to the boundary (Nocedal and Wright, 2006, section 19.2).
        """
        family = self.family
        of_mean, form = family.split_frame(step)
        precision = family.identity - form / family.multiplicity
        family.root_of_inverse(precision - _LEAST_LEFT * family.identity)  # raises
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
    def rough(self) -> Likelihood | None:
        rough = self._data.rough
        if rough is None:
            return None
        likelihood = copy.copy(self)
        likelihood._data = rough
        return likelihood

    @property
    def has_information(self) -> bool:
        known = self._exact or self._data.has_information
        return known and self.family.n_parameters <= FEW_PARAMETERS

    def unknown_of_data(self, at: Evaluation) -> Array | float:
        """What is not known of the data, which in natural parameters is lost of the window's."""
        return 0.0 if self._exact else self._data.unknown(_of_data(at))

    def connection_term(self, gradient: Array) -> Array:
        return self.family.connection_term(gradient)

    @property
    def bounded(self) -> bool:
        return self._data.bounded

    def inflation(self, at: Evaluation) -> float:
        return self._data.inflation(at)

    @property
    def edge(self) -> str:
        """What a sample does that leaves no maximum, as the end of a clause."""
        if self.fixed.mean is None:
            return "falls off no faster than an exponential"
        return "lies as far from fixed_mean as a uniform one"

    @property
    def alternative(self) -> str:
        """The distribution that describes such a sample."""
        return "an exponential" if self.fixed.mean is None else "a uniform"

    @property
    @abstractmethod
    def without_maximum(self) -> np.ndarray:
        """Indices of features of which it is certain that they leave no maximum."""

    @property
    @abstractmethod
    def existence_known(self) -> bool:
        """Whether there is a maximum unless some features are `without_maximum`."""

    @abstractmethod
    def widest_direction(self, at: Evaluation) -> tuple[float, Array, float]:
        """The largest variance by that of the data, how features take part, and the slope there.

        U in that direction, positive where the likelihood rises as it widens.
        """

    @abstractmethod
    def rise(self, at: Evaluation, form: Array) -> tuple[float, float, Array]:
        """The least precision, a form along it, and what of the form is negative anywhere.

        All in units of the data, in which the form is the gradient in minus half the precision.
        """

    def is_degenerate(self, at: Evaluation) -> bool:
        if self._fails_elsewhere(at):
            return True
        return not self.existence_known and self._widens_without_end(at)

    def _fails_elsewhere(self, at: Evaluation) -> bool:
        """Whether the data leave no maximum by themselves, not where only a window is seen."""
        width, growth, _ = self.widest_direction(at)
        of_window = width > _WIDE and growth.argmax() in self.window.bounded
        return not of_window and self._data.is_degenerate(_of_data(at))

    def gain_at_infinity(self, at: Evaluation) -> float:
        width, _, slope = self.widest_direction(at)
        return abs(slope) if width > _VERY_WIDE else math.inf

    def _widens_without_end(self, at: Evaluation) -> bool:
        """Whether the least precision falls to 0.

        The likelihood is concave in it: there is no maximum before 0 where it rises more steeply
        towards there than it could cease to on the way, and asks for little else but that other
        precisions fall, too.
        """
        if not at.is_stationary(_ALIKE) or at.value < self.value_of_the_guess:
            return False  # it may see nothing of the window at all, or pass by on its way
        deviation, form = self._moment_gradient(at)
        precision, slope, falling = self.rise(at, form)
        rest = math.hypot(linalg.norm(deviation), self.family.fisher_norm(falling))
        steep = slope > self.family.multiplicity * _STEEPEST * precision
        return precision < 1 / _WIDE and steep and slope > _CLEAR * rest

    def _moment_gradient(self, at: Evaluation) -> tuple[Array, Array]:
        """Moments of the data less those inside the window, in units of the data.

        About their mean, and the second ones as a form: the gradient in the natural parameters.
        """
        assert isinstance(at, TruncatedEvaluation)
        family = self.family
        deviation = family.solve(self._root, family.colorize(at.factor, at.score_mean))
        excess = family.whiten_symmetric(self._root, family.color_form(at.factor, at.excess))
        return deviation, family.multiplicity * excess - family.outer(deviation)

    def mismatch(self, at: Evaluation) -> float:
        if EPS * abs(_of_data(at).value) > _LOST:
            return math.inf
        deviation, form = self._moment_gradient(at)
        return math.hypot(linalg.norm(deviation), self.family.fisher_norm(form))

    def no_maximum(self, at: Evaluation, names: Sequence[str]) -> NoMaximumError:
        if self._fails_elsewhere(at):
            return self._data.no_maximum(_of_data(at), names)
        _, growth, _ = self.widest_direction(at)
        some = self.window.bounded
        growing = some[growth[some] > INVOLVED * growth[some].max()]
        of_ridge = (
            "reg_covar adds to the variances inside the window, and may be what leaves no maximum: "
            "a smaller one helps then. "
        )
        return NoMaximumError(
            "the climb leads to no maximum. The likelihood rises as the covariance grows without "
            f"end, in the direction of {quoted([names[j] for j in growing])}. Inside "
            f"truncation_limits the sample {self.edge} in this direction: no Gaussian was cut "
            "here.",
            f"{of_ridge if self.ridge is not None else ''}Leave out the limits of these features "
            "if no rows were cut there. Where the rows are few, chance does this: collect more.",
        )

    def truncation(self, at: Evaluation) -> Truncation:
        return Truncation(self.window, _of_data(at).value - at.value)

    def rounding_limit(self, at: Evaluation) -> float:
        """See `Likelihood`; a step of the mean's last digit moves the window, as the Gaussian sees
        it.
        """
        deviations = self.family.standard_deviations(self._root)
        offset = float((np.abs(self._mean) / deviations).max())
        return EPS * max(min(at.condition, DEGENERATE), min(offset, _FAR))

    def rounding_of_the_value(self, at: Evaluation) -> float:
        data = _of_data(at)
        size = 1 + abs(data.value) + abs(at.value - data.value)
        return self._data.rounding_of_the_value(data) + 4 * EPS * size

    def resolution_of_the_mean(self, at: Evaluation) -> float:
        return self.rounding_limit(at)


def _of_data(at: Evaluation) -> Evaluation:
    assert isinstance(at, TruncatedEvaluation)
    return at.data
