"""Our time beside the peer's, in turns; the last lines printed are the ratios.

Run them with::

    python -m pip install -e ".[test,benchmark]"
    python -m pytest tests/benchmarks --benchmark-only -q
"""

import os
import subprocess
import sys
import time
import warnings

import numpy as np
import pytest
from sklearn.covariance import EmpiricalCovariance
from sklearn.linear_model import LinearRegression
from sklearn.mixture import GaussianMixture

from skgauss import GaussianGradientMLE, GaussianRegressor, SufficientStatistics


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


def python(code):
    """Run code in a process of its own, with modules compiled before, as they are by default."""
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": ""}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)


FITS = {
    "10,000,000 x 1 / mean and np.cov": (0.35, (10_000_000, 1), "C", mean_and_cov),
    "1,000,000 x 10 / EmpiricalCovariance(store_precision=False)": (
        0.4, (1_000_000, 10), "C", lambda X: EmpiricalCovariance(store_precision=False).fit(X),
    ),
    "1,000,000 x 10 / GaussianMixture(1)": (
        1 / 30, (1_000_000, 10), "C", lambda X: GaussianMixture(1).fit(X),
    ),
    "1,000,000 x 10, Fortran order / mean and np.cov": (0.6, (1_000_000, 10), "F", mean_and_cov),
    "100,000 x 100 / mean and np.cov": (0.6, (100_000, 100), "C", mean_and_cov),
    "20,000 x 1,000 / mean and np.cov": (0.8, (20_000, 1_000), "C", mean_and_cov),
    "200 x 5 / EmpiricalCovariance()": (
        2.5, (200, 5), "C", lambda X: EmpiricalCovariance().fit(X),
    ),
    "100 x 3 / EmpiricalCovariance()": (
        1.3, (100, 3), "C", lambda X: EmpiricalCovariance().fit(X),
    ),
}  # fmt: skip


@pytest.mark.parametrize("row", FITS)
def test_fit(race, row):
    target, shape, order, theirs = FITS[row]
    X = normal(shape, order)
    race(f"fit, {row}", target, lambda: fit(X), lambda: theirs(X))


@pytest.mark.parametrize(
    ("shape", "name", "theirs", "targets"),
    [
        ((10_000_000, 1), "X.sum()", np.sum, {0.5: 2, 1000: 3}),
        ((1_000_000, 10), "X.T @ X", lambda X: X.T @ X, {0.5: 1.3, 1000: 2.25}),
        ((100_000, 100), "X.T @ X", lambda X: X.T @ X, {0.5: 1.3, 1000: 1.5}),
    ],
    ids=["x 1", "x 10", "x 100"],
)
@pytest.mark.parametrize("mean", [0.5, 1000])
def test_one_pass(race, shape, name, theirs, targets, mean):
    """Data near zero need no pivot, as those far from it do."""
    X = normal(shape) + mean
    row = f"fit, {shape[0]:,} x {shape[1]}, mean {mean:,} / {name}"
    race(row, targets[mean], lambda: fit(X), lambda: theirs(X))


@pytest.mark.parametrize(("mean", "target"), [(0.5, 2), (1e6, 1.7)])
def test_fused_pass(race, mean, target):
    """Both sums in one loop of numba, about the first value, in whatever order is fastest."""
    numba = pytest.importorskip("numba")

    @numba.njit(fastmath=True)
    def fused(x):
        first = second = 0.0
        pivot = x[0]
        for i in range(x.size):  # which LLVM vectorises, as it does no loop over the values
            deviation = x[i] - pivot
            first += deviation
            second += deviation * deviation
        offset = first / x.size
        return pivot + offset, second / x.size - offset * offset

    X = normal((10_000_000, 1)) + mean
    fused(X[:2, 0])
    row = f"fit, 10,000,000 x 1, mean {mean:,} / fused pass of numba"
    race(row, target, lambda: fit(X), lambda: fused(X[:, 0]))


def test_narrow_floats(race):
    X = normal((10_000_000, 1))
    narrow = X.astype(np.float32)
    race("fit, 10,000,000 x 1, float32 / float64", 0.8, lambda: fit(narrow), lambda: fit(X))


@pytest.mark.parametrize(
    ("shape", "order", "dtype", "name", "theirs", "target"),
    [
        ((100_000, 10), "C", np.float64, "np.cov", lambda X: np.cov(X.T), 0.9),
        ((1_000_000, 10), "F", np.float64, "X.T @ X", lambda X: X.T @ X, 1.3),
        ((100_000, 100), "C", np.float32, "X.T @ X", lambda X: X.T @ X, 1.5),
    ],
    ids=["x 10", "Fortran", "float32"],
)
def test_product(race, shape, order, dtype, name, theirs, target):
    X = normal(shape, order).astype(dtype)
    row = f"fit, {shape[0]:,} x {shape[1]}, {order}, {np.dtype(dtype)} / {name}"
    race(row, target, lambda: fit(X), lambda: theirs(X))


def test_frame_of_single_columns(race):
    pandas = pytest.importorskip("pandas")
    X = normal((1_000_000, 10), "F")
    frame = pandas.DataFrame({f"x{j}": X[:, j].copy() for j in range(10)})
    race(
        "fit, 1,000,000 x 10, a frame of single columns / X.T @ X",
        1.3,
        lambda: fit(frame),
        lambda: X.T @ X,
    )


def test_weighted_fit(race):
    X, weights = normal((1_000_000, 10)), np.random.default_rng(1).random(1_000_000)
    race(
        "weighted fit, 1,000,000 x 10 / np.cov(aweights=...)",
        0.5,
        lambda: fit(X, weights),
        lambda: np.cov(X.T, aweights=weights),
    )


def test_diagonal_fit(race):
    X = normal((500, 20_000))
    race(
        "fit, diag, 500 x 20,000 / X.std(0)",
        3,
        lambda: fit(X, covariance_type="diag"),
        lambda: X.std(0),
    )


def test_regression(race):
    X = normal((1_000_000, 10))
    y = X @ np.arange(10) + np.random.default_rng(1).standard_normal(len(X))
    race(
        "GaussianRegressor, 1,000,000 x 10 / LinearRegression",
        0.3,
        lambda: GaussianRegressor().fit(X, y),
        lambda: LinearRegression().fit(X, y),
    )


@pytest.mark.parametrize(
    ("shape", "target"), [((1_000_000, 10), 0.4), ((5_000, 1_000), 0.9)], ids=["x 10", "x 1,000"]
)
def test_score_samples(race, shape, target):
    X = normal(shape)
    ours, theirs = fit(X[:2000]), GaussianMixture(1).fit(X[:2000])
    race(
        f"score_samples, {shape[0]:,} x {shape[1]:,} / GaussianMixture's",
        target,
        lambda: ours.score_samples(X),
        lambda: theirs.score_samples(X),
    )


def under(action, function):
    """The function, with warnings dealt with so: "ignore", or "always" and caught."""

    def call():
        with warnings.catch_warnings(record=True):
            warnings.simplefilter(action)
            function()

    return call


@pytest.mark.parametrize(
    ("n_samples", "n_steps", "targets"),
    [
        (1_000, 2_000, {"ignore": 1.2, "always": 1.2}),
        (1_000_000, 100, {"ignore": 1 / 40, "always": 1 / 25}),
    ],
    ids=["2,000 steps", "100 steps"],
)
@pytest.mark.parametrize("warned", ["ignore", "always"])
def test_constant_steps(race, n_samples, n_steps, targets, warned):
    X = 3 + 2 * normal((n_samples, 1))
    climb = {"solver": "gradient", "learning_rate": 1e-3, "max_iter": n_steps}
    race(
        f"{n_steps:,} steps, {n_samples:,} rows, warnings {warned} / loop by hand",
        targets[warned],
        under(warned, lambda: fit(X, **climb)),
        lambda: loop(X[:, 0], 1e-3, n_steps),
    )


def test_words_of_a_fit(race):
    """A fit with gaps that stops too early: what its warning adds."""
    X = normal((10_000, 20)) @ normal((20, 20))
    X[np.random.default_rng(1).random(X.shape) < 0.2] = np.nan
    race(
        "max_iter=3, 10,000 x 20, 20 % missing, warnings shown / ignored",
        1.3,
        under("always", lambda: fit(X, max_iter=3)),
        under("ignore", lambda: fit(X, max_iter=3)),
    )


def test_small_closed_form(race):
    X = normal((100, 3))
    race(
        "solver='closed-form', 100 x 3 / the default",
        1,
        lambda: fit(X, solver="closed-form"),
        lambda: fit(X),
    )


def test_stream(race):
    chunks = np.array_split(normal((10_000, 10)), 100)

    def ours():
        model = GaussianGradientMLE()
        for chunk in chunks:
            model.partial_fit(chunk)

    race(
        "100 chunks by partial_fit / their statistics, added up and fitted",
        1.3,
        ours,
        lambda: GaussianGradientMLE().fit_statistics(
            sum(SufficientStatistics.from_array(chunk) for chunk in chunks)
        ),
    )


@pytest.mark.parametrize("n_samples", [10, 100, 1_000])
def test_score_of_few(race, n_samples):
    X = normal((n_samples, 3))
    ours, theirs = fit(normal((100, 3))), GaussianMixture(1).fit(normal((100, 3)))
    race(
        f"score_samples, {n_samples:,} x 3 / GaussianMixture's",
        1,
        lambda: ours.score_samples(X),
        lambda: theirs.score_samples(X),
    )


# A process of its own, of whose time this one's processor knows nothing.
@pytest.mark.benchmark(min_rounds=2, timer=time.perf_counter)
def test_import(race):
    race(
        "import skgauss / import sklearn.mixture",
        1.2,
        lambda: python("import skgauss"),
        lambda: python("import sklearn.mixture"),
    )
