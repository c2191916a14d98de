"""Rows of a table as text that may be half a gigabyte: no line, no row and no list of reasons grows without end."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from typing import TextIO

from quietwing.sites.errors import SiteError

__all__ = ["MOST_LINE_CHARACTERS", "count_reason", "text_rows"]

MOST_LINE_CHARACTERS = 65_536  # a line of a log has some hundred; ten thousand columns are 60,000
MOST_ROW_LINES = 100  # of one row whose quoted values hold line ends
MOST_REASONS = 1000  # told apart; a hostile list has another one in each row
OTHER_REASON = "other reasons"


def text_rows(text: TextIO, file: str) -> Iterator[list[str]]:
    """The rows of a CSV text, the header first; it says which sign stands between values.

    Parameters
    ----------
    text : text file
        Opened without translation of line ends.
    file : str
        Name for the messages.

    Yields
    ------
    list of str
        Empty for an empty line.

    Raises
    ------
    SiteError
        If a line or row is too long.
    csv.Error
    """
    taken = began = 0  # lines given out, and those of whole rows

    def lines() -> Iterator[str]:
        nonlocal taken
        while line := text.readline(MOST_LINE_CHARACTERS + 1):
            taken += 1
            if len(line) > MOST_LINE_CHARACTERS:
                raise SiteError(
                    f"{file}: line {taken:,}: has over {MOST_LINE_CHARACTERS:,} characters; end each row with a line "
                    f"end and leave out columns that are not needed"
                )
            if taken - began > MOST_ROW_LINES:
                raise SiteError(
                    f'{file}: line {began + 1:,}: is a row of over {MOST_ROW_LINES} lines; add or remove a "'
                )
            yield line

    source = lines()
    first = next(source, "")
    delimiter = max((",", ";", "\t"), key=first.count)
    yield next(csv.reader([first], delimiter=delimiter), [])
    began = taken
    for row in csv.reader(source, delimiter=delimiter):
        began = taken
        yield row


def count_reason(counter: Counter[str], reason: str) -> None:
    """Count why a row is left out; reasons beyond the thousandth are counted as one."""
    counter[reason if reason in counter or len(counter) < MOST_REASONS else OTHER_REASON] += 1
