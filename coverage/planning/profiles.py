"""Candidates: every base with power profiles just strong enough for the rooms it is meant for.

A device with one flat power wastes spill on the weak channels. A profile gives each channel what the hardest of its
rooms needs on it and no more, in half decibels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking import Needs
from quietwing.coverage.equipment import Device
from quietwing.coverage.planning.levels import Candidates, RoomBlock
from quietwing.coverage.planning.planning_links import PlanningLinks

__all__ = ["Short", "Wish", "candidate_id", "candidates_for", "device_of", "required_db"]

STEP_DB = 0.5
OFF_DB = -45.0  # below a profile's strongest channel one is as good as off, and a layout can still say it
LEAST_TRIM_DB = -75.0  # below catalogue power no profile goes
LOWEST_DB = -60.0  # the least trim a layout can say
MOST_SHORT_DB = 6.0  # a device this much too weak alone is offered at what it has: several together may do
SERVED = (1, 2, 4, 8)  # rooms a profile is made for, the easiest of the base first
SERVED_BY_CABLE = (1, 2, 4, 8, 16, 32, 64)  # along a landing
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Short:
    """What the strongest device lacks to silence a room alone, and on which channel. [dB]"""

    missing_db: float
    channel: str


@dataclass(frozen=True)
class Wish:
    """A profile before it is a candidate.

    Attributes
    ----------
    base : int
    mode : int
        Of the room it hangs in.
    served : int
        Rooms it was made for; 0: it comes from a layout.
    trim_db : float64 ndarray, shape (channel,)
        To catalogue power.
    """

    base: int
    mode: int
    served: int
    trim_db: Floats


def required_db(block: RoomBlock, needs: Needs, is_mas: NDArray[np.bool_], channel: NDArray[np.int32]) -> Floats:
    """Trim from which each base alone silences every test point of a room, shape (near, channel).

    Parameters
    ----------
    block : RoomBlock
    needs : Needs
    is_mas : bool ndarray, shape (near,)
    channel : int32 ndarray, shape (carrier,)
        Channel of each carrier.

    Returns
    -------
    float64 ndarray, shape (near, channel)
        ``-inf`` where nothing is needed, ``inf`` where no power helps. [dB]
    """
    heard = block.rsrp_dbm
    noise = 10 ** ((needs.noise[:, None] - block.alone_db - heard - needs.need[:, None]) / 10)
    alone = (needs.floor[:, None] - heard - block.alone_db >= 0) | (noise >= 1) | ~needs.campable[:, None]
    target = heard + block.against_db
    with np.errstate(invalid="ignore"):
        denied = target + needs.need[:, None] - block.level_dbm
        ahead = np.maximum(target + needs.capture[:, None], needs.mas_floor[:, None])
        served = np.maximum(ahead, (needs.mas_noise + needs.mas_gamma)[:, None]) - block.mas_dbm
    wanted = np.where(is_mas[:, None, None], np.minimum(denied, served), denied)
    wanted = np.where(alone, -np.inf, np.where(np.isnan(wanted), np.inf, wanted)).max(axis=2)
    found = np.full((len(block.bases), int(channel.max(initial=-1)) + 1), -np.inf)
    for carrier, of in enumerate(channel.tolist()):
        found[:, of] = np.maximum(found[:, of], wanted[:, carrier])
    return found


def candidates_for(
    around: PlanningLinks,
    blocks: Iterable[RoomBlock],
    needs: Needs,
    credited: NDArray[np.bool_],
    cost_pence: Mapping[int, int],
    head_end: Mapping[str, int],
    warm_start: Iterable[Wish] = (),
) -> tuple[Candidates, dict[int, Short]]:
    """All candidates of a site, and the rooms that none of its devices silences alone.

    Parameters
    ----------
    around : PlanningLinks
    blocks : iterable of RoomBlock
    needs : Needs
        With whatever reserve is asked for.
    credited : bool ndarray, shape (room,)
        Rooms that count: profiles are made for these.
    cost_pence : mapping of int to int
        Price of each base.
    head_end : mapping of str to int
        Kind of head-end of each model.
    warm_start : iterable of Wish
        Candidates whatever they are worth.

    Returns
    -------
    candidates : Candidates
        Sorted by id.
    short : dict of int to Short
        By room, in its best mode.
    """
    channel = around.plain.carrier_channel
    name = {int(at): carrier.channel for at, carrier in zip(channel, around.plain.carriers, strict=True)}
    nearest: dict[int, Short] = {}
    needed: dict[int, dict[tuple[int, int], Floats]] = {}
    for block in blocks:
        if not credited[block.room]:
            continue
        found = required_db(block, needs, around.is_mas[block.bases], channel)
        if len(found):
            best = int(found.max(axis=1).argmin())
            missing = Short(float(found[best].max()), name[int(found[best].argmax())])
            nearest[block.room] = min(missing, nearest.get(block.room, missing), key=lambda short: short.missing_db)
        for row, base in enumerate(block.bases.tolist()):
            if not around.bases[base].existing:
                needed.setdefault(base, {})[block.room, block.mode] = found[row]
    group = {name: _group_of_channel(around, name) for name in _models(around, needed)}
    wishes = [
        wish
        for base in sorted(needed)
        for wish in _profiles(around, base, needed[base], group[around.bases[base].device.model])
    ]
    short = {room: one for room, one in nearest.items() if one.missing_db > 0}
    wishes = [*_worth_it(around, wishes, cost_pence), *warm_start]
    return _candidates(around, wishes, cost_pence, head_end), short


def candidate_id(around: PlanningLinks, wish: Wish) -> str:
    """Name of the candidate that a wish becomes."""
    base = around.bases[wish.base]
    treated = "+".join(around.modes.names[wish.mode]) or "plain"
    return f"{around.spots[base.spot].id}|{base.device.model}|{treated}|{wish.served}"


def _models(around: PlanningLinks, bases: Iterable[int]) -> set[str]:
    return {around.bases[base].device.model for base in bases}


def _profiles(
    around: PlanningLinks, base: int, needed: dict[tuple[int, int], Floats], group: NDArray[np.intp]
) -> list[Wish]:
    """Profiles of one base for more and more rooms, in each mode they may be in; `group` of each channel."""
    own = around.spots[around.bases[base].spot].room
    cost = around.modes.cost_pence
    found: list[Wish] = []
    for mode in range(cost.shape[1]):
        if mode and own >= 0 and cost[own, mode] < 0 and len(around.modes.windows.get(own, ())):
            continue
        rooms = {}
        for (room, of_mode), trim_db in needed.items():
            if of_mode == (mode if cost[room, mode] >= 0 else 0):
                rooms[room] = trim_db
        order = sorted(rooms, key=lambda room: (float(rooms[room].max()), room))
        stands_in = mode if own >= 0 and cost[own, mode] >= 0 else 0
        for served in SERVED_BY_CABLE if around.bases[base].device.route_m else SERVED:
            if served > len(order):
                break
            trim_db = np.max([rooms[room] for room in order[:served]], axis=0)
            short_db = float(trim_db.max())
            if short_db > (MOST_SHORT_DB if served == SERVED[0] else 0.0):
                break
            trim_db = _one_a_group(np.minimum(trim_db, 0.0), group)
            strongest_db = float(np.ceil(trim_db.max() / STEP_DB) * STEP_DB)
            if np.isneginf(strongest_db):
                continue
            least_db = max(strongest_db + OFF_DB, LEAST_TRIM_DB)
            trim_db = np.maximum(np.ceil(trim_db / STEP_DB) * STEP_DB, least_db)
            if any(wish.mode == stands_in and np.array_equal(wish.trim_db, trim_db) for wish in found):
                continue
            found.append(Wish(base, stands_in, served, trim_db))
    return found


def _group_of_channel(around: PlanningLinks, model: str) -> NDArray[np.intp]:
    """Group of each channel, shape (channel,)."""
    group = around.groups[model]
    return np.array([group[name] for name in around.plain.channels], np.intp)


def _one_a_group(trim_db: Floats, group: NDArray[np.intp]) -> Floats:
    """The trims of channels that share spectrum raised to the largest of them, shape (channel,)."""
    most_db = np.full(int(group.max(initial=-1)) + 1, -np.inf)
    np.maximum.at(most_db, group, trim_db)
    return most_db[group]


def _worth_it(around: PlanningLinks, wishes: list[Wish], cost_pence: Mapping[int, int]) -> list[Wish]:
    """Without jammers that another at the same place beats: no dearer, no more outside for the same inside."""
    sent, _, outside = around.sent
    with np.errstate(invalid="ignore"):
        waste_db = np.nanmax(np.where(np.isfinite(sent), outside - sent, np.nan), axis=1, initial=0.0)
    by_place: dict[tuple[int, int, int], list[Wish]] = {}
    for wish in wishes:
        by_place.setdefault((around.bases[wish.base].spot, wish.mode, wish.served), []).append(wish)
    kept = []
    for rivals in by_place.values():
        jammers = [wish for wish in rivals if not around.is_mas[wish.base]]
        for wish in rivals:
            beaten = not around.is_mas[wish.base] and any(
                (cost_pence[other.base], waste_db[other.base], other.base)
                < (cost_pence[wish.base], waste_db[wish.base], wish.base)
                and cost_pence[other.base] <= cost_pence[wish.base]
                and waste_db[other.base] <= waste_db[wish.base]
                for other in jammers
            )
            if not beaten:
                kept.append(wish)
    return kept


def _candidates(
    around: PlanningLinks, wishes: list[Wish], cost_pence: Mapping[int, int], head_end: Mapping[str, int]
) -> Candidates:
    channel = around.plain.carrier_channel
    nothing = np.zeros(len(around.plain.carriers))
    rows: list[tuple[str, int, Floats, int, int, bool]] = []
    for wish in wishes:
        room = around.spots[around.bases[wish.base].spot].room
        room = room if room in around.modes.windows else -1
        rows.append((candidate_id(around, wish), wish.base, wish.trim_db[channel], room, wish.mode, False))
    for index, base in enumerate(around.bases):
        if base.existing:
            room = around.spots[base.spot].room
            possible = around.modes.cost_pence[room] >= 0 if room in around.modes.windows else np.array([True])
            for mode in np.flatnonzero(possible).tolist():
                of_room = room if room in around.modes.windows else -1
                treated = "+".join(around.modes.names[mode]) or "plain"
                rows.append((f"{base.device.id}|existing|{treated}", index, nothing, of_room, mode, True))
    rows.sort(key=lambda row: row[0])
    bases = np.array([row[1] for row in rows], np.int64)
    return Candidates(
        id=tuple(row[0] for row in rows),
        base=bases,
        position=np.array([around.bases[base].spot for base in bases.tolist()], np.int64),
        trim_db=np.array([row[2] for row in rows], float).reshape(len(rows), len(channel)),
        cost_pence=np.array([0 if row[5] else cost_pence[row[1]] for row in rows], np.int64),
        is_mas=around.is_mas[bases],
        head_end=np.array([head_end.get(around.bases[b].device.model, -1) for b in bases.tolist()], np.int64),
        room=np.array([row[3] for row in rows], np.int64),
        mode=np.array([row[4] if row[3] >= 0 else 0 for row in rows], np.int64),
        existing=np.array([row[5] for row in rows], np.bool_),
    )


def device_of(around: PlanningLinks, candidates: Candidates, at: int, name: str) -> Device:
    """A candidate as a row of a layout.

    Parameters
    ----------
    around : PlanningLinks
    candidates : Candidates
    at : int
    name : str
        The device's id.

    Returns
    -------
    Device
        One power for all bands and a trim a channel, so that each carrier gets what the profile says.
    """
    base = int(candidates.base[at])
    if candidates.existing[at]:
        return around.bases[base].device
    return written_device(around, base, candidates.trim_db[at], name)


def written_device(around: PlanningLinks, base: int, of_carrier_db: Floats, name: str) -> Device:
    """As `device_of`, of a base that is bought with some trim on each carrier. [dB]"""
    device = around.bases[base].device
    model = around.catalogue[device.model]
    plain = around.plain
    wanted: dict[str, float] = {}
    for carrier, trim_db in zip(plain.carriers, of_carrier_db.tolist(), strict=True):
        for band in model.bands:
            if band.low_mhz <= carrier.freq_mhz <= band.high_mhz:
                wanted[carrier.channel] = max(wanted.get(carrier.channel, -np.inf), band.power_dbm + trim_db)
    loudest: dict[int, float] = {}
    group = around.groups[device.model]
    for channel, level in wanted.items():
        loudest[group[channel]] = max(loudest.get(group[channel], -np.inf), level)
    wanted = {channel: loudest[group[channel]] for channel in wanted}
    power_dbm = max(wanted.values())
    trims = tuple(
        (channel, round(max(level - power_dbm, LOWEST_DB), 2))
        for channel, level in sorted(wanted.items())
        if level != power_dbm
    )
    return replace(device, id=name, power_dbm=round(power_dbm, 2), trim_db=trims)
