"""Doors and windows of a drawing find their wall: in a gap of it, or in a wall that is drawn through."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import shapely
from shapely.geometry import LineString, Polygon

from quietwing.sites.importers.plan_parts import GRID_DIGITS, Cut, Marker, Report, Strip, Xy, name_of
from quietwing.sites.importers.wall_joints import Gap

__all__ = ["HEIGHTS_M", "long_axis", "placed"]

REACH_M = 0.35  # from the symbol of a door or window to its wall; assumed
NARROWEST_M = 0.2
SLIT_M = 0.05  # kept of a wall beside an opening
WHOLE_GAP = 0.6
GLAZED = 0.9  # of a gap, along which a thin line is a pane; assumed
THICKEST_HALF_M = 0.6
WIDEST_DOOR_M = 3.0  # what is longer and drawn by lines is no leaf; assumed
HEIGHTS_M = {"door": (0.0, 2.0), "window": (1.0, 2.2), "hatch": (1.0, 1.6), "gate": (0.0, 2.1)}  # assumed


@dataclass(slots=True)
class _Wanted:
    """A symbol and the stretch of wall or gap it is in."""

    marker: Marker
    low_m: float
    high_m: float


def placed(
    markers: Sequence[Marker],
    strips: Sequence[Strip],
    gaps: Sequence[Gap],
    storey: str,
    report: Report,
    heights_m: dict[str, tuple[float, float]],
    taken: set[str],
    stretches: Mapping[str, Strip] = MappingProxyType({}),
) -> tuple[list[Strip], list[Cut]]:
    """Walls, with those across gaps that hold an opening, and the openings cut into them.

    Parameters
    ----------
    markers, strips, gaps : sequence
        Of one storey; the walls have their ids.
    storey : str
        Opens the ids, and names the place in the report.
    report : Report
    heights_m : dict of str to (float, float)
        Sill and head by kind. [m]
    taken : set of str
        Ids in use; grows.
    stretches : mapping of str to Strip
        Stretches of wall that are a door or window as a whole, by the id of its symbol.

    Returns
    -------
    list of Strip, list of Cut
    """
    walls = list(strips)
    cuts: list[Cut] = []
    loose = []
    for marker in markers:
        stretch = stretches.get(marker.id)
        if stretch is None:
            loose.append(marker)
        else:
            cuts += _cut([marker], stretch, storey, report, heights_m, taken, fill=False)
    homes = _homes(loose, strips, gaps, storey, report)
    for index, held in sorted(homes.in_gaps.items()):
        across = gaps[index]
        name = name_of("wall", storey, across.start, across.end, taken)
        bridge = Strip(across.start, across.end, across.thickness_m, across.construction, name)
        found = _cut(held, bridge, storey, report, heights_m, taken, fill=len(held) == 1)
        if found:
            walls.append(bridge)
            cuts += found
    for index, held in sorted(homes.in_walls.items()):
        cuts += _cut(held, strips[index], storey, report, heights_m, taken, fill=False)
    for marker in homes.glass:
        strip = long_axis(marker)
        if strip.length_m >= 0.5:
            walls.append(replace(strip, id=name_of("glass", storey, strip.start, strip.end, taken)))
            report.add(storey, strip.start, marker.id, "glazing away from any wall was taken as a wall of glass")
    return walls, cuts


@dataclass(slots=True)
class _Homes:
    """Where symbols belong: by the place of the gap or wall, or walls of glass by themselves."""

    in_gaps: dict[int, list[Marker]] = field(default_factory=dict)
    in_walls: dict[int, list[Marker]] = field(default_factory=dict)
    glass: list[Marker] = field(default_factory=list)


def _homes(
    markers: Sequence[Marker], strips: Sequence[Strip], gaps: Sequence[Gap], storey: str, report: Report
) -> _Homes:
    """The gap or wall each symbol belongs to; what belongs to none is listed."""
    homes = _Homes()
    gap_tree = shapely.STRtree([gap.line for gap in gaps]) if gaps else None
    wall_tree = shapely.STRtree([strip.line for strip in strips]) if strips else None
    for marker in markers:
        if marker.hint:
            continue
        at = marker.shape.centroid.x, marker.shape.centroid.y
        if marker.kind == "door" and long_axis(marker).length_m > WIDEST_DOOR_M:
            report.add(storey, at, marker.id, f"over {WIDEST_DOOR_M:g} m long, so no door; left out")
            continue
        wall = _best_wall(marker, strips, wall_tree)
        gap = None if wall is not None and _within(marker, strips[wall]) else _best_gap(marker, gaps, gap_tree)
        if gap is not None:
            homes.in_gaps.setdefault(gap, []).append(marker)
        elif wall is not None and (not marker.glazing or _within(marker, strips[wall])):
            homes.in_walls.setdefault(wall, []).append(marker)
        elif marker.glazing:
            homes.glass.append(marker)
        else:
            report.add(storey, at, marker.id, f"this {marker.kind} is beside no wall and was left out")
    for index, marker in _glazed([marker for marker in markers if marker.hint], gaps, gap_tree):
        if index not in homes.in_gaps:  # a leaf or a symbol tells more than a line
            homes.in_gaps[index] = [marker]
            middle = gaps[index].line.centroid
            what = f"thin lines along a gap of {gaps[index].width_m:.2f} m taken as a window"
            report.add(storey, (middle.x, middle.y), "window", what)
    return homes


def _best_gap(marker: Marker, gaps: Sequence[Gap], tree: shapely.STRtree | None) -> int | None:
    """The gap a symbol stands in: most of it within the symbol's reach."""
    if tree is None:
        return None
    reach = marker.shape.buffer(REACH_M)
    best: tuple[float, int] | None = None
    for index in tree.query(reach, predicate="intersects").tolist():
        gap = gaps[index]
        share = gap.line.intersection(reach).length / gap.width_m
        fits = 1.0 if marker.width_m is None else 1.0 / (1.0 + abs(gap.width_m - marker.width_m))
        # What crosses the middle of the symbol fits better than what passes by.
        passing = gap.line.distance(marker.shape.centroid)
        if share > 0.3 and (best is None or share * fits - 0.2 * passing > best[0]):
            best = (share * fits - 0.2 * passing, index)
    return None if best is None else best[1]


def _glazed(hints: Sequence[Marker], gaps: Sequence[Gap], tree: shapely.STRtree | None) -> list[tuple[int, Marker]]:
    """Gaps of walls that a thin line runs along, within the wall's thickness, from side to side."""
    found: dict[int, Marker] = {}
    for marker in hints:
        if tree is None:
            break
        for index in tree.query(marker.shape, predicate="dwithin", distance=THICKEST_HALF_M).tolist():
            gap = gaps[index]
            strip = Strip(gap.start, gap.end, gap.thickness_m, gap.construction)
            places = [strip.along((x, y)) for x, y in marker.shape.exterior.coords]
            spans, aside = [place[0] for place in places], max(abs(place[1]) for place in places)
            covered_m = min(max(spans), gap.width_m) - max(min(spans), 0.0)
            beyond_m = max(-min(spans), max(spans) - gap.width_m)
            if covered_m > GLAZED * gap.width_m and beyond_m < 0.2 and aside <= gap.thickness_m / 2 + 0.05:
                found.setdefault(index, marker)
    return sorted(found.items(), key=lambda item: item[0])


def _within(marker: Marker, wall: Strip) -> bool:
    """Whether a symbol stands in a wall that is drawn through, so that no gap is looked for."""
    spans = [wall.along((x, y))[0] for x, y in marker.shape.exterior.coords]
    covered_m = min(wall.length_m, max(spans)) - max(0.0, min(spans))
    return bool(wall.area.distance(marker.shape.centroid) == 0 and covered_m > WHOLE_GAP * long_axis(marker).length_m)


def _best_wall(marker: Marker, strips: Sequence[Strip], tree: shapely.STRtree | None) -> int | None:
    """The wall drawn through below a symbol: that it covers the longest stretch of."""
    if tree is None:
        return None
    best: tuple[float, int] | None = None
    for index in tree.query(marker.shape, predicate="dwithin", distance=THICKEST_HALF_M).tolist():
        strip = strips[index]
        if not strip.area.buffer(0.05).intersects(marker.shape):
            continue
        spans = [strip.along((x, y))[0] for x, y in marker.shape.exterior.coords]
        covered_m = min(strip.length_m, max(spans)) - max(0.0, min(spans))
        away_m = strip.line.distance(marker.shape.centroid)
        if covered_m > NARROWEST_M and (best is None or covered_m - away_m > best[0]):
            best = (covered_m - away_m, index)
    return None if best is None else best[1]


def long_axis(marker: Marker) -> Strip:
    """The middle of a symbol along its longer side, as a wall of what it is made of."""
    box = marker.shape.minimum_rotated_rectangle
    if not isinstance(box, Polygon):
        coords = list(LineString(box.coords).coords) if hasattr(box, "coords") else [(0.0, 0.0), (0.0, 0.0)]
        return Strip((coords[0][0], coords[0][1]), (coords[-1][0], coords[-1][1]), 0.05, marker.construction)
    corners = list(box.exterior.coords)[:4]
    sides = [math.dist(corners[0], corners[1]), math.dist(corners[1], corners[2])]
    first = 3 if sides[0] >= sides[1] else 0
    middles = []
    for number in (first, (first + 2) % 4):
        a, b = corners[number], corners[(number + 1) % 4]
        middles.append((round((a[0] + b[0]) / 2, GRID_DIGITS), round((a[1] + b[1]) / 2, GRID_DIGITS)))
    return Strip(middles[0], middles[1], max(min(sides), 0.02), marker.construction)


def _cut(
    markers: Sequence[Marker],
    wall: Strip,
    storey: str,
    report: Report,
    heights_m: dict[str, tuple[float, float]],
    taken: set[str],
    *,
    fill: bool,
) -> list[Cut]:
    """The openings of one wall, none upon another."""
    wanted = []
    for marker in markers:
        spans = [wall.along((x, y))[0] for x, y in marker.shape.exterior.coords]
        low, high = max(0.0, min(spans)), min(wall.length_m, max(spans))
        if marker.width_m is not None and marker.width_m < high - low:
            middle = (low + high) / 2
            low, high = middle - marker.width_m / 2, middle + marker.width_m / 2
        if fill:
            low, high = 0.0, wall.length_m
        wanted.append(_Wanted(marker, low, high))
    cuts: list[Cut] = []
    reached = 0.0
    for one in sorted(wanted, key=lambda item: (item.low_m, item.high_m)):
        low = max(one.low_m, reached + SLIT_M if cuts else one.low_m)
        at = one.marker.shape.centroid.x, one.marker.shape.centroid.y
        if one.high_m - low < NARROWEST_M:
            report.add(
                storey, at, one.marker.id, f"this {one.marker.kind} lies upon another in the same wall; left out"
            )
            continue
        start, end = _rounded(wall.at(low)), _rounded(wall.at(one.high_m))
        sill_m, head_m = heights_m[one.marker.kind]
        name = name_of(one.marker.kind, storey, start, end, taken)
        cuts.append(Cut(name, one.marker.kind, wall.id, start, end, sill_m, head_m, one.marker.construction))
        reached = one.high_m
    return cuts


def _rounded(point: Xy) -> Xy:
    return round(point[0], GRID_DIGITS) + 0.0, round(point[1], GRID_DIGITS) + 0.0
