r"""Lanczos's method: a symmetric operator, restricted to the Krylov space of one vector.

After k steps it is a tridiagonal matrix, with Ritz values :math:`\theta_i`, and step j has left a
residual of length :math:`\beta_j`. If there is an eigenvalue :math:`\lambda` below all Ritz values,
the start has a component along its eigenvector of at most

.. math::

    |c| \le \prod_{j=1}^k \beta_j / |\lambda - \theta_j|.

A random unit vector of n numbers has a component of at most t along a given direction with a
probability of at most :math:`t \sqrt{2 n / \pi}`. Up to this probability, that proves that there is
no eigenvalue below a bound, long before a Ritz value has converged.

References
----------
Golub and Van Loan (2013), Matrix Computations, chapter 10; Parlett (1998), The Symmetric
Eigenvalue Problem, chapters 12 and 13, for the residual as a polynomial of the operator; Gould,
Lucidi, Roma and Toint (1999), "Solving the trust-region subproblem using the Lanczos method", SIAM
Journal on Optimization 9(2).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import NamedTuple

import numpy as np

from .._typing import Array

# Length of a residual below which the basis spans all that the start can reach.
_INVARIANT_RESIDUAL = 1e-3
FAILURE_PROBABILITY = 1e-6  # largest probability with which a random start may hide an eigenvalue


class Lanczos:
    """Lanczos's method: a basis that grows by one vector a step, and the operator in this basis.

    A function multiplies a vector, (n,), by the operator. The start has any norm, `size` is the
    dimension of the space that all starts can reach, and `most` is the largest number of steps.
    """

    def __init__(self, product: Callable[[Array], Array], start: Array, size: int, most: int):
        self._product = product
        self._size = size
        self._most = min(most, size)
        self.basis = np.empty((0, len(start)))  # (n_steps, n), orthonormal rows
        self._rest = start
        self._diagonal: list[float] = []
        self._beyond: list[float] = []

    def steps(self) -> Iterator[Lanczos]:
        """The object itself after each step, until all steps are taken or none leads on."""
        while len(self._diagonal) < self._most:
            self._step()
            yield self
            if self._beyond[-1] < _INVARIANT_RESIDUAL:
                break

    def _step(self) -> None:
        """Extend the basis by one vector, and find the Ritz values and vectors in it."""
        vector = self._rest / np.linalg.norm(self._rest)
        self.basis = np.vstack((self.basis, vector))  # a copy, but bases are rarely long
        rest = self._product(vector)
        self._diagonal.append(float(rest @ vector))
        for _ in range(2):  # once is not enough in floating point
            rest = rest - (self.basis @ rest) @ self.basis
        self._rest = rest
        self._beyond.append(float(np.linalg.norm(rest)))
        vars(self).pop("_ritz", None)

    @property
    def values(self) -> Array:
        """The Ritz values, (n_steps,), the smallest first."""
        return self._ritz[0]

    @property
    def vectors(self) -> Array:
        """The Ritz vectors, as columns of components in the basis, (n_steps, n_steps)."""
        return self._ritz[1]

    @cached_property
    def _ritz(self) -> tuple[Array, Array]:
        values, vectors = np.linalg.eigh(self.matrix)
        return values, vectors

    @property
    def matrix(self) -> Array:
        """The operator in the basis, a tridiagonal matrix, (n_steps, n_steps)."""
        off_diagonal = self._beyond[: len(self._diagonal) - 1]
        return np.diag(self._diagonal) + np.diag(off_diagonal, 1) + np.diag(off_diagonal, -1)

    @property
    def least(self) -> tuple[float, Array]:
        """The smallest Ritz value and its vector, (n,)."""
        return float(self.values[0]), self.vectors[:, 0] @ self.basis

    def residual(self, of_basis: Array) -> float:
        """The length of the part of the operator times a vector that lies outside the basis.

        The vector is given by its components in the basis, (n_steps,).
        """
        return self._beyond[-1] * abs(float(of_basis[-1]))

    def stays_above(self, bound: float) -> bool:
        """Whether all Ritz values exceed a bound."""
        return min(self._pivots(bound)) > 0

    def proves_above(self, bound: float) -> bool:
        """Whether all eigenvalues exceed a bound.

        The probability of error is at most `FAILURE_PROBABILITY`, if the start was drawn at random.
        """
        pivots = self._pivots(bound)
        if not min(pivots) > 0:
            return False
        with np.errstate(divide="ignore"):  # 0 if the basis spans all that the start can reach
            hidden = np.log(self._beyond).sum() - np.log(pivots).sum()
        return bool(hidden < math.log(FAILURE_PROBABILITY / math.sqrt(2 * self._size / math.pi)))

    def _pivots(self, bound: float) -> list[float]:
        """The pivots of the matrix minus a bound, up to the first that is not positive.

        All are positive if all Ritz values exceed the bound. Their product is then that of the
        differences between Ritz values and bound.
        """
        pivots: list[float] = []
        taken = 0.0
        for along, beyond in zip(self._diagonal, self._beyond, strict=True):
            pivots.append(along - bound - taken)
            if not pivots[-1] > 0:
                break
            taken = beyond * beyond / pivots[-1]
        return pivots


class Subspace(NamedTuple):
    """The span of a basis, which packs steps for `Information` in place of a family."""

    basis: Array  # (n_steps, n), orthonormal rows

    def pack_frame(self, vector: Array) -> Array:
        """The components, (n_steps,), of a vector, (n,), in the basis."""
        return self.basis @ vector

    def unpack_frame(self, packed: Array) -> Array:
        """The vector, (n,), of components, (n_steps,), in the basis."""
        return packed @ self.basis
