"""Text with limits, as laboratories write it, read as two tables of numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Sequence
from functools import cache
from numbers import Real
from typing import Any

import numpy as np

from .._wording import LIMITS_PAGE, capped
from .frames import columns_of, like
from .kinds import check_table

MISSING = ("ND", "n.d.", "NA", "n.a.", "N/A", "NaN", "-")
_MINUS = str.maketrans("\N{MINUS SIGN}", "-")  # as spreadsheets and papers set it
_EMPTY_CELLS = ("", "None", "<NA>", "nan", "NaT")  # empty cells, as pandas and polars print them
_BELOW = ("<", "<=", "≤")
_ABOVE = (">", ">=", "≥")
MARKS = _BELOW + _ABOVE
_THOUSANDS = re.compile(r"[^\d]*\d{1,3}[.,]\d{3}\s*")  # "1,234": thousands, or three decimals
_OVERFLOWING = re.compile(r"[^\d]*[\d.,]+[eE]\+?\d{3,}\s*")  # "1e400": too large if it was not read
# Digits in groups of three with one mark between them, and decimals that may follow.
_GROUPED_DIGITS = re.compile(
    r"[^\d]*\d{1,3}(?:([., '\u00a0\u2009\u202f\u2019])\d{3})(?:\1\d{3})*([.,]\d*)?\s*"
)
# A number or limit with a unit or a flag behind it: "5 ug/L", "0.05 U".
_WITH_WORDS = re.compile(
    r"[<>=≤≥\s]*[-+\u2212]?(?=[.,]*\d)[\d.,]+(?:[eE][+-]?\d+)?\s*(?:[^\W\d_]|[%*°(])"
    r"(?:[^\d<>]|(?<=[^\W\d_])\d)*"
)
Ends = tuple[float, float]


def parse_limits(
    frame: Any, *, decimal: str = ".", missing: str | Sequence[str] | None = MISSING
) -> tuple[Any, Any]:
    """Read a table in which values are written as limits: "<0.05", ">10".

    Parameters
    ----------
    frame : pandas.DataFrame or polars.DataFrame of shape (n_samples, n_features)
        Numbers, or text: a number, or a limit, which is a number behind one of <, <=, ≤, >, >=
        and ≥, with or without blanks. Columns of numbers stay as they are, except for numbers that
        `missing` names.
    decimal : {".", ","}, default="."
        The character before the decimals of a number in text.
    missing : str or sequence of str, default=("ND", "n.d.", "NA", "n.a.", "N/A", "NaN", "-")
        Text that stands for a value of which nothing is known, in small or capital letters. A
        number given as text, such as "-99", also stands for one in columns of numbers. Empty cells,
        None and NaN always do. A value that was not detected is known to be below a limit: if you
        know this limit, write it in place of "ND".

    Returns
    -------
    lower, upper : two frames of float64, of the library, shape and names of `frame`
        Pass them as ``fit(lower, X_upper=upper)``. They agree where a cell is a number. A value
        below a limit has NaN in `lower`, one above a limit has NaN in `upper`, and a missing
        value has NaN in both. Rows of pandas keep their index.

    Raises
    ------
    ValueError
        If a cell is none of these. The message quotes it, and names its row and column.
    TypeError
        If `missing` holds anything but text, or `frame` is not a frame of pandas or polars. The
        message says how to read a frame of Dask, partition by partition.

    Examples
    --------
    >>> import pandas as pd
    >>> from skgauss import GaussianGradientMLE, parse_limits
    >>> table = pd.DataFrame({"lead": ["0.12", "<0.05", "ND", "0.07"], "pH": [6.8, 7.1, 7.4, 6.9]})
    >>> lower, upper = parse_limits(table)
    >>> print(upper.assign(lead_lower=lower["lead"]).to_string())
       lead   pH  lead_lower
    0  0.12  6.8        0.12
    1  0.05  7.1         NaN
    2   NaN  7.4         NaN
    3  0.07  6.9        0.07
    >>> GaussianGradientMLE(covariance_type="diag").fit(lower, X_upper=upper).converged_
    True
    """
    if decimal not in (".", ","):
        raise ValueError(f"decimal must be '.' or ',', got {decimal!r}.")
    words = _words(missing)
    check_table(frame, "frame")
    columned = hasattr(frame, "iter_columns") or (hasattr(frame, "iloc") and frame.ndim == 2)
    if hasattr(frame, "dask"):
        choices = ("decimal", decimal, "."), ("missing", missing, MISSING)
        given = "".join(f", {name}={own!r}" for name, own, usual in choices if own != usual)
        raise TypeError(
            "frame is a Dask frame, which is read partition by partition: lower = "
            f"frame.map_partitions(lambda part: skgauss.parse_limits(part{given})[0], "
            "meta=dict.fromkeys(frame.columns, float)), and upper likewise, with [1]."
        )
    if not columned:
        raise TypeError(
            "frame must be a DataFrame of pandas or polars, as pandas.read_csv and "
            f"pandas.read_excel return it, got {type(frame).__name__}. Convert a Series with "
            "to_frame(), a table of pyarrow with to_pandas(), and an array with pandas.DataFrame."
        )
    read = cache(reader_of_cells(decimal, words))
    number = reader_of_cells(decimal, ())
    missing_codes = {ends[0] for ends in map(number, words) if ends and ends[0] == ends[1]}
    ends = np.full((2, *frame.shape), np.nan)
    unread = []
    for j, cells in enumerate(columns_of(frame)):
        found = [_ends_of_cell(cell, read, missing_codes) for cell in cells]
        unread += [(i, j, cells[i]) for i, each in enumerate(found) if each is None]
        if not unread:
            ends[:, :, j] = np.transpose(found)  # type: ignore[arg-type]
    if unread:
        raise ValueError(_unreadable_message(frame, unread, decimal))
    lower, upper = (like(frame, values, frame.columns) for values in ends)
    return lower, upper


def _words(missing: Any) -> tuple[str, ...]:
    """Returns the words of `missing`, which is None, one word or several."""
    one = isinstance(missing, str) or not hasattr(missing, "__iter__")
    words = () if missing is None else (missing,) if one else tuple(missing)
    for each in words:
        if not isinstance(each, str):
            raise TypeError(
                f"missing must hold text, got {each!r}. If a number stands for a missing value, "
                f"write it as text, missing={[*map(str, words)]}. This applies to columns of "
                "numbers, too."
            )
    return words


def reader_of_cells(decimal: str, missing: Sequence[str]) -> Callable[[str], Ends | None]:
    """Returns a function from text to the ends of its interval, or to None if it is unreadable."""
    point = re.escape(decimal)
    number = rf"[+-]?(?:\d+(?:{point}\d*)?|{point}\d+)(?:[eE][+-]?\d+)?"
    pattern = re.compile(rf"([<>]=?|[≤≥])?\s*({number})")
    nothing = {each.strip().translate(_MINUS).casefold() for each in (*missing, *_EMPTY_CELLS)}

    def read(text: str) -> Ends | None:
        text = text.strip().translate(_MINUS)
        if text.casefold() in nothing:
            return math.nan, math.nan
        match = pattern.fullmatch(text)
        if match is None:
            return None
        value = float(match[2].replace(decimal, "."))
        if math.isinf(value):  # too large for float64
            return None
        return (
            math.nan if match[1] in _BELOW else value,
            math.nan if match[1] in _ABOVE else value,
        )

    return read


_READERS = {mark: reader_of_cells(mark, MISSING) for mark in ".,"}


def _ends_of_cell(
    cell: Any, read: Callable[[str], Ends | None], missing_codes: Collection[float]
) -> Ends | None:
    """Returns the ends of the interval in a cell of text or a number; None if it is unreadable.

    The numbers in `missing_codes` stand for missing values.
    """
    if isinstance(cell, str) or str(cell) in _EMPTY_CELLS:
        found = read(str(cell))
    else:
        try:
            found = float(cell), float(cell)
        except (TypeError, ValueError):
            return None
    if found and found[0] == found[1] and found[0] in missing_codes:
        return math.nan, math.nan
    return found


def is_readable(text: str) -> bool:
    """Whether text is a number, a limit or a word of `MISSING`; its decimal mark may be any."""
    return any(read(text) for read in _READERS.values())


def is_number_or_limit(cell: Any) -> bool:
    """Whether a cell holds a number, or text that is a number or a limit."""
    if not isinstance(cell, str):
        return isinstance(cell, Real) and not isinstance(cell, bool) and not math.isnan(cell)
    found = (read(cell) for read in _READERS.values())
    return any(ends is not None and not all(map(math.isnan, ends)) for ends in found)


def needs_decimal_comma(cell: Any) -> bool:
    """Whether a cell is a number or a limit with a comma that cannot separate thousands."""
    if not isinstance(cell, str) or _READERS["."](cell) or _THOUSANDS.fullmatch(cell):
        return False
    return _READERS[","](cell) is not None


def starts_with_digit(text: str) -> bool:
    """Whether the first letter or digit of a text is a digit, as in "15 %" or "2024-01-31"."""
    return re.match(r"\W*\d", text) is not None


def _unreadable_message(frame: Any, unread: list[tuple[int, int, Any]], decimal: str) -> str:
    """Returns the message about unreadable cells, which are given by row, column and content."""
    read = reader_of_cells(decimal, ())
    texts = (cell for column in columns_of(frame) for cell in column if isinstance(cell, str))
    is_used = any(decimal in cell and read(cell) for cell in texts)
    by_column: dict[int, list[tuple[int, Any]]] = {}
    for i, j, cell in unread:
        by_column.setdefault(j, []).append((i, cell))
    found = []
    names: dict[str, list[str]] = {}
    for j, cells in sorted(by_column.items()):
        name, (first, cell) = repr(frame.columns[j]), cells[0]
        more = f" and {len(cells) - 1} more" if len(cells) > 1 else ""
        found.append(f"{cell!r} in row {row_label(frame, first)} of {name}{more}")
        of_pandas = hasattr(frame, "iloc")
        advice = _advice_for_cells([cell for _, cell in cells], decimal, is_used, of_pandas)
        names.setdefault(advice, []).append(name)
    remedies = [
        f"{f'For {capped(of)}: ' if len(names) > 1 else ''}{remedy}" for remedy, of in names.items()
    ]
    return (
        f"{capped(found, '; ', 'more columns')}: that is neither a number nor a limit such as "
        f"'<0{decimal}05' or '>10'. {' '.join(remedies)} See {LIMITS_PAGE}."
    )


def row_label(frame: Any, i: int, part: str = "") -> str:
    """Returns the number of a row, counted from 0, with its label in pandas if that differs.

    `part`, such as " of its block", stands behind the number.
    """
    label = frame.index[i] if hasattr(frame, "iloc") else i
    return f"{i}{part}" if str(label) == f"{i}" else f"{i}{part} (label {label})"


def _replacing(mark: str, by: str, of_pandas: bool, of_frame: bool) -> str:
    """Returns code for a frame, or a column, with a mark replaced in its text.

    It also reads categories. In a column of pandas numbers may stand beside text, and stay.
    """
    if of_pandas:
        subject = "frame" if of_frame else "column"
        replaced = f"cell.replace({mark!r}, {by!r})"
        return f"{subject}.map(lambda cell: {replaced} if isinstance(cell, str) else cell)"
    subject = "polars.all()" if of_frame else "column"
    column = f"{subject}.cast(polars.String).str.replace_all({mark!r}, {by!r}, literal=True)"
    return f"frame.with_columns({column})" if of_frame else column


def _advice_for_cells(cells: list[Any], decimal: str, is_used: bool, of_pandas: bool) -> str:
    """Returns a sentence on what to do with the unreadable cells of one column.

    `is_used` says that other cells of the frame have the mark `decimal` before their decimals, and
    `of_pandas` of which library the frame is.
    """
    other = "," if decimal == "." else "."
    texts = [cell for cell in cells if isinstance(cell, str)]
    if len(texts) == len(cells):
        if all(map(_OVERFLOWING.fullmatch, texts)):
            return "That is too large for float64. Choose a larger unit."
        if all(_THOUSANDS.fullmatch(text) for text in texts):
            return (
                f"If {other!r} separates thousands, remove it first. If it is the decimal mark, "
                f"pass decimal={other!r}."
            )
        if all(map(reader_of_cells(other, ()), texts)):
            if is_used:
                return (
                    "Some numbers have a decimal point, others a decimal comma. Turn commas into "
                    f"points, as {_replacing(',', '.', of_pandas, of_frame=True)} does, and pass "
                    "decimal='.'."
                )
            return f"Pass decimal={other!r}."
        if all(parted := [_GROUPED_DIGITS.fullmatch(text) for text in texts]):
            mark = parted[0][1]  # type: ignore[index]
            return (
                f"Remove the {mark!r} that separates thousands first, as "
                f"{_replacing(mark, '', of_pandas, of_frame=False)} does, and pass the "
                "decimal mark as decimal."
            )
        if all(text.strip().startswith(MARKS) and not re.search(r"\d", text) for text in texts):
            return (
                f"Write the number of the limit in place of the word, as in '<0{decimal}05'. If "
                "such values were taken for missing, they would be estimated like all others."
            )
        if all(map(_WITH_WORDS.fullmatch, texts)):
            return (
                "Remove the text behind the number, such as a unit or a flag. If it says that the "
                "value is below the number, as the flags 'U' and 'ND' do, write a limit, "
                f"'<0{decimal}05'. If units differ, or 'k' stands for a thousand, convert the "
                "numbers to one unit first."
            )
    return (
        "Write it as a number or a limit, add it to the parameter missing if it stands for a "
        "missing value, or drop such a column."
    )
