"""A vertical section along a line on the plan: the storeys, floors, walls and rooms it cuts, and a level along it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from quietwing.coverage.app.plan_editor.places import Place, rooms_of
from quietwing.sites import Patch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quietwing.coverage.equipment import Device
    from quietwing.sites import Building, Site, Wall

__all__ = [
    "MOST_M",
    "SHORTEST_M",
    "Cut",
    "CutFloor",
    "CutRoom",
    "CutWall",
    "Line",
    "along",
    "beside",
    "cut",
]

SHORTEST_M = 0.5  # of a line that is drawn (assumed)
MOST_M = 5000.0  # likewise
STEP_M = 0.5  # between two levels along the line: half of a square of the quick estimate
NEAR_M = 1.5  # blockers no farther from the line are drawn (assumed)
YARD_M = 2.5  # over which the level of a yard is drawn (assumed)
TOUCH_M = 0.02  # an opening's line lies on its wall within it

Line = tuple[tuple[float, float], tuple[float, float]]


@dataclass(frozen=True)
class CutRoom:
    """A room the line passes: from where to where along the line, between which heights. [m]"""

    place: int
    room: int
    name: str
    from_m: float
    to_m: float
    floor_m: float
    ceiling_m: float


@dataclass(frozen=True)
class CutWall:
    """A wall the line crosses, or runs along; `gaps_m` are windows and doors it meets there: kind, sill and head."""

    from_m: float
    to_m: float
    base_m: float
    top_m: float
    gaps_m: tuple[tuple[str, float, float], ...] = ()


@dataclass(frozen=True)
class CutFloor:
    """A floor or roof over a part of the line."""

    from_m: float
    to_m: float
    level_m: float
    kind: str


@dataclass(frozen=True)
class Cut:
    """What stands along a line, by distance from its first end and height above the site's datum. [m]

    Attributes
    ----------
    line_m : tuple of two places
    length_m : float
    places : tuple of int
        Storeys and yards with a room on the line, as of `places_of`.
    rooms, walls, floors : tuple
    heights_m : tuple of float
        The lowest and the highest of all. [m]
    """

    line_m: Line
    length_m: float
    places: tuple[int, ...]
    rooms: tuple[CutRoom, ...]
    walls: tuple[CutWall, ...]
    floors: tuple[CutFloor, ...]
    heights_m: tuple[float, float]


def cut(site: Site, places: Sequence[Place], line_m: Line) -> Cut:
    """Cut a site along a line.

    Parameters
    ----------
    site : Site
    places : sequence of Place
        As of `places_of`.
    line_m : tuple of two places
        On the site's grid. [m]

    Returns
    -------
    Cut
    """
    line = shapely.LineString(line_m)
    rooms: list[CutRoom] = []
    for number, place in enumerate(places):
        floor_m, ceiling_m = 0.0, YARD_M
        if place.building >= 0:
            storey = site.buildings[place.building].storeys[place.storey]
            floor_m, ceiling_m = storey.floor_m, storey.ceiling_m
        for index, room in rooms_of(site, place):
            for start, end in _spans(line, room.outline):
                rooms.append(CutRoom(number, index, room.id, start, end, floor_m, ceiling_m))
    by_id = {building.id: building for building in site.buildings}
    crossed = [wall for wall in site.walls if wall.line.intersects(line)]
    walls = [each for wall in crossed for each in _wall(site, by_id[wall.building], wall, line)]
    floors = [
        CutFloor(start, end, slab.level_m, slab.kind)
        for slab in site.slabs
        for start, end in _spans(line, slab.outline)
    ]
    heights = [room.floor_m for room in rooms] + [room.ceiling_m for room in rooms]
    heights += [level for wall in walls for level in (wall.base_m, wall.top_m)] + [each.level_m for each in floors]
    return Cut(
        line_m=line_m,
        length_m=float(line.length),
        places=tuple(sorted({room.place for room in rooms})),
        rooms=tuple(rooms),
        walls=tuple(walls),
        floors=tuple(floors),
        heights_m=(min(heights, default=0.0), max(heights, default=YARD_M)),
    )


def along(
    of: Cut, room: CutRoom, patch: Patch, rooms: NDArray[Any], values: NDArray[Any]
) -> tuple[float | None, ...]:
    """Numbers of a grid along the part of the line in one room, in steps of half a metre at most.

    Parameters
    ----------
    of : Cut
    room : CutRoom
        One of its rooms.
    patch : Patch
        The grid of the room's storey.
    rooms : int ndarray, shape (count_j, count_i)
        Index of each square's room.
    values : float ndarray, shape (count_j, count_i)

    Returns
    -------
    tuple of float or None
        At the middle of each step the square of the same room that is nearest, walls being no slope; None: nothing is
        known there.
    """
    j, i = np.nonzero((rooms == room.room) & ~np.isnan(values))
    steps = max(1, math.ceil((room.to_m - room.from_m) / STEP_M - 1e-9))
    if not len(i):
        return (None,) * steps
    (x0, y0, _), (ix, iy, _), (jx, jy, _) = patch.origin_m, patch.step_i_m, patch.step_j_m
    x_m, y_m = x0 + i * ix + j * jx, y0 + i * iy + j * jy
    at_m = room.from_m + (np.arange(steps) + 0.5) * (room.to_m - room.from_m) / steps
    (ax, ay), (bx, by) = of.line_m
    share = at_m / of.length_m
    far2 = (ax + share * (bx - ax))[:, None] - x_m, (ay + share * (by - ay))[:, None] - y_m
    nearest = (far2[0] ** 2 + far2[1] ** 2).argmin(axis=1)
    return tuple(float(value) for value in values[j[nearest], i[nearest]])


def beside(of: Cut, devices: Sequence[Device]) -> tuple[tuple[Device, float], ...]:
    """Devices on the line, or close to it, each with its distance along it. [m]"""
    line = shapely.LineString(of.line_m)
    spots = [(device, shapely.Point(device.x_m, device.y_m)) for device in devices]
    return tuple((device, float(line.project(spot))) for device, spot in spots if line.distance(spot) <= NEAR_M)


def _spans(line: shapely.LineString, shape: shapely.Polygon) -> list[tuple[float, float]]:
    """Parts of a straight line within an outline, by distance along it; points where it is touched are none."""
    found = []
    for part in _parts(line.intersection(shape)):
        if part.length > 0:
            ends = sorted(line.project(shapely.Point(corner)) for corner in (part.coords[0], part.coords[-1]))
            found.append((float(ends[0]), float(ends[1])))
    return found


def _wall(site: Site, building: Building, wall: Wall, line: shapely.LineString) -> list[CutWall]:
    """Where a line crosses a wall, and where it runs along it."""
    storey = building.storeys[wall.storey]
    base_m = storey.floor_m if wall.base_m is None else wall.base_m
    top_m = storey.ceiling_m if wall.top_m is None else wall.top_m
    found = []
    for part in _parts(line.intersection(wall.line)):
        ends = sorted(float(line.project(shapely.Point(corner))) for corner in part.coords)
        gaps = tuple(
            (opening.kind, storey.floor_m + opening.sill_m, storey.floor_m + opening.head_m)
            for opening in site.openings
            if opening.wall == wall.id and opening.line.distance(part.centroid) <= TOUCH_M
        )
        found.append(CutWall(ends[0], ends[-1], base_m, top_m, gaps))
    return found


def _parts(shape: Any) -> list[Any]:
    """Points and straight lines that an intersection is made of."""
    if shape.is_empty:
        return []
    if hasattr(shape, "geoms"):
        return [each for part in shape.geoms for each in _parts(part)]
    if shape.geom_type == "LineString" and len(shape.coords) > 2:
        return [shapely.LineString(ends) for ends in pairwise(shape.coords)]
    return [shape]
