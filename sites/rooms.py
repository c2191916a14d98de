"""In which room a place is: one answer for whoever asks."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from quietwing.sites.model import Building, Room, Site

__all__ = ["room_of_points", "room_reach_m", "storey_reach_m", "with_storeys"]

TOUCHING_M = 1e-6  # a device at a ceiling touches it, whatever floor and height add up to


def storey_reach_m(building: Building, storey: int) -> tuple[float, float]:
    """Height at which a storey begins and below which it ends, above the ground. [m]

    It begins with its floor and ends where the next one begins, so that every height is of one storey. What hangs
    from the highest ceiling is in the highest storey.
    """
    storeys = building.storeys
    top_m = storeys[storey + 1].floor_m if storey + 1 < len(storeys) else storeys[storey].ceiling_m + TOUCHING_M
    return storeys[storey].floor_m, top_m


def room_reach_m(site: Site, room: Room, yards_up_to_m: float) -> tuple[float, float]:
    """Height at which a room begins and below which it ends, above the ground; a yard as high as is asked. [m]"""
    if room.building is None:
        return 0.0, yards_up_to_m
    return storey_reach_m(site.buildings[site.building_index[room.building]], room.storey)


def room_of_points(site: Site, xyz_m: NDArray[np.float64], *, yards_up_to_m: float = -np.inf) -> NDArray[np.int32]:
    """Room each place is in, by outline and height.

    Parameters
    ----------
    site : Site
    xyz_m : ndarray, shape (point, 3)
        [m]
    yards_up_to_m : float
        Up to which height a place over a yard is in it; without it yards are no rooms. [m]

    Returns
    -------
    int32 ndarray, shape (point,)
        Where outlines touch the first in the site's order, rooms of buildings before yards; -1 in no room.
    """
    found = np.full(len(xyz_m), -1, np.int32)
    reach_m = [room_reach_m(site, room, yards_up_to_m) for room in site.rooms]
    meant = sorted(
        (index for index, (low_m, high_m) in enumerate(reach_m) if low_m < high_m),
        key=lambda index: site.rooms[index].building is None,
    )
    if not meant or not len(xyz_m):
        return found
    low_m, high_m = np.array([reach_m[index] for index in meant]).T
    tree = shapely.STRtree([site.rooms[index].outline for index in meant])
    which, at = tree.query(shapely.points(xyz_m[:, :2]), predicate="intersects")
    z_m = xyz_m[which, 2]
    fits = (low_m[at] <= z_m) & (z_m < high_m[at])
    order = np.argsort(at[fits], kind="stable")[::-1]  # the first is written last
    found[which[fits][order]] = np.array(meant)[at[fits][order]]
    return found


def with_storeys(site: Site, room: NDArray[np.int32]) -> NDArray[np.int32]:
    """Room, storey and building of places whose room is known, shape (point, 3); -1 where there is none."""
    of_room = [
        (index, room.storey, -1 if room.building is None else site.building_index[room.building])
        for index, room in enumerate(site.rooms)
    ]
    return np.array([*of_room, (-1, -1, -1)], np.int32)[room]
