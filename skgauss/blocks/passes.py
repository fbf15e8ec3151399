"""One pass over the rows of an array, block by block and in threads: sums, or one number a row.

Blocks are small enough to stay in cache and go through one reused float64 buffer; the array
is never copied, whatever its dtype. NaN and infinity are not searched for: they propagate
into the sums.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any, Literal

import numpy as np

from .._typing import Array
from . import sums, threads
from .sums import Sums, is_far, pivot_from_sample, sums_about_the_mean
from .threads import Result

# Elements of X in a block (1 MiB as float64: a common level-2 cache), in the blocks of all threads
# together, which are longer because threads contend for the interpreter's lock between them, and
# in a chunk, whose blocks share one pivot and so add up without a merge.
_BLOCK_ELEMENTS = 2**17
_BLOCK_ELEMENTS_OF_THREADS = 2**19
_CHUNK_ELEMENTS = 2**21
_MIN_BLOCK_ROWS = 8
_ROWS_AT_ONCE = 64
# Zero serves as the pivot if the mean of a few rows is within so many standard deviations of it,
# and if sums of squares about zero are at most so many times those about the mean. The variances
# then err by up to 6e-15 where values repeat and so round alike; 1e-14 is promised.
_NEAR_ZERO = 0.75
_MAX_CANCELLATION_ABOUT_ZERO = 1.75
# With fewer columns BLAS's threads would wait for each other more than they work, and NumPy's
# loops along a row would be too short.
_MANY_COLUMNS = 64
_MANY_ELEMENTS = 2**22  # elements of X that are worth several threads
_EXACT_INTEGERS = 2.0**52  # up to which float64 holds all integers, and their halves


def chunk_sums(
    X: np.ndarray, sample_weight: Array | None, unit: float, diagonal: bool
) -> AbstractContextManager[Iterator[Sums]]:
    """Returns a context with an iterator over the sums of all chunks of the rows, in their order.

    Weights are multiplied by `unit`. With `diagonal` the sums are of squares, not of products.
    """
    # Chunks are so long that finding their pivots and merging their statistics is the lesser work.
    n_features = X.shape[1]
    fewest = max(4 * _CHUNK_ELEMENTS // n_features, 1 if diagonal else 16 * n_features)
    sums_of = partial(_sums_of_chunk, X, sample_weight, unit, diagonal)
    return _map_chunks(sums_of, X, fewest)


def map_rows(X: np.ndarray, function: Callable[[Array], Array], mean: Array) -> Array:
    """Returns ``function(X - mean)``, computed block by block: one number a row, (n_rows,).

    `function` may overwrite its argument, a buffer.
    """
    result = np.empty(len(X))

    def fill(block: int, chunk: slice) -> None:
        rows = max(block // X.shape[1], _MIN_BLOCK_ROWS)
        buffer = _Buffer(X, min(rows, chunk.stop - chunk.start))
        with np.errstate(over="ignore", invalid="ignore"):
            for start in range(chunk.start, chunk.stop, rows):
                its_rows = slice(start, min(start + rows, chunk.stop))
                result[its_rows] = function(buffer.subtract(X[its_rows], mean))

    with _map_chunks(fill, X, _MIN_BLOCK_ROWS) as filled:
        list(filled)
    return result


def _map_chunks(
    function: Callable[[int, slice], Result], X: np.ndarray, min_rows: int
) -> AbstractContextManager[Iterator[Result]]:
    """Returns a context with an iterator over the results for all chunks of X, in their order.

    ``function(block, chunk)`` works on `block` elements at once, in threads if these pay.
    """
    n_threads = threads.available() if X.size >= _MANY_ELEMENTS else 1
    chunks = chunks_of(X, min_rows, n_threads)
    block = (
        _BLOCK_ELEMENTS
        if n_threads == 1
        else max(_BLOCK_ELEMENTS_OF_THREADS // n_threads, _BLOCK_ELEMENTS)
    )
    return threads.ordered_map(partial(function, block), chunks, n_threads)


def blas_threads_for_pass(X: np.ndarray) -> AbstractContextManager[None]:
    """Returns a context with one thread of BLAS, unless a pass over X has work for more."""
    multiplications = X.size * X.shape[1]
    if multiplications <= threads.NEGLIGIBLE_MULTIPLICATIONS:
        return nullcontext()
    if X.shape[1] < _MANY_COLUMNS:
        return threads.one_blas_thread()
    return threads.blas_threads_for(multiplications)


def chunks_of(
    X: Any, min_rows: int = 1, n_threads: int = 1, elements: int | None = None
) -> list[slice]:
    """Returns slices of the rows: equal parts, equally many for each thread; none for no rows.

    A part has at most `elements` elements, by default those of a chunk, but no fewer rows than
    `min_rows`.
    """
    n_rows, n_features = X.shape
    if not n_rows:
        return []
    for_each = math.ceil(
        n_rows / max((elements or _CHUNK_ELEMENTS) // n_features, min_rows) / n_threads
    )
    count = min(n_threads * for_each, n_rows)
    length = math.ceil(n_rows / count)
    return [slice(start, min(start + length, n_rows)) for start in range(0, n_rows, length)]


class _Buffer:
    """Room for one block of at most `rows` rows of X as float64, laid out in memory as X is."""

    def __init__(self, X: np.ndarray, rows: int):
        self.rows = min(rows, len(X))
        order: Literal["C", "F"] = "C" if X.flags.c_contiguous else "F"
        self._room = np.empty((self.rows, X.shape[1]), order=order)

    def hold(self, block: np.ndarray) -> Array:
        """Returns the block as float64: itself if it has that dtype, or a copy in this buffer."""
        if block.dtype == np.float64:
            return block
        room = self._room[: len(block)]
        np.copyto(room, block, casting="same_kind")
        return room

    def subtract(self, block: np.ndarray, shift: Array) -> Array:
        """Returns ``block - shift`` as float64, in this buffer, exact for integers of any size."""
        room = self._room[: len(block)]
        # NumPy would convert values that are narrower than the result piecemeal.
        values = self.hold(block) if block.itemsize < room.itemsize else block
        whole = 0
        if block.flags.c_contiguous and 1 < len(shift) < _MANY_COLUMNS:
            # NumPy's inner loop runs along a row, so many rows are viewed as one long row.
            whole = len(block) // _ROWS_AT_ONCE * _ROWS_AT_ONCE
            shifts = np.broadcast_to(shift, (_ROWS_AT_ONCE, len(shift))).reshape(-1)
            long = (-1, len(shifts))
            np.subtract(values[:whole].reshape(long), shifts, out=room[:whole].reshape(long))
        np.subtract(values[whole:], shift, out=room[whole:])
        _subtract_integers(block, shift, room)
        return room


def _subtract_integers(block: Array, shift: Array, room: Array) -> None:
    """Put the exact ``block - shift`` into `room` if the block holds integers beyond float64.

    It is computed modulo 2^64. If float64 holds the integers, `room` is left as it is.
    """
    if block.dtype.kind not in "iu" or not (np.abs(shift) > _EXACT_INTEGERS).any():
        return
    whole = np.rint(shift)
    base = np.array([int(each) % 2**64 for each in whole], dtype=np.uint64)
    exact = (block.astype(np.uint64) - base).view(np.int64) - (shift - whole)
    np.copyto(room, exact, where=np.abs(room) < 2.0**62)


def _sums_of_chunk(
    X: np.ndarray,
    sample_weight: Array | None,
    unit: float,
    diagonal: bool,
    block: int,
    chunk: slice,
) -> Sums:
    """Returns sums over a chunk about a point near its mean: zero, which is fastest, or a pivot.

    `block` is the number of elements to work on at once.
    """
    X, n_features = X[chunk], X.shape[1]
    sample_weight = None if sample_weight is None else sample_weight[chunk]
    # A block has so many rows that its overhead is small: it updates a sum of shape (d, d), and
    # calls NumPy.
    fewest = _MIN_BLOCK_ROWS if diagonal else 2 * n_features
    buffer = _Buffer(X, max(block // n_features, fewest))
    sums_about = partial(_sums_about, X, sample_weight, unit, diagonal, buffer)
    with np.errstate(invalid="ignore", over="ignore"):
        pivot, variance = pivot_from_sample(X, sample_weight, unit)
        floating = sample_weight is None and X.dtype.kind == "f"
        if floating and (np.abs(pivot) <= _NEAR_ZERO * np.sqrt(variance)).all():
            found = sums_about(np.zeros_like(pivot), is_zero=True)
            if not is_far(found, _MAX_CANCELLATION_ABOUT_ZERO):
                return found
        return sums_about_the_mean(sums_about, pivot)


def _sums_about(
    X: np.ndarray,
    sample_weight: Array | None,
    unit: float,
    diagonal: bool,
    buffer: _Buffer,
    pivot: Array,
    is_zero: bool = False,
) -> Sums:
    """Returns sums over all rows about a pivot, added up block by block in a buffer.

    A pivot that `is_zero` is not subtracted. Then there must be no weights, since their roots would
    be multiplied into the rows themselves.
    """
    products = sums.squares if diagonal else sums.cross_products
    n_features = X.shape[1]
    weight = 0.0
    first = np.zeros(n_features)
    second = np.zeros(n_features if diagonal else (n_features, n_features))
    for start in range(0, len(X), buffer.rows):
        block = slice(start, start + buffer.rows)
        centred = buffer.hold(X[block]) if is_zero else buffer.subtract(X[block], pivot)
        if sample_weight is None:
            weight += len(centred)
            first += sums.totals(centred)
        else:
            weights = unit * sample_weight[block]
            weight += weights.sum()
            first += weights @ centred
            centred *= np.sqrt(weights)[:, None]
        second += products(centred)
    if not diagonal:
        second = second / 2 + second.T / 2  # symmetric to the last digit
    return Sums(weight, pivot, first, second)
