"""Limits in text, as they stand in the files of laboratories."""

import math
import re
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.utils import check_random_state

import skgauss
from skgauss import GaussianGradientMLE, parse_limits
from skgauss.datasets import load_pfas

NAN = math.nan
CELLS = [
    ("0.12", 0.12, 0.12),
    (" 3 ", 3, 3),
    (".5", 0.5, 0.5),
    ("-1.5e-3", -1.5e-3, -1.5e-3),
    ("<0.05", NAN, 0.05),
    ("< 0.05", NAN, 0.05),
    ("<=0.05", NAN, 0.05),
    ("≤ 0.05", NAN, 0.05),
    ("<\u00a0.05", NAN, 0.05),
    (">10", 10, NAN),
    (">= 10", 10, NAN),
    ("≥1e1", 10, NAN),
    ("", NAN, NAN),
    ("  ", NAN, NAN),
    (None, NAN, NAN),
    ("ND", NAN, NAN),
    ("n.d.", NAN, NAN),
    ("na", NAN, NAN),
    ("n/a", NAN, NAN),
    ("nan", NAN, NAN),
]
TEXT, LOWER, UPPER = (list(column) for column in zip(*CELLS, strict=True))


def pandas_of(data):
    return pd.DataFrame(data, index=[f"sample {i}" for i in range(len(data["lead"]))])


@pytest.mark.parametrize("make", [pandas_of, pl.DataFrame], ids=["pandas", "polars"])
class TestAnyFrame:
    def test_cells(self, make):
        counts = list(range(len(TEXT)))
        frame = make({"lead": TEXT, "counts": counts, "pH": [*counts[1:], None]})
        lower, upper = parse_limits(frame)
        for ends, expected in ((lower, LOWER), (upper, UPPER)):
            assert type(ends) is type(frame)
            assert list(ends.columns) == list(frame.columns)
            values = np.column_stack((expected, counts, [*counts[1:], NAN]))
            np.testing.assert_array_equal(ends.to_numpy(), values)
            if make is pandas_of:
                pd.testing.assert_index_equal(ends.index, frame.index)

    def test_commas(self, make):
        lower, upper = parse_limits(make({"lead": ["0,07", "<1,5", "2"]}), decimal=",")
        np.testing.assert_array_equal(lower["lead"], [0.07, NAN, 2])
        np.testing.assert_array_equal(upper["lead"], [0.07, 1.5, 2])

    def test_marks_of_ones_own(self, make):
        lower, upper = parse_limits(make({"lead": ["trace", "Trace", "1"]}), missing=["trace"])
        np.testing.assert_array_equal(lower["lead"], [NAN, NAN, 1])
        np.testing.assert_array_equal(upper["lead"], [NAN, NAN, 1])

    @pytest.mark.parametrize("cell", ["<LOD", "<", "0.1-0.2", "3 mg", "1.2.3", "1,000", "inf", "x"])
    def test_what_is_neither_is_quoted_with_its_place(self, make, cell):
        frame = make({"lead": ["1", cell, "<2"]})
        row = "1 (label sample 1)" if make is pandas_of else "1"
        with pytest.raises(ValueError, match="neither a number nor a limit") as caught:
            parse_limits(frame)
        assert str(caught.value).startswith(f"{cell!r} in row {row} of 'lead': ")
        lower, upper = parse_limits(frame, missing=[cell])  # the remedy
        assert list(lower["lead"][:1]) == list(upper["lead"][:1]) == [1]

    def test_a_comma_where_a_point_was_expected(self, make):
        frame = make({"lead": ["0,07", "<1,5", "2"]})
        with pytest.raises(ValueError, match=r"Pass decimal=','\. See"):
            parse_limits(frame)
        with pytest.raises(ValueError, match=r"Pass decimal='\.'\. See"):
            parse_limits(make({"lead": ["0.07", "2"]}), decimal=",")

    @pytest.mark.parametrize("decimal", [".", ","])
    def test_a_comma_here_and_a_point_there(self, make, decimal):
        """Neither mark reads both, so that the remedy is not the other mark."""
        columns = {"lead": ["0,07", "<1,5", "n.d."], "zinc": ["310.5", "4", ">2.5"]}
        with pytest.raises(ValueError, match="others a decimal comma") as caught:
            parse_limits(make(columns), decimal=decimal)
        assert "pass decimal='.'." in str(caught.value)
        points = {
            name: [cell.replace(",", ".") for cell in cells] for name, cells in columns.items()
        }
        lower, upper = parse_limits(make(points), decimal=".")
        np.testing.assert_array_equal(lower["lead"], [0.07, NAN, NAN])
        np.testing.assert_array_equal(upper["zinc"], [310.5, 4, NAN])

    def test_each_column_has_an_example_and_a_remedy(self, make):
        frame = make(
            {
                "day": ["2024-01-01", "2024-01-02"],
                "lead": ["1", "<LOQ"],
                "zinc": ["2,456.1", "<1,118"],
                "tin": ["3", "4"],
            }
        )
        with pytest.raises(ValueError, match="neither a number nor a limit") as caught:
            parse_limits(frame)
        found, remedies = str(caught.value).split(": that is neither a number nor a limit such as ")
        first, second = (
            (" (label sample 0)", " (label sample 1)") if make is pandas_of else ("", "")
        )
        assert found.split("; ") == [
            f"'2024-01-01' in row 0{first} of 'day' and 1 more",
            f"'<LOQ' in row 1{second} of 'lead'",
            f"'2,456.1' in row 0{first} of 'zinc' and 1 more",
        ]
        assert "For 'day': Write it as a number" in remedies
        assert "For 'lead': Write the number of the limit" in remedies
        assert "For 'zinc': Remove the ',' that separates thousands" in remedies

    @pytest.mark.parametrize(
        "cell",
        [
            "0.05 U",
            "0.05UJ",
            "0.8 J",
            "<0.05 J",
            "5 ug/L",
            "<5 µg/l",
            "1e-3 mg",
            "2%",
            "7*",
            "-5 ug/L",
            "5 ug/m3",
            "5°C",
            "5 (U)",
        ],
    )
    def test_a_number_with_a_unit_or_a_flag(self, make, cell):
        """The remedy works: nobody is told to forget the number."""
        with pytest.raises(ValueError, match="Remove the text behind the number") as caught:
            parse_limits(make({"lead": [cell, "7"]}))
        assert "missing" not in str(caught.value)
        plain = cell.removesuffix("m3").rstrip("UJ µug/Llm%*°C()")
        below = "U" in cell or "<" in cell
        lower, upper = parse_limits(make({"lead": ["<" * ("U" in cell) + plain, "7"]}))
        number = float(plain.lstrip("<"))
        np.testing.assert_array_equal(upper["lead"], [number, 7])
        np.testing.assert_array_equal(lower["lead"], [NAN if below else number, 7])

    @pytest.mark.parametrize(
        "cell",
        ["0.05 (<0.1)", "10-20", "5 to 7", "1.2.3", "U", "-", ".A", ".n", ",none"],
    )
    def test_no_number_with_a_unit(self, make, cell):
        with pytest.raises(ValueError, match="Write it as a number or a limit"):
            parse_limits(make({"lead": [cell, "7"]}), missing=())

    @pytest.mark.parametrize("cell", ["2,456.1", "1.234,5", "1 234", "1'234", "<12 345 678,9"])
    def test_thousands_that_are_parted(self, make, cell):
        """The remedy works: nobody is told to forget the number."""
        with pytest.raises(ValueError, match="decimal mark") as caught:
            parse_limits(make({"lead": [cell, "7"]}))
        assert "missing" not in str(caught.value)
        decimal = "," if "," in cell.replace("2,456", "") else "."
        plain = cell
        for mark in {",", ".", " ", "'"} - {decimal}:
            plain = plain.replace(mark, "")
        _, upper = parse_limits(make({"lead": [plain, "7"]}), decimal=decimal)
        number = float(plain.lstrip("<").replace(",", "."))
        assert list(upper["lead"]) == [number, 7.0]


def test_kinds_of_columns_of_pandas():
    text = pd.Series(["1", "<2", None])
    frame = pd.DataFrame(
        {
            "object": text.astype(object),
            "arrow": text.astype("string[pyarrow]"),
            "category": text.astype("category"),
            "mixed": [1, "<2", pd.NA],
            "numbers": pd.array([1, 2, None], dtype="Float64"),
        }
    )
    lower, upper = parse_limits(frame)
    np.testing.assert_array_equal(lower, [[1] * 5, [NAN] * 4 + [2], [NAN] * 5])
    np.testing.assert_array_equal(upper, [[1] * 5, [2] * 5, [NAN] * 5])


def test_a_date_is_no_number():
    dates = pd.DataFrame({"day": pd.to_datetime(["2020-02-20", "2020-02-21"])})
    with pytest.raises(ValueError, match=r"Timestamp\('2020-02-20 00:00:00'\) in row 0 of 'day'"):
        parse_limits(dates)


def test_columns_of_one_name():
    lower, upper = parse_limits(pd.DataFrame([["1", "<2"], ["3", "4"]], columns=["x", "x"]))
    np.testing.assert_array_equal(lower, [[1, NAN], [3, 4]])
    np.testing.assert_array_equal(upper, [[1, 2], [3, 4]])


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ((np.ones((2, 2)),), TypeError, "DataFrame of pandas or polars.*got ndarray"),
        ((pl.DataFrame({"a": ["1"]}).lazy(),), TypeError, r"Pass frame\.collect\(\)"),
        ((pd.Series(["1"]),), TypeError, r"got Series\. Convert a Series with to_frame\(\)"),
        ((pl.Series(["1"]),), TypeError, r"got Series\. Convert a Series with to_frame\(\)"),
    ],
)
def test_what_is_no_frame(arguments, error, match):
    with pytest.raises(error, match=match):
        parse_limits(*arguments)


def test_no_other_mark_for_decimals():
    with pytest.raises(ValueError, match=r"decimal must be '\.' or ','"):
        parse_limits(pd.DataFrame({"a": ["1"]}), decimal=";")


def test_a_frame_of_dask_by_partitions():
    import dask.dataframe as dd

    table = load_pfas(as_frame=True).frame[["PFDA", "PFNA"]]
    lazy = dd.from_pandas(table, npartitions=3)
    with pytest.raises(TypeError) as refused:
        parse_limits(lazy)
    recipe = (
        "lower = frame.map_partitions(lambda part: skgauss.parse_limits(part)[0], "
        "meta=dict.fromkeys(frame.columns, float)), and upper likewise, with [1]."
    )
    assert recipe in str(refused.value)
    meta = dict.fromkeys(lazy.columns, float)
    ends = [
        lazy.map_partitions(lambda part: parse_limits(part)[0], meta=meta),
        lazy.map_partitions(lambda part: parse_limits(part)[1], meta=meta),
    ]
    for one, other in zip(ends, parse_limits(table), strict=True):
        pd.testing.assert_frame_equal(one.compute(), other)


@pytest.mark.parametrize("given", [{"decimal": ","}, {"missing": ["-99", "ND"]}])
def test_the_recipe_for_dask_keeps_the_other_parameters(given):
    """Without them -99 would be a value."""
    import dask.dataframe as dd

    table = pd.DataFrame({"lead": ["1,5", "<2"] if "decimal" in given else ["-99", "<2"]})
    lazy = dd.from_pandas(table, npartitions=1)
    with pytest.raises(TypeError) as refused:
        parse_limits(lazy, **given)
    recipe = re.search(r"lower = (frame\.map_partitions.*float\)\))", str(refused.value))[1]
    lower = eval(recipe, {"skgauss": skgauss, "frame": lazy}).compute()
    pd.testing.assert_frame_equal(lower, parse_limits(table, **given)[0])


FILES = {
    "comma": (",", "."),
    "semicolon": (";", ","),
}


@pytest.mark.parametrize("kind", FILES)
def test_a_file_of_text(kind, tmp_path):
    """Columns with and without limits, empty cells, ND, as pandas and polars read them."""
    separator, decimal = FILES[kind]
    lines = [["id", "lead", "zinc", "pH"], ["a", "0.07", "3", "7.1"], ["b", "<0.05", "", "6.9"]]
    lines += [["c", "ND", ">10", "7.4"], ["d", "0.3", "4.5", "7"]]
    text = "\n".join(separator.join(line).replace(".", decimal) for line in lines)
    path = tmp_path / "laboratory.csv"
    path.write_text(text, encoding="utf-8")
    columns = ["lead", "zinc", "pH"]
    by_pandas = pd.read_csv(path, sep=separator, index_col="id")[columns]
    by_polars = pl.read_csv(path, separator=separator)[columns]
    for frame in (by_pandas, by_polars):
        lower, upper = parse_limits(frame, decimal=decimal)
        expected = [[0.07, 3, 7.1], [NAN, NAN, 6.9], [NAN, 10, 7.4], [0.3, 4.5, 7]]
        np.testing.assert_array_equal(lower, expected)
        expected = [[0.07, 3, 7.1], [0.05, NAN, 6.9], [NAN, NAN, 7.4], [0.3, 4.5, 7]]
        np.testing.assert_array_equal(upper, expected)


def test_a_workbook(tmp_path):
    """Of numbers and text in one column, as Excel stores them."""
    path = tmp_path / "laboratory.xlsx"
    cells = pd.DataFrame({"lead": [0.07, "<0.05", "n.d.", None], "pH": [7.1, 6.9, 7.4, 7]})
    cells.to_excel(path, index=False)
    lower, upper = parse_limits(pd.read_excel(path))
    np.testing.assert_array_equal(lower, [[0.07, 7.1], [NAN, 6.9], [NAN, 7.4], [NAN, 7]])
    np.testing.assert_array_equal(upper, [[0.07, 7.1], [0.05, 6.9], [NAN, 7.4], [NAN, 7]])


def test_it_reads_what_it_wrote():
    """Any numbers and limits, written as text with a mark each, come back to the last bit."""
    rng = check_random_state(0)
    values = rng.standard_normal(300) * 10.0 ** rng.randint(-12, 12, 300)
    marks = rng.choice(["", "<", ">"], 300)
    text = [f"{mark}{value!r}" for mark, value in zip(marks, values.tolist(), strict=True)]
    lower, upper = parse_limits(pd.DataFrame({"x": text}))
    np.testing.assert_array_equal(lower["x"], np.where(marks == "<", NAN, values))
    np.testing.assert_array_equal(upper["x"], np.where(marks == ">", NAN, values))


class TestSwappedEnds:
    @pytest.fixture
    def ends(self):
        return parse_limits(load_pfas(as_frame=True).frame[["PFDA", "PFNA", "MeFOSAA"]])

    def test_they_are_noticed(self, ends):
        lower, upper = ends
        with pytest.warns(UserWarning, match=r"'PFDA', 'PFNA', 'MeFOSAA' without.*are swapped"):
            GaussianGradientMLE().fit(upper, X_upper=lower)
        with pytest.warns(UserWarning, match="are swapped") as caught:
            GaussianGradientMLE().fit(upper.to_numpy(), X_upper=lower.to_numpy())
        assert caught[0].filename == __file__
        GaussianGradientMLE().fit(lower, X_upper=upper)  # without a warning

    def test_saturation_and_censored_times_are_none(self, rng):
        """Values above a limit of a sensor, and times that end by chance before the event."""
        value = rng.standard_normal((200, 1))
        saturated = np.minimum(value, 0.5)
        GaussianGradientMLE().fit(saturated, X_upper=np.where(value > 0.5, NAN, value))
        end = rng.standard_normal((200, 1))
        times = np.minimum(value, end)
        GaussianGradientMLE().fit(times, X_upper=np.where(value > end, NAN, value))

    @pytest.mark.parametrize(
        ("n_values", "n_ends", "below", "swapped"),
        [(20, 3, 1, True), (20, 3, 2, False), (10, 2, 0, True), (9, 2, 0, False)],
    )
    def test_how_many_pairs_it_takes(self, n_values, n_ends, below, swapped):
        """Of an exact value and an end: twenty, in 95 % of which the value is the larger."""
        exact = np.arange(1.0, n_values + 1)
        lower = np.concatenate((exact, np.full(n_ends, below + 0.5)))[:, None]
        upper = np.concatenate((exact, np.full(n_ends, NAN)))[:, None]
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            GaussianGradientMLE().fit(lower, X_upper=upper)
        assert any("are swapped" in str(each.message) for each in caught) == swapped


def test_a_separator_that_may_part_thousands_gets_both_readings():
    table = pd.DataFrame({"a": ["1,000", "2,500", "<1,000"]})
    with pytest.raises(ValueError, match=r"separates thousands, remove it first\. If it is"):
        parse_limits(table)
    without = table.apply(lambda column: column.str.replace(",", ""))
    assert parse_limits(without)[1]["a"].tolist() == [1000.0, 2500.0, 1000.0]
    assert parse_limits(table, decimal=",")[1]["a"].tolist() == [1.0, 2.5, 1.0]


@pytest.mark.parametrize("mark", [".", ","])
def test_a_separator_that_is_there_twice_parts_thousands(mark):
    table = pd.DataFrame({"a": [f"1{mark}234{mark}567", "<2"]})
    with pytest.raises(ValueError, match=rf"Remove the '\{mark}' that separates thousands first"):
        parse_limits(table)


def test_one_word_for_what_is_missing():
    lower, _ = parse_limits(pd.DataFrame({"a": ["nd", "1"]}), missing="nd")
    assert np.isnan(lower["a"][0])
    with pytest.raises(ValueError, match="'n' in row 0"):
        parse_limits(pd.DataFrame({"a": ["n"]}), missing="nd")


def test_words_for_nothing_and_the_minus_sign_of_print():
    lower, upper = parse_limits(
        pd.DataFrame({"a": ["n.a.", "N.A.", "\N{MINUS SIGN}1.5", "<\N{MINUS SIGN}2"]})
    )
    np.testing.assert_array_equal(lower["a"], [np.nan, np.nan, -1.5, np.nan])
    np.testing.assert_array_equal(upper["a"], [np.nan, np.nan, -1.5, -2.0])


@pytest.mark.parametrize("kind", [lambda rows: np.array(rows, dtype=object), np.array, list])
def test_limits_in_an_array_have_a_remedy(kind):
    """Which is what the message says, done here."""
    X = kind([["<0.5", "1.0"], ["2.0", "3.5"], ["1.0", "1.5"], ["0.7", "1.1"]])
    with pytest.raises(ValueError, match=r"parse_limits\(pandas.DataFrame\(X\)\)"):
        GaussianGradientMLE().fit(X)
    lower, upper = parse_limits(pd.DataFrame(X))
    assert GaussianGradientMLE().fit(lower, X_upper=upper).converged_


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_a_number_that_stands_for_a_missing_value_is_written_as_text(make):
    """It then stands for one in columns of numbers, too, and in text with other decimals."""
    frame = make({"a": ["-999", "<1", "-999.0", "2"], "b": [-999, 1, 2, 3]})
    for missing, written in ((-999, r"\['-999'\]"), (["ND", -999], r"\['ND', '-999'\]")):
        with pytest.raises(TypeError, match=f"text, got -999.*missing={written}"):
            parse_limits(frame, missing=missing)
    lower, upper = parse_limits(frame, missing=["ND", "-999"])
    np.testing.assert_array_equal(upper["a"], [np.nan, 1, np.nan, 2])
    for end in (lower, upper):
        np.testing.assert_array_equal(end["b"], [np.nan, 1, 2, 3])
    _, upper = parse_limits(frame)
    np.testing.assert_array_equal(upper["b"], [-999, 1, 2, 3])


def test_a_number_too_large_for_float64():
    with pytest.raises(ValueError, match=r"'1e400' in row 0 of 'a'.*Choose a larger unit"):
        parse_limits(pd.DataFrame({"a": ["1e400", "<1"]}))
    with pytest.raises(ValueError, match=r"'<2\.5E\+999' in row 1 of 'a'.*Choose a larger unit"):
        parse_limits(pd.DataFrame({"a": ["1e300", "<2.5E+999"]}))


@pytest.mark.parametrize("cells", [["<LOD", "3"], ["< DL", "<RL"], [">max", "3"]])
def test_a_limit_without_its_number(cells):
    """It must not be taken for missing, which is what other words may stand for."""
    with pytest.raises(ValueError, match=r"Write the number of the limit in place of") as caught:
        parse_limits(pd.DataFrame({"a": cells}))
    assert "add it to the parameter missing" not in str(caught.value)
    number = [re.sub(r"[A-Za-z]+", "0.05", cell) for cell in cells]
    lower, upper = parse_limits(pd.DataFrame({"a": number}))
    assert (lower["a"].isna() | upper["a"].isna()).sum() == sum("3" not in cell for cell in cells)


MIXED_MARKS = {"decimal": (["1,5", 0.25, "2,5"], "."), "thousands": (["1.234,5", 0.25, "2,0"], ",")}


@pytest.mark.parametrize("kind", ["pandas", "category", "string", "polars", "polars category"])
@pytest.mark.parametrize(("cells", "decimal"), MIXED_MARKS.values(), ids=MIXED_MARKS)
def test_remedies_for_marks_work_in_the_library_of_the_frame(cells, decimal, kind):
    """A workbook has text and numbers in one column, where methods of text would make NaN of them.

    Columns of numbers and missing cells stay as they are.
    """
    numbers = [float(str(cell).replace(".", "").replace(",", ".")) for cell in cells]
    numbers = [0.25 if cell == 0.25 else each for cell, each in zip(cells, numbers, strict=True)]
    if kind != "pandas":
        cells = [f"0{decimal}25" if cell == 0.25 else cell for cell in cells]
    columns = {"lead": [*cells, None], "tin": [1e-7, 0.1 + 0.2, 1e22, 3.5]}
    columns["zinc"] = ["1.5" if decimal == "." else "1,5"] * 4
    if kind.startswith("polars"):
        category = pl.Categorical if kind.endswith("category") else pl.String
        frame = pl.DataFrame(columns).with_columns(pl.col("lead").cast(category))
    else:
        frame = pd.DataFrame(columns)
        frame = frame if kind == "pandas" else frame.astype({"lead": kind})
    with pytest.raises(ValueError, match=r", as (?:frame|column)\.") as caught:
        parse_limits(frame, decimal=decimal)
    code = re.search(r", as ((?:frame|column).*) does, and pass", str(caught.value))[1]
    found = eval(code, {"frame": frame, "column": frame["lead"], "polars": pl})
    if code.startswith("column"):
        of_polars = kind.startswith("polars")
        found = frame.with_columns(found) if of_polars else frame.assign(lead=found)
    lower, _ = parse_limits(found, decimal=decimal)
    np.testing.assert_array_equal(lower["lead"], [*numbers, np.nan])
    np.testing.assert_array_equal(lower["tin"], columns["tin"])


def test_thousands_are_removed_only_where_they_are():
    """In all of the frame the remedy would make 15 of the "1,5" in another column."""
    frame = pd.DataFrame({"lead": ["1,234.5", "2"], "zinc": ["1,5", "1.5"]})
    with pytest.raises(ValueError, match="For 'zinc': Some numbers have a decimal point") as caught:
        parse_limits(frame)
    remedy = re.search(r"For 'lead': .*? as (column\..*?\)) does", str(caught.value))[1]
    frame = frame.assign(lead=eval(remedy, {"column": frame["lead"]}))
    lower, _ = parse_limits(frame.replace(",", ".", regex=True))
    assert lower.to_numpy().tolist() == [[1234.5, 1.5], [2.0, 1.5]]
