"""One standard Gaussian variable within an interval, for the methods for many variables.

An interval is mirrored so that its middle is at or below zero, and its upper end is the near one.
Everything is relative to the density there, so that logarithms are accurate in any tail. Along
the near end, derivatives are taken at a fixed width, so that they are accurate at any width.
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
_OPEN_END = 9.0  # standard deviations beyond which an end is open in double precision
_TAIL_END = -10.0  # standard deviations below which the density of a quantile loses digits
_FARTHEST_END = -1e150  # standard deviations: the square does not overflow
_NARROW_INTERVAL_FALL = 0.5  # nats by which the log-density falls within a narrow interval, at most
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(6)  # exact to rounding on narrow intervals


class Interval(NamedTuple):
    """The distribution of z ~ N(0, 1) within intervals, each mirrored if its `sign` is -1."""

    sign: Array
    near: Array
    width: Array  # 0 if infinite, so that its product with the density at the far end is 0
    far: Array  # minus infinity if open
    log_probability: Array
    slope: Array  # derivative of the log-probability along the near end: minus the mean
    widening: Array  # derivative of the log-probability along the logarithm of the width
    density: Array  # at the near end, or at `_TAIL_END` if the end is below it
    fall: Array  # density at the far end over that at the near end
    below_near: Array  # mass below the near end over the density there
    below_far: Array  # mass below the far end over the density at the near end

    @classmethod
    def of(cls, lower: Array, upper: Array, width: Array) -> "Interval":
        """The distribution within intervals; widths are given, since upper - lower loses digits."""
        sign = np.where(upper > -lower, -1.0, 1.0)
        near = np.minimum(np.maximum(np.minimum(upper, -lower), _FARTHEST_END), _OPEN_END)
        far = near - width
        drop = np.expm1(width * (near - 0.5 * width))
        fall = 1.0 + drop
        body = np.maximum(near, _TAIL_END)
        density = np.exp(-0.5 * body * body - LOG_ROOT_2PI)
        below_near, below_far = _masses_below(near, far, fall, density)
        mass = below_near - below_far
        narrow = width * (0.5 * width + np.abs(near)) < _NARROW_INTERVAL_FALL
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
        """The variance within each interval, and the derivatives of `slope` and of `widening`.

        These are along the logarithm of the width. All have the shape of the intervals.
        """
        variance = 1.0 - self.widening - self.slope * (self.near + self.slope)
        tail = self.near < _TAIL_END  # where that is a difference of large numbers
        if tail.any():
            variance[tail] = self._moments(tail, 2)[2]
        far = self.near - self.width
        return (
            variance,
            -self.widening * (far + self.slope),
            self.widening * (1.0 + far * self.width - self.widening),
        )

    def _moments(self, some: NDArray[np.bool_], highest: int) -> Array:
        """The results of `univariate_moments` for some of the mirrored intervals."""
        width = np.broadcast_to(self.width, some.shape)[some]
        zero = np.zeros_like(width)
        width = np.where(width > 0.0, width, np.inf)
        return univariate_moments(self.far[some], self.near[some], width, zero, zero + 1.0, highest)

    def third_derivatives(self) -> tuple[Array, Array, Array]:
        """The third derivatives of the log-probability along e e e, e e w and e w w.

        Here e is the near end before it was mirrored, and w the logarithm of the width.
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
        """The second derivatives, along e e, e w and w w, of a result z of `quantile`.

        Here e is the near end, mirrored, and w the logarithm of the width. The first derivatives of
        z, `slope` and `widening`, are those that `quantile` returned.
        """
        far = self.near - self.width
        return (
            slope * (z * slope - self.near) - widening,
            widening * (z * slope - far),
            widening * (1.0 + z * widening + far * self.width),
        )

    def quantile(self, u: Array) -> tuple[Array, Array, Array]:
        """The mirrored quantile z of each interval at u, and its two derivatives.

        They are along the near end, at a given width, and along the logarithm of the width.
        """
        share = np.where(self.sign < 0.0, 1.0 - u, u)
        rest = 1.0 - share
        below = share * self.below_near + rest * self.below_far
        z = ndtri(np.minimum(below * self.density, 1.0 - 2.0**-53))
        z = np.minimum(np.maximum(z, self.far), self.near)
        density = np.exp(0.5 * (z - self.near) * (z + self.near))  # at the near end over that at z
        tail = self.near < _TAIL_END
        if tail.any():
            tail = np.broadcast_to(tail, z.shape)
            z[tail], density[tail] = _tail_quantile(
                *(np.broadcast_to(of, z.shape)[tail] for of in (below, self.near, self.far))
            )
        rest *= self.fall
        return z, (share + rest) * density, -rest * density * self.width


def _masses_below(near: Array, far: Array, fall: Array, density: Array) -> tuple[Array, Array]:
    """Masses below the two ends over the density at the near end."""
    below_near, below_far = ndtr(near) / density, ndtr(far) / density
    tail = near < _TAIL_END
    if tail.any():
        below_near[tail] = _ROOT_HALF_PI * erfcx(-_ROOT_HALF * near[tail])
        below_far[tail] = _ROOT_HALF_PI * fall[tail] * erfcx(-_ROOT_HALF * far[tail])
    return below_near, below_far


def _tail_quantile(below: Array, near: Array, far: Array) -> tuple[Array, Array]:
    """The mirrored quantile far in the tail, and the density at the near end over that at z."""
    z = ndtri_exp(np.log(below) - 0.5 * near * near - LOG_ROOT_2PI)
    z = np.minimum(np.maximum(z, far), near)
    return z, _ROOT_HALF_PI * erfcx(-_ROOT_HALF * z) / below


def _narrow_mass(near: Array, width: Array) -> Array:
    """The mass of narrow intervals over the density at the near end, by quadrature.

    A difference of two masses would lose digits.
    """
    total = np.zeros_like(near)
    for node, weight in zip(_NODES, _WEIGHTS, strict=True):
        t = (0.5 + 0.5 * node) * width
        total += 0.5 * weight * np.exp(t * (near - 0.5 * t))
    return width * total
