"""A random search for linear relations among incomplete features that are missed, or made up."""

import numpy as np
import pytest
from designs import flag, one_hot, together, total, with_gaps

from skgauss import IncompleteStatistics

MISSED = 0.01  # share of all relations that correlations of available cases may fail to show


def draw(rng):
    """A design, and the features of each relation in it."""
    n = int(rng.integers(200, 1500))
    kinds = [
        lambda: one_hot(rng, n, int(rng.integers(3, 11)))[0],
        lambda: total(rng, n, int(rng.integers(2, 6))),
        lambda: flag(rng, n),
    ]
    groups = [
        with_gaps(rng, kinds[rng.integers(3)](), ["nowhere", "rows", "values"][rng.integers(3)])
        for _ in range(rng.integers(0, 3))
    ]
    d = int(rng.integers(1, 20))
    others = rng.standard_normal((n, d)) @ rng.standard_normal((d, d))
    others[rng.random((n, d)) < rng.uniform(0.05, 0.4)] = np.nan
    X, places = together(rng, *groups, others)
    return X, places[:-1]


def complaints(X, found, planted):
    """Relations found that do not hold, and planted ones of which not even a part was found."""
    for features in found:
        rows = X[:, features][~np.isnan(X[:, features]).any(axis=1)]
        scaled = (rows - rows.mean(axis=0)) / rows.std(axis=0)
        values = np.linalg.svd(scaled, compute_uv=False)
        if len(rows) <= len(features) or values[-1] > 1e-6 * values[0]:
            yield "made up", features
        elif len(features) > 1 and values[-2] < 1e-6 * values[0]:
            yield "not the least", features
    for features in planted:
        n_rows = (~np.isnan(X[:, features]).any(axis=1)).sum()
        if n_rows > len(features) and not any(set(each) <= set(features) for each in found):
            yield "missed", features


@pytest.mark.search
def test_search(seeds):
    wrong, missed, n_planted = [], [], 0
    for seed in seeds:
        X, planted = draw(np.random.default_rng(seed))
        n_planted += len(planted)
        found = IncompleteStatistics.from_array(X).linear_relations()
        for kind, features in complaints(X, found, planted):
            (missed if kind == "missed" else wrong).append((seed, X.shape, kind, features))
    print(f"{n_planted} relations, missed: {missed}")
    assert not wrong
    assert len(missed) <= max(1, MISSED * n_planted)
