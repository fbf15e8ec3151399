"""Patterns of missing values, sorted and cut into batches that are worked on at once."""

from collections.abc import Iterator
from functools import cached_property

import numpy as np

_MIN_BATCH = 256  # patterns that cost little more than one; if fewer are alike, others join them
_MAX_MISSING_RATIO = 1.25  # largest ratio of missing values among them: 1.25^3 is twice the work
# Elements of rows and of blocks of the precision, worked on at once: one MiB.
PIECE_ELEMENTS = 2**17


class MissingPatterns:
    """The places of missing values in rows that miss about equally many.

    If a pattern misses fewer features than others, its first one is repeated. All repeats but the
    last are put aside, which makes them independent of all other features. An assignment to
    `entries` keeps the value of the last repeat.

    `missing`, (n_patterns, n_features), is True or positive where a value is missing; features with
    smaller numbers come first. `counts`, (n_patterns,), says how many rows, one after the other,
    have each pattern.
    """

    def __init__(self, missing: np.ndarray, counts: np.ndarray):
        n_missing = np.count_nonzero(missing, axis=1)
        place = np.arange(n_missing.max())[:, None] - (n_missing.max() - n_missing)
        rank = missing.astype(np.uint8) - np.uint8(1)  # 0 becomes 255, the last
        order = np.argsort(rank, axis=1, kind="stable").T
        self.aside = place < 0  # (n_missing, n_patterns), which missing features are put aside
        # (n_missing, n_patterns), the missing features.
        self.features = np.take_along_axis(order, np.maximum(place, 0), axis=0)
        self._n_features = missing.shape[1]
        self._pattern = None if (counts == 1).all() else np.repeat(np.arange(len(counts)), counts)

    def by_row(self, of_pattern: np.ndarray) -> np.ndarray:
        """An array with the patterns along its last axis, repeated for the rows of each."""
        return of_pattern if self._pattern is None else of_pattern.take(self._pattern, axis=-1)

    @cached_property
    def entries(self) -> np.ndarray:
        """The places of the missing values in the flattened rows, (n_missing, n_rows)."""
        features = self.by_row(self.features)
        return features + self._n_features * np.arange(features.shape[1])

    @property
    def blocks(self) -> np.ndarray:
        """Where blocks of patterns are in a flat matrix, (n_missing, n_missing, n_patterns)."""
        return self.features[:, None] * self._n_features + self.features

    def put_aside(self, blocks: np.ndarray) -> None:
        """Give features put aside a variance of 1 and no covariances, in blocks of the patterns."""
        place, pattern = self._aside
        blocks[place, :, pattern] = blocks[:, place, pattern] = 0.0
        blocks[place, place, pattern] = 1.0

    def leave_out_aside(self, blocks: np.ndarray) -> None:
        """Give features put aside, which have no covariances, a variance of 0 in the blocks."""
        place, pattern = self._aside
        blocks[place, place, pattern] = 0.0

    @cached_property
    def _aside(self) -> tuple[np.ndarray, ...]:
        """The places and patterns of the features put aside."""
        return self.aside.nonzero()

    def added_up(self, blocks: np.ndarray) -> np.ndarray:
        """The sum of blocks of the patterns, each at its place in a matrix of all features."""
        d = self._n_features
        return np.bincount(self.blocks.reshape(-1), blocks.reshape(-1), d * d).reshape(d, d)


def sort_patterns(missing: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """An order of the rows with equal patterns together, and the start of each pattern in it.

    Patterns that miss fewest come first. The starts, (n_patterns + 1,), end with the number of
    rows.
    """
    packed = np.packbits(missing, axis=1)
    words = np.pad(packed, ((0, 0), (0, -packed.shape[1] % 8))).view(np.uint64)
    return sort_equal(words, missing.sum(axis=1))


def sort_equal(rows: np.ndarray, *first: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """An order of the rows with equal ones together, and the start of each kind of rows in it.

    The order is by the numbers `first`, (n_rows,), and then by the columns from the last one on.
    The starts, (n_kinds + 1,), end with the number of rows.
    """
    order = np.lexsort((*rows.T, *first))
    ordered = rows[order]
    changes = np.flatnonzero((ordered[1:] != ordered[:-1]).any(axis=1)) + 1
    starts = np.concatenate(([0], changes, [len(rows)])) if len(rows) else np.zeros(1, int)
    return order, starts


def batches(n_missing: np.ndarray, starts: np.ndarray, n_features: int) -> Iterator[slice]:
    """Slices of sorted patterns that miss equally many, as many as fit into the cache.

    If these are few, patterns that miss a little more join them. `starts`, (n_patterns + 1,), says
    where the rows of each pattern begin, and where the last one ends.
    """
    first = 0
    while first < len(n_missing):
        most_rows = max(PIECE_ELEMENTS // (n_features + int(n_missing[first]) ** 2), 1)
        same = int(np.searchsorted(n_missing, n_missing[first], side="right"))
        if n_missing[first]:
            alike = int(
                np.searchsorted(n_missing, _MAX_MISSING_RATIO * n_missing[first] + 1, side="right")
            )
            same = max(same, min(alike, first + _MIN_BATCH))
        fitting = int(np.searchsorted(starts, starts[first] + most_rows, side="right")) - 1
        last = min(same, max(fitting, first + 1))
        yield slice(first, last)
        first = last
