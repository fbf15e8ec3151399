"""The methods of an estimator that evaluate its fitted Gaussian: densities, distances, draws.

They take X in any supported form, and call `FittedGaussian` of ``density.py`` block by block.
"""

from __future__ import annotations

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
from .density import FittedGaussian
from .information_criteria import information_criteria
from .rows import Rows, Window, rows_of, warn_of_misplaced_ends


def check_return_std(return_std: Any, hint: str = "") -> None:
    """Refuse anything but True and False; `hint` is a sentence to append, after a space."""
    if not isinstance(return_std, bool | np.bool_):
        raise TypeError(f"return_std must be True or False, got {type(return_std).__name__}.{hint}")


class GaussianDensity(DensityMixin, BaseEstimator):
    """The methods of an estimator with fitted `mean_` and `covariance_`."""

    # A sentence, after a space, on whose parameters a message recommends. It is empty unless
    # another estimator made this one and the user sets the parameters there.
    _whose_parameters = ""
    # What to do with the tables that `parse_limits` makes of X, if not to pass both.
    _remedy_for_limits: str | None = None

    mean_: Array
    covariance_: Array | float
    scale_: Array
    censoring_limits: Any
    sufficient_statistics_: Any

    # What a fit stores besides its public attributes; `fitting.attributes` lists the names.
    _gaussian: FittedGaussian
    _limits_of_fit: tuple[Array, Array] | None  # its `censoring_limits`
    _seen_through: tuple[list[float], list[float]] | None  # the truncation limits of its rows
    # The names that a regression gives to the columns of its joint Gaussian, its targets last, if X
    # had none.
    _names_of_table: list[str]
    # The values, by feature, on which a marginal or conditional Gaussian is conditioned; None for
    # the Gaussian of a fit.
    _given: dict[str, float] | None = None
    _waiting_for = ""  # why rows are only held until there are more, a sentence, or empty

    @property
    def precision_(self) -> Array | float:
        r"""Inverse of the covariance, :math:`\Sigma^{-1}`, shaped as `covariance_`.

        The inverse matrix for ``covariance_type="full"``, otherwise one over each variance.
        """
        gaussian = self._fitted_gaussian()
        return gaussian.family.unpack(gaussian.family.inverse_square(gaussian.factor))

    @property
    def correlation_(self) -> Array:
        """Correlation matrix of the features, of shape (n_features, n_features).

        For ``covariance_type="diag"`` and ``"spherical"`` it is the identity matrix.
        """
        return self._fitted_gaussian().correlation

    def score(
        self,
        X: ArrayLike,
        y: Any = None,
        sample_weight: ArrayLike | None = None,
        X_upper: ArrayLike | None = None,
    ) -> float:
        """Average log-likelihood of the rows of X, from their observed values.

        A value known only to an interval contributes the logarithm of the probability of the
        interval, given the exact values of the row. With `truncation_limits` the density is that of
        rows inside the limits, missing values included, and the score is minus infinity if a row
        lies outside.

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
            In nats per observation. Scores under different `censoring_limits` or
            `truncation_limits` cannot be compared, so do not search over the limits.
        """
        warn_of_misplaced_ends(X, y, "y", "X_upper")
        rows = self._validated_rows(X, X_upper, sample_weight)
        total, weight = rows.total(self._gaussian.sum_of_log_densities)
        return float(total / weight)

    def score_samples(self, X: ArrayLike, X_upper: ArrayLike | None = None) -> Array:
        """Log-density of the observed values of each row of X.

        Values known only to an interval contribute the logarithm of the probability that they lie
        there, given the exact values of the row. With `truncation_limits` the density is that of
        rows inside the limits, missing values included, and minus infinity outside.

        Parameters
        ----------
        X : array-like, Dask array or Dask DataFrame of shape (n_samples, n_features)
            Data; NaN stands for a missing value.
        X_upper : array-like, Dask array or Dask DataFrame shaped as X, default=None
            Upper ends of intervals, as in `fit`.

        Returns
        -------
        log_density : ndarray of shape (n_samples,)
            In nats; 0 for a row without observed values. A lazy Dask array if X is of Dask. If
            scikit-learn's array API dispatch is on, an array of the library, device and dtype of X.
        """
        return self._validated_rows(X, X_upper).map(self._gaussian.log_densities)

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
            Squared distances of the values that are known exactly; missing values and values known
            only to an interval do not count. A lazy Dask array if X is of Dask.
        """
        return self._validated_rows(X, X_upper).map(self._gaussian.squared_distances)

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
        that is known of the row. This mean lies in the interval. With `truncation_limits` unknown
        values lie inside the limits, too.

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
            X with its exact values unchanged, in its dtype if that is floating, otherwise in
            float64. A lazy Dask array if X is of Dask, with the chunks of X if X is an array. If X
            is a Dask DataFrame read from files, Dask may read several partitions at once.
        std : ndarray of shape (n_samples, n_features)
            Conditional standard deviations of the values filled in, 0 where a value was known
            exactly. Lazy if `X_imputed` is. Only with ``return_std=True``.
        """
        check_return_std(return_std, " Pass upper ends by keyword: impute(X, X_upper=upper).")
        rows = self._validated_rows(X, X_upper)
        filled: Any = rows.map(partial(self._gaussian.impute, with_std=return_std))
        return filled if return_std else filled[0]

    def _validated_rows(self, X: Any, X_upper: Any, sample_weight: Any = None) -> Rows:
        """The validated rows of X for a public method, once the estimator is fitted."""
        self._check_fitted()
        self._warn_of_omitted_upper(X_upper)
        return rows_of(self, X, sample_weight, X_upper)

    def _warn_of_omitted_upper(self, upper: Any, name: str = "X", method: str = "score") -> None:
        """Warn a user who fitted with upper ends of `name`, which is X or y, and passes none now.

        If a search or a pipeline does not route them to the method, lower ends would count as exact
        values.
        """
        has_data = hasattr(self, "sufficient_statistics_")  # False for a marginal or conditional
        intervals = has_data and self._limits_of_fit is None and self._statistics_as_given.coarse
        if intervals and upper is None:
            warn_caller(
                f"The model was fitted with {name}_upper, but now {name} comes without it, so "
                f"every value counts as known exactly and NaN as missing. Pass {name}_upper too. "
                "In a pipeline or a search, use metadata routing, as in "
                f"set_{method}_request({name}_upper=True). If all values are known exactly, pass "
                f"{name}_upper={name}."
            )

    @property
    def _statistics_as_given(self) -> Any:
        """The statistics of the data as the user gave them, by feature if there was a window.

        Values known only to lie in the window count as missing again.
        """
        statistics, ends = self.sufficient_statistics_, self._seen_through
        return Window(*np.array(ends)).without_fill(statistics) if ends else statistics

    def _fitted_gaussian(self) -> FittedGaussian:
        """The Gaussian of the last fit."""
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
            Whether to draw rows inside `truncation_limits`, like the data, instead of rows of the
            whole Gaussian.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
            The draws.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If `n_samples` is not an integer, or below 1.
        """
        gaussian = self._fitted_gaussian()
        if not isinstance(n_samples, Integral) or n_samples < 1:
            raise ValueError(f"n_samples must be an integer of at least 1, got {n_samples!r}.")
        return gaussian.sample(n_samples, check_random_state(random_state), truncated)

    def aic(
        self,
        X: ArrayLike,
        *,
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
        return self._information_criteria(self._validated_rows(X, X_upper, sample_weight))[0]

    def bic(
        self,
        X: ArrayLike,
        *,
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
            In nats, for all rows of X together. Rows without observed values are not counted.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If no row has observed values.
        """
        return self._information_criteria(self._validated_rows(X, X_upper, sample_weight))[1]

    def _information_criteria(self, rows: Rows) -> tuple[float, float]:
        """AIC and BIC of all rows together, in nats."""
        total, n_samples = rows.total(self._gaussian.sum_over_informative_rows)
        return information_criteria(total, self._gaussian.n_parameters, n_samples)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "mean_")

    def _check_fitted(self) -> None:
        """Refuse an estimator without a fit, and say if the rows of partial fits are too few."""
        if self._waiting_for and not hasattr(self, "mean_"):
            raise NotFittedError(
                f"This {type(self).__name__} has summarised its rows, but cannot fit them yet: "
                f"{self._waiting_for} Call partial_fit with more rows. If the features depend "
                "on each other linearly in all rows, drop one or set reg_covar."
            )
        check_is_fitted(self)
