"""Where X holds infinity, which is refused everywhere; NaN is a missing value."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from sklearn.utils import assert_all_finite

from .._wording import LIMITS_PAGE
from .array_api import to_host
from .dask import WrongRowError
from .passes import chunks_of


def check_no_infinity(
    X: Any,
    names: Sequence[str] = (),
    has_weight: np.ndarray | None = None,
    table: str = "X",
    remedy: str | None = None,
) -> None:
    """Refuse infinity in scikit-learn's words, and say where it is; NaN is a missing value.

    `has_weight`, bool of shape (n_rows,), marks the rows to check; None means all. `names` are
    those of the features, if known, and `table` is what the user calls X. `remedy` says what to do
    with the logarithm of 0, if not to use `censoring_limits`.
    """
    with np.errstate(invalid="ignore"):  # the search itself may compute inf - inf
        for chunk in chunks_of(X):
            rows = X[chunk] if has_weight is None else X[chunk][has_weight[chunk]]
            try:
                assert_all_finite(rows, allow_nan=True, input_name=table)
            except ValueError as error:
                places = np.arange(len(X)) if has_weight is None else np.flatnonzero(has_weight)
                start = np.searchsorted(places, chunk.start)
                raise WrongRowError(
                    _where_infinite(str(error), to_host(rows), places[start:], names, table, remedy)
                ) from None


@contextmanager
def told_by_place(X: Any, sample_weight: Any, names: Callable[[], Sequence[str]]) -> Iterator[None]:
    """Tells an infinity, which code in this context finds in a part of X, by its place in X.

    The place is the number of the row and the name of the feature. `names` returns those of all.
    """
    try:
        yield
    except WrongRowError:
        check_no_infinity(X, names(), None if sample_weight is None else sample_weight > 0)
        raise


def _where_infinite(
    error: str,
    X: np.ndarray,
    places: np.ndarray,
    names: Sequence[str],
    table: str,
    remedy: str | None,
) -> str:
    """Returns scikit-learn's message with the first infinity's place, and a remedy for log(0)."""
    i, j = np.argwhere(np.isinf(X))[0].tolist()
    name = repr(names[j]) if names else f"column {j}"
    found = (
        f"{error.strip()} The first is {X[i, j]:g} in {name}, in row {places[i]} counted from 0."
    )
    if X[i, j] > 0:
        return found
    whose = "regressor" if table == "y" else "estimator"
    remedy = remedy or (
        f"put the logarithm of the limit in its place, and into censoring_limits of the {whose}. "
        f"If limits differ between rows, see {LIMITS_PAGE}"
    )
    return f"{found} If it is the logarithm of 0 for a value that was not detected, {remedy}."
