r"""The covariance of the scores of the rows, for standard errors if the rows are not Gaussian.

The gradient of the log-likelihood is a sum over the rows, and its terms are the scores. They give
an estimate of their covariance B for rows of any distribution; for Gaussian rows B is the
information A. At the maximum the scores have mean zero. Under truncation the scores here lack the
term of the window. It is the same for all rows, so that subtracting their mean corrects for it.

References
----------
Huber (1967), "The behavior of maximum likelihood estimates under nonstandard conditions",
Proceedings of the fifth Berkeley symposium; White (1982), "Maximum likelihood estimation of
misspecified models", Econometrica 50(1).
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from .._typing import Array
from ..density import FittedGaussian
from ..rows import Block, rows_of
from .point import FittedPoint

_SCORES_AT_ONCE = 2**19  # elements of the scores that are computed at once (4 MiB)
_SCORE_ROUNDING = 1e-5  # rounding error of a mean score in the frame
# Error of a mean score of rows on lattices, whose points depend on the rows that are read at once.
_SCORE_ERROR_OF_LATTICES = 5e-4


def covariance_of_scores(fit: FittedPoint, X: Any, sample_weight: Any, X_upper: Any) -> Array:
    """The covariance of the scores of the rows of a fit, (n_parameters, n_parameters).

    It is in the packed frame of the fit. The rows are read once.
    """
    estimator = fit.estimator
    if X is None:
        raise ValueError(
            "method='sandwich' needs the rows of the fit: pass X, and sample_weight and X_upper "
            "if the fit had them."
        )
    if hasattr(estimator, "support_"):
        raise ValueError(
            "support_fraction fits only some of the rows and stretches their deviations, so no X "
            "holds the rows of the fit. Use another method, or fit a GaussianGradientMLE to "
            "X[support_], whose scales are a little smaller."
        )
    fit.check_size()
    estimator._warn_of_omitted_upper(X_upper)
    sums = rows_of(estimator, X, sample_weight, X_upper).total(
        partial(_sums_of_products, estimator._gaussian)
    )
    weight, mean = sums[0, 0], sums[0, 1:] / sums[0, 0]
    _check_same_rows(fit, weight, mean)
    covariance: Array = (sums[1:, 1:] - weight * np.outer(mean, mean)) / fit.likelihood.weight
    return covariance


def _sums_of_products(gaussian: FittedGaussian, block: Block) -> Array:
    """The weighted sum over rows of v v^T, where v is the number 1 followed by the row's score.

    It has the shape (1 + n_parameters, 1 + n_parameters). Its first row holds the weight and the
    sums of the scores, and below are the sums of their products.
    """
    block = block.on_host.counted
    n_parameters = gaussian.family.n_parameters
    total = np.zeros((1 + n_parameters, 1 + n_parameters))
    length = max(_SCORES_AT_ONCE // (n_parameters + gaussian.family.n_features**2), 1)
    for start in range(0, len(block.X), length):
        some = block.between(start, start + length)
        scores = np.hstack((np.ones((len(some.X), 1)), gaussian.scores(some)))
        total += (some.weights[:, None] * scores).T @ scores
    return total


def _check_same_rows(fit: FittedPoint, weight: float, mean: Array) -> None:
    """Refuse rows that differ from those of the fit in their weight or mean score.

    The mean score is in the packed frame, (n_parameters,).
    """
    statistics = fit.estimator.sufficient_statistics_
    tolerance = _SCORE_ERROR_OF_LATTICES if fit.likelihood.on_a_lattice else _SCORE_ROUNDING
    informative = fit.likelihood.weight / statistics.weight
    expected = _window_term(fit) + informative * fit.family.pack_frame(
        fit.evaluation.natural_gradient
    )
    if not (
        np.isclose(weight, statistics.weight, rtol=1e-9)
        and np.allclose(mean, expected, rtol=0.0, atol=tolerance)
    ):
        raise ValueError(
            "X, sample_weight and X_upper are not those of the fit. method='sandwich' needs all "
            "rows of the fit, with their weights and upper ends."
        )


def _window_term(fit: FittedPoint) -> Array:
    """The window's term in the mean score in the packed frame, (n_parameters,); 0 without one.

    If features are uncorrelated, it is the score of a row of which only the window is known. At the
    maximum, known values have this score on average, and missing values have it exactly.
    """
    gaussian, here = fit.estimator._gaussian, fit.evaluation
    if not fit.family.correlated:
        return gaussian.scores(Block(np.full((1, fit.family.n_features), np.nan), None, None))[0]
    untruncated = getattr(here, "data", here)  # the evaluation without the window
    return fit.family.pack_frame(untruncated.natural_gradient - here.natural_gradient)
