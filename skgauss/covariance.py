r"""Covariance families: all that depends on `covariance_type` lives in one object.

A family works on *factors*, lower triangular roots L with :math:`\Sigma = L L^T`. For
"full" the factor is a (d, d) matrix, for "diag" the vector of standard deviations, for
"spherical" the one standard deviation, as an array of length one; "diag" and "spherical"
never build a (d, d) array.

Two spaces meet here. *Whitened* quantities are free of units: a deviation z = L^-1 delta,
a symmetric form L^-1 A L^-T. The derivative of a function with respect to Sigma is held
whitened too, as the form U in :math:`\mathrm{d}f = \tfrac12 \langle U, L^{-1}
\mathrm{d}\Sigma\, L^{-T} \rangle`; "spherical" sums it over the features.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from . import linalg
from ._typing import Array
from .linalg import NotPositiveDefiniteError

# Standard deviations between these have powers that float64 can hold.
SMALLEST_SCALE = 1e-150
LARGEST_SCALE = 1e150


class Diagonal:
    """Uncorrelated features: variances, standard deviations, elementwise algebra.

    Parameters
    ----------
    n_features : int
    shape : tuple of int, optional
        The shape in which a user sees the covariance, (d,) unless given. One feature of
        a full covariance is a diagonal family of shape (1, 1).
    """

    # How many features share one number of the factor: the weight of that number in the
    # Fisher metric.
    multiplicity = 1

    def __init__(self, n_features: int, shape: tuple[int, ...] | None = None):
        self.n_features = n_features
        self.shape = (n_features,) if shape is None else shape
        self.scatter_shape = self.shape
        self.n_parameters = 2 * n_features

    # -- between what a user sees and the arrays used here

    def pack(self, covariance: Array) -> Array:
        return np.reshape(covariance, -1)

    def unpack(self, covariance: Array) -> Array | float:
        return covariance.reshape(self.shape)

    def isotropic(self, variance: float) -> Array:
        """`variance` times the identity, as a covariance and no less as a factor."""
        return np.full(self.n_features, variance)

    def is_symmetric(self, covariance: Array) -> bool:
        return True

    # -- statistics

    def project(self, scatter: Array) -> Array:
        """The covariance of this family that maximises the likelihood of a scatter."""
        return scatter.reshape(-1)

    def add_ridge(self, scatter: Array, ridge: Array) -> Array:
        return scatter + ridge.reshape(self.scatter_shape)

    # -- factors

    def root(self, covariance: Array) -> Array:
        if not (covariance > 0).all():
            raise NotPositiveDefiniteError
        return np.sqrt(covariance)

    def square(self, factor: Array) -> Array:
        return factor * factor

    def root_of_inverse(self, precision: Array) -> Array:
        return 1.0 / self.root(precision)

    def inverse_square(self, factor: Array) -> Array:
        return 1.0 / (factor * factor)

    def diagonal(self, factor: Array) -> Array:
        return factor

    def with_diagonal(self, factor: Array, diagonal: Array) -> Array:
        return diagonal

    def standard_deviations(self, factor: Array) -> Array:
        return factor

    def log_det(self, factor: Array) -> float:
        """Log-determinant of the covariance."""
        return 2.0 * self.multiplicity * float(np.log(factor).sum())

    def trace_inverse(self, factor: Array, ridge: Array) -> float:
        """Trace of inverse covariance times diag(ridge)."""
        return float((ridge / (factor * factor)).sum())

    @property
    def identity(self) -> Array:
        """The factor of the identity."""
        return self.isotropic(1.0)

    def correlation_condition(self, covariance: Array, factor: Array) -> float:
        """Condition number of the correlation matrix, estimated in the 1-norm."""
        return 1.0

    # -- rows of data

    def inverse(self, factor: Array) -> Array:
        return 1.0 / factor

    def whiten(self, inverse: Any, rows: Any) -> Any:
        """``L^-1 x`` of each row x, given the inverse; of any array library. May overwrite them."""
        rows *= inverse
        return rows

    def squared_lengths(self, inverse: Array, rows: Array) -> Array:
        """Of the whitened rows. Overwrites them."""
        whitened = self.whiten(inverse, rows)
        whitened *= whitened
        return whitened @ np.ones(self.n_features)

    def colorize(self, factor: Array, rows: Array) -> Array:
        return rows * factor

    # -- single deviations and symmetric forms

    def solve(self, factor: Array, other: Array) -> Array:
        """``L^-1 other``."""
        return other / factor

    solve_transposed = solve

    def lower(self, form: Array) -> Array:
        return form

    def outer(self, deviation: Array) -> Array:
        """Whitened form of a whitened deviation, z z^T."""
        return deviation * deviation

    def outer_covariance(self, deviation: Array) -> Array:
        """The covariance of this family nearest in likelihood to delta delta^T."""
        return deviation * deviation

    def excess(self, relative: Array) -> Array:
        """``R R^T - I`` as a whitened form, for R = L^-1 F."""
        return self.multiplicity * (relative * relative - 1.0)

    def divergence(self, factor: Array, target: Array, relative: Array) -> float:
        """``tr(R R^T) - d - log det(R R^T)`` for R = L^-1 F, to full relative precision.

        Summed from the terms ``r^2 - 1 - 2 log r``, none of them negative.
        """
        return self.multiplicity * _divergence(factor, target)

    def unwhiten_form(self, factor: Array, form: Array) -> Array:
        """``L^-T form L^-1``."""
        return form / (factor * factor)

    def whiten_symmetric(self, factor: Array, covariance: Array) -> Array:
        """``L^-1 covariance L^-T``."""
        return covariance / (factor * factor)

    def color_form(self, factor: Array, form: Array) -> Array:
        """``L form L^T``."""
        return form * (factor * factor)

    color_transposed = color_form

    def fisher_norm(self, form: Array) -> float:
        """Length of a derivative U in the inverse Fisher metric."""
        return linalg.norm(form) / math.sqrt(2 * self.multiplicity)

    # -- moves in the frame of a point, where the Fisher metric is the identity

    def frame(self, score_mean: Array, score_covariance: Array) -> Array:
        """The gradient (u, U) as one vector, whose length is that of the natural gradient."""
        return np.concatenate((score_mean, score_covariance / math.sqrt(2 * self.multiplicity)))

    def split_frame(self, vector: Array) -> tuple[Array, Array]:
        """The parts (u, U) of such a vector."""
        d = self.n_features
        return vector[:d], math.sqrt(2 * self.multiplicity) * vector[d:]

    def retract(self, mean: Array, factor: Array, step: Array) -> tuple[Array, Array]:
        """Mean and factor reached by a step (p, P) in the frame of a point.

        The covariance :math:`L (I + P + P^2 / 2) L^T` is positive definite for every step.
        """
        relative = math.sqrt(2 / self.multiplicity) * step[self.n_features :]
        stretch = np.sqrt(1 + relative + relative * relative / 2)
        return mean + factor * step[: self.n_features], factor * stretch

    # -- curvature

    def largest_variance(self, factor: Array) -> float:
        """Largest eigenvalue of the covariance."""
        return float(factor.max()) ** 2

    def largest_precision(self, factor: Array) -> float:
        """Largest eigenvalue of its inverse."""
        return float(factor.min()) ** -2.0

    def factor_curvature(self, factor: Array, stretch: Array) -> float:
        """Largest eigenvalue of minus the Hessian in the factor, at the maximum.

        The diagonal of the factor moves `stretch` times as far as its parameter.
        """
        return 2.0 * self.multiplicity * float((stretch / factor).max()) ** 2


class Spherical(Diagonal):
    """One variance for all features."""

    def __init__(self, n_features: int):
        super().__init__(n_features)
        self.shape = ()
        self.multiplicity = n_features
        self.n_parameters = n_features + 1

    def unpack(self, covariance: Array) -> float:
        return float(covariance[0])

    def isotropic(self, variance: float) -> Array:
        return np.full(1, variance)

    def project(self, scatter: Array) -> Array:
        return scatter.mean(keepdims=True)

    def standard_deviations(self, factor: Array) -> Array:
        return np.full(self.n_features, factor[0])

    def outer(self, deviation: Array) -> Array:
        return np.array([deviation @ deviation])

    def outer_covariance(self, deviation: Array) -> Array:
        return self.outer(deviation) / self.n_features


class Full:
    """Any covariance; see `Diagonal`, whose methods these are for matrices."""

    multiplicity = 1

    def __init__(self, n_features: int):
        self.n_features = n_features
        self.shape = self.scatter_shape = (n_features, n_features)
        self.n_parameters = n_features + n_features * (n_features + 1) // 2
        self._identity = np.eye(n_features, order="F")  # as LAPACK wants its factors
        self._identity.flags.writeable = False  # the default start, and no copy of it
        self._diagonal = np.arange(n_features) * (n_features + 1)

    def pack(self, covariance: Array) -> Array:
        return (covariance + covariance.T) / 2

    def unpack(self, covariance: Array) -> Array:
        return covariance

    def isotropic(self, variance: float) -> Array:
        return self._identity if variance == 1.0 else variance * self._identity

    def is_symmetric(self, covariance: Array) -> bool:
        deviations = np.sqrt(np.abs(covariance.diagonal()))
        difference = np.abs(covariance - covariance.T)
        return bool((difference <= 1e-10 * np.outer(deviations, deviations)).all())

    def project(self, scatter: Array) -> Array:
        return scatter

    def add_ridge(self, scatter: Array, ridge: Array) -> Array:
        return scatter + np.diag(ridge)

    def root(self, covariance: Array) -> Array:
        return linalg.cholesky(covariance)

    def square(self, factor: Array) -> Array:
        return factor @ factor.T

    def root_of_inverse(self, precision: Array) -> Array:
        return linalg.inverse_cholesky(precision)

    def inverse_square(self, factor: Array) -> Array:
        inverse = linalg.invert_lower(factor)
        return inverse.T @ inverse

    def diagonal(self, factor: Array) -> Array:
        return factor.diagonal()

    def with_diagonal(self, factor: Array, diagonal: ArrayLike) -> Array:
        changed = factor.copy(order="K")
        changed.ravel(order="K")[self._diagonal] = diagonal  # a view, in either order
        return changed

    def standard_deviations(self, factor: Array) -> Array:
        return np.sqrt(np.einsum("ij,ij->i", factor, factor))

    def log_det(self, factor: Array) -> float:
        return 2.0 * float(np.log(factor.diagonal()).sum())

    def trace_inverse(self, factor: Array, ridge: Array) -> float:
        whitened = linalg.solve_lower(factor, np.diag(np.sqrt(ridge)))
        return float(np.einsum("ij,ij->", whitened, whitened))

    @property
    def identity(self) -> Array:
        return self._identity

    def correlation_condition(self, covariance: Array, factor: Array) -> float:
        precisions = 1.0 / np.sqrt(covariance.diagonal())
        norm = (precisions * (np.abs(covariance) @ precisions)).max()
        return linalg.condition(norm, factor * precisions[:, None])

    def inverse(self, factor: Array) -> Array:
        return linalg.invert_lower(factor)

    def whiten(self, inverse: Any, rows: Any) -> Any:
        # A product is several times as fast as the triangular solve with so few equations.
        return (inverse @ rows.T).T

    def squared_lengths(self, inverse: Array, rows: Array) -> Array:
        whitened = self.whiten(inverse, rows)
        return np.einsum("ij,ij->i", whitened, whitened)

    def colorize(self, factor: Array, rows: Array) -> Array:
        return rows @ factor.T

    def solve(self, factor: Array, other: Array) -> Array:
        return other if factor is self._identity else linalg.solve_lower(factor, other)

    def solve_transposed(self, factor: Array, other: Array) -> Array:
        return linalg.solve_lower_transposed(factor, other)

    def lower(self, form: Array) -> Array:
        return np.tril(form)

    def outer(self, deviation: Array) -> Array:
        return np.outer(deviation, deviation)

    def outer_covariance(self, deviation: Array) -> Array:
        return np.outer(deviation, deviation)

    def excess(self, relative: Array) -> Array:
        if relative is self._identity:
            return np.zeros_like(relative)
        return relative @ relative.T - self._identity

    def divergence(self, factor: Array, target: Array, relative: Array) -> float:
        below = self.with_diagonal(relative, 0.0)
        return float(np.einsum("ij,ij->", below, below)) + _divergence(
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

    def color_transposed(self, factor: Array, form: Array) -> Array:
        """``L^T form L``."""
        return factor.T @ form @ factor

    def fisher_norm(self, form: Array) -> float:
        return linalg.norm(form) / math.sqrt(2)

    def frame(self, score_mean: Array, score_covariance: Array) -> Array:
        return np.concatenate((score_mean, score_covariance.reshape(-1) / math.sqrt(2)))

    def split_frame(self, vector: Array) -> tuple[Array, Array]:
        d = self.n_features
        return vector[:d], math.sqrt(2) * vector[d:].reshape(self.shape)

    def retract(self, mean: Array, factor: Array, step: Array) -> tuple[Array, Array]:
        form = math.sqrt(2) * step[self.n_features :].reshape(self.shape)
        form = (form + form.T) / 2
        root = linalg.cholesky(self._identity + form + 0.5 * form @ form)
        return mean + factor @ step[: self.n_features], factor @ root

    def largest_variance(self, factor: Array) -> float:
        return linalg.largest_eigenvalue(self.square(factor))

    def largest_precision(self, factor: Array) -> float:
        return linalg.largest_eigenvalue(self.inverse_square(factor))

    def factor_curvature(self, factor: Array, stretch: Array) -> float:
        r"""See `Diagonal`.

        The Hessian couples only entries of one column of the factor. Minus that of column
        j is :math:`T (\Lambda_j + e e^T / L_{jj}^2) T`, with :math:`\Lambda_j` the trailing
        block of the precision from row j on, e the first unit vector and T the identity
        but for the stretch :math:`t_j` in its corner. All of them are below lambda if
        lambda I - Lambda is positive definite, and
        :math:`\lambda > t_j^2 (1 / L_{jj}^2 + \Lambda_{jj} + q_j)`, q being what
        elimination of the rows below takes off its diagonal. Bisection finds the least
        such lambda.
        """
        precision = self.inverse_square(factor)
        squared = stretch * stretch
        corner = squared / factor.diagonal() ** 2 + squared * precision.diagonal()

        def is_above(bound: float) -> bool:
            taken = linalg.eliminated(bound * self._identity - precision)
            return taken is not None and bool((bound > corner + squared * taken).all())

        largest = linalg.largest_eigenvalue(precision)
        below = max(corner.max(), largest)
        return linalg.bisect(is_above, below, 2.0 * below + squared.max() * largest)


def _divergence(factor: Array, target: Array) -> float:
    """Sum of ``r^2 - 1 - 2 log r``, r = target / factor; infinite outside the range of scales.

    r - 1 comes from the difference of the two, so that nothing cancels near r = 1. Far
    below 1 it would lose all of r instead.
    """
    step = (target - factor) / factor
    if np.minimum.reduce(step) > -0.5:
        logs = np.log1p(step)
    elif (factor < LARGEST_SCALE).all():
        logs = np.log(target / factor)
    else:
        return math.inf
    return float(np.add.reduce(step * (2.0 + step) - 2.0 * logs))


Family = Diagonal | Full


def make_family(covariance_type: str, n_features: int) -> Family:
    """The family of a `covariance_type`; of one feature all are elementwise."""
    if covariance_type == "full" and n_features == 1:
        return Diagonal(1, shape=(1, 1))
    families = {"full": Full, "diag": Diagonal, "spherical": Spherical}
    return families[covariance_type](n_features)


def family_of(covariance: ArrayLike, n_features: int) -> Family:
    """The family that a covariance, as a user sees it, belongs to."""
    return make_family(("spherical", "diag", "full")[np.ndim(covariance)], n_features)
