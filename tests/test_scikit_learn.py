"""The estimators work with scikit-learn's checks, searches, pipelines and metadata routing."""

import os
import pickle
import subprocess
import sys
import warnings
from functools import partial
from itertools import product

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from marks import FAMILIES, covering, exhaustive
from sklearn.base import clone
from sklearn.datasets import load_iris, load_wine
from sklearn.exceptions import ConvergenceWarning, FitFailedWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score, validation_curve
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from skgauss import GaussianGradientMLE, GaussianImputer, GaussianOutlierDetector
from skgauss._sklearn import check_parameters

SOLVERS = ["natural", "gradient", "coordinate", "lbfgs", "newton", "closed-form"]
FEW = covering(1, SOLVERS, FAMILIES)[: len(FAMILIES)]
REST = sorted(set(product(SOLVERS, FAMILIES)).difference(FEW))


def estimators(combinations):
    return [GaussianGradientMLE(solver=s, covariance_type=family) for s, family in combinations]


@pytest.mark.usefixtures("scipy_array_api")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore:The likelihood has no maximum:UserWarning")
class TestEstimatorChecks:
    @parametrize_with_checks(estimators(FEW))
    def test_always(self, estimator, check):
        check(estimator)

    @exhaustive
    @parametrize_with_checks(estimators(REST))
    def test_when_asked(self, estimator, check):
        check(estimator)


@exhaustive
@pytest.mark.parametrize("combinations", [FEW, REST], ids=["few", "rest"])
def test_estimator_checks_with_scipys_array_api(combinations):
    code = f"""
import warnings
warnings.simplefilter("ignore")
from sklearn.utils.estimator_checks import check_estimator
from skgauss import GaussianGradientMLE, GaussianImputer, GaussianOutlierDetector
from skgauss._sklearn import check_parameters
for solver, family in {combinations}:
    results = check_estimator(GaussianGradientMLE(solver=solver, covariance_type=family))
    assert all(result["status"] == "passed" for result in results)
    print(solver, family)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "SCIPY_ARRAY_API": "1"},
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines() == [" ".join(each) for each in combinations], done.stderr


@pytest.mark.parametrize("n_jobs", [1, pytest.param(2, marks=exhaustive)])
def test_grid_search_over_the_rate_finds_one_that_works(n_jobs):
    X = load_wine().data
    # No rate is just above the bound, where the recursion is chaotic and its score random.
    rates = [1e-6, 1e-2, 3e-2, 3.0, 30.0]
    pipeline = make_pipeline(StandardScaler(), GaussianGradientMLE(solver="gradient", max_iter=300))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        search = GridSearchCV(
            pipeline,
            {"gaussiangradientmle__learning_rate": rates},
            error_score="raise",
            n_jobs=n_jobs,
        ).fit(X)
    best = search.best_estimator_[-1]
    assert best.learning_rate < best.learning_rate_bound_
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    by_rate = dict(zip(rates, search.cv_results_["mean_test_score"], strict=True))
    assert min(by_rate[0.01], by_rate[0.03]) > max(by_rate[rate] for rate in (1e-6, 3.0, 30.0))


def steep(n_jobs=None, **parameters):
    """A search over three rates, two of which are far too large."""
    pipeline = make_pipeline(StandardScaler(), GaussianGradientMLE(solver="gradient", max_iter=50))
    grid = {"gaussiangradientmle__learning_rate": [0.3, 9.0, 30.0]}
    return GridSearchCV(pipeline, grid, n_jobs=n_jobs, **parameters)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_one_fit_of_a_search_warns_for_all(n_jobs):
    X = load_wine().data[:, :3]
    with warnings.catch_warnings(record=True) as caught, joblib.parallel_config("threading"):
        warnings.simplefilter("always")
        searches = [steep(n_jobs, refit=False).fit(X) for _ in range(2)]
    texts = [str(warning.message) for warning in caught]
    assert [warning.category for warning in caught] == [ConvergenceWarning] * len(texts)
    assert len(searches) <= len(texts) <= n_jobs * len(searches)  # at most once a thread
    assert all("learning_rate=" in text for text in texts)
    assert all(text.endswith("its other fits may share the problem.)") for text in texts)


@pytest.mark.parametrize(
    "fits",
    [
        lambda model, X: cross_val_score(model, X),
        lambda model, X: validation_curve(
            model, X, None, param_name="max_iter", param_range=[2, 3, 4]
        ),
        lambda model, X: cross_val_score(make_pipeline(StandardScaler(), model), X),
    ],
)
def test_one_fit_of_a_loop_warns_for_all(fits):
    """Each loop warns once, and so does a fit outside of a loop."""
    X = load_wine().data[:, :3]
    model = GaussianGradientMLE(solver="gradient", max_iter=2)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(2):
            fits(model, X)
        model.fit(X)
    *of_loops, alone = (str(warning.message) for warning in caught)
    assert len(of_loops) == 2
    for text in of_loops:
        assert text.endswith("(Shown once for this loop; its other fits may share the problem.)")
    assert "Shown once" not in alone


@exhaustive
def test_a_remedy_within_another_estimator_needs_no_model():
    """The user has no fitted model then, so the message writes out all numbers."""
    X = load_iris().data
    model = GaussianGradientMLE(
        solver="gradient", learning_rate=0.1, covariance_type="diag", mean_init=100
    )
    search = GridSearchCV(model, {"tol": [1e-6]})
    for fits in (partial(cross_val_score, model), search.fit, make_pipeline(model).fit):
        with pytest.warns(ConvergenceWarning, match=r"mean_init=\[") as caught:
            fits(X)
        assert not any("model." in str(warning.message) for warning in caught)


def test_only_the_fit_of_a_search_that_warns_tries_remedies(monkeypatch):
    tried = []
    monkeypatch.setattr(
        "skgauss.fitting.advice.explain_remedies", lambda *_, **__: tried.append(1) or ""
    )
    with pytest.warns(ConvergenceWarning):
        steep(refit=False).fit(load_wine().data[:, :3])
    assert len(tried) == 1


def test_the_refit_of_a_search_warns_for_itself():
    X = load_wine().data[:, :3]
    with pytest.warns(ConvergenceWarning) as caught:
        steep().set_params(param_grid={"gaussiangradientmle__learning_rate": [9.0, 30.0]}).fit(X)
    first, last = (str(warning.message) for warning in caught)
    assert first.endswith("share the problem.)")
    assert "the same to say" not in last


def test_warnings_that_are_errors_fail_every_fit_of_a_search():
    X = load_wine().data[:, :3]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitFailedWarning)
        warnings.filterwarnings("ignore", "One or more of the test scores are non-finite")
        search = steep(refit=False).fit(X)
    assert np.isfinite(search.cv_results_["mean_test_score"]).tolist() == [True, False, False]


def test_cross_validation_scores_log_likelihood():
    X = StandardScaler().fit_transform(load_wine().data)
    full, diag = (
        cross_val_score(GaussianGradientMLE(covariance_type=c), X).mean() for c in ("full", "diag")
    )
    assert full > diag


@pytest.mark.parametrize("make", [pd.DataFrame, lambda data: pl.DataFrame(dict(data))])
def test_names_of_frames(make):
    rng = np.random.default_rng(0)
    data = {"a": rng.standard_normal(30), "b": rng.standard_normal(30), "c": rng.integers(0, 9, 30)}
    frame = make(data)
    model = GaussianGradientMLE().fit(frame)
    assert list(model.feature_names_in_) == ["a", "b", "c"]
    model.score_samples(frame)
    with pytest.raises(ValueError, match="feature names should match"):
        model.score_samples(frame[["b", "a", "c"]])
    plain = GaussianGradientMLE().fit(np.column_stack(list(data.values())))
    np.testing.assert_allclose(model.covariance_, plain.covariance_, rtol=1e-14)
    model.fit(np.column_stack(list(data.values())))
    assert not hasattr(model, "feature_names_in_")


def test_routing_of_sample_weight():
    rng = np.random.default_rng(0)
    X, weights = rng.standard_normal((60, 2)), rng.integers(1, 4, 60)
    with sklearn.config_context(enable_metadata_routing=True):
        model = GaussianGradientMLE(solver="gradient")
        model.set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        search = GridSearchCV(model, {"tol": [1e-7]}).fit(X, sample_weight=weights)
        pipeline = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), model)
        pipeline.fit(X, sample_weight=weights)
    expected = GaussianGradientMLE().fit(X, sample_weight=weights)
    np.testing.assert_allclose(search.best_estimator_.mean_, expected.mean_, atol=1e-6)
    assert pipeline[-1].sufficient_statistics_.weight == weights.sum()


@pytest.fixture
def rounded():
    """Rows rounded down to halves, and the upper ends of the intervals in which they lie."""
    X = np.random.default_rng(0).standard_normal((90, 2)) @ np.array([[1.0, 0.5], [0.0, 1.0]])
    return np.floor(2 * X) / 2, np.floor(2 * X) / 2 + 0.5


def test_routing_of_upper_ends(rounded):
    """A search splits them like the rows, and a pipeline passes them on."""
    lower, upper = rounded
    with sklearn.config_context(enable_metadata_routing=True):
        model = GaussianGradientMLE().set_fit_request(X_upper=True).set_score_request(X_upper=True)
        search = GridSearchCV(model, {"covariance_type": FAMILIES}, cv=3)
        search.fit(lower, X_upper=upper)
        pipeline = make_pipeline(model).fit(lower, X_upper=upper)
    assert search.best_params_ == {"covariance_type": "full"}
    expected = GaussianGradientMLE().fit(lower, X_upper=upper)
    for routed in (search.best_estimator_, pipeline[-1]):
        np.testing.assert_array_equal(routed.covariance_, expected.covariance_)
    held_out = np.arange(90) < 30
    first = GaussianGradientMLE().fit(lower[~held_out], X_upper=upper[~held_out])
    score = first.score(lower[held_out], X_upper=upper[held_out])
    assert search.cv_results_["split0_test_score"][0] == pytest.approx(score, rel=1e-12)


def test_upper_ends_that_a_scaler_left_behind(rounded):
    """A pipeline transforms them in fit, but not in score, where ends then cross."""
    lower, upper = 10 + rounded[0], 10 + rounded[1]
    with sklearn.config_context(enable_metadata_routing=True):
        model = GaussianGradientMLE().set_fit_request(X_upper=True).set_score_request(X_upper=True)
        steps = [("scale", StandardScaler()), ("fit", model)]
        pipeline = Pipeline(steps, transform_input=["X_upper"]).fit(lower, X_upper=upper)
        mean, deviation = pipeline[0].mean_, pipeline[0].scale_
        expected = GaussianGradientMLE().fit(lower, X_upper=upper)
        np.testing.assert_allclose(pipeline[1].scale_ * deviation, expected.scale_, rtol=1e-5)
        np.testing.assert_allclose(pipeline[1].mean_ * deviation + mean, expected.mean_, rtol=1e-5)
        with pytest.raises(ValueError, match="If X was transformed, X_upper must be too"):
            pipeline.score(lower, X_upper=upper - 20)


def test_limits_in_a_grid_search():
    """All fits and scores of a search use the limits."""
    X = np.maximum(np.random.default_rng(0).standard_normal((90, 2)), -0.5)
    model = GaussianGradientMLE(censoring_limits=(-0.5, None))
    search = GridSearchCV(model, {"covariance_type": FAMILIES}, cv=3).fit(X)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    naive = GaussianGradientMLE().fit(X)
    assert (search.best_estimator_.scale_ > naive.scale_).all()


def test_clone_and_pickle():
    X = np.random.default_rng(0).standard_normal((40, 2))
    model = GaussianGradientMLE(solver="coordinate", n_inner_iter=2, record_path=True).fit(X)
    copy = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copy.score_samples(X), model.score_samples(X))
    np.testing.assert_array_equal(copy.mean_path_, model.mean_path_)
    assert clone(model).get_params() == model.get_params()
    with pytest.raises(NotFittedError):
        clone(model).score(X)


@pytest.mark.parametrize("kind", [GaussianGradientMLE, GaussianImputer, GaussianOutlierDetector])
def test_defaults_are_valid(kind):
    """A fit does not validate defaults, so this test does."""
    check_parameters(kind._parameter_constraints, kind().get_params(deep=False), kind.__name__)
    with pytest.raises(ValueError, match=r"'tol' parameter of .* must be a float"):
        kind(tol=-1.0).fit([[0.0], [1.0]])
