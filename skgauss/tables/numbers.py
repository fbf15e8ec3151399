"""Rows in memory as an array of numbers, or advice on the columns that are not numbers."""

import re
from collections.abc import Callable
from functools import partial
from numbers import Real
from typing import Any

import numpy as np
from sklearn.utils import assert_all_finite, check_array

from .._typing import Array
from .._wording import LIMITS_PAGE, capped
from ..blocks import check_no_mask
from .frames import column_names, is_arrow
from .parse_limits import (
    MARKS,
    is_number_or_limit,
    is_readable,
    needs_decimal_comma,
    row_label,
    starts_with_digit,
)

# Accepts any numeric dtype, NaN, infinity and an array without rows.
READ = partial(
    check_array, dtype="numeric", ensure_all_finite=False, ensure_min_samples=0, input_name="X"
)
_SEPARATORS = ";\t|"  # of columns in a file, beside the comma
# As ISO 8601 and most files write it, without a time zone.
_DATE = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])-[0-3]\d(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?")


def as_numbers(
    X: Any,
    read: Callable[[Any], Any] = READ,
    name: str = "X",
    frame: str | None = None,
    part: str = "",
    limits: str | None = None,
) -> Any:
    """Returns ``read(X)``, which must be an array of numbers.

    In messages X is called `name`, and `frame`, if given, is code for X as a frame. `part` stands
    behind the number of a row, as " of its block" if X is only a block of the user's. `limits` says
    what to do with `lower` and `upper`, which `parse_limits` makes of X, if not to pass both.
    """
    try:
        return _read_numbers(X, read, name)
    except (TypeError, ValueError) as error:
        if is_arrow(X):
            X, frame = X.to_pandas(), f"{name.removesuffix('_upper')}.to_pandas()"
        _check_shape(X, name)
        culprits = _non_numeric_columns(X)
        if not culprits:
            raise
        if all(str(column.dtype).startswith("Sparse[") for column in culprits.values()):
            raise TypeError(
                f"{name} has sparse columns, and dense data is required: pass "
                f"{name}.sparse.to_dense()."
            ) from error
        raise ValueError(_not_numeric_message(name, frame, part, limits, culprits)) from error


def is_number(value: Any) -> bool:
    """Whether a value is one number: a real number of Python or an array without axes."""
    return isinstance(value, Real) or (isinstance(value, np.ndarray) and value.ndim == 0)


def numbers_of_parameter(value: Any, name: str) -> Array:
    """Returns a float64 copy of the value of a parameter, a number or an array of them."""
    check_no_mask(value, name)
    try:
        if np.iscomplexobj(value):
            raise TypeError
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        in_order = ", in the order of the features" if hasattr(value, "keys") else ""
        if in_order and all(map(is_number, dict(value).values())):
            in_order += f", such as [{name}[feature] for feature in X.columns]"
        raise ValueError(f"{name} must be an array of numbers{in_order}, got {value!r}.") from None
    if not np.isfinite(array).all():
        assert_all_finite(array, input_name=name)
    return array


def _read_numbers(X: Any, read: Callable[[Any], Any], name: str) -> Any:
    """Returns ``read(X)`` if X holds numbers, and refuses what would silently become numbers."""
    if hasattr(X, "columns") and any(map(is_converted_silently, getattr(X, "dtypes", ()))):
        raise TypeError(f"{name} holds dates, times or complex numbers.")
    array = read(_with_nan(X))
    if isinstance(array, np.ndarray) and array.dtype.kind == "O":  # such as a list with None
        return array.astype(np.float64)
    if isinstance(array, np.ndarray) and array.dtype.kind not in "biuf":
        of_times = array.dtype.kind in "mM"
        days = f" Convert times to days with ({name} - {name}.min()) / numpy.timedelta64(1, 'D')."
        raise ValueError(f"{name} must hold numbers, got dtype {array.dtype}.{days * of_times}")
    return array


def is_converted_silently(dtype: Any) -> bool:
    """Whether a dtype, of any library, is complex or of times, which NumPy makes real numbers."""
    is_temporal = getattr(dtype, "is_temporal", lambda: False)
    return getattr(dtype, "kind", "") in ("c", "m", "M") or bool(is_temporal())


def _check_shape(X: Any, name: str) -> None:
    """Refuse a frame without columns, and a list whose rows, but not texts, differ in length."""
    if hasattr(X, "columns") and not column_names(X):
        raise ValueError(f"{name} has no columns.")
    rows = X if isinstance(X, list | tuple) else []
    if not all(hasattr(row, "__len__") and not isinstance(row, str) for row in rows):
        return
    for i, row in enumerate(rows):
        if len(row) != len(rows[0]):
            raise ValueError(
                f"Row {i} of {name}, counted from 0, has {len(row)} values, but row 0 has "
                f"{len(rows[0])}. Put NaN where a value is missing."
            )


def _with_nan(X: Any) -> Any:
    """Returns X, with NaN for pandas.NA in its columns of objects or text if it is of pandas."""
    if not (hasattr(X, "iloc") and X.ndim == 2):
        return X
    objects = [name for name, dtype in X.dtypes.items() if dtype.kind in "OU"]
    if not (objects and X[objects].isna().any(axis=None)):
        return X
    return X.astype(dict.fromkeys(objects, object)).where(X.notna(), np.nan)


def _non_numeric_columns(X: Any) -> dict[Any, Any]:
    """Returns the columns of a frame, by name, that are not numbers; of arrays, those with text."""
    if isinstance(X, np.ndarray | list | tuple):
        return _text_columns(X)
    names = column_names(X)
    if len(set(names)) < len(names):  # a name may stand for several columns
        return {}
    return {name: X[name] for name in names if not _is_numeric(X[[name]])}


def _text_columns(X: Any) -> dict[str, np.ndarray]:
    """Returns the columns of an array or a list that hold text, by a name for messages."""
    try:
        table = np.asarray(X, dtype=object)
    except ValueError:  # rows of unequal length
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


def _not_numeric_message(
    name: str, frame: str | None, part: str, limits: str | None, columns: dict[Any, Any]
) -> str:
    """Returns the message about those columns of `name` that cannot be read as numbers.

    If one holds a limit as text, the message is only about limits. The parameters are those of
    `as_numbers`.
    """
    table = name.removesuffix("_upper")
    of_frames = all(hasattr(series, "to_frame") for series in columns.values())
    frame = frame or (table if of_frames else f"pandas.DataFrame({table})")
    cells = {column: _distinct_cells(series) for column, series in columns.items()}
    comma = any(needs_decimal_comma(cell) for each in cells.values() for cell in each)
    parse = f"skgauss.parse_limits({frame}{', decimal=' + repr(',') if comma else ''})"
    for column, own in cells.items():
        marked = (c for c in own if isinstance(c, str) and c.lstrip().startswith(MARKS))
        for cell in marked:
            limits = limits or f"pass lower as {table} and upper as {table}_upper"
            others = [repr(other) for other, each in cells.items() if not _parses(each)]
            first = f"Drop {capped(others)}, or convert them to numbers. " if others else ""
            return (
                f"{name} holds a limit as text, {cell!r} in {column!r}. {first}Convert {table} to "
                f"two tables of numbers, lower, upper = {parse}, and {limits}. See {LIMITS_PAGE}."
            )
    culprits = [f"{column!r} ({_found_in(series, part)})" for column, series in columns.items()]
    remedies = sorted(
        {_remedy(series, cells[column], frame, parse) for column, series in columns.items()}
    )
    return (
        f"{name} holds values that are not numbers in {capped(culprits)}. Drop these columns, or "
        f"convert them to numbers.{''.join(remedies)}"
    )


def _distinct_cells(column: Any) -> list[Any]:
    """Returns the distinct texts of a column, in their order, and all its other cells."""
    cells = list(column)  # once, since this is slow for a column of Arrow
    texts = dict.fromkeys(cell for cell in cells if isinstance(cell, str))
    return [*texts, *(cell for cell in cells if not isinstance(cell, str))]


def _parses(cells: list[Any]) -> bool:
    """Whether some of these cells, or all that are text, are for `parse_limits` to read.

    Words for missing values alone do not count: beside other words they are no numbers, either.
    """
    texts = [cell for cell in cells if isinstance(cell, str)]
    return any(map(is_number_or_limit, cells)) or (bool(texts) and all(map(is_readable, texts)))


def _found_in(column: Any, part: str) -> str:
    """Returns the dtype of a column and the first text in it, if any, that is not a number.

    `part` says of what it is a column, as in `as_numbers`.
    """
    for row, cell in enumerate(column):
        if isinstance(cell, str) and not _is_float(cell):
            return f"dtype {column.dtype}, {cell!r} in row {row_label(column, row, part)}"
    return f"dtype {column.dtype}"


def _is_float(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _remedy(column: Any, cells: list[Any], frame: str, parse: str) -> str:
    """Returns a sentence, after a blank, on how to make numbers of a column, or no text.

    `cells` are its distinct ones, `frame` is code for the frame that holds the column, and `parse`
    for reading its text as numbers.
    """
    dtype = str(column.dtype).lower()
    words = [cell for cell in cells if isinstance(cell, str)]
    header = getattr(column, "name", None)  # in a file with another separator a line of names
    for mark in _SEPARATORS:
        is_joined = not isinstance(header, str) or mark in header
        if words and is_joined and all(mark in word for word in words):
            read = f"pandas.read_csv(file, sep={mark!r})"
            return f" If {mark!r} separates columns of a file, read it with {read}."
    in_text = bool(words) and hasattr(column, "to_frame") and all(map(_DATE.fullmatch, words))
    if in_text or dtype.startswith("date") or any(hasattr(cell, "toordinal") for cell in cells):
        of_pandas = hasattr(column, "iloc")
        days = "days" if of_pandas else "total_days()"
        read = "astype('datetime64[us]')" if of_pandas else "cast(str).str.to_datetime()"
        first = f", after column = column.{read}" if in_text else ""
        return f" Convert dates to days with (column - column.min()).dt.{days}{first}."
    if dtype.startswith(("timedelta", "duration")):
        return " Convert durations to seconds with column.dt.total_seconds()."
    if any(hasattr(cell, "left") and hasattr(cell, "right") for cell in cells):
        return (
            " Pass the ends of intervals as two tables of numbers: column.map(lambda cell: "
            "cell.left, na_action='ignore').astype(float) holds the lower ones, and cell.right "
            "instead gives the upper ones."
        )
    if words and _parses(cells):
        return f" Convert text that holds numbers with {parse}."
    if dtype.startswith(("cat", "enum")) or (words and not any(map(starts_with_digit, words))):
        in_polars = f", or {frame}.to_dummies(column, drop_first=True) in polars"
        if frame.endswith(".to_pandas()"):
            in_polars = ""
        if not hasattr(column, "to_frame"):  # from an array, whose numbers may be objects, too
            frame, in_polars = f"{frame}.infer_objects()", ""
        return (
            f" Convert categories to indicator columns with pandas.get_dummies({frame}, "
            f"drop_first=True, dtype=float){in_polars}."
        )
    return ""
