"""What a fit allocates beside X: blocks of it, and no more copies than its container demands."""

import tracemalloc

import numpy as np
import pandas as pd
import polars as pl
import pytest

from skgauss import GaussianGradientMLE

MIB = 2**20


def peak(function):
    """Bytes that Python and NumPy hold at once, at most."""
    tracemalloc.start()
    function()
    largest = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return largest


@pytest.fixture
def rows(rng):
    return rng.standard_normal((2**20, 4))  # 32 MiB


def test_a_file_larger_than_what_may_be_held(tmp_path, rng):
    X = np.memmap(tmp_path / "X", dtype=np.float32, mode="w+", shape=(75 * MIB // 8, 8))
    few = slice(0, None, len(X) // 100)  # all others stay 0, and are not written
    X[few] = rng.standard_normal((len(X[few]), 8))
    model = GaussianGradientMLE()
    assert X.nbytes == 300 * MIB
    assert peak(lambda: model.fit(X)) < 64 * MIB
    expected = np.square(X[few], dtype=np.float64).sum(axis=0) / len(X)
    np.testing.assert_allclose(model.scale_**2 + model.mean_**2, expected, rtol=1e-9)


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
