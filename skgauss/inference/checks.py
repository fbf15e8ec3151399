"""Checks that a fit is at a maximum of its likelihood, and warnings where errors need care."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .._wording import capped, each_of, warn_caller
from ..density_methods import GaussianDensity
from ..gaussian import MIN_ROWS
from ..rows import feature_names

# Advice in the error for a marginal or conditional Gaussian, which has no standard errors itself.
_MARGINAL_ADVICE = (
    "Call summary(), standard_errors() or confidence_intervals() on the estimator that it comes "
    "from. What they return for these features holds here, too."
)
_CONDITIONAL_ADVICE = (
    "Its means are those of a regression: call summary(), standard_errors() or "
    "confidence_intervals() on GaussianRegressor().fit(X, y), with the given features as X and the "
    "others as y."
)

_NEAR_MAXIMUM = 0.1  # standard errors by which an interval, about four of them long, may be off
_SMALL_TOL = 0.01  # standard errors from the maximum at which the recommended tol ends a fit


def check_fitted(estimator: Any) -> None:
    """Refuse anything but a fitted Gaussian."""
    if isinstance(estimator, GaussianDensity):
        estimator._check_fitted()
        return
    holders = {
        "steps": "its last step, pipeline[-1]",
        "best_estimator_": "its best_estimator_",
        "estimator_": "its estimator_",
    }
    meant = [f"; pass {part}" for name, part in holders.items() if hasattr(estimator, name)]
    if hasattr(estimator, "shape"):
        meant = ["; pass GaussianGradientMLE().fit(X)"]
    got = "".join([type(estimator).__name__, *meant[:1]])
    raise TypeError(f"Expected a fitted GaussianGradientMLE, got {got}.")


def check_maximum(estimator: Any, *, penalized: bool = False, polished: bool = False) -> None:
    """Refuse a fit that is not at a maximum of the likelihood.

    Unless `penalized`, it must have no ridge and no constant or unobserved features. If it is far
    from the maximum, in standard errors, it gets a warning, unless the caller climbs on from it
    (`profile.polished`).
    """
    check_fitted(estimator)
    check_has_data(estimator)
    if not estimator.converged_:
        advice = "Do as the warning of the fit recommends."
        if estimator.stop_reason_ != "unbounded":
            advice = (
                "Fit with solver='natural' and a larger max_iter, or as the warning of the fit "
                "recommends."
            )
        raise ValueError(
            f"This fit stopped as {estimator.stop_reason_!r}, and only a maximum of the likelihood "
            f"has standard errors, intervals and tests. {advice} If there is no maximum, use "
            "covariance_type='diag' or fewer features." + estimator._whose_parameters
        )
    _warn_of_shares(estimator)
    _warn_of_selection(estimator)
    if not polished:
        warn_if_far(estimator, estimator.natural_gradient_norm_)
    if not penalized:
        _check_unpenalized(estimator)


def _check_unpenalized(estimator: Any) -> None:
    """Refuse a fit with a ridge, or with constant or unobserved features."""
    if (uncounted := estimator._gaussian.uncounted) is not None:
        names = feature_names(estimator)
        empty = estimator._statistics_as_given.observed_weights == 0
        kinds = {"was never observed": empty, "is constant": uncounted & ~empty}
        found = [
            f"{each_of([names[j] for j in np.flatnonzero(features)])} {what}"
            for what, features in kinds.items()
            if features.any()
        ]
        raise ValueError(
            f"{', and '.join(found)} in the rows of the fit, so it has no standard error. For "
            "errors, intervals and tests of the other features, fit without it."
        )
    if np.any(estimator.reg_covar_):
        raise ValueError(
            "This fit has a ridge (see reg_covar_), so it does not maximise the likelihood of the "
            "data, and only that maximum has standard errors, intervals and tests. If the fit "
            "warned that there is no maximum, drop one of the features that it named, use "
            "covariance_type='diag', or collect more rows. Otherwise fit with reg_covar=0.0."
            + estimator._whose_parameters
        )


def _warn_of_shares(estimator: Any) -> None:
    """Warn if the weights of all rows sum to less than `MIN_ROWS`, as shares do."""
    weight = estimator.sufficient_statistics_.weight
    if weight < MIN_ROWS and estimator.fixed_mean is estimator.fixed_covariance is None:
        warn_caller(
            f"The sample weights count as frequencies, and their sum is {weight:.3g}, so errors, "
            "intervals and tests are those of so few rows. If they are shares, multiply them by "
            "the number of rows and fit again."
        )


def _warn_of_selection(estimator: Any) -> None:
    """Warn if the fit selected its rows, as an outlier detector with `support_fraction` does."""
    if hasattr(estimator, "support_"):
        warn_caller(
            "With support_fraction the fit selected its rows, but errors, intervals and tests take "
            "them as if it had not. Errors are too small, most of all those of standard deviations "
            "and correlations. The standard deviation of estimates from many bootstrap samples, "
            "rows of X drawn with replacement, is the right error."
        )


def warn_if_far(estimator: Any, norm: float) -> None:
    """Warn if a point with this natural gradient norm may be far from the maximum.

    The norm is the distance of all parameters together, in standard errors from one row; if values
    are missing, the distance may be larger.
    """
    root = math.sqrt(estimator.sufficient_statistics_.weight)
    if norm * root > _NEAR_MAXIMUM:
        warn_caller(
            f"The fit may be {norm * root:.2g} standard errors from the maximum of the likelihood: "
            "tol is too large for this many rows, and intervals and tests may be off by as much. "
            f"Fit again with tol={_SMALL_TOL / root:.0e}. If that changes nothing, the features "
            "are too far from zero for float64: subtract their means first."
        )


def check_has_data(estimator: Any) -> None:
    """Refuse a marginal or conditional Gaussian, which was not fitted to data."""
    if not hasattr(estimator, "sufficient_statistics_"):
        raise ValueError(
            "A marginal or conditional Gaussian was not fitted to data, and has no likelihood. "
            + (_CONDITIONAL_ADVICE if estimator._given else _MARGINAL_ADVICE)
        )


def check_method(method: str, methods: Sequence[str]) -> None:
    """Refuse a method that is not one of `methods`."""
    if not (isinstance(method, str) and method in methods):
        raise ValueError(f"method must be {' or '.join(map(repr, methods))}, got {method!r}.")


def warn_of_parameters(names: list[str], which: Any, before: str, after: str) -> None:
    """Warn about the names that `which`, (n_parameters,), marks, between `before` and `after`."""
    if which.any():
        named = capped([names[k] for k in np.flatnonzero(which)])
        warn_caller(f"{before} {named}. {after}")
