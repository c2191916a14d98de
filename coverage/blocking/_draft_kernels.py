"""Compiled loop of the draft: how much less each blocker's link counts against the signal's, by their errors.

Points are taken some at a time, so that what is worked out stays near the processor and compilers work out several
at once. Order and rounding are those of the source: what one blocker has depends on no other.
"""
# mypy: ignore-errors

import math
from typing import NamedTuple

import numpy as np

from quietwing.coverage.blocking._kinds import F1, F2, F3, I0, J1, U3
from quietwing.coverage.compiling import HELPER, KERNEL, njit

__all__ = ["LEAST", "Sizes", "Theirs", "against"]

TILE = 64  # points at a time
ONE = np.float32(1)
LEAST = np.float32(1e-6)  # a variance that is none: nothing is divided by 0


class Theirs(NamedTuple):
    """The signal of each carrier at each point.

    `scaled` (construction, carrier, point): how often each construction is crossed, times what all are scaled by;
    `plain`, `walls_db` (carrier, point): variance of all else [dB²], what its walls lose [dB].
    """

    scaled: F3
    plain: F2
    walls_db: F2


class Sizes(NamedTuple):
    """Errors of constructions: `variance` (construction, band) [dB²], `most` (band): of all walls [dB]."""

    variance: F2
    most: F1
    carrier_band: J1


@njit(**HELPER)
def _scales(out, walls, most):
    """By what the errors of a link's walls are scaled so that together they are no wider than allowed."""
    for p in range(len(out)):
        wide = walls[p] if walls[p] > LEAST else LEAST
        scale = most / np.float32(math.sqrt(wide))
        out[p] = scale if scale < ONE else ONE


@njit(**HELPER)
def _spread(out, apart, plain, own, walls_db, z):
    """z standard deviations, at most what the signal's walls lose beside `plain` and `own`."""
    for p in range(len(out)):
        wide, capped = np.float32(math.sqrt(plain[p] + apart[p])), np.float32(math.sqrt(plain[p] + own[p]))
        wide, capped = z * wide, z * capped + walls_db[p]
        out[p] = wide if wide < capped else capped


@njit(**KERNEL)
def against(z: F1, crossed: U3, theirs: Theirs, sizes: Sizes, found: F3, begin: I0, end: I0):
    """`draft.spread_against_db` of blockers begin to end - 1 with the signal coming one way, into `found`."""
    constructions, carriers, points = theirs.scaled.shape
    variance, most, carrier_band = sizes.variance, sizes.most, sizes.carrier_band
    ours, times = np.empty((constructions, TILE), np.float32), np.empty(TILE, np.float32)
    walls, scale, own, apart = (
        np.empty(TILE, np.float32), np.empty(TILE, np.float32), np.empty(TILE, np.float32), np.empty(TILE, np.float32)
    )  # fmt: skip
    mine, theirs_too = np.empty(constructions, np.bool_), np.empty(constructions, np.bool_)
    for first in range(0, points, TILE):
        last = min(first + TILE, points)
        count = last - first
        for k in range(constructions):
            theirs_too[k] = False
            for c in range(carriers):
                for p in range(first, last):
                    theirs_too[k] |= theirs.scaled[k, c, p] != 0
        for d in range(begin, end):
            for k in range(constructions):
                row, mine[k] = ours[k], False
                for p in range(count):
                    row[p] = crossed[d, first + p, k]
                    mine[k] |= row[p] != 0
            known = -1
            for c in range(carriers):
                band = carrier_band[c]
                if band != known:
                    known = band
                    walls[:] = 0
                    for k in range(constructions):
                        if mine[k]:
                            size, row = variance[k, band], ours[k]
                            for p in range(TILE):
                                walls[p] += row[p] * row[p] * size
                    _scales(scale, walls, most[band])
                    for p in range(TILE):
                        own[p] = scale[p] * scale[p] * walls[p]
                apart[:] = 0
                for k in range(constructions):
                    if not (mine[k] or theirs_too[k]):
                        continue
                    size, row, other = variance[k, band], ours[k], theirs.scaled[k, c, first:last]
                    for p in range(count):
                        times[p] = scale[p] * row[p] - other[p]
                    for p in range(count):
                        apart[p] += times[p] * times[p] * size
                _spread(found[d, c, first:last], apart, theirs.plain[c, first:last], own,
                        theirs.walls_db[c, first:last], z[0])  # fmt: skip
