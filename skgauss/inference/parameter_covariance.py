"""The covariance of the estimates, for contrasts and every other delta method."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._optional import imported
from .._typing import Array
from .point import FittedPoint, Parameters, check_method, warn_of
from .sandwich import point_of
from .standard_errors import LEFT_OPEN, moves_of


def parameter_covariance(estimator: Any, method: str, *rows: Any) -> Any:
    """See `GaussianGradientMLE.parameter_covariance`."""
    pandas = imported("pandas", f"{type(estimator).__name__}.parameter_covariance", "examples")
    check_method(method, ("observed", "sandwich"))
    at = point_of(estimator, method, *rows)
    moved = at.listed(_known_moves(at))
    units = at.listed(at.in_units(at.estimate.map(np.ones_like)))
    covariance = np.outer(units, units) * (moved @ moved.T) / at.likelihood.weight
    return pandas.DataFrame(covariance, at.parameter_names, at.parameter_names)


def moves(estimator: Any) -> tuple[Array, Array]:
    """How far steps of independent unit lengths move the estimates, in the units of the features.

    Of the mean, shape (n_features, n_steps), and of a full covariance, shape (n_features,
    n_features, n_steps). Products of two moves, summed over the steps, are the covariances of what
    moves: the delta method is to follow the steps.
    """
    at = FittedPoint(estimator)
    relative = _known_moves(at)
    root, scale = np.sqrt(at.likelihood.weight), estimator.scale_
    products = np.outer(scale, scale)[..., None]
    return scale[:, None] * relative.mean / root, products * relative.covariance / root


def _known_moves(at: FittedPoint) -> Parameters:
    """See `moves_of`; a warning names the parameters that the data leave open."""
    relative = moves_of(at)
    warn_of(at.parameter_names, np.isnan(at.listed(relative)).any(axis=1), *LEFT_OPEN)
    return relative
