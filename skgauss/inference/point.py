"""A fit at which errors are asked for: its parameters, their names, what a user sees."""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import Bunch

from .._typing import Array
from .._wording import capped, each_of
from ..density import GIVEN, SEEN_THROUGH, GaussianDensity
from ..gaussian import Family
from ..likelihoods import (
    MOST_PARAMETERS,
    Empty,
    Evaluation,
    Fixed,
    Likelihood,
    likelihood_with_ridge,
)
from ..rows import Window, feature_names

# Where to ask for what a Gaussian lacks that comes from another one.
_OF_A_MARGINAL = (
    "Call summary(), standard_errors() or confidence_intervals() of the estimator that it comes "
    "from: what they say of these features holds here, too."
)
_OF_A_CONDITIONAL = (
    "Its means are a regression: GaussianRegressor().fit(X, y), with the features given as X and "
    "these as y, has the same, and their summary(), standard_errors() and confidence_intervals()."
)

_FEWEST_ROWS = 2  # that tell mean and covariance, as `fit` asks for
_NEAR_MAXIMUM = 0.1  # standard errors, by which an interval of four of them may be off
_SMALL_TOL = 0.01  # standard errors, which a tolerance is to leave
_FAR_MEAN = 100.0  # deviations from zero, of which no interval between numbers there is lost


class Parameters(NamedTuple):
    """A number for each parameter of a Gaussian, or one for each step or end on another axis.

    Relative numbers are free of units: of a mean in standard deviations, of the logarithm of a
    scale, of a covariance in products of standard deviations, of a correlation as it is.

    Attributes
    ----------
    mean, scale : ndarray of shape (n_features,)
    covariance : ndarray of shape (n_features, n_features) or, if uncorrelated, (n_features,)
    correlation : ndarray of shape (n_features, n_features) or, if uncorrelated, (0, 0)
    """

    mean: Array
    scale: Array
    covariance: Array
    correlation: Array

    def map(self, function: Callable[[Array], Array]) -> Parameters:
        return Parameters(*map(function, self))


class FittedPoint:
    """A fit at which errors are asked for, and the way from them to what a user sees.

    Attributes
    ----------
    origin : ndarray of shape (n_features,)
        Where the likelihood and the evaluation count means from: those of the features that are
        far from zero, where float64 has too few digits for steps.
    scores : ndarray of shape (n_parameters, n_parameters) or None
        Covariance of the scores of the rows, packed, which the errors rest on, beside the
        information; None where on the information alone.
    """

    scores: Array | None = None

    def __init__(self, estimator: Any, *, penalized: bool = False, polished: bool = False):
        check_maximum(estimator, penalized=penalized, polished=polished)
        self.estimator = estimator
        self.origin = _far_means(estimator)
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
        gaussian = self.estimator._gaussian
        return self.likelihood.evaluate(gaussian.mean - self.origin, gaussian.factor)

    @property
    def is_large(self) -> bool:
        """Whether the matrix of the information would be too large."""
        return self.family.n_parameters > MOST_PARAMETERS

    @property
    def what_is_large(self) -> str:
        """What the matrix of the information holds, why it is not formed, and what to do."""
        return (
            f"the information of all {self.family.n_parameters} parameters as one matrix, which is "
            f"not formed of more than {MOST_PARAMETERS}. Fit fewer features, or use "
            "covariance_type='diag'."
        )

    def check_size(self) -> None:
        """Refuse what the matrix of the information would be too large for."""
        if self.is_large:
            raise ValueError(f"This takes {self.what_is_large}")

    def of_free(self, errors: Parameters) -> Parameters:
        """Errors, or moves, with 0 for what is known."""
        known = (self.family.mean_is_known, *3 * (self.family.covariance_is_known,))
        free = (np.zeros_like(e) if k else e for e, k in zip(errors, known, strict=True))
        return Parameters(*free)

    def in_units(self, relative: Parameters) -> Parameters:
        """Errors in the units of the parameters."""
        scale = self.estimate.scale
        products = np.outer(scale, scale) if self.family.correlated else scale * scale
        return Parameters(
            scale * relative.mean,
            scale * relative.scale,
            products * relative.covariance,
            relative.correlation,
        )

    def bunch(self, values: Parameters, itself: Any) -> Bunch:
        """Values as a user sees them; `itself` is the correlation of a feature with itself."""
        family, ends = self.family, np.shape(itself)
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
            correlation[np.diag_indices(d)] = itself
            found["correlation"] = correlation
        return Bunch(**found)

    def listed(self, values: Parameters) -> Array:
        """Means, scales and correlations one after the other, each of them once."""
        pairs = values.correlation[np.triu_indices(len(values.correlation), 1)]
        return np.concatenate((values.mean, values.scale[: self.n_scales], pairs))

    @property
    def parameter_names(self) -> list[str]:
        """Names of the parameters, in the order in which `listed` lists their values."""
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
        """How many scales there are to estimate."""
        return self.family.n_features // self.family.multiplicity


def _far_means(estimator: Any) -> Array:
    """The means of features that are far from zero by their deviations, and 0 for others."""
    far = np.abs(estimator.mean_) > _FAR_MEAN * estimator.scale_
    return np.where(far, estimator.mean_, 0.0)


def likelihood_of(estimator: Any, origin: Any = 0.0) -> Likelihood:
    """The likelihood that was climbed, ridge included, from what a fit keeps.

    Means are counted from an origin, (n_features,).
    """
    _check_data(estimator)
    gaussian, ends = estimator._gaussian, getattr(estimator, SEEN_THROUGH)
    family, window = gaussian.family, Window.between(*ends) if ends else None
    known = gaussian.mean if family.mean_is_known else None
    empty = Empty.of(estimator.sufficient_statistics_, window, family, known)
    statistics, window = empty.statistics, empty.window
    empty = empty._replace(values=empty.values - origin)
    if np.any(origin):
        statistics, window = statistics.seen_from(origin), window and window.seen_from(origin)
    factor = gaussian.factor if family.covariance_is_known else None
    fixed = Fixed(
        None if known is None else known - origin,
        None if factor is None else family.square(factor),
        factor,
    )
    ridge = np.full(family.n_features, estimator.reg_covar_)
    return empty.beside(likelihood_with_ridge(statistics, family.whole, ridge, fixed, window))


def check_fitted(estimator: Any) -> None:
    """Refuse what is no fitted Gaussian.

    Raises
    ------
    NotFittedError
        If the estimator is not fitted.
    TypeError
        If it is of another kind, as what holds the one that was meant.
    """
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
    """Refuse what is no maximum of the likelihood, or where it may be penalized, of that one.

    And warn of a fit that is far from it by its errors, unless who asks goes on to the maximum.
    """
    check_fitted(estimator)
    _check_data(estimator)
    if not estimator.converged_:
        raise ValueError(
            f"This fit stopped as {estimator.stop_reason_!r}. Only a maximum of the likelihood has "
            "standard errors, intervals and tests. Fit with solver='natural' and a larger "
            "max_iter, or as the warning of the fit says; where there is no maximum, with "
            "covariance_type='diag' or fewer features." + estimator._whose_parameters
        )
    _warn_of_shares(estimator)
    if not polished:
        warn_if_far(estimator, estimator.natural_gradient_norm_)
    if penalized:
        return
    if np.any(estimator.reg_covar_):
        raise ValueError(
            "This fit has a ridge (see reg_covar_), and is no maximum of the likelihood of the "
            "data, which alone has standard errors, intervals and tests. Where the fit warned that "
            "there is none without, drop one of the features that it named, or use "
            "covariance_type='diag' or more rows. Else fit with reg_covar=0.0."
            + estimator._whose_parameters
        )
    empty = np.flatnonzero(estimator._statistics_as_given.observed_weights == 0)
    if empty.size:
        names = feature_names(estimator)
        raise ValueError(
            f"{each_of([names[j] for j in empty])} was never observed. Its mean is made up, and "
            "has no error: fit without it."
        )


def _warn_of_shares(estimator: Any) -> None:
    """A warning if the weights of all rows count as fewer rows than a fit takes."""
    weight = estimator.sufficient_statistics_.weight
    if weight < _FEWEST_ROWS and estimator.fixed_mean is estimator.fixed_covariance is None:
        warnings.warn(
            f"The weights add up to {weight:.3g} and count as frequencies, so that errors, "
            "intervals and tests are those of so few rows. If they are shares, fit with the shares "
            "times the number of rows.",
            stacklevel=_level_of_the_caller(),
        )


def warn_if_far(estimator: Any, norm: float) -> None:
    """A warning if a point of that natural gradient norm may be far from the maximum by its errors.

    All parameters together are that norm away, in standard errors of one row; where values are
    missing it may be more.
    """
    root = math.sqrt(estimator.sufficient_statistics_.weight)
    if norm * root > _NEAR_MAXIMUM:
        warnings.warn(
            f"The fit may be {norm * root:.2g} standard errors from the maximum of the likelihood: "
            "tol is too large for so many rows, and intervals and tests may be off by as much. Fit "
            f"again with tol={_SMALL_TOL / root:.0e}. Where that changes nothing, the features are "
            "too far from zero for float64. Subtract their means first.",
            stacklevel=_level_of_the_caller(),
        )


def _level_of_the_caller() -> int:
    """The stack level, for who warns, of the code that called a method or function of ours."""
    frame, level = sys._getframe(1), 1
    ours = ("skgauss", "sklearn")
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] in ours:
        frame, level = frame.f_back, level + 1
    return level


def _check_data(estimator: Any) -> None:
    """Refuse a Gaussian that comes from another one."""
    if not hasattr(estimator, "sufficient_statistics_"):
        raise ValueError(
            "A marginal or conditional Gaussian was not fitted to data, and has no likelihood. "
            + (_OF_A_CONDITIONAL if getattr(estimator, GIVEN, {}) else _OF_A_MARGINAL)
        )


def check_method(method: str, methods: Sequence[str]) -> None:
    """Refuse what is none of the methods."""
    if method not in methods:
        raise ValueError(f"method must be {' or '.join(map(repr, methods))}, got {method!r}.")


def warn_of(names: list[str], which: Any, before: str, after: str) -> None:
    """A warning that names the parameters which a sentence is about."""
    if which.any():
        named = capped([names[k] for k in np.flatnonzero(which)])
        warnings.warn(f"{before} {named}. {after}", stacklevel=5)  # at the caller of a method
