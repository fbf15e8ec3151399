"""Two or three Gaussian variables within a box: quadrature over one, the others given it.

The density of the first variable within the box is its own density times the probability, given
it, that the others are in their intervals. It is log-concave. Its range is split at the most likely
point of the box, and a piece is divided until Gauss's rule is exact on it, or its halves add up to
it. Moments are those of a mixture over the nodes, all of whose terms are positive. This file has
the moments of the variables, `nested_scores` those of scores.

The error is about 1e-13, in the log-probability and in the moments in units of the standard
deviations within the box. If the others determine a variable almost entirely, the rounding of the
correlations has more effect: 1e-16 divided by the share of its variance that they leave.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._typing import EPS, Array
from .base import Boxes, BoxMoments, mixture
from .univariate import NEGLIGIBLE_FALL, reach, univariate_moments


class _Rule(NamedTuple):
    """Nodes and weights of Gauss's rule on (0, 1), and limits of the pieces it integrates to 1e-13.

    Such a piece is at most ``longest`` standard deviations of a Gaussian long, and the log-density
    falls by at most ``deepest`` nats on it.
    """

    node: Array
    weight: Array
    longest: float
    deepest: float

    @classmethod
    def of(cls, order: int, longest: float, deepest: float) -> _Rule:
        node, weight = np.polynomial.legendre.leggauss(order)
        return cls((node + 1) / 2, weight / 2, longest, deepest)


RULE_ORDER = 28
_LONG_RULE = _Rule.of(RULE_ORDER, 13.0, 80.0)
_SHORT_RULE = _Rule.of(12, 3.0, 8.0)
_HALVES_RTOL = 1e-13  # share of the probability of a box; a piece and its halves may differ by it
# For two and for three variables: the orders in which each of them comes first.
_FIRST_OF = {k: np.array([[i, *np.delete(range(k), i)] for i in range(k)]) for k in (2, 3)}
# Standard deviations; a Gaussian is that far above its mean with probability 3e-14.
_CERTAIN_DEVIATIONS = 7.5


class Quantities:
    """The quantities whose moments within boxes are computed: here the variables themselves."""

    def n_quantities(self, k: int) -> int:
        """The number of quantities in a box of k sides."""
        return k

    def univariate(self, lower: Array, upper: Array, mean: Array, variance: Array) -> BoxMoments:
        """Moments in boxes of one side, with ends, means and variances of shape (n,)."""
        width, scale = upper - lower, np.sqrt(variance)
        log_probability, centre, within = univariate_moments(lower, upper, width, mean, scale)
        within *= variance
        return BoxMoments(log_probability, centre[:, None], within[:, None, None])

    def nodes(self, boxes: ShiftedBoxes, x: Array) -> Array:
        """The quantity of the first variable of n boxes, at its values x, (n, m)."""
        return x

    def with_first(self, log_weight: Array, nodes: Array, rest: BoxMoments) -> BoxMoments:
        """Moments in n boxes, as mixtures over m nodes of the first variable.

        Logarithms of weights and nodes are (n, m). `rest` has the moments of the other variables,
        given the first, in n m boxes.
        """
        size = rest.mean.shape[1]
        mean = np.concatenate([nodes[:, :, None], rest.mean.reshape(*nodes.shape, size)], axis=2)
        return mixture(log_weight, mean, rest.covariance.reshape(*nodes.shape, size, size))

    def back(self, found: BoxMoments, order: NDArray[np.intp], covariance: Array) -> BoxMoments:
        """The moments with the variables back in their original order.

        In `order`, (n, k), the first and one other variable may have changed places; `covariance`,
        (n, k, k), is in this order.
        """
        return BoxMoments(*(reordered(field, order) for field in found))


VARIABLES = Quantities()


class ShiftedBoxes(NamedTuple):
    """A Gaussian and a box in each row, relative to a point that should be in the box."""

    lower: Array  # (n, k), like upper and mean
    upper: Array
    mean: Array
    covariance: Array  # (n, k, k), like precision
    precision: Array

    @classmethod
    def of(cls, boxes: Boxes) -> ShiftedBoxes:
        """Standardised boxes, each relative to the point in it that is nearest to the mean.

        The new ends differ by the width to the last digit, which the given ones may have lost.
        """
        lower, upper, width, correlation = boxes
        origin = np.clip(0.0, lower, upper)
        start = np.where(upper < 0.0, -width, lower - origin)
        end = np.add(start, width, out=upper - origin, where=np.isfinite(start))
        single = lower.shape[1] == 1  # then the correlation is the number 1, and its own inverse
        precision = correlation if single else np.linalg.inv(correlation)
        return cls(start, end, -origin, correlation, precision.astype(np.float64, copy=False))

    def take(self, rows: NDArray[Any]) -> ShiftedBoxes:
        return ShiftedBoxes(*(field[rows] for field in self))

    def certain(self) -> tuple[Array, Array]:
        """Both ends, (n,) each, of the range of the first variable that makes the others certain.

        Given a value in it, each of the others crosses an end of its interval with a probability of
        at most 3e-14. The range is empty if its first end is above its second.
        """
        coefficient, covariance = _regression(self.covariance)
        coefficient = np.copysign(np.maximum(np.abs(coefficient), 1e-30), coefficient)
        margin = _CERTAIN_DEVIATIONS * np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
        rising = (self.lower[:, 1:] + margin - self.mean[:, 1:]) / coefficient
        falling = (self.upper[:, 1:] - margin - self.mean[:, 1:]) / coefficient
        start = np.where(coefficient > 0.0, rising, falling).max(axis=1)
        end = np.where(coefficient > 0.0, falling, rising).min(axis=1)
        return self.mean[:, 0] + start, self.mean[:, 0] + end

    def at(self, x: Array, quantities: Quantities) -> tuple[Array, BoxMoments]:
        """Log-densities, (n, m), at values x of the first variable; the others' moments there.

        Log-densities, in nats, include the probability that the others are in their intervals;
        moments have n * m rows.
        """
        variance = self.covariance[:, :1, 0]
        deviation = x - self.mean[:, :1]
        coefficient, covariance = _regression(self.covariance)
        mean = self.mean[:, None, 1:] + deviation[:, :, None] * coefficient[:, None, :]

        def repeat(array: Array) -> Array:
            return np.repeat(array, x.shape[1], axis=0)

        rest = nested_moments(
            ShiftedBoxes(
                repeat(self.lower[:, 1:]),
                repeat(self.upper[:, 1:]),
                mean.reshape(-1, mean.shape[2]),
                repeat(covariance),
                repeat(self.precision[:, 1:, 1:]),
            ),
            quantities,
        )
        log_density = -(deviation**2) / (2 * variance) - np.log(2 * np.pi * variance) / 2
        return log_density + rest.log_probability.reshape(x.shape), rest


def nested_moments(boxes: ShiftedBoxes, quantities: Quantities = VARIABLES) -> BoxMoments:
    """Log-probabilities in nats of boxes of up to three sides, and the moments within them."""
    n, k = boxes.mean.shape
    if k == 1:
        lower, upper, mean = (field[:, 0] for field in (boxes.lower, boxes.upper, boxes.mean))
        return quantities.univariate(lower, upper, mean, boxes.covariance[:, 0, 0])
    ranges = _ranges(boxes)
    detail = np.sqrt(np.diagonal(boxes.precision, axis1=1, axis2=2))
    # First comes the variable with the shortest range, in standard deviations given the others.
    first = np.argmin((ranges[2] - ranges[0]) * detail, axis=1)
    row, order = np.arange(n), np.tile(np.arange(k), (n, 1))
    order[row, first], order[:, 0] = 0, first
    boxes = ShiftedBoxes(*(reordered(field, order) for field in boxes))
    start, mode, end, slope, detail = (part[row, first] for part in (*ranges, detail))
    length = end - start
    short = (length * detail < _SHORT_RULE.longest) & (length * np.abs(slope) < _SHORT_RULE.deepest)
    ends = np.stack([start, np.where(short, end, mode), end], axis=1)
    found = BoxMoments.empty(n, quantities.n_quantities(k))
    for kind, rule in ((short, _SHORT_RULE), (~short, _LONG_RULE)):
        (rows,) = kind.nonzero()
        if rows.size:
            found.fill(rows, _between(boxes.take(rows), ends[rows], rule, quantities))
    return quantities.back(found, order, boxes.covariance)


def _ranges(boxes: ShiftedBoxes) -> tuple[Array, Array, Array, Array]:
    """Start, mode and end of the range that is not negligible, and the slope, (n, k) each.

    The slope is that of minus the log-density of all variables at the mode, along each of them.
    """
    lower, upper, mean, covariance, precision = boxes
    scale = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    mode, _ = _most_likely(lower, upper, mean, covariance)
    slope = (precision @ (mode - mean)[:, :, None])[:, :, 0]
    least = np.spacing(np.abs(mode))  # no range has length 0, however narrow the density is
    back, forth = (scale * reach(np.maximum(s * scale, 0.0)) + least for s in (-slope, slope))
    return np.maximum(lower, mode - back), mode, np.minimum(upper, mode + forth), slope


def reordered(field: Array, order: NDArray[np.intp], axes: int = 2) -> Array:
    """A field with its axes of variables in the order, (n, k), of each row.

    It reorders the first `axes` of them, one or two.
    """
    row = np.arange(len(order))
    if min(field.ndim - 1, axes) == 2:
        return field[row[:, None, None], order[:, :, None], order[:, None]]
    return field[row[:, None], order] if field.ndim > 1 else field


def _between(
    boxes: ShiftedBoxes,
    ends: Array,
    rule: _Rule,
    quantities: Quantities,
    known: Array | None = None,
    whole: Array | None = None,
) -> BoxMoments:
    """Moments of the part of each box that consists of two adjacent pieces of the first variable.

    The pieces lie between `ends`, (n, 3). Each is divided until the rule is exact on it, until both
    add up to the `known` probability of their union, or until it is negligible in the `whole` box.
    The logarithms of these two probabilities, (n,) each, are in nats.
    """
    n, k = boxes.mean.shape
    start, end = ends[:, :2].ravel(), ends[:, 1:].ravel()
    live = np.flatnonzero(end > start)
    start, end, row = start[live], end[live], live // 2
    x = start[:, None] + (end - start)[:, None] * rule.node
    of_pieces = boxes.take(row)
    log_density, rest = of_pieces.at(x, quantities)
    log_weight = log_density + np.log(end - start)[:, None] + np.log(rule.weight)
    pieces = BoxMoments.empty(2 * n, quantities.n_quantities(k))
    pieces.fill(live, quantities.with_first(log_weight, quantities.nodes(of_pieces, x), rest))

    total = np.logaddexp(pieces.log_probability[::2], pieces.log_probability[1::2])
    if known is None or whole is None:
        settled, whole = np.zeros(n, dtype=bool), total
    else:
        change = np.abs(np.expm1(known - total)) * np.exp(np.minimum(total - whole, 0.0))
        settled = change < _HALVES_RTOL * (1.0 + np.abs(whole))
        whole = np.maximum(whole, total)
    counts = _bound(log_density, rule.node) + np.log(end - start) > whole[row] - NEGLIGIBLE_FALL
    counts &= ~settled[row]
    rough = np.flatnonzero(counts & ~_resolved(of_pieces, start, end, log_density, rule))
    if len(rough):
        boxes = boxes.take(row[rough])
        a, b = _relevant(x[rough], log_density[rough], start[rough], end[rough])
        ends = np.stack([a, _middle(boxes, a, b), b], axis=1)
        before = pieces.log_probability[live[rough]]
        pieces.fill(live[rough], _between(boxes, ends, rule, quantities, before, whole[row[rough]]))
    return mixture(*(field.reshape(n, 2, *field.shape[1:]) for field in pieces))


def _bound(log_density: Array, node: Array) -> Array:
    """A bound, (n,), of a concave function on each piece, from its values at the nodes.

    Beyond the outermost nodes the function is at most the extended chord of the nearest two.
    """
    beyond = node[0] / (node[1] - node[0])
    first = log_density[:, 0] + beyond * (log_density[:, 0] - log_density[:, 1])
    last = log_density[:, -1] + beyond * (log_density[:, -1] - log_density[:, -2])
    return np.maximum(log_density.max(axis=1), np.maximum(first, last))


def _resolved(
    boxes: ShiftedBoxes, start: Array, end: Array, log_density: Array, rule: _Rule
) -> NDArray[np.bool_]:
    """Whether the rule integrates the density on each piece exactly, bool of shape (n,).

    The density is a mixture of Gaussians in the first variable, one for each value of the others.
    If these are certain to be in their intervals, it is the wider Gaussian of the first alone.
    """
    peak = log_density.max(axis=1)
    rounding = 100 * EPS * np.abs(peak)
    first, last = boxes.certain()
    variance = np.where(
        (first <= start) & (end <= last), boxes.covariance[:, 0, 0], 1 / boxes.precision[:, 0, 0]
    )
    return (peak - log_density.min(axis=1) < rule.deepest + rounding) & (
        end - start < rule.longest * np.sqrt(variance)
    )


def _relevant(x: Array, log_density: Array, start: Array, end: Array) -> tuple[Array, Array]:
    """Both ends, (n,) each, of the part of each piece that is not negligible within it."""
    counts = log_density > log_density.max(axis=1, keepdims=True) - NEGLIGIBLE_FALL
    edges = np.concatenate([start[:, None], x, end[:, None]], axis=1)
    row = np.arange(len(x))
    last = counts.shape[1] - counts[:, ::-1].argmax(axis=1)
    return edges[row, counts.argmax(axis=1)], edges[row, last + 1]


def _middle(boxes: ShiftedBoxes, start: Array, end: Array) -> Array:
    """Where to divide each piece, (n,): where the others become certain, or in the middle."""
    middle = (start + end) / 2
    for simple in boxes.certain():
        middle = np.where((start < simple) & (simple < end), simple, middle)
    return middle


def _most_likely(lower: Array, upper: Array, mean: Array, covariance: Array) -> tuple[Array, Array]:
    """The point of each box where the Gaussian is densest, (n, k), and its squared distance, (n,).

    The distance is Mahalanobis's, from the mean. Unless the point is the mean, it lies on a side of
    the box that has the mean beyond it.
    """
    nearest = np.clip(mean, lower, upper)
    square = (nearest - mean) ** 2 / np.diagonal(covariance, axis1=1, axis2=2)
    n, k = mean.shape
    if k == 1:
        return nearest, square[:, 0]
    # Candidates are each variable at its end nearest to the mean, with the others given it.
    order = _FIRST_OF[k]
    others = order[:, 1:]
    coefficient, rest = _regression(
        covariance[:, order[:, :, None], order[:, None]].reshape(-1, k, k)
    )
    shift = coefficient.reshape(n, k, k - 1) * (nearest - mean)[:, :, None]
    low, high, center = (
        of.reshape(-1, k - 1)
        for of in (lower[:, others], upper[:, others], mean[:, others] + shift)
    )
    found, rest_square = _most_likely(low, high, center, rest)
    distance = np.where(square > 0.0, square + rest_square.reshape(n, k), np.inf)
    row, side = np.arange(n), distance.argmin(axis=1)
    inside = (nearest == mean).all(axis=1)
    point = np.empty_like(mean)
    point[row, side] = nearest[row, side]
    point[row[:, None], others[side]] = found.reshape(n, k, k - 1)[row, side]
    return np.where(inside[:, None], mean, point), np.where(inside, 0.0, distance[row, side])


def _regression(covariance: Array) -> tuple[Array, Array]:
    """Coefficients, (n, k - 1), of others on the first variable, and their residual covariance."""
    column = covariance[:, 1:, 0]
    coefficient = column / covariance[:, :1, 0]
    return coefficient, covariance[:, 1:, 1:] - coefficient[:, :, None] * column[:, None, :]
