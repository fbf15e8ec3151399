"""Probabilities of boxes and moments within them: the method, by the number of features."""

import numpy as np

from .._typing import Array
from .base import BoxMoments
from .nested import ORDER, nested_moments

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
    """
    n, k = lower.shape
    covariance = np.broadcast_to(covariance, (n, k, k))
    found = BoxMoments.empty(n, k)
    size = max(1, _NODES // ORDER ** max(0, k - 1))
    for start in range(0, n, size):
        rows = slice(start, start + size)
        found.fill(rows, _of_few(lower[rows], upper[rows], width[rows], covariance[rows]))
    return found


def _of_few(lower: Array, upper: Array, width: Array, covariance: Array) -> BoxMoments:
    """Moments by quadrature, of as many rows as have room in the cache."""
    n, k = lower.shape
    scale = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    units = scale[:, :, None] * scale[:, None, :]
    origin, start, end = _from_a_point_inside(lower / scale, upper / scale, width / scale)
    correlation = covariance / units
    if k == 0:
        within = BoxMoments(np.zeros(n), start, correlation)
    else:
        within = nested_moments(start, end, -origin, correlation, np.linalg.inv(correlation))
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
