"""Medians, median deviations and normal scores, of weighted columns with gaps; the starts."""

import numpy as np
import pytest
from scipy.stats import norm, rankdata

from skgauss.gaussian import make_family
from skgauss.robust.start import SortedColumns, robust_starts


@pytest.fixture
def columns(rng):
    """Ties, gaps, and as many rows as make the median a mean of two values."""
    X = np.round(rng.standard_normal((60, 3)), 1)
    X[rng.random(X.shape) < 0.2] = np.nan
    return X


def test_against_numpy_and_scipy(columns):
    plain = SortedColumns(columns, np.ones(len(columns)))
    medians = np.nanmedian(columns, axis=0)
    np.testing.assert_allclose(plain.medians, medians, rtol=1e-14)
    deviations = np.nanmedian(np.abs(columns - medians), axis=0)
    np.testing.assert_allclose(plain.median_deviations, deviations, rtol=1e-12)
    np.testing.assert_allclose(plain.scales, deviations / norm.ppf(0.75), rtol=1e-12)
    n = np.count_nonzero(~np.isnan(columns), axis=0)
    ranks = (rankdata(columns, axis=0, nan_policy="omit") - 0.5) / n
    expected = np.nan_to_num(norm.ppf(ranks))
    np.testing.assert_allclose(plain.normal_scores, expected, rtol=1e-12, atol=1e-14)


def test_weights_are_repeats(columns, rng):
    weights = rng.integers(1, 4, len(columns))
    weighted = SortedColumns(columns, weights / 7)
    repeated = SortedColumns(np.repeat(columns, weights, axis=0), np.ones(weights.sum()))
    np.testing.assert_allclose(weighted.medians, repeated.medians, rtol=1e-14)
    np.testing.assert_allclose(weighted.scales, repeated.scales, rtol=1e-14)
    scores = np.repeat(weighted.normal_scores, weights, axis=0)
    np.testing.assert_allclose(scores, repeated.normal_scores, rtol=1e-9, atol=1e-12)


def test_most_values_equal():
    """The scale that is left is that of mean squares; of a constant, one."""
    X = np.column_stack((np.repeat([2.0, 8.0], [6, 4]), np.full(10, 3.0)))
    plain = SortedColumns(X, np.ones(10))
    np.testing.assert_array_equal(plain.median_deviations, 0.0)
    np.testing.assert_allclose(plain.scales, [np.sqrt(36 * 0.4), 1.0])


@pytest.mark.parametrize("missing", [0.0, 0.1])
def test_a_start_is_where_most_rows_are(rng, missing):
    """With three in ten of the rows shifted together, which takes the moments along."""
    mixing = rng.standard_normal((4, 4))
    X = rng.standard_normal((2000, 4)) @ mixing.T
    X[:600] += 20 * mixing.sum(axis=1)
    X[rng.random(X.shape) < missing] = np.nan
    starts = list(robust_starts(SortedColumns(X, np.ones(len(X))), make_family("full", 4)))
    assert len(starts) == 2
    for mean, factor in starts:
        assert np.linalg.norm(np.linalg.solve(mixing, mean)) < 2
        assert np.linalg.norm(np.linalg.solve(mixing, factor), 2) < 4
