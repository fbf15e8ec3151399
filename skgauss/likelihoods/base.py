r"""What solvers climb: a likelihood as a function of mean and factor, and its whitened gradient.

With L the factor of the covariance the gradient is kept as :math:`u = L^T \partial\ell /
\partial\mu` and :math:`U = 2 L^T (\partial\ell / \partial\Sigma) L`. In these coordinates
the Fisher metric of complete data is the identity (up to the 1/2 of U), no unit of the data
is left, and nothing is ever inverted.
"""

from __future__ import annotations

import math
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

DEGENERATE = 1e12  # condition of the correlations, beyond which too few digits tell a maximum
FEW_PARAMETERS = 300  # whose information is taken where it costs some boxes for each
INVOLVED = 0.1  # share of the largest part of a direction, from which on a feature counts


class NoMaximumError(ValueError):
    """The likelihood of the data has no maximum.

    Attributes
    ----------
    cause : str
        Sentences on the data.
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
        The point.
    value : float
        Nats, counted from the likelihood's `reference`.
    score_mean : ndarray of shape (n_features,)
        The whitened slope u by the mean.
    family : Family
    form : callable
        The whitened slope U by the covariance, which may cost more than all the rest and is
        formed when first asked for.
    expected : tuple of ndarray
        Mean and covariance that the point expects of the data once completed.
    of_data : float, default=None
        The value without the penalty of the ridge, where it was computed by itself.
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
        """The whitened slope U by the covariance, packed as the family does."""
        return self.form()

    @cached_property
    def condition(self) -> float:
        """Condition number of the correlations of the point, estimated in the 1-norm."""
        return self.family.correlation_condition(self.family.square(self.factor), self.factor)

    def restrict(self, family: Family) -> None:
        """Take out the slopes along what a family knows, and expect of the data what it knows."""
        if family.mean_is_known:
            mean, covariance = self.expected
            beside = self.family.outer_covariance(mean - self.mean)
            self.expected = self.mean, covariance + beside
            self.score_mean = np.zeros_like(self.score_mean)
        if family.covariance_is_known:
            self.score_covariance = 0.0 * self.family.identity

    @property
    def natural_gradient(self) -> Array:
        """The gradient in the frame of the point, see `Family.frame`."""
        return self.family.frame(self.score_mean, self.score_covariance)

    @property
    def norms(self) -> tuple[float, float]:
        """Lengths of the natural gradient's two parts, by mean and by covariance."""
        return linalg.norm(self.score_mean), self.family.fisher_norm(self.score_covariance)

    @property
    def natural_gradient_norm(self) -> float:
        """Square root of g' F^-1 g; half its square estimates the nats still to gain."""
        return math.hypot(*self.norms)

    def is_stationary(self, tol: float) -> bool:
        """Whether the norm is at most `tol`. The mean alone may tell that it is not."""
        return linalg.norm(self.score_mean) <= tol and self.natural_gradient_norm <= tol


T = TypeVar("T")


def kept(method: Callable[[Any, Evaluation], T]) -> Callable[[Any, Evaluation], T]:
    """The method of a likelihood, which keeps what it finds at an evaluation until the next one."""
    name = f"_last_{method.__name__}"

    @wraps(method)
    def asked(self: Any, at: Evaluation) -> T:
        if name not in vars(self) or vars(self)[name][0] is not at:
            vars(self)[name] = at, method(self, at)
        found: T = vars(self)[name][1]
        return found

    return asked


def step_to(likelihood: Likelihood, at: Evaluation, step: Array) -> Evaluation:
    """The likelihood at the point to which a step in the frame of another one leads."""
    return likelihood.evaluate(*likelihood.retract(at, step))


class Products(NamedTuple):
    """Functions that multiply a step in the frame of a point by a matrix, in a few digits.

    Attributes
    ----------
    exact : callable
        By minus the Hessian.
    below : callable
        By a matrix that is nowhere above it, for half of the price.
    """

    exact: Callable[[Array], Array]
    below: Callable[[Array], Array]


class Likelihood(ABC):
    """What solvers climb: of complete data, or of what was observed of incomplete data.

    Attributes
    ----------
    family : Family
    ridge : ndarray of shape (n_features,) or None
    weight : float
        Of the rows over which the value is an average.
    reference : float
        The level from which `Evaluation.value` is counted.
    complete : bool
        Whether every value is known exactly, and none is cut off: then the maximum and the
        curvature there have formulas.
    frame : Standardization or None
        Of the guess that sets the lattices on which boxes are integrated.
    has_one_maximum : bool
        Whether a stationary point is always the maximum.
    information_is_cheap : bool
        Whether the information costs no more than a few evaluations.
    natural_coordinates : bool
        Whether `retract` moves in the natural parameters. If not, minus the Hessian at the maximum
        is at most the identity in the frame, which is that of complete data.
    what_is_unknown : str
        For messages, which no likelihood of complete data gives.
    page : str
        Of the documentation, for who has a problem with it.
    """

    family: Family
    ridge: Array | None
    weight: float
    reference: float
    complete = False
    frame: Standardization | None = None
    has_one_maximum = False
    information_is_cheap = False
    natural_coordinates = False
    what_is_unknown = ""
    page: str

    @property
    def bounded(self) -> bool:
        """Whether it is known that no singular covariance makes it infinite."""
        return False

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

    def covariance(self, factor: Array) -> Array:
        """Covariance of a factor."""
        return self.family.square(factor)

    def expected_maximum(self, at: Evaluation) -> tuple[Array, Array]:
        """Mean and factor that would maximise the likelihood of the data as completed.

        The M step of EM, which completes missing data by what the point expects of them.
        """
        raise NotImplementedError  # where `natural_step` does without

    def natural_step(self, at: Evaluation, rate: float) -> tuple[Array, Array]:
        """Mean and factor that the natural step of a rate leads to, see `solvers.natural`."""
        family = self.family
        mean, factor = self.expected_maximum(at)
        if rate == 1.0:
            return mean, factor
        delta = mean - at.mean
        blend = (1 - rate) * family.square(at.factor) + rate * self.covariance(factor)
        blend = blend + rate * (1 - rate) * family.outer_covariance(delta)
        return at.mean + rate * delta, family.root(blend)

    def retract(self, at: Evaluation, step: Array) -> tuple[Array, Array]:
        """Mean and factor that a step in the frame of a point leads to."""
        return self.family.retract(at.mean, at.factor, step)

    def gradient_along(self, at: Evaluation, reached: Evaluation, step: Array) -> Array:
        """The gradient at a point that such a step reached, in the frame where it began."""
        turn = self.family.solve(at.factor, reached.factor)
        return self.family.gradient_along(step, turn, reached.score_mean, reached.score_covariance)

    def connection_term(self, gradient: Array) -> Array | float:
        """What `retract` adds to the Hessian of a function along `Family.retract`.

        Both packed, the function of that gradient.
        """
        return 0.0

    @property
    @abstractmethod
    def guess(self) -> tuple[Array, Array]:
        """Mean and factor near the maximum, from the data alone."""

    @cached_property
    def value_of_the_guess(self) -> float:
        with suppress(NotPositiveDefiniteError):
            return self.evaluate(*self.guess).value
        return -math.inf

    @property
    def maximum(self) -> tuple[Array, Array] | None:
        """Mean and factor at the maximum, where it has a closed form, else None."""
        return None

    def is_known_to_be_maximum(self, at: Evaluation) -> bool:
        """Whether a stationary point needs no look at the curvature."""
        return self.has_one_maximum

    @property
    def rough(self) -> Likelihood | None:
        """One that is near and costs less, to start a climb on; None where this costs little."""
        return None

    @property
    def has_information(self) -> bool:
        """Whether `information` is known, and not too large for a matrix."""
        return False

    def information(self, at: Evaluation) -> Information:
        """Minus the Hessian in the frame of the point, where the likelihood has it.

        The last is kept: what says that a point is a maximum also gives the next step, and the step
        bound there.
        """
        raise NotImplementedError  # where there is none

    def information_of_step(self, at: Evaluation) -> Information:
        """The information, or what costs less and is near enough for a step of Newton's."""
        return self.information(at)

    def products(self, at: Evaluation) -> Products | None:
        """Minus the Hessian in the frame of the point, times steps, without the matrix.

        In the digits that a sign or an inexact step needs. None where there are no such products,
        or the matrix costs less. The last is kept.
        """
        return None

    def unknown(self, at: Evaluation) -> Array | float:
        """Covariance of the score of a completed row, given what is known of it, packed.

        Of uncorrelated features only of those that are not missing.
        """
        return 0.0

    @property
    def shares(self) -> tuple[Array | float, Array | float] | None:
        """What is left of the information of complete data about means and about scales.

        At the maximum, where the curvature has a closed form. None where it has not.
        """
        return None

    def inflation(self, at: Evaluation) -> float:
        """Variance of the data by what the other features leave of it, at most over features.

        It grows without bound as the covariance turns singular.
        """
        return 1.0

    @abstractmethod
    def is_degenerate(self, at: Evaluation) -> bool:
        """Whether the climb is on its way to a singular covariance, without a maximum."""

    def no_maximum(self, at: Evaluation, names: Sequence[str]) -> NoMaximumError:
        """What a climb has shown that ended at such a point: the cause, and what helps."""
        raise NotImplementedError  # where there is always a maximum

    def gain_at_infinity(self, at: Evaluation) -> float:
        """Nats that the likelihood may still change as the covariance grows without end.

        Infinite where that is not near, or no limit of the likelihood.
        """
        return math.inf

    def truncation(self, at: Evaluation) -> Truncation | None:
        """The window that the data were seen through, if they were."""
        return None

    def mismatch(self, at: Evaluation) -> float:
        """How far the moments inside a window are from those of the data, as a norm in their units.

        The natural gradient is small, too, where a Gaussian is so much wider than the window that
        all such are alike inside. 0 without a window.
        """
        return 0.0

    @abstractmethod
    def rounding_limit(self, at: Evaluation) -> float:
        """The natural gradient norm below which float64 cannot tell covariances apart."""

    @abstractmethod
    def rounding_of_the_value(self, at: Evaluation) -> float:
        """What of a difference of values may be rounding."""

    @abstractmethod
    def resolution_of_the_mean(self, at: Evaluation) -> float:
        """The natural gradient norm below which float64 cannot tell means apart, far from zero
        above all.
        """
