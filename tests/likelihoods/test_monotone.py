"""Nested gaps: the closed form, against the regressions and against EM."""

import math
from fractions import Fraction

import numpy as np
import pytest
from likelihoods.test_information import likelihood_of
from marks import each_value, exhaustive
from oracles import em, kl_divergence, monotone_closed_form
from sklearn.exceptions import ConvergenceWarning

from skgauss import GaussianGradientMLE
from skgauss.statistics import incomplete


def nested(rng, n, d, fewest):
    """Feature j is shown where j + 1 is."""
    X = rng.standard_normal((n, d)) @ rng.standard_normal((d, d)) + 10 * rng.standard_normal(d)
    last = np.sort(rng.integers(fewest, n, d))[::-1]
    X[np.arange(n)[:, None] >= last] = np.nan
    return X


@pytest.mark.parametrize(("n", "d"), [(30, 2), (300, 5), (60, 8)])
@pytest.mark.parametrize("solver", ["natural", "newton"])
def test_the_regressions(rng, n, d, solver):
    """In any order of rows and features."""
    X = nested(rng, n, d, 3 * d)
    order = rng.permutation(d)
    model = GaussianGradientMLE(solver=solver).fit(rng.permutation(X)[:, order])
    mean, covariance = monotone_closed_form(X)
    of_order = mean[order], covariance[np.ix_(order, order)]
    assert model.converged_
    assert kl_divergence(*of_order, model.mean_, model.covariance_) < 1e-12
    assert model.natural_gradient_norm_ < 1e-10
    assert model.n_iter_ <= 1


def test_weights_are_repeats(rng):
    X = nested(rng, 40, 3, 20)
    weights = rng.integers(0, 4, 40)
    weighted = GaussianGradientMLE().fit(X, sample_weight=weights)
    repeated = GaussianGradientMLE().fit(np.repeat(X, weights, axis=0))
    np.testing.assert_allclose(weighted.mean_, repeated.mean_, rtol=1e-12)
    np.testing.assert_allclose(weighted.covariance_, repeated.covariance_, rtol=1e-10)


def test_units_drop_out(rng):
    X = nested(rng, 50, 3, 20)
    units = np.array([1e-90, 1.0, 1e80])
    model, scaled = GaussianGradientMLE().fit(X), GaussianGradientMLE().fit(X * units)
    np.testing.assert_allclose(scaled.mean_, model.mean_ * units, rtol=1e-12)
    np.testing.assert_allclose(scaled.correlation_, model.correlation_, rtol=1e-10)


def test_gaps_that_are_not_nested_have_none(rng):
    X = nested(rng, 50, 3, 20)
    assert likelihood_of(X).nested_maximum is not None
    X[0, 0] = np.nan  # of a row that shows the others
    assert likelihood_of(X).nested_maximum is None


def test_a_ridge_is_no_row(rng):
    """It would take part in every regression."""
    X = nested(rng, 50, 3, 20)
    ridge = np.full(3, 0.1)
    assert likelihood_of(X, ridge=ridge).nested_maximum is None
    model = GaussianGradientMLE(reg_covar=0.1).fit(X)
    assert model.converged_
    assert model.natural_gradient_norm_ < 1e-6


@pytest.mark.parametrize("solver", ["natural", "lbfgs"])
def test_a_known_mean_is_no_regression(rng, solver):
    """Where the mean is known, the covariance is that of EM about it."""
    X = nested(rng, 200, 3, 80)
    mean = np.nanmean(X, axis=0) + 0.3 * np.nanstd(X, axis=0)
    model = GaussianGradientMLE(fixed_mean=mean, solver=solver).fit(X)
    assert model.converged_
    covariance = model.covariance_
    moments = np.zeros((3, 3))
    for row in X - mean:
        o, m = np.flatnonzero(~np.isnan(row)), np.flatnonzero(np.isnan(row))
        regression = np.linalg.solve(covariance[np.ix_(o, o)], covariance[np.ix_(o, m)])
        row[m] = row[o] @ regression
        moments += np.outer(row, row)
        moments[np.ix_(m, m)] += covariance[np.ix_(m, m)] - covariance[np.ix_(m, o)] @ regression
    np.testing.assert_allclose(moments / len(X), covariance, rtol=1e-5, atol=1e-5)


def with_few_that_show_all(rng, n_rows):
    X = nested(rng, 60, 4, 30)
    X[n_rows:, 3] = np.nan
    return X


@each_value(n_rows=[2, 3, 4], solver=["natural", "newton", "lbfgs"])
def test_too_few_rows_that_show_all(rng, n_rows, solver):
    """As many as features determine no regression of the last: its residuals are zero."""
    X = with_few_that_show_all(rng, n_rows)
    assert likelihood_of(X).nested_maximum is None
    with pytest.warns(ConvergenceWarning, match="no more rows than features"):
        model = GaussianGradientMLE(solver=solver).fit(X[:, ::-1])
    assert model.stop_reason_ == "unbounded"
    # Not before the climb has gone where the likelihood rises.
    assert np.linalg.inv(model.correlation_).diagonal().max() > 1e3


def test_one_row_more_than_features_is_enough(rng):
    model = GaussianGradientMLE().fit(with_few_that_show_all(rng, 5))
    assert model.converged_


def test_a_known_mean_saves_a_row(rng):
    """A regression without a constant leaves something in as many rows as features."""
    X = with_few_that_show_all(rng, 4)
    assert GaussianGradientMLE(fixed_mean=np.nanmean(X, axis=0)).fit(X).converged_


def test_a_ridge_saves_any_number(rng):
    model = GaussianGradientMLE(reg_covar=0.1).fit(with_few_that_show_all(rng, 3))
    assert model.converged_


@pytest.mark.parametrize("noise", [2.0**-21, 2.0**-23])
def test_all_but_collinear_features_have_a_maximum(noise):
    """Up to a condition of 1e14 the regression is exact, and is not taken for none."""
    rng = np.random.default_rng(0)
    x = rng.integers(-1000, 1000, 60) / 1000.0
    y = np.round(x * 2**40) / 2**40 + noise * rng.integers(-3, 4, 60)
    X = np.column_stack((x, y))
    X[40:, 1] = np.nan
    model = GaussianGradientMLE().fit(X)
    assert model.converged_
    assert 1e12 < np.linalg.cond(model.correlation_) < 1e15
    # In rational numbers.
    both = [(Fraction(a), Fraction(b)) for a, b in X[:40].tolist()]
    of_x, of_y = (sum(column) / 40 for column in zip(*both, strict=True))
    squares = sum((a - of_x) ** 2 for a, _ in both)
    slope = sum((a - of_x) * (b - of_y) for a, b in both) / squares
    left = sum((b - of_y - slope * (a - of_x)) ** 2 for a, b in both) / 40
    everyone = [Fraction(a) for a in x.tolist()]
    mean = sum(everyone) / 60
    variance = sum((a - mean) ** 2 for a in everyone) / 60
    found = model._gaussian.factor
    assert found[0, 0] == pytest.approx(math.sqrt(variance), rel=1e-12)
    assert found[1, 0] == pytest.approx(float(slope) * math.sqrt(variance), rel=1e-12)
    assert found[1, 1] == pytest.approx(math.sqrt(left), rel=1e-6)
    assert model.mean_[1] == pytest.approx(float(of_y + slope * (mean - of_x)), rel=1e-12)


def test_a_climb_that_creeps_is_not_at_the_maximum(rng):
    """Where six rows of a million show a pair, a small gradient says little of its correlation."""
    x = rng.standard_normal(1000)
    X = np.column_stack((x, x + rng.standard_normal(1000)))
    X[6:, 1] = np.nan
    weights = np.full(1000, 1e3)
    weights[:6] = 1.0
    likelihood = likelihood_of(X, weights)
    mean, factor = likelihood.nested_maximum
    away = likelihood.evaluate(*likelihood.family.retract(mean, factor, 0.1 * np.eye(6)[1]))
    assert away.natural_gradient_norm < 1e-5
    assert not likelihood.is_known_to_be_maximum(away)
    assert likelihood.is_known_to_be_maximum(likelihood.evaluate(*likelihood.nested_maximum))


@exhaustive
@pytest.mark.parametrize("seed", range(20))
def test_against_em(seed):
    rng = np.random.default_rng(seed)
    X = rng.permutation(nested(rng, 200, 4, 60))
    model = GaussianGradientMLE().fit(X)
    assert kl_divergence(*em(X), model.mean_, model.covariance_) < 1e-9


def test_nested_patterns():
    """Of few and many, sorted by how many they miss."""
    for rows, expected in [
        ([[1, 1, 1], [1, 1, np.nan], [1, np.nan, np.nan]], True),
        ([[1, 1, 1], [1, 1, np.nan], [np.nan, 1, np.nan]], True),
        ([[1, 1, np.nan], [np.nan, 1, 1]], False),
        ([[1, 1, 1], [1, 1, np.nan], [np.nan, np.nan, 1]], False),
    ]:
        assert incomplete.summarize_incomplete(np.array(rows), None, False).nested == expected
