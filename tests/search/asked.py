"""What a fitted Gaussian is asked, of rows in any unit: densities, imputations, laws, draws.

The answers are held against sums over a fine grid of what is hidden, in units of deviations.
"""

import warnings
from collections.abc import Iterator

import numpy as np
from scipy.special import log_ndtr, logsumexp
from search.hostile import magnitude, one_of
from search.units import FAMILIES, KINDS, Sample, sample

from skgauss import GaussianGradientMLE, GaussianImputer
from skgauss.likelihoods import NoMaximumError

Array = np.ndarray
CLOSE = 1e-7  # nats, or deviations, by which an answer may be off
NODES, WEIGHTS = np.polynomial.legendre.leggauss(200)
FAR = 12.0  # deviations about the likeliest point beyond which nothing counts
MOST_HIDDEN = 2  # values in an interval that the grid has room for
N_DRAWS = 4000
UNLIKELY = 6.0  # standard errors of a mean of draws


def draw(seed: int) -> tuple[Sample, Array, float, str]:
    """A sample, a unit for each feature, an origin, and a family of covariances."""
    rng = np.random.default_rng(seed)
    d = int(rng.integers(1, 4))
    drawn = sample(one_of(rng, KINDS), d, rng, int(rng.integers(40, 120)))
    units = magnitude(rng, *one_of(rng, [(0, 0), (-3, 3), (-30, 30), (-100, 100)]), d)
    family = one_of(rng, FAMILIES)
    if family == "spherical":
        units[:] = units[0]
    return drawn, units, one_of(rng, [0.0, 0.0, 1e3]), family


class Law:
    """A Gaussian in units of its deviations, about its mean, within a window or not."""

    def __init__(self, model: GaussianGradientMLE, limits: tuple[Array, Array] | None):
        self.mean, self.unit = model.mean_, model.scale_
        self.correlation = np.array(model.correlation_)
        d = len(self.mean)
        open_ends = np.full(d, -np.inf), np.full(d, np.inf)
        self.limits = tuple(map(self.seen, limits or open_ends))
        self.within = limits is not None
        whole = np.full(d, -np.inf), np.full(d, np.inf)
        self.log_window = self.hidden(*self.cut(*whole))[0] if self.within and d <= 2 else None

    def seen(self, X: Array) -> Array:
        return (X - self.mean) / self.unit

    def cut(self, lower: Array, upper: Array) -> tuple[Array, Array]:
        """What is left of a row within the window; its exact values are."""
        return np.maximum(lower, self.limits[0]), np.minimum(upper, self.limits[1])

    def hidden(self, lower: Array, upper: Array) -> tuple[float, Array, Array] | None:
        """The log-likelihood of a row, and means and deviations of all its values.

        None where more is hidden than the grid has room for.
        """
        exact = np.flatnonzero(lower == upper)
        free = np.flatnonzero(np.isinf(lower) & np.isinf(upper) & (lower < upper))
        boxed = np.setdiff1d(np.arange(len(lower)), np.union1d(exact, free))
        if len(boxed) > MOST_HIDDEN:
            return None
        r = self.correlation
        value = _log_density(lower[exact], r[np.ix_(exact, exact)])
        points, log_weight = _grid(boxed, exact, lower, upper, r)
        total = logsumexp(log_weight)
        share = np.exp(log_weight - total)
        known = np.concatenate((exact, boxed))
        rows = np.hstack((np.tile(lower[exact], (len(points), 1)), points))
        slopes = np.linalg.solve(r[np.ix_(known, known)], r[np.ix_(known, free)])
        left = r[np.ix_(free, free)] - r[np.ix_(free, known)] @ slopes
        rows = np.hstack((rows, rows @ slopes))
        order = np.argsort(np.concatenate((known, free)))
        mean = share @ rows
        variance = share @ (rows - mean) ** 2
        variance[len(known) :] += left.diagonal()
        return value + total, mean[order], np.sqrt(variance)[order]


def _log_density(z: Array, correlation: Array) -> float:
    if not len(z):
        return 0.0
    _, log_det = np.linalg.slogdet(correlation)
    squares = z @ np.linalg.solve(correlation, z)
    return float(-(len(z) * np.log(2 * np.pi) + log_det + squares) / 2)


def _nodes(low: float, high: float, peak: float, scale: float) -> tuple[Array, Array]:
    """Nodes and log-weights on the part of an interval that counts about its likeliest point."""
    nearest = min(max(peak, low), high)
    away = abs(nearest - peak) / scale
    reach = FAR * scale / (1.0 + away / 3.0)  # a tail that far falls off that much faster
    low, high = max(low, nearest - reach), min(high, nearest + reach)
    return low + (high - low) * (NODES + 1) / 2, np.log(WEIGHTS * (high - low) / 2)


def _grid(boxed: Array, exact: Array, lower: Array, upper: Array, r: Array) -> tuple[Array, Array]:
    """Points of what is in intervals, (n, k), and their log-weights, given the rest."""
    if not len(boxed):
        return np.empty((1, 0)), np.zeros(1)
    slopes = np.linalg.solve(r[np.ix_(exact, exact)], r[np.ix_(exact, boxed)])
    mean = lower[exact] @ slopes
    covariance = r[np.ix_(boxed, boxed)] - r[np.ix_(boxed, exact)] @ slopes
    low, high = lower[boxed], upper[boxed]
    if len(boxed) == 1:
        scale = np.sqrt(covariance[0, 0])
        x, log_w = _nodes(low[0], high[0], mean[0], scale)
        return x[:, None], log_w + _log_normal(x, mean[0], scale)
    first = np.sqrt(covariance[0, 0])
    slope = covariance[0, 1] / covariance[0, 0]
    second = np.sqrt(covariance[1, 1] - slope * covariance[0, 1])
    points, weights = [], []
    peak = _likeliest(low, high, mean, covariance)
    x, log_w = _nodes(low[0], high[0], peak, first)
    for each, weight in zip(x, log_w + _log_normal(x, mean[0], first), strict=True):
        centre = mean[1] + slope * (each - mean[0])
        y, log_v = _nodes(low[1], high[1], centre, second)
        points.append(np.column_stack((np.full_like(y, each), y)))
        weights.append(weight + log_v + _log_normal(y, centre, second))
    return np.vstack(points), np.concatenate(weights)


def _likeliest(low: Array, high: Array, mean: Array, covariance: Array) -> float:
    """Where the first of two is likeliest, on a grid."""
    first = np.sqrt(covariance[0, 0])
    slope = covariance[0, 1] / covariance[0, 0]
    second = np.sqrt(covariance[1, 1] - slope * covariance[0, 1])
    x = np.linspace(max(low[0], mean[0] - 60 * first), min(high[0], mean[0] + 60 * first), 20001)
    centre = mean[1] + slope * (x - mean[0])
    below, above = (low[1] - centre) / second, (high[1] - centre) / second
    mirrored = below > -above
    below, above = np.where(mirrored, -above, below), np.where(mirrored, -below, above)
    with np.errstate(divide="ignore", invalid="ignore"):
        inside = log_ndtr(above) + np.log1p(-np.exp(log_ndtr(below) - log_ndtr(above)))
    terms = np.nan_to_num(inside, nan=-np.inf) - ((x - mean[0]) / first) ** 2 / 2
    return float(x[np.argmax(terms)])


def _log_normal(x: Array, mean: float, scale: float) -> Array:
    return -(((x - mean) / scale) ** 2) / 2 - np.log(scale) - np.log(2 * np.pi) / 2


def ends_of(data: Sample) -> tuple[Array, Array]:
    """Lower and upper ends of all values, infinite both where nothing is known."""
    upper = data.X if data.X_upper is None else data.X_upper
    lower = np.where(np.isnan(data.X), -np.inf, data.X)
    return lower, np.where(np.isnan(upper), np.inf, upper)


def far_rows(seen: Sample, law: Law, seed: int) -> Sample:
    """Rows some of whose values lie far out, in intervals of all widths, by features of the law."""
    rng = np.random.default_rng(seed)
    n, d = 70, len(law.mean)
    centre = rng.standard_normal((n, d)) * magnitude(rng, -1, 1.5, (n, 1))
    kind = rng.integers(5, size=(n, d))
    width = magnitude(rng, -6, 2, (n, d))
    lower = np.where(kind == 1, -np.inf, centre)
    upper = np.where(kind == 2, np.inf, np.where(kind == 3, centre + width, centre))
    lower, upper = (np.where(kind == 4, np.nan, each) for each in (lower, upper))
    return Sample(*(law.mean + law.unit * each for each in (lower, upper)))


def complaints(seed: int) -> Iterator[str]:
    data, units, offset, family = draw(seed)
    X, X_upper, limits = (None if e is None else (np.array(e) + offset) * units for e in data)
    seen = Sample(X, X_upper, None if limits is None else tuple(limits))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            model = seen.fit(covariance_type=family)
        except NoMaximumError:
            return
        if not model.converged_:
            return
        law = Law(model, seen.limits)
        yield from of_rows(seen, model, law)
        if data.limits is None:
            yield from of_rows(far_rows(seen, law, seed), model, law)
        yield from of_chunks(seen, model, family, seed)
        yield from of_laws(model, seed)
        yield from of_draws(seen, model, law)
        if family != "spherical":
            yield from of_an_imputer(data, seen, units, offset, family)


def of_rows(seen: Sample, model: GaussianGradientMLE, law: Law) -> Iterator[str]:
    """Densities and imputations of the rows."""
    lower, upper = ends_of(seen)
    density = model.score_samples(seen.X, X_upper=seen.X_upper)
    filled, spread = model.impute(seen.X, return_std=True, X_upper=seen.X_upper)
    by_log = np.log(law.unit)
    for i in range(0, len(lower), 7):
        low, high = law.seen(lower[i]), law.seen(upper[i])
        exact = low == high
        told = law.hidden(*law.cut(low, high))
        if told is None or (law.within and law.log_window is None):
            continue
        value, mean, deviation = told
        value -= by_log[exact].sum() + (law.log_window if law.within else 0.0)
        if np.isinf(lower[i]).all() and np.isinf(upper[i]).all():
            value = 0.0
        rounding = 10 * np.abs(by_log).sum() * 1e-16
        if not abs(density[i] - value) < CLOSE + rounding:
            yield f"row {i}: log-density {density[i]!r} for {value!r}"
        if not np.abs(law.seen(filled[i]) - mean).max() < CLOSE:
            yield f"row {i}: filled in {law.seen(filled[i])} for {mean}"
        if not np.abs(spread[i] / law.unit - deviation).max() < CLOSE * 10:
            yield f"row {i}: deviations {spread[i] / law.unit} for {deviation}"
    if not np.isclose(model.score(seen.X, X_upper=seen.X_upper), density.mean(), rtol=1e-9):
        yield "score is not the mean of score_samples"


def of_chunks(seen: Sample, model: GaussianGradientMLE, family: str, seed: int) -> Iterator[str]:
    """The same rows in chunks."""
    rng = np.random.default_rng(seed)
    ends = np.sort(rng.integers(1, len(seen.X), 2))
    parts = GaussianGradientMLE(covariance_type=family, truncation_limits=seen.limits)
    for rows in np.split(np.arange(len(seen.X)), ends):
        if len(rows):
            upper = None if seen.X_upper is None else seen.X_upper[rows]
            parts.partial_fit(seen.X[rows], X_upper=upper)
    if parts.stop_reason_ != model.stop_reason_:
        yield f"in chunks {parts.stop_reason_!r}, at once {model.stop_reason_!r}"
    elif not np.allclose(parts.scale_, model.scale_, rtol=1e-4):
        yield f"in chunks {parts.scale_}, at once {model.scale_}"


def of_laws(model: GaussianGradientMLE, seed: int) -> Iterator[str]:
    """The density of all is that of some times that of the others given these."""
    d = len(model.mean_)
    if d < 2 or model.truncation_limits is not None:
        return
    rng = np.random.default_rng(seed)
    rows = model.mean_ + model.scale_ * 3 * rng.standard_normal((5, d))
    known = sorted(rng.choice(d, int(rng.integers(1, d)), replace=False).tolist())
    others = [j for j in range(d) if j not in known]
    some = model.marginal(known).score_samples(rows[:, known])
    both = model.score_samples(rows)
    for row, one, all_of in zip(rows, some, both, strict=True):
        given = model.conditional(dict(zip(known, row[known].tolist(), strict=True)))
        found = one + given.score_samples(row[None, others])[0]
        if not np.isclose(found, all_of, rtol=1e-9, atol=1e-8):
            yield f"marginal and conditional give {found!r}, both together {all_of!r}"


def of_draws(seen: Sample, model: GaussianGradientMLE, law: Law) -> Iterator[str]:
    """Means and squares of draws; those through a window lie inside."""
    draws = law.seen(model.sample(N_DRAWS, random_state=0))
    if not (np.abs(draws.mean(axis=0)) < UNLIKELY / np.sqrt(N_DRAWS)).all():
        yield f"draws have means {draws.mean(axis=0)}"
    excess = draws.T @ draws / N_DRAWS - law.correlation
    if not (np.abs(excess) < UNLIKELY * np.sqrt(2 / N_DRAWS)).all():
        yield f"draws have products {excess} off"
    if seen.limits is not None:
        inside = model.sample(N_DRAWS, random_state=0, truncated=True)
        if not ((inside >= seen.limits[0]) & (inside <= seen.limits[1])).all():
            yield "draws outside the window"
        if law.log_window is not None:
            whole = np.full(len(law.mean), -np.inf), np.full(len(law.mean), np.inf)
            _, mean, deviation = law.hidden(*law.cut(*whole))
            off = (law.seen(inside).mean(axis=0) - mean) / deviation * np.sqrt(N_DRAWS)
            if not (np.abs(off) < UNLIKELY).all():
                yield f"draws through the window have means {off} standard errors off"


def of_an_imputer(
    data: Sample, seen: Sample, units: Array, offset: float, family: str
) -> Iterator[str]:
    """A table filled in at unit 1, and in another unit."""
    plain, other = (
        GaussianImputer(covariance_type=family, truncation_limits=each.limits).fit(
            each.X, X_upper=each.X_upper
        )
        for each in (data, seen)
    )
    expected = plain.transform(data.X, X_upper=data.X_upper)
    found = other.transform(seen.X, X_upper=seen.X_upper) / units - offset
    if plain.stop_reason_ != other.stop_reason_:
        yield f"an imputer stops as {other.stop_reason_!r}, at unit 1 as {plain.stop_reason_!r}"
    elif plain.converged_ and not np.allclose(found, expected, rtol=1e-4, atol=1e-4):
        yield f"imputed values differ by {np.abs(found - expected).max()}"
