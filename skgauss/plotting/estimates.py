"""What several displays read from a fitted estimator."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._typing import Array
from ..likelihoods import Evaluation, Likelihood
from ..rows import feature_names
from ..solvers import climb_to_maximum


def maximum_of(estimator: Any, likelihood: Likelihood) -> Evaluation:
    """The maximum of a likelihood: in closed form, or else the end of a climb from the estimate."""
    if likelihood.maximum is not None:
        return likelihood.evaluate(*likelihood.maximum)
    start = likelihood.evaluate(estimator.mean_, estimator._gaussian.factor)
    return climb_to_maximum(likelihood, start)


def label_of(estimator: Any, index: int) -> str | None:
    """The name of a feature; None if it is the only one and has no name."""
    if estimator.n_features_in_ == 1 and not hasattr(estimator, "feature_names_in_"):
        return None
    return feature_names(estimator)[index]


def marginal_covariance(covariance: ArrayLike, features: Sequence[int], n_features: int) -> Array:
    """The covariance matrix of some features, (n_chosen, n_chosen), for any covariance type."""
    covariance = np.asarray(covariance, dtype=np.float64)
    chosen = list(features)
    if covariance.ndim == 2:
        return covariance[np.ix_(chosen, chosen)]
    return np.diag(np.broadcast_to(covariance, n_features)[chosen])
