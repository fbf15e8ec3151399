"""Ranks of outliers, as areas under the ROC curve, and processor time: ``python outliers.py``.

Beside scikit-learn's EllipticEnvelope, on its bundled sets and on Gaussian rows of which a share is
shifted, complete and with a tenth of the values missing.
"""

import time
import warnings

import numpy as np
from sklearn.covariance import EllipticEnvelope
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.metrics import roc_auc_score

from skgauss import GaussianOutlierDetector


def shifted(share, n=1000, d=5):
    """Rows with a common factor, the first of them four deviations off in every feature."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, d)) + rng.standard_normal((n, 1))
    y = np.arange(n) < share * n
    X[y] += 4 * np.sqrt(2)
    return X, y


def bundled():
    """Tables in which one class, or a part of it, is rare among the rows of another."""
    rng = np.random.default_rng(0)
    for name, load, usual, rare, most in [
        ("iris", load_iris, 1, 2, 10),
        ("wine", load_wine, 1, 0, 15),
        ("breast cancer", load_breast_cancer, 1, 0, 60),
        ("digits", load_digits, 0, 6, 20),
    ]:
        X, y = load(return_X_y=True)
        if name == "digits":
            X = X[:, X[y == usual].std(axis=0) > 1.0][:, ::4]
        chosen = rng.choice(np.flatnonzero(y == rare), most, replace=False)
        rows = np.concatenate((np.flatnonzero(y == usual), chosen))
        yield name, X[rows], y[rows] == rare


def judged(detector, X, y):
    """The area under the ROC curve, and the seconds of a fit."""
    began = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        detector.fit(X)
    seconds = time.process_time() - began
    return roc_auc_score(y, -detector.score_samples(X)), seconds


def sets():
    for share in (0.01, 0.05, 0.1, 0.2, 0.3):
        yield f"{share:.0%} shifted", *shifted(share)
    yield from bundled()


def main():
    print(f"{'':16}{'plain':>8}{'robust':>8}{'gaps':>8}{'envelope':>9}{'time':>8}")
    for name, X, y in sets():
        gaps = np.where(np.random.default_rng(1).random(X.shape) < 0.1, np.nan, X)
        plain, _ = judged(GaussianOutlierDetector(), X, y)
        robust, ours = judged(GaussianOutlierDetector(support_fraction="auto"), X, y)
        with_gaps, _ = judged(GaussianOutlierDetector(support_fraction="auto"), gaps, y)
        envelope, theirs = judged(EllipticEnvelope(random_state=0), X, y)
        figures = f"{plain:8.3f}{robust:8.3f}{with_gaps:8.3f}{envelope:9.3f}"
        print(f"{name:16}{figures}{'1/' + format(theirs / ours, '.0f'):>8}")


if __name__ == "__main__":
    main()
