"""What kind of table X is: tests that an ordinary array answers with no."""

from collections.abc import Mapping
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


def check_table(frame: Any, name: str) -> None:
    """Refuse masked arrays, a polars LazyFrame, mappings, and the pair of `parse_limits`."""
    check_no_mask(frame, name)
    if type(frame).__name__ == "LazyFrame":
        raise TypeError(f"{name} is a LazyFrame, which holds no rows. Pass {name}.collect().")
    if isinstance(frame, Mapping) and not hasattr(frame, "shape"):  # a sparse array may be one
        raise TypeError(
            f"{name} is a {type(frame).__name__}, and not a table. If its values are the columns, "
            f"pass pandas.DataFrame({name}). If one of them is the table, pass that, as in "
            f"{name}['data']."
        )
    if isinstance(frame, tuple) and any(hasattr(each, "columns") for each in frame):
        table = name.removesuffix("_upper")
        raise TypeError(
            f"{name} is a tuple of frames, as skgauss.parse_limits returns it. Unpack it, lower, "
            f"upper = skgauss.parse_limits(table), and pass lower as {table} and upper as "
            f"{table}_upper."
        )
