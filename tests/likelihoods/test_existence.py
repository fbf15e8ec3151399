"""No maximum, no silent answer: constant and collinear features, too few rows."""

import re

import numpy as np
import pandas as pd
import pytest
from designs import one_hot

from skgauss import GaussianGradientMLE, GaussianImputer
from skgauss.datasets import load_airquality


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


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("gaps", [False, True])
def test_all_sets_of_related_features_are_named_with_what_to_drop(rng, gaps, order):
    """Dummies of two questions, a total and its double: complete data as those with gaps."""
    sex, site = one_hot(rng, 200, 2)[0], one_hot(rng, 200, 3)[0]
    parts = rng.gamma(2.0, size=(200, 2))
    total = parts.sum(axis=1)
    X = np.column_stack((sex, site, parts, total, 2 * total, rng.standard_normal(200)))[:, ::order]
    X = pd.DataFrame(X).add_prefix("c")
    if gaps:
        X.iloc[::7, -1 if order == 1 else 0] = np.nan
    with pytest.warns(
        UserWarning, match="drop from each set a feature that is in no other"
    ) as caught:
        model = GaussianGradientMLE().fit(X)
    assert model.converged_
    sets = re.search(r"(?:rank 5:|maximum:) (.*?) depend on each other", str(caught[0].message))[1]
    sets = [re.findall(r"'(\w+)'", each) for each in sets.split("; ")]
    assert len(sets) == 4
    every = [name for each in sets for name in each]
    dropped = [next(name for name in each if every.count(name) == 1) for each in sets]
    assert GaussianGradientMLE(reg_covar=0.0).fit(X.drop(columns=dropped)).converged_


@pytest.mark.parametrize("gaps", [False, True])
def test_sets_that_are_not_named_are_counted(rng, gaps):
    """Seven features that are there twice."""
    X = np.tile(rng.standard_normal((100, 7)), 2)
    if gaps:
        X[::7, 0] = np.nan
    told = r"'feature 4', 'feature 11' and 2 more sets depend on each other"
    with pytest.warns(UserWarning, match=told):
        GaussianGradientMLE().fit(X)


def test_sets_are_named_whatever_the_unit_of_the_weights(rng):
    """Of weights that sum to one nobody knows how many rows they are of."""
    a, b = rng.standard_normal((2, 1000))
    X = np.column_stack((a, b, a + b, a - b))
    with pytest.warns(UserWarning, match=r"'feature 3'; 'feature 1', .* depend on each other"):
        GaussianGradientMLE().fit(X, sample_weight=np.full(1000, 1e-3))


def test_too_few_rows_are_told_beside_features_that_are_equal(rng):
    X = rng.standard_normal((20, 30))
    X[:, 29] = X[:, 0]
    with pytest.warns(UserWarning, match=r"rank 19: there are too few distinct rows \(at least 31"):
        GaussianGradientMLE().fit(X)


@pytest.mark.parametrize("n_samples", [5, 29, 30])
def test_too_few_rows(rng, n_samples):
    X = rng.standard_normal((n_samples, 30))
    with pytest.raises(ValueError, match=rf"rank {n_samples - 1}: .*at least 31 are needed"):
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


def imputation_error(X, truth, **parameters):
    """Root mean square over the values that X misses of the last two features."""
    filled = GaussianImputer(**parameters).fit(X).transform(X)
    return np.sqrt(np.mean((filled - truth)[:, -2:][np.isnan(X[:, -2:])] ** 2))


@pytest.mark.parametrize("dummies_missing", [False, True])
@pytest.mark.parametrize("levels", [3, 5, 10])
def test_dummies_beside_gaps(rng, levels, dummies_missing):
    """Values are filled in as without one of the levels, which says the same."""
    dummies, level = one_hot(rng, 400, levels)
    centers = 3 * rng.standard_normal((levels, 2))
    noise = rng.standard_normal((400, 2)) @ [[1.0, 0.6], [0.0, 0.8]]
    truth = np.column_stack((dummies, centers[level] + noise))
    X = truth.copy()
    X[:, levels:][rng.random((400, 2)) < 0.2] = np.nan
    if dummies_missing:
        X[rng.random(400) < 0.1, :levels] = np.nan
    with pytest.raises(ValueError, match=r"'feature 0', 'feature 1', 'feature 2'.* depend"):
        GaussianImputer(reg_covar=0.0).fit(X)
    with pytest.warns(UserWarning, match=r"'feature 0', 'feature 1', 'feature 2'.* depend"):
        error = imputation_error(X, truth)
    assert error == pytest.approx(imputation_error(X[:, 1:], truth[:, 1:]), rel=0.02)
    assert error < 0.7 * np.nanstd(X[:, -2:])


@pytest.mark.parametrize("gaps", ["elsewhere", "in the total", "in the parts"])
def test_a_total_beside_gaps(gaps):
    air = load_airquality(as_frame=True).data[["Ozone", "Solar.R", "Wind", "Temp"]]
    air["total"] = air["Wind"] + air["Temp"]
    if gaps == "in the total":
        air["total"] = air["total"].where(air.index % 3 > 0)
    if gaps == "in the parts":
        air["Wind"] = air["Wind"].where(air.index % 4 > 0)
        air["Temp"] = air["Temp"].where(air.index % 5 > 0)
    with pytest.warns(UserWarning, match="'Wind', 'Temp', 'total' depend on each other") as caught:
        model = GaussianGradientMLE().fit(air)
    assert len(caught) == 1
    assert model.converged_
    np.testing.assert_allclose(model.reg_covar_, 1e-6 * air.var(ddof=0), rtol=1e-12)
    with pytest.raises(ValueError, match="'Wind', 'Temp', 'total' depend on each other"):
        GaussianGradientMLE(reg_covar=0.0).fit(air)
    for remedy in (
        {"covariance_type": "diag"},
        {"reg_covar": 0.01},
        {"reg_covar": [0, 0, 0, 0, 1]},
    ):
        assert GaussianGradientMLE(**remedy).fit(air).converged_
    assert GaussianGradientMLE().fit(air.drop(columns="total")).converged_


def test_two_relations_beside_gaps(rng):
    X = rng.standard_normal((100, 6))
    X[:, 1] = 3 - X[:, 0]
    X[:, 4] = X[:, 2] - X[:, 3]
    X[rng.random(X.shape) < 0.1] = np.nan
    named = "'feature 0', 'feature 1'; 'feature 2', 'feature 3', 'feature 4' depend"
    with pytest.warns(UserWarning, match=named):
        assert GaussianGradientMLE().fit(X).converged_


def test_a_ridge_too_small_to_be_felt_is_none(rng):
    X = rng.standard_normal((100, 3))
    X[:, 1] = X[:, 0]
    X[::3, 2] = np.nan
    with pytest.raises(ValueError, match="reg_covar=1e-20 is too small"):
        GaussianGradientMLE(reg_covar=1e-20).fit(X)
    assert GaussianGradientMLE(reg_covar=1e-10).fit(X).converged_


def test_a_stream_waits_while_features_depend_on_each_other(rng):
    """Rows to come may break the relation: no ridge is added."""
    X = rng.standard_normal((60, 3))
    X[:30, 1] = X[:30, 0]
    X[::3, 2] = np.nan
    model = GaussianGradientMLE().partial_fit(X[:30])
    assert not hasattr(model, "mean_")
    with pytest.raises(AttributeError, match="'feature 0', 'feature 1' depend"):
        model.score(X)
    model.partial_fit(X[30:])
    assert model.converged_
    assert model.reg_covar_ == 0.0


def test_dummies_beside_a_detection_limit(rng):
    dummies, level = one_hot(rng, 300, 3)
    X = np.column_stack((dummies, level + rng.standard_normal(300)))
    limits = ([np.nan, np.nan, np.nan, 0.0], None)
    with pytest.warns(UserWarning, match="'feature 0', 'feature 1', 'feature 2' depend"):
        model = GaussianGradientMLE(censoring_limits=limits).fit(X)
    assert model.converged_
    without = GaussianGradientMLE(censoring_limits=(limits[0][1:], None)).fit(X[:, 1:])
    np.testing.assert_allclose(model.mean_[1:], without.mean_, rtol=1e-4)
    np.testing.assert_allclose(model.covariance_[1:, 1:], without.covariance_, rtol=1e-4, atol=1e-5)


def test_upper_ends_in_another_unit_than_lower_ones_are_suspected(rng):
    X = np.floor(rng.normal(50, 2, (200, 2)))
    scaled = (X - X.mean(axis=0)) / X.std(axis=0)
    with pytest.raises(ValueError, match="If lower ends were scaled or shifted, upper ends"):
        GaussianGradientMLE().fit(scaled, X_upper=X + 1)
    upper = (X + 1 - X.mean(axis=0)) / X.std(axis=0)
    assert GaussianGradientMLE().fit(scaled, X_upper=upper).converged_
