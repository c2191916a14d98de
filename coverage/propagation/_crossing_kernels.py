"""Whether a ray crosses a quad, and which receivers of a regular patch stand behind one: compiled, for `_kernels`.

One row of `facet` is: normal (3), offset, then for each of 4 edges direction b-a (3), moment a x b (3) and
sense (+1 facet on the left of a->b, -1 on the right, 0 no edge), then its box: low (3), high (3).

Who calls these is compiled again when its own file changes, not when this one does: change both, or clear the cache.
"""
# mypy: ignore-errors

import math

from quietwing.coverage.compiling import HELPER, njit
from quietwing.coverage.propagation._lanes import AHEAD, box_meets, line_signs, plane_signs

__all__ = [
    "TOGETHER",
    "common_rows",
    "crosses",
    "half_planes",
    "packet_crosses",
    "packet_meets",
    "row_range",
    "set_ray",
]

EDGE_0, EDGE_SIZE, BOX_0 = 4, 7, 32  # where edges and box start in a row of `facet`; length of an edge
ROUNDING = 64 * 2.0**-53  # bounds some 20 roundings in either form of a half-plane, three times over
NEARLY = 1e-9  # of a row: more than a division can round
TOGETHER = AHEAD  # rays tried against one box or quad at once
EVERY = (1 << TOGETHER) - 1  # a bit for each of them
START, END, INVERSE, MOMENT, ALONG = 0, 3, 6, 9, 12  # where a packet of rays holds them, three rows each
ROW = 8 * TOGETHER  # bytes of a row


@njit(**HELPER)
def inverse_of(x):
    """1/x, huge instead of infinite: 0 times infinity would be nan."""
    return 1.0 / x if abs(x) > 1e-30 else 1e30


@njit(**HELPER)
def meets(box, ox, oy, oz, ix, iy, iz):
    """Whether the ray from o with inverse direction i meets the box.

    Monotone in the bounds, rounding included: what meets a box meets every box around it.
    """
    x0, x1 = (box[0] - ox) * ix, (box[3] - ox) * ix
    y0, y1 = (box[1] - oy) * iy, (box[4] - oy) * iy
    z0, z1 = (box[2] - oz) * iz, (box[5] - oz) * iz
    enter = max(max(min(x0, x1), min(y0, y1)), max(min(z0, z1), 0.0))
    return enter <= min(min(max(x0, x1), max(y0, y1)), min(max(z0, z1), 1.0))


@njit(**HELPER)
def crosses(facet, w, ox, oy, oz, rx, ry, rz):
    """Whether the straight line from o to r crosses quad w: THE rule, see `multiwall`."""
    so = facet[w, 0] * ox + facet[w, 1] * oy + facet[w, 2] * oz - facet[w, 3]
    sr = facet[w, 0] * rx + facet[w, 1] * ry + facet[w, 2] * rz - facet[w, 3]
    if (so >= 0) == (sr >= 0):
        return False
    dx, dy, dz = rx - ox, ry - oy, rz - oz
    mx, my, mz = oy * rz - oz * ry, oz * rx - ox * rz, ox * ry - oy * rx
    for k in range(4):
        e = EDGE_0 + EDGE_SIZE * k
        if facet[w, e + 6] == 0:
            continue
        v = (
            facet[w, e] * mx
            + facet[w, e + 1] * my
            + facet[w, e + 2] * mz
            + facet[w, e + 3] * dx
            + facet[w, e + 4] * dy
            + facet[w, e + 5] * dz
        )
        if v == 0:  # how v changes when the ray moves a hair along +x, else +y, else +z
            v = dy * facet[w, e + 2] - dz * facet[w, e + 1]
            if v == 0:
                v = dz * facet[w, e] - dx * facet[w, e + 2]
                if v == 0:
                    v = dx * facet[w, e + 1] - dy * facet[w, e]
        if (v > 0) != ((facet[w, e + 6] > 0) != (so >= 0)):
            return False
    return meets(facet[w, BOX_0:], ox, oy, oz, inverse_of(dx), inverse_of(dy), inverse_of(dz))


@njit(**HELPER)
def set_ray(rays, i, o, r):
    """Make the straight line from o to r ray i of a packet, shape (15, `TOGETHER`)."""
    for axis in range(3):
        d = r[axis] - o[axis]
        rays[START + axis, i], rays[END + axis, i], rays[ALONG + axis, i], rays[INVERSE + axis, i] = (
            o[axis], r[axis], d, inverse_of(d)
        )  # fmt: skip
    for axis in range(3):
        one, other = (axis + 1) % 3, (axis + 2) % 3
        rays[MOMENT + axis, i] = o[one] * r[other] - o[other] * r[one]


@njit(**HELPER)
def packet_meets(box_at, rays):
    """Which rays of a packet meet a box, a bit each, as `meets` has it; `box_at`, `rays` are addresses."""
    return box_meets(rays + ROW * START, rays + ROW * INVERSE, box_at)


@njit(**HELPER)
def packet_crosses(facet, w, rays):
    """Which rays of a packet cross quad w, a bit each, by the rules of `crosses`; `rays` is an address.

    Also which of these pass exactly through the line of an edge, so that `crosses` must say.
    """
    nx, ny, nz, offset = facet[w, 0], facet[w, 1], facet[w, 2], facet[w, 3]
    before = plane_signs(rays + ROW * START, nx, ny, nz, offset) & EVERY
    found, doubt = before ^ (plane_signs(rays + ROW * END, nx, ny, nz, offset) & EVERY), 0
    for k in range(4):
        e = EDGE_0 + EDGE_SIZE * k
        sense = facet[w, e + 6]
        if found and sense != 0:
            signs = line_signs(
                rays + ROW * MOMENT, facet[w, e], facet[w, e + 1], facet[w, e + 2], facet[w, e + 3], facet[w, e + 4],
                facet[w, e + 5],
            )  # fmt: skip
            left, right = (signs, signs >> TOGETHER) if sense > 0 else (signs >> TOGETHER, signs)
            doubt |= left & right
            found &= (left & ~before) | (right & before)
    if found:
        found &= packet_meets(facet.ctypes.data + 8 * (w * facet.shape[1] + BOX_0), rays)
    return found, found & doubt


@njit(**HELPER)
def row_range(b, c, sure, j0, j1, unsure):
    """Rows in which b*j + c can be positive; those where its sign is not sure are marked. Also: any marked."""
    if b == 0:
        if c < -sure:
            return j0, j0, False
        first, last = (j0, j1 - 1) if c <= sure else (0, -1)
    elif b > 0:
        j0 = max(j0, math.ceil(min(max((-sure - c) / b, -1.0), float(j1))))
        first, last = j0, min(j1 - 1, math.floor(min(max((sure - c) / b, -1.0), float(j1))))
    else:
        j1 = min(j1, math.floor(min(max((c + sure) / -b, -1.0), float(j1))) + 1)
        first, last = max(j0, math.ceil(min(max((c - sure) / -b, -1.0), float(j1)))), j1 - 1
    for j in range(first, last + 1):
        unsure[j] = True
    return j0, j1, last >= first


@njit(**HELPER)
def common_rows(lows, n_lows, highs, n_highs, margin, j0, j1):
    """Rows in which every low end can lie below every high end: beyond them the run is empty."""
    for k in range(n_lows):
        for m in range(n_highs):
            c, b = highs[m, 0] - lows[k, 0] + 4 * margin, highs[m, 1] - lows[k, 1]
            first, last = c + b * j0 >= 0, c + b * (j1 - 1) >= 0
            if not first and not last:
                return j0, j0
            if not first:
                j0 = max(j0, math.ceil(-c / b - NEARLY))
            elif not last:
                j1 = min(j1, math.floor(-c / b + NEARLY) + 1)
    return j0, j1


@njit(**HELPER)
def half_planes(facet, size, w, o, tile, reach, far, si, sj, half):
    """The five half-planes of quad w on a patch as rows (a, b, c, error): inside is a*i + b*j + c > 0.

    Returns the side of the transmitter's plane distance, or nan where the whole patch is outside.
    """
    so = facet[w, 0] * o[0] + facet[w, 1] * o[1] + facet[w, 2] * o[2] - facet[w, 3]
    sign = -1.0 if so >= 0 else 1.0
    for h in range(5):
        if h == 0:
            nx, ny, nz = sign * facet[w, 0], sign * facet[w, 1], sign * facet[w, 2]
            c = nx * tile[0] + ny * tile[1] + nz * tile[2] - sign * facet[w, 3]
            error = ROUNDING * (size[w, 0] * reach + abs(facet[w, 3]))
        else:
            e = EDGE_0 + EDGE_SIZE * (h - 1)
            left = sign * facet[w, e + 6]
            nx = left * (facet[w, e + 1] * o[2] - facet[w, e + 2] * o[1] + facet[w, e + 3])
            ny = left * (facet[w, e + 2] * o[0] - facet[w, e] * o[2] + facet[w, e + 4])
            nz = left * (facet[w, e] * o[1] - facet[w, e + 1] * o[0] + facet[w, e + 5])
            c = nx * (tile[0] - o[0]) + ny * (tile[1] - o[1]) + nz * (tile[2] - o[2])
            error = ROUNDING * (size[w, 2 * h - 1] * far + size[w, 2 * h]) * (reach + far)
            if left == 0:
                c = 1.0
        a = nx * tile[3] + ny * tile[4] + nz * tile[5]
        b = nx * tile[6] + ny * tile[7] + nz * tile[8]
        if c + max(0.0, a * si) + max(0.0, b * sj) < -error:
            return math.nan
        half[h, 0], half[h, 1], half[h, 2], half[h, 3] = a, b, c, error
    return so
