"""One standard Gaussian variable within an interval, as the methods for many variables see it.

Everything is relative to the density at the near end, the one closer to zero, after a mirror
that puts the middle of the interval at or below zero. So the logarithms hold in any tail, and
the derivatives along the near end, at a given width, hold for any width.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import erfcx, ndtri_exp

from .._typing import Array

_LOG_ROOT_2PI = 0.5 * np.log(2 * np.pi)
_ROOT_HALF = np.sqrt(0.5)
_ROOT_HALF_PI = np.sqrt(0.5 * np.pi)
# An end beyond nine deviations is open in double precision, and the square of the farthest
# does not overflow.
_OPEN, _FARTHEST = 9.0, 1e150
_NARROW = 0.5  # nats that the log-density falls within the interval
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(6)


class Interval(NamedTuple):
    """Of z ~ N(0, 1) within an interval, mirrored where `sign` is -1."""

    sign: Array
    near: Array
    width: Array
    log_probability: Array
    slope: Array  # derivative of log_probability along the near end; minus the mirrored mean
    far: Array  # density at the far end, by that at the near end
    below_near: Array  # twice the mass below the near end, by exp(-near^2 / 2)
    below_far: Array
    mass: Array  # by the density at the near end

    @classmethod
    def of(cls, lower: Array, upper: Array, width: Array) -> "Interval":
        """That between two ends, whose difference may have lost the digits of the width."""
        near = np.minimum(upper, -lower)
        sign = np.where(upper > -lower, -1.0, 1.0)
        near = np.clip(near, -_FARTHEST, _OPEN)
        past = width - near
        fall = width * (0.5 * width - near)
        drop = np.expm1(-fall)
        far = 1.0 + drop
        below_near = erfcx(-_ROOT_HALF * near)
        below_far = far * erfcx(_ROOT_HALF * past)
        mass = _ROOT_HALF_PI * (below_near - below_far)
        narrow = width * (0.5 * width + np.abs(near)) < _NARROW
        if narrow.any():
            mass[narrow] = _mass_of_narrow(near[narrow], np.broadcast_to(width, near.shape)[narrow])
        log_probability = np.log(mass) - 0.5 * near * near - _LOG_ROOT_2PI
        return cls(
            sign, near, width, log_probability, -drop / mass, far, below_near, below_far, mass
        )

    def quantile(self, u: Array) -> tuple[Array, Array, Array]:
        """Where a share u of the probability lies below, mirrored, and its derivatives.

        Those are along the near end at a given width, and along the logarithm of the width at a
        given near end.
        """
        share = np.where(self.sign < 0.0, 1.0 - u, u)
        rest = 1.0 - share
        below = share * self.below_near + rest * self.below_far
        log_mass = np.log(0.5 * below) - 0.5 * self.near * self.near
        z = ndtri_exp(np.minimum(log_mass, -1e-16))
        z = np.minimum(np.maximum(z, self.near - self.width), self.near)
        density = erfcx(-_ROOT_HALF * z) / below  # at the near end, by that at z
        rest *= self.far
        return z, (share + rest) * density, -rest * density * finite(self.width)


def finite(width: Array) -> Array:
    """Widths, where the density at the far end counts."""
    return np.where(np.isfinite(width), width, 0.0)


def _mass_of_narrow(near: Array, width: Array) -> Array:
    total = np.zeros_like(near)
    for node, weight in zip(_NODES, _WEIGHTS, strict=True):
        t = (0.5 + 0.5 * node) * width
        total += 0.5 * weight * np.exp(t * (near - 0.5 * t))
    return width * total
