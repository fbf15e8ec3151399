"""Values of any kind, one for each block of a Dask collection, and their sum as a tree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

# Terms added up by one task: few, so that the tree is parallel and its nodes are small.
_FAN_IN = 8
# Arguments for a Dask array whose blocks are values of any kind.
VALUES = {"dtype": object, "meta": np.empty(0, object)}


class WrongRowError(ValueError):
    """A row is invalid; the message gives its number within its block."""


def map_values(function: Callable[[Any], Any], blocks: Any) -> Any:
    """Returns a lazy array of the results of `function` for all blocks, in their order."""
    from dask.delayed import delayed

    # As one object in the graph the function is sent to a worker once, and not with every task.
    return blocks.map_blocks(apply_to_block, function=delayed(function), **VALUES)


def tree_sum(values: Any, add: Callable[[Sequence[Any]], Any]) -> Any:
    """Returns the sum of all values, computed as a tree by `add`, which gets a few at a time.

    Each value first passes through `add` by itself, before it leaves its worker.
    """
    from dask.array import reduction

    added = partial(_added_values, add)
    total = reduction(values, added, added, concatenate=False, split_every=_FAN_IN, **VALUES)
    return total.to_delayed().item().compute()  # not as an array: the value may be a tuple


def apply_to_block(
    block: Any, function: Callable[[Any], Any], block_id: tuple[int, ...] = (0,)
) -> Any:
    """Returns ``function(block)``; an error about a row also names the block."""
    try:
        return function(block)
    except WrongRowError as error:
        raise ValueError(f"In block {block_id[0]}: {error}") from error


def _added_values(add: Callable[[Sequence[Any]], Any], values: Any, **_: Any) -> Any:
    """Returns the sum of the values that Dask's reduction passes: one, or a list of them."""
    return add(values if isinstance(values, list) else [values])
