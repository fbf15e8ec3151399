"""The way on from a stationary point that is no maximum: off a saddle, or past an inflection."""

from collections.abc import Callable, Iterator
from contextlib import suppress

import numpy as np
from scipy.linalg import lu_factor, lu_solve

from .._typing import Array
from ..gaussian import NotPositiveDefiniteError
from .base import Evaluation, Likelihood, step_to
from .curvature import CUBIC, CriticalPoint
from .hessian import BLURRED

_Move = Callable[[Array], Array]  # from a packed gradient to a packed step

_ESCAPES = (1.0, 0.3, 0.1, 0.03, 0.01)  # lengths of the step off a saddle, in the frame
_RISEN = 1e-9  # nats that a direction as good as flat does not gain by what is left of its slope


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
        and curvature.eigenvalue**2 > CUBIC * at.natural_gradient_norm
    ):
        return None
    least = 0.0 if critical_point.kind == "saddle" else _RISEN
    others = _newton_in_others(likelihood, at, curvature.direction)
    for way in (curvature.direction, -curvature.direction):
        best = at
        for length in _ESCAPES:
            with suppress(NotPositiveDefiniteError):
                for reached in _along(likelihood, at, others, length * way):
                    best = reached if reached.value > best.value else best
        if best.value > at.value + least:
            return best
    return None


def _newton_in_others(likelihood: Likelihood, at: Evaluation, direction: Array) -> _Move | None:
    """Newton's step for a packed gradient in all directions but one; None where there is no matrix.

    Directions as flat as the information tells nothing of have a curvature that is not zero.
    """
    if not likelihood.has_information:
        return None
    flat = likelihood.family.pack_frame(direction)
    held = likelihood.information(at).matrix + np.outer(flat, flat)
    np.fill_diagonal(held, held.diagonal() + BLURRED * held.diagonal().max())
    factor = lu_factor(held, overwrite_a=True)

    def move(gradient: Array) -> Array:
        moved: Array = lu_solve(factor, gradient - (flat @ gradient) * flat)
        return moved

    return move


def _along(
    likelihood: Likelihood, at: Evaluation, others: _Move | None, step: Array
) -> Iterator[Evaluation]:
    """Evaluations where a step along a flat direction leads, and after Newton's step in all others.

    These may turn the fourth order along the direction from a fall to a rise.
    """
    reached = step_to(likelihood, at, step)
    yield reached
    if others is not None:
        family = likelihood.family
        move = others(family.pack_frame(likelihood.gradient_along(at, reached, step)))
        yield step_to(likelihood, at, step + family.unpack_frame(move))
