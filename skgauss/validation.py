"""Checks of what a user hands to `fit`: parameters together, data, weights."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.utils.validation import _check_sample_weight

from ._typing import Array
from .inputs import validate_rows
from .patterns import IncompleteStatistics
from .statistics import SufficientStatistics


def check_together(estimator: Any) -> None:
    """Refuse parameters, each valid, that contradict each other.

    Only what would mislead: a search over rates that change nothing would report a best.
    """
    if estimator.learning_rate != "auto" and estimator.solver in ("lbfgs", "closed-form"):
        raise ValueError(
            f"learning_rate={estimator.learning_rate!r} has no effect with "
            f"solver={estimator.solver!r}, which takes no steps of a given rate. Use "
            "learning_rate='auto', or solver='gradient', 'coordinate' or 'natural'."
        )


def validate_fit(estimator: Any, X: Any, sample_weight: Any) -> tuple[np.ndarray, Array | None]:
    """X, not yet known to be finite, and the weights."""
    X = validate_rows(estimator, X, reset=True, ensure_min_samples=2)
    if sample_weight is not None:
        sample_weight = _check_sample_weight(
            sample_weight, X, dtype=np.float64, ensure_non_negative=True
        )
    return X, sample_weight


def check_statistics(
    statistics: SufficientStatistics | IncompleteStatistics, names: Sequence[str]
) -> None:
    """Refuse features that were never observed, or whose squares float64 cannot hold."""
    if isinstance(statistics, IncompleteStatistics):
        never = np.flatnonzero(statistics.observed_weights == 0)
        if never.size:
            raise ValueError(
                f"{names[never[0]]!r} was never observed: all its values are NaN. Drop it."
            )
    overflowing = np.flatnonzero(~np.isfinite(statistics.variances))
    if overflowing.size:
        raise ValueError(
            f"The variance of {names[overflowing[0]]!r} is larger than float64 can hold. "
            "Choose a larger unit."
        )


def feature_names(estimator: Any) -> list[str]:
    """Names for messages, "feature 0" and so on where X had none."""
    if hasattr(estimator, "feature_names_in_"):
        return [str(name) for name in estimator.feature_names_in_]
    return [f"feature {j}" for j in range(estimator.n_features_in_)]
