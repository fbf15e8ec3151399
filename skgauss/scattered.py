"""Statistics by pattern that stay on the workers of Dask, where there are too many to gather.

The likelihood then is a sum over blocks of rows: each of its evaluations sends the point to
the workers, which hold the blocks in memory, and brings the sums over their rows back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from functools import reduce
from operator import add
from typing import Any, NamedTuple

from ._typing import Array
from .available import AvailableMoments
from .dasktree import tree_sum
from .patterns import IncompleteStatistics, as_incomplete
from .statistics import SufficientStatistics

AnyStatistics = SufficientStatistics | IncompleteStatistics | AvailableMoments

# Elements of the rows (8 MiB) from which on an iteration takes longer than to ask the workers.
_MOST_ELEMENTS = 2**20


def bounded_sum(parts: Sequence[AnyStatistics]) -> AnyStatistics:
    """Statistics of all parts; where these would hold too many rows, the moments alone."""
    if any(isinstance(part, AvailableMoments) for part in parts):
        return reduce(add, map(_moments, parts))
    total = reduce(add, parts)
    large = isinstance(total, IncompleteStatistics) and total.rows.size > _MOST_ELEMENTS
    return _moments(total) if large else total


@dataclass(frozen=True, eq=False)
class ScatteredStatistics(AvailableMoments):
    """Of incomplete data in blocks that stay where they lie; known in full to the workers only.

    A pickle leaves the blocks behind, since it may outlive the workers. What remains
    cannot be fitted or added to.

    Parameters
    ----------
    blocks : tuple of dask.delayed.Delayed
        Each an IncompleteStatistics. Not computed: what they take in memory is held during a
        fit only.
    """

    blocks: tuple[Any, ...]

    @classmethod
    def of(cls, moments: AvailableMoments, blocks: Iterable[Any]) -> ScatteredStatistics:
        """Of blocks with those moments, delayed statistics of either kind."""
        from dask import delayed

        return cls(**_fields(moments), blocks=tuple(delayed(as_incomplete)(b) for b in blocks))

    @property
    def origin(self) -> Array:
        """Where the likelihood counts the rows from."""
        return self.mean

    def __add__(self, other: Any) -> ScatteredStatistics:
        if not isinstance(other, AvailableMoments | SufficientStatistics | IncompleteStatistics):
            return NotImplemented
        if not isinstance(other, ScatteredStatistics):
            other = ScatteredStatistics.of(_moments(other), [other])
        moments = AvailableMoments.__add__(self, other)
        return ScatteredStatistics(**_fields(moments), blocks=self._present + other._present)

    def __radd__(self, other: Any) -> ScatteredStatistics:
        return self + other

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"blocks": ()}

    def keep(self, prepare: Callable[[IncompleteStatistics], Any]) -> _OnWorkers:
        """``prepare`` of each block, held where the blocks are, to be summed over."""
        import dask

        prepare = dask.delayed(prepare)
        return _OnWorkers(dask.persist(*[prepare(block) for block in self._present]))

    @property
    def _present(self) -> tuple[Any, ...]:
        if self.blocks:
            return self.blocks
        raise ValueError(
            "These statistics came out of a pickle, which left the rows with missing values on "
            "the workers of Dask, too many to travel. Call fit on all rows again."
        )


class _OnWorkers(NamedTuple):
    """Values in the memory of the workers, one a block."""

    values: tuple[Any, ...]

    def total(self, function: Callable[[Any], Any]) -> Any:
        from dask import delayed

        function = delayed(function)
        return tree_sum([function(value) for value in self.values])


def _moments(statistics: AnyStatistics) -> AvailableMoments:
    if isinstance(statistics, AvailableMoments):
        return statistics
    return as_incomplete(statistics).available


def _fields(moments: AvailableMoments) -> dict[str, Any]:
    return {field.name: getattr(moments, field.name) for field in fields(AvailableMoments)}
