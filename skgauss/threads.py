"""Threads over parts of the data, where NumPy and BLAS release the interpreter's lock."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import cache
from typing import TypeVar

from sklearn.utils._openmp_helpers import _openmp_effective_n_threads
from threadpoolctl import ThreadpoolController

Part = TypeVar("Part")
Result = TypeVar("Result")


def available() -> int:
    """Threads that the user's limits leave us: OMP_NUM_THREADS, threadpoolctl, cgroups.

    A worker process of joblib has its share of the cores, often one.
    """
    return _openmp_effective_n_threads()


def ordered_map(
    function: Callable[[Part], Result], parts: Sequence[Part], n_threads: int
) -> Iterator[Result]:
    """Results in the order of the parts; BLAS is held to one thread in each of ours."""
    with one_blas_thread(), ThreadPoolExecutor(n_threads) as executor:
        yield from executor.map(function, parts)


def one_blas_thread() -> AbstractContextManager:
    """Keep BLAS from splitting products so small that its threads would wait more than work."""
    return _controller().limit(limits=1, user_api="blas")


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()  # looks through all loaded libraries, once
