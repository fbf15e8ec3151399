"""Sufficient statistics of incomplete data, by pattern of missing values: a monoid under ``+``.

The observed-data likelihood sees the rows of one pattern only through the Gram matrix of
(1, x) over its observed features. The triangular factor of a QR decomposition has the same
Gram matrix and at most one row more than there are observed features. It replaces the rows if
these are more. With few patterns the cost thus does not depend on the number of rows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._typing import Array
from ..blocks import chunks_of, threads
from ..conditioning import sort_patterns
from . import relations
from .base import Statistics
from .by_feature import AvailableMoments
from .complete import SufficientStatistics, checked_rows, pairwise_sum, two_sum

# Smallest relative singular value of full rank. Rows may be the root of a covariance, where
# rounding errors of 1e-16 become 1e-8.
_RANK_TOL = 1e-6


@dataclass(frozen=True, eq=False)
class IncompleteStatistics(Statistics):
    r"""All that the observed-data likelihood of a sample with missing values sees.

    A level and a row are ``sqrt(w)`` and ``sqrt(w) (x - origin)`` of an observation x of weight w,
    or part of a triangular factor that replaces many observations. With level :math:`b_k` and row
    :math:`a_k` the sum :math:`\sum_k (a_k - b_k m)(a_k - b_k m)^T` is the weighted sum of products
    of the observations about ``origin + m``.

    Parameters
    ----------
    weight : float
        Sum of all weights, including those of rows in which nothing was observed.
    origin : ndarray of shape (n_features,)
        The point from which rows are measured, near the mean.
    missing : bool ndarray of shape (n_patterns, n_features)
        The patterns, those with fewest missing values first; none of them misses all.
    weights : ndarray of shape (n_patterns,)
        Weight of the observations of each pattern.
    counts : int ndarray of shape (n_patterns,)
        Number of rows of each pattern.
    levels : ndarray of shape (n_rows,)
    rows : ndarray of shape (n_rows, n_features)
        Ordered as the patterns; 0 where a value is missing.
    labels : tuple, default=None
        Names of the features. Statistics must have the same names in the same order to add up.
        `fit_statistics` takes names that are text as feature names.

    References
    ----------
    Little and Rubin (2019), Statistical Analysis with Missing Data, chapter 11, for the
    likelihood by pattern.

    See Also
    --------
    SufficientStatistics : Statistics of complete rows; both kinds add up.
    GaussianGradientMLE.fit_statistics : Fit to statistics in place of rows.

    Examples
    --------
    >>> import numpy as np
    >>> from skgauss import GaussianGradientMLE, IncompleteStatistics
    >>> a = IncompleteStatistics.from_array([[0.0, 1.0], [2.0, np.nan], [1.0, 2.5]])
    >>> b = IncompleteStatistics.from_array([[3.0, 3.0], [np.nan, 2.0]])
    >>> GaussianGradientMLE().fit_statistics(a + b).converged_
    True
    """

    weight: float
    origin: Array
    missing: np.ndarray
    weights: Array
    counts: np.ndarray
    levels: Array
    rows: Array

    @classmethod
    def from_array(
        cls, X: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> IncompleteStatistics:
        """Summarise the rows of an array by what they miss.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Data; NaN stands for a missing value. No rows give the identity of ``+``. The columns of
            a frame become `labels`.
        sample_weight : array-like of shape (n_samples,), default=None
            Frequencies of the rows; all may be 0.

        Returns
        -------
        statistics : IncompleteStatistics

        Raises
        ------
        ValueError
            If X or the weights are not valid, or X holds infinity.
        """
        rows, weights, labels = checked_rows(X, sample_weight, allow_nan=True)
        statistics: IncompleteStatistics = summarize_incomplete(rows, weights, diagonal=False)
        return statistics.labelled(labels)

    def _plus(self, other: Any) -> IncompleteStatistics:
        if not isinstance(other, SufficientStatistics | IncompleteStatistics):
            return NotImplemented
        return merge([part for part in (self, as_incomplete(other)) if part.weight] or [self])

    complete = False
    coarse = False
    diagonal = False  # they hold products of features

    @property
    def by_feature(self) -> AvailableMoments:
        """The moments of each feature by itself."""
        mean, rounding = two_sum(self.origin, self._offset)
        return AvailableMoments(
            self.weight,
            self.informative_weight,
            self.observed_weights,
            mean,
            self.variances,
            rounding,
            labels=self.labels,
        )

    @property
    def size(self) -> int:
        """Number of elements of the rows."""
        return self.rows.size

    @property
    def informative_weight(self) -> float:
        """Weight of the rows in which anything was observed."""
        return float(self.weights.sum())

    @cached_property
    def observed_weights(self) -> Array:
        """Weight with which each feature was observed."""
        return self.weights @ ~self.missing

    @property
    def together(self) -> np.ndarray:
        """Which features were ever observed in the same row."""
        observed = (~self.missing).astype(np.float64)
        return observed.T @ observed > 0

    @property
    def nested(self) -> bool:
        """Whether, in some order of the features, a row that misses one misses all after it."""
        return not (self.missing[:-1] & ~self.missing[1:]).any()

    @property
    def pattern_of_row(self) -> np.ndarray:
        return np.repeat(np.arange(len(self.counts)), self.counts)

    @property
    def mean(self) -> Array:
        """Mean of the observed values of each feature."""
        return self.origin + self._offset

    @cached_property
    def variances(self) -> Array:
        """Variance of the observed values of each feature, about their mean."""
        deviations = self.rows - self.levels[:, None] * self._offset
        deviations[self.missing[self.pattern_of_row]] = 0.0
        return np.einsum("ij,ij->j", deviations, deviations) / self._positive_weights

    @property
    def in_general_position(self) -> bool:
        """Whether for each pattern the rows that show its features lie on no common hyperplane.

        If they do lie on one, a covariance that is singular across it makes the likelihood
        infinite.
        """
        rows = self.augmented(self.variances)
        for pattern in self.missing:
            shows = ~(self.missing & ~pattern).any(axis=1)
            observed = np.concatenate(([True], ~pattern))
            if not has_full_rank(rows[shows[self.pattern_of_row]][:, observed]):
                return False
        return True

    linear_relations = relations.linear_relations
    narrow_pairs = relations.narrow_pairs

    def stretched(self, centre: Array, factors: Array) -> IncompleteStatistics:
        """Returns the statistics of rows whose deviations from a centre are multiplied by a factor.

        Rows that show k values have ``factors[k]``, of shape (n_features + 1,).
        """
        of_pattern = factors[(~self.missing).sum(axis=1)]
        rows = of_pattern[self.pattern_of_row, None] * self.rows_about(centre)
        return replace(self, origin=centre, rows=rows)

    def seen_from(self, origin: Array) -> IncompleteStatistics:
        """See `Statistics`; only the origin changes, since rows are measured from it."""
        return replace(self, origin=self.origin - origin)

    def with_constants(
        self, features: np.ndarray, values: Array, share: float
    ) -> IncompleteStatistics:
        """Returns these statistics with the masked features constant in all rows."""
        origin, rows = np.where(features, values, self.origin), np.where(features, 0.0, self.rows)
        missing = (self.missing & ~features)[self.pattern_of_row]
        whole = self.weight, origin, missing, _on_first_rows(self), self.levels, rows
        return _reduced(*whole).labelled(self.labels)

    def augmented(self, variances: Array) -> Array:
        """Returns ``[levels | rows]``, each feature divided by the root of its given variance."""
        rows = np.column_stack((self.levels, self.rows))
        rows[:, 1:] /= relations.units_of(variances)
        return rows

    def rows_about(self, origin: Array) -> Array:
        """Returns the rows, measured from another origin."""
        if origin is self.origin:
            return self.rows
        rows = self.rows + np.outer(self.levels, self.origin - origin)
        rows[self.missing[self.pattern_of_row]] = 0.0
        return rows

    @cached_property
    def _offset(self) -> Array:
        return (self.levels @ self.rows) / self._positive_weights

    @property
    def _positive_weights(self) -> Array:
        """Observed weights to divide by: 1 where a feature was never observed."""
        return np.where(self.observed_weights > 0, self.observed_weights, 1.0)


def has_full_rank(rows: Array) -> bool:
    """Whether rows span all columns, by more than the rounding of rows made from a covariance."""
    values = np.linalg.svd(rows, compute_uv=False)
    return len(values) == rows.shape[1] and bool(values[-1] > _RANK_TOL * values[0])


def summarize_incomplete(X: np.ndarray, sample_weight: Array | None, diagonal: bool) -> Any:
    """Returns statistics of rows with missing values, by feature if `diagonal`, else by pattern."""
    weights = np.broadcast_to(1.0, len(X)) if sample_weight is None else sample_weight
    chunks = chunks_of(X) or [slice(0)]
    parts = (_of_chunk(X[c].astype(np.float64, copy=False), weights[c]) for c in chunks)
    return pairwise_sum(each.by_feature for each in parts) if diagonal else merge(list(parts))


def _of_chunk(X: Array, weights: Array) -> IncompleteStatistics:
    """Returns statistics by pattern of rows that are few enough to be copied."""
    missing = np.isnan(X)
    informative = (weights > 0) & ~missing.all(axis=1)
    rows, missing, present = X[informative], missing[informative], weights[informative]
    origin = _origin(rows, missing, present)
    levels = np.sqrt(present)
    rows -= origin
    rows *= levels[:, None]
    rows[missing] = 0.0
    return _reduced(float(weights.sum()), origin, missing, present, levels, rows)


def of_no_rows(n_features: int) -> IncompleteStatistics:
    """Returns the statistics of no rows, which are the identity of ``+``."""
    rows, none = np.empty((0, n_features)), np.empty(0)
    counts, missing = none.astype(np.intp), rows.astype(bool)
    return IncompleteStatistics(0.0, np.zeros(n_features), missing, none, counts, none, rows)


def as_incomplete(statistics: Any) -> Any:
    """Returns statistics of complete rows as those of one pattern; others as they are."""
    if not isinstance(statistics, SufficientStatistics):
        return statistics
    d = len(statistics.mean)
    if statistics.weight == 0:
        return of_no_rows(d)
    root = _root_of_singular(statistics.covariance)
    # The origin is the mean as float64 holds it; the first row holds the rest of the mean.
    rows = math.sqrt(statistics.weight) * np.vstack((statistics.mean_rounding + np.zeros(d), root))
    levels = np.zeros(len(rows))
    levels[0] = math.sqrt(statistics.weight)
    return IncompleteStatistics(
        weight=statistics.weight,
        origin=statistics.mean,
        missing=np.zeros((1, d), dtype=bool),
        weights=np.array([statistics.weight]),
        counts=np.array([len(rows)]),
        levels=levels,
        rows=rows,
    )


@threads.one_blas_thread()
def _root_of_singular(covariance: Array) -> Array:
    """Returns R with ``R.T @ R == covariance``, which may be singular."""
    deviations = np.sqrt(covariance.diagonal())
    units = np.where(deviations > 0, deviations, 1.0)
    values, vectors = np.linalg.eigh(covariance / units / units[:, None])
    return np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T * units


def merge(parts: Sequence[IncompleteStatistics]) -> IncompleteStatistics:
    """Returns the statistics of all parts together."""
    if len(parts) == 1:
        return parts[0]
    shares = np.array([part.observed_weights for part in parts])
    origins = np.array([part.origin for part in parts])
    # Measured from one of them, so that a constant feature stays at exactly zero.
    base = origins[shares.argmax(axis=0), np.arange(origins.shape[1])]
    total = np.maximum(shares.sum(axis=0), np.finfo(float).tiny)
    origin = base + (shares * (origins - base)).sum(axis=0) / total
    missing = np.concatenate([part.missing[part.pattern_of_row] for part in parts])
    levels = np.concatenate([part.levels for part in parts])
    rows = np.concatenate([part.rows_about(origin) for part in parts])
    weights = np.concatenate([_on_first_rows(part) for part in parts])
    return _reduced(sum(p.weight for p in parts), origin, missing, weights, levels, rows)


def _origin(X: Array, missing: np.ndarray, weights: Array) -> Array:
    """Returns the mean of the observed values of each feature, (n_features,).

    It is computed from one of the values, so that a constant feature has deviations of exactly 0.
    """
    if not len(X):
        return np.zeros(X.shape[1])
    weights = np.where(missing, 0.0, weights[:, None])
    heaviest = weights.argmax(axis=0)
    base = np.nan_to_num(X[heaviest, np.arange(X.shape[1])])
    observed = np.maximum(weights.sum(axis=0), np.finfo(float).tiny)
    deviations = X - base
    deviations[missing] = 0.0
    deviations *= weights
    return base + deviations.sum(axis=0) / observed


def _reduced(
    weight: float, origin: Array, missing: np.ndarray, weights: Array, levels: Array, rows: Array
) -> IncompleteStatistics:
    """Returns statistics of rows in any order, each with a pattern and a weight of its own."""
    order, starts = sort_patterns(missing)
    first = starts[:-1]
    missing, levels, rows = missing[order], levels[order], rows[order]
    by_pattern = np.add.reduceat(weights[order], first) if len(first) else np.empty(0)
    counts = np.diff(starts)
    n_observed = (~missing[first]).sum(axis=1)
    keep = np.ones(len(rows), dtype=bool)
    with threads.blas_threads_for(rows.size * rows.shape[1]):
        for p in np.flatnonzero(counts > n_observed + 1):
            start, end, top = starts[p], starts[p + 1], starts[p] + n_observed[p] + 1
            observed = ~missing[start]
            stacked = np.column_stack((levels[start:end], rows[start:end, observed]))
            triangle = np.asarray(np.linalg.qr(stacked, mode="r"))
            levels[start:top] = triangle[:, 0]
            rows[start:top, observed] = triangle[:, 1:]
            keep[top:end] = False
    if not keep.all():
        levels, rows = levels[keep], rows[keep]
    counts = np.minimum(counts, n_observed + 1)
    return IncompleteStatistics(weight, origin, missing[first], by_pattern, counts, levels, rows)


def _on_first_rows(part: IncompleteStatistics) -> Array:
    """Returns the weights of the patterns, each on the first of its rows, (n_rows,), else 0."""
    weights = np.zeros(len(part.rows))
    weights[np.cumsum(part.counts) - part.counts] = part.weights
    return weights
