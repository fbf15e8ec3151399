r"""Natural gradient ascent: mirror ascent in the expectation parameters.

In (mu, Sigma + mu mu^T) the natural gradient is a plain gradient, and the step of rate g
towards the moments (m, M) that the model expects is

.. math::

    \mu + g \delta, \qquad (1 - g) \Sigma + g M + g (1 - g) \delta \delta^T,
    \qquad \delta = m - \mu,

positive definite for every g <= 1 as a sum of such. With g = 1 it is the EM step, on
complete data the closed form. The sum is formed from these three terms, never as
Sigma plus a difference, so that a start in the wrong units does no harm.

References
----------
Amari (1998), "Natural gradient works efficiently in learning", Neural Computation 10(2);
Raskutti and Mukherjee (2015), "The information geometry of mirror descent", IEEE
Transactions on Information Theory 61(3).
"""

from dataclasses import dataclass

from ..likelihoods import Evaluation
from .base import State, SteppingSolver
from .objective import Objective

# In the Fisher metric minus the Hessian at the maximum is the identity, or less where values
# are missing; only that of a truncated sample may be more.
STABLE_RATE = 2.0


@dataclass(frozen=True)
class Natural(SteppingSolver):
    """Natural gradient ascent.

    Parameters
    ----------
    learning_rate : float
        The constant rate.
    """

    stable_rate = STABLE_RATE
    learning_rate: float

    def step(self, objective: Objective, state: State) -> State:
        return State(move(objective, state.evaluation, self.learning_rate))


def move(objective: Objective, at: Evaluation, rate: float) -> Evaluation:
    """The likelihood at the point to which the natural step of a rate leads."""
    likelihood = objective.likelihood
    return likelihood.evaluate(*likelihood.natural_step(at, rate))
