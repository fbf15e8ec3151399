r"""The maximum in closed form of incomplete data whose gaps are nested (monotone).

Features can then be ordered so that a row that misses one also misses all later ones, as when
people leave a study. The likelihood factors into regressions of each feature on the earlier ones,
over the rows that show it, with separate parameters. Each factor has one maximum, and no other
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
from .base import SINGULAR_CONDITION


def monotone_maximum(
    statistics: IncompleteStatistics, unit: Array, family: Full
) -> tuple[Array, Array] | None:
    """The mean and the factor at the maximum of nested patterns; None if it is nearly singular.

    In the units, (n_features,), no feature is much larger than another.
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
    if not family.correlation_condition(family.square(factor), factor) < SINGULAR_CONDITION:
        return None
    return statistics.origin + unit * mean[back], unit[:, None] * factor


def too_few_together(statistics: IncompleteStatistics, mean_is_known: bool) -> list[int]:
    """The indices of features that too few distinct rows show together, where gaps are nested.

    A regression of one of these features on the others then fits these rows without a residual, and
    the likelihood is unbounded. The list is empty if there are no such features.
    """
    order = np.argsort(statistics.missing.sum(axis=0), kind="stable")
    n_shown = (~statistics.missing).sum(axis=1)
    for n_features in np.unique(n_shown[n_shown > 1]).tolist():
        # For each pattern the statistics hold at most one row more than it shows features.
        n_rows = statistics.counts[n_shown >= n_features].sum()
        if n_rows < n_features + (not mean_is_known):
            return np.sort(order[:n_features]).tolist()
    return []


def _mean_and_root(triangles: list[Array]) -> tuple[Array, Array]:
    """The mean, (n_features,), and the factor of all features, from regressions on earlier ones.

    Each triangle, (1 + k, 1 + k), is the R of the QR factorization of the constant and the first k
    features, in all rows that show these. The last triangle has all features.
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
