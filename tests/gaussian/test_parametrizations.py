"""theta and back, and the chain rule, for every parametrization and family."""

import numpy as np
import pytest
from marks import each_family
from oracles import five_point_gradient

from skgauss.gaussian import make_family
from skgauss.gaussian.parametrizations import PARAMETRIZATIONS
from skgauss.likelihoods.complete import GaussianLikelihood
from skgauss.solvers.objective import Objective
from skgauss.statistics.complete import summarize

every = pytest.mark.parametrize("name", PARAMETRIZATIONS)


def objective_of(X, covariance_type, name):
    family = make_family(covariance_type, X.shape[1])
    likelihood = GaussianLikelihood(summarize(X, None, len(family.scatter_shape) == 1), family)
    return Objective(likelihood, PARAMETRIZATIONS[name](family))


def point_near_the_maximum(objective, rng):
    family = objective.likelihood.family
    mean, factor = objective.likelihood.maximum
    return objective.parametrization.to_theta(
        mean + 0.3 * rng.standard_normal(len(mean)), 1.2 * factor
    ), family


def directions(name, n_features, size):
    """Orthonormal directions in which theta may move: a block is lower or symmetric."""
    basis = list(np.eye(n_features, size))
    if n_features == 1 or size != n_features * (n_features + 1):
        return np.array(basis + list(np.eye(size)[n_features:]))
    for i in range(n_features):
        for j in range(i + 1):
            block = np.zeros((n_features, n_features))
            block[i, j] = 1.0
            if name in ("covariance", "precision"):
                block = block + block.T
            block /= np.linalg.norm(block)
            basis.append(np.r_[np.zeros(n_features), block.ravel()])
    return np.array(basis)


@every
@each_family
def test_round_trip(correlated, rng, name, covariance_type):
    objective = objective_of(correlated, covariance_type, name)
    theta, _ = point_near_the_maximum(objective, rng)
    parametrization = objective.parametrization
    np.testing.assert_allclose(
        parametrization.to_theta(*parametrization.from_theta(theta)), theta, rtol=1e-12, atol=1e-14
    )


def value_and_gradient(objective, theta):
    """Average log-likelihood in nats, and its gradient."""
    point = objective.at(theta)
    return objective.likelihood.reference + point.value, point.gradient


@every
@each_family
@pytest.mark.parametrize("d", [1, 3])
def test_gradient_by_five_point_differences(correlated, rng, name, covariance_type, d):
    """Along the directions in which theta may move: a matrix block is lower or symmetric."""
    objective = objective_of(correlated[:, :d], covariance_type, name)
    theta, _ = point_near_the_maximum(objective, rng)
    _, gradient = value_and_gradient(objective, theta)
    basis = directions(name, d, len(theta))
    numeric = five_point_gradient(
        lambda t: value_and_gradient(objective, theta + t @ basis)[0], np.zeros(len(basis))
    )
    np.testing.assert_allclose(basis @ gradient, numeric, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize(("name", "formula"), [
    ("scale", lambda a, s: a / s**3 - 1 / s),
    ("log-scale", lambda a, s: a / s**2 - 1),
    ("covariance", lambda a, s: a / (2 * s**4) - 1 / (2 * s**2)),
    ("precision", lambda a, s: (s**2 - a) / 2),
])  # fmt: skip
def test_gradient_is_the_formula_of_the_question(correlated, name, formula):
    x = correlated[:, :1]
    objective = objective_of(x, "full", name)
    mu, sigma = 0.4, 0.9
    theta = objective.parametrization.to_theta(np.array([mu]), np.array([sigma]))
    _, gradient = value_and_gradient(objective, theta)
    a = np.mean((x - mu) ** 2)
    np.testing.assert_allclose(
        gradient, [(x.mean() - mu) / sigma**2, formula(a, sigma)], rtol=1e-12
    )


@every
def test_gradient_by_automatic_differentiation(correlated, name):
    torch = pytest.importorskip("torch")
    x = torch.tensor(correlated[:, 0])
    objective = objective_of(correlated[:, :1], "full", name)
    to_sigma = {
        "scale": lambda t: t,
        "log-scale": torch.exp,
        "covariance": torch.sqrt,
        "precision": lambda t: 1 / torch.sqrt(t),
    }[name]
    theta = objective.parametrization.to_theta(np.array([0.4]), np.array([0.9]))
    leaf = torch.tensor(theta, requires_grad=True)
    density = torch.distributions.Normal(leaf[0], to_sigma(leaf[1])).log_prob(x).mean()
    density.backward()
    value, gradient = value_and_gradient(objective, theta)
    assert value == pytest.approx(density.item(), rel=1e-13)
    np.testing.assert_allclose(gradient, leaf.grad.numpy(), rtol=1e-12)


@every
@each_family
def test_bound_against_the_hessian_by_differences(correlated, name, covariance_type):
    """2 / lambda_max of minus the Hessian at the maximum, from differences of the gradient."""
    objective = objective_of(correlated, covariance_type, name)
    parametrization = objective.parametrization
    mean, factor = objective.likelihood.maximum
    theta = parametrization.to_theta(mean, factor)
    basis = directions(name, 3, len(theta))
    h = 1e-5 * np.abs(theta).max()
    hessian = np.array(
        [
            basis @ (
                objective.at(theta + h * direction).gradient
                - objective.at(theta - h * direction).gradient
            ) / (2 * h)
            for direction in basis
        ]
    )  # fmt: skip
    assert np.abs(hessian[:3, 3:]).max() < 1e-6 * np.abs(hessian).max()  # nothing in between
    largest = np.linalg.eigvalsh(-(hessian + hessian.T) / 2)[-1]
    assert parametrization.learning_rate_bound(factor) == pytest.approx(2 / largest, rel=1e-5)


@pytest.mark.parametrize("sigma", [1e-3, 0.4, 1.0, 30.0])
@pytest.mark.parametrize(("name", "bound"), [
    ("scale", lambda v: v),
    ("log-scale", lambda v: min(1, 2 * v)),
    ("covariance", lambda v: min(2 * v, 4 * v**2)),
    ("precision", lambda v: min(2 * v, 4 / v**2)),
])  # fmt: skip
def test_bound_of_one_feature(name, bound, sigma):
    parametrization = PARAMETRIZATIONS[name](make_family("full", 1))
    assert parametrization.learning_rate_bound(np.array([sigma])) == pytest.approx(
        bound(sigma**2), rel=1e-12
    )


@pytest.mark.parametrize("n_features", [2, 3, 20])
def test_bound_of_matrices(rng, n_features):
    """2 / lambda_max by the eigenvalues of Sigma, or of the blocks of the Cholesky factor."""
    family = make_family("full", n_features)
    root = rng.standard_normal((n_features, 2 * n_features))
    sigma = root @ root.T / n_features
    factor = family.root(sigma)
    small, *_, large = np.linalg.eigvalsh(sigma)
    precision = np.linalg.inv(sigma)
    columns, log_columns = [], []
    for j in range(n_features):
        block = precision[j:, j:].copy()
        block[0, 0] += 1 / factor[j, j] ** 2
        columns.append(np.linalg.eigvalsh(block)[-1])
        stretched = block.copy()
        stretched[0] *= factor[j, j]
        stretched[:, 0] *= factor[j, j]
        log_columns.append(np.linalg.eigvalsh(stretched)[-1])
    of_covariance = {
        "covariance": 4 * small**2,
        "precision": 4 / large**2,
        "scale": 2 / max(columns),
        "log-scale": 2 / max(log_columns),
    }
    for name, bound in of_covariance.items():
        for kind, expected in [
            (family, min(2 * small, bound)),
            (family.knowing(mean=True, covariance=False), bound),
        ]:
            got = PARAMETRIZATIONS[name](kind).learning_rate_bound(factor)
            assert got == pytest.approx(expected, rel=1e-10), (name, kind.mean_is_known)


@each_family
@every
def test_bound_of_a_sphere_in_each_family(name, covariance_type):
    """With Sigma = v I the families differ by how many features share a number."""
    d, v = 4, 0.25
    family = make_family(covariance_type, d)
    shared = d if covariance_type == "spherical" else 1
    curvature = {
        "scale": 2 * shared / v,
        "log-scale": 2 * shared,
        "covariance": shared / (2 * v**2),
        "precision": shared * v**2 / 2,
    }[name]
    expected = 2 / max(curvature, 1 / v)
    factor = family.root(v * family.identity)
    assert PARAMETRIZATIONS[name](family).learning_rate_bound(factor) == pytest.approx(expected)


@pytest.mark.parametrize("unit", [1e-100, 1e100, "both"])
@pytest.mark.parametrize("n_features", [4, 20])
@every
def test_bound_in_extreme_units(rng, name, n_features, unit):
    """Finite or zero, and where nothing overflows that of the units."""
    units = np.geomspace(1e-100, 1e100, n_features) if unit == "both" else np.full(n_features, unit)
    family = make_family("full", n_features)
    root = rng.standard_normal((n_features, 3 * n_features))
    factor = family.root(root @ root.T)
    parametrization = PARAMETRIZATIONS[name](family)
    bound = parametrization.learning_rate_bound(units[:, None] * factor)
    assert np.isfinite(bound)
    if unit != "both" and name == "scale":
        plain = parametrization.learning_rate_bound(factor)
        assert bound == pytest.approx(unit**2 * plain, rel=1e-10)
