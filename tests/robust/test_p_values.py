"""How unusual a row is: the chi-square distribution far out, and near the mean."""

import mpmath
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import chi2

from skgauss.robust.p_values import _log_survival, as_complete, consistency_factors


@pytest.mark.parametrize("degrees", [1, 2, 3, 8, 31, 3001])
def test_far_out_no_two_rows_tie(degrees):
    """Beyond where the survival function underflows, too, and up to the largest number."""
    quantiles = np.geomspace(degrees / 2, 1e5 * degrees, 40)
    with mpmath.workdps(40):
        a = mpmath.mpf(degrees) / 2
        exact = [float(mpmath.log(mpmath.gammainc(a, q / 2, regularized=True))) for q in quantiles]
    found = _log_survival(quantiles, degrees)
    np.testing.assert_allclose(found, exact, rtol=1e-12, atol=1e-15)
    farther = _log_survival(np.array([1e10, 1e100, 1e300, np.finfo(float).max]), degrees)
    np.testing.assert_allclose(farther, [-5e9, -5e99, -5e299, -np.finfo(float).max / 2], rtol=1e-5)


@pytest.mark.parametrize("n_features", [4, 30])
def test_rows_with_gaps_and_complete_ones_with_one_p_value(n_features):
    """However small it is: down to exp(-5e6), far below the smallest number."""
    distances, shown = np.geomspace(1, 1e7, 20), np.arange(20) % 3 + 1
    alike = as_complete(distances, shown, n_features)
    expected = _log_survival(distances, shown)
    np.testing.assert_allclose(_log_survival(alike, n_features), expected, rtol=1e-13, atol=1e-14)


def test_consistency_factors_are_those_of_the_kept_part():
    """By quadrature of the mean squared distance over the kept part; all rows need none."""
    factors = consistency_factors(0.6, 12)
    assert factors[0] == 1.0
    for k in (1, 2, 5, 12):
        kept = chi2.ppf(0.6, k)
        mean_square = quad(lambda q, k=k: q * chi2.pdf(q, k), 0, kept)[0] / 0.6
        assert factors[k] == pytest.approx(k / mean_square, rel=1e-7)
    np.testing.assert_array_equal(consistency_factors(1.0, 3), np.ones(4))
    # Of two features the squared distance is exponential.
    assert consistency_factors(0.5, 2)[2] == pytest.approx(0.5 / (0.5 - np.log(2) / 2), rel=1e-12)
