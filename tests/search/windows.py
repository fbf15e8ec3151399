"""Searches for samples in windows of four and five features whose lattice is too coarse.

The moments of a Gaussian inside a window are the moments of a sample, which has this Gaussian as
its maximum. They are integrated here over the most points of all.
"""

from collections.abc import Iterator

import numpy as np
from search.hostile import magnitude, one_of
from search.parents import Parent

from skgauss import GaussianGradientMLE
from skgauss.boxes import Boxes, BoxMoments, Lattice, box_moments
from skgauss.conditioning.scores import mean_scores

Array = np.ndarray
MOST_POINTS = 100_003
# Variance of a parent, over that of the sample, at most: of wider ones some climbs stall.
MAX_WIDTH = 100.0
MOST_ERRORS = 0.02  # standard errors by which a mean score may be off at a maximum
MOST_NATS = 0.2  # by which the log-likelihood of all rows may be off there


def draw(seed: int) -> Parent:
    """A Gaussian that often reaches far beyond the window, and is tilted in it."""
    rng = np.random.default_rng(seed)
    d, n = int(rng.integers(4, 6)), int(magnitude(rng, np.log10(200), np.log10(2000)))
    mixing = rng.standard_normal((d, d)) * rng.uniform(0.1, 1) + np.eye(d)
    mixing /= np.linalg.norm(mixing, axis=1, keepdims=True)
    parent = mixing @ mixing.T
    lower = rng.uniform(-2, one_of(rng, [0.8, 3.0]), d)
    width = magnitude(rng, -0.5, 0.6, d)
    upper = lower + np.array([one_of(rng, [np.inf, each]) for each in width])
    inside = within(np.zeros(d), parent, lower, upper)
    covariance = (inside.covariance[0] + inside.covariance[0].T) / 2
    return Parent(parent, lower, upper, inside.mean[0], covariance, n)


def within(mean: Array, covariance: Array, lower: Array, upper: Array) -> BoxMoments:
    """The probability of the window and the moments in it, about the mean of a Gaussian."""
    low, high = (lower - mean)[None], (upper - mean)[None]
    boxes = Boxes(low, high, high - low, covariance)
    return box_moments(boxes, Lattice.of(boxes, n_points=MOST_POINTS))


def errors_of(sample: Parent, model: GaussianGradientMLE) -> tuple[float, float]:
    """The largest mean score, in standard errors, and the nats that the likelihood is off."""
    mean, covariance = model.mean_, model.covariance_
    inside = within(mean, covariance, sample.lower, sample.upper)
    root = np.linalg.cholesky(covariance)
    inverse = np.linalg.inv(root)
    moved = sample.mean_inside - mean
    of_rows = mean_scores(inverse, moved, sample.covariance_inside)
    of_window = mean_scores(inverse, inside.mean[0], inside.covariance[0])
    second = sample.covariance_inside + np.outer(moved, moved)
    distance = np.trace(inverse @ second @ inverse.T)
    value = -0.5 * (distance + len(mean) * np.log(2 * np.pi)) - np.log(root.diagonal()).sum()
    nats = model.log_likelihood_ - (value - inside.log_probability[0])
    return float(np.abs(of_rows - of_window).max() * sample.n**0.5), float(sample.n * nats)


def complaints(seed: int) -> Iterator[str]:
    sample = draw(seed)
    if sample.width > MAX_WIDTH:
        return
    try:
        model, told = sample.quiet_fit()
    except UserWarning:  # it says that the most points are too few
        return
    if not model.converged_:
        yield f"{model.stop_reason_!r}, {told}"
        return
    errors, nats = errors_of(sample, model)
    if errors > MOST_ERRORS:
        yield f"a score is not 0, but {errors:.3g} standard errors, {told}"
    if abs(nats) > MOST_NATS:
        yield f"the likelihood is off, by {nats:.3g} nats, {told}"
