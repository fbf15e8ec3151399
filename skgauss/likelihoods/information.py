r"""Observed information of data with missing values: minus the exact Hessian, as one matrix.

In the frame of a point a step is (p, V): the mean moves by :math:`L p`, the covariance to
:math:`L (I + \sqrt2 V + V^2) L^T`. Let P be the whitened projector on what a row shows, w the
whitened residual of the row and U the gradient of the likelihood. Minus the second derivative along
the step is the average over the rows of

.. math::

    p^T P p + 2 \sqrt2\, w^T V P p + \operatorname{tr}[(2 w w^T - P) V P V]
    - \operatorname{tr}(U V^2),

which takes a few products of matrices for all rows of a pattern.

References
----------
Magnus and Neudecker (2019), Matrix Differential Calculus, section 15.3, for complete data;
Little and Rubin (2019), Statistical Analysis with Missing Data, section 9.1, for the two
kinds of information.
"""

from __future__ import annotations

import copy
import math
import operator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from .._half_vectorization import half_vectorization
from .._typing import Array
from ..conditioning import Score
from ..gaussian import Family, Full, NotPositiveDefiniteError, linalg
from .lanczos import Subspace

MAX_PARAMETERS = 2500  # most parameters whose information matrix is formed, of 50 MB
_MIN_SHIFT = 1e-7  # multiple of the identity that is tried first; eigenvalues are about 1 at most
_N_BISECTIONS = 24  # at most, of that multiple, for a step longer than half the radius


class RowSums:
    """Sums over rows, which add up attribute by attribute."""

    def __iadd__(self, other: Self) -> Self:
        for name, value in vars(other).items():
            setattr(self, name, operator.iadd(getattr(self, name), value))  # arrays in place
        return self

    def __truediv__(self, weight: float) -> Self:
        return type(self)(*(value / weight for value in vars(self).values()))

    def __add__(self, other: Self) -> Self:
        return operator.iadd(copy.deepcopy(self), other)


@dataclass
class InformationSums(RowSums):
    """Weighted sums over the rows, from which the information is computed.

    P is the whitened projector on what a row shows, and w its whitened residual, see the module. A
    symmetric matrix is stored as the vector of its entries on and above the diagonal, its pairs.
    """

    projectors: Array  # (n_pairs,), of P
    residuals: Array  # (n_pairs, n_features), of each entry of P times each of w
    products: Array  # (n_pairs, n_pairs), of each entry of 2 w w^T - P times each of P
    # (n_parameters, n_parameters), of the covariance of a row's score given its intervals; 0 if
    # there are none.
    unknown: Array | float = 0.0

    @classmethod
    def zeros(cls, n_features: int) -> InformationSums:
        """The sums over no rows."""
        n_pairs = len(half_vectorization(n_features).rows)
        return cls(np.zeros(n_pairs), np.zeros((n_pairs, n_features)), np.zeros((n_pairs, n_pairs)))

    def add(
        self, basis: Array, residuals: Array, levels: Array, weights: Array, firsts: np.ndarray
    ) -> None:
        """Add the rows of a part of the data, in place.

        Parameters
        ----------
        basis : ndarray of shape (n_features, n_missing, n_patterns)
            An orthonormal basis, whitened, of the missing values of each pattern.
        residuals : ndarray of shape (n_features, n_rows)
            Whitened residuals of the rows, sorted by pattern, each multiplied by its level.
        levels : ndarray of shape (n_rows,)
            The root of the weight of each row.
        weights : ndarray of shape (n_patterns,)
            The total weight of the rows of each pattern.
        firsts : int ndarray of shape (n_patterns,)
            Where the rows of each pattern begin.
        """
        d = len(basis)
        rows, columns, _, _ = half_vectorization(d)
        by_pattern = np.ascontiguousarray(basis.transpose(2, 0, 1))
        hidden = (by_pattern @ by_pattern.transpose(0, 2, 1)).reshape(len(weights), d * d)
        projectors = hidden.take(rows * d + columns, axis=1)
        np.subtract(rows == columns, projectors, out=projectors)
        squares = residuals[rows]
        squares *= (2.0 * residuals)[columns]
        if len(firsts) < squares.shape[1]:
            squares = np.add.reduceat(squares, firsts, axis=1)
        squares -= (weights[:, None] * projectors).T
        self.projectors += weights @ projectors
        self.residuals += projectors.T @ np.add.reduceat(levels * residuals, firsts, axis=1).T
        linalg.add_product(self.products, squares, projectors)

    def add_coarse(self, score: Score, weights: Array) -> None:
        """Add rows with intervals, in place: their completed values, and what stays unknown.

        The weights are (n_rows,). The covariance of the k values in intervals of a row counts as k
        more residuals.
        """
        n, d, k = score.directions.shape
        mean, products = score.mean[:, :k], half_vectorization(k).unpack(score.mean[:, k:])
        spread = math.sqrt(2) * products - mean[:, :, None] * mean[:, None]
        values, vectors = np.linalg.eigh(spread)
        spread = vectors * np.sqrt(np.maximum(values, 0.0))[:, None]
        shown = np.empty((n, 1 + k, d))
        shown[:, 0] = score.residuals.T + (score.directions @ mean[:, :, None])[:, :, 0]
        shown[:, 1:] = (score.directions @ spread).transpose(0, 2, 1)
        levels = np.zeros((n, 1 + k))
        levels[:, 0] = np.sqrt(weights)
        shown *= levels[:, :1, None]
        firsts = np.arange(n) * (1 + k)
        self.add(score.basis, shown.reshape(-1, d).T, levels.reshape(-1), weights, firsts)
        moves = moves_of_scores(score.directions, score.residuals.T)
        weighted = (moves @ (weights[:, None, None] * score.covariance)).transpose(1, 0, 2)
        every = moves.transpose(1, 0, 2).reshape(moves.shape[1], -1)
        self.unknown += weighted.reshape(every.shape) @ every.T


def moves_of_scores(directions: Array, residuals: Array) -> Array:
    r"""The linear maps from scores within intervals to scores of rows, in the packed frame.

    A row shows :math:`w + D \zeta`, with a residual w, (n_rows, n_features), and directions D,
    (n_rows, n_features, n_intervals). The maps, (n_rows, n_parameters, n_scores), take
    :math:`(\zeta, \zeta \zeta^T / \sqrt2)` to :math:`(D \zeta, (D \zeta w^T + w \zeta^T D^T +
    D \zeta \zeta^T D^T) / \sqrt2)`.
    """
    n, d, k = directions.shape
    of_row, of_box = half_vectorization(d), half_vectorization(k)
    moves = np.zeros((n, d + len(of_row.rows), k + len(of_box.rows)))
    moves[:, :d, :k] = directions
    across = directions[:, of_row.rows] * residuals[:, of_row.columns, None]
    across += directions[:, of_row.columns] * residuals[:, of_row.rows, None]
    lengths = of_row.lengths[:, None]
    moves[:, d:, :k] = lengths * across / math.sqrt(2)
    one, two = directions[:, :, of_box.rows], directions[:, :, of_box.columns]
    products = one[:, of_row.rows] * two[:, of_row.columns]
    products += one[:, of_row.columns] * two[:, of_row.rows]
    moves[:, d:, k:] = lengths * products * of_box.lengths / 2
    return moves


def _fill_in_unit_moves(block: Array, products: Array, share: Array) -> None:
    """Fill in the block, (n_pairs, n_pairs), of tr(B E C F) + tr(C E B F) for unit moves E and F.

    `products`, (n_pairs, n_pairs), has each entry of B times each of C. A unit move of a pair
    changes two entries by the `share`, (n_pairs,), of its pair; one on the diagonal counts as two.
    """
    d = int(math.sqrt(2 * len(share)))
    rows, columns, index, _ = half_vectorization(d)
    for one, its in enumerate(index):  # the features of E, one after the other
        of_one = products[its].T + products[:, its]
        both = of_one[index[one:]]
        both = (both + both.transpose(0, 2, 1)).reshape(len(both), d * d)
        moved = slice(its[one], its[-1] + 1)
        block[moved] = both.take(rows * d + columns, axis=1) * share * share[moved, None]


@dataclass(eq=False)
class Information:
    """A symmetric matrix that acts on steps in the frame of a point."""

    matrix: Array  # (n_parameters, n_parameters), for packed steps
    family: Family | Subspace  # which packs steps
    resolution: float = 1e-8  # the largest eigenvalue that may be rounding only

    @classmethod
    def from_sums(cls, sums: InformationSums, curvature: Array, family: Full) -> Information:
        r"""The information about mean and full covariance, from averages over the rows.

        The averages are overwritten. `curvature`, (n_features, n_features), is a form C that adds
        :math:`\operatorname{tr}(C V^2)` for a step V of the covariance.
        """
        d = family.n_features
        rows, columns, index, lengths = half_vectorization(d)
        sums.products[:, rows == columns] += curvature[rows, columns, None]
        across = sums.residuals[index]
        across = (across + across.transpose(0, 2, 1)).reshape(d, d * d)
        across = across.take(rows * d + columns, axis=1) * (math.sqrt(0.5) * lengths)
        matrix = np.empty((d + len(rows), d + len(rows)))
        matrix[:d, :d] = sums.projectors[index]
        matrix[:d, d:], matrix[d:, :d] = across, across.T
        _fill_in_unit_moves(matrix[d:, d:], sums.products, lengths / 2)
        matrix -= sums.unknown
        return cls(matrix, family)

    @property
    def is_finite(self) -> bool:
        """Whether the whole matrix is finite, which it is unless a box was beyond float64."""
        return bool(np.isfinite(self.matrix).all())

    @property
    def is_positive(self) -> bool:
        """Whether it is finite and positive definite."""
        return self.is_finite and self.exceeds(0.0)

    def exceeds(self, bound: float) -> bool:
        """Whether all eigenvalues exceed a bound that is not negative, by two factorizations."""
        return self._factor is not None and self._factor_with(-bound) is not None

    def newton_step(self, gradient: Array, radius: float) -> tuple[Array, float]:
        """The step in the frame to the maximum of the parabola, and its gain in nats.

        If the step is longer than `radius`, or the parabola has no maximum, a multiple of the
        identity is added to the matrix (Levenberg's damping).
        """
        packed = self.family.pack_frame(gradient)
        step = self._damped(packed, 0.0, radius)
        if step is None:
            step = self._least_damped(packed, radius)
        gain = float(packed @ step - 0.5 * step @ self.matrix @ step)
        return self.family.unpack_frame(step), gain

    def _least_damped(self, packed: Array, radius: float) -> Array:
        """The packed step with the least multiple of the identity that lets the radius hold it.

        The search ends at a multiple whose step is longer than half the radius.
        """
        shift, too_little = _MIN_SHIFT, 0.0
        while (step := self._damped(packed, shift, radius)) is None:
            shift, too_little = 4 * shift, shift
        for _ in range(_N_BISECTIONS):
            if np.linalg.norm(step) > radius / 2:
                break
            middle = (too_little + shift) / 2
            longer = self._damped(packed, middle, radius)
            if longer is None:
                too_little = middle
            else:
                step, shift = longer, middle
        return step

    def _damped(self, packed: Array, shift: float, radius: float) -> Array | None:
        """The packed step with `shift` times the identity added to the matrix; None if it is longer
        than the radius, or the parabola has no maximum.
        """
        factor = self._factor_with(shift) if shift else self._factor
        if factor is None:
            return None
        step = linalg.solve_cholesky(factor, packed)
        return step if np.linalg.norm(step) <= radius else None

    @cached_property
    def _factor(self) -> Array | None:
        """The Cholesky factor of the matrix; None where it is not positive definite."""
        return self._factor_with(0.0)

    def _factor_with(self, shift: float) -> Array | None:
        """The Cholesky factor of the matrix plus `shift` times the identity; None if it has none.

        Once the matrix itself has none, its least eigenvalue tells which multiples are too small.
        """
        if shift and self._factor is None and self.least[0] + shift <= 0:
            return None
        shifted = self.matrix.copy()
        shifted.reshape(-1)[:: len(shifted) + 1] += shift
        with suppress(NotPositiveDefiniteError):
            return linalg.cholesky(shifted)
        return None

    @cached_property
    def least(self) -> tuple[float, Array]:
        """The smallest eigenvalue and its unit eigenvector in the frame, of a fixed sign."""
        value, vector = linalg.smallest_eigenpair(self.matrix)
        vector = vector * np.sign(vector[np.abs(vector).argmax()])
        return value, self.family.unpack_frame(vector)

    def __matmul__(self, vector: Array) -> Array:
        """The matrix times a vector of the frame, as a vector of the frame."""
        return self.family.unpack_frame(self.matrix @ self.family.pack_frame(vector))
