"""Gaussian boxes of many variables: Genz's separation of variables on a lattice.

With c = L z and L the Cholesky factor, each z_i has an interval given the variables before it.
The probability of the box is the mean over the unit cube of the product of the conditional
probabilities of these intervals, where a coordinate of the cube picks each z_i by its
conditional quantile (Genz, 1992). A lattice makes this mean a finite sum. The moments follow from
the exact derivative of this sum, computed by running the recursion backwards. So a likelihood and
its gradient agree to rounding, however coarse the lattice is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._typing import Array
from .base import Boxes, BoxMoments, mixture, shares_of_sum, slices
from .interval import Interval
from .lattice import Lattice
from .minimax_tilting import Tilt

# Points summed at once, of all boxes: intermediate results stay in the cache.
_POINTS_AT_ONCE = 2**13


class Separated(NamedTuple):
    """Boxes with their variables separated, and the points over which each box is summed.

    The variables of each box are in the order of its lattice.
    """

    # Lower ends, upper ends and widths, (n, k), in standard deviations given the variables before.
    ends: tuple[Array, Array, Array]
    coupling: Array  # (n, k, k), how far a unit of each z moves the intervals of later variables
    tilt: Tilt
    points: Array  # (n, k - 1, n_points)
    log_weight: Array  # (n, n_points)

    @classmethod
    def of(cls, boxes: Boxes, lattice: Lattice) -> Separated:
        """Standardised boxes, separated on a lattice."""
        order = lattice.order
        unordered = boxes.lower, boxes.upper, boxes.width
        lower, upper, width = (np.take_along_axis(of, order, 1) for of in unordered)
        factor = np.take_along_axis(root_in_order(boxes.covariance, order), order[:, :, None], 1)
        scale = np.diagonal(factor, axis1=1, axis2=2)
        ends = lower / scale, upper / scale, width / scale
        coupling = np.tril(factor / scale[:, :, None], -1)
        return cls(ends, coupling, Tilt.of(*ends, coupling), *lattice.points())

    def part(self, rows: slice, points: slice) -> Separated:
        """Some of the boxes, over some of their points."""
        lower, upper, width = (of[rows] for of in self.ends)
        its_points = self.points[rows, :, points], self.log_weight[rows, points]
        return Separated(
            (lower, upper, width), self.coupling[rows], self.tilt.part(rows), *its_points
        )

    def mean_over_points(
        self, sums_over: Callable[[Separated], BoxMoments], at_once: int
    ) -> BoxMoments:
        """Logarithm of the mean of the integrand over all points, and the moments.

        `sums_over` sums some of the boxes over some of their points, `at_once` at most.
        """
        n, n_points = self.log_weight.shape
        parts = [
            [sums_over(self.part(rows, points)) for points in slices(n_points, at_once)]
            for rows in slices(n, max(at_once // n_points, 1))
        ]
        of_rows = [
            mixture(*(np.stack(of, axis=1) for of in zip(*sums, strict=True))) for sums in parts
        ]
        total, mean, covariance = (np.concatenate(of) for of in zip(*of_rows, strict=True))
        return BoxMoments(total - np.log(n_points), mean, covariance)


def root_in_order(correlation: Array, order: NDArray[np.intp]) -> Array:
    """Roots R of correlations, (n, k, k), lower triangular once their rows are in this order."""
    row = np.arange(len(order))[:, None, None]
    in_order = correlation[row, order[:, :, None], order[:, None, :]]
    factor = np.linalg.cholesky(in_order).astype(np.float64, copy=False)
    return np.take_along_axis(factor, np.argsort(order, axis=1)[:, :, None], 1)


def lattice_moments(boxes: Boxes, lattice: Lattice) -> BoxMoments:
    """Moments within standardised boxes of at least two variables."""
    within = Separated.of(boxes, lattice).mean_over_points(_sums_over, _POINTS_AT_ONCE)
    root = root_in_order(boxes.covariance, lattice.order)
    return BoxMoments(
        within.log_probability,
        (root @ within.mean[:, :, None])[:, :, 0],
        root @ within.covariance @ root.transpose(0, 2, 1),
    )


def _sums_over(boxes: Separated) -> BoxMoments:
    """Logarithm of the sum of the integrand over points, and mean and covariance of z."""
    log_total, weights, z, steps = forward(boxes)
    return BoxMoments(log_total, *_backward(z, steps, boxes.coupling, boxes.tilt, weights))


class Step(NamedTuple):
    """What the backward pass needs to know of one variable."""

    at: Interval
    z_slope: Array  # derivatives of the chosen z, mirrored, as `Interval.quantile` has them
    z_widening: Array  # both are 0 for the last variable


def forward(boxes: Separated) -> tuple[Array, Array, Array, list[Step]]:
    """Logarithm of the sum, share of each point in it, z of each point, a step for each variable.

    The z of the last variable is 0, since no other variable needs it.
    """
    (lower, upper, width), coupling, points = boxes.ends, boxes.coupling, boxes.points
    n, k = lower.shape
    n_points = points.shape[2]
    terms, z = boxes.log_weight.copy(), np.zeros((n, k, n_points))
    steps = []
    for i in range(k):
        t = boxes.tilt.shift[:, i, None]
        given = t + (coupling[:, i, None, :i] @ z[:, :i])[:, 0] if i else t
        at = Interval.of(lower[:, i, None] - given, upper[:, i, None] - given, width[:, i, None])
        terms += at.log_probability
        if i < k - 1:
            mirrored, z_slope, z_widening = at.quantile(points[:, i])
            z[:, i] = t + at.sign * mirrored
            terms += t * (0.5 * t - z[:, i])
            steps.append(Step(at, z_slope, z_widening))
        else:
            steps.append(Step(at, *np.zeros((2, n, n_points))))
    weights, log_total = shares_of_sum(terms)
    return log_total, weights, z, steps


def _backward(
    z: Array, steps: list[Step], coupling: Array, tilt: Tilt, weights: Array
) -> tuple[Array, Array]:
    """Mean and covariance of z within the box, from the derivatives of the sum.

    The derivative of the log-probability along the mean of z is E[z], and along the factor it is
    E[z z'] - I. The latter is computed about E[z], so that no squares cancel in a tail.
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
