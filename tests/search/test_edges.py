"""A random search for ends of correlations at which the covariance is singular, or nearly so."""

import time

import pytest
from search.edges import Apart, Pairs, complaints


@pytest.mark.search
def test_edges(request):
    first, seconds = (request.config.getoption(name) for name in ("--seed", "--seconds"))
    found, seed, end = [], first, time.monotonic() + seconds
    while seed == first or time.monotonic() < end:
        for kind in (Apart, Pairs):
            found += [f"{kind.__name__} {seed}: {each}" for each in complaints(kind.draw(seed))]
        seed += 1
    print(f"{seed - first} cases")
    assert not found, f"{seed - first} cases: {found}"
