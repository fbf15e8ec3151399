"""The closed form: sample mean and covariance."""

from ..likelihoods import Evaluation
from .base import State, SteppingSolver
from .objective import Objective


class ClosedForm(SteppingSolver):
    """The maximum in one step, from wherever."""

    needs = ("maximum",)

    def init(self, objective: Objective, start: Evaluation) -> State:
        return State(start)

    def step(self, objective: Objective, state: State) -> State:
        likelihood = objective.likelihood
        assert likelihood.maximum is not None
        return State(likelihood.evaluate(*likelihood.maximum))
