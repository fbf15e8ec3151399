r"""The largest stable constant step, :math:`2 / \lambda_{\max}(-H)`, wherever a climb ended.

H is the Hessian in theta at the maximum. The gradient vanishes there, so that the curvature of the
parametrization drops out: H pushes a small step of theta into the frame, multiplies it by the
Hessian there, and pulls the result back. On complete data minus the Hessian in the frame is the
identity, and the parametrization has a formula for the bound.
"""

from collections.abc import Callable

import numpy as np
from scipy.sparse.linalg import ArpackError, LinearOperator, eigsh

from .._typing import Array
from ..gaussian import PARAMETRIZATIONS, NotPositiveDefiniteError, Parametrization
from ..likelihoods import Evaluation, Likelihood, product_with_minus_hessian
from .accelerated import AcceleratedNatural
from .base import Solution, Solver, maximize
from .objective import Objective

_MAX_ITER = 200  # of a climb to the maximum; about sixty are enough if one is near
_VECTOR_RTOL = 1e-6  # relative, of the eigenvector; that of the eigenvalue is its square
# Restarts of the Lanczos method. About ten are enough unless very many eigenvalues nearly equal the
# largest, as with logarithms of scales that are decades apart; more would then take seconds.
_MAX_RESTARTS = 50
# Products with a matrix between two restarts. A smaller matrix is formed as a whole.
_N_LANCZOS_VECTORS = 20


def learning_rate_bound(
    objective: Objective,
    solver: Solver,
    solution: Solution,
    climb_closer: Callable[[], Solution | None],
) -> tuple[float, Solution | None]:
    """The largest constant step that is stable at the maximum, and a solution closer to it.

    `climb_closer` returns this solution, or None. It is called only if the bound needs a point that
    is closer to the maximum than `solution`; otherwise the second result is None. If there is no
    maximum, the bound is that for complete data at the solution.
    """
    likelihood, stable_rate = solution.likelihood, solver.stable_rate
    if stable_rate is not None and not likelihood.natural_coordinates:
        return stable_rate, None
    maximum = likelihood.maximum
    if maximum is not None and likelihood.complete:
        return objective.parametrization.learning_rate_bound(maximum[1]), None
    # Where a climb found no maximum, or natural steps stalled, another one would end there again.
    ends_there = solution.stop_reason in ("converged", "unbounded") or (
        stable_rate is not None and solution.stop_reason == "stalled"
    )
    closer = None if maximum is not None or ends_there else climb_closer()
    if closer is not None:
        solution, likelihood = closer, closer.likelihood
    at = solution.evaluation if maximum is None else likelihood.evaluate(*maximum)
    # To first order the frame of a point is the theta of natural steps.
    theta = None if stable_rate else objective.parametrization
    # The bound for complete data, which is a lower bound.
    of_complete = stable_rate or objective.parametrization.learning_rate_bound(at.factor)
    if solution.stop_reason == "unbounded":  # there is no maximum to have a curvature
        return of_complete, closer
    largest = _largest_curvature(likelihood, theta, at)
    return of_complete if largest is None else 2.0 / largest, closer


def _largest_curvature(
    likelihood: Likelihood, theta: Parametrization | None, at: Evaluation
) -> float | None:
    """The largest eigenvalue of minus the Hessian at a maximum, or None if not found.

    It is the Hessian in theta or, without a parametrization, in the frame.
    """
    product = product_with_minus_hessian(likelihood, at)
    if product is None:
        return None

    def minus_hessian(direction: Array) -> Array:
        move = direction.reshape(-1)
        move = theta.push(at.factor, move) if theta else move
        image = theta.pull_frame(at.factor, product(move)) if theta else product(move)
        if not np.isfinite(image).all():
            raise NotPositiveDefiniteError
        return image

    size = at.mean.size + at.factor.size
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            largest = _largest_eigenvalue(minus_hessian, size)
    except (ArpackError, NotPositiveDefiniteError):
        return None
    return largest if largest > 0 else None


def _largest_eigenvalue(product: Callable[[Array], Array], size: int) -> float:
    """The largest eigenvalue of the symmetric matrix, (size, size), that `product` applies."""
    if size <= _N_LANCZOS_VECTORS:
        return float(np.linalg.eigvalsh([product(unit) for unit in np.eye(size)])[-1])
    operator = LinearOperator((size, size), matvec=product, dtype=np.float64)
    start = np.random.default_rng(0).standard_normal(size)
    options = {
        "tol": _VECTOR_RTOL,
        "maxiter": _MAX_RESTARTS,
        "ncv": _N_LANCZOS_VECTORS,
        "return_eigenvectors": False,
    }
    (largest,) = eigsh(operator, k=1, which="LA", v0=start, **options)
    return float(largest)


def climb_to_maximum(likelihood: Likelihood, start: Evaluation) -> Evaluation:
    """The likelihood at the point where the default solver ends, a maximum if there is one."""
    objective = Objective(likelihood, PARAMETRIZATIONS["scale"](likelihood.family))
    # A guess is allowed: a climb that failed far away has not chosen between several maxima.
    solver = AcceleratedNatural(may_guess=True)
    return maximize(objective, solver, start, max_iter=_MAX_ITER, tol=1e-6).evaluation
