"""Linear algebra on triangular factors, by LAPACK, and extreme eigenvalues.

Thin enough that a call costs little more than the LAPACK routine itself: an iteration of
a solver on few features consists of nothing else.
"""

from collections.abc import Callable

import numpy as np
from scipy.linalg import blas, lapack
from scipy.sparse.linalg import LinearOperator, eigsh

from ._typing import Array

# Up to this size an operator is written out and its spectrum computed to the last digit;
# beyond it the Lanczos iteration takes over.
_DENSE_SIZE = 300


class NotPositiveDefiniteError(ValueError):
    """A matrix that should be positive definite is not."""


def norm(array: Array) -> float:
    """Euclidean norm of all entries, which their squares do not overflow."""
    return blas.dnrm2(array.reshape(-1))


def cholesky(matrix: Array) -> Array:
    """Lower triangular L with ``L @ L.T == matrix``, which is symmetric."""
    factor, info = lapack.dpotrf(matrix.T, lower=1, clean=1)  # .T: no copy into LAPACK's order
    if info != 0:
        raise NotPositiveDefiniteError
    return factor


def solve_lower(factor: Array, rhs: Array) -> Array:
    """``inv(factor) @ rhs`` for lower triangular `factor`."""
    return lapack.dtrtrs(factor, rhs, lower=1)[0]


def solve_lower_transposed(factor: Array, rhs: Array) -> Array:
    """``inv(factor).T @ rhs`` for lower triangular `factor`."""
    return lapack.dtrtrs(factor, rhs, lower=1, trans=1)[0]


def invert_lower(factor: Array) -> Array:
    """``inv(factor)`` for lower triangular `factor`, lower triangular again."""
    inverse, info = lapack.dtrtri(factor, lower=1)
    if info != 0:
        raise NotPositiveDefiniteError
    return inverse


def inverse_cholesky(matrix: Array) -> Array:
    """Lower triangular L with ``inv(L @ L.T) == matrix``, without inverting `matrix`.

    Eliminating from the last row upwards gives ``matrix = U @ U.T`` with U upper
    triangular; then ``L = inv(U).T``.
    """
    upper = cholesky(matrix[::-1, ::-1])[::-1, ::-1]
    return invert_lower(upper.T)


def condition(matrix: Array, factor: Array) -> float:
    """Condition number in the 1-norm, estimated from the Cholesky factor in O(d^2)."""
    reciprocal, _ = lapack.dpocon(factor, np.abs(matrix).sum(axis=0).max(), uplo="L")
    return 1.0 / reciprocal if reciprocal > 0 else np.inf


def pivoted_cholesky(matrix: Array) -> tuple[Array, Array, int]:
    """Factor, pivots (0-based) and numerical rank of a positive semidefinite matrix.

    A pivot counts as zero when its square is below what rounding leaves of a unit
    diagonal; `matrix` is therefore to be scaled to one.
    """
    n = len(matrix)
    factor, pivots, rank, _ = lapack.dpstrf(matrix, lower=1, tol=rank_tolerance(n))
    return np.tril(factor), pivots - 1, int(rank)


def rank_tolerance(n: int) -> float:
    """Squared pivot of a correlation matrix of `n` features that rounding explains."""
    return 10 * n * float(np.finfo(float).eps)


def largest_eigenvalue(apply: Callable[[Array], Array], size: int) -> float:
    """Largest eigenvalue of a symmetric operator given by its action on a vector."""
    if size <= _DENSE_SIZE:
        matrix = np.array([apply(basis) for basis in np.eye(size)])
        if not np.isfinite(matrix).all():
            return np.inf
        return float(np.linalg.eigvalsh(matrix)[-1])
    operator = LinearOperator((size, size), matvec=apply, dtype=np.float64)
    start = np.random.default_rng(0).standard_normal(size)
    return float(eigsh(operator, k=1, which="LA", v0=start, return_eigenvectors=False)[0])
