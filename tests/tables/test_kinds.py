"""What is no table, or has no shape, is refused with a remedy, which is tried."""

import io
import re
from pathlib import Path

import dask
import dask.array as da
import dask.bag
import numpy as np
import pandas as pd
import polars as pl
import pytest

from skgauss import GaussianGradientMLE, GaussianRegressor, SufficientStatistics

ROWS = [[1.0, 2.0], [2.0, 5.0], [4.0, 1.0], [3.0, 3.0]]
FRAME = pd.DataFrame(ROWS, columns=["a", "b"])
NO_TABLES = {
    "a generator": lambda: (row for row in ROWS),
    "map": lambda: map(list, ROWS),
    "zip": lambda: zip(*map(list, zip(*ROWS, strict=True)), strict=True),
    "an array of records": lambda: FRAME.to_records(index=False),
    "a list of mappings": lambda: FRAME.to_dict("records"),
    "a structured array": lambda: np.array([*map(tuple, ROWS)], dtype=[("a", float), ("b", float)]),
    "numpy.genfromtxt": lambda: np.genfromtxt(
        io.StringIO(FRAME.to_csv(index=False)), delimiter=",", names=True
    ),
    "delayed": lambda: dask.delayed(lambda: FRAME)(),
    "a bag": lambda: dask.bag.from_sequence(ROWS),
}


def refusal(call, X):
    with pytest.raises((TypeError, ValueError)) as caught:
        call(X)
    return str(caught.value)


@pytest.mark.parametrize("make", NO_TABLES.values(), ids=NO_TABLES)
def test_what_holds_a_table_is_told_how_to_get_it(make):
    told = refusal(GaussianGradientMLE().fit, make())
    assert told == refusal(SufficientStatistics.from_array, make())
    assert told.replace("X", "y") == refusal(lambda y: GaussianRegressor().fit(ROWS, y), make())
    X = eval(re.search(r"Pass (.*)\.$", told)[1], {"X": make(), "pandas": pd})
    expected = GaussianGradientMLE().fit(ROWS).mean_
    np.testing.assert_array_equal(GaussianGradientMLE().fit(X).mean_, expected)


def test_several_tables_are_not_one():
    """So scikit-learn's loaders return features and targets, and others chunks of rows."""
    for X in ((np.array(ROWS), np.arange(4)), [np.array(ROWS), np.array(ROWS[:3])]):
        assert "Pass one of them, as in X[0]." in refusal(GaussianGradientMLE().fit, X)
        assert GaussianGradientMLE().fit(X[0]).converged_
    expected = GaussianGradientMLE().fit(FRAME.to_numpy()).mean_
    for library in (pd.DataFrame, pl.DataFrame, np.array, da.from_array):
        chunks = [library(FRAME[:2].to_numpy()), library(FRAME[2:].to_numpy())]
        assert "pass numpy.concatenate(X)." in refusal(GaussianGradientMLE().fit, chunks)
        found = GaussianGradientMLE().fit(np.concatenate(chunks)).mean_
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("kind", [str, Path, lambda path: io.StringIO(path.read_text())])
def test_a_file_or_its_path(tmp_path, kind):
    FRAME.to_csv(tmp_path / "rows.csv", index=False)
    X = kind(tmp_path / "rows.csv")
    assert "pass pandas.read_csv(X)." in refusal(GaussianGradientMLE().fit, X)
    assert GaussianGradientMLE().fit(pd.read_csv(X)).converged_


def test_rows_of_unequal_length_are_counted():
    told = refusal(GaussianGradientMLE().fit, [[1.0, 2.0], [2.0, 5.0], [4.0], [3.0, 3.0]])
    assert told.startswith("Row 2 of X, counted from 0, has 1 values, but row 0 has 2. Put NaN")
    assert GaussianGradientMLE().fit([[1.0, 2.0], [2.0, 5.0], [4.0, np.nan], [3, 3]]).converged_


@pytest.mark.parametrize("values", [["yes", "no", "maybe", "no"], ["<0.5", "1", "2.25", "3"]])
def test_a_text_is_a_value_and_no_row(values):
    """So labels of classes, or limits, are told alike in a list, a tuple and an array."""
    told = [
        refusal(lambda y: GaussianRegressor().fit(ROWS, y), kind(values))
        for kind in (list, tuple, np.array)
    ]
    assert repr(values[0]) in told[0]
    assert len({*told}) == 1


def test_a_frame_without_columns():
    for X in (pd.DataFrame(), FRAME[[]]):
        assert refusal(GaussianGradientMLE().fit, X) == "X has no columns."


@pytest.mark.parametrize("dtype", ["datetime64[D]", "timedelta64[h]"])
def test_an_array_of_times(dtype):
    X = (24 * np.array([[1], [2], [9]]) // (1 if "h" in dtype else 24)).astype(dtype)
    told = refusal(GaussianGradientMLE().fit, X)
    remedy = re.search(r"Convert times to days with (.*)\.$", told)[1]
    days = eval(remedy, {"X": X, "numpy": np})
    assert GaussianGradientMLE().fit(days).mean_ == pytest.approx(3)


@pytest.mark.parametrize("beside", [float, "Float64"])
def test_complex_numbers_do_not_lose_a_part(beside):
    """Beside a nullable column pandas would keep the real part only."""
    X = FRAME.astype({"a": complex, "b": beside})
    assert "not numbers in 'a' (dtype complex128)" in refusal(GaussianGradientMLE().fit, X)


@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_a_file_whose_columns_are_not_separated_by_commas(mark):
    file = FRAME.to_csv(sep=mark, index=False)
    told = refusal(GaussianGradientMLE().fit, pd.read_csv(io.StringIO(file)))
    remedy = re.search(r"read it with (.*)\.$", told)[1]
    X = eval(remedy, {"pandas": pd, "file": io.StringIO(file)})
    pd.testing.assert_frame_equal(X, FRAME)


def test_a_mark_in_categories_is_no_separator():
    """The name of the column would hold it, too."""
    told = refusal(GaussianGradientMLE().fit, FRAME.assign(kind="Action|Comedy"))
    assert "get_dummies" in told
    assert "read_csv" not in told
