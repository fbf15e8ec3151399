"""What is known of a Gaussian within boxes."""

from typing import NamedTuple

from .._typing import Array


class BoxMoments(NamedTuple):
    """Of c ~ N(mean, covariance), one row a box: how likely it is, and the moments inside."""

    log_probability: Array  # (n,), nats
    mean: Array  # (n, k), E[c | box]
    covariance: Array  # (n, k, k), Cov[c | box]
