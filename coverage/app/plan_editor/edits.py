"""What a gesture on the plan or a changed table does to a layout: pure functions that never trust the browser."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import shapely

from quietwing.coverage.app.plan_editor.columns import LABELS, TABLE_COLUMNS
from quietwing.coverage.app.state import Layout
from quietwing.coverage.equipment import Device, Model, Treatment
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.layout import check_layout, devices_of, row_texts
from quietwing.coverage.tables.rows import cell_text
from quietwing.sites import Findings, Site, clean, did_you_mean, folded, opening_places, problems_text, shown

__all__ = [
    "MOST_DEVICES",
    "OFF_DB",
    "TableEdit",
    "Where",
    "apply",
    "apply_table",
    "checked",
    "copied_to_storeys",
    "new_id",
    "replaced",
    "table_rows",
    "treat_rooms",
    "windows_by_room",
    "without",
]

MOST_DEVICES = 500  # of a layout edited by hand; larger ones are read from layout.csv
BELOW_CEILING_M = 0.3  # where a new device hangs: out of reach (assumed)
FIRST_RUN_M = 5.0  # of a radiating cable just placed
BESIDE_M = 2.0  # a device on the outer face still belongs to its building (assumed)
SAME_M = 0.05  # places that differ by less are one
OFF_DB = -60.0  # trim of a band that is turned off: the least there is
YARD_HEIGHT_M = 4.0  # of a new device in the open: on a pole (assumed)


@dataclass(frozen=True)
class Where:
    """The storey that is edited: index of the building (-1: in the open) and number of its storey."""

    building: int
    storey: int

    def hang_m(self, site: Site) -> float:
        """Height above ground of a new device. [m]"""
        if self.building < 0:
            return YARD_HEIGHT_M
        return round(site.buildings[self.building].storeys[self.storey].ceiling_m - BELOW_CEILING_M, 2)


@dataclass(frozen=True)
class TableEdit:
    """What the table's widget reports, rows counted from 0."""

    changed: Mapping[int, Mapping[str, Any]]
    added: Sequence[Mapping[str, Any]] = ()
    deleted: Sequence[int] = ()


def apply(
    edit: Mapping[str, Any], layout: Layout, site: Site, catalogue: Mapping[str, Model], where: Where, model: str
) -> Layout:
    """The layout after one gesture.

    Parameters
    ----------
    edit : mapping
        `op` and what it needs: ``add`` (x, y), ``move`` (id, x, y), ``delete`` (id), ``treat`` and ``untreat``
        (opening). Metres on the site's grid.
    layout : Layout
    site : Site
    catalogue : mapping of str to Model
    where : Where
        Where a new device stands.
    model : str
        What ``add`` places (jammer or managed access) or ``treat`` puts into the windows of the room (mesh or film).

    Returns
    -------
    Layout

    Raises
    ------
    ScenarioError
        If the gesture makes no sense or would make a layout that cannot be judged, in words.
    """
    op = edit.get("op")
    if op == "add":
        return _added(edit, layout, site, catalogue, where, model)
    if op == "move":
        return _moved(edit, layout, site)
    if op == "delete":
        return without(layout, str(edit.get("id")))
    if op in ("treat", "untreat"):
        room = _room_of(edit, site)
        if op == "treat":
            return treat_rooms(layout, site, catalogue, {room: {model: True}})
        every = {one.model: False for one in layout.treatments}
        return treat_rooms(layout, site, catalogue, {room: every})
    raise ScenarioError(
        f"the plan sent {shown(op)}, which is no gesture (expected add, move, delete, treat, untreat)"
    )


def apply_table(
    edit: TableEdit,
    base: Layout,
    rows: Sequence[str],
    site: Site,
    catalogue: Mapping[str, Model],
    where: Where,
    model: str,
) -> Layout:
    """The layout after changes in the table of devices.

    Parameters
    ----------
    edit : TableEdit
        All changes since the table was shown.
    base : Layout
        The layout the table was shown with.
    rows : sequence of str
        Ids of its devices that the table shows, row by row; the others stay as they are.
    site : Site
    catalogue : mapping of str to Model
    where : Where
        Where a new row stands if it does not say.
    model : str
        What a new row is if it does not say.

    Returns
    -------
    Layout

    Raises
    ------
    ScenarioError
        With every problem of the table at once.
    """
    known = {device.id: device for device in base.devices}
    kept = [index for index in range(len(rows)) if index not in edit.deleted]
    texts = [row_texts(known[rows[index]]) | _cells(edit.changed.get(index, {})) for index in kept]
    taken = [*known, *(text["id"] for text in texts)]
    for cells in edit.added:
        fresh = {key: text for key, text in _cells(cells).items() if text}
        fresh.setdefault("id", new_id(taken))
        taken.append(fresh["id"])
        start = {"model": model, "z_m": cell_text(where.hang_m(site)), "storey": str(where.storey)}
        texts.append(start | fresh)
    findings = Findings(labels=LABELS)
    named = [
        (
            f"Row {number}, {clean(row['id'], 80)}".removesuffix(", "),
            {column: text.strip() or None for column, text in row.items()},
        )
        for number, row in enumerate(texts, 1)
    ]
    edited = devices_of(named, catalogue, findings, "")
    if findings.problems:
        raise ScenarioError(problems_text(tuple(findings.problems)))
    shown_ids = {folded(name) for name in rows}
    elsewhere = {folded(device.id) for device in base.devices} - shown_ids
    twice = [device.id for device in edited if folded(device.id) in elsewhere]
    if twice:
        raise ScenarioError(f"{twice[0]}: stands on another storey already; choose another name")
    now = dict(zip((rows[index] for index in kept), edited, strict=False))
    devices = [now.get(device.id, device) for device in base.devices if device.id in now or device.id not in rows]
    return checked(replace(base, devices=(*devices, *edited[len(kept) :])), base, site, "")


def treat_rooms(
    layout: Layout, site: Site, catalogue: Mapping[str, Model], wanted: Mapping[str, Mapping[str, bool]]
) -> Layout:
    """The layout with meshes and films put into or taken out of the windows of rooms.

    All windows in the outer wall of a room are treated alike: that is how a scenario and a plan buy them.

    Parameters
    ----------
    layout : Layout
    site : Site
    catalogue : mapping of str to Model
    wanted : mapping of str to mapping of str to bool
        Room to model to whether it shall be there. A mesh takes the place of another mesh, a film of a film.

    Returns
    -------
    Layout

    Raises
    ------
    ScenarioError
        If a room has no window or a model is no mesh or film.
    """
    windows = windows_by_room(site)
    chosen = dict.fromkeys(layout.treatments)
    for room, models in wanted.items():
        if not windows.get(room):
            raise ScenarioError(f"{shown(room)} has no window in an outer wall; choose a room with windows")
        for name, there in models.items():
            kind = _treatment_kind(catalogue, name)
            for opening in windows[room]:
                for old in [one for one in chosen if one.opening == opening]:
                    other = _treatment_kind(catalogue, old.model) == kind
                    if old.model == name or (there and other):
                        del chosen[old]
                if there:
                    chosen[Treatment(opening, name)] = None
    place = {opening.id: index for index, opening in enumerate(site.openings)}
    ordered = sorted(chosen, key=lambda one: (place[one.opening], one.model))
    return replace(layout, treatments=tuple(ordered))


def windows_by_room(site: Site) -> dict[str, tuple[str, ...]]:
    """Ids of the windows and hatches in the outer wall of each room that has any."""
    found: dict[str, list[str]] = {}
    for place in opening_places(site):
        opening = site.openings[place.opening]
        if place.outer and opening.kind in ("window", "hatch"):
            for room in sorted({index for index in place.rooms if index >= 0}):
                found.setdefault(site.rooms[room].id, []).append(opening.id)
    return {room: tuple(openings) for room, openings in found.items()}


def table_rows(devices: Sequence[Device]) -> list[dict[str, Any]]:
    """Devices as rows of the table, columns as in `TABLE_COLUMNS`."""
    rows = []
    for device in devices:
        row: dict[str, Any] = {column: getattr(device, column) for column in TABLE_COLUMNS}
        texts = row_texts(device)
        rows.append(row | {column: texts[column] for column in ("trim_db", "route_m")})
    return rows


def new_id(taken: Sequence[str]) -> str:
    """The first of ``B1``, ``B2``, … that no device has."""
    used = {folded(name) for name in taken}
    return next(name for number in range(1, len(used) + 2) if folded(name := f"B{number}") not in used)


def replaced(layout: Layout, site: Site, name: str, **changes: Any) -> Layout:
    """The layout with some properties of one device changed.

    Parameters
    ----------
    layout : Layout
    site : Site
    name : str
        Id of the device.
    **changes
        Fields of `Device`.

    Returns
    -------
    Layout

    Raises
    ------
    ScenarioError
        If there is no such device, or it cannot be so.
    """
    old = _device({"id": name}, layout)
    try:
        new = replace(old, **changes)
    except ScenarioError as error:
        raise ScenarioError("\n".join(f"{name}: {line}" for line in str(error).splitlines())) from None
    devices = tuple(new if one is old else one for one in layout.devices)
    return checked(replace(layout, devices=devices), layout, site)


def copied_to_storeys(layout: Layout, site: Site, name: str) -> Layout:
    """The layout with one device hung on every other storey of its building, at the same place and height.

    A storey that has one of the same model at that place already gets no second one.

    Raises
    ------
    ScenarioError
        If it hangs in no building, or there is no such device.
    """
    device = _device({"id": name}, layout)
    spot = shapely.Point(device.x_m, device.y_m)
    building = next((one for one in site.buildings if one.outline.buffer(BESIDE_M).covers(spot)), None)
    if building is None:
        raise ScenarioError(f"{name} hangs in no building; only what hangs in one can be copied to its storeys")
    own_floor_m = building.storeys[device.storey].floor_m
    devices = list(layout.devices)
    for number, storey in enumerate(building.storeys):
        there = any(
            one.model == device.model and one.storey == number
            and abs(one.x_m - device.x_m) < SAME_M and abs(one.y_m - device.y_m) < SAME_M
            for one in devices
        )  # fmt: skip
        if there:
            continue
        up_m = storey.floor_m - own_floor_m
        route = tuple((x, y, round(z + up_m, 3)) for x, y, z in device.route_m)
        devices.append(
            replace(
                device,
                id=new_id([one.id for one in devices]),
                storey=number,
                z_m=round(device.z_m + up_m, 3),
                route_m=route,
            )
        )
    return checked(replace(layout, devices=tuple(devices)), layout, site)


def without(layout: Layout, name: str) -> Layout:
    """The layout without one device.

    Raises
    ------
    ScenarioError
        If there is no such device.
    """
    device = _device({"id": name}, layout)
    return replace(layout, devices=tuple(one for one in layout.devices if one is not device))


def _added(
    edit: Mapping[str, Any],
    layout: Layout,
    site: Site,
    catalogue: Mapping[str, Model],
    where: Where,
    model: str,
) -> Layout:
    kind = catalogue[model].kind if model in catalogue else ""
    if kind not in ("jammer", "mas"):
        usable = [name for name, one in catalogue.items() if one.kind in ("jammer", "mas")]
        raise ScenarioError(f"model {shown(model)} is no blocker of the catalogue; {did_you_mean(model, usable)}")
    x_m, y_m = _place(edit)
    hang_m = where.hang_m(site)
    # A cable begins with a short run to the east, which the table makes as long as it shall be.
    route = ((x_m + FIRST_RUN_M, y_m, hang_m),) if catalogue[model].radiating_cable else ()
    device = Device(
        new_id([one.id for one in layout.devices]),
        model,
        x_m,
        y_m,
        hang_m,
        _storey_at(site, where, x_m, y_m),
        route_m=route,
    )
    return checked(replace(layout, devices=(*layout.devices, device)), layout, site)


def _storey_at(site: Site, where: Where, x_m: float, y_m: float) -> int:
    """The storey edited; on a yard's plan the one of the building clicked on, at its height."""
    if where.building >= 0:
        return where.storey
    place, height_m = shapely.Point(x_m, y_m), where.hang_m(site)
    for building in site.buildings:
        if building.outline.covers(place):
            return max((n for n, storey in enumerate(building.storeys) if storey.floor_m <= height_m), default=0)
    return 0


def _moved(edit: Mapping[str, Any], layout: Layout, site: Site) -> Layout:
    device = _device(edit, layout)
    x_m, y_m = _place(edit)
    # A cable moves as a whole.
    route = tuple((x + x_m - device.x_m, y + y_m - device.y_m, z) for x, y, z in device.route_m)
    moved = replace(device, x_m=x_m, y_m=y_m, route_m=tuple((round(x, 6), round(y, 6), z) for x, y, z in route))
    return checked(
        replace(layout, devices=tuple(moved if one is device else one for one in layout.devices)), layout, site
    )


def _device(edit: Mapping[str, Any], layout: Layout) -> Device:
    name = edit.get("id")
    for device in layout.devices:
        if device.id == name:
            return device
    raise ScenarioError(f"there is no device {shown(name)} in this layout any more; choose another")


def _place(edit: Mapping[str, Any]) -> tuple[float, float]:
    """Coordinates of a gesture, to the centimetre."""
    found = []
    for axis in ("x", "y"):
        value = edit.get(axis)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise ScenarioError(f"the plan sent {axis} = {shown(value)} (expected metres); try the gesture again")
        if abs(value) > 1e7:
            raise ScenarioError(f"the plan sent {axis} = {value:g} m, which is nowhere on a site; try again")
        found.append(round(float(value), 2) + 0.0)  # never −0
    return found[0], found[1]


def _room_of(edit: Mapping[str, Any], site: Site) -> str:
    opening = edit.get("opening")
    for room, openings in windows_by_room(site).items():
        if opening in openings:
            return room
    raise ScenarioError(f"{shown(opening)} is no window in an outer wall of a room; click another window")


def _treatment_kind(catalogue: Mapping[str, Model], name: str) -> str:
    kind = catalogue[name].kind if name in catalogue else ""
    if kind not in ("mesh", "film"):
        usable = [one for one, model in catalogue.items() if model.kind in ("mesh", "film")]
        raise ScenarioError(f"model {shown(name)} is no mesh or film of the catalogue; {did_you_mean(name, usable)}")
    return kind


def checked(new: Layout, old: Layout, site: Site, name: str = "plan") -> Layout:
    """The new layout, unless it has a problem that the old one had not; `name` says where, empty in a table."""
    if len(new.devices) > max(MOST_DEVICES, len(old.devices)):
        raise ScenarioError(
            f"a layout edited here holds {MOST_DEVICES} devices at most; remove some, or read it from layout.csv"
        )
    problems = check_layout(site, new.devices, name, LABELS)
    if problems:
        known = set(check_layout(site, old.devices, name, LABELS))
        problems = tuple(problem for problem in problems if problem not in known)
    if problems:
        raise ScenarioError(problems_text(problems))
    return new


def _cells(changed: Mapping[str, Any]) -> dict[str, str]:
    """Changed cells as texts; columns we do not show are ignored."""
    return {
        column: cell_text(float(value) if isinstance(value, int) and not isinstance(value, bool) else value)
        for column, value in changed.items()
        if column in TABLE_COLUMNS
    }
