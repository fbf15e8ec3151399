"""Random searches for what a fit should not say: ``pytest -m search --seconds 600``."""

from collections import defaultdict

import pytest
from search import (
    asked,
    confidence,
    edges,
    fixed,
    inference,
    outliers,
    parents,
    quadrature,
    roles,
    spellings,
    tobit,
    units,
)

IGNORED = pytest.param(fixed, marks=pytest.mark.filterwarnings("ignore"))
KINDS = [
    asked,
    confidence,
    edges,
    inference,
    outliers,
    parents,
    quadrature,
    roles,
    spellings,
    tobit,
    units,
    IGNORED,
]
IDS = [*(kind.__name__.partition(".")[2] for kind in KINDS[:-1]), "fixed"]


@pytest.mark.search
@pytest.mark.parametrize("kind", KINDS, ids=IDS)
def test_search(kind, seeds):
    found = defaultdict(list)
    for seed in seeds:
        for complaint in kind.complaints(seed):
            found[complaint.split(",")[0]].append(f"seed {seed}: {complaint}")
    assert not found, dict(found)
