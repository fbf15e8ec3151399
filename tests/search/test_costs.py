"""A random search for small fits that take long: ``pytest -m search -k costs --seconds 600``."""

import time
import warnings
from contextlib import suppress

import pytest
from search.costs import draw

from skgauss.likelihoods import NoMaximumError

MOST_SECONDS = 5.0  # of processor time, that a fit of the default solver may take


def seconds_of(case):
    case.parameters["solver"] = "natural"
    start = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with suppress(NoMaximumError):
            case.fit()
    return time.process_time() - start


@pytest.mark.search
def test_search_of_costs(request):
    first, seconds = (request.config.getoption(name) for name in ("--seed", "--seconds"))
    seed, end, found = first, time.monotonic() + seconds, []
    while seed == first or time.monotonic() < end:
        taken = seconds_of(draw(seed))
        if taken > MOST_SECONDS:
            found.append(f"{taken:.1f} s: seed {seed}, {draw(seed)}")
        seed += 1
    assert not found, f"{len(found)} of {seed - first} cases: {found}"
