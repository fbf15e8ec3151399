"""The methods of inference that a fitted estimator has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike
from sklearn.callback import with_callbacks
from sklearn.utils import Bunch

from .._optional import imported
from .confidence import METHODS, check_level, profile, wald
from .point import check_method
from .standard_errors import errors_at, fitted_point, moves_with_warning
from .summary import summary

_OF_ERRORS = ("observed", "sandwich")  # the methods by which there are standard errors

if TYPE_CHECKING:
    import pandas


class InferenceMethods:
    """How sure an estimate is, as methods of an estimator that was fitted to data."""

    def standard_errors(
        self,
        method: Literal["observed", "sandwich"] = "observed",
        X: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        X_upper: ArrayLike | None = None,
    ) -> Bunch:
        r"""Standard errors of the estimate.

        The square roots of the variances of the parameters, were the data drawn again with the
        same gaps. They take weights as frequencies: weight k is k rows.

        Parameters
        ----------
        method : {"observed", "sandwich"}, default="observed"
            "observed" is what the curvature of the likelihood at the maximum says, and right for
            rows drawn from the fitted Gaussian. "sandwich" is :math:`A^{-1} B A^{-1}`, with A the
            same information and B the sum of the products of the scores of the rows. It is right
            for independent rows of any law with moments of order four, where many: with heavy tails
            the others are too small for scales, covariances and correlations. Where values are
            missing they must be so completely at random unless the rows are Gaussian.
        X, sample_weight, X_upper : array-like, default=None
            The rows of the fit, as `fit` had them; only with ``method="sandwich"``, which reads
            them once. X may be of Dask.

        Returns
        -------
        errors : Bunch
            `mean` and `scale` of shape (n_features,), `covariance` shaped as `covariance_` and,
            where that is a matrix, `correlation` of the same shape. NaN where the data do not
            determine a parameter.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If the fit did not converge or has a ridge; if the information takes a matrix of more
            than 2,500 parameters, and it is not means of data with gaps that products with it
            tell of; or if the rows are not those of the fit.

        Warns
        -----
        UserWarning
            If the data do not determine some parameters, which it names. If there are so many with
            gaps that only means have errors. If `tol` left the fit farther from the maximum than a
            tenth of an error.

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
        check_method(method, _OF_ERRORS)
        at = fitted_point(self, method, X, sample_weight, X_upper)
        return at.bunch(at.in_units(errors_at(at)))

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

        No interval leaves the domain.

        Parameters
        ----------
        level : float, default=0.95
            Probability, between 0 and 1, with which an interval should cover its parameter.
        method : {"wald", "profile", "sandwich"}, default="wald"
            "wald" takes the estimate plus and minus a multiple of the standard error: of a mean
            and a covariance as they are, of a scale and a variance on the scale of their
            logarithms, of a correlation on that of Fisher's z. "sandwich" is the same with the
            errors of that method, see :meth:`standard_errors`. "profile" takes the values of a
            mean, a scale or a correlation that a likelihood ratio test would not reject. It
            climbs for each end of each interval, but on complete data or independent features.
            The callbacks of the estimator, such as scikit-learn's `ProgressBar`, are told of each.
        n_jobs : int, default=None
            "profile": how many climbs to run at once, in threads. None is one unless joblib's
            `parallel_config` says otherwise, -1 as many as there are processors.
        X, sample_weight, X_upper : array-like, default=None
            The rows of the fit, as :meth:`standard_errors` takes them.

        Returns
        -------
        intervals : Bunch
            As :meth:`standard_errors` returns it, with the lower and the upper end on a last axis
            of each array. By "profile" without the `covariance` of a full one. An end beyond which
            the likelihood does not fall far enough is infinite, 0 for a scale, -1 or 1 for a
            correlation.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If `level` is not between 0 and 1, or where :meth:`standard_errors` has it.

        Warns
        -----
        UserWarning
            If the data do not determine some parameters, or an end of a profile was not found,
            which is NaN then. It names them. If `tol` left the fit farther from the maximum than a
            tenth of an error.

        References
        ----------
        Venzon and Moolgavkar (1988), "A method for computing profile-likelihood-based confidence
        intervals", Applied Statistics 37(1).
        """
        check_method(method, METHODS)
        check_level(level)
        at = fitted_point(self, method, X, sample_weight, X_upper, polished=method == "profile")
        if method != "profile":
            return at.bunch(wald(at, errors_at(at), level))
        found = at.bunch(profile(at, level, n_jobs))
        if at.family.correlated:
            del found["covariance"]  # of which only the variances have a profile here
        return found

    def summary(
        self,
        level: float = 0.95,
        method: Literal["wald", "profile", "sandwich"] = "wald",
        X: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        X_upper: ArrayLike | None = None,
    ) -> pandas.DataFrame:
        """Table of the parameters: estimates, standard errors, tests, intervals.

        Parameters
        ----------
        level : float, default=0.95
            Probability, between 0 and 1, with which an interval should cover its parameter.
        method : {"wald", "profile", "sandwich"}, default="wald"
            Of the intervals, see :meth:`confidence_intervals`; "sandwich" of the errors, too.
        X, sample_weight, X_upper : array-like, default=None
            The rows of the fit, as :meth:`standard_errors` takes them.

        Returns
        -------
        table : pandas.DataFrame
            A row for each mean, standard deviation and correlation. The columns are "estimate";
            "std_error"; "z" and "p_value", which test whether a mean or a correlation, this on the
            scale of Fisher's z, is 0, and are NaN for a standard deviation; the ends "lower" and
            "upper" of the interval; and "missing_information": the share, from 0 to 1, of the
            information about the parameter that rows without gaps would give, at the same
            estimate, and these do not. It prints in 80 columns, rounded to two digits of the
            errors, below the number of rows, the shares of values that are missing or known only
            to an interval, the log-likelihood of all rows, AIC and BIC in nats.

        Raises
        ------
        ImportError
            If pandas is missing.
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If `level` is not between 0 and 1, or where :meth:`standard_errors` has it.

        Warns
        -----
        UserWarning
            If the data do not determine some parameters, which it names. If `tol` left the fit
            farther from the maximum than a tenth of an error.

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

        For the variance of whatever is made of several parameters. That of a difference, or any
        other linear contrast with coefficients c, is :math:`c^T V c`; that of a function is the
        same with the gradient of the function for c (the delta method).

        Parameters
        ----------
        method : {"observed", "sandwich"}, default="observed"
            As :meth:`standard_errors` has it.
        X, sample_weight, X_upper : array-like, default=None
            The rows of the fit, as :meth:`standard_errors` takes them.

        Returns
        -------
        covariance : pandas.DataFrame of shape (n_parameters, n_parameters)
            Its rows and columns are the parameters in the rows of :meth:`summary`, in their
            order: means, standard deviations, correlations. On the diagonal are the squares of the
            standard errors. NaN where the data do not determine a parameter.

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
            If the data do not determine some parameters, which it names. If `tol` left the fit
            farther from the maximum than a tenth of an error.

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
        check_method(method, _OF_ERRORS)
        at = fitted_point(self, method, X, sample_weight, X_upper)
        moved = at.listed(moves_with_warning(at))
        units = at.listed(at.in_units(at.estimate.map(np.ones_like)))
        covariance = np.outer(units, units) * (moved @ moved.T) / at.likelihood.weight
        return pandas.DataFrame(covariance, at.parameter_names, at.parameter_names)
