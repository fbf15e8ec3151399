"""Hostile data and parameters from one seed; each part of a case is tame about half of the time."""

from typing import Any, NamedTuple

import numpy as np


class Case(NamedTuple):
    """Rows, their weights, and the parameters of the fit."""

    X: np.ndarray
    weights: np.ndarray | None
    parameters: dict[str, Any]

    def __str__(self) -> str:
        n, d = self.X.shape
        weighted = "" if self.weights is None else ", weighted"
        return f"{self.parameters} on {n} x {d} values, {np.isnan(self.X).sum()} missing{weighted}"


def draw(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    d = int(rng.integers(1, 9))
    n = int(rng.integers(2, one_of(rng, [2 * d + 3, 40, 40, 201])))
    X = (_rows(rng, n, d) + _offsets(rng, d)) * _units(rng, d)
    X = np.where(_missing(rng, n, d), np.nan, X)
    return Case(X, _weights(rng, n), _parameters(rng, np.nan_to_num(X)))


def one_of(rng, choices):
    return choices[rng.integers(len(choices))]


def magnitude(rng, lowest, highest, size=None):
    """Numbers between two powers of ten, evenly spread on a log scale."""
    return 10.0 ** rng.uniform(lowest, highest, size)


def _rows(rng, n, d):
    tame = rng.standard_normal((n, d))
    correlated = tame @ rng.standard_normal((d, d))
    heavy_tailed = rng.standard_t(1.5, (n, d))
    integers = rng.integers(0, 4, (n, d)).astype(float)
    duplicated = tame[rng.integers(0, min(n, d + 2), n)]
    clustered = tame + magnitude(rng, 0, 6) * rng.integers(0, 2, (n, 1))
    nearly_constant, nearly_collinear = tame.copy(), tame.copy()
    nearly_constant[:-1, 0] = tame[-1, 0] + magnitude(rng, -6, 3)
    nearly_collinear[:, -1] *= magnitude(rng, -9, -1)
    nearly_collinear[:, -1] += tame[:, :-1].sum(axis=1)
    hostile = [heavy_tailed, integers, duplicated, clustered, nearly_constant, nearly_collinear]
    return one_of(rng, [tame, tame, *4 * [correlated], *hostile])


def _offsets(rng, d):
    """Offsets in standard deviations."""
    far = rng.choice([-1, 1], d) * magnitude(rng, 0, one_of(rng, [3, 8, 15.5]), d)
    return one_of(rng, [np.zeros(d), np.zeros(d), far, far[0]])


def _units(rng, d):
    decades = one_of(rng, [3, 20, 100])
    apart = magnitude(rng, -decades, decades, d)
    return one_of(rng, [1.0, 1.0, apart, apart[0]])


def _missing(rng, n, d):
    order, file = np.arange(n)[:, None], rng.integers(0, 3, d)
    nowhere = np.zeros((n, d), bool)
    anywhere = rng.random((n, d)) < one_of(rng, [0.1, 0.3, 0.5])
    monotone = order >= np.sort(rng.integers(1, n + 1, d))[::-1]
    never_together = np.where(order < n // 2, file == 1, file == 2)
    # If each row shows only two features, their correlations may contradict each other.
    all_but_few = rng.random((n, d)).argsort(axis=1) >= one_of(rng, [1, 2, 2, 3])
    nearly_empty = anywhere | (rng.random((n, 1)) < 0.8)
    after_few_complete = anywhere & (order > d)
    hostile = [monotone, never_together, nearly_empty, after_few_complete]
    return one_of(rng, [*6 * [nowhere], *2 * [anywhere], *2 * [all_but_few], *hostile])


def _weights(rng, n):
    counts = rng.integers(0, 4, n).astype(float)
    drawn = one_of(rng, [counts, rng.random(n), magnitude(rng, -12, 12, n)])
    return drawn if rng.random() < 0.4 and (drawn > 0).sum() > 1 else None


def _parameters(rng, X):
    family = one_of(rng, ["full", "full", "diag", "spherical"])
    solver = one_of(rng, ["natural", "gradient", "coordinate", "lbfgs", "lbfgs"])
    drawn = {
        "covariance_type": family,
        "solver": solver,
        "parametrization": one_of(rng, ["scale", "log-scale", "covariance", "precision"]),
        "max_iter": one_of(rng, [30, 30, 100, 300]),
    }
    if rng.random() < 0.2:
        drawn["reg_covar"] = one_of(rng, [0.0, 1.0, magnitude(rng, -9, 3)])
    if rng.random() < 0.2:
        drawn |= _start(rng, X, family)
    if rng.random() < 0.2 and solver != "lbfgs":
        drawn["learning_rate"] = magnitude(rng, -4, 0.4)
    if rng.random() < 0.2 and solver == "coordinate":
        drawn["n_inner_iter"] = 3
    return drawn


def _start(rng, X, family):
    """A start near the data or far from them, with variances like theirs or quite different."""
    deviations = X.std(axis=0) + (X.std(axis=0) == 0)
    away = one_of(rng, [1.0, magnitude(rng, 0, 6)]) * rng.standard_normal(X.shape[1])
    variances = one_of(rng, [1.0, magnitude(rng, -8, 8)]) * deviations**2
    of_family = {"full": np.diag(variances), "diag": variances, "spherical": variances.max()}
    return {"mean_init": X.mean(axis=0) + away * deviations, "covariance_init": of_family[family]}
