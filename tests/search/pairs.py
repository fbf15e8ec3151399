"""Pairs of values seen through a window, some missing and others known only to an interval.

Few rows of nearly dependent features leave climbs that end where the parent is infinitely wide,
although there is a maximum with a higher likelihood.
"""

from typing import NamedTuple

import numpy as np
from search.costs import ends_in_cells, rows_inside
from search.hostile import magnitude, one_of

from skgauss import GaussianGradientMLE


class Pairs(NamedTuple):
    """Lower and upper ends, (n, 2), and the window that both features share."""

    lower: np.ndarray
    upper: np.ndarray
    window: tuple[float, float]

    def fit(self, solver: str) -> GaussianGradientMLE:
        model = GaussianGradientMLE(solver=solver, truncation_limits=self.window)
        return model.fit(self.lower, X_upper=self.upper)


def draw(seed: int) -> Pairs:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(8, 60))
    loading = rng.uniform(0.3, 1.5, 2) * rng.choice([-1, 1], 2)
    noise = magnitude(rng, one_of(rng, [-2, -1, 0]), 0)
    window = one_of(rng, [(-1.0, 2.0), (-0.5, np.inf), (-2.0, 2.0), (-1.0, 1.0)])
    X = rows_inside(rng, n, loading, noise, window)
    cell = one_of(rng, [0.2, 1.0, np.inf])
    hidden = rng.random(X.shape) < one_of(rng, [0.2, 0.5])
    lower, upper = ends_in_cells(X, hidden, cell, window)
    gap = rng.random(X.shape) < one_of(rng, [0.1, 0.3])
    return Pairs(np.where(gap, np.nan, lower), np.where(gap, np.nan, upper), window)
