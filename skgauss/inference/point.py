"""A fitted maximum: the checks that it is one, its parameters, and how users see them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import Bunch

from .._typing import Array
from .._wording import capped, each_of, warn_caller
from ..density_methods import GaussianDensity
from ..gaussian import MIN_ROWS, Family
from ..likelihoods import (
    MAX_PARAMETERS,
    Evaluation,
    Fixed,
    Likelihood,
    Model,
    likelihood_with_ridge,
)
from ..rows import Window, feature_names

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
_FAR_OFFSET = 100.0  # standard deviations from zero beyond which float64 has few digits for steps


class Parameters(NamedTuple):
    """Estimates or errors of all parameters of a Gaussian, or moves or ends on a last axis.

    *Relative* errors and moves have no units. Those of a mean are in standard deviations, those of
    a scale are those of its logarithm, those of a covariance are in products of two standard
    deviations, and those of a correlation are unchanged.
    """

    mean: Array  # (n_features,)
    scale: Array  # (n_features,)
    covariance: Array  # (n_features, n_features) or, if uncorrelated, (n_features,)
    correlation: Array  # (n_features, n_features) or, if uncorrelated, (0, 0)

    def map(self, function: Callable[[Array], Array]) -> Parameters:
        """The parameters with a function applied to each of the four arrays."""
        return Parameters(*map(function, self))


class FittedPoint:
    """A fitted maximum, which converts errors and ends to the form in which users see them."""

    # The covariance of the scores of the rows, (n_parameters, n_parameters), in the packed frame,
    # for sandwich errors; None for errors from the information alone.
    scores: Array | None = None

    def __init__(self, estimator: Any, *, penalized: bool = False, polished: bool = False):
        check_maximum(estimator, penalized=penalized, polished=polished)
        self.estimator = estimator
        # Likelihood and evaluation count a mean from its estimate, if that is so far from zero that
        # float64 has too few digits for steps.
        far = np.abs(estimator.mean_) > _FAR_OFFSET * estimator.scale_
        self.origin = np.where(far, estimator.mean_, 0.0)
        self.likelihood = likelihood_of(estimator, self.origin)
        self.family: Family = self.likelihood.family
        self.names = feature_names(estimator)
        scale, covariance = estimator.scale_, np.asarray(estimator.covariance_)
        self.estimate = (
            Parameters(estimator.mean_, scale, covariance, estimator.correlation_)
            if self.family.correlated
            else Parameters(estimator.mean_, scale, scale * scale, np.empty((0, 0)))
        )

    @cached_property
    def evaluation(self) -> Evaluation:
        """The likelihood at the estimate, its mean counted from `origin`."""
        gaussian = self.estimator._gaussian
        return self.likelihood.evaluate(gaussian.mean - self.origin, gaussian.factor)

    @property
    def correlation_of_pairs(self) -> Array:
        """The estimated correlations, with 0, whose Fisher's z is finite, on the diagonal."""
        correlation = self.estimate.correlation
        return correlation - np.eye(len(correlation))

    @property
    def is_large(self) -> bool:
        """Whether the information matrix would be too large."""
        return self.family.n_parameters > MAX_PARAMETERS

    @property
    def size_message(self) -> str:
        """The end of a message about an information matrix that is too large, with a remedy."""
        return (
            f"the information matrix of all {self.family.n_parameters} parameters, which is formed "
            f"for at most {MAX_PARAMETERS} of them. Fit fewer features, or use "
            "covariance_type='diag'." + self.estimator._whose_parameters
        )

    def check_size(self) -> None:
        """Refuse a fit with so many parameters that the information matrix would be too large."""
        if self.is_large:
            raise ValueError(f"This needs {self.size_message}")

    def of_free(self, errors: Parameters) -> Parameters:
        """The errors or moves, with 0 for those of a known mean or covariance."""
        known = (self.family.mean_is_known, *3 * (self.family.covariance_is_known,))
        free = (np.zeros_like(e) if k else e for e, k in zip(errors, known, strict=True))
        return Parameters(*free)

    def in_units(self, relative: Parameters) -> Parameters:
        """Errors in the units of the data, from relative ones."""
        scale = self.estimate.scale
        products = np.outer(scale, scale) if self.family.correlated else scale * scale
        return Parameters(
            scale * relative.mean,
            scale * relative.scale,
            products * relative.covariance,
            relative.correlation,
        )

    def bunch(self, values: Parameters) -> Bunch:
        """Errors, or ends on a last axis, by name, in the shapes of the fitted attributes."""
        family, ends = self.family, values.mean.shape[1:]
        covariance = values.covariance
        if not family.correlated:
            covariance = covariance[: self.n_scales].reshape(family.shape + ends)
        found = {
            "mean": values.mean,
            "scale": values.scale,
            "covariance": covariance if np.ndim(covariance) else float(covariance),
        }
        if len(family.shape) == 2:
            d = family.n_features
            correlation = values.correlation if family.correlated else np.empty((d, d, *ends))
            # The correlation of a feature with itself is 1, and has no error.
            correlation[np.diag_indices(d)] = 1.0 if ends else 0.0
            found["correlation"] = correlation
        return Bunch(**found)

    def listed(self, values: Parameters) -> Array:
        """Means, scales and correlations, in order of `parameter_names`, along the first axis."""
        pairs = values.correlation[np.triu_indices(len(values.correlation), 1)]
        return np.concatenate((values.mean, values.scale[: self.n_scales], pairs))

    @property
    def parameter_names(self) -> list[str]:
        """Names of the parameters, in the order of `listed`."""
        names = self.names
        of_scales = names if self.n_scales == len(names) else ["every feature"]
        pairs = combinations(names if self.family.correlated else [], 2)
        return (
            [f"mean of {name}" for name in names]
            + [f"sd of {name}" for name in of_scales]
            + [f"correlation of {one} and {two}" for one, two in pairs]
        )

    @property
    def n_scales(self) -> int:
        """How many scales the family has: one for each feature, or one that all of them share."""
        return self.family.n_features // self.family.multiplicity


def likelihood_of(estimator: Any, origin: Any = 0.0) -> Likelihood:
    """The likelihood that was climbed, ridge included, rebuilt from the attributes of a fit.

    It counts means from `origin`, which is 0 or has the shape (n_features,).
    """
    _check_data(estimator)
    gaussian, ends = estimator._gaussian, estimator._seen_through
    family, window = gaussian.family, Window(*np.array(ends)) if ends else None
    statistics = estimator.sufficient_statistics_
    if np.any(origin):
        statistics, window = statistics.seen_from(origin), window and window.seen_from(origin)
    factor = gaussian.factor if family.covariance_is_known else None
    fixed = Fixed(
        gaussian.mean - origin if family.mean_is_known else None,
        None if factor is None else family.square(factor),
        factor,
    )
    ridge = np.full(family.n_features, estimator.reg_covar_)
    model = Model(statistics, family.unrestricted, fixed, window)
    likelihood = likelihood_with_ridge(model, ridge, keep_constants=estimator._keeps_constants)
    pilot = gaussian.pilot
    if pilot is None:
        return likelihood
    return likelihood.with_pilot(pilot._replace(origin=pilot.origin - origin))


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
    from the maximum, in standard errors, it gets a warning, unless the caller has it `polished`.
    """
    check_fitted(estimator)
    _check_data(estimator)
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


def _check_data(estimator: Any) -> None:
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
