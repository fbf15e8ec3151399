"""Dask collections as rows: the blocks stay where they lie, sums over them come back.

What is done with Dask's collections is known here alone. Dask is imported only when handed one.
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
from ..blocks import VALUES, map_values, of_numbered_block, tree_sum
from ..statistics import AnyStatistics, ScatteredStatistics, bounded_sum, valid_weights
from .block import Block
from .censoring import with_upper
from .kinds import is_dask, is_dask_frame
from .numbers import numbers

_WEIGHT_COLUMN = "skgauss sample_weight"  # a column beside those of X
# From an array, and weights, to a block; and what is asked of each block.
_Read = Callable[..., Block]
_Function = Callable[[Block], Any]


def check_stays_lazy(estimator: Any, X: Any) -> None:
    """Refuse to make a frame in memory, which `set_output` can ask for, of rows of Dask."""
    container = output_config("transform", estimator)["dense"]
    if container != "default" and is_dask(X):
        raise ValueError(
            f"set_output asks for the output as a frame of {container}, which would gather all "
            "rows of Dask in memory. Call set_output(transform='default') for a lazy array. Of "
            "a frame X.map_partitions(imputer.transform) makes a lazy frame, one partition at a "
            "time."
        )


def sample_of(X: Any, fewest_rows: int) -> tuple[Any, int]:
    """What can be checked in place of X, and how many rows to ask of it.

    It has the names, the width and the dtype of X, and as many rows up to `fewest_rows`; where
    the number of rows of X is not known, none.
    """
    if is_dask_frame(X) or not isinstance(X._meta, np.ndarray):
        return X._meta, 0
    if any(math.isnan(size) for size in X.shape[1:]):
        raise ValueError(
            "The number of features of X is not known to Dask. Call X.compute_chunk_sizes() first."
        )
    if not X.ndim or not math.isnan(X.shape[0]):
        shape = tuple(min(size, fewest_rows) for size in X.shape[:1]) + X.shape[1:]
        return np.zeros(shape, X.dtype), fewest_rows
    return np.zeros((0, *X.shape[1:]), X.dtype), 0


class _Part(NamedTuple):
    """What a block adds to a total: its rows, those with a positive weight, and a value."""

    n_rows: int
    n_present: int
    value: Any


class DaskRows:
    """Rows of a Dask array or frame that passed for `sample`, and their weights.

    Parameters
    ----------
    X : dask.array.Array or dask.dataframe.DataFrame
    sample_weight : array-like, dask.array.Array, dask.dataframe.Series or None
    sample : ndarray of shape (n_rows, n_features)
        As scikit-learn's checks returned it: tells the dtype and the width.
    read : callable
        From an array, and weights, to a block.
    fewest_rows : int
        To ask of X where the number of rows is not known before a computation.
    some_weight : bool
        Whether to ask for a positive weight.
    estimator_name : str
        For messages.
    """

    def __init__(
        self,
        X: Any,
        sample_weight: Any,
        sample: np.ndarray,
        read: _Read,
        *,
        fewest_rows: int,
        some_weight: bool,
        estimator_name: str,
    ):
        self.X = _of_numbers(X, sample)
        self.blocks = _blocks(X, self.X, sample_weight, read)
        self.read = read
        self.feature_chunks = None if is_dask_frame(X) else X.chunks[1]
        self.fewest_rows = fewest_rows
        self.some_weight = some_weight
        self.estimator_name = estimator_name

    def total(self, function: _Function) -> Any:
        """Sum of the function over the blocks; computed."""
        return self._total(function, sum)

    def summarize(self, function: Callable[[Block], AnyStatistics]) -> AnyStatistics:
        """Sum of statistics over the blocks; where it is too large to travel, left in them."""
        total = self._total(function, bounded_sum)
        if isinstance(total, ScatteredStatistics):
            return replace(total, blocks=map_values(function, self.blocks))
        return total

    def _total(self, function: _Function, add: Callable[[Sequence[Any]], Any]) -> Any:
        """What `add` makes of the values of all blocks, once their rows are counted and checked."""
        parts = map_values(partial(_part, function), self.blocks)
        total = tree_sum(parts, partial(_sum, add))
        self._check(total)
        return total.value

    def map(self, function: _Function) -> Any:
        """What the function returns of each block, with a first axis as long as the block; lazy.

        Where it returns a tuple of arrays, so does this, each split along its features as X was.
        """
        of_array = partial(_of_array, self.read, function)
        like = of_array(np.empty((0, self.X.shape[1]), self.X.dtype))
        if not isinstance(like, tuple):
            return self._map(of_array, like)
        together = self._map(of_array, like[0])  # whose blocks are tuples for the moment
        results = [
            together.map_blocks(itemgetter(i), meta=one, dtype=one.dtype)
            for i, one in enumerate(like)
        ]
        if self.feature_chunks is not None and len(self.feature_chunks) > 1:
            results = [each.rechunk({1: self.feature_chunks}) for each in results]
        return tuple(results)

    def whole(self, asker: str) -> Block:
        raise ValueError(
            f"{asker} takes all rows over and over, in memory, and X is of Dask. Pass X.compute() "
            "and the like, if they fit there."
        )

    def _map(self, function: Callable[[np.ndarray], Any], like: np.ndarray) -> Any:
        """What the function returns of each block of X, as an array of Dask like an empty one."""
        from dask.delayed import delayed

        columns = like.shape[1:]
        shape = {"chunks": (self.X.chunks[0], columns)} if columns else {"drop_axis": 1}
        return self.X.map_blocks(
            of_numbered_block, function=delayed(function), meta=like, dtype=like.dtype, **shape
        )

    def _check(self, total: _Part) -> None:
        """What no block can know, in scikit-learn's words."""
        check_array(
            np.empty((min(total.n_rows, self.fewest_rows), self.X.shape[1])),
            ensure_min_samples=self.fewest_rows,
            ensure_all_finite=False,
            estimator=self.estimator_name,
        )
        if self.some_weight and not total.n_present:
            raise ValueError("Sample weights must contain at least one non-zero number.")


def _part(function: _Function, block: Block) -> _Part:
    """The value of a block, and how many of its rows there are and count."""
    X, weights, _ = block
    n_present = len(X) if weights is None else int(np.count_nonzero(weights))
    return _Part(len(X), n_present, function(block))


def _of_array(read: _Read, function: _Function, array: np.ndarray) -> Any:
    """What the function returns of rows without weights."""
    return function(read(array))


def _sum(add: Callable[[Sequence[Any]], Any], parts: Sequence[_Part]) -> _Part:
    """Several parts as one."""
    n_rows, n_present, values = zip(*parts, strict=True)
    return _Part(sum(n_rows), sum(n_present), add(values))


def _numbers_of_columns(block: Any, columns: Sequence[Any]) -> np.ndarray:
    """The columns of a frame with these names, in that order, as an array of numbers."""
    return numbers(block[list(columns)])


def _of_numbers(X: Any, sample: np.ndarray) -> Any:
    """A Dask array of the dtype of `sample`, the features of a row all in one block."""
    if is_dask_frame(X):
        return X.map_partitions(_numbers_of_columns, X.columns, meta=sample[:0])
    X = X.rechunk({1: -1})
    return X if X.dtype == sample.dtype else X.map_blocks(numbers, meta=sample[:0])


def with_upper_of_dask(
    X: Any,
    X_upper: Any,
    sample: np.ndarray,
    names: Sequence[str],
    sample_weight: Any = None,
    unlike: np.ndarray | None = None,
) -> Any:
    """``[X | X_upper]`` as an array of Dask, each block by `with_upper`.

    The upper ends may be in memory. `names` are those of the features, for messages.
    """
    X = _of_numbers(X, sample)
    if is_dask(X_upper):
        X_upper = _of_numbers(X_upper, numbers(sample_of(X_upper, 0)[0]))
    dtype = np.result_type(sample, X_upper)
    weights = _aligned_weights(sample_weight, X)
    both = partial(_with_upper_of_block, names, unlike)
    return side_by_side(both, X, X_upper, "X_upper", 2 * sample.shape[1], dtype, *weights)


def _with_upper_of_block(
    names: Sequence[str],
    unlike: np.ndarray | None,
    X: np.ndarray,
    X_upper: np.ndarray,
    weights: Any = None,
) -> np.ndarray:
    weights = None if weights is None else np.broadcast_to(weights, len(X)).astype(np.float64)
    return with_upper(X, X_upper, names, " of its block", weights, unlike)


def side_by_side(
    function: Callable[..., np.ndarray],
    X: Any,
    values: Any,
    name: str,
    n_columns: int,
    dtype: Any,
    *others: Any,
) -> Any:
    """What the function returns of each block of X and the rows of a table that go with it; lazy.

    An array of Dask of so many columns. The table, in memory or of Dask, goes by the name in
    messages. The others are more arguments as `dask.array.blockwise` takes them.
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
    """A `Block` for each block of X, with weights as the user gave them; an array of Dask in name.

    Both come out of one graph: a source that X and the weights share is read once for both,
    and a frame that Dask reads several files at a time for is so read for both.
    """
    import dask.array as da

    if is_dask_frame(X) and is_dask(sample_weight):
        # By way of a frame: of several that become an array Dask would not find the columns.
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
    """The block that is read of an array, once the weights, as the user gave them, are checked."""
    return read(X, None if sample_weight is None else valid_weights(sample_weight, X))


def _frame_with_weights(block: Any, sample_weight: Any) -> Any:
    """A frame with its weights as one more column."""
    if len(sample_weight) != len(block):
        raise ValueError(f"sample_weight.shape == {sample_weight.shape}, expected {(len(block),)}!")
    return block.assign(**{_WEIGHT_COLUMN: np.asarray(sample_weight)})


def _block_of_frame(frame: Any, columns: Sequence[Any], read: _Read) -> Block:
    """The block of a frame that has the weights as a column beside those of X."""
    return _block(read, _numbers_of_columns(frame, columns), frame[_WEIGHT_COLUMN])


def _partitioned(sample_weight: Any, X: Any) -> Any:
    """Weights as a series of Dask, split as the frame X is."""
    from dask.dataframe import from_dask_array

    _check_one_number_a_row(sample_weight)
    weights = sample_weight if is_dask_frame(sample_weight) else from_dask_array(sample_weight)
    _check_as_many_blocks(weights.npartitions, X.npartitions, "sample_weight")
    return weights


def _aligned_weights(sample_weight: Any, X: Any) -> tuple[Any, ...]:
    """Weights as `dask.array.blockwise` takes them, split as the rows of the array X are."""
    import dask.array as da

    if sample_weight is None:
        return ()
    if is_dask(sample_weight):
        _check_one_number_a_row(sample_weight)
        return aligned_blocks(sample_weight, X, "sample_weight"), "i"
    if np.ndim(sample_weight) == 0:
        return float(sample_weight), None
    _check_known_rows(X, "sample_weight")
    sample_weight = valid_weights(sample_weight, np.broadcast_to(0.0, (X.shape[0], 1)))
    return da.from_array(sample_weight, chunks=(X.chunks[0],)), "i"


def _check_known_rows(X: Any, name: str) -> None:
    """Refuse to split what is in memory as X is, where nobody knows how."""
    if math.isnan(X.shape[0]):
        raise ValueError(
            f"{name} cannot be split as X is, because Dask does not know how many rows the "
            f"blocks of X have. Pass {name} of Dask that is split as X is, such as a column of "
            "the same frame, or X as an array with known chunks: "
            "frame.to_dask_array(lengths=True), or X.compute_chunk_sizes()."
        )


def aligned_blocks(values: Any, X: Any, name: str) -> Any:
    """Values, which go with the rows of X, as an array of Dask that is split as these are."""
    values = values.to_dask_array() if is_dask_frame(values) else values
    n_values, n_rows = values.shape[0], X.shape[0]
    if not math.isnan(n_values + n_rows):
        if n_values != n_rows:
            raise ValueError(
                f"{name}.shape == {values.shape}, expected {(n_rows, *values.shape[1:])}!"
            )
        return values.rechunk((X.chunks[0], *values.chunks[1:]))
    _check_as_many_blocks(values.numblocks[0], X.numblocks[0], name)
    return values


def _check_as_many_blocks(n_blocks: int, n_of_X: int, name: str) -> None:
    """Refuse what is of Dask and split otherwise than X, of rows that nobody has counted."""
    if n_blocks != n_of_X:
        raise ValueError(
            f"{name} has {n_blocks} blocks and X has {n_of_X}, and Dask does not know how many "
            "rows they have. Split both alike, as a column of the same frame is, or, of arrays, "
            "call compute_chunk_sizes() on both."
        )


def _check_one_number_a_row(sample_weight: Any) -> None:
    if sample_weight.ndim != 1:
        raise ValueError(
            f"Sample weights must be 1D array or scalar, got {sample_weight.ndim}D array."
        )
