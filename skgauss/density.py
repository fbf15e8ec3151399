"""A fitted Gaussian as one frozen object, to which the estimator delegates densities and the like.

Its methods take one block of valid rows: exact values, NaN in place of all others, and intervals.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ._typing import Array
from .blocks import check_no_infinity
from .conditioning import (
    Coarsened,
    Standardization,
    coarsened,
    completed,
    drawn_inside,
    drawn_rows,
    marginals_of,
    scores_of_rows,
)
from .gaussian import Family, make_family
from .rows import (
    Block,
    Intervals,
    Truncation,
    Window,
    coarse_intervals,
    has_finite_sum,
    incomplete_rows,
    squared_distances,
    sum_and_weight,
    to_host,
)
from .tables import is_in_other_library

_LOG_2_PI = math.log(2 * math.pi)


class Observed(NamedTuple):
    """The terms of the log-density of the values that are known exactly, row by row.

    `log_dets` and `n_observed` are one number if they are the same for all rows.
    """

    distances: Any  # squared Mahalanobis, (n_rows,), in the library of X and on its device
    log_dets: Any  # log-determinants of the covariances of the known values, (n_rows,) or float
    n_observed: Any  # numbers of known values, (n_rows,) or int


@dataclass(frozen=True, eq=False)
class FittedGaussian:
    """A Gaussian with its densities, distances, imputations and draws for a block of rows.

    No later fit changes it, and it is small enough to be sent to workers. A pickle of an estimator
    refers to no other private class, apart from its statistics.
    """

    mean: Array  # (n_features,)
    family: Family
    # The factor of the covariance, in the form of the family. It is stored because it cannot be
    # computed accurately from a nearly singular covariance.
    factor: Array
    # The Gaussian for which the lattices of box integrals are set up, if the likelihood fixed one;
    # None stands for this Gaussian.
    pilot: Standardization | None = None
    truncation: Truncation | None = None  # the window of the rows of the fit, and its probability
    # Which features, such as constants, count in no density, (n_features,); None if all count.
    uncounted: np.ndarray | None = None

    def __getstate__(self) -> dict[str, Any]:
        """The state as arrays and names only, so that a new version may move private classes."""
        return {
            "mean": self.mean,
            "covariance_type": self.family.covariance_type,
            "known": (self.family.mean_is_known, self.family.covariance_is_known),
            "factor": self.factor,
            "pilot": self.pilot and tuple(self.pilot),
            "window": self.truncation and tuple(self.truncation.window),
            "log_probability": self.truncation and self.truncation.log_probability,
            "uncounted": self.uncounted,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        window, (mean, covariance) = state["window"], state["known"]
        family = make_family(state["covariance_type"], len(state["mean"]))
        fields = {
            "mean": state["mean"],
            "family": family.knowing(mean=mean, covariance=covariance),
            "factor": state["factor"],
            "pilot": state["pilot"] and Standardization(*state["pilot"]),
            "truncation": window and Truncation(Window(*window), state["log_probability"]),
            "uncounted": state["uncounted"],
        }
        self.__dict__.update(fields)

    @property
    def covariance(self) -> Array | float:
        """The covariance in the form of `covariance_`: a matrix, variances, or one variance."""
        return self.family.unpack(self.family.square(self.factor))

    @property
    def correlation(self) -> Array:
        """Correlations, (n_features, n_features); the identity if features are independent."""
        if not self.family.correlated:
            return np.eye(self.family.n_features)
        scales = self.family.standard_deviations(self.factor)
        correlation = self.covariance / scales / scales[:, None]
        np.fill_diagonal(correlation, 1.0)
        return correlation

    @property
    def window(self) -> Window | None:
        """The window outside which no row of the fit could be observed, or None."""
        return self.truncation.window if self.truncation else None

    @property
    def n_parameters(self) -> int:
        """The number of estimated parameters, without those of features that count nowhere."""
        n_features = self.family.n_features
        if self.uncounted is not None:
            n_features -= int(self.uncounted.sum())
        return self._family_of(n_features, self.family.mean_is_known).n_parameters

    def log_densities(self, block: Block, *, in_sum: bool = False) -> Any:
        """Log-densities of the rows in nats, (n_rows,), in the library of X and on its device.

        They are those of each row by itself. With `in_sum` equal rows are integrated as exactly as
        their sum needs.
        """
        block = self._without_uncounted(block)
        untruncated = partial(self._untruncated_log_densities, in_sum=in_sum)
        if self.truncation:
            return self.truncation.condition(untruncated, block)
        return untruncated(block)

    def sum_of_log_densities(self, block: Block) -> Array:
        """Weighted sum of the log-densities, in nats, and sum of the weights, of shape (2,)."""
        block = block.counted
        return sum_and_weight(self.log_densities(block, in_sum=True), block.sample_weight)

    def sum_over_informative_rows(self, block: Block) -> Array:
        """Weighted sum of log-densities, in nats, and weight of the rows with values, (2,)."""
        block = self._without_uncounted(block.counted)
        nothing = float(block.weights[block.unknown].sum())
        return self.sum_of_log_densities(block) - np.array([0.0, nothing])

    def squared_distances(self, block: Block) -> Any:
        """Squared Mahalanobis distances of the exact values, (n_rows,), in the library of X."""
        return self.observed(self._without_uncounted(block).X).distances

    def observed(self, X: Any) -> Observed:
        """The distances, log-determinants and numbers of the exact values of each row of X."""
        distances = squared_distances(X, self.mean, self.family, self.factor)
        log_det, d = self.family.log_det(self.factor), self.family.n_features
        with np.errstate(over="ignore", invalid="ignore"):
            if is_in_other_library(X) or has_finite_sum(distances):  # no value is missing
                return Observed(distances, log_det, d)
        check_no_infinity(X)
        log_dets, n_observed = np.full(len(X), log_det), np.full(len(X), d)
        for rows in incomplete_rows(X):
            distances[rows], log_dets[rows] = marginals_of(X[rows], self._standardized)
            n_observed[rows] = (~np.isnan(X[rows])).sum(axis=1)
        return Observed(distances, log_dets, n_observed)

    def impute(self, block: Block, with_std: bool) -> tuple[np.ndarray, ...]:
        """A tuple of X with conditional means filled in, in its dtype if that is floating.

        `with_std` adds an array of conditional standard deviations, (n_rows, n_features), which are
        0 where a value is known exactly.
        """
        X = to_host(block.X)
        check_no_infinity(X)
        filled = _as_floats(X), *([np.zeros(X.shape)] if with_std else [])
        for rows, *found in self._conditional_moments(X, block.intervals):
            for whole, part in zip(filled, found, strict=False):
                whole[rows] = part
        return filled

    def _conditional_moments(
        self, X: np.ndarray, intervals: Intervals | None
    ) -> Iterator[tuple[np.ndarray, Array, Array]]:
        """Indices of rows, these rows with conditional means filled in, and standard deviations.

        Rows with intervals come last, even if they came before because of missing values.
        """
        if self.window:
            intervals = self.window.intersect(Block(X, None, intervals))
        for rows in incomplete_rows(X):
            deviations, spread = completed(X[rows], self._standardized)
            yield rows, np.where(np.isnan(X[rows]), deviations + self.mean, X[rows]), spread
        if intervals is not None:
            rows, lower, upper = intervals
            known = self._coarsened(intervals)
            values = np.clip(known.deviations + self.mean, lower, upper)
            yield rows, np.where(lower == upper, X[rows], values), known.standard_deviations

    def draw_hidden(self, block: Block, random_state: np.random.RandomState) -> np.ndarray:
        """X with draws in place of values not known exactly, in its dtype if that is floating.

        They are draws given all that is known of the row, each in its interval if it has one.
        """
        block = block.on_host
        check_no_infinity(block.X)
        drawn = _as_floats(block.X)
        rows, lower, upper = self._incomplete(block)
        values = drawn_rows(lower, upper, self._standardized, random_state)
        drawn[rows] = np.where(lower == upper, block.X[rows], values)
        return drawn

    def scores(self, block: Block) -> Array:
        """Gradients of the log-densities of the rows as observed, as if there were no window.

        They are in the packed frame of the Gaussian, of shape (n_rows, n_parameters).
        """
        block = block.on_host
        X = block.X
        check_no_infinity(X)
        whitened = self.family.whiten(self.family.inverse(self.factor), X - self.mean)
        scores = self.family.scores(whitened, np.zeros(()))
        rows, lower, upper = self._incomplete(block)
        own = self._standardized
        weights, pilot = block.weights[rows], self.pilot or own
        scores[rows] = scores_of_rows(lower, upper, weights, own, self.family, pilot)
        return scores

    def _incomplete(self, block: Block) -> Intervals:
        """Indices and lower and upper ends of the values of the rows that are not all exact."""
        if self.window:
            block = block._replace(intervals=self.window.intersect(block))
        return coarse_intervals(block)

    def sample(self, n_rows: int, random_state: np.random.RandomState, inside: bool) -> Array:
        """Draws of shape (n_rows, n_features), with `inside` from inside the window."""
        noise = random_state.standard_normal((n_rows, self.family.n_features))
        rows = self.mean + self.family.colorize(self.factor, noise)
        if inside and self.window:
            rows = drawn_inside(
                *self.window, rows, self.mean, self.family, self.factor, random_state
            )
        return rows

    def marginal(self, kept: list[int]) -> FittedGaussian:
        """The marginal Gaussian of the features with these indices."""
        mean, factor = self.mean[kept], self.family.marginal(self.factor, kept)
        return self._with_features(kept, mean, factor, self.family.mean_is_known)

    def conditional(self, known: list[int], values: Array, kept: list[int]) -> FittedGaussian:
        """The conditional Gaussian of the features `kept` if the features `known` have `values`."""
        deviations = values - self.mean[known]
        family = self.family
        shift, factor = family.conditional(self.factor, known, kept, deviations)
        # Estimated coefficients move the means, unless the values are the known means themselves.
        moves = family.correlated and not family.covariance_is_known and deviations.any()
        mean_is_known = family.mean_is_known and not moves
        return self._with_features(kept, self.mean[kept] + shift, factor, mean_is_known)

    def _with_features(
        self, kept: list[int], mean: Array, factor: Array, mean_is_known: bool
    ) -> FittedGaussian:
        """A Gaussian of the features with indices `kept`, with this mean and factor."""
        if not kept:
            raise ValueError("No feature is left. Keep at least one.")
        family = self._family_of(len(kept), mean_is_known)
        factor = factor.reshape(family.identity.shape)  # one feature has a vector, not a matrix
        uncounted = None if self.uncounted is None else self.uncounted[kept]
        return FittedGaussian(mean, family, factor, uncounted=uncounted)

    def _family_of(self, n_features: int, mean_is_known: bool) -> Family:
        """The family of so many of the features; the covariance is known if it is in this one."""
        family = make_family(self.family.covariance_type, n_features)
        return family.knowing(mean=mean_is_known, covariance=self.family.covariance_is_known)

    def _without_uncounted(self, block: Block) -> Block:
        """The block in which the features that count in no density are missing."""
        if self.uncounted is None:
            return block
        X, weights, intervals = block.on_host
        if intervals is not None:
            ends = zip(intervals[1:], (-np.inf, np.inf), strict=True)
            lower, upper = (np.where(self.uncounted, none, end) for end, none in ends)
            intervals = Intervals(intervals.rows, lower, upper)
        return Block(np.where(self.uncounted, np.nan, X), weights, intervals)

    def _untruncated_log_densities(self, block: Block, in_sum: bool) -> Any:
        """Log-densities as if there were no window, in nats, of shape (n_rows,)."""
        densities, log_dets, n_observed = self.observed(block.X)
        densities *= -0.5
        densities += 0.0 - 0.5 * (_LOG_2_PI * n_observed + log_dets)  # 0.0 first: none is -0.0
        if block.intervals is not None:
            known = self._coarsened(block.intervals, block.weights if in_sum else None)
            densities[block.intervals.rows] += known.log_probability
        return densities

    def _coarsened(self, intervals: Intervals, weights: Array | None = None) -> Coarsened:
        """The conditional moments and the log-probabilities of rows with intervals.

        The weights are those of all rows of the block if the results are summed, otherwise None.
        """
        (rows, lower, upper), own = intervals, self._standardized
        weights = None if weights is None else weights[rows]
        return coarsened(lower, upper, weights, own, self.pilot or own)

    @property
    def _standardized(self) -> Standardization:
        """The mean, the standard deviations and the factor of the correlation matrix."""
        return Standardization.of(self.mean, self.family, self.factor)


def _as_floats(X: np.ndarray) -> np.ndarray:
    """A copy of X, in its dtype if that is float32 or wider, otherwise in float64."""
    return X.astype(X.dtype if X.dtype.kind == "f" and X.itemsize > 2 else np.float64)
