"""What an estimator's callbacks are told of many tasks that run in no order."""

from collections.abc import Callable
from typing import Any


class Progress:
    """A number of tasks of a method, as scikit-learn's callbacks are told of them.

    Parameters
    ----------
    estimator : estimator instance
        With the callbacks, if any.
    method : str
        Its name. It is decorated with `sklearn.callback.with_callbacks`.
    n_tasks : int
    """

    def __init__(self, estimator: Any, method: str, n_tasks: int):
        self._estimator = estimator
        self._whole = estimator._init_callback_context(
            method, max_subtasks=n_tasks, sequential_subtasks=False
        )
        self._whole.call_on_fit_task_begin(estimator=estimator)

    def told(self, task: Callable[..., Any], number: int) -> Callable[..., Any]:
        """The task, which now tells the callbacks when it begins and when it ends."""

        def run(*arguments: Any) -> Any:
            part = self._whole.subcontext(task_name=task.__name__, task_id=number)
            part.call_on_fit_task_begin(estimator=self._estimator)
            result = task(*arguments)
            part.call_on_fit_task_end(estimator=self._estimator)
            return result

        return run

    def end(self) -> None:
        self._whole.call_on_fit_task_end(estimator=self._estimator)
