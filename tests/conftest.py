import os
from collections import Counter

# Matrices are small in the tests: a second BLAS thread only waits for the first, and waits long
# where cores are shared. This must be set before NumPy is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris, load_wine
from sklearn.preprocessing import scale

# pytest imports a module of doctests by its path. It executes the `__init__` of a room a second
# time if the package was not imported before, and then the room lacks its files as attributes,
# which `monkeypatch` looks up.
import skgauss  # noqa: F401


def pytest_addoption(parser):
    parser.addoption("--seed", type=int, default=0, help="seed of every random draw")
    parser.addoption("--seconds", type=float, default=60, help="how long `-m search` searches")


def pytest_report_header(config):
    return f"seed: {config.getoption('--seed')}"


def pytest_terminal_summary(terminalreporter):
    """Write one line for each reason why tests were skipped."""
    skipped = terminalreporter.stats.get("skipped", [])
    for reason, count in Counter(report.longrepr[2] for report in skipped).items():
        terminalreporter.line(f"{count} x {reason}")


@pytest.fixture(autouse=True)
def time_for_words(monkeypatch):
    """Allow enough time for the text of a warning that it is the same on a busy machine."""
    monkeypatch.setattr("skgauss.fitting.warn_once._TIME_UNIT", 60.0)


@pytest.fixture
def rng(request):
    """A generator seeded by --seed, so that the suite can be run on other draws."""
    return np.random.default_rng(request.config.getoption("--seed"))


@pytest.fixture
def real_data(request):
    """The standardised data set whose name the test passes as the fixture's parameter."""
    loaders = {"wine": load_wine, "iris": load_iris, "diabetes": load_diabetes}
    return scale(loaders[request.param]().data)


@pytest.fixture
def scipy_array_api(monkeypatch):
    """Set the environment variable that lets scikit-learn accept arrays of other libraries.

    scikit-learn reads it at each call. SciPy reads it only when imported, and so ignores it here.
    """
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")


@pytest.fixture
def correlated(rng):
    """Rows of three correlated features in three units."""
    mixing = np.array([[1.0, 0.0, 0.0], [0.6, 0.8, 0.0], [-0.3, 0.5, 0.7]])
    return rng.standard_normal((60, 3)) @ mixing.T * [0.5, 2.0, 1.0] + [1.0, -2.0, 0.3]


@pytest.fixture
def gappy(rng, correlated):
    """The correlated rows with about three values in ten missing, but never a whole row."""
    gaps = rng.random(correlated.shape) < 0.3
    gaps[gaps.all(axis=1)] = False
    return np.where(gaps, np.nan, correlated)
