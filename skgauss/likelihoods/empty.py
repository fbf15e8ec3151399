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
from .base import Evaluation, Likelihood, kept
from .fixed import LikelihoodAround
from .information import Information

_EMPTY_SHARE = 1e-6  # of all rows: few for a variance that features share


class Empty(NamedTuple):
    """Which features are empty, and what is made up of them.

    Attributes
    ----------
    features : bool ndarray of shape (n_features,)
    values : ndarray of shape (n_features,)
        The constants that they are taken for.
    statistics : AnyStatistics
        In which they are.
    window : Window or None
        In which they are unlimited; None where no others have limits.
    in_all_rows : bool
        Whether they are so in all rows, or in next to none.
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
        shown = (window.without_fill(statistics) if window else statistics).observed_weights
        features = (shown == 0) & (not statistics.complete)
        in_all_rows = family.multiplicity == 1
        values = np.zeros(len(features)) if known_mean is None else known_mean
        if features.any():
            share = 1.0 if in_all_rows else _EMPTY_SHARE
            statistics = statistics.with_constants(features, values, share)
            window = window and window.opened(features)
        return cls(features, values, statistics, window, in_all_rows)

    def beside(self, likelihood: Likelihood) -> Likelihood:
        """The likelihood of such statistics, as that of the data."""
        if not self.features.any():
            return likelihood
        of_data: Any = LikelihoodBesideEmpty(likelihood, self)
        return of_data

    def log_likelihood(self, mean: Array, deviations: Array) -> float:
        """What the constants add to the average over all rows, in nats, beside no correlation."""
        mean, deviations = (mean - self.values)[self.features], deviations[self.features]
        nats = -0.5 * (math.log(2 * math.pi) + (mean / deviations) ** 2) - np.log(deviations)
        weights = self.statistics.observed_weights[self.features]
        return float(weights @ nats) / self.statistics.weight


class LikelihoodBesideEmpty(LikelihoodAround):
    """The likelihood of the data alone, in which nothing made up counts.

    Parameters
    ----------
    whole : Likelihood
        Of statistics in which the empty features are constants.
    empty : Empty
    """

    def __init__(self, whole: Any, empty: Empty):
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

    @kept
    def information(self, at: Evaluation) -> Information:
        return self._of_data(self._whole.information(at), at)

    def information_of_step(self, at: Evaluation) -> Information:
        return self._of_data(self._whole.information_of_step(at), at)

    def _of_data(self, whole: Information, at: Evaluation) -> Information:
        """The information of the data; about means that are known it is as much as a row has."""
        family = self._whole.family
        known = np.zeros(at.natural_gradient.size)
        known[: len(self._of_known_mean)] = self._of_known_mean
        return Information(
            whole.matrix + np.diag(family.pack_frame(known)), family, whole.resolution
        )
