"""No maximum, no silent answer: constant and collinear features, too few rows."""

import numpy as np
import pandas as pd
import pytest

from skgauss import GaussianGradientMLE


@pytest.fixture
def frame(rng):
    """Four named features, the last the sum of two others."""
    values = rng.standard_normal((50, 3)) * [1, 1e3, 1e-3]
    frame = pd.DataFrame(values, columns=["age", "height", "dose"])
    frame["both"] = 2 * frame["age"] - 1e3 * frame["dose"]
    return frame


@pytest.mark.parametrize("reg_covar", ["auto", 0.0])
@pytest.mark.parametrize("covariance_type", ["full", "diag"])
@pytest.mark.parametrize("value", [0.0, 0.1, 1e15 + 0.3, -1e-300])
def test_a_constant_feature_is_named(frame, covariance_type, reg_covar, value):
    model = GaussianGradientMLE(covariance_type=covariance_type, reg_covar=reg_covar)
    with pytest.raises(ValueError, match="'height' has zero variance"):
        model.fit(frame.drop(columns="both").assign(height=value))


def test_a_nearly_constant_feature_is_not_constant(rng):
    X = np.c_[rng.standard_normal(50), np.full(50, 1e15)]
    X[7, 1] += 0.125  # one unit in the last place
    model = GaussianGradientMLE().fit(X)
    np.testing.assert_allclose(model.covariance_[1, 1], 0.125**2 * 49 / 50**2, rtol=1e-14)


def test_one_variance_for_all_needs_only_one_feature_that_varies(frame):
    X = frame.assign(height=7.0)
    model = GaussianGradientMLE(covariance_type="spherical").fit(X)
    np.testing.assert_allclose(model.covariance_, X.var(ddof=0).mean(), rtol=1e-12)
    with pytest.raises(ValueError, match="zero variance"):
        model.fit(np.ones((5, 2)))


def test_collinear_features_are_named_with_remedies(frame):
    with pytest.raises(ValueError, match="no maximum") as caught:
        GaussianGradientMLE(reg_covar=0.0).fit(frame)
    message = str(caught.value)
    for part in ("'age', 'dose', 'both' depend", "reg_covar", "covariance_type='diag'", "rank 3"):
        assert part in message
    assert "height" not in message
    assert GaussianGradientMLE(reg_covar=0.0, covariance_type="diag").fit(frame).converged_


def test_collinear_features_get_the_ridge_and_a_warning(frame):
    with pytest.warns(UserWarning, match="'age', 'dose', 'both' depend"):
        model = GaussianGradientMLE().fit(frame)
    variances = frame.var(ddof=0).to_numpy()
    np.testing.assert_allclose(model.reg_covar_, 1e-6 * variances, rtol=1e-12)
    expected = np.cov(frame.T, ddof=0) + np.diag(1e-6 * variances)
    np.testing.assert_allclose(model.covariance_, expected, rtol=1e-10, atol=1e-16)
    assert model.converged_


@pytest.mark.parametrize("n_samples", [5, 29, 30])
def test_too_few_rows(rng, n_samples):
    X = rng.standard_normal((n_samples, 30))
    with pytest.raises(ValueError, match=rf"rank {n_samples - 1}\. .*at least 31 are needed"):
        GaussianGradientMLE(reg_covar=0.0).fit(X)
    with pytest.warns(UserWarning, match="too few distinct rows"):
        model = GaussianGradientMLE().fit(X)
    assert model.converged_
    assert np.linalg.eigvalsh(model.covariance_)[0] > 0


def test_just_enough_rows(rng):
    X = rng.standard_normal((31, 30))
    model = GaussianGradientMLE(reg_covar=0.0).fit(X)
    np.testing.assert_allclose(model.covariance_, np.cov(X.T, ddof=0), atol=1e-12)
    assert model.reg_covar_ == 0.0


@pytest.mark.parametrize("reg_covar", [0.5, [0.1, 0.2, 0.3]])
@pytest.mark.parametrize(
    "solver", ["natural", "gradient", "coordinate", "lbfgs", "newton", "closed-form"]
)
def test_a_ridge_that_was_asked_for(correlated, solver, reg_covar):
    model = GaussianGradientMLE(solver=solver, reg_covar=reg_covar).fit(correlated)
    expected = np.cov(correlated.T, ddof=0) + np.diag(np.broadcast_to(reg_covar, 3))
    np.testing.assert_allclose(model.covariance_, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(model.reg_covar_, reg_covar)
    assert model.log_likelihood_ == pytest.approx(model.score(correlated), rel=1e-12)


def test_a_ridge_makes_room_for_a_constant_feature(correlated):
    model = GaussianGradientMLE(reg_covar=0.1).fit(np.c_[correlated, np.ones(len(correlated))])
    assert model.covariance_[3, 3] == pytest.approx(0.1)


def test_singularity_is_judged_on_the_correlation_scale(correlated):
    model = GaussianGradientMLE(reg_covar=0.0).fit(correlated * [1e-100, 1.0, 1e100])
    assert model.converged_


@pytest.mark.parametrize("reg_covar", [[0.1, 0.2], [[0.1] * 3], [0.1, -0.1, 0.1]])
def test_a_ridge_of_the_wrong_shape_or_sign(correlated, reg_covar):
    with pytest.raises(ValueError, match=r"reg_covar must be"):
        GaussianGradientMLE(reg_covar=reg_covar).fit(correlated)
