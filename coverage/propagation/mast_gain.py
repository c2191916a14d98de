"""From the antennas of the public network to every point of a site.

TR 38.901 over the distance to the point itself, plus every element of the site on the ray, plus the pattern of
the sector. Line of sight is a state, never an average in dB: both states are kept, with the probability of the
clear one, and each world of the Monte Carlo picks one per mast and façade.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.propagation.antennas import direction, pattern_gain_db
from quietwing.coverage.propagation.multiwall import LossTable, element_loss_db
from quietwing.coverage.propagation.opening_floor import ROUND_THE_CORNER_DB, OpeningFloor, opening_floor
from quietwing.coverage.propagation.outdoor import clipped_mast_loss_db, los_probability
from quietwing.coverage.propagation.scene import Scene
from quietwing.sites.model import Sector
from quietwing.sites.points import PointSet

__all__ = ["MastGain", "MastModel", "mast_model"]

Array = NDArray[np.float64]
NO_BUILDING = -2  # skips nothing: facets in the open are building -1
EYE_HEIGHT_M = 1.5


@dataclass(frozen=True, slots=True)
class MastGain:
    """Gain from each sector's antenna connector-equivalent (peak EIRP) to each point, in both states.

    Attributes
    ----------
    los_db, nlos_db : float32 ndarray, shape (sector, point)
        Pattern − 38.901 loss − elements on the ray, or the interim floor where that is larger. [dB]
    los_probability : float32 ndarray, shape (sector, point)
        Of the clear state, one value per mast × building × storey.
    floored : bool ndarray, shape (sector, point)
        Whether the interim floor rules, in the clear state.
    notes : tuple of str
        Ranges that were clipped.
    """

    los_db: NDArray[np.float32]
    nlos_db: NDArray[np.float32]
    los_probability: NDArray[np.float32]
    floored: NDArray[np.bool_]
    notes: tuple[str, ...]

    def where_clear(self, clear: NDArray[np.bool_]) -> NDArray[np.float32]:
        """The gain of one world: line of sight where `clear`, shape (sector, point)."""
        return np.where(clear, self.los_db, self.nlos_db)


@dataclass(frozen=True)
class MastModel:
    """A site's masts made ready: ask it for any set of points.

    Attributes
    ----------
    scene : Scene
    sectors : tuple of Sector
    table : LossTable
        Loss of the site's surfaces at `freq_mhz`.
    freq_mhz : ndarray
        The different carrier centres, ascending. [MHz]
    floor : OpeningFloor
    floor_los_db, floor_nlos_db : float32 ndarray, shape (sector, room)
        The interim floor of each room in both states, ``-inf`` where it has none. [dB]
    floor_place : int32 ndarray, shape (sector, room)
        The outer opening the floor comes through, an index into ``floor.places``; -1 where there is none.
    """

    scene: Scene
    sectors: tuple[Sector, ...]
    table: LossTable
    freq_mhz: Array
    floor: OpeningFloor
    floor_los_db: NDArray[np.float32]
    floor_nlos_db: NDArray[np.float32]
    floor_place: NDArray[np.int32]

    def gain(self, points: PointSet) -> MastGain:
        """Gain of every sector at every point, interim floor included.

        Parameters
        ----------
        points : PointSet
            Test points, a map grid, or places outside.

        Returns
        -------
        MastGain
        """
        direct = _direct_gain(self, points, NO_BUILDING)
        los_db, nlos_db = direct.los_db, direct.nlos_db
        order = np.argsort(points.room, kind="stable")
        rooms, starts = np.unique(points.room[order], return_index=True)
        members_of = dict(zip(rooms.tolist(), np.split(order, starts[1:]), strict=True))
        masts = _sectors_by_mast(self.sectors)
        for room, members in members_of.items():
            used = self.floor.of_room[room] if room >= 0 else None
            if used is None:
                continue
            for mast_m, indices in masts.items():
                deep = members[~self.floor.meets(used, np.array(mast_m), points.xyz_m[members])]
                cells = np.ix_(indices, deep)
                direct.floored[cells] = self.floor_los_db[indices, room][:, None] > los_db[cells]
                los_db[cells] = np.maximum(los_db[cells], self.floor_los_db[indices, room][:, None])
                nlos_db[cells] = np.maximum(nlos_db[cells], self.floor_nlos_db[indices, room][:, None])
        return direct


def mast_model(scene: Scene, sectors: tuple[Sector, ...]) -> MastModel:
    """Make the masts of a site ready.

    Parameters
    ----------
    scene : Scene
    sectors : tuple of Sector
        At least one.

    Returns
    -------
    MastModel
    """
    freq_mhz = np.unique([sector.freq_mhz for sector in sectors])
    floor = opening_floor(scene.site)
    shape = (len(sectors), len(scene.site.rooms))
    bare = MastModel(
        scene,
        sectors,
        scene.loss_table(freq_mhz),
        freq_mhz,
        floor,
        np.full(shape, -np.inf, np.float32),
        np.full(shape, -np.inf, np.float32),
        np.full(shape, -1, np.int32),
    )
    return MastModel(scene, sectors, bare.table, freq_mhz, floor, *_floors(bare))


def _floors(model: MastModel) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int32]]:
    """The interim floor of each sector × room in both states and its opening; -inf and -1 where a room has none."""
    floor = model.floor
    buildings = np.array([place.building for place in floor.places], int)
    outside_los = np.full((len(model.sectors), len(floor.places)), -np.inf)
    outside_nlos = outside_los.copy()
    for building in np.unique(buildings).tolist():
        members = np.flatnonzero(buildings == building)
        outside = _direct_gain(model, _outside_points(floor, members), skip_building=building)
        outside_los[:, members], outside_nlos[:, members] = outside.los_db, outside.nlos_db
    lane = np.searchsorted(model.freq_mhz, [sector.freq_mhz for sector in model.sectors])
    entry_db = floor.entry_loss_db(model.freq_mhz)[:, lane].T if floor.places else np.zeros_like(outside_los)
    los_db = np.full((len(model.sectors), len(floor.of_room)), -np.inf, np.float32)
    nlos_db = los_db.copy()
    place = np.full(los_db.shape, -1, np.int32)
    doors: dict[tuple[str, ...], Array] = {}
    for room, used in enumerate(floor.of_room):
        if used is None:
            continue
        key = tuple(door.id for door in used.doors)
        if key not in doors:
            doors[key] = floor.door_loss_db(used, model.freq_mhz)[lane]
        through = [*used.places]
        lost_db = ROUND_THE_CORNER_DB + doors[key]
        entering_db = outside_los[:, through] - entry_db[:, through]
        place[:, room] = np.array(through)[entering_db.argmax(axis=1)]
        los_db[:, room] = entering_db.max(axis=1) - lost_db
        nlos_db[:, room] = (outside_nlos[:, through] - entry_db[:, through]).max(axis=1) - lost_db
    return los_db, nlos_db, place


def _outside_points(floor: OpeningFloor, members: NDArray[np.int_]) -> PointSet:
    """Just outside some openings, remembering building and storey so that the state of sight is theirs."""
    places = [floor.places[index] for index in members]
    return PointSet(
        floor.outside_m[members],
        np.full(len(places), -1, np.int32),
        np.array([place.storey for place in places], np.int32),
        np.array([place.building for place in places], np.int32),
        ("outside",) * len(places),
    )


def _sectors_by_mast(sectors: tuple[Sector, ...]) -> Mapping[tuple[float, float, float], NDArray[np.int_]]:
    """Indices of the sectors at each antenna position, positions in order of first appearance."""
    found: dict[tuple[float, float, float], list[int]] = {}
    for index, sector in enumerate(sectors):
        found.setdefault((sector.x_m, sector.y_m, sector.height_m), []).append(index)
    return {place: np.array(indices) for place, indices in found.items()}


def _direct_gain(model: MastModel, points: PointSet, skip_building: int) -> MastGain:
    """Gain along the straight ray, without the interim floor."""
    shape = (len(model.sectors), len(points))
    los_db, nlos_db = np.empty(shape, np.float32), np.empty(shape, np.float32)
    clear_probability = np.empty(shape, np.float32)
    notes: set[str] = set()
    for mast_m, indices in _sectors_by_mast(model.sectors).items():
        sectors = [model.sectors[index] for index in indices]
        mast = np.array(mast_m)
        bands, lane_of = np.unique([sector.freq_mhz for sector in sectors], return_inverse=True)
        lanes = np.searchsorted(model.freq_mhz, bands)
        table = LossTable(np.ascontiguousarray(model.table.loss_db[:, :, lanes]))
        elements_db = element_loss_db(
            model.scene.prepared, table, mast[None, :], points, freq_mhz=None, skip_building=skip_building
        )[0]
        distance_2d_m = np.hypot(*(points.xyz_m[:, :2] - mast[:2]).T)
        azimuth_deg, elevation_deg = direction(mast, points.xyz_m)
        states: dict[tuple[str, float], tuple[Array, Array]] = {}
        chances: dict[str, Array] = {}
        for index, sector, lane in zip(indices.tolist(), sectors, lane_of.tolist(), strict=True):
            key = (sector.environment, sector.freq_mhz)
            if key not in states:
                states[key] = _both_states(sector, distance_2d_m, points.xyz_m[:, 2], notes)
            if sector.environment not in chances:
                chances[sector.environment] = _los_probability(model.scene, sector, mast, points, distance_2d_m)
            pattern_db = pattern_gain_db(
                sector.pattern, azimuth_deg, elevation_deg, sector.azimuth_deg, sector.tilt_deg
            )
            for into, loss_db in zip((los_db, nlos_db), states[key], strict=True):
                into[index] = pattern_db - loss_db - elements_db[:, lane]
            clear_probability[index] = chances[sector.environment]
    floored = np.zeros(shape, np.bool_)
    return MastGain(los_db, nlos_db, clear_probability, floored, tuple(sorted(notes)))


def _both_states(sector: Sector, distance_2d_m: Array, height_m: Array, notes: set[str]) -> tuple[Array, Array]:
    """38.901 loss with and without line of sight, clipped to its range with a note."""
    found = []
    for clear in (True, False):
        loss_db, clipped = clipped_mast_loss_db(
            sector.environment, sector.freq_mhz, distance_2d_m, sector.height_m, height_m, clear
        )
        notes.update(clipped)
        found.append(loss_db)
    return found[0], found[1]


def _los_probability(scene: Scene, sector: Sector, mast: Array, points: PointSet, distance_2d_m: Array) -> Array:
    """Probability of a clear path: one value per building × storey, so that a façade is in one state.

    Points in the open have their own.
    """
    environment = sector.environment
    chance = np.asarray(los_probability(environment, distance_2d_m, points.xyz_m[:, 2]), float)
    for building in np.unique(points.building[points.building >= 0]).tolist():
        built = scene.site.buildings[building]
        centre = built.outline.centroid
        away_m = float(np.hypot(centre.x - mast[0], centre.y - mast[1]))
        for number, storey in enumerate(built.storeys):
            inside = (points.building == building) & (points.storey == number)
            chance[inside] = los_probability(environment, away_m, storey.floor_m + EYE_HEIGHT_M)
    return chance
