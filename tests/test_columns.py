"""What is no number in a data frame: the error names the column, and its remedies work."""

import pickle
import re

import dask.dataframe as dd
import numpy as np
import pandas as pd
import polars as pl
import pytest

from skgauss import GaussianGradientMLE

NUMBERS = {"a": [1.0, 2.0, 4.0, 8.0, 3.0, 5.0], "b": [2, 1, 1, 3, 7, 2]}
TEXT = {**NUMBERS, "city": ["Rome", "Oslo", "Rome", "Bonn", "Oslo", "Rome"]}
ONE_TEXT = {**NUMBERS, "city": ["1", "2.5", "n/a", "4", "1", "1e1"]}


def of_dask(data):
    return dd.from_pandas(pd.DataFrame(data), npartitions=2)


MAKERS = {
    "pandas": pd.DataFrame,
    "pandas, objects": lambda data: pd.DataFrame(data).astype({"city": object}),
    "pandas, categories": lambda data: pd.DataFrame(data).astype({"city": "category"}),
    "pandas, of arrow": lambda data: pd.DataFrame(data).astype({"city": "string[pyarrow]"}),
    "polars": pl.DataFrame,
    "dask": of_dask,
    "dask, categories": lambda data: of_dask(data).astype({"city": "category"}),
}


@pytest.fixture(params=MAKERS.values(), ids=MAKERS.keys())
def make(request):
    return request.param


@pytest.mark.parametrize("data", [TEXT, ONE_TEXT], ids=["text", "one text"])
@pytest.mark.parametrize("method", ["fit", "partial_fit", "score", "impute"])
def test_a_column_of_text_is_named(make, data, method):
    model = GaussianGradientMLE().fit(pd.DataFrame({**NUMBERS, "city": NUMBERS["b"][::-1]}))
    before = pickle.dumps(model)
    with pytest.raises(ValueError, match=r"is no number in 'city' \(dtype \w+\)\. Drop such col"):
        np.asarray(getattr(model, method)(make(data)))
    assert pickle.dumps(model) == before


def test_columns_of_other_things():
    frame = pd.DataFrame(NUMBERS).assign(when=pd.date_range("2020", periods=6), what=[[]] * 6)
    named = "'when' (dtype datetime64[us]), 'what' (dtype object). Drop"
    with pytest.raises(ValueError, match=re.escape(named)):
        GaussianGradientMLE().fit(frame.astype({"when": "datetime64[us]"}))
    letters = pd.DataFrame({f"x{j}": list("abc") for j in range(8)}).astype(object)
    with pytest.raises(ValueError, match=r"'x4' \(dtype object\) and 3 more\. Drop"):
        GaussianGradientMLE().fit(letters)


def test_columns_of_one_name_are_not_to_blame():
    frame = pd.DataFrame([[1.0, "a"], [2.0, "b"]], columns=["x", "x"])
    with pytest.raises(ValueError, match=r"^(?!X holds)"):
        GaussianGradientMLE().fit(frame)


def test_to_drop_it_helps():
    plain = GaussianGradientMLE().fit(pd.DataFrame(NUMBERS))
    for frame in (pd.DataFrame(TEXT), of_dask(TEXT)):
        dropped = GaussianGradientMLE().fit(frame.drop(columns=["city"]))
        np.testing.assert_allclose(dropped.mean_, plain.mean_, rtol=1e-15)


def test_to_convert_it_helps():
    values = [1, 2.5, np.nan, 4, 1, 10]
    expected = GaussianGradientMLE(covariance_type="diag").fit(pd.DataFrame({"city": values}))
    of_pandas = pd.to_numeric(pd.DataFrame(ONE_TEXT)["city"], errors="coerce").to_frame()
    of_polars = pl.DataFrame(ONE_TEXT)["city"].cast(float, strict=False).to_frame()
    for frame in (of_pandas, of_polars):
        model = GaussianGradientMLE(covariance_type="diag").fit(frame)
        assert model.mean_ == pytest.approx(np.nanmean(values))
        assert model.log_likelihood_ == expected.log_likelihood_
