"""Confidence intervals: Wald's, from standard errors, and those of the profile likelihood."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import combinations, compress, starmap
from typing import Any

import numpy as np
from scipy.special import erfinv
from sklearn.utils.parallel import Parallel, delayed

from .._typing import Array
from ..blocks import threads
from ..tables import is_number
from .checks import warn_if_far, warn_of_parameters
from .point import FittedPoint, Parameters
from .profile import MAX_NATS, Side, polished, profile_end
from .profile_parameters import CorrelationParameter, MeanParameter, Parameter, ScaleParameter

METHODS = ("wald", "profile", "sandwich")
_MIN_ERRORS = 1e-150  # standard errors to an end at least: the square of fewer might underflow to 0
_N_QUANTILE_STEPS = 5  # Newton steps: four leave only rounding, for falls from 1e-34 to 1e9


def check_level(level: float) -> None:
    """Refuse a level that is not a number between 0 and 1."""
    if not is_number(level) or not 0 < level < 1:
        raise ValueError(f"level must be a number between 0 and 1, got {level!r}.")


def wald_ends(center: Array, error: Array, level: float) -> Array:
    """Lower and upper ends of Wald's intervals, on a last axis, in the units of `center`."""
    half = _errors_to_an_end(level) * error
    return np.stack((center - half, center + half), axis=-1)


def _errors_to_an_end(level: float) -> float:
    """The distance of the ends of Wald's interval from the estimate, in standard errors.

    Quantiles at (1 + level) / 2 would lose the digits of a level near 0.
    """
    return max(math.sqrt(2.0) * float(erfinv(float(level))), _MIN_ERRORS)


def wald(fit: FittedPoint, errors: Parameters, level: float) -> Parameters:
    """Lower and upper ends of Wald's intervals, on a last axis, in the units of the data.

    `errors` are relative. Each interval is computed on a scale where it cannot leave the domain.
    """
    estimate, units = fit.estimate, fit.in_units(errors)
    around = partial(wald_ends, level=level)
    with np.errstate(over="ignore"):  # an end beyond float64 is infinite
        scale = estimate.scale[:, None] * np.exp(around(np.zeros(()), errors.scale))
        covariance = scale * scale
    if fit.family.correlated:
        variances, covariance = covariance, around(estimate.covariance, units.covariance)
        covariance[np.diag_indices(len(variances))] = variances
    correlation = fit.correlation_of_pairs
    z_error = errors.correlation / (1 - correlation**2)
    correlation = np.tanh(around(np.arctanh(correlation), z_error))
    return Parameters(around(estimate.mean, units.mean), scale, covariance, correlation)


def profile(fit: FittedPoint, level: float, n_jobs: int | None) -> Parameters:
    """Lower and upper ends of profile intervals, on a last axis, in the units of the data.

    An end is where the likelihood has fallen by the nats that belong to the level; NaN if it was
    not found. Of the covariances, only the variances are returned, (n_features, 2).
    """
    deviance = _errors_to_an_end(level) ** 2
    if fit.likelihood.shares is not None:
        warn_if_far(fit.estimator, fit.estimator.natural_gradient_norm_)  # not polished
        return _in_closed_form(fit, deviance, *fit.likelihood.shares)
    fit.check_size()
    scale, correlation = fit.estimate.scale, np.zeros((*fit.estimate.correlation.shape, 2))
    profiled: list[Parameter] = [
        *map(MeanParameter, range(len(scale)), scale.tolist(), fit.origin.tolist()),
        *map(ScaleParameter, range(fit.n_scales)),
        *starmap(CorrelationParameter, combinations(range(len(correlation)), 2)),
    ]
    free = fit.listed(fit.of_free(fit.estimate.map(np.ones_like))) > 0
    ends = np.repeat(fit.listed(fit.estimate)[:, None], 2, axis=1)
    nats = deviance / (2 * fit.likelihood.weight)
    ends[free] = _profile_ends(fit, list(compress(profiled, free)), nats, n_jobs)
    warn_of_parameters(
        fit.parameter_names,
        np.isnan(ends).any(axis=1),
        "An end of the profile interval was not found for the",
        f"It is NaN, because {_why_not_found(nats)}. Use method='wald', which needs no search.",
    )
    mean, scales, correlations = np.split(ends, np.cumsum((len(scale), fit.n_scales)))
    scales = scales + np.zeros((len(scale), 1))
    pairs = np.triu_indices(len(correlation), 1)
    correlation[pairs] = correlation[pairs[::-1]] = correlations
    return Parameters(mean, scales, scales * scales, correlation)


def _why_not_found(nats: float) -> str:
    """Why an end of an interval was not found, if it is `nats` per row below the maximum."""
    if nats > MAX_NATS:
        return (
            f"the likelihood would have to fall by {nats:.2g} nats per row, and no step in float64 "
            "is long enough. So large a fall belongs to weights whose sum is tiny"
        )
    return (
        "the search for it ran out of evaluations. The end may be far away, as happens where few "
        "rows show the features together"
    )


def _profile_ends(
    fit: FittedPoint, profiled: list[Parameter], nats: float, n_jobs: int | None
) -> Array:
    """Lower and upper ends in the units of the data, (n_profiled, 2); NaN for those not found.

    `nats` is the fall of the likelihood from the maximum to an end, in nats per row.
    """
    sides = [Side(parameter, sign) for parameter in profiled for sign in (-1, 1)]
    maximum = polished(fit.likelihood, fit.evaluation, nats)
    warn_if_far(fit.estimator, maximum.natural_gradient_norm)
    # The information is computed here, once for all threads.
    if fit.likelihood.has_information:
        fit.likelihood.information(maximum)
    parallel, one_end = Parallel(n_jobs=n_jobs, prefer="threads"), profile_end
    if parallel.n_jobs != 1:
        one_end = threads.without_own_threads(profile_end)
    multiplications = 0 if parallel.n_jobs != 1 else fit.family.n_parameters**3
    with (
        _reporting_tasks(fit.estimator, "confidence_intervals", len(sides)) as run_task,
        threads.blas_threads_for(multiplications),
    ):
        found = parallel(
            # A likelihood caches its last information, so each task has a copy of its own.
            delayed(run_task)(k, one_end, copy.copy(fit.likelihood), maximum, side, nats)
            for k, side in enumerate(sides)
        )
    for endless in [end.at for end in found if math.isinf(end.value)]:
        found = [
            end.or_open(endless, maximum, side, fit.family)
            for end, side in zip(found, sides, strict=True)
        ]
    return np.reshape([end.value for end in found], (-1, 2))


@contextmanager
def _reporting_tasks(estimator: Any, method: str, n_tasks: int) -> Iterator[Callable[..., Any]]:
    """Tells the callbacks of an estimator when a method with `n_tasks` tasks begins and ends.

    The method is decorated with `sklearn.callback.with_callbacks`. This yields a function that
    runs one task, given its number, the function to call and its arguments, and tells the
    callbacks when the task begins and ends.
    """
    whole = estimator._init_callback_context(
        method, max_subtasks=n_tasks, sequential_subtasks=False
    )
    whole.call_on_fit_task_begin(estimator=estimator)

    def run(number: int, task: Callable[..., Any], *arguments: Any) -> Any:
        """The result of one task; the callbacks are told when it begins and ends."""
        part = whole.subcontext(task_name=task.__name__, task_id=number)
        part.call_on_fit_task_begin(estimator=estimator)
        result = task(*arguments)
        part.call_on_fit_task_end(estimator=estimator)
        return result

    yield run
    whole.call_on_fit_task_end(estimator=estimator)


def _in_closed_form(
    fit: FittedPoint, deviance: float, of_means: Array | float, of_scales: Array | float
) -> Parameters:
    """What `profile` returns if the likelihood has `shares`: profiles then have closed forms.

    `deviance` is twice the fall of the likelihood of all rows, in nats; `of_means` and `of_scales`
    are the `Likelihood.shares`. Let n be the weight of the observed values. Then the deviance is
    n log(1 + t^2) if a mean moves by t standard deviations, or n t^2 if the covariance is known;
    n (exp(-2 u) - 1 + 2 u) if the logarithm of a scale moves by u; and 2 n log cosh x if Fisher's
    z of a correlation moves by x.
    """
    values = fit.family.multiplicity * np.asarray(of_scales) * fit.likelihood.weight
    shown = np.asarray(of_means) * fit.likelihood.weight
    estimate, signs = fit.estimate, np.array([-1.0, 1.0])
    with np.errstate(over="ignore"):  # an end beyond float64 is infinite
        wider = np.sqrt(values / shown) * _root_of_expm1(deviance / values)
        moved = np.sqrt(deviance / shown) if fit.family.covariance_is_known else wider
        of_scales = _moves_of_log_scales(deviance / values)
        turned = np.arcsinh(_root_of_expm1(deviance / fit.likelihood.weight)) * signs
        mean, scale, _, z = fit.of_free(
            Parameters((moved * estimate.scale)[:, None] * signs, of_scales, of_scales, turned)
        )
        scales = estimate.scale[:, None] * np.exp(scale)
        variances = scales * scales
    correlations = np.tanh(np.arctanh(fit.correlation_of_pairs)[..., None] + z)
    return Parameters(estimate.mean[:, None] + mean, scales, variances, correlations)


def _root_of_expm1(x: Array | float) -> Array:
    """The square root of ``exp(x) - 1``, also where ``exp(x)`` overflows."""
    return np.exp(np.divide(x, 2)) * np.sqrt(-np.expm1(np.negative(x)))


def _moves_of_log_scales(fall: Array) -> Array:
    """Both solutions u of ``exp(-2 u) - 1 + 2 u = fall``, the negative one first, on a last axis.

    Lambert's W function would give them, but loses digits if the fall is small. Newton's method in
    2 u keeps them. It starts beyond each solution and never steps past it, because the function is
    convex.
    """
    reach = fall + np.sqrt(2 * fall)
    twice = np.stack((-np.log1p(reach), reach), axis=-1)
    for _ in range(_N_QUANTILE_STEPS):
        twice += (fall[..., None] - np.expm1(-twice) - twice) / -np.expm1(-twice)
    return twice / 2
