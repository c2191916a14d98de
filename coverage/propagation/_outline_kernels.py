"""Compiled loop of where a ray meets an outline in plan. `outline_rays` converts; nothing is checked here.

On which side of a line a place is decides everything, so its sign is exact: a ray through a corner meets both edges
there, and one along an edge meets all of it. No fast-math flag: order and rounding are those of the source, and a
ray's answer does not depend on the others asked with it.
"""
# mypy: ignore-errors

import math

import numpy as np

from quietwing.coverage.compiling import ARRAY_HELPER, HELPER, KERNEL, njit

SURE = 1e-4  # of the area's two terms: a difference above it is exact to 4e-12, and need not be worked out again
SPLIT = 2.0**27 + 1  # cuts a float64 in two halves whose products are exact (Dekker)


@njit(**HELPER)
def _less(a, b):
    """The difference a - b, and what rounding took from it."""
    x = a - b
    back = a - x
    return x, (a - (x + back)) + (back - b)


@njit(**HELPER)
def _times(a, b):
    """The product a*b, and what rounding took from it."""
    x = a * b
    part = SPLIT * a
    ah = part - (part - a)
    part = SPLIT * b
    bh = part - (part - b)
    al, bl = a - ah, b - bh
    return x, al * bl - (((x - ah * bh) - al * bh) - ah * bl)


@njit(**HELPER)
def _grown(parts, count, value):
    """Add a value to a sum of `count` parts, of rising size and none rounded (Shewchuk); its parts then."""
    if value == 0:
        return count
    for k in range(count):
        x, low = _less(value, -parts[k])
        value, parts[k] = x, low
    parts[count] = value
    return count + 1


@njit(**ARRAY_HELPER)
def _exact_side_m2(ax, ay, bx, by, cx, cy):
    """`_side_m2` from differences and products of which nothing is lost."""
    parts, count = np.empty(16), np.int64(0)
    for turn in range(2):
        d, d_low = _less(bx, ax) if turn == 0 else _less(ay, by)
        e, e_low = _less(cy, ay) if turn == 0 else _less(cx, ax)
        for one, other in ((d_low, e_low), (d_low, e), (d, e_low), (d, e)):
            product, lost = _times(one, other)
            count = _grown(parts, _grown(parts, count, lost), product)
    total = 0.0
    for k in range(count):
        total += parts[k]
    return total


@njit(**ARRAY_HELPER)
def _side_m2(ax, ay, bx, by, cx, cy):
    """Twice the area of the triangle a, b, c: above 0 where c is left of the line from a to b, 0 on it. [m2]"""
    left, right = (bx - ax) * (cy - ay), (by - ay) * (cx - ax)
    terms = abs(left) + abs(right)
    if abs(left - right) > SURE * terms or terms == 0:
        return left - right
    return _exact_side_m2(ax, ay, bx, by, cx, cy)


@njit(**HELPER)
def _along(start, x, y, way_x, way_y):
    """Share of the ray at which a place on it is, 0 to 1."""
    share = ((x - start[0]) * way_x + (y - start[1]) * way_y) / (way_x * way_x + way_y * way_y)
    return min(max(share, 0.0), 1.0)


@njit(**KERNEL)
def met_shares(start, end, corner, ring, first, last):
    """Fill the first and last share of each ray from `start` to ``end[ray]`` at which it meets an outline.

    corner (corner, 2) are the rings' corners in order, the first one of each again at its end; ring (corner) says
    whose they are. `first` and `last` (ray) are nan where nothing is met, and for rays without length.
    """
    sx, sy = start[0], start[1]
    for r in range(len(end)):
        ex, ey = end[r, 0], end[r, 1]
        way_x, way_y = ex - sx, ey - sy
        low, high = math.inf, -math.inf
        here = 0.0
        for k in range(len(corner)):
            if way_x == 0 and way_y == 0:
                break
            before, here = here, _side_m2(sx, sy, ex, ey, corner[k, 0], corner[k, 1])
            if k == 0 or ring[k] != ring[k - 1] or (before > 0 and here > 0) or (before < 0 and here < 0):
                continue
            ax, ay, bx, by = corner[k - 1, 0], corner[k - 1, 1], corner[k, 0], corner[k, 1]
            from_start, from_end = 0.0, 0.0
            if before != 0 or here != 0:
                from_start, from_end = _side_m2(ax, ay, bx, by, sx, sy), _side_m2(ax, ay, bx, by, ex, ey)
                if (from_start > 0 and from_end > 0) or (from_start < 0 and from_end < 0):
                    continue
            if from_start != from_end:
                share = from_start / (from_start - from_end)
                low, high = min(low, share), max(high, share)
                continue
            # on one line: they meet from the later of their beginnings to the earlier of their ends
            if max(ax, bx) < min(sx, ex) or min(ax, bx) > max(sx, ex):
                continue
            if max(ay, by) < min(sy, ey) or min(ay, by) > max(sy, ey):
                continue
            at_a, at_b = _along(start, ax, ay, way_x, way_y), _along(start, bx, by, way_x, way_y)
            low, high = min(low, min(at_a, at_b)), max(high, max(at_a, at_b))
        first[r], last[r] = (low, high) if low <= high else (np.nan, np.nan)
