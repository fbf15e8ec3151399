"""Frames of pandas, polars and pyarrow: names and dtypes mean the same, whichever library it is."""

import dask.array as da
import numpy as np
import pandas as pd
import polars as pl
import pytest

from skgauss import (
    GaussianGradientMLE,
    GaussianImputer,
    GaussianRegressor,
    SufficientStatistics,
    parse_limits,
)

pyarrow = pytest.importorskip("pyarrow")
MAKERS = {
    "polars": pl.from_pandas,
    "pyarrow": lambda frame: pyarrow.Table.from_pandas(frame, preserve_index=False),
    "record batch": lambda frame: pyarrow.RecordBatch.from_pandas(frame, preserve_index=False),
    "pandas, of arrow": lambda frame: frame.convert_dtypes(dtype_backend="pyarrow"),
}


@pytest.fixture(params=MAKERS.values(), ids=MAKERS.keys())
def make(request):
    return request.param


@pytest.fixture
def frame(rng):
    values = rng.standard_normal((60, 3)) @ np.array([[1, 0.5, 0.3], [0, 1, 0.4], [0, 0, 1]])
    frame = pd.DataFrame(values, columns=list("abc"))
    frame.loc[::7, "a"] = np.nan
    return frame


def fitted(X, limits=None, **ends):
    return GaussianGradientMLE(censoring_limits=limits).fit(X, **ends)


def test_names_are_those_of_the_fit_everywhere(make, frame):
    model = fitted(make(frame))
    assert list(model.feature_names_in_) == ["a", "b", "c"]
    with pytest.raises(ValueError, match="must be in the same order"):
        model.score(make(frame[["b", "a", "c"]]))
    complete = make(frame[["b", "c"]])
    assert SufficientStatistics.from_array(complete).labels == ("b", "c")
    assert list(GaussianImputer().fit(make(frame)).get_feature_names_out()) == ["a", "b", "c"]


@pytest.mark.parametrize(
    "maker",
    [
        lambda columns: pd.DataFrame(columns, index=["a", "b", "a"]).T,
        lambda columns: pyarrow.table(columns, names=["a", "b", "a"]),
        lambda columns: pyarrow.record_batch(columns, names=["a", "b", "a"]),
    ],
)
def test_two_columns_with_one_name_are_refused(maker, rng):
    columns = list(rng.standard_normal((3, 20)))
    table, plain = maker(columns), np.transpose(columns)
    message = r"^{} has several columns with the same name: 'a'\. Give each column a name"
    for name, use in {
        "X": lambda: fitted(table),
        "X_upper": lambda: fitted(plain, X_upper=table),
        "y": lambda: GaussianRegressor().fit(plain, table),
    }.items():
        with pytest.raises(ValueError, match=message.format(name)):
            use()


def test_upper_ends(make, frame):
    upper = frame.assign(b=frame["b"] + 0.5)
    model = fitted(make(frame), X_upper=make(upper))
    np.testing.assert_array_equal(model.mean_, fitted(frame, X_upper=upper).mean_)
    with pytest.raises(ValueError, match=r"in the same order, got 'b', 'a', 'c' and 'a', 'b', 'c'"):
        fitted(make(frame), X_upper=make(upper[["b", "a", "c"]]))


def test_limits_by_name_of_columns_of_float32(make, frame):
    """The limit is rounded as the values were."""
    limits = ({"b": -0.7}, None)
    narrow = frame.assign(b=frame["b"].clip(lower=-0.7).astype(np.float32))
    model = fitted(make(narrow), limits)
    assert model.sufficient_statistics_.coarse
    np.testing.assert_array_equal(model.mean_, fitted(narrow, limits).mean_)


def test_a_regression_keeps_all_names(make, frame):
    """Warnings are errors here: a frame has the names of the fit."""
    X, y = frame[["a", "b"]], frame[["c"]]
    model = GaussianRegressor().fit(make(X), make(y))
    assert list(model.estimator_.feature_names_in_) == ["a", "b", "c"]
    assert list(model.summary().index) == [
        f"c: {each}" for each in ["intercept", "a", "b", "scale"]
    ]
    expected = GaussianRegressor().fit(X, y)
    assert model.aic(make(X), make(y)) == pytest.approx(expected.aic(X, y))
    assert model.score(make(X), make(y)) == pytest.approx(expected.score(X, y))


@pytest.mark.parametrize("as_frame", [True, False])
def test_targets_have_their_names_beside_an_array(make, frame, as_frame):
    X = frame[["a", "b"]]
    targets = make(frame[["c"]].assign(e=frame["c"] ** 2))
    model = GaussianRegressor().fit(X if as_frame else X.to_numpy(), targets)
    assert {row.partition(":")[0] for row in model.summary().index} == {"c", "e"}


def test_a_dask_array_has_no_name(frame):
    """Its `name` is a key in a graph."""
    y = da.from_array(frame["c"].to_numpy())
    model = GaussianRegressor().fit(frame[["a", "b"]], y)
    assert list(model.estimator_.feature_names_in_) == ["a", "b", "y"]


def test_text_of_pyarrow_has_remedies(frame):
    table = MAKERS["pyarrow"](frame.assign(city=["Rome", "Oslo"] * 30))
    with pytest.raises(ValueError, match=r"'city' \(dtype \w+, 'Rome' in row 0\)") as caught:
        fitted(table)
    assert "pandas.get_dummies(X.to_pandas(), drop_first=True, dtype=float)." in str(caught.value)
    assert fitted(pd.get_dummies(table.to_pandas(), drop_first=True, dtype=float)).converged_
    table = MAKERS["pyarrow"](frame.assign(b=["<0.1", *map(str, frame["b"][1:])]))
    with pytest.raises(ValueError, match=r"skgauss\.parse_limits\(X\.to_pandas\(\)\)"):
        fitted(table)
    with pytest.raises(TypeError, match=r"a table of pyarrow with to_pandas\(\)"):
        parse_limits(table)
    lower, upper = parse_limits(table.to_pandas())
    assert fitted(lower, X_upper=upper).converged_


def test_names_of_several_levels_have_a_remedy(frame):
    deep = frame.set_axis(pd.MultiIndex.from_tuples([("x", "a"), ("x", "b"), ("y", "c")]), axis=1)
    limits = ({("x", "b"): -0.7}, None)
    with pytest.raises(ValueError, match=r"X\.columns = list\(map\(str, X\.columns\)\)"):
        fitted(deep, limits)
    deep.columns = list(map(str, deep.columns))
    by_place = fitted(frame.to_numpy(), ([np.nan, -0.7, np.nan], None))
    np.testing.assert_array_equal(fitted(deep, limits).mean_, by_place.mean_)
