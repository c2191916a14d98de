"""Compiled levels of both sides in every world, shared by the verdict inside and the limits outside.

Nothing depends on threads or order: each error is looked up by what it belongs to (`worlds`). A world's errors of a
construction, a room or a device are the same draws for the public network and for the blockers, so that what both
sides share drops out of their difference.
"""
# mypy: ignore-errors

import math
from typing import NamedTuple

import numpy as np

from quietwing.coverage.blocking._kinds import B1, D0, F1, F2, F3, I0, I1, I2, J1, K1
from quietwing.coverage.blocking._worlds import fill_normals, key_of
from quietwing.coverage.blocking.link_paths import LinkPaths
from quietwing.coverage.compiling import HELPER, njit

# To hand over twenty arrays takes as long as a pass over the worlds: hence `forceinline`.

# As in `worlds.Part`; a literal would be a type of its own, and what is called with it compiled again for each.
ROOM, ROOM_BAND, SOURCE_ROOM, SOURCE_ROOM_BAND = np.arange(3, 7)
NOTHING = np.int64(0)
DB_TO_NEPER = math.log(10) / 10
DB_TO_OCTAVES = np.float32(math.log2(10) / 10)
ONE = np.float32(1)
# 2 to the power of r from 0 to 1, less 1, divided by r: least squares, weighted to a relative error below 1e-7.
EXP2 = tuple(
    np.float32(term)
    for term in (0.693147066, 0.240229016, 0.0554866524, 0.00967253784, 0.00124962554, 0.000215095607)
)
OCTAVE_DB = np.float32(10 * math.log10(2))
HALF_OCTAVE = np.int32(0x3F3504F3)  # the bits of 1/√2
LOG2 = tuple(np.float32(2 / (math.log(2) * odd)) for odd in (1, 3, 5, 7, 9))  # 2 artanh, in octaves
NEVER = np.float32(-1e30)  # of a level that is not there; finite, so that differences stay numbers


class Network(NamedTuple):
    """What is the same at every point.

    `sector_source`, `boost` (sector): whose local errors a sector has, its reference-signal boost; `band_channels`:
    channels in the order of their bands; `los_draw` (row, world); `sector_draw` (sector, world), `device_draw`
    (device, world, in dB), `construction_draw` (construction, band, world); `sigma` (construction, band),
    `walls_most` (band): standard deviations; `local`: decibels of the draw of the room, of room and band, of source
    and room, and of all three.
    """

    sector_source: I1
    boost: F1
    source_key: I1
    los_draw: F2
    sector_draw: F2
    device_draw: F2
    device_key: I1
    construction_draw: F3
    sigma: F2
    walls_most: F1
    band_key: I1
    band_channels: I1
    channel_start: I1
    channel_carriers: I1
    carrier_start: I1
    carrier_sectors: I1
    carrier_band: J1
    local: F1
    weak_below: D0
    normal: F1
    seed: I0


class Local(NamedTuple):
    """Whose local errors a room's sources have: `room_key`, the errors `room` of `room_errors` (band, world), and of
    each source `own` (source, band and 1, world) with those that are `known` already, filled by `own_error`.
    """

    room_key: int
    room: np.ndarray
    own: np.ndarray
    known: np.ndarray


# Compiled code kept by numba from before 2026-12 names the class so, and numba loads it before it finds it too old.
Ways = LinkPaths


class Links(NamedTuple):
    """Levels and paths, these with the point before sector or device.

    `fixed_los` (sector): state of sight, -1 drawn. Per point: los_dbm, nlos_dbm, los_probability, los_row,
    sector_sigma (point, sector); level_dbm, mas_dbm (point, carrier, device).
    `is_mas` (device,): a blocker with a cell of its own.
    """

    fixed_los: K1
    los_dbm: F2
    nlos_dbm: F2
    los_probability: F2
    los_row: I2
    sector_sigma: F2
    public: LinkPaths
    level_dbm: F3
    mas_dbm: F3
    device: LinkPaths
    is_mas: B1


@njit(**HELPER, forceinline=True)
def walls_error(out, crossed, walls, net, band):
    """Error of all constructions that a link crosses, per world [dB]; returns its variance.

    Each crossing takes its construction's error; the sum is scaled down where it would be wider than `walls_most`.
    """
    variance = np.float32(0)
    for c in range(len(crossed)):
        if crossed[c]:
            size = crossed[c] * net.sigma[c, band]
            variance += size * size
    out[:] = 0
    most = net.walls_most[band]
    scale = np.float32(1)
    if variance > most * most:
        scale = most / np.float32(math.sqrt(variance))
        variance = most * most
    for c in range(len(crossed)):
        if crossed[c]:
            size, draw = scale * crossed[c] * net.sigma[c, band], net.construction_draw[c, band]
            for w in range(len(out)):
                out[w] += size * draw[w]
    for w in range(len(out)):
        out[w] = min(out[w], walls)
    return variance


@njit(**HELPER)
def way_error(out, other, spare, paths, p, owner, at, net, band):
    """Error of a link by the way that rules and the straight ray together [dB]; returns the larger variance.

    `at` is the band's place among those of `paths`; `other` and `spare` are overwritten.
    """
    variance = walls_error(out, paths.crossed[p, owner], paths.walls_db[p, owner, at], net, band)
    share = paths.straight_share[p, owner, at]
    if share > 0:
        walls = paths.straight_walls_db[p, owner, at]
        variance = max(variance, walls_error(other, paths.straight_crossed[p, owner], walls, net, band))
        to_power(out, spare)
        to_power(other, spare)
        _add_straight(out, other, share)
        to_decibels(out, spare)
    return variance


@njit(**HELPER)
def _add_straight(out, other, share):
    """Add the straight ray's power, a share of the median, to that of the way that rules."""
    for w in range(len(out)):
        out[w] = (ONE - share) * out[w] + share * other[w]


@njit(**HELPER)
def room_errors(out, spare, room_key, net):
    """Local errors that every source in a room shares, shape (band, world). [dB]"""
    fill_normals(spare, key_of(net.seed, ROOM, room_key, NOTHING, NOTHING), net.normal)
    for band in range(len(out)):
        mine, of_room, of_band = out[band], net.local[0], net.local[1]
        fill_normals(mine, key_of(net.seed, ROOM_BAND, room_key, net.band_key[band], NOTHING), net.normal)
        for w in range(len(spare)):
            mine[w] = of_room * spare[w] + of_band * mine[w]


@njit(**HELPER, forceinline=True)
def own_error(own, known, row, source_key, room_key, band_key, net):
    """Local error of one source in one room and band that it shares with no other source, in a row of `own` [dB].

    Rows that are `known` are not filled again. The last one is the draw that all its bands have in common.
    """
    if known[row]:
        return
    common, mine = own[len(own) - 1], own[row]
    if not known[len(own) - 1]:
        fill_normals(common, key_of(net.seed, SOURCE_ROOM, source_key, room_key, NOTHING), net.normal)
        known[len(own) - 1] = True
    fill_normals(mine, key_of(net.seed, SOURCE_ROOM_BAND, source_key, room_key, band_key), net.normal)
    of_source, of_band = net.local[2], net.local[3]
    for w in range(len(mine)):
        mine[w] = of_source * common[w] + of_band * mine[w]
    known[row] = True


@njit(**HELPER)
def strongest_sector(out, error, other, spare, p, c, local, net, links):
    """Level of a carrier's strongest sector in each world [dBm].

    Returns the best median, the best of those that are heard whatever the state of sight, and the widest deviation.
    """
    room, own, own_known = local.room, local.own, local.known
    band = np.int64(net.carrier_band[c])
    mine = net.carrier_sectors[net.carrier_start[c] : net.carrier_start[c + 1]]
    best, surest = -math.inf, -math.inf
    for s in mine:
        los, nlos, fixed = links.los_dbm[p, s] + net.boost[s], links.nlos_dbm[p, s] + net.boost[s], links.fixed_los[s]
        best = max(best, max(los, nlos))
        surest = max(surest, min(los, nlos) if fixed < 0 else los if fixed == 1 else nlos)
    out[:] = NEVER
    widest = 0.0
    for s in mine:
        los, nlos = links.los_dbm[p, s] + net.boost[s], links.nlos_dbm[p, s] + net.boost[s]
        if max(los, nlos) == -math.inf:
            continue
        sigma = links.sector_sigma[p, s]
        variance = way_error(error, other, spare, links.public, p, s, 0, net, band) + sigma * sigma
        near = max(los, nlos) >= best - net.weak_below
        source = net.sector_source[s]
        if near:
            for k in range(4):
                variance += net.local[k] * net.local[k]
            key, band_key = net.source_key[source], net.band_key[band]
            own_error(own[source], own_known[source], band, key, local.room_key, band_key, net)
        widest = max(widest, variance)
        # Members of tuples are looked up here: each look-up counts references, in a loop millions of times.
        draw, shared, mine = net.sector_draw[s], room[band], own[source, band]
        drawn = net.los_draw[links.los_row[p, s]]
        fixed, chance = links.fixed_los[s], links.los_probability[p, s]
        for w in range(len(out)):
            clear = fixed == 1
            if fixed < 0:
                clear = drawn[w] < chance
            level = (los if clear else nlos) + error[w] + sigma * draw[w] + shared[w]
            if near:
                level += mine[w]
            out[w] = max(out[w], level)
    return best, surest, math.sqrt(widest)


@njit(**HELPER)
def _add_own(out, draw, shared, own):
    """Add what a device, a room and the two of them together bring to an error."""
    for w in range(len(out)):
        out[w] = out[w] + (draw[w] + shared[w]) + own[w]


@njit(**HELPER, forceinline=True)
def device_power(out, other, spare, own, p, d, band, room, net, links):
    """Errors of one device at a point in one band, `own` its own local one, as ratios of power per world.

    `other` and `spare` are overwritten.
    """
    paths, draw, shared = links.device, net.device_draw[d], room[band]
    walls_error(out, paths.crossed[p, d], paths.walls_db[p, d, band], net, band)
    _add_own(out, draw, shared, own)
    to_power(out, spare)
    share = paths.straight_share[p, d, band]
    if share > 0:
        walls_error(other, paths.straight_crossed[p, d], paths.straight_walls_db[p, d, band], net, band)
        _add_own(other, draw, shared, own)
        to_power(other, spare)
        _add_straight(out, other, share)


@njit(**HELPER)
def to_power(out, spare):
    """Turn decibels into ratios of power in place, to one part in a million; `spare` is overwritten.

    2 to the whole part is put together from bits, 2 to the rest is a polynomial: loops without calls, which compilers
    work out eight worlds at a time.
    """
    bits = spare.view(np.int32)
    for w in range(len(out)):
        x = min(max(out[w] * DB_TO_OCTAVES, np.float32(-126)), np.float32(126))
        whole = np.float32(np.floor(x))
        out[w] = x - whole
        bits[w] = (np.int32(whole) + np.int32(127)) << np.int32(23)
    for w in range(len(out)):
        r = out[w]
        r = ONE + r * (EXP2[0] + r * (EXP2[1] + r * (EXP2[2] + r * (EXP2[3] + r * (EXP2[4] + r * EXP2[5])))))
        out[w] = r * spare[w]


@njit(**HELPER)
def to_decibels(out, spare):
    """Turn ratios of power into decibels in place, to one part in a million; `spare` is overwritten.

    The exponent is taken from the bits; the logarithm of the rest, from 1/√2 to √2, is a series in
    (m − 1)/(m + 1).
    """
    bits, octaves = out.view(np.int32), spare.view(np.int32)
    for w in range(len(out)):
        octaves[w] = (bits[w] - HALF_OCTAVE) >> np.int32(23)
        bits[w] -= octaves[w] << np.int32(23)
    for w in range(len(out)):
        s = (out[w] - ONE) / (out[w] + ONE)
        q = s * s
        log2 = s * (LOG2[0] + q * (LOG2[1] + q * (LOG2[2] + q * (LOG2[3] + q * LOG2[4]))))
        out[w] = (np.float32(octaves[w]) + log2) * OCTAVE_DB
