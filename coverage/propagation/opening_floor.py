"""The interim stand-in for detours: what enters a room by its own opening, whatever the straight ray crosses.

Until the detour is modelled, a room whose straight ray meets none of its openings is given at least the level
just outside its own opening in the outer wall, as if its building were not there, less 15 dB and less that
opening's loss. A room without such an opening uses the nearest one of its storey and adds the loss of its
door. All of it is assumed (CHOICES 13) and goes when the detour comes.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from quietwing.coverage.propagation.constructions import surface_loss_db
from quietwing.sites.model import Opening, Site
from quietwing.sites.openings import OpeningPlace, opening_places

__all__ = ["ROUND_THE_CORNER_DB", "OpeningFloor", "RoomOpenings", "opening_floor"]

ROUND_THE_CORNER_DB = 15.0  # CHOICES 13, assumed: from just outside an opening to anywhere behind it
JUST_OUTSIDE_M = 0.3


@dataclass(frozen=True, slots=True)
class RoomOpenings:
    """How the public network may enter one room.

    Attributes
    ----------
    places : tuple of int
        Indices into `OpeningFloor.places`.
    doors : tuple of Opening
        Doors and gates a signal passes on the way from a borrowed opening; empty where the opening is the room's own.
    """

    places: tuple[int, ...]
    doors: tuple[Opening, ...]


@dataclass(frozen=True, slots=True)
class OpeningFloor:
    """Outer openings of a site and which of them each room uses.

    Attributes
    ----------
    site : Site
    places : tuple of OpeningPlace
        Openings in outer walls.
    outside_m : ndarray, shape (place, 3)
        The point just outside each. [m]
    of_room : tuple of RoomOpenings or None
        In the order of ``site.rooms``; None for yards and for storeys without any outer opening.
    """

    site: Site
    places: tuple[OpeningPlace, ...]
    outside_m: NDArray[np.float64]
    of_room: tuple[RoomOpenings | None, ...]

    def entry_loss_db(self, freq_mhz: NDArray[np.float64]) -> NDArray[np.float64]:
        """Loss of each outer opening at normal incidence, shape (place, band). [dB]"""
        losses = [self._opening_loss_db(self.site.openings[place.opening], freq_mhz) for place in self.places]
        return np.array(losses).reshape(len(losses), len(freq_mhz))

    def door_loss_db(self, room: RoomOpenings, freq_mhz: NDArray[np.float64]) -> NDArray[np.float64]:
        """Loss of the room's easiest door, 0 where it has none, shape (band,). [dB]"""
        if not room.doors:
            return np.zeros(len(freq_mhz))
        losses = [self._opening_loss_db(door, freq_mhz) for door in room.doors]
        easiest: NDArray[np.float64] = np.min(losses, axis=0)
        return easiest

    def _opening_loss_db(self, opening: Opening, freq_mhz: NDArray[np.float64]) -> NDArray[np.float64]:
        passed = [self.site.constructions[name] for name in opening.passed_constructions]
        if not passed:
            return np.zeros(len(freq_mhz))
        at_normal: NDArray[np.float64] = surface_loss_db(passed, np.ones(1), freq_mhz)[0]
        return at_normal

    def meets(self, room: RoomOpenings, from_m: NDArray[np.float64], to_m: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether straight rays pass through one of the openings the room uses.

        Parameters
        ----------
        room : RoomOpenings
        from_m : ndarray, shape (3,)
            The mast. [m]
        to_m : ndarray, shape (point, 3)
            Points of the room. [m]

        Returns
        -------
        ndarray of bool, shape (point,)
        """
        met = np.zeros(len(to_m), np.bool_)
        for index in room.places:
            place = self.places[index]
            opening = self.site.openings[place.opening]
            normal = np.array([*place.normal, 0.0])
            centre = np.array(place.centre_m)
            before, after = float((from_m - centre) @ normal), (to_m - centre) @ normal
            changes = (before >= 0) != (after >= 0)
            with np.errstate(divide="ignore", invalid="ignore"):
                share = before / (before - after)
                hit = from_m + share[:, None] * (to_m - from_m)
            across = (hit - centre) @ np.array([-place.normal[1], place.normal[0], 0.0])
            within = np.abs(across) <= opening.line.length / 2
            half_height_m = (opening.head_m - opening.sill_m) / 2
            met |= changes & within & (np.abs(hit[:, 2] - centre[2]) <= half_height_m)
        return met


def opening_floor(site: Site) -> OpeningFloor:
    """Outer openings of a site and the ones each room uses.

    Parameters
    ----------
    site : Site
        A checked site.

    Returns
    -------
    OpeningFloor
    """
    everywhere = opening_places(site)
    outer = tuple(place for place in everywhere if place.outer)
    own: dict[int, list[int]] = defaultdict(list)
    doors: dict[int, list[Opening]] = defaultdict(list)
    on_storey: dict[tuple[int, int], list[int]] = defaultdict(list)
    for index, place in enumerate(outer):
        own[max(place.rooms)].append(index)
        on_storey[place.building, place.storey].append(index)
    for place in everywhere:
        if site.openings[place.opening].kind in ("door", "gate"):
            for joined in sorted(set(place.rooms) - {-1}):
                doors[joined].append(site.openings[place.opening])
    centres = np.array([place.centre_m for place in outer]).reshape(-1, 3)
    trees = {key: KDTree(centres[indices, :2]) for key, indices in on_storey.items()}
    of_room: list[RoomOpenings | None] = []
    for room_index, room in enumerate(site.rooms):
        key = (-1 if room.building is None else site.building_index[room.building], room.storey)
        if own[room_index]:
            of_room.append(RoomOpenings(tuple(own[room_index]), ()))
        elif key in trees:
            middle = room.outline.centroid
            nearest = on_storey[key][int(trees[key].query([middle.x, middle.y])[1])]
            of_room.append(RoomOpenings((nearest,), tuple(doors[room_index])))
        else:
            of_room.append(None)
    outside = [place.beside_m(max(place.rooms), -JUST_OUTSIDE_M) for place in outer]
    return OpeningFloor(site, outer, np.array(outside).reshape(-1, 3), tuple(of_room))
