"""Frames of pandas, polars and Dask: their columns, their names, and numbers as a frame."""

from collections.abc import Iterator, Sequence
from typing import Any

from .._wording import quoted


def check_holds_rows(frame: Any, name: str) -> None:
    """Refuse a query of polars, which holds no rows."""
    if type(frame).__name__ == "LazyFrame":
        raise TypeError(f"{name} is a LazyFrame, which holds no rows. Pass {name}.collect().")


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

    They would be taken by their places, as those of other rows. Other labels mean nothing.
    """
    index: Any = getattr(X, "index", None)
    own: Any = getattr(numbers, "index", None)
    if not (hasattr(index, "equals") and hasattr(own, "equals")) or own.equals(index):
        return
    # The first label alone tells most others that mean nothing.
    pairs = ((own[:1], index), (own, index), (index, own))
    if len(own) == len(index) and all(some.isin(others).all() for some, others in pairs):
        raise ValueError(
            f"The index of {name} has the labels of that of X in another order, and rows go "
            f"together by their places. {name}.loc[X.index] has the order of X; where the labels "
            f"mean nothing, pass {name}.to_numpy()."
        )


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
