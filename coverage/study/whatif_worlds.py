"""One site judged at once under many rules and with the public network turned down, in the same worlds.

Links are worked out once. The usable channels of each room and world are kept, so that what leaves a channel out, or
turns one operator down, is put together from what is known and judged by nothing new.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking import (
    BlockerLinks,
    Case,
    LinkModel,
    OutsidePoints,
    PublicLinks,
    Tally,
    blocker_links,
    blocks_of,
    count_worlds,
    demanding_points,
    device_levels_dbm,
    exposure,
    operators_served,
    out_of_band_rows,
    protected_services,
    public_links,
    service_in_rooms,
    spill_outside,
    spill_result,
    stray_heard,
)
from quietwing.coverage.dims import CHANNEL, OUTSIDE
from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.named_arrays import xr
from quietwing.coverage.results import SpillResult
from quietwing.coverage.rules import Grade
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.spill_rows import ExposureRow, ServiceRow
from quietwing.coverage.study.judging import Ready
from quietwing.coverage.study.whatif_changes import OUT
from quietwing.sites import PointSet

__all__ = [
    "Ask",
    "Heard",
    "Kept",
    "composed_kept",
    "composed_outside",
    "composed_silent",
    "heard_on",
    "kept_rooms",
    "outside_of",
    "rooms_of",
    "spill_of",
    "surer",
]

Shares = NDArray[np.float64]
Packed = NDArray[np.uint8]
Pick = NDArray[np.int_]


@dataclass(frozen=True)
class Ask:
    """What is the same whatever changes: the question, the layout, the places outside and the worlds."""

    scenario: Scenario
    devices: tuple[Device, ...]
    catalogue: Mapping[str, Model]
    places: OutsidePoints
    stream: int


@dataclass(frozen=True)
class Heard:
    """Both sides' links at all places of one site, and what depends on neither grade nor world.

    Attributes
    ----------
    model : LinkModel
    points : PointSet
        Of rooms that must be silent.
    inside : tuple of PublicLinks and BlockerLinks
    kept_points : PointSet
        Of keep rooms that name an operator.
    kept : tuple of PublicLinks and BlockerLinks or None
        None where there is no such room.
    blocks : tuple of OutsidePoints
    outside : tuple of tuple of PublicLinks and BlockerLinks
        Of each block.
    station_dbm : float64 ndarray, shape (device, sector)
        `device_levels_dbm`.
    beside : tuple of tuple
        From `out_of_band_rows`.
    exposed : tuple of tuple
        From `exposure`.
    """

    model: LinkModel
    points: PointSet
    inside: tuple[PublicLinks, BlockerLinks]
    kept_points: PointSet
    kept: tuple[PublicLinks, BlockerLinks] | None
    blocks: tuple[OutsidePoints, ...]
    outside: tuple[tuple[PublicLinks, BlockerLinks], ...]
    station_dbm: NDArray[np.float64]
    beside: tuple[ServiceRow, ...]
    exposed: tuple[ExposureRow, ...]

    def lowered(self, lower_db: NDArray[np.float64]) -> Heard:
        """The same with each sector turned down, shape (sector,), ``inf``: off, and its channel with it. [dB]"""
        less_db = lower_db.astype(np.float32)[:, None]
        off = np.zeros(len(self.model.carriers), np.bool_)
        off[self.model.sector_carrier[np.isinf(lower_db)]] = True
        nothing = np.float32(-np.inf)

        def changed(links: tuple[PublicLinks, BlockerLinks]) -> tuple[PublicLinks, BlockerLinks]:
            public, blockers = links
            public = replace(public, los_dbm=public.los_dbm - less_db, nlos_dbm=public.nlos_dbm - less_db)
            if off.any():
                level_dbm = np.where(off[:, None], nothing, blockers.level_dbm)
                mas_dbm = np.where(off[:, None], nothing, blockers.mas_dbm)
                blockers = replace(blockers, level_dbm=level_dbm, mas_dbm=mas_dbm)
            return public, blockers

        return replace(
            self,
            inside=changed(self.inside),
            kept=None if self.kept is None else changed(self.kept),
            outside=tuple(map(changed, self.outside)),
            station_dbm=np.where(np.isinf(lower_db), -np.inf, self.station_dbm),
        )

    def surer(self, most_db: float) -> Heard:
        """The same with every sector known to `most_db` or better. [dB]"""

        def changed(links: tuple[PublicLinks, BlockerLinks]) -> tuple[PublicLinks, BlockerLinks]:
            return surer(links[0], most_db), links[1]

        return replace(
            self,
            inside=changed(self.inside),
            kept=None if self.kept is None else changed(self.kept),
            outside=tuple(map(changed, self.outside)),
        )


@dataclass(frozen=True)
class Kept:
    """Service in keep rooms: indices of the rooms, and (room, channel, world) whether it is there."""

    rooms: NDArray[np.int32]
    good: NDArray[np.bool_]


def surer(public: PublicLinks, most_db: float) -> PublicLinks:
    """The public network with every sector known to `most_db` or better. [dB]"""
    return replace(public, sigma_db=np.minimum(public.sigma_db, np.float32(most_db)))


def heard_on(ready: Ready, ask: Ask) -> Heard:
    """Work out all links of a site that is ready."""
    model, devices, catalogue = ready.model, ask.devices, ask.catalogue

    def links(points: PointSet, *, outside: bool) -> tuple[PublicLinks, BlockerLinks]:
        return public_links(model, points), blocker_links(model, devices, catalogue, points, outside=outside)

    kept_points = demanding_points(model, ready.tested)
    on = tuple(device for device in devices if device.state != "off")
    blocks = tuple(blocks_of(ask.places, len(on) * len(model.carriers)))
    outside = tuple(links(block.points, outside=True) for block in blocks)
    stray = [
        stray_heard(model, blockers, catalogue, block.points)
        for block, (_, blockers) in zip(blocks, outside, strict=True)
    ]
    return Heard(
        model=model,
        points=ready.points,
        inside=links(ready.points, outside=False),
        kept_points=kept_points,
        kept=links(kept_points, outside=True) if len(kept_points) else None,
        blocks=blocks,
        outside=outside,
        station_dbm=device_levels_dbm(model, ask.scenario, on, catalogue),
        beside=tuple(out_of_band_rows(model, on, catalogue, ready.tested, ask.places.name, stray)),
        exposed=exposure(model.scene.site, devices, catalogue, ready.tested),
    )


def rooms_of(heard: Heard, ask: Ask, cases: Sequence[Case]) -> Tally:
    """The rooms of all cases in the same worlds."""
    return count_worlds(heard.model, ask.scenario, heard.points, *heard.inside, stream=ask.stream, cases=tuple(cases))


def outside_of(heard: Heard, ask: Ask, grades: Sequence[Grade]) -> tuple[xr.Dataset, ...]:
    """Powers at all places outside against each grade, as `spill_outside` gives them."""
    found = [
        spill_outside(heard.model, ask.scenario, *links, block, stream=ask.stream, grades=tuple(grades))
        for block, links in zip(heard.blocks, heard.outside, strict=True)
    ]
    return tuple(xr.concat(blocks, OUTSIDE) if len(blocks) > 1 else blocks[0] for blocks in zip(*found, strict=True))


def kept_rooms(heard: Heard, ask: Ask) -> Kept:
    """Service in the keep rooms."""
    if heard.kept is None:
        nothing = np.zeros((0, len(heard.model.channels), ask.scenario.worlds), np.bool_)
        return Kept(np.zeros(0, np.int32), nothing)
    return Kept(*service_in_rooms(heard.model, ask.scenario, heard.kept_points, *heard.kept, stream=ask.stream))


def spill_of(heard: Heard, ask: Ask, grade: Grade, data: xr.Dataset, kept: Kept) -> SpillResult:
    """Everything outside against one grade."""
    services = protected_services(heard.model, ask.scenario, ask.devices, ask.catalogue, each_dbm=heard.station_dbm)
    protected = (*services, *heard.beside)
    served = operators_served(heard.model, kept.rooms, kept.good)
    return spill_result(ask.scenario, grade, data, served, protected, heard.exposed)


def composed_silent(usable: Sequence[Packed], pick: Pick, worlds: int) -> Shares:
    """Share of worlds in which each room is silent, every channel taken from where `pick` says.

    Parameters
    ----------
    usable : sequence of uint8 ndarray, shape (grade, room, channel, byte)
        Eight worlds a byte: the channel is usable somewhere in the room.
    pick : int ndarray, shape (channel,)
        Index into `usable`, or `OUT`.
    worlds : int

    Returns
    -------
    float64 ndarray, shape (grade, room)
    """
    works = np.zeros_like(usable[0][:, :, 0])
    for channel, source in enumerate(pick.tolist()):
        if source != OUT:
            works |= usable[source][:, :, channel]
    return np.asarray((worlds - np.bitwise_count(works).sum(axis=2, dtype=int)) / worlds)


def composed_outside(data: Sequence[xr.Dataset], pick: Pick) -> xr.Dataset:
    """Powers outside with every channel taken from where `pick` says; what 999 calls need is not put together.

    Parameters
    ----------
    data : sequence of Dataset
        From `outside_of`, the channels in one order.
    pick : int ndarray, shape (channel,)
        Index into `data`, or `OUT`.

    Returns
    -------
    Dataset
    """
    parts = [
        data[source].isel({CHANNEL: np.flatnonzero(pick == source)})
        for source in np.unique(pick[pick != OUT]).tolist()
    ]
    first = parts[0]
    by_channel = [name for name in first.data_vars if CHANNEL in first[name].dims]
    whole = xr.concat([part[by_channel] for part in parts], CHANNEL) if len(parts) > 1 else first[by_channel]
    found: xr.Dataset = whole.assign({name: first[name] for name in first.data_vars if name not in by_channel})
    found["passed"] = whole["channel_passed"].all(CHANNEL)
    return found


def composed_kept(kept: Sequence[Kept], pick: Pick) -> Kept:
    """Service in keep rooms with every channel taken from where `pick` says."""
    good = np.zeros_like(kept[0].good)
    for channel, source in enumerate(pick.tolist()):
        if source != OUT:
            good[:, channel] = kept[source].good[:, channel]
    return Kept(kept[0].rooms, good)
