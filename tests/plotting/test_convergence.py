import matplotlib.pyplot as plt
import numpy as np
import pytest
from marks import each_family
from numpy.testing import assert_allclose
from oracles import as_matrix, closed_form, kl_divergence
from pictures import assert_within_the_figure, legend_of
from sklearn.exceptions import ConvergenceWarning

from skgauss import ConvergenceDisplay, GaussianGradientMLE


@pytest.mark.parametrize("ridge", [np.zeros(3), np.array([0.5, 0.1, 0.3])], ids=["mle", "ridge"])
@each_family
def test_gaps_are_divergences_from_the_closed_form(table, covariance_type, ridge):
    model = GaussianGradientMLE(
        solver="lbfgs", covariance_type=covariance_type, reg_covar=ridge, record_path=True
    ).fit(table)
    display = ConvergenceDisplay.from_estimator(model)
    mean, covariance = closed_form(table, covariance_type)
    # A shared variance is added the mean of the ridge.
    ridge = ridge.mean() if covariance_type == "spherical" else ridge
    target = mean, covariance + ridge * np.eye(3)
    expected = [
        kl_divergence(*target, mean, as_matrix(covariance, 3))
        for mean, covariance in zip(model.mean_path_, model.covariance_path_, strict=True)
    ]
    plotted = display.lines_[0].get_ydata()
    assert len(plotted) == model.n_iter_ + 1
    assert_allclose(plotted, np.maximum(expected, display.floor), rtol=1e-8, atol=1e-13)
    assert expected[0] > 0.1


def test_the_maximum_is_not_the_last_iterate(column):
    with pytest.warns(ConvergenceWarning):
        model = GaussianGradientMLE(
            solver="gradient", learning_rate=0.001, mean_init=4, max_iter=20
        ).fit(column)
    display = ConvergenceDisplay.from_estimator(model)
    best = GaussianGradientMLE(solver="closed-form").fit(column)
    gap = best.score(column) - model.score(column)
    assert_allclose(display.gaps[0][-1], gap, rtol=1e-10)
    assert gap > 1


def test_a_ridge_needs_the_path(table):
    model = GaussianGradientMLE(reg_covar=0.1).fit(table)
    with pytest.raises(ValueError, match="record_path=True"):
        ConvergenceDisplay.from_estimator(model)


def test_a_gap_of_rounding_is_drawn_at_the_floor(table):
    model = GaussianGradientMLE(solver="closed-form").fit(table)
    display = ConvergenceDisplay.from_estimator(model)
    display.figure_.draw_without_rendering()
    assert display.gaps[0][-1] <= display.floor
    assert display.lines_[0].get_ydata()[-1] == display.floor
    assert 0 < display.ax_.get_ylim()[0] < display.floor
    assert display.floor_.get_y() + display.floor_.get_height() == pytest.approx(display.floor)


def test_the_floor_is_rounding_of_the_log_likelihood(column):
    model = GaussianGradientMLE(solver="closed-form").fit(column)
    display = ConvergenceDisplay.from_estimator(model)
    assert_allclose(
        display.floor, np.finfo(float).eps * max(1, abs(model.log_likelihood_)), rtol=1e-12
    )


def test_no_floor_where_no_curve_reaches_it():
    display = ConvergenceDisplay(
        gaps=[np.array([1.0, 0.1])], stop_reasons=["max_iter"], names=["a"]
    )
    assert display.plot().floor_ is None


def test_negative_gaps_do_not_break_the_log_axis():
    gaps = np.array([1.0, -1e-17, 0.0])
    display = ConvergenceDisplay(gaps=[gaps], stop_reasons=["converged"], names=["a"]).plot()
    display.figure_.draw_without_rendering()
    assert display.ax_.get_yscale() == "log"
    assert display.lines_[0].get_ydata().min() == display.floor


def test_stop_reasons_have_their_markers_at_the_end():
    reasons = ["converged", "max_iter", "diverged", "stalled", "unbounded", "callback"]
    display = ConvergenceDisplay(
        gaps=[np.array([1.0, 0.5])] * 6, stop_reasons=reasons, names=list("abcdef")
    ).plot()
    assert len({line.get_marker() for line in display.lines_}) == 6
    assert len({line.get_color() for line in display.lines_}) == 6
    assert len({line.get_markersize() for line in display.lines_}) == 1  # a size means nothing
    assert all(line.get_markevery() == [-1] for line in display.lines_)
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert labels == [f"{n} ({r})" for n, r in zip("abcdef", reasons, strict=True)]


def test_a_divergent_fit_is_marked(column):
    # With rate > 4 s^2, the step from sigma^2 = rate / 2 makes sigma negative.
    model = GaussianGradientMLE(
        solver="gradient", learning_rate=0.05, mean_init=column.mean(), covariance_init=0.025
    )
    with pytest.warns(ConvergenceWarning, match="diverged"):
        model.fit(column)
    display = ConvergenceDisplay.from_estimator(model)
    assert display.stop_reasons == ["diverged"]
    assert display.lines_[0].get_marker() == "X"


def test_names_are_the_parameters_that_differ(column):
    models = [
        GaussianGradientMLE(solver="gradient", learning_rate=rate, mean_init=5).fit(column)
        for rate in (0.004, "auto")
    ]
    display = ConvergenceDisplay.from_estimator(models)
    assert display.names == ["learning_rate=0.004", "learning_rate='auto'"]
    assert ConvergenceDisplay.from_estimator(models[0]).names == ["GaussianGradientMLE"]
    models[0].set_params(record_path=True)
    assert ConvergenceDisplay.from_estimator(models).names == display.names


def test_names_may_be_given(column):
    model = GaussianGradientMLE().fit(column)
    assert ConvergenceDisplay.from_estimator({"a": model, "b": model}).names == ["a", "b"]
    assert ConvergenceDisplay.from_estimator((model,), names=["c"]).names == ["c"]
    with pytest.raises(ValueError, match="2 names for 1"):
        ConvergenceDisplay.from_estimator(model, names=["a", "b"])


def test_no_estimator_has_no_picture():
    with pytest.raises(ValueError, match="no estimator"):
        ConvergenceDisplay.from_estimator([])


def test_names_hold_the_digits_that_matter(column):
    rates = np.geomspace(0.3, 0.9, 3)
    models = [GaussianGradientMLE(learning_rate=rate).fit(column) for rate in rates]
    display = ConvergenceDisplay.from_estimator(models)
    assert display.names == [f"learning_rate={rate:.4g}" for rate in rates]


def test_styles_may_have_short_names(column):
    model = GaussianGradientMLE().fit(column)
    display = ConvergenceDisplay.from_estimator(model, line_kwargs={"lw": 3, "c": "black"})
    assert display.lines_[0].get_linewidth() == 3
    assert display.lines_[0].get_color() == "black"


def test_a_legend_of_many_parameters_is_within_the_figure(column):
    models = [
        GaussianGradientMLE(
            solver="gradient", parametrization="covariance", mean_init=5, max_iter=2
        ),
        GaussianGradientMLE(solver="coordinate", parametrization="log-scale", covariance_init=1.0),
    ]
    with pytest.warns(ConvergenceWarning):
        display = ConvergenceDisplay.from_estimator([model.fit(column) for model in models])
    assert_within_the_figure(display)
    for told, name, reason in zip(
        legend_of(display), display.names, display.stop_reasons, strict=True
    ):
        assert told.replace("\n", " ") == f"{name} ({reason})"  # no word is broken


@pytest.mark.parametrize("size", [10, 14])
def test_a_legend_leaves_the_label_of_the_axis_free(size):
    display = ConvergenceDisplay(gaps=[[1.0, 0.5]], stop_reasons=["converged"], names=["a"])
    with plt.rc_context({"font.size": size}):
        display.plot()
        display.figure_.draw_without_rendering()
    label = display.ax_.xaxis.label.get_window_extent()
    assert display.ax_.get_legend().get_window_extent().y1 < label.y0


@pytest.mark.parametrize("width", [3.4, 6.4])
def test_a_legend_covers_no_curve_where_the_layout_makes_room(width):
    gaps = [np.geomspace(1, 10.0**-k, 5) for k in range(4)]
    display = ConvergenceDisplay(gaps=gaps, stop_reasons=["converged"] * 4, names=list("abcd"))
    ax = plt.subplots(figsize=(width, 2.8), layout="constrained")[1]
    assert_within_the_figure(display.plot(ax=ax))
    assert ax.get_legend().get_window_extent().y1 < ax.get_window_extent().y0
    display.plot(ax=plt.subplots()[1])
    assert_within_the_figure(display)  # inside the axes: nothing would make room below them


def test_a_legend_of_many_names_covers_no_curve():
    gaps = [np.geomspace(1, 10.0**-k, 5) for k in range(4)]
    many = ConvergenceDisplay(gaps=5 * gaps, stop_reasons=["stalled"] * 20, names=["x"] * 20)
    assert_within_the_figure(many.plot(ax=plt.subplots(layout="constrained")[1]))
    assert_within_the_figure(many.plot())
    assert many.ax_.get_legend().get_window_extent().y1 < many.ax_.get_window_extent().y0


@pytest.mark.parametrize("gaps", [[3.05, 3.04], [4e-7, 3.9e-7], [2.0, 0.9], [1.758418, 1.758417]])
def test_ticks_of_a_narrow_range_are_plain_numbers(gaps):
    display = ConvergenceDisplay(gaps=[np.array(gaps)], stop_reasons=["max_iter"], names=["a"])
    display.plot()
    display.figure_.draw_without_rendering()
    low, high = display.ax_.get_ylim()
    ticks = {
        tick.label1.get_text(): tick.get_loc()
        for tick in display.ax_.yaxis.get_major_ticks() + display.ax_.yaxis.get_minor_ticks()
        if low <= tick.get_loc() <= high
    }
    assert len(ticks) >= 2
    for text, height in ticks.items():
        assert float(text.replace("\N{MINUS SIGN}", "-")) == pytest.approx(height, rel=1e-9)
