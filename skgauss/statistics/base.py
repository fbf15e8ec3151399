"""What all statistics have in common: they add up, answer the same questions, and have labels.

Labels keep statistics whose features are in different orders from being added silently.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Self


@dataclass(frozen=True, eq=False)
class Statistics(ABC):
    """Statistics that add up if the labels of their features are the same, or one has none.

    Parameters
    ----------
    labels : tuple, default=None
        The names of the features, in their order; None if they were columns of an array.

    Attributes
    ----------
    complete, coarse, diagonal : bool
        Whether no value is missing; whether some are known only to an interval; whether they hold
        each feature by itself, without products.
    size : int
        Number of elements of the rows that they hold one by one; it may be too large to gather.
    weight, informative_weight : float
        The total weight of all rows, and of those in which anything was observed.
    mean, variances, observed_weights : ndarray of shape (n_features,)
        Mean, variance and total weight of the observed values of each feature.
    by_feature : Statistics
        The statistics of each feature by itself.
    """

    labels: tuple[Any, ...] | None = field(default=None, repr=False, kw_only=True)

    @abstractmethod
    def _plus(self, other: Any) -> Any:
        """Returns the sum with `other`, or NotImplemented if the method of `other` computes it."""

    def __add__(self, other: Any) -> Any:
        if not isinstance(other, Statistics):
            return NotImplemented
        _check_alike(self, other)
        given = [each.labels for each in (self, other) if each.labels is not None]
        labels = common_labels(given)
        total = self._plus(other)
        return (other._plus(self) if total is NotImplemented else total).labelled(labels)

    def __radd__(self, other: Any) -> Self:
        # The function `sum` starts from 0.
        return self if isinstance(other, int) and other == 0 else NotImplemented

    @abstractmethod
    def seen_from(self, origin: Any) -> Self:
        """Returns these statistics with all values measured from an origin, (n_features,)."""

    def narrow_pairs(self) -> list[tuple[int, int]]:
        """Returns pairs of features of which the second hardly varies in rows that show the first.

        None are known to statistics that do not hold rows by what they miss.
        """
        return []

    def keep(self, prepare: Callable[[Any], Any]) -> Any:
        """``prepare`` of these statistics, to be summed over where they lie."""
        return InMemory(prepare(self))

    def labelled(self, labels: Sequence[Any] | None) -> Self:
        """Returns these statistics with the given labels of the features."""
        given = None if labels is None else tuple(labels)
        return self if given == self.labels else replace(self, labels=given)


class InMemory(NamedTuple):
    """A value in memory, as the only term of a sum."""

    value: Any

    def map(self, function: Callable[[Any], Any]) -> InMemory:
        return InMemory(function(self.value))

    def total(self, function: Callable[[Any], Any]) -> Any:
        return function(self.value)


def _check_alike(one: Any, other: Any) -> None:
    """Refuse to add statistics that differ in their number of features or in `diagonal`."""
    widths = [len(each.observed_weights) for each in (one, other)]
    if widths[0] != widths[1] or one.diagonal != other.diagonal:
        kinds = (f"{d}, diagonal={e.diagonal}" for d, e in zip(widths, (one, other), strict=True))
        raise ValueError(
            "Statistics add up only if they have the same number of features and the same "
            "value of diagonal, which is True for covariance_type='diag' and 'spherical'. Got "
            f"{' and '.join(kinds)}."
        )


def common_labels(given: Sequence[tuple[Any, ...]]) -> tuple[Any, ...] | None:
    """Returns the labels that all of `given` share, or None if none are given."""
    if any(each != given[0] for each in given):
        raise ValueError(
            "The features of the mean, of the covariance and of all statistics that are added must "
            "have the same names in the same order. For a list of names, select frame[names], "
            "mean[names] and covariance.loc[names, names]."
        )
    return given[0] if given else None
