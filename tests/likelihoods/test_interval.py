"""Values known only to an interval: the maximum of the likelihood, and nothing else."""

import warnings

import numpy as np
import pytest
from likelihoods.test_interval_information import likelihood_of
from marks import each_family, each_value, exhaustive, pairwise
from models import factor_of, fit_quietly
from oracles import MANGANESE, TOBIN, coarse_log_likelihood, five_point_gradient, maximised
from scipy.optimize import minimize
from scipy.stats import norm
from sklearn.base import clone
from sklearn.datasets import load_iris, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import scale

from skgauss import GaussianGradientMLE
from skgauss.likelihoods import interval

INF = np.inf


def coarsened(X, rng, interval=0.3, missing=0.1):
    """Ends of intervals of all kinds, some values exact, some missing."""
    lower, upper = X.copy(), X.copy()
    draw = rng.random(X.shape)
    below, above = rng.exponential(size=(2, *X.shape))
    within = draw < interval
    kind = rng.integers(0, 3, X.shape)
    lower[within] = np.where(kind == 0, -INF, X - below)[within]
    upper[within] = np.where(kind == 1, INF, X + above)[within]
    gone = draw > 1 - missing
    lower[gone], upper[gone] = -INF, INF
    return lower, upper


@pytest.fixture
def correlated_rows(rng):
    mixing = np.array([[1.0, 0, 0, 0], [0.6, 0.8, 0, 0], [-0.3, 0.5, 0.7, 0], [0.2, -0.4, 0.1, 1]])
    return rng.standard_normal((80, 4)) @ mixing.T + [1.0, -2.0, 0.3, 5.0]


# -- published figures


def test_tobit_regression_of_r():
    """Printed by summary(survreg(Surv(durable, durable > 0, type="left") ~ age + quant)).

    With all of the regressors known the likelihood of the joint Gaussian is that of their own
    times that of the regression.
    """
    model = GaussianGradientMLE(censoring_limits=([0, None, None], None), tol=1e-9).fit(TOBIN)
    covariance, mean = model.covariance_, model.mean_
    slopes = np.linalg.solve(covariance[1:, 1:], covariance[1:, 0])
    deviation = np.sqrt(covariance[0, 0] - slopes @ covariance[1:, 0])
    assert slopes.round(5).tolist() == [-0.12906, -0.04554]
    assert round(mean[0] - slopes @ mean[1:], 5) == 15.14487
    assert round(np.log(deviation), 5) == 1.71785
    regressors = GaussianGradientMLE().fit(TOBIN[:, 1:])
    assert round(20 * (model.log_likelihood_ - regressors.log_likelihood_), 1) == -28.9


def test_manganese_of_envstats():
    """Printed by its enormCensored(log(Manganese.ppb), Censored, ci=TRUE), the profile included."""
    censored = np.isin(np.arange(25), [0, 4, 5, 10, 18, 24])
    upper = np.log(MANGANESE)[:, None]
    lower = np.where(censored[:, None], np.nan, upper)
    model = GaussianGradientMLE(tol=1e-9).fit(lower, X_upper=upper)
    assert model.mean_.round(6) == 2.215905
    assert model.scale_.round(6) == 1.356291
    found = model.confidence_intervals(method="profile")
    np.testing.assert_allclose(found.mean[0], [1.595062, 2.771197], atol=1e-6)


def test_one_feature_against_a_general_optimiser():
    """The model with an intercept only, of which R prints the log-likelihood, -29.5."""
    model = GaussianGradientMLE(censoring_limits=(0, None), tol=1e-10).fit(TOBIN[:, :1])
    assert round(20 * model.log_likelihood_, 1) == -29.5
    x = TOBIN[:, 0]

    def log_likelihood(mean, covariance):
        law = norm(mean[0], np.sqrt(covariance[0, 0]))
        return np.where(x > 0, law.logpdf(x), law.logcdf(0)).mean()

    mean, covariance = maximised(log_likelihood, np.zeros(1), 10 * np.eye(1))
    highest = log_likelihood(mean, covariance)
    lost = 4 * np.spacing(abs(highest))  # each value is a sum that rounds
    assert log_likelihood(model.mean_, model.covariance_) >= highest - lost
    np.testing.assert_allclose(model.mean_, mean, atol=1e-7)
    np.testing.assert_allclose(model.scale_, np.sqrt(covariance[0]), atol=1e-7)


@pytest.mark.parametrize("few", [0, 10_000])
def test_many_intervals_are_climbed_without_newton_s_steps(monkeypatch, few):
    monkeypatch.setattr(interval, "_FEW_INTERVALS", few)
    x = TOBIN[:, 0]
    model = GaussianGradientMLE(censoring_limits=(0, None), tol=1e-10).fit(x[:, None])

    def log_likelihood(theta):
        law = norm(*theta)
        return np.where(x > 0, law.logpdf(x), law.logcdf(0)).mean()

    found = np.append(model.mean_, model.scale_)
    np.testing.assert_allclose(five_point_gradient(log_likelihood, found), 0, atol=1e-9)
    assert model.converged_


# -- value and gradient


@each_family
def test_value_against_scipy(correlated_rows, rng, covariance_type):
    lower, upper = coarsened(correlated_rows[:40, :3], rng)
    likelihood = likelihood_of(lower, upper, covariance_type)
    family = likelihood.family
    mean, full = np.array([0.9, -1.5, 0.0]), np.cov(correlated_rows[:, :3].T)
    factor = factor_of(family, full)
    at = likelihood.evaluate(mean, factor)
    covariance = family.square(factor)
    matrix = covariance if family.correlated else np.diag(np.broadcast_to(covariance, 3))
    expected = coarse_log_likelihood(lower, upper, mean, matrix)
    assert likelihood.log_likelihood(at) == pytest.approx(expected, rel=1e-7)


@each_value(ridge=[0.0, 0.1], covariance_type=["full", "diag", "spherical"])
def test_gradient_against_differences(correlated_rows, rng, covariance_type, ridge):
    """Four features, so that a lattice is among the integrals."""
    lower, upper = coarsened(correlated_rows[:12], rng, interval=0.6)
    likelihood = likelihood_of(lower, upper, covariance_type, ridge)
    family = likelihood.family
    mean = correlated_rows.mean(axis=0) + 0.1
    factor = factor_of(family, np.cov(correlated_rows.T))
    at = likelihood.evaluate(mean, factor)

    triangle = np.tril_indices(4)

    def along(step):
        block = step[4:]
        if family.correlated:
            block = np.zeros((4, 4))
            block[triangle] = step[4:]
            block += block.T
        point = family.retract(mean, factor, np.concatenate((step[:4], block.reshape(-1))))
        return likelihood.evaluate(*point).value

    gradient = at.natural_gradient
    if family.correlated:
        block = gradient[4:].reshape(4, 4)
        gradient = np.concatenate((gradient[:4], (block + block.T)[triangle]))
    differences = five_point_gradient(along, np.zeros(gradient.size), step=2e-3)
    np.testing.assert_allclose(gradient, differences, atol=1e-8)


# -- the maximum


@pairwise(
    solver=["natural", "gradient", "coordinate", "lbfgs", "newton"],
    parametrization=["scale", "log-scale", "covariance", "precision"],
    covariance_type=["full", "diag", "spherical"],
)
def test_every_solver_reaches_the_maximum(rng, solver, parametrization, covariance_type):
    X = scale(load_iris().data)[:, :2]
    limits = (np.quantile(X, 0.3, axis=0), np.quantile(X, 0.9, axis=0))
    fixed = {"censoring_limits": limits, "covariance_type": covariance_type, "tol": 1e-7}
    model = GaussianGradientMLE(solver=solver, parametrization=parametrization, **fixed).fit(X)
    assert model.converged_
    expected = GaussianGradientMLE(**fixed).fit(X)
    np.testing.assert_allclose(model.mean_, expected.mean_, atol=1e-6)
    np.testing.assert_allclose(model.covariance_, expected.covariance_, atol=1e-6)
    assert model.score(X) == pytest.approx(model.log_likelihood_, rel=1e-12)


def test_two_features_with_gaps_are_stationary_by_scipy(correlated_rows, rng):
    lower, upper = coarsened(correlated_rows[:40, :2], rng)
    weights = rng.integers(1, 4, len(lower))
    model = GaussianGradientMLE(tol=1e-9).fit(lower, sample_weight=weights, X_upper=upper)

    def log_likelihood(theta):
        factor = np.array([[theta[2], 0.0], theta[3:]])
        return coarse_log_likelihood(lower, upper, theta[:2], factor @ factor.T, weights)

    factor = np.linalg.cholesky(model.covariance_)
    theta = np.concatenate((model.mean_, factor[[0, 1, 1], [0, 0, 1]]))
    assert model.log_likelihood_ == pytest.approx(log_likelihood(theta), rel=1e-10)
    np.testing.assert_allclose(five_point_gradient(log_likelihood, theta, 1e-3), 0, atol=1e-8)


@each_family
def test_a_rate_of_one_is_the_em_step(covariance_type):
    """From the standard normal, whose truncated moments are known by Mills' ratio."""
    X = scale(load_iris().data)[:, :3]
    limits = np.quantile(X, 0.3, axis=0)
    model = GaussianGradientMLE(
        learning_rate=1.0,
        max_iter=1,
        record_path=True,
        censoring_limits=(limits, None),
        covariance_type=covariance_type,
    )
    with pytest.warns(ConvergenceWarning):
        model.fit(X)
    mills = norm.pdf(limits) / norm.cdf(limits)
    spread = np.where(limits >= X, 1 - mills * (limits + mills), 0.0).mean(axis=0)
    filled = np.where(limits >= X, -mills, X)
    covariance = np.cov(filled.T, ddof=0) + np.diag(spread)
    if covariance_type != "full":
        covariance = covariance.diagonal()
    if covariance_type == "spherical":
        covariance = covariance.mean()
    np.testing.assert_allclose(model.mean_path_[1], filled.mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(model.covariance_path_[1], covariance, atol=1e-12)


@exhaustive
def test_an_identity_of_units(correlated_rows, rng):
    """At 1e-100 and 1e+100 side by side the estimates are the same."""
    lower, upper = coarsened(correlated_rows, rng)
    units, shift = np.array([1e-100, 1e100, 3.0, 1e-3]), np.array([0.0, 0.0, 50.0, 7.0])
    plain = GaussianGradientMLE(tol=1e-8).fit(lower, X_upper=upper)
    moved = GaussianGradientMLE(tol=1e-8).fit(
        units * (lower + shift), X_upper=units * (upper + shift)
    )
    np.testing.assert_allclose(moved.mean_ / units - shift, plain.mean_, atol=2e-4)
    np.testing.assert_allclose(moved.correlation_, plain.correlation_, atol=2e-4)


# -- limits of what an interval is


@each_family
def test_narrow_intervals_are_values(correlated_rows, covariance_type):
    X = correlated_rows[:, :3]
    lower, upper = X - 1e-13, X + 1e-13
    exact = GaussianGradientMLE(covariance_type=covariance_type, tol=1e-8).fit(X)
    model = GaussianGradientMLE(covariance_type=covariance_type, tol=1e-8)
    model.fit(lower, X_upper=upper)
    np.testing.assert_allclose(model.mean_, exact.mean_, atol=1e-7)
    np.testing.assert_allclose(model.covariance_, exact.covariance_, atol=1e-7)
    width = np.log(upper - lower).sum(axis=1).mean()
    assert model.log_likelihood_ - width == pytest.approx(exact.log_likelihood_, abs=1e-9)


@each_family
def test_intervals_without_ends_are_missing_values(correlated_rows, rng, covariance_type):
    X = correlated_rows
    gaps = np.where(rng.random(X.shape) < 0.2, np.nan, X)
    upper = gaps.copy()
    upper[::2] = np.where(np.isnan(gaps), INF, gaps)[::2]
    expected = GaussianGradientMLE(covariance_type=covariance_type).fit(gaps)
    model = GaussianGradientMLE(covariance_type=covariance_type).fit(gaps, X_upper=upper)
    np.testing.assert_array_equal(model.covariance_, expected.covariance_)


def test_huge_intervals_are_missing_values(correlated_rows, rng):
    X = correlated_rows
    wide = rng.random(X.shape) < 0.2
    gaps = np.where(wide, np.nan, X)
    expected = GaussianGradientMLE(tol=1e-9).fit(gaps)
    model = GaussianGradientMLE(tol=1e-9).fit(
        np.where(wide, -1e9, X), X_upper=np.where(wide, 1e9, X)
    )
    np.testing.assert_allclose(model.mean_, expected.mean_, atol=1e-7)
    np.testing.assert_allclose(model.covariance_, expected.covariance_, atol=1e-7)


@each_family
def test_limits_that_nothing_reaches_change_no_bit(covariance_type):
    X = load_wine().data
    plain = GaussianGradientMLE(covariance_type=covariance_type).fit(X)
    model = GaussianGradientMLE(covariance_type=covariance_type, censoring_limits=(-1e9, 1e9))
    for each in (model.fit(X), model.fit(X, X_upper=X)):
        np.testing.assert_array_equal(each.mean_, plain.mean_)
        np.testing.assert_array_equal(each.covariance_, plain.covariance_)
        assert each.log_likelihood_ == plain.log_likelihood_


def test_sheppard_s_correction_of_rounded_data(rng):
    """Variances of rounded data are too large by the square of the width over twelve."""
    X = rng.standard_normal((20_000, 2)) @ np.array([[1.0, 0.6], [0.0, 0.8]])
    width = 0.8
    rounded = width * np.round(X / width)
    model = GaussianGradientMLE().fit(rounded - width / 2, X_upper=rounded + width / 2)
    naive = np.cov(rounded.T, ddof=0)
    corrected = naive - np.eye(2) * width**2 / 12
    np.testing.assert_allclose(model.covariance_, corrected, atol=1e-3)


# -- rows


@exhaustive
def test_weights_are_repeats_and_the_order_of_rows_is_nothing(correlated_rows, rng):
    lower, upper = coarsened(correlated_rows, rng)
    weights = rng.integers(0, 4, len(lower))
    again = rng.permutation(np.repeat(np.arange(len(lower)), weights))
    for covariance_type in ("full", "diag", "spherical"):
        model = GaussianGradientMLE(covariance_type=covariance_type, tol=1e-9)
        model.fit(lower, sample_weight=weights, X_upper=upper)
        mean, covariance, value = model.mean_, model.covariance_, model.log_likelihood_
        model.fit(lower[again], X_upper=upper[again])
        np.testing.assert_allclose(model.mean_, mean, atol=1e-8)
        np.testing.assert_allclose(model.covariance_, covariance, atol=1e-8)
        assert model.log_likelihood_ == pytest.approx(value, rel=1e-12)


@exhaustive
def test_chunks_end_where_a_fit_does(correlated_rows, rng):
    """Chunks of rows with intervals, without any, and with missing values."""
    lower, upper = coarsened(correlated_rows, rng)
    upper[:20] = lower[:20] = correlated_rows[:20]
    lower[20:40], upper[20:40] = (np.where(rng.random((20, 4)) < 0.2, np.nan, upper[:20]),) * 2
    for covariance_type in ("full", "diag"):
        model = GaussianGradientMLE(covariance_type=covariance_type, tol=1e-9)
        whole = GaussianGradientMLE(covariance_type=covariance_type, tol=1e-9)
        whole.fit(lower, X_upper=upper)
        for start in range(0, len(lower), 20):
            rows = slice(start, start + 20)
            model.partial_fit(lower[rows], X_upper=upper[rows])
        np.testing.assert_allclose(model.covariance_, whole.covariance_, atol=1e-7)
        again = GaussianGradientMLE(covariance_type=covariance_type, tol=1e-9)
        again.fit_statistics(model.sufficient_statistics_)
        np.testing.assert_allclose(again.covariance_, whole.covariance_, atol=1e-7)


def test_equal_rows_are_one(rng):
    X = rng.standard_normal((10_000, 3))
    model = GaussianGradientMLE(covariance_type="diag", censoring_limits=(-0.5, 1.0)).fit(X)
    assert len(model.sufficient_statistics_.lower) == 6
    one = GaussianGradientMLE(censoring_limits=(-0.5, 1.0)).fit(X[:, :1])
    assert len(one.sufficient_statistics_.lower) == 2


# -- no maximum


def fit_one(lower, upper, weights=None, **parameters):
    return GaussianGradientMLE(**parameters).fit(np.c_[lower], None, weights, np.c_[upper])


@pytest.mark.parametrize("covariance_type", ["full", "spherical"])
@pytest.mark.parametrize(
    ("lower", "upper", "message"),
    [
        ([-INF, -INF, -INF], [1, 2, 3], "'feature 0' is censored on the same side"),
        ([1, 2, 2], [INF, INF, INF], "'feature 0' is censored on the same side"),
        ([-INF, 2, 3], [1, INF, INF], "'feature 0' is known only to lie below limits or"),
        ([-INF, 1], [1, INF], "'feature 0' is known only to lie below limits or"),
        ([0, 0.5, 1], [2, 3, 4], "'feature 0' has intervals that all share a point"),
        ([1, 0, 1], [1, 2, 1], "'feature 0' has intervals that all share a point"),
    ],
)
def test_intervals_that_determine_nothing(lower, upper, message, covariance_type):
    with pytest.raises(ValueError, match=message) as refused:
        fit_one(lower, upper, covariance_type=covariance_type)
    if "reg_covar" in str(refused.value):
        assert fit_one(lower, upper, covariance_type=covariance_type, reg_covar=0.1).converged_
    else:
        with pytest.raises(ValueError, match=message):
            fit_one(lower, upper, covariance_type=covariance_type, reg_covar=0.1)
        more = np.append(lower, (0.5, 2.5)), np.append(upper, (0.5, 3.0))
        assert fit_one(*more, covariance_type=covariance_type).converged_


@pytest.mark.parametrize(
    ("lower", "upper", "message"),
    [
        (-INF, 1.0, "is censored on the same side"),
        ((-INF, 1.0), (1.0, INF), "is known only to lie below limits or above others"),
        ((-INF, 1.0), (0.5, INF), "is known only to lie below limits or above others"),
        ((0.0, 0.5), (2.0, 3.0), "has intervals that all share a point"),
    ],
)
@pytest.mark.parametrize("covariance_type", ["full", "diag"])
def test_intervals_that_determine_nothing_beside_another_feature(
    rng, lower, upper, message, covariance_type
):
    seen = rng.standard_normal(30)
    ends = [np.column_stack((seen, np.resize(end, 30))) for end in (lower, upper)]
    model = GaussianGradientMLE(covariance_type=covariance_type)
    with pytest.raises(ValueError, match=f"'feature 1' {message}"):
        model.fit(ends[0], X_upper=ends[1])


def test_an_exact_value_on_the_other_side_of_a_limit_is_enough():
    limit = np.ones(9)
    assert fit_one(np.append(-INF * limit, 1.5), np.append(limit, 1.5)).converged_
    assert fit_one(np.append(limit, 0.5), np.append(INF * limit, 0.5)).converged_


def test_what_determines_a_feature_does_so():
    """The smallest samples that have a maximum, by symmetry at the middle."""
    for lower, upper in (
        ([0, 1, 2, 1, 1], [1, 2, 3, 2, 2]),
        ([-INF, 0, -1, 1], [-1, 0, 1, INF]),
    ):
        model = fit_one(lower, upper)
        assert model.converged_
        middle = 1.5 if lower[0] == 0 else 0.0
        np.testing.assert_allclose(model.mean_, middle, atol=1e-6)


def test_a_variance_that_grows_without_bound_is_told(rng):
    """The larger the limit, the fewer lie below it: as if their slope were negative.

    Of a feature by itself it is known before the climb, of correlated ones the climb shows it.
    """
    lower, upper = [-INF, -INF, -INF, 2, 3, 2.5], [1, 2.2, 3.5, INF, INF, INF]
    with pytest.raises(ValueError, match=r"'feature 0' is known only .* on average are no lower"):
        fit_one(lower, upper)
    beside = rng.standard_normal((6, 1))
    rows = np.column_stack((lower, beside)), np.column_stack((upper, beside))
    with pytest.warns(ConvergenceWarning, match="variance of 'feature 0' grows without bound"):
        model = GaussianGradientMLE().fit(rows[0], X_upper=rows[1])
    assert model.stop_reason_ == "unbounded"
    more = np.append(lower, (1.0, 2.0)), np.append(upper, (1.0, 3.0))
    assert fit_one(*more).converged_


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("covariance_type", ["full", "spherical"])
def test_open_intervals_have_a_maximum_where_their_probit_regression_has_a_slope(
    covariance_type, seed
):
    """In (mu, 1) / sigma it is that regression of below or above on the limit: concave."""
    rng = np.random.default_rng(seed)
    limits, below = rng.normal(size=8), rng.random(8) < 0.5
    below[:2] = True, False
    sign = np.where(below, 1.0, -1.0)
    regression = minimize(
        lambda b: -norm.logcdf(sign * (b[0] + b[1] * limits)).sum(), np.zeros(2), method="BFGS"
    )
    ends = np.where(below, -INF, limits), np.where(below, limits, INF)
    separated = limits[below].min() > limits[~below].max()
    if separated or regression.x[1] < 0:
        with pytest.raises(ValueError, match="'feature 0'"):
            fit_one(*ends, covariance_type=covariance_type)
        return
    model = fit_one(*ends, covariance_type=covariance_type, tol=1e-9)
    np.testing.assert_allclose(model.scale_, 1 / regression.x[1], rtol=1e-4)


@pytest.mark.parametrize("n", [300, 30_000, 1_000_000])
def test_three_classes_of_which_that_in_the_middle_is_rare(n):
    """Three classes determine mean and deviation: their shares are met exactly."""
    shares = np.array([0.4 * n, 0.4 * n + 1]) / n
    weights = [0.4 * n, 1, 0.6 * n - 1]
    lower, upper = [-INF, 0, 1], [0, 1, INF]
    model = fit_one(lower, upper, weights, tol=1e-10)
    near, far = norm.ppf(shares)
    assert model.converged_
    np.testing.assert_allclose(model.scale_, 1 / (far - near), rtol=1e-6)
    np.testing.assert_allclose(model.mean_, near / (near - far), rtol=1e-6)


@pytest.mark.parametrize("covariance_type", ["full", "diag"])
@pytest.mark.parametrize("far", [1e3, 1e7, 1e10, 1e100])
def test_an_end_far_away_is_open(rng, far, covariance_type):
    lower = rng.standard_normal((100, 2))
    upper = lower.copy()
    lower[:10, 0], upper[:10, 0] = 0.0, INF
    model = GaussianGradientMLE(covariance_type=covariance_type, tol=1e-9)
    right = clone(model).fit(lower, X_upper=upper)
    for rows in (slice(10), slice(1), slice(1, 10)):
        upper[rows, 0] = far
        model.fit(lower, X_upper=upper)
        assert model.converged_
        np.testing.assert_allclose(model.mean_, right.mean_, atol=1e-8)
        np.testing.assert_allclose(model.covariance_, right.covariance_, atol=1e-8)
        upper[rows, 0] = INF


def test_signs_and_two_values():
    """Newton's steps on the information: two rows in a thousand tell the deviation."""
    x = np.random.default_rng(0).normal(0.3, 1, 100_000)
    lower, upper = np.where(x > 0, 0, -INF), np.where(x > 0, INF, 0)
    values = [0.5, -0.4]
    model = fit_one(np.append(lower, values), np.append(upper, values), max_iter=50, tol=1e-9)
    assert model.converged_
    above = np.count_nonzero(x > 0)

    def log_likelihood(mean, covariance):
        law = norm(mean[0], np.sqrt(covariance[0, 0]))
        signs = above * law.logsf(0) + (len(x) - above) * law.logcdf(0)
        return signs + law.logpdf(values).sum()

    _, covariance = maximised(log_likelihood, model.mean_, 2 * model.covariance_)
    np.testing.assert_allclose(model.scale_, np.sqrt(covariance[0]), rtol=1e-4)


def test_a_censored_feature_that_others_explain_is_unbounded(rng):
    x = rng.standard_normal(60)
    X = np.column_stack((x, 2 * x + 1, rng.standard_normal(60)))
    limits = ([None, 0.0, None], None)
    with pytest.warns(ConvergenceWarning, match="direction of 'feature 0', 'feature 1'"):
        model = GaussianGradientMLE(censoring_limits=limits).fit(X)
    assert model.stop_reason_ == "unbounded"
    assert GaussianGradientMLE(censoring_limits=limits, reg_covar=0.01).fit(X).converged_


def test_a_climb_that_no_lattice_helps_ends(rng):
    """Six rows of five features lie near a plane, whose lattices have the most points already."""
    X = rng.standard_normal((6, 2)) @ rng.standard_normal((2, 5))
    lower = np.floor(X / 1e-3) * 1e-3
    model = fit_quietly(GaussianGradientMLE(max_iter=20), lower, X_upper=lower + 1e-3)
    assert model.stop_reason_ == "unbounded"
    assert model.n_iter_ < 20


def test_closed_form_names_what_it_does_not_serve():
    with pytest.raises(ValueError, match="does not support data with values known only to an"):
        GaussianGradientMLE(solver="closed-form", censoring_limits=(0, None)).fit(TOBIN[:, :1])


def test_a_failed_fit_leaves_the_last_one(rng):
    model = GaussianGradientMLE(censoring_limits=(0, None)).fit(TOBIN[:, :1])
    mean = model.mean_.copy()
    with pytest.raises(ValueError, match="has no maximum"):
        model.fit(-TOBIN[:, :1])
    np.testing.assert_array_equal(model.mean_, mean)


@exhaustive
def test_the_bound_of_the_step_is_that_of_a_hessian():
    """One feature, parameter sigma: the bound against second differences."""
    limits = (0, None)
    model = GaussianGradientMLE(solver="gradient", censoring_limits=limits, tol=1e-9)
    model.fit(TOBIN[:, :1])
    x, theta = TOBIN[:, 0], np.array([model.mean_[0], model.scale_[0]])

    def gradient(at):
        def value(t):
            return np.where(x > 0, norm.logpdf(x, *t), norm.logcdf(0, *t)).mean()

        return five_point_gradient(value, at, step=1e-3)

    step = 1e-3 * np.eye(2)
    hessian = [(gradient(theta + s) - gradient(theta - s)) / 2e-3 for s in step]
    bound = 2 / np.linalg.eigvalsh(-np.array(hessian)).max()
    assert model.learning_rate_bound_ == pytest.approx(bound, rel=1e-4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for share, converges in ((0.9, True), (1.2, False)):
            start = {"mean_init": model.mean_ + 0.01, "covariance_init": model.covariance_}
            climb = GaussianGradientMLE(
                solver="gradient", learning_rate=share * bound, censoring_limits=limits, **start
            ).fit(TOBIN[:, :1])
            assert climb.converged_ is converges
