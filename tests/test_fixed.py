"""Known parameters: closed forms, numbers from R, and all that counts the free parameters."""

import math
import pickle
import warnings

import dask.array as da
import numpy as np
import pytest
from marks import FAMILIES, exhaustive, pairwise
from models import fitted
from oracles import as_matrix, closed_form, coarse_log_likelihood, observed_log_likelihood
from scipy.optimize import minimize, minimize_scalar
from scipy.stats import chi2, multivariate_normal, norm
from search.fixed import complaints
from search.units import KINDS, sample
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.estimator_checks import parametrize_with_checks

from skgauss import (
    GaussianEllipseDisplay,
    GaussianGradientMLE,
    GaussianImputer,
    GaussianOutlierDetector,
    GaussianRegressor,
    likelihood_ratio_test,
    mcar_test,
)
from skgauss.datasets import load_airquality
from skgauss.likelihoods import NoMaximumError

SOLVERS = ["natural", "newton", "gradient", "coordinate", "lbfgs", "closed-form"]
PARAMETRIZATIONS = ["scale", "log-scale", "covariance", "precision"]
MEAN = np.array([1.2, -1.0, 0.0])
COVARIANCES = {
    "full": np.array([[0.3, 0.2, 0.1], [0.2, 4.0, 0.3], [0.1, 0.3, 1.0]]),
    "diag": np.array([0.3, 4.0, 1.0]),
    "spherical": 1.5,
}
NAN, INF = np.nan, np.inf


# -- complete data: closed forms


@pairwise(covariance_type=FAMILIES, solver=SOLVERS, parametrization=PARAMETRIZATIONS)
def test_covariance_about_a_known_mean(correlated, covariance_type, solver, parametrization):
    """It is S + (xbar - mu)(xbar - mu)^T, the scatter of rows and their reflections about mu."""
    model = GaussianGradientMLE(
        covariance_type=covariance_type, solver=solver, parametrization=parametrization,
        fixed_mean=MEAN, tol=1e-9,
    ).fit(correlated)  # fmt: skip
    reflected = np.vstack([correlated, 2 * MEAN - correlated])
    _, expected = closed_form(reflected, covariance_type)
    assert model.converged_
    np.testing.assert_array_equal(model.mean_, MEAN)
    found = as_matrix(model.covariance_, 3)
    np.testing.assert_allclose(found, as_matrix(expected, 3), rtol=1e-6)
    rows = multivariate_normal(MEAN, as_matrix(expected, 3)).logpdf(correlated)
    assert model.log_likelihood_ == pytest.approx(rows.mean(), rel=1e-12)


@pairwise(covariance_type=FAMILIES, solver=SOLVERS, parametrization=PARAMETRIZATIONS)
def test_mean_beside_a_known_covariance(correlated, covariance_type, solver, parametrization):
    known = COVARIANCES[covariance_type]
    model = GaussianGradientMLE(
        covariance_type=covariance_type, solver=solver, parametrization=parametrization,
        fixed_covariance=known, tol=1e-9,
    ).fit(correlated)  # fmt: skip
    assert model.converged_
    np.testing.assert_array_equal(model.covariance_, known)
    np.testing.assert_allclose(model.mean_, correlated.mean(axis=0), rtol=1e-6)
    rows = multivariate_normal(model.mean_, as_matrix(known, 3)).logpdf(correlated)
    assert model.log_likelihood_ == pytest.approx(rows.mean(), rel=1e-12)


def test_a_ridge_about_a_known_mean(correlated):
    ridge = np.array([0.1, 0.2, 0.3])
    model = GaussianGradientMLE(fixed_mean=MEAN, reg_covar=ridge).fit(correlated)
    deviations = correlated - MEAN
    expected = deviations.T @ deviations / len(correlated) + np.diag(ridge)
    np.testing.assert_allclose(model.covariance_, expected, rtol=1e-12)
    rows = multivariate_normal(MEAN, expected).logpdf(correlated)
    assert model.log_likelihood_ == pytest.approx(rows.mean(), rel=1e-12)


def test_digits_of_a_mean_far_from_zero():
    """The fixed mean 1e15 is exact in float64, but the sample mean 1e15 + 1/3 is not."""
    X = 1e15 + np.array([[0.0], [0.0], [1.0]])
    for covariance_type in FAMILIES:
        model = GaussianGradientMLE(covariance_type=covariance_type, fixed_mean=1e15).fit(X)
        assert np.ravel(model.covariance_)[0] == pytest.approx(1 / 3, rel=1e-14)
        expected = norm(0, math.sqrt(1 / 3)).logpdf([0.0, 0.0, 1.0]).mean()
        assert model.log_likelihood_ == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("solver", ["gradient", "coordinate"])
def test_the_recursion_moves_what_is_free(solver):
    """It is the textbook recursion: in sigma if the mean is known, in mu if sigma is known."""
    X = np.array([[1.0], [2.0], [3.0], [6.0]])
    recorded = {"solver": solver, "learning_rate": 0.5, "max_iter": 5, "record_path": True}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        about_two = GaussianGradientMLE(fixed_mean=2, covariance_init=4, **recorded).fit(X)
        beside_nine = GaussianGradientMLE(fixed_covariance=[[9.0]], **recorded).fit(X)
    a, sigma, mu = ((X - 2) ** 2).mean(), 2.0, 0.0
    for k in range(6):
        assert np.sqrt(about_two.covariance_path_[k, 0, 0]) == pytest.approx(sigma, rel=1e-14)
        assert beside_nine.mean_path_[k, 0] == pytest.approx(mu, rel=1e-14)
        sigma += 0.5 * (a / sigma**3 - 1 / sigma)
        mu += 0.5 * (X.mean() - mu) / 9
    assert (about_two.mean_path_ == 2).all()
    assert (beside_nine.covariance_path_ == 9).all()


@pytest.mark.parametrize("parametrization", PARAMETRIZATIONS)
def test_step_bound_of_what_is_free(parametrization):
    """It has a closed form for one feature, and a rate just beyond it does not converge."""
    X = np.array([[1.0], [2.0], [3.0], [6.0]])
    v = ((X - 2) ** 2).mean()
    bounds = {"scale": v, "log-scale": 1.0, "covariance": 4 * v**2, "precision": 4 / v**2}
    model = GaussianGradientMLE(solver="gradient", parametrization=parametrization, fixed_mean=2)
    assert model.fit(X).learning_rate_bound_ == pytest.approx(bounds[parametrization], rel=1e-12)
    beside = clone(model).set_params(fixed_mean=None, fixed_covariance=[[9.0]])
    assert beside.fit(X).learning_rate_bound_ == pytest.approx(2 * 9, rel=1e-12)
    beside.set_params(mean_init=3.01, max_iter=2000)
    assert beside.set_params(learning_rate=0.99 * 18).fit(X).converged_
    with pytest.warns(ConvergenceWarning, match="learning_rate_bound_=18"):
        beside.set_params(learning_rate=1.01 * 18).fit(X)


def test_step_bound_where_values_are_missing(gappy):
    """In the mean, minus the Hessian is the average precision of the observed values."""
    known = COVARIANCES["full"]
    model = GaussianGradientMLE(solver="gradient", fixed_covariance=known).fit(gappy)
    largest = np.linalg.eigvalsh(precisions(gappy, known).mean(axis=0))[-1]
    assert model.learning_rate_bound_ == pytest.approx(2 / largest, rel=1e-6)


# -- incomplete data


def precisions(X, covariance):
    """Precisions of the observed values of each row, 0 at missing ones, (n_rows, d, d)."""
    found = np.zeros((len(X), *covariance.shape))
    for precision, row in zip(found, X, strict=True):
        shown = np.flatnonzero(~np.isnan(row))
        precision[np.ix_(shown, shown)] = np.linalg.inv(covariance[np.ix_(shown, shown)])
    return found


@pytest.mark.parametrize("solver", SOLVERS[:-1])
def test_generalised_least_squares(gappy, solver):
    """If the covariance is known, the mean of incomplete rows and its errors have a closed form."""
    known = COVARIANCES["full"]
    model = GaussianGradientMLE(solver=solver, fixed_covariance=known, tol=1e-9).fit(gappy)
    by_row = precisions(gappy, known)
    sums = np.einsum("nij,nj->i", by_row, np.nan_to_num(gappy))
    mean = np.linalg.solve(by_row.sum(axis=0), sums)
    np.testing.assert_allclose(model.mean_, mean, rtol=1e-8)
    expected = observed_log_likelihood(gappy, mean, known)
    assert model.log_likelihood_ == pytest.approx(expected, rel=1e-12)
    errors = np.sqrt(np.linalg.inv(by_row.sum(axis=0)).diagonal())
    np.testing.assert_allclose(model.standard_errors().mean, errors, rtol=1e-9)
    ends = model.confidence_intervals(method="profile").mean
    np.testing.assert_allclose(ends[:, 1] - mean, norm.isf(0.025) * errors, rtol=1e-5)


@pytest.mark.parametrize("covariance_type", ["diag", "spherical"])
def test_moments_of_available_values(gappy, covariance_type):
    """About a known mean the closed-form solver fits incomplete rows of independent features."""
    model = GaussianGradientMLE(
        covariance_type=covariance_type, fixed_mean=MEAN, solver="closed-form"
    ).fit(gappy)
    squares = (gappy - MEAN) ** 2
    expected = np.nanmean(squares, axis=0) if covariance_type == "diag" else np.nanmean(squares)
    np.testing.assert_allclose(model.covariance_, expected, rtol=1e-12)


@pairwise(kind=KINDS, covariance_type=FAMILIES, solver=SOLVERS[:-1], known=["mean", "covariance"])
def test_what_the_data_say_anyway_changes_nothing(kind, covariance_type, solver, known):
    """If one block is fixed at its estimate, the estimate of the other block does not change."""
    data = sample(kind, 2, np.random.default_rng(0), n=100)
    free = data.fit(covariance_type=covariance_type, tol=1e-9)
    fixed = {f"fixed_{known}": getattr(free, f"{known}_")}
    # The line search of lbfgs compares values, so it cannot resolve gradients below sqrt(EPS).
    model = data.fit(covariance_type=covariance_type, solver=solver, tol=1e-7, **fixed)
    assert model.converged_
    np.testing.assert_allclose(model.mean_, free.mean_, atol=1e-6)
    np.testing.assert_allclose(model.covariance_, free.covariance_, atol=1e-6)
    assert model.log_likelihood_ == pytest.approx(free.log_likelihood_, abs=1e-10)


@pairwise(
    up_to=3, kind=KINDS, covariance_type=FAMILIES, solver=["natural", "newton"],
    known=["mean", "covariance"], unit=[1e-30, 1e-3, 1e6, 1e30],
)  # fmt: skip
def test_units_drop_out(kind, covariance_type, solver, known, unit):
    data = sample(kind, 2, np.random.default_rng(1), n=100)
    chosen = {"covariance_type": covariance_type, "solver": solver}
    free = data.fit(covariance_type=covariance_type)
    given = free.mean_ + 0.2 if known == "mean" else 1.2 * free.covariance_
    plain = data.fit(**chosen, **{f"fixed_{known}": given})
    scaled = given * (unit if known == "mean" else unit**2)
    model = data.fit(unit, **chosen, **{f"fixed_{known}": scaled})
    assert plain.converged_
    assert model.converged_
    np.testing.assert_allclose(model.mean_ / unit, plain.mean_, atol=1e-5)
    np.testing.assert_allclose(model.covariance_ / unit**2, plain.covariance_, atol=1e-5)


@pytest.mark.parametrize("seed", range(8))
def test_what_is_free_is_at_its_maximum(seed):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert list(complaints(seed)) == []


def test_half_normal_sample(rng):
    """If rows are seen only above a known mean, their second moment about it is the variance."""
    X = np.abs(rng.standard_normal((50, 1)))
    model = GaussianGradientMLE(fixed_mean=0, truncation_limits=(0, None)).fit(X)
    assert model.scale_[0] ** 2 == pytest.approx((X**2).mean(), rel=1e-12)
    errors = model.standard_errors()
    assert errors.scale[0] == pytest.approx(model.scale_[0] / math.sqrt(2 * 50), rel=1e-9)
    half = norm.logpdf(X, 0, model.scale_[0]) + math.log(2)
    assert model.log_likelihood_ == pytest.approx(half.mean(), rel=1e-12)


def test_a_window_about_a_known_mean_beside_another_feature(rng):
    """A sample more spread than the exponential has a maximum if the mean is known."""
    seen = rng.lognormal(0, 1.2, 200)
    assert seen.std() > seen.mean()
    X, mean = np.column_stack((seen, 0.5 * seen + rng.standard_normal(200))), np.array([0.5, 1.0])

    def deviance(theta):
        factor = np.array([[math.exp(theta[0]), 0], [theta[1], math.exp(theta[2])]])
        density = multivariate_normal(mean, factor @ factor.T).logpdf(X).mean()
        return norm.logcdf(mean[0] / factor[0, 0]) - density

    best = minimize(deviance, [1.0, 0.5, 0.5], tol=1e-9)
    model = GaussianGradientMLE(truncation_limits=([0, NAN], None), fixed_mean=mean).fit(X)
    assert model.converged_
    assert model.log_likelihood_ == pytest.approx(-best.fun, abs=1e-9)
    assert model.scale_[0] == pytest.approx(math.exp(best.x[0]), rel=1e-4)


def test_the_likelihood_of_a_gaussian_that_is_known(correlated):
    """With both blocks fixed there is no climb; the model is a hypothesis without parameters."""
    hidden = np.array([True, False, False]) & (correlated > 0.8)
    lower = np.where(hidden, -INF, correlated)
    upper = np.where(hidden, correlated + 0.5, correlated)
    known = {"fixed_mean": MEAN, "fixed_covariance": COVARIANCES["full"]}
    model = GaussianGradientMLE(**known).fit(lower, X_upper=upper)
    expected = coarse_log_likelihood(lower, upper, *known.values())
    assert (model.n_iter_, model.converged_) == (0, True)
    assert model.log_likelihood_ == pytest.approx(expected, rel=1e-7)
    for errors in model.standard_errors().values():
        assert not errors.any()
    assert model.aic(lower, X_upper=upper) == pytest.approx(-2 * 60 * expected, rel=1e-7)


# -- numbers from R 4.2.2


@pytest.fixture
def air():
    """The airquality data of R, in units in which all features are near one."""
    return load_airquality().data / [10, 100, 1, 10]


def test_known_means_of_lavaan(air):
    """lavaan 0.6-14: missing="fiml", intercepts fixed, information="observed"."""
    model = GaussianGradientMLE(fixed_mean=[4, 1.9, 10, 7.8], tol=1e-9).fit(air)
    pairs = np.triu_indices(4)
    covariances = [10.48274387, 0.92855576, -6.49520770, 2.09176518, 0.81059822]
    covariances += [-0.17505698, 0.23771538, 12.33222235, -1.51673204, 0.89019608]
    errors = [1.30194863, 0.26695998, 1.10638317, 0.31305619, 0.09523373]
    errors += [0.26240885, 0.07433978, 1.40997247, 0.29459812, 0.10177825]
    np.testing.assert_allclose(model.covariance_[pairs], covariances, atol=2e-6)
    found = model.standard_errors()
    np.testing.assert_allclose(found.covariance[pairs], errors, atol=2e-5)
    assert not found.mean.any()
    assert 153 * model.log_likelihood_ == pytest.approx(-1035.8599228627, abs=1e-7)
    assert model.aic(air) == pytest.approx(2091.71984573, abs=1e-7)
    assert model.bic(air) == pytest.approx(2122.02422494, abs=1e-7)
    test = likelihood_ratio_test(model, GaussianGradientMLE(tol=1e-9).fit(air))
    assert test.degrees_of_freedom == 4
    assert test.statistic == pytest.approx(1.82555447, abs=1e-6)
    assert test.p_value == pytest.approx(0.7678038372, abs=1e-7)


def test_known_covariance_of_lavaan(air):
    """The same lavaan options, with variances and covariances fixed and free intercepts."""
    known = [[10, 1, -7, 2.2], [1, 0.8, -0.2, 0.24], [-7, -0.2, 12, -1.5], [2.2, 0.24, -1.5, 0.9]]
    model = GaussianGradientMLE(fixed_covariance=known, tol=1e-9).fit(air)
    means = [4.18255054, 1.84716191, 9.95751634, 7.78823529]
    np.testing.assert_allclose(model.mean_, means, atol=1e-7)
    errors = [0.26818831, 0.07377577, 0.28005602, 0.07669650]
    found = model.standard_errors()
    np.testing.assert_allclose(found.mean, errors, atol=1e-7)
    assert not found.covariance.any()
    assert not found.correlation.any()
    assert 153 * model.log_likelihood_ == pytest.approx(-1039.3074201876, abs=1e-7)
    assert model.aic(air) == pytest.approx(2086.61484038, abs=1e-7)
    assert model.bic(air) == pytest.approx(2098.73659206, abs=1e-7)
    test = likelihood_ratio_test(model, GaussianGradientMLE(tol=1e-9).fit(air))
    assert test.degrees_of_freedom == 10
    assert test.statistic == pytest.approx(8.72054912, abs=1e-6)
    assert test.p_value == pytest.approx(0.5588139605, abs=1e-7)


def test_known_scale_of_survreg():
    """survival 3.5-3: survreg(Surv(pmax(Wind, 8), Wind > 8, type="left") ~ 1, scale=3.5)."""
    wind = load_airquality().data[:, [2]]
    model = GaussianGradientMLE(
        fixed_covariance=3.5**2, censoring_limits=(8, None), tol=1e-9
    ).fit(wind)  # fmt: skip
    assert model.mean_[0] == pytest.approx(9.7426804999, abs=1e-8)
    assert model.standard_errors().mean[0] == pytest.approx(0.2974190223, abs=1e-8)
    assert 153 * model.log_likelihood_ == pytest.approx(-325.1025850351, abs=1e-8)


def test_a_known_mean_is_students_test():
    """R's t.test(airquality$Wind, mu=9.5): n log(1 + t^2 / (n - 1)) is the likelihood ratio."""
    wind = load_airquality().data[:, [2]]
    smaller, larger = (GaussianGradientMLE(fixed_mean=mu).fit(wind) for mu in (9.5, None))
    test = likelihood_ratio_test(smaller, larger)
    expected = 153 * math.log1p(1.606347548**2 / 152)
    assert test.statistic == pytest.approx(expected, rel=1e-8)
    assert test.p_value == pytest.approx(chi2.sf(expected, 1), rel=1e-8)


# -- whether there is a maximum


def test_what_fixing_saves(rng):
    """With a known mean or covariance, constant or collinear features or few rows can be fitted."""
    X = np.column_stack((np.full(5, 3.0), np.arange(5.0)))
    model = GaussianGradientMLE(fixed_mean=[1, 2], reg_covar=0.0).fit(X)
    np.testing.assert_allclose(model.covariance_, [[4, 0], [0, 2]], atol=1e-15)
    assert GaussianGradientMLE(fixed_mean=0, reg_covar=0.0).fit([[1, 2], [2, 3]]).converged_
    few = rng.standard_normal((15, 30))
    model = GaussianGradientMLE(fixed_covariance=1.0, reg_covar=0.0).fit(few)
    np.testing.assert_allclose(model.mean_, few.mean(axis=0), rtol=1e-12)
    gaps = np.array([[3, 0], [3, NAN], [NAN, 1.0], [3, 2], [3, 5.0]])
    for covariance_type in FAMILIES:
        chosen = {"covariance_type": covariance_type}
        assert GaussianGradientMLE(fixed_mean=[1, 2], **chosen).fit(gaps).converged_
        model = GaussianGradientMLE(fixed_covariance=2.0, **chosen).fit(gaps)
        np.testing.assert_allclose(model.mean_, [3, 2], rtol=1e-12)


def test_what_fixing_does_not_save():
    X = np.column_stack((np.full(5, 3.0), np.arange(5.0)))
    with pytest.raises(NoMaximumError, match="'feature 0' has zero variance"):
        GaussianGradientMLE(fixed_mean=[3, 2]).fit(X)
    with pytest.raises(NoMaximumError, match="rank 1"):
        GaussianGradientMLE(fixed_mean=0, reg_covar=0.0).fit([[1, 2], [2, 4]])
    with pytest.warns(UserWarning, match="A ridge"):
        GaussianGradientMLE(fixed_mean=0).fit([[1, 2], [2, 4]])


def of_intervals(lower, upper, **fixed):
    ends = (np.array(each, dtype=float)[:, None] for each in (lower, upper))
    X, X_upper = ends
    return GaussianGradientMLE(tol=1e-9, **fixed).fit(X, X_upper=X_upper)


@pytest.mark.parametrize(
    ("lower", "upper", "mean"),
    [
        ([NAN, NAN], [0.0, 3.0], 1.0),  # all share a point, but the mean is not in all of them
        ([0.0, 0.3], [1.0, 2.0], 5.0),  # all share a point, but the mean is in none of them
        ([NAN, NAN, 1.0], [4.0, 1.5, NAN], 0.5),
    ],
)
def test_intervals_that_determine_the_scale_about_a_known_mean(lower, upper, mean):
    low, high = np.nan_to_num(lower, nan=-INF), np.nan_to_num(upper, nan=INF)

    def deviance(log_scale):
        scale = math.exp(log_scale)
        return -np.log(norm.cdf(high, mean, scale) - norm.cdf(low, mean, scale)).mean()

    best = minimize_scalar(deviance, bounds=(-4, 6), method="bounded", options={"xatol": 1e-10})
    model = of_intervals(lower, upper, fixed_mean=mean)
    assert model.converged_
    assert model.log_likelihood_ == pytest.approx(-best.fun, abs=1e-12)
    assert model.scale_[0] == pytest.approx(math.exp(best.x), rel=1e-4)


@pytest.mark.parametrize(
    ("lower", "upper", "mean", "why"),
    [
        ([NAN, NAN], [0.0, 1.5], 1.0, "on average leave out fixed_mean, so nothing"),
        ([NAN, 1.0], [0.0, NAN], 0.5, "on average leave out fixed_mean, so nothing"),
        ([NAN, NAN], [0.0, 1.5], -1.0, "intervals that all share a point"),
        ([NAN, -1.0], [3.0, NAN], 0.5, "intervals that all share a point"),
        ([0.0, 0.3], [1.0, 2.0], 0.5, "intervals that all share a point"),
    ],
)
def test_intervals_that_do_not(lower, upper, mean, why):
    """On a grid of scales the likelihood is monotone, so that it has no maximum."""
    low, high = np.nan_to_num(lower, nan=-INF), np.nan_to_num(upper, nan=INF)
    scales = np.geomspace(0.05, 1e3, 60)[:, None]
    probabilities = norm.cdf(high, mean, scales) - norm.cdf(low, mean, scales)
    with np.errstate(divide="ignore"):
        slopes = np.diff(np.log(probabilities).sum(axis=1)[5:])
    assert (slopes >= 0).all() or (slopes <= 0).all()
    with pytest.raises(NoMaximumError, match=why):
        of_intervals(lower, upper, fixed_mean=mean)


def test_intervals_beside_a_known_covariance():
    symmetric = of_intervals([NAN, 1.0], [0.0, NAN], fixed_covariance=1.0)
    assert symmetric.mean_[0] == pytest.approx(0.5, abs=1e-9)
    with pytest.raises(NoMaximumError, match="censored on the same side"):
        of_intervals([NAN, NAN], [0.0, 3.0], fixed_covariance=1.0)


@pytest.mark.parametrize("covariance_type", FAMILIES)
def test_the_edge_in_a_window_is_uniform(covariance_type):
    """About a known mean there is a maximum if the sample is closer to it than a uniform one."""
    nodes = np.linspace(0, 1, 402)[1:-1, None]
    window = {"truncation_limits": (0, 1), "covariance_type": covariance_type}
    of_uniform = 0.5 + (nodes - 0.5) * np.sqrt(1 / 12 / nodes.var())
    nearer, farther = (0.5 + share * (of_uniform - 0.5) for share in (0.999, 1.001))
    assert GaussianGradientMLE(fixed_mean=0.5, **window).fit(nearer).converged_
    with pytest.raises(NoMaximumError, match="as far from fixed_mean as a uniform one"):
        GaussianGradientMLE(fixed_mean=0.5, **window).fit(farther)
    # If the mean is outside the window, the values beyond the window do not matter.
    assert GaussianGradientMLE(fixed_mean=2.0, **window).fit(np.sqrt(nodes)).converged_
    known = GaussianGradientMLE(fixed_covariance=100.0, **window).fit(np.sqrt(nodes))
    assert known.converged_  # a nearly exponential density inside


@pytest.mark.parametrize("covariance_type", FAMILIES)
def test_no_maximum_in_a_window_of_several_features(rng, covariance_type):
    X = 1 - rng.uniform(size=(100, 2)) ** 2  # far from the mean
    model = GaussianGradientMLE(
        covariance_type=covariance_type, fixed_mean=0.1, truncation_limits=(0, 1)
    )
    if covariance_type != "full":
        with pytest.raises(NoMaximumError, match="as a uniform one"):
            model.fit(X)
        return
    with pytest.warns(ConvergenceWarning, match="as far from fixed_mean as a uniform one"):
        assert model.fit(X).stop_reason_ == "unbounded"


# -- standard errors and intervals


@pytest.mark.parametrize("covariance_type", FAMILIES)
def test_errors_and_intervals_of_complete_data(correlated, covariance_type):
    n, chosen = len(correlated), {"covariance_type": covariance_type}
    known = GaussianGradientMLE(fixed_covariance=COVARIANCES[covariance_type], **chosen)
    known.fit(correlated)
    errors = known.standard_errors()
    np.testing.assert_allclose(errors.mean, known.scale_ / math.sqrt(n), rtol=1e-12)
    assert not errors.scale.any()
    assert not np.any(errors.covariance)
    half = norm.isf(0.025) * errors.mean
    for method in ("wald", "profile"):
        found = known.confidence_intervals(method=method)
        np.testing.assert_allclose(found.mean[:, 1] - known.mean_, half, rtol=1e-9)
        np.testing.assert_allclose(found.scale, known.scale_[:, None] + [0, 0], rtol=1e-15)
    about = GaussianGradientMLE(fixed_mean=MEAN, **chosen).fit(correlated)
    values = n * (3 if covariance_type == "spherical" else 1)
    errors = about.standard_errors()
    assert not errors.mean.any()
    np.testing.assert_allclose(errors.scale, about.scale_ / math.sqrt(2 * values), rtol=1e-12)
    found = about.confidence_intervals(method="profile")
    np.testing.assert_array_equal(found.mean, MEAN[:, None] + [0, 0])
    ratio = (about.scale_[:, None] / found.scale) ** 2
    deviance = values * (ratio - 1 - np.log(ratio))
    np.testing.assert_allclose(deviance, chi2.isf(0.05, 1), rtol=1e-9)


@pytest.mark.parametrize("kind", ["missing", "interval", "window"])
def test_profile_ends_are_where_the_test_rejects(kind):
    """For one feature, a model with mean and scale fixed at a profile end is just rejected."""
    data = sample(kind, 1, np.random.default_rng(3), n=60)
    model = data.fit(fixed_mean=0.1, tol=1e-9)
    low, high = model.confidence_intervals(method="profile").scale[0]
    assert low < model.scale_[0] < high
    for end in (low, high):
        there = data.fit(fixed_mean=0.1, fixed_covariance=[[end**2]])
        weight = model.sufficient_statistics_.weight
        fall = 2 * weight * (model.log_likelihood_ - there.log_likelihood_)
        assert fall == pytest.approx(chi2.isf(0.05, 1), rel=1e-4)


def test_tables_of_known_parameters(gappy):
    model = GaussianGradientMLE(fixed_mean=MEAN, tol=1e-9).fit(gappy)
    table = model.summary()
    means, others = table.iloc[:3], table.iloc[3:]
    np.testing.assert_array_equal(means.estimate, MEAN)
    np.testing.assert_array_equal(means[["lower", "upper"]], MEAN[:, None] + [0, 0])
    assert not means[["std_error", "missing_information"]].any(axis=None)
    assert (others.std_error > 0).all()
    assert (others.missing_information > 0).all()
    V = model.parameter_covariance().to_numpy()
    assert not V[:3].any()
    np.testing.assert_allclose(np.sqrt(V.diagonal()), table.std_error, rtol=1e-9)
    with pytest.raises(ValueError, match="Fit without fixed_mean and fixed_covariance"):
        mcar_test(model)


def test_parameters_that_count(correlated):
    """AIC and BIC by hand count the free means, variances and covariances."""
    counts = {"full": (3, 6), "diag": (3, 3), "spherical": (3, 1)}
    for covariance_type, (means, covariances) in counts.items():
        known = COVARIANCES[covariance_type]
        for fixed, free in [
            ({}, means + covariances),
            ({"fixed_mean": MEAN}, covariances),
            ({"fixed_covariance": known}, means),
            ({"fixed_mean": MEAN, "fixed_covariance": known}, 0),
        ]:
            model = GaussianGradientMLE(covariance_type=covariance_type, **fixed).fit(correlated)
            deviance = -2 * 60 * model.score(correlated)
            for each in (model, pickle.loads(pickle.dumps(model))):
                assert each.aic(correlated) - deviance == pytest.approx(2 * free, abs=1e-9)
                price = math.log(60) * free
                assert each.bic(correlated) - deviance == pytest.approx(price, abs=1e-9)


def test_what_is_nested(correlated):
    def of(covariance_type="full", **fixed):
        return GaussianGradientMLE(covariance_type=covariance_type, **fixed).fit(correlated)

    about, beside = {"fixed_mean": MEAN}, {"fixed_covariance": COVARIANCES["full"]}
    full, diag = of(), of("diag")
    for smaller, larger, degrees in [
        (of(**about), full, 3),
        (of(**beside), full, 6),
        (of(**about, **beside), full, 9),
        (of(**about, **beside), of(**beside), 3),
        (of(**about, **beside), of(**about), 6),
        (of("diag", **about), of(**about), 3),
        (of("spherical", **about), diag, 5),
    ]:
        test = likelihood_ratio_test(smaller, larger)
        assert test.degrees_of_freedom == degrees
        nats = larger.log_likelihood_ - smaller.log_likelihood_
        assert test.statistic == pytest.approx(2 * 60 * nats, rel=1e-12)
    # Known covariances are compared by their values, whatever the covariance type.
    variances, one = [1.0, 2.0, 3.0], 2.0
    as_diag = {"fixed_covariance": variances}
    as_full = {"fixed_covariance": np.diag(variances)}
    of_one = {"fixed_covariance": one * np.eye(3)}
    for smaller, larger, degrees in [
        (of("diag", **about, **as_diag), of(**as_full), 3),
        (of(**about, **as_full), of("diag", **as_diag), 3),
        (of(**as_full), diag, 3),
        (of("diag", **as_diag), full, 6),
        (of(**of_one), of("spherical"), 1),
        (of("spherical", fixed_covariance=one, **about), of(**of_one), 3),
    ]:
        assert likelihood_ratio_test(smaller, larger).degrees_of_freedom == degrees
    for smaller, larger in [
        (of(**as_full), of("spherical")),
        (of(**beside), diag),
        (of("diag", **about, **as_diag), of(**of_one)),
        (full, of(**about)),
        (diag, of(**about)),  # the first has fewer parameters, but estimates all means
        (of("diag", fixed_mean=0), of(**about)),
        (of(**about), diag),
        (of(**beside), of(**about)),
    ]:
        with pytest.raises(ValueError, match="must be nested"):
            likelihood_ratio_test(smaller, larger)


@pytest.mark.parametrize("data", ["correlated", "gappy"])
def test_a_known_mean_has_a_region_of_one_point(data, request):
    pytest.importorskip("matplotlib").use("Agg")
    model = GaussianGradientMLE(fixed_mean=MEAN).fit(request.getfixturevalue(data))
    display = GaussianEllipseDisplay.from_estimator(model, confidence=0.9)
    np.testing.assert_array_equal(display.mean_covariance, np.zeros((2, 2)))
    region = display.ax_.patches[-1].get_xy()
    np.testing.assert_allclose(region, np.tile(MEAN[:2], (len(region), 1)), rtol=1e-15)
    display.figure_.clear()


# -- the rest of the estimator


@pytest.mark.parametrize("data", ["correlated", "gappy"])
@pytest.mark.parametrize("fixed", [{"fixed_mean": MEAN}, {"fixed_covariance": COVARIANCES["full"]}])
def test_chunks_and_blocks(request, data, fixed):
    X = request.getfixturevalue(data)
    whole, chunks = fitted(X, **fixed), GaussianGradientMLE(tol=1e-9, **fixed)
    for rows in np.split(X, [1, 2, 30]):
        chunks.partial_fit(rows)
    again = clone(whole).fit_statistics(whole.sufficient_statistics_)
    blocks = fitted(da.from_array(X, chunks=(20, 3)), **fixed)
    for model, rtol in ((chunks, 1e-8), (blocks, 1e-9), (again, 1e-13)):
        np.testing.assert_allclose(model.mean_, whole.mean_, rtol=rtol)
        np.testing.assert_allclose(model.covariance_, whole.covariance_, rtol=10 * rtol)


def test_one_row_says_all_that_is_asked_of_it(correlated):
    model = GaussianGradientMLE(fixed_covariance=1.0).partial_fit(correlated[:1])
    np.testing.assert_allclose(model.mean_, correlated[0], rtol=1e-15)


def test_other_roles(gappy):
    model = GaussianGradientMLE(fixed_mean=MEAN).fit(gappy)
    filled = GaussianImputer(fixed_mean=MEAN).fit_transform(gappy)
    np.testing.assert_allclose(filled, model.impute(gappy), rtol=1e-12)
    detector = GaussianOutlierDetector(fixed_mean=MEAN).fit(gappy)
    np.testing.assert_array_equal(detector.mean_, MEAN)
    for fixed in ({"fixed_mean": MEAN}, {"fixed_covariance": 1.0}):
        regressor = GaussianRegressor(GaussianGradientMLE(**fixed))
        with pytest.raises(ValueError, match="joint distribution of features and targets"):
            regressor.fit(gappy[:, :2], gappy[:, 2])


def test_a_start_from_the_last_fit(correlated):
    model = GaussianGradientMLE(solver="gradient", warm_start=True, record_path=True)
    model.fit(correlated).set_params(fixed_mean=MEAN).fit(correlated)
    assert model.converged_
    np.testing.assert_array_equal(model.mean_path_, np.tile(MEAN, (model.n_iter_ + 1, 1)))


@pytest.mark.parametrize(
    ("parameters", "why"),
    [
        ({"fixed_mean": 0.0, "mean_init": 0.0}, "Set only one of them"),
        ({"fixed_covariance": 1.0, "covariance_init": 1.0}, "Set only one of them"),
        ({"fixed_covariance": 1.0, "reg_covar": 0.1}, "Set only one of them"),
        ({"fixed_covariance": 1.0, "reg_covar": [0.1, 0, 0]}, "Set only one of them"),
        ({"fixed_mean": [0.0, 1.0]}, r"fixed_mean must be a number or of shape \(3,\)"),
        ({"fixed_mean": NAN}, "fixed_mean contains NaN"),
        ({"fixed_covariance": np.ones((3, 3))}, "fixed_covariance must be positive definite"),
        ({"fixed_covariance": np.tri(3)}, "fixed_covariance must be symmetric"),
        ({"fixed_covariance": -1.0}, "fixed_covariance must be positive"),
        ({"fixed_covariance": np.ones(3)}, "fixed_covariance must be a number or of shape"),
    ],
)
def test_contradictions_are_refused(correlated, parameters, why):
    with pytest.raises(ValueError, match=why):
        GaussianGradientMLE(**parameters).fit(correlated)


@exhaustive
def test_remedies_leave_what_is_known(correlated):
    """A failed fit does not recommend a start of a block that is fixed."""
    model = GaussianGradientMLE(
        solver="gradient", learning_rate=1e-3, max_iter=20, fixed_mean=[100.0, 0.0, 0.0]
    )
    with pytest.warns(ConvergenceWarning, match="The fit converges in") as caught:
        model.fit(correlated)
    assert "mean_init" not in str(caught[0].message)


@parametrize_with_checks(
    [
        GaussianGradientMLE(fixed_mean=0.0),
        GaussianGradientMLE(fixed_covariance=1.0),
        GaussianGradientMLE(fixed_mean=0.0, fixed_covariance=1.0, covariance_type="spherical"),
    ]
)
@pytest.mark.usefixtures("scipy_array_api")
@pytest.mark.filterwarnings("ignore:The likelihood has no maximum:UserWarning")
def test_citizen_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.parametrize(
    ("covariance_type", "expected"), [("diag", [1.0, 4.0]), ("spherical", 2.5)]
)
def test_one_row_tells_the_variances_about_a_known_mean(covariance_type, expected):
    model = GaussianGradientMLE(fixed_mean=0, covariance_type=covariance_type).fit([[1.0, 2.0]])
    np.testing.assert_allclose(model.covariance_, expected, rtol=1e-12)


@pytest.mark.parametrize(("covariance_type", "known"), [("full", np.eye(2)), ("diag", [1.0, 4.0])])
def test_one_row_tells_the_mean_of_a_known_covariance(covariance_type, known):
    model = GaussianGradientMLE(covariance_type=covariance_type, fixed_covariance=known)
    np.testing.assert_allclose(model.fit([[3.0, 5.0]]).mean_, [3.0, 5.0])
    assert model.converged_
    np.testing.assert_allclose(model.standard_errors().mean, model.scale_)
