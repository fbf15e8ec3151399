"""Probabilities of boxes and moments within them: the method, by the number of features."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._typing import Array
from ..blocks import threads
from .base import BoxMoments, from_a_point_inside, restored, slices, standardised
from .bivariate_trivariate import corner_moments, may_keep_digits
from .genz import lattice_moments
from .lattice import Lattice
from .nested import ORDER, Boxes, nested_moments

FEWEST_OF_LATTICE = 4  # variables; fewer are integrated to their last digits
_NODES_AT_ONCE = 200_000  # at a time, whose intermediate results are some megabytes


def box_moments(
    lower: Array, upper: Array, width: Array, covariance: Array, lattice: Lattice | None = None
) -> BoxMoments:
    """Moments of c ~ N(0, covariance) within lower < c <= upper, one row a box.

    Parameters
    ----------
    lower, upper : array of shape (n, k)
        Ends of the intervals, less the mean of the Gaussian. Infinite ones are open.
    width : array of shape (n, k)
        Widths as the data have them: the difference of the ends has lost them where an
        interval is narrow and far from the mean.
    covariance : array of shape (k, k) or (n, k, k)
        Of any units: they are taken out first.
    lattice : Lattice, optional
        What four variables or more are integrated by. A climb passes that of its start, so that
        it climbs one smooth function; None makes one from the boxes themselves.

    Returns
    -------
    BoxMoments
        The log-probabilities in nats; mean and covariance within each box, in the units given.
    """
    n, k = lower.shape
    if k == 0:
        return BoxMoments(np.zeros(n), lower, np.zeros((n, 0, 0)))
    scale, (*ends, correlation) = standardised(lower, upper, width, covariance)
    boxes = (*ends, np.broadcast_to(correlation, (n, k, k)))
    if k < FEWEST_OF_LATTICE:
        lattice = None
    elif lattice is None:
        lattice = Lattice.of(lower, upper, covariance)
    parts: list[Any]
    if lattice is None:
        size = max(_NODES_AT_ONCE // ORDER ** (k - 1), 1)
        parts = slices(n, size)
    else:
        parts = list(_parts(lattice.n_points * k))

    def of_some(rows: Any) -> BoxMoments:
        lower, upper, width, correlation = (of[rows] for of in boxes)
        with np.errstate(all="ignore"):  # a thread begins with one of its own
            if lattice is None:
                return _to_last_digits(lower, upper, width, correlation)
            return lattice_moments(lower, upper, width, correlation, lattice.part(rows))

    within = BoxMoments.empty(n, k)

    def fill(results: Iterator[BoxMoments]) -> None:
        for rows, found in zip(parts, results, strict=True):
            within.fill(rows, found)

    n_threads = min(threads.available(), len(parts)) if len(parts) > 1 else 1
    threads.ordered_map(of_some, parts, n_threads, fill)
    return restored(within, scale, lower, upper)


def _parts(counts: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    """Indices of rows that have as many nodes and are worked on at once."""
    for count in np.unique(counts):
        rows = np.flatnonzero(counts == count)
        size = max(_NODES_AT_ONCE // count, 1)
        yield from (rows[start : start + size] for start in range(0, len(rows), size))


def _to_last_digits(lower: Array, upper: Array, width: Array, correlation: Array) -> BoxMoments:
    """Moments of boxes of up to three sides, in closed form where that keeps the digits."""
    boxes = lower, upper, width, correlation
    if lower.shape[1] == 1:
        return _nested_quadrature(*boxes, correlation)
    hopeful = np.flatnonzero(may_keep_digits(lower, upper))
    found, exact = corner_moments(lower[hopeful], upper[hopeful], correlation[hopeful])
    within = BoxMoments.empty(*lower.shape)
    within.fill(hopeful, found)
    rest = np.delete(np.arange(len(lower)), hopeful[exact])
    if not rest.size:
        return within
    lower, upper, width, correlation = (of[rest] for of in boxes)
    precision = np.linalg.inv(correlation).astype(np.float64, copy=False)
    within.fill(rest, _nested_quadrature(lower, upper, width, correlation, precision))
    return within


def _nested_quadrature(
    lower: Array, upper: Array, width: Array, correlation: Array, precision: Array
) -> BoxMoments:
    origin, start, end = from_a_point_inside(lower, upper, width)
    found = nested_moments(Boxes(start, end, -origin, correlation, precision))
    return found._replace(mean=origin + found.mean)
