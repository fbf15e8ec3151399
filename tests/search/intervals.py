"""Hostile intervals of one feature, and the likelihood that checks a fit to them."""

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_ndtr
from search.hostile import magnitude, one_of

INF = np.inf


class Intervals(NamedTuple):
    """The ends of intervals, equal where a value is exact, and the weights of the rows."""

    lower: np.ndarray
    upper: np.ndarray
    weights: np.ndarray

    def __str__(self) -> str:
        return f"{np.column_stack(self).tolist()}"

    def log_likelihood(self, mean, scale):
        """The average log-likelihood of a row in nats, computed without the package."""
        a, b = (self.lower - mean) / scale, (self.upper - mean) / scale
        exact = self.lower == self.upper
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            turned = a > 0
            a, b = np.where(turned, -b, a), np.where(turned, -a, b)
            inside = log_ndtr(b) + np.log1p(-np.exp(log_ndtr(a) - log_ndtr(b)))
            density = -0.5 * np.where(exact, a, 0.0) ** 2 - np.log(scale * np.sqrt(2 * np.pi))
        return float(self.weights @ np.where(exact, density, inside) / self.weights.sum())

    def gain(self, mean, scale):
        """The nats that a simplex search near a point still gains."""

        def value(move):
            return -self.log_likelihood(mean + scale * move[0], scale * np.exp(move[1]))

        simplex = np.array([[0.0, 0.0], [0.1, 0.0], [0.0, 0.1]])
        found = minimize(
            value,
            np.zeros(2),
            method="Nelder-Mead",
            options={"initial_simplex": simplex, "xatol": 1e-8, "fatol": 1e-15, "maxfev": 2000},
        )
        return value(np.zeros(2)) - found.fun

    @property
    def is_open(self) -> bool:
        """Whether no value is bounded on both sides."""
        return not (np.isfinite(self.lower) & np.isfinite(self.upper)).any()


def draw(seed: int) -> Intervals:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(3, 40))
    x = rng.normal(size=n)
    limits = np.sort(rng.normal(size=int(rng.integers(1, 4))))
    classes = np.concatenate(([-INF], limits, [INF]))
    which = np.searchsorted(limits, x)
    grouped = classes[which], classes[which + 1]
    own = rng.normal(size=n)  # a limit for each row
    open_ended = np.where(x < own, -INF, own), np.where(x < own, own, INF)
    few = rng.random(n) < one_of(rng, [0.0, 0.1, 0.5])
    lower, upper = (np.where(few, x, end) for end in one_of(rng, [grouped, open_ended]))
    far = rng.random(n) < one_of(rng, [0.0, 0.1, 0.4])
    upper = np.where(far & np.isinf(upper), magnitude(rng, 2, 12, n), upper)
    weights = one_of(rng, [np.ones(n), magnitude(rng, 0, 5, n)])
    unit, offset = magnitude(rng, -6, 6), one_of(rng, [0.0, magnitude(rng, 0, 3)])
    return Intervals(unit * (lower + offset), unit * (upper + offset), weights)
