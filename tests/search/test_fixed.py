"""A random search for known parameters that mislead a fit: ``pytest -m search --seconds 600``."""

import time
import warnings
from collections import defaultdict

import pytest
from search.fixed import complaints, draw


@pytest.mark.search
def test_search(request):
    first, seconds = (request.config.getoption(name) for name in ("--seed", "--seconds"))
    found = defaultdict(list)
    seed, end = first, time.monotonic() + seconds
    while seed == first or time.monotonic() < end:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for complaint in complaints(seed):
                found[complaint.split(",")[0]].append((seed, complaint, draw(seed)[1:]))
        seed += 1
    assert not found, f"{seed - first} cases: {dict(found)}"
