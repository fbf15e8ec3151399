"""The lattice of each box, chosen at a guess: its order and its number of points.

There are enough points if two shifts of the lattice tell so nearly the same that the estimate would
move by a small part of its standard error. The scores of rows are compared in the unit that they
have in complete data, since the sum over all rows tells the estimate. A window tells it alone: the
information is the covariance of the scores within the window, which is tiny if the Gaussian is far
wider. So its moments are compared in units of the spread within the window.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from .._typing import Array
from ..boxes import N_POINTS, Boxes, BoxMoments, Lattice, box_moments
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


def lattice_of_rows(boxes: Boxes, known: Array, weights: Array) -> Lattice:
    """The lattice for the boxes of rows with these weights; each row has its own shifts.

    `known`, (n, m), tells the rows apart, see `Lattice.of`.
    """
    lattice = Lattice.of(boxes, known, _COUNTS[0])
    tolerance = _PROMISED_ERROR / np.sqrt(_frequencies(weights))
    return _with_enough_points(lattice, boxes, tolerance, _distance_of_scores)


def lattice_of_window(boxes: Boxes, weight: float) -> Lattice:
    """The lattice for the one box of a window, as for `box_moments`, and the weight of all rows."""
    lattice = Lattice.of(boxes)
    tolerance = np.array([_tolerance_of_window(weight)])
    return _with_enough_points(lattice, boxes, tolerance, _distance_of_moments)


def suits_window(lattice: Lattice, boxes: Boxes, weight: float) -> bool:
    """Whether the lattice of `lattice_of_window` has enough points under another Gaussian, too.

    A lattice with the most points always has enough, see `error_on_most_points`.
    """
    most = lattice.n_points[0] == _COUNTS[-1]
    return bool(most or not _distance_of_moments(lattice, boxes)[0] > _tolerance_of_window(weight))


def error_on_most_points(lattice: Lattice, boxes: Boxes, weight: float) -> float:
    """The standard errors by which other shifts of a window's lattice would move the estimates.

    It is 0 if the lattice has not the most points, since then they were found to be enough.
    """
    if lattice.n_points[0] < _COUNTS[-1]:
        return 0.0
    return float(_distance_of_moments(lattice, boxes)[0]) * _root_of_rows(weight)


def lattice_of_step(lattice: Lattice, boxes: Boxes, *, of_few_steps: bool) -> Lattice:
    """The lattice of a window with no more points than the information of a Newton step needs.

    A sample of the fewest rows would need as many. It is the lattice itself if no fewer are enough.
    But if it has the most points of all, it has only `N_POINTS`, unless the climb is expected to be
    one `of_few_steps`.
    """
    has, enough = lattice.n_points[0], partial(suits_window, boxes=boxes, weight=MIN_ROWS)
    fewer = (lattice.with_points(count) for count in _COUNTS if N_POINTS <= count < has)
    otherwise = lattice if of_few_steps or has < _COUNTS[-1] else lattice.with_points(N_POINTS)
    return next(filter(enough, fewer), otherwise)


def _tolerance_of_window(weight: float) -> float:
    """The distance of two shifts, in standard deviations of a row, with enough points."""
    return _PROMISED_ERROR / _root_of_rows(weight)


def _root_of_rows(weight: float) -> float:
    """The root of the number of rows, though the weights of a window may be shares of rows."""
    return float(np.sqrt(weight if weight >= MIN_ROWS else _ROWS_OF_SHARES))


def excess_error(lattice: Lattice, boxes: Boxes, weights: Array) -> float:
    """By how much the squared error of the sum of the rows' scores exceeds what is promised.

    The boxes are those of another Gaussian than the one that set the lattice. If the sum over all
    rows is positive, other lattices may be better there. Lattices with the most points are not
    counted.
    """
    some = lattice.n_points < _COUNTS[-1]
    frequencies = _frequencies(weights[some])
    apart = _distance_of_scores(lattice.part(some), boxes.take(some))
    errors = frequencies * np.where(np.isfinite(apart), apart, 0.0)
    return float((errors**2 - _PROMISED_ERROR**2 * frequencies).sum())


def _frequencies(weights: Array) -> Array:
    """The weights, but 1 for smaller ones, which are shares of rows."""
    return np.maximum(weights, 1.0)


def _with_enough_points(
    lattice: Lattice, boxes: Boxes, tolerance: Array, distance: Callable[[Lattice, Boxes], Array]
) -> Lattice:
    """The lattice with more points for boxes whose shifts are farther apart than their tolerance.

    Tolerances are (n_boxes,), and so is what `distance` returns.
    """
    rows = np.arange(len(tolerance))
    most = max(_MAX_POINTS, _MAX_POINTS_RATIO * N_POINTS * len(rows))
    for count in _COUNTS[_COUNTS.index(lattice.n_points[0]) + 1 :]:
        apart = distance(lattice.part(rows), boxes.take(rows))
        rows = rows[apart > tolerance[rows]]  # not where it is NaN
        if not 0 < count * rows.size <= most:
            break
        lattice.n_points[rows] = count
    return lattice


def _distance_of_scores(lattice: Lattice, boxes: Boxes) -> Array:
    """The largest difference between the scores of each box at two shifts, (n_boxes,)."""
    one, other = _at_two_shifts(lattice, boxes)
    inverse = np.linalg.inv(np.linalg.cholesky(boxes.covariance)).astype(np.float64, copy=False)
    scores = mean_scores(inverse, one.mean, one.covariance)
    return np.abs(scores - mean_scores(inverse, other.mean, other.covariance)).max(axis=1)


def _distance_of_moments(lattice: Lattice, boxes: Boxes) -> Array:
    """The largest difference between the moments within each box at two shifts, (n_boxes,).

    It is in units of the spread within the box, and infinite if that has no digits.
    """
    one, other = _at_two_shifts(lattice, boxes)
    try:
        inverse = np.linalg.inv(np.linalg.cholesky(one.covariance))
    except np.linalg.LinAlgError:
        return np.full(len(one.mean), np.inf)
    scores = mean_scores(inverse, np.zeros_like(one.mean), one.covariance)
    moved = mean_scores(inverse, other.mean - one.mean, other.covariance)
    return np.abs(scores - moved).max(axis=1)


def _at_two_shifts(lattice: Lattice, boxes: Boxes) -> tuple[BoxMoments, BoxMoments]:
    """The moments within the boxes on the lattice, and on the lattice with other shifts."""
    return box_moments(boxes, lattice), box_moments(boxes, lattice.with_other_shifts())
