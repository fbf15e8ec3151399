"""Labels of features, by which statistics add up: those of two orders never do, silently."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from .._sklearn import names_of_columns


def axis_labels(array: Any) -> list[tuple[Any, ...]]:
    """The labels of each axis of an array of pandas that has such; mere places are none."""
    return [tuple(axis) for axis in getattr(array, "axes", ()) if not _are_places(axis)]


def _are_places(axis: Any) -> bool:
    """Whether the labels of an axis are those that pandas gives to who gives none."""
    return isinstance(axis, getattr(sys.modules.get("pandas"), "RangeIndex", ()))


def column_labels(table: Any) -> tuple[Any, ...] | None:
    """The labels of the columns of a frame of any library; None of an array."""
    columns = getattr(table, "columns", None)
    if _are_places(columns):
        return None
    names = columns if hasattr(table, "axes") else names_of_columns(table)
    return None if names is None else tuple(names)


def common_labels(given: Sequence[tuple[Any, ...]]) -> tuple[Any, ...] | None:
    """The labels that all of some have, or None of none.

    Raises
    ------
    ValueError
        If they are not the same, or in another order.
    """
    if any(each != given[0] for each in given):
        raise ValueError(
            "The features of the mean and of the covariance, of all statistics that are added, "
            "must have the same names, in the same order. With names in a list, frame[names], "
            "mean[names] and covariance.loc[names, names] have it."
        )
    return given[0] if given else None
