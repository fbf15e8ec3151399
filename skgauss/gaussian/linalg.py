"""Linear algebra on triangular factors, by BLAS and LAPACK, and extreme eigenvalues.

The functions are thin, so that a call costs little more than the routine itself: with few
features, an iteration of a solver consists of such calls.
"""

import math

import numpy as np
from scipy.linalg import blas, lapack, solve_triangular

from .._typing import EPS, Array

# For standard deviations between these, float64 can hold the square and the inverse of the square.
MIN_SCALE = 1e-150
MAX_SCALE = 1e150
# Weight in a linear relation, relative to the largest, that is only rounding.
_NEGLIGIBLE_WEIGHT = 1e-6
SHARPENING_WEIGHT = 1e-3  # the same in a relation that a climb was still approaching
_LWORK = 66  # workspace of LAPACK in numbers per row, enough for blocks of 64


class NotPositiveDefiniteError(ValueError):
    """A matrix that should be positive definite is not, or a point is no Gaussian."""

    def __str__(self) -> str:
        return "The covariance is not positive definite, or its likelihood is not finite."


def norm(array: Array) -> float:
    """The Euclidean norm of all entries, without overflow or underflow."""
    return blas.dnrm2(array.reshape(-1))


def cholesky(matrix: Array) -> Array:
    """The lower triangular L with ``L @ L.T == matrix``, of a symmetric matrix.

    Raises
    ------
    NotPositiveDefiniteError
        If there is none.
    """
    factor, info = lapack.dpotrf(matrix.T, lower=1, clean=1)  # .T: no copy into LAPACK's order
    if info != 0:
        raise NotPositiveDefiniteError
    return factor


def solve_lower(factor: Array, rhs: Array) -> Array:
    """``inv(factor) @ rhs`` for lower triangular `factor`; not finite if that is singular."""
    # Not LAPACK's dtrtrs, for which OpenBLAS starts its threads even if the matrix is small.
    return blas.dtrsm(1.0, factor, rhs, lower=1)


def solve_lower_transposed(factor: Array, rhs: Array) -> Array:
    """``inv(factor).T @ rhs`` for lower triangular `factor`."""
    return blas.dtrsm(1.0, factor, rhs, lower=1, trans_a=1)


def multiply_lower(factor: Array, other: Array) -> Array:
    """``factor @ other`` for lower triangular `factor`, in half the time. Overwrites `other`."""
    return blas.dtrmm(1.0, factor, other, lower=1, overwrite_b=1)


def add_product(total: Array, left: Array, right: Array) -> None:
    """Add ``left @ right`` in place to `total`, which is C-contiguous and of float64."""
    blas.dgemm(1.0, right.T, left.T, beta=1.0, c=total.T, overwrite_c=1)


def solve_cholesky(factor: Array, rhs: Array) -> Array:
    """``inv(factor @ factor.T) @ rhs`` for a lower triangular `factor` and a vector."""
    solution, _ = lapack.dpotrs(factor, rhs, lower=1)
    return solution


def invert_lower(factor: Array) -> Array:
    """``inv(factor)``, lower triangular like `factor`.

    Raises
    ------
    NotPositiveDefiniteError
        If it is singular.
    """
    inverse, info = lapack.dtrtri(factor, lower=1)
    if info != 0:
        raise NotPositiveDefiniteError
    return inverse


def upper_cholesky(matrix: Array) -> Array:
    """The upper triangular U with ``U @ U.T == matrix``, by elimination from the last row up."""
    return cholesky(matrix[::-1, ::-1])[::-1, ::-1]


def inverse_cholesky(matrix: Array) -> Array:
    """The lower triangular L with ``inv(L @ L.T) == matrix``, without inverting `matrix`.

    With ``matrix == U @ U.T``, U upper triangular, it is ``inv(U).T``.
    """
    return invert_lower(upper_cholesky(matrix).T)


def condition(norm: float, factor: Array) -> float:
    """The condition number of a matrix in the 1-norm, estimated from its norm and Cholesky factor.

    It takes O(d^2) operations, and is infinite if the matrix is singular.
    """
    reciprocal, _ = lapack.dpocon(factor, norm, uplo="L")
    return 1.0 / reciprocal if reciprocal > 0 else np.inf


def linear_relation(covariance: Array, negligible: float = _NEGLIGIBLE_WEIGHT) -> list[int]:
    """The indices of the features in the linear relation that a covariance comes nearest to.

    It is found on the correlations. Features whose weights in the relation are at most `negligible`
    times the largest are left out.
    """
    return relations_of_covariance(covariance, 1, negligible)[0]


def relations_of_covariance(
    covariance: Array, fewest: int = 0, negligible: float = _NEGLIGIBLE_WEIGHT
) -> list[list[int]]:
    """The features of each linear relation in a covariance, as lists of indices.

    Their number is the rank deficiency of the covariance, which is taken to be at least `fewest`.
    """
    deviations = np.sqrt(covariance.diagonal())
    units = np.where(deviations > 0, deviations, 1.0)
    correlations, tol = covariance / units[:, None] / units, rank_tolerance(len(covariance))
    factor, order, rank, _ = lapack.dpstrf(correlations, lower=1, tol=tol)
    pivots, rank = order - 1, min(int(rank), len(covariance) - fewest)
    # Each dependent feature, as a combination of the independent ones before it.
    basis, dependent = factor[:rank, :rank], factor[rank:, :rank]
    weights = np.abs(solve_triangular(basis, dependent.T, lower=True, trans=1)).T
    partners = weights > negligible * weights.max(axis=1, initial=0.0, keepdims=True)
    return [
        sorted([int(one), *pivots[:rank][its].tolist()])
        for one, its in zip(pivots[rank:], partners, strict=True)
    ]


def rank_tolerance(n: int) -> float:
    """The largest squared pivot that rounding can leave in a correlation matrix of `n` features."""
    return 10 * n * EPS


def largest_eigenvalue(matrix: Array) -> float:
    """The largest eigenvalue of a symmetric matrix; infinity where the matrix overflows."""
    if not np.isfinite(matrix).all():
        return np.inf
    # NumPy calls the same routine, but its overhead is several times the cost of a small matrix.
    values, _, _ = lapack.dsyev(matrix, compute_v=0, lower=1, lwork=_LWORK * len(matrix))
    return float(values[-1])


def smallest_eigenpair(matrix: Array) -> tuple[float, Array]:
    """The smallest eigenvalue of a symmetric matrix, and its eigenvector of length one."""
    lwork = _LWORK * len(matrix)
    values, vectors, _, _, info = lapack.dsyevr(matrix, range="I", il=1, iu=1, lower=1, lwork=lwork)
    if info != 0:
        raise np.linalg.LinAlgError("The eigenvalue of a matrix was not found.")
    return float(values[0]), vectors[:, 0]


def eliminated(matrix: Array) -> Array:
    """By how much elimination from the last row up lowers each entry of the diagonal, (n,).

    For row j this is b' C^-1 b, where C is the trailing block below row j and b its column there.
    """
    beyond = upper_cholesky(matrix)
    np.einsum("ii->i", beyond)[:] = 0.0  # a view
    return np.einsum("ij,ij->i", beyond, beyond)


def scale_divergence(factor: Array, target: Array) -> float:
    """The sum of ``r^2 - 1 - 2 log r`` over r = target / factor; infinite outside float64's range.

    r - 1 is computed from the difference of the two, so that nothing cancels near r = 1. If r is
    far below 1, its logarithm is that of the ratio, since the difference would lose r.
    """
    step = (target - factor) / factor
    if np.minimum.reduce(step) > -0.5:
        logs = np.log1p(step)
    elif (factor < MAX_SCALE).all():
        logs = np.log(target / factor)
    else:
        return math.inf
    return float(np.add.reduce(step * (2.0 + step) - 2.0 * logs))
