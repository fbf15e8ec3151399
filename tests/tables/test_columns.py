"""Columns that are not numbers: the error names the column, and the remedy that it gives works."""

import pickle
import re
from datetime import date

import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import polars as pl
import pyarrow
import pytest

from skgauss import GaussianGradientMLE, GaussianRegressor, parse_limits
from skgauss.datasets import load_michelson
from skgauss.tables import numbers

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
    "pyarrow": pyarrow.table,
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
    told = (
        r"not numbers in 'city' \(dtype \w+(, '.+' in row \d( of its block)?( \(label \d\))?)?\)"
        r"\. Drop these col"
    )
    with pytest.raises(ValueError, match=told):
        np.asarray(getattr(model, method)(make(data)))
    assert pickle.dumps(model) == before


def test_columns_of_other_things():
    frame = pd.DataFrame(NUMBERS).assign(when=pd.date_range("2020", periods=6), what=[[]] * 6)
    named = "'when' (dtype datetime64[us]), 'what' (dtype object). Drop"
    with pytest.raises(ValueError, match=re.escape(named)):
        GaussianGradientMLE().fit(frame.astype({"when": "datetime64[us]"}))
    letters = pd.DataFrame({f"x{j}": list("abc") for j in range(8)}).astype(object)
    with pytest.raises(ValueError, match=r"'x4' \(dtype object, 'a' in row 0\) and 3 more\. Drop"):
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


def refusal(frame, **ends):
    with pytest.raises((TypeError, ValueError)) as caught:
        GaussianGradientMLE().fit(frame, **ends)
    return str(caught.value)


@pytest.mark.parametrize("library", [pd, pl])
class TestEachKindHasARemedy:
    """The error has the sentence for this kind only, and the fit works after its remedy."""

    def test_text_that_holds_numbers(self, library):
        frame = library.DataFrame(ONE_TEXT)
        told = refusal(frame)
        assert "skgauss.parse_limits(X)" in told
        assert not any(other in told for other in ("dates", "categories"))
        values = np.array([1, 2.5, np.nan, 4, 1, 10])
        lower, _ = parse_limits(frame)
        mean = GaussianGradientMLE().fit(lower[["city"]]).mean_[0]
        assert mean == pytest.approx(np.nanmean(values))

    @pytest.mark.parametrize("cell", ["1,5", "<1,5"])
    def test_a_decimal_comma(self, library, cell):
        cells = ["0,5", cell, "n.d.", "2", "4,25", "1"]
        frame = library.DataFrame({"lead": cells, "zinc": ["1,5", "2", "2,5"] * 2})
        told = refusal(frame)
        assert "skgauss.parse_limits(X, decimal=',')" in told
        assert not any(other in told for other in ("Drop 'zinc'", "categories"))
        lower, upper = parse_limits(frame, decimal=",")
        assert GaussianGradientMLE().fit(lower, X_upper=upper).mean_[1] == pytest.approx(2)

    @pytest.mark.parametrize("cell", ["calm", "n/a", "12 %"])
    def test_one_cell_that_is_no_number(self, library, cell):
        """It is quoted with its place, and without advice on categories."""
        told = refusal(library.DataFrame({**NUMBERS, "wind": ["1", "2.5", "3", cell, "1", "1e1"]}))
        assert f"{cell!r} in row 3). Drop" in told
        assert "categories" not in told

    def test_a_limit(self, library):
        frame = library.DataFrame({**ONE_TEXT, "lead": ["0.1", "< 0.05", "0.2", "0.4", "1", "2"]})
        told = refusal(frame)
        assert told.startswith("X holds a limit as text, '< 0.05' in 'lead'. Convert X to two")
        assert "no number" not in told
        lower, upper = parse_limits(frame)
        assert GaussianGradientMLE().fit(lower, X_upper=upper).converged_

    def test_categories(self, library):
        frame = library.DataFrame({**TEXT, "city": ["Rome", "Oslo"] * 3})
        told = refusal(frame)
        if library is pd:
            assert "pandas.get_dummies(X, drop_first=True, dtype=float)" in told
            frame = pd.get_dummies(frame, drop_first=True, dtype=float)
        else:
            assert "X.to_dummies(column, drop_first=True)" in told
            frame = frame.to_dummies("city", drop_first=True)
        assert GaussianGradientMLE().fit(frame).mean_[-1] == pytest.approx(0.5)


@pytest.mark.parametrize("cells", [["31.1.2024", "29.2.2024"], ["15 %", "3 %"], ["1st", "2nd"]])
def test_text_that_begins_with_a_digit_is_not_taken_for_categories(cells):
    frame = pd.DataFrame({**NUMBERS, "x": cells * 3}, index=range(7, 13))
    assert refusal(frame) == (
        f"X holds values that are not numbers in 'x' (dtype {frame['x'].dtype}, {cells[0]!r} in "
        "row 0 (label 7)). Drop these columns, or convert them to numbers."
    )


def test_text_among_numbers_is_not_taken_for_a_category():
    frame = pd.DataFrame({"a": NUMBERS["a"], "wind": [1.5, "calm", 2.0, 3.0, 1.0, 2.0]})
    told = refusal(frame)
    assert "'wind' (dtype object, 'calm' in row 1)" in told
    assert "categories" not in told
    frame["wind"] = pd.to_numeric(frame["wind"].where(frame["wind"] != "calm", 0))
    assert GaussianGradientMLE().fit(frame).converged_


@pytest.mark.parametrize("cells", [["Rome", "Oslo"], ["1,5", "2,5"]])
def test_a_long_column_is_refused_by_its_distinct_cells(monkeypatch, cells):
    seen = []
    is_number = numbers.is_number_or_limit
    monkeypatch.setattr(
        numbers, "is_number_or_limit", lambda cell: seen.append(cell) or is_number(cell)
    )
    refusal(pd.DataFrame({"x": cells * 10_000}))
    assert len(seen) <= 4


def test_a_comma_that_may_separate_thousands_is_left_to_the_user():
    frame = pd.DataFrame({"zinc": ["1,500", "900", "2,000"]})
    assert "skgauss.parse_limits(X)" in refusal(frame)
    with pytest.raises(ValueError, match="If ',' separates thousands, remove it first"):
        parse_limits(frame)


def test_categories_of_an_array():
    X = pd.DataFrame({**NUMBERS, "city": ["Rome", "Oslo"] * 3}).to_numpy()
    frame = "pandas.DataFrame(X).infer_objects()"
    assert f"pandas.get_dummies({frame}, drop_first=True, dtype=float)." in refusal(X)
    frame = pd.get_dummies(pd.DataFrame(X).infer_objects(), drop_first=True, dtype=float)
    model = GaussianGradientMLE().fit(frame.to_numpy())
    assert model.n_features_in_ == len(NUMBERS) + 1
    assert model.mean_[-1] == pytest.approx(0.5)


@pytest.mark.parametrize("kind", ["datetime64[us]", object])
def test_dates_have_a_remedy(kind):
    """This concerns pandas only, since polars converts dates to numbers."""
    days = [d * d for d in range(6)]
    frame = pd.DataFrame(
        {**NUMBERS, "when": pd.Timestamp("2020-02-20") + pd.to_timedelta(days, "D")}
    )
    told = refusal(frame.astype({"when": kind}))
    assert "Convert dates to days with (column - column.min()).dt.days." in told
    assert not any(other in told for other in ("text", "categories"))
    column = frame["when"]
    frame["when"] = (column - column.min()).dt.days
    assert GaussianGradientMLE().fit(frame).mean_[-1] == pytest.approx(np.mean(days))


@pytest.mark.parametrize("time", ["", " 00:00", "T00:00:00"])
@pytest.mark.parametrize("library", [pd, pl])
def test_dates_in_text_have_a_remedy(library, time):
    """So they come from a CSV file, in the order of which day and month is certain."""
    days = [f"2024-02-{day}{time}" for day in (27, 28, 29)] + [f"2024-03-02{time}"] * 3
    frame = library.DataFrame({**NUMBERS, "when": days})
    told = refusal(frame)
    assert "categories" not in told
    remedy = re.search(r"with (\(column.*), after column = (.*)\.$", told)
    column = eval(remedy[2], {"column": frame["when"], "pandas": pd})
    numbers = np.array(eval(remedy[1], {"column": column}), dtype=float)
    np.testing.assert_array_equal(numbers, [0, 1, 2, 4, 4, 4])


def test_a_query_is_to_be_collected():
    query = pl.DataFrame(NUMBERS).lazy()
    assert refusal(query) == "X is a LazyFrame, which holds no rows. Pass X.collect()."
    assert "X_upper.collect()" in refusal(query.collect(), X_upper=query)
    assert GaussianGradientMLE().fit(query.collect()).converged_


@pytest.mark.parametrize(
    "days", [["2024-01-01", "2024-01-02 12:00"], ["2024-01-01", None], ["2024-01-01 00:00", ""]]
)
@pytest.mark.parametrize("kind", ["pandas", "category", "dask", "polars", "polars category"])
def test_a_remedy_for_dates_works_or_is_not_given(kind, days):
    frame = pd.DataFrame({**NUMBERS, "when": days * 3})
    if kind == "dask":
        frame = dd.from_pandas(frame, npartitions=2)
    elif kind.startswith("polars"):
        frame = pl.DataFrame({**NUMBERS, "when": days * 3})
    if kind.endswith("category"):
        polars = kind.startswith("polars")
        column = frame["when"].cast(pl.Categorical) if polars else frame["when"].astype("category")
        frame = frame.with_columns(column) if polars else frame.assign(when=column)
    remedy = re.search(r"with (\(column.*), after column = (.*)\.$", refusal(frame))
    assert (remedy is None) == ("" in days)
    if remedy is not None:
        column = eval(remedy[2], {"column": frame["when"]})
        found = np.array(eval(remedy[1], {"column": column}), dtype=float)
        np.testing.assert_array_equal(found[:2], [0, 1 if days[1] else np.nan])


@pytest.mark.parametrize("text", ["2024-13-01", "2024-01-01 to 2024-02-01"])
def test_what_only_looks_like_a_date_has_no_remedy_for_dates(text):
    assert "dates" not in refusal(pd.DataFrame({**NUMBERS, "when": [text] * 6}))


@pytest.mark.parametrize("word", ["", "N/A", "-"])
@pytest.mark.parametrize("library", [pd, pl])
def test_categories_of_which_some_are_missing(library, word):
    """`parse_limits`, which reads the word, cannot read the others."""
    told = refusal(library.DataFrame({**NUMBERS, "city": ["Rome", word, "Oslo"] * 2}))
    assert "get_dummies" in told
    assert "parse_limits" not in told
    told = refusal(library.DataFrame({**NUMBERS, "city": ["Rome", word] * 3, "x": ["<1"] * 6}))
    assert "Drop 'city', or convert" in told


def test_a_row_of_dask_is_counted_in_its_block():
    """Blocks do not know how many rows are before them; pandas has a label for each."""
    frame = pd.DataFrame({**NUMBERS, "wind": ["1", "2", "3", "4", "calm", "6"]})
    told = refusal(dd.from_pandas(frame, npartitions=3))
    assert "'calm' in row 0 of its block (label 4))" in told
    rows = da.from_array(frame[["a", "wind"]].to_numpy(dtype=object), chunks=(2, 2))
    assert "'calm' in row 0 of its block)" in refusal(rows)


def test_a_row_without_a_label():
    labels = pd.Index([pd.NA, 1, 2, 3, 4, 5], dtype="Int64")
    assert "in row 0 (label <NA>)" in refusal(pd.DataFrame(TEXT, index=labels))


def test_a_mapping_is_no_table():
    """Neither is what a loader of data sets returns."""
    columns = {name: list(map(float, cells)) for name, cells in NUMBERS.items()}
    told = refusal(columns)
    assert "X is a dict, and not a table" in told
    assert "pass pandas.DataFrame(X)." in told
    assert GaussianGradientMLE().fit(pd.DataFrame(columns)).converged_
    bunch = load_michelson()
    told = refusal(bunch)
    assert "X is a Bunch, and not a table" in told
    assert "as in X['data']." in told
    assert GaussianGradientMLE().fit(bunch["data"]).converged_
    assert "pandas.DataFrame(X_upper)" in refusal(pd.DataFrame(columns), X_upper=columns)
    with pytest.raises(TypeError, match=r"y is a dict, and not a table.*y\['data'\]"):
        GaussianRegressor().fit(pd.DataFrame(columns), columns)
    with pytest.raises(TypeError, match=r"pandas\.DataFrame\(frame\)"):
        parse_limits(columns)


def test_upper_ends_of_another_index():
    lower = pd.DataFrame(NUMBERS, index=list("abcdef"))
    upper = lower + 0.5
    expected = GaussianGradientMLE().fit(lower, X_upper=upper).mean_
    shuffled, unlabelled = upper.iloc[::-1], upper.reset_index(drop=True)
    for other in (shuffled, unlabelled):
        assert "The index of X_upper should match that of X" in refusal(lower, X_upper=other)
    for remedied in (shuffled.loc[lower.index], unlabelled.set_axis(lower.index)):
        model = GaussianGradientMLE().fit(lower, X_upper=remedied)
        np.testing.assert_array_equal(model.mean_, expected)


def test_upper_ends_with_other_names():
    lower = pd.DataFrame(NUMBERS)
    upper = lower + 0.5
    expected = GaussianGradientMLE().fit(lower, X_upper=upper).mean_
    names = list(lower.columns)
    swapped, others = upper[names[::-1]], upper.add_suffix(" to")
    assert "Put the columns of X_upper in the order of those of X" in refusal(
        lower, X_upper=swapped
    )
    assert "If only the names differ, rename the columns" in refusal(lower, X_upper=others)
    for remedied in (swapped[list(lower.columns)], others.set_axis(names, axis=1)):
        model = GaussianGradientMLE().fit(lower, X_upper=remedied)
        np.testing.assert_array_equal(model.mean_, expected)


@pytest.mark.parametrize("in_dask", [False, True])
@pytest.mark.parametrize("kind", [object, "string", "string[pyarrow]", "arrow", "category", "str"])
@pytest.mark.parametrize("absent", [None, np.nan, pd.NA])
def test_what_pandas_and_dask_write_for_absent_values_is_missing(kind, absent, in_dask):
    """Dask makes text of the numbers of a column of objects, and pandas.NA of None."""
    values = np.array([[1.0, 2.0], [np.nan, 3.0], [2.0, 1.0], [4.0, 0.5]])
    cells = [absent if np.isnan(cell) else cell for cell in values[:, 0]]
    if kind is not object:
        cells = [cell if cell is absent else str(cell) for cell in cells]
    column = pd.Series(cells, dtype="string" if kind == "arrow" else kind)
    column = column.astype(pd.ArrowDtype(pyarrow.string())) if kind == "arrow" else column
    frame = pd.DataFrame({"a": column, "b": values[:, 1]})
    X = dd.from_pandas(frame, npartitions=2) if in_dask else frame
    expected = GaussianGradientMLE().fit(values).mean_
    np.testing.assert_allclose(GaussianGradientMLE().fit(X).mean_, expected, rtol=1e-6)
    told = refusal(X.assign(city="Rome"))
    assert "'city'" in told
    assert "'a'" not in told


def of_dask_array(data):
    return da.from_array(pd.DataFrame(data).to_numpy(dtype=object), chunks=(3, len(data)))


@pytest.mark.parametrize("make", [of_dask, of_dask_array])
def test_upper_ends_and_targets_of_dask_are_told_by_their_own_name(make):
    numbers, text = make(NUMBERS), make({**NUMBERS, "b": TEXT["city"]})
    assert refusal(numbers, X_upper=text).startswith("X_upper holds values that are not numbers in")
    with pytest.raises(
        ValueError, match=r"y holds values that are not numbers in ('b'|'column 1')"
    ):
        GaussianRegressor().fit(numbers, text)
    column = text["b"] if hasattr(text, "columns") else text[:, 1]
    with pytest.raises(
        ValueError, match=r"y holds values that are not numbers in ('b'|'column 0')"
    ):
        GaussianRegressor().fit(numbers, column)


def test_numbers_among_objects_of_dask_are_targets():
    frame = pd.DataFrame({**NUMBERS, "y": pd.Series([1, None, 2.5, 3, 4, 7], dtype=object)})
    rows = dd.from_pandas(frame, npartitions=2)
    model = GaussianRegressor().fit(rows[["a", "b"]], rows["y"])
    expected = GaussianRegressor().fit(frame[["a", "b"]], frame["y"])
    np.testing.assert_allclose(model.coef_, expected.coef_, rtol=1e-6)


def test_dates_alone_have_a_remedy_in_polars():
    dates = pl.DataFrame({"when": [date(2020, 1, 1 + d * d) for d in range(5)]})
    told = refusal(dates)
    assert "Convert dates to days with (column - column.min()).dt.total_days()." in told
    column = dates["when"]
    days = ((column - column.min()).dt.total_days()).to_frame()
    assert GaussianGradientMLE().fit(days).mean_[0] == pytest.approx(6)


@pytest.mark.parametrize("of_categories", [True, False])
def test_intervals_have_a_remedy(of_categories):
    values = np.random.default_rng(0).standard_normal(200)
    values[0] = np.nan
    column = pd.cut(values, [-np.inf, -1, 0, 1, np.inf])
    column = pd.Series(column if of_categories else np.asarray(column), name="height")
    with pytest.raises(ValueError, match=r"'height' .* Pass the ends of intervals as two tables"):
        GaussianGradientMLE().fit(column.to_frame())
    lower = column.map(lambda cell: cell.left, na_action="ignore").astype(float)
    upper = column.map(lambda cell: cell.right, na_action="ignore").astype(float)
    model = GaussianGradientMLE().fit(lower.to_frame(), X_upper=upper.to_frame())
    assert model.converged_
    assert model.mean_[0] == pytest.approx(0, abs=0.3)
