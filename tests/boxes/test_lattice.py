"""Four features and more: what the lattice knows exactly, how near it comes otherwise."""

from itertools import product

import numpy as np
import pytest
from marks import exhaustive
from oracles import five_points, gradients_of_box
from scipy.integrate import trapezoid
from scipy.special import log_ndtr, ndtr
from scipy.stats import multivariate_normal, truncnorm

from skgauss.boxes import Boxes, box_moments
from skgauss.boxes.lattice import N_POINTS, Lattice, generators

KINDS = ["rounded", "one-sided", "mixed", "far", "narrow"]


def moments(lower, upper, covariance, width=None, lattice=None):
    width = upper - lower if width is None else width
    return box_moments(Boxes(lower, upper, width, covariance), lattice)


def lattice_of(lower, upper, covariance, known=None, n_points=N_POINTS):
    return Lattice.of(Boxes(lower, upper, upper - lower, covariance), known, n_points)


def boxes(rng, kind, n, k):
    """Ends, widths and covariances with correlations of all sizes."""
    directions = np.linalg.qr(rng.normal(size=(n, k, k)))[0]
    covariance = (directions * np.geomspace(1.0, 0.05, k)) @ directions.transpose(0, 2, 1)
    point = (np.linalg.cholesky(covariance) @ rng.normal(size=(n, k, 1)))[:, :, 0]
    lower, upper = point - rng.uniform(0.1, 1.0, (n, k)), point + rng.uniform(0.1, 1.0, (n, k))
    width = upper - lower
    if kind == "one-sided":
        lower[:], width[:] = -np.inf, np.inf
    elif kind == "mixed":
        side = rng.integers(4, size=(n, k))
        lower[side % 2 == 1], upper[side >= 2] = -np.inf, np.inf
        width[side > 0] = np.inf
    elif kind == "far":
        lower[:], width[:] = -np.inf, np.inf
        upper -= 10.0
    elif kind == "narrow":
        width = 10.0 ** rng.uniform(-12.0, 0.0, (n, k))
        upper = lower + width
    return lower, upper, width, covariance


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("k", [4, 7])
def test_moments_are_the_derivative_of_the_log_probability(rng, kind, k):
    lower, upper, width, covariance = boxes(rng, kind, 5, k)
    lattice = lattice_of(lower, upper, covariance)
    found = moments(lower, upper, covariance, width)
    along_mean, along_covariance = gradients_of_box(found, covariance)

    def value(t):
        moved = lower - t * shift, upper - t * shift, covariance + t * change
        return moments(*moved, width, lattice).log_probability

    for _ in range(3):
        root = rng.normal(size=(k, k)) / k
        shift, change = 0.1 * rng.normal(size=k), 0.01 * (root + root.T)
        exact = along_mean @ shift + (along_covariance * change).sum(axis=(1, 2))
        size = np.abs(along_mean) @ np.abs(shift) + (np.abs(along_covariance) * np.abs(change)).sum(
            axis=(1, 2)
        )
        difference = five_points(value, 1e-3)[0]
        assert (np.abs(difference - exact) < 1e-9 * np.maximum(size, 1.0)).all()


@pytest.mark.parametrize("k", [4, 9])
def test_independent_features_are_exact(rng, k):
    variance = rng.uniform(0.5, 2.0, k)
    lower = rng.uniform(-2.0, 1.0, (30, k))
    upper = lower + rng.uniform(0.5, 2.0, (30, k))
    lower[::2, ::2] = -np.inf
    found = moments(lower, upper, np.diag(variance))
    deviation = np.sqrt(variance)
    each = truncnorm(lower / deviation, upper / deviation, scale=deviation)
    probability = np.diff(
        multivariate_normal.cdf(np.stack([lower / deviation, upper / deviation])[..., None]), axis=0
    )[0]
    np.testing.assert_allclose(found.log_probability, np.log(probability).sum(axis=1), rtol=1e-13)
    np.testing.assert_allclose(found.mean, each.mean(), atol=1e-12)
    covariance = np.eye(k) * each.var()[:, None]
    np.testing.assert_allclose(found.covariance, covariance, atol=1e-12)


def test_open_ends_are_no_box():
    covariance = 0.5 + 0.5 * np.eye(5)
    found = moments(np.full((2, 5), -np.inf), np.full((2, 5), np.inf), covariance)
    np.testing.assert_array_equal(found.log_probability, 0.0)
    np.testing.assert_allclose(found.mean, 0.0, atol=1e-15)
    np.testing.assert_allclose(found.covariance, [covariance] * 2, rtol=1e-14)


def over_shifts(lower, upper, covariance, n=1500):
    """Log of the mean probability over shifts of the lattice, and its standard error."""
    many = np.broadcast_to(lower, (n, len(lower))), np.broadcast_to(upper, (n, len(upper)))
    known = np.arange(2.0 * n * len(lower)).reshape(n, -1)
    lattice = lattice_of(*many, covariance, known)
    found = moments(*many, covariance, lattice=lattice)
    highest = found.log_probability.max()
    probability = np.exp(found.log_probability - highest)
    mean = probability.mean()
    error = probability.std() / mean
    return highest + np.log(mean), error, found


@exhaustive
@pytest.mark.parametrize("k", [4, 6, 10, 30])
def test_orthants(k):
    """That of features that correlate by 1/2 has probability 1 / (k + 1)."""
    lower, upper = np.full(k, -np.inf), np.zeros(k)
    value, error, _ = over_shifts(lower, upper, 0.5 + 0.5 * np.eye(k), 6000 // k)
    assert error < 3e-4 * k
    np.testing.assert_allclose(value, -np.log(k + 1), atol=4 * error / np.sqrt(6000 // k))


def by_tensor_quadrature(lower, upper, covariance, order=20):
    """Log-probability, mean and covariance by Gauss's rule along each of four features."""
    node, weight = np.polynomial.legendre.leggauss(order)
    axes = [(a + b) / 2 + (b - a) / 2 * node for a, b in zip(lower, upper, strict=True)]
    points = np.array(list(product(*axes)))
    weights = np.array(list(product(weight, repeat=4))).prod(axis=1)
    weights *= multivariate_normal.pdf(points, cov=covariance)
    total = weights.sum()
    mean = weights @ points / total
    centred = points - mean
    covariance = (centred.T * weights) @ centred / total
    return np.log(total * ((upper - lower) / 2).prod()), mean, covariance


@exhaustive
def test_four_features_against_quadrature(rng):
    """Over many shifts, since one lattice has an error that the next test bounds."""
    lower, upper, _, covariance = (of[0] for of in boxes(rng, "rounded", 1, 4))
    value, error, found = over_shifts(lower, upper, covariance)
    exact, mean, spread = by_tensor_quadrature(lower, upper, covariance)
    root = np.sqrt(len(found.mean))
    np.testing.assert_allclose(value, exact, atol=4 * error / root)
    for of, its in ((found.mean, mean), (found.covariance, spread)):
        assert (np.abs(of.mean(axis=0) - its) < 1e-12 + 5 * of.std(axis=0) / root).all()


@exhaustive
def test_accuracy_of_one_lattice(rng):
    lower, upper, _, covariance = boxes(rng, "rounded", 5, 4)
    found = moments(lower, upper, covariance)
    for row in range(5):
        exact = by_tensor_quadrature(lower[row], upper[row], covariance[row])
        for of, its in zip(found, exact, strict=True):
            np.testing.assert_allclose(of[row], its, atol=1e-3)


def test_six_features_against_scipy(rng):
    lower, upper, _, covariance = (of[0] for of in boxes(rng, "mixed", 1, 6))
    value, error, _ = over_shifts(lower, upper, covariance, 400)
    assert error < 2e-3
    exact = type(multivariate_normal)(seed=0).cdf(
        upper, cov=covariance, lower_limit=lower, abseps=1e-12, releps=0.0, maxpts=10**5
    )
    np.testing.assert_allclose(value, np.log(exact), atol=2e-4)


def by_one_factor(upper, loading):
    """Log-probability below `upper` of loading z + noise, independent given z."""
    noise = np.sqrt(1.0 - loading**2)

    def log_density(z):
        return log_ndtr((upper - z[:, None] * loading) / noise).sum(axis=1) - z**2 / 2

    coarse = np.linspace(-3e3, 3e3, 60_001)
    z = coarse[log_density(coarse).argmax()] + np.linspace(-10.0, 10.0, 20_001)
    terms = log_density(z)
    integral = trapezoid(np.exp(terms - terms.max()), z)
    return terms.max() + np.log(integral / np.sqrt(2 * np.pi))


@pytest.mark.parametrize("k", [4, 6, 12])
@pytest.mark.parametrize("distance", [3.0, 30.0, 300.0])
def test_far_tails(rng, k, distance):
    for _ in range(4):
        loading = rng.uniform(-0.8, 0.9, k)
        upper = -distance * rng.uniform(0.5, 1.5, k)
        covariance = np.outer(loading, loading) + np.diag(1.0 - loading**2)
        found = moments(np.full((1, k), -np.inf), upper[None], covariance)
        np.testing.assert_allclose(
            found.log_probability, by_one_factor(upper, loading), rtol=1e-13, atol=2e-2
        )
        assert (found.mean < upper).all()


def test_absurd_tails_are_numbers():
    covariance = 0.5 + 0.5 * np.eye(4)
    upper = -np.array([1e3, 1e6, 1e10, 1e100])[:, None] * np.array([1.0, 0.3, 0.1, 2.0])
    found = moments(np.full_like(upper, -np.inf), upper, covariance)
    for of in found:
        assert np.isfinite(of).all()


@pytest.mark.parametrize("width", [1e-2, 1e-6, 1e-12, 1e-200])
def test_narrow_boxes_are_density_times_volume(rng, width):
    k = 5
    lower, _, _, covariance = boxes(rng, "rounded", 6, k)
    found = moments(lower, lower + width, covariance, np.full((6, k), width))
    density = [
        multivariate_normal.logpdf(row + width / 2, cov=each)
        for row, each in zip(lower, covariance, strict=True)
    ]
    # The next term is width^2 / 24 times second derivatives of the density, by the density.
    np.testing.assert_allclose(
        found.log_probability,
        np.array(density) + k * np.log(width),
        rtol=1e-12,
        atol=100 * width**2,
    )
    np.testing.assert_allclose(found.mean, lower + width / 2, rtol=1e-14, atol=10 * width**2)
    assert ((lower <= found.mean) & (found.mean <= lower + width)).all()
    of_uniform = width**2 / 12 * np.eye(k)
    np.testing.assert_allclose(found.covariance, [of_uniform] * 6, atol=1e-14 + width**4 * 10)


def test_neither_order_nor_company_of_rows_matters(rng):
    lower, upper, width, covariance = boxes(rng, "mixed", 300, 5)
    whole = moments(lower, upper, covariance, width)
    order = rng.permutation(300)
    for rows in (order, order[:1], order[5:8], order[::3]):
        part = moments(lower[rows], upper[rows], covariance[rows], width[rows])
        for of, its in zip(whole, part, strict=True):
            np.testing.assert_array_equal(of[rows], its)


@pytest.mark.parametrize("rows", [[1, 4], np.arange(5) != 2, slice(3)])
def test_some_of_the_boxes_that_share_a_covariance(rng, rows):
    """Of two rows, as many as features, too, the covariance is whole."""
    lower = rng.uniform(-2.0, -1.0, (5, 2))
    boxes = Boxes(lower, lower + 2.0, np.full((5, 2), 2.0), np.array([[1.0, 0.5], [0.5, 2.0]]))
    some = box_moments(boxes.take(rows))
    for of_some, of_all in zip(some, box_moments(boxes), strict=True):
        np.testing.assert_allclose(of_some, of_all[rows], rtol=1e-13)


def test_units(rng):
    lower, upper, width, covariance = boxes(rng, "mixed", 10, 5)
    unit = 10.0 ** np.array([-100, -3, 0, 5, 100])
    same = moments(lower, upper, covariance, width)
    other = lower * unit, upper * unit, covariance * np.outer(unit, unit)
    for of, its in zip(lattice_of(*other), lattice_of(lower, upper, covariance), strict=True):
        np.testing.assert_array_equal(of, its)
    found = moments(*other, width * unit)
    np.testing.assert_allclose(found.log_probability, same.log_probability, rtol=1e-12)
    np.testing.assert_allclose(found.mean / unit, same.mean, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found.covariance / np.outer(unit, unit), same.covariance, atol=1e-12)


def test_equal_rows_have_equal_lattices_and_others_do_not(rng):
    lower, upper, _, covariance = boxes(rng, "rounded", 50, 4)
    rows = np.hstack([lower, upper])
    twice = *np.tile([lower, upper], (2, 1)), np.tile(covariance, (2, 1, 1))
    lattice = lattice_of(*twice, np.vstack([rows, rows]))
    np.testing.assert_array_equal(lattice.shift[:50], lattice.shift[50:])
    assert len(np.unique(lattice.shift)) == 150
    zero = lattice_of(lower[:1], upper[:1], covariance[:1], np.zeros((1, 8)))
    minus = lattice_of(lower[:1], upper[:1], covariance[:1], np.full((1, 8), -0.0))
    np.testing.assert_array_equal(zero.shift, minus.shift)


def test_the_least_likely_come_first(rng):
    """As they stand, where features are independent; given the chosen ones, where they are not."""
    upper = rng.normal(size=(20, 5))
    lower = np.full_like(upper, -np.inf)
    lattice = lattice_of(lower, upper, np.eye(5))
    np.testing.assert_array_equal(lattice.order, np.argsort(upper, axis=1))
    # The first says that the third is low, and so likely below its end; the second says nothing.
    covariance = np.array([[1.0, 0.0, 0.9], [0.0, 1.0, 0.0], [0.9, 0.0, 1.0]])
    upper = np.array([[-2.0, -1.0, -1.1]])
    lower = np.full_like(upper, -np.inf)
    lattice = lattice_of(lower, upper, covariance)
    np.testing.assert_array_equal(lattice.order, [[0, 1, 2]])


@exhaustive
def test_more_points_come_nearer(rng):
    """To one integral over what equally correlated features have in common."""
    k, correlation, ends = 5, 0.5, np.linspace(-0.6, 0.3, 20)[:, None]
    covariance = np.full((k, k), correlation) + (1 - correlation) * np.eye(k)
    lower, upper = np.repeat(ends, k, axis=1), np.full((len(ends), k), np.inf)
    common = np.linspace(-10.0, 10.0, 4001)
    given = log_ndtr((np.sqrt(correlation) * common - ends) / np.sqrt(1 - correlation))
    density = np.exp(-0.5 * common**2) / np.sqrt(2 * np.pi)
    exact = np.log(trapezoid(density * np.exp(k * given), common, axis=1))
    errors = []
    for n_points in (257, 10_007, 100_003):
        lattice = lattice_of(lower, upper, covariance, n_points=n_points)
        found = moments(lower, upper, covariance, lattice=lattice)
        errors.append(np.sqrt(np.mean((found.log_probability - exact) ** 2)))
    assert errors[1] < 1e-4
    assert errors[2] < 1e-6


def test_a_smooth_lattice_of_few_variables_needs_far_fewer_points(rng):
    """Than the tent: its error falls faster than one over the square of the points."""
    k, correlation = 4, 0.5
    covariance = np.full((k, k), correlation) + (1 - correlation) * np.eye(k)
    lower, upper = np.repeat(rng.uniform(-1.0, 0.0, (20, 1)), k, axis=1), np.ones((20, k))
    common, weight = np.polynomial.hermite_e.hermegauss(120)
    scale = np.sqrt(1 - correlation)
    given = ndtr((upper[:, :1] - np.sqrt(correlation) * common) / scale)
    given -= ndtr((lower[:, :1] - np.sqrt(correlation) * common) / scale)
    exact = np.log(given**k @ weight / np.sqrt(2 * np.pi))
    lattice = lattice_of(lower, upper, covariance, n_points=2_003)
    found = moments(lower, upper, covariance, lattice=lattice)
    assert np.abs(found.log_probability - exact).max() < 1e-6


def test_points_with_no_weight_do_no_harm():
    """At the faces of the cube, where a shift of zero puts the first point."""
    lower, upper = np.full((1, 4), -np.inf), np.full((1, 4), 0.0)
    shifted = lattice_of(lower, upper, np.eye(4), n_points=2_003)
    found = moments(lower, upper, np.eye(4), lattice=shifted._replace(shift=np.zeros((1, 3))))
    np.testing.assert_allclose(found.log_probability, 4 * np.log(0.5), rtol=1e-12)
    np.testing.assert_allclose(found.mean, -np.sqrt(2 / np.pi), rtol=1e-10)
    np.testing.assert_allclose(found.covariance[0], (1 - 2 / np.pi) * np.eye(4), atol=1e-10)


def test_generators_are_the_best_of_their_kind():
    """The next generator is chosen by the mean-square error, here from its definition.

    It is the mean, over pairs of points, of the kernel of the space under a random shift.
    """
    chosen = generators(5)
    np.testing.assert_array_equal(generators(8)[:5], chosen)
    assert len(set(generators(49))) == 49
    points = np.arange(N_POINTS)

    def error(vector):
        x = np.outer(points, vector) % N_POINTS / N_POINTS
        bernoulli = x**2 - x + 1 / 6
        return (1 + 0.1 * 2 * np.pi**2 * bernoulli).prod(axis=1).mean() - 1

    for j in range(1, 5):
        errors = [error([*chosen[:j], g]) for g in range(1, N_POINTS)]
        np.testing.assert_allclose(error(chosen[: j + 1]), min(errors), rtol=1e-8)
