"""GaussianOutlierDetector: p-values under the Gaussian, and a threshold for them."""

import pickle

import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest
import sklearn
from marks import FAMILIES, each_family, exhaustive, simulation
from oracles import as_matrix, observed_distances
from scipy.stats import chi2
from sklearn.base import clone, is_outlier_detector
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from skgauss import GaussianGradientMLE, GaussianOutlierDetector, SufficientStatistics

SOLVERS = ["gradient", "coordinate", "lbfgs", "newton", "closed-form"]


@pytest.fixture
def gaps(rng):
    frame = load_iris(as_frame=True).data
    return frame.mask(rng.random(frame.shape) < 0.2)


def not_of_every_solver(detector):
    """scikit-learn's checks that some solvers cannot pass, each with the reason."""
    if detector.solver in ("gradient", "coordinate", "lbfgs"):
        return {"check_sample_weight_equivalence_on_dense_data": "the climb does not converge"}
    if detector.solver == "closed-form":
        return {"check_estimators_nan_inf": "it cannot fit NaN, and judges rows that have it"}
    return {}


@pytest.mark.usefixtures("scipy_array_api")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore:The likelihood has no maximum")
@pytest.mark.filterwarnings("ignore:support_fraction=:UserWarning")
@pytest.mark.filterwarnings("ignore:More than half of the values:UserWarning")
class TestEstimatorChecks:
    @parametrize_with_checks(
        [GaussianOutlierDetector(covariance_type=family) for family in FAMILIES]
        + [GaussianOutlierDetector(support_fraction="auto")]
    )
    def test_always(self, estimator, check):
        check(estimator)

    @exhaustive
    @parametrize_with_checks(
        [GaussianOutlierDetector(contamination=0.1)]
        + [GaussianOutlierDetector(support_fraction=share) for share in (0.75, 1.0)]
        + [GaussianOutlierDetector(solver=solver) for solver in SOLVERS],
        expected_failed_checks=not_of_every_solver,
    )
    def test_when_asked(self, estimator, check):
        check(estimator)


def p_values_by_hand(model, X):
    """P-values by the oracle, (n_rows,); 1 for a row without values."""
    distances, shown = observed_distances(X, model.mean_, as_matrix(model.covariance_, X.shape[1]))
    return chi2.sf(distances, np.maximum(shown, 1))


@each_family
def test_p_values_are_those_of_chi_square(gaps, covariance_type):
    detector = GaussianOutlierDetector(covariance_type=covariance_type).fit(gaps)
    X = gaps.to_numpy(copy=True)
    X[:3] *= 2
    p_values = p_values_by_hand(detector, X)
    frame = pd.DataFrame(X, columns=gaps.columns)
    np.testing.assert_allclose(np.exp(detector.score_samples(frame)), p_values, rtol=1e-9)
    np.testing.assert_array_equal(detector.predict(frame), np.where(p_values < 0.05, -1, 1))
    decision = np.log(p_values / 0.05)
    np.testing.assert_allclose(detector.decision_function(frame), decision, rtol=1e-9, atol=1e-9)


def test_rows_far_out_keep_their_order():
    detector = GaussianOutlierDetector().fit([[-1.0, 1.0], [1.0, 1.0], [0.0, -1.0], [0.0, 2.0]])
    rows = np.array([[0, 0], [100, 0], [1000, 0], [np.nan, 1000], [1e160, 0]])
    scores = detector.score_samples(rows)
    assert (np.diff(scores[[0, 1, 2, 4]]) < 0).all()
    assert np.isfinite(scores).all()
    assert detector.predict(rows).tolist() == [1, -1, -1, -1, -1]


@each_family
def test_rows_with_gaps_are_judged_as_complete_ones_are(rng, covariance_type):
    """Of rows with the same number of values, the share of p-values below a level is that level."""
    mixing = {"full": [[1, 0, 0], [0.9, 0.3, 0], [0.2, -0.8, 0.5]], "diag": np.diag([1, 5, 0.2])}
    X = rng.standard_normal((40_000, 3)) @ np.asarray(mixing.get(covariance_type, np.eye(3))).T
    X[rng.random(X.shape) < 0.4] = np.nan
    detector = GaussianOutlierDetector(covariance_type=covariance_type).fit(X)
    scores, shown = detector.score_samples(X), np.count_nonzero(~np.isnan(X), axis=1)
    for k in (1, 2, 3):
        for level in (0.01, 0.05, 0.5):
            share = np.mean(scores[shown == k] < np.log(level))
            error = np.sqrt(level * (1 - level) / np.count_nonzero(shown == k))
            assert abs(share - level) < 4.5 * error
    np.testing.assert_array_equal(scores[shown == 0], 0.0)
    assert (detector.predict(X)[shown == 0] == 1).all()


def test_contamination_is_a_share_of_the_rows(gaps):
    for share, expected in [(0.1, 15), (0.5, 75), (0.02, 3), (0.013, 1), (0.001, 0)]:
        detector = GaussianOutlierDetector(contamination=share)
        labels = detector.fit_predict(gaps)
        assert np.count_nonzero(labels == -1) == expected
        scores = detector.score_samples(gaps)
        assert not expected or scores[labels == -1].max() < detector.offset_
        assert detector.offset_ <= scores[labels == 1].min()


def test_shares_that_float64_cannot_hold():
    X = np.random.default_rng(0).standard_normal((100, 2))
    for count in range(1, 51):  # in float64 0.29 * 100 is less than 29
        labels = GaussianOutlierDetector(contamination=count / 100).fit_predict(X)
        assert np.count_nonzero(labels == -1) == count


@pytest.mark.parametrize("contamination", ["auto", 0.1, 0.2, 0.29])
def test_weights_are_repeats(gaps, rng, contamination):
    X, weights = gaps.to_numpy(), rng.integers(0, 4, len(gaps))
    weighted = GaussianOutlierDetector(contamination=contamination)
    labels = weighted.fit_predict(X, sample_weight=weights)
    repeated = GaussianOutlierDetector(contamination=contamination).fit(np.repeat(X, weights, 0))
    assert weighted.offset_ == pytest.approx(repeated.offset_, rel=1e-6)
    np.testing.assert_array_equal(labels, repeated.predict(X))
    scaled = GaussianOutlierDetector(contamination=contamination).fit(X, None, weights / 7)
    assert scaled.offset_ == pytest.approx(weighted.offset_, rel=1e-6)
    one = GaussianOutlierDetector(contamination=contamination).fit(X, sample_weight=2.0)
    none = GaussianOutlierDetector(contamination=contamination).fit(X)
    assert one.offset_ == pytest.approx(none.offset_, rel=1e-6)


def test_values_known_to_an_interval_do_not_count(gaps):
    """Only exact values have a distance."""
    X = gaps.to_numpy()[:, :2]
    limit = np.nanquantile(X, 0.3, axis=0)
    known = np.where(limit < X, X, np.nan)
    censored = GaussianOutlierDetector(censoring_limits=(limit, None)).fit(X)
    p_values = p_values_by_hand(censored, known)
    np.testing.assert_allclose(np.exp(censored.score_samples(X)), p_values, rtol=1e-9)
    lower = np.where(limit >= X, np.nan, X)
    upper = np.where(limit >= X, limit, X)
    between = GaussianOutlierDetector()
    labels = between.fit_predict(lower, X_upper=upper)
    np.testing.assert_allclose(between.score_samples(lower, upper), np.log(p_values), rtol=1e-3)
    np.testing.assert_array_equal(labels, censored.predict(X))
    with pytest.warns(UserWarning, match="now X comes without it"):
        between.predict(lower)


def test_truncated_rows_need_a_share():
    X = np.random.default_rng(0).standard_normal((400, 1))
    X = X[X[:, 0] > -1]
    detector = GaussianOutlierDetector(truncation_limits=(-1, None))
    with pytest.raises(ValueError, match=r"as in contamination=0\.05"):
        detector.fit(X)
    detector.set_params(contamination=0.05).fit(X)
    assert np.count_nonzero(detector.predict(X) == -1) == len(X) * 5 // 100
    np.testing.assert_allclose(
        np.exp(detector.score_samples(X)),
        chi2.sf(((X[:, 0] - detector.mean_) / detector.scale_) ** 2, 1),
        rtol=1e-9,
    )


def test_a_share_needs_the_rows(gaps):
    """Statistics and chunks do not hold all rows. They are refused, and an earlier fit is kept."""
    X = gaps.to_numpy()
    detector = GaussianOutlierDetector(contamination=0.1).fit(X)
    before = pickle.dumps(vars(detector))
    assert not hasattr(detector, "partial_fit")
    with pytest.raises(AttributeError) as refused:
        detector.partial_fit(X[:70])
    assert "Use contamination='auto', or call fit" in str(refused.value.__cause__)
    with pytest.raises(ValueError, match="fit_statistics does not see all rows"):
        detector.fit_statistics(detector.sufficient_statistics_)
    assert pickle.dumps(vars(detector)) == before
    whole = GaussianOutlierDetector().fit(X)
    parts = GaussianOutlierDetector().partial_fit(X[:70]).partial_fit(X[70:])
    np.testing.assert_array_equal(parts.predict(X), whole.predict(X))
    complete = load_iris().data
    summarised = GaussianOutlierDetector().fit_statistics(SufficientStatistics.from_array(complete))
    expected = GaussianOutlierDetector().fit(complete).predict(complete)
    np.testing.assert_array_equal(summarised.predict(complete), expected)


@pytest.mark.parametrize("covariance_type", ["full", "diag"])
def test_a_robust_fit_takes_no_more_rows(gaps, covariance_type):
    """Its statistics are of stretched rows. The clone that the error recommends starts anew."""
    X = gaps.to_numpy()
    detector = GaussianOutlierDetector(covariance_type=covariance_type, support_fraction="auto")
    detector.fit(X).set_params(support_fraction=None)
    before = pickle.dumps(vars(detector))
    with pytest.raises(ValueError, match=r"stretched.*clone\(detector\)\.partial_fit\(X\)"):
        detector.partial_fit(X)
    assert pickle.dumps(vars(detector)) == before
    anew = clone(detector).partial_fit(X)
    np.testing.assert_allclose(anew.mean_, detector.fit(X).mean_, rtol=1e-6)
    detector.partial_fit(X)
    assert detector.sufficient_statistics_.weight == 2 * len(X)


def test_a_failed_fit_leaves_the_threshold():
    X = np.random.default_rng(0).standard_normal((50, 2))
    detector = GaussianOutlierDetector(contamination=0.1).fit(X)
    offset = detector.offset_
    with pytest.raises(ValueError, match="zero variance"):
        detector.fit(np.ones((5, 2)))
    assert detector.offset_ == offset
    with pytest.raises(ValueError, match="The 'contamination' parameter"):
        detector.set_params(contamination=0.6).fit(X)
    with pytest.raises(NotFittedError):
        GaussianOutlierDetector().predict(X)
    with pytest.raises(NotFittedError, match="cannot fit them yet"):
        GaussianOutlierDetector().partial_fit(X[:1]).predict(X)


@pytest.mark.parametrize("contamination", ["auto", 0.1])
def test_dask_is_lazy(gaps, rng, contamination):
    weights = rng.integers(1, 4, len(gaps))
    detector = GaussianOutlierDetector(contamination=contamination)
    expected = detector.fit_predict(gaps, sample_weight=weights)
    frame = dd.from_pandas(gaps.assign(weight=weights), npartitions=3)
    of_frame = GaussianOutlierDetector(contamination=contamination)
    labels = of_frame.fit_predict(frame[list(gaps)], sample_weight=frame["weight"])
    assert isinstance(labels, da.Array)
    np.testing.assert_array_equal(labels.compute(), expected)
    rows = da.from_array(gaps.to_numpy(), chunks=(50, 2))
    of_array = GaussianOutlierDetector(contamination=contamination)
    labels = of_array.fit_predict(rows, sample_weight=da.from_array(weights, chunks=40))
    assert isinstance(labels, da.Array)
    assert labels.chunks == ((50, 50, 50),)
    assert labels.dtype == np.int64
    np.testing.assert_array_equal(labels.compute(), expected)
    for each in (of_frame, of_array):
        assert each.offset_ == pytest.approx(detector.offset_, rel=1e-6)


def test_it_is_the_fitted_gaussian(gaps):
    detector = GaussianOutlierDetector(reg_covar=0.01).fit(gaps)
    model = GaussianGradientMLE(reg_covar=0.01).fit(gaps)
    assert is_outlier_detector(detector)
    assert detector.score(gaps) == model.score(gaps)
    np.testing.assert_array_equal(detector.mahalanobis(gaps), model.mahalanobis(gaps))
    marginal = detector.marginal([0, 1])
    expected = model.marginal([0, 1]).score_samples(gaps.iloc[:, :2])
    np.testing.assert_array_equal(marginal.score_samples(gaps.iloc[:, :2]), expected)


def test_in_a_pipeline(gaps):
    pipeline = make_pipeline(StandardScaler(), GaussianOutlierDetector()).fit(gaps)
    expected = GaussianOutlierDetector().fit(gaps).predict(gaps)  # p-values do not depend on units
    np.testing.assert_array_equal(pipeline.predict(gaps), expected)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(pipeline)).predict(gaps), expected)


def test_routing_of_upper_ends(gaps):
    lower = np.floor(gaps.iloc[:, :1])
    upper = lower + 1
    with sklearn.config_context(enable_metadata_routing=True):
        detector = GaussianOutlierDetector().set_fit_request(X_upper=True)
        pipeline = make_pipeline(detector.set_predict_request(X_upper=True))
        labels = pipeline.fit(lower, X_upper=upper).predict(lower, X_upper=upper)
        np.testing.assert_array_equal(detector.fit_predict(lower, X_upper=upper), labels)


def test_rows_outside_a_window_are_outliers(rng):
    X = rng.standard_normal((300, 2))
    X = X[X[:, 0] > -0.5]
    limits = ([-0.5, np.nan], None)
    detector = GaussianOutlierDetector(truncation_limits=limits, contamination=0.05).fit(X)
    rows = np.array([[-1.0, 0.0], [np.nan, 0.0], [0.0, 0.0]])
    np.testing.assert_array_equal(detector.predict(rows), [-1, 1, 1])
    assert detector.score_samples(rows)[0] == -np.inf
    no_window = GaussianOutlierDetector(truncation_limits=(None, None)).fit(X)
    np.testing.assert_array_equal(no_window.predict(X), GaussianOutlierDetector().fit(X).predict(X))


def auc(detector, X, is_outlier):
    return roc_auc_score(is_outlier, -detector.fit(X).score_samples(X))


@pytest.mark.parametrize("share", [0.01, 0.05, 0.1, 0.2, 0.3])
def test_outliers_do_not_fool_a_robust_fit(rng, share):
    """Many outliers do mislead a fit to all rows. With gaps the robust fit is almost as good."""
    X = rng.standard_normal((500, 4)) @ rng.standard_normal((4, 4))
    shifted = np.arange(500) < share * 500
    X[shifted] += 5 * X.std(axis=0)
    robust = GaussianOutlierDetector(support_fraction="auto")
    assert auc(robust, X, shifted) >= 0.999
    assert share < 0.3 or auc(GaussianOutlierDetector(), X, shifted) < 0.9
    X[rng.random(X.shape) < 0.1] = np.nan
    assert auc(robust, X, shifted) >= 0.99
    assert not robust.support_[shifted].any()


def with_outliers(rng, n=300):
    """Three correlated features with standard deviations of 1, and a tenth of the rows far off."""
    X = rng.multivariate_normal([0, 0, 0], 0.5 * (np.eye(3) + 1), n)
    X[: n // 10] += 20
    return X


@pytest.mark.parametrize(
    "method", ["standard_errors", "confidence_intervals", "summary", "parameter_covariance"]
)
def test_errors_of_selected_rows_are_doubtful(rng, method):
    detector = GaussianOutlierDetector(support_fraction="auto").fit(with_outliers(rng))
    with pytest.warns(UserWarning, match="as if it had not. Errors are too small"):
        getattr(detector, method)()
    with pytest.warns(UserWarning, match="errors, intervals and tests take them"):
        profile = detector.confidence_intervals(method="profile")
    assert (profile.mean[:, 0] < detector.mean_).all()
    getattr(GaussianOutlierDetector().fit(with_outliers(rng)), method)()  # all rows: no warning


@simulation
@pytest.mark.filterwarnings("ignore:With support_fraction")
def test_the_bootstrap_has_the_right_errors_of_a_robust_fit(rng):
    """The warning says so: the others are too small by a tenth or more."""
    robust = GaussianOutlierDetector(support_fraction="auto")
    fits = [clone(robust).fit(with_outliers(rng)) for _ in range(400)]
    truth = np.std([fit.scale_ for fit in fits], axis=0).mean()
    told = np.mean([fit.standard_errors().scale for fit in fits[:50]])
    assert told < truth / 1.1
    errors = []
    for _ in range(10):
        X = with_outliers(rng)
        again = [clone(robust).fit(X[rng.integers(0, 300, 300)]).scale_ for _ in range(200)]
        errors.append(np.std(again, axis=0))
    assert np.mean(errors) == pytest.approx(truth, rel=0.1)
