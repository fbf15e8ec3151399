"""The E step: what rows say of their unknown values under a Gaussian, summed over the rows.

Rows that miss about equally many values are worked on together, in units of the data and about an
origin. Each such part answers for its rows; the functions below add the parts of one block up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from .._typing import Array
from ..blocks import threads
from ..boxes import MIN_LATTICE_VARIABLES
from ..conditioning import (
    CoarseRows,
    Conditioner,
    MissingPatterns,
    Standardization,
    batches,
    coarse_rows,
    hidden_basis,
)
from ..statistics import IncompleteStatistics
from .information import InformationSums, RowSums
from .products import PRECISION, MissingValues


@dataclass
class CompletedSums(RowSums):
    """Sums over rows whose unknown values are replaced by what a Gaussian expects of them."""

    weight: float
    first: Array  # (n_features,), of the rows, about the origin and in units of the data
    second: Array  # (n_features, n_features), of products, with covariances of unknown values
    # Minus twice the log-likelihood, in nats, less the weighted log-determinant of the covariance.
    deviance: float = 0.0

    @classmethod
    def zeros(cls, n_features: int) -> CompletedSums:
        """The sums over no rows."""
        return cls(0.0, np.zeros(n_features), np.zeros((n_features, n_features)))


@dataclass(eq=False)
class _MissingPart:
    """Rows of the data that miss about equally many values."""

    gaps: MissingPatterns
    weights: Array  # (n_patterns,), the total weight of the rows of each pattern
    counts: np.ndarray  # (n_patterns,), how many rows each has, which follow each other
    levels: Array  # (n_rows,), the root of the weight of each row
    rows: Array  # (n_rows, n_features), a view: about the origin, 0 where missing, times the levels
    unit: Array  # (n_features,), in which the rows are worked on
    constant: float  # of the deviance, see `_constant_of`
    n_intervals: ClassVar[int] = 0  # values of a row that are known to an interval

    def inform(
        self, sums: InformationSums, conditioner: Conditioner, pilot: Standardization | None
    ) -> None:
        """Add the information of the rows to the sums, under a Gaussian.

        Its conditioner is about the origin, in units of the data.
        """
        deviations = self._deviations(self.rows / self.unit, conditioner.mean)
        basis, residuals = hidden_basis(deviations, self.gaps, conditioner.root)
        firsts = np.cumsum(self.counts) - self.counts
        sums.add(basis, residuals, self.levels, self.weights, firsts)

    def hidden(
        self, scaling: Standardization, conditioner: Conditioner, weight: float
    ) -> MissingValues:
        """The distribution of the missing values of the rows, see `missing_values`."""
        level = math.sqrt(weight)
        scale = level * scaling.unit
        deviations = self._deviations(self.rows / (self.unit * scale), scaling.origin / scale)
        deviations = deviations.astype(PRECISION)
        given = conditioner.astype(PRECISION)(deviations, self.gaps)
        deviations.reshape(-1)[self.gaps.entries] = given.mean
        completed = np.column_stack(((self.levels / level).astype(PRECISION), deviations))
        weights = (self.weights / weight).astype(PRECISION)
        by_row = self.gaps.by_row(given.covariance)
        return MissingValues(self.gaps, weights, completed, given.covariance, by_row)

    def completed(self, conditioner: Conditioner, pilot: Standardization | None) -> CompletedSums:
        """The sums over the rows as completed by what a Gaussian expects of missing values."""
        completed = self.rows / self.unit
        mean = conditioner.mean
        given = conditioner(self._deviations(completed, mean), self.gaps)
        # Counted from the origin again, where the observed values have their full precision.
        features = self.gaps.by_row(self.gaps.features)
        completed.reshape(-1)[self.gaps.entries] = given.mean + self.levels * mean[features]
        spread = self.gaps.added_up(given.covariance * self.weights)
        return CompletedSums(
            self.weights.sum(),
            self.levels @ completed,
            completed.T @ completed + spread,
            self.constant + float(given.distances.sum() + self.weights @ given.log_det),
        )

    def _deviations(self, scaled: Array, mean: Array) -> Array:
        """A new array of the scaled rows less a mean, (n_features,), 0 where missing."""
        deviations = scaled - self.levels[:, None] * mean
        deviations.reshape(-1)[self.gaps.entries] = 0.0
        return deviations


@dataclass(eq=False)
class _IntervalPart:
    """Rows of the data in which equally many values are known to an interval, or missing."""

    coarse: CoarseRows
    weights: Array  # (n_rows,)
    constant: float  # of the deviance, see `_constant_of`

    @property
    def gaps(self) -> MissingPatterns:
        """The places of the values that are not known exactly."""
        return self.coarse.gaps

    @property
    def n_intervals(self) -> int:
        """How many values of a row are known to an interval."""
        return self.coarse.n_intervals

    def inform(
        self, sums: InformationSums, conditioner: Conditioner, pilot: Standardization
    ) -> None:
        """Add the information of the rows, as `_MissingPart` does; the pilot sets the lattices."""
        sums.add_coarse(self.coarse.score(conditioner, pilot), self.weights)

    def completed(self, conditioner: Conditioner, pilot: Standardization | None) -> CompletedSums:
        """The sums over the rows as completed by what a Gaussian expects of unknown values.

        The pilot sets the lattices; without one the expectations are approximate.
        """
        weights = self.weights
        hidden = self.coarse.given(conditioner, pilot)
        rows = self.coarse.rows.copy()
        rows.reshape(-1)[self.gaps.entries] = hidden.values.T
        spread = self.gaps.added_up(weights * hidden.covariance.transpose(1, 2, 0))
        return CompletedSums(
            float(weights.sum()),
            weights @ rows,
            (weights[:, None] * rows).T @ rows + spread,
            self.constant + float(weights @ (hidden.deviance - 2 * hidden.log_probability)),
        )


def parts_of(statistics: Any, scaling: Standardization) -> list[Any]:
    """The rows of one block as a list of parts, which work in the origin and units of a scaling.

    Each is a `_MissingPart` or an `_IntervalPart`.
    """
    s: IncompleteStatistics = statistics.exact if statistics.coarse else statistics
    starts = np.concatenate(([0], np.cumsum(s.counts)))
    rows = s.rows_about(scaling.origin)
    parts: list[Any] = []
    for piece in batches(s.missing.sum(axis=1), starts, rows.shape[1]):
        its_rows = slice(starts[piece.start], starts[piece.stop])
        missing, weights, counts = s.missing[piece], s.weights[piece], s.counts[piece]
        constant = _constant_of(weights @ ~missing, scaling.unit)
        gaps = MissingPatterns(missing, counts)
        values = s.levels[its_rows], rows[its_rows], scaling.unit
        parts.append(_MissingPart(gaps, weights, counts, *values, constant))
    if statistics.coarse:
        lower, upper = statistics.lower, statistics.upper
        for index, coarse in coarse_rows(lower, upper, statistics.weights, scaling):
            weights, exact = statistics.weights[index], lower[index] == upper[index]
            constant = _constant_of(weights @ exact, scaling.unit)
            parts.append(_IntervalPart(coarse, weights, constant))
    return parts


def _constant_of(weights: Array, unit: Array) -> float:
    """The nats of a deviance that are the same at all points, from the weights that show each
    feature exactly and the units of the rows, (n_features,) each.
    """
    return float(weights @ (math.log(2 * math.pi) + 2 * np.log(unit)))


@threads.one_blas_thread()
def completed_sums(
    parts: list[Any], conditioner: Conditioner, pilot: Standardization | None
) -> CompletedSums:
    """The sums over all rows as completed by what a Gaussian expects of unknown values.

    Its conditioner is about the origin, in units of the data.
    """
    sums = CompletedSums.zeros(len(conditioner.mean))
    for part in parts:
        sums += part.completed(conditioner, pilot)
    return sums


@threads.one_blas_thread()
def information_sums(
    parts: list[Any], conditioner: Conditioner, pilot: Standardization | None
) -> InformationSums:
    """The sums that make up the information of all rows, under the Gaussian of `completed_sums`."""
    sums = InformationSums.zeros(len(conditioner.mean))
    for part in parts:
        part.inform(sums, conditioner, pilot)
    return sums


@threads.one_blas_thread()
def missing_values(
    parts: list[_MissingPart], scaling: Standardization, conditioner: Conditioner, weight: float
) -> list[MissingValues]:
    """The distribution of the missing values of each part, for products with the information.

    In float32 numbers must be near 1. So weights are shares of the total one, and deviations are in
    the scaling of the Gaussian, which is about the origin and in units of the data. The conditioner
    is in this scaling.
    """
    return [part.hidden(scaling, conditioner, weight) for part in parts]


def sums_of_complete_rows(parts: list[_MissingPart], n_features: int) -> CompletedSums:
    """The sums over those rows that miss nothing, with no deviance."""
    sums = CompletedSums.zeros(n_features)
    for part in parts:
        if not len(part.gaps.features):
            rows = part.rows / part.unit
            sums += CompletedSums(part.weights.sum(), part.levels @ rows, rows.T @ rows)
    return sums


@threads.one_blas_thread()
def excess_error(
    parts: list[Any], conditioner: Conditioner, pilot: Standardization | None
) -> float:
    """How coarse the lattices that a pilot sets are under the Gaussian of `completed_sums`.

    They are too coarse if the sum over all rows is positive, see `conditioning.excess_error`.
    """
    coarse = (part.coarse for part in parts if part.n_intervals)
    return sum(each.excess_error(conditioner, pilot) for each in coarse)


def n_on_a_lattice(parts: list[Any]) -> int:
    """The number of parts whose intervals are integrated on a lattice."""
    return sum(part.n_intervals >= MIN_LATTICE_VARIABLES for part in parts)
