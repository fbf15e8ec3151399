"""What X may be, and its way to statistics or to one number a row, block by block.

X is read once, in blocks small enough to stay in cache, through one reused float64
buffer; it is never copied, whatever its dtype. NaN and infinity are not searched for:
they propagate into the sums, and only a sum that is not finite sends us looking. NaN then
are missing values, and the rows are sorted by what they miss.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import reduce
from operator import add
from typing import Any, TypeVar

import numpy as np
from sklearn.utils import assert_all_finite
from sklearn.utils.validation import validate_data

from . import threads
from ._typing import Array
from .covariance import Family
from .patterns import IncompleteStatistics, incomplete_statistics, merge
from .statistics import SufficientStatistics, about_the_mean

Result = TypeVar("Result")

# Elements of X in a block (1 MiB as float64: a common level-2 cache), and in a chunk, whose
# blocks share one pivot and so add up without a merge. Threads, which contend for the
# interpreter's lock between the blocks, share longer ones.
_BLOCK = 2**17
_BLOCKS_OF_THREADS = 2**19
_CHUNK = 2**21
_FEWEST_ROWS = 8
_ROWS_AT_ONCE = 64
_MOST_CANCELLED = 8  # sum of squares about a pivot, by that about the mean
# A mean that float64 cannot hold stays off any pivot: two corrections are all that can help.
_MOST_PIVOTS = 3
_ROWS_OF_PIVOT = 512
# With fewer columns BLAS's threads would wait for each other more than they work, and NumPy's
# loops along a row would be too short.
_MANY_COLUMNS = 64
_MANY_ELEMENTS = 2**22  # worth threads of ours
_SOME_ELEMENTS = 2**17  # worth the call that holds BLAS to one thread


def validate_rows(estimator: Any, X: Any, **check_params: Any) -> np.ndarray:
    """X as an array of numbers, of whatever dtype, not yet known to be finite.

    Checks or, with ``reset=True``, sets the number and names of the features of `estimator`.
    """
    X = validate_data(estimator, X, dtype="numeric", ensure_all_finite=False, **check_params)
    if X.dtype.kind not in "biuf":
        raise ValueError(f"X must hold numbers, got dtype {X.dtype}.")
    return X


def statistics_of(
    X: np.ndarray, sample_weight: Array | None, family: Family, estimator_name: str
) -> SufficientStatistics | IncompleteStatistics:
    """Statistics of rows that may have NaN where values are missing.

    Raises
    ------
    ValueError
        If X holds infinity.
    """
    statistics = summarize(X, sample_weight, family)
    if np.isfinite(statistics.mean).all():
        return statistics
    check_no_infinity(X, estimator_name)
    if sample_weight is not None and not (sample_weight > 0).all():
        present = sample_weight > 0
        return statistics_of(X[present], sample_weight[present], family, estimator_name)
    return _summarize_incomplete(X, sample_weight) if np.isnan(X).any() else statistics


def summarize(X: np.ndarray, sample_weight: Array | None, family: Family) -> SufficientStatistics:
    """Sufficient statistics of the rows of X.

    They come out as NaN or infinity where X holds such; see `check_finite`.
    """
    # Weights near 1: of any others, products with squares may overflow or vanish.
    unit = 1.0 if sample_weight is None else 2.0 ** -max(math.frexp(sample_weight.max())[1], -1000)

    def part(chunk: slice, block: int) -> SufficientStatistics:
        weights = None if sample_weight is None else unit * sample_weight[chunk]
        rows = _block_rows(family, block)
        with np.errstate(invalid="ignore", over="ignore"):
            return _summarize_chunk(X[chunk], weights, family, rows)

    # Chunks so long that merging their statistics is the lesser work.
    fewest = 16 * family.n_features if len(family.scatter_shape) == 2 else 1
    total = reduce(add, _map_chunks(part, X, fewest))
    return replace(total, weight=total.weight / unit)


def map_rows(
    X: np.ndarray, family: Family, function: Callable[[Array], Array], mean: Array
) -> Array:
    """``function(X - mean)``, one number a row, block by block.

    The array handed to `function` is a buffer that it may overwrite.
    """
    result = np.empty(len(X))

    def part(chunk: slice, block: int) -> None:
        rows = max(block // X.shape[1], _FEWEST_ROWS)
        buffer = _Buffer(X, min(rows, chunk.stop - chunk.start))
        with np.errstate(over="ignore", invalid="ignore"):
            for start in range(chunk.start, chunk.stop, rows):
                its_rows = slice(start, min(start + rows, chunk.stop))
                result[its_rows] = function(buffer.subtract(X[its_rows], mean))

    for _ in _map_chunks(part, X, _FEWEST_ROWS):
        pass
    return result


def check_no_infinity(X: np.ndarray, estimator_name: str) -> None:
    """Refuse infinity, in scikit-learn's words; NaN stands for a missing value."""
    with np.errstate(invalid="ignore"):  # of inf - inf in the search itself
        assert_all_finite(X, allow_nan=True, estimator_name=estimator_name, input_name="X")


def incomplete_rows(X: np.ndarray) -> Iterator[np.ndarray]:
    """Indices of the rows that miss values, a chunk of X at a time."""
    for chunk in _chunks(X, 1, 1) if X.dtype.kind == "f" else ():
        rows = chunk.start + np.flatnonzero(np.isnan(X[chunk]).any(axis=1))
        if rows.size:
            yield rows


def _summarize_incomplete(X: np.ndarray, sample_weight: Array | None) -> IncompleteStatistics:
    def part(chunk: slice) -> IncompleteStatistics:
        weights = None if sample_weight is None else sample_weight[chunk]
        return incomplete_statistics(X[chunk].astype(np.float64, copy=False), weights)

    return merge([part(chunk) for chunk in _chunks(X, 1, 1)])


def _map_chunks(
    part: Callable[[slice, int], Result], X: np.ndarray, fewest_rows: int
) -> Iterator[Result]:
    """``part`` of all chunks of X in their order, by threads of ours where those pay.

    It is handed the chunk, and how many elements of it to work on at once.
    """
    n_threads = threads.available() if X.size >= _MANY_ELEMENTS else 1
    chunks = _chunks(X, fewest_rows, n_threads)
    if n_threads > 1:
        block = max(_BLOCKS_OF_THREADS // n_threads, _BLOCK)
        yield from threads.ordered_map(lambda chunk: part(chunk, block), chunks, n_threads)
    else:
        with _blas_threads_for(X):
            for chunk in chunks:
                yield part(chunk, _BLOCK)


def _blas_threads_for(X: np.ndarray) -> AbstractContextManager:
    narrow = X.shape[1] < _MANY_COLUMNS and X.size >= _SOME_ELEMENTS
    return threads.one_blas_thread() if narrow else nullcontext()


def _chunks(X: np.ndarray, fewest_rows: int, n_threads: int) -> list[slice]:
    """Equal parts, one a thread at least."""
    n_rows = len(X)
    count = max(math.ceil(n_rows / max(_CHUNK // X.shape[1], fewest_rows)), min(n_threads, n_rows))
    length = math.ceil(n_rows / count)
    return [slice(start, min(start + length, n_rows)) for start in range(0, n_rows, length)]


class _Buffer:
    """Room for one block as float64, laid out in memory as X is."""

    def __init__(self, X: np.ndarray, rows: int):
        self.rows = min(rows, len(X))
        self.ones = np.ones(self.rows)
        shape = (self.rows, X.shape[1])
        self._room = np.empty(shape) if X.flags.c_contiguous else np.empty(shape, order="F")

    def subtract(self, block: np.ndarray, shift: Array) -> Array:
        """``block - shift``, in the room of this buffer."""
        room = self._room[: len(block)]
        whole = 0
        if block.flags.c_contiguous and 1 < len(shift) < _MANY_COLUMNS:
            # NumPy's inner loop runs along a row: let a row be many.
            whole = len(block) // _ROWS_AT_ONCE * _ROWS_AT_ONCE
            shifts = np.broadcast_to(shift, (_ROWS_AT_ONCE, len(shift))).reshape(-1)
            long = (-1, len(shifts))
            np.subtract(block[:whole].reshape(long), shifts, out=room[:whole].reshape(long))
        np.subtract(block[whole:], shift, out=room[whole:])
        return room


def _block_rows(family: Family, block: int) -> int:
    # Where a (d, d) sum is updated a block, enough rows to make that the lesser work; and
    # never so few that calling NumPy becomes the work. A single column takes half the room,
    # since reading it is all there is to do.
    fewest = 2 * family.n_features if len(family.scatter_shape) == 2 else _FEWEST_ROWS
    return max(block // max(family.n_features, 2), fewest)


def _summarize_chunk(
    X: np.ndarray, sample_weight: Array | None, family: Family, block_rows: int
) -> SufficientStatistics:
    """Statistics of one chunk, from sums about a pivot close to its mean."""
    buffer = _Buffer(X, block_rows)
    pivot = _pivot(X, sample_weight)
    for _ in range(_MOST_PIVOTS):
        weight, first, second = _sums(X, sample_weight, pivot, family, buffer)
        statistics = about_the_mean(weight, pivot, first, second)
        # A pivot many deviations off the mean, as where the weights fade, would cancel digits.
        about_pivot = second.diagonal() if second.ndim == 2 else second
        if not (about_pivot > _MOST_CANCELLED * weight * statistics.variances).any():
            break
        pivot = statistics.mean
    return statistics


def _sums(
    X: np.ndarray, sample_weight: Array | None, pivot: Array, family: Family, buffer: _Buffer
) -> tuple[float, Array, Array]:
    """Weight, and weighted sums of the deviations from the pivot and of their products."""
    rows = buffer.rows
    weight = 0.0
    first = np.zeros(family.n_features)
    second = np.zeros(family.scatter_shape)
    for start in range(0, len(X), rows):
        block = slice(start, start + rows)
        centred = buffer.subtract(X[block], pivot)
        if sample_weight is None:
            weight += len(centred)
            first += buffer.ones[: len(centred)] @ centred
        else:
            weights = sample_weight[block]
            weight += weights.sum()
            first += weights @ centred
            centred *= np.sqrt(weights)[:, None]
        second += family.gram(centred)
    return weight, first, second


def _pivot(X: np.ndarray, sample_weight: Array | None) -> Array:
    """Mean of a few rows, spread out since data may be sorted, reckoned from one of them.

    From a row, so that a constant feature has a deviation, and a scatter, of exactly
    zero, whatever its value and wherever the chunks are cut.
    """
    first = 0 if sample_weight is None else int(np.argmax(sample_weight > 0))
    row = X[first].astype(np.float64)
    few = min(max(_BLOCK // X.shape[1], _FEWEST_ROWS), _ROWS_OF_PIVOT)
    step = math.ceil(len(X) / few)
    deviations = X[::step] - row
    weights = np.ones(len(deviations)) if sample_weight is None else sample_weight[::step]
    return row + (weights @ deviations) / max(weights.sum(), np.finfo(float).tiny)
