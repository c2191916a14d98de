"""Compiled loop of the Monte Carlo: one room after the other, all worlds of a room at once.

Nothing depends on threads or order: each error is looked up by what it belongs to (`worlds`), and each room is
worked out by one thread into its own part of the output.
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
NEVER = np.float32(-1e30)  # of a level that is not there; finite, so that differences stay numbers
# A device this far below the power that denies the median signal counts as nothing: measured against the signal, not
# the strongest device (CHOICES 15), so that an added device can never take another one out of the sum.
MATTERS_DB = 50.0
CERTAIN_SIGMAS = 6.0  # a sector this far below the floor is heard in no world


class Ways(NamedTuple):
    """What links cross: crossed, straight_crossed (point, owner, construction), the others (point, owner, band).

    Where another way rules, `share` of the power comes by the straight ray, through walls of its own.
    """

    crossed: np.ndarray
    walls: np.ndarray
    share: np.ndarray
    straight_crossed: np.ndarray
    straight_walls: np.ndarray


@njit(**_HELPER)
def _walls_db(out, crossed, walls, sigma, draws, band):
    """Errors of the constructions crossed, per world; passive, they never add more than the `walls` dB they lose."""
    out[:] = 0
    variance = np.float32(0)
    for c in range(len(crossed)):
        if crossed[c]:
            scale = crossed[c] * sigma[c, band]
            variance += scale * scale
            for w in range(len(out)):
                out[w] += scale * draws[c, band, w]
    for w in range(len(out)):
        out[w] = min(out[w], walls)
    return variance


@njit(**_HELPER)
def _common_db(out, other, ways, p, owner, lane, owner_sigma, owner_draw, sigma, draws, band):
    """Errors shared beyond a point: the owner's own, and those of the constructions crossed, per world.

    `lane` is the band's place among those of `ways`; `other` is overwritten.
    """
    share = ways.share[p, owner, lane]
    variance = _walls_db(out, ways.crossed[p, owner], ways.walls[p, owner, lane], sigma, draws, band)
    if share > 0:
        straight = _walls_db(
            other, ways.straight_crossed[p, owner], ways.straight_walls[p, owner, lane], sigma, draws, band
        )
        variance = max(variance, straight)
        for w in range(len(out)):
            both = (1 - share) * math.exp(DB_TO_NEPER * out[w]) + share * math.exp(DB_TO_NEPER * other[w])
            out[w] = math.log(both) / DB_TO_NEPER
    for w in range(len(out)):
        out[w] += owner_sigma * owner_draw[w]
    return variance + owner_sigma * owner_sigma


@njit(**_HELPER)
def _strongest_public(
    out, spare, sectors, los, nlos, chance, fixed, sight, sector_sigma, sector_draw, ways, p, sigma, draws, band,
    band_key, room_normals, room_known, seed, sector_key, room_key, point_key, local_room, local_point, window, boost,
    table,
):  # fmt: skip
    """Level of the strongest of some sectors in each world; returns the best median and its standard deviation."""
    best = -math.inf
    for s in sectors:
        best = max(best, max(los[s], nlos[s]))
    out[:] = NEVER
    widest = 0.0
    worlds = len(out)
    for s in sectors:
        if max(los[s], nlos[s]) == -math.inf:
            continue
        point_normals = room_normals[len(room_known)]
        variance = _common_db(
            spare, point_normals, ways, p, s, 0, sector_sigma[s], sector_draw[s], sigma, draws, band
        )
        if max(los[s], nlos[s]) >= best - window:
            variance += local_room * local_room + local_point * local_point
            if not room_known[s]:
                fill_normals(room_normals[s], key_of(seed, PUBLIC_ROOM, sector_key[s], room_key, band_key), table)
                room_known[s] = True
            fill_normals(point_normals, key_of(seed, PUBLIC_POINT, sector_key[s], point_key, band_key), table)
            for w in range(worlds):
                spare[w] += local_room * room_normals[s, w] + local_point * point_normals[w]
        widest = max(widest, variance)
        for w in range(worlds):
            if fixed[s] < 0:
                median = los[s] if sight[s, w] < chance[s] else nlos[s]
            else:
                median = los[s] if fixed[s] == 1 else nlos[s]
            out[w] = max(out[w], median + boost + spare[w])
    return best + boost, math.sqrt(widest)


@njit(**_HELPER)
def _factor(
    out, spare, d, band, band_key, ways, p, device_sigma, device_draw, sigma, draws, room_normals,
    room_known, seed, device_key, room_key, point_key, local_room, local_point, table,
):  # fmt: skip
    """Error of one device at one point in one band as a factor of power, per world."""
    _common_db(spare, out, ways, p, d, band, device_sigma, device_draw, sigma, draws, band)
    if not room_known[d, band]:
        fill_normals(room_normals[d, band], key_of(seed, DEVICE_ROOM, device_key, room_key, band_key), table)
        room_known[d, band] = True
    fill_normals(out, key_of(seed, DEVICE_POINT, device_key, point_key, band_key), table)
    for w in range(len(out)):
        error_db = spare[w] + local_room * room_normals[d, band, w] + local_point * out[w]
        out[w] = math.exp(DB_TO_NEPER * error_db)


@njit(**_HELPER)
def _sum_devices(
    jam, jam_only, cell, factor, factor_known, spare, c, band, band_key, least, gamma, window, level, mas, is_mas,
    ways, p, device_sigma, device_draw, sigma, draws, device_room, device_known, seed, device_key, room_key,
    point_key, local_room, local_point, table,
):  # fmt: skip
    """Powers on one carrier at one point, per world [mW]: all blockers, jammers alone, the strongest MAS cell.

    Returns the best median of a MAS cell that offers the carrier's PLMN, -inf where there is none. Devices whose
    median is below `least` do not count against the public network.
    """
    worlds = len(jam)
    offered = -math.inf
    for d in range(len(is_mas)):
        offered = max(offered, mas[c, d])
    jam[:] = 0
    jam_only[:] = 0
    cell[:] = 0
    for d in range(len(is_mas)):
        near = level[c, d] >= least
        cell_near = offered > -math.inf and mas[c, d] >= offered - window
        # Against capture even jammers that are too weak to count for denial are heard.
        harms = offered > -math.inf and not is_mas[d] and level[c, d] >= offered - gamma - MATTERS_DB
        if level[c, d] == -math.inf or not (near or cell_near or harms):
            continue
        if not factor_known[d, band]:
            _factor(
                factor[d, band], spare, d, band, band_key, ways, p, device_sigma, device_draw[d],
                sigma, draws, device_room, device_known, seed, device_key[d], room_key, point_key, local_room,
                local_point, table,
            )  # fmt: skip
            factor_known[d, band] = True
        power = np.float32(math.exp(DB_TO_NEPER * level[c, d]))
        if near:
            for w in range(worlds):
                jam[w] += power * factor[d, band, w]
        if harms:
            for w in range(worlds):
                jam_only[w] += power * factor[d, band, w]
        if cell_near:
            power = np.float32(math.exp(DB_TO_NEPER * mas[c, d]))
            for w in range(worlds):
                cell[w] = max(cell[w], power * factor[d, band, w])
    return offered


@njit(**_HELPER)
def _holds(cell_mw, jam_mw, noise_mw, lowest_dbm, gamma_db):
    """Whether a phone on a MAS cell keeps it: level and SINR are enough."""
    if cell_mw <= 0:
        return False
    cell_db = math.log(cell_mw) / DB_TO_NEPER
    return cell_db >= lowest_dbm and cell_db - math.log(jam_mw + noise_mw) / DB_TO_NEPER >= gamma_db


@njit(**_KERNEL)
def judge(
    starts, room_key, point_key, los, nlos, chance, fixed, sight_row, sight, sector_sigma, sector_draw,
    public_ways, sigma, draws, carrier_start, carrier_sectors, channel_start, channel_carriers,
    carrier_band, band_key, campable, boost, floor, need, noise, level, mas, is_mas, device_ways,
    device_sigma, device_draw, device_key, sector_key, capture_need, mas_floor, mas_gamma,
    mas_noise, seed, local_room, local_point, window, likely, network, networks, table, usable_points,
    usable_rooms, silent, first_room, end_room,
):  # fmt: skip
    """Who has service in each room, over all worlds.

    Shapes: los, nlos, chance, sight_row (point, sector); sight (row, world); level, mas (point, carrier, device);
    draws (construction, band, world). `public_ways` have one band, the sector's. `need` is J/S to deny plus search
    margin, `floor` with the search gain taken off.
    `likely`: a MAS cell of the same network (`network` of each carrier) that a phone can hold counts as capture.
    Output: usable_points (point, channel) and usable_rooms (room, channel) count worlds; silent (room, world).
    """
    worlds = silent.shape[1]
    sectors, devices, bands = los.shape[1], level.shape[2], draws.shape[1]
    channels = len(channel_start) - 1
    for room in range(first_room, end_room):
        spare, public = np.empty(worlds, np.float32), np.empty(worlds, np.float32)
        works = np.empty(worlds, np.bool_)
        room_works = np.zeros((channels, worlds), np.bool_)
        public_room = np.empty((sectors + 1, worlds), np.float32)
        public_known = np.zeros(sectors, np.bool_)
        device_room = np.empty((devices, bands, worlds), np.float32)
        device_known = np.zeros((devices, bands), np.bool_)
        factor = np.empty((devices, bands, worlds), np.float32)
        factor_known = np.zeros((devices, bands), np.bool_)
        jam, jam_only = np.empty(worlds, np.float32), np.empty(worlds, np.float32)
        cell = np.empty(worlds, np.float32)
        sight_here = np.empty((sectors, worlds), np.float32)
        held = np.zeros((networks, worlds), np.bool_)
        for p in range(starts[room], starts[room + 1]):
            factor_known[:] = False
            for s in range(sectors):
                if fixed[s] < 0:
                    for w in range(worlds):
                        sight_here[s, w] = sight[sight_row[p, s], w]
            if likely:
                held[:] = False
                for c in range(len(carrier_band)):
                    offered = _sum_devices(
                        jam, jam_only, cell, factor, factor_known, spare, c, carrier_band[c],
                        band_key[carrier_band[c]], math.inf, mas_gamma[c], window, level[p], mas[p], is_mas,
                        device_ways, p, device_sigma, device_draw, sigma, draws, device_room,
                        device_known, seed, device_key, room_key[room], point_key[p], local_room, local_point, table,
                    )  # fmt: skip
                    if offered > -math.inf:
                        noise_mw = math.exp(DB_TO_NEPER * mas_noise[c])
                        for w in range(worlds):
                            if _holds(cell[w], jam_only[w], noise_mw, mas_floor[c], mas_gamma[c]):
                                held[network[c], w] = True
            for channel in range(channels):
                works[:] = False
                for at in range(channel_start[channel], channel_start[channel + 1]):
                    c = channel_carriers[at]
                    if not campable[c]:
                        continue
                    band = carrier_band[c]
                    mine = carrier_sectors[carrier_start[c] : carrier_start[c + 1]]
                    best, spread = _strongest_public(
                        public, spare, mine, los[p], nlos[p], chance[p], fixed, sight_here, sector_sigma,
                        sector_draw, public_ways, p, sigma, draws, band, band_key[band],
                        public_room, public_known, seed, sector_key, room_key[room], point_key[p],
                        local_room, local_point, window, boost[c], table,
                    )  # fmt: skip
                    if best + CERTAIN_SIGMAS * spread < floor[c]:
                        continue
                    _sum_devices(
                        jam, jam_only, cell, factor, factor_known, spare, c, band, band_key[band],
                        best + need[c] - MATTERS_DB, mas_gamma[c], window, level[p], mas[p], is_mas,
                        device_ways, p, device_sigma, device_draw, sigma, draws, device_room,
                        device_known, seed, device_key, room_key[room], point_key[p], local_room, local_point, table,
                    )  # fmt: skip
                    noise_mw = math.exp(DB_TO_NEPER * noise[c])
                    mas_noise_mw = math.exp(DB_TO_NEPER * mas_noise[c])
                    for w in range(worlds):
                        if public[w] < floor[c]:
                            continue  # quiet
                        if likely and held[network[c], w]:
                            continue  # captured through a higher-priority layer, which the scenario lets count
                        keeps = _holds(cell[w], jam_only[w], mas_noise_mw, mas_floor[c], mas_gamma[c])
                        if keeps and math.log(cell[w]) / DB_TO_NEPER - public[w] >= capture_need[c]:
                            continue  # captured
                        if math.log(jam[w] + noise_mw) / DB_TO_NEPER - public[w] < need[c]:
                            works[w] = True
                count = 0
                for w in range(worlds):
                    if works[w]:
                        count += 1
                        room_works[channel, w] = True
                usable_points[p, channel] = count
        for w in range(worlds):
            silent[room, w] = True
        for channel in range(channels):
            count = 0
            for w in range(worlds):
                if room_works[channel, w]:
                    count += 1
                    silent[room, w] = False
            usable_rooms[room, channel] = count
