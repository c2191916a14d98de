"""Which rooms an opening joins, and what lies just inside and outside of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray

from quietwing.sites.model import Opening, Site

__all__ = ["OpeningPlace", "opening_places", "with_openings"]

_KEPT = "kept opening places"  # in the site's own __dict__

PROBE_M = 0.3  # how far either side of its plane an opening is asked what it joins


@dataclass(frozen=True, slots=True)
class OpeningPlace:
    """One opening seen from the rooms.

    Attributes
    ----------
    opening : int
        Index in ``site.openings``.
    rooms : tuple of int
        Rooms on the two sides (left and right of the opening's normal), -1 where there is none.
    outer : bool
        One side lies outside every room and outside the building's outline: the opening is in the outer wall.
    centre_m : tuple of float
        Middle of the opening, z above the ground. [m]
    normal : tuple of float
        Unit vector in plan towards the first of `rooms`.
    storey : int
        Storey of its wall.
    building : int
        Index of its building.
    """

    opening: int
    rooms: tuple[int, int]
    outer: bool
    centre_m: tuple[float, float, float]
    normal: tuple[float, float]
    storey: int
    building: int

    def normal_into(self, room: int) -> tuple[float, float]:
        """Unit vector in plan from the opening into one of its two rooms."""
        sign = 1.0 if self.rooms[0] == room else -1.0
        return sign * self.normal[0], sign * self.normal[1]

    def beside_m(self, room: int, distance_m: float) -> tuple[float, float, float]:
        """The point level with the centre, so far inside the room (negative: outside it). [m]"""
        nx, ny = self.normal_into(room)
        x, y, z = self.centre_m
        return x + distance_m * nx, y + distance_m * ny, z


def opening_places(site: Site) -> tuple[OpeningPlace, ...]:
    """What each opening of a site joins, in the order of ``site.openings``; worked out once for each site.

    Parameters
    ----------
    site : Site
        A checked site.

    Returns
    -------
    tuple of OpeningPlace
    """
    if _KEPT not in vars(site):
        vars(site)[_KEPT] = _opening_places(site)
    places: tuple[OpeningPlace, ...] = vars(site)[_KEPT]
    return places


def with_openings(site: Site, openings: tuple[Opening, ...]) -> Site:
    """The site with other openings; where each stands as it did, whatever is in it, their places are those known."""
    made = replace(site, openings=openings)
    if [_stands(opening) for opening in openings] == [_stands(opening) for opening in site.openings]:
        vars(made)[_KEPT] = opening_places(site)
    return made


def _stands(opening: Opening) -> tuple[object, ...]:
    """What the place of an opening depends on, beside walls, rooms and storeys."""
    return opening.wall, opening.line, opening.sill_m, opening.head_m


def _opening_places(site: Site) -> tuple[OpeningPlace, ...]:
    if not site.openings:
        return ()
    walls = {wall.id: wall for wall in site.walls}
    middle, normal = _middles_and_normals(site.openings)
    storey = np.array([walls[opening.wall].storey for opening in site.openings])
    building = np.array([site.building_index[walls[opening.wall].building] for opening in site.openings])
    sides = [_room_at(site, middle + side * PROBE_M * normal, storey, building) for side in (1.0, -1.0)]
    outside = [
        (rooms < 0) & ~_inside_own_building(site, middle + side * PROBE_M * normal, building)
        for side, rooms in zip((1.0, -1.0), sides, strict=True)
    ]
    places = []
    for index, opening in enumerate(site.openings):
        floor_m = site.buildings[building[index]].storeys[storey[index]].floor_m
        places.append(
            OpeningPlace(
                opening=index,
                rooms=(int(sides[0][index]), int(sides[1][index])),
                outer=bool(outside[0][index] != outside[1][index]),
                centre_m=(
                    float(middle[index, 0]),
                    float(middle[index, 1]),
                    floor_m + (opening.sill_m + opening.head_m) / 2,
                ),
                normal=(float(normal[index, 0]), float(normal[index, 1])),
                storey=int(storey[index]),
                building=int(building[index]),
            )
        )
    return tuple(places)


def _middles_and_normals(openings: tuple[Opening, ...]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Middle of each opening in plan and a unit normal to it."""
    ends = np.array([shapely.get_coordinates(opening.line)[[0, -1]] for opening in openings])
    along = ends[:, 1] - ends[:, 0]
    normal = np.stack([-along[:, 1], along[:, 0]], axis=1) / np.hypot(along[:, 0], along[:, 1])[:, None]
    return ends.mean(axis=1), normal


def _room_at(
    site: Site, xy_m: NDArray[np.float64], storey: NDArray[np.int_], building: NDArray[np.int_]
) -> NDArray[np.int_]:
    """Room of the same building and storey at each place, -1 where there is none."""
    found = np.full(len(xy_m), -1)
    tree = shapely.STRtree([room.outline for room in site.rooms])
    which, rooms = tree.query(shapely.points(xy_m), predicate="intersects")
    for place, room in zip(which.tolist(), rooms.tolist(), strict=True):
        candidate = site.rooms[room]
        same_building = candidate.building is not None and site.building_index[candidate.building] == building[place]
        if same_building and candidate.storey == storey[place] and found[place] < 0:
            found[place] = room
    return found


def _inside_own_building(site: Site, xy_m: NDArray[np.float64], building: NDArray[np.int_]) -> NDArray[np.bool_]:
    """Whether each place lies within the outline of the building its opening belongs to."""
    outlines = np.array([site.buildings[index].outline for index in building])
    inside: NDArray[np.bool_] = shapely.contains_xy(outlines, xy_m[:, 0], xy_m[:, 1])
    return inside
