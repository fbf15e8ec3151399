"""The closed form: sample mean and covariance."""

from ..likelihoods import Evaluation
from .base import State, SteppingSolver
from .objective import Objective


class ClosedForm(SteppingSolver):
    """One step to the maximum, from any start."""

    def init(self, objective: Objective, start: Evaluation) -> State:
        if objective.likelihood.maximum is None:
            raise ValueError(
                f"solver='closed-form' does not support {objective.likelihood.data_kind}, "
                "whose likelihood has no closed-form maximum in general. Use solver='natural', "
                "'newton', 'gradient', 'coordinate' or 'lbfgs'."
            )
        return State(start)

    def step(self, objective: Objective, state: State) -> State:
        likelihood = objective.likelihood
        assert likelihood.maximum is not None
        return State(likelihood.evaluate(*likelihood.maximum))
