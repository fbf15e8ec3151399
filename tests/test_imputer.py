"""GaussianImputer: conditional means of the Gaussian as a transformer."""

import pickle
from functools import partial
from pathlib import Path

import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest
from marks import each_family, exhaustive, pairwise, simulation
from numpy.testing import assert_allclose, assert_array_equal
from oracles import as_matrix
from scipy.stats import kstest, linregress, t
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from skgauss import GaussianGradientMLE, GaussianImputer, mcar_test
from skgauss.inference import draw_gaussian
from skgauss.rows import Block, Intervals

NAN = np.nan


@pytest.fixture
def gaps(rng):
    frame = load_iris(as_frame=True).data
    return frame.mask(rng.random(frame.shape) < 0.1)


@pytest.mark.usefixtures("scipy_array_api")
@pytest.mark.filterwarnings("ignore:The likelihood has no maximum")
@parametrize_with_checks(
    [
        GaussianImputer(),
        GaussianImputer(covariance_type="diag"),
        GaussianImputer(add_indicator=True),
    ]
)
def test_estimator_checks(estimator, check):
    check(estimator)


def test_names_and_frames(gaps):
    imputer = GaussianImputer().set_output(transform="pandas")
    filled = imputer.fit_transform(gaps)
    assert isinstance(filled, pd.DataFrame)
    assert list(imputer.get_feature_names_out()) == list(gaps.columns)
    assert not filled.isna().any(axis=None)
    pd.testing.assert_frame_equal(filled.where(gaps.notna()), gaps)


def test_it_is_the_fitted_gaussian(gaps):
    imputer = GaussianImputer(reg_covar=0.01).fit(gaps)
    model = GaussianGradientMLE(reg_covar=0.01).fit(gaps)
    np.testing.assert_array_equal(imputer.transform(gaps), model.impute(gaps))


@pytest.mark.parametrize("covariance_type", ["full", "diag"])
def test_indicator_is_scikit_learns(gaps, covariance_type):
    gaps = gaps.assign(complete=np.arange(len(gaps)))
    columns = {}
    for imputer in (
        SimpleImputer(add_indicator=True),
        GaussianImputer(covariance_type=covariance_type, add_indicator=True),
    ):
        frame = imputer.set_output(transform="pandas").fit(gaps).transform(gaps[20:])
        columns[type(imputer)] = list(frame)
        assert list(imputer.get_feature_names_out()) == list(frame)
        marks = frame.filter(like="missingindicator").to_numpy()
        np.testing.assert_array_equal(marks, gaps.iloc[20:, :4].isna())
    assert columns[SimpleImputer] == columns[GaussianImputer]
    np.testing.assert_array_equal(frame[list(gaps)], imputer.impute(gaps[20:]))


def test_indicator_of_what_was_missing_in_the_fit(gaps):
    """The indicator has the features with gaps in any kind of fit, not those with gaps later."""
    X = gaps.to_numpy()
    some = X.copy()
    some[:, 1:] = load_iris().data[:, 1:]
    names = ["x0", "x1", "x2", "x3", "missingindicator_x0"]
    for imputer in (
        GaussianImputer(add_indicator=True).fit(some),
        GaussianImputer(add_indicator=True).partial_fit(some[:70]).partial_fit(some[70:]),
        GaussianImputer(add_indicator=True).fit(some, sample_weight=np.full(len(some), 0.1)),
    ):
        assert imputer.indicator_.features_.tolist() == [0]
        assert list(imputer.get_feature_names_out()) == names
        np.testing.assert_array_equal(imputer.transform(X)[:, 4], np.isnan(X[:, 0]))
    assert imputer.transform(X.astype(np.float32)).dtype == np.float32
    complete = GaussianImputer(add_indicator=True).fit(load_iris().data)
    assert complete.transform(X).shape == X.shape


def test_indicator_of_dask_is_lazy(gaps):
    X = gaps.to_numpy()
    expected = GaussianImputer(add_indicator=True).fit(X).transform(X)
    for rows in (da.from_array(X, chunks=(50, 2)), dd.from_pandas(gaps, npartitions=3)):
        lazy = GaussianImputer(add_indicator=True).fit(rows).transform(rows)
        assert isinstance(lazy, da.Array)
        assert lazy.shape[1] == 8
        assert lazy.compute_chunk_sizes().shape == (len(X), 8)
        np.testing.assert_allclose(lazy.compute(), expected, rtol=1e-6)


def test_what_is_no_parameter():
    with pytest.raises(ValueError, match="The 'add_indicator' parameter"):
        GaussianImputer(add_indicator="yes").fit([[1.0], [2.0]])


def test_in_a_pipeline(gaps):
    target = load_iris().target
    model = make_pipeline(GaussianImputer(), LinearRegression()).fit(gaps, target)
    assert model.score(gaps, target) > 0.85


@each_family
@pytest.mark.parametrize("constant", [0.0, 7.5, 1e6])
def test_a_constant_column_passes_through(gaps, covariance_type, constant):
    """It does not change the values filled in elsewhere."""
    beside = gaps.assign(constant=np.where(np.arange(len(gaps)) % 7, constant, np.nan))
    parameters = {"covariance_type": covariance_type}
    filled = GaussianImputer(**parameters).fit_transform(beside)
    np.testing.assert_allclose(filled[:, 4], constant, rtol=1e-12, atol=1e-12)
    alone = GaussianImputer(**parameters).fit_transform(gaps)
    np.testing.assert_allclose(filled[:, :4], alone, rtol=1e-5)
    complete = load_iris().data
    filled = GaussianImputer(**parameters).fit(np.c_[complete, np.full(150, constant)])
    missing = np.append(complete[0], np.nan)[None]
    np.testing.assert_allclose(filled.transform(missing)[0, 4], constant, rtol=1e-12, atol=1e-12)


def test_a_column_that_is_constant_in_one_fold(rng):
    X, target = load_iris(return_X_y=True)
    X = np.c_[X, np.zeros(150)]
    X[:30, 4] = 1.0
    X[rng.random(X.shape) < 0.1] = np.nan
    model = make_pipeline(GaussianImputer(), LinearRegression())
    assert np.isfinite(cross_val_score(model, X, target, cv=KFold(5))).all()


@pytest.mark.parametrize("covariance_type", ["full", "diag"])
def test_an_empty_column_is_dropped_as_by_scikit_learn(gaps, covariance_type):
    beside = gaps.copy()
    beside.insert(2, "empty", np.nan)
    columns = []
    for make in (SimpleImputer, partial(GaussianImputer, covariance_type=covariance_type)):
        imputer = make().set_output(transform="pandas").fit(beside)
        with pytest.warns(UserWarning, match="empty"):
            filled = imputer.transform(beside)
        assert list(imputer.get_feature_names_out()) == list(filled)
        kept = make(keep_empty_features=True).fit(beside)
        np.testing.assert_array_equal(kept.transform(beside)[:, 2], 0.0)
        marked = make(keep_empty_features=True, add_indicator=True).fit(beside)
        columns.append([list(filled), list(marked.get_feature_names_out())])
    assert columns[0] == columns[1]
    alone = GaussianImputer(covariance_type=covariance_type).fit_transform(gaps)
    np.testing.assert_allclose(filled, alone, rtol=1e-5)


def test_an_empty_column_beside_a_limit(gaps):
    X = np.c_[gaps.to_numpy(), np.full(len(gaps), np.nan)]
    limits = ([5.0, *4 * [np.nan]], None)
    imputer = GaussianImputer(censoring_limits=limits, keep_empty_features=True).fit(X)
    np.testing.assert_array_equal(imputer.transform(X)[:, 4], 0.0)


WINDOWS = {"none": None, "around 0": (-9, 9), "above 1, of the empty one": ([NAN, NAN, 1.0], None)}


@pairwise(window=WINDOWS, censored=[False, True], covariance_type=["full", "diag", "spherical"])
def test_an_empty_column_is_not_noticed(rng, window, censored, covariance_type):
    """Whatever its limits, it changes no mean, variance or draw of another column."""
    X = rng.standard_normal((100, 2)) @ [[1, 0.5], [0, 1]]
    X[rng.random(X.shape) < 0.2] = NAN
    beside = np.c_[X, np.full(100, NAN)]

    def limits(pair, d):
        def of_some(end):
            return end[:d] if isinstance(end, list) else end

        return pair and tuple(map(of_some, pair))

    def imputer(d, **parameters):
        return GaussianImputer(
            covariance_type=covariance_type,
            truncation_limits=limits(WINDOWS[window], d),
            censoring_limits=limits(([-1.0, NAN, -1.0], None), d) if censored else None,
            tol=1e-8,
            **parameters,
        )

    alone = imputer(2).fit(X)
    model = imputer(3, keep_empty_features=True).fit(beside)
    np.testing.assert_allclose(model.mean_[:2], alone.mean_, atol=2e-5)
    np.testing.assert_allclose(model.scale_[:2], alone.scale_, rtol=2e-5)
    np.testing.assert_allclose(model.transform(beside)[:, :2], alone.transform(X), atol=5e-5)
    np.testing.assert_allclose(model.transform(beside)[:, 2], 0.0, atol=1e-12)
    with pytest.warns(UserWarning, match="had no values in fit and is dropped.* filled with 0"):
        assert imputer(3).fit(beside).transform(beside).shape == (100, 2)
    draws = imputer(3, keep_empty_features=True, sample_posterior=True, random_state=0)
    drawn = draws.fit(beside).transform(beside)
    np.testing.assert_allclose(drawn[:, 2], 0.0, atol=1e-12)
    assert np.isfinite(drawn).all()


@pairwise(
    window=WINDOWS,
    censored=[False, True],
    covariance_type=["full", "diag", "spherical"],
    mean_init=[None, (1.0, 1.0, 3.0)],
)
def test_what_is_made_up_is_no_data(rng, window, censored, covariance_type, mean_init):
    """An empty column has no likelihood, parameters or warnings, whatever the start."""
    X = rng.standard_normal((100, 2)) @ [[1, 0.5], [0, 1]]
    X[rng.random(X.shape) < 0.2] = NAN
    beside = np.c_[X, np.full(100, NAN)]
    limits = ([-1.0, NAN, -1.0], None) if censored else None
    model = GaussianImputer(
        covariance_type=covariance_type,
        truncation_limits=WINDOWS[window],
        censoring_limits=limits,
        keep_empty_features=True,
        mean_init=mean_init,
    ).fit(beside)
    alone = GaussianImputer(
        covariance_type=covariance_type,
        truncation_limits=WINDOWS[window] if WINDOWS[window] == (-9, 9) else None,
        censoring_limits=([-1.0, NAN], None) if censored else None,
    ).fit(X)
    assert model.log_likelihood_ == pytest.approx(alone.log_likelihood_, abs=1e-11)
    assert model.log_likelihood_ == pytest.approx(model.score(beside), abs=1e-11)
    assert model.aic(beside) == pytest.approx(alone.aic(X), abs=1e-8)
    assert model.bic(beside) == pytest.approx(alone.bic(X), abs=1e-8)
    np.testing.assert_allclose(model.transform(beside)[:, 2], 0.0, atol=1e-5)


@pairwise(
    up_to=3,
    window=[None, (-9, None), ((-9, -9, -1.0), (9, 9, NAN))],
    censored=[False, True],
    covariance_type=["full", "diag"],
    constant=[0.0, 2.0, -1.0, 1e4],
    gaps_in_it=[False, True],
    solver=["natural", "newton"],
)
def test_a_constant_is_no_data(
    rng, window, censored, covariance_type, constant, gaps_in_it, solver
):
    """No likelihood, criterion or density depends on it, even in rows without other values."""
    X = rng.standard_normal((100, 2)) @ [[1, 0.5], [0, 1]]
    X[rng.random(X.shape) < 0.2] = NAN
    X[:3] = NAN
    column = np.full(100, constant)
    column[:: 7 if gaps_in_it else 100] = NAN
    beside = np.c_[X, column]
    limits = ((-1.0, NAN, NAN), None) if censored else None

    def of_two(pair):
        return pair and tuple(end[:2] if isinstance(end, tuple) else end for end in pair)

    parameters = {"covariance_type": covariance_type, "solver": solver, "tol": 1e-8}
    model = GaussianImputer(truncation_limits=window, censoring_limits=limits, **parameters)
    model.fit(beside)
    alone = GaussianImputer(
        truncation_limits=of_two(window), censoring_limits=of_two(limits), **parameters
    ).fit(X)
    assert model.log_likelihood_ == pytest.approx(alone.log_likelihood_, abs=1e-9)
    assert model.log_likelihood_ == pytest.approx(model.score(beside), abs=1e-9)
    assert model.aic(beside) == pytest.approx(alone.aic(X), abs=1e-6)
    assert model.bic(beside) == pytest.approx(alone.bic(X), abs=1e-6)
    np.testing.assert_allclose(model.score_samples(beside), alone.score_samples(X), atol=1e-5)
    np.testing.assert_allclose(model.log_likelihood_path_[-1], alone.log_likelihood_, atol=1e-9)
    np.testing.assert_allclose(model.transform(beside)[:, 2], constant, rtol=1e-9, atol=1e-9)


def test_a_constant_is_no_data_of_any_kind(gaps):
    """This holds for complete rows, Dask, integers, a stream, a marginal, and an empty table."""
    complete = load_iris().data
    kinds = {
        "complete": (complete, np.asarray),
        "gaps": (gaps.to_numpy(), np.asarray),
        "dask": (gaps.to_numpy(), lambda X: da.from_array(X, chunks=(40, 5))),
        "integers": ((10 * complete).astype(int), np.asarray),
    }
    for X, of_kind in kinds.values():
        alone = GaussianImputer().fit(X)
        beside = of_kind(np.c_[X, np.full(len(X), 3, X.dtype)])
        model = GaussianImputer().fit(beside)
        assert model.log_likelihood_ == pytest.approx(alone.log_likelihood_, abs=1e-9)
        assert model.aic(beside) == pytest.approx(alone.aic(X), abs=1e-6)
        assert model.marginal([0, 4]).score(beside[:, [0, 4]]) == pytest.approx(
            alone.marginal([0]).score(X[:, [0]]), abs=1e-6
        )
        assert pickle.loads(pickle.dumps(model)).score(beside) == model.score(beside)
        stream = GaussianImputer().partial_fit(beside[:70]).partial_fit(beside[70:])
        assert stream.log_likelihood_ == pytest.approx(alone.log_likelihood_, abs=1e-9)
        assert stream.score(beside) == pytest.approx(alone.log_likelihood_, abs=1e-9)
    nothing = np.full((5, 2), [1.0, 3.0])
    model = GaussianImputer().fit(nothing)
    assert model.score(nothing) == 0.0
    assert model.log_likelihood_ == pytest.approx(0.0, abs=1e-12)
    with pytest.raises(ValueError, match="No value of X is known"):
        model.aic(nothing)


def test_a_column_that_varies_about_its_known_mean_is_data(gaps):
    """About a known mean a constant column has a variance, and so a maximum without a ridge."""
    X = np.c_[gaps.to_numpy(), np.full(len(gaps), 3.0)]
    model = GaussianImputer(fixed_mean=[6, 3, 4, 1, 2.0], tol=1e-9).fit(X)
    assert not np.any(model.reg_covar_)
    assert model.scale_[4] == pytest.approx(1, abs=1e-9)
    assert model.log_likelihood_ == pytest.approx(model.score(X), abs=1e-9)
    same = GaussianGradientMLE(fixed_mean=[6, 3, 4, 1, 2.0], tol=1e-9).fit(X)
    assert model.log_likelihood_ == pytest.approx(same.log_likelihood_, abs=1e-9)
    assert model.aic(X) == pytest.approx(same.aic(X), abs=1e-6)
    np.testing.assert_allclose(model.standard_errors().scale, same.standard_errors().scale)


def test_what_is_constant_or_empty_has_no_error(gaps):
    """The error names the columns, and recommends a fit without them, which has standard errors."""
    beside = gaps.assign(C=2.0, D=3.0, E=np.nan)
    model = GaussianImputer(keep_empty_features=True).fit(beside)
    for ask in (model.summary, model.standard_errors, model.confidence_intervals):
        with pytest.raises(ValueError, match=r"^'E' was never observed, and each of 'C', 'D' is"):
            ask()
    with pytest.raises(ValueError, match="fit without it"):
        mcar_test(model)
    without = GaussianImputer().fit(beside.drop(columns=["C", "D", "E"]))
    assert without.summary().shape[0] == 14
    assert mcar_test(without).p_value > 0


def test_a_column_that_is_empty_at_first(gaps):
    """The stream is fitted before the column has values, and ends like one fit of all rows."""
    X = gaps.to_numpy()
    first = X[:70].copy()
    first[:, 3] = np.nan
    imputer = GaussianImputer().partial_fit(first).partial_fit(X[70:])
    whole = GaussianImputer().fit(np.vstack((first, X[70:])))
    np.testing.assert_allclose(imputer.mean_, whole.mean_, rtol=1e-4)
    assert imputer.transform(X).shape == X.shape


@exhaustive
def test_a_fit_that_did_not_converge_says_what_is_filled_in(gaps):
    whatever_else = "Meanwhile, transform fills every gap with mean_, whatever else a row shows"
    for model in (
        GaussianImputer(covariance_type="diag", solver="gradient", max_iter=1),
        GaussianImputer(learning_rate=1e-12, max_iter=1, mean_init=1.0),
    ):
        with pytest.warns(ConvergenceWarning, match=whatever_else):
            model.fit(gaps)
        filled = model.transform(gaps)[gaps.isna()]
        np.testing.assert_allclose(filled, model.mean_[np.nonzero(gaps.isna())[1]], rtol=1e-6)
    with pytest.warns(ConvergenceWarning, match="conditional means under this last iterate"):
        GaussianImputer(solver="gradient", max_iter=30).fit(gaps)


@pytest.mark.parametrize("seed", [0, 1])
def test_a_small_table_is_told_to_search_for_a_ridge(seed):
    """And what the search fills in is closer to the truth than the means and than no ridge."""
    wine = pd.DataFrame(StandardScaler().fit_transform(load_wine().data))
    truth = wine.sample(40, random_state=seed).to_numpy()
    gaps = np.random.default_rng(seed).random(truth.shape) < 0.3
    X = np.where(gaps, NAN, truth)
    with pytest.warns(ConvergenceWarning, match=r"/missing_values\.html#small-tables\.") as caught:
        without = GaussianImputer().fit_transform(X)
    assert "missing_values.html. Meanwhile, transform fills gaps" in str(caught[0].message)
    pages = Path(__file__).parents[1] / "docs"
    assert "\n.. _small-tables:\n" in (pages / "missing_values.rst").read_text(encoding="utf-8")
    steps = make_pipeline(StandardScaler(), GaussianImputer())
    search = GridSearchCV(steps, {"gaussianimputer__reg_covar": [0.03, 0.1, 0.3, 1.0]}).fit(X)
    assert search.best_estimator_[-1].converged_
    found = search.best_estimator_[0].inverse_transform(search.transform(X))
    means = SimpleImputer().fit_transform(X)
    errors = [np.square(filled - truth)[gaps].mean() for filled in (found, without, means)]
    assert errors[0] < 0.8 * min(errors[1:])


@exhaustive
def test_a_ridge_is_advised_only_where_it_helps(rng):
    """Below a limit, too, whose warning refers to another page; not where the parent widens."""
    X = rng.standard_normal((8, 5))
    X[rng.random(X.shape) < 0.3] = np.nan
    with pytest.warns(ConvergenceWarning, match=r"/missing_values\.html#small-tables\."):
        GaussianImputer(censoring_limits=(-0.5, None)).fit(X)
    X = rng.exponential(size=(200, 2))
    X[rng.random(X.shape) < 0.1] = np.nan
    with pytest.warns(ConvergenceWarning, match="grows without bound") as caught:
        GaussianImputer(truncation_limits=(0.0, None)).fit(X)
    assert "reg_covar" not in str(caught[0].message)
    with pytest.warns(ConvergenceWarning, match="grows without bound"):
        GaussianImputer(truncation_limits=(0.0, None), reg_covar=1.0).fit(X)


def test_a_constant_column_and_too_few_rows(rng):
    X = np.column_stack((rng.standard_normal((6, 5)), np.full(6, 3.0)))
    X[:, :5][rng.random((6, 5)) < 0.2] = np.nan
    with pytest.warns(ConvergenceWarning, match="The fit converges in .* with reg_covar="):
        GaussianImputer().fit(X)


def test_dummies_in_a_pipeline(rng):
    """There is one warning for all folds, and no fold fails."""
    level = rng.integers(0, 4, 300)
    values = np.column_stack((level + rng.standard_normal(300), rng.standard_normal(300)))
    target = values[:, 0] + values[:, 1] > 1.5
    values[rng.random(values.shape) < 0.2] = np.nan
    frame = pd.DataFrame(values, columns=["a", "b"]).assign(site=np.array(list("wxyz"))[level])
    encode = make_column_transformer((OneHotEncoder(), ["site"]), remainder="passthrough")
    model = make_pipeline(encode, GaussianImputer(), LogisticRegression())
    with pytest.warns(UserWarning, match="depend on each other linearly") as caught:
        scores = cross_val_score(model, frame, target)
    assert len(caught) == 1
    assert scores.mean() > 0.75


# -- draws instead of means


def many_draws(model, row, n):
    """One incomplete row, filled in n times by draws under the fitted parameters."""
    X = np.tile(row, (n, 1))
    block = Block(X, None)
    return model._gaussian.draw_hidden(block, np.random.RandomState(0))


@each_family
@pytest.mark.parametrize("row", [[NAN, 0.5, NAN], [1.0, NAN, -1.0], [NAN, NAN, NAN]])
def test_draws_have_the_conditional_law(correlated, covariance_type, row):
    model = GaussianGradientMLE(covariance_type=covariance_type).fit(correlated)
    row, n = np.array(row), 20_000
    missing = np.isnan(row)
    drawn = many_draws(model, row, n)
    assert_array_equal(drawn[:, ~missing], np.tile(row[~missing], (n, 1)))
    covariance = as_matrix(model.covariance_, 3)
    o, m = np.flatnonzero(~missing), np.flatnonzero(missing)
    slopes = covariance[np.ix_(m, o)] @ np.linalg.inv(covariance[np.ix_(o, o)])
    mean = model.mean_[m] + slopes @ (row[o] - model.mean_[o])
    within = covariance[np.ix_(m, m)] - slopes @ covariance[np.ix_(o, m)]
    scale = np.sqrt(np.diag(within))
    z = (drawn[:, m] - mean) / scale
    assert (np.abs(z.mean(axis=0)) < 4 / np.sqrt(n)).all()
    assert_allclose(z.T @ z / n, within / np.outer(scale, scale), atol=6 / np.sqrt(n))
    assert kstest(z[:, 0], "norm").pvalue > 1e-3


@pytest.mark.parametrize("covariance_type", ["full", "diag"])
def test_draws_stay_in_their_intervals_and_have_their_law(correlated, covariance_type):
    """Their moments, also in the tail, are those that `impute` computes by quadrature."""
    model = GaussianGradientMLE(covariance_type=covariance_type).fit(correlated)
    centre, scale, n = model.mean_, model.scale_, 20_000
    lower = centre + scale * [-np.inf, 4.0, -np.inf]
    upper = centre + scale * [-1.0, 4.1, np.inf]
    lower, upper = (np.tile(end, (n, 1)) for end in (lower, upper))
    block = Block(np.full((n, 3), NAN), None, Intervals(np.arange(n), lower, upper))
    drawn = model._gaussian.draw_hidden(block, np.random.RandomState(0))
    assert ((lower <= drawn) & (drawn <= upper)).all()
    mean, std = (of[0] for of in model._gaussian.impute(block, with_std=True))
    assert (np.abs(drawn.mean(axis=0) - mean) < 4 * std / np.sqrt(n)).all()
    assert_allclose(drawn.std(axis=0), std, rtol=0.05)


def test_the_same_seed_makes_the_same_draws(gaps):
    imputer = GaussianImputer(sample_posterior=True, random_state=0).fit(gaps)
    first = imputer.transform(gaps)
    assert_array_equal(imputer.transform(gaps), first)
    assert_array_equal(clone(imputer).fit_transform(gaps), first)
    known = gaps.notna().to_numpy()
    assert_array_equal(first[known], gaps.to_numpy()[known])
    other = imputer.set_params(random_state=1).transform(gaps)
    assert (other != first)[~known].all()
    imputer.set_params(random_state=np.random.RandomState(0))
    assert_array_equal(imputer.transform(gaps), first)
    assert (imputer.transform(gaps) != first)[~known].all()
    marked = imputer.set_params(random_state=0, add_indicator=True).transform(gaps)
    assert_array_equal(marked[:, :4], first)
    assert_array_equal(marked[:, 4:], ~known)


@pytest.mark.parametrize("upper", [None, 0.5])
def test_the_same_seed_makes_the_same_draws_in_any_unit(rng, upper):
    """A unit may change the sign of an eigenvector, on which no draw may depend."""
    limits = None if upper is None else (None, upper)
    X = rng.standard_normal((60, 2)) @ np.array([[1.0, 0.5], [0.0, 1.0]])
    X[rng.random(X.shape) < 0.4] = NAN

    def drawn(unit):
        scaled = limits and (None, limits[1] * unit)
        options = {"sample_posterior": True, "random_state": 0, "tol": 1e-10}
        return GaussianImputer(censoring_limits=scaled, **options).fit_transform(X * unit) / unit

    expected = drawn(np.ones(2))
    for unit in ([3.0, 2.0**20], [1e3, 1e-3], [3.0, 3.0], [0.1, 7.0]):
        assert_allclose(drawn(np.array(unit)), expected, atol=1e-9)


@pytest.mark.parametrize(
    ("constant", "known"),
    [(0.0, {}), (7.0, {}), (NAN, {}), (NAN, {"fixed_mean": [0.0, 0.0, 3.0]})],
)
def test_a_later_value_of_a_constant_column_tells_nothing_of_others(rng, constant, known):
    """Such as a dummy that is 0 in all rows of a fold; nor of a column without any value."""
    X = np.column_stack((rng.standard_normal((60, 2)), np.full(60, constant)))
    X[:10, 0] = NAN
    imputer = GaussianImputer(sample_posterior=True, keep_empty_features=True, **known).fit(X)
    rows = [[NAN, 0.5, value] for value in (constant, 1.0, 1e6)]
    for seed in range(20):
        drawn = imputer.set_params(random_state=seed).transform(rows)
        assert (np.abs(drawn[:, 0]) < 6).all()


def test_a_later_value_of_a_constant_column_counts_in_no_distance(rng):
    """As in no density, from which the distance differs by the constant of a Gaussian."""
    X = np.column_stack((rng.standard_normal((60, 2)), np.full(60, 7.0)))
    imputer = GaussianImputer().fit(X)
    X[:30, 2] = 8.0
    constant = imputer.mahalanobis(X) + 2 * imputer.score_samples(X)
    assert_allclose(constant, constant[0], rtol=1e-12)
    assert_allclose(
        imputer.mahalanobis(X), GaussianGradientMLE().fit(X[:, :2]).mahalanobis(X[:, :2])
    )


@pytest.mark.parametrize("sample_posterior", [False, True])
@pytest.mark.parametrize(
    ("lower", "upper", "expected"),
    [(NAN, 5.0, 5.0), (-np.inf, 5.0, 5.0), (8.0, NAN, 8.0), (6.0, 9.0, 7.0), (NAN, NAN, 7.0)],
)
def test_a_value_that_is_not_the_constant_of_the_fit_stays_in_its_interval(
    rng, sample_posterior, lower, upper, expected
):
    X = np.column_stack((rng.standard_normal(30), np.full(30, 7.0)))
    ends = X.copy()
    X[0, 0], ends[0, 0] = -1.0, 0.0
    imputer = GaussianImputer(sample_posterior=sample_posterior, random_state=0)
    imputer.fit(X, X_upper=ends)
    filled = imputer.transform([[0.0, lower]], X_upper=[[0.0, upper]])
    assert_allclose(filled, [[0.0, expected]], atol=1e-3)


@exhaustive
def test_parameters_are_drawn_from_the_law_of_the_estimate(correlated, rng):
    """The covariance of many draws is `parameter_covariance`."""
    X = np.where(rng.random(correlated.shape) < 0.2, NAN, correlated)
    X = np.tile(X, (20, 1))  # so that the distribution is narrow, and the delta method exact
    model = GaussianImputer().fit(X)
    random_state, draws = np.random.RandomState(0), []
    for _ in range(400):
        gaussian = draw_gaussian(model, random_state)
        scale = np.sqrt(np.diag(gaussian.covariance))
        correlation = gaussian.covariance / np.outer(scale, scale)
        draws.append([*gaussian.mean, *scale, *correlation[np.triu_indices(3, 1)]])
    V = model.parameter_covariance().to_numpy()
    whitened = np.linalg.solve(
        np.linalg.cholesky(V), (np.array(draws) - model.summary()["estimate"].to_numpy()).T
    )
    assert np.abs(whitened.mean(axis=1)).max() < 5 / np.sqrt(400)
    assert_allclose(np.cov(whitened), np.eye(9), atol=0.3)


def test_what_has_no_draws(gaps, rng):
    imputer = GaussianImputer(sample_posterior=True).fit(gaps)
    with pytest.raises(ValueError, match=r"Pass X\.compute\(\)"):
        imputer.transform(da.from_array(gaps.to_numpy(), chunks=50))
    X = rng.standard_normal((30, 2))
    X[np.arange(30), np.arange(30) % 2] = NAN
    with pytest.warns(UserWarning, match="never observed in the same row"):
        apart = GaussianImputer(sample_posterior=True).fit(X)
    with pytest.raises(ValueError, match="no distribution to draw from"):
        apart.transform(X)
    GaussianImputer(covariance_type="diag", sample_posterior=True).fit_transform(X)


def test_limits_and_windows_of_draws(rng):
    X = rng.standard_normal((300, 3)) @ np.array([[1.0, 0.5, 0.2], [0, 1, 0.4], [0, 0, 1]])
    gappy = np.where(rng.random(X.shape) < 0.1, NAN, X).astype(np.float32)
    for options, low, known in (
        ({"censoring_limits": (-0.5, None)}, -np.inf, gappy > -0.5),
        ({"truncation_limits": (-5.0, None)}, -5.0, ~np.isnan(gappy)),
    ):
        imputer = GaussianImputer(sample_posterior=True, random_state=0, **options)
        filled = imputer.fit_transform(gappy)
        assert filled.dtype == np.float32
        assert_array_equal(filled[known], gappy[known])
        assert (filled[gappy <= -0.5] <= -0.5).all()
        assert (filled >= low).all()
        assert np.isfinite(filled).all()


@pytest.mark.parametrize(
    ("known", "mean"), [({"fixed_mean": [0, 0, 5]}, 5.0), ({"fixed_covariance": [1, 1, 4]}, 3.0)]
)
def test_a_constant_feature_of_which_something_is_known_is_drawn(rng, known, mean):
    """With a known mean or variance its draws have a variance, although the column is constant."""
    X = np.column_stack((rng.standard_normal((60, 2)), np.full(60, 3.0)))
    X[:30, 2] = NAN
    imputer = GaussianImputer(covariance_type="diag", sample_posterior=True, **known).fit(X)
    draws = [imputer.set_params(random_state=k).transform(X)[:30, 2] for k in range(20)]
    assert abs(np.mean(draws) - mean) < 0.6  # an average of 20 drawn means
    assert np.std(draws) == pytest.approx(2.0, rel=0.15)


@simulation
@pytest.mark.parametrize(("limit", "repeats"), [(None, 400), (-0.3, 150)])
def test_rubins_rules_cover(limit, repeats):
    """95 in 100 intervals cover a slope on a feature missing at random, or below a limit."""
    rng = np.random.default_rng(0)
    n, n_tables = 60, 20
    covered = 0
    for k in range(repeats):
        x = rng.standard_normal(n)
        y = x + rng.standard_normal(n)
        X = np.column_stack((x, y))
        if limit is None:
            X[(y > 0) & (rng.random(n) < 0.8), 0] = NAN  # missing at random, given the response
        else:
            X[:, 0] = np.maximum(x, limit)
        limits = None if limit is None else ([limit, NAN], None)
        imputer = GaussianImputer(sample_posterior=True, censoring_limits=limits).fit(X)
        slopes, variances = [], []
        for seed in range(n_tables):
            table = imputer.set_params(random_state=n_tables * k + seed).transform(X)
            fit = linregress(*table.T)
            slopes.append(fit.slope)
            variances.append(fit.stderr**2)
        between, within = np.var(slopes, ddof=1), np.mean(variances)
        total = within + (1 + 1 / n_tables) * between
        freedom = (n_tables - 1) * (1 + within / ((1 + 1 / n_tables) * between)) ** 2
        away = abs(np.mean(slopes) - 1) / np.sqrt(total)
        covered += away < t.ppf(0.975, freedom)
    assert abs(covered / repeats - 0.95) < 3 * np.sqrt(0.95 * 0.05 / repeats)


def test_draws_beside_constants_and_dummies(rng):
    """A constant is filled in by itself, a dummy by one minus the others, the rest as if alone."""
    apart = rng.standard_normal((200, 2))
    apart[:, 1] += apart[:, 0]
    apart[rng.random(apart.shape) < 0.3] = NAN
    dummies = np.eye(3)[rng.integers(0, 3, 200)]
    X = np.column_stack((apart, np.full(200, 7.0), dummies))
    X[5, 2] = X[6, 3] = NAN
    imputer = GaussianImputer(sample_posterior=True)
    with pytest.warns(UserWarning, match="'feature 3', 'feature 4', 'feature 5' depend"):
        imputer.fit(X)
    draws = np.array([imputer.set_params(random_state=k).transform(X) for k in range(50)])
    assert (draws[:, 5, 2] == 7).all()
    assert_allclose(draws[:, 6, 3], dummies[6, 0], atol=0.01)
    missing = np.isnan(apart)
    alone = GaussianImputer(sample_posterior=True).fit(apart)
    others = np.array([alone.set_params(random_state=k).transform(apart) for k in range(50)])
    spread = [each[:, :, :2].std(axis=0)[missing].mean() for each in (draws, others)]
    assert spread[0] == pytest.approx(spread[1], rel=0.05)


def test_a_mean_that_was_made_up_has_no_error(rng):
    X = np.column_stack((rng.standard_normal((60, 2)), np.full(60, np.nan)))
    model = GaussianImputer(covariance_type="spherical", keep_empty_features=True).fit(X)
    for ask in (model.standard_errors, model.confidence_intervals, model.summary):
        with pytest.raises(ValueError, match="'feature 2' was never observed"):
            ask()


@pytest.mark.parametrize("limited", [False, True])
@each_family
def test_an_empty_feature_whose_mean_is_known_leaves_the_others_alone(
    rng, covariance_type, limited
):
    """It counts as a constant at its known mean, even if this is far from zero."""
    X = rng.normal([1e4, 0.0], 1.0, (200, 2))
    X[::7, 0] = np.nan
    known = [1e4, 0.0]
    parameters = {"covariance_type": covariance_type, "tol": 1e-9}
    if limited:
        parameters["censoring_limits"] = (-0.5, None)
    without = GaussianImputer(fixed_mean=known, **parameters).fit(X)
    beside = np.column_stack((X, np.full(200, np.nan)))
    model = GaussianImputer(fixed_mean=[*known, 7e3], keep_empty_features=True, **parameters)
    model.fit(beside)
    np.testing.assert_allclose(model.scale_[:2], without.scale_, rtol=1e-5)
    assert model.log_likelihood_ == pytest.approx(without.log_likelihood_, abs=1e-5)
    assert model.log_likelihood_ == pytest.approx(model.score(beside), abs=1e-5)
    np.testing.assert_array_equal(model.mean_, [*known, 7e3])
    np.testing.assert_allclose(model.transform(beside)[:, 2], 7e3)
    with pytest.warns(UserWarning, match=r"to keep it, filled with fixed_mean\.$"):
        model.set_params(keep_empty_features=False).transform(beside)
