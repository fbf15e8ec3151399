"""Truncated samples with values that are missing or known only to an interval."""

import mpmath
import numpy as np
import pandas as pd
import pytest
from counting import count_calls
from marks import FAMILIES, each_family, each_value, exhaustive
from models import assert_same_gaussian, with_gaps
from oracles import coarse_log_likelihood, five_point_gradient
from scipy.integrate import quad
from scipy.stats import norm, truncnorm
from search.costs import draw
from search.pairs import draw as draw_pairs
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from skgauss import GaussianGradientMLE, GaussianImputer, likelihood_ratio_test
from skgauss.boxes import lattice
from skgauss.likelihoods import NoMaximumError
from skgauss.likelihoods.truncated_full import TruncatedFull
from skgauss.solvers import accelerated

mostly_full = pytest.mark.parametrize(
    "covariance_type", ["full", *(pytest.param(each, marks=exhaustive) for each in FAMILIES[1:])]
)
INF = np.inf
MEAN, COVARIANCE = np.array([0.2, -0.3]), np.array([[1.0, 0.6], [0.6, 2.0]])
LIMITS = np.array([-0.5, -2.0]), np.array([INF, 1.5])


def seen(rng, n, mean=MEAN, covariance=COVARIANCE, limits=LIMITS):
    """Rows of a parent inside limits, by rejection."""
    X = rng.multivariate_normal(mean, covariance, 20 * n + 100)
    return X[((limits[0] <= X) & (limits[1] >= X)).all(axis=1)][:n]


@pytest.fixture
def gaps(rng):
    return with_gaps(rng, seen(rng, 300), 0.2)


@pytest.fixture
def coarse(rng):
    """Lower and upper ends of values, some of them equal, some missing."""
    X = seen(rng, 200)
    below, above = np.where(rng.random((2, 200, 2)) < 0.3, rng.random((2, 200, 2)), 0.0)
    lower, upper = np.where(rng.random(X.shape) < 0.1, np.nan, [X - below, X + above])
    return lower, np.where(np.isnan(lower), np.nan, upper)


def fit(X, limits=LIMITS, X_upper=None, **parameters):
    return GaussianGradientMLE(truncation_limits=limits, **parameters).fit(X, X_upper=X_upper)


def log_window(mean, covariance, limits=LIMITS):
    """Log-probability of two features: one integrated, the other given it."""
    slope = covariance[0, 1] / covariance[0, 0]
    spread = np.sqrt(covariance[1, 1] - slope * covariance[0, 1])

    def density(x):
        center = mean[1] + slope * (x - mean[0])
        below, above = ((end[1] - center) / spread for end in limits)
        return norm.pdf(x, mean[0], np.sqrt(covariance[0, 0])) * (norm.cdf(above) - norm.cdf(below))

    far = mean[0] + 12 * np.sqrt(covariance[0, 0])
    return np.log(quad(density, limits[0][0], min(far, limits[1][0]), epsabs=0, epsrel=1e-12)[0])


def log_likelihood(lower, upper, mean, covariance):
    """Of rows of two features, one by one; what is missing lies in the window."""
    lower = np.fmax(np.where(np.isnan(lower), -INF, lower), LIMITS[0])
    upper = np.fmin(np.where(np.isnan(upper), INF, upper), LIMITS[1])
    boxes = (lower < upper).all(axis=1)
    one_by_one = coarse_log_likelihood(lower[~boxes], upper[~boxes], mean, covariance)
    both = [
        log_window(mean, covariance, ends) for ends in zip(lower[boxes], upper[boxes], strict=True)
    ]
    total = (~boxes).sum() * one_by_one + sum(both)
    return total / len(lower) - log_window(mean, covariance)


# -- the maximum


def test_one_feature_against_the_likelihood_equations(rng):
    """Exact values, intervals and missing values, solved by mpmath."""
    x = truncnorm(-0.5, 2.0).rvs(60, random_state=np.random.RandomState(rng.integers(2**31)))
    below, above = np.where(np.arange(60) < 25, rng.random((2, 60)), 0.0)
    lower, upper = np.where(np.arange(60) < 55, (x - below, x + above), np.nan)

    def log_density(low, high, mean, scale):
        if low == high:
            return mpmath.log(mpmath.npdf(low, mean, scale))
        return mpmath.log(mpmath.ncdf((high - mean) / scale) - mpmath.ncdf((low - mean) / scale))

    def total(mean, scale):
        values = [
            log_density(max(low, -0.5), min(high, 2.0), mean, scale)
            for low, high in zip(lower[:55], upper[:55], strict=True)
        ]
        return sum(values) - 55 * log_density(-0.5, 2.0, mean, scale)

    with mpmath.workdps(30):
        mean, scale = mpmath.findroot(
            lambda m, s: [mpmath.diff(total, (m, s), n) for n in ((1, 0), (0, 1))],
            (0.0, 1.0),  # of the parent
        )
        value = float(total(mean, scale)) / 60
    ends = lower[:, None], upper[:, None]
    for covariance_type in FAMILIES:
        model = fit(ends[0], (-0.5, 2.0), ends[1], covariance_type=covariance_type, tol=1e-10)
        assert model.converged_
        assert abs(model.mean_[0] - float(mean)) < 1e-7 * model.scale_[0]
        assert abs(model.scale_[0] - float(scale)) < 1e-7 * model.scale_[0]
        assert model.log_likelihood_ == pytest.approx(value, rel=1e-12)
        assert model.score(ends[0], X_upper=ends[1]) == pytest.approx(value, rel=1e-12)


@exhaustive
@pytest.mark.parametrize("data", ["gaps", pytest.param("coarse", marks=exhaustive)])
def test_two_features_against_numerical_integration(request, data):
    ends = request.getfixturevalue(data)
    lower, upper = (ends[:60], ends[:60]) if data == "gaps" else (end[:60] for end in ends)
    model = fit(lower, X_upper=None if data == "gaps" else upper, tol=1e-9)
    assert model.converged_
    value = log_likelihood(lower, upper, model.mean_, model.covariance_)
    assert model.log_likelihood_ == pytest.approx(value, rel=1e-11)
    scores = model.score_samples(lower, X_upper=upper)
    assert scores.mean() == pytest.approx(value, rel=1e-11)

    def along(theta):
        root = np.array([[theta[2], 0.0], theta[3:]])
        return log_likelihood(lower, upper, theta[:2], root @ root.T)

    root = np.linalg.cholesky(model.covariance_)
    at = np.concatenate((model.mean_, root[0, :1], root[1]))
    np.testing.assert_allclose(five_point_gradient(along, at), 0.0, atol=1e-7)


@each_family
def test_without_gaps_it_is_the_likelihood_of_complete_data(rng, covariance_type):
    """An empty interval is an exact value, and a row without any value says nothing."""
    X = seen(rng, 200)
    plain = fit(X, covariance_type=covariance_type, tol=1e-9)
    more = np.vstack([X, np.full((50, 2), np.nan)])
    model = fit(more, covariance_type=covariance_type, tol=1e-9)
    assert_same_gaussian(model, plain)
    assert 250 * model.log_likelihood_ == pytest.approx(200 * plain.log_likelihood_, rel=1e-9)
    assert model.score_samples(more)[-1] == 0.0


@mostly_full
def test_a_missing_value_is_an_interval_with_the_ends_of_the_window(gaps, covariance_type):
    lower, upper = (np.where(np.isnan(gaps), end, gaps) for end in LIMITS)
    model = fit(gaps, covariance_type=covariance_type, tol=1e-9)
    same = fit(lower, X_upper=upper, covariance_type=covariance_type, tol=1e-9)
    assert_same_gaussian(model, same)
    wider = fit(lower - (lower < upper), X_upper=upper + (lower < upper), tol=1e-9)
    assert_same_gaussian(wider, fit(gaps, tol=1e-9))
    with pytest.warns(UserWarning, match="fitted with X_upper"):
        fit(lower, X_upper=np.where(upper == 1.5, 1.4, upper)).score(gaps)
    model.score(gaps)  # without the warning


def test_independent_features_are_samples_of_their_own(gaps):
    """Each of the rows that show it, whose maximum is found at once."""
    model = fit(gaps, covariance_type="diag")
    assert model.n_iter_ <= 12
    for j in range(2):
        shown = gaps[~np.isnan(gaps[:, j])][:, [j]]
        alone = fit(shown, tuple(end[[j]] for end in LIMITS))
        assert model.mean_[j] == pytest.approx(alone.mean_[0], rel=1e-9)
        assert model.scale_[j] == pytest.approx(alone.scale_[0], rel=1e-9)


def test_independent_features_have_ridges_of_their_own(coarse):
    """A value that is missing beside an interval does not count, inside a window or not."""
    lower, upper = coarse
    ridge, n = np.array([0.02, 0.05]), (~np.isnan(lower)).any(axis=1).sum()
    n_j = (~np.isnan(lower)).sum(axis=0)
    assert (n_j < n).all()
    both = fit(lower, X_upper=upper, covariance_type="diag", reg_covar=ridge, tol=1e-9)
    for j in range(2):
        alone = GaussianGradientMLE(
            truncation_limits=tuple(end[j] for end in LIMITS),
            reg_covar=ridge[j] * n / n_j[j],
            tol=1e-9,
        ).fit(lower[:, [j]], X_upper=upper[:, [j]])
        assert both.mean_[j] == pytest.approx(alone.mean_[0], rel=1e-5)
        assert both.covariance_[j] == pytest.approx(alone.covariance_[0, 0], rel=1e-5)


def test_one_variance_against_the_likelihood_equations(gaps):
    """Which the rows that show a feature weigh."""
    model = fit(gaps, covariance_type="spherical", tol=1e-10)
    weights = (~np.isnan(gaps)).sum(axis=0)
    scale = model.scale_[0]
    inside = [
        truncnorm(*((end[j] - model.mean_[j]) / scale for end in LIMITS), model.mean_[j], scale)
        for j in range(2)
    ]
    means, variances = np.array([each.stats("mv") for each in inside]).T
    np.testing.assert_allclose(means, np.nanmean(gaps, axis=0), rtol=1e-8)
    data = weights @ (np.nanvar(gaps, axis=0) + np.nanmean(gaps, axis=0) ** 2)
    assert weights @ (variances + means**2) == pytest.approx(data, rel=1e-8)


def test_features_without_limits_may_be_missing(rng):
    """Then nothing is filled in: missing stays an interval without ends."""
    X = seen(rng, 400)
    X = np.column_stack([X, X @ [1.0, -0.5] + rng.standard_normal(len(X))])
    limits = np.append(LIMITS[0], -INF), np.append(LIMITS[1], INF)
    X[rng.random(len(X)) < 0.3, 2] = np.nan
    model = fit(X, limits, tol=1e-9)
    assert model.converged_
    assert not model.sufficient_statistics_.coarse
    # The third is regressed on the others, in the rows that show it.
    two = fit(X[:, :2], tol=1e-9)
    shown = X[~np.isnan(X[:, 2])]
    design = np.column_stack([np.ones(len(shown)), shown[:, :2]])
    slopes, (rest,) = np.linalg.lstsq(design, shown[:, 2], rcond=None)[:2]
    np.testing.assert_allclose(model.mean_[:2], two.mean_, atol=1e-6)
    assert model.mean_[2] == pytest.approx(slopes[0] + slopes[1:] @ two.mean_, abs=1e-5)
    across = two.covariance_ @ slopes[1:]
    np.testing.assert_allclose(model.covariance_[2, :2], across, atol=1e-5)
    variance = slopes[1:] @ across + rest / len(shown)
    assert model.covariance_[2, 2] == pytest.approx(variance, abs=1e-5)


@exhaustive
def test_a_large_sample_recovers_its_parent(rng):
    """Within four of its standard errors; without the window's ends it would be many."""
    X = with_gaps(rng, seen(rng, 50_000), 0.2)
    model = fit(X)
    assert model.converged_
    assert model.n_iter_ <= 30
    errors = model.standard_errors()
    assert (np.abs(model.mean_ - MEAN) < 4 * errors.mean).all()
    assert (np.abs(model.covariance_ - COVARIANCE) < 4 * errors.covariance).all()
    naive = GaussianGradientMLE().fit(X)
    assert (np.abs(naive.mean_ - MEAN) > 8 * errors.mean).all()


@exhaustive
def test_detection_limits_inside_a_window(rng):
    """Values of both kinds beyond which nothing is known, and nothing is seen."""
    X = seen(rng, 50_000)
    censoring = np.array([0.0, -INF]), np.array([1.5, 0.8])
    model = fit(X, censoring_limits=censoring)
    assert model.converged_
    errors = model.standard_errors()
    assert (np.abs(model.mean_ - MEAN) < 4 * errors.mean).all()
    assert (np.abs(model.covariance_ - COVARIANCE) < 4 * errors.covariance).all()
    lower = np.where(censoring[0] >= X, LIMITS[0], np.where(censoring[1] <= X, censoring[1], X))
    upper = np.where(censoring[0] >= X, censoring[0], np.where(censoring[1] <= X, LIMITS[1], X))
    few = slice(2000)
    one, other = fit(X[few], censoring_limits=censoring), fit(lower[few], X_upper=upper[few])
    assert_same_gaussian(one, other, 1e-5)
    assert one.score(X[few]) == pytest.approx(other.score(lower[few], X_upper=upper[few]), rel=1e-5)


# -- every solver, every way of the rows


@each_value(
    solver=["natural", "newton", "gradient", "coordinate", "lbfgs"], covariance_type=FAMILIES
)
def test_all_solvers_reach_the_same_maximum(rng, solver, covariance_type):
    limits = np.array([-1.5, -2.5]), np.array([INF, 2.5])
    X = with_gaps(rng, seen(rng, 300, limits=limits), 0.2)
    options = {"limits": limits, "covariance_type": covariance_type}
    model = fit(X, solver=solver, tol=1e-7, max_iter=20_000, **options)
    assert model.converged_
    assert_same_gaussian(model, fit(X, tol=1e-9, **options), 1e-5)


@each_family
def test_weights_are_repeats(rng, coarse, covariance_type):
    lower, upper = coarse
    counts = rng.integers(0, 4, len(lower))
    weighted = GaussianGradientMLE(
        truncation_limits=LIMITS, covariance_type=covariance_type, tol=1e-9
    ).fit(lower, sample_weight=counts, X_upper=upper)
    repeated = clone(weighted).fit(
        np.repeat(lower, counts, axis=0), X_upper=np.repeat(upper, counts, axis=0)
    )
    assert_same_gaussian(weighted, repeated)
    scores = weighted.score_samples(lower, X_upper=upper)
    assert weighted.log_likelihood_ == pytest.approx(scores @ counts / counts.sum(), rel=1e-12)


@exhaustive
@mostly_full
def test_any_split_into_chunks(gaps, covariance_type):
    whole = fit(gaps, covariance_type=covariance_type, tol=1e-9)
    model = clone(whole)
    for chunk in np.array_split(gaps, 4):
        model.partial_fit(chunk)
    assert_same_gaussian(model, whole)
    parts = [clone(whole).fit(part).sufficient_statistics_ for part in np.split(gaps, 2)]
    assert_same_gaussian(clone(whole).fit_statistics(sum(parts)), whole)


@exhaustive
@pytest.mark.parametrize("most_elements", [2**20, 100])
def test_dask(gaps, monkeypatch, most_elements):
    da = pytest.importorskip("dask.array")
    from skgauss.statistics import dask as scattered

    monkeypatch.setattr(scattered, "_MAX_ELEMENTS", most_elements)
    blocks = da.from_array(gaps, chunks=(70, 2))
    model = fit(blocks, tol=1e-9)
    whole = fit(gaps, tol=1e-9)
    assert_same_gaussian(model, whole)
    scores = whole.score_samples(blocks).compute()
    np.testing.assert_allclose(scores, whole.score_samples(gaps), rtol=1e-12)
    imputed = whole.impute(blocks).compute()  # in other batches, which round on the data's scale
    rounding = 8 * np.finfo(float).eps * (abs(whole.mean_) + whole.scale_)
    assert (abs(imputed - whole.impute(gaps)) <= rounding).all()


def test_array_api(gaps, scipy_array_api):
    xp = pytest.importorskip("array_api_strict")
    from sklearn import config_context

    with config_context(array_api_dispatch=True):
        model = fit(xp.asarray(gaps))
        scores = model.score_samples(xp.asarray(gaps))
    assert_same_gaussian(model, fit(gaps), 1e-9)
    np.testing.assert_allclose(np.asarray(scores), model.score_samples(gaps), rtol=1e-12)


@mostly_full
def test_errors_are_those_of_the_curvature(gaps, covariance_type):
    """Which are a parabola's, where the likelihood of many rows is one."""
    weights = np.full(len(gaps), 1e4)
    model = GaussianGradientMLE(
        truncation_limits=LIMITS, covariance_type=covariance_type, tol=1e-10
    ).fit(gaps, sample_weight=weights)
    errors = model.standard_errors()
    profile = model.confidence_intervals(method="profile")
    half = (profile.mean[:, 1] - profile.mean[:, 0]) / 2
    np.testing.assert_allclose(half, norm.isf(0.025) * errors.mean, rtol=1e-3)
    half = (profile.scale[:, 1] - profile.scale[:, 0]) / 2
    np.testing.assert_allclose(half, norm.isf(0.025) * errors.scale, rtol=1e-3)


# -- what can be asked of the density


def inside_given(model, x):
    """The law of the second feature inside the window, given the first."""
    slope = model.covariance_[0, 1] / model.covariance_[0, 0]
    center = model.mean_[1] + slope * (x - model.mean_[0])
    spread = np.sqrt(model.covariance_[1, 1] - slope * model.covariance_[0, 1])
    ends = ((end[1] - center) / spread for end in LIMITS)
    return truncnorm(*ends, loc=center, scale=spread)


def test_gaps_are_filled_inside_the_window(gaps):
    model = fit(gaps)
    rows = gaps[~np.isnan(gaps[:, 0])]
    rows[:, 1] = np.nan
    filled, std = model.impute(rows, return_std=True)
    law = inside_given(model, rows[:, 0])
    np.testing.assert_allclose(filled[:, 1], law.mean(), rtol=1e-9)
    np.testing.assert_allclose(std[:, 1], law.std(), rtol=1e-7)
    np.testing.assert_array_equal(filled[:, 0], rows[:, 0])
    everything = model.impute(np.full((1, 2), np.nan))
    draws = model.sample(100_000, random_state=0, truncated=True)
    np.testing.assert_allclose(everything[0], draws.mean(axis=0), atol=0.02)


@each_family
def test_densities_of_what_is_seen(gaps, covariance_type):
    """The probability of a window that rows with gaps lie in is one."""
    model = fit(gaps, covariance_type=covariance_type)

    def density(x):
        return np.exp(model.score_samples([[x, np.nan]])[0])

    assert quad(density, -0.5, 10.0, epsrel=1e-10)[0] == pytest.approx(1.0, rel=1e-8)
    outside = model.score_samples([[-0.6, np.nan], [np.nan, 1.6], [0.0, np.nan], [np.nan] * 2])
    assert (np.isneginf(outside) == [True, True, False, False]).all()
    assert outside[3] == 0.0
    low, high = [[0.0, 1.5], [0.0, -3.0]], [[0.0, 2.0], [0.0, -1.0]]
    scores = model.score_samples(low, X_upper=high)
    assert (np.isneginf(scores) == [True, False]).all()


def test_the_imputer_tells_what_was_missing(gaps):
    gaps[:, 0] = np.where(np.isnan(gaps[:, 0]), 0.0, gaps[:, 0])
    imputer = GaussianImputer(truncation_limits=LIMITS, add_indicator=True)
    filled = imputer.fit_transform(gaps)
    np.testing.assert_array_equal(filled[:, 2], np.isnan(gaps[:, 1]))
    assert filled.shape == (300, 3)
    assert ((LIMITS[0] <= filled[:, :2]) & (LIMITS[1] >= filled[:, :2])).all()


# -- what is refused


def test_what_lies_outside_is_named(coarse):
    lower, upper = (pd.DataFrame(end, columns=["flux", "colour"]) for end in coarse)
    model = fit(lower, X_upper=upper)
    lower.iloc[17], upper.iloc[17] = [0.5, 1.5], [0.5, 2.0]
    with pytest.raises(
        ValueError, match=r"Row 17, counted from 0, has an interval from 1\.5 to 2 in 'colour'"
    ):
        model.fit(lower, X_upper=upper)
    lower.iloc[17, 1] = 1.75
    upper.iloc[17, 1] = 1.75
    with pytest.raises(ValueError, match=r"Row 17, counted from 0, has 1\.75 in 'colour'"):
        model.fit(lower, X_upper=upper)
    weights = np.arange(len(lower)) != 17
    assert model.fit(lower, X_upper=upper, sample_weight=weights).converged_
    model.fit(lower.drop(17), X_upper=upper.drop(17))
    with pytest.raises(ValueError, match="infinity"):
        fit([[np.nan, INF], [0.0, 1.0], [1.0, 0.0], [0.5, 0.5]], (0.0, [1.0, INF]))


def test_statistics_of_another_window_are_refused(gaps, coarse):
    statistics = GaussianGradientMLE().fit(gaps).sufficient_statistics_
    model = GaussianGradientMLE(truncation_limits=LIMITS)
    with pytest.raises(ValueError, match="Call fit or partial_fit on the rows themselves"):
        model.fit_statistics(statistics)
    assert model.fit(gaps).converged_
    independent = clone(model).set_params(covariance_type="diag")
    assert_same_gaussian(independent.fit_statistics(statistics), clone(independent).fit(gaps), 1e-9)
    intervals = GaussianGradientMLE().fit(coarse[0], X_upper=coarse[1]).sufficient_statistics_
    for covariance_type in FAMILIES:
        model.set_params(covariance_type=covariance_type)
        with pytest.raises(ValueError, match="without these truncation_limits"):
            model.fit_statistics(intervals)


@each_family
@pytest.mark.parametrize("coarse", [False, True])
def test_rows_that_show_nothing_change_nothing(rng, coarse, covariance_type):
    """Whatever the ridge: missing values, and intervals as long as the window."""
    X = with_gaps(rng, seen(rng, 300), 0.2)
    X = X[~np.isnan(X).all(axis=1)]
    nothing, weights = np.full((50, 2), np.nan), np.repeat([2.0, 1.0], [len(X), 50])
    lower, upper = np.vstack((X, nothing)), np.vstack((X, nothing))
    if coarse:
        lower[-20:], upper[-20:] = LIMITS
    parameters = {
        "covariance_type": covariance_type,
        "truncation_limits": LIMITS,
        "reg_covar": 0.02,
    }
    without = GaussianGradientMLE(**parameters).fit(X)
    for end in (None, upper) if not coarse else (upper,):
        model = GaussianGradientMLE(**parameters).fit(lower, sample_weight=weights, X_upper=end)
        assert_same_gaussian(model, without)
        informative = 2 * len(X) / weights.sum()
        assert model.log_likelihood_ == pytest.approx(informative * without.log_likelihood_)
        again = GaussianGradientMLE(**parameters).fit_statistics(model.sufficient_statistics_)
        assert_same_gaussian(again, without)
        scores = model.score_samples(lower, X_upper=end)
        assert model.log_likelihood_ == pytest.approx(np.average(scores, weights=weights))


# -- whether there is a maximum


@each_family
def test_one_feature_is_decided_before_the_climb(rng, covariance_type):
    model = GaussianGradientMLE(truncation_limits=(7.0, None), covariance_type=covariance_type)
    assert model.fit([[np.nan], [7.1], [10.9], [np.nan]]).converged_
    with pytest.raises(NoMaximumError, match="'feature 0' falls off no faster than an exp"):
        model.fit([[np.nan], [7.0], [11.0], [np.nan]])


@pytest.mark.parametrize(
    "solver", ["natural", *(pytest.param(each, marks=exhaustive) for each in ("newton", "lbfgs"))]
)
def test_a_climb_without_a_maximum(rng, solver):
    X = pd.DataFrame(with_gaps(rng, rng.gamma(0.5, size=(300, 2)), 0.2), columns=["a", "b"])
    with pytest.warns(
        ConvergenceWarning, match=r"grows without bound.*'a', 'b'.* Leave out the limits"
    ):
        model = fit(X, (0.0, None), solver=solver)
    assert model.stop_reason_ == "unbounded"
    assert model.n_iter_ <= 30
    assert GaussianGradientMLE().fit(X).converged_


@mostly_full
def test_an_interval_sample_without_a_maximum(rng, covariance_type):
    lower = np.floor(10 * rng.gamma(0.5, size=(300, 1))) / 10
    with pytest.warns(
        ConvergenceWarning, match=r"grows without bound.*'feature 0'.* Leave out the limits"
    ):
        model = fit(lower, (0.0, None), lower + 0.1, covariance_type=covariance_type)
    assert model.stop_reason_ == "unbounded"


@exhaustive
def test_a_wide_parent_is_not_taken_for_an_endless_one(rng):
    """Its variance is more than a hundred times that inside the window."""
    limit, unit = 11.0, 0.02
    x = truncnorm(limit, INF).ppf((np.arange(20_000) + 0.5) / 20_000)[:, None]
    lower = limit + unit * np.floor((x - limit) / unit)
    model = GaussianGradientMLE(truncation_limits=(limit, None), max_iter=60)
    with pytest.warns(UserWarning, match="flat"):
        model.fit(lower, X_upper=lower + unit)
    assert model.converged_
    exact = fit(x, (limit, None))
    assert exact.scale_[0] > 10 * x.std()
    assert abs(model.mean_[0] - exact.mean_[0]) < exact.standard_errors().mean[0]


def test_rows_that_wait_were_seen_through_their_window(rng):
    model = GaussianGradientMLE().partial_fit([[-3.0, -3.0]])
    model.set_params(truncation_limits=(0.5, None))
    with pytest.raises(ValueError, match="truncation_limits differ"):
        model.partial_fit(0.5 + np.abs(rng.standard_normal((20, 2))))
    assert model.sufficient_statistics_.weight == 1


def test_a_ratio_test_of_the_same_rows(gaps):
    smaller, larger = (
        GaussianGradientMLE(covariance_type=each, truncation_limits=LIMITS).fit(gaps)
        for each in ("diag", "full")
    )
    found = likelihood_ratio_test(smaller, larger)
    gain = larger.log_likelihood_ - smaller.log_likelihood_
    assert found.statistic == pytest.approx(2 * len(gaps) * gain)
    assert found.degrees_of_freedom == 1


@pytest.mark.parametrize("limits", [(0.0, None), (0.0, 9.0)])
def test_a_feature_that_is_never_seen(rng, limits):
    X = np.abs(rng.standard_normal((20, 2)))
    X[:, 1] = np.nan
    with pytest.raises(ValueError, match="'feature 1' was never observed"):
        GaussianGradientMLE(truncation_limits=limits).fit(X)


@pytest.fixture
def counted(monkeypatch):
    """How often the likelihood and its information are evaluated."""
    return count_calls(monkeypatch, TruncatedFull, "evaluate", "information")


@exhaustive
def test_a_climb_where_steps_of_em_crawl(counted):
    """Four rows of three features: some 150 such steps came no nearer to the end of the climb."""
    with pytest.warns(ConvergenceWarning, match="keeps rising"):
        model = draw(184).fit(solver="natural")
    assert model.stop_reason_ == "unbounded"
    assert counted["evaluate"] + counted["information"] <= 60


def test_a_climb_back_and_forth_comes_to_newtons_steps(counted):
    """Five rows: away from the parabola EM began anew, and quasi-Newton's steps were forgotten."""
    with pytest.warns(ConvergenceWarning, match="keeps rising"):
        draw(1038).fit(solver="natural")
    assert counted["evaluate"] <= 200


def fit_three_rows_of_six_features():
    case = draw(2026)
    model = GaussianGradientMLE(truncation_limits=case.parameters["truncation_limits"])
    with pytest.warns((ConvergenceWarning, UserWarning)):
        return model.fit(case.X)


@exhaustive
def test_three_rows_of_six_features_end_soon(monkeypatch):
    """With a ridge there is no maximum, which steps show even on a lattice with bumps."""
    monkeypatch.setattr(lattice, "_MAX_SMOOTH_COORDINATES", 0)
    model = fit_three_rows_of_six_features()
    assert model.stop_reason_ == "unbounded"
    assert model.n_iter_ < 20


@exhaustive
def test_newtons_steps_see_a_singular_covariance_where_others_stall():
    with pytest.warns(ConvergenceWarning, match="keeps rising"):
        model = draw(87).fit(solver="natural")
    assert model.stop_reason_ == "unbounded"


def test_long_steps_end_a_climb_that_crept():
    """Eight rows; steps of at most four standard errors of a row took all of 1,000 iterations."""
    with pytest.warns(ConvergenceWarning, match="keeps rising"):
        model = draw_pairs(316).fit("natural")
    assert model.n_iter_ < 100


@pytest.mark.parametrize("most", [0, 3, 100])
def test_however_many_steps_are_of_em(gaps, monkeypatch, most):
    """There are such steps without a window, from a start far away."""
    far = GaussianGradientMLE(tol=1e-9, mean_init=20.0, covariance_init=0.1)
    expected = clone(far).fit(gaps)
    monkeypatch.setattr(accelerated, "_MAX_EM_STEPS", most)
    model = clone(far).fit(gaps)
    same = model.n_iter_ == expected.n_iter_ and np.array_equal(
        model.log_likelihood_path_, expected.log_likelihood_path_
    )
    assert same == (most == 100)
    assert model.converged_
    assert_same_gaussian(model, expected)


@pytest.mark.parametrize(
    "seed", [98, 266, *(pytest.param(s, marks=exhaustive) for s in (294, 715, 809))]
)
def test_a_climb_does_not_leap_beyond_a_maximum(seed):
    """Quasi-Newton steps from the sample led to endlessly wide parents of a lower likelihood."""
    pairs = draw_pairs(seed)
    found, other = pairs.fit("natural"), pairs.fit("lbfgs")
    assert found.converged_
    assert found.n_iter_ < 30
    assert found.log_likelihood_ >= other.log_likelihood_ - 1e-9
