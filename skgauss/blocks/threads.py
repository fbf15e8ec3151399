"""Threads over parts of the data, where NumPy and BLAS release the interpreter's lock."""

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache, wraps
from typing import Any, TypeVar

from threadpoolctl import ThreadpoolController

from .._sklearn import n_threads_allowed

Part = TypeVar("Part")
Result = TypeVar("Result")

# Multiplications that take some milliseconds: a sleeping thread may take as long to start, if
# another process has its core.
_MANY_MULTIPLICATIONS = 2**26
# Multiplications for which BLAS uses one thread anyway: setting a limit would take longer.
NEGLIGIBLE_MULTIPLICATIONS = 10_000
# Processors, as OpenBLAS calls them, on which it multiplies small matrices without packing them.
_SMALL_KERNELS = {"skylakex", "cooperlake", "sapphirerapids"}


def available() -> int:
    """Returns how many threads the user's limits allow: OMP_NUM_THREADS, threadpoolctl, cgroups.

    A worker process of joblib has its share of the cores, often one. A thread that is
    `without_own_threads` has only itself.
    """
    return 1 if _thread_state.is_one_of_several else n_threads_allowed()


def ordered_map(
    function: Callable[[Part], Result], parts: Sequence[Part], n_threads: int
) -> AbstractContextManager[Iterator[Result]]:
    """Returns a context with an iterator over the results of all parts, in the order of the parts.

    Each thread uses one thread of BLAS. Threads and limit end with the context, even if it raises,
    and parts that were not begun are left out.
    """
    if n_threads <= 1:
        return nullcontext(map(function, parts))
    return _mapped_in_threads(function, parts, n_threads)


@contextmanager
def _mapped_in_threads(
    function: Callable[[Part], Result], parts: Sequence[Part], n_threads: int
) -> Iterator[Iterator[Result]]:
    with one_blas_thread(), ThreadPoolExecutor(n_threads) as executor:
        try:
            yield executor.map(without_own_threads(function), parts)
        finally:
            executor.shutdown(cancel_futures=True)  # the exit would wait for all parts


def without_own_threads(function: Callable[..., Result]) -> Callable[..., Result]:
    """Returns the same function, made to start no threads of its own, to run in several threads."""

    @wraps(function)
    def run(*arguments: Any) -> Result:
        before, _thread_state.is_one_of_several = _thread_state.is_one_of_several, True
        try:
            return function(*arguments)
        finally:
            _thread_state.is_one_of_several = before

    return run


def blas_threads_for(multiplications: int) -> AbstractContextManager[None]:
    """Returns a context with one thread of BLAS if the work is too little to wake others for."""
    return one_blas_thread() if multiplications < _MANY_MULTIPLICATIONS else nullcontext()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keep BLAS from splitting products so small that its threads would wait more than work."""
    limits, holder = (_of_process, _thread_state.limit), object()
    try:
        try:
            for limit in limits:
                limit.hold(holder)
            yield
        finally:
            _let_go(limits, holder)
    except BaseException:  # even an interrupt within `_let_go`, which may be called twice
        _let_go(limits, holder)
        raise


@cache
def blas_has_small_kernels() -> bool:
    """Whether BLAS has kernels for small matrices, which its symmetric products do not use."""
    libraries = [*_blas(True), *_blas(False)]
    return any(
        str(getattr(each, "architecture", "")).lower() in _SMALL_KERNELS for each in libraries
    )


class _Limit:
    """A limit of one thread for some BLAS libraries, in force as long as it has holders.

    If several threads hold it, as under Dask, the first sets the limit and the last lifts it.
    Otherwise one would restore the limit that another had set. A number of threads that other code
    has set in the meantime stays.
    """

    def __init__(self, of_process: bool):
        self._of_process = of_process  # whether the libraries have one number for all threads
        self._lock = threading.Lock()
        self._holders: dict[object, int] = {}  # and the identifiers of their threads
        self._before: list[tuple[Any, int]] = []

    def hold(self, holder: object) -> None:
        """Set the limit, unless it has a holder already, until `holder` lets go."""
        # The lock is held around a single call. CPython 3.13 does not release it if an interrupt
        # comes within a loop in the block.
        with self._lock:
            self._add(holder)

    def let_go(self, holder: object) -> None:
        """Lift the limit if it has no other holder; a second call does no harm."""
        with self._lock:
            self._remove(holder)

    def _add(self, holder: object) -> None:
        """Add a holder, and set the limit if it is the first."""
        self._holders[holder] = threading.get_ident()
        if len(self._holders) == 1:
            numbers = [(each, each.get_num_threads()) for each in _blas(self._of_process)]
            self._before = [(each, number) for each, number in numbers if (number or 1) > 1]
            for each, _ in self._before:
                _set(each, 1)

    def _remove(self, holder: object) -> None:
        """Remove a holder, if it is one, and lift the limit if none is left."""
        self._holders.pop(holder, None)
        if not self._holders:
            for each, number in self._before:
                if each.get_num_threads() == 1:
                    _set(each, number)
            self._before = []

    def after_fork(self) -> None:
        """Let go for other threads: in a child process only the one that forked is left."""
        self._lock = threading.Lock()
        others = [h for h, thread in self._holders.items() if thread != threading.get_ident()]
        for holder in others:
            self.let_go(holder)


class _ThreadState(threading.local):
    """What each thread has for itself: its limit on BLAS, and whether it is one of several."""

    def __init__(self) -> None:
        self.limit = _Limit(of_process=False)
        self.is_one_of_several = False


_of_process, _thread_state = _Limit(of_process=True), _ThreadState()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_of_process.after_fork)


def _let_go(limits: Iterable[_Limit], holder: object) -> None:
    """Let go of all these limits."""
    for limit in limits:
        limit.let_go(holder)


def _set(library: Any, number: int) -> None:
    """Set a library's number of threads from any thread; threadpoolctl 3.8 ignores all but one."""
    free = getattr(library, "clear_controlling_thread", lambda force: None)
    free(force=True)
    library.set_num_threads(number)
    free(force=True)


@cache
def _blas(of_process: bool) -> list[Any]:
    """Returns the loaded BLAS libraries with one number of threads for the process, or for each.

    The loaded libraries are searched only once.
    """
    libraries = ThreadpoolController().select(user_api="blas").lib_controllers
    return [
        each
        for each in libraries
        if (getattr(each, "threading_layer", "") == "openmp") != of_process
    ]
