"""Statistics by pattern that stay on the workers of Dask, because they are too large to gather.

The likelihood is then a sum over blocks of rows. Each evaluation sends the point to the workers,
which hold the blocks in memory, and gathers the sums over their rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial, reduce
from operator import add, attrgetter, methodcaller
from typing import Any, NamedTuple

import numpy as np

from .._typing import Array
from ..blocks import VALUES, map_values, tree_sum
from .base import Statistics
from .by_feature import AvailableMoments
from .complete import SufficientStatistics
from .incomplete import IncompleteStatistics, as_incomplete
from .intervals import IntervalStatistics

# Elements of the rows (8 MiB) beyond which an iteration takes longer than to ask the workers.
_MAX_ELEMENTS = 2**20


@dataclass(frozen=True, eq=False)
class ScatteredStatistics(Statistics):
    """Statistics of incomplete data in blocks that stay on the workers, and moments of all data.

    A pickle leaves the blocks behind, since it may outlive the workers. What remains
    cannot be fitted.
    """

    by_feature: AvailableMoments | IntervalStatistics
    together: np.ndarray  # (n_features, n_features), which were ever observed in the same row
    # A Dask array whose elements are the statistics of a block. They are not computed, and take
    # memory only during a fit. None if they were left behind.
    blocks: Any | None = None

    complete = False
    diagonal = False
    size = 0
    in_general_position = nested = False  # as far as is known

    def linear_relations(self, mean: Array | None = None) -> list[list[int]]:
        """Returns no relations, since moments of each feature by itself do not show them."""
        return []

    # Properties of the statistics by feature; the likelihood measures rows from their mean.
    coarse = property(attrgetter("by_feature.coarse"))
    bounds = property(attrgetter("by_feature.bounds"))
    weight = property(attrgetter("by_feature.weight"))
    informative_weight = property(attrgetter("by_feature.informative_weight"))
    observed_weights = property(attrgetter("by_feature.observed_weights"))
    mean = origin = property(attrgetter("by_feature.mean"))
    variances = property(attrgetter("by_feature.variances"))

    def with_constants(
        self, features: np.ndarray, values: Array, share: float
    ) -> ScatteredStatistics:
        """See `IncompleteStatistics`; a constant is in every row, so together with all features."""
        change = methodcaller("with_constants", features, values, share)
        blocks = self.blocks
        if blocks is not None:
            blocks = map_values(partial(_of_incomplete, change), blocks)
        together = self.together | features | features[:, None]
        return replace(self, by_feature=change(self.by_feature), together=together, blocks=blocks)

    def seen_from(self, origin: Array) -> ScatteredStatistics:
        """See `Statistics`."""
        blocks = self.blocks
        if blocks is not None:
            blocks = map_values(methodcaller("seen_from", origin), blocks)
        return replace(self, by_feature=self.by_feature.seen_from(origin), blocks=blocks)

    def _plus(self, other: Any) -> ScatteredStatistics:
        if not isinstance(other, ScatteredStatistics):
            blocks = None if self.blocks is None else _one_block(other)
            other = replace(_moments_of(other), blocks=blocks)
        return ScatteredStatistics(
            self.by_feature + other.by_feature,
            self.together | other.together,
            _concatenated(self.blocks, other.blocks),
        )

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"blocks": None}

    def __deepcopy__(self, memo: dict[int, Any]) -> ScatteredStatistics:
        return self  # it is immutable, and a copy made like a pickle would lose the blocks

    def keep(self, prepare: Callable[[IncompleteStatistics], Any]) -> _OnWorkers:
        """Returns ``prepare`` of each block, held on the workers, to be summed over."""
        if self.blocks is None:
            raise ValueError(
                "These statistics come from a pickle, which does not hold the rows with missing "
                "values: they are too many, and stayed on the workers of Dask. Call fit on all "
                "rows again."
            )
        return _OnWorkers(map_values(partial(_of_incomplete, prepare), self.blocks).persist())


AnyStatistics = (
    SufficientStatistics
    | IncompleteStatistics
    | AvailableMoments
    | IntervalStatistics
    | ScatteredStatistics
)


class _OnWorkers(NamedTuple):
    """Values in the memory of the workers, one a block."""

    values: Any

    def map(self, function: Callable[[Any], Any]) -> _OnWorkers:
        return _OnWorkers(map_values(function, self.values).persist())

    def total(self, function: Callable[[Any], Any]) -> Any:
        return tree_sum(map_values(function, self.values), partial(reduce, add))


def bounded_sum(parts: Sequence[AnyStatistics]) -> AnyStatistics:
    """Returns the sum of all parts, without their rows if these are too many."""
    if sum(part.size for part in parts) > _MAX_ELEMENTS:
        parts = [_moments_of(part) for part in parts]
    return reduce(add, parts)


def _moments_of(statistics: Any) -> ScatteredStatistics:
    """Returns the statistics without their rows; the blocks are to be set later."""
    if isinstance(statistics, ScatteredStatistics):
        return statistics
    statistics = as_incomplete(statistics)
    return ScatteredStatistics(statistics.by_feature, statistics.together)


def _of_incomplete(function: Callable[[Any], Any], statistics: AnyStatistics) -> Any:
    """Returns the function's value for statistics by pattern; complete rows have one pattern."""
    return function(as_incomplete(statistics))


def _one_block(statistics: AnyStatistics) -> Any:
    """Returns statistics in memory as a Dask array of one block."""
    from dask.array import from_delayed
    from dask.delayed import delayed

    return from_delayed(delayed(statistics), (1,), **VALUES)


def _concatenated(one: Any | None, other: Any | None) -> Any | None:
    """Returns the blocks of both, or None if those of either were left behind."""
    if one is None or other is None:
        return None
    from dask.array import concatenate

    return concatenate([one, other])
