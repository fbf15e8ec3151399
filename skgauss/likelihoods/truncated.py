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
from typing import Any, NamedTuple

import numpy as np

from .._typing import Array
from .._wording import quoted
from ..gaussian import Family, NotPositiveDefiniteError
from ..rows import Truncation, Window
from .base import EPS, Evaluation, Likelihood, NoMaximumError
from .curvature import information_matrix
from .information import Information

_MOST_PARAMETERS = 300  # of which the information is taken, two boxes for each
_TRUSTED = 0.1  # nats that a parabola may promise and be believed
_NEAR = 0.1  # the natural gradient norm where the covariance need not rise by itself
# Largest variance by that of the data, in any direction: without a doubt, where the parabola need
# not promise little, and where incomplete data leave nothing to doubt.
_WIDE, _VERY_WIDE, _ENDLESS = 100.0, 1e4, 1e8
_INVOLVED = 0.1  # share of the largest part in a direction that counts


class Within(NamedTuple):
    """Of the Gaussian inside the window, whitened by the factor of the parent.

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


class TruncatedEvaluation(Evaluation):
    """With the evaluation of the same data as if there were no window."""

    __slots__ = ("data",)
    data: Evaluation


class TruncatedLikelihood(Likelihood):
    """Of data seen through a window.

    Parameters
    ----------
    data : Likelihood
        Of the same data, as if there were no window: what is unknown of them lies inside.
    window : Window
    statistics : SufficientStatistics, or statistics by pattern or by feature
        Of the data.
    """

    has_closed_form = unimodal = at_most_fisher = False
    steps_are_natural = True
    page = "truncation"

    def __init__(self, data: Likelihood, window: Window, statistics: Any):
        self.family: Family = data.family
        self.ridge = data.ridge
        self.weight = data.weight
        self.reference = data.reference
        self.frame = data.frame
        self.window = window
        self._data = data
        self._informative = data.weight / statistics.weight
        self._mean, self._root = data.guess
        self._covariance = data.covariance(self._root)
        certain = statistics.complete if self.family.correlated else not statistics.coarse
        self.concave = self.information_is_cheap = certain

    @abstractmethod
    def within(self, mean: Array, factor: Array, of_data: Array) -> Within:
        """Probability and moments of the Gaussian inside the window, beside the mean of the data.

        With the same values missing as in the data.
        """

    def evaluate(self, mean: Array, factor: Array) -> Evaluation:
        family = self.family
        data = self._data.evaluate(mean, factor)
        assert data.expected is not None
        of_data, covariance = data.expected
        within = self.within(mean, factor, of_data)
        value = data.value - within.log_probability
        form = family.multiplicity * (
            family.whiten_symmetric(factor, covariance) - within.covariance
        )
        form += family.outer(within.deviation)
        form += family.symmetric_outer(within.deviation, within.mean)
        if not (math.isfinite(value) and np.isfinite(form).all()):
            raise NotPositiveDefiniteError
        alone = self._data.log_likelihood(data) - self._informative * within.log_probability
        at = TruncatedEvaluation(
            mean, factor, value, within.deviation, family, lambda: form, of_data=alone
        )
        at.data = data
        return at

    def log_likelihood(self, at: Evaluation) -> float:
        assert at.of_data is not None
        return at.of_data

    def covariance(self, factor: Array) -> Array:
        return self.family.square(factor)

    def expected_maximum(self, at: Evaluation) -> tuple[Array, Array]:
        return self.natural_step(at, 1.0)

    def natural_step(self, at: Evaluation, rate: float) -> tuple[Array, Array]:
        """From the gradient: it completes no rows, of which there may be far too many unseen."""
        family = self.family
        step = rate * at.score_covariance - rate**2 * family.outer(at.score_mean)
        blend = family.color_form(at.factor, family.identity + step / family.multiplicity)
        return at.mean + rate * family.colorize(at.factor, at.score_mean), family.root(blend)

    def retract(self, at: Evaluation, step: Array) -> tuple[Array, Array]:
        """In the natural parameters, along which the likelihood is concave."""
        family = self.family
        of_mean, form = family.split_frame(step)
        root = family.root_of_inverse(family.identity - form / family.multiplicity)
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
    def maximum(self) -> tuple[Array, Array]:
        raise ValueError(
            "solver='closed-form' does not serve truncated samples, whose likelihood has no "
            "closed form. Use solver='natural', 'newton', 'gradient', 'coordinate' or 'lbfgs'."
        )

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
        known = self.concave or self._data.has_information
        return known and self.family.n_parameters <= _MOST_PARAMETERS

    def unknown_of_data(self, at: Evaluation) -> Array | float:
        """What is not known of the data, which in natural parameters is lost of the window's."""
        return 0.0 if self.concave else self._data.unknown(_of_data(at))

    def bend(self, gradient: Array) -> Array:
        return self.family.bend(gradient)

    @property
    def bounded(self) -> bool:
        return self._data.bounded

    def inflation(self, at: Evaluation) -> float:
        return self._data.inflation(at)

    @property
    @abstractmethod
    def hopeless(self) -> np.ndarray:
        """Indices of features of which it is certain that they leave no maximum."""

    @property
    @abstractmethod
    def is_decided(self) -> bool:
        """Whether there is a maximum unless some are hopeless."""

    @abstractmethod
    def widest(self, at: Evaluation) -> tuple[float, Array, float]:
        """The largest variance by that of the data, how features take part, and the slope there.

        U in that direction, positive where the likelihood rises as it widens.
        """

    def is_degenerate(self, at: Evaluation) -> bool:
        if self._data.is_degenerate(_of_data(at)):
            return True
        if self.is_decided:
            return False
        width, _, slope = self.widest(at)
        return width > _WIDE and self._outgrows(at, width, slope > 0)

    def left_to_infinity(self, at: Evaluation) -> float:
        width, _, slope = self.widest(at)
        return abs(slope) if width > _VERY_WIDE else math.inf

    def _outgrows(self, at: Evaluation, width: float, rises: bool) -> bool:
        """Whether a covariance wider than that of the data widens without end.

        By Newton's step in the natural parameters, in which that of complete data is concave.
        """
        if width > _ENDLESS and not self.concave:
            return at.value >= self._value_of_the_guess
        if not (rises or at.is_stationary(_NEAR)):
            return False
        sure = rises and width > _VERY_WIDE
        if self.family.n_parameters > _MOST_PARAMETERS or (sure and not self.concave):
            return rises
        information = Information(information_matrix(self, at), self.family)
        step, gain = information.newton_step(at.natural_gradient, math.inf)
        if gain > _TRUSTED and not sure:
            return False
        try:
            self.retract(at, step)
        except NotPositiveDefiniteError:
            return True
        return False

    def no_maximum(self, at: Evaluation, names: Sequence[str]) -> NoMaximumError:
        width, growth, _ = self.widest(at)
        some, data = self.window.bounded, _of_data(at)
        elsewhere = growth.argmax() not in some and self._data.is_degenerate(data)
        if width <= _WIDE or elsewhere:
            return self._data.no_maximum(data, names)
        growing = some[growth[some] > _INVOLVED * growth[some].max()]
        return NoMaximumError(
            "the climb leads to no maximum. The likelihood rises as the covariance grows without "
            f"end, in the direction of {quoted([names[j] for j in growing])}. Inside "
            "truncation_limits the sample falls off no faster than an exponential in this "
            "direction: no Gaussian was cut here.",
            "Leave out the limits of these features if no rows were cut there. Where the rows are "
            "few, chance does this: collect more.",
        )

    def truncation(self, at: Evaluation) -> Truncation:
        return Truncation(self.window, _of_data(at).value - at.value)

    def rounding_limit(self, at: Evaluation) -> float:
        """Of the mean, too: a step of its last digit moves the window, as the parent sees it."""
        condition = self.family.correlation_condition(self.covariance(at.factor), at.factor)
        offset = np.abs(at.mean) / self.family.standard_deviations(at.factor)
        return EPS * max(condition, float(offset.max()))

    def rounding_of_the_value(self, at: Evaluation) -> float:
        data = _of_data(at)
        size = 1 + abs(data.value) + abs(at.value - data.value)
        return self._data.rounding_of_the_value(data) + 4 * EPS * size

    def resolution_of_the_mean(self, at: Evaluation) -> float:
        return self.rounding_limit(at)


def _of_data(at: Evaluation) -> Evaluation:
    assert isinstance(at, TruncatedEvaluation)
    return at.data
