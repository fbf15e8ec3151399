"""Features that do not vary, or of which no value was observed: no other notices them.

A constant in each row gives such a feature that mean, the variance of its ridge and no correlation.
Of one that was never observed it is made up: a zero, or the mean where it is known. Where features
share a variance it stands in next to no rows, beside which the mean is known, and what does not
vary tells of the variance as other features do. No constant is part of the likelihood of the data:
its density is as large as its ridge is small.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple, Self

import numpy as np

from .._typing import Array
from ..gaussian import Family
from ..rows import Window
from .base import Evaluation, Likelihood
from .fixed import Fixed, LikelihoodAround
from .information import Information

_EMPTY_SHARE = 1e-6  # share of the rows with a constant, next to none, where a variance is shared


class ConstantFeatures(NamedTuple):
    """The features of which no two values differ, as constants in all rows.

    Attributes
    ----------
    features : bool ndarray of shape (n_features,)
        Whether each feature is such.
    values : ndarray of shape (n_features,)
        The constants, of which only those of such features count.
    statistics : AnyStatistics
        The statistics of the data with these constants.
    window : Window or None
        The window without limits of these features; None where no others have any.
    in_all_rows : bool
        Whether the constants stand in all rows, or in next to none.
    """

    features: np.ndarray
    values: Array
    statistics: Any
    window: Window | None
    in_all_rows: bool

    @classmethod
    def of(cls, statistics: Any, window: Window | None, family: Family, fixed: Fixed) -> Self:
        """Those of statistics; the constant of a feature never observed is its known mean, or 0."""
        shown = (window.without_fill(statistics) if window else statistics).by_feature
        empty = (shown.observed_weights == 0) & (not statistics.complete)
        in_all_rows = family.multiplicity == 1
        constant = ~empty & in_all_rows & (fixed.moments(shown, family)[1] == 0)
        if shown.coarse:
            constant &= shown.exact.observed_weights == shown.observed_weights
        made_up = 0.0 if fixed.mean is None else fixed.mean
        features, values = empty | constant, np.where(empty, made_up, shown.mean)
        if features.any():
            share = 1.0 if in_all_rows else _EMPTY_SHARE
            if not statistics.complete:
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
    """The likelihood of the data alone, in which no constant counts.

    Parameters
    ----------
    whole : Likelihood
        The likelihood of statistics with the constants.
    constant : ConstantFeatures
    """

    def __init__(self, whole: Any, constant: ConstantFeatures):
        self._whole, self._constant = whole, constant
        known = not (constant.in_all_rows or whole.family.mean_is_known)
        self._of_known_mean = constant.features & known
        self.uncounted = constant.features

    def evaluate(self, mean: Array, factor: Array) -> Evaluation:
        at: Evaluation = self._whole.evaluate(np.where(self._of_known_mean, 0.0, mean), factor)
        at.score_mean = np.where(self._of_known_mean, 0.0, at.score_mean)
        return at

    def log_likelihood(self, at: Evaluation) -> float:
        deviations = self._whole.family.standard_deviations(at.factor)
        of_constants = self._constant.log_likelihood(at.mean, deviations)
        return float(self._whole.log_likelihood(at)) - of_constants

    def _of_whole(self, whole: Information, at: Evaluation) -> Information:
        # About the mean of an empty feature, where this counts as known, that of a complete row.
        family = self._whole.family
        known = np.zeros(at.natural_gradient.size)
        known[: len(self._of_known_mean)] = self._of_known_mean
        return Information(
            whole.matrix + np.diag(family.pack_frame(known)), family, whole.resolution
        )
