"""BLAS has as many threads after a call as before it, however it ends and whoever else fits."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event, Thread, get_ident
from time import sleep

import dask.array as da
import joblib
import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV
from threadpoolctl import threadpool_info, threadpool_limits

from skgauss import GaussianGradientMLE
from skgauss.blocks import passes, threads
from skgauss.likelihoods import Evaluation
from skgauss.solvers import Objective

LINES = Path(threads.__file__).read_text(encoding="utf-8").splitlines()


def blas_threads():
    return [each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"]


@pytest.fixture(autouse=True)
def two():
    """Threads of BLAS, which every test must leave."""
    with threadpool_limits(2, "blas"):
        if 2 not in blas_threads():
            pytest.skip("BLAS has no threads here")
        yield
        assert set(blas_threads()) == {2}


@pytest.fixture
def X(rng):
    return rng.standard_normal((400, 5))


@pytest.mark.parametrize("first_to_leave", [0, 1])
def test_two_threads_that_live_on(first_to_leave):
    """Each holds the limit, and neither knows who set it."""
    entered, leave, left = Barrier(3), [Event(), Event()], [Event(), Event()]
    end = Event()

    def hold(k):
        with threads.one_blas_thread():
            entered.wait(10)
            leave[k].wait(10)
        left[k].set()
        end.wait(10)

    both = [Thread(target=hold, args=(k,)) for k in range(2)]
    for each in both:
        each.start()
    entered.wait(10)
    assert set(blas_threads()) == {1}
    for k in (first_to_leave, 1 - first_to_leave):
        assert set(blas_threads()) == {1}
        leave[k].set()
        assert left[k].wait(10)
    assert set(blas_threads()) == {2}
    end.set()
    for each in both:
        each.join()


def test_a_number_that_somebody_sets_meanwhile_stays():
    with threads.one_blas_thread(), threadpool_limits(2, "blas"):
        pass
    with threadpool_limits(1, "blas"), threads.one_blas_thread():
        pass


@pytest.mark.parametrize("n_rows", [400, 4000])
def test_fits_in_threads(rng, monkeypatch, n_rows):
    monkeypatch.setattr(passes, "_MANY_ELEMENTS", 10_000)  # the larger ones by threads of ours
    X = rng.standard_normal((n_rows, 5))
    with ThreadPoolExecutor(3) as executor:
        fits = list(executor.map(lambda _: GaussianGradientMLE().fit(X).mean_, range(12)))
        assert set(blas_threads()) == {2}  # while the threads that set it are alive
    assert all((mean == fits[0]).all() for mean in fits)


def test_small_triangles_of_scipy_wake_no_thread(X, monkeypatch):
    """Those of its L-BFGS would; what a small climb multiplies by itself would not."""
    seen, at = [], Objective.at

    def noting(*arguments):
        seen.append(set(blas_threads()))
        return at(*arguments)

    monkeypatch.setattr(Objective, "at", noting)
    GaussianGradientMLE(solver="lbfgs").fit(X)
    assert seen
    assert all(numbers == {1} for numbers in seen)


def test_a_dask_array(X):
    GaussianGradientMLE().fit(da.from_array(X, chunks=(50, 5)))


def test_a_grid_by_threading(X):
    with joblib.parallel_config("threading", n_jobs=2):
        grid = {"covariance_type": ["full", "diag"]}
        GridSearchCV(GaussianGradientMLE(), grid, cv=2).fit(X)


def test_an_error_whose_traceback_lives():
    def use():
        with threads.ordered_map(abs, [-1, -2, -3], 2) as results:
            next(results)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        use()
    assert set(blas_threads()) == {2}
    assert caught.tb is not None


def test_an_interrupt_leaves_out_the_parts_that_were_not_begun():
    """The caller waits only for those at work."""
    begun, may_go_on = [], Event()

    def work(part):
        begun.append(part)
        assert part == 0 or may_go_on.wait(10)

    def use():
        with threads.ordered_map(work, range(100), 2) as results:
            next(results)
            Thread(target=lambda: (sleep(0.2), may_go_on.set())).start()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        use()
    assert set(begun) <= {0, 1, 2}


def interrupted(function, at):
    """Whether there was a line of that number in the file of the limit, to be interrupted in.

    But for those that take a lock: on its way out of them CPython looks for no signal.
    """
    left = iter(range(at))
    locks = {k for k, line in enumerate(LINES, start=1) if line.strip().startswith("with self.")}

    def trace(frame, event, argument):
        if frame.f_code.co_filename != threads.__file__:
            return None
        wanted = event == "line" and frame.f_lineno not in locks
        if wanted and next(left, None) is None:
            sys.settrace(None)
            raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False


def test_an_interrupt_in_any_line():
    def work():
        with threads.one_blas_thread():
            assert set(blas_threads()) == {1}

    at = 0
    while interrupted(work, at):
        assert set(blas_threads()) == {2}, f"after line {at}"
        at += 1
    assert at > 20


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_fork_while_another_thread_holds_the_limit():
    held, leave = Event(), Event()

    def hold():
        with threads.one_blas_thread():
            held.set()
            leave.wait(30)

    other = Thread(target=hold)
    other.start()
    held.wait(10)
    child = os.fork()
    if child == 0:
        before = blas_threads()
        with threads.one_blas_thread():
            within = blas_threads()
        os._exit(not (set(before) == {2} == set(blas_threads()) and set(within) == {1}))
    leave.set()
    other.join()
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


def test_a_thread_among_others_starts_none(monkeypatch):
    monkeypatch.setattr(threads, "n_threads_allowed", lambda: 4)
    assert threads.available() == 4
    with threads.ordered_map(lambda _: threads.available(), range(3), 2) as inside:
        assert list(inside) == [1, 1, 1]
    assert threads.available() == 4


def test_a_gradient_formed_by_two_threads_at_once():
    """Be it that the second waits for the first, or that both form it."""
    both, formed = Barrier(2), []

    def form():
        formed.append(get_ident())
        sleep(0.1)
        return np.eye(2)

    at = Evaluation(np.zeros(2), np.eye(2), 0.0, np.zeros(2), None, form, (None, None))

    def ask(_):
        both.wait(10)
        return at.score_covariance

    with ThreadPoolExecutor(2) as executor:
        for found in executor.map(ask, range(2)):
            np.testing.assert_array_equal(found, np.eye(2))
    n_formed = len(formed)
    np.testing.assert_array_equal(at.score_covariance, np.eye(2))
    assert len(formed) == n_formed
