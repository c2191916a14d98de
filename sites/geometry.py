"""From walls, openings and slabs to the flat pieces a straight ray can cross."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import LineString, Polygon

from quietwing.sites.facet_arrays import Facets
from quietwing.sites.model import Opening, Perimeter, Site, Slab, Wall

__all__ = ["facets", "facets_like", "wall_height_range_m"]

Xyz = tuple[float, float, float]
Edge = tuple[Xyz, Xyz]
Piece = tuple[tuple[Xyz, Xyz, Xyz, Xyz], tuple[Edge, Edge, Edge, Edge]]

STANDING = ("buildings", "walls", "slabs", "perimeter")  # what pieces are cut from, besides openings
SMALLEST_PIECE_M = 1e-5  # narrower slivers come from the rounding of site files, not from a drawing


def wall_height_range_m(site: Site, wall: Wall) -> tuple[float, float]:
    """Bottom and top of a wall above the ground: its own, or those of its storey. [m]"""
    storey = site.buildings[site.building_index[wall.building]].storeys[wall.storey]
    base_m = storey.floor_m if wall.base_m is None else wall.base_m
    top_m = storey.ceiling_m if wall.top_m is None else wall.top_m
    return base_m, top_m


def facets(site: Site) -> Facets:
    """All pieces of a site: walls cut by their openings, openings, slabs and roofs without their voids.

    Parameters
    ----------
    site : Site
        A checked site: every opening lies on its wall and no two openings overlap.

    Returns
    -------
    Facets
        Open holes without a grille are left out, for nothing is there to cross, but those of windows: they stand
        among the pieces with a surface of no construction, so that a window that is treated moves none of them.
    """
    collected = _Collector()
    openings_of: dict[str, list[Opening]] = defaultdict(list)
    for opening in site.openings:
        openings_of[opening.wall].append(opening)
    for wall in site.walls:
        base_m, top_m = wall_height_range_m(site, wall)
        storey = site.buildings[site.building_index[wall.building]].storeys[wall.storey]
        collected.add_wall(
            wall, base_m, top_m, storey.floor_m, openings_of[wall.id], site.building_index[wall.building]
        )
    for slab in site.slabs:
        collected.add_slab(slab, site.building_index[slab.building])
    collected.add_perimeter(site.perimeter)
    return collected.facets()


def facets_like(site: Site, before: Site, known: Facets) -> Facets:
    """What `facets` gives, in less time where only what is in the openings changed.

    Parameters
    ----------
    site, before : Site
        Checked sites.
    known : Facets
        ``facets(before)``.

    Returns
    -------
    Facets
    """
    pairs = list(zip(site.openings, before.openings, strict=False))
    passed = {
        opening.id: opening.passed_constructions
        for opening, other in pairs
        if opening is not other and opening.passed_constructions != other.passed_constructions
    }
    where_it_was = (
        len(site.openings) == len(before.openings)
        and all(getattr(site, name) == getattr(before, name) for name in STANDING)
        and all(a is b or replace(a, grille=b.grille, film=b.film) == b for a, b in pairs)
    )
    first = np.flatnonzero(np.diff(known.feature, prepend=-1))  # a feature's pieces follow each other
    whole = len(first) == len(known.feature_ids)
    others = {wall.id for wall in site.walls} | {slab.id for slab in site.slabs} | {site.perimeter.id}
    windows = {opening.id for opening in site.openings if opening.kind == "window"}
    filled = all(names or key in windows for key, names in passed.items())  # else a hole is no piece, and was none
    filled &= passed.keys() <= set(known.feature_ids)
    if not (where_it_was and whole and filled) or passed.keys() & others:
        return facets(site)
    surfaces: dict[tuple[str, ...], int] = {}
    surface = [
        surfaces.setdefault(passed.get(name, known.surfaces[of]), len(surfaces))
        for name, of in zip(known.feature_ids, known.surface[first].tolist(), strict=True)
    ]
    return replace(known, surface=np.array(surface, np.int32)[known.feature], surfaces=tuple(surfaces))


class _Collector:
    """Gathers pieces in the order of the site, so that equal sites give equal arrays."""

    def __init__(self) -> None:
        self.pieces: list[Piece] = []
        self.surface: list[int] = []
        self.is_slab: list[bool] = []
        self.building: list[int] = []
        self.feature: list[int] = []
        self.surfaces: dict[tuple[str, ...], int] = {}
        self.feature_ids: list[str] = []

    def add(
        self,
        pieces: Iterable[Piece],
        passed: tuple[str, ...],
        feature: str,
        building: int,
        *,
        slab: bool = False,
        window: bool = False,
    ) -> None:
        if not passed and not window:
            return
        surface = self.surfaces.setdefault(passed, len(self.surfaces))
        self.feature_ids.append(feature)
        for piece in pieces:
            self.pieces.append(piece)
            self.surface.append(surface)
            self.is_slab.append(slab)
            self.building.append(building)
            self.feature.append(len(self.feature_ids) - 1)

    def add_wall(
        self, wall: Wall, base_m: float, top_m: float, floor_m: float, openings: list[Opening], building: int
    ) -> None:
        solid: list[Piece] = []
        for start, end in _segments(wall.line):
            on_it = [
                (
                    opening,
                    *_span(start, end, opening.line),
                    floor_m + opening.sill_m,
                    floor_m + opening.head_m,
                )
                for opening in openings
                if _lies_on(start, end, opening.line)
            ]
            holes = [(u0, u1, z0, z1) for _, u0, u1, z0, z1 in on_it]
            solid.extend(_wall_pieces(start, end, base_m, top_m, holes))
            for opening, u0, u1, z0, z1 in on_it:
                filled = list(_filling_pieces(start, end, base_m, top_m, holes, (u0, u1, z0, z1)))
                window = opening.kind == "window"
                self.add(filled, opening.passed_constructions, opening.id, building, window=window)
        self.add(solid, _passed(wall.construction), wall.id, building)

    def add_slab(self, slab: Slab, building: int) -> None:
        self.add(_slab_pieces(slab.outline, slab.level_m), _passed(slab.construction), slab.id, building, slab=True)

    def add_perimeter(self, perimeter: Perimeter) -> None:
        ring = LineString(perimeter.outline.exterior.coords)
        pieces = [
            piece for start, end in _segments(ring) for piece in _wall_pieces(start, end, 0.0, perimeter.height_m, [])
        ]
        self.add(pieces, _passed(perimeter.construction), perimeter.id, -1)

    def facets(self) -> Facets:
        count = len(self.pieces)
        return Facets(
            corner_m=np.array([corners for corners, _ in self.pieces], float).reshape(count, 4, 3),
            edge_m=np.array([edges for _, edges in self.pieces], float).reshape(count, 4, 2, 3),
            surface=np.array(self.surface, np.int32),
            is_slab=np.array(self.is_slab, np.bool_),
            building=np.array(self.building, np.int32),
            feature=np.array(self.feature, np.int32),
            surfaces=tuple(self.surfaces),
            feature_ids=tuple(self.feature_ids),
        )


def _passed(construction: str) -> tuple[str, ...]:
    return () if construction == "open" else (construction,)


def _segments(line: LineString) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    """Straight parts of a line, each from its lexicographically smaller end."""
    coords = shapely.get_coordinates(line)
    for start, end in itertools.pairwise(coords):
        low, high = sorted([(float(start[0]), float(start[1])), (float(end[0]), float(end[1]))])
        if low != high:
            yield low, high


def _span(start: tuple[float, float], end: tuple[float, float], line: LineString) -> tuple[float, float]:
    """Where a line lies along a segment, as shares 0–1 of its length, clamped to it."""
    origin, along = np.array(start), np.array(end) - np.array(start)
    shares = (shapely.get_coordinates(line) - origin) @ along / (along @ along)
    low, high = float(shares.min()), float(shares.max())
    return max(low, 0.0), min(high, 1.0)


def _lies_on(start: tuple[float, float], end: tuple[float, float], line: LineString) -> bool:
    """Whether the middle of an opening is on this segment of its wall (within the 5 cm `checks` allows)."""
    middle = line.interpolate(0.5, normalized=True)
    return bool(LineString([start, end]).distance(middle) <= 0.05)


def _merged(values: Iterable[float], tolerance: float) -> list[float]:
    """Sorted values, those closer than the tolerance taken as one (the smallest)."""
    kept: list[float] = []
    for value in sorted(values):
        if not kept or value - kept[-1] > tolerance:
            kept.append(value)
    return kept


class _WallFrame:
    """Positions and shared supporting lines on one straight, upright wall."""

    def __init__(self, start: tuple[float, float], end: tuple[float, float], base_m: float, top_m: float) -> None:
        self.start, self.end, self.base_m, self.top_m = start, end, base_m, top_m

    def plan(self, share: float) -> tuple[float, float]:
        if share <= 0:
            return self.start
        if share >= 1:
            return self.end
        (x0, y0), (x1, y1) = self.start, self.end
        return x0 + share * (x1 - x0), y0 + share * (y1 - y0)

    def upright(self, share: float) -> Edge:
        x, y = self.plan(share)
        return (x, y, self.base_m), (x, y, self.top_m)

    def level(self, z_m: float) -> Edge:
        return (*self.start, z_m), (*self.end, z_m)

    def piece(self, u0: float, u1: float, z0: float, z1: float) -> Piece:
        (xa, ya), (xb, yb) = self.plan(u0), self.plan(u1)
        corners = ((xa, ya, z0), (xb, yb, z0), (xb, yb, z1), (xa, ya, z1))
        return corners, (self.level(z0), self.upright(u1), self.level(z1), self.upright(u0))


def _columns(
    start: tuple[float, float], end: tuple[float, float], holes: list[tuple[float, float, float, float]]
) -> list[float]:
    """Shares of the length at which a wall is cut upright."""
    length = float(np.hypot(end[0] - start[0], end[1] - start[1]))
    return _merged([0.0, 1.0, *(u for hole in holes for u in hole[:2])], SMALLEST_PIECE_M / length)


def _wall_pieces(
    start: tuple[float, float],
    end: tuple[float, float],
    base_m: float,
    top_m: float,
    holes: list[tuple[float, float, float, float]],
) -> Iterator[Piece]:
    """The solid pieces of one straight wall: columns between the ends of holes, cut at sills and heads."""
    frame = _WallFrame(start, end, base_m, top_m)
    columns = _columns(start, end, holes)
    for u0, u1 in itertools.pairwise(columns):
        middle = (u0 + u1) / 2
        bottom = base_m
        for sill, head in sorted((z0, z1) for a, b, z0, z1 in holes if a < middle < b):
            if sill - bottom > SMALLEST_PIECE_M:
                yield frame.piece(u0, u1, bottom, sill)
            bottom = max(bottom, head)
        if top_m - bottom > SMALLEST_PIECE_M:
            yield frame.piece(u0, u1, bottom, top_m)


def _filling_pieces(
    start: tuple[float, float],
    end: tuple[float, float],
    base_m: float,
    top_m: float,
    holes: list[tuple[float, float, float, float]],
    filled: tuple[float, float, float, float],
) -> Iterator[Piece]:
    """The pieces of one opening: cut at the same columns as its wall."""
    frame = _WallFrame(start, end, base_m, top_m)
    columns = _columns(start, end, holes)
    u_low, u_high, z0, z1 = filled
    for u0, u1 in itertools.pairwise(columns):
        if u_low < (u0 + u1) / 2 < u_high:
            yield frame.piece(u0, u1, max(z0, base_m), min(z1, top_m))


def _slab_pieces(outline: Polygon, level_m: float) -> Iterator[Piece]:
    """A flat polygon with voids as trapezoids between parallel cuts through all its corners."""
    rings = [shapely.get_coordinates(ring) for ring in (outline.exterior, *outline.interiors)]
    edges = [edge for ring in rings for edge in itertools.pairwise(ring)]
    along = _longest_direction(edges)
    across = np.array([-along[1], along[0]])
    corners = np.concatenate([ring[:-1] for ring in rings])
    cuts = _merged([float(s) for s in corners @ along], SMALLEST_PIECE_M)
    t_low, t_high = float((corners @ across).min()), float((corners @ across).max())

    def cut_line(s: float) -> Edge:
        a, b = s * along + t_low * across, s * along + t_high * across
        return _ordered((float(a[0]), float(a[1]), level_m), (float(b[0]), float(b[1]), level_m))

    for s0, s1 in itertools.pairwise(cuts):
        crossing = []
        for start, end in edges:
            sa, sb = float(start @ along), float(end @ along)
            if min(sa, sb) <= (s0 + s1) / 2 < max(sa, sb):
                ta, tb = float(start @ across), float(end @ across)
                at = [ta + (s - sa) / (sb - sa) * (tb - ta) for s in (s0, s1)]
                line = _ordered((float(start[0]), float(start[1]), level_m), (float(end[0]), float(end[1]), level_m))
                crossing.append(((at[0] + at[1]) / 2, at[0], at[1], line))
        crossing.sort(key=lambda item: item[0])
        for low, high in zip(crossing[::2], crossing[1::2], strict=True):
            plan = [(s0, low[1]), (s1, low[2]), (s1, high[2]), (s0, high[1])]
            ring = [s * along + t * across for s, t in plan]
            a, b, c, d = [(float(x), float(y), level_m) for x, y in ring]
            yield (a, b, c, d), (low[3], cut_line(s1), high[3], cut_line(s0))


def _ordered(a: Xyz, b: Xyz) -> Edge:
    return (a, b) if a <= b else (b, a)


def _longest_direction(edges: list[tuple[NDArray[np.float64], NDArray[np.float64]]]) -> NDArray[np.float64]:
    """Unit vector along the longest edge of a polygon: rectangles then fall into few pieces."""
    start, end = max(edges, key=lambda edge: round(float(np.hypot(*(edge[1] - edge[0]))), 6))
    vector: NDArray[np.float64] = (end - start) / np.hypot(*(end - start))
    return vector
