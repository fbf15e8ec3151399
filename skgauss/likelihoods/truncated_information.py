r"""The information of correlated features that are seen through a window.

In the frame of a point, where a step is (p, V), it is the variance of :math:`p^T z + z^T V z /
\sqrt2` inside the window, z whitened: Fisher's, and at a maximum minus the Hessian.
"""

from typing import NamedTuple

import numpy as np

from .._pairs import pairs_of
from .._typing import Array
from ..boxes import Lattice, box_moments
from ..conditioning import score_moments
from .information import moves_of_scores


class Box(NamedTuple):
    """The window of the features that have limits, seen from any Gaussian."""

    features: np.ndarray  # (k,), the indices of these features
    lower: Array  # (k,), in units of the data
    upper: Array  # (k,)

    def moments(
        self, mean: Array, factor: Array, lattice: Lattice | None = None
    ) -> tuple[float, Array, Array]:
        """The log-probability of the window, in nats, and mean and covariance of whitened features
        inside.

        They are about the mean, (d,), of a Gaussian with a factor, (d, d); the lattice is for
        windows of so many features that there is no formula.
        """
        boxes, root, covariance = self._seen_from(mean, factor)
        inside = box_moments(*boxes, covariance, lattice)
        slopes = np.linalg.solve(covariance[0], root).T
        change = inside.covariance[0] - covariance[0]
        return (
            float(inside.log_probability[0]),
            slopes @ inside.mean[0],
            np.eye(len(mean)) + slopes @ change @ slopes.T,
        )

    def information(self, mean: Array, factor: Array, lattice: Lattice | None = None) -> Array:
        """Fisher's information of a row in the packed frame of a Gaussian, a square matrix.

        The Gaussian and the lattice are those that `moments` takes. Whitened, the features with
        limits span k directions; along the others, which are independent of them, nothing is cut.
        """
        boxes, root, covariance = self._seen_from(mean, factor)
        scores, of_scores, own = score_moments(boxes, covariance, lattice)
        (d,), k = mean.shape, len(root)
        within, whole = pairs_of(k), pairs_of(d)
        information = np.eye(d + len(whole.rows))
        known = np.concatenate([np.arange(k), d + whole.places[within.rows, within.columns]])
        information[np.ix_(known, known)] = of_scores[0]
        first, second = scores[0, :k], np.sqrt(2) * within.unpack(scores[0, k:])
        for other in range(k, d):
            across = d + whole.places[:k, other]
            information[across, other] = information[other, across] = first
            information[np.ix_(across, across)] = second
        cut = np.linalg.solve(own[0], root).T
        turn, _ = np.linalg.qr(cut, mode="complete")
        turn[:, :k] = cut
        (moves,) = moves_of_scores(turn[None], np.zeros((1, d)))
        return moves @ information @ moves.T

    def _seen_from(
        self, mean: Array, factor: Array
    ) -> tuple[tuple[Array, Array, Array], Array, Array]:
        """The window as `box_moments` takes it, one row, the rows of the factor that belong to its
        features, (k, d), and their covariance, (1, k, k).
        """
        center, root = mean[self.features], factor[self.features]
        ends = (self.lower - center)[None], (self.upper - center)[None]
        return (*ends, (self.upper - self.lower)[None]), root, (root @ root.T)[None]
