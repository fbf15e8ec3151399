"""Benchmarks run only when asked: ``pytest tests/benchmarks --benchmark-only``."""

from collections import defaultdict

import joblib
import pytest
import threadpoolctl

from skgauss.blocks import threads

# Scripts of their own, which need what the suite does not.
collect_ignore = ["dask_scaling.py", "entered.py", "gpu.py", "outliers.py", "scaling.py"]

# In turns, so that both sides meet the quiet and the busy moments of the machine.
TURNS = ["ours", "theirs"] * 5

_targets: dict[str, float] = {}
_seconds: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))


def pytest_ignore_collect(collection_path, config):
    """Keep them out of the test run, where timings mean nothing."""
    asked = any("benchmarks" in str(argument) for argument in config.args)
    return None if asked else True


@pytest.fixture(autouse=True, scope="session")
def all_cores():
    """Undo the one thread that the tests are held to, for BLAS and for us."""
    n_cores = joblib.cpu_count()
    with threadpoolctl.threadpool_limits(limits=n_cores):
        assert threads.available() == n_cores
        assert {pool["num_threads"] for pool in threadpoolctl.threadpool_info()} == {n_cores}
        yield


@pytest.fixture(params=TURNS)
def race(request, benchmark):
    """Time whose turn it is; `target` is what our time by the peer's should be at most."""

    def run(row, target, ours, theirs):
        benchmark.group = row
        benchmark(ours if request.param == "ours" else theirs)
        if benchmark.stats:  # none with --benchmark-disable
            _targets[row] = target
            _seconds[row][request.param].append(benchmark.stats.stats.min)

    return run


@pytest.fixture
def alone(benchmark):
    """Time ours where there is no peer; `target` is in seconds."""

    def run(row, target, ours):
        benchmark.pedantic(ours, rounds=3)
        if benchmark.stats:
            _targets[row] = target
            _seconds[row]["ours"].append(benchmark.stats.stats.min)

    return run


@pytest.hookimpl(trylast=True)  # below the tables of pytest-benchmark
def pytest_terminal_summary(terminalreporter):
    """A line a row: best times, their ratio, the ratios of single turns, the target."""
    if not _seconds:
        return
    terminalreporter.section("ours / theirs, best times in ms")
    line = "{:<66}{:>8}{:>8}{:>7}{:>18}{:>8}"
    terminalreporter.line(line.format("", "ours", "theirs", "ratio", "turns", "target"))
    for row, seconds in _seconds.items():
        ours, theirs = seconds["ours"], seconds["theirs"]
        if ours and theirs:
            ratios = [a / b for a, b in zip(ours, theirs, strict=False)]
            turns = f"{min(ratios):.3g} .. {max(ratios):.3g}"
            best = min(ours), min(theirs)
            figures = (f"{1e3 * time:.4g}" for time in best)
            ratio = f"{best[0] / best[1]:.3f}"
            terminalreporter.line(line.format(row, *figures, ratio, turns, f"{_targets[row]:.3g}"))
        elif ours:
            target = f"{1e3 * _targets[row]:.4g} ms"
            terminalreporter.line(line.format(row, f"{1e3 * min(ours):.4g}", "", "", "", target))
