"""Gaussians and boxes, moments within them, and the scaling to unit variances and back."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .._typing import Array

LOG_ROOT_2PI = 0.5 * np.log(2 * np.pi)


class BoxMoments(NamedTuple):
    """Probabilities of n boxes under a Gaussian vector c, and its moments inside each box."""

    log_probability: Array  # (n,), nats
    mean: Array  # (n, k), E[c | box]
    covariance: Array  # (n, k, k), Cov[c | box]

    @classmethod
    def empty(cls, n: int, k: int) -> BoxMoments:
        """Moments of `n` boxes of `k` sides, to be filled in; so far every probability is 0."""
        return cls(np.full(n, -np.inf), np.zeros((n, k)), np.zeros((n, k, k)))

    def fill(self, rows: Any, found: BoxMoments) -> None:
        """Store the moments `found` for some of the rows, in place."""
        for field, part in zip(self, found, strict=True):
            field[rows] = part


class Boxes(NamedTuple):
    """A Gaussian vector c of mean 0 and a box lower < c <= upper, one of each in every row."""

    lower: Array  # (n, k), ends of the intervals minus the mean of c; infinite ends are open
    upper: Array
    # (n, k), as in the data, since the difference of the ends loses digits if an interval is narrow
    # and far from the mean.
    width: Array
    covariance: Array  # (n, k, k), of c, or (k, k) if all rows have the same; in any units

    @classmethod
    def single(cls, lower: Array, upper: Array, width: Array, covariance: Array) -> Boxes:
        """One box, with ends and widths (k,) and a covariance (k, k)."""
        return cls(lower[None], upper[None], width[None], covariance[None])

    def take(self, rows: Any) -> Boxes:
        """Some of the boxes; in the result each has a covariance of its own."""
        own = np.broadcast_to(self.covariance, (*self.lower.shape, self.lower.shape[1]))
        return Boxes(self.lower[rows], self.upper[rows], self.width[rows], own[rows])

    def standardised(self) -> tuple[Array, Boxes]:
        """Standard deviations, (..., k), and the boxes in their units, (n, k, k) correlations."""
        lower, upper, width, covariance = self
        scale = np.sqrt(np.diagonal(covariance, axis1=-2, axis2=-1))
        correlation = covariance / scale[..., :, None] / scale[..., None, :]
        correlation = np.broadcast_to(correlation, (*lower.shape, lower.shape[1]))
        with np.errstate(over="ignore"):  # an end that overflows counts as open
            return scale, Boxes(lower / scale, upper / scale, width / scale, correlation)

    def unstandardised(self, within: BoxMoments, scale: Array) -> BoxMoments:
        """Moments within the standardised boxes in the units of these, means clipped to a box."""
        return BoxMoments(
            within.log_probability,
            np.clip(within.mean * scale, self.lower, self.upper),
            within.covariance * scale[..., :, None] * scale[..., None, :],
        )


def slices(n: int, size: int) -> list[slice]:
    """Consecutive slices of `size` elements that cover `n`; the last one may reach beyond."""
    return [slice(start, start + size) for start in range(0, n, size)]


def mixture(log_weight: Array, mean: Array, covariance: Array) -> BoxMoments:
    """Log-weight, mean and covariance of n mixtures of m components.

    The arguments are (n, m), (n, m, k) and (n, m, j, j) with j <= k. If j < k, the first k - j
    variables are constant within each component.
    """
    weight, log_total = shares_of_sum(log_weight)
    centre = (weight[:, None, :] @ mean)[:, 0]
    deviation = mean - centre[:, None, :]
    found = (weight[:, :, None] * deviation).swapaxes(1, 2) @ deviation
    varying = slice(mean.shape[2] - covariance.shape[2], None)
    found[:, varying, varying] += np.einsum("nm,nmij->nij", weight, covariance)
    return BoxMoments(log_total, centre, found)


def shares_of_sum(log_terms: Array) -> tuple[Array, Array]:
    """The share of each term in its sum, (n, m), and the logarithms of the sums, (n,)."""
    peak = log_terms.max(axis=1)
    shares = np.exp(log_terms - peak[:, None])
    total = shares.sum(axis=1)
    shares /= total[:, None]
    return shares, peak + np.log(total)
