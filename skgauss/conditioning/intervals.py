r"""Values known only to an interval, given the exact ones of the same row, under a Gaussian.

Let o be the exact values of a row, c those known to an interval and m the missing ones. The
distribution of c and m given o is that of missing values. `boxes` has the moments of c within its
box B, and m follows by regression,

.. math::

    E[z_m] = E[z_m \mid z_o] + R \, (E[z_c \mid z_o, B] - E[z_c \mid z_o]), \qquad
    R = \operatorname{Cov}[z_m, z_c \mid z_o] \operatorname{Cov}[z_c \mid z_o]^{-1},

and likewise for the covariances. All rows with equally many of both are worked on at once.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from .._typing import Array
from ..blocks import threads
from ..boxes import (
    MIN_LATTICE_VARIABLES,
    Boxes,
    BoxMoments,
    Lattice,
    box_moments,
    draw_in_each,
    expectation_propagation,
)
from .lattice_points import excess_error, lattice_of_rows
from .missing import Conditional, Conditioner, hidden_basis
from .patterns import PIECE_ELEMENTS, MissingPatterns
from .scores import score_moments
from .single_intervals import SingleIntervals
from .standardization import Standardization


class Hidden(NamedTuple):
    """The distribution of each row's values that are not known exactly, given all that is known."""

    values: Array  # (n_rows, n_hidden), conditional means; values in intervals come first
    covariance: Array  # (n_rows, n_hidden, n_hidden), conditional covariances
    log_probability: Array  # (n_rows,), of the intervals given the exact values, in nats
    # (n_rows,), the squared Mahalanobis distance of the exact values plus the log-determinant of
    # the precision of the others. With that of the whole covariance it is the deviance of the exact
    # values, minus twice their log-density but for a constant.
    deviance: Array


class Score(NamedTuple):
    """Whitened rows, and what their intervals tell about the score of complete data.

    A whitened row is its residual, plus its directions times unknown multiples, which are those of
    the interval values, plus anything in the span of `basis`. Only the distribution of the
    multiples is known.
    """

    basis: Array  # (n_features, n_missing, n_rows), an orthonormal basis of missing values
    residuals: Array  # (n_features, n_rows), orthogonal to it; interval values at conditional means
    directions: Array  # (n_rows, n_features, n_intervals)
    mean: Array  # (n_rows, n_scores), of multiples and their products, see `score_moments`
    covariance: Array  # (n_rows, n_scores, n_scores), of the same


class CoarseRows:
    """Rows with equally many values known to an interval, and equally many missing.

    The ends, (n_rows, n_features), are equal where a value is known exactly, and both infinite
    where it is missing. All results are in the units of the scaling and relative to its origin.
    """

    def __init__(self, lower: Array, upper: Array, weights: Array, scaling: Standardization):
        kinds = kinds_of(lower, upper)
        self.rows = np.where(kinds > 0, 0.0, scaling.relative(lower))  # 0 if not known exactly
        # The places of the values that are not known exactly, and of those that are missing.
        self.gaps, self._missing = (
            MissingPatterns(some, np.ones(len(kinds), dtype=int)) for some in (kinds, kinds == 2)
        )
        self.n_intervals = int(np.count_nonzero(kinds[0] == 1))  # those of a row
        features = self._features = self.gaps.features[: self.n_intervals].T
        low, high = (np.take_along_axis(end, features, axis=1) for end in (lower, upper))
        self._lower, self._upper = scaling.relative(low, features), scaling.relative(high, features)
        with np.errstate(over="ignore"):
            self._width = (high - low) / scaling.unit[features]
        self._scaling, self._ends, self._weights = scaling, (lower, upper), weights
        # The latest lattice, and the pilot that set it.
        self._lattice: tuple[Lattice, Standardization] | None = None

    def given(self, conditioner: Conditioner, pilot: Standardization | None) -> Hidden:
        """The distribution of the hidden values under a Gaussian.

        The pilot, a Gaussian near this one, sets the lattice. Without a pilot the moments are
        approximate, but found sooner.
        """
        given, centre, covariance, boxes = self._given_exact(conditioner)
        if pilot is None and self.n_intervals > 1:
            box = expectation_propagation(boxes)
        else:
            box = box_moments(boxes, self._lattice_at(pilot))
        values, covariance = _regressed(centre, covariance, box)
        return Hidden(values, covariance, box.log_probability, given.distances + given.log_det)

    def draw(self, conditioner: Conditioner, random_state: np.random.RandomState) -> Array:
        """Draws of the hidden values under a Gaussian, of shape (n_rows, n_hidden)."""
        _, centre, covariance, boxes = self._given_exact(conditioner)
        k = self.n_intervals
        values, vectors = np.linalg.eigh(covariance)
        # The symmetric root, since the sign of an eigenvector may depend on rounding.
        root = np.sqrt(np.maximum(values, 0.0))[:, None] * vectors @ vectors.transpose(0, 2, 1)
        noise = random_state.standard_normal(centre.shape)
        free = centre + (root @ noise[:, :, None])[:, :, 0]
        inside = centre[:, :k] + draw_in_each(boxes, random_state)
        slopes = np.linalg.solve(covariance[:, :k, :k], covariance[:, :k, k:])
        moved = (inside - free[:, :k])[:, None] @ slopes
        return np.hstack((inside, free[:, k:] + moved[:, 0]))

    def score(self, conditioner: Conditioner, pilot: Standardization) -> Score:
        """What the rows tell about the score of complete data, under a Gaussian."""
        _, centre, _, boxes = self._given_exact(conditioner)
        scores, of_scores, root = score_moments(boxes, self._lattice_at(pilot))
        rows = self.rows - conditioner.mean
        rows.reshape(-1)[self._missing.entries] = 0.0
        rows[np.arange(len(rows))[:, None], self._features] += centre[:, : self.n_intervals]
        basis, residuals = hidden_basis(rows, self._missing, conditioner.root)
        columns = conditioner.root[:, self._features].transpose(1, 0, 2)
        shown = basis.transpose(2, 0, 1)
        columns = columns - shown @ (shown.transpose(0, 2, 1) @ columns)
        return Score(basis, residuals, columns @ root, scores, of_scores)

    def excess_error(self, conditioner: Conditioner, pilot: Standardization | None) -> float:
        """How coarse the lattices that a pilot sets are under another Gaussian; 0 without any.

        See the function of this name in `lattice_points`.
        """
        lattice = self._lattice_at(pilot)
        if lattice is None:
            return 0.0
        return excess_error(lattice, self._given_exact(conditioner)[3], self._weights)

    def _lattice_at(self, pilot: Standardization | None) -> Lattice | None:
        """The lattice that a pilot sets, kept until there is another pilot; None without need."""
        if pilot is None or self.n_intervals < MIN_LATTICE_VARIABLES:
            return None
        if self._lattice is None or not self._lattice[1].equals(pilot):
            *_, boxes = self._given_exact(pilot.conditioner_in(self._scaling))
            known = np.hstack([pilot.relative(end) for end in self._ends])
            self._lattice = lattice_of_rows(boxes, known, self._weights), pilot
        return self._lattice[0]

    def _given_exact(self, conditioner: Conditioner) -> tuple[Conditional, Array, Array, Boxes]:
        """The distribution of the hidden values given the exact ones, ignoring the intervals.

        Their conditional means follow, (n_rows, n_hidden), their covariances, and the intervals as
        boxes about these means.
        """
        deviations = self.rows - conditioner.mean
        deviations.reshape(-1)[self.gaps.entries] = 0.0
        given = conditioner(deviations, self.gaps)
        centre = (given.mean + conditioner.mean[self.gaps.features]).T
        covariance = given.covariance.transpose(2, 0, 1)
        k = self.n_intervals
        ends = self._lower - centre[:, :k], self._upper - centre[:, :k]
        return given, centre, covariance, Boxes(*ends, self._width, covariance[:, :k, :k])


def _regressed(centre: Array, covariance: Array, box: BoxMoments) -> tuple[Array, Array]:
    """Means, (n, n_hidden), and covariances of all hidden values, from those within the box."""
    k = box.mean.shape[1]
    of_box, across = covariance[:, :k, :k], covariance[:, :k, k:]
    slopes = np.linalg.solve(of_box, across)
    carried = box.covariance @ slopes
    within = covariance.copy()
    within[:, :k, :k] = box.covariance
    within[:, :k, k:], within[:, k:, :k] = carried, carried.transpose(0, 2, 1)
    within[:, k:, k:] += slopes.transpose(0, 2, 1) @ (carried - across)
    moved = centre.copy()
    moved[:, :k] += box.mean
    moved[:, k:] += (box.mean[:, None] @ slopes)[:, 0]
    return moved, within


def kinds_of(lower: Array, upper: Array) -> np.ndarray:
    """For each value 0 if it is known exactly, 1 if to an interval, and 2 if not at all."""
    return (lower < upper).astype(np.uint8) + (np.isinf(lower) & np.isinf(upper))


def coarse_rows(
    lower: Array, upper: Array, weights: Array, scaling: Standardization
) -> Iterator[tuple[np.ndarray, CoarseRows]]:
    """Batches of rows with equally many interval and missing values: indices, and the rows."""
    kinds = kinds_of(lower, upper)
    alike = (kinds == 1).sum(axis=1) * (kinds.shape[1] + 1) + (kinds == 2).sum(axis=1)
    for label in np.unique(alike):
        rows = np.flatnonzero(alike == label)
        n_hidden = np.count_nonzero(kinds[rows[0]])
        at_once = max(PIECE_ELEMENTS // (kinds.shape[1] + n_hidden**2), 1)
        for start in range(0, len(rows), at_once):
            piece = rows[start : start + at_once]
            yield piece, CoarseRows(lower[piece], upper[piece], weights[piece], scaling)


class Coarsened(NamedTuple):
    """Rows with their hidden values at conditional means, given all that is known of the row."""

    deviations: Array  # (n_rows, n_features), from the mean of the Gaussian
    standard_deviations: Array  # (n_rows, n_features), 0 where a value is known exactly
    log_probability: Array  # (n_rows,), of the intervals given the exact values, in nats


def alike_rows(
    lower: Array, upper: Array, weights: Array | None, gaussian: Standardization
) -> tuple[Array, Array, Array | None, Any]:
    """The distinct rows, since rows that agree in all that is known of them have equal results.

    Returned are the ends of the distinct rows, their total weights, (n_distinct,), or None without
    weights, and the place of each row among them. Only rows that need a lattice are put
    together. Equal rows have equal lattices, whose errors add up in a sum over rows, so that they
    need as many points as one row of their weight.
    """
    on_lattice = (kinds_of(lower, upper) == 1).sum(axis=1) >= MIN_LATTICE_VARIABLES
    if gaussian.root is None or not on_lattice.any():
        return lower, upper, weights, slice(None)
    ends = np.hstack((lower, upper))[on_lattice]
    _, first, same = np.unique(ends, axis=0, return_index=True, return_inverse=True)
    others = np.flatnonzero(~on_lattice)
    place = np.empty(len(lower), dtype=np.intp)
    place[others] = np.arange(len(others))
    place[on_lattice] = len(others) + same.reshape(-1)
    first = np.concatenate((others, np.flatnonzero(on_lattice)[first]))
    totals: Any = None if weights is None else np.bincount(place, weights)
    return lower[first], upper[first], totals, place


@threads.one_blas_thread()
def coarsened(
    lower: Array,
    upper: Array,
    weights: Array | None,
    gaussian: Standardization,
    pilot: Standardization,
) -> Coarsened:
    """Rows between two ends with hidden values at conditional means, under a known Gaussian.

    The weights, (n_rows,), are given if the results are summed over the rows, see `alike_rows`.
    """
    lower, upper, totals, place = alike_rows(lower, upper, weights, gaussian)
    kinds, (mean, scales, root) = kinds_of(lower, upper), gaussian
    found = Coarsened(
        np.where(kinds > 0, 0.0, lower - mean),
        np.where(kinds == 2, scales, 0.0),
        np.zeros(len(kinds)),
    )
    if root is None:
        singles = SingleIntervals.of(lower, upper)
        where = singles.rows, singles.features
        log_probability, found.deviations[where], variances = singles.moments(mean, scales)
        found.standard_deviations[where] = np.sqrt(variances) * scales[singles.features]
        np.add.at(found.log_probability, singles.rows, log_probability)
        return found
    for rows, coarse, conditioner in batches_with_conditioner(lower, upper, totals, gaussian):
        hidden = coarse.given(conditioner, pilot)
        features = coarse.gaps.features.T
        where = rows[:, None], features
        found.deviations[where] = hidden.values * scales[features]
        # The variance within a narrow interval may be rounding only, and so negative.
        spread = np.sqrt(np.maximum(np.einsum("nii->ni", hidden.covariance), 0.0))
        found.standard_deviations[where] = spread * scales[features]
        found.log_probability[rows] = hidden.log_probability
    return Coarsened(*(each[place] for each in found))


def batches_with_conditioner(
    lower: Array, upper: Array, weights: Array | None, gaussian: Standardization
) -> Iterator[tuple[np.ndarray, CoarseRows, Conditioner]]:
    """Batches of rows: their indices, the rows relative to a Gaussian, and its conditioner.

    Without weights each row counts once.
    """
    assert gaussian.root is not None
    weights = np.ones(len(lower)) if weights is None else weights
    conditioner = Conditioner(gaussian.root)
    for rows, coarse in coarse_rows(lower, upper, weights, gaussian):
        yield rows, coarse, conditioner
