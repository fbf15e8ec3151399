"""Little's test of whether values are missing completely at random."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.stats import chi2
from sklearn.utils import Bunch

from .._typing import Array
from .point import check_maximum


def mcar_test(model: Any) -> Bunch:
    r"""Test whether values are missing completely at random, by the means of each pattern.

    Rows that miss the same features make a pattern. Were values missing completely at random, the
    means of what each pattern shows would differ from those of the fit by chance alone. Little's
    statistic adds up how far they are:

    .. math::

        \sum_j n_j (\bar x_j - \hat\mu_j)^T \hat\Sigma_j^{-1} (\bar x_j - \hat\mu_j)

    over the patterns j, with :math:`n_j` rows each, and the estimates of the features that the
    pattern shows. It is nearly chi-squared, the more so the more rows each pattern has.

    Parameters
    ----------
    model : GaussianGradientMLE
        A fit with ``covariance_type="full"`` to rows that miss values.

    Returns
    -------
    result : Bunch
        `statistic`, the `degrees_of_freedom`, which are the numbers of features shown, summed over
        the patterns, less the number of means that are estimated, and the `p_value`.

    Raises
    ------
    TypeError
        If the model is of another kind, as a pipeline or a `GaussianRegressor`.
    ValueError
        If the fit is no maximum of the likelihood or has a known mean or covariance; or if its data
        have one pattern only, values known only to an interval or `truncation_limits`, or are not
        held by pattern, as with another `covariance_type` or very many patterns on the workers of
        Dask.

    Notes
    -----
    A small p-value says that the values are not missing completely at random: dropping incomplete
    rows is then biased. The fit need not be, for it takes them only as missing at random, that is
    for reasons which the observed values tell. No test of the observed values can tell whether the
    missing ones themselves are the reason. A large p-value proves nothing, above all where rows are
    few. The test looks at means alone, and takes the rows as Gaussian.

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
    if statistics.complete or len(statistics.missing) < 2:
        raise ValueError(
            "All rows miss the same features, or none, so there are no patterns to compare."
        )
    distances = gaussian.observed(_means(statistics)).distances
    shown = int((~statistics.missing).sum()) - gaussian.family.n_features
    statistic = float(statistics.weights @ distances)
    p_value = float(chi2.sf(statistic, shown))
    return Bunch(statistic=statistic, degrees_of_freedom=shown, p_value=p_value)


def _means(statistics: Any) -> Array:
    """The means of the rows of each pattern, (n_patterns, n_features); NaN for what it misses."""
    s = statistics
    sums = np.add.reduceat(s.levels[:, None] * s.rows, np.cumsum(s.counts) - s.counts)
    return np.where(s.missing, np.nan, s.origin + sums / s.weights[:, None])
