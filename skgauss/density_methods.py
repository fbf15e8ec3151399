"""The methods by which a user asks an estimator for its fitted Gaussian: densities and the like.

They take X as it comes, and ask the `FittedGaussian` of ``density.py`` block by block.
"""

from __future__ import annotations

import math
from functools import partial
from numbers import Integral
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, DensityMixin
from sklearn.exceptions import NotFittedError
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from ._typing import Array
from ._wording import warn_caller
from .density import SEEN_THROUGH, WAITING, FittedGaussian
from .rows import Rows, Window, rows_of, warn_of_misplaced_ends


def check_return_std(return_std: Any, hint: str = "") -> None:
    """Refuse anything but True and False, with a hint, after a space, at what may be meant."""
    if not isinstance(return_std, bool | np.bool_):
        raise TypeError(f"return_std must be True or False, got {type(return_std).__name__}.{hint}")


def information_criteria(
    log_likelihood: float, n_parameters: int, n_samples: float, name: str = "X"
) -> tuple[float, float]:
    """AIC and BIC of all rows together, in nats: deviance and the price of the parameters.

    `log_likelihood` is that of all rows together, and `n_samples` counts the rows that tell
    something of X or whatever its `name` is.

    Raises
    ------
    ValueError
        If there are no such rows, by which no model is better than another.
    """
    if not n_samples > 0:
        raise ValueError(f"No value of {name} is known, so there is nothing to compare models by.")
    deviance = -2.0 * float(log_likelihood)
    return deviance + 2.0 * n_parameters, deviance + math.log(n_samples) * n_parameters


class GaussianDensity(DensityMixin, BaseEstimator):
    """The methods of an estimator with fitted `mean_` and `covariance_`."""

    # A sentence, after a space, on which estimator has the parameters that a message recommends. It
    # is empty unless another estimator made this one.
    _whose_parameters = ""

    mean_: Array
    covariance_: Array | float
    scale_: Array
    _gaussian: FittedGaussian
    censoring_limits: Any
    sufficient_statistics_: Any

    @property
    def precision_(self) -> Array | float:
        r"""Inverse of the covariance, :math:`\Sigma^{-1}`.

        Of shape (n_features, n_features) or (n_features,), or a float, as `covariance_` is:
        the inverse matrix, or one over each variance.
        """
        gaussian = self._fitted_gaussian()
        return gaussian.family.unpack(gaussian.family.inverse_square(gaussian.factor))

    @property
    def correlation_(self) -> Array:
        """Correlations of the features.

        A matrix of shape (n_features, n_features) for every `covariance_type`, with ones on
        the diagonal; the identity where the features are independent.
        """
        return self._fitted_gaussian().correlation

    def score(
        self,
        X: ArrayLike,
        y: Any = None,
        sample_weight: ArrayLike | None = None,
        X_upper: ArrayLike | None = None,
    ) -> float:
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
        warn_of_misplaced_ends(X, y, "y", "X_upper")
        rows = self._rows_asked(X, X_upper, sample_weight)
        total, weight = rows.total(self._gaussian.sum_of_log_densities)
        return float(total / weight)

    def score_samples(self, X: ArrayLike, X_upper: ArrayLike | None = None) -> Array:
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
        return self._rows_asked(X, X_upper).map(self._gaussian.log_densities)

    def mahalanobis(self, X: ArrayLike, X_upper: ArrayLike | None = None) -> Array:
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
        return self._rows_asked(X, X_upper).map(self._gaussian.squared_distances)

    @overload
    def impute(
        self, X: ArrayLike, return_std: Literal[False] = False, X_upper: ArrayLike | None = None
    ) -> Array: ...

    @overload
    def impute(
        self, X: ArrayLike, return_std: Literal[True], X_upper: ArrayLike | None = None
    ) -> tuple[Array, Array]: ...

    def impute(
        self, X: ArrayLike, return_std: bool = False, X_upper: ArrayLike | None = None
    ) -> Array | tuple[Array, Array]:
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
        check_return_std(return_std, " Pass upper ends by keyword: impute(X, X_upper=upper).")
        rows = self._rows_asked(X, X_upper)
        filled: Any = rows.map(partial(self._gaussian.impute, with_std=return_std))
        return filled if return_std else filled[0]

    def _rows_asked(self, X: Any, X_upper: Any, sample_weight: Any = None) -> Rows:
        """The rows that a public method asks a fitted Gaussian about."""
        self._check_fitted()
        self._warn_of_forgotten(X_upper)
        return rows_of(self, X, sample_weight, X_upper)

    def _warn_of_forgotten(self, upper: Any, name: str = "X") -> None:
        """Warn a user who fitted with upper ends and passes none now.

        They belong to `name`, which is X or, in a regression, y. A search or a pipeline that does
        not route them would take lower ends for values.
        """
        has_data = hasattr(self, "sufficient_statistics_")  # unless it comes from another Gaussian
        intervals = has_data and self.censoring_limits is None and self._statistics_as_given.coarse
        if intervals and upper is None:
            warn_caller(
                f"The model was fitted with {name}_upper, but now {name} comes without it, so "
                f"every value counts as known exactly and NaN as missing. Pass {name}_upper too. "
                "In a pipeline or a search, use metadata routing, as in "
                f"set_score_request({name}_upper=True). If all values are known exactly, pass "
                f"{name}_upper={name}."
            )

    @property
    def _statistics_as_given(self) -> Any:
        """The statistics of the data as the user gave them, without what a window filled in.

        Where there was a window they are by feature.
        """
        statistics, ends = self.sufficient_statistics_, getattr(self, SEEN_THROUGH)
        return Window(*np.array(ends)).without_fill(statistics) if ends else statistics

    def _fitted_gaussian(self) -> FittedGaussian:
        """The Gaussian of the last fit.

        Raises
        ------
        NotFittedError
            If there is none, or the rows of partial fits do not suffice for one.
        """
        self._check_fitted()
        return self._gaussian

    def sample(
        self,
        n_samples: int = 1,
        random_state: int | np.random.RandomState | None = None,
        truncated: bool = False,
    ) -> Array:
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
            If `n_samples` is no integer, or below 1.
        """
        gaussian = self._fitted_gaussian()
        if not isinstance(n_samples, Integral) or n_samples < 1:
            raise ValueError(f"n_samples must be an integer of at least 1, got {n_samples!r}.")
        return gaussian.sample(n_samples, check_random_state(random_state), truncated)

    def aic(
        self,
        X: ArrayLike,
        X_upper: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> float:
        """Akaike information criterion of X; lower is better.

        Parameters
        ----------
        X : array-like, Dask array or Dask DataFrame of shape (n_samples, n_features)
            Data.
        X_upper : array-like, Dask array or Dask DataFrame shaped as X, default=None
            Upper ends of intervals, as in `fit`.
        sample_weight : array-like or Dask array of shape (n_samples,), default=None
            Frequencies of the rows, as in `fit`.

        Returns
        -------
        aic : float
            In nats, for all rows of X together.
        """
        return self._information_criteria(self._rows_asked(X, X_upper, sample_weight))[0]

    def bic(
        self,
        X: ArrayLike,
        X_upper: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> float:
        """Bayesian information criterion of X; lower is better.

        Parameters
        ----------
        X, X_upper, sample_weight : array-like
            As :meth:`aic` takes them.

        Returns
        -------
        bic : float
            In nats, for all rows of X together. Those that show nothing are none.

        Raises
        ------
        ValueError
            If all rows are such.
        """
        return self._information_criteria(self._rows_asked(X, X_upper, sample_weight))[1]

    def _information_criteria(self, rows: Rows) -> tuple[float, float]:
        """AIC and BIC of all rows together, in nats."""
        total, n_samples = rows.total(self._gaussian.sum_over_telling_rows)
        return information_criteria(total, self._n_parameters, n_samples)

    @property
    def _n_parameters(self) -> int:
        """How many parameters of the Gaussian were estimated, known ones left out."""
        return self._gaussian.family.n_parameters

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "mean_")

    def _check_fitted(self) -> None:
        """Refuse an estimator without a fit, and say so if rows of partial fits are too few."""
        if hasattr(self, WAITING) and not hasattr(self, "mean_"):
            raise NotFittedError(
                f"This {type(self).__name__} has summarised its rows, but cannot fit them yet: "
                f"{getattr(self, WAITING)} Call partial_fit with more rows. If the features depend "
                "on each other linearly in all rows, drop one or set reg_covar."
            )
        check_is_fitted(self)
