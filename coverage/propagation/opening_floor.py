"""What of the scattered field enters a room by its own openings, whatever the straight ray crosses.

A mast's field arrives from all sides, reflected and scattered by what stands around (`angular_spread`). At an opening
in the outer wall there is at least the level of that place, as if the building were not there, less what of it comes
from behind the façade, less the opening's loss at normal incidence; further inside it falls off (`scatter_floor`). A
room without such an opening gets what the nearest one of its storey passes (assumption A13), less the loss of its
easiest door or of all that stands straight between, whichever is less.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from quietwing.coverage.propagation.aperture_field import diffuse_share
from quietwing.coverage.propagation.constructions import surface_loss_db
from quietwing.coverage.propagation.room_surfaces import room_surfaces
from quietwing.sites import Opening, OpeningPlace, Site, opening_places

__all__ = ["OpeningFloor", "RoomOpenings", "opening_floor"]

BESIDE_M = 0.3  # just outside and just inside
EYE_HEIGHT_M = 1.5
QUARTER_DEG = 90
DOORS = ("door", "gate")


@dataclass(frozen=True, slots=True)
class RoomOpenings:
    """How the public network may enter one room.

    Attributes
    ----------
    places : tuple of int
        Indices into `OpeningFloor.places`.
    borrowed : bool
        Whether they are not the room's own.
    doors : tuple of Opening
        The room's doors and gates, by which a signal comes from a borrowed opening.
    middle_m : tuple of float
        In the room, at the height of a phone in the hand. [m]
    """

    places: tuple[int, ...]
    borrowed: bool
    doors: tuple[Opening, ...]
    middle_m: tuple[float, float, float]


@dataclass(frozen=True)
class OpeningFloor:
    """Outer openings of a site and which of them each room uses.

    Attributes
    ----------
    site : Site
    places : tuple of OpeningPlace
        Openings in outer walls.
    outside_m, inside_m : ndarray, shape (place, 3)
        The points just outside and just inside each. [m]
    of_room : tuple of RoomOpenings or None
        In the order of ``site.rooms``; None for yards and for storeys without any outer opening.
    centre_m : ndarray, shape (place, 3)
        Middle of each outer opening. [m]
    into : ndarray, shape (place, 2)
        Unit vector in plan into the room behind each.
    size_m : ndarray, shape (place, 2)
        Width and height of each. [m]
    diffuse : ndarray, shape (place,)
        Diffuse field of the room behind each over the field before it, all of that along the normal. [1]
    """

    site: Site
    places: tuple[OpeningPlace, ...]
    outside_m: NDArray[np.float64]
    inside_m: NDArray[np.float64]
    of_room: tuple[RoomOpenings | None, ...]
    centre_m: NDArray[np.float64]
    into: NDArray[np.float64]
    size_m: NDArray[np.float64]
    diffuse: NDArray[np.float64]
    _alike: dict[tuple[tuple[str, ...], bytes], NDArray[np.float64]] = field(
        default_factory=dict, repr=False, compare=False
    )  # doors and windows are of few kinds

    @cached_property
    def sides(self) -> tuple[str, ...]:
        """The quarter each outer opening looks to: 0 north, 1 east, 2 south, 3 west."""
        looks = [place.normal_into(max(place.rooms)) for place in self.places]
        return tuple(str(round(float(np.degrees(np.arctan2(-x, -y))) / QUARTER_DEG) % 4) for x, y in looks)

    def entry_loss_db(self, freq_mhz: NDArray[np.float64]) -> NDArray[np.float64]:
        """Loss of each outer opening at normal incidence, shape (place, freq). [dB]"""
        losses = [self.opening_loss_db(self.site.openings[place.opening], freq_mhz) for place in self.places]
        return np.array(losses).reshape(len(losses), len(freq_mhz))

    def door_loss_db(self, room: RoomOpenings, freq_mhz: NDArray[np.float64]) -> NDArray[np.float64]:
        """Loss of the room's easiest door, ``inf`` where it has none, shape (freq,). [dB]"""
        if not room.doors:
            return np.full(len(freq_mhz), np.inf)
        losses = [self.opening_loss_db(door, freq_mhz) for door in room.doors]
        easiest: NDArray[np.float64] = np.min(losses, axis=0)
        return easiest

    def opening_loss_db(self, opening: Opening, freq_mhz: NDArray[np.float64]) -> NDArray[np.float64]:
        """Loss of one opening at normal incidence, shape (freq,). [dB]"""
        key = (opening.passed_constructions, np.asarray(freq_mhz, float).tobytes())
        if key not in self._alike:
            passed = [self.site.constructions[name] for name in opening.passed_constructions]
            at_normal = surface_loss_db(passed, np.ones(1), freq_mhz)[0] if passed else np.zeros(len(freq_mhz))
            at_normal.flags.writeable = False  # shared
            self._alike[key] = at_normal
        return self._alike[key]

    def turned_deg(self, from_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Angle between the way each outer opening looks and the bearing of a mast, shape (place,). [deg]"""
        return np.abs(self.bearing_deg(from_m))

    def bearing_deg(self, from_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Bearing of a mast from the way each outer opening looks, −180 to 180, shape (place,). [deg]"""
        into, away = self.into, from_m[:2] - self.outside_m[:, :2]
        across, along = into[:, 0] * away[:, 1] - into[:, 1] * away[:, 0], -(into * away).sum(axis=1)
        return np.asarray(np.degrees(np.arctan2(across, along)), np.float64)

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
            share = np.divide(before, before - after, out=np.zeros(len(to_m)), where=changes)
            hit = from_m + share[:, None] * (to_m - from_m)
            across = (hit - centre) @ np.array([-place.normal[1], place.normal[0], 0.0])
            within = np.abs(across) <= opening.line.length / 2
            half_height_m = (opening.head_m - opening.sill_m) / 2
            met |= changes & within & (np.abs(hit[:, 2] - centre[2]) <= half_height_m)
        return met


def _same_places(site: Site, before: Site) -> bool:
    """Whether two sites differ in what is in their windows and hatches at the most."""
    pairs = list(zip(site.openings, before.openings, strict=False))
    return (
        len(site.openings) == len(before.openings)
        and all(getattr(site, name) == getattr(before, name) for name in ("buildings", "rooms", "walls", "slabs"))
        and all(a is b or (a.kind not in DOORS and replace(a, grille=b.grille, film=b.film) == b) for a, b in pairs)
        and all(site.constructions.get(name) == each for name, each in before.constructions.items())
    )


def opening_floor(site: Site, like: OpeningFloor | None = None) -> OpeningFloor:
    """Outer openings of a site and the ones each room uses.

    Parameters
    ----------
    site : Site
        A checked site.
    like : OpeningFloor, optional
        Of the same site with other windows treated: saves time, changes nothing.

    Returns
    -------
    OpeningFloor
    """
    if like is not None and _same_places(site, like.site):
        return replace(like, site=site)
    everywhere = opening_places(site)
    outer = tuple(place for place in everywhere if place.outer)
    own: dict[int, list[int]] = defaultdict(list)
    doors: dict[int, list[Opening]] = defaultdict(list)
    on_storey: dict[tuple[int, int], list[int]] = defaultdict(list)
    for index, place in enumerate(outer):
        own[max(place.rooms)].append(index)
        on_storey[place.building, place.storey].append(index)
    for place in everywhere:
        if site.openings[place.opening].kind in DOORS:
            for joined in sorted(set(place.rooms) - {-1}):
                doors[joined].append(site.openings[place.opening])
    centres = np.array([place.centre_m for place in outer]).reshape(-1, 3)
    trees = {key: KDTree(centres[indices, :2]) for key, indices in on_storey.items()}
    of_room: list[RoomOpenings | None] = []
    for room_index, room in enumerate(site.rooms):
        key = (-1 if room.building is None else site.building_index[room.building], room.storey)
        middle = room.outline.centroid
        floor_m = site.buildings[key[0]].storeys[key[1]].floor_m if key[0] >= 0 else 0.0
        middle_m = float(middle.x), float(middle.y), floor_m + EYE_HEIGHT_M
        if own[room_index]:
            of_room.append(RoomOpenings(tuple(own[room_index]), False, (), middle_m))
        elif key in trees:
            nearest = on_storey[key][int(trees[key].query([middle.x, middle.y])[1])]
            of_room.append(RoomOpenings((nearest,), True, tuple(doors[room_index]), middle_m))
        else:
            of_room.append(None)
    beside = [[place.beside_m(max(place.rooms), side * BESIDE_M) for side in (-1, 1)] for place in outer]
    outside_m, inside_m = np.array(beside).reshape(-1, 2, 3).transpose(1, 0, 2)
    behind = [max(place.rooms) for place in outer]
    openings = [site.openings[place.opening] for place in outer]
    size_m = np.array([(each.line.length, each.head_m - each.sill_m) for each in openings]).reshape(-1, 2)
    diffuse = diffuse_share(size_m.prod(axis=1), *room_surfaces(site, behind))
    into = np.array([place.normal_into(max(place.rooms)) for place in outer]).reshape(-1, 2)
    return OpeningFloor(site, outer, outside_m, inside_m, tuple(of_room), centres, into, size_m, diffuse)
