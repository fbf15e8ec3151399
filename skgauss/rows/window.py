"""The window through which a truncated sample is seen, and checks of rows against it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from .._sklearn import get_namespace_and_device
from .._typing import Array
from ..blocks import WrongRowError, chunks_of
from ..statistics import has_missing
from .block import Block, Intervals, coarse_intervals
from .check_limits import checked_limits
from .rounding import at_or_above, at_or_below


class Window(NamedTuple):
    """Limits between which every feature of every row lies; infinite ones are open."""

    lower: Array  # (n_features,)
    upper: Array  # (n_features,)

    @classmethod
    def of(cls, limits: Any, names: Sequence[str]) -> Window | None:
        """Returns the window of `truncation_limits`, or None if no limit is finite."""
        if limits is None:
            return None
        window = cls(*checked_limits(limits, "truncation_limits", names))
        return window if window.bounded.size else None

    @property
    def ends(self) -> tuple[list[float], list[float]]:
        """Lower and upper limits as lists, which ``==`` can compare."""
        return self.lower.tolist(), self.upper.tolist()

    @property
    def bounded(self) -> np.ndarray:
        """Indices of the features that have a finite limit."""
        return np.flatnonzero(np.isfinite(self.lower) | np.isfinite(self.upper))

    def opened(self, features: np.ndarray) -> Window | None:
        """Returns the window without the limits of some features, or None if no limit is left.

        `features` is a mask, bool of shape (n_features,).
        """
        window = Window(
            np.where(features, -np.inf, self.lower), np.where(features, np.inf, self.upper)
        )
        return window if window.bounded.size else None

    def seen_from(self, origin: Array) -> Window:
        """Returns the window with its limits measured from an origin of shape (n_features,)."""
        return Window(self.lower - origin, self.upper - origin)

    def intersect(self, block: Block, fill: bool = True) -> Intervals | None:
        """Returns the intervals of a block in memory, cut to the window; None if it has none.

        With `fill` a missing value of a feature with limits becomes the interval of the window. An
        interval outside the window stays as it is.
        """
        rows, lower, upper = coarse_intervals(block, self.bounded if fill else [])
        if not rows.size:
            return None
        low, high = np.maximum(lower, self.lower), np.minimum(upper, self.upper)
        known = np.isfinite(lower) | np.isfinite(upper) | fill
        met = known & (lower < upper) & (low < high)
        return Intervals(rows, np.where(met, low, lower), np.where(met, high, upper))

    def drop_uninformative(self, intervals: Intervals | None) -> Intervals | None:
        """Returns those rows of `intersect` that tell more than that they lie in the window.

        Other rows add nothing to the likelihood, and must not change the weight of a ridge.
        """
        if intervals is None:
            return None
        narrower = (intervals.lower != self.lower) | (intervals.upper != self.upper)
        return Intervals(*(each[narrower.any(axis=1)] for each in intervals))

    def outside(self, block: Block) -> np.ndarray:
        """Whether each value, or the interior of its interval, is outside; (n_rows, n_features).

        The limits belong to the window, and a missing value is not outside.
        """
        X = block.X
        outside = ~(at_or_above(X, self.lower) & at_or_below(X, self.upper) | np.isnan(X))
        if block.intervals is not None:
            rows, low, high = block.intervals
            apart = (high <= self.lower) | (low >= self.upper)
            outside[rows] |= (low < high) & apart
        return outside

    def check(self, block: Block, names: Sequence[str]) -> None:
        """Refuse rows outside, unless their weight is 0."""
        for chunk in chunks_of(block.X):
            part = block.between(chunk.start, chunk.stop).on_host
            outside = self.outside(part)
            if part.sample_weight is not None:
                outside &= (part.sample_weight > 0)[:, None]
            for i, j in np.argwhere(outside)[:1].tolist():
                value = f"{part.X[i, j]:.16g}"
                if part.intervals is not None and np.isnan(part.X[i, j]):
                    rows, lower, upper = part.intervals
                    at = np.searchsorted(rows, i)
                    value = f"an interval from {lower[at, j]:g} to {upper[at, j]:g}"
                raise WrongRowError(
                    f"Row {chunk.start + i}, counted from 0, has {value} in {names[j]!r}, "
                    f"which lies outside truncation_limits, {self.lower[j]:.16g} to "
                    f"{self.upper[j]:.16g}: no such row can have been seen. Correct or drop it, or "
                    "widen the limits."
                )

    def matches(self, statistics: Any, fill: bool) -> bool:
        """Whether statistics may come from rows summarised with this window; see `intersect`."""
        by_feature = statistics.by_feature
        if fill and has_missing(by_feature, informative=True)[self.bounded].any():
            return False
        if not by_feature.coarse:
            return True
        beyond = (by_feature.lower < self.lower) | (by_feature.upper > self.upper)
        return not (by_feature.is_observed & beyond).any()

    def without_fill(self, statistics: Any) -> Any:
        """Returns the statistics by feature, without values known only to lie in the window."""
        by_feature = statistics.by_feature
        if not by_feature.coarse:
            return by_feature
        narrower = (by_feature.lower != self.lower) | (by_feature.upper != self.upper)
        return by_feature.with_rows((by_feature.is_observed & narrower).any(axis=1))

    def holds_all(self, X: Any) -> bool:
        """Whether all rows lie inside, with no value missing where there are limits.

        X is compared in chunks, which need no mask as large as X.
        """
        xp, _, device = get_namespace_and_device(X)
        dtype = X.dtype if xp.isdtype(X.dtype, "real floating") else None  # to round as X was
        with np.errstate(over="ignore"):  # a limit beyond the dtype of X is infinite there
            comparisons = [
                (compare, xp.asarray(end, dtype=dtype, device=device))
                for compare, end in zip((xp.greater_equal, xp.less_equal), self, strict=True)
                if np.isfinite(end).any()
            ]
        return all(
            bool(xp.all(compare(X[chunk, :], end)))
            for chunk in chunks_of(X)
            for compare, end in comparisons
        )


class Truncation(NamedTuple):
    """The window through which the rows of a fitted density were seen."""

    window: Window
    log_probability: float  # of the window under the Gaussian before truncation, in nats

    def condition(self, log_densities: Callable[[Block], Any], block: Block) -> Any:
        """Returns the log-densities of rows that are seen only inside, (n_rows,), in nats.

        `log_densities` computes those under the parent. A row outside has minus infinity, and a row
        without any known value has 0.
        """
        if block.intervals is None and self.window.holds_all(block.X):
            return log_densities(block) - self.log_probability
        block = block.on_host
        known = block._replace(intervals=self.window.intersect(block))
        densities = log_densities(known) - self.log_probability
        densities[self.window.outside(known).any(axis=1)] = -np.inf
        densities[block.unknown] = 0.0
        return densities
