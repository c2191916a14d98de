"""Compiled loop of the Monte Carlo: one room after the other, all worlds of a room at once, every grade in one go.

Each room is worked out by one thread into its own part of the output.
"""
# mypy: ignore-errors

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from quietwing.coverage.blocking._kinds import B0, B1, B3, D1, D2, F1, I0, I1, J1, J3
from quietwing.coverage.blocking._link_kernels import (
    DB_TO_NEPER,
    HELPER,
    KERNEL,
    Links,
    Network,
    device_error,
    own_error,
    room_errors,
    strongest_sector,
    to_power,
)

# A device this far below the power that denies the median signal counts as nothing: measured against the signal in
# its weaker state of sight, not the strongest device, so that an added device can never take another one out.
MATTERS_DB = 30.0
CERTAIN_SIGMAS = 6.0  # a sector this far below the floor is heard in no world


class Demands(NamedTuple):
    """What decides service on each carrier: `deny` and `capture` (grade, carrier), `together` and `beside` (grade,).

    Ratios of power: `deny` J/S, `capture` lead of a MAS cell over the public one; all blockers count `together` times
    their sum and `beside` times what is beside the strongest, at most their sum: less where one alone blocks.
    Levels: `floor` [dBm], `noise` and `mas_noise` [mW]; `mas_floor` [mW], `mas_gamma` a ratio.
    """

    deny: D2
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


class Rooms(NamedTuple):
    """Where the points of each room start, shape (room + 1,), and what the local errors of each belong to."""

    start: I1
    key: I1


class Count(NamedTuple):
    """Output: worlds in which a channel is usable, (grade, point or room, channel); silent (grade, room, world)."""

    points: J3
    rooms: J3
    silent: B3


class Sums(NamedTuple):
    """Powers on one carrier at one point, per world [mW], and whose errors are known by now."""

    all: np.ndarray
    loudest: np.ndarray
    jammers: np.ndarray
    cell: np.ndarray
    factor: np.ndarray
    factor_known: np.ndarray
    own: np.ndarray
    own_known: np.ndarray


@njit(**HELPER)
def _sum_devices(sums, spare, p, c, least, room, room_key, demands, is_mas, net, links):
    """Add up all blockers, jammers alone, and find the loudest blocker and the strongest MAS cell.

    Returns the best median of a MAS cell that offers the carrier's PLMN, -inf where there is none. Devices whose
    median is below `least` do not count against the public network.
    """
    band, level, mas = net.carrier_band[c], links.level[p, c], links.mas[p, c]
    offered = -math.inf
    for d in range(len(is_mas)):
        offered = max(offered, mas[d])
    sums.all[:] = 0
    sums.loudest[:] = 0
    sums.jammers[:] = 0
    sums.cell[:] = 0
    # Against capture even jammers that are too weak to count for denial are heard.
    heard = offered + math.log(demands.mas_gamma[c]) / -DB_TO_NEPER - MATTERS_DB
    for d in range(len(is_mas)):
        near = level[d] >= least
        cell_near = offered > -math.inf and mas[d] >= offered - net.weak_below
        harms = offered > -math.inf and not is_mas[d] and level[d] >= heard
        if level[d] == -math.inf or not (near or cell_near or harms):
            continue
        factor = sums.factor[d, band]
        if not sums.factor_known[d, band]:
            device_error(factor, spare, p, d, band, room, net, links)
            if not sums.own_known[d, band]:
                own_error(sums.own[d, band], spare, net.device_key[d], room_key, net.band_key[band], net)
                sums.own_known[d, band] = True
            for w in range(len(factor)):
                factor[w] += sums.own[d, band, w]
            to_power(factor, spare)
            sums.factor_known[d, band] = True
        power = np.float32(math.exp(DB_TO_NEPER * level[d]))
        if near:
            for w in range(len(factor)):
                heard_mw = power * factor[w]
                sums.all[w] += heard_mw
                sums.loudest[w] = max(sums.loudest[w], heard_mw)
        if harms:
            for w in range(len(factor)):
                sums.jammers[w] += power * factor[w]
        if cell_near:
            power = np.float32(math.exp(DB_TO_NEPER * mas[d]))
            for w in range(len(factor)):
                sums.cell[w] = max(sums.cell[w], power * factor[w])
    return offered


@njit(**HELPER)
def _holds(cell_mw, jam_mw, c, demands):
    """Whether a phone on a MAS cell keeps it: level and SINR are enough."""
    enough = demands.mas_gamma[c] * (jam_mw + demands.mas_noise[c])
    return cell_mw > 0 and cell_mw >= demands.mas_floor[c] and cell_mw >= enough


@njit(**HELPER)
def _mark_held(held, sums, spare, p, room, room_key, demands, is_mas, net, links):
    """Networks whose MAS cell a phone at a point can hold on some carrier, in each world."""
    held[:] = False
    for c in range(len(net.carrier_band)):
        offered = _sum_devices(
            sums, spare, p, c, math.inf, room, room_key, demands, is_mas, net, links
        )  # fmt: skip
        if offered > -math.inf:
            for w in range(len(spare)):
                if _holds(sums.cell[w], sums.jammers[w], c, demands):
                    held[demands.network[c], w] = True


@njit(**HELPER)
def _mark_working(works, signal, public, spare, sums, held, c, demands):
    """Worlds in which a carrier is usable at a point, at each grade; `public` and `spare` are overwritten."""
    public[:] = signal
    to_power(public, spare)
    for w in range(len(signal)):
        if signal[w] < demands.floor[c]:
            continue  # quiet
        if demands.likely and held[demands.network[c], w]:
            continue  # captured through a higher-priority layer, which the scenario lets count
        keeps = _holds(sums.cell[w], sums.jammers[w], c, demands)
        for g in range(len(works)):
            if keeps and sums.cell[w] >= demands.capture[g, c] * public[w]:
                continue  # captured
            # Two antennas of a phone can turn away from one source, not from two that are as strong.
            beside = sums.all[w] - sums.loudest[w]
            jam = min(sums.all[w], demands.together[g] * sums.all[w] + demands.beside[g] * beside)
            if jam + demands.noise[c] < demands.deny[g, c] * public[w]:
                works[g, w] = True


@njit(**KERNEL)
def judge(
    rooms: Rooms, demands: Demands, is_mas: B1, net: Network, links: Links, count: Count, first_room: I0, end_room: I0
):  # fmt: skip
    """Who has service in each room, over all worlds, into `count`."""
    grades, worlds = len(count.silent), count.silent.shape[2]
    devices, bands = links.level.shape[2], len(net.band_key)
    channels = len(net.channel_start) - 1
    networks = 0
    for c in range(len(net.carrier_band)):
        networks = max(networks, demands.network[c] + 1)
    for r in range(first_room, end_room):
        signal, error, spare = (
            np.empty(worlds, np.float32),
            np.empty(worlds, np.float32),
            np.empty(worlds, np.float32),
        )
        works = np.empty((grades, worlds), np.bool_)
        room_works = np.zeros((grades, channels, worlds), np.bool_)
        room = np.empty((bands, worlds), np.float32)
        room_errors(room, spare, rooms.key[r], net)
        sources = len(net.source_key)
        own, own_known = np.empty((sources, bands, worlds), np.float32), np.zeros((sources, bands), np.bool_)
        sums = Sums(
            np.empty(worlds, np.float32), np.empty(worlds, np.float32), np.empty(worlds, np.float32),
            np.empty(worlds, np.float32), np.empty((devices, bands, worlds), np.float32),
            np.zeros((devices, bands), np.bool_), np.empty((devices, bands, worlds), np.float32),
            np.zeros((devices, bands), np.bool_),
        )  # fmt: skip
        held = np.zeros((networks, worlds), np.bool_)
        for p in range(rooms.start[r], rooms.start[r + 1]):
            sums.factor_known[:] = False
            if demands.likely:
                _mark_held(held, sums, spare, p, room, rooms.key[r], demands, is_mas, net, links)
            for channel in range(channels):
                works[:] = False
                for at in range(net.channel_start[channel], net.channel_start[channel + 1]):
                    c = net.channel_carriers[at]
                    if not demands.campable[c]:
                        continue
                    best, surest, spread = strongest_sector(
                        signal, error, spare, p, c, room, own, own_known, rooms.key[r], net, links
                    )
                    if best + CERTAIN_SIGMAS * spread < demands.floor[c]:
                        continue
                    deny = demands.deny[0, c]
                    for g in range(1, grades):
                        deny = min(deny, demands.deny[g, c])
                    least = surest + math.log(deny) / DB_TO_NEPER - MATTERS_DB
                    _sum_devices(sums, spare, p, c, least, room, rooms.key[r], demands, is_mas, net, links)
                    _mark_working(works, signal, error, spare, sums, held, c, demands)
                for g in range(grades):
                    total = 0
                    for w in range(worlds):
                        if works[g, w]:
                            total += 1
                            room_works[g, channel, w] = True
                    count.points[g, p, channel] = total
        for g in range(grades):
            count.silent[g, r] = True
            for channel in range(channels):
                total = 0
                for w in range(worlds):
                    if room_works[g, channel, w]:
                        total += 1
                        count.silent[g, r, w] = False
                count.rooms[g, r, channel] = total
