"""Independent implementations that results are compared with, written without the package."""

from fractions import Fraction

import numpy as np
from scipy.optimize import minimize
from scipy.stats import multivariate_normal, norm

# Tobin (1958), Econometrica 26, from R's package survival: durable goods, age, liquidity.
TOBIN = np.array(
    [
        [0, 57.7, 236], [0.7, 50.9, 283], [0, 48.5, 207], [0, 41.7, 220], [0, 47.7, 238],
        [0, 59.8, 216], [0, 44.3, 284], [3.7, 45.1, 221], [0, 51.7, 275], [3, 50, 269],
        [10.4, 46.8, 207], [0, 58, 249], [0, 58.9, 246], [0, 40, 277], [1.5, 34.1, 231],
        [0, 39.9, 219], [0, 33.4, 240], [3.5, 48.1, 266], [6.1, 46.6, 214], [0, 53.1, 251],
    ]
)  # fmt: skip

# Manganese (ppb) in five wells: USEPA (2009), Unified Guidance, EPA 530/R-09-007, example 15-1.
MANGANESE = np.array(
    [
        5, 12.1, 16.9, 21.6, 2, 5, 7.7, 53.6, 9.5, 45.9, 5, 5.3, 12.6, 106.3, 34.5,
        6.3, 11.9, 10, 2, 77.2, 17.9, 22.7, 3.3, 8.4, 2,
    ]
)  # fmt: skip


def kl_divergence(mean, covariance, mean_fitted, covariance_fitted):
    """KL(N(mean, covariance) || N(fitted)) in nats, for covariance matrices."""
    d = len(mean)
    inverse = np.linalg.inv(covariance_fitted)
    delta = mean_fitted - mean
    ratio = inverse @ covariance
    return 0.5 * (np.trace(ratio) - d - np.linalg.slogdet(ratio)[1] + delta @ inverse @ delta)


def as_matrix(covariance, n_features):
    """A full, diagonal or spherical covariance as a matrix."""
    covariance = np.asarray(covariance)
    if covariance.ndim == 2:
        return covariance
    return np.diag(np.broadcast_to(covariance, n_features))


def closed_form(X, covariance_type, weights=None):
    """Maximum likelihood estimates of mean and covariance, the latter as a matrix."""
    mean = np.average(X, axis=0, weights=weights)
    covariance = np.cov(X.T, ddof=0, aweights=weights).reshape(X.shape[1], X.shape[1])
    if covariance_type == "full":
        return mean, covariance
    variances = np.diag(covariance)
    if covariance_type == "spherical":
        variances = np.full_like(variances, variances.mean())
    return mean, np.diag(variances)


def exact_moments(values, weights=None):
    """Mean and variance (divisor W) in rational arithmetic, for integer weights."""
    ratios = [float(value).as_integer_ratio() for value in values]
    unit = max(denominator for _, denominator in ratios)  # all denominators are powers of two
    integers = [numerator * (unit // denominator) for numerator, denominator in ratios]
    weights = [1] * len(integers) if weights is None else [int(weight) for weight in weights]
    total = sum(weights)
    first = sum(w * x for w, x in zip(weights, integers, strict=True))
    second = sum(w * x * x for w, x in zip(weights, integers, strict=True))
    variance = Fraction(total * second - first * first, (total * unit) ** 2)
    return Fraction(first, total * unit), variance


def exact_log_likelihood(X, mean, covariance):
    """Average log-density of the observed values, with exact distances and determinants."""
    total = 0.0
    for row in X:
        o = np.flatnonzero(~np.isnan(row))
        deviation = [Fraction(float(row[j])) - Fraction(float(mean[j])) for j in o]
        block = [[Fraction(float(covariance[i, j])) for j in o] for i in o]
        distance, determinant = Fraction(0), Fraction(1)
        for k in range(len(o)):  # elimination, row by row
            pivot = block[k][k]
            determinant *= pivot
            distance += deviation[k] ** 2 / pivot
            for i in range(k + 1, len(o)):
                ratio = block[i][k] / pivot
                deviation[i] -= ratio * deviation[k]
                block[i] = [a - ratio * b for a, b in zip(block[i], block[k], strict=True)]
        total -= 0.5 * (len(o) * np.log(2 * np.pi) + np.log(float(determinant)) + float(distance))
    return total / len(X)


def five_points(function, step):
    """First and second derivative at 0 of a function of one number, error O(step^4)."""
    values = np.array([function(k * step) for k in range(-2, 3)])
    first, second = (np.tensordot(w, values, 1) for w in ([1, -8, 0, 8, -1], [-1, 16, -30, 16, -1]))
    return first / (12 * step), second / (12 * step**2)


def five_point_gradient(function, theta, step=2e-4):
    """Derivative along each axis, error O(step^4)."""
    axes = np.eye(len(theta))
    return np.array([five_points(lambda t, e=e: function(theta + t * e), step)[0] for e in axes])


def observed_distances(X, mean, covariance):
    """Squared Mahalanobis distances of the observed values of each row, and their numbers."""
    distances, shown = np.zeros(len(X)), np.zeros(len(X), dtype=int)
    for i, row in enumerate(X - mean):
        o = np.flatnonzero(~np.isnan(row))
        distances[i] = row[o] @ np.linalg.solve(covariance[np.ix_(o, o)], row[o])
        shown[i] = len(o)
    return distances, shown


def observed_log_likelihood(X, mean, covariance, weights=None):
    """Average log-density of the observed values, row by row."""
    densities = np.zeros(len(X))
    for i, row in enumerate(X):
        o = ~np.isnan(row)
        if o.any():
            densities[i] = multivariate_normal(mean[o], covariance[np.ix_(o, o)]).logpdf(row[o])
    return np.average(densities, weights=weights)


def em_step(X, mean, covariance, weights=None):
    """One iteration of textbook EM, pattern by pattern, on the covariance itself."""
    weights = np.ones(len(X)) if weights is None else weights
    d = len(mean)
    missing = np.isnan(X)
    completed, spread = X - mean, np.zeros((d, d))
    for pattern in np.unique(missing, axis=0):
        rows = (missing == pattern).all(axis=1)
        m, o = pattern, ~pattern
        regression = np.linalg.solve(covariance[np.ix_(o, o)], covariance[np.ix_(o, m)])
        completed[np.ix_(rows, m)] = completed[np.ix_(rows, o)] @ regression
        residual = covariance[np.ix_(m, m)] - covariance[np.ix_(m, o)] @ regression
        spread[np.ix_(m, m)] += weights[rows].sum() * residual
    step = weights @ completed / weights.sum()
    second = (weights[:, None] * completed).T @ completed + spread
    return mean + step, second / weights.sum() - np.outer(step, step)


def em(X, weights=None, tol=1e-12, max_iter=20_000):
    """Textbook EM from the moments of the observed values, until changes are below `tol`."""
    mean, covariance = np.nanmean(X, axis=0), np.diag(np.nanvar(X, axis=0))
    for _ in range(max_iter):
        new_mean, new_covariance = em_step(X, mean, covariance, weights)
        scale = np.sqrt(np.diag(covariance))
        moved = np.abs((new_mean - mean) / scale).max()
        moved = max(moved, np.abs((new_covariance - covariance) / np.outer(scale, scale)).max())
        mean, covariance = new_mean, new_covariance
        if moved < tol:
            return mean, covariance
    raise AssertionError("EM did not converge")


def monotone_closed_form(X):
    """Exact maximum for a monotone pattern: feature j is observed where j + 1 is.

    Each feature is regressed on those before it, over the rows that show it; the regressions
    are the factors of the likelihood (Anderson 1957, JASA 52).
    """
    d = X.shape[1]
    mean, covariance = np.zeros(d), np.zeros((d, d))
    for j in range(d):
        rows = X[~np.isnan(X[:, j])]
        design = np.column_stack((np.ones(len(rows)), rows[:, :j]))
        coefficients = np.linalg.lstsq(design, rows[:, j], rcond=None)[0]
        residual = np.mean((rows[:, j] - design @ coefficients) ** 2)
        slopes = coefficients[1:]
        mean[j] = coefficients[0] + slopes @ mean[:j]
        covariance[j, :j] = covariance[:j, j] = covariance[:j, :j] @ slopes
        covariance[j, j] = residual + slopes @ covariance[:j, :j] @ slopes
    return mean, covariance


def gradients_of_box(found, covariance):
    """Gradients of a box's log-probability in mean and covariance, from the moments inside it."""
    precision = np.linalg.inv(covariance)
    second = found.covariance + found.mean[:, :, None] * found.mean[:, None]
    along_mean = (precision @ found.mean[:, :, None])[:, :, 0]
    return along_mean, 0.5 * (precision @ second @ precision - precision)


def coarse_log_likelihood(lower, upper, mean, covariance, weights=None, tolerance=1e-10):
    """Average log-density of values and intervals, row by row, by SciPy's normal distributions."""
    densities = np.zeros(len(lower))
    for i, (low, high) in enumerate(zip(lower, upper, strict=True)):
        o, c = low == high, (low < high) & ~(np.isinf(low) & np.isinf(high))
        slopes = np.linalg.solve(covariance[np.ix_(o, o)], covariance[np.ix_(o, c)])
        center = mean[c] + (low[o] - mean[o]) @ slopes
        spread = covariance[np.ix_(c, c)] - covariance[np.ix_(c, o)] @ slopes
        if o.any():
            densities[i] = multivariate_normal(mean[o], covariance[np.ix_(o, o)]).logpdf(low[o])
        if c.sum() == 1:
            ends = (np.array((low[c], high[c])) - center) / np.sqrt(spread[0, 0])
            ends = ends if ends.sum() < 0 else -ends[::-1]  # the tail of small probability
            log_cdf = norm.logcdf(ends[:, 0])
            densities[i] += log_cdf[1] + np.log1p(-np.exp(log_cdf[0] - log_cdf[1]))
        elif c.any():
            densities[i] += np.log(
                type(multivariate_normal)(seed=0).cdf(
                    high[c], center, spread, abseps=tolerance, releps=tolerance, lower_limit=low[c]
                )
            )
    return np.average(densities, weights=weights)


def maximised(log_likelihood, mean, covariance):
    """Mean and covariance at the maximum of a function of both, by a general optimiser."""
    d = len(mean)
    below = np.tril_indices(d)

    def point(theta):
        factor = np.zeros((d, d))
        factor[below] = theta[d:]
        return theta[:d], factor @ factor.T

    start = np.concatenate((mean, np.linalg.cholesky(covariance)[below]))
    found = minimize(
        lambda theta: -log_likelihood(*point(theta)),
        start,
        method="BFGS",
        jac=lambda theta: -five_point_gradient(lambda t: log_likelihood(*point(t)), theta),
        options={"gtol": 1e-9},
    )
    return point(found.x)
