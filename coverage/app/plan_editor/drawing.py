"""A storey as plain values for the editor's script: paths and a small picture.

Paths are in metres from a corner of the storey, for SVG knows single precision only, and with y down.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from quietwing.coverage.app.plan_editor.edits import windows_by_room
from quietwing.coverage.equipment import Device, Treatment
from quietwing.coverage.report import openings_of, plan_corners, short_names
from quietwing.coverage.study import DraftPlace
from quietwing.coverage.tables.cable_cells import route_length_m
from quietwing.sites import Patch, Room, Site

__all__ = ["DEVICE_COLOUR", "SHAPES", "Ground", "Look", "Raster", "borders", "ground", "on_plan", "picture"]

AROUND_M = 3.0  # drawn beyond the walls
LETTER = 0.6  # width of a letter by its height
LARGEST_LETTER_M, SMALLEST_LETTER_M = 0.75, 0.25
DEVICE_COLOUR = "#FFDD00"  # as in the report's maps
SHAPES = ("triangle", "square", "circle", "diamond", "pentagon", "cross")


@dataclass(frozen=True)
class Ground:
    """What of a storey stays while blockers move."""

    place: DraftPlace
    origin_m: tuple[float, float]
    extents_m: tuple[float, float, float, float]
    rooms: tuple[Mapping[str, Any], ...]
    walls: str
    doors: str
    windows: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Raster:
    """One opaque or empty pixel for each square of a grid.

    Attributes
    ----------
    patch : Patch
    rgba : uint8 ndarray, shape (count_j, count_i, 4)
    """

    patch: Patch
    rgba: NDArray[np.uint8]


@dataclass(frozen=True)
class Look:
    """What a view adds.

    Attributes
    ----------
    states : dict of str to str
        Room to what it is drawn as; a room left out need not be silent.
    labels, titles : dict
        Room to the lines in it, and to its tooltip.
    legend : tuple of mapping
    aria : str
        What the view shows, in a sentence.
    image : Raster, optional
    lines_m : float64 ndarray, shape (line, 2, 2)
        Drawn over the picture, each from end to end. [m]
    colours : dict of str to str
        Device to its fill.
    """

    states: Mapping[str, str]
    labels: Mapping[str, Sequence[str]]
    titles: Mapping[str, str]
    legend: tuple[Mapping[str, str], ...]
    aria: str
    image: Raster | None = None
    lines_m: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 2, 2)))
    colours: Mapping[str, str] = field(default_factory=dict)


def ground(site: Site, place: DraftPlace) -> Ground:
    """Walls, rooms and openings of a storey of a building, or of a yard.

    Parameters
    ----------
    site : Site
    place : DraftPlace

    Returns
    -------
    Ground
    """
    rooms = rooms_of(site, place)
    shapes = [room.outline for room in rooms]
    building = site.buildings[place.building] if place.building >= 0 else None
    if building is not None:
        shapes.append(building.outline)
    west, south, east, north = shapely.total_bounds(shapes or [shapely.points(*place.patch.origin_m[:2])]).tolist()
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
        rooms=tuple(_room(room, origin) for room in rooms),
        walls="".join(_path(shapely.get_coordinates(line), origin) for line in walls),
        doors="".join(_path(line, origin) for line in openings_of(site, place, ("door", "gate"))),
        windows=tuple(
            {"id": opening.id, "d": _path(lines[opening.id], origin), "room": room_of.get(opening.id, "")}
            for opening in site.openings
            if opening.kind in ("window", "hatch") and opening.wall in own_walls
        ),
    )


def rooms_of(site: Site, place: DraftPlace) -> list[Room]:
    """Rooms of a storey, or the room that is a yard."""
    if place.building >= 0:
        building = site.buildings[place.building].id
        return [room for room in site.rooms if room.building == building and room.storey == place.storey]
    found = np.unique(place.points.room[place.points.room >= 0]).tolist()
    return [site.rooms[index] for index in found if site.rooms[index].building is None]


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


def picture(
    drawn: Ground,
    look: Look,
    devices: Sequence[Device],
    models: Sequence[str],
    treatments: Iterable[Treatment],
    answer: Mapping[str, str],
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
        `ack`, `select` and `message` to the last edit.

    Returns
    -------
    dict
        Plain values for JSON.
    """
    west, south, east, north = drawn.extents_m
    shape_of = {model: SHAPES[index % len(SHAPES)] for index, model in enumerate(sorted(set(models)))}
    treated: dict[str, list[str]] = {}
    for treatment in treatments:
        treated.setdefault(treatment.opening, []).append(treatment.model)
    here = sorted({device.model for device in devices})
    name_of = short_names(device.id for device in devices)
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
        "image": look.image and _placed(look.image, drawn.origin_m),
        "lines": "".join(_path(line, drawn.origin_m) for line in look.lines_m),
        "cables": "".join(_path(np.array(one.line_m), drawn.origin_m) for one in devices if one.route_m),
        "legend": [
            *look.legend,
            {"line": "window", "text": "window"},
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
                "title": _device_title(device),
            }
            for device in devices
        ],
        **answer,
    }


def borders(patch: Patch, values: NDArray[Any], shown: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Sides of squares whose neighbour has another value: the squares as they are, nothing smoothed.

    Parameters
    ----------
    patch : Patch
    values : ndarray, shape (count_j, count_i)
    shown : bool ndarray, shape (count_j, count_i)
        A side counts where both squares are shown.

    Returns
    -------
    float64 ndarray, shape (line, 2, 2)
        [m]
    """
    corner = np.stack(plan_corners(patch), axis=-1)
    beside = (values[:, 1:] != values[:, :-1]) & shown[:, 1:] & shown[:, :-1]
    above = (values[1:] != values[:-1]) & shown[1:] & shown[:-1]
    upright = np.stack([corner[:-1, 1:-1][beside], corner[1:, 1:-1][beside]], axis=1)
    level = np.stack([corner[1:-1, :-1][above], corner[1:-1, 1:][above]], axis=1)
    return np.concatenate([upright, level])


def _placed(image: Raster, origin_m: tuple[float, float]) -> dict[str, Any]:
    """The picture itself, its size, and the matrix from its pixels to the plan."""
    from matplotlib.image import imsave

    held = io.BytesIO()
    imsave(held, np.ascontiguousarray(image.rgba), format="png")
    (x, y, _), (ix, iy, _), (jx, jy, _) = image.patch.origin_m, image.patch.step_i_m, image.patch.step_j_m
    corner = (x - origin_m[0] - (ix + jx) / 2, y - origin_m[1] - (iy + jy) / 2)
    matrix = (ix, -iy, jx, -jy, corner[0], -corner[1])
    return {
        "href": "data:image/png;base64," + base64.b64encode(held.getvalue()).decode("ascii"),
        "width": image.patch.count_i,
        "height": image.patch.count_j,
        "matrix": " ".join(repr(round(value, 9)) for value in matrix),
    }


def _room(room: Room, origin_m: tuple[float, float]) -> dict[str, Any]:
    """Outline, name, and where a label fits."""
    west, south, east, north = room.outline.bounds
    middle = room.outline.centroid
    if not room.outline.contains(middle):
        middle = room.outline.representative_point()
    widest = max(len(room.id), 6)
    size = min(LARGEST_LETTER_M, 0.92 * (east - west) / (LETTER * widest), (north - south) / 2.6)
    rings = [room.outline.exterior, *room.outline.interiors]
    role = {"keep": "service must stay here", "ignore": "need not be silent"}.get(room.role, "must be silent")
    return {
        "id": room.id,
        "title": f"{room.id}: {room.name or role}",
        "d": "".join(_path(shapely.get_coordinates(ring)[:-1], origin_m, closed=True) for ring in rings),
        "x": round(middle.x - origin_m[0], 3),
        "y": round(origin_m[1] - middle.y, 3),
        "size": round(max(size, SMALLEST_LETTER_M), 3),
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


def _path(xy_m: NDArray[np.float64], origin_m: tuple[float, float], *, closed: bool = False) -> str:
    """A line for SVG, to the millimetre."""
    local = (xy_m[:, :2] - origin_m) * (1.0, -1.0)
    points = "L".join(f"{round(x, 3) + 0.0} {round(y, 3) + 0.0}" for x, y in local.tolist())
    return f"M{points}{'Z' if closed else ''}"
