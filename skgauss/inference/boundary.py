r"""Ends of profile intervals at which the covariance is singular.

What the data say of the other correlations may be all that bounds that of two features which no
row shows together. The end of its interval then lies where the covariance is singular, at infinity
in the frame of any point. With :math:`\Sigma = L^* A^2 L^{*T}`, :math:`L^*` the factor at the
maximum and A symmetric, the likelihood is smooth up to there and beyond. A is not bounded, and what
is higher where an eigenvalue of it is 0 than on either side has no slope there. Such an end is
therefore found as any other: by Newton's method, in a trust region, of an augmented Lagrangian.

References
----------
Burer and Monteiro (2003), "A nonlinear programming algorithm for solving semidefinite programs
via low-rank factorization", Mathematical Programming 95(2); Nocedal and Wright (2006), Numerical
Optimization, sections 4.3 and 17.3.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from .._typing import Array
from ..gaussian import Family, NotPositiveDefiniteError, linalg, pairs_of
from ..likelihoods import Evaluation, Likelihood, information_matrix

_NEAR = 0.5  # eigenvalue of A, where the climb that found no end is on its way to a singular one
_LEAST = 3e-3  # eigenvalue of A; what is taken for 0 there moves an end by its fourth power
_ROUNDS = 10  # of the multiplier, which is right after three to five
_STEPS = 200
_STIFFNESS = 10.0  # by which, squared, a round brings c nearer to 0
_RADII = {"initial_trust_radius": 0.3, "max_trust_radius": 1.0}  # of A
_PRECISION = 3e-5  # of slopes that cancel at an end, where that of the parameter is near 1
_CLOSE = 3e-4  # to the level, relative to its distance from the maximum; half of it in the end's
_EXACT = 1e-7  # of the parameter, where many rows leave no digits of so small a fall
_FLAT = 0.01  # slopes that rounding leaves, where there are many rows


class Jet(NamedTuple):
    """A function at a point: its value, its gradient and its Hessian."""

    value: float
    gradient: Array
    hessian: Array


def highest_on_the_boundary(
    likelihood: Likelihood,
    maximum: Evaluation,
    start: Evaluation,
    height: Callable[[Evaluation], Jet],
    nats: float,
) -> tuple[Evaluation, float] | None:
    r"""The greatest height at which the likelihood has fallen by no more than some nats.

    With c what is left to fall, 1 at the maximum and 0 at the level, and the height h it is where
    :math:`h - s \sqrt n \min(0, c - m)^2 / 2` is greatest, for the right m and any s.

    Parameters
    ----------
    likelihood : Likelihood
        Of a full covariance.
    maximum, start : Evaluation
        Where the likelihood is highest, and where to begin.
    height : callable
        Of a point, a number that is bounded, its gradient and its Hessian in the packed frame of
        the point.
    nats : float

    Returns
    -------
    highest : tuple of Evaluation and float, or None
        A point and the height. None if the start is not near a singular covariance, or no such
        point was found.
    """
    lagrangian = _Lagrangian(_Roots(likelihood, maximum), height, nats)
    x = lagrangian.roots.place(start)
    if lagrangian.roots.eigenvalues(x)[0].min() > _NEAR:
        return None
    options = {"maxiter": _STEPS, "gtol": _PRECISION, **_RADII}
    for _ in range(_ROUNDS):
        x = minimize(
            lagrangian.lowness,
            x,
            jac=lagrangian.slope,
            hess=lagrangian.curvature,
            method="trust-exact",
            options=options,
        ).x
        if lagrangian.is_there(x):
            return lagrangian.roots.at(x).point, lagrangian.jets(x)[0].value
        lagrangian.multiplier = max(-lagrangian.excess(x), 0.0)
    return None


class _Lagrangian:
    r"""The height, less :math:`s \sqrt n \min(0, c - m)^2 / 2`, upside down."""

    def __init__(self, roots: _Roots, height: Callable[[Evaluation], Jet], nats: float):
        self.roots, self.multiplier = roots, 0.0
        self._height, self._nats, self._stiffness = height, nats, _STIFFNESS * math.sqrt(nats)
        self._jets = lru_cache(maxsize=2)(self._computed)

    def jets(self, x: Array) -> tuple[Jet, Jet]:
        """Of the height and of c."""
        return self._jets(x.tobytes())

    def _computed(self, packed: bytes) -> tuple[Jet, Jet]:
        """Those of a vector, anew."""
        roots = self.roots
        likelihood, here = roots.likelihood, roots.at(np.frombuffer(packed))
        gradient = likelihood.family.pack_frame(here.point.natural_gradient)
        information = information_matrix(likelihood, here.point)
        information = information + likelihood.connection_term(gradient)
        fall = here.point.value - roots.maximum.value
        value, *derivatives = here.pulled(Jet(fall, gradient, -information))
        left = Jet(value / self._nats + 1, *(each / self._nats for each in derivatives))
        return here.pulled(self._height(here.point)), left

    def excess(self, x: Array) -> float:
        """What c is short of the multiplier, negative, if it is."""
        return min(self.jets(x)[1].value - self.multiplier, 0.0)

    def lowness(self, x: Array) -> float:
        """Infinite where there is no Gaussian, which a search takes for a step that is too long."""
        try:
            return -self.jets(x)[0].value + self._stiffness / 2 * self.excess(x) ** 2
        except NotPositiveDefiniteError:
            return math.inf

    def slope(self, x: Array) -> Array:
        """Gradient of the lowness."""
        high, left = self.jets(x)
        return -high.gradient + self._stiffness * self.excess(x) * left.gradient

    def curvature(self, x: Array) -> Array:
        """Hessian of the lowness."""
        high, left = self.jets(x)
        matrix = -high.hessian + self._stiffness * self.excess(x) * left.hessian
        if self.excess(x) < 0:
            matrix += self._stiffness * np.outer(left.gradient, left.gradient)
        return matrix

    def is_there(self, x: Array) -> bool:
        """Whether the highest point is at the level, or above it with nothing to pay for that."""
        off = abs(self.jets(x)[1].value)
        costs = self._stiffness * abs(self.excess(x))  # height, for a c that is larger by 1
        return (off < _CLOSE or off * costs < _EXACT) and linalg.norm(self.slope(x)) < _FLAT


class _Roots:
    r"""Covariances as :math:`L^* (I + Y / \sqrt2)^2 L^{*T}` beside means :math:`\mu^* + L^* p`.

    Packed as steps in the frame of the maximum are.
    """

    def __init__(self, likelihood: Likelihood, maximum: Evaluation):
        self.likelihood, self.family, self.maximum = likelihood, likelihood.family, maximum

    def place(self, at: Evaluation) -> Array:
        """Where a point is."""
        family = self.family
        vectors, values, _ = np.linalg.svd(family.solve(self.maximum.factor, at.factor))
        root = (vectors * values) @ vectors.T
        moved = family.solve(self.maximum.factor, at.mean - self.maximum.mean)
        return family.pack_frame(family.frame(moved, 2 * (root - family.identity)))

    def eigenvalues(self, x: Array) -> tuple[Array, Array]:
        """Those of A and the vectors; 0 for what is smaller than the least."""
        _, form = self.family.split_frame(self.family.unpack_frame(x))
        values, vectors = np.linalg.eigh(self.family.identity + form / 2)
        return np.where(np.abs(values) < _LEAST, 0.0, values), vectors

    def at(self, x: Array) -> _Place:
        """What is there, or beside it where the covariance is singular."""
        family, maximum = self.family, self.maximum
        moved, _ = family.split_frame(family.unpack_frame(x))
        values, vectors = self.eigenvalues(x)
        root = (vectors * np.where(values == 0, _LEAST, values)) @ vectors.T
        mean = maximum.mean + family.colorize(maximum.factor, moved[None])[0]
        factor = family.marginal(maximum.factor @ root, list(range(len(root))))
        zero = vectors[:, values == 0]
        return _Place(
            self.likelihood.evaluate(mean, factor),
            family,
            root,
            family.solve(factor, maximum.factor),
            zero @ zero.T,
        )


class _Place:
    r"""A point, and functions of its frame as functions of the root.

    With C the factor at the maximum in the frame of the point and
    :math:`V = C (A Y + Y A) C^T / 2` the frame sees :math:`V + (C Y^2 C^T / 2 - V^2) / \sqrt2`, but
    for higher orders. A function is even in an eigenvalue of A about 0, where it has no slope
    along it.
    """

    def __init__(
        self, point: Evaluation, family: Family, root: Array, turn: Array, onto_zero: Array
    ):
        self.point, self._family, self._turn, self._onto_zero = point, family, turn, onto_zero
        d, pairs = family.n_features, pairs_of(family.n_features)
        forms = turn @ root @ pairs.unpack(np.eye(len(pairs.rows))) @ turn.T
        jacobian = np.zeros((family.n_all,) * 2)
        jacobian[:d, :d] = turn
        jacobian[d:, d:] = pairs.pack(forms + forms.transpose(0, 2, 1)).T / 2
        self._jacobian = jacobian[family.free, family.free]

    def pulled(self, of_frame: Jet) -> Jet:
        """A function of that gradient and Hessian in the frame as one of the root."""
        family, zero = self._family, self._onto_zero
        value, gradient, hessian = of_frame
        _, form = family.split_frame(family.unpack_frame(gradient))
        here, there = (self._squares(each) for each in (form, self._turn.T @ form @ self._turn))
        hessian = self._jacobian.T @ (hessian - here) @ self._jacobian + there / 2
        of_mean, form = family.split_frame(family.unpack_frame(gradient @ self._jacobian))
        value -= _LEAST / 2 * float(np.sum(form * zero))
        gradient = family.pack_frame(family.frame(of_mean, form - zero @ form @ zero))
        return Jet(value, gradient, hessian)

    def _squares(self, form: Array) -> Array:
        """The matrix of the trace of a form with the square of a step of the covariance."""
        whole, free = self._family.whole, self._family.free
        gradient = whole.pack_frame(whole.frame(np.zeros(len(form)), form))
        return whole.connection_term(gradient)[free, free]
