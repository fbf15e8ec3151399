"""Benchmarks run only when asked: ``pytest tests/benchmarks --benchmark-only``."""

import os

import pytest


def pytest_ignore_collect(collection_path, config):
    """Keep them out of the test run, where timings mean nothing."""
    asked = any("benchmarks" in str(argument) for argument in config.args)
    return None if asked else True


@pytest.fixture(autouse=True, scope="session")
def all_cores():
    """Undo the one thread that the tests are held to."""
    import threadpoolctl

    with threadpoolctl.threadpool_limits(limits=os.cpu_count()):
        yield
