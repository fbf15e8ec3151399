"""The lattice of each box, chosen at a guess: its order and its number of points.

There are enough points if the scores of the box at two shifts of the lattice are so close that the
estimate would move by a small part of its standard error.
"""

import numpy as np

from .._typing import Array
from ..boxes import N_POINTS, Lattice, box_moments
from ..gaussian import MIN_ROWS
from .scores import mean_scores

_COUNTS = 127, 251, N_POINTS, 2_003, 10_007, 30_011, 100_003  # of points, primes
_MAX_POINTS = 300_000  # most points of all boxes that get more: a quarter of a second
_MAX_POINTS_RATIO = 4  # times `N_POINTS` for each box, which is the limit if it is larger
# Standard errors by which the choice of points may move an estimate. A row of weight one has a
# score of about one, so this is also the error that the sum over the points may have.
_PROMISED_ERROR = 0.002
# Rows that are assumed for a window if the weights sum to less than `MIN_ROWS`, as shares do.
_ROWS_OF_SHARES = 10_000.0


def lattice_of_rows(
    lower: Array, upper: Array, width: Array, covariance: Array, known: Array, weights: Array
) -> Lattice:
    """The lattice for the boxes of rows with these weights; each row has its own shifts.

    `known`, (n, m), tells the rows apart, see `Lattice.of`; the others are as for `box_moments`.
    """
    lattice = Lattice.of(lower, upper, covariance, known, _COUNTS[0])
    tolerance = _PROMISED_ERROR / np.sqrt(_frequencies(weights))
    return _with_enough_points(lattice, (lower, upper, width, covariance), tolerance)


def lattice_of_window(lower: Array, upper: Array, covariance: Array, weight: float) -> Lattice:
    """The lattice for one box, with ends (k,), in the likelihood of rows of a total weight."""
    boxes = lower[None], upper[None], (upper - lower)[None], covariance[None]
    lattice = Lattice.of(*boxes[:2], covariance)
    tolerance = _PROMISED_ERROR / np.sqrt(rows_of_window(weight))
    return _with_enough_points(lattice, boxes, np.array([tolerance]))


def rows_of_window(weight: float) -> float:
    """The number of rows whose likelihood a window is part of, from their total weight."""
    return weight if weight >= MIN_ROWS else _ROWS_OF_SHARES


def excess_error(lattice: Lattice, boxes: tuple[Array, ...], weights: Array) -> float:
    """By how much the squared error of the sum of the rows' scores exceeds what is promised.

    The boxes, as for `box_moments`, are those of another Gaussian than the one that set the
    lattice. If the sum over all rows is positive, other lattices may be better there. Lattices with
    the most points are not counted.
    """
    some = lattice.n_points < _COUNTS[-1]
    frequencies = _frequencies(weights[some])
    errors = frequencies * _distance_of_shifts(lattice.part(some), *(of[some] for of in boxes))
    return float((np.nan_to_num(errors) ** 2 - _PROMISED_ERROR**2 * frequencies).sum())


def _frequencies(weights: Array) -> Array:
    """The weights, but 1 for smaller ones, which are shares of rows."""
    return np.maximum(weights, 1.0)


def _with_enough_points(lattice: Lattice, boxes: tuple[Array, ...], tolerance: Array) -> Lattice:
    """The lattice with more points for boxes whose scores miss their tolerance, (n_boxes,)."""
    rows = np.arange(len(tolerance))
    most = max(_MAX_POINTS, _MAX_POINTS_RATIO * N_POINTS * len(rows))
    for count in _COUNTS[_COUNTS.index(lattice.n_points[0]) + 1 :]:
        apart = _distance_of_shifts(lattice.part(rows), *(of[rows] for of in boxes))
        rows = rows[apart > tolerance[rows]]  # not where it is NaN
        if not 0 < count * rows.size <= most:
            break
        lattice.n_points[rows] = count
    return lattice


def _distance_of_shifts(
    lattice: Lattice, lower: Array, upper: Array, width: Array, covariance: Array
) -> Array:
    """The largest difference between the scores of each box at two shifts, (n_boxes,)."""
    inverse = np.linalg.inv(np.linalg.cholesky(covariance)).astype(np.float64, copy=False)
    one, other = (
        mean_scores(inverse, within.mean, within.covariance)
        for within in (
            box_moments(lower, upper, width, covariance, each)
            for each in (lattice, lattice.with_other_shifts())
        )
    )
    return np.abs(one - other).max(axis=1)
