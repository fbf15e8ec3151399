r"""Concentration steps: fit the least unusual rows under the last fit, until they stay the same.

A step ranks all rows by the p-values of their observed values, keeps a share of them, and computes
the mean and covariance of the kept rows. On complete data each step lowers the determinant of the
covariance. If values are missing, a step fits the kept rows by a few EM steps from the last fit.

Kept rows lie near the mean, so they understate the covariance, and most so if they show few values.
Each deviation from the mean is therefore multiplied by the root of its consistency factor, so that
rows that show different numbers of values estimate the same covariance. At the end all rows count
whose p-value is at least 0.025. This is known as reweighting.

References
----------
Rousseeuw and Van Driessen (1999), "A fast algorithm for the minimum covariance determinant
estimator", Technometrics 41(3); Croux and Haesbroeck (1999), Journal of Multivariate Analysis
71(2), for the factors on complete data.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from .._typing import Array
from ..density import FittedGaussian
from ..gaussian import Family, NotPositiveDefiniteError, linalg
from ..likelihoods import Fixed, Likelihood, Model, likelihood_with_ridge
from ..rows import Block, Summarize
from ..statistics import AnyStatistics, IncompleteStatistics, SufficientStatistics
from .p_values import consistency_factors, log_p_values
from .start import ROUNDING, SortedColumns, robust_starts

_KEPT_LEVEL = 0.025  # the smallest p-value of a row that counts in the final fit
_N_FIRST_STEPS = 2  # concentration steps from every start, before one of the starts is chosen
_MAX_RANKINGS = 50  # concentration steps; they end here if the kept rows still change
_STEPS_BETWEEN_RANKINGS = 5  # EM steps: fewer waste rankings, more waste fits to rows that change
_SETTLED_NORM = 1e-4  # the natural gradient norm at which the rows that are kept count as fitted

MeanAndFactor = tuple[Array, Array]
KeptStatistics = SufficientStatistics | IncompleteStatistics


class SingularRowsError(NotPositiveDefiniteError):
    """The rows that a step keeps have a singular covariance."""

    def __init__(self, covariance: Array):
        super().__init__()
        covariance = covariance if covariance.ndim == 2 else np.diag(covariance)
        # The indices of features that are constant in these rows, or depend on each other linearly.
        self.features = linalg.linear_relation(covariance, linalg.SHARPENING_WEIGHT)


@dataclass(frozen=True)
class ConcentrationSteps:
    """Concentration steps on rows in memory."""

    columns: SortedColumns  # all rows, finite or NaN where a value is missing, with weights above 0
    n_kept: float  # the weight of the rows that a step keeps; rows without a value do not count
    family: Family
    ridge: Array  # (n_features,), added to the variances, in their units; 0 is no ridge
    fixed: Fixed  # the mean and the covariance that are known, if any

    def run(self) -> tuple[np.ndarray, AnyStatistics]:
        """Which rows count in the end, bool of shape (n_rows,), and their stretched statistics.

        Of all starts the one that leads to the smallest determinant of the covariance is used.

        Raises
        ------
        SingularRowsError
            If the rows that a step keeps have a singular covariance, and there is no ridge.
        """
        starts = [self.fixed.apply(*start) for start in robust_starts(self.columns, self.family)]
        near = [self._concentrate(start, _N_FIRST_STEPS) for start in starts]
        nearest = min(near, key=lambda end: self.family.log_det(end[1]))
        mean, factor = self._concentrate(nearest, _MAX_RANKINGS)
        support = log_p_values(self._gaussian((mean, factor)), self._block) >= np.log(_KEPT_LEVEL)
        statistics = self._summarize(support)
        stretch = self._stretch(1 - _KEPT_LEVEL)
        for _ in range(_MAX_RANKINGS):
            (mean, factor), settled = self._fit(statistics, stretch, (mean, factor))
            if settled:
                break
        return support, self._stretched(statistics, stretch, mean)

    def _concentrate(self, point: MeanAndFactor, most: int) -> MeanAndFactor:
        """The mean and factor where concentration steps settle, or after `most` steps."""
        kept = np.zeros(0, dtype=bool)
        settled = False
        for _ in range(most):
            before, kept = kept, self._has_large_score(self._scores(point))
            stays = np.array_equal(before, kept)
            if stays and settled:
                break
            if not stays:
                statistics = self._summarize(kept)
                stretch = self._stretch(self._share(kept))
            point, settled = self._fit(statistics, stretch, point)
        return point

    def _fit(
        self, statistics: KeptStatistics, stretch: Array, point: MeanAndFactor
    ) -> tuple[MeanAndFactor, bool]:
        """The mean and factor after a few EM steps on stretched rows, and whether they converged.

        `stretch`, (n_features + 1,), multiplies deviations from the mean, by number of values
        shown. The step of the mean is divided by the largest stretch, so that it never overshoots.
        On complete data there is one stretch, and the step ends at the mean of the rows.
        """
        mean, factor = point
        for _ in range(_STEPS_BETWEEN_RANKINGS):
            likelihood = self._likelihood(self._stretched(statistics, stretch, mean))
            if likelihood.complete:
                assert likelihood.maximum is not None
                found, factor = likelihood.maximum
                return (mean + (found - mean) / stretch[-1], factor), True
            try:
                at = likelihood.evaluate(mean, factor)
                found, factor = likelihood.natural_step(at, 1.0)
            except NotPositiveDefiniteError:
                raise SingularRowsError(self.family.square(factor)) from None
            mean = mean + (found - mean) / stretch.max()
            if at.natural_gradient_norm <= max(_SETTLED_NORM, likelihood.rounding_limit(at)):
                return (mean, factor), True
        return (mean, factor), False

    def _likelihood(self, statistics: AnyStatistics) -> Likelihood:
        """The likelihood of kept rows.

        Raises
        ------
        SingularRowsError
            If it certainly has no maximum. With incomplete rows this may not be known yet.
        """
        family, fixed = self.family, self.fixed
        variances = fixed.moments(statistics, family)[1] + self.ridge
        if family.multiplicity == 1 and not (variances > 0).all():
            raise SingularRowsError(np.diag(variances))
        with suppress(NotPositiveDefiniteError):
            return likelihood_with_ridge(Model(statistics, family, fixed), self.ridge)
        covariance = fixed.about(statistics, family).covariance
        raise SingularRowsError(family.add_ridge(covariance, self.ridge))

    def _stretched(self, statistics: KeptStatistics, stretch: Array, mean: Array) -> AnyStatistics:
        """Statistics in which deviations from a mean are stretched, by number of values shown."""
        stretched = statistics.stretched(mean, stretch)
        return stretched if self.family.correlated else stretched.by_feature

    def _stretch(self, share: float) -> Array:
        """Factors on deviations from the mean, by number of values that a row shows.

        They have the shape (n_features + 1,), and are the roots of `consistency_factors` for this
        share of rows, or 1 for a number of values that no row shows.
        """
        factors = consistency_factors(share, self.family.n_features)
        return np.sqrt(np.where(self._n_rows_by_n_observed > 0, factors, 1.0))

    def _scores(self, point: MeanAndFactor) -> Array:
        """Scores that rank the rows, (n_rows,): log p-values, or minus distances without gaps."""
        if self._has_gaps:
            return log_p_values(self._gaussian(point), self._block)
        return -self._gaussian(point).squared_distances(self._block)

    def _gaussian(self, point: MeanAndFactor) -> FittedGaussian:
        """The Gaussian of a mean and a factor."""
        mean, factor = point
        return FittedGaussian(mean, self.family, factor)

    def _has_large_score(self, scores: Array) -> np.ndarray:
        """Whether a row has one of the largest scores, bool of shape (n_rows,).

        The weight of these rows is `n_kept`, or a little more, since equal rows stay together.
        """
        order = np.argsort(-scores)
        weight = np.cumsum(self._informative_weights[order])
        last = int(np.searchsorted(weight, self.n_kept * (1 - ROUNDING)))
        least = scores[order[min(last, len(order) - 1)]]
        return scores >= least * (1 + ROUNDING)

    def _share(self, kept: np.ndarray) -> float:
        """The share, from 0 to 1, of the kept rows in the weight of all rows that show a value."""
        weights = self._informative_weights
        return float(weights[kept].sum() / weights.sum())

    def _summarize(self, kept: np.ndarray) -> KeptStatistics:
        """The statistics of the rows that are kept, before they are stretched."""
        weights = self._block.sample_weight
        some = Block(self._block.X[kept], None if weights is None else weights[kept])
        # For uncorrelated features variances are enough, unless values are missing: only statistics
        # by pattern know how many values each row shows.
        statistics: Any = Summarize(not self.family.correlated and not self._has_gaps)(some)
        return statistics

    @cached_property
    def _block(self) -> Block:
        """All rows and their weights, which are None where all are 1."""
        weights = self.columns.weights
        return Block(self.columns.X, None if (weights == 1).all() else weights)

    @cached_property
    def _n_rows_by_n_observed(self) -> np.ndarray:
        """The number of rows that show no value, one value and so on, (n_features + 1,)."""
        shown = np.count_nonzero(~np.isnan(self.columns.X), axis=1)
        return np.bincount(shown, minlength=self.family.n_features + 1)

    @cached_property
    def _has_gaps(self) -> bool:
        """Whether any row misses a value."""
        return bool(self._n_rows_by_n_observed[-1] < len(self.columns.X))

    @cached_property
    def _informative_weights(self) -> Array:
        """The weights of the rows, (n_rows,), but 0 for rows that show no value."""
        return np.where(np.isnan(self.columns.X).all(axis=1), 0.0, self.columns.weights)
