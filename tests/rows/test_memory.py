"""What a fit allocates beside X: blocks of it, and no more copies than its container demands."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from benchmarks.memory import peak
from marks import exhaustive

from skgauss import GaussianGradientMLE

MIB = 2**20


@pytest.fixture
def rows(rng):
    return rng.standard_normal((2**20, 4))  # 32 MiB


def sparse_file(path, rng, n_rows, order):
    """Of 8 float32 a row; all but a few rows stay 0, and are not written."""
    X = np.memmap(path, np.float32, "w+", shape=(n_rows, 8), order=order)
    few = X[:: n_rows // 100]
    few[:] = rng.standard_normal(few.shape)
    return X, few


@exhaustive
@pytest.mark.parametrize("order", ["C", "F"])
def test_a_file_larger_than_what_may_be_held(tmp_path, rng, order):
    X, few = sparse_file(tmp_path / "X", rng, 75 * MIB // 8, order)
    assert X.nbytes == 300 * MIB
    model = GaussianGradientMLE()
    assert peak(lambda: model.fit(X)) < 64 * MIB
    expected = np.square(few, dtype=np.float64).sum(axis=0) / len(X)
    np.testing.assert_allclose(model.scale_**2 + model.mean_**2, expected, rtol=1e-9)
    assert peak(lambda: model.score_samples(X)) < 8 * len(X) + 16 * MIB
    assert peak(lambda: model.bic(X)) < 32 * MIB


@exhaustive
def test_a_score_of_a_file(tmp_path, rng):
    X, _ = sparse_file(tmp_path / "X", rng, 5 * MIB, "C")
    model = GaussianGradientMLE().fit(X)
    weights = np.full(len(X), 3.0)
    for w in (None, weights):
        assert model.score(X, sample_weight=w) == pytest.approx(model.log_likelihood_, rel=1e-13)
    assert peak(lambda: model.score(X)) < 24 * MIB
    assert peak(lambda: model.score(X, sample_weight=weights)) < 48 * MIB


@exhaustive
def test_a_file_with_weights_and_a_missing_value(tmp_path, rng):
    X, _ = sparse_file(tmp_path / "X", rng, 2 * MIB, "C")
    weights = np.full(len(X), 3.0)
    weights[-1] = 0.0
    without = GaussianGradientMLE().fit(X, sample_weight=weights)
    X[-1, 2] = np.nan
    model = GaussianGradientMLE()
    assert peak(lambda: model.fit(X, sample_weight=weights)) < 24 * MIB
    np.testing.assert_allclose(model.covariance_, without.covariance_, rtol=1e-12, atol=1e-18)
    assert model.sufficient_statistics_.weight == 3.0 * (len(X) - 1)


@pytest.mark.parametrize("order", ["C", "F"])
def test_pandas_of_one_dtype_is_not_copied(rows, order):
    frame = pd.DataFrame(np.asarray(rows, order=order)).add_prefix("x")
    assert peak(lambda: GaussianGradientMLE().fit(frame)) < rows.nbytes / 2
    columns = pd.DataFrame({name: frame[name] for name in frame})
    assert peak(lambda: GaussianGradientMLE().fit(columns)) < rows.nbytes / 2


def test_pandas_of_several_dtypes_is_copied_once(rows):
    frame = pd.DataFrame(rows).add_prefix("x").astype({"x1": np.float32})
    assert peak(lambda: GaussianGradientMLE().fit(frame)) < 1.5 * rows.nbytes


def test_polars_is_not_copied_again(rows):
    frame = pl.DataFrame({f"x{j}": column for j, column in enumerate(rows.T)})
    # Not counted is the array that polars itself makes where columns lie apart.
    assert peak(lambda: GaussianGradientMLE().fit(frame)) < rows.nbytes / 2
    together = pl.DataFrame(np.asfortranarray(rows))
    assert np.shares_memory(np.asarray(together), np.asarray(together))
