"""Statistics are a monoid: associative and commutative to rounding, with an identity."""

from fractions import Fraction
from functools import reduce
from operator import add

import numpy as np
import pytest
from oracles import exact_moments

from skgauss.statistics.complete import SufficientStatistics, summarize, two_sum


def statistics_of(X, covariance_type="full"):
    return summarize(X, None, covariance_type != "full")


@pytest.mark.parametrize("covariance_type", ["full", "diag"])
def test_sum_is_the_union(rng, covariance_type):
    X = rng.standard_normal((200, 3)) * [1, 10, 100] + [0, 1e6, -1e6]
    pieces = [statistics_of(part, covariance_type) for part in np.split(X, [1, 2, 50, 51, 120])]
    whole = statistics_of(X, covariance_type)
    for merged in (
        reduce(add, pieces),
        reduce(add, pieces[::-1]),
        pieces[0] + (pieces[1] + (pieces[2] + (pieces[3] + (pieces[4] + pieces[5])))),
    ):
        assert merged.weight == whole.weight
        np.testing.assert_allclose(merged.mean, whole.mean, rtol=1e-15, atol=1e-15)
        np.testing.assert_allclose(merged.scatter, whole.scatter, rtol=1e-12)


def test_identity(rng):
    some = statistics_of(rng.standard_normal((20, 2)))
    nothing = SufficientStatistics(0.0, np.zeros(2), np.zeros((2, 2)))
    for merged in (some + nothing, nothing + some):
        assert merged.weight == some.weight
        np.testing.assert_array_equal(merged.scatter, some.scatter)


def test_merging_single_rows_keeps_the_mean_that_float64_cannot_hold(rng):
    x = 1e15 + rng.integers(0, 10, 300)
    merged = reduce(add, (statistics_of(row.reshape(1, 1)) for row in x))
    mean, variance = exact_moments(x)
    assert abs(Fraction(merged.scatter[0, 0]) - variance) / variance < Fraction(1, 10**14)
    carried = Fraction(merged.mean[0]) + Fraction(merged.mean_rounding[0])
    assert abs(carried - mean) < Fraction(1, 10**12)


def test_two_sum_is_exact(rng):
    a = rng.standard_normal(100) * 10.0 ** rng.integers(-20, 20, 100)
    b = rng.standard_normal(100) * 10.0 ** rng.integers(-20, 20, 100)
    total, rounding = two_sum(a, b)
    for j in range(100):
        assert Fraction(total[j]) + Fraction(rounding[j]) == Fraction(a[j]) + Fraction(b[j])


def exact_sum(a, b):
    """Weight, mean and variance of two samples together, of one feature, as fractions."""
    (w, m, v), (x, n, u) = (
        tuple(Fraction(float(np.squeeze(field))) for field in (s.weight, s.mean, s.scatter))
        for s in (a, b)
    )
    mean = (w * m + x * n) / (w + x)
    return w + x, mean, (w * (v + (m - mean) ** 2) + x * (u + (n - mean) ** 2)) / (w + x)


def test_sums_of_unlike_weights(rng):
    """In either order, though the share of the lighter is below float64's rounding of 1."""
    for _ in range(200):
        a, b = (
            SufficientStatistics(w, np.array([m]), np.array([[v]]))
            for w, m, v in zip(
                10.0 ** rng.uniform(-30, 30, 2),
                rng.standard_normal(2) * 10.0 ** rng.uniform(-5, 20, 2),
                10.0 ** rng.uniform(-20, 25, 2),
                strict=True,
            )
        )
        _, mean, variance = exact_sum(a, b)
        spread = max(abs(float(a.mean[0])), abs(float(b.mean[0])))
        for total in (a + b, b + a):
            assert abs(Fraction(total.mean[0]) - mean) <= 4e-16 * spread
            assert total.scatter[0, 0] == pytest.approx(float(variance), rel=1e-14)
