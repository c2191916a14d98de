"""The files of a validation set: CSV that nobody here wrote, read within limits, problems named by file and line."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.errors import QuietwingError
from quietwing.sites import Unreadable, clean, read_text, shown

__all__ = ["MissingFileError", "Table", "ValidationSetError", "read_grid", "read_table"]

MOST_BYTES = 16 * 2**20  # the largest set, 31,250 rows of P.2109, has 2 MB
MOST_ROWS = 200_000
MOST_COLUMNS = 20_000  # a terrain profile is one row
MOST_SIZE = 1e9  # of a number: no quantity of these files comes near
MOST_DIGITS = 40

Line = tuple[int, list[str]]


class ValidationSetError(QuietwingError, ValueError):
    """A validation set cannot be read as what it claims to be."""


class MissingFileError(Exception):
    """A set's folder lacks one of its files; its text names it."""


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of text as found, each value checked when it is asked for.

    Attributes
    ----------
    file : str
        Name for the messages.
    columns : dict of str to tuple of str
    lines : tuple of int
        Number of the line each row stands on.
    """

    file: str
    columns: dict[str, tuple[str, ...]]
    lines: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.lines)

    def numbers(self, column: str, *, blank: float | None = None) -> NDArray[np.float64]:
        """A column as numbers.

        Parameters
        ----------
        column : str
        blank : float, optional
            Stands for an empty value; without it an empty value is an error.

        Returns
        -------
        ndarray, shape (row,)

        Raises
        ------
        ValidationSetError
            If a value is no finite number.
        """
        values = self.columns[column]
        return np.array(
            [
                blank if blank is not None and not text else number(text, self.file, line, column)
                for text, line in zip(values, self.lines, strict=True)
            ],
            np.float64,
        )

    def words(self, column: str) -> NDArray[np.str_]:
        """A column as text."""
        return np.array([text[:MOST_DIGITS] for text in self.columns[column]], dtype=np.str_)

    def rows(self, chosen: NDArray[np.bool_]) -> Table:
        """Some of the rows."""
        index = np.flatnonzero(chosen).tolist()
        columns = {name: tuple(values[k] for k in index) for name, values in self.columns.items()}
        return Table(self.file, columns, tuple(self.lines[k] for k in index))


def read_table(root: Path, name: str, needed: Sequence[str]) -> Table:
    """A CSV table with a header; lines that start with ``#`` are comments.

    Parameters
    ----------
    root : Path
        The folder of the set.
    name : str
        The file within it.
    needed : sequence of str
        Columns that must be there; others are kept.

    Returns
    -------
    Table

    Raises
    ------
    MissingFileError
        If there is no such file.
    ValidationSetError
        If it is no such table.
    """
    file, lines = _lines(root, name)
    if not lines:
        raise ValidationSetError(f"{file}: has no header; give a CSV table with {', '.join(needed)}")
    (at, header), *rows = lines
    columns = [title.strip() for title in header]
    missing = [column for column in needed if column not in columns]
    if missing:
        raise ValidationSetError(
            f"{file}: line {at}: has no column {', '.join(missing)} (starts with {shown(columns[0])}); "
            f"give the table in the set's own format"
        )
    if len(set(columns)) < len(columns):
        raise ValidationSetError(f"{file}: line {at}: names a column twice; keep one of them")
    for number_of_line, values in rows:
        if len(values) != len(columns):
            raise ValidationSetError(
                f"{file}: line {number_of_line}: has {len(values)} values (expected {len(columns)} as in the "
                f"header); correct the row or take it out"
            )
    by_column = {column: tuple(values[k].strip() for _, values in rows) for k, column in enumerate(columns)}
    return Table(file, by_column, tuple(line for line, _ in rows))


def read_grid(root: Path, name: str, *, even: bool = True) -> list[tuple[int, NDArray[np.float64]]]:
    """A CSV file of numbers alone, without header.

    Parameters
    ----------
    root : Path
    name : str
    even : bool
        All rows are equally long.

    Returns
    -------
    list of (int, ndarray)
        Number of the line, and its values.

    Raises
    ------
    MissingFileError
        If there is no such file.
    ValidationSetError
        If a value is no number, or a row has another length.
    """
    file, lines = _lines(root, name)
    for at, values in lines:
        if even and len(values) != len(lines[0][1]):
            raise ValidationSetError(
                f"{file}: line {at}: has {len(values)} values (expected {len(lines[0][1])} as in the first row); "
                f"correct the row or take it out"
            )
    return [(at, np.array([number(text.strip(), file, at, "") for text in values])) for at, values in lines]


def number(text: str, file: str, line: int, column: str) -> float:
    """One value as a number, or an error that says where it stands."""
    where = f"{file}: line {line}" + (f": {clean(column, 40)}" if column else "")
    try:
        if len(text) > MOST_DIGITS or "_" in text:
            raise ValueError
        value = float(text)
    except ValueError:
        found = shown(text) if text else "nothing"
        raise ValidationSetError(f"{where}: holds {found} (expected a number); correct the value") from None
    if not abs(value) <= MOST_SIZE:
        raise ValidationSetError(
            f"{where}: holds {shown(text)} (expected a number up to {MOST_SIZE:g}); correct the value"
        )
    return value


def _lines(root: Path, name: str) -> tuple[str, list[Line]]:
    """The name for messages, and all rows that hold anything with the number of the line they start on."""
    path = root / name
    file = clean(f"{root.name}/{name}")
    if not path.exists() and not path.is_symlink():
        raise MissingFileError(f"{file} is not there")
    try:
        text = read_text(path, root, MOST_BYTES)
    except Unreadable as error:
        raise ValidationSetError(f"{file}: {error}") from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    lines: list[Line] = []
    start = 1
    try:
        for values in reader:
            if any(value.strip() for value in values) and not values[0].lstrip().startswith("#"):
                lines.append((start, values))
                if len(lines) > MOST_ROWS or len(values) > MOST_COLUMNS:
                    raise ValidationSetError(
                        f"{file}: line {start}: is more than is read ({MOST_ROWS:,} rows of {MOST_COLUMNS:,} "
                        f"values); split the set"
                    )
            start = reader.line_num + 1
    except csv.Error as error:
        raise ValidationSetError(
            f"{file}: line {start}: is no CSV ({clean(str(error))}); correct its quotes"
        ) from None
    return file, lines
