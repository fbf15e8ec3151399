"""How a fit reports to scikit-learn's callbacks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sklearn.callback import CallbackContext

from ..likelihoods import Evaluation
from .warn_once import Warner


class FitTask:
    """The call of a fitting method, as a task that is reported to scikit-learn's callbacks.

    Their hooks receive the estimator and the arguments of the method, which has this `name`.
    """

    def __init__(
        self,
        estimator: Any,
        name: str,
        X: Any = None,
        y: Any = None,
        sample_weight: Any = None,
        X_upper: Any = None,
    ):
        metadata = {"sample_weight": sample_weight}
        if X_upper is not None:  # not every scorer accepts it
            metadata["X_upper"] = X_upper
        self._context = estimator._init_callback_context(
            task_name=name, max_subtasks=estimator.max_iter
        )
        self.warner = Warner(self._context)  # gives the warnings of this fit
        self._hook_args = {"estimator": estimator, "X": X, "y": y, "metadata": metadata}
        self._has_listeners = hasattr(estimator, "_skl_callbacks")

    def begin(self) -> None:
        """Tell the callbacks that the fit begins."""
        self._context.call_on_fit_task_begin(**self._hook_args)

    def end(self, attributes: dict[str, Any] | None) -> None:
        """Tell the callbacks that the fit has ended, and its attributes if it has any."""
        self._context.call_on_fit_task_end(**self._hook_args, reconstruction_attributes=attributes)

    def observer(
        self, attributes: Callable[[Evaluation], dict[str, Any]]
    ) -> IterationCallbacks | None:
        """The observer that tells the callbacks of each iteration; None without callbacks."""
        if not self._has_listeners:
            return None
        return IterationCallbacks(self._context, self._hook_args, attributes)


@dataclass
class IterationCallbacks:
    """An `Observer` of the solvers' loop that makes each iteration a subtask of the fit."""

    context: CallbackContext  # the root context of the fit
    hook_args: dict[str, Any]  # the estimator and its data, which the callbacks' hooks receive
    # Makes the fitted attributes of an evaluation; called only by hooks that use them.
    attributes: Callable[[Evaluation], dict[str, Any]]

    sees_all = True

    def begin(self, evaluation: Evaluation) -> None:
        self._iteration = self.context.subcontext(task_name="iteration")
        self._iteration.call_on_fit_task_begin(**self._arguments(evaluation))

    def end(self, evaluation: Evaluation) -> bool:
        return self._iteration.call_on_fit_task_end(**self._arguments(evaluation))

    def _arguments(self, evaluation: Evaluation) -> dict[str, Any]:
        return {**self.hook_args, "reconstruction_attributes": lambda: self.attributes(evaluation)}
