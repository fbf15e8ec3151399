r"""How the saddle of a tilt moves with the Gaussian, and what that adds to a sum at the saddle.

The saddle u is where the gradient :math:`\phi_u` of the saddle function vanishes. For a sum S at
the saddle, along parameters :math:`\theta`,

.. math::

    u' = -\phi_{uu}^{-1} \phi_{u\theta}, \qquad
    \Lambda = S + \lambda^T \phi_u, \quad \lambda = -\phi_{uu}^{-1} S_u,

and since :math:`\Lambda` does not depend on u to first order, its first and second derivatives
along :math:`\theta`, as u moves with it at the rate :math:`u'`, are those of the sum.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from .._typing import Array
from .minimax_tilting import Tilt


class ParameterIndices(NamedTuple):
    """The indices of the parameters of k variables in a vector, one variable after the other."""

    ends: np.ndarray  # (k,), of what is subtracted from the ends of a variable
    scales: np.ndarray  # (k,), of the logarithm of what multiplies ends and width
    couplings: np.ndarray  # (k, k), of how far a later variable's ends move with an earlier one
    n: int  # the number of parameters

    @property
    def below(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The later and the earlier variable of every coupling, and its place, (n_pairs,) each."""
        later, earlier = np.tril_indices(len(self.ends), -1)
        return later, earlier, self.couplings[later, earlier]

    def of_variable(self, i: int) -> slice:
        """The places of the couplings of one variable to those before it."""
        return slice(self.scales[i] + 1, self.scales[i] + 1 + i)


@cache
def indices_of(k: int) -> ParameterIndices:
    """The places of the parameters of k variables."""
    i = np.arange(k)
    ends = 2 * i + i * (i - 1) // 2
    return ParameterIndices(ends, ends + 1, (ends + 2)[:, None] + i, k * (k + 3) // 2)


class SaddleMove(NamedTuple):
    """The saddle's move along the parameters of `ParameterIndices`, and what it adds to a sum."""

    gradient: Array  # (n, n_parameters), added to that of the sum at a fixed saddle
    hessian: Array  # (n, n_parameters, n_parameters), added to that of the sum along the moves
    shift: Array  # (n, k, n_parameters), the moves of the tilts; the last one does not move

    @classmethod
    def of(cls, tilt: Tilt, along_tilt: Array) -> SaddleMove:
        """The move that belongs to a sum with these derivatives along the tilts, (n, k - 1)."""
        n, k, _ = tilt.coupling.shape
        places = indices_of(k)
        each, (rows, columns, couplings) = np.arange(k), places.below
        at, end = tilt.at, tilt.ends
        variance, across, _ = at.curvature()
        slope, bend, across = at.sign * at.slope, variance - 1.0, at.sign * across
        third, bend_across, widening = at.third_derivatives()

        # The moves of the ends, relative to the means, while the saddle stays.
        moves = np.zeros((n, k, places.n))
        moves[:, each, places.ends] = -1.0
        moves[:, each, places.scales] = end
        moves[:, rows, couplings] = -tilt.centre[:, columns]
        of_slope = bend[:, :, None] * moves
        of_slope[:, each, places.scales] += across
        of_gradient = np.zeros((n, 2, k, places.n))
        of_gradient[:, 0] = -tilt.coupling.transpose(0, 2, 1) @ of_slope
        of_gradient[:, 0, columns, couplings] -= slope[:, rows]
        of_gradient[:, 1] = -of_slope
        fixed = of_gradient[:, :, :-1].reshape(n, 2 * k - 2, -1)
        of_sum = np.hstack([np.zeros_like(along_tilt), along_tilt])[:, :, None]
        solved = np.linalg.solve(tilt.hessian, -np.concatenate([fixed, of_sum], axis=2))
        found, direction = solved[:, :, :-1].reshape(n, 2, k - 1, -1), solved[:, :, -1]
        centre, shift = np.zeros((2, n, k, places.n))
        centre[:, :-1], shift[:, :-1] = found[:, 0], found[:, 1]

        gradient = (direction[:, None] @ fixed)[:, 0]
        of_centre, of_shift = np.zeros((2, n, k))
        of_centre[:, :-1], of_shift[:, :-1] = direction[:, : k - 1], direction[:, k - 1 :]
        share = of_shift + (tilt.coupling @ of_centre[:, :, None])[:, :, 0]
        moves -= shift + tilt.coupling @ centre
        of_slope = bend[:, :, None] * moves
        of_slope[:, each, places.scales] += across
        half = moves.transpose(0, 2, 1) @ (-0.5 * (share * third)[:, :, None] * moves)
        half[:, places.scales] -= (share * bend_across)[:, :, None] * moves
        half[:, places.scales, places.scales] -= 0.5 * share * (widening + bend * end)
        half[:, couplings] += (share * bend)[:, rows, None] * centre[:, columns]
        half[:, couplings] -= of_centre[:, columns, None] * of_slope[:, rows]
        return cls(gradient, half + half.transpose(0, 2, 1), shift)
