"""A random search for errors, intervals and tests that change with what must not change them."""

import time
from collections import defaultdict

import pytest
from search.inference import complaints, draw


@pytest.mark.search
def test_search(request):
    first, seconds = (request.config.getoption(name) for name in ("--seed", "--seconds"))
    found = defaultdict(list)
    seed, end = first, time.monotonic() + seconds
    while seed == first or time.monotonic() < end:
        for complaint in complaints(seed):
            found[complaint.split(" ends")[0][:30]].append((seed, complaint, str(draw(seed))))
        seed += 1
    assert not found, f"{seed - first} cases: {dict(found)}"
