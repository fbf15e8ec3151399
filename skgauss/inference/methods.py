"""The inference methods of a fitted estimator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike
from sklearn.callback import with_callbacks
from sklearn.utils import Bunch

from .._optional import imported
from .checks import check_method
from .confidence import METHODS, check_level, profile, wald
from .standard_errors import errors_at, fitted_point, moves_with_warning
from .summary import summary

_ERROR_METHODS = ("observed", "sandwich")  # the methods for standard errors

if TYPE_CHECKING:
    import pandas


class InferenceMethods:
    """Standard errors and intervals, as methods of an estimator that was fitted to data."""

    def standard_errors(
        self,
        method: Literal["observed", "sandwich"] = "observed",
        X: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        X_upper: ArrayLike | None = None,
    ) -> Bunch:
        r"""Standard errors of the estimates.

        A standard error is the standard deviation that the estimate of a parameter would have if
        the data were drawn again with the same gaps. Weights count as frequencies: a row of weight
        k counts as k rows.

        Parameters
        ----------
        method : {"observed", "sandwich"}, default="observed"
            "observed" inverts the observed information, the curvature of the log-likelihood at the
            maximum. It is right for rows drawn from the fitted Gaussian. "sandwich" is
            :math:`A^{-1} B A^{-1}`, with A the same information and B the sum of the outer products
            of the scores of the rows. It is right for many independent rows from any distribution
            with finite fourth moments. If tails are heavy, the "observed" errors of scales,
            covariances and correlations are too small. With rows that are not Gaussian, "sandwich"
            requires that values are missing completely at random.
        X, sample_weight, X_upper : array-like, default=None
            The rows of the fit, as they were passed to `fit`, only for ``method="sandwich"``, which
            reads them once. X may be a Dask collection.

        Returns
        -------
        errors : Bunch
            `mean` and `scale` of shape (n_features,), `covariance` of the shape of `covariance_`
            and, if that is a matrix, `correlation` of the same shape. NaN for a parameter that the
            data do not determine.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If the fit did not converge or has a ridge; if there are more than 2,500 parameters, and
            neither closed forms nor products with the information give the errors; or if the rows
            are not those of the fit.

        Warns
        -----
        UserWarning
            If the data do not determine some parameters, which the warning names; if there are so
            many parameters that only means have errors; or if `tol` left the fit farther from the
            maximum than a tenth of a standard error.

        References
        ----------
        Efron and Hinkley (1978), "Assessing the accuracy of the maximum likelihood estimator:
        observed versus expected Fisher information", Biometrika 65(3); White (1982), "Maximum
        likelihood estimation of misspecified models", Econometrica 50(1).

        Examples
        --------
        >>> import numpy as np
        >>> from skgauss import GaussianGradientMLE
        >>> X = np.array([[1.0], [2.0], [3.0], [6.0], [np.nan]])
        >>> errors = GaussianGradientMLE().fit(X).standard_errors()
        >>> errors.mean.round(3), errors.scale.round(3)  # sigma / sqrt(4), sigma / sqrt(8)
        (array([0.935]), array([0.661]))
        >>> GaussianGradientMLE().fit(X).standard_errors("sandwich", X).scale.round(3)
        array([0.468])
        """
        check_method(method, _ERROR_METHODS)
        fit = fitted_point(self, method, X, sample_weight, X_upper)
        return fit.bunch(fit.in_units(errors_at(fit)))

    @with_callbacks
    def confidence_intervals(
        self,
        level: float = 0.95,
        method: Literal["wald", "profile", "sandwich"] = "wald",
        n_jobs: int | None = None,
        X: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        X_upper: ArrayLike | None = None,
    ) -> Bunch:
        """Confidence intervals of the parameters.

        An interval never contains impossible values, such as a negative scale.

        Parameters
        ----------
        level : float, default=0.95
            Probability, between 0 and 1, with which an interval should cover its parameter.
        method : {"wald", "profile", "sandwich"}, default="wald"
            "wald" is the estimate plus and minus a multiple of its standard error. It works on the
            log scale for scales and variances, on that of Fisher's z for correlations, and on the
            original scale for means and other covariances. "sandwich" is the same with the sandwich
            errors of :meth:`standard_errors`. "profile" contains the values of a mean, scale or
            correlation that a likelihood ratio test does not reject. Unless the data are complete
            or the features independent, it climbs to each end of each interval, and reports each
            climb to the callbacks of the estimator, such as scikit-learn's `ProgressBar`. With few
            rows no method covers as often as `level` says. "profile" then comes closest, and
            "sandwich" is farthest from it.
        n_jobs : int, default=None
            For "profile", the number of climbs that run at once, in threads. None means one unless
            joblib's `parallel_config` says otherwise; -1 means one per processor.
        X, sample_weight, X_upper : array-like, default=None
            The rows of the fit, as :meth:`standard_errors` takes them.

        Returns
        -------
        intervals : Bunch
            The Bunch of :meth:`standard_errors`, with the lower and the upper end on a last axis of
            each array. "profile" has no `covariance` if that is a full matrix. If the likelihood
            never falls far enough, the end is infinite, 0 for a scale, or -1 or 1 for a
            correlation.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If `level` is not between 0 and 1, or for the reasons in :meth:`standard_errors`.

        Warns
        -----
        UserWarning
            If the data do not determine some parameters, or an end of a profile was not found and
            is NaN; the warning names the parameters. If `tol` left the fit farther from the maximum
            than a tenth of a standard error.

        References
        ----------
        Venzon and Moolgavkar (1988), "A method for computing profile-likelihood-based confidence
        intervals", Applied Statistics 37(1).
        """
        check_method(method, METHODS)
        check_level(level)
        fit = fitted_point(self, method, X, sample_weight, X_upper, polished=method == "profile")
        if method != "profile":
            return fit.bunch(wald(fit, errors_at(fit), level))
        found = fit.bunch(profile(fit, level, n_jobs))
        if fit.family.correlated:
            del found["covariance"]  # `profile` has ends for the variances only
        return found

    def summary(
        self,
        level: float = 0.95,
        method: Literal["wald", "profile", "sandwich"] = "wald",
        X: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        X_upper: ArrayLike | None = None,
    ) -> pandas.DataFrame:
        """Table of the parameters with estimates, standard errors, tests and intervals.

        Parameters
        ----------
        level : float, default=0.95
            Probability, between 0 and 1, with which an interval should cover its parameter.
        method : {"wald", "profile", "sandwich"}, default="wald"
            How the intervals are computed, see :meth:`confidence_intervals`; "sandwich" also
            applies to the standard errors.
        X, sample_weight, X_upper : array-like, default=None
            The rows of the fit, as :meth:`standard_errors` takes them.

        Returns
        -------
        table : pandas.DataFrame
            A row for each mean, standard deviation and correlation. The columns are "estimate";
            "std_error"; "z" and "p_value" of the test that a mean or a correlation is 0, on the
            scale of Fisher's z for a correlation, and NaN for a standard deviation; "lower" and
            "upper", the ends of the interval; and "missing_information", the share, from 0 to 1, of
            the information about the parameter that as many rows without gaps, limits or a window
            would give at the same estimate, but that is lost. The table prints in 80 columns,
            rounded to two digits of the errors. Above it are the number of rows, the shares of
            values that are missing or known only to an interval, and the log-likelihood of all
            rows, AIC and BIC in nats.

        Raises
        ------
        ImportError
            If pandas is missing.
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If `level` is not between 0 and 1, or for the reasons in :meth:`standard_errors`.

        Warns
        -----
        UserWarning
            If the data do not determine some parameters, which the warning names. If `tol` left the
            fit farther from the maximum than a tenth of a standard error.

        Examples
        --------
        >>> from skgauss import GaussianGradientMLE
        >>> from skgauss.datasets import load_airquality
        >>> air = load_airquality(as_frame=True).data[["Ozone", "Wind"]]
        >>> GaussianGradientMLE().fit(air).summary()
        n 153, missing 12.1%, censored 0.0%
        log-likelihood -952.86, AIC 1915.73, BIC 1930.88
        95 % intervals by method='wald'
        <BLANKLINE>
                          estimate  std err      z       p   lower   upper  missing
        mean
          Ozone               41.6      2.9  14.33  <0.001    35.9    47.3    0.171
          Wind                9.96     0.28  35.08  <0.001    9.40   10.51    0.000
        sd
          Ozone               32.7      2.1                   28.8    37.1    0.208
          Wind                3.51     0.20                   3.14    3.93    0.000
        correlation
          Ozone and Wind    -0.596    0.058  -7.64  <0.001  -0.698  -0.471    0.193
        """
        return summary(self, level, method, X, sample_weight, X_upper)

    def parameter_covariance(
        self,
        method: Literal["observed", "sandwich"] = "observed",
        X: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        X_upper: ArrayLike | None = None,
    ) -> pandas.DataFrame:
        r"""Covariance of the estimates.

        It gives the variance of a function of several parameters. A difference, or any other linear
        contrast with coefficients c, has the variance :math:`c^T V c`. For a nonlinear function, c
        is its gradient (the delta method).

        Parameters
        ----------
        method : {"observed", "sandwich"}, default="observed"
            As :meth:`standard_errors` takes it.
        X, sample_weight, X_upper : array-like, default=None
            The rows of the fit, as :meth:`standard_errors` takes them.

        Returns
        -------
        covariance : pandas.DataFrame of shape (n_parameters, n_parameters)
            Rows and columns are the parameters in the order of :meth:`summary`: means, standard
            deviations, correlations. The diagonal holds the squares of the standard errors. NaN for
            a parameter that the data do not determine.

        Raises
        ------
        ImportError
            If pandas is missing.
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If the fit did not converge or has a ridge, or has more than 2,500 parameters.

        Warns
        -----
        UserWarning
            If the data do not determine some parameters, which the warning names. If `tol` left the
            fit farther from the maximum than a tenth of a standard error.

        Examples
        --------
        >>> from skgauss import GaussianGradientMLE
        >>> from skgauss.datasets import load_galton
        >>> galton = load_galton(as_frame=True)
        >>> model = GaussianGradientMLE().fit(galton.data, sample_weight=galton.sample_weight)
        >>> means = ["mean of parent", "mean of child"]
        >>> V = model.parameter_covariance().loc[means, means].to_numpy()
        >>> child_minus_parent = [-1, 1]
        >>> print((model.mean_ @ child_minus_parent).round(2))
        -0.24
        >>> print((child_minus_parent @ V @ child_minus_parent).round(4))  # its variance
        0.0058
        """
        pandas = imported("pandas", f"{type(self).__name__}.parameter_covariance", "examples")
        check_method(method, _ERROR_METHODS)
        fit = fitted_point(self, method, X, sample_weight, X_upper)
        moved = fit.listed(moves_with_warning(fit))
        units = fit.listed(fit.in_units(fit.estimate.map(np.ones_like)))
        covariance = np.outer(units, units) * (moved @ moved.T) / fit.likelihood.weight
        return pandas.DataFrame(covariance, fit.parameter_names, fit.parameter_names)
