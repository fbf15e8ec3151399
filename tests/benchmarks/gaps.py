"""Fits to data with missing values beside their peers, and how their cost grows.

In seconds of the processor on one thread, the best of some turns. Prints the tables of
docs/speed.rst. Run it with::

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python tests/benchmarks/gaps.py
"""

import time
import warnings
from functools import partial

import numpy as np
from memory import peak
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer
from textbook_em import textbook_em

from skgauss import GaussianGradientMLE, GaussianImputer
from skgauss.solvers import base

TURNS = 3


def main():
    races()
    shares_of_the_verdict()
    memory()
    growth("rows", [(1_000, 20), (10_000, 20), (100_000, 20)])
    growth("features", [(5_000, 10), (5_000, 20), (5_000, 40), (5_000, 80)])
    growth("patterns", [(100, 20), (1_000, 20), (10_000, 20)], of_patterns)


def races():
    """Ours by theirs, and the ratio that is aimed at."""
    print(f"\n{'':58}{'ours, s':>10}{'theirs, s':>11}{'ratio':>8}{'target':>8}")
    for n, d, target in [(1_000, 40, 1), (200, 40, 2), (10_000, 20, 0.5)]:
        race(f"{n:,} x {d}, monotone, 20 %", monotone(n, d), 1e-6, target)
    for n, d in [(200, 40), (1_000, 10), (1_000, 40)]:
        race(f"{n:,} x {d}, at random, 5 %", at_random(n, d, 0.05), 1e-4, 1)
    for n, d in [(1_000, 40), (10_000, 20)]:
        race(f"{n:,} x {d}, at random, 20 %", at_random(n, d, 0.2), 1e-6, 1)
    for load, missing, target in [(load_digits, 0.1, 0.3), (load_breast_cancer, 0.3, 0.5)]:
        X = with_gaps(load().data, missing)
        n, d = X.shape
        ours, theirs = (partial(each().fit_transform, X) for each in IMPUTERS)
        line(
            f"{load.__name__[5:]}, {n:,} x {d}, {missing:.0%} / IterativeImputer",
            ours,
            theirs,
            target,
        )
    X = at_random(100_000, 40, 0.2)
    print(f"{'100,000 x 40, at random, 20 %':58}{seconds(partial(fit, X)):10.3g}{'':19}{'3 s':>8}")


IMPUTERS = [GaussianImputer, IterativeImputer]


def race(name, X, tol, target):
    line(f"{name} / EM to {tol:g}", partial(fit, X, tol=tol), partial(textbook_em, X, tol), target)


def line(name, ours, theirs, target):
    best = [
        min(turns)
        for turns in zip(
            *([seconds(f, 1) for f in (ours, theirs)] for _ in range(TURNS)), strict=True
        )
    ]
    print(f"{name:58}{best[0]:10.3g}{best[1]:11.3g}{best[0] / best[1]:8.2f}{target:8g}", flush=True)


def shares_of_the_verdict():
    print("\nshare of the verdict in a fit, at most 10 %")
    judge, spent = base.critical_point, []

    def timed(*arguments):
        start = time.process_time()
        found = judge(*arguments)
        spent.append(time.process_time() - start)
        return found

    base.critical_point = timed
    for make, n, d in [
        (monotone, 1_000, 40),
        (monotone, 10_000, 20),
        (at_random, 1_000, 40),
        (at_random, 10_000, 20),
        (at_random, 20_000, 40),
    ]:
        X = make(n, d)
        shares = []
        for _ in range(TURNS):
            spent.clear()
            shares.append(seconds(partial(fit, X), 1))
            shares[-1] = sum(spent) / shares[-1]
        print(f"{make.__name__:>12} {n:,} x {d}: {min(shares):.0%}", flush=True)
    base.critical_point = judge


def memory():
    X = at_random(20_000, 40)
    for name, function in [("fit", fit), ("fit and impute", GaussianImputer().fit_transform)]:
        most = peak(partial(function, X)) / X.nbytes
        print(f"peak memory of {name}, 20,000 x 40: {most:.1f} X, at most 4")


def growth(of, shapes, make=None):
    print(f"\nwith the {of}")
    for n, d in shapes:
        X = (make or at_random)(n, d)
        print(f"{n:8,} x {d:3}: {seconds(partial(fit, X)):.3g} s", flush=True)


def seconds(function, turns=TURNS):
    """The best of some turns."""
    best = np.inf
    for _ in range(turns):
        start = time.process_time()
        function()
        best = min(best, time.process_time() - start)
    return best


def fit(X, **parameters):
    return GaussianGradientMLE(**parameters).fit(X)


def with_a_common_factor(rng, n, d):
    return rng.standard_normal((n, d)) + rng.standard_normal((n, 1))


def at_random(n, d, missing=0.2):
    rng = np.random.default_rng(0)
    X = with_a_common_factor(rng, n, d)
    X[rng.random(X.shape) < missing] = np.nan
    return X


def monotone(n, d, missing=0.2):
    """Rows of which some leave for good, behind any feature but the last."""
    rng = np.random.default_rng(0)
    X = with_a_common_factor(rng, n, d)
    leaves = rng.random(n) < 2 * missing
    X[leaves[:, None] & (np.arange(d) >= rng.integers(1, d, n)[:, None])] = np.nan
    return X


def of_patterns(count, d):
    """Ten thousand rows of so many patterns at most."""
    rng = np.random.default_rng(0)
    X = with_a_common_factor(rng, 10_000, d)
    patterns = rng.random((count, d)) < 0.2
    X[patterns[np.arange(len(X)) % count]] = np.nan
    return X


def with_gaps(X, missing):
    """Without constant features."""
    X = X[:, X.std(axis=0) > 0]
    X[np.random.default_rng(0).random(X.shape) < missing] = np.nan
    return X


if __name__ == "__main__":
    warnings.simplefilter("ignore", ConvergenceWarning)
    main()
