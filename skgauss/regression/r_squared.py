"""What R^2 cannot tell: targets in intervals have none, and limits of the targets mislead it."""

from typing import Any

import numpy as np

from .._typing import Array
from .._wording import warn_caller
from ..rows import at_or_above, at_or_below, rounded_alike


def check_exact(targets: Any, upper: Any) -> None:
    """Refuse targets that are known only to an interval, given their lower and upper ends."""
    lower = np.asarray(targets)
    upper = rounded_alike(lower, np.asarray(upper))
    within = ~((lower == upper) | (np.isnan(lower) & np.isnan(upper)))
    if within.any():
        raise ValueError(
            f"{np.count_nonzero(within)} targets are known only to an interval, so R^2 cannot be "
            "computed. Compare models by aic(X, y, y_upper=y_upper) or by bic, or score only the "
            "rows that are known exactly, with score(X[exact], y[exact], y_upper=y[exact])."
        )


def warn_of_limits(targets: Array, limits: tuple[Array, Array] | None) -> None:
    """Warn that R^2 counts targets as known exactly, if some lie at or beyond their limits.

    Parameters
    ----------
    targets : ndarray of shape (n_rows,) or (n_rows, n_targets)
    limits : tuple of ndarray of shape (n_features + n_targets,), or None
        Lower and upper limits of the joint Gaussian; those of the targets come last.
    """
    if limits is None:
        return
    columns = targets.reshape(len(targets), -1)
    low, high = (limit[-columns.shape[1] :] for limit in limits)
    if (at_or_below(columns, low) | at_or_above(columns, high)).any():
        # The text holds no numbers, so that Python shows it only once in a search.
        warn_caller(
            "Some targets lie at censoring_limits or beyond, and R^2 counts them as known exactly. "
            "So a model that predicts the limits looks better than one that predicts the true "
            "values. Compare models with the same limits by aic(X, y). In a search among models "
            "with equally many coefficients use scoring=lambda model, X, y: -model.aic(X, y)."
        )
