"""A default fit beside one iteration of the textbook EM, a Python loop over patterns.

And standard errors, beside the same information by central differences of the gradient and, where
that would take minutes, beside the fit.

See test_speed.py for how to run.
"""

import numpy as np
import pytest
from oracles import em_step
from textbook_em import em_iteration, sorted_by_pattern

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
