"""Features that do not vary, or were never observed, kept in a fit without effect on the others.

Such a feature is a constant in all rows: that is its mean, its ridge is its variance, and its
correlations are 0. For a feature that was never observed the constant is made up: its known mean,
or else 0. If features share a variance, this constant is put into next to no rows and its mean
counts as known, while a feature that does not vary informs the variance like any other. Constants
are not part of the likelihood of the data: their density grows without bound as the ridge shrinks.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple, Self

import numpy as np

from .._typing import Array
from .base import Evaluation, Likelihood
from .fixed import LikelihoodWrapper
from .information import Information
from .model import Model

_EMPTY_SHARE = 1e-6  # share of the rows, next to none, with a constant if a variance is shared


class ConstantFeatures(NamedTuple):
    """The features that do not vary or were never observed, and the constants in their place."""

    features: np.ndarray  # (n_features,), whether a constant stands for each feature
    values: Array  # (n_features,), the constants; entries of other features are not used
    model: Model  # with these constants in its statistics, and without limits for them
    in_all_rows: bool  # whether the constants are in all rows, or in next to none

    @classmethod
    def of(cls, model: Model) -> Self:
        """The constant features of a model; one never observed gets its known mean, or 0."""
        statistics, family, fixed, window, _ = model
        observed = (window.without_fill(statistics) if window else statistics).by_feature
        empty = (observed.observed_weights == 0) & (not statistics.complete)
        in_all_rows = family.multiplicity == 1
        constant = ~empty & in_all_rows & (fixed.moments(observed, family)[1] == 0)
        if observed.coarse:
            constant &= observed.exact.observed_weights == observed.observed_weights
        placeholder = 0.0 if fixed.mean is None else fixed.mean
        features, values = empty | constant, np.where(empty, placeholder, observed.mean)
        if features.any():
            share = 1.0 if in_all_rows else _EMPTY_SHARE
            if not statistics.complete:
                statistics = statistics.with_constants(features, values, share)
            window = window and window.opened(features)
            model = model._replace(statistics=statistics, window=window)
        return cls(features, values, model, in_all_rows)

    def without_constants(self, likelihood: Likelihood) -> Likelihood:
        """The likelihood of the data alone, from that of the statistics with constants."""
        if not self.features.any():
            return likelihood
        restricted: Any = LikelihoodWithoutConstants(likelihood, self)
        return restricted

    def log_likelihood(self, mean: Array, deviations: Array) -> float:
        """The nats that the constants add to the average log-likelihood of a row.

        They are independent of other features. Means and standard deviations are (n_features,).
        """
        mean, deviations = (mean - self.values)[self.features], deviations[self.features]
        nats = -0.5 * (math.log(2 * math.pi) + (mean / deviations) ** 2) - np.log(deviations)
        statistics = self.model.statistics
        return float(statistics.observed_weights[self.features] @ nats) / statistics.weight


class LikelihoodWithoutConstants(LikelihoodWrapper):
    """The likelihood of the data alone, from that of the statistics with constants."""

    def __init__(self, likelihood: Any, constant: ConstantFeatures):
        self._wrapped, self._constant = likelihood, constant
        known = not (constant.in_all_rows or likelihood.family.mean_is_known)
        self._has_known_mean = constant.features & known
        self.uncounted = constant.features

    def evaluate(self, mean: Array, factor: Array) -> Evaluation:
        at: Evaluation = self._wrapped.evaluate(np.where(self._has_known_mean, 0.0, mean), factor)
        at.score_mean = np.where(self._has_known_mean, 0.0, at.score_mean)
        return at

    def log_likelihood(self, at: Evaluation) -> float:
        deviations = self._wrapped.family.standard_deviations(at.factor)
        of_constants = self._constant.log_likelihood(at.mean, deviations)
        return float(self._wrapped.log_likelihood(at)) - of_constants

    def _own_information(self, wrapped: Information, at: Evaluation) -> Information:
        # The mean of an empty feature, where it counts as known, has a complete row's information.
        family = self._wrapped.family
        known = np.zeros(at.natural_gradient.size)
        known[: len(self._has_known_mean)] = self._has_known_mean
        return Information(
            wrapped.matrix + np.diag(family.pack_frame(known)), family, wrapped.resolution
        )
