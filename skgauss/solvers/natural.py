r"""Natural gradient ascent: mirror ascent in the expectation parameters.

In the coordinates (mu, Sigma + mu mu^T) the natural gradient is a plain gradient. With m and M the
mean and the covariance that the current point expects of the data, the step of rate g leads to

.. math::

    \mu + g \delta, \qquad (1 - g) \Sigma + g M + g (1 - g) \delta \delta^T,
    \qquad \delta = m - \mu,

This covariance is positive definite for every g <= 1, as no term of the sum is negative. With g = 1
the step is the EM step, and on complete data the closed form. The code adds these three terms, and
never a difference to Sigma, so that a start in the wrong units costs no digits.

References
----------
Amari (1998), "Natural gradient works efficiently in learning", Neural Computation 10(2);
Raskutti and Mukherjee (2015), "The information geometry of mirror descent", IEEE
Transactions on Information Theory 61(3).
"""

from dataclasses import dataclass

from .base import State, SteppingSolver
from .objective import Objective

# 2 over the largest eigenvalue of minus the Hessian at the maximum, in the Fisher metric. This is 1
# on complete data, at most 1 with missing values, and may be more only in a truncated sample.
STABLE_RATE = 2.0


@dataclass(frozen=True)
class Natural(SteppingSolver):
    """Natural gradient ascent."""

    stable_rate = STABLE_RATE
    learning_rate: float  # the constant rate

    def step(self, objective: Objective, state: State) -> State:
        likelihood, rate = objective.likelihood, self.learning_rate
        return State(likelihood.evaluate(*likelihood.natural_step(state.evaluation, rate)))
