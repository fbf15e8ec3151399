r"""Two or three Gaussian variables within a box: closed forms at its corners.

Let :math:`\Phi_k(b)` be the probability that all k variables are below a corner b. Its sum over the
corners, with their signs, is the probability P of the box. Let F and H be the same sums of its
gradient and Hessian. Then the moments of c ~ N(0, R) within the box are (Tallis, 1961)

.. math::

    P \, E[c] = -R F, \qquad P \, E[c c^T] = P R + R H R.

For two variables :math:`\Phi_2` follows from Owen's function. Of three, the pair with the largest
correlation keeps it and the third is made independent of both, which changes the probability by an
integral over a factor t of its correlations (Plackett, 1954). All of these are differences, which
lose digits if a box is unlikely or narrow. Elsewhere the error is about 1e-12, and the cost a small
part of that of quadrature.

References
----------
Owen (1956), Annals of Mathematical Statistics 27(4); Plackett (1954), Biometrika 41(3/4); Tallis
(1961), JRSS B 23(1); Genz (2004), Statistics and Computing 14(3).
"""

from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, owens_t

from .._typing import Array
from .base import Boxes, BoxMoments

_UNDERFLOW_END = 38.0  # standard deviations at which the density almost underflows
_MIN_PROBABILITY = 1e-3  # of probability times variance; the error is a few roundings divided by it
_RULES = [np.polynomial.legendre.leggauss(order) for order in (20, 40, 80, 160)]  # until two agree
_RULES_RTOL = 1e-11  # relative; the better of the two is far more accurate
_TINY_END = 1e-100  # replaces an end of 0, which would be a divisor
_ROOT_2PI = np.sqrt(2 * np.pi)
OTHERS = {k: np.array([np.delete(np.arange(k), i) for i in range(k)]) for k in (2, 3)}


def may_keep_digits(boxes: Boxes) -> NDArray[np.bool_]:
    """Whether `corner_moments` may be exact for each box, (n,), judged by single intervals."""
    lower, upper = boxes.lower, boxes.upper
    likely = (ndtr(upper) - ndtr(lower)).min(axis=1)
    return likely * np.minimum(1.0, ((upper - lower) / 2).min(axis=1) ** 2) > _MIN_PROBABILITY


def corner_moments(boxes: Boxes) -> tuple[BoxMoments, NDArray[np.bool_]]:
    """Moments within standardised boxes, and whether each is exact, bool of shape (n,).

    They are if the differences over the corners of the box kept their digits.
    """
    lower, upper, _, correlation = boxes
    n, k = lower.shape
    # Variables are mirrored so that open ends are below, where they have no corners.
    sign = np.where(np.isposinf(upper), -1.0, 1.0)
    below, above = np.sort([sign * lower, sign * upper], axis=0)
    mirror = sign[:, :, None] * sign[:, None]
    relation = mirror * correlation
    at_upper = np.array(list(product((True, False), repeat=k)))[:, None]  # at each corner
    corner, row = np.nonzero((at_upper | np.isfinite(below)).all(axis=2))
    ends = np.clip(np.where(at_upper, above, below), -_UNDERFLOW_END, _UNDERFLOW_END)[corner, row]
    parity = np.where((~at_upper).sum(axis=2) % 2, -1.0, 1.0)[corner, 0]

    def summed(of_corners: Array) -> Array:
        """The sum over the corners of each box, with their signs."""
        by_corner = np.zeros((len(at_upper), n, *of_corners.shape[1:]))
        by_corner[corner, row] = (parity * of_corners.T).T
        return by_corner.sum(axis=0)

    value, slope, bend = map(summed, _probability_below(ends, relation[row]))
    mean = -(relation @ (slope / value[:, None])[:, :, None])
    covariance = relation + relation @ (bend / value[:, None, None]) @ relation
    covariance -= mean @ mean.transpose(0, 2, 1)
    found = BoxMoments(np.log(value), sign * mean[:, :, 0], mirror * covariance)
    least = np.einsum("nii->ni", covariance).min(axis=1)
    return found, value * np.maximum(least, 0.0) > _MIN_PROBABILITY


def _probability_below(ends: Array, correlation: Array) -> tuple[Array, Array, Array]:
    """Probability that all variables are below the ends, (n, k), its gradients and its Hessians."""
    n, k = ends.shape
    each = np.arange(k)
    density = np.exp(-0.5 * ends * ends) / _ROOT_2PI
    if k == 1:
        return ndtr(ends[:, 0]), density, np.zeros((n, 1, 1))
    others = OTHERS[k]
    column = correlation[:, others, each[:, None]]
    scale = np.sqrt((1.0 - column) * (1.0 + column))
    rest = correlation[:, others[:, :, None], others[:, None]]
    rest -= column[:, :, :, None] * column[:, :, None]
    rest /= scale[:, :, :, None] * scale[:, :, None]
    given = (ends[:, others] - column * ends[:, :, None]) / scale
    value, its_slope, _ = _probability_below(
        given.reshape(-1, k - 1), rest.reshape(-1, k - 1, k - 1)
    )
    slope, bend = density * value.reshape(n, k), np.empty((n, k, k))
    across = density[:, :, None] * its_slope.reshape(n, k, k - 1) / scale
    bend[:, each[:, None], others] = across
    # Scaling a variable with its end changes nothing, and the derivative along its variance is half
    # the second derivative along the end (the heat equation).
    bend[:, each, each] = -ends * slope - (column * across).sum(axis=2)
    probability = _below_two if k == 2 else _below_three
    return probability(ends, correlation), slope, bend


def _below_two(ends: Array, correlation: Array) -> Array:
    """Probability, (n,), that two variables are below their ends, by Owen's function."""
    h, g = np.where(ends == 0.0, _TINY_END, ends).T
    r = correlation[:, 0, 1]
    scale = np.sqrt((1.0 - r) * (1.0 + r))
    apart = np.where((h > 0.0) == (g > 0.0), 0.0, 1.0)
    wedges = owens_t(h, (g - r * h) / (h * scale)) + owens_t(g, (h - r * g) / (g * scale))
    return 0.5 * (ndtr(h) + ndtr(g) - apart) - wedges


def rectangle(lower: Array, upper: Array, correlation: Array) -> Array:
    """Probability that two variables of given correlation, (n,), are between their ends, (n, 2)."""
    corners = np.stack([np.stack([upper[:, 0], upper[:, 1]], axis=1), lower, lower, lower])
    corners[1, :, 1], corners[2, :, 0] = upper[:, 1], upper[:, 0]
    counts = (corners > -_UNDERFLOW_END).all(axis=2)
    relation = np.eye(2) + np.multiply.outer(correlation, 1.0 - np.eye(2))
    below = np.zeros(counts.shape)
    ends = np.minimum(corners[counts], _UNDERFLOW_END)
    below[counts] = _below_two(ends, np.broadcast_to(relation, (4, *relation.shape))[counts])
    return below[0] - below[1] - below[2] + below[3]


def _below_three(ends: Array, correlation: Array) -> Array:
    """Probability, (n,), that three variables are below their ends; NaN if no two rules agree."""
    row = np.arange(len(ends))[:, None]
    pairs = OTHERS[3]
    others = pairs[np.abs(correlation[:, pairs[:, 0], pairs[:, 1]]).argmax(axis=1)]
    order = np.column_stack((3 - others.sum(axis=1), others))
    ends, correlation = (
        ends[row, order],
        correlation[row[:, None], order[:, :, None], order[:, None]],
    )
    apart = ndtr(ends[:, 0]) * _below_two(ends[:, 1:], correlation[:, 1:, 1:])
    found, last = np.full((2, len(ends)), np.nan)
    left = np.arange(len(ends))
    for rule in _RULES:
        if not left.size:
            break
        now = _gain_of_correlation(ends[left], correlation[left], *rule)
        done = np.abs(now - last[left]) < _RULES_RTOL * (now + apart[left])
        found[left[done]], last[left] = now[done], now
        left = left[~done]
    return apart + found


def _gain_of_correlation(ends: Array, correlation: Array, node: Array, weight: Array) -> Array:
    """The probability below the ends minus that with the first variable independent, (n,).

    It is the integral of Plackett's derivative over t from 0 to 1, where t multiplies the
    correlations of the first variable with the two others.
    """
    angle = np.pi / 4 * (1.0 + node)  # most nodes are near t = 1, where correlations may be large
    t, weight = np.sin(angle), np.pi / 4 * np.cos(angle) * weight
    h, *g = ends.T[:, :, None]
    slopes, r = correlation[:, 0, 1:].T[:, :, None], correlation[:, 1:, 2, None][:, 0]
    p, q = slopes * t
    rest = (1.0 - p) * (1.0 + p), (1.0 - q) * (1.0 + q)
    cross = r - p * q
    determinant = rest[0] * rest[1] - cross * cross
    total = np.zeros(len(ends))
    for j, (near, far) in enumerate(((p, q), (q, p))):
        gap = g[j] - near * h
        density = np.exp(-0.5 * (h * h + gap * gap / rest[j])) / np.sqrt(rest[j])
        other = (g[1 - j] * rest[j] - h * (far - near * r) - g[j] * cross) / np.sqrt(
            determinant * rest[j]
        )
        total += slopes[j][:, 0] * ((density * ndtr(other)) @ weight)
    return total / (2 * np.pi)
