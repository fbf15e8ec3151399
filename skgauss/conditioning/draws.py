"""Draws of rows within a window, and of the unknown values of rows given what is known of them."""

import numpy as np

from .._typing import Array
from ..blocks import threads
from ..boxes import Boxes, draw_in_each, draw_within
from ..gaussian import Family
from .intervals import batches_with_conditioner, kinds_of
from .single_intervals import SingleIntervals
from .standardization import Standardization


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


@threads.one_blas_thread()
def drawn_rows(
    lower: Array, upper: Array, gaussian: Standardization, random_state: np.random.RandomState
) -> Array:
    """Rows between two ends, with unknown values drawn given all that is known of their row."""
    kinds, (mean, scales, root) = kinds_of(lower, upper), gaussian
    drawn = np.where(kinds > 0, 0.0, lower)
    if root is None:
        free = mean + scales * random_state.standard_normal(drawn.shape)
        drawn[kinds == 2] = free[kinds == 2]
        singles = SingleIntervals.of(lower, upper)
        with np.errstate(over="ignore"):  # an end that overflows counts as open
            low, high = singles.about(mean)
        variances = scales[singles.features, None, None] ** 2
        boxes = Boxes(low[:, None], high[:, None], singles.width[:, None], variances)
        within = draw_in_each(boxes, random_state)
        drawn[singles.rows, singles.features] = mean[singles.features] + within[:, 0]
    else:
        for rows, coarse, conditioner in batches_with_conditioner(lower, upper, None, gaussian):
            values = coarse.draw(conditioner, random_state)
            features = coarse.gaps.features.T
            drawn[rows[:, None], features] = mean[features] + scales[features] * values
    return np.clip(drawn, lower, upper)
