"""Probabilities of boxes and moments within them: the method, by the number of features."""

import numpy as np

from .._typing import Array
from .base import BoxMoments
from .nested import ORDER, Boxes, nested_moments

_NODES = 200_000  # at a time


def box_moments(
    lower: Array, upper: Array, width: Array, covariance: Array, lattice=None
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

    Returns
    -------
    BoxMoments
        The log-probabilities in nats; mean and covariance within each box, in the units given.
    """
    n, k = lower.shape
    if k == 0:
        return BoxMoments(np.zeros(n), lower, np.zeros((n, 0, 0)))
    scale = np.sqrt(np.diagonal(covariance, axis1=-2, axis2=-1))
    units = scale[..., :, None] * scale[..., None, :]
    correlation = covariance / units
    precision = np.broadcast_to(np.linalg.inv(correlation), (n, k, k))
    correlation = np.broadcast_to(correlation, (n, k, k))
    origin, start, end = _from_a_point_inside(lower / scale, upper / scale, width / scale)
    boxes = Boxes(start, end, -origin, correlation, precision)
    within = BoxMoments.empty(n, k)
    size = max(1, _NODES // ORDER ** (k - 1))
    for first in range(0, n, size):
        rows = slice(first, first + size)
        within.fill(rows, nested_moments(boxes.take(rows)))
    return BoxMoments(
        within.log_probability,
        np.clip((origin + within.mean) * scale, lower, upper),
        within.covariance * units,
    )


def _from_a_point_inside(lower: Array, upper: Array, width: Array) -> tuple[Array, Array, Array]:
    """The point of the box that is nearest to the mean, and the ends as seen from there.

    Their difference is the width to the last digit, which that of the given ends is not.
    """
    origin = np.clip(0.0, lower, upper)
    start = np.where(upper < 0.0, -width, lower - origin)
    end = np.add(start, width, out=upper - origin, where=np.isfinite(start))
    return origin, start, end
