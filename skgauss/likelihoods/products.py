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

# Digits that a sign or an inexact step needs, at half the time and memory of all.
PRECISION = np.float32


class MissingValues(NamedTuple):
    """What the rows of a part miss, given the rest.

    Attributes
    ----------
    gaps : MissingPatterns
    levels : ndarray of shape (n_rows,)
    weights : ndarray of shape (n_patterns,)
    completed : ndarray of shape (n_rows, n_features)
        Deviations from the mean, those missing as expected, each multiplied by its level.
    covariance : ndarray of shape (n_patterns, n_missing, n_missing)
        Conditional, of what is missing.
    """

    gaps: MissingPatterns
    levels: np.ndarray
    weights: np.ndarray
    completed: np.ndarray
    covariance: np.ndarray

    def unknown_along(self, of_mean: np.ndarray, form: np.ndarray) -> Array:
        """Sums over the rows of s, of z s', of C K C, (1 + 2 n_features, n_features)."""
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
    """Minus the Hessian in the frame of a point times a step.

    Parameters
    ----------
    step : ndarray
    unknown : callable
        `unknown_along` of all rows, averaged.
    root : ndarray of shape (n_features, n_features)
        A.
    at : Evaluation
    """
    d = len(root)
    p, form = step[:d], step[d:].reshape(d, d)
    first, across, spread = np.split(unknown(p @ root, root.T @ form @ root), [1, 1 + d])
    ahead = form + form @ at.score_covariance + math.sqrt(2) * np.outer(p, at.score_mean)
    ahead -= root @ (math.sqrt(2) * across + spread) @ root.T
    of_mean = p + math.sqrt(2) * form @ at.score_mean - root @ first[0]
    return np.concatenate((of_mean, ((ahead + ahead.T) / 2).reshape(-1)))
