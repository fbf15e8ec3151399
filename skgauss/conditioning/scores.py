r"""Scores of complete data within boxes: their means, and how they vary there.

By Louis (1982) the observed information is that of the completed data less the covariance, given
what is known, of the complete data's score. With :math:`\zeta` the values in a box, whitened by
their Gaussian, that is the covariance within the box of :math:`(\zeta, \zeta \zeta^T / \sqrt2)`.

References
----------
Louis (1982), "Finding the observed information matrix when using the EM algorithm", JRSS B 44(2).
"""

import math

import numpy as np

from .._pairs import pairs_of
from .._typing import Array
from ..boxes import Lattice, box_scores


def score_moments(
    boxes: tuple[Array, Array, Array, Array], lattice: Lattice | None = None
) -> tuple[Array, Array, Array]:
    """Means and covariances, within boxes, of whitened variables and of their products, and R.

    Products are packed as `Pairs` has them, behind the variables: (n, n_scores). R, (n, k, k), is
    the root of the covariances. These and ends and widths are the boxes, as for `box_moments`.
    """
    within, root = box_scores(*boxes, lattice)
    k = root.shape[1]
    unit = np.concatenate([np.ones(k), pairs_of(k).lengths / math.sqrt(2)])
    return unit * within.mean, unit[:, None] * within.covariance * unit, root


def mean_scores(inverse: Array, mean: Array, covariance: Array) -> Array:
    """The mean scores, (..., n_scores), of variables with these moments about a Gaussian's mean.

    `inverse` is that of the factor of its covariance; the scores are packed as in `score_moments`.
    """
    first = (inverse @ mean[..., None])[..., 0]
    second = inverse @ covariance @ np.swapaxes(inverse, -1, -2)
    second = second + first[..., :, None] * first[..., None, :]
    pairs = pairs_of(first.shape[-1])
    return np.concatenate([first, pairs.pack(second) / math.sqrt(2)], axis=-1)
