"""Concentration steps, beside a loop of NumPy, and what they find of the Gaussian."""

import numpy as np
import pytest
from marks import each_family, exhaustive
from oracles import as_matrix, em_step, observed_distances
from scipy.stats import chi2
from sklearn.datasets import load_wine

from skgauss import GaussianOutlierDetector
from skgauss.gaussian import make_family
from skgauss.robust.start import SortedColumns, robust_starts


def factor_of(share, degrees):
    """Croux and Haesbroeck's."""
    return share / chi2.cdf(chi2.ppf(share, degrees), degrees + 2)


def shifted(rng, share=0.2, n=300, d=4):
    X = rng.standard_normal((n, d)) @ rng.standard_normal((d, d)).T
    X[: int(share * n)] += 6 * X.std(axis=0)
    return X


def minimum_covariance_determinant(X, n_kept):
    """The textbook on complete data, from the same starts to their ends."""
    d, best = X.shape[1], (np.inf,)
    for mean, root in robust_starts(SortedColumns(X, np.ones(len(X))), make_family("full", d)):
        covariance, kept = root @ root.T, None
        while True:
            nearest = np.sort(np.argsort(observed_distances(X, mean, covariance)[0])[:n_kept])
            if kept is not None and np.array_equal(kept, nearest):
                break
            kept = nearest
            mean, covariance = X[kept].mean(axis=0), np.cov(X[kept].T, ddof=0)
        best = min(best, (np.linalg.slogdet(covariance)[1], tuple(kept)))
    kept = np.array(best[1])
    mean, covariance = X[kept].mean(axis=0), np.cov(X[kept].T, ddof=0)
    covariance = factor_of(n_kept / len(X), d) * covariance
    support = observed_distances(X, mean, covariance)[0] <= chi2.isf(0.025, d)
    covariance = factor_of(0.975, d) * np.cov(X[support].T, ddof=0)
    return support, X[support].mean(axis=0), covariance


@pytest.mark.parametrize("share", [0.1, 0.3])
def test_against_the_textbook(rng, share):
    X = shifted(rng, share)
    support, mean, covariance = minimum_covariance_determinant(X, (len(X) + 4 + 2) // 2)
    detector = GaussianOutlierDetector(support_fraction="auto").fit(X)
    np.testing.assert_array_equal(detector.support_, support)
    np.testing.assert_allclose(detector.mean_, mean, rtol=1e-9)
    np.testing.assert_allclose(detector.covariance_, covariance, rtol=1e-9)
    assert detector.converged_


def stretched_about(X, mean, share):
    """Each deviation times the root of the factor of as many values as the row shows."""
    shown = np.count_nonzero(~np.isnan(X), axis=1)
    return mean + np.sqrt(factor_of(share, shown))[:, None] * (X - mean)


def test_with_gaps_the_result_is_where_em_stays(rng):
    """Of the rows of the support, stretched about the mean that comes out."""
    X = shifted(rng)
    X[rng.random(X.shape) < 0.1] = np.nan
    X = X[~np.isnan(X).all(axis=1)]
    detector = GaussianOutlierDetector(support_fraction="auto", tol=1e-10).fit(X)
    rows = stretched_about(X[detector.support_], detector.mean_, 0.975)
    mean, covariance = em_step(rows, detector.mean_, detector.covariance_)
    scales = detector.scale_
    np.testing.assert_allclose((mean - detector.mean_) / scales, 0.0, atol=1e-4)
    difference = (covariance - detector.covariance_) / np.outer(scales, scales)
    np.testing.assert_allclose(difference, 0.0, atol=1e-7)
    assert detector.support_[:60].sum() == 0


@exhaustive
@each_family
@pytest.mark.parametrize("missing", [0.0, 0.1, 0.3])
@pytest.mark.parametrize("support_fraction", ["auto", 0.75])
def test_consistency(rng, covariance_type, missing, support_fraction):
    """Of draws of a Gaussian the parameters are found, and 0.025 of the rows left out."""
    n, d = 100_000, 3
    mixing = {"full": [[1, 0, 0], [0.9, 0.3, 0], [0.2, -0.8, 0.5]], "diag": np.diag([1, 5, 0.2])}
    mixing = np.asarray(mixing.get(covariance_type, np.eye(d)))
    X = rng.standard_normal((n, d)) @ mixing.T + 1
    X[rng.random(X.shape) < missing] = np.nan
    detector = GaussianOutlierDetector(
        support_fraction=support_fraction, covariance_type=covariance_type
    ).fit(X)
    whitened = np.linalg.solve(mixing, detector.mean_ - 1)
    np.testing.assert_allclose(whitened, 0.0, atol=0.03)
    half = np.linalg.solve(mixing, as_matrix(detector.covariance_, d))
    relative = np.linalg.solve(mixing, half.T)
    np.testing.assert_allclose(relative, np.eye(d), atol=0.03)
    informative = ~np.isnan(X).all(axis=1)
    left_out = 1 - detector.support_[informative].mean()
    assert left_out == pytest.approx(0.025, abs=0.004)


@pytest.mark.parametrize("missing", [0.0, 0.1])
def test_neither_units_nor_order_matter(rng, missing):
    X = load_wine().data[:, :5]
    X[rng.random(X.shape) < missing] = np.nan
    units, offsets = np.array([1e-3, 1e6, -1.0, 7.0, 1e3]), np.array([1, -1e6, 100, 0, 5e3])
    order = rng.permutation(len(X))
    one = GaussianOutlierDetector(support_fraction="auto").fit(X)
    other = GaussianOutlierDetector(support_fraction="auto").fit((X * units + offsets)[order])
    np.testing.assert_array_equal(one.support_[order], other.support_)
    mean, covariance = one.mean_ * units + offsets, one.covariance_ * np.outer(units, units)
    np.testing.assert_allclose((other.mean_ - mean) / other.scale_, 0.0, atol=1e-5)
    difference = (other.covariance_ - covariance) / np.outer(other.scale_, other.scale_)
    np.testing.assert_allclose(difference, 0.0, atol=1e-5)
    again = GaussianOutlierDetector(support_fraction="auto").fit(X)
    np.testing.assert_array_equal(again.covariance_, one.covariance_)


@pytest.mark.parametrize("missing", [0.0, 0.1])
def test_weights_are_repeats(rng, missing):
    X, weights = shifted(rng), rng.integers(0, 4, 300)
    X[rng.random(X.shape) < missing] = np.nan
    weighted = GaussianOutlierDetector(support_fraction=0.6).fit(X, sample_weight=weights)
    repeated = GaussianOutlierDetector(support_fraction=0.6).fit(np.repeat(X, weights, axis=0))
    np.testing.assert_array_equal(np.repeat(weighted.support_, weights), repeated.support_)
    assert not weighted.support_[weights == 0].any()
    np.testing.assert_allclose(weighted.covariance_, repeated.covariance_, rtol=1e-5)


@pytest.mark.parametrize("known", ["mean", "covariance"])
def test_what_is_fixed_stays(rng, known):
    X = rng.standard_normal((400, 2))
    X[:100] += 8
    value = {"mean": np.zeros(2), "covariance": np.eye(2)}[known]
    detector = GaussianOutlierDetector(support_fraction="auto", **{f"fixed_{known}": value}).fit(X)
    np.testing.assert_array_equal(getattr(detector, f"{known}_"), value)
    assert not detector.support_[:100].any()
    np.testing.assert_allclose(detector.mean_, 0.0, atol=0.2)
    np.testing.assert_allclose(detector.covariance_, np.eye(2), atol=0.3)
