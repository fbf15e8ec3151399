"""What is known of a Gaussian within boxes, and the way to unit variances and back."""

from typing import Any, NamedTuple

import numpy as np

from .._typing import Array

LOG_ROOT_2PI = 0.5 * np.log(2 * np.pi)


class BoxMoments(NamedTuple):
    """Probability of boxes under c ~ N(mean, covariance), and moments inside; a row is a box."""

    log_probability: Array  # (n,), nats
    mean: Array  # (n, k), E[c | box]
    covariance: Array  # (n, k, k), Cov[c | box]

    @classmethod
    def empty(cls, n: int, k: int) -> "BoxMoments":
        """Moments of `n` boxes of `k` sides that have no probability yet, to be filled in."""
        return cls(np.full(n, -np.inf), np.zeros((n, k)), np.zeros((n, k, k)))

    def fill(self, rows: Any, found: "BoxMoments") -> None:
        """Write what was found for some of the rows."""
        for field, part in zip(self, found, strict=True):
            field[rows] = part


def standardised(
    lower: Array, upper: Array, width: Array, covariance: Array
) -> tuple[Array, tuple[Array, Array, Array, Array]]:
    """Standard deviations, (..., k), ends and widths of boxes over them, and the correlations."""
    scale = np.sqrt(np.diagonal(covariance, axis1=-2, axis2=-1))
    correlation = covariance / scale[..., :, None] / scale[..., None, :]
    with np.errstate(over="ignore"):  # what is that far is as good as open
        return scale, (lower / scale, upper / scale, width / scale, correlation)


def restored(within: BoxMoments, scale: Array, lower: Array, upper: Array) -> BoxMoments:
    """Moments of standardised boxes in the units of the ends, with each mean inside its box."""
    return BoxMoments(
        within.log_probability,
        np.clip(within.mean * scale, lower, upper),
        within.covariance * scale[..., :, None] * scale[..., None, :],
    )


def slices(n: int, size: int) -> list[slice]:
    """Consecutive slices of `size` elements that cover n; the last one may reach beyond."""
    return [slice(start, start + size) for start in range(0, n, size)]


def mixture(log_weight: Array, mean: Array, covariance: Array) -> BoxMoments:
    """Log-weight, mean and covariance of n mixtures of m components.

    Logarithms of weights are (n, m), means (n, m, k), covariances (n, m, k, k) or less. Where a
    component has a covariance of fewer variables, those before them are constants in it.
    """
    peak = log_weight.max(axis=1)
    weight = np.exp(log_weight - peak[:, None])
    total = weight.sum(axis=1)
    weight /= total[:, None]
    centre = (weight[:, None, :] @ mean)[:, 0]
    deviation = mean - centre[:, None, :]
    found = (weight[:, :, None] * deviation).swapaxes(1, 2) @ deviation
    varying = slice(mean.shape[2] - covariance.shape[2], None)
    found[:, varying, varying] += np.einsum("nm,nmij->nij", weight, covariance)
    return BoxMoments(peak + np.log(total), centre, found)


def from_a_point_inside(lower: Array, upper: Array, width: Array) -> tuple[Array, Array, Array]:
    """The point of the box that is nearest to the mean, and the ends as seen from there.

    Their difference is the width to the last digit, which that of the given ends is not.
    """
    origin = np.clip(0.0, lower, upper)
    start = np.where(upper < 0.0, -width, lower - origin)
    end = np.add(start, width, out=upper - origin, where=np.isfinite(start))
    return origin, start, end
