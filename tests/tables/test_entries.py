"""Whatever method reads a table tells as well as `fit` what is wrong with it, and what helps there.

The remedies are tried.
"""

import dask.dataframe as dd
import numpy as np
import pandas as pd
import polars as pl
import pytest

from skgauss import (
    GaussianGradientMLE,
    GaussianImputer,
    GaussianOutlierDetector,
    GaussianRegressor,
    IncompleteStatistics,
    SufficientStatistics,
    parse_limits,
)
from skgauss.plotting import QQDisplay

LEAD = [0.3, 0.4, 0.7, 0.2, 0.6, 0.5, 0.9, 0.35]
PH = [6.8, 7.1, 7.4, 6.9, 7.0, 7.7, 6.5, 7.3]
Y = [1.0, 3.0, 2.0, 5.0, 4.0, 2.5, 1.5, 3.5]
GOOD = pd.DataFrame({"lead": LEAD, "pH": PH})

ENTRIES = {
    "fit": GaussianGradientMLE().fit,
    "partial_fit": GaussianGradientMLE().partial_fit,
    "complete statistics": SufficientStatistics.from_array,
    "incomplete statistics": IncompleteStatistics.from_array,
    "score_samples": GaussianGradientMLE().fit(GOOD).score_samples,
    "impute": GaussianGradientMLE().fit(GOOD).impute,
    "transform": GaussianImputer().fit(GOOD).transform,
    "detector": GaussianOutlierDetector().fit(GOOD).predict,
    "robust detector": GaussianOutlierDetector(support_fraction=0.75).fit,
    "regression": lambda X: GaussianRegressor().fit(X, Y),
    "predict": GaussianRegressor().fit(GOOD, Y).predict,
    "QQDisplay": lambda X: QQDisplay.from_estimator(GaussianGradientMLE().fit(GOOD), X),
}
WITHOUT_X_UPPER = ["complete statistics", "incomplete statistics", "regression", "predict"]
TABLES = {
    "limits": (GOOD.assign(lead=["<0.05", *map(str, LEAD[1:])]), "'<0.05' in 'lead'"),
    "commas": (GOOD.assign(lead=[f"0,{j}" for j in range(8)]), "parse_limits(X, decimal=',')"),
    "words": (GOOD.assign(lead=["a", "b"] * 4), "'a' in row 0). Drop these"),
    "categories": (GOOD.assign(lead=pd.Categorical(["a", "b"] * 4)), "pandas.get_dummies(X"),
    "dates": (GOOD.assign(lead=pd.date_range("2020", periods=8)), "Convert dates to days"),
    "polars": (pl.from_pandas(GOOD).with_columns(lead=pl.lit("a")), "X holds values that are not"),
    "a mapping": (dict(GOOD), "pass pandas.DataFrame(X)"),
    "a query": (pl.from_pandas(GOOD).lazy(), "Pass X.collect()"),
    "sparse": (GOOD.astype(pd.SparseDtype(float)), "pass X.sparse.to_dense()"),
    "a masked array": (np.ma.masked_array(GOOD.to_numpy()), "whose mask would be ignored"),
}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_every_entry_names_the_culprit(entry, table):
    X, told = table
    with pytest.raises((TypeError, ValueError)) as caught:
        entry(X)
    assert told in str(caught.value)


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_no_entry_recommends_upper_ends_that_it_does_not_take(request, entry):
    with pytest.raises(ValueError, match=r"skgauss\.parse_limits") as caught:
        entry(TABLES["limits"][0])
    takes_none = any(f"[{name}]" in request.node.name for name in WITHOUT_X_UPPER)
    assert ("upper as X_upper" in str(caught.value)) != takes_none


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_no_entry_recommends_upper_ends_for_the_logarithm_of_0(entry):
    with pytest.raises(ValueError, match=r"-inf in 'lead', in row 0.* logarithm of the") as caught:
        entry(GOOD.assign(lead=[-np.inf, *LEAD[1:]]))
    assert "X_upper" not in str(caught.value)


@pytest.mark.parametrize("method", ["fit", "predict"])
def test_features_of_dask_are_told_what_a_regression_takes(method):
    table = dd.from_pandas(TABLES["limits"][0].assign(y=Y), npartitions=2)
    model = GaussianRegressor().fit(GOOD, Y)
    given = (table["y"],) if method == "fit" else ()
    with pytest.raises(ValueError, match="pass upper as X, or lower") as caught:
        np.asarray(getattr(model, method)(table[["lead", "pH"]], *given))
    assert "upper as X_upper" not in str(caught.value)


def test_statistics_of_rows_with_limits_add_up_as_recommended():
    table = TABLES["limits"][0]
    with pytest.raises(ValueError, match=r"partial_fit\(lower, X_upper=upper\) of Gaussian"):
        SufficientStatistics.from_array(table)
    lower, upper = parse_limits(table)
    model = GaussianGradientMLE(tol=1e-9)
    total = model.partial_fit(lower, X_upper=upper).sufficient_statistics_
    total += SufficientStatistics.from_array(GOOD)
    lowers, uppers = pd.concat([lower, GOOD]), pd.concat([upper, GOOD])
    expected = GaussianGradientMLE(tol=1e-9).fit(lowers, X_upper=uppers).mean_
    found = GaussianGradientMLE(tol=1e-9).fit_statistics(total).mean_
    np.testing.assert_allclose(found, expected, rtol=1e-7)
    limited = GaussianGradientMLE(censoring_limits=([0.05, np.nan], None), tol=1e-9)
    limited.partial_fit(upper).partial_fit(GOOD)
    np.testing.assert_allclose(limited.mean_, expected, rtol=1e-7)


def test_a_regression_takes_limits_of_features_as_recommended():
    """`test_regressor.py` tries the recommendation for limits that differ between rows."""
    table = TABLES["limits"][0]
    with pytest.raises(ValueError, match=r"pass upper as X, .* as censoring_limits"):
        GaussianRegressor().fit(table, Y)
    lower, upper = parse_limits(table)
    joint = GaussianGradientMLE(censoring_limits=([0.05, np.nan], None), tol=1e-9)
    model = GaussianRegressor(joint).fit(upper, Y)
    whole = GaussianGradientMLE(tol=1e-9).fit(lower.assign(y=Y), X_upper=upper.assign(y=Y))
    np.testing.assert_allclose(model.estimator_.mean_, whole.mean_, rtol=1e-7)
    given = whole.conditional({"lead": 0.4, "pH": 7.0}).mean_
    prediction = model.predict(pd.DataFrame({"lead": [0.4], "pH": [7.0]}))
    np.testing.assert_allclose(prediction, given, rtol=1e-6)


TIMES = pd.Series(pd.date_range("2020", periods=8))
NO_WEIGHTS = {
    "NumPy": TIMES.to_numpy(),
    "pandas": TIMES,
    "time zone": TIMES.dt.tz_localize("UTC"),
    "durations": TIMES - TIMES[0],
    "polars": pl.from_pandas(TIMES),
    "complex": np.ones(8, complex),
}


@pytest.mark.parametrize("weights", NO_WEIGHTS.values(), ids=NO_WEIGHTS)
def test_times_are_no_weights(weights):
    """As nanoseconds they would be numbers."""
    for read in (GaussianGradientMLE().fit, SufficientStatistics.from_array):
        with pytest.raises(ValueError, match="sample_weight must hold numbers, got dtype"):
            read(GOOD, sample_weight=weights)
