"""Statistics are a monoid: associative and commutative to rounding, with an identity."""

from fractions import Fraction
from functools import partial, reduce
from operator import add

import dask.dataframe as dd
import numpy as np
import pandas as pd
import polars as pl
import pyarrow
import pytest
from marks import pairwise
from oracles import exact_moments

from skgauss import GaussianGradientMLE, IncompleteStatistics
from skgauss.blocks import passes as blocks
from skgauss.statistics.complete import SufficientStatistics, pairwise_sum, summarize, two_sum


def statistics_of(X, covariance_type="full"):
    return summarize(X, None, covariance_type != "full")


@pytest.mark.parametrize("diagonal", [False, True])
def test_who_has_gaps_is_told_of_the_statistics_that_take_them(gappy, diagonal):
    with pytest.raises(ValueError, match=r"X contains NaN\. IncompleteStatistics\.from_array\(X\)"):
        SufficientStatistics.from_array(gappy, diagonal=diagonal)
    with pytest.raises(ValueError, match=r"sample_weight contains NaN\.$"):
        SufficientStatistics.from_array([[1.0], [2.0]], [1.0, np.nan])
    model = GaussianGradientMLE(covariance_type="diag" if diagonal else "full")
    statistics = IncompleteStatistics.from_array(gappy)
    assert model.fit_statistics(statistics).converged_


@pytest.mark.parametrize("kind", [SufficientStatistics, IncompleteStatistics])
@pytest.mark.parametrize("make", [None, pd.DataFrame, pl.DataFrame, pyarrow.table])
def test_an_infinity_is_told_with_its_place(correlated, kind, make):
    """In one of many chunks nobody would find it otherwise."""
    correlated[7, 1] = np.inf
    columns = dict(zip(["lead", "zinc", "tin"], correlated.T, strict=True))
    where = "'zinc'" if make else "column 1"
    with pytest.raises(ValueError, match=f"infinity .* is inf in {where}, in row 7 counted from 0"):
        kind.from_array(make(columns) if make else correlated)


@pytest.mark.parametrize("kind", [SufficientStatistics, IncompleteStatistics])
@pytest.mark.parametrize(
    "make",
    [
        partial(pd.DataFrame, columns=["lead", "lead"]),
        lambda X: dd.from_pandas(pd.DataFrame(X, columns=["lead", "lead"]), npartitions=2),
    ],
    ids=["pandas", "dask"],
)
def test_columns_with_the_same_name_are_refused(correlated, kind, make):
    with pytest.raises(ValueError, match="X has several columns with the same name: 'lead'"):
        kind.from_array(make(correlated[:, :2]))


@pytest.mark.parametrize("covariance_type", ["full", "diag"])
def test_sum_is_the_union(rng, covariance_type):
    X = rng.standard_normal((200, 3)) * [1, 10, 100] + [0, 1e6, -1e6]
    pieces = [statistics_of(part, covariance_type) for part in np.split(X, [1, 2, 50, 51, 120])]
    whole = statistics_of(X, covariance_type)
    for merged in (
        sum(pieces),
        sum(pieces[::-1]),
        pieces[0] + (pieces[1] + (pieces[2] + (pieces[3] + (pieces[4] + pieces[5])))),
    ):
        assert merged.weight == whole.weight
        np.testing.assert_allclose(merged.mean, whole.mean, rtol=1e-15, atol=1e-15)
        np.testing.assert_allclose(merged.covariance, whole.covariance, rtol=1e-12)


def test_identity(rng):
    some = statistics_of(rng.standard_normal((20, 2)))
    nothing = SufficientStatistics(0.0, np.zeros(2), np.zeros((2, 2)))
    for merged in (some + nothing, nothing + some):
        assert merged.weight == some.weight
        np.testing.assert_array_equal(merged.covariance, some.covariance)


def test_merging_single_rows_keeps_the_mean_that_float64_cannot_hold(rng):
    x = 1e15 + rng.integers(0, 10, 300)
    merged = reduce(add, (statistics_of(row.reshape(1, 1)) for row in x))
    mean, variance = exact_moments(x)
    assert abs(Fraction(merged.covariance[0, 0]) - variance) / variance < Fraction(1, 10**14)
    carried = Fraction(merged.mean[0]) + Fraction(merged.mean_rounding[0])
    assert abs(carried - mean) < Fraction(1, 10**12)


@pytest.mark.parametrize(
    ("x", "mean", "deviation"),
    [
        ([10000001, 10000003, 10000002], 10000002, 1),
        ([1.2] + [1.1, 1.3] * 500, 1.2, 0.1),
        ([1000000.2] + [1000000.1, 1000000.3] * 500, 1000000.2, 0.1),
        ([10000000.2] + [10000000.1, 10000000.3] * 500, 10000000.2, 0.1),
    ],
    ids=["NumAcc1", "NumAcc2", "NumAcc3", "NumAcc4"],
)
def test_certified_values_of_nist(x, mean, deviation):
    """NIST's reference data sets on numerical accuracy, whose deviations have the divisor n - 1.

    Only the rounding of the values, as float64 stores them, may separate a result from them.
    """
    n, stored = len(x), np.finfo(float).eps * mean
    model = GaussianGradientMLE().fit(np.array(x, dtype=float)[:, None])
    assert abs(model.mean_[0] - mean) <= stored
    found = model.scale_[0] * np.sqrt(n / (n - 1))
    assert abs(found - deviation) <= stored + 1e-15
    exact_mean, exact_variance = exact_moments(np.array(x, dtype=float))
    assert abs(Fraction(model.mean_[0]) - exact_mean) <= Fraction(np.spacing(model.mean_[0]))
    assert abs(Fraction(model.covariance_[0, 0]) / exact_variance - 1) < Fraction(1, 10**14)


@pytest.mark.parametrize("count", [1, 2, 3, 2**10, 1501])
def test_many_parts_add_up_to_a_few_roundings(rng, count):
    """Parts with moments that repeat, whose roundings all err the same way in one long chain."""
    x = np.tile([0.1, 0.3, 0.3], (count, 1))
    parts = [statistics_of(row[:, None]) for row in x]
    merged = pairwise_sum(iter(parts))
    mean, variance = exact_moments(x.ravel())
    assert merged.weight == x.size
    assert abs(Fraction(merged.variances[0]) - variance) / variance < 8 * Fraction(1, 2**53)
    assert abs(Fraction(merged.mean[0]) - mean) / mean < 2 * Fraction(1, 2**53)


def test_two_sum_is_exact(rng):
    a = rng.standard_normal(100) * 10.0 ** rng.integers(-20, 20, 100)
    b = rng.standard_normal(100) * 10.0 ** rng.integers(-20, 20, 100)
    total, rounding = two_sum(a, b)
    for j in range(100):
        assert Fraction(total[j]) + Fraction(rounding[j]) == Fraction(a[j]) + Fraction(b[j])


def exact_sum(a, b):
    """Weight, mean and variance of two samples together, of one feature, as fractions."""
    (w, m, v), (x, n, u) = (
        tuple(Fraction(float(np.squeeze(field))) for field in (s.weight, s.mean, s.covariance))
        for s in (a, b)
    )
    mean = (w * m + x * n) / (w + x)
    return w + x, mean, (w * (v + (m - mean) ** 2) + x * (u + (n - mean) ** 2)) / (w + x)


def test_sums_of_unlike_weights(rng):
    """In either order, though the share of the lighter is below float64's rounding of 1."""
    for _ in range(200):
        a, b = (
            SufficientStatistics(w, np.array([m]), np.array([[v]]))
            for w, m, v in zip(
                10.0 ** rng.uniform(-30, 30, 2),
                rng.standard_normal(2) * 10.0 ** rng.uniform(-5, 20, 2),
                10.0 ** rng.uniform(-20, 25, 2),
                strict=True,
            )
        )
        _, mean, variance = exact_sum(a, b)
        spread = max(abs(float(a.mean[0])), abs(float(b.mean[0])))
        for total in (a + b, b + a):
            assert abs(Fraction(total.mean[0]) - mean) <= 4e-16 * spread
            assert total.covariance[0, 0] == pytest.approx(float(variance), rel=1e-14)


def near_and_far(rng, n):
    """Features, some of them with values that repeat, whose means are zero, or not quite."""
    few = np.where(rng.random(n) < 0.6, 0.1, 0.3)
    normal = rng.standard_normal(n)
    steps = np.arange(n) // 1000  # a few blocks of the test each
    few_rows = np.arange(n) % 80 == 0  # those that are asked first
    return {
        "standardised": (normal - normal.mean()) / normal.std(),
        "mean 0.5": normal + 0.5,
        "two values about zero": few - 0.17,
        "positive": rng.integers(1, 8, n) / 7,
        "a drift through zero": np.linspace(-3, 3, n) + few,
        "steps away from zero": steps % 7 / 3 + normal,
        "now near and now far": np.where(steps % 2, 1e8, 0.0) + few,
        "far but for the few": np.where(few_rows, 0.0, 1e6) + normal,
        "near but for the few": np.where(few_rows, 1e6, 0.0) + normal,
        "of mean 5 but for the few": np.where(few_rows, 0.0, 5.0) + few,
        **{f"{off} deviations off": few - few.mean() + off * few.std() for off in THRESHOLDS},
    }


# What `blocks` asks of a few rows and, as a ratio of sums of squares, of all.
THRESHOLDS = [0.6, blocks._NEAR_ZERO, 0.8, (blocks._MAX_CANCELLATION_ABOUT_ZERO - 1) ** 0.5, 1.0]


@pytest.fixture(params=["as they are", "small"])
def chunks(request, monkeypatch):
    """Chunks of X, as they are or so small that there are many."""
    if request.param == "small":
        monkeypatch.setattr(blocks, "_BLOCK_ELEMENTS", 2**9)
        monkeypatch.setattr(blocks, "_CHUNK_ELEMENTS", 2**11)
        assert len(blocks.chunks_of(np.empty((2**12, 2)), 1, 1)) == 4


@pairwise(
    ["chunks"],
    chunks=["as they are", "small"],
    name=near_and_far(np.random.default_rng(0), 4),
    diagonal=[False, True],
)
def test_near_zero_against_rational_arithmetic(rng, chunks, name, diagonal):
    x = near_and_far(rng, 20_480)[name]
    mean, variance = exact_moments(x)
    for columns in (1, 2, 10, 40):
        X = np.repeat(x[:, None], columns, axis=1)
        X[:, 1::2] *= -1
        statistics = summarize(X, None, diagonal)
        relative = [abs(Fraction(each) - variance) / variance for each in statistics.variances]
        assert max(relative) < Fraction(1, 10**14)
        error = abs(Fraction(statistics.mean[0]) - mean)
        assert error <= 3e-16 * abs(mean) + 1e-15 * float(variance) ** 0.5


@pytest.mark.parametrize("far", [1.0, 1e3, 1e15])
def test_one_far_feature_and_nine_near(rng, chunks, far):
    X = np.round(rng.standard_normal((20_000, 10)), 1) + np.eye(10)[3] * far
    statistics = summarize(X, None, diagonal=False)
    for j in (0, 3, 9):
        _, variance = exact_moments(X[:, j])
        assert abs(Fraction(statistics.variances[j]) - variance) / variance < Fraction(1, 10**14)
    deviations = X.astype(np.longdouble) - X[0]
    deviations -= deviations.mean(axis=0)
    expected = deviations.T @ deviations / len(X)
    np.testing.assert_allclose(statistics.covariance, expected.astype(float), rtol=0, atol=1e-14)


@pytest.mark.parametrize("cuts", [[], [1, 2, 3], [1024], [7, 2500, 4999]])
def test_a_constant_feature_has_no_scatter(rng, chunks, cuts):
    X = rng.standard_normal((5000, 3))
    for value in (0.0, 0.1, 1e-162, 1e-200, 1e15 + 0.3, *rng.standard_normal(10)):
        X[:, 1] = value
        pieces = [SufficientStatistics.from_array(part) for part in np.split(X, cuts)]
        total = reduce(add, pieces)
        assert total.mean[1] == value
        np.testing.assert_array_equal(total.covariance[1], 0)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_one_bad_value_is_found_in_the_sums(rng, chunks, bad):
    X = rng.standard_normal((5000, 3))
    X[4321, 1] = bad
    for diagonal in (False, True):
        mean = summarize(X, None, diagonal).mean
        np.testing.assert_array_equal(np.isfinite(mean), [True, False, True])


@pytest.mark.parametrize(
    "kind",
    {
        "Fortran order": np.asfortranarray,
        "every other column": lambda X: np.repeat(X, 2, axis=1)[:, ::2],
        "big-endian": lambda X: X.astype(">f8"),
        "float32": lambda X: X.astype(np.float32),
        "integers": lambda X: np.rint(X).astype(np.int8),
    }.items(),
    ids=lambda item: item[0],
)
def test_any_layout_and_dtype_near_zero(rng, chunks, kind):
    X = kind[1](rng.standard_normal((5000, 3)) + 0.5)
    statistics = summarize(X, None, diagonal=False)
    expected = summarize(np.array(X, dtype=float, order="C"), None, diagonal=False)
    np.testing.assert_allclose(statistics.mean, expected.mean, rtol=1e-14)
    np.testing.assert_allclose(statistics.covariance, expected.covariance, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("shift", [0.0, 0.5, 100.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_data_are_read_only(rng, chunks, shift, weighted):
    X = rng.standard_normal((5000, 3)) + shift
    weights = rng.random(5000) if weighted else None
    X.flags.writeable = False
    statistics = summarize(X, weights, diagonal=False)
    np.testing.assert_allclose(statistics.mean, np.average(X, axis=0, weights=weights), rtol=1e-13)


def test_a_pivot_is_for_data_far_from_zero_only(rng, monkeypatch):
    class NeededError(Exception):
        pass

    def needed(*args):
        raise NeededError

    monkeypatch.setattr(blocks._Buffer, "subtract", needed)
    X = rng.standard_normal((5000, 3))
    for columns in (1, 3):
        near = summarize(X[:, :columns].copy() + 0.5, None, diagonal=False)
        np.testing.assert_allclose(near.variances, X[:, :columns].var(axis=0), rtol=1e-13)
    with pytest.raises(NeededError):
        summarize(X + 5, None, diagonal=False)
    X[::20] -= 5  # the few rows that are asked first
    with pytest.raises(NeededError):
        summarize(X + 5, None, diagonal=False)
