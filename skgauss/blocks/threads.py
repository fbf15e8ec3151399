"""Threads over parts of the data, where NumPy and BLAS release the interpreter's lock."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from functools import cache
from threading import Lock
from typing import TypeVar

from threadpoolctl import ThreadpoolController

from .._sklearn import n_threads_allowed

Part = TypeVar("Part")
Result = TypeVar("Result")

# Multiplications, some milliseconds of them: where another process has the core, a thread that was
# asleep is waited for as long.
_MANY = 2**26

_lock = Lock()
_holders: list[None] = []  # of the limit on BLAS
_limits = ExitStack()


def available() -> int:
    """Threads that the user's limits leave us: OMP_NUM_THREADS, threadpoolctl, cgroups.

    A worker process of joblib has its share of the cores, often one.
    """
    return n_threads_allowed()


def ordered_map(
    function: Callable[[Part], Result], parts: Sequence[Part], n_threads: int
) -> Iterator[Result]:
    """Results in the order of the parts; BLAS is held to one thread in each of ours."""
    with one_blas_thread(), ThreadPoolExecutor(n_threads) as executor:
        yield from executor.map(function, parts)


def blas_threads_for(multiplications: int) -> AbstractContextManager[None]:
    """One thread of BLAS for so little work that to wake others may take longer."""
    return one_blas_thread() if multiplications < _MANY else nullcontext()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keep BLAS from splitting products so small that its threads would wait more than work.

    The limit is the process's: where several threads ask for it, as under Dask, the first
    sets and the last lifts it, or one would restore what another had set.
    """
    with _lock:
        if not _holders:
            _limits.enter_context(_blas().limit(limits=1))
        _holders.append(None)
    try:
        yield
    finally:
        with _lock:
            _holders.pop()
            if not _holders:
                _limits.close()


@cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController().select(user_api="blas")  # looks through all libraries, once
