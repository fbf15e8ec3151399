"""A fit from Parquet within a limit of memory that the data exceed: one process, and two.

Run it with::

    python tests/benchmarks/dask_scaling.py

With ``--files 20 --rows 10000 --missing 0.1`` a tenth of the values is missing, and the rows
stay in the memory of the workers during the climb; they must fit there.
"""

import argparse
import resource
import tempfile
import time
from pathlib import Path

import dask.dataframe as dd
import numpy as np
import pandas as pd
from distributed import Client, LocalCluster

from skgauss import GaussianGradientMLE

COLUMNS = 40
# Of a worker, its libraries included; beyond 95% of it distributed kills the process.
LIMIT = 550 * 10**6
TURNS = 3


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--files", type=int, default=75)
    parser.add_argument("--rows", type=int, default=50_000, help="of a file")
    parser.add_argument("--missing", type=float, default=0.0, help="share of the values")
    arguments = parser.parse_args()
    n_rows = arguments.files * arguments.rows
    size = n_rows * COLUMNS * 8
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), arguments.files, arguments.rows, arguments.missing)
        on_disk = sum(path.stat().st_size for path in Path(folder).iterdir())
        print(f"{n_rows:,} x {COLUMNS}: {size / 1e6:.0f} MB, {on_disk / 1e6:.0f} MB on disk")
        print(f"limit of a worker: {LIMIT / 1e6:.0f} MB")
        for n_workers in (1, 2):
            print(f"{n_workers} worker(s): best of {TURNS} {best_time(folder, n_workers):.2f} s")


def write(folder, n_files, n_rows, missing):
    mixing = np.random.default_rng(0).standard_normal((COLUMNS, COLUMNS))
    names = [f"x{j}" for j in range(COLUMNS)]
    for i in range(n_files):
        rng = np.random.default_rng(i)
        X = rng.standard_normal((n_rows, COLUMNS)) @ mixing
        X[rng.random(X.shape) < missing] = np.nan
        pd.DataFrame(X, columns=names).to_parquet(folder / f"{i:03}.parquet", index=False)


def best_time(folder, n_workers):
    with (
        LocalCluster(
            n_workers=n_workers,
            threads_per_worker=1,
            processes=True,
            memory_limit=LIMIT,
            dashboard_address=":0",
        ) as cluster,
        Client(cluster) as client,
    ):
        fit(folder)  # which loads the libraries
        times = [seconds(lambda: fit(folder)) for _ in range(TURNS)]
        most = client.run(largest_resident)
        print(f"largest resident set of a worker: {max(most.values()) / 1e6:.0f} MB")
        return min(times)


def fit(folder):
    return GaussianGradientMLE().fit(dd.read_parquet(folder))


def seconds(function):
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def largest_resident():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main()
