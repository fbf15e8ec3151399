r"""Covariance families: all that depends on `covariance_type` lives in one object.

A family works on *factors*, lower triangular roots L with :math:`\Sigma = L L^T`. For
"full" the factor is a (d, d) matrix, for "diag" the vector of standard deviations, for
"spherical" the one standard deviation, as an array of length one; "diag" and "spherical"
never build a (d, d) array.

Two spaces meet here. *Whitened* quantities are free of units: a deviation z = L^-1 delta,
a symmetric form L^-1 A L^-T. The derivative of a function with respect to Sigma is held
whitened too, as the form U in :math:`\mathrm{d}f = \tfrac12 \langle U, L^{-1}
\mathrm{d}\Sigma\, L^{-T} \rangle`; "spherical" sums it over the features.

This file has what all families share: which parameters are free, and the frame of a point.
"""

import copy
import math
from abc import ABC, abstractmethod
from typing import Literal, Self

import numpy as np

from .._typing import Array
from . import linalg


class CovarianceFamily(ABC):
    """A family of covariances, beside a mean, either of which may be known.

    Attributes
    ----------
    n_features : int
    shape : tuple of int
        In which a user sees a covariance.
    identity : ndarray
        The factor of the identity, which nobody may write to.
    n_all : int
        Parameters, known ones included.
    multiplicity : int
        How many features share one number of the factor: the weight of that number in the
        Fisher metric.
    """

    shape: tuple[int, ...]
    multiplicity = 1
    mean_is_known = covariance_is_known = False

    def __init__(self, n_features: int, identity: Array):
        self.n_features = n_features
        self.n_all = n_features + identity.size
        self.identity = identity
        self.identity.flags.writeable = False  # the default start, and no copy of it

    @property
    def covariance_type(self) -> Literal["full", "diag", "spherical"]:
        """The parameter by which a user asks for such covariances."""
        types: tuple[Literal["spherical"], Literal["diag"], Literal["full"]]
        types = "spherical", "diag", "full"
        return types[len(self.shape)]

    # -- what is free

    def knowing(self, *, mean: bool, covariance: bool) -> Self:
        """The same family where the mean, the covariance or both are known and do not move."""
        family = copy.copy(self)
        family.mean_is_known, family.covariance_is_known = mean, covariance
        return family

    @property
    def whole(self) -> Self:
        """The same family where neither mean nor covariance is known."""
        return self.knowing(mean=False, covariance=False)

    @property
    def free(self) -> slice:
        """The places of the free parameters among all of them, known ones included."""
        d = self.n_features
        return slice(d if self.mean_is_known else 0, d if self.covariance_is_known else self.n_all)

    @property
    def n_parameters(self) -> int:
        """Number of free parameters."""
        return self.free.stop - self.free.start

    # -- the Gaussian

    @abstractmethod
    def diagonal(self, factor: Array) -> Array:
        """The diagonal of a factor, one number for each number that a spherical one shares."""

    @abstractmethod
    def outer(self, deviation: Array) -> Array:
        """The form z z^T of a whitened deviation z, shape (n_features,)."""

    def log_det(self, factor: Array) -> float:
        """The log-determinant of the covariance with this factor."""
        return 2.0 * self.multiplicity * float(np.log(self.diagonal(factor)).sum())

    def outer_covariance(self, deviation: Array) -> Array:
        """The covariance of this family that is nearest in likelihood to delta delta^T."""
        return self.outer(deviation) / self.multiplicity

    # -- the frame of a point, where the Fisher metric is the identity

    def fisher_norm(self, form: Array) -> float:
        """The length of a derivative U in the inverse Fisher metric, free of units."""
        return linalg.norm(form) / math.sqrt(2 * self.multiplicity)

    def frame(self, score_mean: Array, score_covariance: Array) -> Array:
        """The gradient (u, U) as one vector, whose length is that of the natural gradient."""
        form = score_covariance.reshape(-1) / math.sqrt(2 * self.multiplicity)
        return np.concatenate((score_mean, form))

    def split_frame(self, vector: Array) -> tuple[Array, Array]:
        """The parts (u, U) of a gradient that `frame` made one vector."""
        d = self.n_features
        form = vector[d:].reshape(self.identity.shape)
        return vector[:d], math.sqrt(2 * self.multiplicity) * form
