"""Estimates as points, their confidence intervals as whiskers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np

from .._typing import Array
from ..inference import check_fitted, check_method
from ..rows import feature_names
from .style import GREY, INK, PALETTE, axes_of, pyplot_for, styled

_APART = 0.6  # share of the room of a parameter that its whiskers take
_FRAME = 1.2  # inches of height for what is above and below the whiskers
_ROW = 0.17  # inches of height for each whisker
_BEYOND = 0.2  # share of the width of all finite ends by which an infinite whisker passes them


@dataclass(kw_only=True, eq=False, repr=False)
class IntervalDisplay:
    """Means, standard deviations or correlations with their confidence intervals.

    It is recommended to use :meth:`from_estimator`, with several estimators to compare what
    different data say, and with both methods to see where Wald and profile intervals differ.

    Parameters
    ----------
    estimates : dict of str to ndarray of shape (n_parameters,)
        The points, by the label of the legend.
    intervals : dict of str to ndarray of shape (n_parameters, 2)
        Their lower and upper ends, by the same labels.
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
        The points, a line of them a label.
    whiskers_ : list of matplotlib LineCollection
        The whiskers, in the same order. An end that is infinite leaves the picture.
    zero_ : matplotlib Line2D or None
        A line at zero, where the whiskers lie on both sides of it.

    See Also
    --------
    GaussianGradientMLE.summary : The numbers, as a table.
    GaussianGradientMLE.confidence_intervals : The two methods.

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
        method: Literal["wald", "profile"] = "wald",
        ax: Any = None,
        line_kwargs: dict[str, Any] | None = None,
    ) -> Self:
        """Plot the intervals of a fitted estimator, or of several.

        Parameters
        ----------
        estimator : GaussianGradientMLE, or dict of str to such
            Fitted, to the same features. The keys of a dict are labels.
        parameters : {"mean", "scale", "correlation"}, default="correlation"
            What to draw.
        level : float, default=0.95
            Probability, between 0 and 1, with which an interval should cover its parameter.
        method : {"wald", "profile"} or list of them, default="wald"
            How the intervals are computed. Of several methods each has its own whisker.
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
            If an estimator has no such parameters, or no standard errors, or a method is another.
        """
        pyplot_for(f"{cls.__name__}.from_estimator")
        estimators = estimator if isinstance(estimator, Mapping) else {"": estimator}
        methods = [method] if isinstance(method, str) else list(method)
        for how in methods:
            check_method(how, ("wald", "profile"))  # no other needs the rows
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
        label = f"{_TITLES[parameters]}, with its {level:.4g} interval"
        display = cls(estimates=estimates, intervals=intervals, names=names, label=label)
        return display.plot(ax=ax, line_kwargs=line_kwargs)

    def plot(self, ax: Any = None, *, line_kwargs: dict[str, Any] | None = None) -> Self:
        """Plot.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to plot on; None is a new figure.
        line_kwargs : dict, default=None
            Passed to `matplotlib.axes.Axes.plot`, for all points.

        Returns
        -------
        self : IntervalDisplay
            The display.

        Raises
        ------
        ImportError
            If matplotlib is missing.
        """
        rows = len(self.names) * max(len(self.estimates), 2)
        ax = axes_of(self, ax, height=_FRAME + _ROW * rows)
        from matplotlib.lines import Line2D

        places = np.arange(len(self.names), dtype=float)
        n_labels = len(self.estimates)
        offsets = _APART * (np.arange(n_labels) - (n_labels - 1) / 2) / n_labels
        finite = np.concatenate([ends[np.isfinite(ends)] for ends in self.intervals.values()])
        width = np.ptp(finite)
        edges = finite.min() - _BEYOND * width, finite.max() + _BEYOND * width
        self.points_, self.whiskers_ = [], []
        for number, (label, values) in enumerate(self.estimates.items()):
            style = {"color": PALETTE[number % len(PALETTE)], "label": label}
            style = styled(style | {"marker": "o", "linestyle": ""}, line_kwargs, Line2D)
            (points,) = ax.plot(values, places + offsets[number], **style)
            lower, upper = np.clip(self.intervals[label], *edges).T
            color = points.get_color()
            self.points_.append(points)
            self.whiskers_.append(ax.hlines(places + offsets[number], lower, upper, color=color))
        ax.set_yticks(places, self.names)
        ax.invert_yaxis()
        ax.set_xlabel(self.label or "")
        low, high = ax.get_xlim()
        self.zero_ = ax.axvline(0, color=INK, linewidth=0.8, zorder=0) if low < 0 < high else None
        ax.grid(axis="x", color=GREY)
        ax.set_axisbelow(True)
        if any(self.estimates):
            above = {"loc": "lower center", "bbox_to_anchor": (0.5, 1.0), "ncols": 2}
            ax.legend(fontsize="small", **above)
        return self


# What the axis calls parameters of a kind, by the name of the kind.
_TITLES = {"mean": "Mean", "scale": "Standard deviation", "correlation": "Correlation"}


def _names_and_places(estimator: Any, kind: str) -> tuple[list[str], Any]:
    """Names of the parameters of a kind, and the index of each of them in an array of the kind."""
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
