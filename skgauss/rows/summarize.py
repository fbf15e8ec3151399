"""From a block of rows to statistics.

NaN and infinity are not searched for: they propagate into the sums, and only a sum that is not
finite starts a search. NaN then means a missing value, and rows are grouped by what they miss.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .._typing import Array
from ..blocks import check_no_infinity, chunks_of
from ..statistics import (
    AnyStatistics,
    pairwise_sum,
    summarize,
    summarize_incomplete,
    summarize_intervals,
)
from ..tables import is_in_other_library
from . import array_api
from .block import Block, incomplete_rows
from .window import Window

# If the largest weight of rows that are stored one by one lies between these, sums of weights times
# squares keep all their digits.
_MIN_WEIGHT = 1e-280
_MAX_WEIGHT = 1e280


@dataclass(frozen=True)
class Summarize:
    """Makes the statistics that a likelihood needs from a block of rows."""

    diagonal: bool  # whether features are taken as independent, so that no products are needed
    names: Sequence[str] = ()  # of the features, for messages
    window: Window | None = None  # limits between which all rows must lie, which is checked

    def __call__(self, block: Block) -> AnyStatistics:
        """Returns the statistics of the block."""
        if self.window is not None and (block.intervals or not self.window.holds_all(block.X)):
            self.window.check(block, self.names)
            # A missing value of an independent feature tells nothing, not even within a window.
            fill = not self.diagonal and block.X.shape[1] > 1
            intervals = self.window.drop_uninformative(self.window.intersect(block, fill))
            block = block._replace(intervals=intervals)
        return self._from_exact(block) if block.intervals is None else self._from_intervals(block)

    def _from_exact(self, block: Block) -> AnyStatistics:
        """Returns statistics of rows whose values are known exactly or not at all."""
        X, sample_weight, _ = block
        summary = array_api.summarize_on_device if is_in_other_library(X) else summarize
        statistics = summary(X, sample_weight, self.diagonal)
        if np.isfinite(statistics.mean).all() or is_in_other_library(X):
            return statistics
        check_no_infinity(X, self.names, _has_weight(sample_weight))
        if sample_weight is not None:
            _check_weights(sample_weight)
        if any(sample_weight is None or sample_weight[rows].any() for rows in incomplete_rows(X)):
            return summarize_incomplete(X, sample_weight, self.diagonal)
        if sample_weight is None:
            return statistics
        # Rows of weight 0 may hold NaN. The others are summarised in chunks, to copy few at a time.
        parts = ((X[chunk], sample_weight[chunk]) for chunk in chunks_of(X, X.shape[1]))
        return pairwise_sum(summarize(part[w > 0], w[w > 0], self.diagonal) for part, w in parts)

    def _from_intervals(self, block: Block) -> AnyStatistics:
        """Returns statistics of rows, some of which hold values known only to an interval."""
        X, sample_weight, intervals = block
        assert intervals is not None
        check_no_infinity(X, self.names, _has_weight(sample_weight))  # it names places in all of X
        exact = np.ones(len(X), dtype=bool)
        exact[intervals.rows] = False
        weights = None if sample_weight is None else sample_weight[exact]
        statistics = self._from_exact(Block(X[exact], weights))
        weights = block.weights[intervals.rows]
        _check_weights(weights)
        present = weights > 0
        if not present.any():
            return statistics
        ends = intervals.lower[present], intervals.upper[present]
        return summarize_intervals(*ends, weights[present], self.diagonal) + statistics


def _has_weight(sample_weight: Array | None) -> np.ndarray | None:
    """Whether each row has a positive weight, (n_rows,); None if there are no weights."""
    return None if sample_weight is None else sample_weight > 0


def _check_weights(sample_weight: Array) -> None:
    """Refuse weights so extreme that their products with squares may overflow or vanish."""
    largest = sample_weight.max(initial=0.0)
    if largest > 0 and not _MIN_WEIGHT < largest < _MAX_WEIGHT:
        raise ValueError(
            f"The largest sample weight of rows with missing values or intervals is {largest:g}, "
            f"and must be between {_MIN_WEIGHT:g} and {_MAX_WEIGHT:g}. Multiply all "
            "weights by one number that brings them near 1, which does not change the estimates."
        )
