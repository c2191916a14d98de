"""Walls drawn by their faces become mid-lines with a thickness: filled outlines, double lines, single lines."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon
from shapely.geometry.polygon import orient

from quietwing.sites.errors import SiteError
from quietwing.sites.importers.plan_parts import GRID_DIGITS, Strip, Xy
from quietwing.sites.near_pairs import near_groups

__all__ = ["is_solid", "piers_in_line", "single_lines", "strips_of_faces", "strips_of_solid", "without_overlaps"]

MOST_SEGMENTS = 60_000  # faces of walls of one storey
THICKEST_M, THINNEST_M = 1.2, 0.02  # of a wall between two faces; assumed
WIDEST_PAIR_M = 0.75  # of two separate lines that are the faces of one wall; assumed
PARALLEL = 0.99  # cosine: faces within 8 degrees of each other
SHORTEST_M = 0.05
SHORTEST_SINGLE_M = 0.5  # shorter single lines on a layer of walls are details; assumed
SOLID_M = 0.7  # mean thickness, twice area by perimeter, up to which a closed outline is a filled wall; assumed
COVERED = 0.6
HEAD = 0.6  # length by thickness below which a piece is the head of another wall
COMPACT = 2.0  # longer by shorter side up to which a filled outline is a pier, which has no direction of its own
PIER_REACH_M = 3.0  # from a pier to the wall it goes on from; assumed
BESIDE_M = 0.1
SAME_LINE_M = 0.025  # at a slant: a little more than what a site takes for one wall drawn twice
Segments = NDArray[np.float64]  # shape (segment, 2, 2): ends, in metres


def is_solid(outline: Polygon) -> bool:
    """Whether a closed outline is a wall seen from above, not the outline of a room."""
    return bool(outline.area > 0 and 2 * outline.area / outline.length <= SOLID_M)


def strips_of_solid(solid: Polygon, construction: str, facing: Sequence[Polygon] = ()) -> list[Strip]:
    """The mid-lines of a filled outline.

    Parameters
    ----------
    solid : Polygon
    construction : str
    facing : sequence of Polygon
        Symbols of doors and windows: a pier runs towards them.

    Returns
    -------
    list of Strip
    """
    box = solid.minimum_rotated_rectangle
    if not isinstance(box, Polygon):
        return []
    if solid.area > 0.9 * box.area:
        return [_bar(box, construction, facing)]
    coords = [np.asarray(ring.coords) for ring in (orient(solid).exterior, *orient(solid).interiors)]
    ends = np.concatenate([np.stack([ring[:-1], ring[1:]], axis=1) for ring in coords])
    grown = solid.buffer(0.01)
    shapely.prepare(grown)
    # Pieces longer than they are thick first: the others are heads and notches of a wall, not walls.
    pairs = sorted(
        _pairs(ends, THICKEST_M, construction, inside=True),
        key=lambda strip: (strip.length_m < strip.thickness_m, strip.thickness_m),
    )
    areas = [strip.area for strip in pairs]
    tree = shapely.STRtree(areas)
    found: list[Strip] = []
    taken = np.zeros(len(pairs), np.bool_)
    for index, (strip, area) in enumerate(zip(pairs, areas, strict=True)):
        if not grown.covers(area) and grown.intersection(area).area < 0.95 * area.area:
            continue
        near = tree.query(area, predicate="intersects")
        covered = shapely.union_all([areas[other] for other in near[taken[near]].tolist()])
        if covered.intersection(area).area > COVERED * area.area:
            continue
        if found and strip.length_m < HEAD * strip.thickness_m and not any(_goes_on(one, strip) for one in found):
            continue
        found.append(strip)
        taken[index] = True
    if len(found) == 1:  # with heads at its ends it reaches as far as they do
        spans = [found[0].along((x, y))[0] for x, y in solid.exterior.coords]
        found = [replace(found[0], start=found[0].at(min(spans)), end=found[0].at(max(spans)))]
    covered_m2 = shapely.union_all([areas[index] for index in np.flatnonzero(taken).tolist()]).area
    if covered_m2 < 0.4 * solid.area:  # a mass with no two faces near each other: its faces are its walls
        return [
            Strip(tuple(a), tuple(b), 0.2, construction) for a, b in ends.tolist() if math.dist(a, b) > SHORTEST_M
        ]
    return found


def piers_in_line(strips: Sequence[Strip]) -> list[Strip]:
    """The same walls, with piers laid along the wall they go on from: a pier has no direction of its own."""
    found = list(strips)
    longer = [strip for strip in strips if strip.length_m > strip.thickness_m]
    tree = shapely.STRtree([strip.line for strip in longer]) if longer else None
    for number, pier in enumerate(strips):
        if tree is None or max(pier.length_m, pier.thickness_m) > COMPACT * min(pier.length_m, pier.thickness_m):
            continue
        near = tree.query(pier.line, predicate="dwithin", distance=PIER_REACH_M).tolist()
        others = [longer[other] for other in near if longer[other] is not pier]
        ux, uy = pier.unit
        x, y = _middle(pier.start, pier.end)
        dx, dy = -uy * pier.thickness_m / 2, ux * pier.thickness_m / 2
        across = replace(pier, start=(x - dx, y - dy), end=(x + dx, y + dy), thickness_m=pier.length_m)
        if any(_goes_on(one, across) for one in others) and not any(_goes_on(one, pier) for one in others):
            found[number] = across
    return found


def _goes_on(strip: Strip, nib: Strip) -> bool:
    """Whether a short piece goes on from a wall beyond another that joins it: beside a door, say."""
    cosine = abs(strip.unit[0] * nib.unit[0] + strip.unit[1] * nib.unit[1])
    aside_m = max(abs(strip.along(end)[1]) for end in (nib.start, nib.end))
    return cosine > PARALLEL and max(aside_m, abs(strip.thickness_m - nib.thickness_m)) < THINNEST_M


def _bar(box: Polygon, construction: str, facing: Sequence[Polygon]) -> Strip:
    """The mid-line of a rectangle along its longer side; of a pier, towards what stands beside it."""
    corners = list(box.exterior.coords)[:4]
    sides = [math.dist(corners[0], corners[1]), math.dist(corners[1], corners[2])]
    middles = [_middle(corners[i], corners[(i + 1) % 4]) for i in range(4)]
    choices = [
        Strip(middles[3], middles[1], sides[1], construction),
        Strip(middles[0], middles[2], sides[0], construction),
    ]
    longer = 0 if sides[0] >= sides[1] else 1
    if max(sides) > COMPACT * min(sides) or not facing:
        return choices[longer]

    def facing_ends(strip: Strip) -> int:
        reach = 0.3
        ahead = [strip.at(strip.length_m + reach), strip.at(-reach)]
        return sum(any(shapely.distance(shapely.Point(end), shape) < reach for shape in facing) for end in ahead)

    scores = [facing_ends(choice) for choice in choices]
    return choices[longer] if scores[0] == scores[1] else choices[int(scores[1] > scores[0])]


def _middle(a: Sequence[float], b: Sequence[float]) -> Xy:
    return (a[0] + b[0]) / 2, (a[1] + b[1]) / 2


def strips_of_faces(ends: Segments, construction: str) -> tuple[list[Strip], list[tuple[Xy, Xy]]]:
    """The mid-lines between lines that run beside each other, and the stretches that have no such neighbour.

    Parameters
    ----------
    ends : ndarray, shape (segment, 2, 2)
        Straight lines on a layer of walls. [m]
    construction : str

    Returns
    -------
    strips : list of Strip
    left : list of (start, end)
        What is left of the lines.
    """
    # Lines drawn twice are one: from the lower left end to the other, on a grid finer than any wall.
    ordered = np.where((ends[:, :1] <= ends[:, 1:]).all(axis=2, keepdims=True), ends, ends[:, ::-1])
    ends = _in_one_piece(np.unique(np.round(ordered, GRID_DIGITS), axis=0))
    used: dict[int, list[tuple[float, float]]] = {}
    strips = list(_pairs(ends, WIDEST_PAIR_M, construction, inside=False, used=used))
    rest = []
    for index, (start, end) in enumerate(ends.tolist()):
        line = Strip(tuple(start), tuple(end), 0.0, construction)
        for low, high in _minus([(0.0, line.length_m)], used.get(index, [])):
            if high - low > SHORTEST_M:
                rest.append((line.at(low), line.at(high)))
    # A pier or nib, shorter than it is thick, where it goes on from a wall.
    brief = np.array([pair for pair in rest if math.dist(*pair) < WIDEST_PAIR_M], dtype=float).reshape(-1, 2, 2)
    nibs = _pairs(brief, WIDEST_PAIR_M, construction, inside=False, short=True)
    strips += [nib for nib in nibs if any(_goes_on(strip, nib) for strip in strips)]
    return strips, [pair for pair in rest if math.dist(*pair) > SHORTEST_SINGLE_M]


def _in_one_piece(ends: Segments) -> Segments:
    """Lines that lie on each other or go on from each other as one: a wall may end in the face of another."""
    if not len(ends):
        return ends
    middle = ends.mean(axis=(0, 1))
    groups: dict[tuple[float, float], list[tuple[float, float, Xy, Xy]]] = {}
    for (x0, y0), (x1, y1) in (ends - middle).tolist():
        length = math.hypot(x1 - x0, y1 - y0)
        if length < 1e-3:
            continue
        ux, uy = (x1 - x0) / length, (y1 - y0) / length
        if (ux, uy) < (-1e-9, 0) or (abs(ux) <= 1e-9 and uy < 0):
            ux, uy = -ux, -uy
        aside, spans = x0 * uy - y0 * ux, sorted((x0 * ux + y0 * uy, x1 * ux + y1 * uy))
        key = (round(math.degrees(math.atan2(uy, ux)), 2), round(aside, 3))
        groups.setdefault(key, []).append((spans[0], spans[1], (ux, uy), (aside * uy, -aside * ux)))
    found = []
    for lines in groups.values():
        lines.sort(key=lambda line: line[:2])
        low, high, (ux, uy), (fx, fy) = lines[0]
        pieces = []
        for line in lines[1:]:
            if line[0] > high + 1e-3:
                pieces.append((low, high))
                low, high = line[0], line[1]
            high = max(high, line[1])
        for start, end in [*pieces, (low, high)]:
            found.append([(fx + start * ux, fy + start * uy), (fx + end * ux, fy + end * uy)])
    return np.round(np.array(found) + middle, GRID_DIGITS) if found else ends[:0]


def single_lines(lines: Iterable[tuple[Xy, Xy]], thickness_m: float, construction: str) -> list[Strip]:
    """Walls drawn by one line, each of the thickness assumed for them."""
    return [Strip(start, end, thickness_m, construction) for start, end in lines]


def _pairs(
    ends: Segments,
    widest_m: float,
    construction: str,
    *,
    inside: bool,
    short: bool = False,
    used: dict[int, list[tuple[float, float]]] | None = None,
) -> Iterable[Strip]:
    """Strips between facing segments, the narrowest first; every stretch of a face serves once.

    With `inside` the wall lies to the left of each segment, as in a filled outline; with `short` it may be shorter
    than it is thick.
    """
    if len(ends) > MOST_SEGMENTS:
        raise SiteError(
            f"the layers of walls hold {len(ends):,} lines (limit {MOST_SEGMENTS:,}); map those that are none to "
            f"ignore"
        )
    if len(ends) < 2:
        return
    lines = list(shapely.linestrings(ends))
    along = ends[:, 1] - ends[:, 0]
    length = np.hypot(along[:, 0], along[:, 1])
    unit = along / np.where(length > 0, length, 1.0)[:, None]
    found: list[tuple[float, int, int, float, float, float]] = []
    for a, b in near_groups(lines, lines, widest_m):
        cosine = (unit[a] * unit[b]).sum(axis=1)
        wanted = (a < b) & (length[a] > 1e-3) & (length[b] > 1e-3)
        wanted &= (cosine < -PARALLEL) if inside else (np.abs(cosine) > PARALLEL)
        a, b = a[wanted], b[wanted]
        rel = ends[b] - ends[a][:, :1]
        s = np.einsum("pek,pk->pe", rel, unit[a])
        t = rel[:, :, 1] * unit[a][:, None, 0] - rel[:, :, 0] * unit[a][:, None, 1]
        low = np.maximum(0.0, s.min(axis=1))
        high = np.minimum(length[a], s.max(axis=1))
        offset = t.mean(axis=1)
        good = (high - low > SHORTEST_M / 2) & (np.abs(offset) >= THINNEST_M) & (np.abs(offset) <= widest_m)
        if inside:
            good &= offset > 0
        for k in np.flatnonzero(good).tolist():
            found.append(
                (abs(float(offset[k])), int(a[k]), int(b[k]), float(low[k]), float(high[k]), float(offset[k]))
            )
    used = {} if used is None else used
    for _, i, j, low_m, high_m, offset_m in sorted(found):
        first = Strip(tuple(ends[i, 0].tolist()), tuple(ends[i, 1].tolist()), 0.0, construction)
        other = Strip(tuple(ends[j, 0].tolist()), tuple(ends[j, 1].tolist()), 0.0, construction)
        free = _minus([(low_m, high_m)], used.get(i, []))
        taken = [
            tuple(sorted((first.along(other.at(lo))[0], first.along(other.at(hi))[0]))) for lo, hi in used.get(j, [])
        ]
        for lo, hi in _minus(free, taken):  # type: ignore[arg-type]
            if hi - lo < SHORTEST_M or (not (inside or short) and hi - lo < abs(offset_m)):
                continue
            used.setdefault(i, []).append((lo, hi))
            mapped = sorted((other.along(first.at(lo))[0], other.along(first.at(hi))[0]))
            used.setdefault(j, []).append((mapped[0], mapped[1]))
            halves = []
            for place in (lo, hi):
                here = first.at(place)
                s_other, _ = other.along(here)
                there = other.at(min(max(s_other, 0.0), other.length_m))
                halves.append(_middle(here, there))
            yield Strip(halves[0], halves[1], abs(offset_m), construction)


def _minus(spans: Iterable[tuple[float, float]], taken: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Stretches of a line without those that are taken."""
    left = list(spans)
    for low, high in taken:
        left = [part for a, b in left for part in ((a, min(b, low)), (max(a, high), b)) if part[1] - part[0] > 1e-6]
    return left


def without_overlaps(
    strips: Sequence[Strip], beside_m: float | None = None, span_m: tuple[float, float] = (0.0, 1.0)
) -> list[Strip]:
    """No stretch of wall twice: what runs along a wall named before is left out.

    Drawings are taken to mean one wall by lines 10 cm or a quarter of its thickness apart; models by `beside_m`.
    `span_m` is floor and ceiling of the storey; walls one above the other both stay.
    """
    rounded = [
        replace(strip, start=_on_grid(strip.start), end=_on_grid(strip.end))
        for strip in strips
        if strip.length_m >= SHORTEST_M
    ]
    if not rounded:
        return []
    lines = [strip.line for strip in rounded]
    beside: dict[int, set[int]] = {}
    for a, b in near_groups(lines, lines, beside_m or BESIDE_M):
        for one, other in zip(a.tolist(), b.tolist(), strict=True):
            if other < one:
                beside.setdefault(one, set()).add(other)
    kept: list[list[Strip]] = []
    for index, strip in enumerate(rounded):
        taken = []
        for other in sorted(beside.get(index, ())):
            for piece in kept[other]:
                if _tall_m(strip, piece, span_m) <= 0.01:
                    continue
                cosine = abs(strip.unit[0] * piece.unit[0] + strip.unit[1] * piece.unit[1])
                low, high, apart_m = _shared(strip, piece)
                near_m = (beside_m or max(BESIDE_M, piece.thickness_m / 4)) if cosine > PARALLEL else SAME_LINE_M
                if high > low and apart_m <= near_m:
                    taken.append((low, high))
        spans = _minus([(0.0, strip.length_m)], taken)
        if spans == [(0.0, strip.length_m)]:
            kept.append([strip])
            continue
        kept.append(
            [
                replace(strip, start=_on_grid(strip.at(low)), end=_on_grid(strip.at(high)))
                for low, high in spans
                if high - low >= SHORTEST_M
            ]
        )
    return list(itertools.chain.from_iterable(kept))


def _shared(strip: Strip, other: Strip) -> tuple[float, float, float]:
    """From where to where another wall runs beside one, along it, and how far apart they are there at most. [m]"""
    (s0, t0), (s1, t1) = sorted([strip.along(other.start), strip.along(other.end)])
    low, high = max(0.0, s0), min(strip.length_m, s1)
    if high <= low or s1 - s0 < 1e-9:
        return 0.0, 0.0, math.inf
    slope = (t1 - t0) / (s1 - s0)
    return low, high, max(abs(t0 + slope * (low - s0)), abs(t0 + slope * (high - s0)))


def _tall_m(one: Strip, other: Strip, span_m: tuple[float, float]) -> float:
    """The height two walls have in common. [m]"""
    bases = [span_m[0] if strip.base_m is None else strip.base_m for strip in (one, other)]
    tops = [span_m[1] if strip.top_m is None else strip.top_m for strip in (one, other)]
    return min(tops) - max(bases)


def _on_grid(point: Xy) -> Xy:
    return round(point[0], GRID_DIGITS) + 0.0, round(point[1], GRID_DIGITS) + 0.0
