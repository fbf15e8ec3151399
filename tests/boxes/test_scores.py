"""Moments up to order four within boxes: the covariance of whitened variables and products."""

from itertools import pairwise

import mpmath
import numpy as np
import pytest
from marks import each_value

from skgauss._half_vectorization import half_vectorization
from skgauss._typing import EPS
from skgauss.boxes import Boxes, Lattice, box_moments, box_scores
from skgauss.boxes.corner_scores import corner_scores
from skgauss.boxes.nested import ShiftedBoxes
from skgauss.boxes.nested_scores import nested_scores

INF = np.inf
CONDITIONS = [1.0, 1e3, 1e5]


def correlation_of(rng, k, condition):
    rotation, _ = np.linalg.qr(rng.standard_normal((k, k)))
    covariance = (rotation * np.geomspace(1.0, 1 / condition, k)) @ rotation.T
    scale = np.sqrt(covariance.diagonal())
    return covariance / np.outer(scale, scale)


def boxes(rng, n, k, condition, kind):
    """Ends and widths, (n, k), of boxes that a draw is in, or of such in a tail; a correlation."""
    correlation = correlation_of(rng, k, condition)
    X = rng.multivariate_normal(np.zeros(k), correlation, n, method="cholesky")
    lower, upper = np.full((2, n, k), [[[-INF]], [[INF]]])
    if kind == "below limits":
        upper = X + rng.exponential(0.5, X.shape)
    elif kind == "tails":
        upper = np.minimum(X, 0.0) - rng.exponential(3.0, X.shape)
    else:
        width = 10.0 ** rng.uniform(*{"narrow": (-8, -3), "cells": (-2, 1)}[kind], X.shape)
        lower = X - width * rng.random(X.shape)
        return lower, lower + width, width, correlation
    return lower, upper, upper - lower, correlation


def mean_scores(lower, upper, width, root, lattice, mean, turn):
    """Means of z and its products, c = R z, under a Gaussian with mean R p and factor R Q."""
    k = len(mean)
    factor, moved = root @ turn, (root @ mean[:, None])[:, :, 0]
    covariance = factor @ factor.transpose(0, 2, 1)
    within = box_moments(Boxes(lower - moved, upper - moved, width, covariance), lattice)
    first = np.linalg.solve(root, (within.mean + moved)[:, :, None])[:, :, 0]
    inverse = np.linalg.inv(root)
    second = inverse @ within.covariance @ inverse.transpose(0, 2, 1)
    second += first[:, :, None] * first[:, None]
    left, right, *_ = half_vectorization(k)
    return np.hstack([first, second[:, left, right]])


def natural_derivatives(*of_boxes, k, step=1e-3):
    """Derivatives of the mean scores along the natural parameters of z, by five points."""
    found = []
    left, right, *_ = half_vectorization(k)
    directions = np.eye(k + len(left))
    for direction in directions:

        def at(t, direction=direction):
            form = np.zeros((k, k))
            form[left, right] += direction[k:]
            form[right, left] += direction[k:]
            covariance = np.linalg.inv(np.eye(k) - t * form)
            return mean_scores(
                *of_boxes, covariance @ (t * direction[:k]), np.linalg.cholesky(covariance)
            )

        near, far = (at(s * step) - at(-s * step) for s in (1, 2))
        found.append((8 * near - far) / (12 * step))
    return np.stack(found, axis=1)


@each_value(
    up_to=2,
    k=[5, 4, 6, 8],
    condition=CONDITIONS,
    kind=["below limits", "tails", "cells", "narrow"],
    n_points=[127, 1_009],
)
def test_on_a_lattice_they_are_the_derivative_of_the_very_sum(rng, k, condition, kind, n_points):
    lower, upper, width, correlation = boxes(rng, 6, k, condition, kind)
    its_boxes = Boxes(lower, upper, width, correlation)
    lattice = Lattice.of(its_boxes, n_points=n_points)
    found, root = box_scores(its_boxes, lattice)
    np.testing.assert_allclose(root @ root.transpose(0, 2, 1), [correlation] * 6, atol=1e-13)
    np.testing.assert_array_equal(found.covariance, found.covariance.transpose(0, 2, 1))
    step = 1e-3 if condition < 1e5 else 1e-4
    expected = natural_derivatives(lower, upper, width, root, lattice, k=k, step=step)
    size = np.maximum(np.abs(expected).max(axis=(1, 2), keepdims=True), 1.0)
    # The differences' own error, and the rounding that `lattice_scores` tells of.
    tolerance = 1e-8 + 200 * EPS * condition**2
    assert (np.abs(found.covariance - expected) < tolerance * size).all()
    of_mean = mean_scores(lower, upper, width, root, lattice, np.zeros(k), np.eye(k))
    size = np.maximum(np.abs(of_mean).max(axis=1, keepdims=True), 1.0)
    assert (np.abs(found.mean - of_mean) < 1e-9 * size).all()
    within = box_moments(its_boxes, lattice)
    np.testing.assert_allclose(found.log_probability, within.log_probability, rtol=1e-12)


def in_fifty_digits(lower, upper, root):
    """The covariance of z and its products in a box of two sides."""
    with mpmath.workdps(50):
        a, b, c = (mpmath.mpf(float(root[where])) for where in ((0, 0), (1, 0), (1, 1)))
        (l1, l2), (u1, u2) = ([mpmath.mpf(float(x)) for x in end] for end in (lower, upper))

        def moments_of_second(x):
            near, far = (l2 - b * x) / c, (u2 - b * x) / c
            if near > 0:  # where the upper tail keeps its digits
                probability = (
                    mpmath.erfc(near / mpmath.sqrt(2)) - mpmath.erfc(far / mpmath.sqrt(2))
                ) / 2
            else:
                probability = mpmath.ncdf(far) - mpmath.ncdf(near)
            found = [probability]
            for order in range(1, 5):
                ends = (
                    end ** (order - 1) * mpmath.npdf(end) if mpmath.isfinite(end) else mpmath.mpf(0)
                    for end in (near, far)
                )
                below = (order - 1) * found[order - 2] if order > 1 else mpmath.mpf(0)
                found.append(below + next(ends) - next(ends))
            return found

        start, end = max(l1 / a, mpmath.mpf(-14)), min(u1 / a, mpmath.mpf(14))
        # Where the second variable comes into its interval and leaves it, as seen from the first.
        ends = [x for x in (l2, u2) if mpmath.isfinite(x) and b]
        turns = [x / b + s * c / b for x in ends for s in (-8, -3, 0, 3, 8)]
        turns += [start + 0.02, end - 0.02]  # the density may lie next to an end
        places = sorted({start, end, *(x for x in [*turns, *range(-9, 10, 3)] if start < x < end)})
        powers = [(i, j) for i in range(5) for j in range(5 - i)]
        node, weight = np.polynomial.legendre.leggauss(24)
        total = dict.fromkeys(powers, mpmath.mpf(0))
        for left, right in pairwise(places):
            for t, w in zip(node, weight, strict=True):
                x = left + (right - left) * (1 + mpmath.mpf(float(t))) / 2
                density = mpmath.npdf(x) * mpmath.mpf(float(w)) * (right - left)
                second = moments_of_second(x)
                for i, j in powers:
                    total[i, j] += density * x**i * second[j]
        scores = [(1, 0), (0, 1), (2, 0), (1, 1), (0, 2)]

        def mean(one):
            return total[one] / total[0, 0]

        return np.array(
            [
                [
                    float(mean((one[0] + two[0], one[1] + two[1])) - mean(one) * mean(two))
                    for two in scores
                ]
                for one in scores
            ]
        )


@pytest.mark.parametrize("correlation", [0.0, 0.9, -0.9999, 1 - 1e-6])
@pytest.mark.parametrize("kind", ["below", "far", "cell", "narrow"])
def test_two_sides_in_many_digits(correlation, kind):
    lower, upper = {
        "below": ([-INF, -INF], [0.3, -0.6]),
        "far": ([3.0, -INF], [INF, 4.0]) if correlation > 0 else ([2.0, -INF], [INF, -1.5]),
        "cell": ([-0.4, -0.7], [0.9, 0.8]),
        "narrow": ([0.2, -0.3], [0.201, 0.5]),
    }[kind]
    lower, upper = np.array([lower]), np.array([upper])
    covariance = np.array([[[1.0, correlation], [correlation, 1.0]]])
    found, root = box_scores(Boxes(lower, upper, upper - lower, covariance))
    expected = in_fifty_digits(lower[0], upper[0], root[0])
    size = max(np.abs(expected).max(), 1.0)
    np.testing.assert_allclose(found.covariance[0], expected, atol=1e-9 * size)


@each_value(k=[2, 3], condition=[1.0, 1e2, 1e4, 1e6], kind=["below limits", "cells"])
def test_closed_forms_and_quadrature_agree(rng, k, condition, kind):
    """Where the closed forms are said to be exact."""
    lower, upper, width, correlation = boxes(rng, 30, k, condition, kind)
    its_boxes = Boxes(lower, upper, width, np.broadcast_to(correlation, (30, k, k)))
    found, exact = corner_scores(its_boxes)
    assert exact.any()
    expected = nested_scores(ShiftedBoxes.of(its_boxes.take(exact)))
    for closed, integral in zip(found, expected, strict=True):
        np.testing.assert_allclose(closed[exact], integral, atol=1e-8)


@pytest.mark.parametrize(("k", "tolerance"), [(1, 1e-9), (2, 1e-9), (3, 1e-9), (4, 1e-3)])
def test_independent_variables_have_products_of_moments(rng, k, tolerance):
    """In tails and narrow intervals, too: by quadrature of each variable alone."""
    lower = rng.normal(0.0, 2.0, (10, k))
    width = 10.0 ** rng.uniform(-4, 1, (10, k))
    upper = lower + width
    its_boxes = Boxes(lower, upper, width, np.eye(k))
    lattice = Lattice.of(its_boxes, n_points=30_011) if k == 4 else None
    found, root = box_scores(its_boxes, lattice)
    node, weight = np.polynomial.legendre.leggauss(120)
    z = lower[:, :, None] + (1 + node) / 2 * width[:, :, None]
    density = weight * np.exp(-0.5 * z * z + 0.5 * (z * z).min(axis=2, keepdims=True))
    density /= density.sum(axis=2, keepdims=True)
    order = np.abs(root).argmax(axis=1)  # in which the variables are whitened
    z, density = (np.take_along_axis(of, order[:, :, None], axis=1) for of in (z, density))
    moments = np.stack([(density * z**power).sum(axis=2) for power in range(5)])
    left, right, *_ = half_vectorization(k)
    one = np.eye(k, dtype=int)
    powers = np.vstack([one, one[left] + one[right]])

    def mean(power):
        return np.prod([moments[p, :, j] for j, p in enumerate(power)], axis=0)

    expected = [[mean(a + b) - mean(a) * mean(b) for a in powers] for b in powers]
    expected = np.moveaxis(expected, -1, 0)
    size = np.maximum(np.abs(expected).max(axis=(1, 2), keepdims=True), 1.0)
    assert (np.abs(found.covariance - expected) < tolerance * size).all()
