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
from .interval import Interval, finite
from .lattice import N_POINTS, Lattice, standardised

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
    z, steps = _forward(lower, upper, width, factor, lattice.points())
    terms = sum(step.log_probability for step in steps)
    highest = terms.max(axis=1)
    weights = np.exp(terms - highest[:, None])
    total = weights.sum(axis=1)
    log_probability = highest + np.log(total / N_POINTS)
    mean, covariance = _backward(z, steps, factor, weights / total[:, None])
    back = np.argsort(order, axis=1)
    covariance = factor @ covariance @ factor.transpose(0, 2, 1)
    return BoxMoments(
        log_probability,
        np.take_along_axis((factor @ mean[:, :, None])[:, :, 0], back, 1),
        covariance[row, back[:, :, None], back[:, None, :]],
    )


class _Step(NamedTuple):
    """What the way back needs of a variable; z and derivatives as mirrored, by row and point."""

    sign: Array
    near: Array
    log_probability: Array
    slope: Array  # of log_probability along the near end, and times the width along the width
    widening: Array
    z_slope: Array  # of the z that is chosen, likewise
    z_widening: Array


def _forward(
    lower: Array, upper: Array, width: Array, factor: Array, points: Array
) -> tuple[Array, list[_Step]]:
    """Every z, and a step for every variable."""
    z = np.empty(points.shape)
    steps = []
    for i in range(lower.shape[1]):
        given = (factor[:, i : i + 1, :i] @ z[:, :i])[:, 0]
        scale = factor[:, i, i, None]
        at = Interval.of(
            (lower[:, i, None] - given) / scale,
            (upper[:, i, None] - given) / scale,
            width[:, i, None] / scale,
        )
        mirrored, z_slope, z_widening = at.quantile(points[:, i])
        z[:, i] = at.sign * mirrored
        widening = at.far * finite(at.width) / at.mass
        steps.append(
            _Step(at.sign, at.near, at.log_probability, at.slope, widening, z_slope, z_widening)
        )
    return z, steps


def _backward(z: Array, steps: list[_Step], factor: Array, weights: Array) -> tuple[Array, Array]:
    """Mean and covariance of z within the box, from the derivatives of the sum.

    A derivative along the mean of c gives E[z], one along the factor Cov[z], by the
    rules for the derivatives of Gaussian integrals. Deviations enter, and no square of a mean.
    """
    k = z.shape[1]
    along_ends, score = np.empty(z.shape), np.empty(z.shape)
    variance = np.empty((len(z), k))
    for i in reversed(range(k)):
        step = steps[i]
        along_z = (factor[:, None, i + 1 :, i] @ along_ends[:, i + 1 :])[:, 0]
        mirrored = step.sign * along_z
        along_near = step.slope + mirrored * step.z_slope
        along_width = step.widening + mirrored * step.z_widening
        shift = step.sign * along_near
        along_ends[:, i] = -shift / factor[:, i, i, None]
        score[:, i] = weights * (along_z - shift)
        mean = score[:, i].sum(axis=1, keepdims=True)
        spread = along_near * (step.near - step.sign * mean) + along_width
        spread -= along_z * (z[:, i] - mean)
        variance[:, i] = 1.0 - (weights * spread).sum(axis=1)
    mean = score.sum(axis=2)
    covariance = np.tril(score @ (z - mean[:, :, None]).transpose(0, 2, 1), -1)
    covariance += covariance.transpose(0, 2, 1)
    covariance[:, range(k), range(k)] = variance
    return mean, covariance
