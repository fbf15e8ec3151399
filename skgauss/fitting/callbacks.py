"""A fit among the tasks of scikit-learn: what its callbacks are told, and who warns for whom."""

from __future__ import annotations

import time
import warnings
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from sklearn.callback import CallbackContext

from ..likelihoods import Evaluation

# Which estimators of which searches, the latest of all, gave a warning of which category.
_warned: deque[tuple[Any, ...]] = deque(maxlen=100)

# What the words of a fit may cost: a share of the seconds that it took, or a moment.
_SHARE, _MOMENT = 0.25, 0.1


class Words(NamedTuple):
    """What a fit has to say.

    Attributes
    ----------
    category : type of Warning
    opening : str
        What is known.
    rest : callable
        What follows, which takes trials, of so many seconds as it is told.
    """

    category: type[Warning]
    opening: str
    rest: Callable[[float], str] = lambda seconds: ""


class FitTask:
    """A fit, in whole or in part, as scikit-learn's callbacks are told of it.

    Parameters
    ----------
    estimator : estimator instance
    name : str
        The method that was called.
    X, y, sample_weight, X_upper : optional
        What it was given, handed on to the hooks.

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
        self._began = time.perf_counter()
        metadata = {"sample_weight": sample_weight}
        if X_upper is not None:  # which not every scorer takes
            metadata["X_upper"] = X_upper
        self._context = estimator._init_callback_context(
            task_name=name, max_subtasks=estimator.max_iter
        )
        self._told = {
            "estimator": estimator,
            "X": X,
            "y": y,
            "metadata": metadata,
        }
        self._has_listeners = hasattr(estimator, "_skl_callbacks")

    def begin(self) -> None:
        self._context.call_on_fit_task_begin(**self._told)

    def end(self, attributes: dict[str, Any] | None) -> None:
        """Tell the callbacks that the fit has ended, with its attributes or, where it has none yet,
        None.
        """
        self._context.call_on_fit_task_end(**self._told, reconstruction_attributes=attributes)

    def warn(self, message: str, category: type[Warning], stacklevel: int) -> None:
        """Warn. The first of many fits that a search makes does so for the others.

        Python shows equal warnings once, but these differ by their numbers.
        """
        search = self._search
        if search is None:
            warnings.warn(message, category, stacklevel=stacklevel + 1)
        elif not self._has_warned(category):
            message += (
                f" (Shown once for this {search.estimator_name}: its other fits may have the "
                "same to say.)"
            )
            warnings.warn(message, category, stacklevel=stacklevel + 1)
            _warned.append(self._kind(category))  # not where the warning was made an error

    def worded(self, found: Iterable[Words]) -> list[tuple[str, type[Warning]]]:
        """What was found in words, but for what need not be said again.

        Only the opening where nobody would see more.
        """
        seconds = max(_SHARE * (time.perf_counter() - self._began), _MOMENT)
        return [
            (opening if _is_dropped(opening, category) else opening + rest(seconds), category)
            for category, opening, rest in found
            if not self._has_warned(category)
        ]

    def _has_warned(self, category: type[Warning]) -> bool:
        """Whether a fit of the same search has warned for this one, too."""
        return self._kind(category) in _warned

    def _kind(self, category: type[Warning]) -> tuple[Any, ...]:
        search = self._search
        return search and search.root_uuid, self._context.estimator_name, category

    @property
    def _search(self) -> CallbackContext | None:
        """The task of which this fit is one of many subtasks, in no order."""
        task = self._context.parent
        while task is not None and task.sequential_subtasks:
            task = task.parent
        return task

    def observer(
        self, attributes: Callable[[Evaluation], dict[str, Any]]
    ) -> IterationCallbacks | None:
        """What tells the callbacks of each iteration, or None where nobody listens."""
        if not self._has_listeners:
            return None
        return IterationCallbacks(self._context, self._told, attributes)


def _is_dropped(text: str, category: type[Warning]) -> bool:
    """Whether the filters of warnings drop such a text, whoever is warned."""
    for action, message, of_category, module, line in warnings.filters:
        if issubclass(category, of_category) and (message is None or message.match(text)):
            return action == "ignore" and module is None and line == 0
    return False


class IterationCallbacks:
    """One subtask of the fit an iteration; an `Observer` for the solvers' loop.

    Parameters
    ----------
    context : CallbackContext
        The root context of the fit.
    told : dict
        The estimator and its data, handed on to the hooks.
    attributes : callable
        Fitted attributes of an evaluation, asked for only by hooks that look at them.
    """

    sees_all = True

    def __init__(
        self,
        context: CallbackContext,
        told: dict[str, Any],
        attributes: Callable[[Evaluation], dict[str, Any]],
    ):
        self._context = context
        self._told = told
        self._attributes = attributes

    def begin(self, evaluation: Evaluation) -> None:
        self._iteration = self._context.subcontext(task_name="iteration")
        self._iteration.call_on_fit_task_begin(**self._arguments(evaluation))

    def end(self, evaluation: Evaluation) -> bool:
        return self._iteration.call_on_fit_task_end(**self._arguments(evaluation))

    def _arguments(self, evaluation: Evaluation) -> dict[str, Any]:
        return {
            **self._told,
            "reconstruction_attributes": lambda: self._attributes(evaluation),
        }
