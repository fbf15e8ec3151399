"""Confidence intervals: Wald's, from standard errors, and those of the profile likelihood."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
from scipy.special import lambertw
from scipy.stats import chi2, norm
from sklearn.utils import Bunch
from sklearn.utils.parallel import Parallel, delayed

from .._typing import Array
from ..blocks import threads
from .errors import errors_at
from .point import Parameters, Point, warn_of
from .profile import Correlation, Mean, Parameter, Scale, Side, profile_end
from .progress import Progress


def confidence_intervals(estimator: Any, level: float, method: str, n_jobs: int | None) -> Bunch:
    """See `GaussianGradientMLE.confidence_intervals`."""
    if method not in ("wald", "profile"):
        raise ValueError(f"method must be 'wald' or 'profile', got {method!r}.")
    check_level(level)
    at = Point(estimator)
    if method == "wald":
        return at.bunch(wald(at, errors_at(at).observed, level), itself=(1.0, 1.0))
    found = at.bunch(profile(at, level, n_jobs), itself=(1.0, 1.0))
    if at.family.correlated:
        del found["covariance"]  # of which only the variances have a profile here
    return found


def check_level(level: float) -> None:
    """Refuse what is no probability."""
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, got {level}.")


def wald(at: Point, errors: Parameters, level: float) -> Parameters:
    """Ends of intervals, from errors on the scales on which no interval leaves the domain."""
    quantile = norm.isf((1 - level) / 2)
    estimate, units = at.estimate, at.in_units(errors)

    def around(center: Array, error: Array) -> Array:
        half = quantile * error
        return np.stack((center - half, center + half), axis=-1)

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


def profile(at: Point, level: float, n_jobs: int | None) -> Parameters:
    """Ends of intervals at which the likelihood has fallen by what the level allows."""
    deviance = float(chi2.isf(1 - level, 1))
    if at.likelihood.shares is not None:
        return _in_closed_form(at, deviance, *at.likelihood.shares)
    at.check_size()
    scale = at.estimate.scale
    one, two = pairs = np.triu_indices(len(at.estimate.correlation), 1)
    profiled: list[Parameter] = [Mean(j, s) for j, s in enumerate(scale.tolist())]
    profiled += [Scale(j) for j in range(at.n_scales)]
    profiled += [Correlation(*pair) for pair in zip(one.tolist(), two.tolist(), strict=True)]
    ends = _ends(at, profiled, deviance / (2 * at.likelihood.weight), n_jobs)
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


def _ends(at: Point, profiled: list[Parameter], nats: float, n_jobs: int | None) -> Array:
    """Lower and upper ends, one parameter a row; NaN where they were not found."""
    sides = [Side(parameter, sign) for parameter in profiled for sign in (-1, 1)]
    maximum = at.evaluation
    # Formed here, once for all threads.
    _ = maximum.score_covariance
    if at.likelihood.has_information:
        at.likelihood.information(maximum)
    progress = Progress(at.estimator, "confidence_intervals", len(sides))
    with threads.blas_threads_for(at.family.n_parameters**3):
        found = Parallel(n_jobs=n_jobs, prefer="threads")(
            # A likelihood remembers its last information, and is therefore not shared.
            delayed(progress.told(profile_end, k))(copy.copy(at.likelihood), maximum, side, nats)
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
    at: Point, deviance: float, of_means: Array | float, of_scales: Array | float
) -> Parameters:
    """The same where the curvature has a closed form: the profile then has one, too.

    With a weight n of the values a mean moves by t standard deviations at a deviance of n log(1 +
    t^2), the inverse of a squared scale to y times itself at n (y - 1 - log y), and Fisher's z of
    a correlation by x at 2 n log cosh x.
    """
    values = at.family.multiplicity * np.asarray(of_scales) * at.likelihood.weight
    shown = np.asarray(of_means) * at.likelihood.weight
    estimate, signs = at.estimate, np.array([-1.0, 1.0])
    moved = np.sqrt(values / shown * np.expm1(deviance / values)) * estimate.scale
    branches = [lambertw(-np.exp(-1 - deviance / values), k).real for k in (-1, 0)]
    ratios = np.sqrt(-np.stack(branches, axis=-1))
    scales = estimate.scale[:, None] / ratios
    correlation = np.arctanh(np.where(estimate.correlation == 1.0, 0.0, estimate.correlation))
    turned = np.arccosh(np.exp(deviance / (2 * at.likelihood.weight)))
    return Parameters(
        estimate.mean[:, None] + moved[:, None] * signs,
        scales,
        scales * scales,
        np.tanh(correlation[..., None] + turned * signs),
    )
