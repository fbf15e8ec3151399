"""Random searches for what a fit should not say: ``pytest -m search --seconds 600``."""

from collections import defaultdict
from importlib import import_module

import pytest

KINDS = [
    "asked",
    "confidence",
    "edges",
    "inference",
    "outliers",
    "parents",
    "quadrature",
    "roles",
    "spellings",
    "tobit",
    "units",
    "windows",
    pytest.param("fixed", marks=pytest.mark.filterwarnings("ignore")),
]


@pytest.mark.search
@pytest.mark.parametrize("kind", KINDS)
def test_search(kind, seeds):
    found = defaultdict(list)
    for seed in seeds:
        for complaint in import_module(f"search.{kind}").complaints(seed):
            found[complaint.split(",")[0]].append(f"seed {seed}: {complaint}")
    assert not found, dict(found)
