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
    monkeypatch.setattr(missing, "_FEW_PATTERNS", few)
    monkeypatch.setattr(missing, "_SMALL_BLOCKS", small)
    roots = rng.standard_normal((n, m, m + 3))
    matrices = roots @ roots.transpose(0, 2, 1)
    inverses, log_dets = missing._inverse(matrices.transpose(1, 2, 0).copy())
    products = matrices @ inverses.transpose(2, 0, 1)
    np.testing.assert_allclose(products, np.broadcast_to(np.eye(m), (n, m, m)), atol=1e-9)
    np.testing.assert_allclose(log_dets, np.linalg.slogdet(matrices).logabsdet, atol=1e-9)


@pytest.mark.parametrize("small", [np.inf, 0])
def test_no_more_digits_are_lost_than_the_condition_takes(rng, monkeypatch, small):
    """By halves, each of them inverted, an inverse takes less work and loses half as many again."""
    monkeypatch.setattr(missing, "_SMALL_BLOCKS", small)
    condition = 1e8
    rotations, _ = np.linalg.qr(rng.standard_normal((200, 16, 16)))
    matrices = rotations * np.geomspace(1, 1 / condition, 16) @ rotations.transpose(0, 2, 1)
    inverses, _ = missing._inverse(matrices.transpose(1, 2, 0).copy())
    by_lapack = np.linalg.inv(matrices).transpose(1, 2, 0)
    atol = 2 * condition * np.finfo(float).eps * condition
    np.testing.assert_allclose(inverses, by_lapack, rtol=0, atol=atol)


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
