"""Compiled bends of the detour: at one aperture, and of a whole way drawn tight over up to three.

Called by the kernels of `_detour_kernels`, the only file that numba's cache watches: after an edit here, touch it.
A portal that a path passes straight does not bend it, and must not shorten the arms of the bends beside it: those
are judged as if it were not there (`reach`). No fast-math flag: order and rounding are those of the source.
"""
# mypy: ignore-errors

import math
from typing import NamedTuple

import numpy as np

from quietwing.coverage.compiling import HELPER, OPEN_HELPER, njit

NEAREST_M = 1e-3  # ends are kept this far from an edge: v is finite, and J grazing there
SAME_SIDE_M = 1e-9  # of the plane: nearer is in the plane and belongs to both sides
SWEEPS = 3  # of the alternating search for the shortest way over an edge: within a millimetre after three
CLEAR_V = -0.78  # Rec. ITU-R P.526-15, eq. (31): J = 0 from here down
GRAZING = 10**-0.69  # the same equation: its 6.9 dB
PER_GRAZING = 1 / GRAZING
SHIFT = 0.1  # the same equation
ONE, CLEAR32, SHIFT32, PER32 = np.float32(1), np.float32(CLEAR_V), np.float32(SHIFT), np.float32(PER_GRAZING)

# Numba hands over an array as ten numbers, which takes longer than a short loop over some of them: `forceinline`.


class Portals(NamedTuple):
    """Where the portals are: `source` (portal, 3), `frame` (aperture, 16); of those in one plane the same `group`.

    Portals of group g have the apertures ``member[first[g]:first[g + 1]]``.
    """

    source: np.ndarray
    frame: np.ndarray
    group: np.ndarray
    first: np.ndarray
    member: np.ndarray


@njit(**OPEN_HELPER)
def bend(frame, w, ax, ay, az, bx, by, bz):
    """How a path from a to b passes aperture w: d1, d2 [m], k [m^0.5] with v = k/sqrt(wavelength), straight, u, v.

    d1 is nan if both ends are on the same side: no way leads through. Outside the aperture the path takes the
    shortest way over its edge and k > 0; a straight path through it has k <= 0 by its nearest edge. (u, v) [m] is
    where it passes, along the aperture's axes.
    """
    ax, ay, az = ax - frame[w, 0], ay - frame[w, 1], az - frame[w, 2]
    bx, by, bz = bx - frame[w, 0], by - frame[w, 1], bz - frame[w, 2]
    na = ax * frame[w, 9] + ay * frame[w, 10] + az * frame[w, 11]
    nb = bx * frame[w, 9] + by * frame[w, 10] + bz * frame[w, 11]
    da, db = abs(na), abs(nb)
    if da + db <= 2 * SAME_SIDE_M or (da > SAME_SIDE_M and db > SAME_SIDE_M and (na > 0) == (nb > 0)):
        return math.nan, math.nan, math.nan, False, 0.0, 0.0
    ua = ax * frame[w, 3] + ay * frame[w, 4] + az * frame[w, 5]
    ub = bx * frame[w, 3] + by * frame[w, 4] + bz * frame[w, 5]
    va = ax * frame[w, 6] + ay * frame[w, 7] + az * frame[w, 8]
    vb = bx * frame[w, 6] + by * frame[w, 7] + bz * frame[w, 8]
    u0, u1, v0, v1 = frame[w, 12], frame[w, 13], frame[w, 14], frame[w, 15]
    u, v = (da * ub + db * ua) / (da + db), (da * vb + db * va) / (da + db)
    straight = u0 <= u <= u1 and v0 <= v <= v1
    qu, qv = u, v
    if straight:
        least = min(min(u - u0, u1 - u), min(v - v0, v1 - v))
        if u - u0 == least:
            qu = u0
        elif u1 - u == least:
            qu = u1
        elif v - v0 == least:
            qv = v0
        else:
            qv = v1
    else:
        for sweep in range(SWEEPS):
            ra, rb = math.sqrt((v - va) ** 2 + da * da), math.sqrt((v - vb) ** 2 + db * db)
            found = min(max((ra * ub + rb * ua) / max(ra + rb, SAME_SIDE_M), u0), u1)
            if sweep > 0 and found == u:  # nor will v change: mostly the path bends round an upright edge
                break
            u = found
            ra, rb = math.sqrt((u - ua) ** 2 + da * da), math.sqrt((u - ub) ** 2 + db * db)
            v = min(max((ra * vb + rb * va) / max(ra + rb, SAME_SIDE_M), v0), v1)
        qu, qv = u, v
    d1 = max(math.sqrt((u - ua) ** 2 + (v - va) ** 2 + da * da), NEAREST_M)
    d2 = max(math.sqrt((u - ub) ** 2 + (v - vb) ** 2 + db * db), NEAREST_M)
    x, y, z = qu - ua, qv - va, -na
    lx, ly, lz = ub - ua, vb - va, nb - na
    length2 = lx * lx + ly * ly + lz * lz
    if length2 <= SAME_SIDE_M**2:
        return math.nan, math.nan, math.nan, False, 0.0, 0.0
    cx, cy, cz = y * lz - z * ly, z * lx - x * lz, x * ly - y * lx
    k = math.sqrt((cx * cx + cy * cy + cz * cz) / length2 * 2 * (1 / d1 + 1 / d2))
    return d1, d2, -k if straight else k, straight, u, v


@njit(**OPEN_HELPER)
def edge_loss(v):
    """What a knife edge loses, linear: 10^(J(v)/10), 1 up to CLEAR_V."""
    shifted = max(v, CLEAR_V) - SHIFT
    x = math.sqrt(shifted * shifted + 1) + shifted
    return max(x * x * PER_GRAZING, 1.0)


@njit(**HELPER)
def apart(source, w, x, y, z):
    return math.sqrt((source[w, 0] - x) ** 2 + (source[w, 1] - y) ** 2 + (source[w, 2] - z) ** 2)


@njit(**HELPER, forceinline=True)
def _over(portals, w, ax, ay, az, bx, by, bz):
    """`bend` at portal w; straight where the line passes any aperture of its group. Also: which aperture."""
    d1, d2, k, straight, u, v = bend(portals.frame, w, ax, ay, az, bx, by, bz)
    if straight or math.isnan(d1):
        return d1, d2, k, straight, u, v, w
    g = portals.group[w]
    first, end = portals.first[g], portals.first[g + 1]
    if end - first > 1:
        for m in range(first, end):
            member = portals.member[m]
            o1, o2, ok, through, ou, ov = bend(portals.frame, member, ax, ay, az, bx, by, bz)
            if through:
                return o1, o2, ok, True, ou, ov, member
    return d1, d2, k, straight, u, v, w


@njit(**HELPER)
def _set_out(tx, w, s, portals, before, slot_before, start, spots):
    """Where way s to portal w passes the two portals before when it is first drawn, from source to source.

    It is the same for whatever place the way goes on to: kept in `spots` (portal, slot, 2, 3), and in `start`
    (portal, slot) 1, or 2 if no way leads there.
    """
    source, frame = portals.source, portals.frame
    n1 = np.int64(before[w, s])  # of one type with w: what is called with it is compiled once
    n0 = np.int64(before[n1, slot_before[w, s]])
    ax, ay, az = tx[0], tx[1], tx[2]
    start[w, s] = 1
    for i in range(2):
        n, after = (n0, n1) if i == 0 else (n1, w)
        if n < 0:
            continue
        d1, _, _, _, u, v, at = _over(portals, n, ax, ay, az, source[after, 0], source[after, 1], source[after, 2])
        if math.isnan(d1):
            start[w, s] = 2
            return
        ax, ay, az = source[n, 0], source[n, 1], source[n, 2]
        for axis in range(3):
            spots[w, s, i, axis] = frame[at, axis] + u * frame[at, 3 + axis] + v * frame[at, 6 + axis]


@njit(**OPEN_HELPER, forceinline=True)
def reach(tx, w, s, place, portals, before, slot_before, spot, start, spots):
    """How way s to portal w goes on to a place: k at its portals two and one before w and at w, -inf where there is
    none, and the length of the path. The length is nan if no way leads there or if it is the direct ray's.

    The path is drawn tight: first from source to source, then over the places where that passes each portal, which
    are kept in `spot` (2, 3, 3). The portal passed most clearly is taken out, until all that are left bend the path.
    `start` and `spots` keep the first drawing (`_set_out`) of a transmitter's ways; `start` is 0 where it is not yet.
    """
    x, y, z = place
    n2, n1, n0 = w, np.int64(before[w, s]), np.int64(-1)
    k0 = k1 = k2 = -math.inf
    if n1 < 0:  # the most frequent case by far
        d1, d2, k2, straight, _, _, _ = _over(portals, n2, tx[0], tx[1], tx[2], x, y, z)
        return k0, k1, k2, math.nan if straight else d1 + d2
    n0 = np.int64(before[n1, slot_before[w, s]])
    if start[w, s] == 0:
        _set_out(tx, w, s, portals, before, slot_before, start, spots)
    if start[w, s] == 2:
        return k0, k1, k2, math.nan
    source, frame = portals.source, portals.frame
    ax, ay, az = source[n1, 0], source[n1, 1], source[n1, 2]
    d1, _, _, _, u, v, at = _over(portals, n2, ax, ay, az, x, y, z)
    if math.isnan(d1):
        return k0, k1, k2, math.nan
    for axis in range(3):
        spot[0, 0, axis], spot[0, 1, axis] = spots[w, s, 0, axis], spots[w, s, 1, axis]
        spot[0, 2, axis] = frame[at, axis] + u * frame[at, 3 + axis] + v * frame[at, 6 + axis]
    in0, in1, in2, now = n0 >= 0, True, True, 0
    while in0 or in1 or in2:
        total, clearest, which = 0.0, 0.0, -1
        ax, ay, az = tx[0], tx[1], tx[2]
        for i in range(3):
            if not (in0 if i == 0 else in1 if i == 1 else in2):
                continue
            n = n0 if i == 0 else n1 if i == 1 else n2
            after = 1 if i == 0 and in1 else 2 if i < 2 and in2 else -1
            bx, by, bz = x, y, z
            if after >= 0:
                bx, by, bz = spot[now, after, 0], spot[now, after, 1], spot[now, after, 2]
            d1, d2, k, straight, u, v, at = _over(portals, n, ax, ay, az, bx, by, bz)
            if math.isnan(d1):
                return k0, k1, k2, math.nan
            if straight and (which < 0 or k < clearest):
                clearest, which = k, i
            if i == 0:
                k0 = k
            elif i == 1:
                k1 = k
            else:
                k2 = k
            if total == 0.0:
                total = d1
            total += d2 if after < 0 else apart(spot[now], i, bx, by, bz)
            ax, ay, az = spot[now, i, 0], spot[now, i, 1], spot[now, i, 2]
            for axis in range(3):
                spot[1 - now, i, axis] = frame[at, axis] + u * frame[at, 3 + axis] + v * frame[at, 6 + axis]
        now = 1 - now
        if which < 0:
            return k0, k1, k2, total
        in0, in1, in2 = in0 and which != 0, in1 and which != 1, in2 and which != 2
    return k0, k1, k2, math.nan


@njit(**HELPER)
def bends_loss(k0, k1, k2, root):
    """What the bends of a way lose together, linear, at one frequency."""
    lost = edge_loss(k2 * root)
    if k1 > -math.inf:
        lost *= edge_loss(k1 * root)
    if k0 > -math.inf:
        lost *= edge_loss(k0 * root)
    return lost


@njit(**HELPER)
def lose_all(lost, k, root):
    """Multiply the loss at each frequency by that of one bend."""
    k = np.float32(k)
    for freq in range(len(lost)):
        shifted = max(k * root[freq], CLEAR32) - SHIFT32
        x = np.sqrt(shifted * shifted + ONE) + shifted
        lost[freq] *= max(x * x * PER32, ONE)
