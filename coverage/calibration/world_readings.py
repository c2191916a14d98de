"""What a scanner would read in each world of the verdict, beside what the verdict says of the cells in that world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking import (
    Case,
    LinkModel,
    Part,
    PublicLinks,
    count_in_parts,
    draw_worlds,
    normals,
    public_links,
    seed_of,
    stable_key,
    uniforms,
)
from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.scenario import Scenario
from quietwing.sites import PointSet

__all__ = ["WorldReadings", "candidate_places", "world_readings"]

MOST_PLACES = 160  # rooms a reading may be proposed in; evenly taken where there are more
HEARD_DBM = -125.0  # a channel that is weaker in the median is not proposed: most phones and scanners end there


@dataclass(frozen=True, slots=True, eq=False)
class WorldReadings:
    """Readings that may be taken, and the cells, in the same worlds.

    Attributes
    ----------
    place : intp ndarray, shape (reading,)
        Point of `points`.
    channel : tuple of str
        Of each reading.
    rsrp_dbm : float32 ndarray, shape (reading, world)
        What would be read, without the error of the reading.
    points : PointSet
        Places.
    silent : bool ndarray, shape (room, world)
        At the grade asked for.
    rooms : int32 ndarray, shape (room,)
    """

    place: NDArray[np.intp]
    channel: tuple[str, ...]
    rsrp_dbm: NDArray[np.float32]
    points: PointSet
    silent: NDArray[np.bool_]
    rooms: NDArray[np.int32]


def candidate_places(points: PointSet) -> PointSet:
    """The first test point of each room, the middle; of many rooms an even choice."""
    _, first = np.unique(points.room, return_index=True)
    if len(first) > MOST_PLACES:
        first = first[np.linspace(0, len(first) - 1, MOST_PLACES).astype(int)]
    return points.some(first)


def world_readings(
    model: LinkModel,
    scenario: Scenario,
    devices: tuple[Device, ...],
    catalogue: Mapping[str, Model],
    points: PointSet,
    places: PointSet,
    *,
    stream: int = 0,
    lower_db: float = 0.0,
) -> WorldReadings:
    """Levels at some places and silence of all rooms, world by world, all blockers off for the readings.

    Parameters
    ----------
    model : LinkModel
    scenario : Scenario
        Worlds, seed, grade.
    devices : tuple of Device
        The layout that is judged.
    catalogue : mapping of str to Model
    points : PointSet
        Test points of rooms that must be silent.
    places : PointSet
        Where may be read.
    stream : int
        Another stream of worlds of the same seed.
    lower_db : float
        By how much the public network is turned down for the verdict. [dB]

    Returns
    -------
    WorldReadings
    """
    cases = (Case(scenario.judged, lower_db=lower_db),)
    tally = count_in_parts(model, scenario, devices, catalogue, points, stream=stream, cases=cases)
    best_dbm, median_dbm = _best_levels(model, scenario, places, stream)
    found, place, channel = [], [], []
    for number, name in enumerate(model.channels):
        for at in np.flatnonzero(median_dbm[number] >= HEARD_DBM).tolist():
            found.append(best_dbm[number, at])
            place.append(at)
            channel.append(name)
    levels = np.array(found, np.float32).reshape(len(found), scenario.worlds)
    return WorldReadings(np.array(place, np.intp), tuple(channel), levels, places, tally.silent[0], tally.rooms)


def _best_levels(
    model: LinkModel, scenario: Scenario, places: PointSet, stream: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Loudest sector of each channel at each place, in each world and in the likelier state of sight. [dBm]"""
    worlds, seed = scenario.worlds, seed_of(scenario.seed, stream)
    public, draws, errors = public_links(model, places), draw_worlds(model, seed, worlds), model.rules.errors
    shares = (errors.local_shared, 1 - errors.local_shared)
    between = (errors.local_between_bands, 1 - errors.local_between_bands)
    size = [errors.local_db * np.sqrt(part * share) for part in shares for share in between]
    rooms = [stable_key(model.scene.site.rooms[room].id) for room in places.room.tolist()]
    found = np.full((len(model.channels), len(places), worlds), -np.inf, np.float32)
    median = np.full(found.shape[:2], -np.inf, np.float32)
    likely_dbm = public.rsrp_dbm(0.5)
    for s in range(len(model.sectors)):
        band = int(model.carrier_band[model.sector_carrier[s]])
        number, source = int(model.bands[band]), int(model.source_key[s])
        channel = model.channels.index(model.sectors[s].channel)
        np.maximum(median[channel], likely_dbm[s], out=median[channel])
        for p, room in enumerate(rooms):
            clear = _clear(public, seed, worlds, s, p)
            level = np.where(clear, public.los_dbm[s, p], public.nlos_dbm[s, p])
            level = level + _walls(model, public, draws.construction[:, band], s, p, band)
            level += public.sigma_db[s, p] * draws.sector[s]
            level += size[0] * normals(seed, Part.ROOM, worlds, room)
            level += size[1] * normals(seed, Part.ROOM_BAND, worlds, room, number)
            level += size[2] * normals(seed, Part.SOURCE_ROOM, worlds, source, room)
            level += size[3] * normals(seed, Part.SOURCE_ROOM_BAND, worlds, source, room, number)
            np.maximum(found[channel, p], level, out=found[channel, p])
    return found, median


def _clear(public: PublicLinks, seed: int, worlds: int, s: int, p: int) -> NDArray[np.bool_]:
    """State of sight of a link in each world."""
    if public.fixed_los[s] >= 0:
        return np.full(worlds, public.fixed_los[s] == 1)
    return np.asarray(uniforms(seed, Part.LOS, worlds, int(public.los_key[s, p])) < public.los_probability[s, p])


def _walls(
    model: LinkModel, public: PublicLinks, draw: NDArray[np.float32], s: int, p: int, band: int
) -> NDArray[np.float32]:
    """Error of the walls of the way that rules, as wide as the rules let it be. [dB]"""
    size = public.paths.crossed[s, p].astype(np.float32) * model.construction_sigma_db[:, band]
    width = float(np.sqrt(np.square(size).sum()))
    most = float(model.walls_most_db[band])
    error = (size * min(1.0, most / width) if width else size) @ draw
    return np.asarray(np.minimum(error, public.paths.walls_db[s, p]), np.float32)
