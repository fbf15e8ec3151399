"""Does the likelihood have a maximum? If not: who is to blame, and the ridge that helps.

Singularity is judged on the correlation scale, where units do not matter.
"""

from collections.abc import Sequence
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from scipy.linalg import solve_triangular
from sklearn.utils import check_array

from . import linalg
from ._typing import Array
from .covariance import Family, NotPositiveDefiniteError
from .statistics import SufficientStatistics

_RELATIVE_RIDGE = 1e-6
_NAMES_SHOWN = 5


class Ridge(NamedTuple):
    """The ridge to use.

    Attributes
    ----------
    value : ndarray of shape (n_features,) or None
        None where there is none, and the fit is the exact MLE.
    used : float or ndarray of shape (n_features,)
        The same as a user would write it.
    warning : str
        Why one was needed that nobody asked for, or empty.
    """

    value: Array | None
    used: float | Array
    warning: str = ""


def choose_ridge(
    reg_covar: Any,
    statistics: SufficientStatistics,
    family: Family,
    names: Sequence[str],
) -> Ridge:
    """The ridge that `reg_covar` asks for.

    Raises
    ------
    ValueError
        If the likelihood has no maximum with it; the message names features and remedies.
    """
    automatic = isinstance(reg_covar, str)
    used = 0.0 if automatic else _checked(reg_covar, len(names))
    ridge = np.full(len(names), used)
    _check_not_constant(statistics.variances + ridge, family, names)
    covariance = family.add_ridge(statistics.scatter, ridge)
    if not _is_singular(covariance, family):
        return Ridge(ridge if ridge.any() else None, used)
    diagnosis = _diagnose(covariance, names)
    if not automatic:
        raise ValueError(
            f"The likelihood has no maximum with reg_covar={reg_covar}: {diagnosis} Use "
            "reg_covar='auto' or a larger reg_covar, covariance_type='diag', more rows, or "
            "drop one of these features."
        )
    ridge = _RELATIVE_RIDGE * statistics.variances
    return Ridge(
        ridge,
        ridge,
        f"The likelihood has no maximum: {diagnosis} A ridge of {_RELATIVE_RIDGE:g} times "
        "each variance was added to the covariance (see `reg_covar_`). Set reg_covar to "
        "choose your own, or use covariance_type='diag' or more rows.",
    )


def _checked(reg_covar: Any, n_features: int) -> float | Array:
    if isinstance(reg_covar, Real):
        return float(reg_covar)
    ridge = check_array(
        reg_covar, dtype=np.float64, ensure_2d=False, input_name="reg_covar", copy=True
    )
    if ridge.shape != (n_features,) or (ridge < 0).any():
        raise ValueError(
            f"reg_covar must be 'auto', a number or an array of shape ({n_features},), none "
            "of it negative."
        )
    return ridge


def _check_not_constant(variances: Array, family: Family, names: Sequence[str]) -> None:
    constant = np.flatnonzero(variances == 0).tolist()
    shared = family.isotropic(1.0).size < len(names)  # one variance for all features
    if constant and not (shared and len(constant) < len(names)):
        listed = _listed([names[j] for j in constant])
        raise ValueError(
            f"The likelihood has no maximum: {listed} has zero variance (a constant feature). "
            "Drop it, or set reg_covar to a positive number."
        )


def _is_singular(covariance: Array, family: Family) -> bool:
    if len(family.shape) < 2 or family.n_features == 1:
        return False
    correlation = _correlation(covariance)
    try:
        factor = linalg.cholesky(correlation)
    except NotPositiveDefiniteError:
        return True
    return linalg.condition(correlation, factor) * linalg.rank_tolerance(len(factor)) >= 1


def _diagnose(covariance: Array, names: Sequence[str]) -> str:
    """A sentence on the rank, with the features of one linear relation."""
    d = len(names)
    factor, pivots, rank = linalg.pivoted_cholesky(_correlation(covariance))
    rank = min(rank, d - 1)
    # The first dependent feature, as a combination of the independent ones before it.
    weights = solve_triangular(factor[:rank, :rank], factor[rank, :rank], lower=True, trans=1)
    partners = pivots[:rank][np.abs(weights) > 1e-6 * np.abs(weights).max(initial=0.0)]
    involved = [names[j] for j in sorted((pivots[rank], *partners))]
    return (
        f"the covariance of the {d} features has rank {rank}. Either there are too few "
        f"distinct rows (at least {d + 1} are needed) or features are collinear: "
        f"{_listed(involved)} depend on each other linearly."
    )


def _correlation(covariance: Array) -> Array:
    deviations = np.sqrt(covariance.diagonal())
    return covariance / deviations[:, None] / deviations


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:_NAMES_SHOWN])
    more = len(names) - _NAMES_SHOWN
    return shown + (f" and {more} more" if more > 0 else "")
