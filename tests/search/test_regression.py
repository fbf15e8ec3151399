"""A random search for wrong regressions: ``pytest -m search``.

Case k of a run is drawn from seed + k: features in any units, gaps, limits of targets and features,
weights. The regressor's results are compared with those of its joint Gaussian, and with least
squares where nothing is hidden.
"""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.linear_model import LinearRegression

from skgauss import GaussianGradientMLE, GaussianRegressor


def draw(seed):
    """X, y, a regressor, weights or None, and whether anything is hidden."""
    rng = np.random.default_rng(seed)
    d, k = rng.integers(1, 5), rng.integers(1, 3)
    n = rng.integers(30, 200)
    Z = rng.standard_normal((n, d + k)) @ rng.standard_normal((d + k, d + k))
    Z = (Z + rng.choice([0.0, 1.0, 100.0]) * Z.std(axis=0)) * 10.0 ** rng.integers(-6, 7, d + k)
    hidden = rng.random(4) < 0.4
    limits = np.quantile(Z, rng.uniform(0.05, 0.5, d + k), axis=0).diagonal()
    if hidden[0]:
        Z[rng.random(Z.shape) < rng.uniform(0.02, 0.3)] = np.nan
    of_x = (limits[:d], None) if hidden[1] and d < 3 else None
    of_y = (limits[d:], None) if hidden[2] else None
    y = Z[:, d] if k == 1 and rng.random() < 0.5 else Z[:, d:]
    weights = rng.integers(1, 4, n) if hidden[3] else None
    joint = GaussianGradientMLE(tol=1e-9, censoring_limits=of_x)
    model = GaussianRegressor(joint, censoring_limits=of_y)
    return Z[:, :d], y, model, weights, bool(hidden[:3].any())


def check(seed):
    """Check a regression of a seed, and return whether its fit converged."""
    X, y, model, weights, hidden = draw(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # about fits that find no maximum
        model.fit(X, y, sample_weight=weights)
    joint, d = model.estimator_, X.shape[1]
    units = joint.scale_[:d] / joint.scale_[d:, None]
    related = joint.correlation_
    standardized = np.linalg.solve(related[:d, :d], related[:d, d:]).T
    assert_allclose(np.atleast_2d(model.coef_) * units, standardized, atol=1e-7)
    of_y = joint.scale_[d:]
    found = [np.reshape(each, (len(X), -1)) / of_y for each in model.predict(X, return_std=True)]
    asked = np.column_stack((X, np.full((len(X), len(of_y)), np.nan)))
    filled = [each[:, d:] / of_y for each in joint.impute(asked, return_std=True)]
    assert_allclose(found, filled, atol=1e-5)
    if not joint.converged_:
        return False
    if not hidden:
        standard = (X - joint.mean_[:d]) / joint.scale_[:d]  # lstsq's cutoff depends on units
        least_squares = LinearRegression().fit(standard, y, sample_weight=weights)
        by_hand = np.atleast_2d(least_squares.coef_) / of_y[:, None]
        assert_allclose(np.atleast_2d(model.coef_) * units, by_hand, atol=1e-7)
    errors = model.standard_errors()
    assert all(np.all(error > 0) and np.isfinite(error).all() for error in errors.values())
    return True


@pytest.mark.search
def test_search(seeds):
    converged = 0
    for seed in seeds:
        try:
            converged += check(seed)
        except Exception as error:
            error.add_note(f"pytest -m search --seed {seed} --seconds 0")
            raise
    print(f"{converged} cases converged")


def test_a_few_cases():
    assert sum(map(check, range(6))) > 3
