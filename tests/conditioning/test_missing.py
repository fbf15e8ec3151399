"""Blocks of a precision, by sweeps, by factors or by LAPACK, and rows some at a time."""

import numpy as np
import pytest

from skgauss import GaussianGradientMLE
from skgauss.conditioning import missing
from skgauss.rows import block
from skgauss.statistics import relations


@pytest.mark.parametrize(("few", "small"), [(1000, 0), (0, np.inf), (0, 0)])
@pytest.mark.parametrize(("m", "n"), [(0, 3), (1, 5), (4, 200), (25, 2)])
def test_inverses_and_determinants(rng, monkeypatch, few, small, m, n):
    monkeypatch.setattr(missing, "_FEW_FOR_LAPACK", few)
    monkeypatch.setattr(missing, "_SMALL_ELEMENTS", small)
    roots = rng.standard_normal((n, m, m + 3))
    matrices = roots @ roots.transpose(0, 2, 1)
    inverses, log_dets = missing._inverse(matrices.transpose(1, 2, 0).copy())
    products = matrices @ inverses.transpose(2, 0, 1)
    np.testing.assert_allclose(products, np.broadcast_to(np.eye(m), (n, m, m)), atol=1e-9)
    np.testing.assert_allclose(log_dets, np.linalg.slogdet(matrices).logabsdet, atol=1e-9)


@pytest.mark.parametrize("small", [np.inf, 0])
def test_no_more_digits_are_lost_than_the_condition_takes(rng, monkeypatch, small):
    """By halves, each of them inverted, an inverse takes less work and loses half as many again."""
    monkeypatch.setattr(missing, "_SMALL_ELEMENTS", small)
    condition = 1e8
    rotations, _ = np.linalg.qr(rng.standard_normal((200, 16, 16)))
    matrices = rotations * np.geomspace(1, 1 / condition, 16) @ rotations.transpose(0, 2, 1)
    inverses, _ = missing._inverse(matrices.transpose(1, 2, 0).copy())
    by_lapack = np.linalg.inv(matrices).transpose(1, 2, 0)
    atol = 2 * condition * np.finfo(float).eps * condition
    np.testing.assert_allclose(inverses, by_lapack, rtol=0, atol=atol)


@pytest.mark.parametrize("inflated", [np.inf, 0.0])  # by the precision, by its root
def test_patterns_that_miss_unequally_many_at_once(rng, monkeypatch, inflated):
    monkeypatch.setattr(missing, "_ROOT_INFLATION", inflated)
    factor = np.tril(rng.standard_normal((6, 6))) + 3 * np.eye(6)
    covariance, root = factor @ factor.T, np.linalg.inv(factor)
    patterns = rng.random((9, 6)) < 0.4
    patterns[:, 2], patterns[:, 4] = True, False
    assert len(set(patterns.sum(axis=1))) > 1
    counts = rng.integers(1, 4, len(patterns))
    gaps = missing.MissingPatterns(patterns, counts)
    rows = rng.standard_normal((counts.sum(), 6))
    rows[np.repeat(patterns, counts, axis=0)] = 0.0
    given = missing.Conditioner(factor)(rows.copy(), gaps)
    basis, _ = missing.hidden_basis(rows.copy(), gaps, root)
    completed, spread, distances = rows.copy(), np.zeros((6, 6)), []
    for p, (m, its) in enumerate(
        zip(patterns, np.split(rows, np.cumsum(counts)[:-1]), strict=True)
    ):
        of_shown = covariance[np.ix_(~m, ~m)]
        slopes = np.linalg.solve(of_shown, covariance[np.ix_(~m, m)])
        start = counts[:p].sum()
        completed[start : start + counts[p], m] = its[:, ~m] @ slopes
        spread[np.ix_(m, m)] += covariance[np.ix_(m, m)] - covariance[np.ix_(m, ~m)] @ slopes
        distances.extend(np.einsum("ij,ji->i", its[:, ~m], np.linalg.solve(of_shown, its[:, ~m].T)))
        of_gaps = np.linalg.slogdet(covariance).logabsdet - np.linalg.slogdet(of_shown).logabsdet
        np.testing.assert_allclose(given.log_det[p], -of_gaps, atol=1e-10)
        hidden = root[:, m] @ np.linalg.pinv(root[:, m])
        np.testing.assert_allclose(basis[:, :, p] @ basis[:, :, p].T, hidden, atol=1e-10)
    rows.reshape(-1)[gaps.entries] = given.mean
    np.testing.assert_allclose(rows, completed, atol=1e-10)
    np.testing.assert_allclose(gaps.added_up(given.covariance), spread, atol=1e-10)
    np.testing.assert_allclose(given.distances, distances, rtol=1e-10)


def test_so_many_rows_at_once_as_there_are(rng, monkeypatch):
    """Nothing of a fit, nor of what it fills in, depends on it but for rounding."""
    X = rng.standard_normal((60, 4)) + rng.standard_normal((60, 1))
    X[rng.random(X.shape) < 0.3] = np.nan
    whole = GaussianGradientMLE().fit(X)
    imputed = whole.impute(X)
    monkeypatch.setattr(block, "_READ_AT_ONCE", 12)
    monkeypatch.setattr(relations, "_COPIED_AT_ONCE", 12)
    np.testing.assert_allclose(whole.impute(X), imputed, rtol=1e-12)
    np.testing.assert_allclose(GaussianGradientMLE().fit(X).mean_, whole.mean_, rtol=1e-12)
