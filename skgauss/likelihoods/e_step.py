"""The E step: what rows say of their unknown values under a Gaussian, summed over the rows.

Rows that miss equally many values are worked on together, in units of the data and about an origin.
Each such part answers for its rows; the functions below add the parts of one block up.
"""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from .._typing import Array
from ..blocks import threads
from ..boxes import FEWEST_OF_LATTICE
from ..conditioning import (
    CoarseRows,
    Conditioner,
    MissingPatterns,
    Standardization,
    batches,
    coarse_rows,
    hidden_basis,
)
from ..statistics import IncompleteStatistics, IntervalStatistics
from .information import InformationSums, RowSums
from .products import PRECISION, MissingValues


@dataclass
class CompletedSums(RowSums):
    """Of weights, of rows, of their products, of the deviance."""

    weight: float
    first: Array
    second: Array
    deviance: float = 0.0

    @classmethod
    def nothing(cls, n_features: int) -> CompletedSums:
        return cls(0.0, np.zeros(n_features), np.zeros((n_features, n_features)))


class _MissingPart:
    """Rows of the data that miss equally many values."""

    n_together = 0

    def __init__(
        self,
        missing: np.ndarray,
        weights: Array,
        counts: np.ndarray,
        levels: Array,
        rows: Array,
        unit: Array,
    ):
        self.constant = _constant_of(weights @ ~missing, unit)
        self.weights, self.counts, self.levels = weights, counts, levels
        self._rows, self._unit = rows, unit  # a view of the statistics, which saves a copy of all
        self.gaps = MissingPatterns(missing, counts)

    def sums(self) -> CompletedSums:
        """Sums over the rows, with 0 in the place of what is missing."""
        rows = self._scaled_rows()
        return CompletedSums(self.weights.sum(), self.levels @ rows, rows.T @ rows)

    def inform(
        self,
        sums: InformationSums,
        mean: Array,
        condition: Conditioner,
        guess: Standardization | None,
    ) -> None:
        """Add the information of the rows, about a mean, under a conditioner's Gaussian."""
        basis, residuals = hidden_basis(self._deviations(mean), self.gaps, condition.root)
        firsts = np.cumsum(self.counts) - self.counts
        sums.add(basis, residuals, self.levels, self.weights, firsts)

    def hidden(self, mean: Array, condition: Conditioner) -> MissingValues:
        """What the rows miss, given the rest, as products with the information need it."""
        deviations = self._deviations(mean)
        given = condition(deviations, self.gaps)
        deviations.reshape(-1)[self.gaps.entries] = given.mean
        of_rows = self.weights, np.column_stack((self.levels, deviations)), given.covariance
        return MissingValues(
            self.gaps, *(np.ascontiguousarray(each, PRECISION) for each in of_rows)
        )

    def completed(
        self, mean: Array, condition: Conditioner, guess: Standardization | None
    ) -> CompletedSums:
        """Sums over the rows, missing values as expected, and over the spread of these."""
        given = condition(self._deviations(mean), self.gaps)
        # Counted from the origin again, where the observed values have their full precision.
        completed = self._scaled_rows()
        features = self.gaps.by_row(self.gaps.features)
        completed.reshape(-1)[self.gaps.entries] = given.mean + self.levels * mean[features]
        spread = self.gaps.added_up(given.covariance * self.weights)
        return CompletedSums(
            self.weights.sum(),
            self.levels @ completed,
            completed.T @ completed + spread,
            self.constant + float(given.distances.sum() + self.weights @ given.log_det),
        )

    def _scaled_rows(self) -> Array:
        """A new array of the rows in units of the data, 0 where missing, (n_rows, n_features)."""
        return self._rows / self._unit

    def _deviations(self, mean: Array) -> Array:
        """Deviations of the rows from a mean, 0 where missing."""
        deviations = self._scaled_rows()
        deviations -= self.levels[:, None] * mean
        deviations.reshape(-1)[self.gaps.entries] = 0.0
        return deviations


class _IntervalPart:
    """Rows of the data in which equally many values are known to an interval, or missing."""

    def __init__(self, coarse: CoarseRows, weights: Array, unit: Array):
        known = np.ones(coarse.rows.shape)
        known.reshape(-1)[coarse.gaps.entries] = 0.0
        self.gaps = coarse.gaps
        self.n_together = coarse.n_together
        self._coarse = coarse
        self._weights = weights
        self._constant = _constant_of(weights @ known, unit)

    def inform(
        self, sums: InformationSums, mean: Array, condition: Conditioner, guess: Standardization
    ) -> None:
        """Add the information of the rows, about a mean, under a conditioner's Gaussian."""
        sums.add_coarse(self._coarse.score(mean, condition, guess), self._weights)

    def completed(
        self, mean: Array, condition: Conditioner, guess: Standardization | None
    ) -> CompletedSums:
        """Sums over the rows with their hidden values as expected, and over the spread of these."""
        weights = self._weights
        hidden = self._coarse.given(mean, condition, guess)
        rows = self._coarse.rows.copy()
        rows.reshape(-1)[self.gaps.entries] = hidden.values.T
        spread = self.gaps.added_up(weights * hidden.covariance.transpose(1, 2, 0))
        return CompletedSums(
            float(weights.sum()),
            weights @ rows,
            (weights[:, None] * rows).T @ rows + spread,
            self._constant + float(weights @ (hidden.deviance - 2 * hidden.log_probability)),
        )


def parts_of(statistics: Any, frame: Standardization) -> list[Any]:
    """The rows of one block in parts, relative to the frame."""
    if not statistics.coarse:
        return _parts_of_patterns(statistics, frame)
    s: IntervalStatistics = statistics
    intervals = coarse_rows(s.lower, s.upper, s.weights, frame)
    return _parts_of_patterns(s.exact, frame) + [
        _IntervalPart(rows, s.weights[index], frame.unit) for index, rows in intervals
    ]


def _parts_of_patterns(
    statistics: IncompleteStatistics, frame: Standardization
) -> list[_MissingPart]:
    """Rows whose values are known exactly or missing, relative to the frame."""
    s = statistics
    starts = np.concatenate(([0], np.cumsum(s.counts)))
    rows = s.rows_about(frame.origin)
    parts = []
    for piece in batches(s.missing.sum(axis=1), starts, rows.shape[1]):
        its_rows = slice(starts[piece.start], starts[piece.stop])
        patterns = s.missing[piece], s.weights[piece], s.counts[piece]
        parts.append(_MissingPart(*patterns, s.levels[its_rows], rows[its_rows], frame.unit))
    return parts


def _constant_of(weights: Array, unit: Array) -> float:
    """What values seen with such weights, in such units, have of a deviance at any point."""
    return float(weights @ (math.log(2 * math.pi) + 2 * np.log(unit)))


@threads.one_blas_thread()
def completed_sums(
    parts: list[Any], mean: Array, condition: Conditioner, guess: Standardization | None
) -> CompletedSums:
    """Sums over all rows, unknown values as expected under a conditioner's Gaussian."""
    sums = (part.completed(mean, condition, guess) for part in parts)
    return reduce(operator.iadd, sums, CompletedSums.nothing(len(mean)))


@threads.one_blas_thread()
def information_sums(
    parts: list[Any], mean: Array, condition: Conditioner, guess: Standardization | None
) -> InformationSums:
    """Sums of the information of all rows, about a mean, under a conditioner's Gaussian."""
    sums = InformationSums.nothing(len(mean))
    for part in parts:
        part.inform(sums, mean, condition, guess)
    return sums


@threads.one_blas_thread()
def missing_values(
    parts: list[_MissingPart], mean: Array, condition: Conditioner
) -> list[MissingValues]:
    """What all rows miss, given the rest, as products with the information need it."""
    return [part.hidden(mean, condition) for part in parts]


def sums_of_complete_rows(parts: list[_MissingPart], n_features: int) -> CompletedSums:
    """Sums over the rows that miss nothing."""
    sums = (part.sums() for part in parts if not len(part.gaps.features))
    return reduce(operator.iadd, sums, CompletedSums.nothing(n_features))


def n_on_a_lattice(parts: list[Any]) -> int:
    """How many parts there are whose boxes are integrated on a lattice."""
    return sum(part.n_together >= FEWEST_OF_LATTICE for part in parts)
