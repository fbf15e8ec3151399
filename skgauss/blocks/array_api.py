"""One pass over the rows of an array of another library, on its device: sums, or one number a row.

Only sums are copied to the host; one number a row stays on the device. Temporary arrays have the
size of a chunk.

Sums are about a pivot close to the mean, and in float64, as in `passes`. All chunks share the
pivot, so that they add up on the device. A chunk is multiplied as a batch of short blocks: a single
product of few columns and many rows would leave most of a GPU idle.
"""

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from .._sklearn import get_namespace_and_device, is_array_api_obj, move_to
from .._typing import Array
from .sums import Sums, pivot_from_sample, scaled_weights, sums_about_the_mean

# Elements in a chunk (128 MiB as float64): enough work to hide what launching it costs.
_DEVICE_CHUNK_ELEMENTS = 2**24
# Rows in a block: enough for the products of all blocks to take no more room than a chunk.
_DEVICE_BLOCK_ROWS = 2**9
_ROWS_BY_COLUMN = 4


def to_host(value: Any) -> Any:
    """Returns an array of another library as one of NumPy; anything else as it is."""
    if isinstance(value, np.ndarray) or not is_array_api_obj(value):
        return value
    return move_to(value, xp=np, device="cpu")


def check_no_mask(array: Any, name: str) -> None:
    """Refuse a masked array of NumPy or Dask, which conversion would strip of its mask."""
    if isinstance(getattr(array, "_meta", array), np.ma.MaskedArray):
        raise ValueError(
            f"{name} is a masked array, whose mask would be ignored. Fill it, with NaN where "
            "values may be missing: array.astype(float).filled(numpy.nan), or "
            "dask.array.ma.filled. To leave a row out, give it weight 0."
        )


def to_float64(X: Any) -> Array:
    """Returns an array of any library as one of NumPy, in float64."""
    return to_host(X).astype(np.float64, copy=False)


def sums_on_device(X: Any, sample_weight: Any | None, unit: float, diagonal: bool) -> Sums:
    """Returns sums over the rows, with weights times `unit`; with `diagonal` of squares only."""
    sums_about = partial(_sums_about, X, sample_weight, unit, diagonal)
    with np.errstate(invalid="ignore", over="ignore"):
        pivot, _ = pivot_from_sample(X, sample_weight, unit)
        return sums_about_the_mean(sums_about, to_float64(pivot))


def map_rows_on_device(X: Any, function: Callable[[Any], Any], mean: Array) -> Any:
    """Returns ``function(X - mean)``, one number a row, (n_rows,), in float64, on X's device.

    `function` may overwrite its argument.
    """
    xp, _, device = get_namespace_and_device(X)
    shift = xp.asarray(mean, dtype=xp.float64, device=device)
    result = xp.empty(X.shape[0], dtype=xp.float64, device=device)
    with np.errstate(invalid="ignore", over="ignore"):
        for rows in _slices(X, 1):
            result[rows] = function(_minus(xp, X[rows, :], shift))
    return result


def _slices(X: Any, block: int) -> Iterator[slice]:
    """Yields slices of the rows: each of whole blocks of `block` rows, and last those left over."""
    n_rows, n_features = X.shape
    length = max(_DEVICE_CHUNK_ELEMENTS // n_features // block, 1) * block
    whole = n_rows // block * block
    for start in range(0, whole, length):
        yield slice(start, min(start + length, whole))
    if whole < n_rows:
        yield slice(whole, n_rows)


def _sums_about(
    X: Any, sample_weight: Any | None, unit: float, diagonal: bool, pivot: Array
) -> Sums:
    """Returns sums about a pivot; chunks are added on the device, and the host reads the total."""
    xp, _, device = get_namespace_and_device(X)
    there = xp.asarray(pivot, dtype=xp.float64, device=device)
    block = max(_DEVICE_BLOCK_ROWS, 0 if diagonal else _ROWS_BY_COLUMN * X.shape[1])
    totals: Any = [0.0, 0.0, 0.0]
    for rows in _slices(X, block):
        weights = None
        if sample_weight is not None:
            weights = scaled_weights(X, sample_weight[rows], unit)
        n_blocks = math.ceil((rows.stop - rows.start) / block)
        sums = _block_sums(xp, X[rows, :], weights, there, n_blocks, diagonal)
        totals = [total + each for total, each in zip(totals, sums, strict=True)]
    weight, first, second = map(to_float64, totals)
    if not diagonal:
        second = (second + second.T) / 2  # rounding may leave a product asymmetric
    return Sums(float(weight[0]), pivot, first, second)


def _block_sums(
    xp: Any, X: Any, weights: Any | None, pivot: Any, n_blocks: int, diagonal: bool
) -> list[Any]:
    """Returns weight, (1,), first and second of `Sums` over a chunk, on its device."""
    centred = xp.reshape(_minus(xp, X, pivot), (n_blocks, -1, X.shape[1]))
    if weights is None:
        weighted = centred
        weight = xp.full_like(pivot[:1], float(X.shape[0]))[None, :]
    else:
        weights = xp.reshape(weights, (n_blocks, -1, 1))
        weighted = weights * centred
        weight = xp.sum(weights, axis=1)
    if diagonal:
        second = xp.sum(centred * weighted, axis=1)
    else:
        second = xp.matrix_transpose(centred) @ weighted
    return [xp.sum(each, axis=0) for each in (weight, xp.sum(weighted, axis=1), second)]


def _minus(xp: Any, X: Any, shift: Any) -> Any:
    """Returns ``X - shift`` in the wider of their dtypes; a floating X is not converted first."""
    if not xp.isdtype(X.dtype, "real floating"):
        X = xp.astype(X, shift.dtype)
    return X - shift
