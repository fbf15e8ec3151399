r"""Profile likelihood: how far a parameter may move while the others follow.

An end of the interval is the largest (or smallest) value of a parameter :math:`\theta` at a
likelihood that is lower than the maximum by a given number of nats. There the gradients of the
two are parallel, :math:`g + \kappa a = 0` with :math:`a = \nabla\theta` and
:math:`\kappa \ge 0`. Newton's method on this and on the level of the likelihood is, in the
frame of each point and with :math:`B = \mathcal I - \kappa \nabla^2 \theta`, the step

.. math::

    s = B^{-1} (g + \kappa a), \qquad
    \kappa^2 = \frac{2 (\ell - \ell^*) + g^T B^{-1} g}{a^T B^{-1} a},

whose first, from the maximum, is Wald's.

References
----------
Venzon and Moolgavkar (1988), "A method for computing profile-likelihood-based confidence
intervals", Applied Statistics 37(1).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from .._typing import Array
from ..gaussian import Family, NotPositiveDefiniteError, linalg
from ..likelihoods import Evaluation, Likelihood, information_matrix
from .boundary import Jet, highest_on_the_boundary
from .standard_errors import MOVED, half_inverse

_MOST_EVALUATIONS = 30  # evaluations of the likelihood that one end may take
_MOST_CHEAP_EVALUATIONS = 100  # the same where the information costs no more than a few of them
# The fall, in nats of an average row, from which on an end may lie beyond `Parameter.far`: the
# rows weigh next to nothing then.
_FAR_NATS = 1.0
_MOST_NATS = 1e9  # the fall, in the same unit, for which float64 has no step that is long enough
_LONGEST = 0.7  # length of a step of the covariance in the frame: a longer one may lead back
_ONWARD = 1.0  # length of a step, on the scale without bounds, that leads on where nothing changes
_NO_FALL = 1e-3  # change of the likelihood in such a step, as a share of its height over the level
_CLOSE = 1e-7  # share of the fall by which an end may be off the level
# Multiples of a a^T over the squared length of a, tried in turn until a matrix is positive definite
# in a frame where the largest eigenvalue of the information is near 1. More than is needed would
# shorten the steps.
_ADDED = np.array([0.0, *10.0 ** np.arange(-6, 3)])
_FIRST_SHIFT = 1e-6  # the multiple of the identity with which a matrix is first shifted there


class Parameter(ABC):
    """The parameter whose interval is asked for, on a scale without bounds.

    Attributes
    ----------
    far : float
        The distance from the estimate, on that scale, beyond which no end is to be found.
    away : float
        The same where the covariance grows without end, and the likelihood hardly changes.
    """

    far: float
    away: float

    @abstractmethod
    def value(self, at: Evaluation, family: Family) -> float:
        """The value of the parameter at a point, on the scale without bounds."""

    @abstractmethod
    def derivatives(self, at: Evaluation, family: Family) -> tuple[Array, Array]:
        """The gradient, (n_parameters,), and the Hessian of `value` in the packed frame."""

    def bounded(self, at: Evaluation, family: Family) -> Jet:
        """A Jet in the packed frame that grows with `value`, finite where the covariance is."""
        return Jet(self.value(at, family), *self.derivatives(at, family))

    def of_bounded(self, value: float) -> float:
        """The value that a user sees, in the units of the data, from one of `bounded`."""
        return self.seen(value)

    @abstractmethod
    def seen(self, value: float) -> float:
        """The value that a user sees, in the units of the data, from one without bounds."""

    def leap(self, at: Evaluation, sign: int) -> Array | None:
        """A factor, (n_features, n_features), with the parameter next to an end of its scale.

        The end is the upper one if `sign` is 1, the lower one if it is -1; the mean stays that of
        the point. None if there is no such factor.
        """
        return None


class MeanParameter(Parameter):
    """The mean of one feature, in standard deviations of the estimate.

    A user sees it counted from zero, and the likelihood has it counted from an origin.
    """

    far, away = 1e4, 100.0

    def __init__(self, feature: int, scale: float, origin: float = 0.0):
        self.feature, self.scale, self.origin = feature, scale, origin

    def value(self, at: Evaluation, family: Family) -> float:
        return at.mean[self.feature] / self.scale

    def derivatives(self, at: Evaluation, family: Family) -> tuple[Array, Array]:
        d, size = family.n_features, family.n_parameters
        gradient = np.zeros(size)
        gradient[:d] = family.colorize(at.factor, np.eye(d))[:, self.feature] / self.scale
        return gradient, np.zeros((size, size))

    def seen(self, value: float) -> float:
        return self.origin + self.scale * value


class ScaleParameter(Parameter):
    """The logarithm of the scale of one feature."""

    far, away = 10.0, 3.0

    def __init__(self, feature: int):
        self.feature = feature

    def value(self, at: Evaluation, family: Family) -> float:
        return math.log(family.standard_deviations(at.factor)[self.feature])

    def derivatives(self, at: Evaluation, family: Family) -> tuple[Array, Array]:
        gradient, hessian = family.relative_covariance(at.factor, self.feature, self.feature)
        return gradient / 2, (hessian - np.outer(gradient, gradient)) / 2

    def seen(self, value: float) -> float:
        return math.exp(value)


class CorrelationParameter(Parameter):
    """The correlation of two features, as Fisher's z."""

    far, away = 8.0, 3.0

    def __init__(self, one: int, two: int):
        self.pair = one, two

    def value(self, at: Evaluation, family: Family) -> float:
        one, two = self._directions(at)
        return math.log(linalg.norm(one + two) / linalg.norm(one - two))

    def derivatives(self, at: Evaluation, family: Family) -> tuple[Array, Array]:
        r, gradient, hessian = self.bounded(at, family)
        slope = 1 / (1 - r * r)
        hessian = slope * hessian + 2 * r * slope**2 * np.outer(gradient, gradient)
        return slope * gradient, hessian

    def bounded(self, at: Evaluation, family: Family) -> Jet:
        """The correlation itself, within (-1, 1)."""
        i, j = self.pair
        r = float(np.dot(*self._directions(at)))
        one, one_twice = family.relative_covariance(at.factor, i, i)
        two, two_twice = family.relative_covariance(at.factor, j, j)
        both, both_twice = family.relative_covariance(at.factor, i, j)
        gradient = both - r / 2 * (one + two)
        mixed = np.outer(one, r / 4 * two) - np.outer(both, one + two) / 2
        hessian = both_twice - r / 2 * (one_twice + two_twice) + mixed + mixed.T
        hessian += 0.75 * r * (np.outer(one, one) + np.outer(two, two))
        return Jet(r, gradient, hessian)

    def of_bounded(self, value: float) -> float:
        return max(min(value, 1.0), -1.0)

    def seen(self, value: float) -> float:
        return math.tanh(value)

    def leap(self, at: Evaluation, sign: int) -> Array:
        """The factor whose rows for the two features are turned towards each other, or apart."""
        one, two = self._directions(at)
        middle, across = one + two, one - two
        half_angle = math.atan(math.exp(-sign * self.far))
        middle *= math.cos(half_angle) / linalg.norm(middle)
        across *= math.sin(half_angle) / linalg.norm(across)
        pair, rows = list(self.pair), at.factor.copy()
        sizes = np.linalg.norm(rows[pair], axis=1, keepdims=True)
        rows[pair] = sizes * (middle + across, middle - across)
        return linalg.cholesky(rows @ rows.T)

    def _directions(self, at: Evaluation) -> Iterator[Array]:
        """The unit vectors along two rows of the factor, whose product is the correlation."""
        return (row / linalg.norm(row) for row in at.factor[list(self.pair)])


class End(NamedTuple):
    """One end of a profile interval, as far as it was found.

    Attributes
    ----------
    value : float
        The end as a user sees it. It is infinite, zero or one where the likelihood does not fall
        so far, however far the parameter goes, and NaN where the end was not found.
    at : Evaluation
        The point at which the climb to it ended.
    """

    value: float
    at: Evaluation

    def or_open(self, endless: Evaluation, maximum: Evaluation, side: Side, family: Family) -> End:
        """The end or, if it was not found, an end of the domain to which another climb leads.

        That climb ended at `endless`, where the covariance had grown without end. All the way there
        the likelihood is above the level, so that the interval has no end if the parameter of this
        `side` went far away, too.
        """
        parameter, sign = side
        distance = parameter.value(endless, family) - parameter.value(maximum, family)
        if math.isnan(self.value) and sign * distance > parameter.away:
            return End(parameter.seen(sign * math.inf), endless)
        return self


class Side(NamedTuple):
    """One side of the estimate of a parameter: above it if `sign` is 1, below it if it is -1."""

    parameter: Parameter
    sign: int


def polished(likelihood: Likelihood, at: Evaluation, nats: float) -> Evaluation:
    """A point so near the maximum that a fall by some nats of an average row can be told from it.

    Newton's steps lead there from the end of a climb, as long as each at least halves the norm of
    the natural gradient.
    """
    while at.natural_gradient_norm**2 > _CLOSE * nats:
        steps, _ = half_inverse(likelihood, at)
        step = steps.T @ (steps @ likelihood.family.pack_frame(at.natural_gradient))
        reached = _reached(likelihood, at, step, -math.inf, likelihood.natural_coordinates)
        if reached is None or not reached.natural_gradient_norm < at.natural_gradient_norm / 2:
            break
        at = reached
    return at


def profile_end(likelihood: Likelihood, maximum: Evaluation, side: Side, nats: float) -> End:
    """The end of a profile interval on one side of the estimate.

    Parameters
    ----------
    likelihood : Likelihood
    maximum : Evaluation
    side : Side
    nats : float
        By how much the likelihood of an average row is lower at the end than at the maximum.
    """
    if nats > _MOST_NATS:
        return End(math.nan, maximum)
    noise = likelihood.rounding_of_the_value(maximum)
    if nats**1.5 < noise:  # so many rows that the curvature may tell more than values do
        parabola = _Parabola(likelihood, maximum, side)
        if parabola.third_order(nats) < noise:
            return End(side.parameter.seen(parabola.end(nats)), maximum)
        # What float64 cannot tell from the level belongs to the interval.
        nats = max(nats, noise ** (2 / 3) if parabola.is_flat else noise)
    for own in (True, False) if likelihood.natural_coordinates else (False,):
        end = _end_by_climb(likelihood, maximum, side, nats, own)
        if not math.isnan(end.value):
            break
    if math.isnan(end.value) and likelihood.family.correlated:
        return _on_the_boundary(likelihood, maximum, side, nats, end)
    return end


def _on_the_boundary(
    likelihood: Likelihood, maximum: Evaluation, side: Side, nats: float, end: End
) -> End:
    """The end of an interval at a singular covariance, if the climb that missed it came near one.

    Else it is `end`, with which that climb ended.
    """
    family, (parameter, sign) = likelihood.family, side

    def height(at: Evaluation) -> Jet:
        """The bounded parameter, or minus it on the lower side, and its derivatives."""
        value, gradient, hessian = parameter.bounded(at, family)
        return Jet(sign * value, sign * gradient, sign * hessian)

    found = highest_on_the_boundary(likelihood, maximum, end.at, height, nats)
    return end if found is None else End(parameter.of_bounded(sign * found[1]), found[0])


def _end_by_climb(
    likelihood: Likelihood, maximum: Evaluation, side: Side, nats: float, own: bool
) -> End:
    """The end of an interval as a climb finds it, of value NaN if it runs out of evaluations.

    Its steps follow `Likelihood.retract` if they are to be in its `own` coordinates, and else
    `Family.retract`.
    """
    family, (parameter, sign) = likelihood.family, side
    level = maximum.value - nats
    start = parameter.value(maximum, family)
    at, multiplier = maximum, 0.0
    way: list[tuple[float, float]] = []
    left = _MOST_CHEAP_EVALUATIONS if likelihood.information_is_cheap else _MOST_EVALUATIONS
    while left:
        value, excess = parameter.value(at, family), at.value - maximum.value + nats
        distance = sign * (value - start)
        way.append((distance, excess))
        far = excess > 0 and distance > parameter.far and nats < _FAR_NATS
        away = distance > parameter.away
        if far or (away and (_levels_off(way) or excess > likelihood.gain_at_infinity(at))):
            return End(parameter.seen(sign * math.inf), at)
        if away and (beyond := _near_end(likelihood, at, side, level)):
            return End(parameter.seen(sign * math.inf), beyond)
        slope, connection_term = (sign * each for each in parameter.derivatives(at, family))
        newton = _Newton(likelihood, at, slope, connection_term, multiplier, own)
        close = _CLOSE * nats + likelihood.rounding_of_the_value(at)
        step, multiplier = newton.step(excess)
        if at is not maximum and newton.is_there(excess, close):
            return End(parameter.seen(value), at)
        of_covariance = family.unpack_frame(step)[family.n_features :]
        step *= _LONGEST / max(linalg.norm(of_covariance), _LONGEST)
        lowest = level - abs(excess) - nats  # not to be thrown far beyond the level
        reached = None
        while reached is None and left:
            reached = _reached(likelihood, at, step, lowest, own)
            step, left = step / 2, left - 1
        at = reached or at
    return End(math.nan, at)


def _levels_off(way: list[tuple[float, float]]) -> bool:
    """Whether the likelihood converges to more than the level while the parameter goes on.

    The points of the way are distances, on the scale without bounds, and nats above the level.
    """
    if len(way) < 3:
        return False
    moves, falls = np.abs(np.diff(way[-3:], axis=0)).T
    return bool(min(moves) > _ONWARD and falls[1] < min(falls[0] / 2, _NO_FALL * way[-1][1]))


def _near_end(
    likelihood: Likelihood, at: Evaluation, side: Side, level: float
) -> Evaluation | None:
    """A point next to an end of the parameter's scale, if the likelihood there is above the level.

    The level is a value of `Evaluation`, in nats; None if there is no such point, or it is below.
    """
    with suppress(NotPositiveDefiniteError):
        factor = side.parameter.leap(at, side.sign)
        if factor is not None:
            beyond = likelihood.evaluate(at.mean, factor)
            return beyond if beyond.value > level else None
    return None


class _Parabola:
    """A profile as the curvature at the maximum has it: so many rows make it a parabola.

    Attributes
    ----------
    is_flat : bool
        Whether the parameter moves along directions in which the likelihood does not fall.
    """

    def __init__(self, likelihood: Likelihood, maximum: Evaluation, side: Side):
        family, (parameter, self._sign) = likelihood.family, side
        self._start = parameter.value(maximum, family)
        slope, _ = parameter.derivatives(maximum, family)
        self._steps, flat = half_inverse(likelihood, maximum)
        self.is_flat = float(np.linalg.norm(flat @ slope)) > MOVED * linalg.norm(slope)
        self._along = self._steps @ slope

    def third_order(self, nats: float) -> float:
        """Nats by which the likelihood may differ from the parabola where it fell by `nats`."""
        if self.is_flat:
            return math.inf
        length = linalg.norm(self._along @ self._steps) / linalg.norm(self._along)
        return (math.sqrt(2 * nats) * length) ** 3

    def end(self, nats: float) -> float:
        """The parameter, on its scale without bounds, where the parabola fell by `nats`."""
        return self._start + self._sign * math.sqrt(2 * nats) * linalg.norm(self._along)


class _Newton:
    """Newton's step from a point to where gradients are parallel and the likelihood at the level.

    `slope` and `connection_term` are gradient and Hessian of the parameter in the packed frame of
    the point, times the sign of the side; `multiplier` is the last kappa. Steps in their `own`
    coordinates follow `Likelihood.retract`, and others `Family.retract`.
    """

    def __init__(
        self,
        likelihood: Likelihood,
        at: Evaluation,
        slope: Array,
        connection_term: Array,
        multiplier: float,
        own: bool,
    ):
        self._slope = slope
        self._gradient = likelihood.family.pack_frame(at.natural_gradient)
        self._residual = self._gradient + multiplier * slope
        information = information_matrix(likelihood, at)
        if own:
            connection_term = connection_term + likelihood.connection_term(slope)
        else:
            information = information + likelihood.connection_term(self._gradient)
        connection_term = multiplier * connection_term
        # The matrix to shift if need be: the information where it alone is positive definite, as in
        # coordinates in which the likelihood is concave, and else what the step takes.
        beside = information if own else information - connection_term
        for matrix, added in _definite(information - connection_term, beside, slope):
            with suppress(LinAlgError):
                self._factor = cho_factor(matrix, lower=True)
                self._added = added
                break

    def is_there(self, excess: float, close: float) -> bool:
        """Whether the level and the parallel gradients are less than `close` nats away."""
        residual = self._residual
        return abs(excess) < close and residual @ cho_solve(self._factor, residual) < close

    def step(self, excess: float) -> tuple[Array, float]:
        """The packed step, (n_parameters,), from `excess` nats above the level, and kappa there."""
        rhs = np.column_stack((self._gradient, self._slope))
        along_gradient, along_slope = cho_solve(self._factor, rhs).T
        squared = 2 * excess + self._gradient @ along_gradient
        multiplier = math.sqrt(max(squared, 0.0) / (self._slope @ along_slope))
        step = along_gradient + multiplier * along_slope
        return step, max(multiplier - self._added * float(self._slope @ step), 0.0)


def _definite(matrix: Array, beside: Array, slope: Array) -> Iterator[tuple[Array, float]]:
    """Matrices for Newton's step, (n_parameters, n_parameters), and what each has added to it.

    The best come first: `matrix` itself, then with multiples of a a^T added, where a is the slope.
    The numbers are these multiples, which change the multiplier and not the step. After them comes
    `beside`, with ever larger multiples of the identity added, until it is positive definite.
    """
    square = np.outer(slope, slope)
    for added in _ADDED / (slope @ slope):
        yield matrix + added * square, added
    shift = 0.0
    while True:
        yield beside + shift * np.eye(len(slope)), 0.0
        shift = max(4 * shift, _FIRST_SHIFT)


def _reached(
    likelihood: Likelihood, at: Evaluation, step: Array, lowest: float, own: bool
) -> Evaluation | None:
    """The point that a packed step leads to, where the likelihood is above the value `lowest`.

    None where it is not, or where the step leaves the domain. The step follows `Likelihood.retract`
    in its `own` coordinates, and else `Family.retract`.
    """
    family = likelihood.family
    with suppress(NotPositiveDefiniteError):
        move = family.unpack_frame(step)
        point = likelihood.retract(at, move) if own else family.retract(at.mean, at.factor, move)
        reached = likelihood.evaluate(*point)
        return reached if reached.value > lowest else None
    return None
