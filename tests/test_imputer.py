"""GaussianImputer: the Gaussian's conditional means, as a transformer."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
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
@parametrize_with_checks([GaussianImputer(), GaussianImputer(covariance_type="diag")])
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


def test_in_a_pipeline(gaps):
    target = load_iris().target
    model = make_pipeline(GaussianImputer(), LinearRegression()).fit(gaps, target)
    assert model.score(gaps, target) > 0.85
