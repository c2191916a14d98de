"""The draft of one storey for a layout, quick enough to follow a hand on the plan; the verdict is the Monte Carlo's.

Public links stay, and every device's links stay: a device that moved costs its own path gain and nothing else.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking import (
    DraftPublic,
    LinkModel,
    blocker_links,
    draft_public,
    is_cable,
    link_model,
    margin_against_db,
)
from quietwing.coverage.equipment import Device, Model, Treatment
from quietwing.coverage.kept import Kept, array_bytes
from quietwing.coverage.live.carried_links import carried_against_db, carried_links, rows_of
from quietwing.coverage.live.carried_public import PublicWays, carried_public, public_ways
from quietwing.coverage.live.device_links import DeviceLinks
from quietwing.coverage.live.drafted import (
    Draft,
    DraftPlace,
    blocker_levels_dbm,
    channel_levels_dbm,
    drafted_rooms,
    on_grid,
    strongest,
)
from quietwing.coverage.live.kept_detours import DRAFT_CUT, KeptDetours
from quietwing.coverage.live.kept_links import KeptLinks, Key
from quietwing.coverage.live.spill_drafts import SpillDrafts
from quietwing.coverage.named_arrays import xr
from quietwing.coverage.propagation import PortalGraph, portal_graph, prepare_scene, silent_at
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.study import map_title, points_of, wanted_sectors
from quietwing.coverage.treatments import treated_site
from quietwing.sites import PointSet, Site, map_grid, trial_points

__all__ = ["DRAFT_GRID_M", "Drafting"]

DRAFT_GRID_M = 1.0  # least spacing: a storey of houseblock in a tenth of a second
DEVICES_AT_A_TIME = 3  # ahead of a draft: a quarter of a second on radial
KEPT_MODELS = 4  # sites with different windows treated: undo and redo find theirs


@dataclass(frozen=True)
class _Ground:
    """The public side of one place: points of the grid in silent rooms, the first `shown`, and then test points."""

    shown: int
    public: PublicWays
    ready: DraftPublic

    @property
    def points(self) -> PointSet:
        return self.public.points

    @property
    def nbytes(self) -> int:
        of, ready = self.public, self.ready
        return array_bytes(of.legs.leg, of.legs.portal, of.routes, of.links, ready.signal, ready.alone_db)


class Drafting:
    """Drafts of one site and scenario; keeps what it computed, and serves one thread after the other.

    Parameters
    ----------
    site : Site
        Untreated.
    scenario : Scenario
        Its treatments are not counted here: `draft` is given the ones to count. Operators' actions are.
    catalogue : mapping of str to Model
    grid_m : float, optional
        Spacing of the map's grid; without it the scenario's, but 1 m at the least. [m]

    Raises
    ------
    SiteError
        If the site has no mast, or the grid too many points.
    ScenarioError
        If the scenario names a channel that no mast of the site has.
    """

    def __init__(
        self, site: Site, scenario: Scenario, catalogue: Mapping[str, Model], *, grid_m: float | None = None
    ) -> None:
        self.site, self.scenario, self.catalogue = site, scenario, catalogue
        self._sectors = wanted_sectors(site, scenario)
        grid = map_grid(site, max(scenario.grid_m, DRAFT_GRID_M) if grid_m is None else grid_m)
        places = []
        for patch in grid.patches:
            points = points_of(grid, patch)
            title = map_title(site, points)
            silent = np.flatnonzero(silent_at(site, points))
            places.append(
                DraftPlace(title, int(points.building[0]), int(points.storey[0]), points.patches[0], points, silent)
            )
        self.places: tuple[DraftPlace, ...] = tuple(places)
        self._models: Kept[tuple[Treatment, ...], LinkModel] = Kept(KEPT_MODELS)
        self._graph: PortalGraph | None = None
        self._grounds: dict[Key, _Ground] = {}
        self._kept = KeptLinks()
        self._detours = KeptDetours()
        self.spill = SpillDrafts(site, scenario, catalogue)
        self._at_work = threading.Lock()  # runs of one browser may overlap, and drafts are prepared beside them
        self._used_s: dict[Key, float] = {}  # when what is kept of treatments and place was in use last
        self._site_bytes = 0
        self.held: dict[Key, tuple[float, int]] = {}  # by treatments and place: that, and the memory it takes
        self.put_away_places: set[int] = set()  # whose next draft begins anew, for memory was short
        self.asked_s = -np.inf  # by the monotonic clock: when a draft was asked for, or given, last

    def at_hand(self, place: int, devices: tuple[Device, ...], treatments: tuple[Treatment, ...] = ()) -> bool:
        """Whether nearly all that a draft of a place needs is kept, so that it takes no time worth a word."""
        key = treatments, place
        on = (device for device in devices if device.state != "off")
        return key in self._grounds and len(self._kept.missing(key, on)) <= DEVICES_AT_A_TIME

    def draft(self, place: int, devices: tuple[Device, ...], treatments: tuple[Treatment, ...] = ()) -> Draft:
        """The draft of one place with a layout.

        Parameters
        ----------
        place : int
            Index in `places`.
        devices : tuple of Device
            All of the site; those that are off are left out.
        treatments : tuple of Treatment
            As from `resolve_treatments`.

        Returns
        -------
        Draft
            Margins as `blocking.draft.draft_margin_db` gives them, whether links were kept or not. Blockers' detours
            count as if no window were treated, and a long cable is cut into fewer parts; in the verdict treated
            windows count, and all parts.
        """
        self.asked_s = time.monotonic()
        with self._at_work:
            found = self._draft(place, tuple(device for device in devices if device.state != "off"), treatments)
            self._measure()
        self.asked_s = time.monotonic()
        return found

    def prepare(self, place: int, devices: tuple[Device, ...], treatments: tuple[Treatment, ...] = ()) -> bool:
        """Work out a part of what a draft of a place needs, a few tenths of a second at most.

        Parameters
        ----------
        place, devices, treatments
            As of `draft`, which gives the same bytes with all, some or nothing of it prepared.

        Returns
        -------
        bool
            Whether there may be more to do; not so where no more can be kept.
        """
        on, key = tuple(device for device in devices if device.state != "off"), (treatments, place)
        with self._at_work:
            self._kept.touch(key, on)
            self._detours.touch(place, on)
            self._used_s[key] = time.monotonic()
            if key not in self._grounds:
                self._ground(treatments, place)
                self._measure()
                return True
            new = self._kept.missing(key, on)
            if not new or self._kept.crowded_by(treatments, on):
                return False
            like, some = self._worked_out_from(key, new)[0]
            some, was = self._at_a_time(some), None
            if like is not None:
                was = self._kept.beside(self._models[like], self._grounds[like, place].points, (like, place), some)
            self._kept.keep(key, self._links_anew(key, some, like, was))
            self._kept.drop_old()
            self._measure()
            if len(some) == len(new):
                self.put_away_places.discard(place)
            return len(some) < len(new)

    def _at_a_time(self, devices: tuple[Device, ...]) -> tuple[Device, ...]:
        """The first few of some devices; a radiating cable, which takes longer than they do, alone and last."""
        single = tuple(device for device in devices if not is_cable(device, self.catalogue))
        return single[:DEVICES_AT_A_TIME] or devices[:1]

    def _draft(self, place: int, on: tuple[Device, ...], treatments: tuple[Treatment, ...]) -> Draft:
        """The draft with devices none of which is off."""
        model, where = self._model(treatments), self.places[place]
        self._used_s[treatments, place] = time.monotonic()
        self.put_away_places.discard(place)
        ground = self._ground(treatments, place)
        blockers = self._device_links(treatments, place, on)
        margin_db = margin_against_db(model, ground.ready, blockers.links, blockers.against_db)
        channel = margin_db.argmin(axis=0)
        device = strongest(model, blockers.links, channel)
        shown, tested = slice(ground.shown), np.arange(ground.shown, len(ground.points))
        ids = tuple(device.id for device in on)
        return Draft(
            title=where.title,
            building=where.building,
            storey=where.storey,
            patch=where.patch,
            channels=model.channels,
            devices=ids,
            data=xr.Dataset(
                {
                    "margin_db": (("j", "i"), on_grid(where, margin_db.min(axis=0)[shown], np.nan), {"units": "dB"}),
                    "channel": (("j", "i"), on_grid(where, channel[shown], -1)),
                    "device": (("j", "i"), on_grid(where, device[shown], -1)),
                    "usable": (("j", "i"), on_grid(where, (margin_db[:, shown] < 0).sum(axis=0), -1)),
                    "room": (("j", "i"), where.points.room.reshape(where.patch.count_j, where.patch.count_i)),
                }
            ),
            rooms=drafted_rooms(
                self.site, model, ground.points.some(tested), margin_db[:, tested], device[tested], ids
            ),
            treatments=treatments,
        )

    def levels(
        self, place: int, treatments: tuple[Treatment, ...] = ()
    ) -> tuple[tuple[str, ...], NDArray[np.float32]]:
        """The public network over one place, blockers or not.

        Parameters
        ----------
        place, treatments
            As of `draft`.

        Returns
        -------
        tuple of str
            The channels.
        float32 ndarray, shape (channel, j, i)
            RSRP as of `channel_levels_dbm`; NaN outside rooms that must be silent. [dBm]
        """
        with self._at_work:
            self._used_s[treatments, place] = time.monotonic()
            ground, where = self._ground(treatments, place), self.places[place]
            model = self._models[treatments]
            self._measure()
            levels = channel_levels_dbm(model, ground.public.links)[:, : ground.shown]
            return model.channels, np.stack([on_grid(where, each, np.nan) for each in levels])

    def blocker_levels(
        self, place: int, devices: tuple[Device, ...], treatments: tuple[Treatment, ...] = ()
    ) -> NDArray[np.float32]:
        """All blockers together over one place, channels as of `levels`, shape (channel, j, i). [dBm]

        As of `blocker_levels_dbm`; NaN outside rooms that must be silent.
        """
        on = tuple(device for device in devices if device.state != "off")
        with self._at_work:
            self._used_s[treatments, place] = time.monotonic()
            shown = self._ground(treatments, place).shown
            links = self._device_links(treatments, place, on).links
            self._measure()
            levels = blocker_levels_dbm(self._models[treatments], links)[:, :shown]
            return np.stack([on_grid(self.places[place], each, np.nan) for each in levels])

    def model(self, treatments: tuple[Treatment, ...] = ()) -> LinkModel:
        """Links of the site with these windows treated, made where they are not kept."""
        with self._at_work:
            return self._model(treatments)

    def _model(self, treatments: tuple[Treatment, ...]) -> LinkModel:
        """Links of the site with these windows treated, the last few kept."""
        model = self._models.get(treatments)
        if model is None:
            like = self._models[next(reversed(self._models))] if self._models else None
            treated = treated_site(self.site, treatments, self.catalogue)
            scene = prepare_scene(treated, like=None if like is None else like.scene)
            if self._graph is None:
                self._graph = portal_graph(prepare_scene(self.site) if treatments else scene)
            names = {name for surface in self._graph.scene.facets.surfaces for name in surface}
            meshes = {each.construction for each in self.catalogue.values() if each.construction}
            names |= meshes & self.site.constructions.keys()  # whatever is treated, the constructions are the same
            model = link_model(
                scene, self._sectors, self.scenario.rules, also=names, graph=self._graph, like=like,
                actions=self.scenario.operator_actions,
            )  # fmt: skip
            self._models[treatments] = model
            while len(self._models) > KEPT_MODELS:
                self._forget(self._least_useful())
            self._site_bytes = array_bytes(*self._models.values())  # 7 ms for houseblock: not at each draft
        self._models.touch([treatments])
        return model

    def _ground(self, treatments: tuple[Treatment, ...], place: int) -> _Ground:
        key = (treatments, place)
        if key not in self._grounds:
            model, grid = self._model(treatments), self.places[place]
            tested = trial_points(model.scene.site, _rooms_of(self.site, grid))
            points = grid.points.some(grid.silent).followed_by(tested)
            like = next((other for other in reversed(self._models) if (other, place) in self._grounds), None)
            if like is None:
                public = public_ways(model, points)
            else:
                public = carried_public(self._models[like], self._grounds[like, place].public, model, points)
            self._grounds[key] = _Ground(len(grid.silent), public, draft_public(model, self.scenario, public.links))
        return self._grounds[key]

    def _device_links(
        self, treatments: tuple[Treatment, ...], place: int, devices: tuple[Device, ...]
    ) -> DeviceLinks:
        """Links of the devices to the points of a place; those not kept are worked out all at once."""
        key = treatments, place
        self._detours.touch(place, devices)
        for like, some in self._worked_out_from(key, self._kept.missing(key, devices)):
            was = None
            if like is not None:
                was = self._kept.layout(self._models[like], self._grounds[like, place].points, (like, place), some)
            every = self._links_anew(key, some, like, was)
            self._kept.keep(key, every)
            if some == devices:
                self._kept.stay(key, every)
        found = self._kept.layout(self._models[treatments], self._grounds[key].points, key, devices)
        self._kept.touch(key, devices)
        self._kept.drop_old()
        return found

    def _worked_out_from(
        self, key: Key, new: tuple[Device, ...]
    ) -> list[tuple[tuple[Treatment, ...] | None, tuple[Device, ...]]]:
        """Devices that are not kept, apart by the treatments under which links of them are, the latest of all."""
        if not new:
            return []
        for like in reversed(self._models):
            known = self._kept.known((like, key[1]), new)
            if known:
                rest = tuple(device for device in new if device not in known)
                return [(like, known), (None, rest)] if rest else [(like, known)]
        return [(None, new)]

    def _links_anew(
        self, key: Key, devices: tuple[Device, ...], like: tuple[Treatment, ...] | None, was: DeviceLinks | None
    ) -> DeviceLinks:
        """Links of some devices that are not kept, from those under other treatments where these are."""
        treatments, place = key
        model, ground = self._model(treatments), self._ground(treatments, place)
        assert self._graph is not None  # made with the first model
        legs = ground.public.legs if ground.public.legs_scene is self._graph.scene else None
        asked = model, self._graph, place, ground.points, devices, self.catalogue, legs
        if like is None or was is None:
            links = blocker_links(
                model, devices, self.catalogue, ground.points, detours=self._detours.of(*asked), cut=DRAFT_CUT
            )
            return DeviceLinks(links, ground.ready.against_db(links))
        old = self._grounds[like, place]
        links = carried_links(
            self._models[like], was.links, old.points, model, ground.points, self.catalogue,
            lambda at: self._detours.of(*asked, at), DRAFT_CUT,
        )  # fmt: skip
        rows = rows_of(ground.points.xyz_m, old.points.xyz_m)
        against_db = carried_against_db(old.ready, was.links, was.against_db, rows, ground.ready, links)
        return DeviceLinks(links, against_db)

    @property
    def nbytes(self) -> int:
        """The memory that all of it takes, the site itself left out."""
        kept = sum(size for _, size in self.held.values())
        return kept + self._site_bytes + self._detours.ways_nbytes + self.spill.nbytes

    def put_away(self, key: Key, *, idle: bool = True) -> bool:
        """Drop what the drafts of one place were made from; False while another thread is at work with it.

        The next draft of the place has the same bytes, and takes as long as its first. With the last place what all
        places share goes too if nobody is at work here (`idle`).
        """
        if not self._at_work.acquire(blocking=False):
            return False
        try:
            self._grounds.pop(key, None)
            self._used_s.pop(key, None)
            self._kept.put_away(key)
            if not any(place == key[1] for _, place in self._grounds):
                self._detours.put_away(key[1])
                self.put_away_places.add(key[1])
            if idle and not self._grounds:
                self._models.clear()
                self._site_bytes = 0
                self.spill.forget()
                self._graph, self._detours = None, KeptDetours()
            self._measure()
        finally:
            self._at_work.release()
        return True

    def drop_moved(self, key: Key, devices: Iterable[Device]) -> bool:
        """Drop what is kept, for treatments and place, of blockers that are not in a layout; as of `put_away`."""
        if not self._at_work.acquire(blocking=False):
            return False
        try:
            layout = set(devices)
            self._kept.drop_others(key, layout)
            self._detours.drop_others(key[1], layout)
            self._measure()
        finally:
            self._at_work.release()
        return True

    def _measure(self) -> None:
        """Note what is kept: others may look at it while a thread is at work."""
        self.held = {
            (treatments, place): (
                self._used_s.get((treatments, place), -np.inf),
                ground.nbytes + self._kept.nbytes((treatments, place)) + self._detours.nbytes(place),
            )
            for (treatments, place), ground in self._grounds.items()
        }

    def _least_useful(self) -> tuple[Treatment, ...]:
        """The least recently used treatments, if possible not the only ones under which a place is known."""
        old = list(self._models)[:-1]
        for treatments in old:
            elsewhere = {place for other, place in self._grounds if other != treatments}
            if {place for other, place in self._grounds if other == treatments} <= elsewhere:
                return treatments
        return old[0]

    def _forget(self, treatments: tuple[Treatment, ...]) -> None:
        """Drop what belongs to a set of treatments."""
        del self._models[treatments]
        self._grounds = {key: kept for key, kept in self._grounds.items() if key[0] != treatments}
        self._kept.forget(treatments)


def _rooms_of(site: Site, place: DraftPlace) -> set[int]:
    """Rooms of one storey of one building, or of one yard, that must be silent."""
    in_yard = set(place.points.room.tolist())
    return {
        index
        for index, room in enumerate(site.rooms)
        if room.role == "silence"
        and room.storey == place.storey
        and (site.building_index[room.building] == place.building if room.building else index in in_yard)
    }
