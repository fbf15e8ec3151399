"""Confidence intervals: Wald's, from standard errors, and those of the profile likelihood."""

from __future__ import annotations

import copy
import math
from functools import partial
from itertools import compress
from typing import Any

import numpy as np
from scipy.stats import chi2, norm
from sklearn.utils import Bunch
from sklearn.utils.parallel import Parallel, delayed

from .._typing import Array
from ..blocks import threads
from ..rows import is_number
from .point import FittedPoint, Parameters, check_method, warn_if_far, warn_of
from .profile import (
    CorrelationParameter,
    MeanParameter,
    Parameter,
    ScaleParameter,
    Side,
    polished,
    profile_end,
)
from .progress import Progress
from .sandwich import point_of
from .standard_errors import errors_at

METHODS = ("wald", "profile", "sandwich")
_STEPS_TO_QUANTILE = 5  # after four the error is a rounding, at a fall of 1e-34 as of 1e9


def confidence_intervals(
    estimator: Any, level: float, method: str, n_jobs: int | None, *rows: Any
) -> Bunch:
    """See `GaussianGradientMLE.confidence_intervals`."""
    check_method(method, METHODS)
    check_level(level)
    at = point_of(estimator, method, *rows, polished=method == "profile")
    if method != "profile":
        return at.bunch(wald(at, errors_at(at), level), itself=(1.0, 1.0))
    found = at.bunch(profile(at, level, n_jobs), itself=(1.0, 1.0))
    if at.family.correlated:
        del found["covariance"]  # of which only the variances have a profile here
    return found


def check_level(level: float) -> None:
    """Refuse what is no probability."""
    if not is_number(level) or not 0 < level < 1:
        raise ValueError(f"level must be a number between 0 and 1, got {level!r}.")


def wald_ends(center: Array, error: Array, level: float) -> Array:
    """Ends of Wald's intervals on a last axis, in the unit of the centers and their errors."""
    half = norm.isf((1 - level) / 2) * error
    return np.stack((center - half, center + half), axis=-1)


def wald(at: FittedPoint, errors: Parameters, level: float) -> Parameters:
    """Ends of intervals, from errors on the scales on which no interval leaves the domain."""
    estimate, units = at.estimate, at.in_units(errors)
    around = partial(wald_ends, level=level)
    with np.errstate(over="ignore"):  # so wide that float64 has no end but infinity
        scale = estimate.scale[:, None] * np.exp(around(np.zeros(()), errors.scale))
        covariance = scale * scale
    correlation = estimate.correlation.copy()
    if at.family.correlated:
        variances, covariance = covariance, around(estimate.covariance, units.covariance)
        covariance[np.diag_indices(len(variances))] = variances
        np.fill_diagonal(correlation, 0.0)
    z_error = errors.correlation / (1 - correlation**2)
    correlation = np.tanh(around(np.arctanh(correlation), z_error))
    return Parameters(around(estimate.mean, units.mean), scale, covariance, correlation)


def profile(at: FittedPoint, level: float, n_jobs: int | None) -> Parameters:
    """Ends of intervals at which the likelihood has fallen by what the level allows."""
    deviance = float(chi2.isf(1 - level, 1))
    if at.likelihood.shares is not None:
        warn_if_far(at.estimator, at.estimator.natural_gradient_norm_)  # which stays as it is
        return _in_closed_form(at, deviance, *at.likelihood.shares)
    at.check_size()
    scale = at.estimate.scale
    one, two = pairs = np.triu_indices(len(at.estimate.correlation), 1)
    of_means = zip(scale.tolist(), at.origin.tolist(), strict=True)
    profiled: list[Parameter] = [MeanParameter(j, *each) for j, each in enumerate(of_means)]
    profiled += [ScaleParameter(j) for j in range(at.n_scales)]
    profiled += [
        CorrelationParameter(*pair) for pair in zip(one.tolist(), two.tolist(), strict=True)
    ]
    free = at.listed(at.of_free(at.estimate.map(np.ones_like))) > 0
    ends = np.repeat(at.listed(at.estimate)[:, None], 2, axis=1)
    nats = deviance / (2 * at.likelihood.weight)
    ends[free] = _profile_ends(at, list(compress(profiled, free)), nats, n_jobs)
    warn_of(
        at.parameter_names,
        np.isnan(ends).any(axis=1),
        "An end of the profile interval was not found of the",
        "It is NaN: the climb to it ran out of evaluations. The end may be far away, where the "
        "likelihood falls ever more slowly, as few rows that show features together make it. An "
        "interval by method='wald' needs no climb.",
    )
    mean, scales, correlations = np.split(ends, np.cumsum((len(scale), at.n_scales)))
    scales = scales + np.zeros((len(scale), 1))
    correlation = np.zeros((*at.estimate.correlation.shape, 2))
    correlation[pairs] = correlation[pairs[::-1]] = correlations
    return Parameters(mean, scales, scales * scales, correlation)


def _profile_ends(
    at: FittedPoint, profiled: list[Parameter], nats: float, n_jobs: int | None
) -> Array:
    """Lower and upper ends, one parameter a row; NaN where they were not found."""
    sides = [Side(parameter, sign) for parameter in profiled for sign in (-1, 1)]
    maximum = polished(at.likelihood, at.evaluation, nats)
    warn_if_far(at.estimator, maximum.natural_gradient_norm)
    # Formed here, once for all threads.
    if at.likelihood.has_information:
        at.likelihood.information(maximum)
    progress = Progress(at.estimator, "confidence_intervals", len(sides))
    parallel, one_end = Parallel(n_jobs=n_jobs, prefer="threads"), profile_end
    if parallel.n_jobs != 1:
        one_end = threads.one_of_several(profile_end)
    with threads.blas_threads_for(0 if parallel.n_jobs != 1 else at.family.n_parameters**3):
        found = parallel(
            # A likelihood remembers its last information, and is therefore not shared.
            delayed(progress.told(one_end, k))(copy.copy(at.likelihood), maximum, side, nats)
            for k, side in enumerate(sides)
        )
    progress.end()
    for endless in [end.at for end in found if math.isinf(end.value)]:
        found = [
            end.beside(endless, maximum, side, at.family)
            for end, side in zip(found, sides, strict=True)
        ]
    return np.reshape([end.value for end in found], (-1, 2))


def _in_closed_form(
    at: FittedPoint, deviance: float, of_means: Array | float, of_scales: Array | float
) -> Parameters:
    """Ends of profile intervals where the curvature, and so the profile, has a closed form.

    With a weight n of the values a mean moves by t standard deviations at a deviance of n log(1 +
    t^2), the logarithm of a scale by u at n (exp(-2 u) - 1 + 2 u), and Fisher's z of a
    correlation by x at 2 n log cosh x. With a known covariance that of a mean is n t^2.
    """
    values = at.family.multiplicity * np.asarray(of_scales) * at.likelihood.weight
    shown = np.asarray(of_means) * at.likelihood.weight
    estimate, signs = at.estimate, np.array([-1.0, 1.0])
    correlation = estimate.correlation.copy()
    if at.family.correlated:
        np.fill_diagonal(correlation, 0.0)
    with np.errstate(over="ignore"):  # so wide that float64 has no end but infinity
        wider = np.sqrt(values / shown) * _root_of_expm1(deviance / values)
        moved = np.sqrt(deviance / shown) if at.family.covariance_is_known else wider
        of_scales = _moves_of_log_scales(deviance / values)
        turned = np.arcsinh(_root_of_expm1(deviance / at.likelihood.weight)) * signs
        mean, scale, _, z = at.of_free(
            Parameters((moved * estimate.scale)[:, None] * signs, of_scales, of_scales, turned)
        )
        scales = estimate.scale[:, None] * np.exp(scale)
        variances = scales * scales
    correlations = np.tanh(np.arctanh(correlation)[..., None] + z)
    return Parameters(estimate.mean[:, None] + mean, scales, variances, correlations)


def _root_of_expm1(x: Array | float) -> Array:
    """Square root of ``exp(x) - 1``, which is within float64 where that is not."""
    return np.exp(np.divide(x, 2)) * np.sqrt(-np.expm1(np.negative(x)))


def _moves_of_log_scales(fall: Array) -> Array:
    """Both solutions u of ``exp(-2 u) - 1 + 2 u = fall``, the negative one first, on a last axis.

    They are Lambert's function near its branch point, where that loses the digits of a small
    fall. Newton's method in 2 u keeps them. The function is convex, and from beyond a solution,
    where it starts, no step leads past it.
    """
    reach = fall + np.sqrt(2 * fall)
    twice = np.stack((-np.log1p(reach), reach), axis=-1)
    for _ in range(_STEPS_TO_QUANTILE):
        twice += (fall[..., None] - np.expm1(-twice) - twice) / -np.expm1(-twice)
    return twice / 2
