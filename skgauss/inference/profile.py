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
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from .._typing import Array
from ..gaussian import Family, NotPositiveDefiniteError, linalg
from ..likelihoods import Evaluation, Likelihood, information_matrix
from .boundary import Jet, highest_on_the_boundary
from .profile_parameters import Parameter
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


class End(NamedTuple):
    """One end of a profile interval, as far as it was found."""

    # The end as a user sees it. It is infinite, zero or one where the likelihood does not fall so
    # far, however far the parameter goes, and NaN where the end was not found.
    value: float
    at: Evaluation  # where the climb to it ended

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
        value, beyond = _by_parabola(likelihood, maximum, side, nats)
        if beyond < noise:
            return End(side.parameter.seen(value), maximum)
        # What float64 cannot tell from the level belongs to the interval.
        nats = max(nats, noise if math.isfinite(beyond) else noise ** (2 / 3))
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


def _by_parabola(
    likelihood: Likelihood, maximum: Evaluation, side: Side, nats: float
) -> tuple[float, float]:
    """The end of a profile that is a parabola, on the scale without bounds, and what is beyond it.

    The latter are the nats of third order by which the likelihood may be off there. They are
    infinite where the parameter moves along directions in which the likelihood does not fall.
    """
    slope, _ = side.parameter.derivatives(maximum, likelihood.family)
    steps, flat = half_inverse(likelihood, maximum)
    along = steps @ slope
    if np.linalg.norm(flat @ slope) > MOVED * linalg.norm(slope):
        return math.nan, math.inf
    distance, length = math.sqrt(2 * nats), linalg.norm(along @ steps) / linalg.norm(along)
    start = side.parameter.value(maximum, likelihood.family)
    return start + side.sign * distance * linalg.norm(along), (distance * length) ** 3


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
