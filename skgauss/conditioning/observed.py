"""Rows with missing values: density of the observed ones, distribution of the missing ones."""

from collections.abc import Iterator

import numpy as np

from .._typing import Array
from ..blocks import threads
from .missing import Conditional, Conditioner
from .patterns import MissingPatterns, batches, sort_patterns
from .standardization import Standardization


@threads.one_blas_thread()
def marginals_of(X: Array, gaussian: Standardization) -> tuple[Array, Array]:
    """Squared Mahalanobis distances of observed values, and log-determinants of their covariances.

    Both are (n_rows,). X, (n_rows, n_features), is NaN where values are missing.
    """
    missing = np.isnan(X)
    relative = np.where(missing, 0.0, (X - gaussian.origin) / gaussian.unit)
    units = 2.0 * (~missing @ np.log(gaussian.unit))
    if gaussian.root is None:
        return np.einsum("ij,ij->i", relative, relative), units
    distances, log_dets = np.empty((2, len(missing)))
    log_det = 2.0 * np.log(gaussian.root.diagonal()).sum()
    for rows, gaps, given in _conditionals(relative, missing, gaussian.root):
        distances[rows] = given.distances
        log_dets[rows] = log_det + gaps.by_row(given.log_det)
    log_dets += units
    log_dets[missing.all(axis=1)] = 0.0  # exactly, without rounding
    return distances, log_dets


@threads.one_blas_thread()
def completed(X: Array, gaussian: Standardization) -> tuple[Array, Array]:
    """Deviations of rows, with conditional means for NaN, and conditional standard deviations.

    Both are (n_rows, n_features), and the latter are 0 where a value is known.
    """
    deviations, missing = X - gaussian.origin, np.isnan(X)
    spread = np.where(missing, gaussian.unit, 0.0)
    if gaussian.root is None:
        return np.where(missing, 0.0, deviations), spread
    relative = np.where(missing, 0.0, deviations / gaussian.unit)
    for rows, gaps, given in _conditionals(relative, missing, gaussian.root):
        variances = gaps.by_row(np.einsum("iin->in", given.covariance))
        features = gaps.by_row(gaps.features)
        where = rows, features
        deviations[where] = given.mean * gaussian.unit[features]
        spread[where] *= np.sqrt(variances)
    return deviations, spread


def _conditionals(
    relative: Array, missing: np.ndarray, factor: Array
) -> Iterator[tuple[np.ndarray, MissingPatterns, Conditional]]:
    """Batches of rows: their indices, their gaps, and the distribution of the missing values."""
    conditioner = Conditioner(factor)
    order, starts = sort_patterns(missing)
    patterns = missing[order[starts[:-1]]]
    for piece in batches(patterns.sum(axis=1), starts, missing.shape[1]):
        rows = order[starts[piece.start] : starts[piece.stop]]
        gaps = MissingPatterns(patterns[piece], np.diff(starts[piece.start : piece.stop + 1]))
        yield rows, gaps, conditioner(relative[rows], gaps)
