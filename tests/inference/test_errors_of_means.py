"""Standard errors of means by products alone, against those of the whole matrix."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skgauss import GaussianGradientMLE
from skgauss.inference import point

WHAT = "Only means have standard errors here"


def table(rng, n, d, share):
    """Correlated rows in units six decades apart, with gaps."""
    root = np.eye(d) + 0.4 * rng.standard_normal((d, d)) / np.sqrt(d)
    X = rng.standard_normal((n, d)) @ root.T * np.geomspace(1e-3, 1e3, d)
    X[rng.random(X.shape) < share] = np.nan
    return X


@pytest.mark.parametrize("share", [0.02, 0.3])
def test_means_have_the_errors_of_the_whole_matrix(rng, monkeypatch, share):
    model = GaussianGradientMLE().fit(table(rng, 600, 24, share))
    whole, ends = model.standard_errors(), model.confidence_intervals()
    table_of_all = model.summary()
    monkeypatch.setattr(point, "MAX_PARAMETERS", 300)
    with pytest.warns(UserWarning, match=WHAT) as caught:
        alone = model.standard_errors()
    assert caught[0].filename == __file__
    assert_allclose(alone.mean, whole.mean, rtol=1e-5)
    assert np.isnan(alone.scale).all()
    assert np.isnan(alone.covariance).all()
    with pytest.warns(UserWarning, match=WHAT):
        widths = np.ptp(model.confidence_intervals().mean, axis=1)
    assert_allclose(widths, np.ptp(ends.mean, axis=1), rtol=1e-5)
    with pytest.warns(UserWarning, match=WHAT):
        summary = model.summary()
    means, others = summary.iloc[:24], summary.iloc[24:]
    expected = table_of_all.iloc[:24]
    columns = ["std_error", "z", "missing_information"]
    assert_allclose(means[columns], expected[columns], rtol=1e-5, atol=1e-5)
    assert others.drop(columns="estimate").isna().all(axis=None)


def test_what_only_the_matrix_tells_is_refused(rng, monkeypatch):
    monkeypatch.setattr(point, "MAX_PARAMETERS", 300)
    X = table(rng, 400, 25, 0.05)
    known = GaussianGradientMLE(fixed_mean=np.nanmean(X, axis=0)).fit(X)
    model = GaussianGradientMLE().fit(X)
    for ask in (
        known.standard_errors,
        model.parameter_covariance,
        lambda: model.confidence_intervals(method="profile"),
        lambda: model.standard_errors("sandwich", X),
    ):
        with pytest.raises(ValueError, match="formed for at most 300"):
            ask()


def test_features_without_gaps_need_no_other_to_tell_their_means(rng):
    """Of 2,700 parameters: such features have the errors of complete data, scale over root n."""
    X = table(rng, 500, 72, 0.05)
    X[:, ::2] = np.where(np.isnan(X[:, ::2]), 0.0, X[:, ::2])
    model = GaussianGradientMLE().fit(X)
    with pytest.warns(UserWarning, match=WHAT):
        errors = model.standard_errors().mean
    assert_allclose(errors[::2], model.scale_[::2] / np.sqrt(500), rtol=1e-5)
    assert (errors[1::2] > model.scale_[1::2] / np.sqrt(500)).all()
