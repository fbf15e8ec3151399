"""Fits with a known mean or covariance: the free parameters must be at their maximum.

A case is a sample of one likelihood, a family of covariances, and the parameter that is known: its
estimate from the data, or a value near it.
"""

from typing import Any, NamedTuple

import numpy as np
from marks import FAMILIES
from oracles import as_matrix
from search.hostile import one_of
from search.units import KINDS, Sample, sample

FREE = [
    {"fixed_mean": "mean_"},
    {"fixed_covariance": "covariance_"},
]


class Case(NamedTuple):
    """A sample, the parameters of a fit, and how far the known one is from its estimate."""

    sample: Sample
    parameters: dict[str, Any]
    known: dict[str, str]
    away: float


def draw(seed: int) -> Case:
    """A random case."""
    rng = np.random.default_rng(seed)
    drawn = sample(one_of(rng, KINDS), int(rng.integers(1, 4)), rng, n=int(rng.integers(40, 200)))
    solver = one_of(rng, ["natural", "natural", "newton", "gradient", "coordinate", "lbfgs"])
    parameters = {
        "covariance_type": one_of(rng, FAMILIES),
        "solver": solver,
        "parametrization": one_of(rng, ["scale", "log-scale", "covariance", "precision"]),
        "tol": 1e-7,
    }
    return Case(drawn, parameters, one_of(rng, FREE), float(one_of(rng, [0.0, 0.1, 0.3])))


def known_of(case: Case, free: Any) -> dict[str, Any]:
    """The fixed parameter, from a fit in which it is free."""
    ((name, attribute),) = case.known.items()
    value, away = getattr(free, attribute), case.away
    return {name: value + away * free.scale_ if name == "fixed_mean" else value * (1 + away)}


def higher_beside(case: Case, model: Any, rng: np.random.Generator) -> float:
    """The most nats that the likelihood gains over the fit at random points near it.

    These points have the fit's known parameter.
    """
    d = len(model.mean_)
    chosen = {"covariance_type": case.parameters["covariance_type"]}
    gains = []
    for _ in range(4):
        mean, covariance = model.mean_, np.asarray(model.covariance_)
        if "fixed_mean" in case.known:
            mixing = np.exp(0.01 * rng.standard_normal(covariance.shape))
            if covariance.ndim == 2:
                mixing = np.eye(d) + 0.01 * rng.standard_normal((d, d))
                covariance = mixing @ covariance @ mixing.T
                covariance = (covariance + covariance.T) / 2
            else:
                covariance = covariance * mixing
        else:
            root = np.linalg.cholesky(as_matrix(covariance, d))
            mean = mean + 0.01 * root @ rng.standard_normal(d)
        fixed = {"fixed_mean": mean, "fixed_covariance": covariance}
        gains.append(case.sample.fit(**chosen, **fixed).log_likelihood_ - model.log_likelihood_)
    return max(gains)


def complaints(seed: int) -> Any:
    """Complaints about a fit with a known parameter."""
    case = draw(seed)
    family = {"covariance_type": case.parameters["covariance_type"], "tol": 1e-7}
    free = case.sample.fit(**family)
    if not free.converged_:
        return
    known = known_of(case, free)
    model = case.sample.fit(**case.parameters, **known)
    ((name, value),) = known.items()
    if not model.converged_:
        yield f"{model.stop_reason_!r}, though the data alone have a maximum"
        return
    if not np.array_equal(getattr(model, case.known[name]), value):
        yield "what is known has moved"
    if model.log_likelihood_ > free.log_likelihood_ + 1e-9:
        yield "likelier than with nothing known"
    if case.away == 0 and model.log_likelihood_ < free.log_likelihood_ - 1e-9:
        yield "less likely than with nothing known, which is the same"
    if higher_beside(case, model, np.random.default_rng(seed)) > 1e-9:
        yield "no maximum: higher beside it"
