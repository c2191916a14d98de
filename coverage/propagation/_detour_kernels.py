"""Compiled loops of the detour: the best ways to each portal, the best way to each point.

`detour` checks and converts; nothing is checked here. Gains are linear and relative to free space; ``freq`` is a
frequency, the first `REFERENCES` of them the fixed ones by which ways are chosen, so that the answer at one
frequency does not depend on which others are asked for.

A *way* to a portal is a slot: 0 straight from the transmitter, 1-3 over one portal before (the best at each
reference frequency), 4-6 over two. What a way loses at each portal before is kept as k, v = k/sqrt(wavelength).
"""
# mypy: ignore-errors

import math
from typing import NamedTuple

import numpy as np

from quietwing.coverage.compiling import HELPER, KERNEL, njit
from quietwing.coverage.propagation._bend_kernels import (
    NEAREST_M,
    Portals,
    apart,
    bends_loss,
    lose_all,
    reach,
)
from quietwing.coverage.propagation._lanes import borrowed
from quietwing.coverage.propagation.free_space import NEAREST_FREE_SPACE_M

REFERENCES = 3
SLOTS = 1 + 2 * REFERENCES
WAY_WORTH = 0.1  # assumed: a way 10 dB below the best to its portal at every reference is not tried further
LATER_WORTH = 1 - WAY_WORTH  # a third bend must make a way the best
NEARLY_ALL = 0.9  # assumed: what drawing a path tight may leave of its length
ONE = np.float32(1)
WORTH = 0.25  # ways 6 dB below the best at every reference frequency are not worked out at the others


class Edges(NamedTuple):
    """From portal to portal: `into` (portal + 1), `origin` (edge) and `hop` (edge, freq) that lead into each."""

    into: np.ndarray
    origin: np.ndarray
    hop: np.ndarray


class Slots(NamedTuple):
    """The ways from a transmitter to each portal (portal, slot).

    `gain` (..., freq): what the elements pass; `bound` (..., reference): the same less the bends before, 0 for ways
    not to be tried further; `before` and `slot_before`: the portal before, -1 the transmitter, -2 no such way;
    `length`: up to the portal. [m]
    """

    gain: np.ndarray
    bound: np.ndarray
    before: np.ndarray
    slot_before: np.ndarray
    length: np.ndarray


class Legs(NamedTuple):
    """Points and the portals they are reached by: of p ``portal[first[p]:first[p + 1]]``, with rows of `leg`.

    `reference` (pair, reference) is the start of each row, side by side: most pairs are given up by it.
    """

    xyz: np.ndarray
    first: np.ndarray
    portal: np.ndarray
    leg: np.ndarray
    reference: np.ndarray


class Near(NamedTuple):
    """Portals near a sender, tried towards every point before those that the point is reached by.

    Of each (portal,): `row` of `leg` and `reference` (row · points + point, ...), `slots` that are tried, and whether
    they are towards places in the `open` (point,) `alone`.
    """

    portal: np.ndarray
    row: np.ndarray
    slots: np.ndarray
    alone: np.ndarray
    leg: np.ndarray
    reference: np.ndarray
    open: np.ndarray


class Tried(NamedTuple):
    """Ways that are tried: `row` (portal, slot) of ``Slots.gain``, -1 for none.

    `most` (portal, reference): the largest ``Slots.bound`` of any.
    """

    row: np.ndarray
    most: np.ndarray


class Best(NamedTuple):
    """Output: `gain` (point, freq) over free space; of some frequencies from `first` on `chosen` (point, freq, 2).

    That is the last portal and the slot of the best way.
    """

    gain: np.ndarray
    chosen: np.ndarray
    first: int


@njit(**HELPER)
def _strongest(w, f, bound, before, length, away):
    """The best gain of any way to portal w at one reference frequency."""
    best = bound[w, 0, f] / away[w] ** 2
    for s in range(1, SLOTS):
        if before[w, s] != -2:
            best = max(best, bound[w, s, f] / length[w, s] ** 2)
    return best


@njit(**HELPER)
def _may_beat(bound, hop, near_m2, best):
    """Whether a way with one leg more may come near the best gain at any reference frequency."""
    worth = False
    for f in range(REFERENCES):
        worth = worth or bound[f] * hop[f] > WORTH * best[f] * near_m2
    return worth


@njit(**KERNEL)
def ways(tx, portals, edges, leg, root, among, twice, slots):
    """Fill the best ways from one transmitter to each portal of `among`, whole buildings of them, into `slots`.

    To those of `twice` alone ways over two others are looked for.

    leg (portal, freq): straight from the transmitter. root (freq) is 1/sqrt(wavelength).
    """
    tx, portals = borrowed(tx), Portals(
        borrowed(portals.source), borrowed(portals.frame), borrowed(portals.group), borrowed(portals.first),
        borrowed(portals.member),
    )  # fmt: skip
    into, origin, hop = borrowed(edges.into), borrowed(edges.origin), borrowed(edges.hop)
    root, among, twice, source = borrowed(root), borrowed(among), borrowed(twice), portals.source
    way, bound, before = borrowed(slots.gain), borrowed(slots.bound), borrowed(slots.before)
    slot_before, length = borrowed(slots.slot_before), borrowed(slots.length)
    count, freqs = leg.shape
    best, which, slot_of = np.empty(REFERENCES), np.empty(REFERENCES, np.int64), np.empty(REFERENCES, np.int64)
    away, spot, most = np.empty(count), np.empty((2, 3, 3)), np.empty((count, REFERENCES), np.float32)
    start, spots = np.zeros((count, SLOTS), np.int8), np.empty((count, SLOTS, 2, 3))
    for w in among:
        for s in range(SLOTS):  # element by element: slices take seconds to compile
            before[w, s], slot_before[w, s], length[w, s] = -2, 0, 0.0
        before[w, 0] = -1
        for freq in range(freqs):
            way[w, 0, freq] = leg[w, freq]
        for f in range(REFERENCES):
            bound[w, 0, f] = leg[w, f]
        length[w, 0] = apart(source, w, tx[0], tx[1], tx[2])
        away[w] = max(length[w, 0], NEAREST_M)
    for turn in range(2):
        low, high = (0, 1) if turn == 0 else (1, 1 + REFERENCES)
        target = 1 + REFERENCES * turn
        for u in among:  # no better than this is any of the ways that are to be gone on from
            for f in range(REFERENCES):
                most[u, f] = 0
                for s in range(low, high):
                    if before[u, s] != -2:
                        most[u, f] = max(most[u, f], bound[u, s, f])
        for w in among if turn == 0 else twice:
            place = source[w, 0], source[w, 1], source[w, 2]
            near_m2 = (NEARLY_ALL * away[w]) ** 2  # no path is much shorter than the straight one
            for f in range(REFERENCES):  # what is no better than this is given up at the end
                best[f] = turn * LATER_WORTH * _strongest(w, f, bound, before, length, away)
                which[f], slot_of[f] = -1, 0
            for e in range(into[w], into[w + 1]):
                u = origin[e]
                if not _may_beat(most[u], hop[e], near_m2, best):
                    continue
                for s in range(low, high):
                    if before[u, s] in (-2, w) or not _may_beat(bound[u, s], hop[e], near_m2, best):
                        continue
                    k0, k1, k2, total = reach(tx, u, s, place, portals, before, slot_before, spot, start, spots)
                    if math.isnan(total):
                        continue
                    for f in range(REFERENCES):
                        gain = way[u, s, f] * hop[e, f] / (total * total * bends_loss(k0, k1, k2, root[f]))
                        if gain > best[f]:
                            best[f], which[f], slot_of[f] = gain, e, s
            for f in range(REFERENCES):
                e, s = which[f], slot_of[f]
                for g in range(f):
                    if which[g] == e and slot_of[g] == s:
                        e = -1
                if e < 0:
                    continue
                u, t = origin[e], target + f
                k0, k1, k2, total = reach(tx, u, s, place, portals, before, slot_before, spot, start, spots)
                before[w, t], slot_before[w, t], length[w, t] = u, s, total
                for freq in range(freqs):
                    way[w, t, freq] = way[u, s, freq] * hop[e, freq]
                for g in range(REFERENCES):
                    bound[w, t, g] = way[w, t, g] / bends_loss(k0, k1, k2, root[g])
    for w in among:
        for f in range(REFERENCES):
            best[f] = _strongest(w, f, bound, before, length, away)
        for s in range(1, SLOTS):
            share = WAY_WORTH if s <= REFERENCES else LATER_WORTH
            worth = False
            for f in range(REFERENCES):
                worth = worth or bound[w, s, f] > best[f] * length[w, s] ** 2 * share
            for f in range(REFERENCES):
                bound[w, s, f] *= worth


@njit(**HELPER)
def _worth(gain, row, leg, pair, spread, best, p):
    """Whether a way with a leg may come near the best of a point at any reference frequency."""
    worth = False
    for f in range(REFERENCES):  # `|`, not `or`: three branches cost more than three products
        worth |= gain[row, f] * leg[pair, f] * spread > best[p, f] * WORTH
    return worth


@njit(**HELPER, forceinline=True)
def _try_pair(tx, p, w, count, legs, pair, known, slots, found, room):
    """Raise the gain of point p by the first `count` ways to portal w and a leg from there."""
    portals, root, tried = known
    xyz, straight_m, leg, reference = legs
    lost, root32, spot, start, spots = room
    best, chosen, bound, frame = found.gain, found.chosen, slots.bound, portals.frame
    x, y, z = xyz[p, 0], xyz[p, 1], xyz[p, 2]
    away = math.nan
    for s in range(count):
        row, at = tried.row[w, s], w * SLOTS + s
        if row < 0 or not _worth(bound, at, reference, pair, ONE, best, p):  # however short the way is
            continue
        if math.isnan(away):
            hole = math.sqrt((frame[w, 13] - frame[w, 12]) ** 2 + (frame[w, 15] - frame[w, 14]) ** 2)
            away = apart(portals.source, w, x, y, z) - hole
        # no path is much shorter than by way of the source, less the aperture
        least = straight_m / max(NEARLY_ALL * (slots.length[w, s] + away), straight_m)
        if not _worth(bound, at, reference, pair, least * least, best, p):
            continue
        k0, k1, k2, total = reach(tx, w, s, (x, y, z), portals, slots.before, slots.slot_before, spot, start, spots)
        if math.isnan(total):
            continue
        spread = (straight_m / max(total, straight_m)) ** 2
        worth = False
        for f in range(REFERENCES):
            gain = slots.gain[row, f] * reference[pair, f] * spread
            worth = worth or gain > best[p, f] * WORTH * bends_loss(k0, k1, k2, root[f])
        if not worth:
            continue
        for freq in range(len(lost)):
            lost[freq] = 1
        lose_all(lost, k2, root32)
        if k1 > -math.inf:
            lose_all(lost, k1, root32)
        if k0 > -math.inf:
            lose_all(lost, k0, root32)
        spread32 = np.float32(spread)
        for freq in range(len(lost)):
            lost[freq] = slots.gain[row, freq] * leg[pair, freq] * spread32 / lost[freq]
        for freq in range(chosen.shape[1]):
            if lost[found.first + freq] > best[p, found.first + freq]:
                chosen[p, freq, 0], chosen[p, freq, 1] = w, s
        for freq in range(len(lost)):
            best[p, freq] = max(best[p, freq], lost[freq])


@njit(**KERNEL)
def improve(tx, near, legs, portals, root, tried, slots, found, begin, end):
    """Raise the best gain of points begin to end - 1 by ways through portals near the sender and near them."""
    tx, xyz, first, portal = borrowed(tx), borrowed(legs.xyz), borrowed(legs.first), borrowed(legs.portal)
    near_portal, row, count = borrowed(near.portal), borrowed(near.row), borrowed(near.slots)
    alone, is_open, most = borrowed(near.alone), borrowed(near.open), borrowed(tried.most)
    known = Portals(
        borrowed(portals.source), borrowed(portals.frame), borrowed(portals.group), borrowed(portals.first),
        borrowed(portals.member),
    ), borrowed(root), Tried(borrowed(tried.row), most)  # fmt: skip
    slots = Slots(
        borrowed(slots.gain), borrowed(slots.bound.reshape(-1, REFERENCES)), borrowed(slots.before),
        borrowed(slots.slot_before), borrowed(slots.length),
    )  # fmt: skip
    found = Best(borrowed(found.gain), borrowed(found.chosen), found.first)
    leg, reference = borrowed(legs.leg), borrowed(legs.reference)
    near_leg, near_reference = borrowed(near.leg), borrowed(near.reference)
    rows, points = len(tried.row), len(xyz)
    room = (
        np.empty(found.gain.shape[1], np.float32), root.astype(np.float32), np.empty((2, 3, 3)),
        np.zeros((rows, SLOTS), np.int8), np.empty((rows, SLOTS, 2, 3)),
    )  # fmt: skip
    for p in range(begin, end):
        x, y, z = xyz[p, 0], xyz[p, 1], xyz[p, 2]
        straight_m = max(math.sqrt((x - tx[0]) ** 2 + (y - tx[1]) ** 2 + (z - tx[2]) ** 2), NEAREST_FREE_SPACE_M)
        own, others = (xyz, straight_m, leg, reference), (xyz, straight_m, near_leg, near_reference)
        for i in range(len(near_portal)):
            w, pair = near_portal[i], row[i] * points + p
            if (is_open[p] or not alone[i]) and _worth(most, w, near_reference, pair, ONE, found.gain, p):
                _try_pair(tx, p, w, count[i], others, pair, known, slots, found, room)
        for pair in range(first[p], first[p + 1]):
            w = portal[pair]
            if _worth(most, w, reference, pair, ONE, found.gain, p):
                _try_pair(tx, p, w, np.int64(SLOTS), own, pair, known, slots, found, room)
