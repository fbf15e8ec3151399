"""GaussianImputer: the Gaussian's conditional means, as a transformer."""

import inspect

import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
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
    assert imputer.get_params() == parameters | {"add_indicator": False}
    shared = inspect.signature(GaussianGradientMLE).parameters
    assert list(inspect.signature(GaussianImputer).parameters) == [*shared, "add_indicator"]
    with pytest.raises(ValueError, match="The 'add_indicator' parameter"):
        GaussianImputer(add_indicator="yes").fit([[1.0], [2.0]])
    with pytest.raises(TypeError, match="unexpected keyword argument 'keep_empty_features'"):
        GaussianImputer(keep_empty_features=True)


def test_in_a_pipeline(gaps):
    target = load_iris().target
    model = make_pipeline(GaussianImputer(), LinearRegression()).fit(gaps, target)
    assert model.score(gaps, target) > 0.85
