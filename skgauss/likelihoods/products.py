r"""Products of a step with the observed information of incomplete data, without its matrix.

By Louis (1982) it is the information of the completed data minus the covariance of their score
given the observed values. Let :math:`\hat z` be the completed deviations of a row, m the features
that it misses, C their conditional covariance and :math:`A = L^{-1}`. For a step (p, V), as in
`information`, let :math:`K = A^T V A` and :math:`s = C (\sqrt2 K \hat z + A^T p)_m`. The product
is

.. math::

    p + \sqrt2 V u - A \operatorname{avg} s, \qquad
    \operatorname{sym}\left[V + U V + \sqrt2 u p^T
    - \sqrt2 A \operatorname{avg}(\hat z s^T) A^T\right]
    - A \operatorname{avg}(C K_{mm} C) A^T,

at about the cost of an E step, whatever the number of parameters. The last term, which costs more
than all others, is at most :math:`\operatorname{sym}[V A \operatorname{avg}(C) A^T]`, since
:math:`\operatorname{tr}(N V N V) \le \operatorname{tr}(V^2 N)` for a projector N. With this bound
in its place, the products are with a matrix that nowhere exceeds the information: if it is positive
definite, so is the information.

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

# Precise enough for the sign of a curvature or an inexact step, at half the time and memory.
PRECISION = np.float32


class MissingValues(NamedTuple):
    """The conditional distribution of the missing values of some rows, given the observed ones."""

    gaps: MissingPatterns
    weights: np.ndarray  # (n_patterns,), the share of the rows of each pattern in the weight
    # (n_rows, 1 + n_features), the level of each row, which is the root of its weight, then its
    # deviations from the mean, in units of standard deviations, times the level. Those of missing
    # values are the expected ones.
    completed: np.ndarray
    covariance: np.ndarray  # (n_missing, n_missing, n_patterns), of the missing values
    by_row: np.ndarray  # (n_missing, n_missing, n_rows), the same for each row

    def scores_along(self, step: np.ndarray) -> np.ndarray:
        r"""The weighted sum over the rows of s^T, stacked on that of z s^T; see the module.

        It is (1 + n_features, n_features), as is the step: p^T A stacked on :math:`\sqrt2 K`.
        """
        entries = self.gaps.entries
        ahead = self.completed @ step
        moves = np.zeros_like(ahead)
        moves.reshape(-1)[entries] = np.einsum("ijn,jn->in", self.by_row, ahead.take(entries))
        return self.completed.T @ moves

    def spread_along(self, form: np.ndarray) -> np.ndarray:
        """The weighted sum over the rows of C K C, (n_features, n_features), where `form` is K."""
        by_pattern = np.ascontiguousarray(self.covariance.transpose(2, 0, 1))
        blocks = np.ascontiguousarray(self.gaps.blocks.transpose(2, 0, 1))
        turned = by_pattern @ form.take(blocks) @ by_pattern
        turned *= self.weights[:, None, None]
        return np.bincount(blocks.reshape(-1), turned.reshape(-1), form.size).reshape(form.shape)


@threads.one_blas_thread()
def scores_along(parts: list[MissingValues], of_mean: np.ndarray, form: np.ndarray) -> Array:
    r"""The weighted sum over all rows of s^T, stacked on that of :math:`\sqrt2 z s^T`.

    It is (1 + n_features, n_features). `of_mean` is A^T p, (n_features,), and `form` is K.
    """
    step = np.vstack((of_mean, math.sqrt(2) * form))
    found = (part.scores_along(step) for part in parts if part.covariance.size)
    sums = sum(found, np.zeros(step.shape))
    sums[1:] *= math.sqrt(2)
    return sums


@threads.one_blas_thread()
def unknown_along(parts: list[MissingValues], of_mean: np.ndarray, form: np.ndarray) -> Array:
    """The sums of `scores_along`, with the weighted sum of C K C added below the first row."""
    sums = scores_along(parts, of_mean, form)
    sums[1:] += sum(part.spread_along(form) for part in parts if part.covariance.size)
    return sums


@threads.one_blas_thread()
def sum_of_squares(parts: list[MissingValues], n_features: int) -> Array:
    """The weighted sum over all rows of z z^T, (n_features, n_features)."""
    rows = (part.completed[:, 1:] for part in parts)
    return sum((each.T @ each for each in rows), np.zeros((n_features, n_features)))


def products_at(hidden: Any, root: Array, ridge: Array | float, at: Evaluation) -> Products:
    """The products of `Likelihood.products` at a point.

    The lists of `MissingValues` in `hidden` together cover all rows. The root, (n_features,
    n_features), is A, the inverse of the factor, in units of standard deviations; the ridge is that
    of the likelihood, whitened, or 0.
    """
    d = len(root)

    def product(step: Array, of_unknown: Any, curvature: Array) -> Array:
        """The product with a step, a vector of the frame.

        `of_unknown` sums over rows as `unknown_along` does, and `curvature` stands for I + U.
        """
        p, form = step[:d], step[d:].reshape(d, d)
        of_mean, inner = (p @ root).astype(PRECISION), (root.T @ form @ root).astype(PRECISION)
        sums = hidden.total(partial(of_unknown, of_mean=of_mean, form=inner))
        ahead = form @ curvature + math.sqrt(2) * np.outer(p, at.score_mean)
        ahead -= root @ sums[1:] @ root.T
        of_mean = p + math.sqrt(2) * form @ at.score_mean - root @ sums[0]
        return np.concatenate((of_mean, ((ahead + ahead.T) / 2).reshape(-1)))

    @cache
    def less_the_spread() -> Array:
        """I + U minus the average of A C A^T, computed from the completed rows alone."""
        squares = hidden.total(partial(sum_of_squares, n_features=d))
        return root @ squares @ root.T + ridge

    return Products(
        lambda step: product(step, unknown_along, np.eye(d) + at.score_covariance),
        lambda step: product(step, scores_along, less_the_spread()),
    )
