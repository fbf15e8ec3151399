"""A table of parameters that prints as a report. It needs pandas, and is imported with it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from textwrap import wrap
from typing import ClassVar

import pandas

_WIDTH = 80  # characters of a line on a terminal, and on a page
_DIGITS = 2  # digits of a standard error, to which its row is printed: further ones are noise
_FEWEST_DIGITS = 4  # digits behind the first one in a number that is printed with an exponent
_LONGEST_DECIMAL = 10  # characters of a number in decimals; beyond, an exponent may be shorter
_PARTS = ("mean", "sd", "correlation")  # kinds of parameters, under which a table has its rows
# Heads of printed columns that are shorter than the names of the columns.
_SHORT_NAMES = {"std_error": "std err", "p_value": "p", "missing_information": "missing"}


class Report(pandas.DataFrame):  # type: ignore[misc, unused-ignore]
    """A data frame that prints below its heading, in lines of 80 characters.

    What is made of it, as by `round` or `loc`, is an ordinary data frame.

    Attributes
    ----------
    heading : list of str
        Sentences above the table.
    """

    _metadata: ClassVar[list[str]] = ["heading"]  # which goes with it into a pickle
    heading: Sequence[str] = ()

    @property
    def _is_own(self) -> bool:
        """Whether the columns are those of a report still, and not what a user made of them."""
        numeric = all(kind.kind == "f" for kind in self.dtypes)
        return numeric and "std_error" in self.columns and self.columns.is_unique

    def __repr__(self) -> str:
        if not self._is_own:
            return str(super().__repr__())
        heading = [part for line in self.heading for part in wrap(line, _WIDTH)]
        return "\n".join([*heading, "", *_lines(self._texts())])

    def _repr_html_(self) -> str:
        if not self._is_own:
            return str(super()._repr_html_())
        heading = "<br>".join(map(escape, self.heading))
        return f"<p>{heading}</p>{self._texts().to_html()}"

    def _texts(self) -> pandas.DataFrame:
        """The cells as they are printed, numbers to two digits of the standard error of the row."""
        cells = {
            _SHORT_NAMES.get(name, name): [
                _FORMATS.get(name, _rounded)(value, error)
                for value, error in zip(self[name], self["std_error"], strict=True)
            ]
            for name in self.columns
        }
        return pandas.DataFrame(cells, index=self.index)


def _lines(texts: pandas.DataFrame) -> list[str]:
    """The lines of a printed table, no longer than the width; too long a name has its own lines."""
    columns = [[head, *texts[head]] for head in texts]
    rows = zip(*([f"  {cell:>{max(map(len, c))}}" for cell in c] for c in columns), strict=True)
    head, *numbers = map("".join, rows)
    longest = _WIDTH - len(head)
    kinds, names = _kinds_and_names(texts.index)
    margin = max((len(name) for name in names if len(name) <= longest), default=0)
    lines, before = [" " * margin + head], ""
    for kind, name, row in zip(kinds, names, numbers, strict=True):
        lines += [kind] * (kind != before)
        fits = len(name) <= longest
        lines += [] if fits else wrap(name, _WIDTH, subsequent_indent="  ")
        lines.append(f"{name if fits else '':<{margin}}{row}")
        before = kind
    return lines


def _kinds_and_names(labels: Sequence[str]) -> tuple[list[str], list[str]]:
    """The kind of each parameter and its name below that: "mean" and "  Wind" of "mean of Wind".

    Kinds are empty, and names are the labels, unless every label begins with a kind.
    """
    parts = [label.partition(" of ") for label in labels]
    if not all(kind in _PARTS for kind, _, _ in parts):
        return [""] * len(parts), list(labels)
    return [kind for kind, _, _ in parts], [f"  {name}" for _, _, name in parts]


def _rounded(value: float, error: float) -> str:
    """The text of a number, to two digits of its error, with an exponent if decimals are long."""
    known = 0 < error < math.inf
    last = math.floor(math.log10(error)) - _DIGITS + 1 if known else -3
    text = f"{value:.{max(-last, 0)}f}"
    if len(text) <= _LONGEST_DECIMAL or not math.isfinite(value):
        return text
    digits = math.floor(math.log10(abs(value))) - last if value else 0
    if not known or digits <= _FEWEST_DIGITS:
        return f"{value:.{_FEWEST_DIGITS}e}"
    return min(f"{value:.{digits}e}", text, key=len)


def _z(value: float, error: float) -> str:
    """The text of a z statistic, which is empty where there is no test."""
    return "" if math.isnan(value) else f"{value:.2f}" if abs(value) < 1e4 else f"{value:.1e}"


def _p_value(value: float, error: float) -> str:
    """The text of a p-value, which is empty where there is no test."""
    return "" if math.isnan(value) else f"{value:.3f}" if value >= 0.001 else "<0.001"


def _share(value: float, error: float) -> str:
    """The text of a share, to three decimals."""
    return f"{value:.3f}"


# The functions that make the texts of columns which are not printed to digits of the error.
_FORMATS = {"z": _z, "p_value": _p_value, "missing_information": _share}
