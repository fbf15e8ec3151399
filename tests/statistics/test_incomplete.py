"""Statistics by pattern: their precision, and whether rows lie on a hyperplane."""

from fractions import Fraction

import numpy as np
import pytest

from skgauss.statistics import summarize, summarize_incomplete

NAN = np.nan


def in_general_position(X):
    return summarize_incomplete(np.array(X), None, diagonal=False).in_general_position


def test_three_points_off_a_line():
    corner = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]
    assert in_general_position([*corner, [2.0, NAN], [NAN, 3.0]])


@pytest.mark.parametrize("far", [0.0, 1e6])
def test_points_on_a_line(far):
    line = [[0.0, 1.0], [1.0, 3.0], [2.0, 5.0], [4.0, 9.0]]
    rows = np.array([*line, [2.0, NAN], [5.0, NAN], [NAN, 3.0], [NAN, 4.0]]) + far
    assert not in_general_position(rows)
    rows[0, 1] += 1
    assert in_general_position(rows)


def test_no_more_rows_than_features(rng):
    X = rng.standard_normal((40, 4))
    X[:20, 3] = NAN
    X[20:24, 2] = NAN  # features 0, 1 and 3 are seen in as many rows, beside the complete ones
    assert in_general_position(X)
    assert not in_general_position(X[:24, [0, 1, 3]][20:23])
    lone = np.vstack((np.where([True, True, False, False], X, NAN), [X[-1]]))
    assert not in_general_position(lone)


def test_many_rows_are_as_their_triangle(rng):
    X = rng.standard_normal((500, 3))
    X[::2, 0] = NAN
    assert in_general_position(X)
    X[1::2, 2] = 1 + X[1::2, :2].sum(axis=1)
    assert not in_general_position(X)


def test_scatters_of_points_on_a_plane(rng):
    """The root of some has a rounding of 1e-8, which is no distance from the plane."""
    for _ in range(10):
        X = rng.standard_normal((500, 4)) @ rng.standard_normal((4, 4))
        gaps = summarize_incomplete(np.column_stack((X[:, :3], np.full(500, NAN))), None, False)
        assert (summarize(X, None, False) + gaps).in_general_position
        X[:, 3] = 1 + X[:, :3].sum(axis=1)
        assert not (summarize(X, None, False) + gaps).in_general_position


def test_heavy_rows_near_each_other_and_a_light_one_far_away(rng):
    """The heavy ones are the mean, to which all is counted: not the row of next to no weight."""
    x = np.concatenate((12250 + 1e-4 * rng.standard_normal(5), [-0.4, NAN]))
    weights = np.concatenate((rng.uniform(1, 2, 5), [1e-16, 1.0]))
    statistics = summarize_incomplete(x[:, None], weights, diagonal=True)
    seen, counted = [[Fraction(v) for v in values[:-1].tolist()] for values in (x, weights)]
    total = sum(counted)
    mean = sum(w * v for w, v in zip(counted, seen, strict=True)) / total
    variance = sum(w * (v - mean) ** 2 for w, v in zip(counted, seen, strict=True)) / total
    assert abs(Fraction(statistics.variances[0]) / variance - 1) < 1e-13
