"""Rows of a workbook (XLSX) that somebody sent, read in a child process: a bomb or a crash is one line here."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from quietwing.sites.errors import SiteError
from quietwing.sites.findings import Unreadable, clean
from quietwing.sites.importers import plain_path, run_reader
from quietwing.sites.late_modules import LateModule
from quietwing.sites.safe_reading import refuse_odd

__all__ = ["Cell", "read_workbook", "workbook_rows"]

openpyxl = LateModule("openpyxl")  # slow to load

Cell = str | int | float | bool | None

MOST_UNPACKED_BYTES = 300 * 2**20
MOST_COLUMNS = 1000  # of a row; an operator's list has some twenty, a form thirty
MOST_ANSWER_BYTES = 128 * 2**20


def workbook_rows(
    path: Path, sheets: tuple[str, ...], *, most_rows: int, most_bytes: int, advice: str
) -> list[list[list[Cell]]]:
    """Rows of each sheet asked for, as they stand there; dates and times as text.

    Parameters
    ----------
    path : Path
    sheets : tuple of str
        Names; none asks for the first sheet.
    most_rows : int
        Of each sheet.
    most_bytes : int
        Of the file.
    advice : str
        What to do if it is too large or damaged.

    Returns
    -------
    list of list of list
        Sheets, rows, cells; nothing after the last cell of a row that is filled.

    Raises
    ------
    SiteError
        If it is no workbook, is too large, or lacks a sheet.
    """
    file = clean(path.name)
    try:
        target = refuse_odd(path, path.parent)
    except Unreadable as error:
        raise SiteError(f"{file}: {error}") from None
    size = target.stat().st_size
    if size > most_bytes:
        raise SiteError(f"{file}: has {size:,} bytes (limit {most_bytes:,}); {advice}")
    arguments = {
        "path": plain_path(target),
        "file": file,
        "sheets": list(sheets),
        "most_rows": most_rows,
        "advice": advice,
    }
    found, _ = run_reader(
        "quietwing.sites.surveys.workbook_rows:read_workbook", arguments, name=file, answer_bytes=MOST_ANSWER_BYTES
    )
    return list(found)


def read_workbook(path: str, file: str, sheets: list[str], most_rows: int, advice: str) -> list[list[list[Cell]]]:
    """What runs in the child process. See `workbook_rows`."""
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
        if unpacked > MOST_UNPACKED_BYTES:
            raise SiteError(f"{file}: unpacks to {unpacked:,} bytes (limit {MOST_UNPACKED_BYTES:,}); {advice}")
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        missing = [name for name in sheets if name not in book.sheetnames]
        if missing:
            raise SiteError(f"{file}: has no sheet {', '.join(missing)}; {advice}")
        asked = [book[name] for name in sheets] if sheets else book.worksheets[:1]
        found = []
        for sheet in asked:
            sheet.reset_dimensions()  # the size a sheet claims to have is not to be trusted
            found.append(_rows(sheet.iter_rows(values_only=True), f"{file}: {clean(sheet.title)}", most_rows, advice))
        return found
    except (SiteError, MemoryError, RecursionError):
        raise
    except Exception as error:  # whatever a broken workbook makes the library raise
        raise SiteError(f"{file}: is no workbook that can be read ({type(error).__name__}); {advice}") from None


def _rows(rows: Iterable[tuple[Any, ...]], where: str, most_rows: int, advice: str) -> list[list[Cell]]:
    found: list[list[Cell]] = []
    for row in rows:
        if len(found) == most_rows:
            raise SiteError(f"{where}: has more than {most_rows:,} rows; {advice}")
        last = next((at for at in range(len(row), 0, -1) if row[at - 1] is not None), 0)
        if last > MOST_COLUMNS:
            raise SiteError(f"{where}: row {len(found) + 1} has {last:,} cells (limit {MOST_COLUMNS:,}); {advice}")
        endless = [at for at, value in enumerate(row, 1) if isinstance(value, float) and not math.isfinite(value)]
        if endless:
            raise SiteError(f"{where}: row {len(found) + 1}, column {endless[0]}: is no number; correct it")
        found.append([_plain(value) for value in row[:last]])
    return found


def _plain(value: Any) -> Cell:
    """A cell as JSON can hold it."""
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
