"""Limits of the features as users write them: limits of detection, or of a window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .._typing import Array
from .._wording import LIMITS_PAGE, capped, quoted
from ..blocks import check_no_mask, to_host

Limits = tuple[Array, Array]


def checked_limits(limits: Any, parameter: str, names: Sequence[str]) -> Limits:
    """Returns the lower and the upper limits of the features, infinite where there are none."""
    if _may_be_pairs(limits, len(names)):
        raise ValueError(
            f"{parameter}={limits!r} looks like a pair of limits for each feature, but must be all "
            "lower limits and then all upper ones, as a tuple: tuple(limits) if the order is right "
            "already, otherwise tuple(zip(*limits))."
        )
    if not hasattr(limits, "__len__") or hasattr(limits, "keys") or len(limits) != 2:
        raise ValueError(
            f"{parameter} must be a pair (lower, upper), such as (0.05, None), each None, a "
            f"number or one number for each feature, got {limits!r}."
        )
    pairs = zip(("lower", "upper"), limits, (-np.inf, np.inf), strict=True)
    low, high = (_limit(*pair, parameter, names) for pair in pairs)
    for j in np.flatnonzero(~(low < high)).tolist():
        raise ValueError(
            f"The {parameter} of {names[j]!r} cross: the lower one is {low[j]:g}, the upper one "
            f"{high[j]:g}. The lower one must be below the upper one."
        )
    return low, high


def _may_be_pairs(limits: Any, n_features: int) -> bool:
    """Whether limits look like SciPy's bounds: a list of one pair for each feature."""
    return (
        isinstance(limits, list)
        and len(limits) == n_features > 1
        and all(isinstance(pair, tuple) and len(pair) == 2 for pair in limits)
    )


def _limit(side: str, limit: Any, none: float, parameter: str, names: Sequence[str]) -> Array:
    """Returns the limits of one side, (n_features,), `none` where a feature has none."""
    if limit is None:
        return np.full(len(names), none)
    check_no_mask(limit, f"The {side} limit in {parameter}")
    if hasattr(limit, "keys"):  # a dict or a pandas Series: by name, and not by position
        limit = _by_name(limit, side, parameter, names)
    try:
        values = np.array(_as_printed(to_host(limit)), dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"The {side} limit in {parameter} must be a number or numbers, got {limit!r}."
        ) from error
    if values.shape not in ((), (len(names),)):
        wanted = f"one number, for {names[0]!r}"
        if len(names) > 1:
            wanted = (
                f"a number or {len(names)} of them, one for each feature from {names[0]!r} to "
                f"{names[-1]!r}"
            )
        raise ValueError(
            f"The {side} limit in {parameter} must be {wanted}, got shape {values.shape}."
            f"{_remedy_for_rows(parameter)}"
        )
    return np.where(np.isnan(values), none, values) + np.zeros(len(names))


def _remedy_for_rows(parameter: str) -> str:
    """Returns a sentence, after a space, for limits that may be meant for rows."""
    if parameter != "censoring_limits":
        return ""
    return (
        " If limits differ between rows, pass the ends of each value instead, with X_upper, or "
        f"y_upper in a regression. See {LIMITS_PAGE}."
    )


def _as_printed(limit: Any) -> Any:
    """Returns limits of a shorter dtype as they print: "0.7" for the float32 nearest to 0.7."""
    dtype = getattr(limit, "dtype", None)
    shorter = isinstance(dtype, np.dtype) and dtype.kind == "f" and dtype.itemsize < 8
    return np.asarray(limit).astype(str) if shorter else limit


def _by_name(limit: Any, side: str, parameter: str, names: Sequence[str]) -> list[Any]:
    keys = limit.keys()  # iterating over a Series itself would give its values
    by_name = {str(name): _as_printed(limit[name]) for name in keys}
    for name, each in by_name.items():
        if np.ndim(each) > 0 or hasattr(each, "keys"):
            raise ValueError(
                f"The {side} limit in {parameter} must be one number for {name!r}, got "
                f"{len(each)} of them.{_remedy_for_rows(parameter)}"
            )
    others = [repr(name) for name in by_name if name not in names]
    if others:
        raise ValueError(
            f"The {side} limit in {parameter} names {capped(others)}, but the features are "
            f"{quoted(names)}. Feature names are kept only if all of them are strings. If they are "
            "not, give limits by position, or set X.columns = list(map(str, X.columns)) first."
        )
    return [by_name.get(name, np.nan) for name in names]
