r"""Scores of single rows that are not fully known.

The score of a row is the gradient of the log-density of what is known of it, in the frame of the
Gaussian. By Fisher's identity it is the score of the row completed by its conditional mean, with
the conditional covariance added to the outer product of the deviation. A missing value counts as an
interval without ends.
"""

import numpy as np

from .._typing import Array
from ..blocks import threads
from ..gaussian import Family, linalg
from .intervals import alike_rows, batches_with_conditioner, coarsened, kinds_of
from .standardization import Standardization


@threads.one_blas_thread()
def scores_of_rows(
    lower: Array,
    upper: Array,
    weights: Array,
    gaussian: Standardization,
    family: Family,
    pilot: Standardization,
) -> Array:
    """Packed scores, (n_rows, n_parameters), of rows known to lie between two ends."""
    mean, scales, root = gaussian
    if root is None:
        found = coarsened(lower, upper, weights, gaussian, pilot)
        spread = (found.standard_deviations / scales) ** 2
        return family.scores(found.deviations / scales, spread)
    lower, upper, totals, place = alike_rows(lower, upper, weights, gaussian)
    known = np.where(kinds_of(lower, upper) > 0, 0.0, lower - mean) / scales
    inverse = linalg.invert_lower(root)
    scores = np.empty((len(lower), family.n_parameters))
    for rows, coarse, conditioner in batches_with_conditioner(lower, upper, totals, gaussian):
        hidden = coarse.given(conditioner, pilot)
        features = coarse.gaps.features.T
        completed = known[rows]
        completed[np.arange(len(rows))[:, None], features] = hidden.values
        columns = inverse[:, features].transpose(1, 0, 2)
        spread = columns @ hidden.covariance @ columns.transpose(0, 2, 1)
        scores[rows] = family.scores(completed @ inverse.T, spread)
    return scores[place]
