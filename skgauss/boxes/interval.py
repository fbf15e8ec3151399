"""One standard Gaussian variable within an interval, as the methods for many variables see it.

Everything is relative to the density at the near end, the one closer to zero, after a mirror
that puts the middle of the interval at or below zero. So logarithms hold in any tail, and
derivatives along the near end, at a given width, hold for any width.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfcx, ndtr, ndtri, ndtri_exp

from .._typing import Array
from .base import LOG_ROOT_2PI
from .univariate import univariate_moments

_ROOT_HALF = np.sqrt(0.5)
_ROOT_HALF_PI = np.sqrt(0.5 * np.pi)
_OPEN = 9.0  # deviations, beyond which an end is open in double precision
_TAIL = -10.0  # deviations, beyond which the density of a quantile loses digits or underflows
_FARTHEST = -1e150  # deviations, whose square does not overflow
_NARROW = 0.5  # nats that the log-density falls within the interval
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(6)  # exact to rounding where it is narrow


class Interval(NamedTuple):
    """The law of z ~ N(0, 1) within intervals, each mirrored where its `sign` is -1."""

    sign: Array
    near: Array
    width: Array  # zero where infinite, since the density at the far end is zero there, too
    far: Array  # the end, of either sign
    log_probability: Array
    slope: Array  # its derivative along the near end: minus the mean
    widening: Array  # its derivative along the logarithm of the width
    density: Array  # at the near end, where that is not in the tail
    fall: Array  # density at the far end, by that at the near end, as the masses below them
    below_near: Array
    below_far: Array

    @classmethod
    def of(cls, lower: Array, upper: Array, width: Array) -> "Interval":
        """The law within intervals; their widths are given, since upper - lower loses digits."""
        sign = np.where(upper > -lower, -1.0, 1.0)
        near = np.minimum(np.maximum(np.minimum(upper, -lower), _FARTHEST), _OPEN)
        far = near - width
        drop = np.expm1(width * (near - 0.5 * width))
        fall = 1.0 + drop
        body = np.maximum(near, _TAIL)
        density = np.exp(-0.5 * body * body - LOG_ROOT_2PI)
        below_near, below_far = _masses_below(near, far, fall, density)
        mass = below_near - below_far
        narrow = width * (0.5 * width + np.abs(near)) < _NARROW
        if narrow.any():
            mass[narrow] = _narrow_mass(near[narrow], np.broadcast_to(width, near.shape)[narrow])
        width = np.where(np.isfinite(width), width, 0.0)
        return cls(
            sign=sign,
            near=near,
            width=width,
            far=far,
            log_probability=np.log(mass * density) + 0.5 * (body * body - near * near),
            slope=-drop / mass,
            widening=width * fall / mass,
            density=density,
            fall=fall,
            below_near=below_near,
            below_far=below_far,
        )

    def curvature(self) -> tuple[Array, Array, Array]:
        """The variance within each interval, and derivatives along the logarithm of the width.

        These are of `slope` and of `widening`. All have the shape of the intervals.
        """
        variance = 1.0 - self.widening - self.slope * (self.near + self.slope)
        tail = self.near < _TAIL  # where that is a difference of large numbers
        if tail.any():
            variance[tail] = self._moments(tail, 2)[2]
        far = self.near - self.width
        return (
            variance,
            -self.widening * (far + self.slope),
            self.widening * (1.0 + far * self.width - self.widening),
        )

    def _moments(self, some: NDArray[np.bool_], highest: int) -> Array:
        """What `univariate_moments` says of some of the intervals, as they were mirrored."""
        width = np.broadcast_to(self.width, some.shape)[some]
        zero = np.zeros_like(width)
        width = np.where(width > 0.0, width, np.inf)
        return univariate_moments(self.far[some], self.near[some], width, zero, zero + 1.0, highest)

    def third_derivatives(self) -> tuple[Array, Array, Array]:
        """Three third derivatives of the log-probability, along an end as it was not mirrored.

        With e the end and w the logarithm of the width they are along e e e, e e w and e w w.
        """
        third = self._moments(np.full(self.near.shape, True), 4)[3]
        variance, cross, twice = self.curvature()
        beyond = self.near - self.width + self.slope
        return (
            -self.sign * third.reshape(self.near.shape),
            self.widening * (beyond * beyond - variance),
            self.sign * (self.widening * (self.width - cross) - twice * beyond),
        )

    def quantile_curvature(
        self, z: Array, slope: Array, widening: Array
    ) -> tuple[Array, Array, Array]:
        """The three second derivatives of a point z that `quantile` found, with the two first.

        They are along the near end, along it and the logarithm of the width, and along the latter.
        """
        far = self.near - self.width
        return (
            slope * (z * slope - self.near) - widening,
            widening * (z * slope - far),
            widening * (1.0 + z * widening + far * self.width),
        )

    def quantile(self, u: Array) -> tuple[Array, Array, Array]:
        """The mirrored point below which a share u of the probability lies, and two derivatives.

        These are along the near end, at a given width, and along the logarithm of the width.
        """
        share = np.where(self.sign < 0.0, 1.0 - u, u)
        rest = 1.0 - share
        below = share * self.below_near + rest * self.below_far
        z = ndtri(np.minimum(below * self.density, 1.0 - 2.0**-53))
        z = np.minimum(np.maximum(z, self.far), self.near)
        density = np.exp(0.5 * (z - self.near) * (z + self.near))  # at the near end, by that at z
        tail = self.near < _TAIL
        if tail.any():
            tail = np.broadcast_to(tail, z.shape)
            z[tail], density[tail] = _in_tail(
                *(np.broadcast_to(of, z.shape)[tail] for of in (below, self.near, self.far))
            )
        rest *= self.fall
        return z, (share + rest) * density, -rest * density * self.width


def _masses_below(near: Array, far: Array, fall: Array, density: Array) -> tuple[Array, Array]:
    """Masses below the two ends, by the density at the near end."""
    below_near, below_far = ndtr(near) / density, ndtr(far) / density
    tail = near < _TAIL
    if tail.any():
        below_near[tail] = _ROOT_HALF_PI * erfcx(-_ROOT_HALF * near[tail])
        below_far[tail] = _ROOT_HALF_PI * fall[tail] * erfcx(-_ROOT_HALF * far[tail])
    return below_near, below_far


def _in_tail(below: Array, near: Array, far: Array) -> tuple[Array, Array]:
    """The mirrored quantile far in the tail, and the density at the near end over that at it."""
    z = ndtri_exp(np.log(below) - 0.5 * near * near - LOG_ROOT_2PI)
    z = np.minimum(np.maximum(z, far), near)
    return z, _ROOT_HALF_PI * erfcx(-_ROOT_HALF * z) / below


def _narrow_mass(near: Array, width: Array) -> Array:
    """The mass of narrow intervals over the density at the near end, by quadrature.

    A difference of two masses would have lost its digits.
    """
    total = np.zeros_like(near)
    for node, weight in zip(_NODES, _WEIGHTS, strict=True):
        t = (0.5 + 0.5 * node) * width
        total += 0.5 * weight * np.exp(t * (near - 0.5 * t))
    return width * total
