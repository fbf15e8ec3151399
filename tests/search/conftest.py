import time
from itertools import count

import pytest


@pytest.fixture
def seeds(request):
    """The seeds from --seed on, at least one, until --seconds are over; prints their number."""
    first, seconds = (request.config.getoption(name) for name in ("--seed", "--seconds"))
    end, used = time.monotonic() + seconds, []

    def until_the_end():
        for seed in count(first):
            used.append(seed)
            yield seed
            if time.monotonic() >= end:
                return

    yield until_the_end()
    print(f"{len(used)} cases")
