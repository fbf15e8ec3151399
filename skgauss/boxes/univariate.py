"""One Gaussian variable within an interval, to nearly full precision however narrow or far it is.

The interval is mirrored so that its middle is not below the mean. If it is wide and near the mean,
the closed forms keep their digits. Elsewhere they are differences of almost equal numbers, and the
density is integrated from the near end on, relative to its value there: exp(-(near t + t^2/2)). All
terms of the sum are positive.
"""

from typing import Any

import numpy as np
from numpy.polynomial.legendre import leggauss
from scipy.special import ndtr

from .._typing import Array
from .base import LOG_ROOT_2PI, slices

INTERVALS_IN_CACHE = 8192  # intervals whose intermediate results fit into the cache
_POLYNOMIAL_FALL = 2.0  # nats; a density that falls by less is as good as a polynomial
NEGLIGIBLE_FALL = 36.0  # nats below the largest density: no weight in double precision
_NEGLIGIBLE_FALL_FOURTH = 52.0  # the same for a fourth power: 52^4 e^-52 is 2e-16


def _rule(order: int) -> tuple[Array, Array]:
    """Gauss's rule on (0, 1): -u and -u^2 / 2 of the nodes u, (order, 2), and weights, (5, order).

    The weights are multiplied by the powers of u from 1 to u^4.
    """
    node, weight = leggauss(order)
    node = (node + 1) / 2
    return np.stack([-node, -(node**2) / 2], axis=1), weight / 2 * node ** np.arange(5)[:, None]


_NARROW_RULE = _rule(10)
_TAIL_RULE = _rule(26)
_TAIL_RULE_FOURTH = _rule(40)


def univariate_moments(
    lower: Array, upper: Array, width: Array, mean: Array, scale: Array, highest: int = 2
) -> Array:
    """Log-probability in nats, mean, and central moments of N(mean, scale^2) within intervals.

    All arguments are (n,). The widths are given, since the difference of the ends loses digits if
    an interval is narrow and far from the origin.

    Returns
    -------
    ndarray of shape (1 + highest, n)
        The mean lies in the interval and has the same origin as the ends. Central moments, from the
        second to the `highest`, which is two or four, are in powers of the scale.
    """
    if len(mean) <= INTERVALS_IN_CACHE:
        return _of_few(lower, upper, width, mean, scale, highest)
    found = np.empty((1 + highest, len(mean)))
    for rows in slices(len(mean), INTERVALS_IN_CACHE):
        ends = lower[rows], upper[rows], width[rows]
        found[:, rows] = _of_few(*ends, mean[rows], scale[rows], highest)
    return found


def of_square(mean: Array, second: Array, third: Array, fourth: Array) -> tuple[Array, Array]:
    """The covariance of a variable and its square, and the variance of the latter, from moments."""
    product = mean * second + third
    return product + mean * second, 4.0 * mean * product + fourth - second * second


def _of_few(
    lower: Array, upper: Array, width: Array, mean: Array, scale: Array, highest: int
) -> Array:
    """Moments of intervals that fit into the cache, each by the rule that keeps its digits."""
    low, high = (lower - mean) / scale, (upper - mean) / scale
    mirrored = -high > low
    near, far, width = np.maximum(low, -high), np.maximum(high, -low), width / scale
    fall = width * (np.maximum(near, 0.0) + 0.5 * width)  # of the log-density, end to end
    narrow = fall < _POLYNOMIAL_FALL
    from_end = narrow | (near > 3.0)
    found = np.empty((1 + highest, len(near)))
    for kind, rule in ((narrow, _quadrature), (from_end ^ narrow, _tail), (~from_end, _wide)):
        (some,) = kind.nonzero()
        if some.size:
            parts = rule(near[some], far[some], width[some], highest)
            for row, part in zip(found, parts, strict=True):
                row[some] = part
    sign = np.where(mirrored, -1.0, 1.0)
    found[1] *= sign * scale
    found[1] += np.where(from_end, np.where(mirrored, upper, lower), mean)
    found[1] = np.minimum(np.maximum(found[1], lower), upper)
    found[3:4] *= sign
    return found


def reach(slope: Array, nats: float = NEGLIGIBLE_FALL) -> Array:
    """How far from an end, in standard deviations, a density has fallen by these `nats`, at most.

    Its logarithm falls at this slope at the end, and its second derivative is at most -1, that of
    a standard Gaussian.
    """
    return 2 * nats / (slope + np.hypot(slope, np.sqrt(2 * nats)))


def _tail(near: Array, far: Array, width: Array, highest: int) -> list[Array]:
    """The results of `_quadrature` for wide intervals far from the mean."""
    nats, rule = (
        (NEGLIGIBLE_FALL, _TAIL_RULE)
        if highest == 2
        else (_NEGLIGIBLE_FALL_FOURTH, _TAIL_RULE_FOURTH)
    )
    return _quadrature(near, far, np.minimum(width, reach(near, nats)), highest, rule)


def _quadrature(
    near: Array, _: Array, width: Array, highest: int, rule: tuple[Array, Array] = _NARROW_RULE
) -> list[Array]:
    """Log-probability, mean past the near end and central moments of a standard Gaussian.

    The density is integrated from the near end on, by the matrices of `_rule`. All are (n,).
    """
    powers, weights = rule
    square = width * width
    density = powers @ np.stack([width * near, square])
    np.exp(density, out=density)
    total, *moments = weights[: highest + 1] @ density
    log_probability = np.log(width * total) - (0.5 * near * near + LOG_ROOT_2PI)
    # The offset is measured from the end where the density is largest, so that its square is at
    # most three times the variance and hardly a digit is lost.
    offset, *central = _about_the_first([of / total for of in moments])
    units = square, square * width, square * square
    return [
        log_probability,
        width * offset,
        *(of * unit for of, unit in zip(central, units, strict=False)),
    ]


def _wide(near: Array, far: Array, width: Array, highest: int) -> list[Array]:
    """Log-probability, mean and central moments of a standard Gaussian, (n,) each."""
    ends = np.array((near, far))  # |far| is at least |near|
    before, beyond = ndtr(-np.abs(ends))
    inside = np.where(near < 0.0, 1.0 - before, before) - beyond
    log_probability = np.log(inside)
    (likely,) = (inside > 0.5).nonzero()
    log_probability[likely] = np.log1p(-(before + beyond)[likely])
    ends = ends.clip(-37.0, 37.0)  # where the density almost underflows
    slopes = np.exp(-0.5 * ends * ends - LOG_ROOT_2PI) / inside
    moments: list[Any] = [1.0, slopes[0] - slopes[1]]
    for order in range(2, highest + 1):
        slopes *= ends
        moments.append((order - 1) * moments[-2] + slopes[0] - slopes[1])
    return [log_probability, *_about_the_first(moments[1:])]


def _about_the_first(moments: list[Array]) -> list[Array]:
    """The first of the raw moments, and the central ones from the second order on."""
    first, second, *higher = moments
    square = first * first
    central = second - square
    if not higher:
        return [first, central]
    third, fourth = higher
    return [
        first,
        central,
        third - first * (3.0 * second - 2.0 * square),
        fourth - first * (4.0 * third - 6.0 * first * second) - 3.0 * square * square,
    ]
