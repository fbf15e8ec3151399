"""Boxes of nearly collinear values: as exact and as quick as those of any other."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import ndtr
from search.boxes import OneFactor

from skgauss.boxes import box_moments, nested
from skgauss.boxes.tilt import Tilt


def log_probabilities(boxes):
    lower, upper = (np.array([getattr(box, name) for box in boxes]) for name in ("lower", "upper"))
    correlation = np.array([box.correlation for box in boxes])
    return box_moments(lower, upper, upper - lower, correlation).log_probability


@pytest.mark.parametrize("k", [4, 6])
@pytest.mark.parametrize("condition", [1e3, 1e5, 1e7])
def test_four_features_and_more(rng, k, condition):
    boxes = [OneFactor.draw(rng, k, condition) for _ in range(150)]
    exact = np.array([box.log_probability() for box in boxes])
    likely = exact > -20.0
    np.testing.assert_allclose(log_probabilities(boxes)[likely], exact[likely], atol=0.03)


def test_a_saddle_that_is_not_found_is_no_number(monkeypatch):
    """Rather than one that is wrong."""
    box = OneFactor.draw(np.random.default_rng(0), 4, 1e5)
    assert np.isfinite(log_probabilities([box])).all()
    monkeypatch.setattr("skgauss.boxes.tilt._MOST_STEPS", 2)
    assert np.isnan(log_probabilities([box])).all()


def test_the_saddle_is_one(rng):
    """The gradient vanishes there beside what it is a thousandth of a deviation away."""
    k = 5
    coupling = np.tril(rng.normal(size=(50, k, k)), -1) * 10.0 ** rng.uniform(0, 4, (50, k, 1))
    lower = rng.normal(size=(50, k)) * 10.0 ** rng.uniform(0, 4, (50, k))
    upper = lower + 10.0 ** rng.uniform(-2, 4, (50, k))
    boxes = lower, upper, upper - lower, coupling
    tilt = Tilt.of(*boxes)
    place = np.hstack([tilt.centre[:, :-1], tilt.shift[:, :-1]])
    assert np.isfinite(place).all()
    near = Tilt._evaluate(place + 1e-3 * rng.choice([-1.0, 1.0], place.shape), *boxes)
    at, beside = (np.abs(of.gradient).max(axis=1) for of in (tilt, near))
    assert (at < 1e-4 * beside).all()


def of_a_plane(lower, upper, coefficients, correlation):
    """Probability that x, y and a x + b y are in a box: an integral over x of intervals of y."""
    a, b = coefficients
    scale = np.sqrt(1.0 - correlation**2)

    def density(x):
        ends = np.sort([(lower[2] - a * x) / b, (upper[2] - a * x) / b])
        low, high = np.clip(ends, lower[1], upper[1])
        inside = ndtr((high - correlation * x) / scale) - ndtr((low - correlation * x) / scale)
        return np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi) * inside

    corners = [(lower[2] - b * y) / a for y in (lower[1], upper[1])]
    corners += [(upper[2] - b * y) / a for y in (lower[1], upper[1])]
    inside = sorted(x for x in corners if lower[0] < x < upper[0])
    pieces = np.array([lower[0], *inside, upper[0]])
    return sum(quad(density, *ends, epsabs=1e-15)[0] for ends in zip(pieces, pieces[1:]))


@pytest.mark.parametrize("noise", [1e-4, 1e-5])
def test_three_features_near_a_plane(monkeypatch, noise):
    """Exact up to the square of the noise, by a number of nodes that hardly grows with its
    reciprocal."""
    n_nodes = 0
    univariate = nested.univariate_moments

    def counting(lower, *others):
        nonlocal n_nodes
        n_nodes += len(lower)
        return univariate(lower, *others)

    monkeypatch.setattr(nested, "univariate_moments", counting)
    coefficients, correlation = np.array([0.6, -0.7]), 0.3
    plane = np.array([[1.0, 0.0], [0.0, 1.0], coefficients])
    covariance = plane @ [[1.0, correlation], [correlation, 1.0]] @ plane.T
    covariance[2, 2] += noise**2
    lower, upper = np.array([-1.3, -1.6, -1.5]), np.array([0.4, 0.3, -0.1])
    ends = lower[None], upper[None]
    scale = np.sqrt(covariance.diagonal())
    boxes = nested.Boxes(
        *(end / scale for end in ends),
        np.zeros((1, 3)),
        *(of[None] for of in (covariance / np.outer(scale, scale),)),
        np.linalg.inv(covariance / np.outer(scale, scale))[None],
    )
    found = nested.nested_moments(boxes).log_probability[0]
    exact = np.log(of_a_plane(lower, upper, coefficients, correlation))
    np.testing.assert_allclose(found, exact, atol=10 * noise**2 + 1e-7)
    assert n_nodes < 400_000


def test_a_tail_of_three_nearly_dependent_features_is_quick(monkeypatch):
    """At any smallest eigenvalue; the limit is that of the two that depend on each other."""
    counts = []
    univariate = nested.univariate_moments

    def counting(lower, *others):
        counts.append(len(lower))
        return univariate(lower, *others)

    monkeypatch.setattr(nested, "univariate_moments", counting)
    directions = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    upper = -np.array([[1.7, 2.9, 3.6]])
    for least in (1e-2, 1e-6, 1e-10):
        covariance = (directions * [1.0, 0.5, least]) @ directions.T
        lower, width = np.full((1, 3), -np.inf), np.full((1, 3), np.inf)
        assert np.isfinite(box_moments(lower, upper, width, covariance).log_probability).all()
    assert sum(counts) < 200_000
