"""Values of Dask's blocks that are not arrays, and their sums as a tree, by Dask's reduction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

# Terms added up by one task: few, so that the tree is parallel and its nodes are small.
_FAN_IN = 8
# An array of Dask whose blocks are values of any kind.
VALUES = {"dtype": object, "meta": np.empty(0, object)}


class WrongRowError(ValueError):
    """A row is wrong; the message tells its number, counted within its block."""


def map_values(function: Callable[[Any], Any], blocks: Any) -> Any:
    """A lazy array of what `function` returns of each block, in the order of the blocks."""
    from dask.delayed import delayed

    # One object of the graph, sent once to a worker and not with every task.
    return blocks.map_blocks(of_numbered_block, function=delayed(function), **VALUES)


def tree_sum(values: Any, add: Callable[[Sequence[Any]], Any]) -> Any:
    """The sum of all values, computed as a tree by `add`, which is handed a few at a time.

    Each value passes through `add` by itself first, before it travels.
    """
    from dask.array import reduction

    added = partial(_added_values, add)
    total = reduction(values, added, added, concatenate=False, split_every=_FAN_IN, **VALUES)
    return total.to_delayed().item().compute()  # not as an array: the value may be a tuple


def of_numbered_block(
    block: Any, function: Callable[[Any], Any], block_id: tuple[int, ...] = (0,)
) -> Any:
    """What `function` returns of a block; an error about a row names the block, too."""
    try:
        return function(block)
    except WrongRowError as error:
        raise ValueError(f"In block {block_id[0]}: {error}") from error


def _added_values(add: Callable[[Sequence[Any]], Any], values: Any, **_: Any) -> Any:
    """The sum of values as Dask's reduction hands them over: one, or a list of them."""
    return add(values if isinstance(values, list) else [values])
