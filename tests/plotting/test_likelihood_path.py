import warnings

import matplotlib.pyplot as plt
import numpy as np
import pytest
from marks import each_family, each_value
from models import fit_quietly
from numpy.testing import assert_allclose
from scipy import stats
from sklearn.exceptions import ConvergenceWarning

from skgauss import GaussianGradientMLE, LikelihoodPathDisplay
from skgauss.datasets import load_michelson


def climb(X, rate="auto", **parameters):
    parameters = {"solver": "gradient", "mean_init": 4.0, "max_iter": 50} | parameters
    model = GaussianGradientMLE(learning_rate=rate, record_path=True, **parameters)
    return fit_quietly(model, X)


def test_the_map_is_the_average_log_likelihood(column):
    display = LikelihoodPathDisplay.from_estimator(climb(column), grid_resolution=7)
    expected = [
        [stats.norm(mean, scale).logpdf(column).mean() for mean in display.mean]
        for scale in display.scale
    ]
    assert_allclose(display.log_likelihood, expected, rtol=1e-10)
    assert_allclose(display.maximum, (column.mean(), column.std()), rtol=1e-12)
    best = stats.norm(column.mean(), column.std()).logpdf(column).mean()
    assert_allclose(display.max_log_likelihood, best, rtol=1e-12)


@pytest.mark.parametrize("covariance_type", ["full", "diag"])
def test_of_several_features_the_map_is_marginal(table, covariance_type):
    model = climb(table, covariance_type=covariance_type, solver="lbfgs")
    display = LikelihoodPathDisplay.from_estimator(model, feature=2, grid_resolution=5)
    expected = [
        [stats.norm(mean, scale).logpdf(table[:, 2]).mean() for mean in display.mean]
        for scale in display.scale
    ]
    assert_allclose(display.log_likelihood, expected, rtol=1e-10)
    assert_allclose(display.maximum, (model.mean_[2], model.scale_[2]), rtol=1e-5)


def test_of_a_shared_scale_the_map_is_a_slice_of_the_whole(table):
    model = climb(table, covariance_type="spherical", solver="lbfgs")
    display = LikelihoodPathDisplay.from_estimator(model, feature=1, grid_resolution=5)
    best = table.mean(axis=0)
    expected = [
        [
            stats.norm([best[0], mean, best[2]], scale).logpdf(table).sum(axis=1).mean()
            for mean in display.mean
        ]
        for scale in display.scale
    ]
    assert_allclose(display.log_likelihood, expected, rtol=1e-10)
    assert_allclose(display.maximum, (model.mean_[1], model.scale_[1]), rtol=1e-5)
    assert display.max_log_likelihood == pytest.approx(model.log_likelihood_, rel=1e-9)


def test_a_ridge_is_part_of_the_maximum(column):
    model = climb(column, reg_covar=0.25, solver="natural")
    display = LikelihoodPathDisplay.from_estimator(model)
    assert_allclose(display.maximum[1], np.sqrt(column.var() + 0.25), rtol=1e-12)
    assert_allclose(display.path[-1], display.maximum, rtol=1e-5)


@each_family
def test_the_path_is_the_recorded_one(table, covariance_type):
    model = climb(table, covariance_type=covariance_type)
    display = LikelihoodPathDisplay.from_estimator(model, feature=1, grid_resolution=5)
    assert display.path.shape == (model.n_iter_ + 1, 2)
    assert_allclose(np.column_stack(display.path_.get_data()), display.path)
    assert_allclose(display.path[:, 0], model.mean_path_[:, 1])
    assert_allclose(display.path[0], (4.0, 1.0))
    assert_allclose(display.path[-1], (model.mean_[1], model.scale_[1]), rtol=1e-12)
    assert_allclose(np.ravel(display.start_.get_data()), display.path[0])
    assert_allclose(np.ravel(display.end_.get_data()), display.path[-1])
    assert_allclose(np.ravel(display.maximum_.get_data()), display.maximum)


def test_the_map_shows_path_and_maximum(column):
    display = LikelihoodPathDisplay.from_estimator(climb(column, 0.05))
    display.figure_.draw_without_rendering()
    points = np.vstack((display.path, display.maximum))
    for values, (low, high) in zip(
        points.T, (display.ax_.get_xlim(), display.ax_.get_ylim()), strict=True
    ):
        assert low < values.min() < values.max() < high
    assert display.ax_.get_yscale() == "log"


BOUNDS = {
    "scale": lambda s: s**2,
    "log-scale": lambda s: np.minimum(1, 2 * s**2),
    "covariance": lambda s: np.minimum(2 * s**2, 4 * s**4),
    "precision": lambda s: np.minimum(2 * s**2, 4 / s**4),
}


@pytest.mark.parametrize("parametrization", BOUNDS)
def test_bounds_of_one_feature_are_the_textbook_ones(column, parametrization):
    model = climb(column, 1e-4, parametrization=parametrization)
    display = LikelihoodPathDisplay.from_estimator(model, scale_limits=(0.01, 10))
    assert_allclose(display.bounds, BOUNDS[parametrization](display.scale), rtol=1e-10)


@each_family
def test_bounds_are_those_of_data_of_that_scale(table, covariance_type):
    """Rescale the feature (where it shares its scale, all) and fit again."""
    model = climb(table, 1e-3, covariance_type=covariance_type)
    display = LikelihoodPathDisplay.from_estimator(model, feature=1, grid_resolution=4)
    scaled = slice(None) if covariance_type == "spherical" else 1
    for scale, bound in zip(display.scale, display.bounds, strict=True):
        other = table.copy()
        other[:, scaled] *= scale / display.maximum[1]
        fit = GaussianGradientMLE(
            covariance_type=covariance_type, solver="lbfgs", mean_init=other.mean(axis=0)
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            assert_allclose(bound, fit.fit(other).learning_rate_bound_, rtol=1e-8)


def test_no_unit_changes_the_bound_of_the_natural_gradient(column):
    display = LikelihoodPathDisplay.from_estimator(climb(column, 0.5, solver="natural"))
    assert (display.bounds == 2).all()
    assert display.unstable_ is None


def test_the_hatched_region_is_where_the_rate_is_unstable(column):
    rate = 0.04
    display = LikelihoodPathDisplay.from_estimator(climb(column, rate), scale_limits=(0.05, 1))
    vertices = display.unstable_.get_paths()[0].vertices
    assert_allclose(vertices[:, 1].max(), np.sqrt(rate), rtol=2e-3)
    assert_allclose(vertices[:, 1].min(), 0.05)
    title = display.ax_.get_title()
    assert title == f"Learning rate 0.04 ≥ bound {column.var():.3g}"


@pytest.mark.parametrize(("share", "settles"), [(0.9, True), (1.1, False)])
def test_a_climb_settles_where_its_maximum_is_not_hatched(column, share, settles):
    """The claim of the picture, put to the test."""
    rate = share * column.var()
    model = climb(column, rate, mean_init=column.mean(), covariance_init=1.01 * column.var())
    display = LikelihoodPathDisplay.from_estimator(model)
    at_maximum = np.interp(display.maximum[1], display.scale, display.bounds)
    assert (rate < at_maximum) == settles
    distances = np.abs(np.log(display.path[:, 1] / display.maximum[1]))
    assert (distances[-1] < 0.1 * distances[0]) == settles


def test_without_a_constant_rate_there_is_no_region(column):
    display = LikelihoodPathDisplay.from_estimator(climb(column))
    assert display.bounds is None
    assert display.unstable_ is None
    assert display.ax_.get_title() == ""


@each_value(
    climbs=[(0.005, 299.8, 0.01), (0.01, 299.0, 1.0), (0.003, 300.0, 0.04), ("auto", 299.7, 0.003)],
    layout=[None, "constrained"],
)
def test_the_legend_covers_no_mark_on_narrow_axes(climbs, layout):
    rate, mean, variance = climbs
    light = load_michelson().data
    fit = climb(light, rate, mean_init=mean, covariance_init=variance, max_iter=200)
    figure, ax = plt.subplots(figsize=(3.4, 2.6), layout=layout)
    display = LikelihoodPathDisplay.from_estimator(fit, ax=ax, grid_resolution=20)
    figure.draw_without_rendering()
    legend = ax.get_legend().get_window_extent()
    marks = ax.transData.transform((display.path[0], display.path[-1], display.maximum))
    assert not any(legend.contains(*mark) for mark in marks)


def test_a_path_must_have_been_recorded(column):
    with pytest.raises(ValueError, match="record_path=True"):
        LikelihoodPathDisplay.from_estimator(GaussianGradientMLE().fit(column))


def test_features_by_name(frame):
    display = LikelihoodPathDisplay.from_estimator(climb(frame, max_iter=3), feature="depth")
    assert display.maximum[0] == pytest.approx(frame["depth"].mean())
    assert display.ax_.get_xlabel() == "Mean of depth"
    with pytest.raises(ValueError, match="'length' is not among the features"):
        LikelihoodPathDisplay.from_estimator(climb(frame, max_iter=3), feature="length")


def test_the_only_feature_without_a_name_has_no_number(column):
    display = LikelihoodPathDisplay.from_estimator(climb(column))
    assert display.ax_.get_xlabel() == "Mean"


@pytest.mark.parametrize("unit", [1e-12, 1e12])
def test_extreme_units_are_drawn(column, unit):
    display = LikelihoodPathDisplay.from_estimator(climb(column * unit, solver="natural"))
    display.figure_.draw_without_rendering()
    assert display.contours_.levels[-1] > 1
    assert len(display.colorbar_.get_ticks()) < 12


def test_the_map_is_light_at_the_maximum_and_darkens_away_from_it(column):
    contours = LikelihoodPathDisplay.from_estimator(climb(column)).contours_
    luminance = contours.to_rgba(contours.levels)[:, :3] @ (0.2126, 0.7152, 0.0722)
    assert np.all(np.diff(luminance) < 0)


def test_a_climb_that_starts_at_the_maximum_is_drawn(column):
    model = climb(column, mean_init=column.mean(), covariance_init=column.var())
    display = LikelihoodPathDisplay.from_estimator(model)
    display.figure_.draw_without_rendering()
    assert len(display.path) == 1


def test_limits_and_styles_are_respected(column):
    display = LikelihoodPathDisplay.from_estimator(
        climb(column, 0.05),
        mean_limits=(4.5, 5.5),
        scale_limits=(0.01, 1),
        contour_kwargs={"cmap": "cividis"},
        path_kwargs={"color": "black"},
    )
    assert display.ax_.get_xlim() == (4.5, 5.5)
    assert_allclose(display.ax_.get_ylim(), (0.01, 1))
    assert display.contours_.get_cmap().name == "cividis"
    assert display.path_.get_color() == "black"


@pytest.mark.parametrize(
    "limits",
    [
        {"scale_limits": (-1, 1)},
        {"scale_limits": (1, 0.01)},
        {"mean_limits": np.array([5.5, 4.5])},
        {"grid_resolution": 1},
    ],
)
def test_limits_that_do_not_ascend(column, limits):
    with pytest.raises(ValueError, match="must be increasing"):
        LikelihoodPathDisplay.from_estimator(climb(column, 0.005), **limits)
