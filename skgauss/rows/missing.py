"""Which rows of an array in memory miss values, and that none of them is infinite."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.utils import assert_all_finite

from ..blocks import chunks_of
from .block import Block, Intervals


def check_no_infinity(X: Any) -> None:
    """Refuse infinity, in scikit-learn's words; NaN stands for a missing value."""
    with np.errstate(invalid="ignore"):  # of inf - inf in the search itself
        for chunk in chunks_of(X, 1, 1):
            assert_all_finite(X[chunk], allow_nan=True, input_name="X")


def with_gaps(block: Block, features: Any = slice(None)) -> Intervals:
    """Intervals of a block in memory; beside them rows that miss a value of those features.

    A missing value is an interval without ends.
    """
    X = block.X
    given = block.intervals or Intervals.none(X.shape[1])
    missing = [rows[np.isnan(X[rows][:, features]).any(axis=1)] for rows in incomplete_rows(X)]
    rows = np.unique(np.concatenate([given.rows, *missing]))
    known = X[rows].astype(np.float64)
    lower, upper = (np.where(np.isnan(known), end, known) for end in (-np.inf, np.inf))
    among = np.searchsorted(rows, given.rows)
    lower[among], upper[among] = given.lower, given.upper
    return Intervals(rows, lower, upper)


def incomplete_rows(X: np.ndarray) -> Iterator[np.ndarray]:
    """Indices of the rows that miss values, a chunk of X at a time."""
    for chunk in chunks_of(X, 1, 1) if X.dtype.kind == "f" else ():
        rows = chunk.start + np.flatnonzero(np.isnan(X[chunk]).any(axis=1))
        if rows.size:
            yield rows
