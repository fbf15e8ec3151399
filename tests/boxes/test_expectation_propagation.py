"""Expectation propagation: exact where it must be, and near elsewhere."""

import sys

import numpy as np
import pytest
from oracles import five_points, gradients_of_box

from skgauss.boxes import Boxes, box_moments
from skgauss.boxes.expectation_propagation import expectation_propagation

MODULE = sys.modules[expectation_propagation.__module__]


def covariances(rng, n, k):
    directions = np.linalg.qr(rng.normal(size=(n, k, k)))[0]
    return (directions * np.geomspace(1.0, 0.05, k)) @ directions.transpose(0, 2, 1)


def intervals(rng, n, k):
    """With two ends, with either one, and with none."""
    lower = rng.uniform(-1.5, 0.5, (n, k))
    upper = lower + rng.uniform(0.2, 2.0, (n, k))
    side = rng.integers(4, size=(n, k))
    return np.where(side % 2, -np.inf, lower), np.where(side >= 2, np.inf, upper)


@pytest.mark.parametrize("k", [1, 5])
def test_independent_features_are_exact(rng, k):
    lower, upper = intervals(rng, 20, k)
    variance = rng.uniform(0.5, 2.0, k)
    found = expectation_propagation(Boxes(lower, upper, upper - lower, np.diag(variance)))
    each = [
        box_moments(
            Boxes(*(of[:, [j]] for of in (lower, upper, upper - lower)), variance[j].reshape(1, 1))
        )
        for j in range(k)
    ]
    log_probability = sum(of.log_probability for of in each)
    np.testing.assert_allclose(found.log_probability, log_probability, atol=1e-13)
    np.testing.assert_allclose(found.mean, np.hstack([of.mean for of in each]), atol=1e-13)
    spread = np.hstack([of.covariance[:, 0] for of in each])
    np.testing.assert_allclose(found.covariance, spread[:, :, None] * np.eye(k), atol=1e-13)


@pytest.mark.parametrize("k", [2, 3, 6])
def test_near_the_exact_moments(rng, k):
    lower, upper = intervals(rng, 100, k)
    boxes = Boxes(lower, upper, upper - lower, covariances(rng, 100, k))
    for found, exact in zip(expectation_propagation(boxes), box_moments(boxes), strict=True):
        np.testing.assert_allclose(found, exact, atol=0.1)
        assert np.sqrt(np.mean((found - exact) ** 2)) < 0.02


def test_moments_are_the_derivative_of_the_log_probability(rng):
    n, k = 10, 5
    lower, upper = intervals(rng, n, k)
    width, covariance = upper - lower, covariances(rng, n, k)
    found = expectation_propagation(Boxes(lower, upper, width, covariance))
    along_mean, along_covariance = gradients_of_box(found, covariance)
    for _ in range(5):
        root = rng.normal(size=(k, k))
        shift, change = 0.1 * rng.normal(size=k), 0.001 * (root + root.T)

        def value(t, shift=shift, change=change):
            moved = lower - t * shift, upper - t * shift, width, covariance + t * change
            return expectation_propagation(Boxes(*moved)).log_probability

        exact = along_mean @ shift + (along_covariance * change).sum(axis=(1, 2))
        np.testing.assert_allclose(five_points(value, 1e-3)[0], exact, atol=1e-6)


@pytest.mark.parametrize("width", [1e-3, 1e-6, 1e-12, 1e-100])
def test_narrow_intervals(rng, width):
    """What the others say of a narrow interval's variable no longer matters."""
    n, k = 20, 5
    lower, _ = rng.normal(size=(2, n, k))
    boxes = Boxes(lower, lower + width, np.full((n, k), width), covariances(rng, n, k))
    found, exact = expectation_propagation(boxes), box_moments(boxes)
    np.testing.assert_allclose(found.log_probability, exact.log_probability, rtol=1e-4)
    np.testing.assert_allclose(found.mean, exact.mean, atol=1e-6)
    np.testing.assert_allclose(found.covariance, exact.covariance, atol=1e-6)


@pytest.mark.parametrize("distance", [10.0, 1e3, 1e6, 1e10, 1e100])
def test_far_boxes_are_numbers(rng, distance):
    upper = -distance * rng.uniform(0.5, 1.5, (20, 5))
    lower = np.full_like(upper, -np.inf)
    found = expectation_propagation(Boxes(lower, upper, upper - lower, covariances(rng, 20, 5)))
    for of in found:
        assert np.isfinite(of).all()
    assert (found.mean <= upper).all()


def test_units(rng):
    lower, upper = intervals(rng, 10, 5)
    covariance = covariances(rng, 10, 5)
    unit = 10.0 ** np.array([-100, -3, 0, 5, 100])
    units = np.outer(unit, unit)
    same = expectation_propagation(Boxes(lower, upper, upper - lower, covariance))
    found = expectation_propagation(
        Boxes(lower * unit, upper * unit, (upper - lower) * unit, covariance * units)
    )
    np.testing.assert_allclose(found.log_probability, same.log_probability, rtol=1e-12)
    np.testing.assert_allclose(found.mean / unit, same.mean, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(found.covariance / units, same.covariance, atol=1e-12)


def strongly_correlated(rng, n, k):
    """Ends and a covariance that couple the factors, so that some boxes need many sweeps."""
    lower = rng.uniform(-1.5, 2.5, (n, k))
    upper = lower + rng.uniform(0.2, 2.0, (n, k))
    side = rng.integers(4, size=(n, k))
    lower, upper = np.where(side % 2, -np.inf, lower), np.where(side >= 2, np.inf, upper)
    return lower, upper, upper - lower, 0.999 + 0.001 * np.eye(k)


@pytest.mark.parametrize("k", [3, 8])
def test_the_order_of_the_variables_has_no_influence(rng, k):
    order = rng.permutation(k)
    *ends, covariance = strongly_correlated(rng, 200, k)
    found = expectation_propagation(Boxes(*ends, covariance))
    ends = (each[:, order] for each in ends)
    other = expectation_propagation(Boxes(*ends, covariance[np.ix_(order, order)]))
    np.testing.assert_allclose(other.log_probability, found.log_probability, atol=1e-5)
    np.testing.assert_allclose(other.mean, found.mean[:, order], atol=1e-4)


@pytest.mark.parametrize("k", [3, 8])
def test_sweeps_go_on_until_the_moments_are_settled(rng, monkeypatch, k):
    """With four sweeps they are not; the fixed point is found with a tolerance near rounding."""
    boxes, found = Boxes(*strongly_correlated(rng, 200, k)), {}
    for tol, most in ((1e-12, 300), (1e-12, 4), (MODULE._TOL, MODULE._MAX_SWEEPS)):
        monkeypatch.setattr(MODULE, "_TOL", tol)
        monkeypatch.setattr(MODULE, "_MAX_SWEEPS", most)
        found[most] = expectation_propagation(boxes)
    for most, low, high in ((4, 1e-3, 1e-1), (20, 0, 1e-4)):
        assert low <= np.abs(found[most].mean - found[300].mean).max() < high
        error = np.abs(found[most].log_probability - found[300].log_probability).max()
        assert low / 10 <= error < high / 10
