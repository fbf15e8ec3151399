"""The lattice of each box, decided once at a guess: its order, and how many points are enough.

Enough are those at which two of its shifts agree in the score of the box, so well that the estimate
moves by a small part of its standard error.
"""

import numpy as np

from .._typing import Array
from ..boxes import N_POINTS, Lattice, box_moments
from .scores import mean_scores

_COUNTS = 127, 251, N_POINTS, 2_003, 10_007, 30_011, 100_003  # primes, of points
_MOST_POINTS = 300_000  # of all boxes that are given more: a quarter of a second
_LONGER = 4  # times as many as `N_POINTS` for each box, where those are more
# Standard errors that the points may move an estimate. A row of weight one has a score of about
# one, of which this is the part that the sum over the points may miss.
_PROMISED = 0.002
# Rows as which weights in a window count that add up to no more than one row beyond the features:
# they are shares, of any number of rows.
_ROWS_OF_SHARES = 10_000.0


def lattice_of_rows(
    lower: Array, upper: Array, width: Array, covariance: Array, known: Array, weights: Array
) -> Lattice:
    """The lattice on which the boxes of rows of these weights are summed, each with its own shift.

    `known`, (n, m), tells the rows apart, see `Lattice.of`; the others are as for `box_moments`.
    """
    lattice = Lattice.of(lower, upper, covariance, known, _COUNTS[0])
    tolerance = _PROMISED / np.sqrt(np.maximum(weights, 1.0))  # a share is of a whole row
    return _with_enough_points(lattice, (lower, upper, width, covariance), tolerance)


def lattice_of_window(lower: Array, upper: Array, covariance: Array, weight: float) -> Lattice:
    """The lattice for one box, with ends (k,), in the likelihood of rows of a total weight."""
    n_rows = weight if weight > len(lower) + 1 else _ROWS_OF_SHARES
    boxes = lower[None], upper[None], (upper - lower)[None], covariance[None]
    lattice = Lattice.of(*boxes[:2], covariance)
    return _with_enough_points(lattice, boxes, np.array([_PROMISED / np.sqrt(n_rows)]))


def _with_enough_points(lattice: Lattice, boxes: tuple[Array, ...], tolerance: Array) -> Lattice:
    """With more points for the boxes whose scores are not told to a tolerance, one for each."""
    rows = np.arange(len(tolerance))
    most = max(_MOST_POINTS, _LONGER * N_POINTS * len(rows))
    for count in _COUNTS[_COUNTS.index(lattice.n_points[0]) + 1 :]:
        apart = _distance_of_shifts(lattice.part(rows), *(of[rows] for of in boxes))
        rows = rows[apart > tolerance[rows]]  # not those without a number
        if not 0 < count * rows.size <= most:
            break
        lattice.n_points[rows] = count
    return lattice


def _distance_of_shifts(
    lattice: Lattice, lower: Array, upper: Array, width: Array, covariance: Array
) -> Array:
    """How far the scores of each box are apart at two shifts, in the parameter where most."""
    inverse = np.linalg.inv(np.linalg.cholesky(covariance)).astype(np.float64, copy=False)
    one, other = (
        mean_scores(inverse, within.mean, within.covariance)
        for within in (
            box_moments(lower, upper, width, covariance, each)
            for each in (lattice, lattice.elsewhere())
        )
    )
    return np.abs(one - other).max(axis=1)
