r"""The scores of the rows: what the errors of an estimate rest on where the rows are not Gaussian.

The gradient of the log-likelihood is a sum over rows, the scores. Its covariance B is estimated
from them, whatever their law; the model takes it for the information A. At the maximum their mean
is zero. Under truncation a score lacks the part that the window has, which is the same for all
rows: the mean over the rows takes it away.

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

_SCORES_AT_ONCE = 2**19  # numbers in the scores of the rows that are worked on together (4 MiB)
_SAME_SCORE = 1e-5  # rounding of a mean score in the frame, where the rows are those of the fit


def covariance_of_scores(at: FittedPoint, X: Any, sample_weight: Any, X_upper: Any) -> Array:
    """The covariance of the scores of the rows of a fit, (n_parameters, n_parameters).

    It is in the packed frame of the fit, and reads the rows once.

    Raises
    ------
    ValueError
        If X is missing or is not that of the fit, or the fit is one that has no such errors.
    """
    estimator = at.estimator
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
    at.check_size()
    estimator._warn_of_forgotten(X_upper)
    sums = rows_of(estimator, X, sample_weight, X_upper).total(
        partial(_sums_of_products, estimator._gaussian)
    )
    weight, mean = sums[0, 0], sums[0, 1:] / sums[0, 0]
    _check_same_rows(at, weight, mean)
    covariance: Array = (sums[1:, 1:] - weight * np.outer(mean, mean)) / at.likelihood.weight
    return covariance


def _sums_of_products(gaussian: FittedGaussian, block: Block) -> Array:
    """The weighted sum over rows of the products of their scores, with a one before each score.

    It has the shape (1 + n_parameters, 1 + n_parameters): the weight in its corner, beside it the
    sums of the scores, and then those of their products.
    """
    block = block.on_host.counted
    n_parameters = gaussian.family.n_parameters
    total = np.zeros((1 + n_parameters, 1 + n_parameters))
    length = max(_SCORES_AT_ONCE // (n_parameters + gaussian.family.n_features**2), 1)
    for start in range(0, len(block.X), length):
        some = block.between(start, start + length)
        scores = np.hstack((np.ones((len(some.X), 1)), gaussian.scores(some)))
        weighted = scores if some.sample_weight is None else some.sample_weight[:, None] * scores
        total += weighted.T @ scores
    return total


def _check_same_rows(at: FittedPoint, weight: float, mean: Array) -> None:
    """Refuse other rows than those of the fit, as far as their weight and mean score tell.

    The mean score is in the packed frame, (n_parameters,).
    """
    statistics = at.estimator.sufficient_statistics_
    informative = at.likelihood.weight / statistics.weight
    expected = _of_window(at) + informative * at.family.pack_frame(at.evaluation.natural_gradient)
    if not (
        np.isclose(weight, statistics.weight, rtol=1e-9)
        and np.allclose(mean, expected, rtol=0.0, atol=_SAME_SCORE)
    ):
        raise ValueError(
            "X, sample_weight and X_upper are not those of the fit. method='sandwich' needs all "
            "rows of the fit, with their weights and upper ends."
        )


def _of_window(at: FittedPoint) -> Array:
    """What a window adds to the mean score in the packed frame, (n_parameters,); 0 without one.

    Where features are uncorrelated it is the score of a row which shows nothing. The likelihood
    takes it away for the values that are known; missing ones have it on both sides.
    """
    gaussian, here = at.estimator._gaussian, at.evaluation
    if not at.family.correlated:
        return gaussian.scores(Block(np.full((1, at.family.n_features), np.nan), None, None))[0]
    of_data = getattr(here, "data", here)  # as if there were no window
    return at.family.pack_frame(of_data.natural_gradient - here.natural_gradient)
