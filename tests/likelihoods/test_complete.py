"""The likelihood against scipy's density and against its own definition."""

import numpy as np
import pytest
from marks import FAMILIES, each_family, pairwise
from models import factor_of, fit_quietly
from oracles import as_matrix, exact_log_likelihood
from scipy.stats import multivariate_normal

from skgauss import GaussianGradientMLE
from skgauss.gaussian import make_family
from skgauss.likelihoods.complete import GaussianLikelihood
from skgauss.statistics.complete import summarize


def likelihood_of(X, covariance_type, ridge=None):
    family = make_family(covariance_type, X.shape[1])
    return GaussianLikelihood(summarize(X, None, len(family.scatter_shape) == 1), family, ridge)


def some_point(likelihood, rng):
    family = likelihood.family
    root = rng.standard_normal((3, 3))
    return rng.standard_normal(3), factor_of(family, root @ root.T + np.eye(3))


@each_family
def test_value_is_the_mean_log_density(correlated, rng, covariance_type):
    likelihood = likelihood_of(correlated, covariance_type)
    mean, factor = some_point(likelihood, rng)
    covariance = as_matrix(likelihood.family.unpack(likelihood.family.square(factor)), 3)
    expected = multivariate_normal(mean, covariance).logpdf(correlated).mean()
    at = likelihood.evaluate(mean, factor)
    assert likelihood.log_likelihood(at) == pytest.approx(expected, rel=1e-12)


@each_family
def test_norm_is_the_formula_of_the_fisher_metric(correlated, rng, covariance_type):
    """sqrt(g' Sigma g + 2 tr(G Sigma G Sigma)), G projected onto the family."""
    likelihood = likelihood_of(correlated, covariance_type)
    mean, factor = some_point(likelihood, rng)
    sigma = as_matrix(likelihood.family.unpack(likelihood.family.square(factor)), 3)
    inverse = np.linalg.inv(sigma)
    delta = correlated.mean(axis=0) - mean
    A = np.cov(correlated.T, ddof=0) + np.outer(delta, delta)
    G = 0.5 * (inverse @ A @ inverse - inverse)
    if covariance_type == "diag":
        G = np.diag(np.diag(G))
    if covariance_type == "spherical":
        G = np.eye(3) * np.trace(G) / 3
    g = inverse @ delta
    expected = np.sqrt(g @ sigma @ g + 2 * np.trace(G @ sigma @ G @ sigma))
    at = likelihood.evaluate(mean, factor)
    assert at.natural_gradient_norm == pytest.approx(expected, rel=1e-10)


@each_family
def test_half_the_squared_norm_is_the_gain_left(correlated, covariance_type):
    likelihood = likelihood_of(correlated, covariance_type)
    mean, factor = likelihood.maximum
    for step in (1e-2, 1e-5, 1e-8):
        at = likelihood.evaluate(mean + step * 0.3, factor * (1 + step))
        assert -at.value == pytest.approx(at.natural_gradient_norm**2 / 2, rel=10 * step + 1e-6)


@each_family
def test_ridge_moves_the_maximum_by_itself(correlated, covariance_type):
    ridge = np.array([0.1, 0.5, 1.0])
    plain, ridged = (
        likelihood_of(correlated, covariance_type),
        likelihood_of(correlated, covariance_type, ridge),
    )
    family = plain.family
    expected = as_matrix(family.unpack(family.square(plain.maximum[1])), 3)
    added = np.full(3, ridge.mean()) if covariance_type == "spherical" else ridge
    got = as_matrix(family.unpack(family.square(ridged.maximum[1])), 3)
    np.testing.assert_allclose(got, expected + np.diag(added), rtol=1e-12)
    at = ridged.evaluate(*ridged.maximum)
    assert at.natural_gradient_norm < 1e-14
    # what is reported is the likelihood of the data, without the penalty
    density = multivariate_normal(ridged.maximum[0], got).logpdf(correlated).mean()
    assert ridged.log_likelihood(at) == pytest.approx(density, rel=1e-12)
    # and the penalised value is the likelihood minus r' diag(inverse) / 2
    penalty = 0.5 * ridge @ np.diag(np.linalg.inv(got))
    assert ridged.reference + at.value == pytest.approx(density - penalty, rel=1e-12)


@pairwise(covariance_type=FAMILIES, missing=[0.0, 0.2], offset=[1e3, 1e12, 1e15, 1e16])
def test_it_is_that_of_the_mean_that_float64_holds(rng, covariance_type, missing, offset):
    """Far from zero the mean is rounded by a share of a deviation, and the fit is as much worse."""
    X = offset + np.rint(4 * rng.standard_normal((60, 2)))
    X[rng.random(X.shape) < missing] = np.nan
    start = {"mean_init": offset + 2, "covariance_init": 20.0}
    for parameters in ({"max_iter": 9}, {"max_iter": 1, "learning_rate": 0.1, **start}):
        model = GaussianGradientMLE(covariance_type=covariance_type, **parameters)
        fit_quietly(model, X)
        exact = exact_log_likelihood(X, model.mean_, as_matrix(model.covariance_, 2))
        assert model.log_likelihood_ == pytest.approx(exact, rel=1e-13)
        assert model.score(X) == pytest.approx(exact, rel=1e-13)


@pytest.mark.parametrize("missing", [False, True])
@each_family
def test_a_ridge_far_above_the_variances(rng, covariance_type, missing):
    """The likelihood of the data does not drown in the penalty, here of 1e24 nats at the start."""
    X = 1e-12 * rng.standard_normal((50, 2))
    X[:10, 0] = np.nan if missing else X[:10, 0]
    model = GaussianGradientMLE(
        solver="gradient",
        covariance_type=covariance_type,
        reg_covar=1.0,
        covariance_init=1e-24,
        max_iter=5,
    )
    fit_quietly(model, X)
    assert model.log_likelihood_ == pytest.approx(model.score(X), rel=1e-12)
