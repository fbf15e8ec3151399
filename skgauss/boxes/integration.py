"""Probabilities of boxes and moments within them, by a method for each number of features."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._typing import Array
from ..blocks import threads
from .base import Boxes, BoxMoments, slices
from .bivariate_trivariate import corner_moments, may_keep_digits
from .corner_scores import corner_scores
from .genz import lattice_moments, root_in_order
from .lattice import Lattice
from .lattice_scores import lattice_scores
from .nested import RULE_ORDER, ShiftedBoxes, nested_moments
from .nested_scores import nested_scores

MIN_LATTICE_VARIABLES = 4  # variables; fewer are integrated to nearly full precision
_NODES_AT_ONCE = 200_000  # nodes worked on at once: some megabytes of intermediate results


def box_moments(boxes: Boxes, lattice: Lattice | None = None) -> BoxMoments:
    """Log-probabilities of boxes, in nats; means and covariances within them, in the units given.

    Four variables or more are integrated over the points of the lattice. A climb keeps the same
    ones, so that it climbs one smooth function. None makes them from the boxes.
    """
    n, k = boxes.lower.shape
    if k == 0:
        return BoxMoments(np.zeros(n), boxes.lower, np.zeros((n, 0, 0)))
    scale, standardised = boxes.standardised()
    formulas = partial(_formulas_or_quadrature, corner_moments, _about_the_mean)
    found = BoxMoments.empty(n, k)
    _fill(found, standardised, _needed(lattice, boxes), formulas, lattice_moments)
    return boxes.unstandardised(found, scale)


def box_scores(boxes: Boxes, lattice: Lattice | None = None) -> tuple[BoxMoments, Array]:
    """Moments within boxes of whitened z and of the products of its pairs, and R of c = R z.

    The lattice is that of `box_moments`. There is at least one variable, and R is (n, k, k). On a
    lattice moments are exact derivatives of the log-probability that `box_moments` finds.
    """
    n, k = boxes.lower.shape
    scale, standardised = boxes.standardised()
    lattice = _needed(lattice, boxes)
    formulas = partial(_formulas_or_quadrature, corner_scores, nested_scores)
    found = BoxMoments.empty(n, k * (k + 3) // 2)
    _fill(found, standardised, lattice, formulas, lattice_scores)
    if lattice is None:
        root = np.linalg.cholesky(standardised.covariance)
    else:
        root = root_in_order(standardised.covariance, lattice.order)
    return found, scale[..., :, None] * root


def _needed(lattice: Lattice | None, boxes: Boxes) -> Lattice | None:
    """The lattice, or one made from the boxes if it is None; None if there are formulas."""
    if boxes.lower.shape[1] < MIN_LATTICE_VARIABLES:
        return None
    return Lattice.of(boxes) if lattice is None else lattice


def _fill(
    found: BoxMoments,
    boxes: Boxes,
    lattice: Lattice | None,
    formulas: Callable[[Boxes], BoxMoments],
    on_lattice: Callable[[Boxes, Lattice], BoxMoments],
) -> None:
    """Fill `found` part by part: on the lattice if there is one, else by `formulas`.

    The boxes are standardised.
    """
    n, k = boxes.lower.shape
    parts: list[Any]
    if lattice is None:
        parts = slices(n, max(_NODES_AT_ONCE // RULE_ORDER ** (k - 1), 1))
    else:
        parts = list(_parts(lattice.n_points * k))

    def of_some(rows: Any) -> BoxMoments:
        some = boxes.take(rows)
        with np.errstate(all="ignore"):  # each thread has its own error state
            return formulas(some) if lattice is None else on_lattice(some, lattice.part(rows))

    n_threads = min(threads.available(), len(parts)) if len(parts) > 1 else 1
    with threads.ordered_map(of_some, parts, n_threads) as results:
        for rows, of_rows in zip(parts, results, strict=True):
            found.fill(rows, of_rows)


def _parts(counts: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    """Indices of rows with equally many nodes, in parts that are worked on at once."""
    for count in np.unique(counts):
        rows = np.flatnonzero(counts == count)
        size = max(_NODES_AT_ONCE // count, 1)
        yield from (rows[start : start + size] for start in range(0, len(rows), size))


def _formulas_or_quadrature(
    corners: Callable[[Boxes], tuple[BoxMoments, NDArray[np.bool_]]],
    quadrature: Callable[[ShiftedBoxes], BoxMoments],
    boxes: Boxes,
) -> BoxMoments:
    """Moments within boxes of up to three sides, in closed form where that keeps the digits.

    `corners` has the closed forms and says for which boxes they are exact.
    """
    n, k = boxes.lower.shape
    if k == 1:
        return quadrature(ShiftedBoxes.of(boxes))
    hopeful = np.flatnonzero(may_keep_digits(boxes))
    found, exact = corners(boxes.take(hopeful))
    within = BoxMoments.empty(n, found.mean.shape[1])
    within.fill(hopeful, found)
    rest = np.delete(np.arange(n), hopeful[exact])
    if rest.size:
        within.fill(rest, quadrature(ShiftedBoxes.of(boxes.take(rest))))
    return within


def _about_the_mean(boxes: ShiftedBoxes) -> BoxMoments:
    """Moments within boxes by quadrature, about the mean of the Gaussian."""
    found = nested_moments(boxes)
    return found._replace(mean=found.mean - boxes.mean)
