"""Compiled loops over links with two ways, straight and by a detour: which rules, and whether the other counts.

`site_ways` and `link_ways` check and convert; nothing is checked here.
"""
# mypy: ignore-errors

import math
from typing import NamedTuple

import numpy as np

from quietwing.coverage.compiling import HELPER, KERNEL, njit

__all__ = ["Bands", "Found", "OneWay", "both_ways", "straight_counts"]

RARE_SIGMAS = 4.0  # assumed: one world in thirty thousand
LITTLE_DB = -17.0  # assumed, of all power: 0.1 dB more
WINDOW_DB = -20.0  # what lies lower has no power in denial
FAR_DB = np.float32(300)
TEN, ONE = np.float32(10), np.float32(1)


class OneWay(NamedTuple):
    """One way of each link: `loss_db`, `walls_db` (link, freq) and `crossed` (link, construction)."""

    loss_db: np.ndarray
    walls_db: np.ndarray
    crossed: np.ndarray


class Bands(NamedTuple):
    """Band b has the frequencies ``freq[first[b]:first[b + 1]]``; `sigma_db` (construction, band), `most_db` (band).

    `middle` is the frequency by which a link's way is chosen.
    """

    first: np.ndarray
    freq: np.ndarray
    middle: int
    sigma_db: np.ndarray
    most_db: np.ndarray


class Found(NamedTuple):
    """Output, as in `LinkPaths`: (link, construction) and (link, band)."""

    crossed: np.ndarray
    walls_db: np.ndarray
    straight_share: np.ndarray
    straight_walls_db: np.ndarray


@njit(**HELPER)
def _rare_db(crossed, walls_db, sigma_db, column, most_db):
    """By how much a straight ray may be stronger than its median, in some world."""
    variance = np.float32(0)
    for k in range(len(crossed)):
        one = np.float32(crossed[k]) * sigma_db[k, column]
        variance += one * one
    return min(walls_db, RARE_SIGMAS * min(np.float32(math.sqrt(variance)), most_db))


@njit(**HELPER)
def _counts(share, rare_db, outside):
    """Whether a straight ray with this share of the power adds more than a little in some world."""
    share_db = TEN * np.float32(math.log10(share))
    return share_db + rare_db > LITTLE_DB and (outside or share_db > WINDOW_DB)


@njit(**KERNEL)
def straight_counts(share, crossed, walls_db, sigma_db, most_db, outside, found):
    """`link_ways.straight_matters`, into `found`."""
    for link in range(len(share)):
        for p in range(share.shape[1]):
            found[link, p] = False
            if share[link, p] > 0:
                rare_db = _rare_db(crossed[link, p], walls_db[link, p], sigma_db, link, most_db[link])
                found[link, p] = _counts(share[link, p], rare_db, outside)


@njit(**HELPER)
def _share(apart_db, rare_db, outside):
    """Share of the power of a straight ray stronger than the other way by `apart_db`; 0 if it never counts."""
    if apart_db + rare_db <= LITTLE_DB or (apart_db <= WINDOW_DB and not outside):  # its share is less than that
        return np.float32(0)
    share = ONE / (ONE + np.float32(10 ** (-apart_db / TEN)))
    return share if _counts(share, rare_db, outside) else np.float32(0)


@njit(**KERNEL)
def both_ways(straight, detour, bands, outside, found):
    """What rules each link, and what of the straight ray counts beside a detour, into `found`."""
    for link in range(len(straight.loss_db)):
        loss_db, other_db = straight.loss_db[link], detour.loss_db[link]
        ruled = other_db[bands.middle] < loss_db[bands.middle]
        rules, ray = detour if ruled else straight, straight.crossed[link]
        crossed, most_lost_db = rules.crossed[link], rules.walls_db[link]
        for k in range(len(crossed)):
            found.crossed[link, k] = crossed[k]
        for band in range(len(bands.most_db)):
            own_db = walls_db = np.float32(0)
            apart_db = -FAR_DB
            for index in range(bands.first[band], bands.first[band + 1]):
                freq = bands.freq[index]
                own_db = max(own_db, straight.walls_db[link, freq])
                walls_db = max(walls_db, most_lost_db[freq])
                if ruled:  # the largest share of a band is that of the frequency with ways least apart
                    apart_db = max(apart_db, min(other_db[freq] - loss_db[freq], FAR_DB))
            found.straight_walls_db[link, band], found.walls_db[link, band] = own_db, walls_db
            found.straight_share[link, band] = 0
            if ruled:
                rare_db = _rare_db(ray, own_db, bands.sigma_db, band, bands.most_db[band])
                found.straight_share[link, band] = _share(apart_db, rare_db, outside)
