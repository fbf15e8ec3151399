"""Checks before any climb that the likelihood has a maximum; errors name the features at fault.

Singularity is judged on the correlation scale, where units do not matter. `NoMaximumError` is sure.
Incomplete data that pass all checks may still have no maximum, which only a climb shows.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .._typing import Array
from .._wording import capped, each_of, quoted
from ..gaussian import MAX_SCALE, MIN_SCALE, Family, linalg
from .base import NoMaximumError
from .model import Model


def check_observed(statistics: Any, names: Sequence[str]) -> None:
    """Raise `NoMaximumError` if some feature was never observed."""
    observed = statistics.observed_weights > 0
    if not observed.all():
        raise NoMaximumError(
            f"{names[observed.argmin()]!r} was never observed: all its values are NaN.", "Drop it."
        )


def check_variances(variances: Array, family: Family, names: Sequence[str]) -> None:
    """Refuse features that are constant, or in a unit whose squares float64 cannot hold.

    Raises
    ------
    NoMaximumError
        If one of the variances, (n_features,), is 0.
    ValueError
        If one is too large or too small for float64.
    """
    held = (variances > MIN_SCALE**2) & (variances < MAX_SCALE**2)
    if held.all():
        return
    overflowing = np.flatnonzero(~np.isfinite(variances))
    if overflowing.size:
        raise ValueError(
            f"The variance of {names[overflowing[0]]!r} is larger than float64 can hold. "
            "Choose a larger unit."
        )
    variances = family.project(variances)
    constant = np.flatnonzero(variances == 0).tolist()
    if constant:
        raise NoMaximumError(
            f"{each_of([names[j] for j in constant])} has zero variance (it is constant, was "
            "observed only once, or is so small that float64 cannot hold its squares, as for "
            "1e-170).",
            "Drop it, choose a smaller unit, or set reg_covar to a positive number.",
        )
    scales = np.sqrt(variances)
    for j in np.flatnonzero((scales <= MIN_SCALE) | (scales >= MAX_SCALE)).tolist():
        raise ValueError(
            f"The standard deviation of {names[j]!r}, {scales[j]:.3g}, is not between "
            f"{MIN_SCALE:g} and {MAX_SCALE:g}, where float64 can hold its powers. "
            "Choose another unit."
        )


def check_relations(model: Model, ridge: Array) -> None:
    """Refuse incomplete features that depend on each other linearly in all rows that show them.

    The ridge, (n_features,), may make up for it.
    """
    statistics, family, fixed, _, names = model
    negligible = ridge < linalg.rank_tolerance(family.n_features) * statistics.variances
    if not family.correlated or not negligible.any():
        return
    relations = [each for each in statistics.linear_relations(fixed.mean) if negligible[each].all()]
    if relations:
        raise NoMaximumError(
            f"{_sets(relations, names)} depend on each other linearly in all rows that show them.",
            f"use covariance_type='diag', or {_advice(relations)}.",
        )


def check_intervals(model: Model, ridge: Array) -> None:
    """Refuse features whose intervals do not determine their mean or variance, where it is free."""
    fixed, names = model.fixed, model.names
    bounds = model.statistics.bounds
    one_sided = np.isneginf(bounds.highest_lower) | np.isposinf(bounds.lowest_upper)
    _refuse(
        one_sided & (fixed.mean is None),
        names,
        "is censored on the same side in every row, so nothing bounds its mean on that side.",
        "Drop it, or collect rows with exact values on the other side of its limit.",
    )
    if fixed.factor is None:
        _check_spread(bounds, model, ridge)


def _check_spread(bounds: Any, model: Model, ridge: Array) -> None:
    """Refuse features whose intervals do not determine their variance, from the intervals' ends."""
    _, family, fixed, _, names = model
    # The likelihood of a single feature is concave (Burridge, 1981), so that its slope at an
    # infinite variance decides.
    below = bounds.lowest_lower if fixed.mean is None else fixed.mean
    above = bounds.highest_upper if fixed.mean is None else fixed.mean
    on_either_side = (bounds.highest_upper <= below) & (above <= bounds.lowest_lower)
    apart = bounds.all_open & on_either_side
    without_end = apart if family.correlated else ~(family.project(bounds.pull(fixed.mean)) > 0)
    away = "leave out fixed_mean" if fixed.mean is not None else "are no lower"
    _refuse(
        np.broadcast_to(without_end, apart.shape),
        names,
        f"is known only to lie below limits or above others, which on average {away}, so nothing "
        "bounds its variance from above.",
        "Drop it, or collect rows in which it is known exactly or has other limits.",
    )
    # If features share a variance, only all of them together can be at fault.
    together = np.all if family.multiplicity > 1 else np.asarray
    point = bounds.highest_lower if fixed.mean is None else fixed.mean
    overlapping = (bounds.highest_lower <= point) & (point <= bounds.lowest_upper) & (ridge == 0)
    _refuse(
        np.broadcast_to(together(overlapping), apart.shape),
        names,
        "has intervals that all share a point, so nothing bounds its variance from below.",
        "If lower ends were scaled or shifted, upper ends must be, too. Otherwise drop it, collect "
        "rows with intervals elsewhere, or set reg_covar to a positive number.",
    )


def flatness_warning(statistics: Any, names: Sequence[str]) -> str:
    """The text of a warning if two features never share a row, else an empty string."""
    apart = np.argwhere(np.triu(~statistics.together, 1))
    if not len(apart):
        return ""
    pairs = [f"{names[i]!r} and {names[j]!r}" for i, j in apart.tolist()]
    return (
        f"{capped(pairs, '; ', 'more pairs')} were never observed in the same row: the data say "
        "nothing about their covariance beyond what other features imply. The likelihood is flat "
        "there, and the result is one of many maxima. Collect rows that show both, or use "
        "covariance_type='diag'."
    )


def diagnose(covariance: Array, weight: float, names: Sequence[str]) -> tuple[str, str]:
    """The cause and the remedy, in words, of a singular covariance of rows with a total weight.

    If the rows are too few, each linear relation involves more features than the rank. A relation
    of fewer features is a property of these features.
    """
    relations = linalg.relations_of_covariance(covariance) or [linalg.linear_relation(covariance)]
    d = len(names)
    rank = d - len(relations)
    ranked = f"the covariance of the {d} features has rank {rank}:"
    dependent = f"{_sets(relations, names)} depend on each other linearly"
    too_few = f"there are too few distinct rows (at least {d + 1} are needed)"
    if all(len(features) <= rank for features in relations):
        return (f"{ranked} {dependent}.", f"use covariance_type='diag', or {_advice(relations)}.")
    if rank < weight <= d and len(relations) > 1:  # the weight may be the number of rows
        return f"{ranked} {too_few}.", "use covariance_type='diag', or collect more rows."
    return (
        f"{ranked} {dependent}, or {too_few}.",
        f"use covariance_type='diag', {_advice(relations)}, or collect more rows.",
    )


def _sets(relations: Sequence[Sequence[int]], names: Sequence[str]) -> str:
    """A phrase that names the first few sets of features that depend on each other."""
    named = [quoted([names[j] for j in features]) for features in relations]
    return capped(named, "; ", "more sets")


def _advice(relations: Sequence[Sequence[int]]) -> str:
    """A clause that says which features to drop so that no linear relation is left."""
    if len(relations) == 1:
        return "drop one of these features"
    return "drop from each set a feature that is in no other set"


def _refuse(wrong: np.ndarray, names: Sequence[str], why: str, remedy: str) -> None:
    """Raise `NoMaximumError` if any feature is `wrong`, a mask of shape (n_features,).

    The message names these features, as the subject of the clause `why`, and ends with `remedy`.
    """
    if wrong.any():
        who = each_of([names[j] for j in np.flatnonzero(wrong).tolist()])
        raise NoMaximumError(f"{who} {why}", remedy)
