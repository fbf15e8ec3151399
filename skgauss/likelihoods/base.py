r"""What solvers climb: a likelihood as a function of mean and factor, and its whitened gradient.

With L the factor of the covariance the gradient is kept as :math:`u = L^T \partial\ell /
\partial\mu` and :math:`U = 2 L^T (\partial\ell / \partial\Sigma) L`. In these coordinates
the Fisher metric of complete data is the identity (up to the 1/2 of U), no unit of the data
is left, and nothing is ever inverted.
"""

from __future__ import annotations

import math
import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import Any, NamedTuple, TypeVar

import numpy as np

from .._typing import Array
from ..conditioning import Standardization
from ..gaussian import Family, NotPositiveDefiniteError, linalg
from ..rows import Truncation
from .information import Information

DEGENERATE = 1e12  # condition number of the correlations above which too few digits are left
# Most parameters whose information matrix is formed where it takes integrals over boxes.
FEW_PARAMETERS = 300
INVOLVED = 0.1  # share of the largest part in a direction above which a feature takes part in it


class NoMaximumError(ValueError):
    """The likelihood of the data has no maximum.

    Attributes
    ----------
    cause : str
        Sentences that say what in the data leaves no maximum.
    """

    def __init__(self, cause: str, remedy: str = ""):
        super().__init__(cause, remedy)
        self.cause = cause

    def __str__(self) -> str:
        return " ".join(("The likelihood has no maximum:", *self.args)).rstrip()


@dataclass(eq=False)
class Evaluation:
    """A likelihood and its whitened gradient at one point.

    Parameters
    ----------
    mean, factor : ndarray
        The mean of the point, (n_features,), and the factor of its covariance, as the family has
        it.
    value : float
        The average log-likelihood of a row, less the penalty of the ridge, in nats, counted from
        the likelihood's `reference`.
    score_mean : ndarray of shape (n_features,)
        The whitened gradient u with respect to the mean.
    family : Family
    form : callable
        A function without arguments that returns the whitened gradient U with respect to the
        covariance. It may cost more than all the rest and is called when U is first asked for.
    expected : tuple of ndarray
        The mean, (n_features,), and the covariance that the point expects of the data once
        completed.
    of_data : float, default=None
        The average log-likelihood of the data, in nats, without the penalty of the ridge; None
        where `Likelihood.log_likelihood` finds it from the value.
    """

    mean: Array
    factor: Array
    value: float
    score_mean: Array
    family: Family
    form: Callable[[], Array]
    expected: tuple[Array, Array]
    of_data: float | None = None

    @cached_property
    def score_covariance(self) -> Array:
        """The whitened gradient U with respect to the covariance, in the shape of the family."""
        return self.form()

    @cached_property
    def condition(self) -> float:
        """The condition number of the point's correlation matrix, estimated in the 1-norm."""
        return self.family.correlation_condition(self.family.square(self.factor), self.factor)

    def restrict(self, family: Family) -> None:
        """Set to 0 the gradient along what a family knows, and the expected mean to the known one.

        The expected covariance is then that about the known mean.
        """
        if family.mean_is_known:
            mean, covariance = self.expected
            beside = self.family.outer_covariance(mean - self.mean)
            self.expected = self.mean, covariance + beside
            self.score_mean = np.zeros_like(self.score_mean)
        if family.covariance_is_known:
            self.score_covariance = 0.0 * self.family.identity

    @property
    def natural_gradient(self) -> Array:
        """The gradient as one vector in the frame of the point, see `Family.frame`."""
        return self.family.frame(self.score_mean, self.score_covariance)

    @property
    def norms(self) -> tuple[float, float]:
        """The lengths of the natural gradient's two parts, in mean and in covariance."""
        return linalg.norm(self.score_mean), self.family.fisher_norm(self.score_covariance)

    @property
    def natural_gradient_norm(self) -> float:
        """The square root of g' F^-1 g, half the square of which estimates the nats still to gain.

        g is the gradient and F the Fisher information of a complete row.
        """
        return math.hypot(*self.norms)

    def is_stationary(self, tol: float) -> bool:
        """Whether the natural gradient norm is at most `tol`."""
        # The part of the mean alone, which costs nothing, may tell that it is not.
        return linalg.norm(self.score_mean) <= tol and self.natural_gradient_norm <= tol


T = TypeVar("T")


def kept(method: Callable[..., T]) -> Callable[..., T]:
    """The method, made to keep its result for the very evaluation or arrays of its last call."""
    name = f"_last_{method.__name__}"

    @wraps(method)
    def asked(self: Any, *at: Any) -> T:
        last = vars(self).get(name)  # read and written once each, as threads may share it
        if last is None or any(map(operator.is_not, last[0], at)):
            vars(self)[name] = last = at, method(self, *at)
        found: T = last[1]
        return found

    return asked


def step_to(likelihood: Likelihood, at: Evaluation, step: Array) -> Evaluation:
    """The evaluation at the point to which a step in the frame of `at` leads."""
    return likelihood.evaluate(*likelihood.retract(at, step))


class Products(NamedTuple):
    """Functions that multiply a step in the frame of a point by a matrix which is not formed.

    Attributes
    ----------
    exact : callable
        A function from a step to minus the Hessian times it, in the digits of float32.
    below : callable
        The same with a matrix that nowhere exceeds minus the Hessian, at half the price.
    """

    exact: Callable[[Array], Array]
    below: Callable[[Array], Array]


class Likelihood(ABC):
    """A function of mean and factor that solvers climb: the average log-likelihood of the rows.

    Attributes
    ----------
    family : Family
    ridge : ndarray of shape (n_features,) or None
        What is added to the variances of the data; None is nothing.
    weight : float
        The total weight of the rows over which the value is an average.
    reference : float
        The average log-likelihood, in nats, from which `Evaluation.value` is counted.
    complete : bool
        Whether every value is known exactly, and none is cut off: then the maximum and the
        curvature there have formulas.
    frame : Standardization or None
        The frame of the Gaussian that sets the lattices on which boxes are integrated; None where
        none are used.
    uncounted : bool ndarray of shape (n_features,) or None
        Which features are no part of the likelihood of the data; None where all are.
    has_one_maximum : bool
        Whether a stationary point is always the maximum.
    information_is_cheap : bool
        Whether the information costs no more than a few evaluations.
    natural_coordinates : bool
        Whether `retract` moves in the natural parameters. If not, minus the Hessian at the maximum
        is at most the identity in the frame, which it is for complete data.
    what_is_unknown : str
        A phrase for messages that says what is unknown of the data; empty where they are complete.
    page : str
        The name of the page of the documentation on problems with such data.
    """

    family: Family
    ridge: Array | None
    weight: float
    reference: float
    complete = False
    frame: Standardization | None = None
    uncounted: np.ndarray | None = None
    has_one_maximum = False
    information_is_cheap = False
    natural_coordinates = False
    what_is_unknown = ""
    page: str

    @property
    def bounded(self) -> bool:
        """Whether the likelihood certainly stays finite as the covariance turns singular."""
        return False

    @abstractmethod
    def evaluate(self, mean: Array, factor: Array) -> Evaluation:
        """The value and the whitened gradient at N(mean, factor factor^T).

        Raises
        ------
        NotPositiveDefiniteError
            Where the factor has no positive diagonal, or one whose square float64
            cannot hold, or the likelihood is not a finite number.
        """

    @abstractmethod
    def log_likelihood(self, at: Evaluation) -> float:
        """The average log-likelihood of a row in nats, without the penalty of the ridge."""

    def covariance(self, factor: Array) -> Array:
        """The covariance that has this factor, in the shape of the family."""
        return self.family.square(factor)

    def expected_maximum(self, at: Evaluation) -> tuple[Array, Array]:
        """The mean and the factor that maximise the likelihood of the data once completed.

        That is the M step of EM, which takes for unknown values what the point expects of them.
        """
        raise NotImplementedError  # a likelihood without it has its own `natural_step`

    def natural_step(self, at: Evaluation, rate: float) -> tuple[Array, Array]:
        """The mean and the factor to which the natural step of a rate leads.

        `solvers.natural` has its formula.
        """
        family = self.family
        mean, factor = self.expected_maximum(at)
        if rate == 1.0:
            return mean, factor
        delta = mean - at.mean
        blend = (1 - rate) * family.square(at.factor) + rate * self.covariance(factor)
        blend = blend + rate * (1 - rate) * family.outer_covariance(delta)
        return at.mean + rate * delta, family.root(blend)

    def retract(self, at: Evaluation, step: Array) -> tuple[Array, Array]:
        """The mean and the factor to which a step in the frame of a point leads."""
        return self.family.retract(at.mean, at.factor, step)

    def gradient_along(self, at: Evaluation, reached: Evaluation, step: Array) -> Array:
        """The gradient with respect to a step in the frame of `at`, taken where the step leads.

        It is a vector of that frame; `reached` is the evaluation to which `retract` led.
        """
        turn = self.family.solve(at.factor, reached.factor)
        return self.family.gradient_along(step, turn, reached.score_mean, reached.score_covariance)

    def connection_term(self, gradient: Array) -> Array | float:
        """The Hessian along steps by this `retract`, less that along steps by `Family.retract`.

        It is that of any function with this gradient; gradient and matrix are packed, of
        n_parameters numbers a side. 0 says that both retractions are the same.
        """
        return 0.0

    @property
    @abstractmethod
    def guess(self) -> tuple[Array, Array]:
        """The mean and the factor of a point near the maximum, computed from the data alone."""

    @cached_property
    def value_of_the_guess(self) -> float:
        """The value at the guess, as `Evaluation.value`; minus infinity where it has none."""
        with suppress(NotPositiveDefiniteError):
            return self.evaluate(*self.guess).value
        return -math.inf

    @property
    def maximum(self) -> tuple[Array, Array] | None:
        """The mean and the factor at the maximum where it has a closed form, else None."""
        return None

    def is_known_to_be_maximum(self, at: Evaluation) -> bool:
        """Whether a stationary point is certainly a maximum, whatever the curvature there."""
        return self.has_one_maximum

    @property
    def rough(self) -> Likelihood | None:
        """An approximation of this likelihood that costs less, on which a climb may start.

        None where an evaluation of this one costs little.
        """
        return None

    @property
    def has_information(self) -> bool:
        """Whether `information` has a formula, and its matrix is small enough to be formed."""
        return False

    def information(self, at: Evaluation) -> Information:
        """Minus the Hessian along `retract` in the frame of a point, if `has_information`.

        The latest is kept, since the test for a maximum, the next step and the step bound all ask
        for it at the same point.
        """
        raise NotImplementedError  # it is not asked for unless `has_information`

    def information_of_step(self, at: Evaluation) -> Information:
        """The information, or an approximation that costs less and will do for a Newton step."""
        return self.information(at)

    def products(self, at: Evaluation) -> Products | None:
        """The products of minus the Hessian in the frame of a point with steps, without the matrix.

        They have the digits that the sign of a curvature or an inexact step needs. None where there
        are no such products, or the matrix costs less. The latest are kept.
        """
        return None

    def unknown(self, at: Evaluation) -> Array | float:
        """The covariance of a completed row's score given what is known of it, averaged over rows.

        It is what the unknown values take from the information of complete data: a matrix in the
        packed frame, (n_parameters, n_parameters), or 0. Of uncorrelated features it counts values
        in intervals, and not those that are missing.
        """
        return 0.0

    @property
    def shares(self) -> tuple[Array | float, Array | float] | None:
        """The shares of the information of complete data that are left at the maximum.

        The first is that about the means, a number or (n_features,), the second that about the
        standard deviations, a number or of the shape of a factor. None where they have no closed
        form.
        """
        return None

    def inflation(self, at: Evaluation) -> float:
        """The largest ratio, over the features, of a variance of the data to its conditional one.

        The latter is that of a feature given all others at the point. The ratio grows without
        bound as the covariance turns singular.
        """
        return 1.0

    @abstractmethod
    def is_degenerate(self, at: Evaluation) -> bool:
        """Whether a climb that came here leads to no maximum, as to a singular covariance."""

    def no_maximum(self, at: Evaluation, names: Sequence[str]) -> NoMaximumError:
        """The error that tells why a climb which ended at a degenerate point has no maximum.

        It names the features at fault, by `names`, and what helps.
        """
        raise NotImplementedError  # it is not asked for where there is always a maximum

    def gain_at_infinity(self, at: Evaluation) -> float:
        """The nats by which the value may still change as the covariance grows without end.

        Infinite where the covariance is far from so wide, or the likelihood has no limit there.
        """
        return math.inf

    def truncation(self, at: Evaluation) -> Truncation | None:
        """The window that the data were seen through, with its log-probability at the point.

        None where there is no window.
        """
        return None

    def mismatch(self, at: Evaluation) -> float:
        """The distance of the moments inside a window from those of the data, 0 without a window.

        It is a norm in units of the data, which stays large where the natural gradient is small
        only because the Gaussian is far wider than the window.
        """
        return 0.0

    @abstractmethod
    def rounding_limit(self, at: Evaluation) -> float:
        """The natural gradient norm below which float64 cannot tell covariances apart."""

    @abstractmethod
    def rounding_of_the_value(self, at: Evaluation) -> float:
        """The part of a difference between values near a point, in nats, that may be rounding."""
