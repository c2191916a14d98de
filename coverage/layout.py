"""``layout.csv``: which device stands where. Read against a catalogue, checked against a site, written as it was."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import ConfigDict, StringConstraints
from pydantic.dataclasses import dataclass
from shapely.geometry import LineString, Point

from quietwing.coverage.equipment import Device, Model, RoutePoint, TrimDb
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.tables.cable_cells import route_points, route_problems, route_text
from quietwing.coverage.tables.rows import cell_text, items_of, read_file, rows_of, text_of_rows
from quietwing.coverage.trims import contradictory_trims, on_air
from quietwing.sites import (
    MOST_RECORD_PROBLEMS,
    Building,
    Findings,
    Identifier,
    Sector,
    Site,
    Text,
    build,
    carriers,
    clean,
    did_you_mean,
    folded,
    near,
    path_of,
    problems_text,
    shown,
)

__all__ = [
    "LAYOUT_COLUMNS",
    "ROUTE_COLUMN",
    "check_layout",
    "devices_of",
    "layout_text",
    "parse_layout",
    "passes_forbidden",
    "read_layout",
    "row_texts",
]

LAYOUT_COLUMNS = (
    "id", "model", "x_m", "y_m", "z_m", "storey", "power_dbm", "azimuth_deg", "tilt_deg", "state", "unit_price_gbp",
    "trim_db",
)  # fmt: skip
ROUTE_COLUMN = "route_m"  # written where a device has a route: a layout without radiating cable stays as it was
LISTS = ("trim_db", ROUTE_COLUMN)  # columns whose cells hold lists
FILE = "layout.csv"
MOST_DEVICES = 10_000
MOST_TRIMS_LOOKED_AT = 2_000_000  # lists of trims × carriers, assumed: two seconds; of a large site some 10,000
RADIATES = ("jammer", "mas")
TRIM_FORM = "band:dB, operator/band:dB or channel:dB like B8:-3; EE/B20:-6; EE/B20/LTE:-6"
HIGHEST_MAST_M = 15.0  # above the highest ceiling: a pole on a roof or in a yard, assumed
BELOW_FLOOR_M = 0.01
FORBIDDEN_WITHIN_M = 0.5  # of a forbidden position, assumed
_TOP_UP_DB = 1e-9

Label = Callable[[str], str]  # what messages call a column

_TRIM = re.compile(r"([^:]+):([^:]+)")


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class _Lists:
    """Cells of a row that hold lists, still as text."""

    trim_db: Text = ""
    route_m: Annotated[str, StringConstraints(max_length=10_000)] = ""


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class _Trim:
    """One item of ``trim_db``."""

    name: Identifier
    trim_db: TrimDb


def read_layout(path: str | Path, catalogue: Mapping[str, Model]) -> tuple[Device, ...]:
    """The devices of a layout, in the order of the file.

    Parameters
    ----------
    path : str or Path
        ``layout.csv``. `z_m` is the height above ground; a header alone is a layout without devices.
    catalogue : mapping of str to Model
        What the column `model` may name.

    Returns
    -------
    tuple of Device

    Raises
    ------
    ScenarioError
        With all problems of the file at once, ``file: row: what is wrong; what to do``.
    """
    path = path_of(path, "layout")
    return parse_layout(read_file(path, "layout"), catalogue, path.name)


def parse_layout(text: str, catalogue: Mapping[str, Model], file: str = FILE) -> tuple[Device, ...]:
    """The devices in a text. See `read_layout`."""
    findings = Findings()
    rows = rows_of(text, Device, (*LAYOUT_COLUMNS, ROUTE_COLUMN), findings, file, MOST_DEVICES)
    devices = devices_of(rows.rows, catalogue, findings, file)
    if findings.problems:
        raise ScenarioError(problems_text(tuple(findings.problems)))
    return devices


def devices_of(
    rows: Iterable[tuple[str, Mapping[str, Any]]], catalogue: Mapping[str, Model], findings: Findings, file: str
) -> tuple[Device, ...]:
    """The devices of rows of text; what is none is a problem.

    Parameters
    ----------
    rows : iterable of (str, mapping)
        What messages call the row, and its cells by column.
    catalogue : mapping of str to Model
    findings : Findings
        Receives every problem; says what the columns are called.
    file : str
        Name for the messages.

    Returns
    -------
    tuple of Device
        All of them only if there is no problem.
    """
    devices: list[Device] = []
    first: dict[str, str] = {}
    label, earlier = findings.label, len(findings.problems)
    for where, raw in rows:
        if len(findings.problems) - earlier > MOST_RECORD_PROBLEMS:
            what = f"has over {MOST_RECORD_PROBLEMS:,} problems, the rest was not read; correct these"
            findings.problem(file, "", what)
            break
        lists = build(_Lists, {name: raw.get(name) for name in LISTS}, findings, file, where)
        plain = {name: value for name, value in raw.items() if name not in LISTS}
        row = build(Device, plain, findings, file, where, given=dict.fromkeys(LISTS, ()), ignore_unknown=True)
        name = str(raw.get("model") or "")
        model = catalogue.get(name)
        if name and model is None:
            findings.problem(
                file,
                where,
                f"{label('model')} {shown(name)} is not in the catalogue; "
                f"{did_you_mean(name, _placeable(catalogue))}",
            )
        if row is None or lists is None:
            continue
        if folded(row.id) in first:
            findings.problem(
                file, where, f"{label('id')} {shown(row.id)} stands twice (also {first[folded(row.id)]}); rename one"
            )
        first.setdefault(folded(row.id), where)
        if model is None:
            continue
        trims = tuple(_trims(lists.trim_db, model, findings, file, where))
        before = len(findings.problems)
        device = replace(row, trim_db=trims, route_m=route_points(lists.route_m, findings, file, where))
        impossible = [*_impossible(device, model, label)]
        if model.kind in RADIATES and len(findings.problems) == before:
            impossible += route_problems(model, device.line_m, label(ROUTE_COLUMN))
        for problem in impossible:
            findings.problem(file, where, problem)
        devices.append(device)
    return tuple(devices)


def _placeable(catalogue: Mapping[str, Model]) -> list[str]:
    return [name for name, model in catalogue.items() if model.kind in RADIATES]


def _trims(text: str, model: Model, findings: Findings, file: str, where: str) -> Iterable[tuple[str, float]]:
    """The items of a cell of trims, each band one that the model has."""
    seen = set()
    column = findings.label("trim_db")
    for item in items_of(text):
        match = _TRIM.fullmatch(item)
        if match is None:
            findings.problem(file, where, f"{column} has {shown(item)} (expected {TRIM_FORM}); write it so")
            continue
        raw = dict(zip(("name", "trim_db"), (part.strip() for part in match.groups()), strict=True))
        trim = build(_Trim, raw, findings, file, f"{where}: {column} {shown(item)}")
        if trim is None:
            continue
        if trim.name in seen:
            findings.problem(file, where, f"{column} names {shown(trim.name)} twice; add the two up into one")
        seen.add(trim.name)
        problem = _unknown_trim(trim.name, model, column)
        if problem:
            findings.problem(file, where, problem)
        else:
            yield trim.name, trim.trim_db


def _unknown_trim(name: str, model: Model, column: str) -> str:
    """What is wrong with the name of a trim, empty if nothing."""
    own = [band.band for band in model.bands]
    parts = name.split("/")
    if len(parts) == 1:
        return "" if name in own else f"{column} names band {shown(name)}; {_bands_of(model, name, own)}"
    if len(parts) > 3 or not all(part.strip() for part in parts):
        return f"{column} has {shown(name)} (expected {TRIM_FORM}); write it so"
    if len(parts) == 3 and parts[2] not in ("GSM", "UMTS", "LTE", "NR"):
        return f"{column} {shown(name)} ends with {shown(parts[2])} (expected GSM, UMTS, LTE or NR); correct it"
    known = own + sorted(_bands_within(model) - set(own))
    return (
        ""
        if parts[1] in known
        else f"{column} {shown(name)} names band {shown(parts[1])}; {_bands_of(model, parts[1], known)}"
    )


def _bands_of(model: Model, name: str, known: list[str]) -> str:
    return f"{shown(model.name)} does not send in it; {did_you_mean(name, known)}"


def _bands_within(model: Model) -> set[str]:
    """Names that channels within the model's bands go by: its band B28 also holds channels of n28."""
    twins = {band.band.replace("B", "n", 1) for band in model.bands} | {
        band.band.replace("n", "B", 1) for band in model.bands
    }
    return twins | {
        carrier.band
        for carrier in carriers()
        for band in model.bands
        if band.low_mhz <= carrier.freq_mhz <= band.high_mhz
    }


def _impossible(device: Device, model: Model, label: Label) -> Iterable[str]:
    """What a model cannot do, each with what to do."""
    if model.kind in ("mesh", "film"):
        yield (
            f"{shown(model.name)} is a {model.kind} for windows and stands nowhere by itself; remove the row and "
            f"write [[treatments]] with model and rooms into scenario.toml"
        )
        return
    if model.kind == "head_end":
        yield f"{shown(model.name)} is a head-end and does not radiate; remove the row, its nodes call for it"
        return
    highest_dbm = max(band.power_dbm for band in model.bands)
    if device.power_dbm is not None and device.power_dbm > highest_dbm:
        yield (
            f"{label('power_dbm')} is {device.power_dbm:g}, above the {highest_dbm:g} dBm {shown(model.name)} can "
            f"give; lower it or choose a stronger model"
        )
        return
    for name, trim_db in device.trim_db:
        base_dbm = device.power_dbm
        if base_dbm is None:
            base_dbm = next((band.power_dbm for band in model.bands if band.band == name), highest_dbm)
        if trim_db > 0 and base_dbm + trim_db > highest_dbm + _TOP_UP_DB:
            yield (
                f"{label('trim_db')} {shown(name)} raises {base_dbm:g} dBm by {trim_db:g} dB, above the "
                f"{highest_dbm:g} dBm {shown(model.name)} can give; lower the trim or {label('power_dbm')}"
            )


def layout_text(devices: Iterable[Device]) -> str:
    """A layout as text; equal devices give equal bytes."""
    rows = [row_texts(device) for device in devices]
    columns = (*LAYOUT_COLUMNS, ROUTE_COLUMN) if any(row[ROUTE_COLUMN] for row in rows) else LAYOUT_COLUMNS
    return text_of_rows(columns, [[row[column] for column in columns] for row in rows])


def row_texts(device: Device) -> dict[str, str]:
    """A device as the texts of its row, by column."""
    texts = {name: cell_text(getattr(device, name)) for name in LAYOUT_COLUMNS if name != "trim_db"}
    trims = "; ".join(f"{name}:{cell_text(trim_db)}" for name, trim_db in device.trim_db)
    return texts | {"trim_db": trims, ROUTE_COLUMN: route_text(device.route_m)}


def check_layout(
    site: Site, devices: Iterable[Device], file: str = FILE, labels: Mapping[str, str] = MappingProxyType({})
) -> tuple[str, ...]:
    """What is wrong with a layout at a site, one line each; empty if nothing.

    Parameters
    ----------
    site : Site
        A checked site.
    devices : iterable of Device
    file : str
        Name for the messages.
    labels : mapping of str to str
        What messages call the columns that are not called as in the file.

    Returns
    -------
    tuple of str
        ``file: id: what is wrong; what to do``.
    """
    findings = Findings(labels=labels)
    places: dict[tuple[object, ...], str] = {}
    top_m = max((building.storeys[-1].ceiling_m for building in site.buildings), default=0.0)
    bottom_m = min((building.storeys[0].floor_m for building in site.buildings), default=0.0)
    # One sector of each carrier, and each list of trims once: long lists of masts and devices share few of them.
    aired = on_air(site.sectors)
    strange: dict[tuple[tuple[str, float], ...], tuple[str, ...]] = {}
    devices = tuple(devices)
    lists = len({device.trim_db for device in devices} - {()})
    if lists * len(aired) > MOST_TRIMS_LOOKED_AT:
        return (
            f"{file}: {lists:,} devices have trims of their own and the masts {len(aired):,} carriers "
            f"(limit {MOST_TRIMS_LOOKED_AT:,} of one times the other); list fewer masts, or give devices equal trims",
        )
    for device in devices:
        for problem in _misplaced(site, device, min(bottom_m, 0.0), top_m + HIGHEST_MAST_M, findings.label):
            findings.problem(file, device.id, problem)
        if device.trim_db not in strange:
            strange[device.trim_db] = tuple(_strange_trims(site, device, aired, findings.label("trim_db")))
        for problem in strange[device.trim_db]:
            findings.problem(file, device.id, problem)
        spot = (device.model, *device.line_m)
        if spot in places:
            findings.problem(
                file,
                device.id,
                f"stands where {shown(places[spot])} of the same model stands; move it or remove one",
            )
        places.setdefault(spot, device.id)
    return tuple(findings.problems)


def _misplaced(site: Site, device: Device, lowest_m: float, highest_m: float, label: Label) -> Iterable[str]:
    """Outside the perimeter, above or below the site, on a storey it is not on, where none may stand."""
    place = Point(device.x_m, device.y_m)
    if not site.perimeter.outline.covers(place):
        away_m = site.perimeter.outline.distance(place)
        grid = " on the site's own grid" if site.crs == "local" else f" in {site.crs}"
        yield (
            f"stands at ({device.x_m:,.1f}, {device.y_m:,.1f}), {away_m:,.0f} m outside the perimeter; "
            f"correct {label('x_m')} and {label('y_m')} (metres{grid})"
        )
        return
    if device.route_m:
        yield from _misplaced_route(site, device, lowest_m, highest_m, label(ROUTE_COLUMN))
    if not lowest_m <= device.z_m <= highest_m:
        yield (
            f"{label('z_m')} is {device.z_m:g} (expected {lowest_m:g} to {highest_m:g} m above ground at this "
            f"site); correct it"
        )
        return
    inside = next((building for building in site.buildings if building.outline.covers(place)), None)
    if inside is not None:
        yield from _wrong_storey(inside, device, label)
    for position in site.positions:
        near_m = position.point.distance(place)
        if (
            position.forbidden
            and near_m <= FORBIDDEN_WITHIN_M
            and abs(position.z_m - device.z_m) <= FORBIDDEN_WITHIN_M
        ):
            yield f"stands {near_m:.1f} m from {shown(position.id)}, where nothing may stand; move it"


def _misplaced_route(site: Site, device: Device, lowest_m: float, highest_m: float, column: str) -> Iterable[str]:
    """Where a cable leaves the perimeter or the heights of the site, crosses itself, or passes a forbidden place."""
    line_m = device.line_m
    plan = LineString([point[:2] for point in line_m])
    if not site.perimeter.outline.covers(plan):
        beyond_m = plan.difference(site.perimeter.outline).length
        yield f"{column} runs {beyond_m:.1f} m outside the perimeter; correct its points (x y z in metres)"
    for number, point in enumerate(device.route_m, 1):
        if not lowest_m <= point[2] <= highest_m:
            yield (
                f"point {number} of {column} is {point[2]:g} m high (expected {lowest_m:g} to {highest_m:g} m above "
                f"ground at this site); correct it"
            )
    if len({point[2] for point in line_m}) == 1 and not plan.is_simple:
        yield (
            f"{column} crosses or doubles back over itself, so the cable would count twice there; reorder its points"
        )
    for name in passes_forbidden(site, line_m):
        yield f"{column} passes {shown(name)}, where nothing may stand; lead it round"


def passes_forbidden(site: Site, line_m: Sequence[RoutePoint]) -> Iterable[str]:
    """Ids of the forbidden positions that a cable through some points comes too near to."""
    for position in site.positions:
        if position.forbidden and any(
            _passes(one, two, position.point, position.z_m) for one, two in itertools.pairwise(line_m)
        ):
            yield position.id


def _passes(one: RoutePoint, two: RoutePoint, place: Point, z_m: float) -> bool:
    """Whether a straight run comes nearer to a place than anything may stand, in plan and in height."""
    run = LineString([one[:2], two[:2]])
    if run.distance(place) > FORBIDDEN_WITHIN_M:
        return False
    low_m, high_m = sorted((one[2], two[2]))
    if run.length > 0:
        low_m = high_m = one[2] + (two[2] - one[2]) * run.project(place) / run.length
    return low_m - FORBIDDEN_WITHIN_M <= z_m <= high_m + FORBIDDEN_WITHIN_M


def _wrong_storey(building: Building, device: Device, label: Label) -> Iterable[str]:
    """A device inside a building stands within the storey it names; above the roof any will do."""
    storeys = building.storeys
    if device.z_m > storeys[-1].ceiling_m:
        return
    if device.storey >= len(storeys):
        yield (
            f"{label('storey')} is {device.storey}, but {clean(building.id, 40)} has storeys 0 to "
            f"{len(storeys) - 1}; correct it"
        )
        return
    stated = storeys[device.storey]
    if stated.floor_m - BELOW_FLOOR_M <= device.z_m <= stated.ceiling_m + BELOW_FLOOR_M:
        return
    real = max((n for n, storey in enumerate(storeys) if storey.floor_m <= device.z_m), default=0)
    yield (
        f"{label('z_m')} is {device.z_m:g}, which is storey {real} of {clean(building.id, 40)}, but "
        f"{label('storey')} is {device.storey}; {label('z_m')} is the height above ground: write {label('storey')} "
        f"{real}, or {label('z_m')} between {stated.floor_m:g} and {stated.ceiling_m:g}"
    )


def _strange_trims(site: Site, device: Device, aired: Iterable[Sector], column: str) -> Iterable[str]:
    """Trims of channels the site has not (a mistyped operator would change nothing), and two of one emission."""
    known = sorted({*site.channels, *(channel.rsplit("/", 1)[0] for channel in site.channels)})
    for name, _ in device.trim_db:
        if "/" in name and name not in known and known:
            close = near(name, known)
            advice = f"did you mean {shown(close[0])}?" if close else "remove it"
            yield f"{column} {shown(name)} is no channel of the site's masts; {advice}"
    problem = contradictory_trims(device, aired, column=column)
    if problem:
        yield problem
