"""What you write is what runs: paths against recursions written out by hand."""

import math

import numpy as np
import pytest
from callbacks import Callback
from marks import FAMILIES, pairwise
from sklearn.base import clone

from skgauss import GaussianGradientMLE

X = [0.3, 1.9, 2.2, 3.1, 4.0, 5.6, 2.7]
N_STEPS = 60


@pytest.fixture(autouse=True)
def no_trials(monkeypatch):
    """All climbs end early here, and what would have worked is no matter."""
    monkeypatch.setattr("skgauss.fitting.attempt._MAX_ITER_COMPLETE", 1)


def moments(mu):
    n = len(X)
    return sum(X) / n - mu, sum((x - mu) ** 2 for x in X) / n


# The question's gradients, for one feature: of the mean, and of what stands for sigma.
GRADIENTS = {
    "scale": (lambda s: s, lambda a, s: a / s**3 - 1 / s),
    "log-scale": (math.exp, lambda a, r: a / math.exp(r) ** 2 - 1),
    "covariance": (math.sqrt, lambda a, v: a / (2 * v**2) - 1 / (2 * v)),
    "precision": (lambda p: p**-0.5, lambda a, p: (1 / p - a) / 2),
}
FROM_SIGMA = {
    "scale": lambda s: s,
    "log-scale": math.log,
    "covariance": lambda s: s * s,
    "precision": lambda s: s**-2,
}
RATES = {"scale": 0.3, "log-scale": 0.2, "covariance": 0.4, "precision": 0.02}


def recursion(name, rate, mu, sigma, n_inner=None):
    """Plain Python; simultaneous, or `n_inner` steps a block in turn."""
    to_sigma, gradient = GRADIENTS[name]
    theta = FROM_SIGMA[name](sigma)
    path = [(mu, sigma)]
    for _ in range(N_STEPS):
        if n_inner is None:
            difference, a = moments(mu)
            variance = to_sigma(theta) ** 2
            mu, theta = mu + rate * difference / variance, theta + rate * gradient(a, theta)
        else:
            for _ in range(n_inner):
                mu = mu + rate * moments(mu)[0] / to_sigma(theta) ** 2
            for _ in range(n_inner):
                theta = theta + rate * gradient(moments(mu)[1], theta)
        path.append((mu, to_sigma(theta)))
    return np.array(path)


def fitted(**parameters):
    return GaussianGradientMLE(
        mean_init=1.0,
        covariance_init=2.25,
        tol=0.0,
        max_iter=N_STEPS,
        record_path=True,
        **parameters,
    )


def fit_unconverged(model, data, weights=None):
    with pytest.warns(UserWarning, match="did not converge"):
        return model.fit(data, sample_weight=weights)


def assert_follows(model, path):
    column = np.array(X)[:, None]
    fit_unconverged(model, column)
    assert model.n_iter_ == N_STEPS
    np.testing.assert_allclose(model.mean_path_[:, 0], path[:, 0], rtol=1e-12)
    np.testing.assert_allclose(np.sqrt(model.covariance_path_.ravel()), path[:, 1], rtol=1e-12)
    mu, sigma = path.T
    a = np.mean((column[:, 0] - mu[:, None]) ** 2, axis=1)
    log_likelihood = -0.5 * (np.log(2 * np.pi * sigma**2) + a / sigma**2)
    np.testing.assert_allclose(model.log_likelihood_path_, log_likelihood, rtol=1e-12)
    assert model.mean_[0] == model.mean_path_[-1, 0]


one_feature = pytest.mark.parametrize("covariance_type", FAMILIES)


@one_feature
@pytest.mark.parametrize("name", GRADIENTS)
def test_simultaneous_update(name, covariance_type):
    model = fitted(
        solver="gradient", parametrization=name, learning_rate=RATES[name],
        covariance_type=covariance_type,
    )  # fmt: skip
    assert_follows(model, recursion(name, RATES[name], 1.0, 1.5))


@pairwise(name=GRADIENTS, n_inner=[1, 4], covariance_type=FAMILIES)
def test_sequential_update(name, n_inner, covariance_type):
    model = fitted(
        solver="coordinate", parametrization=name, learning_rate=RATES[name], n_inner_iter=n_inner,
        covariance_type=covariance_type,
    )  # fmt: skip
    assert_follows(model, recursion(name, RATES[name], 1.0, 1.5, n_inner))


def test_weights_enter_the_recursion_as_repeats():
    values, weights = np.unique(X + X[:3], return_counts=True)
    weighted, repeated = (fitted(solver="gradient", learning_rate=0.3) for _ in range(2))
    fit_unconverged(weighted, values[:, None], weights)
    fit_unconverged(repeated, np.array(X + X[:3])[:, None])
    np.testing.assert_allclose(weighted.mean_path_, repeated.mean_path_, rtol=1e-12)


ENDS = {"converged": (0.3, 1e-6), "max_iter": (0.003, 1e-6), "rounding": (0.3, 0.0)}


@pairwise(
    up_to=3, name=GRADIENTS, solver=["gradient", "coordinate"], covariance_type=FAMILIES,
    end=[*ENDS, "diverged"], offset=[0, 1e6],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_one_by_one_or_many_at_once(name, solver, covariance_type, end, offset):
    """What is passed by in blocks is what a callback would have been told of, to its end."""
    rate, tol = ENDS.get(end, (30, 1e-6))
    rate *= {"covariance": 4, "precision": 0.3}.get(name, 1)
    model = GaussianGradientMLE(
        solver=solver, parametrization=name, covariance_type=covariance_type, learning_rate=rate,
        mean_init=offset + 1.0, covariance_init=2.25, tol=tol, max_iter=600, record_path=True,
    )  # fmt: skip
    data = np.array(X)[:, None] + offset
    told = clone(model).set_callbacks(Callback()).fit(data)
    model.fit(data)
    assert end in (model.stop_reason_, "rounding", "diverged")
    assert (model.stop_reason_, model.n_iter_) == (told.stop_reason_, told.n_iter_)
    np.testing.assert_array_equal(model.mean_path_, told.mean_path_)
    np.testing.assert_allclose(model.covariance_path_, told.covariance_path_, rtol=1e-14)
    np.testing.assert_allclose(
        model.log_likelihood_path_, told.log_likelihood_path_, rtol=1e-13, atol=1e-14
    )
    assert model.log_likelihood_ == told.log_likelihood_


def matrix_recursion(name, data, rate, n_steps):
    """Several features, with dense inverses: the matrix moves as it is."""
    d = data.shape[1]
    mean, S = data.mean(axis=0), np.cov(data.T, ddof=0)
    mu, sigma = np.full(d, 0.2), 1.5 * np.eye(d)
    path = [(mu, sigma)]
    for _ in range(n_steps):
        inverse = np.linalg.inv(sigma)
        A = S + np.outer(mean - mu, mean - mu)
        G = 0.5 * (inverse @ A @ inverse - inverse)
        L = np.linalg.cholesky(sigma)
        slope = np.tril(2 * G @ L)
        new_mu = mu + rate * inverse @ (mean - mu)
        if name == "covariance":
            sigma = sigma + rate * G
        elif name == "precision":
            sigma = np.linalg.inv(inverse + rate * (sigma - A) / 2)
        else:
            moved = L + rate * slope
            if name == "log-scale":
                np.fill_diagonal(moved, np.diag(L) * np.exp(rate * np.diag(L) * np.diag(slope)))
            sigma = moved @ moved.T
        mu = new_mu
        path.append((mu, sigma))
    return [np.array(part) for part in zip(*path, strict=True)]


@pytest.mark.parametrize("name", GRADIENTS)
def test_matrices_move_as_matrices(correlated, name):
    data = correlated / correlated.std(axis=0)
    rate, n_steps = 0.02, 50
    model = GaussianGradientMLE(
        solver="gradient", parametrization=name, learning_rate=rate, mean_init=0.2,
        covariance_init=1.5, max_iter=n_steps, tol=0.0, record_path=True,
    )  # fmt: skip
    fit_unconverged(model, data)
    mean_path, covariance_path = matrix_recursion(name, data, rate, n_steps)
    np.testing.assert_allclose(model.mean_path_, mean_path, rtol=1e-11)
    np.testing.assert_allclose(model.covariance_path_, covariance_path, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("name", GRADIENTS)
@pytest.mark.parametrize("covariance_type", ["diag", "spherical"])
def test_variances_move_as_numbers(correlated, name, covariance_type):
    """A spherical gradient is the sum over the features."""
    data = correlated / correlated.std(axis=0)
    _, gradient = GRADIENTS[name]
    to_sigma = np.vectorize(GRADIENTS[name][0])
    rate, n_steps, d = 0.02, 50, 3
    mean, S = data.mean(axis=0), data.var(axis=0)
    mu = np.full(d, 0.2)
    theta = np.full(1 if covariance_type == "spherical" else d, FROM_SIGMA[name](1.5**0.5))
    model = GaussianGradientMLE(
        solver="gradient", parametrization=name, learning_rate=rate, mean_init=0.2,
        covariance_init=1.5, max_iter=n_steps, tol=0.0, record_path=True,
        covariance_type=covariance_type,
    )  # fmt: skip
    fit_unconverged(model, data)
    for k in range(n_steps + 1):
        np.testing.assert_allclose(model.mean_path_[k], mu, rtol=1e-11)
        np.testing.assert_allclose(
            np.atleast_1d(model.covariance_path_[k]), to_sigma(theta) ** 2, rtol=1e-11
        )
        a = S + (mean - mu) ** 2
        slopes = np.array([gradient(a[j], np.broadcast_to(theta, d)[j]) for j in range(d)])
        mu = mu + rate * (mean - mu) / to_sigma(theta) ** 2
        theta = theta + rate * (slopes.sum() if covariance_type == "spherical" else slopes)


@pytest.mark.parametrize("rate", [0.3, 1.0, 1.6])
def test_natural_is_mirror_ascent_in_the_expectation_parameters(correlated, rate):
    """(mu, Sigma + mu mu') moves by rate times (sample moments minus its own)."""
    moments = correlated.mean(axis=0), correlated.T @ correlated / len(correlated)
    start = correlated.mean(axis=0) + 0.1, 1.1 * np.cov(correlated.T, ddof=0)
    first, second = start[0], start[1] + np.outer(start[0], start[0])
    model = GaussianGradientMLE(
        learning_rate=rate, mean_init=start[0], covariance_init=start[1], record_path=True
    ).fit(correlated)
    assert model.converged_
    for k in range(model.n_iter_ + 1):
        np.testing.assert_allclose(model.mean_path_[k], first, rtol=1e-11)
        np.testing.assert_allclose(
            model.covariance_path_[k], second - np.outer(first, first), rtol=1e-9
        )
        first = first + rate * (moments[0] - first)
        second = second + rate * (moments[1] - second)
