"""Little's test of whether values are missing completely at random."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.stats import chi2
from sklearn.utils import Bunch

from .._typing import Array
from .checks import check_maximum


def mcar_test(model: Any) -> Bunch:
    r"""Test whether values are missing completely at random, by Little's test.

    Rows that miss the same features form a pattern. If values are missing completely at random, the
    means of the rows in each pattern differ from the estimated means only by chance. Little's
    statistic measures these differences:

    .. math::

        \sum_j n_j (\bar x_j - \hat\mu_j)^T \hat\Sigma_j^{-1} (\bar x_j - \hat\mu_j)

    The sum is over the patterns j. Pattern j has :math:`n_j` rows with means :math:`\bar x_j`, and
    :math:`\hat\mu_j` and :math:`\hat\Sigma_j` are the estimates for the features that it shows. If
    every pattern has many rows, the statistic is approximately chi-squared.

    Parameters
    ----------
    model : GaussianGradientMLE
        A fit with ``covariance_type="full"`` to rows that miss values.

    Returns
    -------
    result : Bunch
        `statistic`; `degrees_of_freedom`, the number of features that a pattern shows, summed over
        the patterns, minus the number of features; and `p_value`.

    Raises
    ------
    NotFittedError
        If the model is not fitted.
    TypeError
        If the model is something else, such as a pipeline or a `GaussianRegressor`.
    ValueError
        If the fit is not at a maximum of the likelihood, or has a fixed mean or covariance; if no
        feature has values in two patterns; if the fit has `truncation_limits`, or values known only
        to an interval; or if it does not hold its data by pattern, because of another
        `covariance_type` or because a Dask array has very many patterns.

    Notes
    -----
    A small p-value is evidence that values are not missing completely at random. Dropping
    incomplete rows is then biased. The fit need not be: it only assumes that values are missing at
    random, that is, for reasons that the observed values explain. No test of observed values can
    show whether the missing values themselves are the reason. A large p-value proves nothing,
    especially with few rows. The test compares means only, and assumes that rows are Gaussian.

    References
    ----------
    Little (1988), "A test of missing completely at random for multivariate data with missing
    values", Journal of the American Statistical Association 83(404).

    Examples
    --------
    >>> from skgauss import GaussianGradientMLE, mcar_test
    >>> from skgauss.datasets import load_airquality
    >>> test = mcar_test(GaussianGradientMLE().fit(load_airquality().data))
    >>> print(test.degrees_of_freedom, round(test.statistic, 2), round(test.p_value, 4))
    8 14.94 0.0603
    """
    check_maximum(model)
    statistics, gaussian = model.sufficient_statistics_, model._fitted_gaussian()
    if gaussian.family.mean_is_known or gaussian.family.covariance_is_known:
        raise ValueError(
            "Little's test compares the rows of each pattern with estimates, but this model has a "
            "fixed mean or covariance, whose error would count against the rows. Fit without "
            "fixed_mean and fixed_covariance."
        )
    if statistics.coarse or gaussian.window is not None:
        raise ValueError(
            "Little's test needs rows whose values are known exactly or missing, but this model "
            "has limits or intervals. Fit without them, and with NaN for each missing value."
        )
    if not statistics.complete and not hasattr(statistics, "missing"):
        raise ValueError(
            "This model does not hold its data by pattern of missing values. Fit with "
            "covariance_type='full'. If X is a Dask array with very many patterns, pass "
            "X.compute()."
        )
    shown = 0 if statistics.complete else int((~statistics.missing).sum())
    degrees_of_freedom = shown - gaussian.family.n_features
    if degrees_of_freedom <= 0:
        raise ValueError(
            "No feature has values in two patterns of missing values, so there are no patterns to "
            "compare. Little's test compares the means of a feature between patterns."
        )
    distances = gaussian.observed(_means(statistics)).distances
    statistic = float(statistics.weights @ distances)
    p_value = float(chi2.sf(statistic, degrees_of_freedom))
    return Bunch(statistic=statistic, degrees_of_freedom=degrees_of_freedom, p_value=p_value)


def _means(statistics: Any) -> Array:
    """The means of the rows of each pattern, (n_patterns, n_features); NaN for missing features."""
    s = statistics
    sums = np.add.reduceat(s.levels[:, None] * s.rows, np.cumsum(s.counts) - s.counts)
    return np.where(s.missing, np.nan, s.origin + sums / s.weights[:, None])
