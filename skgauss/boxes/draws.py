"""Draws of a Gaussian within a box, exact however unlikely it is.

Each variable is drawn within its interval given those before it, from the tilted Gaussian of
`Tilt`, and the row is accepted with the probability that its weight has beside the largest,
which is that of the saddle (Botev, 2017).
"""

import numpy as np

from .._typing import Array
from .interval import Interval
from .tilt import Tilt

_MOST_AT_ONCE = 2**16  # rows


def draw_within(
    lower: Array, upper: Array, covariance: Array, n_rows: int, random_state: np.random.RandomState
) -> Array:
    """Rows of c ~ N(0, covariance) within lower <= c <= upper, both ends of shape (k,)."""
    factor = np.linalg.cholesky(covariance)
    scale = np.diagonal(factor)
    coupling = np.tril(factor / scale[:, None], -1)
    boxes = lower / scale, upper / scale, (upper - lower) / scale
    tilt = Tilt.of(boxes[0][None], boxes[1][None], boxes[2][None], coupling[None])
    largest = _log_weight(tilt.shift[0], tilt.centre.T, tilt.at.log_probability.sum())
    found: list[Array] = []
    n_found, n_proposed = 0, 0
    while n_found < n_rows:
        rate = max(n_found, 1) / max(n_proposed, 1)
        count = min(int(1.1 * (n_rows - n_found) / rate) + 10, _MOST_AT_ONCE)
        z, log_weight = _propose(boxes, coupling, tilt.shift[0], random_state.random_sample, count)
        accepted = np.log(random_state.random_sample(count)) <= log_weight - largest
        found.append(z[:, accepted].T)
        n_found, n_proposed = n_found + len(found[-1]), n_proposed + count
    rows = np.concatenate(found)[:n_rows] @ factor.T
    return np.clip(rows, lower, upper)


def draw_in_each(
    lower: Array,
    upper: Array,
    width: Array,
    covariance: Array,
    random_state: np.random.RandomState,
) -> Array:
    """A row of c ~ N(0, covariance) within each of n boxes: see `box_moments` for the shapes."""
    n, k = lower.shape
    if k != 1:
        boxes = zip(lower, upper, covariance, strict=True)
        return np.reshape([draw_within(*box, 1, random_state) for box in boxes], (n, k))
    scale = np.sqrt(covariance[:, 0, 0])
    within = Interval.of(*(end[:, 0] / scale for end in (lower, upper, width)))
    z = within.sign * within.quantile(random_state.random_sample((n,)))[0]
    return np.clip((scale * z)[:, None], lower, upper)


def _propose(boxes, coupling, shift, uniform, count) -> tuple[Array, Array]:
    """Whitened draws, one a column, and the logarithm of the weight of each."""
    lower, upper, width = boxes
    z, log_probability = np.empty((len(shift), count)), np.zeros(count)
    for i, t in enumerate(shift):
        given = t + coupling[i, :i] @ z[:i]
        at = Interval.of(lower[i] - given, upper[i] - given, np.full(count, width[i]))
        z[i] = t + at.sign * at.quantile(uniform(count))[0]
        log_probability += at.log_probability
    return z, _log_weight(shift, z, log_probability)


def _log_weight(shift: Array, z: Array, log_probability: Array) -> Array:
    return (shift * (0.5 * shift - z.T)).sum(axis=1) + log_probability
