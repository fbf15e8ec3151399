"""How unusual rows are under a Gaussian: p-values of their observed values.

The squared distance of a row that shows k values follows the chi-square distribution with k degrees
of freedom, whichever values are missing.
"""

from typing import Any

import numpy as np
from scipy import special

from .._typing import Array
from ..density import FittedGaussian
from ..rows import Block, to_host

_MIN_P_VALUE = 1e-290  # the smallest p-value that float64 holds to full precision
_N_TERMS = 20  # terms of the continued fraction for smaller p-values; more change no digit
_N_NEWTON_STEPS = 5  # enough for all digits of a distance, since log p is nearly linear so far out


def log_p_values(gaussian: FittedGaussian, block: Block) -> Array:
    """Logarithms of the p-values of the rows of a block, (n_rows,); 0 for rows that show no value.

    They are minus infinity for rows outside the window of the Gaussian, if it has one.
    """
    distances, _, n_observed = gaussian.observed(block.X)
    distances = np.clip(to_host(distances), 0.0, np.finfo(np.float64).max)
    p_values = _log_survival(distances, np.maximum(n_observed, 1))  # 0 where no value is shown
    if gaussian.window:
        block = block.on_host
        p_values[gaussian.window.outside(block).any(axis=1)] = -np.inf
    return p_values


def as_complete(distances: Array, n_observed: Array, n_features: int) -> Array:
    """Squared distances, (n_rows,), that give complete rows the p-values of rows at `distances`.

    `n_observed` is the number of values that a row shows, at least 1.
    """
    p_values = _log_survival(distances, n_observed)
    alike = special.chdtri(n_features, np.exp(p_values))
    far = p_values < np.log(_MIN_P_VALUE)
    a, x = n_features / 2, distances[far]
    for _ in range(_N_NEWTON_STEPS):
        survival = _log_survival(x, n_features)
        hazard = np.exp((a - 1) * np.log(x / 2) - x / 2 - special.gammaln(a) - survival) / 2
        x = x + (survival - p_values[far]) / hazard
    alike[far] = x
    return np.where(n_observed == n_features, distances, alike)


def consistency_factors(share: float, n_features: int) -> Array:
    r"""Factors by which rows near the mean understate a covariance, by number of values shown.

    If a share of the rows that show k values is kept, those with the largest p-values, then the
    covariance of the Gaussian is their covariance times the factor

    .. math::

        c_k = \frac{\text{share}}{P(\chi^2_{k+2} \le q)}, \qquad P(\chi^2_k \le q) = \text{share}.

    The result has the shape (n_features + 1,). The first factor, for rows without a value, is 1.

    References
    ----------
    Croux and Haesbroeck (1999), "Influence function and efficiency of the minimum covariance
    determinant scatter matrix estimator", Journal of Multivariate Analysis 71(2).
    """
    factors = np.ones(n_features + 1)
    if share < 1:
        a = np.arange(1, n_features + 1) / 2
        factors[1:] = share / special.gammainc(a + 1, special.gammaincinv(a, share))
    return factors


def _log_survival(distances: Array, degrees: Any) -> Array:
    r"""Logarithm of the survival function of the chi-square distribution, shaped as the distances.

    It is :math:`\log Q(a, x)`, where a is half the degrees of freedom and x half the distance.
    Where Q underflows, a few terms of Legendre's continued fraction give all digits of it:

    .. math::

        \Gamma(a, x) = \cfrac{e^{-x} x^a}{x + 1 - a - \cfrac{1 (1 - a)}{x + 3 - a -
            \cfrac{2 (2 - a)}{x + 5 - a - \dots}}}
    """
    x, a = np.broadcast_arrays(distances / 2, degrees / 2)
    p_values = special.gammaincc(a, x)
    far = p_values < _MIN_P_VALUE
    result = np.log(np.where(far, 1.0, p_values))
    x, a = x[far], a[far]
    rest = np.zeros(len(x))
    for n in range(_N_TERMS, 0, -1):
        rest = n * (n - a) / (x + 2 * n + 1 - a - rest)
    result[far] = a * np.log(x) - x - special.gammaln(a) - np.log(x + 1 - a - rest)
    return result
