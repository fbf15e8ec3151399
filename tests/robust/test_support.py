"""What a robust fit refuses or tells, and what a user can do about it."""

import re
import warnings

import dask.array as da
import numpy as np
import pytest
from sklearn.datasets import load_digits

from skgauss import GaussianOutlierDetector


def robust(**parameters):
    return GaussianOutlierDetector(**{"support_fraction": "auto"} | parameters)


@pytest.fixture
def rows(rng):
    return rng.standard_normal((60, 3))


def test_it_takes_rows_in_memory(rows):
    with pytest.raises(
        ValueError, match=r"support_fraction needs all rows in memory.* X\.compute\(\)"
    ):
        robust().fit(da.from_array(rows, chunks=20))
    assert robust().fit(da.from_array(rows, chunks=20).compute()).support_.shape == (60,)
    with pytest.raises(ValueError, match=r"fit_statistics does not see .* support_fraction=None"):
        robust().fit_statistics(robust().fit(rows).sufficient_statistics_)
    assert not hasattr(robust(), "partial_fit")
    assert robust(support_fraction=None).partial_fit(rows).converged_


def test_without_it_there_is_no_support(rows):
    detector = robust().fit(rows)
    assert detector.support_.any()
    assert not hasattr(detector.set_params(support_fraction=None).fit(rows), "support_")


def test_values_in_intervals_are_refused(rows):
    with pytest.raises(ValueError, match="neither observed nor missing"):
        robust().fit(rows, X_upper=rows + 1)
    with pytest.raises(ValueError, match="NaN in place of such"):
        robust(censoring_limits=(0.0, None)).fit(rows)
    robust().fit(np.where(rows > -2, rows, np.nan))


def test_a_window_is_refused(rows):
    with pytest.raises(ValueError, match="inside truncation_limits do not"):
        robust(truncation_limits=(-9, None), contamination=0.1).fit(rows)


def test_too_small_a_share(rows):
    with pytest.raises(ValueError, match=r"keeps 3 of 60 rows, .* needs at least 4"):
        robust(support_fraction=0.05).fit(rows)
    for remedy in ({}, {"covariance_type": "diag"}):
        share = {} if not remedy else {"support_fraction": 0.05}
        assert robust(**share, **remedy).fit(rows).converged_
    with pytest.raises(ValueError, match="The 'support_fraction' parameter"):
        robust(support_fraction=1.5).fit(rows)


def test_few_rows_are_told(rows):
    with pytest.warns(UserWarning, match="few for the covariance of 3 features"):
        robust().fit(rows[:6])
    robust(covariance_type="diag").fit(rows[:6])  # without a warning


def test_most_values_equal(rows):
    """They leave no robust scale: the variance of all rows is added, or another ridge."""
    rows[:40, 1] = 2.0
    with pytest.warns(UserWarning, match="More than half of the values of 'feature 1' are equal"):
        detector = robust().fit(rows)
    np.testing.assert_allclose(detector.reg_covar_, [0, rows[:, 1].var(), 0])
    assert robust(reg_covar=0.1).fit(rows).reg_covar_ == 0.1
    np.testing.assert_array_equal(robust().fit(rows[:, [0, 2]]).reg_covar_, 0.0)
    with pytest.raises(ValueError, match=r"'feature 1' are constant .* reg_covar=0.0"):
        robust(reg_covar=0.0).fit(rows)


def test_a_plane_of_most_rows(rows):
    rows[:45, 2] = rows[:45, 0] - rows[:45, 1]
    with pytest.warns(UserWarning, match="depend on each other linearly. A ridge of 1e-06"):
        detector = robust().fit(rows)
    assert (detector.predict(rows[45:]) == -1).all()
    assert not detector.support_[45:].any()
    with pytest.raises(ValueError, match=r"reg_covar=0.0 is too small to change this"):
        robust(reg_covar=0.0).fit(rows)
    robust(support_fraction=0.95).fit(rows)  # without a warning
    robust(reg_covar=0.1).fit(rows)


def test_what_every_fit_refuses(rows):
    rows[:, 1] = 3.0
    with pytest.raises(ValueError, match="'feature 1' has zero variance"):
        robust().fit(rows)
    rows[:, 1] = np.nan
    with pytest.raises(ValueError, match="'feature 1' was never observed"):
        robust().fit(rows)
    with pytest.raises(ValueError, match="infinity"):
        robust().fit(np.where(np.isnan(rows), np.inf, rows))


def test_rows_that_show_nothing(rng):
    """They are no outliers, and move nothing."""
    rows = rng.standard_normal((60, 3))
    with_empty = np.vstack((rows, np.full((30, 3), np.nan)))
    one, other = robust().fit(rows), robust().fit(with_empty)
    np.testing.assert_array_equal(other.support_[:60], one.support_)
    assert other.support_[60:].all()
    np.testing.assert_allclose(other.covariance_, one.covariance_, rtol=1e-5)


def test_pixels_that_are_mostly_dark():
    X, y = load_digits(return_X_y=True)
    X = np.vstack((X[y == 4], X[y == 7][:20]))
    X = X[:, X.std(axis=0) > 0]
    with pytest.warns(UserWarning, match="values of each of .* and 1. more are equal"):
        detector = robust().fit(X)
    assert (detector.predict(X[-20:]) == -1).mean() >= 0.9


def test_weights_that_rounding_takes_for_all(rng):
    """Beside them other rows have ranks of 0 and 1, whose normal quantiles are infinite."""
    X = rng.standard_normal((60, 3))
    weights = 10.0 ** rng.uniform(-12, 12, 60)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of rows that count for nothing
        model = GaussianOutlierDetector(support_fraction=0.75).fit(X, sample_weight=weights)
    assert np.isfinite(model.decision_function(X)).all()


def test_a_feature_that_the_kept_rows_show_once():
    X = np.array(
        [
            [2.98, -0.63, -2.05, np.nan],
            [np.nan, -6.48, -1.28, 0.60],
            [np.nan, -6.94, 1.53, 1.54],
            [-5368.0, -2.31, -1.96, 6.19],
            [np.nan, 8.37, 2.47, -2.56],
            [480.0, -2.81, -0.41, -6.44],
        ]
    )
    weights = np.array([1.0, 3.0, 1.0, 1.0, 2.0, 1.0])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        model = GaussianOutlierDetector(support_fraction=0.75).fit(X, sample_weight=weights)
    assert any(re.search("'feature 0' .*constant", str(each.message)) for each in caught)
    assert np.isfinite(model.decision_function(X)).all()
