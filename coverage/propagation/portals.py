"""Where a radio path may bend on its way through a site: doors, windows, hatches, gates, voids, corners, roof edges.

A portal is a flat aperture and one virtual source within it. The aperture says where a path may pass and at which
edge it bends; the source is where the multi-wall kernel takes the loss of the legs that meet there. Large apertures
(an atrium) have a source every few metres and keep their full outline for the bend.

- *opening*: the rectangle of a door, window, hatch or gate. Its pane, leaf or grille is lost by whichever leg comes
  from the negative side of its plane: the source lies in the plane, so the kernel's rule 1 counts it exactly once.
- *void*: a hole in a slab (stairs, riser, atrium with its gallery edges, rooflight), as the largest rectangles
  within it.
- *corner*: an outside corner of a building, as the half-plane beyond it along the bisector: round the block.
- *roof edge*: the same along the top of an outer wall: over the roof.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon

from quietwing.sites import Building, OutOfRangeError, Site, Slab, opening_places, shown

__all__ = ["MOST_PORTAL_PAIRS", "PORTAL_KINDS", "Portals", "portals", "refuse_too_many_portals"]

Floats = NDArray[np.float64]
Plan = tuple[float, float]

PORTAL_KINDS = ("door", "window", "hatch", "gate", "void", "corner", "roof-edge")
MOST_PORTAL_PAIRS = 36_000_000  # of all buildings, assumed: 2 GiB and a minute of a core
VOID_PIECE_M = 6.0  # assumed: about a storey and a half, beyond it one source no longer sees what the void sees
ROOF_PIECE_M = 10.0  # assumed: roof edges are seen from tens of metres
SMALLEST_VOID_M = 0.1  # assumed: narrower gaps pass pipes, and are left to the slab's own loss
BESIDE_EDGE_M = 0.1  # assumed: the source of a corner stands in the air beside it, not in the wall
HALF_PLANE_M = 1e4  # beyond any site: the aperture beside a corner has no far end
EYE_HEIGHT_M = 1.5
STRAIGHT_DEG = 20.0  # assumed: a bend of an outline below this is no corner to diffract at
WHOLE_SHARE = 0.95  # assumed: a void covered less than this by rectangles is worth a note
VOID_TOLERANCE_M = 0.01  # site files are rounded to millimetres


@dataclass(frozen=True, slots=True, eq=False)
class Portals:
    """Apertures and virtual sources of a site.

    Attributes
    ----------
    ids : tuple of str, length portal
        Id of the opening, slab or building each belongs to.
    kind : tuple of str, length portal
        One of `PORTAL_KINDS`.
    source_m : float64 ndarray, shape (portal, 3)
        Virtual source. [m]
    frame : float64 ndarray, shape (portal, 16)
        Aperture: origin (3), unit axes e1, e2 and normal e1 × e2 (3 each), then its extent u0, u1 along e1 and
        v0, v1 along e2. [m]
    group : int32 ndarray, shape (portal,)
        Portals of one opening, void, corner or edge share a number: a ray through any of its apertures passes it.
    rooms : int32 ndarray, shape (portal, 2)
        Rooms an opening joins, -1 where there is none.
    building : int32 ndarray, shape (portal,)
        Index of the building.
    notes : tuple of str
        What of the site's geometry is only approximated.
    """

    ids: tuple[str, ...]
    kind: tuple[str, ...]
    source_m: Floats
    frame: Floats
    group: NDArray[np.int32]
    rooms: NDArray[np.int32]
    building: NDArray[np.int32]
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.ids)

    def is_kind(self, *kinds: str) -> NDArray[np.bool_]:
        """Which portals are of one of these kinds, shape (portal,)."""
        return np.array([kind in kinds for kind in self.kind], np.bool_)


class _Collector:
    """Gathers portals in the order of the site, so that equal sites give equal arrays."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.kind: list[str] = []
        self.source: list[Floats] = []
        self.frame: list[Floats] = []
        self.group: list[int] = []
        self.rooms: list[tuple[int, int]] = []
        self.building: list[int] = []
        self.notes: list[str] = []
        self.groups = 0

    def add(
        self,
        name: str,
        kind: str,
        building: int,
        axes: tuple[Floats, Floats, Floats],
        extent_m: tuple[float, float, float, float],
        sources_uv_m: list[tuple[float, float]],
        rooms: tuple[int, int] = (-1, -1),
    ) -> None:
        """One aperture (origin, e1, e2; u0, u1, v0, v1) with its sources, in the group begun last."""
        origin, e1, e2 = axes
        row = np.concatenate([origin, e1, e2, np.cross(e1, e2), extent_m])
        for u, v in sources_uv_m:
            self.ids.append(name)
            self.kind.append(kind)
            self.source.append(origin + u * e1 + v * e2)
            self.frame.append(row)
            self.group.append(self.groups - 1)
            self.rooms.append(rooms)
            self.building.append(building)

    def begin_group(self) -> None:
        self.groups += 1

    def portals(self) -> Portals:
        count = len(self.ids)
        return Portals(
            tuple(self.ids),
            tuple(self.kind),
            np.array(self.source, np.float64).reshape(count, 3),
            np.array(self.frame, np.float64).reshape(count, 16),
            np.array(self.group, np.int32),
            np.array(self.rooms, np.int32).reshape(count, 2),
            np.array(self.building, np.int32),
            tuple(dict.fromkeys(self.notes)),
        )


def portals(site: Site) -> Portals:
    """All portals of a site: openings, voids of slabs, outside corners, roof edges.

    Parameters
    ----------
    site : Site
        A checked site.

    Returns
    -------
    Portals
        In the order of the site's openings, slabs and buildings.
    """
    found = _Collector()
    _add_openings(found, site)
    for slab in site.slabs:
        _add_voids(found, slab, site.building_index[slab.building])
    for index, building in enumerate(site.buildings):
        _add_outline(found, building, index)
    return found.portals()


def refuse_too_many_portals(site: Site, building: NDArray[np.int32] | None = None) -> None:
    """Refuse portals of which no memory holds a table of all pairs for each building.

    Parameters
    ----------
    site : Site
    building : int32 ndarray, shape (portal,), optional
        Of each portal, -1 for none; without it the openings alone are counted, which takes no time.

    Raises
    ------
    OutOfRangeError
        With the building that has most.
    """
    if building is None:
        of_wall = {wall.id: site.building_index[wall.building] for wall in site.walls}
        building = np.array([of_wall[opening.wall] for opening in site.openings], np.int32)
    counts = np.bincount(building[building >= 0], minlength=1)
    if (counts**2).sum() > MOST_PORTAL_PAIRS:
        most, fullest = int(counts.max()), site.buildings[int(counts.argmax())]
        raise OutOfRangeError(
            f"openings.geojson: building {shown(fullest.id)} has {most:,} openings, pieces of voids, corners and "
            f"roof edges that a path may take (limit {math.isqrt(MOST_PORTAL_PAIRS):,} in one building, fewer in "
            f"each of several); split the site, or draw openings that stand side by side as one"
        )


def _add_openings(found: _Collector, site: Site) -> None:
    """One portal for each door, window, hatch and gate."""
    for place in opening_places(site):
        opening = site.openings[place.opening]
        centre = np.array(place.centre_m)
        across = np.array([-place.normal[1], place.normal[0], 0.0])
        half_m, half_height_m = opening.line.length / 2, (opening.head_m - opening.sill_m) / 2
        found.begin_group()
        axes = centre, across, np.array([0.0, 0.0, 1.0])
        extent = (-half_m, half_m, -half_height_m, half_height_m)
        found.add(opening.id, opening.kind, place.building, axes, extent, [(0.0, 0.0)], place.rooms)


def _add_voids(found: _Collector, slab: Slab, building: int) -> None:
    """The holes of one slab as the largest rectangles within each, with a source every few metres."""
    for ring in slab.outline.interiors:
        hole = Polygon(ring)
        found.begin_group()
        along = _longest_direction(hole)
        across = np.array([-along[1], along[0]])
        boxes = _largest_rectangles(hole, along, across)
        if not boxes:
            found.notes.append(
                f"{slab.id}: a void that holds no rectangle of {SMALLEST_VOID_M:g} m is left out of detours"
            )
        elif _covered_m2(boxes) < WHOLE_SHARE * hole.area:
            found.notes.append(f"{slab.id}: for detours, a void with oblique edges is the rectangles within it")
        origin = np.array([0.0, 0.0, slab.level_m])
        axes = origin, np.array([*along, 0.0]), np.array([*across, 0.0])
        for s0, t0, s1, t1 in boxes:
            middles = itertools.product(_middles(s0, s1, VOID_PIECE_M), _middles(t0, t1, VOID_PIECE_M))
            found.add(slab.id, "void", building, axes, (s0, s1, t0, t1), list(middles))


def _covered_m2(boxes: list[tuple[float, float, float, float]]) -> float:
    """Area covered by boxes that may overlap. [m2]"""
    return float(shapely.union_all([shapely.box(*each) for each in boxes]).area)


def _longest_direction(polygon: Polygon) -> Floats:
    """Unit vector along the longest edge."""
    edge = np.diff(shapely.get_coordinates(polygon.exterior), axis=0)
    longest = edge[np.argmax(np.round(np.hypot(edge[:, 0], edge[:, 1]), 6))]
    return np.asarray(longest / np.hypot(longest[0], longest[1]))


def _largest_rectangles(hole: Polygon, along: Floats, across: Floats) -> list[tuple[float, float, float, float]]:
    """Rectangles (s0, t0, s1, t1) between the corners of a void that lie in it and in no larger one."""
    corners = shapely.get_coordinates(hole.exterior)[:-1]
    s, t = np.unique((corners @ along).round(3)), np.unique((corners @ across).round(3))
    rotated = Polygon(np.stack([corners @ along, corners @ across], axis=1))
    roomy = rotated.buffer(VOID_TOLERANCE_M)
    shapely.prepare(roomy)
    cell = np.zeros((len(s), len(t)), np.int64)  # summed, so that a rectangle of cells is counted at once
    for i, j in itertools.product(range(len(s) - 1), range(len(t) - 1)):
        cell[i + 1, j + 1] = shapely.covers(roomy, shapely.box(s[i], t[j], s[i + 1], t[j + 1]))
    total = cell.cumsum(axis=0).cumsum(axis=1)
    full = []
    for (i0, i1), (j0, j1) in itertools.product(
        itertools.combinations(range(len(s)), 2), itertools.combinations(range(len(t)), 2)
    ):
        covered = total[i1, j1] - total[i0, j1] - total[i1, j0] + total[i0, j0]
        if covered == (i1 - i0) * (j1 - j0):
            full.append((i0, j0, i1, j1))
    full.sort(key=lambda box: ((box[2] - box[0]) * (box[3] - box[1]), box), reverse=True)
    kept: list[tuple[int, int, int, int]] = []
    for i0, j0, i1, j1 in full:
        if not any(k[0] <= i0 and k[1] <= j0 and i1 <= k[2] and j1 <= k[3] for k in kept):
            kept.append((i0, j0, i1, j1))
    boxes = [(float(s[i0]), float(t[j0]), float(s[i1]), float(t[j1])) for i0, j0, i1, j1 in kept]
    return [box for box in boxes if min(box[2] - box[0], box[3] - box[1]) >= SMALLEST_VOID_M]


def _middles(low: float, high: float, most_m: float) -> list[float]:
    """Middles of equal pieces of an interval, none longer than `most_m`."""
    pieces = max(1, int(np.ceil((high - low) / most_m - 1e-9)))
    return [low + (k + 0.5) * (high - low) / pieces for k in range(pieces)]


def _add_outline(found: _Collector, building: Building, index: int) -> None:
    """Outside corners of one building, and the edges of its roof."""
    top_m = max(storey.ceiling_m for storey in building.storeys)
    ground_m = min(storey.floor_m for storey in building.storeys)
    up = np.array([0.0, 0.0, 1.0])
    for corner, outward in _outside_corners(building.outline):
        found.begin_group()
        axes = np.array([*corner, 0.0]), np.array([*outward, 0.0]), up
        heights = [storey.floor_m + EYE_HEIGHT_M for storey in building.storeys]
        extent = (0.0, HALF_PLANE_M, ground_m, top_m)
        found.add(building.id, "corner", index, axes, extent, [(BESIDE_EDGE_M, z) for z in heights])
    ring = shapely.get_coordinates(shapely.geometry.polygon.orient(building.outline).exterior)
    for start, end in itertools.pairwise(ring):
        length_m = float(np.hypot(*(end - start)))
        if length_m < SMALLEST_VOID_M:
            continue
        found.begin_group()
        along = (end - start) / length_m
        outward = np.array([along[1], -along[0], 1.0]) / np.sqrt(2)  # half way between out and up
        axes = np.array([*start, top_m]), np.array([*along, 0.0]), outward
        sources = [(u, BESIDE_EDGE_M) for u in _middles(0.0, length_m, ROOF_PIECE_M)]
        found.add(building.id, "roof-edge", index, axes, (0.0, length_m, 0.0, HALF_PLANE_M), sources)


def _outside_corners(outline: Polygon) -> Iterator[tuple[Plan, Plan]]:
    """Convex corners of an outline and the unit vector outward along the bisector of each."""
    ring = shapely.get_coordinates(shapely.geometry.polygon.orient(outline).exterior)[:-1]
    before, after = ring - np.roll(ring, 1, axis=0), np.roll(ring, -1, axis=0) - ring
    for at, a, b in zip(ring, before, after, strict=True):
        a, b = a / np.hypot(*a), b / np.hypot(*b)
        turn_deg = np.degrees(np.arctan2(a[0] * b[1] - a[1] * b[0], a @ b))
        if turn_deg > STRAIGHT_DEG:
            outward = (a - b) / np.hypot(*(a - b))
            yield (float(at[0]), float(at[1])), (float(outward[0]), float(outward[1]))
