"""The observed information where values are intervals, and what it costs."""

import mpmath
import numpy as np
import pytest
from counting import count_calls
from marks import each_value
from models import factor_of

from skgauss import GaussianGradientMLE
from skgauss.boxes import Boxes
from skgauss.conditioning import score_moments
from skgauss.gaussian import make_family
from skgauss.likelihoods import Model, likelihood_with_ridge
from skgauss.likelihoods.information import InformationSums
from skgauss.likelihoods.interval import IntervalFull
from skgauss.rows import Summarize, Window, rows_of

INF = np.inf


def hostile_rows(rng, n, d):
    """Ends of open and closed intervals, narrow, wide and in tails; some values missing."""
    mixing = rng.standard_normal((d, d)) + 2 * np.eye(d)
    X = rng.standard_normal((n, d)) @ mixing.T + rng.normal(0, 3, d)
    lower, upper = X.copy(), X.copy()
    kind = rng.integers(0, 8, X.shape)
    below, above = 10.0 ** rng.uniform(-6, 1, (2, *X.shape))
    lower = np.where(kind < 3, X - below, lower)
    upper = np.where(kind % 3 == 0, X + above, upper)
    lower[kind == 1], upper[kind == 2] = -INF, INF
    lower[kind == 7], upper[kind == 7] = -INF, INF
    return lower, upper


def likelihood_of(lower, upper, covariance_type="full", ridge=0.0, window=None):
    d = lower.shape[1]
    rows = rows_of(GaussianGradientMLE(), lower, X_upper=upper, reset=True)
    statistics = rows.summarize(Summarize(covariance_type != "full"))
    model = Model(statistics, make_family(covariance_type, d), window=window)
    return likelihood_with_ridge(model, np.full(d, ridge))


def second_differences(likelihood, at, step=3e-4):
    """Minus the derivative of the gradient along `retract`, at steps to either side."""
    family = likelihood.family

    def gradient(packed):
        move = family.unpack_frame(packed)
        reached = likelihood.evaluate(*likelihood.retract(at, move))
        return family.pack_frame(likelihood.gradient_along(at, reached, move))

    steps = step * np.eye(family.n_parameters)
    return np.array([gradient(-s) - gradient(s) for s in steps]) / (2 * step)


def a_point(family, lower, upper, rng):
    """Not a maximum: what must hold, holds everywhere."""
    center = np.nanmedian(np.where(np.isfinite(lower), lower, upper), axis=0)
    center = np.where(np.isfinite(center), center, 0.0)
    mixing = rng.standard_normal((len(center), len(center))) + 3 * np.eye(len(center))
    return center, factor_of(family, mixing @ mixing.T)


@each_value(
    up_to=2,
    seed=range(6),
    d=[1, 2, 3, 5, 7],
    covariance_type=["full", "diag", "spherical"],
    ridge=[0.0, 0.1],
)
def test_second_differences_of_the_likelihood(seed, d, covariance_type, ridge):
    """Of five features in a row and of seven, too, integrated on a lattice: of that very sum."""
    rng = np.random.default_rng(seed)
    lower, upper = hostile_rows(rng, 25 if d < 4 else 6, d)
    likelihood = likelihood_of(lower, upper, covariance_type, ridge)
    at = likelihood.evaluate(*a_point(likelihood.family, lower, upper, rng))
    assert likelihood.has_information
    found = likelihood.information(at).matrix
    expected = second_differences(likelihood, at)
    np.testing.assert_allclose(found, expected, atol=3e-6 * np.abs(expected).max())


@each_value(n_limits=[1, 2, 3], covariance_type=["full", "diag", "spherical"], gaps=[True, False])
def test_through_a_window(rng, n_limits, covariance_type, gaps):
    """Along the natural parameters, in which the window's part is a covariance, too."""
    d = 3
    Z = rng.standard_normal((400, d)) @ (np.eye(d) + 0.4 * np.tri(d, k=-1))
    limit = np.where(np.arange(d) < n_limits, 1.2, INF)
    Z = Z[(np.abs(Z) < limit).all(axis=1)][:30]
    lower, upper = Z.copy(), Z.copy()
    some = rng.random(Z.shape) < 0.3
    if gaps:
        lower[some], upper[some] = -INF, INF
    else:
        lower[some] = np.floor(4 * Z[some]) / 4
        upper[some] = lower[some] + 0.25
    lower, upper = np.maximum(lower, -limit), np.minimum(upper, limit)
    likelihood = likelihood_of(lower, upper, covariance_type, window=Window(-limit, limit))
    family = likelihood.family
    covariance = np.array([[1.5, 0.4, 0.2], [0.4, 1.0, 0.3], [0.2, 0.3, 0.8]])
    at = likelihood.evaluate(np.array([0.2, -0.1, 0.3]), factor_of(family, covariance))
    assert likelihood.has_information
    found = likelihood.information(at).matrix
    np.testing.assert_allclose(found, second_differences(likelihood, at), atol=1e-5)


@pytest.mark.parametrize(
    ("lower", "upper"), [(-1, 2), (-INF, 0.5), (3, INF), (0.3, 0.3001), (30, 31), (-INF, -25)]
)
def test_one_interval_against_fifty_digits(lower, upper):
    """Minus the Hessian of log P in the mean and the deviation, at mean 0.4 and deviation 1.5."""
    with mpmath.workdps(50):

        def log_probability(mean, deviation):
            a, b = ((mpmath.mpf(end) - mean) / deviation for end in (lower, upper))
            if a > 0:
                a, b = -b, -a
            return mpmath.log(mpmath.ncdf(b) - mpmath.ncdf(a))

        point = (mpmath.mpf("0.4"), mpmath.mpf("1.5"))
        hessian = [
            float(mpmath.diff(log_probability, point, order)) for order in ((2, 0), (1, 1), (0, 2))
        ]
        slope = float(mpmath.diff(log_probability, point, (0, 1)))
    rows = (np.array([[end], [0.0], [5.0]]) for end in (lower, upper))
    likelihood = likelihood_of(*rows)
    at = likelihood.evaluate(np.array([0.4]), np.array([1.5]))
    found = 3 * likelihood.information(at).matrix
    for z in (-0.4 / 1.5, 4.6 / 1.5):  # of the two values
        found -= [[1.0, np.sqrt(2) * z], [np.sqrt(2) * z, z * z]]
    # In the frame the deviation is 1.5 sqrt(1 + sqrt2 t + t^2): slope 1.5 / sqrt2, bend 0.75.
    unit = 1.5 / np.sqrt(2)
    expected = -np.array(
        [
            [hessian[0] * 1.5**2, hessian[1] * 1.5 * unit],
            [hessian[1] * 1.5 * unit, hessian[2] * unit**2 + slope * 0.75],
        ]
    )
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-9)


def by_a_grid(lower, upper, root):
    """The same covariance by Gauss's rule in two dimensions, whitened."""
    node, weight = np.polynomial.legendre.leggauss(200)
    scale = np.linalg.norm(root, axis=1)
    ends = np.maximum(lower, -12 * scale), np.minimum(upper, 12 * scale)
    one, two = ((b - a) / 2 * node + (a + b) / 2 for a, b in zip(*ends, strict=True))
    z = np.linalg.solve(root, np.stack(np.meshgrid(one, two, indexing="ij")).reshape(2, -1))
    log_weights = np.log(np.outer(weight, weight)).ravel() - (z * z).sum(axis=0) / 2
    weights = np.exp(log_weights - log_weights.max())
    scores = np.stack([*z, z[0] ** 2 / 2**0.5, z[0] * z[1], z[1] ** 2 / 2**0.5])
    return np.cov(scores, aweights=weights / weights.sum(), ddof=0)


@pytest.mark.parametrize("correlation", [-0.3, 0.9])
@pytest.mark.parametrize("offset", [0.0, 4.0])
def test_two_intervals_against_a_grid(rng, correlation, offset):
    root = np.linalg.cholesky([[1.0, correlation], [correlation, 1.0]]) * [[2.0], [0.5]]
    lower = (rng.normal(-1, 1, (6, 2)) + offset) * [2.0, 0.5]
    upper = lower + rng.exponential(1, (6, 2))
    lower[:2, 0], upper[2:4, 1] = -INF, INF
    roots = np.broadcast_to(root, (6, 2, 2))
    boxes = Boxes(lower, upper, upper - lower, roots @ roots.transpose(0, 2, 1))
    _, found, roots = score_moments(boxes)
    for row, of_row in enumerate(found):
        expected = by_a_grid(lower[row], upper[row], roots[row])
        np.testing.assert_allclose(of_row, expected, atol=1e-9 * np.abs(expected).max())


def test_the_cost_of_profiles(rng, monkeypatch):
    """Each step to an end takes one evaluation and one information, and from the maximum none."""
    X = rng.standard_normal((60, 2)) @ [[1, 0.5], [0, 1]]
    model = GaussianGradientMLE(censoring_limits=(-0.8, 1.0)).fit(X)
    counts = count_calls(monkeypatch, IntervalFull, "evaluate")
    informed = count_calls(monkeypatch, InformationSums, "__truediv__")
    model.confidence_intervals(method="profile")
    n_ends = 10
    assert counts["evaluate"] <= 7 * n_ends
    assert informed["__truediv__"] <= 7 * n_ends
