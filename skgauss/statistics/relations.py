"""Linear relations among features with missing values, which hold in all rows that show them.

One-hot columns sum to one; a total is the sum of its parts. A covariance that is singular along
a relation makes the likelihood infinite, whatever is missing elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .._typing import EPS, Array
from ..blocks import chunks_of
from ..gaussian import linalg

# Smaller eigenvalues of available-case correlations, whose errors are larger, are raised to this.
_MIN_AVAILABLE_EIGENVALUE = 0.01
# A feature may depend on others if these, by available-case correlations, leave at most this share
# of its variance unexplained: twice what a relation left in any of 200 random designs.
_UNEXPLAINED_SHARE = 0.15
# A feature hardly varies in some rows if its standard deviation there is less than this share of
# that in all rows. The climb then needs hundreds of iterations, if it converges at all.
_NARROW_SHARE = 0.01
_COPIED_AT_ONCE = 2**17  # elements of the rows (1 MiB) that are copied together


def linear_relations(statistics: Any, mean: Array | None = None) -> list[list[int]]:
    """Returns lists of features that are linearly dependent in all rows that show them together.

    If a mean is known, the deviations from it are dependent. No feature of a list can be left out,
    and it has more such rows than features. If more rows than features are complete, an empty
    result is certain. Otherwise only relations among features that miss no value, or that others
    explain well, are found.
    """
    rows = _Rows(statistics, mean)
    everything = np.arange(statistics.missing.shape[1])
    if rows.has_enough_rows(everything) and not rows.dependent(everything):
        return []
    found = rows.related(np.flatnonzero(~statistics.missing.any(axis=0)))
    found += [relation for relation in rows.related(everything) if relation not in found]
    for order in rows.explained():
        if not any(order[0] in relation for relation in found):
            found += _relations_of_first(order, rows)
    return sorted(found)


def narrow_pairs(statistics: Any) -> list[tuple[int, int]]:
    """Returns pairs of features: all rows that show the first show the second, which hardly varies.

    It varies in other rows, as an indicator of the gaps of the first feature does. Where no more
    rows than features show the first, the second may hardly vary by chance, and is not returned.
    """
    shown = (~statistics.missing).astype(np.float64)
    weights = shown.T @ (statistics.weights[:, None] * shown)
    levels, rows = np.split(statistics.augmented(statistics.variances), [1], axis=1)
    of_pattern = np.cumsum(statistics.counts) - statistics.counts
    sums, squares = (np.add.reduceat(each, of_pattern) for each in (levels * rows, rows**2))
    together = weights >= (1 - EPS) * weights.diagonal()[:, None]
    together &= (shown.T @ statistics.counts > len(weights))[:, None]
    total = np.maximum(weights, np.finfo(float).tiny)
    variances = shown.T @ squares / total - (shown.T @ sums / total) ** 2
    narrow = together & (variances < _NARROW_SHARE**2) & (statistics.variances > 0)
    np.fill_diagonal(narrow, False)
    return [(j, k) for j, k in np.argwhere(narrow).tolist()]


def units_of(variances: Array) -> Array:
    """Returns the standard deviations of features, (n_features,); 1 for one that does not vary."""
    return np.sqrt(np.where(variances > 0, variances, 1.0))


def _relations_of_first(order: np.ndarray, rows: _Rows) -> list[list[int]]:
    """Returns the relations of the first feature with as few of the next ones as have any."""
    most = rows.most_together(order)
    # A relation also holds in a larger set of features: if that has none, no smaller one has any.
    if most < 2 or not rows.dependent(order[:most]):
        return []
    for size in range(2, most + 1):
        relations = [each for each in rows.related(np.sort(order[:size])) if order[0] in each]
        if relations:
            return relations
    return []


class _Rows:
    """Rows with missing values, and the relations in those that show some features together."""

    def __init__(self, statistics: Any, mean: Array | None):
        self._shown = ~statistics.missing
        self._pattern = statistics.pattern_of_row
        self._weights = statistics.weights
        # A weight of k counts as k rows. If weights are small, the rows that are held count.
        self._numbers = np.maximum(statistics.counts, statistics.weights)
        self._rows = statistics.augmented(statistics.variances)
        self._mean = None
        if mean is not None:
            self._mean = (mean - statistics.origin) / units_of(statistics.variances)

    def has_enough_rows(self, features: np.ndarray) -> bool:
        """Whether more rows than features show them together."""
        return bool(self._numbers[self._shows_all(features)].sum() > len(features))

    def most_together(self, order: np.ndarray) -> int:
        """Returns the largest k for which more than k rows show the first k features together."""
        shown_first = np.logical_and.accumulate(self._shown[:, order], axis=1)
        return int((self._numbers @ shown_first > 1 + np.arange(len(order))).sum())

    def related(self, features: np.ndarray) -> list[list[int]]:
        """Returns the relations among features that hold in all rows that show those related."""
        if len(features) < 2 or not self.has_enough_rows(features):
            return []
        found = self.dependent(features)
        if len(features) in map(len, found):
            return found
        return [relation for each in found for relation in self.related(np.array(each))]

    def dependent(self, features: np.ndarray) -> list[list[int]]:
        """Returns the relations in the rows that show all features; a constant is one by itself."""
        kept = np.flatnonzero(self._shows_all(features)[self._pattern])
        rows = self._rows[np.ix_(kept, np.concatenate(([0], 1 + features)))]
        # The first row of the triangle is the mean.
        triangle = np.asarray(np.linalg.qr(rows, mode="r"))
        triangle /= triangle[0, 0]
        triangle[0, 1:] -= triangle[0, 1:] if self._mean is None else self._mean[features]
        covariance = triangle[:, 1:].T @ triangle[:, 1:]
        constant = covariance.diagonal() < linalg.rank_tolerance(len(features))
        covariance[constant] = covariance[:, constant] = 0.0
        return [features[each].tolist() for each in linalg.relations_of_covariance(covariance)]

    def explained(self) -> Iterator[np.ndarray]:
        """Yields each feature that others explain well, followed by these, the strongest first."""
        values, vectors = np.linalg.eigh(self._available_correlations())
        precision = vectors / np.maximum(values, _MIN_AVAILABLE_EIGENVALUE) @ vectors.T
        for j in np.flatnonzero(precision.diagonal() * _UNEXPLAINED_SHARE > 1):
            strength = np.abs(precision[j])
            strength[j] = np.inf
            yield np.argsort(-strength)

    def _available_correlations(self) -> Array:
        """Returns correlations, (n_features, n_features), over the rows that show both features."""
        levels, rows = self._rows[:, 0], self._rows[:, 1:]
        d = rows.shape[1]
        together, products = np.zeros((d, d)), np.zeros((d, d))
        for some in chunks_of(self._shown, elements=_COPIED_AT_ONCE):
            shown = self._shown[some].astype(np.float64)
            together += (self._weights[some, None] * shown).T @ shown
        together[together == 0] = np.inf  # a divisor, where there is nothing to divide
        mean = levels @ rows / together.diagonal()
        for some in chunks_of(rows, elements=_COPIED_AT_ONCE):
            deviations = rows[some] - levels[some, None] * mean
            deviations *= self._shown[self._pattern[some]]
            products += deviations.T @ deviations
        return products / together

    def _shows_all(self, features: np.ndarray) -> np.ndarray:
        """Whether each pattern shows all of some features, bool of shape (n_patterns,)."""
        return self._shown[:, features].all(axis=1)
