r"""Missing values given the observed ones of the same row, on the side of the precision.

With :math:`\Lambda = \Sigma^{-1}`, o the observed and m the missing features of a row, z its
deviation from the mean,

.. math::

    E[z_m \mid z_o] = -\Lambda_{mm}^{-1} \Lambda_{mo} z_o, \qquad
    \operatorname{Cov}[z_m \mid z_o] = \Lambda_{mm}^{-1},

    z_o^T \Sigma_{oo}^{-1} z_o = \min_{z_m} z^T \Lambda z, \qquad
    \log\det\Sigma_{oo} = \log\det\Sigma + \log\det\Lambda_{mm}.

A row with m missing values costs :math:`m^3`. All patterns with as many missing values are
worked on at once, with the patterns along the last axis of every array.

References
----------
Petersen and Pedersen (2012), The Matrix Cookbook, sections 8.1 and 9.1; Higham (2002), Accuracy and
Stability of Numerical Algorithms, chapters 10 and 14.
"""

from typing import NamedTuple

import numpy as np

from ._typing import Array

# Above this inflation the first solution is corrected by the residual it leaves.
_INFLATED = 1e3


class Gaps:
    """Where values are missing in rows that miss equally many.

    Parameters
    ----------
    missing : bool ndarray of shape (n_patterns, n_features)
        The patterns, each with as many missing.
    counts : int ndarray of shape (n_patterns,)
        Rows of each pattern, which follow each other.
    """

    def __init__(self, missing: np.ndarray, counts: np.ndarray):
        n_features = missing.shape[1]
        n_missing = int(missing[0].sum())
        self.features = np.nonzero(missing)[1].reshape(len(missing), n_missing).T
        """Missing features, (n_missing, n_patterns)."""
        self._pattern = None if (counts == 1).all() else np.repeat(np.arange(len(counts)), counts)
        self.features_by_row = self.by_row(self.features)
        n_rows = self.features_by_row.shape[1]
        self.entries = self.features_by_row + n_features * np.arange(n_rows)
        """Places of the missing values in the flattened rows, (n_missing, n_rows)."""
        self.blocks = self.features[:, None] * n_features + self.features
        """Places of the blocks in a flattened matrix, (n_missing, n_missing, n_patterns)."""

    def by_row(self, of_pattern: np.ndarray) -> np.ndarray:
        """One copy for each row along the last axis."""
        return of_pattern if self._pattern is None else of_pattern[..., self._pattern]


class Conditional(NamedTuple):
    """The law of the missing values of each row given its observed ones.

    Attributes
    ----------
    mean : ndarray of shape (n_missing, n_rows)
        Conditional deviation from the mean.
    covariance : ndarray of shape (n_missing, n_missing, n_patterns)
    log_det : ndarray of shape (n_patterns,)
        Of the blocks of the precision.
    distances : ndarray of shape (n_rows,)
        Squared Mahalanobis distance of the observed values.
    """

    mean: Array
    covariance: Array
    log_det: Array
    distances: Array


def condition(deviations: Array, gaps: Gaps, precision: Array, inflation: float) -> Conditional:
    """Condition on the observed values; completes `deviations`, 0 where missing, in place."""
    covariance, log_det = _inverse(precision.reshape(-1)[gaps.blocks])
    by_row = gaps.by_row(covariance)
    flat = deviations.reshape(-1)
    for _ in range(2 if inflation > _INFLATED else 1):
        forces = deviations @ precision
        of_missing = forces.reshape(-1)[gaps.entries]
        step = -np.einsum("ijn,jn->in", by_row, of_missing)
        distances = np.einsum("ij,ij->i", deviations, forces)
        distances += np.einsum("in,in->n", step, of_missing)
        mean = flat[gaps.entries] + step
        flat[gaps.entries] = mean
    return Conditional(mean, covariance, log_det, distances)


def inflation(covariance_diagonal: Array, precision_diagonal: Array) -> float:
    """Largest variance inflation: how well the other features explain one.

    Products with the precision lose as many digits as it has.
    """
    return float((covariance_diagonal * precision_diagonal).max())


def _inverse(blocks: Array) -> tuple[Array, Array]:
    """Inverses of positive definite blocks (m, m, n) and their log-determinants, by Cholesky.

    Overwrites the blocks. Gauss-Jordan sweeps would be shorter, but err with the square of
    the condition.
    """
    inverse_factor = np.zeros_like(blocks)
    inverse = np.zeros_like(blocks)
    log_det = np.zeros(blocks.shape[2])
    for k in range(len(blocks)):
        pivot = np.sqrt(blocks[k, k])
        log_det += 2.0 * np.log(pivot)
        column = blocks[k + 1 :, k] / pivot
        blocks[k + 1 :, k + 1 :] -= column[:, None] * column
        # Row k of the inverse factor, from row k of the factor that `blocks` keeps.
        row = inverse_factor[k, : k + 1]
        row[:k] = -np.einsum("jn,jin->in", blocks[k, :k], inverse_factor[:k, :k]) / pivot
        row[k] = 1.0 / pivot
        inverse[: k + 1, : k + 1] += row[:, None] * row
        blocks[k + 1 :, k] = column
        blocks[k, k + 1 :] = 0.0
    return inverse, log_det
