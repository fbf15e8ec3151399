"""A check whether rows are Gaussian: their distances against those of a Gaussian sample."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import beta, chi2

from .._typing import Array
from ..density import FittedGaussian
from ..inference import check_fitted, check_level
from ..robust import as_complete
from ..rows import Block, rows_of, to_host
from .style import (
    BLUE,
    GREY,
    INK,
    VERMILLION,
    Display,
    axes_of,
    in_lines,
    is_narrow,
    legend_style,
    pyplot_for,
    styled,
)


@dataclass(kw_only=True, eq=False, repr=False)
class QQDisplay(Display):
    r"""Squared Mahalanobis distances of the rows against quantiles of the chi-square distribution.

    If the rows are Gaussian, the squared distance of a row with k observed values follows the
    chi-square distribution with k degrees of freedom. The sorted distances then lie around the
    line. Rows above it are farther out than Gaussian rows would be: the tails are heavier, or there
    are outliers. If k differs between rows, each row is drawn at the distance at which a complete
    row has the same p-value.

    The share of the distribution below the i-th smallest of n distances follows the beta
    distribution with parameters i and n + 1 - i. Its median gives the abscissa. At each i, the band
    contains the i-th distance of a share `level` of all Gaussian samples. The fitted Gaussian is
    used in place of the true one. It is closer to the rows than the true one, so that the band is
    too wide if there are few rows for the number of features.

    It is recommended to use `from_estimator` to create a display.

    Parameters
    ----------
    distances : ndarray of shape (n_samples,)
        Squared distances, in ascending order.
    n_features : int
        Degrees of freedom.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the picture.
    figure_ : matplotlib Figure
        Figure of the picture.
    points_ : matplotlib PathCollection
        The rows; those outside the band have another colour.
    line_ : matplotlib Line2D
        The line around which Gaussian rows lie.
    band_ : matplotlib FillBetweenPolyCollection
        The band.

    See Also
    --------
    GaussianOutlierDetector : The p-value of each row, and which of them are outliers.

    References
    ----------
    Gnanadesikan and Kettenring (1972), "Robust estimates, residuals, and outlier detection with
    multiresponse data", Biometrics 28(1).

    Examples
    --------
    >>> import numpy as np
    >>> from skgauss import GaussianGradientMLE, QQDisplay
    >>> X = np.random.default_rng(0).standard_normal((200, 3))
    >>> model = GaussianGradientMLE().fit(X)
    >>> display = QQDisplay.from_estimator(model, X)
    >>> bool(np.allclose(display.distances, np.sort(model.mahalanobis(X))))
    True
    """

    distances: Array
    n_features: int

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ArrayLike,
        *,
        level: float = 0.95,
        ax: Any = None,
        scatter_kwargs: dict[str, Any] | None = None,
    ) -> Self:
        """Plot the distances of rows from a fitted Gaussian.

        Parameters
        ----------
        estimator : GaussianGradientMLE
            Fitted to values that are known exactly or missing.
        X : array-like of shape (n_samples, n_features)
            The rows, usually those of the fit; NaN stands for a missing value. A row without
            observed values is left out.
        level : float, default=0.95
            Share of Gaussian samples, between 0 and 1, that the band contains at each rank.
        ax : matplotlib Axes, default=None
            Axes to plot on; None is a new figure.
        scatter_kwargs : dict, default=None
            Passed to `matplotlib.axes.Axes.scatter`.

        Returns
        -------
        display : QQDisplay
            The display, plotted.

        Raises
        ------
        ImportError
            If matplotlib is missing.
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If the fit has limits or intervals, X is not data like those of the fit or has no
            observed value, or `level` is not a probability.
        """
        pyplot_for(f"{cls.__name__}.from_estimator")
        check_fitted(estimator)
        _check_no_limits(estimator)
        read = partial(_distances_and_counts, estimator._fitted_gaussian())
        distances, n_observed = np.asarray(to_host(rows_of(estimator, X).map(read))).T
        n_features = estimator.n_features_in_
        alike = as_complete(distances[n_observed > 0], n_observed[n_observed > 0], n_features)
        display = cls(distances=np.sort(alike), n_features=n_features)
        return display.plot(ax=ax, level=level, scatter_kwargs=scatter_kwargs)

    def plot(
        self, ax: Any = None, *, level: float = 0.95, scatter_kwargs: dict[str, Any] | None = None
    ) -> Self:
        """Plot the distances.

        Parameters
        ----------
        ax, level, scatter_kwargs : optional
            As :meth:`from_estimator` takes them.

        Returns
        -------
        self : QQDisplay
            The display.

        Raises
        ------
        ValueError
            If there is no distance, or `level` is not a probability.
        """
        lower, median, upper = self._quantiles(level)
        ax = axes_of(self, ax)
        from matplotlib.collections import PathCollection

        beyond = (self.distances < lower) | (self.distances > upper)
        colors = np.where(beyond, VERMILLION, BLUE)
        style = {"s": 14, "linewidth": 0, "zorder": 2, "color": colors}
        style = styled(style, scatter_kwargs, PathCollection)
        width = 18 if is_narrow(ax) else 64  # most characters of a line of the legend
        label = in_lines(f"{level:.4g} of Gaussian samples", width)
        self.band_ = ax.fill_between(median, lower, upper, color=GREY, linewidth=0, label=label)
        (self.line_,) = ax.plot(median, median, color=INK, linewidth=1)
        self.points_ = ax.scatter(median, self.distances, **style)
        if beyond.any() and style.get("color") is colors:  # the user may choose one colour
            label = f"{np.count_nonzero(beyond)} of {len(beyond)} rows outside the band"
            label = in_lines(label, width)
            ax.scatter([], [], s=14, linewidth=0, color=VERMILLION, label=label)
        ax.set(xlabel="Gaussian quantile", ylabel="Squared distance of each row")
        ax.legend(loc="upper left", **legend_style(ax))
        return self

    def _quantiles(self, level: float) -> Array:
        """Lower end of the band, median and upper end for each rank, of shape (3, n_samples).

        These are quantiles of the squared distances, which have no unit.
        """
        check_level(level)
        if len(self.distances) == 0:
            raise ValueError("No row has an observed value, so there are no distances to plot.")
        ranks = np.arange(1, len(self.distances) + 1)
        shares = np.array([[(1 - level) / 2], [0.5], [(1 + level) / 2]])
        return chi2.ppf(beta.ppf(shares, ranks, ranks[::-1]), self.n_features)


def _distances_and_counts(gaussian: FittedGaussian, block: Block) -> Array:
    """The squared distance and the number of observed values of each row, (n_rows, 2)."""
    distances, _, n_observed = gaussian.observed(to_host(block.X))
    return np.column_stack((distances, np.broadcast_to(n_observed, distances.shape)))


def _check_no_limits(estimator: Any) -> None:
    """Refuse a fit with limits or intervals, which decide what values are known exactly."""
    if estimator._gaussian.window:
        raise ValueError(
            "The distances of rows inside truncation_limits do not follow the chi-square "
            "distribution that QQDisplay compares them with. Compare quantiles of the rows with "
            "those of draws from inside, estimator.sample(100_000, truncated=True)."
        )
    if getattr(getattr(estimator, "sufficient_statistics_", None), "coarse", False):
        raise ValueError(
            "QQDisplay needs values that are known exactly or missing. Where limits or intervals "
            "decide which values are known, distances do not follow a chi-square distribution even "
            "if the Gaussian fits."
        )
