"""Chooses the likelihood of statistics, and the ridge that it needs for a maximum."""

from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np

from .._typing import Array
from .._wording import quoted
from ..gaussian import NotPositiveDefiniteError
from ..rows import to_host
from ..tables import numbers_of_parameter
from .base import Likelihood, NoMaximumError
from .complete import GaussianLikelihood
from .constant_features import ConstantFeatures
from .existence import (
    check_intervals,
    check_observed,
    check_relations,
    check_variances,
    diagnose,
    flatness_warning,
)
from .interval import IntervalDiagonal, IntervalFull
from .missing import ObservedFull
from .missing_diagonal import ObservedDiagonal
from .model import Model
from .truncated import TruncatedLikelihood
from .truncated_diagonal import TruncatedDiagonal
from .truncated_full import TruncatedFull

RELATIVE_RIDGE = 1e-6  # ridge of `reg_covar="auto"`, as a share of each variance
# Share of a ridge that is tried out before a smaller ridge is recommended.
_SMALLER_RIDGE_SHARE = 1e-3


class Regularized(NamedTuple):
    """A likelihood and the ridge that it needs for a maximum."""

    likelihood: Likelihood
    ridge: float | Array  # that in the likelihood, as a user would write it
    warning: str  # why a ridge was added unasked, or which features never share a row, or empty


def regularized_likelihood(
    model: Model, reg_covar: Any, *, keep_constants: bool = False
) -> Regularized:
    """The likelihood of the free parameters, with the ridge of `reg_covar`, and a window if any.

    For incomplete data, and for several correlated features in a window, only the climb shows
    whether there is a maximum. If `keep_constants`, features that do not vary get a ridge of their
    own, and features never observed become constants. Neither affects other features, and the
    likelihood does not count them.

    Raises
    ------
    NoMaximumError
        If it has no maximum; the message names features and remedies.
    ValueError
        If `reg_covar` or the unit of a feature is not valid, the statistics were not made with the
        window, or the mean of the data lies outside the window.
    """
    if model.statistics.weight == 0:
        raise NoMaximumError("no row has a positive weight.")
    constant = ConstantFeatures.of(model) if keep_constants else None
    model = constant.model if constant else model
    statistics, window = model.statistics, model.window
    if not statistics.complete:
        check_observed(window.without_fill(statistics) if window else statistics, model.names)
    found = _regularized_without_window(model, reg_covar, keep_constants)
    likelihood = _checked_in_window(model, found.likelihood) if window else found.likelihood
    likelihood = model.fixed.restrict(likelihood)
    return found._replace(
        likelihood=constant.without_constants(likelihood) if constant else likelihood
    )


def likelihood_with_ridge(
    model: Model, ridge: Array, *, keep_constants: bool = False
) -> Likelihood:
    """The likelihood of `regularized_likelihood` with a given ridge, (n_features,), unchecked.

    The ridge may be zero.

    Raises
    ------
    NotPositiveDefiniteError
        If the covariance of complete data is singular to rounding.
    """
    constant = ConstantFeatures.of(model) if keep_constants else None
    model = constant.model if constant else model
    likelihood = _without_window(model, ridge)
    if model.window:
        likelihood = _in_window(model, likelihood)
    likelihood = model.fixed.restrict(likelihood)
    return constant.without_constants(likelihood) if constant else likelihood


def _regularized_without_window(model: Model, reg_covar: Any, keep_constants: bool) -> Regularized:
    """The likelihood without a window, with all parameters free, and the ridge in it."""
    statistics, family, fixed, _, names = model
    used: float | Array = 0.0
    if not isinstance(reg_covar, str):
        used = _checked_ridge(reg_covar, len(names))
    ridge = np.full(len(names), used)
    variances = fixed.moments(statistics, family)[1]
    of_constants = np.zeros(len(names))
    if keep_constants and family.multiplicity == 1:
        of_constants = _ridge_of_constants(statistics.mean, variances + ridge)
    if of_constants.any():
        used = ridge = ridge + of_constants
    if statistics.coarse:
        check_intervals(model, ridge)
    check_variances(variances + ridge, family, names)
    try:
        likelihood = _checked_without_window(model, ridge)
    except NoMaximumError as error:
        diagnosis, remedy = error.args
        if isinstance(reg_covar, str):
            return _with_automatic_ridge(model, RELATIVE_RIDGE * variances + of_constants, error)
        raise NoMaximumError(
            diagnosis,
            f"reg_covar={reg_covar} is too small to change this. Set reg_covar='auto' or a larger "
            "number, " + remedy,
        ) from None
    unique = statistics.complete or ridge.all() or not family.correlated
    unique = unique or fixed.factor is not None
    return Regularized(likelihood, used, "" if unique else flatness_warning(statistics, names))


def _with_automatic_ridge(model: Model, ridge: Array, error: NoMaximumError) -> Regularized:
    """The likelihood with the ridge of "auto", and a warning that says why it needs one.

    `error` says why the likelihood has no maximum without a ridge.
    """
    diagnosis, remedy = error.args
    try:
        likelihood = _checked_without_window(model, ridge)
    except NoMaximumError:
        raise ValueError("The covariance of the statistics is not positive semidefinite.") from None
    return Regularized(
        likelihood,
        ridge,
        f"The likelihood has no maximum: {diagnosis} A ridge of {RELATIVE_RIDGE:g} times "
        "each variance was added to the covariance (see `reg_covar_`). Set reg_covar to "
        f"choose your own, {remedy}",
    )


def _checked_in_window(model: Model, likelihood: Likelihood) -> TruncatedLikelihood:
    """The likelihood of data seen through a window, unless it certainly has no maximum."""
    statistics, family, _, window, names = model
    assert window is not None
    if not window.matches(statistics, fill=family.correlated):
        raise ValueError(
            "The statistics hold rows with missing values or with intervals, but were made without "
            "these truncation_limits, which bound the unknown values. Call fit or partial_fit on "
            "the rows themselves."
        )
    mean = statistics.mean
    for j in np.flatnonzero(~((window.lower < mean) & (mean < window.upper))).tolist():
        raise ValueError(
            f"The mean of {names[j]!r}, {mean[j]:g}, does not lie inside truncation_limits, "
            f"{window.lower[j]:g} to {window.upper[j]:g}. Either the statistics are of other rows, "
            "or the limits are wrong."
        )
    inside = _in_window(model, likelihood)
    if inside.without_maximum.size:
        culprits = quoted([names[j] for j in inside.without_maximum])
        alternative = "an exponential" if model.fixed.mean is None else "a uniform"
        raise NoMaximumError(
            f"inside truncation_limits the sample of {culprits} {inside.edge}, so there is no "
            "best-fitting Gaussian.",
            f"{_ridge_hint(model, inside)}Leave out the limits if no rows were "
            "cut off there. A small sample may show this by chance: collect more rows. Otherwise "
            f"describe it by {alternative} distribution.",
        )
    return inside


def _ridge_hint(model: Model, inside: TruncatedLikelihood) -> str:
    """A sentence and a space if the ridge is what leaves no maximum, else an empty string."""
    if inside.ridge is None:
        return ""
    with suppress(NotPositiveDefiniteError):
        smaller = _without_window(model, _SMALLER_RIDGE_SHARE * inside.ridge)
        if not _in_window(model, smaller).without_maximum.size:
            return (
                "reg_covar is the cause, since it adds to the variances inside the window: with a "
                "thousandth of it there is a maximum. "
            )
    return ""


def _in_window(model: Model, likelihood: Likelihood) -> TruncatedLikelihood:
    """The likelihood of data seen through a window, from that of the same data without one."""
    assert model.window is not None
    kind = TruncatedFull if model.family.correlated else TruncatedDiagonal
    return kind(likelihood, model.window, model.statistics, model.fixed)


def _without_window(model: Model, ridge: Array) -> Likelihood:
    """The likelihood of complete, incomplete or coarsened data, with a ridge that may be zero.

    Its statistics are made for the known parameters, but `Fixed.restrict` is still to be applied.
    """
    family, fixed = model.family, model.fixed
    used = ridge if ridge.any() else None
    statistics = fixed.about(model.statistics, family)
    if statistics.complete:
        return GaussianLikelihood(statistics, family, used, fixed.factor)
    if statistics.coarse:
        kind = IntervalFull if family.correlated else IntervalDiagonal
        return kind(statistics, family, used, fixed)
    if family.correlated:
        return ObservedFull(statistics, family, used, fixed)
    return ObservedDiagonal(statistics, family, used)


def _checked_without_window(model: Model, ridge: Array) -> Likelihood:
    """The likelihood with a ridge, (n_features,), unless it certainly has no maximum."""
    statistics, family, fixed, _, names = model
    if not statistics.complete:
        if fixed.factor is None:
            check_relations(model, ridge)
        return _without_window(model, ridge)
    with suppress(NotPositiveDefiniteError):
        return _without_window(model, ridge)
    covariance = fixed.about(statistics, family).covariance
    with_ridge = family.add_ridge(covariance, ridge)
    raise NoMaximumError(*diagnose(with_ridge, statistics.weight, names))


def _ridge_of_constants(mean: Array, variances: Array) -> Array:
    """A ridge, (n_features,), for features without a variance, and 0 for others.

    Its root is a thousandth of the constant, just as the root of the "auto" ridge is a thousandth
    of a standard deviation. It does not affect other features.
    """
    squares = np.where(mean == 0, 1.0, mean**2)
    return np.where(variances == 0, RELATIVE_RIDGE * squares, 0.0)


def _checked_ridge(reg_covar: Any, n_features: int) -> float | Array:
    """The ridge that a user passed as `reg_covar`, a number or (n_features,), if it is valid."""
    ridge = numbers_of_parameter(to_host(reg_covar), "reg_covar")
    if ridge.ndim == 0:
        return float(ridge)
    if ridge.shape != (n_features,) or (ridge < 0).any():
        raise ValueError(
            f"reg_covar must be 'auto', a number or an array of shape ({n_features},), and not "
            f"negative, got {reg_covar!r}."
        )
    return ridge
