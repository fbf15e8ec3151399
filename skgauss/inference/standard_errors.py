r"""Standard errors: what the curvature of the likelihood at the maximum says of the estimate.

In the frame of the maximum the mean moves by :math:`L p` and the covariance by
:math:`\sqrt2\, L V L^T`. The inverse of the observed information there, over the weight of the
rows, is the covariance of the estimate. Written as :math:`M^T M`, each row of M is a step in the
frame, and the variance of any parameter is the sum of the squares of its moves by these
steps: the delta method, for all parameters alike.

Where the rows are not Gaussian the covariance of the estimate is :math:`A^{-1} B A^{-1}`, with A
the information and B the covariance of the scores of the rows (the sandwich).

References
----------
Efron and Hinkley (1978), "Assessing the accuracy of the maximum likelihood estimator: observed
versus expected Fisher information", Biometrika 65(3); Kenward and Molenberghs (1998),
"Likelihood based frequentist inference when data are missing at random", Statistical Science
13(3), for why it is the observed that serves; Orchard and Woodbury (1972) for what is missing.
"""

from __future__ import annotations

import copy
import math
from contextlib import suppress
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from .._typing import Array
from ..blocks import threads
from ..density import FittedGaussian
from ..gaussian import NotPositiveDefiniteError, linalg
from ..likelihoods import Evaluation, Likelihood, information_matrix
from .errors_of_means import errors_of_means
from .point import FittedPoint, Parameters, warn_of

_NO_INFORMATION = 1e-8  # an eigenvalue of an information by differences that is none
MOVED = 1e-4  # by a direction without information: a parameter that it leaves open
# What to say before and after the names of parameters that have no standard error.
_LEFT_OPEN = (
    "The data do not determine the",
    "The likelihood is flat there, and the standard error is NaN. Collect rows that show these "
    "features together, or use covariance_type='diag'.",
)

# What `half_inverse` returned of fits, each of which is its Gaussian: no two have the same.
_kept: WeakKeyDictionary[FittedGaussian, tuple[Array, Array]] = WeakKeyDictionary()


def covariance_of_mean(estimator: Any) -> Array:
    """Covariance of the estimated mean, (n_features, n_features), in the units of the features."""
    at = FittedPoint(estimator)
    if at.likelihood.shares is not None:
        errors = at.in_units(errors_at(at)).mean
        related = estimator.correlation_ if at.family.correlated else np.eye(len(errors))
        return related * np.outer(errors, errors)
    moved = estimator.scale_[:, None] * moves_of(at).mean
    return moved @ moved.T / at.likelihood.weight


def moves(estimator: Any) -> tuple[Array, Array]:
    """How far steps of independent unit lengths move the estimates, in the units of the features.

    Of the mean, shape (n_features, n_steps), and of a full covariance, shape (n_features,
    n_features, n_steps). Products of two moves, summed over the steps, are the covariances of what
    moves: the delta method is to follow the steps.
    """
    at = FittedPoint(estimator)
    relative = moves_with_warning(at)
    root, scale = np.sqrt(at.likelihood.weight), estimator.scale_
    products = np.outer(scale, scale)[..., None]
    return scale[:, None] * relative.mean / root, products * relative.covariance / root


def moves_with_warning(at: FittedPoint) -> Parameters:
    """See `moves_of`; a warning names the parameters that the data leave open."""
    relative = moves_of(at)
    warn_of(at.parameter_names, np.isnan(at.listed(relative)).any(axis=1), *_LEFT_OPEN)
    return relative


def errors_at(at: FittedPoint) -> Parameters:
    """Relative standard errors; NaN, and a warning, of parameters that have none."""
    errors = _errors(at)
    left_open = np.isnan(at.listed(errors))
    if _of_means_alone(at):
        left_open[len(at.names) :] = False
        warn_of(
            ["scales, covariances and correlations"],
            np.ones(1),
            "Only means have standard errors here. NaN stands for those of",
            f"They take {at.what_is_large}",
        )
    warn_of(at.parameter_names, left_open, *_LEFT_OPEN)
    return errors


def missing_information(at: FittedPoint, errors: Parameters) -> Parameters:
    """The share of the information that is missing, all of it where no error is finite.

    None of what is known, or certain as a feature's correlation with itself. Of the relative errors
    at that point, unless they rest on the scores of the rows.
    """
    if at.scores is not None:
        by_information = copy.copy(at)
        by_information.scores = None
        errors = _errors(by_information)

    def missing(complete: Array, observed: Array) -> Array:
        ratio = np.divide(complete, observed, where=observed != 0, out=np.ones_like(observed))
        return np.clip(1 - np.nan_to_num(ratio) ** 2, 0.0, 1.0)

    # From as many rows without gaps as the data have.
    root = math.sqrt(at.estimator.sufficient_statistics_.weight)
    complete = at.of_free(_of_one_complete_row(at)).map(lambda error: error / root)
    shares = Parameters(*map(missing, complete, errors))
    if not _of_means_alone(at):
        return shares
    return Parameters(shares.mean, *(np.full_like(share, np.nan) for share in shares[1:]))


def _errors(at: FittedPoint) -> Parameters:
    """Relative standard errors; NaN where the data leave a parameter open."""
    weight = at.likelihood.weight
    if _of_means_alone(at):
        others = _of_one_complete_row(at).map(lambda error: np.full_like(error, np.nan))
        return others._replace(mean=errors_of_means(at) / math.sqrt(weight))
    if at.likelihood.shares is None or at.scores is not None:
        return moves_of(at).map(lambda moved: _lengths(moved) / math.sqrt(weight))
    one = at.of_free(_of_one_complete_row(at))
    of_means, of_scales = (1 / np.sqrt(share * weight) for share in at.likelihood.shares)
    # Of correlated features only complete data have shares, all of them 1.
    correlation = one.correlation / math.sqrt(weight)
    return Parameters(
        one.mean * of_means, one.scale * of_scales, one.covariance * of_scales, correlation
    )


def _of_means_alone(at: FittedPoint) -> bool:
    """Whether products with the information, of which no matrix is formed, tell of means alone."""
    return at.is_large and at.likelihood.shares is None


def _of_one_complete_row(at: FittedPoint) -> Parameters:
    """Relative standard errors from one row without gaps, in closed form."""
    d, multiplicity = at.family.n_features, at.family.multiplicity
    correlation = at.estimate.correlation
    return Parameters(
        np.ones(d),
        np.full(d, math.sqrt(0.5 / multiplicity)),
        np.sqrt(1 + correlation**2)
        if at.family.correlated
        else np.full(d, math.sqrt(2 / multiplicity)),
        1 - correlation**2,
    )


def moves_of(at: FittedPoint) -> Parameters:
    """How far steps of independent lengths move each parameter, by the relative measure.

    The steps are on a last axis. They stand for the covariance of the estimate from one row; NaN
    where the data leave a parameter open.
    """
    steps, flat = _steps_at(at)
    if at.scores is not None:
        values, vectors = np.linalg.eigh(steps @ at.scores @ steps.T)
        steps = (np.sqrt(np.maximum(values, 0.0)) * vectors).T @ steps
    moves = _moves_by(at, steps)
    if not len(flat):
        return moves
    left_open = _moves_by(at, flat).map(_lengths)
    return Parameters(
        *(
            np.where(moved[..., None] > MOVED, np.nan, move)
            for moved, move in zip(left_open, moves, strict=True)
        )
    )


def drawn(estimator: Any, random_state: np.random.RandomState) -> FittedGaussian:
    """The Gaussian with parameters from the law of the estimate, for proper imputations.

    A ridge counts as what was known before the data.

    Raises
    ------
    ValueError
        If the fit is no maximum, or the data leave a parameter open.
    """
    at = FittedPoint(estimator, penalized=True)
    steps, flat = _steps_at(at)
    if len(flat):
        raise ValueError(
            "The data do not determine all parameters, so that the estimate has no law to draw "
            "from. Collect rows that show the features together, or use covariance_type='diag'."
        )
    noise = random_state.standard_normal(len(steps)) / math.sqrt(at.likelihood.weight)
    gaussian, step = estimator._gaussian, at.family.unpack_frame(noise @ steps)
    mean, factor = at.family.retract(gaussian.mean, gaussian.factor, step)
    return replace(gaussian, mean=mean, factor=factor)


def _steps_at(at: FittedPoint) -> tuple[Array, Array]:
    """See `half_inverse`; also where M is a formula.

    Of a fit to intervals, of which it takes boxes for each parameter, it is kept for what is asked
    next: errors, a table of them, draws.
    """
    at.check_size()
    if at.likelihood.shares is None:
        gaussian = at.estimator._gaussian
        found = _kept.get(gaussian)
        if found is None:
            with threads.blas_threads_for(at.family.n_parameters**3):
                found = half_inverse(at.likelihood, at.evaluation)
            if at.likelihood.frame is not None:
                _kept[gaussian] = found
        return found
    d, free = at.family.n_features, at.family.free
    of_means, of_scales = at.likelihood.shares
    steps = np.ones(at.family.n_all)
    steps[:d], steps[d:] = of_means, of_scales
    steps = 1 / np.sqrt(steps[free])
    return np.diag(steps), np.empty((0, len(steps)))


def half_inverse(likelihood: Likelihood, maximum: Evaluation) -> tuple[Array, Array]:
    """M with ``M.T @ M`` the inverse of the information, and directions in which there is none.

    Raises
    ------
    ValueError
        If the information says that the point is no maximum.
    """
    matrix = information_matrix(likelihood, maximum)
    if not matrix.size:  # nothing is free
        return matrix, matrix
    known = likelihood.has_information
    resolution = likelihood.information(maximum).resolution if known else _NO_INFORMATION
    resolution = max(resolution, maximum.natural_gradient_norm)
    with suppress(NotPositiveDefiniteError):
        root = linalg.cholesky(matrix)
        if linalg.condition(float(np.abs(matrix).sum(axis=0).max()), root) * resolution < 1:
            return linalg.invert_lower(root), np.empty((0, len(matrix)))
    values, vectors = np.linalg.eigh(matrix)
    if values[0] < -resolution:
        raise ValueError(
            "The fit is no maximum: the likelihood rises from there. Fit again with a smaller tol."
        )
    seen = values > resolution
    return vectors[:, seen].T / np.sqrt(values[seen])[:, None], vectors[:, ~seen].T


def _moves_by(at: FittedPoint, steps: Array) -> Parameters:
    """How far each step moves each parameter, by the relative measure; the steps come last."""
    family = at.family
    mean, covariance = family.relative_moves(at.estimator._gaussian.factor, steps)
    if family.correlated:
        scale = np.einsum("kii->ki", covariance) / 2
        correlation = scale[:, :, None] + scale[:, None, :]
        correlation *= -at.estimate.correlation
        correlation += covariance
    else:
        scale, correlation = covariance / 2, np.empty((len(steps), 0, 0))
    moves = Parameters(mean, scale, covariance, correlation)
    return moves.map(lambda move: np.moveaxis(move, 0, -1))


def _lengths(moves: Array) -> Array:
    """How far all steps together move each parameter."""
    return np.sqrt(np.einsum("...k,...k->...", moves, moves))
