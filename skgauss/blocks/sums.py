"""Sums over rows: about a pivot, a point close to the mean, and with short chains of rounding.

About a pivot few digits cancel. The rows may be an array of NumPy or of another library, and a
pivot is found on their device.

A long sum accumulated one term after the other drifts: where the terms repeat, as in data
of few distinct values, all roundings err the same way. Rows are therefore summed in panels,
and the panels added up. BLAS does the same by itself for matrices of many columns.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .._sklearn import (
    get_namespace,
    get_namespace_and_device,
    move_to,
    numpy_namespace,
    widest_float,
)
from .._typing import Array
from .threads import blas_has_small_kernels

_MAX_CANCELLATION = 8  # largest ratio of the sum of squares about a pivot to that about the mean
# Two corrections of a pivot suffice: a third comes no closer to a mean that float64 cannot hold.
_MAX_PIVOTS = 3
# The first pivot is the mean of rows with so many elements in all, within bounds on their number.
_SAMPLED_ELEMENTS = 2**17
_MIN_SAMPLED_ROWS = 2**3
_MAX_SAMPLED_ROWS = 2**8
# Rows of a panel. A panel of one column may be longer: BLAS sums its dot product in 8 chains or
# more at once, even on the oldest processor.
_PANEL_ROWS = 64
_PANEL_ROWS_OF_ONE = 512
_FEW_COLUMNS = 32  # columns up to which a panel's product is cheap next to reading it
# Columns up to which a general product is faster than a symmetric one, even if BLAS packs both.
_VERY_FEW_COLUMNS = 7


class Sums(NamedTuple):
    """Weight of the rows of a chunk, and sums of their deviations from a pivot."""

    weight: float  # sum of the weights times their unit
    pivot: Array  # (n_features,), a point close to the mean
    first: Array  # (n_features,), weighted sum of the deviations
    second: Array  # that of their products, (n_features, n_features), or of their squares


def sums_about_the_mean(sums_about: Callable[[Array], Sums], pivot: Array) -> Sums:
    """Returns sums about a pivot close to the mean: `pivot`, or one that its sums point to."""
    for _ in range(_MAX_PIVOTS):
        found = sums_about(pivot)
        if not is_far(found):
            break
        pivot = found.pivot + found.first / found.weight
    return found


def is_far(found: Sums, most_cancelled: float = _MAX_CANCELLATION) -> bool:
    """Whether the pivot is so far from the mean that digits of the sums of squares cancel."""
    about_pivot = found.second if found.second.ndim == 1 else found.second.diagonal()
    offset = found.first / found.weight if found.weight else found.first
    about_mean = about_pivot - found.weight * offset * offset
    return bool((about_pivot > most_cancelled * about_mean).any())


def pivot_from_sample(X: Any, sample_weight: Any | None, unit: float) -> tuple[Any, Any]:
    """Returns the mean and the variances, (n_features,) each, of a few rows, in their library.

    The rows are spread over all of X, which may be sorted. Deviations are taken from one row, so
    that those of a constant feature, and its scatter, are exactly zero, whatever its value and
    wherever X is cut into chunks.
    """
    xp, dtype, device = _library(X)
    few = min(max(_SAMPLED_ELEMENTS // X.shape[1], _MIN_SAMPLED_ROWS), _MAX_SAMPLED_ROWS)
    spread = slice(None, None, math.ceil(X.shape[0] / few))
    deviations = xp.astype(X[spread, :], dtype)
    if sample_weight is None:
        n_rows = deviations.shape[0]
        heaviest, weights = 0, xp.full((n_rows,), 1.0 / n_rows, dtype=dtype, device=device)
    else:
        heaviest = int(get_namespace(sample_weight)[0].argmax(sample_weight))
        weights = scaled_weights(X, sample_weight[spread], unit)
        weights = weights / (xp.sum(weights) + xp.finfo(dtype).smallest_normal)
    row = xp.astype(X[heaviest, :], dtype)
    deviations -= row
    offset = weights @ deviations
    deviations *= deviations
    return row + offset, weights @ deviations - offset * offset


def scaled_weights(X: Any, weights: Any, unit: float) -> Any:
    """Returns weights times their unit, on the device of X, in its widest floating dtype."""
    xp, dtype, device = _library(X)
    moved = move_to(unit * weights, xp=xp, device=device)
    return xp.astype(moved, dtype, copy=False)


def _library(X: Any) -> tuple[Any, Any, Any]:
    """Returns the namespace, the widest floating dtype and the device of an array.

    For NumPy they are known, and asking scikit-learn would take as long as summing a few rows.
    """
    if isinstance(X, np.ndarray):
        return numpy_namespace, np.dtype(np.float64), "cpu"
    xp, _, device = get_namespace_and_device(X)
    return xp, widest_float(xp, device), device


def totals(rows: Array) -> Array:
    """Returns the sum over the first of any number of axes, in short chains of rounding."""
    if rows.size == len(rows) or rows.strides[0] == rows.itemsize:
        return np.add.reduce(rows)  # NumPy sums contiguous values in pairs
    while len(rows) > _PANEL_ROWS:
        count = len(rows) // _PANEL_ROWS
        # A panel is every count-th row, so that NumPy adds up long arrays.
        panels = rows[: _PANEL_ROWS * count].reshape(_PANEL_ROWS, count, *rows.shape[1:])
        rows = np.concatenate([np.add.reduce(panels), rows[_PANEL_ROWS * count :]])
    return np.add.reduce(rows)


def cross_products(rows: Array) -> Array:
    """Returns ``rows.T @ rows``, (n_columns, n_columns), symmetric up to rounding."""
    n_columns = rows.shape[1]
    if n_columns == 1:
        return squares(rows)[:, None]
    if n_columns > _FEW_COLUMNS:
        return rows.T @ rows
    panels, rest = _panels(rows)
    products, transposed = rest.T @ rest, panels.transpose(0, 2, 1)
    if n_columns > _VERY_FEW_COLUMNS and not blas_has_small_kernels():
        return products + totals(transposed @ panels)
    # For a matrix times its own transpose NumPy calls the symmetric product, which packs. Here it
    # does not, because the last column is left out of one factor.
    products[:, :-1] += totals(transposed @ panels[:, :, :-1])
    products[:-1, -1] = products[-1, :-1]
    products[-1:, -1] += _squares_of_one(panels[:, :, -1])
    return products


def squares(rows: Array) -> Array:
    """Returns the sum of the squares of each column, (n_columns,)."""
    panels, rest = _panels(rows)
    if rows.shape[1] == 1:
        return _squares_of_one(panels[:, :, 0]) + rest.T @ rest[:, 0]
    return totals(np.einsum("kij,kij->kj", panels, panels)) + np.einsum("ij,ij->j", rest, rest)


def _squares_of_one(panels: Array) -> Array:
    """Returns the sum of the squares of one column in panels, (n_panels, panel), of shape (1,)."""
    return np.add.reduce(panels[:, None, :] @ panels[:, :, None])[0]


def _panels(rows: Array) -> tuple[Array, Array]:
    """Returns a view of rows as panels, (n_panels, panel, n_columns), and the rows left over."""
    n_columns = rows.shape[1]
    panel = _PANEL_ROWS if n_columns > 1 else _PANEL_ROWS_OF_ONE
    count = len(rows) // panel
    whole, rest = rows[: count * panel], rows[count * panel :]
    if whole.flags.c_contiguous:
        return whole.reshape(count, panel, n_columns), rest
    return whole.T.reshape(n_columns, count, panel).transpose(1, 2, 0), rest
