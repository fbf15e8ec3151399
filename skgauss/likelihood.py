r"""Average log-likelihood of a Gaussian, its gradient, and its Fisher metric.

With xbar and S the mean and scatter of the data and
:math:`A = S + (\bar x - \mu)(\bar x - \mu)^T`, in nats per observation

.. math::

    \ell(\mu, \Sigma) = -\tfrac12 \left[ d \log 2\pi + \log\det\Sigma
                        + \operatorname{tr}(\Sigma^{-1} A) \right].

The gradient is kept *whitened* by the factor L of :math:`\Sigma = L L^T`:

.. math::

    u = L^T \frac{\partial\ell}{\partial\mu} = L^{-1} (\bar x - \mu), \qquad
    U = 2 L^T \frac{\partial\ell}{\partial\Sigma} L = L^{-1} A L^{-T} - I.

In these coordinates the Fisher metric is the identity (up to the 1/2 of U), no unit of
the data is left, and nothing is ever inverted. A ridge r adds diag(r) to S: the penalty
:math:`-\tfrac12 \sum_j r_j (\Sigma^{-1})_{jj}`.

References
----------
Anderson (2003), An Introduction to Multivariate Statistical Analysis, section 3.2;
Magnus and Neudecker (2019), Matrix Differential Calculus, chapter 15.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

from . import linalg
from ._typing import Array
from .covariance import SMALLEST_SCALE, Family, NotPositiveDefiniteError
from .statistics import SufficientStatistics

EPS = float(np.finfo(float).eps)


class Evaluation:
    """A likelihood and its whitened gradient at one point.

    Parameters
    ----------
    mean, factor : ndarray
        The point.
    value : float
        Nats, counted from the likelihood's `reference`.
    score_mean : ndarray of shape (n_features,)
        u.
    family : Family
    form : callable
        U, which may cost more than all the rest and is formed when first asked for.
    expected : tuple of ndarray, default=None
        Mean and covariance that the point expects of the data once completed.
    """

    __slots__ = (
        "_family",
        "_form",
        "_score_covariance",
        "expected",
        "factor",
        "mean",
        "score_mean",
        "value",
    )

    def __init__(
        self,
        mean: Array,
        factor: Array,
        value: float,
        score_mean: Array,
        family: Family,
        form: Callable[[], Array],
        expected: tuple[Array, Array] | None = None,
    ):
        self.mean = mean
        self.factor = factor
        self.value = value
        self.score_mean = score_mean
        self.expected = expected
        self._family = family
        self._form: Callable[[], Array] | None = form
        self._score_covariance: Array | None = None

    @property
    def score_covariance(self) -> Array:
        """U."""
        if self._score_covariance is None:
            assert self._form is not None
            self._score_covariance = self._form()
            self._form = None
        return self._score_covariance

    @property
    def natural_gradient(self) -> Array:
        """The gradient in the frame of the point, see `Family.frame`."""
        return self._family.frame(self.score_mean, self.score_covariance)

    @property
    def norms(self) -> tuple[float, float]:
        """Of the natural gradient, by mean and by covariance."""
        return linalg.norm(self.score_mean), self._family.fisher_norm(self.score_covariance)

    @property
    def natural_gradient_norm(self) -> float:
        """Square root of g' F^-1 g; half its square estimates the nats still to gain."""
        return math.hypot(*self.norms)

    def is_stationary(self, tol: float) -> bool:
        """Whether the norm is at most `tol`. The mean alone may tell that it is not."""
        return linalg.norm(self.score_mean) <= tol and self.natural_gradient_norm <= tol


class Likelihood(ABC):
    """What solvers climb: of complete data, or of what was observed of incomplete data.

    Attributes
    ----------
    family : Family
    ridge : ndarray of shape (n_features,) or None
    reference : float
        The level from which `Evaluation.value` is counted.
    concave : bool
        Whether a stationary point is always the maximum, the curvature there known.
    """

    family: Family
    ridge: Array | None
    reference: float
    concave: bool

    @abstractmethod
    def evaluate(self, mean: Array, factor: Array) -> Evaluation:
        """Value and whitened gradient at N(mean, factor factor^T).

        Raises
        ------
        NotPositiveDefiniteError
            Where the factor has no positive diagonal, or one whose square float64
            cannot hold, or the likelihood is not a finite number.
        """

    @abstractmethod
    def log_likelihood(self, at: Evaluation) -> float:
        """Average log-likelihood of the data, in nats, without the penalty of the ridge."""

    @abstractmethod
    def covariance(self, factor: Array) -> Array:
        """Covariance of a factor."""

    @abstractmethod
    def expected_maximum(self, at: Evaluation) -> tuple[Array, Array]:
        """Mean and factor that would maximise the likelihood of the data as completed.

        The M step of EM, which completes missing data by what the point expects of them.
        """

    @property
    @abstractmethod
    def guess(self) -> tuple[Array, Array]:
        """Mean and factor near the maximum, from the data alone."""

    @property
    @abstractmethod
    def maximum(self) -> tuple[Array, Array]:
        """Mean and factor at the maximum, where it has a closed form."""

    @abstractmethod
    def is_degenerate(self, at: Evaluation) -> bool:
        """Whether the climb is on its way to a singular covariance, without a maximum."""

    @abstractmethod
    def rounding_limit(self, at: Evaluation) -> float:
        """The natural gradient norm below which float64 cannot tell covariances apart."""

    @abstractmethod
    def rounding_of_the_value(self, at: Evaluation) -> float:
        """What of a difference of values may be rounding."""

    @abstractmethod
    def resolution_of_the_mean(self, at: Evaluation) -> float:
        """The same for means, which have a rounding of their own far from zero."""


class MeanRounding:
    """What float64 could not hold of the mean of the data: part of their likelihood at a point.

    Solvers do without: they move what float64 can hold.

    Parameters
    ----------
    statistics : SufficientStatistics or AvailableMoments
    family : Family
    factor : ndarray
        Near the maximum; what is below the rounding of its deviations does not count.
    share : float or ndarray of shape (n_features,), default=1
        Of the weight with which the features were observed.
    """

    def __init__(self, statistics: Any, family: Family, factor: Array, share: float | Array = 1.0):
        self._mean = statistics.mean
        self._rounding = statistics.mean_rounding + np.zeros(family.n_features)
        self._family = family
        self._share = share
        smallest = EPS * family.standard_deviations(factor)
        self._counts = bool((np.abs(self._rounding) > smallest).any())

    def cost(self, at: Evaluation) -> float:
        """By how many nats a log-likelihood without it is too high."""
        if not self._counts:
            return 0.0
        missed = self._family.solve(at.factor, self._rounding)
        between = self._family.solve(at.factor, self._mean - at.mean + 0.5 * self._rounding)
        return float((self._share * missed) @ between)


class GaussianLikelihood(Likelihood):
    """Of complete data; its `reference` is the maximum.

    Values are minus the nats still to gain, and keep their relative precision down to zero.

    Parameters
    ----------
    statistics : SufficientStatistics
    family : Family
    ridge : ndarray of shape (n_features,), default=None
        r, see the module; None is no ridge.

    Raises
    ------
    NotPositiveDefiniteError
        If scatter and ridge together are singular: there is no maximum.
    """

    concave = True

    def __init__(
        self, statistics: SufficientStatistics, family: Family, ridge: Array | None = None
    ):
        self.family = family
        self.ridge = ridge
        self._mean = statistics.mean
        scatter = (
            statistics.scatter if ridge is None else family.add_ridge(statistics.scatter, ridge)
        )
        self._covariance = family.project(scatter)
        self._root = family.root(self._covariance)
        constant = family.n_features * (1.0 + math.log(2.0 * math.pi))
        self.reference = -0.5 * (constant + family.log_det(self._root))
        self._rounding = MeanRounding(statistics, family, self._root)

    def evaluate(self, mean: Array, factor: Array) -> Evaluation:
        family = self.family
        # Of a negative scale the divergence is NaN, of one too large infinite.
        if not np.minimum.reduce(family.diagonal(factor)) > SMALLEST_SCALE:
            raise NotPositiveDefiniteError
        relative = family.identity if factor is self._root else family.solve(factor, self._root)
        deviation = family.solve(factor, self._mean - mean)
        divergence = family.divergence(factor, self._root, relative)
        value = -0.5 * (divergence + float(deviation @ deviation))
        if not math.isfinite(value):
            raise NotPositiveDefiniteError

        def form() -> Array:
            return family.excess(relative) + family.outer(deviation)

        return Evaluation(mean, factor, value, deviation, family, form)

    def log_likelihood(self, at: Evaluation) -> float:
        penalized = self.reference + at.value - self._rounding.cost(at)
        if self.ridge is None:
            return penalized
        return penalized + 0.5 * self.family.trace_inverse(at.factor, self.ridge)

    def covariance(self, factor: Array) -> Array:
        """Covariance of a factor; that of the data without the detour by its root."""
        return self._covariance if factor is self._root else self.family.square(factor)

    def expected_maximum(self, at: Evaluation) -> tuple[Array, Array]:
        """The maximum itself: nothing is left to expect."""
        return self.maximum

    @property
    def guess(self) -> tuple[Array, Array]:
        """The maximum itself."""
        return self.maximum

    @property
    def maximum(self) -> tuple[Array, Array]:
        return self._mean, self._root

    @cached_property
    def condition(self) -> float:
        """Condition number of the correlation matrix, estimated in the 1-norm."""
        return self.family.correlation_condition(self._covariance, self._root)

    def is_degenerate(self, at: Evaluation) -> bool:
        return False

    def rounding_limit(self, at: Evaluation) -> float:
        return EPS * self.condition

    def rounding_of_the_value(self, at: Evaluation) -> float:
        return EPS * abs(at.value)  # counted from the maximum: next to nothing near it

    def resolution_of_the_mean(self, at: Evaluation) -> float:
        return self._resolution_of_the_mean

    @cached_property
    def _resolution_of_the_mean(self) -> float:
        deviations = self.family.standard_deviations(self._root)
        offset = float(np.max(np.abs(self._mean) / deviations))
        return EPS * max(self.condition, offset)
