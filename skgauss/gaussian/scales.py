"""Standard deviations that float64 can hold, and how far two sets of them are apart."""

import math

import numpy as np

from .._typing import Array

# Standard deviations between these have powers that float64 can hold.
SMALLEST_SCALE = 1e-150
LARGEST_SCALE = 1e150


def scale_divergence(factor: Array, target: Array) -> float:
    """Sum of ``r^2 - 1 - 2 log r``, r = target / factor; infinite outside the range of scales.

    r - 1 comes from the difference of the two, so that nothing cancels near r = 1. Far
    below 1 it would lose all of r instead.
    """
    step = (target - factor) / factor
    if np.minimum.reduce(step) > -0.5:
        logs = np.log1p(step)
    elif (factor < LARGEST_SCALE).all():
        logs = np.log(target / factor)
    else:
        return math.inf
    return float(np.add.reduce(step * (2.0 + step) - 2.0 * logs))
