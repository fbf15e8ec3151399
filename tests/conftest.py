import os

# Matrices here are small: a second BLAS thread only waits for the first, and where cores are
# shared it waits long. To be set before NumPy is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris, load_wine
from sklearn.preprocessing import scale


def pytest_addoption(parser):
    parser.addoption("--seed", type=int, default=0, help="seed of every random draw")


def pytest_report_header(config):
    return f"seed: {config.getoption('--seed')}"


@pytest.fixture
def rng(request):
    """A generator seeded by --seed, so that the suite can be run on other draws."""
    return np.random.default_rng(request.config.getoption("--seed"))


@pytest.fixture(params=["wine", "iris", "diabetes"])
def real_data(request):
    loaders = {"wine": load_wine, "iris": load_iris, "diabetes": load_diabetes}
    return scale(loaders[request.param]().data)


@pytest.fixture
def correlated(rng):
    """Rows of three correlated features in three units."""
    mixing = np.array([[1.0, 0.0, 0.0], [0.6, 0.8, 0.0], [-0.3, 0.5, 0.7]])
    return rng.standard_normal((60, 3)) @ mixing.T * [0.5, 2.0, 1.0] + [1.0, -2.0, 0.3]
