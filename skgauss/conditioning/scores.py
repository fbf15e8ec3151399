r"""Scores of complete data within boxes: their means and covariances.

By Louis (1982) the observed information is that of the completed data minus the covariance of the
complete data's score given what is known. With :math:`\zeta` the values in a box, whitened by their
Gaussian, this is the covariance within the box of :math:`(\zeta, \zeta \zeta^T / \sqrt2)`.

References
----------
Louis (1982), "Finding the observed information matrix when using the EM algorithm", JRSS B 44(2).
"""

import math

import numpy as np

from .._half_vectorization import half_vectorization
from .._typing import Array
from ..boxes import Boxes, Lattice, box_scores


def score_moments(boxes: Boxes, lattice: Lattice | None = None) -> tuple[Array, Array, Array]:
    """Means and covariances of scores within boxes, and the root R of the Gaussian's covariances.

    Scores, (n, n_scores), are whitened variables and then their packed products over root 2. R is
    (n, k, k).
    """
    within, root = box_scores(boxes, lattice)
    k = root.shape[1]
    unit = np.concatenate([np.ones(k), half_vectorization(k).lengths / math.sqrt(2)])
    return unit * within.mean, unit[:, None] * within.covariance * unit, root


def mean_scores(inverse: Array, mean: Array, covariance: Array) -> Array:
    """The mean scores, (..., n_scores), of variables with these moments about a Gaussian's mean.

    `inverse` is that of the factor of its covariance. Scores are packed as in `score_moments`.
    """
    first = (inverse @ mean[..., None])[..., 0]
    second = inverse @ covariance @ np.swapaxes(inverse, -1, -2)
    second = second + first[..., :, None] * first[..., None, :]
    pairs = half_vectorization(first.shape[-1])
    return np.concatenate([first, pairs.pack(second) / math.sqrt(2)], axis=-1)
