r"""The interface that solvers climb: a likelihood of mean and factor, and its whitened gradient.

With L the factor of the covariance, the gradient is stored as :math:`u = L^T \partial\ell /
\partial\mu` and :math:`U = 2 L^T (\partial\ell / \partial\Sigma) L`. In these coordinates
the Fisher metric of complete data is the identity (up to a factor 1/2 for U), the gradient has no
units, and no matrix has to be inverted.
"""

from __future__ import annotations

import copy
import math
import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import Any, NamedTuple, Self, TypeVar

import numpy as np

from .._typing import Array
from ..conditioning import Standardization
from ..gaussian import Family, NotPositiveDefiniteError, linalg
from ..rows import Truncation
from .information import Information

# Condition number of the correlations above which float64 has too few digits.
DEGENERATE_CONDITION = 1e12
# Condition number of the correlations above which a climb towards a singular covariance is over,
# and a closed form is not trusted.
SINGULAR_CONDITION = 1e14
# Most parameters for which an information matrix that needs integrals over boxes is formed.
FEW_PARAMETERS = 300
_MAX_NEAR_STEPS = 10  # most EM steps to the Gaussian for which lattices are made
_NEAR_MAXIMUM_NORM = 0.1  # natural gradient norm below which these EM steps end sooner
INVOLVED_SHARE = 0.1  # share of a direction's largest component above which a feature is part of it


class NoMaximumError(ValueError):
    """The likelihood of the data has no maximum; sentences explain the cause."""

    def __init__(self, cause: str, remedy: str = ""):
        super().__init__(cause, remedy)
        self.cause = cause

    def __str__(self) -> str:
        return " ".join(("The likelihood has no maximum:", *self.args)).rstrip()


@dataclass(eq=False)
class Evaluation:
    """A likelihood and its whitened gradient at one point."""

    mean: Array  # (n_features,), of the point
    factor: Array  # that of its covariance, in the shape of the family
    # The average log-likelihood of a row minus the ridge penalty, in nats, relative to the
    # likelihood's `reference`.
    value: float
    score_mean: Array  # (n_features,), the whitened gradient u with respect to the mean
    family: Family
    # Returns the whitened gradient U with respect to the covariance. It may cost more than
    # everything else, so it is called when U is first needed.
    form: Callable[[], Array]
    # Mean and covariance of the data, completed by the moments that this point expects; the latter
    # with the ridge and in the shape of the family.
    expected: tuple[Array, Array]
    # The average log-likelihood of the data, in nats, without the ridge penalty; None if
    # `Likelihood.log_likelihood` computes it from the value.
    log_likelihood: float | None = None

    @cached_property
    def score_covariance(self) -> Array:
        """The whitened gradient U with respect to the covariance, in the shape of the family."""
        return self.form()

    @cached_property
    def condition(self) -> float:
        """The condition number of the point's correlation matrix, estimated in the 1-norm."""
        return self.family.correlation_condition(self.family.square(self.factor), self.factor)

    def restrict(self, family: Family) -> None:
        """Set the gradient of known parameters to 0, and the expected mean to the known one.

        The expected covariance is then taken about the known mean.
        """
        if family.mean_is_known:
            mean, covariance = self.expected
            shift = self.family.outer_covariance(mean - self.mean)
            self.expected = self.mean, covariance + shift
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
        """The square root of g' F^-1 g; half its square estimates the nats still to gain.

        g is the gradient and F the Fisher information of a complete row.
        """
        return math.hypot(*self.norms)

    def is_stationary(self, tol: float) -> bool:
        """Whether the natural gradient norm is at most `tol`."""
        # The mean's part of the norm costs nothing, and may already exceed `tol`.
        return linalg.norm(self.score_mean) <= tol and self.natural_gradient_norm <= tol


T = TypeVar("T")


def cache_latest(method: Callable[..., T]) -> Callable[..., T]:
    """The method with its latest result cached, for calls with the same objects as arguments."""
    name = f"_last_{method.__name__}"

    @wraps(method)
    def cached(self: Any, *at: Any) -> T:
        last = vars(self).get(name)  # read once and written once, since threads may share it
        if last is None or any(map(operator.is_not, last[0], at)):
            vars(self)[name] = last = at, method(self, *at)
        found: T = last[1]
        return found

    return cached


def after_em_steps(likelihood: Likelihood, n_steps: int, tol: float = 0.0) -> tuple[Array, Array]:
    """The mean and the factor to which EM steps from the guess of a likelihood lead.

    They end sooner if the natural gradient norm is at most `tol`, or at a point that cannot be
    evaluated.
    """
    mean, factor = likelihood.guess
    with suppress(NotPositiveDefiniteError):
        for _ in range(n_steps):
            at = likelihood.evaluate(mean, factor)
            if at.is_stationary(tol):
                break
            mean, factor = likelihood.natural_step(at, 1.0)
    return mean, factor


def step_to(likelihood: Likelihood, at: Evaluation, step: Array) -> Evaluation:
    """The evaluation at the end of a step in the frame of `at`."""
    return likelihood.evaluate(*likelihood.retract(at, step))


class Products(NamedTuple):
    """Functions that multiply a step in the frame of a point by a matrix, without forming it."""

    exact: Callable[[Array], Array]  # by minus the Hessian, in float32 precision
    below: Callable[[Array], Array]  # by a lower bound of minus the Hessian, at half the cost


class Likelihood(ABC):
    """A function of mean and factor that solvers climb: the average log-likelihood of the rows."""

    family: Family
    ridge: Array | None  # (n_features,), added to the variances of the data; None means no ridge
    weight: float  # the total weight of the rows over which the value is an average
    reference: float  # average log-likelihood, in nats, that `Evaluation.value` is relative to
    # Whether every value is known exactly and the sample is not truncated. The maximum and the
    # curvature there then have closed forms.
    complete = False
    # (n_features,), which features are constant or never observed and so left out, if any are.
    uncounted: np.ndarray | None = None
    has_one_maximum = False  # whether a stationary point is always the maximum
    information_is_cheap = False  # whether the information costs no more than a few evaluations
    # Whether `retract` moves in the natural parameters. If not, minus the Hessian at the maximum
    # is, in the frame, at most the identity, and equal to it for complete data.
    natural_coordinates = False
    on_a_lattice = False  # whether intervals of some rows are integrated on a lattice
    data_kind = ""  # about the data, a phrase for messages; empty for complete data
    page: str  # the name of the documentation page on problems with data of this kind

    @property
    def bounded(self) -> bool:
        """Whether the likelihood is known to stay finite as the covariance becomes singular."""
        return False

    @abstractmethod
    def evaluate(self, mean: Array, factor: Array) -> Evaluation:
        """The value and the whitened gradient at N(mean, factor factor^T).

        Raises
        ------
        NotPositiveDefiniteError
            If the diagonal of the factor is not positive, or its square is out of float64's
            range, or the likelihood is not a finite number.
        """

    @abstractmethod
    def log_likelihood(self, at: Evaluation) -> float:
        """The average log-likelihood of a row in nats, without the ridge penalty."""

    def covariance(self, factor: Array) -> Array:
        """The covariance that has this factor, in the shape of the family."""
        return self.family.square(factor)

    def expected_maximum(self, at: Evaluation) -> tuple[Array, Array]:
        """The mean and the factor that maximise the likelihood of the completed data.

        This is the M step of EM: unknown values have the moments that the point expects.
        """
        raise NotImplementedError  # a likelihood without it has its own `natural_step`

    def natural_step(self, at: Evaluation, rate: float) -> tuple[Array, Array]:
        """The mean and the factor after a natural-gradient step of the given rate.

        `solvers.natural` has the formula.
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
        """The mean and the factor after a step in the frame of a point."""
        return self.family.retract(at.mean, at.factor, step)

    def gradient_along(self, at: Evaluation, reached: Evaluation, step: Array) -> Array:
        """The gradient with respect to a step in the frame of `at`, at the end of the step.

        It is a vector of that frame; `reached` is the evaluation at the end of the step.
        """
        turn = self.family.solve(at.factor, reached.factor)
        return self.family.gradient_along(step, turn, reached.score_mean, reached.score_covariance)

    def connection_term(self, gradient: Array) -> Array | float:
        """The Hessian along this `retract` minus the Hessian along `Family.retract`.

        It is the same for all functions with this packed gradient, (n_parameters,): a matrix,
        (n_parameters, n_parameters), or the number 0 if both retractions are the same.
        """
        return 0.0

    @property
    @abstractmethod
    def guess(self) -> tuple[Array, Array]:
        """The mean and the factor of a point near the maximum, computed from the data alone."""

    @cached_property
    def value_of_the_guess(self) -> float:
        """The `Evaluation.value` at the guess; minus infinity if it cannot be evaluated there."""
        with suppress(NotPositiveDefiniteError):
            return self.evaluate(*self.guess).value
        return -math.inf

    @cached_property
    def near_maximum(self) -> tuple[Array, Array]:
        """The mean and the factor that a few EM steps reach, on the approximation if any.

        A lattice is chosen there, before the climb.
        """
        return after_em_steps(self.approximation or self, _MAX_NEAR_STEPS, _NEAR_MAXIMUM_NORM)

    @property
    def maximum(self) -> tuple[Array, Array] | None:
        """The mean and the factor at the maximum if it has a closed form, else None."""
        return None

    def is_known_to_be_maximum(self, at: Evaluation) -> bool:
        """Whether a stationary point is known to be a maximum without a check of its curvature."""
        return self.has_one_maximum

    @property
    def approximation(self) -> Likelihood | None:
        """A cheaper approximation of this likelihood, on which a climb may start.

        None if evaluations of this likelihood are cheap already.
        """
        return None

    @cached_property
    def pilot(self) -> Standardization | None:
        """The Gaussian for which lattices are made, if integrals over boxes need any, else None."""
        return None

    def with_pilot(self, pilot: Standardization) -> Self:
        """The likelihood with lattices that another Gaussian sets, not called without a `pilot`."""
        return self.changed(pilot=pilot)

    def changed(self, **attributes: Any) -> Self:
        """A copy with other values of some attributes, which finds the value of the guess anew.

        So values are compared only on one lattice, or by one approximation.
        """
        likelihood = copy.copy(self)
        vars(likelihood).pop("value_of_the_guess", None)
        vars(likelihood).update(attributes)
        return likelihood

    def is_accurate(self, at: Evaluation) -> bool:
        """Whether the lattices, if any, tell the scores at a point as well as they are meant to."""
        return True

    def error_of_window(self, at: Evaluation) -> float:
        """The standard errors by which a window's lattice may move estimates; 0 if it suits."""
        return 0.0

    @property
    def has_information(self) -> bool:
        """Whether `information` has a formula, and its matrix is small enough to be formed."""
        return False

    @property
    def newton_comes_first(self) -> bool:
        """Whether the default solver takes Newton steps from the start, as where they are cheap."""
        return self.information_is_cheap

    def information(self, at: Evaluation) -> Information:
        """Minus the Hessian along `retract` in the frame of a point, if `has_information`.

        The latest result is cached, since the test for a maximum, the next step and the step bound
        all need it at the same point.
        """
        raise NotImplementedError  # not called unless `has_information`

    def information_of_step(self, at: Evaluation) -> Information:
        """The information, or a cheaper approximation that is good enough for a Newton step."""
        return self.information(at)

    def products(self, at: Evaluation) -> Products | None:
        """Functions that multiply steps in the frame of a point by minus the Hessian.

        They are precise enough for the sign of a curvature or an inexact step. None if the
        likelihood has no such functions, or if the matrix costs less. The latest are cached.
        """
        return None

    def unknown(self, at: Evaluation) -> Array | float:
        """The covariance of a completed row's score given what is known of it, averaged over rows.

        It is the part of the complete-data information that is lost with the unknown values: a
        matrix in the packed frame, (n_parameters, n_parameters), or 0. For uncorrelated features it
        counts values in intervals, but not missing values.
        """
        return 0.0

    @property
    def shares(self) -> tuple[Array | float, Array | float] | None:
        """The shares of the complete-data information that the data hold at the maximum.

        The first is about the means, a number or (n_features,), the second about the standard
        deviations, a number or of the shape of a factor. None if they have no closed form.
        """
        return None

    def inflation(self, at: Evaluation) -> float:
        """The largest ratio, over the features, of a variance of the data to its conditional one.

        The conditional variance is that given all other features, at the point. The ratio grows
        without bound as the covariance becomes singular.
        """
        return 1.0

    @abstractmethod
    def is_degenerate(self, at: Evaluation) -> bool:
        """Whether a climb through this point leads to no maximum, as to a singular covariance."""

    def no_maximum(self, at: Evaluation, names: Sequence[str]) -> NoMaximumError:
        """The error that says why a climb that ended at a degenerate point finds no maximum.

        Its message names the features at fault, and remedies.
        """
        raise NotImplementedError  # not called if there is always a maximum

    def gain_at_infinity(self, at: Evaluation) -> float:
        """The nats by which the value may still change as the covariance grows without bound.

        Infinite if the value is not yet close to that limit, or if the likelihood has none.
        """
        return math.inf

    def truncation(self, at: Evaluation) -> Truncation | None:
        """The window that the data were seen through, with its log-probability at the point.

        None if there is no window.
        """
        return None

    def mismatch(self, at: Evaluation) -> float:
        """The distance of the moments inside a window from those of the data; 0 without a window.

        It is a norm in units of the data. It stays large where the natural gradient is small only
        because the Gaussian is far wider than the window.
        """
        return 0.0

    @abstractmethod
    def rounding_limit(self, at: Evaluation) -> float:
        """The natural gradient norm below which float64 cannot tell covariances apart."""

    @abstractmethod
    def rounding_of_the_value(self, at: Evaluation) -> float:
        """The rounding error, in nats, of a difference between values near a point."""
