"""Geometry that only the whole plan can judge: size, place, walls counted twice, openings off their wall."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

from quietwing.sites.draft import Draft
from quietwing.sites.findings import MOST_ALIKE, Findings, Unreadable, shown
from quietwing.sites.model import Room, Wall
from quietwing.sites.near_pairs import near_groups, near_pairs
from quietwing.sites.opening_checks import check_openings

__all__ = ["check_plan"]

SMALLEST_SITE_M = 20.0
LARGEST_SITE_M = 5_000.0
FARTHEST_FEATURE_M = 5_000.0  # from the perimeter: receptors and levels, not masts
FARTHEST_MAST_M = 100_000.0  # beyond the radio horizon of any mast
OUTLINE_SLACK_M = 0.5  # outlines are drawn to outer faces here, mid-lines there
SLAB_SLACK_M = 2.0  # eaves
ROOM_OVERLAP_M2 = 0.1
ROOM_OVERLAP_SHARE = 0.02
SAME_LINE_M = 0.02  # walls nearer than this along an edge are one wall drawn twice
OVERLAP_M = 0.1
JOINED_M = 1e-3
SAME_PLACE_M = 1e-6  # what coordinates of a British grid resolve
GAP_M = 0.1  # assumption A58: 1 mm to 10 cm is a slip of the drawing
MOST_GAPS_LISTED = 10


def check_plan(draft: Draft, findings: Findings) -> None:
    """All checks of the plan; walls that are dropped leave the draft.

    Parameters
    ----------
    draft : Draft
        Features that are sound by themselves.
    findings : Findings
        Receives problems, notes and dropped walls.
    """
    if not _check_perimeter(draft, findings):
        return
    try:
        if _check_places(draft, findings):
            _check_containment(draft, findings)
        _check_rooms(draft, findings)
        _drop_walls(draft, findings)
        _check_double_walls(draft, findings)
        _note_gaps(draft, findings)
    except Unreadable as error:
        findings.problem("plan", "", str(error))
    check_openings(draft, findings)


def _check_perimeter(draft: Draft, findings: Findings) -> bool:
    """One perimeter of a plausible size; without it nothing else can be judged."""
    file = draft.files["perimeter"]
    if len(draft.perimeter) != 1:
        if not findings.refused["perimeter"] and "perimeter" not in findings.unread:
            findings.problem(file, "", f"holds {len(draft.perimeter)} perimeters (expected 1); keep one polygon")
        return False
    perimeter = draft.perimeter[0]
    west, south, east, north = perimeter.outline.bounds
    width_m = max(east - west, north - south)
    if SMALLEST_SITE_M <= width_m <= LARGEST_SITE_M:
        return True
    if width_m < 1 and abs(west) <= 180 and abs(south) <= 90 and abs(east) <= 180 and abs(north) <= 90:
        fix = "this looks like longitude and latitude: save the layers in metres (EPSG:27700)"
    elif (stray := _stray_vertex(perimeter.outline)) is not None:
        fix = f"the vertex at ({stray[0]:,.1f}, {stray[1]:,.1f}) lies far from the others: correct or delete it"
    elif SMALLEST_SITE_M <= width_m / 1000 <= LARGEST_SITE_M:
        fix = "this looks like millimetres: scale the plan to metres"
    elif width_m < SMALLEST_SITE_M:
        fix = "this looks like another unit: scale the plan to metres"
    else:
        fix = "this looks like centimetres or feet: scale the plan to metres"
    findings.problem(file, perimeter.id, f"the site is {width_m:,.5g} m wide (plausible 20 m to 5 km); {fix}")
    return False


def _stray_vertex(outline: Polygon) -> tuple[float, float] | None:
    """The one vertex without which an outline would have a plausible size."""
    corners = shapely.get_coordinates(outline.exterior)[:-1]
    if len(corners) < 4:
        return None
    away = np.hypot(*(corners - np.median(corners, axis=0)).T)
    rest = np.delete(corners, int(away.argmax()), axis=0)
    width_m = float(np.ptp(rest, axis=0).max())
    if not SMALLEST_SITE_M <= width_m <= LARGEST_SITE_M:
        return None
    x, y = corners[int(away.argmax())].tolist()
    return x, y


def _shape(record: object) -> BaseGeometry:
    for key in ("outline", "line", "point"):
        if hasattr(record, key):
            shape: BaseGeometry = getattr(record, key)
            return shape
    raise TypeError(f"{type(record).__name__} has no geometry")


def _check_places(draft: Draft, findings: Findings) -> bool:
    """Nothing lies kilometres away from the perimeter."""
    outline = draft.perimeter[0].outline
    before = len(findings.problems)
    west, south, east, north = outline.bounds

    def check_place(file: str, name: str, bounds: tuple[float, float, float, float], limit_m: float) -> None:
        away_m = max(west - bounds[0], south - bounds[1], bounds[2] - east, bounds[3] - north)
        if away_m <= limit_m:
            return
        x = bounds[0] if west - bounds[0] > bounds[2] - east else bounds[2]
        y = bounds[1] if south - bounds[1] > bounds[3] - north else bounds[3]
        cx, cy = (west + east) / 2, (south + north) / 2
        fix = "correct that coordinate"
        if max(abs(y - cx), abs(x - cy)) <= limit_m:
            fix = "x and y look swapped: exchange them"
        elif abs(x) <= 180 and abs(y) <= 90:
            fix = "this looks like longitude and latitude: give metres"
        findings.problem(
            file, name, f"reaches ({x:,.1f}, {y:,.1f}), {away_m / 1000:,.1f} km from the perimeter; {fix}"
        )

    for layer, records in draft.layers():
        if layer in ("perimeter", "masts"):
            continue
        for record in records:
            check_place(draft.files[layer], str(getattr(record, "id", "")), _shape(record).bounds, FARTHEST_FEATURE_M)
    for sector in draft.masts:
        point = (sector.x_m, sector.y_m, sector.x_m, sector.y_m)
        check_place(draft.files["masts"], sector.id, point, FARTHEST_MAST_M)
        if shapely.contains_xy(outline, sector.x_m, sector.y_m):
            findings.note(f"masts: {sector.id}: stands inside the perimeter")
    for level in draft.outside_levels:
        point = (level.x_m, level.y_m, level.x_m, level.y_m)
        check_place(draft.files["outside_levels"], level.channel, point, FARTHEST_FEATURE_M)
    return len(findings.problems) == before


def _check_containment(draft: Draft, findings: Findings) -> None:
    """Buildings and rooms lie within the perimeter, rooms and slabs within their building."""
    allowed = draft.perimeter[0].outline.buffer(OUTLINE_SLACK_M)
    shapely.prepare(allowed)
    for building in draft.buildings:
        if not allowed.covers(building.outline):
            findings.problem(
                draft.files["buildings"], building.id, "lies outside the perimeter; move it or extend the perimeter"
            )
    room_limits = {b.id: b.outline.buffer(OUTLINE_SLACK_M) for b in draft.buildings}
    slab_limits = {b.id: b.outline.buffer(SLAB_SLACK_M) for b in draft.buildings}
    for limits in (room_limits, slab_limits):
        shapely.prepare(list(limits.values()))
    for room in draft.rooms:
        if not allowed.covers(room.outline):
            findings.problem(
                draft.files["rooms"], room.id, "lies outside the perimeter; move it or correct its outline"
            )
        elif room.building in room_limits and not room_limits[room.building].covers(room.outline):
            findings.problem(
                draft.files["rooms"],
                room.id,
                f"lies outside its building {shown(room.building)}; correct its outline or its building",
            )
    _check_yards(draft, findings)
    for slab in draft.slabs:
        if slab.building in slab_limits and not slab_limits[slab.building].covers(slab.outline):
            findings.problem(
                draft.files["slabs"],
                slab.id,
                f"lies outside its building {shown(slab.building)}; correct its outline or its building",
            )


def _check_yards(draft: Draft, findings: Findings) -> None:
    """A room of no building stands in the open, not inside one."""
    yards = [room for room in draft.rooms if room.building is None]
    pairs = near_pairs([yard.outline for yard in yards], [building.outline for building in draft.buildings], 0.0)
    for yard, own in pairs:
        room, building = yards[yard], draft.buildings[own]
        shared_m2 = float(room.outline.intersection(building.outline).area)
        if shared_m2 > max(ROOM_OVERLAP_M2, ROOM_OVERLAP_SHARE * room.outline.area):
            findings.problem(
                draft.files["rooms"],
                room.id,
                f"has no building but lies in {shown(building.id)} over {shared_m2:.1f} m²; "
                f"give its building and storey",
            )


def _check_rooms(draft: Draft, findings: Findings) -> None:
    """No two rooms of a storey share more than a sliver."""
    before = len(findings.problems)
    by_storey: dict[tuple[str | None, int], list[Room]] = defaultdict(list)
    for room in draft.rooms:
        by_storey[room.building, room.storey].append(room)
    for one, other in _room_pairs(by_storey.values()):
        if len(findings.problems) - before > MOST_ALIKE:
            return
        shared_m2 = float(one.outline.intersection(other.outline).area)
        if shared_m2 > max(ROOM_OVERLAP_M2, ROOM_OVERLAP_SHARE * min(one.outline.area, other.outline.area)):
            findings.problem(
                draft.files["rooms"],
                one.id,
                f"overlaps room {shown(other.id)} by {shared_m2:.1f} m² on the same storey; correct one outline",
            )


def _room_pairs(storeys: Iterable[list[Room]]) -> Iterator[tuple[Room, Room]]:
    """Rooms of one storey that touch, each pair once."""
    for rooms in storeys:
        outlines = [room.outline for room in rooms]
        for a, b in near_pairs(outlines, outlines, 0.0):
            if a < b:
                yield rooms[a], rooms[b]


def _drop_walls(draft: Draft, findings: Findings) -> None:
    """Walls of no length, and walls drawn twice exactly, which would be counted twice."""
    with_openings = Counter(opening.wall for opening in draft.openings)
    kept: dict[tuple[object, ...], Wall] = {}
    order: list[Wall] = []
    # Walls that openings refer to go first, so that their twins without openings are the ones left out.
    for wall in sorted(draft.walls, key=lambda wall: with_openings[wall.id] == 0):
        if wall.line.length < JOINED_M:
            findings.drop("walls", wall.id, "it has no length")
            continue
        coords = tuple(map(tuple, shapely.get_coordinates(wall.line).tolist()))
        key = (wall.building, draft.height_range_m(wall) or wall.storey, min(coords, coords[::-1]))
        twin = kept.get(key)
        if twin is None or with_openings[wall.id]:
            kept[key] = wall
            order.append(wall)
        elif twin.construction == wall.construction:
            findings.drop("walls", wall.id, f"it is the same as {shown(twin.id)}, counted once")
        else:
            order.append(wall)  # the overlap check names both
    remaining = {id(wall) for wall in order}
    draft.walls = [wall for wall in draft.walls if id(wall) in remaining]


@dataclass(frozen=True, slots=True)
class _Segment:
    wall: int
    start: NDArray[np.float64]
    end: NDArray[np.float64]


def _segments(walls: list[Wall]) -> list[_Segment]:
    found = []
    for index, wall in enumerate(walls):
        coords = shapely.get_coordinates(wall.line)
        found += [_Segment(index, a, b) for a, b in itertools.pairwise(coords) if (a != b).any()]
    return found


def _check_double_walls(draft: Draft, findings: Findings) -> None:
    """No stretch of wall is drawn twice: a ray through it would lose twice."""
    segments = _segments(draft.walls)
    lines = [LineString([segment.start, segment.end]) for segment in segments]
    ranges = [draft.height_range_m(wall) for wall in draft.walls]
    told: set[tuple[int, int]] = set()
    for a, b in near_pairs(lines, lines, SAME_LINE_M):
        if len(told) > MOST_ALIKE:
            return
        one, other = segments[a], segments[b]
        pair = (min(one.wall, other.wall), max(one.wall, other.wall))
        if a >= b or pair in told:
            continue
        range_a, range_b = ranges[one.wall], ranges[other.wall]
        if range_a is None or range_b is None or min(range_a[1], range_b[1]) - max(range_a[0], range_b[0]) <= 0.01:
            continue
        shared_m = _shared_length_m(one, other)
        if shared_m > OVERLAP_M:
            told.add(pair)
            names = draft.walls[one.wall].id, draft.walls[other.wall].id
            what = f"runs along wall {shown(names[1])}" if names[0] != names[1] else "runs back along itself"
            findings.problem(
                draft.files["walls"],
                names[0],
                f"{what} for {shared_m:.2f} m and would be counted twice; shorten or delete one of them",
            )


def _shared_length_m(one: _Segment, other: _Segment) -> float:
    """Length over which the second segment runs along the first, within `SAME_LINE_M`."""
    along = one.end - one.start
    length = float(np.hypot(*along))
    unit = along / length
    s = [(point - one.start) @ unit for point in (other.start, other.end)]
    t = [(point - one.start) @ np.array([-unit[1], unit[0]]) for point in (other.start, other.end)]
    if s[0] > s[1]:
        s, t = s[::-1], t[::-1]
    low, high = max(0.0, float(s[0])), min(length, float(s[1]))
    if high - low <= 0:
        return 0.0
    slope = (t[1] - t[0]) / (s[1] - s[0])
    sides = [abs(t[0] + slope * (place - s[0])) for place in (low, high)]
    return high - low if max(sides) <= SAME_LINE_M else 0.0


def _note_gaps(draft: Draft, findings: Findings) -> None:
    """Ends of walls that stop just short of another wall: the signal passes through the slit."""
    by_storey: dict[tuple[str, int], list[Wall]] = defaultdict(list)
    for wall in draft.walls:
        by_storey[wall.building, wall.storey].append(wall)
    gaps: list[str] = []
    for walls in by_storey.values():
        lines = [wall.line for wall in walls]
        ends = [Point(place) for line in lines for place in (line.coords[0], line.coords[-1])]
        places, shapes = np.array(ends, dtype=object), np.array(lines, dtype=object)
        for end, line in near_groups(ends, lines, GAP_M):
            other = line != end // 2
            at, wall = end[other], line[other]
            gap_m = shapely.distance(places[at], shapes[wall])
            # Nearest first, then the wall that is drawn first; all that an end is near to is in the same group.
            order = np.lexsort((wall, gap_m, at))
            first = order[np.unique(at[order], return_index=True)[1]]
            gaps += [
                f"walls: {walls[at[k] // 2].id} and {walls[wall[k]].id}: gap of {1000 * gap_m[k]:.0f} mm at "
                f"({ends[at[k]].x:.2f}, {ends[at[k]].y:.2f}), through which the signal passes"
                for k in first.tolist()
                if gap_m[k] >= JOINED_M - SAME_PLACE_M
            ]
    for gap in gaps[:MOST_GAPS_LISTED]:
        findings.note(gap)
    if len(gaps) > MOST_GAPS_LISTED:
        findings.note(f"walls: {len(gaps) - MOST_GAPS_LISTED} more gaps of 1 mm to 10 cm between ends of walls")
