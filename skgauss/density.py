"""What can be asked of a fitted Gaussian: densities, distances, draws, criteria."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, DensityMixin
from sklearn.exceptions import NotFittedError
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from ._typing import Array
from .conditioning import Coarsened, Frame, coarsened, completed, drawn_inside, marginals_of
from .gaussian import Family, family_of
from .rows import (
    Intervals,
    Truncation,
    adds_up,
    check_no_infinity,
    incomplete_rows,
    rows_of,
    squared_distances,
    sum_and_weight,
)

# The attribute that says why statistics are held and nothing is fitted yet.
WAITING = "_waiting_for"
_LOG_2_PI = math.log(2 * math.pi)


class GaussianDensity(DensityMixin, BaseEstimator):
    """The methods of an estimator with fitted `mean_` and `covariance_`."""

    mean_: Array
    covariance_: Array | float
    scale_: Array
    _factor: Array
    _frame: Frame
    _truncation: Truncation | None
    censoring_limits: Any
    sufficient_statistics_: Any

    @property
    def precision_(self):
        r"""Inverse of the covariance, :math:`\Sigma^{-1}`.

        Of shape (n_features, n_features) or (n_features,), or a float, as `covariance_` is:
        the inverse matrix, or one over each variance.
        """
        self._check_fitted()
        family, factor = self._family_and_factor()
        return family.unpack(family.inverse_square(factor))

    @property
    def correlation_(self):
        """Correlations of the features.

        A matrix of shape (n_features, n_features) for every `covariance_type`, with ones on
        the diagonal; the identity where the features are independent.
        """
        self._check_fitted()
        if np.ndim(self.covariance_) < 2:
            return np.eye(len(self.mean_))
        correlation = self.covariance_ / self.scale_ / self.scale_[:, None]
        np.fill_diagonal(correlation, 1.0)
        return correlation

    def score(self, X, y=None, sample_weight=None, X_upper=None):
        """Average log-likelihood of the rows of X, of their observed values where some are NaN.

        Of a value known only to an interval it is the probability of the interval that counts,
        given the values of the row that are known exactly.
        With `truncation_limits` that of rows that are seen only inside, missing values included;
        minus infinity if one lies outside.

        Parameters
        ----------
        X : array-like, Dask array or Dask DataFrame of shape (n_samples, n_features)
            Data; NaN stands for a missing value.
        y : Ignored
            Not used, present for API consistency by convention.
        sample_weight : array-like or Dask array of shape (n_samples,), default=None
            Frequencies of the rows.
        X_upper : array-like, Dask array or Dask DataFrame shaped as X, default=None
            Upper ends of intervals, as in `fit`.

        Returns
        -------
        score : float
            In nats per observation. Scores under other `censoring_limits` or `truncation_limits`
            are those of other data: do not search over the limits.
        """
        self._warn_of_forgotten(X_upper)
        total, weight = self._total_log_density(X, sample_weight, X_upper)
        return float(total / weight)

    def score_samples(self, X, X_upper=None):
        """Log-density of each row of X, of its observed values where others are NaN.

        Of values known only to an interval the logarithm of the probability that they lie there
        is added, given the values of the row that are known exactly.
        With `truncation_limits` that of rows that are seen only inside, missing values included;
        minus infinity outside.

        Parameters
        ----------
        X : array-like, Dask array or Dask DataFrame of shape (n_samples, n_features)
            Data; NaN stands for a missing value.
        X_upper : array-like, Dask array or Dask DataFrame shaped as X, default=None
            Upper ends of intervals, as in `fit`.

        Returns
        -------
        log_density : ndarray of shape (n_samples,)
            In nats; 0 for a row in which nothing was observed. A lazy Dask array where X
            is of Dask; where scikit-learn dispatches on the library of X, of that library,
            and on the device and in the dtype of X.
        """
        density = self._density()
        return rows_of(self, X, X_upper=X_upper).map(density._log_densities)

    def mahalanobis(self, X, X_upper=None):
        """Squared Mahalanobis distance of each row of X from the mean.

        Parameters
        ----------
        X : array-like, Dask array or Dask DataFrame of shape (n_samples, n_features)
            Data; NaN stands for a missing value.
        X_upper : array-like, Dask array or Dask DataFrame shaped as X, default=None
            Upper ends of intervals, as in `fit`.

        Returns
        -------
        distances : ndarray of shape (n_samples,)
            Squared distances, of the values that are known exactly where others are missing or
            known only to an interval. A lazy Dask array where X is of Dask.
        """
        density = self._density()
        return rows_of(self, X, X_upper=X_upper).map(density._squared_distances)

    def impute(self, X, return_std=False, X_upper=None):
        """Fill in missing values by their means given the observed values of the same row.

        A value known only to an interval is replaced by its mean given the interval and all else
        that is known of the row, which lies within the interval. With `truncation_limits` what is
        unknown lies inside them, too.

        Parameters
        ----------
        X : array-like, Dask array or Dask DataFrame of shape (n_samples, n_features)
            Data; NaN stands for a missing value.
        return_std : bool, default=False
            Whether to return the standard deviations too.
        X_upper : array-like, Dask array or Dask DataFrame shaped as X, default=None
            Upper ends of intervals, as in `fit`.

        Returns
        -------
        X_imputed : ndarray of shape (n_samples, n_features)
            X, its exact values untouched; of float64, or of the dtype of X if that is
            of floating point. A lazy Dask array where X is of Dask, split as an array X is;
            of a frame from files Dask may read several partitions at once.
        std : ndarray of shape (n_samples, n_features)
            Conditional standard deviations of what was filled in, 0 where a value was
            known exactly; lazy as `X_imputed`. Only with ``return_std=True``.
        """
        density = self._density()
        self._warn_of_forgotten(X_upper)
        imputed, std = rows_of(self, X, X_upper=X_upper).map(density._filled_in)
        return (imputed, std) if return_std else imputed

    def _warn_of_forgotten(self, X_upper: Any) -> None:
        """A search or a pipeline that does not route X_upper would take lower ends for values."""
        self._check_fitted()
        has_data = hasattr(self, "sufficient_statistics_")  # unless it comes from another Gaussian
        intervals = has_data and self.censoring_limits is None and self._statistics_as_given.coarse
        if intervals and X_upper is None:
            warnings.warn(
                "The model was fitted with X_upper, and now X comes without it: every value counts "
                "as known exactly, and NaN as missing. Pass X_upper too; in a pipeline or a search "
                "by metadata routing, as in set_score_request(X_upper=True). For values that are "
                "known exactly pass X_upper=X.",
                UserWarning,
                stacklevel=3,
            )

    @property
    def _statistics_as_given(self) -> Any:
        """Of the data; by feature where a window has filled gaps."""
        statistics = self.sufficient_statistics_
        return self._truncation.window.as_given(statistics) if self._truncation else statistics

    def _density(self) -> GaussianDensity:
        """The density of now: no later fit changes it, and it is small enough to be sent."""
        self._check_fitted()
        density = object.__new__(type(self))
        for name in ("mean_", "covariance_", "_factor", "_frame", "_truncation"):
            setattr(density, name, getattr(self, name))
        return density

    def _total_log_density(self, X, sample_weight=None, X_upper=None):
        density = self._density()
        return rows_of(self, X, sample_weight, X_upper).total(density._sum_of_log_densities)

    # What follows up to the draws is asked of a `_density`, about one block of valid rows:
    # what is known exactly, NaN in place of the rest, and the intervals, if there are any.

    def _filled_in(self, X: Any, intervals: Intervals | None = None) -> tuple[np.ndarray, Array]:
        """X without gaps, and the standard deviations of what was filled in."""
        check_no_infinity(X, type(self).__name__)
        if self._truncation:
            intervals = self._truncation.window.narrowed(X, intervals)
        family, factor = self._family_and_factor()
        imputed = X.astype(X.dtype if X.dtype.kind == "f" and X.itemsize > 2 else np.float64)
        std = np.zeros(X.shape)
        for rows in incomplete_rows(X):
            missing = np.isnan(X[rows])
            filled = completed(X[rows] - self.mean_, family, factor)
            imputed[rows] = np.where(missing, filled.deviations + self.mean_, X[rows])
            std[rows] = filled.standard_deviations
        if intervals is not None:
            rows, lower, upper = intervals
            known = self._coarsened(intervals)
            values = np.clip(known.deviations + self.mean_, lower, upper)
            imputed[rows] = np.where(lower == upper, X[rows], values)
            std[rows] = known.standard_deviations
        return imputed, std

    def _coarsened(self, intervals: Intervals) -> Coarsened:
        family, factor = self._family_and_factor()
        ends = intervals.lower, intervals.upper
        return coarsened(*ends, self.mean_, family, factor, self._frame)

    def _sum_of_log_densities(
        self, X: Any, sample_weight: Any | None, intervals: Intervals | None = None
    ) -> Array:
        """Weighted, and the weight."""
        return sum_and_weight(self._log_densities(X, intervals), sample_weight)

    def _log_densities(self, X: Any, intervals: Intervals | None = None) -> Any:
        densities_of = self._log_densities_of_parent
        if self._truncation:
            return self._truncation.condition(densities_of, X, intervals)
        return densities_of(X, intervals)

    def _log_densities_of_parent(self, X: Any, intervals: Intervals | None) -> Any:
        densities, log_dets, shown = self._observed(X)
        densities *= -0.5
        densities += 0.0 - 0.5 * (_LOG_2_PI * shown + log_dets)  # which makes no -0.0
        if intervals is not None:
            densities[intervals.rows] += self._coarsened(intervals).log_probability
        return densities

    def _squared_distances(self, X: Any, intervals: Intervals | None = None) -> Any:
        return self._observed(X)[0]

    def _observed(self, X: Any) -> tuple[Any, Any, Any]:
        """Of what the rows show: squared distances, log-determinants, numbers of values.

        The latter two are one number each where all rows are complete.
        """
        family, factor = self._family_and_factor()
        distances = squared_distances(X, self.mean_, family, factor)
        log_det, d = family.log_det(factor), family.n_features
        with np.errstate(over="ignore", invalid="ignore"):
            if adds_up(distances):  # no mask as long as X
                return distances, log_det, d
        check_no_infinity(X, type(self).__name__)
        log_dets, shown = np.full(len(X), log_det), np.full(len(X), d)
        for rows in incomplete_rows(X):
            observed = marginals_of(X[rows] - self.mean_, family, factor)
            distances[rows] = observed.distances
            log_dets[rows] = observed.log_dets
            shown[rows] = (~np.isnan(X[rows])).sum(axis=1)
        return distances, log_dets, shown

    def sample(self, n_samples=1, random_state=None, truncated=False):
        """Draw from the fitted Gaussian.

        Parameters
        ----------
        n_samples : int, default=1
            Number of rows to draw.
        random_state : int, RandomState instance or None, default=None
            Seed or generator.
        truncated : bool, default=False
            Whether to draw rows as they were seen, inside `truncation_limits`, instead of from
            the Gaussian that they were cut from.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
            The draws.

        Raises
        ------
        ValueError
            If `n_samples` is below 1.
        """
        self._check_fitted()
        if n_samples < 1:
            raise ValueError(f"n_samples must be at least 1, got {n_samples}.")
        family, factor = self._family_and_factor()
        shape = (n_samples, family.n_features)
        random_state = check_random_state(random_state)
        rows = self.mean_ + family.colorize(factor, random_state.standard_normal(shape))
        if truncated and self._truncation:
            window = self._truncation.window
            rows = drawn_inside(*window, rows, self.mean_, family, factor, random_state)
        return rows

    def aic(self, X, X_upper=None):
        """Akaike information criterion of X; lower is better.

        Parameters
        ----------
        X : array-like, Dask array or Dask DataFrame of shape (n_samples, n_features)
            Data.
        X_upper : array-like, Dask array or Dask DataFrame shaped as X, default=None
            Upper ends of intervals, as in `fit`.

        Returns
        -------
        aic : float
            In nats, for all rows of X together.
        """
        return self._information_criterion(X, X_upper, lambda n_samples: 2.0)

    def bic(self, X, X_upper=None):
        """Bayesian information criterion of X; lower is better.

        Parameters
        ----------
        X : array-like, Dask array or Dask DataFrame of shape (n_samples, n_features)
            Data.
        X_upper : array-like, Dask array or Dask DataFrame shaped as X, default=None
            Upper ends of intervals, as in `fit`.

        Returns
        -------
        bic : float
            In nats, for all rows of X together.
        """
        return self._information_criterion(X, X_upper, math.log)

    def _information_criterion(self, X, X_upper, price):
        """Deviance plus `price`, a function of the number of rows, for each parameter."""
        total, n_samples = self._total_log_density(X, X_upper=X_upper)
        family, _ = self._family_and_factor()
        return float(price(n_samples) * family.n_parameters - 2.0 * total)

    def __sklearn_is_fitted__(self):
        return hasattr(self, "mean_")

    def _check_fitted(self):
        """Refuse before a fit, and where the rows of partial fits do not suffice for one."""
        if hasattr(self, WAITING) and not hasattr(self, "mean_"):
            raise NotFittedError(
                f"This {type(self).__name__} has summarised its rows, but cannot fit them yet: "
                f"{getattr(self, WAITING)} Call partial_fit with more rows."
            )
        check_is_fitted(self)

    def _family_and_factor(self) -> tuple[Family, Array]:
        """Of the fitted covariance, whatever became of the parameters since."""
        return family_of(self.covariance_, len(self.mean_)), self._factor
