"""Outliers in hostile data: with gaps, weights of all magnitudes, and rows that are equal.

A detector either refuses such data with a sentence, or answers without a warning from NumPy. A row
is an outlier if and only if its decision function is negative.
"""

import warnings
from collections.abc import Iterator

import numpy as np
from search.hostile import draw

from skgauss import GaussianOutlierDetector


def complaints(seed: int) -> Iterator[str]:
    case = draw(seed)
    for share in (None, 0.75):
        model = GaussianOutlierDetector(support_fraction=share)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # about fits that find no maximum
            warnings.simplefilter("error", RuntimeWarning)
            try:
                model.fit(case.X, sample_weight=case.weights)
                decisions, signs = model.decision_function(case.X), model.predict(case.X)
            except ValueError as error:
                if isinstance(error, np.linalg.LinAlgError):
                    yield f"crash, {error}, support_fraction={share}"
                continue
            except RuntimeWarning as warning:
                yield f"arithmetic, {warning}, support_fraction={share}"
                continue
        if np.isnan(decisions).any() or ((decisions < 0) != (signs < 0)).any():
            yield f"signs, {decisions} for {signs}, support_fraction={share}"
