"""The answer and the verdict of a fit depend neither on the unit nor on the origin."""

import warnings
from functools import lru_cache
from itertools import product

import numpy as np
import pytest
from marks import FAMILIES, each_value, exhaustive, pairwise
from scipy.optimize import minimize
from scipy.stats import norm
from search.units import KINDS, Sample, draw, of_an_origin, sample
from sklearn.exceptions import ConvergenceWarning

from skgauss import GaussianGradientMLE
from skgauss.fitting.advice import explain_flat
from skgauss.gaussian import make_family
from skgauss.likelihoods import Model, likelihood_with_ridge
from skgauss.rows import Block, Summarize

FREE = ["natural", "newton"]
TEXTBOOK = ["gradient", "coordinate", "lbfgs"]
UNITS = [1e-30, 1e-6, 1e-3, 1e3, 1e30]


def same(model, other, unit=1.0, offset=0.0, atol=1e-5):
    """Whether a model is `other` in another unit and from another origin, with the same verdict."""
    shift = model.mean_ / unit - offset - other.mean_
    covariance = np.asarray(model.covariance_) / unit**2
    close = np.abs(shift).max() < atol and np.allclose(covariance, other.covariance_, atol=atol)
    return close and model.stop_reason_ == other.stop_reason_


@each_value(
    climb=[
        ("gradient", "scale"),
        *product(("coordinate", "lbfgs"), ("scale", "covariance", "precision")),
    ],
    unit=[2.0**-100, 2.0**-30, 2.0**30, 2.0**100],
)
def test_automatic_rates_take_the_same_steps_in_all_units(correlated, climb, unit):
    """If the numbers of theta that move together have one unit, and the start is in it, too."""

    solver, parametrization = climb

    def fit(unit):
        start = {"mean_init": unit * correlated[0], "covariance_init": 4 * unit**2}
        model = GaussianGradientMLE(solver=solver, parametrization=parametrization, **start)
        return model.fit(unit * correlated)

    plain, other = fit(1.0), fit(unit)
    assert plain.converged_
    assert other.n_iter_ == plain.n_iter_
    assert same(other, plain, unit, atol=1e-12)


def test_a_climb_whose_likelihood_is_all_rounding_shows_no_want_of_a_maximum():
    """From a start 1e18 deviations away coordinate ascent leads along the ridge of a window."""
    data, unit, parameters = draw(175)
    assert parameters["solver"] == "coordinate"
    assert data.fit().converged_
    with pytest.warns(ConvergenceWarning, match="stalled"):
        data.fit(unit, **parameters)


@pairwise(up_to=3, kind=KINDS, d=[1, 2, 3], covariance_type=FAMILIES, solver=FREE, unit=UNITS)
def test_a_unit_changes_nothing(kind, d, covariance_type, solver, unit):
    data = sample(kind, d, np.random.default_rng(d))
    parameters = {"solver": solver, "covariance_type": covariance_type}
    plain = data.fit(**parameters)
    assert plain.converged_
    assert same(data.fit(unit, **parameters), plain, unit)


@pairwise(
    up_to=3, kind=KINDS, d=[1, 2], covariance_type=FAMILIES, solver=FREE, offset=[1e4, 1e8, 1e12]
)
def test_an_origin_changes_nothing(kind, d, covariance_type, solver, offset):
    data = sample(kind, d, np.random.default_rng(d))
    parameters = {"solver": solver, "covariance_type": covariance_type}
    # Spacing of the mean, times 10 since a window may leave a tenth of the information.
    atol = max(1e-5, 10 * np.spacing(offset))
    assert same(data.fit(offset=offset, **parameters), data.fit(**parameters), 1.0, offset, atol)


@pytest.mark.parametrize("seed", [722, 734])
def test_what_the_last_digits_of_a_mean_leave_is_no_stall(seed):
    """Rounding of the mean leaves a gradient, also of the covariance. This is not a stall."""
    assert not list(of_an_origin(seed))


@each_value(kind=["missing", "interval"], seed=range(3), solver=FREE)
def test_the_gradient_of_a_covariance_knows_where_its_mean_is(kind, seed, solver):
    """At an origin of 2^46 the spacing of the mean is 1/64 of a standard deviation."""
    data = sample(kind, 3, np.random.default_rng(seed))
    assert same(
        data.fit(offset=2.0**46, solver=solver), data.fit(solver=solver), 1, 2.0**46, 1 / 64
    )


@each_value(
    kind=KINDS, covariance_type=["diag", "spherical"], offset=[1e10, 1e11, 1e12], seed=[0, 1]
)
def test_both_blocks_at_rest_have_converged(kind, covariance_type, offset, seed):
    data = sample(kind, 2, np.random.default_rng(seed), n=60)
    plain = data.fit(covariance_type=covariance_type)
    start = {"mean_init": offset + np.rint(plain.mean_), "covariance_init": 1.0}
    model = data.fit(offset=offset, solver="coordinate", covariance_type=covariance_type, **start)
    assert same(model, plain, 1.0, offset, max(1e-5, 100 * np.spacing(offset)))


@lru_cache
def sixty_rows(kind, covariance_type):
    """Rows of a kind, and a fit of them by the default solver."""
    d = 1 if kind.startswith("window and") else 2
    data = sample(kind, d, np.random.default_rng(0), n=60)
    return data, data.fit(covariance_type=covariance_type, max_iter=30)


@each_value(
    up_to=3, kind=KINDS, covariance_type=FAMILIES, solver=TEXTBOOK, unit=[1e-24, 1e-6, 1e-2, 1e2],
    parametrization=["scale", "log-scale", "covariance", "precision"],
)  # fmt: skip
def test_a_textbook_solver_is_honest_in_any_unit(
    kind, covariance_type, solver, unit, parametrization
):
    data, plain = sixty_rows(kind, covariance_type)
    parameters = {"covariance_type": covariance_type, "max_iter": 30}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = data.fit(unit, solver=solver, parametrization=parametrization, **parameters)
    assert model.stop_reason_ != "unbounded"
    assert not model.converged_ or same(model, plain, unit, atol=1e-3)
    away = np.abs(np.log(model.scale_ / unit / plain.scale_)).max()
    if not model.converged_ and not 1e-2 <= unit <= 1e2 and away > np.log(4):
        assert "In these units the start" in str(caught[0].message)


@pytest.mark.parametrize("unit", [1.0, 1e-3, 1e-4, 1e-6])
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_a_small_window(unit, method):
    """The maximum was computed independently, by quadrature of the density inside the window."""
    rng = np.random.default_rng(0)
    Z = rng.multivariate_normal([0.3, 0.2], [[1, 0.5], [0.5, 1]], 4000)
    Z = Z[(np.abs(Z) <= 1).all(axis=1)][:300]
    model = GaussianGradientMLE(truncation_limits=(-unit, unit))
    getattr(model, method)(Z * unit)
    assert model.converged_
    np.testing.assert_allclose(model.mean_ / unit, [0.500, 0.301], atol=1e-3)
    np.testing.assert_allclose(model.scale_ / unit, [1.377, 1.149], atol=1e-3)


def test_wavelengths_in_metres():
    X = np.random.default_rng(0).normal(560e-9, 90e-9, 4000)
    X = X[(X > 400e-9) & (X < 700e-9)][:, None]
    model = GaussianGradientMLE(truncation_limits=(400e-9, 700e-9)).fit(X)
    assert model.converged_
    assert model.mean_[0] == pytest.approx(5.571e-07, abs=1e-10)
    assert model.scale_[0] == pytest.approx(8.93e-08, abs=1e-10)


@pytest.mark.parametrize("unit", [1.0, 1e-5, 1e-30, 1e30])
def test_censored_on_either_side(unit):
    rng = np.random.default_rng(5)
    y, c = rng.normal(2, 1, 300), rng.normal(0, 1.2, 300)
    data = Sample(np.where(y > c, c, np.nan)[:, None], np.where(y > c, np.nan, c)[:, None])
    model = data.fit(unit)
    assert model.converged_
    assert model.mean_[0] / unit == pytest.approx(1.852, abs=1e-3)
    assert model.scale_[0] / unit == pytest.approx(0.871, abs=1e-3)


@pytest.mark.parametrize("parametrization", ["scale", "precision"])
@pytest.mark.parametrize("solver", TEXTBOOK)
@pytest.mark.parametrize("unit", [1e-6, 1e-24])
def test_a_far_parent_is_no_maximum(solver, parametrization, unit):
    """A far parent has a gradient of 1e-9, but is 0.23 nats a row short of the maximum."""
    t = np.random.default_rng(0).normal(1, 1, 300)
    X = t[t > 0][:150, None] * unit
    model = GaussianGradientMLE(
        solver=solver, parametrization=parametrization, truncation_limits=(0, None), max_iter=100
    )
    with pytest.warns(ConvergenceWarning, match="In these units the start"):
        model.fit(X)
    assert model.stop_reason_ != "unbounded"
    assert not model.converged_


def test_what_is_recommended_for_a_far_start_works():
    t = np.random.default_rng(0).normal(1, 1, 300)
    X = t[t > 0][:150, None] * 1e-6
    model = GaussianGradientMLE(solver="lbfgs", truncation_limits=(0, None))
    with pytest.warns(ConvergenceWarning, match=r"with mean_init=1.3e-06, covariance_init=8e-13;"):
        model.fit(X)
    assert model.set_params(mean_init=1.3e-06, covariance_init=8e-13).fit(X).converged_


@each_value(kind=["complete", "interval", "window"], solver=TEXTBOOK)
def test_a_wide_iterate_on_the_way_is_not_without_end(kind, solver):
    """From a standard normal start the standard deviation first grows to the size of the offset."""
    data = sample(kind, 1, np.random.default_rng(0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = data.fit(offset=1e4, solver=solver)
    assert model.stop_reason_ != "unbounded"
    assert not model.converged_ or same(model, data.fit(), 1.0, 1e4, 1e-3)


def test_an_inflection_is_no_maximum():
    """If one feature is above a limit whenever the other is shown, zero correlation is flat."""
    rng = np.random.default_rng(0)
    Z = rng.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], 800)
    cut, apart = Z[Z[:, 1] > 0.3][:60], Z[200:260]
    lower = np.vstack([cut, apart])
    lower[:60, 1], lower[60:, 0] = 0.3, np.nan
    upper = lower.copy()
    upper[:60, 1] = np.nan
    best = GaussianGradientMLE().fit(lower, X_upper=upper)
    beneath = best.covariance_ * [[1, -0.5], [-0.5, 1]]  # with a negative correlation
    model = GaussianGradientMLE(mean_init=best.mean_, covariance_init=beneath)
    model.fit(lower, X_upper=upper)
    assert model.converged_
    assert model.correlation_[0, 1] == pytest.approx(best.correlation_[0, 1], abs=1e-3)
    with pytest.warns(ConvergenceWarning) as caught:
        model.set_params(tol=1e-3, max_iter=6).fit(lower, X_upper=upper)
    assert model.natural_gradient_norm_ < model.tol
    assert "but at a saddle point or an inflection, and no" in str(caught[0].message)


def test_grouped_inside_a_small_window():
    x = np.clip(np.random.default_rng(0).normal(0.5, 0.3, (200, 1)), 0.01, 0.99)
    lower = np.floor(10 * x) / 10
    data = Sample(lower, lower + 0.1, (np.zeros(1), np.ones(1)))
    assert same(data.fit(1e-9), data.fit(), 1e-9)


def test_a_flat_direction_of_features_apart_is_told():
    diagonal, spherical = make_family("diag", 2), make_family("spherical", 2)
    direction = diagonal.frame(np.array([0.8, 0.0]), np.array([0.6, 0.0]))
    assert "moves 'a': the intervals" in explain_flat(diagonal, direction, ["a", "b"])
    assert "'a', 'b'" in explain_flat(spherical, np.eye(3)[2], ["a", "b"])


@pytest.mark.parametrize("seed", range(10))
def test_weights_of_many_decades_start_at_the_likelier_guess(seed):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((60, 3)) @ rng.standard_normal((3, 3))
    X[rng.random(X.shape) < 0.3] = np.nan
    X = X[~np.isnan(X).all(axis=1)]
    weights = 10.0 ** rng.uniform(-12, 12, len(X))
    statistics = Summarize(diagonal=False)(Block(X, weights))
    likelihood = likelihood_with_ridge(Model(statistics, make_family("full", 3)), np.zeros(3))
    apart = GaussianGradientMLE(covariance_type="diag").fit(X, sample_weight=weights)
    assert likelihood.value_of_the_guess >= apart.log_likelihood_ - 1e-9


@exhaustive
@pytest.mark.parametrize("seed", range(40))
def test_a_singular_iterate_of_a_window_is_left(seed):
    """It ends the step, not the fit. One in five of these fits by lbfgs met one."""
    rng = np.random.default_rng(seed)
    Z = rng.standard_normal((4000, 3)) @ rng.standard_normal((3, 3))
    limits = np.where(rng.random((2, 3)) < 0.6, rng.uniform(0.2, 2, (2, 3)), np.inf)
    Z = Z[((-limits[0] < Z) & (limits[1] > Z)).all(axis=1)][:60]
    units = 10.0 ** rng.uniform(-6, 6, 3)
    model = GaussianGradientMLE(
        solver="lbfgs", parametrization="log-scale", max_iter=30,
        truncation_limits=(-limits[0] * units, limits[1] * units),
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(Z * units)
    assert np.isfinite(model.log_likelihood_)


@pytest.mark.parametrize("seed", [0, *(pytest.param(k, marks=exhaustive) for k in (1, 2))])
def test_one_interval_beside_all_rows_that_show_the_other_feature(seed):
    """Gradient and curvature vanish at zero correlation, but the maximum is elsewhere."""
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(2, 60))
    lower = np.full((120, 2), np.nan)
    lower[:60, 0], lower[60:, 1], lower[:60, 1] = a, b, -0.5
    upper = lower.copy()
    upper[:60, 1] = 1.0

    def loss(theta):
        mean, scale, r = theta[:2], np.exp(theta[2:4]), np.tanh(theta[4])
        given = mean[1] + r * scale[1] * (a - mean[0]) / scale[0]
        ends = (np.array([[-0.5], [1.0]]) - given) / (scale[1] * np.sqrt(1 - r * r))
        densities = norm.logpdf(a, mean[0], scale[0]) + norm.logpdf(b, mean[1], scale[1])
        return -float((densities + np.log(np.diff(norm.cdf(ends), axis=0)[0])).sum()) / 120

    found = (minimize(loss, [0.0, 0.0, 0.0, 0.0, z]) for z in (-1.0, -0.3, 0.3, 1.0))
    best = min(found, key=lambda each: each.fun)
    model = GaussianGradientMLE().fit(lower, X_upper=upper)
    assert model.converged_
    assert model.log_likelihood_ == pytest.approx(-best.fun, abs=1e-9)
    assert model.correlation_[0, 1] == pytest.approx(np.tanh(best.x[4]), abs=1e-3)
    assert abs(model.correlation_[0, 1]) > 0.2


def test_a_climb_that_is_thrown_far_from_its_window_does_not_converge_there():
    """So far away rounding leaves no digit of the likelihood, and its gradient may be 0."""
    data, unit, parameters = draw(17)
    plain = data.fit(covariance_type=parameters["covariance_type"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = data.fit(unit, **parameters)
    assert not model.converged_ or np.allclose(model.scale_ / unit, plain.scale_, rtol=1e-3)
