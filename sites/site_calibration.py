"""``calibration.toml``: what readings taken on a site say of its walls and masts, as a layer on top of its files.

The site's own files stay as they are. Without the layer the site is what it was.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from quietwing.sites.constructions import Construction
from quietwing.sites.errors import SiteError
from quietwing.sites.findings import Findings, Unreadable, clean, did_you_mean, shown
from quietwing.sites.quantities import AsOf, Identifier, SigmaDb, Text
from quietwing.sites.records import build
from quietwing.sites.safe_reading import MOST_TOML_BYTES, read_text
from quietwing.sites.toml_text import toml_of
from quietwing.sites.toml_values import toml_value

__all__ = [
    "CALIBRATION_FILE",
    "CalibratedConstruction",
    "CalibratedSector",
    "SiteCalibration",
    "calibration_text",
    "check_calibration",
    "parse_calibration",
    "read_calibration",
    "shifted",
]

CALIBRATION_FILE = "calibration.toml"
MOST_ENTRIES = 5000  # of sectors; a city's masts on one site are some hundreds

ShiftDb = Annotated[float, Field(ge=-60, le=60, allow_inf_nan=False)]

_CHECKED = ConfigDict(extra="forbid")


@dataclass(frozen=True, config=_CHECKED)
class CalibratedConstruction:
    """What readings say of the loss of one construction: `shift_db` is added, `sigma_db` is the doubt left."""

    name: Identifier
    shift_db: ShiftDb
    sigma_db: SigmaDb


@dataclass(frozen=True, config=_CHECKED)
class CalibratedSector:
    """What readings say of the level of one sector on the site.

    `clear` is the state of sight of its mast; without it nobody knows. `read` says whether a reading is of this
    antenna itself and not of another one of its mast.
    """

    id: Identifier
    shift_db: ShiftDb
    sigma_db: SigmaDb
    clear: bool | None = None
    read: bool = False


@dataclass(frozen=True, config=_CHECKED)
class SiteCalibration:
    """The layer as a whole.

    Attributes
    ----------
    as_of : date
        Of the last reading.
    readings : int
        How many were used.
    source : str
        Name of their file.
    constructions : tuple of CalibratedConstruction
    sectors : tuple of CalibratedSector
    """

    as_of: AsOf
    readings: Annotated[int, Field(ge=1)]
    source: Text
    constructions: tuple[CalibratedConstruction, ...] = ()
    sectors: tuple[CalibratedSector, ...] = ()

    @property
    def note(self) -> str:
        """What a report says of it."""
        return (
            f"calibrated by {self.readings} readings up to {self.as_of.isoformat()} ({clean(self.source)}): "
            f"{len(self.constructions)} constructions and {len(self.sectors)} sectors are shifted"
        )


@dataclass(frozen=True, config=_CHECKED)
class _Heading:
    """The keys of the file beside its tables."""

    as_of: AsOf
    readings: Annotated[int, Field(ge=1)]
    source: Text = ""


def parse_calibration(text: str, findings: Findings, file: str = CALIBRATION_FILE) -> SiteCalibration | None:
    """The layer in a text, or nothing where it has a problem.

    Parameters
    ----------
    text : str
        Whole content of the file.
    findings : Findings
        Receives the problems.
    file : str
        Name of the file, for the messages.

    Returns
    -------
    SiteCalibration or None

    Raises
    ------
    Unreadable
        If it is no TOML.
    """
    loaded = toml_of(text)
    if loaded.pop("format", None) != 1:
        findings.problem(file, "", "format is not 1; make the file anew with `quietwing calibrate`")
        return None
    before = len(findings.problems)
    made: dict[str, list[Any]] = {}
    for table, cls, key in (
        ("constructions", CalibratedConstruction, "name"),
        ("sectors", CalibratedSector, "id"),
    ):
        made[table] = _entries(loaded.pop(table, []), table, cls, key, findings, file)
    heading = build(_Heading, loaded, findings, file, "")
    if heading is None or len(findings.problems) > before:
        return None
    return SiteCalibration(
        heading.as_of, heading.readings, heading.source, tuple(made["constructions"]), tuple(made["sectors"])
    )


def _entries(value: Any, table: str, cls: type, key: str, findings: Findings, file: str) -> list[Any]:
    """The entries of one table, each once."""
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        findings.problem(file, table, f"is {shown(value)} (expected a list of tables); write [[{table}]] before each")
        return []
    if len(value) > MOST_ENTRIES:
        findings.problem(file, table, f"has {len(value):,} entries (limit {MOST_ENTRIES:,}); make the file anew")
        return []
    found: dict[str, Any] = {}
    for number, entry in enumerate(value, 1):
        where = f"{table} {clean(str(entry.get(key, f'#{number}')))}"
        one: Any = build(cls, entry, findings, file, where)
        if one is None:
            continue
        name = getattr(one, key)
        if name in found:
            findings.problem(file, where, "stands twice; remove one of them")
        found[name] = one
    return list(found.values())


def check_calibration(
    layer: SiteCalibration,
    constructions: Iterable[str],
    sectors: Iterable[str],
    findings: Findings,
    file: str = CALIBRATION_FILE,
) -> None:
    """Every construction and sector of a layer is there on the site.

    Parameters
    ----------
    layer : SiteCalibration
    constructions, sectors : iterable of str
        Names of the site's constructions, ids of its sectors.
    findings : Findings
        Receives the problems.
    file : str
        Name of the file, for the messages.
    """
    for table, named, known in (
        ("constructions", [one.name for one in layer.constructions], set(constructions)),
        ("sectors", [one.id for one in layer.sectors], set(sectors)),
    ):
        for name in named:
            if name not in known:
                findings.problem(
                    file,
                    f"{table} {clean(name)}",
                    f"is not on this site; {did_you_mean(name, sorted(known))} Or run `quietwing calibrate` again",
                )


def read_calibration(path: Path, constructions: Iterable[str], sectors: Iterable[str]) -> SiteCalibration:
    """The layer in a file, checked against a site's constructions and sectors.

    Raises
    ------
    SiteError
        With every problem of the file.
    """
    file, findings = clean(path.name), Findings()
    layer: SiteCalibration | None = None
    try:
        layer = parse_calibration(read_text(path, path.parent, MOST_TOML_BYTES), findings, file)
    except Unreadable as error:
        findings.problem(file, "", str(error))
    if layer is not None:
        check_calibration(layer, constructions, sectors, findings, file)
    if findings.problems or layer is None:
        raise SiteError(findings.problems)
    return layer


def calibration_text(layer: SiteCalibration) -> str:
    """``calibration.toml`` of a layer; equal layers give equal bytes. Decibels to three decimals."""

    def number(value_db: float) -> str:
        return toml_value(round(value_db, 3) + 0.0)

    lines = [
        "# Made by `quietwing calibrate`: a layer on top of the site. Delete it and the site is as before.",
        "# shift_db is added to the loss of a construction and to the level of a sector; sigma_db is the doubt left.",
        "format = 1",
        f"as_of = {layer.as_of.isoformat()}",
        f"readings = {layer.readings}",
        f"source = {toml_value(layer.source)}",
    ]
    for construction in layer.constructions:
        lines += ["", "[[constructions]]", f"name = {toml_value(construction.name)}"]
        lines += [f"shift_db = {number(construction.shift_db)}", f"sigma_db = {number(construction.sigma_db)}"]
    for sector in layer.sectors:
        lines += ["", "[[sectors]]", f"id = {toml_value(sector.id)}"]
        lines += [f"shift_db = {number(sector.shift_db)}", f"sigma_db = {number(sector.sigma_db)}"]
        if sector.clear is not None:
            lines.append(f"clear = {toml_value(sector.clear)}")
        lines.append(f"read = {toml_value(sector.read)}")
    return "\n".join(lines) + "\n"


def shifted(known: dict[str, Construction], layer: SiteCalibration | None) -> dict[str, Construction]:
    """Constructions by name with the shift and doubt of a layer; the others as they are."""
    if layer is None:
        return known
    found = dict(known)
    for one in layer.constructions:
        if one.name in found and not found[one.name].is_open:
            shift_db = (found[one.name].loss_shift_db or 0.0) + one.shift_db
            found[one.name] = dataclasses.replace(found[one.name], loss_shift_db=shift_db, sigma_db=one.sigma_db)
    return found
