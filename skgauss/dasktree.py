"""Sums over tasks of Dask, as a tree: parallel, and no node holds more than a few terms."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import partial, reduce
from typing import Any

# Terms added up by one task: few, so that the tree is parallel and its nodes are small.
_FAN_IN = 8


_add = partial(reduce, operator.add)


def tree_sum(terms: Sequence[Any], add: Callable[[list[Any]], Any] = _add) -> Any:
    """``add`` of all terms, delayed values of Dask; computed."""
    from dask import delayed

    while len(terms) > 1:
        groups = [list(terms[i : i + _FAN_IN]) for i in range(0, len(terms), _FAN_IN)]
        terms = [delayed(add)(group) for group in groups]
    return terms[0].compute()
