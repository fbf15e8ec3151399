"""Profile likelihood against closed forms, and against a maximiser that knows no frame."""

import math
from fractions import Fraction
from functools import lru_cache

import mpmath
import numpy as np
import pytest
from likelihoods.test_missing import MURRAY
from marks import FAMILIES, each_family, each_value, exhaustive
from models import fitted
from numpy.testing import assert_allclose
from oracles import five_points, observed_log_likelihood
from scipy.optimize import brentq, minimize
from scipy.stats import chi2, truncnorm
from search.edges import Apart, Pairs, complaints_of, likeliest
from search.units import KINDS, sample
from sklearn.callback import ProgressBar

from skgauss import GaussianGradientMLE
from skgauss.inference import boundary, confidence, likelihood_of, profile
from skgauss.inference.point import FittedPoint
from skgauss.inference.profile import Side, profile_end
from skgauss.inference.profile_parameters import (
    CorrelationParameter,
    MeanParameter,
    ScaleParameter,
)

_UNTOLD = 1e-4  # of a correlation, by rows so many that the nats of a level are rounding


def profiled(model, level=0.95, **options):
    return model.confidence_intervals(level, method="profile", **options)


def correlation_ends(model, level=0.95):
    """The ends of the correlation of the first two features, without those of all else."""
    at = FittedPoint(model, polished=True)
    nats = chi2.isf(1 - level, 1) / (2 * at.likelihood.weight)
    return confidence._profile_ends(at, [CorrelationParameter(0, 1)], nats, None)[0]


def crossings(deviance, middle, level):
    """Where a deviance of one parameter, 0 in the middle, reaches what the level allows."""
    allowed = chi2.ppf(level, 1)
    return [
        brentq(lambda x: deviance(x) - allowed, *sorted((middle, middle + reach)), xtol=1e-13)
        for reach in (-20, 20)
    ]


# -- the derivatives that the climb goes by


def parameters_of(model):
    found = [MeanParameter(1, 0.5), ScaleParameter(0), ScaleParameter(2)]
    return found + [CorrelationParameter(0, 1), CorrelationParameter(2, 1)] * (
        np.ndim(model.covariance_) == 2
    )


@each_family
def test_gradients_and_hessians_in_the_frame(rng, correlated, covariance_type):
    model = fitted(correlated, covariance_type)
    likelihood = likelihood_of(model)
    family = likelihood.family
    at = likelihood.evaluate(model.mean_ + 0.3, model._gaussian.factor * 1.2)
    for parameter in parameters_of(model):
        gradient, hessian = parameter.derivatives(at, family)
        for _ in range(3):
            step = rng.standard_normal(family.n_parameters)
            step /= np.linalg.norm(step)

            def value(t, parameter=parameter, step=step):
                point = family.retract(at.mean, at.factor, family.unpack_frame(t * step))
                return parameter.value(likelihood.evaluate(*point), family)

            slope, bend = five_points(value, 2e-3)
            assert gradient @ step == pytest.approx(slope, abs=1e-8)
            assert step @ hessian @ step == pytest.approx(bend, abs=1e-7)


# -- closed forms


@pytest.mark.parametrize("level", [0.5, 0.95, 0.999])
@pytest.mark.parametrize("n", [5, 60])
def test_complete_data(correlated, level, n):
    X = correlated[:n]
    model = fitted(X)
    found = profiled(model, level)
    s, r = model.scale_, model.correlation_[0, 2]
    reach = np.sqrt(np.expm1(chi2.ppf(level, 1) / n)) * s  # n log(1 + t^2 / s^2), all else free
    assert_allclose(found.mean, np.stack((model.mean_ - reach, model.mean_ + reach), axis=-1))
    logs = crossings(lambda u: n * (2 * u + math.expm1(-2 * u)), 0.0, level)
    assert_allclose(found.scale, s[:, None] * np.exp(logs), rtol=1e-9)

    def deviance(z):
        """Of the best Gaussian with another correlation: the variances follow."""
        other = math.tanh(z)
        return n * (2 * math.log1p(-r * other) - math.log1p(-r * r) - 2 * _log_sech(z))

    ends = crossings(deviance, math.atanh(r), level)
    assert_allclose(found.correlation[0, 2], np.tanh(ends), rtol=1e-9)
    assert "covariance" not in found


def _log_sech(z):
    return math.log(2) - abs(z) - math.log1p(math.exp(-2 * abs(z)))


@pytest.mark.parametrize("gaps", [False, True])
def test_independent_features_go_by_the_values_that_they_have(gappy, correlated, gaps):
    X = gappy if gaps else correlated
    model = fitted(X, "diag")
    found = profiled(model)
    for j, n in enumerate((~np.isnan(X)).sum(axis=0)):
        reach = model.scale_[j] * math.sqrt(math.expm1(chi2.ppf(0.95, 1) / n))
        assert_allclose(found.mean[j], model.mean_[j] + np.array([-reach, reach]))
        logs = crossings(lambda u, n=n: n * (2 * u + math.expm1(-2 * u)), 0.0, 0.95)
        assert_allclose(found.scale[j], model.scale_[j] * np.exp(logs), rtol=1e-9)
    assert_allclose(found.covariance, found.scale**2)


@pytest.mark.parametrize("level", [1e-200, 1e-17, 1e-12, 1e-9, 0.5, 1 - 1e-15])
@pytest.mark.parametrize("covariance_type", ["full", "diag"])
def test_levels_near_0_and_1(covariance_type, level):
    """The mean is 0, so that no digit of its ends is lost."""
    X = np.array([[-1.0, 1.0], [-0.5, -2.0], [0.5, 2.0], [1.0, -1.0]])
    model = fitted(X, covariance_type)
    with mpmath.workdps(400):
        reach = mpmath.sqrt(2) * mpmath.erfinv(mpmath.mpf(level)) / 2
        reaches = {"wald": float(reach), "profile": float(mpmath.sqrt(mpmath.expm1(reach**2)))}
    for method, by in reaches.items():
        found = model.confidence_intervals(level, method)
        ends = np.outer(model.scale_, [-by, by])
        assert_allclose(found.mean, ends, rtol=1e-12, atol=1e-150)
        assert (found.scale[:, 0] <= model.scale_).all()
        assert (found.scale[:, 1] >= model.scale_).all()


@pytest.mark.parametrize("method", ["wald", "profile"])
def test_a_level_may_be_any_number(correlated, method):
    model = fitted(correlated)
    expected = model.confidence_intervals(0.95, method).mean
    for level in (Fraction(19, 20), np.float64(0.95), np.array(0.95)):
        assert_allclose(model.confidence_intervals(level, method).mean, expected, rtol=1e-12)


def weighing(X, total):
    """Weights of the rows, all alike."""
    return np.full(len(X), total / len(X))


def exact_scales(estimate, n, level=0.95):
    """Where n (2 log s + 1 / s^2 - 1), s in units of the estimate, is what the level allows."""
    with mpmath.workdps(60):
        fall = mpmath.mpf(float(chi2.isf(1 - level, 1))) / mpmath.mpf(n)
        roots = [-mpmath.lambertw(-mpmath.exp(-1 - fall), k).real for k in (-1, 0)]
        return [float(estimate / mpmath.sqrt(y)) for y in roots]


@pytest.mark.filterwarnings("ignore:The sample weights count as")
@pytest.mark.parametrize("total", [1e17, 1e13, 1e9, 1e3, 1.0, 0.1])
@pytest.mark.parametrize(("covariance_type", "gaps"), [("full", False), ("diag", True)])
def test_a_billion_rows_and_less_than_one(correlated, gappy, covariance_type, gaps, total):
    X = gappy if gaps else correlated
    model = fitted(X, covariance_type, sample_weight=weighing(X, total))
    found = profiled(model)
    shown = (~np.isnan(X)).mean(axis=0) * model.sufficient_statistics_.weight
    for j, n in enumerate(shown):
        assert_allclose(found.scale[j], exact_scales(model.scale_[j], n), rtol=1e-14)
        reach = float(mpmath.sqrt(mpmath.expm1(chi2.isf(0.05, 1) / n))) * model.scale_[j]
        assert_allclose(found.mean[j], model.mean_[j] + np.array([-reach, reach]), rtol=1e-11)
    if covariance_type == "full":
        with mpmath.workdps(60):
            turned = mpmath.acosh(mpmath.exp(mpmath.mpf(chi2.isf(0.05, 1)) / (2 * total)))
        z = np.arctanh(model.correlation_[0, 1]) + np.array([-1, 1]) * float(turned)
        assert_allclose(found.correlation[0, 1], np.tanh(z), rtol=1e-12)


def test_a_published_billion():
    """Of standard normal numbers: by the function above with 60 digits, not by a fit."""
    X = np.random.default_rng(0).standard_normal((100, 2))
    model = fitted(X, sample_weight=np.full(100, 1e7))
    assert_allclose(profiled(model).scale[0], [0.9697248, 0.9698098], atol=5e-8)


@pytest.mark.filterwarnings("ignore:The sample weights count as")
def test_an_end_beyond_float64_is_infinite(correlated):
    model = fitted(correlated, sample_weight=weighing(correlated, 1e-6))
    assert (profiled(model).mean == [-math.inf, math.inf]).all()
    for found in (profiled(model), model.confidence_intervals()):
        assert (found.scale[:, 1] == math.inf).all()
    assert_allclose(profiled(model).scale[0, 0], exact_scales(model.scale_[0], 1e-6)[0])


@pytest.mark.filterwarnings("ignore:The sample weights count as")
def test_an_end_beyond_every_step_is_told_as_such(gappy):
    model = fitted(gappy, sample_weight=weighing(gappy, 1e-10))
    nats = chi2.isf(0.05, 1) / 2e-10
    with pytest.warns(UserWarning, match="An end of the profile interval") as caught:
        found = profiled(model)
    message = str(caught[-1].message)
    assert f"would have to fall by {nats:.2g} nats per row" in message
    assert "ran out" not in message
    assert np.isnan(found.mean).all()
    assert np.isfinite(model.confidence_intervals().mean).all()  # the remedy


@pytest.mark.parametrize("total", [1e10, 1e13, 1e16])
def test_gaps_in_so_many_rows_that_their_nats_are_rounding(gappy, total):
    """There the profile is a parabola, whose ends are Wald's but for where its top is."""
    model = fitted(gappy, sample_weight=weighing(gappy, total))
    wald, found = model.confidence_intervals(), profiled(model)
    top = math.sqrt(total) * model.natural_gradient_norm_
    for name in found:
        half = np.ptp(wald[name], axis=-1, keepdims=True) / 2
        off = np.abs(found[name] - wald[name])[half[..., 0] > 0] / half[half[..., 0] > 0]
        assert off.max() < 3 * top + 1e-4


@each_value(
    up_to=2, kind=KINDS, covariance_type=FAMILIES, weight=[1e12, 1e9, 1e6], offset=[0, 1e6, 1e10]
)
def test_however_many_rows_and_wherever_they_are(kind, covariance_type, weight, offset):
    """The ends are those of a parabola about the maximum itself, as near as float64 has numbers.

    What the climb's own tol leaves of the way is many errors of so many rows.
    """
    rows = sample(kind, 2, np.random.default_rng(1), n=80)
    options = {"covariance_type": covariance_type, "sample_weight": np.full(80, weight)}
    exact = rows.fit(tol=1e-13, **options).confidence_intervals()
    found = profiled(rows.fit(offset=offset, **options))
    found.mean -= offset
    for name in found:
        half = np.ptp(exact[name], axis=-1, keepdims=True) / 2
        close = 2e-3 * half + 4 * np.spacing(float(offset)) * (name == "mean")
        assert (np.abs(found[name] - exact[name]) <= close).all()


def test_who_goes_on_to_the_maximum_is_not_warned_that_the_fit_is_far_from_it(gappy):
    """Of so many rows with gaps, and unless the estimate itself is told beside the ends."""
    weights, far = weighing(gappy, 1e12), pytest.warns(UserWarning, match="tol is too large")
    near, loose = (
        GaussianGradientMLE(tol=t).fit(gappy, sample_weight=weights) for t in (1e-13, 1e-4)
    )
    exact, found = profiled(near), profiled(loose)
    half = np.ptp(exact.mean, axis=1, keepdims=True) / 2
    assert (np.abs(found.mean - exact.mean) < 0.01 * half).all()
    assert (np.abs(loose.mean_ - near.mean_) > 0.5 * half[:, 0]).any()
    with far:
        loose.summary(method="profile")


def test_ends_by_formula_warn_where_the_fit_is_far_from_the_maximum(correlated):
    model = GaussianGradientMLE(solver="gradient", tol=1e-3)
    model.fit(correlated, sample_weight=weighing(correlated, 1e8))
    with pytest.warns(UserWarning, match="tol is too large"):
        profiled(model)


@pytest.mark.parametrize(
    ("seed", "offset"),
    [(3, 1e6), (3, 1e10)] + [pytest.param(0, each, marks=exhaustive) for each in (1e6, 1e8, 1e10)],
)
def test_ends_at_a_singular_covariance_far_from_zero(seed, offset):
    """Where the next float64 of a mean is many deviations of the narrowest direction away."""
    assert_allclose(ends_from(seed, offset), ends_from(seed, 0.0), rtol=0, atol=1e-6)


@lru_cache
def ends_from(seed, offset):
    """The ends of a correlation on the edge, of rows that float64 holds exactly at any offset."""
    X, _ = Apart.draw(seed)
    rows = np.round(X * 2**10) / 2**10 + offset
    with pytest.warns(UserWarning, match="never observed in the same row"):
        model = GaussianGradientMLE().fit(rows, sample_weight=np.full(len(X), 1e6))
    return correlation_ends(model)


@pytest.mark.filterwarnings("ignore:The sample weights count as")
@pytest.mark.filterwarnings("ignore:An end of the profile interval was not found")
@pytest.mark.parametrize("total", [0.5, pytest.param(1e-2, marks=exhaustive), 1e-12, 1e-270])
def test_an_end_of_next_to_no_weight_is_none_that_is_wrong(gappy, total):
    """Of rows with gaps, which have no closed form; those of one feature bound its scale."""
    model = fitted(gappy, sample_weight=weighing(gappy, total))
    found = profiled(model)
    for j, ends in enumerate(found.scale):
        n = total * (~np.isnan(gappy[:, j])).mean()
        assert not ends[0] < 0.5 * exact_scales(model.scale_[j], n)[0]
        assert not (ends[1] == math.inf and n > 1e-2)


@pytest.mark.parametrize("offset", [1e9, 1e12])
def test_far_from_zero(gappy, offset):
    """Rows that float64 holds exactly there, and their ends as near as it has numbers."""
    X = np.round(gappy * 2**10) / 2**10
    here, there = profiled(fitted(X)), profiled(GaussianGradientMLE().fit(X + offset))
    assert_allclose(there.mean - offset, here.mean, atol=3 * np.spacing(offset))
    for name in ("scale", "correlation"):
        assert_allclose(there[name], here[name], atol=3 * np.spacing(offset))


@pytest.mark.parametrize(
    ("covariance_type", "gaps", "n"),
    [(t, False, n) for t in FAMILIES for n in (5, 60)] + [(t, True, 60) for t in FAMILIES[1:]],
)
@pytest.mark.parametrize("level", [0.5, 0.95, 0.999])
def test_climbs_find_the_closed_forms(correlated, gappy, covariance_type, gaps, level, n):
    """To 1e-6 of the interval, in 30 evaluations of the likelihood at most."""
    model = fitted((gappy if gaps else correlated)[:n], covariance_type)
    found, likelihood = profiled(model, level), likelihood_of(model)
    maximum = likelihood.evaluate(model.mean_, model._gaussian.factor)
    nats = chi2.ppf(level, 1) / (2 * likelihood.weight)
    asked = [
        (MeanParameter(1, model.scale_[1]), found.mean[1]),
        (ScaleParameter(0), found.scale[0]),
    ]
    if covariance_type == "full":
        asked.append((CorrelationParameter(0, 2), found.correlation[0, 2]))
    for parameter, expected in asked:
        ends = [
            profile_end(likelihood, maximum, Side(parameter, sign), nats).value for sign in (-1, 1)
        ]
        assert_allclose(ends, expected, rtol=0, atol=1e-6 * np.ptp(expected))


# -- missing values


def split(theta):
    scale, r = np.exp(theta[2:4]), math.tanh(theta[4])
    return theta[:2], np.outer(scale, scale) * np.array([[1, r], [r, 1]])


@exhaustive
def test_nothing_is_higher_at_the_ends(rng):
    """All others maximised by a method that knows neither frames nor gradients."""
    X = rng.standard_normal((25, 2)) @ [[1.0, 0.6], [0.0, 0.8]]
    X[:6, 0] = X[6:14, 1] = np.nan
    model = fitted(X)
    found = profiled(model)
    theta = np.concatenate(
        (model.mean_, np.log(model.scale_), [math.atanh(model.correlation_[0, 1])])
    )
    ends = {0: found.mean[0], 2: np.log(found.scale[0]), 4: np.arctanh(found.correlation[0, 1])}
    top = len(X) * observed_log_likelihood(X, *split(theta))
    for place, both in ends.items():
        free = np.delete(np.arange(5), place)
        for end in both:

            def deviance(others, place=place, free=free, end=end):
                point = np.empty(5)
                point[place], point[free] = end, others
                return 2 * (top - len(X) * observed_log_likelihood(X, *split(point)))

            lowest = minimize(deviance, theta[free], method="BFGS", options={"gtol": 1e-5}).fun
            assert lowest == pytest.approx(chi2.ppf(0.95, 1), abs=1e-6)


def test_weights_are_repeats(rng, gappy):
    weights = rng.integers(0, 4, len(gappy))
    one = profiled(fitted(gappy, sample_weight=weights))
    two = profiled(fitted(np.repeat(gappy, weights, axis=0)))
    for name in one:
        assert_allclose(one[name], two[name], rtol=1e-6)


def test_units_move_the_ends(gappy):
    units = np.array([1e-100, 1.0, 1e100])
    one, two = profiled(fitted(gappy)), profiled(fitted(gappy * units))
    assert_allclose(two.mean / units[:, None], one.mean, rtol=1e-6)
    assert_allclose(two.scale / units[:, None], one.scale, rtol=1e-6)
    assert_allclose(two.correlation, one.correlation, rtol=1e-6, atol=1e-9)


def test_large_samples_are_wald(rng):
    X = rng.standard_normal((40_000, 2)) @ [[1.0, 0.6], [0.0, 0.8]]
    X[:10_000, 0] = np.nan
    model = fitted(X)
    wald, ends = model.confidence_intervals(), profiled(model)
    for name in ends:
        assert_allclose(ends[name], wald[name], atol=1e-4)


def test_in_parallel(gappy):
    model = fitted(gappy)
    one, two = profiled(model), profiled(model, n_jobs=2)
    for name in one:
        assert_allclose(one[name], two[name], rtol=1e-9)


@each_value(weight=[1.0, 1e9, 1e15], level=[0.5, 0.999])
def test_an_end_that_does_not_exist_is_that_of_the_domain(rng, weight, level):
    """Nothing is known of the correlation, and no warning says so again."""
    X = rng.standard_normal((60, 2))
    X[:25, 0] = X[25:, 1] = np.nan
    with pytest.warns(UserWarning, match="never observed in the same row"):
        model = fitted(X, sample_weight=np.full(60, weight))
    independent = profiled(fitted(X, "diag", sample_weight=np.full(60, weight)), level)
    found = profiled(model, level)
    close = 1e-12 if weight == 1.0 else 1e-10
    assert_allclose(found.correlation[0, 1], [-1.0, 1.0], rtol=0, atol=close)
    assert_allclose(found.mean, independent.mean, rtol=1e-6)
    assert_allclose(found.scale, independent.scale, rtol=1e-6)


@each_value(seed=range(6), sign=[-1, 1])
def test_an_end_at_the_edge(seed, sign):
    """Two features never seen together, that may be one and the same for all that is known."""
    rng = np.random.default_rng(seed)
    X = rng.multivariate_normal([0, 0, 0], [[1, 0.5, 0.7], [0.5, 1, 0.7], [0.7, 0.7, 1]], 400)
    X[:200, 0] = X[200:, 1] = np.nan
    X[:, 1] *= sign
    with pytest.warns(UserWarning, match="never observed in the same row"):
        model = fitted(X)
    ends = sign * correlation_ends(model)[::sign]
    assert ends[1] == 1.0
    assert -0.3 < ends[0] < 0
    # A Gaussian of which they are one is above the level.
    scale, r = model.scale_, (model.correlation_[0, 2] + sign * model.correlation_[1, 2]) / 2
    edge = 1 - 1e-9
    same = np.array([[1, sign * edge, r], [sign * edge, 1, sign * r], [r, sign * r, 1]])
    there = observed_log_likelihood(X, model.mean_, same * np.outer(scale, scale))
    assert 2 * len(X) * (model.log_likelihood_ - there) < chi2.ppf(0.95, 1)


@pytest.mark.parametrize(
    ("weight", "close"),
    [
        *((weight, 0.0) for weight in (1.0, 10.0, 1e3)),
        *(pytest.param(10.0**k, 1e-10, marks=exhaustive) for k in range(6, 16, 3)),
    ],
)
def test_an_end_where_the_covariance_is_singular(rng, weight, close):
    """Of features a and b, which both have the correlation r with c and are never seen together.

    For all that is known, theirs is between 2 r^2 - 1, where they are as far apart as they can be,
    and 1, the more exactly so the more rows there are.
    """
    x, y = (rng.standard_normal((60, 2)) @ [[1.0, 0.6], [0.0, 0.8]]).T
    nothing = np.full(60, np.nan)
    X = np.vstack((np.column_stack((x, nothing, y)), np.column_stack((nothing, x, y))))
    with pytest.warns(UserWarning, match="never observed in the same row"):
        model = fitted(X, sample_weight=np.full(120, weight))
    lower, upper = correlation_ends(model)
    assert 1.0 - close <= upper <= 1.0
    r = np.corrcoef(x, y)[0, 1]
    assert lower <= 2 * r**2 - 1
    # By the symmetry of both halves each of them falls by half of the level, alone in its r.
    fallen = math.sqrt(math.expm1(chi2.ppf(0.95, 1) / (120 * weight)))
    moved = math.tanh(math.atanh(r) - math.asinh(fallen))
    assert lower == pytest.approx(2 * moved**2 - 1, abs=0.01 * fallen + _UNTOLD)


@exhaustive
@pytest.mark.parametrize("seed", [0, 4, 175])
def test_an_end_at_the_edge_nears_its_limit_as_one_over_root_n(seed):
    """With a hundred times the rows, up to 1e9 of them, a tenth of the way is left."""
    X, _ = Apart.draw(seed)
    ends = []
    for total in (1e5, 1e7, 1e9):
        with pytest.warns(UserWarning, match="never observed in the same row"):
            model = fitted(X, sample_weight=np.full(len(X), total / len(X)))
        ends.append(correlation_ends(model))
    first, second = -np.diff(ends, axis=0)
    np.testing.assert_allclose(first / second, 10, rtol=0.05)


@pytest.mark.parametrize("seed", [0, *(pytest.param(k, marks=exhaustive) for k in range(1, 20))])
def test_ends_of_features_never_seen_together_are_found(seed):
    """Of three to five features, with other gaps and weights: an end is a number, and it is held.

    What the ends are, `search.edges` asks of climbs on the edge itself.
    """
    X, weight = Apart.draw(seed)
    with pytest.warns(UserWarning, match="never observed in the same row"):
        model = fitted(X, sample_weight=np.full(len(X), weight))
    lower, upper = correlation_ends(model)
    assert -1 <= lower < model.correlation_[0, 1] < upper <= 1


@exhaustive
def test_levels_lead_to_an_end_at_the_edge_however_many_they_are(monkeypatch):
    X, _ = Apart.draw(0)
    with pytest.warns(UserWarning, match="never observed in the same row"):
        model = fitted(X, sample_weight=np.full(len(X), 1e7))
    expected = correlation_ends(model)
    monkeypatch.setattr(boundary, "_FALL_RATIO", 10.0)
    assert_allclose(correlation_ends(model), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("seed", "weight"),
    [(0, 1.0), (2, 1e15)]
    + [pytest.param(k, w, marks=exhaustive) for k in (0, 1) for w in (1e6, 1e10, 1e15)],
)
def test_however_many_rows_tell_no_correlation_that_is_as_likely_from_another(seed, weight):
    """Where a fall of the likelihood is its rounding, the interval is no point."""
    X, _ = Apart.draw(seed)
    with pytest.warns(UserWarning, match="never observed in the same row"):
        model = fitted(X, sample_weight=np.full(len(X), weight), tol=1e-12)
    found = correlation_ends(model)
    lower, upper = likeliest(model)
    assert found[0] < lower < upper < found[1]


@exhaustive
@pytest.mark.parametrize("seed", [0, 15, 38])
def test_ends_of_features_never_seen_together(seed):
    assert not list(complaints_of(Apart.draw(seed)))


@exhaustive
@pytest.mark.parametrize("seed", [1010, 1089])
def test_ends_of_features_of_which_no_row_shows_all(seed):
    """Where the covariance at the maximum is nearly singular, and that at the end more so."""
    assert not list(complaints_of(Pairs.draw(seed)))


def test_two_maxima_have_one_interval():
    """Murray's data: the profile falls between the two, but not by what the level allows."""
    model = fitted(MURRAY)
    ends = profiled(model).correlation[0, 1]
    assert ends[0] == pytest.approx(-ends[1], abs=1e-6)
    assert ends[1] > abs(model.correlation_[0, 1])


def test_an_end_that_is_not_found_is_nan_and_named(monkeypatch, gappy):
    model = fitted(gappy)
    monkeypatch.setattr(profile, "_MAX_EVALUATIONS", 1)
    with pytest.warns(UserWarning, match="not found for the mean of feature 0, mean of feature 1"):
        found = profiled(model)
    assert np.isnan(found.mean).all()
    assert np.isfinite(model.confidence_intervals(method="wald").mean).all()


def test_families_agree_on_one_feature():
    x = np.array([[1.0], [2.0], [4.0], [9.0]])
    ends = [profiled(fitted(x, t)) for t in FAMILIES]
    for other in ends[1:]:
        assert_allclose(other.mean, ends[0].mean)
        assert_allclose(np.ravel(other.covariance), np.ravel(ends[0].covariance))


class Recorder:
    """What a callback is told."""

    def __init__(self):
        self.begun, self.ended = [], []

    def setup(self, estimator, context):
        self.whole = context.task_name, context.max_subtasks

    def teardown(self, estimator, context):
        self.torn_down = True

    def on_fit_task_begin(self, estimator, context):
        self.begun.append((context.task_name, context.task_id))

    def on_fit_task_end(self, estimator, context):
        self.ended.append((context.task_name, context.task_id))


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_callbacks_are_told_of_each_end(gappy, n_jobs):
    recorder = Recorder()
    model = GaussianGradientMLE().fit(gappy)
    expected = model.confidence_intervals(method="profile")
    model.set_callbacks(recorder, ProgressBar())
    found = model.confidence_intervals(method="profile", n_jobs=n_jobs)
    np.testing.assert_array_equal(found.mean, expected.mean)
    d = gappy.shape[1]
    n_ends = 2 * (d + d + d * (d - 1) // 2)
    assert recorder.whole == ("confidence_intervals", n_ends)
    ends = [("profile_end", k) for k in range(n_ends)]
    assert sorted(recorder.begun[1:]) == sorted(recorder.ended[:-1]) == ends
    assert recorder.begun[0] == recorder.ended[-1] == ("confidence_intervals", 0)
    assert recorder.torn_down


# -- truncated samples


@exhaustive
@each_value(covariance_type=FAMILIES, seed=range(3))
def test_an_end_is_infinite_where_the_exponential_is_not_rejected(covariance_type, seed):
    """It is the limit of Gaussians whose mean and scale run off, whose likelihood is known."""
    x = np.abs(np.random.default_rng(seed).standard_normal((40, 1)))
    model = GaussianGradientMLE(truncation_limits=(0, None), covariance_type=covariance_type).fit(x)
    assert model.converged_
    deviance = 2 * len(x) * (model.log_likelihood_ + math.log(x.mean()) + 1)
    level = chi2.cdf(deviance, 1)
    endless = profiled(model, level + 0.003)
    assert endless.scale[0, 1] == math.inf
    assert endless.mean[0, 0] == -math.inf
    assert np.isfinite([endless.scale[0, 0], endless.mean[0, 1]]).all()
    finite = profiled(model, level - 0.02)
    assert np.isfinite(finite.mean).all()
    # Where the profile has fallen by the level, with the mean that is best beside the scale.
    allowed = chi2.ppf(level - 0.02, 1) / (2 * len(x))
    for scale in finite.scale[0]:
        best = minimize(
            lambda mean, s=scale: -truncnorm(-mean[0] / s, np.inf, mean[0], s).logpdf(x).mean(),
            finite.mean[0, int(scale < model.scale_[0])],
            method="Nelder-Mead",
            options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 1000},
        )
        assert model.log_likelihood_ + best.fun == pytest.approx(allowed, rel=1e-5)


def test_both_ends_are_infinite_where_the_uniform_is_not_rejected(rng):
    """The limit between two ends, from where either half of a wide parent looks flat."""
    x = (
        np.linspace(-0.98, 0.97, 30)[:, None] ** 3 * 0.3
        + 0.7 * np.linspace(-0.98, 0.97, 30)[:, None]
    )
    model = GaussianGradientMLE(truncation_limits=(-1, 1)).fit(x)
    assert 2 * len(x) * (model.log_likelihood_ + math.log(2)) < chi2.ppf(0.95, 1)
    found = profiled(model)
    assert (found.mean == [-math.inf, math.inf]).all()
    assert found.scale[0, 1] == math.inf


@exhaustive
def test_two_truncated_features_run_off_together():
    rng = np.random.default_rng(5)
    X = rng.multivariate_normal([0.0, 0.0], [[1.0, 0.5], [0.5, 1.0]], 200)
    X = X[(X > 0).all(axis=1)]
    model = GaussianGradientMLE(truncation_limits=(0, None)).fit(X)
    found = profiled(model)
    assert not any(np.isnan(each).any() for each in found.values())
    assert (found.mean[:, 0] == -math.inf).all()
    assert (found.scale[:, 1] == math.inf).all()
    assert found.correlation[0, 1, 1] == 1.0


@exhaustive
def test_an_end_that_few_rows_put_far_away():
    rng = np.random.default_rng(301)
    mean = rng.uniform(-2, 1.5)
    x = mean + rng.standard_normal(6000) * rng.uniform(0.7, 1.5)
    x = x[x > 0][: rng.integers(20, 300)]
    model = GaussianGradientMLE(truncation_limits=(0, None)).fit(x[:, None])
    end = profiled(model).mean[0, 0]

    def deviance(mean):
        """Of the best scale beside it."""
        scales = np.exp(np.linspace(-1, 3, 4001))
        inside = truncnorm(-mean / scales, np.inf, mean, scales).logpdf(x[:, None]).mean(axis=0)
        return 2 * len(x) * (model.log_likelihood_ - inside.max())

    assert deviance(end) == pytest.approx(chi2.ppf(0.95, 1), rel=1e-3)
