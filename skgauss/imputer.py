"""GaussianImputer: a fitted Gaussian in the middle of a pipeline."""

from sklearn.base import OneToOneFeatureMixin, TransformerMixin

from .estimator import GaussianGradientMLE


class GaussianImputer(OneToOneFeatureMixin, TransformerMixin, GaussianGradientMLE):
    """Fill in missing values by their conditional means under a fitted Gaussian.

    The Gaussian maximises the likelihood of all observed values, so that no row is dropped
    and no value is made up to fit it. It is a `GaussianGradientMLE` that transforms: all
    parameters, attributes and methods are those of that class.

    Parameters
    ----------
    covariance_type, solver, parametrization, learning_rate, n_inner_iter, max_iter, tol, \
mean_init, covariance_init, reg_covar, warm_start, record_path : optional
        See `GaussianGradientMLE`; so are the defaults.

    See Also
    --------
    GaussianGradientMLE.impute : The same for a fitted Gaussian, with standard deviations.
    sklearn.impute.IterativeImputer : A regression for each feature, in turns.

    References
    ----------
    Little and Rubin (2019), Statistical Analysis with Missing Data, chapters 4 and 11.

    Examples
    --------
    >>> import numpy as np
    >>> from skgauss import GaussianImputer
    >>> X = np.array([[1.0, 2.0], [2.0, 4.1], [3.0, 5.9], [4.0, np.nan]])
    >>> GaussianImputer().fit_transform(X).round(2)
    array([[1. , 2. ],
           [2. , 4.1],
           [3. , 5.9],
           [4. , 7.9]])
    """

    def transform(self, X):
        """Fill in the missing values.

        Parameters
        ----------
        X : array-like, Dask array or Dask DataFrame of shape (n_samples, n_features)
            Data; NaN stands for a missing value.

        Returns
        -------
        X_imputed : ndarray of shape (n_samples, n_features)
            X, its observed values untouched. A lazy Dask array where X is of Dask.
        """
        return self.impute(X)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
