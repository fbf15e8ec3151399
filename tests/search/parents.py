"""Searches for samples in a window whose maximum is known, and which a fit does not find.

The moments of a Gaussian inside a window, up to twenty standard deviations away, are the moments of
a sample. Its likelihood is concave and largest at that Gaussian, which may be a thousand times as
wide as the sample.
"""

import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from search.hostile import magnitude, one_of
from sklearn.exceptions import ConvergenceWarning

from skgauss import GaussianGradientMLE, SufficientStatistics
from skgauss.boxes import Boxes, box_moments

Array = np.ndarray
MAX_WIDTH = 1e4  # variance, over that of the sample, up to which rounding leaves a maximum
MAX_SHORTFALL = 1e-9  # nats a row by which the likelihood of the parent may exceed that of the fit


class Parent(NamedTuple):
    """Correlations, the ends of a window, and the mean and covariance of `n` rows inside it."""

    covariance: Array
    lower: Array
    upper: Array
    mean_inside: Array
    covariance_inside: Array
    n: float = 1e4

    @property
    def width(self) -> float:
        """The largest ratio of the variance before truncation to that inside."""
        ratios = np.linalg.eigvals(np.linalg.solve(self.covariance_inside, self.covariance))
        return float(ratios.real.max())

    def fit(self, **parameters: Any) -> GaussianGradientMLE:
        model = GaussianGradientMLE(truncation_limits=(self.lower, self.upper), **parameters)
        statistics = SufficientStatistics(self.n, self.mean_inside, self.covariance_inside)
        return model.fit_statistics(statistics)

    def quiet_fit(self, **parameters: Any) -> tuple[GaussianGradientMLE, str]:
        """The fit without its warning, and what a complaint says of it."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model = self.fit(**parameters)
        return model, f"{model.n_iter_} iterations, width {self.width:.3g}"


def draw(seed: int) -> Parent:
    rng = np.random.default_rng(seed)
    d = int(rng.integers(2, 4))
    mixing = rng.standard_normal((d, d)) * magnitude(rng, -1, 0) + np.eye(d)
    mixing /= np.linalg.norm(mixing, axis=1, keepdims=True)
    covariance = mixing @ mixing.T
    lower = rng.uniform(-2, one_of(rng, [3, 8, 20]), d)
    upper = np.where(rng.random(d) < 0.3, lower + magnitude(rng, -1, 1, d), np.inf)
    free = rng.random(d) < 0.2
    free[rng.integers(d)] = False
    lower, upper = np.where(free, -np.inf, lower), np.where(free, np.inf, upper)
    return Parent(covariance, lower, upper, *_inside(covariance, lower, upper))


def _inside(covariance: Array, lower: Array, upper: Array) -> tuple[Array, Array]:
    """The mean and the covariance inside; features without limits follow by regression."""
    some = np.isfinite(lower)
    low, high = lower[None, some], upper[None, some]
    moments = box_moments(Boxes(low, high, high - low, covariance[np.ix_(some, some)]))
    slopes = np.linalg.solve(covariance[np.ix_(some, some)], covariance[some])
    lost = covariance[np.ix_(some, some)] - moments.covariance[0]
    inside = covariance - slopes.T @ lost @ slopes
    return moments.mean[0] @ slopes, (inside + inside.T) / 2


def complaints(seed: int) -> Iterator[str]:
    parent = draw(seed)
    if parent.width > MAX_WIDTH:
        return
    model, told = parent.quiet_fit()
    if not model.converged_:
        yield f"{model.stop_reason_!r}, {told}"
        return
    known = {"fixed_mean": 0.0, "fixed_covariance": parent.covariance}
    limits = parent.lower, parent.upper
    right = GaussianGradientMLE(truncation_limits=limits, **known).fit_statistics(
        SufficientStatistics(1e4, parent.mean_inside, parent.covariance_inside)
    )
    shortfall = right.log_likelihood_ - model.log_likelihood_
    if shortfall > MAX_SHORTFALL:
        yield f"the parent is likelier, by {shortfall:.3g} nats a row, {told}"
