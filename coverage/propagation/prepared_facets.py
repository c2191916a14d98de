"""Facets in the order and form the wall-shadow kernels read: the numbers of the rules, and a tree of boxes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from quietwing.sites import Facets, OutOfRangeError

__all__ = ["PreparedFacets", "check_finite", "prepare", "prepare_like", "some_quads"]

Floats = NDArray[np.float64]

SMALLEST_AREA_M2 = 1e-12  # one square micrometre: what rounding leaves of a quad without area
LEAF = 4  # quads of one box of the tree
BOX_MARGIN = 1e-9  # of the largest coordinate, and as metres: boxes must hold every hit in spite of rounding


@dataclass(frozen=True, slots=True, eq=False)
class PreparedFacets:
    """Facets in the order and form the kernels read; made by `prepare`.

    Attributes
    ----------
    original : int32 ndarray, shape (quad,)
        Index of each quad in the `Facets`; quads without area are left out. Slabs come first.
    facet : float64 ndarray, shape (quad, 38)
        Normal (3), offset, for each edge direction (3), moment (3) and sense, and the box (6).
    size : float64 ndarray, shape (quad, 9)
        Length of the normal, and for each edge of direction and moment.
    surface, building : int32 ndarray, shape (quad,)
        As in `Facets`.
    box, span : float64 ndarray, shape (node, 6); int32 ndarray, shape (node, 3)
        Tree of boxes in depth-first order: bounds; first quad, quads, next node if the box is missed.
    trees : int32 ndarray, shape (2, 2)
        Nodes of the slabs' tree and of the others' tree.
    surfaces : int
        Number of surfaces.
    """

    original: NDArray[np.int32]
    facet: Floats
    size: Floats
    surface: NDArray[np.int32]
    building: NDArray[np.int32]
    box: Floats
    span: NDArray[np.int32]
    trees: NDArray[np.int32]
    surfaces: int

    def __len__(self) -> int:
        return len(self.original)


def prepare(facets: Facets) -> PreparedFacets:
    """Facets in the order and form the kernels read. Do it once per site.

    Parameters
    ----------
    facets : Facets
        Planar convex quads; triangles repeat a corner.

    Raises
    ------
    OutOfRangeError
        If a coordinate is not finite.
    """
    corner_m = np.ascontiguousarray(facets.corner_m, np.float64).reshape(-1, 4, 3)
    edge_m = np.ascontiguousarray(facets.edge_m, np.float64).reshape(-1, 4, 2, 3)
    check_finite(corner_m, "a corner of a facet")
    check_finite(edge_m, "an edge of a facet")
    diagonals = np.cross(corner_m[:, 2] - corner_m[:, 0], corner_m[:, 3] - corner_m[:, 1])
    whole = _in_place_order(facets, corner_m)
    whole = whole[np.linalg.norm(diagonals[whole], axis=1) / 2 > SMALLEST_AREA_M2]
    slabs = whole[facets.is_slab[whole]]
    others = whole[~facets.is_slab[whole]]
    margin = BOX_MARGIN * (1 + np.abs(corner_m).max(initial=0))
    low, high = corner_m.min(axis=1) - margin, corner_m.max(axis=1) + margin
    slab_order, slab_box, slab_span = _tree(slabs, low, high, 0, 0)
    order, box, span = _tree(others, low, high, len(slabs), len(slab_box))
    original = np.concatenate([slab_order, order]).astype(np.int32)
    facet, size = _rule_rows(corner_m[original], edge_m[original])
    facet = np.ascontiguousarray(np.concatenate([facet, low[original], high[original]], axis=1))
    nodes = len(slab_box), len(slab_box) + len(box)
    return PreparedFacets(
        original=original,
        facet=facet,
        size=size,
        surface=facets.surface[original].astype(np.int32),
        building=facets.building[original].astype(np.int32),
        box=np.concatenate([slab_box, box]),
        span=np.concatenate([slab_span, span]),
        trees=np.array([[0, nodes[0]], nodes], np.int32),
        surfaces=len(facets.surfaces),
    )


def prepare_like(facets: Facets, before: Facets, prepared: PreparedFacets) -> PreparedFacets:
    """The same as `prepare`, in less time where the pieces stand as before and only what they are made of changed.

    Parameters
    ----------
    facets, before : Facets
    prepared : PreparedFacets
        ``prepare(before)``.

    Returns
    -------
    PreparedFacets
    """
    same = (
        np.array_equal(facets.corner_m, before.corner_m)
        and np.array_equal(facets.edge_m, before.edge_m)
        and np.array_equal(facets.is_slab, before.is_slab)
        and np.array_equal(
            _in_place_order(facets, facets.corner_m.reshape(-1, 4, 3)),
            _in_place_order(before, before.corner_m.reshape(-1, 4, 3)),
        )
    )
    if not same:
        return prepare(facets)
    return replace(
        prepared,
        surface=facets.surface[prepared.original].astype(np.int32),
        building=facets.building[prepared.original].astype(np.int32),
        surfaces=len(facets.surfaces),
    )


def some_quads(prepared: PreparedFacets, rows: NDArray[np.intp]) -> PreparedFacets:
    """Some of the quads of a site, crossed by the same rays as there.

    Parameters
    ----------
    prepared : PreparedFacets
    rows : int ndarray, shape (quad,)
        Ascending.

    Returns
    -------
    PreparedFacets
        All quads in the tree of the walls.
    """
    facet = prepared.facet[rows]
    order, box, span = _tree(np.arange(len(rows)), facet[:, 32:35], facet[:, 35:38], 0, 0)
    return replace(
        prepared,
        original=prepared.original[rows][order],
        facet=np.ascontiguousarray(facet[order]),
        size=prepared.size[rows][order],
        surface=prepared.surface[rows][order],
        building=prepared.building[rows][order],
        box=box,
        span=span,
        trees=np.array([[0, 0], [0, len(box)]], np.int32),
    )


def _in_place_order(facets: Facets, corner_m: Floats) -> NDArray[np.intp]:
    """Order of the quads by where they stand: float32 sums depend on the order, and must not on that of the file."""
    x, y, z = np.moveaxis(corner_m, 2, 0)
    turn = np.lexsort((z, y, x))[:, :, None]  # whatever corner a quad begins with
    place = np.take_along_axis(corner_m, turn, axis=1).reshape(-1, 12)
    name = np.argsort(np.argsort(np.array(["\n".join(passed) for passed in facets.surfaces], dtype=str)))
    return np.lexsort((facets.building, name[facets.surface], *place.T[::-1]))


def _rule_rows(corner_m: Floats, edge_m: Floats) -> tuple[Floats, Floats]:
    """The numbers of rules 1 and 2 for each quad, and the lengths that bound their rounding."""
    a, b = edge_m[:, :, 0], edge_m[:, :, 1]
    along, moment = b - a, np.cross(a, b)
    # Supporting lines rather than corners: all pieces of a wall then get the same plane bit for bit.
    pair = np.cross(along, np.roll(along, -1, axis=1))
    spread = np.linalg.norm(pair, axis=2)
    first = np.argmax(spread > spread.max(axis=1, keepdims=True) / 4, axis=1)
    every = np.arange(len(first))
    normal, point = pair[every, first], a[every, first]
    leading = normal[every, np.argmax(normal != 0, axis=1)]
    normal = np.where(leading[:, None] < 0, -normal, normal)
    offset = normal[:, 0] * point[:, 0] + normal[:, 1] * point[:, 1] + normal[:, 2] * point[:, 2]
    centre = corner_m.mean(axis=1)[:, None]
    # exactly 0 for the edge without length of a triangle
    sense = np.sign((np.cross(a - centre, b - centre) * normal[:, None]).sum(axis=2))
    edges = np.concatenate([along, moment, sense[:, :, None]], axis=2).reshape(-1, 28)
    lengths = np.stack([np.linalg.norm(along, axis=2), np.linalg.norm(moment, axis=2)], axis=2).reshape(-1, 8)
    return (
        np.concatenate([normal, offset[:, None], edges], axis=1),
        np.ascontiguousarray(np.concatenate([np.linalg.norm(normal, axis=1)[:, None], lengths], axis=1)),
    )


def _tree(
    quads: NDArray[np.intp], low: Floats, high: Floats, first_quad: int, first_node: int
) -> tuple[NDArray[np.intp], Floats, NDArray[np.int32]]:
    """Order of the quads, and their tree of boxes, split where the surface-area heuristic is least."""
    order: list[NDArray[np.intp]] = [np.empty(0, np.intp)]
    boxes: list[Floats] = []
    spans: list[list[int]] = []
    placed = first_quad
    open_nodes: list[int] = []
    waiting: list[tuple[NDArray[np.intp], int]] = [(quads, 0)] if len(quads) else []
    while waiting:
        members, depth = waiting.pop()
        for node in open_nodes[depth:]:
            spans[node][2] = first_node + len(spans)
        open_nodes[depth:] = [len(spans)]
        boxes.append(np.concatenate([low[members].min(axis=0), high[members].max(axis=0)]))
        spans.append([placed, len(members), 0])
        if len(members) <= LEAF:
            order.append(members)
            placed += len(members)
        else:
            left, right = _split(members, low[members], high[members])
            waiting += [(right, depth + 1), (left, depth + 1)]
    for node in open_nodes:
        spans[node][2] = first_node + len(spans)
    return (
        np.concatenate(order),
        np.array(boxes, np.float64).reshape(-1, 6),
        np.array(spans, np.int32).reshape(-1, 3),
    )


def _split(members: NDArray[np.intp], low: Floats, high: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Two halves with the least (box area x quads), over all cuts along the three axes."""
    rank = np.argsort(low + high, axis=0, kind="stable")
    axes = np.arange(3)[None, :]
    low, high = low[rank.T].swapaxes(0, 1), high[rank.T].swapaxes(0, 1)  # (quad, axis of the cut, xyz)
    count = np.arange(1, len(members))[:, None]
    left = _half_area(np.maximum.accumulate(high, axis=0) - np.minimum.accumulate(low, axis=0))[:-1]
    right = _half_area(np.maximum.accumulate(high[::-1], axis=0) - np.minimum.accumulate(low[::-1], axis=0))[-2::-1]
    cost = left * count + right * count[::-1]
    cut, axis = np.unravel_index(np.argmin(cost), cost.shape)
    ordered = members[rank[:, axes[0, axis]]]
    return ordered[: cut + 1], ordered[cut + 1 :]


def _half_area(extent: Floats) -> Floats:
    x, y, z = extent[..., 0], extent[..., 1], extent[..., 2]
    return np.asarray(x * y + y * z + z * x)


def check_finite(xyz_m: Floats, what: str) -> None:
    """Refuse coordinates that are nan or infinite: the kernels would count anything."""
    if not np.isfinite(xyz_m).all():
        where = np.argwhere(~np.isfinite(xyz_m))[0]
        raise OutOfRangeError(
            f"{what} (number {where[0]}) has a coordinate that is not a finite number; correct its position"
        )
