"""A storey as plain values for the editor's script: paths, fields as arrays, and the site from above.

Paths are in metres from a corner of the storey, for SVG knows single precision only, and with y down.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from quietwing.coverage.app.plan_editor.edits import windows_by_room
from quietwing.coverage.app.plan_editor.places import Place, rooms_of
from quietwing.coverage.equipment import Device, Treatment
from quietwing.coverage.report import DEVICE_COLOUR, openings_of, short_names
from quietwing.coverage.tables.cable_cells import route_length_m
from quietwing.sites import Patch, Room, Site

__all__ = [
    "DEVICE_COLOUR",
    "SHAPES",
    "Field",
    "Ground",
    "Look",
    "Scale",
    "field_values",
    "ground",
    "on_plan",
    "path_of",
    "picture",
    "shapes_of",
]

AROUND_M = 1.0  # drawn beyond the walls
LETTER = 0.55  # width of a letter by its height
LARGEST_LETTER_M, SMALLEST_LETTER_M = 1.05, 0.25
SHAPES = ("triangle", "square", "circle", "diamond", "pentagon", "cross")
NOTHING = -32768  # of an array: nothing there
TENTHS = 10.0


@dataclass(frozen=True)
class Ground:
    """What of a storey stays while blockers move."""

    place: Place
    origin_m: tuple[float, float]
    extents_m: tuple[float, float, float, float]
    rooms: tuple[Mapping[str, Any], ...]
    walls: str
    doors: str
    windows: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Scale:
    """How numbers become colours.

    Attributes
    ----------
    title : str
        With its unit, for the legend.
    low, high : float
        Ends of the ramp.
    ramp : {"level", "quiet", "change"}
        Bright is where the network is heard: much of a level, little of a margin.
    ticks : tuple of (float, str)
    unit : str
    line : float, optional
        Where a line is drawn through the field.
    classes : dict of int to str, optional
        Colours of whole numbers, in place of the ramp.
    """

    title: str
    low: float
    high: float
    ramp: str
    ticks: tuple[tuple[float, str], ...]
    unit: str = ""
    line: float | None = None
    classes: Mapping[int, str] | None = None


@dataclass(frozen=True)
class Field:
    """Numbers on a grid; NaN: nothing there.

    Attributes
    ----------
    patch : Patch
    values : float ndarray, shape (count_j, count_i)
    rooms : int ndarray, shape (count_j, count_i), optional
        Index of each square's room, -1: none; without it walls do not matter.
    """

    patch: Patch
    values: NDArray[Any]
    rooms: NDArray[Any] | None = None


@dataclass(frozen=True)
class Look:
    """What a layer adds.

    Attributes
    ----------
    states : dict of str to str
        Room to what it is drawn as; a room left out need not be silent.
    labels, titles : dict
        Room to the lines in it, and to what is read out of it.
    legend : tuple of mapping
    aria : str
        What the layer shows, in a sentence.
    scale : Scale, optional
        Of the field or of the rooms' numbers.
    grid : Field, optional
    by_room : dict of str to float
        A number for each room in place of a field.
    slices : tuple of (str, dict)
        Numbers by room of several layouts, side by side on one plan.
    hover : dict of str to Field
        What is read out at a square beside the layer: ``margin``, ``level``, ``channel``.
    channels : tuple of str
        What the numbers of ``channel`` name, in words.
    colours : dict of str to str
        Device to its fill.
    """

    states: Mapping[str, str]
    labels: Mapping[str, Sequence[str]]
    titles: Mapping[str, str]
    legend: tuple[Mapping[str, str], ...]
    aria: str
    scale: Scale | None = None
    grid: Field | None = None
    by_room: Mapping[str, float] | None = None
    slices: tuple[tuple[str, Mapping[str, float]], ...] = ()
    hover: Mapping[str, Field] = field(default_factory=dict)
    channels: tuple[str, ...] = ()
    colours: Mapping[str, str] = field(default_factory=dict)


def ground(site: Site, place: Place) -> Ground:
    """Walls, rooms and openings of a storey of a building, or of a yard.

    Parameters
    ----------
    site : Site
    place : Place

    Returns
    -------
    Ground
    """
    rooms = rooms_of(site, place)
    shapes = [room.outline for _, room in rooms]
    building = site.buildings[place.building] if place.building >= 0 else None
    if building is not None:
        shapes.append(building.outline)
    west, south, east, north = shapely.total_bounds(shapes).tolist()
    origin = (float(np.floor(west)), float(np.floor(south)))
    walls = (
        [wall.line for wall in site.walls if wall.building == building.id and wall.storey == place.storey]
        if building is not None
        else [shape.exterior for shape in shapes]
    )
    lines = {opening.id: shapely.get_coordinates(opening.line) for opening in site.openings}
    own_walls = {
        wall.id
        for wall in site.walls
        if building is not None and wall.building == building.id and wall.storey == place.storey
    }
    room_of = {opening: room for room, openings in windows_by_room(site).items() for opening in openings}
    return Ground(
        place=place,
        origin_m=origin,
        extents_m=(west - AROUND_M, south - AROUND_M, east + AROUND_M, north + AROUND_M),
        rooms=tuple(_room(index, room, origin) for index, room in rooms),
        walls="".join(path_of(shapely.get_coordinates(line), origin) for line in walls),
        doors="".join(path_of(line, origin) for line in openings_of(site, place, ("door", "gate"))),
        windows=tuple(
            {"id": opening.id, "d": path_of(lines[opening.id], origin), "room": room_of.get(opening.id, "")}
            for opening in site.openings
            if opening.kind in ("window", "hatch") and opening.wall in own_walls
        ),
    )


def on_plan(site: Site, drawn: Ground, devices: Iterable[Device]) -> tuple[Device, ...]:
    """Devices that belong on a storey's plan: on the storey, within what is drawn, in no other building."""
    west, south, east, north = drawn.extents_m
    others = [one.outline for index, one in enumerate(site.buildings) if index != drawn.place.building]
    elsewhere = shapely.union_all(others) if others else shapely.Polygon()
    return tuple(
        device
        for device in devices
        if device.storey == drawn.place.storey
        and west <= device.x_m <= east
        and south <= device.y_m <= north
        and not elsewhere.intersects(shapely.Point(device.x_m, device.y_m))
    )


def shapes_of(models: Iterable[str]) -> dict[str, str]:
    """The mark of each model: the same on every storey and page that is given all models of the layout."""
    return {model: SHAPES[index % len(SHAPES)] for index, model in enumerate(sorted(set(models)))}


def picture(
    drawn: Ground,
    look: Look,
    devices: Sequence[Device],
    models: Sequence[str],
    treatments: Iterable[Treatment],
    answer: Mapping[str, Any],
) -> dict[str, Any]:
    """All the editor is given.

    Parameters
    ----------
    drawn : Ground
    look : Look
    devices : sequence of Device
        Those on this plan.
    models : sequence of str
        Every model of the layout: each has its shape on all storeys.
    treatments : iterable of Treatment
    answer : mapping
        `ack`, `select` and `message` to the last edit, and what else the editor shows: places, layers, stack.

    Returns
    -------
    dict
        Plain values for JSON.
    """
    west, south, east, north = drawn.extents_m
    shape_of = shapes_of(models)
    treated: dict[str, list[str]] = {}
    for treatment in treatments:
        treated.setdefault(treatment.opening, []).append(treatment.model)
    here = sorted({device.model for device in devices})
    name_of = short_names(device.id for device in devices)
    first = look.grid or next(iter(look.hover.values()), None)
    return {
        "place": f"{drawn.place.building}/{drawn.place.storey}/{drawn.place.title}",
        "origin": {"x": drawn.origin_m[0], "y": drawn.origin_m[1]},
        "extents": {"x0": west, "y0": south, "x1": east, "y1": north},
        "aria": f"Plan of {drawn.place.title} with {len(devices)} blockers. {look.aria} The tables hold the same.",
        "rooms": [
            {
                **room,
                "state": look.states.get(room["id"], "other"),
                "label": list(look.labels.get(room["id"], ())),
                "title": look.titles.get(room["id"], room["title"]),
            }
            for room in drawn.rooms
        ],
        "walls": drawn.walls,
        "doors": drawn.doors,
        "windows": [
            {**window, "treated": window["id"] in treated, "title": _window_title(window, treated)}
            for window in drawn.windows
        ],
        **field_values(look.scale, look.grid, drawn.origin_m, first),
        "byRoom": None if look.by_room is None else dict(look.by_room),
        "slices": [{"name": name, "values": dict(values)} for name, values in look.slices] or None,
        "hover": {name: _packed(each.values) for name, each in look.hover.items()},
        "channels": list(look.channels),
        "cables": "".join(path_of(np.array(one.line_m), drawn.origin_m) for one in devices if one.route_m),
        "legend": [
            *look.legend,
            {"line": "window", "text": "window"},
            {"line": "door", "text": "door"},
            *([{"line": "window treated", "text": "window with mesh or film"}] if treated else []),
            *({"shape": shape_of[model], "colour": DEVICE_COLOUR, "text": model} for model in here),
            *([{"line": "cable", "text": "radiating cable"}] if any(device.route_m for device in devices) else []),
        ],
        "devices": [
            {
                "id": device.id,
                "name": name_of[device.id],
                "x": device.x_m,
                "y": device.y_m,
                "shape": shape_of[device.model],
                "colour": look.colours.get(device.id, DEVICE_COLOUR),
                "off": device.state == "off",
                "cable": bool(device.route_m),
                "azimuth": device.azimuth_deg % 360 if device.model in answer.get("directional", ()) else None,
                "title": _device_title(device),
            }
            for device in devices
        ],
        **answer,
    }


def _packed(values: NDArray[Any]) -> str:
    """Tenths as 16-bit whole numbers: what a browser reads without a library."""
    with np.errstate(invalid="ignore"):
        tenths = np.where(np.isfinite(values), np.clip(np.round(values * TENTHS), -32000, 32000), NOTHING)
    return base64.b64encode(tenths.astype("<i2").tobytes()).decode("ascii")


def field_values(
    scale: Scale | None, drawn: Field | None, origin_m: tuple[float, float], grid: Field | None = None
) -> dict[str, Any]:
    """``grid`` and ``field`` of what the editor is given: a scale, and the field that goes by it, if there is one."""
    found: dict[str, Any] | None = None
    if scale is not None:
        found = {
            "title": scale.title,
            "low": scale.low,
            "high": scale.high,
            "ramp": scale.ramp,
            "ticks": [list(tick) for tick in scale.ticks],
            "unit": scale.unit,
            "line": scale.line,
            "classes": scale.classes and {str(number): colour for number, colour in scale.classes.items()},
        }
        if drawn is not None:
            found["values"] = _packed(drawn.values)
    grid = drawn or grid
    return {"grid": grid and _grid(grid, origin_m), "field": found}


def _grid(of: Field, origin_m: tuple[float, float]) -> dict[str, Any]:
    """Size of a grid, its rooms, and the matrix from its squares to the plan."""
    (x, y, _), (ix, iy, _), (jx, jy, _) = of.patch.origin_m, of.patch.step_i_m, of.patch.step_j_m
    corner = (x - origin_m[0] - (ix + jx) / 2, y - origin_m[1] - (iy + jy) / 2)
    rooms = None
    if of.rooms is not None:
        rooms = base64.b64encode(of.rooms.astype("<i2").tobytes()).decode("ascii")
    return {
        "width": of.patch.count_i,
        "height": of.patch.count_j,
        "matrix": [round(value, 9) for value in (ix, -iy, jx, -jy, corner[0], -corner[1])],
        "rooms": rooms,
    }


def _room(index: int, room: Room, origin_m: tuple[float, float]) -> dict[str, Any]:
    """Outline, name, and where a label fits."""
    west, south, east, north = room.outline.bounds
    middle = room.outline.centroid
    if not room.outline.contains(middle):
        middle = room.outline.representative_point()
    widest = max(len(room.id), 6)
    wide, high = east - west, north - south
    level, upright = (
        min(LARGEST_LETTER_M, 0.92 * long / (LETTER * widest), across / 2.5)
        for long, across in ((wide, high), (high, wide))
    )
    turned = upright > 1.1 * level  # along the longer side, where letters are larger so
    rings = [room.outline.exterior, *room.outline.interiors]
    role = {"keep": "service must stay here", "ignore": "not assessed"}.get(room.role, "to be blocked")
    return {
        "id": room.id,
        "index": index,
        "title": f"{room.id}: {room.name or role}",
        "d": "".join(path_of(shapely.get_coordinates(ring)[:-1], origin_m, closed=True) for ring in rings),
        "x": round(middle.x - origin_m[0], 3),
        "y": round(origin_m[1] - middle.y, 3),
        "size": round(max(upright if turned else level, SMALLEST_LETTER_M), 3),
        "upright": turned,
        "box": [[round(x - origin_m[0], 2), round(origin_m[1] - y, 2)] for x in (west, east) for y in (south, north)],
        "role": room.role,
    }


def _window_title(window: Mapping[str, Any], treated: Mapping[str, Sequence[str]]) -> str:
    there = treated.get(window["id"])
    return (
        f"Window of {window['room']}: {', '.join(there)}; click to take it off"
        if there
        else f"Window of {window['room']}: click to treat the windows of this cell"
    )


def _device_title(device: Device) -> str:
    power = "" if device.power_dbm is None else f", {device.power_dbm:g} dBm"
    off = ", off" if device.state == "off" else ""
    cable = f", cable of {route_length_m(device.line_m):.0f} m" if device.route_m else ""
    return f"{device.id} ({device.model}{power}{cable}{off})"


def path_of(xy_m: NDArray[np.float64], origin_m: tuple[float, float], *, closed: bool = False) -> str:
    """A line for SVG, to the millimetre."""
    local = (xy_m[:, :2] - origin_m) * (1.0, -1.0)
    points = "L".join(f"{round(x, 3) + 0.0} {round(y, 3) + 0.0}" for x, y in local.tolist())
    return f"M{points}{'Z' if closed else ''}"
