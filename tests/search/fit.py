"""A case fitted within limits of time, with the likelihood that checks the fit."""

import signal
import warnings
from contextlib import contextmanager
from functools import cached_property
from unittest.mock import patch

import numpy as np
from search.likelihood import EPS, ObservedData, Point, Standardization

from skgauss import GaussianGradientMLE
from skgauss.likelihoods.missing import ObservedFull

MOST_SECONDS = 60  # of processor time, on which other processes have no influence
MOST_EVALUATIONS = 2500, 10  # of the likelihood of incomplete rows: in any fit, plus for each step
LARGEST_CONDITION = 1e10  # beyond it a reported covariance has lost its smallest eigenvalue


class TooLong(BaseException):
    """A fit takes too long; no `Exception`, so that the fit cannot suppress it."""


@contextmanager
def limits(model):
    """Raise TooLong in a fit that takes too many evaluations or too much processor time."""
    steps = model.max_iter * (2 * model.n_inner_iter if model.solver == "coordinate" else 1)
    most = MOST_EVALUATIONS[0] + MOST_EVALUATIONS[1] * steps
    left, evaluate = iter(range(most)), ObservedFull.evaluate

    def counted(*arguments):
        if next(left, None) is None:
            raise TooLong(f"more than {most} evaluations of the likelihood")
        return evaluate(*arguments)

    def stop(*_):
        raise TooLong(f"more than {MOST_SECONDS} seconds of the processor")

    signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)
    try:
        with patch.object(ObservedFull, "evaluate", counted):
            yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


class Fit:
    """A fitted model, its score and its warnings, or the error that it raised."""

    def __init__(self, case):
        self.case = case
        self.weights = np.ones(len(case.X)) if case.weights is None else case.weights
        self.model = GaussianGradientMLE(**case.parameters)
        self.is_full = self.model.covariance_type == "full"
        self.error = None
        with warnings.catch_warnings(record=True) as self.warnings:
            warnings.simplefilter("always")
            try:
                with limits(self.model):
                    self.model.fit(case.X, sample_weight=case.weights)
                self.score = self.model.score(case.X, sample_weight=case.weights)
            except (Exception, TooLong) as error:
                self.error = error

    @cached_property
    def frame(self):
        kept = self.weights > 0
        return Standardization(self.case.X[kept], self.weights[kept])

    @cached_property
    def data(self):
        ridge = np.broadcast_to(self.model.reg_covar_, len(self.frame.unit)) / self.frame.unit**2
        return ObservedData(self.frame.rows(self.case.X), self.weights, ridge)

    @cached_property
    def point(self):
        """The likelihood at the fitted Gaussian; None if float64 cannot report its covariance."""
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            try:
                factor = np.linalg.cholesky(self.frame.matrix(self.model.covariance_))
                point = Point(self.data, self.frame.rows(self.model.mean_), factor)
            except np.linalg.LinAlgError:
                return None
        told = np.isfinite(point.value) and point.condition < LARGEST_CONDITION
        return point if told else None

    @property
    def noise(self):
        """The error of a likelihood or a norm there that the rounding of the covariance makes."""
        return 30 * EPS * self.point.condition * (1 + self.point.distance)

    @property
    def resolution(self):
        """The gradient norm there that the rounding of the mean makes."""
        spacing = np.spacing(np.abs(self.model.mean_)) / self.frame.unit
        moved = float(np.linalg.norm(np.abs(np.linalg.inv(self.point.factor)) @ spacing))
        return moved + moved**2
