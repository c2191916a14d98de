"""Rows of the tables of equipment: CSV with ``#`` comments, cells that hold short lists, problems gathered."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quietwing.coverage.errors import ScenarioError
from quietwing.sites import Findings, Unreadable, clean, near, parse_table, read_text, rounded, shown

__all__ = ["Rows", "cell_text", "items_of", "read_file", "rows_of", "text_of_rows"]

MOST_FILE_BYTES = 8 * 2**20  # ten thousand devices are about 1 MiB


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a table as found, each with where it stands: ``line 7, M1``."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, Mapping[str, Any]], ...]


def read_file(path: Path, what: str) -> str:
    """The text of a table a user names; `what` is ``layout`` or ``catalogue``.

    Raises
    ------
    ScenarioError
        If it is no regular UTF-8 file, or there is none.
    """
    label = clean(path.name or str(path))
    if "\0" in str(path) or not (path.is_symlink() or path.exists()):
        close = near(path.name, _neighbours(path))
        advice = f"did you mean {shown(close[0])}?" if close else f"give an existing {what} table (.csv)"
        raise ScenarioError(f"{label}: no such file; {advice}")
    try:
        return read_text(path, path.parent, MOST_FILE_BYTES)
    except Unreadable as error:
        raise ScenarioError(f"{label}: {error}") from None


def _neighbours(path: Path) -> list[str]:
    """Tables in the folder a missing file was looked for in."""
    try:
        return sorted(other.name for other in path.parent.glob("*.csv"))
    except (OSError, ValueError):
        return []


def rows_of(text: str, cls: type, columns: Sequence[str], findings: Findings, file: str, most_rows: int) -> Rows:
    """The rows of a table, comments left out, all values text; a table of a header alone has none.

    Parameters
    ----------
    text : str
    cls : type
        Pydantic dataclass with the columns as fields.
    columns : sequence of str
        Columns in their usual order, for the message about a missing header.
    findings : Findings
        Receives every problem.
    file : str
        Name for the messages.
    most_rows : int
        A table with more is refused.

    Returns
    -------
    Rows
    """
    bare = without_comments(text)
    lines = [line for line in bare.splitlines() if line.strip()]
    try:
        if not lines:
            what = "has only comments" if text.strip("\ufeff \t\r\n") else "is empty"
            raise Unreadable(f"{what}; give a header: {', '.join(columns)}")
        if not any(column in lines[0] for column in columns):
            raise Unreadable(
                f"line {_line_number(bare, lines[0])}: is no header (starts with {shown(lines[0].split(',')[0])}); "
                f"name the columns: {', '.join(columns)}"
            )
        if len(lines) == 1:
            # A header alone: a lone value below it shows whether the header is in order, and is forgotten.
            return Rows(parse_table(f"{bare}\n-\n", cls, Findings(), file).columns, ())
        table = parse_table(bare, cls, findings, file)
        if len(table.rows) > most_rows:
            raise Unreadable(f"has {len(table.rows):,} rows (limit {most_rows:,}); split it or remove rows")
    except Unreadable as error:
        findings.problem(file, "", str(error))
        return Rows((), ())
    key = "id" if "id" in columns else "model"
    return Rows(
        table.columns,
        tuple((f"{place}, {clean(str(row[key]), 80)}" if row.get(key) else place, row) for place, row in table.rows),
    )


def without_comments(text: str) -> str:
    """The text with every line that starts with ``#`` emptied, so that line numbers stay; not inside quotes."""
    kept = []
    quoted = False
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if not quoted and line.lstrip().startswith("#"):
            kept.append("")
            continue
        quoted ^= line.count('"') % 2 == 1
        kept.append(line)
    return "\n".join(kept)


def _line_number(text: str, line: str) -> int:
    return text.split("\n").index(line) + 1


def items_of(text: str) -> list[str]:
    """The items of a cell that holds a list, separated by semicolons."""
    return [item.strip() for item in text.split(";") if item.strip()]


def cell_text(value: Any) -> str:
    """A value as it stands in a cell: numbers to six decimals, nothing as nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{rounded(value)!r}".removesuffix(".0")
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value)


def text_of_rows(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A CSV text with header; equal content gives equal bytes, and no row is taken for a comment."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        if row[0].lstrip().startswith("#"):
            quoted = '"' + row[0].replace('"', '""') + '"'
            out.write(quoted + ",")
            writer.writerow(row[1:])
        else:
            writer.writerow(row)
    return out.getvalue()
