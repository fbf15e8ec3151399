"""A rank-one lattice of points in the unit cube, and what of it is frozen during a climb.

Each row has an order of its variables and shifts of its own. A climb keeps both, so that what
it climbs is one smooth function.
"""

from functools import cache
from typing import NamedTuple

import numpy as np

from .._typing import Array
from .interval import Interval

N_POINTS = 257  # prime: every generator visits every point
_DECAY = 0.9  # of the weights of the variables, one after the other
_RESOLUTION = 1e-14  # variance that a variable keeps given others
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


class Lattice(NamedTuple):
    """Order of the variables in each row, and the shift of each row along each variable."""

    order: Array  # (n, k) integers
    shift: Array  # (n, k), in [0, 1)

    @classmethod
    def of(cls, rows: Array, lower: Array, upper: Array, covariance: Array) -> "Lattice":
        """That of boxes at a point where a climb starts.

        Parameters
        ----------
        rows : array of shape (n, 2 k)
            Ends as the data have them. The shifts are a hash of them, so that equal rows have
            equal shifts, wherever they stand.
        lower, upper : array of shape (n, k)
            Ends less the mean of the Gaussian.
        covariance : array of shape (k, k) or (n, k, k)
        """
        return cls(_order(*standardised(lower, upper, upper - lower, covariance)[1:]), _hash(rows))

    def __getitem__(self, rows):
        return Lattice(self.order[rows], self.shift[rows])

    def points(self) -> Array:
        """Coordinates in the open unit cube, by row, variable and point."""
        generators = generating_vector(self.shift.shape[1])
        lattice = np.multiply.outer(generators, np.arange(N_POINTS)) % N_POINTS / N_POINTS
        point = lattice + self.shift[:, :, None]
        tent = np.abs(2.0 * (point - np.floor(point)) - 1.0)
        return np.clip(tent, 2.0**-53, 1.0 - 2.0**-53)


def standardised(
    lower: Array, upper: Array, width: Array, covariance: Array
) -> tuple[Array, Array, Array, Array, Array]:
    """Standard deviations, and all the rest in units of them."""
    scale = np.sqrt(np.diagonal(covariance, axis1=-2, axis2=-1))
    correlation = covariance / scale[..., :, None] / scale[..., None, :]
    correlation = np.broadcast_to(correlation, (*lower.shape, lower.shape[1]))
    return scale, lower / scale, upper / scale, width / scale, correlation


@cache
def generating_vector(n_dimensions: int) -> Array:
    """Component by component, each the best beside those before it.

    It is the best in the worst case over functions whose Fourier coefficients decay as 1/h^2,
    as those of smooth functions do after the tent transform: the sum of the B4 kernel.
    """
    candidates = np.arange(1, (N_POINTS + 1) // 2)
    x = np.multiply.outer(candidates, np.arange(N_POINTS)) % N_POINTS / N_POINTS
    kernel = 1.0 / 30.0 - (x * (1.0 - x)) ** 2  # -B4
    product = np.ones(N_POINTS)
    chosen = []
    for j in range(n_dimensions):
        error = kernel @ product
        best = 0 if j == 0 else int(np.argmin(np.round(error, 10)))
        chosen.append(candidates[best])
        product = product * (1.0 + 2/3*np.pi**4 * _DECAY**j * kernel[best])
    return np.array(chosen)


def _hash(rows: Array) -> Array:
    """Numbers in [0, 1) from the bits of each row, by the mixer of splitmix64."""
    bits = (np.where(np.isnan(rows), np.nan, rows) + 0.0).view(np.uint64)  # one NaN, one zero
    state = np.zeros(len(rows), np.uint64)
    for column in bits.T:
        state = _mixed((state ^ column) + _GOLDEN)
    steps = np.arange(1, rows.shape[1] // 2 + 1, dtype=np.uint64) * _GOLDEN
    return (_mixed(state[:, None] + steps) >> np.uint64(11)) * 2.0**-53


def _mixed(state):
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


def _order(lower: Array, upper: Array, width: Array, correlation: Array) -> Array:
    """Next is always the variable least likely to be in its interval, given those before it.

    They are taken to be at their truncated means (Gibson, Glasbey and Elston, 1994).
    """
    n, k = lower.shape
    row = np.arange(n)
    order = np.empty((n, k), dtype=np.intp)
    factor, mean, variance = np.zeros((n, k, k)), np.zeros((n, k)), np.ones((n, k))
    for i in range(k):
        scale = np.sqrt(np.maximum(variance, _RESOLUTION))
        at = Interval.of((lower - mean) / scale, (upper - mean) / scale, width / scale)
        chance = at.log_probability
        np.put_along_axis(chance, order[:, :i], np.inf, axis=1)
        chosen = order[:, i] = chance.argmin(axis=1)
        explained = (factor @ factor[row, chosen, :, None])[:, :, 0]
        column = (correlation[row, chosen] - explained) / scale[row, chosen, None]
        mean = mean - column * (at.sign * at.slope)[row, chosen, None]
        variance = variance - column**2
        factor[:, :, i] = column
    return order
