r"""Profile likelihood: how far a parameter may move if all others adapt.

An end of the interval is the largest (or smallest) value of a parameter :math:`\theta` at which the
likelihood has fallen from its maximum to the level, by a given number of nats. There the gradients
g of the likelihood and :math:`a = \nabla\theta` are parallel: :math:`g + \kappa a = 0` with
:math:`\kappa \ge 0`. Newton's method for this equation and for the level takes, in the frame of
each point and with :math:`B = \mathcal I - \kappa \nabla^2 \theta`, the step

.. math::

    s = B^{-1} (g + \kappa a), \qquad
    \kappa^2 = \frac{2 (\ell - \ell^*) + g^T B^{-1} g}{a^T B^{-1} a}.

The first step, from the maximum, leads to the end of Wald's interval.

References
----------
Venzon and Moolgavkar (1988), "A method for computing profile-likelihood-based confidence
intervals", Applied Statistics 37(1).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from .._typing import Array
from ..gaussian import Family, NotPositiveDefiniteError, linalg
from ..likelihoods import Evaluation, Likelihood, information_matrix
from .boundary import Jet, highest_on_the_boundary
from .profile_parameters import Parameter
from .standard_errors import UNDETERMINED_MOVE, half_inverse

_MAX_EVALUATIONS = 30  # most evaluations of the likelihood for one end
_MAX_CHEAP_EVALUATIONS = 100  # the same if the information costs no more than a few evaluations
# Fall, in nats per row, from which an end may lie beyond `Parameter.far`, because the rows have
# tiny weights.
_FAR_NATS = 1.0
MAX_NATS = 1e9  # fall, in nats per row, beyond which no step in float64 is long enough
_MAX_STEP = 0.7  # longest step of the covariance in the frame: a longer one may lead back
# Move of the parameter, on its unbounded scale, in which a likelihood should fall.
_PROBE_MOVE = 1.0
# Fall in such a move that counts as none, as a share of the height over the level.
_NEGLIGIBLE_FALL = 1e-3
_LEVEL_RTOL = 1e-7  # share of the fall by which an end may be off the level
# Multiples of a a^T / |a|^2, tried in turn until the sum with a matrix is positive definite. The
# largest eigenvalue of the information is near 1 in the frame. Too large a multiple shortens steps.
_SHIFTS = np.array([0.0, *10.0 ** np.arange(-6, 3)])
_FIRST_SHIFT = 1e-6  # first multiple of the identity that is added to a matrix in the frame


class End(NamedTuple):
    """One end of a profile interval."""

    # In the units of the data. Infinite, or the end of the parameter's range, if the likelihood
    # stays above the level however far the parameter moves; NaN if the end was not found.
    value: float
    at: Evaluation  # where the climb to the end stopped

    def or_open(self, endless: Evaluation, maximum: Evaluation, side: Side, family: Family) -> End:
        """The same end or, if it was not found, an open end that follows from another climb.

        That climb stopped at `endless`, where the covariance had grown without bound while the
        likelihood stayed above the level. If the parameter of this `side` moved far in that climb,
        its interval is open, too.
        """
        parameter, sign = side
        distance = parameter.value(endless, family) - parameter.value(maximum, family)
        if math.isnan(self.value) and sign * distance > parameter.away:
            return End(parameter.in_data_units(sign * math.inf), endless)
        return self


class Side(NamedTuple):
    """One side of the estimate of a parameter: above it if `sign` is 1, below it if it is -1."""

    parameter: Parameter
    sign: int


def polished(likelihood: Likelihood, at: Evaluation, nats: float) -> Evaluation:
    """A point so near the maximum that its error is small against a fall of `nats` per row.

    Newton's steps lead there from `at`, the end of a climb, as long as each at least halves the
    norm of the natural gradient.
    """
    while at.natural_gradient_norm**2 > _LEVEL_RTOL * nats:
        steps, _ = half_inverse(likelihood, at)
        step = steps.T @ (steps @ likelihood.family.pack_frame(at.natural_gradient))
        reached = _reached(likelihood, at, step, -math.inf, likelihood.natural_coordinates)
        if reached is None or not reached.natural_gradient_norm < at.natural_gradient_norm / 2:
            break
        at = reached
    return at


def profile_end(likelihood: Likelihood, maximum: Evaluation, side: Side, nats: float) -> End:
    """The end of a profile interval on one side of the estimate, for a fall of `nats` per row."""
    if nats > MAX_NATS:
        return End(math.nan, maximum)
    search = _Search(likelihood, maximum, side, nats)
    noise = likelihood.rounding_of_the_value(maximum)
    if nats**1.5 < noise:  # with so many rows the curvature may be more precise than values
        value, beyond = search.by_parabola()
        if beyond < noise:
            return End(side.parameter.in_data_units(value), maximum)
        # Points that float64 cannot distinguish from the level belong to the interval.
        enough = noise if math.isfinite(beyond) else noise ** (2 / 3)
        search = replace(search, nats=max(nats, enough))
    for own in (True, False) if likelihood.natural_coordinates else (False,):
        end = search.by_climb(own)
        if not math.isnan(end.value):
            return end
    return search.on_the_boundary(end) if likelihood.family.correlated else end


@dataclass(frozen=True)
class _Search:
    """The search for the end of an interval on one side of the maximum."""

    likelihood: Likelihood
    maximum: Evaluation
    side: Side
    nats: float  # by which the likelihood has fallen at the end, per row

    @property
    def level(self) -> float:
        """The value of the likelihood at the end, as `Evaluation.value`."""
        return self.maximum.value - self.nats

    def by_parabola(self) -> tuple[float, float]:
        """The end of a profile taken as a parabola, on the unbounded scale, and its error in nats.

        The error is the size of the likelihood's third-order term at the end. It is infinite, and
        the end NaN, if the parameter moves in directions in which the likelihood does not fall.
        """
        (parameter, sign), maximum = self.side, self.maximum
        slope, _ = parameter.derivatives(maximum, self.likelihood.family)
        steps, flat = half_inverse(self.likelihood, maximum)
        along = steps @ slope
        if np.linalg.norm(flat @ slope) > UNDETERMINED_MOVE * linalg.norm(slope):
            return math.nan, math.inf
        distance, length = math.sqrt(2 * self.nats), linalg.norm(along @ steps) / linalg.norm(along)
        start = parameter.value(maximum, self.likelihood.family)
        return start + sign * distance * linalg.norm(along), (distance * length) ** 3

    def by_climb(self, own: bool) -> End:
        """The end of an interval as a climb finds it; its value is NaN if evaluations run out.

        The steps follow `Likelihood.retract` if they are in its `own` coordinates, otherwise
        `Family.retract`.
        """
        likelihood, family, (parameter, sign) = self.likelihood, self.likelihood.family, self.side
        start = parameter.value(self.maximum, family)
        at, multiplier = self.maximum, 0.0
        way: list[tuple[float, float]] = []
        left = _MAX_CHEAP_EVALUATIONS if likelihood.information_is_cheap else _MAX_EVALUATIONS
        while left:
            value, excess = parameter.value(at, family), at.value - self.maximum.value + self.nats
            way.append((sign * (value - start), excess))
            if beyond := self._beyond_all_ends(at, way):
                return End(parameter.in_data_units(sign * math.inf), beyond)
            slope, hessian = (sign * each for each in parameter.derivatives(at, family))
            newton = _Newton(likelihood, at, slope, hessian, multiplier, own)
            close = _LEVEL_RTOL * self.nats + likelihood.rounding_of_the_value(at)
            step, multiplier = newton.step(excess)
            if at is not self.maximum and newton.has_converged(excess, close):
                return End(parameter.in_data_units(value), at)
            of_covariance = family.unpack_frame(step)[family.n_features :]
            step *= _MAX_STEP / max(linalg.norm(of_covariance), _MAX_STEP)
            lowest = self.level - abs(excess) - self.nats  # no step may lead far below the level
            reached = None
            while reached is None and left:
                reached = _reached(likelihood, at, step, lowest, own)
                step, left = step / 2, left - 1
            at = reached or at
        return End(math.nan, at)

    def _beyond_all_ends(self, at: Evaluation, way: list[tuple[float, float]]) -> Evaluation | None:
        """A point that shows that the likelihood stays above the level; None if none is known.

        It is `at`, the last point of a climb, or one next to an end of the parameter's range. `way`
        is described in `_levels_off`.
        """
        (distance, excess), parameter = way[-1], self.side.parameter
        if excess > 0 and distance > parameter.far and self.nats < _FAR_NATS:
            return at
        if not distance > parameter.away:
            return None
        if _levels_off(way) or excess > self.likelihood.gain_at_infinity(at):
            return at
        return self._near_end(at)

    def _near_end(self, at: Evaluation) -> Evaluation | None:
        """A point next to an end of the parameter's range where the likelihood is above the level.

        None if there is no such point.
        """
        with suppress(NotPositiveDefiniteError):
            factor = self.side.parameter.factor_near_end(at, self.side.sign)
            if factor is not None:
                beyond = self.likelihood.evaluate(at.mean, factor)
                return beyond if beyond.value > self.level else None
        return None

    def on_the_boundary(self, end: End) -> End:
        """The end of an interval at a singular covariance, if an unsuccessful climb came near one.

        Otherwise it is `end`, the result of that climb.
        """
        parameter, sign = self.side

        def height(at: Evaluation) -> Jet:
            """The bounded parameter, times the sign of the side, with its derivatives."""
            value, gradient, hessian = parameter.bounded(at, self.likelihood.family)
            return Jet(sign * value, sign * gradient, sign * hessian)

        found = highest_on_the_boundary(self.likelihood, self.maximum, end.at, height, self.nats)
        return end if found is None else End(parameter.from_bounded(sign * found[1]), found[0])


def _levels_off(way: list[tuple[float, float]]) -> bool:
    """Whether the likelihood converges to a value above the level as the parameter moves on.

    `way` holds, for each point of a climb, the distance from the estimate, on the parameter's
    unbounded scale, and the nats above the level.
    """
    if len(way) < 3:
        return False
    moves, falls = np.abs(np.diff(way[-3:], axis=0)).T
    return bool(
        min(moves) > _PROBE_MOVE and falls[1] < min(falls[0] / 2, _NEGLIGIBLE_FALL * way[-1][1])
    )


class _Newton:
    """Newton's step from a point towards an end, which solves the equations of this module.

    `slope` and `hessian` are those of the parameter in the packed frame of the point, times the
    sign of the side; `multiplier` is the last kappa. The step follows `Likelihood.retract` if it is
    in its `own` coordinates, otherwise `Family.retract`.
    """

    def __init__(
        self,
        likelihood: Likelihood,
        at: Evaluation,
        slope: Array,
        hessian: Array,
        multiplier: float,
        own: bool,
    ):
        self._slope = slope
        self._gradient = likelihood.family.pack_frame(at.natural_gradient)
        self._residual = self._gradient + multiplier * slope
        information = information_matrix(likelihood, at)
        if own:
            hessian = hessian + likelihood.connection_term(slope)
        else:
            information = information + likelihood.connection_term(self._gradient)
        hessian = multiplier * hessian
        # The matrix to shift if nothing else helps. In its own coordinates the likelihood is
        # concave, so that the information alone is positive definite.
        fallback = information if own else information - hessian
        for matrix, added in _definite(information - hessian, fallback, slope):
            with suppress(LinAlgError):
                self._factor = cho_factor(matrix, lower=True)
                self._added = added
                break

    def has_converged(self, excess: float, close: float) -> bool:
        """Whether both equations hold to within `close` nats."""
        residual = self._residual
        return abs(excess) < close and residual @ cho_solve(self._factor, residual) < close

    def step(self, excess: float) -> tuple[Array, float]:
        """The packed step, (n_parameters,), from `excess` nats above the level, and kappa."""
        rhs = np.column_stack((self._gradient, self._slope))
        along_gradient, along_slope = cho_solve(self._factor, rhs).T
        squared = 2 * excess + self._gradient @ along_gradient
        multiplier = math.sqrt(max(squared, 0.0) / (self._slope @ along_slope))
        step = along_gradient + multiplier * along_slope
        return step, max(multiplier - self._added * float(self._slope @ step), 0.0)


def _definite(matrix: Array, fallback: Array, slope: Array) -> Iterator[tuple[Array, float]]:
    """Matrices to try in Newton's step, (n_parameters, n_parameters), the best ones first.

    First comes `matrix` with multiples of a a^T added, where a is the slope. They change kappa, but
    not the step. Then comes `fallback` with growing multiples of the identity added, one of which
    makes it positive definite. Each matrix comes with the multiple of a a^T that was added to it.
    """
    square = np.outer(slope, slope)
    for added in _SHIFTS / (slope @ slope):
        yield matrix + added * square, added
    shift = 0.0
    while True:
        yield fallback + shift * np.eye(len(slope)), 0.0
        shift = max(4 * shift, _FIRST_SHIFT)


def _reached(
    likelihood: Likelihood, at: Evaluation, step: Array, lowest: float, own: bool
) -> Evaluation | None:
    """The point that a packed step leads to; None outside the domain, or if not above `lowest`.

    The step follows `Likelihood.retract` if it is in its `own` coordinates, otherwise
    `Family.retract`. `lowest` is a value of `Evaluation`, in nats.
    """
    family = likelihood.family
    with suppress(NotPositiveDefiniteError):
        move = family.unpack_frame(step)
        point = likelihood.retract(at, move) if own else family.retract(at.mean, at.factor, move)
        reached = likelihood.evaluate(*point)
        return reached if reached.value > lowest else None
    return None
