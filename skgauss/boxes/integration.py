"""Probabilities of boxes and moments within them, by a method for each number of features."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._typing import Array
from ..blocks import threads
from .base import BoxMoments, from_a_point_inside, slices, standardised, unstandardised
from .bivariate_trivariate import corner_moments, may_keep_digits
from .corner_scores import corner_scores
from .genz import lattice_moments, root_in_order
from .lattice import Lattice
from .lattice_scores import lattice_scores
from .nested import RULE_ORDER, Boxes, nested_moments
from .nested_scores import nested_scores

MIN_LATTICE_VARIABLES = 4  # variables; fewer are integrated to nearly full precision
_NODES_AT_ONCE = 200_000  # nodes worked on at once: some megabytes of intermediate results


def box_moments(
    lower: Array, upper: Array, width: Array, covariance: Array, lattice: Lattice | None = None
) -> BoxMoments:
    """Moments of c ~ N(0, covariance) within lower < c <= upper, one row per box.

    Parameters
    ----------
    lower, upper : array of shape (n, k)
        Ends of the intervals minus the mean of the Gaussian. Infinite ends are open.
    width : array of shape (n, k)
        Widths as in the data, since the difference of the ends loses digits if an interval is
        narrow and far from the mean.
    covariance : array of shape (k, k) or (n, k, k)
        In any units, since boxes are standardised first.
    lattice : Lattice, optional
        The points over which four variables or more are integrated. A climb keeps the same ones,
        so that it climbs one smooth function. None makes them from the boxes.

    Returns
    -------
    BoxMoments
        The log-probabilities in nats; mean and covariance within each box, in the units given.
    """
    n, k = lower.shape
    if k == 0:
        return BoxMoments(np.zeros(n), lower, np.zeros((n, 0, 0)))
    scale, boxes, lattice = _prepared(lower, upper, width, covariance, lattice)
    formulas = partial(_formulas_or_quadrature, corner_moments, _about_the_mean)
    within = _in_parts(BoxMoments.empty(n, k), formulas, lattice_moments, boxes, lattice)
    return unstandardised(within, scale, lower, upper)


def box_scores(
    lower: Array, upper: Array, width: Array, covariance: Array, lattice: Lattice | None = None
) -> tuple[BoxMoments, Array]:
    """Moments within boxes of whitened z and of the products of its `Pairs`, and R of c = R z.

    Arguments are those of `box_moments`, with at least one variable; R is (n, k, k). On a lattice
    moments are exact derivatives of the log-probability that `box_moments` finds.
    """
    n, k = lower.shape
    scale, boxes, lattice = _prepared(lower, upper, width, covariance, lattice)
    found = BoxMoments.empty(n, k * (k + 3) // 2)
    formulas = partial(_formulas_or_quadrature, corner_scores, nested_scores)
    within = _in_parts(found, formulas, lattice_scores, boxes, lattice)
    correlation = boxes[3]
    if lattice is None:
        root = np.linalg.cholesky(correlation)
    else:
        root = root_in_order(correlation, lattice.order)
    return within, scale[..., :, None] * root


def _prepared(
    lower: Array, upper: Array, width: Array, covariance: Array, lattice: Lattice | None
) -> tuple[Array, tuple[Array, ...], Lattice | None]:
    """Standard deviations; standardised boxes with correlations, by row; the lattice if needed."""
    n, k = lower.shape
    scale, (*ends, correlation) = standardised(lower, upper, width, covariance)
    if k < MIN_LATTICE_VARIABLES:
        lattice = None
    elif lattice is None:
        lattice = Lattice.of(lower, upper, covariance)
    return scale, (*ends, np.broadcast_to(correlation, (n, k, k))), lattice


def _in_parts(
    found: BoxMoments,
    formulas: Callable[..., BoxMoments],
    on_lattice: Callable[..., BoxMoments],
    boxes: tuple[Array, ...],
    lattice: Lattice | None,
) -> BoxMoments:
    """Returns `found`, filled part by part: on the lattice if there is one, else by `formulas`."""
    n, k = boxes[0].shape
    parts: list[Any]
    if lattice is None:
        parts = slices(n, max(_NODES_AT_ONCE // RULE_ORDER ** (k - 1), 1))
    else:
        parts = list(_parts(lattice.n_points * k))

    def of_some(rows: Any) -> BoxMoments:
        some = [of[rows] for of in boxes]
        with np.errstate(all="ignore"):  # each thread has its own error state
            if lattice is None:
                return formulas(*some)
            return on_lattice(*some, lattice.part(rows))

    n_threads = min(threads.available(), len(parts)) if len(parts) > 1 else 1
    with threads.ordered_map(of_some, parts, n_threads) as results:
        for rows, of_rows in zip(parts, results, strict=True):
            found.fill(rows, of_rows)
    return found


def _parts(counts: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    """Indices of rows with equally many nodes, in parts that are worked on at once."""
    for count in np.unique(counts):
        rows = np.flatnonzero(counts == count)
        size = max(_NODES_AT_ONCE // count, 1)
        yield from (rows[start : start + size] for start in range(0, len(rows), size))


def _formulas_or_quadrature(
    corners: Callable[[Array, Array, Array], tuple[BoxMoments, NDArray[np.bool_]]],
    quadrature: Callable[[Boxes], BoxMoments],
    lower: Array,
    upper: Array,
    width: Array,
    correlation: Array,
) -> BoxMoments:
    """Moments within boxes of up to three sides, in closed form where that keeps the digits.

    `corners` has the closed forms and says for which boxes they are exact.
    """
    origin, start, end = from_a_point_inside(lower, upper, width)
    boxes = Boxes(start, end, -origin, correlation, correlation)
    if lower.shape[1] == 1:
        return quadrature(boxes)
    hopeful = np.flatnonzero(may_keep_digits(lower, upper))
    found, exact = corners(lower[hopeful], upper[hopeful], correlation[hopeful])
    within = BoxMoments.empty(len(lower), found.mean.shape[1])
    within.fill(hopeful, found)
    rest = np.delete(np.arange(len(lower)), hopeful[exact])
    if rest.size:
        boxes = boxes.take(rest)
        precision = np.linalg.inv(boxes.covariance).astype(np.float64, copy=False)
        within.fill(rest, quadrature(boxes._replace(precision=precision)))
    return within


def _about_the_mean(boxes: Boxes) -> BoxMoments:
    """Moments within boxes by quadrature, about the mean of the Gaussian."""
    found = nested_moments(boxes)
    return found._replace(mean=found.mean - boxes.mean)
