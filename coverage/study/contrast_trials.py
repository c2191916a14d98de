"""One device in one room, turned down to what silences it, and judged there as the verdict judges a layout."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking import (
    LinkModel,
    blocker_links,
    carrier_needs,
    draft_signal,
    flat_spans,
    outside_blocks,
    outside_worlds,
    public_links,
    raise_to_silence,
    spill_of,
)
from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.named_arrays import xr
from quietwing.coverage.results import SpillResult
from quietwing.coverage.study.contrast_offers import Offer
from quietwing.coverage.study.contrast_place import Place
from quietwing.coverage.study.judging import make_ready
from quietwing.coverage.trims import shared_groups
from quietwing.sites import PointSet

__all__ = ["Trial", "tried"]

OFF_DB, MOST_TRIM_DB = -60.0, 30.0  # trims that a layout can say: what the room does not need is off
BEGIN_DB = 20.0  # above the medians: the raise is looked for from there, up to the rules' `weak_below_db` further
REACH_DB, CLOSE_DB = 60.0, 0.05  # in which the power that other limits allow is looked for, and how closely
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Trial:
    """A device in a room whose windows are treated, at the power that silences the room in q of the worlds.

    Attributes
    ----------
    treatment : str
        Models in the windows, empty without.
    device : Device
        Turned down, channel by channel: 60 dB where nothing is needed.
    own : PointSet
        Test points of the room.
    rsrp_dbm, inside_dbm : float64 ndarray, shape (own, carrier)
        Public level, and of the device at the catalogue's power: medians. [dBm]
    trim_db : float64 ndarray, shape (carrier,)
        By which it is turned down; ``-inf`` where it sends nothing. [dB]
    margin_db : float
        Least of all limits, ``inf`` without any: outside, keep rooms, other services, base stations, exposure. [dB]
    limit : str
        The one that binds in words; empty where it is that of power at a place outside.
    data : Dataset
        Of its spill.
    place, channel : int
        Outside, where least is left, and on which channel.
    """

    treatment: str
    device: Device
    own: PointSet
    rsrp_dbm: Floats
    inside_dbm: Floats
    trim_db: Floats
    margin_db: float
    limit: str
    data: xr.Dataset
    place: int
    channel: int

    def carrier(self, model: LinkModel) -> int:
        """The carrier that the limit is about: of its channel outside, or on which the device needs most power."""
        of_channel = (model.carrier_channel == self.channel) if not self.limit else np.isfinite(self.trim_db)
        return int(np.where(of_channel, self.trim_db, -np.inf).argmax())

    def worst(self, carrier: int) -> int:
        """The test point where a carrier asks most of the device."""
        return int((self.rsrp_dbm - self.inside_dbm)[:, carrier].argmax())

    def needed_dbm(self, point: int, carrier: int) -> float:
        """Level of the device turned down, where the room is silent in q of the worlds. [dBm]"""
        return float(self.inside_dbm[point, carrier] + self.trim_db[carrier])

    @property
    def where(self) -> str:
        """The place outside where least is left, in words."""
        return str(self.data["name"].values[self.place])

    def at_place(self, name: str, data: xr.Dataset | None = None) -> float:
        """A level where least is left, of its spill or another; NaN where that has no such place. [dBm]"""
        mine, data = self.data.isel(outside=self.place), self.data if data is None else data
        same = np.all([data[axis].values == float(mine[axis]) for axis in ("x_m", "y_m", "z_m")], axis=0)
        levels_dbm = data[name].transpose("channel", "outside").values[self.channel, same]
        return float(levels_dbm[0]) if len(levels_dbm) else np.nan


def tried(place: Place, offer: Offer, room: int, mode: int) -> Trial | None:
    """A device judged in a room with its windows in a mode; None where no power of it silences the room."""
    verdict, catalogue, kind = place.verdict, place.catalogue, place.catalogue[offer.device.model]
    scenario, stream = verdict.scenario, verdict.stream
    treatments = (*verdict.treatments, *place.modes.treatments(room, mode))
    ready = make_ready(verdict.site, place.sectors, scenario, treatments, catalogue, place.bare)
    model, own = ready.model, ready.points.some(np.flatnonzero(ready.points.room == room))
    public, needs = public_links(model, own), carrier_needs(model, scenario)
    rsrp_dbm = draft_signal(model, public).rsrp_dbm.T
    inside_dbm = np.asarray(blocker_links(model, (offer.device,), catalogue, own).level_dbm[0].T, float)
    trim_db = (np.maximum(rsrp_dbm, needs.floor) + needs.need - inside_dbm).max(axis=0)
    trim_db[np.isinf(trim_db)] = -np.inf
    trim_db += min(BEGIN_DB, MOST_TRIM_DB - float(trim_db.max(initial=-np.inf)))
    begun = turned(model, kind, offer.device, trim_db)
    blockers = blocker_links(model, (begun,), catalogue, own)
    (raised,) = raise_to_silence(model, scenario, own, public, blockers, stream=stream)
    trim_db = trim_db + (OFF_DB if raised is None else raised.raise_db)
    if (raised is not None and raised.reference) or trim_db.max() > MOST_TRIM_DB:
        return None
    device = turned(model, kind, offer.device, trim_db)
    blocks = tuple(
        outside_worlds(model, scenario, (device,), catalogue, block, stream=stream)
        for block in outside_blocks(model, (device,), catalogue)
    )

    def judged(by_db: float, *devices: Device) -> SpillResult:
        heard = [replace(block.heard, level_dbm=block.heard.level_dbm + by_db) for block in blocks]
        parts = [replace(block, heard=one) for block, one in zip(blocks, heard, strict=True)]
        return spill_of(model, scenario, devices, catalogue, ready.tested, parts, stream=stream)[0]

    at_need = judged(0.0, device)
    anyway = set(_broken(judged(0.0)))

    def broken(by_db: float) -> str:
        found = judged(by_db, turned(model, kind, offer.device, trim_db + by_db))
        return next((words for words in _broken(found) if words not in anyway), "")

    data, worst = at_need.outside, at_need.worst
    margin_db, limit = at_need.worst_margin_db, f"{worst.place}: {worst.how}" if worst.how else ""
    most_db = min(margin_db, REACH_DB, MOST_TRIM_DB - float(trim_db.max()))
    if words := broken(most_db):
        low_db, high_db, limit = most_db - 2 * REACH_DB, most_db, words
        while high_db - low_db > CLOSE_DB:
            middle_db = (low_db + high_db) / 2
            words = broken(middle_db)
            low_db, high_db, limit = (low_db, middle_db, words) if words else (middle_db, high_db, limit)
        margin_db = low_db
    channel = data["channel"].values.tolist().index(worst.channel) if worst.channel else 0
    at_channel_db = data["margin_db"].transpose("channel", "outside").values[channel]
    # Several places outside may have one name.
    near = (data["name"].values == worst.place) & (at_channel_db >= at_need.worst_margin_db - CLOSE_DB)
    return Trial(
        " and ".join(place.modes.names[mode]),
        device,
        own,
        rsrp_dbm,
        inside_dbm,
        trim_db,
        margin_db,
        limit,
        data,
        int(np.where(near, at_channel_db, np.inf).argmin()),
        channel,
    )


def turned(model: LinkModel, kind: Model, device: Device, trim_db: Floats) -> Device:
    """A device at the catalogue's power less trims of carriers, shape (carrier,): each band, then its channels."""
    loudest: dict[int, float] = {}
    groups = shared_groups(model.carriers, flat_spans(kind))
    for group, each_db in zip(groups, trim_db.tolist(), strict=True):
        loudest[group] = max(loudest.get(group, -np.inf), each_db)
    trims: list[tuple[str, float]] = []
    for band in kind.bands:
        of_channel = {
            one.channel: loudest[group]
            for one, group in zip(model.carriers, groups, strict=True)
            if band.low_mhz <= one.freq_mhz <= band.high_mhz
        }
        whole_db = min(max(*of_channel.values(), OFF_DB, OFF_DB), MOST_TRIM_DB)
        below = [(name, max(each_db - whole_db, OFF_DB)) for name, each_db in of_channel.items()]
        trims += [(band.band, whole_db), *((name, each_db) for name, each_db in below if each_db < 0)]
    return replace(device, power_dbm=None, trim_db=tuple(trims))


def _broken(found: SpillResult) -> list[str]:
    """Limits besides those of power outside that do not hold, in words."""
    return [
        *(f"{one.operator} in keep room {one.room}" for one in found.keep_rooms if not one.passed),
        *(one.service for one in found.protected if not one.passed),
        *(f"exposure of people in {one.room}" for one in found.exposure if not one.passed),
    ]
