"""Probabilities of boxes and moments within them: the method, by the number of features."""

import numpy as np

from .._typing import Array
from .base import BoxMoments
from .lattice import Lattice
from .nested import ORDER, Boxes, nested_moments
from .separation import lattice_moments
from .units import from_a_point_inside, restored, standardised

FEWEST_OF_LATTICE = 4  # variables; fewer are integrated to their last digits
_NODES = 200_000  # at a time


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
    scale, boxes = standardised(lower, upper, width, covariance)
    if k < FEWEST_OF_LATTICE:
        within = _to_last_digits(*boxes)
    else:
        if lattice is None:
            lattice = Lattice.of(np.hstack([lower, upper]), lower, upper, covariance)
        within = lattice_moments(*boxes, lattice)
    return restored(within, scale, lower, upper)


def _to_last_digits(lower: Array, upper: Array, width: Array, correlation: Array) -> BoxMoments:
    n, k = lower.shape
    origin, start, end = from_a_point_inside(lower, upper, width)
    precision = np.broadcast_to(np.linalg.inv(correlation), (n, k, k))
    correlation = np.broadcast_to(correlation, (n, k, k))
    boxes = Boxes(start, end, -origin, correlation, precision)
    within = BoxMoments.empty(n, k)
    size = max(1, _NODES // ORDER ** (k - 1))
    for first in range(0, n, size):
        rows = slice(first, first + size)
        within.fill(rows, nested_moments(boxes.take(rows)))
    return within._replace(mean=origin + within.mean)
