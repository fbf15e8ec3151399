"""A rank-one lattice of points in the unit cube.

Each row has its own order of the variables and its own shifts of the lattice. A climb keeps both,
so that it climbs one smooth function.
"""

from functools import cache, lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._typing import Array
from .base import Boxes
from .interval import Interval

N_POINTS = 503  # a prime, so that along each coordinate all points are at different places
# Coordinates of the sine transform; each makes the mean square weight 1.5 times.
_MAX_SMOOTH_COORDINATES = 5
# Coordinates up to which it suits 2,003 points; for more it needs 10,007.
_FEW_SMOOTH_COORDINATES = 3
_COORDINATE_WEIGHT = 0.1  # of each variable in the search for generators
_MIN_VARIANCE = 1e-14  # of a variable of variance 1 given others, against rounding
_MIN_BOX_WIDTH = 1e-200  # standard deviations; the difference of two ends may round to 0
# Cells per standard deviation: so wide that rounding after a change of units rarely leaves one.
_CELLS_PER_DEVIATION = 1024.0
_GOLDEN_RATIO = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio, as in splitmix64


class Lattice(NamedTuple):
    """Order of the variables in each row, and shifts of the lattice along all but the last.

    The last variable in the order needs no coordinate.
    """

    order: NDArray[np.intp]  # (n, k)
    shift: Array  # (n, k - 1), in [0, 1)
    n_points: NDArray[np.intp]  # (n,), primes

    @classmethod
    def of(cls, boxes: Boxes, known: Array | None = None, n_points: int = N_POINTS) -> "Lattice":
        """The lattice for boxes, to be made where a climb starts.

        Parameters
        ----------
        boxes : Boxes
            Their widths are not used.
        known : array of shape (n, m), optional
            Numbers that tell the rows apart, in standard deviations; None takes the ends. The
            shifts are a hash of them, so equal rows have equal shifts, in any order and any unit.
        n_points : int
            A prime.
        """
        _, boxes = boxes._replace(width=boxes.upper - boxes.lower).standardised()
        if known is None:
            known = np.hstack((boxes.lower, boxes.upper))
        n, k = boxes.lower.shape
        with np.errstate(over="ignore"):
            return cls(_order(boxes), _hash(known, k - 1), np.full(n, n_points))

    def part(self, rows: Any) -> "Lattice":
        """The lattice for the boxes with these indices."""
        return Lattice(*(of[rows] for of in self))

    def with_points(self, n_points: int) -> "Lattice":
        """The lattice with this number of points, a prime, for every box."""
        return self._replace(n_points=np.full_like(self.n_points, n_points))

    def with_other_shifts(self) -> "Lattice":
        """The lattice with other shifts, a hash of the present ones."""
        with np.errstate(over="ignore"):
            return self._replace(shift=_hash(self.shift, self.shift.shape[1]))

    def points(self) -> tuple[Array, Array]:
        """Coordinates in the open unit cube, (n, k - 1, n_points), and log-weights, (n, n_points).

        All rows must have equally many points. The tent transform makes the integrand periodic. If
        few variables have many points, the sine transform is used, which is smooth, so that the
        error falls faster (Sidi, 1993).
        """
        n_points = int(self.n_points[0])
        point = _unshifted(self.shift.shape[1], n_points) + self.shift[:, :, None]
        point -= np.floor(point)
        log_weight = np.zeros((len(point), n_points))
        few = N_POINTS if point.shape[1] <= _FEW_SMOOTH_COORDINATES else 4 * N_POINTS
        if n_points > few and point.shape[1] <= _MAX_SMOOTH_COORDINATES:
            with np.errstate(divide="ignore"):  # a point on a face of the cube has no weight
                log_weight = np.log(2.0 * np.sin(np.pi * point) ** 2).sum(axis=1)
            point -= np.sin(2.0 * np.pi * point) / (2.0 * np.pi)
        else:
            point = np.abs(2.0 * point - 1.0)
        return np.clip(point, 2.0**-53, 1.0 - 2.0**-53), log_weight


@lru_cache(maxsize=4)
def _unshifted(n_dimensions: int, n_points: int) -> Array:
    """The unshifted lattice, (n_dimensions, n_points), of some megabytes if it has many points."""
    lattice = np.multiply.outer(generators(n_dimensions, n_points), np.arange(n_points))
    return lattice % n_points / n_points


@cache
def generators(n_dimensions: int, n_points: int = N_POINTS) -> NDArray[np.intp]:
    """The generator of each dimension, (n_dimensions,), the best given those before it.

    The best has the least worst-case error in a Sobolev space of mixed first derivatives, in mean
    square over shifts of the lattice (Sloan, Kuo and Joe, 2002). The small weight of the variables
    favours projections on few of them. If candidates are sorted as powers of a primitive root,
    their errors are one cyclic convolution (Nuyens and Cools, 2006).
    """
    powers = _powers_of_a_root(n_points)
    x = powers / n_points
    kernel = _COORDINATE_WEIGHT * (x * x - x + 1.0 / 6.0) * 2.0 * np.pi**2
    product = np.ones(len(powers))
    chosen = []
    for _ in range(n_dimensions):
        spectrum = np.fft.rfft(kernel) * np.fft.rfft(product).conj()
        errors = np.round(np.fft.irfft(spectrum, len(powers)), 10)  # so that ties compare equal
        best = np.lexsort((powers, errors))[0]
        chosen.append(powers[best])
        product *= 1.0 + np.roll(kernel, -best)
    return np.array(chosen)


def _powers_of_a_root(n_points: int) -> NDArray[np.intp]:
    """The numbers from 1 to half of a prime, sorted as powers of a primitive root, up to sign."""
    half = (n_points - 1) // 2
    for root in range(2, n_points):
        powers = [1]
        while len(powers) < half:
            power = powers[-1] * root % n_points
            powers.append(min(power, n_points - power))
        if len(set(powers)) == half:
            break
    return np.array(powers)


def _hash(rows: Array, n_shifts: int) -> Array:
    """Pseudorandom numbers in [0, 1), (n, n_shifts), by splitmix64 from the cell of each row."""
    state = np.zeros(len(rows), np.uint64)
    cells = np.rint(rows * _CELLS_PER_DEVIATION) + 0.0  # -0.0 becomes 0.0
    for column in cells.view(np.uint64).T:
        state = _mixed((state ^ column) + _GOLDEN_RATIO)
    steps = np.arange(1, n_shifts + 1, dtype=np.uint64) * _GOLDEN_RATIO
    return (_mixed(state[:, None] + steps) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _mixed(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finalizer of splitmix64: a bijection in which each bit depends on all bits."""
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


def _order(boxes: Boxes) -> NDArray[np.intp]:
    """The order of the standardised variables in each row, (n, k), the least likely interval first.

    Each is the least likely of those left, given that the variables before it are at their
    truncated means (Gibson, Glasbey and Elston, 1994).
    """
    lower, upper, width, correlation = boxes
    n, k = lower.shape
    row = np.arange(n)
    width = np.maximum(width, _MIN_BOX_WIDTH)
    order = np.empty((n, k), dtype=np.intp)
    factor, mean, variance = np.zeros((n, k, k)), np.zeros((n, k)), np.ones((n, k))
    for i in range(k):
        scale = np.sqrt(np.maximum(variance, _MIN_VARIANCE))
        at = Interval.of((lower - mean) / scale, (upper - mean) / scale, width / scale)
        np.put_along_axis(at.log_probability, order[:, :i], np.inf, axis=1)
        chosen = order[:, i] = at.log_probability.argmin(axis=1)
        explained = (factor @ factor[row, chosen, :, None])[:, :, 0]
        column = (correlation[row, chosen] - explained) / scale[row, chosen, None]
        mean = mean - column * (at.sign * at.slope)[row, chosen, None]
        variance = variance - column**2
        factor[:, :, i] = column
    return order
