"""Frames of any library: their columns, with names and dtypes, and numbers as a frame."""

from collections.abc import Iterator, Sequence
from typing import Any

from .._wording import quoted


def is_arrow(frame: Any) -> bool:
    """Whether a frame is a table of pyarrow, whose `columns` are values and not names."""
    return hasattr(type(frame), "column_names")


def column_names(frame: Any) -> list[Any]:
    """Returns the names of the columns of a frame, an empty list for an array."""
    return list(frame.column_names if is_arrow(frame) else getattr(frame, "columns", ()))


def column_dtypes(frame: Any) -> list[Any]:
    """Returns the dtypes of the columns of a frame, or that of an array, or None of a list."""
    if is_arrow(frame):
        return list(frame.schema.types)
    return list(frame.dtypes) if hasattr(frame, "columns") else [getattr(frame, "dtype", None)]


def check_same_names(X: Any, X_upper: Any, name: str = "X") -> None:
    """Refuse two frames whose column names, or row labels, differ or are in another order."""
    names, others = column_names(X), column_names(X_upper)
    if names and others and names != others:
        remedy = f"If only the names differ, rename the columns of {name}_upper."
        if set(names) == set(others):
            remedy = f"Put the columns of {name}_upper in the order of those of {name}."
        raise ValueError(
            f"The feature names of {name}_upper should match those of {name}, in the same order, "
            f"got {quoted(others)} and {quoted(names)}. {remedy}"
        )
    index, other = (getattr(frame, "index", None) for frame in (X, X_upper))
    equals = getattr(index, "equals", None)  # Dask's index has no such method
    if equals and hasattr(other, "equals") and not equals(other):
        raise ValueError(
            f"The index of {name}_upper should match that of {name}, row by row. "
            f"{name}_upper.loc[{name}.index] puts the rows in the order of {name}. If only the "
            f"labels differ, pass {name}_upper.set_axis({name}.index)."
        )


def check_same_order(X: Any, numbers: Any, name: str) -> None:
    """Refuse numbers, one for each row, whose index has the labels of X in another order.

    Since numbers and rows are matched by position, each would go to a wrong row. An index that has
    duplicate labels, or a label that X lacks, is not compared.
    """
    index: Any = getattr(X, "index", None)
    own: Any = getattr(numbers, "index", None)
    if not (_names_rows(index) and _names_rows(own)) or own.equals(index):
        return
    if own.nlevels == index.nlevels and len(own) == len(index) and own.isin(index).all():
        raise ValueError(
            f"The index of {name} has the labels of that of X in another order, but rows are "
            f"matched by position. If the numbers are in the order of X, pass {name}.to_numpy(). "
            f"If they belong to the rows with the same labels, pass {name}.loc[X.index]."
        )


def _names_rows(index: Any) -> bool:
    """Whether an index is one of pandas without duplicate labels."""
    return hasattr(index, "equals") and bool(index.is_unique)


def columns_of(frame: Any) -> Iterator[list[Any]]:
    """Returns an iterator over the cells of each column of a frame; columns may share a name."""
    if hasattr(frame, "iloc"):
        columns = (frame.iloc[:, j] for j in range(frame.shape[1]))
    else:
        columns = frame.iter_columns()
    # As lists, since iterating over a column of Arrow is ten times as slow.
    return (column.to_list() for column in columns)


def like(frame: Any, values: Any, names: Sequence[str]) -> Any:
    """Returns values as a frame of the library and with the index of `frame`, if it is a frame."""
    if hasattr(frame, "dask"):
        from dask.dataframe import from_dask_array

        return from_dask_array(values, columns=list(names))
    if hasattr(frame, "iloc"):
        return type(frame)(values, index=frame.index, columns=names)
    if is_arrow(frame):
        return type(frame).from_pydict(dict(zip(names, values.T, strict=True)))
    return type(frame)(values, schema=list(names)) if hasattr(frame, "iter_columns") else values
