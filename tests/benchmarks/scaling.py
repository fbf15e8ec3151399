"""How the cost of a fit grows, how far it is from what the machine can do, what it allocates.

Run it with::

    python tests/benchmarks/scaling.py
"""

import math
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from memory import peak
from sklearn.exceptions import ConvergenceWarning

from skgauss import GaussianGradientMLE, SufficientStatistics
from skgauss.blocks import passes as blocks
from skgauss.blocks import sums, threads

ROWS = [10**3, 10**4, 10**5, 10**6, 10**7]
COLUMNS = [1, 3, 10, 30, 100, 300, 1000, 2000]


def main():
    print_growth("rows, 10 columns: fit", ROWS, [time_of_fit(n, 10) for n in ROWS])
    print_growth("columns, 20,000 rows: fit", COLUMNS, [time_of_fit(20_000, d) for d in COLUMNS])
    print_growth("rows, 10 columns: one iteration", ROWS, [time_of_iteration(n) for n in ROWS])

    print("\nreading, 10^9 bytes a second")
    for n, d in [(10**7, 1), (10**7, 10)]:
        reading(normal(n, d))

    print("\nmultiplying, 10^9 flops a second, n d^2 in all")
    for n, d in [(100_000, 100), (20_000, 1_000), (20_000, 2_000)]:
        multiplying(normal(n, d))

    print("\nparts of a fit to data far from zero, ms; the first three on one thread")
    for n, d in [(10**7, 1), (10**6, 10), (100_000, 100), (20_000, 1_000)]:
        parts_of_a_fit(1e3 + normal(n, d))

    print("\nNumPy arrays at once beside X and what is returned, 10^6 bytes")
    print(f"{'rows':>12}{'columns':>9} {'dtype':9}{'fit':>8}{'score_samples':>15}")
    for n, d in [(10**4, 1), (10**7, 1), (10**6, 10), (10**7, 10), (10**6, 100), (10**5, 1000)]:
        for dtype in ("float32", "float64"):
            memory(normal(n, d, dtype=dtype))


def normal(*shape, dtype=np.float64):
    return np.random.default_rng(0).standard_normal(shape, dtype=dtype)


def fit(X, **parameters):
    return GaussianGradientMLE(**parameters).fit(X)


def seconds(*functions, budget=4.0):
    """Best time of each, in turns, so that all meet the quiet moments of the machine."""
    best, turns, end = [math.inf] * len(functions), 0, time.perf_counter() + budget
    while turns < 5 or time.perf_counter() < end:
        turns += 1
        for i, function in enumerate(functions):
            start = time.perf_counter()
            function()
            best[i] = min(best[i], time.perf_counter() - start)
    return best


def time_of_fit(n_rows, n_columns):
    X = normal(n_rows, n_columns)
    return seconds(lambda: fit(X))[0]


def time_of_iteration(n_rows, many=10_000):
    """Many iterations less a single one, so that the pass over the data cancels."""
    X = 3 + 2 * normal(n_rows, 10)

    def climb(n_steps):
        return fit(X, solver="gradient", learning_rate=1e-5, max_iter=n_steps, tol=0)

    assert climb(many).n_iter_ == many
    one, all_of_them = seconds(lambda: climb(1), lambda: climb(many))
    return (all_of_them - one) / (many - 1)


def print_growth(title, sizes, times):
    """A line a size, with the slope on log-log axes since the size before."""
    print(f"\n{title}\n{'':12}{'ms':>12}{'slope':>8}")
    slopes = np.diff(np.log(times)) / np.diff(np.log(sizes))
    shown = ["", *(f"{slope:.2f}" for slope in slopes)]
    for size, each, slope in zip(sizes, times, shown, strict=True):
        print(f"{size:12,}{1e3 * each:12.4g}{slope:>8}")


def reading(X):
    n_threads = threads.available()
    parts = np.array_split(X, n_threads)
    with ThreadPoolExecutor(n_threads) as executor:
        print_rates(
            X,
            X.nbytes,
            {
                "X.sum()": X.sum,
                f"X.sum(), {n_threads} threads": lambda: list(executor.map(np.sum, parts)),
                "fit": lambda: fit(X),
            },
        )


def multiplying(X):
    """Where a product is symmetric BLAS computes half of it: n d^2 flops, not 2 n d^2."""
    print_rates(X, X.size * X.shape[1], {"X.T @ X": lambda: X.T @ X, "fit": lambda: fit(X)})


def print_rates(X, amount, functions):
    for name, each in zip(functions, seconds(*functions.values()), strict=True):
        print(f"{len(X):12,} x {X.shape[1]:<8,}{name:22}{amount / each / 1e9:8.1f}")


def parts_of_a_fit(X):
    rows = max(blocks._BLOCK_ELEMENTS // X.shape[1], 2 * X.shape[1])  # as `_sums_of_chunk` has it
    buffer, pivot = blocks._Buffer(X, rows), X[:1000].mean(axis=0)
    pieces = [X[start : start + rows] for start in range(0, len(X), rows)]
    centred = [buffer.subtract(pieces[0], pivot)] * len(pieces)
    with threads.one_blas_thread():
        alone = seconds(
            lambda: [buffer.subtract(block, pivot) for block in pieces],
            lambda: [sums.totals(block) for block in centred],
            lambda: [sums.cross_products(block) for block in centred],
        )
    whole = seconds(lambda: SufficientStatistics.from_array(X), lambda: fit(X))
    names = ["subtract a pivot", "sums", "products", "all of the data", "fit"]
    for name, each in zip(names, alone + whole, strict=True):
        print(f"{len(X):12,} x {X.shape[1]:<8,}{name:22}{1e3 * each:8.1f}")


def memory(X):
    """Not counted are the buffers that BLAS keeps for itself, whatever the data."""
    model = GaussianGradientMLE()
    of_fit = peak(lambda: model.fit(X))
    of_score = peak(lambda: model.score_samples(X)) - 8 * len(X)
    size = f"{len(X):12,}{X.shape[1]:9,} {X.dtype!s:9}"
    print(f"{size}{of_fit / 1e6:8.1f}{of_score / 1e6:15.1f}")


if __name__ == "__main__":
    warnings.simplefilter("ignore", ConvergenceWarning)
    main()
