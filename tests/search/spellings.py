"""Searches for fits and results of inference that depend on how the same data are written.

A case is a sample in which values are exact, missing, in intervals, at limits or of all kinds at
once, with weights, a window, known parameters or a ridge. The same sample is reflected, permuted or
put into other units, and all that a model says must follow. It is also written in other forms: open
ends, repeated rows, rows of weight 0, chunks, other dtypes; the fit must then be the same.
"""

import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from search.hostile import magnitude, one_of

from skgauss import GaussianGradientMLE, mcar_test
from skgauss.likelihoods import NoMaximumError

Array = np.ndarray
CLOSE = 1e-3  # of units, of errors, and of widths of intervals
ON_LATTICES = 1e-2  # the same if more features than `MOST_PROFILED` may need a lattice
SAME = 1e-6  # of a fit to the same data in another form
MOST_PROFILED = 3  # features, of which ends of profiles are found in seconds
GARBAGE = [np.nan, np.inf, -np.inf, 1e300, 0.0]


class Problem(NamedTuple):
    """The ends of all values, weights, the ends of a window or None, and parameters of a fit."""

    lower: Array
    upper: Array
    weights: Array
    window: tuple[Array, Array] | None
    parameters: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.parameters} on {self.lower.shape}, window {self.window is not None}"

    @property
    def rows(self) -> dict[str, Any]:
        """What methods take: NaN for open ends, and upper ends only if there are intervals."""
        exact, missing = self.lower == self.upper, np.isinf(self.lower) & np.isinf(self.upper)
        lower = np.where(np.isinf(self.lower), np.nan, self.lower)
        if (exact | missing).all():
            return {"X": np.where(exact, lower, np.nan), "X_upper": None}
        return {"X": lower, "X_upper": np.where(np.isinf(self.upper), np.nan, self.upper)}

    @property
    def estimator(self) -> GaussianGradientMLE:
        limits = {} if self.window is None else {"truncation_limits": self.window}
        return GaussianGradientMLE(**self.parameters | limits)

    def fit(self) -> GaussianGradientMLE:
        return self.estimator.fit(**self.rows, sample_weight=self.weights)


def draw(seed: int) -> Problem:
    """A random problem."""
    rng = np.random.default_rng(seed)
    d = int(rng.integers(1, one_of(rng, [4, 4, 4, 6])))
    mixing = one_of(rng, [rng.standard_normal((d, d)), np.eye(d) + 0.5 * np.tri(d, k=-1)])
    mixing /= np.linalg.norm(mixing, axis=1, keepdims=True)
    window = None
    if rng.random() < 0.35:
        low, high = -rng.uniform(0.3, 3, d), rng.uniform(0.3, 3, d)
        some = rng.random((2, d)) < 0.6
        window = np.where(some[0], low, -np.inf), np.where(some[1], high, np.inf)
    n = int(rng.integers(8 * d, 120 if d <= MOST_PROFILED else 60)) + 4
    X = np.ceil((rng.standard_normal((60 * n, d)) @ mixing.T + 0.25) * 1024) / 1024
    if window is not None:
        X = X[((window[0] < X) & (window[1] > X)).all(axis=1)]
    lower, upper = _coarsened(rng, X[:n])
    n = len(lower)
    weights = one_of(rng, [np.ones(n), rng.integers(0, 4, n) * 1.0, magnitude(rng, -3, 2, n)])
    return Problem(lower, upper, weights, window, _parameters(rng, mixing @ mixing.T))


def _coarsened(rng: np.random.Generator, X: Array) -> tuple[Array, Array]:
    """Lower and upper ends of values of which some are in cells, at limits or missing."""
    kind = one_of(rng, ["complete", "missing", "cells", "limits", "all", "all"])
    lower, upper = X.copy(), X.copy()
    if kind in ("cells", "all"):
        hidden, cell = rng.random(X.shape) < 0.3, one_of(rng, [0.125, 0.5, 1.5])
        start = np.floor(X / cell) * cell
        lower, upper = np.where(hidden, start, X), np.where(hidden, start + cell, X)
    if kind in ("limits", "all"):
        limit, top = np.float32(rng.uniform([[-1.0], [0.6]], [[0.5], [2.0]], (2, X.shape[1])))
        lower, upper = np.where(limit >= X, -np.inf, lower), np.where(limit >= X, limit, upper)
        lower, upper = np.where(top <= X, top, lower), np.where(top <= X, np.inf, upper)
    if kind in ("missing", "all"):
        gone = rng.random(X.shape) < one_of(rng, [0.1, 0.3])
        lower, upper = np.where(gone, -np.inf, lower), np.where(gone, np.inf, upper)
    return lower, upper


def _parameters(rng: np.random.Generator, covariance: Array) -> dict[str, Any]:
    d = len(covariance)
    family = one_of(rng, ["full", "full", "diag", "spherical"])
    drawn: dict[str, Any] = {
        "covariance_type": family,
        "solver": one_of(rng, ["natural", "natural", "newton"]),
        "tol": 1e-8,
    }
    known = one_of(rng, ["", "", "", "fixed_mean", "fixed_covariance", "reg_covar"])
    size = one_of(rng, [0.3, 1.0, 3.0])
    if known == "fixed_mean":
        drawn[known] = 0.25 + size * rng.standard_normal(d)
    if known == "fixed_covariance":
        matrix = size * covariance
        drawn[known] = {"full": matrix, "diag": matrix.diagonal(), "spherical": size}[family]
    if known == "reg_covar":
        drawn[known] = float(rng.random()) if family == "spherical" else rng.random(d)
    return drawn


# -- what a model says


def answers(problem: Problem, deep: bool) -> dict[str, Any]:
    """What a model says, by name; only the verdict if there is no maximum.

    "mean" and "scale" are by feature; "filled" by row and feature; names that begin with "error" or
    "ends" have errors and ends of the same.
    """
    try:
        model = problem.fit()
    except NoMaximumError:
        return {"verdict": "refused"}
    if not model.converged_:
        return {"verdict": model.stop_reason_}
    rows, weighted = problem.rows, problem.rows | {"sample_weight": problem.weights}
    filled, spread = model.impute(**rows, return_std=True)
    found = {
        "verdict": "converged",
        "mean": model.mean_,
        "scale": model.scale_,
        "correlation": model.correlation_,
        "filled": filled,
        "error filled": spread,
        "densities": model.score_samples(**rows),
        "distances": model.mahalanobis(**rows),
        "value": model.log_likelihood_,
        "score": model.score(**weighted),
    }
    if "reg_covar" in problem.parameters:
        return found
    methods: dict[str, dict[str, Any]] = {"observed": {}, "sandwich": weighted}
    for method, given in methods.items():
        errors = model.standard_errors(method, **given)
        found |= {f"error {name} {method}": errors[name] for name in errors if name != "covariance"}
    methods = {"wald": {}, "sandwich": weighted} | ({"profile": {}} if deep else {})
    for method, given in methods.items():
        ends = model.confidence_intervals(method=method, **given)
        found |= {f"ends {name} {method}": ends[name] for name in ends if name != "covariance"}
    if not (problem.window or model.sufficient_statistics_.complete or rows["X_upper"] is not None):
        found["mcar"] = _mcar(model)
    return found


def _mcar(model: GaussianGradientMLE) -> float:
    try:
        return mcar_test(model).statistic
    except ValueError:  # about a covariance type or a known parameter
        return 0.0


class Move(NamedTuple):
    """Features in another order, reflected or in other units, and rows in another order."""

    features: Array
    sign: Array
    unit: Array
    offset: float
    rows: Array

    @classmethod
    def draw(cls, rng: np.random.Generator, problem: Problem) -> "Move":
        n, d = problem.lower.shape
        unit = magnitude(rng, *one_of(rng, [(0, 0), (-2, 2), (-60, 60)]), d)
        if problem.parameters["covariance_type"] == "spherical":
            unit[:] = unit[0]
        sign, offset = rng.choice([-1.0, 1.0], d), one_of(rng, [0.0, 0.0, 16.0])
        return cls(rng.permutation(d), sign, unit, offset, rng.permutation(n))

    def values(self, values: Array) -> Array:
        return ((values + self.offset) * self.sign * self.unit)[..., self.features]

    def ends(self, lower: Array, upper: Array) -> tuple[Array, Array]:
        one, other = self.values(lower), self.values(upper)
        reflected = self.sign[self.features] < 0
        return np.where(reflected, other, one), np.where(reflected, one, other)

    def of(self, problem: Problem) -> Problem:
        lower, upper = self.ends(problem.lower[self.rows], problem.upper[self.rows])
        window = problem.window and self.ends(*problem.window)
        parameters = dict(problem.parameters)
        if "fixed_mean" in parameters:
            parameters["fixed_mean"] = self.values(parameters["fixed_mean"])
        square = np.outer(self.sign * self.unit, self.sign * self.unit)
        for name in parameters.keys() & {"fixed_covariance", "reg_covar"}:
            by = [square[0, 0], square.diagonal(), square][np.ndim(parameters[name])]
            moved = parameters[name] * by
            for axis in range(np.ndim(moved)):
                moved = moved.take(self.features, axis)
            parameters[name] = moved
        return Problem(lower, upper, problem.weights[self.rows], window, parameters)

    def back(self, name: str, found: Any, problem: Problem) -> Array:
        """What is found of the moved problem, as it should be found of the problem itself."""
        found, sign, unit = np.asarray(found), self.sign, self.unit
        if name in ("densities", "distances", "filled", "error filled"):
            found = found[np.argsort(self.rows)]
        by_units = (problem.lower == problem.upper) @ np.log(unit)
        if name in ("value", "score"):
            return found + by_units @ problem.weights / problem.weights.sum()
        if name == "densities":
            return found + by_units
        if name in ("distances", "mcar"):
            return found
        is_end, of_error = name.startswith("ends"), name.startswith("error")
        inverse = np.argsort(self.features)
        if "correlation" in name:
            found = found[np.ix_(inverse, inverse)]
            turned = np.outer(sign, sign)
            if is_end:
                return np.where(turned[..., None] < 0, -found[..., ::-1], found)
            return found if of_error else found * turned
        found = found.take(inverse, axis=1 if "filled" in name else 0)
        if "scale" in name or of_error:
            return found / (unit[:, None] if is_end else unit)
        if is_end:
            found = found / (sign * unit)[:, None] - self.offset
            return np.where(sign[:, None] < 0, found[:, ::-1], found)
        return found / (sign * unit) - self.offset


def _size(name: str, right: Array, scale: Array) -> Array | float:
    """The size of an answer, of which a share may be off."""
    if name.startswith("ends"):
        with np.errstate(invalid="ignore"):  # the difference of infinite ends is NaN
            width = np.abs(np.diff(right, axis=-1))
        usable = np.isfinite(width) & (width > 0)
        return np.where(usable, width, 1.0 if "correlation" in name else scale[:, None])
    if name.startswith("error") and "filled" not in name:
        return np.abs(right)
    if "filled" in name or name in ("mean", "scale"):
        return scale
    return np.maximum(np.abs(right), 1.0)


def of_a_move(problem: Problem, rng: np.random.Generator, deep: bool) -> Iterator[str]:
    """Differences between what a model says before and after a move."""
    move = Move.draw(rng, problem)
    close = CLOSE if problem.lower.shape[1] <= MOST_PROFILED else ON_LATTICES
    right, found = answers(problem, deep), answers(move.of(problem), deep)
    verdicts = right["verdict"], found["verdict"]
    if verdicts[0] != verdicts[1]:
        # Where there is no maximum, rounding may decide how the climb notices.
        if "converged" in verdicts:
            yield f"moved {verdicts[1]!r}, {verdicts[0]!r} before, {problem}"
        return
    for name in right.keys() - {"verdict"}:
        expected, told = np.asarray(right[name]), move.back(name, found[name], problem)
        same = (told == expected) | (np.isnan(told) & np.isnan(expected))
        with np.errstate(invalid="ignore"):
            off = np.abs(told - expected) / _size(name, expected, right["scale"])
        if not (same | (off < close)).all():
            yield f"moved {name}, {np.nanmax(off):.3g} off, {problem}"
    if right["verdict"] == "converged" and not np.isclose(right["score"], right["value"]):
        yield f"score {right['score']!r}, log-likelihood {right['value']!r}, {problem}"


# -- the same data in other forms


def forms(problem: Problem, rng: np.random.Generator) -> dict[str, Callable[[], Any]]:
    """Fits to the same data by the name of the form."""
    (X, upper), weights = problem.rows.values(), problem.weights
    n, d = X.shape
    more = rng.choice(GARBAGE, (3, d))

    def fit(X: Any, upper: Any, weights: Any) -> GaussianGradientMLE:
        return problem.estimator.fit(X, sample_weight=weights, X_upper=upper)

    def some(rows: Array, weights: Array) -> GaussianGradientMLE:
        return fit(X[rows], None if upper is None else upper[rows], weights)

    def repeated() -> GaussianGradientMLE:
        counts = rng.integers(1, 4, n)
        rows = rng.permutation(np.repeat(np.arange(n), counts))
        return some(rows, (weights / counts)[rows])

    def with_rows_of_no_weight() -> GaussianGradientMLE:
        ends = None if upper is None else np.vstack((upper, more))
        return fit(np.vstack((X, more)), ends, np.append(weights, np.zeros(3)))

    def in_chunks() -> GaussianGradientMLE:
        model = problem.estimator
        for rows in np.split(rng.permutation(n), np.sort(rng.integers(0, n, 2))):
            ends = None if upper is None else upper[rows]
            model.partial_fit(X[rows], sample_weight=weights[rows], X_upper=ends)
        return model

    def of_statistics() -> GaussianGradientMLE:
        parts = [problem.estimator.set_params(max_iter=1) for _ in range(2)]
        for model, rows in zip(parts, np.array_split(np.arange(n), 2), strict=True):
            ends = None if upper is None else upper[rows]
            model.partial_fit(X[rows], sample_weight=weights[rows], X_upper=ends)
        total = sum(model.sufficient_statistics_ for model in parts)
        return problem.estimator.fit_statistics(total)

    def in_strides() -> GaussianGradientMLE:
        wide = np.full((2 * n, 3 * d), np.nan)
        wide[::2, ::3] = X
        view = wide[::2, ::3]
        view.flags.writeable = False
        return fit(view[::-1], None if upper is None else upper[::-1], weights[::-1])

    return {
        "infinite ends": lambda: fit(problem.lower, problem.upper, weights),
        "repeated": repeated,
        "with rows of no weight": with_rows_of_no_weight,
        "in chunks": in_chunks,
        "of statistics": of_statistics,
        "in strides": in_strides,
        "float32": lambda: fit(
            X.astype(np.float32), None if upper is None else upper.astype(np.float32), weights
        ),
        "lists": lambda: fit(X.tolist(), None if upper is None else upper.tolist(), weights),
    }


def _fitted(fit: Callable[[], GaussianGradientMLE]) -> tuple[str, GaussianGradientMLE | None]:
    """The verdict of a fit, and its model if it converged."""
    try:
        model = fit()
    except NoMaximumError:
        return "no maximum", None
    if not hasattr(model, "mean_"):  # chunks wait for more rows
        return "no maximum", None
    verdict = "no maximum" if model.stop_reason_ == "unbounded" else model.stop_reason_
    return verdict, model if model.converged_ else None


def of_forms(problem: Problem, rng: np.random.Generator) -> Iterator[str]:
    """Differences between the fit and one to the same data in another form."""
    verdict, right = _fitted(problem.fit)
    every = forms(problem, rng)
    for name in rng.choice(list(every), 3, replace=False):
        told, model = _fitted(every[name])
        if told != verdict:
            yield f"{name}, {told!r} for {verdict!r}, {problem}"
        elif model is not None and right is not None:
            off = np.abs(model.mean_ - right.mean_) / right.scale_
            off = np.append(off, np.abs(model.scale_ / right.scale_ - 1))
            off = np.append(off, np.abs(model.correlation_ - right.correlation_))
            if not off.max() < SAME:
                yield f"{name}, {off.max():.3g} off, {problem}"


def complaints(seed: int) -> Iterator[str]:
    problem, rng = draw(seed), np.random.default_rng(seed + 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        deep = seed % 4 == 0 and problem.lower.shape[1] <= MOST_PROFILED
        yield from of_a_move(problem, rng, deep)
        yield from of_forms(problem, rng)
