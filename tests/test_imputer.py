"""GaussianImputer: the Gaussian's conditional means, as a transformer."""

import inspect
from functools import partial

import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.utils.estimator_checks import parametrize_with_checks

from skgauss import GaussianGradientMLE, GaussianImputer


@pytest.fixture
def gaps(rng):
    frame = load_iris(as_frame=True).data
    return frame.mask(rng.random(frame.shape) < 0.1)


@pytest.mark.usefixtures("scipy_array_api")
@pytest.mark.filterwarnings("ignore:The likelihood has no maximum")
@parametrize_with_checks(
    [
        GaussianImputer(),
        GaussianImputer(covariance_type="diag"),
        GaussianImputer(add_indicator=True),
    ]
)
def test_estimator_checks(estimator, check):
    check(estimator)


def test_names_and_frames(gaps):
    imputer = GaussianImputer().set_output(transform="pandas")
    filled = imputer.fit_transform(gaps)
    assert isinstance(filled, pd.DataFrame)
    assert list(imputer.get_feature_names_out()) == list(gaps.columns)
    assert not filled.isna().any(axis=None)
    pd.testing.assert_frame_equal(filled.where(gaps.notna()), gaps)


def test_it_is_the_fitted_gaussian(gaps):
    imputer = GaussianImputer(reg_covar=0.01).fit(gaps)
    model = GaussianGradientMLE(reg_covar=0.01).fit(gaps)
    np.testing.assert_array_equal(imputer.transform(gaps), model.impute(gaps))


@pytest.mark.parametrize("covariance_type", ["full", "diag"])
def test_indicator_is_scikit_learns(gaps, covariance_type):
    gaps = gaps.assign(complete=np.arange(len(gaps)))
    columns = {}
    for imputer in (
        SimpleImputer(add_indicator=True),
        GaussianImputer(covariance_type=covariance_type, add_indicator=True),
    ):
        frame = imputer.set_output(transform="pandas").fit(gaps).transform(gaps[20:])
        columns[type(imputer)] = list(frame)
        assert list(imputer.get_feature_names_out()) == list(frame)
        marks = frame.filter(like="missingindicator").to_numpy()
        np.testing.assert_array_equal(marks, gaps.iloc[20:, :4].isna())
    assert columns[SimpleImputer] == columns[GaussianImputer]
    np.testing.assert_array_equal(frame[list(gaps)], imputer.impute(gaps[20:]))


def test_indicator_of_what_was_missing_in_the_fit(gaps):
    """However it was fitted, and not of what is missing later."""
    X = gaps.to_numpy()
    some = X.copy()
    some[:, 1:] = load_iris().data[:, 1:]
    names = ["x0", "x1", "x2", "x3", "missingindicator_x0"]
    for imputer in (
        GaussianImputer(add_indicator=True).fit(some),
        GaussianImputer(add_indicator=True).partial_fit(some[:70]).partial_fit(some[70:]),
        GaussianImputer(add_indicator=True).fit(some, sample_weight=np.full(len(some), 0.1)),
    ):
        assert imputer.indicator_.features_.tolist() == [0]
        assert list(imputer.get_feature_names_out()) == names
        np.testing.assert_array_equal(imputer.transform(X)[:, 4], np.isnan(X[:, 0]))
    assert imputer.transform(X.astype(np.float32)).dtype == np.float32
    complete = GaussianImputer(add_indicator=True).fit(load_iris().data)
    assert complete.transform(X).shape == X.shape


def test_indicator_of_dask_is_lazy(gaps):
    X = gaps.to_numpy()
    expected = GaussianImputer(add_indicator=True).fit(X).transform(X)
    for rows in (da.from_array(X, chunks=(50, 2)), dd.from_pandas(gaps, npartitions=3)):
        lazy = GaussianImputer(add_indicator=True).fit(rows).transform(rows)
        assert isinstance(lazy, da.Array)
        assert lazy.shape[1] == 8
        assert lazy.compute_chunk_sizes().shape == (len(X), 8)
        np.testing.assert_allclose(lazy.compute(), expected, rtol=1e-6)


def test_parameters_are_those_of_the_model():
    parameters = GaussianGradientMLE(tol=1e-3).get_params()
    imputer = GaussianImputer(**parameters)
    own = {"keep_empty_features": False, "add_indicator": False}
    assert imputer.get_params() == parameters | own
    shared = inspect.signature(GaussianGradientMLE).parameters
    assert list(inspect.signature(GaussianImputer).parameters) == [*shared, *own]
    with pytest.raises(ValueError, match="The 'add_indicator' parameter"):
        GaussianImputer(add_indicator="yes").fit([[1.0], [2.0]])
    with pytest.raises(TypeError, match="unexpected keyword argument 'strategy'"):
        GaussianImputer(strategy="mean")


def test_in_a_pipeline(gaps):
    target = load_iris().target
    model = make_pipeline(GaussianImputer(), LinearRegression()).fit(gaps, target)
    assert model.score(gaps, target) > 0.85


@pytest.mark.parametrize("covariance_type", ["full", "diag", "spherical"])
@pytest.mark.parametrize("constant", [0.0, 7.5, 1e6])
def test_a_constant_column_passes_through(gaps, covariance_type, constant):
    """And changes nothing of what is filled in elsewhere."""
    beside = gaps.assign(constant=np.where(np.arange(len(gaps)) % 7, constant, np.nan))
    parameters = {"covariance_type": covariance_type}
    filled = GaussianImputer(**parameters).fit_transform(beside)
    np.testing.assert_allclose(filled[:, 4], constant, rtol=1e-12, atol=1e-12)
    alone = GaussianImputer(**parameters).fit_transform(gaps)
    np.testing.assert_allclose(filled[:, :4], alone, rtol=1e-5)
    complete = load_iris().data
    filled = GaussianImputer(**parameters).fit(np.c_[complete, np.full(150, constant)])
    missing = np.append(complete[0], np.nan)[None]
    np.testing.assert_allclose(filled.transform(missing)[0, 4], constant, rtol=1e-12, atol=1e-12)


def test_a_column_that_is_constant_in_one_fold(rng):
    X, target = load_iris(return_X_y=True)
    X = np.c_[X, np.zeros(150)]
    X[:30, 4] = 1.0
    X[rng.random(X.shape) < 0.1] = np.nan
    model = make_pipeline(GaussianImputer(), LinearRegression())
    assert np.isfinite(cross_val_score(model, X, target, cv=KFold(5))).all()


@pytest.mark.parametrize("covariance_type", ["full", "diag"])
def test_an_empty_column_is_dropped_as_by_scikit_learn(gaps, covariance_type):
    beside = gaps.copy()
    beside.insert(2, "empty", np.nan)
    columns = []
    for make in (SimpleImputer, partial(GaussianImputer, covariance_type=covariance_type)):
        imputer = make().set_output(transform="pandas").fit(beside)
        with pytest.warns(UserWarning, match="empty"):
            filled = imputer.transform(beside)
        assert list(imputer.get_feature_names_out()) == list(filled)
        kept = make(keep_empty_features=True).fit(beside)
        np.testing.assert_array_equal(kept.transform(beside)[:, 2], 0.0)
        marked = make(keep_empty_features=True, add_indicator=True).fit(beside)
        columns.append([list(filled), list(marked.get_feature_names_out())])
    assert columns[0] == columns[1]
    alone = GaussianImputer(covariance_type=covariance_type).fit_transform(gaps)
    np.testing.assert_allclose(filled, alone, rtol=1e-5)


def test_an_empty_column_beside_a_limit(gaps):
    X = np.c_[gaps.to_numpy(), np.full(len(gaps), np.nan)]
    limits = ([5.0, *4 * [np.nan]], None)
    imputer = GaussianImputer(censoring_limits=limits, keep_empty_features=True).fit(X)
    np.testing.assert_array_equal(imputer.transform(X)[:, 4], 0.0)


def test_a_column_that_is_empty_at_first(gaps):
    """A stream waits for no value, and makes none up."""
    X = gaps.to_numpy()
    first = X[:70].copy()
    first[:, 3] = np.nan
    imputer = GaussianImputer().partial_fit(first).partial_fit(X[70:])
    whole = GaussianImputer().fit(np.vstack((first, X[70:])))
    np.testing.assert_allclose(imputer.mean_, whole.mean_, rtol=1e-4)
    assert imputer.transform(X).shape == X.shape


def test_a_fit_that_did_not_converge_says_what_is_filled_in(gaps):
    whatever_else = "What transform fills in is mean_, whatever else a row shows"
    for model in (
        GaussianImputer(covariance_type="diag", solver="gradient", max_iter=1),
        GaussianImputer(learning_rate=1e-12, max_iter=1, mean_init=1.0),
    ):
        with pytest.warns(ConvergenceWarning, match=whatever_else):
            model.fit(gaps)
        filled = model.transform(gaps)[gaps.isna()]
        np.testing.assert_allclose(filled, model.mean_[np.nonzero(gaps.isna())[1]], rtol=1e-6)
    with pytest.warns(ConvergenceWarning, match="means given the row under this last iterate"):
        GaussianImputer(solver="gradient", max_iter=30).fit(gaps)


def test_a_constant_column_and_too_few_rows(rng):
    X = np.column_stack((rng.standard_normal((6, 5)), np.full(6, 3.0)))
    X[:, :5][rng.random((6, 5)) < 0.2] = np.nan
    with pytest.warns(ConvergenceWarning, match="The fit converges in .* with reg_covar="):
        GaussianImputer().fit(X)


def test_dummies_in_a_pipeline(rng):
    """One warning for all folds, and none fails."""
    level = rng.integers(0, 4, 300)
    values = np.column_stack((level + rng.standard_normal(300), rng.standard_normal(300)))
    target = values[:, 0] + values[:, 1] > 1.5
    values[rng.random(values.shape) < 0.2] = np.nan
    frame = pd.DataFrame(values, columns=["a", "b"]).assign(site=np.array(list("wxyz"))[level])
    encode = make_column_transformer((OneHotEncoder(), ["site"]), remainder="passthrough")
    model = make_pipeline(encode, GaussianImputer(), LogisticRegression())
    with pytest.warns(UserWarning, match="depend on each other linearly") as caught:
        scores = cross_val_score(model, frame, target)
    assert len(caught) == 1
    assert scores.mean() > 0.75
