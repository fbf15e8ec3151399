"""What an estimator's callbacks are told of many tasks that run in no order."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def telling_of_tasks(estimator: Any, method: str, n_tasks: int) -> Iterator[Callable[..., Any]]:
    """Tell the callbacks of an estimator, if any, when a method with so many tasks begins and ends.

    The method is decorated with `sklearn.callback.with_callbacks`. What is yielded runs a task,
    given its number, the function and its arguments, and tells of its beginning and end.
    """
    whole = estimator._init_callback_context(
        method, max_subtasks=n_tasks, sequential_subtasks=False
    )
    whole.call_on_fit_task_begin(estimator=estimator)

    def run(number: int, task: Callable[..., Any], *arguments: Any) -> Any:
        """The result of one task, of whose beginning and end the callbacks are told."""
        part = whole.subcontext(task_name=task.__name__, task_id=number)
        part.call_on_fit_task_begin(estimator=estimator)
        result = task(*arguments)
        part.call_on_fit_task_end(estimator=estimator)
        return result

    yield run
    whole.call_on_fit_task_end(estimator=estimator)
