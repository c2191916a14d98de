"""Walls drawn by lines that close: what they enclose is the wall, leaf by leaf, as if it were filled."""

from __future__ import annotations

import numpy as np
import shapely
from shapely.geometry import Polygon

from quietwing.sites.importers.plan_parts import parts_of
from quietwing.sites.importers.wall_strips import THINNEST_M, WIDEST_PAIR_M, Segments, is_solid

__all__ = ["bodies_of_faces"]

GRID_M = 1e-4  # ends this near each other meet
ENCLOSED = 0.6  # of its edge along thinner walls: a shaft between walls, no wall; assumed
LEAF_M = 0.2  # of a leaf, a cavity or a layer of insulation, at most; assumed
JUNCTION = 0.75  # half the widest place of walls that cross, by the thickness of the thickest
OUTLINE = 0.9  # of the rectangle round it, for what is one


def bodies_of_faces(ends: Segments) -> tuple[list[Polygon], Segments]:
    """What lines enclose that is as thin as a wall, and the lines that are no edge of it and not within it.

    Parameters
    ----------
    ends : ndarray, shape (segment, 2, 2)
        Straight lines on a layer of walls. [m]

    Returns
    -------
    bodies : list of Polygon
        Leaves and cavity of one wall as one.
    left : ndarray, shape (segment, 2, 2)
    """
    if len(ends) < 3:
        return [], ends
    noded = shapely.union_all(shapely.linestrings(ends), grid_size=GRID_M)
    thin = [(_thickness_m(part), part) for part in parts_of(shapely.polygonize([noded]))]
    thin = sorted((one for one in thin if THINNEST_M <= one[0] <= WIDEST_PAIR_M), key=lambda one: one[0])
    tree = shapely.STRtree([part for _, part in thin])
    kept: set[int] = set()
    for number, (thickness_m, part) in enumerate(thin):
        beside = [thin[other][1] for other in tree.query(part, predicate="intersects").tolist() if other in kept]
        edge = part.boundary
        along_m = sum(edge.intersection(other.boundary).length for other in beside)
        if thickness_m <= LEAF_M or along_m < ENCLOSED * edge.length:
            kept.add(number)
    whole = shapely.union_all([thin[number][1] for number in sorted(kept)])
    bodies = parts_of(whole.simplify(10 * GRID_M))  # a corner where another line ends is none of the wall
    if not bodies:
        return [], ends
    covered = shapely.union_all(bodies).buffer(10 * GRID_M, join_style="mitre")
    shapely.prepare(covered)
    lines = shapely.linestrings(ends)
    inside = shapely.covers(covered, lines)
    return bodies, ends[~inside]


def _thickness_m(part: Polygon) -> float:
    """Of a wall seen from above; infinite for what is as wide as a space."""
    box = part.minimum_rotated_rectangle
    if isinstance(box, Polygon) and part.area > OUTLINE * box.area:
        x, y = box.exterior.coords.xy
        return float(np.hypot(np.diff(x)[:2], np.diff(y)[:2]).min())
    if not is_solid(part) or not part.buffer(-JUNCTION * WIDEST_PAIR_M).is_empty:
        return float("inf")
    return float(2 * part.area / part.length)
