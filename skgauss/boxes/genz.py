"""Gaussian boxes of many variables: Genz's separation of variables on a lattice.

With c = L z, L the Cholesky factor, each variable z_i has an interval given those before it.
The probability of the box is the mean over the unit cube of the product of the conditional
probabilities of these intervals, where a coordinate of the cube picks each z_i by its
conditional quantile (Genz, 1992). The lattice makes it a finite sum. The moments follow from
the exact derivative of that very sum, by the recursion backwards: a likelihood and its gradient
agree to rounding, however coarse the lattice.
"""

from typing import NamedTuple

import numpy as np

from .._typing import Array
from .base import BoxMoments, mixture, slices
from .interval import Interval
from .lattice import Lattice
from .minimax_tilting import Tilt

_AT_ONCE = 2**13  # points of boxes, whose intermediate results stay in the cache


def lattice_moments(
    lower: Array, upper: Array, width: Array, correlation: Array, lattice: Lattice
) -> BoxMoments:
    """Moments of c ~ N(0, correlation) within lower < c <= upper, one row a box.

    Ends and widths are (n, k), for at least two variables. Each row is in the order of its lattice.
    """
    order = lattice.order
    lower, upper, width = (np.take_along_axis(of, order, 1) for of in (lower, upper, width))
    row = np.arange(len(order))[:, None, None]
    factor = np.linalg.cholesky(correlation[row, order[:, :, None], order[:, None, :]])
    scale = np.diagonal(factor, axis1=1, axis2=2)
    ends = lower / scale, upper / scale, width / scale
    coupling = np.tril(factor / scale[:, :, None], -1)
    tilt = Tilt.of(*ends, coupling)
    points, log_weight = lattice.points()
    n, _, n_points = points.shape
    within = BoxMoments.empty(*lower.shape)
    for rows in slices(n, max(_AT_ONCE // n_points, 1)):
        boxes = ends[0][rows], ends[1][rows], ends[2][rows]
        sums = [
            _sums_over(
                boxes,
                coupling[rows],
                tilt.part(rows),
                points[rows, :, part],
                log_weight[rows, part],
            )
            for part in slices(n_points, _AT_ONCE)
        ]
        within.fill(rows, mixture(*(np.stack(of, axis=1) for of in zip(*sums, strict=True))))
    covariance = factor @ within.covariance @ factor.transpose(0, 2, 1)
    back = np.argsort(order, axis=1)
    return BoxMoments(
        within.log_probability - np.log(n_points),
        np.take_along_axis((factor @ within.mean[:, :, None])[:, :, 0], back, 1),
        covariance[row, back[:, :, None], back[:, None, :]],
    )


def _sums_over(
    ends: tuple[Array, Array, Array],
    coupling: Array,
    tilt: Tilt,
    points: Array,
    log_weight: Array,
) -> BoxMoments:
    """Logarithm of the sum of the integrand over points, and mean and covariance of z that follow.

    Over some of the points of a lattice as over all: its moments are those of a mixture of such.
    """
    terms, z, steps = _forward(*ends, coupling, tilt.shift, points)
    terms += log_weight
    highest = terms.max(axis=1)
    weights = np.exp(terms - highest[:, None])
    total = weights.sum(axis=1)
    weights /= total[:, None]
    return BoxMoments(highest + np.log(total), *_backward(z, steps, coupling, tilt, weights))


class _Step(NamedTuple):
    """What the way back needs of a variable."""

    at: Interval
    z_slope: Array | float  # derivatives of the z that is chosen, as mirrored
    z_widening: Array | float


def _forward(
    lower: Array, upper: Array, width: Array, coupling: Array, shift: Array, points: Array
) -> tuple[Array, Array, list[_Step]]:
    """Logarithm of the integrand and z of every point, and a step for every variable.

    No other variable needs the z of the last.
    """
    n, k = lower.shape
    n_points = points.shape[2]
    terms, z = np.zeros((n, n_points)), np.zeros((n, k, n_points))
    steps = []
    for i in range(k):
        t = shift[:, i, None]
        given = t + (coupling[:, i, None, :i] @ z[:, :i])[:, 0] if i else t
        at = Interval.of(lower[:, i, None] - given, upper[:, i, None] - given, width[:, i, None])
        terms += at.log_probability
        if i < k - 1:
            mirrored, z_slope, z_widening = at.quantile(points[:, i])
            z[:, i] = t + at.sign * mirrored
            terms += t * (0.5 * t - z[:, i])
            steps.append(_Step(at, z_slope, z_widening))
        else:
            steps.append(_Step(at, 0.0, 0.0))
    return terms, z, steps


def _backward(
    z: Array, steps: list[_Step], coupling: Array, tilt: Tilt, weights: Array
) -> tuple[Array, Array]:
    """Mean and covariance of z within the box, from the derivatives of the sum.

    The derivative of a Gaussian integral along the mean of z is E[z], and along the factor it is
    E[z z'] - I. The latter is taken about E[z], so that in a tail no squares cancel.
    """
    n, k, _ = z.shape
    along_ends, score = np.empty(z.shape), np.empty(z.shape)
    variance = np.empty((n, k))
    for i in reversed(range(k)):
        at, z_slope, z_widening = steps[i]
        t = tilt.shift[:, i, None]
        along_z = -(coupling[:, None, i + 1 :, i] @ along_ends[:, i + 1 :])[:, 0]
        chosen = at.sign * (along_z - t)
        along_end = along_ends[:, i] = at.sign * (at.slope + chosen * z_slope)
        score[:, i] = weights * (along_z - along_end)
        mean = score[:, i].sum(axis=1, keepdims=True)
        spread = along_end * (at.sign * at.near + t - mean) - along_z * (z[:, i] - mean)
        spread += at.widening + chosen * z_widening
        variance[:, i] = 1.0 - (weights * spread).sum(axis=1)
    fixed = score.sum(axis=2)
    drawn = (z @ weights[:, :, None])[:, :, 0]
    moved, centre, moved_variance = tilt.correction((fixed - drawn)[:, :-1])
    mean = fixed + moved
    covariance = score @ (z - mean[:, :, None]).transpose(0, 2, 1)
    covariance += moved[:, :, None] * (tilt.centre - mean)[:, None]
    covariance += tilt.centre[:, :, None] * centre[:, None]
    covariance = np.tril(covariance, -1)
    covariance += covariance.transpose(0, 2, 1)
    covariance[:, range(k), range(k)] = variance + moved_variance - moved * (fixed + mean)
    return mean, covariance
