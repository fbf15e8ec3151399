"""Our time beside the peer's, one group a row of the table.

Run them with::

    python -m pip install -e ".[test,benchmark]"
    python -m pytest tests/benchmarks --benchmark-only --no-cov -q

Each group holds our time and the peer's from the same run: read the ratio of the minima.
"""

import numpy as np
import pytest
from sklearn.covariance import EmpiricalCovariance
from sklearn.mixture import GaussianMixture

from skgauss import GaussianGradientMLE


def normal(shape, order="C"):
    return np.asarray(np.random.default_rng(0).standard_normal(shape), order=order)


def mean_and_cov(X):
    return X.mean(axis=0), np.cov(X.T)


def fit(X, sample_weight=None, **parameters):
    return GaussianGradientMLE(**parameters).fit(X, sample_weight=sample_weight)


def loop(x, rate, n_steps):
    """The question's loop, written by hand in NumPy."""
    mu, sigma = 0.0, 1.0
    for _ in range(n_steps):
        deviation = x - mu
        slope_mu = np.mean(deviation) / sigma**2
        slope_sigma = np.mean(deviation**2) / sigma**3 - 1 / sigma
        mu, sigma = mu + rate * slope_mu, sigma + rate * slope_sigma
    return mu, sigma


FITS = {
    "10,000,000 x 1 / mean and np.cov": ((10_000_000, 1), "C", mean_and_cov),
    "10,000,000 x 1 / X.sum()": ((10_000_000, 1), "C", np.sum),
    "1,000,000 x 10 / EmpiricalCovariance": (
        (1_000_000, 10), "C", lambda X: EmpiricalCovariance(store_precision=False).fit(X),
    ),
    "1,000,000 x 10 / GaussianMixture": (
        (1_000_000, 10), "C", lambda X: GaussianMixture(1).fit(X),
    ),
    "1,000,000 x 10, Fortran / mean and np.cov": ((1_000_000, 10), "F", mean_and_cov),
    "100,000 x 100 / mean and np.cov": ((100_000, 100), "C", mean_and_cov),
    "20,000 x 1,000 / mean and np.cov": ((20_000, 1_000), "C", mean_and_cov),
    "200 x 5 / EmpiricalCovariance": ((200, 5), "C", lambda X: EmpiricalCovariance().fit(X)),
}  # fmt: skip

both = pytest.mark.parametrize("who", ["ours", "theirs"])


@both
@pytest.mark.parametrize("work", FITS)
def test_fit(benchmark, work, who):
    shape, order, theirs = FITS[work]
    X = normal(shape, order)
    benchmark.group = f"fit, {work}"
    benchmark(fit if who == "ours" else theirs, X)


@both
def test_weighted_fit(benchmark, who):
    X, weights = normal((1_000_000, 10)), np.random.default_rng(1).random(1_000_000)
    benchmark.group = "weighted fit, 1,000,000 x 10 / np.cov(aweights=...)"
    if who == "ours":
        benchmark(fit, X, weights)
    else:
        benchmark(np.cov, X.T, aweights=weights)


@both
def test_diagonal_fit(benchmark, who):
    X = normal((500, 20_000))
    benchmark.group = "fit diag, 500 x 20,000 / X.std(0)"
    if who == "ours":
        benchmark(fit, X, covariance_type="diag")
    else:
        benchmark(X.std, 0)


@both
def test_score_samples(benchmark, who):
    X = normal((1_000_000, 10))
    benchmark.group = "score_samples, 1,000,000 x 10 / GaussianMixture's"
    model = fit(X) if who == "ours" else GaussianMixture(1).fit(X)
    benchmark(model.score_samples, X)


@both
@pytest.mark.parametrize(("n_samples", "n_steps"), [(1_000, 2_000), (1_000_000, 100)])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_constant_steps(benchmark, n_samples, n_steps, who):
    X = 3 + 2 * normal((n_samples, 1))
    benchmark.group = f"{n_steps:,} constant steps, {n_samples:,} rows / the loop by hand"
    if who == "ours":
        benchmark(fit, X, solver="gradient", learning_rate=1e-3, max_iter=n_steps, tol=0)
    else:
        benchmark(loop, X[:, 0], 1e-3, n_steps)
