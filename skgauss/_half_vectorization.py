"""The half-vectorization of symmetric matrices: vectors of their pairs of rows and columns.

A pair is an entry on or above the diagonal. One off the diagonal stands for two entries and is
multiplied by the root of 2, so that the norm of the vector is the Frobenius norm of the matrix.
"""

from __future__ import annotations

import math
from functools import cache
from typing import NamedTuple

import numpy as np

from ._typing import Array


class HalfVectorization(NamedTuple):
    """How the entries of symmetric matrices of one size lie in their vectors."""

    rows: np.ndarray  # (n_pairs,)
    columns: np.ndarray  # (n_pairs,)
    places: np.ndarray  # (n_features, n_features), of each entry of a matrix among the pairs
    lengths: Array  # (n_pairs,), how far a matrix moves if an entry and its mirror image move by 1

    def pack(self, matrices: Array) -> Array:
        """The vectors, (..., n_pairs), of symmetric matrices, (..., n_features, n_features)."""
        return self.lengths * matrices[..., self.rows, self.columns]

    def unpack(self, vectors: Array) -> Array:
        """The symmetric matrices, (..., n_features, n_features), of vectors, (..., n_pairs)."""
        return (vectors / self.lengths)[..., self.places]

    def times(self, vector: Array) -> Array:
        """The linear map, (n_features, n_pairs), from packed matrices to products with `vector`."""
        entries = np.arange(len(self.rows))
        product = np.zeros((len(vector), len(entries)))
        np.add.at(product, (self.rows, entries), self.lengths / 2 * vector[self.columns])
        np.add.at(product, (self.columns, entries), self.lengths / 2 * vector[self.rows])
        return product


@cache
def half_vectorization(n_features: int) -> HalfVectorization:
    """The half-vectorization of symmetric matrices of `n_features` rows."""
    rows, columns = np.triu_indices(n_features)
    places = np.empty((n_features, n_features), dtype=int)
    places[rows, columns] = places[columns, rows] = np.arange(len(rows))
    return HalfVectorization(rows, columns, places, np.where(rows == columns, 1.0, math.sqrt(2)))
