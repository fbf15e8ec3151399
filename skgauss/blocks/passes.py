"""One pass over the rows of an array, block by block and in threads: sums, or one number a row.

Blocks are small enough to stay in cache and go through one reused float64 buffer; the array
is never copied, whatever its dtype. NaN and infinity are not searched for: they propagate
into the sums.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple, TypeVar

import numpy as np

from .._typing import Array
from . import sums, threads

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
_FEW_MULTIPLICATIONS = 10_000  # for which BLAS keeps to one thread by itself


class Sums(NamedTuple):
    """Weight of the rows of a chunk, and sums of their deviations from a pivot.

    Attributes
    ----------
    weight : float
    pivot : ndarray of shape (n_features,)
        Close to the mean.
    first : ndarray of shape (n_features,)
        Weighted sum of the deviations.
    second : ndarray of shape (n_features, n_features) or (n_features,)
        Weighted sum of their products, or of their squares.
    """

    weight: float
    pivot: Array
    first: Array
    second: Array


def chunk_sums(
    X: np.ndarray, sample_weight: Array | None, unit: float, diagonal: bool
) -> Iterator[Sums]:
    """Sums of every chunk of the rows, of weights times `unit`; of squares only with `diagonal`."""

    def part(chunk: slice, block: int) -> Sums:
        weights = None if sample_weight is None else sample_weight[chunk]
        rows = _block_rows(X.shape[1], block, diagonal)
        with np.errstate(invalid="ignore", over="ignore"):
            return _sums_of_chunk(X[chunk], weights, unit, diagonal, rows)

    # Chunks so long that merging their statistics is the lesser work.
    return _map_chunks(part, X, 1 if diagonal else 16 * X.shape[1])


def map_rows(X: np.ndarray, function: Callable[[Array], Array], mean: Array) -> Array:
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


def _map_chunks(
    part: Callable[[slice, int], Result], X: np.ndarray, fewest_rows: int
) -> Iterator[Result]:
    """``part`` of all chunks of X in their order, by threads of ours where those pay.

    It is handed the chunk, and how many elements of it to work on at once.
    """
    n_threads = threads.available() if X.size >= _MANY_ELEMENTS else 1
    chunks = chunks_of(X, fewest_rows, n_threads)
    if n_threads > 1:
        block = max(_BLOCKS_OF_THREADS // n_threads, _BLOCK)
        yield from threads.ordered_map(lambda chunk: part(chunk, block), chunks, n_threads)
    else:
        with blas_threads_for(X):
            for chunk in chunks:
                yield part(chunk, _BLOCK)


def blas_threads_for(X: np.ndarray) -> AbstractContextManager[None]:
    """One thread of BLAS for a pass over rows that pays no more."""
    multiplications = X.size * X.shape[1]
    if multiplications <= _FEW_MULTIPLICATIONS:
        return nullcontext()
    if X.shape[1] < _MANY_COLUMNS:
        return threads.one_blas_thread()
    return threads.blas_threads_for(multiplications)


def chunks_of(X: Any, fewest_rows: int, n_threads: int) -> list[slice]:
    """Equal parts, one a thread at least; of no rows, none."""
    n_rows, n_features = X.shape
    if not n_rows:
        return []
    count = max(math.ceil(n_rows / max(_CHUNK // n_features, fewest_rows)), min(n_threads, n_rows))
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


def _block_rows(n_features: int, block: int, diagonal: bool) -> int:
    # Where a (d, d) sum is updated a block, enough rows to make that the lesser work; and
    # never so few that calling NumPy becomes the work. A single column takes half the room,
    # since reading it is all there is to do.
    fewest = _FEWEST_ROWS if diagonal else 2 * n_features
    return max(block // max(n_features, 2), fewest)


def _sums_of_chunk(
    X: np.ndarray, sample_weight: Array | None, unit: float, diagonal: bool, block_rows: int
) -> Sums:
    """About a pivot close to the mean of the chunk."""
    buffer = _Buffer(X, block_rows)

    def sums_about(pivot: Array) -> Sums:
        return _sums(X, sample_weight, unit, pivot, diagonal, buffer)

    return sums_about_the_mean(sums_about, _pivot(X, sample_weight, unit))


def sums_about_the_mean(sums_about: Callable[[Array], Sums], pivot: Array) -> Sums:
    """Sums about a pivot close to the mean: the given one, or one found by those about it."""
    for _ in range(_MOST_PIVOTS):
        found = sums_about(pivot)
        if not _is_far(found):
            break
        pivot = found.pivot + found.first / found.weight
    return found


def _is_far(found: Sums) -> bool:
    """Whether the pivot is deviations off the mean, as where weights fade: digits cancelled."""
    about_pivot = found.second if found.second.ndim == 1 else found.second.diagonal()
    offset = found.first / found.weight if found.weight else found.first
    about_mean = about_pivot - found.weight * offset * offset
    return bool((about_pivot > _MOST_CANCELLED * about_mean).any())


def _sums(
    X: np.ndarray,
    sample_weight: Array | None,
    unit: float,
    pivot: Array,
    diagonal: bool,
    buffer: _Buffer,
) -> Sums:
    products = sums.squares if diagonal else sums.cross_products
    n_features = X.shape[1]
    weight = 0.0
    first = np.zeros(n_features)
    second = np.zeros(n_features if diagonal else (n_features, n_features))
    for start in range(0, len(X), buffer.rows):
        block = slice(start, start + buffer.rows)
        centred = buffer.subtract(X[block], pivot)
        if sample_weight is None:
            weight += len(centred)
            first += buffer.ones[: len(centred)] @ centred
        else:
            weights = unit * sample_weight[block]
            weight += weights.sum()
            first += weights @ centred
            centred *= np.sqrt(weights)[:, None]
        second += products(centred)
    return Sums(weight, pivot, first, second)


def _pivot(X: np.ndarray, sample_weight: Array | None, unit: float) -> Array:
    """Mean of a few rows, spread out since data may be sorted, reckoned from one of them.

    From a row, so that a constant feature has a deviation, and a scatter, of exactly
    zero, whatever its value and wherever the chunks are cut.
    """
    first = 0 if sample_weight is None else int(np.argmax(sample_weight > 0))
    row = X[first].astype(np.float64)
    few = min(max(_BLOCK // X.shape[1], _FEWEST_ROWS), _ROWS_OF_PIVOT)
    step = math.ceil(len(X) / few)
    deviations = X[::step] - row
    weights = np.ones(len(deviations)) if sample_weight is None else unit * sample_weight[::step]
    return row + (weights @ deviations) / max(weights.sum(), np.finfo(float).tiny)
