"""Arrays of another library, or on another device: checks, sums, and results of their kind.

With ``sklearn.config_context(array_api_dispatch=True)`` validation leaves X in its library. An
array that NumPy cannot view without a copy is then summed and whitened on its own device, see
`blocks.array_api`. An array on a device without float64 is copied to the host.
"""

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
    blas_threads_for_pass,
    map_rows,
    map_rows_on_device,
    scaled_weights,
    sums_on_device,
)
from ..gaussian import Family
from ..statistics import SufficientStatistics, of_sums, weight_scale
from ..tables import is_in_other_library

_DLPACK_CPU = 1


def check_numbers(array: Any, name: str) -> None:
    """Refuse an array whose dtype is not real, or is unknown to NumPy."""
    xp, _ = get_namespace(array)
    known = str(array.dtype).rpartition(".")[2] in np.sctypeDict
    if not (known and xp.isdtype(array.dtype, ("bool", "integral", "real floating"))):
        raise ValueError(
            f"{name} must have a real dtype that NumPy has too, such as float32, got {array.dtype}."
        )


def check_no_gradients(array: Any, name: str) -> None:
    """Refuse a tensor that requires gradients; must be called before any operation on it."""
    if getattr(array, "requires_grad", False) is True:
        raise ValueError(
            f"{name} requires gradients, which skgauss does not track. Pass {name}.detach()."
        )


def valid_weights_on_device(sample_weight: Any, X: Any, *, require_weight: bool) -> Any:
    """Returns valid weights, as `statistics.valid_weights` does, for rows of another library.

    The weights stay on their own device, in its widest floating dtype.
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
        allow_all_zero_weights=not require_weight,
    )


def stays_on_device(X: Any) -> bool:
    """Whether X is processed on its own device.

    This is so if NumPy would need a copy of X, the device has float64, and the sum of X is
    finite, so that no value is missing.
    """
    xp, _, device = get_namespace_and_device(X)
    return not _is_on_host(X) and widest_float(xp, device) == xp.float64 and has_finite_sum(X)


def _is_on_host(X: Any) -> bool:
    try:
        return bool(X.__dlpack_device__()[0] == _DLPACK_CPU)
    except (BufferError, ValueError):  # DLPack, or the library, does not know the device
        return False


def in_namespace_of(X: Any, values: Any) -> Any:
    """Returns values in the namespace and on the device of X, in its dtype if that is floating."""
    xp, _, device = get_namespace_and_device(X)
    floating = xp.isdtype(X.dtype, "real floating")
    dtype = X.dtype if floating else widest_float(xp, device)
    with np.errstate(over="ignore"):  # values too large for the dtype become infinite
        return xp.astype(move_to(values, xp=xp, device=device), dtype, copy=False)


def has_finite_sum(values: Any) -> bool:
    """Whether the sum of the values is finite."""
    xp, _ = get_namespace(values)
    return bool(xp.isfinite(xp.sum(values)))


def signs(values: Any) -> Any:
    """Returns -1 for negative values and 1 for others, as integers on the device of the values."""
    xp, _ = get_namespace(values)
    return 2 * xp.astype(values >= 0, xp.int64) - 1


def sum_and_weight(values: Any, weights: Any | None) -> Array:
    """Returns the weighted sum of values and the sum of the weights, (2,); overwrites values."""
    xp, _ = get_namespace(values)
    if weights is None or not values.shape[0]:
        return np.array([float(xp.sum(values)), values.shape[0]])
    unit = _unit(weights)
    weights = scaled_weights(values, weights, unit)
    values[weights == 0] = 0.0  # a row of weight 0 may have no finite density
    values *= weights  # then a sum, whose rounding error grows less than that of a dot product
    return np.array([float(xp.sum(values)), float(xp.sum(weights))]) / unit


def summarize_on_device(X: Any, sample_weight: Any | None, diagonal: bool) -> SufficientStatistics:
    """Returns statistics, as `statistics.summarize` does, for rows of another library."""
    unit = 1.0 if sample_weight is None else _unit(sample_weight)
    return of_sums(sums_on_device(X, sample_weight, unit, diagonal), unit)


def squared_distances(X: Any, mean: Array, family: Family, factor: Array) -> Any:
    """Returns squared lengths of the whitened rows, (n_samples,), in float64, on X's device."""
    if not is_in_other_library(X):
        with blas_threads_for_pass(X):
            inverse = family.inverse(factor)
            return map_rows(X, lambda rows: family.squared_lengths(inverse, rows), mean)
    xp, _, device = get_namespace_and_device(X)
    inverse = xp.asarray(family.inverse(factor), dtype=xp.float64, device=device)

    def lengths(rows: Any) -> Any:
        whitened = family.whiten(inverse, rows)
        whitened *= whitened
        return xp.sum(whitened, axis=1)

    return map_rows_on_device(X, lengths, mean)


def _unit(weights: Any) -> float:
    """Returns the `weight_scale` of the largest weight, or the largest one that the dtype holds."""
    xp, _ = get_namespace(weights)
    largest_unit = 1 / float(xp.finfo(weights.dtype).smallest_normal)
    return min(weight_scale(float(xp.max(weights))), largest_unit)
