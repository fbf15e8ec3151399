r"""Scores within boxes of two or three variables: means and covariances in closed form.

These need moments up to order four. With c = R z and z whitened, the divergence theorem lowers the
order of a moment over the box:

.. math::

    \int z_a f \varphi = \int \partial_a f \varphi - \oint f \varphi \, n_a ,

where :math:`\varphi` is the density of z and n the outward normal of a side of the box. On a side z
is constant along the normal. Across it z is whitened again, within a box of one variable fewer. No
moment is divided by a conditional variance, so that nearly dependent variables lose no digits.
Unlikely and narrow boxes do, as in `corner_moments`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from .._half_vectorization import half_vectorization
from .._typing import Array
from .base import LOG_ROOT_2PI, Boxes, BoxMoments
from .bivariate_trivariate import OTHERS, corner_moments, rectangle


def corner_scores(boxes: Boxes) -> tuple[BoxMoments, NDArray[np.bool_]]:
    """Moments of z and its products within standardised boxes of R z, and which are exact.

    R is the Cholesky factor of the correlation. Inexact boxes stay empty.
    """
    within, exact = corner_moments(boxes)
    lower, upper, _, correlation = boxes.take(exact)
    total = np.exp(within.log_probability[exact])
    root = np.linalg.cholesky(correlation).astype(np.float64, copy=False)
    integrals = _integrals(4, np.stack([lower, upper]), root, total)
    first, second, third, fourth = ((of.T / total).T for of in integrals[1:])
    left, right, *_ = half_vectorization(lower.shape[1])
    third, fourth = third[:, :, left, right], fourth[:, left, right][:, :, left, right]
    mean = np.hstack([first, second[:, left, right]])
    raw = np.block([[second, third], [third.transpose(0, 2, 1), fourth]])
    covariance = raw - mean[:, :, None] * mean[:, None]
    found = BoxMoments.empty(len(exact), mean.shape[1])
    found.fill(exact, BoxMoments(within.log_probability[exact], mean, covariance))
    return found, exact


def _integrals(order: int, ends: Array, root: Array, total: Array) -> list[Array]:
    """Integrals over lower < R z <= upper of all products of up to `order` whitened variables z.

    Parameters
    ----------
    ends : ndarray of shape (2, n, k)
    root : ndarray of shape (n, k, k)
        R, whose rows have length one.
    total : ndarray of shape (n,)
        The probabilities of the boxes.

    Returns
    -------
    list of ndarray of shape (n, k, ..., k)
        One array for each order, from 0 on.
    """
    _, n, k = ends.shape
    found = [total]
    row, variable, at_upper = side = np.nonzero(np.isfinite(ends).transpose(1, 2, 0))
    place = ends[at_upper, row, variable]
    normal = root[row, variable]
    frame = _frame(normal)
    flux = np.exp(-0.5 * place * place - LOG_ROOT_2PI) * np.where(at_upper, 1.0, -1.0)
    by_order = _side_integrals(order - 1, ends[:, row], root[row], variable, place, frame)
    on_side = by_order[0]
    for m in range(order):
        if m:
            on_side = _with_constant(m, by_order[m], on_side, place)
        lost = np.zeros((n, k, 2, k, k**m))
        lost[side] = (flux[:, None] * normal)[:, :, None] * _turned(on_side, frame)
        higher = -lost.sum(axis=(1, 2)).reshape(n, *[k] * (m + 1))
        for axis in range(m):
            kept = np.multiply.outer(found[m - 1], np.eye(k))
            higher += np.moveaxis(kept, (-2, -1), (1, 2 + axis))
        found.append(higher)
    return found


def _frame(normal: Array) -> Array:
    """Orthogonal matrices, (n, k, k), with these unit vectors, (n, k), as their first columns."""
    sign = np.where(normal[:, :1] < 0.0, -1.0, 1.0)
    vector = normal.copy()
    vector[:, :1] += sign
    length = (vector * vector).sum(axis=1)[:, None, None]
    turned = vector[:, :, None] * vector[:, None] * (2.0 / length) - np.eye(normal.shape[1])
    return sign[:, :, None] * turned


def _side_integrals(
    order: int, ends: Array, root: Array, variable: NDArray[np.intp], place: Array, frame: Array
) -> list[Array]:
    """Integrals over each side of products of z along all columns of its frame but the first."""
    n, k = len(place), root.shape[1]
    if k == 1:
        return [np.ones(n), *(np.zeros((n, *[0] * m)) for m in range(1, order + 1))]
    row, others = np.arange(n)[:, None], OTHERS[k][variable]
    roots = root[row, others] @ frame
    scale = np.sqrt((roots[:, :, 1:] ** 2).sum(axis=2))
    ends = (ends[:, row, others] - roots[:, :, 0] * place[:, None]) / scale
    roots = roots[:, :, 1:] / scale[:, :, None]
    if k == 2:
        total = ndtr(ends[1, :, 0]) - ndtr(ends[0, :, 0])
    else:
        total = rectangle(ends[0], ends[1], (roots[:, 0] * roots[:, 1]).sum(axis=1))
    return _integrals(order, ends, roots, total) if order else [total]


def _with_constant(m: int, of_others: Array, of_fewer: Array, constant: Array) -> Array:
    """Integrals, (n, k, ..., k), of all products of m variables, the first of which is a constant.

    `of_others` has the integrals without the constant, `of_fewer` those of m - 1 variables.
    """
    n, k = len(constant), 1 + of_others.shape[1]
    found = np.empty((n, *[k] * m))
    found[(slice(None), *[slice(1, None)] * m)] = of_others
    lower = constant.reshape(n, *[1] * (m - 1)) * of_fewer
    for axis in range(m):
        np.moveaxis(found, 1 + axis, 1)[:, 0] = lower
    return found


def _turned(tensor: Array, frame: Array) -> Array:
    """Tensors, (n, k, ..., k), with each index rotated by frames, (n, k, k): (n, 1, k ** m)."""
    n, k, _ = frame.shape
    size = k ** (tensor.ndim - 1)
    turned = tensor.reshape(n, size)
    for _ in range(tensor.ndim - 1):
        turned = (frame @ turned.reshape(n, k, size // k)).transpose(0, 2, 1)
    return turned.reshape(n, 1, size)
