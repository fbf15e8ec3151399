"""Gaussian boxes by expectation propagation: approximate, fast, and smooth in the Gaussian.

Each interval in turn is replaced by the Gaussian factor with which its variable has the right mean
and variance, given the factors of the others (Minka, 2001; Cunningham, Hennig and Lacoste-Julien,
2011). At the fixed point the moments are the derivative of the approximate log-probability, and the
order of the variables has no influence. Boxes are log-concave, so that no damping is needed.
"""

from typing import NamedTuple

import numpy as np

from .._typing import Array
from .base import Boxes, BoxMoments
from .univariate import univariate_moments

# Change of a mean or of a variance, for variables of variance 1, with which a box is finished. The
# log-probability is stationary at the fixed point, so that its error is far smaller than this.
_TOL = 1e-4
_MAX_SWEEPS = 20  # over the variables of a box; most boxes need two to five
# Largest precision of a factor, for a variable of variance 1. An interval narrower than 1e-4
# standard deviations counts as one of that width, or rounding would lose what else is known of it.
_MAX_PRECISION = 1e8


class _Factors(NamedTuple):
    """A Gaussian factor for each variable of each box, and the Gaussian that they result in."""

    covariance: Array  # (n, k, k), of the variables given the factors
    mean: Array  # (n, k), the same
    precision: Array  # (n, k), of each factor
    lift: Array  # (n, k), precision times mean of each factor
    log_factor: Array  # (n, k), the logarithm of its scale


def expectation_propagation(boxes: Boxes) -> BoxMoments:
    """Approximate moments within boxes."""
    scale, standardised = boxes.standardised()
    return boxes.unstandardised(_of_unit_variances(standardised), scale)


def _of_unit_variances(boxes: Boxes) -> BoxMoments:
    """Approximate moments of variables whose variances are 1."""
    n, k = boxes.lower.shape
    factors = _Factors(boxes.covariance.copy(), *np.zeros((4, n, k)))
    rows = np.arange(n)
    for _ in range(_MAX_SWEEPS):
        some = _Factors(*(each[rows] for each in factors))
        moved = _sweep(some, *(each[rows] for each in boxes[:3]))
        for each, new in zip(factors, some, strict=True):
            each[rows] = new
        rows = rows[moved > _TOL]
        if not rows.size:
            break
    covariance, mean, precision, lift, log_factor = factors
    _, log_volume = np.linalg.slogdet(np.eye(k) + boxes.covariance * precision[:, None])
    log_probability = log_factor.sum(axis=1) + 0.5 * ((lift * mean).sum(axis=1) - log_volume)
    return BoxMoments(log_probability, mean, covariance)


def _sweep(factors: _Factors, lower: Array, upper: Array, width: Array) -> Array:
    """The largest change of a mean or a variance in each box, (n,), as all factors are renewed.

    The boxes have these ends and widths, (n, k).
    """
    covariance, mean, precision, lift, log_factor = factors
    variances = np.einsum("nii->ni", covariance)
    before = mean.copy(), variances.copy()
    for i in range(lower.shape[1]):
        column = covariance[:, :, i].copy()
        variance = column[:, i]
        others = 1.0 / variance - precision[:, i]
        others_lift = mean[:, i] / variance - lift[:, i]
        given = others_lift / others
        log_probability, new_mean, within = univariate_moments(
            lower[:, i], upper[:, i], width[:, i], given, 1.0 / np.sqrt(others)
        )
        new = np.minimum(np.maximum(others / within - others, 0.0), _MAX_PRECISION)
        new_lift = new_mean * (others + new) - others_lift
        log_factor[:, i] = log_probability + 0.5 * (
            np.log1p(new / others) + given * others_lift - new_mean**2 * (others + new)
        )
        more, more_lift = new - precision[:, i], new_lift - lift[:, i]
        precision[:, i], lift[:, i] = new, new_lift
        share = column / (1.0 + more * variance)[:, None]
        mean += share * (more_lift - more * mean[:, i])[:, None]
        covariance -= more[:, None, None] * share[:, :, None] * column[:, None]
        covariance[:, :, i] = covariance[:, i] = share
    moved = np.maximum(np.abs(mean - before[0]), np.abs(variances - before[1]))
    return moved.max(axis=1)
