"""Confidence intervals of correlations that end where the covariance is singular, or nearly so.

If no row shows two features together, the data say nothing about their partial correlation given
the others, which is 1 or -1 at the ends of the interval of their correlation. If each pair of
features is shown together, but never all, the pairs may contradict each other unless the covariance
is nearly singular. In both cases the ends are extremes of a smooth function of a factor, which may
be singular. They are found here by climbs on a likelihood written row by row.
"""

import warnings
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.stats import chi2
from search.hostile import magnitude, one_of

from skgauss import GaussianGradientMLE

Array = NDArray[np.float64]
LEVEL, CLOSE = 0.95, 2e-4  # confidence level, and tolerance of a correlation
SINGULAR = 1e-3  # root of the least eigenvalue of the correlations of a singular covariance
TOLD = 1e-9  # nats per row, below which a fall of the likelihood is too small to measure


class Apart(NamedTuple):
    """Rows that never show both the first and the second feature, and the weight of each row."""

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


class Pairs(NamedTuple):
    """Rows that each show few features, but every pair in some row, and the weight of each row."""

    X: Array
    weight: float

    @classmethod
    def draw(cls, seed: int) -> "Pairs":
        rng = np.random.default_rng(seed)
        d = int(rng.integers(3, 5))
        n = int(rng.integers(5 * d * (d - 1) // 2, 200))
        loading = rng.uniform(-1.0, 1.0, d)
        noise = one_of(rng, [0.03, 0.1, 0.3, 0.6])
        X = rng.standard_normal((n, 1)) * loading + noise * rng.standard_normal((n, d))
        shown = one_of(rng, [2, 2, d - 1])
        hidden = rng.random(X.shape).argsort(axis=1) >= shown
        return cls(np.where(hidden, np.nan, X), one_of(rng, [1.0, 1.0, magnitude(rng, -1, 13)]))


def likeliest(model) -> tuple[float, float]:
    """The range of correlations of the first two features that are all as likely as the fitted one.

    It has all values of their partial correlation, about which no row says anything, and must lie
    inside the confidence interval.
    """
    r = model.correlation_
    to_others = np.linalg.solve(r[2:, 2:], r[2:, :2])
    told = r[:2, 2:] @ to_others
    left = np.sqrt(np.prod(1 - told.diagonal()))
    return told[0, 1] - left, told[0, 1] + left


class Gaussians:
    """Gaussians as vectors of the mean and the rows of the Cholesky factor, which may be singular.

    The first two features of X are put last here, and their correlation is what is compared. If
    `at_edge`, the last feature is a linear function of the others: the factor's last entry is 0.
    """

    def __init__(self, X: Array, at_edge: bool):
        self.X, self.at_edge = np.roll(X, -2, axis=1), at_edge
        d = self.d = X.shape[1]
        self.places = tuple(each[: -1 if at_edge else None] for each in np.tril_indices(d))
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
        """The vector of a mean and a covariance; at the edge, the partial correlation is `sign`."""
        factor = np.linalg.cholesky(np.roll(covariance, -2, axis=(0, 1)))
        if self.at_edge:
            factor[-1, -2] = sign * np.hypot(*factor[-1, -2:]) * np.sign(factor[-2, -2])
        return np.concatenate((np.roll(mean, -2), factor[self.places]))

    def likelihood(self, x: Array) -> tuple[float, Array]:
        """The average log-likelihood of a row in nats, and its gradient."""
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
        """The correlation of the last two features, and its gradient."""
        _, factor = self.gaussian(x)
        one, two = factor[-2:] / np.linalg.norm(factor[-2:], axis=1, keepdims=True)
        r, slope = one @ two, np.zeros_like(factor)
        slope[-2] = (two - (one @ two) * one) / np.linalg.norm(factor[-2])
        slope[-1] = (one - (one @ two) * two) / np.linalg.norm(factor[-1])
        return r, np.concatenate((np.zeros(self.d), slope[self.places]))

    def end(self, start: Array, sign: int, level: float) -> float:
        """The extreme correlation, largest for sign 1, whose likelihood reaches the level.

        It is the most extreme end of climbs from the start and from points near it.
        """
        rng, fall = np.random.default_rng(0), self.likelihood(start)[0] - level

        def left(x: Array) -> float:
            return (self.likelihood(x)[0] - level) / fall

        def away(x: Array) -> tuple[float, Array]:
            r, slope = self.correlation(x)
            return -sign * r, -sign * slope

        inside = {"type": "ineq", "fun": left, "jac": lambda x: self.likelihood(x)[1] / fall}
        found = []
        for beside in (0.0, 0.2, 0.2, 0.5, 0.5):
            x = start + beside * rng.standard_normal(len(start))
            options = {"ftol": 1e-13, "maxiter": 500}
            x = minimize(away, x, jac=True, method="SLSQP", constraints=inside, options=options).x
            if left(x) > -CLOSE:
                found.append(self.correlation(x)[0])
        return sign * max(sign * np.array(found))

    def likeliest_is_singular(self, start: Array) -> bool:
        """Whether a climb of the likelihood ends at a singular factor."""

        def fall(x: Array) -> tuple[float, Array]:
            try:
                value, slope = self.likelihood(x)
            except np.linalg.LinAlgError:
                return np.inf, np.zeros_like(x)
            return -value, -slope

        options = {"gtol": 1e-9, "maxiter": 2000}
        found = minimize(fall, start, jac=True, method="BFGS", options=options).x
        _, factor = self.gaussian(found)
        values = np.linalg.svd(factor / np.linalg.norm(factor, axis=1)[:, None], compute_uv=False)
        return bool(values[-1] < SINGULAR)


def verdicts_of(case: Pairs) -> Iterator[str]:
    """Complain of "converged" where a climb ends at a singular factor, of "unbounded" elsewhere."""
    X = (case.X - np.nanmean(case.X, axis=0)) / np.nanstd(case.X, axis=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        model = GaussianGradientMLE(tol=1e-9).fit(X)
    gaussians = Gaussians(X, at_edge=False)
    singular = gaussians.likeliest_is_singular(gaussians.start(model.mean_, model.covariance_, 1))
    if model.stop_reason_ == ("converged" if singular else "unbounded"):
        yield f"{model.stop_reason_} where it is singular: {singular}, {X.shape}"


def complaints_of(case: Apart | Pairs) -> Iterator[str]:
    X, weight = case
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # about unseen pairs, and about no maximum
        model = GaussianGradientMLE(tol=1e-9).fit(X, sample_weight=np.full(len(X), weight))
        if not model.converged_ or np.any(model.reg_covar_):  # a ridge means related features
            return
        ends = model.confidence_intervals(LEVEL, method="profile").correlation[0, 1]
    gaussians = Gaussians(X, isinstance(case, Apart))
    for sign, found in zip((-1, 1), ends, strict=True):
        start = gaussians.start(model.mean_, model.covariance_, sign)
        fall = max(chi2.ppf(LEVEL, 1) / (2 * weight * len(X)), TOLD)
        right = gaussians.end(start, sign, gaussians.likelihood(start)[0] - fall)
        if not abs(found - right) < CLOSE:
            yield f"{found} for {right}, {X.shape}, weight {weight:.3g}"


def complaints(seed: int) -> Iterator[str]:
    yield from verdicts_of(Pairs.draw(seed))
    for kind in (Apart, Pairs):
        yield from complaints_of(kind.draw(seed))
