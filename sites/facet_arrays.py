"""The flat pieces a straight ray can cross: every wall, opening, slab and roof as convex quads.

A wall with a window becomes a grid of pieces. Pieces that touch must not both be crossed, nor neither, by a
ray through the joint. Each edge of a piece is therefore given by two points of its *supporting line*, the
same two points (bit for bit) for every piece on that line, so that "left of the line" and "right of the line"
are decided from one and the same number.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Facets"]


@dataclass(frozen=True, slots=True)
class Facets:
    """Convex planar quads with the constructions a ray passes when it crosses them.

    Attributes
    ----------
    corner_m : float64 ndarray, shape (facet, 4, 3)
        Corners in ring order (either direction). [m]
    edge_m : float64 ndarray, shape (facet, 4, 2, 3)
        Two points of the supporting line of edge k, which runs from corner k to corner k+1; the two points
        are in lexicographic order and shared bit for bit by all facets on that line. [m]
    surface : int32 ndarray, shape (facet,)
        Index into `surfaces`.
    is_slab : bool ndarray, shape (facet,)
        Floor, ceiling or roof: counts for the saturating floor loss.
    building : int32 ndarray, shape (facet,)
        Index of the building, -1 for what stands in the open (perimeter wall).
    feature : int32 ndarray, shape (facet,)
        Index into `feature_ids`.
    surfaces : tuple of tuple of str
        The constructions of each surface, outermost first: ``("glass_6", "mesh_12")``. Empty: an open hole.
    feature_ids : tuple of str
        Ids of the walls, openings and slabs the facets come from.
    """

    corner_m: NDArray[np.float64]
    edge_m: NDArray[np.float64]
    surface: NDArray[np.int32]
    is_slab: NDArray[np.bool_]
    building: NDArray[np.int32]
    feature: NDArray[np.int32]
    surfaces: tuple[tuple[str, ...], ...]
    feature_ids: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.surface)
