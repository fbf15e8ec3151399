"""Searches for fits, errors and ends that a likelihood written without the package contradicts.

The samples are those of `spellings` that have one or two features and no ridge. Probabilities are
integrated by a fixed rule, the maximum is climbed to by SciPy, and derivatives are differences.
"""

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from oracles import five_point_gradient, five_points
from scipy.optimize import minimize
from scipy.special import log_ndtr, logsumexp
from scipy.stats import chi2, norm
from search.hostile import one_of
from search.spellings import Problem, draw

from skgauss import GaussianGradientMLE
from skgauss.likelihoods import NoMaximumError

Array = np.ndarray
CLOSE = 2e-3  # of errors, ends and falls to the ends of profiles
N_PANELS, REACH = 6, 9.5  # of the rule for two variables; deviations within which it integrates
NODES, NODE_WEIGHTS = np.polynomial.legendre.leggauss(120)
MAX_CORRELATION = 0.99  # absolute value up to which the rule is accurate
MIN_CURVATURE = 1e-3  # eigenvalue of the information of a row below which differences say little
GRADIENT_STEP, SCORE_STEP, HESSIAN_STEP = 2e-4, 1e-3, 3e-3


def log_difference(a: Array, b: Array) -> Array:
    """The logarithm of the standard normal probability between a and b."""
    reflected = a > -b
    a, b = np.where(reflected, -b, a), np.where(reflected, -a, b)
    with np.errstate(divide="ignore", invalid="ignore"):
        return log_ndtr(b) + np.log1p(-np.exp(log_ndtr(a) - log_ndtr(b)))


def log_probability(lower: Array, upper: Array, r: float) -> Array:
    """The logarithms of the probabilities of standardised boxes, (n, 2), at a correlation."""
    s = np.sqrt(1 - r * r)
    first, last = np.clip(lower[:, :1], -REACH, REACH), np.clip(upper[:, :1], -REACH, REACH)
    width = (last - first) / N_PANELS
    places = (np.arange(N_PANELS)[:, None] + (NODES + 1) / 2).ravel()
    x = first + width * places
    inner = log_difference((lower[:, 1:] - r * x) / s, (upper[:, 1:] - r * x) / s)
    with np.errstate(divide="ignore"):
        shares = np.log(np.tile(NODE_WEIGHTS / 2, N_PANELS)) + np.log(width)
    return logsumexp(inner + norm.logpdf(x) + shares, axis=1)


class Likelihood:
    """The log-likelihoods of the rows of a problem of one or two features."""

    def __init__(self, problem: Problem):
        low, high = problem.lower, problem.upper
        self.free = np.isinf(low) & np.isinf(high)
        self.window, self.weights = problem.window, problem.weights
        if problem.window is not None:
            low, high = np.maximum(low, problem.window[0]), np.minimum(high, problem.window[1])
        self.low, self.high, self.exact = low, high, low == high

    def rows(self, mean: Array, scale: Array, r: float) -> Array:
        """The log-likelihood of each row, (n,); 0 for a row without values."""
        of = self._single if len(mean) == 1 else self._pairs
        found = of(self.low, self.high, mean, scale, r)
        if self.window is not None:
            found -= of(*(end[None] for end in self.window), mean, scale, r)
        return np.where(self.free.all(axis=1), 0.0, found)

    def _single(self, low, high, mean, scale, r):
        start, end = (low - mean) / scale, (high - mean) / scale
        density = norm.logpdf(start) - np.log(scale)
        return np.where(low == high, density, log_difference(start, end))[:, 0]

    def _pairs(self, low, high, mean, scale, r):
        """The density of the exact values, times the probability of the others given these."""
        start, end = (low - mean) / scale, (high - mean) / scale
        exact, q = low == high, np.sqrt(1 - r * r)
        density = norm.logpdf(np.where(exact, start, 0.0)) - np.log(scale)
        found = np.empty(len(low))
        for j, k in ((0, 1), (1, 0)):
            first = exact[:, j]
            a, b = ((each[first, k] - r * start[first, j]) / q for each in (start, end))
            beside = np.where(
                exact[first, k], norm.logpdf(a) - np.log(q * scale[k]), log_difference(a, b)
            )
            found[first] = density[first, j] + beside
        boxes = ~exact.any(axis=1)
        found[boxes] = log_probability(start[boxes], end[boxes], r)
        return found


class Chart:
    """The free coordinates about a model: means in deviations, log scales and Fisher's z."""

    def __init__(self, problem: Problem, model: GaussianGradientMLE):
        self.problem, self.model, self.likelihood = problem, model, Likelihood(problem)
        self.d = len(model.mean_)
        self.r = float(model.correlation_[0, 1]) if self.d == 2 else 0.0
        family = problem.parameters["covariance_type"]
        self.z, self.shared = np.arctanh(self.r), family == "spherical"
        self.places: list[tuple[str, int]] = []
        if "fixed_mean" not in problem.parameters:
            self.places += [("mean", j) for j in range(self.d)]
        if "fixed_covariance" not in problem.parameters:
            n_scales = 1 if self.shared else self.d
            self.places += [("scale", j) for j in range(n_scales)]
            self.places += [("correlation", 0)] if family == "full" and self.d == 2 else []

    def rows(self, step: Array) -> Array:
        mean, log_scale, z = self.model.mean_.copy(), np.zeros(self.d), self.z
        for move, (name, j) in zip(step, self.places, strict=True):
            if name == "mean":
                mean[j] += move * self.model.scale_[j]
            elif name == "scale":
                log_scale[... if self.shared else j] += move
            else:
                z += move
        return self.likelihood.rows(mean, self.model.scale_ * np.exp(log_scale), np.tanh(z))

    def value(self, step: Array) -> float:
        """The log-likelihood of all rows together, in nats."""
        return float(self.problem.weights @ self.rows(step))

    def end(self, place: int, step: float) -> float:
        """What a parameter is after a step along its coordinate."""
        name, j = self.places[place]
        if name == "mean":
            return self.model.mean_[j] + step * self.model.scale_[j]
        return self.model.scale_[j] * np.exp(step) if name == "scale" else np.tanh(self.z + step)

    def step_to(self, place: int, end: float) -> float:
        """The step along the coordinate of a parameter to one of its values."""
        name, j = self.places[place]
        if name == "mean":
            return (end - self.model.mean_[j]) / self.model.scale_[j]
        return np.log(end / self.model.scale_[j]) if name == "scale" else np.arctanh(end) - self.z

    def told(self, place: int, numbers: Any) -> Any:
        """The entry of a parameter in errors or ends."""
        name, j = self.places[place]
        return numbers.correlation[0, 1] if name == "correlation" else numbers[name][j]

    def best(self, place: int | None = None, step: float = 0.0, start: Any = None) -> Any:
        """The step to the maximum, perhaps along the rest of the coordinates, and its value."""
        k = len(self.places)
        rest = [i for i in range(k) if i != place]

        def whole(moves: Array) -> Array:
            found = np.full(k, step)
            found[rest] = moves
            return found

        def descent(moves: Array) -> tuple[float, Array]:
            at, weight = whole(moves), self.problem.weights.sum()
            gradient = five_point_gradient(self.value, at, GRADIENT_STEP)[rest]
            return -self.value(at) / weight, -gradient / weight

        start = np.zeros(k) if start is None else start
        found = whole(
            minimize(descent, start[rest], jac=True, method="BFGS", options={"gtol": 1e-8}).x
            if rest
            else np.empty(0)
        )
        return found, self.value(found)

    def information(self) -> Array:
        """Minus the Hessian at the model, by differences of differences."""

        def gradient(step: Array) -> Array:
            return five_point_gradient(self.value, step, SCORE_STEP)

        hessian = five_point_gradient(gradient, np.zeros(len(self.places)), HESSIAN_STEP)
        return -(hessian + hessian.T) / 2


def of_the_fit(chart: Chart) -> Iterator[str]:
    """Complaints about the log-likelihood, and about a maximum that is higher."""
    weight, value = chart.problem.weights.sum(), chart.value(np.zeros(len(chart.places)))
    told = chart.model.log_likelihood_
    if not np.isclose(told, value / weight, rtol=1e-8, atol=1e-7):
        yield f"log-likelihood {told!r} for {value / weight!r}"
    elif chart.places and chart.best()[1] - value > 1e-7 * weight:
        yield f"a maximum is higher, by {(chart.best()[1] - value) / weight:.3g} nats a row"


def of_errors(chart: Chart, information: Array) -> Iterator[str]:
    """Complaints about standard errors and about Wald's ends."""
    weights, origin = chart.problem.weights, np.zeros(len(chart.places))
    scores = five_point_gradient(chart.rows, origin, SCORE_STEP)
    inverse = np.linalg.inv(information)
    sandwich = inverse @ (scores * weights) @ scores.T @ inverse
    rows = chart.problem.rows | {"sample_weight": weights}
    for method, covariance, given in (("wald", inverse, {}), ("sandwich", sandwich, rows)):
        errors = chart.model.standard_errors("observed" if method == "wald" else method, **given)
        ends = chart.model.confidence_intervals(0.9, method, **given)
        for i, error in enumerate(np.sqrt(covariance.diagonal())):
            slope, _ = five_points(lambda move, i=i: chart.end(i, move), 1e-4)
            told = chart.told(i, errors)
            if not np.isclose(told, error * slope, rtol=CLOSE):
                yield f"{method} error of {chart.places[i]} {told} for {error * slope}"
            right = [chart.end(i, side * norm.ppf(0.95) * error) for side in (-1, 1)]
            if not np.allclose(chart.told(i, ends), right, rtol=CLOSE, atol=CLOSE * error * slope):
                yield f"{method} ends of {chart.places[i]} {chart.told(i, ends)} for {right}"


def of_profiles(chart: Chart, rng: np.random.Generator) -> Iterator[str]:
    """Complaints about ends of profiles at which the likelihood has not fallen as it must."""
    level = one_of(rng, [0.5, 0.9, 0.95, 0.99])
    ends, due = chart.model.confidence_intervals(level, "profile"), chi2.ppf(level, 1)
    highest = chart.value(np.zeros(len(chart.places)))
    for i in rng.permutation(len(chart.places))[:2]:
        for side, end in zip((-1, 1), chart.told(i, ends), strict=True):
            place = f"the {level} end of {chart.places[i]}, {end}, side {side}"
            with np.errstate(divide="ignore"):
                last = chart.step_to(i, end)
            steps = last * np.arange(1, 4) / 3 if np.isfinite(last) else side * 2.0 ** np.arange(3)
            falls, start = [], None
            for step in steps:
                start, value = chart.best(i, step, start)
                falls.append(2 * (highest - value))
            if np.isnan(end):
                yield f"no end is found, {place}, falls {falls}"
            elif np.isinf(last) and not max(falls) <= (1 + CLOSE) * due:
                yield f"an end without need at the limit of a parameter, {place}, falls {falls}"
            elif np.isfinite(last) and not abs(falls[-1] / due - 1) < 5 * CLOSE:
                yield f"a fall of {falls[-1]} for {due}, {place}"


def complaints(seed: int) -> Iterator[str]:
    problem, rng = draw(seed), np.random.default_rng(seed + 1)
    if problem.lower.shape[1] > 2 or "reg_covar" in problem.parameters:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            model = problem.fit()
        except NoMaximumError:
            return
        chart = Chart(problem, model)
        if not model.converged_ or abs(chart.r) > MAX_CORRELATION:
            return
        for complaint in of_the_fit(chart):
            yield f"{complaint}, {problem}"
            return
        if not chart.places:
            return
        information = chart.information()
        if np.linalg.eigvalsh(information)[0] > MIN_CURVATURE * problem.weights.sum():
            yield from (f"{complaint}, {problem}" for complaint in of_errors(chart, information))
            yield from (f"{complaint}, {problem}" for complaint in of_profiles(chart, rng))
