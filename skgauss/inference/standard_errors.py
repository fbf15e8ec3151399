r"""Standard errors: what the curvature of the likelihood at the maximum says of the estimate.

In the frame of the maximum the mean moves by :math:`L p` and the covariance by
:math:`\sqrt2\, L V L^T`. The inverse of the observed information there, over the weight of the
rows, is the covariance of the estimate. Written as :math:`M^T M`, each row of M is a step in the
frame, and the variance of any parameter is the sum of the squares of its moves by these
steps: the delta method, for all parameters alike. Where the matrix of the information H would be
too large the variance of a mean is :math:`g^T H^{-1} g`, with g the way in which a step moves it.

Where the rows are not Gaussian the covariance of the estimate is :math:`A^{-1} B A^{-1}`, with A
the information and B the covariance of the scores of the rows (the sandwich).

References
----------
Efron and Hinkley (1978), "Assessing the accuracy of the maximum likelihood estimator: observed
versus expected Fisher information", Biometrika 65(3); Kenward and Molenberghs (1998),
"Likelihood based frequentist inference when data are missing at random", Statistical Science
13(3), for why it is the observed that serves; Orchard and Woodbury (1972) for what is missing;
Hestenes and Stiefel (1952), "Methods of conjugate gradients for solving linear systems", Journal of
Research of the National Bureau of Standards 49(6).
"""

from __future__ import annotations

import copy
import math
from contextlib import suppress
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from scipy.sparse.linalg import LinearOperator, cg

from .._typing import Array
from ..blocks import chunks_of, threads
from ..density import FittedGaussian
from ..gaussian import NotPositiveDefiniteError, linalg
from ..likelihoods import Evaluation, Likelihood, information_matrix
from .point import FittedPoint, Parameters, warn_of
from .sandwich import covariance_of_scores

# The eigenvalue up to which an information by differences may be none; 1 is that of complete data.
_NO_INFORMATION = 1e-8
# How far unit steps without information may move a parameter, in its relative unit, before they
# leave it open.
MOVED = 1e-4
_RESIDUAL = 1e-3  # length of g - H x over that of g: its square is the relative error of a variance
_MOST_CG_STEPS = 200  # products for one mean, after which the data are said to leave it open
_AT_ONCE = 2**16  # elements of steps whose moves are found at once, and stay in the cache
# The sentences of a warning before and after the names of parameters without a standard error.
_LEFT_OPEN = (
    "The data do not determine the",
    "The likelihood is flat there, and the standard error is NaN. Collect rows that show these "
    "features together, or use covariance_type='diag'.",
)

# What `half_inverse` returned for a fit, by its Gaussian, which no two fits have in common.
_kept: WeakKeyDictionary[FittedGaussian, tuple[Array, Array]] = WeakKeyDictionary()


def fitted_point(
    estimator: Any,
    method: str,
    X: Any = None,
    sample_weight: Any = None,
    X_upper: Any = None,
    *,
    polished: bool = False,
) -> FittedPoint:
    """The fit at which errors are asked for, with the covariance of the scores for "sandwich".

    Raises
    ------
    ValueError
        If X is missing where the method needs it or given where it does not, is not that of the
        fit, or the fit is one that has no errors by the method.
    """
    at = FittedPoint(estimator, polished=polished)
    if method == "sandwich":
        at.scores = covariance_of_scores(at, X, sample_weight, X_upper)
    elif X is not None:
        raise ValueError(f"Only method='sandwich' takes X, got method={method!r}.")
    return at


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
    """How far steps of independent unit lengths move mean and covariance, in units of the data.

    The steps are the last axis. Products of two moves, summed over them, are the covariances of the
    estimates: the delta method is to follow the steps.
    """
    at = FittedPoint(estimator)
    relative = moves_with_warning(at)
    root, scale = np.sqrt(at.likelihood.weight), estimator.scale_
    products = np.outer(scale, scale)[..., None]
    return scale[:, None] * relative.mean / root, products * relative.covariance / root


def moves_with_warning(at: FittedPoint) -> Parameters:
    """The relative moves that `moves_of` returns; a warning names the parameters left open."""
    relative = moves_of(at)
    warn_of(at.parameter_names, np.isnan(at.listed(relative)).any(axis=1), *_LEFT_OPEN)
    return relative


def errors_at(at: FittedPoint) -> Parameters:
    """Relative standard errors, see `Parameters`; NaN, and a warning, where there are none."""
    errors = _errors(at)
    left_open = np.isnan(at.listed(errors))
    if _of_means_alone(at):
        left_open[len(at.names) :] = False
        warn_of(
            ["scales, covariances and correlations"],
            np.ones(1),
            "Only means have standard errors here. NaN stands for those of",
            f"They need {at.what_is_large}",
        )
    warn_of(at.parameter_names, left_open, *_LEFT_OPEN)
    return errors


def missing_information(at: FittedPoint, errors: Parameters) -> Parameters:
    """The share, from 0 to 1, of the information about each parameter that gaps have taken away.

    It follows from the relative errors at that point or, where these rest on the scores of the
    rows, from those by the information. All is missing where an error is not finite, and nothing
    where a parameter is known, or certain as the correlation of a feature with itself is. NaN where
    only means have errors.
    """
    if at.scores is not None:
        by_information = copy.copy(at)
        by_information.scores = None
        errors = _errors(by_information)

    def missing(complete: Array, observed: Array) -> Array:
        """The missing shares, from errors of rows without gaps and those of the data."""
        ratio = np.divide(complete, observed, where=observed != 0, out=np.ones_like(observed))
        return np.clip(1 - np.nan_to_num(ratio) ** 2, 0.0, 1.0)

    # The errors from as many rows without gaps as the data have.
    root = math.sqrt(at.estimator.sufficient_statistics_.weight)
    complete = at.of_free(_of_one_complete_row(at)).map(lambda error: error / root)
    shares = Parameters(*map(missing, complete, errors))
    if not _of_means_alone(at):
        return shares
    return Parameters(shares.mean, *(np.full_like(share, np.nan) for share in shares[1:]))


def _errors(at: FittedPoint) -> Parameters:
    """Relative standard errors from all rows, see `Parameters`; NaN for parameters left open."""
    weight = at.likelihood.weight
    if _of_means_alone(at):
        others = _of_one_complete_row(at).map(lambda error: np.full_like(error, np.nan))
        return others._replace(mean=_errors_of_means(at) / math.sqrt(weight))
    if at.likelihood.shares is None or at.scores is not None:
        steps, flat = _steps_of_rows(at)
        lengths = map(_where_told, _lengths(at, flat), _lengths(at, steps))
        return Parameters(*lengths).map(lambda length: length / math.sqrt(weight))
    one = at.of_free(_of_one_complete_row(at))
    of_means, of_scales = (1 / np.sqrt(share * weight) for share in at.likelihood.shares)
    # With correlated features only complete data have shares, and all of these are 1.
    correlation = one.correlation / math.sqrt(weight)
    return Parameters(
        one.mean * of_means, one.scale * of_scales, one.covariance * of_scales, correlation
    )


def _errors_of_means(at: FittedPoint) -> Array:
    """Standard errors of the means from one row, in standard deviations of the features.

    They have the shape (n_features,), and are NaN where the data leave a mean open. Conjugate
    gradients find each by products with the information, which is the identity where nothing is
    missing, so that few suffice unless much is. What they make of the solution is wrong only by the
    square of its error.

    Raises
    ------
    ValueError
        If the likelihood has no products with its information that are good enough for errors, and
        a matrix of it would be too large.
    """
    products = None if at.family.mean_is_known else at.likelihood.products(at.evaluation)
    if products is None:
        at.check_size()
    size = at.evaluation.natural_gradient.size
    product = products and products.exact
    information = LinearOperator((size, size), matvec=product, dtype=np.float64)
    errors = np.full(at.family.n_features, np.nan)
    for j, move in enumerate(at.estimator._gaussian.factor / at.estimate.scale[:, None]):
        along = np.concatenate((move, np.zeros(size - len(move))))
        solution, failed = cg(information, along, rtol=_RESIDUAL, maxiter=_MOST_CG_STEPS)
        variance = float(along @ solution)
        if not failed and variance > 0:
            errors[j] = math.sqrt(variance)
    return errors


def _of_means_alone(at: FittedPoint) -> bool:
    """Whether only means have errors, as the matrix of the information would be too large."""
    return at.is_large and at.likelihood.shares is None


def _of_one_complete_row(at: FittedPoint) -> Parameters:
    """Relative standard errors from one row without gaps, in closed form; see `Parameters`."""
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
    """How far some steps, on a last axis, move each parameter by the relative measure; NaN where
    the data leave it open. Their products, summed, are covariances of the estimates from one row.
    """
    steps, flat = _steps_of_rows(at)
    untold = _lengths(at, flat).map(lambda moved: moved[..., None])
    return Parameters(*map(_where_told, untold, _moves_by(at, steps)))


def _steps_of_rows(at: FittedPoint) -> tuple[Array, Array]:
    """What `_steps_at` returns, with steps that follow the scatter of scores, if there is any."""
    steps, flat = _steps_at(at)
    if at.scores is not None:
        values, vectors = np.linalg.eigh(steps @ at.scores @ steps.T)
        steps = (np.sqrt(np.maximum(values, 0.0)) * vectors).T @ steps
    return steps, flat


def _where_told(untold: Array, values: Array) -> Array:
    """The values, but NaN where steps without information move a parameter, by `untold`."""
    left_open = untold > MOVED
    return np.where(left_open, np.nan, values) if left_open.any() else values


def drawn(estimator: Any, random_state: np.random.RandomState) -> FittedGaussian:
    """A Gaussian with parameters drawn from the law of the estimate, for proper imputations.

    A ridge counts as what was known before the data.

    Raises
    ------
    ValueError
        If the fit is no maximum, has too many parameters for a matrix of the information, or the
        data leave one open.
    """
    at = FittedPoint(estimator, penalized=True)
    steps, flat = _steps_at(at)
    if len(flat):
        raise ValueError(
            "The data do not determine all parameters, so the estimate has no distribution to draw "
            "from. Collect rows that show the features together, or use covariance_type='diag'."
        )
    noise = random_state.standard_normal(len(steps)) / math.sqrt(at.likelihood.weight)
    gaussian, step = estimator._gaussian, at.family.unpack_frame(noise @ steps)
    mean, factor = at.family.retract(gaussian.mean, gaussian.factor, step)
    return replace(gaussian, mean=mean, factor=factor)


def _steps_at(at: FittedPoint) -> tuple[Array, Array]:
    """What `half_inverse` returns at the maximum of a fit, by a formula where there is one.

    For a fit to intervals it is kept, as it takes some boxes for each parameter: errors, a table of
    them and draws are often asked for one after the other.
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
    """M, whose ``M.T @ M`` is the inverse of the information, and directions where there is none.

    The rows of both are steps in the packed frame of the maximum: (n_steps, n_parameters), and unit
    vectors at right angles, (n_directions, n_parameters).

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
            "The fit is not at a maximum: the likelihood rises from there. Fit again with a "
            "smaller tol."
        )
    seen = values > resolution
    return vectors[:, seen].T / np.sqrt(values[seen])[:, None], vectors[:, ~seen].T


def _moves_by(at: FittedPoint, steps: Array) -> Parameters:
    """How far packed steps move each parameter, by the relative measure of `Parameters`.

    The steps have the shape (n_steps, n_parameters); in what is returned they are the last axis.
    """
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


def _lengths(at: FittedPoint, steps: Array) -> Parameters:
    """The root of the sum of the squares of the moves that `_moves_by` returns, over all steps."""
    parts = chunks_of(steps, elements=_AT_ONCE) or [slice(0)]
    moves = (_moves_by(at, steps[part]) for part in parts)
    squares = (each.map(lambda moved: np.einsum("...k,...k->...", moved, moved)) for each in moves)
    return Parameters(*(np.sqrt(sum(each)) for each in zip(*squares, strict=True)))
