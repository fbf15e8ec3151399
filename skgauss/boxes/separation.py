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
from .base import BoxMoments
from .interval import Interval
from .lattice import N_POINTS, Lattice, standardised
from .tilt import Tilt

_BLOCK = 2**13  # points of a variable in a block of rows: a common level-2 cache holds it


def lattice_moments(
    lower: Array, upper: Array, width: Array, covariance: Array, lattice: Lattice
) -> BoxMoments:
    """Moments of c ~ N(0, covariance) within lower < c <= upper, one row a box.

    Parameters
    ----------
    lower, upper, width : array of shape (n, k)
        Ends less the mean of the Gaussian, and the widths as the data have them.
    covariance : array of shape (k, k) or (n, k, k)
    lattice : Lattice
    """
    scale, *boxes = standardised(lower, upper, width, covariance)
    n, k = lower.shape
    found = BoxMoments(np.empty(n), np.empty((n, k)), np.empty((n, k, k)))
    at_once = max(_BLOCK // N_POINTS, 1)
    with np.errstate(over="ignore", under="ignore"):
        for start in range(0, n, at_once):
            rows = slice(start, start + at_once)
            for whole, part in zip(found, _of_block(*(box[rows] for box in boxes), lattice[rows])):
                whole[rows] = part
    return BoxMoments(
        found.log_probability,
        np.clip(found.mean * scale, lower, upper),
        found.covariance * scale[..., :, None] * scale[..., None, :],
    )


def _of_block(
    lower: Array, upper: Array, width: Array, correlation: Array, lattice: Lattice
) -> BoxMoments:
    """Of standardised variables, each row in its order."""
    order = lattice.order
    lower, upper, width = (np.take_along_axis(of, order, 1) for of in (lower, upper, width))
    row = np.arange(len(order))[:, None, None]
    factor = np.linalg.cholesky(correlation[row, order[:, :, None], order[:, None, :]])
    scale = np.diagonal(factor, axis1=1, axis2=2)
    ends = lower / scale, upper / scale, width / scale
    coupling = np.tril(factor / scale[:, :, None], -1)
    tilt = Tilt.of(*ends, coupling)
    z, steps = _forward(*ends, coupling, tilt.shift, lattice.points())
    terms = sum(step.term for step in steps)
    highest = terms.max(axis=1)
    weights = np.exp(terms - highest[:, None])
    total = weights.sum(axis=1)
    mean, covariance = _backward(z, steps, coupling, tilt, weights / total[:, None])
    covariance = factor @ covariance @ factor.transpose(0, 2, 1)
    back = np.argsort(order, axis=1)
    return BoxMoments(
        highest + np.log(total / N_POINTS),
        np.take_along_axis((factor @ mean[:, :, None])[:, :, 0], back, 1),
        covariance[row, back[:, :, None], back[:, None, :]],
    )


class _Step(NamedTuple):
    """What the way back needs of a variable."""

    term: Array  # of the logarithm of the integrand
    at: Interval
    z_slope: Array | float  # derivatives of the z that is chosen, as mirrored
    z_widening: Array | float


def _forward(
    lower: Array, upper: Array, width: Array, coupling: Array, shift: Array, points: Array
) -> tuple[Array, list[_Step]]:
    """The z of every point, and a step for every variable. No other needs the z of the last."""
    n, k = lower.shape
    z = np.zeros((n, k, N_POINTS))
    steps = []
    for i in range(k):
        t = shift[:, i, None]
        given = t + (coupling[:, i, None, :i] @ z[:, :i])[:, 0] if i else t
        at = Interval.of(lower[:, i, None] - given, upper[:, i, None] - given, width[:, i, None])
        if i < k - 1:
            mirrored, *derivatives = at.quantile(points[:, i])
            z[:, i] = t + at.sign * mirrored
            steps.append(_Step(at.log_probability + t * (0.5 * t - z[:, i]), at, *derivatives))
        else:
            steps.append(_Step(at.log_probability, at, 0.0, 0.0))
    return z, steps


def _backward(
    z: Array, steps: list[_Step], coupling: Array, tilt: Tilt, weights: Array
) -> tuple[Array, Array]:
    """Mean and covariance of z within the box, from the derivatives of the sum.

    A derivative along the mean of c is E[z], one along its factor Cov[z], by the rules
    for the derivatives of Gaussian integrals. Deviations enter, and no square of a mean.
    """
    n, k, _ = z.shape
    along_ends, score = np.empty(z.shape), np.empty(z.shape)
    variance = np.empty((n, k))
    for i in reversed(range(k)):
        _, at, z_slope, z_widening = steps[i]
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
    moved, centre, moved_variance = tilt.correction(fixed - drawn)
    mean = fixed + moved
    covariance = score @ (z - mean[:, :, None]).transpose(0, 2, 1)
    covariance += moved[:, :, None] * (tilt.centre - mean)[:, None]
    covariance += tilt.centre[:, :, None] * centre[:, None]
    covariance = np.tril(covariance, -1)
    covariance += covariance.transpose(0, 2, 1)
    covariance[:, range(k), range(k)] = variance + moved_variance - moved * (fixed + mean)
    return mean, covariance
