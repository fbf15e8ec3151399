"""The public API: attributes, scores, draws, criteria."""

import pickle

import numpy as np
import pytest
from marks import FAMILIES, each_family
from oracles import as_matrix
from scipy.stats import multivariate_normal
from sklearn.covariance import EmpiricalCovariance
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.mixture import GaussianMixture

from skgauss import GaussianGradientMLE


@each_family
@pytest.mark.parametrize("d", [1, 3])
def test_shapes(correlated, covariance_type, d):
    X = correlated[:, :d]
    model = GaussianGradientMLE(
        covariance_type=covariance_type, solver="gradient", record_path=True
    ).fit(X)
    shape = {"full": (d, d), "diag": (d,), "spherical": ()}[covariance_type]
    n = model.n_iter_ + 1
    assert model.mean_.shape == model.scale_.shape == (d,)
    assert np.shape(model.covariance_) == shape
    assert isinstance(model.covariance_, float) == (covariance_type == "spherical")
    assert model.mean_path_.shape == (n, d)
    assert model.covariance_path_.shape == (n, *shape)
    assert model.log_likelihood_path_.shape == (n,)
    assert model.sufficient_statistics_.mean.shape == (d,)
    assert model.sufficient_statistics_.weight == len(X)
    np.testing.assert_allclose(model.scale_**2, np.diag(as_matrix(model.covariance_, d)))
    assert model.converged_ is True
    assert isinstance(model.n_iter_, int)
    assert isinstance(model.learning_rate_bound_, float)
    assert model.log_likelihood_path_[-1] == model.log_likelihood_


@each_family
def test_the_path_starts_at_the_start(correlated, covariance_type):
    plain = GaussianGradientMLE(covariance_type=covariance_type, record_path=True).fit(correlated)
    np.testing.assert_array_equal(plain.mean_path_[0], np.zeros(3))
    np.testing.assert_array_equal(as_matrix(plain.covariance_path_[0], 3), np.eye(3))
    model = GaussianGradientMLE(
        covariance_type=covariance_type, record_path=True, mean_init=2, covariance_init=4
    ).fit(correlated)
    np.testing.assert_array_equal(model.mean_path_[0], np.full(3, 2))
    np.testing.assert_array_equal(as_matrix(model.covariance_path_[0], 3), 4 * np.eye(3))
    start = multivariate_normal(np.full(3, 2), 4 * np.eye(3)).logpdf(correlated).mean()
    assert model.log_likelihood_path_[0] == pytest.approx(start)


def test_no_path_unless_asked_for(correlated):
    model = GaussianGradientMLE(record_path=True).fit(correlated)
    model.set_params(record_path=False).fit(correlated)
    for name in ("mean_path_", "covariance_path_"):
        assert not hasattr(model, name)
        assert name not in vars(model)
        with pytest.raises(AttributeError, match=f"Only a .* record_path=True has {name}"):
            getattr(model, name)


def test_other_names_are_missing_as_ever(correlated):
    model = GaussianGradientMLE()
    for estimator in (model, model.fit(correlated)):
        with pytest.raises(AttributeError, match=r"'GaussianGradientMLE' .* no attribute 'means_'"):
            _ = estimator.means_
    with pytest.raises(NotFittedError, match="is not fitted yet"):
        _ = GaussianGradientMLE().precision_
    assert pickle.loads(pickle.dumps(model)).mean_ is not None


@each_family
def test_scores_against_scipy(correlated, rng, covariance_type):
    model = GaussianGradientMLE(covariance_type=covariance_type).fit(correlated)
    test = correlated[:20] + 0.1
    density = multivariate_normal(model.mean_, as_matrix(model.covariance_, 3)).logpdf(test)
    np.testing.assert_allclose(model.score_samples(test), density, rtol=1e-12)
    assert model.score(test) == pytest.approx(density.mean(), rel=1e-12)
    weights = rng.integers(0, 3, 20)
    expected = np.repeat(density, weights).mean()
    assert model.score(test, sample_weight=weights) == pytest.approx(expected, rel=1e-12)
    assert model.score(correlated) == pytest.approx(model.log_likelihood_, rel=1e-12)


@each_family
def test_precision_and_correlation_against_numpy(correlated, covariance_type):
    model = GaussianGradientMLE(covariance_type=covariance_type).fit(correlated)
    covariance = as_matrix(model.covariance_, 3)
    assert np.shape(model.precision_) == np.shape(model.covariance_)
    precision = as_matrix(model.precision_, 3)
    np.testing.assert_allclose(precision, np.linalg.inv(covariance), rtol=1e-12)
    expected = np.corrcoef(correlated.T) if covariance_type == "full" else np.eye(3)
    assert model.correlation_.shape == (3, 3)
    np.testing.assert_allclose(model.correlation_, expected, rtol=1e-12)
    np.testing.assert_array_equal(np.diag(model.correlation_), np.ones(3))


def test_precision_and_correlation_need_a_fit():
    for name in ("precision_", "correlation_"):
        with pytest.raises(NotFittedError):
            getattr(GaussianGradientMLE(), name)


def test_mahalanobis_is_that_of_empirical_covariance(correlated):
    model, peer = GaussianGradientMLE().fit(correlated), EmpiricalCovariance().fit(correlated)
    np.testing.assert_allclose(
        model.mahalanobis(correlated), peer.mahalanobis(correlated), rtol=1e-10
    )


@each_family
def test_criteria_are_those_of_a_mixture_of_one(correlated, covariance_type):
    model = GaussianGradientMLE(covariance_type=covariance_type).fit(correlated)
    peer = GaussianMixture(1, covariance_type=covariance_type, reg_covar=0).fit(correlated)
    assert model.aic(correlated) == pytest.approx(peer.aic(correlated), rel=1e-10)
    assert model.bic(correlated) == pytest.approx(peer.bic(correlated), rel=1e-10)
    np.testing.assert_allclose(
        model.score_samples(correlated), peer.score_samples(correlated), rtol=1e-9
    )


@each_family
def test_draws_have_the_fitted_moments(correlated, covariance_type):
    model = GaussianGradientMLE(covariance_type=covariance_type).fit(correlated)
    n = 200_000
    draws = model.sample(n, random_state=0)
    again = GaussianGradientMLE(covariance_type=covariance_type).fit(draws)
    np.testing.assert_array_equal(draws, model.sample(n, random_state=0))
    # 2 n KL of the estimate is chi squared with as many degrees of freedom as parameters
    assert 2 * n * (again.log_likelihood_ - model.score(draws)) < 40
    assert model.sample().shape == (1, 3)


def test_affine_change_of_units_changes_nothing(correlated):
    """The path of the natural solver does not depend on units."""
    A = np.array([[2.0, 0.0, 1.0], [0.5, 1e3, 0.0], [0.0, 1e-3, 1e-3]])
    b = np.array([5.0, -7.0, 1.0])
    parameters = {"learning_rate": 0.4, "record_path": True}
    plain = GaussianGradientMLE(**parameters).fit(correlated)
    moved = GaussianGradientMLE(mean_init=b, covariance_init=A @ A.T, **parameters).fit(
        correlated @ A.T + b
    )
    assert moved.n_iter_ == plain.n_iter_
    np.testing.assert_allclose(moved.mean_path_, plain.mean_path_ @ A.T + b, rtol=1e-7, atol=1e-9)
    log_det = np.linalg.slogdet(A)[1]
    np.testing.assert_allclose(
        moved.log_likelihood_path_ + log_det, plain.log_likelihood_path_, rtol=1e-8
    )


def test_constant_rates_on_the_log_scale_are_free_of_one_feature_s_unit(correlated):
    """A unit shifts log sigma and leaves its steps unchanged; the bound shows when this holds."""
    x = correlated[:, :1] - correlated[:, :1].mean()
    paths = [
        np.log(
            GaussianGradientMLE(
                solver="gradient", parametrization="log-scale", learning_rate=0.5,
                covariance_init=unit**2, record_path=True,
            ).fit(unit * x).covariance_path_.ravel() / unit**2
        )
        for unit in (1.0, 1e4)
    ]  # fmt: skip
    np.testing.assert_allclose(paths[0], paths[1], atol=1e-9)


def test_scoring_follows_the_fit_not_later_parameters(correlated):
    model = GaussianGradientMLE().fit(correlated)
    before = model.score(correlated)
    assert model.set_params(covariance_type="diag").score(correlated) == before


def test_a_tolerance_of_zero_runs_to_rounding(correlated):
    model = GaussianGradientMLE(tol=0.0).fit(correlated)
    assert model.converged_
    with pytest.warns(ConvergenceWarning, match="tol=0"):
        GaussianGradientMLE(solver="gradient", tol=0.0, max_iter=5).fit(correlated)


@pytest.mark.parametrize("rate", [31.6, 100.0, 316.0])
def test_a_hopeless_fit_can_still_be_scored_and_continued(correlated, rate):
    """Its covariance is too ill-conditioned to be factored again in float64."""
    model = GaussianGradientMLE(
        solver="gradient", parametrization="log-scale", learning_rate=rate, max_iter=1
    )
    with pytest.warns(ConvergenceWarning):
        model.fit(correlated)
    assert model.score(correlated) == pytest.approx(model.log_likelihood_, rel=1e-6)
    model.set_params(solver="natural", learning_rate="auto", warm_start=True).fit(correlated)
    assert model.converged_


def test_results_do_not_share_memory(correlated):
    for covariance_type in FAMILIES:
        model = GaussianGradientMLE(covariance_type=covariance_type).fit(correlated)
        statistics = model.sufficient_statistics_
        assert not np.shares_memory(model.mean_, statistics.mean)
        assert not np.shares_memory(model.covariance_, statistics.covariance)


SET_AFTER_THE_FIT = {
    "covariance_type": "diag",
    "solver": "closed-form",
    "parametrization": "precision",
    "learning_rate": 0.01,
    "n_inner_iter": 3,
    "max_iter": 1,
    "tol": 1.0,
    "mean_init": 5.0,
    "covariance_init": 9.0,
    "reg_covar": 2.0,
    "censoring_limits": (0, 1),
    "truncation_limits": (-9, 9),
    "fixed_mean": 0.0,
    "fixed_covariance": 1.0,
    "warm_start": True,
    "record_path": True,
}


@pytest.mark.parametrize("parameter", SET_AFTER_THE_FIT)
@pytest.mark.parametrize("limits", [{}, {"censoring_limits": (-0.5, None)}], ids=["none", "fit"])
def test_a_parameter_that_is_set_after_the_fit_changes_nothing_that_it_says(limits, parameter):
    assert set(SET_AFTER_THE_FIT) == set(GaussianGradientMLE().get_params())
    X = np.random.default_rng(0).standard_normal((60, 2))
    model = GaussianGradientMLE(**limits).fit(X)

    def says():
        errors = [model.standard_errors(), model.standard_errors("sandwich", X=X)]
        return [
            model.score(X),
            model.score_samples(X),
            model.mahalanobis(X),
            model.impute(X),
            model.bic(X),
            model.sample(3, random_state=0),
            model.marginal(0).score(X[:, :1]),
            *(each for found in errors for each in found.values()),
        ]

    before = says()
    model.set_params(**{parameter: SET_AFTER_THE_FIT[parameter]})
    for one, other in zip(before, says(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_limits_that_are_set_after_a_fit_hold_from_the_next_one_on():
    X = np.random.default_rng(0).standard_normal((60, 2))
    limits = (-0.5, None)
    model = GaussianGradientMLE().fit(X).set_params(censoring_limits=limits)
    expected = GaussianGradientMLE(censoring_limits=limits).fit(X)
    assert model.fit(X).score(X) == expected.score(X)
    parts = GaussianGradientMLE().partial_fit(X[:30]).set_params(censoring_limits=limits)
    lower, upper = (np.where(X <= -0.5, end, X) for end in (np.nan, -0.5))
    lower[:30] = upper[:30] = X[:30]
    both = GaussianGradientMLE().fit(lower, X_upper=upper)
    np.testing.assert_allclose(parts.partial_fit(X[30:]).mean_, both.mean_, atol=1e-6)
    assert parts.score(X[30:]) == pytest.approx(
        both.score(lower[30:], X_upper=upper[30:]), abs=1e-6
    )
