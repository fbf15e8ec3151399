r"""A likelihood with known parameters: the mean, the covariance, or both.

Known parameters are put into every point and have gradient 0, so that no solver moves them.
Curvature and the number of parameters are those of the free parameters. About a known mean mu the
scatter of the data is :math:`S + (\bar x - \mu)(\bar x - \mu)^T`.

References
----------
Anderson (2003), An Introduction to Multivariate Statistical Analysis, sections 3.2 and 3.3.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property, partial
from typing import Any, NamedTuple, Self

import numpy as np

from .._typing import Array
from ..conditioning import Standardization
from ..gaussian import Family
from .base import Evaluation, Likelihood, Products, cache_latest
from .information import Information


class Fixed(NamedTuple):
    """The known parameters of a Gaussian, which are not estimated; None means free."""

    mean: Array | None = None  # (n_features,)
    covariance: Array | None = None  # in the shape of the family, as its factor
    factor: Array | None = None

    @property
    def is_empty(self) -> bool:
        """Whether neither mean nor covariance is known."""
        return self.mean is None and self.factor is None

    def apply(self, mean: Array, factor: Array) -> tuple[Array, Array]:
        """The mean and the factor, each replaced by its known value, if any."""
        if self.mean is not None:
            mean = self.mean
        if self.factor is not None:
            factor = self.factor
        return mean, factor

    def about(self, statistics: Any, family: Family) -> Any:
        """The statistics with their second moments about the known mean.

        They are returned unchanged if no mean is known, or if they hold rows or intervals one by
        one, and so no moments.
        """
        by_pattern = family.correlated and not statistics.complete
        if self.mean is None or statistics.coarse or by_pattern:
            return statistics
        return (statistics if statistics.complete else statistics.by_feature).about(self.mean)

    def moments(self, statistics: Any, family: Family) -> tuple[Array, Array]:
        """The means and the variances, (n_features,) each: known ones, or else those of the data.

        Variances of the data are about the known mean, if any.
        """
        mean, variances = statistics.mean, statistics.variances
        if self.mean is not None:
            mean, variances = self.mean, variances + (mean - self.mean) ** 2
        if self.factor is not None:
            variances = family.standard_deviations(self.factor) ** 2
        return mean, variances

    def restrict(self, likelihood: Likelihood) -> Likelihood:
        """The likelihood with the known parameters fixed at their values."""
        if self.is_empty:
            return likelihood
        restricted: Any = FixedLikelihood(likelihood, self)
        return restricted


NO_FIXED = Fixed()


class LikelihoodWrapper(ABC):
    """A `Likelihood` that wraps another, `_wrapped`, and takes from it what it does not define."""

    _wrapped: Any
    changed: Any = Likelihood.changed  # returns a copy of the wrapper

    @cache_latest
    def information(self, at: Evaluation) -> Information:
        return self._own_information(self._wrapped.information(at), at)

    def information_of_step(self, at: Evaluation) -> Information:
        return self._own_information(self._wrapped.information_of_step(at), at)

    @abstractmethod
    def _own_information(self, wrapped: Information, at: Evaluation) -> Information:
        """The information at a point, from that of `_wrapped`."""

    def with_pilot(self, pilot: Standardization) -> Self:
        moved: Self = self.changed(_wrapped=self._wrapped.with_pilot(pilot))
        return moved

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # copying looks up such names before `_wrapped` is set
            raise AttributeError(name)
        return getattr(self._wrapped, name)


class FixedLikelihood(LikelihoodWrapper):
    """A likelihood in which some parameters are known, from the one with all parameters free."""

    def __init__(self, likelihood: Any, fixed: Fixed):
        self._wrapped, self._fixed = likelihood, fixed
        known = {"mean": fixed.mean is not None, "covariance": fixed.factor is not None}
        self.family: Family = likelihood.family.knowing(**known)

    def evaluate(self, mean: Array, factor: Array) -> Evaluation:
        at = self._wrapped.evaluate(*self._fixed.apply(mean, factor))
        at.restrict(self.family)
        return at

    def covariance(self, factor: Array) -> Array:
        known = self._fixed.covariance
        return self._wrapped.covariance(factor) if known is None else known

    def natural_step(self, at: Evaluation, rate: float) -> tuple[Array, Array]:
        if self._fixed.factor is None:
            return self._wrapped.natural_step(at, rate)
        return at.mean + rate * self.family.colorize(at.factor, at.score_mean), at.factor

    @cached_property
    def guess(self) -> tuple[Array, Array]:
        """The mean and the factor of the whole likelihood's guess, with known parameters put in.

        A free covariance is then taken about the known mean.
        """
        mean, factor = self._wrapped.guess
        if self._fixed.mean is not None and self._fixed.factor is None:
            delta = mean - self._fixed.mean
            if delta.any():
                shift = self.family.outer_covariance(delta)
                factor = self.family.root(self.family.square(factor) + shift)
        return self._fixed.apply(mean, factor)

    @cached_property
    def value_of_the_guess(self) -> float:
        return self.evaluate(*self.guess).value

    near_maximum = Likelihood.near_maximum  # of this likelihood, not of the one with all free

    @property
    def maximum(self) -> tuple[Array, Array] | None:
        maximum = self._wrapped.maximum
        return maximum and self._fixed.apply(*maximum)

    @property
    def has_one_maximum(self) -> bool:
        """Whether a stationary point is always the maximum.

        This is so if only the mean is free, in which the likelihood is concave, except for
        incomplete rows in a window.
        """
        of_mean = self._fixed.factor is not None and not self._wrapped.natural_coordinates
        return bool(of_mean or not self.family.n_parameters or self._wrapped.has_one_maximum)

    def is_known_to_be_maximum(self, at: Evaluation) -> bool:
        return self.has_one_maximum

    @property
    def approximation(self) -> Likelihood | None:
        approximation = self._wrapped.approximation
        return approximation and self._fixed.restrict(approximation)

    def _own_information(self, wrapped: Information, at: Evaluation) -> Information:
        return Information(self._free_block(wrapped.matrix), self.family, wrapped.resolution)

    def products(self, at: Evaluation) -> Products | None:
        wrapped = self._wrapped.products(at)
        return wrapped and Products(*(partial(self._free_product, product) for product in wrapped))

    def _free_product(self, product: Callable[[Array], Array], step: Array) -> Array:
        """The product of the whole likelihood with a step, without its parts that are known."""
        return self.family.unpack_frame(self.family.pack_frame(product(step)))

    def connection_term(self, gradient: Array) -> Array | float:
        packed = self.family.unrestricted.pack_frame(self.family.unpack_frame(gradient))
        return self._free_block(self._wrapped.connection_term(packed))

    def _free_block(self, matrix: Any) -> Any:
        """The rows and columns of free parameters in a matrix of the packed frame.

        A number, which stands for a matrix of zeros, is returned as it is.
        """
        return matrix[self.family.free, self.family.free] if np.ndim(matrix) else matrix

    @property
    def bounded(self) -> bool:
        return self._fixed.factor is not None or self._wrapped.bounded

    def inflation(self, at: Evaluation) -> float:
        return 1.0 if self._fixed.factor is not None else self._wrapped.inflation(at)

    def is_degenerate(self, at: Evaluation) -> bool:
        if self._fixed.factor is not None:
            return False
        # The climb is compared with the guess, which must have the known parameters, too.
        self._wrapped.value_of_the_guess = self.value_of_the_guess
        return self._wrapped.is_degenerate(at)
