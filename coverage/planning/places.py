"""Where a device may stand: the positions given, and generated ones out of reach, on roofs and inside the fence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import shapely

from quietwing.coverage.equipment import RoutePoint
from quietwing.coverage.layout import FORBIDDEN_WITHIN_M
from quietwing.sites import Room, Site, opening_places, room_of_points

__all__ = ["Spot", "place_of", "plan_spots"]

BELOW_CEILING_M = 0.2  # assumed: fixed to the ceiling in a tamper-proof housing
OUT_OF_REACH_M = 2.3  # assumed: lower than this above the floor nothing is placed
DIGITS = 6  # of a metre, as in a layout
LARGE_ROOM_M2 = 30.0  # as for test points: above this one place does not serve a room
LARGE_ROOM_SPACING_M = 6.0  # assumed
BESIDE_WINDOW_M = 0.5  # assumed
POLE_M = 4.0  # assumed: height of a pole in a yard or inside the fence
ROOF_M = 1.0  # assumed: above the highest ceiling
FENCE_INSET_M = 3.0  # assumed
FENCE_SPACING_M = 60.0  # assumed


@dataclass(frozen=True, slots=True)
class Spot:
    """A place where a device may stand.

    Attributes
    ----------
    id : str
    x_m, y_m, z_m : float
        z above the ground. [m]
    storey : int
    room : int
        Index in ``site.rooms``, -1: in no room.
    building : int
        Index in ``site.buildings``, -1: in the open.
    indoors : bool
        Within a building; roofs and poles are not.
    route_m : tuple of RoutePoint
        Where a radiating cable runs on from here; empty for everything else. [m]
    """

    id: str
    x_m: float
    y_m: float
    z_m: float
    storey: int
    room: int
    building: int
    indoors: bool
    route_m: tuple[RoutePoint, ...] = ()


def plan_spots(site: Site) -> tuple[Spot, ...]:
    """Every place a plan may use, given ones first.

    Parameters
    ----------
    site : Site
        A checked site.

    Returns
    -------
    tuple of Spot
        None nearer than 0.5 m to a forbidden position, none twice at one place.
    """
    forbidden = [(p.point.x, p.point.y, p.z_m) for p in site.positions if p.forbidden]
    found: list[Spot] = []
    taken: set[tuple[float, float, float]] = set()
    for spot in (*_given(site), *_ceilings(site), *_beside_windows(site), *_yards(site), *_outdoors(site)):
        # As a layout writes them, and without a negative zero: what is read back is what was planned.
        x_m, y_m, z_m = (round(float(axis), DIGITS) + 0.0 for axis in (spot.x_m, spot.y_m, spot.z_m))
        spot = replace(spot, x_m=x_m, y_m=y_m, z_m=z_m)
        place = place_of(x_m, y_m, z_m)
        near = any(
            np.hypot(spot.x_m - x, spot.y_m - y) <= FORBIDDEN_WITHIN_M and abs(spot.z_m - z) <= FORBIDDEN_WITHIN_M
            for x, y, z in forbidden
        )
        if place in taken or near:
            continue
        taken.add(place)
        found.append(spot)
    return tuple(found)


def place_of(x_m: float, y_m: float, z_m: float) -> tuple[float, float, float]:
    """A place to the centimetre: two there are one."""
    return round(x_m, 2), round(y_m, 2), round(z_m, 2)


def _given(site: Site) -> Iterable[Spot]:
    for position in site.positions:
        if position.forbidden:
            continue
        place = float(position.point.x), float(position.point.y), float(position.z_m)
        building = -1 if position.building is None else site.building_index[position.building]
        yield Spot(position.id, *place, position.storey, room_at(site, *place), building, building >= 0)


def room_at(site: Site, x_m: float, y_m: float, z_m: float) -> int:
    """Index of the room at a place, of a yard at any height; -1 where there is none."""
    return int(room_of_points(site, np.array([[x_m, y_m, z_m]]), yards_up_to_m=np.inf)[0])


def _ceilings(site: Site) -> Iterable[Spot]:
    """Under the ceiling of every room that must be silent."""
    for index, room in enumerate(site.rooms):
        if room.role != "silence" or room.building is None:
            continue
        building = site.building_index[room.building]
        storey = site.buildings[building].storeys[room.storey]
        z_m = storey.ceiling_m - BELOW_CEILING_M
        if z_m - storey.floor_m < OUT_OF_REACH_M:
            continue
        for number, (x, y) in enumerate(_places_in(room), 1):
            name = room.id if number == 1 else f"{room.id}-{number}"
            yield Spot(f"{name}-ceiling", x, y, round(z_m, 3), room.storey, index, building, True)


def _beside_windows(site: Site) -> Iterable[Spot]:
    """Under the ceiling just inside the windows of small rooms: nearest to where a phone hears most."""
    named: Counter[int] = Counter()
    for place in opening_places(site):
        opening, room = site.openings[place.opening], max(place.rooms)
        if not place.outer or room < 0 or opening.kind != "window" or site.rooms[room].role != "silence":
            continue
        storey = site.buildings[place.building].storeys[place.storey]
        z_m = storey.ceiling_m - BELOW_CEILING_M
        if z_m - storey.floor_m < OUT_OF_REACH_M or site.rooms[room].outline.area > LARGE_ROOM_M2:
            continue
        x, y, _ = place.beside_m(room, BESIDE_WINDOW_M)
        named[room] += 1
        name = f"{site.rooms[room].id}-window" + (f"-{named[room]}" if named[room] > 1 else "")
        yield Spot(name, round(x, 3), round(y, 3), round(z_m, 3), place.storey, room, place.building, True)


def _yards(site: Site) -> Iterable[Spot]:
    for index, room in enumerate(site.rooms):
        if room.role == "silence" and room.building is None:
            for number, (x, y) in enumerate(_places_in(room), 1):
                yield Spot(f"{room.id}-pole-{number}", x, y, POLE_M, 0, index, -1, False)


def _outdoors(site: Site) -> Iterable[Spot]:
    """One place on each roof, and poles along the fence."""
    for index, building in enumerate(site.buildings):
        if any(room.role == "silence" and room.building == building.id for room in site.rooms):
            middle = building.outline.representative_point()
            top_m = building.storeys[-1].ceiling_m
            z_m = round(top_m + ROOF_M, 3)
            yield Spot(f"{building.id}-roof", middle.x, middle.y, z_m, len(building.storeys) - 1, -1, index, False)
    line = site.perimeter.outline.buffer(-FENCE_INSET_M).boundary
    count = int(line.length // FENCE_SPACING_M)
    for number in range(count):
        point = line.interpolate((number + 0.5) / count, normalized=True)
        if not any(building.outline.distance(point) < 1.0 for building in site.buildings):
            yield Spot(f"fence-{number + 1}", round(point.x, 2), round(point.y, 2), POLE_M, 0, -1, -1, False)


def _places_in(room: Room) -> list[tuple[float, float]]:
    """The middle, and in large rooms a row of places along the longer side."""
    middle = (
        room.outline.centroid if room.outline.contains(room.outline.centroid) else room.outline.representative_point()
    )
    if room.outline.area <= LARGE_ROOM_M2:
        return [(round(float(middle.x), 3), round(float(middle.y), 3))]
    ring = shapely.get_coordinates(shapely.minimum_rotated_rectangle(room.outline))[:4]
    sides = np.roll(ring, -1, axis=0) - ring
    length = np.hypot(sides[:, 0], sides[:, 1])
    long, short = (0, 1) if length[0] >= length[1] else (1, 0)
    along = max(1, round(length[long] / LARGE_ROOM_SPACING_M))
    across = max(1, round(length[short] / (2 * LARGE_ROOM_SPACING_M)))
    start, turn = ring[long], sides[(long + 1) % 4]
    found = []
    for i in range(along):
        for j in range(across):
            x, y = start + sides[long] * (i + 0.5) / along + turn * (j + 0.5) / across
            if shapely.contains_xy(room.outline, x, y):
                found.append((round(float(x), 3), round(float(y), 3)))
    return found or [(round(float(middle.x), 3), round(float(middle.y), 3))]
