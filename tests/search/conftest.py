import time
from itertools import count

import pytest


@pytest.fixture
def seeds(request):
    """Those from --seed on until --seconds are over, at least one; tells how many they were."""
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
