"""Families of uncorrelated features: a factor holds their standard deviations, or the common one.

Nothing here builds a (d, d) array. `base` says what a family is.
"""

import math
from typing import Any

import numpy as np

from .._typing import Array
from . import linalg
from .base import CovarianceFamily
from .linalg import NotPositiveDefiniteError


class Diagonal(CovarianceFamily):
    """Uncorrelated features, with elementwise algebra on their standard deviations.

    Parameters
    ----------
    n_features : int
    shape : tuple of int, optional
        Shape of a covariance as users see it, (n_features,) by default. A full covariance
        of one feature is a diagonal family of shape (1, 1).
    multiplicity : int, default=1
    """

    correlated = False

    def __init__(
        self, n_features: int, shape: tuple[int, ...] | None = None, multiplicity: int = 1
    ):
        super().__init__(n_features, np.ones(n_features // multiplicity))
        self.multiplicity = multiplicity
        self.shape = (n_features,) if shape is None else shape
        self.scatter_shape = shape or (n_features,)

    # -- between covariances as users see them and as this family holds them

    def pack(self, covariance: Array) -> Array:
        """The covariance as this family holds it, from that which a user gave."""
        return np.reshape(covariance, -1)

    def unpack(self, covariance: Array) -> Array | float:
        """The covariance as a user sees it, from that which this family holds."""
        return covariance.reshape(self.shape)

    def is_symmetric(self, covariance: Array) -> bool:
        """Whether a covariance that a user gave is symmetric apart from rounding."""
        return True

    # -- statistics

    def project(self, scatter: Array) -> Array:
        """The covariance of this family that maximises the likelihood of a scatter."""
        return scatter.reshape(-1)

    def add_ridge(self, scatter: Array, ridge: Array) -> Array:
        """The scatter with a ridge, (n_features,), added to its variances."""
        return scatter + ridge.reshape(self.scatter_shape)

    # -- factors

    def root(self, covariance: Array) -> Array:
        """The factor L of a covariance.

        Raises
        ------
        NotPositiveDefiniteError
            If it has none.
        """
        if not (covariance > 0).all():
            raise NotPositiveDefiniteError
        return np.sqrt(covariance)

    def square(self, factor: Array) -> Array:
        """The covariance of a factor."""
        return factor * factor

    def root_of_inverse(self, precision: Array) -> Array:
        """The factor of the covariance whose inverse is given."""
        return 1.0 / self.root(precision)

    def inverse_square(self, factor: Array) -> Array:
        """The inverse of the covariance of a factor."""
        return 1.0 / (factor * factor)

    def diagonal(self, factor: Array) -> Array:
        return factor

    def with_diagonal(self, factor: Array, diagonal: Array) -> Array:
        """A copy of a factor with another diagonal."""
        return diagonal

    def standard_deviations(self, factor: Array) -> Array:
        """The standard deviation of each feature, (n_features,)."""
        return factor

    def trace_inverse(self, factor: Array, ridge: Array) -> float:
        """The trace of the inverse covariance times diag(ridge), a ridge of shape (n_features,)."""
        return float((ridge / (factor * factor)).sum())

    def marginal(self, factor: Array, kept: list[int]) -> Array:
        """The factor of the covariance of the features `kept`, in that order."""
        return factor[kept]

    def conditional(
        self, factor: Array, given: list[int], kept: list[int], deviations: Array
    ) -> tuple[Array, Array]:
        """The distribution of the features `kept`, given the deviations of others from their means.

        Returns
        -------
        shift : ndarray of shape (n_kept,)
            The changes of the means.
        factor : ndarray
            The factor of the conditional covariance.
        """
        return np.zeros(len(kept)), self.marginal(factor, kept)

    def correlation_condition(self, covariance: Array, factor: Array) -> float:
        """The condition number of the correlation matrix, estimated in the 1-norm."""
        return 1.0

    # -- rows of data

    def inverse(self, factor: Array) -> Array:
        """The inverse of a factor, lower triangular like it."""
        return 1.0 / factor

    def whiten(self, inverse: Any, rows: Any) -> Any:
        """``L^-1 x`` of each row x, (n_rows, n_features), from the inverse of L.

        The rows are of any array library and may be overwritten.
        """
        rows *= inverse
        return rows

    def squared_lengths(self, inverse: Array, rows: Array) -> Array:
        """The squared length of each row once whitened, (n_rows,); the rows are overwritten."""
        whitened = self.whiten(inverse, rows)
        whitened *= whitened
        return whitened @ np.ones(self.n_features)

    def colorize(self, factor: Array, rows: Array) -> Array:
        """``L z`` of each row z, (n_rows, n_features)."""
        return rows * factor

    # -- single deviations and symmetric forms

    def solve(self, factor: Array, other: Array) -> Array:
        """``L^-1 other``."""
        return other / factor

    solve_transposed = solve

    def lower(self, form: Array) -> Array:
        """The form with zeros above its diagonal, like a factor."""
        return form

    def outer(self, deviation: Array) -> Array:
        return deviation * deviation

    def symmetric_outer(self, one: Array, other: Array) -> Array:
        """The form a b^T + b a^T of two whitened deviations, (n_features,) each."""
        return 2.0 * one * other

    def excess(self, relative: Array) -> Array:
        """``R R^T - I`` as a whitened form, for R = L^-1 F."""
        return self.multiplicity * (relative * relative - 1.0)

    def divergence(self, factor: Array, target: Array, relative: Array) -> float:
        """``tr(R R^T) - d - log det(R R^T)`` for R = L^-1 F, to full relative precision.

        Summed from the terms ``r^2 - 1 - 2 log r``, none of them negative.
        """
        return self.multiplicity * linalg.scale_divergence(factor, target)

    def unwhiten_form(self, factor: Array, form: Array) -> Array:
        """``L^-T form L^-1``."""
        return form / (factor * factor)

    whiten_symmetric = unwhiten_form  # ``L^-1 covariance L^-T``

    def color_form(self, factor: Array, form: Array) -> Array:
        """``L form L^T``."""
        return form * (factor * factor)

    # -- moves in the frame of a point

    def retract(self, mean: Array, factor: Array, step: Array) -> tuple[Array, Array]:
        """The mean and the factor to which a step (p, P) in the frame of a point leads.

        The covariance :math:`L (I + P + P^2 / 2) L^T` is positive definite for every step.
        """
        relative = math.sqrt(2 / self.multiplicity) * step[self.n_features :]
        stretch = np.sqrt(1 + relative + relative * relative / 2)
        return mean + factor * step[: self.n_features], factor * stretch

    def pack_frame(self, vector: Array) -> Array:
        """The free entries of a vector of the frame, with each pair of features once."""
        return vector[self.free]

    def unpack_frame(self, packed: Array) -> Array:
        """Vectors of the frame from packed ones, on the last axis; known entries are 0."""
        vectors = np.zeros((*packed.shape[:-1], self.n_all))
        vectors[..., self.free] = packed
        return vectors

    def gradient_along(
        self, step: Array, turn: Array, score_mean: Array, score_covariance: Array
    ) -> Array:
        """The gradient with respect to a step in a frame, from the gradient (u, U) at its end.

        `turn` is L^-1 times the factor at the end of the step.
        """
        share = math.sqrt(2 / self.multiplicity)
        slope = share * (1 + share * step[self.n_features :])
        mean = score_mean / turn
        return np.concatenate((mean, 0.5 * slope * score_covariance / (turn * turn)))

    def connection_term(self, gradient: Array) -> Array:
        """The Hessian along steps in the natural parameters, less that along steps by `retract`.

        The difference depends on the function through its gradient only. Gradient and matrix are
        packed, with n_parameters entries a side.
        """
        of_mean, form = self.split_frame(gradient)
        return self.blocks(0 * of_mean, math.sqrt(2) * of_mean, form / self.multiplicity)

    def blocks(self, of_means: Array, across: Array, of_variances: Array) -> Array:
        """The matrix in the packed frame that couples no two features.

        `of_means` and `of_variances` are its diagonal, and `across` holds for each feature the
        entry between mean and variance.
        """
        # Each feature takes part in a step of a common variance.
        mixed = across / math.sqrt(self.multiplicity)
        mixed = mixed[:, None] if self.multiplicity > 1 else np.diag(mixed)
        d = self.n_features
        matrix = np.diag(np.concatenate((of_means, of_variances)))
        matrix[:d, d:], matrix[d:, :d] = mixed, mixed.T
        return matrix

    def relative_moves(self, factor: Array, steps: Array) -> tuple[Array, Array]:
        """The changes of mean and covariance that packed steps make, to first order.

        Returns
        -------
        means : ndarray of shape (n_steps, n_features)
            In standard deviations of the features.
        covariances : ndarray of shape (n_steps, n_features) or (n_steps, n_features, n_features)
            In products of two standard deviations.
        """
        steps = self.unpack_frame(steps)
        variances = math.sqrt(2 / self.multiplicity) * steps[:, self.n_features :]
        return steps[:, : self.n_features], variances + np.zeros(self.n_features)

    def relative_covariance(self, factor: Array, i: int, j: int) -> tuple[Array, Array]:
        """The gradient and the Hessian, along packed steps, of a covariance over its two scales.

        It is that of features i and j. The scales are the standard deviations before the steps.
        """
        share = math.sqrt(2 / self.multiplicity)
        gradient = np.zeros(self.n_all)
        gradient[self.n_features + (j if self.multiplicity == 1 else 0)] = share
        gradient = gradient[self.free]
        return gradient, np.outer(gradient, gradient)

    def scores(self, whitened: Array, spread: Array) -> Array:
        """The gradient of each row's log-density in this frame, packed, (n_rows, n_parameters).

        The rows are whitened, with missing values at their conditional means; `spread` is the
        whitened conditional covariance, or its diagonal if features are uncorrelated.
        """
        forms = whitened * whitened + spread - 1.0
        if self.multiplicity > 1:
            forms = forms.sum(axis=1, keepdims=True)
        return np.hstack((whitened, forms / math.sqrt(2 * self.multiplicity)))[:, self.free]

    # -- curvature

    def largest_variance(self, factor: Array) -> float:
        """The largest eigenvalue of the covariance."""
        return float(factor.max()) ** 2

    def largest_precision(self, factor: Array) -> float:
        """The largest eigenvalue of the inverse of the covariance."""
        return float(factor.min()) ** -2.0

    def factor_curvature(self, factor: Array, stretch: Array) -> float:
        """The largest eigenvalue of minus the Hessian in the factor, at the maximum.

        `stretch` is the derivative of the factor's diagonal with respect to its parameters, which
        may be its logarithms.
        """
        return 2.0 * self.multiplicity * float((stretch / factor).max()) ** 2


class Spherical(Diagonal):
    """One variance for all features."""

    def __init__(self, n_features: int):
        super().__init__(n_features, (), n_features)

    def unpack(self, covariance: Array) -> float:
        return float(covariance[0])

    def project(self, scatter: Array) -> Array:
        return scatter.mean(keepdims=True)

    def marginal(self, factor: Array, kept: list[int]) -> Array:
        return factor

    def standard_deviations(self, factor: Array) -> Array:
        return np.full(self.n_features, factor[0])

    def outer(self, deviation: Array) -> Array:
        return np.array([deviation @ deviation])

    def symmetric_outer(self, one: Array, other: Array) -> Array:
        return np.array([2.0 * one @ other])
