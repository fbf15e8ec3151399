r"""How the scores of complete data vary within boxes: what intervals lose of the information.

By Louis (1982) the observed information is that of the completed data less the covariance, given
what is known, of the complete data's score. With :math:`\zeta` the values of an interval,
whitened by their Gaussian, that is the covariance within the box of :math:`(\zeta, \zeta \zeta^T /
\sqrt2)`, and the derivative of its mean along the natural parameters: for one variable a formula
of the moments up to order four, else a difference.

References
----------
Louis (1982), "Finding the observed information matrix when using the EM algorithm", JRSS B 44(2).
"""

import math

import numpy as np

from .._typing import Array
from ..boxes import BoxMoments, Lattice, box_moments, central_moments, from_a_point_inside
from ..gaussian import pairs_of

_DIFFERENCE = 1e-6  # of a difference, which is as near to the derivative as rounding


def score_covariance(
    boxes: tuple[Array, Array, Array],
    root: Array,
    within: BoxMoments,
    lattice: Lattice | None = None,
) -> Array:
    """Covariances, (n, q, q), of some variables and then of their products, as `Pairs` packs them.

    Parameters
    ----------
    boxes : tuple of ndarray of shape (n, k)
        Ends and widths, as `box_moments` takes them.
    root : ndarray of shape (n, k, k)
        Factors of the covariances of the Gaussians.
    within : BoxMoments
        Of the boxes.
    lattice : Lattice, default=None
    """
    if root.shape[1] == 1:
        origin, start, end = (of[:, 0] for of in from_a_point_inside(*boxes))
        return _of_one(start, end, -origin, root[:, 0, 0], within.mean[:, 0])
    return _by_differences(boxes, root, within, lattice)


def _of_one(start: Array, end: Array, center: Array, scale: Array, within: Array) -> Array:
    """Covariances of one variable and its square, from its central moments within the interval."""
    second, third, fourth = central_moments(start, end, center, scale * scale)
    mean = within / scale
    across = (2 * mean * second + third) / math.sqrt(2)
    squares = (4 * mean * (mean * second + third) + fourth - second**2) / 2
    return np.array([[second, across], [across, squares]]).transpose(2, 0, 1)


def _by_differences(
    boxes: tuple[Array, Array, Array], root: Array, within: BoxMoments, lattice: Lattice | None
) -> Array:
    """The derivative of the mean score along the natural parameters, all Gaussians at once."""
    n, k, _ = root.shape
    shifts, turns = _tilted(k)
    if lattice is None:  # where the derivative along the mean is known: it is the covariance
        shifts, turns = shifts[k:], turns[k:]
    q = len(shifts)
    roots = root[:, None] @ turns
    moved = (root[:, None] @ shifts[:, :, None])[..., 0]
    lower, upper, width = (np.repeat(of, q, axis=0) for of in boxes)
    apart = moved.reshape(-1, k)
    tilted = box_moments(
        lower - apart,
        upper - apart,
        width,
        (roots @ roots.transpose(0, 1, 3, 2)).reshape(-1, k, k),
        None if lattice is None else lattice.repeated(q),
    )
    inverse = np.linalg.inv(root).astype(np.float64, copy=False)
    mean = tilted.mean.reshape(n, q, k) + moved
    covariance = tilted.covariance.reshape(n, q, k, k)
    ahead = mean_scores(inverse[:, None], mean, covariance)
    here = mean_scores(inverse, within.mean, within.covariance)
    derivative = (ahead - here[:, None]) / _DIFFERENCE
    if lattice is None:
        of_mean = inverse @ within.covariance @ inverse.transpose(0, 2, 1)
        across = derivative[:, :, :k].transpose(0, 2, 1)
        derivative = np.concatenate([np.concatenate([of_mean, across], axis=2), derivative], axis=1)
    return (derivative + derivative.transpose(0, 2, 1)) / 2


def _tilted(k: int) -> tuple[Array, Array]:
    """Shifts (q, k) of the mean and factors (q, k, k) of the covariance that are a step away.

    From a standard Gaussian, in each of its natural parameters.
    """
    forms = pairs_of(k).unpack(np.eye(k * (k + 1) // 2))
    bent = np.linalg.cholesky(np.linalg.inv(np.eye(k) - math.sqrt(2) * _DIFFERENCE * forms))
    still = np.zeros((len(forms), k))
    return (
        np.concatenate([_DIFFERENCE * np.eye(k), still]),
        np.concatenate([np.broadcast_to(np.eye(k), (k, k, k)), bent]),
    )


def mean_scores(inverse: Array, mean: Array, covariance: Array) -> Array:
    """The scores that moments expect, in the frame of an inverse factor."""
    first = (inverse @ mean[..., None])[..., 0]
    second = inverse @ covariance @ np.swapaxes(inverse, -1, -2)
    second = second + first[..., :, None] * first[..., None, :]
    pairs = pairs_of(first.shape[-1])
    return np.concatenate([first, pairs.pack(second) / math.sqrt(2)], axis=-1)
