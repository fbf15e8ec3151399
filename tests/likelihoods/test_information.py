"""The exact observed information, and what it decides: maxima, saddles, slopes, no maximum."""

import numpy as np
import pytest
from benchmarks.missing_map import strewn
from counting import count_calls
from marks import exhaustive, pairwise
from oracles import em, five_points, kl_divergence
from sklearn.exceptions import ConvergenceWarning

from skgauss import GaussianGradientMLE
from skgauss.gaussian import linalg, make_family
from skgauss.likelihoods import Information
from skgauss.likelihoods.missing import ObservedFull
from skgauss.statistics.incomplete import summarize_incomplete


def mixed(*case, seed=0):
    """Rows that show a value, of those that the map of maxima fits."""
    X = strewn(*case, seed=seed)
    return X[~np.isnan(X).all(axis=1)]


def likelihood_of(X, weights=None, ridge=None):
    family = make_family("full", X.shape[1])
    return ObservedFull(summarize_incomplete(X, weights, False), family, ridge)


def symmetric_steps(rng, n_features, count):
    """Unit steps in the frame of a point."""
    for _ in range(count):
        form = rng.standard_normal((n_features, n_features))
        step = np.concatenate((rng.standard_normal(n_features), (form + form.T).ravel() / 2))
        yield step / np.linalg.norm(step)


@pytest.fixture
def counted(monkeypatch):
    """How often the likelihood and its information are evaluated."""
    return count_calls(monkeypatch, ObservedFull, "evaluate", "information")


# Rows, features, the share of missing values and a ridge.
CASES = [
    (10, 2, 0.3, None),
    (40, 3, 0.0, None),
    (50, 4, 0.5, None),
    (300, 3, 0.4, None),  # patterns of many rows, reduced to triangles
    (60, 5, 0.3, np.arange(1.0, 6.0) / 100),
]


def at_some_point(rng, case, condition, weighted):
    """A likelihood, evaluated at any point, stationary or not."""
    n_rows, d, missing, ridge = case
    X = mixed(n_rows, d, missing, condition, seed=1)
    likelihood = likelihood_of(X, rng.uniform(0.5, 2, len(X)) if weighted else None, ridge)
    factor = np.linalg.cholesky(np.cov(rng.standard_normal((d, 3 * d))))
    return likelihood, likelihood.evaluate(0.3 * rng.standard_normal(d), factor)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("weighted", [False, True])
def test_second_differences_of_the_likelihood(rng, case, weighted):
    likelihood, at = at_some_point(rng, case, 50.0, weighted)
    information = likelihood.information(at)
    for step in symmetric_steps(rng, case[1], 4):

        def value(t, step=step):
            point = likelihood.family.retract(at.mean, at.factor, t * step)
            return likelihood.evaluate(*point).value

        bend = five_points(value, 3e-3)[1]
        assert step @ (information @ step) == pytest.approx(-bend, abs=1e-8)


def test_the_identity_on_complete_data(rng):
    """At the maximum the Fisher metric of the frame is the identity, whatever the units."""
    X = rng.standard_normal((30, 3)) @ np.diag([1e-3, 1.0, 1e5]) + 7.0
    likelihood = likelihood_of(X)
    at = likelihood.evaluate(X.mean(axis=0), np.linalg.cholesky(np.cov(X.T, ddof=0)))
    np.testing.assert_allclose(likelihood.information(at).matrix, np.eye(9), atol=1e-10)


def test_one_feature_in_two_has_the_textbook_information(rng):
    """A pattern that shows one standardised feature alone informs of it as n rows do, and of
    nothing else: with y missing in a share m of the rows, the mean of y has 1 - m left."""
    x = np.tile([1.0, -1.0], 50)
    y = np.repeat([1.0, -1.0], 50)
    y[:20] = np.nan  # as many x of either sign, so that nothing but the count changes
    X = np.column_stack((x, y))
    model = GaussianGradientMLE().fit(X)
    likelihood = likelihood_of(X)
    matrix = likelihood.information(likelihood.evaluate(model.mean_, model._gaussian.factor)).matrix
    assert matrix[0, 0] == pytest.approx(1.0)
    assert matrix[1, 1] == pytest.approx(0.8)
    assert matrix[0, 1] == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(
    ("n_rows", "n_features", "missing", "condition"),
    [(300, 10, 0.5, 1e2), (300, 10, 0.3, 1e6), (5000, 10, 0.5, 1e6), (300, 20, 0.3, 1e2)],
)
def test_an_interior_maximum_takes_at_most_60_evaluations(
    counted, n_rows, n_features, missing, condition
):
    model = GaussianGradientMLE().fit(mixed(n_rows, n_features, missing, condition))
    assert model.converged_
    assert counted["evaluate"] <= 60
    assert counted["information"] <= 20


def test_the_maximum_is_that_of_em():
    X = mixed(200, 4, 0.3, 1e2)
    for solver in ("natural", "newton"):
        model = GaussianGradientMLE(solver=solver, tol=1e-9).fit(X)
        assert kl_divergence(*em(X), model.mean_, model.covariance_) < 1e-9


@exhaustive
@pytest.mark.parametrize(
    ("solver", "case"),
    [
        ("natural", (300, 10, 0.5, 1e4)),
        ("newton", (20, 3, 0.5, 1e3)),
        pytest.param("natural", (20, 3, 0.5, 1e3), marks=exhaustive),
        pytest.param("newton", (300, 10, 0.5, 1e4), marks=exhaustive),
        pytest.param("natural", (300, 20, 0.3, 1e6), marks=exhaustive),
        pytest.param("newton", (300, 20, 0.3, 1e6), marks=exhaustive),
    ],
)
def test_no_interior_maximum_is_a_verdict_and_no_thousand_iterations(counted, solver, case):
    """EM, as slow as it is, goes on to an ever more singular covariance from there."""
    X = mixed(*case)
    with pytest.warns(ConvergenceWarning, match="keeps rising as the covariance becomes singular"):
        model = GaussianGradientMLE(solver=solver).fit(X)
    assert model.stop_reason_ == "unbounded"
    assert counted["evaluate"] <= 100
    with pytest.warns(ConvergenceWarning):
        further = GaussianGradientMLE(
            learning_rate=1.0,
            mean_init=model.mean_,
            covariance_init=model.covariance_,
            max_iter=60,
        ).fit(X)
    assert further.log_likelihood_ > model.log_likelihood_
    conditions = [np.linalg.cond(each.correlation_) for each in (model, further)]
    assert conditions[1] > conditions[0]


@exhaustive
def test_a_small_gradient_on_a_slope_is_not_convergence():
    """The likelihood of these rows rises, ever more slowly, towards a singular covariance.

    The gradient falls below tol on the way, long before the climb is over.
    """
    X = mixed(80, 5, 0.5, 1e3, seed=2)
    with pytest.warns(ConvergenceWarning, match="nearly flat"):
        model = GaussianGradientMLE(learning_rate=1.0, max_iter=1000, tol=1e-3).fit(X)
    assert model.natural_gradient_norm_ < 1e-3
    with pytest.warns(ConvergenceWarning):
        further = GaussianGradientMLE(
            learning_rate=1.0,
            max_iter=600,
            tol=0.0,
            mean_init=model.mean_,
            covariance_init=model.covariance_,
        ).fit(X)
    distance = kl_divergence(model.mean_, model.covariance_, further.mean_, further.covariance_)
    assert distance > 1e-3


@pairwise(solver=["natural", "newton"], n_rows=[600, 3000], correlation=[0.5, 0.9, 0.999])
def test_few_rows_that_show_a_pair_have_a_maximum(rng, solver, n_rows, correlation):
    """Of three points off a line no singular covariance is likely, however little they weigh."""
    x, noise = rng.standard_normal((2, n_rows))
    X = np.column_stack((x, correlation * x + np.sqrt(1 - correlation**2) * noise))
    whole = X[:3].copy()
    hidden = (rng.random(n_rows) < 0.5).astype(int)
    X[np.arange(n_rows), hidden] = np.nan
    X[:3] = whole
    assert GaussianGradientMLE(solver=solver).fit(X).converged_


@pytest.mark.parametrize("least", [-0.5, -1e-6, 0.0, 1e-6])
@pytest.mark.parametrize("radius", [1e-3, 1.0, 100.0])
def test_a_damped_step_takes_no_factorization_that_must_fail(rng, monkeypatch, least, radius):
    """It is that of the matrix with a multiple of the identity, which is positive definite.

    But for the first factorization, of the matrix itself.
    """
    family = make_family("full", 3)
    vectors = np.linalg.qr(rng.standard_normal((9, 9)))[0]
    matrix = vectors * [least, *np.linspace(0.1, 1, 8)] @ vectors.T
    gradient = family.unpack_frame(rng.standard_normal(9))
    cholesky, definite = linalg.cholesky, []

    def noting(damped):
        definite.append(np.linalg.eigvalsh(damped)[0] > 0)
        return cholesky(damped)

    monkeypatch.setattr(linalg, "cholesky", noting)
    step, gain = Information(matrix, family).newton_step(gradient, radius)
    packed, step = family.pack_frame(gradient), family.pack_frame(step)
    assert all(definite[1:])
    assert np.linalg.norm(step) <= radius
    shift = (packed - matrix @ step) @ step / (step @ step)
    assert shift > -max(least, 1e-9)
    np.testing.assert_allclose(matrix @ step + shift * step, packed, rtol=1e-6, atol=1e-9)
    assert gain == pytest.approx(packed @ step - step @ matrix @ step / 2, rel=1e-9)


@pytest.mark.parametrize("length", [1e-6, 0.4, 0.9])
def test_a_step_that_the_radius_holds_is_not_damped(rng, monkeypatch, length):
    """It is Newton's, from one factorization, also if it is shorter than half the radius."""
    family = make_family("full", 3)
    vectors = np.linalg.qr(rng.standard_normal((9, 9)))[0]
    matrix = vectors * np.linspace(0.1, 1, 9) @ vectors.T
    newton = rng.standard_normal(9)
    newton *= length / np.linalg.norm(newton)
    counts = count_calls(monkeypatch, linalg, "cholesky")
    step, gain = Information(matrix, family).newton_step(family.unpack_frame(matrix @ newton), 1.0)
    assert counts["cholesky"] == 1
    np.testing.assert_allclose(family.pack_frame(step), newton, rtol=1e-12)
    assert gain == pytest.approx(newton @ matrix @ newton / 2, rel=1e-12)
