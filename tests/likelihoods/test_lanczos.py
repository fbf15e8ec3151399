"""What a few steps of Lanczos's method prove of the least eigenvalue."""

import numpy as np
import pytest

from skgauss.likelihoods import lanczos
from skgauss.likelihoods.lanczos import Lanczos, Subspace

N = 200


def steps(values, start, most=60):
    return Lanczos(lambda vector: values * vector, start, len(values), most).steps()


def test_ritz_values_become_eigenvalues(rng):
    values = rng.uniform(0.5, 1.0, N)
    values[7] = -0.3
    *_, last = steps(values, rng.standard_normal(N))
    value, vector = last.least
    assert value == pytest.approx(-0.3)
    assert abs(vector[7]) == pytest.approx(1.0)
    np.testing.assert_allclose(last.basis @ last.basis.T, np.eye(60), atol=1e-12)


def test_a_component_is_as_small_as_the_formula_says(rng):
    """Of a direction whose eigenvalue is below all Ritz values, after any number of steps."""
    values = rng.uniform(0.5, 1.0, N)
    values[7] = -0.1
    start = rng.standard_normal(N)
    start[7] = 1e-7  # which no random start has
    component = 1e-7 / np.linalg.norm(start)
    for search in steps(values, start, 10):
        assert search.values[0] > 0.4
        log_bound = np.log(search._beyond).sum() - np.log(search.values + 0.1).sum()
        assert np.exp(log_bound) >= component
    assert np.exp(log_bound) < 1e-4  # and sharp enough to be of use


@pytest.mark.parametrize("least", [-0.5, -1e-3, 0.0, 1e-3, 9e-3])
def test_nothing_is_proven_of_what_is_not_so(least):
    for seed in range(10):
        rng = np.random.default_rng(seed)
        values = rng.uniform(0.3, 1.0, N)
        values[0] = least
        assert not any(each.proves_above(0.01) for each in steps(values, rng.standard_normal(N)))


def test_what_is_clear_is_proven_soon():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        values = rng.uniform(0.4, 1.0, N)
        found = [each.proves_above(1e-3) for each in steps(values, rng.standard_normal(N), 20)]
        assert any(found)


def test_the_chance_decides(rng, monkeypatch):
    values, start = rng.uniform(0.4, 1.0, N), rng.standard_normal(N)

    def needed():
        return [each.proves_above(0.0) for each in steps(values, start)].index(True)

    few = needed()
    monkeypatch.setattr(lanczos, "FAILURE_PROBABILITY", 1e-15)
    assert needed() > few


def test_a_small_eigenvalue_is_proven_once_it_is_found(rng):
    values = rng.uniform(0.4, 1.0, N)
    values[3] = 0.02
    searches = list(steps(values, rng.standard_normal(N)))
    assert searches[-1].proves_above(0.01)
    assert not searches[-1].proves_above(0.03)


def test_a_subspace_packs_what_lies_in_it(rng):
    basis = np.linalg.qr(rng.standard_normal((N, 5)))[0].T
    within = rng.standard_normal(5)
    subspace = Subspace(basis)
    np.testing.assert_allclose(subspace.pack_frame(subspace.unpack_frame(within)), within)
