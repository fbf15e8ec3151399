"""What results are held against: written without the package."""

from fractions import Fraction

import numpy as np


def kl_divergence(mean, covariance, mean_fitted, covariance_fitted):
    """KL(N(mean, covariance) || N(fitted)) in nats, for covariance matrices."""
    d = len(mean)
    inverse = np.linalg.inv(covariance_fitted)
    delta = mean_fitted - mean
    ratio = inverse @ covariance
    return 0.5 * (np.trace(ratio) - d - np.linalg.slogdet(ratio)[1] + delta @ inverse @ delta)


def as_matrix(covariance, n_features):
    """Covariance matrix of a full, diagonal or spherical one."""
    covariance = np.asarray(covariance)
    if covariance.ndim == 2:
        return covariance
    return np.diag(np.broadcast_to(covariance, n_features))


def closed_form(X, covariance_type, weights=None):
    """Maximum likelihood estimate as a matrix."""
    mean = np.average(X, axis=0, weights=weights)
    covariance = np.cov(X.T, ddof=0, aweights=weights).reshape(X.shape[1], X.shape[1])
    if covariance_type == "full":
        return mean, covariance
    variances = np.diag(covariance)
    if covariance_type == "spherical":
        variances = np.full_like(variances, variances.mean())
    return mean, np.diag(variances)


def exact_moments(values, weights=None):
    """Mean and variance (divisor W) in rational arithmetic, of integer weights."""
    ratios = [float(value).as_integer_ratio() for value in values]
    unit = max(denominator for _, denominator in ratios)  # powers of two, all of them
    integers = [numerator * (unit // denominator) for numerator, denominator in ratios]
    weights = [1] * len(integers) if weights is None else [int(weight) for weight in weights]
    total = sum(weights)
    first = sum(w * x for w, x in zip(weights, integers, strict=True))
    second = sum(w * x * x for w, x in zip(weights, integers, strict=True))
    variance = Fraction(total * second - first * first, (total * unit) ** 2)
    return Fraction(first, total * unit), variance


def five_point_gradient(function, theta, step=2e-4):
    """Derivative by the five-point stencil, error O(step^4)."""
    gradient = np.empty_like(theta)
    for j in range(len(theta)):
        unit = np.zeros_like(theta)
        unit[j] = step
        gradient[j] = (
            8 * (function(theta + unit) - function(theta - unit))
            - (function(theta + 2 * unit) - function(theta - 2 * unit))
        ) / (12 * step)
    return gradient
