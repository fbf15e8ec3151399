"""Sufficient statistics of data with values known only to an interval: a monoid under ``+``.

Rows without such a value are summarised as usual. Other rows that agree in all values and intervals
become one row with a weight. For uncorrelated features a row is split into one for each of its
intervals, so that few limits leave few rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from scipy.special import ndtri

from .._typing import Array
from ..conditioning import are_intervals, sort_equal
from .base import Statistics
from .by_feature import AvailableMoments
from .complete import SufficientStatistics, two_sum
from .incomplete import IncompleteStatistics, has_full_rank, of_no_rows, summarize_incomplete


class Bounds(NamedTuple):
    """The extreme ends of the intervals of each feature; an exact value counts as both ends."""

    highest_lower: Array  # (n_features,)
    lowest_upper: Array  # if not below `highest_lower`, one point lies in all intervals
    highest_upper: Array  # among the finite ends
    lowest_lower: Array  # likewise
    all_open: np.ndarray  # whether no interval has two finite ends, and no value is exact
    lower: Array  # the ends of the rows with intervals, (n_rows, n_features)
    upper: Array
    weights: Array  # of these rows, (n_rows,)

    def pull(self, mean: Array | None) -> Array:
        """Returns the slope of the likelihood in the root of the precision at 0, up to units.

        The mean is known or, if None, the best one. The slope says how far the limits that values
        lie below exceed, on average, those that values lie above. It is infinite if not `all_open`.
        """
        if not self.all_open.any():
            return np.full(len(self.all_open), np.inf)
        at_upper, at_lower = self._ends(self.upper, self.lower), self._ends(self.lower, self.upper)
        below, above = at_upper.observed_weights, at_lower.observed_weights
        if mean is None:
            with np.errstate(divide="ignore", invalid="ignore"):  # 0/0 if a feature has no limits
                quantile = ndtri(below / (below + above))
            density = (below + above) * np.exp(-(quantile**2) / 2)
            slope = density * (at_upper.mean - at_lower.mean)
        else:
            slope = below * (at_upper.mean - mean) - above * (at_lower.mean - mean)
        return np.where(self.all_open, slope, np.inf)

    def _ends(self, end: Array, other: Array) -> AvailableMoments:
        """Returns moments by feature of the ends of intervals that have no other end."""
        alone = np.isfinite(end) & np.isinf(other)
        rows = alone.any(axis=1)
        return _moments(np.where(alone, end, np.nan)[rows], self.weights[rows])


@dataclass(frozen=True, eq=False)
class IntervalStatistics(Statistics):
    """What a likelihood sees of rows some of whose values are known only to an interval.

    References
    ----------
    Heitjan and Rubin (1991), "Ignorability and coarse data", Annals of Statistics 19(4).
    """

    weight: float  # of all rows, even if nothing was observed
    exact: Any  # statistics of the rows without an interval or, by feature, of all exact values
    # (n_rows, n_features), ends of the other rows, no two of which are alike. They are equal where
    # a value is known exactly, and both infinite where it is missing.
    lower: Array
    upper: Array
    weights: Array  # (n_rows,)

    complete = False
    nested = False  # only patterns of missing values can be nested
    coarse = True

    @property
    def diagonal(self) -> bool:
        """Whether they hold each feature by itself."""
        return self.exact.diagonal

    @property
    def informative_weight(self) -> float:
        """Weight of the rows in which anything was observed."""
        return self.weight - (self.exact.weight - self.exact.informative_weight)

    @property
    def size(self) -> int:
        """Number of elements of their rows, if these could stay on the workers of Dask, else 0."""
        return 0 if self.diagonal else self.exact.size + 2 * self.lower.size

    @cached_property
    def observed_weights(self) -> Array:
        """Weight with which each feature was observed, exactly or within an interval."""
        return self.exact.observed_weights + self.weights @ self.is_observed

    @property
    def mean(self) -> Array:
        """Mean of each feature, in which an interval counts as one point, see `_known`."""
        return self._known.mean

    origin = mean

    @property
    def variances(self) -> Array:
        """Variance of each feature about that mean."""
        return self._known.variances

    @property
    def is_observed(self) -> np.ndarray:
        """Whether anything is known of a value, bool of shape (n_rows, n_features)."""
        return np.isfinite(self.lower) | np.isfinite(self.upper)

    @cached_property
    def _known(self) -> AvailableMoments:
        """Moments with intervals as their middles or, if wide, as their points near the centre."""
        if not self.diagonal:
            return self.by_feature._known
        exact, observed = self.exact, self.is_observed
        center = self._center
        nearest = np.where(observed, np.clip(center, self.lower, self.upper), np.nan)
        near = exact + _moments(nearest, self.weights)
        half = np.where(observed, self.upper / 2 - self.lower / 2, np.inf)
        finest = np.where(exact.observed_weights > 0, 0.0, half.min(axis=0, initial=np.inf))
        spread = np.sqrt(near.variances + (near.mean - center) ** 2)
        narrow = np.isfinite(half) & (half <= _NARROW_WIDTH * (spread + finest))
        if not narrow.any():
            return near
        points = np.add(self.lower, half, out=nearest, where=narrow)
        return exact + _moments(points, self.weights)

    @property
    def _center(self) -> Array:
        """Median of each feature by itself over its finite ends and the mean of its exact values.

        Unlike a mean, it is not moved far by a far end.
        """
        exact = self.exact
        values = np.vstack([exact.mean, self.lower, self.upper])
        weights = np.concatenate([self.weights, self.weights])
        medians = [
            _median(of_feature, np.concatenate([[of_exact], weights]))
            for of_feature, of_exact in zip(values.T, exact.observed_weights, strict=True)
        ]
        return np.array(medians)

    @property
    def together(self) -> np.ndarray:
        """Which features were ever observed in the same row."""
        observed = self.is_observed.astype(np.float64)
        return (observed.T @ observed > 0) | self.exact.together

    @property
    def in_general_position(self) -> bool:
        """Whether the rows that are known exactly in all features lie on no common hyperplane.

        Otherwise a singular Gaussian may give the intervals the largest possible likelihood.
        """
        exact = self.exact
        complete = ~exact.missing[exact.pattern_of_row].any(axis=1)
        return has_full_rank(exact.augmented(self.variances)[complete])

    def linear_relations(self, mean: Array | None = None) -> list[list[int]]:
        """Returns lists of features that are linearly dependent in all rows that show them.

        Those with intervals are left out: only a climb shows how likely a singular covariance is.
        """
        exact = summarize_incomplete(self._exact_values, self.weights, diagonal=False)
        within = np.any(are_intervals(self.lower, self.upper), axis=0)
        relations = (self.exact + exact).linear_relations(mean)
        return [features for features in relations if not within[features].any()]

    @property
    def bounds(self) -> Bounds:
        """Extreme ends of the intervals of each feature."""
        if not self.diagonal:
            return self.by_feature.bounds
        moments, (lower, upper) = self.exact, self._near_ends
        observed, varied = moments.observed_weights > 0, moments.variances > 0
        # If exact values differ, their extremes are not stored, and infinity stands for them.
        largest = np.where(varied, np.inf, np.where(observed, moments.mean, -np.inf))
        smallest = np.where(varied, -np.inf, np.where(observed, moments.mean, np.inf))
        all_open = ~observed & ~(np.isfinite(lower) & np.isfinite(upper)).any(axis=0)
        return Bounds(
            highest_lower=np.maximum(_highest(lower), largest),
            lowest_upper=np.minimum(_lowest(upper), smallest),
            highest_upper=_highest(np.where(np.isinf(upper), -np.inf, upper)),
            lowest_lower=_lowest(np.where(np.isinf(lower), np.inf, lower)),
            all_open=all_open,
            lower=lower,
            upper=upper,
            weights=self.weights,
        )

    @property
    def _near_ends(self) -> tuple[Array, Array]:
        """Lower and upper ends, (n_rows, n_features) each; infinite if too far away to matter."""
        far = np.where(self.variances > 0, _FAR_END * np.sqrt(self.variances), np.inf)
        return (
            np.where(self.mean - self.lower > far, -np.inf, self.lower),
            np.where(self.upper - self.mean > far, np.inf, self.upper),
        )

    @cached_property
    def by_feature(self) -> IntervalStatistics:
        """The statistics of each feature by itself."""
        if self.diagonal:
            return self
        if self.lower.shape[1] == 1:  # each row is one interval, and nothing else
            return replace(self, exact=self.exact.by_feature)
        moments = _moments(self._exact_values, self.weights)
        row, feature = np.nonzero(are_intervals(self.lower, self.upper))
        ends = np.full((2, len(row), self.lower.shape[1]), [[[-np.inf]], [[np.inf]]])
        for end, whole in zip(ends, (self.lower, self.upper), strict=True):
            end[np.arange(len(row)), feature] = whole[row, feature]
        moments = self.exact.by_feature + replace(moments, weight=0.0, informative_weight=0.0)
        rows = _distinct(ends[0], ends[1], self.weights[row])
        return IntervalStatistics(self.weight, moments, *rows, labels=self.labels)

    @property
    def _exact_values(self) -> Array:
        """The exact values in the rows with intervals, (n_rows, n_features), NaN elsewhere."""
        return np.where(self.lower == self.upper, self.lower, np.nan)

    def seen_from(self, origin: Array) -> IntervalStatistics:
        """See `Statistics`."""
        lower, upper = self.lower - origin, self.upper - origin
        return replace(self, exact=self.exact.seen_from(origin), lower=lower, upper=upper)

    def with_constants(self, features: np.ndarray, values: Array, share: float) -> Any:
        """Returns these statistics with the masked features constant in a share of the rows.

        Some rows, or all, are then known exactly.
        """
        exact = self.exact.with_constants(features, values, share)
        if self.diagonal:  # the rows hold intervals of other features only
            return replace(self, exact=exact)
        lower, upper = (np.where(features, values, end) for end in (self.lower, self.upper))
        within = are_intervals(lower, upper).any(axis=1)
        points, weights = np.where(lower == upper, lower, np.nan)[~within], self.weights[~within]
        exact += summarize_incomplete(points, weights, diagonal=False)
        if not within.any():
            return exact
        lower, upper, weights = lower[within], upper[within], self.weights[within]
        return replace(self, exact=exact, lower=lower, upper=upper, weights=weights)

    def with_rows(self, kept: np.ndarray) -> Any:
        """Returns these statistics with nothing known of the rows with intervals not `kept`."""
        if not kept.any():
            informative = self.informative_weight
            return replace(self.exact, weight=self.weight, informative_weight=informative)
        lower, upper, weights = (each[kept] for each in self._rows)
        return replace(self, lower=lower, upper=upper, weights=weights)

    @property
    def _rows(self) -> tuple[Array, Array, Array]:
        """Lower ends, upper ends and weights of the rows with intervals."""
        return self.lower, self.upper, self.weights

    def _plus(self, other: Any) -> IntervalStatistics:
        known = SufficientStatistics | IncompleteStatistics | AvailableMoments | IntervalStatistics
        if not isinstance(other, known):
            return NotImplemented
        weight = self.weight + other.weight
        if not isinstance(other, IntervalStatistics):
            return replace(self, weight=weight, exact=self.exact + other)
        rows = map(np.concatenate, zip(self._rows, other._rows, strict=True))
        return IntervalStatistics(weight, self.exact + other.exact, *_distinct(*rows))


# Half of an interval's width, relative to the spread of the known values plus the least half width,
# up to which the interval's middle is informative.
_NARROW_WIDTH = 10.0
_FEW_VALUES = 1_000  # to sort at once; of more values, those far from the median are dropped
_FAR_END = 1e4  # standard deviations beyond which the end of an interval tells nothing


def summarize_intervals(
    lower: Array, upper: Array, weights: Array, diagonal: bool
) -> IntervalStatistics:
    """Returns statistics of rows of positive weight, in each of which some value is an interval."""
    rows = _distinct(lower, upper, weights)
    nothing = of_no_rows(lower.shape[1])
    statistics = IntervalStatistics(float(weights.sum()), nothing, *rows)
    return statistics.by_feature if diagonal else statistics


def _highest(ends: Array) -> Array:
    """Returns the largest end of each feature, (n_features,); minus infinity if there is no row."""
    return ends.max(axis=0, initial=-np.inf)


def _lowest(ends: Array) -> Array:
    """Returns the smallest end of each feature, (n_features,); infinity if there is no row."""
    return ends.min(axis=0, initial=np.inf)


def _moments(points: Array, weights: Array) -> AvailableMoments:
    """Returns moments of points, feature by feature; NaN is a point that does not count."""
    is_known = ~np.isnan(points)
    weight = weights @ is_known
    shares = np.where(is_known, weights[:, None], 0.0) / np.where(weight > 0, weight, 1.0)
    some = np.where(is_known.any(axis=0), _highest(np.where(is_known, points, -np.inf)), 0.0)
    with np.errstate(over="ignore", invalid="ignore"):  # checks of the variances report it
        pivot = some + (shares * np.where(is_known, points - some, 0.0)).sum(axis=0)
        deviations = np.where(is_known, points - pivot, 0.0)
        offset = (shares * deviations).sum(axis=0)
        variances = (shares * deviations * deviations).sum(axis=0) - offset * offset
    mean, rounding = two_sum(pivot, offset)
    informative = float(weights[is_known.any(axis=1)].sum())
    return AvailableMoments(float(weights.sum()), informative, weight, mean, variances, rounding)


def _median(values: Array, weights: Array) -> float:
    """Returns the least finite value up to which half of the weight lies, or 0 if there is none."""
    usable = np.isfinite(values) & (weights > 0)
    values, weights = values[usable], weights[usable]
    half, below = weights.sum() / 2, 0.0
    while len(values) > _FEW_VALUES:  # selection after Floyd and Rivest (1975)
        some = np.sort(values[:: math.isqrt(len(values))])
        low, high = some[int(0.45 * len(some))], some[int(0.55 * len(some))]
        groups = values < low, values <= low, values <= high
        below_low, up_to_low, up_to_high = (below + weights @ group for group in groups)
        if below_low >= half:
            kept = values < low
        elif up_to_low >= half:
            return float(low)
        elif up_to_high >= half:
            kept, below = (values > low) & (values <= high), up_to_low
        else:
            kept, below = values > high, up_to_high
        values, weights = values[kept], weights[kept]
    order = values.argsort()
    up_to = below + weights[order].cumsum()
    return float(values[order][(up_to >= half).argmax()]) if order.size else 0.0


def _distinct(lower: Array, upper: Array, weights: Array) -> tuple[Array, Array, Array]:
    """Returns the distinct rows, in an order that only they determine, and their total weights."""
    order = upper[:, -1].argsort()
    last = upper[:, -1].take(order)
    if (last[1:] != last[:-1]).all():
        return lower.take(order, axis=0), upper.take(order, axis=0), weights.take(order)
    order, starts = sort_equal(np.hstack((lower, upper)))  # takes ten times as long
    first = order[starts[:-1]]
    return lower[first], upper[first], np.add.reduceat(weights[order], starts[:-1])
