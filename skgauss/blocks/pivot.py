"""Sums about a pivot: a point close to the mean, about which few digits cancel.

The rows may be NumPy's or of another array library; a pivot is found where they are.
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

_MOST_CANCELLED = 8  # sum of squares about a pivot, by that about the mean
# A mean that float64 cannot hold stays off any pivot: two corrections are all that can help.
_MOST_PIVOTS = 3
# A pivot is the mean of as many rows as have so many elements, within bounds.
_FEW_ELEMENTS = 2**17
_FEWEST_SAMPLED = 2**3
_MOST_SAMPLED = 2**8
_EXACT_INTEGERS = 2.0**52  # up to which float64 holds all integers, and their halves


class Sums(NamedTuple):
    """Weight of the rows of a chunk, and sums of their deviations from a pivot.

    Attributes
    ----------
    weight : float
        The sum of the weights, in their unit.
    pivot : ndarray of shape (n_features,)
        A point close to the mean.
    first : ndarray of shape (n_features,)
        Weighted sum of the deviations.
    second : ndarray of shape (n_features, n_features) or (n_features,)
        Weighted sum of their products, or of their squares.
    """

    weight: float
    pivot: Array
    first: Array
    second: Array


def sums_about_the_mean(sums_about: Callable[[Array], Sums], pivot: Array) -> Sums:
    """Sums about a pivot close to the mean: the given one, or one that the sums about it show."""
    for _ in range(_MOST_PIVOTS):
        found = sums_about(pivot)
        if not is_far(found):
            break
        pivot = found.pivot + found.first / found.weight
    return found


def is_far(found: Sums, most_cancelled: float = _MOST_CANCELLED) -> bool:
    """Whether the pivot is so far from the mean that digits of the sums of squares cancel."""
    about_pivot = found.second if found.second.ndim == 1 else found.second.diagonal()
    offset = found.first / found.weight if found.weight else found.first
    about_mean = about_pivot - found.weight * offset * offset
    return bool((about_pivot > most_cancelled * about_mean).any())


def pivot_from_sample(X: Any, sample_weight: Any | None, unit: float) -> tuple[Any, Any]:
    """The mean and the variances, (n_features,) each, of a few rows, in their library.

    The rows are spread over all of X, which may be sorted. Deviations are reckoned from one row, so
    that a constant feature has a deviation, and a scatter, of exactly zero, whatever its value and
    wherever the chunks are cut.
    """
    xp, dtype, device = _library(X)
    few = min(max(_FEW_ELEMENTS // X.shape[1], _FEWEST_SAMPLED), _MOST_SAMPLED)
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
    """Weights times their unit, on the device of X, in the widest dtype of floats there."""
    xp, dtype, device = _library(X)
    moved = move_to(unit * weights, xp=xp, device=device)
    return xp.astype(moved, dtype, copy=False)


def _library(X: Any) -> tuple[Any, Any, Any]:
    """The namespace, the widest dtype of floats and the device of an array.

    To ask scikit-learn takes as long as the sums of a few rows, and of NumPy's is known.
    """
    if isinstance(X, np.ndarray):
        return numpy_namespace, np.dtype(np.float64), "cpu"
    xp, _, device = get_namespace_and_device(X)
    return xp, widest_float(xp, device), device


def subtract_integers(block: Array, shift: Array, room: Array) -> None:
    """Put the exact ``block - shift`` into `room` if the block holds integers beyond float64.

    It is reckoned modulo 2^64. Where float64 holds the integers, `room` is left as it is.
    """
    if block.dtype.kind not in "iu" or not (np.abs(shift) > _EXACT_INTEGERS).any():
        return
    whole = np.rint(shift)
    base = np.array([int(each) % 2**64 for each in whole], dtype=np.uint64)
    exact = (block.astype(np.uint64) - base).view(np.int64) - (shift - whole)
    np.copyto(room, exact, where=np.abs(room) < 2.0**62)
