"""Shifts of the variables that keep a sum over points accurate in the tails.

Each z_i is drawn from N(t_i, 1) instead of N(0, 1) within its interval, and the integrand is
corrected for it. The integral is the same for any t. At the saddle of its logarithm the integrand
is nearly flat, so that the sum keeps its relative accuracy in any tail (Botev, 2017). The saddle
moves with the Gaussian, so the derivatives of the sum include its move.
"""

from typing import Any, NamedTuple

import numpy as np

from .._typing import Array
from .interval import Interval

_SADDLE_RTOL = 1e-10  # relative, of the saddle, on which the sum hardly depends
_MAX_NEWTON_STEPS = 300  # 7 are usual; nearly collinear boxes took up to 80


class Tilt(NamedTuple):
    """The saddle of each box, and what the sum over its points needs there.

    It is the saddle of the sum over variables of t^2 / 2 - t z + log P, where P is the probability
    that a variable of mean t is in its interval, given the z of those before it. The last variable
    has no shift t, and no other variable depends on its z.
    """

    centre: Array  # (n, k), z
    shift: Array  # (n, k), t
    at: Interval  # of each variable, at the saddle
    coupling: Array  # (n, k, k), how far a unit of each z moves the intervals of later variables
    gradient: Array  # (n, 2k - 2), of the saddle's function along centre and shift
    hessian: Array  # (n, 2k - 2, 2k - 2)

    @classmethod
    def of(cls, lower: Array, upper: Array, width: Array, coupling: Array) -> "Tilt":
        """The saddle of each box by Newton's method; all NaN in the rows where it is not found.

        A step is taken if the next one with the same Hessian is shorter, a criterion that no linear
        map of the equations changes (Deuflhard, 2011). Ends and widths, (n, k), are in standard
        deviations of each variable given those before it.
        """
        n, k = lower.shape
        boxes = lower, upper, width, coupling
        place, rate = np.zeros((n, 2 * k - 2)), np.ones((n, 1))
        at = cls._evaluate(place, *boxes)
        hessian, step = at.hessian, _row_solutions(at.hessian, -at.gradient)
        left = np.arange(n)
        for _ in range(_MAX_NEWTON_STEPS):
            size = _row_norms(step[left])
            moving = ~(size < _SADDLE_RTOL * (1.0 + _row_norms(place[left])))[:, 0]
            left, size = left[moving], size[moving]
            if not left.size:
                break
            trial = place[left] + rate[left] * step[left]
            at = cls._evaluate(trial, *(of[left] for of in boxes))
            better = (_row_norms(_row_solutions(hessian[left], -at.gradient)) < size)[:, 0]
            rate[left] = np.minimum(rate[left] * np.where(better, 2.0, 0.5)[:, None], 1.0)
            done = left[better]
            place[done], hessian[done] = trial[better], at.hessian[better]
            step[done] = _row_solutions(at.hessian[better], -at.gradient[better])
        place[left] = np.nan
        return cls._evaluate(place, *boxes)

    @classmethod
    def _evaluate(
        cls, place: Array, lower: Array, upper: Array, width: Array, coupling: Array
    ) -> "Tilt":
        free = lower.shape[1] - 1
        centre, shift = _centre_and_shift(place)
        mean = _row_products(coupling, centre) + shift
        at = Interval.of(lower - mean, upper - mean, width)
        slope = at.sign * at.slope
        centre[:, free] = -slope[:, free]
        along_centre = -shift - _row_products(coupling.transpose(0, 2, 1), slope)
        gradient = np.hstack([along_centre[:, :free], (shift - centre - slope)[:, :free]])
        return cls(centre, shift, at, coupling, gradient, _hessian(at.curvature()[0], coupling))

    def part(self, rows: Any) -> "Tilt":
        """The saddles of the boxes with these indices."""
        centre, shift, coupling, gradient, hessian = (
            of[rows] for of in (self.centre, self.shift, self.coupling, self.gradient, self.hessian)
        )
        at = Interval(*(of[rows] for of in self.at))
        return Tilt(centre, shift, at, coupling, gradient, hessian)

    @property
    def ends(self) -> Array:
        """The near end of each variable, (n, k), neither mirrored nor shifted."""
        return self.at.sign * self.at.near + self.shift + _row_products(self.coupling, self.centre)

    def correction(self, along_shift: Array) -> tuple[Array, Array, Array]:
        """What the saddle's move adds to E[z], the centre of lambda, what it adds to E[z^2].

        All are (n, k). The sum has the derivatives `along_shift`, (n, k - 1), while the saddle
        stays. By the implicit function theorem the first is the change of the derivatives of the
        saddle's function along lambda of `saddle_move`, a direction of centre and shift.
        """
        gradient = np.hstack([np.zeros_like(along_shift), along_shift])
        centre, shift = _centre_and_shift(_row_solutions(self.hessian, -gradient))
        given = _row_products(self.coupling, centre)
        end = -(given + shift)
        at, (spread, cross, _) = self.at, self.at.curvature()
        along_end = (spread - 1.0) * end
        along_z = -_row_products(self.coupling.transpose(0, 2, 1), along_end)
        variance = along_z * self.centre + self.shift * centre
        variance -= along_end * (at.sign * at.near + self.shift)
        variance += at.sign * (at.slope * given - cross * end)
        return along_z - along_end, centre, variance


def _centre_and_shift(place: Array) -> Array:
    """Centre and shift, each (n, k), of places (n, 2k - 2), with zeros for the last variable."""
    n, twice = place.shape
    whole = np.zeros((2, n, twice // 2 + 1))
    whole[:, :, :-1] = place.reshape(n, 2, twice // 2).transpose(1, 0, 2)
    return whole


def _row_solutions(matrix: Array, vector: Array) -> Array:
    """The solution of each row's linear equations, (n, k)."""
    return np.linalg.solve(matrix, vector[:, :, None])[:, :, 0].astype(np.float64, copy=False)


def _row_norms(vector: Array) -> Array:
    """The Euclidean length of each row's vector, (n, 1)."""
    return np.sqrt((vector * vector).sum(axis=1, keepdims=True))


def _row_products(matrix: Array, vector: Array) -> Array:
    """The product of each row's matrix and vector, (n, k)."""
    return (matrix @ vector[:, :, None])[:, :, 0]


def _hessian(variance: Array, coupling: Array) -> Array:
    """Second derivatives of the saddle's function along centre and shift, (n, 2k - 2, 2k - 2).

    The variances, (n, k), are those of each variable in its interval.
    """
    n, k, _ = coupling.shape
    free = range(k - 1)
    bent = (variance[:, :, None] - 1.0) * coupling
    hessian = np.zeros((n, 2, k - 1, 2, k - 1))
    hessian[:, 0, :, 0] = (coupling.transpose(0, 2, 1) @ bent)[:, :-1, :-1]
    hessian[:, 1, :, 0] = bent[:, :-1, :-1] - np.eye(k - 1)
    hessian[:, 0, :, 1] = hessian[:, 1, :, 0].transpose(0, 2, 1)
    hessian[:, 1, free, 1, free] = variance[:, :-1]
    return hessian.reshape(n, 2 * k - 2, 2 * k - 2)
