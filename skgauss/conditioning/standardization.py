"""A Gaussian as a standardization: its mean and deviations as origin and units of each feature."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .._typing import Array
from ..gaussian import Family, linalg
from .missing import Conditioner

# Standard deviations by which a mean may move, and log of the ratio by which a standard deviation
# may change in any direction, before lattices are checked.
_FAR_MOVE = 0.5


class Standardization(NamedTuple):
    """An origin and a unit for each feature, in which ends of intervals are standardised."""

    origin: Array  # (n_features,)
    unit: Array  # (n_features,)
    # (n_features, n_features), the factor of the correlations of a Gaussian with the origin as mean
    # and the units as standard deviations; None is the identity.
    root: Array | None = None

    @classmethod
    def of(cls, mean: Array, family: Family, factor: Array) -> Standardization:
        """The standardization in which a Gaussian has mean 0 and variances of 1."""
        unit = family.standard_deviations(factor)
        return cls(mean, unit, factor / unit[:, None] if family.correlated else None)

    def relative(self, ends: Array, features: Any = slice(None)) -> Array:
        """The ends of intervals, relative to the origin and in the units of the features."""
        with np.errstate(over="ignore"):  # an end that overflows counts as open
            return (ends - self.origin[features]) / self.unit[features]

    def conditioner_in(self, scaling: Standardization) -> Conditioner:
        """The conditioner of this Gaussian in another scaling."""
        unit = self.unit / scaling.unit
        root = np.diag(unit) if self.root is None else unit[:, None] * self.root
        return Conditioner(root, scaling.relative(self.origin))

    @property
    def factor(self) -> Array:
        """The factor of the covariance, (n_features, n_features)."""
        return np.diag(self.unit) if self.root is None else self.unit[:, None] * self.root

    def equals(self, other: Standardization) -> bool:
        """Whether another one is that of the same Gaussian, to the last digit."""
        pairs: Any = zip(self, other, strict=True)  # the root may be None
        return self is other or all(np.array_equal(*pair) for pair in pairs)

    def is_near(self, other: Standardization) -> bool:
        """Whether another Gaussian has about the same mean, and the same deviations everywhere."""
        shift = linalg.solve_lower(self.factor, other.origin - self.origin)
        turn = linalg.solve_lower(self.factor, other.factor)
        moves = np.append(np.log(np.linalg.svd(turn, compute_uv=False)), np.linalg.norm(shift))
        return bool(np.abs(moves).max() < _FAR_MOVE)
