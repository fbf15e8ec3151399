"""Random boxes of nearly collinear values, and their probabilities by an integral over a line."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import trapezoid
from scipy.special import log_ndtr

Array = NDArray[np.float64]
N_NODES = 4001


class OneFactor(NamedTuple):
    """A box for values loading * z + noise * e of variance one; z and all e are independent."""

    lower: Array
    upper: Array
    loading: Array
    noise: Array

    @classmethod
    def draw(cls, rng: np.random.Generator, k: int, condition: float) -> "OneFactor":
        """A narrow or wide box about a random point of the Gaussian, with some ends open."""
        loading = rng.uniform(0.3, 1.0, k) * rng.choice([-1, 1], k)
        noise = np.sqrt(k / condition) * rng.uniform(0.5, 1.5, k)
        scale = np.hypot(loading, noise)
        loading, noise = loading / scale, noise / scale
        point = loading * rng.normal() + noise * rng.normal(size=k)
        below, above = 10.0 ** rng.uniform(-3.0, 0.5, (2, k))
        kind = rng.integers(4, size=k)
        lower = np.where(kind % 2 == 1, -np.inf, point - below)
        return cls(lower, np.where(kind >= 2, np.inf, point + above), loading, noise)

    @property
    def correlation(self) -> Array:
        return np.outer(self.loading, self.loading) + np.diag(self.noise**2)

    def log_probability(self) -> float:
        """The log-probability by an integral over z, on a grid narrowed to where it has mass."""
        start, end = -40.0, 40.0
        while True:
            z = np.linspace(start, end, N_NODES)
            terms = self._log_density(z)
            counts = np.flatnonzero(terms > terms.max() - 40.0)
            first, last = z[max(counts[0] - 1, 0)], z[min(counts[-1] + 1, N_NODES - 1)]
            if last - first > 0.7 * (end - start):
                break
            start, end = first, last
        peak = terms.max()
        return float(peak + np.log(trapezoid(np.exp(terms - peak), z) / np.sqrt(2 * np.pi)))

    def _log_density(self, z: Array) -> Array:
        mean = z[:, None] * self.loading
        below, above = (self.lower - mean) / self.noise, (self.upper - mean) / self.noise
        mirrored = above > -below
        below, above = np.where(mirrored, -above, below), np.where(mirrored, -below, above)
        below, above = log_ndtr(below), log_ndtr(above)
        return (above + np.log1p(-np.exp(below - above))).sum(axis=1) - z**2 / 2
