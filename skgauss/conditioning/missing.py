r"""Missing values given the observed ones of the same row, from the precision matrix.

With :math:`\Lambda = \Sigma^{-1}`, o the observed and m the missing features of a row, z its
deviation from the mean,

.. math::

    E[z_m \mid z_o] = -\Lambda_{mm}^{-1} \Lambda_{mo} z_o, \qquad
    \operatorname{Cov}[z_m \mid z_o] = \Lambda_{mm}^{-1},

    z_o^T \Sigma_{oo}^{-1} z_o = \min_{z_m} z^T \Lambda z, \qquad
    \log\det\Sigma_{oo} = \log\det\Sigma + \log\det\Lambda_{mm}.

A row with m missing values costs :math:`m^3`. All patterns with about equally many missing values
are worked on at once, with the patterns along the last axis of every array.

The condition number of the precision is the square of that of its root :math:`A = L^{-1}`. If
features are nearly collinear, the same results are therefore computed from A itself, which costs
:math:`d m^2` per pattern: with :math:`A_{\cdot m} = Q R`,

.. math::

    E[z_m \mid z_o] = -R^{-1} Q^T A_{\cdot o} z_o, \qquad
    \operatorname{Cov}[z_m \mid z_o] = R^{-1} R^{-T}, \qquad
    z_o^T \Sigma_{oo}^{-1} z_o = \| (I - Q Q^T) A_{\cdot o} z_o \|^2.

References
----------
Petersen and Pedersen (2012), The Matrix Cookbook, sections 8.1 and 9.1; Goodnight (1979), "A
tutorial on the SWEEP operator", The American Statistician 33(3); Bjorck (1996), Numerical Methods
for Least Squares Problems, section 2.4, for modified Gram-Schmidt.
"""

from __future__ import annotations

import copy
from typing import NamedTuple

import numpy as np

from .._typing import Array
from ..gaussian import linalg
from .patterns import MissingPatterns

_ROOT_INFLATION = 1e5  # variance inflation above which the root is worth its cost
_FEW_FOR_LAPACK = 40  # patterns below which LAPACK, one by one, costs less than all at once
_SMALL_ELEMENTS = 2**15  # elements below which sweeps, with fewer calls, cost less than factors


class Conditional(NamedTuple):
    """The distribution of the missing values of each row given its observed ones."""

    mean: Array  # (n_missing, n_rows), conditional deviations from the mean
    covariance: Array  # (n_missing, n_missing, n_patterns), the same for all rows of a pattern
    log_det: Array  # (n_patterns,), log-determinants of the blocks of the precision
    distances: Array  # (n_rows,), squared Mahalanobis distances of the observed values


class Conditioner:
    """Conditions rows on what was observed, under one Gaussian.

    It is given by its factor L and its mean, (n_features,), by default 0.
    """

    def __init__(self, factor: Array, mean: Array | None = None):
        self.mean = np.zeros(len(factor)) if mean is None else mean
        self.root = linalg.invert_lower(factor)  # A, the inverse of L
        self._precision = self.root.T @ self.root
        variances = np.einsum("ij,ij->i", factor, factor)
        # The largest variance inflation factor of a feature given all others.
        self.inflation = float((variances * self._precision.diagonal()).max())

    def astype(self, dtype: type) -> Conditioner:
        """The same conditioner in another floating-point type, for rows of that type."""
        other = copy.copy(self)
        other.root, other._precision = self.root.astype(dtype), self._precision.astype(dtype)
        return other

    def __call__(self, deviations: np.ndarray, gaps: MissingPatterns) -> Conditional:
        """The distribution of the missing values of rows.

        The rows, (n_rows, n_features), are deviations from the mean, 0 where a value is missing.
        """
        if self.inflation > _ROOT_INFLATION:
            return _by_root(deviations, gaps, self.root)
        blocks = self._precision.take(gaps.blocks)
        gaps.put_aside(blocks)
        covariance, log_det = _inverse(blocks)
        gaps.leave_out_aside(covariance)
        forces = (deviations @ self._precision).take(gaps.entries)
        mean = -np.einsum("ijn,jn->in", gaps.by_row(covariance), forces)
        completed = deviations.copy()
        completed.reshape(-1)[gaps.entries] = mean
        # The quadratic form with the precision itself would lose digits by cancellation.
        whitened = completed @ self.root.T
        return Conditional(mean, covariance, log_det, np.einsum("ij,ij->i", whitened, whitened))


def _by_root(deviations: Array, gaps: MissingPatterns, root: Array) -> Conditional:
    """The same distribution from the root of the precision, to more digits."""
    q, r = _modified_gram_schmidt(root[:, gaps.features], gaps.aside)
    shares, rest = _shares(root @ deviations.T, gaps.by_row(q))
    inverse = _inverse_upper(r)
    mean = -np.einsum("ijn,jn->in", gaps.by_row(inverse), shares)
    distances = np.einsum("dn,dn->n", rest, rest)
    covariance, log_det = _square_upper(inverse), _log_det(r)
    gaps.leave_out_aside(covariance)
    return Conditional(mean, covariance, log_det, distances)


def hidden_basis(deviations: Array, gaps: MissingPatterns, root: Array) -> tuple[Array, Array]:
    """An orthonormal basis Q of what each pattern misses, (n_features, n_missing, n_patterns), and
    :math:`(I - Q Q^T) A z` of each row z of deviations, (n_features, n_rows).
    """
    q, _ = _modified_gram_schmidt(root[:, gaps.features], gaps.aside)
    return q, _shares(root @ deviations.T, gaps.by_row(q))[1]


def _shares(whitened: Array, q: Array) -> tuple[Array, Array]:
    """The coefficients of orthonormal columns in each row, (m, n), and its residual, (d, n).

    The columns are (d, m, n); the whitened rows, (d, n), are overwritten.
    """
    shares = np.empty((q.shape[1], whitened.shape[1]))
    for k in range(len(shares)):
        shares[k] = np.einsum("dn,dn->n", q[:, k], whitened)
        whitened -= q[:, k] * shares[k]
    return shares, whitened


def _inverse(blocks: Array) -> tuple[Array, Array]:
    """The inverses of positive definite blocks, (m, m, n), and their log-determinants, (n,).

    The blocks are overwritten.
    """
    if blocks.shape[2] < _FEW_FOR_LAPACK:
        matrices = blocks.transpose(2, 0, 1)
        inverses = np.linalg.inv(matrices).transpose(1, 2, 0)
        return np.ascontiguousarray(inverses), np.linalg.slogdet(matrices).logabsdet
    if blocks.size < _SMALL_ELEMENTS:
        pivots = np.empty(blocks.shape[1:], blocks.dtype)
        for k, pivot in enumerate(pivots):
            pivot[:] = blocks[k, k]
            row = blocks[k] / pivot
            blocks -= blocks[k, :, None] * row
            blocks[k] = blocks[:, k] = row
            blocks[k, k] = -1.0 / pivot
        return np.negative(blocks, out=blocks), np.log(pivots).sum(axis=0)
    for k in range(len(blocks)):  # the upper triangles become Cholesky's factors
        blocks[k, k:] -= np.einsum("in,ijn->jn", blocks[:k, k], blocks[:k, k:])
        blocks[k, k:] /= np.sqrt(blocks[k, k])
    return _square_upper(_inverse_upper(blocks)), _log_det(blocks)


def _modified_gram_schmidt(columns: Array, aside: np.ndarray) -> tuple[Array, Array]:
    """Q, (d, m, n), and R, (m, m, n), of n matrices of shape (d, m), which are overwritten.

    For columns put `aside`, bool of shape (m, n), Q is 0 and R has 1 on its diagonal.
    """
    m, n = columns.shape[1:]
    columns *= ~aside
    r = np.zeros((m, m, n))
    for k in range(m):
        r[k, k] = np.sqrt(np.einsum("dn,dn->n", columns[:, k], columns[:, k]) + aside[k])
        columns[:, k] /= r[k, k]
        r[k, k + 1 :] = np.einsum("dn,djn->jn", columns[:, k], columns[:, k + 1 :])
        columns[:, k + 1 :] -= columns[:, k, None] * r[k, k + 1 :]
    return columns, r


def _log_det(r: Array) -> Array:
    """The log-determinants, (n,), of ``R.T @ R`` of n upper triangular matrices, (m, m, n)."""
    return 2.0 * np.log(np.einsum("iin->in", r)).sum(axis=0)


def _square_upper(r: Array) -> Array:
    """``R @ R.T`` of n upper triangular matrices, (m, m, n)."""
    square = np.empty_like(r)
    for i in range(len(r)):
        square[i, i:] = square[i:, i] = np.einsum("kn,jkn->jn", r[i, i:], r[i:, i:])
    return square


def _inverse_upper(r: Array) -> Array:
    """The inverses of n upper triangular matrices, (m, m, n)."""
    inverse = np.zeros_like(r)
    for k in range(len(r)):
        inverse[k, k] = 1.0 / r[k, k]
        inverse[:k, k] = -np.einsum("ijn,jn->in", inverse[:k, :k], r[:k, k]) / r[k, k]
    return inverse
