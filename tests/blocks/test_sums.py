"""Sums of a block of rows against exact arithmetic, whatever its width, its order and BLAS."""

import numpy as np
from marks import pairwise

from skgauss.blocks import sums
from skgauss.statistics import summarize

WIDTHS = [1, 2, 7, 8, 31, 32, 33]


@pairwise(
    [],
    columns=WIDTHS,
    n_rows=[1, 63, 64, 511, 1500, 2**15 + 3],
    order=["C", "F"],
    small_kernels=[False, True],
)
def test_sums_of_a_block(rng, monkeypatch, columns, n_rows, order, small_kernels):
    monkeypatch.setattr(sums, "blas_has_small_kernels", lambda: small_kernels)
    tenths = rng.integers(1, 9, (n_rows, columns))
    rows = np.asarray(tenths / 10, order=order)  # few values, whose roundings do not average out
    exact = rows.astype(np.longdouble)
    for found, expected in [
        (sums.totals(rows), exact.sum(axis=0)),
        (sums.squares(rows), (exact * exact).sum(axis=0)),
        (sums.cross_products(rows), exact.T @ exact),
    ]:
        assert found.dtype == np.float64
        np.testing.assert_allclose(found, expected.astype(float), rtol=1e-14)


def test_products_are_symmetric(rng):
    for columns in WIDTHS:
        covariance = summarize(rng.standard_normal((1000, columns)), None, False).covariance
        np.testing.assert_array_equal(covariance, covariance.T)


def test_columns_far_apart_in_memory(rng):
    wide = rng.standard_normal((1000, 20))
    rows = wide[:, ::4]
    np.testing.assert_allclose(sums.totals(rows), rows.sum(axis=0), rtol=1e-12)
    products = sums.cross_products(rows)
    np.testing.assert_allclose(products, rows.T @ rows, rtol=1e-12, atol=1e-12)
