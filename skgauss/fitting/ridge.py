"""A ridge for a climb that showed no maximum, tried before it is recommended."""

from collections.abc import Iterator
from contextlib import suppress

import numpy as np

from .._typing import Array
from .._wording import iterations
from ..likelihoods import likelihood_with_ridge
from ..solvers import Objective
from .attempt import Outcome
from .remedies import rounded_up

_SHARE_OF_VARIANCE = 0.01  # of a variance: small beside the data, and felt at once
_MOST_WRITTEN = 10  # features whose ridges are written out in a sentence


def explain_ridge(outcome: Outcome) -> str:
    """A sentence on a ridge with which the climb converges; empty if none that was tried does it.

    None is tried where a window may be at fault, where rows to come may help, or where parameters
    are known.
    """
    attempt, estimator = outcome.attempt, outcome.attempt.estimator
    known = estimator.fixed_mean is not None or estimator.fixed_covariance is not None
    if known or estimator.truncation_limits is not None or not attempt.start_is_set:
        return ""
    family, parametrization = outcome.likelihood.family, attempt.objective.parametrization
    for ridge in _ridges(outcome.statistics.variances):
        of_features = np.full(family.n_features, ridge)
        likelihood = likelihood_with_ridge(outcome.statistics, family, of_features)
        trial = attempt._replace(objective=Objective(likelihood, parametrization))
        most = min(attempt.estimator.max_iter, attempt.budget)
        with suppress(ValueError):  # a start whose likelihood no float holds
            solution = trial.changed({"reg_covar": ridge}).run(most)
            if solution.converged:
                return f"The fit converges in {iterations(solution.n_iter)} with reg_covar={ridge}."
    return ""


def _ridges(variances: Array) -> Iterator[float | list[float]]:
    """Ridges to try: one number for all features, then one for each by its variance, if few.

    A constant feature has the least of them.
    """
    least = variances[variances > 0].min()
    yield rounded_up(_SHARE_OF_VARIANCE * least)
    if len(variances) <= _MOST_WRITTEN:
        shares = _SHARE_OF_VARIANCE * np.maximum(variances, least)
        yield [rounded_up(share) for share in shares.tolist()]
