r"""Lanczos's method: a symmetric operator, seen in the space that its powers make of one vector.

After k steps it is a tridiagonal matrix, with Ritz values :math:`\theta_i`, and beyond each step a
rest of length :math:`\beta_j`. Of an eigenvalue :math:`\lambda` below all Ritz values the start had
a component of at most

.. math::

    |c| \le \prod_{j=1}^k \beta_j / |\lambda - \theta_j|,

and a random unit vector of n numbers has one of at most t along a given direction with a
probability of at most :math:`t \sqrt{2 n / \pi}`. That proves, but for such chance, that there is
none below a bound, long before a Ritz value has converged.

References
----------
Golub and Van Loan (2013), Matrix Computations, chapter 10; Parlett (1998), The Symmetric
Eigenvalue Problem, chapters 12 and 13, for the rest as a polynomial of the operator; Gould,
Lucidi, Roma and Toint (1999), "Solving the trust-region subproblem using the Lanczos method", SIAM
Journal on Optimization 9(2).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from .._typing import Array

_INVARIANT = 1e-3  # a rest that is rounding: the basis spans all that the start can reach
CHANCE = 1e-9  # that a random start hides an eigenvalue


class Lanczos:
    """The basis, and the operator in it.

    Parameters
    ----------
    product : callable
        The operator times a vector.
    start : ndarray of shape (n,)
    size : int
        Of the space that all starts can reach.
    most : int
        Steps.

    Attributes
    ----------
    basis : ndarray of shape (n_steps, n)
        Orthonormal.
    """

    def __init__(self, product: Callable[[Array], Array], start: Array, size: int, most: int):
        self._product = product
        self._size = size
        self._most = min(most, size)
        self.basis = np.empty((0, len(start)))
        self._rest = start
        self._diagonal: list[float] = []
        self._beyond: list[float] = []

    def steps(self) -> Iterator[Lanczos]:
        """Itself after one product, after another, until all are taken or none leads on."""
        while len(self._diagonal) < self._most:
            self._step()
            yield self
            if self._beyond[-1] < _INVARIANT:
                break

    def _step(self) -> None:
        vector = self._rest / np.linalg.norm(self._rest)
        self.basis = np.vstack((self.basis, vector))  # rarely long
        rest = self._product(vector)
        self._diagonal.append(float(rest @ vector))
        for _ in range(2):  # once is not enough in floating point
            rest = rest - (self.basis @ rest) @ self.basis
        self._rest = rest
        self._beyond.append(float(np.linalg.norm(rest)))
        self.values, self.vectors = np.linalg.eigh(self.matrix)

    @property
    def matrix(self) -> Array:
        """The operator in the basis, tridiagonal, (k, k)."""
        beside = self._beyond[: len(self._diagonal) - 1]
        return np.diag(self._diagonal) + np.diag(beside, 1) + np.diag(beside, -1)

    @property
    def least(self) -> tuple[float, Array]:
        """The smallest Ritz value and its vector."""
        return float(self.values[0]), self.vectors[:, 0] @ self.basis

    def residual(self, of_basis: Array) -> float:
        """Length of what the operator makes of a vector beyond the basis."""
        return self._beyond[-1] * abs(float(of_basis[-1]))

    def proves_above(self, bound: float) -> bool:
        """Whether no eigenvalue is at most a bound, if the start was random, but for `CHANCE`."""
        if not self.values[0] > bound:
            return False
        hidden = np.log(self._beyond).sum() - np.log(self.values - bound).sum()
        return bool(hidden < math.log(CHANCE / math.sqrt(2 * self._size / math.pi)))


class Subspace:
    """The span of a basis, as `Information` knows a family: by how it packs steps."""

    def __init__(self, basis: Array):
        self._basis = basis

    def pack_frame(self, vector: Array) -> Array:
        return self._basis @ vector

    def unpack_frame(self, packed: Array) -> Array:
        return packed @ self._basis
