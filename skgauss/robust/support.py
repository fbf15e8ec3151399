"""The rows that a robust fit keeps, and the ridge that they need.

Rows that allow no robust fit are refused here, and doubtful ones get a warning.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple

import numpy as np

from .._typing import Array
from .._wording import each_of, quoted
from ..blocks import check_no_infinity, threads
from ..gaussian import Family
from ..likelihoods import RELATIVE_RIDGE, Fixed, Model, regularized_likelihood
from ..rows import Block, Rows, Summarize
from ..statistics import AnyStatistics
from .concentration import ConcentrationSteps, SingularRowsError
from .start import SortedColumns


class Support(NamedTuple):
    """The rows that a fit keeps."""

    mask: np.ndarray  # bool of shape (n_rows,), which rows are kept
    statistics: AnyStatistics  # those of the kept rows, stretched about the mean
    reg_covar: Any  # the ridge for their fit: "auto", a number, or (n_features,)
    warnings: list[str]  # the texts of the warnings to issue


def support_of(
    rows: Rows,
    support_fraction: float | Literal["auto"],
    reg_covar: Any,
    family: Family,
    fixed: Fixed,
    names: Sequence[str],
) -> Support:
    """The rows to fit, which concentration steps choose, with their statistics and ridge."""
    X, weights, has_weight = _rows_with_weight(rows.in_one_block("support_fraction"), names)
    statistics = Summarize(not family.correlated, names)(Block(X, weights))
    of_all = regularized_likelihood(Model(statistics, family, fixed, names=names), reg_covar)
    ridge = np.full(family.n_features, of_all.ridge)
    n_kept = _number_to_keep(X, weights, support_fraction)
    steps = ConcentrationSteps(SortedColumns(X, weights), n_kept, family, ridge, fixed)
    few = _few_rows_warning(steps, statistics.weight, support_fraction)
    with threads.blas_threads_for(X.size * family.n_features):
        kept, stretched, ridge, texts = _run_steps(steps, reg_covar, statistics.variances, names)
    mask = has_weight.copy()
    mask[has_weight] = kept
    if isinstance(reg_covar, str) and ridge.any():
        reg_covar = ridge
    warnings = [each for each in (few, of_all.warning, *texts) if each]
    return Support(mask, stretched, reg_covar, warnings)


def _rows_with_weight(block: Block, names: Sequence[str]) -> tuple[Array, Array, np.ndarray]:
    """The rows with positive weights in float64, their weights, and their mask in the block."""
    if block.intervals is not None:
        raise ValueError(
            "support_fraction ranks rows by their observed values, but a value known only to an "
            "interval is neither observed nor missing. Use support_fraction=None, or put NaN in "
            "place of such values."
        )
    X, weights = block.X, block.weights
    has_weight = weights > 0
    check_no_infinity(X, names, has_weight)
    return X[has_weight].astype(np.float64, copy=False), weights[has_weight], has_weight


def _number_to_keep(X: Array, weights: Array, support_fraction: float | Literal["auto"]) -> float:
    """The weight of the rows to keep. Rows that show no value do not count."""
    n = float(weights[~np.isnan(X).all(axis=1)].sum())
    if support_fraction == "auto":
        return min(math.ceil((n + X.shape[1] + 1) / 2), n)
    return support_fraction * n


def _few_rows_warning(
    steps: ConcentrationSteps, n: float, support_fraction: float | Literal["auto"]
) -> str:
    """The text of a warning if the rows, of weight n, are few for a full covariance, else ""."""
    d, n_kept = steps.family.n_features, steps.n_kept
    if not steps.family.correlated or steps.fixed.factor is not None:
        return ""
    fact = f"support_fraction={support_fraction!r} keeps {n_kept:.0f} of {n:.0f} rows"
    if n_kept < min(d + 1, n) and not steps.ridge.all():
        raise ValueError(
            f"{fact}, but the covariance of {d} features needs at least {d + 1}. Use "
            "support_fraction='auto' or a larger share, covariance_type='diag', or set reg_covar."
        )
    if n > 2 * d:
        return ""
    return (
        f"{fact}, which is few for the covariance of {d} features, so outliers may go unnoticed. "
        f"More than {2 * d} rows help, and so does covariance_type='diag'."
    )


def _run_steps(
    steps: ConcentrationSteps, reg_covar: Any, variances: Array, names: Sequence[str]
) -> tuple[np.ndarray, AnyStatistics, Array, list[str]]:
    """The result of `ConcentrationSteps.run`, the ridge that was used, and the texts of warnings.

    The ridge, (n_features,), has the units of `variances`, which are those of all rows.
    """
    warnings = []
    automatic = isinstance(reg_covar, str)
    equal = np.flatnonzero(steps.columns.median_deviations == 0).tolist()
    if automatic and equal:
        ridge = steps.ridge.copy()
        ridge[equal] += variances[equal]
        steps = replace(steps, ridge=ridge)
        warnings.append(
            f"More than half of the values of {each_of([names[j] for j in equal])} are equal, so "
            "there is no robust scale. The variance over all rows was added to the covariance "
            "instead (see `reg_covar_`). Drop such features, or set reg_covar to choose your own."
        )
    try:
        return *steps.run(), steps.ridge, warnings
    except SingularRowsError as error:
        found = quoted([names[j] for j in error.features])
    fact = (
        f"Among the rows that support_fraction keeps, {found} are constant or depend on each other "
        "linearly."
    )
    if not automatic:
        raise ValueError(
            f"{fact} reg_covar={reg_covar} is too small to change this. Use reg_covar='auto' or a "
            "larger number, a larger support_fraction, or drop one of these features."
        )
    steps = replace(steps, ridge=steps.ridge + RELATIVE_RIDGE * variances)
    warnings.append(
        f"{fact} A ridge of {RELATIVE_RIDGE:g} times each variance was added to the covariance "
        "(see `reg_covar_`), so rows outside this plane are extreme outliers. Set reg_covar to "
        "choose your own, use a larger support_fraction, or drop one of these features."
    )
    return *steps.run(), steps.ridge, warnings
