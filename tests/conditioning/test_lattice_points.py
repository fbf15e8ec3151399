"""How many points the boxes of rows and of windows get, and what that leaves of an estimate."""

import numpy as np
import pytest
from marks import each_value, exhaustive
from oracles import coarse_log_likelihood
from search import windows
from search.boxes import OneFactor
from sklearn.base import clone

from skgauss import GaussianGradientMLE
from skgauss.boxes import N_POINTS, Boxes, Lattice, box_moments
from skgauss.conditioning import (
    intervals,
    lattice_of_step,
    lattice_of_window,
    lattice_points,
    score_moments,
    suits_window,
)
from skgauss.conditioning.lattice_points import lattice_of_rows
from skgauss.conditioning.scores import mean_scores
from skgauss.inference import likelihood_of
from skgauss.likelihoods import truncated_full

FEWEST = 127
WINDOW = Boxes.single(np.full(4, -1.0), np.full(4, 2.0), np.full(4, 3.0), 0.5 + 0.5 * np.eye(4))


def rows(condition, n=20, k=4):
    rng = np.random.default_rng(0)
    boxes = [OneFactor.draw(rng, k, condition) for _ in range(n)]
    lower, upper = (np.array([getattr(box, end) for box in boxes]) for end in ("lower", "upper"))
    covariance = np.array([box.correlation for box in boxes])
    known = np.where(np.isfinite(lower), lower, 9.0)
    return Boxes(lower, upper, upper - lower, covariance), known


def test_tame_boxes_have_few_points():
    lattice = lattice_of_rows(*rows(1.0), np.ones(20))
    assert (lattice.n_points == FEWEST).mean() > 0.8
    assert lattice.n_points.max() < 2_000


@each_value(k=[4, 6], condition=[1.0, 100.0])
def test_few_points_tell_the_scores_as_well_as_promised(k, condition):
    """Of equally weighted rows the root mean square is what moves an estimate."""
    boxes, known = rows(condition, 60, k)
    lattice = lattice_of_rows(boxes, known, np.ones(60))
    inverse = np.linalg.inv(np.linalg.cholesky(boxes.covariance))
    scores = []
    for each in (lattice, Lattice.of(boxes, known, 10_007)):
        within = box_moments(boxes, each)
        scores.append(mean_scores(inverse, within.mean, within.covariance))
    errors = np.sqrt(np.mean((scores[0] - scores[1]) ** 2, axis=0))
    assert errors.max() < 0.002


def test_nearly_collinear_boxes_get_points_until_their_probability_is_right():
    boxes, known = rows(1e5)
    lattice = lattice_of_rows(boxes, known, np.full(20, 100.0))
    some = lattice.n_points > FEWEST
    rng = np.random.default_rng(0)
    exact = np.array([OneFactor.draw(rng, 4, 1e5).log_probability() for _ in range(20)])
    coarse = Lattice.of(boxes, known, FEWEST)
    errors = [
        np.sqrt(np.mean((box_moments(boxes, each).log_probability - exact)[some] ** 2))
        for each in (coarse, lattice)
    ]
    assert errors[1] < errors[0] / 3


def test_rows_of_more_weight_get_more_points(monkeypatch):
    boxes = rows(1e5)
    few = lattice_of_rows(*boxes, np.ones(20)).n_points
    many = lattice_of_rows(*boxes, np.full(20, 100.0)).n_points
    assert (many >= few).all()
    assert (many > few).any()
    monkeypatch.setattr(lattice_points, "_PROMISED_ERROR", 0.0002)
    np.testing.assert_array_equal(lattice_of_rows(*boxes, np.ones(20)).n_points, many)
    monkeypatch.setattr(lattice_points, "_MAX_POINTS", 1)
    monkeypatch.setattr(lattice_points, "_MAX_POINTS_RATIO", 1)
    assert (lattice_of_rows(*boxes, np.ones(20)).n_points <= N_POINTS).all()


def below_limits(k):
    """A Gaussian and limits of its k features, so that an exact probability is at hand."""
    rng = np.random.default_rng(k)
    loading = rng.uniform(0.5, 0.9, k) * rng.choice([-1, 1], k)
    limits = np.full(k, -np.inf), rng.uniform(-0.5, 1.0, k)
    return OneFactor(*limits, loading, np.sqrt(1 - loading**2))


@each_value(k=[4, 5, 6], n=[100, 20_000])
def test_equal_rows_do_not_add_up_the_error_of_their_lattice(k, n):
    """Nor does their weight, if they are one row; and the lattice is that of known parameters."""
    box = below_limits(k)
    X, upper = np.full((n, k), np.nan), np.tile(box.upper, (n, 1))
    known = {"fixed_mean": np.zeros(k), "fixed_covariance": box.correlation}
    model = GaussianGradientMLE(**known).fit(X, X_upper=upper)
    score = model.score(X, X_upper=upper)
    assert n * abs(score - box.log_probability()) < 0.1
    assert score == pytest.approx(model.log_likelihood_, rel=1e-12)
    by_itself = model.score_samples(X[:1], X_upper=upper[:1])  # whatever rows are beside it
    assert (model.score_samples(X, X_upper=upper) == by_itself).all()
    assert by_itself == pytest.approx(box.log_probability(), abs=0.002)
    one_row = model.score(X[:1], X_upper=upper[:1], sample_weight=[n])
    assert score == pytest.approx(one_row, rel=1e-12)
    assert model.aic(X, X_upper=upper) == pytest.approx(-2 * n * box.log_probability(), abs=0.2)


@pytest.mark.parametrize("k", [4, 6, pytest.param(8, marks=exhaustive)])
def test_the_lattice_of_a_window_with_gaps_is_that_of_known_parameters(k):
    box, n = below_limits(k), 20_000
    lower = box.upper - np.linspace(1.0, 2.0, 5 * k).reshape(k, 5).T
    upper, gap = lower.copy(), np.eye(5, k, dtype=bool)
    lower[gap], upper[gap] = -np.inf, np.tile(box.upper, (5, 1))[gap]
    known = {"fixed_mean": np.zeros(k), "fixed_covariance": box.correlation}
    model = GaussianGradientMLE(**known, truncation_limits=(None, box.upper))
    model.fit(np.where(gap, np.nan, lower), sample_weight=np.full(5, n / 5))
    expected = coarse_log_likelihood(lower, upper, np.zeros(k), box.correlation)
    assert n * abs(model.log_likelihood_ - expected + box.log_probability()) < 0.1


def test_a_window_gets_the_points_that_its_rows_can_tell():
    few, many = (int(lattice_of_window(WINDOW, weight).n_points[0]) for weight in (30.0, 1e9))
    assert few < 5_000 < many


def window_of(sample, mean, covariance):
    """The window of a sample as a box about the mean of a Gaussian."""
    lower, upper = (sample.lower - mean)[None], (sample.upper - mean)[None]
    return Boxes(lower, upper, upper - lower, covariance[None])


@pytest.mark.parametrize("seed", [15, 28])
def test_a_window_gets_the_points_that_an_estimate_needs(seed):
    """Of a Gaussian far wider than its sample, whose scores vary little and so must be exact."""
    sample = windows.draw(seed)
    boxes = window_of(sample, np.zeros(5), sample.covariance)
    most = Lattice.of(boxes, n_points=windows.MOST_POINTS)
    _, (information,), root = score_moments(boxes, most)
    scores = []
    for each in (lattice_of_window(boxes, sample.n), most):
        within = box_moments(boxes, each)
        scores.append(mean_scores(np.linalg.inv(root), within.mean, within.covariance)[0])
    error = scores[0] - scores[1]
    assert np.sqrt(sample.n * error @ np.linalg.solve(information, error)) < 0.01


@pytest.mark.parametrize("seed", [15, 28])
def test_the_lattice_of_a_sample_does_not_suit_a_far_wider_parent(seed):
    sample = windows.draw(seed)
    narrow = window_of(sample, sample.mean_inside, sample.covariance_inside)
    lattice = lattice_of_window(narrow, sample.n)
    assert suits_window(lattice, narrow, sample.n)
    assert not suits_window(lattice, window_of(sample, np.zeros(5), sample.covariance), sample.n)


@each_value(has=[503, 2_003, 10_007, 30_011, 100_003], needed=[10_007, None], few=[False, True])
def test_a_step_takes_the_fewest_points_that_are_enough(monkeypatch, has, needed, few):
    """It tries no more than the lattice has, and takes all of these if fewer are not enough.

    If there may be many steps, the most points of all are replaced by the fewest.
    """
    boxes = window_of(windows.draw(15), np.zeros(5), windows.draw(15).covariance)
    distance, tried = lattice_points._distance_of_moments, []

    def seen(lattice, boxes):
        tried.append(lattice.n_points[0])
        return distance(lattice, boxes)

    monkeypatch.setattr(lattice_points, "_distance_of_moments", seen)
    if needed is None:
        monkeypatch.setattr(lattice_points, "_PROMISED_ERROR", 0.0)
    lattice = Lattice.of(boxes, n_points=has)
    found = lattice_of_step(lattice, boxes, of_few_steps=few)
    most = 503 if has == 100_003 and not few else has
    assert found.n_points[0] == min(has, needed or most)
    assert all(count < has for count in tried)
    np.testing.assert_array_equal(found.shift, lattice.shift)


def test_shares_get_the_points_of_rows(monkeypatch):
    """Weights that add up to 1 are those of rows, each of which is told as well as ever."""
    boxes = rows(1e5)
    of_rows, of_shares = (lattice_of_rows(*boxes, np.full(20, each)) for each in (1.0, 0.05))
    np.testing.assert_array_equal(of_shares.n_points, of_rows.n_points)
    of_rows, of_shares = (lattice_of_window(WINDOW, weight) for weight in (10_000.0, 1.0))
    assert of_shares.n_points[0] == of_rows.n_points[0]
    assert lattice_of_window(WINDOW, 3.0).n_points[0] < of_rows.n_points[0]
    monkeypatch.setattr(lattice_points, "MIN_ROWS", 4.0)
    assert lattice_of_window(WINDOW, 3.0).n_points[0] == of_rows.n_points[0]
    monkeypatch.setattr(lattice_points, "_ROWS_OF_SHARES", 1.0)
    assert lattice_of_window(WINDOW, 1.0).n_points[0] < of_rows.n_points[0]


def test_a_window_with_gaps_gets_the_points_of_correlated_features(monkeypatch):
    """Though no row shows enough for a guess that has correlations."""
    rng = np.random.default_rng(6)
    X = rng.multivariate_normal(np.zeros(6), 0.3 + 0.7 * np.eye(6), 9_000)
    X = X[(X > -1.0).all(axis=1)][:2_000]
    X[np.arange(len(X)), rng.integers(6, size=len(X))] = np.nan
    model = GaussianGradientMLE(truncation_limits=(-1.0, None))
    found = clone(model).fit(X)

    def with_many_points(box, weight):
        return Lattice.of(box, n_points=30_011)

    monkeypatch.setattr(truncated_full, "lattice_of_window", with_many_points)
    exact = clone(model).fit(X)
    errors = exact.standard_errors()
    assert (np.abs(exact.mean_ - found.mean_) / errors.mean).max() < 0.01
    assert (np.abs(exact.scale_ - found.scale_) / errors.scale).max() < 0.01


@pytest.mark.parametrize("seed", [8, pytest.param(34, marks=exhaustive)])
def test_scores_of_rows_are_0_where_a_climb_ends_far_from_where_it_began(monkeypatch, seed):
    """On the lattices of its beginning they are off by 0.003 standard errors and more."""
    rng = np.random.default_rng([seed, 9])
    n, correlation, limit = rng.integers(60, 250), rng.uniform(0.5, 0.97), rng.uniform(0.3, 1.2)
    covariance = correlation + (1 - correlation) * np.eye(4)
    X = rng.multivariate_normal(np.zeros(4), covariance, int(n))
    model = GaussianGradientMLE(censoring_limits=(limit, None)).fit(X)
    assert model.converged_

    def with_most_points(boxes, known, weights):
        return Lattice.of(boxes, known, 100_003)

    monkeypatch.setattr(intervals, "lattice_of_rows", with_most_points)
    at = likelihood_of(model).evaluate(model.mean_, model._gaussian.factor)
    assert at.natural_gradient_norm * np.sqrt(n) < 0.002


@exhaustive
def test_a_truncated_estimate_is_that_of_the_most_points(monkeypatch):
    rng = np.random.default_rng(1)
    X = rng.multivariate_normal(np.full(4, 0.2), 0.5 + 0.5 * np.eye(4), 2000)
    X = X[(np.abs(X) <= 1.5).all(axis=1)][:400]
    model = GaussianGradientMLE(truncation_limits=(-1.5, 1.5))
    found = clone(model).fit(X)
    errors = found.standard_errors()
    monkeypatch.setattr(lattice_points, "_PROMISED_ERROR", 0.0)
    exact = clone(model).fit(X)
    assert found.converged_
    assert exact.converged_
    assert (np.abs(exact.mean_ - found.mean_) / errors.mean).max() < 0.005
    assert (np.abs(exact.scale_ - found.scale_) / errors.scale).max() < 0.005


@exhaustive
def test_other_shifts_move_an_estimate_by_a_small_part_of_its_standard_error(monkeypatch):
    """Of nearly collinear features."""
    rng = np.random.default_rng(4)
    directions = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    covariance = (directions * np.geomspace(1.0, 1e-5, 4)) @ directions.T
    X = rng.multivariate_normal(np.zeros(4), covariance, 400)
    low, high = np.quantile(X, [0.15, 0.9], axis=0)
    lower = np.where(low > X, -np.inf, np.minimum(X, high))
    upper = np.where(high < X, np.inf, np.maximum(X, low))
    models = [GaussianGradientMLE(tol=1e-7).fit(lower, X_upper=upper)]
    shifted, of = Lattice.with_other_shifts, Lattice.of
    monkeypatch.setattr(Lattice, "of", lambda *arguments: shifted(of(*arguments)))
    models.append(GaussianGradientMLE(tol=1e-7).fit(lower, X_upper=upper))
    errors = models[0].standard_errors()
    moved = [np.abs(models[0].mean_ - models[1].mean_) / errors.mean]
    moved.append(np.abs(models[0].scale_ - models[1].scale_) / errors.scale)
    assert np.max(moved) < 0.01
