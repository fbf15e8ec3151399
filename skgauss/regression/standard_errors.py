"""Standard errors of a regression and Wald's intervals, from those of the joint Gaussian."""

from functools import partial

import numpy as np

from .. import inference
from ..estimator import GaussianGradientMLE
from .law import ConditionalLaw, Estimates


def errors_of(joint: GaussianGradientMLE, law: ConditionalLaw) -> Estimates:
    """Standard errors of a regression in the units of the data, by the delta method.

    The regression moves as the joint Gaussian moves, which complete data have a formula for.
    """
    n, d = joint.sufficient_statistics_.weight, law.coef.shape[1]
    precision = joint.marginal(range(d)).precision_
    mean = joint.mean_[:d]
    if joint.sufficient_statistics_.complete:
        inference.check_maximum(joint)
        variances = np.diag(law.residual_covariance) / n
        unit = np.array([*np.diag(precision), 1 + mean @ precision @ mean, 0.5])
        errors = np.sqrt(np.outer(variances, unit))
        return Estimates(errors[:, :d], errors[:, d], errors[:, d + 1])
    of_mean, of_covariance = inference.moves(joint)
    residual = np.hstack((-law.coef, np.eye(len(law.coef))))
    turned = np.einsum("ti,ijk->tjk", residual, of_covariance)
    coef = np.einsum("tik,ij->tjk", turned[:, :d], precision)
    intercept = residual @ of_mean - np.einsum("tjk,j->tk", coef, mean)
    scale = np.einsum("tjk,tj->tk", turned, residual) / (2 * law.estimates.scale[:, None])
    return Estimates(*(np.linalg.norm(move, axis=-1) for move in (coef, intercept, scale)))


def intervals_of(estimates: Estimates, errors: Estimates, level: float) -> Estimates:
    """Lower and upper ends of Wald's intervals, on a last axis, in the units of the data.

    Those of a scale are even about it on the scale of its logarithm.
    """
    inference.check_level(level)
    around = partial(inference.wald_ends, level=level)
    scale = estimates.scale
    return Estimates(
        around(estimates.coef, errors.coef),
        around(estimates.intercept, errors.intercept),
        scale[:, None] * np.exp(around(np.zeros(()), errors.scale / scale)),
    )
