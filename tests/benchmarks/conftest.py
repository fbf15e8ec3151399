"""Benchmarks run only when asked: ``pytest tests/benchmarks --benchmark-only``."""

from collections import defaultdict
from pathlib import Path

import joblib
import pytest
import threadpoolctl

from skgauss.blocks import threads

# Scripts of their own, which need what the suite does not.
collect_ignore = [
    "dask_scaling.py", "entered.py", "gaps.py", "gpu.py", "how_sure.py", "missing_map.py",
    "outliers.py", "scaling.py",
]  # fmt: skip

# In turns, so that both sides meet the quiet and the busy moments of the machine.
TURNS = ["ours", "theirs"] * 5

_targets: dict[str, float] = {}
_seconds: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))


def pytest_addoption(parser):
    parser.addoption("--table", help="a file for the table of ratios, as docs/speed.rst has it")


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


@pytest.fixture(autouse=True)
def time_for_words():
    """As users have it, in place of the minute that the tests give."""


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
def pytest_terminal_summary(terminalreporter, config):
    """A line a row: best times, their ratio, the ratios of single turns, the target."""
    if not _seconds:
        return
    lines = list(_table())
    for line in lines:
        terminalreporter.line(line)
    if path := config.getoption("--table"):
        Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _table():
    line = "{:<66}{:>9}{:>9}{:>8}{:>18}{:>8}{:>8}"
    yield line.format("ours / theirs", "ours, ms", "theirs", "ratio", "turns", "target", "")
    for row, seconds in _seconds.items():
        ours, theirs, target = seconds["ours"], seconds["theirs"], _targets[row]
        if ours and theirs:
            ratios = [a / b for a, b in zip(ours, theirs, strict=False)]
            turns = f"{_short(min(ratios))} .. {_short(max(ratios))}"
            best = min(ours) / min(theirs)
            figures = f"{1e3 * min(ours):.4g}", f"{1e3 * min(theirs):.4g}", _short(best), turns
        elif ours:
            best = min(ours)
            figures = f"{1e3 * best:.4g}", "", "", ""
            target *= 1e3
            best *= 1e3
        else:
            continue
        missed = "missed" if best > target else ""
        aim = _short(target) if theirs else f"{target:.4g}"
        yield line.format(row, *figures, aim, missed).rstrip()


def _short(ratio):
    """Two digits of a ratio, as a fraction where it is small."""
    return f"{ratio:.2g}" if ratio >= 0.1 else f"1/{1 / ratio:.0f}"
