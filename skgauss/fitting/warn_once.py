"""Warnings that are given once for all fits of a search or of a joblib loop."""

from __future__ import annotations

import sys
import time
import warnings
import weakref
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, NamedTuple

from sklearn.callback import CallbackContext
from sklearn.utils.parallel import Parallel

from .._wording import warn_caller

# The search or loop, the name of the estimator and the category of the latest warnings.
_warned: deque[tuple[Any, ...]] = deque(maxlen=100)

# Processor time for the trials behind a warning: this share of the time of the fit, but at least a
# few times `_TIME_UNIT`.
_SHARE_OF_FIT = 0.2
_TIME_UNIT = 0.02  # seconds


class DeferredWarning(NamedTuple):
    """A warning that a fit may give."""

    category: type[Warning]
    opening: str  # the sentences that need no trials
    # Makes the sentences that need trials, from the processor seconds that these may take.
    rest: Callable[[float], str] = lambda seconds: ""
    time_units: int = 1  # the least time for trials, in `_TIME_UNIT`, however short the fit was

    def text(self, seconds: float) -> str:
        """The text, with trials of about `seconds`; only the opening if filters drop it."""
        if _is_filtered_out(self.opening, self.category):
            return self.opening
        return self.opening + self.rest(max(seconds, self.time_units * _TIME_UNIT))


@dataclass
class Warner:
    """Gives the warnings of a fit, unless another fit of the same search or loop has done so."""

    _context: CallbackContext  # the root of the fit; has a parent if another estimator makes it
    _began: float = field(default_factory=time.process_time)

    @property
    def is_inner(self) -> bool:
        """Whether another estimator or a loop makes this fit, so that no user sees the model."""
        return self._context.parent is not None or self._loop is not None

    def warn(self, message: str, category: type[Warning]) -> None:
        """Give a warning, unless another fit of the same search or loop has given one.

        Python shows equal warnings once, but these differ in their numbers.
        """
        if self._search is None and self._loop is None:
            warn_caller(message, category)
        elif not self._has_warned(category):
            many = self._search.estimator_name if self._search else "loop"
            message += f" (Shown once for this {many}; its other fits may share the problem.)"
            warn_caller(message, category)
            _warned.append(self._key(category))  # not reached if the warning is an error

    def new_texts(self, deferred: Iterable[DeferredWarning]) -> list[tuple[str, type[Warning]]]:
        """The text and category of each warning in `deferred` that has not been given yet."""
        seconds = _SHARE_OF_FIT * (time.process_time() - self._began)
        return [
            (warning.text(seconds), warning.category)
            for warning in deferred
            if not self._has_warned(warning.category)
        ]

    def _has_warned(self, category: type[Warning]) -> bool:
        """Whether a fit of the same search or loop has given a warning of this category."""
        return self._key(category) in _warned

    def _key(self, category: type[Warning]) -> tuple[Any, ...]:
        """The search or loop, the estimator and the category; fits that share these warn once."""
        many = self._search.root_uuid if self._search else self._loop
        return many, self._context.estimator_name, category

    @property
    def _loop(self) -> weakref.ref[Any] | None:
        """The outermost joblib loop that runs this fit, as in `cross_val_score`, or None."""
        frame: FrameType | None = sys._getframe()
        loop = None
        while frame is not None:
            if frame.f_code is Parallel.__call__.__code__:
                loop = weakref.ref(frame.f_locals["self"])
            frame = frame.f_back
        return loop

    @property
    def _search(self) -> CallbackContext | None:
        """The task, such as a grid search, that runs this fit among many in any order, or None."""
        task = self._context.parent
        while task is not None and task.sequential_subtasks:
            task = task.parent
        return task


def _is_filtered_out(text: str, category: type[Warning]) -> bool:
    """Whether the warning filters ignore this text, wherever the warning is given."""
    for action, message, of_category, module, line in warnings.filters:
        if issubclass(category, of_category) and (message is None or message.match(text)):
            return action == "ignore" and module is None and line == 0
    return False
