"""Rows as the package works on them: numbers, weights, and what is known only to an interval."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from sklearn.utils import assert_all_finite

from .._typing import Array
from ..blocks import WrongRowError, chunks_of, to_host


class Intervals(NamedTuple):
    """The rows of a block in which there are values known only to an interval.

    Attributes
    ----------
    rows : int ndarray of shape (n_rows,)
        Their places in the block.
    lower, upper : ndarray of shape (n_rows, n_features)
        Equal where a value is known exactly, infinite both where it is missing.
    """

    rows: np.ndarray
    lower: Array
    upper: Array

    @classmethod
    def none(cls, n_features: int) -> Intervals:
        """The intervals of a block that has none."""
        return cls(np.empty(0, dtype=np.intp), np.empty((0, n_features)), np.empty((0, n_features)))

    def between(self, start: int, stop: int) -> Intervals:
        """The intervals of a part of the block, where their places are counted from its start."""
        part = slice(*np.searchsorted(self.rows, (start, stop)))
        return Intervals(self.rows[part] - start, self.lower[part], self.upper[part])


class Block(NamedTuple):
    """Some valid rows, in memory or on a device; not yet known to be finite.

    Attributes
    ----------
    X : array of shape (n_rows, n_features)
        Values that are known exactly, and NaN in the place of all others.
    sample_weight : array of shape (n_rows,), default=None
        Frequencies; None is one for each row.
    intervals : Intervals, default=None
        What is known of values that lie in an interval; None where there are no such.
    """

    X: Any
    sample_weight: Any | None = None
    intervals: Intervals | None = None

    @property
    def counted(self) -> Block:
        """The rows whose weight is not 0: others are as if they were not there, and may hold
        infinity. On a device it is all rows.
        """
        X, weights, intervals = self
        if not (isinstance(X, np.ndarray) and isinstance(weights, np.ndarray)) or weights.all():
            return self
        counts = weights > 0
        if intervals is not None:
            kept = counts[intervals.rows]
            rows, lower, upper = (each[kept] for each in intervals)
            intervals = Intervals(np.cumsum(counts)[rows] - 1, lower, upper)
        return Block(X[counts], weights[counts], intervals)

    @property
    def unknown(self) -> np.ndarray:
        """Indices of the rows of which nothing is known, of shape (n_such_rows,)."""
        if not isinstance(self.X, np.ndarray):  # where no value is missing: else it is brought here
            return np.empty(0, dtype=np.intp)
        missing = [rows[np.isnan(self.X[rows]).all(axis=1)] for rows in incomplete_rows(self.X)]
        known = (self.intervals or Intervals.none(self.X.shape[1])).rows
        return np.setdiff1d(np.concatenate([np.empty(0, dtype=np.intp), *missing]), known)

    @property
    def on_host(self) -> Block:
        """The same rows as arrays of NumPy, in their dtypes."""
        X, weights, intervals = self
        return Block(to_host(X), to_host(weights), intervals)

    def between(self, start: int, stop: int) -> Block:
        """The block of the rows from `start` to before `stop`."""
        X, weights, intervals = self
        return Block(
            X[start:stop, :],
            None if weights is None else weights[start:stop],
            None if intervals is None else intervals.between(start, stop),
        )


class Rows(Protocol):
    """All rows that a user handed over, wherever they lie, asked block by block."""

    def total(self, function: Callable[[Block], Any]) -> Any:
        """Sum of the function over the blocks, where it returns numbers."""
        ...

    def summarize(self, function: Callable[[Block], Any]) -> Any:
        """Sum of the function over the blocks, where it returns statistics.

        Those of Dask, if too large to be gathered, stay where the blocks are.
        """
        ...

    def map(self, function: Callable[[Block], Any]) -> Any:
        """What the function returns of the blocks, one array or a tuple of some, joined.

        The first axis is as long as X; lazy where the rows are.
        """
        ...

    def whole(self, asker: str) -> Block:
        """All rows as one block in memory, for a parameter that takes them over and over.

        Raises
        ------
        ValueError
            If they are of Dask, which may hold more than memory does.
        """
        ...


_READ_AT_ONCE = 2**17  # elements of X (1 MiB), of which what is missing takes several arrays


def check_no_infinity(
    X: Any, names: Sequence[str] = (), counts: np.ndarray | None = None, table: str = "X"
) -> None:
    """Refuse infinity in scikit-learn's words, and say where it is; NaN is a missing value.

    Of the rows that count, where not all do, and with the names of the features, if known. A user
    has X by the name of the `table`.
    """
    with np.errstate(invalid="ignore"):  # of inf - inf in the search itself
        for chunk in chunks_of(X):
            rows = X[chunk] if counts is None else X[chunk][counts[chunk]]
            try:
                assert_all_finite(rows, allow_nan=True, input_name=table)
            except ValueError as error:
                places = np.arange(len(X)) if counts is None else np.flatnonzero(counts)
                start = np.searchsorted(places, chunk.start)
                raise WrongRowError(
                    _where_infinite(str(error), to_host(rows), places[start:], names, table)
                ) from None


def _where_infinite(
    error: str, X: np.ndarray, places: np.ndarray, names: Sequence[str], table: str
) -> str:
    """What scikit-learn says, where the first infinity is, and what to do about a logarithm."""
    i, j = np.argwhere(np.isinf(X))[0].tolist()
    name = repr(names[j]) if names else f"column {j}"
    found = (
        f"{error.strip()} The first is {X[i, j]:g} in {name}, in row {places[i]} counted from 0."
    )
    if X[i, j] > 0:
        return found
    return (
        f"{found} If it is the logarithm of 0, of what was not detected, put NaN there and the "
        f"logarithm of the limit into {table}_upper; or put that logarithm there, and into "
        "censoring_limits."
    )


def incomplete_rows(X: np.ndarray) -> Iterator[np.ndarray]:
    """Indices of the rows that miss values, so many at a time as may be copied some times."""
    for chunk in chunks_of(X, elements=_READ_AT_ONCE) if X.dtype.kind == "f" else ():
        rows = chunk.start + np.flatnonzero(np.isnan(X[chunk]).any(axis=1))
        if rows.size:
            yield rows


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
