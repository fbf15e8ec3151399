"""A default fit beside one iteration of the textbook EM, a Python loop over patterns.

And standard errors, beside the same information by central differences of the gradient and, where
that would take minutes, beside the fit.

See test_speed.py for how to run.
"""

import numpy as np
import pytest
from oracles import em_step

from skgauss import GaussianGradientMLE
from skgauss.inference import likelihood_of
from skgauss.likelihoods import information_matrix
from skgauss.likelihoods.missing import ObservedFull


def with_gaps(n_samples, n_features):
    """Correlated features, one entry in ten missing."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_samples, n_features)) @ rng.standard_normal((n_features,) * 2)
    X[rng.random(X.shape) < 0.1] = np.nan
    return X


def sorted_by_pattern(X):
    """Observed and missing features of each pattern, and its observed values."""
    missing = np.isnan(X)
    _, of_row = np.unique(missing, axis=0, return_inverse=True)
    order = np.argsort(of_row.ravel(), kind="stable")
    cuts = np.flatnonzero(np.diff(of_row.ravel()[order])) + 1
    for rows in np.split(order, cuts):
        o, m = np.flatnonzero(~missing[rows[0]]), np.flatnonzero(missing[rows[0]])
        yield o, m, X[np.ix_(rows, o)]


def em_iteration(groups, mean, covariance):
    """The textbook again, for rows that are sorted already."""
    d = len(mean)
    first, second, n = np.zeros(d), np.zeros((d, d)), 0
    for o, m, rows in groups:
        completed = np.zeros((len(rows), d))
        completed[:, o] = rows - mean[o]
        regression = np.linalg.solve(covariance[np.ix_(o, o)], covariance[np.ix_(o, m)])
        completed[:, m] = completed[:, o] @ regression
        first += completed.sum(axis=0)
        second += completed.T @ completed
        residual = covariance[np.ix_(m, m)] - covariance[np.ix_(m, o)] @ regression
        second[np.ix_(m, m)] += len(rows) * residual
        n += len(rows)
    step = first / n
    return mean + step, second / n - np.outer(step, step)


def test_the_loop_is_em():
    X = with_gaps(200, 4)
    X = X[~np.isnan(X).all(axis=1)]
    start = np.zeros(4), np.eye(4)
    for ours, theirs in zip(
        em_iteration(list(sorted_by_pattern(X)), *start), em_step(X, *start), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10)


@pytest.mark.parametrize("shape", [(10_000, 20), (100_000, 20), (20_000, 50)], ids=str)
def test_fit(race, shape):
    X = with_gaps(*shape)
    groups = list(sorted_by_pattern(X))
    start = np.zeros(shape[1]), np.eye(shape[1])
    race(
        f"{shape[0]:,} x {shape[1]}, a tenth missing / one iteration of EM",
        4,
        lambda: GaussianGradientMLE().fit(X),
        lambda: em_iteration(groups, *start),
    )


def with_a_common_factor(n_samples, n_features, missing):
    """Rows with an interior maximum, at which there are standard errors."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_samples, n_features)) + rng.standard_normal((n_samples, 1))
    X[rng.random(X.shape) < missing] = np.nan
    return X


class _ByDifferences(ObservedFull):
    has_information = False


def test_standard_errors_beside_central_differences(race):
    model = GaussianGradientMLE().fit(with_a_common_factor(1000, 20, 0.2))
    likelihood = likelihood_of(model)
    likelihood.__class__ = _ByDifferences
    race(
        "standard errors of 1,000 x 20, a fifth missing / differences of the gradient",
        0.05,
        model.standard_errors,
        lambda: information_matrix(
            likelihood, likelihood.evaluate(model.mean_, model._gaussian.factor)
        ),
    )


def test_standard_errors_beside_the_fit(race):
    X = with_a_common_factor(5000, 50, 0.3)
    model = GaussianGradientMLE().fit(X)
    race(
        "standard errors of 5,000 x 50, 30 % missing / the fit",
        1.0,
        model.standard_errors,
        lambda: GaussianGradientMLE().fit(X),
    )
