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
            case.fit(solver="natural")
    return time.process_time() - start


@pytest.mark.search
@pytest.mark.parametrize("kind", KINDS)
def test_search_of_costs(seeds, kind):
    found = []
    for seed in seeds:
        case = KINDS[kind](seed)
        taken = seconds_of(case)
        if taken > MOST_SECONDS:
            found.append(f"{taken:.1f} s: seed {seed}, {case}")
    assert not found, found
