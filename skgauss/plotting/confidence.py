"""Estimates as points and their confidence intervals as whiskers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np

from .._typing import Array
from .._wording import percent
from ..inference import check_fitted, check_method
from ..rows import feature_names
from .style import (
    GREY,
    INK,
    LEGEND_LINE_HEIGHT,
    PALETTE,
    Display,
    axes_of,
    in_lines,
    pyplot_for,
    styled,
)

_WHISKER_SPREAD = 0.7  # share of a parameter's height over which its whiskers are spread
_FRAME_HEIGHT = 0.9  # inches of height for the margins and for the axis below the whiskers
_WHISKER_HEIGHT = 0.15  # inches of height for each whisker
# Inches of height for a line of a name, one and a half times that of its letters.
_NAME_HEIGHT = 0.2
_NAME_WIDTH = 28  # most characters of such a line: the whiskers keep more than half of the width
_LEGEND_COLUMN_WIDTH = 36  # most characters of a line in each of the two columns of the legend
_OVERHANG = 0.2  # how far an infinite whisker passes all finite ends, as a share of their range


@dataclass(kw_only=True, eq=False, repr=False)
class IntervalDisplay(Display):
    """Means, standard deviations or correlations with their confidence intervals.

    It is recommended to use :meth:`from_estimator` to create a display. Several estimators compare
    fits to different data, and both methods show where Wald and profile intervals differ.

    Parameters
    ----------
    estimates : dict of str to ndarray of shape (n_parameters,)
        The estimates, by their label in the legend.
    intervals : dict of str to ndarray of shape (n_parameters, 2)
        Lower and upper ends of their intervals, by the same labels.
    names : sequence of str
        Names of the parameters, from top to bottom.
    label : str, default=None
        Label of the axis.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the picture.
    figure_ : matplotlib Figure
        Figure of the picture.
    points_ : list of matplotlib Line2D
        The points, one line for each label. A point is hollow if an end is not known (NaN).
    whiskers_ : list of matplotlib LineCollection
        The whiskers, in the same order. One with an infinite end runs to the edge of the picture.
    zero_ : matplotlib Line2D or None
        A line at zero, if zero is within the limits of the axis.

    See Also
    --------
    GaussianGradientMLE.summary : The numbers, as a table.
    GaussianGradientMLE.confidence_intervals : How the two methods work.

    Examples
    --------
    >>> import numpy as np
    >>> from skgauss import GaussianGradientMLE, IntervalDisplay
    >>> X = np.random.default_rng(0).standard_normal((50, 3))
    >>> display = IntervalDisplay.from_estimator(GaussianGradientMLE().fit(X))
    >>> display.names
    ['feature 0, feature 1', 'feature 0, feature 2', 'feature 1, feature 2']
    """

    estimates: dict[str, Array]
    intervals: dict[str, Array]
    names: Sequence[str]
    label: str | None = None

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        parameters: Literal["mean", "scale", "correlation"] = "correlation",
        level: float = 0.95,
        method: Literal["wald", "profile"] | Sequence[Literal["wald", "profile"]] = "wald",
        ax: Any = None,
        line_kwargs: dict[str, Any] | None = None,
    ) -> Self:
        """Plot the intervals of a fitted estimator, or of several.

        Parameters
        ----------
        estimator : GaussianGradientMLE, or dict of str to GaussianGradientMLE
            Fitted estimators of the same features. The keys of a dict are labels.
        parameters : {"mean", "scale", "correlation"}, default="correlation"
            Which parameters to draw.
        level : float, default=0.95
            Probability, between 0 and 1, with which an interval should cover its parameter.
        method : {"wald", "profile"} or list of them, default="wald"
            How the intervals are computed. Each of several methods has its own whisker.
        ax : matplotlib Axes, default=None
            Axes to plot on; None is a new figure.
        line_kwargs : dict, default=None
            Passed to `matplotlib.axes.Axes.plot`, for all points.

        Returns
        -------
        display : IntervalDisplay
            The display, plotted.

        Raises
        ------
        ImportError
            If matplotlib is missing.
        NotFittedError
            If an estimator is not fitted.
        ValueError
            If an estimator has no such parameters or no standard errors, or a method is unknown.
        """
        pyplot_for(f"{cls.__name__}.from_estimator")
        estimators = estimator if isinstance(estimator, Mapping) else {"": estimator}
        methods = [method] if isinstance(method, str) else list(method)
        for how in methods:
            check_method(how, ("wald", "profile"))  # "sandwich" would need the rows
        estimates, intervals = {}, {}
        names: list[str] = []
        for label, each in estimators.items():
            check_fitted(each)
            names, places = _names_and_places(each, parameters)
            for how in methods:
                added = how if len(methods) > 1 else ""
                key = ", ".join(filter(None, (label, added)))
                estimates[key] = getattr(each, f"{parameters}_")[places]
                intervals[key] = each.confidence_intervals(level, method=how)[parameters][places]
        label = f"{_TITLES[parameters]} and its {percent(level)} interval"
        display = cls(estimates=estimates, intervals=intervals, names=names, label=label)
        return display.plot(ax=ax, line_kwargs=line_kwargs)

    def plot(self, ax: Any = None, *, line_kwargs: dict[str, Any] | None = None) -> Self:
        """Plot the intervals.

        Parameters
        ----------
        ax, line_kwargs : optional
            As :meth:`from_estimator` takes them.

        Returns
        -------
        self : IntervalDisplay
            The display.
        """
        labels = [in_lines(label, _LEGEND_COLUMN_WIDTH) for label in self.estimates]
        if any(np.isnan(ends).any() for ends in self.intervals.values()):
            labels.append("an end is not known")
        n_lines = math.ceil(sum(label.count("\n") + bool(label) for label in labels) / 2)
        names = [in_lines(name, _NAME_WIDTH) for name in self.names]
        of_names = _NAME_HEIGHT * max(name.count("\n") + 1 for name in names)
        row = max(len(self.estimates) * _WHISKER_HEIGHT, of_names)
        ax = axes_of(
            self, ax, height=_FRAME_HEIGHT + LEGEND_LINE_HEIGHT * n_lines + row * len(self.names)
        )
        drawn = [self._plot_label(ax, *each, line_kwargs) for each in enumerate(self.estimates)]
        self.points_, self.whiskers_ = ([*each] for each in zip(*drawn, strict=True))
        for label in labels[len(self.estimates) :]:
            ax.plot([], [], "o", color=INK, markerfacecolor="white", label=label)
        ax.set_yticks(range(len(names)), names)
        ax.set_ylim(len(self.names) - 0.5, -0.5)  # from top to bottom
        ax.set_xlabel(self.label or "", loc="right")  # long names leave the axes little width
        ax.xaxis.get_offset_text().set(x=0, ha="right", va="bottom")  # away from the label
        low, high = ax.get_xlim()
        self.zero_ = ax.axvline(0, color=INK, linewidth=0.8, zorder=1) if low < 0 < high else None
        ax.grid(axis="x", color=GREY)
        ax.set_axisbelow(True)
        if any(labels):  # above the axes, and above the names to their left if it is wide
            ax.legend(fontsize="small", loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2)
        return self

    def _plot_label(
        self, ax: Any, number: int, label: str, line_kwargs: dict[str, Any] | None
    ) -> tuple[Any, Any]:
        """Draws the points and the whiskers of a label, and returns both."""
        from matplotlib.lines import Line2D

        n_labels, values, ends = len(self.estimates), self.estimates[label], self.intervals[label]
        heights = np.arange(len(values)) + _WHISKER_SPREAD * ((number + 0.5) / n_labels - 0.5)
        style = {
            "color": PALETTE[number % len(PALETTE)],
            "label": in_lines(label, _LEGEND_COLUMN_WIDTH),
        }
        style = styled(style | {"marker": "o", "linestyle": ""}, line_kwargs, Line2D)
        (points,) = ax.plot(values, heights, **style)
        unknown = np.isnan(ends).any(axis=1)
        hollow = style | {"markerfacecolor": "white", "label": None}
        ax.plot(values[unknown], heights[unknown], **hollow)
        edges = self._edges()
        lower, upper = np.clip(np.where(np.isnan(ends), values[:, None], ends), *edges).T
        whiskers = ax.hlines(heights, lower, upper, color=points.get_color())
        whiskers.sticky_edges.x.extend(edges)  # no margin beyond an infinite end
        return points, whiskers

    def _edges(self) -> tuple[float, float]:
        """The abscissas at which infinite whiskers are cut off, beyond all finite numbers."""
        drawn = np.concatenate([*map(np.ravel, self.intervals.values()), *self.estimates.values()])
        drawn = drawn[np.isfinite(drawn)]
        beyond = _OVERHANG * (np.ptp(drawn) or 1.0)
        return drawn.min() - beyond, drawn.max() + beyond


# What the axis calls each kind of parameters.
_TITLES = {"mean": "Mean", "scale": "Standard deviation", "correlation": "Correlation"}


def _names_and_places(estimator: Any, kind: str) -> tuple[list[str], Any]:
    """Names of the parameters of a kind, and their indices in an array of that kind."""
    if kind not in _TITLES:
        raise ValueError(f"parameters must be 'mean', 'scale' or 'correlation', got {kind!r}.")
    names = feature_names(estimator)
    if kind != "correlation":
        return names, slice(None)
    if np.ndim(estimator.covariance_) < 2 or len(names) < 2:
        raise ValueError(
            "This estimator has no correlations to draw. Use parameters='mean' or 'scale', or fit "
            "two features or more with covariance_type='full'."
        )
    places = np.triu_indices(len(names), 1)
    return [f"{names[i]}, {names[j]}" for i, j in np.transpose(places)], places
