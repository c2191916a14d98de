"""Gestures on several blockers, on an antenna, and on the windows of a whole façade: pure functions, as `edits`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from quietwing.coverage.app.plan_editor import edits
from quietwing.coverage.app.plan_editor.edits import Where, checked, new_id, replaced, treat_rooms, windows_by_room
from quietwing.coverage.app.state import Layout
from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.errors import ScenarioError
from quietwing.sites import Site, shown

__all__ = ["apply_gesture", "arranged", "copied", "facade_rooms", "shifted"]

COPY_EAST_M = 1.0  # so far from the first one a copy hangs: near, and both can be seen
FARTHEST_M = 1e5  # of a shift: beyond any site
SAME_LINE_DEG = 2.0  # walls of one façade differ by less in direction (assumed)
SAME_LINE_M = 0.5  # and stand back by less (assumed)
FACADE_GAP_M = 3.0  # a longer gap between two walls in line parts two façades (assumed)


def apply_gesture(
    edit: Mapping[str, Any], layout: Layout, site: Site, catalogue: Mapping[str, Model], where: Where, model: str
) -> Layout:
    """The layout after one gesture of any kind.

    Parameters
    ----------
    edit : mapping
        `op` and what it needs: ``shift`` (ids, dx, dy), ``arrange`` (ids, how: row, column, spread), ``copy`` and
        ``remove`` (ids), ``turn`` (id, azimuth), ``treat`` and ``untreat`` with `reach` (opening, reach: facade,
        building), and all of `edits.apply`. Metres on the site's grid, degrees from north.
    layout, site, catalogue, where, model
        As of `edits.apply`.

    Returns
    -------
    Layout

    Raises
    ------
    ScenarioError
        If the gesture makes no sense or would make a layout that cannot be judged, in words.
    """
    op = edit.get("op")
    if op == "shift":
        return shifted(layout, site, _ids(edit), _number(edit, "dx"), _number(edit, "dy"))
    if op == "arrange":
        return arranged(layout, site, _ids(edit), str(edit.get("how")))
    if op == "copy":
        return copied(layout, site, _ids(edit))
    if op == "remove":
        gone = {device.id for device in _devices(layout, _ids(edit))}
        return replace(layout, devices=tuple(one for one in layout.devices if one.id not in gone))
    if op == "turn":
        return replaced(layout, site, str(edit.get("id")), azimuth_deg=_number(edit, "azimuth") % 360)
    if op in ("treat", "untreat") and "reach" in edit:
        rooms = facade_rooms(site, str(edit.get("opening")), every_storey=edit.get("reach") == "building")
        models = {model: True} if op == "treat" else {one.model: False for one in layout.treatments}
        return treat_rooms(layout, site, catalogue, dict.fromkeys(rooms, models))
    return edits.apply(edit, layout, site, catalogue, where, model)


def shifted(layout: Layout, site: Site, ids: Sequence[str], dx_m: float, dy_m: float) -> Layout:
    """The layout with some devices moved by the same way, cables as a whole.

    Raises
    ------
    ScenarioError
        If a device is not there, or cannot hang where it would.
    """
    return _moved(layout, site, {device.id: (dx_m, dy_m) for device in _devices(layout, ids)})


def arranged(layout: Layout, site: Site, ids: Sequence[str], how: str) -> Layout:
    """The layout with some devices in line, or evenly spread.

    Parameters
    ----------
    layout : Layout
    site : Site
    ids : sequence of str
        The first is the one that others line up with.
    how : {"row", "column", "spread"}
        As far north as the first, as far east as it, or evenly between the outermost two along the longer side.

    Returns
    -------
    Layout

    Raises
    ------
    ScenarioError
        If there are too few, or one cannot hang where it would.
    """
    some = _devices(layout, ids)
    least = 3 if how == "spread" else 2
    if how not in ("row", "column", "spread") or len(some) < least:
        raise ScenarioError(f"{shown(how)} of {len(some)} blockers is nothing to do; select {least} or more")
    first = some[0]
    if how == "row":
        return _moved(layout, site, {one.id: (0.0, first.y_m - one.y_m) for one in some})
    if how == "column":
        return _moved(layout, site, {one.id: (first.x_m - one.x_m, 0.0) for one in some})
    places = np.array([(one.x_m, one.y_m) for one in some])
    axis = int(np.ptp(places, axis=0).argmax())
    order = np.argsort(places[:, axis], kind="stable")
    even = np.linspace(places[order[0]], places[order[-1]], len(some))
    return _moved(
        layout,
        site,
        {
            some[at].id: tuple(float(d) if n == axis else 0.0 for n, d in enumerate(to - places[at]))
            for at, to in zip(order, even, strict=True)
        },
    )


def copied(layout: Layout, site: Site, ids: Sequence[str]) -> Layout:
    """The layout with a copy of some devices a metre to the east, under names that were free.

    Raises
    ------
    ScenarioError
        If a device is not there, or its copy cannot hang where it would.
    """
    taken = [device.id for device in layout.devices]
    copies = []
    for device in _devices(layout, ids):
        copies.append(replace(_away(device, COPY_EAST_M, 0.0), id=new_id(taken), state="planned"))
        taken.append(copies[-1].id)
    return checked(replace(layout, devices=(*layout.devices, *copies)), layout, site)


def facade_rooms(site: Site, opening: str, *, every_storey: bool) -> tuple[str, ...]:
    """Rooms with a window in the same façade: outer walls in line with the window's, without a gap between them.

    Parameters
    ----------
    site : Site
    opening : str
        Id of a window in an outer wall.
    every_storey : bool
        Of the whole height of the building, else of the window's own storey.

    Returns
    -------
    tuple of str

    Raises
    ------
    ScenarioError
        If it is no window of an outer wall.
    """
    walls = {wall.id: wall for wall in site.walls}
    by_opening = {one.id: one for one in site.openings}
    by_room = windows_by_room(site)
    outer = {name for openings in by_room.values() for name in openings}
    if opening not in outer:
        raise ScenarioError(f"{shown(opening)} is no window in an outer wall of a room; click another window")
    own = walls[by_opening[opening].wall]
    start, end = np.array(own.line.coords[0]), np.array(own.line.coords[-1])
    along = (end - start) / np.hypot(*(end - start))
    across = np.array((-along[1], along[0]))
    spans: dict[str, tuple[float, float]] = {}
    for wall in site.walls:
        ends = np.array((wall.line.coords[0], wall.line.coords[-1])) - start
        off_m, way = ends @ across, (ends[1] - ends[0]) @ across
        turned = math.degrees(math.asin(min(abs(way) / max(wall.line.length, 1e-9), 1.0)))
        if wall.building == own.building and np.abs(off_m).max() <= SAME_LINE_M and turned <= SAME_LINE_DEG:
            low, high = sorted((ends @ along).tolist())
            spans[wall.id] = (low, high)
    joined = _joined(spans, own.id)
    storeys = {wall.storey for wall in site.walls} if every_storey else {own.storey}
    there = {
        name for name in outer
        if by_opening[name].wall in joined and walls[by_opening[name].wall].storey in storeys
    }  # fmt: skip
    return tuple(room for room, openings in by_room.items() if there.intersection(openings))


def _joined(spans: Mapping[str, tuple[float, float]], own: str) -> set[str]:
    """Walls in one line that hang together with one of them: no gap in between is longer than `FACADE_GAP_M`."""
    found: set[str] = set()
    part: list[str] = []
    reach_m = -math.inf
    for name in sorted(spans, key=lambda each: spans[each]):
        low_m, high_m = spans[name]
        if low_m > reach_m + FACADE_GAP_M and part:
            if own in part:
                break
            part = []
        part.append(name)
        reach_m = max(reach_m, high_m)
    if own in part:
        found = set(part)
    return found


def _moved(layout: Layout, site: Site, by_m: Mapping[str, tuple[float, ...]]) -> Layout:
    devices = tuple(_away(one, *by_m[one.id]) if one.id in by_m else one for one in layout.devices)
    return checked(replace(layout, devices=devices), layout, site)


def _away(device: Device, dx_m: float, dy_m: float) -> Device:
    """A device so far away, to the centimetre, its cable with it."""
    x_m, y_m = round(device.x_m + dx_m, 2) + 0.0, round(device.y_m + dy_m, 2) + 0.0
    route = tuple((round(x + x_m - device.x_m, 6), round(y + y_m - device.y_m, 6), z) for x, y, z in device.route_m)
    return replace(device, x_m=x_m, y_m=y_m, route_m=route)


def _devices(layout: Layout, ids: Sequence[str]) -> list[Device]:
    known = {device.id: device for device in layout.devices}
    for name in ids:
        if name not in known:
            raise ScenarioError(f"there is no device {shown(name)} in this layout any more; choose another")
    return [known[name] for name in dict.fromkeys(ids)]


def _ids(edit: Mapping[str, Any]) -> list[str]:
    ids = edit.get("ids")
    if not isinstance(ids, (list, tuple)) or not ids or not all(isinstance(one, str) for one in ids):
        raise ScenarioError("the plan sent no blockers to change; select some and try again")
    return list(ids)


def _number(edit: Mapping[str, Any], name: str) -> float:
    value = edit.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= FARTHEST_M:
        raise ScenarioError(f"the plan sent {name} = {shown(value)} (expected a number); try the gesture again")
    return float(value)
