"""One pass over X: exact, order-free, without a copy, weights as repeats."""

import tracemalloc
from fractions import Fraction

import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest
from marks import each_family
from oracles import exact_moments

from skgauss import (
    GaussianGradientMLE,
    GaussianImputer,
    GaussianOutlierDetector,
    GaussianRegressor,
)
from skgauss.blocks import infinity
from skgauss.blocks import passes as blocks
from skgauss.blocks.passes import map_rows
from skgauss.statistics.complete import summarize


def relative_error(value, exact):
    return float(abs(Fraction(float(value)) - exact) / exact)


def hard_columns(rng, n):
    two_values = np.where(rng.random(n) < 0.4, 0.1, 0.3)
    return {
        "1e15 plus small integers": 1e15 + rng.integers(0, 10, n),
        "1e7 plus 0.1 or 0.3": 1e7 + two_values,
        "0.1 or 0.3": two_values,
        "float32, large mean": rng.normal(1e4, 1.0, n).astype(np.float32),
        "int64, large mean": rng.integers(10**9, 10**9 + 100, n),
        "sorted, heavy tail": np.sort(np.exp(3 * rng.standard_normal(n))),
        "an outlier first": np.r_[1e8, rng.standard_normal(n - 1)],
        "a shift half-way": np.r_[rng.normal(0, 1, n // 2), rng.normal(1e6, 1, n - n // 2)],
    }


@pytest.mark.parametrize("n", [12, 5000, 60_000])
@pytest.mark.parametrize("name", hard_columns(np.random.default_rng(0), 4))
def test_variance_against_rational_arithmetic(rng, name, n):
    x = hard_columns(rng, n)[name]
    mean, variance = exact_moments(x)
    for covariance_type in ("full", "diag", "spherical"):
        model = GaussianGradientMLE(covariance_type=covariance_type).fit(x[:, None])
        assert relative_error(np.ravel(model.covariance_)[0], variance) < 2e-15
        deviation = float(variance) ** 0.5
        assert model.mean_[0] == pytest.approx(float(mean), rel=3e-16, abs=1e-15 * deviation)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("d", [2, 10, 40])
def test_variances_of_many_columns_against_rational_arithmetic(rng, d, order):
    n = 4000
    X = np.asarray(1e7 + np.where(rng.random((n, d)) < 0.4, 0.1, 0.3), order=order)
    for covariance_type in ("full", "diag"):
        statistics = (
            GaussianGradientMLE(covariance_type=covariance_type).fit(X).sufficient_statistics_
        )
        for j in range(0, d, 3):
            _, variance = exact_moments(X[:, j])
            assert relative_error(statistics.variances[j], variance) < 1e-14


def test_integer_weights_against_rational_arithmetic(rng):
    n = 3000
    for name, x in hard_columns(rng, n).items():
        weights = rng.integers(0, 4, n)
        _, variance = exact_moments(x, weights)
        fitted = GaussianGradientMLE().fit(x[:, None], sample_weight=weights)
        assert relative_error(fitted.covariance_[0, 0], variance) < 2e-15, name


@each_family
def test_weights_are_repeats(correlated, rng, covariance_type):
    weights = rng.integers(0, 4, len(correlated))
    weighted = GaussianGradientMLE(covariance_type=covariance_type)
    weighted.fit(correlated, sample_weight=weights)
    repeated = GaussianGradientMLE(covariance_type=covariance_type)
    repeated.fit(np.repeat(correlated, weights, axis=0))
    np.testing.assert_allclose(weighted.mean_, repeated.mean_, rtol=1e-13)
    np.testing.assert_allclose(weighted.covariance_, repeated.covariance_, rtol=1e-13)
    assert weighted.sufficient_statistics_.weight == weights.sum()


def test_an_outlier_of_weight_zero_is_not_there(correlated):
    X = np.vstack([np.full(3, 1e200), correlated])
    weights = np.r_[0.0, np.ones(len(correlated))]
    with_outlier = GaussianGradientMLE().fit(X, sample_weight=weights)
    without = GaussianGradientMLE().fit(correlated)
    np.testing.assert_allclose(with_outlier.covariance_, without.covariance_, rtol=1e-13)


LIMITS = {
    "none": {},
    "of features by themselves": {"covariance_type": "diag"},
    "of a window": {"truncation_limits": (-9, 9)},
    "of detection": {"censoring_limits": (-1, None)},
}


@pytest.mark.parametrize("limits", LIMITS.values(), ids=LIMITS)
@pytest.mark.parametrize("kind", [np.asarray, da.from_array])
def test_a_row_of_weight_zero_may_hold_infinity(correlated, rng, limits, kind):
    """In a fit, a score and the errors of the sandwich alike."""
    weights = rng.integers(1, 4, len(correlated)).astype(float)
    weights[[0, 5]] = 0
    X, there = correlated.copy(), weights > 0
    X[0], X[5, 1] = np.nan, np.inf
    model = GaussianGradientMLE(**limits).fit(kind(X), sample_weight=weights)
    rows, of_rows = correlated[there], weights[there]
    expected = GaussianGradientMLE(**limits).fit(rows, sample_weight=of_rows)
    np.testing.assert_allclose(model.covariance_, expected.covariance_, rtol=1e-9)
    score = model.score(kind(X), sample_weight=weights)
    assert score == pytest.approx(expected.score(rows, sample_weight=of_rows), rel=1e-9)
    errors = model.standard_errors("sandwich", X=kind(X), sample_weight=weights).scale
    of_present = expected.standard_errors("sandwich", X=rows, sample_weight=of_rows).scale
    np.testing.assert_allclose(errors, of_present, rtol=1e-6)
    with pytest.raises(ValueError, match="infinity"):
        model.score(X[5:], sample_weight=np.ones(len(X) - 5))


@pytest.mark.parametrize("kind", [lambda X: X, lambda X: dd.from_pandas(X, npartitions=1)])
def test_every_method_tells_an_infinity_by_row_and_name(correlated, kind):
    """Rows of weight 0 before it count, since the user counts them."""
    columns = [f"metal {j}" for j in range(correlated.shape[1])]
    X, weights = pd.DataFrame(correlated, columns=columns), np.ones(len(correlated))
    wrong, y = X.copy(), X[columns[0]]
    wrong.iloc[40, 1], weights[:9] = np.inf, 0
    wrong, features = kind(wrong), kind(wrong)[columns[1:]]
    rows = {"sample_weight": kind(pd.DataFrame({"weight": weights}))["weight"]}
    model, regression = GaussianGradientMLE().fit(X), GaussianRegressor().fit(X[columns[1:]], y)
    detector = GaussianOutlierDetector().fit(X)
    uses = [
        lambda: GaussianGradientMLE().fit(wrong, **rows),
        lambda: model.score(wrong, **rows),
        lambda: model.bic(wrong, **rows),
        lambda: model.score_samples(wrong),
        lambda: model.mahalanobis(wrong),
        lambda: model.impute(wrong),
        lambda: model.standard_errors("sandwich", X=wrong),
        lambda: detector.predict(wrong),
        lambda: regression.predict(features),
    ]
    if isinstance(wrong, pd.DataFrame):
        robust = GaussianOutlierDetector(support_fraction="auto")
        uses += [
            lambda: robust.fit(wrong, **rows),
            lambda: GaussianImputer().fit(X).transform(wrong),
            lambda: regression.score(features, y),
            lambda: regression.aic(features, y, **rows),
        ]
    for use in uses:
        with pytest.raises(ValueError, match=r"The first is inf in 'metal 1', in row 40 counted"):
            np.asarray(use())


def test_an_infinity_beyond_the_first_chunk_of_a_sum_is_told_by_its_row(monkeypatch):
    monkeypatch.setattr("skgauss.rows.inputs._RESULT_ROWS", 10)
    monkeypatch.setattr("skgauss.rows.inputs._RESULT_ELEMENTS", 10)
    X = np.random.default_rng(0).standard_normal((50, 2))
    model = GaussianGradientMLE().fit(X)
    X[35, 1] = -np.inf
    with pytest.raises(ValueError, match=r"-inf in 'feature 1', in row 35 counted from 0"):
        model.score(X)


@pytest.mark.parametrize("contamination", ["auto", 0.1])
@pytest.mark.parametrize("support_fraction", [None, "auto"])
def test_a_share_of_rows_is_of_those_with_a_weight(correlated, contamination, support_fraction):
    X, weights = np.vstack((correlated, [[np.inf, 1.0, -np.inf]])), np.ones(len(correlated) + 1)
    weights[-1] = 0
    detector = GaussianOutlierDetector(
        contamination=contamination, support_fraction=support_fraction
    )
    offset = detector.fit(X, sample_weight=weights).offset_
    # To rounding: BLAS may add up one row more in another order.
    assert offset == pytest.approx(detector.fit(correlated).offset_, rel=1e-13)


def test_criteria_count_rows_that_show_something(correlated, rng):
    X = np.where(rng.random(correlated.shape) < 0.3, np.nan, correlated)
    X[:10] = np.nan
    shown = ~np.isnan(X).all(axis=1)
    for limits in LIMITS.values():
        model = GaussianGradientMLE(**limits).fit(X)
        for ask in (model.aic, model.bic):
            assert ask(X) == pytest.approx(ask(X[shown]), rel=1e-12)
            with pytest.raises(ValueError, match="No value of X is known"):
                ask(X[:10])
        deviance = -2 * model.score_samples(X).sum()
        free = (model.aic(X) - deviance) / 2
        assert model.bic(X) == pytest.approx(deviance + free * np.log(shown.sum()), rel=1e-12)
        assert f"AIC {model.aic(X):.2f}, BIC {model.bic(X):.2f}" in repr(model.summary())


@pytest.mark.parametrize(
    "kind", [np.asarray, pd.DataFrame, lambda X: da.from_array(X, chunks=(7, 3))]
)
def test_criteria_of_weights_are_those_of_repeats(correlated, rng, kind):
    """And those that the summary of the weighted fit tells."""
    X = np.where(rng.random((60, 3)) < 0.3, np.nan, correlated[:60])
    X[:4] = np.nan
    counts = rng.integers(0, 4, 60)
    for limits in LIMITS.values():
        model = GaussianGradientMLE(**limits).fit(X, sample_weight=counts)
        told = repr(model.summary())
        asked = {
            name: getattr(model, name)(kind(X), sample_weight=counts) for name in ("aic", "bic")
        }
        for name, value in asked.items():
            assert value == pytest.approx(
                getattr(model, name)(np.repeat(X, counts, axis=0)), rel=1e-12
            )
            assert f"{name.upper()} {value:.2f}" in told


@pytest.mark.parametrize("shift", [1e3, 1e8, 1e10])
@pytest.mark.parametrize("columns", [1, 2])
def test_a_level_that_fades_from_the_weights(rng, shift, columns):
    """The rows at another level weigh next to nothing, whether they come first or last."""
    n, old = 40_000, 33_000
    x = rng.standard_normal((n, columns))
    x[:old] += shift
    weights = np.r_[np.full(old, 1e-24 / shift), np.ones(n - old)]
    forward = GaussianGradientMLE().fit(x, sample_weight=weights)
    backward = GaussianGradientMLE().fit(x[::-1], sample_weight=weights[::-1])
    alone = GaussianGradientMLE().fit(x[old:])
    np.testing.assert_allclose(forward.covariance_, backward.covariance_, rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(forward.covariance_, alone.covariance_, rtol=1e-6, atol=1e-8)


def test_forgetting(rng):
    """Exponential weights over a shift of level, against rational arithmetic."""
    n = 6000
    x = np.r_[rng.normal(1e8, 1, n // 2), rng.normal(0, 1, n - n // 2)]
    weights = 2 ** (np.arange(n) // 50)[:, None].astype(float).ravel()
    weights = np.minimum(weights, 2.0**60)
    _, variance = exact_moments(x, weights)
    for order in (slice(None), slice(None, None, -1)):
        model = GaussianGradientMLE().fit(x[order, None], sample_weight=weights[order])
        assert relative_error(model.covariance_[0, 0], variance) < 1e-14


@pytest.mark.parametrize("unit", [1e-320, 1e-300, 1e-3, 1e300])
def test_the_unit_of_weights_does_not_matter(correlated, unit):
    weights = np.full(len(correlated), unit)
    for X in (correlated, 1e5 * correlated, 1e-20 * correlated):
        model = GaussianGradientMLE().fit(X, sample_weight=weights)
        expected = GaussianGradientMLE().fit(X).covariance_
        np.testing.assert_allclose(model.covariance_, expected, rtol=1e-13)


def test_row_order_and_blocks_do_not_matter(rng, monkeypatch):
    X = rng.standard_normal((5000, 3)) @ rng.standard_normal((3, 3)) + 1e6
    whole = summarize(X, None, diagonal=False)
    shuffled = summarize(X[rng.permutation(len(X))], None, diagonal=False)
    monkeypatch.setattr(blocks, "_BLOCK_ELEMENTS", 64)
    monkeypatch.setattr(blocks, "_CHUNK_ELEMENTS", 512)
    in_pieces = summarize(X, None, diagonal=False)
    for other in (shuffled, in_pieces):
        np.testing.assert_allclose(other.mean, whole.mean, rtol=1e-15)
        np.testing.assert_allclose(other.covariance, whole.covariance, rtol=1e-13)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.int32, np.uint8, bool])
@pytest.mark.parametrize("layout", ["C", "F", "strided"])
def test_dtype_and_layout_do_not_matter(rng, dtype, layout):
    X = rng.integers(0, 4, (300, 4)).astype(dtype)
    Y = {"C": X, "F": np.asfortranarray(X), "strided": np.repeat(X, 2, axis=1)[:, ::2]}[layout]
    expected = np.cov(X.T.astype(float), ddof=0)
    fitted = GaussianGradientMLE().fit(Y)
    np.testing.assert_allclose(fitted.covariance_, expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64])
def test_fit_and_score_do_not_copy(rng, dtype):
    X = (100 * rng.standard_normal((2_000_000, 4))).astype(dtype)
    model = GaussianGradientMLE()
    tracemalloc.start()
    model.fit(X)
    fit_peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    model.score_samples(X)
    score_peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert fit_peak < 2**24
    assert score_peak < 8 * len(X) + 2**24


def test_many_features_without_a_matrix(rng):
    X = rng.standard_normal((50, 20_000))
    for covariance_type in ("diag", "spherical"):
        tracemalloc.start()
        model = GaussianGradientMLE(covariance_type=covariance_type, solver="gradient").fit(X)
        model.score_samples(X)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert model.converged_
        assert peak < 2**26  # a (d, d) array would take 3.2 GB
    np.testing.assert_allclose(model.covariance_, X.var(axis=0).mean(), rtol=1e-6)


def test_map_rows_goes_block_by_block(rng):
    X = rng.standard_normal((10_000, 7))
    seen = []

    def lengths(rows):
        seen.append(len(rows))
        return (rows**2).sum(axis=1)

    result = map_rows(X, lengths, np.ones(7))
    np.testing.assert_allclose(result, ((X - 1) ** 2).sum(axis=1), rtol=1e-13)
    assert sum(seen) == len(X)
    assert max(seen) * 7 <= blocks._BLOCK_ELEMENTS


def test_finite_data_are_read_for_it_only_once(rng, monkeypatch):
    def fail(*args, **kwargs):
        raise AssertionError("X was searched for NaN")

    monkeypatch.setattr(infinity, "assert_all_finite", fail)
    X = rng.standard_normal((100, 3))
    GaussianGradientMLE().fit(X).score(X)


@pytest.mark.parametrize("covariance_type", ["full", "diag"])
def test_threads_do_not_matter(rng, monkeypatch, covariance_type):
    X = rng.standard_normal((2000, 80)) + 1e3
    diagonal = covariance_type != "full"
    alone = summarize(X, None, diagonal)
    monkeypatch.setattr(blocks, "_MANY_ELEMENTS", 0)
    monkeypatch.setattr(blocks.threads, "available", lambda: 3)
    together = summarize(X, None, diagonal)
    np.testing.assert_allclose(together.mean, alone.mean, rtol=1e-15)
    np.testing.assert_allclose(together.covariance, alone.covariance, rtol=1e-12, atol=1e-14)
    X[1999, 5] = np.nan
    assert not np.isfinite(summarize(X, None, diagonal).mean[5])


def fitted_to(X):
    return GaussianGradientMLE().fit(X)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_plain_arrays_are_validated_as_any_other(rng, dtype):
    """Which scikit-learn is asked about only where it would find something."""
    X = rng.standard_normal((20, 3)).astype(dtype)
    for bad, words in (
        (X[:0], r"0 sample\(s\)"),
        (X[:1], r"1 sample\(s\) .* minimum of 2"),
        (X[:, :0], r"0 feature\(s\)"),
        (X[:, 0], "Expected 2D array, got 1D array"),
        (X[:, :, None], "Found array with dim 3"),
        (X + 1j, "Complex data not supported"),
    ):
        with pytest.raises(ValueError, match=words):
            fitted_to(bad)
    model = fitted_to(X)
    assert model.n_features_in_ == 3
    for method in (model.score_samples, model.partial_fit, model.mahalanobis):
        with pytest.raises(ValueError, match=r"X has 2 features, but .* is expecting 3 features"):
            method(X[:, :2])


def test_an_array_has_no_names(rng):
    X = rng.standard_normal((20, 3))
    model = fitted_to(pd.DataFrame(X, columns=list("abc")))
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        model.score_samples(X)
    assert not hasattr(model.fit(X), "feature_names_in_")
    with pytest.warns(UserWarning, match="X has feature names, but"):
        model.score_samples(pd.DataFrame(X, columns=list("abc")))
