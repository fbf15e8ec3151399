"""Marginal and conditional Gaussians, against linear algebra without factors."""

import pickle

import mpmath
import numpy as np
import pandas as pd
import pytest
from marks import each_family
from oracles import as_matrix
from scipy.stats import multivariate_normal, norm
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError

from skgauss import (
    ConvergenceDisplay,
    GaussianEllipseDisplay,
    GaussianGradientMLE,
    GaussianImputer,
    GaussianRegressor,
)


@pytest.fixture
def iris():
    return load_iris(as_frame=True).data


def matrix_of(model):
    return as_matrix(model.covariance_, len(model.mean_))


@each_family
@pytest.mark.parametrize("kept", [[2], [3, 0], [0, 1, 2, 3], [2, 3, 1, 0]])
def test_a_marginal_is_a_block(iris, covariance_type, kept):
    model = GaussianGradientMLE(covariance_type=covariance_type).fit(iris)
    marginal = model.marginal(kept)
    assert (
        np.shape(marginal.covariance_)
        == {
            "full": (len(kept), len(kept)),
            "diag": (len(kept),),
            "spherical": (),
        }[covariance_type]
    )
    assert isinstance(marginal.covariance_, float) == (covariance_type == "spherical")
    np.testing.assert_array_equal(marginal.mean_, model.mean_[kept])
    np.testing.assert_allclose(marginal.scale_, model.scale_[kept], rtol=1e-14)
    block = matrix_of(model)[np.ix_(kept, kept)]
    np.testing.assert_allclose(matrix_of(marginal), block, rtol=1e-13)
    inverse = as_matrix(marginal.precision_, len(kept))
    np.testing.assert_allclose(inverse, np.linalg.inv(block), rtol=1e-11)
    correlation = model.correlation_[np.ix_(kept, kept)]
    np.testing.assert_allclose(marginal.correlation_, correlation, rtol=1e-13)
    assert list(marginal.feature_names_in_) == list(iris.columns[kept])
    assert marginal.n_features_in_ == len(kept)
    X = iris.iloc[:20, kept]
    density = multivariate_normal(model.mean_[kept], block).logpdf(X)
    np.testing.assert_allclose(marginal.score_samples(X), density, rtol=1e-11)
    draws = marginal.sample(100_000, random_state=0)
    np.testing.assert_allclose(np.cov(draws.T).reshape(block.shape), block, atol=0.05)


@each_family
@pytest.mark.parametrize("given", [{}, {1: 3.0}, {3: 2.0, 0: 5.0}, {2: 4.0, 1: 3.0, 0: 6.5}])
def test_a_conditional_is_a_schur_complement(iris, covariance_type, given):
    model = GaussianGradientMLE(covariance_type=covariance_type).fit(iris.to_numpy())
    conditional = model.conditional(given)
    g, k = list(given), [j for j in range(4) if j not in given]
    covariance, deviations = matrix_of(model), np.array(list(given.values())) - model.mean_[g]
    slopes = np.linalg.solve(covariance[np.ix_(g, g)], covariance[np.ix_(g, k)]).T
    np.testing.assert_allclose(conditional.mean_, model.mean_[k] + slopes @ deviations, rtol=1e-12)
    left = covariance[np.ix_(k, k)] - slopes @ covariance[np.ix_(g, k)]
    np.testing.assert_allclose(matrix_of(conditional), left, rtol=1e-11)
    np.testing.assert_allclose(conditional.scale_, np.sqrt(np.diag(left)), rtol=1e-11)
    assert np.ndim(conditional.covariance_) == np.ndim(model.covariance_)
    assert conditional.covariance_type == covariance_type
    row = np.full((1, 4), np.nan)
    row[0, g] = list(given.values())
    filled, std = model.impute(row, return_std=True)
    np.testing.assert_allclose(conditional.mean_, filled[0, k], rtol=1e-12)
    np.testing.assert_allclose(conditional.scale_, std[0, k], rtol=1e-11)


@each_family
def test_densities_multiply(iris, covariance_type):
    """The density of a row is that of some values times that of the others given them."""
    model = GaussianGradientMLE(covariance_type=covariance_type).fit(iris)
    some, others = ["petal width (cm)", "sepal width (cm)"], list(iris.columns[[0, 2]])
    marginal = model.marginal(some)
    for i in (0, 70, 149):
        row = iris.iloc[[i]]
        conditional = model.conditional(row.iloc[0][some])  # a Series
        product = marginal.score(row[some]) + conditional.score(row[others])
        assert model.score(row) == pytest.approx(product, rel=1e-12)


@pytest.mark.parametrize("unit", [1.0, 2.0**-480, 2.0**480])
def test_nearly_collinear_features_in_units_far_apart(unit):
    """The error against 60-digit arithmetic is within the condition number times the rounding."""
    X = np.array([[0, 0], [1, 0], [2, 4], [3, 1], [5, 2], [-1, 7], [4, 3], [2, 7]], dtype=float)
    noise = 2.0**-10 * np.array([[1, -1, 1, 1, -1, -1, 2, -2]]).T
    X = np.hstack((X, X.sum(axis=1, keepdims=True) + noise))
    model = GaussianGradientMLE().fit(X * [1, unit, 1])
    conditional = model.conditional({2: 3.0, 1: 2.5 * unit})
    with mpmath.workdps(60):
        rows = mpmath.matrix((X - X.mean(axis=0)).tolist())  # exact, since all values are dyadic
        covariance = rows.T * rows / 8
        slopes = mpmath.inverse(covariance[1:, 1:]) * covariance[1:, 0]
        deviations = mpmath.matrix([2.5, 3.0]) - mpmath.matrix(X.mean(axis=0)[1:].tolist())
        mean = float(X.mean(axis=0)[0] + (slopes.T * deviations)[0])
        variance = float(covariance[0, 0] - (covariance[0, 1:] * slopes)[0])
    rounding = np.finfo(float).eps * np.linalg.cond(np.corrcoef(X.T))
    assert conditional.mean_[0] == pytest.approx(mean, rel=rounding)
    assert conditional.covariance_[0, 0] == pytest.approx(variance, rel=rounding)


def test_names_indices_and_masks_agree(iris):
    model = GaussianGradientMLE().fit(iris)
    expected = model.marginal([0, 3])
    names = iris.columns[[0, 3]]
    for features in (list(names), names, np.array([0, 3]), [True, False, False, True]):
        found = model.marginal(features)
        np.testing.assert_array_equal(found.covariance_, expected.covariance_)
        assert list(found.feature_names_in_) == list(names)
    for one in (names[1], 3, np.int64(3)):
        np.testing.assert_array_equal(model.marginal(one).mean_, model.mean_[3:])
    frame = iris.iloc[:5, [0, 3]]
    np.testing.assert_array_equal(
        expected.score_samples(frame), model.marginal(names).score_samples(frame)
    )
    with pytest.raises(ValueError, match="feature names should match"):
        expected.score_samples(frame[names[::-1]])
    again = expected.conditional({names[0]: 5.0})
    np.testing.assert_allclose(
        again.mean_, model.marginal([3, 0]).conditional({1: 5.0}).mean_, rtol=1e-14
    )


def test_marginals_know_of_missing_values(iris):
    """A marginal agrees with the whole Gaussian on rows in which the other features are missing."""
    model = GaussianGradientMLE().fit(iris)
    lacking = iris.assign(**dict.fromkeys(iris.columns[:2], np.nan))
    lacking.iloc[3, 3] = np.nan
    marginal, kept = model.marginal(iris.columns[2:]), lacking.iloc[:, 2:]
    for method in ("score_samples", "mahalanobis"):
        np.testing.assert_allclose(
            getattr(marginal, method)(kept), getattr(model, method)(lacking), rtol=1e-9
        )
    np.testing.assert_allclose(
        marginal.impute(kept), model.impute(lacking)[:, 2:], rtol=1e-12, atol=1e-12
    )


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ([0, 4], "feature=4 is not an index from 0 to 3"),
        (["petal"], "'petal' is not among the features"),
        ([2, 1, 2], r"'petal length \(cm\)' is given twice"),
        ([0, "sepal length (cm)"], r"'sepal length \(cm\)' is given twice"),
        ([], "No feature is left"),
        ([False] * 4, "No feature is left"),
        ([True, False], "a value for each of the 4 features, got 2"),
    ],
)
def test_features_that_cannot_be_kept(iris, features, message):
    with pytest.raises(ValueError, match=message):
        GaussianGradientMLE().fit(iris).marginal(features)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({4: 1.0}, "feature=4 is not an index"),
        ({"petal": 1.0}, "'petal' is not among the features"),
        ({0: 5.0, "sepal length (cm)": 5.0}, r"'sepal length \(cm\)' is given twice"),
        (dict.fromkeys(range(4), 1.0), "No feature is left"),
        ({1: np.nan}, "given for 1 must be a finite number, got nan"),
        ({1: -np.inf}, "given for 1 must be a finite number, got -inf"),
        ({"sepal width (cm)": None}, r"given for 'sepal width \(cm\)' must be .* got None"),
        ({1: [1.0, 2.0]}, "given for 1 must be a finite number"),
        ([1.0, 2.0], "must map features to values"),
    ],
)
def test_what_cannot_be_given(iris, given, message):
    with pytest.raises(ValueError, match=message):
        GaussianGradientMLE().fit(iris).conditional(given)


def test_before_a_fit_and_without_names():
    with pytest.raises(NotFittedError):
        GaussianGradientMLE().marginal(0)
    with pytest.raises(NotFittedError):
        GaussianGradientMLE().conditional({0: 1.0})
    model = GaussianGradientMLE().fit(load_iris().data)
    assert not hasattr(model.marginal([1]), "feature_names_in_")
    with pytest.raises(ValueError, match="without feature names"):
        model.marginal("sepal length (cm)")


def test_what_tells_of_a_climb_is_not_there(iris):
    model = GaussianGradientMLE(solver="gradient", record_path=True).fit(iris)
    before = dict(vars(model))
    for law in (model.marginal([0, 1]), model.conditional({0: 5.0})):
        fitted = {name for name in vars(law) if name.endswith("_") and name[0] != "_"}
        expected = {"mean_", "covariance_", "scale_", "n_features_in_", "feature_names_in_"}
        assert fitted == expected
        for ask in (law.standard_errors, law.confidence_intervals, law.summary):
            with pytest.raises(ValueError, match="was not fitted to data"):
                ask()
        with pytest.raises(ValueError, match="was not fitted to data"):
            ConvergenceDisplay.from_estimator(law)
        assert np.isfinite(law.bic(iris[law.feature_names_in_]))
    assert vars(model).keys() == before.keys()
    display = GaussianEllipseDisplay.from_estimator(model.marginal([2, 0]))
    np.testing.assert_allclose(display.covariance, model.covariance_[np.ix_([2, 0], [2, 0])])


def test_a_law_is_an_estimator(iris):
    """A marginal can be cloned, pickled and fitted; a warm start begins at its own Gaussian."""
    law = GaussianGradientMLE().fit(iris).marginal([0, 1])
    X = iris.iloc[:, :2]
    np.testing.assert_array_equal(
        pickle.loads(pickle.dumps(law)).score_samples(X), law.score_samples(X)
    )
    with pytest.raises(NotFittedError):
        clone(law).score(X)
    expected = GaussianGradientMLE().fit(X)
    warm = law.marginal([0, 1]).set_params(warm_start=True, max_iter=1).fit(X)
    assert warm.converged_  # the marginal of the maximum is the maximum of the marginal likelihood
    for model in (clone(law).fit(X), warm):
        np.testing.assert_allclose(model.covariance_, expected.covariance_, rtol=1e-6)


def test_a_law_says_what_it_is(iris):
    model = GaussianGradientMLE().fit(iris.set_axis(["a", "b", "c", "d"], axis=1))
    assert repr(model) == "GaussianGradientMLE()"
    assert repr(model.marginal(["c", "a"])) == "<Gaussian with means c 3.758, a 5.843>"
    law = model.conditional({"a": 5.0}).conditional({"b": 3.5})
    means = ", ".join(f"{name} {law.mean_[j]:.4g}" for j, name in enumerate("cd"))
    assert repr(law) == f"<Gaussian with means {means} given a=5, b=3.5>"
    assert repr(law.marginal("d")).endswith("given a=5, b=3.5>")
    assert repr(pickle.loads(pickle.dumps(law))) == repr(law)
    assert repr(clone(law)) == repr(clone(model)) == "GaussianGradientMLE()"
    assert repr(law.fit(iris)) == "GaussianGradientMLE()"
    unnamed = GaussianGradientMLE().fit(iris.to_numpy())
    assert repr(unnamed.marginal([1, 0])) == "<Gaussian with means 3.057, 5.843>"
    assert repr(unnamed.conditional({0: 5.0})).endswith(" given feature 0=5>")


def price(law, X):
    """What AIC adds to the deviance: twice the number of estimated parameters."""
    return law.aic(X) + 2 * law.score_samples(X).sum()


@each_family
@pytest.mark.parametrize("mean_is_known", [False, True])
@pytest.mark.parametrize("covariance_is_known", [False, True])
def test_known_parameters_cost_nothing_in_a_part(
    iris, covariance_type, mean_is_known, covariance_is_known
):
    """Given a value, means move by estimated coefficients, unless the features are independent."""
    X, known = iris.to_numpy(), {}
    if mean_is_known:
        known["fixed_mean"] = 3.0
    if covariance_is_known:
        known["fixed_covariance"] = as_matrix(2.0, 4) if covariance_type == "full" else 2.0
    model = GaussianGradientMLE(covariance_type=covariance_type, **known).fit(X)
    own = GaussianGradientMLE(covariance_type=covariance_type, **known)
    if covariance_is_known and covariance_type == "full":
        own.set_params(fixed_covariance=as_matrix(2.0, 3))
    expected = price(own.fit(X[:, 1:]), X[:, 1:])
    assert price(model.marginal([1, 2, 3]), X[:, 1:]) == pytest.approx(expected, abs=1e-9)
    if mean_is_known and covariance_type == "full" and not covariance_is_known:
        expected += 2 * 3
    assert price(model.conditional({0: 5.0}), X[:, 1:]) == pytest.approx(expected, abs=1e-9)


def test_given_its_known_mean_a_feature_moves_no_other(iris):
    """Then no coefficient counts: the means are the known ones, whatever the covariance."""
    X = iris.to_numpy()
    model = GaussianGradientMLE(fixed_mean=3.0).fit(X)
    law = model.conditional({0: 3.0})
    np.testing.assert_array_equal(law.mean_, 3.0)
    assert price(law, X[:, 1:]) == pytest.approx(2 * 6, abs=1e-9)
    assert price(model.conditional({0: 3.0, 1: 4.0}), X[:, 2:]) == pytest.approx(2 * (2 + 3))


def test_constants_cost_nothing_in_a_part(iris):
    X = iris.to_numpy(copy=True)
    X[:, 2] = 1.0
    marginal = GaussianImputer().fit(X).marginal([2, 3])
    assert price(marginal, X[:, 2:]) == pytest.approx(2 * 2, abs=1e-9)


def test_what_a_law_recommends_for_inference(iris, rng):
    """The larger fit has the errors of the marginal, and a regression those of the conditional."""
    frame = iris.set_axis(["a", "b", "c", "d"], axis=1)
    model = GaussianGradientMLE(tol=1e-10).fit(frame)
    with pytest.raises(ValueError, match="estimator that it comes from"):
        model.marginal(["d", "b"]).summary()
    table = GaussianGradientMLE(tol=1e-10).fit(frame[["b", "d"]]).summary()
    np.testing.assert_allclose(model.summary().loc[table.index], table, rtol=1e-9, atol=1e-9)
    gappy = frame.where(rng.random(frame.shape) < 0.9)
    gappy.iloc[:, 3] = frame["d"]
    model = GaussianGradientMLE(tol=1e-10).fit(gappy)
    law = model.conditional({"a": 5.0, "b": 3.0})
    with pytest.raises(ValueError, match=r"GaussianRegressor\(\).fit\(X, y\)"):
        law.standard_errors()
    regressor = GaussianRegressor(GaussianGradientMLE(tol=1e-10))
    regressor.fit(gappy[["a", "b"]], gappy[["c", "d"]])
    point = pd.DataFrame({"a": [5.0], "b": [3.0]})
    np.testing.assert_allclose(regressor.predict(point)[0], law.mean_, rtol=1e-6)
    assert np.isfinite(regressor.summary()["std_error"]).all()


def test_limits_of_detection_go_with_their_features(rng):
    X = rng.standard_normal((60, 3)) @ np.array([[1.0, 0.5, 0.2], [0, 1, 0.4], [0, 0, 1]])
    frame = pd.DataFrame(np.maximum(X, [-1, -np.inf, -0.5]), columns=["a", "b", "c"])
    model = GaussianGradientMLE(censoring_limits=({"a": -1.0, "c": -0.5}, None)).fit(frame)
    marginal = model.marginal(["c", "b"])
    mean, scale = model.mean_[2], model.scale_[2]
    below, above = [[-0.5, np.nan]], [[0.25, np.nan]]
    expected = norm(mean, scale)
    row = pd.DataFrame(below, columns=["c", "b"])
    assert marginal.score_samples(row)[0] == pytest.approx(expected.logcdf(-0.5), rel=1e-10)
    row = pd.DataFrame(above, columns=["c", "b"])
    assert marginal.score_samples(row)[0] == pytest.approx(expected.logpdf(0.25), rel=1e-10)
    conditional = model.conditional({"a": 0.3, "b": 0.0})
    left = norm(conditional.mean_[0], conditional.scale_[0])
    row = pd.DataFrame([[-2.0]], columns=["c"])
    assert conditional.score(row) == pytest.approx(left.logcdf(-0.5), rel=1e-10)


def test_upper_ends_are_not_asked_of_a_law(rng):
    """It has no data, so it cannot know whether they were intervals, and does not warn."""
    lower = np.floor(2 * rng.standard_normal((60, 2))) / 2
    model = GaussianGradientMLE(covariance_type="diag").fit(lower, X_upper=lower + 0.5)
    marginal = model.marginal([1])
    assert np.isfinite(marginal.score(lower[:, 1:]))
    expected = norm(model.mean_[1], model.scale_[1])
    probability = expected.cdf(lower[:, 1] + 0.5) - expected.cdf(lower[:, 1])
    np.testing.assert_allclose(
        marginal.score_samples(lower[:, 1:], X_upper=lower[:, 1:] + 0.5), np.log(probability)
    )


def test_a_truncated_fit_has_the_laws_of_its_parent(rng):
    X = rng.standard_normal((300, 2)) @ np.array([[1.0, 0.6], [0.0, 0.8]])
    X = X[X[:, 0] > -1]
    model = GaussianGradientMLE(truncation_limits=([-1, np.nan], None)).fit(X)
    marginal = model.marginal([0])
    assert marginal.truncation_limits is None
    np.testing.assert_allclose(
        marginal.score_samples([[-3.0], [0.5]]),
        norm(model.mean_[0], model.scale_[0]).logpdf([-3.0, 0.5]),
        rtol=1e-12,
    )
    conditional = model.conditional({0: 0.5})
    slope = model.covariance_[0, 1] / model.covariance_[0, 0]
    assert conditional.mean_[0] == pytest.approx(
        model.mean_[1] + slope * (0.5 - model.mean_[0]), rel=1e-12
    )


def test_no_rows_can_be_added_to_a_marginal(iris):
    marginal = GaussianGradientMLE().fit(iris).marginal([0, 1])
    mean = marginal.mean_.copy()
    with pytest.raises(ValueError, match="Call partial_fit on the fitted model"):
        marginal.partial_fit(iris.iloc[:, :2])
    np.testing.assert_array_equal(marginal.mean_, mean)
