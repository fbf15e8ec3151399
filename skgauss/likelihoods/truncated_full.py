"""Truncated samples of correlated features."""

from functools import cached_property
from typing import Any, Self

import numpy as np

from .._typing import Array
from ..boxes import MIN_LATTICE_VARIABLES, N_POINTS, Lattice
from ..conditioning import (
    Standardization,
    error_on_most_points,
    lattice_of_step,
    lattice_of_window,
    suits_window,
)
from ..gaussian import Full, NotPositiveDefiniteError
from ..rows import Window
from .base import Evaluation, Likelihood, cache_latest
from .fixed import NO_FIXED, Fixed
from .information import Information
from .truncated import TruncatedLikelihood, WindowMoments
from .truncated_information import Box
from .truncated_univariate import TruncatedFeatures


class TruncatedFull(TruncatedLikelihood):
    """The likelihood of truncated samples of correlated features."""

    family: Full

    def __init__(self, data: Likelihood, window: Window, statistics: Any, fixed: Fixed = NO_FIXED):
        super().__init__(data, window, statistics, fixed)
        some = self._bounded = window.bounded
        self._box = Box(some, window.lower[some], window.upper[some])

    @cached_property
    def features(self) -> TruncatedFeatures:
        """The sample of each feature with limits by itself, relative to the mean of the data."""
        center = self._mean[self._bounded]
        return TruncatedFeatures(
            np.zeros_like(center),
            self._covariance.diagonal()[self._bounded],
            self._box.lower - center,
            self._box.upper - center,
            np.ones_like(center),
            mean_is_known=self.fixed.mean is not None,
        )

    @cached_property
    def guess(self) -> tuple[Array, Array]:
        """The mean and the factor at the maximum if one feature has limits, else those of the data.

        The other features follow that one by regression. If values are not known exactly, the point
        is only near the maximum. Those of the data also serve if a parameter is known, or if the
        one feature has no maximum.
        """
        one = len(self._bounded) == 1 and self.fixed.is_empty
        if not one or not self.features.has_maximum[0]:
            return self._mean, self._root
        shift, variance = self.features.maximum()
        rows = self._covariance[self._bounded]
        slopes = rows[0] / self.features.variance
        change = variance - self.features.variance
        return (
            self._mean + slopes * shift,
            self.family.root(self._covariance + change * np.outer(slopes, slopes)),
        )

    @property
    def existence_known(self) -> bool:
        # If several features have limits, only the climb can tell.
        return self._exact and len(self._bounded) == 1

    @property
    def _has_maximum(self) -> np.ndarray:
        return self.features.has_maximum

    @cached_property
    def pilot(self) -> Standardization | None:
        """A Gaussian that sets the lattices before the climb; None without any.

        It is that of the fit of the data without the window, since a guess that takes features as
        uncorrelated needs no points at all.
        """
        if len(self._bounded) < MIN_LATTICE_VARIABLES:
            return self._data.pilot
        mean, factor = self.fixed.restrict(self._data).near_maximum
        return Standardization.of(mean, self.family, factor)

    @cached_property
    def _lattice(self) -> Lattice | None:
        """The lattice on which the window is integrated; None if there are formulas."""
        if len(self._bounded) < MIN_LATTICE_VARIABLES:
            return None
        assert self.pilot is not None
        box = self._box.about(self.pilot.origin, self.pilot.factor)
        return lattice_of_window(box, self.weight)

    def with_pilot(self, pilot: Standardization) -> Self:
        likelihood = super().with_pilot(pilot)
        vars(likelihood).pop("_lattice", None)
        if self._data.pilot is not None:
            likelihood._data = self._data.with_pilot(pilot)
        return likelihood

    def is_accurate(self, at: Evaluation) -> bool:
        boxes, lattice = self._box.about(at.mean, at.factor), self._lattice
        suits = lattice is None or suits_window(lattice, boxes, self.weight)
        return suits and self._data.is_accurate(at)

    def error_of_window(self, at: Evaluation) -> float:
        box, lattice = self._box.about(at.mean, at.factor), self._lattice
        return 0.0 if lattice is None else error_on_most_points(lattice, box, self.weight)

    @property
    def approximation(self) -> Likelihood | None:
        approximation = super().approximation
        if approximation is not None and self._lattice is not None:
            approximation.__dict__["_lattice"] = self._lattice.with_points(N_POINTS)
        return approximation

    def within(self, mean: Array, factor: Array, expected: Array) -> WindowMoments:
        try:
            log_probability, inside, covariance = self._box.moments(mean, factor, self._lattice)
        except np.linalg.LinAlgError:  # the square of the factor is singular in float64
            raise NotPositiveDefiniteError from None
        deviation = self.family.solve(factor, expected - mean) - inside
        return WindowMoments(log_probability, inside, covariance, deviation)

    @cache_latest
    def information(self, at: Evaluation) -> Information:
        return self._information_on(self._lattice, at)

    @cache_latest
    def information_of_step(self, at: Evaluation) -> Information:
        """The information with the window integrated on no more points than a step needs."""
        fine = self._lattice
        if fine is None:
            return self.information(at)
        boxes = self._box.about(at.mean, at.factor)
        # Incomplete data, or a ridge that leaves no maximum, may take many steps.
        of_few_steps = self._exact and self.ridge is None
        coarse = lattice_of_step(fine, boxes, of_few_steps=of_few_steps)
        return self.information(at) if coarse is fine else self._information_on(coarse, at)

    def _information_on(self, lattice: Lattice | None, at: Evaluation) -> Information:
        """Minus the Hessian in the frame of a point, with the window integrated on a lattice."""
        window = self._box.information(at.mean, at.factor, lattice)
        return Information(window - self.unknown_of_data(at), self.family)

    def widest_direction(self, at: Evaluation) -> tuple[float, Array, Array]:
        """See `TruncatedLikelihood`; the direction may combine all features."""
        _, widths, directions = np.linalg.svd(self.family.solve(self._root, at.factor))
        growth = np.abs(at.factor @ directions[0]) / np.sqrt(self._covariance.diagonal())
        return float(widths[0]) ** 2, growth, directions[0]
