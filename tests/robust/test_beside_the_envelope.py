"""How well outliers are ranked, beside scikit-learn's robust fit."""

import numpy as np
import pytest
from benchmarks.outliers import judged, shifted
from marks import exhaustive, simulation
from sklearn.covariance import EllipticEnvelope
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine

from skgauss import GaussianOutlierDetector

LOADERS = {
    "iris": load_iris, "wine": load_wine, "cancer": load_breast_cancer, "digits": load_digits
}  # fmt: skip
CLASSES = [("iris", 3), ("wine", 3), ("cancer", 2), ("digits", 10)]


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


@simulation
@pytest.mark.parametrize(("name", "ordinary"), [(n, i) for n, k in CLASSES for i in range(k)])
def test_rows_of_other_classes(name, ordinary):
    """One class is ordinary, and a tenth of the rows are of others; many draws, as one says little.

    The envelope's AUC depends on the seed of its random starts, too.
    """
    X, y = LOADERS[name](return_X_y=True)
    n, ours, theirs = np.count_nonzero(y == ordinary) // 9, [], []
    for seed in range(40 if name in ("iris", "wine") else 8):
        others = np.random.default_rng(seed).permutation(X[y != ordinary])[:n]
        rows = np.vstack((X[y == ordinary], others))
        rows, is_outlier = rows[:, rows.std(axis=0) > 0], np.arange(len(rows)) >= len(rows) - n
        ours.append(robust(rows, is_outlier))
        theirs.append(judged(EllipticEnvelope(random_state=seed), rows, is_outlier)[0])
    assert np.mean(ours) >= np.mean(theirs) - 0.005
