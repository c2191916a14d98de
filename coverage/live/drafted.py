"""The draft of a storey: what it holds, and how margins at points become rooms and squares."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking import BlockerLinks, LinkModel, PublicLinks
from quietwing.coverage.equipment import Treatment
from quietwing.coverage.named_arrays import xr
from quietwing.sites import Patch, PointSet, Site

__all__ = [
    "DEAD_ZONE",
    "HOLE",
    "MARGINAL",
    "MARGINAL_DB",
    "Draft",
    "DraftPlace",
    "DraftRoom",
    "blocker_levels_dbm",
    "channel_levels_dbm",
    "draft_state",
    "drafted_rooms",
    "on_grid",
    "strongest",
]

MARGINAL_DB = 3.0  # nearer to 0 dB than this a draft does not say which way the worlds will fall (assumed)
DEAD_ZONE, MARGINAL, HOLE = "dead zone", "marginal", "hole"


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
        there on that channel (-1: none sends), `usable` number of channels whose margin is below 0 dB, `room` index
        (-1: none). Outside rooms that must be silent a margin means nothing: NaN, and -1.
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


def draft_state(margin_db: float) -> str:
    """A draft margin in words: `DEAD_ZONE`, `HOLE`, or `MARGINAL` within 3 dB of nothing."""
    if abs(margin_db) <= MARGINAL_DB:
        return MARGINAL
    return DEAD_ZONE if margin_db > 0 else HOLE


def channel_levels_dbm(model: LinkModel, public: PublicLinks) -> NDArray[np.float32]:
    """RSRP of each channel's strongest sector at each point, shape (channel, point): the median, no boost. [dBm]

    A path is clear where maps of a single state take it as clear, as in `blocking.draft.draft_signal`.
    """
    rsrp_dbm = public.rsrp_dbm(model.rules.errors.sight_limit).astype(np.float32)
    of_channel = model.carrier_channel[model.sector_carrier]
    return np.stack([rsrp_dbm[of_channel == channel].max(axis=0) for channel in range(len(model.channels))])


def blocker_levels_dbm(model: LinkModel, blockers: BlockerLinks) -> NDArray[np.float32]:
    """Power of all blockers together on each channel at each point, shape (channel, point): the median. [dBm]

    In the reference bandwidth of the channel, on its carrier where that is most; ``-inf`` where none sends. A
    managed-access cell counts with its level.
    """
    found = np.full((len(model.channels), blockers.level_dbm.shape[2]), -np.inf, np.float32)
    for carrier, channel in enumerate(model.carrier_channel.tolist()):
        levels_dbm = np.maximum(blockers.level_dbm[:, carrier], blockers.mas_dbm[:, carrier])
        with np.errstate(divide="ignore"):  # nothing on the air: log10(0) is the right answer
            together = 10 * np.log10((10 ** (levels_dbm.astype(float) / 10)).sum(axis=0))
        found[channel] = np.maximum(found[channel], together)
    return found


def on_grid(place: DraftPlace, values: NDArray[Any], elsewhere: float) -> NDArray[Any]:
    """Values of the points worked out as a grid.

    Parameters
    ----------
    place : DraftPlace
    values : ndarray, shape (point,)
        At the place's `silent` points.
    elsewhere : float
        At the others.

    Returns
    -------
    ndarray, shape (j, i)
    """
    found = np.full(len(place.points), elsewhere, values.dtype)
    found[place.silent] = values
    return found.reshape(place.patch.count_j, place.patch.count_i)


def strongest(model: LinkModel, blockers: BlockerLinks, channel: NDArray[np.intp]) -> NDArray[np.int32]:
    """The device whose median is strongest on the carriers of each point's channel.

    Parameters
    ----------
    model : LinkModel
    blockers : BlockerLinks
    channel : int ndarray, shape (point,)
        Index of the channel looked at.

    Returns
    -------
    int32 ndarray, shape (point,)
        Index of the device, -1 where none sends.
    """
    found = np.full(len(channel), -1, np.int32)
    for index in np.unique(channel).tolist() if blockers.devices else ():
        here = np.flatnonzero(channel == index)
        carriers = np.flatnonzero(model.carrier_channel == index)
        level_dbm = np.maximum(
            blockers.level_dbm[:, carriers][:, :, here], blockers.mas_dbm[:, carriers][:, :, here]
        ).max(axis=1)
        found[here] = np.where(np.isfinite(level_dbm.max(axis=0)), level_dbm.argmax(axis=0), -1)
    return found


def drafted_rooms(
    site: Site,
    model: LinkModel,
    tested: PointSet,
    channel_margin_db: NDArray[np.float32],
    device: NDArray[np.int32],
    ids: tuple[str, ...],
) -> tuple[DraftRoom, ...]:
    """Each room at its worst test point.

    Parameters
    ----------
    site : Site
    model : LinkModel
    tested : PointSet
        Test points of all the rooms.
    channel_margin_db : float32 ndarray, shape (channel, point)
        [dB]
    device : int32 ndarray, shape (point,)
        As of `strongest`.
    ids : tuple of str
        Of the devices.

    Returns
    -------
    tuple of DraftRoom
    """
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
