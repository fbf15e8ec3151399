"""Products with the observed information, against its matrix."""

import numpy as np
import pytest
from likelihoods.test_information import CASES, at_some_point, likelihood_of, mixed, symmetric_steps
from likelihoods.test_missing import MURRAY

from skgauss import GaussianGradientMLE
from skgauss.likelihoods import Fixed, critical_point, missing

ROUNDING = 1e-5  # of numbers of single precision


@pytest.fixture
def always(monkeypatch):
    """Products, however few parameters there are."""
    monkeypatch.setattr(missing, "_FEW_PARAMETERS", 0)


@pytest.mark.parametrize("case", [*CASES, (200, 15, 0.8, None)])  # the last in blocks for LAPACK
@pytest.mark.parametrize("weighted", [False, True])
def test_the_matrix(rng, always, case, weighted):
    likelihood, at = at_some_point(rng, case, 10.0, weighted)
    information, product = likelihood.information(at), likelihood.products(at).exact
    size = np.abs(information.matrix).max()
    for step in symmetric_steps(rng, case[1], 4):
        np.testing.assert_allclose(product(step), information @ step, atol=ROUNDING * size)


@pytest.mark.parametrize("case", [*CASES, (200, 15, 0.8, None)])
@pytest.mark.parametrize("weighted", [False, True])
def test_what_is_below_the_matrix(rng, always, case, weighted):
    """Symmetric, and nowhere above it."""
    likelihood, at = at_some_point(rng, case, 10.0, weighted)
    information, products = likelihood.information(at), likelihood.products(at)
    size, pack = np.abs(information.matrix).max(), likelihood.family.pack_frame
    units = map(likelihood.family.unpack_frame, np.eye(likelihood.family.n_parameters))
    below = np.array([pack(products.below(unit)) for unit in units])
    np.testing.assert_allclose(below, below.T, atol=ROUNDING * size)
    gap = np.linalg.eigvalsh(information.matrix - below)
    assert gap[0] > -len(gap) * ROUNDING * size


@pytest.mark.parametrize("known", ["mean", "covariance"])
def test_known_parameters_do_not_move(rng, always, known):
    X = mixed(50, 4, 0.3, 10.0)
    fixed = Fixed(mean=np.full(4, 0.1)) if known == "mean" else Fixed(None, np.eye(4), np.eye(4))
    likelihood = fixed.restrict(likelihood_of(X))
    at = likelihood.evaluate(np.zeros(4), np.eye(4))
    information, products = likelihood.information(at), likelihood.products(at)
    family = likelihood.family
    below = []
    for packed in np.eye(family.n_parameters):
        step = family.unpack_frame(packed)
        np.testing.assert_allclose(products.exact(step), information @ step, atol=ROUNDING)
        below.append(family.pack_frame(products.below(step)))
    assert np.linalg.eigvalsh(information.matrix - below)[0] > -ROUNDING


def test_few_parameters_have_their_matrix():
    """Whose products cost more than it."""
    X = mixed(50, 4, 0.3, 10.0)
    assert likelihood_of(X).products(likelihood_of(X).evaluate(np.zeros(4), np.eye(4))) is None


def test_nearly_collinear_features_have_their_matrix(always):
    """Single precision tells too little of them."""
    X = mixed(50, 4, 0.3, 10.0)
    likelihood = likelihood_of(X)
    factor = np.eye(4)
    factor[1] = 1.0, 1e-2, 0.0, 0.0
    assert likelihood.products(likelihood.evaluate(np.zeros(4), factor)) is None
    factor[1] = 1.0, 1.0, 0.0, 0.0
    assert likelihood.products(likelihood.evaluate(np.zeros(4), factor)) is not None


@pytest.mark.parametrize(("missing_share", "proven"), [(0.1, True), (0.6, False)])
def test_few_gaps_take_cheap_products_alone(always, missing_share, proven, monkeypatch):
    """What is below the information is above zero as well, while little of it is missing."""
    likelihood = likelihood_of(mixed(1000, 6, missing_share, 10.0))
    model = GaussianGradientMLE(tol=1e-8).fit(mixed(1000, 6, missing_share, 10.0))
    at = likelihood.evaluate(model.mean_, model._gaussian.factor)
    products, taken = likelihood.products(at), []
    counted = products._replace(exact=lambda step: taken.append(step) or products.exact(step))
    monkeypatch.setattr(likelihood, "products", lambda at: counted)
    assert critical_point(likelihood, at).kind == "maximum"
    assert (not taken) == proven


def test_newton_and_the_verdict_by_products(always):
    """The same maximum, and the same verdict, as with the matrix; whichever it is of two."""
    X = mixed(300, 6, 0.4, 1e2)
    by_products = GaussianGradientMLE(solver="newton").fit(X)
    assert by_products.converged_
    likelihood = likelihood_of(X)
    at = likelihood.evaluate(by_products.mean_, by_products._gaussian.factor)
    assert critical_point(likelihood, at).kind == "maximum"
    assert likelihood.information(at).least[0] > 0


@pytest.mark.parametrize("solver", ["natural", "gradient", "lbfgs"])
def test_a_saddle_is_left(always, solver):
    model = GaussianGradientMLE(solver=solver, covariance_init=2.5, tol=1e-8).fit(MURRAY)
    assert model.converged_
    assert abs(model.covariance_[0, 1]) == pytest.approx(4 / 3, rel=1e-5)


@pytest.mark.parametrize(
    ("weight", "kind"), [(1.9, "saddle"), (1.9999, "saddle"), (2.0001, "maximum"), (3, "maximum")]
)
def test_a_saddle_and_a_maximum_are_told_apart(always, weight, kind):
    """With 4 w for the complete rows of Murray's data the saddle at 0 is a maximum from w = 2."""
    likelihood = likelihood_of(MURRAY, np.r_[np.full(4, weight), np.ones(8)])
    variance = (4 * weight + 16) / (4 * weight + 4)
    at = likelihood.evaluate(np.zeros(2), np.sqrt(variance) * np.eye(2))
    assert at.natural_gradient_norm < 1e-12
    assert critical_point(likelihood, at).kind == kind


def test_a_flat_direction_is_told(always, rng):
    X = rng.standard_normal((90, 3)) @ rng.standard_normal((3, 3))
    X[:40, 0] = np.nan
    X[40:, 2] = np.nan
    with pytest.warns(UserWarning, match="never observed in the same row"):
        model = GaussianGradientMLE().fit(X)
    likelihood = likelihood_of(X)
    at = likelihood.evaluate(model.mean_, model._gaussian.factor)
    assert critical_point(likelihood, at).kind == "flat"


def test_more_parameters_than_a_matrix_may_have_get_a_verdict(monkeypatch):
    """Of products alone: no matrix, no difference."""
    monkeypatch.setattr(missing, "_FEW_PARAMETERS", 0)
    monkeypatch.setattr(missing, "MAX_PARAMETERS", 0)
    X = mixed(300, 5, 0.2, 10.0)
    likelihood = likelihood_of(X)
    model = GaussianGradientMLE().fit(X)
    at = likelihood.evaluate(model.mean_, model._gaussian.factor)
    monkeypatch.setattr(likelihood, "evaluate", None)
    assert critical_point(likelihood, at).kind == "maximum"


@pytest.mark.parametrize("weight", [1e-250, 1e-40, 1e40, 1e250])
def test_weights_of_any_size(rng, always, weight):
    """Single precision holds neither them nor their roots' products."""
    X, (step,) = mixed(50, 4, 0.3, 10.0), symmetric_steps(rng, 4, 1)
    plain, weighted = likelihood_of(X), likelihood_of(X, np.full(len(X), weight))
    ones, weights = (
        each.products(each.evaluate(np.zeros(4), np.eye(4))) for each in (plain, weighted)
    )
    np.testing.assert_allclose(weights.exact(step), ones.exact(step), atol=ROUNDING)
    np.testing.assert_allclose(weights.below(step), ones.below(step), atol=ROUNDING)


@pytest.mark.parametrize("scale", [1e-15, 1e60])
def test_a_point_far_from_the_data_in_unit(rng, always, scale):
    """Single precision does not hold its precision in units of the data."""
    likelihood = likelihood_of(mixed(50, 4, 0.3, 10.0))
    at = likelihood.evaluate(np.zeros(4), scale * np.eye(4))
    information, products = likelihood.information(at), likelihood.products(at)
    size = np.abs(information.matrix).max()
    for step in symmetric_steps(rng, 4, 2):
        found = products.exact(step)
        np.testing.assert_allclose(found, information @ step, atol=ROUNDING * size)


@pytest.mark.parametrize("weight", [1e-40, 1e40])
def test_the_verdict_of_weights_of_any_size(weight):
    X = mixed(400, 17, 0.1, 10.0)
    plain, weighted = (
        GaussianGradientMLE(solver="newton").fit(X, sample_weight=np.full(len(X), each))
        for each in (1.0, weight)
    )
    assert weighted.converged_
    np.testing.assert_allclose(weighted.covariance_, plain.covariance_, rtol=1e-5, atol=1e-5)
