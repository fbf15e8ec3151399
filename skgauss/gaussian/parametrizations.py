r"""Parametrizations: theta <-> (mean, covariance), and the chain rule.

theta is one flat array, the mean followed by a block for the covariance. The block of several
features is a matrix with all its entries, so that the Euclidean inner product of theta is the
Frobenius inner product, and a gradient step moves the matrix as a textbook writes it. With a as
the mean squared deviation of the data from the mean, the formulas for one feature are

=============  ===============  ===========================================
name           block            gradient, with u and U of the likelihood
=============  ===============  ===========================================
scale          sigma            U / sigma          (a / sigma^3 - 1 / sigma)
log-scale      log sigma        U                  (a / sigma^2 - 1)
covariance     v = sigma^2      U / (2 v)          (a / (2 v^2) - 1 / (2 v))
precision      p = 1 / v        -v U / 2           ((v - a) / 2)
=============  ===============  ===========================================
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from .._typing import Array
from .full import Family


@dataclass(frozen=True, eq=False)
class Parametrization(ABC):
    """A way to write a Gaussian as a vector theta.

    Subclasses map the covariance block only; the mean is part of theta as it is.
    """

    family: Family

    def to_theta(self, mean: Array, factor: Array) -> Array:
        """The parameters theta of a Gaussian, as one flat array."""
        return np.concatenate((mean, self._to_block(factor).reshape(-1)))

    def from_theta(self, theta: Array) -> tuple[Array, Array]:
        """The mean and the factor of theta; the likelihood checks that the factor is valid.

        Raises
        ------
        NotPositiveDefiniteError
            If a covariance or precision has no factor.
        """
        mean, block = self._split(theta)
        return mean, self.from_block(block)

    def pullback(self, factor: Array, score_mean: Array, score_covariance: Array) -> Array:
        """The gradient with respect to theta, from the whitened gradient (u, U)."""
        mean = self.family.solve_transposed(factor, score_mean)
        return np.concatenate((mean, self.pull(factor, score_covariance).reshape(-1)))

    def pull_frame(self, factor: Array, gradient: Array) -> Array:
        """The gradient with respect to theta, from the gradient in the frame of a point."""
        return self.pullback(factor, *self.family.split_frame(gradient))

    def push(self, factor: Array, direction: Array) -> Array:
        """The move in the frame of a point that a small step in theta makes.

        The adjoint of `pull_frame`.
        """
        mean, block = self._split(direction)
        return self.family.frame(
            self.family.solve(factor, mean), self.family.multiplicity * self._push(factor, block)
        )

    def learning_rate_bound(self, factor: Array) -> float:
        r"""The largest constant step that is stable at a maximum, 2 / lambda_max(-H).

        It is that for complete data. The gradient vanishes at the maximum, so that the curvature of
        the parametrization drops out, and -H is the Fisher metric: the inverse covariance for the
        mean, :math:`\tfrac12 \| L^{-1} \mathrm{d}\Sigma L^{-T} \|^2` for the block, and nothing
        between the two.
        """
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            of_mean = 0.0 if self.family.mean_is_known else self.family.largest_precision(factor)
            of_block = 0.0 if self.family.covariance_is_known else self._block_curvature(factor)
            return float(np.divide(2.0, max(of_mean, of_block)))

    def _split(self, theta: Array) -> tuple[Array, Array]:
        """The mean and the block, in the shape of a factor, that theta consists of."""
        d = self.family.n_features
        return theta[:d], theta[d:].reshape(self.family.identity.shape)

    @abstractmethod
    def _to_block(self, factor: Array) -> Array:
        """The block that stands for a covariance with this factor."""

    @abstractmethod
    def from_block(self, block: Array) -> Array:
        """The factor of the covariance that the block stands for."""

    @abstractmethod
    def pull(self, factor: Array, form: Array) -> Array:
        """The gradient with respect to the block, from the whitened gradient U."""

    @abstractmethod
    def _push(self, factor: Array, block: Array) -> Array:
        """The whitened change ``L^-1 dSigma L^-T`` that a small step of the block makes."""

    @abstractmethod
    def _block_curvature(self, factor: Array) -> float:
        """The largest eigenvalue of minus the Hessian in the block, at a maximum."""


class Scale(Parametrization):
    """The block is sigma or, for several features, the lower Cholesky factor L."""

    def _to_block(self, factor: Array) -> Array:
        return factor

    def from_block(self, block: Array) -> Array:
        return block

    def pull(self, factor: Array, form: Array) -> Array:
        return self.family.lower(self.family.solve_transposed(factor, form))

    def _push(self, factor: Array, block: Array) -> Array:
        half = self.family.solve(factor, self.family.lower(block))
        return half + half.T

    def _block_curvature(self, factor: Array) -> float:
        return self.family.factor_curvature(factor, np.ones(len(factor)))


class LogScale(Scale):
    """The block is log sigma, or L with the logarithms of its diagonal: any numbers are valid."""

    def _to_block(self, factor: Array) -> Array:
        return self.family.with_diagonal(factor, np.log(self.family.diagonal(factor)))

    def from_block(self, block: Array) -> Array:
        return self.family.with_diagonal(block, np.exp(self.family.diagonal(block)))

    def pull(self, factor: Array, form: Array) -> Array:
        gradient = super().pull(factor, form)
        diagonal = self.family.diagonal(gradient) * self.family.diagonal(factor)
        return self.family.with_diagonal(gradient, diagonal)

    def _push(self, factor: Array, block: Array) -> Array:
        diagonal = self.family.diagonal(block) * self.family.diagonal(factor)
        return super()._push(factor, self.family.with_diagonal(block, diagonal))

    def _block_curvature(self, factor: Array) -> float:
        return self.family.factor_curvature(factor, self.family.diagonal(factor))


class Covariance(Parametrization):
    """The block is sigma^2, or the covariance matrix."""

    def _to_block(self, factor: Array) -> Array:
        return self.family.square(factor)

    def from_block(self, block: Array) -> Array:
        return self.family.root(block)

    def pull(self, factor: Array, form: Array) -> Array:
        return 0.5 * self.family.unwhiten_form(factor, form)

    def _push(self, factor: Array, block: Array) -> Array:
        return self.family.whiten_symmetric(factor, block)

    def _block_curvature(self, factor: Array) -> float:
        largest = self.family.largest_precision(factor)
        return 0.5 * self.family.multiplicity * largest * largest


class Precision(Parametrization):
    """The block is 1 / sigma^2, or the inverse of the covariance matrix."""

    def _to_block(self, factor: Array) -> Array:
        return self.family.inverse_square(factor)

    def from_block(self, block: Array) -> Array:
        return self.family.root_of_inverse(block)

    def pull(self, factor: Array, form: Array) -> Array:
        return -0.5 * self.family.color_form(factor, form)

    def _push(self, factor: Array, block: Array) -> Array:
        return -self.family.color_form(factor.T, block)

    def _block_curvature(self, factor: Array) -> float:
        largest = self.family.largest_variance(factor)
        return 0.5 * self.family.multiplicity * largest * largest


PARAMETRIZATIONS: dict[str, type[Parametrization]] = {
    "scale": Scale,
    "log-scale": LogScale,
    "covariance": Covariance,
    "precision": Precision,
}
