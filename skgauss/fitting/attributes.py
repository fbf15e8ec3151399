"""The fitted attributes of an estimator, made from a solution."""

import copy
from typing import Any

import numpy as np

from ..density import GIVEN, SEEN_THROUGH, WAITING, FittedGaussian
from ..likelihoods import Evaluation, Likelihood
from ..rows import LIMITS_OF_FIT, NAMES_OF_TABLE, Window, checked_limits, feature_names
from ..solvers import Solution
from ..statistics import AnyStatistics

# The fitted attributes whose names do not end in an underscore.
_HIDDEN = ("_gaussian", GIVEN, SEEN_THROUGH, WAITING, NAMES_OF_TABLE, LIMITS_OF_FIT)


def iterate_attributes(at: Evaluation, likelihood: Likelihood) -> dict[str, Any]:
    """The fitted attributes that depend only on one iterate, by name."""
    family = likelihood.family
    pilot, truncation, uncounted = likelihood.pilot, likelihood.truncation(at), likelihood.uncounted
    return {
        "_gaussian": FittedGaussian(
            at.mean.copy(), family, at.factor, pilot, truncation, uncounted
        ),
        "mean_": at.mean.copy(),
        "covariance_": family.unpack(likelihood.covariance(at.factor).copy()),
        "scale_": family.standard_deviations(at.factor),
        "log_likelihood_": likelihood.log_likelihood(at),
        "natural_gradient_norm_": at.natural_gradient_norm,
    }


def solution_attributes(
    solution: Solution, likelihood: Likelihood, *, record_path: bool
) -> dict[str, Any]:
    """The fitted attributes that describe result, path and end of a climb, by name."""
    attributes = iterate_attributes(solution.evaluation, likelihood) | {
        "log_likelihood_path_": np.array(solution.values),
        "n_iter_": solution.n_iter,
        "converged_": solution.converged,
        "stop_reason_": solution.stop_reason,
    }
    if record_path:
        means, factors = zip(*solution.path, strict=True)
        covariances = [likelihood.family.unpack(likelihood.covariance(f)) for f in factors]
        attributes["mean_path_"] = np.array(means)
        attributes["covariance_path_"] = np.array(covariances)
    return attributes


def copy_for_other_data(estimator: Any) -> Any:
    """A copy that takes the number and names of the features of other data than the last fit's."""
    other = copy_for_new_rows(estimator)
    if hasattr(estimator, "n_features_in_"):
        vars(other).pop(NAMES_OF_TABLE, None)
    return other


def copy_for_new_rows(estimator: Any) -> Any:
    """A copy that reads rows to fit, and so with the limits that are set, not those of its fit."""
    other = copy.copy(estimator)
    vars(other).pop(LIMITS_OF_FIT, None)
    return other


def input_attributes(validated: Any) -> dict[str, Any]:
    """The attributes on `validated` that describe the features of X, by name."""
    names = ("n_features_in_", "feature_names_in_", NAMES_OF_TABLE)
    return {name: getattr(validated, name) for name in names if hasattr(validated, name)}


def row_attributes(validated: Any, window: Window | None) -> dict[str, Any]:
    """The attributes that describe the rows to fit, by name; `validated` has not been fitted yet.

    Methods use the limits of the fit, which are kept here, even if others are set afterwards.
    """
    limits = validated.censoring_limits
    if limits is not None:
        limits = checked_limits(limits, "censoring_limits", feature_names(validated))
    seen_through = window and window.ends
    return input_attributes(validated) | {SEEN_THROUGH: seen_through, LIMITS_OF_FIT: limits}


def derived_attributes(
    gaussian: FittedGaussian, estimator: Any, features: list[int], given: dict[str, float]
) -> dict[str, Any]:
    """The fitted attributes of a marginal or conditional Gaussian, by name."""
    limits = getattr(estimator, LIMITS_OF_FIT)
    attributes = {
        "_gaussian": gaussian,
        LIMITS_OF_FIT: limits and tuple(limit[features] for limit in limits),
        GIVEN: getattr(estimator, GIVEN, {}) | given,
        "mean_": gaussian.mean,
        "covariance_": gaussian.covariance,
        "scale_": gaussian.family.standard_deviations(gaussian.factor),
        "n_features_in_": len(features),
    }
    if hasattr(estimator, "feature_names_in_"):
        attributes["feature_names_in_"] = estimator.feature_names_in_[features]
    return attributes


def input_of_statistics(validated: Any, statistics: AnyStatistics) -> None:
    """Set on `validated` the attributes that validation of the summarised rows would have set.

    Labels become feature names if all of them are strings, as with data frames.
    """
    validated.n_features_in_ = len(statistics.mean)
    labels = statistics.labels
    if labels and all(isinstance(label, str) for label in labels):
        validated.feature_names_in_ = np.asarray(labels, dtype=object)
    elif hasattr(validated, "feature_names_in_"):
        del validated.feature_names_in_


def fitted_attributes(estimator: Any) -> dict[str, Any]:
    """The attributes of the estimator's last fit, by name."""
    return {
        name: value
        for name, value in vars(estimator).items()
        if name in _HIDDEN or (name.endswith("_") and name[0] != "_")
    }


def replace_fit(estimator: Any, attributes: dict[str, Any]) -> None:
    """Replace all attributes of the estimator's last fit by those of a new one."""
    for name in fitted_attributes(estimator):
        delattr(estimator, name)
    estimator.__dict__.update(attributes)
