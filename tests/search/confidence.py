"""Searches for profile intervals that do not change with unit and offset as they must.

The ends in another unit and from another origin follow from those of the same data in their own. If
the weight of the rows is large, the likelihood is a parabola, and Wald's ends are right. An end
that was not found is NaN, with a warning, and is not compared.
"""

import warnings

import numpy as np
from search.hostile import magnitude, one_of
from sklearn.exceptions import ConvergenceWarning

from skgauss import GaussianGradientMLE

CLOSE = 1e-3  # tolerance, as a share of half the width of an interval


def draw(rng):
    """Rows, perhaps with gaps or with two features never together, and the weight of each row."""
    n, d = int(rng.integers(20, 200)), int(rng.integers(1, 5))
    X = rng.standard_normal((n, d)) @ rng.standard_normal((d, d))
    first = rng.random((n, 1)) < 0.5
    apart = np.hstack((first, ~first, np.zeros((n, d)) > 0))[:, :d]
    anywhere = rng.random((n, d)) < 0.3
    X = np.where(one_of(rng, [np.zeros((n, d)) > 0, anywhere, anywhere, apart]), np.nan, X)
    return X, one_of(rng, [1.0, magnitude(rng, -4, 14)])


def profile(X, weight, covariance_type):
    """The model, its profile intervals and Wald's intervals; None if a ValueError stops either."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        warnings.simplefilter("ignore", UserWarning)
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = GaussianGradientMLE(covariance_type=covariance_type, tol=1e-8, max_iter=3000)
        try:
            model.fit(X, sample_weight=np.full(len(X), weight))
            ends = model.confidence_intervals(method="profile")
            return model, ends, model.confidence_intervals()
        except ValueError:
            return None


def complaints(seed):
    rng = np.random.default_rng(seed)
    X, weight = draw(rng)
    covariance_type = one_of(rng, ["full", "full", "diag", "spherical"])
    found = profile(X, weight, covariance_type)
    if found is None:
        return
    model, ends, wald = found
    unit, offset = magnitude(rng, -20, 20), one_of(rng, [0.0, magnitude(rng, 0, 9)])
    moved = profile((X + offset) * unit, weight, covariance_type)
    if moved is None:
        return
    seen = {"mean": moved[1].mean / unit - offset, "scale": moved[1].scale / unit}
    blur = max(4 * np.spacing(offset), 0.0) / model.scale_.min()
    for name, values in seen.items():
        width = np.diff(ends[name]) / 2
        with np.errstate(invalid="ignore"):  # the difference of infinite ends is NaN
            off = np.abs(values - ends[name]) / width
        limit = CLOSE + blur * np.sqrt(weight * len(X)) * 10
        if (off > limit).any():
            yield f"in other units an end of a {name} is {np.nanmax(off):.2g} half widths away"
    if weight * len(X) > 1e8:
        width = np.diff(wald.scale) / 2
        shift = model.natural_gradient_norm_ * np.sqrt(weight * len(X))
        off = np.abs(ends.scale - wald.scale) / width
        if (off > 10 * shift + 0.01).any():
            yield f"ends of scales are {np.nanmax(off):.2g} half widths from Wald's"
