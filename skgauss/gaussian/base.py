r"""Covariance families: all that depends on `covariance_type` lives in one object.

A family works on *factors*, lower triangular roots L with :math:`\Sigma = L L^T`. For
"full" the factor is a (d, d) matrix, for "diag" the vector of standard deviations, and for
"spherical" an array of length one, the standard deviation of all features; "diag" and
"spherical" never build a (d, d) array.

*Whitened* quantities have no units: a deviation z = L^-1 delta, a symmetric form L^-1 A L^-T.
The derivative of a function f with respect to Sigma is stored whitened, too: it is the form U
in :math:`\mathrm{d}f = \tfrac12 \langle U, L^{-1} \mathrm{d}\Sigma\, L^{-T} \rangle`. For
"spherical", U is summed over the features.

This file has what all families share: which parameters are free, and the frame of a point.
"""

import copy
import math
from abc import ABC, abstractmethod
from typing import Literal, Self

import numpy as np

from .._typing import Array
from . import linalg

MIN_ROWS = 2  # rows from which both the mean and the covariance can be estimated


class CovarianceFamily(ABC):
    """A family of covariances and a mean, either of which may be known."""

    shape: tuple[int, ...]  # of a covariance as users see it
    # How many features share one number of the factor, its weight in the Fisher metric.
    multiplicity = 1
    mean_is_known = covariance_is_known = False

    def __init__(self, n_features: int, identity: Array):
        self.n_features = n_features
        self.n_all = n_features + identity.size  # parameters, known ones included
        self.identity = identity  # the factor of the identity matrix
        self.identity.flags.writeable = False  # since the default start is not a copy

    @property
    def covariance_type(self) -> Literal["full", "diag", "spherical"]:
        """The value of the parameter `covariance_type` that selects this family."""
        types: tuple[Literal["spherical"], Literal["diag"], Literal["full"]]
        types = "spherical", "diag", "full"
        return types[len(self.shape)]

    # -- what is free

    def knowing(self, *, mean: bool, covariance: bool) -> Self:
        """A copy of the family in which the mean, the covariance or both may be known."""
        family = copy.copy(self)
        family.mean_is_known, family.covariance_is_known = mean, covariance
        return family

    @property
    def unrestricted(self) -> Self:
        """A copy of the family in which neither mean nor covariance is known."""
        return self.knowing(mean=False, covariance=False)

    @property
    def free(self) -> slice:
        """The slice of the free parameters among all parameters."""
        d = self.n_features
        return slice(d if self.mean_is_known else 0, d if self.covariance_is_known else self.n_all)

    @property
    def n_parameters(self) -> int:
        """Number of free parameters."""
        return self.free.stop - self.free.start

    # -- the Gaussian

    @abstractmethod
    def diagonal(self, factor: Array) -> Array:
        """The diagonal of a factor, (n_features,), or (1,) if all features share one number."""

    @abstractmethod
    def outer(self, deviation: Array) -> Array:
        """The form z z^T of a whitened deviation z of shape (n_features,)."""

    def log_det(self, factor: Array) -> float:
        """The log-determinant of the covariance with this factor."""
        return 2.0 * self.multiplicity * float(np.log(self.diagonal(factor)).sum())

    def outer_covariance(self, deviation: Array) -> Array:
        """The covariance of this family that maximises the likelihood of delta delta^T."""
        return self.outer(deviation) / self.multiplicity

    # -- the frame of a point, where the Fisher metric is the identity

    def fisher_norm(self, form: Array) -> float:
        """The norm of a derivative U in the inverse Fisher metric, which has no unit."""
        return linalg.norm(form) / math.sqrt(2 * self.multiplicity)

    def frame(self, score_mean: Array, score_covariance: Array) -> Array:
        """The gradient (u, U) as one vector, whose norm is the natural gradient norm."""
        form = score_covariance.reshape(-1) / math.sqrt(2 * self.multiplicity)
        return np.concatenate((score_mean, form))

    def split_frame(self, vector: Array) -> tuple[Array, Array]:
        """The gradient (u, U) that `frame` joined into this vector."""
        d = self.n_features
        form = vector[d:].reshape(self.identity.shape)
        return vector[:d], math.sqrt(2 * self.multiplicity) * form
