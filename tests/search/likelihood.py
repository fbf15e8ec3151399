"""The likelihood that checks fits, written without the package.

The data are taken about an origin among them, in units that are powers of two near their spread.
That removes offset and scale, and rounds each number once. The remaining errors depend only on the
condition number of the correlations.
"""

from fractions import Fraction
from functools import cached_property

import numpy as np

EPS = float(np.finfo(float).eps)
EM_STEPS = 100


class Standardization:
    """A unit for each feature, and its weighted median as origin."""

    def __init__(self, X, weights):
        self.origin = np.array([_median(x, weights) for x in X.T])
        self.unit = 2.0 ** np.frexp(np.nanmax(np.abs(X - self.origin), axis=0))[1]

    def rows(self, X):
        return (X - self.origin) / self.unit

    def matrix(self, covariance):
        """A covariance of any family as a matrix in these units."""
        covariance, d = np.asarray(covariance), len(self.unit)
        if covariance.ndim < 2:
            covariance = np.diag(np.broadcast_to(covariance, d))
        return covariance / self.unit[:, None] / self.unit

    def exact_moments(self, X, weights):
        """Mean and covariance of complete rows, in rational arithmetic until the last rounding."""
        columns, scales = zip(*map(_integers, X.T), strict=True)
        origin = [int(Fraction(o) * s) for o, s in zip(self.origin, scales, strict=True)]
        D = np.array(columns, dtype=object).T - np.array(origin, dtype=object)
        w = np.array(_integers(weights)[0], dtype=object)
        total, first, second = w.sum(), w @ D, D.T @ (w[:, None] * D)
        units = [1 / (Fraction(u) * s * total) for u, s in zip(self.unit, scales, strict=True)]
        units = np.array(units, dtype=object)
        covariance = (total * second - np.outer(first, first)) * np.outer(units, units)
        return (first * units).astype(float), covariance.astype(float)


def _median(values, weights):
    seen = ~np.isnan(values) & (weights > 0)
    order = np.argsort(values[seen])
    shares = np.cumsum(weights[seen][order])
    return values[seen][order][np.searchsorted(shares, shares[-1] / 2)]


def _integers(values):
    """Floats times a number that makes all of them integers, and this number."""
    ratios = [float(value).as_integer_ratio() for value in values]
    scale = max(denominator for _, denominator in ratios)  # all denominators are powers of two
    return [numerator * (scale // denominator) for numerator, denominator in ratios], scale


class ObservedData:
    """Rows with NaN where values are missing, their weights, and a ridge.

    Rows without a value are left out.
    """

    def __init__(self, rows, weights, ridge):
        kept = ~np.isnan(rows).all(axis=1) & (weights > 0)
        self.share = weights[kept].sum() / weights.sum()
        self.weights = weights[kept] / weights[kept].sum()
        self.seen = ~np.isnan(rows[kept])
        self.rows, self.ridge = rows[kept], ridge

    @property
    def moments(self):
        """The means and variances of the single features, as a mean and a diagonal factor."""
        counted = self.weights[:, None] * self.seen
        rows = np.where(self.seen, self.rows, 0.0)
        mean = (counted * rows).sum(axis=0) / counted.sum(axis=0)
        variance = (counted * (rows - mean) ** 2).sum(axis=0) / counted.sum(axis=0)
        return mean, np.diag(np.sqrt(variance + self.ridge))


class Point:
    """The likelihood and its derivatives at the mean m and the factor L of a covariance.

    With T the rows of L for the observed features, and T' = Q R, P = Q Q' is a projector, and
    w = Q R'^-1 r the whitened residual r. In the coordinates m + L p, L (I + V) L' the gradient is
    avg w and avg (w w' - P), the information avg [(p + V w)' P (p + V w) - tr(P V P V) / 2].
    """

    def __init__(self, data, mean, factor):
        self.data, self.mean, self.factor = data, mean, factor
        d, weights = len(mean), data.weights
        # In units of the standard deviations at this point, since LU pivots by size.
        unit = np.linalg.norm(factor, axis=1)
        factor = factor / unit[:, None]
        patterns, pattern = np.unique(data.seen, axis=0, return_inverse=True)
        pattern = pattern.reshape(-1)
        order = np.argsort(~patterns, axis=1, kind="stable")  # observed features come first
        shown = np.take_along_axis(patterns, order, axis=1)
        Q, R = np.linalg.qr((factor[order] * shown[:, :, None]).transpose(0, 2, 1))
        Q *= shown[:, None, :]
        R[:, range(d), range(d)] += ~shown
        residuals = np.where(data.seen, data.rows - mean, 0.0) / unit
        residuals = np.take_along_axis(residuals, order[pattern], axis=1)[:, :, None]
        self.w = (Q[pattern] @ np.linalg.solve(R.transpose(0, 2, 1)[pattern], residuals))[:, :, 0]
        self.P = (Q @ Q.transpose(0, 2, 1))[pattern]
        log_det = 2 * np.log(np.abs(R[:, range(d), range(d)])).sum(axis=1)[pattern]
        log_det += data.seen @ (np.log(2 * np.pi) + 2 * np.log(unit))
        self.distance = float(weights @ (self.w**2).sum(axis=1))
        self.log_likelihood = -0.5 * (float(weights @ log_det) + self.distance)
        ridge = np.linalg.solve(factor, np.diag(np.sqrt(data.ridge) / unit))
        self.ridge = ridge @ ridge.T
        self.value = self.log_likelihood - 0.5 * np.trace(self.ridge)
        self.score_mean = weights @ self.w
        scores = self.w[:, :, None] * self.w[:, None] - self.P
        self.score_covariance = np.tensordot(weights, scores, 1) + self.ridge

    @property
    def condition(self):
        """The condition number of the correlations."""
        deviations = np.linalg.norm(self.factor, axis=1, keepdims=True)
        return float(np.linalg.cond(self.factor / deviations) ** 2)

    @property
    def rounding(self):
        """The rounding of a difference of values; a factor has the root of the condition number."""
        return 100 * EPS * np.sqrt(self.condition) * (1 + self.distance + abs(self.value))

    @cached_property
    def directions(self):
        """Pairs (p, V) that are orthonormal in the Fisher metric, p'q + tr(V W) / 2."""
        d = len(self.mean)
        i, j = np.tril_indices(d)
        p, V = np.eye(d + len(i), d), np.zeros((d + len(i), d, d))
        V[range(d, len(V)), i, j] = np.where(i == j, np.sqrt(2) / 2, 1.0)
        return p, V + V.transpose(0, 2, 1)

    @property
    def gradient(self):
        p, V = self.directions
        return p @ self.score_mean + 0.5 * np.tensordot(V, self.score_covariance, 2)

    @property
    def norm(self):
        return float(np.linalg.norm(self.gradient))

    @cached_property
    def information(self):
        (p, V), weights = self.directions, self.data.weights
        moved = p + np.einsum("kij,nj->nki", V, self.w)
        PV = self.P[:, None] @ V
        information = np.einsum("n,nki,nij,nlj->kl", weights, moved, self.P, moved, optimize=True)
        information -= 0.5 * np.einsum("n,nkij,nlji->kl", weights, PV, PV, optimize=True)
        return information + np.einsum("kij,ljm,mi->kl", V, V, self.ridge, optimize=True)

    def moved(self, step):
        """The point after a step, by a curve that keeps the covariance positive definite."""
        p, V = (np.tensordot(step, each, 1) for each in self.directions)
        return self._at(p, np.eye(len(p)) + V + V @ V / 2)

    def em(self):
        """The point after an iteration of the textbook EM."""
        u, U = self.score_mean, self.score_covariance
        return self._at(u, np.eye(len(u)) + U - np.outer(u, u))

    def _at(self, p, stretch):
        factor = self.factor @ np.linalg.cholesky(stretch)
        return Point(self.data, self.mean + self.factor @ p, factor)


def interior_maximum(point, least=1e-3):
    """A maximum that EM and Newton's steps find from a point, or None.

    A gradient of 0 and a positive definite information prove it, however it was found.
    """
    try:
        for _ in range(EM_STEPS):
            if point.norm < 1e-12:
                break
            point = point.em()
        for _ in range(10):
            if np.linalg.eigvalsh(point.information)[0] < least:
                return None
            if point.norm < 1e-8:
                return point
            point = point.moved(np.linalg.solve(point.information, point.gradient))
    except np.linalg.LinAlgError:
        pass
    return None
