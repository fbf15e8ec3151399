"""Probabilities of boxes and moments within them: the method, by the number of features."""

import numpy as np

from .._typing import Array
from .base import BoxMoments
from .lattice import Lattice
from .nested import nested_moments
from .separation import lattice_moments

_FEWEST_OF_LATTICE = 4  # variables; fewer are integrated to their last digits


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
    lattice : Lattice, optional
        What four variables or more are integrated by. A climb passes that of its start, so that
        it climbs one smooth function; None makes one from the boxes themselves.
    """
    n, k = lower.shape
    scale = np.sqrt(np.diagonal(covariance, axis1=-2, axis2=-1))
    correlation = covariance / (scale[..., :, None] * scale[..., None, :])
    correlation = np.broadcast_to(correlation, (n, k, k))
    ends = lower / scale, upper / scale, width / scale
    if k >= _FEWEST_OF_LATTICE:
        if lattice is None:
            lattice = Lattice.of(np.hstack([lower, upper]), lower, upper, covariance)
        within = lattice_moments(*ends, correlation, lattice)
    else:
        within = _to_last_digits(*ends, correlation)
    return BoxMoments(
        within.log_probability,
        np.clip(within.mean * scale, lower, upper),
        within.covariance * (scale[..., :, None] * scale[..., None, :]),
    )


def _to_last_digits(lower: Array, upper: Array, width: Array, correlation: Array) -> BoxMoments:
    n, k = lower.shape
    if k == 0:
        return BoxMoments(np.zeros(n), np.zeros((n, 0)), np.zeros((n, 0, 0)))
    origin, start, end = _from_a_point_inside(lower, upper, width)
    within = nested_moments(start, end, -origin, correlation, np.linalg.inv(correlation))
    return within._replace(mean=origin + within.mean)


def _from_a_point_inside(lower: Array, upper: Array, width: Array) -> tuple[Array, Array, Array]:
    """The point of the box that is nearest to the mean, and the ends as seen from there.

    Their difference is the width to the last digit, which that of the given ends is not.
    """
    origin = np.clip(0.0, lower, upper)
    start = np.where(upper < 0.0, -width, lower - origin)
    end = np.add(start, width, out=upper - origin, where=np.isfinite(start))
    return origin, start, end
