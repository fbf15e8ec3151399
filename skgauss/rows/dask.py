"""Dask collections as rows: the blocks stay on the workers, and only sums over them come back.

Dask is imported only once a collection of it is passed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import check_array

from .._sklearn import output_config
from .._typing import Array
from ..blocks import VALUES, apply_to_block, map_values, told_by_place, tree_sum
from ..statistics import AnyStatistics, ScatteredStatistics, bounded_sum, valid_weights
from ..tables import as_numbers, is_dask, is_dask_frame
from .block import Block
from .censoring import UpperEnds

_WEIGHT_COLUMN = "skgauss sample_weight"  # added to the columns of X
_Read = Callable[..., Block]  # makes a block from an array and its weights
_Function = Callable[[Block], Any]
# Stands behind the number of a row in messages, since a block does not know of other blocks.
_OF_BLOCK = " of its block"


def check_stays_lazy(estimator: Any, X: Any) -> None:
    """Refuse Dask rows if `set_output` asks for a frame, which would be in memory."""
    container = output_config("transform", estimator)["dense"]
    if container != "default" and is_dask(X):
        raise ValueError(
            f"set_output asks for a {container} frame, which would gather all rows of Dask in "
            "memory. Call set_output(transform='default') for a lazy array. If X is a Dask frame, "
            "X.map_partitions(imputer.transform) makes a lazy frame, one partition at a time."
        )


def sample_of(X: Any, min_rows: int) -> tuple[Any, int]:
    """Returns a table to validate in place of X, and how many rows to require of it.

    It has the names, the width and the dtype of X, and up to `min_rows` of its rows, or no rows
    if Dask does not know how many X has.
    """
    if is_dask_frame(X) or not isinstance(X._meta, np.ndarray):
        return X._meta, 0
    if any(math.isnan(size) for size in X.shape[1:]):
        raise ValueError(
            "The number of features of X is not known to Dask. Call X.compute_chunk_sizes() first."
        )
    if not X.ndim or not math.isnan(X.shape[0]):
        shape = tuple(min(size, min_rows) for size in X.shape[:1]) + X.shape[1:]
        return np.zeros(shape, X.dtype), min_rows
    return np.zeros((0, *X.shape[1:]), X.dtype), 0


class _Part(NamedTuple):
    """The numbers of rows, and of rows with positive weight, in a block, and the block's value."""

    n_rows: int
    n_present: int
    value: Any


class DaskRows:
    """Rows of a Dask array or frame, which was validated by its `sample`, and their weights.

    The sample, which scikit-learn's checks returned, has the dtype and width of X. After a
    computation has counted the rows, fewer than `min_rows` are refused and, if `require_weight`,
    rows without a positive weight.
    """

    def __init__(
        self,
        X: Any,
        sample_weight: Any,
        sample: np.ndarray,
        read: _Read,
        *,
        names: Sequence[str],
        min_rows: int,
        require_weight: bool,
        estimator_name: str,
        limits: str | None,
    ):
        self.X = numeric_array(X, sample, limits=limits)
        self.blocks = _blocks(X, self.X, sample_weight, read)
        self.read, self.sample_weight, self.names = read, sample_weight, names
        self.feature_chunks = None if is_dask_frame(X) else X.chunks[1]
        self.min_rows = min_rows
        self.require_weight = require_weight
        self.estimator_name = estimator_name

    def total(self, function: _Function) -> Any:
        """Returns the sum of the function over the blocks, computed."""
        return self._total(function, sum)

    def summarize(self, function: Callable[[Block], AnyStatistics]) -> AnyStatistics:
        """Returns the sum of the blocks' statistics, which stay in the blocks if too large."""
        total = self._total(function, bounded_sum)
        if isinstance(total, ScatteredStatistics):
            return replace(total, blocks=map_values(function, self.blocks))
        return total

    def _total(self, function: _Function, add: Callable[[Sequence[Any]], Any]) -> Any:
        """Returns what `add` makes of the values of all blocks, and checks the number of rows."""
        parts = map_values(partial(_part, function, self.names), self.blocks)
        total = tree_sum(parts, partial(_sum, add))
        self._check(total)
        return total.value

    def map(self, function: _Function) -> Any:
        """Returns the function's results for all blocks, joined along the first axis; lazy.

        They are one array, or a tuple of arrays that are split along their features as X was.
        """
        of_array = partial(_apply_to_array, self.read, function, self.names)
        like = of_array(np.empty((0, self.X.shape[1]), self.X.dtype))
        if not isinstance(like, tuple):
            return self._map(of_array, like)
        together = self._map(of_array, like[0])  # for now its blocks are tuples
        results = [
            together.map_blocks(itemgetter(i), meta=one, dtype=one.dtype)
            for i, one in enumerate(like)
        ]
        if self.feature_chunks is not None and len(self.feature_chunks) > 1:
            results = [each.rechunk({1: self.feature_chunks}) for each in results]
        return tuple(results)

    def in_one_block(self, name: str) -> Block:
        raise ValueError(
            f"{name} needs all rows in memory, since it reads them many times, but X is a Dask "
            "collection. If it fits in memory, pass X.compute(), and compute the other arguments, "
            "too."
        )

    def _map(self, function: Callable[[np.ndarray], Any], like: np.ndarray) -> Any:
        """Returns the function's results for all blocks as a Dask array; `like` is an empty one."""
        from dask.delayed import delayed

        columns = like.shape[1:]
        shape = {"chunks": (self.X.chunks[0], columns)} if columns else {"drop_axis": 1}
        return self.X.map_blocks(
            apply_to_block, function=delayed(function), meta=like, dtype=like.dtype, **shape
        )

    def _check(self, total: _Part) -> None:
        """Refuse, in scikit-learn's words, too few rows in all blocks, or no positive weight."""
        check_array(
            np.empty((min(total.n_rows, self.min_rows), self.X.shape[1])),
            ensure_min_samples=self.min_rows,
            ensure_all_finite=False,
            estimator=self.estimator_name,
        )
        if self.require_weight and not total.n_present:
            raise ValueError("Sample weights must contain at least one non-zero number.")


def _part(function: _Function, names: Sequence[str], block: Block) -> _Part:
    """Returns the function's value for a block, with the numbers of its rows."""
    X, weights, _ = block
    n_present = len(X) if weights is None else int(np.count_nonzero(weights))
    with told_by_place(X, weights, lambda: names):
        return _Part(len(X), n_present, function(block))


def _apply_to_array(
    read: _Read, function: _Function, names: Sequence[str], array: np.ndarray
) -> Any:
    """Returns the function's value for an array of rows without weights."""
    block = read(array)
    with told_by_place(block.X, None, lambda: names):
        return function(block)


def _sum(add: Callable[[Sequence[Any]], Any], parts: Sequence[_Part]) -> _Part:
    """Returns the sum of several parts."""
    n_rows, n_present, values = zip(*parts, strict=True)
    return _Part(sum(n_rows), sum(n_present), add(values))


def _numbers_of_columns(block: Any, columns: Sequence[Any], read: Any = as_numbers) -> np.ndarray:
    """Returns the columns with these names, in that order, as an array of numbers."""
    return read(block[list(columns)], part=_OF_BLOCK)


def numeric_array(X: Any, sample: Array | None = None, **told: Any) -> Any:
    """Returns X as a Dask array of numbers, all features of a row in one block.

    It has the dtype of `sample`, numbers that were read from a part of X; None means to read one.
    `told` are parameters of `as_numbers` for messages.
    """
    read = partial(as_numbers, **told)  # since Dask has a parameter `name` of its own
    sample = as_numbers(sample_of(X, 0)[0], **told) if sample is None else sample
    if is_dask_frame(X):
        return X.map_partitions(_numbers_of_columns, X.columns, read, meta=sample[:0])
    X = X.rechunk({1: -1})
    return X if X.dtype == sample.dtype else X.map_blocks(read, part=_OF_BLOCK, meta=sample[:0])


def with_upper_of_dask(X: Any, upper: UpperEnds, sample: np.ndarray, sample_weight: Any) -> Any:
    """Returns ``[X | X_upper]`` as a Dask array; the upper ends may be in memory."""
    X, X_upper = numeric_array(X, sample), upper.values
    if is_dask(X_upper):
        X_upper = numeric_array(X_upper, name="X_upper")
    dtype = np.result_type(sample, X_upper)
    weights = _aligned_weights(sample_weight, X)
    both = partial(_with_upper_of_block, upper._replace(values=None))
    return side_by_side(both, X, X_upper, "X_upper", 2 * sample.shape[1], dtype, *weights)


def _with_upper_of_block(
    upper: UpperEnds, X: np.ndarray, X_upper: np.ndarray, weights: Any = None
) -> np.ndarray:
    weights = None if weights is None else np.broadcast_to(weights, len(X)).astype(np.float64)
    return upper._replace(values=X_upper).beside(X, weights, _OF_BLOCK)


def side_by_side(
    function: Callable[..., np.ndarray],
    X: Any,
    values: Any,
    name: str,
    n_columns: int,
    dtype: Any,
    *others: Any,
) -> Any:
    """Returns the function's results for each block of X and the same rows of `values`; lazy.

    The result is a Dask array of `n_columns` columns. `values` is a table in memory or in Dask,
    called `name` in messages. `others` are further arguments for `dask.array.blockwise`.
    """
    import dask.array as da

    if not is_dask(values):
        _check_known_rows(X, name)
        values = da.from_array(values)
    values = aligned_blocks(values, X, name).rechunk({1: -1})
    return da.blockwise(
        function, "ik", X, "ij", values, "il", *others, new_axes={"k": n_columns},
        concatenate=True, align_arrays=False, dtype=dtype, meta=np.empty((0, n_columns), dtype),
    )  # fmt: skip


def _blocks(X: Any, numbers: Any, sample_weight: Any, read: _Read) -> Any:
    """Returns a Dask array whose elements are the `Block` of each block of X with its weights.

    X and weights are in one graph: a source that they share is read only once, and where Dask
    joins several files of a frame into one partition, it does so for both.
    """
    import dask.array as da

    if is_dask_frame(X) and is_dask(sample_weight):
        # The weights become a column of X: Dask would not find the columns of two frames that
        # become one array.
        frame = X.map_partitions(
            _frame_with_weights,
            _partitioned(sample_weight, X),
            align_dataframes=False,
            meta=X._meta.assign(**{_WEIGHT_COLUMN: 0.0}),
        )
        return frame.map_partitions(_block_of_frame, X.columns, read, meta=VALUES["meta"])
    weights = _aligned_weights(sample_weight, numbers)
    block = partial(_block, read)
    return da.blockwise(
        block, "i", numbers, "ij", *weights, concatenate=True, align_arrays=False, **VALUES
    )


def _block(read: _Read, X: np.ndarray, sample_weight: Any = None) -> Block:
    """Returns the block that is read from an array and a user's weights, which are checked."""
    return read(X, None if sample_weight is None else valid_weights(sample_weight, X))


def _frame_with_weights(block: Any, sample_weight: Any) -> Any:
    """Returns a frame with its weights as one more column."""
    if len(sample_weight) != len(block):
        raise ValueError(f"sample_weight.shape == {sample_weight.shape}, expected {(len(block),)}!")
    return block.assign(**{_WEIGHT_COLUMN: np.asarray(sample_weight)})


def _block_of_frame(frame: Any, columns: Sequence[Any], read: _Read) -> Block:
    """Returns the block of a frame that holds the columns of X and one of weights."""
    return _block(read, _numbers_of_columns(frame, columns), frame[_WEIGHT_COLUMN])


def _partitioned(sample_weight: Any, X: Any) -> Any:
    """Returns the weights as a Dask series that is split as the frame X is."""
    from dask.dataframe import from_dask_array

    _check_one_dimensional(sample_weight)
    weights = sample_weight if is_dask_frame(sample_weight) else from_dask_array(sample_weight)
    _check_equal_blocks(weights.npartitions, X.npartitions, "sample_weight")
    return weights


def _aligned_weights(sample_weight: Any, X: Any) -> tuple[Any, ...]:
    """Returns weights split as the rows of X are, as arguments for `dask.array.blockwise`."""
    import dask.array as da

    if sample_weight is None:
        return ()
    if is_dask(sample_weight):
        _check_one_dimensional(sample_weight)
        return aligned_blocks(sample_weight, X, "sample_weight"), "i"
    if np.ndim(sample_weight) == 0:
        return float(sample_weight), None
    _check_known_rows(X, "sample_weight")
    sample_weight = valid_weights(sample_weight, np.broadcast_to(0.0, (X.shape[0], 1)))
    return da.from_array(sample_weight, chunks=(X.chunks[0],)), "i"


def _check_known_rows(X: Any, name: str) -> None:
    """Refuse X if Dask does not know how many rows its blocks have."""
    if math.isnan(X.shape[0]):
        raise ValueError(
            f"{name} cannot be split as X is, because Dask does not know how many rows the blocks "
            f"of X have. Pass {name} as a Dask collection that is split as X is, such as a column "
            "of the same frame, or pass X as an array with known chunks, from "
            "frame.to_dask_array(lengths=True) or X.compute_chunk_sizes()."
        )


def aligned_blocks(values: Any, X: Any, name: str) -> Any:
    """Returns values, as many as X has rows, as a Dask array that is split as X is."""
    values = values.to_dask_array() if is_dask_frame(values) else values
    n_values, n_rows = values.shape[0], X.shape[0]
    if not math.isnan(n_values + n_rows):
        if n_values != n_rows:
            raise ValueError(
                f"{name}.shape == {values.shape}, expected {(n_rows, *values.shape[1:])}!"
            )
        return values.rechunk((X.chunks[0], *values.chunks[1:]))
    _check_equal_blocks(values.numblocks[0], X.numblocks[0], name)
    return values


def _check_equal_blocks(n_blocks: int, n_of_X: int, name: str) -> None:
    """Refuse a Dask collection that has another number of blocks than X."""
    if n_blocks != n_of_X:
        raise ValueError(
            f"{name} has {n_blocks} blocks and X has {n_of_X}, and Dask does not know how many "
            "rows they have. Split both alike, as columns of one frame are. For arrays, you can "
            "call compute_chunk_sizes() on both instead."
        )


def _check_one_dimensional(sample_weight: Any) -> None:
    if sample_weight.ndim != 1:
        raise ValueError(
            f"Sample weights must be 1D array or scalar, got {sample_weight.ndim}D array."
        )
