"""A random search for fits of intervals that are no maximum: ``pytest -m search -k intervals``."""

import warnings

import pytest
from search.intervals import draw

from skgauss import GaussianGradientMLE

MOST_NATS = 1e-9  # most nats per row that a fit may leave to gain
NOT_CONVERGED, MOST_LOST = "not converged", 0.05  # largest share of fits that may say so


def complaints(case):
    model = GaussianGradientMLE(tol=1e-8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            model.fit(case.lower[:, None], None, case.weights, case.upper[:, None])
        except ValueError:
            return  # tests/likelihoods/test_interval.py checks that a refusal is right
    if not model.converged_:
        yield NOT_CONVERGED
    gain = case.gain(model.mean_[0], model.scale_[0])
    if model.converged_ and not gain < MOST_NATS:
        yield f"{gain:.3g} nats are left at {model.mean_}, {model.scale_}"


@pytest.mark.parametrize("seed", range(10))
def test_some_hostile_intervals(seed):
    assert not list(complaints(draw(seed)))


@pytest.mark.search
def test_search_of_intervals(seeds):
    of_seed = {seed: list(complaints(draw(seed))) for seed in seeds}
    lost = sum(NOT_CONVERGED in found for found in of_seed.values())
    print(f"{lost} cases did not converge, and said so")
    assert lost < 1 + MOST_LOST * len(of_seed)
    found = [(k, each) for k, told in of_seed.items() for each in told if each != NOT_CONVERGED]
    assert not found, found
