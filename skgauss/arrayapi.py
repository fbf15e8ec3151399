"""Rows that live in another array library, or on another device: summed and whitened there.

With ``sklearn.config_context(array_api_dispatch=True)`` validation leaves X where it is, and
what is neither a NumPy array nor can be seen as one without a copy comes here. Only sums go
to the host, one number a row stays. Temporary arrays are of the size of a chunk.

Sums are those of `blocks`: about a pivot close to the mean, in float64. A chunk is multiplied
as many short blocks: a product of few columns and many rows would leave most of a GPU idle.
Where a device has no float64, float32 holds sums of a block about such a pivot well enough;
the blocks are then added on the host, in float64.
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.externals.array_api_compat import is_array_api_obj
from sklearn.utils._array_api import (
    _average,
    _max_precision_float_dtype,
    get_namespace,
    get_namespace_and_device,
    move_to,
)
from sklearn.utils.validation import _check_sample_weight

from ._typing import Array
from .blocks import Sums, is_far
from .statistics import SufficientStatistics, total, unit_of

# Elements in a chunk (128 MiB as float64): enough work to hide what launching it costs.
_CHUNK = 2**24
# Rows in a block: few enough for float32, whose rounding grows with them, and enough for the
# products of all blocks to take no more room than a chunk.
_FEWEST_ROWS = 2**9
_ROWS_BY_COLUMN = 4
_ROWS_OF_PIVOT = 512
_MOST_PIVOTS = 3
_DLPACK_CPU = 1


def is_elsewhere(X: Any) -> bool:
    """Whether validation left X with its own library, as it does only where asked to."""
    return X is not None and not isinstance(X, np.ndarray)


def holds_numbers(X: Any) -> bool:
    """Whether the dtype of X is boolean, integral or real."""
    xp, _ = get_namespace(X)
    return xp.isdtype(X.dtype, ("bool", "integral", "real floating"))


def validate_weights(sample_weight: Any, X: Any, **check_params: Any) -> Any:
    """Weights of the rows of X, beside it, in the widest dtype of its device."""
    xp, _, device = get_namespace_and_device(X)
    if not (is_array_api_obj(sample_weight) or np.isscalar(sample_weight)):
        sample_weight = np.asarray(sample_weight)
    dtype = _max_precision_float_dtype(xp, device)
    return _check_sample_weight(
        sample_weight, X, dtype=dtype, ensure_non_negative=True, **check_params
    )


def to_host(X: Any) -> np.ndarray:
    """X as a NumPy array; NumPy arrays as they are."""
    return move_to(X, xp=np, device="cpu") if is_elsewhere(X) else X


def seen_by_numpy(X: Any) -> Any:
    """X as a NumPy array if that takes no copy, since X is on the host; as it is if not."""
    return to_host(X) if is_elsewhere(X) and _is_on_host(X) else X


def _is_on_host(X: Any) -> bool:
    try:
        return X.__dlpack_device__()[0] == _DLPACK_CPU
    except BufferError:  # which libraries raise for a device that DLPack does not know
        return False


def in_kind_of(X: Any, values: Any) -> Any:
    """Results in the namespace, on the device and, if that is of floats, in the dtype of X."""
    xp, _, device = get_namespace_and_device(X)
    floating = xp.isdtype(X.dtype, "real floating")
    dtype = X.dtype if floating else _max_precision_float_dtype(xp, device)
    return xp.astype(move_to(values, xp=xp, device=device), dtype, copy=False)


def adds_up(values: Any) -> bool:
    """Whether the sum of the values is finite."""
    xp, _ = get_namespace(values)
    return bool(xp.isfinite(xp.sum(values)))


def average(values: Any, weights: Any | None = None) -> float:
    """Mean of values, wherever they are."""
    return float(_average(values, weights=weights))


def summarize(X: Any, sample_weight: Any | None, diagonal: bool) -> SufficientStatistics:
    """`statistics.summarize` for rows that are elsewhere."""
    unit = 1.0
    if sample_weight is not None:
        xp, _ = get_namespace(sample_weight)
        unit = unit_of(float(xp.max(sample_weight)))
    return total(_chunk_sums(X, sample_weight, unit, diagonal), unit)


def squared_distances(X: Any, mean: Array, inverse: Array) -> Any:
    """Squared lengths of the whitened rows, in the widest dtype of the device of X.

    Parameters
    ----------
    X : array of shape (n_samples, n_features)
    mean : ndarray of shape (n_features,)
    inverse : ndarray of shape (n_features, n_features), (n_features,) or (1,)
        Of the factor of the covariance, or of its diagonal.

    Returns
    -------
    distances : array of shape (n_samples,)
        In the namespace and on the device of X.
    """
    xp, _, device = get_namespace_and_device(X)
    dtype = _max_precision_float_dtype(xp, device)
    means = [xp.asarray(part, device=device) for part in _parts(mean, dtype == xp.float64)]
    factor = xp.asarray(inverse.T, dtype=dtype, device=device)
    lengths = []
    for rows in _slices(X, 1):
        centred = _minus(xp, X[rows, :], means[0])
        for rest in means[1:]:
            centred = centred - rest
        with np.errstate(invalid="ignore", over="ignore"):
            whitened = centred @ factor if factor.ndim == 2 else centred * factor
            lengths.append(xp.sum(whitened * whitened, axis=1))
    return xp.concat(lengths)


def _parts(mean: Array, has_float64: bool) -> list[np.ndarray]:
    """Terms of a mean, each of a dtype that the device has."""
    if has_float64:
        return [mean]
    leading = mean.astype(np.float32)
    return [leading, (mean - leading).astype(np.float32)]


def _slices(X: Any, block: int) -> Iterator[slice]:
    """Chunks of rows, of whole blocks as far as they go; the rows left over come last."""
    n_rows, n_features = X.shape
    length = max(_CHUNK // n_features // block, 1) * block
    whole = n_rows // block * block
    for start in range(0, whole, length):
        yield slice(start, min(start + length, whole))
    if whole < n_rows:
        yield slice(whole, n_rows)


def _chunk_sums(X: Any, sample_weight: Any | None, unit: float, diagonal: bool) -> Iterator[Sums]:
    xp, _, device = get_namespace_and_device(X)
    dtype = _max_precision_float_dtype(xp, device)
    block = max(_FEWEST_ROWS, 0 if diagonal else _ROWS_BY_COLUMN * X.shape[1])
    for rows in _slices(X, block):
        weights = None
        if sample_weight is not None:
            weights = unit * xp.astype(sample_weight[rows], dtype)
        n_blocks = math.ceil((rows.stop - rows.start) / block)
        yield _sums_of_chunk(xp, X[rows, :], weights, dtype, n_blocks, diagonal)


def _sums_of_chunk(
    xp: Any, X: Any, weights: Any | None, dtype: Any, n_blocks: int, diagonal: bool
) -> Sums:
    """About a pivot close to the mean of the chunk."""
    with np.errstate(invalid="ignore", over="ignore"):
        pivot = _pivot(xp, X, weights, dtype)
        for _ in range(_MOST_PIVOTS):
            found = _sums(xp, X, weights, pivot, n_blocks, diagonal)
            if not is_far(found):
                break
            pivot = pivot + _like(xp, pivot, found.first / found.weight)
    return found


def _sums(xp: Any, X: Any, weights: Any | None, pivot: Any, n_blocks: int, diagonal: bool) -> Sums:
    """Of each block, then of all."""
    centred = xp.reshape(_minus(xp, X, pivot), (n_blocks, -1, X.shape[1]))
    weight = float(X.shape[0])
    if weights is None:
        first = xp.sum(centred, axis=1)
    else:
        by_block = xp.reshape(weights, (n_blocks, -1, 1))
        weight = float(_added(xp, xp.sum(by_block, axis=1)).sum())
        first = xp.sum(by_block * centred, axis=1)
        centred = centred * xp.sqrt(by_block)
    if diagonal:
        second = _added(xp, xp.sum(centred * centred, axis=1))
    else:
        second = _added(xp, xp.matrix_transpose(centred) @ centred)
        second = (second + second.T) / 2  # which a product rounds as it pleases
    return Sums(weight, _double(pivot), _added(xp, first), second)


def _minus(xp: Any, X: Any, shift: Any) -> Any:
    """``X - shift``, in the wider dtype of the two; of floats without a converted copy."""
    if not xp.isdtype(X.dtype, "real floating"):
        X = xp.astype(X, shift.dtype)
    return X - shift


def _pivot(xp: Any, X: Any, weights: Any | None, dtype: Any) -> Any:
    """Mean of a few rows, spread out, reckoned from one of them: see `blocks`."""
    first = 0 if weights is None else int(xp.argmax(weights))
    row = xp.astype(X[first, :], dtype)
    step = math.ceil(X.shape[0] / _ROWS_OF_PIVOT)
    deviations = _minus(xp, X[::step, :], row)
    if weights is None:
        return row + xp.mean(deviations, axis=0)
    few = weights[::step]
    tiny = xp.finfo(dtype).smallest_normal
    return row + (few @ deviations) / xp.maximum(xp.sum(few), _like(xp, few, tiny))


def _like(xp: Any, array: Any, values: Any) -> Any:
    _, _, device = get_namespace_and_device(array)
    return xp.asarray(values, dtype=array.dtype, device=device)


def _double(array: Any) -> Array:
    return to_host(array).astype(np.float64)


def _added(xp: Any, sums: Any) -> Array:
    """Sums of blocks, added on the host unless the device has float64."""
    if sums.dtype == xp.float64:
        return to_host(xp.sum(sums, axis=0))
    return _double(sums).sum(axis=0)
