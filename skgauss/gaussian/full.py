"""The family of all covariances, whose factor is a lower triangular matrix; see `base`."""

import math
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._half_vectorization import half_vectorization
from .._typing import Array
from . import linalg
from .base import CovarianceFamily
from .diagonal import Diagonal, Spherical

# Number of features from which on skipping the zeros of a triangle saves more than its call costs.
_MIN_TRIANGLE_FEATURES = 32
_EIGENVALUE_RTOL = 1e-12  # relative tolerance of an eigenvalue, some way above rounding


class Full(CovarianceFamily):
    """Any covariance; `Diagonal` documents the methods, which work on matrices here."""

    correlated = True

    def __init__(self, n_features: int):
        super().__init__(n_features, np.eye(n_features, order="F"))  # the order of LAPACK
        self.shape = self.scatter_shape = (n_features, n_features)
        self.n_all = n_features + n_features * (n_features + 1) // 2

    def pack(self, covariance: Array) -> Array:
        return (covariance + covariance.T) / 2

    def unpack(self, covariance: Array) -> Array:
        return covariance

    def is_symmetric(self, covariance: Array) -> bool:
        deviations = np.sqrt(np.abs(covariance.diagonal()))
        difference = np.abs(covariance - covariance.T)
        return bool((difference <= 1e-10 * np.outer(deviations, deviations)).all())

    def project(self, scatter: Array) -> Array:
        return scatter

    def add_ridge(self, scatter: Array, ridge: Array) -> Array:
        return scatter + np.diag(ridge)

    def root(self, covariance: Array) -> Array:
        return covariance if covariance is self.identity else linalg.cholesky(covariance)

    def square(self, factor: Array) -> Array:
        return factor @ factor.T

    root_of_inverse = staticmethod(linalg.inverse_cholesky)

    def inverse_square(self, factor: Array) -> Array:
        inverse = linalg.invert_lower(factor)
        return inverse.T @ inverse

    def diagonal(self, factor: Array) -> Array:
        return factor.diagonal()

    def with_diagonal(self, factor: Array, diagonal: ArrayLike) -> Array:
        changed = factor.copy(order="K")
        changed.ravel(order="K")[:: self.n_features + 1] = diagonal  # a view, in either order
        return changed

    def standard_deviations(self, factor: Array) -> Array:
        return np.sqrt(np.einsum("ij,ij->i", factor, factor))

    def trace_inverse(self, factor: Array, ridge: Array) -> float:
        whitened = linalg.solve_lower(factor, np.diag(np.sqrt(ridge)))
        return float(np.einsum("ij,ij->", whitened, whitened))

    def marginal(self, factor: Array, kept: list[int]) -> Array:
        """See `Diagonal`; the factor is not squared, which would lose half of the digits."""
        upper: Array = np.linalg.qr(factor[kept].T, mode="r")  # type: ignore[assignment]
        return upper.T * np.sign(upper.diagonal())

    def conditional(
        self, factor: Array, given: list[int], kept: list[int], deviations: Array
    ) -> tuple[Array, Array]:
        """See `Diagonal`.

        In the factor of all these features, the given ones first, the last diagonal block is the
        factor of the conditional covariance of the others.
        """
        root = self.marginal(factor, [*given, *kept])
        n = len(given)
        whitened = linalg.solve_lower(root[:n, :n], deviations[:, None])
        return root[n:, :n] @ whitened[:, 0], root[n:, n:]

    def correlation_condition(self, covariance: Array, factor: Array) -> float:
        precisions = 1.0 / np.sqrt(covariance.diagonal())
        norm = (precisions * (np.abs(covariance) @ precisions)).max()
        return linalg.condition(norm, factor * precisions[:, None])

    inverse = staticmethod(linalg.invert_lower)

    def whiten(self, inverse: Any, rows: Any) -> Any:
        # A product is several times as fast as a triangular solve with so few equations.
        return (inverse @ rows.T).T

    def squared_lengths(self, inverse: Array, rows: Array) -> Array:
        many = self.n_features >= _MIN_TRIANGLE_FEATURES
        whitened = linalg.multiply_lower(inverse, rows.T).T if many else self.whiten(inverse, rows)
        return np.einsum("ij,ij->i", whitened, whitened)

    def colorize(self, factor: Array, rows: Array) -> Array:
        return rows @ factor.T

    def solve(self, factor: Array, other: Array) -> Array:
        return other if factor is self.identity else linalg.solve_lower(factor, other)

    solve_transposed = staticmethod(linalg.solve_lower_transposed)

    def lower(self, form: Array) -> Array:
        return np.where(self._below, form, 0.0)

    @cached_property
    def _below(self) -> Array:
        """A mask, (n_features, n_features), of the entries on and below the diagonal."""
        return np.tri(self.n_features, dtype=bool)

    def outer(self, deviation: Array) -> Array:
        return np.outer(deviation, deviation)

    def symmetric_outer(self, one: Array, other: Array) -> Array:
        product = np.outer(one, other)
        return product + product.T

    def excess(self, relative: Array) -> Array:
        if relative is self.identity:
            return np.zeros_like(relative)
        return relative @ relative.T - self.identity

    def divergence(self, factor: Array, target: Array, relative: Array) -> float:
        below = self.with_diagonal(relative, 0.0)
        return float(np.einsum("ij,ij->", below, below)) + linalg.scale_divergence(
            factor.diagonal(), target.diagonal()
        )

    def unwhiten_form(self, factor: Array, form: Array) -> Array:
        half = linalg.solve_lower_transposed(factor, form)
        return linalg.solve_lower_transposed(factor, half.T).T

    def whiten_symmetric(self, factor: Array, covariance: Array) -> Array:
        half = linalg.solve_lower(factor, covariance)
        return linalg.solve_lower(factor, half.T)

    def color_form(self, factor: Array, form: Array) -> Array:
        return factor @ form @ factor.T

    def retract(self, mean: Array, factor: Array, step: Array) -> tuple[Array, Array]:
        form = self.pack(math.sqrt(2) * step[self.n_features :].reshape(self.shape))
        root = linalg.cholesky(self.identity + form + 0.5 * form @ form)
        return mean + factor @ step[: self.n_features], factor @ root

    def pack_frame(self, vector: Array) -> Array:
        d = self.n_features
        packed = np.concatenate((vector[:d], half_vectorization(d).pack(vector[d:].reshape(d, d))))
        return packed[self.free]

    def unpack_frame(self, packed: Array) -> Array:
        mean, forms = self._unpacked(packed)
        return np.concatenate((mean, forms.reshape(*forms.shape[:-2], -1)), axis=-1)

    def _unpacked(self, packed: Array) -> tuple[Array, Array]:
        """The parts of packed steps for the mean, (..., d), and the covariance, (..., d, d).

        Entries of known parameters are 0.
        """
        d = self.n_features
        whole = np.zeros((*packed.shape[:-1], self.n_all))
        whole[..., self.free] = packed
        return whole[..., :d], half_vectorization(d).unpack(whole[..., d:])

    def gradient_along(
        self, step: Array, turn: Array, score_mean: Array, score_covariance: Array
    ) -> Array:
        form = math.sqrt(2) * step[self.n_features :].reshape(self.shape)
        gradient = self.unwhiten_form(turn, score_covariance)
        gradient = gradient + 0.5 * (gradient @ form + form @ gradient)
        return self.frame(self.solve_transposed(turn, score_mean), gradient)

    def connection_term(self, gradient: Array) -> Array:
        of_mean, form = self.split_frame(self.unpack_frame(gradient))
        d, pairs = self.n_features, half_vectorization(self.n_features)
        across = math.sqrt(2) * pairs.times(of_mean)
        moves = np.array([pairs.times(unit) for unit in np.eye(d)])
        return np.block(
            [
                [np.zeros((d, d)), across],
                [across.T, np.einsum("kip,ij,kjq->pq", moves, form, moves)],
            ]
        )

    def relative_moves(self, factor: Array, steps: Array) -> tuple[Array, Array]:
        unit = factor / self.standard_deviations(factor)[:, None]
        means, forms = self._unpacked(steps)
        return means @ unit.T, math.sqrt(2) * unit @ (forms @ unit.T)

    def relative_covariance(self, factor: Array, i: int, j: int) -> tuple[Array, Array]:
        d, pairs = self.n_features, half_vectorization(self.n_features)
        unit = factor / self.standard_deviations(factor)[:, None]
        one, two = pairs.times(unit[i]), pairs.times(unit[j])
        gradient, hessian = np.zeros(self.n_all), np.zeros((self.n_all,) * 2)
        gradient[d:] = math.sqrt(2) * unit[i] @ two
        hessian[d:, d:] = one.T @ two
        return gradient[self.free], (hessian + hessian.T)[self.free, self.free]

    def scores(self, whitened: Array, spread: Array) -> Array:
        forms = whitened[:, :, None] * whitened[:, None, :] + spread - self.identity
        packed = half_vectorization(self.n_features).pack(forms)
        return np.hstack((whitened, packed / math.sqrt(2)))[:, self.free]

    def largest_variance(self, factor: Array) -> float:
        return linalg.largest_eigenvalue(self.square(factor))

    def largest_precision(self, factor: Array) -> float:
        return linalg.largest_eigenvalue(self.inverse_square(factor))

    def factor_curvature(self, factor: Array, stretch: Array) -> float:
        r"""See `Diagonal`.

        The Hessian couples only entries in the same column of the factor. For column j, minus
        the Hessian is :math:`T (\Lambda_j + e e^T / L_{jj}^2) T`, where :math:`\Lambda_j` is the
        trailing block of the precision from row j on, e is the first unit vector, and T is the
        identity except for the stretch :math:`t_j` in its corner. The largest eigenvalue in column
        1 is at least that of :math:`\Lambda_2`, a block of its matrix. All eigenvalues are below
        lambda if :math:`\lambda I - \Lambda_2` is positive definite and :math:`\lambda > t_j^2
        (1 / L_{jj}^2 + \Lambda_{jj} + q_j)` for all j, where eliminating the rows below j takes
        :math:`q_j` off the diagonal. If columns violate this, the one that does most gives the next
        lambda. The first lambda is that of the column with the largest corner, usually the largest
        of all.
        """
        precision = self.inverse_square(factor)
        squared = stretch * stretch
        corner = squared / factor.diagonal() ** 2 + squared * precision.diagonal()

        def largest_of_column(j: int) -> float:
            """The largest eigenvalue of the block of column j."""
            column = precision[j:, j:].copy()
            column[0] *= stretch[j]
            column[:, 0] *= stretch[j]
            column[0, 0] = corner[j]
            return linalg.largest_eigenvalue(column)

        trailing = linalg.largest_eigenvalue(precision[1:, 1:])
        largest = max(trailing, largest_of_column(int(corner.argmax())))
        while math.isfinite(largest):
            bound = (1.0 + _EIGENVALUE_RTOL) * largest
            rest = bound * self.identity - precision
            rest[0, 0] = np.inf  # it is eliminated last, whatever its sign
            taken = linalg.eliminated(rest)
            excess = corner + squared * taken - bound
            j = int(excess.argmax())
            if excess[j] <= 0 or (found := largest_of_column(j)) <= bound:
                break
            largest = found
        return largest


Family = Diagonal | Full


def make_family(covariance_type: str, n_features: int) -> Family:
    """The family of a `covariance_type`; with one feature it is always elementwise."""
    if covariance_type == "full" and n_features == 1:
        return Diagonal(1, shape=(1, 1))
    families = {"full": Full, "diag": Diagonal, "spherical": Spherical}
    return families[covariance_type](n_features)
