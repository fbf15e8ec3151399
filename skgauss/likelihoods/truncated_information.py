r"""The information of correlated features that are seen through a window.

In the frame of a point, where a step is (p, V), it is the variance of :math:`p^T z + z^T V z /
\sqrt2` inside the window, z whitened: Fisher's, and at a maximum minus the Hessian.
"""

import math

import numpy as np

from .._typing import Array
from ..boxes import Lattice, box_moments
from ..gaussian import pairs_of
from .hessian import STEP


class Box:
    """The window of the features that have limits, seen from any Gaussian.

    Parameters
    ----------
    features : int ndarray of shape (k,)
    lower, upper : ndarray of shape (k,)
    """

    def __init__(self, features: np.ndarray, lower: Array, upper: Array):
        self.features, self.lower, self.upper = features, lower, upper

    def moments(
        self, mean: Array, root: Array, lattice: Lattice | None = None
    ) -> tuple[Array, Array, Array]:
        """Log-probability, mean and covariance inside, of all features, whitened.

        Parameters
        ----------
        mean : ndarray of shape (n, k)
            Of the features with limits, under n Gaussians.
        root : ndarray of shape (n, k, d)
            Their rows of the factors.
        lattice : Lattice, default=None
        """
        covariance = root @ root.transpose(0, 2, 1)
        width = np.broadcast_to(self.upper - self.lower, mean.shape)
        inside = box_moments(self.lower - mean, self.upper - mean, width, covariance, lattice)
        slopes = np.linalg.solve(covariance, root).transpose(0, 2, 1)
        change = inside.covariance - covariance
        return (
            inside.log_probability,
            (slopes @ inside.mean[:, :, None])[:, :, 0],
            np.eye(root.shape[2]) + slopes @ change @ slopes.transpose(0, 2, 1),
        )

    def information(self, mean: Array, factor: Array, lattice: Lattice | None = None) -> Array:
        """The derivative of the moments along natural parameters, by differences.

        All Gaussians at once. See `moments`.
        """
        d = len(mean)
        pairs = pairs_of(d)
        n_pairs = len(pairs.rows)
        forms = np.zeros((n_pairs, d, d))
        for rows, columns in ((pairs.rows, pairs.columns), (pairs.columns, pairs.rows)):
            forms[range(n_pairs), rows, columns] = 1 / pairs.lengths
        step = np.array([STEP, -STEP])[:, None, None]
        shifts = np.zeros((2, d + n_pairs, d))
        shifts[:, :d] = step * np.eye(d)
        roots = np.zeros((2, d + n_pairs, d, d)) + np.eye(d)
        tilted = np.eye(d) - math.sqrt(2) * step[..., None] * forms
        roots[:, d:] = np.linalg.cholesky(np.linalg.inv(tilted))
        shifts, roots = shifts.reshape(-1, 1, d), roots.reshape(-1, d, d)
        center, root = mean[self.features], factor[self.features]
        centers = (center + shifts @ root.T)[:, 0]
        if lattice is not None:
            lattice = lattice.repeated(len(centers))
        _, first, covariance = self.moments(centers, root @ roots, lattice)
        first = shifts[:, 0] + (roots @ first[:, :, None])[:, :, 0]
        second = roots @ covariance @ roots.transpose(0, 2, 1) + first[:, :, None] * first[:, None]
        squares = second[:, pairs.rows, pairs.columns] * (pairs.lengths / math.sqrt(2))
        ahead, behind = np.hstack([first, squares]).reshape(2, d + n_pairs, -1)
        derivative = (ahead - behind) / (2 * STEP)
        return (derivative + derivative.T) / 2
