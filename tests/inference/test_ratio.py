"""The likelihood ratio test against closed forms, and what it refuses."""

import numpy as np
import pandas as pd
import pytest
from models import fitted
from oracles import as_matrix, observed_log_likelihood
from scipy.stats import chi2
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skgauss import (
    GaussianGradientMLE,
    GaussianRegressor,
    SufficientStatistics,
    likelihood_ratio_test,
    mcar_test,
)


def test_ratios_of_complete_data_in_closed_form(correlated):
    spherical, diag, full = (fitted(correlated, t) for t in ("spherical", "diag", "full"))
    n, variances = len(correlated), np.var(correlated, axis=0)
    test = likelihood_ratio_test(diag, full)
    expected = -n * np.linalg.slogdet(np.corrcoef(correlated.T))[1]
    assert test.statistic == pytest.approx(expected, rel=1e-9)
    assert test.degrees_of_freedom == 3
    assert test.p_value == pytest.approx(chi2.sf(expected, 3), rel=1e-6)
    test = likelihood_ratio_test(spherical, diag)
    expected = n * (3 * np.log(variances.mean()) - np.log(variances).sum())
    assert test.statistic == pytest.approx(expected, rel=1e-9)
    assert test.degrees_of_freedom == 2
    assert likelihood_ratio_test(spherical, full).degrees_of_freedom == 5


def test_ratio_of_incomplete_data(gappy):
    diag, full = fitted(gappy, "diag"), fitted(gappy)
    gains = [
        observed_log_likelihood(gappy, m.mean_, as_matrix(m.covariance_, 3)) for m in (diag, full)
    ]
    test = likelihood_ratio_test(diag, full)
    assert test.statistic == pytest.approx(2 * len(gappy) * (gains[1] - gains[0]), rel=1e-9)


@pytest.mark.parametrize("order", [("full", "diag"), ("diag", "diag"), ("full", "spherical")])
def test_what_is_not_nested_is_refused(correlated, order):
    models = [fitted(correlated, t) for t in order]
    with pytest.raises(ValueError, match="must be nested") as refused:
        likelihood_ratio_test(*models)
    may_be_swapped = order[0] != order[1]
    assert ("Swap them." in str(refused.value)) == may_be_swapped
    if may_be_swapped:
        assert likelihood_ratio_test(*models[::-1]).statistic > 0


def test_other_data_are_refused(correlated):
    full = fitted(correlated)
    others = [
        correlated[1:],
        correlated + np.array([0, 0, 1e-3]),
        correlated * [1, 1, 1.001],
        correlated[:, ::-1],
        np.where(np.arange(180).reshape(60, 3) == 4, np.nan, correlated),
        pd.DataFrame(correlated, columns=list("abc")),
    ]
    for other in others:
        with pytest.raises(ValueError, match="different data"):
            likelihood_ratio_test(fitted(other, "diag"), full)
    shuffled = fitted(correlated[::-1], "diag")
    assert likelihood_ratio_test(shuffled, full).statistic > 0
    weighted = GaussianGradientMLE(covariance_type="diag").fit_statistics(
        SufficientStatistics.from_array(correlated)
    )
    assert likelihood_ratio_test(weighted, full).statistic > 0


def test_regressions_on_other_features_are_compared_by_their_criteria(correlated):
    """As the refusal of their joint Gaussians says."""
    X, y = correlated[:, :2], correlated[:, 2]
    small, large = GaussianRegressor().fit(X[:, :1], y), GaussianRegressor().fit(X, y)
    told = r"2 and 3 features, .* aic\(X, y\) or bic\(X, y\) .* p-value of each feature"
    with pytest.raises(ValueError, match=told):
        likelihood_ratio_test(small.estimator_, large.estimator_)
    with pytest.raises(ValueError, match=told):  # and not first that these are to be passed
        likelihood_ratio_test(small, large)
    assert np.isfinite(small.aic(X[:, :1], y) - large.aic(X, y))
    assert large.summary()["p_value"].iloc[:2].notna().all()
    with pytest.raises(TypeError, match="pass its estimator_"):
        likelihood_ratio_test(large, large)


def test_the_joint_gaussian_of_a_regression_is_compared_with_one_of_the_same_rows(correlated):
    """Though only that of the regression has a name for its target."""
    joint = GaussianRegressor().fit(correlated[:, :2], correlated[:, 2]).estimator_
    apart = fitted(correlated, "diag")
    expected = likelihood_ratio_test(apart, fitted(correlated)).statistic
    assert likelihood_ratio_test(apart, joint).statistic == pytest.approx(expected, rel=1e-9)


def test_no_maximum_has_no_ratio(correlated):
    ridge = GaussianGradientMLE(covariance_type="diag", reg_covar=0.1).fit(correlated)
    with pytest.raises(ValueError, match="ridge"):
        likelihood_ratio_test(ridge, fitted(correlated))


def test_a_lower_maximum_and_the_remedy():
    """Four rows show both features, and say little of the correlation between two maxima."""
    rng = np.random.default_rng(94)
    X = np.full((14, 2), np.nan)
    X[:4] = rng.standard_normal((4, 2)).round(1)
    X[4:9, 0], X[9:, 1] = 3 * rng.standard_normal((2, 5)).round(1)
    smaller = fitted(X, "diag")
    one, two = smaller.scale_
    start = np.array([[one**2, -0.95 * one * two], [-0.95 * one * two, two**2]])
    model = GaussianGradientMLE(mean_init=smaller.mean_, covariance_init=start)
    with pytest.raises(ValueError, match=r"mean_init=smaller\.mean_ and covariance_init"):
        likelihood_ratio_test(smaller, model.fit(X))
    model.set_params(mean_init=smaller.mean_, covariance_init=np.diag(smaller.scale_**2))
    assert likelihood_ratio_test(smaller, model.fit(X)).statistic >= 0


@pytest.mark.parametrize("unit", [1.0, 1e-12])
def test_other_intervals_are_other_data(rng, unit):
    """With the same middles, or the same ends on the other side."""
    lower = np.floor(rng.standard_normal((80, 2)) * 2) * unit
    smaller = GaussianGradientMLE(covariance_type="diag").fit(lower, X_upper=lower + unit)
    for ends in ((lower - 0.4 * unit, lower + 1.4 * unit), (lower, lower + 2 * unit)):
        larger = GaussianGradientMLE().fit(ends[0], X_upper=ends[1])
        with pytest.raises(ValueError, match="fitted to different data"):
            likelihood_ratio_test(smaller, larger)
    larger = GaussianGradientMLE().fit(lower, X_upper=lower + unit)
    assert 0 < likelihood_ratio_test(smaller, larger).p_value <= 1


def test_what_holds_the_model_is_told_to_hand_it_over(correlated):
    X, y = correlated[:, :2], correlated[:, 2]
    search = GridSearchCV(GaussianGradientMLE(), {"covariance_type": ["diag"]}, cv=2)
    for holder, part in (
        (make_pipeline(GaussianGradientMLE()), r"Pipeline; pass its last step, pipeline\[-1\]"),
        (search, "GridSearchCV; pass its best_estimator_"),
        (GaussianRegressor(), "GaussianRegressor; pass its estimator_"),
    ):
        holder.fit(X, y)
        with pytest.raises(TypeError, match=f"Expected a fitted GaussianGradientMLE, got {part}"):
            mcar_test(holder)
        with pytest.raises(TypeError, match=part):
            likelihood_ratio_test(fitted(X, "diag"), holder)
    with pytest.raises(TypeError, match="got ndarray"):
        mcar_test(X)


def test_a_statistic_that_is_rounding_is_said_to_be(gappy):
    """Of 6e16 rows, whose likelihoods float64 tells apart by 60 nats and no fewer."""
    weights = np.full(len(gappy), 1e15)
    larger = GaussianGradientMLE(tol=1e-13).fit(gappy, sample_weight=weights)
    near = larger.mean_ + larger.standard_errors().mean
    smaller = GaussianGradientMLE(tol=1e-13, fixed_mean=near).fit(gappy, sample_weight=weights)
    with pytest.warns(UserWarning, match="may change the statistic by"):
        likelihood_ratio_test(smaller, larger)
    far = larger.mean_ + 0.1 * larger.scale_
    smaller = GaussianGradientMLE(tol=1e-13, fixed_mean=far).fit(gappy, sample_weight=weights)
    assert likelihood_ratio_test(smaller, larger).p_value == 0.0
