"""How well outliers are ranked, beside scikit-learn's robust fit."""

import numpy as np
import pytest
from benchmarks.outliers import bundled, judged, shifted
from marks import exhaustive
from sklearn.covariance import EllipticEnvelope

from skgauss import GaussianOutlierDetector

TABLES = {name: (X, y) for name, X, y in bundled() if name != "digits"}  # few rows, see the guide


def robust(X, y):
    return judged(GaussianOutlierDetector(support_fraction="auto"), X, y)[0]


@exhaustive
@pytest.mark.parametrize("share", [0.01, 0.05, 0.1, 0.2, 0.3])
def test_shifted_rows(share):
    X, y = shifted(share)
    envelope, _ = judged(EllipticEnvelope(random_state=0), X, y)
    found = robust(X, y)
    assert found >= envelope - 0.005
    gaps = np.where(np.random.default_rng(1).random(X.shape) < 0.1, np.nan, X)
    assert robust(gaps, y) >= found - 0.01


@exhaustive
@pytest.mark.parametrize("name", TABLES)
def test_bundled_tables(name):
    X, y = TABLES[name]
    envelope, _ = judged(EllipticEnvelope(random_state=0), X, y)
    assert robust(X, y) >= envelope - 0.005
