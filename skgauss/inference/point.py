"""A fitted maximum: its likelihood, its parameters, and how users see them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import Bunch

from .._typing import Array
from ..gaussian import Family
from ..likelihoods import (
    MAX_PARAMETERS,
    Evaluation,
    Fixed,
    Likelihood,
    Model,
    likelihood_with_ridge,
)
from ..rows import Window, feature_names
from .checks import check_has_data, check_maximum

_FAR_OFFSET = 100.0  # standard deviations from zero beyond which float64 has few digits for steps


class Parameters(NamedTuple):
    """Estimates or errors of all parameters of a Gaussian, or moves or ends on a last axis.

    *Relative* errors and moves have no units. Those of a mean are in standard deviations, those of
    a scale are those of its logarithm, those of a covariance are in products of two standard
    deviations, and those of a correlation are unchanged.
    """

    mean: Array  # (n_features,)
    scale: Array  # (n_features,)
    covariance: Array  # (n_features, n_features) or, if uncorrelated, (n_features,)
    correlation: Array  # (n_features, n_features) or, if uncorrelated, (0, 0)

    def map(self, function: Callable[[Array], Array]) -> Parameters:
        """The parameters with a function applied to each of the four arrays."""
        return Parameters(*map(function, self))


class FittedPoint:
    """A fitted maximum, which converts errors and ends to the form in which users see them."""

    # The covariance of the scores of the rows, (n_parameters, n_parameters), in the packed frame,
    # for sandwich errors; None for errors from the information alone.
    scores: Array | None = None

    def __init__(self, estimator: Any, *, penalized: bool = False, polished: bool = False):
        check_maximum(estimator, penalized=penalized, polished=polished)
        self.estimator = estimator
        # Means so far from zero that float64 has too few digits for steps are counted from their
        # estimates, by the likelihood and in the evaluation.
        far = np.abs(estimator.mean_) > _FAR_OFFSET * estimator.scale_
        self.origin = np.where(far, estimator.mean_, 0.0)
        self.likelihood = likelihood_of(estimator, self.origin)
        self.family: Family = self.likelihood.family
        self.names = feature_names(estimator)
        scale, covariance = estimator.scale_, np.asarray(estimator.covariance_)
        self.estimate = (
            Parameters(estimator.mean_, scale, covariance, estimator.correlation_)
            if self.family.correlated
            else Parameters(estimator.mean_, scale, scale * scale, np.empty((0, 0)))
        )

    @cached_property
    def evaluation(self) -> Evaluation:
        """The likelihood at the estimate, its mean counted from `origin`."""
        gaussian = self.estimator._gaussian
        return self.likelihood.evaluate(gaussian.mean - self.origin, gaussian.factor)

    @property
    def correlation_of_pairs(self) -> Array:
        """The estimated correlations, with 0, whose Fisher's z is finite, on the diagonal."""
        correlation = self.estimate.correlation
        return correlation - np.eye(len(correlation))

    @property
    def is_large(self) -> bool:
        """Whether the information matrix would be too large."""
        return self.family.n_parameters > MAX_PARAMETERS

    @property
    def size_message(self) -> str:
        """The end of a message about an information matrix that is too large, with a remedy."""
        return (
            f"the information matrix of all {self.family.n_parameters} parameters, which is formed "
            f"for at most {MAX_PARAMETERS} of them. Fit fewer features, or use "
            "covariance_type='diag'." + self.estimator._whose_parameters
        )

    def check_size(self) -> None:
        """Refuse a fit with so many parameters that the information matrix would be too large."""
        if self.is_large:
            raise ValueError(f"This needs {self.size_message}")

    def of_free(self, errors: Parameters) -> Parameters:
        """The errors or moves, with 0 for those of a known mean or covariance."""
        known = (self.family.mean_is_known, *3 * (self.family.covariance_is_known,))
        free = (np.zeros_like(e) if k else e for e, k in zip(errors, known, strict=True))
        return Parameters(*free)

    def in_units(self, relative: Parameters) -> Parameters:
        """Errors in the units of the data, from relative ones."""
        scale = self.estimate.scale
        products = np.outer(scale, scale) if self.family.correlated else scale * scale
        return Parameters(
            scale * relative.mean,
            scale * relative.scale,
            products * relative.covariance,
            relative.correlation,
        )

    def bunch(self, values: Parameters) -> Bunch:
        """Errors, or ends on a last axis, by name, in the shapes of the fitted attributes."""
        family, ends = self.family, values.mean.shape[1:]
        covariance = values.covariance
        if not family.correlated:
            covariance = covariance[: self.n_scales].reshape(family.shape + ends)
        found = {
            "mean": values.mean,
            "scale": values.scale,
            "covariance": covariance if np.ndim(covariance) else float(covariance),
        }
        if len(family.shape) == 2:
            d = family.n_features
            correlation = values.correlation if family.correlated else np.empty((d, d, *ends))
            # The correlation of a feature with itself is 1, and has no error.
            correlation[np.diag_indices(d)] = 1.0 if ends else 0.0
            found["correlation"] = correlation
        return Bunch(**found)

    def listed(self, values: Parameters) -> Array:
        """Means, scales and correlations, in order of `parameter_names`, along the first axis."""
        pairs = values.correlation[np.triu_indices(len(values.correlation), 1)]
        return np.concatenate((values.mean, values.scale[: self.n_scales], pairs))

    @property
    def parameter_names(self) -> list[str]:
        """Names of the parameters, in the order of `listed`."""
        names = self.names
        of_scales = names if self.n_scales == len(names) else ["every feature"]
        pairs = combinations(names if self.family.correlated else [], 2)
        return (
            [f"mean of {name}" for name in names]
            + [f"sd of {name}" for name in of_scales]
            + [f"correlation of {one} and {two}" for one, two in pairs]
        )

    @property
    def n_scales(self) -> int:
        """How many scales the family has: one for each feature, or one that all of them share."""
        return self.family.n_features // self.family.multiplicity


def likelihood_of(estimator: Any, origin: Any = 0.0) -> Likelihood:
    """The likelihood that was climbed, ridge included, rebuilt from the attributes of a fit.

    It counts means from `origin`, which is 0 or has the shape (n_features,).
    """
    check_has_data(estimator)
    gaussian, ends = estimator._gaussian, estimator._seen_through
    family, window = gaussian.family, Window(*np.array(ends)) if ends else None
    statistics = estimator.sufficient_statistics_
    if np.any(origin):
        statistics, window = statistics.seen_from(origin), window and window.seen_from(origin)
    factor = gaussian.factor if family.covariance_is_known else None
    fixed = Fixed(
        gaussian.mean - origin if family.mean_is_known else None,
        None if factor is None else family.square(factor),
        factor,
    )
    ridge = np.full(family.n_features, estimator.reg_covar_)
    model = Model(statistics, family.unrestricted, fixed, window)
    likelihood = likelihood_with_ridge(model, ridge, keep_constants=estimator._keeps_constants)
    pilot = gaussian.pilot
    if pilot is None:
        return likelihood
    return likelihood.with_pilot(pilot._replace(origin=pilot.origin - origin))
