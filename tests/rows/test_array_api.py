"""Arrays of other libraries, on other devices: summed there, the same fit, results as X is.

array-api-strict allows only what every library of the standard offers, and refuses to mix
devices or to become a NumPy array unasked.
"""

import numpy as np
import pytest
import sklearn
from marks import each_family
from models import divergence
from oracles import exact_moments
from sklearn.base import BaseEstimator, DensityMixin, clone
from sklearn.utils._array_api import NamespaceAndDevice
from sklearn.utils.estimator_checks import check_array_api_input, check_array_api_mixed_inputs

from skgauss import (
    GaussianGradientMLE,
    GaussianImputer,
    GaussianOutlierDetector,
    SufficientStatistics,
)
from skgauss.blocks import array_api as device
from skgauss.rows import array_api as arrayapi


@pytest.fixture(autouse=True)
def dispatch(scipy_array_api):
    with sklearn.config_context(array_api_dispatch=True):
        yield


@pytest.fixture(params=["array_api_strict", "torch"])
def xp(request):
    return pytest.importorskip(request.param)


@pytest.fixture
def elsewhere(xp, monkeypatch):
    """To a device that is not the host, or that passes for such."""
    place = xp.Device("device1") if hasattr(xp, "Device") else "cpu"
    monkeypatch.setattr(arrayapi, "_is_on_host", lambda X: False)
    return lambda array: xp.asarray(array, device=place)


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(device, "_DEVICE_CHUNK_ELEMENTS", 64)
    monkeypatch.setattr(device, "_DEVICE_BLOCK_ROWS", 7)
    monkeypatch.setattr(device, "_ROWS_BY_COLUMN", 1)


def on_host(array):
    return device.to_host(array)


def as_numpy(X, **parameters):
    return GaussianGradientMLE(**parameters).fit(np.asarray(X, dtype=np.float64))


@each_family
@pytest.mark.parametrize("dtype", ["float64", "float32", "int64"])
def test_the_fit_is_that_of_numpy(correlated, elsewhere, covariance_type, dtype):
    X = (100 * correlated).astype(dtype)
    model = GaussianGradientMLE(covariance_type=covariance_type).fit(elsewhere(X))
    expected = as_numpy(X, covariance_type=covariance_type)
    assert abs(divergence(model, expected)) < 1e-12
    assert type(model.mean_) is np.ndarray
    assert model.mean_.dtype == np.float64
    assert model.score(elsewhere(X)) == pytest.approx(expected.score(X), rel=1e-12)
    assert model.bic(elsewhere(X)) == pytest.approx(expected.bic(X), rel=1e-12)


@each_family
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
    assert not arrayapi.stays_on_device(X)
    seen = device.to_host(X)
    assert np.shares_memory(seen, device.to_host(X))
    model, expected = GaussianGradientMLE().fit(X), GaussianGradientMLE().fit(seen)
    np.testing.assert_array_equal(model.covariance_, expected.covariance_)
    densities = model.score_samples(X)
    assert type(densities) is type(X)
    assert densities.dtype == X.dtype
    np.testing.assert_allclose(on_host(densities), expected.score_samples(seen), rtol=1e-6)
    weights = np.ones(len(seen))
    score = model.score(X, sample_weight=xp.asarray(weights))
    assert score == expected.score(seen, sample_weight=weights)


@pytest.mark.parametrize("kind", ["same", "numpy", "list"])
def test_weights_are_repeats(correlated, elsewhere, rng, kind):
    weights = rng.integers(0, 4, len(correlated))
    handed = {"same": elsewhere(weights), "numpy": weights, "list": weights.tolist()}[kind]
    X = elsewhere(correlated)
    model = GaussianGradientMLE().fit(X, sample_weight=handed)
    expected = as_numpy(np.repeat(correlated, weights, axis=0))
    assert abs(divergence(model, expected)) < 1e-12
    assert model.sufficient_statistics_.weight == weights.sum()
    score = model.score(X, sample_weight=handed)
    assert score == pytest.approx(expected.log_likelihood_, rel=1e-12)


def test_weights_of_any_size(correlated, elsewhere):
    for unit in (1e-300, 1e300):
        weights = elsewhere(np.full(len(correlated), unit))
        model = GaussianGradientMLE().fit(elsewhere(correlated), None, weights)
        assert abs(divergence(model, as_numpy(correlated))) < 1e-12


@each_family
def test_the_split_into_chunks_does_not_matter(
    correlated, elsewhere, rng, small_chunks, covariance_type
):
    X, weights = elsewhere(correlated), rng.integers(0, 4, len(correlated))
    model = GaussianGradientMLE(covariance_type=covariance_type).fit(X, sample_weight=weights)
    expected = GaussianGradientMLE(covariance_type=covariance_type)
    expected.fit(correlated, sample_weight=weights)
    assert abs(divergence(model, expected)) < 1e-12
    np.testing.assert_allclose(
        on_host(model.mahalanobis(X)), expected.mahalanobis(correlated), rtol=1e-9
    )


def test_partial_fit_adds_up(correlated, elsewhere):
    model = GaussianGradientMLE()
    for part in np.split(correlated, [0, 20, 20, 45]):  # some of no rows
        model.partial_fit(elsewhere(part))
    assert abs(divergence(model, as_numpy(correlated))) < 1e-12


def test_a_large_mean_and_fading_weights(elsewhere, rng):
    n = 5000
    X = rng.standard_normal((n, 3)) + np.array([1e8, 0, -1e6])
    X[: n // 2] += 1e5  # which hardly count
    weights = np.r_[np.full(n // 2, 1e-15), np.ones(n - n // 2)]
    model = GaussianGradientMLE().fit(elsewhere(X), sample_weight=elsewhere(weights))
    expected = GaussianGradientMLE().fit(X, sample_weight=weights)
    np.testing.assert_allclose(model.mean_, expected.mean_, rtol=1e-14, atol=1e-13)
    np.testing.assert_allclose(model.covariance_, expected.covariance_, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_a_drift(elsewhere, rng, small_chunks, weighted):
    """Chunks whose means lie far apart share one pivot, and lose nothing by it."""
    n = 4000
    drift = np.linspace(-1e6, 1e6, n)[:, None]
    X = 1e7 + drift * [1.0, 0.5] + rng.standard_normal((n, 2))
    weights = rng.integers(1, 4, n) if weighted else None
    for rows in (slice(None), slice(None, None, -1)):
        w = weights[rows] if weighted else None
        model = GaussianGradientMLE().fit(elsewhere(X[rows].copy()), sample_weight=w)
        expected = GaussianGradientMLE().fit(X, sample_weight=weights)
        np.testing.assert_allclose(model.mean_, expected.mean_, rtol=1e-15)
        np.testing.assert_allclose(model.covariance_, expected.covariance_, rtol=1e-14)
        for j in range(2):
            _, variance = exact_moments(X[:, j], weights)
            assert model.covariance_[j, j] == pytest.approx(float(variance), rel=2e-15)


def test_a_pivot_far_from_the_mean(elsewhere, rng, small_chunks):
    """Of the rows that it is reckoned from, every one is an outlier."""
    n = 512 * 40
    X = rng.standard_normal((n, 2))
    X[::40] += 1e5
    weights = np.full(n, 10**9)
    weights[::40] = 1
    weights[0] = 2 * 10**9  # of the heaviest row, too
    X[0] = 1e3
    model = GaussianGradientMLE().fit(elsewhere(X), sample_weight=weights)
    for j in range(2):
        _, variance = exact_moments(X[:, j], weights)
        assert model.covariance_[j, j] == pytest.approx(float(variance), rel=1e-14)


def test_the_host_is_sent_sums_once(elsewhere, rng, small_chunks, monkeypatch):
    """However many chunks there are."""
    X = elsewhere(rng.standard_normal((1000, 3)))
    weights = elsewhere(rng.random(1000))
    sent = []
    to_host = device.to_host

    def watched(array):
        sent.append(array.shape)
        return to_host(array)

    monkeypatch.setattr(device, "to_host", watched)
    GaussianGradientMLE().fit(X, sample_weight=weights)
    assert sorted(sent) == [(1,), (3,), (3,), (3, 3)]


def test_many_features_without_a_matrix(elsewhere, rng, monkeypatch):
    X = elsewhere(rng.standard_normal((2**11, 2**11)))
    shapes = []
    sums = device._block_sums

    def watched(xp, chunk, *rest):
        found = sums(xp, chunk, *rest)
        shapes.append([chunk.shape, *(each.shape for each in found)])
        return found

    monkeypatch.setattr(device, "_block_sums", watched)
    monkeypatch.setattr(device, "_DEVICE_CHUNK_ELEMENTS", 2**20)
    GaussianGradientMLE(covariance_type="diag").fit(X)
    assert shapes == [[(2**9, 2**11), (1,), (2**11,), (2**11,)]] * 4


def test_a_constant_feature_is_named(correlated, elsewhere, small_chunks):
    X = correlated.copy()
    X[:, 1] = 0.1
    with pytest.raises(ValueError, match="feature 1"):
        GaussianGradientMLE().fit(elsewhere(X))


@pytest.mark.parametrize("weighted", [False, True])
def test_without_float64_the_host_does_it(correlated, rng, weighted):
    strict = pytest.importorskip("array_api_strict")
    rows = correlated.astype(np.float32)
    X = strict.asarray(rows, device=strict.Device("no_float64"))
    weights = rng.integers(0, 3, len(rows)) if weighted else None
    model = GaussianGradientMLE().fit(X, sample_weight=weights)
    expected = GaussianGradientMLE().fit(rows, sample_weight=weights)
    np.testing.assert_array_equal(model.covariance_, expected.covariance_)
    distances = model.mahalanobis(X)
    assert distances.device == X.device
    assert distances.dtype == X.dtype
    np.testing.assert_allclose(on_host(distances), expected.mahalanobis(rows), rtol=1e-6)


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


@pytest.mark.parametrize("contamination", ["auto", 0.1])
@pytest.mark.parametrize("gaps", [False, True])
def test_outliers_are_told_where_the_rows_are(correlated, elsewhere, contamination, gaps):
    """By distances taken there, of which the p-values are had on the host."""
    X = correlated.copy()
    X[::7, 1] = np.nan if gaps else X[::7, 1]
    weights = np.arange(len(X)) % 3
    detector = GaussianOutlierDetector(contamination=contamination)
    labels = detector.fit_predict(elsewhere(X), sample_weight=elsewhere(weights))
    expected = GaussianOutlierDetector(contamination=contamination).fit(X, sample_weight=weights)
    assert type(labels) is type(elsewhere(X))
    assert labels.device == elsewhere(X).device
    assert "int64" in str(labels.dtype)
    np.testing.assert_array_equal(on_host(labels), expected.predict(X))
    scores = detector.score_samples(elsewhere(X))
    assert scores.dtype == elsewhere(X).dtype
    np.testing.assert_allclose(on_host(scores), expected.score_samples(X), rtol=1e-9)
    assert detector.offset_ == pytest.approx(expected.offset_, rel=1e-9)
    robust = GaussianOutlierDetector(support_fraction="auto").fit(elsewhere(X))
    expected = GaussianOutlierDetector(support_fraction="auto").fit(X)
    np.testing.assert_array_equal(robust.support_, expected.support_)


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
    for weights in (np.ones(len(correlated)) + 1j, elsewhere(np.ones(len(correlated)) + 1j)):
        with pytest.raises(ValueError, match="omplex"):
            model.fit(elsewhere(correlated), sample_weight=weights)
    assert vars(model) == before


@pytest.mark.parametrize("name", ["bfloat16", "float8_e5m2"])
def test_dtypes_that_numpy_lacks_are_refused(name):
    torch = pytest.importorskip("torch")
    X = torch.ones((5, 2)).to(getattr(torch, name))
    with pytest.raises(ValueError, match=rf"X must have .* as float32, got torch.{name}"):
        GaussianGradientMLE().fit(X)
    with pytest.raises(ValueError, match=rf"sample_weight must have .*, got torch.{name}"):
        GaussianGradientMLE().fit(torch.ones((5, 2)), sample_weight=X[:, 0])


def test_gradients_are_refused(correlated):
    torch = pytest.importorskip("torch")
    X = torch.as_tensor(correlated)
    followed = X.clone().requires_grad_()
    model = GaussianGradientMLE().fit(X)
    for method in (model.fit, model.score_samples, model.score):
        with pytest.raises(ValueError, match=r"Pass X.detach\(\)"):
            method(followed)
    with pytest.raises(ValueError, match=r"Pass sample_weight.detach\(\)"):
        model.fit(X, sample_weight=followed[:, 0] ** 2)
    assert GaussianGradientMLE().fit(followed.detach()).mean_ == pytest.approx(model.mean_)


@pytest.mark.parametrize("error", [BufferError, ValueError])
def test_a_device_that_dlpack_does_not_know_is_not_the_host(error):
    class Array:
        def __dlpack_device__(self):
            raise error

    assert not arrayapi._is_on_host(Array())


def test_results_beyond_the_dtype_of_x_are_infinite(elsewhere, correlated):
    model = GaussianGradientMLE().fit(correlated)
    far = np.full((1, 3), 1e25, dtype=np.float32)
    assert np.isposinf(on_host(model.mahalanobis(elsewhere(far))))
    assert model.score(elsewhere(far)) == pytest.approx(model.score(far), rel=1e-12)


def test_parameters_may_be_tensors(elsewhere, correlated):
    start, spread = np.full(3, 0.5), np.diag([1.0, 2.0, 3.0])
    options = {"solver": "gradient", "record_path": True}
    model = GaussianGradientMLE(
        mean_init=elsewhere(start), covariance_init=elsewhere(spread), **options
    ).fit(elsewhere(correlated))
    np.testing.assert_array_equal(model.mean_path_[0], start)
    np.testing.assert_allclose(model.covariance_path_[0], spread, rtol=1e-15)
    ridge = GaussianGradientMLE(reg_covar=elsewhere(spread[0])).fit(correlated).reg_covar_
    np.testing.assert_array_equal(ridge, spread[0])
    one = GaussianGradientMLE(covariance_init=elsewhere(np.asarray(4.0)), **options)
    np.testing.assert_array_equal(one.fit(correlated).covariance_path_[0], 4.0 * np.eye(3))


def test_statistics_of_parts_add_up(elsewhere, correlated):
    """As of data on several devices; written by hand, they may be tensors themselves."""
    halves = np.array_split(correlated, 2)
    parts = [
        GaussianGradientMLE().partial_fit(elsewhere(half)).sufficient_statistics_ for half in halves
    ]
    whole = GaussianGradientMLE().fit(correlated)
    total = sum(parts)
    np.testing.assert_allclose(
        GaussianGradientMLE().fit_statistics(total).covariance_, whole.covariance_, rtol=1e-12
    )
    tensors = SufficientStatistics(total.weight, elsewhere(total.mean), elsewhere(total.covariance))
    model = GaussianGradientMLE().fit_statistics(tensors)
    np.testing.assert_allclose(model.covariance_, whole.covariance_, rtol=1e-12)


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


@each_family
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
