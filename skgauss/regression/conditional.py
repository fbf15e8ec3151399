"""The distribution of the targets given the features: parameters, standard errors, predictions.

Standard errors and Wald intervals of a regression follow from the errors of the joint Gaussian.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from scipy.linalg import solve_triangular
from sklearn.utils import Bunch

from .._typing import Array
from ..blocks import check_no_infinity
from ..density import FittedGaussian
from ..estimator import GaussianGradientMLE
from ..inference import check_level, check_maximum, moves, wald_ends
from ..rows import Block, Intervals, incomplete_rows, to_host


class Estimates(NamedTuple):
    """A number for each parameter of a regression, or several numbers along a last axis."""

    coef: Array  # (n_targets, n_features)
    intercept: Array  # (n_targets,)
    scale: Array  # (n_targets,)

    def bunch(self, flat: bool) -> Bunch:
        """The numbers by name, without the axis of the targets if y was `flat`, so had one axis."""
        parts: dict[str, Any] = self._asdict()
        if flat:
            parts = {
                name: part[0] if part.ndim > 1 else float(part[0]) for name, part in parts.items()
            }
        return Bunch(**parts)

    @property
    def listed(self) -> Array:
        """Intercept, coefficients and scale of one target after the other, along the first axis."""
        rows = (self.intercept[:, None], self.coef, self.scale[:, None])
        return np.concatenate(np.concatenate(rows, axis=1))


class ConditionalDistribution(NamedTuple):
    """The distribution of the targets, the last features of a Gaussian, given the others."""

    gaussian: FittedGaussian  # the joint Gaussian of features and targets
    coef: Array  # (n_targets, n_features)
    residual_factor: Array  # (n_targets, n_targets), factor of the covariance given the features

    @classmethod
    def of(cls, estimator: GaussianGradientMLE, n_features: int) -> ConditionalDistribution:
        """The distribution given the first `n_features` features of a fitted joint Gaussian."""
        gaussian, d = estimator._fitted_gaussian(), n_features
        of_x, of_y = gaussian.factor[:d, :d], gaussian.factor[d:]
        coef = solve_triangular(of_x, of_y[:, :d].T, lower=True, trans="T").T
        return cls(gaussian, coef, of_y[:, d:])

    @property
    def estimates(self) -> Estimates:
        """The coefficients, intercepts and residual standard deviations, in units of the data."""
        d = self.coef.shape[1]
        mean = self.gaussian.mean
        scale = _row_norms(self.residual_factor)
        return Estimates(self.coef, mean[d:] - self.coef @ mean[:d], scale)

    @property
    def residual_covariance(self) -> Array:
        """The covariance of the targets given the features, (n_targets, n_targets)."""
        return self.residual_factor @ self.residual_factor.T

    def log_likelihood(self, joint: GaussianGradientMLE, X: Any, sample_weight: Any) -> float:
        """Average log-likelihood of the targets given the observed values of X, in nats per row.

        X and `sample_weight` must be those to which the joint Gaussian was fitted.
        """
        k, d = self.coef.shape
        exact = joint.converged_ and not np.any(joint.reg_covar_)
        if exact and joint.sufficient_statistics_.complete:  # X need not be read again
            log_det = 2.0 * np.log(np.abs(np.diag(self.residual_factor))).sum()
            return float(-0.5 * (k * (math.log(2 * math.pi) + 1) + log_det))
        features = joint.marginal(range(d)).score(X, sample_weight=sample_weight)
        return joint.log_likelihood_ - features

    def of_rows(self, with_std: bool, block: Block) -> Array:
        """Conditional means of the targets for a block of rows, (n_rows, n_targets).

        `with_std` adds as many columns on the right, with their conditional standard deviations.
        """
        X, intervals = to_host(block.X), block.intervals
        check_no_infinity(X)
        _, intercept, scale = self.estimates
        predicted = X @ self.coef.T + intercept
        if with_std:
            predicted = np.hstack((predicted, np.broadcast_to(scale, predicted.shape)))
        rows = np.concatenate([np.empty(0, dtype=np.intp), *incomplete_rows(X)])
        if rows.size:
            filled = self.gaussian.impute(self._without_targets(X, rows, intervals), with_std)
            predicted[rows] = np.hstack([part[:, X.shape[1] :] for part in filled])
        return predicted

    def _without_targets(self, X: Array, rows: np.ndarray, intervals: Intervals | None) -> Block:
        """A block of some rows of X, with columns for the targets, whose values are missing.

        `rows` are the indices of these rows, (n_some,), and include all rows with intervals.
        """
        n_targets = len(self.coef)

        def append_targets(values: Array, missing: float) -> Array:
            """The values, (n, n_features), and to their right `missing` for each target."""
            return np.hstack((values, np.full((len(values), n_targets), missing)))

        if intervals is not None:
            intervals = Intervals(
                np.searchsorted(rows, intervals.rows),
                append_targets(intervals.lower, -np.inf),
                append_targets(intervals.upper, np.inf),
            )
        return Block(append_targets(X[rows], np.nan).astype(np.float64), None, intervals)


def errors_of(joint: GaussianGradientMLE, conditional: ConditionalDistribution) -> Estimates:
    """Standard errors of a regression in the units of the data, by the delta method.

    They follow from the errors of the joint Gaussian; for complete data there is a closed form.
    """
    n, d = joint.sufficient_statistics_.weight, conditional.coef.shape[1]
    precision = joint.marginal(range(d)).precision_
    mean = joint.mean_[:d]
    if joint.sufficient_statistics_.complete:
        check_maximum(joint)
        unit = np.array([*np.diag(precision), 1 + mean @ precision @ mean, 0.5])
        errors = np.outer(conditional.estimates.scale, np.sqrt(unit / n))
        return Estimates(errors[:, :d], errors[:, d], errors[:, d + 1])
    of_mean, of_covariance = moves(joint)
    residual = np.hstack((-conditional.coef, np.eye(len(conditional.coef))))
    turned = np.einsum("ti,ijk->tjk", residual, of_covariance)
    coef = np.einsum("tik,ij->tjk", turned[:, :d], precision)
    intercept = residual @ of_mean - np.einsum("tjk,j->tk", coef, mean)
    scale = np.einsum("tjk,tj->tk", turned, residual) / (2 * conditional.estimates.scale[:, None])
    return Estimates(*map(_row_norms, (coef, intercept, scale)))


def _row_norms(vectors: Array) -> Array:
    """Euclidean lengths along the last axis, whose squares float64 need not hold."""
    return np.asarray(np.hypot.reduce(vectors, axis=-1))


def intervals_of(estimates: Estimates, errors: Estimates, level: float) -> Estimates:
    """Lower and upper ends of Wald intervals, along a last axis, in the units of the data.

    The interval of a scale is symmetric about the logarithm of the scale.
    """
    check_level(level)
    around = partial(wald_ends, level=level)
    scale = estimates.scale
    return Estimates(
        around(estimates.coef, errors.coef),
        around(estimates.intercept, errors.intercept),
        scale[:, None] * np.exp(around(np.zeros(()), errors.scale / scale)),
    )
