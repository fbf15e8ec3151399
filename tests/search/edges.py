"""Correlations of two features that no row shows together, of which the others tell what they can.

All that is not known is the correlation of the two given the others, so that at the ends of its
interval their own is what makes that 1 or -1: the ends are those of a smooth function of all other
parameters, which are found here by climbs of a likelihood written row by row.
"""

import warnings
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize
from scipy.stats import chi2
from search.hostile import magnitude, one_of

from skgauss import GaussianGradientMLE

Array = NDArray[np.float64]
LEVEL, CLOSE = 0.95, 2e-4  # of a correlation
TOLD = 1e-9  # nats of an average row, below which a fall of the likelihood is no number to speak of


class Apart(NamedTuple):
    """Rows of which none shows the first and the second feature, and the weight of each."""

    X: Array
    weight: float

    @classmethod
    def draw(cls, seed: int) -> "Apart":
        rng = np.random.default_rng(seed)
        d = int(rng.integers(3, 6))
        n = int(rng.integers(12 * d, 200))
        loading = rng.uniform(-1.0, 1.0, d)
        noise = one_of(rng, [0.3, 0.6, 1.0])
        X = rng.standard_normal((n, 1)) * loading + noise * rng.standard_normal((n, d))
        first = np.arange(n) < n * rng.uniform(0.3, 0.7)
        X[first, 0] = X[~first, 1] = np.nan
        gap = rng.random((n, d - 2)) < one_of(rng, [0.0, 0.0, 0.2])
        X[:, 2:] = np.where(gap, np.nan, X[:, 2:])
        return cls(X, one_of(rng, [1.0, 1.0, magnitude(rng, -1, 13)]))


def likeliest(model) -> tuple[float, float]:
    """The ends of the correlations of the first two that are all as likely as that of the fit.

    Whatever theirs is given the others, which no row tells: the interval has all of these in it.
    """
    r = model.correlation_
    to_others = np.linalg.solve(r[2:, 2:], r[2:, :2])
    told = r[:2, 2:] @ to_others
    left = np.sqrt(np.prod(1 - told.diagonal()))
    return told[0, 1] - left, told[0, 1] + left


class Edge:
    """Gaussians of features of which the last is a function of the others, as vectors.

    The mean, the rows of the Cholesky factor, and in the place of its last entry 0. What is
    compared is the correlation of the last two.
    """

    def __init__(self, X: Array):
        self.X = np.roll(X, -2, axis=1)
        d = self.d = X.shape[1]
        self.places = tuple(each[:-1] for each in np.tril_indices(d))
        shown = ~np.isnan(self.X)
        patterns, which = np.unique(shown, axis=0, return_inverse=True)
        self.parts = [
            (np.flatnonzero(p), self.X[which.ravel() == k][:, p]) for k, p in enumerate(patterns)
        ]

    def gaussian(self, x: Array) -> tuple[Array, Array]:
        factor = np.zeros((self.d, self.d))
        factor[self.places] = x[self.d :]
        return x[: self.d], factor

    def start(self, mean: Array, covariance: Array, sign: int) -> Array:
        """That of a mean and a covariance, with the last two as near as they can be, or as far."""
        factor = np.linalg.cholesky(np.roll(covariance, -2, axis=(0, 1)))
        factor[-1, -2] = sign * np.hypot(*factor[-1, -2:]) * np.sign(factor[-2, -2])
        return np.concatenate((np.roll(mean, -2), factor[self.places]))

    def likelihood(self, x: Array) -> tuple[float, Array]:
        """Average over the rows in nats, and its gradient."""
        mean, factor = self.gaussian(x)
        covariance = factor @ factor.T
        value, of_mean = 0.0, np.zeros(self.d)
        of_covariance = np.zeros((self.d, self.d))
        for shown, rows in self.parts:
            if not len(shown):
                continue
            block = np.ix_(shown, shown)
            precision = np.linalg.inv(covariance[block])
            _, log_det = np.linalg.slogdet(covariance[block])
            off = rows - mean[shown]
            pulled = off @ precision
            value -= (np.sum(off * pulled) + len(rows) * log_det) / 2
            of_mean[shown] += pulled.sum(axis=0)
            of_covariance[block] += (pulled.T @ pulled - len(rows) * precision) / 2
        gradient = np.concatenate((of_mean, (2 * of_covariance @ factor)[self.places]))
        return value / len(self.X), gradient / len(self.X)

    def correlation(self, x: Array) -> tuple[float, Array]:
        """Of the last two, and its gradient."""
        _, factor = self.gaussian(x)
        one, two = factor[-2:] / np.linalg.norm(factor[-2:], axis=1, keepdims=True)
        r, slope = one @ two, np.zeros_like(factor)
        slope[-2] = (two - (one @ two) * one) / np.linalg.norm(factor[-2])
        slope[-1] = (one - (one @ two) * two) / np.linalg.norm(factor[-1])
        return r, np.concatenate((np.zeros(self.d), slope[self.places]))

    def end(self, start: Array, sign: int, level: float) -> float:
        """The correlation farthest to a side at which the likelihood is at the level.

        That at which a likelihood with so much of the correlation added is highest.
        """
        x = start

        def climbed(share: float) -> float:
            nonlocal x

            def lowness(x: Array) -> tuple[float, Array]:
                value, slope = self.likelihood(x)
                r, towards = self.correlation(x)
                return -value - share * sign * r, -slope - share * sign * towards

            for _ in range(5):
                x = minimize(lowness, x, jac=True, method="BFGS", options={"gtol": 1e-11}).x
            return self.likelihood(x)[0] - level

        share = 1e-6
        while climbed(share) > 0:
            share *= 2
            if share > 1e6:
                return float(sign)
        brentq(climbed, share / 2, share, xtol=1e-9 * share)
        return self.correlation(x)[0]


def complaints(seed):
    X, weight = Apart.draw(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that of what no row shows
        model = GaussianGradientMLE(tol=1e-9).fit(X, sample_weight=np.full(len(X), weight))
        ends = model.confidence_intervals(LEVEL, method="profile").correlation[0, 1]
    edge = Edge(X)
    for sign, found in zip((-1, 1), ends, strict=True):
        start = edge.start(model.mean_, model.covariance_, sign)
        fall = max(chi2.ppf(LEVEL, 1) / (2 * weight * len(X)), TOLD)
        right = edge.end(start, sign, edge.likelihood(start)[0] - fall)
        if not abs(found - right) < CLOSE:
            yield f"{found} for {right}, {X.shape}, weight {weight:.3g}"
