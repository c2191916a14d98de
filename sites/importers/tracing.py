"""A plan traced over a picture becomes a site: rooms given as polygons in pixels, walls where rooms end.

Every edge of a room is a wall: inner where another room lies behind it, outer where none does. What is not on the
plan (masts, heights, what walls are made of) is asked for or assumed, and the site's notes say so.
"""

from __future__ import annotations

import datetime as dt
import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry import LineString, MultiPoint, Point, Polygon
from shapely.ops import linemerge, unary_union

from quietwing.sites.errors import SiteError
from quietwing.sites.findings import clean
from quietwing.sites.frames import Frame
from quietwing.sites.importers.reading import rechecked
from quietwing.sites.model import Building, Opening, Perimeter, Room, Site, Slab, Storey, Wall
from quietwing.sites.networks import typical_sectors
from quietwing.sites.quantities import OpeningState, Role
from quietwing.sites.synthetic import homes

__all__ = [
    "ScaleLine",
    "TraceChoices",
    "TracedOpening",
    "TracedRoom",
    "import_tracing",
    "metres_per_pixel",
    "traced_site",
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
class ScaleLine:
    """Two points of the picture and the real distance between them. [m]"""

    first_px: Xy
    second_px: Xy
    distance_m: float


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


def import_tracing(
    rooms: Sequence[TracedRoom],
    openings: Sequence[TracedOpening],
    scale: ScaleLine,
    height_px: int,
    choices: TraceChoices | None = None,
    near: Path | None = None,
) -> Site:
    """The checked site of a plan traced over a picture; the same plan on every storey.

    Parameters
    ----------
    rooms : sequence of TracedRoom
        Of one building: all touch. Corners that nearly line up (0.3 m) are put in line.
    openings : sequence of TracedOpening
        Windows and doors on or near a wall; more are placed where `choices` asks for them.
    scale : ScaleLine
    height_px : int
        Height of the picture: its lower left corner is the origin.
    choices : TraceChoices, optional
        What the picture does not show; the usual ones without it.
    near : Path, optional
        The folder the site is written in for a moment, to be read through the checks.

    Returns
    -------
    Site
        Local grid, the picture's up at ``bearing_deg``; typical masts, marked assumed.

    Raises
    ------
    SiteError
        With the problems of the scale, else of rooms, else of windows and doors, else of the checks.
    """
    scale_m = metres_per_pixel(scale.first_px, scale.second_px, scale.distance_m)
    try:
        return rechecked(traced_site(rooms, openings, scale_m, height_px, choices or TraceChoices()), near)
    except SiteError:
        raise
    except ValueError as error:  # a name or length the model refuses
        raise SiteError([line.strip() for line in str(error).splitlines()[:3]]) from error


def metres_per_pixel(first_px: Xy, second_px: Xy, distance_m: float) -> float:
    """The scale of a plan from two points and the real distance between them. [m]

    Raises
    ------
    SiteError
        If the points are too near each other or the distance is none.
    """
    apart_px = math.dist(first_px, second_px)
    if not apart_px >= 5:
        raise SiteError("Scale: the two points are the same or nearly so; choose two that lie far apart")
    if not 0.1 <= distance_m <= 5000:
        raise SiteError(f"Scale: the distance is {distance_m:g} m (expected 0.1 to 5,000 m); give it in metres")
    return distance_m / apart_px


def traced_site(
    rooms: Sequence[TracedRoom],
    openings: Sequence[TracedOpening],
    scale_m: float,
    height_px: int,
    choices: TraceChoices,
) -> Site:
    """The site of a traced plan, not yet checked; the same plan on every storey.

    Parameters
    ----------
    rooms : sequence of TracedRoom
    openings : sequence of TracedOpening
    scale_m : float
        Metres per pixel.
    height_px : int
        Height of the picture: its lower left corner is the origin.
    choices : TraceChoices

    Returns
    -------
    Site
        Local grid, the picture's up at `bearing_deg`; typical masts, marked assumed.

    Raises
    ------
    SiteError
        With every problem of rooms, windows and doors.
    """
    outlines = _outlines(rooms, scale_m, height_px)
    whole = unary_union(list(outlines.values()))
    if not isinstance(whole, Polygon):
        raise SiteError(
            "Rooms: they do not all touch, so they are no one building; trace the corridor between them too, or "
            "trace one building at a time"
        )
    outside = Polygon(whole.exterior)
    walls = _walls(outlines, outside)
    cuts = _cuts(rooms, openings, outlines, walls, scale_m, height_px, choices)
    return _assembled(rooms, outlines, outside, walls, cuts, choices)


def _outlines(rooms: Sequence[TracedRoom], scale_m: float, height_px: int) -> dict[str, Polygon]:
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
class _Stretch:
    """A straight stretch of wall in the picture's own grid."""

    line: LineString
    outer: bool


def _walls(outlines: dict[str, Polygon], outside: Polygon) -> list[_Stretch]:
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
                found += [_Stretch(straight, outer) for straight in _straight_parts(line)]
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
class _Cut:
    name: str
    kind: str
    wall: int
    line: LineString


def _cuts(
    rooms: Sequence[TracedRoom],
    openings: Sequence[TracedOpening],
    outlines: dict[str, Polygon],
    walls: list[_Stretch],
    scale_m: float,
    height_px: int,
    choices: TraceChoices,
) -> list[_Cut]:
    """Windows and doors on their walls: those traced, then one for each cell that has none."""
    problems: list[str] = []
    cuts: list[_Cut] = []
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
    for room in rooms:
        own = outlines[room.id].exterior
        if room.role == "silence" and choices.windows_for_all and not _has(cuts, "window", own):
            stretch = _longest(own.intersection(wall.line) for wall in walls if wall.outer)
            if stretch is not None:
                width_m = min(choices.window_width_m, stretch.length - 0.3)
                _place(cuts, f"{room.id}-window", "window", stretch.interpolate(0.5, normalized=True), width_m, walls)
        if choices.doors_for_all and not _has(cuts, "door", own):
            beside = sorted((name for name in outlines if name != room.id), key=lambda name: -neighbours[name])
            shared = (_longest([own.intersection(outlines[name].exterior)]) for name in beside)
            stretch = next((one for one in shared if one is not None and one.length > DOOR_M + 0.2), None)
            if stretch is not None:
                _place(cuts, f"{room.id}-door", "door", stretch.interpolate(0.5, normalized=True), DOOR_M, walls)
    return cuts


def _has(cuts: list[_Cut], kind: str, ring: shapely.LinearRing) -> bool:
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


def _place(cuts: list[_Cut], name: str, kind: str, at: Point, width_m: float, walls: list[_Stretch]) -> str:
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
    cuts.append(_Cut(name, kind, nearest, LineString([(round(end.x, 3), round(end.y, 3)) for end in ends])))
    return ""


def _assembled(
    rooms: Sequence[TracedRoom],
    outlines: dict[str, Polygon],
    outside: Polygon,
    walls: list[_Stretch],
    cuts: list[_Cut],
    choices: TraceChoices,
) -> Site:
    """The same storey as often as there are storeys, turned to the compass."""
    frame = Frame(bearing_deg=choices.bearing_deg, quarter_turns=1)  # u east, v north of the picture
    height_m = choices.storey_height_m
    prefixes = [f"{number + 1}-" if choices.storeys > 1 else "" for number in range(choices.storeys)]
    names = [f"wall-{number + 1}" for number in range(len(walls))]
    outline = frame.polygon(outside.exterior.coords[:-1])
    window = (choices.window_sill_m, round(choices.window_sill_m + choices.window_height_m, 3))
    heights = {"window": window, "door": (0.0, DOOR_HEAD_M)}
    makes: dict[str, tuple[str, OpeningState]] = {
        "window": (choices.window, choices.window_state),
        "door": (choices.door, "shut"),
    }
    west, south, east, north = outside.bounds
    around = choices.fence_distance_m
    fence = frame.rectangle(west - around, south - around, east + around, north + around)
    middle_m = frame.at((west + east) / 2, (south + north) / 2)
    return Site(
        name=choices.name,
        crs="local",
        marking=choices.marking,
        as_of=choices.as_of,
        buildings=(
            Building(
                "main",
                outline,
                tuple(
                    Storey(str(number + 1), round(number * height_m, 3), height_m)
                    for number in range(choices.storeys)
                ),
            ),
        ),
        walls=tuple(
            Wall(
                prefix + name,
                "main",
                storey,
                frame.line(*stretch.line.coords),
                choices.outer_wall if stretch.outer else choices.inner_wall,
            )
            for storey, prefix in enumerate(prefixes)
            for name, stretch in zip(names, walls, strict=True)
        ),
        openings=tuple(
            Opening(
                prefix + cut.name,
                prefix + names[cut.wall],
                "window" if cut.kind == "window" else "door",
                frame.line(*cut.line.coords),
                *heights[cut.kind],
                *makes[cut.kind],
            )
            for prefix in prefixes
            for cut in cuts
        ),
        slabs=(
            *(
                Slab(f"{prefix}floor", "main", outline, round(storey * height_m, 3), choices.floor)
                for storey, prefix in enumerate(prefixes)
            ),
            Slab("roof", "main", outline, round(choices.storeys * height_m, 3), choices.roof, "roof"),
        ),
        rooms=tuple(
            Room(prefix + room.id, "main", storey, frame.polygon(outlines[room.id].exterior.coords[:-1]), room.role)
            for storey, prefix in enumerate(prefixes)
            for room in rooms
        ),
        perimeter=Perimeter("perimeter", fence, 5.2, "weld_mesh_fence"),
        sectors=typical_sectors(choices.area, middle_m, fence),
        receptors=homes(
            Frame(bearing_deg=choices.bearing_deg), outside.bounds, choices.fence_distance_m, choices.homes_distance_m
        ),
        area=choices.area,  # type: ignore[arg-type]
        window_state=choices.window_state,
        description="Traced from a plan; masts, heights and constructions are assumed",
        notes=(
            "traced from a picture of a plan: walls stand where rooms end, good to about 0.3 m; heights and "
            "constructions were chosen, not surveyed",
        ),
    )
