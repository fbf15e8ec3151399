"""Labels of a table: the names of its columns, in any library, and of the axes of an array."""

import sys
from collections import Counter
from collections.abc import Iterable
from typing import Any

from .._sklearn import names_of_columns
from .._wording import quoted


def axis_labels(array: Any) -> list[tuple[Any, ...]]:
    """Returns the labels of each axis of a pandas object, but of no axis without labels."""
    return [tuple(axis) for axis in getattr(array, "axes", ()) if not _has_no_labels(axis)]


def _has_no_labels(axis: Any) -> bool:
    """Whether an axis has only the numbers that pandas gives where a user gives no labels."""
    return isinstance(axis, getattr(sys.modules.get("pandas"), "RangeIndex", ()))


def as_table(frame: Any) -> Any:
    """Returns a record batch of pyarrow as a table, without a copy; anything else as it is.

    Of the two, scikit-learn reads the names of a table only.
    """
    pyarrow: Any = sys.modules.get("pyarrow")
    is_batch = pyarrow is not None and isinstance(frame, pyarrow.RecordBatch)
    return pyarrow.Table.from_batches([frame]) if is_batch else frame


def column_labels(table: Any) -> tuple[Any, ...] | None:
    """Returns the labels of the columns of a frame of any library, or None of an array."""
    table = as_table(table)
    columns = getattr(table, "columns", None)
    if _has_no_labels(columns):
        return None
    names = columns if hasattr(table, "axes") else names_of_columns(table)
    return None if names is None else tuple(names)


def check_distinct_names(names: Iterable[Any], table: str) -> None:
    """Refuse a table in which two columns have the same name; `table` is what the user calls it."""
    repeated = [each for each, count in Counter(names).items() if count > 1]
    if repeated:
        raise ValueError(
            f"{table} has several columns with the same name: {quoted(repeated)}. Give each column "
            "a name of its own."
        )
