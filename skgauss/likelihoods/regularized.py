"""Chooses the likelihood of statistics, and the ridge that it needs for a maximum."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np

from .._typing import Array
from .._wording import quoted
from ..gaussian import Family, NotPositiveDefiniteError
from ..rows import Window, numbers_of_parameter, to_host
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
from .fixed import NO_FIXED, Fixed
from .interval import IntervalDiagonal, IntervalFull
from .missing import ObservedFull
from .missing_diagonal import ObservedDiagonal
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
    reg_covar: Any,
    statistics: Any,
    family: Family,
    names: Sequence[str],
    window: Window | None = None,
    fixed: Fixed = NO_FIXED,
    *,
    keep_constants: bool = False,
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
    if statistics.weight == 0:
        raise NoMaximumError("no row has a positive weight.")
    constant = None
    if keep_constants:
        constant = ConstantFeatures.of(statistics, window, family, fixed)
        statistics, window = constant.statistics, constant.window
    check_observed(window.without_fill(statistics) if window else statistics, names)
    found = _regularized_without_window(reg_covar, statistics, family, names, fixed, keep_constants)
    likelihood = found.likelihood
    if window:
        likelihood = _checked_in_window(likelihood, window, statistics, names, fixed)
    likelihood = fixed.of(likelihood)
    return found._replace(
        likelihood=constant.without_constants(likelihood) if constant else likelihood
    )


def likelihood_with_ridge(
    statistics: Any,
    family: Family,
    ridge: Array,
    fixed: Fixed = NO_FIXED,
    window: Window | None = None,
) -> Likelihood:
    """The likelihood of the free parameters, with a ridge that may be zero, and a window if any.

    Raises
    ------
    NotPositiveDefiniteError
        If the covariance of complete data is singular to rounding.
    """
    likelihood = _without_window(statistics, family, ridge, fixed)
    if window:
        likelihood = _in_window(likelihood, window, statistics, fixed)
    return fixed.of(likelihood)


def _regularized_without_window(
    reg_covar: Any,
    statistics: Any,
    family: Family,
    names: Sequence[str],
    fixed: Fixed,
    keep_constants: bool,
) -> Regularized:
    """The likelihood without a window, with all parameters free, and the ridge in it.

    Raises
    ------
    NoMaximumError, ValueError
        As `regularized_likelihood`.
    """
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
        check_intervals(statistics, ridge, family, names, fixed)
    check_variances(variances + ridge, family, names)
    try:
        likelihood = _checked_without_window(statistics, family, ridge, names, fixed)
    except NoMaximumError as error:
        diagnosis, remedy = error.args
        if isinstance(reg_covar, str):
            automatic = RELATIVE_RIDGE * variances + of_constants
            return _with_automatic_ridge(automatic, statistics, family, names, fixed, error)
        raise NoMaximumError(
            diagnosis,
            f"reg_covar={reg_covar} is too small to change this. Set reg_covar='auto' or a larger "
            "number, " + remedy,
        ) from None
    unique = statistics.complete or ridge.all() or not family.correlated
    unique = unique or fixed.factor is not None
    return Regularized(likelihood, used, "" if unique else flatness_warning(statistics, names))


def _with_automatic_ridge(
    ridge: Array,
    statistics: Any,
    family: Family,
    names: Sequence[str],
    fixed: Fixed,
    error: NoMaximumError,
) -> Regularized:
    """The likelihood with the ridge of "auto", and a warning that says why it needs one.

    `error` says why the likelihood has no maximum without a ridge.
    """
    diagnosis, remedy = error.args
    try:
        likelihood = _checked_without_window(statistics, family, ridge, names, fixed)
    except NoMaximumError:
        raise ValueError("The covariance of the statistics is not positive semidefinite.") from None
    return Regularized(
        likelihood,
        ridge,
        f"The likelihood has no maximum: {diagnosis} A ridge of {RELATIVE_RIDGE:g} times "
        "each variance was added to the covariance (see `reg_covar_`). Set reg_covar to "
        f"choose your own, {remedy}",
    )


def _checked_in_window(
    likelihood: Likelihood,
    window: Window,
    statistics: Any,
    names: Sequence[str],
    fixed: Fixed,
) -> TruncatedLikelihood:
    """The likelihood of data seen through a window, unless it certainly has no maximum.

    Raises
    ------
    NoMaximumError, ValueError
        As `regularized_likelihood`.
    """
    if not window.matches(statistics, fill=likelihood.family.correlated):
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
    inside = _in_window(likelihood, window, statistics, fixed)
    if inside.without_maximum.size:
        culprits = quoted([names[j] for j in inside.without_maximum])
        raise NoMaximumError(
            f"inside truncation_limits the sample of {culprits} {inside.edge}, so there is no "
            "best-fitting Gaussian.",
            f"{_ridge_hint(inside, statistics, fixed)}Leave out the limits if no rows were "
            "cut off there. A small sample may show this by chance: collect more rows. Otherwise "
            f"describe it by {inside.alternative} distribution.",
        )
    return inside


def _ridge_hint(inside: TruncatedLikelihood, statistics: Any, fixed: Fixed) -> str:
    """A sentence and a space if the ridge is what leaves no maximum, else an empty string."""
    if inside.ridge is None:
        return ""
    with suppress(NotPositiveDefiniteError):
        smaller = _without_window(
            statistics, inside.family, _SMALLER_RIDGE_SHARE * inside.ridge, fixed
        )
        if not _in_window(smaller, inside.window, statistics, fixed).without_maximum.size:
            return (
                "reg_covar is the cause, since it adds to the variances inside the window: with a "
                "thousandth of it there is a maximum. "
            )
    return ""


def _in_window(
    likelihood: Likelihood, window: Window, statistics: Any, fixed: Fixed
) -> TruncatedLikelihood:
    """The likelihood of data seen through a window, from that of the same data without one."""
    family: Any = likelihood.family
    kind = TruncatedFull if family.correlated else TruncatedDiagonal
    return kind(likelihood, window, statistics, fixed)


def _without_window(statistics: Any, family: Any, ridge: Array, fixed: Fixed) -> Likelihood:
    """The likelihood of complete, incomplete or coarsened data, with a ridge that may be zero.

    Its statistics are made for the known parameters, but all parameters are free: see `Fixed.of`.

    Raises
    ------
    NotPositiveDefiniteError
        If the covariance of complete data is singular to rounding.
    """
    used = ridge if ridge.any() else None
    statistics = fixed.about(statistics, family)
    if statistics.complete:
        return GaussianLikelihood(statistics, family, used, fixed.factor)
    if statistics.coarse:
        kind = IntervalFull if family.correlated else IntervalDiagonal
        return kind(statistics, family, used, fixed)
    if family.correlated:
        return ObservedFull(statistics, family, used, fixed)
    return ObservedDiagonal(statistics, family, used)


def _checked_without_window(
    statistics: Any, family: Family, ridge: Array, names: Sequence[str], fixed: Fixed
) -> Likelihood:
    """The likelihood with a ridge, (n_features,), unless it certainly has no maximum.

    Raises
    ------
    NoMaximumError
        If the covariance of complete data is singular to rounding, or incomplete features without
        a ridge depend on each other linearly.
    """
    if not statistics.complete:
        if fixed.factor is None:
            check_relations(statistics, family, ridge, names, fixed.mean)
        return _without_window(statistics, family, ridge, fixed)
    with suppress(NotPositiveDefiniteError):
        return _without_window(statistics, family, ridge, fixed)
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
    """The ridge that a user passed as `reg_covar`, a number or (n_features,), none of it negative.

    Raises
    ------
    ValueError
        If it is not valid.
    """
    ridge = numbers_of_parameter(to_host(reg_covar), "reg_covar")
    if ridge.ndim == 0:
        return float(ridge)
    if ridge.shape != (n_features,) or (ridge < 0).any():
        raise ValueError(
            f"reg_covar must be 'auto', a number or an array of shape ({n_features},), and not "
            f"negative, got {reg_covar!r}."
        )
    return ridge
