"""Frames of pandas, polars and Dask: their columns, their names, and numbers as a frame."""

from collections.abc import Iterator, Sequence
from typing import Any

from .._wording import quoted


def check_same_names(X: Any, X_upper: Any, name: str = "X") -> None:
    """Refuse two frames whose columns have other names, or rows another index, or order."""
    names, others = (list(getattr(frame, "columns", ())) for frame in (X, X_upper))
    if names and others and names != others:
        raise ValueError(
            f"The feature names of {name}_upper should match those of {name}, in the same order, "
            f"got {quoted(others)} beside {quoted(names)}."
        )
    index, other = (getattr(frame, "index", None) for frame in (X, X_upper))
    equals = getattr(index, "equals", None)  # which those of Dask have not
    if equals and hasattr(other, "equals") and not equals(other):
        raise ValueError(
            f"The index of {name}_upper should match that of {name}, row by row. "
            f"{name}_upper.loc[{name}.index] has the rows of {name} in their order; where only the "
            f"labels differ, {name}_upper.set_axis({name}.index)."
        )


def check_same_order(X: Any, numbers: Any, name: str) -> None:
    """Refuse numbers, one a row, whose index has the labels of that of X in another order.

    They would be taken by their places, as those of other rows. Labels that are no names of rows,
    because some are the same, and other labels than those of X mean nothing.
    """
    index: Any = getattr(X, "index", None)
    own: Any = getattr(numbers, "index", None)
    if not (_names_rows(index) and _names_rows(own)) or own.equals(index):
        return
    if own.nlevels == index.nlevels and len(own) == len(index) and own.isin(index).all():
        raise ValueError(
            f"The index of {name} has the labels of that of X in another order, and rows go "
            f"together by their places. If the numbers are in the order of X, pass "
            f"{name}.to_numpy(). If they belong to the rows of the same label, pass "
            f"{name}.loc[X.index]."
        )


def _names_rows(index: Any) -> bool:
    """Whether it is an index of pandas in which no two rows have the same label."""
    return hasattr(index, "equals") and bool(index.is_unique)


def columns_of(frame: Any) -> Iterator[Any]:
    """The columns of a frame, also where several share a name."""
    if hasattr(frame, "iloc"):
        return (frame.iloc[:, j] for j in range(frame.shape[1]))
    return frame.iter_columns()


def like(frame: Any, values: Any, names: Sequence[str]) -> Any:
    """A frame of these numbers, of the library of another one, with its index; or the numbers."""
    if hasattr(frame, "dask"):
        from dask.dataframe import from_dask_array

        return from_dask_array(values, columns=list(names))
    if hasattr(frame, "iloc"):
        return type(frame)(values, index=frame.index, columns=names)
    return type(frame)(values, schema=list(names)) if hasattr(frame, "iter_columns") else values
