"""Rows of a list of masts, whatever it is: OpenCelliD and Mozilla, an operator's XLSX, Ofcom-style site lists."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO

from quietwing.sites.errors import SiteError
from quietwing.sites.findings import Unreadable, clean, did_you_mean, shown
from quietwing.sites.safe_reading import MOST_TOML_BYTES, read_text, refuse_odd
from quietwing.sites.surveys.log_columns import TableHead, head_of, is_private, plain_name
from quietwing.sites.surveys.text_rows import text_rows
from quietwing.sites.surveys.workbook_rows import workbook_rows
from quietwing.sites.toml_text import toml_of

__all__ = ["MAST_MEANINGS", "mast_head", "mast_rows", "read_mast_mapping"]

MOST_BYTES = 512 * 2**20
MOST_ROWS = 3_000_000  # all cells of a country; some ten seconds
MOST_SHEET_ROWS = 200_000
MOST_SHEET_BYTES = 64 * 2**20
ROWS_OF_HEAD = 5
MOST_TITLE_ROWS, LEAST_COLUMNS = 20, 3  # above the header of a list, and filled in the header itself; assumed

# Columns by the names they go by, compared without case, spaces and signs.
MAST_MEANINGS: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "site id", "cell id", "cell name", "opref", "site name", "sector id", "cell"),
    "operator": ("operator", "network", "carrier name", "licensee"),
    "plmn": ("plmn", "plmn id", "mccmnc"),
    "mcc": ("mcc",),
    "mnc": ("mnc", "net"),
    "technology": ("technology", "radio", "rat", "tech", "transtype", "transmission type"),
    "band": ("band", "freqband", "frequency band"),
    "arfcn": ("arfcn", "earfcn", "uarfcn", "nr arfcn", "dl earfcn", "earfcn dl"),
    "freq_mhz": ("freq_mhz", "frequency", "frequency mhz", "dl frequency mhz"),
    "bandwidth_mhz": ("bandwidth_mhz", "bandwidth", "bandwidth mhz"),
    "lat": ("lat", "latitude", "sitelat"),
    "lon": ("lon", "longitude", "sitelng", "sitelon", "long"),
    "grid_ref": ("ngr", "grid reference", "grid ref", "gridref", "sitengr", "osgb"),
    "x": ("x", "easting", "easting m"),
    "y": ("y", "northing", "northing m"),
    "height_m": ("height_m", "height", "antennaht", "antenna height", "antenna height m"),
    "azimuth_deg": ("azimuth_deg", "azimuth", "bearing"),
    "tilt_deg": ("tilt_deg", "tilt", "downtilt", "total tilt"),
    "eirp_dbm": ("eirp_dbm", "eirp", "eirp dbm", "maxpwrdbm"),
    "eirp_dbw": ("eirp_dbw", "eirp dbw", "maxpwrdbw"),
}
# OpenCelliD's files by country have no header: its columns in order.
OPENCELLID = (
    "radio", "mcc", "net", "area", "cell", "unit", "lon", "lat", "range", "samples", "changeable", "created",
    "updated", "averageSignal",
)  # fmt: skip
RADIOS = ("GSM", "UMTS", "LTE", "NR", "CDMA", "NBIOT")


def read_mast_mapping(path: Path) -> dict[str, str]:
    """``[columns]`` of a mapping file: what a column is → its name.

    Raises
    ------
    SiteError
        With every problem.
    """
    file = clean(path.name)
    try:
        loaded = toml_of(read_text(path, path.parent, MOST_TOML_BYTES))
    except Unreadable as error:
        raise SiteError(f"{file}: {error}") from None
    table = loaded.get("columns", {})
    if not isinstance(table, dict) or not table:
        raise SiteError(f'{file}: has no table [columns]; write [columns] and, for example, lat = "Breite"')
    problems = [
        f"{file}: columns: unknown key {shown(key)}; write what a column is, one of "
        f"{', '.join(MAST_MEANINGS)}, and its name in the list"
        for key in table
        if key not in MAST_MEANINGS
    ]
    problems += [
        f"{file}: columns: {clean(k)} is {shown(v)}; write a text" for k, v in table.items() if not isinstance(v, str)
    ]
    if problems:
        raise SiteError(problems)
    return dict(table)


def mast_rows(path: Path, mapping: Mapping[str, str] | None = None) -> Iterator[dict[str, str]]:
    """Each row as text by meaning.

    Raises
    ------
    SiteError
        If the file is none of these, too large, or lacks a column that the mapping names.
    """
    file = clean(path.name)
    header, rows = _opened(path, file)
    place = _places(header, mapping or {}, file)
    _check_places(place, header, file)
    columns = list(place.items())
    for row in rows:
        if len(row) < len(header):
            row = [*row, *[""] * (len(header) - len(row))]
        yield {meaning: value for meaning, at in columns if (value := row[at].strip())}


def mast_head(path: Path) -> TableHead:
    """Columns of a list with what each is taken for by its name, and its first rows; raises as `mast_rows`."""
    file = clean(path.name)
    header, rows = _opened(path, file)
    return head_of(header, _places(header, {}, file), list(islice(rows, ROWS_OF_HEAD)))


def _opened(path: Path, file: str) -> tuple[list[str], Iterator[list[str]]]:
    """Header and rows; a list by country has none of its own."""
    try:
        target = refuse_odd(path, path.parent)
    except Unreadable as error:
        raise SiteError(f"{file}: {error}") from None
    size = target.stat().st_size
    if size > MOST_BYTES:
        raise SiteError(f"{file}: has {size:,} bytes (limit {MOST_BYTES:,}); keep the rows near the site")
    sheet = path.suffix.lower() in (".xlsx", ".xlsm")
    rows = _sheet_rows(path) if sheet else _text_rows(target, file)
    head = list(islice(rows, MOST_TITLE_ROWS))
    titles = next(
        (number for number, row in enumerate(head) if sum(map(bool, map(str.strip, row))) >= LEAST_COLUMNS), 0
    )
    rows = chain(head[titles:], rows)
    first = next(rows, None)
    if first is None or not any(value.strip() for value in first):
        raise SiteError(f"{file}: is empty; give a header and one row for each cell or mast")
    header = first
    if len(header) >= 9 and header[0].strip().upper() in RADIOS:
        return list(OPENCELLID[: len(header)]), chain([first], rows)
    return header, rows


def _places(header: list[str], mapping: Mapping[str, str], file: str) -> dict[str, int]:
    plain = [plain_name(name) for name in header]
    found: dict[str, int] = {}
    for meaning, name in mapping.items():
        if plain_name(name) not in plain:
            raise SiteError(f"{file}: line 1: has no column {shown(name)} ({meaning}); {did_you_mean(name, header)}")
        found[meaning] = plain.index(plain_name(name))
    for meaning, usual in MAST_MEANINGS.items():
        at = [plain.index(one) for one in map(plain_name, usual) if one in plain]
        at = [one for one in at if one not in found.values() and not is_private(header[one])]
        if meaning not in found and at:
            found[meaning] = at[0]
    return found


def _check_places(found: Mapping[str, int], header: list[str], file: str) -> None:
    """Refuse a list that says no place."""
    if not ({"lat", "lon"} <= set(found) or {"x", "y"} <= set(found) or "grid_ref" in found):
        names = ", ".join(clean(name.strip(), 30) for name in header[:20])
        raise SiteError(
            f"{file}: its header says no place (lat and lon, x and y, or grid_ref; it has: {names}); name its "
            "columns in a file given by --mapping: under [columns], lines such as "
            f'x = "{clean(header[0].strip(), 30)}"'
        )


def _text_rows(path: Path, file: str) -> Iterator[list[str]]:
    with open(path, "rb") as raw:
        _refuse_long(raw, file)
        text = io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")
        try:
            for number, row in enumerate(text_rows(text, file), 1):
                if number == 1 and any("\0" in value for value in row):
                    raise SiteError(f"{file}: line 1: holds NUL bytes; export it as CSV in UTF-8")
                if number > MOST_ROWS + 1:
                    raise SiteError(
                        f"{file}: line {number:,}: is beyond {MOST_ROWS:,} rows; keep those near the site"
                    )
                if row:
                    yield row
        except UnicodeDecodeError as error:
            raise SiteError(f"{file}: byte 0x{error.object[error.start]:02x} is not UTF-8; save as UTF-8") from None
        except csv.Error as error:
            raise SiteError(f"{file}: is no CSV ({clean(str(error))}); correct its quotes") from None


def _refuse_long(raw: BinaryIO, file: str) -> None:
    """Count the lines, which takes a tenth of a second, before any is read."""
    count = 0
    while block := raw.read(2**20):
        count += block.count(b"\n")
    if count > MOST_ROWS + 1:
        raise SiteError(f"{file}: has {count:,} lines (limit {MOST_ROWS:,}); keep those near the site")
    raw.seek(0)


def _sheet_rows(path: Path) -> Iterator[list[str]]:
    """Rows of the first sheet; values as text."""
    advice = "keep the rows near the site and save them as XLSX or CSV"
    for sheet in workbook_rows(path, (), most_rows=MOST_SHEET_ROWS, most_bytes=MOST_SHEET_BYTES, advice=advice):
        for row in sheet:
            if row:
                yield ["" if value is None else str(value) for value in row]
