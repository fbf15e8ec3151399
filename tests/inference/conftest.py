import numpy as np
import pytest


@pytest.fixture
def gappy(rng, correlated):
    """The correlated rows, three values in ten missing, and no row without any."""
    gaps = rng.random(correlated.shape) < 0.3
    gaps[gaps.all(axis=1)] = False
    return np.where(gaps, np.nan, correlated)
