import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose
from pictures import assert_within_the_figure, legend_of

from skgauss import GaussianGradientMLE, IntervalDisplay


def ends_of(whiskers):
    return np.array([segment[:, 0] for segment in whiskers.get_segments()])


@pytest.mark.parametrize("parameters", ["mean", "scale"])
def test_points_and_whiskers_are_the_table(frame, parameters):
    model = GaussianGradientMLE(covariance_type="diag").fit(frame)
    display = IntervalDisplay.from_estimator(model, parameters=parameters)
    table = model.summary().iloc[:3] if parameters == "mean" else model.summary().iloc[3:]
    assert_allclose(display.points_[0].get_xdata(), table["estimate"])
    assert_allclose(ends_of(display.whiskers_[0]), table[["lower", "upper"]])
    labels = [label.get_text() for label in display.ax_.get_yticklabels()]
    assert labels == ["height", "width", "depth"]
    assert display.ax_.get_legend() is None


def test_correlations_by_both_methods(frame):
    model = GaussianGradientMLE().fit(frame)
    display = IntervalDisplay.from_estimator(model, level=0.5, method=["wald", "profile"])
    for whiskers, method in zip(display.whiskers_, ("wald", "profile"), strict=True):
        found = model.confidence_intervals(0.5, method=method).correlation
        assert_allclose(ends_of(whiskers), found[[0, 0, 1], [1, 2, 2]])
    assert legend_of(display) == ["wald", "profile"]
    assert display.names == ["height, width", "height, depth", "width, depth"]


@pytest.mark.parametrize("method", ["sandwich", ["wald", "sandwich"]])
def test_a_method_that_takes_rows(frame, method):
    with pytest.raises(ValueError, match="must be 'wald' or 'profile', got 'sandwich'"):
        IntervalDisplay.from_estimator(GaussianGradientMLE().fit(frame), method=method)


def test_several_fits_beside_each_other(frame):
    models = {n: GaussianGradientMLE().fit(frame[: int(n)]) for n in ("20", "60")}
    display = IntervalDisplay.from_estimator(models, method=["wald", "profile"])
    assert list(display.estimates) == ["20, wald", "20, profile", "60, wald", "60, profile"]
    heights = [points.get_ydata()[0] for points in display.points_]
    assert_allclose(np.mean(heights), 0.0, atol=1e-12)
    assert len(set(heights)) == 4


def test_an_infinite_whisker_leaves_the_picture():
    ends = {"": np.array([[-np.inf, 1.0], [0.0, 2.0]])}
    display = IntervalDisplay(estimates={"": np.array([0.5, 1.0])}, intervals=ends, names="ab")
    assert ends_of(display.plot().whiskers_[0])[0, 0] <= display.ax_.get_xlim()[0] < 0.0


def test_style_is_handed_on(table):
    model = GaussianGradientMLE().fit(table)
    display = IntervalDisplay.from_estimator(model, line_kwargs={"c": "red"})
    assert display.points_[0].get_color() == "red"


@pytest.mark.parametrize("covariance_type", ["diag", "spherical"])
def test_no_correlations_and_the_remedies(table, covariance_type):
    model = GaussianGradientMLE(covariance_type=covariance_type).fit(table)
    with pytest.raises(ValueError, match="no correlations to draw"):
        IntervalDisplay.from_estimator(model)
    for parameters in ("mean", "scale"):
        IntervalDisplay.from_estimator(model, parameters=parameters)
    IntervalDisplay.from_estimator(model.set_params(covariance_type="full").fit(table))


def test_what_no_interval_is_of(table):
    with pytest.raises(ValueError, match="got 'variance'"):
        IntervalDisplay.from_estimator(GaussianGradientMLE().fit(table), parameters="variance")


def test_the_axis_names_parameter_and_level(frame):
    model = GaussianGradientMLE().fit(frame)
    display = IntervalDisplay.from_estimator(model, level=0.9)
    assert display.ax_.get_xlabel() == "Correlation and its 90 % interval"
    assert display.zero_ is not None  # some correlations are positive, some negative
    display = IntervalDisplay.from_estimator(model, parameters="scale")
    assert display.ax_.get_xlabel().startswith("Standard deviation")
    assert display.zero_ is None


@pytest.mark.parametrize("n_fits", [1, 3])
def test_names_and_whiskers_have_room_and_a_page_is_high_enough(rng, n_fits):
    for d in (2, 4, 12 if n_fits == 1 else 7):  # 1, 6 and 66, or 21, correlations
        model = GaussianGradientMLE().fit(rng.standard_normal((100, d)))
        display = IntervalDisplay.from_estimator({f"fit {i}": model for i in range(n_fits)})
        display.figure_.draw_without_rendering()
        names = [name.get_window_extent() for name in display.ax_.get_yticklabels()]
        assert not any(one.overlaps(other) for one, other in itertools.pairwise(names))
        at = np.sort([y for points in display.points_ for y in points.get_ydata()])
        inches = display.ax_.transData.transform(np.column_stack((at, at)))[:, 1] / 100
        assert (np.abs(np.diff(inches)) > display.points_[0].get_markersize() / 72).all()
    if n_fits == 1:
        assert display.figure_.get_figheight() < 16


def test_the_first_and_the_last_row_lie_half_a_row_within(frame):
    display = IntervalDisplay.from_estimator(GaussianGradientMLE().fit(frame), parameters="mean")
    assert display.ax_.get_ylim() == (2.5, -0.5)


def test_a_parameter_of_which_nothing_is_known_is_hollow(rng):
    """No row shows both features, so that their correlation has no curvature, and no error."""
    apart = rng.standard_normal((80, 2))
    apart[:40, 0] = apart[40:, 1] = np.nan
    with pytest.warns(UserWarning, match="never observed in the same row"):
        model = GaussianGradientMLE().fit(apart)
    with pytest.warns(UserWarning, match="do not determine the correlation"):
        display = IntervalDisplay.from_estimator(model)
    hollow, _ = [line for line in display.ax_.lines if line.get_markerfacecolor() == "white"]
    assert_allclose(hollow.get_xydata(), display.points_[0].get_xydata())
    assert legend_of(display) == ["an end is not known"]
    with pytest.warns(UserWarning, match="do not determine the correlation"):
        display = IntervalDisplay.from_estimator(model, method=["wald", "profile"])
    assert legend_of(display) == ["wald", "profile", "an end is not known"]
    assert_allclose(ends_of(display.whiskers_[1]), [[-1.0, 1.0]], atol=1e-6)


def test_a_whisker_goes_to_the_end_that_is_known():
    ends = {"": np.array([[np.nan, 1.0], [0.0, 2.0]])}
    estimates = {"": np.array([0.5, 1.0])}
    display = IntervalDisplay(estimates=estimates, intervals=ends, names="ab").plot()
    assert_allclose(ends_of(display.whiskers_[0]), [[0.5, 1.0], [0.0, 2.0]])


def test_the_line_at_zero_lies_above_the_grid(frame):
    display = IntervalDisplay.from_estimator(GaussianGradientMLE().fit(frame))
    grid = display.ax_.xaxis.get_zorder()
    assert grid < display.zero_.get_zorder() <= display.whiskers_[0].get_zorder()


def test_a_legend_is_within_the_figure(rng):
    names = [f"the concentration of substance {number}" for number in range(3)]
    frame = pytest.importorskip("pandas").DataFrame(rng.standard_normal((50, 3)), columns=names)
    model = GaussianGradientMLE().fit(frame)
    labels = ["all samples", "what the second laboratory measured in the year after"]
    display = IntervalDisplay.from_estimator(
        dict.fromkeys(labels, model), method=["wald", "profile"]
    )
    assert_within_the_figure(display)


def test_long_names_leave_the_whiskers_half_of_the_width(rng):
    names = ["lead in the drinking water of the second site", "perfluorooctane_sulfonate", "pH"]
    frame = pytest.importorskip("pandas").DataFrame(rng.standard_normal((50, 3)), columns=names)
    display = IntervalDisplay.from_estimator(GaussianGradientMLE().fit(frame))
    assert_within_the_figure(display)
    assert display.ax_.bbox.width > display.figure_.bbox.width / 2
    boxes = [name.get_window_extent() for name in display.ax_.get_yticklabels()]
    assert not any(one.overlaps(other) for one, other in itertools.pairwise(boxes))


def test_a_power_of_ten_is_not_under_the_label(rng):
    """That of the ticks, which tells the unit."""
    model = GaussianGradientMLE().fit(1e-9 * rng.standard_normal((50, 2)))
    display = IntervalDisplay.from_estimator(model, parameters="scale")
    display.figure_.draw_without_rendering()
    power, label = display.ax_.xaxis.get_offset_text(), display.ax_.xaxis.label
    assert "9" in power.get_text()
    assert not power.get_window_extent().overlaps(label.get_window_extent())
    assert_within_the_figure(display)
