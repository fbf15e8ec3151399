"""What kind of table X is: tests that an ordinary array answers with no."""

from collections.abc import Callable, Iterator, Mapping
from os import PathLike
from typing import Any

import numpy as np

from ..blocks import check_no_mask


def is_dask(X: Any) -> bool:
    """Whether X is a Dask array, frame or series, and not only a type that holds Dask graphs.

    The attributes of its class tell, so that Dask need not be imported.
    """
    kind = type(X)
    return hasattr(kind, "__dask_graph__") and (is_dask_frame(X) or hasattr(kind, "rechunk"))


def is_dask_frame(X: Any) -> bool:
    """Whether a Dask collection is a frame or a series."""
    return hasattr(type(X), "to_dask_array")


def is_in_other_library(X: Any) -> bool:
    """Whether validation left X in another array library, as it does under array API dispatch."""
    return X is not None and not isinstance(X, np.ndarray)


def _holds_records(X: Any) -> bool:
    """Whether X is an array with fields, or a list of mappings, as JSON has it."""
    if isinstance(X, list | tuple):
        return len(X) > 0 and isinstance(X[0], Mapping)
    return bool(getattr(getattr(X, "dtype", None), "names", None))


def _holds_tables(X: Any) -> bool:
    """Whether X is a list of tables of any library."""
    shape = getattr(X[0], "shape", ()) if isinstance(X, list | tuple) and len(X) else ()
    return isinstance(shape, tuple) and len(shape) == 2


def _is_delayed(X: Any) -> bool:
    """Whether X is a value or a bag that Dask has not computed, of which no shape is known."""
    return hasattr(type(X), "__dask_graph__") and not hasattr(type(X), "shape")


# What is no table, each with a clause and a remedy. {X} is what users call it, {table} without the
# ending "_upper", and {kind} its type.
_NO_TABLES: tuple[tuple[Callable[[Any], bool], str], ...] = (
    (
        lambda X: type(X).__name__ == "LazyFrame",
        "{X} is a LazyFrame, which holds no rows. Pass {X}.collect().",
    ),
    (
        lambda X: isinstance(X, Mapping) and not hasattr(X, "shape"),  # a sparse array may be one
        "{X} is a {kind}, and not a table. If its values are the columns, pass "
        "pandas.DataFrame({X}). If one of them is the table, pass that, as in {X}['data'].",
    ),
    (_is_delayed, "{X} is a {kind} of Dask, which holds no rows. Pass {X}.compute()."),
    (
        lambda X: isinstance(X, str | PathLike) or hasattr(type(X), "read"),
        "{X} is a {kind}, and not a table. If it is a file or a path, pass pandas.read_csv({X}).",
    ),
    (lambda X: isinstance(X, Iterator), "{X} is a {kind}, and not a table. Pass list({X})."),
    (
        _holds_records,
        "{X} is a {kind} of records, whose fields are no columns. Pass pandas.DataFrame({X}).",
    ),
    (
        lambda X: isinstance(X, tuple) and any(hasattr(each, "columns") for each in X),
        "{X} is a tuple of frames, as skgauss.parse_limits returns it. Unpack it, lower, upper = "
        "skgauss.parse_limits(table), and pass lower as {table} and upper as {table}_upper.",
    ),
    (
        _holds_tables,
        "{X} is a {kind} of tables. Pass one of them, as in {X}[0]. If they are chunks of one "
        "table, pass numpy.concatenate({X}).",
    ),
)


def check_table(frame: Any, name: str) -> None:
    """Refuse masked arrays, and whatever else is no table though it may hold one."""
    if type(frame) is np.ndarray and not frame.dtype.names:
        return
    check_no_mask(frame, name)
    for is_kind, message in _NO_TABLES:
        if is_kind(frame):
            table, kind = name.removesuffix("_upper"), type(frame).__name__
            raise TypeError(message.format(X=name, table=table, kind=kind))
