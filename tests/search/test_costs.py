"""A random search for small fits that take long: ``pytest -m search -k costs --seconds 600``."""

import time
import warnings
from contextlib import suppress

import pytest
from search.costs import draw

from skgauss.likelihoods import NoMaximumError

MOST_SECONDS = 5.0  # of processor time, that a fit of the default solver may take


def seconds_of(case):
    start = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with suppress(NoMaximumError):
            case.fit(solver="natural")
    return time.process_time() - start


@pytest.mark.search
def test_search_of_costs(seeds):
    taken = {seed: seconds_of(draw(seed)) for seed in seeds}
    found = [f"{s:.1f} s: seed {k}, {draw(k)}" for k, s in taken.items() if s > MOST_SECONDS]
    assert not found, found
