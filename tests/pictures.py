"""Checks of what a reader sees in a figure."""


def legend_of(display):
    """The texts in the legend of a display."""
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


def assert_within_the_figure(display):
    """Check that no part of the axes, their texts and their legend is cut off."""
    figure = display.figure_
    figure.draw_without_rendering()
    drawn, page = display.ax_.get_tightbbox(figure.canvas.get_renderer()), figure.bbox
    assert page.x0 <= drawn.x0 < drawn.x1 <= page.x1
    assert page.y0 <= drawn.y0 < drawn.y1 <= page.y1
