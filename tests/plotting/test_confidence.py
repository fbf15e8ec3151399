import numpy as np
import pytest
from numpy.testing import assert_allclose

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
    legend = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert legend == ["wald", "profile"]
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
    assert ends_of(display.plot().whiskers_[0])[0, 0] < 0.0


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
    assert display.ax_.get_xlabel() == "Correlation, with its 0.9 interval"
    assert display.zero_ is not None  # some correlations are positive, some negative
    display = IntervalDisplay.from_estimator(model, parameters="scale")
    assert display.ax_.get_xlabel().startswith("Standard deviation")
    assert display.zero_ is None


def test_a_figure_is_as_high_as_its_rows_need(rng):
    heights = []
    for d in (3, 8):  # 3 and 28 correlations
        model = GaussianGradientMLE().fit(rng.standard_normal((100, d)))
        heights.append(IntervalDisplay.from_estimator(model).figure_.get_figheight())
    assert np.diff(heights)[0] > 25 * 0.3
