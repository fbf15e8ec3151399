"""GaussianRegressor: ordinary least squares, numbers from R, gaps and limits, scikit-learn."""

import copy
import math
import pickle
from pathlib import Path

import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from marks import simulation
from numpy.testing import assert_allclose
from oracles import TOBIN
from scipy.stats import norm
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_linnerud
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from skgauss import (
    GaussianGradientMLE,
    GaussianOutlierDetector,
    GaussianRegressor,
    parse_limits,
)
from skgauss.datasets import load_airquality

NAN = np.nan
PREDICTORS = ["Solar.R", "Wind", "Temp"]


def regressor(**parameters):
    return GaussianRegressor(GaussianGradientMLE(tol=1e-10), **parameters)


@pytest.mark.usefixtures("scipy_array_api")
@pytest.mark.filterwarnings("ignore:The likelihood has no maximum")
@parametrize_with_checks([GaussianRegressor(), GaussianRegressor(GaussianGradientMLE(tol=1e-8))])
def test_estimator_checks(estimator, check):
    check(estimator)


@pytest.fixture
def air():
    return load_airquality(as_frame=True).frame


# -- ordinary least squares


@pytest.mark.parametrize("n_targets", [0, 1, 3])
def test_complete_data_are_least_squares(n_targets):
    X, y = load_linnerud(return_X_y=True)
    y = y[:, :n_targets] if n_targets else y[:, 0]
    model, expected = GaussianRegressor().fit(X, y), LinearRegression().fit(X, y)
    for name in ("coef_", "intercept_"):
        found, truth = getattr(model, name), getattr(expected, name)
        assert np.shape(found) == np.shape(truth)
        assert_allclose(found, truth, rtol=1e-9)
    assert_allclose(model.predict(X), expected.predict(X), rtol=1e-9)
    assert model.score(X, y) == pytest.approx(expected.score(X, y), rel=1e-9)
    residuals = y - expected.predict(X)
    assert_allclose(model.scale_, np.sqrt(np.mean(residuals**2, axis=0)), rtol=1e-9)
    assert hasattr(model, "residual_covariance_") == bool(n_targets)
    if n_targets:
        assert_allclose(model.residual_covariance_, residuals.T @ residuals / len(X), rtol=1e-9)


@pytest.mark.parametrize("rows", ["complete", "gaps", "limits"])
def test_criteria_of_weights_are_those_of_repeats(rng, rows):
    X = rng.standard_normal((50, 2))
    y = X @ [1.0, 0.5] + rng.standard_normal(50)
    upper = None
    if rows == "gaps":
        X[::6, 0] = y[::9] = np.nan
    if rows == "limits":
        upper = np.maximum(y, -0.5)
        y = np.where(y < -0.5, np.nan, y)
    counts = rng.integers(0, 4, 50)
    *repeated, repeated_upper = (
        None if each is None else np.repeat(each, counts, axis=0) for each in (X, y, upper)
    )
    model = GaussianRegressor().fit(X, y, counts, y_upper=upper)
    told = repr(model.summary())
    for ask in (model.aic, model.bic):
        value = ask(X, y, y_upper=upper, sample_weight=counts)
        assert value == pytest.approx(ask(*repeated, y_upper=repeated_upper), rel=1e-9)
        assert f"{ask.__name__.upper()} {value:.2f}" in told


def test_errors_and_criteria_of_least_squares():
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    model = GaussianRegressor().fit(X, y)
    n, d = X.shape
    design = np.column_stack((np.ones(n), X))
    errors, scale = model.standard_errors(), model.scale_
    by_hand = scale * np.sqrt(np.diag(np.linalg.inv(design.T @ design)))
    assert_allclose([errors.intercept, *errors.coef], by_hand, rtol=1e-8)
    assert errors.scale == pytest.approx(scale / math.sqrt(2 * n))
    log_likelihood = -0.5 * n * (math.log(2 * math.pi * scale**2) + 1)
    assert model.log_likelihood_ == pytest.approx(log_likelihood / n, rel=1e-12)
    assert model.aic(X, y) == pytest.approx(2 * (d + 2) - 2 * log_likelihood, rel=1e-9)
    assert model.bic(X, y) == pytest.approx(math.log(n) * (d + 2) - 2 * log_likelihood, rel=1e-9)


@pytest.mark.parametrize("targets", [1, 2])
def test_a_row_that_shows_nothing_changes_nothing(correlated, targets):
    """Only the standard errors are computed differently, without the closed form."""
    X, y = correlated[:, targets:], correlated[:, :targets]
    more = [np.vstack((each, np.full(each.shape[1], NAN))) for each in (X, y)]
    one, two = GaussianRegressor().fit(X, y), regressor().fit(*more)
    for name, error in one.standard_errors().items():
        assert_allclose(getattr(two, f"{name}_"), getattr(one, f"{name}_"), rtol=1e-8)
        assert_allclose(two.standard_errors()[name], error, rtol=1e-6)
    assert two.log_likelihood_ == pytest.approx(one.log_likelihood_, rel=1e-8)
    for criterion in ("aic", "bic"):
        expected = getattr(one, criterion)(X, y)
        assert getattr(two, criterion)(*more) == pytest.approx(expected, rel=1e-8)
    heading = str(one.summary()).splitlines()[1]
    assert str(two.summary()).splitlines()[1] == heading


# -- numbers that R prints (4.2.2, on public data)


def assert_is_what_r_prints(model, estimates, errors, rtol=1e-6, errors_rtol=1e-6):
    """Compare intercept, coefficients and scale, in the order of `summary`, with numbers from R."""
    table = model.summary()
    assert_allclose(table["estimate"], estimates, rtol=rtol)
    assert_allclose(table["std_error"], errors, rtol=errors_rtol)


def test_fiml_of_lavaan(air):
    """lavaan 0.6-14: Ozone ~ Solar.R + Wind + Temp, missing="fiml", fixed.x=FALSE, observed."""
    model = regressor().fit(air[PREDICTORS], air["Ozone"])
    scale = math.sqrt(437.3235356288598)
    error = 57.6099046816077 / (2 * scale)  # lavaan's error of the variance, converted to the scale
    assert_is_what_r_prints(
        model,
        [-67.7532776599817, 0.0609545849192, -3.1126451975989, 1.6608564178851, scale],
        [22.6089512639656, 0.0229099157107, 0.6358454677945, 0.2486791379494, error],
        errors_rtol=1e-4,
    )


def test_two_responses_of_lavaan(air):
    """lavaan: Ozone ~ Wind + Temp, Solar.R ~ Wind + Temp, Ozone ~~ Solar.R, same options."""
    model = regressor().fit(air[["Wind", "Temp"]], air[["Ozone", "Solar.R"]])
    variances = [464.81213713117, 7398.43648019155]
    covariance = [[variances[0], 450.96862068093], [450.96862068093, variances[1]]]
    assert_allclose(model.residual_covariance_, covariance, rtol=1e-6)
    scales = np.sqrt(variances)
    assert_is_what_r_prints(
        model,
        [
            -72.56290059503, -2.96721833526, 1.84868835292, scales[0],
            -78.90501010185, 2.38582419515, 3.08150594529, scales[1],
        ],
        [
            23.097880375793, 0.650144449913, 0.244922254756, 60.951111353637 / (2 * scales[0]),
            81.149423118653, 2.283609951925, 0.868637310329, 866.296585887220 / (2 * scales[1]),
        ],
        errors_rtol=1e-4,
    )  # fmt: skip
    assert list(model.summary().index)[:2] == ["Ozone: intercept", "Ozone: Wind"]
    assert list(model.summary().index)[-1] == "Solar.R: scale"


def test_tobins_data_by_survreg():
    """survival: Surv(durable, durable > 0, type="left") ~ age + quant, the example of its help."""
    X, y = TOBIN[:, 1:], TOBIN[:, 0]
    model = regressor(censoring_limits=(0, None)).fit(X, y)
    scale = 5.572539766
    assert_is_what_r_prints(
        model,
        [15.1448663322209, -0.1290592838646, -0.0455416628897, scale],
        [16.0794532023836, 0.2185835967164, 0.0582541155076, 0.3103227201876 * scale],
    )
    assert model.log_likelihood_ * len(y) == pytest.approx(-28.9401331997, rel=1e-9)


@pytest.mark.parametrize(
    ("limits", "estimates", "scale", "errors", "log_likelihood"),
    [
        (
            (0, None),
            [8.174197432647, -0.179332583730, 0.554141812906,
             -1.686220493551, 0.326053248847, -2.284972720630],
            8.24708032835,
            [2.7414455553469, 0.0790932396140, 0.1345179384446, 0.4037515507861,
             0.2544247470946, 0.4078279186715, 0.0670981718344],
            -705.576222623,
        ),
        (
            (0, 4),
            [7.9009804449962, -0.1775982085651, 0.5323021095734,
             -1.6163356542287, 0.3241864579132, -2.2070074454102],
            7.94321943619,
            [2.80385483951, 0.07990629315, 0.14116840777, 0.42439671777,
             0.25387778257, 0.44983190231, 0.11039606770],
            -500.042760096,
        ),
    ],
)  # fmt: skip
def test_fairs_affairs_by_aers_tobit(limits, estimates, scale, errors, log_likelihood):
    """AER 1.2: affairs ~ age + yearsmarried + religiousness + occupation + rating, and right=4.

    Fair (1978), "A theory of extramarital affairs", Journal of Political Economy 86(1).
    """
    table = pd.read_csv(Path(__file__).parent / "data" / "affairs.csv")
    X, y = table.drop(columns="affairs"), table["affairs"]
    model = regressor(censoring_limits=limits).fit(X, y)
    errors = [*errors[:-1], errors[-1] * scale]
    assert_is_what_r_prints(model, [*estimates, scale], errors)
    assert model.log_likelihood_ * len(y) == pytest.approx(log_likelihood, rel=1e-9)
    assert model.aic(X, y) == pytest.approx(2 * 7 - 2 * log_likelihood, rel=1e-9)


def test_a_limit_and_intervals_by_survreg(air):
    """Ozone with a limit of 20, and in classes of width 10, on the rows without gaps."""
    air = air.dropna()
    X, y = air[PREDICTORS], air["Ozone"]
    scale = 23.2197580216
    assert_is_what_r_prints(
        regressor(censoring_limits=(20, None)).fit(X, y),
        [-129.167783539756, 0.108737085575, -4.226369144184, 2.383362985457, scale],
        [
            30.3129273062532,
            0.0309983776377,
            0.8022466223383,
            0.330267902792,
            0.0827736105386 * scale,
        ],
    )
    scale, lower = 20.412639299, 10 * (y // 10)
    model = regressor().fit(X, lower, y_upper=lower + 10)
    assert_is_what_r_prints(
        model,
        [-61.6993582979794, 0.0655212140734, -3.3086450085686, 1.6085968602772, scale],
        [
            22.4401903394969,
            0.0225687701157,
            0.6369047528481,
            0.246777014845,
            0.0684092214209 * scale,
        ],
    )
    assert model.log_likelihood_ * len(y) == pytest.approx(-237.789976439, rel=1e-9)
    deviance = model.aic(X, lower, y_upper=lower + 10) - 2 * 5
    assert deviance == pytest.approx(2 * 237.789976439, rel=1e-9)


# -- gaps and limits


def drawn(rng, n=4000):
    """Features, a target linear in them, and the true intercept, coefficients and scale."""
    X = rng.standard_normal((n, 3)) @ np.array([[1, 0.5, 0.2], [0, 0.9, 0.4], [0, 0, 0.8]])
    coef, intercept, scale = np.array([1.0, -0.5, 2.0]), 3.0, 1.5
    y = intercept + X @ coef + scale * rng.standard_normal(n)
    return X, y, np.array([intercept, *coef, scale])


def test_recovery_from_gaps_and_a_limit(rng):
    """Estimates are within four errors with many gaps in X and y, and half of y censored."""
    X, y, truth = drawn(rng)
    X[rng.random(X.shape) < 0.25] = NAN
    y[rng.random(len(y)) < 0.2] = NAN
    limit = np.nanmedian(y)
    table = GaussianRegressor(censoring_limits=(limit, None)).fit(X, y).summary()
    assert np.abs((table["estimate"] - truth) / table["std_error"]).max() < 4
    assert (table["std_error"] < 0.15).all()


@simulation
def test_intervals_cover_and_naive_ways_do_not(rng):
    """With gaps in X that depend on y, 95 in 100 intervals cover, in 500 draws of 200 rows."""
    covered = []
    for _ in range(500):
        X, y, truth = drawn(rng, 200)
        X[rng.random(200) < 1 / (1 + np.exp(3 - y)), 0] = NAN
        table = GaussianRegressor().fit(X, y).summary()
        covered.append((table["lower"] < truth) & (truth < table["upper"]))
    assert np.abs(np.mean(covered, axis=0) - 0.95).max() < 4 * np.sqrt(0.95 * 0.05 / 500)


def test_predictions_are_conditional_means(rng):
    """They follow the formula for each pattern, and deviations grow with the missing values."""
    X, y, _ = drawn(rng, 300)
    model = GaussianRegressor().fit(X, y)
    X = X[:40]
    X[rng.random(X.shape) < 0.4] = NAN
    X[0] = NAN
    mean, std = model.predict(X, return_std=True)
    assert_allclose(model.predict(X), mean)
    joint = model.estimator_
    for row, m, s in zip(X, mean, std, strict=True):
        o = np.append(~np.isnan(row), False)
        weights = np.linalg.solve(joint.covariance_[np.ix_(o, o)], joint.covariance_[o, -1])
        assert m == pytest.approx(joint.mean_[-1] + weights @ (row[o[:-1]] - joint.mean_[o]))
        variance = joint.covariance_[-1, -1] - weights @ joint.covariance_[o, -1]
        assert s == pytest.approx(math.sqrt(variance))
    assert std[0] == pytest.approx(joint.scale_[-1])
    assert_allclose(std[~np.isnan(X).any(axis=1)], model.scale_)


def test_limits_of_the_features(rng):
    """They are set on the estimator, and `predict` treats a feature at its limit as censored."""
    X, y, truth = drawn(rng, 1000)
    limits = ([-0.5, NAN, NAN], [NAN, NAN, 1.0])
    joint = GaussianGradientMLE(censoring_limits=limits)
    X = np.column_stack((np.maximum(X[:, 0], -0.5), X[:, 1], np.minimum(X[:, 2], 1.0)))
    model = GaussianRegressor(joint, censoring_limits=(0.0, None)).fit(X, np.maximum(y, 0))
    table = model.summary()
    assert np.abs((table["estimate"] - truth) / table["std_error"]).max() < 4
    asked = np.column_stack((X, np.full(len(X), NAN)))
    filled, deviations = model.estimator_.impute(asked, return_std=True)
    mean, std = model.predict(X, return_std=True)
    assert_allclose(mean, filled[:, -1], rtol=1e-10)
    assert_allclose(std, deviations[:, -1], rtol=1e-6)
    at_limit = (X[:, 0] == -0.5) | (X[:, 2] == 1)
    assert (std[at_limit] > model.scale_).all()


def test_a_limit_is_an_interval(air):
    air = air.dropna()
    X, y = air[PREDICTORS], np.maximum(air["Ozone"], 20)
    limit = regressor(censoring_limits=(20, None)).fit(X, y)
    interval = regressor().fit(X, y.where(y > 20), y_upper=y)
    assert_allclose(interval.coef_, limit.coef_, rtol=1e-8)
    assert interval.bic(X, y.where(y > 20), y_upper=y) == pytest.approx(limit.bic(X, y), rel=1e-9)


def test_weights_are_repeats(rng, air):
    weights = rng.integers(0, 4, len(air))
    X, y = air[PREDICTORS], air["Ozone"]
    model = regressor().fit(X, y, sample_weight=weights)
    rows = np.repeat(np.arange(len(air)), weights)
    expected = regressor().fit(X.iloc[rows], y.iloc[rows])
    assert_allclose(model.coef_, expected.coef_, rtol=1e-6)
    assert_allclose(model.standard_errors().coef, expected.standard_errors().coef, rtol=1e-6)
    assert model.log_likelihood_ == pytest.approx(expected.log_likelihood_, rel=1e-9)
    assert model.score(X, y, weights) == pytest.approx(expected.score(X.iloc[rows], y.iloc[rows]))


@pytest.mark.parametrize("unit", [1e-6, 1e6])
def test_units_drop_out(air, unit):
    """Neither the units nor the origins of features and target matter."""
    X, y = air[PREDICTORS], air["Ozone"]
    expected = regressor(censoring_limits=(20, None)).fit(X, y)
    units = unit ** np.array([1.0, -1.0, 0.5])
    model = regressor(censoring_limits=((20 + 3) / unit, None))
    model.fit(X * units + 7 * units, (y + 3) / unit)
    assert_allclose(model.coef_ * units * unit, expected.coef_, rtol=1e-6)
    errors, by_hand = model.standard_errors(), expected.standard_errors()
    assert_allclose(errors.coef * units * unit, by_hand.coef, rtol=1e-6)
    assert model.scale_ * unit == pytest.approx(expected.scale_, rel=1e-6)
    predicted = model.predict(X * units + 7 * units) * unit - 3
    assert_allclose(predicted, expected.predict(X), rtol=1e-5)


def test_intervals_are_of_the_level(air):
    model = GaussianRegressor().fit(air[PREDICTORS], air["Ozone"])
    errors, ends = model.standard_errors(), model.confidence_intervals(level=0.6826894921370859)
    assert_allclose(ends.coef, model.coef_[:, None] + errors.coef[:, None] * [-1, 1])
    assert_allclose(ends.intercept, model.intercept_ + errors.intercept * np.array([-1, 1]))
    assert_allclose(
        np.log(ends.scale / model.scale_), errors.scale / model.scale_ * np.array([-1, 1])
    )
    table = model.summary(level=0.6826894921370859)
    assert list(table.index) == ["intercept", *PREDICTORS, "scale"]
    assert_allclose(table.loc[PREDICTORS, ["lower", "upper"]], ends.coef)
    assert table.loc["Temp", "p_value"] == pytest.approx(2.410507e-11, rel=1e-4)
    assert table.loc["scale", ["z", "p_value"]].isna().all()
    for wrong in ({"level": 1.0}, {"method": "bootstrap"}):
        with pytest.raises(ValueError, match="must be"):
            model.confidence_intervals(**wrong)


# -- wherever the rows lie


def test_any_table(air):
    X, y = air[PREDICTORS], air["Ozone"]
    expected = GaussianRegressor().fit(X, y)
    tables = {
        "array": (X.to_numpy(), y.to_numpy()),
        "lists": (X.to_numpy().tolist(), y.to_list()),
        "polars": (pl.from_pandas(X), pl.from_pandas(y)),
        "dask frame": (dd.from_pandas(X, npartitions=3), dd.from_pandas(y, npartitions=3)),
        "dask array": (da.from_array(X.to_numpy(), chunks=(50, 2)), da.from_array(y.to_numpy())),
        "y in memory": (da.from_array(X.to_numpy(), chunks=(50, 3)), y),
        "X in memory": (X.to_numpy(), da.from_array(y.to_numpy())),
    }
    for name, (table, target) in tables.items():
        model = GaussianRegressor().fit(table, target)
        assert_allclose(model.coef_, expected.coef_, rtol=1e-6, err_msg=name)
        assert model.log_likelihood_ == pytest.approx(expected.log_likelihood_, rel=1e-9)
        mean, std = model.predict(table, return_std=True)
        assert_allclose(mean, expected.predict(X), rtol=1e-6)
        assert_allclose(std, expected.predict(X, return_std=True)[1], rtol=1e-6)
        assert hasattr(mean, "dask") == name.startswith(("dask", "y in"))
        assert mean.shape == y.shape or name == "dask frame"
        named = name in ("polars", "dask frame")
        assert hasattr(model, "feature_names_in_") == named
        assert model.score(table, target) == pytest.approx(expected.score(X, y), rel=1e-6)
    names = GaussianRegressor().fit(*tables["polars"]).estimator_.feature_names_in_
    assert list(names) == [*PREDICTORS, "Ozone"]


def test_arrays_of_another_library(correlated, scipy_array_api):
    xp = pytest.importorskip("array_api_strict")
    X, y = correlated[:, 1:], correlated[:, 0]
    expected = GaussianRegressor().fit(X, y)
    with sklearn.config_context(array_api_dispatch=True):
        model = GaussianRegressor().fit(xp.asarray(X), xp.asarray(y))
        predicted = model.predict(xp.asarray(X))
        assert isinstance(predicted, type(xp.asarray(X)))
    assert_allclose(model.coef_, expected.coef_, rtol=1e-9)
    assert_allclose(np.asarray(predicted), expected.predict(X), rtol=1e-9)


def test_weights_of_dask(air):
    lazy = dd.from_pandas(air.assign(weight=2.0), npartitions=3)
    model = GaussianRegressor().fit(lazy[PREDICTORS], lazy["Ozone"], sample_weight=lazy["weight"])
    expected = GaussianRegressor().fit(air[PREDICTORS], air["Ozone"])
    assert_allclose(model.coef_, expected.coef_, rtol=1e-6)
    errors = model.standard_errors().coef * math.sqrt(2)
    assert_allclose(errors, expected.standard_errors().coef, rtol=1e-6)
    with pytest.raises(ValueError, match="y cannot be split as X is"):
        GaussianRegressor().fit(lazy[PREDICTORS], air["Ozone"])
    y = da.from_array(air["Ozone"].to_numpy(), chunks=60)  # three blocks of other lengths
    with pytest.raises(ValueError, match=r"y must be split as X .*\.to_dask_array\(lengths=True\)"):
        GaussianRegressor().fit(lazy[PREDICTORS], y)
    model = GaussianRegressor().fit(lazy[PREDICTORS].to_dask_array(lengths=True), y)
    assert_allclose(model.coef_, expected.coef_, rtol=1e-6)


def test_a_name_that_a_feature_has_already(correlated):
    X = pd.DataFrame(correlated[:, 1:], columns=["a", "y"])
    model = GaussianRegressor().fit(X, correlated[:, 0])
    assert list(model.estimator_.feature_names_in_) == ["a", "y", "y (target)"]


# -- a citizen of scikit-learn


def test_pipelines_and_searches(air):
    X, y = air[PREDICTORS], air["Ozone"].fillna(30)
    pipeline = make_pipeline(StandardScaler(), GaussianRegressor(GaussianGradientMLE()))
    assert_allclose(pipeline.fit(X, y).predict(X), GaussianRegressor().fit(X, y).predict(X), 1e-5)
    assert cross_val_score(pipeline, X, y, cv=3).shape == (3,)
    assert np.isfinite(cross_val_score(GaussianRegressor(), X, air["Ozone"], cv=3)).all()
    grid = {"gaussianregressor__estimator__solver": ["natural", "newton"]}
    search = GridSearchCV(pipeline, grid, cv=KFold(3, shuffle=True, random_state=0)).fit(X, y)
    one, two = search.cv_results_["mean_test_score"]
    assert one == pytest.approx(two, abs=1e-5)
    assert GaussianRegressor().set_params(estimator__tol=0.1).estimator.tol == 0.1


def test_upper_ends_are_routed(air):
    air = air.dropna()
    X, y = air[PREDICTORS], air["Ozone"]
    lower = y.where(y > 20)
    with sklearn.config_context(enable_metadata_routing=True):
        model = GaussianRegressor().set_fit_request(y_upper=True)
        model.set_score_request(y_upper=False)
        folds = KFold(3, shuffle=True, random_state=0)
        upper = {"y_upper": y.clip(lower=20)}  # intervals, so that R^2 is not defined
        with pytest.warns(UserWarning, match="Pass y_upper too"):
            scores = cross_val_score(model, X, lower, params=upper, cv=folds)
    by_hand = []
    for train, test in folds.split(X):
        one = GaussianRegressor(censoring_limits=(20, None)).fit(X.iloc[train], y.iloc[train])
        by_hand.append(one.score(X.iloc[test], lower.iloc[test]))
    assert_allclose(scores, by_hand, rtol=1e-5)


@pytest.mark.parametrize(("y", "y_upper", "message"), [
    ([1.0, 3.0, 2.0], [1.0, 2.0, 2.0], "row 1, .* 'y' .* in y at 3.0 .* in y_upper at 2.0"),
    ([1.0, 3.0, np.inf], [1.0, 3.0, np.inf], "row 2, .* 'y' .* in y at inf"),
    ([1.0, 3.0, np.inf], None, "Input y contains .* first is inf in 'y', in row 2 counted from 0"),
    ([1.0, -np.inf, 2.0], None, "in 'y', in row 1 .* into censoring_limits of the regressor"),
    ([1.0, 3.0, 2.0], [[1.0], [3.0], [2.0]], r"must have the shape of y, \(3,\), got \(3, 1\)"),
    (np.array(["<0.05", "1", "2"]), None, "y holds a limit as text, '<0.05'"),
    (pd.Series(["a", "b", "a"]), None, r"y holds .* pandas.get_dummies\(y.to_frame\(\), drop"),
])  # fmt: skip
def test_a_message_on_y_names_it(y, y_upper, message):
    X = np.array([[1.0], [2.0], [4.0]])
    with pytest.raises(ValueError, match=message):
        GaussianRegressor().fit(X, y, y_upper=y_upper)


def test_features_with_limits_of_their_own_are_fitted_jointly(rng):
    """As in docs/regression.rst. If limits are the same in all rows, a regression agrees."""
    table = pd.DataFrame(rng.standard_normal((300, 3)), columns=["a", "b", "y"])
    table["y"] += table["a"] - table["b"] / 2
    upper = table.assign(a=table["a"].clip(lower=-0.7))
    model = GaussianGradientMLE(tol=1e-9).fit(
        table.where(table["a"] > -0.7, table.assign(a=np.nan)), X_upper=upper
    )
    limited = GaussianGradientMLE(censoring_limits=([-0.7, np.nan], None), tol=1e-9)
    regression = GaussianRegressor(limited).fit(upper[["a", "b"]], table["y"])
    for a, b in ((0.0, 0.0), (1.0, 0.0), (0.5, -2.0)):
        law = model.conditional({"a": a, "b": b})
        assert_allclose(law.mean_[0], regression.intercept_ + regression.coef_ @ [a, b], rtol=1e-6)
        assert_allclose(law.scale_[0], regression.scale_, rtol=1e-6)


@pytest.mark.parametrize("method", ["score", "aic"])
def test_infinity_in_y_is_told_by_target_and_row(rng, method):
    """Rows of weight 0 may hold infinity, but count in the row number of the message."""
    X = rng.standard_normal((20, 2))
    y = X + rng.standard_normal((20, 2))
    model = GaussianRegressor().fit(X, y)
    weight = np.ones(20)
    weight[:3] = 0
    y[[2, 5], [0, 1]] = np.inf
    with pytest.raises(ValueError, match=r"Input y contains .* first is inf in 'y1', in row 5 c"):
        getattr(model, method)(X, y, sample_weight=weight)


@pytest.mark.parametrize("wrong", [pd.DataFrame({"y": [1.0]}), np.ones(3), "yes", None, 1])
def test_return_std_is_true_or_false(rng, wrong):
    """Upper ends passed in its place are refused, not read as True or False."""
    X = rng.standard_normal((20, 2))
    y = X @ [1, 2] + rng.standard_normal(20)
    with pytest.raises(TypeError, match="return_std must be True or False"):
        GaussianRegressor().fit(X, y).predict(X, wrong)
    with pytest.raises(TypeError, match=r"by keyword: impute\(X, X_upper=upper\)"):
        GaussianGradientMLE().fit(X).impute(X, wrong)
    GaussianGradientMLE().fit(X).impute(X, np.True_, X_upper=X)


def test_ends_of_rows_without_weight_may_be_crossed(rng):
    X, y = rng.standard_normal((2, 30))
    y_upper, weight = y.copy(), np.ones(30)
    y_upper[3], weight[3] = y[3] - 1, 0
    one = GaussianRegressor().fit(X[:, None], y, weight, y_upper=y_upper)
    two = GaussianRegressor().fit(np.delete(X, 3)[:, None], np.delete(y, 3))
    assert_allclose(one.coef_, two.coef_, rtol=1e-6)


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame, np.asarray])
def test_targets_come_in_the_order_of_the_fit(air, kind):
    """Their names are checked, whatever the type of X."""
    air = air.dropna()
    X, y = kind(air[["Solar.R", "Wind"]]), air[["Ozone", "Temp"]]
    model = GaussianRegressor().fit(X, y)
    for ask in (model.score, model.aic, model.bic):
        with pytest.raises(ValueError, match="'Ozone', 'Temp', in the same order, got 'Temp'"):
            ask(X, y[["Temp", "Ozone"]])
        if kind is not pl.DataFrame:
            assert ask(X, y.to_numpy()) == ask(X, y)
            assert ask(X, pd.DataFrame(y.to_numpy())) == ask(X, y)  # columns without names


def test_rows_of_another_order_are_told(air):
    """Labels of targets and weights in another order are refused, different labels ignored."""
    air = air.dropna()
    X, y, weights = air[PREDICTORS], air["Ozone"], pd.Series(1.0 + np.arange(len(air)), air.index)
    model = GaussianRegressor().fit(X, y, weights)
    for ask in (model.fit, model.score):
        with pytest.raises(ValueError, match=r"index of y has .* another order.* y\.loc\[X\.index"):
            ask(X, y[::-1])
        with pytest.raises(ValueError, match="index of sample_weight has the labels"):
            ask(X, y, weights[::-1])
        ask(X, y[::-1].loc[X.index], weights.reset_index(drop=True))
    with pytest.raises(ValueError, match="index of sample_weight has the labels"):
        GaussianGradientMLE().fit(X, sample_weight=weights[::-1])


def test_labels_that_name_no_rows_mean_nothing(air):
    """A MultiIndex beside a plain index, and labels that are not unique, are not compared."""
    air = air.dropna()
    X, y = air[PREDICTORS], air["Ozone"]
    expected = GaussianRegressor().fit(X, y).coef_
    levels = pd.MultiIndex.from_product([["station"], air.index])
    same = np.arange(len(air)) // 2
    for of_X, of_y in ((air.index, levels), (levels, air.index), (same, same[::-1])):
        model = GaussianRegressor().fit(X.set_axis(of_X), y.set_axis(of_y))
        np.testing.assert_array_equal(model.coef_, expected)


def test_no_known_target_has_no_score(air):
    """Nor does it have a criterion. The error names y, not an array without rows."""
    air = air.dropna()
    X, y = air[PREDICTORS], air["Ozone"]
    model = GaussianRegressor().fit(X, y)
    for targets, weights in ((y * np.nan, None), (y, np.zeros(len(y)))):
        with pytest.raises(
            ValueError, match="rows of positive weight in which all targets are known"
        ):
            model.score(X, targets, weights)
    two = GaussianRegressor().fit(X[["Wind"]], air[["Ozone", "Temp"]])
    with pytest.raises(ValueError, match="rows of positive weight in which all targets are known"):
        two.score(X[["Wind"]], air[["Ozone", "Temp"]].mask([[True, False]] * len(air)))
    for criterion in (model.aic, model.bic):
        with pytest.raises(ValueError, match="No value of y is known"):
            criterion(X, y * np.nan)


@pytest.mark.parametrize("where", ["X", "y", "both"])
@pytest.mark.parametrize("kind", [np.asarray, pd.DataFrame, pl.DataFrame])
def test_a_row_of_weight_zero_is_not_there(air, where, kind):
    """This holds whatever the row contains."""
    air = air.dropna()
    X, y, weights = air[PREDICTORS].to_numpy(), air["Ozone"].to_numpy(), np.ones(len(air))
    X_there, y_there, weights[7] = X.copy(), y.copy(), 0
    X_there[7, 1] = X[7, 1] if where == "y" else np.inf
    y_there[7] = y[7] if where == "X" else -np.inf
    expected = GaussianRegressor().fit(np.delete(X, 7, axis=0), np.delete(y, 7))
    model = GaussianRegressor().fit(kind(X_there), y_there, weights)
    assert_allclose(model.coef_, expected.coef_, rtol=1e-9)
    assert model.log_likelihood_ == pytest.approx(expected.log_likelihood_, rel=1e-9)
    score = expected.score(np.delete(X, 7, axis=0), np.delete(y, 7))
    assert model.score(kind(X_there), y_there, weights) == pytest.approx(score, rel=1e-9)


def test_targets_equal_in_the_digits_of_float32_are_exact(air):
    air = air.dropna()
    X, y = air[PREDICTORS], air["Ozone"] / 10
    exact = GaussianRegressor().fit(X, y)
    for lower, upper in ((y, y.astype(np.float32)), (y.astype(np.float32), y)):
        model = GaussianRegressor().fit(X, lower, y_upper=upper)
        assert_allclose(model.coef_, exact.coef_, rtol=1e-6)
        assert model.score(X, lower, y_upper=upper) == pytest.approx(exact.score(X, y), rel=1e-6)


def test_targets_in_intervals_have_no_score(air):
    air = air.dropna()
    X, y = air[PREDICTORS], air["Ozone"]
    lower, upper = y.where(y > 20), y.clip(lower=20)
    model = GaussianRegressor().fit(X, lower, y_upper=upper)
    with pytest.raises(ValueError, match=f"{(y <= 20).sum()} targets are known only to an interv"):
        model.score(X, lower, y_upper=upper)
    X_exact, y_exact = X[y > 20], y[y > 20]
    of_exact = model.score(X_exact, y_exact, y_upper=y_exact)
    assert model.score(X, lower, y_upper=lower) == of_exact


def test_upper_ends_that_are_forgotten_are_told(air):
    air = air.dropna()
    X, y = air[PREDICTORS], air["Ozone"]
    model = GaussianRegressor().fit(X, y, y_upper=y + 1)
    for method in (model.score, model.aic, model.bic):
        with pytest.warns(UserWarning, match="with y_upper.* Pass y_upper too"):
            forgotten = method(X, y)
        assert method(X, y, y_upper=y) == forgotten
    GaussianRegressor().fit(X, y, y_upper=y).aic(X, y)  # exact values need no warning


@pytest.mark.parametrize("warm_start", [False, True])
def test_a_second_fit_names_the_target_of_its_own_data(rng, warm_start):
    """X is an array, so that only the regressor knows the names of the joint table."""
    X = rng.standard_normal((50, 2))
    y = X.sum(axis=1) + rng.standard_normal(50)
    model = GaussianRegressor(GaussianGradientMLE(warm_start=warm_start))
    model.fit(X, pd.Series(y, name="lead"))
    with pytest.warns(UserWarning, match="'feature 0', 'zinc' depend on each other linearly"):
        model.fit(X, pd.Series(2 * X[:, 0], name="zinc"))
    joint = model.fit(X, pd.Series(y, name="iron")).estimator_
    assert "mean of iron" in joint.summary().index
    assert "mean of feature 2" in joint.fit(np.column_stack((X, -y))).summary().index


def test_a_warm_start_begins_at_the_last_joint_gaussian(air):
    X, y = air[PREDICTORS], air["Ozone"]
    model = GaussianRegressor(GaussianGradientMLE(warm_start=True)).fit(X, y)
    first = model.estimator_
    assert first.n_iter_ > 1
    again = model.fit(X, y).estimator_
    assert again is not first
    assert again.n_iter_ == 0
    assert again.log_likelihood_path_[0] == first.log_likelihood_
    with pytest.raises(ValueError, match="warm_start=True needs the number of features"):
        model.fit(X[["Wind"]], y)
    assert clone(model).fit(X, y).estimator_.n_iter_ == first.n_iter_


def test_it_is_copied_and_kept(air):
    model = GaussianRegressor(censoring_limits=(20, None)).fit(air[PREDICTORS], air["Ozone"])
    again = pickle.loads(pickle.dumps(model))
    assert_allclose(again.predict(air[PREDICTORS]), model.predict(air[PREDICTORS]), rtol=0)
    assert clone(model).get_params() == model.get_params()
    with pytest.raises(NotFittedError):
        clone(model).predict(air[PREDICTORS])


def test_a_failed_fit_leaves_the_last_one(air):
    model = GaussianRegressor().fit(air[PREDICTORS], air["Ozone"])
    before = pickle.dumps(model)
    with pytest.raises(ValueError, match="is constant"):
        model.fit(air[PREDICTORS], np.ones(len(air)))
    assert pickle.dumps(model) == before


@pytest.mark.parametrize(
    ("y", "parameters", "match"),
    [
        (lambda y: y * NAN, {}, "No value of the target 'Ozone' is known"),
        (lambda y: 0 * y + 2, {}, "'Ozone'.* is constant: every value is 2.0"),
        (lambda y: y, {"censoring_limits": (200, None)}, "All values .* 'Ozone' .* lower limit"),
        (lambda y: y, {"censoring_limits": (None, 1)}, "All values .* 'Ozone' .* upper limit"),
        (lambda y: y, {"censoring_limits": 5}, r"a pair \(lower, upper\), such as"),
        (lambda y: y[:-1], {}, "inconsistent numbers of samples"),
        (
            lambda y: y.astype(str).where(y > 20, "high"),
            {},
            r"y holds values that are not numbers in 'Ozone'",
        ),
        (lambda y: y.to_numpy()[:, None, None], {}, "Found array with dim 3"),
        (lambda y: 3.0, {}, r"y must have one axis or two, got shape \(\)"),
        (lambda y: y, {"estimator": GaussianGradientMLE(covariance_type="diag")}, "independent of"),
        (
            lambda y: y,
            {"estimator": GaussianGradientMLE(truncation_limits=(0, None))},
            "truncated regression is conditional on the features",
        ),
    ],
)
def test_what_is_refused(air, y, parameters, match):
    with pytest.raises(ValueError, match=match):
        GaussianRegressor(**parameters).fit(air[PREDICTORS], y(air["Ozone"]))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_limits_that_name_a_column_of_the_other_table(air, dtype):
    """The message says which parameter takes them, and that works."""
    X, y = air[PREDICTORS].astype(dtype), air["Ozone"].clip(lower=20)
    joint, of_y, of_x = GaussianGradientMLE(), ({"Ozone": 20}, None), (None, {"Wind": 19})
    for wrong, name in (
        (GaussianRegressor(clone(joint).set_params(censoring_limits=of_y)), "Ozone"),
        (GaussianRegressor(joint, censoring_limits=of_x), "Wind"),
    ):
        with pytest.raises(
            ValueError,
            match=f"names '{name}', .*_limits of the estimator are those of the features, and the "
            "censoring_limits of GaussianRegressor are those of y",
        ):
            wrong.fit(X, y)
    right = GaussianRegressor(joint.set_params(censoring_limits=of_x), censoring_limits=of_y)
    assert right.fit(X, y).estimator_.converged_


def test_rows_that_a_robust_fit_keeps_are_found_first(rng):
    """The likelihood of a robust fit is not that of all rows; the way out in the error works."""
    X = rng.standard_normal((200, 1))
    y = 2 * X[:, 0] + rng.standard_normal(200)
    y[:40] += 30
    detector = GaussianOutlierDetector(support_fraction="auto")
    with pytest.raises(ValueError, match=r"regression uses all of them.* by fit_predict of that"):
        GaussianRegressor(detector).fit(X, y)
    ordinary = detector.fit_predict(np.column_stack((X, y))) == 1
    model = GaussianRegressor(GaussianOutlierDetector()).fit(X[ordinary], y[ordinary])
    assert model.coef_[0] == pytest.approx(2, abs=0.3)
    residuals = y[ordinary] - model.predict(X[ordinary])
    log_densities = norm(scale=model.scale_).logpdf(residuals)
    assert model.log_likelihood_ == pytest.approx(log_densities.mean())


def test_one_weight_for_all_rows(air):
    """As in `GaussianGradientMLE.fit`."""
    X, y = air[PREDICTORS], air["Ozone"]
    one, each = (
        GaussianRegressor().fit(X, y, sample_weight=w) for w in (2.5, np.full(len(y), 2.5))
    )
    np.testing.assert_array_equal(one.coef_, each.coef_)
    assert one.log_likelihood_ == each.log_likelihood_
    assert one.aic(X, y, sample_weight=2.5) == each.aic(X, y, sample_weight=np.full(len(y), 2.5))


@pytest.mark.parametrize("columns", [1, 2])
@pytest.mark.parametrize("as_frame", [True, False])
def test_upper_ends_of_another_shape(air, columns, as_frame):
    X, y = air[PREDICTORS], air["Ozone"].to_numpy()
    X, upper = X if as_frame else X.to_numpy(), np.tile(y[:, None], columns)
    for use in (GaussianRegressor().fit, GaussianRegressor().fit(X, y).aic):
        with pytest.raises(ValueError, match=r"y_upper must have the shape of y, \(153,\)"):
            use(X, y, y_upper=upper)


def test_upper_ends_of_another_index(air):
    y = air["Ozone"]
    with pytest.raises(ValueError, match="The index of y_upper should match that of y"):
        GaussianRegressor().fit(air[PREDICTORS], y, y_upper=y[::-1])
    GaussianRegressor().fit(air[PREDICTORS], y, y_upper=y[::-1].loc[y.index])


def test_limits_as_text(air):
    """A target as a laboratory writes it is refused, with a remedy that works."""
    air = air.dropna()
    text = air["Ozone"].map(lambda value: "<20" if value < 20 else str(value))
    with pytest.raises(ValueError, match="y holds a limit as text, '<20' in 'Ozone'") as refused:
        GaussianRegressor().fit(air[PREDICTORS], text)
    with pytest.raises(ValueError, match=r"skgauss.parse_limits\(pandas.DataFrame\(y\)\)"):
        GaussianRegressor().fit(air[PREDICTORS], text.to_numpy())
    assert "lower, upper = skgauss.parse_limits(y.to_frame()), and pass lower" in str(refused.value)
    tables = parse_limits(text.to_frame())
    of_tables = regressor().fit(air[PREDICTORS], tables[0], y_upper=tables[1])
    lower, upper = (ends["Ozone"] for ends in tables)
    model = regressor().fit(air[PREDICTORS], lower, y_upper=upper)
    assert_allclose(of_tables.coef_[0], model.coef_, rtol=1e-9)
    limit = np.nextafter(20.0, 0)  # a value of 20 itself was measured
    expected = regressor(censoring_limits=(limit, None)).fit(air[PREDICTORS], air["Ozone"])
    assert_allclose(model.coef_, expected.coef_, rtol=1e-8)


def test_no_errors_where_there_is_no_maximum(air):
    with pytest.warns(UserWarning, match="ridge|reg_covar"):
        model = GaussianRegressor().fit(air[["Wind", "Temp"]], 2 * air["Wind"] + 1)
    assert_allclose(model.coef_, [2, 0], atol=1e-4)
    with pytest.raises(ValueError, match="has a ridge"):
        model.standard_errors()


def test_whose_parameters_a_message_recommends(rng):
    """The parameters are those of its estimator, and each remedy works as written."""
    X = pd.DataFrame({"m": rng.integers(0, 2, 80).astype(float), "x": rng.standard_normal(80)})
    X["f"], y = 1 - X["m"], rng.standard_normal(80)
    told = (
        r"reg_covar.* parameters on its estimator, as in GaussianRegressor\(GaussianGradientMLE\("
    )
    with pytest.warns(UserWarning, match=told):
        model = GaussianRegressor().fit(X, y)
    for ask in (model.summary, model.standard_errors, model.confidence_intervals):
        with pytest.raises(ValueError, match=told):
            ask()
    with pytest.raises(ValueError, match=told) as caught:
        GaussianRegressor(GaussianGradientMLE(reg_covar=0.0)).fit(X, y)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    with pytest.raises(ValueError, match=told):
        GaussianRegressor().fit(X.assign(f=1.0), y)
    for features in (X, X.assign(f=1.0)):
        GaussianRegressor(GaussianGradientMLE(reg_covar=0.1)).fit(features, y)
    GaussianRegressor().fit(X.drop(columns="f"), y).summary()
    apart = X[["x"]].mask(X["m"] == 1)
    with pytest.warns(UserWarning, match=r"never observed in the same row.* In a regression, set"):
        model = GaussianRegressor().fit(apart, np.where(X["m"] == 1, y, np.nan))
    with pytest.warns(
        UserWarning, match=r"The data do not determine .* In a regression, set these"
    ):
        assert np.isnan(model.standard_errors().coef).all()
    own = GaussianGradientMLE()
    with pytest.warns(UserWarning, match="reg_covar") as caught:
        own.fit(X)
    assert "regression" not in str(caught[0].message)


def test_the_joint_gaussian_forgets_the_names_of_the_regression_with_its_rows(rng):
    X, y = rng.standard_normal((50, 2)), rng.standard_normal(50)
    joint = GaussianRegressor().fit(X, y).estimator_
    names = ["mean of feature 0", "mean of feature 1", "mean of y"]
    assert list(joint.summary().index[:3]) == names
    assert list(joint.partial_fit(np.column_stack((X, y))).summary().index[:3]) == names
    other = rng.standard_normal((50, 3))
    unseen = other * [1.0, 1.0, np.nan]
    with pytest.raises(ValueError, match="'feature 2' was never observed"):
        joint.fit(unseen)
    assert list(joint.summary().index[:3]) == names  # of the fit that is kept
    statistics = GaussianGradientMLE().fit(other).sufficient_statistics_
    for again in (copy.deepcopy(joint).fit(other), joint.fit_statistics(statistics)):
        assert again.summary().index[2] == "mean of feature 2"


def test_a_score_of_targets_at_limits_says_what_it_favours():
    """It favours a model that predicts the limits over one that is nearer to the true values."""
    X, truth = load_diabetes(return_X_y=True)
    y = truth.clip(min=140)
    tobit = GaussianRegressor(censoring_limits=(140, None)).fit(X, y)
    told = "Some targets lie at censoring_limits .* scoring=lambda"
    with pytest.warns(UserWarning, match=told):
        recorded = tobit.score(X, y)
    above = y > 140
    ordinary = GaussianRegressor().fit(X, y)
    assert recorded < ordinary.score(X, y)
    assert r2_score(truth, tobit.predict(X)) > r2_score(truth, ordinary.predict(X))
    assert np.isfinite(tobit.score(X[above], y[above]))  # without a warning


def test_a_search_under_a_limit_by_a_criterion():
    """The search that the warning of `score` recommends rejects a ridge that hides the relation."""
    X, y = load_diabetes(return_X_y=True)
    model = GaussianRegressor(GaussianGradientMLE(), censoring_limits=(140, None))
    search = GridSearchCV(
        model,
        {"estimator__reg_covar": [0.0, 1e6]},
        scoring=lambda model, X, y: -model.aic(X, y),
        cv=3,
    )
    assert search.fit(X, y.clip(min=140)).best_params_ == {"estimator__reg_covar": 0.0}


def test_a_feature_called_as_another_parameter_has_a_row_of_its_own(rng):
    X = pd.DataFrame(rng.standard_normal((40, 3)), columns=["intercept", "dose", "scale"])
    model = GaussianRegressor().fit(X, X @ [1.0, 2.0, 3.0] + rng.standard_normal(40))
    estimate = model.summary()["estimate"]
    assert estimate.index.is_unique
    named = estimate[["coef of intercept", "dose", "coef of scale"]]
    assert_allclose(named, model.coef_)
    assert_allclose(estimate[["intercept", "scale"]], [model.intercept_, model.scale_])


def test_the_target_of_an_array_is_no_feature(rng):
    X = rng.standard_normal((30, 2))
    with pytest.warns(UserWarning, match="'feature 0', 'feature 1', 'y' depend on each other"):
        model = GaussianRegressor().fit(X, X @ [1.0, 2.0])
    assert repr(model.estimator_.fit(X[:, :1]).summary()).count("feature 0") == 2


@pytest.mark.parametrize("limit", [None, -0.5])
def test_errors_whose_squares_float64_does_not_hold(rng, limit):
    """A coefficient of 1e-180, or 1e180, has an error of that size."""
    X = rng.standard_normal((200, 2))
    y = X.sum(axis=1) + rng.standard_normal(200)
    units, of_y = np.array([2.0**300, 2.0**-300]), 2.0**300
    plain, other = (
        GaussianRegressor(censoring_limits=None if limit is None else (limit * of_target, None))
        .fit(X * of_features, y * of_target)
        .standard_errors()
        for of_features, of_target in ((1.0, 1.0), (units, of_y))
    )
    np.testing.assert_allclose(other.coef * units / of_y, plain.coef, rtol=1e-5)
    np.testing.assert_allclose(other.scale / of_y, plain.scale, rtol=1e-5)
