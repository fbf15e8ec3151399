"""A shift of every variable that makes the sum over a lattice hold in the tails.

Each variable is drawn from N(t, 1) instead of N(0, 1) within its interval, and the integrand
corrected for it. Whatever t, the integral is the same, but the integrand is flatter: where t is
the saddle of its logarithm, the sum keeps its relative accuracy in any tail (Botev, 2017). The
saddle moves with the Gaussian, and so enters the derivative.
"""

from typing import NamedTuple

import numpy as np

from .._typing import Array
from .interval import Interval

_RESOLUTION = 1e-10  # of the saddle; the sum hardly depends on it
_MOST_STEPS = 60


class Tilt(NamedTuple):
    """Saddle of the logarithm of the integrand, along the centre z and the shift t.

    It is sum_i t_i^2 / 2 - t_i z_i + log P(z_i + t_i within its interval given z_1 .. z_{i-1}),
    with no shift of the last variable, whose place the others do not see.
    """

    centre: Array  # (n, k)
    shift: Array  # (n, k)
    at: Interval  # of (n, k) variables, there
    coupling: Array  # (n, k, k), by how much each z moves the later intervals
    hessian: Array  # (n, 2k - 2, 2k - 2), along centre and shift

    @classmethod
    def of(cls, lower: Array, upper: Array, width: Array, coupling: Array) -> "Tilt":
        """By Newton's method, each row for itself. Ends are in conditional deviations."""
        n, k = lower.shape
        free = k - 1

        def at(place: Array) -> tuple["Tilt", Array]:
            centre, shift = np.zeros((2, n, k))
            centre[:, :free], shift[:, :free] = place[:, :free], place[:, free:]
            given = (coupling @ centre[:, :, None])[:, :, 0] + shift
            found = Interval.of(lower - given, upper - given, width)
            slope = found.sign * found.slope
            along_centre = -shift - (slope[:, None] @ coupling)[:, 0]
            centre[:, free] = -slope[:, free]
            gradient = np.hstack([along_centre[:, :free], (shift - centre - slope)[:, :free]])
            hessian = _hessian(found.curvature()[0], coupling)
            return cls(centre, shift, found, coupling, hessian), gradient

        place, rate = np.zeros((n, 2 * free)), np.ones(n)
        tilt, gradient = at(place)
        for _ in range(_MOST_STEPS):
            size = np.abs(gradient).max(axis=1)
            moving = size > _RESOLUTION * (1.0 + np.abs(place).max(axis=1))
            if not moving.any():
                break
            step = np.linalg.solve(tilt.hessian, gradient[:, :, None])[:, :, 0]
            trial = place - rate[:, None]*step
            better = moving & (np.abs(at(trial)[1]).max(axis=1) < size)
            rate = np.where(better, np.minimum(2.0 * rate, 1.0), 0.25 * rate)
            place = np.where(better[:, None], trial, place)
            tilt, gradient = at(place)
        return tilt


    def correction(self, gap: Array) -> tuple[Array, Array, Array]:
        """What the saddle's move adds to the sum's derivatives, given those along the shift.

        By the implicit function theorem it is a derivative of the logarithm of the integrand at
        the saddle, along a direction of centre and shift. Returned are what is added to
        sum-derivatives: of the mean, the direction of the centre, and of the variances.
        """
        n, k = gap.shape
        free = k - 1
        gradient = np.hstack([np.zeros((n, free)), gap[:, :free]])
        step = -np.linalg.solve(self.hessian, gradient[:, :, None])[:, :, 0]
        centre, shift = np.zeros((2, n, k))
        centre[:, :free], shift[:, :free] = step[:, :free], step[:, free:]
        at = self.at
        given = (self.coupling @ centre[:, :, None])[:, :, 0]
        end = -(given + shift)
        curvature, cross = at.curvature()
        along_end = curvature * end
        along_z = -(along_end[:, None] @ self.coupling)[:, 0]
        variance = along_z * self.centre + self.shift * centre
        variance -= along_end * (at.sign * at.near + self.shift)
        variance += at.sign * (at.slope * given - cross * end)
        return along_z - along_end, centre, variance


def _hessian(curvature: Array, coupling: Array) -> Array:
    free = coupling.shape[1] - 1
    bent = curvature[:, :, None] * coupling
    unit = np.eye(free)
    across = bent[:, :free, :free] - unit
    return np.block(
        [
            [(coupling.transpose(0, 2, 1) @ bent)[:, :free, :free], across.transpose(0, 2, 1)],
            [across, (1.0 + curvature[:, :free, None]) * unit],
        ]
    )
