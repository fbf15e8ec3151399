"""A table of parameters that prints as a report. Importing this file requires pandas."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from textwrap import wrap
from typing import ClassVar

import pandas

_LINE_WIDTH = 80  # characters of a line on a terminal, and on a page
_DIGITS = 2  # digits of a standard error, to which its row is rounded: more would be noise
_DIGITS_ALONE = 4  # digits of an estimate that has no standard error, or is known
# Characters of a decimal number; if it is longer, an exponent may be shorter.
_MAX_DECIMAL_WIDTH = 8
_PARTS = ("mean", "sd", "correlation")  # kinds of parameters, by which the rows are grouped
# Printed column headings that are shorter than the names of the columns.
_SHORT_NAMES = {"std_error": "std err", "p_value": "p", "missing_information": "missing"}


class Report(pandas.DataFrame):  # type: ignore[misc, unused-ignore]
    """A data frame that prints below its heading, in lines of 80 characters.

    Methods such as `round` or `loc` return an ordinary data frame.

    Attributes
    ----------
    heading : list of str
        Sentences above the table.
    """

    _metadata: ClassVar[list[str]] = ["heading"]  # pandas pickles it with the frame
    heading: Sequence[str] = ()

    @property
    def _is_report(self) -> bool:
        """Whether the columns are still those of a report, and not replaced by the user."""
        numeric = all(kind.kind == "f" for kind in self.dtypes)
        return numeric and "std_error" in self.columns and self.columns.is_unique

    def __repr__(self) -> str:
        if not self._is_report:
            return str(super().__repr__())
        heading = [part for line in self.heading for part in wrap(line, _LINE_WIDTH)]
        return "\n".join([*heading, "", *_lines(self._texts())])

    def _repr_html_(self) -> str:
        if not self._is_report:
            return str(super()._repr_html_())
        heading = "<br>".join(map(escape, self.heading))
        return f"<p>{heading}</p>{self._texts().to_html()}"

    def _texts(self) -> pandas.DataFrame:
        """The cells as printed, with numbers rounded to two digits of the row's standard error."""
        formats = {name: _FORMATS[name] for name in self.columns if name in _FORMATS}
        others = self.drop(columns=[*formats])
        rows = [_rounded(row, row["std_error"]) for row in others.to_dict("records")]
        cells = pandas.DataFrame(rows, index=self.index, columns=others.columns, dtype=object)
        for name, text in formats.items():
            cells[name] = [text(value) for value in self[name]]
        return cells[[*self.columns]].rename(columns=_SHORT_NAMES)


def _lines(texts: pandas.DataFrame) -> list[str]:
    """The lines of a printed table, within `_LINE_WIDTH`; too long a name has its own lines."""
    columns = [[head, *texts[head]] for head in texts]
    rows = zip(*([f"  {cell:>{max(map(len, c))}}" for cell in c] for c in columns), strict=True)
    head, *numbers = map("".join, rows)
    longest = _LINE_WIDTH - len(head)
    kinds, names = _kinds_and_names(texts.index)
    margin = max((len(name) for name in names if len(name) <= longest), default=0)
    lines, before = [" " * margin + head], ""
    for kind, name, row in zip(kinds, names, numbers, strict=True):
        lines += [kind] * (kind != before)
        fits = len(name) <= longest
        lines += [] if fits else wrap(name, _LINE_WIDTH, subsequent_indent="  ")
        lines.append(f"{name if fits else '':<{margin}}{row}")
        before = kind
    return lines


def _kinds_and_names(labels: Sequence[str]) -> tuple[list[str], list[str]]:
    """The kind and the indented name of each parameter: "mean" and "  Wind" for "mean of Wind".

    Kinds are empty, and names are the labels, unless every label begins with a kind. Line breaks
    and tabs in a label become blanks, so that the lines of the table stay whole.
    """
    parts = [label.partition(" of ") for label in labels]
    if not all(kind in _PARTS for kind, _, _ in parts):
        return [""] * len(parts), [" ".join(label.split()) for label in labels]
    kinds, _, names = zip(*parts, strict=True)
    return list(kinds), [f"  {' '.join(name.split())}" for name in names]


def _rounded(row: dict[str, float], error: float) -> dict[str, str]:
    """The numbers in a row as texts, rounded to two digits of its error.

    All are decimals or, if that is shorter, all have exponents.
    """
    known = 0 < error < math.inf
    of, n_digits = (error, _DIGITS) if known else (row.get("estimate", 0.0), _DIGITS_ALONE)
    last = int(f"{of:.{n_digits - 1}e}".partition("e")[2] or 0) - n_digits + 1
    last = last if known else min(last, 0)  # a known number keeps its whole part
    numbers = {name: round(value, -last) for name, value in row.items()}
    decimals = {name: f"{value:.{max(-last, 0)}f}" for name, value in numbers.items()}
    exponents = {name: f"{value:.{_n_decimals(value, last)}e}" for name, value in numbers.items()}
    longest, shorter = (max(map(len, each.values())) for each in (decimals, exponents))
    return exponents if shorter < longest > _MAX_DECIMAL_WIDTH else decimals


def _n_decimals(value: float, last: int) -> int:
    """How many digits a number has after its first, down to ``10**last``; 0 for the number 0."""
    finite = value and math.isfinite(value)
    return max(math.floor(math.log10(abs(value))) - last, 0) if finite else 0


def _z(value: float) -> str:
    """The text of a z statistic, which is empty if there is no test."""
    return "" if math.isnan(value) else f"{value:.2f}" if abs(value) < 1e4 else f"{value:.1e}"


def _p_value(value: float) -> str:
    """The text of a p-value, which is empty if there is no test."""
    return "" if math.isnan(value) else f"{value:.3f}" if value >= 0.001 else "<0.001"


# The functions that format the columns which are not rounded to digits of the error.
_FORMATS = {"z": _z, "p_value": _p_value, "missing_information": "{:.3f}".format}
