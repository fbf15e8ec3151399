"""What a default fit costs, and says, where many values are missing in many features.

Prints a line a cell: how often the likelihood and its information were computed, the
verdict, the least eigenvalue of the information and the condition of the correlations at
the result, and the iterations of plain EM. Run it with::

    OMP_NUM_THREADS=1 python tests/benchmarks/missing_map.py
"""

import warnings
from itertools import product

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from skgauss import GaussianGradientMLE
from skgauss.gaussian import make_family
from skgauss.likelihoods.missing import ObservedFull

ROWS = [300, 1000, 5000]
COLUMNS = [10, 20, 30, 50]
MISSING = [0.1, 0.3, 0.5]
CONDITIONS = [1e2, 1e4, 1e6]

LARGEST_OF_EM = 20_000  # values in the table, beyond which a thousand iterations take minutes


def main():
    heads = ["missing", "condition", "evaluations", "Hessians", "verdict", "least eigenvalue"]
    print(f"{'rows':>6}{'columns':>9}", *(f"{head:>12}" for head in heads), "of result", "EM")
    for d, n, missing, condition in product(COLUMNS, ROWS, MISSING, CONDITIONS):
        X = strewn(n, d, missing, condition)
        model, counts = counted_fit(X)
        print(
            f"{n:6,}{d:9}{missing:13.0%}{condition:13.0e}",
            f"{counts['evaluate']:12}{counts['information']:13}{model.stop_reason_:>13}",
            f"{least_eigenvalue(model):17.1e}{np.linalg.cond(model.correlation_):10.0e}",
            f" {em(X) if X.size <= LARGEST_OF_EM else '-'}",
            flush=True,
        )


def strewn(n_rows, n_columns, missing, condition, seed=0):
    """Draws of a rotated geometric spectrum, each value missing with that probability."""
    rng = np.random.default_rng(seed)
    rotation, _ = np.linalg.qr(rng.standard_normal((n_columns, n_columns)))
    scales = np.sqrt(np.geomspace(1, 1 / condition, n_columns))
    X = rng.standard_normal((n_rows, n_columns)) * scales @ rotation.T
    X[rng.random(X.shape) < missing] = np.nan
    return X


def counted_fit(X):
    """A default fit, and the calls of the methods of its likelihood that cost."""
    originals = {name: getattr(ObservedFull, name) for name in ("evaluate", "information")}
    counts = dict.fromkeys(originals, 0)

    def counting(name):
        def method(self, *arguments):
            counts[name] += 1
            return originals[name](self, *arguments)

        return method

    for name in originals:
        setattr(ObservedFull, name, counting(name))
    try:
        return GaussianGradientMLE().fit(X), counts
    finally:
        for name, original in originals.items():
            setattr(ObservedFull, name, original)


def least_eigenvalue(model):
    """Of the observed information at the result, as a share of that of complete data."""
    family = make_family("full", len(model.mean_))
    likelihood = ObservedFull(model.sufficient_statistics_, family)
    return likelihood.information(likelihood.evaluate(model.mean_, model._gaussian.factor)).least[0]


def em(X):
    """Iterations of plain EM from the moments of each feature, and how it ended."""
    model = GaussianGradientMLE(
        learning_rate=1.0,
        mean_init=np.nanmean(X, axis=0),
        covariance_init=np.diag(np.nanvar(X, axis=0)),
    ).fit(X)
    return f"{model.n_iter_} {model.stop_reason_}"


if __name__ == "__main__":
    warnings.simplefilter("ignore", ConvergenceWarning)
    main()
