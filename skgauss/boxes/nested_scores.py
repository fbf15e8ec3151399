"""Scores within boxes of two or three variables: means and covariances by quadrature.

The quadrature of `nested` serves for whitened variables and all products of two of them. Each
variable is whitened given those before it: the first is constant at a node, and the others are
whitened among themselves given it. So nearly dependent variables lose no digits.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

from .._half_vectorization import half_vectorization
from .._typing import Array
from .base import BoxMoments, mixture
from .nested import Quantities, ShiftedBoxes, nested_moments, reordered
from .univariate import of_square, univariate_moments


def nested_scores(boxes: ShiftedBoxes) -> BoxMoments:
    """Moments of z and its products within boxes of R z, with R the Cholesky factor."""
    return nested_moments(boxes, _SCORES)


class _Scores(Quantities):
    """Whitened variables, and the products of their pairs."""

    def n_quantities(self, k: int) -> int:
        return k * (k + 3) // 2

    def univariate(self, lower: Array, upper: Array, mean: Array, variance: Array) -> BoxMoments:
        width, scale = upper - lower, np.sqrt(variance)
        log_probability, centre, second, *rest = univariate_moments(
            lower, upper, width, mean, scale, 4
        )
        z = (centre - mean) / scale
        across, square = of_square(z, second, *rest)
        covariance = np.stack([second, across, across, square], axis=1).reshape(-1, 2, 2)
        return BoxMoments(log_probability, np.stack([z, z * z + second], axis=1), covariance)

    def nodes(self, boxes: ShiftedBoxes, x: Array) -> Array:
        return (x - boxes.mean[:, :1]) / np.sqrt(boxes.covariance[:, :1, 0])

    def with_first(self, log_weight: Array, nodes: Array, rest: BoxMoments) -> BoxMoments:
        # In order: the first variable, the others, its square, its products with them, theirs.
        n, m = nodes.shape
        size = rest.mean.shape[1]
        k = (math.isqrt(9 + 8 * size) - 1) // 2
        first, given = nodes[:, :, None], rest.mean.reshape(n, m, size)
        others, products = given[:, :, : k - 1], given[:, :, k - 1 :]
        mean = np.concatenate([first, others, first * first, first * others, products], axis=2)
        found = mixture(log_weight, mean, np.empty((n, m, 0, 0)))
        weight = np.exp(log_weight - found.log_probability[:, None])
        powers = weight[:, None] * np.stack([np.ones_like(nodes), nodes, nodes * nodes], axis=1)
        sums = (powers @ rest.covariance.reshape(n, m, size * size)).reshape(n, 3, size, size)
        varying, power, source = _varying(k)
        found.covariance[:, varying[:, None], varying] += sums[
            :, power[:, None] + power, source[:, None], source
        ]
        return found

    def back(self, found: BoxMoments, order: NDArray[np.intp], covariance: Array) -> BoxMoments:
        (rows,) = order[:, 0].nonzero()
        order, covariance = order[rows], covariance[rows]
        in_order = np.linalg.cholesky(covariance).astype(np.float64, copy=False)
        root = reordered(in_order, order, axes=1)
        factor = np.linalg.cholesky(reordered(covariance, order))
        turn = _turn_of_scores(np.linalg.solve(factor, root))
        found.mean[rows] = (turn @ found.mean[rows, :, None])[:, :, 0]
        found.covariance[rows] = turn @ found.covariance[rows] @ turn.transpose(0, 2, 1)
        return found


_SCORES = _Scores()


@cache
def _varying(k: int) -> tuple[NDArray[np.intp], ...]:
    """The places of the scores of k variables that vary given the first, and their factors.

    These are a power of the first variable, and a score of the others.
    """
    others = np.arange(k - 1)
    products = np.arange(k - 1, _SCORES.n_quantities(k - 1))
    where = np.concatenate([1 + others, k + 1 + others, k + 1 + products])
    power = np.repeat([0, 1, 0], [k - 1, k - 1, len(products)])
    return where, power, np.concatenate([others, others, products])


def _turn_of_scores(turn: Array) -> Array:
    """The matrices that take z and its products to those of Q z, with Q of shape (n, k, k)."""
    n, k, _ = turn.shape
    left, right, *_ = half_vectorization(k)
    moves = np.zeros((n, k + len(left), k + len(left)))
    moves[:, :k, :k] = turn
    one, two = turn[:, left], turn[:, right]
    moves[:, k:, k:] = one[:, :, left] * two[:, :, right] + one[:, :, right] * two[:, :, left]
    moves[:, k:, k:] *= np.where(left == right, 0.5, 1.0)
    return moves
