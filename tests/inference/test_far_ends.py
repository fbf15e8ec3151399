"""Ends so far from the estimate that the profile has turned convex, against an independent one."""

from functools import lru_cache

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import log_ndtr
from scipy.stats import chi2
from search.inference import draw, seen

NODES, WEIGHTS = np.polynomial.legendre.leggauss(400)


class Window:
    """The average likelihood of pairs from [-1, 2] x [-1, inf), by quadrature over the first."""

    def __init__(self, X):
        self.X = X

    def value(self, mean, factor):
        x = (NODES + 1) * 1.5 - 1
        whole = (x - mean[0]) / factor[0, 0]
        given = (mean[1] + factor[1, 0] * whole + 1) / factor[1, 1]
        density = -(whole**2) / 2 - np.log(factor[0, 0] * np.sqrt(2 * np.pi))
        terms = density + log_ndtr(given)
        inside = terms.max() + np.log(1.5 * WEIGHTS @ np.exp(terms - terms.max()))
        residuals = np.linalg.solve(factor, (self.X - mean).T)
        log_det = np.log(factor[0, 0] * factor[1, 1])
        return -(residuals**2).sum() / (2 * len(self.X)) - log_det - np.log(2 * np.pi) - inside

    def profile(self, feature, mean, x):
        """The highest value where the mean of a feature is given, from x; and where that is."""

        def fall(x):
            means = np.insert(x[:1], feature, mean)
            factor = np.array([[np.exp(x[1]), 0.0], [x[2], np.exp(x[3])]])
            return -self.value(means, factor)

        for method in ("Nelder-Mead", "BFGS", "Nelder-Mead", "BFGS"):
            x = minimize(fall, x, method=method, options={"maxiter": 4000}).x
        return -fall(x), x


@lru_cache
def fit_and_ends():
    data = seen(draw(193), 1.0, 0.0, 1.0)
    model = data.fit()
    return data, model, model.confidence_intervals(method="profile").mean[:, 0]


@pytest.mark.parametrize("feature", [0, 1])
def test_few_rows_in_a_window_leave_a_mean_far_below_it(feature):
    data, model, ends = fit_and_ends()
    window, factor = Window(data.X), np.linalg.cholesky(model.covariance_)
    highest = window.value(model.mean_, factor)
    x = np.array([model.mean_[1 - feature], *np.log(factor.diagonal()), factor[1, 0]])[[0, 1, 3, 2]]
    for mean in (-1.0, -2.0, -4.0, -7.0, -10.0, -14.0, ends[feature]):
        value, x = window.profile(feature, mean, x)
    assert len(data.X) * (highest - value) == pytest.approx(chi2.ppf(0.95, 1) / 2, abs=1e-4)
