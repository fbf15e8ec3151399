"""What is known of a Gaussian within boxes."""

from typing import NamedTuple

import numpy as np

from .._typing import Array


class BoxMoments(NamedTuple):
    """Of c ~ N(mean, covariance), one row a box: how likely it is, and the moments inside."""

    log_probability: Array  # (n,), nats
    mean: Array  # (n, k), E[c | box]
    covariance: Array  # (n, k, k), Cov[c | box]

    @classmethod
    def empty(cls, n: int, k: int) -> "BoxMoments":
        """Of boxes without probability, to be filled."""
        return cls(np.full(n, -np.inf), np.zeros((n, k)), np.zeros((n, k, k)))

    def fill(self, rows, found: "BoxMoments") -> None:
        """Write what was found for some of the rows."""
        for field, part in zip(self, found, strict=True):
            field[rows] = part
