"""Missing values: the exact maximum, whatever the pattern, the unit, the solver."""

import warnings
from functools import lru_cache

import numpy as np
import pandas as pd
import pytest
from counting import count_calls
from marks import each_family, exhaustive, pairwise
from models import fit_quietly, with_gaps
from oracles import (
    as_matrix,
    em,
    kl_divergence,
    observed_log_likelihood,
)
from scipy.stats import norm
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV

from skgauss import GaussianGradientMLE, IncompleteStatistics
from skgauss.blocks import passes as blocks
from skgauss.likelihoods.missing import ObservedFull

# Murray (1977), in the discussion of Dempster, Laird and Rubin: two maxima, at correlations of
# 1/2 and -1/2 with variances of 8/3, and between them a saddle, at 0 with variances of 5/2.
MURRAY = np.array(
    [[1, 1], [1, -1], [-1, 1], [-1, -1]]
    + 2 * [[2, np.nan], [-2, np.nan], [np.nan, 2], [np.nan, -2]],
    dtype=float,
)  # fmt: skip


@pytest.fixture
def gaps(rng):
    mixing = np.array([[1.0, 0, 0, 0], [0.6, 0.8, 0, 0], [-0.3, 0.5, 0.7, 0], [0.2, -0.4, 0.1, 1]])
    X = with_gaps(rng, rng.standard_normal((200, 4)) @ mixing.T + [1.0, -2.0, 0.3, 5.0], 0.2)
    return X[~np.isnan(X).all(axis=1)]  # the textbook's EM does not skip what says nothing


def divergence(model, mean, covariance):
    fitted = as_matrix(model.covariance_, len(mean))
    return kl_divergence(mean, covariance, model.mean_, fitted)


@pytest.mark.parametrize("real_data", ["iris", "wine", "diabetes"], indirect=True)
def test_real_data_against_textbook_em(rng, real_data):
    X = with_gaps(rng, real_data, 0.1)
    model = GaussianGradientMLE().fit(X)
    assert model.converged_
    assert divergence(model, *em(X)) < 1e-9
    exact = observed_log_likelihood(X, model.mean_, model.covariance_)
    assert model.log_likelihood_ == pytest.approx(exact, rel=1e-12)
    assert model.score(X) == pytest.approx(exact, rel=1e-12)


@lru_cache
def of_em(rows):
    """The maximum of rows of four features by textbook EM, once for all that ask for it."""
    return em(np.frombuffer(rows).reshape(-1, 4))


@pytest.mark.parametrize("solver", ["natural", "gradient", "coordinate", "lbfgs", "newton"])
@pytest.mark.parametrize("parametrization", ["scale", "log-scale"])
def test_every_solver_finds_the_maximum(gaps, solver, parametrization):
    model = GaussianGradientMLE(solver=solver, parametrization=parametrization).fit(gaps)
    assert model.converged_
    assert divergence(model, *of_em(gaps.tobytes())) < 1e-9
    if solver != "lbfgs":
        size = abs(model.log_likelihood_)
        assert np.diff(model.log_likelihood_path_).min() >= -1e-14 * size


@pytest.mark.parametrize("covariance_type", ["diag", "spherical"])
@pytest.mark.parametrize("solver", ["natural", "gradient", "lbfgs", "newton"])
def test_uncorrelated_families_have_a_closed_form(gaps, covariance_type, solver):
    model = GaussianGradientMLE(covariance_type=covariance_type, solver=solver).fit(gaps)
    mean, variances = np.nanmean(gaps, axis=0), np.nanvar(gaps, axis=0)
    if covariance_type == "spherical":
        counts = (~np.isnan(gaps)).sum(axis=0)
        variances = np.full(4, np.average(variances, weights=counts))
    assert model.converged_
    assert divergence(model, mean, np.diag(variances)) < 1e-11
    exact = observed_log_likelihood(gaps, model.mean_, as_matrix(model.covariance_, 4))
    assert model.log_likelihood_ == pytest.approx(exact, rel=1e-13)


def test_natural_with_rate_one_is_em(gaps):
    from oracles import em_step

    model = GaussianGradientMLE(learning_rate=1.0, record_path=True, max_iter=200).fit(gaps)
    mean, covariance = np.zeros(4), np.eye(4)
    for got_mean, got_covariance in zip(
        model.mean_path_[:8], model.covariance_path_[:8], strict=True
    ):
        np.testing.assert_allclose(got_mean, mean, rtol=1e-12)
        np.testing.assert_allclose(got_covariance, covariance, rtol=1e-11, atol=1e-12)
        mean, covariance = em_step(gaps, mean, covariance)


@pytest.mark.parametrize("solver", ["gradient", "coordinate"])
def test_constant_steps_are_the_textbook_recursion(gaps, solver):
    """On Sigma, with the gradient of the observed-data likelihood summed row by row."""
    rate, n_steps = 0.2, 5
    model = GaussianGradientMLE(
        solver=solver, parametrization="covariance", learning_rate=rate, max_iter=n_steps,
        record_path=True, mean_init=np.nanmean(gaps, axis=0), covariance_init=2.0,
    )  # fmt: skip
    with pytest.warns(ConvergenceWarning):
        model.fit(gaps)

    def gradient(mean, covariance):
        of_mean, of_covariance = np.zeros(4), np.zeros((4, 4))
        for row in gaps:
            o = np.flatnonzero(~np.isnan(row))
            inverse = np.linalg.inv(covariance[np.ix_(o, o)])
            whitened = inverse @ (row[o] - mean[o])
            of_mean[o] += whitened / len(gaps)
            form = np.outer(whitened, whitened) - inverse
            of_covariance[np.ix_(o, o)] += form / 2 / len(gaps)
        return of_mean, of_covariance

    mean, covariance = model.mean_path_[0], model.covariance_path_[0]
    for k in range(1, n_steps + 1):
        step_mean, step_covariance = gradient(mean, covariance)
        mean = mean + rate * step_mean
        if solver == "coordinate":
            step_covariance = gradient(mean, covariance)[1]
        covariance = covariance + rate * step_covariance
        np.testing.assert_allclose(model.mean_path_[k], mean, rtol=1e-12)
        np.testing.assert_allclose(model.covariance_path_[k], covariance, rtol=1e-11, atol=1e-13)


@each_family
def test_weights_are_repeats(gaps, rng, covariance_type):
    weights = rng.integers(0, 4, len(gaps))
    weighted = GaussianGradientMLE(covariance_type=covariance_type)
    weighted.fit(gaps, sample_weight=weights)
    repeated = GaussianGradientMLE(covariance_type=covariance_type)
    repeated.fit(np.repeat(gaps, weights, axis=0))
    np.testing.assert_allclose(weighted.mean_, repeated.mean_, rtol=1e-12)
    np.testing.assert_allclose(weighted.covariance_, repeated.covariance_, rtol=1e-11)
    assert weighted.log_likelihood_ == pytest.approx(repeated.log_likelihood_, rel=1e-13)


def test_units_do_not_matter(gaps):
    plain = GaussianGradientMLE().fit(gaps)
    units, offset = np.array([1e-3, 1e3, 1.0, 1e-100]), np.array([1.0, -1e5, 0.0, 1e-99])
    model = GaussianGradientMLE().fit(gaps * units + offset)
    assert model.n_iter_ == plain.n_iter_
    np.testing.assert_allclose((model.mean_ - offset) / units, plain.mean_, rtol=1e-9)
    np.testing.assert_allclose(
        model.covariance_ / np.outer(units, units), plain.covariance_, rtol=1e-8, atol=1e-10
    )


def test_gaps_of_weight_zero_are_not_there(gaps):
    complete = ~np.isnan(gaps).any(axis=1)
    weighted = GaussianGradientMLE().fit(gaps, sample_weight=complete.astype(float))
    alone = GaussianGradientMLE().fit(gaps[complete])
    np.testing.assert_allclose(weighted.covariance_, alone.covariance_, rtol=1e-13)
    assert weighted.n_iter_ == 1


@pytest.mark.parametrize("covariance_type", ["full", "diag"])
def test_empty_rows_carry_nothing(gaps, covariance_type):
    padded = np.vstack([gaps, np.full((30, 4), np.nan)])
    with_empty = GaussianGradientMLE(covariance_type=covariance_type).fit(padded)
    without = GaussianGradientMLE(covariance_type=covariance_type).fit(gaps)
    np.testing.assert_array_equal(with_empty.covariance_, without.covariance_)
    assert (with_empty.score_samples(padded)[-30:] == 0).all()
    assert (with_empty.mahalanobis(padded)[-30:] == 0).all()
    assert with_empty.score(padded) == pytest.approx(with_empty.log_likelihood_, rel=1e-13)
    # They are in no average but that of the log-likelihood, where each adds zero.
    assert with_empty.learning_rate_bound_ == without.learning_rate_bound_
    assert with_empty.natural_gradient_norm_ == without.natural_gradient_norm_
    in_all = len(gaps) * without.log_likelihood_
    assert len(padded) * with_empty.log_likelihood_ == pytest.approx(in_all, rel=1e-13)


@pytest.mark.parametrize("solver", ["natural", "newton", "closed-form"])
def test_a_ridge_weighs_more_where_fewer_rows_show_a_feature(gaps, solver):
    """Rows n by rows that show it n_j times what it adds to complete data; empty rows are none."""
    ridge, n_j = np.array([0.1, 0.2, 0.0, 0.3]), (~np.isnan(gaps)).sum(axis=0)
    rows = np.vstack((gaps, np.full((7, 4), np.nan)))
    n, within = (~np.isnan(gaps).all(axis=1)).sum(), np.nanvar(gaps, axis=0)
    parameters = {"solver": solver, "reg_covar": ridge, "tol": 1e-9}
    diag = GaussianGradientMLE(covariance_type="diag", **parameters).fit(rows)
    np.testing.assert_allclose(diag.covariance_, within + ridge * n / n_j, rtol=1e-6)
    one = GaussianGradientMLE(covariance_type="spherical", **parameters).fit(rows)
    expected = (n_j @ within + n * ridge.sum()) / n_j.sum()
    assert one.covariance_ == pytest.approx(expected, rel=1e-6)


@exhaustive
def test_ridge(gaps):
    """The maximum with a ridge, as its definition has it."""
    ridge = np.array([0.1, 0.2, 0.0, 0.3])
    model = GaussianGradientMLE(reg_covar=ridge, tol=1e-9).fit(gaps)

    def penalized(mean, covariance):
        penalty = 0.5 * np.sum(ridge * np.diag(np.linalg.inv(covariance)))
        return observed_log_likelihood(gaps, mean, covariance) - penalty

    best = penalized(model.mean_, model.covariance_)
    rng = np.random.default_rng(0)
    for size in (1e-2, 1e-3):
        for _ in range(10):
            bent = rng.standard_normal((4, 4)) * size
            moved = model.covariance_ + bent + bent.T
            assert penalized(model.mean_ + size * rng.standard_normal(4), moved) < best


@each_family
def test_densities_row_by_row(gaps, covariance_type):
    model = GaussianGradientMLE(covariance_type=covariance_type).fit(gaps)
    covariance = as_matrix(model.covariance_, 4)
    scores, distances = model.score_samples(gaps), model.mahalanobis(gaps)
    for row, score, distance in zip(gaps, scores, distances, strict=True):
        o = ~np.isnan(row)
        expected = observed_log_likelihood(row[None], model.mean_, covariance)
        assert score == pytest.approx(expected, rel=1e-12, abs=1e-13)
        delta = (row - model.mean_)[o]
        inverse = np.linalg.inv(covariance[np.ix_(o, o)])
        assert distance == pytest.approx(delta @ inverse @ delta, rel=1e-10, abs=1e-13)


@each_family
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_impute_is_the_regression(gaps, covariance_type, dtype):
    model = GaussianGradientMLE(covariance_type=covariance_type).fit(gaps)
    X = gaps.astype(dtype)
    imputed, std = model.impute(X, return_std=True)
    assert imputed.dtype == dtype
    covariance = as_matrix(model.covariance_, 4)
    for row, filled, spread in zip(X, imputed, std, strict=True):
        m, o = np.isnan(row), ~np.isnan(row)
        np.testing.assert_array_equal(filled[o], row[o])
        assert (spread[o] == 0).all()
        regression = np.linalg.solve(covariance[np.ix_(o, o)], covariance[np.ix_(o, m)])
        expected = model.mean_[m] + (row - model.mean_)[o] @ regression
        np.testing.assert_allclose(filled[m], expected, rtol=1e-10 if dtype == "f8" else 1e-5)
        residual = covariance[np.ix_(m, m)] - covariance[np.ix_(m, o)] @ regression
        np.testing.assert_allclose(spread[m] ** 2, np.diag(residual), rtol=1e-9)
    np.testing.assert_array_equal(imputed, model.impute(X))


def test_nearly_collinear_features(rng):
    """Variance inflation of 1e6: products with the precision need their correction."""
    x = rng.standard_normal((500, 3))
    X = np.column_stack((x, x.sum(axis=1) + 1e-3 * rng.standard_normal(500)))
    X[rng.random(X.shape) < 0.1] = np.nan
    model = GaussianGradientMLE().fit(X)
    exact = observed_log_likelihood(X, model.mean_, model.covariance_)
    assert model.converged_
    assert model.log_likelihood_ == pytest.approx(exact, rel=1e-9)


def test_a_saddle_is_left():
    """The start, zero correlation, is a saddle by symmetry."""
    for solver in ("natural", "gradient", "lbfgs"):
        model = GaussianGradientMLE(solver=solver, covariance_init=2.5, tol=1e-8).fit(MURRAY)
        assert model.converged_
        np.testing.assert_allclose(model.mean_, 0, atol=1e-6)
        np.testing.assert_allclose(np.diag(model.covariance_), 8 / 3, rtol=1e-5)
        assert abs(model.covariance_[0, 1]) == pytest.approx(4 / 3, rel=1e-5)


@pytest.mark.parametrize("solver", ["natural", "lbfgs"])
def test_a_climb_that_ends_at_a_saddle_keeps_to_max_iter(solver):
    model = GaussianGradientMLE(solver=solver, covariance_init=1.0)
    for max_iter in range(1, model.fit(MURRAY).n_iter_):
        with pytest.warns(ConvergenceWarning) as caught:
            model.set_params(max_iter=max_iter).fit(MURRAY)
        assert (model.stop_reason_, model.n_iter_) == ("max_iter", max_iter)
        told = "at a saddle point or an inflection, and no" in str(caught[0].message)
        assert told == (model.natural_gradient_norm_ < model.tol)


@pytest.mark.parametrize("solver", ["gradient", "natural"])
def test_a_maximum_is_local_and_starts_can_be_given(solver):
    for sign in (1, -1):
        start = np.array([[2.5, sign], [sign, 2.5]])
        model = GaussianGradientMLE(solver=solver, covariance_init=start).fit(MURRAY)
        assert model.covariance_[0, 1] == pytest.approx(sign * 4 / 3, rel=1e-5)


def collinear(rng):
    x = rng.standard_normal((60, 3))
    X = np.column_stack((x, 2 * x[:, 0] - x[:, 1]))
    X[::3, 0] = np.nan
    X[1::3, 2] = np.nan
    return pd.DataFrame(X, columns=["a", "b", "c", "d"])


@pytest.mark.parametrize("solver", ["natural", "lbfgs"])
def test_a_relation_that_was_not_found_has_no_maximum(rng, solver, monkeypatch):
    """As in blocks that stay on the workers of Dask: the climb shows it."""
    monkeypatch.setattr(IncompleteStatistics, "linear_relations", lambda *_: [])
    model = GaussianGradientMLE(solver=solver)
    with pytest.warns(ConvergenceWarning, match="keeps rising as.*'a', 'b', 'd'.*reg_covar"):
        model.fit(collinear(rng))
    assert model.stop_reason_ == "unbounded"
    assert not model.converged_
    assert np.isfinite(model.log_likelihood_path_).all()
    assert np.linalg.eigvalsh(model.covariance_).min() > 0
    ridged = GaussianGradientMLE(solver=solver, reg_covar=1e-3).fit(collinear(rng))
    assert ridged.converged_


def test_too_few_complete_rows_have_no_maximum(rng):
    X = with_gaps(rng, rng.standard_normal((6, 5)), 0.2)
    with pytest.warns(ConvergenceWarning, match="keeps rising as"):
        model = GaussianGradientMLE().fit(X)
    assert model.stop_reason_ == "unbounded"


def test_features_never_observed_together(rng):
    X = rng.standard_normal((90, 3)) @ rng.standard_normal((3, 3))
    X[:40, 0] = np.nan
    X[40:, 2] = np.nan
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    with pytest.warns(UserWarning, match="'a' and 'c' were never observed in the same row"):
        model = GaussianGradientMLE().fit(frame)
    assert model.converged_
    assert np.linalg.eigvalsh(model.covariance_).min() > 0
    # Each pair that was seen is a regression on 'b', whose law all rows tell.
    for pair in ([0, 1], [1, 2]):
        sub = GaussianGradientMLE().fit(X[:, pair])
        block = model.covariance_[np.ix_(pair, pair)]
        assert kl_divergence(sub.mean_, sub.covariance_, model.mean_[pair], block) < 1e-9


def test_a_flat_direction_of_three_features(rng):
    """Every pair is seen, but never enough of them at once to tell a direction."""
    X = np.full((3, 3), np.nan)
    x = rng.standard_normal((3, 3))
    for i in range(3):
        pair = [i, (i + 1) % 3]
        X[i, pair] = x[i, pair]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = GaussianGradientMLE().fit(X)
    assert caught
    assert np.isfinite(model.covariance_).all()
    assert np.linalg.eigvalsh(model.covariance_).min() > 0


def test_a_constant_column(gaps):
    gaps[:, 1] = np.where(np.isnan(gaps[:, 1]), np.nan, 3.0)
    with pytest.raises(ValueError, match="'feature 1' has zero variance"):
        GaussianGradientMLE().fit(gaps)


def test_the_closed_form_says_who_serves(gaps):
    with pytest.raises(ValueError, match=r"closed-form.*Use solver='natural'"):
        GaussianGradientMLE(solver="closed-form").fit(gaps)


def test_infinity_is_not_missing(gaps):
    model = GaussianGradientMLE().fit(gaps)
    gaps[3, 1] = np.inf
    for method in ("fit", "score", "score_samples", "mahalanobis", "impute"):
        with pytest.raises(ValueError, match="contains infinity"):
            getattr(model, method)(gaps)


@pytest.mark.parametrize("solver", ["natural", "gradient"])
def test_chunks_do_not_matter(gaps, monkeypatch, solver):
    whole = GaussianGradientMLE(solver=solver).fit(gaps)
    monkeypatch.setattr(blocks, "_CHUNK_ELEMENTS", 64)
    pieces = GaussianGradientMLE(solver=solver).fit(gaps)
    assert divergence(pieces, whole.mean_, whole.covariance_) < 1e-12


@exhaustive
def test_few_patterns_are_reduced_to_their_statistics(rng):
    X = rng.standard_normal((20_000, 3))
    X[:5000, 0] = np.nan
    X[5000:9000, 1:] = np.nan
    model = GaussianGradientMLE().fit(X)
    assert len(model.sufficient_statistics_.rows) <= 4 + 3 + 2
    assert divergence(model, *em(X)) < 1e-9


@pytest.mark.parametrize("parametrization", ["scale", "log-scale", "covariance", "precision"])
@pytest.mark.parametrize(("offset", "unit"), [(0, 1.0), (2**52, 2.0**-40), (0, 2.0**300)])
def test_the_bound_where_differences_fail(rng, parametrization, offset, unit):
    """Means that float64 cannot tell apart, powers that it cannot hold."""
    X = unit * (offset + rng.integers(-99, 99, (40, 1)))
    variance = X.var()
    X = np.vstack([X, [[np.nan]]])
    model = GaussianGradientMLE(solver="gradient", parametrization=parametrization)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        start = {"mean_init": X[0], "covariance_init": variance, "max_iter": 1}
        bound = model.set_params(**start).fit(X).learning_rate_bound_
    variance = float(variance)
    squared = variance * variance  # infinite in the largest unit
    curvature = {
        "scale": 2 / variance,
        "log-scale": 2.0,
        "covariance": 0.5 / squared,
        "precision": 0.5 * squared,
    }
    expected = 2 / max(1 / variance, curvature[parametrization])  # or 0, below what floats hold
    assert bound == pytest.approx(expected, rel=1e-4)


@exhaustive
def test_the_bound_of_a_constant_step(gaps):
    """Just below it the climb converges, just above it does not."""
    bound = GaussianGradientMLE(solver="gradient").fit(gaps).learning_rate_bound_
    start = GaussianGradientMLE().fit(gaps)
    for share, converges in ((0.95, True), (1.05, False)):
        model = GaussianGradientMLE(
            solver="gradient", learning_rate=share * bound, mean_init=start.mean_ + 1e-4,
            covariance_init=start.covariance_, max_iter=3000,
        )  # fmt: skip
        fit_quietly(model, gaps)
        assert model.converged_ == converges
        if not converges:
            assert model.learning_rate_bound_ == pytest.approx(bound, rel=1e-3)


@exhaustive
def test_grid_search_over_the_rate(gaps):
    search = GridSearchCV(
        GaussianGradientMLE(solver="gradient", max_iter=300), {"learning_rate": [0.3, 1e3]}
    )
    fit_quietly(search, gaps)
    assert search.best_params_ == {"learning_rate": 0.3}


def test_warm_start_is_at_the_maximum(gaps):
    model = GaussianGradientMLE(warm_start=True).fit(gaps)
    assert model.fit(gaps).n_iter_ == 0


def test_evaluations_of_a_default_fit(rng, monkeypatch):
    """10,000 x 20, a tenth missing: at most 25."""
    counted = count_calls(monkeypatch, ObservedFull, "evaluate")
    X = with_gaps(rng, rng.standard_normal((10_000, 20)) @ rng.standard_normal((20, 20)), 0.1)
    assert GaussianGradientMLE().fit(X).converged_
    assert counted["evaluate"] <= 25


@pytest.mark.parametrize("n_features", [2, 3, 8])
@pytest.mark.parametrize("n_samples", [60, 1000])
def test_one_gap_is_nothing_to_warn_of(rng, n_samples, n_features):
    X = rng.standard_normal((n_samples, n_features))
    X[0, 0] = np.nan
    assert GaussianGradientMLE().fit(X).converged_  # a warning would be an error


@pytest.mark.parametrize("weight", [1.9, 1.99])
def test_a_shallow_saddle_is_left(weight):
    """With 4 w for the complete rows the saddle at 0 becomes the maximum at w = 2."""
    weights = np.r_[np.full(4, weight), np.ones(8)]
    model = GaussianGradientMLE().fit(MURRAY, sample_weight=weights)
    assert abs(model.covariance_[0, 1]) > 0.05
    at_zero = GaussianGradientMLE(covariance_type="diag").fit(MURRAY, sample_weight=weights)
    assert model.log_likelihood_ > at_zero.log_likelihood_


def test_the_density_of_one_feature_of_a_nearly_singular_fit(rng):
    a = rng.standard_normal(400)
    X = np.column_stack((a, a + 1e-6 * rng.standard_normal(400), rng.standard_normal(400)))
    model = GaussianGradientMLE().fit(X)
    expected = norm(model.mean_[1], model.scale_[1]).logpdf(2.0)
    assert model.score_samples([[np.nan, 2.0, np.nan]])[0] == pytest.approx(expected, rel=1e-11)


def test_coordinate_ascent_of_standardised_data(rng):
    """At the start the gradient of the means is nothing but rounding, and stays no obstacle."""
    X = with_gaps(rng, rng.standard_normal((150, 4)), 0.2)
    X = (X - np.nanmean(X, axis=0)) / np.nanstd(X, axis=0)
    model = GaussianGradientMLE(solver="coordinate").fit(X)
    assert divergence(GaussianGradientMLE(tol=1e-9).fit(X), model.mean_, model.covariance_) < 1e-9


@pytest.mark.parametrize("covariance_type", ["full", "diag"])
def test_a_constant_column_with_a_ridge(gaps, covariance_type):
    gaps[:, 1] = np.where(np.isnan(gaps[:, 1]), np.nan, 3.0)
    model = GaussianGradientMLE(covariance_type=covariance_type, reg_covar=0.1).fit(gaps)
    assert model.converged_
    assert model.mean_[1] == pytest.approx(3.0)


@pairwise(
    solver=["natural", "newton", "lbfgs", "gradient", "coordinate"],
    parametrization=["scale", "precision"],
    offset=[1e4, 1e6, 1e8],
)
def test_a_start_far_away_is_no_reason_to_call_the_likelihood_unbounded(
    solver, parametrization, offset
):
    """On its way the covariance is ill-conditioned, being that of the start and the data both."""
    rng = np.random.default_rng(1)
    X = with_gaps(rng, rng.standard_normal((500, 3)) + offset, 0.1)
    model = GaussianGradientMLE(solver=solver, parametrization=parametrization, max_iter=300)
    fit_quietly(model, X[~np.isnan(X).all(axis=1)])
    assert model.stop_reason_ != "unbounded"
    if solver in ("natural", "newton"):
        assert model.converged_


def test_units_apart_are_no_reason_either():
    rng = np.random.default_rng(0)
    units = np.array([1e8, 1e2, 1e-14, 1e-5, 0.1, 1e20])
    X = with_gaps(rng, (rng.standard_normal((45, 6)) + 1) * units, 0.1)
    model = GaussianGradientMLE(solver="lbfgs", max_iter=300)
    with pytest.warns(ConvergenceWarning, match="converges in"):
        model.fit(X)
    assert model.stop_reason_ in ("max_iter", "stalled")
    assert GaussianGradientMLE().fit(X).converged_


@pytest.mark.parametrize("covariance_type", ["full", "diag"])
def test_lbfgs_at_the_edge_of_the_domain_stops_and_does_not_raise(covariance_type):
    for seed in range(6):
        X = np.random.default_rng(seed).standard_normal((30, 3)) * [1e-20, 1, 1e20]
        model = GaussianGradientMLE(
            solver="lbfgs", parametrization="covariance", covariance_type=covariance_type
        )
        with pytest.warns(ConvergenceWarning):
            model.fit(X)
        assert model.stop_reason_ in ("stalled", "max_iter")
        assert np.isfinite(model.log_likelihood_)
