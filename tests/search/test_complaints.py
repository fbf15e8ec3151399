"""Random searches for what a fit should not say: ``pytest -m search --seconds 600``."""

from collections import defaultdict

import pytest
from search import confidence, edges, fixed, inference, outliers, units

IGNORED = pytest.param(fixed, marks=pytest.mark.filterwarnings("ignore"))
KINDS = [confidence, edges, inference, outliers, units, IGNORED]
IDS = ["confidence", "edges", "inference", "outliers", "units", "fixed"]


@pytest.mark.search
@pytest.mark.parametrize("kind", KINDS, ids=IDS)
def test_search(kind, seeds):
    found = defaultdict(list)
    for seed in seeds:
        for complaint in kind.complaints(seed):
            found[complaint.split(",")[0]].append(f"seed {seed}: {complaint}")
    assert not found, dict(found)
