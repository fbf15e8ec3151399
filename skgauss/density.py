"""What can be asked of a fitted Gaussian: densities, distances, draws, criteria."""

from __future__ import annotations

import math

import numpy as np
from sklearn.base import BaseEstimator, DensityMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from ._typing import Array
from .covariance import Family, family_of
from .inputs import check_finite, map_rows, validate_rows


class GaussianDensity(DensityMixin, BaseEstimator):
    """The methods of an estimator with fitted `mean_` and `covariance_`."""

    mean_: Array
    covariance_: Array | float
    _factor: Array

    def score(self, X, y=None, sample_weight=None):
        """Average log-likelihood of the rows of X.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Data.
        y : Ignored
            Not used, present for API consistency by convention.
        sample_weight : array-like of shape (n_samples,), default=None
            Frequencies of the rows.

        Returns
        -------
        score : float
            In nats per observation.
        """
        densities = self.score_samples(X)
        if sample_weight is None:
            return float(densities.mean())
        sample_weight = _check_sample_weight(
            sample_weight, densities, dtype=np.float64, ensure_non_negative=True
        )
        present = sample_weight > 0  # a row of weight 0 may have no finite density
        return float(np.average(densities[present], weights=sample_weight[present]))

    def score_samples(self, X):
        """Log-density of each row of X.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Data.

        Returns
        -------
        log_density : ndarray of shape (n_samples,)
            In nats.
        """
        distances = self.mahalanobis(X)
        family, factor = self._family_and_factor()
        constant = family.n_features * math.log(2 * math.pi) + family.log_det(factor)
        distances += constant
        distances *= -0.5
        return distances

    def mahalanobis(self, X):
        """Squared Mahalanobis distance of each row of X from the mean.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Data.

        Returns
        -------
        distances : ndarray of shape (n_samples,)
            Squared distances.
        """
        check_is_fitted(self)
        X = validate_rows(self, X, reset=False)
        family, factor = self._family_and_factor()
        inverse = family.inverse(factor)
        distances = map_rows(
            X, family, lambda rows: family.squared_lengths(inverse, rows), self.mean_
        )
        check_finite(X, distances, type(self).__name__)
        return distances

    def sample(self, n_samples=1, random_state=None):
        """Draw from the fitted Gaussian.

        Parameters
        ----------
        n_samples : int, default=1
            Number of rows to draw.
        random_state : int, RandomState instance or None, default=None
            Seed or generator.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
            The draws.

        Raises
        ------
        ValueError
            If `n_samples` is below 1.
        """
        check_is_fitted(self)
        if n_samples < 1:
            raise ValueError(f"n_samples must be at least 1, got {n_samples}.")
        family, factor = self._family_and_factor()
        shape = (n_samples, family.n_features)
        noise = check_random_state(random_state).standard_normal(shape)
        return self.mean_ + family.colorize(factor, noise)

    def aic(self, X):
        """Akaike information criterion of X; lower is better.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Data.

        Returns
        -------
        aic : float
            In nats, for all rows of X together.
        """
        return self._information_criterion(X, lambda n_samples: 2.0)

    def bic(self, X):
        """Bayesian information criterion of X; lower is better.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Data.

        Returns
        -------
        bic : float
            In nats, for all rows of X together.
        """
        return self._information_criterion(X, math.log)

    def _information_criterion(self, X, price):
        """Deviance plus `price`, a function of the number of rows, for each parameter."""
        densities = self.score_samples(X)
        family, _ = self._family_and_factor()
        return float(price(len(densities)) * family.n_parameters - 2.0 * densities.sum())

    def _family_and_factor(self) -> tuple[Family, Array]:
        """Of the fitted covariance, whatever became of the parameters since."""
        return family_of(self.covariance_, len(self.mean_)), self._factor
