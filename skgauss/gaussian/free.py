"""Which parameters of a family are free: the mean, the covariance, or both."""

import copy
from typing import Self


class Blocks:
    """The parameters of a family, the mean before the covariance, either of which may be known.

    Attributes
    ----------
    n_all : int
        Parameters, known ones included.
    """

    n_features: int
    n_all: int
    mean_is_known = covariance_is_known = False

    def knowing(self, *, mean: bool, covariance: bool) -> Self:
        """The family of those of its Gaussians that have one mean, one covariance, or both."""
        family = copy.copy(self)
        family.mean_is_known, family.covariance_is_known = mean, covariance
        return family

    @property
    def whole(self) -> Self:
        """The family with nothing known."""
        return self.knowing(mean=False, covariance=False)

    @property
    def free(self) -> slice:
        """Where the free ones are among all parameters, and in steps that hold all."""
        d = self.n_features
        return slice(d if self.mean_is_known else 0, d if self.covariance_is_known else self.n_all)

    @property
    def n_parameters(self) -> int:
        """Number of free parameters."""
        return self.free.stop - self.free.start
