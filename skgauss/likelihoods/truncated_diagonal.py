"""Truncated samples of uncorrelated features."""

import math
from functools import cached_property
from typing import Any

import numpy as np

from .._typing import Array
from ..boxes import of_square, univariate_moments
from ..gaussian import Diagonal
from ..rows import Truncation, Window
from .base import Evaluation, Likelihood, cache_latest
from .fixed import NO_FIXED, Fixed
from .information import Information
from .truncated import TruncatedLikelihood, WindowMoments
from .truncated_univariate import TruncatedFeatures

_WINDOW_RESOLUTION = 1e-14  # eigenvalue below which the information, from its formula, is rounding


class TruncatedDiagonal(TruncatedLikelihood):
    """The likelihood of truncated samples of uncorrelated features, one feature at a time.

    A missing value adds nothing to the likelihood: it certainly lies inside its limits.
    """

    family: Diagonal

    def __init__(self, data: Likelihood, window: Window, statistics: Any, fixed: Fixed = NO_FIXED):
        super().__init__(data, window, statistics, fixed)
        self._share = statistics.observed_weights / data.weight
        # Everything is relative to the limit nearer to the data, where moments keep their digits.
        nearer = window.upper - self._mean < self._mean - window.lower
        ends = np.where(nearer, window.upper, window.lower)
        self._origin = np.where(np.isfinite(ends), ends, self._mean)
        self.features = TruncatedFeatures(
            self._mean - self._origin,
            np.broadcast_to(self._covariance, self._mean.shape),
            window.lower - self._origin,
            window.upper - self._origin,
            self._share,
            pooled=self.family.multiplicity > 1,
            mean_is_known=fixed.mean is not None,
        )

    @cached_property
    def guess(self) -> tuple[Array, Array]:
        """The mean and the factor at the maximum, or near it if values lie in intervals.

        They are those of the data if a parameter is known.
        """
        if not self.fixed.is_empty:
            return self._mean, self._root
        mean, variance = self.features.with_maximum().maximum()
        return self._origin + mean, np.sqrt(self.family.project(variance))

    @property
    def existence_known(self) -> bool:
        return self._exact

    @property
    def _has_maximum(self) -> np.ndarray:
        return np.broadcast_to(self.features.has_maximum, self._mean.shape)[self.window.bounded]

    @cache_latest
    def _moments(self, mean: Array, factor: Array) -> Array:
        """`univariate_moments` of the window up to order four, means relative to the origins."""
        scale = self.family.standard_deviations(factor)
        lower, upper = self.features.lower, self.features.upper
        return univariate_moments(lower, upper, upper - lower, mean - self._origin, scale, 4)

    def within(self, mean: Array, factor: Array, expected: Array) -> WindowMoments:
        scale, share = self.family.standard_deviations(factor), self._share
        log_probability, centre, variances = self._moments(mean, factor)[:3]
        parent = mean - self._origin
        inside = (centre - parent) / scale
        with_missing = share * centre + (1 - share) * parent
        return WindowMoments(
            float(share @ log_probability),
            share * inside,
            self.family.project(share * variances + (1 - share) * (1 + share * inside**2)),
            (expected - self._origin - with_missing) / scale,
        )

    def truncation(self, at: Evaluation) -> Truncation:
        return Truncation(self.window, float(self._moments(at.mean, at.factor)[0].sum()))

    @cache_latest
    def information(self, at: Evaluation) -> Information:
        scale, share = self.family.standard_deviations(at.factor), self._share
        _, centre, *central = self._moments(at.mean, at.factor)
        across, squares = of_square((centre - (at.mean - self._origin)) / scale, *central)
        inside = self.family.blocks(
            share * central[0],
            share * across / math.sqrt(2),
            self.family.project(share * squares / 2),
        )
        return Information(inside - self.unknown_of_data(at), self.family, _WINDOW_RESOLUTION)

    def widest_direction(self, at: Evaluation) -> tuple[float, Array, Array]:
        deviations = self.family.standard_deviations
        growth = deviations(at.factor) / deviations(self._root)
        direction = np.zeros_like(at.factor)
        direction[growth.argmax() % len(direction)] = 1.0  # one entry if features share it
        with np.errstate(over="ignore"):  # an iterate may be too wide to square
            return float(growth.max() ** 2), growth, direction
