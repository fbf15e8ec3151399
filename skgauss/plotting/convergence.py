"""The nats still to gain at each iteration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, Self

import numpy as np

from .._typing import EPS, Array
from ..inference import check_fitted, likelihood_of
from .estimates import maximum_of
from .style import (
    GREY,
    INK,
    LEGEND_LINE_HEIGHT,
    LINE_STYLES,
    PALETTE,
    STOP_MARKERS,
    Display,
    axes_of,
    draw_legend,
    in_lines,
    pyplot_for,
    styled,
)

_LEGEND_WIDTH = 64  # most characters of a line of the legend: a new figure has room for them


@dataclass(kw_only=True, eq=False, repr=False)
class ConvergenceDisplay(Display):
    """How far below its maximum the log-likelihood is at each iteration.

    The maximum is the closed form or, if there is none, the end of a further climb. It is not
    the last iterate, so the curve shows if a climb stopped too early. The marker at the end
    of a curve shows why the climb stopped.

    A fit with a ridge (`reg_covar_`) climbs the penalised log-likelihood, so the curve shows
    the gap of that. The log-likelihood itself may exceed its final value during the climb.

    It is recommended to use `from_estimator` to create a display.

    Parameters
    ----------
    gaps : list of ndarray of shape (n_iter + 1,)
        Maximum minus value of the average log-likelihood, in nats per observation, starting
        with the gap of the start; one array for each curve.
    stop_reasons : list of str
        Why each curve ends, as in `GaussianGradientMLE.stop_reason_`.
    names : list of str
        Name of each curve in the legend.
    floor : float, default=2.220446049250313e-16
        Nats that float64 cannot distinguish from 0. Smaller gaps are drawn at this height,
        the upper edge of a grey band.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the picture.
    figure_ : matplotlib Figure
        Figure of the picture.
    lines_ : list of matplotlib Line2D
        One curve for each estimator, with a marker at its end: a disc for "converged", a
        cross for "diverged", a triangle to the right for "max_iter", a square for "stalled",
        a triangle upwards for "unbounded", a diamond for "callback".
    floor_ : matplotlib patch or None
        The grey band, if a curve comes down to it.

    See Also
    --------
    LikelihoodPathDisplay : The path through the plane of mean and scale.

    Examples
    --------
    >>> import numpy as np
    >>> from skgauss import ConvergenceDisplay, GaussianGradientMLE
    >>> X = np.array([[1.0], [2.0], [3.0], [6.0]])
    >>> models = [
    ...     GaussianGradientMLE(solver="gradient", learning_rate=rate, mean_init=1).fit(X)
    ...     for rate in (0.5, 2.0)
    ... ]
    >>> display = ConvergenceDisplay.from_estimator(models)
    >>> display.names
    ['learning_rate=0.5', 'learning_rate=2']
    """

    gaps: Sequence[Array]
    stop_reasons: Sequence[str]
    names: Sequence[str]
    floor: float = 2.220446049250313e-16

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        names: Sequence[str] | None = None,
        ax: Any = None,
        line_kwargs: dict[str, Any] | None = None,
    ) -> Self:
        """Plot the convergence of one fitted estimator or of several.

        Parameters
        ----------
        estimator : GaussianGradientMLE, or list or dict of them
            Fitted estimators. The keys of a dict are names. Each estimator is compared with
            the maximum for the data that it was fitted to.
        names : list of str, default=None
            Names for the legend. None means the parameters in which the estimators differ.
        ax : matplotlib Axes, default=None
            Axes to plot on; None is a new figure.
        line_kwargs : dict, default=None
            Passed to `matplotlib.axes.Axes.plot`, for all curves.

        Returns
        -------
        display : ConvergenceDisplay
            The display, plotted.

        Raises
        ------
        ImportError
            If matplotlib is missing.
        NotFittedError
            If an estimator is not fitted.
        ValueError
            If there is no estimator, or not one name for each, or if a fit with a ridge
            (`reg_covar_` not 0) recorded no path: the penalised log-likelihood is computed
            from the iterates.
        """
        pyplot_for(f"{cls.__name__}.from_estimator")
        estimators, names = _with_names(estimator, names)
        display = cls(
            gaps=[_gaps(each) for each in estimators],
            stop_reasons=[each.stop_reason_ for each in estimators],
            names=names,
            floor=max(_rounding(each) for each in estimators),
        )
        return display.plot(ax=ax, line_kwargs=line_kwargs)

    def plot(self, ax: Any = None, *, line_kwargs: dict[str, Any] | None = None) -> Self:
        """Plot the curves.

        Parameters
        ----------
        ax, line_kwargs : optional
            As :meth:`from_estimator` takes them.

        Returns
        -------
        self : ConvergenceDisplay
            The display.
        """
        ends = zip(self.names, self.stop_reasons, strict=True)
        labels = [in_lines(f"{name} ({reason})", _LEGEND_WIDTH) for name, reason in ends]
        n_lines = sum(label.count("\n") + 1 for label in labels)
        is_new = ax is None  # then the figure is high enough for the legend
        ax = axes_of(self, ax, height=4.4 + LEGEND_LINE_HEIGHT * n_lines)
        self.lines_ = [
            self._plot_curve(ax, k, label, line_kwargs) for k, label in enumerate(labels)
        ]
        ax.set(yscale="log", xlabel="Iteration", ylabel="Nats still to gain")
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.grid(color=GREY)
        ax.set_axisbelow(True)
        self.floor_ = self._plot_floor(ax)
        low, high = ax.get_ylim()
        if high < 10 * low:  # so few powers of 10 that matplotlib labels the ticks between them
            ax.yaxis.set_major_formatter("{x:.9g}")
            ax.yaxis.set_minor_formatter("{x:.9g}")
        draw_legend(ax, n_lines, below=is_new)
        return self

    def _plot_curve(
        self, ax: Any, number: int, label: str, line_kwargs: dict[str, Any] | None
    ) -> Any:
        """Draws the curve with this number, and returns its line."""
        from matplotlib.lines import Line2D

        style = {
            "color": PALETTE[number % len(PALETTE)],
            "linestyle": LINE_STYLES[number // len(PALETTE) % len(LINE_STYLES)],
            "marker": STOP_MARKERS.get(self.stop_reasons[number], "o"),
            "markevery": [-1],
            "markersize": 7,
            "label": label,
        }
        style = styled(style, line_kwargs, Line2D)
        (line,) = ax.plot(np.maximum(self.gaps[number], self.floor), **style)
        return line

    def _plot_floor(self, ax: Any) -> Any:
        """Draws the grey band of rounding errors and returns it; None if no curve reaches it."""
        if min(np.min(gap) for gap in self.gaps) > self.floor:
            return None
        ax.set_ylim(bottom=self.floor / 30)
        style = {"ha": "center", "va": "center", "fontsize": "small", "color": INK}
        place = {"x": 0.5, "y": self.floor / 5, "transform": ax.get_yaxis_transform()}
        ax.text(s="below the rounding of float64", **place, **style)
        return ax.axhspan(self.floor / 30, self.floor, color=GREY, linewidth=0)


def _gaps(estimator: Any) -> Array:
    """How far the likelihood that was climbed is below its maximum at each iterate.

    The gaps are in nats per observation, (n_iter_ + 1,).
    """
    likelihood = likelihood_of(estimator)
    maximum = maximum_of(estimator, likelihood)
    if likelihood.ridge is None:
        return likelihood.log_likelihood(maximum) - estimator.log_likelihood_path_
    if not hasattr(estimator, "covariance_path_"):
        raise ValueError(
            "This fit has a ridge (reg_covar_ is not 0), so it maximises the penalised "
            "log-likelihood, but log_likelihood_path_ is not penalised. Fit with record_path=True "
            "to plot its convergence."
        )
    family = likelihood.family
    path = zip(estimator.mean_path_, estimator.covariance_path_, strict=True)
    values = [likelihood.evaluate(mean, family.root(family.pack(cov))).value for mean, cov in path]
    return maximum.value - np.array(values)


def _rounding(estimator: Any) -> float:
    """The rounding error, in nats, of a log-likelihood as a sum of one term for each feature."""
    size = max(np.abs(estimator.log_likelihood_path_[-1]), estimator.n_features_in_)
    return EPS * float(size)


def _with_names(estimator: Any, names: Sequence[str] | None) -> tuple[list[Any], list[str]]:
    """The estimators as a list, and the name of each for the legend."""
    if isinstance(estimator, Mapping):
        names = list(estimator) if names is None else names
        estimators = list(estimator.values())
    else:
        estimators = list(estimator) if isinstance(estimator, Sequence) else [estimator]
    if not estimators:
        raise ValueError("There is no estimator to plot.")
    for each in estimators:
        check_fitted(each)
    names = _differences(estimators) if names is None else [str(name) for name in names]
    if len(names) != len(estimators):
        raise ValueError(f"Got {len(names)} names for {len(estimators)} estimators.")
    return estimators, names


def _differences(estimators: Sequence[Any]) -> list[str]:
    """For each estimator, the parameters in which they differ, or its class if none differs."""
    written = [
        {
            key: _in_legend(value)
            for key, value in each.get_params(deep=False).items()
            if key != "record_path"  # it changes no curve
        }
        for each in estimators
    ]
    differing = [
        key for key in written[0] if len({parameters.get(key) for parameters in written}) > 1
    ]
    return [
        ", ".join(f"{key}={parameters[key]}" for key in differing) or type(each).__name__
        for each, parameters in zip(estimators, written, strict=True)
    ]


def _in_legend(value: Any) -> str:
    """The text of a parameter in a legend: a float with four digits, anything else as its repr."""
    is_float = isinstance(value, Real) and not isinstance(value, (bool, Integral))
    return f"{float(value):.4g}" if is_float else repr(value)
