r"""Ends of profile intervals at which the covariance is singular.

What the data say of the other correlations may be all that bounds that of two features which no
row shows together. The end of its interval then lies where the covariance is singular, at infinity
in the frame of any point. With :math:`\Sigma = L^* (A^2 + \varepsilon^2 I) L^{*T}`, :math:`L^*` the
factor at the maximum and A symmetric, the likelihood is smooth up to there and beyond. A is not
bounded, and what is higher where an eigenvalue of it is 0 than on either side has no slope there.
Such an end is therefore found as any other: by Newton's method, in a trust region, of an augmented
Lagrangian. What :math:`\varepsilon` keeps it from is told by the slope there, to its fourth power.

References
----------
Burer and Monteiro (2003), "A nonlinear programming algorithm for solving semidefinite programs
via low-rank factorization", Mathematical Programming 95(2); Nocedal and Wright (2006), Numerical
Optimization, sections 4.3 and 17.3.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from .._typing import Array
from ..gaussian import Family, NotPositiveDefiniteError, linalg, pairs_of
from ..likelihoods import Evaluation, Likelihood, information_matrix

_NEAR_SINGULAR = 0.5  # eigenvalue of A, where a climb that found no end is on its way to one
_FEW_NATS = 1e-6  # of an average row, to which the climb has steps too short to tell where it leads
_NEARER = 100.0  # a level than the one before: their m is the same, and their ends are near
_FLOOR = 3e-3  # epsilon, below which too few digits of the likelihood are left
_ROUNDS = 10  # of the multiplier, which is right after three to five
_MOST_TRUST_STEPS = 200
_STIFFNESS = 10.0  # by which, squared, a round brings c nearer to 0
_RADII = {"initial_trust_radius": 0.3, "max_trust_radius": 1.0}  # of A
_SLOPE_PRECISION = 3e-5  # of slopes that cancel at an end, where that of the parameter is near 1
_CLOSE_ENOUGH = 3e-4  # to the level, by its distance from the maximum; half of it in the end's
_EXACT_END = 1e-7  # of the parameter, where many rows leave no digits of so small a fall
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
    roots = _Roots(likelihood, maximum)
    x = roots.place(start)
    if nats > _FEW_NATS and roots.least_eigenvalue(x) > _NEAR_SINGULAR:
        return None
    multiplier = 0.0
    for level in _levels(nats):
        lagrangian = _Lagrangian(roots, height, level, multiplier)
        found = lagrangian.highest(x)
        if found is None:
            return None
        x, multiplier = found, lagrangian.multiplier
    return lagrangian.end_without_floor(x)


def _levels(nats: float) -> Iterator[float]:
    """Falls of the likelihood whose highest points lead on to each other, the last as asked for."""
    level = _FEW_NATS
    while level > nats:
        yield level
        level /= _NEARER
    yield nats


class _Lagrangian:
    r"""The height, less :math:`s \sqrt n \min(0, c - m)^2 / 2`, upside down."""

    def __init__(
        self,
        roots: _Roots,
        height: Callable[[Evaluation], Jet],
        nats: float,
        multiplier: float,
    ):
        self.roots, self.multiplier = roots, multiplier
        self._height, self._nats, self._stiffness = height, nats, _STIFFNESS * math.sqrt(nats)
        self._jets = lru_cache(maxsize=2)(self._computed)

    def highest(self, x: Array) -> Array | None:
        """The root at the end, from one near it; None where it was not found."""
        options = {"maxiter": _MOST_TRUST_STEPS, "gtol": _SLOPE_PRECISION, **_RADII}
        for _ in range(_ROUNDS):
            x = minimize(
                self.lowness,
                x,
                jac=self.slope,
                hess=self.curvature,
                method="trust-exact",
                options=options,
            ).x
            if self.is_there(x):
                return x
            self.multiplier = max(-self.excess(x), 0.0)
        return None

    def jets(self, x: Array) -> tuple[Jet, Jet]:
        """Of the height and of c, as functions of the root."""
        return self._jets(x.tobytes())

    def _computed(self, packed: bytes) -> tuple[Jet, Jet]:
        """Those of a vector, anew."""
        here = self.roots.at(np.frombuffer(packed))
        high, left = map(here.pulled, self._jets_of_frame(here.point))
        return high, left

    def _jets_of_frame(self, point: Evaluation) -> tuple[Jet, Jet]:
        """Of the height and of c, in the packed frame of a point."""
        likelihood = self.roots.likelihood
        gradient = likelihood.family.pack_frame(point.natural_gradient)
        information = information_matrix(likelihood, point)
        information = information + likelihood.connection_term(gradient)
        fall = point.value - self.roots.maximum.value
        left = Jet(fall / self._nats + 1, gradient / self._nats, -information / self._nats)
        return self._height(point), left

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

    def end_without_floor(self, x: Array) -> tuple[Evaluation, float]:
        """The point on the floor, and the height below it, where the covariance is singular."""
        here = self.roots.at(x)
        high, left = self._jets_of_frame(here.point)
        multiplier = -self._stiffness * self.excess(x)
        slope = here.slope_of_floor(high.gradient + multiplier * left.gradient)
        return here.point, high.value - _FLOOR**2 * slope

    def is_there(self, x: Array) -> bool:
        """Whether the highest point is at the level, or above it with nothing to pay for that."""
        off = abs(self.jets(x)[1].value)
        costs = self._stiffness * abs(self.excess(x))  # height, for a c that is larger by 1
        is_flat = linalg.norm(self.slope(x)) < _FLAT
        return is_flat and (off < _CLOSE_ENOUGH or off * costs < _EXACT_END)


class _Roots:
    r"""Covariances with :math:`A = I + Y / \sqrt2` beside means :math:`\mu^* + L^* p`.

    Packed as steps in the frame of the maximum are.
    """

    def __init__(self, likelihood: Likelihood, maximum: Evaluation):
        self.likelihood, self.family, self.maximum = likelihood, likelihood.family, maximum

    def place(self, at: Evaluation) -> Array:
        """Where a point is, or one near it on the floor."""
        family = self.family
        vectors, values, _ = np.linalg.svd(family.solve(self.maximum.factor, at.factor))
        root = (vectors * np.sqrt(np.maximum(values**2 - _FLOOR**2, 0.0))) @ vectors.T
        moved = family.solve(self.maximum.factor, at.mean - self.maximum.mean)
        return family.pack_frame(family.frame(moved, 2 * (root - family.identity)))

    def least_eigenvalue(self, x: Array) -> float:
        """The least one of A."""
        return float(np.linalg.eigvalsh(self._root(x)).min())

    def at(self, x: Array) -> _Place:
        """What is there."""
        family, maximum = self.family, self.maximum
        moved, _ = family.split_frame(family.unpack_frame(x))
        root = self._root(x)
        mean = maximum.mean + family.colorize(maximum.factor, moved[None])[0]
        rows = maximum.factor @ np.hstack((root, _FLOOR * family.identity))
        factor = family.marginal(rows, list(range(len(root))))
        point = self.likelihood.evaluate(mean, factor)
        return _Place(point, family, root, family.solve(factor, maximum.factor))

    def _root(self, x: Array) -> Array:
        """A."""
        _, form = self.family.split_frame(self.family.unpack_frame(x))
        return self.family.identity + form / 2


class _Place:
    r"""A point, and functions of its frame as functions of the root.

    With C the factor at the maximum in the frame of the point and
    :math:`V = C (A Y + Y A) C^T / 2` the frame sees :math:`V + (C Y^2 C^T / 2 - V^2) / \sqrt2`, but
    for higher orders.
    """

    def __init__(self, point: Evaluation, family: Family, root: Array, turn: Array):
        self.point, self._family, self._turn = point, family, turn
        d, pairs = family.n_features, pairs_of(family.n_features)
        forms = turn @ root @ pairs.unpack(np.eye(len(pairs.rows))) @ turn.T
        jacobian = np.zeros((family.n_all,) * 2)
        jacobian[:d, :d] = turn
        jacobian[d:, d:] = pairs.pack(forms + forms.transpose(0, 2, 1)).T / 2
        self._jacobian = jacobian[family.free, family.free]

    def pulled(self, of_frame: Jet) -> Jet:
        """A function of that gradient and Hessian in the frame as one of the root."""
        value, gradient, hessian = of_frame
        form = self._form(gradient)
        here, there = (self._squares(each) for each in (form, self._turn.T @ form @ self._turn))
        hessian = self._jacobian.T @ (hessian - here) @ self._jacobian + there / 2
        return Jet(value, gradient @ self._jacobian, hessian)

    def slope_of_floor(self, gradient: Array) -> float:
        """How fast a function of that gradient in the frame grows with the square of the floor."""
        return float(np.sum((self._turn.T @ self._form(gradient)) * self._turn.T)) / 2

    def _form(self, gradient: Array) -> Array:
        """Of a packed gradient the matrix of the covariance, (n_features, n_features)."""
        _, form = self._family.split_frame(self._family.unpack_frame(gradient))
        return form

    def _squares(self, form: Array) -> Array:
        """The matrix of the trace of a form with the square of a step of the covariance."""
        whole, free = self._family.whole, self._family.free
        gradient = whole.pack_frame(whole.frame(np.zeros(len(form)), form))
        return whole.connection_term(gradient)[free, free]
