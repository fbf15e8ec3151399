r"""The information of correlated features that are seen through a window.

In the frame of a point, for a step (p, V), it is the variance of :math:`p^T z + z^T V z / \sqrt2`
inside the window, with z whitened. This is Fisher's information, at a maximum minus the Hessian.
"""

from typing import NamedTuple

import numpy as np

from .._half_vectorization import half_vectorization
from .._typing import Array
from ..boxes import Boxes, Lattice, box_moments
from ..conditioning import score_moments
from .information import moves_of_scores


class Box(NamedTuple):
    """The window, as the intervals of the features that have limits."""

    features: np.ndarray  # (k,), the indices of these features
    lower: Array  # (k,), in units of the data
    upper: Array  # (k,)

    def moments(
        self, mean: Array, factor: Array, lattice: Lattice | None = None
    ) -> tuple[float, Array, Array]:
        """The log-probability of the window, in nats; mean and covariance of whitened features.

        These are the moments inside the window, about the mean, (d,), of a Gaussian with a factor,
        (d, d). The lattice is for windows of `MIN_LATTICE_VARIABLES` features or more.
        """
        root = factor[self.features]
        inside = box_moments(self.about(mean, factor), lattice)
        covariance = root @ root.T
        slopes = np.linalg.solve(covariance, root).T
        change = inside.covariance[0] - covariance
        return (
            float(inside.log_probability[0]),
            slopes @ inside.mean[0],
            np.eye(len(mean)) + slopes @ change @ slopes.T,
        )

    def information(self, mean: Array, factor: Array, lattice: Lattice | None = None) -> Array:
        """Fisher's information of a row in the packed frame of a Gaussian, a square matrix.

        The arguments are those of `moments`. Whitened, the features with limits span k directions.
        The other directions are independent of these, and not truncated.
        """
        root = factor[self.features]
        scores, of_scores, own = score_moments(self.about(mean, factor), lattice)
        (d,), k = mean.shape, len(root)
        within, whole = half_vectorization(k), half_vectorization(d)
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

    def about(self, mean: Array, factor: Array) -> Boxes:
        """The window as a single box about the mean of a Gaussian."""
        root = factor[self.features]
        ends = self.lower - mean[self.features], self.upper - mean[self.features]
        return Boxes.single(*ends, self.upper - self.lower, root @ root.T)
