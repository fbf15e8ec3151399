"""Where a climb starts: the parameters `mean_init` and `covariance_init`, or a guess."""

from typing import Any

import numpy as np

from .._typing import Array
from ..gaussian import Family, NotPositiveDefiniteError
from ..likelihoods import Evaluation, Fixed, Likelihood
from ..rows import is_number, numbers_of_parameter, to_host


def initial(mean: Any, covariance: Any, family: Family) -> tuple[Array, Array]:
    """Mean and factor to start from.

    Parameters
    ----------
    mean : float, array-like of shape (n_features,), of any array library, or None
        None is zero.
    covariance : float, array-like shaped as the family's covariance, or None
        None is the identity, a number a multiple of it.
    family : Family

    Raises
    ------
    ValueError
        If a shape is wrong, an entry not finite, or the covariance not symmetric and
        positive definite.
    """
    start = _mean(to_host(mean), family), _covariance(to_host(covariance), family)
    return start[0], _checked_root("covariance_init", start[1], family)


def fixed_parameters(estimator: Any, family: Family) -> Fixed:
    """What the parameters `fixed_mean` and `fixed_covariance` say is known.

    Raises
    ------
    ValueError
        As `initial` does.
    """
    mean, covariance = to_host(estimator.fixed_mean), to_host(estimator.fixed_covariance)
    if mean is not None:
        mean = _mean(mean, family, "fixed_mean")
    if covariance is None:
        return Fixed(mean)
    covariance = _covariance(covariance, family, "fixed_covariance")
    return Fixed(mean, covariance, _checked_root("fixed_covariance", covariance, family))


def first_start(estimator: Any, likelihood: Likelihood) -> Evaluation:
    """The point at which the parameters start a climb, with the likelihood there.

    At the guess from the data where the solver may choose and there is no closed form: how the
    standard normal, in some unit, compares with the data is chance.

    Raises
    ------
    ValueError
        If a parameter is not valid, or the likelihood there too small for a float.
    """
    if chooses_its_start(estimator) and not likelihood.complete:
        return evaluate_start(*likelihood.guess, likelihood)
    start = initial(estimator.mean_init, estimator.covariance_init, likelihood.family)
    return evaluate_start(*start, likelihood)


def chooses_its_start(estimator: Any) -> bool:
    """Whether the solver is free to start where it likes: not a textbook one, nor one that is told.

    A start that a user sets may tell one maximum from another.
    """
    adaptive = estimator.solver in ("natural", "newton") and estimator.learning_rate == "auto"
    return adaptive and estimator.mean_init is None and estimator.covariance_init is None


def evaluate_start(mean: Array, factor: Array, likelihood: Likelihood) -> Evaluation:
    """Evaluate the likelihood at a start.

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
            "covariance_init nearer to the data."
        ) from None


def check_warm_start(mean: Array, covariance: Array | float, family: Family) -> None:
    """Refuse to go on from a fit of another shape."""
    if len(mean) != family.n_features or np.shape(covariance) != family.shape:
        raise ValueError(
            "warm_start=True needs data of as many features, and the covariance_type, of the "
            "last fit."
        )


def _mean(given: Any, family: Family, name: str = "mean_init") -> Array:
    shape = (family.n_features,)
    return np.zeros(shape) if given is None else _checked_array(name, given, shape)


def _covariance(given: Any, family: Family, name: str = "covariance_init") -> Array:
    """The covariance that a user gave, checked and packed as the family has it."""
    if given is None:
        return family.identity
    if is_number(given):
        variance = float(_checked_array(name, given, ()))
        if variance > 0:
            return variance * family.identity
        raise ValueError(f"{name} must be positive, got {given}.")
    covariance = _checked_array(name, given, family.shape)
    if not family.is_symmetric(covariance):
        raise ValueError(f"{name} must be symmetric.")
    return family.pack(covariance)


def _checked_root(name: str, covariance: Array, family: Family) -> Array:
    try:
        return family.root(covariance)
    except NotPositiveDefiniteError:
        raise ValueError(
            f"{name} must be positive definite: every variance positive, and no "
            "linear combination of features without variance."
        ) from None


def _checked_array(name: str, value: Any, shape: tuple[int, ...]) -> Array:
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
