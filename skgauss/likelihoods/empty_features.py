"""Features of which no value was observed, as constants so that the others do not notice them.

A zero, or the mean where it is known, in each row gives such a feature that mean, the variance of
its ridge and no correlation. Where features share a variance the constant stands in next to no
rows, beside which the mean is known. What is made up is no part of the likelihood of the data.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple, Self

import numpy as np

from .._typing import Array
from ..gaussian import Family
from ..rows import Window
from .base import Evaluation, Likelihood
from .fixed import LikelihoodAround
from .information import Information

_EMPTY_SHARE = 1e-6  # share of the rows with a constant, next to none, where a variance is shared


class EmptyFeatures(NamedTuple):
    """The features of which no value was observed, and the constants made up in their place.

    Attributes
    ----------
    features : bool ndarray of shape (n_features,)
        Whether each feature is empty.
    values : ndarray of shape (n_features,)
        The constants, of which only those of empty features count.
    statistics : AnyStatistics
        The statistics of the data with these constants.
    window : Window or None
        The window without limits of empty features; None where no others have any.
    in_all_rows : bool
        Whether the constants stand in all rows, or in next to none.
    """

    features: np.ndarray
    values: Array
    statistics: Any
    window: Window | None
    in_all_rows: bool

    @classmethod
    def of(
        cls, statistics: Any, window: Window | None, family: Family, known_mean: Array | None
    ) -> Self:
        """The empty features of statistics, with the known mean, or else 0, as their constants."""
        shown = (window.without_fill(statistics) if window else statistics).observed_weights
        features = (shown == 0) & (not statistics.complete)
        in_all_rows = family.multiplicity == 1
        values = np.zeros(len(features)) if known_mean is None else known_mean
        if features.any():
            share = 1.0 if in_all_rows else _EMPTY_SHARE
            statistics = statistics.with_constants(features, values, share)
            window = window and window.opened(features)
        return cls(features, values, statistics, window, in_all_rows)

    def without_constants(self, likelihood: Likelihood) -> Likelihood:
        """The likelihood of the data alone, from that of the statistics with constants."""
        if not self.features.any():
            return likelihood
        of_data: Any = LikelihoodWithoutConstants(likelihood, self)
        return of_data

    def log_likelihood(self, mean: Array, deviations: Array) -> float:
        """The nats that the constants add to the average log-likelihood of a row.

        They are independent of other features, with means and standard deviations, (n_features,).
        """
        mean, deviations = (mean - self.values)[self.features], deviations[self.features]
        nats = -0.5 * (math.log(2 * math.pi) + (mean / deviations) ** 2) - np.log(deviations)
        weights = self.statistics.observed_weights[self.features]
        return float(weights @ nats) / self.statistics.weight


class LikelihoodWithoutConstants(LikelihoodAround):
    """The likelihood of the data alone, in which nothing made up counts.

    Parameters
    ----------
    whole : Likelihood
        The likelihood of statistics in which the empty features are constants.
    empty : EmptyFeatures
    """

    def __init__(self, whole: Any, empty: EmptyFeatures):
        self._whole, self._empty = whole, empty
        known = not (empty.in_all_rows or whole.family.mean_is_known)
        self._of_known_mean = empty.features & known

    def evaluate(self, mean: Array, factor: Array) -> Evaluation:
        at: Evaluation = self._whole.evaluate(np.where(self._of_known_mean, 0.0, mean), factor)
        at.score_mean = np.where(self._of_known_mean, 0.0, at.score_mean)
        return at

    def log_likelihood(self, at: Evaluation) -> float:
        deviations = self._whole.family.standard_deviations(at.factor)
        made_up = self._empty.log_likelihood(at.mean, deviations)
        return float(self._whole.log_likelihood(at)) - made_up

    def _of_whole(self, whole: Information, at: Evaluation) -> Information:
        # About the mean of an empty feature, where this counts as known, that of a complete row.
        family = self._whole.family
        known = np.zeros(at.natural_gradient.size)
        known[: len(self._of_known_mean)] = self._of_known_mean
        return Information(
            whole.matrix + np.diag(family.pack_frame(known)), family, whole.resolution
        )
