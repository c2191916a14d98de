"""Rooms are what walls enclose: the free space of a storey, doors and doorways closed."""

from __future__ import annotations

from collections.abc import Sequence

import shapely
from shapely.geometry import MultiPolygon, Polygon
from shapely.ops import unary_union

from quietwing.sites.importers.plan_parts import PlanRoom, Report, Strip, name_of, parts_of

__all__ = ["hull_of", "rooms_between"]

SMALLEST_ROOM_M2 = 1.0
NARROWEST_ROOM_M = 0.5  # what is narrower is a shaft or the cavity of a wall; assumed
CLOSING_M = 1.9  # half the widest opening in an outer wall that does not let the outside in; assumed
SMALLEST_BUILDING_M2 = 4.0
STRAIGHT_M = 5e-3
NEEDLE_M = 0.01
MOST_ROOMS = 5000


def hull_of(areas: Sequence[Polygon]) -> MultiPolygon:
    """What a storey covers: all that is drawn, with gaps up to twice `CLOSING_M` closed and no courtyards."""
    drawn = unary_union([area for area in areas if not area.is_empty])
    pieces = shapely.get_parts(drawn)  # one by one: all together take longer by far where they are many
    closed = unary_union(shapely.buffer(pieces, CLOSING_M, join_style="mitre", mitre_limit=2.0))
    closed = unary_union([Polygon(part.exterior) for part in parts_of(closed)])
    back = closed.buffer(-CLOSING_M, join_style="mitre", mitre_limit=2.0).union(drawn)
    whole = [Polygon(part.exterior).simplify(STRAIGHT_M) for part in parts_of(back)]
    return MultiPolygon([part for part in whole if part.area >= SMALLEST_BUILDING_M2])


def rooms_between(
    walls: Sequence[Strip],
    areas: Sequence[Polygon],
    closed: Sequence[Polygon],
    hull: Polygon | MultiPolygon,
    storey: str,
    role: str,
    report: Report,
    taken: set[str],
) -> list[PlanRoom]:
    """The rooms between the faces of walls.

    Parameters
    ----------
    walls : sequence of Strip
    areas : sequence of Polygon
        Walls as they were drawn, where they were drawn filled.
    closed : sequence of Polygon
        Doorways and other gaps that let people through but end a room.
    hull : Polygon or MultiPolygon
        What the storey covers.
    storey, role : str
        What the ids begin with, and what is to happen to the rooms.
    report : Report
    taken : set of str
        Ids in use; grows.

    Returns
    -------
    list of PlanRoom
        Outlines on the faces of the walls.
    """
    solid = unary_union([*(wall.area for wall in walls), *areas, *closed]).buffer(1e-3)
    free = shapely.difference(hull, solid)
    found = []
    for part in parts_of(free):
        # Opened by a centimetre: no needles between walls that meet at a slant.
        bare = part.buffer(-NEEDLE_M, join_style="mitre").buffer(NEEDLE_M + 1e-3, join_style="mitre")
        room = max(parts_of(bare), key=lambda one: one.area, default=Polygon()).simplify(STRAIGHT_M)
        core = part.buffer(-NARROWEST_ROOM_M / 2)
        if room.area < SMALLEST_ROOM_M2 or core.is_empty or not isinstance(room, Polygon):
            continue
        found.append(room)
    if len(found) > MOST_ROOMS:
        found = sorted(found, key=lambda room: -room.area)[:MOST_ROOMS]
        report.add(storey, None, "rooms", f"more than {MOST_ROOMS:,} rooms between the walls; the largest were taken")
    rooms = []
    for room in sorted(found, key=lambda one: (round(one.centroid.y, 1), round(one.centroid.x, 1))):
        at = room.representative_point()
        name = name_of("room", storey, (at.x, at.y), (room.area, room.length), taken)
        rooms.append(PlanRoom(name, room, role))
        report.add(storey, (at.x, at.y), name, f"room of {room.area:.1f} m² found between walls; role {role} assumed")
    return rooms
