"""Features as users give them: by name, by index or by a mask."""

import operator
from typing import Any

import numpy as np

from .._typing import Array


def feature_names(estimator: Any) -> list[str]:
    """Returns the features' names for messages: "feature 0" and so on if X had none."""
    if hasattr(estimator, "feature_names_in_"):
        return [str(name) for name in estimator.feature_names_in_]
    names = getattr(estimator, "_names_of_table", [])
    if len(names) == estimator.n_features_in_:
        return names
    return [f"feature {j}" for j in range(estimator.n_features_in_)]


def feature_index(estimator: Any, feature: int | str) -> int:
    """Returns the index of a feature given by index or name."""
    names = feature_names(estimator)
    if isinstance(feature, str):
        if not hasattr(estimator, "feature_names_in_"):
            raise ValueError(
                f"feature={feature!r} is a name, but the estimator was fitted on data without "
                f"feature names. Use an index from 0 to {len(names) - 1}."
            )
        if feature not in names:
            raise ValueError(f"feature={feature!r} is not among the features {names}.")
        return names.index(feature)
    index = operator.index(feature)
    if not 0 <= index < len(names):
        raise ValueError(f"feature={feature!r} is not an index from 0 to {len(names) - 1}.")
    return index


def values_given(estimator: Any, given: Any) -> tuple[list[int], Array]:
    """Returns the indices of the features and the values in a mapping from features to values."""
    if not hasattr(given, "keys"):
        raise ValueError(f"given must map features to values, as a dict does, got {given!r}.")
    features = list(given.keys())
    values = np.array([_finite(given[feature], feature) for feature in features], dtype=float)
    return feature_indices(estimator, features), values


def _finite(value: Any, feature: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = np.nan
    if not np.isfinite(number):
        raise ValueError(
            f"The value given for {feature!r} must be a finite number, got {value!r}. Leave out a "
            "feature whose value is not known."
        )
    return number


def feature_indices(estimator: Any, features: Any) -> list[int]:
    """Returns the indices of features given as one index or name, as several, or as a mask."""
    if np.ndim(features) == 0:
        features = [features]
    if np.asarray(features).dtype == bool:
        if len(features) != estimator.n_features_in_:
            raise ValueError(
                f"A mask needs a value for each of the {estimator.n_features_in_} features, got "
                f"{len(features)} values."
            )
        return np.flatnonzero(features).tolist()
    indices = [feature_index(estimator, feature) for feature in features]
    for place, index in enumerate(indices):
        if index in indices[:place]:
            raise ValueError(f"Feature {feature_names(estimator)[index]!r} is given twice.")
    return indices
