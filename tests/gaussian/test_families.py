"""The families agree with each other and with dense linear algebra."""

import numpy as np
import pytest
from marks import each_family

from skgauss.gaussian import full, make_family
from skgauss.gaussian.diagonal import Diagonal, Spherical
from skgauss.gaussian.full import Full
from skgauss.gaussian.linalg import NotPositiveDefiniteError


@pytest.fixture
def factor(rng):
    return np.tril(rng.standard_normal((4, 4)), -1) + np.diag(rng.uniform(0.5, 2.0, 4))


def symmetric(rng, d=4):
    form = rng.standard_normal((d, d))
    return form + form.T


def test_full_forms(rng, factor):
    family = Full(4)
    inverse = np.linalg.inv(factor)
    form = symmetric(rng)
    np.testing.assert_allclose(family.unwhiten_form(factor, form), inverse.T @ form @ inverse)
    np.testing.assert_allclose(family.color_form(factor, form), factor @ form @ factor.T)
    np.testing.assert_allclose(family.root(factor @ factor.T), factor)
    np.testing.assert_allclose(family.root_of_inverse(inverse.T @ inverse), factor)
    np.testing.assert_allclose(family.inverse_square(factor), inverse.T @ inverse)
    assert family.log_det(factor) == pytest.approx(np.linalg.slogdet(factor @ factor.T)[1])
    ridge = rng.random(4)
    assert family.trace_inverse(factor, ridge) == pytest.approx(
        ridge @ np.diag(inverse.T @ inverse)
    )


@pytest.mark.parametrize("many", [1, 5])
@pytest.mark.parametrize("order", ["C", "F"])
def test_squared_lengths_of_few_and_of_many_features(rng, factor, monkeypatch, many, order):
    monkeypatch.setattr(full, "_MIN_TRIANGLE_FEATURES", many)
    rows = np.asarray(rng.standard_normal((7, 4)), order=order)
    whitened = np.linalg.solve(factor, rows.T)
    lengths = Full(4).squared_lengths(np.linalg.inv(factor), rows)
    np.testing.assert_allclose(lengths, (whitened**2).sum(axis=0))


def test_divergence_is_that_of_dense_algebra(rng, factor):
    target = np.linalg.cholesky(np.cov(rng.standard_normal((4, 30))))
    ratio = np.linalg.solve(factor @ factor.T, target @ target.T)
    expected = np.trace(ratio) - 4 - np.linalg.slogdet(ratio)[1]
    family = Full(4)
    relative = family.solve(factor, target)
    assert family.divergence(factor, target, relative) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("relative_change", [1e-3, 1e-7, 1e-11])
def test_divergence_keeps_its_precision_near_the_maximum(relative_change):
    sigma = np.array([3.0])
    target = sigma * (1 + relative_change)
    step = (target - sigma) / sigma  # exactly what the floats hold
    # r^2 - 1 - 2 log r = 2 e^2 - 2/3 e^3 + e^4 / 2 - ... for r = 1 + e
    e = float(step[0])
    series = 2 * e**2 - 2 / 3 * e**3 + e**4 / 2
    value = Diagonal(1).divergence(sigma, target, target / sigma)
    assert value == pytest.approx(series, rel=1e-4)


def test_diagonal_is_full_without_correlations(rng):
    sigma, target = rng.uniform(0.5, 2.0, 4), rng.uniform(0.5, 2.0, 4)
    form = rng.standard_normal(4)
    diagonal, full = Diagonal(4), Full(4)
    L, F = np.diag(sigma), np.diag(target)
    for name in ("unwhiten_form", "color_form"):
        np.testing.assert_allclose(
            np.diag(getattr(diagonal, name)(sigma, form)),
            getattr(full, name)(L, np.diag(form)),
        )
    for name in ("log_det", "standard_deviations", "square", "inverse_square"):
        ours, theirs = getattr(diagonal, name)(sigma), getattr(full, name)(L)
        np.testing.assert_allclose(ours, np.diag(theirs) if np.ndim(theirs) == 2 else theirs)
    assert diagonal.divergence(sigma, target, target / sigma) == pytest.approx(
        full.divergence(L, F, full.solve(L, F))
    )
    assert diagonal.fisher_norm(form) == pytest.approx(full.fisher_norm(np.diag(form)))


def test_spherical_sums_over_features():
    spherical, diagonal = Spherical(5), Diagonal(5)
    sigma, target = np.array([1.5]), np.array([0.7])
    both = np.full(5, 1.5), np.full(5, 0.7)
    relative = target / sigma
    assert spherical.log_det(sigma) == pytest.approx(diagonal.log_det(both[0]))
    assert spherical.divergence(sigma, target, relative) == pytest.approx(
        diagonal.divergence(*both, both[1] / both[0])
    )
    assert spherical.excess(relative)[0] == pytest.approx(diagonal.excess(both[1] / both[0]).sum())
    assert spherical.fisher_norm(spherical.excess(relative)) == pytest.approx(
        diagonal.fisher_norm(diagonal.excess(both[1] / both[0]))
    )


@each_family
def test_not_positive_definite_is_noticed(covariance_type):
    family = make_family(covariance_type, 3)
    with pytest.raises(NotPositiveDefiniteError):
        family.root(-1.0 * family.identity)


def test_symmetric_to_rounding_is_symmetric():
    covariance = 2 * np.eye(3)
    covariance[0, 1] = 1e-17
    family = Full(3)
    assert family.is_symmetric(covariance)
    np.testing.assert_array_equal(family.pack(covariance), family.pack(covariance).T)
    covariance[0, 1] = 1e-3
    assert not family.is_symmetric(covariance)
