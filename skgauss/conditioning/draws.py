"""Draws of a Gaussian within a window, from draws of the Gaussian itself."""

import numpy as np

from .._typing import Array
from ..boxes import draw_within
from ..gaussian import Family


def drawn_inside(
    lower: Array,
    upper: Array,
    rows: Array,
    mean: Array,
    family: Family,
    factor: Array,
    random_state: np.random.RandomState,
) -> Array:
    """The rows, (n_rows, n_features), with the features that have limits drawn again within them.

    The other features follow by regression. Their residuals stay as they were drawn, since these do
    not depend on the features with limits.
    """
    bounded = np.flatnonzero(np.isfinite(lower) | np.isfinite(upper))
    for some in [bounded] if family.correlated else bounded[:, None]:
        covariance = _rows_of_covariance(family, factor, some)
        among = covariance[:, some]
        drawn = mean[some] + draw_within(
            lower[some] - mean[some], upper[some] - mean[some], among, len(rows), random_state
        )
        drawn = np.clip(drawn, lower[some], upper[some])  # rounding may exceed an end
        rows = rows + (drawn - rows[:, some]) @ np.linalg.solve(among, covariance)
        rows[:, some] = drawn
    return rows


def _rows_of_covariance(family: Family, factor: Array, some: np.ndarray) -> Array:
    """The rows of the covariance of these features, (n_some, n_features)."""
    if family.correlated:
        return family.square(factor)[some]
    deviations = family.standard_deviations(factor)
    return (np.arange(len(deviations)) == some[:, None]) * deviations**2
