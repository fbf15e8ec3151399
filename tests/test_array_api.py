"""Arrays of other libraries, on other devices: summed there, the same fit, results as X is.

array-api-strict allows only what every library of the standard offers, and refuses to mix
devices or to become a NumPy array unasked.
"""

import numpy as np
import pytest
import sklearn
from oracles import as_matrix, kl_divergence
from sklearn.base import BaseEstimator, DensityMixin, clone
from sklearn.utils._array_api import NamespaceAndDevice
from sklearn.utils.estimator_checks import check_array_api_input, check_array_api_mixed_inputs

from skgauss import GaussianGradientMLE, GaussianImputer, arrayapi

FAMILIES = ["full", "diag", "spherical"]


@pytest.fixture(autouse=True)
def dispatch(monkeypatch):
    # Read by scikit-learn at each call. SciPy reads it once, but sees only NumPy arrays here.
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")
    with sklearn.config_context(array_api_dispatch=True):
        yield


@pytest.fixture(params=["array_api_strict", "torch"])
def xp(request):
    return pytest.importorskip(request.param)


@pytest.fixture
def elsewhere(xp, monkeypatch):
    """To a device that is not the host, or that passes for such."""
    device = xp.Device("device1") if hasattr(xp, "Device") else "cpu"
    monkeypatch.setattr(arrayapi, "_is_on_host", lambda X: False)
    return lambda array: xp.asarray(array, device=device)


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(arrayapi, "_CHUNK", 64)
    monkeypatch.setattr(arrayapi, "_FEWEST_ROWS", 7)
    monkeypatch.setattr(arrayapi, "_ROWS_BY_COLUMN", 1)


@pytest.fixture
def no_float64(monkeypatch):
    """A device that has float32 at most."""
    monkeypatch.setattr(arrayapi, "_max_precision_float_dtype", lambda xp, device: xp.float32)
    monkeypatch.setattr(arrayapi, "_CHUNK", 2**15)


def on_host(array):
    return arrayapi.to_host(array)


def as_numpy(X, **parameters):
    return GaussianGradientMLE(**parameters).fit(np.asarray(X, dtype=np.float64))


def same(model, expected):
    gaussians = [(m.mean_, as_matrix(m.covariance_, len(m.mean_))) for m in (model, expected)]
    return abs(kl_divergence(*gaussians[0], *gaussians[1])) < 1e-12


@pytest.mark.parametrize("covariance_type", FAMILIES)
@pytest.mark.parametrize("dtype", ["float64", "float32", "int64"])
def test_the_fit_is_that_of_numpy(correlated, elsewhere, covariance_type, dtype):
    X = (100 * correlated).astype(dtype)
    model = GaussianGradientMLE(covariance_type=covariance_type).fit(elsewhere(X))
    expected = as_numpy(X, covariance_type=covariance_type)
    assert same(model, expected)
    assert type(model.mean_) is np.ndarray
    assert model.mean_.dtype == np.float64
    assert model.score(elsewhere(X)) == pytest.approx(expected.score(X), rel=1e-12)
    assert model.bic(elsewhere(X)) == pytest.approx(expected.bic(X), rel=1e-12)


@pytest.mark.parametrize("covariance_type", FAMILIES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("method", ["score_samples", "mahalanobis", "impute"])
def test_results_are_as_x_is(correlated, elsewhere, covariance_type, dtype, method):
    rows = correlated.astype(dtype)
    X = elsewhere(rows)
    model = GaussianGradientMLE(covariance_type=covariance_type).fit(X)
    result = getattr(model, method)(X)
    assert type(result) is type(X)
    assert result.device == X.device
    assert result.dtype == X.dtype
    expected = getattr(as_numpy(rows, covariance_type=covariance_type), method)(rows)
    np.testing.assert_allclose(on_host(result), expected, rtol=1e-6 if dtype == "float32" else 1e-9)


def test_numpy_reads_what_is_on_the_host(xp, correlated):
    X = xp.asarray(correlated.astype(np.float32))
    seen = arrayapi.seen_by_numpy(X)
    assert np.shares_memory(seen, arrayapi.to_host(X))
    model, expected = GaussianGradientMLE().fit(X), GaussianGradientMLE().fit(seen)
    np.testing.assert_array_equal(model.covariance_, expected.covariance_)
    densities = model.score_samples(X)
    assert type(densities) is type(X)
    assert densities.dtype == X.dtype
    np.testing.assert_allclose(on_host(densities), expected.score_samples(seen), rtol=1e-6)
    assert model.score(X, sample_weight=xp.ones(len(seen))) == expected.score(seen)


@pytest.mark.parametrize("kind", ["same", "numpy", "list"])
def test_weights_are_repeats(correlated, elsewhere, rng, kind):
    weights = rng.integers(0, 4, len(correlated))
    handed = {"same": elsewhere(weights), "numpy": weights, "list": weights.tolist()}[kind]
    X = elsewhere(correlated)
    model = GaussianGradientMLE().fit(X, sample_weight=handed)
    expected = as_numpy(np.repeat(correlated, weights, axis=0))
    assert same(model, expected)
    assert model.sufficient_statistics_.weight == weights.sum()
    score = model.score(X, sample_weight=handed)
    assert score == pytest.approx(expected.log_likelihood_, rel=1e-12)


def test_weights_of_any_size(correlated, elsewhere):
    for unit in (1e-300, 1e300):
        weights = elsewhere(np.full(len(correlated), unit))
        assert same(
            GaussianGradientMLE().fit(elsewhere(correlated), None, weights), as_numpy(correlated)
        )


@pytest.mark.parametrize("covariance_type", FAMILIES)
def test_the_split_into_chunks_does_not_matter(
    correlated, elsewhere, rng, small_chunks, covariance_type
):
    X, weights = elsewhere(correlated), rng.integers(0, 4, len(correlated))
    model = GaussianGradientMLE(covariance_type=covariance_type).fit(X, sample_weight=weights)
    expected = GaussianGradientMLE(covariance_type=covariance_type)
    expected.fit(correlated, sample_weight=weights)
    assert same(model, expected)
    np.testing.assert_allclose(
        on_host(model.mahalanobis(X)), expected.mahalanobis(correlated), rtol=1e-9
    )


def test_partial_fit_adds_up(correlated, elsewhere):
    model = GaussianGradientMLE()
    for part in np.array_split(correlated, 4):
        model.partial_fit(elsewhere(part))
    assert same(model, as_numpy(correlated))


def test_a_large_mean_and_fading_weights(elsewhere, rng):
    n = 5000
    X = rng.standard_normal((n, 3)) + np.array([1e8, 0, -1e6])
    X[: n // 2] += 1e5  # which hardly count
    weights = np.r_[np.full(n // 2, 1e-15), np.ones(n - n // 2)]
    model = GaussianGradientMLE().fit(elsewhere(X), sample_weight=elsewhere(weights))
    expected = GaussianGradientMLE().fit(X, sample_weight=weights)
    np.testing.assert_allclose(model.mean_, expected.mean_, rtol=1e-14, atol=1e-13)
    np.testing.assert_allclose(model.covariance_, expected.covariance_, rtol=1e-11, atol=1e-12)


def test_many_features_without_a_matrix(elsewhere, rng, monkeypatch):
    X = elsewhere(rng.standard_normal((2**11, 2**11)))
    shapes = []
    sums = arrayapi._sums_of_chunk

    def watched(xp, chunk, *rest):
        shapes.append(chunk.shape)
        return sums(xp, chunk, *rest)

    monkeypatch.setattr(arrayapi, "_sums_of_chunk", watched)
    monkeypatch.setattr(arrayapi, "_CHUNK", 2**20)
    GaussianGradientMLE(covariance_type="diag").fit(X)
    assert shapes == [(2**9, 2**11)] * 4


def test_a_constant_feature_is_named(correlated, elsewhere, small_chunks):
    X = correlated.copy()
    X[:, 1] = 0.1
    with pytest.raises(ValueError, match="feature 1"):
        GaussianGradientMLE().fit(elsewhere(X))


@pytest.mark.parametrize("n", [3, 5000, 3 * 2**12, 200_000])
@pytest.mark.parametrize("covariance_type", FAMILIES)
def test_without_float64(elsewhere, rng, no_float64, n, covariance_type):
    X = (1e4 + rng.standard_normal((n, 2))).astype(np.float32)
    weights = rng.integers(1, 4, n)
    for w in (None, weights):
        model = GaussianGradientMLE(covariance_type=covariance_type)
        model.fit(elsewhere(X), sample_weight=w)
        expected = GaussianGradientMLE(covariance_type=covariance_type)
        expected.fit(X.astype(np.float64), sample_weight=w)
        np.testing.assert_allclose(model.scale_**2, expected.scale_**2, rtol=1e-6)
        np.testing.assert_allclose(model.mean_, expected.mean_, rtol=1e-10)
    distances = expected.mahalanobis(elsewhere(X))
    assert distances.dtype == elsewhere(X).dtype
    np.testing.assert_allclose(on_host(distances), expected.mahalanobis(X), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("weighted", [False, True])
def test_missing_values_go_to_the_host(correlated, elsewhere, rng, weighted):
    X = np.where(rng.random(correlated.shape) < 0.2, np.nan, correlated)
    weights = rng.integers(0, 4, len(X)) if weighted else None
    model = GaussianGradientMLE().fit(elsewhere(X), sample_weight=weights)
    expected = GaussianGradientMLE().fit(X, sample_weight=weights)
    np.testing.assert_array_equal(model.mean_, expected.mean_)
    for method in ("score_samples", "mahalanobis", "impute"):
        result = getattr(model, method)(elsewhere(X))
        assert result.device == elsewhere(X).device
        np.testing.assert_allclose(on_host(result), getattr(expected, method)(X), rtol=1e-12)
    _, std = model.impute(elsewhere(X), return_std=True)
    np.testing.assert_array_equal(on_host(std) > 0, np.isnan(X))
    score = model.score(elsewhere(X), sample_weight=weights)
    assert score == pytest.approx(expected.score(X, sample_weight=weights), rel=1e-12)
    imputed = GaussianImputer().fit_transform(elsewhere(X))
    assert type(imputed) is type(elsewhere(X))


def test_infinity_and_a_wrong_width_leave_the_fit_alone(correlated, elsewhere):
    infinite = correlated.copy()
    infinite[3, 1] = np.inf
    model = GaussianGradientMLE().fit(elsewhere(correlated))
    before = dict(vars(model))
    for method in (model.fit, model.partial_fit, model.score_samples, model.impute):
        with pytest.raises(ValueError, match="Input X contains infinity"):
            method(elsewhere(infinite))
    for method in (model.partial_fit, model.score_samples, model.mahalanobis, model.impute):
        with pytest.raises(ValueError, match="X has 2 features, but GaussianGradientMLE is exp"):
            method(elsewhere(correlated[:, :2]))
    with pytest.raises(ValueError, match="Negative values"):
        model.fit(elsewhere(correlated), sample_weight=elsewhere(-np.ones(len(correlated))))
    with pytest.raises(ValueError, match="omplex"):
        model.fit(elsewhere(correlated + 1j))
    assert vars(model) == before


class Wrapped(DensityMixin, BaseEstimator):
    """Shows scikit-learn's checks the methods, and not the attributes.

    Those of an estimator that the checks are made for are of the library of X. Ours are
    float64 on the host, whatever X is.
    """

    def __init__(self, model):
        self.model = model

    def fit(self, X, y=None, sample_weight=None):
        self.model_ = clone(self.model).fit(X, y, sample_weight)
        return self

    def score(self, X, y=None):
        return self.model_.score(X, y)

    def score_samples(self, X):
        return self.model_.score_samples(X)


@pytest.mark.parametrize("covariance_type", FAMILIES)
@pytest.mark.parametrize("weighted", [False, True])
def test_scikit_learns_own_checks_of_the_methods(xp, covariance_type, weighted):
    wrapped = Wrapped(GaussianGradientMLE(covariance_type=covariance_type, reg_covar=0.1))
    check_array_api_input(
        "Wrapped", wrapped, xp.__name__, check_values=True, check_sample_weight=weighted
    )


@pytest.mark.parametrize("other", ["numpy", "array_api_strict"])
def test_scikit_learns_own_check_of_mixed_inputs(xp, other):
    pytest.importorskip(other)
    check_array_api_mixed_inputs(
        "Wrapped",
        Wrapped(GaussianGradientMLE(reg_covar=0.1)),
        NamespaceAndDevice(xp.__name__, "device1" if hasattr(xp, "Device") else "cpu"),
        NamespaceAndDevice(other, None),
    )
