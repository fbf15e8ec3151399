"""Where a climb starts: the parameters `mean_init` and `covariance_init`."""

import math
from numbers import Real
from typing import Any

import numpy as np
from sklearn.utils import check_array

from ._typing import Array
from .covariance import Family, NotPositiveDefiniteError
from .likelihood import Evaluation, GaussianLikelihood


def start_at(mean: Any, covariance: Any, likelihood: GaussianLikelihood) -> Evaluation:
    """Evaluate the likelihood at a start.

    Parameters
    ----------
    mean : float, array-like of shape (n_features,) or None
        None is zero.
    covariance : float, array-like shaped as the family's covariance, or None
        None is the identity, a number a multiple of it.
    likelihood : GaussianLikelihood

    Raises
    ------
    ValueError
        If a shape is wrong, an entry not finite, the covariance not symmetric and positive
        definite, or the likelihood too small for a float.
    """
    family = likelihood.family
    start = _mean(mean, family), _factor(covariance, family)
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            return likelihood.evaluate(*start)
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


def _mean(mean_init: Any, family: Family) -> Array:
    return _checked("mean_init", mean_init, 0.0, (family.n_features,))


def _factor(covariance_init: Any, family: Family) -> Array:
    if covariance_init is None or isinstance(covariance_init, Real):
        variance = float(_checked("covariance_init", covariance_init, 1.0, ()))
        if variance > 0:
            return family.isotropic(math.sqrt(variance))
        raise ValueError(f"covariance_init must be positive, got {covariance_init}.")
    given = _checked("covariance_init", covariance_init, 1.0, family.shape)
    if not family.is_symmetric(given):
        raise ValueError("covariance_init must be symmetric.")
    try:
        return family.root(family.pack(given))
    except NotPositiveDefiniteError:
        raise ValueError(
            "covariance_init must be positive definite: every variance positive, and no "
            "linear combination of features without variance."
        ) from None


def _checked(name: str, value: Any, default: float, shape: tuple[int, ...]) -> Array:
    if value is None:
        return np.full(shape, default)
    if isinstance(value, Real):
        value = np.full(shape, value)
    array = check_array(
        value,
        dtype=np.float64,
        ensure_2d=False,
        allow_nd=True,
        ensure_min_samples=0,
        ensure_min_features=0,
        input_name=name,
        copy=True,
    )
    if array.shape != shape:
        raise ValueError(
            f"{name} must be a number or of shape {shape} for this covariance_type and "
            f"number of features, got shape {array.shape}."
        )
    return array
