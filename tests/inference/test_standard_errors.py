"""Standard errors, intervals and tests, against closed forms, differences and repeated rows."""

import pickle
import re
import sys
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from likelihoods.test_missing import MURRAY
from marks import each_family, each_value, exhaustive
from models import fitted, with_gaps
from numpy.testing import assert_allclose
from oracles import TOBIN, five_points, observed_log_likelihood
from scipy.stats import norm
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from skgauss import GaussianGradientMLE, GaussianImputer, GaussianRegressor
from skgauss.datasets import load_airquality
from skgauss.inference import likelihood_of, standard_errors
from skgauss.inference.standard_errors import half_inverse
from skgauss.likelihoods import information_matrix
from skgauss.likelihoods.missing import ObservedFull

SHOWN = ["estimate", "std_error", "lower", "upper"]


# -- closed forms


def test_full_on_complete_data(correlated):
    model = fitted(correlated)
    errors = model.standard_errors()
    n, variances, correlation = len(correlated), np.var(correlated, axis=0), model.correlation_
    products = np.outer(variances, variances)
    assert_allclose(errors.mean, np.sqrt(variances / n), rtol=1e-6)
    assert_allclose(errors.scale, np.sqrt(variances / (2 * n)), rtol=1e-6)
    squares = np.cov(correlated.T, ddof=0) ** 2  # Anderson (2003), section 3.4
    assert_allclose(errors.covariance, np.sqrt((products + squares) / n), rtol=1e-6)
    assert_allclose(errors.correlation, (1 - correlation**2) / np.sqrt(n), atol=1e-9)


@pytest.mark.parametrize("gaps", [0.0, 0.3])
def test_diag_counts_the_values_of_each_feature(rng, correlated, gaps):
    X = with_gaps(rng, correlated, gaps)
    errors = fitted(X, "diag").standard_errors()
    n, variances = (~np.isnan(X)).sum(axis=0), np.nanvar(X, axis=0)
    assert_allclose(errors.mean, np.sqrt(variances / n), rtol=1e-6)
    assert_allclose(errors.scale, np.sqrt(variances / (2 * n)), rtol=1e-6)
    assert_allclose(errors.covariance, variances * np.sqrt(2 / n), rtol=1e-6)
    assert "correlation" not in errors


@pytest.mark.parametrize("gaps", [0.0, 0.3])
def test_spherical_counts_all_values(rng, correlated, gaps):
    X = with_gaps(rng, correlated, gaps)
    errors = fitted(X, "spherical").standard_errors()
    n = (~np.isnan(X)).sum(axis=0)
    variance = np.nansum((X - np.nanmean(X, axis=0)) ** 2) / n.sum()
    assert_allclose(errors.mean, np.sqrt(variance / n), rtol=1e-6)
    assert_allclose(errors.scale, np.full(3, np.sqrt(variance / (2 * n.sum()))), rtol=1e-6)
    assert_allclose(errors.covariance, variance * np.sqrt(2 / n.sum()), rtol=1e-6)
    assert isinstance(errors.covariance, float)


@each_family
def test_one_feature(rng, covariance_type):
    x = rng.standard_normal((40, 1)) + 3.0
    errors = fitted(x, covariance_type).standard_errors()
    assert_allclose(errors.mean, x.std(axis=0) / np.sqrt(40), rtol=1e-6)
    assert_allclose(errors.scale, x.std(axis=0) / np.sqrt(80), rtol=1e-6)
    shapes = {"full": (1, 1), "diag": (1,), "spherical": ()}
    assert np.shape(errors.covariance) == shapes[covariance_type]


def test_a_monotone_pattern_in_closed_form(rng):
    """x of n rows, y of the first m: Anderson (1957), JASA 52, for the mean of y."""
    n, m = 80, 50
    x = rng.standard_normal(n)
    y = 0.7 * x + rng.standard_normal(n)
    y[m:] = np.nan
    model = fitted(np.column_stack((x, y)))
    slope, residual = np.polyfit(x[:m], y[:m], 1, full=True)[:2]
    noise = residual[0] / m
    distance = (x.mean() - x[:m].mean()) ** 2 / x[:m].var()
    expected = noise / m * (1 + distance) + slope[0] ** 2 * x.var() / n
    assert model.standard_errors().mean[1] == pytest.approx(np.sqrt(expected), rel=1e-6)


# -- differences of the likelihood in the parameters themselves


def parameters_of(mean, covariance):
    """Those of `Parameters` in one vector: mean, covariance, scale, correlation."""
    scale = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(scale, scale)
    return np.concatenate((mean, covariance.ravel(), scale, correlation.ravel()))


def second_differences(function, theta, steps):
    """Hessian by five points along each axis and each diagonal of two."""
    d = len(theta)

    def along(direction):
        return five_points(lambda t: function(theta + t * direction), 1)[1]

    hessian = np.empty((d, d))
    for i in range(d):
        for j in range(i + 1):
            one, two = steps[i] * np.eye(d)[i], steps[j] * np.eye(d)[j]
            mixed = (along(one + two) - along(one - two)) / 4 if i != j else along(one)
            hessian[i, j] = hessian[j, i] = mixed / (steps[i] * steps[j])
    return hessian


@exhaustive
def test_differences_in_mean_and_covariance(rng):
    """Without a frame: the Hessian in (mean, covariance) itself, inverted."""
    d, X = 2, with_gaps(rng, rng.standard_normal((60, 2)) @ [[1.0, 0.6], [0.0, 0.8]], 0.3)
    model = fitted(X)
    lower = np.tril_indices(d)

    def split(theta):
        covariance = np.zeros((d, d))
        covariance[lower] = theta[d:]
        return theta[:d], covariance + np.tril(covariance, -1).T

    def total(theta):
        return len(X) * observed_log_likelihood(X, *split(theta))

    theta = np.concatenate((model.mean_, model.covariance_[lower]))
    hessian = second_differences(total, theta, np.full(len(theta), 3e-4))
    covariance = np.linalg.inv(-hessian)
    step = 1e-4
    jacobian = np.array(
        [
            (parameters_of(*split(theta + step * e)) - parameters_of(*split(theta - step * e)))
            / (2 * step)
            for e in np.eye(len(theta))
        ]
    )
    expected = np.sqrt(np.einsum("ki,kl,li->i", jacobian, covariance, jacobian))
    errors = model.standard_errors()
    found = np.concatenate([np.ravel(errors[k]) for k in ("mean", "covariance", "scale")])
    assert_allclose(found, expected[: len(found)], rtol=1e-7)
    assert_allclose(errors.correlation.ravel(), expected[len(found) :], rtol=1e-6, atol=1e-8)


class _ByDifferences(ObservedFull):
    has_information = False


@pytest.mark.parametrize("where", ["maximum", "elsewhere"])
def test_differences_of_the_gradient_serve_a_likelihood_without_a_matrix(rng, gappy, where):
    model = fitted(gappy)
    likelihood = likelihood_of(model)
    factor = model._gaussian.factor
    if where == "elsewhere":
        factor = factor @ np.linalg.cholesky(np.cov(rng.standard_normal((3, 20))))
    at = likelihood.evaluate(model.mean_ + 0.1 * (factor is not model._gaussian.factor), factor)
    exact = likelihood.information(at).matrix
    likelihood.__class__ = _ByDifferences
    assert_allclose(information_matrix(likelihood, at), exact, atol=1e-6)


@pytest.mark.parametrize("covariance_type", ["diag", "spherical"])
def test_differences_know_the_shares_of_uncorrelated_features(gappy, covariance_type):
    model = fitted(gappy, covariance_type)
    likelihood = likelihood_of(model)
    matrix = information_matrix(
        likelihood, likelihood.evaluate(model.mean_, model._gaussian.factor)
    )
    shares = np.mean(~np.isnan(gappy), axis=0)
    of_scales = shares if covariance_type == "diag" else [shares.mean()]
    assert_allclose(matrix, np.diag(np.concatenate((shares, of_scales))), atol=1e-6)


def test_differences_refuse_a_mean_too_far_from_zero(gappy):
    likelihood = likelihood_of(fitted(gappy + 1e9, "diag"))
    with pytest.raises(ValueError, match="Subtract a number near the mean"):
        information_matrix(likelihood, likelihood.evaluate(*likelihood.guess))
    near = likelihood_of(fitted((gappy + 1e9) - 1e9, "diag"))
    information_matrix(near, near.evaluate(*near.guess))


# -- what must not matter, and what must


def assert_same_errors(one, two, rtol=1e-6):
    assert set(one) == set(two)
    for name in one:
        assert_allclose(one[name], two[name], rtol=rtol, atol=1e-9, err_msg=name)


@each_family
@pytest.mark.parametrize("gaps", [0.0, 0.3])
def test_weights_are_repeats(rng, correlated, covariance_type, gaps):
    X, weights = with_gaps(rng, correlated, gaps), rng.integers(0, 4, len(correlated))
    weighted = fitted(X, covariance_type, sample_weight=weights)
    repeated = fitted(np.repeat(X, weights, axis=0), covariance_type)
    assert_same_errors(weighted.standard_errors(), repeated.standard_errors())


@pytest.mark.parametrize("gaps", [0.0, 0.3])
def test_units_scale_the_errors(rng, correlated, gaps):
    units = np.array([1e-100, 1.0, 1e100])
    X = with_gaps(rng, correlated, gaps)
    plain, scaled = fitted(X), fitted(X * units)
    one, two = plain.standard_errors(), scaled.standard_errors()
    assert_allclose(two.mean / units, one.mean, rtol=1e-6)
    assert_allclose(two.scale / units, one.scale, rtol=1e-6)
    assert_allclose(two.covariance / units / units[:, None], one.covariance, rtol=1e-6)
    assert_allclose(two.correlation, one.correlation, rtol=1e-6)
    ends = [m.confidence_intervals().covariance for m in (plain, scaled)]
    assert_allclose(ends[1] / (units * units[:, None])[..., None], ends[0], rtol=1e-6)


@each_family
def test_an_offset_changes_nothing(gappy, covariance_type):
    near, far = (fitted(X, covariance_type) for X in (gappy, gappy + 2.0**30))
    assert_same_errors(near.standard_errors(), far.standard_errors())


def test_rows_without_a_value_change_no_error_but_miss_information(gappy):
    padded = np.vstack((gappy, np.full((20, 3), np.nan)))
    one, two = fitted(gappy), fitted(padded)
    assert_same_errors(one.standard_errors(), two.standard_errors())
    shares = [1 - m.summary()["missing_information"] for m in (one, two)]
    assert_allclose(shares[1], shares[0] * len(gappy) / len(padded), rtol=1e-6)


def test_statistics_and_streams_are_as_good_as_rows(gappy):
    whole = fitted(gappy).standard_errors()
    stream = GaussianGradientMLE(tol=1e-9)
    for chunk in np.array_split(gappy, 4):
        stream.partial_fit(chunk)
    assert_same_errors(stream.standard_errors(), whole)
    summarised = GaussianGradientMLE(tol=1e-9).fit_statistics(stream.sufficient_statistics_)
    assert_same_errors(summarised.standard_errors(), whole)


def test_blocks_of_dask(gappy):
    array = pytest.importorskip("dask.array")
    model = fitted(array.from_array(gappy, chunks=(20, 3)))
    assert_same_errors(model.standard_errors(), fitted(gappy).standard_errors())


# -- what the data leave open


def test_two_features_never_seen_together_have_no_correlation(rng):
    """All else is as of independent features."""
    X = rng.standard_normal((60, 2))
    X[:25, 0] = X[25:, 1] = np.nan
    with pytest.warns(UserWarning, match="never observed in the same row"):
        model = fitted(X)
    with pytest.warns(UserWarning, match=r"correlation of feature 0 and feature 1\. The"):
        errors = model.standard_errors()
    independent = fitted(X, "diag").standard_errors()
    assert np.isnan(errors.correlation[0, 1])
    assert np.isnan(errors.covariance[0, 1])
    assert_allclose(errors.mean, independent.mean, rtol=1e-6)
    assert_allclose(errors.scale, independent.scale, rtol=1e-6)
    assert_allclose(np.diag(errors.covariance), independent.covariance, rtol=1e-6)
    with pytest.warns(UserWarning, match="do not determine"):
        row = model.summary().loc["correlation of feature 0 and feature 1"]
    assert row.drop(["estimate", "missing_information"]).isna().all()
    assert row["missing_information"] == 1.0


def test_the_others_keep_theirs(rng):
    """x and y are a monotone pattern, whatever is seen of z without y."""
    x, y, z = rng.standard_normal((3, 90)) + rng.standard_normal(90)
    y[40:], z[:40] = np.nan, np.nan
    with pytest.warns(UserWarning, match="never observed in the same row"):
        model = fitted(np.column_stack((x, y, z)))
    with pytest.warns(UserWarning, match=r"the correlation of feature 1 and feature 2\. The"):
        errors = model.standard_errors()
    without = fitted(np.column_stack((x, y))).standard_errors()
    assert_allclose(errors.mean[:2], without.mean, rtol=1e-5)
    assert_allclose(errors.correlation[:2, :2], without.correlation, rtol=1e-5)
    assert np.isnan(errors.correlation).sum() == 2


# -- intervals and the table


@pytest.mark.parametrize("level", [0.5, 0.95])
def test_ends_on_their_scales(gappy, level):
    model = fitted(gappy)
    errors, found = model.standard_errors(), model.confidence_intervals(level)
    z = norm.ppf((1 + level) / 2) * np.array([-1, 1])
    assert_allclose(found.mean, model.mean_[:, None] + errors.mean[:, None] * z)
    relative = errors.scale / model.scale_
    assert_allclose(np.log(found.scale / model.scale_[:, None]), relative[:, None] * z)
    diagonal = found.covariance[np.arange(3), np.arange(3)]
    assert_allclose(diagonal, found.scale**2)
    r = model.correlation_[0, 1]
    expected = np.arctanh(r) + z * errors.correlation[0, 1] / (1 - r * r)
    assert_allclose(np.arctanh(found.correlation[0, 1]), expected)
    assert_allclose(found.correlation[[0, 1, 2], [0, 1, 2]], 1.0)
    expected = model.covariance_[0, 1] + z * errors.covariance[0, 1]
    assert_allclose(found.covariance[0, 1], expected)


@each_family
@pytest.mark.parametrize("gaps", [0.0, 0.3])
def test_the_table(rng, correlated, covariance_type, gaps):
    frame = pd.DataFrame(with_gaps(rng, correlated, gaps), columns=["a", "b", "c"])
    model = fitted(frame, covariance_type)
    table, errors, ends = model.summary(), model.standard_errors(), model.confidence_intervals()
    assert list(table.index[:3]) == ["mean of a", "mean of b", "mean of c"]
    assert_allclose(table["estimate"][:3], model.mean_)
    assert_allclose(table["std_error"][:3], errors.mean)
    assert_allclose(table[["lower", "upper"]][:3], ends.mean)
    scales = ["sd of every feature"] if covariance_type == "spherical" else ["sd of a", "sd of b"]
    for j, name in enumerate(scales):
        assert_allclose(table.loc[name, SHOWN], [model.scale_[j], errors.scale[j], *ends.scale[j]])
    assert len(table) == {"full": 9, "diag": 6, "spherical": 4}[covariance_type]
    if covariance_type == "full":
        row = table.loc["correlation of a and c", SHOWN]
        assert_allclose(
            row, [model.correlation_[0, 2], errors.correlation[0, 2], *ends.correlation[0, 2]]
        )
    assert table["missing_information"].between(0, 1).all()
    if gaps == 0.0:
        assert (table["missing_information"] == 0).all()


def test_a_window_hides_information_too(rng):
    """Compared with as many rows that no window selected, whose errors are the textbook's."""
    X = rng.standard_normal((400, 1))
    X = X[X > -0.5][:100, None]
    model = fitted(X, truncation_limits=(-0.5, None))
    table = model.summary()
    relative = table["std_error"] / model.scale_[0]
    kept = np.array([1 / 100, 1 / 200]) / relative**2
    assert_allclose(table["missing_information"], 1 - kept, rtol=1e-9)
    assert (table["missing_information"] > 0.5).all()


def test_missing_information_of_a_feature_alone_is_the_share_of_gaps(gappy):
    table = fitted(gappy, "diag").summary()
    assert_allclose(table["missing_information"], np.tile(np.isnan(gappy).mean(axis=0), 2))


def test_a_sentence_without_pandas(monkeypatch, correlated):
    model = fitted(correlated)
    regressor = GaussianRegressor().fit(correlated[:, :2], correlated[:, 2])
    monkeypatch.setitem(sys.modules, "pandas", None)
    for ask in (model.summary, regressor.summary, model.parameter_covariance):
        with pytest.raises(ImportError, match=rf"{ask.__name__} requires.*skgauss\[examples\]"):
            ask()


# -- the table as a report


def printed(table):
    """The lines of a report, none of which is wider than a terminal."""
    lines = repr(table).splitlines()
    assert max(map(len, lines)) <= 80
    return lines


@pytest.fixture
def air():
    return load_airquality(as_frame=True).data


def test_what_is_printed(air):
    """Two digits of each error: 2.782498 is 2.8, and 0.283885 is 0.28."""
    lines = printed(fitted(air).summary())
    assert lines[0] == "n 153, missing 7.2%, censored 0.0%"  # 44 of 612 values
    assert "41.9      2.8   15.05  <0.001    36.4    47.3    0.119" in lines[6]
    assert "9.96     0.28   35.08  <0.001    9.40   10.51    0.000" in lines[8]
    assert lines[15] == "correlation"
    assert len(lines) == 22


@each_value(unit=[1e-9, 1e-3, 1.0, 1e4, 1e12], name=["a", "quite a long name (mg/l)", 100 * "so "])
def test_no_unit_and_no_name_makes_it_wider(gappy, unit, name):
    columns = [f"{name}{j}" for j in range(gappy.shape[1])]
    lines = printed(fitted(pd.DataFrame(unit * gappy, columns=columns)).summary())
    assert "".join(lines).replace(" ", "").count(columns[0].replace(" ", "")) == 4


def test_a_line_break_in_a_name_breaks_no_line(air):
    """As the headings of a spreadsheet have it."""
    names = {"Ozone": "Ozone\n(ppb)", "Temp": "Temp\t(F)"}
    plain = {name: " ".join(broken.split()) for name, broken in names.items()}
    broken, expected = (fitted(air.rename(columns=each)).summary() for each in (names, plain))
    assert printed(broken) == printed(expected)
    X, y = air[["Wind", "Temp"]], air["Ozone"]
    broken, expected = (
        GaussianRegressor().fit(X.rename(columns=each), y).summary() for each in (names, plain)
    )
    assert printed(broken) == printed(expected)


def test_the_criteria_are_those_of_the_rows(air):
    for model in (fitted(air), fitted(air, "spherical")):
        heading = printed(model.summary())[1]
        total = len(air) * model.score(air)
        criteria = f"AIC {model.aic(air):.2f}, BIC {model.bic(air):.2f}"
        assert heading == f"log-likelihood {total:.2f}, {criteria}"


def test_shares_of_what_is_not_known_exactly(rng):
    """Of intervals and gaps, weights, and a window that fills the gaps, counted by hand."""
    X = rng.uniform(-1, 1, (40, 2))
    X[:5, 0] = np.nan
    X[5:15, 1] = -0.5
    upper = X.copy()
    upper[5:15, 1] = 0.0
    weights = np.where(np.arange(40) < 10, 3.0, 1.0)
    expected = f"n 60, missing {15 / 120:.1%}, censored {20 / 120:.1%}"
    for options in ({}, {"covariance_type": "diag"}, {"truncation_limits": (-9.0, 9.0)}):
        model = GaussianGradientMLE(**options).fit(X, sample_weight=weights, X_upper=upper)
        assert printed(model.summary())[0] == expected


@pytest.mark.parametrize(
    ("unit", "offset"), [(1.0, 1e9), (1e-12, 1e3), (1e12, -1e5), (1.0, 1e12), (1e-9, 1e9)]
)
def test_two_digits_of_an_error_are_printed_far_from_zero(rng, unit, offset):
    X = (rng.standard_normal((100, 1)) + offset) * unit
    summary = GaussianGradientMLE().fit(X).summary()
    _, _, table = str(summary).partition("mean\n")
    estimate, _, _, _, lower, upper, _ = map(
        float, table.partition("sd\n")[0].replace("feature 0", "").replace("<", "").split()
    )
    right = summary.iloc[0][["estimate", "lower", "upper"]].to_numpy(float)
    error = summary["std_error"].iloc[0]
    assert_allclose([estimate, lower, upper], right, rtol=0, atol=0.06 * error)


@pytest.mark.parametrize("unit", [1e-9, 1e-7, 1e-4, 1.0, 1e3, 1e5, 1e9])
def test_a_row_is_printed_to_two_digits_of_its_error(air, unit):
    """Neither more nor less, in decimals or with exponents, and one row never in both."""
    summary = fitted(air * unit).summary()
    joined = " ".join(printed(summary)[4:])
    for name, row in zip(air, summary.to_dict("records"), strict=False):
        texts = joined.partition(f" {name} ")[2].split()[:6]
        estimate, error, _, _, lower, upper = texts
        place = Decimal(f"{row['std_error']:.1e}")
        assert Decimal(error) == place
        last = place.as_tuple().exponent
        for text, value in ((estimate, "estimate"), (lower, "lower"), (upper, "upper")):
            assert Decimal(text) == Decimal(round(Decimal(row[value]).scaleb(-last))).scaleb(last)
            assert Decimal(text).as_tuple().exponent >= min(last, 0)
        assert len({"e" in text for text in (estimate, error, lower, upper)}) == 1


def test_what_is_known_is_printed_to_four_digits_and_its_whole_part(air):
    guessed = [41.0, 190123.25, 1e-7, 0.0]
    model = GaussianGradientMLE(fixed_mean=guessed).fit(air * [1, 1e3, 1e-8, 1])
    joined = " ".join(printed(model.summary()))
    for name, text in zip(
        air, ("41.00 0.00", "190123 0", "1.000e-07 0e+00", "0.000 0.000"), strict=True
    ):
        assert f" {name} {text} " in re.sub(" +", " ", joined)


def test_a_report_is_a_data_frame(gappy):
    table = fitted(gappy).summary()
    assert isinstance(table, pd.DataFrame)
    for made in (table.round(2), table.loc[table.index[:2]], table.copy(), table[table["z"] > 1]):
        assert type(made) is pd.DataFrame
    again = pickle.loads(pickle.dumps(table))
    assert repr(again) == repr(table)
    pd.testing.assert_frame_equal(pd.DataFrame(again), pd.DataFrame(table))
    assert table._repr_html_().startswith("<p>n ")
    assert "<table" in table._repr_html_()
    table["unit"] = "mg/l"  # no report any more, but a frame of the user's own
    assert repr(table) == repr(pd.DataFrame(table))
    assert table._repr_html_() == pd.DataFrame(table)._repr_html_()


@each_family
@pytest.mark.parametrize("gaps", [0.0, 0.3])
def test_tests_of_means_and_correlations(rng, correlated, covariance_type, gaps):
    """A p-value is below 0.05 where the interval of 95 percent excludes 0, on its own scale."""
    X = with_gaps(rng, correlated, gaps)
    model = fitted(X - 0.05 * np.nanmean(X, axis=0), covariance_type)
    table, errors = model.summary(), model.standard_errors()
    assert_allclose(table["z"][:3], model.mean_ / errors.mean)
    tested = ~table.index.str.startswith("sd")
    assert_allclose(table["p_value"], 2 * norm.sf(np.abs(table["z"])))
    assert (np.isnan(table["z"]) == ~tested).all()
    excludes = (table["lower"] > 0) | (table["upper"] < 0)
    assert ((table["p_value"] < 0.05) == excludes)[tested].all()
    for level in (0.5, 0.9):
        excludes = model.summary(level).eval("lower > 0 | upper < 0")
        assert ((table["p_value"] < 1 - level) == excludes)[tested].all()


@pytest.mark.parametrize(
    ("level", "told"),
    [
        (0.95, "95 %"),
        (0.6827, "68.27 %"),
        (1 / 3, "33.33 %"),
        (1e-6, "0.0001 %"),
        (0.99999, "99.999 %"),
        (1 - 1e-12, "99.9999999999 %"),
        (np.nextafter(1, 0), "99.99999999999999 %"),
        (Fraction(19, 20), "95 %"),
    ],
)
def test_no_level_is_told_as_100_percent(correlated, level, told):
    regression = GaussianRegressor().fit(correlated[:, 1:], correlated[:, 0])
    for model in (fitted(correlated), regression):
        assert model.summary(level).heading[-1] == f"{told} intervals by method='wald'"


@each_family
def test_a_table_of_profiles(gappy, covariance_type):
    model = fitted(gappy, covariance_type)
    table, ends = model.summary(0.9, method="profile"), model.confidence_intervals(0.9, "profile")
    assert_allclose(table[["lower", "upper"]][:3], ends.mean)
    assert_allclose(table.iloc[3, 4:6], ends.scale[0])
    if covariance_type == "full":
        assert_allclose(table.iloc[-1, 4:6], ends.correlation[1, 2])
    assert "90 % intervals by method='profile'" in printed(table)
    pd.testing.assert_frame_equal(table.iloc[:, :4], model.summary().iloc[:, :4])
    with pytest.raises(ValueError, match="'profile' or 'sandwich', got 'exact'"):
        model.summary(method="exact")


# -- where there is no standard error to be had


def test_not_fitted():
    for method in ("standard_errors", "confidence_intervals", "summary"):
        with pytest.raises(NotFittedError):
            getattr(GaussianGradientMLE(), method)()


def test_a_fit_that_did_not_converge_and_the_remedy(gappy):
    with pytest.warns(ConvergenceWarning):
        model = GaussianGradientMLE(solver="gradient", max_iter=1).fit(gappy)
    with pytest.raises(ValueError, match="solver='natural' and a larger max_iter"):
        model.standard_errors()
    model.set_params(solver="natural", max_iter=1000).fit(gappy).standard_errors()


def test_no_maximum_and_the_remedies():
    X = np.random.default_rng(0).standard_normal((6, 4))
    X[np.arange(6), np.arange(6) % 4] = np.nan
    with pytest.warns(ConvergenceWarning, match="unbounded"):
        model = GaussianGradientMLE().fit(X)
    with pytest.raises(ValueError, match="covariance_type='diag' or fewer features") as refused:
        model.standard_errors()
    assert "max_iter" not in str(refused.value)  # more iterations do not help
    GaussianGradientMLE(covariance_type="diag").fit(X).standard_errors()
    GaussianGradientMLE().fit(X[:, :1]).standard_errors()


def test_a_ridge_and_the_remedies(rng):
    X = rng.standard_normal((20, 3))
    ridge = GaussianGradientMLE(reg_covar=0.1).fit(X)
    with pytest.raises(ValueError, match=r"reg_covar=0\.0"):
        ridge.standard_errors()
    ridge.set_params(reg_covar=0.0).fit(X).standard_errors()
    few = X[:3]
    with pytest.warns(UserWarning, match="ridge"):
        model = GaussianGradientMLE().fit(few)
    with pytest.raises(ValueError, match="covariance_type='diag', or collect more rows"):
        model.standard_errors()
    for remedy, data in [("diag", few), ("full", X), ("full", few[:, :1])]:
        GaussianGradientMLE(covariance_type=remedy).fit(data).standard_errors()


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0, -0.5, np.nan, "a", None, [0.9]])
def test_levels_are_probabilities(correlated, level):
    model = fitted(correlated)
    regressor = GaussianRegressor().fit(correlated[:, 1:], correlated[:, 0])
    for ask in (model, regressor):
        for method in (ask.confidence_intervals, ask.summary):
            with pytest.raises(ValueError, match=r"level must be a number between 0 and 1, got "):
                method(level)


def test_too_many_parameters_for_a_matrix_and_the_remedies(rng):
    X = rng.standard_normal((300, 70)) + rng.standard_normal((300, 1))
    X[0, 0] = np.nan
    model = GaussianGradientMLE().fit(X)
    with pytest.warns(UserWarning, match="information matrix of all 2555 parameters"):
        errors = model.standard_errors()
    np.testing.assert_allclose(errors.mean[1:], model.scale_[1:] / np.sqrt(300), rtol=1e-5)
    with pytest.raises(ValueError, match="information matrix of all 2555 parameters"):
        model.parameter_covariance()
    GaussianGradientMLE(covariance_type="diag").fit(X).standard_errors()
    GaussianGradientMLE().fit(X[:, :5]).standard_errors()
    GaussianGradientMLE().fit(X[1:]).standard_errors()  # complete: a formula, no matrix


def test_automatic_differentiation_twice(gappy):
    """The Hessian in the mean and the root of the covariance by PyTorch, and the delta method."""
    torch = pytest.importorskip("torch")
    model = fitted(gappy)
    lower = np.tril_indices(3)
    scale = torch.tensor(model.scale_)

    def split(theta):
        root = torch.zeros((3, 3), dtype=torch.float64)
        root = root.index_put(tuple(map(torch.tensor, lower)), theta[3:])
        return scale * theta[:3], scale[:, None] * (root @ root.T) * scale

    def minus_total(theta):
        mean, covariance = split(theta)
        total = 0.0
        for row in gappy:
            o = np.flatnonzero(~np.isnan(row))
            law = torch.distributions.MultivariateNormal(mean[o], covariance[o][:, o])
            total = total - law.log_prob(torch.tensor(row[o]))
        return total

    def parameters(theta):
        mean, covariance = split(theta)
        deviations = torch.sqrt(torch.diagonal(covariance))
        correlation = covariance / deviations / deviations[:, None]
        return torch.cat((mean, deviations, covariance.ravel(), correlation.ravel()))

    root = np.linalg.cholesky(model.correlation_)
    theta = torch.tensor(np.concatenate((model.mean_ / model.scale_, root[lower])))
    hessian = torch.autograd.functional.hessian(minus_total, theta).numpy()
    jacobian = torch.autograd.functional.jacobian(parameters, theta).numpy()
    expected = np.sqrt(np.einsum("ij,jk,ik->i", jacobian, np.linalg.inv(hessian), jacobian))
    errors = model.standard_errors()
    found = [np.ravel(errors[name]) for name in ("mean", "scale", "covariance", "correlation")]
    assert_allclose(np.concatenate(found), expected, rtol=1e-7, atol=1e-10)


# -- published figures


def test_tobit_regression_of_r():
    """Standard errors in summary(survreg(Surv(durable, durable > 0, type="left") ~ age + quant)).

    By the delta method from all parameters of the joint Gaussian: R's errors are those given the
    regressors, which the parameters of the regression share with the joint likelihood.
    """
    model = GaussianGradientMLE(censoring_limits=([0, None, None], None), tol=1e-9).fit(TOBIN)
    likelihood = likelihood_of(model)
    at, family = likelihood.evaluate(model.mean_, model._gaussian.factor), likelihood.family

    def regression(step):
        mean, factor = family.retract(at.mean, at.factor, family.unpack_frame(step))
        covariance = factor @ factor.T
        slopes = np.linalg.solve(covariance[1:, 1:], covariance[1:, 0])
        variance = covariance[0, 0] - slopes @ covariance[1:, 0]
        return np.array([mean[0] - slopes @ mean[1:], *slopes, np.log(variance) / 2])

    steps = 1e-5 * np.eye(family.n_parameters)
    moves = np.array([(regression(step) - regression(-step)) / 2e-5 for step in steps])
    variances = moves.T @ np.linalg.solve(information_matrix(likelihood, at), moves) / len(TOBIN)
    errors = np.sqrt(np.diag(variances))
    assert errors.round(5).tolist() == [16.07945, 0.21858, 0.05825, 0.31032]


def test_a_fit_that_is_farther_from_the_maximum_than_its_error(gappy):
    """The warning names a tol that helps, and no interval is then off by as much."""
    weights = np.full(len(gappy), 1e12)
    model = GaussianGradientMLE(tol=1e-4).fit(gappy, sample_weight=weights)
    with pytest.warns(UserWarning, match="tol is too large for this many rows") as caught:
        off = model.confidence_intervals()
    tol = float(re.search(r"tol=(\S+)\. ", str(caught[0].message)).group(1))
    right = GaussianGradientMLE(tol=tol).fit(gappy, sample_weight=weights).confidence_intervals()
    exact = GaussianGradientMLE(tol=1e-13).fit(gappy, sample_weight=weights).confidence_intervals()
    half = np.ptp(exact.mean, axis=1, keepdims=True) / 2
    assert (np.abs(right.mean - exact.mean) < 0.05 * half).all()
    assert (np.abs(off.mean - exact.mean) > 0.5 * half).any()


def test_a_saddle_has_no_errors():
    """Murray's data, of which features without a correlation are a saddle between two maxima."""
    model = GaussianGradientMLE().fit(MURRAY)
    saddle = likelihood_of(model).evaluate(np.zeros(2), np.sqrt(2.5) * np.eye(2))
    assert saddle.natural_gradient_norm < 1e-15
    with pytest.raises(ValueError, match="the likelihood rises from there"):
        half_inverse(likelihood_of(model), saddle)


def test_the_information_of_intervals_is_taken_once_a_fit(monkeypatch, rng):
    """Errors, tables and draws of one fit share it, but no other fit does."""
    X = rng.standard_normal((60, 3)) + rng.standard_normal((60, 1))
    lower, upper = np.where(X < -0.5, np.nan, X), np.maximum(X, -0.5)
    model = GaussianImputer(sample_posterior=True, random_state=0).fit(lower, X_upper=upper)
    asked = []

    def counted(*at):
        asked.append(at)
        return half_inverse(*at)

    monkeypatch.setattr(standard_errors, "half_inverse", counted)
    errors = model.standard_errors()
    assert_allclose(model.summary()["std_error"][:3], errors.mean, rtol=1e-12)
    for ask in (model.confidence_intervals, lambda: model.transform(lower, X_upper=upper)):
        ask()
    assert len(asked) == 1
    fewer = clone(model).fit(lower[:50], X_upper=upper[:50])
    assert (fewer.standard_errors().mean != errors.mean).all()
    assert len(asked) == 2
    assert_allclose(pickle.loads(pickle.dumps(model)).standard_errors().mean, errors.mean)
    assert len(asked) == 3


def test_weights_that_are_shares_are_told(correlated):
    """Errors are those of one row then; with the remedy, those of all."""
    n = len(correlated)
    shares = np.full(n, 1 / n)
    model = GaussianGradientMLE().fit(correlated, sample_weight=shares)
    with pytest.warns(UserWarning, match="their sum is 1, .* the number of rows"):
        found = model.standard_errors()
    expected = GaussianGradientMLE().fit(correlated).standard_errors()
    assert_allclose(found.mean, np.sqrt(n) * expected.mean, rtol=1e-9)
    assert_allclose(model.fit(correlated, sample_weight=n * shares).standard_errors().mean,
                    expected.mean, rtol=1e-9)  # fmt: skip
    one = GaussianGradientMLE(fixed_covariance=np.eye(3)).fit(correlated[:1])
    assert_allclose(one.standard_errors().mean, 1.0)  # a row that counts as one
