"""Gaussian boxes by expectation propagation: near, fast, and smooth in the Gaussian.

Each interval is replaced by a Gaussian factor, in turn, so that mean and variance of its variable
are right given the factors of the others (Minka, 2001; Cunningham, Hennig and Lacoste-Julien,
2011). Where it comes to rest, the moments are the derivative of its log-probability. Boxes
are log-concave, so that it needs no damping.
"""

import numpy as np

from .._typing import Array
from .base import BoxMoments, restored, standardised
from .univariate import univariate_moments

_N_SWEEPS = 4
# The largest precision of a factor, by that of its variable: an interval narrower than a
# ten-thousandth of a deviation counts as one of that width, since what the other variables say
# beside it would be lost to rounding.
_MOST_PRECISE = 1e8


def expectation_propagation(
    lower: Array, upper: Array, width: Array, covariance: Array
) -> BoxMoments:
    """Approximate moments within boxes, one row a box; it takes what `box_moments` takes."""
    scale, boxes = standardised(lower, upper, width, covariance)
    return restored(_of_unit_variances(*boxes), scale, lower, upper)


def _of_unit_variances(lower: Array, upper: Array, width: Array, correlation: Array) -> BoxMoments:
    """Approximate moments of variables whose variances are 1."""
    n, k = lower.shape
    covariance = np.broadcast_to(correlation, (n, k, k)).copy()
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
        new = np.minimum(np.maximum(others / within - others, 0.0), _MOST_PRECISE)
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
