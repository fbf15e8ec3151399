"""Values at a limit stay there whatever rounding has made of them, or of the limit."""

import dask.array
import dask.dataframe
import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose

from skgauss import GaussianGradientMLE, GaussianRegressor
from skgauss.rows.rounding import at_or_above, at_or_below

LIMIT = 0.7  # which float32 does not hold


@pytest.fixture
def X():
    """A feature cut off at both limits and one that is not."""
    X = np.random.default_rng(0).multivariate_normal([0.0, 0.0], [[1.0, 0.6], [0.6, 1.0]], 300)
    X[:, 0] = X[:, 0].clip(-LIMIT, LIMIT)
    return X


def frame(X):
    return pd.DataFrame(X, columns=["a", "b"])


CONTAINERS = {
    "float32": lambda X: X.astype(np.float32),
    "column of float32": lambda X: frame(X).astype({"a": np.float32}),
    "nullable": lambda X: frame(X).astype({"a": "Float32"}),
    "polars": lambda X: pl.from_pandas(frame(X).astype({"a": np.float32})),
    "dask": lambda X: dask.dataframe.from_pandas(frame(X).astype({"a": np.float32}), npartitions=2),
    "dask array": lambda X: dask.array.from_array(X.astype(np.float32), chunks=(100, 2)),
    "last digit": lambda X: np.where(abs(X) == LIMIT, X * (1 - 2**-52), X),
}


@pytest.mark.parametrize("container", CONTAINERS)
def test_values_at_a_limit_are_at_it_in_any_container(X, container):
    limits = [-LIMIT, np.nan], [LIMIT, np.nan]
    right = GaussianGradientMLE(censoring_limits=limits).fit(X)
    model = GaussianGradientMLE(censoring_limits=limits).fit(CONTAINERS[container](X))
    assert_allclose(model.mean_, right.mean_, atol=1e-6)
    assert_allclose(model.covariance_, right.covariance_, atol=1e-6)


@pytest.mark.parametrize("shorter", [np.float32(LIMIT), np.array([LIMIT, np.nan], np.float32)])
def test_a_limit_of_float32_is_the_number_it_prints_as(X, shorter):
    right = GaussianGradientMLE(censoring_limits=(None, [LIMIT, np.nan])).fit(X)
    limit = {"a": shorter} if np.ndim(shorter) == 0 else shorter
    model = GaussianGradientMLE(censoring_limits=(None, limit)).fit(frame(X))
    assert_allclose(model.mean_, right.mean_, rtol=1e-9)


@pytest.mark.parametrize(("of_X", "of_y"), [(np.float32, np.float64), (np.float64, np.float32)])
def test_a_target_at_its_limit_is_at_it(X, of_X, of_y):
    y, predictor = X[:, 0], X[:, 1:]
    right = GaussianRegressor(censoring_limits=(-LIMIT, LIMIT)).fit(predictor, y)
    model = GaussianRegressor(censoring_limits=(-LIMIT, LIMIT))
    model.fit(predictor.astype(of_X), y.astype(of_y))
    assert_allclose(model.coef_, right.coef_, rtol=1e-5)


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_value_at_the_edge_of_a_window_is_inside(container):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((300, 2))
    X = X[abs(X[:, 0]) < LIMIT]
    X[:2, 0] = -LIMIT, LIMIT
    limits = [-LIMIT, np.nan], [LIMIT, np.nan]
    right = GaussianGradientMLE(truncation_limits=limits).fit(X)
    if container == "last digit":
        X[:2, 0] *= 1 + 2**-52
    model = GaussianGradientMLE(truncation_limits=limits).fit(CONTAINERS[container](X))
    assert_allclose(model.mean_, right.mean_, atol=1e-4)  # the parent of a window moves more


def test_equal_ends_of_float32_and_float64_are_equal(X):
    lower, upper = frame(X), frame(X)
    upper.loc[:40, "a"] += 1.0
    right = GaussianGradientMLE().fit(lower, X_upper=upper)
    for column in ("a", "b"):
        shorter = lower.astype({column: np.float32})
        for ends in ((shorter, upper), (lower, upper.astype({column: np.float32}))):
            model = GaussianGradientMLE().fit(ends[0], X_upper=ends[1])
            assert_allclose(model.covariance_, right.covariance_, atol=1e-6)


@pytest.mark.parametrize("limit", [0.05, 7.0, 1e6 + 0.3, 2459000.6, 45000.4999, -1e12, 1e15 + 4])
def test_numbers_that_rounding_does_not_explain_are_told_apart(limit):
    """A limit's neighbours in float32 are numbers of their own: as of days, in binary fractions."""
    single = np.float64(np.float32(limit))
    others = np.nextafter(np.float32(limit), np.float32([np.inf, -np.inf])).astype(float)
    for value in {single, *others} - {limit}:
        assert at_or_below(np.array([[value]]), np.array([limit])).item() == (value < limit)
        assert at_or_above(np.array([[value]]), np.array([limit])).item() == (value > limit)
    whole = np.array([[int(limit) + 1], [int(limit) + 1000]])
    assert not at_or_below(whole, np.array([limit])).any()


@pytest.mark.parametrize(("unit", "offset"), [(1.0, 0.0), (1.0, 2459000.0), (1e-46, 0.0)])
def test_short_intervals_stay_intervals_far_from_zero_and_in_any_unit(unit, offset):
    z = 2.0 * np.random.default_rng(0).standard_normal(400)
    lower = np.floor(8 * z) / 8  # of eighths, which float32 has not at 2459000
    ends = [unit * (offset + lower[:, None]), unit * (offset + lower[:, None] + 0.125)]
    model = GaussianGradientMLE().fit(ends[0], X_upper=ends[1])
    right = GaussianGradientMLE().fit(lower[:, None], X_upper=lower[:, None] + 0.125)
    assert_allclose(model.mean_ / unit - offset, right.mean_, atol=1e-6)
    assert_allclose(model.scale_ / unit, right.scale_, rtol=1e-6)


def test_limits_of_float16_are_silent():
    X = np.random.default_rng(0).standard_normal((60, 1)).clip(-0.7).astype(np.float16)
    model = GaussianGradientMLE(censoring_limits=(-0.7, None)).fit(X)
    assert model.converged_
    assert model.score(X) == pytest.approx(model.log_likelihood_)


def test_whole_numbers_of_float64_are_told_apart_at_any_offset():
    for offset in (2.0**24, 1e9, 1e15, 2.0**52):
        values = offset + np.arange(-300.0, 300.0)[:, None]
        assert at_or_below(values, np.array([offset])).sum() == 301
        assert at_or_above(values, np.array([offset])).sum() == 300


@pytest.mark.parametrize("value", [20.0, 0.5, 153.25, -7.0])
def test_a_limit_just_beside_a_short_number_is_meant(value):
    for beside in (1e-15, 1e-12, 1e-9):
        step = beside * abs(value)
        assert not at_or_below(np.array([[value]]), np.array([value - step])).any()
        assert not at_or_above(np.array([[value]]), np.array([value + step])).any()
    assert not at_or_below(np.array([[value]]), np.nextafter([value], -np.inf)).any()


def test_partial_fit_tells_of_forgotten_upper_ends():
    lower = np.random.default_rng(0).standard_normal((60, 2))
    upper = np.where(lower < -0.5, -0.5, lower)
    model = GaussianGradientMLE().partial_fit(
        np.where(lower < upper, np.nan, lower)[:30], X_upper=upper[:30]
    )
    with pytest.warns(UserWarning, match="fitted with X_upper, but now X comes without it"):
        model.partial_fit(lower[30:])


@pytest.mark.parametrize("kind", ["Date", "Datetime", "Duration", "Time"])
def test_times_of_polars_are_refused(kind):
    days = pl.Series("day", np.arange(40), dtype=pl.Int32)
    column = days.cast(pl.Int64).cast(getattr(pl, kind)) if kind != "Date" else days.cast(pl.Date)
    table = pl.DataFrame({"x": np.random.default_rng(0).standard_normal(40)}).with_columns(column)
    with pytest.raises(ValueError, match="X holds values that are not numbers in 'day'"):
        GaussianGradientMLE().fit(table)
