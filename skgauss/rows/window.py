"""The window through which a truncated sample is seen, and rows held against it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils._array_api import get_namespace, get_namespace_and_device

from .._typing import Array
from ..blocks import chunks_of
from .arrays import to_host
from .limits import checked_limits

MISSING_AND_TRUNCATED = (
    "X holds NaN or intervals, and truncation_limits do not go with values that are not known "
    "exactly: what is unknown lies inside the window too. Drop such rows, or leave out "
    "truncation_limits."
)


class Window(NamedTuple):
    """Limits between which every feature of every row lies; infinite ones are open.

    Attributes
    ----------
    lower, upper : ndarray of shape (n_features,)
    """

    lower: Array
    upper: Array

    @classmethod
    def of(cls, limits: Any, names: Sequence[str]) -> Window | None:
        """The window of `truncation_limits`; None where it has no ends.

        Raises
        ------
        ValueError
            If the limits do not fit the features, or hold no interval of one.
        """
        if limits is None:
            return None
        window = cls(*checked_limits(limits, "truncation_limits", names))
        return window if window.bounded.size else None

    @property
    def ends(self) -> tuple[list[float], list[float]]:
        """Limits that can be compared."""
        return self.lower.tolist(), self.upper.tolist()

    @property
    def bounded(self) -> np.ndarray:
        """Indices of the features that have an end."""
        return np.flatnonzero(np.isfinite(self.lower) | np.isfinite(self.upper))

    def summarize(
        self,
        summary: Callable[[Any, Any | None], Any],
        names: Sequence[str],
        X: Any,
        sample_weight: Any | None,
        intervals: Any = None,
    ) -> Any:
        """``summary(X, sample_weight)``, once no row lies outside."""
        if intervals is not None:
            raise ValueError(MISSING_AND_TRUNCATED)
        self.check(X, sample_weight, names)
        return summary(X, sample_weight)

    def holds(self, X: Any) -> Any:
        """Whether each row lies inside, where X is; ends belong to it."""
        xp, _ = get_namespace(X)
        lower, upper = self._beside(X)
        return xp.all((lower <= X) & (upper >= X), axis=1)

    def check(self, X: Any, sample_weight: Any | None, names: Sequence[str]) -> None:
        """Refuse rows outside, unless their weight is 0; missing values lie nowhere.

        Raises
        ------
        ValueError
            That names the row and the feature.
        """
        if not X.shape[0] or self._holds_all(X):
            return
        for chunk in chunks_of(X, 1, 1):
            rows = to_host(X[chunk, :])
            lower, upper = self._beside(rows)
            outside = (rows < lower) | (rows > upper)
            if sample_weight is not None:
                outside &= (to_host(sample_weight[chunk]) > 0)[:, None]
            for i, j in np.argwhere(outside)[:1].tolist():
                raise ValueError(
                    f"Row {chunk.start + i} has {rows[i, j]:g} in {names[j]!r}, "
                    f"which lies outside truncation_limits, {self.lower[j]:g} to "
                    f"{self.upper[j]:g}: no such row can have been seen. Correct or drop it, or "
                    "widen the limits."
                )

    def _holds_all(self, X: Any) -> bool:
        """By chunks, which need no mask as large as X."""
        xp, _ = get_namespace(X)
        comparisons = [
            (compare, end)
            for compare, end in zip((xp.greater_equal, xp.less_equal), self._beside(X), strict=True)
            if xp.any(xp.isfinite(end))
        ]
        return all(
            bool(xp.all(compare(X[chunk, :], end)))
            for chunk in chunks_of(X, 1, 1)
            for compare, end in comparisons
        )

    def _beside(self, X: Any) -> tuple[Any, Any]:
        """The ends where X is, rounded as its values are: a value at an end stays there."""
        xp, _, device = get_namespace_and_device(X)
        dtype = X.dtype if xp.isdtype(X.dtype, "real floating") else None
        return tuple(xp.asarray(end, dtype=dtype, device=device) for end in self)


class Truncation(NamedTuple):
    """What a fitted density knows of the window that its rows were seen through.

    Attributes
    ----------
    window : Window
    log_probability : float
        Of the window, under the parent.
    """

    window: Window
    log_probability: float

    def condition(self, X: Any, log_densities: Any) -> Any:
        """Log-densities of rows that are seen only inside; minus infinity outside."""
        xp, _ = get_namespace(X)
        inside = self.window.holds(X)
        if not xp.all(inside):
            check_no_gaps(X)
        densities = log_densities - self.log_probability
        return xp.where(inside, densities, xp.full_like(densities, -np.inf))


def check_no_gaps(X: Any) -> None:
    """Refuse missing values, whose law inside a window is another one.

    Raises
    ------
    ValueError
        That names the way out.
    """
    xp, _ = get_namespace(X)
    if xp.isdtype(X.dtype, "real floating") and bool(xp.any(xp.isnan(X))):
        raise ValueError(MISSING_AND_TRUNCATED)
