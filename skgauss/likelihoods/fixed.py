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
from typing import Any, NamedTuple

import numpy as np

from .._typing import Array
from ..gaussian import Family
from .base import Evaluation, Likelihood, Products, kept
from .information import Information


class Fixed(NamedTuple):
    """The known parameters of a Gaussian, which are not estimated; None means free."""

    mean: Array | None = None  # (n_features,)
    covariance: Array | None = None  # in the shape of the family, as its factor
    factor: Array | None = None

    @property
    def nothing(self) -> bool:
        """Whether neither mean nor covariance is known."""
        return self.mean is None and self.factor is None

    def put(self, mean: Array, factor: Array) -> tuple[Array, Array]:
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

    def of(self, likelihood: Likelihood) -> Likelihood:
        """The likelihood with the known parameters fixed at their values."""
        if self.nothing:
            return likelihood
        restricted: Any = FixedLikelihood(likelihood, self)
        return restricted


NOTHING = Fixed()


class LikelihoodAround(ABC):
    """A `Likelihood` that wraps another, `_whole`, and takes from it what it does not define."""

    _whole: Any

    @kept
    def information(self, at: Evaluation) -> Information:
        return self._of_whole(self._whole.information(at), at)

    def information_of_step(self, at: Evaluation) -> Information:
        return self._of_whole(self._whole.information_of_step(at), at)

    @abstractmethod
    def _of_whole(self, whole: Information, at: Evaluation) -> Information:
        """The information at a point, from that of `_whole`."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # copying looks up such names before `_whole` is set
            raise AttributeError(name)
        return getattr(self._whole, name)


class FixedLikelihood(LikelihoodAround):
    """A likelihood in which some parameters are known.

    Parameters
    ----------
    whole : Likelihood
        The same likelihood with all parameters free.
    fixed : Fixed
        The parameters that are known.
    """

    def __init__(self, whole: Any, fixed: Fixed):
        self._whole, self._fixed = whole, fixed
        known = {"mean": fixed.mean is not None, "covariance": fixed.factor is not None}
        self.family: Family = whole.family.knowing(**known)

    def evaluate(self, mean: Array, factor: Array) -> Evaluation:
        at = self._whole.evaluate(*self._fixed.put(mean, factor))
        at.restrict(self.family)
        return at

    def covariance(self, factor: Array) -> Array:
        known = self._fixed.covariance
        return self._whole.covariance(factor) if known is None else known

    def natural_step(self, at: Evaluation, rate: float) -> tuple[Array, Array]:
        if self._fixed.factor is None:
            return self._whole.natural_step(at, rate)
        return at.mean + rate * self.family.colorize(at.factor, at.score_mean), at.factor

    @cached_property
    def guess(self) -> tuple[Array, Array]:
        """The mean and the factor of the whole likelihood's guess, with known parameters put in.

        A free covariance is then taken about the known mean.
        """
        mean, factor = self._whole.guess
        if self._fixed.mean is not None and self._fixed.factor is None:
            delta = mean - self._fixed.mean
            if delta.any():
                beside = self.family.outer_covariance(delta)
                factor = self.family.root(self.family.square(factor) + beside)
        return self._fixed.put(mean, factor)

    @cached_property
    def value_of_the_guess(self) -> float:
        return self.evaluate(*self.guess).value

    @property
    def maximum(self) -> tuple[Array, Array] | None:
        maximum = self._whole.maximum
        return maximum and self._fixed.put(*maximum)

    @property
    def has_one_maximum(self) -> bool:
        """Whether a stationary point is always the maximum.

        This is so if only the mean is free, in which the likelihood is concave, except for
        incomplete rows in a window.
        """
        of_mean = self._fixed.factor is not None and not self._whole.natural_coordinates
        return bool(of_mean or not self.family.n_parameters or self._whole.has_one_maximum)

    def is_known_to_be_maximum(self, at: Evaluation) -> bool:
        return self.has_one_maximum

    @property
    def rough(self) -> Likelihood | None:
        rough = self._whole.rough
        return rough and self._fixed.of(rough)

    def _of_whole(self, whole: Information, at: Evaluation) -> Information:
        return Information(self._of_free(whole.matrix), self.family, whole.resolution)

    def products(self, at: Evaluation) -> Products | None:
        whole = self._whole.products(at)
        return whole and Products(*(partial(self._product_of_free, product) for product in whole))

    def _product_of_free(self, product: Callable[[Array], Array], step: Array) -> Array:
        """The product of the whole likelihood with a step, without its parts that are known."""
        return self.family.unpack_frame(self.family.pack_frame(product(step)))

    def connection_term(self, gradient: Array) -> Array | float:
        whole = self.family.whole.pack_frame(self.family.unpack_frame(gradient))
        return self._of_free(self._whole.connection_term(whole))

    def _of_free(self, matrix: Any) -> Any:
        """The rows and columns of free parameters in a matrix of the packed frame.

        A number, which stands for a matrix of zeros, is returned as it is.
        """
        return matrix[self.family.free, self.family.free] if np.ndim(matrix) else matrix

    @property
    def bounded(self) -> bool:
        return self._fixed.factor is not None or self._whole.bounded

    def inflation(self, at: Evaluation) -> float:
        return 1.0 if self._fixed.factor is not None else self._whole.inflation(at)

    def is_degenerate(self, at: Evaluation) -> bool:
        if self._fixed.factor is not None:
            return False
        # The climb is compared with the guess, which must have the known parameters, too.
        self._whole.value_of_the_guess = self.value_of_the_guess
        return self._whole.is_degenerate(at)
