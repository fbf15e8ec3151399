"""Two and three features, against a one-factor integral and what is known in closed form."""

import numpy as np
import pytest
from marks import exhaustive
from oracles import five_points, gradients_of_box

from skgauss.boxes import Boxes, box_moments
from skgauss.boxes.bivariate_trivariate import corner_moments, may_keep_digits
from skgauss.boxes.nested import ShiftedBoxes, nested_moments
from skgauss.boxes.univariate import univariate_moments

two_and_three = pytest.mark.parametrize("k", [2, 3])


def moments(lower, upper, covariance, width=None):
    return box_moments(Boxes(lower, upper, upper - lower if width is None else width, covariance))


def one_factor(loading):
    correlation = np.outer(loading, loading)
    np.fill_diagonal(correlation, 1.0)
    return correlation


def by_one_factor(lower, upper, loading):
    """Moments of c = loading z + noise within one box: given z, the features are independent.

    The integrand is smooth and z has no ends, so that equal weights on a grid are exact to
    exp(-2 (pi s / step)^2), where s is the least deviation of z that anything has.
    """
    noise = 1 - loading**2
    origin = np.clip(0.0, lower, upper)

    def given(z):
        z = z[:, None]
        ends = lower - origin, upper - origin, upper - lower
        fields = np.broadcast_arrays(*ends, loading * z - origin, np.sqrt(noise))
        parts = [univariate_moments(*(field[:, j] for field in fields)) for j in range(len(noise))]
        log_weights, mean, variance = np.stack(parts, axis=2)
        return log_weights.sum(axis=1) - z[:, 0] ** 2 / 2, mean, noise * variance

    coarse = np.linspace(-200.0, 200.0, 2001)
    centre = coarse[given(coarse)[0].argmax()]
    step = 0.8 / np.sqrt(1 + (loading**2 / noise).sum())
    log_weight, mean, variance = given(centre + step * np.arange(-int(9 / step), int(9 / step) + 1))
    weight = np.exp(log_weight - log_weight.max())
    log_probability = np.log(weight.sum() * step / np.sqrt(2 * np.pi)) + log_weight.max()
    weight /= weight.sum()
    deviation = mean - weight @ mean
    covariance = (weight * deviation.T) @ deviation + np.diag(weight @ variance)
    return log_probability, origin + weight @ mean, covariance


def boxes(rng, n, k):
    """Intervals of all kinds: narrow, wide, far, with one end and with none."""
    lower = rng.normal(0.0, rng.choice([1.0, 5.0], (n, k)))
    width = 10 ** rng.choice([rng.uniform(-9, 0, (n, k)), rng.uniform(-1, 1, (n, k))])
    width = np.where(rng.random((n, k)) < 0.4, np.inf, width)
    sign = rng.choice([-1.0, 1.0], (n, k))
    lower, upper = np.sort([sign * lower, sign * (lower + width)], axis=0)
    lower[rng.random((n, k)) < 0.1] = -np.inf
    return lower, upper


def assert_moments(found, log_probability, mean, covariance, rtol):
    scale = np.sqrt(np.diag(covariance))
    np.testing.assert_allclose(found.log_probability, [log_probability], rtol=rtol, atol=rtol)
    np.testing.assert_allclose(found.mean[0] / scale, mean / scale, atol=1e-6 + rtol)
    np.testing.assert_allclose(found.mean[0], mean, rtol=rtol, atol=rtol)
    units = np.outer(scale, scale)
    np.testing.assert_allclose(found.covariance[0] / units, covariance / units, atol=rtol)


@exhaustive
@two_and_three
def test_against_one_factor(rng, k):
    for lower, upper in zip(*boxes(rng, 60, k), strict=True):
        loading = rng.uniform(-0.97, 0.97, k)
        found = moments(lower[None], upper[None], one_factor(loading))
        assert_moments(found, *by_one_factor(lower, upper, loading), rtol=1e-11)


@two_and_three
@pytest.mark.parametrize("distance", [40.0, 140.0])
def test_far_tails(k, distance):
    lower, upper = np.full(k, distance), np.full(k, np.inf)
    loading = np.array([0.8, -0.3, 0.6])[:k]
    found = moments(lower[None], upper[None], one_factor(loading))
    assert found.log_probability[0] < -(distance**2) / 2
    assert_moments(found, *by_one_factor(lower, upper, loading), rtol=1e-10)


@two_and_three
@pytest.mark.parametrize("gap", [1e-3, 1e-6])
def test_correlations_near_one(rng, k, gap):
    """The correlation itself is rounded: to 1e-16 of a variance of ``gap`` that is left."""
    loading = np.full(k, np.sqrt(1 - gap)) * np.array([1.0, -1.0, 1.0])[:k]
    lower, upper = np.array([-0.5, -1.0, 0.2])[:k], np.array([np.inf, 0.3, np.inf])[:k]
    found = moments(lower[None], upper[None], one_factor(loading))
    assert_moments(found, *by_one_factor(lower, upper, loading), rtol=1e-14 / gap + 1e-12)


@two_and_three
def test_the_last_correlation_before_one(k):
    correlation = np.full((k, k), 1 - 1e-10) + 1e-10 * np.eye(k)
    lower, upper = np.full((1, k), 0.5), np.full((1, k), np.inf)
    upper[0, 0] = 0.9
    found = moments(lower, upper, correlation)
    one = moments(lower[:, :1], upper[:, :1], np.eye(1))  # they are all but equal
    np.testing.assert_allclose(found.log_probability, one.log_probability, rtol=1e-4)
    np.testing.assert_allclose(found.covariance, one.covariance + np.zeros((k, k)), rtol=1e-3)


def orthant(correlation):
    pairs = correlation[np.triu_indices(len(correlation), 1)]
    return {2: 1 / 4, 3: 1 / 8}[len(correlation)] + np.arcsin(pairs).sum() / (
        {2: 2, 3: 4}[len(correlation)] * np.pi
    )


def random_correlations(rng, n, k):
    factor = rng.standard_normal((n, k, k))
    covariance = factor @ factor.swapaxes(1, 2) + 0.05 * np.eye(k)
    scale = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    return covariance / (scale[:, :, None] * scale[:, None, :])


@two_and_three
def test_orthants(rng, k):
    correlation = random_correlations(rng, 20, k)
    lower = np.zeros((20, k))
    found = moments(lower, lower + np.inf, correlation)
    expected = [orthant(matrix) for matrix in correlation]
    np.testing.assert_allclose(np.exp(found.log_probability), expected, rtol=1e-12)


@two_and_three
def test_independent_features(rng, k):
    lower, upper = boxes(rng, 50, k)
    found = moments(lower, upper, np.eye(k))
    parts = [moments(lower[:, [j]], upper[:, [j]], np.eye(1)) for j in range(k)]
    expected = sum(part.log_probability for part in parts)
    np.testing.assert_allclose(found.log_probability, expected, rtol=1e-12, atol=1e-13)
    for j, part in enumerate(parts):
        np.testing.assert_allclose(found.mean[:, [j]], part.mean, rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(found.covariance[:, j, j], part.covariance[:, 0, 0], rtol=1e-12)


@two_and_three
def test_an_interval_without_ends_is_regressed(rng, k):
    """On the others, within theirs: the moments of a missing value."""
    lower, upper = boxes(rng, 20, k)
    lower[:, -1], upper[:, -1] = -np.inf, np.inf
    correlation = random_correlations(rng, 20, k)
    found = moments(lower, upper, correlation)
    fewer = moments(lower[:, :-1], upper[:, :-1], correlation[:, :-1, :-1])
    coefficient = np.linalg.solve(correlation[:, :-1, :-1], correlation[:, :-1, -1:])
    np.testing.assert_allclose(found.log_probability, fewer.log_probability, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(found.mean[:, :-1], fewer.mean, rtol=1e-11, atol=1e-12)
    mean = (fewer.mean[:, None] @ coefficient)[:, 0, 0]
    np.testing.assert_allclose(found.mean[:, -1], mean, rtol=1e-11, atol=1e-12)
    cross = (fewer.covariance @ coefficient)[:, :, 0]
    np.testing.assert_allclose(found.covariance[:, :-1, -1], cross, rtol=1e-9, atol=1e-12)


@two_and_three
def test_moments_are_derivatives(rng, k):
    """Of the log-probability in the ends, and in the covariance."""
    n = 8
    lower, upper = rng.normal(0.0, 1.5, (n, k)), np.full((n, k), np.inf)
    upper[: n // 2] = lower[: n // 2] + rng.uniform(0.3, 2.0, (n // 2, k))
    correlation = random_correlations(rng, n, k)
    form = rng.standard_normal((k, k))
    form = 0.02 * (form + form.T)
    shift = rng.standard_normal((n, k))
    found = moments(lower, upper, correlation)

    def along_mean(t):
        return moments(lower - t * shift, upper - t * shift, correlation).log_probability

    def along_covariance(t):
        return moments(lower, upper, correlation + t * form).log_probability

    gradient, curved = gradients_of_box(found, correlation)
    for function, expected in (
        (along_mean, (gradient * shift).sum(axis=1)),
        (along_covariance, (curved * form).sum(axis=(1, 2))),
    ):
        step = 1e-3 * np.linalg.eigvalsh(correlation)[:, 0].min()
        difference, _ = five_points(function, step)
        np.testing.assert_allclose(difference, expected, rtol=1e-9, atol=1e-9)


@two_and_three
def test_units(rng, k):
    lower, upper = boxes(rng, 20, k)
    correlation = random_correlations(rng, 20, k)
    unit = np.array([1e-100, 1e100, 3.0])[:k]
    plain = moments(lower, upper, correlation)
    units = np.outer(unit, unit)
    other = moments(lower * unit, upper * unit, correlation * units, (upper - lower) * unit)
    np.testing.assert_allclose(other.log_probability, plain.log_probability, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(other.mean / unit, plain.mean, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(other.covariance / units, plain.covariance, rtol=1e-7, atol=1e-12)


@two_and_three
def test_no_order_of_features_or_rows(rng, k):
    lower, upper = boxes(rng, 20, k)
    correlation = random_correlations(rng, 20, k)
    plain = moments(lower, upper, correlation)
    turned = moments(lower[:, ::-1], upper[:, ::-1], correlation[:, ::-1, ::-1])
    np.testing.assert_allclose(
        turned.log_probability, plain.log_probability, rtol=1e-12, atol=1e-13
    )
    np.testing.assert_allclose(turned.mean[:, ::-1], plain.mean, rtol=1e-11, atol=1e-12)
    for rows in (np.arange(20)[::-1], [7]):
        some = moments(lower[rows], upper[rows], correlation[rows])
        np.testing.assert_allclose(some.log_probability, plain.log_probability[rows], rtol=1e-15)
        np.testing.assert_allclose(some.mean, plain.mean[rows], rtol=1e-13)
        np.testing.assert_allclose(some.covariance, plain.covariance[rows], rtol=1e-12, atol=1e-30)


@pytest.mark.parametrize("width", [1e-12, 1e-140])
def test_a_narrow_interval_beside_an_open_one(width):
    """The narrow one is uniform, and what the other is given it is linear across its width."""
    coefficient, variance = 0.6, 0.64
    found = moments(
        np.array([[0.0, 0.5]]),
        np.array([[width, np.inf]]),
        np.array([[1.0, coefficient], [coefficient, 1.0]]),
    )
    other = moments(np.array([[0.5]]), np.array([[np.inf]]), np.array([[variance]]))
    np.testing.assert_allclose(
        found.log_probability, other.log_probability + np.log(width) - np.log(2 * np.pi) / 2
    )
    np.testing.assert_allclose(found.mean, [[width / 2, other.mean[0, 0]]], rtol=1e-11)
    within = other.covariance[0, 0, 0]
    cross = width**2 / 12 * coefficient * within / variance
    expected = np.array([[width**2 / 12, cross], [cross, within]])
    scale = np.sqrt(np.diag(expected))
    units = np.outer(scale, scale)
    np.testing.assert_allclose(found.covariance[0] / units, expected / units, atol=1e-11)


def test_many_rows_come_in_blocks(rng):
    lower = rng.normal(size=(1000, 3))
    upper = lower + rng.uniform(0.1, 0.3, (1000, 3))
    correlation = random_correlations(rng, 1000, 3)
    found = moments(lower, upper, correlation)
    last = moments(lower[-1:], upper[-1:], correlation[-1:])
    np.testing.assert_allclose(found.log_probability[-1:], last.log_probability, rtol=1e-14)
    np.testing.assert_allclose(found.covariance[-1:], last.covariance, rtol=1e-12)


@two_and_three
def test_within_the_box(rng, k):
    """However far it is: log-probabilities down to -1e10, and below what a float resolves."""
    lower, upper = boxes(rng, 50, k)
    correlation = random_correlations(rng, 50, k)
    for scale in (1e2, 1e5, 1e12):
        found = moments(scale * lower, scale * upper, correlation)
        assert all(np.isfinite(field).all() for field in found)
        assert (scale * lower <= found.mean).all()
        assert (found.mean <= scale * upper).all()
        assert (np.diagonal(found.covariance, axis1=1, axis2=2) >= 0.0).all()


def by_quadrature(lower, upper, correlation):
    boxes = ShiftedBoxes.of(Boxes(lower, upper, upper - lower, correlation))
    found = nested_moments(boxes)
    return found._replace(mean=found.mean - boxes.mean)


def at_corners(lower, upper, correlation):
    with np.errstate(all="ignore"):
        return corner_moments(Boxes(lower, upper, upper - lower, correlation))


def assert_exact(lower, upper, correlation, tolerance, fewest):
    found, exact = at_corners(lower, upper, correlation)
    assert exact.mean() > fewest
    assert may_keep_digits(Boxes(lower, upper, upper - lower, correlation))[exact].all()
    expected = by_quadrature(lower, upper, correlation)
    scale = np.sqrt(np.einsum("nii->ni", expected.covariance))
    units = scale[:, :, None] * scale[:, None]
    for difference in (
        found.log_probability - expected.log_probability,
        (found.mean - expected.mean) / scale,
        (found.covariance - expected.covariance) / units,
    ):
        np.testing.assert_allclose(difference[exact], 0.0, atol=tolerance)


@two_and_three
def test_corners_against_quadrature(rng, k):
    lower, upper = boxes(rng, 400, k)
    assert_exact(lower, upper, random_correlations(rng, 400, k), 1e-11, 0.1)


@two_and_three
def test_one_corner(rng, k):
    """As of detection limits, the one side or the other."""
    ends = rng.normal(size=(400, k))
    below = rng.random((400, k)) < 0.5
    lower, upper = np.where(below, -np.inf, ends), np.where(below, ends, np.inf)
    assert_exact(lower, upper, random_correlations(rng, 400, k), 1e-11, 0.6)


@two_and_three
@pytest.mark.parametrize("gap", [1e-2, 1e-4])
def test_corners_of_correlations_near_one(rng, k, gap):
    loading = np.full(k, np.sqrt(1 - gap)) * np.array([1.0, -1.0, 1.0])[:k]
    lower = -np.abs(rng.normal(size=(100, k)))
    correlation = np.broadcast_to(one_factor(loading), (100, k, k))
    assert_exact(lower, lower + np.inf, correlation, 1e-14 / gap + 1e-11, 0.5)


@pytest.mark.parametrize("ends", [(0.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (1e-300, -1e-300)])
def test_corners_at_the_mean(ends):
    """Where Owen's slopes are a division by zero."""
    upper = np.array([ends])
    correlation = np.array([[[1.0, 0.6], [0.6, 1.0]]])
    assert_exact(np.full_like(upper, -np.inf), upper, correlation, 1e-13, 0.5)


@two_and_three
def test_corners_that_lose_digits_are_not_exact(k):
    """Far tails, narrow intervals, and correlations that leave an unlikely box."""
    lower = np.array([[6.0] * k, [0.0] * k, [0.0] * k])
    upper = np.array([[np.inf] * k, [1e-3] * k, [np.inf] * k])
    correlation = np.array([np.eye(k)] * 3)
    correlation[2, 0, 1] = correlation[2, 1, 0] = -1.0 + 1e-6
    assert not at_corners(lower, upper, correlation)[1].any()
