"""The battery that every solver must pass, against the closed form."""

import warnings

import numpy as np
import pytest
from marks import FAMILIES, each_family, exhaustive, pairwise
from models import fit_quietly
from oracles import as_matrix, closed_form, kl_divergence
from sklearn.exceptions import ConvergenceWarning

from skgauss import GaussianGradientMLE, SufficientStatistics
from skgauss.gaussian import make_family, parametrizations
from skgauss.likelihoods import GaussianLikelihood
from skgauss.solvers import Objective
from skgauss.solvers.base import Stalled
from skgauss.solvers.step_lengths import BarzilaiBorwein

DATA = ["wine", "iris", "diabetes"]
SOLVERS = ["natural", "gradient", "coordinate", "lbfgs", "newton", "closed-form"]
PARAMETRIZATIONS = ["scale", "log-scale", "covariance", "precision"]


def divergence_from_closed_form(model, X):
    mean, covariance = closed_form(X, model.covariance_type)
    return kl_divergence(mean, covariance, model.mean_, as_matrix(model.covariance_, X.shape[1]))


def without_maximum(model, X):
    """A plain gradient on covariances or precisions sees the condition number squared."""
    plain = model.solver in ("gradient", "coordinate") and model.covariance_type == "full"
    squared = model.parametrization in ("covariance", "precision")
    return plain and squared and np.linalg.cond(np.cov(X.T)) ** 2 > 1e4


@pairwise(
    up_to=3, real_data=DATA, solver=SOLVERS, covariance_type=FAMILIES,
    parametrization=PARAMETRIZATIONS, shift=[0.0, 0.5], indirect=["real_data"],
)  # fmt: skip
def test_defaults_reach_the_closed_form(real_data, solver, covariance_type, parametrization, shift):
    X = (1 + shift) * real_data + shift
    model = GaussianGradientMLE(
        solver=solver, covariance_type=covariance_type, parametrization=parametrization
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        model.fit(X)
    if model.converged_:
        assert not caught
        assert divergence_from_closed_form(model, X) < 1e-9
    else:
        assert without_maximum(model, X)
        start, end = model.log_likelihood_path_[[0, -1]]
        assert model.score(X) - start > 0.9 * (GaussianGradientMLE().fit(X).score(X) - start)
        assert end == model.log_likelihood_
        assert [w.category for w in caught] == [ConvergenceWarning]


@pytest.mark.parametrize("exponent", [-100, -20, 0, 20, 100])
@pytest.mark.parametrize("offset", [0.0, 1e6])
@each_family
def test_natural_in_any_unit(correlated, exponent, offset, covariance_type):
    X = (correlated + offset * correlated.std(axis=0)) * 10.0**exponent
    model = GaussianGradientMLE(covariance_type=covariance_type).fit(X)
    assert model.converged_
    assert model.n_iter_ <= 3
    scale = 10.0 ** (2 * exponent)
    _, expected = closed_form(X / 10.0**exponent, covariance_type)
    np.testing.assert_allclose(
        as_matrix(model.covariance_, 3) / scale, expected, rtol=1e-8, atol=1e-12
    )


def test_natural_with_units_side_by_side(correlated):
    units = np.array([1e-100, 1.0, 1e100])
    model = GaussianGradientMLE().fit(correlated * units)
    assert model.converged_
    plain = GaussianGradientMLE().fit(correlated)
    np.testing.assert_allclose(
        model.covariance_ / units / units[:, None], plain.covariance_, rtol=1e-13
    )
    assert model.score(correlated * units) == pytest.approx(plain.score(correlated), abs=1e-9)


@pairwise(
    real_data=DATA, solver=["natural", "gradient", "coordinate"], covariance_type=FAMILIES,
    parametrization=PARAMETRIZATIONS, indirect=["real_data"],
)  # fmt: skip
def test_auto_never_falls(real_data, solver, covariance_type, parametrization):
    model = GaussianGradientMLE(
        solver=solver, covariance_type=covariance_type, parametrization=parametrization, max_iter=60
    )
    fit_quietly(model, 2 * real_data + 1)
    path = model.log_likelihood_path_
    assert (np.diff(path) >= -4 * np.finfo(float).eps * np.abs(path[1:])).all()


@pytest.mark.parametrize("solver", ["natural", "lbfgs", "gradient", "coordinate", "closed-form"])
def test_nearly_collinear(rng, solver):
    """Condition 1e12: eps times the condition is above tol, and is what can be had."""
    x = rng.standard_normal((200, 1))
    X = np.hstack([x, x + 1e-6 * rng.standard_normal((200, 1))])
    model = GaussianGradientMLE(solver=solver, tol=1e-9, max_iter=2000)
    fit_quietly(model, X)
    limit = np.finfo(float).eps * np.linalg.cond(np.corrcoef(X.T))
    assert limit > model.tol
    assert model.converged_ or solver not in ("natural", "closed-form")
    # Two numbers settle it, computed without cancellation: the sum and the difference.
    Z = np.column_stack([X[:, 0], X[:, 1] - X[:, 0]])
    A = np.array([[1.0, 0.0], [-1.0, 1.0]])
    mean, covariance = closed_form(Z, "full")
    gap = kl_divergence(mean, covariance, A @ model.mean_, A @ model.covariance_ @ A.T)
    assert model.converged_ == (gap < 1e-6)


@pytest.mark.parametrize("solver", ["gradient", "coordinate", "lbfgs"])
@pytest.mark.parametrize("offset", [1e3, 1e6, 1e9])
def test_an_offset_does_not_excuse_the_covariance(correlated, solver, offset):
    """Whatever rounding a large mean has, converged means that the covariance is right."""
    X = correlated / correlated.std(axis=0) + offset
    model = GaussianGradientMLE(solver=solver, mean_init=offset, covariance_init=0.5)
    fit_quietly(model, X)
    expected = np.cov(X.T - offset, ddof=0)
    if model.converged_:
        np.testing.assert_allclose(model.covariance_, expected, atol=1e-5)
    if offset <= 1e6:
        assert model.converged_


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_wrong_covariance_far_from_zero_is_not_convergence(solver):
    X = np.array([[0.0], [2.0], [4.0], [6.0]]) + 1e16
    model = GaussianGradientMLE(solver=solver, mean_init=1e16, covariance_init=1e6)
    fit_quietly(model, X)
    assert model.n_iter_ > 0
    assert not model.converged_ or model.covariance_[0, 0] == pytest.approx(5.0, rel=1e-5)


def test_a_large_mean_does_not_stop_the_covariance():
    X = 1e15 + np.arange(1000.0)[:, None] % 10
    model = GaussianGradientMLE(solver="coordinate", mean_init=1e15).fit(X)
    assert model.covariance_[0, 0] == pytest.approx(8.25, rel=1e-5)


@exhaustive
def test_warm_start_goes_on(correlated):
    model = GaussianGradientMLE(solver="gradient", learning_rate=0.05, max_iter=20, warm_start=True)
    for _ in range(3):
        with pytest.warns(ConvergenceWarning, match="did not converge"):
            model.fit(correlated)
    cold = GaussianGradientMLE(solver="gradient", learning_rate=0.05, max_iter=60)
    with pytest.warns(ConvergenceWarning, match="did not converge"):
        cold.fit(correlated)
    np.testing.assert_allclose(model.covariance_, cold.covariance_, rtol=1e-10)


def test_a_start_at_the_maximum_takes_no_iteration(correlated):
    done = GaussianGradientMLE().fit(correlated)
    model = GaussianGradientMLE(
        solver="gradient", mean_init=done.mean_, covariance_init=done.covariance_
    ).fit(correlated)
    assert model.n_iter_ == 0
    assert model.log_likelihood_path_.shape == (1,)


def test_a_search_ends_whose_rates_fall_below_what_float64_holds(correlated):
    statistics = SufficientStatistics.from_array(correlated[:, :1])
    family = make_family("full", 1)
    objective = Objective(GaussianLikelihood(statistics, family), parametrizations.Scale(family))
    point = objective.start(objective.likelihood.evaluate(np.zeros(1), family.identity))
    with np.errstate(all="ignore"), pytest.raises(Stalled):
        BarzilaiBorwein().advance(objective, point, np.array([np.inf, 1.0]), 5e-324)


@pytest.mark.parametrize("solver", ["gradient", "coordinate"])
def test_a_slope_that_float64_cannot_hold_ends_the_search(solver):
    """Of a variance near 1e-184 its square has 368 digits."""
    x = 1e-92 * np.array([[-8.5], [3.4], [9.4], [3.3]])
    model = GaussianGradientMLE(solver=solver, parametrization="covariance", max_iter=3000)
    with pytest.warns(ConvergenceWarning, match="stalled"):
        model.fit(x)
    assert model.log_likelihood_ == pytest.approx(model.score(x))
