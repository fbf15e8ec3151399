"""Values known only to an interval, one by one, which suffices for uncorrelated features."""

from typing import NamedTuple

import numpy as np

from .._typing import Array
from ..blocks import threads
from ..boxes import INTERVALS_IN_CACHE, of_square, slices, univariate_moments

# Intervals above which several threads have some milliseconds of work each.
_MANY_INTERVALS = 200_000


def are_intervals(lower: Array, upper: Array) -> np.ndarray:
    """Whether each value is known only to an interval: neither exactly nor missing."""
    return (lower < upper) & (np.isfinite(lower) | np.isfinite(upper))


class SingleIntervals(NamedTuple):
    """Single values known only to an interval, sorted by feature; all arrays are (n,)."""

    rows: np.ndarray
    features: np.ndarray
    lower: Array
    upper: Array
    width: Array  # the difference of the ends

    @classmethod
    def of(cls, lower: Array, upper: Array) -> "SingleIntervals":
        """The values known only to an interval among all with these ends, (n_rows, n_features)."""
        within = are_intervals(lower, upper).T
        features, rows = np.nonzero(within)
        low, high = lower.T[within], upper.T[within]
        with np.errstate(over="ignore"):
            return cls(rows, features, low, high, high - low)

    def about(self, mean: Array) -> tuple[Array, Array]:
        """Lower and upper ends, (n,) each, relative to the mean of the feature."""
        centre = mean[self.features]
        return self.lower - centre, self.upper - centre

    def moments(self, mean: Array, deviations: Array, highest: int = 2) -> Array:
        """The results of `univariate_moments` for each value, relative to the mean of its feature.

        The Gaussian is uncorrelated; its means and standard deviations are (n_features,).
        """
        scale = deviations[self.features]
        with np.errstate(all="ignore"):  # each thread has its own error state
            ends = *self.about(mean), self.width
            return univariate_moments(*ends, np.zeros_like(scale), scale, highest)

    def sums(self, weights: Array, mean: Array, deviations: Array, *, spread: bool) -> Array:
        """Weighted sums over the values of each feature, (3 or 6, n_features).

        The terms are the log-probability in nats and the means, within the interval, of the
        whitened value z and of its square. `spread` adds the variance of z, its covariance with the
        square, and the variance of the square.
        """
        n, d = len(self.lower), len(mean)

        def of_part(rows: slice) -> Array:
            part = SingleIntervals(*(each[rows] for each in self))
            features = part.features
            found = part.moments(mean, deviations, 4 if spread else 2)
            z, second = found[1] / deviations[features], found[2]
            scores = [found[0], z, z * z + second]
            if spread:
                scores += [second, *of_square(z, *found[2:])]
            starts = np.concatenate(([0], 1 + np.flatnonzero(features[1:] != features[:-1])))
            sums = np.zeros((len(scores), d))
            weighted = weights[rows] * np.array(scores)
            sums[:, features[starts]] = np.add.reduceat(weighted, starts, axis=1)
            return sums

        n_threads = threads.available() if n > _MANY_INTERVALS else 1
        with threads.ordered_map(of_part, slices(n, INTERVALS_IN_CACHE), n_threads) as results:
            return sum(results, np.zeros((6 if spread else 3, d)))
