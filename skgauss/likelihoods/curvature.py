"""Curvature of a likelihood at a stationary point, which says whether it is a maximum.

In the frame of a point, where the Fisher metric of complete data is the identity, minus the
Hessian at the maximum has eigenvalues between 0 and 1: the share of the information about a
direction that is left when values are missing. If the least eigenvalue is below 0, the point is a
saddle; if it is 0, the likelihood is flat. A few products with the information, where they are
available, can prove that it is clearly above 0. Otherwise it is computed from the information
matrix, or, if there is none, from differences of the gradient.

References
----------
Orchard and Woodbury (1972), "A missing information principle", Proceedings of the sixth
Berkeley symposium.
"""

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import numpy as np

from .._typing import Array
from .base import Evaluation, Likelihood
from .hessian import BLURRED_EIGENVALUE, differences_are_resolved, times_minus_hessian
from .lanczos import Lanczos

_MIN_DIFFERENCES = 6  # Lanczos steps by differences before the sign of a curvature is trusted
# Lanczos steps by differences after which a search for the least curvature ends.
_MAX_DIFFERENCES = 60
# Most Lanczos steps by products with the information; each may cost as much as an evaluation.
_MAX_PRODUCTS = 100
# Most parameters for which the matrix costs less than differences of an approximation.
_CHEAP_MATRIX_PARAMETERS = 100
_SAFE_RITZ_VALUE = 0.1  # Ritz value above which a curvature is not examined more closely
_RITZ_RTOL = 0.3  # residual of a Ritz pair, relative to its value, below which the sign is settled
CUBIC_FACTOR = 12.0  # g s - k s^2 / 2 + c s^3 has a maximum if k^2 > 12 c g, and c is of order 1
_NEAR_STEP = 0.01  # longest Newton step, in the frame, to a maximum that counts as near
CLEAR_EIGENVALUE = 1e-3  # eigenvalue of minus the Hessian, in the frame, that is clearly above 0


# The least eigenvalue of minus the Hessian in the frame of a point, its eigenvector, and the size
# below which an eigenvalue cannot be distinguished from 0. If it is only proven to exceed that, it
# is the least Ritz value of the matrix used in the proof.
_Curvature = tuple[float, Array, float]


class CriticalPoint(NamedTuple):
    """What the curvature says about a point whose gradient is small."""

    # "maximum", "saddle", "flat" (one of many maxima), or "slope": the gradient is small because
    # the likelihood is nearly flat, and the maximum is not near.
    kind: str
    eigenvalue: float  # the least of minus the Hessian in the frame, by which the kind was judged
    direction: Array  # the least curved one, a unit vector of the frame


def critical_point(likelihood: Likelihood, at: Evaluation) -> CriticalPoint | None:
    """What the curvature says about a point whose gradient is small; None if it is unknown."""
    curvature = least_curvature(likelihood, at)
    if curvature is None:
        return None
    eigenvalue, direction, resolution = curvature
    doubtful = max(min(at.natural_gradient_norm / _NEAR_STEP, CLEAR_EIGENVALUE), resolution)
    if eigenvalue > doubtful:
        return CriticalPoint("maximum", eigenvalue, direction)
    if eigenvalue < -doubtful:
        return CriticalPoint("saddle", eigenvalue, direction)
    slope = float(at.natural_gradient @ direction)
    promised = slope * slope / max(abs(eigenvalue), resolution)
    rounding = likelihood.rounding_of_the_value(at)
    # The likelihood also looks flat far from the maximum, as from a start in another unit.
    if promised > rounding or at.value < likelihood.value_of_the_guess - rounding:
        return CriticalPoint("slope", eigenvalue, direction)
    return CriticalPoint("flat", eigenvalue, direction)


def least_curvature(likelihood: Likelihood, at: Evaluation) -> _Curvature | None:
    """The least curved direction at a point; None if neither a formula nor differences give it."""
    clear = _clear_curvature(likelihood, at)
    if clear is not None:
        return clear
    approximation, known = likelihood.approximation, likelihood.has_information
    few = known and likelihood.family.n_parameters <= _CHEAP_MATRIX_PARAMETERS
    resolved = not few and differences_are_resolved(likelihood, at)
    if resolved and approximation is not None:
        near = _by_lanczos(approximation, approximation.evaluate(at.mean, at.factor))
        if near[0] > _SAFE_RITZ_VALUE:
            return near
    if known:
        information = likelihood.information(at)
        if information.is_finite:
            return *information.least, information.resolution
        return None
    return _by_lanczos(likelihood, at) if resolved else None


def _clear_curvature(likelihood: Likelihood, at: Evaluation) -> _Curvature | None:
    """The least curved direction, if a few products prove that even it is curved enough.

    None without a proof.
    """
    products = likelihood.products(at)
    if products is None:
        return None
    bound = _enough(at)
    for product, hopeless in ((products.below, _SAFE_RITZ_VALUE), (products.exact, bound)):
        for search in _lanczos(likelihood, product, _MAX_PRODUCTS):
            if search.proves_above(bound):
                return *search.least, bound
            if not search.stays_above(max(hopeless, bound)):
                break
    return None


def _enough(at: Evaluation) -> float:
    """The least curvature that both `critical_point` and `leave` require of a maximum."""
    return max(CLEAR_EIGENVALUE, math.sqrt(CUBIC_FACTOR * at.natural_gradient_norm))


def _by_lanczos(likelihood: Likelihood, at: Evaluation) -> _Curvature:
    """The least curved direction by differences of the gradient, until its sign is known."""
    product = partial(times_minus_hessian, likelihood, at)
    for search in _lanczos(likelihood, product, _MAX_DIFFERENCES):
        value, residual = search.values[0], search.residual(search.vectors[:, 0])
        if value > _SAFE_RITZ_VALUE:  # a smaller eigenvalue may still be hidden
            settled = search.proves_above(min(_enough(at), value / 2))
        else:
            settled = residual < max(_RITZ_RTOL * abs(value), BLURRED_EIGENVALUE)
            settled &= len(search.values) >= _MIN_DIFFERENCES
        if settled:
            break
    value, direction = search.least
    direction = direction * np.sign(direction[np.abs(direction).argmax()])
    if value < _SAFE_RITZ_VALUE:  # its sign matters, so that central differences compute it
        value = float(direction @ (product(direction) - product(-direction))) / 2
    return value, direction, BLURRED_EIGENVALUE


def _lanczos(
    likelihood: Likelihood, product: Callable[[Array], Array], most: int
) -> Iterator[Lanczos]:
    """Lanczos's method after each of its steps, at most `most`, from a random start in the frame.

    `product` multiplies a vector of the frame by minus the Hessian.
    """
    family, size = likelihood.family, likelihood.family.n_parameters
    start = family.unpack_frame(np.random.default_rng(0).standard_normal(size))
    return Lanczos(product, start, size, most).steps()
