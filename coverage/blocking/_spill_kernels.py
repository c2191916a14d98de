"""Compiled loops of spill and of keep rooms: per point all worlds at once, every blocker heard.

Nothing depends on threads or order: each error is looked up by what it belongs to (`worlds`), and each point or room
is worked out by one thread into its own part of the output. Powers are float64 milliwatts: a link through many walls
may gain hundreds of dB in a rare world.
"""
# mypy: ignore-errors

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from quietwing.coverage.blocking._worlds import fill_normals, key_of

_KERNEL = {"nogil": True, "cache": True, "error_model": "numpy", "no_cfunc_wrapper": True}
# Helpers are called from kernels only: without a door for Python they take half the time to compile.
_HELPER = {**_KERNEL, "cache": False, "no_cpython_wrapper": True}
# As in `worlds.Part`; a literal would be a type of its own, and what is called with it compiled again for each.
PUBLIC_ROOM, PUBLIC_POINT, DEVICE_ROOM, DEVICE_POINT = np.arange(3, 7)
DB_TO_NEPER = math.log(10) / 10


class Network(NamedTuple):
    """What is the same at every point; `sight` (row, world), `construction_draw` (construction, band, world)."""

    fixed_sight: np.ndarray
    sight: np.ndarray
    sector_sigma: np.ndarray
    sector_draw: np.ndarray
    sector_key: np.ndarray
    sigma: np.ndarray
    construction_draw: np.ndarray
    band_key: np.ndarray
    band_start: np.ndarray
    band_channels: np.ndarray
    channel_start: np.ndarray
    channel_carriers: np.ndarray
    carrier_start: np.ndarray
    carrier_sectors: np.ndarray
    device_factor: np.ndarray
    device_key: np.ndarray
    seed: int
    local_room: float
    local_point: float
    window: float
    normal: np.ndarray
    room_factor: np.ndarray
    point_factor: np.ndarray


class Links(NamedTuple):
    """Per point: los, nlos, chance, sight_row (point, sector); level, mas (point, carrier, device); crossings.

    `public_walls` (point, sector) and `device_walls` (point, device, band): what the errors of the constructions may
    give back at most, in dB. `_share` of the power comes by the straight ray where another way rules, with
    crossings (`_straight`) and losses (`_straight_walls`) of its own.
    """

    room_key: np.ndarray
    point_key: np.ndarray
    los: np.ndarray
    nlos: np.ndarray
    chance: np.ndarray
    sight_row: np.ndarray
    public_crossed: np.ndarray
    public_walls: np.ndarray
    public_share: np.ndarray
    public_straight: np.ndarray
    public_straight_walls: np.ndarray
    level: np.ndarray
    mas: np.ndarray
    device_crossed: np.ndarray
    device_walls: np.ndarray
    device_share: np.ndarray
    device_straight: np.ndarray
    device_straight_walls: np.ndarray


@njit(**_HELPER)
def _walls_db(out, crossed, most, net, band):
    """Errors of the constructions crossed, k crossings taking k times each, at most `most`."""
    out[:] = 0
    for k in range(len(crossed)):
        if crossed[k]:
            scale = crossed[k] * net.sigma[k, band]
            for w in range(len(out)):
                out[w] += scale * net.construction_draw[k, band, w]
    if most < math.inf:
        for w in range(len(out)):
            out[w] = min(out[w], most)


@njit(**_HELPER)
def _with_straight(error, other, share, crossed, most, net, band):
    """Errors of the way that rules and of the straight ray's `share` of the power as one; `other` is overwritten."""
    if share > 0:
        _walls_db(other, crossed, most, net, band)
        for w in range(len(error)):
            both = (1 - share) * math.exp(DB_TO_NEPER * error[w]) + share * math.exp(DB_TO_NEPER * other[w])
            error[w] = math.log(both) / DB_TO_NEPER


@njit(**_HELPER)
def _signal(out, error, draw, p, c, band, net, links):
    """Level of the carrier's strongest sector in each world. [dBm]"""
    mine = net.carrier_sectors[net.carrier_start[c] : net.carrier_start[c + 1]]
    best = -math.inf
    for s in mine:
        best = max(best, links.los[p, s], links.nlos[p, s])
    out[:] = -math.inf
    for s in mine:
        los, nlos = links.los[p, s], links.nlos[p, s]
        if max(los, nlos) == -math.inf:
            continue
        _walls_db(error, links.public_crossed[p, s], links.public_walls[p, s], net, band)
        _with_straight(
            error, draw, links.public_share[p, s], links.public_straight[p, s], links.public_straight_walls[p, s],
            net, band,
        )  # fmt: skip
        error += net.sector_sigma[s] * net.sector_draw[s]
        if max(los, nlos) >= best - net.window:
            fill_normals(
                draw,
                key_of(net.seed, PUBLIC_ROOM, net.sector_key[s], links.room_key[p], net.band_key[band]),
                net.normal,
            )
            error += net.local_room * draw
            fill_normals(
                draw,
                key_of(net.seed, PUBLIC_POINT, net.sector_key[s], links.point_key[p], net.band_key[band]),
                net.normal,
            )
            error += net.local_point * draw
        for w in range(len(out)):
            clear = net.fixed_sight[s] == 1
            if net.fixed_sight[s] < 0:
                clear = net.sight[links.sight_row[p, s], w] < links.chance[p, s]
            out[w] = max(out[w], (los if clear else nlos) + error[w])


@njit(**_HELPER)
def _factors(common, local, error, draw, p, band, net, links):
    """Errors of each device at a point in one band as factors of power: shared parts, and its local ones."""
    start, end = net.band_start[band], net.band_start[band + 1]
    for d in range(len(common)):
        heard = False
        for at in range(start, end):
            channel = net.band_channels[at]
            for k in range(net.channel_start[channel], net.channel_start[channel + 1]):
                if links.level[p, net.channel_carriers[k], d] > -math.inf:
                    heard = True
        if not heard:
            continue
        _walls_db(error, links.device_crossed[p, d], links.device_walls[p, d, band], net, band)
        _with_straight(
            error, draw, links.device_share[p, d, band], links.device_straight[p, d],
            links.device_straight_walls[p, d, band], net, band,
        )  # fmt: skip
        for w in range(len(error)):
            common[d, w] = net.device_factor[d, w] * math.exp(DB_TO_NEPER * error[w])
        room = key_of(net.seed, DEVICE_ROOM, net.device_key[d], links.room_key[p], net.band_key[band])
        point = key_of(net.seed, DEVICE_POINT, net.device_key[d], links.point_key[p], net.band_key[band])
        fill_normals(draw, room, net.room_factor)
        fill_normals(local[d], point, net.point_factor)
        for w in range(len(error)):
            local[d, w] *= draw[w]


@njit(**_HELPER)
def _blockers(jam, cell, common, local, p, c, net, links):
    """Sum of all blockers and the strongest MAS cell in each world; returns whether there is either. [mW]"""
    level, mas = links.level[p, c], links.mas[p, c]
    loudest = offered = -math.inf
    for d in range(len(level)):
        loudest, offered = max(loudest, level[d]), max(offered, mas[d])
    jam[:] = 0
    cell[:] = 0
    for d in range(len(level)):
        if level[d] == -math.inf:
            continue
        power = math.exp(DB_TO_NEPER * level[d])
        if level[d] >= loudest - net.window:
            for w in range(len(jam)):
                jam[w] += power * common[d, w] * local[d, w]
        else:  # CHOICES 15: too weak for local draws of its own, never left out of spill
            for w in range(len(jam)):
                jam[w] += power * common[d, w]
        if mas[d] > -math.inf:
            power = math.exp(DB_TO_NEPER * mas[d])
            near = mas[d] >= offered - net.window
            for w in range(len(cell)):
                cell[w] = max(cell[w], power * common[d, w] * (local[d, w] if near else 1.0))
    return loudest > -math.inf, offered > -math.inf


@njit(**_HELPER)
def _rank(values, rank):
    """The value that `rank` others precede in order; moves it there and smaller ones before it (Hoare's FIND).

    A sort of numba's would take longer to compile than all the rest.
    """
    first, last = 0, len(values) - 1
    while first < last:
        pivot, i, j = values[rank], first, last
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if j < rank:
            first = i
        if i > rank:
            last = j
    return values[rank]


@njit(**_HELPER)
def _around(values, share):
    """The two ordered values a quantile lies between and how far along it lies; moves the values."""
    at = share * (len(values) - 1)
    low = min(int(at), len(values) - 2)
    below, above = _rank(values, low), math.inf
    for w in range(low + 1, len(values)):
        above = min(above, values[w])
    if below == -math.inf and at >= low + 1:
        below = above
    return below, above, at - low


@njit(**_KERNEL)
def spill_worlds(
    net, links, campable, noise_worst, cell_floor, call_sinr, call_level, high, low, allowed,
    jam_dbm, signal_dbm, captured, capture_db, calls, call_db, begin, end,
):  # fmt: skip
    """Quantiles over worlds of every point outside.

    `high` and `low` are the shares of the quantiles, `allowed` the worlds in which a limit on a probability may be
    missed, `noise_worst` the noise before the losses of the worst phone in mW. Output: jam_dbm (point, carrier);
    signal_dbm, captured (a count), capture_db (how far a MAS cell leads, at the allowed rank) (point, channel);
    calls (a count) and call_db (headroom of an emergency call, at the allowed rank) (point).
    """
    worlds, devices = net.sight.shape[1], links.level.shape[2]
    bands = len(net.band_start) - 1
    for p in range(begin, end):
        error, draw = np.empty(worlds, np.float32), np.empty(worlds, np.float32)
        common, local = np.empty((devices, worlds), np.float64), np.empty((devices, worlds), np.float32)
        jam, cell, level = np.empty(worlds), np.empty(worlds), np.empty(worlds)
        signal, best_signal = np.empty(worlds, np.float32), np.empty(worlds, np.float32)
        lead, call = np.empty(worlds), np.full(worlds, -math.inf)
        for band in range(bands):
            _factors(common, local, error, draw, p, band, net, links)
            for at in range(net.band_start[band], net.band_start[band + 1]):
                channel = net.band_channels[at]
                best_signal[:] = -math.inf
                lead[:] = -math.inf
                any_cell = False
                for k in range(net.channel_start[channel], net.channel_start[channel + 1]):
                    c = net.channel_carriers[k]
                    _signal(signal, error, draw, p, c, band, net, links)
                    jammed, offered = _blockers(jam, cell, common, local, p, c, net, links)
                    for w in range(worlds):
                        best_signal[w] = max(best_signal[w], signal[w])
                    if campable[c]:
                        for w in range(worlds):
                            sinr = signal[w] - math.log(jam[w] + noise_worst[c]) / DB_TO_NEPER
                            call[w] = max(call[w], min(sinr - call_sinr[c], signal[w] - call_level[c]))
                    if offered:
                        any_cell = True
                        for w in range(worlds):
                            cell_db = math.log(cell[w]) / DB_TO_NEPER
                            lead[w] = max(lead[w], min(cell_db - signal[w], cell_db - cell_floor[c]))
                    if jammed:
                        for w in range(worlds):
                            level[w] = math.log(jam[w]) / DB_TO_NEPER
                        below, above, part = _around(level, high)
                        jam_dbm[p, c] = below + part * (above - below) if below > -math.inf else below
                for w in range(worlds):
                    level[w] = best_signal[w]
                below, above, part = _around(level, low)
                step = np.float32(above) - np.float32(below)
                signal_dbm[p, channel] = below + part * step if below > -math.inf else below
                if any_cell:
                    for w in range(worlds):
                        if lead[w] >= 0:
                            captured[p, channel] += 1
                    capture_db[p, channel] = _rank(lead, worlds - 1 - allowed)
        for w in range(worlds):
            if call[w] > 0:
                calls[p] += 1
        call_db[p] = _rank(call, allowed)


@njit(**_KERNEL)
def keep_worlds(net, links, starts, campable, noise_worst, gamma, good, begin, end):
    """Whether each channel serves all points of a room, per world; output `good` (room, channel, world)."""
    worlds, devices = net.sight.shape[1], links.level.shape[2]
    bands = len(net.band_start) - 1
    for room in range(begin, end):
        error, draw = np.empty(worlds, np.float32), np.empty(worlds, np.float32)
        common, local = np.empty((devices, worlds), np.float64), np.empty((devices, worlds), np.float32)
        jam, cell = np.empty(worlds), np.empty(worlds)
        signal, works = np.empty(worlds, np.float32), np.empty(worlds, np.bool_)
        good[room] = True
        for p in range(starts[room], starts[room + 1]):
            for band in range(bands):
                _factors(common, local, error, draw, p, band, net, links)
                for at in range(net.band_start[band], net.band_start[band + 1]):
                    channel = net.band_channels[at]
                    works[:] = False
                    for k in range(net.channel_start[channel], net.channel_start[channel + 1]):
                        c = net.channel_carriers[k]
                        if not campable[c]:
                            continue
                        _signal(signal, error, draw, p, c, band, net, links)
                        _blockers(jam, cell, common, local, p, c, net, links)
                        for w in range(worlds):
                            sinr = signal[w] - math.log(jam[w] + noise_worst[c]) / DB_TO_NEPER
                            captured = cell[w] > 0 and math.log(cell[w]) / DB_TO_NEPER >= signal[w]
                            if sinr >= gamma[c] and not captured:
                                works[w] = True
                    for w in range(worlds):
                        if not works[w]:
                            good[room, channel, w] = False
