"""How a climb leaves a stationary point that is no maximum: off a saddle, or past an inflection."""

from collections.abc import Callable, Iterator
from contextlib import suppress

import numpy as np
from scipy.linalg import lu_factor, lu_solve

from .._typing import Array
from ..gaussian import NotPositiveDefiniteError
from .base import Evaluation, Likelihood, step_to
from .curvature import CUBIC_FACTOR, CriticalPoint
from .hessian import BLURRED_EIGENVALUE

_Move = Callable[[Array], Array]  # maps a packed gradient to a packed step

_STEP_LENGTHS = (1.0, 0.3, 0.1, 0.03, 0.01)  # lengths, in the frame, of the steps that are tried
_MIN_GAIN = 1e-9  # gain in nats along a flat direction that a small slope left there cannot explain


def leave(
    likelihood: Likelihood, at: Evaluation, critical_point: CriticalPoint
) -> Evaluation | None:
    """An evaluation of higher value along the least curved direction, or None if none is found.

    Both signs of the direction are tried in a fixed order, so that the choice between two equal
    ways is always the same. From a saddle the likelihood rises along the direction. Elsewhere it
    may rise if its third derivative outweighs the curvature, as at an inflection.
    """
    kind, eigenvalue, direction = critical_point
    if kind == "maximum" and eigenvalue**2 > CUBIC_FACTOR * at.natural_gradient_norm:
        return None
    least = 0.0 if kind == "saddle" else _MIN_GAIN
    others = _newton_in_others(likelihood, at, direction)
    for way in (direction, -direction):
        best = at
        for length in _STEP_LENGTHS:
            with suppress(NotPositiveDefiniteError):
                for reached in _along(likelihood, at, others, length * way):
                    best = reached if reached.value > best.value else best
        if best.value > at.value + least:
            return best
    return None


def _newton_in_others(likelihood: Likelihood, at: Evaluation, direction: Array) -> _Move | None:
    """A function from a packed gradient to Newton's packed step in all directions but a given one.

    None if the likelihood has no information matrix. A little curvature is added in all directions,
    so that the step stays finite along other flat directions.
    """
    if not likelihood.has_information:
        return None
    flat = likelihood.family.pack_frame(direction)
    held = likelihood.information(at).matrix + np.outer(flat, flat)
    np.fill_diagonal(held, held.diagonal() + BLURRED_EIGENVALUE * held.diagonal().max())
    factor = lu_factor(held, overwrite_a=True)

    def move(gradient: Array) -> Array:
        moved: Array = lu_solve(factor, gradient - (flat @ gradient) * flat)
        return moved

    return move


def _along(
    likelihood: Likelihood, at: Evaluation, others: _Move | None, step: Array
) -> Iterator[Evaluation]:
    """The evaluation after a step, then the one after Newton's step in the other directions, too.

    The second may turn a fourth-order fall along the step into a rise.
    """
    reached = step_to(likelihood, at, step)
    yield reached
    if others is not None:
        family = likelihood.family
        move = others(family.pack_frame(likelihood.gradient_along(at, reached, step)))
        yield step_to(likelihood, at, step + family.unpack_frame(move))
