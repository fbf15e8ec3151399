"""A random search for small fits that take long: ``pytest -m search -k costs --seconds 600``."""

import time
import warnings
from contextlib import suppress

import pytest
from search.costs import draw

from skgauss.likelihoods import NoMaximumError

MOST_SECONDS = 5.0  # of processor time, that a fit may take

KINDS = {
    "default": lambda seed: draw(seed).by_default,
    "any solver": draw,
    "textbook": lambda seed: draw(seed).by_the_textbook(seed),
}


def seconds_of(case):
    start = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with suppress(NoMaximumError):
            case.fit()
    return time.process_time() - start


@pytest.mark.search
@pytest.mark.parametrize("kind", KINDS)
def test_search_of_costs(request, kind):
    first, seconds = (request.config.getoption(name) for name in ("--seed", "--seconds"))
    seed, end, found = first, time.monotonic() + seconds, []
    while seed == first or time.monotonic() < end:
        case = KINDS[kind](seed)
        taken = seconds_of(case)
        if taken > MOST_SECONDS:
            found.append(f"{taken:.1f} s: seed {seed}, {case}")
        seed += 1
    assert not found, f"{len(found)} of {seed - first} cases: {found}"
