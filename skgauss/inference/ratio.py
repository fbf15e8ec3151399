"""The likelihood ratio test of two nested models."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.stats import chi2
from sklearn.utils import Bunch

from .._typing import EPS
from .._wording import warn_caller
from .checks import check_fitted, check_maximum

# Error of a statistic, absolute and relative, that hardly changes the p-value.
_HARMLESS_ERROR = 0.1
# Rounding error of the difference of two log-likelihoods, in units of float64's eps.
_RATIO_ROUNDINGS = 4
# Nats per row by which a larger model at its maximum may seem to be less likely.
_NEGLIGIBLE_LOSS = 1e-6
# Relative difference of numbers, or difference of correlations, due to rounding if the rows have
# another order or the covariance another type.
_SAME_RTOL = 1e-9


def likelihood_ratio_test(smaller: Any, larger: Any) -> Bunch:
    """Test whether the data need the additional parameters of a larger model.

    The statistic is twice the difference, in nats, of the log-likelihoods of all rows. If the
    smaller model is true and there are many rows, it is approximately chi-squared.

    Parameters
    ----------
    smaller, larger : GaussianGradientMLE
        Fits of the same data, the smaller model nested in the larger one. "spherical" is nested in
        "diag", and "diag" in "full". A `fixed_mean` or `fixed_covariance` is nested in an estimated
        one, and in one that is fixed at the same values, of whatever `covariance_type`.

    Returns
    -------
    result : Bunch
        `statistic`; `degrees_of_freedom`, the difference of the numbers of parameters; and
        `p_value`.

    Warns
    -----
    UserWarning
        If rounding, or a `tol` that is too large for so many rows, may change the statistic.

    Raises
    ------
    NotFittedError
        If a model is not fitted.
    TypeError
        If a model is something else, such as a pipeline or a `GaussianRegressor`.
    ValueError
        If the models are not nested, the data are not the same, or a fit is not at a maximum.

    References
    ----------
    Wilks (1938), "The large-sample distribution of the likelihood ratio for testing composite
    hypotheses", The Annals of Mathematical Statistics 9(1).

    Examples
    --------
    >>> import numpy as np
    >>> from skgauss import GaussianGradientMLE, likelihood_ratio_test
    >>> X = np.random.default_rng(0).standard_normal((50, 3))
    >>> X[:, 1] += X[:, 0]
    >>> models = [GaussianGradientMLE(covariance_type=t).fit(X) for t in ("diag", "full")]
    >>> test = likelihood_ratio_test(*models)
    >>> print(test.degrees_of_freedom, round(test.statistic, 2), f"{test.p_value:.0e}")
    3 58.26 1e-12

    Is the mean 0?

    >>> test = likelihood_ratio_test(GaussianGradientMLE(fixed_mean=0).fit(X), models[1])
    >>> print(test.degrees_of_freedom, round(test.statistic, 2), round(test.p_value, 2))
    3 9.5 0.02
    """
    _check_same_features(smaller, larger)
    for each in (smaller, larger):
        check_maximum(each)
    _check_same_data(smaller, larger)
    families = [each._gaussian.family for each in (smaller, larger)]
    added = families[1].n_parameters - families[0].n_parameters
    if added <= 0 or not _is_nested(smaller, larger):
        swap = " Swap them." if added < 0 and _is_nested(larger, smaller) else ""
        raise ValueError(
            f"The first model has {families[0].n_parameters} parameters, the second "
            f"{families[1].n_parameters}. The first must be nested in the second and have fewer: "
            f"'spherical' in 'diag' in 'full'.{swap} A mean or covariance fixed in the second must "
            "be fixed at the same values in the first."
        )
    gain = larger.log_likelihood_ - smaller.log_likelihood_
    if gain < -_NEGLIGIBLE_LOSS:
        raise ValueError(
            "The larger model has a lower likelihood than the smaller one, so its fit is not at "
            "the highest maximum. Fit it again from the smaller one, with mean_init=smaller.mean_ "
            "and covariance_init=np.diag(smaller.scale_**2), unless these are fixed."
        )
    weight = larger.sufficient_statistics_.weight
    statistic = max(float(2 * weight * gain), 0.0)
    blur = 2 * weight * _RATIO_ROUNDINGS * EPS * (1 + abs(larger.log_likelihood_))
    if blur > _HARMLESS_ERROR and statistic < blur / _HARMLESS_ERROR:
        warn_caller(
            f"With so many rows, rounding in float64 may change the statistic by {blur:.2g}, and "
            "the p-value with it. The models differ too little for the data to tell them apart."
        )
    p_value = float(chi2.sf(statistic, added))
    return Bunch(statistic=statistic, degrees_of_freedom=added, p_value=p_value)


def _is_nested(smaller: Any, larger: Any) -> bool:
    """Whether every Gaussian of the smaller model is also one of the larger model."""
    one, other = (each._gaussian.family for each in (smaller, larger))
    means = one.mean_is_known and np.array_equal(smaller.mean_, larger.mean_)
    covariances = len(one.shape) <= len(other.shape) and not other.covariance_is_known
    if one.covariance_is_known:
        covariances = _covariance_is_among_those_of(smaller, larger)
    return covariances and (means or not other.mean_is_known)


def _covariance_is_among_those_of(smaller: Any, larger: Any) -> bool:
    """Whether the larger model contains the known covariance of the smaller one.

    Its values decide, not its type: a full matrix may be diagonal.
    """
    family, scale, correlation = larger._gaussian.family, smaller.scale_, smaller.correlation_
    if family.covariance_is_known:
        same = _are_same(scale, larger.scale_)
        return same and np.allclose(correlation, larger.correlation_, rtol=0.0, atol=_SAME_RTOL)
    uncorrelated = np.allclose(correlation, np.eye(len(scale)), rtol=0.0, atol=_SAME_RTOL)
    alike = np.allclose(scale, scale[0], rtol=_SAME_RTOL, atol=0.0)
    return family.correlated or (uncorrelated and (alike or family.multiplicity == 1))


def _check_same_features(one: Any, two: Any) -> None:
    """Refuse two Gaussians, or two regressions, with different numbers of features."""
    regressions = all(hasattr(each, "estimator_") for each in (one, two))
    models = [each.estimator_ for each in (one, two)] if regressions else [one, two]
    for each in models:
        check_fitted(each)
    n_features = [each.n_features_in_ for each in models]
    if n_features[0] != n_features[1]:
        raise ValueError(
            f"The two models have {n_features[0]} and {n_features[1]} features, but the test "
            "compares Gaussians of the same features. To compare regressions on different "
            "features, use aic(X, y) or bic(X, y) of GaussianRegressor, or the p-value of each "
            "feature in its summary()."
        )


def _check_same_data(one: Any, two: Any) -> None:
    """Refuse fits to different data, as far as statistics of single features differ.

    These have intervals in an order that does not depend on that of the rows.
    """
    a, b = (each._statistics_as_given.by_feature for each in (one, two))
    names = [list(getattr(each, "feature_names_in_", ())) for each in (one, two)]
    fields = ("weight", "observed_weights", "variances", *a.coarse * ("lower", "upper", "weights"))
    if not (
        names[0] == names[1]
        and one._seen_through == two._seen_through
        and a.coarse == b.coarse
        and all(_are_same(getattr(a, name), getattr(b, name)) for name in fields)
        and _are_same(np.sqrt(a.variances), np.sqrt(a.variances) + np.abs(a.mean - b.mean))
    ):
        raise ValueError(
            "The two models were fitted to different data. Fit both to the same rows, with the "
            "same weights and feature names."
        )


def _are_same(one: Any, two: Any) -> bool:
    """Whether two arrays have the same shape and, up to rounding, the same numbers."""
    return np.shape(one) == np.shape(two) and np.allclose(one, two, rtol=_SAME_RTOL, atol=0.0)
