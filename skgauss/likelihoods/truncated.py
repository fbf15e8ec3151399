r"""Likelihood of complete data that are seen only inside a window.

It is that of complete data less the log-probability of the window. With m and C the mean and
covariance of the Gaussian inside the window, in nats per observation,

.. math::

    u = L^{-1} (\bar x - m), \qquad
    U = L^{-1} (A_{\text{data}} - A_{\text{window}}) L^{-T},

where both A are second moments about :math:`\mu`. It is concave in :math:`\Sigma^{-1} \mu` and
:math:`\Sigma^{-1}`, so that there is at most one maximum, and Newton's steps are taken there:
with Fisher's information, which in these parameters is minus the Hessian everywhere.

References
----------
Cohen (1991), Truncated and Censored Samples; Tallis (1961), "The moment generating function of
the truncated multi-normal distribution", JRSS B 23(1); Magnus and Neudecker (2019), Matrix
Differential Calculus, chapter 15.
"""

import math
from abc import abstractmethod
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from .._typing import Array
from .._wording import quoted
from ..boxes import (
    FEWEST_OF_LATTICE,
    Lattice,
    central_moments,
    univariate_moments,
)
from ..gaussian import Diagonal, Family, Full, NotPositiveDefiniteError, linalg
from ..rows import Truncation, Window
from .base import EPS, Evaluation, Likelihood, NoMaximumError
from .complete import GaussianLikelihood
from .information import Information
from .truncated_feature import TruncatedFeatures
from .truncated_information import Box

_N_POINTS = 100_003  # a prime, of the lattice on which four features or more are integrated
_MOST_PARAMETERS = 300  # of which the information is taken, two boxes for each
_RESOLUTION = 1e-6, 1e-14  # of the information by differences, and in closed form
_TRUSTED = 0.1  # nats that a parabola may promise and be believed
# Largest variance by that of the data, in any direction, without a doubt; and where the parabola
# need not be asked.
_NEAR = 0.1  # the natural gradient norm where the covariance need not rise by itself
_WIDE, _VERY_WIDE = 100.0, 1e4
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


class TruncatedLikelihood(Likelihood):
    """Of data seen through a window.

    Parameters
    ----------
    complete : GaussianLikelihood
        Of the same data, as if there were no window.
    window : Window
    """

    has_closed_form = unimodal = at_most_fisher = False
    concave = information_is_cheap = True
    page = "truncation"

    def __init__(self, complete: GaussianLikelihood, window: Window):
        self.family: Family = complete.family
        self.ridge = complete.ridge
        self.weight = complete.weight
        self.reference = complete.reference
        self.window = window
        self._complete = complete
        self._mean, self._root = complete.maximum
        self._covariance = complete.covariance(self._root)

    @abstractmethod
    def within(self, mean: Array, factor: Array) -> Within:
        """Probability and moments of the Gaussian inside the window."""

    def evaluate(self, mean: Array, factor: Array) -> Evaluation:
        family = self.family
        data = self._complete.evaluate(mean, factor)
        within = self.within(mean, factor)
        value = data.value - within.log_probability
        relative = family.whiten_symmetric(factor, self._covariance)
        form = family.multiplicity * (relative - within.covariance)
        form += family.outer(within.deviation)
        form += family.symmetric_outer(within.deviation, within.mean)
        if not (math.isfinite(value) and np.isfinite(form).all()):
            raise NotPositiveDefiniteError
        of_data = self._complete.log_likelihood(data) - within.log_probability
        return Evaluation(
            mean, factor, value, within.deviation, family, lambda: form, of_data=of_data
        )

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

    @property
    def maximum(self) -> tuple[Array, Array]:
        raise ValueError(
            "solver='closed-form' does not serve truncated samples, whose likelihood has no "
            "closed form. Use solver='natural', 'newton', 'gradient', 'coordinate' or 'lbfgs'."
        )

    @property
    @abstractmethod
    def hopeless(self) -> np.ndarray:
        """Indices of features of which it is certain that they leave no maximum."""

    def is_degenerate(self, at: Evaluation) -> bool:
        return False

    def truncation(self, at: Evaluation) -> Truncation:
        of_data = self._complete.evaluate(at.mean, at.factor).value
        return Truncation(self.window, of_data - at.value)

    def rounding_limit(self, at: Evaluation) -> float:
        return EPS * self.family.correlation_condition(self.covariance(at.factor), at.factor)

    def rounding_of_the_value(self, at: Evaluation) -> float:
        of_data = self._complete.evaluate(at.mean, at.factor).value
        return 4 * EPS * (1 + abs(of_data) + abs(at.value - of_data))

    def resolution_of_the_mean(self, at: Evaluation) -> float:
        offset = np.abs(at.mean) / self.family.standard_deviations(at.factor)
        return max(self.rounding_limit(at), EPS * float(offset.max()))


class TruncatedDiagonal(TruncatedLikelihood):
    """Of uncorrelated features: each sees its own limits alone."""

    family: Diagonal

    def __init__(self, complete: GaussianLikelihood, window: Window):
        super().__init__(complete, window)
        # Counted from the end that is nearer to the data, where moments keep their digits.
        nearer = window.upper - self._mean < self._mean - window.lower
        ends = np.where(nearer, window.upper, window.lower)
        self._origin = np.where(np.isfinite(ends), ends, self._mean)
        self.features = TruncatedFeatures(
            self._mean - self._origin,
            np.broadcast_to(self._covariance, self._mean.shape),
            window.lower - self._origin,
            window.upper - self._origin,
            pooled=self.family.multiplicity > 1,
        )

    @cached_property
    def guess(self) -> tuple[Array, Array]:
        """The maximum itself."""
        mean, variance = self.features.maximum()
        return self._origin + mean, np.sqrt(self.family.project(variance))

    @property
    def hopeless(self) -> np.ndarray:
        """With one variance for all, they leave a maximum together or not at all."""
        bounded = self.window.bounded
        has_maximum = np.broadcast_to(self.features.has_maximum, self._mean.shape)
        return bounded[~has_maximum[bounded]]

    def _parent(self, mean: Array, factor: Array) -> tuple[Array, Array, Array, Array]:
        scale = self.family.standard_deviations(factor)
        return self.features.lower, self.features.upper, mean - self._origin, scale**2

    def within(self, mean: Array, factor: Array) -> Within:
        scale = self.family.standard_deviations(factor)
        parent = self._parent(mean, factor)
        moments = univariate_moments(*parent)
        return Within(
            float(moments.log_probability.sum()),
            (moments.mean[:, 0] - parent[2]) / scale,
            self.family.project(moments.covariance[:, 0, 0] / scale**2),
            (self.features.mean - moments.mean[:, 0]) / scale,
        )

    @property
    def has_information(self) -> bool:
        return self.family.n_parameters <= _MOST_PARAMETERS

    def information(self, at: Evaluation) -> Information:
        scale = self.family.standard_deviations(at.factor)
        parent = self._parent(at.mean, at.factor)
        second, third, fourth = central_moments(*parent)
        mean = (self.features.mean - parent[2]) / scale - at.score_mean
        across = (2 * mean * second + third) / math.sqrt(2)
        squares = (4 * mean * (mean * second + third) + fourth - second**2) / 2
        share = 1 / self.family.multiplicity  # of a feature in a step of the one variance
        block = self.family.project(squares)
        beside = math.sqrt(share) * across
        beside = beside[:, None] if self.family.multiplicity > 1 else np.diag(beside)
        matrix = np.block([[np.diag(second), beside], [beside.T, np.diag(block)]])
        return Information(matrix, self.family, _RESOLUTION[1])


class TruncatedFull(TruncatedLikelihood):
    """Of correlated features, of which some have limits; the others follow from these."""

    family: Full

    def __init__(self, complete: GaussianLikelihood, window: Window):
        super().__init__(complete, window)
        some = self._bounded = window.bounded
        self._box = Box(some, window.lower[some], window.upper[some])
        self.information_is_exact = len(some) < FEWEST_OF_LATTICE

    @cached_property
    def features(self) -> TruncatedFeatures:
        """The features with limits, each by itself, about the mean of the data."""
        center = self._mean[self._bounded]
        return TruncatedFeatures(
            np.zeros_like(center),
            self._covariance.diagonal()[self._bounded],
            self._box.lower - center,
            self._box.upper - center,
        )

    @cached_property
    def guess(self) -> tuple[Array, Array]:
        """Of one feature with limits the maximum; of several, what the data are by themselves.

        Features without limits follow by regression.
        """
        if len(self._bounded) > 1:
            return self._complete.maximum
        shift, variance = self.features.maximum()
        of_data = self._covariance[self._bounded]
        slopes = of_data[0] / self.features.variance
        change = variance - self.features.variance
        return (
            self._mean + slopes * shift,
            self.family.root(self._covariance + change * np.outer(slopes, slopes)),
        )

    @property
    def hopeless(self) -> np.ndarray:
        """Of one feature with limits: of several only the climb can tell."""
        alone = len(self._bounded) == 1 and not self.features.has_maximum[0]
        return self._bounded if alone else self._bounded[:0]

    @cached_property
    def _lattice(self) -> Lattice | None:
        """Frozen at the guess, so that what is climbed is one smooth function."""
        if self.information_is_exact:
            return None
        mean, factor = self.guess
        center, root = mean[self._bounded], factor[self._bounded]
        lower, upper = self._box.lower[None], self._box.upper[None]
        ends = np.hstack([lower, upper])
        return Lattice.of(ends, lower - center, upper - center, root @ root.T, _N_POINTS)

    def within(self, mean: Array, factor: Array) -> Within:
        some = self._bounded
        log_probability, inside, covariance = self._box.moments(
            mean[some][None], factor[some][None], self._lattice
        )
        deviation = self.family.solve(factor, self._mean - mean) - inside[0]
        return Within(float(log_probability[0]), inside[0], covariance[0], deviation)

    @property
    def has_information(self) -> bool:
        return self.family.n_parameters <= _MOST_PARAMETERS

    def information(self, at: Evaluation) -> Information:
        box, exact = self._box, self.information_is_exact
        ask = box.information_by_differences if exact else box.information_by_draws
        return Information(ask(at.mean, at.factor), self.family, _RESOLUTION[0])

    def is_degenerate(self, at: Evaluation) -> bool:
        """Whether the covariance outgrows that of the data, and Newton's step would without end.

        The step is that in the natural parameters, in which the likelihood is concave.
        """
        width, direction = self._widest(at)
        if len(self._bounded) == 1 or width <= _WIDE:
            return False
        rises = bool(direction @ at.score_covariance @ direction > 0)
        if not self.has_information:
            return rises
        step, gain = self.information(at).newton_step(at.natural_gradient, math.inf)
        near = gain <= _TRUSTED and (rises or at.is_stationary(_NEAR))
        if not (near or (rises and width > _VERY_WIDE)):
            return False
        return linalg.largest_eigenvalue(self.family.split_frame(step)[1]) >= 1

    def no_maximum(self, at: Evaluation, names: Sequence[str]) -> NoMaximumError:
        some = self._bounded
        growth = np.abs(at.factor @ self._widest(at)[1]) / np.sqrt(self._covariance.diagonal())
        growing = quoted([names[j] for j in some[growth[some] > _INVOLVED * growth[some].max()]])
        return NoMaximumError(
            "the climb leads to no maximum. The likelihood rises as the covariance grows without "
            f"end, in the direction of {growing}. Inside truncation_limits the sample falls off "
            "no faster than an exponential in this direction: no Gaussian was cut here.",
            "Leave out the limits of these features if no rows were cut there. Where the rows are "
            "few, chance does this: collect more.",
        )

    def _widest(self, at: Evaluation) -> tuple[float, Array]:
        """The largest variance by that of the data, and where it is, whitened."""
        _, widths, directions = np.linalg.svd(self.family.solve(self._root, at.factor))
        return float(widths[0]) ** 2, directions[0]
