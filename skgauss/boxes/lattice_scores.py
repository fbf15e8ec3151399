r"""Scores within boxes of many variables, by second derivatives of the sum over a lattice.

Let c be the variables in the order of the lattice, L the factor of their covariance and c = L z.
Move the mean of c by L p and the factor to L (I + E), with E lower triangular. The score of a
Gaussian along these moves is z and the products :math:`z_i z_j` minus the identity. Its covariance
within a box is the second derivative of the log-probability minus the mean second derivative of the
log-density.

The logarithm T of each term of the sum is a recursion over the variables. The parameters move the
end y of each interval and the point x chosen in it: these derivatives are carried forward. The
derivatives of T along ends and points are carried backward. The second derivative is one product of
matrices for each variable,

.. math::

    \partial^2 T = \sum_i \left[ T_{y_i y_i} \, \partial y_i \, \partial y_i^T + \ldots \right],

and that of the logarithm of the sum is the mean of these over the points plus the covariance of the
first derivatives. The saddle moves with the Gaussian, which adds more terms, see `saddle_move`.

The derivatives along the parameters of nearly collinear variables cancel. Rounding leaves an error
of at most about 200 EPS times the squared condition number of the correlations, relative to the
largest covariance or one: seven digits at a condition number of 1e3, three at 1e5.

References
----------
Griewank and Walther (2008), Evaluating Derivatives, chapters 5 and 15.
"""

from __future__ import annotations

import numpy as np

from .._half_vectorization import half_vectorization
from .._typing import Array
from .base import Boxes, BoxMoments
from .genz import Separated, Step, forward
from .lattice import Lattice
from .saddle_move import SaddleMove, indices_of

# Points summed at once, of all boxes: their derivatives stay in the cache.
_SCORED_POINTS_AT_ONCE = 2**12


def lattice_scores(boxes: Boxes, lattice: Lattice) -> BoxMoments:
    """Moments of z and its products within standardised boxes of at least two variables R z.

    R is `root_in_order` of the correlation.
    """
    separated = Separated.of(boxes, lattice)
    within = separated.mean_over_points(_derivatives_over, _SCORED_POINTS_AT_ONCE)
    along = _along_the_boxes(separated, within.mean, within.covariance)
    return BoxMoments(within.log_probability, *_along_the_factor(separated.coupling, *along))


def _derivatives_over(boxes: Separated) -> BoxMoments:
    """Logarithm of the sum of the integrand over points, with its gradient and Hessian.

    They are along the parameters in the order of `ParameterIndices`, then tilts of all variables
    but the last. Ends are measured from the tilts, so that a tilt moves neither ends nor points.
    """
    log_total, weights, z, steps = forward(boxes)
    k = z.shape[1]
    chosen = z - boxes.tilt.shift[:, :, None]
    given = boxes.tilt.shift[:, :, None] + boxes.coupling @ z
    ends = [step.at.sign * step.at.near + given[:, i] for i, step in enumerate(steps)]
    gains, by_chosen = _gains(boxes, steps)
    gradient = _gradients(z, chosen, ends, steps, gains, by_chosen)
    moves = _moves(boxes.coupling, chosen, ends, steps)
    half = _half_of_curvatures(weights, chosen, ends, steps, gains, by_chosen, *moves)
    hessian = half + half.transpose(0, 2, 1)
    tilts = range(indices_of(k).n, hessian.shape[1])
    hessian[:, tilts, tilts] -= 1.0
    mean = (gradient @ weights[:, :, None])[:, :, 0]
    gradient -= mean[:, :, None]
    hessian += (gradient * weights[:, None]) @ gradient.transpose(0, 2, 1)
    return BoxMoments(log_total, mean, hessian)


def _gains(boxes: Separated, steps: list[Step]) -> tuple[Array, Array]:
    """Derivatives of every log-term along each end, and along each chosen point, mirrored.

    Both are (n, k, n_points).
    """
    gains, by_chosen = np.empty((2, *boxes.coupling.shape[:2], boxes.log_weight.shape[1]))
    for i in reversed(range(len(steps))):
        at, z_slope, _ = steps[i]
        later = -(boxes.coupling[:, None, i + 1 :, i] @ gains[:, i + 1 :])[:, 0]
        by_chosen[:, i] = at.sign * (later - boxes.tilt.shift[:, i, None])
        gains[:, i] = at.sign * (at.slope + by_chosen[:, i] * z_slope)
    return gains, by_chosen


def _gradients(
    z: Array, chosen: Array, ends: list[Array], steps: list[Step], gains: Array, by_chosen: Array
) -> Array:
    """Gradients of all log-terms, (n, n_parameters + k - 1, n_points), see `_derivatives_over`."""
    n, k, n_points = z.shape
    places = indices_of(k)
    gradient = np.empty((n, places.n + k - 1, n_points))
    gradient[:, places.n :] = -z[:, :-1]
    for i, (at, _, z_widening) in enumerate(steps):
        gain, by_width = gains[:, i], at.widening + by_chosen[:, i] * z_widening
        gradient[:, places.ends[i]] = -gain
        gradient[:, places.scales[i]] = gain * ends[i] + by_width
        gradient[:, places.of_variable(i)] = -gain[:, None] * chosen[:, :i]
    return gradient


def _moves(
    coupling: Array, chosen: Array, ends: list[Array], steps: list[Step]
) -> tuple[list[Array], Array]:
    """Derivatives of the end of each variable, relative to its mean, and of the chosen points.

    Those of an end are along the parameters up to its variable, (n, size, n_points), those of the
    points along all parameters, (n, k - 1, n_parameters, n_points).
    """
    n, k, n_points = chosen.shape
    places = indices_of(k)
    of_ends, of_chosen = [], np.zeros((n, k - 1, places.n, n_points))
    for i, (at, z_slope, z_widening) in enumerate(steps):
        first, couplings = places.ends[i], places.of_variable(i)
        moves = np.empty((n, couplings.stop, n_points))
        before = of_chosen[:, :i, :first].reshape(n, i, first * n_points)
        moves[:, :first] = -(coupling[:, i, None, :i] @ before).reshape(n, first, n_points)
        moves[:, first] = -1.0
        moves[:, places.scales[i]] = ends[i]
        moves[:, couplings] = -chosen[:, :i]
        of_ends.append(moves)
        if i < k - 1:
            of_chosen[:, i, : couplings.stop] = z_slope[:, None] * moves
            of_chosen[:, i, places.scales[i]] += at.sign * z_widening
    return of_ends, of_chosen


def _half_of_curvatures(
    weights: Array,
    chosen: Array,
    ends: list[Array],
    steps: list[Step],
    gains: Array,
    by_chosen: Array,
    of_ends: list[Array],
    of_chosen: Array,
) -> Array:
    """Half of the weighted sum of the Hessians of all log-terms; its transpose is the other half.

    Entries of two tilts are 0. See `_derivatives_over` for the parameters.
    """
    n, k, _ = chosen.shape
    places = indices_of(k)
    half = np.zeros((n, places.n + k - 1, places.n + k - 1))
    for i, ((at, z_slope, z_widening), moves) in enumerate(zip(steps, of_ends, strict=True)):
        turns = at.quantile_curvature(at.sign * chosen[:, i], z_slope, z_widening)
        variance, *along_width = at.curvature()
        bend, across, widening = (
            of + by_chosen[:, i] * turn
            for of, turn in zip((variance - 1.0, *along_width), turns, strict=True)
        )
        size, scale = moves.shape[1], places.scales[i]
        half[:, :size, :size] += (
            0.5 * (moves * (weights * bend)[:, None]) @ moves.transpose(0, 2, 1)
        )
        half[:, scale, :size] += (moves @ (weights * at.sign * across)[:, :, None])[:, :, 0]
        half[:, scale, scale] += 0.5 * (weights * (widening + gains[:, i] * ends[i])).sum(axis=1)
    for i in range(k - 1):
        moves = of_chosen[:, i, : places.of_variable(i).stop]
        size = moves.shape[1]
        half[:, places.n + i, :size] -= (moves @ weights[:, :, None])[:, :, 0]
        later = (weights[:, None] * gains[:, i + 1 :]) @ moves.transpose(0, 2, 1)
        half[:, places.couplings[i + 1 :, i], :size] -= later
    return half


def _along_the_boxes(boxes: Separated, gradient: Array, hessian: Array) -> tuple[Array, Array]:
    """Gradient and Hessian along the parameters, as tilts follow the saddle and move the ends."""
    tilt, (n, k, _) = boxes.tilt, boxes.coupling.shape
    places = indices_of(k)
    unit = np.eye(k) + boxes.coupling
    by_end = gradient[:, places.ends]
    along_tilt = gradient[:, places.n :] + (by_end[:, None] @ unit)[:, 0, :-1]
    saddle = SaddleMove.of(tilt, along_tilt)
    later, earlier, couplings = places.below
    moves = np.zeros((n, places.n + k - 1, places.n))
    moves[:, : places.n] = np.eye(places.n)
    moves[:, places.n :] = saddle.shift[:, :-1]
    moves[:, places.ends] += unit @ saddle.shift
    moves[:, places.ends[later], couplings] += tilt.shift[:, earlier]
    twice = by_end[:, later, None] * saddle.shift[:, earlier]
    hessian = moves.transpose(0, 2, 1) @ hessian @ moves + saddle.hessian
    hessian[:, couplings] += twice
    hessian[:, :, couplings] += twice.transpose(0, 2, 1)
    gradient = gradient[:, : places.n] + saddle.gradient
    gradient[:, couplings] += by_end[:, later] * tilt.shift[:, earlier]
    return gradient, hessian


def _along_the_factor(coupling: Array, gradient: Array, hessian: Array) -> tuple[Array, Array]:
    """Mean and covariance of z and its products, from derivatives along the parameters.

    The parameters of a variable are linear in mean and factor, divided by its scale. One of them is
    the logarithm of the scale, which adds a curvature.
    """
    n, k, _ = coupling.shape
    places, pair = indices_of(k), k + half_vectorization(k).places  # the places of the entries of E
    unit = np.eye(k) + coupling
    own = pair.diagonal()
    jacobian = np.zeros((n, places.n, places.n))
    jacobian[:, places.ends, :k] = unit
    jacobian[:, places.scales, own] = -1.0
    for i in range(k):
        for j in range(i):
            row = places.couplings[i, j]
            jacobian[:, row, pair[j : i + 1, j]] = unit[:, i, j : i + 1]
            jacobian[:, row, own[i]] -= coupling[:, i, j]
    hessian = jacobian.transpose(0, 2, 1) @ hessian @ jacobian
    score = (gradient[:, None] @ jacobian)[:, 0]
    for i in range(k):
        relative = np.r_[places.ends[i], places.of_variable(i)]
        bent = (gradient[:, None, relative] @ jacobian[:, relative])[:, 0]
        hessian[:, own[i]] -= bent
        hessian[:, :, own[i]] -= bent
    hessian[:, own, own] += gradient[:, places.scales]
    score[:, own] += 1.0
    hessian += _minus_density_hessian(score[:, :k], score[:, pair])
    return score, 0.5 * (hessian + hessian.transpose(0, 2, 1))  # exactly symmetric


def _minus_density_hessian(first: Array, second: Array) -> Array:
    """Minus the mean second derivative of a log-density along the moves of mean and factor.

    The arguments, (n, k) and (n, k, k), are the first and second moments of z.
    """
    n, k = first.shape
    left, right, *_ = half_vectorization(k)
    same, size = np.eye(k), k + len(left)
    half = np.zeros((n, size, size))
    half[:, :k, :k] = 0.5 * same
    half[:, :k, k:] = same[:, right] * first[:, None, left] + same[:, left] * first[:, None, right]
    half[:, k:, k:] = same[left][:, right] * second[:, right[:, None], left]
    half[:, k:, k:] += 0.5 * same[right][:, right] * second[:, left[:, None], left]
    half[:, k:, k:] -= 0.5 * np.diag(left == right)
    return half + half.transpose(0, 2, 1)
