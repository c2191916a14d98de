"""``masts.csv`` and ``outside_levels.csv``: strict CSV, every value text until the model's class checks it."""

from __future__ import annotations

import csv
import dataclasses
import io
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from quietwing.sites.fields import keys_of
from quietwing.sites.findings import Findings, Unreadable, clean, shown
from quietwing.sites.geojson import rounded
from quietwing.sites.model import OutsideLevel, Sector
from quietwing.sites.records import MOST_RECORD_PROBLEMS, build, near_miss

__all__ = [
    "LEVEL_COLUMNS",
    "MAST_COLUMNS",
    "TABLES",
    "RawTable",
    "build_rows",
    "mast_columns",
    "parse_table",
    "row_values",
    "table_text",
]

T = TypeVar("T", Sector, OutsideLevel)

MOST_ROWS = 100_000  # masts within 40 km of a British city: some thousands
MOST_COLUMNS = 200  # a table of masts has twenty, an export of a planning tool some dozens
MOST_CELLS = 3_000_000  # keeps the parsed table below 300 MiB whatever the file holds

# As docs/formats.md lists them; a column is named x, the field x_m. Optional ones last.
TABLES: Mapping[str, type] = {"masts": Sector, "outside_levels": OutsideLevel}
MAST_COLUMNS = (
    "id", "operator", "plmn", "band", "technology", "freq_mhz", "bandwidth_mhz", "x", "y", "height_m",
    "azimuth_deg", "tilt_deg", "pattern", "eirp_dbm", "environment", "sigma_db", "campable", "assumed",
    "corner_x_m", "corner_y_m",
)  # fmt: skip
CORNER_COLUMNS = ("corner_x_m", "corner_y_m")  # written where a mast names a crossing
LEVEL_COLUMNS = ("channel", "x", "y", "height_m", "rsrp_dbm", "date")
_ALIASES = {"x": "x_m", "y": "y_m"}
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+", re.ASCII)


@dataclasses.dataclass(frozen=True, slots=True)
class RawTable:
    """Rows of a table as found, unchecked, each with where it stands (``line 2``)."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, Mapping[str, Any]], ...]


def parse_table(text: str, cls: type, findings: Findings, file: str) -> RawTable:
    """The rows of a CSV text, all values text.

    Parameters
    ----------
    text : str
        Whole content of the file.
    cls : type
        `Sector` or `OutsideLevel`: what the rows describe.
    findings : Findings
        Receives remarks about the dialect and problems of single rows.
    file : str
        Name of the file, for the messages.

    Returns
    -------
    RawTable

    Raises
    ------
    Unreadable
        If there is no header, no row, or a quote that never closes.
    """
    if "\r" in text and "\n" not in text:
        findings.remark(f"{file}: its lines end with carriage returns alone")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    delimiter = _delimiter(text)
    if delimiter != ",":
        name = {";": "semicolons", "\t": "tabs"}[delimiter]
        findings.remark(f"{file}: read with {name} between values" + (" and decimal commas" * (delimiter == ";")))
    cells = text.count(delimiter) + text.count("\n")
    if cells > MOST_CELLS:
        raise Unreadable(f"holds about {cells:,} values (limit {MOST_CELLS:,}); remove rows and columns not needed")
    lines = _lines(text, delimiter)
    if not lines:
        raise Unreadable("is empty; give a header and one row for each sector")
    (_, header), *rows = lines
    columns = _columns(header, cls)
    if not rows:
        raise Unreadable("has a header and no rows; add rows, or delete the file")
    if len(rows) > MOST_ROWS:
        raise Unreadable(f"has {len(rows):,} rows (limit {MOST_ROWS:,}); keep the masts near the site")
    found = []
    before = len(findings.problems)
    for number, values in rows:
        if len(findings.problems) - before > MOST_RECORD_PROBLEMS:
            break
        if len(values) != len(columns):
            findings.problem(
                file,
                f"line {number}",
                f"has {len(values)} values (expected {len(columns)} as in the header); "
                f"add or remove a {'comma' if delimiter == ',' else 'separator'}",
            )
            continue
        row = {column: value.strip(" \t") or None for column, value in zip(columns, values, strict=True)}
        if delimiter == ";":
            row = {column: _with_point(value) for column, value in row.items()}
        found.append((f"line {number}", row))
    return RawTable(columns, tuple(found))


def _delimiter(text: str) -> str:
    header = text.lstrip("\n").split("\n", 1)[0]
    return max((",", ";", "\t"), key=header.count)


def _with_point(value: str | None) -> str | None:
    return value.replace(",", ".") if value is not None and _DECIMAL_COMMA.fullmatch(value) else value


def _lines(text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    """All rows that hold anything, with the number of the line they start on."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    lines: list[tuple[int, list[str]]] = []
    start = 1
    try:
        for values in reader:
            if any(value.strip() for value in values):
                lines.append((start, values))
            start = reader.line_num + 1
    except csv.Error as error:
        reason = str(error)
        if "unexpected end" in reason:
            raise Unreadable(f'line {start}: opens a quote that never closes; add or remove a "') from error
        if "field larger" in reason:
            raise Unreadable(
                f"line {start}: has a value of over {csv.field_size_limit():,} characters; "
                f"close its quote or shorten it"
            ) from error
        raise Unreadable(f"line {start}: is no CSV ({clean(reason)}); correct its quotes") from error
    return lines


def _columns(header: list[str], cls: type) -> tuple[str, ...]:
    """Names of the fields under the columns."""
    keys = keys_of(cls)
    if len(header) > MOST_COLUMNS:
        raise Unreadable(f"line 1: has {len(header):,} columns (limit {MOST_COLUMNS}); keep those it needs")
    names = [name.strip() for name in header]
    columns = tuple(_ALIASES.get(name, name) for name in names)
    if not set(columns) & set(keys):
        raise Unreadable(
            f"line 1: is no header (starts with {shown(names[0])}); name the columns: {_header_hint(cls)}"
        )
    for name, column in zip(names, columns, strict=True):
        if columns.count(column) > 1:
            raise Unreadable(f"line 1: column {shown(name)} stands twice; keep one of them")
        if not column and len(names) > 1:
            raise Unreadable("line 1: has a column without a name; name it or remove it")
    absent = [name for name in keys if name not in columns]
    problems = []
    meant_for: dict[str, str] = {}
    for name, column in zip(names, columns, strict=True):
        if column not in keys and (meant := near_miss(column, absent)):
            meant_for[meant] = name
            problems.append(f"unknown column {shown(name)}: did you mean {meant!r}?")
    missing = [name for name in absent if keys[name].required and name not in meant_for]
    if missing:
        problems.append(f"missing {', '.join(missing)}: add {'it' if len(missing) == 1 else 'them'}")
    if problems:
        raise Unreadable(f"line 1: {'; '.join(problems)}")
    return columns


def _header_hint(cls: type) -> str:
    if cls is Sector:
        return ", ".join(MAST_COLUMNS[:16])
    if cls is OutsideLevel:
        return ", ".join(LEVEL_COLUMNS)
    of_site = cls.__module__.startswith("quietwing.sites.")  # its tables say x, those of equipment x_m
    short = {name: alias for alias, name in _ALIASES.items()} if of_site else {}
    return ", ".join(short.get(name, name) for name in keys_of(cls))


def build_rows(cls: type[T], table: RawTable, findings: Findings, layer: str, file: str) -> list[T]:
    """The rows of a table as classes of the model; what cannot be one is a problem.

    Parameters
    ----------
    cls : type
        `Sector` or `OutsideLevel`.
    table : RawTable
        Rows as found.
    findings : Findings
        Receives problems and counts.
    layer, file : str
        ``masts`` or ``outside_levels``, and where the rows stand.

    Returns
    -------
    list of instances of `cls`, in the order of the file
    """
    made = []
    findings.found[layer] += len(table.rows)
    before = len(findings.problems)
    for place, row in table.rows:
        if len(findings.problems) - before > MOST_RECORD_PROBLEMS:
            findings.unread.add(layer)
            findings.problem(
                file, "", f"has over {MOST_RECORD_PROBLEMS:,} problems, the rest was not read; correct these"
            )
            break
        name = row.get("id")
        where = f"{place}, {clean(str(name), 80)}" if name else place
        record = build(cls, row, findings, file, where, ignore_unknown=True)
        if record is None:
            findings.refused[layer] += 1
        else:
            made.append(record)
    return made


def row_values(record: Sector | OutsideLevel) -> dict[str, Any]:
    """A record as it is written: column names, values of their own type."""
    columns = MAST_COLUMNS if isinstance(record, Sector) else LEVEL_COLUMNS
    return {column: getattr(record, _ALIASES.get(column, column)) for column in columns}


def mast_columns(sectors: Iterable[Sector]) -> tuple[str, ...]:
    """The columns ``masts.csv`` of some sectors is written with: those of crossings only where one is named."""
    named = any(sector.corner_m is not None for sector in sectors)
    return tuple(column for column in MAST_COLUMNS if named or column not in CORNER_COLUMNS)


def table_text(columns: Iterable[str], records: Iterable[Sector | OutsideLevel]) -> str:
    """A CSV text with header; equal content gives equal bytes."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = list(columns)
    writer.writerow(names)
    for record in records:
        values = row_values(record)
        writer.writerow([_cell(values[name]) for name in names])
    return out.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{rounded(value)!r}".removesuffix(".0")
    return str(value)
