"""A random search for ends of correlations of features that no row shows together."""

import time

import pytest
from search.edges import complaints


@pytest.mark.search
def test_edges(request):
    first, seconds = (request.config.getoption(name) for name in ("--seed", "--seconds"))
    found, seed, end = [], first, time.monotonic() + seconds
    while seed == first or time.monotonic() < end:
        found += complaints(seed)
        seed += 1
    print(f"{seed - first} cases")
    assert not found, f"{seed - first} cases: {found}"
