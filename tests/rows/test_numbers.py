"""Numbers as they come: dtypes, integers that float64 does not hold, weights of any unit."""

import dask.array as da
import numpy as np
import pandas as pd
import pytest

from skgauss import (
    GaussianGradientMLE,
    GaussianImputer,
    GaussianOutlierDetector,
    GaussianRegressor,
    IncompleteStatistics,
    SufficientStatistics,
)

HUGE = 1_700_000_000_000_000_000  # nanoseconds since 1970


def gaps(X):
    X = X.copy()
    X[: len(X) // 4, 0] = X[len(X) // 4 : len(X) // 2, 1] = np.nan
    return X


# -- integers


@pytest.mark.parametrize(
    ("offset", "dtype"),
    [(HUGE, np.int64), (-HUGE, np.int64), (HUGE, ">i8"), (2**63 + 2**62, np.uint64), (2**53, int)],
)
@pytest.mark.parametrize("covariance_type", ["full", "diag"])
@pytest.mark.parametrize("weighted", [False, True])
def test_integers_beyond_float64_keep_their_digits(rng, offset, dtype, covariance_type, weighted):
    deviations = np.round(rng.normal(0, 100, (300, 2))).astype(int)
    X = np.array([[offset + each for each in row] for row in deviations.tolist()], dtype=dtype)
    weights = rng.integers(0, 4, 300) if weighted else None
    model = GaussianGradientMLE(covariance_type=covariance_type).fit(X, sample_weight=weights)
    mean = np.average(deviations, axis=0, weights=weights)
    variances = np.average((deviations - mean) ** 2, axis=0, weights=weights)
    np.testing.assert_allclose(model.scale_, np.sqrt(variances), rtol=1e-12)


def test_three_neighbours_are_no_constant():
    X = np.array([[2**62 + 1], [2**62 + 3], [2**62 + 8]])
    model = GaussianGradientMLE().fit(X)
    assert model.covariance_[0, 0] == pytest.approx(26 / 3, rel=1e-12)
    # The mean that is reported is the nearest that float64 has, 2^62.
    np.testing.assert_allclose(model.mahalanobis(X), [1 / (26 / 3), 9 / (26 / 3), 64 / (26 / 3)])
    in_blocks = GaussianGradientMLE().fit(da.from_array(X, chunks=(2, 1)))
    assert in_blocks.covariance_[0, 0] == pytest.approx(26 / 3, rel=1e-12)


def test_constant_integers_are_constant():
    with pytest.raises(ValueError, match="zero variance"):
        GaussianGradientMLE().fit(np.full((5, 1), 2**62 + 1))


def test_integers_further_apart_than_half_of_all():
    X = np.array([[-(2**63)], [2**63 - 1], [2**63 - 1], [0]])
    model = GaussianGradientMLE().fit(X)
    np.testing.assert_allclose(model.scale_, X.astype(float).std(), rtol=1e-12)


# -- weights


@pytest.mark.parametrize(
    "weights",
    [
        np.ones(5000, np.float16),
        np.full(5000, 0.1, np.float16),
        np.full(5000, 2**60),
        np.full(5000, 1e300),
        np.full(5000, 5e-324),
        np.array(["1"] * 5000),
        ["1"] * 5000,
        np.array([1] * 5000, object),
    ],
    ids=["halves", "tenths", "integers", "huge", "tiny", "text", "list", "objects"],
)
def test_a_share_of_outliers_by_weights_of_any_dtype(weights):
    X = np.random.default_rng(0).standard_normal((5000, 2))
    labels = GaussianOutlierDetector(contamination=0.1).fit_predict(X, sample_weight=weights)
    assert (labels == -1).sum() == 500


@pytest.mark.parametrize("unit", [1e-270, 1e270])
@pytest.mark.parametrize("options", [{}, {"covariance_type": "diag"}])
def test_the_unit_of_weights_beside_gaps(correlated, unit, options):
    X = gaps(correlated)
    one, two = (
        GaussianGradientMLE(tol=1e-9, **options).fit(X, sample_weight=np.full(len(X), w))
        for w in (1.0, unit)
    )
    np.testing.assert_allclose(two.scale_, one.scale_, rtol=1e-8)
    assert two.converged_


@pytest.mark.parametrize("weight", [5e-324, 1e-300, 1e290, 1e308])
@pytest.mark.parametrize(
    "options", [{}, {"covariance_type": "diag"}, {"censoring_limits": (0, None)}]
)
@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
def test_weights_whose_products_are_no_numbers_are_refused(correlated, weight, options):
    """And the remedy, to multiply them, is the fit of weight 1."""
    X, weights = gaps(correlated), np.full(len(correlated), weight)
    with pytest.raises(ValueError, match="Multiply all weights by one number"):
        GaussianGradientMLE(**options).fit(X, sample_weight=weights)


@pytest.mark.parametrize("what", ["infinity", "crossed", "outside"])
def test_a_row_of_weight_0_may_hold_anything(correlated, what):
    X, weights, options = correlated.copy(), np.ones(len(correlated)), {}
    weights[3] = 0
    upper = X.copy()
    upper[:3, 0] += 1.0
    if what == "infinity":
        X[3, 1] = upper[3, 1] = np.inf
    elif what == "crossed":
        upper[3, 1] -= 1.0
    else:
        options["truncation_limits"] = (-100.0, 100.0)
        X[3, 1] = upper[3, 1] = 1e3
    kept = weights > 0
    for ends in (None, upper):
        whole = GaussianGradientMLE(**options).fit(X, sample_weight=weights, X_upper=ends)
        part = None if ends is None else ends[kept]
        without = GaussianGradientMLE(**options).fit(X[kept], X_upper=part)
        np.testing.assert_allclose(whole.mean_, without.mean_, rtol=1e-6)
    with pytest.raises(ValueError, match=r"infinity|interval|outside"):
        GaussianGradientMLE(**options).fit(X, X_upper=upper)


@pytest.mark.parametrize("missing", [False, True])
def test_numbers_without_squares_have_a_remedy(correlated, missing):
    X = gaps(correlated) if missing else correlated
    with pytest.raises(ValueError, match=r"float64 cannot hold its squares.*choose a smaller unit"):
        GaussianGradientMLE().fit(X * 1e-170)
    assert GaussianGradientMLE().fit(X * 1e-170 * 1e30).converged_


# -- frames, lists, limits


@pytest.mark.parametrize("fill", [0.0, np.nan])
def test_a_frame_of_sparse_columns(fill):
    column = pd.arrays.SparseArray([1.0, 2.0, fill, 4.0], fill_value=fill)
    frame = pd.DataFrame({"a": column, "b": column})
    with pytest.raises(TypeError, match="dense"):
        GaussianGradientMLE().fit(frame)
    dense = pd.DataFrame({"a": [1.0, 2.0, 3.0, 5.0], "b": [2.0, 0.0, 1.0, 1.0]})
    sparse = dense.astype(pd.SparseDtype(float, fill))
    there = GaussianGradientMLE().fit(sparse.sparse.to_dense())
    np.testing.assert_allclose(there.mean_, dense.mean())


def test_none_in_a_list_is_missing():
    rows = [[1.0, 2.0], [None, 3.0], [4.0, 5.0], [2.0, 7.0]]
    there = GaussianGradientMLE().fit(np.array(rows, dtype=float))
    assert (GaussianGradientMLE().fit(rows).mean_ == there.mean_).all()


@pytest.mark.parametrize("limits", [{"lower": 0.5}, {"lower": 0.5, "upper": 2.0}])
def test_limits_are_a_pair_and_no_mapping(correlated, limits):
    with pytest.raises(ValueError, match="must be a pair"):
        GaussianGradientMLE(censoring_limits=limits).fit(correlated)


def test_names_that_are_no_text(correlated):
    frame = pd.DataFrame(correlated, columns=[2, 0, 1])
    model = GaussianGradientMLE(censoring_limits=({2: 0.5}, None))
    with pytest.raises(ValueError, match=r"X.columns = list\(map\(str, X.columns\)\)"):
        model.fit(frame)
    frame.columns = list(map(str, frame.columns))
    by_place = GaussianGradientMLE(censoring_limits=([0.5, np.nan, np.nan], None)).fit(correlated)
    np.testing.assert_array_equal(model.fit(frame).mean_, by_place.mean_)


def test_what_float16_does_not_hold_is_filled_in():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 1)) * [1.0, 1e4] + [0.0, 55_000.0]
    X[:, 1] += rng.standard_normal(60)
    imputer = GaussianImputer().fit(X)
    filled = imputer.transform(np.array([[9.0, np.nan]], np.float16))
    np.testing.assert_allclose(filled, imputer.transform([[9.0, np.nan]]))
    assert filled[0, 1] > np.finfo(np.float16).max


def _statistics(X):
    return SufficientStatistics(5.0, X[0], np.eye(2))


MASKED = np.ma.masked_array([[9.0, 1.0], [2.0, 3.0], [4.0, 7.0]], mask=[[1, 0], [0, 0], [0, 1]])
TAKERS = {
    "X": lambda X: GaussianGradientMLE().fit(X),
    "sample_weight": lambda X: GaussianGradientMLE().fit(X.data, sample_weight=X[:, 0]),
    "X_upper": lambda X: GaussianGradientMLE().fit(X.data, X_upper=X),
    "y": lambda X: GaussianRegressor().fit(X.data, X[:, 0]),
    "y_upper": lambda X: GaussianRegressor().fit(X.data, X.data[:, 0], y_upper=X[:, 0]),
    "mean_init": lambda X: GaussianGradientMLE(mean_init=X[0]).fit(X.data),
    "fixed_mean": lambda X: GaussianGradientMLE(fixed_mean=X[0]).fit(X.data),
    "reg_covar": lambda X: GaussianGradientMLE(reg_covar=X[0]).fit(X.data),
    "covariance_init": lambda X: GaussianGradientMLE(covariance_init=X[:2]).fit(X.data),
    "limit in censoring_limits": lambda X: GaussianGradientMLE(censoring_limits=(X[0], None)).fit(
        X.data
    ),
    "X of statistics": SufficientStatistics.from_array,
    "X of incomplete statistics": IncompleteStatistics.from_array,
    "sample_weight of statistics": lambda X: SufficientStatistics.from_array(X.data, X[:, 0]),
    "mean": lambda X: GaussianGradientMLE().fit_statistics(_statistics(X)),
}


@pytest.mark.parametrize("place", TAKERS)
def test_no_mask_is_ignored(place):
    name = place.split(" of ")[0]
    with pytest.raises(ValueError, match=rf"{name} is a masked array.*filled\(numpy\.nan\)"):
        TAKERS[place](MASKED)
