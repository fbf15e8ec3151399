"""Rows that contradict each other but for a singular covariance: a closed form, and what helps."""

import re
import warnings
from importlib import import_module

import numpy as np
import pytest
from models import fit_quietly, with_gaps
from search.edges import Pairs
from sklearn.exceptions import ConvergenceWarning

from skgauss import GaussianGradientMLE

TOLD = 0.9  # minus the correlation of each two of three features, of which -1/2 is the least


def contradicting(unit=1.0):
    """Rows of two features each, of variance 1 and a correlation of -TOLD, and their weights."""
    corners = np.array([[1, -1], [-1, 1], [1, 1], [-1, -1]], dtype=float) * unit
    X = np.full((12, 3), np.nan)
    for k, pair in enumerate([(0, 1), (0, 2), (1, 2)]):
        X[4 * k : 4 * k + 4, pair] = corners
    return X, np.tile([1 + TOLD, 1 + TOLD, 1 - TOLD, 1 - TOLD], 3) * 25


@pytest.mark.parametrize("unit", [1.0, 2.0**-20])
@pytest.mark.parametrize("solver", ["natural", "newton", "lbfgs", "gradient", "coordinate"])
def test_the_verdict_and_where_the_climb_leads(solver, unit):
    X, weights = contradicting(unit)
    model = GaussianGradientMLE(solver=solver, covariance_init=unit**2, mean_init=0.0)
    with pytest.warns(ConvergenceWarning, match="contradict each other") as caught:
        model.fit(X, sample_weight=weights)
    assert (len(caught), model.stop_reason_, model.converged_) == (1, "unbounded", False)
    assert "'feature 0', 'feature 1', 'feature 2'" in str(caught[0].message)
    # By symmetry all correlations are -1/2 there, and of a variance v the likelihood is
    # -log v - log(3/4) / 2 - (1 - TOLD / 2) / (3/4 v), highest at v = (1 - TOLD / 2) / (3/4).
    variance = (1 - TOLD / 2) / 0.75
    highest = -np.log(2 * np.pi * variance * unit**2) - np.log(0.75) / 2 - 1
    assert 0 < highest - model.log_likelihood_ < 1e-3
    np.testing.assert_allclose(model.correlation_[np.triu_indices(3, 1)], -0.5, atol=0.1)
    np.testing.assert_allclose(model.scale_, np.sqrt(variance) * unit, rtol=1e-2)


@pytest.mark.parametrize("factor", [0.5, 2.0])
@pytest.mark.parametrize(
    "name",
    [
        "contradiction._ARRIVING_NORM",
        "contradiction._SIGNIFICANT_ROUNDINGS",
        "contradiction._CLOSE_INFLATION",
        "contradiction._SEARCH_FACTOR",
    ],
)
def test_no_tuned_number_decides_the_verdict(monkeypatch, name, factor):
    home, name = name.split(".")
    module = import_module(f"skgauss.likelihoods.{home}")
    monkeypatch.setattr(module, name, factor * getattr(module, name))
    X, weights = contradicting()
    model = fit_quietly(GaussianGradientMLE(solver="newton"), X, sample_weight=weights)
    assert model.stop_reason_ == "unbounded"
    weights[2::4] *= 3  # which leaves correlations of about -1/3
    weights[3::4] *= 3
    weights[::4] *= 0.4
    weights[1::4] *= 0.4
    assert GaussianGradientMLE(solver="newton").fit(X, sample_weight=weights).converged_


def start_near_the_edge(seed):
    """Rows that show few of the features each, and a start at a nearly singular covariance."""
    X = Pairs.draw(seed).X
    X = (X - np.nanmean(X, axis=0)) / np.nanstd(X, axis=0)
    rng = np.random.default_rng(seed)
    direction = rng.standard_normal(X.shape[1])
    direction /= np.linalg.norm(direction)
    less = 1 - 10.0 ** rng.uniform(-8, -4)
    singular = np.eye(len(direction)) - less * np.outer(direction, direction)
    return X, {"mean_init": 0.0, "covariance_init": singular}


def test_a_start_near_the_edge_says_nothing_of_the_rows():
    """What is highest on a line to the edge may be less than a regular covariance attains."""
    X, start = start_near_the_edge(8)
    best = GaussianGradientMLE().fit(X)
    model = fit_quietly(GaussianGradientMLE(**start), X)
    assert best.converged_
    assert model.stop_reason_ != "unbounded"
    assert model.log_likelihood_ <= best.log_likelihood_ + 1e-9


def test_newtons_steps_do_not_give_up_below_the_guess():
    """From a start near the edge they crept along it, and a regular covariance is likelier."""
    rng = np.random.default_rng(270)
    d, n = rng.integers(2, 6), rng.choice([30, 60, 150, 300])
    X = rng.standard_normal((n, 1)) * rng.uniform(-1, 1, d)
    X = X + rng.choice([0.3, 0.6, 1.0]) * rng.standard_normal((n, d))
    X = with_gaps(rng, X, rng.choice([0.1, 0.3, 0.5]))
    X = X[~np.isnan(X).all(axis=1)]
    best = GaussianGradientMLE().fit(X)
    direction = rng.standard_normal(d)
    direction /= np.linalg.norm(direction)
    parent = best.covariance_ if rng.random() < 0.5 else np.diag(best.covariance_.diagonal())
    least = np.linalg.cholesky(parent) @ direction
    singular = parent - (1 - 10.0 ** rng.uniform(-8, -2)) * np.outer(least, least)
    rng.integers(2)
    mean = best.mean_ + (rng.random() >= 0.5) * 0.5 * rng.standard_normal(d)
    start = {"mean_init": mean, "covariance_init": singular}
    model = fit_quietly(GaussianGradientMLE(solver="newton", max_iter=300, **start), X)
    assert best.converged_
    assert model.stop_reason_ != "unbounded"


def test_the_edge_is_not_called_flat():
    """Where a climb is so near to it that rounding hides the slope."""
    X, start = start_near_the_edge(128)
    assert fit_quietly(GaussianGradientMLE(), X).stop_reason_ == "unbounded"
    model = fit_quietly(GaussianGradientMLE(solver="coordinate", **start), X)
    assert model.stop_reason_ == "unbounded"


def test_each_remedy_works():
    X, weights = contradicting()
    with pytest.warns(ConvergenceWarning, match="contradict each other") as caught:
        GaussianGradientMLE().fit(X, sample_weight=weights)
    ridge = float(re.search(r"with reg_covar=(\S+)\. ", str(caught[0].message))[1])
    assert GaussianGradientMLE(reg_covar=ridge).fit(X, sample_weight=weights).converged_
    diagonal = GaussianGradientMLE(covariance_type="diag").fit(X, sample_weight=weights)
    assert diagonal.converged_
    together = np.random.default_rng(0).standard_normal((50, 3))
    more = np.concatenate((weights, np.ones(50)))
    model = GaussianGradientMLE().fit(np.vstack([X, together]), sample_weight=more)
    assert model.converged_


@pytest.mark.parametrize("told", [0.0, 0.3, 0.49, -0.9])
def test_no_such_verdict_where_a_covariance_has_the_correlations(told):
    X, weights = contradicting()
    weights = weights * np.tile([1 + told, 1 + told, 1 - told, 1 - told], 3)
    weights /= np.tile([1 + TOLD, 1 + TOLD, 1 - TOLD, 1 - TOLD], 3)
    model = GaussianGradientMLE().fit(X, sample_weight=weights)
    assert model.converged_
    np.testing.assert_allclose(model.correlation_[np.triu_indices(3, 1)], -told, atol=1e-5)


def test_nearly_collinear_features_are_no_contradiction(rng):
    for noise in (1e-1, 1e-2, 1e-3, 1e-4):
        X = rng.standard_normal((300, 4))
        X[:, 3] = X[:, :3].sum(axis=1) + noise * X[:, 3]
        model = fit_quietly(GaussianGradientMLE(), with_gaps(rng, X, 0.2))
        assert model.stop_reason_ == "converged"


@pytest.mark.parametrize("solver", ["natural", "newton", "lbfgs"])
def test_a_ridge_leaves_a_maximum(solver):
    """However small it is, before the covariance is singular."""
    X, weights = contradicting()
    model = GaussianGradientMLE(reg_covar=1e-9, solver=solver)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as of a climb that is not over, or of a flat maximum
        assert model.fit(X, sample_weight=weights).stop_reason_ != "unbounded"


def test_behind_a_window_the_rows_are_what_contradicts():
    X, weights = contradicting()
    model = GaussianGradientMLE(truncation_limits=(-50, 50))
    with pytest.warns(ConvergenceWarning) as caught:
        model.fit(X, sample_weight=weights)
    told = str(caught[0].message)
    assert model.stop_reason_ != "converged"
    assert "grows without end" not in told
