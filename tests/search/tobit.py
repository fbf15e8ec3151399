"""Regressions on complete features, of targets at limits or in intervals: Tobit's likelihood.

Features and target are in units and from origins of their own, and rows have weights. What the
regressor says is held against a climb on the likelihood of the target alone.
"""

import warnings
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_ndtr
from search.hostile import magnitude, one_of

from skgauss import GaussianGradientMLE, GaussianRegressor

Array = np.ndarray
CLOSE = 1e-5  # standard errors, and relative of these, by which an answer may be off
STEP = 1e-3  # of differences of the gradient


class Case(NamedTuple):
    """Features and ends of the target in deviations, weights, and how the fit sees them."""

    X: Array
    lower: Array
    upper: Array
    weights: Array
    units: Array
    offsets: Array
    limits: tuple[float | None, float | None] | None

    def seen(self, values: Array, columns: slice | int) -> Array:
        return (values + self.offsets[columns]) * self.units[columns]

    def fit(self) -> GaussianRegressor:
        joint = GaussianGradientMLE(tol=1e-10)
        X, low, high = (
            self.seen(self.X, slice(-1)),
            *(self.seen(each, -1) for each in (self.lower, self.upper)),
        )
        if self.limits is None:
            return GaussianRegressor(joint).fit(X, low, self.weights, y_upper=high)
        limits = tuple(None if each is None else self.seen(each, -1) for each in self.limits)
        model = GaussianRegressor(joint, censoring_limits=limits)
        return model.fit(X, np.where(np.isinf(low), high, low), self.weights)


def draw(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    d, n = int(rng.integers(1, 4)), int(rng.integers(40, 200))
    X = rng.standard_normal((n, d)) @ (np.eye(d) + 0.5 * np.tri(d, k=-1))
    X = np.ceil(X * 2**20) / 2**20
    y = X @ rng.uniform(-1, 1, d) + magnitude(rng, -1, 0.3) * rng.standard_normal(n)
    y = np.ceil(y * 2**20) / 2**20
    limits = one_of(rng, [None, (-0.5, None), (None, 0.5), (-0.5, 1.0)])
    lower, upper = y.copy(), y.copy()
    if limits is None:
        grouped = rng.random(n) < 0.5
        width = one_of(rng, [0.25, 1.0])
        lower[grouped] = np.floor(y[grouped] / width - 1e-9) * width
        upper[grouped] = lower[grouped] + width
    else:
        low, high = (-np.inf if limits[0] is None else limits[0]), limits[1]
        lower[y <= low], upper[y <= low] = -np.inf, low
        if high is not None:
            lower[y >= high], upper[y >= high] = high, np.inf
    return Case(
        X,
        lower,
        upper,
        one_of(rng, [np.ones(n), rng.integers(1, 4, n).astype(float), rng.random(n)])
        * one_of(rng, [1.0, magnitude(rng, 0, 9)]),
        2.0 ** rng.integers(*one_of(rng, [(0, 1), (-20, 21), (-300, 301)]), d + 1),
        one_of(rng, [0.0, 2.0 ** rng.integers(0, 21)]) * np.ones(d + 1),
        limits,
    )


class Tobit:
    """Average log-likelihood of the target given the features, in nats, and its gradient.

    Parameters are the intercept, slopes, and the log of the deviation.
    """

    def __init__(self, case: Case):
        self.case = case
        self.share = case.weights / case.weights.sum()
        self.design = np.column_stack((np.ones(len(case.X)), case.X))
        self.lower, self.upper = case.lower, case.upper

    def __call__(self, parameters: Array) -> tuple[float, Array]:
        scale = np.exp(parameters[-1])
        fitted = self.design @ parameters[:-1]
        low, high = (self.lower - fitted) / scale, (self.upper - fitted) / scale
        exact = self.lower == self.upper
        value = np.where(exact, -(low**2) / 2 - np.log(scale * np.sqrt(2 * np.pi)), 0.0)
        of_fit, of_scale = np.where(exact, low / scale, 0.0), np.where(exact, low**2 - 1, 0.0)
        mirrored = low > -high
        a, b = np.where(mirrored, -high, low)[~exact], np.where(mirrored, -low, high)[~exact]
        log_p = log_ndtr(b) + np.log1p(-np.exp(log_ndtr(a) - log_ndtr(b)))
        at_a, at_b = (np.exp(-(e**2) / 2 - np.log(2 * np.pi) / 2 - log_p) for e in (a, b))
        sign = np.where(mirrored[~exact], -1.0, 1.0)
        value[~exact] = log_p
        of_fit[~exact] = sign * (at_a - at_b) / scale
        weighted = [
            np.where(np.isinf(e), 0.0, np.nan_to_num(e) * f) for e, f in ((a, at_a), (b, at_b))
        ]
        of_scale[~exact] = weighted[0] - weighted[1]
        gradient = np.append(self.design.T @ (self.share * of_fit), self.share @ of_scale)
        return float(self.share @ value), gradient

    def maximum(self) -> tuple[Array, float, Array]:
        """The parameters there, the value, and the inverse of the information of all rows."""
        middle = np.clip(self.lower, -3.0, 3.0)
        start = np.append(np.linalg.lstsq(self.design, middle, rcond=None)[0], 0.0)
        found = minimize(lambda p: tuple(-e for e in self(p)), start, jac=True, method="BFGS").x
        for _ in range(4):
            found = found + np.linalg.solve(self.information(found), self(found)[1])
        covariance = np.linalg.inv(self.information(found)) / self.case.weights.sum()
        return found, self(found)[0], covariance

    def information(self, at: Array) -> Array:
        """Minus the Hessian, by five-point differences of the gradient."""
        columns = []
        for step in STEP * np.eye(len(at)):
            one = self(at + step)[1] - self(at - step)[1]
            two = self(at + 2 * step)[1] - self(at - 2 * step)[1]
            columns.append((8 * one - two) / (12 * STEP))
        return -np.array(columns)


def complaints(seed: int) -> Iterator[str]:
    case = draw(seed)
    tobit = Tobit(case)
    right, value, covariance = tobit.maximum()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        model = case.fit()
        errors = model.standard_errors() if model.estimator_.converged_ else None
    if errors is None:
        yield f"{model.estimator_.stop_reason_!r}, and there is a maximum, {case.units}"
        return
    of_y, kept = case.units[-1], slice(1, None)
    found = np.append(model.coef_ * case.units[:-1] / of_y, np.log(model.scale_ / of_y))
    deviations = np.sqrt(covariance.diagonal())[kept]
    # tol is a bound on the norm, in deviations of one row.
    resolution = CLOSE + 1e-9 * np.sqrt(case.weights.sum())
    off = (found - right[kept]) / deviations
    if not np.abs(off).max() < resolution:
        yield f"estimates are {off} standard errors off"
    told = np.append(errors.coef * case.units[:-1] / of_y, errors.scale / model.scale_)
    if not np.allclose(told, deviations, rtol=1e-4):
        yield f"errors {told} for {deviations}"
    of_units = np.log(of_y) * (case.lower == case.upper) @ tobit.share
    if not np.isclose(model.log_likelihood_, value - of_units, rtol=1e-9, atol=1e-8):
        yield f"log_likelihood_ {model.log_likelihood_} for {value - of_units}"
    asked = case.seen(case.X[:5], slice(-1))
    predicted, spread = model.predict(asked, return_std=True)
    predicted = predicted / of_y - case.offsets[-1]
    expected = tobit.design[:5] @ right[:-1]
    if not np.allclose(predicted, expected, atol=1e-5):
        yield f"predicted {predicted} for {expected}"
    if not np.allclose(spread / model.scale_, 1.0):
        yield f"predicted with deviations {spread / model.scale_} of the scale"
