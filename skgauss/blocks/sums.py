"""Sums of products over rows, with short chains of rounding.

A long sum accumulated one term after the other drifts: where the terms repeat, as in data
of few distinct values, all roundings err the same way. Rows are therefore summed in panels,
and the panels added up. BLAS does as much itself for matrices of many columns.
"""

import numpy as np

from .._typing import Array
from .threads import blas_has_small_kernels

# Rows of a panel. The product of two single columns is a dot product, which BLAS sums in 8
# chains or more at once, on the oldest processor too: its panels may be longer.
_PANEL = 64
_PANEL_OF_ONE = 512
_FEW_COLUMNS = 32  # columns up to which a panel's product is cheap next to reading it
# Columns up to which a general product takes less time than one that knows that it is symmetric,
# be it that BLAS packs both.
_VERY_FEW_COLUMNS = 7


def totals(rows: Array) -> Array:
    """The sum over the first axis, of any number of axes, in short chains of rounding."""
    if rows.size == len(rows) or rows.strides[0] == rows.itemsize:
        return np.add.reduce(rows)  # in pairs
    while len(rows) > _PANEL:
        count = len(rows) // _PANEL
        # Of each panel one row, and the next, and so on: NumPy adds up what is long.
        panels = rows[: _PANEL * count].reshape(_PANEL, count, *rows.shape[1:])
        rows = np.concatenate([np.add.reduce(panels), rows[_PANEL * count :]])
    return np.add.reduce(rows)


def cross_products(rows: Array) -> Array:
    """``rows.T @ rows``, (n_columns, n_columns), symmetric but for its rounding."""
    n_columns = rows.shape[1]
    if n_columns == 1:
        return squares(rows)[:, None]
    if n_columns > _FEW_COLUMNS:
        return rows.T @ rows
    panels, rest = _panels(rows)
    products, transposed = rest.T @ rest, panels.transpose(0, 2, 1)
    if n_columns > _VERY_FEW_COLUMNS and not blas_has_small_kernels():
        return products + totals(transposed @ panels)
    # NumPy leaves a matrix times all of its own transpose to the symmetric product, which packs.
    products[:, :-1] += totals(transposed @ panels[:, :, :-1])
    products[:-1, -1] = products[-1, :-1]
    products[-1:, -1] += _squares_of_one(panels[:, :, -1])
    return products


def squares(rows: Array) -> Array:
    """The sum of the squares of each column, (n_columns,)."""
    panels, rest = _panels(rows)
    if rows.shape[1] == 1:
        return _squares_of_one(panels[:, :, 0]) + rest.T @ rest[:, 0]
    return totals(np.einsum("kij,kij->kj", panels, panels)) + np.einsum("ij,ij->j", rest, rest)


def _squares_of_one(panels: Array) -> Array:
    """The sum of the squares of one column, (n_panels, panel), as an array of one number."""
    return np.add.reduce(panels[:, None, :] @ panels[:, :, None])[0]


def _panels(rows: Array) -> tuple[Array, Array]:
    """A view of the rows as panels, (n_panels, panel, n_columns), and the rows left over."""
    n_columns = rows.shape[1]
    panel = _PANEL if n_columns > 1 else _PANEL_OF_ONE
    count = len(rows) // panel
    whole, rest = rows[: count * panel], rows[count * panel :]
    if whole.flags.c_contiguous:
        return whole.reshape(count, panel, n_columns), rest
    return whole.T.reshape(n_columns, count, panel).transpose(1, 2, 0), rest
