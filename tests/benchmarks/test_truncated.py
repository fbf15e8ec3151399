"""Fits of truncated samples: by complete fits of the same rows, and seconds.

See test_speed.py for how to run. The targets are for two cores that are free.
"""

import numpy as np
import pytest
from counting import count_calls

from skgauss import GaussianGradientMLE
from skgauss.likelihoods.truncated_full import TruncatedFull

LIMIT = -1.0


def seen(n_samples, n_features):
    """Features with a common factor, each seen from a limit on."""
    rng = np.random.default_rng(0)
    found = np.empty((0, n_features))
    while len(found) < n_samples:
        X = rng.standard_normal((n_samples, n_features)) + rng.standard_normal((n_samples, 1))
        found = np.vstack([found, X[(X > LIMIT).all(axis=1)]])
    return found[:n_samples]


def with_gaps(X):
    return np.where(np.random.default_rng(1).random(X.shape) < 0.2, np.nan, X)


SECONDS = {
    "1,000 x 3": (0.5, lambda: seen(1_000, 3)),
    "1,000 x 5": (5, lambda: seen(1_000, 5)),
    "50,000 x 2, a fifth missing": (2, lambda: with_gaps(seen(50_000, 2))),
}


def fit(X):
    return GaussianGradientMLE(truncation_limits=(LIMIT, None)).fit(X)


def test_beside_complete_data(race):
    X = seen(700_000, 1)
    race(
        "700,000 x 1, truncated / complete", 3, lambda: fit(X), lambda: GaussianGradientMLE().fit(X)
    )


@pytest.mark.parametrize("row", SECONDS)
def test_seconds(alone, row):
    target, data = SECONDS[row]
    X = data()
    assert fit(X).converged_
    alone(row, target, lambda: fit(X))


def test_rows_do_not_count(monkeypatch):
    """Evaluations of the likelihood of complete data know statistics alone."""
    for n_samples in (1_000, 100_000):
        counts = count_calls(monkeypatch, TruncatedFull, "evaluate")
        fit(seen(n_samples, 2))
        assert counts["evaluate"] <= 40
