"""Many small fits while two other processes are busy, beside the same with one thread of BLAS.

A thread of BLAS that is woken for a small matrix is waited for, where cores are busy, longer than
the work takes. See test_speed.py for how to run; the target is a ratio near 1.
"""

import subprocess
import sys

import joblib
import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV
from threadpoolctl import threadpool_limits

from skgauss import GaussianGradientMLE


@pytest.fixture(autouse=True)
def two_busy_processes():
    processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2)]
    yield
    for process in processes:
        process.kill()
        process.wait()


def bootstrap(X):
    rng = np.random.default_rng(0)
    for _ in range(200):
        GaussianGradientMLE(solver="gradient").fit(X[rng.integers(len(X), size=len(X))])


def grid_search(X):
    model = GaussianGradientMLE(solver="gradient")
    with joblib.parallel_config("threading", n_jobs=2):
        GridSearchCV(model, {"tol": [1e-4, 1e-5, 1e-6]}).fit(X)


def with_one_thread(workload, X):
    with threadpool_limits(1, "blas"):
        workload(X)


@pytest.mark.benchmark(min_rounds=1)
@pytest.mark.parametrize("workload", [bootstrap, grid_search])
def test_beside_busy_processes(race, workload):
    X = np.random.default_rng(0).standard_normal((200, 4))
    race(
        f"{workload.__name__}, 200 x 4, beside two busy processes / one thread of BLAS",
        1.2,
        lambda: workload(X),
        lambda: with_one_thread(workload, X),
    )
