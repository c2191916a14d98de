"""Compiled loop of the Monte Carlo: one room after the other, all its worlds at once, every case and grade in one go.

Each room is worked out by one thread into its own part of the output.
"""
# mypy: ignore-errors

import math
from typing import NamedTuple

import numpy as np

from quietwing.coverage.blocking._kinds import B0, B1, B3, B4, D1, D2, F1, I0, I1, J1, J3
from quietwing.coverage.blocking._link_kernels import (
    DB_TO_NEPER,
    Links,
    Local,
    Network,
    device_power,
    own_error,
    room_errors,
    strongest_sector,
    to_power,
)
from quietwing.coverage.compiling import HELPER, KERNEL, njit

# A device this far below the power that denies the median signal counts as nothing: measured against the signal in
# its weaker state of sight, not the strongest device, so that an added device can never take another one out.
MATTERS_DB = 30.0
CERTAIN_SIGMAS = 6.0  # a sector this far below the floor is heard in no world


class Demands(NamedTuple):
    """What decides service on each carrier: `deny` and `capture` (grade, carrier), `together` and `beside` (grade,).

    A grade stands here once for each case in which it is judged, and the grades of a case stand together. Ratios of
    power: `deny` J/S, `least` (carrier,) the smallest that denies at any grade, `capture` lead of a MAS cell over the
    public one; all blockers count `together` times their sum and `beside` times what is beside the strongest, at most
    their sum: less where one alone blocks. Levels: `floor` [dBm], `noise` and `mas_noise` [mW]; `mas_floor` [mW],
    `mas_gamma` a ratio.
    """

    deny: D2
    least: D1
    capture: D2
    together: D1
    beside: D1
    floor: F1
    noise: D1
    mas_floor: D1
    mas_gamma: D1
    mas_noise: D1
    campable: B1
    network: J1
    likely: B0


class Cases(NamedTuple):
    """What is judged in the same worlds: where the grades of each case start, shape (case + 1,).

    Of each case `lower`: by how much every sector is turned down [dB]; `blocked`: whether the blockers are on.
    `kept` (grade,): row in `Count.usable`, or -1.
    """

    start: I1
    lower: D1
    blocked: B1
    kept: I1


class Rooms(NamedTuple):
    """Where the points of each room start, shape (room + 1,), and what the local errors of each belong to."""

    start: I1
    key: I1


class Count(NamedTuple):
    """Output: worlds in which a channel is usable, (grade, point or room, channel); silent (grade, room, world).

    `usable` (row, room, channel, world): at any point of the room, at the grades that are kept.
    """

    points: J3
    rooms: J3
    silent: B3
    usable: B4


class Sums(NamedTuple):
    """Powers on one carrier at one point, per world [mW], and whose errors are known by now.

    `heard`: the public network is above the floor; `keeps`: a phone on the MAS cell keeps it; `held` (network,): it
    keeps one on some carrier; `factor`: errors of each device as ratios, in band `factor_band`, the last asked for.
    """

    heard: np.ndarray
    keeps: np.ndarray
    held: np.ndarray
    all: np.ndarray
    loudest: np.ndarray
    jammers: np.ndarray
    mas_mw: np.ndarray
    factor: np.ndarray
    factor_band: np.ndarray
    own: np.ndarray
    own_known: np.ndarray


@njit(**HELPER)
def _sum_devices(sums, other, spare, p, c, least, local, demands, net, links):
    """Add up all blockers, jammers alone, and find the loudest blocker and the strongest MAS cell.

    Returns the best median of a MAS cell that offers the carrier's PLMN, -inf where there is none. Devices whose
    median is below `least` do not count against the public network.
    """
    band, is_mas = np.int64(net.carrier_band[c]), links.is_mas
    level_dbm, mas_dbm = links.level_dbm[p, c], links.mas_dbm[p, c]
    room, room_key = local.room, local.room_key
    every, loudest, jammers, mas_mw = sums.all, sums.loudest, sums.jammers, sums.mas_mw
    offered = -math.inf
    for d in range(len(is_mas)):
        offered = max(offered, mas_dbm[d])
    every[:] = 0
    loudest[:] = 0
    jammers[:] = 0
    mas_mw[:] = 0
    # Against capture even jammers that are too weak to count for denial are heard.
    heard = offered + math.log(demands.mas_gamma[c]) / -DB_TO_NEPER - MATTERS_DB
    for d in range(len(is_mas)):
        near = level_dbm[d] >= least
        cell_near = offered > -math.inf and mas_dbm[d] >= offered - net.weak_below
        harms = offered > -math.inf and not is_mas[d] and level_dbm[d] >= heard
        if level_dbm[d] == -math.inf or not (near or cell_near or harms):
            continue
        factor = sums.factor[d]
        if sums.factor_band[d] != band:
            own_error(sums.own[d], sums.own_known[d], band, net.device_key[d], room_key, net.band_key[band], net)
            device_power(factor, other, spare, sums.own[d, band], p, d, band, room, net, links)
            sums.factor_band[d] = band
        power = np.float32(math.exp(DB_TO_NEPER * level_dbm[d]))
        if near:
            for w in range(len(factor)):
                heard_mw = power * factor[w]
                every[w] += heard_mw
                loudest[w] = max(loudest[w], heard_mw)
        if harms:
            for w in range(len(factor)):
                jammers[w] += power * factor[w]
        if cell_near:
            power = np.float32(math.exp(DB_TO_NEPER * mas_dbm[d]))
            for w in range(len(factor)):
                mas_mw[w] = max(mas_mw[w], power * factor[w])
    return offered


@njit(**HELPER)
def _mark_keeps(keeps, mas_mw, jammers, c, demands):
    """Worlds in which a phone on a MAS cell keeps it: level and SINR are enough."""
    gamma, noise, floor = demands.mas_gamma[c], demands.mas_noise[c], demands.mas_floor[c]
    for w in range(len(keeps)):
        keeps[w] = (mas_mw[w] > 0) & (mas_mw[w] >= floor) & (mas_mw[w] >= gamma * (jammers[w] + noise))


@njit(**HELPER)
def _mark_held(sums, other, spare, p, local, demands, net, links):
    """Networks whose MAS cell a phone at a point can hold on some carrier, in each world."""
    held = sums.held
    held[:] = False
    for c in range(len(net.carrier_band)):
        offered = _sum_devices(sums, other, spare, p, c, math.inf, local, demands, net, links)
        if offered > -math.inf:
            keeps, mine = sums.keeps, held[demands.network[c]]
            _mark_keeps(keeps, sums.mas_mw, sums.jammers, c, demands)
            for w in range(len(spare)):
                mine[w] |= keeps[w]


@njit(**HELPER)
def _blocking(every, loudest, together, beside):
    """What blocks a phone: two antennas can turn away from one source, not from two that are as strong."""
    return min(every, together * every + beside * (every - loudest))


@njit(**HELPER)
def _mark_working(works, signal, public, spare, sums, offered, c, demands, cases, case):
    """Worlds in which a carrier is usable at a point, at a case's grades; `public` and `spare` are overwritten.

    `sums` is looked at where blockers are on, and what it says of cells where one is `offered` [dBm].
    """
    for w in range(len(signal)):  # a slice would be copied first, for it may overlap
        public[w] = signal[w]
    to_power(public, spare)
    heard, keeps, mas_mw, every, loudest = sums.heard, sums.keeps, sums.mas_mw, sums.all, sums.loudest
    floor, noise = demands.floor[c], demands.noise[c]
    for w in range(len(signal)):
        heard[w] = signal[w] >= floor
    blocked = cases.blocked[case]
    if offered > -math.inf:
        _mark_keeps(keeps, mas_mw, sums.jammers, c, demands)
    if demands.likely and blocked:  # captured through a higher-priority layer counts too
        elsewhere = sums.held[demands.network[c]]
        for w in range(len(signal)):
            heard[w] &= not elsewhere[w]
    for g in range(cases.start[case], cases.start[case + 1]):
        mine, deny, capture = works[g], demands.deny[g, c], demands.capture[g, c]
        together, beside = demands.together[g], demands.beside[g]
        if not blocked:
            for w in range(len(signal)):
                mine[w] |= heard[w] & (noise < deny * public[w])
            continue
        if offered == -math.inf:
            for w in range(len(signal)):
                jam = _blocking(every[w], loudest[w], together, beside)
                mine[w] |= heard[w] & (jam + noise < deny * public[w])
            continue
        for w in range(len(signal)):  # without branches: compilers work out several worlds at a time
            jam = _blocking(every[w], loudest[w], together, beside)
            captured = keeps[w] & (mas_mw[w] >= capture * public[w])
            mine[w] |= heard[w] & (jam + noise < deny * public[w]) & (not captured)


@njit(**KERNEL)
def judge(
    rooms: Rooms, demands: Demands, cases: Cases, net: Network, links: Links, count: Count, first_room: I0,
    end_room: I0,
):  # fmt: skip
    """Who has service in each room, over all worlds, into `count`."""
    grades, worlds = len(count.silent), count.silent.shape[2]
    devices, bands = links.level_dbm.shape[2], len(net.band_key)
    channels = len(net.channel_start) - 1
    networks = 0
    for c in range(len(net.carrier_band)):
        networks = max(networks, demands.network[c] + 1)
    signal, error = np.empty(worlds, np.float32), np.empty(worlds, np.float32)
    other, spare = np.empty(worlds, np.float32), np.empty(worlds, np.float32)
    works = np.empty((grades, worlds), np.bool_)
    room_works, room = np.empty((grades, channels, worlds), np.bool_), np.empty((bands, worlds), np.float32)
    sources = len(net.source_key)
    own, own_known = np.empty((sources, bands + 1, worlds), np.float32), np.empty((sources, bands + 1), np.bool_)
    sums = Sums(  # large where there are many devices: made once, for the system hands memory out page by page
        np.empty(worlds, np.bool_), np.empty(worlds, np.bool_), np.zeros((networks, worlds), np.bool_),
        np.empty(worlds, np.float32), np.empty(worlds, np.float32), np.empty(worlds, np.float32),
        np.empty(worlds, np.float32),
        np.empty((devices, worlds), np.float32), np.empty(devices, np.int64),
        np.empty((devices, bands + 1, worlds), np.float32), np.empty((devices, bands + 1), np.bool_),
    )  # fmt: skip
    for r in range(first_room, end_room):
        room_works[:] = False
        own_known[:] = False
        sums.own_known[:] = False
        room_errors(room, spare, rooms.key[r], net)
        local = Local(rooms.key[r], room, own, own_known)
        for p in range(rooms.start[r], rooms.start[r + 1]):
            sums.factor_band[:] = -1
            if demands.likely:
                _mark_held(sums, other, spare, p, local, demands, net, links)
            for channel in net.band_channels:
                works[:] = False
                for at in range(net.channel_start[channel], net.channel_start[channel + 1]):
                    c = net.channel_carriers[at]
                    if not demands.campable[c]:
                        continue
                    best, surest, spread = strongest_sector(signal, error, other, spare, p, c, local, net, links)
                    lower = 0.0
                    for case in range(len(cases.lower)):
                        further = cases.lower[case] - lower
                        if further != 0:
                            for w in range(worlds):
                                signal[w] -= np.float32(further)
                            best, surest = best - further, surest - further
                            lower = cases.lower[case]
                        if best + CERTAIN_SIGMAS * spread < demands.floor[c]:
                            continue
                        offered = -math.inf
                        if cases.blocked[case]:
                            least = surest + math.log(demands.least[c]) / DB_TO_NEPER - MATTERS_DB
                            offered = _sum_devices(sums, error, spare, p, c, least, local, demands, net, links)
                        _mark_working(works, signal, error, spare, sums, offered, c, demands, cases, case)
                for g in range(grades):
                    mine, whole, total = works[g], room_works[g, channel], 0
                    for w in range(worlds):
                        total += mine[w]
                        whole[w] |= mine[w]
                    count.points[g, p, channel] = total
        for g in range(grades):
            count.silent[g, r] = True
            for channel in range(channels):
                whole, silent, total = room_works[g, channel], count.silent[g, r], 0
                for w in range(worlds):
                    total += whole[w]
                    silent[w] &= not whole[w]
                count.rooms[g, r, channel] = total
                if cases.kept[g] >= 0:
                    usable = count.usable[cases.kept[g], r, channel]
                    for w in range(worlds):  # an array put into another takes a second to compile
                        usable[w] = whole[w]
