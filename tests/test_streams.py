"""Statistics of chunks, and those computed elsewhere, add up to the fit of all rows."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from marks import FAMILIES, each_family, pairwise
from models import divergence, with_gaps
from oracles import exact_moments
from sklearn.base import clone
from sklearn.datasets import load_wine
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.pipeline import make_pipeline

from skgauss import (
    GaussianGradientMLE,
    GaussianRegressor,
    IncompleteStatistics,
    SufficientStatistics,
)


@pytest.fixture
def wine():
    return load_wine().data


@each_family
@pytest.mark.parametrize("sizes", [[1, 177], [60, 1, 117], [1] * 40 + [138]], ids=str)
@pytest.mark.parametrize("solver", ["natural", "closed-form"])
def test_any_split_is_one_fit(wine, rng, covariance_type, sizes, solver):
    parameters = {"covariance_type": covariance_type, "solver": solver}
    X = wine / wine.std(axis=0)
    weights = rng.random(len(X))
    model = GaussianGradientMLE(**parameters)
    for rows in np.split(np.arange(len(X)), np.cumsum(sizes)[:-1]):
        model.partial_fit(X[rows], sample_weight=weights[rows])
    whole = GaussianGradientMLE(**parameters).fit(X, sample_weight=weights)
    assert model.converged_
    assert divergence(whole, model) < 1e-12
    assert model.sufficient_statistics_.weight == pytest.approx(weights.sum(), rel=1e-14)


@each_family
def test_any_split_of_rows_with_gaps(rng, wine, covariance_type):
    X = with_gaps(rng, wine / wine.std(axis=0))
    X[:60] = wine[:60] / wine.std(axis=0)  # some chunks are complete, others are not
    model = GaussianGradientMLE(covariance_type=covariance_type)
    for rows in np.split(X, [1, 50, 90, 130]):
        model.partial_fit(rows)
    whole = GaussianGradientMLE(covariance_type=covariance_type).fit(X)
    assert divergence(whole, model) < 1e-11
    assert model.log_likelihood_ == pytest.approx(whole.log_likelihood_, rel=1e-12)


def test_too_few_rows_are_held(wine):
    model = GaussianGradientMLE()
    for rows in np.split(wine[:10], 5):
        model.partial_fit(rows)
        assert model.n_features_in_ == 13
        for method in ("score", "score_samples", "mahalanobis", "impute"):
            with pytest.raises(NotFittedError, match=r"summarised its rows.*more rows"):
                getattr(model, method)(wine)
    assert model.sufficient_statistics_.weight == 10
    model = pickle.loads(pickle.dumps(model)).partial_fit(wine[10:])
    assert divergence(GaussianGradientMLE().fit(wine), model) < 1e-12


def test_a_ridge_of_ones_own_is_fitted_at_once(wine):
    model = GaussianGradientMLE(reg_covar=0.1).partial_fit(wine[:1])
    np.testing.assert_allclose(model.covariance_, 0.1 * np.eye(13), atol=1e-12)


@pytest.mark.parametrize(
    ("chunk", "message"),
    [
        ([[1.0, np.inf]], "infinity"),
        (pd.DataFrame([[1.0, 2.0, 3.0]], columns=["a", "b", "c"]), "feature names"),
        (pd.DataFrame({"a": [1.0], "c": [2.0]}), "feature names"),
        ([[1.0, -1e300]], "larger than float64"),
    ],
)
def test_a_refused_chunk_leaves_no_trace(rng, chunk, message):
    frame = pd.DataFrame(rng.standard_normal((20, 2)), columns=["a", "b"])
    model = GaussianGradientMLE().partial_fit(frame)
    before = pickle.dumps(model)
    if not isinstance(chunk, pd.DataFrame):
        chunk = pd.DataFrame(chunk, columns=["a", "b"])
    with pytest.raises(ValueError, match=message):
        model.partial_fit(chunk)
    assert pickle.dumps(model) == before


def test_fit_forgets_and_partial_fit_goes_on(rng):
    X = rng.standard_normal((50, 2))
    model = GaussianGradientMLE().fit(X[:20]).partial_fit(X[20:])
    assert model.sufficient_statistics_.weight == 50
    assert model.fit(X[:20]).sufficient_statistics_.weight == 20


@pytest.mark.parametrize("rate", [0.0, 0.2])
@pytest.mark.parametrize("then", ["diag", "spherical"])
@pytest.mark.parametrize("first", FAMILIES)
def test_a_simpler_covariance_type_half_way(wine, rng, first, then, rate):
    X = with_gaps(rng, wine, rate)
    model = GaussianGradientMLE(covariance_type=first).partial_fit(X[:90])
    model.set_params(covariance_type=then).partial_fit(X[90:])
    assert divergence(GaussianGradientMLE(covariance_type=then).fit(X), model) < 1e-12


@pytest.mark.parametrize("rate", [0.0, 0.2])
def test_a_richer_covariance_type_half_way(wine, rng, rate):
    """It is refused, since the statistics so far hold no products of features."""
    X = with_gaps(rng, wine, rate)
    model = GaussianGradientMLE(covariance_type="diag").partial_fit(X)
    for rows in (X, wine):
        with pytest.raises(ValueError, match=r"variances only.*summarise all rows again"):
            model.set_params(covariance_type="full").partial_fit(rows)
    with pytest.raises(ValueError, match="variances only"):
        GaussianGradientMLE().fit_statistics(model.sufficient_statistics_)


@pytest.mark.parametrize("covariance_type", ["diag", "spherical"])
@pytest.mark.parametrize("missing", [slice(None, None, 7), slice(2999, None)], ids=str)
def test_a_mean_that_float64_cannot_hold(rng, covariance_type, missing):
    """The mean of integers near 8e15 lies between two floats, and yet no digit is lost."""
    deviations = np.round(1.5 * rng.standard_normal((3000, 2)))
    deviations[missing, 0] = np.nan
    model = GaussianGradientMLE(covariance_type=covariance_type)
    for rows in np.split(8e15 + deviations, 30):
        model.partial_fit(rows)
    whole = GaussianGradientMLE(covariance_type=covariance_type).fit(deviations)
    np.testing.assert_allclose(model.covariance_, whole.covariance_, rtol=1e-9, atol=1e-9)


@each_family
@pytest.mark.parametrize("weight", [1e-279, 1e-200, 1e200])
def test_gaps_and_equal_weights_of_any_size(wine, rng, covariance_type, weight):
    X = with_gaps(rng, wine / wine.std(axis=0))
    model = GaussianGradientMLE(covariance_type=covariance_type)
    model.fit(X, sample_weight=np.full(len(X), weight))
    whole = GaussianGradientMLE(covariance_type=covariance_type).fit(X)
    assert divergence(whole, model) < 1e-9


@pytest.mark.parametrize("rates", [(0.0, 0.0), (0.0, 0.2), (0.2, 0.2)])
@pytest.mark.parametrize(
    ("kinds", "widths"),
    [(("diag", "diag"), (1, 3)), (("full", "full"), (1, 3)), (("diag", "full"), (3, 3))],
)
def test_statistics_that_do_not_add_up(wine, rng, rates, kinds, widths):
    one, other = (
        GaussianGradientMLE(covariance_type=kind)
        .fit(with_gaps(rng, wine[:, :width], rate))
        .sufficient_statistics_
        for kind, width, rate in zip(kinds, widths, rates, strict=True)
    )
    for a, b in ((one, other), (other, one)):
        with pytest.raises(ValueError, match="Statistics add up only if they have the same"):
            a + b


def test_why_rows_are_held(wine):
    """The message speaks of more rows, since the remedies for `fit` would mislead."""
    model = GaussianGradientMLE().partial_fit(wine[:5])
    with pytest.raises(NotFittedError, match=r"has rank 4: .*needed\)\. Call partial_fit with mo"):
        model.score(wine)
    unseen = wine.copy()
    unseen[:, 3] = np.nan
    model = GaussianGradientMLE().partial_fit(unseen)
    with pytest.raises(NotFittedError, match=r"are NaN\. Call partial_fit with more rows\."):
        model.score(wine)
    whole = GaussianGradientMLE(tol=1e-9).fit(np.vstack([unseen, wine]))
    assert divergence(whole, model.set_params(tol=1e-9).partial_fit(wine)) < 1e-11


def test_a_jump_of_the_scale(rng):
    """If the current estimate has no finite likelihood on the new data, the climb starts anew."""
    X = rng.standard_normal((60, 2))
    model = GaussianGradientMLE().partial_fit(1e-110 * X).partial_fit(1e110 * X)
    whole = GaussianGradientMLE().fit(np.vstack([1e-110 * X, 1e110 * X]))
    np.testing.assert_allclose(model.covariance_, whole.covariance_, rtol=1e-12)


def test_chunks_of_no_weight(wine):
    nothing = np.zeros(60)
    model = GaussianGradientMLE().partial_fit(wine[:60], sample_weight=nothing)
    with pytest.raises(NotFittedError, match="no row has a positive weight"):
        model.score(wine)
    model.partial_fit(wine[60:]).partial_fit(wine[:60], sample_weight=nothing)
    assert divergence(GaussianGradientMLE().fit(wine[60:]), model) < 1e-12
    identity = SufficientStatistics.from_array(wine[:60], sample_weight=nothing)
    total = identity + SufficientStatistics.from_array(wine[60:])
    assert divergence(GaussianGradientMLE().fit_statistics(total), model) < 1e-12


def frame_without_types(X):
    frame = pd.DataFrame(X)
    return frame.astype(object) if X.size == 0 else frame


KINDS = {
    "array": np.asarray,
    "pandas": pd.DataFrame,
    "without types": frame_without_types,
    "polars": pl.DataFrame,
}


@pairwise(covariance_type=FAMILIES, missing=[0.0, 0.2], kind=KINDS)
def test_chunks_of_no_rows(wine, rng, covariance_type, missing, kind):
    """A stream that is filtered may send chunks without rows."""
    X = with_gaps(rng, wine[:, :3], missing)
    nothing, X = KINDS[kind](X[:0]), KINDS[kind](X)
    plain = GaussianGradientMLE(covariance_type=covariance_type).partial_fit(X)
    for weights in (None, [], 2.0):
        model = GaussianGradientMLE(covariance_type=covariance_type)
        model.partial_fit(nothing, sample_weight=weights)
        assert model.sufficient_statistics_.weight == 0
        with pytest.raises(NotFittedError, match="no row has a positive weight"):
            model.score(X)
        model.partial_fit(X)
        np.testing.assert_array_equal(model.mean_, plain.mean_)
        np.testing.assert_array_equal(model.covariance_, plain.covariance_)
        model.partial_fit(nothing, sample_weight=weights)
        assert divergence(plain, model) < 1e-12
        assert model.sufficient_statistics_.weight == len(X)
    with pytest.raises(ValueError, match=r"sample_weight\.shape == \(3,\), expected \(0,\)"):
        model.partial_fit(nothing, sample_weight=np.ones(3))
    for method in ("fit", "score"):
        with pytest.raises(ValueError, match="0 sample"):
            getattr(model, method)(nothing)


def test_statistics_of_no_rows(wine):
    identity = SufficientStatistics.from_array(wine[:0], sample_weight=[])
    assert identity.weight == 0
    whole = SufficientStatistics.from_array(wine)
    np.testing.assert_array_equal((identity + whole).covariance, whole.covariance)


def test_warnings_point_at_their_caller(wine):
    model = GaussianGradientMLE(solver="gradient", max_iter=1)
    statistics = SufficientStatistics.from_array(wine)
    calls = (
        lambda: model.fit(wine),
        lambda: model.partial_fit(wine),
        lambda: model.fit_statistics(statistics),
        lambda: make_pipeline(model).fit(wine),
        lambda: GaussianRegressor(model).fit(wine[:, 1:], wine[:, 0]),
    )
    for call in calls:
        with pytest.warns(ConvergenceWarning) as caught:
            call()
        assert [warning.filename for warning in caught] == [__file__]


@each_family
def test_fit_statistics_is_fit(wine, covariance_type):
    model = GaussianGradientMLE(covariance_type=covariance_type)
    whole = GaussianGradientMLE(covariance_type=covariance_type).fit(wine)
    for diagonal in {False, covariance_type != "full"}:
        parts = [SufficientStatistics.from_array(p, diagonal=diagonal) for p in np.split(wine, 2)]
        model.fit_statistics(sum(parts))
        assert divergence(whole, model) < 1e-13


def test_fit_statistics_of_gaps(wine, rng):
    X = with_gaps(rng, wine)
    whole = GaussianGradientMLE().fit(X)
    again = GaussianGradientMLE().fit_statistics(whole.sufficient_statistics_)
    np.testing.assert_array_equal(again.covariance_, whole.covariance_)


@each_family
def test_statistics_of_gaps_add_up(wine, rng, covariance_type):
    X = with_gaps(rng, wine)
    X[:40] = wine[:40]  # the first part is complete
    weights = rng.integers(0, 3, len(X))
    model = GaussianGradientMLE(covariance_type=covariance_type, tol=1e-9)
    whole = clone(model).fit(X, sample_weight=weights)
    cuts = [0, 0, 40, 90]  # two parts have no rows
    parts = [
        IncompleteStatistics.from_array(rows, sample_weight=w)
        for rows, w in zip(np.split(X, cuts), np.split(weights, cuts), strict=True)
    ]
    assert divergence(whole, model.fit_statistics(sum(parts))) < 1e-12
    first = SufficientStatistics.from_array(X[:40], sample_weight=weights[:40])
    assert divergence(whole, model.fit_statistics(first + parts[3] + parts[4])) < 1e-12


def test_incomplete_statistics_of_complete_rows(wine):
    total = IncompleteStatistics.from_array(wine.tolist())
    model = GaussianGradientMLE().fit_statistics(total)
    assert divergence(GaussianGradientMLE().fit(wine), model) < 1e-12


def test_what_fit_statistics_refuses(wine):
    for no_statistics, kind in ((wine, "ndarray"), (sum([]), "int"), ([], "list")):
        with pytest.raises(TypeError, match=f"needs statistics, .*got {kind}"):
            GaussianGradientMLE().fit_statistics(no_statistics)
    variances = SufficientStatistics.from_array(wine, diagonal=True)
    with pytest.raises(ValueError, match="variances only"):
        GaussianGradientMLE().fit_statistics(variances)
    nothing = SufficientStatistics.from_array(np.empty((0, 3)))
    with pytest.raises(ValueError, match="no row has a positive weight"):
        GaussianGradientMLE().fit_statistics(nothing)


@pytest.mark.parametrize(
    ("weight", "mean", "covariance", "message"),
    [
        (9, [0, 0], [[1, 2], [2, 1]], "covariance .* is not positive semidefinite"),
        (9, [0, 0], [[-1, 0], [0, -1]], "variances .* must not be negative"),
        (9, [0, 0], [[1, 0.5], [0, 1]], "symmetric"),
        (9, [0, np.nan], [[1, 0], [0, 1]], "finite"),
        (9, [0, 0], [[1, 0], [0, np.nan]], "finite"),
        (-9, [0, 0], [[1, 0], [0, 1]], "not be negative"),
        (np.inf, [0, 0], [[1, 0], [0, 1]], "finite"),
        (9, [0, 0, 0], [[1, 0], [0, 1]], r"got \(3,\) and \(2, 2\)"),
        (9, 0.0, 1.0, r"got \(\) and \(\)"),
    ],
)
def test_statistics_of_no_rows_there_are(weight, mean, covariance, message):
    statistics = SufficientStatistics(weight, np.array(mean), np.array(covariance))
    with pytest.raises(ValueError, match=message):
        GaussianGradientMLE().fit_statistics(statistics)


def test_statistics_of_any_container(wine):
    """They take the mean and cov of a data frame, or lists, and copy them."""
    frame = pd.DataFrame(wine)
    total = SufficientStatistics(len(wine), frame.mean(), frame.cov(ddof=0))
    model = GaussianGradientMLE().fit_statistics(total)
    assert divergence(GaussianGradientMLE().fit(wine), model) < 1e-9
    lists = SufficientStatistics(len(wine), total.mean.tolist(), total.covariance.tolist())
    again = GaussianGradientMLE().fit_statistics(lists)
    np.testing.assert_array_equal(again.covariance_, model.covariance_)
    covariance = np.eye(2, dtype=np.float32)
    model.fit_statistics(SufficientStatistics(5, np.zeros(2), covariance))
    covariance[0, 0] = 7.0
    assert model.covariance_.dtype == np.float64
    np.testing.assert_array_equal(model.sufficient_statistics_.covariance, np.eye(2))


def test_names_come_with_the_statistics(wine):
    """Names come from the mean or the covariance of pandas, and must be in the same order."""
    frame = pd.DataFrame(wine[:, :3], columns=["a", "b", "c"])
    n, mean, covariance = len(frame), frame.mean(), frame.cov(ddof=0)
    model = GaussianGradientMLE()
    for some in ((mean, covariance), (mean.to_numpy(), covariance), (mean, covariance.to_numpy())):
        model.fit_statistics(SufficientStatistics(n, *some))
        assert list(model.feature_names_in_) == ["a", "b", "c"]
        assert model.score(frame) == pytest.approx(GaussianGradientMLE().fit(frame).score(frame))
    for wrong in ((mean[["b", "a", "c"]], covariance), (mean, covariance[["c", "a", "b"]])):
        with pytest.raises(ValueError, match="same names in the same order"):
            model.fit_statistics(SufficientStatistics(n, *wrong))
    model.fit_statistics(SufficientStatistics(n, mean.to_numpy(), covariance.to_numpy()))
    assert not hasattr(model, "feature_names_in_")
    frame.columns = range(3)
    model.fit_statistics(SufficientStatistics(n, frame.mean(), frame.cov(ddof=0)))
    assert not hasattr(model, "feature_names_in_")


def test_statistics_with_names_add_up_in_one_order_only(wine):
    """pandas would add mean and covariance by label, so statistics in two orders are refused."""
    first, second = (
        pd.DataFrame(part, columns=["b", "a"]) for part in (wine[:80, :2], wine[80:, :2])
    )

    def statistics(frame):
        return SufficientStatistics(len(frame), frame.mean(), frame.cov(ddof=0))

    with pytest.raises(ValueError, match=r"all statistics that are added.* same names in"):
        statistics(first) + statistics(second[["a", "b"]])
    with pytest.raises(ValueError, match="same names in the same order"):
        statistics(first) + statistics(second.set_axis(["b", "c"], axis=1))
    whole = GaussianGradientMLE().fit(pd.concat([first, second]))
    unnamed = SufficientStatistics.from_array(second.to_numpy())
    for total in (statistics(first) + statistics(second), unnamed + statistics(first)):
        model = GaussianGradientMLE().fit_statistics(total)
        assert list(model.feature_names_in_) == ["b", "a"]
        np.testing.assert_allclose(model.covariance_, whole.covariance_, rtol=1e-12)


FROM_ARRAY = {
    "complete": SufficientStatistics.from_array,
    "variances": lambda frame: SufficientStatistics.from_array(frame, diagonal=True),
    "incomplete": IncompleteStatistics.from_array,
}
OF_FITS = {
    "of a fit": lambda frame: GaussianGradientMLE().fit(frame),
    "of partial fits": lambda frame: (
        GaussianGradientMLE().partial_fit(frame[:50]).partial_fit(frame[50:])
    ),
    "of a fit by feature": lambda frame: GaussianGradientMLE(covariance_type="diag").fit(
        frame.mask(frame > 14)
    ),
    "of a fit with intervals": lambda frame: GaussianGradientMLE().fit(frame, X_upper=frame + 0.1),
    "of a fit to statistics": lambda frame: GaussianGradientMLE().fit_statistics(
        IncompleteStatistics.from_array(frame)
    ),
}


@pytest.mark.parametrize("summary", FROM_ARRAY.values(), ids=FROM_ARRAY)
@pytest.mark.parametrize("names", [["b", "a"], [1, 0]], ids=["text", "numbers"])
def test_statistics_of_frames_add_up_in_one_order_only(wine, summary, names):
    check_orders(pd.DataFrame(wine[:, :2], columns=names), summary)


@pytest.mark.parametrize("fit", OF_FITS.values(), ids=OF_FITS)
def test_statistics_of_fits_add_up_in_one_order_only(wine, fit):
    frame = pd.DataFrame(wine[:, :2], columns=["b", "a"])
    model = check_orders(frame, lambda part: fit(part).sufficient_statistics_)
    assert list(model.feature_names_in_) == ["b", "a"]
    with pytest.raises(ValueError, match="in the same order"):
        model.partial_fit(frame[["a", "b"]])


def check_orders(frame, summary):
    """Statistics add up if names are in one order, or missing; a fit to the sum has the names."""
    names, other = tuple(frame.columns), frame[frame.columns[::-1]]
    one, two = summary(frame[:80]), summary(frame[80:])
    for left, right in ((one, summary(other[80:])), (summary(other[:80]), two)):
        with pytest.raises(ValueError, match="same names in the same order"):
            left + right
    kind = "diag" if one.diagonal else "full"
    for total in (sum([one, two]), one.labelled(None) + two, one + two.labelled(None)):
        assert total.labels == names
        model = GaussianGradientMLE(covariance_type=kind).fit_statistics(total)
        assert model.sufficient_statistics_.labels == names
    return model


def test_labels_are_those_of_frames_of_any_library(wine):
    polars, pyarrow = pytest.importorskip("polars"), pytest.importorskip("pyarrow")
    data = {"b": wine[:, 0], "a": wine[:, 1]}
    for frame in (pd.DataFrame(data), polars.DataFrame(data), pyarrow.table(data)):
        assert SufficientStatistics.from_array(frame).labels == ("b", "a")
    assert SufficientStatistics.from_array(wine).labels is None
    places = SufficientStatistics.from_array(pd.DataFrame(wine[:, :2]))  # numbered columns
    assert places.labels is None
    assert (places + SufficientStatistics.from_array(pd.DataFrame(data))).labels == ("b", "a")


def test_the_monoid(rng):
    x = 1e15 + rng.integers(0, 10, 300)
    a, b, c = (SufficientStatistics.from_array(part[:, None]) for part in np.split(x, 3))
    identity = SufficientStatistics.from_array(np.empty((0, 1)))
    _, variance = exact_moments(x)
    sums = (a + (b + c), (a + b) + c, c + b + a, sum([a, identity, b, c]), identity + a + b + c)
    for total in sums:
        assert total.weight == 300
        assert total.covariance[0, 0] == pytest.approx(float(variance), rel=4e-16)
    restored = pickle.loads(pickle.dumps(a))
    np.testing.assert_array_equal(restored.covariance, a.covariance)


def test_from_array_checks_what_it_is_given():
    for X, message in (([[np.nan]], "NaN"), ([[np.inf]], "infinity"), ([1.0], "2D array")):
        with pytest.raises(ValueError, match=message):
            SufficientStatistics.from_array(X)
    for X, message in (([[np.inf]], "infinity"), ([1.0], "2D array")):
        with pytest.raises(ValueError, match=message):
            IncompleteStatistics.from_array(X)
    for kind in (SufficientStatistics, IncompleteStatistics):
        with pytest.raises(ValueError, match=r"[Nn]egative"):
            kind.from_array([[1.0]], sample_weight=[-1.0])


def test_features_that_depend_on_each_other_are_told_what_helps(wine):
    X = np.column_stack((wine[:, :2], wine[:, :2].sum(axis=1)))
    model = GaussianGradientMLE().partial_fit(X)
    with pytest.raises(NotFittedError, match=r"in all rows, drop one or set reg_covar\.$"):
        model.score(X)
    assert GaussianGradientMLE(reg_covar=1e-6).partial_fit(X).converged_
