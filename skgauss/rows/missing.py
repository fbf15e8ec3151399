"""Which rows of an array in memory miss values, and that none of them is infinite."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.utils import assert_all_finite

from ..blocks import chunks_of


def check_no_infinity(X: Any) -> None:
    """Refuse infinity, in scikit-learn's words; NaN stands for a missing value."""
    with np.errstate(invalid="ignore"):  # of inf - inf in the search itself
        for chunk in chunks_of(X, 1, 1):
            assert_all_finite(X[chunk], allow_nan=True, input_name="X")


def incomplete_rows(X: np.ndarray) -> Iterator[np.ndarray]:
    """Indices of the rows that miss values, a chunk of X at a time."""
    for chunk in chunks_of(X, 1, 1) if X.dtype.kind == "f" else ():
        rows = chunk.start + np.flatnonzero(np.isnan(X[chunk]).any(axis=1))
        if rows.size:
            yield rows
