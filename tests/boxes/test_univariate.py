"""One interval, against closed forms in as many digits as their cancellation takes."""

import mpmath
import numpy as np
import pytest

from skgauss.boxes import Boxes, box_moments, univariate_moments


def moments(lower, width, variance=1.0):
    lower, width = np.atleast_1d(lower, width)
    found = box_moments(
        Boxes(lower[:, None], (lower + width)[:, None], width[:, None], np.array([[variance]]))
    )
    return found.log_probability, found.mean[:, 0], found.covariance[:, 0, 0]


def exact(lower, width):
    """Log-probability, mean and variance of N(0, 1) between lower and lower + width.

    Fourth, how much the log-probability changes if the unit does, by one in its last digit.
    """
    lost = 4 * max(0.0, -np.log10(width)) + 6 * np.log10(1 + abs(lower))
    with mpmath.workdps(40 + int(lost)):
        near = mpmath.mpf(float(lower))
        far = near + mpmath.mpf(float(width))
        probability = (mpmath.erfc(near / mpmath.sqrt(2)) - mpmath.erfc(far / mpmath.sqrt(2))) / 2
        at_near = mpmath.npdf(near) / probability
        at_far = mpmath.npdf(far) / probability if far < mpmath.inf else mpmath.mpf(0)
        mean = at_near - at_far
        variance = 1 + near * at_near - (far * at_far if at_far else 0) - mean**2
        change = np.finfo(float).eps * abs(variance + mean**2 - 1)
        return tuple(map(float, (mpmath.log(probability), mean, variance, change)))


def exact_central(lower, width):
    """Third and fourth central moment of the same, from moments about 0 by recursion."""
    lost = 8 * max(0.0, -np.log10(width)) + 12 * np.log10(1 + abs(lower))
    with mpmath.workdps(60 + int(lost)):
        ends = mpmath.mpf(float(lower)), mpmath.mpf(float(lower)) + mpmath.mpf(float(width))
        near, far = (mpmath.erfc(end / mpmath.sqrt(2)) / 2 for end in ends)
        moments = [near - far]
        for order in range(4):
            at_near, at_far = (
                end**order * mpmath.npdf(end) if end < mpmath.inf else mpmath.mpf(0) for end in ends
            )
            before = order * moments[order - 1] if order else mpmath.mpf(0)
            moments.append(before + at_near - at_far)
        first, second, third, fourth = (each / moments[0] for each in moments[1:])
        return (
            float(third - 3 * first * second + 2 * first**3),
            float(fourth - 4 * first * third + 6 * first**2 * second - 3 * first**4),
        )


def intervals(rng, n=500):
    near = rng.uniform(-4.0, 4.0, n), 10 ** rng.uniform(-1, 6, n), rng.uniform(-10.0, 40.0, n)
    wide = 10 ** rng.uniform(-14, 1.2, n), 10 ** rng.uniform(-2, 1, n), np.full(n, np.inf)
    return rng.permuted(near, axis=0)[0], rng.permuted(wide, axis=0)[0]


def check(lower, width):
    found = moments(lower, width)
    log_probability, mean, variance, change = np.array(
        [exact(*row) for row in zip(lower, width, strict=True)]
    ).T
    assert (abs(found[0] - log_probability) < 1e-14 * abs(log_probability) + change).all()
    np.testing.assert_allclose(found[1], mean, rtol=2e-14, atol=2e-15)
    np.testing.assert_allclose(found[2], variance, rtol=1e-12)


def test_against_closed_forms_in_many_digits(rng):
    check(*intervals(rng))


def test_nearly_certain_intervals_keep_the_digits_of_what_is_outside():
    half = np.array([1.0, 3.0, 6.0, 8.0, 12.0, 30.0])
    with mpmath.workdps(250):
        outside = [mpmath.log1p(-mpmath.erfc(mpmath.mpf(z) / mpmath.sqrt(2))) for z in half]
    found = moments(-half, 2 * half)[0]
    np.testing.assert_allclose(found, np.array(outside, dtype=float), rtol=1e-13)


def test_higher_moments_against_closed_forms_in_many_digits(rng):
    lower, width = intervals(rng)
    lower, width = lower[width > 1e-60], width[width > 1e-60]  # whose fourth powers are numbers
    zero, one = np.zeros_like(lower), np.ones_like(lower)
    found = univariate_moments(lower, lower + width, width, zero, one, 4)
    third, fourth = np.array([exact_central(*row) for row in zip(lower, width, strict=True)]).T
    np.testing.assert_allclose(found[3] / found[2] ** 1.5, third / found[2] ** 1.5, atol=1e-12)
    np.testing.assert_allclose(found[4], fourth, rtol=1e-9)


def test_where_the_rules_meet():
    lower = np.array([0.0, -1.0, 3.0, 3.0, -0.5, 1e-9])[:, None] + np.array([-1e-9, 0.0, 1e-9])
    lower, width = np.meshgrid(lower, [0.6, 1.0, 2.0, 2.0 + 1e-9, 4.0, np.inf])
    check(lower.ravel(), width.ravel())


@pytest.mark.parametrize("width", [1e-12, 1e-100])
@pytest.mark.parametrize("lower", [0.0, 2.0, -40.0, 40.0, 1e6])
def test_a_narrow_interval_is_uniform(lower, width):
    log_probability, mean, variance = moments(lower, width)
    centre = lower + width / 2
    assert log_probability == pytest.approx(
        np.log(width) - centre**2 / 2 - np.log(2 * np.pi) / 2, rel=1e-14
    )
    assert mean == pytest.approx(centre, rel=1e-15)
    slope = lower * width  # of the log-density, end to end: it bends the uniform by its square
    assert variance == pytest.approx(width**2 / 12, rel=1e-12 + slope**2 / 20)


def test_the_narrowest_interval():
    log_probability, mean, variance = moments(1.0, 1e-300)
    assert log_probability == pytest.approx(np.log(1e-300) - 0.5 - np.log(2 * np.pi) / 2, rel=1e-14)
    assert (mean, variance) == (1.0, 0.0)  # the square of the width is below the smallest float


def test_far_tail_is_exponential():
    _, mean, variance = moments(1e6, np.inf)
    assert mean - 1e6 == pytest.approx(1e-6, rel=1e-3)  # as many digits as 1e6 + 1e-6 has
    assert variance == pytest.approx(1e-12 * (1 - 6e-12), rel=1e-12)


def test_no_ends():
    ends = np.array([[np.inf]])
    assert box_moments(Boxes(-ends, ends, ends, np.array([[4.0]]))) == (0.0, 0.0, 4.0)


def test_no_features():
    nothing = np.zeros((3, 0))
    found = box_moments(Boxes(nothing, nothing, nothing, np.zeros((0, 0))))
    np.testing.assert_array_equal(found.log_probability, np.zeros(3))
    assert (found.mean.shape, found.covariance.shape) == ((3, 0), (3, 0, 0))


@pytest.mark.parametrize("unit", [2.0**-332, 2.0**332])
def test_units(rng, unit):
    """About 1e-100 and 1e100, but so that no end is rounded."""
    lower, width = intervals(rng)
    plain, other = moments(lower, width), moments(lower * unit, width * unit, unit**2)
    np.testing.assert_array_equal(other[0], plain[0])
    np.testing.assert_array_equal(other[1], plain[1] * unit)
    np.testing.assert_array_equal(other[2], plain[2] * unit**2)


def test_a_mirror_image(rng):
    """Of intervals whose ends are multiples of 2^-20, so that no width is rounded."""
    lower, width = (np.round(part * 2**20) / 2**20 for part in intervals(rng))
    lower, upper, width = (part[width > 0, None] for part in (lower, lower + width, width))
    found = box_moments(Boxes(lower, upper, width, np.eye(1)))
    mirrored = box_moments(Boxes(-upper, -lower, width, np.eye(1)))
    np.testing.assert_array_equal(found.log_probability, mirrored.log_probability)
    np.testing.assert_array_equal(found.mean, -mirrored.mean)
    np.testing.assert_array_equal(found.covariance, mirrored.covariance)
