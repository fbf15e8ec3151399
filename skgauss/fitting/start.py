"""Where a climb starts: at `mean_init` and `covariance_init`, a guess, or the last fit."""

from contextlib import suppress
from typing import Any

import numpy as np

from .._typing import Array
from ..gaussian import Family, NotPositiveDefiniteError
from ..likelihoods import Evaluation, Fixed, Likelihood
from ..rows import to_host
from ..tables import is_number, numbers_of_parameter


def start_of(estimator: Any, likelihood: Likelihood, resume: bool) -> Evaluation:
    """The likelihood at the start of a fit: the result of the last fit, or `first_start`.

    It is the result of the last fit with `warm_start`, and with `resume` unless that fit diverged
    or its result is no valid start here.
    """
    fitted = hasattr(estimator, "mean_")
    if resume and fitted and getattr(estimator, "stop_reason_", "") != "diverged":
        with suppress(ValueError):
            return _result_of_last_fit(estimator, likelihood)
    if estimator.warm_start and fitted:
        return _result_of_last_fit(estimator, likelihood)
    return first_start(estimator, likelihood)


def first_start(estimator: Any, likelihood: Likelihood) -> Evaluation:
    """The likelihood at the start that the parameters determine.

    This is the guess from the data if the solver may choose its start and there is no closed form,
    since the distance of the standard normal from the data depends on their unit.
    """
    if chooses_its_start(estimator) and not likelihood.complete:
        return _evaluated(*likelihood.guess, likelihood)
    family = likelihood.family
    start = given_parameters(estimator, "mean_init", "covariance_init", family)
    standard_normal = np.zeros(family.n_features), family.identity
    return _evaluated(*start.apply(*standard_normal), likelihood)


def chooses_its_start(estimator: Any) -> bool:
    """Whether the solver may choose its start.

    A textbook solver may not. A user's start is kept, as it may decide between several maxima.
    """
    adaptive = estimator.solver in ("natural", "newton") and estimator.learning_rate == "auto"
    return adaptive and estimator.mean_init is None and estimator.covariance_init is None


def _evaluated(mean: Array, factor: Array, likelihood: Likelihood) -> Evaluation:
    """The likelihood at a start.

    Raises
    ------
    ValueError
        If it is too small for a float.
    """
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            return likelihood.evaluate(mean, factor)
    except NotPositiveDefiniteError:
        raise ValueError(
            "The log-likelihood at the start is not a finite number. Choose mean_init and "
            "covariance_init closer to the data."
        ) from None


def _result_of_last_fit(estimator: Any, likelihood: Likelihood) -> Evaluation:
    """The likelihood at the result of the last fit.

    Raises
    ------
    ValueError
        If that fit has another shape, or the likelihood there is too small for a float.
    """
    mean, covariance, family = estimator.mean_, estimator.covariance_, likelihood.family
    if len(mean) != family.n_features or np.shape(covariance) != family.shape:
        raise ValueError(
            "warm_start=True needs the number of features and the covariance_type of the last fit. "
            "Use the same ones, or set warm_start=False."
        )
    return _evaluated(mean, estimator._gaussian.factor, likelihood)


def given_parameters(estimator: Any, of_mean: str, of_covariance: str, family: Family) -> Fixed:
    """The mean and the covariance that two parameters hold; None if the parameter is None."""
    mean, covariance = getattr(estimator, of_mean), getattr(estimator, of_covariance)
    if mean is not None:
        mean = _checked_array(of_mean, to_host(mean), (family.n_features,))
    if covariance is None:
        return Fixed(mean)
    covariance = _checked_covariance(of_covariance, to_host(covariance), family)
    try:
        return Fixed(mean, covariance, family.root(covariance))
    except NotPositiveDefiniteError:
        raise ValueError(
            f"{of_covariance} must be positive definite: every linear combination of features "
            "needs a positive variance."
        ) from None


def _checked_covariance(name: str, value: Any, family: Family) -> Array:
    """The covariance that a user gave, in the form that the family holds."""
    if is_number(value):
        variance = float(_checked_array(name, value, ()))
        if variance > 0:
            return variance * family.identity
        raise ValueError(f"{name} must be positive, got {value}.")
    covariance = _checked_array(name, value, family.shape)
    if not family.is_symmetric(covariance):
        raise ValueError(f"{name} must be symmetric.")
    return family.pack(covariance)


def _checked_array(name: str, value: Any, shape: tuple[int, ...]) -> Array:
    """The numbers that a user gave, in the given shape, which a single number fills."""
    if is_number(value):
        value = np.full(shape, value)
    array = numbers_of_parameter(value, name)
    if array.shape != shape:
        allowed = f"a number or of shape {shape}" if shape else "a number"
        raise ValueError(
            f"{name} must be {allowed} for this covariance_type and number of features, got "
            f"shape {array.shape}."
        )
    return array
