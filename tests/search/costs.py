"""Random small data of every kind, on which a fit must not cost much.

There are at most 500 rows and six features, sometimes few rows of nearly dependent features.
Missing values, intervals and windows come in any combination, with any solver or constant rate.
"""

from typing import Any, NamedTuple

import numpy as np
from search.hostile import magnitude, one_of

from skgauss import GaussianGradientMLE


class Small(NamedTuple):
    """Rows, upper ends, the parameters of a fit, and the unit of the rows."""

    X: np.ndarray
    X_upper: np.ndarray
    parameters: dict[str, Any]
    unit: float

    @property
    def by_default(self) -> "Small":
        """The same data, for the default solver."""
        return self._replace(parameters=self.parameters | {"solver": "natural"})

    def by_the_textbook(self, seed: int) -> "Small":
        """The same data, for steps of a constant rate, usually a stable one, from a wide start."""
        rng = np.random.default_rng(seed)
        solver, rate = one_of(
            rng,
            [
                ("natural", rng.uniform(0.3, 1.9)),
                ("gradient", magnitude(rng, -3, -1) * self.unit**2),
                ("coordinate", magnitude(rng, -3, -1) * self.unit**2),
            ],
        )
        textbook = {
            "solver": solver,
            "parametrization": "scale",
            "learning_rate": rate,
            "covariance_init": 2.0 * self.unit**2,
        }
        return self._replace(parameters=self.parameters | textbook)

    def __str__(self) -> str:
        n, d = self.X.shape
        gaps = np.isnan(self.X).sum()
        intervals = (self.X_upper > self.X).sum()
        return f"{self.parameters} on {n} x {d} values, {gaps} missing, {intervals} in intervals"

    def fit(self, **parameters: Any) -> GaussianGradientMLE:
        """A model fitted with the case's parameters, except for those that are passed."""
        model = GaussianGradientMLE(**self.parameters | parameters)
        return model.fit(self.X, X_upper=self.X_upper)


def draw(seed: int) -> Small:
    rng = np.random.default_rng(seed)
    d = int(rng.integers(1, 7))
    n = int(rng.integers(3, one_of(rng, [2 * d + 3, 60, 501])))
    loading = rng.uniform(0.3, 1.0, d) * rng.choice([-1, 1], d)
    noise = magnitude(rng, one_of(rng, [-2, -1, 0]), 0)
    window = one_of(rng, [None, (-1.0, 2.0), (-0.5, np.inf), (-4.0, 4.0)])
    X = rows_inside(rng, n, loading, noise, window or (-np.inf, np.inf))
    n = len(X)
    cell = one_of(rng, [0.2, 1.0, np.inf])
    hidden = rng.random(X.shape) < one_of(rng, [0.0, 0.2, 0.5])
    low, high = ends_in_cells(X, hidden, cell, window or (-np.inf, np.inf))
    gap = rng.random(X.shape) < one_of(rng, [0.0, 0.0, 0.2])
    low, high = np.where(gap, np.nan, low), np.where(gap, np.nan, high)
    unit = one_of(rng, [1.0, 1.0, magnitude(rng, -6, 6)])
    limits = None if window is None else tuple(unit * end for end in window)
    parameters = {
        "solver": one_of(rng, ["natural", "natural", "newton", "gradient", "coordinate", "lbfgs"]),
        "parametrization": one_of(rng, ["scale", "log-scale", "covariance", "precision"]),
        "truncation_limits": limits,
    }
    return Small(low * unit, high * unit, parameters, unit)


def rows_inside(rng, n, loading, noise, window):
    """Rows of a one-factor model that lie inside the window; fewer than n if these are rare."""
    rows = np.empty((0, len(loading)))
    for _ in range(100):
        X = rng.normal(size=(50 * n, 1)) * loading + noise * rng.normal(size=(50 * n, len(loading)))
        rows = np.vstack([rows, X[((window[0] < X) & (window[1] > X)).all(axis=1)]])[:n]
        if len(rows) == n:
            break
    return rows


def ends_in_cells(X, hidden, cell, window):
    """Both ends of all values: of a hidden one those of its cell, but none outside the window."""
    low = np.where(hidden, _below(X, cell), X)
    high = np.where(hidden, low + cell if np.isfinite(cell) else 0.3, X)
    return np.maximum(low, window[0]), np.minimum(np.maximum(high, X), window[1])


def _below(X, cell):
    return cell * np.floor(X / cell) if np.isfinite(cell) else np.full(X.shape, -np.inf)
