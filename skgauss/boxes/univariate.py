"""One Gaussian variable within an interval, to its last digits however narrow or far that is.

The interval is mirrored so that it lies in the upper tail. Where it is wide and near the
mean, the closed forms keep their digits. Elsewhere they are differences of almost equal
numbers, and the density is integrated from the near end on, relative to what it is there:
exp(-(near t + t^2/2)). All terms of the sum are positive.
"""

import numpy as np
from numpy.polynomial.legendre import leggauss
from scipy.special import ndtr

from .._typing import Array
from .base import LOG_ROOT_2PI, BoxMoments, slices

_IN_CACHE = 8192  # rows whose intermediate results stay there
_NARROW_FALL = 2.0  # nats from the largest density to the ends: as good as a polynomial
NEGLIGIBLE = 36.0  # nats below the largest density: without weight in double precision


def _rule(order: int) -> tuple[Array, Array]:
    """Gauss's rule on (0, 1) as two matrices, for the log-density and for the moments.

    The first, (2, order), holds -u and -u^2 / 2 of the nodes u; the second, (order, 5), their
    weights times the powers of u from 1 to u^4.
    """
    node, weight = leggauss(order)
    node = (node + 1) / 2
    return np.stack([-node, -(node**2) / 2]), weight[:, None] / 2 * node[:, None] ** np.arange(5)


_NARROW_RULE = _rule(10)
_TAIL_RULE = _rule(26)
_FEW_NODES, _MIDDLE_NODES = (
    tuple(0.5 * of + shift for of, shift in zip(leggauss(order), (0.5, 0.0), strict=True))
    for order in (14, 64)
)


def univariate_moments(lower: Array, upper: Array, mean: Array, variance: Array) -> BoxMoments:
    """Moments of N(mean, variance) within (lower, upper].

    All arrays are (n,). The origin should be a point of the interval, near the end where the
    mass lies: that keeps the digits of a narrow one. Mean and covariance are (n, 1) and
    (n, 1, 1).
    """
    if len(mean) <= _IN_CACHE:
        return _of_few(lower, upper, mean, variance)
    found = BoxMoments.empty(len(mean), 1)
    for rows in slices(len(mean), _IN_CACHE):
        found.fill(rows, _of_few(lower[rows], upper[rows], mean[rows], variance[rows]))
    return found


def _of_few(lower: Array, upper: Array, mean: Array, variance: Array) -> BoxMoments:
    """Moments of rows that fit into the cache, each by the rule that keeps its digits."""
    log_probability, centre, within = _by_kind(lower, upper, mean, variance, 2)
    return BoxMoments(log_probability, centre[:, None], (variance * within)[:, None, None])


def univariate_scores(lower: Array, upper: Array, mean: Array, variance: Array) -> BoxMoments:
    """Moments of z and its square, with c = mean + z sqrt(variance) within (lower, upper].

    As `univariate_moments` takes them. Mean and covariance are (n, 2) and (n, 2, 2).
    """
    log_probability, centre, *central = _by_kind(lower, upper, mean, variance, 4)
    return with_square(log_probability, (centre - mean) / np.sqrt(variance), *central)


def with_square(
    log_probability: Array, mean: Array, second: Array, third: Array, fourth: Array
) -> BoxMoments:
    """Moments of a variable and of its square, from its mean and central moments, all (n,)."""
    across = 2.0 * mean * second + third
    square = 4.0 * mean * (mean * second + third) + fourth - second * second
    return BoxMoments(
        log_probability,
        np.stack([mean, mean * mean + second], axis=1),
        np.stack([second, across, across, square], axis=1).reshape(-1, 2, 2),
    )


def _by_kind(lower: Array, upper: Array, mean: Array, variance: Array, highest: int) -> Array:
    """Log-probability in nats, mean, and central moments from the second to the highest.

    They are the rows of an array, (1 + highest, n), each interval by the rule that keeps its
    digits. Central moments are in units of the standard deviation.
    """
    scale = np.sqrt(variance)
    mirrored = mean - lower > upper - mean
    near = np.where(mirrored, mean - upper, lower - mean) / scale
    far = np.where(mirrored, mean - lower, upper - mean) / scale
    width = (upper - lower) / scale
    fall = width * (np.maximum(near, 0.0) + width / 2)  # of the log-density, end to end
    narrow, in_tail = fall < _NARROW_FALL, near > 3.0

    sign = np.where(mirrored, -1.0, 1.0)
    found = np.empty((1 + highest, len(near)))
    for kind, rule in ((narrow, _NARROW_RULE), (in_tail & ~narrow, _TAIL_RULE)):
        (some,) = kind.nonzero()
        if not some.size:
            continue
        found[:, some] = _quadrature(near[some], width[some], rule, highest)
        end = np.where(mirrored[some], upper[some], lower[some])
        found[1, some] = end + sign[some] * scale[some] * found[1, some]
    (some,) = (~(narrow | in_tail)).nonzero()
    if some.size:
        found[:, some] = _closed_form(near[some], far[some], highest)
        found[1, some] = mean[some] + sign[some] * scale[some] * found[1, some]
    found[3:4] *= sign
    return found


def central_moments(lower: Array, upper: Array, mean: Array, variance: Array) -> Array:
    """Second, third and fourth central moment of N(mean, variance) within (lower, upper].

    All arrays are (n,); the moments are (3, n), in powers of the standard deviation. One rule gives
    all of them, so that some distribution has these very moments: kurtosis is never below one plus
    squared skewness.
    """
    scale = np.sqrt(variance)
    mode = np.clip(mean, lower, upper)
    slope = (mode - mean) / scale
    far = reach(np.abs(slope))
    start = np.maximum((lower - mode) / scale, -far)
    end = np.minimum((upper - mode) / scale, far)
    length = end - start
    narrow = np.maximum(*(t * (0.5 * t + slope) for t in (start, end))) < _NARROW_FALL
    moments = np.empty((3, len(mean)))
    for kind, (node, weight) in ((narrow, _FEW_NODES), (~narrow, _MIDDLE_NODES)):
        some, step = np.flatnonzero(kind), 8 * _IN_CACHE // len(node)
        for first in range(0, len(some), step):
            part = some[first : first + step]
            t = start[part] + length[part] * node[:, None]
            density = np.exp(-t * (0.5 * t + slope[part]))
            moments[:, part] = _about_their_mean(t, weight[:, None] * density)
    return moments


def _about_their_mean(t: Array, weight: Array) -> tuple[Array, Array, Array]:
    """Second, third and fourth central moment, (n,) each, of points with weights, both (m, n)."""
    weight /= weight.sum(axis=0)
    t -= np.einsum("mn,mn->n", weight, t)
    square = t * t
    weight *= square
    third, fourth = (np.einsum("mn,mn->n", weight, of) for of in (t, square))
    return weight.sum(axis=0), third, fourth


def reach(slope: Array) -> Array:
    """How far from an end, in deviations, a log-concave density is not negligible.

    Its logarithm falls at the end at this slope, and bends down by at least one, as that of a
    standard Gaussian does.
    """
    return 2 * NEGLIGIBLE / (slope + np.hypot(slope, np.sqrt(2 * NEGLIGIBLE)))


def _quadrature(near: Array, width: Array, rule: tuple[Array, Array], highest: int) -> Array:
    """Log-probability, mean past the near end and central moments of a standard Gaussian.

    The density is integrated from the near end on, by the matrices of `_rule`. The result is
    (1 + highest, n), the highest moment of order two or four.
    """
    powers, weights = rule
    width = np.minimum(width, reach(near))
    log_density = np.stack([width * near, width**2], axis=1) @ powers
    total, *moments = (np.exp(log_density, out=log_density) @ weights[:, : highest + 1]).T
    log_probability = np.log(width) + np.log(total) - near**2 / 2 - LOG_ROOT_2PI
    # The offset counts from the end where the density is largest, so that its square is at most
    # three times the variance: hardly a digit is lost.
    offset, *central = _about_the_first([of / total for of in moments])
    return np.stack(
        [log_probability, width * offset, *(of * width**i for i, of in enumerate(central, 2))]
    )


def tail_moments(near: Array, width: Array) -> Array:
    """What a standard Gaussian is in intervals beyond 3, an array of shape (5, n).

    Log-probability in nats, mean past the near end, second to fourth central moment.
    """
    return _quadrature(near, width, _TAIL_RULE, 4)


def _closed_form(near: Array, far: Array, highest: int) -> Array:
    """Log-probability, mean and central moments of a standard Gaussian."""
    before, beyond = ndtr(-np.abs(near)), ndtr(-far)
    inside = np.where(near < 0.0, 1.0 - before, before) - beyond
    log_probability = np.log(inside)
    (likely,) = (inside > 0.5).nonzero()
    log_probability[likely] = np.log1p(-(before + beyond)[likely])
    near, far = np.maximum(near, -37.0), np.minimum(far, 37.0)  # whose densities are all but 0.0
    at_near, at_far = (np.exp(-(end**2) / 2 - LOG_ROOT_2PI) / inside for end in (near, far))
    moments = [np.ones_like(near), at_near - at_far]
    for order in range(2, highest + 1):
        at_near, at_far = at_near * near, at_far * far
        moments.append((order - 1) * moments[-2] + at_near - at_far)
    return np.stack([log_probability, *_about_the_first(moments[1:])])


def _about_the_first(moments: list[Array]) -> list[Array]:
    """The first of the moments, and the central ones of the same orders, two or four."""
    first, second, *higher = moments
    central = second - first * first
    if not higher:
        return [first, central]
    third, fourth = higher
    square = first * first
    return [
        first,
        central,
        third - first * (3.0 * second - 2.0 * square),
        fourth - first * (4.0 * third - 6.0 * first * second) - 3.0 * square * square,
    ]
