"""Checks of what a user hands to a fit beside data: parameters together, statistics."""

from dataclasses import replace
from typing import Any

from .patterns import IncompleteStatistics
from .scattered import AnyStatistics, ScatteredStatistics
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


def checked_statistics(statistics: Any, covariance_type: str) -> AnyStatistics:
    """Statistics that a user hands over, as a fit of that type needs them."""
    if isinstance(statistics, IncompleteStatistics | ScatteredStatistics):
        return statistics
    if not isinstance(statistics, SufficientStatistics):
        raise TypeError(
            "fit_statistics needs a SufficientStatistics, as SufficientStatistics.from_array "
            f"returns it, got {type(statistics).__name__}. Use fit for data."
        )
    diagonal = statistics.scatter.ndim == 1
    if diagonal == (covariance_type != "full"):
        return statistics
    if not diagonal:
        return replace(statistics, scatter=statistics.variances)
    raise ValueError(
        "The statistics hold variances only, which do not determine a full covariance. Use "
        "diagonal=False for them, or covariance_type='diag'."
    )


def feature_names(estimator: Any) -> list[str]:
    """Names for messages, "feature 0" and so on where X had none."""
    if hasattr(estimator, "feature_names_in_"):
        return [str(name) for name in estimator.feature_names_in_]
    return [f"feature {j}" for j in range(estimator.n_features_in_)]
