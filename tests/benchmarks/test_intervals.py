"""Fits of values known only to an interval: seconds, and beside what one would write by hand.

That is a loop of scipy's cdf over the rows and, of one feature, Newton's steps or L-BFGS on arrays.

See test_speed.py for how to run. The targets are for two cores that are free. On a machine that
is busy ``--benchmark-timer=time.process_time`` says more, with OMP_NUM_THREADS=1.
"""

import numpy as np
import pytest
from counting import count_calls
from oracles import coarse_log_likelihood
from scipy.optimize import minimize
from scipy.special import log_ndtr

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


def below_three_limits(n_samples=100_000):
    rng = np.random.default_rng(0)
    x, limits = rng.standard_normal((n_samples, 1)), rng.choice([-1.0, -0.5, 0.0], (n_samples, 1))
    return np.where(limits < x, x, np.nan), np.maximum(x, limits)


def all_distinct(n_samples=100_000):
    rng = np.random.default_rng(0)
    x, (below, above) = rng.standard_normal((n_samples, 1)), rng.random((2, n_samples, 1))
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


def newton(lower, upper):
    """Mean and scale of one feature below limits: Newton's steps in mean / scale and 1 / scale.

    There the log-likelihood is concave (Burridge, 1981).
    """
    below = np.isnan(lower[:, 0])
    values, limits = upper[~below, 0], upper[below, 0]
    n, total, squares = len(values), values.sum(), values @ values
    theta = np.array([upper.mean(), 1.0]) / upper.std()
    step = np.ones(2)
    while np.abs(step).max() > 1e-8:
        ratio, precision = theta
        z = precision * limits - ratio
        hazard = np.exp(-(z**2) / 2 - log_ndtr(z)) / np.sqrt(2 * np.pi)
        bend = hazard * (z + hazard)
        gradient = [
            precision * total - n * ratio - hazard.sum(),
            n / precision - precision * squares + ratio * total + hazard @ limits,
        ]
        across = total + bend @ limits
        of_scale = -n / precision**2 - squares - bend @ limits**2
        step = np.linalg.solve([[-n - bend.sum(), across], [across, of_scale]], gradient)
        theta = theta - step
    return theta[0] / theta[1], 1 / theta[1]


def lbfgs(lower, upper):
    """Mean and scale of one feature between two ends, by scipy's optimiser."""
    lower, upper = lower[:, 0], upper[:, 0]
    middle = (lower + upper) / 2

    def negative(theta):
        mean, scale = theta[0], np.exp(theta[1])
        ends = start, end = (lower - mean) / scale, (upper - mean) / scale
        mirrored = start > 0  # so that no difference cancels in the upper tail
        near, far = np.where(mirrored, (-end, -start), ends)
        log_probability = log_ndtr(far) + np.log1p(-np.exp(log_ndtr(near) - log_ndtr(far)))
        shift = -np.log(2 * np.pi) / 2 - log_probability
        at_start, at_end = (np.exp(shift - z**2 / 2) for z in ends)
        slopes = (at_end - at_start) / scale, end * at_end - start * at_start
        return -log_probability.mean(), np.mean(slopes, axis=1)

    start = [middle.mean(), np.log(middle.std())]
    found = minimize(negative, start, jac=True, method="L-BFGS-B", options={"gtol": 1e-6})
    return found.x[0], np.exp(found.x[1])


@pytest.mark.parametrize(("theirs", "ends"), [(newton, below_three_limits), (lbfgs, all_distinct)])
def test_what_is_written_by_hand_finds_the_maximum(theirs, ends):
    ends = ends(1_000)
    ours = fit(ends)
    np.testing.assert_allclose(theirs(*ends), [ours.mean_[0], ours.scale_[0]], atol=1e-5)


@pytest.mark.parametrize("n_samples", [100, 1_000])
def test_few_limits(race, n_samples):
    """The steps alone: no program that checks what it is given is as fast."""
    ends = below_three_limits(n_samples)
    race(
        f"{n_samples:,} x 1, three limits / Newton's steps by hand",
        10,
        lambda: fit(ends),
        lambda: newton(*ends),
    )


@pytest.mark.benchmark(min_rounds=1)
def test_distinct_intervals(race):
    ends = all_distinct(1_000_000)
    race(
        "1,000,000 x 1, all intervals distinct / L-BFGS by hand",
        1,
        lambda: fit(ends),
        lambda: lbfgs(*ends),
    )


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
    counts = count_calls(monkeypatch, IntervalFull, "evaluate")
    fit(below_limits(1_000, 5))
    assert counts["evaluate"] <= 25


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
