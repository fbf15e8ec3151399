"""Sums of products over rows, with short chains of rounding.

A long sum accumulated one term after the other drifts: where the terms repeat, as in data
of few distinct values, all roundings err the same way. Rows are therefore summed in panels,
and the panels added up. BLAS does as much itself for matrices of many columns.
"""

import numpy as np

from ._typing import Array

_PANEL = 128  # rows
_FEW = 32  # columns up to which a panel's product is cheap next to reading it


def cross_products(rows: Array) -> Array:
    """``rows.T @ rows``."""
    if rows.shape[1] > _FEW:
        return rows.T @ rows
    panels, rest = _split(rows)
    return np.matmul(panels.transpose(0, 2, 1), panels).sum(axis=0) + rest.T @ rest


def squares(rows: Array) -> Array:
    """Sum of the squares of each column."""
    if rows.shape[1] == 1:
        return cross_products(rows)[0]
    panels, rest = _split(rows)
    return np.einsum("kij,kij->kj", panels, panels).sum(axis=0) + np.einsum("ij,ij->j", rest, rest)


def _split(rows: Array) -> tuple[Array, Array]:
    """View as (n_panels, _PANEL, n_columns), in either memory order, and the rows left over."""
    count = len(rows) // _PANEL
    whole, rest = rows[: count * _PANEL], rows[count * _PANEL :]
    if whole.flags.c_contiguous:
        return whole.reshape(count, _PANEL, rows.shape[1]), rest
    return whole.T.reshape(rows.shape[1], count, _PANEL).transpose(1, 2, 0), rest
