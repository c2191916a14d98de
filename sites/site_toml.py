"""``site.toml``: what a site says about itself, its storeys, its own constructions and its defaults."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass as plain_dataclass
from dataclasses import field, fields
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from quietwing.sites.constructions import Construction, parse_constructions
from quietwing.sites.errors import SiteError
from quietwing.sites.fields import keys_of
from quietwing.sites.findings import Findings, clean, shown
from quietwing.sites.geojson import rounded
from quietwing.sites.model import Site, Storey, Surroundings
from quietwing.sites.quantities import AsOf, Identifier, OpeningState, Text
from quietwing.sites.records import build, near_miss
from quietwing.sites.toml_text import toml_of
from quietwing.sites.toml_values import toml_value

__all__ = ["BuildingEntry", "Header", "Heading", "States", "read_site_toml", "site_toml_text"]

_CHECKED = ConfigDict(extra="forbid")
_TABLES = ("states", "surroundings", "buildings", "constructions", "notes")


@dataclass(frozen=True, config=_CHECKED)
class Heading:
    """The plain keys at the top of ``site.toml``."""

    format: Literal[1]
    name: Identifier
    marking: Text
    as_of: AsOf
    crs: Annotated[str, Field(pattern=r"^(EPSG:[0-9]{4,6}|local)$")] = "EPSG:27700"
    area: Literal["rural", "suburban", "urban"] = "suburban"
    description: Text = ""


@dataclass(frozen=True, config=_CHECKED)
class States:
    """How openings stand where they do not say: windows and hatches, doors and gates."""

    window: OpeningState = "open"
    door: OpeningState = "shut"


@dataclass(frozen=True, config=_CHECKED)
class BuildingEntry:
    """One ``[[buildings]]`` entry: storeys from the ground up."""

    id: Identifier
    storeys: tuple[Storey, ...]
    name: Text = ""


@plain_dataclass(frozen=True, slots=True)
class Header:
    """All of ``site.toml``, checked. `heading` is missing where it could not be made."""

    heading: Heading | None = None
    states: States = field(default_factory=States)
    surroundings: Surroundings = field(default_factory=Surroundings)
    buildings: tuple[BuildingEntry, ...] = ()
    constructions: tuple[Construction, ...] = ()
    notes: tuple[str, ...] = ()


def read_site_toml(text: str, findings: Findings, file: str) -> Header:
    """The content of ``site.toml``; every problem goes to the findings.

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
    Header

    Raises
    ------
    Unreadable
        If it is no TOML.
    """
    loaded = toml_of(text)
    plain = {name: value for name, value in loaded.items() if name not in _TABLES}
    absent_tables = [name for name in _TABLES if name not in loaded]
    for name in [name for name in plain if name not in keys_of(Heading)]:
        if meant := near_miss(name, absent_tables):
            findings.problem(file, "", f"unknown key {shown(name)}; did you mean {meant!r}?")
            del plain[name]
    return Header(
        heading=build(Heading, plain, findings, file, ""),
        states=build(States, _table(loaded, "states", findings, file), findings, file, "states") or States(),
        surroundings=_surroundings(_table(loaded, "surroundings", findings, file), findings, file),
        buildings=_buildings(loaded.get("buildings", []), findings, file),
        constructions=_constructions(loaded.get("constructions", []), findings, file),
        notes=_notes(loaded.get("notes", []), findings, file),
    )


def _table(loaded: dict[str, Any], key: str, findings: Findings, file: str) -> dict[str, Any]:
    """One of the tables that stand once."""
    value = loaded.get(key, {})
    if isinstance(value, dict):
        return value
    findings.problem(file, key, f"is {shown(value)} (expected a table); write [{key}]")
    return {}


def _surroundings(value: dict[str, Any], findings: Findings, file: str) -> Surroundings:
    made = build(Surroundings, value, findings, file, "surroundings") or Surroundings()
    spacing_m, width_m = made.row_spacing_m, made.street_width_m
    if spacing_m is not None and width_m is not None and width_m >= spacing_m:
        findings.problem(
            file,
            "surroundings",
            f"street_width_m is {width_m:g} (expected less than row_spacing_m, {spacing_m:g}, which goes from the "
            f"middle of one row of houses to the next); correct one of them",
        )
    return made


def _entries(value: Any, key: str, findings: Findings, file: str) -> list[tuple[str, dict[str, Any]]]:
    """The tables of an array, each with its label."""
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        findings.problem(file, key, f"is {shown(value)} (expected a list of tables); write [[{key}]] before each")
        return []
    named = "name" if key == "constructions" else "id"
    return [
        (f"{key} {clean(str(entry[named])[:80]) if named in entry else f'#{place}'}", entry)
        for place, entry in enumerate(value, 1)
    ]


def _buildings(value: Any, findings: Findings, file: str) -> tuple[BuildingEntry, ...]:
    made = []
    for where, entry in _entries(value, "buildings", findings, file):
        name = str(entry.get("id", "")).strip()
        if name in findings.ids["building entries"]:
            findings.problem(file, where, "this id stands twice; give each building one entry")
        findings.ids["building entries"].add(name)
        listed = entry.get("storeys", [])
        if not isinstance(listed, list) or not all(isinstance(storey, dict) for storey in listed) or not listed:
            findings.problem(
                file,
                where,
                f"storeys is {shown(listed)} (expected a list of tables); "
                f'write storeys = [{{name = "ground", floor_m = 0, height_m = 2.7}}]',
            )
            listed = []
        storeys = [
            build(Storey, storey, findings, file, f"{where}, storey {number}") for number, storey in enumerate(listed)
        ]
        rest = {name: item for name, item in entry.items() if name != "storeys"}
        built = [storey for storey in storeys if storey is not None]
        entry_made = build(BuildingEntry, rest, findings, file, where, given={"storeys": tuple(built)})
        if entry_made is not None and len(built) == len(storeys) > 0:
            made.append(entry_made)
    return tuple(made)


def _constructions(value: Any, findings: Findings, file: str) -> tuple[Construction, ...]:
    made: dict[str, Construction] = {}
    for where, entry in _entries(value, "constructions", findings, file):
        name = entry.get("name")
        if not isinstance(name, str) or not name.strip():
            findings.problem(file, where, "name is missing; give the name walls refer to it by")
            continue
        findings.ids["constructions"].add(name.strip())
        if name.strip() in made:
            findings.problem(file, where, "this name stands twice; rename one of them")
        rest = {key: item for key, item in entry.items() if key != "name"}
        unknown = [key for key in rest if key not in keys_of(Construction)]
        known = keys_of(Construction)
        wrong = [key for key in rest if key in known and isinstance(rest[key], bool) and known[key].kind != "flag"]
        for key in unknown:
            meant = near_miss(key, [known for known in keys_of(Construction) if known not in rest])
            hint = (
                f"did you mean {meant!r}?" if meant else f"leave it out (known: {', '.join(keys_of(Construction))})"
            )
            findings.problem(file, where, f"unknown key {shown(key)}; {hint}")
        for key in wrong:
            findings.problem(file, where, f"{key} is {shown(rest[key])}; write a number, not true or false")
        if unknown or wrong:
            continue
        try:
            made |= parse_constructions({name.strip(): rest}, f"{file}: constructions")
        except SiteError as error:
            for problem in error.problems:
                findings.problem(file, "", clean(problem.removeprefix(f"{file}: "), 600))
    return tuple(made.values())


def _notes(value: Any, findings: Findings, file: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(note, str) for note in value):
        findings.problem(file, "notes", f'is {shown(value)} (expected a list of texts); write notes = ["…"]')
        return ()
    return tuple(value)


def site_toml_text(site: Site, *, exact: bool = False) -> str:
    """``site.toml`` of a site; equal content gives equal bytes. Numbers to six decimals unless `exact`."""

    def toml(value: Any) -> str:
        return toml_value(rounded(value) if isinstance(value, float) and not exact else value)

    lines = [
        "format = 1",
        f"name = {toml(site.name)}",
        f"marking = {toml(site.marking)}",
        f"as_of = {site.as_of.isoformat()}",
        f"crs = {toml(site.crs)}",
        f"area = {toml(site.area)}",
        f"description = {toml(site.description)}",
    ]
    if site.notes:
        lines += ["notes = [", *(f"  {toml(note)}," for note in site.notes), "]"]
    lines += ["", "[states]", f"window = {toml(site.window_state)}", f"door = {toml(site.door_state)}"]
    around = {item.name: getattr(site.surroundings, item.name) for item in fields(site.surroundings)}
    if given := [f"{name} = {toml(value)}" for name, value in around.items() if value is not None]:
        lines += ["", "[surroundings]", *given]
    for building in site.buildings:
        lines += ["", "[[buildings]]", f"id = {toml(building.id)}"]
        if building.name:
            lines.append(f"name = {toml(building.name)}")
        storeys = [_inline(storey, toml) for storey in building.storeys]
        lines += ["storeys = [", *(f"  {storey}," for storey in storeys), "]"]
    for construction in site.own_constructions:
        lines += ["", "[[constructions]]"]
        for item in fields(construction):
            value = getattr(construction, item.name)
            if value in (None, "", ()):
                continue
            if item.name == "layers":
                lines.append(f"layers = [{', '.join(_inline(layer, toml) for layer in value)}]")
            elif item.name != "mesh_bonded" or not value:
                lines.append(f"{item.name} = {toml(value)}")
    return "\n".join(lines) + "\n"


def _inline(record: Any, toml: Callable[[Any], str]) -> str:
    inside = ", ".join(f"{item.name} = {toml(getattr(record, item.name))}" for item in fields(record))
    return f"{{{inside}}}"
