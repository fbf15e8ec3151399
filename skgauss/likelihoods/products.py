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

for about the price of an E step, whatever the number of parameters. The last of these terms, which
costs more than all others, is at most :math:`\operatorname{sym}[V A \operatorname{avg}(C) A^T]`,
as :math:`\operatorname{tr}(N V N V) \le \operatorname{tr}(V^2 N)` for a projector N. With that in
its place the products are with a matrix nowhere above the information, and where this is positive
definite, so is that.

References
----------
Louis (1982), "Finding the observed information matrix when using the EM algorithm", JRSS B 44(2).
"""

from __future__ import annotations

import math
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np

from .._typing import Array
from ..blocks import threads
from ..conditioning import MissingPatterns
from .base import Evaluation, Products

# Digits that a sign or an inexact step needs, at half the time and memory of all.
PRECISION = np.float32


class MissingValues(NamedTuple):
    """What the rows of a part miss, given the rest.

    Attributes
    ----------
    gaps : MissingPatterns
    weights : ndarray of shape (n_patterns,)
    completed : ndarray of shape (n_rows, 1 + n_features)
        Level of each row and its deviations from the mean, those missing as expected, each
        multiplied by the level.
    covariance : ndarray of shape (n_missing, n_missing, n_patterns)
        Conditional, of what is missing.
    """

    gaps: MissingPatterns
    weights: np.ndarray
    completed: np.ndarray
    covariance: np.ndarray

    def scores_along(self, step: np.ndarray) -> np.ndarray:
        r"""Sums over the rows of s and of z s', (1 + n_features, n_features).

        The step is of that shape, too: p A above :math:`\sqrt2 K`.
        """
        entries = self.gaps.entries
        ahead = self.completed @ step
        moves = np.zeros_like(ahead)
        moves.reshape(-1)[entries] = np.einsum(
            "ijn,jn->in", self.gaps.by_row(self.covariance), ahead.take(entries)
        )
        return self.completed.T @ moves

    def spread_along(self, form: np.ndarray) -> np.ndarray:
        """Sum over the rows of C K C, (n_features, n_features)."""
        by_pattern = np.ascontiguousarray(self.covariance.transpose(2, 0, 1))
        blocks = np.ascontiguousarray(self.gaps.blocks.transpose(2, 0, 1))
        turned = by_pattern @ form.take(blocks) @ by_pattern
        turned *= self.weights[:, None, None]
        return np.bincount(blocks.reshape(-1), turned.reshape(-1), form.size).reshape(form.shape)


@threads.one_blas_thread()
def scores_along(parts: list[MissingValues], of_mean: np.ndarray, form: np.ndarray) -> Array:
    r"""Sums over all rows of s and of :math:`\sqrt2 z s^T`, (1 + n_features, n_features)."""
    step = np.vstack((of_mean, math.sqrt(2) * form))
    found = (part.scores_along(step) for part in parts if part.covariance.size)
    sums = sum(found, np.zeros(step.shape))
    sums[1:] *= math.sqrt(2)
    return sums


@threads.one_blas_thread()
def unknown_along(parts: list[MissingValues], of_mean: np.ndarray, form: np.ndarray) -> Array:
    """The sums of `scores_along`, and C K C in those of products."""
    sums = scores_along(parts, of_mean, form)
    sums[1:] += sum(part.spread_along(form) for part in parts if part.covariance.size)
    return sums


@threads.one_blas_thread()
def sum_of_squares(parts: list[MissingValues], n_features: int) -> Array:
    """Sum over all rows of z z', (n_features, n_features)."""
    rows = (part.completed[:, 1:] for part in parts)
    return sum((each.T @ each for each in rows), np.zeros((n_features, n_features)))


def products_at(
    hidden: Any, weight: float, root: Array, ridge: Array | float, at: Evaluation
) -> Products:
    """The products of `Likelihood.products` at a point.

    Parameters
    ----------
    hidden : Kept
        `MissingValues` of all rows, in parts.
    weight : float
        Of the rows.
    root : ndarray of shape (n_features, n_features)
        A.
    ridge : ndarray of shape (n_features, n_features) or float
        That of the likelihood, whitened.
    at : Evaluation
    """
    d = len(root)

    def product(step: Array, of_unknown: Any, curvature: Array) -> Array:
        """Minus the Hessian times a step, of sums of what is unknown, and of I + U."""
        p, form = step[:d], step[d:].reshape(d, d)
        of_mean, inner = (p @ root).astype(PRECISION), (root.T @ form @ root).astype(PRECISION)
        sums = hidden.total(partial(of_unknown, of_mean=of_mean, form=inner)) / weight
        ahead = form @ curvature + math.sqrt(2) * np.outer(p, at.score_mean)
        ahead -= root @ sums[1:] @ root.T
        of_mean = p + math.sqrt(2) * form @ at.score_mean - root @ sums[0]
        return np.concatenate((of_mean, ((ahead + ahead.T) / 2).reshape(-1)))

    @cache
    def less_the_spread() -> Array:
        """I + U less the average of the projectors on what rows miss, without a look at these."""
        squares = hidden.total(partial(sum_of_squares, n_features=d))
        return root @ squares @ root.T / weight + ridge

    return Products(
        lambda step: product(step, unknown_along, np.eye(d) + at.score_covariance),
        lambda step: product(step, scores_along, less_the_spread()),
    )
