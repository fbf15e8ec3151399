"""What X may be, and its way to statistics or to one number a row, block by block.

X is read once, in blocks small enough to stay in cache, through one reused float64
buffer; it is never copied, whatever its dtype. NaN and infinity are not searched for:
they propagate into the sums, and only a sum that is not finite sends us looking.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import reduce
from operator import add
from typing import Any

import numpy as np
from sklearn.utils import assert_all_finite
from sklearn.utils.validation import validate_data

from ._typing import Array
from .covariance import Family
from .statistics import SufficientStatistics, about_the_mean

# Elements of X in a block (256 KiB as float64: half of a common level-2 cache), and in a
# chunk, whose blocks share one pivot and so add up without a merge.
_BLOCK = 2**15
_CHUNK = 2**20
_MOST_CANCELLED = 8  # sum of squares about a pivot, by that about the mean


def validate_rows(estimator: Any, X: Any, **check_params: Any) -> np.ndarray:
    """X as an array of numbers, of whatever dtype, not yet known to be finite.

    Checks or, with ``reset=True``, sets the number and names of the features of `estimator`.
    """
    X = validate_data(estimator, X, dtype="numeric", ensure_all_finite=False, **check_params)
    if X.dtype.kind not in "biuf":
        raise ValueError(f"X must hold numbers, got dtype {X.dtype}.")
    return X


def summarize(X: np.ndarray, sample_weight: Array | None, family: Family) -> SufficientStatistics:
    """Sufficient statistics of the rows of X.

    They come out as NaN or infinity where X holds such; see `check_finite`.
    """
    rows = _block_rows(family)
    chunk = max(_CHUNK // family.n_features, 4 * rows)
    buffer = _Buffer(X, rows)
    # Weights near 1: of any others, products with squares may overflow or vanish.
    unit = 1.0 if sample_weight is None else 2.0 ** -max(math.frexp(sample_weight.max())[1], -1000)
    with np.errstate(invalid="ignore", over="ignore"):
        parts = (
            _summarize_chunk(
                X[start : start + chunk],
                None if sample_weight is None else unit * sample_weight[start : start + chunk],
                family,
                buffer,
            )
            for start in range(0, len(X), chunk)
        )
        total = reduce(add, parts)
    return replace(total, weight=total.weight / unit)


def map_rows(
    X: np.ndarray, family: Family, function: Callable[[Array], Array], mean: Array
) -> Array:
    """``function(X - mean)``, one number a row, block by block.

    The array handed to `function` is a buffer that it may overwrite.
    """
    result = np.empty(len(X))
    rows = _block_rows(family)
    buffer = _Buffer(X, rows)
    for start in range(0, len(X), rows):
        block = slice(start, start + rows)
        result[block] = function(buffer.subtract(X[block], mean))
    return result


def check_finite(X: np.ndarray, result: Array, estimator_name: str) -> None:
    """Refuse X, in scikit-learn's words, if `result` is not finite because X is not."""
    if not np.isfinite(result).all():
        with np.errstate(invalid="ignore"):  # of inf - inf in the search itself
            assert_all_finite(X, estimator_name=estimator_name, input_name="X")


class _Buffer:
    """Room for one block as float64, laid out in memory as X is."""

    def __init__(self, X: np.ndarray, rows: int):
        self.rows = min(rows, len(X))
        shape = (self.rows, X.shape[1])
        self._room = np.empty(shape) if X.flags.c_contiguous else np.empty(shape, order="F")

    def subtract(self, block: np.ndarray, shift: Array) -> Array:
        return np.subtract(block, shift, out=self._room[: len(block)])


def _block_rows(family: Family) -> int:
    # Where a (d, d) sum is updated a block, enough rows to make that the lesser work.
    fewest = 2 * family.n_features if len(family.scatter_shape) == 2 else 1
    return max(_BLOCK // family.n_features, fewest, 1)


def _summarize_chunk(
    X: np.ndarray, sample_weight: Array | None, family: Family, buffer: _Buffer
) -> SufficientStatistics:
    """Statistics of one chunk, from sums about a pivot close to its mean."""
    pivot = _pivot(X, sample_weight, buffer)
    while True:
        weight, first, second = _sums(X, sample_weight, pivot, family, buffer)
        statistics = about_the_mean(weight, pivot, first, second)
        # A pivot many deviations off the mean, as where the weights fade, would cancel digits.
        lost = second.diagonal() if second.ndim == 2 else second
        if not (lost > _MOST_CANCELLED * weight * statistics.variances).any():
            return statistics
        if (statistics.mean == pivot).all():
            return statistics
        pivot = statistics.mean


def _sums(
    X: np.ndarray, sample_weight: Array | None, pivot: Array, family: Family, buffer: _Buffer
) -> tuple[float, Array, Array]:
    """Weight, and weighted sums of the deviations from the pivot and of their products."""
    rows = _block_rows(family)
    weight = 0.0
    first = np.zeros(family.n_features)
    second = np.zeros(family.scatter_shape)
    for start in range(0, len(X), rows):
        block = slice(start, start + rows)
        centred = buffer.subtract(X[block], pivot)
        if sample_weight is None:
            weight += len(centred)
            first += np.ones(len(centred)) @ centred
        else:
            weights = sample_weight[block]
            weight += weights.sum()
            first += weights @ centred
            centred *= np.sqrt(weights)[:, None]
        second += family.gram(centred)
    return weight, first, second


def _pivot(X: np.ndarray, sample_weight: Array | None, buffer: _Buffer) -> Array:
    """Mean of the first block of positive weight, reckoned from its first row.

    From a row, so that a constant feature has a deviation, and a scatter, of exactly
    zero, whatever its value and wherever the chunks are cut.
    """
    start = 0 if sample_weight is None else int(np.argmax(sample_weight > 0))
    row = X[start].astype(np.float64)
    deviations = buffer.subtract(X[start : start + buffer.rows], row)
    if sample_weight is None:
        weights = np.ones(len(deviations))
    else:
        weights = sample_weight[start : start + len(deviations)]
    return row + (weights @ deviations) / max(weights.sum(), np.finfo(float).tiny)
