"""Statistics by pattern: whether rows lie on a hyperplane."""

import numpy as np
import pytest

from skgauss.statistics import summarize_incomplete

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
