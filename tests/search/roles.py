"""Searches for roles that differ from the estimator that they wrap, or from their definitions.

The samples are those of `spellings`: values exact, missing, in intervals or at limits, weights, a
window, known parameters or a ridge. An imputer fills in what its Gaussian does, and constants and
empty columns beside these change nothing. A detector judges rows by the chi-square distribution of
their distances, and a robust one keeps the same rows however they are written. A regression is the
conditional distribution of the last feature, with the errors that the delta method gives.
"""

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.stats import chi2
from search.hostile import one_of
from search.spellings import MOST_PROFILED, Move, Problem, draw

from skgauss import GaussianImputer, GaussianOutlierDetector, GaussianRegressor
from skgauss.likelihoods import NoMaximumError

Array = np.ndarray
CLOSE = 1e-4  # of units, of errors, and of differences of logarithms
STEP = 1e-6  # of differences of a coefficient, in units of the parameters of the joint Gaussian
DETERMINED = 0.05  # residual deviation over that of the target, below which differences lose digits
N_TABLES = 20  # of draws
FAR = 3.0  # deviations by which no mean of so many draws lies from the conditional mean


def complaints(seed: int) -> Iterator[str]:
    problem, rng = draw(seed), np.random.default_rng(seed + 2)
    if problem.lower.shape[1] > MOST_PROFILED:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        for of_role in (of_imputer, of_more_columns, of_detector, of_support, of_regression):
            try:
                yield from of_role(problem, rng)
            except NoMaximumError:
                continue


def fitted(kind: type, problem: Problem, **parameters: Any) -> Any:
    """A fit of a role, or None if it did not converge."""
    role = kind(**problem.estimator.get_params() | parameters)
    role.fit(**problem.rows, sample_weight=problem.weights)
    return role if role.converged_ else None


def off(name: str, problem: Problem, found: Any, right: Any, size: Any = 1.0) -> Iterator[str]:
    """A complaint if numbers differ by more than `CLOSE` of a size."""
    found, right = np.asarray(found), np.asarray(right)
    same = (found == right) | (np.isnan(found) & np.isnan(right))
    with np.errstate(invalid="ignore"):
        away = np.where(same, 0.0, np.abs(found - right) / size)
    if not (away < CLOSE).all():
        yield f"{name}, {away.max():.3g} off, {problem}"


# -- imputer


def of_imputer(problem: Problem, rng: np.random.Generator) -> Iterator[str]:
    model, rows = fitted(GaussianImputer, problem), problem.rows
    if model is None:
        return
    plain, exact = problem.fit(), problem.lower == problem.upper
    filled = model.transform(**rows)
    mean, std = plain.impute(**rows, return_std=True)
    yield from off("imputed", problem, filled, mean, plain.scale_)
    low, high = problem.lower, problem.upper
    if problem.window:
        low, high = np.maximum(low, problem.window[0]), np.minimum(high, problem.window[1])
    tables = [filled]
    if "reg_covar" not in problem.parameters:
        model.set_params(sample_posterior=True)
        draws = [model.set_params(random_state=k).transform(**rows) for k in range(N_TABLES)]
        error = plain.standard_errors().mean
        away = (np.mean(draws, axis=0) - mean) / np.where(exact, 1.0, np.hypot(std, error))
        if not (np.abs(away) < FAR).all():
            yield f"draws, {np.abs(away).max():.3g} deviations off, {problem}"
        tables += draws
    slack = CLOSE * plain.scale_  # of means of narrow intervals
    for table in tables:
        if not (table == low)[exact].all():
            yield f"exact values changed, {problem}"
        if not ((low - slack <= table) & (table <= high + slack)).all():
            yield f"values outside of their intervals, {problem}"


def of_more_columns(problem: Problem, rng: np.random.Generator) -> Iterator[str]:
    """A constant is filled in where it is missing, and an empty column is dropped."""
    known = problem.parameters.keys() & {"fixed_mean", "fixed_covariance", "reg_covar"}
    if problem.window or known or problem.parameters["covariance_type"] == "spherical":
        return
    model = fitted(GaussianImputer, problem)
    if model is None:
        return
    (X, upper), n = problem.rows.values(), len(problem.lower)
    constant = np.where(rng.random(n) < 0.3, np.nan, 2.5)
    constant[np.argmax(problem.weights)] = 2.5
    more = np.column_stack((constant, np.full(n, np.nan)))
    order = rng.permutation(X.shape[1] + 2)
    X, upper = (
        None if each is None else np.column_stack((each, more))[:, order] for each in (X, upper)
    )
    beside = GaussianImputer(**problem.estimator.get_params())
    found = beside.fit_transform(X, sample_weight=problem.weights, X_upper=upper)
    if not beside.converged_:
        yield f"beside a constant not converged, {beside.stop_reason_}, {problem}"
        return
    right = np.column_stack((model.transform(**problem.rows), np.full(n, 2.5)))
    kept = order[order < right.shape[1]]
    size = np.append(model.scale_, 1.0)[kept]
    yield from off("imputed beside a constant", problem, found, right[:, kept], size)
    value = model.log_likelihood_
    yield from off("value beside a constant", problem, beside.log_likelihood_, value)


# -- detector


def of_detector(problem: Problem, rng: np.random.Generator) -> Iterator[str]:
    share = one_of(rng, [0.05, 0.2, 0.5])
    model = fitted(GaussianOutlierDetector, problem, contamination=share)
    if model is None:
        return
    rows, weights = problem.rows, problem.weights / problem.weights.sum()
    exact = problem.lower == problem.upper
    Z = (problem.lower - model.mean_) / model.scale_
    distances = [
        z[o] @ np.linalg.solve(model.correlation_[np.ix_(o, o)], z[o])
        for z, o in zip(Z, exact, strict=True)
    ]
    shown = exact.sum(axis=1)
    right = np.where(shown > 0, chi2.logsf(distances, np.maximum(shown, 1)), 0.0)
    scores, labels = model.score_samples(**rows), model.predict(**rows)
    yield from off("scores", problem, scores, right, 1 + np.abs(right))
    called = weights[labels < 0].sum()
    following = scores[(labels > 0) & (weights > 0)].min()
    with_next = weights[(labels < 0) | np.isclose(scores, following, rtol=1e-8, atol=0)].sum()
    if not called - 1e-9 <= share <= with_next + 1e-9:
        yield f"share of outliers, {called:.3g} or {with_next:.3g} for {share}, {problem}"


def of_support(problem: Problem, rng: np.random.Generator) -> Iterator[str]:
    """A robust fit keeps the same rows in other units and orders, and if rows are repeated."""
    if problem.rows["X_upper"] is not None or problem.window is not None:
        return
    fraction = one_of(rng, ["auto", 0.75])

    def support(problem: Problem) -> Array:
        parameters = problem.estimator.get_params() | {"support_fraction": fraction}
        model = GaussianOutlierDetector(**parameters)
        return model.fit(**problem.rows, sample_weight=problem.weights).support_

    try:
        kept = support(problem)
    except ValueError:  # too few rows
        return
    move = Move.draw(rng, problem)
    counts = rng.integers(1, 4, len(kept))
    rows = np.repeat(np.arange(len(kept)), counts)
    repeated = problem._replace(
        lower=problem.lower[rows],
        upper=problem.upper[rows],
        weights=(problem.weights / counts)[rows],
    )
    for name, right, other in [
        ("support of moved rows", kept[move.rows], move.of(problem)),
        ("support of repeated rows", kept[rows], repeated),
    ]:
        if n_other := np.count_nonzero(right != support(other)):
            yield f"{name}, {n_other} are others, {problem}"


# -- regression


def of_regression(problem: Problem, rng: np.random.Generator) -> Iterator[str]:
    (X, upper), weights = problem.rows.values(), problem.weights
    d = X.shape[1]
    known = problem.parameters.keys() & {"fixed_mean", "fixed_covariance"}
    if d == 1 or problem.window or known or problem.parameters["covariance_type"] != "full":
        return
    features, y, y_upper = X[:, :-1], X[:, -1], None
    if upper is not None:  # a regression takes no intervals of features
        features, y_upper = np.where(features == upper[:, :-1], features, np.nan), upper[:, -1]
    model = GaussianRegressor(problem.estimator.set_params(tol=1e-9))
    joint = model.fit(features, y, weights, y_upper).estimator_
    if not joint.converged_:
        return
    right = estimates(np.concatenate([joint.mean_, joint.scale_, pairs_of(joint.correlation_)]))
    units = joint.scale_[-1] / np.append(joint.scale_[:-1], [1.0, 1.0])
    told = np.array([*model.coef_, model.intercept_, model.scale_])
    yield from off("estimates", problem, told, right, units)
    ends = None if y_upper is None else np.column_stack((features, y_upper))
    value = joint.score(np.column_stack((features, y)), sample_weight=weights, X_upper=ends)
    value -= joint.marginal(range(d - 1)).score(features, sample_weight=weights)
    value *= weights.sum()
    n = weights[~np.isnan(y) | ~np.isnan(y if y_upper is None else y_upper)].sum()
    size = max(1.0, abs(value))
    yield from off("log-likelihood", problem, n * model.log_likelihood_, value, size)
    for name, cost in (("aic", 2.0), ("bic", np.log(n))):
        told = getattr(model, name)(features, y, y_upper=y_upper, sample_weight=weights)
        yield from off(name, problem, told, -2 * value + cost * (d + 1), size)
    filled = joint.impute(np.column_stack((features, np.full(len(X), np.nan))), return_std=True)
    for predicted, imputed in zip(model.predict(features, return_std=True), filled, strict=True):
        yield from off("predictions", problem, predicted, imputed[:, -1], joint.scale_[-1])
    if "reg_covar" not in problem.parameters and model.scale_ > DETERMINED * joint.scale_[-1]:
        found, right = model.standard_errors(), by_delta_method(joint)
        told = np.array([*found.coef, found.intercept, found.scale])
        undetermined = np.isnan(told)  # NaN in the covariance of any parameter hides them here
        yield from off("errors", problem, told, np.where(undetermined, told, right), 10 * right)


def pairs_of(matrix: Array) -> Array:
    return matrix[np.triu_indices(len(matrix), 1)]


def estimates(theta: Array) -> Array:
    """Coefficients, intercept and scale, from means, standard deviations and correlations."""
    d = int((np.sqrt(9 + 8 * len(theta)) - 3) / 2)
    mean, scale, related = theta[:d], theta[d : 2 * d], np.eye(d)
    related[np.triu_indices(d, 1)] = theta[2 * d :]
    related = np.triu(related) + np.triu(related, 1).T
    standardized = np.linalg.solve(related[:-1, :-1], related[:-1, -1])
    coef = standardized * scale[-1] / scale[:-1]
    residual = scale[-1] * np.sqrt(1 - related[-1, :-1] @ standardized)
    return np.array([*coef, mean[-1] - coef @ mean[:-1], residual])


def by_delta_method(joint: Any) -> Array:
    """Standard errors of `estimates`, by differences and the covariance of the parameters."""
    pairs = pairs_of(joint.correlation_)
    theta = np.concatenate([joint.mean_, joint.scale_, pairs])
    sizes = STEP * np.concatenate([joint.scale_, joint.scale_, np.ones(len(pairs))])
    slopes = [
        (estimates(theta + step) - estimates(theta - step)) / (2 * size)
        for step, size in zip(np.diag(sizes), sizes, strict=True)
    ]
    covariance = joint.parameter_covariance().to_numpy()
    return np.sqrt(np.einsum("ki,kl,li->i", slopes, covariance, slopes))
