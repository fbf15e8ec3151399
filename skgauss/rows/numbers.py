"""Rows in memory as an array of numbers, or what to do about the columns that are none."""

from collections.abc import Callable
from functools import partial
from numbers import Real
from typing import Any

import numpy as np
from sklearn.utils import assert_all_finite, check_array

from .._typing import Array
from .._wording import capped
from .parse_limits import MARKS, MISSING, PAGE, reader_of_cells

# Of any dtype, with NaN and infinity, and of no rows.
READ = partial(
    check_array, dtype="numeric", ensure_all_finite=False, ensure_min_samples=0, input_name="X"
)


def numbers(
    X: Any, read: Callable[[Any], Any] = READ, name: str = "X", frame: str | None = None
) -> Any:
    """``read(X)``, where that is an array of numbers.

    A user has X by the name, and as a frame by the code `frame`, if that is not the name.

    Raises
    ------
    ValueError
        If it is not; the columns are named where it is a frame or holds text.
    TypeError
        If it is sparse.
    """
    try:
        return _read_numbers(X, read, name)
    except (TypeError, ValueError) as error:
        culprits = _columns_of_other_things(X)
        if not culprits:
            raise
        if all(str(column.dtype).startswith("Sparse[") for column in culprits.values()):
            raise TypeError(
                f"{name} has sparse columns, and dense data is required: pass "
                f"{name}.sparse.to_dense()."
            ) from error
        raise ValueError(_what_is_no_number(name, frame, culprits)) from error


def is_number(value: Any) -> bool:
    """Whether a value is one number, be it of Python or an array without axes."""
    return isinstance(value, Real) or (isinstance(value, np.ndarray) and value.ndim == 0)


def numbers_of_parameter(value: Any, name: str) -> Array:
    """A finite copy, in float64, of what a user wrote for a parameter that may be an array.

    Raises
    ------
    ValueError
        That names the parameter, if it holds anything but finite numbers.
    """
    try:
        if np.iscomplexobj(value):
            raise TypeError
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        in_order = ", in the order of the features" if hasattr(value, "keys") else ""
        raise ValueError(f"{name} must be an array of numbers{in_order}, got {value!r}.") from None
    if not np.isfinite(array).all():
        assert_all_finite(array, input_name=name)
    return array


def _read_numbers(X: Any, read: Callable[[Any], Any], name: str) -> Any:
    """``read(X)``, if X holds numbers, and not what polars would make microseconds of."""
    if hasattr(X, "iter_columns") and any(dtype.is_temporal() for dtype in X.dtypes):
        raise TypeError(f"{name} holds dates or times.")
    array = read(X)
    if isinstance(array, np.ndarray) and array.dtype.kind == "O":  # as of a list with None
        return array.astype(np.float64)
    if isinstance(array, np.ndarray) and array.dtype.kind not in "biuf":
        raise ValueError(f"{name} must hold numbers, got dtype {array.dtype}.")
    return array


def _columns_of_other_things(X: Any) -> dict[Any, Any]:
    """The columns, by name, that by themselves cannot be read as numbers; of arrays, as text."""
    if isinstance(X, np.ndarray | list | tuple):
        return _columns_of_text(X)
    names = list(getattr(X, "columns", ()))
    if len(set(names)) < len(names):  # no column is one by itself
        return {}
    return {name: X[name] for name in names if not _is_numeric(X[[name]])}


def _columns_of_text(X: Any) -> dict[str, np.ndarray]:
    """The columns of an array or a list with text in them."""
    try:
        table = np.asarray(X, dtype=object)
    except ValueError:  # rows of several lengths
        return {}
    table = table[:, None] if table.ndim == 1 else table
    columns = table.T if table.ndim == 2 else ()
    return {
        f"column {j}": column
        for j, column in enumerate(columns)
        if any(isinstance(cell, str) for cell in column)
    }


def _is_numeric(column: Any) -> bool:
    try:
        _read_numbers(column, READ, "X")
    except (TypeError, ValueError):
        return False
    return True


def _what_is_no_number(name: str, frame: str | None, columns: dict[Any, Any]) -> str:
    """What to say of columns, by their names, of `name` that cannot be read as numbers.

    A limit among them is all there is to say.
    """
    table = name.removesuffix("_upper")
    of_frames = all(hasattr(series, "to_frame") for series in columns.values())
    frame = frame or (table if of_frames else f"pandas.DataFrame({table})")
    for column, series in columns.items():
        limits = (c for c in series if isinstance(c, str) and c.lstrip().startswith(MARKS))
        for cell in limits:
            others = [repr(other) for other, cells in columns.items() if not _parses(cells)]
            first = f"Leave out {capped(others)}, or make numbers of them. " if others else ""
            return (
                f"{name} holds a limit as text, {cell!r} in {column!r}. {first}Make two tables of "
                f"numbers of it, lower, upper = skgauss.parse_limits({frame}), and pass lower as "
                f"{table}, upper as {table}_upper. See {PAGE}."
            )
    culprits = [f"{column!r} (dtype {series.dtype})" for column, series in columns.items()]
    remedies = sorted({_remedy(series, frame) for series in columns.values()})
    return (
        f"{name} holds what is no number in {capped(culprits)}. Drop such columns, or make numbers "
        f"of them.{''.join(remedies)}"
    )


def _parses(column: Any) -> bool:
    """Whether `parse_limits` makes numbers of a column as it is, of some of its text at least."""
    words = [cell for cell in column if isinstance(cell, str)]
    return any(map(reader_of_cells(".", MISSING), words))


def _remedy(column: Any, frame: str) -> str:
    """A sentence about how numbers are made of a column, after a blank, if there is such a way.

    The column is one of what the code `frame` says.
    """
    dtype = str(column.dtype).lower()
    if dtype.startswith("date") or any(hasattr(cell, "toordinal") for cell in column):
        days = "days" if hasattr(column, "iloc") else "total_days()"
        return f" Of dates make days: (column - column.min()).dt.{days}."
    if dtype.startswith(("timedelta", "duration")):
        return " Of durations make seconds: column.dt.total_seconds()."
    words = any(isinstance(cell, str) for cell in column)
    if dtype.startswith(("cat", "enum")) or (words and not _parses(column)):
        in_polars = f", or {frame}.to_dummies(column, drop_first=True) in polars"
        if not hasattr(column, "to_frame"):  # of an array, whose numbers may be objects, too
            frame, in_polars = f"{frame}.infer_objects()", ""
        return (
            " Of categories make a column each but the first: "
            f"pandas.get_dummies({frame}, drop_first=True, dtype=float){in_polars}."
        )
    if words:
        return f" Of text that holds numbers skgauss.parse_limits({frame}) makes them."
    absent = any(str(cell) == "<NA>" for cell in column)
    return " Of numbers beside pandas.NA column.astype('Float64') makes them." if absent else ""
