"""The path of a fit on a map of the likelihood over mean and scale."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from .._typing import Array
from ..inference import check_fitted
from ..rows import feature_index
from .estimates import label_of
from .slices import bounds_along, path_of, slice_of
from .style import (
    MAP,
    ORANGE,
    STOP_MARKERS,
    VERMILLION,
    Display,
    axes_of,
    is_narrow,
    legend_style,
    pyplot_for,
    styled,
)

_MIN_LEVEL = 1e-2  # nats per observation below the maximum, at the innermost contour
# How the path and the hatched region are drawn, as keywords of matplotlib.
_PATH = {"color": VERMILLION, "linewidth": 1, "marker": ".", "markersize": 4, "markeredgewidth": 0}
_HATCH: dict[str, Any] = {"hatch": "///", "edgecolor": "0.45", "linewidth": 0}


@dataclass(kw_only=True, eq=False, repr=False)
class LikelihoodPathDisplay(Display):
    r"""The recorded path of a fit, on a map of the log-likelihood over mean and scale.

    The map shows one feature: how far its average log-likelihood is below the maximum, as a
    function of mean and standard deviation. If there are several features, it is the marginal
    log-likelihood of this one, and the path shows its marginal mean and scale. A "spherical"
    covariance has one scale for all features; then it is the log-likelihood of all of them,
    with the other means at the maximum. With a ridge (`reg_covar_`) it is the penalised
    log-likelihood that was climbed.

    If the fit had a constant `learning_rate`, the hatched region shows where that rate is
    unstable: *if the maximum were there*, almost no climb with that rate would settle at it. The
    rate is stable if it is below :math:`2 / \lambda_{\max}(-H)`, with H the Hessian at a maximum
    of that scale, all correlations and other features unchanged. For one feature with sigma as
    the parameter, the region is where :math:`\sigma^2` is below `learning_rate`. The region
    describes the climb near a maximum, so it depends on the scale alone, and a path may cross it.
    If the star is in the hatched region, the climb cannot settle at the maximum. On narrow axes
    the legend is smaller, and calls the region "unstable maximum".

    It is recommended to use `from_estimator` to create a display.

    Parameters
    ----------
    mean : ndarray of shape (n_means,)
        Means of the map, ascending.
    scale : ndarray of shape (n_scales,)
        Standard deviations of the map, ascending.
    log_likelihood : ndarray of shape (n_scales, n_means)
        Average log-likelihood, in nats per observation.
    path : ndarray of shape (n_iter + 1, 2)
        Mean and scale of each iterate, the start first.
    maximum : tuple of two float
        Mean and scale of the maximum.
    max_log_likelihood : float
        Average log-likelihood at the maximum, in nats per observation.
    stop_reason : str, default="converged"
        Why the path ends, as in `GaussianGradientMLE.stop_reason_`.
    learning_rate : float, default=None
        The constant rate; None if there was none.
    learning_rate_bound : float, default=None
        The largest constant rate that is stable at the maximum.
    bounds : ndarray of shape (n_scales,), default=None
        The `learning_rate_bound` at a maximum of each `scale`; None draws no region.
    feature_name : str, default=None
        Name of the feature, for the labels of the axes.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the picture.
    figure_ : matplotlib Figure
        Figure of the picture.
    contours_ : matplotlib QuadContourSet
        The map, in nats per observation below the maximum.
    colorbar_ : matplotlib Colorbar
        The colour bar of the map.
    path_ : matplotlib Line2D
        The path.
    start_ : matplotlib Line2D
        The first point of the path.
    end_ : matplotlib Line2D
        The last point, with the marker of the stop reason, see `ConvergenceDisplay`.
    maximum_ : matplotlib Line2D
        The star at the maximum.
    unstable_ : matplotlib QuadContourSet or None
        The hatched region, if there is one.

    See Also
    --------
    ConvergenceDisplay : Nats still to gain at each iteration.

    Examples
    --------
    >>> import numpy as np
    >>> from skgauss import GaussianGradientMLE, LikelihoodPathDisplay
    >>> X = np.array([[1.0], [2.0], [3.0], [6.0]])
    >>> model = GaussianGradientMLE(
    ...     solver="gradient", learning_rate=0.5, mean_init=1, record_path=True
    ... ).fit(X)
    >>> display = LikelihoodPathDisplay.from_estimator(model)
    >>> display.path[:3].round(2)
    array([[1.  , 1.  ],
           [2.  , 4.25],
           [2.03, 4.16]])
    """

    mean: Array
    scale: Array
    log_likelihood: Array
    path: Array
    maximum: tuple[float, float]
    max_log_likelihood: float
    stop_reason: str = "converged"
    learning_rate: float | None = None
    learning_rate_bound: float | None = None
    bounds: Array | None = None
    feature_name: str | None = None

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        feature: int | str = 0,
        mean_limits: tuple[float, float] | None = None,
        scale_limits: tuple[float, float] | None = None,
        grid_resolution: int = 200,
        ax: Any = None,
        contour_kwargs: dict[str, Any] | None = None,
        path_kwargs: dict[str, Any] | None = None,
    ) -> Self:
        """Plot the path of a fitted estimator.

        Parameters
        ----------
        estimator : GaussianGradientMLE
            Fitted with ``record_path=True``.
        feature : int or str, default=0
            Index or name of the feature.
        mean_limits : tuple of two float, default=None
            Smallest and largest mean of the map; None shows the whole path.
        scale_limits : tuple of two positive float, default=None
            Smallest and largest standard deviation of the map; None shows the whole path.
        grid_resolution : int, default=200
            Number of means, and of scales, of the map. With a constant rate, each scale costs
            as much as one `learning_rate_bound_`.
        ax : matplotlib Axes, default=None
            Axes to plot on; None is a new figure.
        contour_kwargs : dict, default=None
            Passed to `matplotlib.axes.Axes.contourf`.
        path_kwargs : dict, default=None
            Passed to `matplotlib.axes.Axes.plot`.

        Returns
        -------
        display : LikelihoodPathDisplay
            The display, plotted.

        Raises
        ------
        ImportError
            If matplotlib is missing.
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If no path was recorded, there is no such feature, or limits are not increasing.
        """
        pyplot_for(f"{cls.__name__}.from_estimator")
        check_fitted(estimator)
        index = feature_index(estimator, feature)
        if not hasattr(estimator, "covariance_path_"):
            raise ValueError(
                "The estimator has not recorded its path. Fit it with record_path=True."
            )
        path, likelihood = path_of(estimator, index), slice_of(estimator, index)
        maximum = likelihood.mean, likelihood.scale
        mean, scale = _grid(path, maximum, mean_limits, scale_limits, grid_resolution)
        constant = estimator.learning_rate != "auto"
        display = cls(
            mean=mean,
            scale=scale,
            log_likelihood=likelihood.log_likelihood(mean, scale[:, None]),
            path=path,
            maximum=maximum,
            max_log_likelihood=float(likelihood.log_likelihood(*maximum)),
            stop_reason=estimator.stop_reason_,
            learning_rate=float(estimator.learning_rate) if constant else None,
            learning_rate_bound=estimator.learning_rate_bound_,
            bounds=bounds_along(estimator, index, scale) if constant else None,
            feature_name=label_of(estimator, index),
        )
        return display.plot(ax=ax, contour_kwargs=contour_kwargs, path_kwargs=path_kwargs)

    def plot(
        self,
        ax: Any = None,
        *,
        contour_kwargs: dict[str, Any] | None = None,
        path_kwargs: dict[str, Any] | None = None,
    ) -> Self:
        """Plot the map and the path.

        Parameters
        ----------
        ax, contour_kwargs, path_kwargs : optional
            As :meth:`from_estimator` takes them.

        Returns
        -------
        self : LikelihoodPathDisplay
            The display.
        """
        ax = axes_of(self, ax)
        from matplotlib.lines import Line2D

        self.contours_, self.colorbar_ = self._plot_map(ax, contour_kwargs or {})
        self.unstable_ = self._plot_unstable(ax)
        (self.path_,) = ax.plot(*np.transpose(self.path), **styled(_PATH, path_kwargs, Line2D))
        self.maximum_ = _mark(ax, self.maximum, "*", "maximum", color="white", markersize=14)
        self.start_ = _mark(ax, self.path[0], "o", "start", color="white")
        marker = STOP_MARKERS.get(self.stop_reason, "o")
        self.end_ = _mark(ax, self.path[-1], marker, f"end: {self.stop_reason}", color=ORANGE)
        self._label(ax)
        self._plot_legend(ax)
        return self

    def _plot_map(self, ax: Any, contour_kwargs: dict[str, Any]) -> tuple[Any, Any]:
        """Draws the contours of the map and their colour bar, and returns both."""
        from matplotlib.colors import LogNorm

        gaps = np.maximum(self.max_log_likelihood - self.log_likelihood, _MIN_LEVEL / 2)
        decades = max(math.ceil(math.log10(gaps.max() / _MIN_LEVEL)), 1)
        levels = _MIN_LEVEL * np.logspace(0, decades, 2 * decades + 1)
        norm = LogNorm(levels[0], 10 * levels[-1])  # light enough to show a path
        style = {"levels": levels, "cmap": MAP, "norm": norm, "extend": "min"}
        contours = ax.contourf(self.mean, self.scale, gaps, **(style | contour_kwargs))
        bar = ax.figure.colorbar(contours, ax=ax, ticks=levels[:: 2 * math.ceil(decades / 8)])
        bar.set_label("Nats below the maximum")
        bar.minorticks_off()
        return contours, bar

    def _plot_unstable(self, ax: Any) -> Any:
        """Hatches the region where the rate is unstable and returns it; None if there is none."""
        if self.bounds is None or self.bounds.min() >= self.learning_rate:
            return None
        bounds = np.broadcast_to(self.bounds[:, None], self.log_likelihood.shape)
        style = {"levels": [0, self.learning_rate], "colors": "none", "hatches": [_HATCH["hatch"]]}
        region = ax.contourf(self.mean, self.scale, bounds, **style)
        region.set_edgecolor(_HATCH["edgecolor"])
        return region

    def _label(self, ax: Any) -> None:
        """Label and limit the axes, and compare the learning rate with its bound above them."""
        of_feature = "" if self.feature_name is None else f" of {self.feature_name}"
        ax.set(
            yscale="log",
            xlim=self.mean[[0, -1]],
            ylim=self.scale[[0, -1]],
            xlabel=f"Mean{of_feature}",
            ylabel=f"Standard deviation{of_feature}",
        )
        if self.scale[-1] < 1e3 * self.scale[0]:
            _label_within_decades(ax.yaxis)
        if self.learning_rate is not None and self.learning_rate_bound is not None:
            side = "<" if self.learning_rate < self.learning_rate_bound else "≥"
            rate, bound = f"{self.learning_rate:g}", f"{self.learning_rate_bound:.3g}"
            ax.set_title(f"Learning rate {rate} {side} bound {bound}", fontsize="medium")

    def _plot_legend(self, ax: Any) -> None:
        """Draw the legend of the marks and of the hatched region, if there is one."""
        from matplotlib.patches import Patch

        handles = [self.start_, self.end_, self.maximum_]
        if self.unstable_ is not None:
            label = (
                "unstable maximum" if is_narrow(ax) else "rate unstable if the\nmaximum were here"
            )
            handles.append(Patch(facecolor="none", label=label, **_HATCH))
        ax.legend(handles=handles, frameon=True, framealpha=0.9, **legend_style(ax))


def _mark(ax: Any, point: Any, marker: str, label: str, **style: Any) -> Any:
    """Draws a marker at a point of the map, given by mean and scale, and returns it."""
    style = {"linestyle": "none", "markeredgecolor": "black", "zorder": 3} | style
    (line,) = ax.plot(*point, marker=marker, label=label, **style)
    return line


def _label_within_decades(axis: Any) -> None:
    """Give a logarithmic axis that spans few decades ticks between the powers of ten."""
    from matplotlib.ticker import LogLocator, NullFormatter

    low, high = axis.get_view_interval()
    subs = (1, 2, 5) if high > 12 * low else (1, 1.5, 2, 3, 4, 5, 6, 8)
    axis.set_major_locator(LogLocator(subs=subs))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(NullFormatter())


def _grid(
    path: Array, maximum: tuple[float, float], mean_limits: Any, scale_limits: Any, resolution: int
) -> tuple[Array, Array]:
    """Means and scales of a map, (resolution,) each, the scales in equal ratios.

    By default they include the path and the maximum.
    """
    points = np.vstack((path, maximum))
    (left, bottom), (right, top) = points.min(axis=0), points.max(axis=0)
    pad = 0.05 * (right - left) + 2 * maximum[1]
    stretch = 1.5 * (top / bottom) ** 0.05
    left, right = (left - pad, right + pad) if mean_limits is None else mean_limits
    bottom, top = (bottom / stretch, top * stretch) if scale_limits is None else scale_limits
    if not (left < right and 0 < bottom < top and resolution >= 2):
        raise ValueError(
            f"mean_limits={mean_limits} and scale_limits={scale_limits} must be increasing, scales "
            f"must be positive, and grid_resolution={resolution} must be at least 2."
        )
    return np.linspace(left, right, resolution), np.geomspace(bottom, top, resolution)
