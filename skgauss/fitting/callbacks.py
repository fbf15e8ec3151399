"""The bridge from a solver's iterations to scikit-learn's callbacks."""

from collections.abc import Callable
from typing import Any

from sklearn.callback import CallbackContext

from ..likelihoods import Evaluation


class IterationCallbacks:
    """One subtask of the fit an iteration; an `Observer` for the solvers' loop.

    Parameters
    ----------
    estimator : estimator instance
    context : CallbackContext
        The root context of the fit.
    data : dict
        X, y and metadata, handed on to the hooks.
    attributes : callable
        Fitted attributes of an evaluation, asked for only by hooks that look at them.
    """

    def __init__(
        self,
        estimator: Any,
        context: CallbackContext,
        data: dict[str, Any],
        attributes: Callable[[Evaluation], dict[str, Any]],
    ):
        self._estimator = estimator
        self._context = context
        self._data = data
        self._attributes = attributes

    def begin(self, evaluation: Evaluation) -> None:
        self._iteration = self._context.subcontext(task_name="iteration")
        self._iteration.call_on_fit_task_begin(**self._arguments(evaluation))

    def end(self, evaluation: Evaluation) -> bool:
        return self._iteration.call_on_fit_task_end(**self._arguments(evaluation))

    def _arguments(self, evaluation: Evaluation) -> dict[str, Any]:
        return {
            "estimator": self._estimator,
            **self._data,
            "reconstruction_attributes": lambda: self._attributes(evaluation),
        }
