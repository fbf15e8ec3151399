"""Errors from the scores of the rows: against lavaan, moments of order four, repeated samples."""

from dataclasses import replace

import dask.array as da
import numpy as np
import pytest
from marks import each_family, exhaustive, simulation
from models import fitted
from numpy.testing import assert_allclose
from scipy.stats import norm

from skgauss import GaussianGradientMLE, GaussianOutlierDetector
from skgauss.datasets import load_airquality
from skgauss.inference import sandwich
from skgauss.rows import Block, Intervals

NAN = np.nan

# R 4.2.2, lavaan 0.6-14, airquality[1:4], all means, variances and covariances free,
# missing="fiml", se="robust.huber.white": of the covariances by row, and of the means.
OF_LAVAAN = np.array([
    170.7239528, 208.6562367, 11.30914761, 23.84953934, 679.709148, 27.78250031, 76.33429282,
    1.433826074, 2.88821325, 9.017895558, 2.747789899, 7.496354851, 0.2838854735, 0.7627168794,
])  # fmt: skip
# The same of na.omit(airquality[1:4]).
OF_COMPLETE_ROWS = np.array([
    186.4418589, 234.3907919, 12.89470379, 25.85184661, 808.7093923, 31.46843808, 87.05852641,
    1.798213208, 3.36779902, 9.859071002, 3.144155933, 8.612733391, 0.3361586617, 0.9004608955,
])  # fmt: skip


def heavy_tails(rng, n):
    """Of Student's t with five degrees, two features with a correlation of a half."""
    normal = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], n)
    return normal / np.sqrt(rng.chisquare(5, n) / 5)[:, None]


@pytest.mark.parametrize(("complete", "expected"), [(False, OF_LAVAAN), (True, OF_COMPLETE_ROWS)])
def test_what_lavaan_prints(complete, expected):
    X = load_airquality().data
    X = X[~np.isnan(X).any(axis=1)] if complete else X
    errors = fitted(X).standard_errors("sandwich", X)
    found = np.concatenate((errors.covariance[np.triu_indices(4)], errors.mean))
    assert_allclose(found, expected, rtol=1e-6)


def test_complete_data_in_closed_form(rng):
    """Estimates are moments, and their variances moments of the products of deviations."""
    X = heavy_tails(rng, 200)
    errors, n = fitted(X).standard_errors("sandwich", X), len(X)
    deviations = X - X.mean(axis=0)
    products = deviations[:, :, None] * deviations[:, None, :]
    assert_allclose(errors.mean, X.std(axis=0) / np.sqrt(n), rtol=1e-8)
    assert_allclose(errors.covariance, products.std(axis=0) / np.sqrt(n), rtol=1e-8)
    variances = products[:, [0, 1], [0, 1]].std(axis=0)
    assert_allclose(errors.scale, variances / np.sqrt(n) / (2 * X.std(axis=0)), rtol=1e-8)
    z = deviations / X.std(axis=0)
    correlation = np.mean(z[:, 0] * z[:, 1])
    influence = z[:, 0] * z[:, 1] - correlation * (z**2).sum(axis=1) / 2
    assert_allclose(errors.correlation[0, 1], np.sqrt(np.mean(influence**2) / n), rtol=1e-8)


def test_the_slope_of_a_regression_has_the_errors_of_white(rng):
    """HC0: the sum of x^2 e^2 over the square of the sum of x^2, x about its mean."""
    x = rng.standard_normal(150)
    X = np.column_stack((x, 2 * x + np.exp(x) * rng.standard_normal(150)))
    model = fitted(X)
    V = model.parameter_covariance("sandwich", X).to_numpy()
    (sx, sy), r = model.scale_, model.correlation_[0, 1]
    gradient = np.array([0, 0, -r * sy / sx**2, r / sx, sy / sx])
    slope, about = r * sy / sx, X - X.mean(axis=0)
    residuals = about[:, 1] - slope * about[:, 0]
    expected = (about[:, 0] ** 2 @ residuals**2) / (about[:, 0] @ about[:, 0]) ** 2
    assert gradient @ V @ gradient == pytest.approx(expected, rel=1e-8)


# -- scores


def incomplete_rows(rng):
    """Rows of three features that miss some, have some within intervals, or both, or neither."""
    X = rng.standard_normal((7, 3))
    X[1, 0] = X[2, :2] = X[3] = NAN
    lower, upper = X[2:].copy(), X[2:].copy()
    lower[2], upper[2] = [-np.inf, 0.3, -0.5], [0.2, np.inf, 0.5]
    lower[3, 1], upper[3, 1] = -1.0, -0.2
    lower[4, :2], upper[4, :2] = [-1.0, -np.inf], [0.5, np.inf]
    lower[np.isnan(lower)], upper[np.isnan(upper)] = -np.inf, np.inf
    X[2:] = np.where(lower == upper, lower, NAN)
    return Block(X, None, Intervals(np.arange(2, 7), lower, upper))


@each_family
def test_scores_are_derivatives_of_the_log_density(rng, covariance_type, correlated):
    gaussian = fitted(correlated, covariance_type)._gaussian
    family, block, step = gaussian.family, incomplete_rows(rng), 1e-5

    def log_densities(move):
        moved = family.retract(gaussian.mean, gaussian.factor, family.unpack_frame(move))
        return replace(gaussian, mean=moved[0], factor=moved[1]).log_densities(block)

    expected = [
        (log_densities(move) - log_densities(-move)) / (2 * step)
        for move in step * np.eye(family.n_parameters)
    ]
    assert_allclose(gaussian.scores(block), np.transpose(expected), atol=1e-8)


@each_family
@pytest.mark.parametrize("case", ["complete", "gaps", "intervals", "window", "window and gaps"])
def test_scores_add_up_to_the_gradient(rng, correlated, gappy, covariance_type, case):
    """The rows are those of the fit, which is asked before anything is said; others are refused."""
    X = correlated if case in ("complete", "window") else gappy
    X = (X - np.nanmean(X, axis=0)) / np.nanstd(X, axis=0)
    upper = np.where(X > 1, NAN, X) if case == "intervals" else None
    options = {"truncation_limits": (-6.0, None)} if "window" in case else {}
    weights = rng.integers(0, 3, len(X)).astype(float)
    model = fitted(X, covariance_type, weights, upper, **options)
    errors = model.standard_errors("sandwich", X, weights, upper)
    assert (errors.mean > 0).all()
    other = X + 1e-3
    for wrong in ((other, weights, None if upper is None else upper + 1e-3), (X, None, upper)):
        with pytest.raises(ValueError, match="not those of the fit"):
            model.standard_errors("sandwich", *wrong)
    rows = np.repeat(np.arange(len(X)), weights.astype(int))
    ends = None if upper is None else upper[rows]
    repeated = fitted(X[rows], covariance_type, None, ends, **options)
    of_repeats = repeated.standard_errors("sandwich", X[rows], X_upper=ends)
    for name, error in errors.items():
        assert_allclose(of_repeats[name], error, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize(("d", "weight"), [(4, 1000.0), pytest.param(5, 1.0, marks=exhaustive)])
def test_of_rows_at_limits_of_many_features(d, weight):
    """Rows of the model itself, whose integrals are on lattices, many of which are equal."""
    rng = np.random.default_rng(d)
    X = 0.8 * rng.standard_normal((1000, 1)) + 0.6 * rng.standard_normal((1000, d))
    weights = np.full(len(X), weight)
    model = fitted(X, "full", weights, censoring_limits=(0.5, None))
    errors, robust = model.standard_errors(), model.standard_errors("sandwich", X, weights)
    assert_allclose(robust.mean, errors.mean, rtol=0.1)
    assert_allclose(robust.scale, errors.scale, rtol=0.15)
    parts = da.from_array(X, chunks=(500, d)), da.from_array(weights, chunks=500)
    for name, error in model.standard_errors("sandwich", *parts).items():
        assert_allclose(error, robust[name], rtol=0.01, atol=1e-9)
    for wrong in (X + 0.05, X[rng.permutation(len(X))][:, ::-1], 1.02 * X):
        with pytest.raises(ValueError, match="not those of the fit"):
            model.standard_errors("sandwich", wrong, weights)


@pytest.mark.parametrize("limits", [[-0.3, np.nan, np.nan, np.nan], [-0.3] * 4])
def test_one_other_row_is_refused_beside_limits(rng, limits):
    """Only rows with four values in intervals have scores with an error, and it is small."""
    X = rng.standard_normal((1000, 4)) + rng.standard_normal((1000, 1))
    model = fitted(X, "full", None, censoring_limits=(limits, None))
    model.standard_errors("sandwich", X)
    other = X.copy()
    other[X[:, 0].argmax(), 1] += 3.0
    with pytest.raises(ValueError, match="not those of the fit"):
        model.standard_errors("sandwich", other)


@pytest.mark.parametrize("covariance_type", ["full", "diag"])
def test_of_a_window_the_scores_are_less_those_of_the_window(rng, covariance_type):
    """With many rows of the model itself the sandwich is what the information says."""
    X = rng.standard_normal((60_000, 2))
    X = X[(X > -0.5).all(axis=1)]
    model = fitted(X, covariance_type, truncation_limits=(-0.5, None))
    errors, robust = model.standard_errors(), model.standard_errors("sandwich", X)
    assert_allclose(robust.mean, errors.mean, rtol=0.05)
    assert_allclose(robust.scale, errors.scale, rtol=0.05)


@pytest.mark.parametrize("covariance_type", ["diag", "spherical"])
def test_of_a_window_what_independent_features_miss_says_nothing(rng, covariance_type):
    """The errors are those of the scores of the values that are known, each in its own window."""
    X = rng.standard_normal((400, 2))
    X = X[(X > -0.5).all(axis=1)]
    X[rng.random(X.shape) < 0.3] = NAN
    model = fitted(X, covariance_type, truncation_limits=(-0.5, None))

    def log_densities(mean, log_variance):
        gaussian = norm(mean, np.exp(log_variance / 2))
        return np.where(np.isnan(X), 0.0, gaussian.logpdf(X) - gaussian.logsf(-0.5))

    def total(parameters):
        return log_densities(parameters[:2], parameters[2:]).sum(axis=1)

    at = np.concatenate((model.mean_, np.atleast_1d(np.log(model.covariance_))))
    steps = 1e-4 * np.eye(len(at))
    scores = np.transpose([(total(at + s) - total(at - s)) / 2e-4 for s in steps])
    information = -np.array([
        [
            sum(i * j * total(at + i * s + j * t).sum() for i in (1, -1) for j in (1, -1)) / 4e-8
            for t in steps
        ]
        for s in steps
    ])  # fmt: skip
    inverse = np.linalg.inv(information)
    expected = np.sqrt(np.diag(inverse @ scores.T @ scores @ inverse))
    found = model.standard_errors("sandwich", X)
    assert_allclose(found.mean, expected[:2], rtol=1e-4)
    assert_allclose(found.covariance / model.covariance_, expected[2:].squeeze(), rtol=1e-4)


# -- how they are asked for


def test_blocks_and_dask(rng, gappy, monkeypatch):
    weights = rng.uniform(0.5, 2.0, len(gappy))
    model = fitted(gappy, "full", weights)
    whole = model.standard_errors("sandwich", gappy, weights)
    lazy = model.standard_errors(
        "sandwich", da.from_array(gappy, chunks=(17, 2)), da.from_array(weights, chunks=17)
    )
    monkeypatch.setattr(sandwich, "_SCORES_AT_ONCE", 50)
    for other in (lazy, model.standard_errors("sandwich", gappy, weights)):
        for name, error in whole.items():
            assert_allclose(other[name], error, rtol=1e-9)


@each_family
def test_tables_intervals_and_covariances_take_it(rng, gappy, covariance_type):
    model = fitted(gappy, covariance_type)
    table, plain = model.summary(method="sandwich", X=gappy), model.summary()
    errors = model.standard_errors("sandwich", gappy)
    ends = model.confidence_intervals(method="sandwich", X=gappy)
    assert_allclose(table["std_error"][:3], errors.mean)
    assert_allclose(table.loc[table.index[:3], ["lower", "upper"]], ends.mean)
    assert_allclose(table["z"][:3], model.mean_ / errors.mean)
    assert (table["missing_information"] == plain["missing_information"]).all()
    V = model.parameter_covariance("sandwich", gappy)
    assert_allclose(np.sqrt(np.diag(V)), table["std_error"])
    assert "by method='sandwich'" in repr(table)


def test_rows_go_with_the_sandwich_alone(gappy):
    model = fitted(gappy)
    for ask in (model.standard_errors, model.confidence_intervals, model.parameter_covariance):
        with pytest.raises(ValueError, match="pass X"):
            ask(method="sandwich")
        with pytest.raises(ValueError, match="Only method='sandwich' takes X"):
            ask(X=gappy)
        with pytest.raises(ValueError, match="got 'bootstrap'"):
            ask(method="bootstrap")


@simulation
@pytest.mark.parametrize("gaps", [0.0, 0.3])
def test_coverage_where_tails_are_heavy(gaps):
    """Of t with five degrees the information promises 95 percent of the scales, and covers 73."""
    rng = np.random.default_rng(0)
    truth = np.array([0.0, np.sqrt(5 / 3), 0.5])
    covered = {"wald": np.zeros(3), "sandwich": np.zeros(3)}
    repeats = 500
    for _ in range(repeats):
        X = heavy_tails(rng, 1000)
        X[rng.random(X.shape) < gaps] = NAN
        model = GaussianGradientMLE().fit(X)
        for method, count in covered.items():
            rows = {"X": X} if method == "sandwich" else {}
            table = model.summary(method=method, **rows).iloc[[0, 2, 4]]
            count += (table["lower"] < truth) & (truth < table["upper"])
    wald, robust = (count / repeats for count in covered.values())
    assert (np.abs(robust - 0.95) < 0.03).all()
    assert wald[1] < 0.8


@pytest.mark.filterwarnings("ignore:With support_fraction")
def test_rows_of_a_robust_fit_are_not_to_be_had(rng):
    X = rng.standard_normal((100, 2))
    X[:20] += 9
    robust = GaussianOutlierDetector(support_fraction="auto").fit(X)
    for rows in (X, X[robust.support_]):
        with pytest.raises(ValueError, match=r"another method, or fit .* to X\[support_\]"):
            robust.standard_errors("sandwich", rows)
    kept = X[robust.support_]
    errors = fitted(kept).standard_errors("sandwich", kept)
    assert_allclose(errors.mean, robust.standard_errors().mean, rtol=0.2)
