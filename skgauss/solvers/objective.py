"""The objective of a solver: a likelihood seen through a parametrization."""

from typing import NamedTuple

import numpy as np

from .._typing import Array
from ..gaussian import Parametrization
from ..likelihoods import Evaluation, Likelihood


class Point(NamedTuple):
    """A theta with the likelihood there, and the gradient with respect to theta."""

    theta: Array
    evaluation: Evaluation
    gradient: Array

    @property
    def value(self) -> float:
        """The objective in nats per observation, with the penalty of a ridge."""
        return self.evaluation.value


class Objective(NamedTuple):
    """Value and gradient as functions of theta; to be maximised."""

    likelihood: Likelihood
    parametrization: Parametrization

    def at(self, theta: Array) -> Point:
        """The point at theta.

        Raises
        ------
        NotPositiveDefiniteError
            If theta is not a Gaussian with a finite likelihood.
        """
        evaluation = self.likelihood.evaluate(*self.parametrization.from_theta(theta))
        return self._point(theta, evaluation)

    def start(self, evaluation: Evaluation) -> Point:
        """The point of an evaluation, with its theta computed."""
        theta = self.parametrization.to_theta(evaluation.mean, evaluation.factor)
        return self._point(theta, evaluation)

    def _point(self, theta: Array, evaluation: Evaluation) -> Point:
        """The point of an evaluation at theta."""
        gradient = self.parametrization.pullback(
            evaluation.factor, evaluation.score_mean, evaluation.score_covariance
        )
        return Point(theta, evaluation, gradient)


def blocks(point: Point) -> tuple[Array, Array]:
    """Masks of the mean and of the covariance in theta, with entries 1 and 0."""
    mean = np.zeros_like(point.theta)
    mean[: len(point.evaluation.mean)] = 1.0
    return mean, 1.0 - mean
