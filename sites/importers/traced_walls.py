"""Rooms traced by hand become walls, windows and doors: corners put in line, every edge once, openings on their wall.

All in the picture's own grid, in metres with y upwards.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from shapely.geometry import LineString, MultiPoint, Point, Polygon
from shapely.ops import linemerge, unary_union

from quietwing.sites.errors import SiteError
from quietwing.sites.findings import clean
from quietwing.sites.quantities import OpeningState, Role

__all__ = [
    "DOOR_HEAD_M",
    "Cut",
    "Stretch",
    "TraceChoices",
    "TracedOpening",
    "TracedRoom",
    "cuts_of",
    "outlines_of",
    "walls_of",
]

SNAP_M = 0.3  # corners that nearly line up do line up: a hand on a picture is no better
PROBE_M = 0.1
ON_WALL_M = 1.0  # how far from a wall a window or door may have been clicked
JAMB_M = 0.05
SMALLEST_ROOM_M2 = 1.0
DOOR_M, DOOR_HEAD_M = 0.8, 2.0  # assumed, as in the bundled sites
Xy = tuple[float, float]


@dataclass(frozen=True)
class TracedRoom:
    """One room by its corners in pixels of the picture, y downwards."""

    id: str
    role: Role
    corners_px: tuple[Xy, ...]


@dataclass(frozen=True)
class TracedOpening:
    """A window or door clicked on or near a wall."""

    kind: str
    at_px: Xy
    width_m: float


@dataclass(frozen=True)
class TraceChoices:
    """What the picture does not show. Lengths in metres, the bearing in degrees."""

    name: str = "traced-site"
    marking: str = "OFFICIAL-SENSITIVE"
    as_of: dt.date = field(default_factory=dt.date.today)
    storeys: int = 1
    storey_height_m: float = 3.0
    bearing_deg: float = 0.0
    outer_wall: str = "precast_sandwich"
    inner_wall: str = "concrete_150"
    floor: str = "concrete_200"
    roof: str = "foil_roof"
    window: str = "glass_double"
    window_state: OpeningState = "open"
    window_width_m: float = 1.0
    window_height_m: float = 1.0
    window_sill_m: float = 1.0
    door: str = "steel_cell_door"
    windows_for_all: bool = True
    doors_for_all: bool = True
    fence_distance_m: float = 40.0
    homes_distance_m: float = 60.0
    area: str = "suburban"


def outlines_of(rooms: Sequence[TracedRoom], scale_m: float, height_px: int) -> dict[str, Polygon]:
    """Rooms in metres, their corners lined up with each other."""
    problems = []
    if not rooms:
        raise SiteError("Rooms: none is traced; click at least three corners of each room")
    for room in rooms:
        if len(set(room.corners_px)) < 3:
            problems.append(f"Room {clean(room.id)}: has {len(set(room.corners_px))} corners; give at least three")
    if problems:
        raise SiteError(problems)
    corners = {
        room.id: np.array([(x * scale_m, (height_px - y) * scale_m) for x, y in room.corners_px]) for room in rooms
    }
    lined = [_lined_up(np.concatenate([points[:, axis] for points in corners.values()])) for axis in (0, 1)]
    found: dict[str, Polygon] = {}
    start = 0
    for name, points in corners.items():
        part = slice(start, start + len(points))
        start = part.stop
        ring = list(dict.fromkeys(zip(lined[0][part].tolist(), lined[1][part].tolist(), strict=True)))
        outline = Polygon(ring) if len(ring) > 2 else Polygon()
        if outline.is_empty or not outline.is_valid or outline.area < SMALLEST_ROOM_M2:
            problems.append(
                f"Room {clean(name)}: its corners enclose no proper room ({outline.area:.1f} m²); give them in order "
                f"around the room"
            )
        found[name] = outline
    if problems:
        raise SiteError(problems)
    everywhere = MultiPoint([place for outline in found.values() for place in outline.exterior.coords])
    # where a corner of one room meets the edge of another, that edge gets a corner there too
    return {
        name: shapely.set_precision(shapely.snap(one, everywhere, SNAP_M / 2), 1e-3) for name, one in found.items()
    }


def _lined_up(values_m: np.ndarray) -> np.ndarray:
    """Coordinates that differ by less than `SNAP_M` made equal, to 1 mm."""
    order = np.argsort(values_m, kind="stable")
    out = values_m.copy()
    first = 0
    for at in range(1, len(order) + 1):
        if at == len(order) or values_m[order[at]] - values_m[order[first]] > SNAP_M:
            out[order[first:at]] = round(float(values_m[order[first:at]].mean()), 3)
            first = at
    return out


@dataclass(frozen=True)
class Stretch:
    """A straight stretch of wall in the picture's own grid."""

    line: LineString
    outer: bool


def walls_of(outlines: dict[str, Polygon], outside: Polygon) -> list[Stretch]:
    """Every edge once, straight stretches as long as they go."""
    pieces: dict[bool, list[LineString]] = {True: [], False: []}
    noded = unary_union([outline.exterior for outline in outlines.values()])
    for line in getattr(noded, "geoms", [noded]):
        for start, end in itertools.pairwise(line.coords):
            piece = LineString([start, end])
            if piece.length < 1e-3:
                continue
            pieces[not all(outside.contains(point) for point in _both_sides(piece))].append(piece)
    found = []
    for outer, lines in pieces.items():
        merged = linemerge(lines) if len(lines) > 1 else (lines[0] if lines else LineString())
        for line in getattr(merged, "geoms", [merged]):
            if not line.is_empty:
                found += [Stretch(straight, outer) for straight in _straight_parts(line)]
    return found


def _both_sides(piece: LineString) -> tuple[Point, Point]:
    (x0, y0), (x1, y1) = piece.coords[0], piece.coords[-1]
    nx, ny = (y0 - y1) / piece.length * PROBE_M, (x1 - x0) / piece.length * PROBE_M
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    return Point(x + nx, y + ny), Point(x - nx, y - ny)


def _straight_parts(line: LineString) -> list[LineString]:
    """A line cut where it bends."""
    simple = line.simplify(2e-3)
    coords = list(simple.coords)
    if simple.is_ring and len(coords) > 3:
        # a ring may begin in the middle of a straight wall
        turned = LineString([*coords[1:], coords[1]]).simplify(2e-3)
        coords = list(turned.coords)
    return [LineString([a, b]) for a, b in itertools.pairwise(coords) if a != b]


@dataclass(frozen=True)
class Cut:
    name: str
    kind: str
    wall: int
    line: LineString


def cuts_of(
    rooms: Sequence[TracedRoom],
    openings: Sequence[TracedOpening],
    outlines: dict[str, Polygon],
    walls: list[Stretch],
    scale_m: float,
    height_px: int,
    choices: TraceChoices,
) -> list[Cut]:
    """Windows and doors on their walls: those traced, then one for each cell that has none."""
    problems: list[str] = []
    cuts: list[Cut] = []
    for number, traced in enumerate(openings, 1):
        at = Point(traced.at_px[0] * scale_m, (height_px - traced.at_px[1]) * scale_m)
        name = f"{traced.kind}-{number}"
        fault = _place(cuts, name, traced.kind, at, traced.width_m, walls)
        if fault:
            problems.append(f"Windows and doors, row {number}: {fault}")
    if problems:
        raise SiteError(problems)
    neighbours = {
        name: sum(outline.exterior.intersection(other.exterior).length > 0.5 for other in outlines.values())
        for name, outline in outlines.items()
    }
    cells = {room.id for room in rooms if room.role == "silence"}
    for room in rooms:
        own = outlines[room.id].exterior
        if room.role == "silence" and choices.windows_for_all and not _has(cuts, "window", own):
            stretch = _longest(own.intersection(wall.line) for wall in walls if wall.outer)
            if stretch is not None:
                width_m = min(choices.window_width_m, stretch.length - 0.3)
                _place(cuts, f"{room.id}-window", "window", stretch.interpolate(0.5, normalized=True), width_m, walls)
        if choices.doors_for_all and not _has(cuts, "door", own):
            beside = sorted(
                (name for name in outlines if name != room.id), key=lambda name: (-neighbours[name], name in cells)
            )  # a corridor has most neighbours; where a cell has as many, the door is not to that cell
            shared = (_longest([own.intersection(outlines[name].exterior)]) for name in beside)
            stretch = next((one for one in shared if one is not None and one.length > DOOR_M + 0.2), None)
            if stretch is not None:
                _place(cuts, f"{room.id}-door", "door", stretch.interpolate(0.5, normalized=True), DOOR_M, walls)
    return cuts


def _has(cuts: list[Cut], kind: str, ring: shapely.LinearRing) -> bool:
    return any(cut.kind == kind and ring.distance(cut.line.interpolate(0.5, normalized=True)) < 0.01 for cut in cuts)


def _longest(shapes: Iterable[shapely.Geometry]) -> LineString | None:
    """The longest straight stretch among lines that may be in pieces."""
    lines = []
    for shape in shapes:
        parts = [part for part in getattr(shape, "geoms", [shape]) if isinstance(part, LineString) and part.length]
        if parts:
            merged = linemerge(parts) if len(parts) > 1 else parts[0]
            for line in getattr(merged, "geoms", [merged]):
                lines += _straight_parts(line)
    return max((line for line in lines if line.length > 0.5), key=lambda line: line.length, default=None)


def _place(cuts: list[Cut], name: str, kind: str, at: Point, width_m: float, walls: list[Stretch]) -> str:
    """Put an opening on the nearest wall; what is wrong with that, or nothing."""
    candidates = [index for index, wall in enumerate(walls) if wall.outer or kind != "window"]
    nearest = min(candidates, key=lambda index: walls[index].line.distance(at))
    line = walls[nearest].line
    away_m = line.distance(at)
    if away_m > ON_WALL_M:
        where = "outer wall" if kind == "window" else "wall"
        return f"lies {away_m:.1f} m from the nearest {where}; click on the wall"
    if not 0.2 <= width_m <= line.length - 2 * JAMB_M:
        return (
            f"is {width_m:.2f} m wide in a wall of {line.length:.2f} m (expected 0.2 m to 0.1 m less than the wall)"
        )
    middle = min(max(line.project(at), width_m / 2 + JAMB_M), line.length - width_m / 2 - JAMB_M)
    ends = [line.interpolate(middle + side * width_m / 2) for side in (-1, 1)]
    cuts.append(Cut(name, kind, nearest, LineString([(round(end.x, 3), round(end.y, 3)) for end in ends])))
    return ""
