"""What is drawn of one storey becomes walls, openings and rooms that fit each other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon
from shapely.ops import unary_union

from quietwing.sites.importers.plan_mapping import PlanMapping, by_thickness, role_of_room
from quietwing.sites.importers.plan_openings import long_axis, placed
from quietwing.sites.importers.plan_parts import Marker, PlanRoom, Report, StoreyPlan, Strip, Xy, name_of, parts_of
from quietwing.sites.importers.plan_rooms import hull_of, rooms_between
from quietwing.sites.importers.wall_bodies import bodies_of_faces
from quietwing.sites.importers.wall_joints import gaps_of, joined, settled
from quietwing.sites.importers.wall_strips import (
    piers_in_line,
    single_lines,
    strips_of_faces,
    strips_of_solid,
    without_overlaps,
)

__all__ = ["Drawn", "given_rooms", "storey_of"]

DOORWAY_M = 1.6  # a wider gap without a door joins two spaces to one room; assumed
FACING_M = 0.5
STRAIGHT = 0.6  # of the rectangle round it, for a symbol of one straight piece; assumed
FLUSH_M = 0.005  # of a hatch and the outline round it
_FIGURES = re.compile(r"[\d.,:+\-\s]*(?:m|m²|m2|m\^2|qm|sqm|sq ?m|sq ?ft|sf)?\.?\s*", re.IGNORECASE)


@dataclass(slots=True)
class Drawn:
    """What a drawing shows of one storey, in metres."""

    name: str
    solids: list[tuple[Polygon, str]] = field(default_factory=list)
    faces: list[tuple[NDArray[np.float64], str]] = field(default_factory=list)
    markers: list[Marker] = field(default_factory=list)
    rooms: list[PlanRoom] = field(default_factory=list)
    outline: list[Polygon] = field(default_factory=list)
    voids: list[Polygon] = field(default_factory=list)
    names: list[tuple[Xy, str]] = field(default_factory=list)  # texts that name the room they stand in

    @property
    def extent(self) -> list[Any]:
        """Everything that shows how large the plan is: its walls, else its rooms."""
        faces = [shapely.multilinestrings(ends) for ends, _ in self.faces if len(ends)]
        return [*(solid for solid, _ in self.solids), *faces] or [room.outline for room in self.rooms]


def storey_of(drawn: Drawn, floor_m: float, height_m: float, mapping: PlanMapping, report: Report) -> StoreyPlan:
    """One storey as a site wants it.

    Parameters
    ----------
    drawn : Drawn
    floor_m, height_m : float
        Of the storey, above the ground. [m]
    mapping : PlanMapping
    report : Report
        Receives what was guessed.

    Returns
    -------
    StoreyPlan
    """
    taken: set[str] = set()
    drawn = _with_bodies(drawn)
    strips = _strips(drawn, mapping, report) + _stretches(drawn)
    strips = without_overlaps(joined(without_overlaps(strips), mapping.gap_m, drawn.name, report))
    # Once more: an end that was led on may now be near a wall it was too far from.
    strips = without_overlaps(settled(joined(strips, mapping.gap_m, drawn.name, report)))
    strips = [
        replace(
            strip,
            id=name_of("wall", drawn.name, strip.start, strip.end, taken),
            construction=by_thickness(strip.construction, strip.thickness_m),
        )
        for strip in strips
    ]
    strips, stretches = _made_of_neighbours(strips)
    gaps = gaps_of(strips)
    if not drawn.markers:
        what = "no layer or block was taken as doors or windows; if they are drawn, say where in [layers] or [blocks]"
        report.add(drawn.name, None, "openings", what)
    heights = {kind: (low, min(high, height_m)) for kind, (low, high) in mapping.heights_m.items()}
    walls, cuts = placed(drawn.markers, strips, gaps, drawn.name, report, heights, taken, stretches)
    areas = [solid for solid, _ in drawn.solids]
    filled = {(wall.start, wall.end) for wall in walls[len(strips) :]}
    doorways = []
    for gap in gaps:
        if (gap.start, gap.end) not in filled and gap.width_m <= DOORWAY_M:
            doorways.append(Strip(gap.start, gap.end, gap.thickness_m, gap.construction).area)
            middle = (gap.start[0] + gap.end[0]) / 2, (gap.start[1] + gap.end[1]) / 2
            report.add(drawn.name, middle, "gap", f"{gap.width_m:.2f} m wide without a door: left open, ends a room")
    everything = [*areas, *(wall.area for wall in walls), *(room.outline for room in drawn.rooms)]
    outline = MultiPolygon(parts_of(unary_union(drawn.outline))) if drawn.outline else hull_of(everything)
    rooms = given_rooms(drawn.rooms, outline, drawn.name, report)
    blocked = [*areas, *(room.outline for room in rooms)]
    rooms += rooms_between(walls, blocked, doorways, outline, drawn.name, mapping.role, report, taken)
    rooms = _named(rooms, drawn.names, mapping.role)
    report.counts.setdefault("storeys", []).append(
        {
            "name": drawn.name,
            "floor_m": floor_m,
            "wall_polygons": len(drawn.solids),
            "drawn_doors": sum(marker.kind == "door" for marker in drawn.markers),
            "drawn_windows": sum(marker.kind == "window" and not marker.hint for marker in drawn.markers),
            "walls": len(walls),
            "doors": sum(cut.kind == "door" for cut in cuts),
            "windows": sum(cut.kind == "window" for cut in cuts),
            "rooms": len(rooms),
        }
    )
    return StoreyPlan(
        drawn.name,
        floor_m,
        height_m,
        tuple(walls),
        tuple(cuts),
        tuple(rooms),
        outline,
        mapping.floor,
        mapping.roof,
        tuple(drawn.voids),
    )


def _named(rooms: Sequence[PlanRoom], names: Sequence[tuple[Xy, str]], role: str) -> list[PlanRoom]:
    """Rooms with the first text in them that is no number and no area."""
    told = [(shapely.Point(at), text) for at, text in names if not _FIGURES.fullmatch(text)]
    found = []
    for room in rooms:
        said = "" if room.name else next((text for at, text in told if room.outline.contains(at)), "")
        found.append(replace(room, name=said, role=role_of_room(said, role)) if said else room)
    return found


def _with_bodies(drawn: Drawn) -> Drawn:
    """The same, with lines that close round a wall as that wall."""
    solids, faces = list(drawn.solids), []
    for ends, construction in drawn.faces:
        bodies, left = bodies_of_faces(ends)
        solids += [(body, construction) for body in bodies]
        faces.append((left, construction))
    return replace(drawn, solids=_once(solids), faces=faces)


def _once(solids: Sequence[tuple[Polygon, str]]) -> list[tuple[Polygon, str]]:
    """Filled outlines without those that lie within a larger one: the hatch of an outline is the same wall."""
    if not solids:
        return []
    grown = shapely.buffer(np.array([solid for solid, _ in solids]), FLUSH_M, join_style="mitre")
    shapely.prepare(grown)
    inner, outer = shapely.STRtree([solid for solid, _ in solids]).query(grown, predicate="covers")[::-1]
    areas = shapely.area(np.array([solid for solid, _ in solids]))
    larger = (areas[outer] > areas[inner]) | ((areas[outer] == areas[inner]) & (outer < inner))
    within = set(inner[larger].tolist())
    return [one for number, one in enumerate(solids) if number not in within]


_STRETCH = "stretch "  # before the id of a symbol, in the place of a construction that is not yet known


def _stretches(drawn: Drawn) -> list[Strip]:
    """Doors and windows drawn filled, between walls: each is a stretch of wall by itself."""
    filled = [marker for marker in drawn.markers if marker.filled]
    if not filled:
        return []
    solid = unary_union([shape for shape, _ in drawn.solids])
    shapely.prepare(solid)
    found: list[Strip] = []
    for marker in filled:
        if marker.shape.intersection(solid).area >= 0.5 * marker.shape.area:
            continue
        pieces = sorted(_pieces(marker), key=lambda strip: -strip.length_m)
        # Of one that is bent the longest piece is the opening; the others are walls of the same glass or wood.
        found.append(replace(pieces[0], construction=f"{_STRETCH}{marker.id}"))
        found += pieces[1:]
    return found


def _pieces(marker: Marker) -> list[Strip]:
    """The straight pieces of a symbol: of a bay or a round window, several."""
    axis = long_axis(marker)
    if marker.shape.area > STRAIGHT * axis.area.area:
        return [axis]
    pieces = strips_of_solid(marker.shape, marker.construction)
    told = sum(piece.area.intersection(marker.shape).area for piece in pieces)
    return pieces if told > STRAIGHT * marker.shape.area else [axis]


def _made_of_neighbours(strips: Sequence[Strip]) -> tuple[list[Strip], dict[str, Strip]]:
    """Stretches of wall that hold a door or window are made of what the wall beside them is."""
    walls = [strip for strip in strips if not strip.construction.startswith(_STRETCH)]
    tree = shapely.STRtree([wall.line for wall in walls]) if walls else None
    found: list[Strip] = []
    stretches: dict[str, Strip] = {}
    for strip in strips:
        if not strip.construction.startswith(_STRETCH):
            found.append(strip)
            continue
        marker = strip.construction.removeprefix(_STRETCH)
        beside = walls[int(tree.nearest(strip.line))].construction if tree is not None else "stud_partition"
        made = replace(strip, construction=beside)
        found.append(made)
        if marker not in stretches or made.length_m > stretches[marker].length_m:
            stretches[marker] = made
    return found, stretches


def _strips(drawn: Drawn, mapping: PlanMapping, report: Report) -> list[Strip]:
    """Mid-lines of all walls, filled outlines first, then double lines, then single ones."""
    shapes = [marker.shape for marker in drawn.markers if not marker.hint]
    tree = shapely.STRtree(shapes) if shapes else None
    found: list[Strip] = []
    for solid, construction in drawn.solids:
        near: Sequence[int] = (
            [] if tree is None else tree.query(solid, predicate="dwithin", distance=FACING_M).tolist()
        )
        found += strips_of_solid(solid, construction, [shapes[index] for index in near])
    found = piers_in_line(found)
    singles: list[Strip] = []
    for ends, construction in drawn.faces:
        pairs, left = strips_of_faces(ends, construction)
        found += pairs
        singles += single_lines(left, mapping.single_wall_m, construction)
    if singles:
        solid_area = unary_union([strip.area.buffer(0.02, join_style="mitre") for strip in found])
        shapely.prepare(solid_area)
        bare = [strip for strip in singles if strip.line.intersection(solid_area).length < 0.5 * strip.length_m]
        for strip in bare:
            what = f"drawn by one line {strip.length_m:.2f} m long: taken {mapping.single_wall_m:g} m thick"
            report.add(drawn.name, strip.start, "wall", what)
        found += bare
    return found


def given_rooms(rooms: Sequence[PlanRoom], outline: MultiPolygon, storey: str, report: Report) -> list[PlanRoom]:
    """Rooms as drawn, within the building and none upon another: the smaller keeps what two share."""
    limit = outline.buffer(0.3)
    shapely.prepare(limit)
    order = sorted(range(len(rooms)), key=lambda index: rooms[index].outline.area)
    shapes: list[Polygon] = []
    placed_at: dict[int, PlanRoom] = {}
    tree = shapely.STRtree([room.outline for room in rooms]) if rooms else None
    done: dict[int, Any] = {}
    for index in order:
        room = rooms[index]
        shape: Any = room.outline if limit.covers(room.outline) else room.outline.intersection(limit)
        for other in [] if tree is None else tree.query(room.outline, predicate="intersects").tolist():
            if other in done and shape.intersection(done[other]).area > 0.01:
                shape = shape.difference(done[other].buffer(1e-3, join_style="mitre"))
        pieces = sorted(parts_of(shape), key=lambda part: -part.area)
        at = room.outline.representative_point()
        if not pieces or pieces[0].area < 0.2:
            report.add(storey, (at.x, at.y), room.id, "this room lies outside the building or in another; left out")
            continue
        if pieces[0].area < 0.99 * room.outline.area:
            report.add(storey, (at.x, at.y), room.id, "this room overlaps another or the outline, and was cut back")
        done[index] = pieces[0]
        shapes.append(pieces[0])
        placed_at[index] = replace(room, outline=pieces[0])
    return [placed_at[index] for index in sorted(placed_at)]
