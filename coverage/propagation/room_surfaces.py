"""What walls, floor and ceiling of a bare room send back of the power that meets them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from quietwing.sites import Construction, Room, Site, Slab, Wall

__all__ = ["MASONRY_RETURNED", "METAL_RETURNED", "room_surfaces"]

Array = NDArray[np.float64]

# Share of power returned, mean over angles, polarisations and surfaces; assumed. By P.2040-3's slab concrete and
# brick return 0.15 to 0.25 in a diffuse field at 0.7 to 3.8 GHz: the rest stands for a steel door and for fittings.
MASONRY_RETURNED = 0.3
METAL_RETURNED = 0.9  # assumed: sheets with joints; by the same slab a metal deck behind plasterboard 0.88
MASONRY = ("concrete", "brick", "marble", "asphalt_concrete")  # hides metal behind it: crossed twice
METAL_FROM_DB = 15.0  # assumed: what loses more by a law of its own and names no layers is sheet metal or coated
BESIDE_WALL_M = 0.3  # from a room's outline to the mid-line of its wall, assumed
AT_LEVEL_M = 0.5  # from a storey's floor or ceiling to its slab, assumed


def room_surfaces(site: Site, rooms: Sequence[int]) -> tuple[Array, Array]:
    """Area of all surfaces of rooms, and the share of power that they return.

    Without furniture: a bare room returns most. What stands in the walls' openings counts as wall.

    Parameters
    ----------
    site : Site
        A checked site.
    rooms : sequence of int
        Indices of rooms in buildings, any of them more than once.

    Returns
    -------
    tuple of ndarray, shape (room,)
        Area [m²] and returned share [1].
    """
    known = site.constructions
    sheets = [wall for wall in site.walls if _is_metal(known[wall.construction], both_sides=True)]
    decks = [slab for slab in site.slabs if _is_metal(known[slab.construction], both_sides=False)]
    found = {room: _surfaces(site, site.rooms[room], sheets, decks) for room in sorted(set(rooms))}
    values = np.array([found[room] for room in rooms], np.float64).reshape(-1, 2)
    return values[:, 0], values[:, 1]


def _surfaces(site: Site, room: Room, sheets: Sequence[Wall], decks: Sequence[Slab]) -> tuple[float, float]:
    """Area of one room's surfaces, and the share they return."""
    if room.building is None:  # a yard: what is sent up does not come back
        return 2 * room.outline.area, 0.0
    storey = site.buildings[site.building_index[room.building]].storeys[room.storey]
    whole_m2 = 2 * room.outline.area + room.outline.length * storey.height_m
    near = shapely.buffer(room.outline, BESIDE_WALL_M)
    metal_m2 = sum(
        near.intersection(wall.line).length * storey.height_m
        for wall in sheets
        if (wall.building, wall.storey) == (room.building, room.storey)
    )
    metal_m2 += sum(
        room.outline.intersection(slab.outline).area
        for slab in decks
        if slab.building == room.building
        and min(abs(slab.level_m - storey.floor_m), abs(slab.level_m - storey.ceiling_m)) <= AT_LEVEL_M
    )
    metal = min(metal_m2 / whole_m2, 1.0)
    return whole_m2, MASONRY_RETURNED + metal * (METAL_RETURNED - MASONRY_RETURNED)


def _is_metal(construction: Construction, *, both_sides: bool) -> bool:
    """Whether metal faces the room: on the last layer's side, of a wall on either, for it may divide two rooms."""
    if construction.loss_intercept_db is not None:
        return construction.loss_intercept_db >= METAL_FROM_DB
    materials = [layer.material for layer in construction.layers if layer.material in ("metal", *MASONRY)]
    ends = (*materials[-1:], *(materials[:1] if both_sides else ()))
    return "metal" in ends
