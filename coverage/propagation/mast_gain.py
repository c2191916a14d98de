"""From the antennas of the public network to every point of a site.

The loss outdoors over the distance to the point itself (`mast_path`), plus the pattern of the sector, less what the
site takes from it: by the elements on the straight ray, added as a power to the dominant detour through openings,
over roofs and round corners (`sender_detour`). In a room it is never less than what scatter brings in by its openings
(`opening_floor`, `scatter_floor`).

Line of sight is a state, never an average in dB: both states are kept, with the probability of the clear one, and
each world of the Monte Carlo picks one per mast and façade. It is the state without the site's own buildings.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.propagation.angular_spread import facade_share_db, scattered_width_deg
from quietwing.coverage.propagation.detour import with_detour
from quietwing.coverage.propagation.facet_changes import changed_facets
from quietwing.coverage.propagation.mast_outdoors import Outdoors, masts_of, outdoors_of
from quietwing.coverage.propagation.mast_path import scenario_of
from quietwing.coverage.propagation.multiwall import LossTable, element_loss_db
from quietwing.coverage.propagation.opening_floor import OpeningFloor, RoomOpenings, opening_floor
from quietwing.coverage.propagation.portal_graphs import PortalGraph
from quietwing.coverage.propagation.scatter_floor import HELD_OUT, ScatterFloor, behind_openings, no_scatter
from quietwing.coverage.propagation.scene import Scene
from quietwing.coverage.propagation.sender_detour import Routes, SenderDetours, mast_detours
from quietwing.coverage.propagation.top_paths import over_tops
from quietwing.sites import PointSet, Sector

__all__ = [
    "HELD_OUT",
    "MastGain",
    "MastModel",
    "ScatterFloor",
    "mast_model",
    "with_sectors",
]

Array = NDArray[np.float64]
Gains = NDArray[np.float32]
NO_BUILDING = -2  # skips nothing: facets in the open are building -1


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

    def outdoors(self, points: PointSet) -> Outdoors:
        """What comes to points past everything that stands on the site: to be given to `gain` of several models."""
        return outdoors_of(self.scene, self.floor, self.sectors, points)

    def gain(
        self,
        points: PointSet,
        *,
        traced: bool = False,
        routes: Routes | None = None,
        outdoors: Outdoors | None = None,
    ) -> MastGain:
        """Gain of every sector at every point.

        Parameters
        ----------
        points : PointSet
            Test points, a map grid, or places outside.
        traced : bool
            Remember the way of each detour.
        routes : Routes, optional
            The detours to these points, where they are at hand.
        outdoors : Outdoors, optional
            To these points, from this model or from one of the same site and sectors with other windows treated.

        Returns
        -------
        MastGain
        """
        routes = routes or self.detours.routes(points, traced=traced)
        outdoors = outdoors or self.outdoors(points)
        los_db, nlos_db, share, detoured = _without_scatter(self, points, NO_BUILDING, outdoors, routes)
        scattered: list[NDArray[np.bool_]] = []
        straight: list[Gains] = []
        behind = behind_openings(self.floor, points, self.freq_mhz)
        for gain_db, scatter in ((los_db, self.scatter_los), (nlos_db, self.scatter_nlos)):
            least_db = scatter.at(points, behind)
            more_db = np.maximum(least_db - gain_db, np.float32(0))
            scattered.append(least_db > gain_db)
            straight.append(share * np.float32(10) ** (-more_db / 10))
            np.maximum(gain_db, least_db, out=gain_db)
        notes, probability = tuple(sorted({*outdoors.notes, *self.detours.model.notes})), outdoors.los_probability
        (by_los, by_nlos), (los, nlos) = scattered, straight
        return MastGain(los_db, nlos_db, probability, by_los, by_nlos, detoured, los, nlos, routes, notes)


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
            points = _outside_points(floor, members)
            found = _without_scatter(model, points, building, model.outdoors(points), None)
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
    model: MastModel, points: PointSet, skip_building: int, outdoors: Outdoors, routes: Routes | None
) -> tuple[Gains, Gains, Gains, NDArray[np.bool_]]:
    """Gain in both states, straight ray and detour; the straight ray's share; whether the detour rules."""
    shape = (len(model.sectors), len(points))
    los_db, nlos_db = np.empty(shape, np.float32), np.empty(shape, np.float32)
    share, detoured = np.ones(shape, np.float32), np.zeros(shape, np.bool_)
    for number, (mast_m, indices) in enumerate(masts_of(model.sectors).items()):
        mast = np.array(mast_m)
        used_mhz, freq_of = np.unique([model.sectors[index].freq_mhz for index in indices], return_inverse=True)
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
        for into, outdoors_db in ((los_db, outdoors.los_db), (nlos_db, outdoors.nlos_db)):
            into[indices] = outdoors_db[indices] - elements_db[:, freq_of].T
    return los_db, nlos_db, share, detoured
