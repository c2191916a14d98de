"""The draft of one storey for a layout, quick enough to follow a hand on the plan; the verdict is the Monte Carlo's.

Public links stay, and every device's links stay: a device that moved costs its own path gain and nothing else.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from quietwing.coverage.blocking.blocker_links import BlockerLinks, blocker_links
from quietwing.coverage.blocking.draft import DraftPublic, draft_public, margin_against_db
from quietwing.coverage.blocking.explain import RoomBudgets, explain_room
from quietwing.coverage.blocking.links import LinkModel, link_model
from quietwing.coverage.equipment import Device, Model, Treatment
from quietwing.coverage.planning.cost import Cost, cost
from quietwing.coverage.propagation.mast_gain import silent_at
from quietwing.coverage.propagation.portal_graph import PortalGraph, portal_graph
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.study.carried_links import carried_against_db, carried_links, rows_of
from quietwing.coverage.study.carried_public import PublicWays, carried_public, public_ways
from quietwing.coverage.study.common import map_title, part, wanted_sectors
from quietwing.coverage.study.device_links import DeviceLinks, together
from quietwing.coverage.study.kept_detours import DRAFT_CUT, KeptDetours
from quietwing.coverage.treatments import resolve_treatments, treated_site
from quietwing.sites.model import Site
from quietwing.sites.points import Patch, PointSet
from quietwing.sites.trial_points import map_grid, trial_points

__all__ = [
    "DEAD_ZONE",
    "DRAFT_GRID_M",
    "HOLE",
    "MARGINAL",
    "MARGINAL_DB",
    "Draft",
    "DraftPlace",
    "DraftRoom",
    "Drafting",
    "draft_state",
    "explain",
    "price",
]

DRAFT_GRID_M = 1.0  # least spacing: a storey of houseblock in a tenth of a second
MARGINAL_DB = 3.0  # nearer to 0 dB than this a draft does not say which way the worlds will fall (assumed)
DEAD_ZONE, MARGINAL, HOLE = "dead zone", "marginal", "hole"
KEPT_MODELS = 4  # sites with different windows treated: undo and redo find theirs
KEPT_BYTES = 256 << 20  # of devices' links
KEPT_STACKS = 2  # layouts whose links are kept side by side: this one and the one with other windows treated


@dataclass(frozen=True)
class DraftPlace:
    """A storey of a building, or a yard (building -1), of which a draft can be drawn."""

    title: str
    building: int
    storey: int
    patch: Patch
    points: PointSet = field(repr=False)
    silent: NDArray[np.intp] = field(repr=False)  # points in rooms that must be silent: a draft has no others


@dataclass(frozen=True)
class DraftRoom:
    """The draft of a room that must be silent.

    Attributes
    ----------
    room : str
    margin_db : float
        The least over its test points and channels; positive: silenced with the confidence asked for. [dB]
    channel : str
        The channel it belongs to, the nearest to working.
    point : str
        Kind of the test point it belongs to.
    device : str
        Id of the device strongest there on that channel, empty where none sends.
    state : str
        `DEAD_ZONE`, `HOLE`, or `MARGINAL` where the margin is within 3 dB of nothing.
    channel_margins_db : tuple of float
        The least margin of each of the draft's channels over the test points. [dB]
    """

    room: str
    margin_db: float
    channel: str
    point: str
    device: str
    state: str
    channel_margins_db: tuple[float, ...] = ()


@dataclass(frozen=True)
class Draft:
    """Draft margins over one storey of a building, or one yard.

    Attributes
    ----------
    title : str
        Building and storey in words.
    building, storey : int
    patch : Patch
        The grid, 1.5 m above the floor.
    channels, devices : tuple of str
        What the indices in `data` name.
    data : Dataset, dims (j, i)
        `margin_db` of the channel nearest to working, `channel` its index, `device` index of the device strongest
        there on that channel (-1: none sends), `room` index (-1: none). Outside rooms that must be silent a margin
        means nothing: NaN, -1 and -1.
    rooms : tuple of DraftRoom
        Rooms of the storey that must be silent, in the order of the site.
    treatments : tuple of Treatment
        Meshes and films counted.
    """

    title: str
    building: int
    storey: int
    patch: Patch
    channels: tuple[str, ...]
    devices: tuple[str, ...]
    data: xr.Dataset
    rooms: tuple[DraftRoom, ...]
    treatments: tuple[Treatment, ...]

    def count(self, state: str) -> int:
        """Rooms of the storey in one state."""
        return sum(room.state == state for room in self.rooms)


@dataclass(frozen=True)
class _Ground:
    """The public side of one place: points of the grid in silent rooms, the first `shown`, and then test points."""

    shown: int
    public: PublicWays
    ready: DraftPublic

    @property
    def points(self) -> PointSet:
        return self.public.points


class Drafting:
    """Drafts of one site and scenario; keeps every link it computed.

    Parameters
    ----------
    site : Site
        Untreated.
    scenario : Scenario
        Its treatments are not counted here: `draft` is given the ones to count.
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
            points = part(grid, patch)
            title = map_title(site, points)
            silent = np.flatnonzero(silent_at(site, points))
            places.append(
                DraftPlace(title, int(points.building[0]), int(points.storey[0]), points.patches[0], points, silent)
            )
        self.places: tuple[DraftPlace, ...] = tuple(places)
        self._models: OrderedDict[tuple[Treatment, ...], LinkModel] = OrderedDict()
        self._graph: PortalGraph | None = None
        self._grounds: dict[tuple[tuple[Treatment, ...], int], _Ground] = {}
        self._links: OrderedDict[tuple[tuple[Treatment, ...], int, Device], DeviceLinks] = OrderedDict()
        self._stacks: OrderedDict[tuple[tuple[Treatment, ...], int], DeviceLinks] = OrderedDict()
        self._bytes = 0
        self._detours = KeptDetours()

    def at_hand(self, place: int, treatments: tuple[Treatment, ...] = ()) -> bool:
        """Whether the public side of a place is kept, so that a draft of it takes no time worth a word."""
        return (treatments, place) in self._grounds

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
        model, where = self._model(treatments), self.places[place]
        ground = self._ground(treatments, place)
        on = tuple(device for device in devices if device.state != "off")
        blockers = self._device_links(treatments, place, on)
        margin_db = margin_against_db(model, ground.ready, blockers.links, blockers.against_db)
        channel = margin_db.argmin(axis=0)
        strongest = _strongest(model, blockers.links, channel)
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
                    "margin_db": (("j", "i"), _on_grid(where, margin_db.min(axis=0)[shown], np.nan), {"units": "dB"}),
                    "channel": (("j", "i"), _on_grid(where, channel[shown], -1)),
                    "device": (("j", "i"), _on_grid(where, strongest[shown], -1)),
                    "room": (("j", "i"), where.points.room.reshape(where.patch.count_j, where.patch.count_i)),
                }
            ),
            rooms=_rooms(self.site, model, ground.points.some(tested), margin_db[:, tested], strongest[tested], ids),
            treatments=treatments,
        )

    def _model(self, treatments: tuple[Treatment, ...]) -> LinkModel:
        """Links of the site with these windows treated, the last few kept."""
        model = self._models.get(treatments)
        if model is None:
            like = next(reversed(self._models.values())) if self._models else None
            treated = treated_site(self.site, treatments, self.catalogue)
            scene = prepare_scene(treated, like=None if like is None else like.scene)
            if self._graph is None:
                self._graph = portal_graph(prepare_scene(self.site) if treatments else scene)
            names = {name for surface in self._graph.scene.facets.surfaces for name in surface}
            meshes = {each.construction for each in self.catalogue.values() if each.construction}
            names |= meshes & self.site.constructions.keys()  # whatever is treated, the constructions are the same
            model = link_model(
                scene, self._sectors, self.scenario.confidence, also=names, graph=self._graph, like=like
            )
            self._models[treatments] = model
            while len(self._models) > KEPT_MODELS:
                self._forget(self._models.popitem(last=False)[0])
        self._models.move_to_end(treatments)
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
        new = tuple(device for device in dict.fromkeys(devices) if (treatments, place, device) not in self._links)
        other, known = self._known_under_others(place, new)
        rest = tuple(device for device in new if device not in known)
        for like, some in ((other, known), (None, rest)):
            if not some:
                continue
            every = self._links_anew(treatments, place, some, like)
            for at, device in enumerate(some):
                kept = every.one(at)
                self._links[treatments, place, device] = kept
                self._bytes += kept.nbytes
            if some == devices:
                self._stacks[treatments, place] = every
        found = self._stack(treatments, place, devices)
        for device in devices:
            self._links.move_to_end((treatments, place, device))
        while self._bytes > KEPT_BYTES and len(self._links) > 1:
            self._bytes -= self._links.popitem(last=False)[1].nbytes
        return found

    def _stack(self, treatments: tuple[Treatment, ...], place: int, devices: tuple[Device, ...]) -> DeviceLinks:
        """Kept links of single devices as those of a layout; the last few stay as they are."""
        key = treatments, place
        stack = self._stacks.get(key)
        if stack is None or stack.links.devices != devices:
            model, points = self._models[treatments], self._grounds[key].points
            stack = together(model, points, [self._links[treatments, place, device] for device in devices])
        self._stacks[key] = stack
        self._stacks.move_to_end(key)
        while len(self._stacks) > KEPT_STACKS:
            self._stacks.popitem(last=False)
        return stack

    def _links_anew(
        self,
        treatments: tuple[Treatment, ...],
        place: int,
        devices: tuple[Device, ...],
        like: tuple[Treatment, ...] | None,
    ) -> DeviceLinks:
        """Links of some devices that are not kept, from those under other treatments where these are."""
        model, ground = self._model(treatments), self._ground(treatments, place)
        assert self._graph is not None  # made with the first model
        legs = ground.public.legs if ground.public.legs_scene is self._graph.scene else None
        asked = model, self._graph, place, ground.points, devices, self.catalogue, legs
        if like is None:
            links = blocker_links(
                model, devices, self.catalogue, ground.points, detours=self._detours.of(*asked), cut=DRAFT_CUT
            )
            return DeviceLinks(links, ground.ready.against_db(links))
        old, was = self._grounds[like, place], self._stack(like, place, devices)
        links = carried_links(
            self._models[like], was.links, old.points, model, ground.points, self.catalogue,
            lambda at: self._detours.of(*asked, at), DRAFT_CUT,
        )  # fmt: skip
        rows = rows_of(ground.points.xyz_m, old.points.xyz_m)
        against_db = carried_against_db(old.ready, was.links, was.against_db, rows, ground.ready, links)
        return DeviceLinks(links, against_db)

    def _known_under_others(
        self, place: int, devices: tuple[Device, ...]
    ) -> tuple[tuple[Treatment, ...] | None, tuple[Device, ...]]:
        """The latest treatments under which links of any of these devices to a place are kept, and of which."""
        for treatments in reversed(self._models):
            known = tuple(device for device in devices if (treatments, place, device) in self._links)
            if known:
                return treatments, known
        return None, ()

    def _forget(self, treatments: tuple[Treatment, ...]) -> None:
        """Drop what belongs to a set of treatments."""
        self._grounds = {key: kept for key, kept in self._grounds.items() if key[0] != treatments}
        self._stacks = OrderedDict((key, kept) for key, kept in self._stacks.items() if key[0] != treatments)
        for key in [key for key in self._links if key[0] == treatments]:
            self._bytes -= self._links.pop(key).nbytes


def draft_state(margin_db: float) -> str:
    """A draft margin in words: `DEAD_ZONE`, `HOLE`, or `MARGINAL` within 3 dB of nothing."""
    if abs(margin_db) <= MARGINAL_DB:
        return MARGINAL
    return DEAD_ZONE if margin_db > 0 else HOLE


def explain(
    site: Site, scenario: Scenario, room: str, devices: tuple[Device, ...], catalogue: Mapping[str, Model]
) -> RoomBudgets:
    """The link budgets of one room with the scenario's treatments in its windows.

    Parameters
    ----------
    site : Site
        Untreated.
    scenario : Scenario
    room : str
    devices : tuple of Device
    catalogue : mapping of str to Model

    Returns
    -------
    RoomBudgets

    Raises
    ------
    ScenarioError
        If there is no such room, or nobody tries a phone in it.
    """
    treated = treated_site(site, resolve_treatments(site, scenario.treatments, catalogue), catalogue)
    return explain_room(treated, scenario, room, devices=devices, catalogue=catalogue)


def price(
    site: Site,
    scenario: Scenario,
    devices: tuple[Device, ...],
    treatments: tuple[Treatment, ...],
    catalogue: Mapping[str, Model],
) -> Cost:
    """What a layout with its treatments costs, as the optimiser counts it.

    Parameters
    ----------
    site : Site
    scenario : Scenario
    devices : tuple of Device
    treatments : tuple of Treatment
        As from `resolve_treatments`.
    catalogue : mapping of str to Model

    Returns
    -------
    Cost

    Raises
    ------
    ScenarioError
        If a model is not in the catalogue, or the comms room no room of the site.
    """
    return cost(site, devices, treatments, catalogue, scenario)


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


def _on_grid(place: DraftPlace, values: NDArray[Any], elsewhere: float) -> NDArray[Any]:
    """Values of the points worked out as a grid, shape (j, i)."""
    found = np.full(len(place.points), elsewhere, values.dtype)
    found[place.silent] = values
    return found.reshape(place.patch.count_j, place.patch.count_i)


def _strongest(model: LinkModel, blockers: BlockerLinks, channel: NDArray[np.intp]) -> NDArray[np.int32]:
    """The device whose median is strongest on the carriers of each point's channel, -1 where none sends."""
    found = np.full(len(channel), -1, np.int32)
    for index in np.unique(channel).tolist() if blockers.devices else ():
        here = np.flatnonzero(channel == index)
        carriers = np.flatnonzero(model.carrier_channel == index)
        level_dbm = np.maximum(
            blockers.level_dbm[:, carriers][:, :, here], blockers.mas_dbm[:, carriers][:, :, here]
        ).max(axis=1)
        found[here] = np.where(np.isfinite(level_dbm.max(axis=0)), level_dbm.argmax(axis=0), -1)
    return found


def _rooms(
    site: Site,
    model: LinkModel,
    tested: PointSet,
    channel_margin_db: NDArray[np.float32],
    device: NDArray[np.int32],
    ids: tuple[str, ...],
) -> tuple[DraftRoom, ...]:
    """Each room at its worst test point; margins in shape (channel, point)."""
    margin_db, channel = channel_margin_db.min(axis=0), channel_margin_db.argmin(axis=0)
    found = []
    for room in np.unique(tested.room).tolist():
        here = np.flatnonzero(tested.room == room)
        worst = int(here[margin_db[here].argmin()])
        found.append(
            DraftRoom(
                room=site.rooms[room].id,
                margin_db=float(margin_db[worst]),
                channel=model.channels[int(channel[worst])],
                point=tested.kind[worst],
                device=ids[int(device[worst])] if device[worst] >= 0 else "",
                state=draft_state(float(margin_db[worst])),
                channel_margins_db=tuple(channel_margin_db[:, here].min(axis=1).tolist()),
            )
        )
    return tuple(found)
