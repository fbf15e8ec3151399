"""Sums of products over rows, with short chains of rounding.

A long sum accumulated one term after the other drifts: where the terms repeat, as in data
of few distinct values, all roundings err the same way. Rows are therefore summed in panels,
and the panels added up. BLAS does as much itself for matrices of many columns.
"""

import math

import numpy as np

from .._typing import Array

# Rows of a panel. The product of two single columns is a dot product, which BLAS sums in 8
# chains or more at once, on the oldest processor too: its panels may be longer.
_PANEL = 64
_PANEL_OF_ONE = 512
_PANEL_OF_MANY = 16  # to be summed only
_FEW_COLUMNS = 32  # columns up to which a panel's product is cheap next to reading it


def totals(rows: Array) -> Array:
    """Sum of each column."""
    if rows.strides[0] == rows.itemsize:
        return rows.sum(axis=0)  # in pairs
    n_columns = rows.shape[1]
    panel = _PANEL if n_columns <= _FEW_COLUMNS else _PANEL_OF_MANY
    whole = len(rows) // panel * panel
    rest = _summed(rows[whole:])
    return rest + _summed(_summed(rows[:whole].reshape(-1, panel, n_columns))) if whole else rest


def cross_products(rows: Array) -> Array:
    """``rows.T @ rows``."""
    if rows.shape[1] > _FEW_COLUMNS:
        return rows.T @ rows
    panels, rest = _panels(rows)
    return _summed(np.matmul(panels.transpose(0, 2, 1), panels)) + rest.T @ rest


def squares(rows: Array) -> Array:
    """Sum of the squares of each column."""
    if rows.shape[1] == 1:
        return cross_products(rows)[0]
    panels, rest = _panels(rows)
    return _summed(np.einsum("kij,kij->kj", panels, panels)) + np.einsum("ij,ij->j", rest, rest)


def _summed(parts: Array) -> Array:
    """Sum over the first axis, by BLAS, in few passes: of panels of parts where they are many."""
    shape = parts.shape[1:]
    rows = parts.reshape(len(parts), math.prod(shape))
    ones = np.ones(_PANEL)
    while len(rows) > _PANEL:
        whole = len(rows) // _PANEL * _PANEL
        panels = rows[:whole].reshape(-1, _PANEL, rows.shape[1])
        rows = np.concatenate([ones @ panels, rows[whole:]])
    return (ones[: len(rows)] @ rows).reshape(shape)


def _panels(rows: Array) -> tuple[Array, Array]:
    """View as (n_panels, panel, n_columns), in either memory order, and the rows left over."""
    n_columns = rows.shape[1]
    panel = _PANEL if n_columns > 1 else _PANEL_OF_ONE
    count = len(rows) // panel
    whole, rest = rows[: count * panel], rows[count * panel :]
    if whole.flags.c_contiguous:
        return whole.reshape(count, panel, n_columns), rest
    return whole.T.reshape(n_columns, count, panel).transpose(1, 2, 0), rest
