r"""Observed information where values are missing, times a step, without the matrix.

By Louis (1982) it is the information of the completed data less the covariance of their score,
given what was observed. With :math:`\hat z` the completed deviations of a row, C the conditional
covariance of what it misses, m these features and :math:`A = L^{-1}`, a step (p, V), as in
`information`, has :math:`K = A^T V A` and :math:`s = C (\sqrt2 K \hat z + A^T p)_m`, and the
product is

.. math::

    p + \sqrt2 V u - A \operatorname{avg} s, \qquad
    \operatorname{sym}\left[V + U V + \sqrt2 u p^T
    - \sqrt2 A \operatorname{avg}(\hat z s^T) A^T\right]
    - A \operatorname{avg}(C K_{mm} C) A^T,

for about the price of an E step, whatever the number of parameters.

References
----------
Louis (1982), "Finding the observed information matrix when using the EM algorithm", JRSS B 44(2).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from .._typing import Array
from ..blocks import threads
from ..conditioning import MissingPatterns
from .base import Evaluation

# Numbers with the digits that a sign or an inexact step needs, at half the time and memory.
PRECISION = np.float32


class MissingValues(NamedTuple):
    """The law of the missing values of some rows, given those observed.

    Attributes
    ----------
    gaps : MissingPatterns
        The places of the missing values.
    levels : ndarray of shape (n_rows,)
        The root of the weight of each row.
    weights : ndarray of shape (n_patterns,)
        The total weight of the rows of each pattern.
    completed : ndarray of shape (n_rows, n_features)
        The deviations from the mean, those of missing values as expected, each row multiplied by
        its level.
    covariance : ndarray of shape (n_patterns, n_missing, n_missing)
        The conditional covariance of the missing values.
    """

    gaps: MissingPatterns
    levels: np.ndarray
    weights: np.ndarray
    completed: np.ndarray
    covariance: np.ndarray

    def unknown_along(self, of_mean: np.ndarray, form: np.ndarray) -> Array:
        """The weighted sums over the rows of s, of z s^T and of C K C, see the module.

        They are stacked, (1 + 2 n_features, n_features). `of_mean` is A^T p, (n_features,), and
        `form` is K, (n_features, n_features).
        """
        d, entries = len(of_mean), self.gaps.entries.T
        features = np.ascontiguousarray(self.gaps.features.T)
        blocks = features[:, :, None] * d + features[:, None]
        ahead = math.sqrt(2) * (self.completed @ form) + self.levels[:, None] * of_mean
        of_rows = self.gaps.by_row(self.covariance.T).T
        moves = np.zeros_like(self.completed)
        moves.reshape(-1)[entries] = (of_rows @ ahead.take(entries)[:, :, None])[:, :, 0]
        turned = self.covariance @ form.take(blocks) @ self.covariance
        turned *= self.weights[:, None, None]
        spread = np.bincount(blocks.reshape(-1), turned.reshape(-1), minlength=d * d)
        return np.vstack((self.levels @ moves, self.completed.T @ moves, spread.reshape(d, d)))


@threads.one_blas_thread()
def unknown_along(parts: list[MissingValues], of_mean: np.ndarray, form: np.ndarray) -> Array:
    """The sums of `MissingValues.unknown_along` over all parts, (1 + 2 n_features, n_features)."""
    found = (part.unknown_along(of_mean, form) for part in parts if part.covariance.size)
    return sum(found, np.zeros((1 + 2 * len(of_mean), len(of_mean))))


def information_along(
    step: Array, unknown: Callable[[Array, Array], Array], root: Array, at: Evaluation
) -> Array:
    """Minus the Hessian in the frame of a point times a step, as a vector of the frame.

    Parameters
    ----------
    step : ndarray of shape (n_features + n_features ** 2,)
        A vector of the frame.
    unknown : callable
        A function of A^T p and K that returns `unknown_along` of all rows, averaged.
    root : ndarray of shape (n_features, n_features)
        A, the inverse of the factor.
    at : Evaluation
        The point.
    """
    d = len(root)
    p, form = step[:d], step[d:].reshape(d, d)
    first, across, spread = np.split(unknown(p @ root, root.T @ form @ root), [1, 1 + d])
    ahead = form + form @ at.score_covariance + math.sqrt(2) * np.outer(p, at.score_mean)
    ahead -= root @ (math.sqrt(2) * across + spread) @ root.T
    of_mean = p + math.sqrt(2) * form @ at.score_mean - root @ first[0]
    return np.concatenate((of_mean, ((ahead + ahead.T) / 2).reshape(-1)))
