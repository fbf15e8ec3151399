import numpy as np
import pytest
from marks import each_family
from numpy.testing import assert_allclose

from skgauss import GaussianEllipseDisplay, GaussianGradientMLE


def outline(ellipse):
    return ellipse.get_xy()


@each_family
def test_points_of_an_ellipse_are_at_its_mahalanobis_distance(table, covariance_type):
    pair = table[:, [2, 0]]
    model = GaussianGradientMLE(covariance_type=covariance_type).fit(pair)
    display = GaussianEllipseDisplay.from_estimator(model, pair)
    for n_std, ellipse in zip((1, 2, 3), display.ellipses_, strict=True):
        assert_allclose(model.mahalanobis(outline(ellipse)), n_std**2, rtol=1e-10)


@each_family
def test_of_many_features_it_is_the_marginal_pair(table, covariance_type):
    model = GaussianGradientMLE(covariance_type=covariance_type).fit(table)
    display = GaussianEllipseDisplay.from_estimator(model, table, features=(2, 1))
    draws = model.sample(200_000, random_state=0)[:, [2, 1]]
    assert_allclose(display.mean, model.mean_[[2, 1]])
    assert_allclose(display.covariance, np.cov(draws.T), atol=0.05)
    assert_allclose(display.points_.get_offsets(), table[:, [2, 1]])
    assert_allclose(np.ravel(display.center_.get_data()), model.mean_[[2, 1]])


def test_labels_tell_the_probability_in_two_dimensions(table):
    display = GaussianEllipseDisplay.from_estimator(GaussianGradientMLE().fit(table))
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    draws = np.random.default_rng(0).standard_normal((400_000, 2))
    inside = [(np.linalg.norm(draws, axis=1) < n_std).mean() for n_std in (1, 2, 3)]
    told = [float(label.split(": ")[1].rstrip("%")) / 100 for label in labels]
    assert_allclose(told, inside, atol=0.003)


def test_names_choose_features_and_label_the_axes(frame):
    model = GaussianGradientMLE().fit(frame)
    display = GaussianEllipseDisplay.from_estimator(model, frame, features=("depth", 0))
    assert_allclose(display.mean, model.mean_[[2, 0]])
    assert display.ax_.get_xlabel() == "depth"
    assert display.ax_.get_ylabel() == "height"


@pytest.mark.parametrize("features", [(0, 0), (0,), (0, 1, 2)])
def test_features_must_be_two(table, features):
    with pytest.raises(ValueError, match=r"two different features|is given twice"):
        GaussianEllipseDisplay.from_estimator(GaussianGradientMLE().fit(table), features=features)


def test_unknown_features_are_refused(table, frame):
    model = GaussianGradientMLE().fit(table)
    with pytest.raises(ValueError, match="not an index from 0 to 2"):
        GaussianEllipseDisplay.from_estimator(model, features=(0, 3))
    with pytest.raises(ValueError, match="without feature names"):
        GaussianEllipseDisplay.from_estimator(model, features=("height", "width"))
    with pytest.raises(ValueError, match=r"'length' is not among the features \['height', 'width'"):
        GaussianEllipseDisplay.from_estimator(
            GaussianGradientMLE().fit(frame), features=("height", "length")
        )


def test_one_feature_has_no_ellipse(column):
    with pytest.raises(ValueError, match="needs two features"):
        GaussianEllipseDisplay.from_estimator(GaussianGradientMLE().fit(column))


def test_other_data_are_refused(table):
    with pytest.raises(ValueError, match="2 features"):
        GaussianEllipseDisplay.from_estimator(GaussianGradientMLE().fit(table), table[:, :2])


def test_distances_and_styles_are_respected(table):
    model, styles = GaussianGradientMLE().fit(table), {"ellipse_kwargs": {"linewidth": 4}}
    styles["scatter_kwargs"] = {"s": 50, "linewidths": 2, "ec": "red"}
    display = GaussianEllipseDisplay.from_estimator(model, table, n_std=(2.5,), **styles)
    assert [ellipse.get_linewidth() for ellipse in display.ellipses_] == [4]
    assert display.points_.get_sizes() == [50]
    assert display.points_.get_linewidths() == [2]
    assert tuple(display.points_.get_edgecolors()[0, :3]) == (1, 0, 0)
    assert len(display.plot().ellipses_) == 3


def test_the_view_holds_all_ellipses(table):
    display = GaussianEllipseDisplay.from_estimator(GaussianGradientMLE().fit(table))
    display.figure_.draw_without_rendering()
    assert display.points_ is None
    points = outline(display.ellipses_[-1])
    for values, (low, high) in zip(
        points.T, (display.ax_.get_xlim(), display.ax_.get_ylim()), strict=True
    ):
        assert low < values.min() < values.max() < high


def test_one_distance_colours_of_points_and_what_is_no_distance(table):
    model = GaussianGradientMLE().fit(table)
    display = GaussianEllipseDisplay.from_estimator(
        model, table, n_std=2, scatter_kwargs={"c": np.arange(len(table))}
    )
    assert len(display.ellipses_) == 1
    assert len(display.points_.get_array()) == len(table)
    for n_std in (0, (-1, 2)):
        with pytest.raises(ValueError, match="must be positive"):
            display.plot(n_std=n_std)
    with pytest.raises(ValueError, match="two different features"):
        GaussianEllipseDisplay.from_estimator(model, features=0)


def test_the_region_of_the_mean(rng):
    """Of complete data by Hotelling; where the second misses values by regression on the first."""
    X = rng.standard_normal((80, 2)) @ [[1.0, 0.8], [0.0, 0.6]]
    quantile = -2 * np.log(0.05)  # of chi-square with two degrees of freedom
    for n_missing in (0, 30):
        X[:n_missing, 1] = np.nan
        model = GaussianGradientMLE(tol=1e-9).fit(X)
        display = GaussianEllipseDisplay.from_estimator(model, X, confidence=0.95)
        covariance = display.mean_covariance
        s = model.covariance_
        # The mean of the second is a + b times that of the first, and a and b owe it nothing.
        assert_allclose(covariance[0], s[0] / 80, rtol=1e-6)
        assert_allclose(np.diag(covariance), model.standard_errors().mean ** 2, rtol=1e-9)
        away = display.region_.get_xy()[:-1] - model.mean_
        squared = np.einsum("ij,jk,ik->i", away, np.linalg.inv(covariance), away)
        assert_allclose(squared, quantile, rtol=1e-9)
    assert GaussianEllipseDisplay.from_estimator(model).region_ is None


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95])
def test_what_is_no_confidence(table, confidence):
    model = GaussianGradientMLE().fit(table)
    with pytest.raises(ValueError, match=r"confidence=\S+ must be between 0 and 1"):
        GaussianEllipseDisplay.from_estimator(model, confidence=confidence)


@pytest.mark.parametrize("covariance_type", ["diag", "spherical"])
def test_uncorrelated_means(table, covariance_type):
    model = GaussianGradientMLE(covariance_type=covariance_type).fit(table)
    display = GaussianEllipseDisplay.from_estimator(model, confidence=0.9)
    assert_allclose(display.mean_covariance, np.diag(model.scale_[:2] ** 2) / len(table))


def test_points_at_a_limit_are_hollow(rng):
    """A Gaussian reaches beyond its limits, where what is drawn at them would look wrong."""
    X = rng.standard_normal((200, 2))
    X[:, 0], X[:, 1] = X[:, 0].clip(-0.5), X[:, 1].clip(None, 2.0)
    model = GaussianGradientMLE(censoring_limits=([-0.5, np.nan], [np.nan, 2.0])).fit(X)
    display = GaussianEllipseDisplay.from_estimator(model, X)
    limited = (X[:, 0] == -0.5) | (X[:, 1] >= 2.0)
    assert limited.any()
    np.testing.assert_array_equal(display.limited_.get_offsets(), X[limited])
    np.testing.assert_array_equal(display.points_.get_offsets(), X[~limited])
    assert not len(display.limited_.get_facecolor())
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert labels[-1] == "at a limit or in an interval"
    n = len(X)
    for style in (
        {"color": "red"}, {"c": np.arange(n)}, {"s": np.arange(n)}, {"label": "rows"},
        {"alpha": np.linspace(0, 1, n)}, {"marker": "x"},
    ):  # fmt: skip
        styled = GaussianEllipseDisplay.from_estimator(model, X, scatter_kwargs=style)
        styled.figure_.draw_without_rendering()
        assert len(styled.limited_.get_offsets()) == limited.sum()
        labels = [text.get_text() for text in styled.ax_.get_legend().get_texts()]
        assert labels[-1] == "at a limit or in an interval"
    within = GaussianEllipseDisplay.from_estimator(model, X[~limited])
    assert within.limited_ is None


def test_points_in_an_interval_are_hollow_at_its_finite_end_or_in_its_middle(rng):
    X = rng.standard_normal((60, 3))
    low, high = X.copy(), X.copy()
    low[:9, 0], high[:9, 0] = np.nan, X[:9, 0] + 0.3
    high[9:18, 2] = np.inf
    low[18:27, 2], high[18:27, 2] = np.floor(X[18:27, 2]), np.floor(X[18:27, 2]) + 1
    low[27:30, 1], high[27:30, 1] = np.nan, X[27:30, 1] + 0.3  # of a feature that is not drawn
    low[30, 0] = high[30, 0] = np.nan  # which is missing
    model = GaussianGradientMLE().fit(low, X_upper=high)
    display = GaussianEllipseDisplay.from_estimator(model, low, X_upper=high, features=(2, 0))
    expected = X[:27, [2, 0]]
    expected[:9, 1] += 0.3
    expected[18:, 0] = np.floor(expected[18:, 0]) + 0.5
    assert_allclose(display.limited_.get_offsets(), expected)
    exact = X[27:, [2, 0]]
    exact[3] = np.nan
    assert_allclose(np.ma.filled(display.points_.get_offsets(), np.nan), exact)
    assert_allclose(display.plot().limited_.get_offsets(), expected)
    with pytest.warns(UserWarning, match="Pass X_upper too"):
        GaussianEllipseDisplay.from_estimator(model, high)


def test_ends_given_by_hand():
    """An interval with one end is drawn there, whichever it is."""
    X, upper = np.array([[1.0, 2.0], [np.nan, 4.0], [4.5, 6.0]]), [[1, 2], [3, 4], [np.nan, 6]]
    style = {"mean": np.zeros(2), "covariance": np.eye(2), "X": X}
    display = GaussianEllipseDisplay(**style, X_upper=upper).plot()
    assert_allclose(display.limited_.get_offsets(), [[3.0, 4.0], [4.5, 6.0]])
    assert_allclose(display.points_.get_offsets(), [[1.0, 2.0]])
    assert GaussianEllipseDisplay(**style).plot().limited_ is None


def test_a_frame_of_dask_is_drawn_as_that_of_pandas(frame):
    dd = pytest.importorskip("dask.dataframe")
    model = GaussianGradientMLE(censoring_limits=(None, {"height": 1.5})).fit(frame)
    lazy = GaussianEllipseDisplay.from_estimator(model, dd.from_pandas(frame, npartitions=2))
    display = GaussianEllipseDisplay.from_estimator(model, frame)
    for one, other in ((lazy.points_, display.points_), (lazy.limited_, display.limited_)):
        assert_allclose(one.get_offsets(), other.get_offsets())


def test_upper_ends_without_lower_ones_are_refused():
    X = np.random.default_rng(0).standard_normal((30, 2))
    model = GaussianGradientMLE().fit(X)
    with pytest.raises(ValueError, match="X_upper holds the upper ends of X"):
        GaussianEllipseDisplay.from_estimator(model, X_upper=X)
