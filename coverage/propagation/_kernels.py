"""Compiled loops of the wall-shadow multi-wall sum. `multiwall` checks and converts; nothing is checked here.

A quad seen from the transmitter is a pyramid. Cut with a regular patch of receivers ``p + i*du + j*dv`` it is
the intersection of five half-planes that are linear in (i, j), so the receivers behind the quad are one run
of i in each row j. Work is the number of crossings and no ray is ever traced (`raster`). Receivers that lie
on no patch are looked up one by one in a tree of boxes (`per_ray`).

Both decide by `_crosses`. The raster only calls it where its own linear forms cannot be sure: where they are
nearer to zero than their rounding error can be.

One row of `facet` is: normal (3), offset, then for each of 4 edges direction b-a (3), moment a x b (3) and
sense (+1 facet on the left of a->b, -1 on the right, 0 no edge), then its box: low (3), high (3).

No fast-math flag: order and rounding are those of the source, so numpy gives the same bits.
"""
# mypy: ignore-errors

import math

import numpy as np
from numba import njit

from quietwing.coverage.propagation._groups import Ends, Into, Losses, Patches, Quads, Sums, Taken
from quietwing.coverage.propagation._lanes import (
    AHEAD,
    LANES,
    ROW_BYTES,
    add_looked_up,
    add_loss,
    add_slab_looked_up,
    add_slab_loss,
    borrowed,
    cap,
    look_up,
    write,
)
from quietwing.coverage.propagation.free_space import NEAREST_FREE_SPACE_M

EDGE_0, EDGE_SIZE, BOX_0 = 4, 7, 32  # where edges and box start in a row of `facet`; length of an edge
RASTER_LEAF = 24  # quads tried together against one patch; fewer means more box tests
ROUNDING = 64 * 2.0**-53  # bounds some 20 roundings in either form of a half-plane, three times over
SHALLOW = 0.01  # half-planes whose edge is uncertain by more of a step than this are judged row by row
NEARLY = 1e-9  # of a row: more than a division can round
NEAREST_M = 1e-9  # keeps 1/distance finite; a receiver at the transmitter has no facet between
DB_PER_OCTAVE_OF_POWER = 10 * math.log10(2)
ZERO = np.int64(0)  # a literal 0 would be a type of its own, and what is called with it compiled twice

_KERNEL = {"nogil": True, "cache": True, "error_model": "numpy", "no_cfunc_wrapper": True}
# Helpers are called from kernels only: without a door for Python they take half the time to compile.
_HELPER = {**_KERNEL, "cache": False, "no_cpython_wrapper": True}
# Those that make no array need not count who holds the arrays they are given, which takes a few percent of the time.
_PLAIN = {**_HELPER, "_nrt": False}


@njit(**_PLAIN)
def _inverse(x):
    """1/x, huge instead of infinite: 0 times infinity would be nan."""
    return 1.0 / x if abs(x) > 1e-30 else 1e30


@njit(**_PLAIN)
def _meets(box, ox, oy, oz, ix, iy, iz):
    """Whether the ray from o with inverse direction i meets the box.

    Monotone in the bounds, rounding included: what meets a box meets every box around it.
    """
    x0, x1 = (box[0] - ox) * ix, (box[3] - ox) * ix
    y0, y1 = (box[1] - oy) * iy, (box[4] - oy) * iy
    z0, z1 = (box[2] - oz) * iz, (box[5] - oz) * iz
    enter = max(max(min(x0, x1), min(y0, y1)), max(min(z0, z1), 0.0))
    return enter <= min(min(max(x0, x1), max(y0, y1)), min(max(z0, z1), 1.0))


@njit(**_PLAIN)
def _crosses(facet, w, ox, oy, oz, rx, ry, rz):
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
    return _meets(facet[w, BOX_0:], ox, oy, oz, _inverse(dx), _inverse(dy), _inverse(dz))


@njit(**_PLAIN)
def _add_run(i0, i1, row, start, step, low_end, last, table, into, slabs):
    """Add one quad's loss to receivers i0..i1-1 of a row; `table` is the address of its surface's rows."""
    first, n, where, share = row + i0, i1 - i0, into.where, into.share
    for k in range(0, n, AHEAD):
        look_up(where + 4 * k, share + 4 * k, start, step, i0 + k, into.inverse + 4 * (first + k), low_end, last)
    at = into.sums + first * ROW_BYTES
    if slabs:
        most, count = into.dearest + first * ROW_BYTES, into.slabs
        for k in range(n):
            add_slab_looked_up(
                at + k * ROW_BYTES, most + k * ROW_BYTES, count + 4 * (first + k), table, where + 4 * k, share + 4 * k
            )
    else:
        for k in range(n):
            add_looked_up(at + k * ROW_BYTES, table, where + 4 * k, share + 4 * k)


@njit(**_PLAIN)
def _row_range(b, c, sure, j0, j1, unsure):
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


@njit(**_PLAIN)
def _common_rows(lows, n_lows, highs, n_highs, margin, j0, j1):
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


@njit(**_PLAIN)
def _half_planes(facet, size, w, o, tile, reach, far, si, sj, half):
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


@njit(**_HELPER)
def _cast_shadows(kind, slabs, o, p, patches, quads, losses, sums, ends):
    """Add the losses of slabs (kind 0) or walls (kind 1) to the receivers of patch p."""
    tile, grid, xyz, nodes = patches.tile_m[p], patches.grid[p], patches.xyz_m, quads.trees[kind]
    # Members are looked up here: in the loops each look-up would count references.
    facet, size, surface, active = quads.facet, quads.size, quads.surface, quads.active
    box, span, lookup, table = quads.box, quads.span, losses.lookup, losses.table
    lows, highs, unsure, half = ends.lows, ends.highs, ends.unsure, ends.half
    nx, ny, first, stride = grid[0], grid[1], grid[2], grid[3]
    si, sj = nx - 1.0, ny - 1.0
    least, most = o.copy(), o.copy()
    for axis in range(3):
        for corner in range(4):
            at = tile[axis] + (corner & 1) * si * tile[3 + axis] + (corner >> 1) * sj * tile[6 + axis]
            least[axis], most[axis] = min(least[axis], at), max(most[axis], at)
    reach = far = 0.0
    for axis in range(3):
        reach += max(abs(least[axis]), abs(most[axis]))
        far += abs(o[axis])
    table_at, last, into = table.ctypes.data, table.shape[1] - 2, _addresses(sums)
    node = nodes[0]
    while node < nodes[1]:
        if (
            box[node, 0] > most[0] or box[node, 3] < least[0] or box[node, 1] > most[1]
            or box[node, 4] < least[1] or box[node, 2] > most[2] or box[node, 5] < least[2]
        ):  # fmt: skip
            node = span[node, 2]
            continue
        if span[node, 1] > RASTER_LEAF:
            node += 1
            continue
        for w in range(span[node, 0], span[node, 0] + span[node, 1]):
            if not active[w]:
                continue
            so = _half_planes(facet, size, w, o, tile, reach, far, si, sj, half)
            if math.isnan(so):
                continue
            j0, j1, margin, marked = ZERO, ny, 0.0, False
            for h in range(5):
                if abs(half[h, 0]) * SHALLOW <= half[h, 3] and j0 < j1:
                    sure = half[h, 3] + abs(half[h, 0]) * si
                    j0, j1, some = _row_range(half[h, 1], half[h, 2], sure, j0, j1, unsure)
                    marked = marked or some
            n_lows = n_highs = ZERO + 1
            lows[0, 0], lows[0, 1] = -0.5, 0.0  # between receivers: never in doubt
            highs[0, 0], highs[0, 1] = nx - 0.5, 0.0
            for h in range(5):
                a = half[h, 0]
                if abs(a) * SHALLOW > half[h, 3]:
                    margin = max(margin, half[h, 3] / abs(a))
                    if a > 0:
                        lows[n_lows, 0], lows[n_lows, 1] = -half[h, 2] / a, -half[h, 1] / a
                        n_lows += 1
                    else:
                        highs[n_highs, 0], highs[n_highs, 1] = -half[h, 2] / a, -half[h, 1] / a
                        n_highs += 1
            j0, j1 = _common_rows(lows, n_lows, highs, n_highs, margin, j0, j1)
            scale = lookup[0] / size[w, 0]
            sign = -scale if so >= 0 else scale
            step, start, slope = sign * half[0, 0], sign * half[0, 2] - scale * so, sign * half[0, 1]
            rows = table_at + surface[w] * (last + 2) * ROW_BYTES
            for j in range(j0, j1):
                low, high = lows[0, 0], highs[0, 0]
                for k in range(1, n_lows):
                    low = max(low, lows[k, 0] + lows[k, 1] * j)
                for k in range(1, n_highs):
                    high = min(high, highs[k, 0] + highs[k, 1] * j)
                if low - margin > high + margin:
                    continue
                i0, i1 = math.ceil(low - margin), math.ceil(high - margin)
                row, at = j * nx, start + slope * j
                if i0 <= low + margin or i1 <= high + margin or (marked and unsure[j]):
                    stop = min(math.floor(high + margin) + 1, nx)
                    sure0 = i0 + 1 if i0 <= low + margin else i0
                    sure1 = i0 if marked and unsure[j] else i1
                    for i in range(i0, stop):
                        if not sure0 <= i < sure1:
                            p = first + j * stride + i
                            if not _crosses(facet, w, o[0], o[1], o[2], xyz[p, 0], xyz[p, 1], xyz[p, 2]):
                                continue
                        _add_run(i, i + 1, row, at, step, lookup[1], last, rows, into, slabs)
                else:
                    _add_run(i0, i1, row, at, step, lookup[1], last, rows, into, slabs)
            if marked:
                unsure[:] = False
        node = span[node, 2]


@njit(**_PLAIN)
def _cap_slabs(sums, dearest, count, ceiling):
    """Apply the saturating floor loss in place."""
    sums_at, dearest_at = sums.ctypes.data, dearest.ctypes.data
    for r in range(len(count)):
        if count[r] >= 2:
            cap(sums_at + r * ROW_BYTES, dearest_at + r * ROW_BYTES, ceiling[min(count[r], len(ceiling) - 1)])


@njit(**_PLAIN)
def _distances(o, tile, nx, ny, inverse, spread):
    """1/distance [1/m] and squared distance [m2] of the receivers of a patch."""
    for j in range(ny):
        for i in range(nx):
            x = tile[0] + i * tile[3] + j * tile[6] - o[0]
            y = tile[1] + i * tile[4] + j * tile[7] - o[1]
            z = tile[2] + i * tile[5] + j * tile[8] - o[2]
            d2 = x * x + y * y + z * z
            inverse[j * nx + i] = 1.0 / math.sqrt(max(d2, NEAREST_M**2))
            spread[j * nx + i] = max(d2, NEAREST_FREE_SPACE_M**2)


@njit(**_PLAIN)
def _in_db(spread, bits, octaves):
    """10 lg of numbers in place; `bits` are the same memory as int32, `octaves` is scratch of int32.

    The logarithm is 2 artanh((f-1)/(f+1)) to the 9th power over mantissas 0.70-1.41: within 1e-5 dB. Three loops,
    because one that writes to both views of the memory is not made of vector instructions.
    """
    for r in range(len(spread)):
        octaves[r] = (bits[r] - 0x3F3504F3) >> 23
    for r in range(len(spread)):
        bits[r] -= octaves[r] << 23
    for r in range(len(spread)):
        t = (spread[r] - np.float32(1)) / (spread[r] + np.float32(1))
        t2 = t * t
        series = np.float32(1) + t2 * (
            np.float32(1 / 3) + t2 * (np.float32(1 / 5) + t2 * (np.float32(1 / 7) + t2 * np.float32(1 / 9)))
        )
        power = np.float32(octaves[r]) + np.float32(2 / math.log(2)) * t * series
        spread[r] = np.float32(DB_PER_OCTAVE_OF_POWER) * power


@njit(**_PLAIN)
def _write_rows(sums, lane_db, spread, free_space, out, tx, grid, lane0, lanes):
    """Copy the first `lanes` sums of each receiver to the output."""
    sums_at, lane_at = sums.ctypes.data, lane_db.ctypes.data
    for j in range(grid[1]):
        row = out[tx, grid[2] + j * grid[3] :]
        out_at = row.ctypes.data + 4 * lane0
        for i in range(grid[0]):
            r = j * grid[0] + i
            added = spread[r] if free_space else np.float32(0)
            write(out_at + i * out.shape[2] * 4, sums_at + r * ROW_BYTES, lane_at, added, lanes)


@njit(**_KERNEL)
def raster(tx, patches: Patches, quads: Quads, losses: Losses, out, lane0, lanes, begin, end):
    """Loss from transmitters to patches, shape of `out` (tx, point, lane): of all tasks those from begin to end - 1.

    Each transmitter x patch is one task with its own part of `out`, so the result does not depend on which
    thread takes it. Filled are `lanes` lanes of `out` from `lane0` on.
    """
    tile_m, tile_grid, ceiling = patches.tile_m, patches.grid, losses.ceiling
    biggest = rows = longest = ZERO
    for p in range(len(tile_grid)):
        biggest = max(biggest, tile_grid[p, 0] * tile_grid[p, 1])
        longest, rows = max(longest, tile_grid[p, 0]), max(rows, tile_grid[p, 1])
    capped = len(ceiling) > 0
    sums = _aligned(biggest)
    dearest = _aligned(biggest if capped else 1)
    count, inverse = np.empty(biggest, np.int32), np.zeros(biggest + AHEAD, np.float32)  # read a little too far
    spread = np.empty(biggest, np.float32)
    where, share = np.empty(longest + AHEAD, np.int32), np.empty(longest + AHEAD, np.float32)
    scratch = Sums(inverse, sums, dearest, count, where, share)
    ends = Ends(np.empty((6, 2)), np.empty((6, 2)), np.zeros(rows, np.bool_), np.empty((5, 4)))
    for task in range(begin, end):
        t, p = task // len(tile_grid), task % len(tile_grid)
        grid, o, tile = tile_grid[p], tx[t], tile_m[p]
        points = grid[0] * grid[1]
        sums[: points * LANES] = 0
        _distances(o, tile, grid[0], grid[1], inverse, spread)
        _in_db(spread[:points], spread.view(np.int32), count)
        if capped:
            count[:points] = 0
        for kind in range(2):
            _cast_shadows(kind, capped and kind == 0, o, p, patches, quads, losses, scratch, ends)
            if capped and kind == 0:
                _cap_slabs(sums, dearest, count[:points], ceiling)
        _write_rows(sums, losses.lane_db, spread, losses.free_space, out, t, grid, lane0, lanes)


@njit(**_PLAIN)
def _addresses(sums):
    """Where the arrays of `Sums` lie."""
    return Sums(
        sums.inverse.ctypes.data, sums.sums.ctypes.data, sums.dearest.ctypes.data, sums.slabs.ctypes.data,
        sums.where.ctypes.data, sums.share.ctypes.data,
    )  # fmt: skip


@njit(**_HELPER)
def _aligned(rows):
    """Scratch of 16-lane rows that starts on a cache line."""
    raw = np.empty((rows + 1) * LANES, np.float32)
    skip = (-(raw.ctypes.data >> 2)) % LANES
    return raw[skip : skip + rows * LANES]


@njit(**_PLAIN)
def _trace(kind, slabs, o, r, inverse, quads, losses, into, counted, ray):
    """Add the losses of slabs (kind 0) or walls (kind 1) to one ray; returns how many lossy ones it crosses.

    Sums and dearest slabs of the first block of lanes are at the addresses `into`, those of the next `into.apart`
    bytes on. `ray` is its place in `counted`.
    """
    sums_at, dearest_at, apart = into
    t, p = ray
    nodes = quads.trees[kind]
    # Members are looked up here: in the loops each look-up would count references.
    facet, size, surface, active, lossy = quads.facet, quads.size, quads.surface, quads.active, quads.lossy
    box, span, lookup, table = quads.box, quads.span, losses.lookup, losses.table
    blocks, nodes_of_cos = table.shape[0], table.shape[2]
    table_at, block_bytes = table.ctypes.data, table.shape[1] * nodes_of_cos * ROW_BYTES
    last, crossed = nodes_of_cos - 2, 0
    ox, oy, oz, rx, ry, rz = o[0], o[1], o[2], r[0], r[1], r[2]
    ix, iy, iz = _inverse(rx - ox), _inverse(ry - oy), _inverse(rz - oz)
    node = nodes[0]
    while node < nodes[1]:
        if not _meets(box[node], ox, oy, oz, ix, iy, iz):
            node = span[node, 2]
            continue
        if span[node, 2] == node + 1:
            for w in range(span[node, 0], span[node, 0] + span[node, 1]):
                if active[w] and _crosses(facet, w, ox, oy, oz, rx, ry, rz):
                    if len(counted):
                        counted[t, p, surface[w]] += 1
                    if not lossy[w]:
                        continue
                    along = facet[w, 0] * (rx - ox) + facet[w, 1] * (ry - oy) + facet[w, 2] * (rz - oz)
                    position = max(abs(along) * inverse * lookup[0] / size[w, 0] - lookup[1], 0.0)
                    k = min(int(position), last)
                    row, share = table_at + (surface[w] * nodes_of_cos + k) * ROW_BYTES, np.float32(position - k)
                    crossed += 1
                    for b in range(blocks):
                        if slabs:
                            add_slab_loss(
                                sums_at + b * apart, dearest_at + b * apart, np.int32(crossed - 1),
                                row + b * block_bytes, share,
                            )  # fmt: skip
                        else:
                            add_loss(sums_at + b * apart, row + b * block_bytes, share)
        node += 1
    return crossed


@njit(**_KERNEL)
def per_ray(tx, xyz, quads: Quads, losses: Losses, taken: Taken, block, paired, begin, end):
    """Loss from transmitters to points, ray by ray, `block` points to a task: of all tasks from begin to end - 1.

    `paired`: one transmitter a point, and `taken.out` has one row of points. A ray is traced once for all lanes:
    `losses.table` is (block of lanes, surface, cosine, lane), `losses.lane_db` (block, lane).
    """
    tx, xyz = borrowed(tx), borrowed(xyz)
    out, bare, counted = borrowed(taken.out), taken.bare, borrowed(taken.counted)
    quads = Quads(
        borrowed(quads.facet), borrowed(quads.size), borrowed(quads.surface), borrowed(quads.active),
        borrowed(quads.lossy), borrowed(quads.box), borrowed(quads.span), borrowed(quads.trees),
    )  # fmt: skip
    lookup, lane_db, free_space = borrowed(losses.lookup), losses.lane_db, losses.free_space
    table, ceiling, nothing = borrowed(losses.table), borrowed(losses.ceiling), np.zeros(LANES, np.float32)
    losses = Losses(lookup, table, ceiling, lane_db, free_space)
    blocks = (len(xyz) + block - 1) // block
    capped = len(ceiling) > 0
    bands, apart = table.shape[0], block * ROW_BYTES
    sums, dearest = _aligned(bands * block), _aligned(bands * block)
    count, octaves = np.zeros(block, np.int32), np.zeros(block, np.int32)
    inverse, spread = np.empty(block, np.float32), np.empty(block, np.float32)
    grid = np.zeros(4, np.int64)
    grid[1] = 1
    for task in range(begin, end):
        t, p0 = task // blocks, task % blocks * block
        grid[0], grid[2] = min(block, len(xyz) - p0), p0
        sums[:] = 0
        for i in range(grid[0]):
            o, r = tx[p0 + i if paired else t], xyz[p0 + i]
            x, y, z = r[0] - o[0], r[1] - o[1], r[2] - o[2]
            d2 = x * x + y * y + z * z
            inverse[i], spread[i] = 1.0 / math.sqrt(max(d2, NEAREST_M**2)), max(d2, NEAREST_FREE_SPACE_M**2)
            into = Into(sums.ctypes.data + i * ROW_BYTES, dearest.ctypes.data + i * ROW_BYTES, apart)
            for kind in range(2):
                slabs = capped and kind == 0
                crossed = _trace(kind, slabs, o, r, inverse[i], quads, losses, into, counted, (t, p0 + i))
                if slabs:
                    count[i] = crossed
                    for b in range(bands):
                        row = slice((b * block + i) * LANES, (b * block + i + 1) * LANES)
                        _cap_slabs(sums[row], dearest[row], count[i : i + 1], ceiling)
        _in_db(spread[: grid[0]], spread.view(np.int32), octaves)
        for b in range(bands):
            some, lanes = sums[b * block * LANES : (b + 1) * block * LANES], min(LANES, out.shape[2] - b * LANES)
            _write_rows(some, lane_db[b], spread, free_space, out, t, grid, b * LANES, lanes)
            if len(bare):
                _write_rows(some, nothing, spread, False, bare, t, grid, b * LANES, lanes)
