r"""Starts of concentration steps: estimates that outliers do not move, and without random draws.

Each feature is centred at its median and divided by its median absolute deviation, which gives z.
From z two robust correlation matrices are computed: of the normal scores of the ranks, and of the
spatial signs :math:`z / |z|` of the rows. Only their eigenvectors are used. Along an eigenvector
data are nearly uncorrelated with those along the others. The start consists of the median and the
median absolute deviation along each.

References
----------
Maronna and Zamar (2002), "Robust estimates of location and dispersion for high-dimensional
datasets", Technometrics 44(4); Hubert, Rousseeuw and Verdonck (2012), "A deterministic algorithm
for robust location and scatter", Journal of Computational and Graphical Statistics 21(3).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np
from scipy import special

from .._typing import EPS, Array
from ..conditioning import Standardization, completed
from ..gaussian import Family, make_family

_SD_OVER_MAD = 1 / special.ndtri(0.75)  # standard over median absolute deviation of a Gaussian
# Smaller eigenvalues of a robust correlation, which may be negative, are raised to this one before
# missing values are filled in.
_MIN_EIGENVALUE = 1e-3
# The least deviation of a start in any direction, as a share of the largest.
_MIN_SCALE_RATIO = 1e-6
ROUNDING = 1e-9  # relative rounding error of a sum of weights, and of the scores of equal rows


class SortedColumns:
    """The sorted values of each column, with their medians, median deviations and normal scores.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_columns)
        NaN stands for a missing value, which has no weight. Every column has values.
    weights : ndarray of shape (n_rows,)
    """

    def __init__(self, X: Array, weights: Array):
        self.X, self.weights = X, weights
        self._order = np.argsort(X, axis=0)
        self._values = np.take_along_axis(X, self._order, axis=0)
        self._weights = np.where(np.isnan(self._values), 0.0, weights[self._order])
        self._cumsum = np.cumsum(self._weights, axis=0)

    @cached_property
    def medians(self) -> Array:
        """Weighted medians, (n_columns,): the mean of the two middle values if there are two."""
        half, last = 0.5 * self._cumsum[-1], len(self._cumsum) - 1
        lower = (self._cumsum < half * (1 - ROUNDING)).sum(axis=0)
        upper = (self._cumsum <= half * (1 + ROUNDING)).sum(axis=0).clip(max=last)
        columns = np.arange(self._values.shape[1])
        return (self._values[lower, columns] + self._values[upper, columns]) / 2

    @cached_property
    def median_deviations(self) -> Array:
        """Weighted medians, (n_columns,), of absolute deviations; 0 if most values are equal."""
        return SortedColumns(np.abs(self.X - self.medians), self.weights).medians

    @cached_property
    def scales(self) -> Array:
        """Robust standard deviations, (n_columns,), from median deviations.

        If one is 0, the root mean square deviation from the median is used, or 1 if that is 0 too.
        """
        squares = (self.X - self.medians) ** 2
        squares[np.isnan(squares)] = 0.0
        spreads = np.sqrt(self.weights @ squares / self._cumsum[-1])
        deviations = _SD_OVER_MAD * self.median_deviations
        scales = np.where(deviations > 0, deviations, spreads)
        return np.where(scales > 0, scales, 1.0)

    @property
    def normal_scores(self) -> Array:
        """Standard normal quantiles of the ranks, shaped as X: one for equal values, 0 for NaN."""
        place = np.arange(len(self._values))[:, None]
        differs = self._values[1:] != self._values[:-1]
        edge = np.ones((1, differs.shape[1]), dtype=bool)
        first = np.maximum.accumulate(np.where(np.vstack((edge, differs)), place, 0))
        ends = np.where(np.vstack((differs, edge)), place, len(place))
        last = np.minimum.accumulate(ends[::-1])[::-1]
        below = np.take_along_axis(self._cumsum - self._weights, first, axis=0)
        ranks = (below + np.take_along_axis(self._cumsum, last, axis=0)) / (2 * self._cumsum[-1])
        ranks[np.isnan(self._values)] = 0.5
        ranks = np.clip(ranks, EPS, 1 - EPS)  # a tiny weight may round to rank 0 or 1
        scores = np.empty_like(ranks)
        np.put_along_axis(scores, self._order, special.ndtri(ranks), axis=0)
        return scores


def robust_starts(columns: SortedColumns, family: Family) -> Iterator[tuple[Array, Array]]:
    """Means, (n_features,), and factors of the family, from which concentration steps start.

    There is one start if features are uncorrelated, and else one for each robust correlation.
    """
    centres, units = columns.medians, columns.scales
    if not family.correlated:
        variances = (units * units).reshape(family.scatter_shape)
        yield centres, family.root(family.project(variances))
        return
    Z = (columns.X - centres) / units
    shown = ~np.isnan(Z)
    for scores in (columns.normal_scores, _spatial_signs(np.where(shown, Z, 0.0), shown)):
        correlations = _correlations(scores, shown, columns.weights)
        mean, covariance = _along_eigenvectors(Z, columns.weights, correlations)
        yield centres + units * mean, units[:, None] * family.root(covariance)


def _spatial_signs(Z: Array, shown: np.ndarray) -> Array:
    """Rows over the root mean square of their values, shaped as Z, which is 0 where not `shown`."""
    lengths = np.sqrt((Z * Z).sum(axis=1) / np.maximum(shown.sum(axis=1), 1))
    return Z / np.where(lengths > 0, lengths, 1.0)[:, None]


def _correlations(scores: Array, shown: np.ndarray, weights: Array) -> Array:
    """Correlations of scores about zero, (n_features, n_features), over rows with both features.

    They are 0 if there are none. Scores must be 0 for values that are not `shown`.
    """
    weighted = weights[:, None] * scores
    squares = (weighted * scores).T @ shown
    squares[squares == 0] = np.inf
    return weighted.T @ scores / np.sqrt(squares * squares.T)


def _along_eigenvectors(Z: Array, weights: Array, correlations: Array) -> tuple[Array, Array]:
    """Mean, (n_features,), and covariance, (n_features, n_features), of Z, in its units.

    They come from medians and median deviations along the eigenvectors of the correlations. Z holds
    NaN where a value is missing.
    """
    values, vectors = np.linalg.eigh(correlations)
    if np.isnan(Z).any():
        clipped = vectors * np.maximum(values, _MIN_EIGENVALUE) @ vectors.T
        family = make_family("full", len(values))
        of_clipped = Standardization.of(np.zeros(len(values)), family, family.root(clipped))
        Z, _ = completed(Z, of_clipped)
    along = SortedColumns(Z @ vectors, weights)
    root = vectors * np.maximum(along.scales, _MIN_SCALE_RATIO * along.scales.max())
    return vectors @ along.medians, root @ root.T
