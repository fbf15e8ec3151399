"""Draws of the parameters, for multiple imputation."""

import numpy as np
from models import fitted
from numpy.testing import assert_allclose

from skgauss.inference.posterior import draw_gaussian


def test_drawn_means_have_the_errors_of_the_estimate(gappy):
    model, random_state, n_draws = fitted(gappy), np.random.RandomState(0), 200
    means = np.array([draw_gaussian(model, random_state).mean for _ in range(n_draws)])
    errors = model.standard_errors().mean
    # Four standard errors of a standard deviation, and of a mean, of so many draws.
    assert_allclose(means.std(axis=0), errors, rtol=4 / np.sqrt(2 * n_draws))
    assert (np.abs(means.mean(axis=0) - model.mean_) < 4 * errors / np.sqrt(n_draws)).all()
