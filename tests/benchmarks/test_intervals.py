"""Fits of values known only to an interval: seconds, and a loop of scipy's cdf.

See test_speed.py for how to run. The targets are for two cores that are free. On a machine that
is busy ``--benchmark-timer=time.process_time`` says more, with OMP_NUM_THREADS=1.
"""

import numpy as np
import pytest
from oracles import coarse_log_likelihood
from scipy.optimize import minimize

from skgauss import GaussianGradientMLE
from skgauss.likelihoods.interval import IntervalFull

N_LOOP = 30  # rows of the loop, whose time grows with their number
FEWEST_TIMES_AS_FAST = 100


def below_limits(n_samples, n_features):
    """Features with a common factor, three tenths of each below its limit."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_samples, n_features)) + rng.standard_normal((n_samples, 1))
    return censored(X)


def mixed(n_samples, n_features):
    """The same of random mixtures of independent features, which nearly determine each other."""
    rng = np.random.default_rng(0)
    return censored(
        rng.standard_normal((n_samples, n_features)) @ rng.standard_normal((n_features,) * 2)
    )


def censored(X):
    limits = np.quantile(X, 0.3, axis=0)
    return np.where(limits < X, X, np.nan), np.maximum(X, limits)


def below_three_limits():
    rng = np.random.default_rng(0)
    x, limits = rng.standard_normal((100_000, 1)), rng.choice([-1.0, -0.5, 0.0], (100_000, 1))
    return np.where(limits < x, x, np.nan), np.maximum(x, limits)


def all_distinct():
    rng = np.random.default_rng(0)
    x, (below, above) = rng.standard_normal((100_000, 1)), rng.random((2, 100_000, 1))
    return x - below, x + above


SECONDS = {
    "100,000 x 1, three limits": (0.15, below_three_limits),
    "100,000 x 1, all intervals distinct": (0.6, all_distinct),
    "1,000 x 5, below limits": (1.5, lambda: below_limits(1_000, 5)),
    "1,000 x 5, below limits, of condition 550": (1.5, lambda: mixed(1_000, 5)),
    "500 x 10, below limits": (4, lambda: below_limits(500, 10)),
    "500 x 20, below limits": (8, lambda: below_limits(500, 20)),
}


def fit(ends):
    return GaussianGradientMLE().fit(ends[0], X_upper=ends[1])


def loop(lower, upper):
    """Mean and factor by scipy: its distributions row by row, and its optimiser."""
    d = lower.shape[1]
    below = np.tril_indices(d)

    def negative(theta):
        factor = np.zeros((d, d))
        factor[below] = theta[d:]
        covariance = factor @ factor.T
        return -coarse_log_likelihood(lower, upper, theta[:d], covariance, tolerance=1e-5)

    start = np.concatenate((upper.mean(axis=0), np.diag(upper.std(axis=0))[below]))
    return minimize(negative, start, method="L-BFGS-B").x


def test_the_loop_finds_the_maximum():
    lower, upper = below_limits(N_LOOP, 3)
    ours, theirs = fit((lower, upper)), loop(np.where(np.isnan(lower), -np.inf, lower), upper)
    np.testing.assert_allclose(theirs[:3], ours.mean_, atol=2e-3 * ours.scale_.max())


@pytest.mark.parametrize("row", SECONDS)
def test_seconds(alone, row):
    target, data = SECONDS[row]
    ends = data()
    assert fit(ends).converged_
    alone(row, target, lambda: fit(ends))


def test_evaluations(monkeypatch):
    """Of the likelihood, in a fit to 1,000 x 5."""
    count = 0
    evaluate = IntervalFull.evaluate

    def counting(*arguments):
        nonlocal count
        count += 1
        return evaluate(*arguments)

    monkeypatch.setattr(IntervalFull, "evaluate", counting)
    fit(below_limits(1_000, 5))
    assert count <= 25


@pytest.mark.benchmark(min_rounds=1)
def test_loop(race):
    ends = below_limits(1_000, 3)
    lower, upper = (end[:N_LOOP] for end in ends)
    lower = np.where(np.isnan(lower), -np.inf, lower)
    race(
        f"1,000 x 3, below limits / a loop of scipy's cdf, {N_LOOP} rows",
        1_000 / N_LOOP / FEWEST_TIMES_AS_FAST,
        lambda: fit(ends),
        lambda: loop(lower, upper),
    )
