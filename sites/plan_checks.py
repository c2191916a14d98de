"""Geometry that only the whole plan can judge: size, place, walls counted twice, openings off their wall."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from quietwing.sites.draft import Draft
from quietwing.sites.findings import MOST_ALIKE, Findings, Unreadable, shown
from quietwing.sites.model import Building, Room, Wall
from quietwing.sites.near_pairs import near_groups
from quietwing.sites.opening_checks import check_openings

__all__ = ["check_plan"]

SMALLEST_SITE_M = 20.0
LARGEST_SITE_M = 5_000.0
FARTHEST_FEATURE_M = 5_000.0  # from the perimeter: receptors and levels, not masts
FARTHEST_MAST_M = 100_000.0  # beyond the radio horizon of any mast
OUTLINE_SLACK_M = 0.5  # outlines are drawn to outer faces here, mid-lines there
SLAB_SLACK_M = 2.0  # eaves
MOST_CROSSINGS = 10_000  # of two outlines: each crossing may begin a piece of what they share, of some kilobytes
MOST_OUTLINE_VERTICES = 2_000  # of the perimeter or a building: its rim is widened, which takes the square of it
MOST_OUTLINES_VERTICES = 20_000  # of all of them
MOST_COMPARED_VERTICES = (
    1_000_000  # of all outlines laid on each other, counted anew for each pair; a campus has 20,000
)
FEW_VERTICES = 200  # outlines that together have no more cross in few places
ROOM_OVERLAP_M2 = 0.1
ROOM_OVERLAP_SHARE = 0.02
SAME_LINE_M = 0.02  # walls nearer than this along an edge are one wall drawn twice
SAME_HEIGHT_M = 0.01  # walls that share no more height than this lie above each other
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
    near_enough = _check_places(draft, findings)
    steps = [(_check_rooms, "rooms"), (_drop_walls, "walls"), (_check_double_walls, "walls"), (_note_gaps, "walls")]
    if near_enough and _check_outlines(draft, findings):
        steps.insert(0, (_check_containment, "rooms"))
    for step, layer in steps:
        try:
            step(draft, findings)
        except Unreadable as error:
            findings.problem(draft.files[layer], "", str(error))
            break
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


def _check_outlines(draft: Draft, findings: Findings) -> bool:
    """Perimeter and buildings have no more corners than can be told inside from outside in a moment."""
    total = 0
    for layer, records in (("perimeter", draft.perimeter), ("buildings", draft.buildings)):
        for record in records:
            count = int(shapely.count_coordinates(record.outline))
            total += count
            if count > MOST_OUTLINE_VERTICES:
                what = f"its outline has {count:,} vertices (limit {MOST_OUTLINE_VERTICES:,}); simplify it"
            elif total > MOST_OUTLINES_VERTICES:
                what = (
                    f"outlines up to here have {total:,} vertices (limit {MOST_OUTLINES_VERTICES:,}); simplify them"
                )
            else:
                continue
            findings.problem(draft.files[layer], record.id, what)
            return False
    return True


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
    compared = 0
    for yard, own in _lying_upon(yards, draft.buildings):
        room, building = yards[yard], draft.buildings[own]
        compared = _compared(compared, room, building)
        if _tangled(room.outline, building.outline):
            findings.problem(draft.files["rooms"], room.id, _tangle(f"building {shown(building.id)}"))
            continue
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
    compared = 0
    for one, other in _room_pairs(by_storey.values()):
        if len(findings.problems) - before > MOST_ALIKE:
            return
        compared = _compared(compared, one, other)
        if _tangled(one.outline, other.outline):
            findings.problem(draft.files["rooms"], one.id, _tangle(f"room {shown(other.id)}"))
            continue
        shared_m2 = float(one.outline.intersection(other.outline).area)
        if shared_m2 > max(ROOM_OVERLAP_M2, ROOM_OVERLAP_SHARE * min(one.outline.area, other.outline.area)):
            findings.problem(
                draft.files["rooms"],
                one.id,
                f"overlaps room {shown(other.id)} by {shared_m2:.1f} m² on the same storey; correct one outline",
            )


def _lying_upon(some: Sequence[Room], others: Sequence[Room | Building]) -> Iterator[tuple[int, int]]:
    """Pairs that may share more than a sliver: the boxes round two outlines share no less than they do themselves."""
    if not some or not others:
        return
    outlines, other_outlines = ([one.outline for one in group] for group in (some, others))
    ids = [room.id for room in some], [other.id for other in others]
    boxes, other_boxes = shapely.bounds(outlines), shapely.bounds(other_outlines)
    for first, second in near_groups(outlines, other_outlines, 0.0, ids):
        one, other = boxes[first], other_boxes[second]
        sides_m = np.minimum(one[:, 2:], other[:, 2:]) - np.maximum(one[:, :2], other[:, :2])
        upon = np.maximum(sides_m, 0.0).prod(axis=1) > ROOM_OVERLAP_M2
        if some is others:
            upon &= first < second
        yield from zip(first[upon].tolist(), second[upon].tolist(), strict=True)


def _compared(before: int, one: Room, other: Room | Building) -> int:
    """Vertices looked at so far, these two outlines included; raises where they become too many."""
    now = before + int(shapely.count_coordinates(one.outline) + shapely.count_coordinates(other.outline))
    if now > MOST_COMPARED_VERTICES:
        raise Unreadable(
            f"outlines that lie on each other have over {MOST_COMPARED_VERTICES:,} vertices, counted pair by pair, "
            f"{shown(one.id)} and {shown(other.id)} the last looked at; draw each room once and with fewer vertices"
        )
    return now


def _tangled(one: Polygon, other: Polygon) -> bool:
    """Whether two outlines cross too often for what they share to be worked out: combs laid across each other."""
    if shapely.count_coordinates(one) + shapely.count_coordinates(other) <= FEW_VERTICES:
        return False
    sides = [_sides(shape) for shape in (one, other)]
    crossings = 0
    for first, _ in near_groups(sides[0], sides[1], 0.0):
        crossings += len(first)
        if crossings > MOST_CROSSINGS:
            return True
    return False


def _sides(shape: Polygon) -> list[BaseGeometry]:
    """All straight parts of an outline and its holes."""
    coords, ring = shapely.get_coordinates(shapely.get_rings(shape), return_index=True)
    follows = ring[1:] == ring[:-1]
    return list(shapely.linestrings(np.stack([coords[:-1], coords[1:]], axis=1)[follows]))


def _tangle(what: str) -> str:
    return f"its outline meets that of {what} at over {MOST_CROSSINGS:,} places; simplify one of the two outlines"


def _room_pairs(storeys: Iterable[list[Room]]) -> Iterator[tuple[Room, Room]]:
    """Rooms of one storey that may overlap, each pair once."""
    for rooms in storeys:
        for a, b in _lying_upon(rooms, rooms):
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


def _segments(walls: list[Wall]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Straight parts of all walls: the place of its wall, shape (part,), and both ends, shape (part, 2, 2). [m]"""
    coords, wall = shapely.get_coordinates([wall.line for wall in walls], return_index=True)
    follows = (wall[1:] == wall[:-1]) & (coords[1:] != coords[:-1]).any(axis=1)
    return wall[:-1][follows], np.stack([coords[:-1], coords[1:]], axis=1)[follows]


def _check_double_walls(draft: Draft, findings: Findings) -> None:
    """No stretch of wall is drawn twice: a ray through it would lose twice."""
    if not draft.walls:
        return
    of, ends_m = _segments(draft.walls)
    lines = list(shapely.linestrings(ends_m))
    ids = [draft.walls[place].id for place in of.tolist()]
    ranges_m = np.array([draft.height_range_m(wall) or (np.nan, np.nan) for wall in draft.walls])
    told: set[tuple[int, int]] = set()
    for a, b in near_groups(lines, lines, SAME_LINE_M, (ids, ids)):
        one, other = ranges_m[of[a]], ranges_m[of[b]]
        tall_m = np.minimum(one[:, 1], other[:, 1]) - np.maximum(one[:, 0], other[:, 0])
        wanted = (a < b) & (tall_m > SAME_HEIGHT_M)  # not where a height is unknown
        a, b = a[wanted], b[wanted]
        shared_m = _shared_length_m(ends_m[a], ends_m[b])
        for pair in np.flatnonzero(shared_m > OVERLAP_M).tolist():
            if len(told) > MOST_ALIKE:
                return
            first, second = sorted((int(of[a[pair]]), int(of[b[pair]])))
            if (first, second) in told:
                continue
            told.add((first, second))
            names = draft.walls[int(of[a[pair]])].id, draft.walls[int(of[b[pair]])].id
            what = f"runs along wall {shown(names[1])}" if names[0] != names[1] else "runs back along itself"
            findings.problem(
                draft.files["walls"],
                names[0],
                f"{what} for {shared_m[pair]:.2f} m and would be counted twice; shorten or delete one of them",
            )


def _shared_length_m(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Length over which each second segment runs along the first, within `SAME_LINE_M`; ends as (pair, 2, 2)."""
    along = one[:, 1] - one[:, 0]
    length = np.hypot(along[:, 0], along[:, 1])
    unit = along / length[:, None]
    from_start = other - one[:, :1]
    s = np.einsum("pek,pk->pe", from_start, unit)
    t = from_start[:, :, 1] * unit[:, None, 0] - from_start[:, :, 0] * unit[:, None, 1]
    swapped = s[:, 0] > s[:, 1]
    s[swapped], t[swapped] = s[swapped, ::-1], t[swapped, ::-1]
    low, high = np.maximum(0.0, s[:, 0]), np.minimum(length, s[:, 1])
    shared = high > low
    slope = (t[:, 1] - t[:, 0]) / np.where(shared, s[:, 1] - s[:, 0], 1.0)
    sides = [np.abs(t[:, 0] + slope * (place - s[:, 0])) for place in (low, high)]
    beside = np.maximum(*sides) <= SAME_LINE_M
    return np.where(shared & beside, high - low, 0.0)


def _note_gaps(draft: Draft, findings: Findings) -> None:
    """Ends of walls that stop just short of another wall: the signal passes through the slit."""
    by_storey: dict[tuple[str, int], list[Wall]] = defaultdict(list)
    for wall in draft.walls:
        by_storey[wall.building, wall.storey].append(wall)
    gaps: list[str] = []
    for walls in by_storey.values():
        lines = [wall.line for wall in walls]
        shapes = np.array(lines, dtype=object)
        places = np.stack([shapely.get_point(shapes, 0), shapely.get_point(shapes, -1)], axis=1).ravel()
        ends = list(places)
        ids = [wall.id for wall in walls]
        for end, line in near_groups(ends, lines, GAP_M, ([name for name in ids for _ in range(2)], ids)):
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
