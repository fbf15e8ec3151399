r"""Ends of profile intervals at which the covariance is singular.

If no row shows two features together, only the other correlations bound theirs, because a
covariance has no negative eigenvalue. The end of its interval is then at a singular covariance,
infinitely far away in the frame of any point. Let
:math:`\Sigma = L^* (A^2 + \varepsilon^2 I) L^{*T}`, with :math:`L^*` the factor at the maximum and
A a symmetric matrix. The likelihood is smooth in A, which has no bounds, and a maximum at a
singular A has zero gradient there. Newton's method in a trust region, on an augmented Lagrangian,
therefore finds such an end like any other. The slope with respect to :math:`\varepsilon^2`
extrapolates the end to :math:`\varepsilon = 0`, with an error of order :math:`\varepsilon^4`.

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

from .._half_vectorization import half_vectorization
from .._typing import Array
from ..gaussian import Family, NotPositiveDefiniteError, linalg
from ..likelihoods import Evaluation, Likelihood, information_matrix

# Least eigenvalue of A, 1 at the maximum, above which a point is not near a singular covariance.
_NEAR_SINGULAR = 0.5
# Fall of the likelihood, in nats per row, up to which the steps of a climb are too short to show
# whether it leads to a singular covariance. For smaller falls the search begins with this one.
_FIRST_FALL = 1e-6
_FALL_RATIO = 100.0  # ratio of successive falls: their ends are close, and have the same multiplier
_MIN_EPSILON = 3e-3  # epsilon: a smaller one leaves the likelihood too few digits
_MAX_ROUNDS = 10  # most searches, each with a new multiplier, which is right after three to five
_MAX_TRUST_STEPS = 200  # most Newton steps in one search
_STIFFNESS = 10.0  # s in the Lagrangian, without unit: a larger one needs fewer rounds
_TRUST_RADII = {
    "initial_trust_radius": 0.3,
    "max_trust_radius": 1.0,
}  # lengths of steps of the root
# Norm of the gradient at which a search ends. The slopes of height and likelihood cancel there,
# and that of the height is near 1.
_SLOPE_TOL = 3e-5
_CONSTRAINT_TOL = 3e-4  # |c| at an end: half of it is the relative error of the end's distance
# Error of the height that an end may have if rounding, with many rows, keeps c away from 0.
_HEIGHT_TOL = 1e-7
# Norm of the gradient that rounding may leave at an end if there are many rows.
_ROUNDED_SLOPE = 0.01


class Jet(NamedTuple):
    """A function of n_parameters numbers at a point: its value, its gradient and its Hessian."""

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
    r"""The greatest height of a point where the likelihood has fallen by at most `nats`.

    Let n be `nats`, h the height, and c the share of the fall that is still left: 1 at the
    maximum, 0 at the level. The greatest height is where
    :math:`h - s \sqrt n \min(0, c - m)^2 / 2` is greatest, for the right multiplier m and any s.

    Parameters
    ----------
    likelihood : Likelihood
        The likelihood of a full covariance.
    maximum, start : Evaluation
        The maximum of the likelihood, and the point where the search begins.
    height : callable
        Takes a point and returns a bounded number, with gradient and Hessian in its packed frame.
    nats : float
        The fall of the likelihood, in nats per row.

    Returns
    -------
    highest : tuple of Evaluation and float, or None
        The point and its height. None if the start is not near a singular covariance, or if no
        such point was found.
    """
    roots = _Roots(likelihood, maximum)
    x = roots.packed_root(start)
    if nats > _FIRST_FALL and roots.least_eigenvalue(x) > _NEAR_SINGULAR:
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
    """Falls of the likelihood, in nats per row, of which the last is `nats`.

    The search for the end at each of them begins from the end at the one before.
    """
    level = _FIRST_FALL
    while level > nats:
        yield level
        level /= _FALL_RATIO
    yield nats


class _Lagrangian:
    r"""The function of a root that a search for an end minimises.

    It is minus the height, plus :math:`s \sqrt n \min(0, c - m)^2 / 2`, for a fall by n nats and a
    multiplier m, see `highest_on_the_boundary`. A root is a vector x of `_Roots`, (n_parameters,).
    """

    def __init__(
        self, roots: _Roots, height: Callable[[Evaluation], Jet], nats: float, multiplier: float
    ):
        self.roots, self.multiplier = roots, multiplier
        self._height, self._nats, self._stiffness = height, nats, _STIFFNESS * math.sqrt(nats)
        self._jets = lru_cache(maxsize=2)(self._computed)

    def highest(self, x: Array) -> Array | None:
        """The root at the end, (n_parameters,), from one near it; None if it is not found.

        If it is found, `multiplier` is the right one.
        """
        options = {"maxiter": _MAX_TRUST_STEPS, "gtol": _SLOPE_TOL, **_TRUST_RADII}
        for _ in range(_MAX_ROUNDS):
            x = minimize(
                self.loss,
                x,
                jac=self.slope,
                hess=self.curvature,
                method="trust-exact",
                options=options,
            ).x
            if self.is_solution(x):
                return x
            self.multiplier = max(-self.excess(x), 0.0)
        return None

    def jets(self, x: Array) -> tuple[Jet, Jet]:
        """The height and c at a root, with derivatives with respect to it; two roots are cached."""
        return self._jets(x.tobytes())

    def _computed(self, packed: bytes) -> tuple[Jet, Jet]:
        """What `jets` returns, for a root given as the bytes of its vector."""
        here = self.roots.at(np.frombuffer(packed))
        high, left = map(here.pulled, self._jets_of_frame(here.point))
        return high, left

    def _jets_of_frame(self, point: Evaluation) -> tuple[Jet, Jet]:
        """The height and c at a point, with their gradients and Hessians in its packed frame."""
        likelihood = self.roots.likelihood
        gradient = likelihood.family.pack_frame(point.natural_gradient)
        information = information_matrix(likelihood, point)
        information = information + likelihood.connection_term(gradient)
        fall = point.value - self.roots.maximum.value
        left = Jet(fall / self._nats + 1, gradient / self._nats, -information / self._nats)
        return self._height(point), left

    def excess(self, x: Array) -> float:
        """The difference of c and the multiplier if it is negative, otherwise 0."""
        return min(self.jets(x)[1].value - self.multiplier, 0.0)

    def loss(self, x: Array) -> float:
        """The function at a root; infinite outside the domain, so that the step is shortened."""
        try:
            return -self.jets(x)[0].value + self._stiffness / 2 * self.excess(x) ** 2
        except NotPositiveDefiniteError:
            return math.inf

    def slope(self, x: Array) -> Array:
        """The gradient of the function with respect to the root, (n_parameters,)."""
        high, left = self.jets(x)
        return -high.gradient + self._stiffness * self.excess(x) * left.gradient

    def curvature(self, x: Array) -> Array:
        """The Hessian of the function with respect to the root, (n_parameters, n_parameters)."""
        high, left = self.jets(x)
        matrix = -high.hessian + self._stiffness * self.excess(x) * left.hessian
        if self.excess(x) < 0:
            matrix += self._stiffness * np.outer(left.gradient, left.gradient)
        return matrix

    def end_without_floor(self, x: Array) -> tuple[Evaluation, float]:
        """The point of a root, and its height extrapolated to epsilon = 0."""
        here = self.roots.at(x)
        high, left = self._jets_of_frame(here.point)
        multiplier = -self._stiffness * self.excess(x)
        slope = here.slope_of_floor(high.gradient + multiplier * left.gradient)
        return here.point, high.value - _MIN_EPSILON**2 * slope

    def is_solution(self, x: Array) -> bool:
        """Whether the gradient at a root is nearly zero and the likelihood is at the level.

        It may be off the level if moving it there would hardly change the height.
        """
        off = abs(self.jets(x)[1].value)
        costs = self._stiffness * abs(self.excess(x))  # change of the height per unit of c
        is_flat = linalg.norm(self.slope(x)) < _ROUNDED_SLOPE
        return is_flat and (off < _CONSTRAINT_TOL or off * costs < _HEIGHT_TOL)


class _Roots:
    r"""The Gaussians among which a search moves, each given by a vector x, its packed root.

    The vector, (n_parameters,), holds p and the symmetric matrix Y, packed like a step in the
    frame of the maximum. Its Gaussian has the mean :math:`\mu^* + L^* p` and the covariance
    :math:`L^* (A^2 + \varepsilon^2 I) L^{*T}` with :math:`A = I + Y / \sqrt2`.
    """

    def __init__(self, likelihood: Likelihood, maximum: Evaluation):
        self.likelihood, self.family, self.maximum = likelihood, likelihood.family, maximum

    def packed_root(self, at: Evaluation) -> Array:
        """The packed root of a point, with 0 for eigenvalues of A that would be imaginary."""
        family = self.family
        vectors, values, _ = np.linalg.svd(family.solve(self.maximum.factor, at.factor))
        root = (vectors * np.sqrt(np.maximum(values**2 - _MIN_EPSILON**2, 0.0))) @ vectors.T
        moved = family.solve(self.maximum.factor, at.mean - self.maximum.mean)
        return family.pack_frame(family.frame(moved, 2 * (root - family.identity)))

    def least_eigenvalue(self, x: Array) -> float:
        """The least eigenvalue of A at a packed root."""
        return float(np.linalg.eigvalsh(self._mean_and_root(x)[1]).min())

    def at(self, x: Array) -> _RootPoint:
        """The point of a packed root, with the change of variables at that point."""
        family, maximum = self.family, self.maximum
        moved, root = self._mean_and_root(x)
        mean = maximum.mean + family.colorize(maximum.factor, moved[None])[0]
        rows = maximum.factor @ np.hstack((root, _MIN_EPSILON * family.identity))
        factor = family.marginal(rows, list(range(len(root))))
        point = self.likelihood.evaluate(mean, factor)
        return _RootPoint(point, family, root, family.solve(factor, maximum.factor))

    def _mean_and_root(self, x: Array) -> tuple[Array, Array]:
        """The vector p, (n_features,), and the matrix A of a packed root."""
        moved, form = self.family.split_frame(self.family.unpack_frame(x))
        return moved, self.family.identity + form / 2


class _RootPoint:
    r"""A point, and the change of variables between its frame and the root.

    Let C be the inverse of the factor of the point times the factor at the maximum. When Y moves
    by a small D, the covariance takes a step in the frame of the point whose matrix is
    :math:`V + (C D^2 C^T / 2 - V^2) / \sqrt2` up to second order, with
    :math:`V = C (A D + D A) C^T / 2`.

    Here A is `root` and C is `turn`, both of shape (n_features, n_features).
    """

    def __init__(self, point: Evaluation, family: Family, root: Array, turn: Array):
        self.point, self._family, self._turn = point, family, turn
        d, pairs = family.n_features, half_vectorization(family.n_features)
        forms = turn @ root @ pairs.unpack(np.eye(len(pairs.rows))) @ turn.T
        jacobian = np.zeros((family.n_all,) * 2)
        jacobian[:d, :d] = turn
        jacobian[d:, d:] = pairs.pack(forms + forms.transpose(0, 2, 1)).T / 2
        self._jacobian = jacobian[family.free, family.free]

    def pulled(self, of_frame: Jet) -> Jet:
        """A function's derivatives with respect to the root, from those in the packed frame."""
        value, gradient, hessian = of_frame
        form = self._form(gradient)
        here, there = (self._squares(each) for each in (form, self._turn.T @ form @ self._turn))
        hessian = self._jacobian.T @ (hessian - here) @ self._jacobian + there / 2
        return Jet(value, gradient @ self._jacobian, hessian)

    def slope_of_floor(self, gradient: Array) -> float:
        """The derivative with respect to epsilon^2 of a function with this packed gradient."""
        return float(np.sum((self._turn.T @ self._form(gradient)) * self._turn.T)) / 2

    def _form(self, gradient: Array) -> Array:
        """The part U of a packed gradient, for the covariance, (n_features, n_features)."""
        _, form = self._family.split_frame(self._family.unpack_frame(gradient))
        return form

    def _squares(self, form: Array) -> Array:
        """The matrix, (n_parameters, n_parameters), of the quadratic form tr(form V^2) in V."""
        unrestricted, free = self._family.unrestricted, self._family.free
        gradient = unrestricted.pack_frame(unrestricted.frame(np.zeros(len(form)), form))
        return unrestricted.connection_term(gradient)[free, free]
