"""Searches for errors, intervals and tests that another way to compute them contradicts.

A case is a sample of one likelihood and one family, perhaps with weights, rows that show nothing or
a known parameter. Errors scale with the unit, no matter the origin; weights times c divide them by
the root of c; and second differences of the likelihood give the same errors.
"""

import warnings
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np
from search.hostile import one_of
from search.units import FAMILIES, KINDS, Sample, sample

from skgauss import GaussianGradientMLE, likelihood_ratio_test, mcar_test
from skgauss.likelihoods import NoMaximumError

CLOSE = 1e-3  # relative tolerance of errors and of widths of intervals
STEP = 1e-3  # step of second differences, in standard deviations


class Case(NamedTuple):
    """A sample, the weights of its rows, a family, the known parameter, and how to transform it."""

    sample: Sample
    weights: np.ndarray
    family: str
    known: str
    unit: float
    offset: float
    scale: float

    def __str__(self) -> str:
        return (
            f"{self.sample.X.shape}, {self.family}, {self.known or 'nothing'} known, "
            f"unit {self.unit:.3g}, offset {self.offset:.3g}, weights times {self.scale:.3g}"
        )


class Seen(NamedTuple):
    """Rows in a unit and from an origin, with weights, and the parameters of a fit."""

    X: np.ndarray
    X_upper: np.ndarray | None
    weights: np.ndarray
    parameters: dict[str, Any]

    def fit(self, **more: Any) -> GaussianGradientMLE:
        model = GaussianGradientMLE(**self.parameters | more)
        return model.fit(self.X, sample_weight=self.weights, X_upper=self.X_upper)


def draw(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    d = int(rng.integers(1, 4))
    drawn = sample(one_of(rng, KINDS), d, rng, n=int(rng.integers(60, 160)))
    if drawn.X_upper is None and rng.random() < 0.3:
        drawn.X[: rng.integers(1, 5)] = np.nan
    weights = rng.integers(1, 4, len(drawn.X)).astype(float)
    return Case(
        drawn,
        one_of(rng, [np.ones_like(weights), weights]),
        one_of(rng, FAMILIES),
        one_of(rng, ["", "", "fixed_mean", "fixed_covariance"]),
        2.0 ** one_of(rng, [0, int(rng.integers(-99, 100))]),
        float(one_of(rng, [0, 2 ** int(rng.integers(0, 34))])),
        one_of(rng, [1.0, 10.0 ** rng.uniform(-3, 12)]),
    )


def seen(case: Case, unit: float, offset: float, scale: float) -> Seen:
    """The case in a unit, with an offset, and with all weights times `scale`."""
    X, X_upper, limits = (
        None if each is None else (np.array(each) + offset) * unit for each in case.sample
    )
    parameters: dict[str, Any] = {"covariance_type": case.family, "tol": 1e-7}
    if limits is not None:
        parameters["truncation_limits"] = tuple(limits)
    if case.known == "fixed_mean":
        parameters["fixed_mean"] = (0.25 + offset) * unit
    if case.known == "fixed_covariance":
        d = case.sample.X.shape[1]
        known = {"full": np.eye(d) + 0.25, "diag": np.full(d, 1.25), "spherical": 1.25}
        parameters["fixed_covariance"] = known[case.family] * unit**2
    return Seen(X, X_upper, case.weights * scale, parameters)


def answers(here: Seen) -> dict[str, Any] | None:
    """All results of inference, without unit and origin, or why the fit has no maximum."""
    try:
        model = here.fit()
    except ValueError as error:
        return {"refused": str(error).split(":")[0]}
    if not model.converged_:
        return {"stopped": model.stop_reason_}
    unit = model.scale_
    found: dict[str, Any] = {}
    for method, rows in (("observed", ()), ("sandwich", (here.X, here.weights, here.X_upper))):
        errors = model.standard_errors(method, *rows)
        found |= {f"{method} {name}": each for name, each in _without(unit, errors).items()}
        table = model.parameter_covariance(method, *rows).to_numpy()
        found[f"{method} table"] = np.sqrt(np.diag(table))[: len(unit)] / unit
    for method, rows in (
        ("wald", ()),
        ("profile", ()),
        ("sandwich", (here.X, here.weights, here.X_upper)),
    ):
        ends = model.confidence_intervals(method=method, **_named(rows))
        ends = {name: np.array(each) for name, each in ends.items()}
        ends["mean"] = ends["mean"] - model.mean_[:, None]
        found |= {f"{method} ends of {name}": e for name, e in _without(unit, ends).items()}
    return found


def _named(rows):
    return dict(zip(("X", "sample_weight", "X_upper"), rows, strict=False))


def _without(unit, numbers):
    """Means and scales divided by the standard deviations, and correlations unchanged."""
    found = {}
    for name in ("mean", "scale", "correlation"):
        if name in numbers:
            each = np.asarray(numbers[name])
            by = 1.0 if name == "correlation" else unit.reshape(-1, *(1,) * (each.ndim - 1))
            found[name] = each / by
    return found


def tests_of(here: Seen) -> dict[str, float]:
    """Statistics of tests: of no correlation, of a known mean, of missing completely at random."""
    parameters = here.parameters
    nested: list[tuple[dict[str, Any], dict[str, Any]]] = []
    correlated = parameters["covariance_type"] == "full" and here.X.shape[1] > 1
    if correlated and "fixed_covariance" not in parameters:
        nested.append(({"covariance_type": "diag"}, {}))
    if "fixed_mean" in parameters:
        nested.append(({}, {"fixed_mean": None}))
    found = {}
    for smaller, larger in nested:
        with suppress(NoMaximumError):
            models = here.fit(**smaller), here.fit(**larger)
            if all(model.converged_ for model in models):
                found[f"ratio {smaller}"] = likelihood_ratio_test(*models).statistic
    with suppress(ValueError):
        found["mcar"] = mcar_test(here.fit()).statistic
    return found


class Differences:
    """The log-likelihood of all rows as a function of steps from a maximum, (n_parameters,).

    Free parameters are means in standard deviations, log scales, and Fisher's z of correlations.
    """

    def __init__(self, here: Seen, model: GaussianGradientMLE):
        self.here, self.model, self.d = here, model, len(model.mean_)
        self.pairs = np.triu_indices(self.d, 1 if np.ndim(model.covariance_) == 2 else self.d)
        self.n_scales = self.d if np.ndim(model.covariance_) else 1
        sizes = [self.d, self.n_scales, len(self.pairs[0])]
        free = [here.parameters.get("fixed_mean") is None]
        free += 2 * [here.parameters.get("fixed_covariance") is None]
        self.free = np.repeat(free, sizes)

    def value(self, step: np.ndarray) -> float:
        """The log-likelihood of all rows together after a step, in nats."""
        moved = np.zeros(len(self.free))
        moved[self.free] = step
        mean, scale, z = np.split(moved, [self.d, self.d + self.n_scales])
        model = self.model
        mean, scale = model.mean_ + model.scale_ * mean, model.scale_ * np.exp(scale)
        r = np.eye(self.d)
        r[self.pairs] = np.tanh(np.arctanh(model.correlation_[self.pairs]) + z)
        r = np.maximum(np.abs(r), np.abs(r.T)) * np.where(r != 0, np.sign(r), np.sign(r.T))
        covariance = {0: scale[0] ** 2, 1: scale**2, 2: np.outer(scale, scale) * r}
        known = {"fixed_mean": mean, "fixed_covariance": covariance[np.ndim(model.covariance_)]}
        weight = float(self.here.weights.sum())
        return weight * self.here.fit(**known).log_likelihood_

    def errors(self) -> np.ndarray:
        """The standard errors of the free parameters, by central differences."""
        k = int(self.free.sum())
        steps = STEP * np.eye(k)
        matrix = np.empty((k, k))
        for i in range(k):
            for j in range(i + 1):
                corners = [
                    s * t * self.value(s * steps[i] + t * steps[j])
                    for s in (1, -1)
                    for t in (1, -1)
                ]
                matrix[i, j] = matrix[j, i] = -sum(corners) / (4 * STEP**2)
        return np.sqrt(np.diag(np.linalg.inv(matrix)))


def complaints(seed: int) -> Any:
    """Complaints about results of inference that another way to compute them contradicts."""
    case = draw(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", RuntimeWarning)
        plain = seen(case, 1.0, 0.0, 1.0)
        moved = seen(case, case.unit, case.offset, case.scale)
        beside = seen(case, 1.0, 0.0, case.scale)
        one, two, three = map(answers, (plain, moved, beside))
        yield from _compared("in another unit", two, three, case)
        errors = [{n: e for n, e in each.items() if "ends" not in n} for each in (one, three)]
        if "stopped" not in one and "refused" not in one:
            errors[1] = {
                n: e * np.sqrt(case.scale) if np.ndim(e) else e for n, e in errors[1].items()
            }
            yield from _compared("with other weights", *errors, case)
            if case.sample.X.shape[1] < 3 and seed % 4 == 0:
                yield from _against_differences(plain)
        first, second = tests_of(moved), tests_of(plain)
        for name in first.keys() & second.keys():
            if not np.isclose(
                first[name], case.scale * second[name], rtol=CLOSE, atol=1e-6 * case.scale
            ):
                yield f"test {name}: {first[name]} for {case.scale * second[name]}"


def _against_differences(here: Seen) -> Any:
    model = here.fit()
    ways = Differences(here, model)
    if not ways.free.any():
        return
    errors = model.standard_errors()
    z = np.atleast_2d(errors.get("correlation", np.zeros((1, 1))))[ways.pairs]
    z = z / (1 - model.correlation_[ways.pairs] ** 2)
    scale = (errors.scale / model.scale_)[: ways.n_scales]
    said = np.concatenate((errors.mean / model.scale_, scale, z))[ways.free]
    found = ways.errors()
    if not np.allclose(said, found, rtol=0.01):
        yield f"errors are {said}, and by differences {found}"


def _compared(how: str, found: dict[str, Any], expected: dict[str, Any], case: Case) -> Any:
    if found.keys() != expected.keys():
        yield f"{how} {list(found.items())[:1]} for {list(expected.items())[:1]}"
        return
    blur = 4 * np.spacing(case.offset) * np.sqrt(case.scale * case.weights.sum())
    for name, right in expected.items():
        if isinstance(right, str):
            if found[name] != right:
                yield f"{how} {name} {found[name]!r} for {right!r}"
            continue
        same = (found[name] == right) | (np.isnan(found[name]) & np.isnan(right))
        with np.errstate(invalid="ignore"):  # the difference of infinite ends is NaN
            width = np.abs(np.diff(right, axis=-1)) if "ends" in name else np.abs(right)
            width = np.where(np.isnan(width), np.abs(right), width)  # if an end was not found
            off = np.abs(found[name] - right)
            if not (same | (off <= (CLOSE + blur) * width)).all():
                yield f"{how} {name} {found[name]} for {right}"
