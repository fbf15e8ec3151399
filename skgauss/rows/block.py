"""Rows as the package works on them: values, weights, and intervals in place of values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from .._typing import Array
from ..blocks import chunks_of, to_host


class Intervals(NamedTuple):
    """The rows of a block in which some value is known only to lie in an interval."""

    rows: np.ndarray  # (n_rows,), indices of these rows in the block, ascending
    lower: Array  # (n_rows, n_features), equal to the upper end where a value is known exactly
    upper: Array  # (n_rows, n_features), both ends are infinite where a value is missing

    @classmethod
    def none(cls, n_features: int) -> Intervals:
        """Returns the intervals of a block that has none."""
        return cls(np.empty(0, dtype=np.intp), np.empty((0, n_features)), np.empty((0, n_features)))

    def between(self, start: int, stop: int) -> Intervals:
        """Returns the intervals of the rows from `start` to before `stop`, indexed from `start`."""
        part = slice(*np.searchsorted(self.rows, (start, stop)))
        return Intervals(self.rows[part] - start, self.lower[part], self.upper[part])


class Block(NamedTuple):
    """Some validated rows, in memory or on a device; their values may still be infinite."""

    X: Any  # (n_rows, n_features), values that are known exactly, and NaN in the place of others
    sample_weight: Any | None = None  # (n_rows,), frequencies; None means 1 for each row
    intervals: Intervals | None = None  # None if no value is known only to an interval

    @property
    def weights(self) -> Any:
        """The weights of all rows, (n_rows,), which are 1 if none are given."""
        return np.ones(self.X.shape[0]) if self.sample_weight is None else self.sample_weight

    @property
    def counted(self) -> Block:
        """The rows of positive weight, since others may hold infinity; on a device, all rows."""
        X, weights, intervals = self
        if not (isinstance(X, np.ndarray) and isinstance(weights, np.ndarray)) or weights.all():
            return self
        has_weight = weights > 0
        if intervals is not None:
            kept = has_weight[intervals.rows]
            rows, lower, upper = (each[kept] for each in intervals)
            intervals = Intervals(np.cumsum(has_weight)[rows] - 1, lower, upper)
        return Block(X[has_weight], weights[has_weight], intervals)

    @property
    def unknown(self) -> np.ndarray:
        """Indices, ascending, of the rows in which no value is known at all."""
        if not isinstance(self.X, np.ndarray):  # X stays on a device only if it misses no value
            return np.empty(0, dtype=np.intp)
        missing = [rows[np.isnan(self.X[rows]).all(axis=1)] for rows in incomplete_rows(self.X)]
        known = (self.intervals or Intervals.none(self.X.shape[1])).rows
        return np.setdiff1d(np.concatenate([np.empty(0, dtype=np.intp), *missing]), known)

    @property
    def on_host(self) -> Block:
        """The same rows as NumPy arrays of the same dtypes."""
        X, weights, intervals = self
        return Block(to_host(X), to_host(weights), intervals)

    def between(self, start: int, stop: int) -> Block:
        """Returns the block of the rows from `start` to before `stop`."""
        X, weights, intervals = self
        return Block(
            X[start:stop, :],
            None if weights is None else weights[start:stop],
            None if intervals is None else intervals.between(start, stop),
        )


_READ_AT_ONCE = 2**17  # elements of X (1 MiB): callers make several arrays of the rows found


def incomplete_rows(X: np.ndarray) -> Iterator[np.ndarray]:
    """Yields the indices of the rows that miss values, so few at a time that copies are cheap."""
    for chunk in chunks_of(X, elements=_READ_AT_ONCE) if X.dtype.kind == "f" else ():
        rows = chunk.start + np.flatnonzero(np.isnan(X[chunk]).any(axis=1))
        if rows.size:
            yield rows


def coarse_intervals(block: Block, features: Any = slice(None)) -> Intervals:
    """Returns the intervals of a block in memory, and with them the rows that miss a feature.

    Only missing values of `features` count. They are intervals without finite ends.
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
