"""The least curvature that a few differences of the gradient find, against dense eigenvalues."""

from types import SimpleNamespace

import numpy as np
import pytest
from likelihoods.test_information import likelihood_of, mixed
from likelihoods.test_missing import MURRAY

from skgauss import GaussianGradientMLE
from skgauss.gaussian import make_family
from skgauss.likelihoods import curvature
from skgauss.likelihoods.curvature import CLEAR_EIGENVALUE
from skgauss.likelihoods.hessian import BLURRED_EIGENVALUE


def check(found, matrix):
    """Check the value and the direction that were found against those of a dense matrix.

    The value belongs to the direction, so it is not below the least eigenvalue. It has the same
    sign, and is called safe only if that is clearly above 0.
    """
    value, direction, resolution = found
    least = np.linalg.eigvalsh(matrix)[0]
    assert resolution == BLURRED_EIGENVALUE
    assert np.linalg.norm(direction) == pytest.approx(1.0)
    assert value == pytest.approx(direction @ matrix @ direction, rel=1e-3, abs=BLURRED_EIGENVALUE)
    assert value > least - 1e-3 * abs(least) - BLURRED_EIGENVALUE
    if abs(least) > BLURRED_EIGENVALUE:
        assert (value < 0) == (least < 0)
    if value > curvature._SAFE_RITZ_VALUE:
        assert least > CLEAR_EIGENVALUE


@pytest.mark.parametrize("weight", [1.0, 1.5, 1.9, 1.99, 2.01, 2.5, 4.0, 40.0])
def test_at_a_saddle_and_at_a_maximum(weight):
    likelihood = likelihood_of(MURRAY, np.r_[np.full(4, weight), np.ones(8)])
    variance = (4 * weight + 16) / (4 * weight + 4)
    at = likelihood.evaluate(np.zeros(2), np.sqrt(variance) * np.eye(2))
    value, direction, resolution = curvature._by_lanczos(likelihood, at)
    packed = likelihood.family.pack_frame(direction)
    check((value, packed, resolution), likelihood.information(at).matrix)
    assert (value < 0) == (weight < 2)


@pytest.mark.parametrize("d", [2, 4, 7])
@pytest.mark.parametrize(("missing", "condition"), [(0.1, 10.0), (0.5, 10.0), (0.1, 1e4)])
def test_at_maxima_of_incomplete_data(d, missing, condition):
    X = mixed(300, d, missing, condition)
    model = GaussianGradientMLE(tol=1e-9).fit(X)
    assert model.converged_
    likelihood = likelihood_of(X)
    at = likelihood.evaluate(model.mean_, model._gaussian.factor)
    value, direction, resolution = curvature._by_lanczos(likelihood, at)
    packed = likelihood.family.pack_frame(direction)
    check((value, packed, resolution), likelihood.information(at).matrix)


@pytest.mark.parametrize("least", [-2.0, -0.03, -0.01, -1e-3, 1e-3, 0.01, 0.09, 0.11, 0.5])
@pytest.mark.parametrize("lowest_others", [0.12, 0.5])
def test_of_any_matrix(monkeypatch, least, lowest_others):
    """In the place of minus the Hessian, for many spectra with one eigenvalue far from the others.

    A few steps may not show it, however small it is, so that only a proof may end the search.
    """
    family = make_family("diag", 20)
    size = family.n_parameters
    for seed in range(20):
        rng = np.random.default_rng(seed)
        turn = np.linalg.qr(rng.standard_normal((size, size)))[0]
        values = rng.uniform(lowest_others, 1.0, size)
        values[0] = least
        matrix = (turn * values) @ turn.T
        monkeypatch.setattr(curvature, "times_minus_hessian", lambda *_, m=matrix: m @ _[-1])
        likelihood, at = SimpleNamespace(family=family), SimpleNamespace(natural_gradient_norm=0.0)
        check(curvature._by_lanczos(likelihood, at), matrix)
