"""Minus the Hessian of a likelihood in the frame of a point: as a matrix, or times a step.

It is the likelihood's own information, if it has one, or comes from differences of the gradient.
"""

from collections.abc import Callable

import numpy as np

from .._typing import Array
from .base import Evaluation, Likelihood, step_to

STEP = 1e-4  # length, in the frame, of a one-sided difference
_CENTRAL_STEP = 3e-4  # length, in the frame, of central differences, whose error is its square
# Rounding of a mean, over the length of a difference, that leaves it one digit.
_MAX_STEP_ROUNDING = 0.1
# Eigenvalue of minus the Hessian that differences cannot distinguish from 0.
BLURRED_EIGENVALUE = 1e-5


def information_matrix(likelihood: Likelihood, at: Evaluation) -> Array:
    """Minus the Hessian along `retract` in the packed frame of a point, stationary or not.

    It is (n_parameters, n_parameters): the likelihood's own information, if it has one, or central
    differences of the gradient.

    Raises
    ------
    ValueError
        If float64 does not resolve the means of two points that are a difference apart.
    """
    if likelihood.has_information:
        return likelihood.information(at).matrix
    family = likelihood.family
    spacing = np.spacing(np.abs(at.mean)) / family.standard_deviations(at.factor)
    if not (spacing < BLURRED_EIGENVALUE * _CENTRAL_STEP).all():
        raise ValueError(
            "A mean is so many standard deviations away from zero that rounding in float64 hides "
            "the curvature of the likelihood. Subtract a number near the mean first."
        )

    def gradient(packed: Array) -> Array:
        """The packed gradient with respect to a packed step, at the end of the step."""
        step = family.unpack_frame(packed)
        reached = step_to(likelihood, at, step)
        return family.pack_frame(likelihood.gradient_along(at, reached, step))

    steps = _CENTRAL_STEP * np.eye(family.n_parameters)
    matrix = np.array([gradient(-step) - gradient(step) for step in steps]) / (2 * _CENTRAL_STEP)
    return (matrix + matrix.T) / 2


def product_with_minus_hessian(
    likelihood: Likelihood, at: Evaluation
) -> Callable[[Array], Array] | None:
    """A function that multiplies a step in the frame of a stationary point by minus the Hessian.

    It takes central differences of the gradient if the likelihood has no information. None if
    float64 does not resolve the means of two points that are a difference apart.
    """
    if likelihood.has_information:
        information = likelihood.information(at)
        return lambda move: information @ _symmetric(likelihood, move)
    if not differences_are_resolved(likelihood, at):
        return None

    def product(move: Array) -> Array:
        move = _symmetric(likelihood, move)
        ahead = times_minus_hessian(likelihood, at, move)
        return (ahead - times_minus_hessian(likelihood, at, -move)) / 2

    return product


def differences_are_resolved(likelihood: Likelihood, at: Evaluation) -> bool:
    """Whether float64 resolves the means of two points that are a difference apart."""
    deviations = likelihood.family.standard_deviations(at.factor)
    return bool((np.spacing(np.abs(at.mean)) < _MAX_STEP_ROUNDING * STEP * deviations).all())


def times_minus_hessian(likelihood: Likelihood, at: Evaluation, move: Array) -> Array:
    """Minus the Hessian at a stationary point times a vector of the frame, by one difference."""
    length = np.linalg.norm(move)
    if length == 0:
        return np.zeros_like(move)
    step = STEP / length
    family = likelihood.family
    ahead = likelihood.evaluate(*family.retract(at.mean, at.factor, step * move))
    return _symmetric(likelihood, at.natural_gradient - ahead.natural_gradient) / step


def _symmetric(likelihood: Likelihood, vector: Array) -> Array:
    """The vector of the frame, made symmetric and without its parts along known parameters."""
    family, d = likelihood.family, likelihood.family.n_features
    block = vector[d:]
    if block.size == d * d:
        block = block.reshape(d, d)
        block = ((block + block.T) / 2).reshape(-1)
    return family.unpack_frame(family.pack_frame(np.concatenate((vector[:d], block))))
