"""A random search for boxes with a wrong probability: ``pytest -m search --seconds 600``."""

import numpy as np
import pytest
from search.boxes import OneFactor

from skgauss.boxes import Boxes, box_moments
from skgauss.conditioning.lattice_points import lattice_of_rows

MOST_NATS = 0.03  # largest error of a log-probability, with the lattice that a row gets
MOST_LOST = 0.01  # largest share of boxes without a probability


def draw(seed):
    """A box of four to eight values, whose condition number is 10 to 1e8."""
    rng = np.random.default_rng(seed)
    return OneFactor.draw(rng, rng.integers(4, 9), 10.0 ** rng.uniform(1.0, 8.0))


@pytest.mark.search
def test_boxes(seeds):
    found, lost, n_boxes = [], 0, 0
    for seed in seeds:
        n_boxes += 1
        box = draw(seed)
        lower, upper, exact = box.lower[None], box.upper[None], box.log_probability()
        boxes = Boxes(lower, upper, upper - lower, box.correlation[None])
        lattice = lattice_of_rows(boxes, np.hstack([lower, upper]), np.ones(1))
        value = box_moments(boxes, lattice).log_probability[0]
        lost += np.isnan(value)  # NaN says that the saddle point was not found
        if abs(value - exact) >= MOST_NATS:
            found.append(f"seed {seed}: {value:.6g} for {exact:.6g}")
    print(f"{lost} boxes have no number")
    assert lost < 1 + MOST_LOST * n_boxes
    assert not found, found
