"""Data of two features and the ellipses of their Gaussian."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from .._typing import Array
from ..inference import check_fitted, covariance_of_mean
from ..rows import Block, feature_indices, feature_names, to_host
from .estimates import marginal_covariance
from .style import BLUE, INK, Display, axes_of, legend_style, pyplot_for, styled, tint

_N_POINTS = 256  # points of an ellipse: enough for a smooth line


@dataclass(kw_only=True, eq=False, repr=False)
class GaussianEllipseDisplay(Display):
    """The 1, 2 and 3 sigma ellipses of two features, together with their data.

    The ellipse of k sigma consists of the points at Mahalanobis distance k from the mean in the
    marginal distribution of the two features. In two dimensions the probability inside it is
    :math:`1 - e^{-k^2 / 2}`: 39.3 %, 86.5 % and 98.9 % for k = 1, 2 and 3, not the 68.3 %,
    95.4 % and 99.7 % of one dimension.

    It is recommended to use `from_estimator` to create a display.

    Parameters
    ----------
    mean : ndarray of shape (2,)
        Mean of the two features.
    covariance : ndarray of shape (2, 2)
        Their covariance, positive definite.
    X : ndarray of shape (n_samples, 2), default=None
        Data to draw. A value known only to an interval is drawn at the finite end, or in the middle
        if both ends are finite, and its point is hollow.
    feature_names : tuple of two str, default=("feature 0", "feature 1")
        Labels of the axes.
    mean_covariance : ndarray of shape (2, 2), default=None
        Covariance of the estimated mean, positive definite, for a confidence region of the mean.
    X_upper : ndarray of shape (n_samples, 2), default=None
        Upper ends of intervals whose lower ends are in X; NaN in either is an open end.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the picture.
    figure_ : matplotlib Figure
        Figure of the picture.
    ellipses_ : list of matplotlib Polygon
        The ellipses, in the order of `n_std`.
    center_ : matplotlib Line2D
        The mean.
    region_ : matplotlib Polygon or None
        The confidence region of the mean.
    points_ : matplotlib PathCollection or None
        The rows whose values are known exactly.
    limited_ : matplotlib PathCollection or None
        The rows with a value at a limit or in an interval, if there are any.

    See Also
    --------
    GaussianGradientMLE.mahalanobis : The squared distance in all features together.

    Examples
    --------
    >>> import numpy as np
    >>> from skgauss import GaussianEllipseDisplay, GaussianGradientMLE
    >>> X = np.array([[1.0, 2.0], [2.0, 1.0], [3.0, 5.0], [6.0, 4.0]])
    >>> display = GaussianEllipseDisplay.from_estimator(GaussianGradientMLE().fit(X), X)
    >>> len(display.ellipses_)
    3
    """

    mean: Array
    covariance: Array
    X: ArrayLike | None = None
    feature_names: Sequence[str] = ("feature 0", "feature 1")
    mean_covariance: Array | None = None
    X_upper: ArrayLike | None = None

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ArrayLike | None = None,
        *,
        X_upper: ArrayLike | None = None,
        features: tuple[int | str, int | str] = (0, 1),
        n_std: float | Sequence[float] = (1, 2, 3),
        confidence: float | None = None,
        ax: Any = None,
        ellipse_kwargs: dict[str, Any] | None = None,
        scatter_kwargs: dict[str, Any] | None = None,
    ) -> Self:
        """Plot two features of a fitted estimator.

        Parameters
        ----------
        estimator : GaussianGradientMLE
            Fitted to two features or more, with any `covariance_type`.
        X : array-like of shape (n_samples, n_features), default=None
            Data to draw, with all features; None draws the ellipses alone.
        X_upper : array-like of shape (n_samples, n_features), default=None
            Upper ends of intervals, as in `GaussianGradientMLE.fit`.
        features : tuple of two int or str, default=(0, 1)
            Indices or names of two different features, the horizontal one first.
        n_std : float or sequence of float, default=(1, 2, 3)
            Positive Mahalanobis distances at which to draw an ellipse.
        confidence : float, default=None
            Probability, between 0 and 1, with which a region around the estimated mean should
            cover the true mean; see `GaussianGradientMLE.standard_errors`. None draws no region.
        ax : matplotlib Axes, default=None
            Axes to plot on; None is a new figure.
        ellipse_kwargs : dict, default=None
            Passed to `matplotlib.patches.Polygon`.
        scatter_kwargs : dict, default=None
            Passed to `matplotlib.axes.Axes.scatter`.

        Returns
        -------
        display : GaussianEllipseDisplay
            The display, plotted.

        Raises
        ------
        ImportError
            If matplotlib is missing.
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If `features` are not two different features of the estimator, if X is not data like
            those of the fit, if `confidence` is given and the fit has no standard errors, or if
            `X_upper` is passed without X.
        """
        pyplot_for(f"{cls.__name__}.from_estimator")
        if X is None and X_upper is not None:
            raise ValueError("X_upper holds the upper ends of X, but X was not passed. Pass both.")
        check_fitted(estimator)
        pair = _pair(estimator, features)
        if X is not None:
            read = partial(_ends, pair=pair)
            ends = to_host(estimator._validated_rows(X, X_upper).map(read))
            X, X_upper = np.hsplit(np.asarray(ends), 2)
        display = cls(
            mean=estimator.mean_[pair],
            covariance=marginal_covariance(estimator.covariance_, pair, estimator.n_features_in_),
            X=X,
            feature_names=tuple(feature_names(estimator)[j] for j in pair),
            mean_covariance=(
                None if confidence is None else covariance_of_mean(estimator)[np.ix_(pair, pair)]
            ),
            X_upper=X_upper,
        )
        return display.plot(
            ax=ax, n_std=n_std, confidence=confidence,
            ellipse_kwargs=ellipse_kwargs, scatter_kwargs=scatter_kwargs,
        )  # fmt: skip

    def plot(
        self,
        ax: Any = None,
        *,
        n_std: float | Sequence[float] = (1, 2, 3),
        confidence: float | None = None,
        ellipse_kwargs: dict[str, Any] | None = None,
        scatter_kwargs: dict[str, Any] | None = None,
    ) -> Self:
        """Plot the ellipses and the data.

        Parameters
        ----------
        ax, n_std, confidence, ellipse_kwargs, scatter_kwargs : optional
            As :meth:`from_estimator` takes them.

        Returns
        -------
        self : GaussianEllipseDisplay
            The display.

        Raises
        ------
        ValueError
            If a distance is not positive, if `confidence` is not a probability, or if it is given
            without `mean_covariance`.
        """
        distances = np.atleast_1d(n_std).tolist()
        if not all(distance > 0 for distance in distances):
            raise ValueError(f"n_std={n_std!r} must be positive.")
        ax = axes_of(self, ax)
        self.points_, self.limited_ = self._plot_points(ax, scatter_kwargs)
        self.ellipses_ = [self._plot_ellipse(ax, k, ellipse_kwargs) for k in distances]
        (self.center_,) = ax.plot(*self.mean, "+", color=INK, markersize=9, markeredgewidth=1.8)
        ax.margins(0.08)
        ax.autoscale_view()
        ax.set(xlabel=self.feature_names[0], ylabel=self.feature_names[1])
        self.region_ = None if confidence is None else self._plot_region(ax, confidence)
        handles = [*self.ellipses_, *filter(None, [self.region_, self.limited_])]
        ax.legend(handles=handles, **legend_style(ax))
        return self

    def _plot_points(self, ax: Any, scatter_kwargs: dict[str, Any] | None) -> tuple[Any, Any]:
        """Draws the rows of known values, and those with one in an interval; returns both."""
        from matplotlib.collections import PathCollection

        if self.X is None:
            return None, None
        ends = np.array([self.X, self.X if self.X_upper is None else self.X_upper], np.float64)
        lower, upper = np.where(np.isfinite(ends), ends, np.nan)
        points = (np.fmin(lower, upper) + np.fmax(lower, upper)) / 2  # one end if the other is NaN
        limited = (lower != upper).any(axis=1) & np.isfinite(points).all(axis=1)
        style = {"s": 14, "alpha": 0.6, "linewidth": 0, "color": INK}
        style = styled(style, scatter_kwargs, PathCollection)
        if not limited.any():
            return ax.scatter(*points.T, **style), None
        known, hollow = (
            ax.scatter(*points[rows].T, **_of_rows(style, rows)) for rows in (~limited, limited)
        )
        hollow.set(facecolor="none", linewidth=0.8, label="at a limit or in an interval")
        hollow.set_sizes(2 * hollow.get_sizes())  # rings stay visible around discs
        return known, hollow

    def _plot_ellipse(self, ax: Any, n_std: float, ellipse_kwargs: dict[str, Any] | None) -> Any:
        """Draws the ellipse at Mahalanobis distance `n_std` from the mean, and returns it."""
        from matplotlib.patches import Polygon

        inside = -math.expm1(-0.5 * n_std**2)
        style: dict[str, Any] = {
            "facecolor": tint(BLUE, min(0.45 / n_std, 0.6)),
            "edgecolor": BLUE,
            "label": rf"{n_std:g}$\sigma$: {inside:.1%}",
            "zorder": 1 / (1 + n_std),  # smaller ellipses above larger ones, data above all
        }
        points = self._ellipse(n_std, self.covariance)
        return ax.add_patch(Polygon(points, **styled(style, ellipse_kwargs, Polygon)))

    def _plot_region(self, ax: Any, confidence: float) -> Any:
        """Draws the confidence region of the mean, and returns it."""
        from matplotlib.patches import Polygon

        if self.mean_covariance is None or not 0 < confidence < 1:
            raise ValueError(
                f"confidence={confidence!r} must be between 0 and 1, and needs mean_covariance, "
                "which from_estimator(..., confidence=0.95) computes."
            )
        distance = math.sqrt(-2 * math.log1p(-confidence))  # chi-square, two degrees of freedom
        points = self._ellipse(distance, self.mean_covariance)
        label = f"{confidence:.4g} region of the mean"
        return ax.add_patch(Polygon(points, fill=False, edgecolor=INK, label=label, linewidth=1.8))

    def _ellipse(self, n_std: float, covariance: Array) -> Array:
        """Points at Mahalanobis distance `n_std` from the mean, of shape (n_points, 2)."""
        angles = np.linspace(0, 2 * np.pi, _N_POINTS, endpoint=False)
        circle = np.column_stack((np.cos(angles), np.sin(angles)))
        values, vectors = np.linalg.eigh(covariance)  # 0 if the mean is fixed
        return self.mean + n_std * np.sqrt(np.maximum(values, 0.0)) * circle @ vectors.T


def _ends(block: Block, pair: list[int]) -> Array:
    """Lower and then upper ends of two features in the rows of a block, (n_rows, 4).

    They are equal if a value is known exactly; NaN is an open end.
    """
    values = to_host(block.X).astype(np.float64)[:, pair]
    ends = np.hstack((values, values))
    if block.intervals is not None:
        rows, lower, upper = block.intervals
        ends[rows] = np.hstack((lower[:, pair], upper[:, pair]))
    return np.where(np.isfinite(ends), ends, np.nan)


def _of_rows(style: dict[str, Any], rows: Array) -> dict[str, Any]:
    """The style of the marked rows, (n_rows,) bool, from a style with values for all rows."""
    return {
        key: np.asarray(value)[rows] if np.shape(value)[:1] == rows.shape else value
        for key, value in style.items()
    }


def _pair(estimator: Any, features: Any) -> list[int]:
    """The indices of the two features to draw, the horizontal one first."""
    if estimator.n_features_in_ < 2:
        raise ValueError("GaussianEllipseDisplay needs two features; the estimator saw one.")
    pair = feature_indices(estimator, features)
    if len(pair) != 2:
        raise ValueError(f"features={features!r} must be two different features.")
    return pair
