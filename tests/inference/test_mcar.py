"""Little's test: a published figure, the sum written out, its law, what is refused."""

import dask.array as da
import numpy as np
import pytest
from marks import simulation
from models import fitted
from scipy.stats import chi2, kstest

from skgauss import GaussianGradientMLE, mcar_test
from skgauss.datasets import load_airquality


def test_what_naniar_prints_of_rs_airquality():
    """``naniar::mcar_test(airquality)``: 35.106 with 14 degrees, p = 0.00142, 4 patterns."""
    test = mcar_test(fitted(load_airquality(as_frame=True).frame))
    assert test.statistic == pytest.approx(35.106, abs=5e-4)
    assert test.degrees_of_freedom == 14
    assert test.p_value == pytest.approx(0.00142, abs=5e-6)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_sum_written_out(rng, gappy, weighted):
    gappy[:3] = np.nan  # which show nothing, and count nothing
    weights = rng.integers(1, 4, len(gappy)) if weighted else np.ones(len(gappy))
    model = GaussianGradientMLE(tol=1e-9).fit(gappy, sample_weight=weights)
    statistic, shown = 0.0, -3
    missing = np.isnan(gappy)
    for pattern in np.unique(missing, axis=0):
        rows, o = (missing == pattern).all(axis=1), ~pattern
        if o.any():
            means = np.average(gappy[rows][:, o], axis=0, weights=weights[rows])
            away = means - model.mean_[o]
            inverse = np.linalg.inv(model.covariance_[np.ix_(o, o)])
            statistic += weights[rows].sum() * away @ inverse @ away
            shown += o.sum()
    test = mcar_test(model)
    assert test.statistic == pytest.approx(statistic, rel=1e-10)
    assert test.degrees_of_freedom == shown
    assert test.p_value == pytest.approx(chi2.sf(statistic, shown), rel=1e-9)


def drawn(rng, depends):
    """200 rows of two features, the second missing by chance, or where the first is large."""
    X = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], size=200)
    missing = rng.random(200) < (1 / (1 + np.exp(-X[:, 0])) if depends else 0.5)
    X[missing, 1] = np.nan
    return X


@simulation
def test_p_values_are_uniform_where_nothing_but_chance_hides_values(rng):
    p_values = [mcar_test(fitted(drawn(rng, depends=False))).p_value for _ in range(500)]
    assert kstest(p_values, "uniform").pvalue > 0.01


def test_it_finds_values_that_others_hide(rng):
    p_values = [mcar_test(fitted(drawn(rng, depends=True))).p_value for _ in range(20)]
    assert np.max(p_values) < 0.01


def test_what_is_refused(rng, gappy, correlated):
    with pytest.raises(ValueError, match="no patterns to compare"):
        mcar_test(fitted(correlated))
    with pytest.raises(ValueError, match="does not hold its data by pattern"):
        mcar_test(fitted(gappy, covariance_type="diag"))
    with pytest.raises(ValueError, match="has limits"):
        mcar_test(fitted(gappy, censoring_limits=(np.nanmin(gappy) + 0.2, None)))
    with pytest.raises(ValueError, match="has limits"):
        mcar_test(fitted(gappy, truncation_limits=(np.nanmin(gappy) - 0.1, None)))
    with pytest.raises(ValueError, match="has a ridge"):
        mcar_test(fitted(gappy, reg_covar=0.1))
    with pytest.raises(TypeError, match=r"got ndarray; pass GaussianGradientMLE\(\)\.fit\(X\)"):
        mcar_test(gappy)


@pytest.mark.filterwarnings("ignore:.*never observed in the same row")
@pytest.mark.parametrize(
    "groups", [[{0}, {1}], [{0, 1}, {2}], [{0}, {1}, {2}], [{0}, {1}, set()], [{0, 1, 2}, set()]]
)
def test_patterns_without_a_feature_in_common_have_nothing_to_compare(rng, groups):
    """They would have no degree of freedom, and a p-value of NaN."""
    d = len(set().union(*groups))
    X = rng.standard_normal((20 * len(groups), d))
    for k, shown in enumerate(groups):
        hidden = [j for j in range(d) if j not in shown]
        X[20 * k : 20 * (k + 1), hidden] = np.nan
    with pytest.raises(ValueError, match="No feature has values in two patterns"):
        mcar_test(fitted(X))


def test_rows_of_dask(gappy):
    lazy = mcar_test(fitted(da.from_array(gappy, chunks=(20, 3))))
    assert lazy.statistic == pytest.approx(mcar_test(fitted(gappy)).statistic, rel=1e-9)
