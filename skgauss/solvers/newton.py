"""Newton steps with the observed information, in a trust region.

A step leads to the maximum of the parabola with the exact Hessian, in the frame of the point, but
no further than a radius. The radius grows where the parabola predicts the gain, and shrinks where
it does not.

The information shows that a climb leads to no maximum: its least eigenvalue falls to zero or below,
the gradient does not vanish, and the covariance approaches a singular one.

References
----------
Nocedal and Wright (2006), Numerical Optimization, chapter 4, for trust regions; McLachlan and
Krishnan (2008), The EM Algorithm and Extensions, section 4.6, for Newton's method alongside EM;
Dembo, Eisenstat and Steihaug (1982), "Inexact Newton methods", SIAM Journal on Numerical Analysis
19(2).
"""

from __future__ import annotations

import math
from typing import NamedTuple

from ..gaussian import NotPositiveDefiniteError, linalg
from ..likelihoods import (
    CLEAR_EIGENVALUE,
    Evaluation,
    Information,
    Lanczos,
    Likelihood,
    Subspace,
    step_to,
)
from .base import Stalled, Unbounded, lattices_suit
from .safeguards import is_no_loss

# Length of a step in the frame, in standard errors of one row. The mean of a parent far outside of
# its window is many standard deviations away, and the parabola may well be right so far away.
_MAX_RADIUS = 64.0
_MIN_RADIUS = 1e-10  # length in the frame below which a step gains only rounding
_SHRINK_BELOW = 0.25  # share of the promised gain below which the region shrinks
_GROW_ABOVE = 0.75  # share of the promised gain above which the region grows
# Successive steps without progress, and the growth of the variance inflation over them, which
# together show that no maximum is near.
_IDLE_STEPS = 8
_IDLE_GROWTH = 4.0
_MAX_CREEPING_STEPS = 20  # steps without progress after which a creeping climb is given up
# Variance inflation above which a climb without progress counts as creeping.
_CREEPING_INFLATION = 1e5
# Steps without progress after which a climb in a tiny trust region is given up.
_MAX_TINY_STEPS = 40
# Radius of a tiny trust region, which a smooth likelihood does not need for so long.
_TINY_RADIUS = 1e-3
_REGULAR_INFLATION = 1e3  # variance inflation below which the covariance is not nearly singular
_SINGULAR_INFLATION = 1e7  # variance inflation above which it is, even without growth
# A step by products may leave a residual of min(_MAX_RESIDUAL, _RESIDUAL_RATE * norm) * norm, with
# the norm of the gradient, so that such steps converge as fast as exact Newton steps.
_MAX_RESIDUAL = 0.1
_RESIDUAL_RATE = 10.0
_MAX_STEP_PRODUCTS = 100  # products with the information for one step


class TrustRegion(NamedTuple):
    """The trust region: where the parabola is trusted, and how long there was no progress."""

    radius: float = 1.0
    # Successive steps without progress: the gradient norm was not halved, or the least eigenvalue
    # of the information was not clearly positive.
    n_idle: int = 0
    norm: float = math.inf  # that of the natural gradient at the first of these steps
    inflation: float = 1.0  # that of the variances there
    length: float = 0.0  # that of the last step

    def updated_at(self, at: Evaluation, likelihood: Likelihood, clear: bool) -> TrustRegion:
        """The region, with the progress at a point counted.

        `clear` says whether the least eigenvalue of the information there is clearly positive.

        Raises
        ------
        Unbounded
            If the climb leads to no maximum.
        Stalled
            If the climb only creeps.
        """
        norm, inflation = at.natural_gradient_norm, likelihood.inflation(at)
        if self.n_idle == 0 or (norm < self.norm / 2 and clear):
            return self._replace(n_idle=1, norm=norm, inflation=inflation)
        narrow = inflation > min(
            max(_REGULAR_INFLATION, _IDLE_GROWTH * self.inflation), _SINGULAR_INFLATION
        )
        creeps = self.n_idle >= _MAX_CREEPING_STEPS and inflation > _CREEPING_INFLATION
        if creeps or (self.n_idle >= _IDLE_STEPS and narrow):
            likely = at.value >= likelihood.value_of_the_guess
            if likely and not (clear or likelihood.bounded):
                raise Unbounded
            if creeps:
                raise Stalled
        if self.n_idle >= _MAX_TINY_STEPS and self.radius < _TINY_RADIUS:
            raise Stalled
        return self._replace(n_idle=self.n_idle + 1)

    def moved(self, length: float, share: float) -> TrustRegion:
        """The region after a step of this length that gained this share of the promised gain."""
        radius = self.radius
        if share < _SHRINK_BELOW:
            radius = length / 2
        elif share > _GROW_ABOVE and length > radius / 2:
            radius = min(2 * radius, _MAX_RADIUS)
        # Full Newton steps that quickly become shorter close in on a maximum, however flat.
        closes_in = length < min(self.length, self.radius) / 2 and share > _GROW_ABOVE
        n_idle = 0 if closes_in else self.n_idle
        return self._replace(radius=radius, n_idle=n_idle, length=length)


def newton_step(
    likelihood: Likelihood, at: Evaluation, region: TrustRegion
) -> tuple[Evaluation, TrustRegion]:
    """The point that a step in the region reaches, and the region there.

    Raises
    ------
    Unbounded
        If the climb leads to no maximum.
    Stalled
        If no step gains, or the climb only creeps.
    """
    information = _step_information(likelihood, at)
    if not information.is_finite:
        raise Stalled
    is_clear = information.exceeds(CLEAR_EIGENVALUE)
    # A concave likelihood has no negative curvature, except by the error of a lattice.
    bent_up = likelihood.has_one_maximum and not (is_clear or information.is_positive)
    if bent_up and not lattices_suit(likelihood, at):
        raise Stalled
    region = region.updated_at(at, likelihood, is_clear)
    radius = region.radius
    while radius > _MIN_RADIUS:
        step, promised = information.newton_step(at.natural_gradient, radius)
        length = linalg.norm(step)
        lingers = region.n_idle > _IDLE_STEPS and length > region.length / 2
        if lingers and promised < likelihood.rounding_of_the_value(at):
            raise Stalled  # the gradient is only rounding
        try:
            reached = step_to(likelihood, at, step)
        except NotPositiveDefiniteError:
            radius = length / 4
            continue
        if is_no_loss(likelihood, at, reached, step):
            share = (reached.value - at.value) / promised
            return reached, region._replace(radius=radius).moved(length, share)
        radius = length / 4
    raise Stalled


def _step_information(likelihood: Likelihood, at: Evaluation) -> Information:
    """The information, or the part of it that a Newton step needs.

    If products with the information cost less than its matrix, this is the part in the span of a
    few products with the gradient.
    """
    products = likelihood.products(at)
    if products is None:
        return likelihood.information_of_step(at)
    gradient, norm = at.natural_gradient, at.natural_gradient_norm
    size = likelihood.family.n_parameters
    for search in Lanczos(products.exact, gradient, size, _MAX_STEP_PRODUCTS).steps():
        step = search.vectors @ (norm * search.vectors[0] / search.values)
        if (
            search.values[0] > 0
            and search.residual(step) < min(_MAX_RESIDUAL, _RESIDUAL_RATE * norm) * norm
        ):
            break
    return Information(search.matrix, Subspace(search.basis))
