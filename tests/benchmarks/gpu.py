"""How far from what a device can do: PyTorch tensors fitted and scored where they are.

Run it with::

    python tests/benchmarks/gpu.py

or, to see that it runs, at a thousandth of the size, with ``--device cpu --scale 0.001``.
"""

import argparse
import math
import os
import platform
import time

os.environ["SCIPY_ARRAY_API"] = "1"  # before SciPy is imported

import sklearn
import torch

from skgauss import GaussianGradientMLE
from skgauss.rows import array_api as arrayapi

SHAPES = [(10**8, 8), (10**6, 1000)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the rows")
    arguments = parser.parse_args()
    if arguments.device == "cpu":  # not by way of NumPy, which would see such tensors
        arrayapi._is_on_host = lambda X: False
    print(f"{name_of(arguments.device)}, PyTorch {torch.__version__}; float32; best of turns")
    print(f"{'rows':>13}{'columns':>9}  {'':16}{'ms':>10}{'GB/s':>9}{'of a copy':>11}")
    with sklearn.config_context(array_api_dispatch=True):
        for n_rows, n_columns in SHAPES:
            n_rows = max(int(n_rows * arguments.scale), 2 * n_columns)
            race(torch.randn(n_rows, n_columns, device=arguments.device))


def name_of(device):
    return torch.cuda.get_device_name(device) if device.startswith("cuda") else platform.machine()


def race(X):
    """A line for each contender; a copy, which reads and writes, counts twice the bytes."""
    model = GaussianGradientMLE().fit(X)
    n_bytes = X.numel() * X.element_size()
    bandwidth = 2 * n_bytes / seconds_of_a_copy(X)
    contenders = {
        "fit": lambda: GaussianGradientMLE().fit(X),
        "torch.cov": lambda: torch.cov(X.T, correction=0),
        "score_samples": lambda: model.score_samples(X),
        "sum": X.sum,
    }
    shape = f"{X.shape[0]:13,}{X.shape[1]:9,}"
    print(f"{shape}  {'copy':16}{1e3 * 2 * n_bytes / bandwidth:10.2f}{bandwidth / 1e9:9.1f}")
    for name, function in contenders.items():
        taken = seconds(function, X.device)
        rate = n_bytes / taken
        print(f"{shape}  {name:16}{1e3 * taken:10.2f}{rate / 1e9:9.1f}{rate / bandwidth:11.2f}")


def seconds_of_a_copy(X):
    room = torch.empty_like(X)
    return seconds(lambda: room.copy_(X), X.device)


def seconds(function, device, budget=3.0):
    """Best time, each waiting for the device to be done."""
    best, turns, end = math.inf, 0, time.perf_counter() + budget
    while turns < 3 or time.perf_counter() < end:
        turns += 1
        wait(device)
        start = time.perf_counter()
        function()
        wait(device)
        best = min(best, time.perf_counter() - start)
    return best


def wait(device):
    if device.type != "cpu":
        getattr(torch, device.type).synchronize()


if __name__ == "__main__":
    main()
