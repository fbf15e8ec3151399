"""Features and targets as the columns of one table, to which the joint Gaussian is fitted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from .._typing import Array
from .._wording import quoted
from ..blocks import check_no_infinity
from ..gaussian import MIN_ROWS
from ..rows import (
    check_not_crossed,
    checked_limits,
    checked_targets,
    feature_names,
    join_targets,
    rounded_alike,
    rows_of,
    target_names,
    to_float64_at_limits,
    to_host,
)
from ..tables import check_same_names, check_same_order, column_labels, is_in_other_library


class Table(NamedTuple):
    """Features and targets as the columns of one table."""

    lower: Any  # values or their lower ends, (n_rows, n_features + n_targets), in the library of X
    upper: Any  # the upper ends of all values, or None if all are known exactly or missing
    names: list[str]  # the names of the columns
    targets: Any  # targets or their lower ends, (n_rows,) or (n_rows, n_targets), in y's library
    targets_upper: Any  # the upper ends of the targets, or None

    @property
    def is_flat(self) -> bool:
        """Whether the targets have one axis."""
        return self.targets.ndim == 1

    def share_with_targets(self, sample_weight: Any) -> float:
        """The share, from 0 to 1, of the rows, by weight, in which some target has a finite end."""
        ends = [self.targets, self.targets if self.targets_upper is None else self.targets_upper]
        known = np.any([np.isfinite(np.asarray(each)) for each in ends], axis=0)
        known = known.reshape(len(known), -1).any(axis=1)
        weights = 1.0 if sample_weight is None else np.asarray(to_host(sample_weight), float)
        return float(np.average(known, weights=np.broadcast_to(weights, known.shape)))

    def check_ends(self, sample_weight: Any) -> None:
        """Refuse infinite targets and crossed ends in rows in memory whose weight is not 0."""
        lower, upper = self.targets, self.targets_upper
        if not all(isinstance(each, np.ndarray | None) for each in (lower, upper)):
            return
        if upper is None:
            check_finite(lower, self.names, sample_weight)
            return
        lower, upper = (each.reshape(len(lower), -1) for each in (lower, upper))
        has_weight = _has_weight(lower, sample_weight)
        check_not_crossed(lower, upper, self.names[-lower.shape[1] :], has_weight, table="y")

    def check_targets(self, low: Array, high: Array) -> None:
        """Refuse targets in memory that are unknown, constant, or all at or beyond a limit.

        `low` and `high` are the limits of the targets, (n_targets,).
        """
        if self.upper is not None or not isinstance(self.targets, np.ndarray):
            return
        columns = self.targets.reshape(len(self.targets), -1).T
        for j, (name, values) in enumerate(zip(self.names[-len(low) :], columns, strict=True)):
            known = values[~np.isnan(values)]
            if not known.size:
                raise ValueError(f"No value of the target {name!r} is known.")
            for side, beyond in (("lower", known <= low[j]), ("upper", known >= high[j])):
                if beyond.all():
                    raise ValueError(
                        f"All values of the target {name!r} lie at or beyond their {side} limit, "
                        "so nothing bounds it on that side. Collect rows in which it lies within "
                        "its limits."
                    )
            if (known == known[0]).all():
                raise ValueError(
                    f"The target {name!r} is constant: every value is {known[0]}, so there is "
                    "nothing to explain."
                )


def table_of(validated: Any, X: Any, y: Any, y_upper: Any, reset: bool) -> Table:
    """The table of valid features and targets.

    The number and the names of the features are set on the estimator `validated` if `reset`, and
    otherwise compared with its own.
    """
    # Limits of y do not apply to X.
    of_y, validated.censoring_limits = validated.censoring_limits, None
    rows: Any = rows_of(validated, X, reset=reset, min_rows=MIN_ROWS if reset else 1)
    check_same_order(X, y, "y")
    targets = checked_targets(y)
    names = feature_names(validated)
    names = names + target_names(y, targets, names)
    if not reset and len(names) == len(getattr(validated.estimator_, "feature_names_in_", ())):
        names = feature_names(validated.estimator_)  # in the order that `check_columns` requires
    features, d = rows.X, validated.n_features_in_
    if not is_in_other_library(features):
        of_x = validated.estimator and validated.estimator.censoring_limits
        if not reset:  # those of the fit, which cover all columns
            fitted = validated.estimator_.censoring_limits
            of_x, of_y = (
                fitted and tuple(end[some] for end in fitted) for some in (slice(d), slice(d, None))
            )
        features = _match_dtype(features, targets, of_x, names[:d])
        targets = _match_dtype(targets, features, of_y, names[d:])
    lower = join_targets(X, features, targets, names)
    if y_upper is None:
        return Table(lower, None, names, targets, None)
    check_same_names(y, y_upper, "y")
    targets_upper = checked_targets(y_upper, "y_upper")
    if isinstance(targets, np.ndarray) and isinstance(targets_upper, np.ndarray):
        if targets.shape != targets_upper.shape:
            raise ValueError(
                f"y_upper must have the shape of y, {targets.shape}, got {targets_upper.shape}."
            )
        targets_upper = rounded_alike(targets, targets_upper)
    upper = join_targets(X, features, targets_upper, names)
    return Table(lower, upper, names, targets, targets_upper)


def limits_of_columns(limits: Any, names: Sequence[str]) -> tuple[Array, Array]:
    """The lower and upper limits of the features or of the targets, whose names these are."""
    try:
        return checked_limits((None, None) if limits is None else limits, "censoring_limits", names)
    except ValueError as error:
        raise ValueError(
            f"{error} In a regression, the censoring_limits of the estimator are those of the "
            "features, and the censoring_limits of GaussianRegressor are those of y."
        ) from None


def _match_dtype(values: Any, others: Any, limits: Any, names: Sequence[str]) -> Any:
    """The values, in float64 if they have limits and are of a shorter dtype than the others."""
    sizes = [each.dtype.itemsize for each in (values, others) if each.dtype.kind == "f"]
    if limits is None or len(sizes) < 2 or sizes[0] >= sizes[1]:
        return values
    return to_float64_at_limits(values, limits_of_columns(limits, names))


def check_finite(targets: np.ndarray, names: Sequence[str], sample_weight: Any) -> None:
    """Refuse infinite targets in rows whose weight is not 0; their names end the list `names`."""
    columns = targets.reshape(len(targets), -1)
    of_targets = names[-columns.shape[1] :]
    check_no_infinity(columns, of_targets, _has_weight(columns, sample_weight), table="y")


def _has_weight(targets: np.ndarray, sample_weight: Any) -> np.ndarray:
    """Which rows have a weight that is not 0, bool of shape (n_rows,)."""
    has_weight = np.ones(len(targets), dtype=bool)
    if sample_weight is None:
        return has_weight
    weights = np.asarray(to_host(sample_weight), dtype=np.float64)
    return weights != 0 if weights.shape == has_weight.shape else has_weight


def columns_of_targets(y: Any) -> list[Any]:
    """The column names of y in their order, an empty list if y is an array."""
    return list(column_labels(y) or ())


def check_columns(y: Any, fitted: list[Any]) -> None:
    """Refuse a frame of targets whose columns are not those of the fit, in the same order."""
    columns = columns_of_targets(y)
    if len(columns) > 1 and fitted and columns != fitted:
        raise ValueError(
            f"The columns of y should be those that were passed during fit, {quoted(fitted)}, in "
            f"the same order, got {quoted(columns)}."
        )
