"""Statistics of intervals: a monoid beside the others."""

import copy
import pickle

import numpy as np
import pytest

from skgauss import GaussianGradientMLE, SufficientStatistics
from skgauss.statistics import (
    AvailableMoments,
    IncompleteStatistics,
    IntervalStatistics,
    intervals,
    summarize_incomplete,
    summarize_intervals,
)

INF = np.inf


@pytest.fixture
def ends(rng):
    """Rows with an interval in the first feature, or a half-line in the last."""
    lower = rng.standard_normal((40, 3))
    upper = lower.copy()
    upper[:20, 0] += 1.0
    lower[20:, 2] = -INF
    lower[::7, 1], upper[::7, 1] = -INF, INF
    return lower, upper


@pytest.fixture
def others(rng):
    """Statistics of rows without intervals, of every kind."""
    X = rng.standard_normal((30, 3))
    gaps = np.where(rng.random(X.shape) < 0.3, np.nan, X)
    return {
        False: [SufficientStatistics.from_array(X), summarize_incomplete(gaps, None, False)],
        True: [
            SufficientStatistics.from_array(X, diagonal=True),
            summarize_incomplete(gaps, None, True),
        ],
    }


def of(lower, upper, diagonal=False):
    return summarize_intervals(lower, upper, np.ones(len(lower)), diagonal)


def fitted(statistics):
    covariance_type = "diag" if statistics.diagonal else "full"
    return GaussianGradientMLE(covariance_type=covariance_type, tol=1e-9).fit_statistics(statistics)


@pytest.mark.parametrize("diagonal", [False, True])
def test_they_add_up_in_any_order(ends, others, diagonal):
    lower, upper = ends
    parts = [of(lower[:13], upper[:13], diagonal), of(lower[13:], upper[13:], diagonal)]
    parts += others[diagonal]
    kinds = SufficientStatistics, IncompleteStatistics, AvailableMoments, IntervalStatistics
    assert all(isinstance(part, kinds) for part in parts)
    totals = [sum(parts), sum(reversed(parts)), (parts[2] + parts[0]) + (parts[1] + parts[3])]
    for total in totals:
        assert isinstance(total, IntervalStatistics)
        assert total.weight == 100
        np.testing.assert_array_equal(total.lower, totals[0].lower)
        np.testing.assert_allclose(total.mean, totals[0].mean, rtol=1e-12)
        np.testing.assert_allclose(total.variances, totals[0].variances, rtol=1e-12)
        np.testing.assert_array_equal(total.observed_weights, totals[0].observed_weights)
    models = [fitted(total) for total in totals]
    for model in models[1:]:
        np.testing.assert_allclose(model.covariance_, models[0].covariance_, atol=1e-8)


def test_by_feature_is_what_a_diagonal_summary_makes(ends, others):
    lower, upper = ends
    one = (of(lower, upper) + others[False][1]).by_feature
    two = of(lower, upper, diagonal=True) + others[True][1]
    np.testing.assert_array_equal(one.lower, two.lower)
    np.testing.assert_array_equal(one.weights, two.weights)
    assert one.weight == two.weight
    assert one.informative_weight == two.informative_weight
    for name in ("mean", "variances", "observed_weights"):
        np.testing.assert_allclose(getattr(one.exact, name), getattr(two.exact, name), rtol=1e-12)


def test_equal_rows_are_one_row(ends):
    lower, upper = ends
    weights = np.arange(1.0, 41.0)
    twice = summarize_intervals(
        np.vstack((lower, lower)), np.vstack((upper, upper)), np.tile(weights, 2), False
    )
    assert len(twice.lower) == 40
    assert twice.weight == twice.weights.sum() == 2 * weights.sum()
    once = summarize_intervals(lower, upper, weights, False)
    np.testing.assert_array_equal(twice.lower, once.lower)
    np.testing.assert_array_equal(twice.weights, 2 * once.weights)


def test_what_they_say_of_the_data(ends):
    lower, upper = ends
    statistics = of(lower, upper)
    missing = np.isinf(lower) & np.isinf(upper)
    np.testing.assert_array_equal(statistics.observed_weights, (~missing).sum(axis=0))
    points = np.where(np.isinf(lower), upper, lower + np.where(lower < upper, 0.5, 0.0))
    points[missing] = np.nan
    means = np.nanmean(points, axis=0)
    np.testing.assert_allclose(statistics.mean[:2], means[:2], rtol=1e-12)
    assert statistics.mean[2] < means[2]  # half-lines that go down from ends high up
    np.testing.assert_allclose(statistics.variances[:2], np.nanvar(points, axis=0)[:2], rtol=1e-12)
    assert statistics.together.all()
    assert not statistics.complete
    bounds = statistics.bounds
    assert bounds.highest_lower[1] == INF  # its values are known and differ
    assert bounds.all_open.tolist() == [False, False, False]


def test_pickles_and_copies(ends, others):
    statistics = of(*ends) + others[False][0]
    expected = fitted(statistics).covariance_
    for again in (pickle.loads(pickle.dumps(statistics)), copy.deepcopy(statistics)):
        np.testing.assert_array_equal(fitted(again).covariance_, expected)


def test_they_add_up_only_with_their_like(ends, others):
    with pytest.raises(ValueError, match="same number of features"):
        of(*ends) + others[True][0]
    with pytest.raises(TypeError):
        of(*ends) + 1.0


@pytest.mark.parametrize("few", [0, 3, 1_000])
def test_weighted_median_by_its_definition(rng, monkeypatch, few):
    """The least value up to which half of the weight lies, of ends that may be infinite."""
    monkeypatch.setattr(intervals, "_FEW_VALUES", few)
    for n in range(1, 60):
        values = rng.choice([-np.inf, -1.0, 0.0, 0.5, 2.0, np.inf], n)
        weights = rng.integers(0, 4, n).astype(float)
        finite = np.isfinite(values)
        half = weights[finite].sum() / 2
        up_to = [weights[finite & (values <= value)].sum() for value in values[finite]]
        expected = [v for v, w in zip(values[finite], up_to, strict=True) if w >= half > 0]
        assert intervals._median(values, weights) == min(expected, default=0.0)


@pytest.mark.parametrize("diagonal", [False, True])
@pytest.mark.parametrize("kind", ["complete", "gaps", "intervals"])
def test_values_counted_from_an_origin(ends, kind, diagonal):
    """What float64 cannot hold of a mean so far from zero it holds of the same near zero."""
    origin = np.array([2.0**30, -(2.0**40), 0.0])

    def summarized(lower, upper):
        if kind == "intervals":
            return summarize_intervals(lower, upper, np.ones(len(lower)), diagonal)
        if kind == "gaps":
            return summarize_incomplete(np.where(lower == upper, lower, np.nan), None, diagonal)
        return SufficientStatistics.from_array(lower[:20], diagonal=diagonal)

    near = [np.round(end * 2**10) / 2**10 for end in ends]
    if kind == "complete":
        near[0][~np.isfinite(near[0])] = 0.0
    found, expected = (
        summarized(*(end + origin for end in near)).seen_from(origin),
        summarized(*near),
    )
    np.testing.assert_allclose(found.mean, expected.mean, atol=1e-14)
    np.testing.assert_allclose(found.variances, expected.variances, rtol=1e-9)
