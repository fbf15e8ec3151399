"""Fits of models for tests, rows with gaps to fit them to, and comparisons of two models."""

import warnings

import numpy as np
from oracles import as_matrix, kl_divergence
from sklearn.exceptions import ConvergenceWarning

from skgauss import GaussianGradientMLE


def fitted(X, covariance_type="full", sample_weight=None, X_upper=None, **parameters):
    """A model fitted with a small tolerance, so that it is very near the maximum."""
    model = GaussianGradientMLE(covariance_type=covariance_type, **{"tol": 1e-9} | parameters)
    return model.fit(X, sample_weight=sample_weight, X_upper=X_upper)


def fit_quietly(model, *rows, **metadata):
    """The model after a fit that may end, without a warning, before it has converged."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(*rows, **metadata)


def with_gaps(rng, X, share=0.1):
    return np.where(rng.random(X.shape) < share, np.nan, X)


def divergence(one, other):
    """The Kullback-Leibler divergence between the Gaussians of two models, in nats."""
    d = len(one.mean_)
    covariances = (as_matrix(model.covariance_, d) for model in (one, other))
    return kl_divergence(one.mean_, next(covariances), other.mean_, next(covariances))


def assert_same_gaussian(one, other, rtol=1e-6):
    np.testing.assert_allclose(one.mean_, other.mean_, rtol=rtol, atol=rtol * one.scale_.max())
    np.testing.assert_allclose(one.covariance_, other.covariance_, rtol=rtol, atol=rtol)


def factor_of(family, covariance):
    """The factor of the covariance in the family that is nearest to a matrix, in likelihood."""
    scatter = covariance if family.correlated else covariance.diagonal().copy()
    return family.root(family.project(scatter))
