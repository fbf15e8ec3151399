r"""Ends of profile intervals at which the covariance is singular.

What the data say of the other correlations may be all that bounds that of two features which no
row shows together. The end of its interval then lies where the covariance is singular: at infinity
in the frame of any point, but within reach of :math:`L (I + T)`, L the factor at the maximum and T
lower triangular, along which the likelihood is smooth up to there and beyond.

References
----------
Kraft (1988), "A software package for sequential quadratic programming", DFVLR-FB 88-28, for SLSQP.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress

import numpy as np
from scipy.optimize import minimize

from .._typing import Array
from ..gaussian import NotPositiveDefiniteError
from ..likelihoods import Evaluation, Likelihood

_NEAR = 0.1  # of a direction in the frame of the maximum: what is left of it where it vanishes
_LEAST = 1e-6  # the same where it is as good as gone: its square is a rounding of an eigenvalue
_MOST_STEPS = 100
_MOST_SEARCHES = 3  # each from where the last gave up, as that of SciPy 1.14 often does
_PRECISION = 1e-9  # of the parameter
_CLOSE = 1e-6  # to the level, relative to its distance from the maximum


def highest_on_the_boundary(
    likelihood: Likelihood,
    maximum: Evaluation,
    start: Evaluation,
    height: Callable[[Evaluation], tuple[float, Array]],
    nats: float,
) -> Evaluation | None:
    """The point of greatest height at which the likelihood has fallen by no more than some nats.

    Parameters
    ----------
    likelihood : Likelihood
        Of a full covariance.
    maximum, start : Evaluation
        Where the likelihood is highest, and where to begin.
    height : callable
        Of a point, a number that is bounded, and its gradient in the packed frame of the point.
    nats : float

    Returns
    -------
    highest : Evaluation or None
        None if the start is not near a singular covariance, or no such point was found.
    """
    family, d = likelihood.family, likelihood.family.n_features
    identity, places = np.eye(d), np.tril_indices(d)
    reached = family.solve(maximum.factor, start.factor)
    if reached.diagonal().min() > _NEAR:
        return None

    def form_of(x: Array) -> Array:
        form = identity.copy()
        form[places] += x[d:]
        return form

    def evaluated(x: Array) -> Evaluation:
        mean = maximum.mean + family.colorize(maximum.factor, x[None, :d])[0]
        return likelihood.evaluate(mean, maximum.factor @ form_of(x))

    def pulled(packed: Array, x: Array) -> Array:
        of_mean, of_form = family.split_frame(family.unpack_frame(packed))
        inverse = np.linalg.inv(form_of(x)).T
        return np.concatenate((inverse @ of_mean, (inverse @ of_form)[places]))

    def lowness(x: Array) -> tuple[float, Array]:
        try:
            value, gradient = height(evaluated(x))
        except NotPositiveDefiniteError:  # which the search takes for a step that is too long
            return math.inf, np.zeros(len(x))
        return -value, -pulled(gradient, x)

    def excess(x: Array) -> float:
        try:
            return (evaluated(x).value - maximum.value) / nats + 1
        except NotPositiveDefiniteError:
            return -math.inf

    def slope_of_excess(x: Array) -> Array:
        return pulled(family.pack_frame(evaluated(x).natural_gradient), x) / nats

    moved = family.solve(maximum.factor, start.mean - maximum.mean)
    least = np.full(len(moved) + len(places[0]), -np.inf)
    least[d:][places[0] == places[1]] = _LEAST - 1
    x = np.concatenate((moved, (reached - identity)[places]))
    with suppress(NotPositiveDefiniteError):  # of a slope where there is none
        for _ in range(_MOST_SEARCHES):
            found = minimize(
                lowness,
                x,
                jac=True,
                method="SLSQP",
                bounds=[(low, None) for low in least.tolist()],
                constraints={"type": "ineq", "fun": excess, "jac": slope_of_excess},
                options={"maxiter": _MOST_STEPS, "ftol": _PRECISION},
            )
            x = found.x
            if found.success and excess(x) > -_CLOSE:
                return evaluated(x)
    return None
