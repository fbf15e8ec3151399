r"""Standard errors from the curvature of the log-likelihood at the maximum.

A step (p, V) in the frame of the maximum moves the mean by :math:`L p` and the covariance by
:math:`\sqrt2\, L V L^T`. The inverse of the observed information H, divided by the weight of the
rows, is the covariance of the estimate in this frame. If the inverse is written as :math:`M^T M`,
each row of M is a step, and the variance of any parameter is the sum of the squares of its moves
by these steps: the delta method for all parameters. If the matrix H would be too large, the
variance of a mean is computed as :math:`g^T H^{-1} g`, with g its gradient in the frame.

If the rows are not Gaussian, the covariance of the estimate is :math:`A^{-1} B A^{-1}`, with A the
information and B the covariance of the scores of the rows (the sandwich).

References
----------
Efron and Hinkley (1978), "Assessing the accuracy of the maximum likelihood estimator: observed
versus expected Fisher information", Biometrika 65(3); Kenward and Molenberghs (1998),
"Likelihood based frequentist inference when data are missing at random", Statistical Science
13(3), for why the observed information is used; Orchard and Woodbury (1972), for its missing share;
Hestenes and Stiefel (1952), "Methods of conjugate gradients for solving linear systems", Journal of
Research of the National Bureau of Standards 49(6).
"""

from __future__ import annotations

import copy
import math
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from scipy.sparse.linalg import LinearOperator, cg

from .._typing import Array
from ..blocks import chunks_of, threads
from ..density import FittedGaussian
from ..gaussian import NotPositiveDefiniteError, linalg
from ..likelihoods import Evaluation, Likelihood, information_matrix
from .checks import warn_of_parameters
from .point import FittedPoint, Parameters
from .sandwich import covariance_of_scores

# Eigenvalue up to which an information by differences counts as none; complete data have 1.
_MIN_INFORMATION = 1e-8
# Relative move of a parameter, by unit steps in directions without information, above which the
# data do not determine it.
UNDETERMINED_MOVE = 1e-4
_CG_RTOL = 1e-3  # norm of g - H x over that of g: its square is the relative error of a variance
_MAX_CG_STEPS = 200  # most products for one mean, after which the data do not determine it
# Elements of steps whose moves are computed at once, to fit into the cache.
_MOVED_ELEMENTS = 2**16
# The results of `half_inverse`, by the Gaussian of a fit, which no two fits share.
_half_inverses: WeakKeyDictionary[FittedGaussian, tuple[Array, Array]] = WeakKeyDictionary()


def fitted_point(
    estimator: Any,
    method: str,
    X: Any = None,
    sample_weight: Any = None,
    X_upper: Any = None,
    *,
    polished: bool = False,
) -> FittedPoint:
    """The `FittedPoint` of a fit, with the covariance of the scores if `method` is "sandwich"."""
    fit = FittedPoint(estimator, polished=polished)
    if method == "sandwich":
        fit.scores = covariance_of_scores(fit, X, sample_weight, X_upper)
    elif X is not None:
        raise ValueError(f"Only method='sandwich' takes X, got method={method!r}.")
    return fit


def covariance_of_mean(estimator: Any) -> Array:
    """Covariance of the estimated mean, (n_features, n_features), in the units of the features."""
    fit = FittedPoint(estimator)
    if fit.likelihood.shares is not None:
        errors = fit.in_units(errors_at(fit)).mean
        related = estimator.correlation_ if fit.family.correlated else np.eye(len(errors))
        return related * np.outer(errors, errors)
    moved = estimator.scale_[:, None] * moves_of(fit).mean
    return moved @ moved.T / fit.likelihood.weight


def moves(estimator: Any) -> tuple[Array, Array]:
    """Moves of mean and covariance, in the units of the data, with the steps as the last axis.

    Products of the moves of two parameters, summed over the steps, are the covariances of their
    estimates. For a function of parameters, follow the steps through it (the delta method).
    """
    fit = FittedPoint(estimator)
    relative = moves_with_warning(fit)
    root, scale = np.sqrt(fit.likelihood.weight), estimator.scale_
    products = np.outer(scale, scale)[..., None]
    return scale[:, None] * relative.mean / root, products * relative.covariance / root


def moves_with_warning(fit: FittedPoint) -> Parameters:
    """What `moves_of` returns; a warning names the parameters that the data do not determine."""
    relative = moves_of(fit)
    _warn_of_undetermined(fit, np.isnan(fit.listed(relative)).any(axis=1))
    return relative


def errors_at(fit: FittedPoint) -> Parameters:
    """Relative standard errors, see `Parameters`; NaN, with a warning, for those without one."""
    errors = _errors(fit)
    left_open = np.isnan(fit.listed(errors))
    if _has_only_mean_errors(fit):
        left_open[len(fit.names) :] = False
        warn_of_parameters(
            ["scales, covariances and correlations"],
            np.ones(1),
            "Only means have standard errors here. NaN stands for those of",
            f"They need {fit.size_message}",
        )
    _warn_of_undetermined(fit, left_open)
    return errors


def _warn_of_undetermined(fit: FittedPoint, which: Any) -> None:
    """Warn about parameters without an error, which `which`, (n_parameters,), marks."""
    warn_of_parameters(
        fit.parameter_names,
        which,
        "The data do not determine the",
        "The likelihood is flat there, and the standard error is NaN. Collect rows that show these "
        "features together, or use covariance_type='diag'." + fit.estimator._whose_parameters,
    )


def missing_information(fit: FittedPoint, errors: Parameters) -> Parameters:
    """The share of the information about each parameter that is lost, from 0 to 1.

    It is lost by gaps, limits or the window of a truncation. It follows from the relative `errors`,
    or from those of the information if `errors` are sandwich errors. It is 1 if an error is not
    finite, and 0 if a parameter is known, like the correlation of a feature with itself. If only
    means have errors, it is NaN for other parameters.
    """
    if fit.scores is not None:
        by_information = copy.copy(fit)
        by_information.scores = None
        errors = _errors(by_information)

    def missing(complete: Array, observed: Array) -> Array:
        """The missing shares, from the errors of complete rows and of the data."""
        ratio = np.divide(complete, observed, where=observed != 0, out=np.ones_like(observed))
        return np.clip(1 - np.nan_to_num(ratio) ** 2, 0.0, 1.0)

    # The errors from as many complete rows as the data have rows.
    root = math.sqrt(fit.estimator.sufficient_statistics_.weight)
    complete = fit.of_free(_errors_of_complete_row(fit)).map(lambda error: error / root)
    shares = Parameters(*map(missing, complete, errors))
    if not _has_only_mean_errors(fit):
        return shares
    return Parameters(shares.mean, *(np.full_like(share, np.nan) for share in shares[1:]))


def _errors(fit: FittedPoint) -> Parameters:
    """Relative standard errors, see `Parameters`; NaN for what the data do not determine."""
    weight = fit.likelihood.weight
    if _has_only_mean_errors(fit):
        others = _errors_of_complete_row(fit).map(lambda error: np.full_like(error, np.nan))
        return others._replace(mean=_errors_of_means(fit) / math.sqrt(weight))
    if fit.likelihood.shares is None or fit.scores is not None:
        steps, flat = _steps_of_rows(fit)
        lengths = map(_nan_where_undetermined, _lengths(fit, flat), _lengths(fit, steps))
        return Parameters(*lengths).map(lambda length: length / math.sqrt(weight))
    one = fit.of_free(_errors_of_complete_row(fit))
    of_means, of_scales = (1 / np.sqrt(share * weight) for share in fit.likelihood.shares)
    # If features are correlated, only complete data have shares, which are 1.
    correlation = one.correlation / math.sqrt(weight)
    return Parameters(
        one.mean * of_means, one.scale * of_scales, one.covariance * of_scales, correlation
    )


def _errors_of_means(fit: FittedPoint) -> Array:
    """Standard errors of the means from one row, (n_features,), in standard deviations.

    NaN for means that the data do not determine. Conjugate gradients compute each error from
    products with the information. This is the identity if nothing is missing, so that few products
    are enough unless much is missing. The error of a variance is that of the solution, squared.
    """
    products = None if fit.family.mean_is_known else fit.likelihood.products(fit.evaluation)
    if products is None:
        fit.check_size()
    size = fit.evaluation.natural_gradient.size
    product = products and products.exact
    information = LinearOperator((size, size), matvec=product, dtype=np.float64)
    errors = np.full(fit.family.n_features, np.nan)
    for j, move in enumerate(fit.estimator._gaussian.factor / fit.estimate.scale[:, None]):
        along = np.concatenate((move, np.zeros(size - len(move))))
        solution, failed = cg(information, along, rtol=_CG_RTOL, maxiter=_MAX_CG_STEPS)
        variance = float(along @ solution)
        if not failed and variance > 0:
            errors[j] = math.sqrt(variance)
    return errors


def _has_only_mean_errors(fit: FittedPoint) -> bool:
    """Whether only means have errors, because the information matrix would be too large."""
    return fit.is_large and fit.likelihood.shares is None


def _errors_of_complete_row(fit: FittedPoint) -> Parameters:
    """Relative standard errors from one complete row, in closed form, see `Parameters`."""
    d, multiplicity = fit.family.n_features, fit.family.multiplicity
    correlation = fit.estimate.correlation
    return Parameters(
        np.ones(d),
        np.full(d, math.sqrt(0.5 / multiplicity)),
        np.sqrt(1 + correlation**2)
        if fit.family.correlated
        else np.full(d, math.sqrt(2 / multiplicity)),
        1 - correlation**2,
    )


def moves_of(fit: FittedPoint) -> Parameters:
    """The relative moves of each parameter by steps, on a last axis, see `Parameters`.

    Products of two moves, summed over the steps, are the covariances of the estimates from one row.
    NaN for parameters that the data do not determine.
    """
    steps, flat = _steps_of_rows(fit)
    undetermined = _lengths(fit, flat).map(lambda moved: moved[..., None])
    return Parameters(*map(_nan_where_undetermined, undetermined, _moves_by(fit, steps)))


def _steps_of_rows(fit: FittedPoint) -> tuple[Array, Array]:
    """What `steps_at` returns, or steps M with ``M.T @ M`` the sandwich if there are scores."""
    steps, flat = steps_at(fit)
    if fit.scores is not None:
        values, vectors = np.linalg.eigh(steps @ fit.scores @ steps.T)
        steps = (np.sqrt(np.maximum(values, 0.0)) * vectors).T @ steps
    return steps, flat


def _nan_where_undetermined(undetermined: Array, values: Array) -> Array:
    """The values, but NaN for parameters that steps without information move, by `undetermined`."""
    left_open = undetermined > UNDETERMINED_MOVE
    return np.where(left_open, np.nan, values) if left_open.any() else values


def steps_at(fit: FittedPoint) -> tuple[Array, Array]:
    """What `half_inverse` returns at the maximum of a fit, in closed form if there is one.

    For a fit to intervals the result is cached, because it takes integrals over boxes, and errors,
    tables and draws are often computed one after the other.
    """
    fit.check_size()
    if fit.likelihood.shares is None:
        gaussian = fit.estimator._gaussian
        found = _half_inverses.get(gaussian)
        if found is None:
            with threads.blas_threads_for(fit.family.n_parameters**3):
                found = half_inverse(fit.likelihood, fit.evaluation)
            if fit.likelihood.pilot is not None:
                _half_inverses[gaussian] = found
        return found
    d, free = fit.family.n_features, fit.family.free
    of_means, of_scales = fit.likelihood.shares
    steps = np.ones(fit.family.n_all)
    steps[:d], steps[d:] = of_means, of_scales
    steps = 1 / np.sqrt(steps[free])
    return np.diag(steps), np.empty((0, len(steps)))


def half_inverse(likelihood: Likelihood, maximum: Evaluation) -> tuple[Array, Array]:
    """M, with ``M.T @ M`` the inverse of the information, and directions without information.

    The rows of both are steps in the packed frame of the maximum. M has the shape
    (n_steps, n_parameters); the directions are orthonormal, (n_directions, n_parameters).

    Raises
    ------
    ValueError
        If the information shows that the point is not a maximum.
    """
    matrix = information_matrix(likelihood, maximum)
    if not matrix.size:  # no parameter is free
        return matrix, matrix
    known = likelihood.has_information
    resolution = likelihood.information(maximum).resolution if known else _MIN_INFORMATION
    resolution = max(resolution, maximum.natural_gradient_norm)
    with suppress(NotPositiveDefiniteError):
        root = linalg.cholesky(matrix)
        if linalg.condition(float(np.abs(matrix).sum(axis=0).max()), root) * resolution < 1:
            return linalg.invert_lower(root), np.empty((0, len(matrix)))
    values, vectors = np.linalg.eigh(matrix)
    if values[0] < -resolution:
        raise ValueError(
            "The fit is not at a maximum: the likelihood rises from there. Fit again with a "
            "smaller tol."
        )
    resolved = values > resolution
    return vectors[:, resolved].T / np.sqrt(values[resolved])[:, None], vectors[:, ~resolved].T


def _moves_by(fit: FittedPoint, steps: Array) -> Parameters:
    """The relative moves of each parameter by packed steps, (n_steps, n_parameters).

    In the `Parameters` returned the steps are the last axis.
    """
    family = fit.family
    mean, covariance = family.relative_moves(fit.estimator._gaussian.factor, steps)
    if family.correlated:
        scale = np.einsum("kii->ki", covariance) / 2
        correlation = scale[:, :, None] + scale[:, None, :]
        correlation *= -fit.estimate.correlation
        correlation += covariance
    else:
        scale, correlation = covariance / 2, np.empty((len(steps), 0, 0))
    moves = Parameters(mean, scale, covariance, correlation)
    return moves.map(lambda move: np.moveaxis(move, 0, -1))


def _lengths(fit: FittedPoint, steps: Array) -> Parameters:
    """The norms, over all steps, of the moves that `_moves_by` returns."""
    parts = chunks_of(steps, elements=_MOVED_ELEMENTS) or [slice(0)]
    moves = (_moves_by(fit, steps[part]) for part in parts)
    squares = (each.map(lambda moved: np.einsum("...k,...k->...", moved, moved)) for each in moves)
    return Parameters(*(np.sqrt(sum(each)) for each in zip(*squares, strict=True)))
