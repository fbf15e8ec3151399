"""Boxes of nearly collinear values: as exact and as quick as those of any other."""

from itertools import pairwise

import numpy as np
import pytest
from marks import each_value, exhaustive
from scipy.integrate import quad
from scipy.special import ndtr
from search.boxes import OneFactor
from sklearn.exceptions import ConvergenceWarning

from skgauss import GaussianGradientMLE
from skgauss.boxes import Boxes, BoxMoments, box_moments, integration, nested


def log_probabilities(boxes):
    lower, upper = (np.array([getattr(box, name) for box in boxes]) for name in ("lower", "upper"))
    correlation = np.array([box.correlation for box in boxes])
    return box_moments(Boxes(lower, upper, upper - lower, correlation)).log_probability


@each_value(k=[4, 6], condition=[1e3, 1e5, 1e7])
def test_four_features_and_more(rng, k, condition):
    boxes = [OneFactor.draw(rng, k, condition) for _ in range(60)]
    exact = np.array([box.log_probability() for box in boxes])
    likely = exact > -20.0
    np.testing.assert_allclose(log_probabilities(boxes)[likely], exact[likely], atol=0.03)


def test_a_saddle_that_is_not_found_is_no_number(monkeypatch):
    """Rather than one that is wrong."""
    box = OneFactor.draw(np.random.default_rng(0), 4, 1e5)
    assert np.isfinite(log_probabilities([box])).all()
    monkeypatch.setattr("skgauss.boxes.minimax_tilting._MAX_NEWTON_STEPS", 2)
    assert np.isnan(log_probabilities([box])).all()


def test_far_boxes_have_a_saddle_too(rng):
    """Hundreds of deviations away, at any condition that float64 can tell from a plane."""
    for condition in (1e4, 1e6, 1e8):
        boxes = [OneFactor.draw(rng, 5, condition) for _ in range(50)]
        far = [
            box._replace(lower=box.lower + move, upper=box.upper + move)
            for box, move in zip(boxes, rng.uniform(-300.0, 300.0, 50), strict=True)
        ]
        assert np.isfinite(log_probabilities(far)).all()


@exhaustive
def test_a_fit_is_the_same_in_another_unit(rng):
    """That no power of two takes to the first: the points of the lattice are the same."""
    X = rng.normal(size=(60, 4)) @ rng.normal(size=(4, 4)) * [1.0, 1.0, 1.0, 0.1] + 3.0
    limits = np.quantile(X, 0.6, axis=0)
    lower, upper = np.where(limits < X, X, np.nan), np.maximum(X, limits)
    unit = np.array([1e-3, 0.7, 3.0, 1e5])
    model = GaussianGradientMLE().fit(lower, X_upper=upper)
    other = GaussianGradientMLE().fit(lower * unit, X_upper=upper * unit)
    moved = (other.mean_ / unit - model.mean_) / model.scale_
    np.testing.assert_allclose(moved, 0.0, atol=1e-9)
    np.testing.assert_allclose(other.scale_ / unit, model.scale_, rtol=1e-9)


def counted(monkeypatch):
    """Nodes of each call of the innermost integral, as they come."""
    counts, univariate = [], nested.univariate_moments

    def counting(lower, *others):
        counts.append(len(lower))
        return univariate(lower, *others)

    monkeypatch.setattr(nested, "univariate_moments", counting)
    return counts


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
    return sum(quad(density, *ends, epsabs=1e-15)[0] for ends in pairwise(pieces))


@pytest.mark.parametrize("noise", [1e-4, 1e-5])
def test_three_features_near_a_plane(monkeypatch, noise):
    """Exact up to the square of the noise, by nodes whose number hardly grows."""
    counts = counted(monkeypatch)
    coefficients, correlation = np.array([0.6, -0.7]), 0.3
    plane = np.array([[1.0, 0.0], [0.0, 1.0], coefficients])
    covariance = plane @ [[1.0, correlation], [correlation, 1.0]] @ plane.T
    covariance[2, 2] += noise**2
    lower, upper = np.array([-1.3, -1.6, -1.5]), np.array([0.4, 0.3, -0.1])
    precision = np.linalg.inv(covariance)
    boxes = (of[None] for of in (lower, upper, np.zeros(3), covariance, precision))
    found = nested.nested_moments(nested.ShiftedBoxes(*boxes)).log_probability[0]
    exact = np.log(of_a_plane(lower, upper, coefficients, correlation))
    np.testing.assert_allclose(found, exact, atol=10 * noise**2 + 1e-7)
    assert sum(counts) < 400_000


def test_a_tail_of_three_nearly_dependent_features_is_quick(monkeypatch):
    """At any smallest eigenvalue; the limit is that of the two that depend on each other."""
    counts = counted(monkeypatch)
    directions = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    upper = -np.array([[1.7, 2.9, 3.6]])
    for least in (1e-2, 1e-6, 1e-10):
        covariance = (directions * [1.0, 0.5, least]) @ directions.T
        boxes = Boxes(np.full((1, 3), -np.inf), upper, np.full((1, 3), np.inf), covariance)
        assert np.isfinite(box_moments(boxes).log_probability).all()
    assert sum(counts) < 200_000


@pytest.mark.parametrize("solver", ["natural", "gradient", "coordinate", "lbfgs"])
def test_a_climb_whose_boxes_cease_to_have_numbers_stalls(monkeypatch, solver):
    """No bare error of linear algebra leaves `fit`, nor is anything called converged."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 4)) + rng.normal(size=(40, 1))
    X = X[(np.abs(X) < 1.5).all(axis=1)]
    calls, of_lattice = [], integration.lattice_moments

    def ceasing(*boxes):
        calls.append(boxes)
        found = of_lattice(*boxes)
        return found if len(calls) <= 6 else BoxMoments(*(np.nan * of for of in found))

    monkeypatch.setattr(integration, "lattice_moments", ceasing)
    model = GaussianGradientMLE(solver=solver, truncation_limits=(-1.5, 1.5))
    with pytest.warns(ConvergenceWarning, match="stalled"):
        assert not model.fit(X).converged_


@exhaustive
def test_few_rows_near_a_singular_covariance_are_given_up():
    """Six rows of four features: the climb creeps along the edge for hundreds of steps."""
    rng = np.random.default_rng(3)
    X = rng.standard_normal((6, 4))
    exact = rng.random(X.shape) < 0.5
    lower = np.where(exact, X, np.floor(X))
    model = GaussianGradientMLE()
    with pytest.warns(ConvergenceWarning, match="keeps rising as the covariance becomes singular"):
        model.fit(lower, X_upper=np.where(exact, X, lower + 1.0))
    assert model.stop_reason_ == "unbounded"
    assert model.n_iter_ < 100
