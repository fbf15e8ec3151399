"""Do intervals determine a feature? If not the likelihood has no maximum, and no climb is needed.

A value that is known exactly is an interval of one point here. What is found is sure; that a
feature depends on others linearly only the climb can tell.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .._typing import Array
from .._wording import each_of
from ..gaussian import Family
from .base import NoMaximumError
from .fixed import Fixed


def check_intervals(
    statistics: Any, ridge: Array, family: Family, names: Sequence[str], fixed: Fixed
) -> None:
    """Refuse features about whose free mean or variance their intervals say too little.

    Raises
    ------
    NoMaximumError
        If there are such.
    """
    bounds = statistics.bounds
    one_sided = np.isneginf(bounds.highest_lower) | np.isposinf(bounds.lowest_upper)
    _refuse(
        one_sided & (fixed.mean is None),
        names,
        "is censored on the same side in every row, so that nothing bounds its mean on the other.",
        "Drop it, or collect rows in which it lies beyond its limit.",
    )
    if fixed.factor is not None:
        return
    # Where variances are shared, all features must be at fault.
    together = np.all if family.multiplicity > 1 else np.asarray
    # A feature by itself has a concave likelihood (Burridge, 1981), whose slope at an infinite
    # variance tells all.
    below = bounds.lowest_lower if fixed.mean is None else fixed.mean
    above = bounds.highest_upper if fixed.mean is None else fixed.mean
    on_either_side = (bounds.highest_upper <= below) & (above <= bounds.lowest_lower)
    apart = bounds.all_open & on_either_side
    without_end = apart if family.correlated else ~(family.project(bounds.pull(fixed.mean)) > 0)
    _refuse(
        np.broadcast_to(without_end, apart.shape),
        names,
        "is known only to lie on either side of limits, which say nothing of its variance: those "
        "that it is above are not lower than those that it is below.",
        "Drop it, or collect rows in which it is known exactly or within other limits.",
    )
    point = bounds.highest_lower if fixed.mean is None else fixed.mean
    overlapping = (bounds.highest_lower <= point) & (point <= bounds.lowest_upper) & (ridge == 0)
    _refuse(
        np.broadcast_to(together(overlapping), apart.shape),
        names,
        "has a point that lies in all its intervals, so that nothing bounds its variance from "
        "below.",
        "Drop it, collect rows in which it lies elsewhere, or set reg_covar to a positive number.",
    )


def _refuse(wrong: np.ndarray, names: Sequence[str], why: str, remedy: str) -> None:
    if wrong.any():
        who = each_of([names[j] for j in np.flatnonzero(wrong).tolist()])
        raise NoMaximumError(f"{who} {why}", remedy)
