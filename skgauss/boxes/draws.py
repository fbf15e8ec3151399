"""Exact draws of a Gaussian within a box, however unlikely the box is.

Each variable is drawn within its interval given the variables before it, from the tilted Gaussian
of `Tilt`. The row is accepted with a probability that is its weight over the largest weight, which
is that of the saddle (Botev, 2017).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .._typing import Array
from .base import Boxes
from .interval import Interval
from .minimax_tilting import Tilt

_PROPOSALS_AT_ONCE = 2**16  # proposals drawn at a time


def draw_within(
    lower: Array, upper: Array, covariance: Array, n_rows: int, random_state: np.random.RandomState
) -> Array:
    """Draws of c ~ N(0, covariance) within the one box lower <= c <= upper, (n_rows, k)."""
    one = _Proposals.of(Boxes.single(lower, upper, upper - lower, covariance))
    counts = np.diff([*range(0, n_rows, _PROPOSALS_AT_ONCE), n_rows])
    parts = [one.take(np.zeros(n, dtype=np.intp)).accepted(random_state) for n in counts]
    z = np.concatenate(parts)
    return np.clip(z @ np.linalg.cholesky(covariance).T, lower, upper)


def draw_in_each(boxes: Boxes, random_state: np.random.RandomState) -> Array:
    """A draw within each of n boxes, (n, k)."""
    if not boxes.lower.shape[1]:
        return boxes.lower
    z = _Proposals.of(boxes).accepted(random_state)
    drawn = (np.linalg.cholesky(boxes.covariance) @ z[:, :, None])[:, :, 0]
    return np.clip(drawn, boxes.lower, boxes.upper)


class _Proposals(NamedTuple):
    """The distributions from which k whitened variables are proposed, one for each box."""

    lower: Array  # (n, k), in standard deviations of each variable given those before it
    upper: Array  # (n, k)
    width: Array  # (n, k)
    coupling: Array  # (n, k, k), how far a unit of each variable moves the intervals of later ones
    shift: Array  # (n, k), of the mean of each variable, at the saddle
    largest: Array  # (n,), logarithm of the largest weight

    @classmethod
    def of(cls, boxes: Boxes) -> _Proposals:
        factor = np.linalg.cholesky(boxes.covariance)
        scale = np.einsum("nii->ni", factor)
        coupling = np.tril(factor / scale[:, :, None], -1)
        intervals = boxes.lower / scale, boxes.upper / scale, boxes.width / scale
        tilt = Tilt.of(*intervals, coupling)
        largest = _log_weight(tilt.shift, tilt.centre, tilt.at.log_probability.sum(axis=1))
        # Without a saddle nothing is shifted, and each weight is a probability, at most 1.
        lost = np.isnan(largest)[:, None]
        return cls(*intervals, coupling, np.where(lost, 0.0, tilt.shift), np.nan_to_num(largest))

    def take(self, rows: np.ndarray) -> _Proposals:
        return _Proposals(*(each[rows] for each in self))

    def accepted(self, random_state: np.random.RandomState) -> Array:
        """The first accepted proposal of each row, (n, k)."""
        z = np.empty(self.shift.shape)
        left, tries = np.arange(len(z)), 1
        while left.size:
            tries = min(tries, max(_PROPOSALS_AT_ONCE // len(left), 1))
            several = self.take(np.repeat(left, tries))
            proposed, log_weight = several._propose(random_state)
            chance = np.log(random_state.random_sample(len(proposed)))
            good = (chance <= log_weight - several.largest).reshape(-1, tries)
            done, first = good.any(axis=1), good.argmax(axis=1)
            z[left[done]] = proposed.reshape(len(left), tries, -1)[done, first[done]]
            left, tries = left[~done], 2 * tries
        return z

    def _propose(self, random_state: np.random.RandomState) -> tuple[Array, Array]:
        """Whitened draws, (n, k), and the logarithm of the weight of each, (n,)."""
        z, log_probability = np.empty(self.shift.shape), np.zeros(len(self.shift))
        for i in range(self.shift.shape[1]):
            given = self.shift[:, i] + np.einsum("nj,nj->n", self.coupling[:, i, :i], z[:, :i])
            at = Interval.of(self.lower[:, i] - given, self.upper[:, i] - given, self.width[:, i])
            u = random_state.random_sample((len(z),))
            z[:, i] = self.shift[:, i] + at.sign * at.quantile(u)[0]
            log_probability += at.log_probability
        return z, _log_weight(self.shift, z, log_probability)


def _log_weight(shift: Array, z: Array, log_probability: Array) -> Array:
    """Logarithm of the standard Gaussian density of each draw over that of its proposal, (n,)."""
    return (shift * (0.5 * shift - z)).sum(axis=1) + log_probability
