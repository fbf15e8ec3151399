"""Fits and scores of few features leave the threads of BLAS asleep.

Where other processes have the cores, a thread that is woken for a matrix of four columns is waited
for some thousand times as long as the work takes.
"""

import os
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from skgauss import GaussianGradientMLE

TASKS = Path("/proc/self/task")
SOLVERS = ["natural", "gradient", "coordinate", "lbfgs", "newton", "closed-form"]


def other_threads():
    """Of each, whether it sleeps and how often it was stopped or went to sleep."""
    lines = ("State", "voluntary_ctxt_switches", "nonvoluntary_ctxt_switches")
    found = {}
    for task in TASKS.iterdir():
        if int(task.name) != os.getpid():
            status = dict(line.split(":\t", 1) for line in (task / "status").open())
            found[task.name] = tuple(status[line].strip() for line in lines)
    return found


def wakes(function):
    """Whether a thread that was asleep is awake afterwards, or was."""
    function()  # for the first time: what is loaded or started once is no matter
    while any(state != "S (sleeping)" for state, *_ in other_threads().values()):
        time.sleep(0.02)
    before = other_threads()
    function()
    return other_threads() != before


def workloads(n_samples, n_features):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_samples, n_features)) @ rng.standard_normal((n_features,) * 2)
    weights = rng.random(n_samples)
    gaps = np.where(rng.random(X.shape) < 0.1, np.nan, X)[:300]
    for solver in SOLVERS:
        fit = GaussianGradientMLE(solver=solver, max_iter=20).fit
        yield f"{solver} {X.shape}", partial(fit, X, sample_weight=weights)
        if solver != "closed-form" and 1 < n_features < 10:
            yield f"{solver} {gaps.shape} with gaps", partial(fit, gaps)
    model = GaussianGradientMLE().fit(X)
    yield f"score {X.shape}", partial(model.score, X, sample_weight=weights)
    yield f"score {gaps.shape} with gaps", partial(model.score, gaps)
    yield f"impute {gaps.shape}", partial(model.impute, gaps)


def main():
    many = np.ones((600, 600))
    if not wakes(lambda: many @ many):
        print("no threads")
        return
    for shape in [(20_000, 1), (60, 4), (20_000, 4), (2_000, 20), (200, 40), (500, 120)]:
        for name, function in workloads(*shape):
            if wakes(function):
                print("woken by", name)


@pytest.mark.exhaustive
@pytest.mark.skipif(not TASKS.exists(), reason="only Linux says what its threads do")
def test_threads_of_blas_sleep():
    environment = {**os.environ, "OMP_NUM_THREADS": "2", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [sys.executable, __file__], env=environment, capture_output=True, text=True, check=True
    )
    if done.stdout == "no threads\n":
        pytest.skip("BLAS has no threads here")
    assert done.stdout == ""


if __name__ == "__main__":
    main()
