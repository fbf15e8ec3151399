"""A random search for small fits that take long: ``pytest -m search -k costs --seconds 600``."""

import time
import warnings
from contextlib import suppress

import pytest
from search.costs import draw

from skgauss.likelihoods import NoMaximumError

# How a case is drawn, and the most seconds of processor time that its fit may take. A textbook
# solver may need all of its thousand steps.
KINDS = {
    "default": (lambda seed: draw(seed).by_default, 5.0),
    "any solver": (draw, 60.0),
    "textbook": (lambda seed: draw(seed).by_the_textbook(seed), 60.0),
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
def test_search_of_costs(seeds, kind):
    found, (drawn, most) = [], KINDS[kind]
    for seed in seeds:
        case = drawn(seed)
        taken = seconds_of(case)
        if taken > most:
            found.append(f"{taken:.1f} s: seed {seed}, {case}")
    assert not found, found
