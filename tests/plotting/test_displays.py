"""What all displays have in common."""

import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skgauss
from skgauss import GaussianGradientMLE, plotting


@pytest.fixture(params=plotting.__all__)
def draw(request, table):
    """A function that draws an estimator, with the rows if the display is nothing without."""
    from_estimator = getattr(plotting, request.param).from_estimator
    rows = [table] if request.param == "QQDisplay" else []
    return lambda estimator, **options: from_estimator(estimator, *rows, **options)


@pytest.fixture
def model(table):
    return GaussianGradientMLE(record_path=True).fit(table)


@pytest.mark.parametrize("name", plotting.__all__)
def test_displays_are_top_level_names(name):
    assert getattr(skgauss, name) is getattr(plotting, name)
    assert name in skgauss.__all__


def test_a_missing_matplotlib_is_named_with_the_extra(monkeypatch, request, draw, model):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    name = request.node.callspec.params["draw"]
    with pytest.raises(ImportError, match=rf'{name}.*matplotlib.*"skgauss\[plot\]"'):
        draw(model)


def test_axes_are_those_given_or_new(draw, model):
    figure, ax = plt.subplots()
    display = draw(model, ax=ax)
    assert display.ax_ is ax
    assert display.figure_ is figure
    assert plt.get_fignums() == [figure.number]
    assert display.plot() is display
    assert display.ax_ is not ax


@pytest.mark.parametrize("shape", [(2, 3), (6,)])
def test_one_of_several_axes_is_to_be_passed(draw, model, shape):
    _, axes = plt.subplots(2, 3)
    several = axes.reshape(shape)
    with pytest.raises(TypeError) as caught:
        draw(model, ax=several)
    assert f"got ndarray of shape {shape}. If plt.subplots" in str(caught.value)
    assert draw(model, ax=several.flat[0]).ax_ is axes[0, 0]
    with pytest.raises(TypeError, match="must be one matplotlib Axes, got list"):
        draw(model, ax=list(several))
    with pytest.raises(TypeError, match="must be one matplotlib Axes, got Figure"):
        draw(model, ax=several.flat[0].figure)


def test_what_is_not_fitted_has_no_picture(draw):
    with pytest.raises(NotFittedError):
        draw(GaussianGradientMLE())


def test_a_pipeline_is_told_to_hand_over_its_last_step(draw, model, table):
    pipeline = make_pipeline(StandardScaler(), model).fit(table)
    with pytest.raises(TypeError, match=r"got Pipeline; pass its last step, pipeline\[-1\]"):
        draw(pipeline)


@pytest.mark.parametrize("display", [plotting.GaussianEllipseDisplay, plotting.QQDisplay])
@pytest.mark.parametrize("layout", [None, "constrained"])
def test_narrow_axes_hold_their_legend_and_the_label_below_them(display, layout):
    rows = np.random.default_rng(0).standard_t(3, (150, 2))
    model = GaussianGradientMLE().fit(rows)
    figure, axes = plt.subplots(1, 3, figsize=(9, 3), layout=layout)
    for ax in axes:
        display.from_estimator(model, rows, ax=ax)
    figure.draw_without_rendering()
    for ax in axes:
        area, legend = ax.get_window_extent(), ax.get_legend().get_window_extent()
        assert area.x0 <= legend.x0 < legend.x1 <= area.x1
        label = ax.xaxis.label.get_window_extent()
        assert area.x0 <= label.x0 < label.x1 <= area.x1
