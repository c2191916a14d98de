"""Compiled loops of spill and of keep rooms: per point all worlds at once, every blocker heard.

Each point or room is worked out by one thread into its own part of the output.
"""
# mypy: ignore-errors

import math
from typing import NamedTuple

import numpy as np

from quietwing.coverage.blocking._kinds import B1, B3, D1, D2, D3, I0, I1, I2
from quietwing.coverage.blocking._link_kernels import (
    DB_TO_NEPER,
    NEVER,
    NOTHING,
    Links,
    Local,
    Network,
    device_power,
    own_error,
    room_errors,
    strongest_sector,
    to_decibels,
)
from quietwing.coverage.compiling import HELPER, KERNEL, njit

BOXES = 256  # of values that a rank is looked for in: as many as a byte tells apart
FAINT_DB = 60  # assumed: so far below the limit a thousand blockers together bring 0.004 dB to it
NARROW = 1e-9  # of a range of values: the number of boxes over it must be finite. [dB]


class Limits(NamedTuple):
    """What places outside must keep.

    Of each carrier: `campable`, `noise_worst` before the losses of the worst phone [mW], `cell_floor` [dBm], and what
    a 999 call needs, `call_sinr` [dB] and `call_level` [dBm]; of each channel `noise_limit` [dBm]. Of each grade:
    `median_db` and `share_db` below the strongest sector, and the worlds that may miss them (`may_miss`) or in which
    managed access may capture (`may_capture`).
    """

    campable: B1
    noise_worst: D1
    cell_floor: D1
    call_sinr: D1
    call_level: D1
    noise_limit: D1
    median_db: D1
    share_db: D1
    may_miss: I1
    may_capture: I1


class Found(NamedTuple):
    """Output: medians `jam`, `signal` (point, channel) [dBm]; `captured` worlds (point, channel).

    `margin` and `capture` (grade, point, channel): how far blocking stays below the limit, and how far a MAS
    cell leads, in the share of worlds that counts; `calls` worlds (point), `call` headroom of a 999 call
    (grade, point) [dB].
    """

    jam: D2
    signal: D2
    captured: I2
    margin: D3
    capture: D3
    calls: I1
    call: D2


class Blockers(NamedTuple):
    """Blockers on each carrier at one point, (carrier, world), as ratios: what is near 1 has no room to underflow.

    `jam`: sum of all over `most_dbm` (carrier,), the largest median of any; `cell`: strongest MAS cell over
    `most_cell_dbm` (carrier,). Either is -inf where there is none. `counts` (band, device): whether a device is loud
    enough to count; `floor_dbm` (carrier,): what it must reach for that.
    """

    jam: np.ndarray
    cell: np.ndarray
    most_dbm: np.ndarray
    most_cell_dbm: np.ndarray
    counts: np.ndarray
    floor_dbm: np.ndarray


@njit(**KERNEL)
def _no_blockers(net, devices):
    """Room for the blockers at any point."""
    carriers, bands, worlds = len(net.carrier_band), len(net.band_key), net.los_draw.shape[1]
    return Blockers(
        np.empty((carriers, worlds), np.float32), np.empty((carriers, worlds), np.float32),
        np.empty(carriers), np.empty(carriers), np.empty((bands, devices), np.bool_), np.empty(carriers),
    )  # fmt: skip


@njit(**HELPER)
def _ratio(level_db):
    """Decibels as a ratio of power."""
    return np.float32(math.exp(DB_TO_NEPER * level_db))


@njit(**HELPER)
def _find_floors(floor_dbm, p, net, links, limits):
    """`FAINT_DB` below the lowest limit of any grade, by the carrier's strongest sector out of sight.

    It hangs on no blocker: one that gets louder, or is added, takes no other out of the sum. A tier without a limit
    of power still asks for a 999 call, which a blocker that far below the signal does not touch.
    """
    below = 0.0
    for g in range(len(limits.median_db)):
        below = max(below, limits.median_db[g], limits.share_db[g])
    for channel in net.band_channels:
        for c in net.channel_carriers[net.channel_start[channel] : net.channel_start[channel + 1]]:
            signal = -math.inf
            for s in net.carrier_sectors[net.carrier_start[c] : net.carrier_start[c + 1]]:
                signal = max(signal, min(links.los_dbm[p, s], links.nlos_dbm[p, s]) + net.boost[s])
            floor_dbm[c] = max(signal - below, limits.noise_limit[channel]) - FAINT_DB


@njit(**HELPER)
def _find_most(of, level_dbm, mas_dbm, carrier_band):
    """Which blockers count, and the loudest of them and of their cells on each carrier."""
    of.counts[:] = False
    for c in range(len(carrier_band)):
        counts, floor = of.counts[carrier_band[c]], of.floor_dbm[c]
        for d in range(level_dbm.shape[1]):
            counts[d] |= level_dbm[c, d] >= floor or mas_dbm[c, d] > -math.inf
    for c in range(len(carrier_band)):
        most, cell, counts = -math.inf, -math.inf, of.counts[carrier_band[c]]
        for d in range(level_dbm.shape[1]):
            if counts[d]:
                most, cell = max(most, level_dbm[c, d]), max(cell, mas_dbm[c, d])
        of.most_dbm[c], of.most_cell_dbm[c] = most, cell


@njit(**HELPER)
def _draw(factor, spare, other, p, d, band, local, net, links):
    """The errors of a device in one band as ratios; what its bands have in common is drawn once."""
    local.known[0] = False
    own_error(local.own, local.known, NOTHING, net.device_key[d], local.room_key, net.band_key[band], net)
    device_power(factor, other, spare, local.own[0], p, d, band, local.room, net, links)


@njit(**HELPER)
def _add_to(jam, ratio, factor):
    for w in range(len(jam)):
        jam[w] += ratio * factor[w]


@njit(**HELPER)
def _sum_blockers(of, factor, spare, other, p, local, net, links, limits):
    """Sum the blockers on every carrier: each device's errors are drawn, added everywhere and forgotten.

    Weak ones have a local error of their own too: a louder one beside them must not make them surer. Those far below
    the limit are left out.
    """
    level_dbm, mas_dbm, carrier_band = links.level_dbm[p], links.mas_dbm[p], net.carrier_band
    of.jam[:], of.cell[:] = 0, 0
    _find_floors(of.floor_dbm, p, net, links, limits)
    _find_most(of, level_dbm, mas_dbm, carrier_band)
    for d in range(level_dbm.shape[1]):
        local.known[:] = False  # of the device before
        for band in range(len(net.band_key)):
            if not of.counts[band, d]:
                continue
            _draw(factor, spare, other, p, d, band, local, net, links)
            for c in range(len(carrier_band)):
                if carrier_band[c] != band or level_dbm[c, d] == -math.inf:
                    continue
                _add_to(of.jam[c], _ratio(level_dbm[c, d] - of.most_dbm[c]), factor)
                if mas_dbm[c, d] > -math.inf:
                    ratio, cell = _ratio(mas_dbm[c, d] - of.most_cell_dbm[c]), of.cell[c]
                    for w in range(len(cell)):
                        cell[w] = max(cell[w], ratio * factor[w])


@njit(**HELPER)
def _noisy_db(out, spare, of, c, noise):
    """Noise [mW] and all blockers on a carrier together, per world [dBm]; `spare` is overwritten."""
    jam, power, beside = of.jam[c], _ratio(of.most_dbm[c]), np.float32(noise)
    for w in range(len(out)):
        out[w] = power * jam[w] + beside
    to_decibels(out, spare)


@njit(**HELPER)
def _level_db(out, spare, ratio, most_dbm):
    """Ratios over a level as levels, per world [dBm]; `spare` is overwritten."""
    for w in range(len(out)):
        out[w] = ratio[w]
    to_decibels(out, spare)
    level = np.float32(most_dbm)
    for w in range(len(out)):
        out[w] += level


@njit(**HELPER)
def _partly_sorted(values, rank):
    """Move the value that `rank` others precede in order to its place, and smaller ones before it (Hoare's FIND).

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


@njit(**HELPER)
def _least(values, sign, spare):
    """The smallest value times a sign, found half by half: compilers compare several of a half at a time."""
    half = len(values) // 2
    count = len(values) - half
    beside = values[count:]
    for w in range(half):
        spare[w] = min(sign * values[w], sign * beside[w])
    if count > half:
        spare[half] = sign * values[half]
    while count > 1:
        half = count // 2
        count -= half
        beside = spare[count : count + half]
        for w in range(half):
            spare[w] = min(spare[w], beside[w])
    return spare[0]


@njit(**HELPER)
def _rank(values, rank, counts, boxes, spare):
    """The value that `rank` others precede in order, and the one before it (-inf for the first).

    Values are counted in boxes of equal width, and only those of the box that holds the rank are put in order, which
    takes a fraction of the time of ordering them all. `counts`, `boxes` (world,) and `spare` are overwritten.
    """
    low, high = _least(values, 1.0, spare), -_least(values, -1.0, spare)
    width, kept, place, box = high - low, len(values), rank, 0
    if NARROW < width < math.inf:
        scale = (len(counts) - 1) / width  # rounding keeps the order: no value gets into a box of smaller ones
        for w in range(len(values)):
            boxes[w] = np.uint8(np.int32((values[w] - low) * scale))
        counts[:] = 0
        for w in range(len(values)):
            counts[boxes[w]] += 1
        while place >= counts[box]:
            place -= counts[box]
            box += 1
        kept = 0
        for w in range(len(values)):
            spare[kept] = values[w]
            kept += boxes[w] == box
    else:
        for w in range(kept):
            spare[w] = values[w]
    _partly_sorted(spare[:kept], place)
    found, before = spare[place], -math.inf
    for w in range(place):
        before = max(before, spare[w])
    if place < rank and place == 0:  # it is in the last box before that holds any
        box -= 1
        while counts[box] == 0:
            box -= 1
        for w in range(len(values)):
            if boxes[w] == box:
                before = max(before, values[w])
    return found, before


@njit(**HELPER)
def _median(values, counts, boxes, spare):
    """The median; `counts`, `boxes` and `spare` are overwritten."""
    above, below = _rank(values, len(values) // 2, counts, boxes, spare)
    return above if len(values) % 2 or below == -math.inf else (below + above) / 2


@njit(**HELPER)
def _margin(room_db, jam, signal, below_db, noise_limit):
    """How far blocking stays below a limit in each world: the larger of S less a ratio and a share of the noise."""
    for w in range(len(room_db)):
        room_db[w] = max(signal[w] - below_db, noise_limit) - jam[w]


@njit(**KERNEL)
def spill_worlds(
    net: Network, links: Links, room_key: I1, limits: Limits, found: Found, begin: I0, end: I0
):  # fmt: skip
    """Every point outside against the limits of every grade, into `found`.

    Of a channel with several carriers the sum is taken, world by world, on the carrier where it is largest and the
    signal on the carrier where that is strongest.
    """
    worlds = net.los_draw.shape[1]
    bands, sources, grades = len(net.band_key), len(net.source_key), len(limits.median_db)
    for p in range(begin, end):
        error, other = np.empty(worlds, np.float32), np.empty(worlds, np.float32)
        spare = np.empty(worlds, np.float32)
        room = np.empty((bands, worlds), np.float32)
        room_errors(room, spare, room_key[p], net)
        own, own_known = np.empty((sources, bands + 1, worlds), np.float32), np.zeros((sources, bands + 1), np.bool_)
        theirs, theirs_known = np.empty((2, worlds), np.float32), np.zeros(2, np.bool_)
        local, local_theirs = Local(room_key[p], room, own, own_known), Local(room_key[p], room, theirs, theirs_known)
        factor, blockers = np.empty(worlds, np.float32), _no_blockers(net, len(links.is_mas))
        _sum_blockers(blockers, factor, spare, other, p, local_theirs, net, links, limits)
        signal, best_signal = np.empty(worlds, np.float32), np.empty(worlds)
        worst_jam, room_db = np.empty(worlds), np.empty(worlds)
        lead, call = np.empty(worlds), np.full(worlds, -math.inf)
        counts, boxes, spare_db = np.empty(BOXES, np.int64), np.empty(worlds, np.uint8), np.empty(worlds)
        for channel in net.band_channels:
            best_signal[:] = NEVER
            worst_jam[:] = NEVER
            lead[:] = NEVER
            any_jam, any_cell = False, False
            for k in range(net.channel_start[channel], net.channel_start[channel + 1]):
                c = net.channel_carriers[k]
                strongest_sector(signal, error, other, spare, p, c, local, net, links)
                for w in range(worlds):
                    best_signal[w] = max(best_signal[w], signal[w])
                # Members of tuples are looked up before a loop over worlds: each look-up counts references.
                noise, floor = limits.noise_worst[c], limits.cell_floor[c]
                call_sinr, call_level = limits.call_sinr[c], limits.call_level[c]
                if limits.campable[c]:
                    _noisy_db(other, spare, blockers, c, noise)
                    for w in range(worlds):
                        call[w] = max(call[w], min(signal[w] - other[w] - call_sinr, signal[w] - call_level))
                if blockers.most_cell_dbm[c] > -math.inf:
                    any_cell = True
                    _level_db(other, spare, blockers.cell[c], blockers.most_cell_dbm[c])
                    for w in range(worlds):
                        lead[w] = max(lead[w], min(other[w] - signal[w], other[w] - floor))
                if blockers.most_dbm[c] > -math.inf:
                    any_jam = True
                    _level_db(other, spare, blockers.jam[c], blockers.most_dbm[c])
                    for w in range(worlds):
                        worst_jam[w] = max(worst_jam[w], other[w])
            if any_cell:
                captured = 0
                for w in range(worlds):
                    captured += lead[w] >= 0
                found.captured[p, channel] = captured
                for g in range(grades):
                    found.capture[g, p, channel] = _rank(
                        lead, worlds - 1 - limits.may_capture[g], counts, boxes, spare_db
                    )[0]
            if any_jam:
                noise = limits.noise_limit[channel]
                for g in range(grades):
                    _margin(room_db, worst_jam, best_signal, limits.median_db[g], noise)
                    at_median = _median(room_db, counts, boxes, spare_db)
                    _margin(room_db, worst_jam, best_signal, limits.share_db[g], noise)
                    in_most = _rank(room_db, limits.may_miss[g], counts, boxes, spare_db)[0]
                    found.margin[g, p, channel] = min(at_median, in_most)
                found.jam[p, channel] = _median(worst_jam, counts, boxes, spare_db)
            middle = _median(best_signal, counts, boxes, spare_db)
            if middle > NEVER / 2:
                found.signal[p, channel] = middle
        calls = 0
        for w in range(worlds):
            calls += call[w] > 0
        found.calls[p] = calls
        for g in range(grades):
            found.call[g, p] = _rank(call, limits.may_miss[g], counts, boxes, spare_db)[0]


@njit(**KERNEL)
def keep_worlds(
    net: Network, links: Links, start: I1, room_key: I1, limits: Limits, gamma: D1, good: B3, begin: I0, end: I0
):  # fmt: skip
    """Whether each channel serves all points of a room, per world; output `good` (room, channel, world)."""
    worlds = net.los_draw.shape[1]
    bands, sources = len(net.band_key), len(net.source_key)
    for r in range(begin, end):
        error, other = np.empty(worlds, np.float32), np.empty(worlds, np.float32)
        spare = np.empty(worlds, np.float32)
        room = np.empty((bands, worlds), np.float32)
        room_errors(room, spare, room_key[r], net)
        own, own_known = np.empty((sources, bands + 1, worlds), np.float32), np.zeros((sources, bands + 1), np.bool_)
        theirs, theirs_known = np.empty((2, worlds), np.float32), np.zeros(2, np.bool_)
        local, local_theirs = Local(room_key[r], room, own, own_known), Local(room_key[r], room, theirs, theirs_known)
        factor, blockers = np.empty(worlds, np.float32), _no_blockers(net, len(links.is_mas))
        signal, works = np.empty(worlds, np.float32), np.empty(worlds, np.bool_)
        good[r] = True
        for p in range(start[r], start[r + 1]):
            _sum_blockers(blockers, factor, spare, other, p, local_theirs, net, links, limits)
            for channel in net.band_channels:
                works[:] = False
                for k in range(net.channel_start[channel], net.channel_start[channel + 1]):
                    c = net.channel_carriers[k]
                    if not limits.campable[c]:
                        continue
                    strongest_sector(signal, error, other, spare, p, c, local, net, links)
                    _noisy_db(error, spare, blockers, c, limits.noise_worst[c])
                    other[:] = NEVER
                    if blockers.most_cell_dbm[c] > -math.inf:
                        _level_db(other, spare, blockers.cell[c], blockers.most_cell_dbm[c])
                    for w in range(worlds):
                        works[w] |= (signal[w] - error[w] >= gamma[c]) & (other[w] < signal[w])
                mine = good[r, channel]
                for w in range(worlds):
                    mine[w] &= works[w]
