"""Where a Gaussian counts as near another one, so that the lattices of one serve the other."""

import numpy as np
import pytest
from marks import each_value

from skgauss.conditioning import Standardization
from skgauss.gaussian import make_family

FAMILY = make_family("full", 4)


@pytest.fixture
def factor(rng):
    """That of correlated features, in units that are decades apart."""
    root = np.linalg.cholesky(0.9 + 0.1 * np.eye(4))
    return np.geomspace(1e-50, 1e50, 4)[:, None] * root


def gaussian(factor, shift=0.0, log_ratio=0.0, rng=None):
    """A Gaussian that differs along one direction: in its mean, or in its standard deviation.

    The shift is in standard deviations of N(0, factor factor^T); the log-ratio is of the two
    standard deviations. The direction is a random one of whitened features.
    """
    direction = np.eye(4)[0] if rng is None else rng.standard_normal(4)
    direction /= np.linalg.norm(direction)
    ratio = np.exp(2 * log_ratio) - 1
    turn = np.linalg.cholesky(np.eye(4) + ratio * np.outer(direction, direction))
    return Standardization.of(shift * factor @ direction, FAMILY, factor @ turn)


@each_value(shift=[-0.49, 0.49], log_ratio=[-0.49, 0.49])
def test_a_gaussian_is_near_that_has_moved_little_in_any_direction(rng, factor, shift, log_ratio):
    here = gaussian(factor)
    assert here.is_near(gaussian(factor, shift=shift, rng=rng))
    assert here.is_near(gaussian(factor, log_ratio=log_ratio, rng=rng))


@each_value(shift=[-0.51, 0.51], log_ratio=[-0.51, 0.51])
def test_a_gaussian_is_far_that_has_moved_much_in_one_direction(rng, factor, shift, log_ratio):
    here = gaussian(factor)
    assert not here.is_near(gaussian(factor, shift=shift, rng=rng))
    assert not here.is_near(gaussian(factor, log_ratio=log_ratio, rng=rng))


@pytest.mark.parametrize("spread", [1.0, 1e-3, 1e-7])
def test_a_gaussian_is_near_itself(rng, spread):
    """However nearly it is singular, so that a climb ends that no other lattices lead farther."""
    rows = rng.standard_normal((4, 2)) @ rng.standard_normal((2, 4))
    factor = np.linalg.qr(np.hstack((rows, spread * np.eye(4))).T)[1].T
    factor *= np.sign(factor.diagonal())
    here = Standardization.of(rng.standard_normal(4), FAMILY, factor)
    assert here.is_near(here)
