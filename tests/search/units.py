"""Searches for fits that differ if the same data are in another unit or have another origin.

A case is a sample that is tame in its own unit, of one likelihood and one family of covariances.
"""

import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from marks import FAMILIES
from search.hostile import magnitude, one_of

from skgauss import GaussianGradientMLE
from skgauss.likelihoods import NoMaximumError

KINDS = ["complete", "missing", "interval", "window", "window and gaps", "window and intervals"]


class Sample(NamedTuple):
    """Rows in their own unit; X_upper and limits are None if there are none."""

    X: np.ndarray
    X_upper: np.ndarray | None = None
    limits: tuple[np.ndarray, np.ndarray] | None = None

    def fit(
        self, unit=1.0, offset=0.0, sample_weight=None, **parameters: Any
    ) -> GaussianGradientMLE:
        """A model of the sample plus an offset, in its own unit, and then times `unit`."""
        X, X_upper, limits = (
            None if values is None else (np.array(values) + offset) * unit for values in self
        )
        if limits is not None:
            parameters["truncation_limits"] = tuple(limits)
        return GaussianGradientMLE(**parameters).fit(X, None, sample_weight, X_upper)


def draw(seed: int) -> tuple[Sample, float, dict[str, Any]]:
    """A sample, a unit, and the parameters of a fit."""
    rng = np.random.default_rng(seed)
    drawn = sample(one_of(rng, KINDS), int(rng.integers(1, 4)), rng)
    unit = float(magnitude(rng, *one_of(rng, [(-4, 4), (-30, 30)])))
    parameters = {
        "covariance_type": one_of(rng, FAMILIES),
        "solver": one_of(rng, ["natural", "natural", "newton", "gradient", "coordinate", "lbfgs"]),
        "parametrization": one_of(rng, ["scale", "log-scale", "covariance", "precision"]),
        "max_iter": 200,
    }
    return drawn, unit, parameters


def draw_far(seed: int) -> tuple[Sample, float, dict[str, Any]]:
    """A sample, an offset so large that the last digits of a mean matter, and parameters."""
    rng = np.random.default_rng(seed)
    d, n = int(rng.integers(1, 6)), one_of(rng, [30, 60, 200])
    drawn = sample(one_of(rng, KINDS), d, rng, n, one_of(rng, [0.1, 0.2, 0.4]))
    parameters = {
        "covariance_type": one_of(rng, FAMILIES),
        "solver": one_of(rng, ["natural", "newton"]),
    }
    return drawn, float(np.rint(magnitude(rng, 8, 13))), parameters


def sample(kind: str, d: int, rng: np.random.Generator, n: int = 200, share: float = 0.2) -> Sample:
    """Rows drawn near the standard normal, on a grid that float64 holds even far from zero.

    A `share` of the values is not known exactly, unless the kind is one of complete rows.
    """
    mixing = np.eye(d) + 0.5 * np.tri(d, k=-1)
    X = rng.standard_normal((20 * n, d)) @ mixing.T + 0.25
    lower, upper = np.full(d, -1.0), np.append(np.full(d - 1, 2.0), np.inf)
    X = np.ceil(X * 64) / 64
    if kind.startswith("window"):
        X = X[((lower < X) & (upper > X)).all(axis=1)]
    X = X[:n]
    hidden = rng.random(X.shape) < share
    limits = (lower, upper) if kind.startswith("window") else None
    if kind.endswith("intervals") or kind == "interval":
        low = np.where(hidden, np.floor(X * 2 - 1 / 64) / 2, X)
        return Sample(low, np.where(hidden, low + 0.5, X), limits)
    if kind.endswith("gaps") or kind == "missing":
        X = np.where(hidden, np.nan, X)
    return Sample(X, None, limits)


def complaints(seed: int) -> Iterator[str]:
    yield from of_a_unit(seed)
    yield from of_an_origin(seed)


def of_an_origin(seed: int) -> Iterator[str]:
    """Differences between fits of the same rows with and without a large offset.

    Nearly flat likelihoods are left out, since the last digits of a mean move their maximum far.
    """
    data, offset, parameters = draw_far(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            plain = data.fit(**parameters)
        except NoMaximumError:
            return
        flat = not plain.converged_ or is_flat(plain, len(data.X))
        model = data.fit(offset=offset, **parameters)
    if not flat and model.stop_reason_ != plain.stop_reason_:
        yield f"{model.stop_reason_!r}, and {plain.stop_reason_!r} nearby"
    elif not flat and not np.allclose(
        model.scale_, plain.scale_, rtol=1e-4 + 30 * np.spacing(offset)
    ):
        yield f"deviations {model.scale_}, and {plain.scale_} nearby"


def is_flat(model: GaussianGradientMLE, n: int) -> bool:
    """Whether the rows hold less than a thirtieth of n exact rows' information on some mean."""
    errors = model.standard_errors().mean * np.sqrt(n) / model.scale_
    return not (errors**2 < 30).all()


def of_a_unit(seed: int) -> Iterator[str]:
    """Differences between a fit in a unit and the default fit of the same rows."""
    data, unit, parameters = draw(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            plain = data.fit(covariance_type=parameters["covariance_type"])
        except NoMaximumError:
            return
        try:
            model = data.fit(unit, **parameters)
        except Exception as error:
            yield f"{type(error).__name__}: {error}"
            return
    free = parameters["solver"] in ("natural", "newton")
    if plain.converged_ and model.stop_reason_ == "unbounded":
        yield "'unbounded', and there is a maximum"
    elif free and model.stop_reason_ != plain.stop_reason_:
        yield f"{model.stop_reason_!r}, and {plain.stop_reason_!r} at unit 1"
    elif model.converged_ and not np.allclose(model.scale_ / unit, plain.scale_, rtol=1e-3):
        yield f"deviations {model.scale_ / unit}, and {plain.scale_} at unit 1"
