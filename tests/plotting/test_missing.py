"""The displays of a fit to data with missing values."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skgauss import (
    ConvergenceDisplay,
    GaussianEllipseDisplay,
    GaussianGradientMLE,
    LikelihoodPathDisplay,
)


@pytest.fixture
def gaps(rng):
    X = rng.standard_normal((200, 3)) @ [[1, 0.5, 0], [0, 1, 0.5], [0, 0, 1]] + 2.0
    X[rng.random(X.shape) < 0.2] = np.nan
    return X


@pytest.mark.parametrize("reg_covar", ["auto", 0.1])
def test_gaps_end_at_the_maximum(gaps, reg_covar):
    slow = GaussianGradientMLE(solver="gradient", reg_covar=reg_covar, record_path=True).fit(gaps)
    display = ConvergenceDisplay.from_estimator(slow)
    (values,) = display.gaps
    assert abs(values[-1]) < 1e-11
    assert (values > -1e-11).all()
    if reg_covar == "auto":
        best = GaussianGradientMLE(tol=1e-10).fit(gaps).log_likelihood_
        assert_allclose(values, best - slow.log_likelihood_path_, atol=1e-11)


def test_path_ends_at_the_maximum(gaps):
    model = GaussianGradientMLE(solver="gradient", record_path=True).fit(gaps)
    display = LikelihoodPathDisplay.from_estimator(model, feature=1)
    assert_allclose(display.path[-1], display.maximum, rtol=1e-5)
    assert_allclose(display.maximum, (model.mean_[1], model.scale_[1]), rtol=1e-5)


def test_ellipse(gaps):
    display = GaussianEllipseDisplay.from_estimator(GaussianGradientMLE().fit(gaps), X=gaps)
    assert display.ax_ is not None
