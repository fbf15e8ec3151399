r"""The maximum where gaps are nested: the one pattern of incomplete data with a closed form.

Features can then be ordered so that a row which misses one misses all behind it, as where people
leave a study. The likelihood falls apart into regressions of each feature on those before it, in
the rows that show it, whose parameters have nothing in common. Each has one maximum, and no other
stationary point.

References
----------
Anderson (1957), "Maximum likelihood estimates for a multivariate normal distribution when some
observations are missing", Journal of the American Statistical Association 52; Little and Rubin
(2019), Statistical Analysis with Missing Data, section 7.4.
"""

import numpy as np
from scipy.linalg import solve_triangular

from .._typing import Array
from ..gaussian import Full
from ..statistics import IncompleteStatistics

_ALL_BUT_SINGULAR = 1e14  # condition of the correlations, beyond which only a climb can tell


def monotone_maximum(
    statistics: IncompleteStatistics, unit: Array, family: Full
) -> tuple[Array, Array] | None:
    """Mean and factor at the maximum of nested patterns; None where they are all but singular.

    Parameters
    ----------
    statistics : IncompleteStatistics
        Whose patterns are `nested`.
    unit : ndarray of shape (n_features,)
        In which no feature is much larger than another.
    family : Full
    """
    order = np.argsort(statistics.missing.sum(axis=0), kind="stable")
    rows = np.column_stack((statistics.levels, (statistics.rows / unit)[:, order]))
    widths = 1 + (~statistics.missing).sum(axis=1)
    ends = np.cumsum(statistics.counts)
    triangles, triangle = [], rows[:0]
    for width, its_rows in zip(widths, np.split(rows, ends[:-1]), strict=True):
        stacked = np.vstack((triangle[:width, :width], its_rows[:, :width]))
        triangle = np.asarray(np.linalg.qr(stacked, mode="r"))
        if len(triangle) < width or not triangle.diagonal().all():
            return None
        triangles.append(triangle)
    mean, root = _mean_and_root(triangles[::-1])
    back = np.argsort(order)
    factor = family.marginal(root, back.tolist())
    if not family.correlation_condition(family.square(factor), factor) < _ALL_BUT_SINGULAR:
        return None
    return statistics.origin + unit * mean[back], unit[:, None] * factor


def too_few_together(statistics: IncompleteStatistics, mean_is_known: bool) -> list[int]:
    """Features that too few rows show all of, where gaps are nested; empty if there are none.

    Of distinct rows: the regression of one of these features on the others leaves nothing in them,
    and the likelihood is infinite.
    """
    order = np.argsort(statistics.missing.sum(axis=0), kind="stable")
    n_shown = (~statistics.missing).sum(axis=1)
    for n_features in np.unique(n_shown[n_shown > 1]).tolist():
        # Of many rows of a pattern one more than features are kept.
        n_rows = statistics.counts[n_shown >= n_features].sum()
        if n_rows < n_features + (not mean_is_known):
            return np.sort(order[:n_features]).tolist()
    return []


def _mean_and_root(triangles: list[Array]) -> tuple[Array, Array]:
    """Mean and root of all features, from regressions of some on all before them.

    Each triangle has the products of ones and features, of all rows that show these features.
    """
    d = len(triangles[-1]) - 1
    mean, root = np.zeros(d), np.zeros((d, d))
    start = 0
    for triangle in triangles:
        end, known = len(triangle) - 1, slice(start + 1)
        slopes = solve_triangular(triangle[known, known], triangle[known, start + 1 :])
        mean[start:end] = slopes[0] + slopes[1:].T @ mean[:start]
        root[start:end, :start] = slopes[1:].T @ root[:start, :start]
        root[start:end, start:end] = (triangle[start + 1 :, start + 1 :] / triangle[0, 0]).T
        start = end
    return mean, root
