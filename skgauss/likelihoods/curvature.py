"""Curvature of a likelihood at a stationary point, which says whether it is a maximum.

In the frame of a point, where the Fisher metric of complete data is the identity, minus the
Hessian at the maximum has eigenvalues between 0 and 1: the share of the information about a
direction that is left when values are missing. Below 0 the point is a saddle; at 0 the
likelihood is flat. That it is clearly above 0 a few products with the information prove, where
the likelihood has them. Else it is exact where the likelihood has its information as a matrix, or
comes from differences of the gradient.

References
----------
Orchard and Woodbury (1972), "A missing information principle", Proceedings of the sixth
Berkeley symposium.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import NamedTuple

import numpy as np

from .._typing import Array
from ..gaussian import NotPositiveDefiniteError
from .base import Evaluation, Likelihood
from .lanczos import Lanczos

_STEP = 1e-4  # length of a difference, in the frame
_CENTRAL_STEP = 3e-4  # the same to either side, whose square is the error
_RESOLVED = 0.1  # rounding of the mean, relative to that, which leaves a digit of a difference
_FEWEST, _MOST = 6, 60  # Lanczos steps with differences
_MOST_PRODUCTS = 100  # with the information, some of which cost as much as an evaluation
_SAFE = 0.1  # a smallest Ritz value above this is not looked at more closely
_ACCURATE = 0.3  # residual of a Ritz pair, relative to its value, that settles the sign
_BLURRED = 1e-5  # an eigenvalue that differences cannot tell from 0
_ESCAPES = (1.0, 0.3, 0.1, 0.03, 0.01)  # lengths of the step off a saddle
_CUBIC = 12.0  # on c s^3 the curvature squared by the slope is 12 c; c is of order 1
_RISEN = 1e-9  # nats that a direction as good as flat does not gain by what is left of its slope
# A maximum is near where Newton's step to it is this short, or the curvature clear.
_NEAR = 0.01
CLEAR = 1e-3


class Curvature(NamedTuple):
    """The least curved direction at a point.

    Attributes
    ----------
    eigenvalue : float
        Of minus the Hessian, in the frame. Where it is proven to be clear, an estimate from above.
    direction : ndarray
        The unit vector, in the frame.
    resolution : float
        What of the eigenvalue may be nothing.
    """

    eigenvalue: float
    direction: Array
    resolution: float


class CriticalPoint(NamedTuple):
    """What the curvature says of a point whose gradient is small.

    Attributes
    ----------
    kind : str
        "maximum", "saddle", "flat" (one of many maxima), or "slope": the gradient is small
        because the likelihood is nearly flat, and the maximum is not near.
    curvature : Curvature
    """

    kind: str
    curvature: Curvature


def critical_point(likelihood: Likelihood, at: Evaluation) -> CriticalPoint | None:
    """What the curvature says; None where it cannot be told."""
    curvature = least_curvature(likelihood, at)
    if curvature is None:
        return None
    doubtful = max(min(at.natural_gradient_norm / _NEAR, CLEAR), curvature.resolution)
    if curvature.eigenvalue > doubtful:
        return CriticalPoint("maximum", curvature)
    if curvature.eigenvalue < -doubtful:
        return CriticalPoint("saddle", curvature)
    slope = float(at.natural_gradient @ curvature.direction)
    promised = slope * slope / max(abs(curvature.eigenvalue), curvature.resolution)
    rounding = likelihood.rounding_of_the_value(at)
    # Where the point is far off in another unit, all is flat.
    if promised > rounding or at.value < likelihood.value_of_the_guess - rounding:
        return CriticalPoint("slope", curvature)
    return CriticalPoint("flat", curvature)


def least_curvature(likelihood: Likelihood, at: Evaluation) -> Curvature | None:
    """Smallest eigenvalue of minus the Hessian; None where it cannot be told."""
    clear = _clear_curvature(likelihood, at)
    if clear is not None:
        return clear
    if likelihood.has_information:
        information = likelihood.information(at)
        if not information.is_finite:
            return None
        curvature = Curvature(*information.least, information.resolution)
        sure = likelihood.information_is_exact or likelihood.concave
        if sure or curvature.eigenvalue > _SAFE:
            return curvature
    if not _can_be_told(likelihood, at):
        return None
    rough = likelihood.rough
    if rough is not None:
        near = _by_lanczos(rough, rough.evaluate(at.mean, at.factor))
        if near.eigenvalue > _SAFE:
            return near
    return _by_lanczos(likelihood, at)


def _can_be_told(likelihood: Likelihood, at: Evaluation) -> bool:
    """Whether float64 holds the means that are a difference apart."""
    deviations = likelihood.family.standard_deviations(at.factor)
    return bool((np.spacing(np.abs(at.mean)) < _RESOLVED * _STEP * deviations).all())


def _clear_curvature(likelihood: Likelihood, at: Evaluation) -> Curvature | None:
    """The least curvature where products prove it larger than is asked anywhere; else None."""
    product = likelihood.products(at)
    if product is None:
        return None
    bound = max(CLEAR, math.sqrt(_CUBIC * at.natural_gradient_norm))
    for search in _lanczos(likelihood, product, _MOST_PRODUCTS):
        if search.proves_above(bound):
            return Curvature(*search.least, bound)
        if search.values[0] <= bound:
            break
    return None


def _by_lanczos(likelihood: Likelihood, at: Evaluation) -> Curvature:
    """The least curvature by a few products of differences, which end once its sign is known."""
    gradient = at.natural_gradient
    product = partial(_minus_hessian, likelihood, at, gradient)
    for search in _lanczos(likelihood, product, _MOST):
        value, residual = search.values[0], search.residual(search.vectors[:, 0])
        clear = value > _SAFE or residual < max(_ACCURATE * abs(value), _BLURRED)
        if clear and len(search.values) >= _FEWEST:
            break
    return _refined(likelihood, at, gradient, *search.least)


def _lanczos(
    likelihood: Likelihood, product: Callable[[Array], Array], most: int
) -> Iterator[Lanczos]:
    """Steps of Lanczos's method in the frame, from a start of no particular direction."""
    family, size = likelihood.family, likelihood.family.n_parameters
    start = family.unpack_frame(np.random.default_rng(0).standard_normal(size))
    return Lanczos(product, start, size, most).steps()


def _refined(
    likelihood: Likelihood, at: Evaluation, gradient: Array, value: float, direction: Array
) -> Curvature:
    """A small eigenvalue to second order: its sign is what matters. Not that of the vector."""
    direction = direction * np.sign(direction[np.abs(direction).argmax()])
    if value < _SAFE:
        ahead = _minus_hessian(likelihood, at, gradient, direction)
        behind = _minus_hessian(likelihood, at, gradient, -direction)
        value = float(direction @ (ahead - behind)) / 2
    return Curvature(value, direction, _BLURRED)


def information_matrix(likelihood: Likelihood, at: Evaluation) -> Array:
    """Minus the Hessian in the packed frame of a point, stationary or not, along `retract`.

    From the likelihood where it has it, else from central differences of the gradient.

    Raises
    ------
    ValueError
        If float64 does not hold the means that are a difference apart.
    """
    if likelihood.has_information and likelihood.information_is_exact:
        return likelihood.information(at).matrix
    family = likelihood.family
    spacing = np.spacing(np.abs(at.mean)) / family.standard_deviations(at.factor)
    if not (spacing < _BLURRED * _CENTRAL_STEP).all():
        raise ValueError(
            "A mean is so many standard deviations away from zero that float64 cannot hold the "
            "differences which tell the curvature. Subtract a number near the mean first."
        )

    def gradient(packed: Array) -> Array:
        step = family.unpack_frame(packed)
        reached = likelihood.evaluate(*likelihood.retract(at, step))
        return family.pack_frame(likelihood.gradient_along(at, reached, step))

    steps = _CENTRAL_STEP * np.eye(family.n_parameters)
    matrix = np.array([gradient(-step) - gradient(step) for step in steps]) / (2 * _CENTRAL_STEP)
    return (matrix + matrix.T) / 2


def leave(
    likelihood: Likelihood, at: Evaluation, critical_point: CriticalPoint
) -> Evaluation | None:
    """A point of higher likelihood along the least curved direction, or None if none is found.

    Of two ways, as good as equal, always the same. From a saddle the direction rises. Elsewhere it
    may, if the third order can undo the curvature: at an inflection.
    """
    curvature = critical_point.curvature
    if (
        critical_point.kind == "maximum"
        and curvature.eigenvalue**2 > _CUBIC * at.natural_gradient_norm
    ):
        return None
    least = 0.0 if critical_point.kind == "saddle" else _RISEN
    others = _inverse_in_others(likelihood, at, curvature.direction)
    for way in (curvature.direction, -curvature.direction):
        best = at
        for length in _ESCAPES:
            with suppress(NotPositiveDefiniteError):
                for reached in _along(likelihood, at, others, length * way):
                    best = reached if reached.value > best.value else best
        if best.value > at.value + least:
            return best
    return None


def _inverse_in_others(likelihood: Likelihood, at: Evaluation, direction: Array) -> Array | None:
    """Inverse of the information but along a direction, packed; None where there is no matrix."""
    if not likelihood.has_information:
        return None
    flat = likelihood.family.pack_frame(direction)
    held = likelihood.information(at).matrix + np.outer(flat, flat)
    inverse = np.linalg.pinv(held, rcond=_BLURRED, hermitian=True).astype(np.float64, copy=False)
    return inverse - np.outer(inverse @ flat, flat)


def _along(
    likelihood: Likelihood, at: Evaluation, others: Array | None, step: Array
) -> Iterator[Evaluation]:
    """Evaluations where a step along a flat direction leads, and after Newton's step in all others.

    These may turn the fourth order along the direction from a fall to a rise.
    """
    reached = likelihood.evaluate(*likelihood.retract(at, step))
    yield reached
    if others is not None:
        family = likelihood.family
        move = others @ family.pack_frame(likelihood.gradient_along(at, reached, step))
        yield likelihood.evaluate(*likelihood.retract(at, step + family.unpack_frame(move)))


def product_with_minus_hessian(
    likelihood: Likelihood, at: Evaluation
) -> Callable[[Array], Array] | None:
    """A function from a step in the frame of a stationary point to minus the Hessian times it.

    From differences of second order where there is no matrix; None where float64 cannot tell.
    """
    if likelihood.has_information:
        information = likelihood.information(at)
        return lambda move: information @ _symmetric(likelihood, move)
    if not _can_be_told(likelihood, at):
        return None
    gradient = at.natural_gradient

    def product(move: Array) -> Array:
        move = _symmetric(likelihood, move)
        ahead = _minus_hessian(likelihood, at, gradient, move)
        return (ahead - _minus_hessian(likelihood, at, gradient, -move)) / 2

    return product


def _minus_hessian(likelihood: Likelihood, at: Evaluation, gradient: Array, move: Array) -> Array:
    """Minus the Hessian at a stationary point times a vector, in the frame."""
    length = np.linalg.norm(move)
    if length == 0:
        return np.zeros_like(move)
    step = _STEP / length
    family = likelihood.family
    ahead = likelihood.evaluate(*family.retract(at.mean, at.factor, step * move))
    return _symmetric(likelihood, gradient - ahead.natural_gradient) / step


def _symmetric(likelihood: Likelihood, vector: Array) -> Array:
    """The vector as a direction in which the covariance stays symmetric, and what is known."""
    family, d = likelihood.family, likelihood.family.n_features
    block = vector[d:]
    if block.size == d * d:
        block = block.reshape(d, d)
        block = ((block + block.T) / 2).reshape(-1)
    return family.unpack_frame(family.pack_frame(np.concatenate((vector[:d], block))))
