"""The fitted attributes of an estimator, made from a solution."""

import copy
from typing import Any

import numpy as np

from ..density import FittedGaussian
from ..likelihoods import Evaluation, Likelihood
from ..rows import Window, checked_limits, feature_names
from ..solvers import Solution
from ..statistics import AnyStatistics

# The fitted attributes whose names do not end in an underscore; `GaussianDensity` describes them.
_HIDDEN = (
    "_gaussian",
    "_limits_of_fit",
    "_seen_through",
    "_names_of_table",
    "_given",
    "_waiting_for",
)


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


def copy_to_fit(estimator: Any, *, keep_names: bool = False) -> Any:
    """A copy that reads rows to fit, and so with the limits that are set, not those of its fit.

    With `keep_names` the rows are added to those of its fit, and have the same features.
    """
    other = copy.copy(estimator)
    vars(other).pop("_limits_of_fit", None)
    if hasattr(estimator, "n_features_in_") and not keep_names:
        vars(other).pop("_names_of_table", None)
    return other


def input_attributes(validated: Any) -> dict[str, Any]:
    """The attributes on `validated` that describe the features of X, by name."""
    names = ("n_features_in_", "feature_names_in_", "_names_of_table")
    return {name: getattr(validated, name) for name in names if hasattr(validated, name)}


def row_attributes(validated: Any, window: Window | None) -> dict[str, Any]:
    """The attributes that describe the rows to fit, by name; `validated` has not been fitted yet.

    Methods use the limits of the fit, which are kept here, even if others are set afterwards.
    """
    limits = validated.censoring_limits
    if limits is not None:
        limits = checked_limits(limits, "censoring_limits", feature_names(validated))
    own = {"_seen_through": window and window.ends, "_limits_of_fit": limits}
    return input_attributes(validated) | own


def derived_attributes(
    gaussian: FittedGaussian, estimator: Any, features: list[int], given: dict[str, float]
) -> dict[str, Any]:
    """The fitted attributes of a marginal or conditional Gaussian, by name."""
    limits = estimator._limits_of_fit
    attributes = {
        "_gaussian": gaussian,
        "_limits_of_fit": limits and tuple(limit[features] for limit in limits),
        "_given": (estimator._given or {}) | given,
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
