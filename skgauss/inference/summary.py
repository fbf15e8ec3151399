"""All parameters of a fit in one table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import norm

from .._optional import imported
from .._typing import Array
from .._wording import percent
from ..information_criteria import information_criteria
from .checks import check_method
from .confidence import METHODS, check_level, wald
from .point import FittedPoint, Parameters
from .standard_errors import errors_at, fitted_point, missing_information


def report_table(
    estimator: Any,
    names: Sequence[str],
    heading: Sequence[str],
    estimate: Array,
    error: Array,
    z: Array,
    ends: Array,
    **further: Array,
) -> Any:
    """A `Report` with a row for each parameter, below the lines of the heading.

    All columns have the shape (n_parameters,), except `ends`, (n_parameters, 2).
    """
    imported("pandas", f"{type(estimator).__name__}.summary", extra="examples")
    from .printed_table import Report

    columns = {"estimate": estimate, "std_error": error, "z": z, "p_value": 2 * norm.sf(np.abs(z))}
    columns |= {"lower": ends[:, 0], "upper": ends[:, 1]} | further
    table = Report(columns, index=names)
    table.heading = heading
    return table


def criteria_line(log_likelihood: float, n_parameters: int, n: float) -> str:
    """A line of the heading: log-likelihood, AIC and BIC in nats, for n informative rows."""
    aic, bic = information_criteria(log_likelihood, n_parameters, n)
    return f"log-likelihood {log_likelihood:.2f}, AIC {aic:.2f}, BIC {bic:.2f}"


def counts_line(estimator: Any) -> str:
    """A line of the heading: the number of rows, the shares of missing and of censored values."""
    statistics = estimator._statistics_as_given.by_feature
    n = statistics.weight
    values = n * len(statistics.observed_weights)
    missing, censored = 1 - statistics.observed_weights.sum() / values, 0.0
    if statistics.coarse:
        censored = statistics.weights.sum() / values  # each weight is that of one interval
    return f"n {n:.10g}, missing {max(missing, 0.0):.1%}, censored {censored:.1%}"


def summary(estimator: Any, level: float, method: str, *rows: Any) -> Any:
    """The table that `GaussianGradientMLE.summary` returns; `rows` are X and what follows it."""
    check_level(level)
    check_method(method, METHODS)
    fit = fitted_point(estimator, method, *rows)
    errors = errors_at(fit)
    if method == "profile":
        found = estimator.confidence_intervals(level, method)  # public: its callbacks show progress
        correlation = found.get("correlation", np.empty((0, 0, 2)))
        ends = Parameters(found.mean, found.scale, found.scale, correlation)
    else:
        ends = wald(fit, errors, level)
    weight = estimator.sufficient_statistics_.weight
    informative = estimator._statistics_as_given.by_feature.informative_weight
    heading = [
        counts_line(estimator),
        criteria_line(weight * estimator.log_likelihood_, fit.family.n_parameters, informative),
        f"{percent(level)} intervals by method={method!r}",
    ]
    missing = fit.listed(missing_information(fit, errors))
    columns = map(
        fit.listed, (fit.estimate, fit.in_units(errors), _z_statistics(fit, errors), ends)
    )
    names = fit.parameter_names
    return report_table(estimator, names, heading, *columns, missing_information=missing)


def _z_statistics(fit: FittedPoint, relative: Parameters) -> Parameters:
    """The z statistics of means, and of correlations as Fisher's z; NaN where there is no test.

    `covariance`, which has no row in a table, holds those of the means again.
    """
    relative = relative.map(lambda error: np.where(error > 0, error, np.nan))
    correlation = fit.correlation_of_pairs
    turned = np.arctanh(correlation) * (1 - correlation**2) / relative.correlation
    means = fit.estimate.mean / fit.in_units(relative).mean
    return Parameters(means, np.full_like(means, np.nan), means, turned)
