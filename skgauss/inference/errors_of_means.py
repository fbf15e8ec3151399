r"""Standard errors of means where the matrix of the information would be too large.

The variance of a mean is :math:`g^T H^{-1} g`, with H the observed information in the frame of the
maximum and g the way in which a step moves the mean. Conjugate gradients solve :math:`H x = g` with
products alone. In this frame the information of complete data is the identity, so that few products
suffice unless much is missing. What g makes of the solution is wrong only by the square of the
error of x.

References
----------
Hestenes and Stiefel (1952), "Methods of conjugate gradients for solving linear systems", Journal of
Research of the National Bureau of Standards 49(6).
"""

import math

import numpy as np
from scipy.sparse.linalg import LinearOperator, cg

from .._typing import Array
from .point import FittedPoint

_RESIDUAL = 1e-3  # length of g - H x over that of g: its square is the relative error of a variance
_MOST_CG_STEPS = 200  # products for one mean, after which the data are said to leave it open


def errors_of_means(at: FittedPoint) -> Array:
    """Standard errors of the means from one row, in standard deviations of the features.

    They have the shape (n_features,), and are NaN where the data leave a mean open.

    Raises
    ------
    ValueError
        If the likelihood has no products with its information that are good enough for errors, and
        a matrix of it would be too large.
    """
    products = None if at.family.mean_is_known else at.likelihood.products(at.evaluation)
    if products is None:
        at.check_size()
    size = at.evaluation.natural_gradient.size
    product = products and products.exact
    information = LinearOperator((size, size), matvec=product, dtype=np.float64)
    errors = np.full(at.family.n_features, np.nan)
    for j, move in enumerate(at.estimator._gaussian.factor / at.estimate.scale[:, None]):
        along = np.concatenate((move, np.zeros(size - len(move))))
        solution, failed = cg(information, along, rtol=_RESIDUAL, maxiter=_MOST_CG_STEPS)
        variance = float(along @ solution)
        if not failed and variance > 0:
            errors[j] = math.sqrt(variance)
    return errors
