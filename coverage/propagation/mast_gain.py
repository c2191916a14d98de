"""From the antennas of the public network to every point of a site.

The loss outdoors over the distance to the point itself (`mast_path`), plus the pattern of the sector, less what the
site takes from it: by the elements on the straight ray, added as a power to the dominant detour through openings,
over roofs and round corners (`sender_detour`). In a room it is never less than what scatter brings in by its openings
(`opening_floor`, `scatter_floor`).

Line of sight is a state, never an average in dB: both states are kept, with the probability of the clear one, and
each world of the Monte Carlo picks one per mast and façade. It is the state without the site's own buildings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray

from quietwing.coverage.propagation.angular_spread import facade_share_db, scattered_width_deg
from quietwing.coverage.propagation.antennas import direction
from quietwing.coverage.propagation.detour import with_detour
from quietwing.coverage.propagation.facades import Facades, facades_of
from quietwing.coverage.propagation.facet_changes import changed_facets
from quietwing.coverage.propagation.mast_path import mast_los_probability, path_states_db, scenario_of
from quietwing.coverage.propagation.multiwall import LossTable, element_loss_db
from quietwing.coverage.propagation.opening_floor import OpeningFloor, RoomOpenings, opening_floor
from quietwing.coverage.propagation.portal_graphs import PortalGraph
from quietwing.coverage.propagation.scatter_floor import HELD_OUT, ScatterFloor, behind_openings, no_scatter
from quietwing.coverage.propagation.scene import Scene
from quietwing.coverage.propagation.sector_patterns import sector_gain_db
from quietwing.coverage.propagation.sender_detour import Routes, SenderDetours, mast_detours
from quietwing.coverage.propagation.terrain_path import OFF_THE_GRID, terrain_effect
from quietwing.coverage.propagation.top_paths import over_tops
from quietwing.sites import PointSet, Sector, Site

__all__ = ["HELD_OUT", "MastGain", "MastModel", "ScatterFloor", "mast_model", "masts_of", "silent_at", "with_sectors"]

Array = NDArray[np.float64]
Gains = NDArray[np.float32]
NO_BUILDING = -2  # skips nothing: facets in the open are building -1
EYE_HEIGHT_M = 1.5


@dataclass(frozen=True, slots=True)
class MastGain:
    """Gain from each sector's antenna connector-equivalent (peak EIRP) to each point, in both states.

    Attributes
    ----------
    los_db, nlos_db : float32 ndarray, shape (sector, point)
        Pattern − loss outdoors − what the site takes, or what scatter brings where that is larger. [dB]
    los_probability : float32 ndarray, shape (sector, point)
        Of the clear state, one value per mast × façade × storey.
    scattered_los, scattered_nlos : bool ndarray, shape (sector, point)
        Whether scatter rules, in each state.
    detoured : bool ndarray, shape (sector, point)
        Whether the detour is stronger than the straight ray, without scatter.
    straight_los, straight_nlos : float32 ndarray, shape (sector, point)
        Share of the straight ray in the power, in each state.
    routes : Routes
        The detours, traced if asked for.
    notes : tuple of str
        Ranges that were clipped, and what the detours leave out.
    """

    los_db: NDArray[np.float32]
    nlos_db: NDArray[np.float32]
    los_probability: NDArray[np.float32]
    scattered_los: NDArray[np.bool_]
    scattered_nlos: NDArray[np.bool_]
    detoured: NDArray[np.bool_]
    straight_los: NDArray[np.float32]
    straight_nlos: NDArray[np.float32]
    routes: Routes
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
    detours : SenderDetours
        Masts in the order of `masts_of`.
    floor : OpeningFloor
    entry_db : ndarray, shape (place, freq)
        Loss of each outer opening at normal incidence. [dB]
    outside_db : ndarray, shape (2, sector, place)
        Gain just outside each, with and without line of sight, from all sides it looks to. [dB]
    scatter_los, scatter_nlos : ScatterFloor
    """

    scene: Scene
    sectors: tuple[Sector, ...]
    table: LossTable
    freq_mhz: Array
    detours: SenderDetours
    floor: OpeningFloor
    entry_db: Array
    outside_db: Array
    scatter_los: ScatterFloor
    scatter_nlos: ScatterFloor

    def within_loss_db(self, used: RoomOpenings) -> Array:
        """Loss between a borrowed opening and the room, shape (freq,). [dB]"""
        start_m = self.floor.inside_m[used.places[0]]
        straight_db = element_loss_db(self.scene.prepared, self.table, start_m, used.middle_m)[0, 0]
        return np.asarray(np.minimum(self.floor.door_loss_db(used, self.freq_mhz), straight_db), np.float64)

    def gain(self, points: PointSet, *, traced: bool = False, routes: Routes | None = None) -> MastGain:
        """Gain of every sector at every point.

        Parameters
        ----------
        points : PointSet
            Test points, a map grid, or places outside.
        traced : bool
            Remember the way of each detour.
        routes : Routes, optional
            The detours to these points, where they are at hand.

        Returns
        -------
        MastGain
        """
        routes = routes or self.detours.routes(points, traced=traced)
        los_db, nlos_db, probability, share, detoured, notes = _without_scatter(self, points, NO_BUILDING, routes)
        scattered: list[NDArray[np.bool_]] = []
        straight: list[Gains] = []
        behind = behind_openings(self.floor, points, self.freq_mhz)
        for gain_db, scatter in ((los_db, self.scatter_los), (nlos_db, self.scatter_nlos)):
            least_db = scatter.at(points, behind)
            more_db = np.maximum(least_db - gain_db, np.float32(0))
            scattered.append(least_db > gain_db)
            straight.append(share * np.float32(10) ** (-more_db / 10))
            np.maximum(gain_db, least_db, out=gain_db)
        notes = tuple(sorted({*notes, *self.detours.model.notes}))
        (by_los, by_nlos), (los, nlos) = scattered, straight
        return MastGain(los_db, nlos_db, probability, by_los, by_nlos, detoured, los, nlos, routes, notes)


def masts_of(sectors: tuple[Sector, ...]) -> Mapping[tuple[float, float, float], NDArray[np.int_]]:
    """Indices of the sectors at each antenna position, positions in order of first appearance."""
    found: dict[tuple[float, float, float], list[int]] = {}
    for index, sector in enumerate(sectors):
        found.setdefault((sector.x_m, sector.y_m, sector.height_m), []).append(index)
    return {place: np.array(indices) for place, indices in found.items()}


def mast_model(
    scene: Scene, sectors: tuple[Sector, ...], graph: PortalGraph | None = None, like: MastModel | None = None
) -> MastModel:
    """Make the masts of a site ready.

    Parameters
    ----------
    scene : Scene
    sectors : tuple of Sector
        At least one.
    graph : PortalGraph, optional
        Of the same site, whatever is in its windows; saves joining the portals anew.
    like : MastModel, optional
        Of the same masts with other windows treated: saves time, changes nothing.

    Returns
    -------
    MastModel
    """
    freq_mhz = np.unique([sector.freq_mhz for sector in sectors])
    masts_m = np.array(list(masts_of(sectors)))
    floor = opening_floor(scene.site, None if like is None else like.floor)
    joined = scene if graph is None else replace(graph, scene=scene)
    bare = MastModel(
        scene,
        sectors,
        scene.loss_table(freq_mhz),
        freq_mhz,
        mast_detours(joined, masts_m, freq_mhz, None if like is None else like.detours),
        floor,
        floor.entry_loss_db(freq_mhz),
        np.empty((2, len(sectors), len(floor.places))),
        *_no_scatter(sectors, floor, freq_mhz),
    )
    return _with_scatter(replace(bare, outside_db=_outside_db(bare, like)))


def with_sectors(model: MastModel, sectors: tuple[Sector, ...], like: MastModel | None = None) -> MastModel:
    """The same masts looking elsewhere: ways and losses are kept, what scatter brings is worked out anew.

    Parameters
    ----------
    model : MastModel
    sectors : tuple of Sector
        Those of `model` in their order, at their places and frequencies, with other azimuths or tilts.
    like : MastModel, optional
        Of these sectors with other windows treated: saves time, changes nothing.

    Returns
    -------
    MastModel
    """
    turned = replace(model, sectors=sectors)
    return _with_scatter(replace(turned, outside_db=_outside_db(turned, like)))


def silent_at(site: Site, points: PointSet) -> NDArray[np.bool_]:
    """Points in rooms that must be silent; elsewhere the public level bounds what blockers may do, shape (point,)."""
    return np.array([*(room.role == "silence" for room in site.rooms), False])[points.room]


def _outside_db(model: MastModel, like: MastModel | None) -> Array:
    """Gain just outside each outer opening as if its building were not there, shape (state, sector, place). [dB]"""
    floor, sectors = model.floor, model.sectors
    places = len(floor.places)
    found_db = np.full((2, len(sectors), places), -np.inf)
    changed = None
    if like is not None and like.sectors == sectors and len(like.floor.places) == places:
        changed = changed_facets(like.scene, model.scene)
    if like is not None and changed is not None:
        found_db = like.outside_db.copy()
    anew, masts = np.ones(places, np.bool_), masts_of(sectors)
    if changed is not None:  # own building and all: tops subtract what others lose from all that is lost
        anew &= changed.crossed(np.array(list(masts)), floor.outside_m).any(axis=0)
    buildings = np.array([place.building for place in floor.places], int)
    for building in np.unique(buildings).tolist():
        members = np.flatnonzero(buildings == building)
        members = members[anew[members]]
        if len(members):
            found = _without_scatter(model, _outside_points(floor, members), building, None)
            found_db[0][:, members], found_db[1][:, members] = found[0], found[1]
    for mast_m, indices in masts.items() if anew.any() else ():
        turned_deg = floor.turned_deg(np.array(mast_m))[anew]
        for index in indices.tolist():
            sector = sectors[index]
            for state, clear in enumerate((True, False)):
                share_db = facade_share_db(scenario_of(sector.environment), clear, sector.freq_mhz, turned_deg)
                found_db[state, index, anew] += share_db
    return found_db


def _with_scatter(model: MastModel) -> MastModel:
    """The model with what scatter brings into each room with and without line of sight."""
    floor, sectors, outside_db = model.floor, model.sectors, model.outside_db
    freq = np.searchsorted(model.freq_mhz, [sector.freq_mhz for sector in sectors])
    entry_db = model.entry_db[:, freq].T
    shape = (2, len(sectors), len(floor.of_room))
    inside_db, before_db = np.full(shape, -np.inf, np.float32), np.full(shape, -np.inf, np.float32)
    place = np.full(shape, -1, np.int32)
    for room, used in enumerate(floor.of_room):
        if used is None:
            continue
        through = np.array(used.places)
        entering_db = outside_db[:, :, through] - entry_db[:, through]
        place[:, :, room] = through[entering_db.argmax(axis=2)]
        inside_db[:, :, room] = entering_db.max(axis=2)
        if used.borrowed:
            inside_db[:, :, room] -= model.within_loss_db(used)[freq]
        before_db[:, :, room] = outside_db[:, :, through].max(axis=2)
    entering_db = (outside_db - entry_db).astype(np.float32)
    los, nlos = (
        replace(bare, inside_db=inside, before_db=before, place=through, entering_db=entering)
        for bare, inside, before, through, entering in zip(
            _no_scatter(sectors, floor, model.freq_mhz), inside_db, before_db, place, entering_db, strict=True
        )
    )
    return replace(model, scatter_los=los, scatter_nlos=nlos)


def _no_scatter(
    sectors: tuple[Sector, ...], floor: OpeningFloor, freq_mhz: Array
) -> tuple[ScatterFloor, ScatterFloor]:
    """No scatter at all with and without line of sight, and from where it would come."""
    freq = np.searchsorted(freq_mhz, [sector.freq_mhz for sector in sectors])
    los, nlos = (
        no_scatter(
            floor,
            masts_of(sectors),
            [float(scattered_width_deg(scenario_of(each.environment), clear, each.freq_mhz)) for each in sectors],
            freq,
        )
        for clear in (True, False)
    )
    return los, nlos


def _outside_points(floor: OpeningFloor, members: NDArray[np.int_]) -> PointSet:
    """Just outside some openings, remembering room, building and storey so that the state of sight is theirs."""
    places = [floor.places[index] for index in members]
    return PointSet(
        floor.outside_m[members],
        np.array([max(place.rooms) for place in places], np.int32),
        np.array([place.storey for place in places], np.int32),
        np.array([place.building for place in places], np.int32),
        ("outside",) * len(places),
    )


def _without_scatter(
    model: MastModel, points: PointSet, skip_building: int, routes: Routes | None
) -> tuple[Gains, Gains, Gains, Gains, NDArray[np.bool_], tuple[str, ...]]:
    """Gain in both states, straight ray and detour; chance of the clear one; the straight ray's share; whether the
    detour rules; notes.
    """
    shape = (len(model.sectors), len(points))
    los_db, nlos_db = np.empty(shape, np.float32), np.empty(shape, np.float32)
    clear_probability, detoured = np.empty(shape, np.float32), np.zeros(shape, np.bool_)
    share = np.ones(shape, np.float32)
    notes: set[str] = set()
    facades, unknown = facades_of(model.floor, points), 0
    silent = silent_at(model.scene.site, points)
    for number, (mast_m, indices) in enumerate(masts_of(model.sectors).items()):
        sectors = [model.sectors[index] for index in indices]
        mast = np.array(mast_m)
        used_mhz, freq_of = np.unique([sector.freq_mhz for sector in sectors], return_inverse=True)
        freqs = np.searchsorted(model.freq_mhz, used_mhz)
        table = LossTable(np.ascontiguousarray(model.table.loss_db[:, :, freqs]))
        elements_db = element_loss_db(
            model.scene.prepared, table, mast[None, :], points, freq_mhz=None, skip_building=skip_building
        )[0]
        every_db = elements_db if skip_building == NO_BUILDING else None
        tops = over_tops(model.scene, table, used_mhz, mast, points.xyz_m, points.building, skip_building, every_db)
        straight_db = tops.straight_db(elements_db).astype(np.float32)
        if routes is not None:
            # a clear ray gains nothing: what passes an edge beside it is the same wave
            detour_db = np.where(elements_db > 0, routes.loss_db[number][:, freqs], np.float32(np.inf))
            detoured[indices] = (detour_db < straight_db)[:, freq_of].T
            apart_db = np.minimum(straight_db - detour_db, 300.0)  # hundreds of dB overflow a float32
            share[indices] = 1 / (1 + 10 ** (apart_db / 10))[:, freq_of].T
            elements_db = with_detour(np.maximum(elements_db, straight_db), detour_db)
        # over a top the less of the two, not their sum: a detour may go over the same
        elements_db = straight_db if routes is None else np.minimum(elements_db, straight_db)
        distance_2d_m = np.hypot(*(points.xyz_m[:, :2] - mast[:2]).T)
        azimuth_deg, elevation_deg = direction(mast, points.xyz_m)
        ground = terrain_effect(model.scene.site, facades, points, mast, used_mhz)
        if ground is not None:
            notes.update(ground.notes)
            unknown += not ground.known
        states: dict[tuple[str, float, tuple[float, float] | None], tuple[Array, Array]] = {}
        chances: dict[str, Array] = {}
        for index, sector, freq in zip(indices.tolist(), sectors, freq_of.tolist(), strict=True):
            key = (sector.environment, sector.freq_mhz, sector.corner_m)
            if key not in states:
                over_db = None if ground is None else ground.extra_db[:, freq]
                *both, clipped = path_states_db(
                    sector,
                    model.scene.site.area,
                    distance_2d_m,
                    points.xyz_m[:, 2],
                    over_db,
                    surroundings=model.scene.site.surroundings,
                    xy_m=points.xyz_m[:, :2],
                    far=None if ground is None else ground.far(freq),
                    bounding=~silent,
                )
                states[key] = both[0], both[1]
                notes.update(clipped)
            if sector.environment not in chances:
                chance = _los_probability(model, facades, sector, mast, points, distance_2d_m)
                chances[sector.environment] = chance if ground is None else np.where(ground.blocked, 0.0, chance)
            pattern_db = sector_gain_db(model.scene.site, sector, azimuth_deg, elevation_deg)
            for into, loss_db in zip((los_db, nlos_db), states[key], strict=True):
                into[index] = pattern_db - loss_db - elements_db[:, freq]
            clear_probability[index] = chances[sector.environment]
    if unknown:
        notes.add(OFF_THE_GRID.format(unknown, len(masts_of(model.sectors))))
    return los_db, nlos_db, clear_probability, share, detoured, tuple(sorted(notes))


def _los_probability(
    model: MastModel, facades: Facades, sector: Sector, mast: Array, points: PointSet, distance_2d_m: Array
) -> Array:
    """Probability of a clear path: one value per façade × storey, at the middle of the façade.

    Points in the open have their own. Where mast and point both stand on the map, geometry decides.
    """
    environment = sector.environment
    chance = np.asarray(mast_los_probability(environment, distance_2d_m, points.xyz_m[:, 2]), float)
    for facade, away_m in enumerate(np.hypot(*(facades.middle_m - mast[:2]).T).tolist()):
        here = facades.of_point == facade
        storeys = model.scene.site.buildings[int(points.building[here.argmax()])].storeys
        for number in np.unique(points.storey[here]).tolist():
            eye_m = storeys[number].floor_m + EYE_HEIGHT_M
            chance[here & (points.storey == number)] = mast_los_probability(environment, away_m, eye_m)
    mapped = model.scene.mapped
    if shapely.intersects_xy(mapped, mast[0], mast[1]):  # all that stands between is drawn, and on the ray
        chance[shapely.intersects_xy(mapped, points.xyz_m[:, 0], points.xyz_m[:, 1])] = 1.0
    return chance
