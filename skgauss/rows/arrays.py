"""Rows that live in another array library, or on another device: summed and whitened there.

With ``sklearn.config_context(array_api_dispatch=True)`` validation leaves X where it is, and
what is neither a NumPy array nor can be seen as one without a copy comes here. Only sums go
to the host, one number a row stays. Temporary arrays are of the size of a chunk.

Sums are about a pivot close to the mean, as in `blocks`, and in float64. All chunks share the
pivot, so that they add up on the device. A chunk is multiplied as many short blocks: a
product of few columns and many rows would leave most of a GPU idle.

What is on a device without float64 is copied to the host.
"""

import math
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from .._sklearn import (
    check_sample_weight,
    get_namespace,
    get_namespace_and_device,
    is_array_api_obj,
    move_to,
    widest_float,
)
from .._typing import Array
from ..blocks import (
    Sums,
    blas_threads_for_pass,
    map_rows,
    pivot_from_sample,
    scaled_weights,
    sums_about_the_mean,
)
from ..gaussian import Family
from ..statistics import SufficientStatistics, of_sums, weight_scale

# Elements in a chunk (128 MiB as float64): enough work to hide what launching it costs.
_DEVICE_CHUNK = 2**24
# Rows in a block: enough for the products of all blocks to take no more room than a chunk.
_DEVICE_BLOCK_ROWS = 2**9
_ROWS_BY_COLUMN = 4
_DLPACK_CPU = 1


def is_elsewhere(X: Any) -> bool:
    """Whether validation left X with its own library, as it does only where asked to."""
    return X is not None and not isinstance(X, np.ndarray)


def check_numbers(array: Any, name: str) -> None:
    """Refuse dtypes that are not real, or that NumPy has not."""
    xp, _ = get_namespace(array)
    known = str(array.dtype).rpartition(".")[2] in np.sctypeDict
    if not (known and xp.isdtype(array.dtype, ("bool", "integral", "real floating"))):
        raise ValueError(
            f"{name} must be of a real dtype that NumPy has too, as float32 is, got {array.dtype}."
        )


def check_no_gradients(array: Any, name: str) -> None:
    """Refuse tensors whose gradients are wanted; to be asked before anything is done to them."""
    if getattr(array, "requires_grad", False) is True:
        raise ValueError(
            f"{name} requires gradients, and what is computed here has none. Pass {name}.detach()."
        )


def valid_weights_elsewhere(sample_weight: Any, X: Any, *, some_weight: bool) -> Any:
    """`statistics.valid_weights` for rows that are elsewhere: weights stay where they are.

    They have the widest dtype there.
    """
    given = sample_weight if is_array_api_obj(sample_weight) else np.zeros(1)
    check_numbers(given, "sample_weight")
    xp, _, device = get_namespace_and_device(given)
    rows = xp.broadcast_to(xp.zeros((1, 1), device=device), (X.shape[0], 1))
    return check_sample_weight(
        sample_weight,
        rows,
        dtype=widest_float(xp, device),
        ensure_non_negative=True,
        allow_all_zero_weights=not some_weight,
    )


def to_host(value: Any) -> Any:
    """An array of another library as one of NumPy; anything else as it is."""
    if isinstance(value, np.ndarray) or not is_array_api_obj(value):
        return value
    return move_to(value, xp=np, device="cpu")


def doubles(X: Any) -> Array:
    """An array of any library as one of NumPy, in float64."""
    return to_host(X).astype(np.float64, copy=False)


def is_for_its_device(X: Any) -> bool:
    """Whether X is worked on where it is.

    NumPy would need a copy then, its device has float64, and no value is missing, as a sum tells.
    """
    xp, _, device = get_namespace_and_device(X)
    return not _is_on_host(X) and widest_float(xp, device) == xp.float64 and adds_up(X)


def _is_on_host(X: Any) -> bool:
    try:
        return bool(X.__dlpack_device__()[0] == _DLPACK_CPU)
    except (BufferError, ValueError):  # of a device that DLPack, or the library, does not know
        return False


def in_kind_of(X: Any, values: Any) -> Any:
    """Results in the namespace, on the device and, if that is of floats, in the dtype of X."""
    xp, _, device = get_namespace_and_device(X)
    floating = xp.isdtype(X.dtype, "real floating")
    dtype = X.dtype if floating else widest_float(xp, device)
    with np.errstate(over="ignore"):  # which makes them infinite
        return xp.astype(move_to(values, xp=xp, device=device), dtype, copy=False)


def adds_up(values: Any) -> bool:
    """Whether the sum of the values is finite."""
    xp, _ = get_namespace(values)
    return bool(xp.isfinite(xp.sum(values)))


def signs(values: Any) -> Any:
    """-1 where a value is negative and 1 elsewhere, as integers, where the values are."""
    xp, _ = get_namespace(values)
    return 2 * xp.astype(values >= 0, xp.int64) - 1


def sum_and_weight(values: Any, weights: Any | None) -> Array:
    """Weighted sum of values, wherever they are, and the sum of the weights. Overwrites values."""
    xp, _ = get_namespace(values)
    if weights is None or not values.shape[0]:
        return np.array([float(xp.sum(values)), values.shape[0]])
    unit = _unit(weights)
    weights = scaled_weights(values, weights, unit)
    values[weights == 0] = 0.0  # a row of weight 0 may have no finite density
    values *= weights  # and a sum, whose rounding grows less than that of a product
    return np.array([float(xp.sum(values)), float(xp.sum(weights))]) / unit


def summarize_elsewhere(X: Any, sample_weight: Any | None, diagonal: bool) -> SufficientStatistics:
    """`statistics.summarize` for rows that are elsewhere."""
    unit = 1.0 if sample_weight is None else _unit(sample_weight)
    sums_about = partial(_sums_there, X, sample_weight, unit, diagonal)
    with np.errstate(invalid="ignore", over="ignore"):
        pivot, _ = pivot_from_sample(X, sample_weight, unit)
        sums = sums_about_the_mean(sums_about, doubles(pivot))
    return of_sums(sums, unit)


def squared_distances(X: Any, mean: Array, family: Family, factor: Array) -> Any:
    """Squared lengths of the whitened rows, in float64, where X is, of shape (n_samples,)."""
    if not is_elsewhere(X):
        with blas_threads_for_pass(X):
            inverse = family.inverse(factor)
            return map_rows(X, lambda rows: family.squared_lengths(inverse, rows), mean)
    xp, _, device = get_namespace_and_device(X)
    inverse, shift = (
        xp.asarray(each, dtype=xp.float64, device=device) for each in (family.inverse(factor), mean)
    )
    distances = xp.empty(X.shape[0], dtype=xp.float64, device=device)
    with np.errstate(invalid="ignore", over="ignore"):
        for rows in _slices(X, 1):
            whitened = family.whiten(inverse, _minus(xp, X[rows, :], shift))
            whitened *= whitened
            distances[rows] = xp.sum(whitened, axis=1)
    return distances


def _unit(weights: Any) -> float:
    """`weight_scale` the largest weight, or what the dtype can hold of it."""
    xp, _ = get_namespace(weights)
    largest_unit = 1 / float(xp.finfo(weights.dtype).smallest_normal)
    return min(weight_scale(float(xp.max(weights))), largest_unit)


def _slices(X: Any, block: int) -> Iterator[slice]:
    """Chunks of rows, of whole blocks as far as they go; the rows left over come last."""
    n_rows, n_features = X.shape
    length = max(_DEVICE_CHUNK // n_features // block, 1) * block
    whole = n_rows // block * block
    for start in range(0, whole, length):
        yield slice(start, min(start + length, whole))
    if whole < n_rows:
        yield slice(whole, n_rows)


def _sums_there(
    X: Any, sample_weight: Any | None, unit: float, diagonal: bool, pivot: Array
) -> Sums:
    """Sums over all chunks about a pivot, added where they are; the host reads the total."""
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
    weight, first, second = map(doubles, totals)
    if not diagonal:
        second = (second + second.T) / 2  # which a product rounds as it pleases
    return Sums(float(weight[0]), pivot, first, second)


def _block_sums(
    xp: Any, X: Any, weights: Any | None, pivot: Any, n_blocks: int, diagonal: bool
) -> list[Any]:
    """Weight, first and second of the chunk; see `Sums`."""
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
    """``X - shift``, in the wider dtype of the two; of floats without a converted copy."""
    if not xp.isdtype(X.dtype, "real floating"):
        X = xp.astype(X, shift.dtype)
    return X - shift
