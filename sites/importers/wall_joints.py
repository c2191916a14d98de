"""Ends of walls meet: mid-lines are led to where their walls join, and small gaps of the drawing are closed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import shapely
from shapely.geometry import LineString, Point

from quietwing.sites.importers.plan_parts import GRID_DIGITS, Report, Strip, Xy

__all__ = ["Gap", "free_ends", "gaps_of", "joined", "settled"]

PARALLEL_SINE = 0.17  # up to 10 degrees
MEETS_M = 0.02
SIDESTEP_M = 0.04  # two mid-lines this far apart meet half way: each moves by half of it
WIDEST_GAP_M = 3.6  # of a doorway or a row of windows between two ends of walls; assumed
NARROWEST_GAP_M = 0.3
ASIDE_M = 0.15  # how far ends that face each other may be out of line, beside half the thinner wall; assumed


@dataclass(frozen=True, slots=True)
class Gap:
    """An interruption of a wall: from one end to what stands opposite."""

    start: Xy
    end: Xy
    thickness_m: float
    construction: str

    @property
    def line(self) -> LineString:
        """Across the gap."""
        return LineString([self.start, self.end])

    @property
    def width_m(self) -> float:
        """From side to side. [m]"""
        return math.dist(self.start, self.end)


def joined(strips: Sequence[Strip], gap_m: float, storey: str, report: Report, *, nibs: bool = False) -> list[Strip]:
    """Walls whose ends meet, as the walls they stand for do.

    Parameters
    ----------
    strips : sequence of Strip
    gap_m : float
        Ends that stop short of another wall by no more than this are led to it, and listed. [m]
    storey : str
        For the list.
    report : Report
    nibs : bool
        What reaches beyond the far face of another wall stays: ends are as modelled, not read off lines.

    Returns
    -------
    list of Strip, in the same order
    """
    if not strips:
        return []
    lines = [strip.line for strip in strips]
    tree = shapely.STRtree(lines)
    thickest = max(strip.thickness_m for strip in strips)
    out = []
    for index, strip in enumerate(strips):
        ends = [strip.start, strip.end]
        for side in (0, 1):
            found = _meeting(strips, tree, index, side, gap_m, thickest, nibs=nibs)
            if found is None:
                continue
            point, gap = found
            ends[side] = point
            if gap > 1e-3:
                report.add(storey, point, "wall", f"a gap of {1000 * gap:.0f} mm in the drawing was closed")
        new = replace(strip, start=_rounded(ends[0]), end=_rounded(ends[1]))
        same_way = new.unit[0] * strip.unit[0] + new.unit[1] * strip.unit[1] > 0
        out.append(new if new.length_m > 1e-2 and same_way else strip)
    return out


def _meeting(
    strips: Sequence[Strip],
    tree: shapely.STRtree,
    index: int,
    side: int,
    gap_m: float,
    thickest_m: float,
    *,
    nibs: bool,
) -> tuple[Xy, float] | None:
    """Where an end should be, and the gap of the drawing that closes; the nearest wall it may join."""
    strip = strips[index]
    end = strip.end if side else strip.start
    outward = strip.unit if side else (-strip.unit[0], -strip.unit[1])
    reach = (thickest_m + strip.thickness_m) / 2 + gap_m + MEETS_M
    best: tuple[float, Xy, float] | None = None
    for other_index in tree.query(Point(end), predicate="dwithin", distance=reach).tolist():
        if other_index == index:
            continue
        other = strips[other_index]
        sine = strip.unit[0] * other.unit[1] - strip.unit[1] * other.unit[0]
        if abs(sine) < PARALLEL_SINE:
            found = _in_line(strip, end, outward, other, gap_m)
        else:
            found = _crosswise(strip, end, outward, other, sine, gap_m, nibs=nibs)
        if found is not None and (best is None or found[0] < best[0]):
            best = found
    return None if best is None else (best[1], best[2])


def _in_line(strip: Strip, end: Xy, outward: Xy, other: Strip, gap_m: float) -> tuple[float, Xy, float] | None:
    """Two walls one behind the other: the ends meet half way."""
    nearest = min((other.start, other.end), key=lambda place: math.dist(place, end))
    ahead = (nearest[0] - end[0]) * outward[0] + (nearest[1] - end[1]) * outward[1]
    aside = abs((nearest[1] - end[1]) * outward[0] - (nearest[0] - end[0]) * outward[1])
    if not -MEETS_M <= ahead <= gap_m or aside > min(strip.thickness_m, other.thickness_m) / 2 + MEETS_M:
        return None
    if aside <= SIDESTEP_M:
        middle = (end[0] + nearest[0]) / 2, (end[1] + nearest[1]) / 2
    else:  # flush at a face and not in the middle: each keeps its line, and they meet side by side
        middle = end[0] + outward[0] * ahead / 2, end[1] + outward[1] * ahead / 2
    return abs(ahead) + 1.0, middle, max(ahead, 0.0)


def _crosswise(
    strip: Strip, end: Xy, outward: Xy, other: Strip, sine: float, gap_m: float, *, nibs: bool
) -> tuple[float, Xy, float] | None:
    """A wall that ends at another, or a corner of two: the end goes to where the mid-lines cross."""
    dx, dy = other.start[0] - strip.start[0], other.start[1] - strip.start[1]
    along = (dx * other.unit[1] - dy * other.unit[0]) / sine
    crossing = strip.at(along)
    move = (crossing[0] - end[0]) * outward[0] + (crossing[1] - end[1]) * outward[1]
    # From the end to the other's near face; at a slant the way through it is longer.
    inside = other.thickness_m / 2 / abs(sine)
    back_m = max(strip.thickness_m, other.thickness_m)
    if nibs:  # at a slant, heads reach further
        back_m = inside + strip.thickness_m / 2 * math.sqrt(max(0.0, 1 / sine**2 - 1)) + MEETS_M
    if not -back_m <= move <= inside + gap_m + MEETS_M:
        return None
    s, _ = other.along(crossing)
    beyond = max(-s, s - other.length_m, 0.0)
    if beyond > strip.thickness_m / 2 / abs(sine) + gap_m + MEETS_M:
        return None
    return abs(move) + beyond, crossing, max(0.0, move - inside)


def _rounded(point: Xy) -> Xy:
    return round(point[0], GRID_DIGITS) + 0.0, round(point[1], GRID_DIGITS) + 0.0


def settled(strips: Sequence[Strip]) -> list[Strip]:
    """Walls whose ends are put exactly onto the end or wall they nearly touch, `MEETS_M` away at most."""
    if not strips:
        return []
    ends = [place for strip in strips for place in (strip.start, strip.end)]
    points = [Point(place) for place in ends]
    tree = shapely.STRtree(points)
    moved = list(ends)
    seen: set[int] = set()
    for number, point in enumerate(points):
        if number in seen:
            continue
        # Ends 2k and 2k + 1 are of one wall: a stub stays one.
        near = [
            other for other in tree.query(point, predicate="dwithin", distance=MEETS_M).tolist() if other not in seen
        ]
        if len(near) == len({other // 2 for other in near}):
            middle = (
                sum(ends[other][0] for other in near) / len(near),
                sum(ends[other][1] for other in near) / len(near),
            )
            for other in near:
                moved[other] = _rounded(middle)
            seen.update(near)
    lines = [LineString(pair) for pair in zip(moved[::2], moved[1::2], strict=True)]
    line_tree = shapely.STRtree(lines)
    for number, place in enumerate(moved):
        for other in line_tree.query(Point(place), predicate="dwithin", distance=MEETS_M).tolist():
            line = lines[other]
            along = line.project(Point(place))
            if other != number // 2 and MEETS_M < along < line.length - MEETS_M:
                foot = line.interpolate(along)
                moved[number] = _rounded((foot.x, foot.y))
                break
    made = [replace(strip, start=moved[2 * k], end=moved[2 * k + 1]) for k, strip in enumerate(strips)]
    return [new if new.length_m > MEETS_M else old for new, old in zip(made, strips, strict=True)]


def free_ends(strips: Sequence[Strip]) -> list[tuple[int, int]]:
    """Ends of walls that touch no other wall: place of the wall, and 0 for its start, 1 for its end."""
    if not strips:
        return []
    lines = [strip.line for strip in strips]
    tree = shapely.STRtree(lines)
    found = []
    for index, strip in enumerate(strips):
        for side, end in enumerate((strip.start, strip.end)):
            near = tree.query(Point(end), predicate="dwithin", distance=MEETS_M).tolist()
            if all(other == index for other in near):
                found.append((index, side))
    return found


def gaps_of(strips: Sequence[Strip], widest_m: float = WIDEST_GAP_M) -> list[Gap]:
    """Where walls are interrupted: between ends that face each other, and from an end to the wall ahead of it.

    Parameters
    ----------
    strips : sequence of Strip
        Joined.
    widest_m : float
        Wider interruptions are openings of a hall. [m]

    Returns
    -------
    list of Gap
    """
    ends = free_ends(strips)
    if not ends:
        return []
    tree = shapely.STRtree([strip.line for strip in strips])
    places = [(strips[i].end if side else strips[i].start) for i, side in ends]
    end_tree = shapely.STRtree([Point(place) for place in places])
    found: dict[tuple[Xy, Xy], Gap] = {}
    for (index, side), place in zip(ends, places, strict=True):
        strip = strips[index]
        outward = strip.unit if side else (-strip.unit[0], -strip.unit[1])
        target = _opposite(strips, ends, places, end_tree, index, place, outward, widest_m)
        hit = _ahead(strips, tree, index, place, outward, widest_m)
        if target is not None and (hit is None or math.dist(place, target[0]) <= math.dist(place, hit[0]) + ASIDE_M):
            point, other = target
        elif hit is not None:
            point, other = hit
        else:
            continue
        if not NARROWEST_GAP_M <= math.dist(place, point) <= widest_m:
            continue
        thin = min((strip, strips[other]), key=lambda one: one.thickness_m)
        first, last = sorted([place, _rounded(point)])
        found.setdefault((first, last), Gap(first, last, thin.thickness_m, strip.construction))
    return list(found.values())


def _opposite(
    strips: Sequence[Strip],
    ends: Sequence[tuple[int, int]],
    places: Sequence[Xy],
    end_tree: shapely.STRtree,
    index: int,
    place: Xy,
    outward: Xy,
    widest_m: float,
) -> tuple[Xy, int] | None:
    """The nearest free end that faces this one."""
    best: tuple[float, Xy, int] | None = None
    for number in end_tree.query(Point(place), predicate="dwithin", distance=widest_m).tolist():
        other, side = ends[number]
        if other == index:
            continue
        there = places[number]
        facing = strips[other].unit if side else (-strips[other].unit[0], -strips[other].unit[1])
        dx, dy = there[0] - place[0], there[1] - place[1]
        ahead, aside = dx * outward[0] + dy * outward[1], abs(dy * outward[0] - dx * outward[1])
        thin = min(strips[index].thickness_m, strips[other].thickness_m)
        if ahead < NARROWEST_GAP_M or aside > min(ASIDE_M + thin / 2, 0.35 * ahead + 0.02):
            continue
        if facing[0] * outward[0] + facing[1] * outward[1] > -0.95:
            continue
        if best is None or ahead + aside < best[0]:
            best = (ahead + aside, there, other)
    return None if best is None else (best[1], best[2])


def _ahead(
    strips: Sequence[Strip], tree: shapely.STRtree, index: int, place: Xy, outward: Xy, widest_m: float
) -> tuple[Xy, int] | None:
    """The first wall a free end looks at."""
    far = place[0] + outward[0] * widest_m, place[1] + outward[1] * widest_m
    ray = LineString([place, far])
    best: tuple[float, Xy, int] | None = None
    for other in tree.query(ray, predicate="intersects").tolist():
        if other == index:
            continue
        strip = strips[other]
        sine = outward[0] * strip.unit[1] - outward[1] * strip.unit[0]
        if abs(sine) < PARALLEL_SINE:
            continue
        dx, dy = strip.start[0] - place[0], strip.start[1] - place[1]
        along = (dx * strip.unit[1] - dy * strip.unit[0]) / sine
        if along > MEETS_M and (best is None or along < best[0]):
            best = (along, (place[0] + outward[0] * along, place[1] + outward[1] * along), other)
    return None if best is None else (best[1], best[2])
