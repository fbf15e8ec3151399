"""Linear relations among features with gaps, against designs in which they are known."""

import numpy as np
import pytest
from designs import flag, one_hot, together, total, with_gaps
from marks import pairwise

from skgauss import GaussianGradientMLE, IncompleteStatistics
from skgauss.statistics import ScatteredStatistics, relations, summarize_intervals

NAN = np.nan
GAPS = ["nowhere", "rows", "values"]
DESIGNS = {
    "3 levels": lambda rng, n: one_hot(rng, n, 3)[0],
    "10 levels": lambda rng, n: one_hot(rng, n, 10)[0],
    "total of 2": lambda rng, n: total(rng, n, 2),
    "total of 5": lambda rng, n: total(rng, n, 5),
    "flag": flag,
}


def found_in(X, sample_weight=None):
    return IncompleteStatistics.from_array(X, sample_weight).linear_relations()


def others(rng, n, d):
    """Correlated features, of which a quarter of the values is missing."""
    X = rng.standard_normal((n, d)) @ rng.standard_normal((d, d))
    return np.where(rng.random((n, d)) < 0.25, NAN, X)


@pairwise(design=list(DESIGNS), gaps=GAPS, d=[1, 4, 15], seed=[0, 1])
def test_a_relation_is_found(design, gaps, d, seed):
    """With 15 others no row is complete."""
    rng = np.random.default_rng(seed)
    group = with_gaps(rng, DESIGNS[design](rng, 500), gaps)
    X, (related, _) = together(rng, group, others(rng, 500, d))
    assert found_in(X) == [related]


@pairwise(one=list(DESIGNS), gaps=GAPS, other=list(DESIGNS))
def test_two_relations_are_found(one, gaps, other):
    rng = np.random.default_rng(0)
    groups = [with_gaps(rng, DESIGNS[name](rng, 800), gaps) for name in (one, other)]
    X, (first, second, _) = together(rng, *groups, others(rng, 800, 8))
    assert found_in(X) == sorted([first, second])


@pytest.mark.parametrize("d", [2, 10, 30])
def test_there_is_none_where_there_is_none(rng, d):
    common = rng.standard_normal((400, 1)) + 0.05 * rng.standard_normal((400, d))
    for X in (others(rng, 400, d), np.where(rng.random((400, d)) < 0.25, NAN, common)):
        assert found_in(X) == []


def test_it_is_judged_in_all_rows_that_show_it(rng):
    """Those of complete rows, in which one level is never seen, are no relations."""
    dummies, level = one_hot(rng, 300, 4)
    other = np.where(level == 3, NAN, rng.standard_normal(300))
    assert found_in(np.column_stack((dummies, other))) == [[0, 1, 2, 3]]
    dummies[level == 3, 3] = rng.standard_normal((level == 3).sum())
    assert found_in(np.column_stack((dummies, other))) == []


def test_it_is_shown_by_more_rows_than_it_has_features(rng):
    X = rng.standard_normal((60, 3))
    shown = X[:, :2].sum(axis=1)
    for n, expected in ((3, []), (4, [[0, 1, 2]])):
        X[:, 2] = NAN
        X[:n, 2] = shown[:n]
        assert found_in(X) == expected
    # A weight counts as so many rows.
    X[:, 2] = NAN
    X[:3, 2] = shown[:3]
    weights = np.ones(60)
    weights[0] = 2
    assert found_in(X, weights) == found_in(np.vstack((X, X[:1]))) == [[0, 1, 2]]


def test_units_and_offsets_drop_out(rng):
    parts = rng.standard_normal((200, 3))
    X = np.column_stack((parts, parts @ [1.0, -2.0, 0.5], rng.standard_normal(200)))
    X[rng.random(X.shape) < 0.2] = NAN
    assert found_in(X) == found_in(X * [1e-100, 1.0, 1e100, 1e30, 1.0] + [0, 1e6, 0, 0, 1e9])
    assert found_in(X) == [[0, 1, 2, 3]]


@pytest.mark.parametrize("exponent", [-5, -9])
def test_singular_to_rounding_is_that_of_complete_data(rng, exponent):
    """A residual deviation of 1e-5 is none; one of 1e-9 float64 cannot tell from 0."""
    X = rng.standard_normal((300, 3))
    X[:, 2] = X[:, :2].sum(axis=1) + 10.0**exponent * X[:, 2]
    X[rng.random(X.shape) < 0.2] = NAN
    assert found_in(X) == ([] if exponent == -5 else [[0, 1, 2]])


def test_what_correlations_of_available_cases_may_miss(rng, monkeypatch):
    """No feature is explained by others to within nothing: the share is needed."""
    group = with_gaps(rng, total(rng, 500, 3), "values")
    X, (related, _) = together(rng, group, others(rng, 500, 15))
    assert found_in(X) == [related]
    monkeypatch.setattr(relations, "_UNEXPLAINED_SHARE", 1e-3)
    assert found_in(X) == []
    monkeypatch.undo()
    monkeypatch.setattr(relations, "_MIN_AVAILABLE_EIGENVALUE", 1.0)
    assert found_in(X) == []


def test_of_features_beside_intervals(rng):
    """What is known only to an interval takes part in none."""
    dummies, _ = one_hot(rng, 100, 3)
    X = np.column_stack((dummies, rng.standard_normal(100)))
    upper = X.copy()
    X[:50, 3] = -np.inf
    assert summarize_intervals(X, upper, np.ones(100), False).linear_relations() == [[0, 1, 2]]
    X[50, 1] -= 1
    assert summarize_intervals(X, upper, np.ones(100), False).linear_relations() == []


def test_of_blocks_that_stay_on_their_workers(rng):
    dummies, _ = one_hot(rng, 100, 3)
    here = IncompleteStatistics.from_array(with_gaps(rng, dummies, "rows"))
    assert here.linear_relations() == [[0, 1, 2]]
    assert not ScatteredStatistics(here.by_feature, here.together).linear_relations()


def test_no_rows_and_few_features():
    nothing = np.empty((0, 2))
    for X in (nothing, [[NAN], [1.0], [2.0]], [[1.0, NAN]], [[1.0, NAN], [NAN, 2.0]]):
        assert found_in(np.array(X)) == []


@pytest.mark.parametrize("gaps_of", ["another feature", "a dummy"])
def test_dummies_about_a_known_mean(rng, gaps_of):
    """They sum to one about shares that do, and about no other mean."""
    X = np.column_stack((rng.standard_normal(90), np.eye(3)[np.arange(90) % 3]))
    X[::7, 0 if gaps_of == "another feature" else 1] = np.nan
    shares = np.array([0.0, 0.2, 0.3, 0.5])
    with pytest.warns(UserWarning, match="'feature 1', 'feature 2', 'feature 3' depend"):
        model = GaussianGradientMLE(fixed_mean=shares).fit(X)
    assert model.converged_
    assert (model.reg_covar_ > 0).all()
    assert not np.any(GaussianGradientMLE(fixed_mean=2 * shares).fit(X).reg_covar_)


@pytest.mark.parametrize("factor", [0.5, 1, 2])
@pytest.mark.parametrize(("noise", "pairs"), [(0, [(0, 2)]), (1e-3, [(0, 2)]), (0.1, [])])
def test_an_indicator_of_gaps_hardly_varies_beside_them(rng, monkeypatch, factor, noise, pairs):
    """In any unit, at any offset, and with weights; twice and half the share tell the same."""
    share = relations._NARROW_SHARE
    monkeypatch.setattr(relations, "_NARROW_SHARE", factor * share)
    X = rng.standard_normal((200, 3))
    X[:50, 0], X[40:90, 1] = np.nan, np.nan
    X[:, 2] = np.isnan(X[:, 0]) + noise * X[:, 2]
    for weights in (None, rng.integers(1, 4, 200)):
        for moved in (X, X * [1e-100, 1, -1e100], X + 1e3):
            assert IncompleteStatistics.from_array(moved, weights).narrow_pairs() == pairs


def test_a_feature_that_is_shown_beside_few_values_only_is_no_indicator():
    """In the one row that shows both, each is constant."""
    X = np.array([[1.0, np.nan], [2.0, np.nan], [4.0, 3.0], [np.nan, 5.0], [np.nan, 1.0]])
    assert IncompleteStatistics.from_array(X).narrow_pairs() == []


def test_as_many_rows_as_features_may_agree_by_chance(rng):
    X = rng.standard_normal((200, 3))
    for n_shown in range(1, 6):
        X[:, 0] = np.where(np.arange(200) < n_shown, X[:, 1], np.nan)
        X[:n_shown, 2] = 0.5
        pairs = [(0, 2)] if n_shown > 3 else []
        assert IncompleteStatistics.from_array(X).narrow_pairs() == pairs


def test_a_constant_is_no_indicator(rng):
    X = np.column_stack((rng.standard_normal((50, 2)), np.ones(50)))
    X[:9, 0] = np.nan
    assert IncompleteStatistics.from_array(X).narrow_pairs() == []
