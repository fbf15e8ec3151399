"""Draws within a box, against the moments that quadrature finds there."""

import numpy as np
import pytest

from skgauss.boxes import Boxes, box_moments, draw_in_each, draw_within


@pytest.mark.parametrize(
    ("lower", "upper"),
    [
        ([-1.0, -0.5, 0.0], [np.inf, 1.0, np.inf]),
        ([4.0, 3.0, -np.inf], [np.inf, 3.5, 1.0]),
        ([-np.inf, 30.0, 30.0], [-20.0, 31.0, np.inf]),
    ],
)
def test_moments_of_draws(rng, lower, upper):
    covariance = np.array([[1.0, 0.5, 0.2], [0.5, 2.0, -0.3], [0.2, -0.3, 1.5]])
    lower, upper = np.array(lower), np.array(upper)
    n = 20_000
    seed = np.random.RandomState(rng.integers(2**31))
    rows = draw_within(lower, upper, covariance, n, seed)
    assert rows.shape == (n, 3)
    assert ((lower <= rows) & (rows <= upper)).all()
    exact = box_moments(Boxes.single(lower, upper, upper - lower, covariance))
    scale = np.sqrt(exact.covariance[0].diagonal())
    deviations = (rows - exact.mean[0]) / scale
    assert (np.abs(deviations.mean(axis=0)) < 4 / np.sqrt(n)).all()
    correlations = exact.covariance[0] / np.outer(scale, scale)
    squares = deviations[:, :, None] * deviations[:, None]
    errors = np.abs(squares.mean(axis=0) - correlations) / squares.std(axis=0)
    assert (errors < 4 / np.sqrt(n)).all()


def test_draws_in_boxes_of_their_own(rng):
    """Many boxes at once, likely and unlikely ones, of laws of their own: each has its moments."""
    n, k, repeats = 6, 3, 4000
    roots = rng.standard_normal((n, k, k)) + 2 * np.eye(k)
    covariance = roots @ roots.transpose(0, 2, 1)
    lower = 3 * rng.standard_normal((n, k))
    upper = lower + rng.uniform(0.1, 4.0, (n, k))
    lower[0], upper[1] = -np.inf, np.inf
    boxes = Boxes(lower, upper, upper - lower, covariance)
    exact = box_moments(boxes)
    rows = draw_in_each(
        boxes.take(np.repeat(np.arange(n), repeats)), np.random.RandomState(0)
    ).reshape(n, repeats, k)
    assert ((lower[:, None] <= rows) & (rows <= upper[:, None])).all()
    scale = np.sqrt(np.einsum("nii->ni", exact.covariance))
    assert (np.abs(rows.mean(axis=1) - exact.mean) < 5 * scale / np.sqrt(repeats)).all()
    np.testing.assert_allclose(rows.std(axis=1), scale, rtol=0.1)
    assert draw_in_each(Boxes(*np.empty((3, 5, 0)), np.empty((5, 0, 0))), None).shape == (5, 0)
