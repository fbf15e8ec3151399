"""Limits and upper ends: what they may be, what is an error, where X may lie."""

import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import polars as pl
import pytest
from marks import each_value, exhaustive
from scipy.stats import norm
from sklearn.base import clone

from skgauss import (
    GaussianGradientMLE,
    GaussianImputer,
    GaussianOutlierDetector,
    GaussianRegressor,
    SufficientStatistics,
    parse_limits,
)
from skgauss.blocks import passes

INF = np.inf


@pytest.fixture
def sample(rng):
    """Rows, their lower and their upper ends: three features with limits, some values missing."""
    X = rng.standard_normal((32, 3)) @ np.array([[1.0, 0.6, 0.2], [0, 0.8, 0.3], [0, 0, 0.9]])
    X[rng.random(X.shape) < 0.05] = np.nan
    below, above = X <= -0.5, X >= 1.0
    lower = np.where(below, -INF, np.where(above, 1.0, X))
    upper = np.where(above, INF, np.where(below, -0.5, X))
    return X, lower, upper


def assert_same_fit(model, expected, atol=1e-12):
    np.testing.assert_allclose(model.mean_, expected.mean_, atol=atol)
    np.testing.assert_allclose(model.covariance_, expected.covariance_, atol=atol)


def test_the_two_ways_say_the_same(sample):
    X, lower, upper = sample
    limits = GaussianGradientMLE(censoring_limits=(-0.5, 1.0)).fit(X)
    ends = GaussianGradientMLE().fit(lower, X_upper=upper)
    assert_same_fit(ends, limits)
    for ask in ("score", "score_samples", "mahalanobis", "impute", "aic", "bic"):
        one, two = getattr(limits, ask)(X), getattr(ends, ask)(lower, X_upper=upper)
        np.testing.assert_allclose(one, two, rtol=1e-12)


@each_value(open_below=[-INF, np.nan], open_above=[np.nan, INF])
def test_open_ends_are_infinite_or_nan(sample, open_below, open_above):
    _, lower, upper = sample
    missing = np.isnan(lower)
    expected = GaussianGradientMLE().fit(lower, X_upper=upper)
    lower = np.where(np.isneginf(lower) | missing, open_below, lower)
    upper = np.where(np.isposinf(upper) | missing, open_above, upper)
    assert_same_fit(GaussianGradientMLE().fit(lower, X_upper=upper), expected)


def test_limits_apply_to_what_is_known_exactly(sample):
    X, lower, upper = sample
    expected = GaussianGradientMLE().fit(lower, X_upper=upper)
    some = np.arange(len(X))[:, None] % 2 == 0
    model = GaussianGradientMLE(censoring_limits=(-0.5, 1.0))
    model.fit(np.where(some, lower, X), X_upper=np.where(some, upper, X))
    assert_same_fit(model, expected)
    inside = GaussianGradientMLE(censoring_limits=(5.0, None))
    inside.fit([[6.0], [7.0], [1.0]], X_upper=[[6.0], [7.0], [9.0]])
    assert inside.sufficient_statistics_.lower.tolist() == [[1.0]]  # an interval, and stays one


@pytest.mark.parametrize(
    "limits",
    [
        (-0.5, 1.0),
        [[-0.5, -0.5, -0.5], 1.0],
        (np.full(3, -0.5), (1, 1, 1)),
        (np.array(-0.5), np.ones(3, int)),
    ],
)
def test_what_limits_may_be(sample, limits):
    X, lower, upper = sample
    expected = GaussianGradientMLE().fit(lower, X_upper=upper)
    assert_same_fit(clone(GaussianGradientMLE(censoring_limits=limits)).fit(X), expected)


def test_features_without_a_limit(sample):
    X, lower, upper = sample
    lower[:, 1:], upper[:, 1:] = X[:, 1:], X[:, 1:]
    upper[:, 0], lower[:, 0] = (
        np.where(X[:, 0] <= -0.5, -0.5, X[:, 0]),
        np.where(X[:, 0] <= -0.5, -INF, X[:, 0]),
    )
    expected = GaussianGradientMLE().fit(lower, X_upper=upper)
    for none in (None, np.nan, -INF):
        model = GaussianGradientMLE(censoring_limits=([-0.5, none, none], None))
        assert_same_fit(model.fit(X), expected)


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ((1, 2, 3), "must be a pair"),
        (0.05, r"must be a pair \(lower, upper\), such as \(0.05, None\), .*, got 0.05"),
        ((1.0, 0.5), "'b' cross: the lower one is 1, the upper one 0.5"),
        (([0, 3.0], [1, 2.0]), "'a' cross"),
        (([0, 1, 2], None), "number or 2 of them, one for each feature from 'b' to 'a'"),
        (("low", None), "lower limit in censoring_limits must be a number"),
    ],
)
def test_limits_that_do_not_fit(limits, message):
    frame = pd.DataFrame({"b": [1.0, 2.0, 5.0], "a": [1.0, 3.0, 0.0]})
    with pytest.raises(ValueError, match=message):
        GaussianGradientMLE(censoring_limits=limits).fit(frame)


@pytest.mark.parametrize(
    ("lower", "upper", "message"),
    [
        (
            [[1.0, 2.0], [3.0, 4.0]],
            [[1.0, 2.0], [3.0, 3.5]],
            "row 1, counted from 0, the interval of 'feature 1'",
        ),
        (
            [[1.0, INF], [3.0, 4.0]],
            [[1.0, INF], [3.0, 5.0]],
            "row 0, counted from 0, the interval of 'feature 1'",
        ),
        (
            [[1.0, 2.0], [-INF, 4.0]],
            [[1.0, 2.0], [-INF, 5.0]],
            "row 1, counted from 0, the interval of 'feature 0'",
        ),
        ([[1.0, 2.0], [3.0, 4.0]], [[1.0, 2.0]], "must have the shape of X"),
        ([[1.0, 2.0], [3.0, 4.0]], [[1.0], [3.0]], "must have the shape of X"),
    ],
)
def test_ends_that_do_not_fit(lower, upper, message):
    model = GaussianGradientMLE().fit([[1.0, 2.0], [2.0, 1.0], [0.0, 5.0]])
    for ask in (model.fit, model.partial_fit, model.score, model.score_samples, model.impute):
        with pytest.raises(ValueError, match=message):
            ask(np.array(lower), X_upper=np.array(upper))


def test_ends_that_do_not_fit_in_a_block_of_dask(sample):
    _, lower, upper = sample
    upper[30, 1] = 0.0
    lower[30, 1] = 1.0
    with pytest.raises(
        ValueError, match="In row 10 of its block, counted from 0, the interval of 'feature 1'"
    ):
        GaussianGradientMLE().fit(da.from_array(lower, chunks=(20, 3)), X_upper=upper)


def test_infinity_without_an_upper_end_is_an_error(sample):
    X, lower, _ = sample
    model = GaussianGradientMLE(censoring_limits=(-0.5, 1.0)).fit(X)
    for ask in (model.fit, model.score, model.score_samples, model.impute, model.mahalanobis):
        with pytest.raises(ValueError, match="infinity"):
            ask(lower)


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_frames_must_have_the_same_columns(sample, make):
    _, lower, upper = sample
    names = ["a", "b", "c"]
    frame, above = (make(dict(zip(names, ends.T, strict=True))) for ends in (lower, upper))
    expected = GaussianGradientMLE().fit(lower, X_upper=upper)
    assert_same_fit(GaussianGradientMLE().fit(frame, X_upper=above), expected)
    assert_same_fit(GaussianGradientMLE().fit(frame, X_upper=upper), expected)
    model = GaussianGradientMLE().fit(frame, X_upper=above)
    for ask in (model.fit, model.score):
        with pytest.raises(ValueError, match="feature names of X_upper should match"):
            ask(frame, X_upper=above[["b", "a", "c"]])


def test_float32_and_integers(sample):
    X, _, _ = sample
    limit = 0.1  # whose float32 is above it
    X32 = np.where(limit > X, np.float32(limit), X.astype(np.float32))
    model = GaussianGradientMLE(censoring_limits=(limit, None)).fit(X32)
    below = np.float32(limit) == X32
    assert below.any()
    filled, std = model.impute(X32, return_std=True)
    assert filled.dtype == np.float32
    assert (filled[below] <= np.float32(limit)).all()
    assert (std[below] > 0).all()
    counts = np.round(3 * np.nan_to_num(X)).astype(int)
    integers = GaussianGradientMLE(censoring_limits=(-2, None)).fit(counts)
    floats = GaussianGradientMLE(censoring_limits=(-2, None)).fit(counts.astype(float))
    assert_same_fit(integers, floats)
    upper = GaussianGradientMLE().fit(counts, X_upper=counts + 1)
    assert_same_fit(upper, GaussianGradientMLE().fit(counts + 0.0, X_upper=counts + 1.0))
    half = GaussianGradientMLE().fit(counts + 0.5, X_upper=counts + 1)
    assert_same_fit(half, GaussianGradientMLE().fit(counts + 0.5, X_upper=counts + 1.0))


@pytest.mark.parametrize("covariance_type", [pytest.param("full", marks=exhaustive), "diag"])
def test_dask_is_memory(sample, covariance_type):
    X, lower, upper = sample
    model = GaussianGradientMLE(covariance_type=covariance_type, tol=1e-9)
    expected = clone(model).fit(lower, X_upper=upper)
    chunked, above = da.from_array(lower, chunks=(50, 2)), da.from_array(upper, chunks=(40, 3))
    frames = [dd.from_pandas(pd.DataFrame(ends), npartitions=3) for ends in (lower, upper)]
    unknown = [frame.to_dask_array() for frame in frames]
    for X_dask, X_upper in ((chunked, above), (chunked, upper), frames, unknown):
        lazy = clone(model).fit(X_dask, X_upper=X_upper)
        assert_same_fit(lazy, expected, atol=1e-8)
        densities = lazy.score_samples(X_dask, X_upper=X_upper)
        assert isinstance(densities, da.Array)
        np.testing.assert_allclose(
            densities.compute(), lazy.score_samples(lower, X_upper=upper), rtol=1e-12
        )
        filled, std = lazy.impute(X_dask, X_upper=X_upper, return_std=True)
        assert filled.shape[1] == std.shape[1] == 3
        np.testing.assert_allclose(filled.compute(), lazy.impute(lower, X_upper=upper), rtol=1e-12)
    limits = clone(model).set_params(censoring_limits=(-0.5, 1.0)).fit(da.from_array(X, (50, 2)))
    assert_same_fit(limits, expected, atol=1e-8)
    ones = frames[0][0] ** 0
    weighted = clone(model).fit(frames[0], sample_weight=2 * ones, X_upper=frames[1])
    assert weighted.sufficient_statistics_.weight == 2 * len(X)
    assert_same_fit(weighted, expected, atol=1e-8)
    with pytest.raises(ValueError, match="X_upper has 2 blocks and X has 3"):
        clone(model).fit(frames[0], X_upper=frames[1].repartition(npartitions=2))
    with pytest.raises(ValueError, match="X_upper cannot be split as X is"):
        clone(model).fit(frames[0], X_upper=upper)
    with pytest.raises(ValueError, match=r"X_upper\.shape == "):
        clone(model).fit(chunked, X_upper=above[:-1])


def test_rows_may_stay_on_the_workers(sample, monkeypatch):
    from skgauss.statistics import dask as scattered

    _, lower, upper = sample
    model = GaussianGradientMLE(tol=1e-9)
    expected = clone(model).fit(lower, X_upper=upper)
    monkeypatch.setattr(scattered, "_MAX_ELEMENTS", 100)
    chunked = da.from_array(lower, chunks=(50, 2))
    lazy = clone(model).fit(chunked, X_upper=upper)
    assert isinstance(lazy.sufficient_statistics_, scattered.ScatteredStatistics)
    assert_same_fit(lazy, expected, atol=1e-8)
    by_feature = clone(model).set_params(covariance_type="diag")
    whole = clone(by_feature).fit(lower, X_upper=upper)
    assert_same_fit(by_feature.fit_statistics(lazy.sufficient_statistics_), whole, atol=1e-8)


def test_another_array_library(sample, scipy_array_api):
    import array_api_strict as xp
    import sklearn

    X, lower, upper = sample
    expected = GaussianGradientMLE().fit(lower, X_upper=upper)
    with sklearn.config_context(array_api_dispatch=True):
        strict = GaussianGradientMLE().fit(xp.asarray(lower), X_upper=xp.asarray(upper))
        limits = GaussianGradientMLE(censoring_limits=(-0.5, 1.0)).fit(xp.asarray(X))
        filled = strict.impute(xp.asarray(lower), X_upper=xp.asarray(upper))
        densities = strict.score_samples(xp.asarray(lower), X_upper=upper)
    assert_same_fit(strict, expected)
    assert_same_fit(limits, expected)
    assert type(filled) is type(densities) is type(xp.asarray(lower))
    np.testing.assert_allclose(np.asarray(filled), expected.impute(lower, X_upper=upper))


def test_masks_are_refused(sample):
    _, lower, upper = sample
    with pytest.raises(ValueError, match="X_upper is a masked array"):
        GaussianGradientMLE().fit(lower, X_upper=np.ma.masked_invalid(upper))


def test_a_long_score_is_summed_in_parts(sample, monkeypatch):
    _, lower, upper = sample
    model = GaussianGradientMLE().fit(lower, X_upper=upper)
    expected = model.score(lower, X_upper=upper)
    monkeypatch.setattr(passes, "_CHUNK_ELEMENTS", 60)
    monkeypatch.setattr("skgauss.rows.inputs._RESULT_ROWS", 5)
    monkeypatch.setattr("skgauss.rows.inputs._RESULT_ELEMENTS", 20)
    assert model.score(lower, X_upper=upper) == pytest.approx(expected, rel=1e-13)


@exhaustive
def test_imputed_values_lie_within_their_intervals(sample):
    """And are the means of the conditional law, by simulation of it."""
    X, lower, upper = sample
    imputer = GaussianImputer().fit(lower, X_upper=upper)
    filled = imputer.transform(lower, X_upper=upper)
    np.testing.assert_array_equal(filled, GaussianImputer().fit_transform(lower, X_upper=upper))
    known = lower == upper
    np.testing.assert_array_equal(filled[known], X[known])
    within = ~known & ~np.isnan(lower)
    assert (filled[within] >= lower[within]).all()
    assert (filled[within] <= upper[within]).all()
    limits = GaussianImputer(censoring_limits=(-0.5, 1.0)).fit(X)
    np.testing.assert_allclose(limits.transform(X), filled, rtol=1e-9)
    marked = GaussianImputer(censoring_limits=(-0.5, 1.0), add_indicator=True).fit(X)
    gaps = np.isnan(X)
    np.testing.assert_array_equal(marked.transform(X)[:, 3:], gaps[:, gaps.any(axis=0)])

    draws = imputer.sample(400_000, random_state=0)
    value, std = imputer.impute(
        [[0.3, -INF, np.nan]], X_upper=[[0.3, 0.2, np.nan]], return_std=True
    )
    like = draws[(np.abs(draws[:, 0] - 0.3) < 0.05) & (draws[:, 1] <= 0.2)]
    error = like.std(axis=0) / np.sqrt(len(like))
    assert (np.abs(like.mean(axis=0) - value[0]) < 5 * error + [0.05, 0, 0]).all()
    np.testing.assert_allclose(like.std(axis=0)[1:], std[0, 1:], rtol=0.05)


@pytest.mark.parametrize("kind", [dict, pd.Series])
def test_limits_by_name(kind):
    """And not by place."""
    frame = pd.DataFrame({"b": [1.0, 2.0, 5.0, 3.0], "a": [1.0, 3.0, 0.0, 2.5]})
    by_name = GaussianGradientMLE(censoring_limits=(kind({"a": 0.5, "b": 1.5}), None)).fit(frame)
    by_place = GaussianGradientMLE(censoring_limits=([1.5, 0.5], None)).fit(frame)
    np.testing.assert_array_equal(by_name.covariance_, by_place.covariance_)
    with pytest.raises(ValueError, match="names 'c', but the features are 'b', 'a'"):
        by_name.set_params(censoring_limits=(kind({"c": 1.0}), None)).fit(frame)


def test_pairs_of_limits_as_scipy_has_them(rng):
    """Of two features they could be read as one pair, silently; the remedy is one."""
    X = rng.standard_normal((200, 2))
    pairs = [(-1.0, 2.0), (-0.5, 3.0)]
    with pytest.raises(
        ValueError, match=r"a pair of limits for each .*, otherwise tuple\(zip\(\*limits\)\)"
    ):
        GaussianGradientMLE(censoring_limits=pairs).fit(X)
    model = GaussianGradientMLE(censoring_limits=tuple(zip(*pairs, strict=True))).fit(X)
    by_name = GaussianGradientMLE(censoring_limits=([-1.0, -0.5], [2.0, 3.0])).fit(X)
    np.testing.assert_array_equal(model.mean_, by_name.mean_)
    one_pair = [(-1.0, -0.5), (2.0, 3.0)]
    with pytest.raises(ValueError, match=r"tuple\(limits\) if the order is right already"):
        by_name.set_params(censoring_limits=one_pair).fit(X)
    model = GaussianGradientMLE(censoring_limits=tuple(one_pair)).fit(X)
    np.testing.assert_array_equal(model.mean_, by_name.mean_)
    three = [(-1.0, -0.5, -1.0), (2.0, 3.0, 2.0)]  # which can be read in one way only
    GaussianGradientMLE(censoring_limits=three).fit(
        np.column_stack((X, X.sum(axis=1) / 2 + 0.1 * X**2 @ [1, 0]))
    )
    with pytest.raises(ValueError, match="otherwise tuple"):
        GaussianGradientMLE(censoring_limits=[*pairs, (0, 1)]).fit(np.zeros((3, 3)))


@each_value(
    method=["fit", "partial_fit", "fit_transform", "fit_predict", "score"],
    kind=[pd.DataFrame, pl.DataFrame, np.asarray],
)
def test_upper_ends_in_the_place_of_y_are_told(rng, method, kind):
    """y is ignored, and with it would be all limits; any other y is ignored without a word."""
    values = rng.standard_normal((80, 2))
    lower = kind(np.where(values < -0.5, np.nan, values))
    upper = kind(np.maximum(values, -0.5))
    roles = {"fit_transform": GaussianImputer(), "fit_predict": GaussianOutlierDetector()}
    model = roles.get(method, GaussianGradientMLE()).fit(lower)
    with pytest.warns(
        UserWarning, match=r"y is as long as X .* by keyword, X_upper=\.\.\., since y"
    ):
        getattr(model, method)(lower, upper)
    for y in (lower, kind(values[:, ::-1].copy()), values[:, 0], values.tolist(), None):
        getattr(model, method)(lower, y)


def test_upper_ends_with_one_axis_in_the_place_of_y_are_told(rng):
    values = rng.standard_normal(80)
    lower, upper = np.where(values < -0.5, np.nan, values)[:, None], np.maximum(values, -0.5)
    with pytest.warns(UserWarning, match=r"y is as long as X .* by keyword, X_upper="):
        GaussianGradientMLE().fit(lower, upper)
    X = np.floor(np.exp(lower))  # a count, and a class or another count that exceeds it
    for y in (
        rng.integers(0, 2, 80),
        np.floor(np.exp(values)) + rng.integers(0, 2, 80),
        values + 1,
    ):
        GaussianGradientMLE().fit(X, y)


def test_upper_ends_of_classes_in_the_place_of_y_are_told():
    """No class has equal ends, but the last one is open above."""
    marks = np.array([150.0, 160, 170, 180, 190])
    lower, upper = (np.append(*ends)[:, None] for ends in ((np.nan, marks), (marks, np.nan)))
    counts = [5, 40, 120, 90, 20, 3]
    with pytest.warns(UserWarning, match=r"y is as long as X .* by keyword, X_upper="):
        GaussianGradientMLE().fit(lower, upper, sample_weight=counts)
    GaussianGradientMLE().fit(lower, np.nan_to_num(upper, nan=200.0), sample_weight=counts)
    model = GaussianGradientMLE().fit(lower, X_upper=upper, sample_weight=counts)
    shares = np.diff(norm(model.mean_, model.scale_).cdf([-np.inf, *marks, np.inf]))
    np.testing.assert_allclose(shares, np.divide(counts, sum(counts)), atol=0.02)


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_both_tables_in_the_place_of_one(make):
    """As ``fit(parse_limits(table))`` passes them; what the message says is done here."""
    table = make({"a": ["<1", "2", "4", "3"], "b": ["1", "3", "2", "5"]})
    with pytest.raises(TypeError, match=r"X is a tuple of frames.*lower as X and upper as X_upper"):
        GaussianGradientMLE().fit(parse_limits(table))
    with pytest.raises(TypeError, match=r"y is a tuple of frames.*lower as y and upper as y_upper"):
        GaussianRegressor().fit(np.arange(4.0)[:, None], parse_limits(table))
    lower, upper = parse_limits(table)
    assert GaussianGradientMLE(covariance_type="diag").fit(lower, X_upper=upper).converged_


def test_rows_in_the_place_of_the_name_of_a_method(rng):
    X = pd.DataFrame(rng.standard_normal((20, 2)))
    model = GaussianGradientMLE().fit(X)
    for ask in (model.standard_errors, lambda rows: model.summary(0.9, rows)):
        with pytest.raises(ValueError, match=r"method must be 'observed'|method must be 'wald'"):
            ask(X)


@pytest.mark.parametrize("weights", ["ends", "whole ends", "counts", "weights", "targets"])
def test_upper_ends_of_targets_in_the_place_of_weights_are_told(rng, weights):
    X = rng.standard_normal((80, 2))
    y = np.exp(X @ [1.0, 0.5] + 0.3 * rng.standard_normal(80))
    if weights == "whole ends":  # may well be counts
        y = np.ceil(y)
    given = {
        "ends": np.maximum(y, 0.5),
        "whole ends": y + rng.integers(0, 2, 80),
        "counts": np.ceil(y),
        "weights": y + rng.random(80) + 0.1,
        "targets": y,
    }[weights]
    model = GaussianRegressor()
    if weights != "ends":
        model.fit(X, y, given)
        return
    with pytest.warns(
        UserWarning, match=r"sample_weight is as long as y .* y_upper=\.\.\., since s"
    ):
        model.fit(X, y, given)


def test_upper_ends_that_are_forgotten(rng):
    lower = np.floor(2 * rng.standard_normal((60, 2)))
    model = GaussianImputer().fit(lower, X_upper=lower + 1)
    densities = (model.score, model.score_samples, model.mahalanobis, model.aic, model.bic)
    for ask in (*densities, model.impute, model.transform):
        with pytest.warns(UserWarning, match="now X comes without it") as told:
            ask(lower)
        assert told[0].filename == __file__  # where scikit-learn wraps what transforms, too
        routed = "transform" if ask == model.transform else "score"
        assert f"as in set_{routed}_request(X_upper=True)" in str(told[0].message)
        assert hasattr(model, f"set_{routed}_request")
        ask(lower, X_upper=lower + 1)  # and without the warning
    assert model.score(lower, X_upper=lower) < 0  # values that are known exactly
    assert (model.impute(lower, X_upper=lower + 1) > lower).all()


def test_upper_ends_are_read_as_x_is(sample):
    """And what is filled in has the dtype of X."""
    _, lower, upper = sample
    low = lower.astype(np.float32)
    model = GaussianGradientMLE().fit(low, X_upper=upper)
    assert_same_fit(model, GaussianGradientMLE().fit(low, X_upper=upper.astype(np.float32)))
    assert model.impute(low, X_upper=upper).dtype == np.float32


@pytest.mark.parametrize("kind", [np.asarray, pd.DataFrame, da.from_array])
@pytest.mark.parametrize(("low", "high"), [("f4", "f8"), ("f8", "f4"), ("f8", "f2"), ("i8", "f4")])
def test_values_equal_in_the_digits_of_both_dtypes_are_exact(rng, kind, low, high):
    """What float32 rounds up is no interval, and what it rounds down no crossed end."""
    largest = 6e4 if high == "f2" else 1e9
    lower = (largest * rng.random((200, 2))).astype(low)
    upper = lower.astype(np.float64).astype(high)
    if low != "f4":
        assert {-1, 1} <= set(np.sign(upper.astype(float) - lower).ravel())
    exact = lower.astype(np.float64)
    ends = exact.copy()
    upper[:20], ends[:20] = INF, INF
    model = GaussianGradientMLE().fit(kind(lower), X_upper=kind(upper))
    assert_same_fit(model, GaussianGradientMLE().fit(exact, X_upper=ends), largest**2 * 1e-12)
    model.fit(kind(lower[20:]), X_upper=kind(upper[20:]))
    assert isinstance(model.sufficient_statistics_, SufficientStatistics)


@pytest.mark.parametrize("covariance_type", ["full", "diag"])
def test_ends_at_the_edge_of_float64_are_open(rng, covariance_type):
    """Their difference is not a number of float64."""
    X = rng.standard_normal((50, 2))
    lower, upper = X.copy(), X.copy()
    lower[:5, 0], upper[:5, 0] = -1.7e308, 1.7e308
    model = GaussianGradientMLE(covariance_type=covariance_type).fit(lower, X_upper=upper)
    missing = lower.copy()
    missing[:5, 0] = np.nan
    assert_same_fit(model, GaussianGradientMLE(covariance_type=covariance_type).fit(missing), 1e-6)
    np.testing.assert_allclose(
        model.impute(lower, X_upper=upper), model.impute(missing, X_upper=missing)
    )


@pytest.mark.parametrize(
    ("by_row", "match"),
    [
        (lambda limits: limits, r"must be a number or 3 of them.* got shape \(60,\)"),
        (lambda limits: np.tile(limits[:, None], 3), r"got shape \(60, 3\)"),
        (lambda limits: {"b": limits}, r"must be one number for 'b', got 60 of them"),
        (lambda limits: {"b": pd.Series(limits)}, r"must be one number for 'b', got 60 of them"),
        (lambda limits: {"b": {"lab 1": 0.1, "lab 2": 0.2}}, r"one number for 'b', got 2 of them"),
    ],
)
def test_limits_that_differ_between_rows_are_ends_of_intervals(rng, by_row, match):
    """The error says so, and that works."""
    X = pd.DataFrame(rng.standard_normal((60, 3)), columns=list("abc"))
    limits = np.where(rng.random(60) < 0.5, -0.5, -0.2)
    with pytest.raises(
        ValueError, match=match + r"\. If limits differ.* ends of each value.* X_upper"
    ):
        GaussianGradientMLE(censoring_limits=(by_row(limits), None)).fit(X)
    below = X["b"] < limits
    lower, upper = X.assign(b=X["b"].mask(below)), X.assign(b=X["b"].clip(lower=limits))
    assert GaussianGradientMLE().fit(lower, X_upper=upper).converged_


def test_limits_of_a_window_have_no_ends_for_each_row(rng):
    X = rng.standard_normal((60, 2))
    with pytest.raises(ValueError, match=r"got shape \(60,\)\.$"):
        GaussianGradientMLE(truncation_limits=(np.full(60, -9.0), None)).fit(X)
