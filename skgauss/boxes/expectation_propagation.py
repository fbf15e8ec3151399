"""Gaussian boxes by expectation propagation: approximate, fast, and smooth in the Gaussian.

Each interval in turn is replaced by the Gaussian factor with which its variable has the right mean
and variance, given the factors of the others (Minka, 2001; Cunningham, Hennig and Lacoste-Julien,
2011). At the fixed point the moments are the derivative of the approximate log-probability. Boxes
are log-concave, so that no damping is needed.
"""

import numpy as np

from .base import Boxes, BoxMoments
from .univariate import univariate_moments

_N_SWEEPS = 4
# Largest precision of a factor, for a variable of variance 1. An interval narrower than 1e-4
# standard deviations counts as one of that width, or rounding would lose what else is known of it.
_MAX_PRECISION = 1e8


def expectation_propagation(boxes: Boxes) -> BoxMoments:
    """Approximate moments within boxes."""
    scale, standardised = boxes.standardised()
    return boxes.unstandardised(_of_unit_variances(standardised), scale)


def _of_unit_variances(boxes: Boxes) -> BoxMoments:
    """Approximate moments of variables whose variances are 1."""
    lower, upper, width, correlation = boxes
    n, k = lower.shape
    covariance = correlation.copy()
    mean = np.zeros((n, k))
    precision, lift, log_factor = np.zeros((3, n, k))
    for i in np.tile(np.arange(k), _N_SWEEPS):
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
    _, log_volume = np.linalg.slogdet(np.eye(k) + correlation * precision[:, None])
    log_probability = log_factor.sum(axis=1) + 0.5 * ((lift * mean).sum(axis=1) - log_volume)
    return BoxMoments(log_probability, mean, covariance)
