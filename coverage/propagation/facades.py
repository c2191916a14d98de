"""The side of a building that a place belongs to: what is drawn or worked out once per mast and façade is one there.

A room belongs to the side its own openings look to, or the one it borrows; a room without any, to its building.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.propagation.opening_floor import OpeningFloor
from quietwing.sites import PointSet

__all__ = ["IN_THE_OPEN", "Facades", "facades_of"]

IN_THE_OPEN = -1
INNER = "inner"


@dataclass(frozen=True, slots=True)
class Facades:
    """Façades of some points.

    Attributes
    ----------
    names : tuple of str
        ``building|side``, side being 0 north, 1 east, 2 south, 3 west or ``inner``; stable from run to run.
    middle_m : float64 ndarray, shape (facade, 2)
        Middle of the outer openings of the side; of ``inner`` the building's. [m]
    of_point : int32 ndarray, shape (point,)
        Index of each point's façade, `IN_THE_OPEN` in no building.
    """

    names: tuple[str, ...]
    middle_m: NDArray[np.float64]
    of_point: NDArray[np.int32]


def facades_of(floor: OpeningFloor, points: PointSet) -> Facades:
    """The façade of every point.

    Parameters
    ----------
    floor : OpeningFloor
        Which openings each room of the site uses.
    points : PointSet

    Returns
    -------
    Facades
    """
    beside: dict[tuple[int, str], list[tuple[float, float]]] = defaultdict(list)
    for place, side in zip(floor.places, floor.sides, strict=True):
        beside[place.building, side].append(place.centre_m[:2])
    side_of = [INNER if used is None else floor.sides[used.places[0]] for used in floor.of_room]
    found: dict[tuple[int, str], int] = {}
    of_point = np.full(len(points), IN_THE_OPEN, np.int32)
    for index, (building, room) in enumerate(zip(points.building.tolist(), points.room.tolist(), strict=True)):
        if building >= 0:
            key = building, side_of[room] if room >= 0 else INNER
            of_point[index] = found.setdefault(key, len(found))
    buildings = floor.site.buildings
    middles = []
    for building, side in found:
        centre = buildings[building].outline.centroid
        middles.append(np.mean(beside[building, side], axis=0) if side != INNER else (centre.x, centre.y))
    names = tuple(f"{buildings[building].id}|{side}" for building, side in found)
    return Facades(names, np.array(middles, np.float64).reshape(-1, 2), of_point)
