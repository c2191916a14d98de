"""Which column of a log is what: by a mapping that somebody wrote, else by the names loggers usually give."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from quietwing.sites.errors import SiteError
from quietwing.sites.findings import Unreadable, clean, did_you_mean, shown
from quietwing.sites.safe_reading import MOST_TOML_BYTES, read_text
from quietwing.sites.toml_text import toml_of

__all__ = ["MEANINGS", "Mapped", "TableHead", "head_of", "is_private", "map_columns", "plain_name", "read_mapping"]

# What columns may mean, with the names they go by: G-NetTrack, TEMS and Nemo exports, common scanners. What an export
# has is up to its settings, so a mapping file rules; names compared without case, spaces and signs.
MEANINGS: Mapping[str, tuple[str, ...]] = {
    "time": ("time", "timestamp", "datetime", "date time", "utc", "systime", "message time"),
    "x": ("x", "x_m", "easting", "local x"),
    "y": ("y", "y_m", "northing", "local y"),
    "height_m": ("height_m", "height"),
    "storey": ("storey", "floor", "level number"),
    "lat": ("lat", "latitude", "all-latitude", "gps latitude"),
    "lon": ("lon", "long", "longitude", "all-longitude", "gps longitude"),
    "channel": ("channel",),
    "plmn": ("plmn", "operator", "mccmnc", "plmn id"),
    "mcc": ("mcc", "all-mcc", "mobile country code"),
    "mnc": ("mnc", "all-mnc", "mobile network code"),
    "technology": ("technology", "networktech", "tech", "rat", "system", "radio"),
    "arfcn": ("arfcn", "earfcn", "uarfcn", "nrarfcn", "nr-arfcn", "ssb arfcn", "bcch arfcn", "dl earfcn",
              "serving earfcn", "earfcn dl", "channel number"),
    "freq_mhz": ("freq_mhz", "frequency", "frequency mhz", "freq", "dl frequency mhz"),
    "level_dbm": ("rsrp_dbm", "level", "rsrp", "rsrp dbm", "ss-rsrp", "rscp", "rxlev", "rxlev dbm", "level dbm",
                  "serving rsrp dbm", "ssb rsrp dbm", "signal dbm"),
}  # fmt: skip
MOST_STOREYS = 999
TALLEST_ROOM_M = 50.0  # nobody holds a phone higher above a floor; assumed
# What may stand under [fixed], and what is expected there.
_FIXED: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "technology": (lambda value: isinstance(value, str), "a text in quotes"),
    "plmn": (lambda value: isinstance(value, str), 'a text in quotes such as "234-30"'),
    "date": (lambda value: type(value) is dt.date, "a date such as 2026-11-20"),
    "building": (lambda value: isinstance(value, str), "a text in quotes"),
    "storey": (lambda value: _is_number(value, MOST_STOREYS) and float(value).is_integer(), "a whole number"),
    "height_above_floor_m": (
        lambda value: _is_number(value, TALLEST_ROOM_M) and value >= 0,
        f"0 to {TALLEST_ROOM_M:g} metres",
    ),
}
# Whose phone it was is nobody's business: such columns are never kept.
_PRIVATE = re.compile(
    r"imei|imsi|msisdn|phonenumber|phonenum|iccid|tmsi|subscriber|simserial|androidid|deviceid|mdn$"
)


@dataclass(frozen=True, slots=True)
class Mapped:
    """A mapping as its file says.

    Attributes
    ----------
    columns : mapping of str to str
        Meaning to name of the column.
    fixed : mapping of str to object
        What the log does not say: technology, plmn, date, building, storey, height_above_floor_m.
    technologies : mapping of str to str
        The log's words for GSM, UMTS, LTE and NR.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    technologies: Mapping[str, str] = field(default_factory=dict)


def _is_number(value: Any, most: float) -> bool:
    """Whether a value is a finite number of some size."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= most


@dataclass(frozen=True, slots=True)
class TableHead:
    """How a table of somebody else begins, without columns that identify a phone.

    Attributes
    ----------
    columns : tuple of str
    proposed : dict of str to str
        What a column is taken for by its name → the column.
    rows : tuple of tuple of str
        The first few.
    """

    columns: tuple[str, ...]
    proposed: dict[str, str]
    rows: tuple[tuple[str, ...], ...]


def head_of(header: Sequence[str], place: Mapping[str, int], rows: Iterable[Sequence[str]]) -> TableHead:
    """The head of a table of its header, the places of what is known in it, and its first rows."""
    usable = [number for number, name in enumerate(header) if name.strip() and not is_private(name)]
    return TableHead(
        tuple(header[number].strip() for number in usable),
        {meaning: header[at].strip() for meaning, at in place.items()},
        tuple(tuple(row[number] if number < len(row) else "" for number in usable) for row in rows),
    )


def plain_name(name: str) -> str:
    """A column's name without case, spaces and signs."""
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def is_private(name: str) -> bool:
    """Whether a column identifies a phone or a person."""
    return _PRIVATE.search(plain_name(name)) is not None


def read_mapping(path: Path) -> Mapped:
    """A mapping file: ``[columns]``, ``[fixed]`` and ``[technologies]``.

    Raises
    ------
    SiteError
        With every problem of the file.
    """
    file = clean(path.name)
    try:
        loaded = toml_of(read_text(path, path.parent, MOST_TOML_BYTES))
    except Unreadable as error:
        raise SiteError(f"{file}: {error}") from None
    problems = []
    tables: dict[str, dict[str, Any]] = {}
    for name, known in (("columns", tuple(MEANINGS)), ("fixed", tuple(_FIXED)), ("technologies", None)):
        table = loaded.pop(name, {})
        if not isinstance(table, dict):
            problems.append(f"{file}: {name}: is {shown(table)} (expected a table); write [{name}]")
            table = {}
        for key, value in table.items():
            if known is not None and key not in known:
                problems.append(f"{file}: {name}: unknown key {shown(key)}; {did_you_mean(key, known)}")
            elif name == "fixed" and not _FIXED[key][0](value):
                problems.append(f"{file}: fixed: {key} is {shown(value)} (expected {_FIXED[key][1]}); correct it")
            elif name != "fixed" and not isinstance(value, str):
                problems.append(f"{file}: {name}: {clean(key)} is {shown(value)}; write a text in quotes")
            elif name == "technologies" and value not in ("GSM", "UMTS", "LTE", "NR"):
                problems.append(f"{file}: {name}: {clean(key)} is {shown(value)} (expected GSM, UMTS, LTE or NR)")
        tables[name] = table
    loaded.pop("format", None)
    problems += [f"{file}: unknown table {shown(key)}; use [columns], [fixed], [technologies]" for key in loaded]
    private = [name for name in tables["columns"].values() if isinstance(name, str) and is_private(name)]
    problems += [
        f"{file}: columns: {shown(name)} identifies a phone and is never read; leave it out" for name in private
    ]
    if problems:
        raise SiteError(problems)
    return Mapped(tables["columns"], tables["fixed"], tables["technologies"])


def map_columns(header: Sequence[str], mapped: Mapped, file: str) -> dict[str, int]:
    """Place of each meaning among the columns of a log.

    Parameters
    ----------
    header : sequence of str
    mapped : Mapped
        What a mapping file says; it rules.
    file : str
        For the messages.

    Returns
    -------
    dict of str to int

    Raises
    ------
    SiteError
        If a column that the mapping names is not there.
    """
    found: dict[str, int] = {}
    plain = [plain_name(name) for name in header]
    usable = [number for number, name in enumerate(header) if not is_private(name)]
    for meaning, name in mapped.columns.items():
        if plain_name(name) not in plain:
            raise SiteError(
                f"{file}: line 1: has no column {shown(name)}, which the mapping takes for {meaning}; "
                f"{did_you_mean(name, [header[k] for k in usable])}"
            )
        found[meaning] = plain.index(plain_name(name))
    for meaning, names in MEANINGS.items():
        if meaning not in found:
            for name in map(plain_name, names):
                at = [number for number in usable if plain[number] == name and number not in found.values()]
                if at:
                    found[meaning] = at[0]
                    break
    return found
